//! Functions that give a table: `STRING_SPLIT`, `GENERATE_SERIES` and `OPENJSON`.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, ObjectName, TableAlias, TableFactor};

use super::expr::Typed;
use super::names::quoted;
use super::state::{Source, SourceColumn};
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::quote::literal;

/// The type of the key of `OPENJSON`.
const KEY: Type = Type::Text { length: Some(4000), national: true, fixed: false };

/// A text that is to be split, or a series: as a list in JSON, with the type of its parts, and whether they are
/// numbered.
pub(super) struct Split {
    function: &'static str,
    sql: String,
    of: Type,
    numbered: bool,
}

/// A text whose rows are read as JSON: the list that SQLite goes through, and the columns of its rows.
pub(super) struct JsonRows {
    name: String,
    sql: String,
    columns: Vec<SourceColumn>,
}

/// The function of this name that gives a list: `STRING_SPLIT` or `GENERATE_SERIES`.
pub(super) fn list_function(name: &ObjectName) -> Option<&'static str> {
    let name = name.to_string();
    ["STRING_SPLIT", "GENERATE_SERIES"].into_iter().find(|own| name.eq_ignore_ascii_case(own))
}

impl Translator<'_> {
    /// The arguments of `STRING_SPLIT(text, separator, enable_ordinal)` or of `GENERATE_SERIES(start, stop, step)`.
    pub fn split_of(&mut self, function: &'static str, list: &[FunctionArg]) -> R<Split> {
        if function == "GENERATE_SERIES" {
            return self.series_of(function, list);
        }
        let mut values = self.arguments(list)?.into_iter();
        let (Some(text), Some(separator), ordinal, None) =
            (values.next(), values.next(), values.next(), values.next())
        else {
            return Err(
                self.invalid(format!("STRING_SPLIT takes 2 to 3 arguments, not {}", list.len()))
            );
        };
        let numbered = match ordinal.map(|value| value.literal) {
            None | Some(Some(Value::Null | Value::Integer(0))) => false,
            Some(Some(Value::Integer(1))) => true,
            Some(_) => {
                return Err(self.invalid("the third argument of STRING_SPLIT is 0 or 1"));
            }
        };
        let untyped = |of: Type| matches!(of, Type::Unknown | Type::Null);
        for of in [text.of, separator.of] {
            if !of.is_text() && !untyped(of) {
                return Err(self
                    .invalid(format!("STRING_SPLIT takes texts, not a value of type {of}"))
                    .with_hint("CAST it first"));
            }
        }
        let of = self.text_type(&text);
        let sql = format!("tsql_split({}, {})", self.as_text(text)?, self.as_text(separator)?);
        Ok(Split { function, sql, of, numbered })
    }

    fn series_of(&mut self, function: &'static str, list: &[FunctionArg]) -> R<Split> {
        let values = self.arguments(list)?;
        if !(2..=3).contains(&values.len()) {
            let found = values.len();
            return Err(self.invalid(format!("{function} takes 2 to 3 arguments, not {found}")));
        }
        let mut of = Type::Int;
        let mut written = Vec::new();
        for value in values {
            match value.of {
                Type::Unknown | Type::Null | Type::TinyInt | Type::SmallInt | Type::Int => {}
                Type::BigInt => of = Type::BigInt,
                other => {
                    return Err(self
                        .unsupported(format!("{function} of {other}"))
                        .with_hint("CAST its arguments to int or bigint"));
                }
            }
            written.push(value.sql);
        }
        written.resize(3, "NULL".to_owned());
        let sql = format!("tsql_series({})", written.join(", "));
        Ok(Split { function, sql, of, numbered: false })
    }

    /// The rows of `STRING_SPLIT`: one for each part, in their order.
    pub fn string_split(&mut self, split: Split, alias: Option<&TableAlias>) -> R<String> {
        if alias.is_some_and(|alias| !alias.columns.is_empty()) {
            let hint = match split.function {
                "STRING_SPLIT" => {
                    "its columns are value and, with 1 as its third argument, ordinal"
                }
                _ => "its column is value",
            };
            let what = format!("names for the columns of {}", split.function);
            return Err(self.unsupported(what).with_hint(hint));
        }
        let name =
            alias.map_or_else(|| split.function.to_owned(), |alias| alias.name.value.clone());
        let mut columns = vec![SourceColumn::plain("value".to_owned(), split.of)];
        if split.numbered {
            columns.push(SourceColumn {
                instead: Some(format!("({}.[key] + 1)", quoted(&name))),
                ..SourceColumn::plain("ordinal".to_owned(), Type::BigInt)
            });
        }
        self.add_source(Source {
            name: name.clone(),
            // The table that is run has more columns, which `*` may not bring in.
            emitted: Some(name.clone()),
            columns: Some(columns),
            stored: false,
        })?;
        Ok(format!("json_each({}) AS {}", split.sql, quoted(&name)))
    }

    /// `OPENJSON(text, path)`, with the columns that WITH names or key, value and type.
    pub fn open_json(&mut self, factor: &TableFactor) -> R<JsonRows> {
        let TableFactor::OpenJsonTable { json_expr, json_path, columns, alias } = factor else {
            return Err(self.unsupported("OPENJSON"));
        };
        if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
            return Err(self.unsupported("names for the columns of OPENJSON"));
        }
        let name = alias.as_ref().map(|alias| alias.name.value.clone());
        let name = name.unwrap_or_else(|| "OPENJSON".to_owned());
        let text = self.value(json_expr)?;
        if !text.of.is_text() && !matches!(text.of, Type::Unknown | Type::Null) {
            return Err(self
                .invalid(format!("OPENJSON takes a text, not a value of type {}", text.of))
                .with_hint("CAST it first"));
        }
        let path = json_path.as_ref().map(|path| path.value.clone().into_string());
        let Some(path) = path.unwrap_or_else(|| Some("$".to_owned())) else {
            return Err(self.unsupported("OPENJSON with a path that is no literal"));
        };
        let row = format!("{}.value", quoted(&name));
        let mut made = Vec::new();
        for column in columns {
            self.see(column.name.span);
            let own = column.name.value.clone();
            let of = self.data_type(&column.r#type, Some(1))?;
            if column.as_json && of != Type::NVARCHAR {
                return Err(self.invalid("AS JSON takes nvarchar(max) as its type"));
            }
            let at = match &column.path {
                Some(path) => path.clone(),
                None => format!("$.\"{own}\""),
            };
            let whole = u8::from(column.as_json);
            let sql = format!("tsql_openjson_column({row}, {}, {whole})", literal(&at));
            let value = self.cast(Typed::plain(sql, Type::NVARCHAR), of, None, false)?;
            made.push((own, value.sql, of));
        }
        let function = match made.is_empty() {
            true => "tsql_openjson",
            false => "tsql_openjson_rows",
        };
        if made.is_empty() {
            let columns = [("key", KEY), ("value", Type::NVARCHAR), ("type", Type::TinyInt)];
            for (at, (own, of)) in columns.into_iter().enumerate() {
                let sql = format!("({row} ->> '$[{at}]')");
                made.push((own.to_owned(), sql, of));
            }
        }
        let column = |(own, sql, of): (String, String, Type)| SourceColumn {
            instead: Some(sql),
            ..SourceColumn::plain(own, of)
        };
        Ok(JsonRows {
            sql: format!("{function}({}, {})", text.sql, literal(&path)),
            name,
            columns: made.into_iter().map(column).collect(),
        })
    }

    /// The rows of `OPENJSON` as something in FROM.
    pub fn json_table(&mut self, rows: JsonRows) -> R<String> {
        let JsonRows { name, sql, columns } = rows;
        let written = format!("json_each({sql}) AS {}", quoted(&name));
        self.add_source(Source {
            emitted: Some(name.clone()),
            name,
            columns: Some(columns),
            stored: false,
        })?;
        Ok(written)
    }

    /// `OBJECT_ID('name', 'kind')` of a table, which is known before the query runs.
    pub fn object_id_call(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let text = |argument: &FunctionArg| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => {
                value.clone().into_string()
            }
            _ => None,
        };
        let name = list.first().and_then(text);
        let kind = list.get(1).map(text);
        let (Some(name), None | Some(Some(_)), true) = (name, &kind, list.len() <= 2) else {
            return Err(self
                .unsupported("OBJECT_ID of a non-literal")
                .with_hint("write the name of the table: OBJECT_ID('dbo.table')"));
        };
        let kind = kind.flatten();
        let last = name.rsplit('.').next().unwrap_or(&name);
        let last = last.trim_matches(['[', ']', '"', ' ']).to_lowercase();
        let id = if last.starts_with('#') {
            if self.session.uncertain.contains(&last) {
                return Err(self
                    .unsupported(format!("OBJECT_ID of {last}, which IF or WHILE creates or drops"))
                    .with_hint("write DROP TABLE IF EXISTS #table"));
            }
            let place = self.session.temporary.keys().position(|own| *own == last);
            // Numbers below zero, as SQL Server has them for temporary tables.
            place.and_then(|at| i64::try_from(at).ok()).map(|at| -1 - at)
        } else {
            self.object_id(&name, kind.as_deref())
        };
        Ok(Typed::value(id.map_or(Value::Null, Value::Integer), Type::Int))
    }
}
