//! Reads one line per cell, the padded column name followed by its value, with a blank line after each row: go-sqlcmd's
//! vertical output, and PowerShell's Format-List, which has a colon before the value; or with a line above each row
//! that contains its number: mssql-cli's and psql's `-[ RECORD 1 ]-`, MySQL's `*** 1. row ***`.
//!
//! In go-sqlcmd, a line that does not begin with the next name continues the previous value. Format-List wraps long
//! values at the console width and breaks lines of a value in the same way, so such a row is rejected.

use std::collections::HashSet;
use std::io::Read;

use crate::import::format::detect::is_known_column;
use crate::import::format::{NameSeparator, trailer};
use crate::import::reader::lines::LineReader;
use crate::import::reader::queue::{Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{ReadError, Reason, RecordLimits, Trailer};

/// The score of `lines` as one cell per line.
#[must_use]
pub fn score(mark: NameSeparator, lines: &[String]) -> f64 {
    let first: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .skip_while(|line| line.trim().is_empty())
        .take(2000)
        .collect();
    // Where the names below are unclear, no other format is meant, and its reader rejects the lines.
    let is_numbered = first.first().is_some_and(|line| sign_below(line).is_some());
    if is_numbered || mark == NameSeparator::Numbered {
        return match is_numbered && mark == NameSeparator::Numbered {
            true => 0.95,
            false => 0.0,
        };
    }
    let Some(names) = names(&first).filter(|names| mark_of(names, &first) == mark) else {
        return 0.0;
    };
    let known = names.iter().filter(|name| is_known_column(name)).count();
    if known * 2 >= names.len() && known > 0 { 0.95 } else { 0.0 }
}

/// The names in the first row: the longest one determines where values begin.
fn names(lines: &[&str]) -> Option<Vec<String>> {
    let row: Vec<&str> = lines.iter().copied().take_while(|line| !line.is_empty()).collect();
    let word = |line: &str| line.find(' ').unwrap_or(line.len());
    // Lines of a value with line breaks are no names; what the product calls a column is one.
    let named = |line: &&str| is_known_column(&line[..word(line)]);
    let room = row.iter().filter(|line| named(line)).map(|line| word(line)).max()? + 1;
    let fits = |line: &&str| {
        let word = word(line);
        word > 0
            && word < room
            && line.len() >= room
            && line.as_bytes()[word..room].iter().all(|b| *b == b' ')
    };
    let names: Vec<String> =
        row.iter().filter(|line| fits(line)).map(|line| line[..word(line)].to_owned()).collect();
    let letter = |c: char| c.is_alphabetic() || matches!(c, '_' | '[');
    let distinct: HashSet<&String> = names.iter().collect();
    let are_names =
        distinct.len() == names.len() && names.iter().all(|name| name.starts_with(letter));
    (are_names && names.len() > 1 && names.len() * 2 >= row.len()).then_some(names)
}

/// The separator between a name and its value below `line`, if that is the line with a row's number.
fn sign_below(line: &str) -> Option<char> {
    let numbered = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = line.strip_prefix("-[ RECORD ") {
        let (number, rule) = rest.split_once(" ]-")?;
        let is_rule = rule.bytes().all(|b| matches!(b, b'-' | b'+'));
        return (numbered(number) && is_rule).then_some('|');
    }
    let stars = line.trim_matches('*').trim_matches(' ');
    let number = stars.strip_suffix(". row")?;
    (line.starts_with("***") && line.ends_with("***") && numbered(number)).then_some(':')
}

/// The names in the first row below a numbered line, with the position of the separator, and the separator.
fn numbered_names(lines: &[&str]) -> Option<(Vec<String>, usize, char)> {
    let (above, rest) = lines.split_first()?;
    let sign = sign_below(above)?;
    let room = rest.first()?.find(sign)?;
    let row = rest.iter().take_while(|line| !line.is_empty() && sign_below(line).is_none());
    let named = row.filter_map(|line| {
        let name = line.get(..room)?.trim_matches(' ');
        (line[room..].starts_with(sign) && !name.is_empty()).then(|| name.to_owned())
    });
    let names: Vec<String> = named.collect();
    let distinct: HashSet<&String> = names.iter().collect();
    (distinct.len() == names.len() && !names.is_empty()).then_some((names, room, sign))
}

/// The text after the names in the first row.
fn mark_of(names: &[String], lines: &[&str]) -> NameSeparator {
    let room = names.iter().map(String::len).max().unwrap_or(0) + 1;
    let row = lines.iter().take_while(|line| !line.is_empty());
    let mut values = row.filter_map(|line| line.get(room..));
    match values.all(|value| value == ":" || value.starts_with(": ") || value.starts_with("  ")) {
        true => NameSeparator::Colon,
        false => NameSeparator::Blanks,
    }
}

/// Reads one file.
pub struct Vertical<R> {
    lines: LineReader<R>,
    names: Vec<String>,
    queue: Queue,
    begun: bool,
    mark: NameSeparator,
    /// The position of the separator after the names, if rows are numbered.
    sign: Option<(usize, char)>,
    /// The maximum size of a row.
    limit: usize,
}

impl<R: Read> Vertical<R> {
    /// Reads records from `reader`.
    pub fn new(reader: R, mark: NameSeparator, limits: RecordLimits) -> Self {
        Self {
            lines: LineReader::new(reader, limits),
            names: Vec::new(),
            queue: Queue::default(),
            begun: false,
            mark,
            sign: None,
            limit: limits.record,
        }
    }

    fn begin(&mut self) -> Result<(), ReadError> {
        self.begun = true;
        while self.lines.peek(0)?.is_some_and(crate::import::reader::lines::Line::is_blank) {
            self.lines.skip(1);
        }
        let mut first = Vec::new();
        while let Some(line) =
            self.lines.peek(first.len())?.filter(|line| !line.text.is_empty() && first.len() < 2000)
        {
            first.push(line.text.clone());
        }
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        let found = match self.mark {
            NameSeparator::Numbered => numbered_names(&first).map(|(names, room, sign)| {
                self.sign = Some((room, sign));
                names
            }),
            NameSeparator::Blanks | NameSeparator::Colon => names(&first),
        };
        if let Some(names) = found {
            self.names.clone_from(&names);
            self.queue.push(Waiting::Header(names));
        }
        Ok(())
    }

    /// The value in `line` if it is of column `at`.
    fn value<'l>(&self, line: &'l str, at: usize) -> Option<&'l str> {
        if let Some((room, sign)) = self.sign {
            let value = line.get(room..)?.strip_prefix(sign)?;
            let is_named = line.get(..room)?.trim_matches(' ') == self.names.get(at)?;
            return is_named.then(|| value.strip_prefix(' ').unwrap_or(value));
        }
        let room = self.names.iter().map(String::len).max()? + 1;
        let name = self.names.get(at)?;
        let padding = line.strip_prefix(name.as_str())?.get(..room - name.len())?;
        let value = padding.bytes().all(|b| b == b' ').then(|| &line[room..])?;
        match self.mark {
            NameSeparator::Blanks => Some(value),
            NameSeparator::Colon | NameSeparator::Numbered => {
                value.strip_prefix(':').map(|value| value.strip_prefix(' ').unwrap_or(value))
            }
        }
    }

    /// Whether a line has the number of the row below.
    fn is_number(&self, line: &str) -> bool {
        self.sign.is_some() && sign_below(line).is_some()
    }

    /// The continuation of a value in psql's style, with spaces for the name, if the previous line ends in a plus.
    fn rest<'l>(&self, line: &'l str, before: &mut String) -> Option<&'l str> {
        let (room, sign) = self.sign?;
        let rest = line.get(room..)?.strip_prefix(sign)?;
        let is_rest = line.get(..room)?.bytes().all(|b| b == b' ') && before.ends_with('+');
        if !is_rest {
            return None;
        }
        let kept = before[..before.len() - 1].trim_end_matches(' ').len();
        before.truncate(kept);
        Some(rest.strip_prefix(' ').unwrap_or(rest))
    }

    /// Whether a line begins as a cell of some column does.
    fn is_cell(&self, line: &str) -> bool {
        (0..self.names.len()).any(|at| self.value(line, at).is_some())
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.peek(0)?.cloned() else {
            return Ok(false);
        };
        if line.is_blank() || self.is_number(&line.text) {
            self.lines.skip(1);
        } else if let Some(reject) = line.bad {
            self.lines.skip(1);
            self.queue.push(Waiting::Reject(reject));
        } else if let Some(rows) = trailer::rows(&line.text) {
            self.lines.skip(1);
            self.queue.push(Waiting::Trailer(Trailer { rows: Some(rows), completed_at_ms: None }));
        } else if self.value(&line.text, 0).is_some() {
            self.row()?;
        } else {
            self.lines.skip(1);
            let detail = "is not a cell of a row".to_owned();
            self.queue.reject(line.number, &line.text, Reason::Ragged, detail, 1);
        }
        Ok(true)
    }

    /// A row: its cells, with their continuation lines.
    fn row(&mut self) -> Result<(), ReadError> {
        let first = self.lines.peek(0)?.map_or(0, |line| line.number);
        let mut text = String::new();
        let mut values: Vec<String> = Vec::new();
        let mut last: Option<crate::import::reader::lines::Line> = None;
        let (mut is_wrapped, mut is_doubtful) = (false, false);
        while let Some(line) = self.lines.peek(0)?.filter(|line| line.bad.is_none()).cloned() {
            let full = values.len() == self.names.len();
            let is_count = self.sign.is_some() && trailer::rows(&line.text).is_some();
            if full && (is_count || self.ends_here()?) {
                break;
            }
            if self.is_number(&line.text) {
                break;
            }
            let value = self.value(&line.text, values.len());
            if value.is_none() && self.sign.is_none() && self.value(&line.text, 0).is_some() {
                break;
            }
            if text.len() + line.text.len() > self.limit {
                let detail = format!("longer than {} bytes", self.limit);
                self.queue.reject(first, &text, Reason::TooLong, detail, 1);
                return Ok(());
            }
            let between = last.as_ref().map_or("", |last| last.break_before(&line));
            text.push_str(between);
            text.push_str(&line.text);
            match (value, values.last_mut()) {
                (Some(value), _) => values.push(value.to_owned()),
                (None, Some(goes_on)) => {
                    is_wrapped |= !line.text.is_empty();
                    is_doubtful |= self.sign.is_some() && self.is_cell(&line.text);
                    let rest = self.rest(&line.text, goes_on).unwrap_or(&line.text);
                    goes_on.push_str(between);
                    goes_on.push_str(rest);
                }
                (None, None) => {}
            }
            last = Some(line);
            self.lines.skip(1);
        }
        if is_doubtful {
            let detail = "a line may be a cell, or the rest of a value".to_owned();
            self.queue.reject(first, &text, Reason::Ragged, detail, 1);
        } else if is_wrapped && self.mark == NameSeparator::Colon {
            let detail =
                "a value continues on the next line, wrapped at the console width".to_owned();
            self.queue.reject(first, &text, Reason::WrappedLine, detail, 1);
        } else if values.len() == self.names.len() {
            let mut held = OwnedRecord::new(first, text);
            values.iter().for_each(|value| held.push(Some(value)));
            self.queue.push(Waiting::Record(held));
        } else {
            let detail = format!("expected {} cells, found {}", self.names.len(), values.len());
            self.queue.reject(first, &text, Reason::Truncated, detail, 1);
        }
        Ok(())
    }

    /// Whether a blank line is next, followed by another row, a count or the end.
    fn ends_here(&mut self) -> Result<bool, ReadError> {
        if self.lines.peek(0)?.is_some_and(|line| !line.text.is_empty()) {
            return Ok(false);
        }
        let mut at = 1;
        while self.lines.peek(at)?.is_some_and(|line| line.text.is_empty()) && at < 1000 {
            at += 1;
        }
        let Some(next) = self.lines.peek(at)?.cloned() else {
            return Ok(true);
        };
        Ok(self.value(&next.text, 0).is_some()
            || self.is_number(&next.text)
            || trailer::rows(&next.text).is_some()
            || next.bad.is_some())
    }
}

impl<R: Read> Reader for Vertical<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        if !self.begun {
            self.begin()?;
        }
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }
}
