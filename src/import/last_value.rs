//! Detects whether the last value of a file is truncated, if the file ends without a newline.
//!
//! Many tools write no newline after the last record, so that its absence alone proves nothing. It does if all values
//! of the last column have the same length, as times and keys do, and the last one is shorter.

use crate::import::format::detect::CellShape;
use crate::record::OwnedRecord;
use crate::record::{Field, Record, Written};

/// How many values must have the same length: for times, and for numbers, which grow.
const TIMES: usize = 2;
const NUMBERS: usize = 10;

/// What is known of the last field of the newest record, and of the first records.
#[derive(Debug, Default)]
pub(super) struct LastValue {
    /// The line on which the newest record begins.
    pub(super) line: u64,
    length: usize,
    is_value: bool,
    /// The common length of the values of the last column in the first records, if there is one.
    usual: Option<usize>,
}

/// What the end of a file without a line end says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UnterminatedValue {
    /// The last value is cut.
    Cut {
        /// What says so.
        detail: String,
    },
    /// It may be.
    Perhaps,
}

impl UnterminatedValue {
    /// What is said where nobody can tell.
    pub(super) const REMARK: &str = "the file ends without a line end: compare its last value with the source, it may \
     be truncated";
}

impl LastValue {
    /// Notes a record. A quoted field is closed, so it is complete.
    pub(super) fn note(&mut self, record: &Record<'_>) {
        let Some(Field { start, end, written }) = record.fields.last().copied() else {
            return;
        };
        self.line = record.line;
        self.length = end - start;
        let is_null = || record.cells.get(start..end) == Some("NULL");
        self.is_value = written == Written::Bare && end > start && !is_null();
    }

    /// Learns from the first records, except the newest, how long the values of the last column are.
    pub(super) fn learn(&mut self, sample: &[OwnedRecord]) {
        let texts = sample.iter().filter_map(|kept| {
            let field = kept.fields.last()?;
            let text = kept.cells().get(field.start..field.end)?;
            (kept.line != self.line && !text.is_empty() && text != "NULL").then_some(text)
        });
        let texts: Vec<&str> = texts.collect();
        let look =
            texts.iter().fold(CellShape::Nothing, |look, text| look.and(CellShape::of(text)));
        let enough = match look {
            CellShape::Time => TIMES,
            CellShape::Number => NUMBERS,
            _ => return,
        };
        let length = texts.first().map_or(0, |text| text.len());
        let are_equal = texts.iter().all(|text| text.len() == length);
        self.usual = (are_equal && texts.len() >= enough).then_some(length);
    }

    /// The result for the newest record, which is the last one and has no newline.
    pub(super) fn unended(&self) -> Option<UnterminatedValue> {
        match self.usual {
            _ if !self.is_value => None,
            Some(usual) if self.length < usual => Some(UnterminatedValue::Cut {
                detail: format!(
                    "the file ends inside this record: its last value has {} characters, but the others have {usual}",
                    self.length
                ),
            }),
            Some(usual) if self.length == usual => None,
            _ => Some(UnterminatedValue::Perhaps),
        }
    }
}
