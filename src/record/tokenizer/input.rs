//! The bytes of a stream that are being split.

use std::io::{ErrorKind, Read};

use memchr::memmem;

use super::{count_lines, without_cr};
use crate::record::{ReadError, Reject};

/// The bytes read and not yet done with.
pub(super) struct Input<R> {
    pub(super) reader: R,
    /// As long as there is room; what was read ends at `filled`.
    pub(super) buffer: Vec<u8>,
    pub(super) filled: usize,
    /// Where the record in progress, or the next one, begins.
    pub(super) record: usize,
    /// How many bytes stood before the buffer's first.
    pub(super) before: u64,
    /// Whether the reader has no more.
    pub(super) ended: bool,
    pub(super) block: usize,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R, block: usize) -> Self {
        Self { reader, buffer: Vec::new(), filled: 0, record: 0, before: 0, ended: false, block }
    }

    pub(super) fn move_to(&mut self, reader: R, offset: u64) {
        self.reader = reader;
        (self.filled, self.record, self.before) = (0, 0, offset);
        self.ended = false;
    }

    /// Reads on, and moves what is from `keep` on to the beginning to make room. Every position is then less by what
    /// is returned.
    pub(super) fn fill(&mut self, keep: usize) -> Result<usize, ReadError> {
        self.buffer.copy_within(keep..self.filled, 0);
        self.filled -= keep;
        self.record -= keep;
        self.before += keep as u64;
        if self.buffer.len() - self.filled < self.block {
            // A quarter more each time: a long record is not read quadratically, and memory stays near the limit.
            let grown = self.filled + self.filled / 4 + self.block;
            self.buffer.reserve_exact(grown - self.buffer.len());
            self.buffer.resize(grown, 0);
        }
        // A whole block, however little the reader gives at a time: where blocks end is then the same every time.
        let full = self.filled + self.block;
        while self.filled < full && !self.ended {
            match self.reader.read(&mut self.buffer[self.filled..full]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(keep)
    }

    /// The record in progress up to the next `end` behind `from`, which is counted from its beginning, or as much as a
    /// reject shows.
    pub(super) fn up_to(&mut self, from: usize, end: &[u8]) -> Result<&[u8], ReadError> {
        loop {
            let start = self.record;
            let stop = memmem::find(&self.buffer[start + from..self.filled], end);
            let enough = self.ended || self.filled - start > Reject::LONGEST;
            if let Some(at) = stop {
                return Ok(without_cr(&self.buffer[start..start + from + at], end));
            }
            if enough {
                return Ok(&self.buffer[start..self.filled]);
            }
            self.fill(start)?;
        }
    }

    /// Passes over everything up to the next `end` behind `from`, which is counted from the beginning of the record in
    /// progress, and begins the next record there. Returns how many line ends were passed.
    pub(super) fn skip(&mut self, from: usize, end: &[u8]) -> Result<u64, ReadError> {
        self.record += from;
        let mut lines = 0;
        loop {
            let seen = &self.buffer[self.record..self.filled];
            if let Some(at) = memmem::find(seen, end) {
                lines += count_lines(&seen[..at + end.len()]);
                self.record += at + end.len();
                return Ok(lines);
            }
            if self.ended {
                lines += count_lines(seen);
                self.record = self.filled;
                return Ok(lines);
            }
            let done = seen.len().saturating_sub(end.len() - 1);
            lines += count_lines(&seen[..done]);
            self.record += done;
            self.fill(self.record)?;
        }
    }
}
