//! Splits delimited text into records and fields: aware of quotes, bounded in memory, dialects as data.

use std::io::Read;

use super::record::{Limits, Record, Reject};

/// How a delimited text is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between two fields: `,`, a tab, `<EOFD>`.
    pub delimiter: Vec<u8>,
    /// What ends a record; `None` for a line end, be it LF or CRLF.
    pub record_end: Option<Vec<u8>>,
    /// Whether a field may stand in double quotes, with doubled ones inside.
    pub quotes: bool,
}

/// What the tokenizer comes upon.
#[derive(Debug)]
pub enum Token<'t> {
    /// A record.
    Record(Record<'t>),
    /// Text that is no record: an open quote, text after a quote, a field too long, bytes that are not UTF-8.
    Reject(Reject),
}

/// Splits what it reads.
pub struct Tokenizer<R> {
    reader: R,
    dialect: Dialect,
    limits: Limits,
}

impl<R: Read> Tokenizer<R> {
    /// Splits UTF-8 `reader` by `dialect`. A byte order mark has been taken off.
    pub fn new(reader: R, dialect: Dialect, limits: Limits) -> Self {
        Self {
            reader,
            dialect,
            limits,
        }
    }
}
