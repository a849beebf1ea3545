//! Splits a line of a format that quotes a field only if it contains the separator, when it is unknown whether quotes
//! inside are doubled. An interpretation is accepted if it is the only one that fits the columns.

use crate::record::{Field, Written};
use crate::work;

/// The result of splitting a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// The fields of the line.
    Fields(Vec<Field>),
    /// A quote is open: the field may continue on the next line.
    Open,
    /// More than one interpretation fits.
    Unclear,
}

/// The maximum length of a line, in bytes, that is split in more than one way. In a longer one quotes mean nothing.
const LONGEST: usize = 1 << 20;

/// The maximum number of steps per byte, and for a short line. A line that needs more is ambiguous.
const STEPS: usize = 256;
const SHORT: usize = 1 << 16;

/// The fields of `line` if quotes mean nothing.
#[must_use]
pub fn bare(line: &str, delimiter: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut start = 0;
    loop {
        let end = next(line, start, delimiter);
        fields.push(field(start, end, Written::Bare));
        if end >= line.len() {
            return fields;
        }
        start = end + delimiter.len();
    }
}

/// Splits `line`, which is to have `width` fields, or any number if that is 0.
///
/// A line of n quotes has up to 2^n interpretations, so they are counted, not enumerated: the number of ways to reach a
/// position with so many fields before it is the sum over the ends of the previous field. The ends of a quoted field
/// are all closing quotes from some position on, so that one pass over the closing quotes serves all fields that begin
/// with the same number of fields before them. The work is at most positions times fields, and stops at [`STEPS`].
#[must_use]
pub fn split(line: &str, delimiter: &str, width: usize) -> Split {
    let plain = bare(line, delimiter);
    if !line.contains('"') || delimiter.is_empty() || line.len() > LONGEST {
        return Split::Fields(plain);
    }
    let closing = Closing::of(line, delimiter);
    let most = SHORT.max(line.len().saturating_mul(STEPS));
    let mut steps = 0;
    // For each number of fields before it: the places that are reached, in order.
    let mut layers = vec![vec![Place::begin()]];
    let mut found = None;
    let mut open = false;
    while let Some(layer) = layers.last().filter(|layer| !layer.is_empty()) {
        if width > 0 && layers.len() > width {
            break;
        }
        let (next, is_open) = closing.next(layer);
        open |= is_open;
        steps += layer.len() + next.len() + closing.quotes.len();
        work::steps(layer.len() + next.len() + closing.quotes.len());
        if steps > most {
            return Split::Unclear;
        }
        let at_end = next.last().filter(|place| place.start > line.len());
        if let Some(last) = at_end.filter(|_| width == 0 || layers.len() == width) {
            if found.is_some() || last.ways > 1 {
                return Split::Unclear;
            }
            found = Some(layers.len());
        }
        layers.push(next);
    }
    match found {
        Some(count) => Split::Fields(closing.fields(&layers, count)),
        None if open => Split::Open,
        None => Split::Fields(plain),
    }
}

/// A position at which a field may begin, with some number of fields before it.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The byte; beyond the line's end when the line is read to its end.
    start: usize,
    /// The number of ways in which it is reached: 1, or 2 for more.
    ways: u8,
    /// The position in the previous layer from which it is reached, if there is only one way.
    from: usize,
    /// The end of the field before it.
    end: usize,
}

impl Place {
    fn begin() -> Self {
        Self { start: 0, ways: 1, from: 0, end: 0 }
    }
}

/// The positions of a line at which fields may end.
struct Closing<'l> {
    line: &'l str,
    delimiter: &'l str,
    /// The quotes that may close a field: followed directly by the separator or the end of the line.
    quotes: Vec<usize>,
    /// The positions of separators.
    separators: Vec<usize>,
    /// The line ends within the text.
    breaks: Vec<usize>,
}

impl<'l> Closing<'l> {
    fn of(line: &'l str, delimiter: &'l str) -> Self {
        let closes = |at: &usize| {
            let behind = &line[at + 1..];
            behind.is_empty() || behind.starts_with(delimiter)
        };
        let at = |(at, _): (usize, &str)| at;
        Self {
            line,
            delimiter,
            quotes: line.match_indices('"').map(at).filter(closes).collect(),
            separators: (line.char_indices().map(|(at, _)| at))
                .filter(|at| line[*at..].starts_with(delimiter))
                .collect(),
            breaks: line.match_indices(['\r', '\n']).map(at).collect(),
        }
    }

    /// The positions that the fields which begin in `layer` lead to, in order, and whether one of them may be open at
    /// the end of the line.
    fn next(&self, layer: &[Place]) -> (Vec<Place>, bool) {
        let mut next = Vec::new();
        let mut open = false;
        // The fields in quotes, each with the place from which on it may close: behind a separator or a line break.
        let mut quoted = Vec::new();
        for (from, place) in layer.iter().enumerate() {
            if place.start > self.line.len() {
                continue;
            }
            let end = first_from(&self.separators, place.start).unwrap_or(self.line.len());
            next.push(self.behind(end, place.ways, from, end));
            if self.line[place.start..].starts_with('"') {
                let inner = place.start + 1;
                let separator = first_from(&self.separators, inner);
                let reason = separator.into_iter().chain(first_from(&self.breaks, inner)).min();
                open |= reason.is_some() || !self.line[inner..].contains('"');
                quoted.extend(reason.map(|reason| (reason, place.ways, from)));
            }
        }
        let mut waiting = quoted.into_iter().peekable();
        let (mut ways, mut last) = (0_u8, 0);
        let first = waiting.peek().map_or(self.line.len(), |field| field.0);
        let begin = self.quotes.partition_point(|quote| *quote <= first);
        for quote in &self.quotes[begin..] {
            while let Some((_, more, from)) = waiting.next_if(|field| field.0 < *quote) {
                ways = (ways + more).min(2);
                last = from;
            }
            next.push(self.behind(quote + 1, ways, last, *quote));
        }
        next.sort_by_key(|place| place.start);
        next.dedup_by(|again, kept| {
            let same = again.start == kept.start;
            if same {
                kept.ways = 2;
            }
            same
        });
        (next, open)
    }

    /// The position after a field whose separator is at `at`.
    fn behind(&self, at: usize, ways: u8, from: usize, end: usize) -> Place {
        let start =
            if at < self.line.len() { at + self.delimiter.len() } else { self.line.len() + 1 };
        Place { start, ways, from, end }
    }

    /// The fields of the only path through `layers` that has `count` of them.
    fn fields(&self, layers: &[Vec<Place>], count: usize) -> Vec<Field> {
        let mut fields = Vec::with_capacity(count);
        let mut at = layers[count].len() - 1;
        for layer in (1..=count).rev() {
            let place = layers[layer][at];
            at = place.from;
            let start = layers[layer - 1][at].start;
            let in_quotes = self.line[start..].starts_with('"') && {
                let bare = first_from(&self.separators, start).unwrap_or(self.line.len());
                bare != place.end
            };
            fields.push(if in_quotes {
                self.quoted(start + 1, place.end)
            } else {
                field(start, place.end, Written::Bare)
            });
        }
        fields.reverse();
        fields
    }

    fn quoted(&self, start: usize, end: usize) -> Field {
        let text = &self.line[start..end];
        let doubled = text.contains('"') && !text.replace("\"\"", "").contains('"');
        let written = if doubled { Written::Doubled } else { Written::Quoted };
        field(start, end, written)
    }
}

/// The first of the ascending `places` that is not before `at`.
fn first_from(places: &[usize], at: usize) -> Option<usize> {
    places.get(places.partition_point(|place| *place < at)).copied()
}

fn field(start: usize, end: usize, written: Written) -> Field {
    Field { start, end, written }
}

/// The position of the next `delimiter` at or after `start`, or the end.
fn next(line: &str, start: usize, delimiter: &str) -> usize {
    line[start..].find(delimiter).map_or(line.len(), |at| start + at)
}
