//! Splits by separators of any length, each searched for by itself.

use std::io::Read;

use memchr::{memchr, memmem};

use super::input::Input;
use super::{
    AHEAD, Broken, Found, already_beyond, beyond, count_lines, quoted, reject, too_many, without_cr,
};
use crate::record::{Field, ReadError, Reason, RecordLimits, Written};

/// Finds delimiters and record ends of any length by substring search.
pub(super) struct Search {
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
        Self { finder: memmem::Finder::new(&needle).into_owned(), needle, until: 0, found: false }
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
    pub(super) fn new(delimiter: Vec<u8>, end: Option<Vec<u8>>, quotes: bool) -> Self {
        let end = end.unwrap_or_else(|| b"\n".to_vec());
        Self {
            ahead: delimiter.len().max(end.len()).max(AHEAD) + 1,
            delimiter: (!delimiter.is_empty()).then(|| Seek::new(delimiter)),
            end: Seek::new(end),
            quotes,
        }
    }

    pub(super) fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
        fields: &mut Vec<Field>,
        line: &mut u64,
        limits: &RecordLimits,
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
            None => Found::Record { start, end: start + text.len() },
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

    pub(super) fn restart(&mut self) {
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
        limits: &RecordLimits,
    ) -> Result<OneField, ReadError> {
        loop {
            let from = input.record + open;
            let delimiter = self.delimiter.as_mut().and_then(|seek| seek.next(input, from));
            let end = self.end.next(input, from);
            let bare = |stop: usize, behind: usize, after: After| {
                let field = Field { start: open, end: stop - input.record, written: Written::Bare };
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
                    return bare(from + field.len(), at + self.end.needle.len(), After::Record);
                }
                _ if input.ended => return bare(input.filled, input.filled, After::Record),
                _ => {}
            }
            let known = delimiter.into_iter().chain(end).min().unwrap_or(input.filled);
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
        limits: &RecordLimits,
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
            _ => Err((Reason::TextAfterQuote, "is closed, but text follows".to_owned())),
        })
    }
}
