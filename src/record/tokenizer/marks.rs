//! Splits by one-byte separators, which are found in many bytes at a time.

use std::io::Read;

use wide::u8x16;

use super::input::Input;
use super::{AHEAD, Broken, CHUNK, Found, already_beyond, beyond, quoted, reject, without_cr};
use crate::record::{Field, ReadError, Reason, RecordLimits, Written};

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
pub(super) struct Marks {
    delimiter: u8,
    /// The delimiter again where the dialect has no quotes.
    quote: u8,
    /// Where the current chunk begins, and which of its marks have not been looked at.
    base: usize,
    mask: u64,
    /// Where the next chunk begins.
    next: usize,
    /// Whether a chunk that the record touches has a byte beyond ASCII.
    pub(super) beyond_ascii: bool,
    /// Whether the current one has.
    chunk_beyond_ascii: bool,
}

impl Marks {
    pub(super) fn new(delimiter: u8, quotes: bool) -> Self {
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

    pub(super) fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
        fields: &mut Vec<Field>,
        line: &mut u64,
        limits: &RecordLimits,
    ) -> Result<Found, ReadError> {
        self.beyond_ascii = self.chunk_beyond_ascii;
        let (mut open, mut state) = (0, State::Bare);
        // Line ends within the record, and how many of them were before the quote that is open.
        let (mut lines, mut lines_before) = (0, 0);
        loop {
            let stop =
                self.walk(input, fields, &mut open, &mut state, &mut lines, &mut lines_before);
            let broken = Broken { open, lines_before, column: fields.len() + 1 };
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
                    let problem = (Reason::TextAfterQuote, "is closed, but text follows");
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
                State::Bare => {
                    fields.push(Field { start: open, end: end - start, written: Written::Bare })
                }
                State::Closed { at, doubled } => fields.push(quoted(open, at, doubled)),
                State::Quoted { .. } | State::Doubling => {
                    let problem =
                        (Reason::UnclosedQuote, "is not closed before the end of the file");
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
                let Some(chunk) =
                    buffer.get(next..next + CHUNK + AHEAD).and_then(|ahead| ahead.first_chunk())
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
                    fields.push(Field { start, end: at - record, written: Written::Bare });
                    start = at - record + 1;
                }
                State::Bare if byte == b'\n' => {
                    let whole = without_cr(&buffer[record + start..at], b"\n");
                    fields.push(Field { start, end: start + whole.len(), written: Written::Bare });
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
                            (None | Some(b'\n'), _) | (Some(b'\r'), Some(b'\n')) => {
                                State::Closed { at: at - record, doubled }
                            }
                            (Some(byte), _) if *byte == delimiter => {
                                State::Closed { at: at - record, doubled }
                            }
                            _ => break Stop::TextAfterQuote,
                        };
                    }
                }
                State::Doubling => now = State::Quoted { doubled: true },
                State::Closed { at: closed, doubled } => {
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
        limits: &RecordLimits,
    ) -> Found {
        match beyond(limits, end - start, fields) {
            None => Found::Record { start, end },
            Some(detail) => {
                Found::Reject(reject(line, Reason::TooLong, &input.buffer[start..end], detail))
            }
        }
    }

    pub(super) fn give_up<R: Read>(
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
    pub(super) fn seek(&mut self, at: usize) {
        self.mask = 0;
        self.next = at;
        self.chunk_beyond_ascii = false;
    }
}

/// One bit for each byte that is a delimiter, a quote or a line feed, the first byte's the lowest; and whether any is
/// beyond ASCII.
#[inline(always)]
fn marks(chunk: &[u8; CHUNK], delimiter: u8, quote: u8) -> (u64, bool) {
    let (delimiter, quote, feed) =
        (u8x16::splat(delimiter), u8x16::splat(quote), u8x16::splat(b'\n'));
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
