//! Reads columns that stand under a line of dashes: Results to Text and to File, sqlcmd, a mail's attachment.
//!
//! Nobody knows how a tool counts the places of a character beyond ASCII, so a line is measured in characters, in units
//! of UTF-16 and in places on a screen, and read by the measure in which it is as long as the dashes and has blanks
//! where they have. A line break within a value makes a line short; lines are put together when, with their breaks,
//! they are exactly as long as the dashes. LineReader that the tool broke at its page width are put together when the names
//! and the dashes were broken at the same places; else each is a reject.

use std::io::Read;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::import::format::detect::Look;
use crate::import::format::trailer;
use crate::import::reader::lines::LineReader;
use crate::import::reader::queue::{Held, Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::{Field, Footer, ReadError, Reason, RecordLimits, Written};

/// The most lines that one record may stand on.
const PIECES: usize = 200;

/// How many lines may stand before the names.
const BEFORE: usize = 200;

/// The most lines that a page width may break the names into.
const BROKEN: usize = 64;

/// How likely `lines` are columns under dashes.
#[must_use]
pub fn score(lines: &[String]) -> f64 {
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(dashes) = beginning.iter().position(|line| is_dashes(line)) else {
        return 0.0;
    };
    let broken = lines[dashes..]
        .iter()
        .take(BROKEN)
        .take_while(|line| is_dashes(line))
        .count();
    let found = [broken, 1].into_iter().any(|broken| {
        let head = dashes
            .checked_sub(broken)
            .and_then(|first| lines.get(first..dashes + broken));
        head.is_some_and(|head| Head::of(head).is_some())
    });
    if found { 0.95 } else { 0.0 }
}

/// Names and the dashes under them.
struct Head {
    places: Vec<Range<usize>>,
    /// The line of names.
    text: String,
    names: Vec<String>,
    /// The lengths of the lines that each is broken into.
    pieces: Vec<usize>,
}

impl Head {
    /// Half of `lines` as names, and half as the dashes under them, broken at the same places.
    fn of(lines: &[String]) -> Option<Self> {
        let (above, dashes) = lines.split_at(lines.len() / 2);
        let pieces: Vec<usize> = dashes.iter().map(String::len).collect();
        let whole = *pieces.first()?;
        let even = pieces.iter().rev().skip(1).all(|length| *length == whole);
        let alike = (above.iter().zip(&pieces))
            .rev()
            .skip(1)
            .all(|(line, piece)| Measure::Units.length(line) == *piece);
        if !even || !alike || !dashes.iter().all(|line| is_dashes(line)) {
            return None;
        }
        let places = columns(&dashes.concat())?;
        let text = above.concat();
        let cut = Measure::ALL
            .iter()
            .find_map(|measure| measure.cut(&text, &places))?;
        let clear = cut
            .windows(2)
            .all(|pair| text[pair[0].end..pair[1].start].bytes().all(|b| b == b' '));
        let names: Vec<String> = cut
            .iter()
            .map(|place| text[place.clone()].trim().to_owned())
            .collect();
        let odd = |name: &String| name.contains([',', ';', '\t', '"', '|']);
        let rest = cut.last().map_or("", |last| &text[last.end..]);
        let named = names.iter().any(|name| !name.is_empty())
            && !names.iter().any(odd)
            && rest.trim().is_empty();
        (clear && named).then_some(Self {
            places,
            text,
            names,
            pieces,
        })
    }
}

/// The places of the columns, if `line` is dashes with single blanks between them.
fn columns(line: &str) -> Option<Vec<Range<usize>>> {
    let line = line.trim_end_matches(' ');
    if !line.starts_with('-')
        || !line.bytes().all(|b| matches!(b, b'-' | b' '))
        || line.contains("  ")
    {
        return None;
    }
    let mut start = 0;
    Some(
        line.split(' ')
            .map(|dashes| {
                let place = start..start + dashes.len();
                start = place.end + 1;
                place
            })
            .collect(),
    )
}

/// How the places of a line are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Units,
    Characters,
    Screen,
    /// As UTF-8.
    Bytes,
}

impl Measure {
    pub(super) const ALL: [Self; 3] = [Self::Units, Self::Characters, Self::Screen];

    fn of(self, c: char) -> usize {
        match self {
            Self::Units => c.len_utf16(),
            Self::Characters => 1,
            Self::Screen => c.width().unwrap_or(1),
            Self::Bytes => c.len_utf8(),
        }
    }

    pub(super) fn length(self, text: &str) -> usize {
        if text.is_ascii() {
            text.len()
        } else {
            text.chars().map(|c| self.of(c)).sum()
        }
    }

    /// The byte at which each of `places` begins, in `text`; the text's end for places beyond it. `None` when a place
    /// is inside a character.
    pub(super) fn cut(self, text: &str, places: &[Range<usize>]) -> Option<Vec<Range<usize>>> {
        let mut wanted = places
            .iter()
            .flat_map(|place| [place.start, place.end])
            .peekable();
        let mut found = Vec::with_capacity(places.len() * 2);
        let mut at = 0;
        for (byte, c) in text.char_indices() {
            while wanted.peek() == Some(&at) {
                wanted.next();
                found.push(byte);
            }
            if wanted.peek().is_some_and(|place| *place < at) {
                return None;
            }
            at += self.of(c);
        }
        found.resize(places.len() * 2, text.len());
        Some(found.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect())
    }
}

/// What the dashes say.
struct Grid {
    places: Vec<Range<usize>>,
    /// The length of a whole line.
    total: usize,
    /// The line of names, to know it again.
    names: String,
    /// The lengths of the lines that a record is broken into; one when it is not.
    pieces: Vec<usize>,
    /// Whether blanks at the ends of lines were taken off.
    trimmed: bool,
}

/// Reads one file.
pub struct Aligned<R> {
    lines: LineReader<R>,
    grid: Option<Grid>,
    queue: Queue,
    below: bool,
    repaired: u64,
    unwrapped: bool,
}

impl<R: Read> Aligned<R> {
    /// Reads `reader`.
    pub fn new(reader: R, limits: RecordLimits) -> Self {
        Self {
            lines: LineReader::new(reader, limits),
            grid: None,
            queue: Queue::default(),
            below: false,
            repaired: 0,
            unwrapped: false,
        }
    }

    /// Takes names and dashes, if they stand here.
    fn take_names(&mut self) -> Result<bool, ReadError> {
        for broken in 1..=BROKEN {
            match self.lines.peek(broken)? {
                None => return Ok(false),
                Some(line) if is_dashes(&line.text) => return self.take_names_of(broken),
                Some(_) => {}
            }
        }
        Ok(false)
    }

    /// Takes names on `broken` lines, and dashes on as many.
    fn take_names_of(&mut self, broken: usize) -> Result<bool, ReadError> {
        let mut lines = Vec::with_capacity(broken * 2);
        for at in 0..broken * 2 {
            let Some(line) = self.lines.peek(at)? else {
                return Ok(false);
            };
            lines.push(line.text.clone());
        }
        let Some(head) = Head::of(&lines) else {
            return Ok(false);
        };
        let again = self
            .grid
            .as_ref()
            .is_some_and(|grid| grid.names == head.text);
        let line = self.lines.peek(0)?.map_or(0, |line| line.number);
        self.lines.skip(broken * 2);
        self.unwrapped |= broken > 1;
        if again && !self.below {
            let detail = "the names of the columns, again".to_owned();
            self.queue
                .reject(line, &head.text, Reason::RepeatedHeader, detail, 0);
            return Ok(true);
        }
        self.below = false;
        let total = head.places.last().map_or(0, |place| place.end);
        self.grid = Some(Grid {
            places: head.places,
            total,
            trimmed: Measure::Units.length(&head.text) < total,
            names: head.text,
            pieces: head.pieces,
        });
        self.queue.push(Waiting::Header(head.names));
        Ok(true)
    }

    /// Takes the next line and what belongs to it.
    fn step(&mut self) -> Result<bool, ReadError> {
        if self.queue.take_odd(&mut self.lines)? {
            return Ok(true);
        }
        let Some(line) = self.lines.peek(0)? else {
            return Ok(false);
        };
        if let Some(rows) = trailer::rows(&line.text) {
            self.below = true;
            return self.footer(Footer {
                rows: Some(rows),
                completed_at_ms: None,
            });
        }
        if let Some(at) = trailer::completed_at_ms(&line.text) {
            return self.footer(Footer {
                rows: None,
                completed_at_ms: Some(at),
            });
        }
        if self.names_may_stand_here()? && self.take_names()? {
            return Ok(true);
        }
        let Some(grid) = &self.grid else {
            let line = self
                .lines
                .pop()?
                .unwrap_or_else(|| unreachable!("a line was looked at"));
            let detail = "stands before the names of the columns".to_owned();
            self.queue
                .reject(line.number, &line.text, Reason::Ragged, detail, 0);
            return Ok(true);
        };
        if grid.pieces.len() > 1 {
            self.wrapped()
        } else {
            self.record()
        }
    }

    /// Names stand at the beginning, below a count, or again; where they were before, dashes are right below them.
    fn names_may_stand_here(&mut self) -> Result<bool, ReadError> {
        let Some(grid) = &self.grid else {
            return Ok(true);
        };
        let broken = grid.pieces.len();
        if self.below {
            return Ok(true);
        }
        Ok(self
            .lines
            .peek(broken)?
            .is_some_and(|line| is_dashes(&line.text) && line.text.len() > 2))
    }

    fn footer(&mut self, footer: Footer) -> Result<bool, ReadError> {
        self.lines.skip(1);
        self.queue.push(Waiting::Footer(footer));
        Ok(true)
    }

    /// A record on one line, or on more because values have line breaks.
    fn record(&mut self) -> Result<bool, ReadError> {
        let grid = self
            .grid
            .as_ref()
            .unwrap_or_else(|| unreachable!("names were read"));
        let total = grid.total;
        // The lengths of the lines so far, with the breaks between them, in each measure.
        let mut lengths = [0; Measure::ALL.len()];
        let mut end = 0;
        for at in 0..PIECES {
            let Some(line) = self.lines.peek(at)?.filter(|line| line.bad.is_none()) else {
                break;
            };
            let gap = if at == 0 {
                0
            } else {
                usize::from(line.start.saturating_sub(end) == 2) + 1
            };
            end = line.end;
            for (length, measure) in lengths.iter_mut().zip(Measure::ALL) {
                *length += gap + measure.length(&line.text);
            }
            if lengths.contains(&total) {
                let text = self.lines.joined(at + 1)?;
                let fields = self
                    .grid
                    .as_ref()
                    .and_then(|grid| grid.fields(&text, false));
                if let Some(fields) = fields {
                    return self.found(text, fields, at + 1);
                }
            }
            if lengths.iter().all(|length| *length > total) {
                break;
            }
        }
        let line = self
            .lines
            .pop()?
            .unwrap_or_else(|| unreachable!("a line was looked at"));
        let grid = self
            .grid
            .as_ref()
            .unwrap_or_else(|| unreachable!("names were read"));
        match grid.fields(&line.text, true) {
            Some(fields) => self
                .queue
                .push(Waiting::Record(held(line.number, line.text, fields))),
            None => {
                let detail = format!(
                    "expected {} places, found {}",
                    grid.total,
                    Measure::Units.length(&line.text)
                );
                self.queue
                    .reject(line.number, &line.text, Reason::Ragged, detail, 1);
            }
        }
        Ok(true)
    }

    fn found(&mut self, text: String, fields: Vec<Field>, lines: usize) -> Result<bool, ReadError> {
        let number = self.lines.peek(0)?.map_or(0, |line| line.number);
        self.repaired += u64::from(lines > 1);
        self.lines.skip(lines);
        self.queue.push(Waiting::Record(held(number, text, fields)));
        Ok(true)
    }

    /// A record on as many lines as the names.
    fn wrapped(&mut self) -> Result<bool, ReadError> {
        let lengths = self
            .grid
            .as_ref()
            .map(|grid| grid.pieces.clone())
            .unwrap_or_default();
        let mut text = String::new();
        for (at, length) in lengths.iter().enumerate() {
            let Some(line) = self.lines.peek(at)?.filter(|line| line.bad.is_none()) else {
                return self.reject_wrapped();
            };
            let fits = Measure::ALL
                .iter()
                .any(|measure| measure.length(&line.text) == *length);
            if !fits && at + 1 < lengths.len() {
                return self.reject_wrapped();
            }
            text.push_str(&line.text);
        }
        let grid = self
            .grid
            .as_ref()
            .unwrap_or_else(|| unreachable!("names were read"));
        match grid.fields(&text, grid.trimmed) {
            Some(fields) => {
                let number = self.lines.peek(0)?.map_or(0, |line| line.number);
                self.lines.skip(lengths.len());
                self.queue.push(Waiting::Record(held(number, text, fields)));
                Ok(true)
            }
            None => self.reject_wrapped(),
        }
    }

    fn reject_wrapped(&mut self) -> Result<bool, ReadError> {
        if let Some(line) = self.lines.pop()? {
            let detail = "cannot be put together with the lines around it".to_owned();
            self.queue
                .reject(line.number, &line.text, Reason::WrappedLine, detail, 1);
        }
        Ok(true)
    }
}

fn is_dashes(line: &str) -> bool {
    line.contains('-') && line.bytes().all(|b| matches!(b, b'-' | b' '))
}

fn held(line: u64, text: String, fields: Vec<Field>) -> Held {
    Held {
        line,
        text,
        cells: None,
        fields,
    }
}

impl Grid {
    /// The fields of a line that is as long as the dashes and has blanks where they have; with `short`, of one that
    /// ends in its last column.
    fn fields(&self, text: &str, short: bool) -> Option<Vec<Field>> {
        let last = self.places.last()?.start;
        Measure::ALL.iter().find_map(|measure| {
            let length = measure.length(text);
            let right = length == self.total
                || (short && length < self.total && (length > last || self.trimmed));
            if !right {
                return None;
            }
            let cut = measure.cut(text, &self.places)?;
            let blank = |gap: &str| gap.bytes().all(|b| b == b' ') && gap.len() <= 1;
            let clear = cut
                .windows(2)
                .all(|pair| blank(&text[pair[0].end..pair[1].start]));
            clear.then(|| {
                cut.into_iter()
                    .map(|place| padded_field(text, place))
                    .collect()
            })
        })
    }
}

/// A field without its padding: blanks at the end, and those before numbers, times and NULL.
pub(super) fn padded_field(text: &str, place: Range<usize>) -> Field {
    let cell = &text[place.clone()];
    let end = place.start + cell.trim_end_matches(' ').len();
    let inner = cell.trim_matches(' ');
    let right = inner == "NULL" || matches!(Look::of(inner), Look::Number | Look::Time);
    Field {
        start: if right {
            end - inner.len()
        } else {
            place.start
        },
        end,
        written: Written::Bare,
    }
}

impl<R: Read> Reader for Aligned<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.repaired > 0 {
            remarks.push(format!(
                "{} records were put together from lines that a line break had cut",
                self.repaired
            ));
        }
        if self.unwrapped {
            remarks.push("lines that the page width had broken were put together".to_owned());
        }
        remarks
    }
}
