//! A window over a stream of bytes for the JSON and XML readers: it grows up to the record limit, and counts lines.

use std::io::Read;

use crate::record::ReadError;

/// The read size.
const BLOCK: usize = 64 << 10;

/// The bytes of a stream that have been read and not yet consumed.
pub struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    line: u64,
    limit: usize,
    ended: bool,
}

impl<R: Read> Window<R> {
    /// A window that holds a record of up to `limit` bytes. More than that may be read with a shorter one.
    pub fn new(reader: R, limit: usize) -> Self {
        let limit = limit.max(2 * BLOCK);
        Self { reader, buffer: Vec::new(), start: 0, line: 1, limit, ended: false }
    }

    /// The bytes read and not consumed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// The line on which they begin, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads more; `false` at the end.
    ///
    /// # Errors
    /// When the stream cannot be read, or the window is full.
    pub fn more(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        if self.bytes().len() >= self.limit {
            return Err(ReadError::TooLarge {
                line: self.line,
                what: "a record",
                limit: self.limit as u64,
            });
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let filled = self.buffer.len();
        let room = BLOCK.max(filled / 2);
        let count = (&mut self.reader).take(room as u64).read_to_end(&mut self.buffer)?;
        self.ended = count == 0;
        Ok(count > 0)
    }

    /// Consumes `count` bytes.
    pub fn take(&mut self, count: usize) {
        let end = (self.start + count).min(self.buffer.len());
        self.line += memchr::memchr_iter(b'\n', &self.buffer[self.start..end]).count() as u64;
        self.start = end;
    }

    /// Skips white space, and returns the next byte; `None` at the end.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub fn skip_blank(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            let blank = self.bytes().iter().take_while(|b| b.is_ascii_whitespace()).count();
            self.take(blank);
            if let Some(byte) = self.bytes().first() {
                return Ok(Some(*byte));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }
}
