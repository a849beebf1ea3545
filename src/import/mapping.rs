//! Maps the columns of a file to tables, and the fields of a record to columns.
//!
//! The names in the header are compared with every table of the product, and the table that has most of them is chosen,
//! or the user is told that its key is missing. Without a header, the table follows from the file name, or from the
//! numbers and times of many columns; the number of columns alone is no evidence. If nothing is conclusive, the user
//! must name the table. This module does not know the store.

mod by_header;
mod by_layout;
mod names;
mod targets;

use crate::diagnostic::counted;
use crate::import::convert;
use crate::import::convert::Cast;
use crate::import::convert::Rules;
use crate::import::convert::Seen;
use crate::record::OwnedRecord;
use crate::record::batch::Batch;
use crate::record::batch::TableLayout;
use crate::store::load::Dropped;
use crate::table::Kind;
use by_header::by_header;
use by_layout::by_layout;
pub(crate) use names::column_name;
pub(crate) use names::is_known_heading;
pub(crate) use names::is_secret_heading;
pub use names::product_table;
use thiserror::Error;

/// How many records are inspected before deciding what a file contains.
pub const SAMPLE: usize = 64;

/// The maximum number of columns that the schema does not have: SQLite allows 2,000 per table.
const MAX_COLUMNS: usize = 1900;

/// The maximum length of a column name, as in SQL Server.
const LONGEST_NAME: usize = 128;

/// Why the contents of a file cannot be determined.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TablesError {
    /// No table has these columns.
    #[error("no known table has the columns {columns}")]
    Unknown {
        /// The first of them.
        columns: String,
    },
    /// There are no column names, and neither the file name nor the values identify the table.
    #[error("it has {}, and {why}", counted(columns, "unnamed column"))]
    Nameless {
        /// The number of columns.
        columns: usize,
        /// Why no table is chosen.
        why: String,
    },
    /// The first record of a new table is all text, like the others, so it may be a header.
    #[error("its first record may be a header or a row")]
    NamesOrRow,
    /// Several tables fit equally well.
    #[error("its columns fit {tables} equally well")]
    Ambiguous {
        /// The tables that fit, as text.
        tables: String,
    },
    /// The table's key is missing, so that its rows cannot be distinguished.
    #[error("its columns belong to `{table}`, but the key column `{key}` is missing")]
    NoKey {
        /// The name of the table.
        table: String,
        /// The column that is missing.
        key: String,
    },
    /// More columns than a table can have.
    #[error("it has {found} columns, and a table can have at most {most}")]
    TooMany {
        /// The number of columns.
        found: usize,
        /// The maximum number.
        most: usize,
    },
    /// Changes of a table that has no single-column key.
    #[error(
        "it contains changes of `{table}`, which has no single-column key, so they cannot be ordered"
    )]
    NoHistory {
        /// The name of the table.
        table: String,
    },
    /// An invalid table name.
    #[error("invalid table name `{name}`")]
    BadName {
        /// The given name.
        name: String,
    },
}

/// What is known besides the columns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'h> {
    /// The table given by the user.
    pub table: Option<&'h str>,
    /// The file name, which decides between tables that fit equally well.
    pub file: &'h str,
}

/// How a record becomes a row of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The table and its columns.
    pub shape: TableLayout,
    /// For each column of the shape, the field of the record, from 0, and its type.
    pub steps: Vec<(usize, Cast)>,
    /// The position of the table's key in the row, if it is a single column.
    pub key: Option<usize>,
}

impl Target {
    /// The values of a row, including those that identify a change, if it is one.
    #[must_use]
    pub fn width(&self) -> usize {
        self.steps.len() + if self.shape.history { 3 } else { 0 }
    }

    /// The positions of the columns that the schema does not have.
    #[must_use]
    pub fn unknown(&self) -> Vec<usize> {
        let columns = self.shape.columns.iter().enumerate();
        columns.filter(|(_, column)| !column.known).map(|(at, _)| at).collect()
    }
}

/// The fields that identify the change in a change table, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    /// `__$start_lsn`, the transaction.
    pub transaction: usize,
    /// `__$seqval`, the change within the transaction.
    pub sequence: Option<usize>,
    /// `__$operation`: 1 delete, 2 insert, 3 before an update, 4 after it.
    pub operation: usize,
}

/// What each field of a record is mapped to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The tables: first the one whose rows the records are, then the joined ones.
    pub targets: Vec<Target>,
    /// How many fields a record has.
    pub width: usize,
    /// Columns that are not loaded.
    pub dropped: Vec<Dropped>,
    /// Columns that repeat another of the same table: their position and the other's, from 0.
    pub repeats: Vec<(usize, usize)>,
    /// If the records are changes: what identifies them.
    pub changes: Option<Changes>,
    /// Notes, as sentences.
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether some of the fields must be hidden.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.dropped.iter().any(|dropped| dropped.secret)
    }
}

impl Plan {
    /// Types of many columns are inferred from public column lists. If such a column is a number there and every
    /// inspected value is a word, the file wins: its values are kept unchanged.
    fn take_words(&mut self, sample: &[OwnedRecord], rules: &Rules) {
        const ENOUGH: usize = 8;
        let is_word = |text: &str| text.trim().starts_with(char::is_alphabetic);
        for target in &mut self.targets {
            for (step, (at, cast)) in target.steps.iter_mut().enumerate() {
                let is_number = matches!(cast, Cast::Integer { .. } | Cast::Real);
                if !is_number || target.key == Some(step) {
                    continue;
                }
                let (mut words, mut others) = (0, 0);
                for record in sample.iter().filter(|record| record.fields.len() == self.width) {
                    let field = record.fields[*at];
                    let mut batch = Batch::default();
                    let mut seen = Seen::default();
                    match convert::value(record.cells(), field, *cast, rules, &mut seen, &mut batch)
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
                        "`{}`: expected a number, found text in each record inspected; kept as text",
                        column.name
                    ));
                }
            }
        }
    }
}

/// Maps each field, by the header if there is one, otherwise by the first records.
///
/// # Errors
/// If the table of the file cannot be determined.
pub fn plan(
    header: Option<&[String]>,
    sample: &[OwnedRecord],
    hints: Hints<'_>,
    rules: &Rules,
) -> Result<Plan, TablesError> {
    let mut plan = match header {
        Some(header) => by_header(header, sample, hints)?,
        None => by_layout(sample, hints, rules)?,
    };
    plan.take_words(sample, rules);
    if plan.width > MAX_COLUMNS {
        return Err(TablesError::TooMany { found: plan.width, most: MAX_COLUMNS });
    }
    Ok(plan)
}
