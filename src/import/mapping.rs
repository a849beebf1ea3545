//! Which tables the columns of a file are of, and which field of a record is which column of which table.
//!
//! The names in the header are compared with every table of the product, and the table that has most of them is taken,
//! or its key asked for. Where there is no header, the file's name says the table, or the numbers and times of many
//! columns do; that a table has as many columns is no evidence. Where nothing says, the user is asked. This module does
//! not know the store.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::import::convert;
use crate::import::convert::{Cast, Rules, Seen};
use crate::record::batch::{Batch, LayoutColumn, TableLayout};
use crate::record::{Field, Record};
use crate::schema::product::{PRODUCT, ProductTable};
use crate::schema::types::Type;
use crate::sql::guard::classes;
use crate::store::RESERVED;
use crate::store::load::Dropped;
use crate::table::Kind;

/// How many records are looked at before it is decided what a file holds.
pub const SAMPLE: usize = 64;

/// How many columns a file may have beyond the product's: SQLite takes 2,000 for a table.
const MOST_COLUMNS: usize = 1900;

/// The longest name of a column that is kept, as SQL Server has it.
const LONGEST_NAME: usize = 128;

/// Why it cannot be told what a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TablesError {
    /// No table has these columns.
    #[error("no known table has the columns {columns}")]
    Unknown {
        /// The first of them.
        columns: String,
    },
    /// The names of the columns are not there, and neither the file's name nor the values say the table.
    #[error("it has {columns} columns without names, and {why}")]
    Nameless {
        /// How many columns it has.
        columns: usize,
        /// Why no table is taken.
        why: String,
    },
    /// The first record of a new table is all text, as the others are.
    #[error("its first record may be the names of the columns, or a row")]
    NamesOrRow,
    /// Several tables fit equally well.
    #[error("its columns fit {tables} equally well")]
    Ambiguous {
        /// The tables that fit, in words.
        tables: String,
    },
    /// The table's key is not among the columns, so that no row could be told from another.
    #[error("its columns are of `{table}`, but `{key}`, the key of that table, is not among them")]
    NoKey {
        /// The name of the table.
        table: String,
        /// The column that is missing.
        key: String,
    },
    /// More columns than a table can have.
    #[error("it has {found} columns, and a table can have {most}")]
    TooMany {
        /// How many it has.
        found: usize,
        /// How many there can be.
        most: usize,
    },
    /// Changes of a table whose rows have no key of one column.
    #[error(
        "it holds changes of `{table}`, which has no key of one column, so that they cannot be put in order"
    )]
    NoHistory {
        /// The name of the table.
        table: String,
    },
    /// A name that no table can have.
    #[error("`{name}` cannot be the name of a table")]
    BadName {
        /// The name that was given.
        name: String,
    },
}

/// A record that outlives its reader.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The line on which it begins.
    pub line: u64,
    /// The record as it stands.
    pub text: String,
    /// Its fields, as slices of `cells`.
    pub fields: Vec<Field>,
    /// The text that the fields are slices of.
    pub cells: String,
}

impl Kept {
    /// A copy of a record.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        Self {
            line: record.line,
            text: record.text.to_owned(),
            fields: record.fields.to_vec(),
            cells: record.cells.to_owned(),
        }
    }

    /// The record that was kept.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record {
            line: self.line,
            text: &self.text,
            fields: &self.fields,
            cells: &self.cells,
        }
    }

    /// The text of each field.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let text = |field: &Field| self.cells[field.start..field.end].to_owned();
        self.fields.iter().map(text).collect()
    }

    pub(crate) fn text_at(&self, at: usize) -> Option<&str> {
        self.fields
            .get(at)
            .map(|field| &self.cells[field.start..field.end])
    }
}

/// What is known beside the columns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'h> {
    /// The table that the user named.
    pub table: Option<&'h str>,
    /// The file's name, which decides between tables that fit equally well.
    pub file: &'h str,
}

/// How the rows of one table are made of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The table and its columns.
    pub shape: TableLayout,
    /// For each column of the shape the field of the record, from 0, and what its values are read as.
    pub steps: Vec<(usize, Cast)>,
    /// The place in the row of the table's key, where that is one column.
    pub key: Option<usize>,
}

impl Target {
    /// The values of a row: with those that say which change it is, where it is one.
    #[must_use]
    pub fn width(&self) -> usize {
        self.steps.len() + if self.shape.history { 3 } else { 0 }
    }

    /// The places in a row of the columns that the schema does not have.
    #[must_use]
    pub fn unknown(&self) -> Vec<usize> {
        let columns = self.shape.columns.iter().enumerate();
        columns
            .filter(|(_, column)| !column.known)
            .map(|(at, _)| at)
            .collect()
    }
}

/// The fields in which a table of changes says which change a record is, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    /// `__$start_lsn`, the transaction.
    pub transaction: usize,
    /// `__$seqval`, the change within the transaction.
    pub sequence: Option<usize>,
    /// `__$operation`: 1 delete, 2 insert, 3 before an update, 4 after it.
    pub operation: usize,
}

/// What becomes of each field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The tables: first the one whose rows the records are, then those whose rows stand beside.
    pub targets: Vec<Target>,
    /// How many fields a record has.
    pub width: usize,
    /// Columns that are not loaded.
    pub dropped: Vec<Dropped>,
    /// Columns that repeat another of the same table: their place and the other's, from 0.
    pub repeats: Vec<(usize, usize)>,
    /// Where the records are changes: what says which.
    pub changes: Option<Changes>,
    /// What there is to say about it, in sentences.
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether some of the fields must not be shown.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.dropped.iter().any(|dropped| dropped.secret)
    }
}

impl Plan {
    /// Types of many columns are inferred from public column lists. Where such a column is a number there and every
    /// value that was looked at is a word, the file knows better: its values are kept as they stand.
    fn take_words(&mut self, sample: &[Kept], rules: &Rules) {
        const ENOUGH: usize = 8;
        let is_word = |text: &str| text.trim().starts_with(char::is_alphabetic);
        for target in &mut self.targets {
            for (step, (at, cast)) in target.steps.iter_mut().enumerate() {
                let is_number = matches!(cast, Cast::Integer { .. } | Cast::Real);
                if !is_number || target.key == Some(step) {
                    continue;
                }
                let (mut words, mut others) = (0, 0);
                for record in sample
                    .iter()
                    .filter(|record| record.fields.len() == self.width)
                {
                    let field = record.fields[*at];
                    let mut batch = Batch::default();
                    let mut seen = Seen::default();
                    match convert::value(&record.cells, field, *cast, rules, &mut seen, &mut batch)
                    {
                        Ok(crate::record::batch::RowValue::Null) => {}
                        Err(_) if record.text_at(*at).is_some_and(is_word) => words += 1,
                        _ => others += 1,
                    }
                }
                if words >= ENOUGH && others == 0 {
                    *cast = Cast::Text;
                    let column = &mut target.shape.columns[step];
                    column.kind = Kind::Text;
                    self.notes.push(format!(
                        "`{}` is a number in the schema and a word in each record looked at: kept as it stands",
                        column.name
                    ));
                }
            }
        }
    }
}

/// A heading taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heading {
    /// As the file has it.
    written: String,
    /// The name of the column, in lower case, and a known other spelling replaced.
    column: String,
    /// The product's table that the heading names.
    table: Option<&'static ProductTable>,
}

/// Spellings of columns in public sources that disagree with the schema's: the same column each time.
const SPELLINGS: [(&str, &str); 6] = [
    ("default_sosial_queue", "default_social_queue"),
    ("sosial_routing_type", "social_routing_type"),
    ("whenmodified", "when_modified"),
    ("first_name_furigana", "first_name_furigama"),
    ("middle_name_furigana", "middle_name_furigama"),
    ("last_name_furigana", "last_name_furigama"),
];

/// Columns by which a joined result is known to name rows of another table: the table, and the column of the file.
const LOOK_UPS: [(&str, &str); 3] = [
    ("egpl_user", "assigned_to"),
    ("egpl_routing_queue", "queue_id"),
    ("egpl_department", "department_id"),
];

/// The name by which rows of a table are told apart where the file has no key of it: the table, its key, the name.
const NAMES: (&str, &str, &str) = ("egpl_routing_queue", "queue_id", "queue_name");

/// The columns of the documented query, in its order, for files of its result without a header.
const DOCUMENTED: [&str; 10] = [
    "contact_point_data",
    "queue_name",
    "activity_id",
    "activity_status",
    "activity_sub_status",
    "login_ip",
    "assigned_to",
    "when_created",
    "user_name",
    "screen_name",
];

/// Says what becomes of each field, from the header where there is one, else from the first records.
///
/// # Errors
/// When it cannot be told which table the file holds.
pub fn plan(
    header: Option<&[String]>,
    sample: &[Kept],
    hints: Hints<'_>,
    rules: &Rules,
) -> Result<Plan, TablesError> {
    let mut plan = match header {
        Some(header) => by_header(header, sample, hints)?,
        None => by_layout(sample, hints, rules)?,
    };
    plan.take_words(sample, rules);
    if plan.width > MOST_COLUMNS {
        return Err(TablesError::TooMany {
            found: plan.width,
            most: MOST_COLUMNS,
        });
    }
    Ok(plan)
}

// NAMES ----------------------------------------------------------------------------------------------------

/// The product's table that a name means: in any letter case, in brackets or quotes, after a database and an owner, a
/// view over it, a part of it by status, a table of its changes.
#[must_use]
pub fn product_table(name: &str) -> Option<&'static ProductTable> {
    let last = parts(name).pop()?;
    let lower = last.to_lowercase();
    let bare = lower.strip_prefix("view_").unwrap_or(&lower);
    let bare = match bare.strip_suffix("_ct") {
        Some(of) => of
            .split_once("egpl_")
            .map_or(of, |(owner, _)| &of[owner.len()..]),
        None => bare,
    };
    ProductTable::named(bare).or_else(|| {
        let (before, status) = bare.rsplit_once('_')?;
        let numbered = !status.is_empty() && status.bytes().all(|b| b.is_ascii_digit());
        ProductTable::named(before).filter(|_| numbered)
    })
}

/// The parts of a name with points between them; brackets and quotes around a part are taken off.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut closing = None;
    let mut chars = name.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut().expect("there is one from the start");
        match (closing, c) {
            (Some(end), c) if c == end => {
                if chars.peek() == Some(&end) {
                    part.push(c);
                    chars.next();
                } else {
                    closing = None;
                }
            }
            (Some(_), c) => part.push(c),
            (None, '[') if part.is_empty() => closing = Some(']'),
            (None, '"') if part.is_empty() => closing = Some('"'),
            (None, '.') => parts.push(String::new()),
            (None, c) => part.push(c),
        }
    }
    parts
}

fn is_known(column: &str) -> bool {
    PRODUCT.iter().any(|table| table.position(column).is_some())
}

fn heading(written: &str) -> Heading {
    let plain = written.trim_matches(['\u{feff}', ' ', '\t']);
    let plain = plain.trim().replace("\\_", "_");
    let mut parts = parts(&plain);
    let last = parts.pop().unwrap_or_default().trim().to_lowercase();
    let spelt = |name: &str| {
        let other = SPELLINGS.iter().find(|(other, _)| *other == name);
        let name = other.map_or(name, |(_, ours)| ours);
        let underscored = name.replace(' ', "_");
        if !is_known(name) && is_known(&underscored) {
            underscored
        } else {
            name.to_owned()
        }
    };
    let column = spelt(&last);
    if parts.is_empty() || !is_known(&column) {
        let whole = if parts.is_empty() {
            column
        } else {
            plain.to_lowercase()
        };
        return Heading {
            written: written.to_owned(),
            column: whole,
            table: None,
        };
    }
    let table = parts.last().and_then(|owner| product_table(owner));
    Heading {
        written: written.to_owned(),
        table: table.filter(|table| table.position(&column).is_some()),
        column,
    }
}

/// Whether a column holds passwords. Those of the schema that only speak of them do not.
fn is_secret(column: &str) -> bool {
    let named = column.contains("password") || column == "case_insensitive" || column == "passwd";
    named && !is_known(column)
}

/// The name of the column in a heading as a file has it, without its table, in lower case.
pub(crate) fn column_name(written: &str) -> String {
    let plain = written.trim_matches(['\u{feff}', ' ', '\t']);
    let last = parts(plain.trim()).pop().unwrap_or_default();
    last.trim().to_lowercase()
}

/// Whether a heading, as a file has it, is of a column of passwords.
pub(crate) fn is_secret_heading(written: &str) -> bool {
    is_secret(&heading(written).column)
}

/// Whether a heading, as a file has it, is of a column of the product.
pub(crate) fn is_known_heading(written: &str) -> bool {
    is_known(&heading(written).column)
}

/// A name under which a column that the schema does not have can be kept.
fn kept_name(column: &str, position: usize, taken: &BTreeSet<String>) -> String {
    let mut name: String = column
        .trim()
        .chars()
        .map(|c| {
            if c.is_control() || c.is_whitespace() {
                '_'
            } else {
                c
            }
        })
        .take(LONGEST_NAME)
        .collect();
    let reserved = ["rowid", "oid", "_rowid_"].contains(&name.as_str())
        || name.starts_with("chatdb_")
        || name == "(no_column_name)";
    if name.is_empty() || reserved {
        name = format!("column_{position}");
    }
    let mut unique = name.clone();
    let mut next = 2;
    while taken.contains(&unique) {
        unique = format!("{name}_{next}");
        next += 1;
    }
    unique
}

// BY HEADER ------------------------------------------------------------------------------------------------

/// What becomes of a column, besides being dropped.
type Assigned = Vec<Option<&'static ProductTable>>;

fn by_header(header: &[String], sample: &[Kept], hints: Hints<'_>) -> Result<Plan, TablesError> {
    let headings: Vec<Heading> = header.iter().map(|text| heading(text)).collect();
    let mut builder = Builder::new(headings, sample);
    builder.drop_columns();
    let named = hints.table.map(named_table).transpose()?;
    match named {
        Some(Named::New(name)) => return Ok(builder.unknown(name)),
        Some(Named::Product(table)) => builder.assign_all(table)?,
        None => builder.assign(hints)?,
    }
    builder.finish()
}

enum Named {
    Product(&'static ProductTable),
    New(String),
}

fn named_table(name: &str) -> Result<Named, TablesError> {
    if let Some(table) = product_table(name) {
        return Ok(Named::Product(table));
    }
    let plain = parts(name).pop().unwrap_or_default().trim().to_lowercase();
    let ours = RESERVED.iter().any(|prefix| plain.starts_with(prefix));
    let of_letters = plain
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == ' ' || c == '$' || c == '#');
    let earlier = plain
        .strip_suffix("_earlier")
        .is_some_and(|table| ProductTable::named(table).is_some());
    // SQLite takes these for tables that it has already.
    let of_sqlite = classes::module(&plain).is_some();
    if plain.is_empty() || ours || of_sqlite || earlier || !of_letters || plain == "rejects" {
        let name = name.to_owned();
        return Err(TablesError::BadName { name });
    }
    Ok(Named::New(plain))
}

struct Builder<'s> {
    headings: Vec<Heading>,
    sample: &'s [Kept],
    /// For each column the table that it is of.
    assigned: Assigned,
    /// For each column whether it is dropped or says which change a record is.
    out: Vec<bool>,
    dropped: Vec<Dropped>,
    changes: Option<Changes>,
    notes: Vec<String>,
}

impl<'s> Builder<'s> {
    fn new(headings: Vec<Heading>, sample: &'s [Kept]) -> Self {
        Self {
            assigned: vec![None; headings.len()],
            out: vec![false; headings.len()],
            headings,
            sample,
            dropped: Vec::new(),
            changes: None,
            notes: Vec::new(),
        }
    }

    fn drop(&mut self, at: usize, why: impl Into<String>, secret: bool) {
        self.out[at] = true;
        self.dropped.push(Dropped {
            position: at + 1,
            heading: self.headings[at].written.clone(),
            why: why.into(),
            secret,
        });
    }

    /// Takes out passwords, numbers of rows, and what says which change a record is.
    fn drop_columns(&mut self) {
        for at in 0..self.headings.len() {
            if is_secret(&self.headings[at].column) {
                self.drop(at, "it holds passwords", true);
            }
        }
        let unnamed = self.headings.first().is_some_and(|first| {
            first.column.is_empty()
                || ["#", "row", "rownum", "row_number"].contains(&&*first.column)
        });
        if unnamed && self.headings.len() > 1 && self.counts_rows() {
            self.drop(0, "it only counts the rows", false);
        }
        let place = |name: &str| self.headings.iter().position(|h| h.column == name);
        let (transaction, operation) = (place("__$start_lsn"), place("__$operation"));
        if let (Some(transaction), Some(operation)) = (transaction, operation) {
            self.changes = Some(Changes {
                transaction,
                sequence: place("__$seqval"),
                operation,
            });
            let used = [Some(transaction), Some(operation), place("__$seqval")];
            for at in 0..self.headings.len() {
                if used.contains(&Some(at)) {
                    self.out[at] = true;
                } else if self.headings[at].column.starts_with("__$") {
                    self.drop(at, "it says which columns a change touched", false);
                }
            }
        }
    }

    /// Whether the first column is 1, 2, 3 and so on.
    fn counts_rows(&self) -> bool {
        let place = |record: &Kept| record.text_at(0).and_then(|text| text.trim().parse().ok());
        (1_u64..)
            .zip(self.sample)
            .all(|(expected, record)| place(record) == Some(expected))
    }

    fn has(&self, column: &str) -> bool {
        let mut left = self.headings.iter().zip(&self.out);
        left.any(|(heading, out)| !out && heading.column == column)
    }

    /// Whether rows of `table` can be told apart by these columns.
    fn can_key(&self, table: &ProductTable) -> bool {
        let by_look_up = LOOK_UPS
            .iter()
            .any(|(of, column)| *of == table.name && self.has(column));
        by_look_up || table.key.iter().all(|key| self.has(key))
    }

    fn assign_all(&mut self, table: &'static ProductTable) -> Result<(), TablesError> {
        if let Some(key) = table.key.iter().find(|key| !self.has(key)) {
            return Err(TablesError::NoKey {
                table: table.name.to_owned(),
                key: (*key).to_owned(),
            });
        }
        for at in 0..self.headings.len() {
            if !self.out[at] {
                self.assigned[at] = Some(table);
            }
        }
        Ok(())
    }

    fn assign(&mut self, hints: Hints<'_>) -> Result<(), TablesError> {
        let columns: Vec<usize> = (0..self.headings.len())
            .filter(|at| !self.out[*at])
            .collect();
        let known = columns
            .iter()
            .filter(|at| is_known(&self.headings[**at].column))
            .count();
        if is_too_few(known, columns.len()) {
            return Err(self.unknown_columns(&columns));
        }
        let tables: Vec<&'static ProductTable> =
            PRODUCT.iter().filter(|table| self.can_key(table)).collect();
        let path = self.path(&columns, &tables);
        if let Some((table, key)) = self.lacking_key(&columns, &tables, &path) {
            return Err(TablesError::NoKey {
                table: table.name.to_owned(),
                key: key.to_owned(),
            });
        }
        let one = path
            .first()
            .filter(|first| path.iter().all(|t| t == *first));
        let unknown = |table: &ProductTable| {
            columns
                .iter()
                .filter(|at| table.position(&self.headings[**at].column).is_none())
                .count()
        };
        if tables.is_empty()
            || one.is_some_and(|table| is_too_few(columns.len() - unknown(table), columns.len()))
        {
            return Err(self.without_key(&columns));
        }
        if let Some(table) = one {
            let table = self.break_tie(table, &columns, &tables, hints)?;
            for at in &columns {
                self.assigned[*at] = Some(table);
            }
        } else {
            for (at, table) in columns.iter().zip(&path) {
                self.assigned[*at] = Some(table);
            }
        }
        self.look_up();
        Ok(())
    }

    fn unknown_columns(&self, columns: &[usize]) -> TablesError {
        const SHOWN: usize = 5;
        let mut names: Vec<String> = columns
            .iter()
            .take(SHOWN)
            .map(|at| format!("`{}`", self.headings[*at].written.trim()))
            .collect();
        if columns.len() > SHOWN {
            names.push(format!("and {} more", columns.len() - SHOWN));
        }
        TablesError::Unknown {
            columns: names.join(", "),
        }
    }

    /// How many of the columns a table has.
    fn hits(&self, columns: &[usize], table: &ProductTable) -> usize {
        let has = |at: &&usize| table.position(&self.headings[**at].column).is_some();
        columns.iter().filter(has).count()
    }

    /// A table that has more of the columns than the one that would be taken, or as many and some that no other has,
    /// but not its key: the records are its, and not those of a table whose key happens to be there.
    fn lacking_key(
        &self,
        columns: &[usize],
        keyed: &[&'static ProductTable],
        path: &[&'static ProductTable],
    ) -> Option<(&'static ProductTable, &'static str)> {
        let most = path.iter().map(|table| self.hits(columns, table)).max()?;
        let is_left = |at: &usize| {
            let column = &self.headings[*at].column;
            let has = |table: &&ProductTable| table.position(column).is_some();
            !keyed.iter().any(has)
        };
        let left: Vec<usize> = columns.iter().copied().filter(is_left).collect();
        let lacking = PRODUCT.iter().filter(|table| !self.can_key(table));
        let (table, _) = lacking
            .map(|table| (table, self.hits(columns, table)))
            .filter(|(table, hits)| {
                let own = self.hits(&left, table);
                own > 0 && (*hits >= most || own > 1)
            })
            .max_by_key(|(_, hits)| *hits)?;
        let key = table.key.iter().find(|key| !self.has(key))?;
        Some((table, key))
    }

    /// The table that has most of the columns, but whose key is not among them.
    fn without_key(&self, columns: &[usize]) -> TablesError {
        let hits = |table: &&ProductTable| self.hits(columns, table);
        let missing = |table: &'static ProductTable| {
            let key = table.key.iter().find(|key| !self.has(key))?;
            Some((table, *key))
        };
        let mut candidates: Vec<&'static ProductTable> = PRODUCT.iter().collect();
        candidates.sort_by_key(|table| std::cmp::Reverse(hits(table)));
        let best = candidates.first().copied().and_then(missing);
        match best {
            Some((table, key)) if hits(&table) * 2 >= columns.len() => TablesError::NoKey {
                table: table.name.to_owned(),
                key: key.to_owned(),
            },
            _ => self.unknown_columns(columns),
        }
    }

    /// The cheapest way to read the columns from left to right as columns of tables: a column that the table does not
    /// have costs, going over to another table costs more, leaving the table's order a little.
    fn path(
        &self,
        columns: &[usize],
        tables: &[&'static ProductTable],
    ) -> Vec<&'static ProductTable> {
        const UNKNOWN: u32 = 1000;
        const OTHER_TABLE: u32 = 5000;
        const CHANGE: u32 = 1500;
        let place = |at: usize, table: &ProductTable| table.position(&self.headings[at].column);
        let emit = |at: usize, table: &'static ProductTable| match self.headings[at].table {
            Some(named) if named != table => OTHER_TABLE,
            _ if place(at, table).is_none() => UNKNOWN,
            _ => 0,
        };
        let stay = |before: usize, at: usize, table: &ProductTable| match (
            place(before, table),
            place(at, table),
        ) {
            (Some(a), Some(b)) if b == a + 1 => 0,
            (Some(a), Some(b)) if b > a => 30,
            (Some(_), Some(_)) => 60,
            _ => 0,
        };
        let Some((&first, rest)) = columns.split_first() else {
            return Vec::new();
        };
        let mut costs: Vec<u32> = tables.iter().map(|table| emit(first, table)).collect();
        let mut came_from: Vec<Vec<usize>> = Vec::new();
        let mut before = first;
        for &at in rest {
            let cheapest = (0..tables.len()).min_by_key(|t| costs[*t]).unwrap_or(0);
            let mut next = Vec::with_capacity(tables.len());
            let mut from = Vec::with_capacity(tables.len());
            for (t, table) in tables.iter().enumerate() {
                let staying = costs[t] + stay(before, at, table);
                let changing = costs[cheapest] + CHANGE;
                let (cost, source) = if staying < changing {
                    (staying, t)
                } else {
                    (changing, cheapest)
                };
                next.push(cost + emit(at, table));
                from.push(source);
            }
            costs = next;
            came_from.push(from);
            before = at;
        }
        let last = (0..tables.len()).min_by_key(|t| (costs[*t], tables[*t].columns.len()));
        let Some(mut state) = last else {
            return Vec::new();
        };
        let mut path = vec![tables[state]];
        for from in came_from.iter().rev() {
            state = from[state];
            path.push(tables[state]);
        }
        path.reverse();
        path
    }

    /// Of the tables that have as many of the columns as `best` the one that has least besides, else the one that the
    /// file is named after.
    fn break_tie(
        &mut self,
        best: &'static ProductTable,
        columns: &[usize],
        tables: &[&'static ProductTable],
        hints: Hints<'_>,
    ) -> Result<&'static ProductTable, TablesError> {
        let hits = |table: &ProductTable| self.hits(columns, table);
        let keyed = |table: &ProductTable| table.key.iter().all(|key| self.has(key));
        let most = hits(best);
        let equal: Vec<&'static ProductTable> = tables
            .iter()
            .copied()
            .filter(|table| hits(table) == most && keyed(table))
            .collect();
        if equal.len() < 2 {
            return Ok(best);
        }
        if let Some(named) = named_after(&equal, hints.file) {
            let others: Vec<&str> = equal
                .iter()
                .filter(|table| **table != named)
                .map(|table| table.name)
                .collect();
            self.notes.push(format!(
                "taken as `{}` after the file's name; the columns would fit {} as well",
                named.name,
                listed(&others)
            ));
            return Ok(named);
        }
        // A table that has nothing else is a better guess than one of which much would be missing.
        let least = equal.iter().map(|table| table.columns.len()).min();
        let smallest: Vec<&'static ProductTable> = equal
            .iter()
            .copied()
            .filter(|table| Some(table.columns.len()) == least)
            .collect();
        match smallest.as_slice() {
            [one] if one.columns.len() == most => Ok(one),
            _ => {
                let names: Vec<&str> = equal.iter().map(|table| table.name).collect();
                Err(TablesError::Ambiguous {
                    tables: listed(&names),
                })
            }
        }
    }

    /// Gives columns that their table does not have to the table that a joined result has them from.
    fn look_up(&mut self) {
        let present: Vec<&'static ProductTable> = self.assigned.iter().flatten().copied().collect();
        for at in 0..self.headings.len() {
            let column = self.headings[at].column.clone();
            let Some(own) = self.assigned[at] else {
                continue;
            };
            if own.position(&column).is_some() {
                continue;
            }
            let has = |table: &ProductTable| table.position(&column).is_some();
            let beside = present.iter().copied().find(|table| has(table));
            let by_name = || {
                let (of, key, name) = NAMES;
                let activity = own.position(key).is_some() && own.name != of;
                let named = column == name && activity && !self.has(key);
                named.then(|| ProductTable::named(of)).flatten()
            };
            let looked_up = || {
                LOOK_UPS.iter().find_map(|(of, by)| {
                    let table = ProductTable::named(of)?;
                    (has(table) && self.has(by) && table.name != own.name).then_some(table)
                })
            };
            if let Some(table) = beside.or_else(looked_up).or_else(by_name) {
                self.assigned[at] = Some(table);
            }
        }
    }

    /// The tables in the order of how many columns they have here, the first being the one whose rows the records are.
    fn tables(&self) -> Vec<&'static ProductTable> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (at, table) in self.assigned.iter().enumerate() {
            if let Some(table) = table {
                let count = counts.entry(table.name).or_insert((0, at));
                count.0 += usize::from(table.position(&self.headings[at].column).is_some());
            }
        }
        let mut tables: Vec<&'static ProductTable> = PRODUCT
            .iter()
            .filter(|table| counts.contains_key(table.name))
            .collect();
        // An activity is what the others stand beside, however few of its columns are there.
        let is_activity = |table: &ProductTable| table.name == "egpl_casemgmt_activity";
        tables.sort_by_key(|table| {
            let (count, first) = counts[table.name];
            (
                !(is_activity(table) && self.own_place(table, "activity_id").is_some()),
                std::cmp::Reverse(count),
                first,
            )
        });
        tables
    }

    /// The column of the file that is `column` of `table`.
    fn own_place(&self, table: &ProductTable, column: &str) -> Option<usize> {
        (0..self.headings.len()).find(|at| {
            self.assigned[*at].is_some_and(|own| own.name == table.name)
                && !self.out[*at]
                && self.headings[*at].column == column
        })
    }

    /// The column of the file that holds the key of rows of a table that stand beside others.
    fn key_place(&self, table: &ProductTable) -> Option<usize> {
        let key = table.single_key()?;
        let anywhere = |column: &str| {
            (0..self.headings.len())
                .find(|at| !self.out[*at] && self.headings[*at].column == column)
        };
        let by_look_up = || {
            let found = LOOK_UPS.iter().find(|(of, _)| *of == table.name);
            found.and_then(|(_, column)| anywhere(column))
        };
        self.own_place(table, key)
            .or_else(|| anywhere(key))
            .or_else(by_look_up)
    }

    /// The column of the file whose names stand for keys of a table beside the first.
    fn name_place(&self, table: &ProductTable) -> Option<usize> {
        let (of, _, name) = NAMES;
        (table.name == of && self.key_place(table).is_none())
            .then(|| self.own_place(table, name))
            .flatten()
    }

    /// Rows of a table beside the first that have no key cannot be stored: their columns are kept with the first.
    fn keep_what_has_no_key(&mut self) -> Vec<&'static ProductTable> {
        let tables = self.tables();
        let Some((&main, beside)) = tables.split_first() else {
            return tables;
        };
        let mut kept = vec![main];
        for &table in beside {
            let keyed = table.single_key().is_none()
                || self.key_place(table).is_some()
                || self.name_place(table).is_some();
            if keyed {
                kept.push(table);
                continue;
            }
            for at in 0..self.headings.len() {
                if self.assigned[at] == Some(table) {
                    self.assigned[at] = Some(main);
                    self.notes.push(format!(
                        "`{}` is of `{}`, whose key is not in the file: it is kept with `{}`",
                        self.headings[at].written.trim(),
                        table.name,
                        main.name
                    ));
                }
            }
        }
        kept
    }

    fn finish(mut self) -> Result<Plan, TablesError> {
        let tables = self.keep_what_has_no_key();
        if let (Some(main), true) = (tables.first(), self.changes.is_some())
            && main.single_key().is_none()
        {
            let table = main.name.to_owned();
            return Err(TablesError::NoHistory { table });
        }
        let mut repeats = Vec::new();
        let mut targets = Vec::new();
        for (nth, table) in tables.iter().enumerate() {
            let target = self.target(table, nth > 0, &mut repeats);
            targets.push(target);
        }
        if targets.len() > 1 {
            self.say_parts(&tables);
        }
        self.make_numbers(&tables, &mut targets);
        if let Some(main) = targets.first_mut() {
            main.shape.history = self.changes.is_some();
        }
        self.dropped.sort_by_key(|dropped| dropped.position);
        Ok(Plan {
            targets,
            width: self.headings.len(),
            dropped: self.dropped,
            repeats,
            changes: self.changes,
            notes: self.notes,
        })
    }

    fn say_parts(&mut self, tables: &[&'static ProductTable]) {
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        self.notes.push(format!(
            "the records are of a query over several tables: taken apart into {}",
            listed(&names)
        ));
        for table in &tables[1..] {
            let own = table
                .single_key()
                .and_then(|key| self.own_place(table, key));
            if let (None, Some(place)) = (own, self.key_place(table)) {
                self.notes.push(format!(
                    "rows of `{}` are told apart by `{}`",
                    table.name,
                    self.headings[place].written.trim()
                ));
            }
        }
    }

    /// Gives queues that have a name and no number one that is made of the name, in both tables that have it, so that
    /// the join from which the file came finds them again.
    fn make_numbers(&mut self, tables: &[&'static ProductTable], targets: &mut [Target]) {
        let (_, key, name) = NAMES;
        let beside = tables.iter().enumerate().skip(1);
        let Some((nth, at)) = beside
            .filter_map(|(nth, table)| Some((nth, self.name_place(table)?)))
            .next()
        else {
            return;
        };
        for of in [0, nth] {
            let target = &mut targets[of];
            if of == nth {
                target.key = Some(target.shape.columns.len());
            }
            target.shape.columns.push(LayoutColumn {
                name: key.to_owned(),
                heading: None,
                position: 0,
                kind: Kind::Integer,
                known: true,
            });
            target.steps.push((at, Cast::Name));
        }
        self.notes.push(format!(
            "the file has no `{key}`: its queues get negative numbers of our own, made of `{name}`; \
             where the queues themselves are loaded, theirs take their place"
        ));
    }

    /// How rows of a table are made of the columns that are given to it.
    fn target(
        &mut self,
        table: &'static ProductTable,
        beside: bool,
        repeats: &mut Vec<(usize, usize)>,
    ) -> Target {
        let mut columns: Vec<LayoutColumn> = Vec::new();
        let mut steps = Vec::new();
        let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
        let mut taken: BTreeSet<String> = table
            .columns
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let mut add = |name: String, at: usize, heading: &Heading, of: Option<Type>| {
            let cast = of.map_or(Cast::Text, Cast::of);
            columns.push(LayoutColumn {
                name,
                heading: Some(heading.written.clone()),
                position: at + 1,
                kind: cast.kind(),
                known: of.is_some(),
            });
            steps.push((at, cast));
        };
        let key = table.single_key();
        if let Some(key) = key.filter(|key| beside && self.own_place(table, key).is_none())
            && let Some(at) = self.key_place(table)
        {
            add(key.to_owned(), at, &self.headings[at], table.type_of(key));
            first_of.insert(key.to_owned(), at);
        }
        for at in 0..self.headings.len() {
            if self.out[at] || self.assigned[at] != Some(table) {
                continue;
            }
            let heading = self.headings[at].clone();
            let of = table.type_of(&heading.column);
            match first_of.get(&heading.column) {
                Some(first) if of.is_some() && self.repeats(*first, at) => {
                    repeats.push((at, *first));
                    let why = format!("it repeats column {}", first + 1);
                    self.drop(at, why, false);
                }
                first if of.is_some() && first.is_none() => {
                    add(heading.column.clone(), at, &heading, of);
                    first_of.insert(heading.column, at);
                }
                _ => {
                    let name = kept_name(&heading.column, at + 1, &taken);
                    taken.insert(name.clone());
                    add(name, at, &heading, None);
                }
            }
        }
        let place = key.and_then(|key| columns.iter().position(|column| column.name == key));
        Target {
            shape: TableLayout {
                table: table.name.to_owned(),
                columns,
                history: false,
                repeated: beside,
            },
            steps,
            key: place,
        }
    }

    /// Whether two columns hold the same in the records that were looked at.
    fn repeats(&self, a: usize, b: usize) -> bool {
        self.sample
            .iter()
            .all(|record| record.text_at(a) == record.text_at(b))
    }

    /// A table that is not the product's: every column is stored as text.
    fn unknown(mut self, table: String) -> Plan {
        let mut taken = BTreeSet::new();
        let mut columns = Vec::new();
        let mut steps = Vec::new();
        for (at, heading) in self.headings.iter().enumerate() {
            if self
                .dropped
                .iter()
                .any(|dropped| dropped.position == at + 1)
            {
                continue;
            }
            let name = kept_name(&heading.column, at + 1, &taken);
            taken.insert(name.clone());
            columns.push(LayoutColumn {
                name,
                heading: Some(heading.written.clone()),
                position: at + 1,
                kind: Kind::Text,
                known: false,
            });
            steps.push((at, Cast::Text));
        }
        self.dropped.sort_by_key(|dropped| dropped.position);
        Plan {
            targets: vec![Target {
                shape: TableLayout {
                    table,
                    columns,
                    history: false,
                    repeated: false,
                },
                steps,
                key: None,
            }],
            width: self.headings.len(),
            dropped: self.dropped,
            repeats: Vec::new(),
            changes: None,
            notes: self.notes,
        }
    }
}

/// Whether so few of a file's columns are known that it may as well be of any other table.
fn is_too_few(known: usize, columns: usize) -> bool {
    known == 0 || known * 4 < columns || (known == 1 && columns > 2)
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The one of the tables that the file is named after: the longest name that stands in it, else the one whose name ends
/// with it.
fn named_after(tables: &[&'static ProductTable], file: &str) -> Option<&'static ProductTable> {
    let name = file
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(file)
        .to_lowercase();
    let stem = name.split('.').find(|part| *part != "dbo").unwrap_or("");
    let within = tables.iter().filter(|table| name.contains(table.name));
    if let Some(table) = within.max_by_key(|table| table.name.len()) {
        return Some(table);
    }
    let stem = stem.trim_end_matches('s');
    let mut ending = tables
        .iter()
        .filter(|table| stem.len() > 2 && table.name.ends_with(stem));
    match (ending.next(), ending.next()) {
        (Some(table), None) => Some(table),
        _ => None,
    }
}

// BY LAYOUT ------------------------------------------------------------------------------------------------

/// A known order of columns.
#[derive(Clone)]
struct Layout {
    table: &'static ProductTable,
    columns: Vec<&'static str>,
    /// What it is, where it is not the table's own order.
    note: Option<&'static str>,
}

/// The known orders of columns of a table: all of them; an activity's without those of later versions; a user's with
/// the passwords, which the schema leaves out, after the name.
fn layouts(table: &'static ProductTable) -> Vec<Layout> {
    let all: Vec<&'static str> = table.columns.iter().map(|(name, _)| *name).collect();
    let of = |columns: Vec<&'static str>, note| Layout {
        table,
        columns,
        note,
    };
    let mut layouts = vec![of(all.clone(), None)];
    if table.name == "egpl_casemgmt_activity" {
        let later = ["issue_type_id", "is_authenticated"];
        // No source has one of the two alone, and a separator in a text would look like it.
        layouts.push(of(all[..all.len() - later.len()].to_vec(), None));
        layouts.push(of(
            DOCUMENTED.to_vec(),
            Some("the columns are taken as those of the documented query, by their number and values"),
        ));
    }
    if let ("egpl_user", Some(name)) = (table.name, table.position("user_name")) {
        let secrets = ["password", "case_insensitive_password"];
        for count in 1..=secrets.len() {
            let mut columns = all[..=name].to_vec();
            columns.extend(&secrets[..count]);
            columns.extend(&all[name + 1..]);
            layouts.push(of(columns, None));
        }
    }
    layouts
}

impl Layout {
    /// How many columns of numbers and times there are, whose values say something; nine of ten records must fit.
    /// Unless the file is named after the table, there must be values in many columns, times among them.
    fn fit(&self, sample: &[Kept], rules: &Rules, named: bool) -> Option<usize> {
        let casts: Vec<Cast> = self.columns.iter().map(|column| cast_of(column)).collect();
        let key = self.table.single_key();
        let key = key.and_then(|key| self.columns.iter().position(|column| *column == key));
        let mut batch = Batch::default();
        let mut fits = |record: &Kept| {
            record.fields.len() == casts.len()
                && record
                    .fields
                    .iter()
                    .zip(&casts)
                    .enumerate()
                    .all(|(at, (field, cast))| {
                        let value = convert::value(
                            &record.cells,
                            *field,
                            *cast,
                            rules,
                            &mut Seen::default(),
                            &mut batch,
                        );
                        value.is_ok_and(|value| {
                            key != Some(at) || value != crate::record::batch::RowValue::Null
                        })
                    })
        };
        let wide = |record: &&Kept| record.fields.len() == casts.len();
        let all = sample.iter().filter(wide).count();
        let fitting = sample.iter().filter(|record| fits(record)).count();
        let enough = fitting > 0 && fitting * 10 >= all * 9;
        let enough = enough && (named || self.is_shown(&casts, sample));
        enough.then(|| casts.iter().filter(|cast| **cast != Cast::Text).count())
    }

    /// Whether the sample has values in many columns of numbers, and times where there should be some: few columns fit
    /// any table.
    fn is_shown(&self, casts: &[Cast], sample: &[Kept]) -> bool {
        const WIDE: usize = 10;
        let is_filled = |at: usize| {
            let texts = sample.iter().filter_map(|record| record.text_at(at));
            texts
                .clone()
                .any(|text| !text.trim().is_empty() && text != "NULL")
        };
        let filled = |wanted: &dyn Fn(Cast) -> bool| {
            let casts = casts.iter().enumerate();
            casts
                .filter(|(at, cast)| wanted(**cast) && is_filled(*at))
                .count()
        };
        let times = filled(&|cast| cast == Cast::Time);
        let numbers = filled(&|cast| matches!(cast, Cast::Integer { .. }));
        casts.len() >= WIDE && times > 0 && numbers >= 3
    }

    fn headings(&self) -> Vec<Heading> {
        let heading = |name: &&'static str| Heading {
            written: (*name).to_owned(),
            column: (*name).to_owned(),
            table: None,
        };
        self.columns.iter().map(heading).collect()
    }
}

/// What the values of a column are, whichever table it is of; columns of one name are of one kind in the product.
fn cast_of(column: &str) -> Cast {
    PRODUCT
        .iter()
        .find_map(|table| table.type_of(column))
        .map_or(Cast::Text, Cast::of)
}

fn by_layout(sample: &[Kept], hints: Hints<'_>, rules: &Rules) -> Result<Plan, TablesError> {
    let widths = widths(sample);
    let width = widths.first().copied().unwrap_or(0);
    let named = hints.table.map(named_table).transpose()?;
    let candidates: Vec<Layout> = match &named {
        Some(Named::New(name)) => {
            let nameless = |_| Heading {
                written: String::new(),
                column: String::new(),
                table: None,
            };
            let headings = (0..width).map(nameless).collect();
            let mut plan = Builder::new(headings, sample).unknown(name.clone());
            forget_headings(&mut plan);
            return Ok(plan);
        }
        Some(Named::Product(table)) => layouts(table),
        None => {
            let all: Vec<&'static ProductTable> = PRODUCT.iter().collect();
            match named_after(&all, hints.file) {
                Some(table) => layouts(table),
                None => PRODUCT.iter().flat_map(layouts).collect(),
            }
        }
    };
    let layout = match &named {
        Some(Named::Product(_)) => of_table(candidates, &widths),
        _ => {
            let of_width = |width: &usize| {
                let wide = candidates
                    .iter()
                    .filter(|layout| layout.columns.len() == *width);
                best_fit(wide.cloned().collect(), sample, hints, rules).transpose()
            };
            widths.iter().find_map(of_width).transpose()?
        }
    };
    let Some(layout) = layout else {
        return Err(nameless(width, hints));
    };
    let columns = layout.columns.len();
    let mut builder = Builder::new(layout.headings(), sample);
    builder.drop_columns();
    builder.assign_all(layout.table)?;
    builder.look_up();
    let mut plan = builder.finish()?;
    plan.notes.insert(
        0,
        layout.note.map_or_else(
            || {
                let taken = format!(
                    "without a header: taken as all {columns} columns of `{}` in order",
                    layout.table.name
                );
                if widths.is_empty() || widths.contains(&columns) {
                    return taken;
                }
                format!(
                    "{taken}, and no record looked at has so many fields, {width} being the commonest number: export \
                     it with the names of its columns, or write them above the rows in the same form"
                )
            },
            str::to_owned,
        ),
    );
    forget_headings(&mut plan);
    Ok(plan)
}

/// Why no table is taken for columns without names.
fn nameless(columns: usize, hints: Hints<'_>) -> TablesError {
    let all: Vec<&'static ProductTable> = PRODUCT.iter().collect();
    let why = match named_after(&all, hints.file) {
        Some(table) if table.columns.len() == columns => format!(
            "their values are not those of `{}`, after which the file is named",
            table.name
        ),
        Some(table) => format!(
            "`{}`, after which the file is named, has {}",
            table.name,
            table.columns.len()
        ),
        None => "their values do not say of which table they are".to_owned(),
    };
    TablesError::Nameless { columns, why }
}

/// A file without a header calls its columns nothing.
fn forget_headings(plan: &mut Plan) {
    let columns = plan
        .targets
        .iter_mut()
        .flat_map(|target| &mut target.shape.columns);
    columns.for_each(|column| column.heading = None);
}

/// The layout of a table that was named: the one as wide as some of the records, else the table's own order, and each
/// record is rejected for its width.
fn of_table(layouts: Vec<Layout>, widths: &[usize]) -> Option<Layout> {
    let wide = |width: &usize| layouts.iter().find(|layout| layout.columns.len() == *width);
    let fitting = widths.iter().find_map(wide).cloned();
    fitting.or_else(|| layouts.into_iter().next())
}

/// How many fields records have, that of most records first.
fn widths(sample: &[Kept]) -> Vec<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for record in sample {
        *counts.entry(record.fields.len()).or_default() += 1;
    }
    let mut widths: Vec<(usize, usize)> = counts.into_iter().collect();
    // Of two that are as frequent the narrower is meant: a separator in a text adds a field; nothing takes one away.
    widths.sort_by_key(|(width, count)| (std::cmp::Reverse(*count), *width));
    widths.into_iter().map(|(width, _)| width).collect()
}

/// The layout whose columns of numbers and times are most, of those into which the records fit.
fn best_fit(
    layouts: Vec<Layout>,
    sample: &[Kept],
    hints: Hints<'_>,
    rules: &Rules,
) -> Result<Option<Layout>, TablesError> {
    let scored: Vec<(usize, Layout)> = layouts
        .into_iter()
        .filter_map(|layout| {
            let named = named_after(&[layout.table], hints.file).is_some();
            Some((layout.fit(sample, rules, named)?, layout))
        })
        .collect();
    let Some(most) = scored.iter().map(|(told, _)| *told).max() else {
        return Ok(None);
    };
    let mut best: Vec<Layout> = scored
        .into_iter()
        .filter(|(told, _)| *told == most)
        .map(|(_, layout)| layout)
        .collect();
    if best.len() < 2 {
        return Ok(best.pop());
    }
    let tables: Vec<&'static ProductTable> = best.iter().map(|layout| layout.table).collect();
    match named_after(&tables, hints.file) {
        Some(table) => {
            let named = best.into_iter().find(|layout| layout.table == table);
            Ok(named.map(|layout| Layout {
                note: layout.note.or(Some(
                    "without a header: several tables would fit, taken as the one that the file is named after",
                )),
                ..layout
            }))
        }
        None => {
            let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
            Err(TablesError::Ambiguous {
                tables: listed(&names),
            })
        }
    }
}
