//! Records as `import`, `store` and `diff` share them: fields with the place at which they stand, text that is no
//! record and why, and what the producer says at the end.
//!
//! A record's fields are slices of one text, so that a million of them cost no million allocations. This module does
//! not know forms or tables.

pub mod batch;
mod owned;
pub mod row_filter;
pub mod tokenizer;

use thiserror::Error;

pub use owned::OwnedRecord;

/// How much a reader takes before it gives up on a record, so that a damaged or hostile file cannot fill memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// Bytes of a record.
    pub record: usize,
    /// Bytes of a field.
    pub field: usize,
    /// Fields of a record.
    pub fields: usize,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self { record: 64 << 20, field: 16 << 20, fields: 2000 }
    }
}

/// What stands in a field, before it is read as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As it stands, without quotes.
    Bare,
    /// In quotes, which `start..end` leaves out.
    Quoted,
    /// In quotes, with doubled ones inside that stand for one.
    Doubled,
    /// The form itself says that there is no value: an absent cell of a workbook, `null` of JSON.
    Null,
}

/// A field: a slice of its record's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// How it is written.
    pub written: Written,
}

/// A record and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Record<'r> {
    /// The line on which it begins, from 1; in a workbook the row of the sheet, its number where there are no lines.
    pub line: u64,
    /// The record as it stands in the file, in UTF-8, for a reject to show.
    pub text: &'r str,
    /// Its fields, as slices of `cells`.
    pub fields: &'r [Field],
    /// The text that the fields are slices of: `text` itself where the form allows that.
    pub cells: &'r str,
}

/// Why a record, or a row made of one, was not loaded. The code is stable: scripts may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Bytes that are not text in the file's encoding.
    NotText,
    /// The file ends inside a record or a character.
    Truncated,
    /// A quote is never closed.
    UnclosedQuote,
    /// Text follows a closing quote.
    TextAfterQuote,
    /// More or fewer fields than columns.
    Ragged,
    /// A number was expected.
    NotANumber,
    /// A date was expected.
    NotADate,
    /// A number does not fit its column.
    OutOfRange,
    /// A NUL character in a format that has none.
    Nul,
    /// A field, or the record, is longer than the limit.
    TooLong,
    /// The header again.
    RepeatedHeader,
    /// A second result set begins, with other columns.
    SecondResultSet,
    /// The key occurs earlier in the file with other values.
    DuplicateKey,
    /// The row has no key.
    MissingKey,
    /// A date damaged by a spreadsheet beyond recovery.
    SpoiledDate,
    /// A line that the producer broke at its page width.
    WrappedLine,
    /// U+FFFD is in the file: a character was already lost.
    Replacement,
    /// A number that can be read in two ways, such as `5,000`.
    TwoReadings,
    /// The server reported an error.
    ServerError,
    /// A row of a document has a column that the rows before it do not have, and the document cannot be read again.
    LateColumn,
    /// A backslash that can be read in two ways.
    Escape,
    /// A formula whose value the workbook does not hold.
    Formula,
}

impl Reason {
    /// Every reason, in the order of the codes.
    pub const ALL: [Self; 22] = [
        Self::NotText,
        Self::Truncated,
        Self::UnclosedQuote,
        Self::TextAfterQuote,
        Self::Ragged,
        Self::NotANumber,
        Self::NotADate,
        Self::OutOfRange,
        Self::Nul,
        Self::TooLong,
        Self::RepeatedHeader,
        Self::SecondResultSet,
        Self::DuplicateKey,
        Self::MissingKey,
        Self::SpoiledDate,
        Self::WrappedLine,
        Self::Replacement,
        Self::TwoReadings,
        Self::ServerError,
        Self::LateColumn,
        Self::Escape,
        Self::Formula,
    ];

    /// How many rejects of a file are shown where it is not the rejects that were asked for.
    pub const SHOWN: usize = 5;

    /// The stable code, such as `CHATDB-I005`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotText => "CHATDB-I001",
            Self::Truncated => "CHATDB-I002",
            Self::UnclosedQuote => "CHATDB-I003",
            Self::TextAfterQuote => "CHATDB-I004",
            Self::Ragged => "CHATDB-I005",
            Self::NotANumber => "CHATDB-I006",
            Self::NotADate => "CHATDB-I007",
            Self::OutOfRange => "CHATDB-I008",
            Self::Nul => "CHATDB-I009",
            Self::TooLong => "CHATDB-I010",
            Self::RepeatedHeader => "CHATDB-I011",
            Self::SecondResultSet => "CHATDB-I012",
            Self::DuplicateKey => "CHATDB-I013",
            Self::MissingKey => "CHATDB-I014",
            Self::SpoiledDate => "CHATDB-I015",
            Self::WrappedLine => "CHATDB-I016",
            Self::Replacement => "CHATDB-I017",
            Self::TwoReadings => "CHATDB-I018",
            Self::ServerError => "CHATDB-I019",
            Self::LateColumn => "CHATDB-I020",
            Self::Escape => "CHATDB-I021",
            Self::Formula => "CHATDB-I022",
        }
    }

    /// The reason that has this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Says of a reject at `line` where it is, what is wrong and what to do, without its text, which may be about
    /// somebody.
    #[must_use]
    pub fn sentence(self, line: u64, column: Option<&str>, detail: &str) -> String {
        let column = column.map(|name| format!(", `{name}`")).unwrap_or_default();
        format!("rejected at line {line}{column}: {detail} ({}): {}", self.code(), self.advice())
    }

    /// What is wrong with the record, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::NotText => "bytes that are invalid in this encoding",
            Self::Truncated => "the file ends inside the record",
            Self::UnclosedQuote => "a quote is never closed",
            Self::TextAfterQuote => "text after a closing quote",
            Self::Ragged => "more or fewer fields than columns",
            Self::NotANumber => "not a number",
            Self::NotADate => "not a date or time",
            Self::OutOfRange => "a number outside the range of the column",
            Self::Nul => "a NUL character",
            Self::TooLong => "a record or field longer than the limit",
            Self::RepeatedHeader => "a repeated header",
            Self::SecondResultSet => "a record of a different result set",
            Self::DuplicateKey => "a duplicate key",
            Self::MissingKey => "no key",
            Self::SpoiledDate => "a date damaged by a spreadsheet",
            Self::WrappedLine => "a line wrapped at the page width",
            Self::Replacement => "U+FFFD: a character was lost before the import",
            Self::TwoReadings => "a number that can be read in two ways",
            Self::ServerError => "a server error message",
            Self::LateColumn => "a column that earlier rows do not have",
            Self::Escape => "a backslash that can be read in two ways",
            Self::Formula => "a formula without a saved value",
        }
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::NotText => {
                "export as UTF-8, or name the encoding of the whole file with `--encoding`"
            }
            Self::Truncated => "copy or export the file again; its end is missing",
            Self::UnclosedQuote => {
                "export with quoted text, or read quotes as text: `--input-format ssms_csv`"
            }
            Self::TextAfterQuote => {
                "export with quoted text, or read the file without quotes: `--quote none`"
            }
            Self::Ragged => {
                "a value contains the separator or a line break, or fields are missing: export with quoted text"
            }
            Self::NotANumber | Self::OutOfRange => {
                "correct the value, or export it as SQL Server writes it; if there are many, fields may have shifted"
            }
            Self::NotADate => {
                "export dates as `yyyy-mm-dd hh:mm:ss`, or specify the format with `--date-format`"
            }
            Self::Nul => "the file may be damaged, or mix two encodings: export it again",
            Self::TooLong => {
                "a quote may be unclosed; `--max-record` raises the limit, in delimited text together with \
                 `--max-field`"
            }
            Self::RepeatedHeader => "nothing to do: the header is only repeated",
            Self::SecondResultSet => "read it separately, into a table of its own",
            Self::DuplicateKey => {
                "the first of the two is kept; export each activity once, or import each export separately"
            }
            Self::MissingKey => {
                "a row of totals or a merged cell has no key; export the key of each row"
            }
            Self::SpoiledDate => "export again without opening the file in a spreadsheet",
            Self::WrappedLine => {
                "export with `sqlcmd -w 65535` or with a separator and `-W`; from PowerShell, with `Export-Csv`"
            }
            Self::Replacement => "export again in the right encoding, or keep it with `--lossy`",
            Self::TwoReadings => "export numbers without thousands separators, as `5000`",
            Self::ServerError => "run the query again and export its whole result",
            Self::Escape => {
                "specify what a backslash means with `--escape mysql`, `--escape backslash` or `--escape none`"
            }
            Self::Formula => {
                "open the workbook in a spreadsheet program, save it, and load it again"
            }
            Self::LateColumn => {
                "save the document to a file, which can be read twice, and import that"
            }
        }
    }
}

/// Says how many rejects are not shown.
#[must_use]
pub fn more_rejected(more: u64) -> String {
    format!("{more} more rejected: `chatdb import` keeps all of them in the table `rejects`")
}

/// Text of the file that did not become a row, with its place and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line, from 1.
    pub line: u64,
    /// The field within the record, from 1, or the character where there are no fields; `None` for the whole.
    pub column: Option<u64>,
    /// The name of the column, where it is known.
    pub column_name: Option<String>,
    /// The text, cut at [`Reject::LONGEST`] bytes.
    pub text: String,
    /// Why it was rejected.
    pub reason: Reason,
    /// What was found, to finish the reason: ``expected 24 fields, found 25``.
    pub detail: String,
    /// How many records of the file it stands for: 1, but 0 for what was never a record.
    pub records: u64,
}

impl Reject {
    /// How much of a record's text is kept, in bytes.
    pub const LONGEST: usize = 4096;
}

/// What a producer says after its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trailer {
    /// `(3 rows affected)`.
    pub rows: Option<u64>,
    /// `Completion time:`, in milliseconds since 1970 on the wall clock of the one who exported.
    pub completed_at_ms: Option<i64>,
}

/// Why a file could not be read to its end.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The system refused, or the bytes cannot be unpacked.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// More than the limits allow, and no way to go on.
    #[error("line {line}: {what} is larger than {limit} bytes")]
    TooLarge {
        /// The line on which it begins.
        line: u64,
        /// `a record`, `a field`, `what the file unpacks to`.
        what: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// The container (workbook, JSON, XML) is not well formed, so that nothing after it can be trusted.
    #[error("line {line}: {what}")]
    Malformed {
        /// The line, or the row of the sheet.
        line: u64,
        /// What is wrong.
        what: String,
    },
}
