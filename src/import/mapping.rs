//! Which tables the columns of a file are of, and which field of a record is which column of which table.
//!
//! The names in the header are compared with every table of the product, and the table that has most of them is taken,
//! or its key asked for. Where there is no header, the file's name says the table, or the numbers and times of many
//! columns do; that a table has as many columns is no evidence. Where nothing says, the user is asked. This module does
//! not know the store.

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

/// How many records are looked at before it is decided what a file holds.
pub const SAMPLE: usize = 64;

/// How many columns a file may have beyond the product's: SQLite takes 2,000 for a table.
const MAX_COLUMNS: usize = 1900;

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
    #[error("it has {}, and {why}", counted(columns, "unnamed column"))]
    Nameless {
        /// How many columns it has.
        columns: usize,
        /// Why no table is taken.
        why: String,
    },
    /// The first record of a new table is all text, as the others are.
    #[error("its first record may be a header or a row")]
    NamesOrRow,
    /// Several tables fit equally well.
    #[error("its columns fit {tables} equally well")]
    Ambiguous {
        /// The tables that fit, in words.
        tables: String,
    },
    /// The table's key is not among the columns, so that no row could be told from another.
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
        /// How many it has.
        found: usize,
        /// How many there can be.
        most: usize,
    },
    /// Changes of a table whose rows have no key of one column.
    #[error(
        "it contains changes of `{table}`, which has no single-column key, so they cannot be ordered"
    )]
    NoHistory {
        /// The name of the table.
        table: String,
    },
    /// A name that no table can have.
    #[error("invalid table name `{name}`")]
    BadName {
        /// The name that was given.
        name: String,
    },
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
    /// Notes, in sentences.
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
                for record in sample
                    .iter()
                    .filter(|record| record.fields.len() == self.width)
                {
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

/// Says what becomes of each field, from the header where there is one, else from the first records.
///
/// # Errors
/// When it cannot be told which table the file holds.
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
        return Err(TablesError::TooMany {
            found: plan.width,
            most: MAX_COLUMNS,
        });
    }
    Ok(plan)
}
