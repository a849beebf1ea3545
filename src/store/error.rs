//! Why a database operation failed.

use super::engine::{in_our_words, marked, of_message, quoted_message};
use crate::sql::ScriptStatement as Part;
use crate::sql::SqlError;
use rusqlite::ErrorCode;
use std::path::PathBuf;
use thiserror::Error;

/// Why a database operation failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A statement of a script failed.
    #[error("{file}:{line}: {}", in_our_words(source))]
    Script {
        /// The script's file.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// The error from SQLite.
        source: rusqlite::Error,
    },
    /// A script could not be parsed.
    #[error("{file}:{source}")]
    Split {
        /// The file of the script.
        file: String,
        /// The position and the reason.
        source: SqlError,
    },
    /// A statement of a scenario does something that is not allowed.
    #[error("{file}:{line}: the statement {what}")]
    Refused {
        /// The script or query.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What it does, as the end of a sentence.
        what: String,
    },
    /// A cause names something that does not exist, or changes what has already happened.
    #[error("{file}:{line}: {what}")]
    Impossible {
        /// The file of the script.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What is wrong, and the valid alternatives.
        what: String,
        /// The valid alternatives to what it names; empty if nothing is missing.
        known: Vec<String>,
    },
    /// A statement or query uses a parameter without a value.
    #[error("no value given for `{name}`")]
    Unbound {
        /// The name, with its `@`.
        name: String,
    },
    /// A query is more than one statement, or writes.
    #[error("a query must be one read-only statement; this one {found}")]
    NotAQuery {
        /// What it is or does instead.
        found: &'static str,
    },
    /// It was interrupted; see [`Interrupter`].
    #[error("interrupted")]
    Interrupted,
    /// A value could not be computed: a conversion that fails, a division by zero. As it comes from SQLite.
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
    /// The file has a view with the name of one of our tables.
    #[error("its `{view}` is a view, but chatdb has a table of that name")]
    View {
        /// The name of the view.
        view: String,
    },
    /// A folder, a pipe, a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// A pipe or the like has the name of the database's journal or log, which SQLite would open.
    #[error("`{}` beside it is not a regular file", path.display())]
    NotAFileBeside {
        /// The path of what is beside it.
        path: PathBuf,
    },
    /// The file was written by a later version of this program.
    #[error(
        "it was written by a newer chatdb (schema version {found}; this program supports {known})"
    )]
    Newer {
        /// The version of its tables.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// The tables of an earlier version could not be migrated.
    #[error("its schema, written by an older chatdb, could not be migrated")]
    Migration(#[source] Box<refinery::Error>),
    /// The file is damaged.
    #[error("it is damaged: SQLite found {}", quoted_message(.0))]
    Damaged(String),
    /// The file cannot be read.
    #[error("{0}")]
    NotRead(std::io::Error),
    /// The budget of a scenario is used up; see [`Budget`](super::Budget).
    #[error(
        "it is not determined what it depends on: running the scenario without each cause and with each rule changed \
         takes \
         {limit}"
    )]
    Spent {
        /// The exceeded limit, as the end of a sentence.
        limit: String,
    },
    /// A result exceeds the memory limit.
    #[error("the result takes more than {mib} MiB of memory")]
    TooMuch {
        /// The limit in MiB.
        mib: u64,
    },
    /// The receiver of the rows failed.
    #[error("cannot write the result: {0}")]
    NotTaken(std::io::Error),
    /// Any other SQLite error.
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
    /// A value that could not be computed or kept, in our own words.
    #[must_use]
    pub fn of_value(message: &str) -> Self {
        Self::Value(marked(message))
    }

    /// Whether the statement's text is at fault, not its environment.
    #[must_use]
    pub fn is_in_the_text(&self) -> bool {
        matches!(self, Self::Sqlite(rusqlite::Error::SqlInputError { .. }))
    }
}

impl StoreError {
    /// SQLite's name for it.
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

    /// Whether a row was rejected by a constraint of its table.
    #[must_use]
    pub fn is_of_a_row(&self) -> bool {
        self.code() == Some(ErrorCode::ConstraintViolation)
    }

    /// Whether it is refused for what the file declares, or because it is not a regular file.
    #[must_use]
    pub fn is_of_the_schema(&self) -> bool {
        matches!(
            self,
            Self::NotOurs
                | Self::Virtual { .. }
                | Self::View { .. }
                | Self::NotAFile
                | Self::NotAFileBeside { .. }
        )
    }

    /// Whether a change of the file was interrupted, so that it must be opened for writing before it can be read.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.code() == Some(ErrorCode::ReadOnly)
    }

    /// The message, without the position.
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

/// Converts an SQLite error to an error of a script statement.
pub(super) fn failed_in(file: &str, part: Part<'_>) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Script { file: file.to_owned(), line: part.line, source }
}

/// Lists the alternatives, as the end of a sentence: `; there are 1347, 1348`.
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
