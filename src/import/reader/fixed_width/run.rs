//! Reads records that follow each other without anything between them.

use std::io::Read;

use super::{FixedWidthPlan, REST, remarks};
use crate::import::reader::aligned::{Measure, padded_field};
use crate::import::reader::queue::{Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{ReadError, Reason, RecordLimits};

/// Reads records that follow each other without anything between them. A record's line is its number.
pub struct Run<R> {
    reader: R,
    plan: FixedWidthPlan,
    total: usize,
    /// Whether a non-ASCII character may have one width or several.
    several: bool,
    limits: RecordLimits,
    /// What was read and not split yet, from `at` on.
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    begun: bool,
    /// The number of records so far.
    count: u64,
    queue: Queue,
}

impl<R: Read> Run<R> {
    /// Reads `reader`, in whose encoding a character may have one width or `several`.
    pub fn new(reader: R, plan: FixedWidthPlan, several: bool, limits: RecordLimits) -> Self {
        let total = plan.places.last().map_or(0, |last| last.end);
        Self {
            reader,
            plan,
            total,
            several,
            limits,
            buffer: Vec::new(),
            at: 0,
            ended: false,
            begun: false,
            count: 0,
            queue: Queue::default(),
        }
    }

    fn fill(&mut self) -> Result<(), ReadError> {
        const BLOCK: usize = 64 << 10;
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + BLOCK, 0);
        let read = match self.reader.read(&mut self.buffer[before..]) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error.into()),
            Ok(read) => {
                self.ended = read == 0;
                read
            }
        };
        self.buffer.truncate(before + read);
        Ok(())
    }

    fn wrong(&self, what: &str) -> ReadError {
        ReadError::Malformed { line: 1, what: format!("record {} {what}", self.count + 1) }
    }

    /// The end of the record at the beginning of the buffer; `None` if it is incomplete.
    fn end(&self) -> Result<Option<usize>, ReadError> {
        let bytes = &self.buffer[self.at..];
        let (mut byte, mut place) = (0, 0);
        while place < self.total {
            let Some(first) = bytes.get(byte) else {
                return Ok(None);
            };
            if !first.is_ascii() && self.several {
                let what = "has a non-ASCII character whose width is unknown in this encoding; without line \
                            ends, nothing after it can be split";
                return Err(self.wrong(what));
            }
            let (bytes, places) = match first {
                0xC2..=0xDF => (2, 1),
                0xE0..=0xEF => (3, 1),
                0xF0..=0xF4 => (4, 2),
                _ => (1, 1),
            };
            byte += bytes;
            place += places;
        }
        if place > self.total {
            return Err(self.wrong("ends inside a character; the widths are wrong"));
        }
        Ok((byte <= bytes.len()).then_some(byte))
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        if !self.begun {
            self.begin()?;
            return Ok(true);
        }
        let Some(end) = self.end()? else {
            if !self.ended {
                self.fill()?;
                return Ok(true);
            }
            let rest = &self.buffer[self.at..];
            if rest.iter().all(|b| matches!(b, b'\r' | b'\n' | 0x1A)) {
                return Ok(false);
            }
            let what = format!(
                "has fewer than {} characters: the end is missing, or the widths are wrong",
                self.total
            );
            return Err(self.wrong(&what));
        };
        self.count += 1;
        let bytes = &self.buffer[self.at..self.at + end];
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let fields = Measure::Units
                    .cut(text, &self.plan.places)
                    .map(|cut| cut.into_iter().map(|place| padded_field(text, place)).collect());
                match fields {
                    Some(fields) => self.queue.push(Waiting::Record(OwnedRecord {
                        line: self.count,
                        text: text.to_owned(),
                        cells: None,
                        fields,
                        ..OwnedRecord::default()
                    })),
                    None => {
                        let detail = "a character crosses the end of a column".to_owned();
                        self.queue.reject(self.count, text, Reason::Ragged, detail, 1);
                    }
                }
            }
            Err(_) => {
                let text = String::from_utf8_lossy(bytes).replace('\u{FFFD}', "?");
                let detail = "it contains bytes that are not text".to_owned();
                self.queue.reject(self.count, &text, Reason::NotText, detail, 1);
            }
        }
        self.at += end;
        Ok(true)
    }

    /// Takes the header, and skips its line.
    fn begin(&mut self) -> Result<(), ReadError> {
        const LONGEST: usize = 1 << 20;
        if self.total == REST {
            return Err(self.wrong("has a last column without a width, and no line end after it"));
        }
        if self.total > self.limits.record {
            return Err(ReadError::TooLarge {
                line: 1,
                what: "a record",
                limit: self.limits.record as u64,
            });
        }
        while self.plan.header {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                self.at = end + 1;
                break;
            }
            if self.ended || self.buffer.len() > LONGEST {
                return Err(self.wrong("has no header line before it"));
            }
            self.fill()?;
        }
        self.begun = true;
        if let Some(names) = self.plan.names.clone() {
            self.queue.push(Waiting::Header(names));
        }
        Ok(())
    }
}

impl<R: Read> Reader for Run<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        remarks(&self.plan, 0)
    }
}
