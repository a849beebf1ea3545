//! `INFORMATION_SCHEMA` and `sys`, as far as the database that is queried has what they list: tables, views, columns.
//!
//! What is known of them is known before the query runs, so a view is a list of rows within it.

use super::names::quoted;
use super::state::{Source, SourceColumn};
use super::translator::{R, Translator};
use crate::schema::TABLES;
use crate::schema::catalog::Table;
use crate::schema::types::Type;
use crate::sql::guard::is_products;
use crate::sql::quote::literal;

/// A row of the list that a view is.
type Row = Vec<Field>;

/// A value of such a row.
enum Field {
    Nothing,
    Number(i64),
    Text(String),
}

impl Field {
    fn sql(&self) -> String {
        match self {
            Self::Nothing => "NULL".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => literal(text),
        }
    }
}

/// A view of SQL Server's own.
struct SystemView {
    schema: &'static str,
    name: &'static str,
    columns: &'static [(&'static str, Type)],
    rows: fn(&Listed<'_>) -> Vec<Row>,
}

const NAME: Type = Type::Text { length: Some(128), national: true, fixed: false };
const KIND: Type = Type::Text { length: Some(60), national: true, fixed: false };
const LETTERS: Type = Type::Text { length: Some(2), national: false, fixed: true };
const OBJECT: &[(&str, Type)] = &[
    ("name", NAME),
    ("object_id", Type::Int),
    ("schema_id", Type::Int),
    ("type", LETTERS),
    ("type_desc", KIND),
];

const VIEWS: &[SystemView] = &[
    SystemView {
        schema: "information_schema",
        name: "tables",
        columns: &[("TABLE_SCHEMA", NAME), ("TABLE_NAME", NAME), ("TABLE_TYPE", KIND)],
        rows: |listed| {
            let row = |table: &&Table| {
                let kind = if table.is_view { "VIEW" } else { "BASE TABLE" };
                vec![
                    Field::Text(listed.schema.clone()),
                    Field::Text(table.name.clone()),
                    Field::Text(kind.to_owned()),
                ]
            };
            listed.tables.iter().map(row).collect()
        },
    },
    SystemView {
        schema: "information_schema",
        name: "columns",
        columns: &[
            ("TABLE_SCHEMA", NAME),
            ("TABLE_NAME", NAME),
            ("COLUMN_NAME", NAME),
            ("ORDINAL_POSITION", Type::Int),
            ("DATA_TYPE", NAME),
            ("CHARACTER_MAXIMUM_LENGTH", Type::Int),
            ("NUMERIC_PRECISION", Type::TinyInt),
            ("NUMERIC_SCALE", Type::Int),
            ("DATETIME_PRECISION", Type::SmallInt),
        ],
        rows: |listed| {
            listed.columns(|table, _, at, name, of| {
                let facts = Facts::of(of);
                let number = |n: Option<i64>| n.map_or(Field::Nothing, Field::Number);
                vec![
                    Field::Text(listed.schema.clone()),
                    Field::Text(table.name.clone()),
                    Field::Text(name.to_owned()),
                    Field::Number(at),
                    facts.name(),
                    number(facts.characters),
                    number(facts.numeric.map(|(precision, _)| precision)),
                    number(facts.numeric.and_then(|(_, scale)| scale)),
                    number(facts.fraction),
                ]
            })
        },
    },
    SystemView {
        schema: "sys",
        name: "tables",
        columns: OBJECT,
        rows: |listed| listed.objects(|table| !table.is_view),
    },
    SystemView {
        schema: "sys",
        name: "views",
        columns: OBJECT,
        rows: |listed| listed.objects(|table| table.is_view),
    },
    SystemView {
        schema: "sys",
        name: "objects",
        columns: OBJECT,
        rows: |listed| listed.objects(|_| true),
    },
    SystemView {
        schema: "sys",
        name: "columns",
        columns: &[
            ("object_id", Type::Int),
            ("name", NAME),
            ("column_id", Type::Int),
            ("system_type_id", Type::TinyInt),
            ("user_type_id", Type::Int),
            ("max_length", Type::SmallInt),
            ("precision", Type::TinyInt),
            ("scale", Type::TinyInt),
        ],
        rows: |listed| {
            listed.columns(|_, id, at, name, of| {
                let facts = Facts::of(of);
                let number = |n: Option<i64>| n.map_or(Field::Nothing, Field::Number);
                vec![
                    Field::Number(id),
                    Field::Text(name.to_owned()),
                    Field::Number(at),
                    number(facts.id),
                    number(facts.id),
                    number(facts.bytes),
                    Field::Number(facts.digits.0),
                    Field::Number(facts.digits.1),
                ]
            })
        },
    },
    SystemView {
        schema: "sys",
        name: "schemas",
        columns: &[("name", NAME), ("schema_id", Type::Int)],
        rows: |listed| vec![vec![Field::Text(listed.schema.clone()), Field::Number(SCHEMA)]],
    },
    SystemView {
        schema: "sys",
        name: "types",
        columns: &[("name", NAME), ("system_type_id", Type::TinyInt), ("user_type_id", Type::Int)],
        rows: |_| {
            let row = |(name, id): &(&str, i64)| {
                vec![Field::Text((*name).to_owned()), Field::Number(*id), Field::Number(*id)]
            };
            TYPES.iter().map(row).collect()
        },
    },
];

/// The number of the schema `dbo`.
const SCHEMA: i64 = 1;

/// The types that a column may have here, with the numbers that SQL Server has for them.
const TYPES: &[(&str, i64)] = &[
    ("date", 40),
    ("time", 41),
    ("datetime2", 42),
    ("datetimeoffset", 43),
    ("tinyint", 48),
    ("smallint", 52),
    ("int", 56),
    ("smalldatetime", 58),
    ("real", 59),
    ("money", 60),
    ("datetime", 61),
    ("float", 62),
    ("bit", 104),
    ("numeric", 108),
    ("smallmoney", 122),
    ("bigint", 127),
    ("varbinary", 165),
    ("varchar", 167),
    ("binary", 173),
    ("char", 175),
    ("nvarchar", 231),
    ("nchar", 239),
];

/// What SQL Server tells of a type.
struct Facts {
    name: Option<&'static str>,
    id: Option<i64>,
    /// The characters that fit; -1 for `max`.
    characters: Option<i64>,
    bytes: Option<i64>,
    /// Digits of a number, and those after its point.
    numeric: Option<(i64, Option<i64>)>,
    /// Digits of a fraction of a second.
    fraction: Option<i64>,
    /// The precision and the scale that `sys.columns` has for any type.
    digits: (i64, i64),
}

impl Facts {
    fn of(of: Type) -> Self {
        let text = of.to_string();
        let name = match of {
            Type::Unknown | Type::Null => None,
            Type::Decimal { .. } => Some("numeric"),
            _ => text.split('(').next(),
        };
        let known = name.and_then(|name| TYPES.iter().find(|(own, _)| *own == name));
        let point = |digits: u8| i64::from(digits) + i64::from(digits > 0);
        let digits = match of {
            Type::Float => (53, 0),
            Type::Real => (24, 0),
            Type::DateTime => (23, 3),
            Type::SmallDateTime => (16, 0),
            Type::Date => (10, 0),
            Type::Time(n) => (8 + point(n), i64::from(n)),
            Type::DateTime2(n) => (19 + point(n), i64::from(n)),
            Type::DateTimeOffset(n) => (26 + point(n), i64::from(n)),
            of => of
                .as_decimal()
                .map_or((0, 0), |(precision, scale)| (i64::from(precision), i64::from(scale))),
        };
        let length = match of {
            Type::Text { length, .. } => Some(length.map_or(-1, i64::from)),
            _ => None,
        };
        let bytes = match (of, length) {
            (Type::Text { national: true, .. }, Some(n)) if n > 0 => Some(2 * n),
            (_, Some(n)) => Some(n),
            _ => super::texts::bytes_of(of).map(i64::from),
        };
        let numeric = match of {
            Type::Bit => None,
            Type::Float => Some((53, None)),
            Type::Real => Some((24, None)),
            of => of
                .as_decimal()
                .map(|(precision, scale)| (i64::from(precision), Some(i64::from(scale)))),
        };
        Self {
            name: known.map(|(name, _)| *name),
            id: known.map(|(_, id)| *id),
            characters: length,
            bytes,
            numeric,
            fraction: of.is_temporal().then_some(match of {
                Type::Date | Type::SmallDateTime => 0,
                _ => digits.1,
            }),
            digits,
        }
    }

    fn name(&self) -> Field {
        self.name.map_or(Field::Nothing, |name| Field::Text(name.to_owned()))
    }
}

/// The tables that are listed, and the schema that they are in.
struct Listed<'t> {
    tables: Vec<&'t Table>,
    schema: String,
}

impl Listed<'_> {
    fn objects(&self, wanted: fn(&Table) -> bool) -> Vec<Row> {
        let numbered = (1..).zip(&self.tables);
        numbered
            .filter(|(_, table)| wanted(table))
            .map(|(id, table)| {
                let (letter, kind) =
                    if table.is_view { ("V ", "VIEW") } else { ("U ", "USER_TABLE") };
                vec![
                    Field::Text(table.name.clone()),
                    Field::Number(id),
                    Field::Number(SCHEMA),
                    Field::Text(letter.to_owned()),
                    Field::Text(kind.to_owned()),
                ]
            })
            .collect()
    }

    fn columns(&self, row: impl Fn(&Table, i64, i64, &str, Type) -> Row) -> Vec<Row> {
        let mut rows = Vec::new();
        for (id, table) in (1..).zip(&self.tables) {
            let columns = table.columns.iter().flatten();
            let own = columns.filter(|(name, _)| !table.hidden.contains(name));
            for (at, (name, of)) in (1..).zip(own) {
                rows.push(row(table, id, at, name, *of));
            }
        }
        rows
    }
}

/// Whether a table is of the model, of chatdb or of SQLite, and in no list.
fn is_internal(name: &str) -> bool {
    let lower = name.to_lowercase();
    let of_model = |table: &str| !is_products(table) && TABLES.iter().any(|own| own.0 == table);
    let of_products = |table: &str| TABLES.iter().any(|own| own.0 == table);
    // The table beside a product's that holds what its rows were before.
    let twin = lower.strip_suffix("_earlier").is_some_and(of_products);
    twin || lower.starts_with("chatdb_") || lower.starts_with("sqlite_") || of_model(&lower)
}

/// Whether a schema is SQL Server's own.
pub(super) fn is_system_schema(name: &str) -> bool {
    ["sys", "information_schema"].iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether a text may ask for tables or columns, so that those of all tables must be known.
#[must_use]
pub fn asks_for_tables(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["information_schema", "sys"].iter().any(|own| lower.contains(own))
}

impl Translator<'_> {
    fn listed_tables(&self) -> Listed<'_> {
        let tables = self.given.catalog.tables();
        Listed {
            tables: tables.filter(|table| !is_internal(&table.name)).collect(),
            schema: self.session.schema.clone().unwrap_or_else(|| "dbo".to_owned()),
        }
    }

    /// A view of SQL Server's own, by the name `called`.
    pub fn system_view(&mut self, schema: &str, name: &str, called: &str) -> R<String> {
        let own = |view: &&SystemView| {
            view.schema.eq_ignore_ascii_case(schema) && view.name.eq_ignore_ascii_case(name)
        };
        let Some(view) = VIEWS.iter().find(own) else {
            let known: Vec<String> =
                VIEWS.iter().map(|view| format!("{}.{}", view.schema, view.name)).collect();
            return Err(self
                .unsupported(format!("{schema}.{name}"))
                .with_hint(format!("valid names: {}", known.join(", "))));
        };
        self.output.notes.insert(
            "INFORMATION_SCHEMA and sys views list the tables of this database, with its own object ids and \
             only the columns that are known"
                .into(),
        );
        let rows = (view.rows)(&self.listed_tables());
        let names: Vec<String> = view.columns.iter().map(|(name, _)| quoted(name)).collect();
        let nothing: Vec<String> = names.iter().map(|name| format!("NULL AS {name}")).collect();
        let mut sql = format!("SELECT {} WHERE 0", nothing.join(", "));
        if !rows.is_empty() {
            let written: Vec<String> = rows
                .iter()
                .map(|row| {
                    let fields: Vec<String> = row.iter().map(Field::sql).collect();
                    format!("({})", fields.join(", "))
                })
                .collect();
            sql.push_str(&format!(" UNION ALL VALUES {}", written.join(", ")));
        }
        self.spend(sql.len())?;
        let column = |(name, of): &(&str, Type)| SourceColumn::plain((*name).to_owned(), *of);
        self.add_source(Source {
            name: called.to_owned(),
            emitted: None,
            columns: Some(view.columns.iter().map(column).collect()),
            stored: false,
        })?;
        Ok(format!("({sql}) AS {}", quoted(called)))
    }

    /// The number of a table or view, as `sys.objects` has it; `None` when there is none of that kind.
    pub fn object_id(&self, name: &str, kind: Option<&str>) -> Option<i64> {
        let last = name.rsplit('.').next().unwrap_or(name);
        let last = last.trim_matches(['[', ']', '"', ' ']);
        let found = (1..)
            .zip(self.listed_tables().tables)
            .find(|(_, table)| table.name.eq_ignore_ascii_case(last))?;
        let letter = if found.1.is_view { "V" } else { "U" };
        let same = kind.is_none_or(|kind| kind.trim().eq_ignore_ascii_case(letter));
        same.then_some(found.0)
    }
}
