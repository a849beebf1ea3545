//! Why a file cannot be loaded.

use crate::diagnostic::counted;
use crate::import::mapping::TablesError;
use crate::import::open::OpenError;
use crate::record::ReadError;
use crate::record::Reason;
use crate::store::StoreError;
use thiserror::Error;

/// Why a file was not loaded. None of its rows are in the import database.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file's bytes, encoding or format cannot be read.
    #[error("`{file}`: {source}")]
    Open {
        /// The file name as given.
        file: String,
        /// The underlying error.
        source: OpenError,
    },
    /// The file cannot be opened or read.
    #[error("`{file}` cannot be read")]
    Io {
        /// The file name as given.
        file: String,
        /// The underlying error.
        source: std::io::Error,
    },
    /// The file cannot be read to its end.
    #[error("`{file}`")]
    Read {
        /// The file name as given.
        file: String,
        /// The position and the reason.
        source: ReadError,
    },
    /// The tables in the file cannot be determined.
    #[error("`{file}`: {source}")]
    Tables {
        /// The file name as given.
        file: String,
        /// The underlying error.
        source: TablesError,
    },
    /// The file is empty.
    #[error("`{file}` is empty")]
    Empty {
        /// The file name as given.
        file: String,
    },
    /// It has fewer results than the requested one.
    #[error("`{file}` has no result {wanted}: it has {}", counted(*found, "result"))]
    NoResultSet {
        /// The file name as given.
        file: String,
        /// The number of the requested result, from 1.
        wanted: usize,
        /// The number of results.
        found: usize,
    },
    /// A column of times has no value that can be read as one.
    #[error("`{file}`: no value of `{column}` can be read as a date: {samples}")]
    Dates {
        /// The file name as given.
        file: String,
        /// The name of the column.
        column: String,
        /// Some of the values, each with its line.
        samples: String,
        /// Whether a spreadsheet damaged them; otherwise their format is ambiguous.
        spoiled: bool,
    },
    /// So many records are rejected that the detected format or table is probably wrong.
    #[error(
        "`{file}`: {rejected} of the first {records} records were rejected, e.g. line {line}: {detail}"
    )]
    MostlyRejected {
        /// The file name as given.
        file: String,
        /// The number of records read.
        records: u64,
        /// Of these, rejected.
        rejected: u64,
        /// The line of one rejected record.
        line: u64,
        /// The reason for that record.
        reason: Reason,
        /// What is wrong with that record.
        detail: String,
    },
    /// The same bytes were already loaded with other options, and the result cannot be removed.
    #[error("`{file}` was already loaded with other options, and {why}")]
    LoadedOtherwise {
        /// The file name as given.
        file: String,
        /// Why its rows cannot be replaced.
        why: String,
    },
    /// The end of the file contradicts how its beginning was read.
    #[error(
        "`{file}`: the format of its values is known only at its end, and it cannot be read twice"
    )]
    Late {
        /// The file name as given.
        file: String,
    },
    /// It was interrupted.
    #[error("interrupted")]
    Interrupted,
    /// The import database failed.
    #[error("`{file}` cannot be stored")]
    Store {
        /// The file name as given.
        file: String,
        /// The underlying error.
        source: StoreError,
    },
}

impl ImportError {
    /// Whether the format or table is ambiguous, so that only the user can decide.
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

    /// The stable code, if the file is refused for a reason for which records are rejected.
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
