//! Whether the last value of a file is cut, where the file ends without a line end.
//!
//! Many tools write no line end behind the last record, so that its lack alone says nothing. It does where the values
//! of the last column are all equally long, as times and keys are, and the last one is shorter.

use crate::import::format::detect::CellShape;
use crate::record::OwnedRecord;
use crate::record::{Field, Record, Written};

/// How many values have to be equally long, where they are times, and where they are numbers, which grow.
const TIMES: usize = 2;
const NUMBERS: usize = 10;

/// What is known of the last field of the newest record, and of those of the first records.
#[derive(Debug, Default)]
pub(super) struct LastValue {
    /// The line on which the newest record begins.
    pub(super) line: u64,
    length: usize,
    is_value: bool,
    /// How long each value of the last column is among the first records, where they are equally long.
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
    /// Notes a record. What stands in quotes has been closed, so that it is whole.
    pub(super) fn note(&mut self, record: &Record<'_>) {
        let Some(Field {
            start,
            end,
            written,
        }) = record.fields.last().copied()
        else {
            return;
        };
        self.line = record.line;
        self.length = end - start;
        let is_null = || record.cells.get(start..end) == Some("NULL");
        self.is_value = written == Written::Bare && end > start && !is_null();
    }

    /// Learns from the first records, but for the newest, how long the values of the last column are.
    pub(super) fn learn(&mut self, sample: &[OwnedRecord]) {
        let texts = sample.iter().filter_map(|kept| {
            let field = kept.fields.last()?;
            let text = kept.cells().get(field.start..field.end)?;
            (kept.line != self.line && !text.is_empty() && text != "NULL").then_some(text)
        });
        let texts: Vec<&str> = texts.collect();
        let look = texts.iter().fold(CellShape::Nothing, |look, text| {
            look.and(CellShape::of(text))
        });
        let enough = match look {
            CellShape::Time => TIMES,
            CellShape::Number => NUMBERS,
            _ => return,
        };
        let length = texts.first().map_or(0, |text| text.len());
        let are_equal = texts.iter().all(|text| text.len() == length);
        self.usual = (are_equal && texts.len() >= enough).then_some(length);
    }

    /// What the newest record says, which is the last one and has no line end.
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
