//! A record assembled by a reader, and a queue of items to return.

use std::collections::VecDeque;
use std::io::Read;

use crate::import::reader::Item;
use crate::import::reader::lines::LineReader;
use crate::record::{OwnedRecord, ReadError, Reason, Reject, Trailer};

/// A queued item.
#[derive(Debug)]
pub enum Waiting {
    /// The names of the columns.
    Header(Vec<String>),
    /// A record with its fields.
    Record(OwnedRecord),
    /// Text that is not a record.
    Reject(Reject),
    /// The tool's message below.
    Trailer(Trailer),
}

/// The items that a reader has found and not returned, in order.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    current: Option<Waiting>,
}

impl Queue {
    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds something at the end.
    pub fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Adds a reject of the text at `line`, which represents `records` records.
    pub fn reject(&mut self, line: u64, text: &str, reason: Reason, detail: String, records: u64) {
        self.push(Waiting::Reject(reject(line, text, reason, detail, records)));
    }

    /// Takes the next line if it is blank, which is skipped, or not text, which is rejected; returns whether it was.
    ///
    /// # Errors
    /// When the file cannot be read further.
    pub fn take_odd<R: Read>(&mut self, lines: &mut LineReader<R>) -> Result<bool, ReadError> {
        let Some(line) = lines.peek(0)? else {
            return Ok(false);
        };
        let (is_blank, bad) = (line.is_blank(), line.bad.clone());
        let is_odd = is_blank || bad.is_some();
        if is_odd {
            lines.skip(1);
        }
        if let Some(reject) = bad {
            self.push(Waiting::Reject(reject));
        }
        Ok(is_odd)
    }

    /// The item added last.
    pub fn last(&mut self) -> Option<&mut Waiting> {
        self.waiting.back_mut()
    }

    /// Borrows the next one.
    pub fn lend(&mut self) -> Option<Item<'_>> {
        self.current = self.waiting.pop_front();
        self.current.as_mut().map(|waiting| match waiting {
            Waiting::Header(names) => Item::Header(std::mem::take(names)),
            Waiting::Record(held) => Item::Record(held.record()),
            Waiting::Reject(reject) => Item::Reject(reject.clone()),
            Waiting::Trailer(footer) => Item::Trailer(*footer),
        })
    }
}

/// A reject of the text at `line`.
#[must_use]
pub fn reject(line: u64, text: &str, reason: Reason, detail: String, records: u64) -> Reject {
    let mut end = text.len().min(Reject::LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Reject {
        line,
        column: None,
        column_name: None,
        text: text[..end].to_owned(),
        reason,
        detail,
        records,
    }
}
