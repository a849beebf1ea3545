//! A record that a reader has put together itself, and a queue of what it has to hand on.

use std::collections::VecDeque;
use std::io::Read;

use crate::import::reader::Item;
use crate::import::reader::lines::LineReader;
use crate::record::{Field, ReadError, Reason, Record, Reject, Trailer, Written};

/// A record with its text.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The record as it stands in the file.
    pub text: String,
    /// The text that the fields are slices of, if it is not `text`.
    pub cells: Option<String>,
    /// The fields in their order.
    pub fields: Vec<Field>,
}

impl Held {
    /// A record at `line` without fields, whose cells are not its text.
    #[must_use]
    pub fn new(line: u64, text: String) -> Self {
        Self {
            line,
            text,
            cells: Some(String::new()),
            fields: Vec::new(),
        }
    }

    /// Adds a field; `None` is NULL by the form's own mark.
    pub fn push(&mut self, cell: Option<&str>) {
        let cells = self.cells.get_or_insert_default();
        let start = cells.len();
        cells.push_str(cell.unwrap_or_default());
        self.fields.push(Field {
            start,
            end: cells.len(),
            written: if cell.is_some() {
                Written::Bare
            } else {
                Written::Null
            },
        });
    }

    /// Lends it as a record.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record {
            line: self.line,
            text: &self.text,
            fields: &self.fields,
            cells: self.cells.as_deref().unwrap_or(&self.text),
        }
    }
}

/// What waits to be handed on.
#[derive(Debug)]
pub enum Waiting {
    /// The names of the columns.
    Header(Vec<String>),
    /// A record with its fields.
    Record(Held),
    /// Text that is none.
    Reject(Reject),
    /// What stands below.
    Trailer(Trailer),
}

/// What a reader has found and not handed on, in order.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    current: Option<Waiting>,
}

impl Queue {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds something at the end.
    pub fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Adds a reject of text at `line` that stands for `records` records.
    pub fn reject(&mut self, line: u64, text: &str, reason: Reason, detail: String, records: u64) {
        self.push(Waiting::Reject(reject(line, text, reason, detail, records)));
    }

    /// Takes the next line where it is blank, which is nothing, or no text, which is a reject; says whether it was one.
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

    /// What was added last.
    pub fn last(&mut self) -> Option<&mut Waiting> {
        self.waiting.back_mut()
    }

    /// Lends the next one.
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

/// A reject of the text that stands at `line`.
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
