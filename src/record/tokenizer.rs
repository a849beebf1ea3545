//! Splits delimited text into records and fields: aware of quotes, bounded in memory, dialects as data.
//!
//! The rules are those of RFC 4180 and stricter than those of most readers, so that no record is lost in silence:
//!
//! - A field that begins with a quote ends at the next quote that is not doubled. Text between that quote and the
//!   delimiter makes the record a reject. A quote in a field that does not begin with one is text.
//! - A quote that is never closed, or is followed by text, spoils the line on which it was opened and nothing else:
//!   that line is rejected, with what the record has before it, and reading goes on with the line after it.
//! - A record ends with LF or CRLF, or with the dialect's own bytes. A carriage return alone is text, and so is NUL.
//! - An empty line is a record of one empty field. Whether it means anything is for the reader of the form to say.
//!
//! # Why going back is not quadratic
//!
//! Within an open quote, any odd run of quotes closes it. So there is no odd run between an opening quote and the place
//! where the tokenizer gives it up, except at that place itself; and a field opens and stays open only with an odd run.
//! When the lines in between are read again, none of them can open another quote that reaches beyond them. Each byte is
//! therefore read twice at most, whatever the file.
//!
//! # Memory
//!
//! The buffer holds one block and the record in progress, which [`RecordLimits`] bound. A record beyond the limits is
//! rejected; the rest of its line is passed over without being kept.
//!
//! This module does not know forms, headers or types.

mod input;
mod marks;
mod search;

use std::io::Read;
use std::str;

use memchr::memchr_iter;

use input::Input;
use marks::Marks;
use search::Search;

use crate::record::{Field, ReadError, Reason, Record, RecordLimits, Reject, Written};

/// How a delimited text is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDialect {
    /// What stands between two fields: `,`, a tab, `<EOFD>`. When it is empty, a record is one field.
    pub delimiter: Vec<u8>,
    /// What ends a record; `None` for a line end, be it LF or CRLF.
    pub record_end: Option<Vec<u8>>,
    /// Whether a field may stand in double quotes, with doubled ones inside.
    pub quotes: bool,
}

/// What the tokenizer comes upon.
#[derive(Debug)]
pub enum Token<'t> {
    /// A record with its fields.
    Record(Record<'t>),
    /// Text that is no record: an open quote, text after a quote, a field too long, bytes that are not UTF-8.
    Reject(Reject),
}

/// What the tokenizer comes upon, before anybody asks whether it is UTF-8.
#[derive(Debug)]
pub enum RawToken<'t> {
    /// A record with its fields.
    Record(RawRecord<'t>),
    /// Text that is no record.
    Reject(Reject),
}

/// A record as bytes, for those who look at one field and leave the rest.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'t> {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// How many bytes stand before it.
    pub offset: u64,
    /// The record without its end.
    pub bytes: &'t [u8],
    /// Its fields, as slices of `bytes`.
    pub fields: &'t [Field],
    /// Whether every byte is known to be ASCII, so that `bytes` need not be checked. `false` says nothing.
    pub ascii: bool,
}

impl<'t> RawRecord<'t> {
    /// The record as text, or the reject that it is when it is none.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn text(self) -> Result<Record<'t>, Reject> {
        let text = str::from_utf8(self.bytes).map_err(|error| self.not_text(error))?;
        Ok(Record { line: self.line, text, fields: self.fields, cells: text })
    }

    #[cold]
    fn not_text(self, error: str::Utf8Error) -> Reject {
        let at = error.valid_up_to();
        let field = self.fields.iter().position(|field| at < field.end);
        let byte = self.bytes.get(at).copied().unwrap_or_default();
        Reject {
            column: field.and_then(|at| u64::try_from(at + 1).ok()),
            ..reject(
                self.line,
                Reason::NotText,
                self.bytes,
                format!("byte 0x{byte:02X} is not UTF-8 here"),
            )
        }
    }
}

/// How many bytes are read at a time: enough for few reads, and few enough to stay in the cache until they are split.
pub const BLOCK: usize = 256 << 10;

/// How many bytes are compared at a time, one bit of a mask for each.
const CHUNK: usize = 64;

/// How many bytes a chunk needs behind it: a closing quote is told from a doubled one by the next byte, and a carriage
/// return that is part of a line end by the one after that.
const AHEAD: usize = 2;

/// Splits what it reads.
pub struct Tokenizer<R> {
    input: Input<R>,
    limits: RecordLimits,
    engine: Engine,
    fields: Vec<Field>,
    /// The line on which the next record begins.
    line: u64,
    /// Where the record found last stands in the buffer, and on which line.
    last: (usize, usize, u64),
}

/// The two ways to find where fields end.
enum Engine {
    /// A delimiter of one byte and records that are lines: 64 bytes at a time.
    Marks(Marks),
    /// Anything else: by substring search.
    Search(Box<Search>),
}

/// What `next_found` found. Positions are in the buffer.
enum Found {
    Record { start: usize, end: usize },
    Reject(Reject),
    End,
}

impl<R: Read> Tokenizer<R> {
    /// Splits UTF-8 `reader` by `dialect`. A byte order mark has been taken off.
    pub fn new(reader: R, dialect: TextDialect, limits: RecordLimits) -> Self {
        Self::with_block(reader, dialect, limits, BLOCK)
    }

    /// The same, reading `block` bytes at a time. What is found does not depend on it, except that a record beyond the
    /// limits is noticed when it ends or when the block does, and only what was read by then is split differently.
    pub fn with_block(reader: R, dialect: TextDialect, limits: RecordLimits, block: usize) -> Self {
        Self {
            input: Input::new(reader, block.max(1)),
            limits,
            engine: Engine::new(dialect),
            fields: Vec::new(),
            line: 1,
            last: (0, 0, 1),
        }
    }

    /// The next record or reject; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "it lends what it finds")]
    pub fn next(&mut self) -> Result<Option<Token<'_>>, ReadError> {
        let token = match self.next_raw()? {
            None => return Ok(None),
            Some(RawToken::Reject(reject)) => Token::Reject(reject),
            Some(RawToken::Record(record)) => match record.text() {
                Ok(record) => Token::Record(record),
                Err(reject) => Token::Reject(reject),
            },
        };
        Ok(Some(token))
    }

    /// The next record or reject, not checked for UTF-8; `None` at the end.
    pub fn next_raw(&mut self) -> Result<Option<RawToken<'_>>, ReadError> {
        let line = self.line;
        self.fields.clear();
        let found = match &mut self.engine {
            Engine::Marks(marks) => {
                marks.next(&mut self.input, &mut self.fields, &mut self.line, &self.limits)?
            }
            Engine::Search(search) => {
                search.next(&mut self.input, &mut self.fields, &mut self.line, &self.limits)?
            }
        };
        Ok(match found {
            Found::End => None,
            Found::Reject(reject) => Some(RawToken::Reject(reject)),
            Found::Record { start, end } => {
                self.last = (start, end, line);
                Some(RawToken::Record(self.again()))
            }
        })
    }

    /// How many bytes stand before the next record, and the line on which it begins.
    #[must_use]
    pub fn place(&self) -> (u64, u64) {
        let Input { before, record, .. } = self.input;
        (before + record as u64, self.line)
    }

    /// Passes over blank lines, as far as they were read: for those to whom they mean nothing, and who may meet
    /// millions of them.
    pub fn skip_blank_lines(&mut self) {
        let Engine::Marks(marks) = &mut self.engine else {
            return;
        };
        let ahead = &self.input.buffer[self.input.record..self.input.filled];
        let lines = ahead.iter().take_while(|byte| **byte == b'\n').count();
        let pairs = match lines {
            0 => ahead.chunks_exact(2).take_while(|pair| *pair == b"\r\n").count(),
            _ => 0,
        };
        if lines + pairs > 0 {
            self.input.record += lines + 2 * pairs;
            self.line += (lines + pairs) as u64;
            marks.seek(self.input.record);
        }
    }

    /// Goes on with what `reader` gives, of which the first byte stands at this place.
    pub fn move_to(&mut self, reader: R, (offset, line): (u64, u64)) {
        self.input.move_to(reader, offset);
        self.engine.restart();
        self.line = line;
        self.last = (0, 0, line);
    }

    /// The record found last, once more: for those who look at it before they lend it on.
    #[must_use]
    pub fn again(&self) -> RawRecord<'_> {
        let (start, end, line) = self.last;
        RawRecord {
            line,
            offset: self.input.before + start as u64,
            bytes: &self.input.buffer[start..end],
            fields: &self.fields,
            ascii: match &self.engine {
                Engine::Marks(marks) => !marks.beyond_ascii,
                Engine::Search(_) => false,
            },
        }
    }
}

impl Engine {
    fn new(dialect: TextDialect) -> Self {
        let end = dialect.record_end.filter(|end| !end.is_empty());
        match (dialect.delimiter.as_slice(), &end) {
            ([delimiter], None) if !matches!(delimiter, b'\n' | b'\r' | b'"') => {
                Self::Marks(Marks::new(*delimiter, dialect.quotes))
            }
            _ => Self::Search(Box::new(Search::new(dialect.delimiter, end, dialect.quotes))),
        }
    }

    /// Begins again at the beginning of the buffer.
    fn restart(&mut self) {
        match self {
            Self::Marks(marks) => marks.seek(0),
            Self::Search(search) => search.restart(),
        }
    }
}

/// Where a field stands that cannot be read to its end.
struct Broken {
    /// Where it begins, counted from the record's beginning.
    open: usize,
    /// How many line ends the record has before it.
    lines_before: u64,
    /// Its place in the record, from 1.
    column: usize,
}

impl Broken {
    /// Rejects the line, or whatever `end` ends, on which the field was opened; the next record begins after it.
    fn give_up<R: Read>(
        self,
        input: &mut Input<R>,
        line: &mut u64,
        end: &[u8],
        (reason, problem): (Reason, &str),
    ) -> Result<Found, ReadError> {
        let begun = *line;
        let opened = begun + self.lines_before;
        let text = input.up_to(self.open, end)?;
        let rejected = Reject {
            column: u64::try_from(self.column).ok(),
            ..reject(
                begun,
                reason,
                text,
                format!("the quote of field {} on line {opened} {problem}", self.column),
            )
        };
        *line = opened + input.skip(self.open, end)?;
        Ok(Found::Reject(rejected))
    }
}

/// What `limits` say of a record of `length` bytes with `fields`, the last of which is complete.
fn beyond(limits: &RecordLimits, length: usize, fields: &[Field]) -> Option<String> {
    if length > limits.record {
        return Some(format!("longer than {} bytes", limits.record));
    }
    if let Some(detail) = too_many(limits, fields) {
        return Some(detail);
    }
    let long = |field: &Field| field.end - field.start > limits.field;
    if length > limits.field
        && let Some(at) = fields.iter().position(long)
    {
        return Some(format!("field {} is longer than {} bytes", at + 1, limits.field));
    }
    None
}

fn too_many(limits: &RecordLimits, fields: &[Field]) -> Option<String> {
    (fields.len() > limits.fields).then(|| format!("more than {} fields", limits.fields))
}

/// The same of a record that is not complete: `length` bytes so far, of which `last` are its last field. They may
/// count two quotes and a carriage return that are not part of a value.
fn already_beyond(
    limits: &RecordLimits,
    length: usize,
    last: usize,
    fields: &[Field],
) -> Option<String> {
    let length = length.saturating_sub(3);
    if last.saturating_sub(3) > limits.field && length <= limits.record {
        let field = fields.len() + 1;
        return Some(format!("field {field} is longer than {} bytes", limits.field));
    }
    beyond(limits, length, fields)
}

fn reject(line: u64, reason: Reason, bytes: &[u8], detail: String) -> Reject {
    Reject { line, column: None, column_name: None, text: shown(bytes), reason, detail, records: 1 }
}

/// The beginning of `bytes` as text, cut at a character. A byte that is no text is shown as `\xE9`.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes[..bytes.len().min(Reject::LONGEST)].utf8_chunks() {
        text.push_str(chunk.valid());
        if bytes.len() > Reject::LONGEST && text.len() + 4 > Reject::LONGEST {
            break;
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// `bytes`, up to a line end, without the carriage return that belongs to it.
fn without_cr<'b>(bytes: &'b [u8], end: &[u8]) -> &'b [u8] {
    match bytes {
        [before @ .., b'\r'] if end == b"\n" => before,
        _ => bytes,
    }
}

fn quoted(open: usize, closed: usize, doubled: bool) -> Field {
    Field {
        start: open + 1,
        end: closed,
        written: if doubled { Written::Doubled } else { Written::Quoted },
    }
}
