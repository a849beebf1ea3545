//! Why a file is not loaded.

use crate::import::mapping::TablesError;
use crate::import::open::OpenError;
use crate::record::ReadError;
use crate::record::Reason;
use crate::store::StoreError;
use thiserror::Error;

/// Why a file was not loaded. Nothing of it is in the import database.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file's bytes, encoding or form are not what can be read.
    #[error("`{file}`: {source}")]
    Open {
        /// The file as it was named.
        file: String,
        /// The error behind it.
        source: OpenError,
    },
    /// The file cannot be opened or read.
    #[error("`{file}` cannot be read")]
    Io {
        /// The file as it was named.
        file: String,
        /// The error behind it.
        source: std::io::Error,
    },
    /// The file cannot be read to its end.
    #[error("`{file}`")]
    Read {
        /// The file as it was named.
        file: String,
        /// Where and why.
        source: ReadError,
    },
    /// It cannot be told which tables the file holds.
    #[error("`{file}`: {source}")]
    Tables {
        /// The file as it was named.
        file: String,
        /// The error behind it.
        source: TablesError,
    },
    /// There is nothing in it.
    #[error("`{file}` is empty")]
    Empty {
        /// The file as it was named.
        file: String,
    },
    /// It has fewer results than the one that was asked for.
    #[error("`{file}` has no result {wanted}: it has {found}")]
    NoResultSet {
        /// The file as it was named.
        file: String,
        /// Which one was asked for, from 1.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A column of times has no value that can be read as one.
    #[error("`{file}`: no value of `{column}` can be read as a date: {samples}")]
    Dates {
        /// The file as it was named.
        file: String,
        /// The name of the column.
        column: String,
        /// Some of the values, each with its line.
        samples: String,
        /// Whether a spreadsheet has spoiled them; else they are written in a form that could be read in two ways.
        spoiled: bool,
    },
    /// So many records are rejected that the file is not what it is taken for.
    #[error(
        "`{file}`: {rejected} of the first {records} records were rejected, e.g. line {line}: {detail}"
    )]
    MostlyRejected {
        /// The file as it was named.
        file: String,
        /// Records that were read.
        records: u64,
        /// Of these, rejected.
        rejected: u64,
        /// The line of one of them.
        line: u64,
        /// Why that one is.
        reason: Reason,
        /// What is wrong with it.
        detail: String,
    },
    /// The same bytes were loaded before in another way, and what came of them cannot be taken out again.
    #[error("`{file}` was already loaded with other options, and {why}")]
    LoadedOtherwise {
        /// The file as it was named.
        file: String,
        /// Why its rows cannot be replaced.
        why: String,
    },
    /// What comes late contradicts how the beginning was read.
    #[error(
        "`{file}`: the format of its values is known only at its end, and it cannot be read twice"
    )]
    Late {
        /// The file as it was named.
        file: String,
    },
    /// It was told to stop.
    #[error("interrupted")]
    Interrupted,
    /// The import database failed.
    #[error("`{file}` cannot be stored")]
    Store {
        /// The file as it was named.
        file: String,
        /// The error behind it.
        source: StoreError,
    },
}

impl ImportError {
    /// Whether the form, or the table, could be one of several, and nobody but the user can say which.
    #[must_use]
    pub fn asks(&self) -> bool {
        match self {
            Self::Open { source, .. } => {
                matches!(
                    source,
                    OpenError::Undecided { .. }
                        | OpenError::NoForm { .. }
                        | OpenError::NoWidths { .. }
                )
            }
            Self::Tables { source, .. } => matches!(
                source,
                TablesError::Nameless { .. }
                    | TablesError::NamesOrRow
                    | TablesError::Ambiguous { .. }
                    | TablesError::Unknown { .. }
            ),
            _ => false,
        }
    }

    /// The stable code, where the file is refused for what one of its records could be rejected for.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        let reason = match self {
            Self::Open { source, .. } => match source {
                OpenError::Decode(_) => Reason::NotText,
                OpenError::Spoiled { .. } => Reason::SpoiledDate,
                OpenError::Read(ReadError::Malformed { .. }) => Reason::Truncated,
                OpenError::Read(ReadError::TooLarge { .. }) => Reason::TooLong,
                _ => return None,
            },
            Self::Read { source, .. } => match source {
                ReadError::Malformed { .. } => Reason::Truncated,
                ReadError::TooLarge { .. } => Reason::TooLong,
                ReadError::Io(_) => return None,
            },
            Self::MostlyRejected { reason, .. } => *reason,
            Self::Dates { spoiled: true, .. } => Reason::SpoiledDate,
            Self::Dates { .. } => Reason::NotADate,
            _ => return None,
        };
        Some(reason.code())
    }
}
