//! Why a database operation failed.

use super::engine::{in_our_words, of_message};
use crate::sql::ScriptStatement as Part;
use crate::sql::SqlError;
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a database operation failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A statement of a script failed.
    #[error("{file}:{line}: {}", in_our_words(source))]
    Script {
        /// The file of the script.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A script could not be taken apart.
    #[error("{file}:{source}")]
    Split {
        /// The file of the script.
        file: String,
        /// Where and why.
        source: SqlError,
    },
    /// A statement of a scenario would do what none may.
    #[error("{file}:{line}: the statement {what}")]
    Refused {
        /// The script or query.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What it would do, as the end of a sentence.
        what: String,
    },
    /// A cause names what there is not, or would change what has happened.
    #[error("{file}:{line}: {what}")]
    Impossible {
        /// The file of the script.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What is wrong, and what there is instead.
        what: String,
        /// What there is instead of what it names; empty where nothing is missing.
        known: Vec<String>,
    },
    /// A statement or query names a value that nobody gave.
    #[error("no value given for `{name}`")]
    Unbound {
        /// The name, with its `@`.
        name: String,
    },
    /// A query is more than one statement, or writes.
    #[error("a query must be one read-only statement; this one {found}")]
    NotAQuery {
        /// What was found instead.
        found: &'static str,
    },
    /// It was told to stop; see [`Interrupter`].
    #[error("interrupted")]
    Interrupted,
    /// A value could not be computed: a conversion that fails, a division by zero.
    #[error("{}", of_message(.0))]
    Value(String),
    /// The file is not one that this program wrote.
    #[error("it was not written by chatdb")]
    NotOurs,
    /// The file holds a virtual table.
    #[error("it contains the virtual table `{table}`, which is not allowed in an untrusted file")]
    Virtual {
        /// The name of the table.
        table: String,
    },
    /// The file has a view where a table belongs.
    #[error("its `{view}` is a view, but chatdb has a table of that name")]
    View {
        /// The name of the view.
        view: String,
    },
    /// A folder, a pipe, a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// A later version of this program has written the file.
    #[error(
        "it was written by a newer chatdb (schema version {found}; this program supports {known})"
    )]
    Newer {
        /// The version of its tables.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// The tables of an earlier version could not be brought up to date.
    #[error("its schema, written by an older chatdb, could not be migrated")]
    Migration(#[source] Box<refinery::Error>),
    /// The file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The file cannot be read.
    #[error("{0}")]
    NotRead(std::io::Error),
    /// Nothing is left of what the statements of a scenario may take together; see [`Budget`](super::Budget).
    #[error(
        "it is not determined what it rests on: running the scenario without each cause and with each rule changed \
         takes \
         {limit}"
    )]
    Spent {
        /// What is too much, as the end of the sentence.
        limit: String,
    },
    /// An answer takes more memory than there is for one.
    #[error("the result takes more than {mib} MiB of memory")]
    TooMuch {
        /// How much there is.
        mib: u64,
    },
    /// What the rows of an answer go to does not take them.
    #[error("cannot write the result: {0}")]
    NotTaken(std::io::Error),
    /// SQLite failed otherwise.
    #[error("{}", in_our_words(.0))]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, message) => match (failure.code, message) {
                (ErrorCode::OperationInterrupted, _) => Self::Interrupted,
                (ErrorCode::Unknown, Some(message)) if failure.extended_code == 1 => {
                    Self::Value(message.clone())
                }
                _ => Self::Sqlite(error),
            },
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Whether the text of the statement is wrong, and not what surrounds it.
    #[must_use]
    pub fn is_in_the_text(&self) -> bool {
        matches!(self, Self::Sqlite(rusqlite::Error::SqlInputError { .. }))
    }
}

impl StoreError {
    /// What SQLite calls it.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Interrupted => Some(ErrorCode::OperationInterrupted),
            Self::Script { source, .. } | Self::Sqlite(source) => source.sqlite_error_code(),
            _ => None,
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.code() == Some(ErrorCode::OperationInterrupted)
    }

    /// Whether a row was not taken, because of a rule that its table declares.
    #[must_use]
    pub fn is_of_a_row(&self) -> bool {
        self.code() == Some(ErrorCode::ConstraintViolation)
    }

    /// Whether it is refused for what the file declares, or for being none.
    #[must_use]
    pub fn is_of_the_schema(&self) -> bool {
        matches!(
            self,
            Self::NotOurs | Self::Virtual { .. } | Self::View { .. } | Self::NotAFile
        )
    }

    /// Whether a change of the file was cut off, so that it can only be read once it has been opened to be changed.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.code() == Some(ErrorCode::ReadOnly)
    }

    /// What went wrong, without the place.
    #[must_use]
    pub fn in_short(&self) -> String {
        match self {
            Self::Refused { what, .. } => format!("the statement {what}"),
            Self::Impossible { what, .. } => what.clone(),
            Self::Script { source, .. } => in_our_words(source),
            other => other.to_string(),
        }
    }
}

/// An error of SQLite as one of a statement of a script.
pub(super) fn failed_in(file: &str, part: Part<'_>) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Script {
        file: file.to_owned(),
        line: part.line,
        source,
    }
}

/// The end of a sentence that says what there is: `; there are 1347, 1348`.
pub(super) fn there_is(known: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = known.len().saturating_sub(SHOWN);
    let shown = known[..known.len() - more].join(", ");
    match (known.len(), more) {
        (0, _) => "; there is none yet".to_owned(),
        (1, _) => format!("; there is {shown}"),
        (_, 0) => format!("; there are {shown}"),
        _ => format!("; there are {shown} and {more} more"),
    }
}
