//! Reads delimited text in which a backslash changes the meaning of the next character.
//!
//! Such a character must not end a field or a record, so characters after a backslash are swapped with control
//! characters before the format's reader, and swapped back in its results. Each byte is processed once each way; a
//! record without a backslash is passed on unchanged.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::import::format::escape::Escape;
use crate::import::reader::queue::reject;
use crate::import::reader::{Item, Reader, ReaderAdapter};
use crate::record::{Field, ReadError, Reason, Record, Trailer, Written};

/// Characters with a meaning for a reader of delimited text, and the replacement of each after a backslash.
const PLACES: [(u8, u8); 7] = [
    (b'"', 0x0E),
    (b'\n', 0x0F),
    (b'\r', 0x10),
    (b'\t', 0x12),
    (b',', 0x13),
    (b';', 0x14),
    (b'|', 0x15),
];

/// The replacement of an escaped double quote.
pub(in crate::import) const MASKED_QUOTE: char = '\u{E}';

/// What ends a table in PostgreSQL's COPY.
const END_OF_COPY: &str = "\\.";

/// The lines, counted without the line breaks behind a backslash, in which such a line break is.
pub(in crate::import) type Breaks = Arc<Mutex<VecDeque<u64>>>;

/// Whether the next byte is after a backslash.
#[derive(Debug, Clone, Copy, Default)]
struct Mask {
    escaped: bool,
    /// Whether the previous byte was an escaped carriage return, to which the following line feed belongs.
    after_return: bool,
}

impl Mask {
    /// The replacement of `byte`: the same rule masks and unmasks.
    fn swap(&mut self, byte: u8) -> u8 {
        let after_return = std::mem::take(&mut self.after_return);
        if std::mem::take(&mut self.escaped) {
            let place = PLACES.iter().find_map(|(sign, other)| match byte {
                byte if byte == *sign => Some(*other),
                byte if byte == *other => Some(*sign),
                _ => None,
            });
            self.after_return = matches!(byte, b'\r' | 0x10);
            return place.unwrap_or(byte);
        }
        self.escaped = byte == b'\\';
        match byte {
            b'\n' if after_return => 0x0F,
            0x0F if after_return => b'\n',
            _ => byte,
        }
    }
}

/// The character after a backslash that `c` replaces.
#[must_use]
pub(in crate::import) fn sign_of(c: char) -> Option<char> {
    let mut places = PLACES.iter().map(|(sign, other)| (char::from(*sign), char::from(*other)));
    places.find_map(|(sign, other)| (other == c).then_some(sign))
}

/// `text` as the format's reader sees it.
#[must_use]
pub(in crate::import) fn masked(text: &[u8]) -> Vec<u8> {
    let mut mask = Mask::default();
    text.iter().map(|byte| mask.swap(*byte)).collect()
}

fn unmask(text: &str) -> String {
    String::from_utf8(masked(text.as_bytes())).unwrap_or_else(|_| text.to_owned())
}

/// Wraps `reader`, with control characters for characters after a backslash.
pub struct Masked<R> {
    reader: R,
    mask: Mask,
    line: u64,
    breaks: Breaks,
}

impl<R: Read> Masked<R> {
    /// Masks the text of `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, mask: Mask::default(), line: 1, breaks: Breaks::default() }
    }

    /// Where line breaks were masked.
    pub(in crate::import) fn breaks(&self) -> Breaks {
        Arc::clone(&self.breaks)
    }
}

impl<R: Read> Read for Masked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        for byte in &mut out[..count] {
            let before = *byte;
            *byte = self.mask.swap(before);
            if before == b'\n' && *byte != b'\n' {
                let mut breaks = self.breaks.lock().unwrap_or_else(PoisonError::into_inner);
                breaks.push_back(self.line);
            }
            self.line += u64::from(*byte == b'\n');
        }
        Ok(count)
    }
}

/// Wraps a reader of masked text, and interprets the escapes.
pub struct Unescaped {
    reader: Box<dyn Reader + Send>,
    escape: Escape,
    /// Whether the user gave the meaning of a backslash.
    said: bool,
    breaks: Breaks,
    /// Masked line breaks before the newest item.
    above: u64,
    text: String,
    cells: String,
    fields: Vec<Field>,
}

impl Unescaped {
    /// Interprets the escapes in the output of `reader`, whose line breaks were masked in `breaks`.
    pub(in crate::import) fn new(
        reader: Box<dyn Reader + Send>,
        escape: Escape,
        said: bool,
        breaks: Breaks,
    ) -> Self {
        Self {
            reader,
            escape,
            said,
            breaks,
            above: 0,
            text: String::new(),
            cells: String::new(),
            fields: Vec::new(),
        }
    }
}

/// The line in the file for `line` of the masked text.
fn line_in_file(line: u64, breaks: &Breaks, above: &mut u64) -> u64 {
    let mut breaks = breaks.lock().unwrap_or_else(PoisonError::into_inner);
    while breaks.front().is_some_and(|at| *at < line) {
        breaks.pop_front();
        *above += 1;
    }
    line + *above
}

impl ReaderAdapter for Unescaped {
    const SAME_FIELDS: bool = false;

    fn inner(&self) -> &dyn Reader {
        &*self.reader
    }

    fn inner_mut(&mut self) -> &mut dyn Reader {
        &mut *self.reader
    }

    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let Self { reader, escape, said, breaks, above, text, cells, fields } = self;
        let Some(item) = reader.next()? else {
            return Ok(None);
        };
        let record = match item {
            Item::Header(names) => {
                let names = names.iter().map(|name| {
                    let mut out = String::new();
                    match escape.read(name, true, &mut out) {
                        Ok(()) => out,
                        Err(_) => unmask(name),
                    }
                });
                return Ok(Some(Item::Header(names.collect())));
            }
            Item::Reject(found) if found.text.trim_end() == END_OF_COPY => {
                return Ok(Some(Item::Trailer(Trailer::default())));
            }
            Item::Reject(mut found) => {
                found.line = line_in_file(found.line, breaks, above);
                found.text = unmask(&found.text);
                return Ok(Some(Item::Reject(found)));
            }
            Item::Record(record) => record,
            footer @ Item::Trailer(_) => return Ok(Some(footer)),
        };
        let line = line_in_file(record.line, breaks, above);
        if !record.cells.contains('\\') {
            return Ok(Some(Item::Record(Record { line, ..record })));
        }
        *text = unmask(record.text);
        cells.clear();
        fields.clear();
        for (at, field) in record.fields.iter().enumerate() {
            let start = cells.len();
            let written = &record.cells[field.start..field.end];
            let is_null = field.written == Written::Bare && written == Escape::NULL;
            if let (false, Err(detail)) =
                (is_null, read_field(*escape, *said, written, *field, cells))
            {
                let mut found = reject(line, text, Reason::Escape, detail, 1);
                found.column = u64::try_from(at + 1).ok();
                return Ok(Some(Item::Reject(found)));
            }
            let written = match field.written {
                _ if is_null => Written::Null,
                Written::Doubled => Written::Quoted,
                written => written,
            };
            fields.push(Field { start, end: cells.len(), written });
        }
        Ok(Some(Item::Record(Record { line, text, fields, cells })))
    }
}

/// Appends the meaning of a field to `cells`.
fn read_field(
    escape: Escape,
    said: bool,
    written: &str,
    field: Field,
    cells: &mut String,
) -> Result<(), String> {
    if field.written == Written::Doubled {
        // An escaped quote is masked, so that two quotes are one here.
        return escape.read(&written.replace("\"\"", "\""), said, cells);
    }
    escape.read(written, said, cells)
}
