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
//! The buffer holds one block and the record in progress, which [`Limits`] bound. A record beyond the limits is
//! rejected; the rest of its line is passed over without being kept.
//!
//! This module does not know forms, headers or types.

use std::io::{ErrorKind, Read};
use std::str;

use memchr::{memchr, memchr_iter, memmem};
use wide::u8x16;

use crate::record::{Field, Limits, ReadError, Reason, Record, Reject, Written};

/// How a delimited text is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
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
        Ok(Record {
            line: self.line,
            text,
            fields: self.fields,
            cells: text,
        })
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
    limits: Limits,
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
    pub fn new(reader: R, dialect: Dialect, limits: Limits) -> Self {
        Self::with_block(reader, dialect, limits, BLOCK)
    }

    /// The same, reading `block` bytes at a time. What is found does not depend on it, except that a record beyond the
    /// limits is noticed when it ends or when the block does, and only what was read by then is split differently.
    pub fn with_block(reader: R, dialect: Dialect, limits: Limits, block: usize) -> Self {
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
    ///
    /// # Errors
    /// When the file cannot be read further.
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
    ///
    /// # Errors
    /// When the file cannot be read further.
    pub fn next_raw(&mut self) -> Result<Option<RawToken<'_>>, ReadError> {
        let line = self.line;
        self.fields.clear();
        let found = match &mut self.engine {
            Engine::Marks(marks) => marks.next(
                &mut self.input,
                &mut self.fields,
                &mut self.line,
                &self.limits,
            )?,
            Engine::Search(search) => search.next(
                &mut self.input,
                &mut self.fields,
                &mut self.line,
                &self.limits,
            )?,
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
    fn new(dialect: Dialect) -> Self {
        let end = dialect.record_end.filter(|end| !end.is_empty());
        match (dialect.delimiter.as_slice(), &end) {
            ([delimiter], None) if !matches!(delimiter, b'\n' | b'\r' | b'"') => {
                Self::Marks(Marks::new(*delimiter, dialect.quotes))
            }
            _ => Self::Search(Box::new(Search::new(
                dialect.delimiter,
                end,
                dialect.quotes,
            ))),
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

/// The bytes read and not yet done with.
struct Input<R> {
    reader: R,
    /// As long as there is room; what was read ends at `filled`.
    buffer: Vec<u8>,
    filled: usize,
    /// Where the record in progress, or the next one, begins.
    record: usize,
    /// How many bytes stood before the buffer's first.
    before: u64,
    /// Whether the reader has no more.
    ended: bool,
    block: usize,
}

impl<R: Read> Input<R> {
    fn new(reader: R, block: usize) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            filled: 0,
            record: 0,
            before: 0,
            ended: false,
            block,
        }
    }

    fn move_to(&mut self, reader: R, offset: u64) {
        self.reader = reader;
        (self.filled, self.record, self.before) = (0, 0, offset);
        self.ended = false;
    }

    /// Reads on, and moves what is from `keep` on to the beginning to make room. Every position is then less by what
    /// is returned.
    fn fill(&mut self, keep: usize) -> Result<usize, ReadError> {
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
    fn up_to(&mut self, from: usize, end: &[u8]) -> Result<&[u8], ReadError> {
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
    fn skip(&mut self, from: usize, end: &[u8]) -> Result<u64, ReadError> {
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
                format!(
                    "the quote of field {} on line {opened} {problem}",
                    self.column
                ),
            )
        };
        *line = opened + input.skip(self.open, end)?;
        Ok(Found::Reject(rejected))
    }
}

/// What `limits` say of a record of `length` bytes with `fields`, the last of which is complete.
fn beyond(limits: &Limits, length: usize, fields: &[Field]) -> Option<String> {
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
        return Some(format!(
            "field {} is longer than {} bytes",
            at + 1,
            limits.field
        ));
    }
    None
}

fn too_many(limits: &Limits, fields: &[Field]) -> Option<String> {
    (fields.len() > limits.fields).then(|| format!("more than {} fields", limits.fields))
}

/// The same of a record that is not complete: `length` bytes so far, of which `last` are its last field. They may
/// count two quotes and a carriage return that are not part of a value.
fn already_beyond(limits: &Limits, length: usize, last: usize, fields: &[Field]) -> Option<String> {
    let length = length.saturating_sub(3);
    if last.saturating_sub(3) > limits.field && length <= limits.record {
        let field = fields.len() + 1;
        return Some(format!(
            "field {field} is longer than {} bytes",
            limits.field
        ));
    }
    beyond(limits, length, fields)
}

fn reject(line: u64, reason: Reason, bytes: &[u8], detail: String) -> Reject {
    Reject {
        line,
        column: None,
        column_name: None,
        text: shown(bytes),
        reason,
        detail,
        records: 1,
    }
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

/// Where a field is, as it is read.
#[derive(Clone, Copy)]
enum State {
    /// Outside of any quotes.
    Bare,
    /// Inside of quotes.
    Quoted { doubled: bool },
    /// At the first of two quotes that stand for one.
    Doubling,
    /// Behind the closing quote, which is at this place of the record.
    Closed { at: usize, doubled: bool },
}

/// Why the search for a record's end stops.
enum Stop {
    /// The chunks in the buffer are used up.
    More,
    /// A line end, at this place of the buffer.
    Line(usize),
    /// Text after a closing quote.
    TextAfterQuote,
}

/// Finds delimiters, line ends and quotes 64 bytes at a time, and then looks only at those.
struct Marks {
    delimiter: u8,
    /// The delimiter again where the dialect has no quotes.
    quote: u8,
    /// Where the current chunk begins, and which of its marks have not been looked at.
    base: usize,
    mask: u64,
    /// Where the next chunk begins.
    next: usize,
    /// Whether a chunk that the record touches has a byte beyond ASCII.
    beyond_ascii: bool,
    /// Whether the current one has.
    chunk_beyond_ascii: bool,
}

impl Marks {
    fn new(delimiter: u8, quotes: bool) -> Self {
        Self {
            delimiter,
            quote: if quotes { b'"' } else { delimiter },
            base: 0,
            mask: 0,
            next: 0,
            beyond_ascii: false,
            chunk_beyond_ascii: false,
        }
    }

    fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
        fields: &mut Vec<Field>,
        line: &mut u64,
        limits: &Limits,
    ) -> Result<Found, ReadError> {
        self.beyond_ascii = self.chunk_beyond_ascii;
        let (mut open, mut state) = (0, State::Bare);
        // Line ends within the record, and how many of them were before the quote that is open.
        let (mut lines, mut lines_before) = (0, 0);
        loop {
            let stop = self.walk(
                input,
                fields,
                &mut open,
                &mut state,
                &mut lines,
                &mut lines_before,
            );
            let broken = Broken {
                open,
                lines_before,
                column: fields.len() + 1,
            };
            match stop {
                Stop::Line(at) => {
                    let start = input.record;
                    let end = start + without_cr(&input.buffer[start..at], b"\n").len();
                    input.record = at + 1;
                    let begun = *line;
                    *line += lines + 1;
                    return Ok(self.complete(input, fields, begun, (start, end), limits));
                }
                Stop::TextAfterQuote => {
                    let problem = (Reason::TextAfterQuote, "is closed, and text follows");
                    return self.give_up(broken, input, line, problem);
                }
                Stop::More => {}
            }
            let length = self.next.min(input.filled) - input.record;
            let last = length.saturating_sub(open);
            if let Some(detail) = already_beyond(limits, length, last, fields) {
                return match state {
                    State::Bare | State::Closed { .. } => self.too_long(input, line, lines, detail),
                    State::Quoted { .. } | State::Doubling => {
                        let problem = format!("is open, and the record is too long: {detail}");
                        self.give_up(broken, input, line, (Reason::TooLong, &problem))
                    }
                };
            }
            if self.load(input)? {
                continue;
            }
            let (start, end) = (input.record, input.filled);
            if start == end {
                return Ok(Found::End);
            }
            match state {
                State::Bare => fields.push(Field {
                    start: open,
                    end: end - start,
                    written: Written::Bare,
                }),
                State::Closed { at, doubled } => fields.push(quoted(open, at, doubled)),
                State::Quoted { .. } | State::Doubling => {
                    let problem = (
                        Reason::UnclosedQuote,
                        "is not closed before the end of the file",
                    );
                    return self.give_up(broken, input, line, problem);
                }
            }
            input.record = end;
            let begun = *line;
            *line += lines;
            return Ok(self.complete(input, fields, begun, (start, end), limits));
        }
    }

    /// Goes from mark to mark until the record ends or the buffer does. `open` is where the field begins, counted from
    /// the record's beginning, so that it holds when the buffer moves.
    fn walk<R>(
        &mut self,
        input: &Input<R>,
        fields: &mut Vec<Field>,
        open: &mut usize,
        state: &mut State,
        lines: &mut u64,
        lines_before: &mut u64,
    ) -> Stop {
        let buffer = &input.buffer[..input.filled];
        let record = input.record;
        let (delimiter, quote) = (self.delimiter, self.quote);
        let (mut base, mut mask, mut next) = (self.base, self.mask, self.next);
        let (mut start, mut now) = (*open, *state);
        let stop = loop {
            if mask == 0 {
                let Some(chunk) = buffer
                    .get(next..next + CHUNK + AHEAD)
                    .and_then(|ahead| ahead.first_chunk())
                else {
                    break Stop::More;
                };
                let high;
                (mask, high) = marks(chunk, delimiter, quote);
                self.beyond_ascii |= high;
                self.chunk_beyond_ascii = high;
                base = next;
                next += CHUNK;
                continue;
            }
            let at = base + mask.trailing_zeros() as usize;
            mask &= mask - 1;
            let byte = buffer[at];
            match now {
                State::Bare if byte == delimiter => {
                    fields.push(Field {
                        start,
                        end: at - record,
                        written: Written::Bare,
                    });
                    start = at - record + 1;
                }
                State::Bare if byte == b'\n' => {
                    let whole = without_cr(&buffer[record + start..at], b"\n");
                    fields.push(Field {
                        start,
                        end: start + whole.len(),
                        written: Written::Bare,
                    });
                    break Stop::Line(at);
                }
                State::Bare => {
                    if at - record == start {
                        now = State::Quoted { doubled: false };
                        *lines_before = *lines;
                    }
                }
                State::Quoted { doubled } => {
                    if byte == b'\n' {
                        *lines += 1;
                    } else if byte == quote {
                        now = match (buffer.get(at + 1), buffer.get(at + 2)) {
                            (Some(b'"'), _) => State::Doubling,
                            (None | Some(b'\n'), _) | (Some(b'\r'), Some(b'\n')) => State::Closed {
                                at: at - record,
                                doubled,
                            },
                            (Some(byte), _) if *byte == delimiter => State::Closed {
                                at: at - record,
                                doubled,
                            },
                            _ => break Stop::TextAfterQuote,
                        };
                    }
                }
                State::Doubling => now = State::Quoted { doubled: true },
                State::Closed {
                    at: closed,
                    doubled,
                } => {
                    fields.push(quoted(start, closed, doubled));
                    if byte == b'\n' {
                        break Stop::Line(at);
                    }
                    start = at - record + 1;
                    now = State::Bare;
                }
            }
        };
        (self.base, self.mask, self.next) = (base, mask, next);
        (*open, *state) = (start, now);
        stop
    }

    /// Has the next chunk in the buffer, or, when it is the last, takes its marks. `false` when there is none.
    fn load<R: Read>(&mut self, input: &mut Input<R>) -> Result<bool, ReadError> {
        while !input.ended && self.next + CHUNK + AHEAD > input.filled {
            let moved = input.fill(input.record.min(self.next))?;
            self.next -= moved;
        }
        if self.next >= input.filled {
            return Ok(false);
        }
        if self.next + CHUNK + AHEAD > input.filled {
            let left = &input.buffer[self.next..input.filled];
            let left = &left[..left.len().min(CHUNK)];
            let mut chunk = [0; CHUNK];
            chunk[..left.len()].copy_from_slice(left);
            let (mask, high) = marks(&chunk, self.delimiter, self.quote);
            // A delimiter may be NUL, as the bytes behind the last one are.
            self.mask = mask & (u64::MAX >> (CHUNK - left.len()));
            self.beyond_ascii |= high;
            self.chunk_beyond_ascii = high;
            self.base = self.next;
            self.next += left.len();
        }
        Ok(true)
    }

    fn complete<R>(
        &self,
        input: &Input<R>,
        fields: &[Field],
        line: u64,
        (start, end): (usize, usize),
        limits: &Limits,
    ) -> Found {
        match beyond(limits, end - start, fields) {
            None => Found::Record { start, end },
            Some(detail) => Found::Reject(reject(
                line,
                Reason::TooLong,
                &input.buffer[start..end],
                detail,
            )),
        }
    }

    fn give_up<R: Read>(
        &mut self,
        broken: Broken,
        input: &mut Input<R>,
        line: &mut u64,
        problem: (Reason, &str),
    ) -> Result<Found, ReadError> {
        let found = broken.give_up(input, line, b"\n", problem)?;
        self.seek(input.record);
        Ok(found)
    }

    /// Rejects a record that is too long while no quote is open, and passes over the rest of its line.
    fn too_long<R: Read>(
        &mut self,
        input: &mut Input<R>,
        line: &mut u64,
        lines: u64,
        detail: String,
    ) -> Result<Found, ReadError> {
        let from = self.next.min(input.filled) - input.record;
        let text = input.up_to(from, b"\n")?;
        let rejected = reject(*line, Reason::TooLong, text, detail);
        *line += lines + input.skip(from, b"\n")?;
        self.seek(input.record);
        Ok(Found::Reject(rejected))
    }

    /// Goes on at `at`.
    fn seek(&mut self, at: usize) {
        self.mask = 0;
        self.next = at;
        self.chunk_beyond_ascii = false;
    }
}

fn quoted(open: usize, closed: usize, doubled: bool) -> Field {
    Field {
        start: open + 1,
        end: closed,
        written: if doubled {
            Written::Doubled
        } else {
            Written::Quoted
        },
    }
}

/// One bit for each byte that is a delimiter, a quote or a line feed, the first byte's the lowest; and whether any is
/// beyond ASCII.
#[inline(always)]
fn marks(chunk: &[u8; CHUNK], delimiter: u8, quote: u8) -> (u64, bool) {
    let (delimiter, quote, feed) = (
        u8x16::splat(delimiter),
        u8x16::splat(quote),
        u8x16::splat(b'\n'),
    );
    let (parts, _) = chunk.as_chunks::<16>();
    let mut mask = 0;
    let mut all = u8x16::splat(0);
    for (at, part) in parts.iter().enumerate() {
        let part = u8x16::new(*part);
        all |= part;
        let hits = part.simd_eq(delimiter) | part.simd_eq(quote) | part.simd_eq(feed);
        mask |= u64::from(hits.to_bitmask()) << (16 * at);
    }
    (mask, all.to_bitmask() != 0)
}

/// Finds delimiters and record ends of any length by substring search.
struct Search {
    delimiter: Option<Seek>,
    end: Seek,
    quotes: bool,
    /// The longest of the two, and of what must be seen behind a quote.
    ahead: usize,
}

/// Searches one text, and remembers the next place where it stands, counted from the beginning of the input: what has
/// been searched once is not searched again.
struct Seek {
    needle: Vec<u8>,
    finder: memmem::Finder<'static>,
    /// It stands nowhere between the last question and here; and if the flag is set, it stands here.
    until: u64,
    found: bool,
}

impl Seek {
    fn new(needle: Vec<u8>) -> Self {
        Self {
            finder: memmem::Finder::new(&needle).into_owned(),
            needle,
            until: 0,
            found: false,
        }
    }

    /// Forgets everything, to search again from an earlier place.
    fn restart(&mut self) {
        self.until = 0;
        self.found = false;
    }

    /// Where it next stands at or behind `from`.
    fn next<R>(&mut self, input: &Input<R>, from: usize) -> Option<usize> {
        let place = input.before + from as u64;
        if self.until < place {
            self.until = place;
            self.found = false;
        }
        if !self.found {
            let at = usize::try_from(self.until - input.before).unwrap_or(usize::MAX);
            let unseen = input.buffer[..input.filled].get(at..).unwrap_or_default();
            match self.finder.find(unseen) {
                Some(found) => {
                    self.until += found as u64;
                    self.found = true;
                }
                // The last bytes may be the beginning of it.
                None => self.until += unseen.len().saturating_sub(self.needle.len() - 1) as u64,
            }
        }
        let at = usize::try_from(self.until - input.before).unwrap_or(usize::MAX);
        self.found.then_some(at)
    }

    fn stands_at(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(&self.needle)
    }
}

/// A field, where the next begins and what stands between; or why there is none.
type OneField = Result<(Field, usize, After), (Reason, String)>;

/// What ends a field.
enum After {
    Field,
    Record,
}

impl Search {
    fn new(delimiter: Vec<u8>, end: Option<Vec<u8>>, quotes: bool) -> Self {
        let end = end.unwrap_or_else(|| b"\n".to_vec());
        Self {
            ahead: delimiter.len().max(end.len()).max(AHEAD) + 1,
            delimiter: (!delimiter.is_empty()).then(|| Seek::new(delimiter)),
            end: Seek::new(end),
            quotes,
        }
    }

    fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
        fields: &mut Vec<Field>,
        line: &mut u64,
        limits: &Limits,
    ) -> Result<Found, ReadError> {
        let begun = *line;
        let mut open = 0;
        loop {
            self.see(input, open)?;
            if input.record == input.filled {
                return Ok(Found::End);
            }
            let is_quoted =
                self.quotes && input.buffer[..input.filled].get(input.record + open) == Some(&b'"');
            let whole = if is_quoted {
                self.quoted(input, fields, open, limits)?
            } else {
                self.bare(input, fields, open, limits)?
            };
            let (field, behind, after) = match whole {
                Ok(whole) => whole,
                Err((reason, problem)) if is_quoted => {
                    let before = &input.buffer[input.record..input.record + open];
                    let broken = Broken {
                        open,
                        lines_before: count_lines(before),
                        column: fields.len() + 1,
                    };
                    let end = self.end.needle.clone();
                    self.restart();
                    return broken.give_up(input, line, &end, (reason, &problem));
                }
                Err((_, detail)) => return self.too_long(input, line, open, detail),
            };
            fields.push(field);
            open = behind;
            if let After::Record = after {
                break;
            }
            if let Some(detail) = beyond(limits, open, &[]).or_else(|| too_many(limits, fields)) {
                return self.too_long(input, line, open, detail);
            }
        }
        let start = input.record;
        let next = start + open;
        let seen = &input.buffer[start..next];
        let text = &seen[..fields.last().map_or(0, |field| match field.written {
            Written::Bare | Written::Null => field.end,
            Written::Quoted | Written::Doubled => field.end + 1,
        })];
        *line += count_lines(seen);
        input.record = next;
        Ok(match beyond(limits, text.len(), fields) {
            None => Found::Record {
                start,
                end: start + text.len(),
            },
            Some(detail) => Found::Reject(reject(begun, Reason::TooLong, text, detail)),
        })
    }

    /// Rejects a record that is too long while no quote is open, and passes over what is left of it.
    fn too_long<R: Read>(
        &mut self,
        input: &mut Input<R>,
        line: &mut u64,
        open: usize,
        detail: String,
    ) -> Result<Found, ReadError> {
        let text = input.up_to(open, &self.end.needle)?;
        let rejected = reject(*line, Reason::TooLong, text, detail);
        *line += count_lines(&input.buffer[input.record..input.record + open]);
        *line += input.skip(open, &self.end.needle)?;
        self.restart();
        Ok(Found::Reject(rejected))
    }

    fn restart(&mut self) {
        self.end.restart();
        if let Some(delimiter) = &mut self.delimiter {
            delimiter.restart();
        }
    }

    /// Has the bytes in the buffer that must be seen to tell what stands at `at` of the record.
    fn see<R: Read>(&self, input: &mut Input<R>, at: usize) -> Result<(), ReadError> {
        while !input.ended && input.record + at + self.ahead > input.filled {
            input.fill(input.record)?;
        }
        Ok(())
    }

    /// The field that begins at `open` of the record without a quote, where the next begins, and whether it is of the
    /// next record.
    fn bare<R: Read>(
        &mut self,
        input: &mut Input<R>,
        fields: &[Field],
        open: usize,
        limits: &Limits,
    ) -> Result<OneField, ReadError> {
        loop {
            let from = input.record + open;
            let delimiter = self
                .delimiter
                .as_mut()
                .and_then(|seek| seek.next(input, from));
            let end = self.end.next(input, from);
            let bare = |stop: usize, behind: usize, after: After| {
                let field = Field {
                    start: open,
                    end: stop - input.record,
                    written: Written::Bare,
                };
                Ok(Ok((field, behind - input.record, after)))
            };
            // Either may begin like the other: the longer is meant. It has to be in the buffer to be found.
            let sure = |at: &usize| input.ended || at + self.ahead <= input.filled;
            match (delimiter, end) {
                (Some(at), end) if sure(&at) && self.delimits(at, end) => {
                    let length = self.delimiter.as_ref().map_or(0, |seek| seek.needle.len());
                    return bare(at, at + length, After::Field);
                }
                (delimiter, Some(at))
                    if sure(&at)
                        && delimiter.is_none_or(|other| !self.delimits(other, Some(at))) =>
                {
                    let field = without_cr(&input.buffer[from..at], &self.end.needle);
                    return bare(
                        from + field.len(),
                        at + self.end.needle.len(),
                        After::Record,
                    );
                }
                _ if input.ended => return bare(input.filled, input.filled, After::Record),
                _ => {}
            }
            let known = delimiter
                .into_iter()
                .chain(end)
                .min()
                .unwrap_or(input.filled);
            let length = known - input.record;
            let last = length - open;
            if let Some(detail) = already_beyond(limits, length, last, fields) {
                return Ok(Err((Reason::TooLong, detail)));
            }
            input.fill(input.record)?;
        }
    }

    /// Whether the delimiter at `at` comes before the record end at `end`.
    fn delimits(&self, at: usize, end: Option<usize>) -> bool {
        let length = self.delimiter.as_ref().map_or(0, |seek| seek.needle.len());
        end.is_none_or(|end| at < end || (at == end && length >= self.end.needle.len()))
    }

    /// The same for a field that begins with a quote.
    fn quoted<R: Read>(
        &mut self,
        input: &mut Input<R>,
        fields: &[Field],
        open: usize,
        limits: &Limits,
    ) -> Result<OneField, ReadError> {
        let mut doubled = false;
        let mut from = open + 1;
        let closed = loop {
            let rest = &input.buffer[input.record + from..input.filled];
            match memchr(b'"', rest) {
                Some(at) => {
                    self.see(input, from + at + 1)?;
                    let next = input.record + from + at + 1;
                    if input.buffer[..input.filled].get(next) != Some(&b'"') {
                        break from + at;
                    }
                    doubled = true;
                    from += at + 2;
                    continue;
                }
                None => from += rest.len(),
            }
            if input.ended {
                let problem = "is not closed before the end of the file".to_owned();
                return Ok(Err((Reason::UnclosedQuote, problem)));
            }
            let length = input.filled - input.record;
            if let Some(detail) = already_beyond(limits, length, length - open, fields) {
                let problem = format!("is open, and the record is too long: {detail}");
                return Ok(Err((Reason::TooLong, problem)));
            }
            input.fill(input.record)?;
        };
        self.see(input, closed + 1)?;
        let field = quoted(open, closed, doubled);
        let rest = &input.buffer[input.record + closed + 1..input.filled];
        let ends = [b"".as_slice(), b"\r"].into_iter().find_map(|cr| {
            let behind = rest.strip_prefix(cr)?;
            let line = cr.is_empty() || self.end.needle == b"\n";
            (line && self.end.stands_at(behind)).then_some(cr.len() + self.end.needle.len())
        });
        let delimits = (self.delimiter.as_ref())
            .filter(|seek| seek.stands_at(rest))
            .map(|seek| seek.needle.len());
        Ok(match (delimits, ends) {
            (Some(length), end) if end.is_none_or(|end| length >= end) => {
                Ok((field, closed + 1 + length, After::Field))
            }
            (_, Some(length)) => Ok((field, closed + 1 + length, After::Record)),
            (_, None) if rest.is_empty() => Ok((field, closed + 1, After::Record)),
            _ => Err((
                Reason::TextAfterQuote,
                "is closed, and text follows".to_owned(),
            )),
        })
    }
}
