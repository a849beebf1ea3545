//! Joins a FOR JSON or FOR XML document, which SQL Server sends in rows of 2,033 characters, while it is read: its
//! column is called `JSON_F52E2B61-...` or `XML_F52E2B61-...`, or has lost its name.
//!
//! FOR JSON escapes line breaks, so that each line break in the file ends a row. FOR XML does not: there only a line
//! break after 2,033 characters does.

use std::io::{self, Read};

use crate::import::format::trailer;

/// The length of a row, in UTF-16 units.
const PIECE: usize = 2033;

/// What follows `JSON` or `XML` in the column name.
const NAME: &str = "_F52E2B61-18A1-11d1-B105-00805F49916B";

/// How much text may follow the document.
const TAIL: usize = 64 << 10;

/// The layout of a document in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentRows {
    /// Lines above the document: the column name, and dashes.
    pub head: usize,
    /// Whether it is XML; otherwise JSON.
    is_xml: bool,
    /// Whether rows are in quotes.
    quoted: bool,
}

impl DocumentRows {
    /// The document in a text that begins with `sample`; `None` if there is none, or if it is on one line without a
    /// column name, so that nothing needs joining.
    #[must_use]
    pub fn of(sample: &[u8]) -> Option<Self> {
        let lines = |at: usize| sample.split(|b| *b == b'\n').nth(at);
        let text = |line: &[u8]| String::from_utf8_lossy(line).trim().to_owned();
        let first = text(lines(0)?);
        let name = first.trim_matches('"');
        let named = [("JSON", false), ("XML", true)]
            .into_iter()
            .find(|(begin, _)| name.strip_prefix(begin) == Some(NAME));
        let Some((_, is_xml)) = named else {
            let line = String::from_utf8_lossy(lines(0)?).into_owned();
            let line = line.trim_end_matches('\r');
            let is_xml = line.starts_with('<');
            let begins = is_xml || line.starts_with("[{") || line.starts_with("{\"");
            let is_piece = begins && line.encode_utf16().count() == PIECE && lines(1).is_some();
            return is_piece.then_some(Self { head: 0, is_xml, quoted: false });
        };
        let dashes = |line: &[u8]| !line.is_empty() && text(line).bytes().all(|b| b == b'-');
        let has_dashes = lines(1).is_some_and(|line| text(line).len() > 1 && dashes(line));
        let head = 1 + usize::from(has_dashes);
        let quoted = lines(head).is_some_and(|line| {
            [&b"\"["[..], b"\"{", b"\"<"].iter().any(|begin| line.starts_with(begin))
        });
        Some(Self { head, is_xml, quoted })
    }

    /// What was done, as a sentence.
    #[must_use]
    pub fn remark(self) -> &'static str {
        match self.is_xml {
            true => "a FOR XML document split over several rows was reassembled",
            false => "a FOR JSON document split over several rows was reassembled",
        }
    }
}

/// The document alone. Each byte is read once.
pub struct Document<R> {
    reader: R,
    rows: DocumentRows,
    raw: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    /// Lines above the document yet to come.
    head: usize,
    /// The length of the row so far, and whether it is empty.
    units: usize,
    is_new_row: bool,
    in_quotes: bool,
    quote_waits: bool,
    return_waits: bool,
    /// Whether the previous byte was a line end, and the last byte that was not.
    after_break: bool,
    last: u8,
    /// Whether the previous row was of maximum length, so that a line break after it is part of the text.
    after_full: bool,
    /// What follows the document after its end.
    tail: Option<Vec<u8>>,
    ended: bool,
}

impl<R: Read> Document<R> {
    /// Reads the document in `reader`, laid out as `rows`.
    pub fn new(reader: R, rows: DocumentRows) -> Self {
        Self {
            reader,
            rows,
            raw: vec![0; 64 << 10],
            out: Vec::new(),
            at: 0,
            head: rows.head,
            units: 0,
            is_new_row: true,
            in_quotes: false,
            quote_waits: false,
            return_waits: false,
            after_break: false,
            last: 0,
            after_full: false,
            tail: None,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        let count = self.reader.read(&mut self.raw)?;
        self.ended = count == 0;
        let raw = std::mem::take(&mut self.raw);
        raw[..count].iter().for_each(|byte| self.put(*byte));
        self.raw = raw;
        if self.ended
            && let Some(tail) = self.tail.take()
        {
            // Anything but messages is text behind the document, which its reader refuses.
            let text = String::from_utf8_lossy(&tail);
            let said = |line: &str| {
                line.trim().is_empty()
                    || trailer::rows(line).is_some()
                    || trailer::completed_at_ms(line).is_some()
                    || trailer::message(line).is_some()
            };
            if !text.lines().all(said) {
                self.out.extend_from_slice(&tail);
            }
        }
        Ok(())
    }

    fn put(&mut self, byte: u8) {
        if let Some(tail) = &mut self.tail {
            if tail.len() < TAIL {
                tail.push(byte);
            }
        } else if self.head > 0 {
            self.head -= usize::from(byte == b'\n');
        } else if byte == b'\r' {
            // One before that of a row's end is a part of the text.
            if std::mem::replace(&mut self.return_waits, true) {
                self.give(b'\r');
            }
        } else if byte == b'\n' {
            self.line_end();
        } else {
            if std::mem::take(&mut self.return_waits) {
                self.give(b'\r');
            }
            self.put_text(byte);
        }
    }

    /// The end of a row, a line break within XML text, or, after another line break, the end of the document.
    fn line_end(&mut self) {
        let mut has_return = std::mem::take(&mut self.return_waits);
        if has_return && self.rows.is_xml && self.units + 1 == PIECE {
            // The last character of a row that ends in a line feed alone.
            self.give(b'\r');
            has_return = false;
        }
        let is_end = !self.rows.is_xml || (self.last == b'>' && !self.after_full);
        if self.after_break && is_end {
            self.tail = Some(Vec::new());
            return;
        }
        self.after_break = true;
        let is_quoted = self.in_quotes && !self.quote_waits;
        if self.rows.is_xml && self.units < PIECE && (is_quoted || !self.rows.quoted) {
            self.units += 1 + usize::from(has_return);
            self.out.extend_from_slice(if has_return { b"\r\n" } else { b"\n" });
            return;
        }
        self.after_full = self.units >= PIECE;
        self.units = 0;
        (self.is_new_row, self.in_quotes, self.quote_waits) = (true, false, false);
    }

    fn put_text(&mut self, byte: u8) {
        self.after_break = false;
        self.after_full = false;
        let begins = std::mem::take(&mut self.is_new_row);
        if self.rows.quoted && byte == b'"' {
            if begins {
                self.in_quotes = true;
                return;
            }
            if self.in_quotes && !self.quote_waits {
                self.quote_waits = true;
                return;
            }
        }
        self.quote_waits = false;
        self.give(byte);
    }

    fn give(&mut self, byte: u8) {
        self.units += usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0);
        self.last = byte;
        self.out.push(byte);
    }
}

impl<R: Read> Read for Document<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            if self.ended || out.is_empty() {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = (&self.out[self.at..]).read(out)?;
        self.at += count;
        Ok(count)
    }
}
