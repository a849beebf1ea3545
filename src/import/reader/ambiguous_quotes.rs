//! Splits a line of a form that quotes a field only when it holds the separator, and of which nobody knows what it does
//! with quotes inside: doubled or as they are. A reading is taken when it is the only one that fits the columns.

use crate::record::{Field, Written};

/// What a line splits into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// Fields.
    Fields(Vec<Field>),
    /// A quote is open: the field may go on in the next line.
    Open,
    /// More than one reading fits.
    Unclear,
}

/// How many readings are followed at once. A line with more than that is not clear.
const READINGS: usize = 64;

/// The longest line, in bytes, that is read in more than one way. In a longer one quotes mean nothing.
const LONGEST: usize = 1 << 20;

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
#[must_use]
pub fn split(line: &str, delimiter: &str, width: usize) -> Split {
    let plain = bare(line, delimiter);
    if !line.contains('"') || delimiter.is_empty() || line.len() > LONGEST {
        return Split::Fields(plain);
    }
    let mut found: Vec<Vec<Field>> = Vec::new();
    let mut open = false;
    // Each reading: its fields so far, and where the next one begins.
    let mut readings = vec![(Vec::new(), 0)];
    while let Some((fields, start)) = readings.pop() {
        if found.len() > 1 || readings.len() > READINGS {
            return Split::Unclear;
        }
        if width > 0 && fields.len() >= width {
            continue;
        }
        let mut ways = Vec::new();
        let end = next(line, start, delimiter);
        ways.push((field(start, end, Written::Bare), end));
        if line[start..].starts_with('"') {
            open |= quoted(line, start, delimiter, &mut ways);
        }
        for (field, end) in ways {
            let mut fields = fields.clone();
            fields.push(field);
            if end < line.len() {
                readings.push((fields, end + delimiter.len()));
            } else if width == 0 || fields.len() == width {
                found.push(fields);
            }
        }
    }
    match found.len() {
        1 => Split::Fields(found.remove(0)),
        0 if open => Split::Open,
        0 => Split::Fields(plain),
        _ => Split::Unclear,
    }
}

/// Adds each way to close the quote at `start`. Whether the field may be open at the end of the line.
fn quoted(line: &str, start: usize, delimiter: &str, ways: &mut Vec<(Field, usize)>) -> bool {
    let inner = start + 1;
    let breaks = line[inner..].find(['\r', '\n']);
    let separator = line[inner..]
        .find(delimiter)
        .into_iter()
        .chain(breaks)
        .min();
    for (at, _) in line[inner..].match_indices('"') {
        let close = inner + at;
        let behind = &line[close + 1..];
        let closes = behind.is_empty() || behind.starts_with(delimiter);
        if closes && separator.is_some_and(|separator| separator < at) {
            let text = &line[inner..close];
            let doubled = text.contains('"') && !text.replace("\"\"", "").contains('"');
            let written = if doubled {
                Written::Doubled
            } else {
                Written::Quoted
            };
            ways.push((field(inner, close, written), close + 1));
            if ways.len() > READINGS {
                break;
            }
        }
    }
    separator.is_some() || !line[inner..].contains('"')
}

fn field(start: usize, end: usize, written: Written) -> Field {
    Field {
        start,
        end,
        written,
    }
}

/// Where `delimiter` next stands at or behind `start`, or the end.
fn next(line: &str, start: usize, delimiter: &str) -> usize {
    line[start..]
        .find(delimiter)
        .map_or(line.len(), |at| start + at)
}
