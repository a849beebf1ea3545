//! Reads grids: Markdown as written by Azure Data Studio, a printed grid or one pasted as a Markdown table, and the box
//! the box of `+`, `-` and `|` of go-sqlcmd, of mssql-cli and of the mysql client.
//!
//! Azure Data Studio puts no spaces around a cell, so spaces are part of it, and escapes characters as in HTML. A
//! printed grid is padded, may escape `_`, and may have its row numbers in a separate column or run into the first
//! column.

use std::io::Read;

use crate::import::format::detect::{CellShape, is_known_column};
use crate::import::format::{TableBorders, trailer};
use crate::import::reader::lines::LineReader;
use crate::import::reader::queue::{Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{ReadError, Reason, RecordLimits, Trailer};

/// The maximum number of lines before the table.
const BEFORE: usize = 40;

/// The score of `lines` as a grid drawn as `bars`.
#[must_use]
pub fn score(bars: TableBorders, lines: &[String]) -> f64 {
    let beginning = &lines[..lines.len().min(BEFORE)];
    let found = beginning.windows(2).any(|pair| match bars {
        TableBorders::Box => pair[0].starts_with('+') && is_box_rule(&pair[0]) && is_row(&pair[1]),
        TableBorders::Markdown => {
            is_row(&pair[0]) && is_rule(&pair[1]) && cells(&pair[0]).len() == cells(&pair[1]).len()
        }
    });
    if found { 0.95 } else { 0.0 }
}

/// Whether `line` is `+----+----+`, or `|----+----|` as mssql-cli draws it under the header.
fn is_box_rule(line: &str) -> bool {
    let line = line.trim();
    let inner = ['+', '|'].into_iter().find_map(|end| {
        let inner = line.strip_prefix(end)?;
        inner.strip_suffix(end)
    });
    inner
        .is_some_and(|inner| inner.contains('-') && inner.bytes().all(|b| matches!(b, b'+' | b'-')))
}

/// Whether `line` has a bar at either end.
fn is_row(line: &str) -> bool {
    let line = line.trim_end_matches([' ', '\t']);
    line.len() > 1 && line.starts_with('|') && line.ends_with('|')
}

/// Whether `line` is `|---|:--:|`.
fn is_rule(line: &str) -> bool {
    is_row(line)
        && cells(line).iter().all(|cell| {
            let cell = cell.trim().trim_start_matches(':').trim_end_matches(':');
            !cell.is_empty() && cell.bytes().all(|b| b == b'-')
        })
}

/// The text between the bars of `line` that are not escaped.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim_end_matches([' ', '\t']);
    let inner = line.strip_prefix('|').unwrap_or(line);
    let mut cells = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'|' if !escaped => {
                cells.push(&inner[start..at]);
                start = at + 1;
                escaped = false;
            }
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    if start < inner.len() {
        cells.push(&inner[start..]);
    }
    cells
}

/// How cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Azure Data Studio: no spaces around, HTML entities.
    Tight,
    /// Printed: padded, escaped.
    Padded,
    /// DBeaver's text: padded on the right, nothing escaped, no space on the left.
    Filled,
    /// go-sqlcmd's box: a space on the left, padded on the right, nothing escaped.
    Box,
}

/// Where the grid's row numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    None,
    Own,
    Merged,
}

/// Reads one file.
pub struct Grid<R> {
    lines: LineReader<R>,
    style: Style,
    width: usize,
    header: String,
    numbers: Numbers,
    row: u64,
    queue: Queue,
    merged: bool,
    /// Whether the previous line is blank, or nothing is above.
    below_blank: bool,
    /// How many lines around a Markdown table are text.
    texts: u64,
}

impl<R: Read> Grid<R> {
    /// Reads `reader`, with `bars` as its style.
    pub fn new(reader: R, bars: TableBorders, limits: RecordLimits) -> Self {
        Self {
            lines: LineReader::new(reader, limits),
            style: match bars {
                TableBorders::Box => Style::Box,
                TableBorders::Markdown => Style::Tight,
            },
            width: 0,
            header: String::new(),
            numbers: Numbers::None,
            row: 0,
            queue: Queue::default(),
            merged: false,
            below_blank: true,
            texts: 0,
        }
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        let is_blank = line.is_blank();
        // A blank line ends a table of Markdown, and what is outside of it is text.
        let is_outside = self.width == 0 || self.below_blank;
        let is_text =
            self.style != Style::Box && is_outside && !is_blank && !line.text.contains('|');
        self.below_blank = is_blank || (self.below_blank && is_text);
        if let Some(reject) = line.bad {
            self.queue.push(Waiting::Reject(reject));
        } else if is_text && trailer::rows(&line.text).is_none() {
            self.texts += 1;
        } else if is_blank || (self.style == Style::Box && is_box_rule(&line.text)) {
        } else if let Some(rows) = trailer::rows(&line.text) {
            self.queue.push(Waiting::Trailer(Trailer { rows: Some(rows), completed_at_ms: None }));
        } else if is_row(&line.text) && self.rule_follows()? {
            self.names(line.number, &line.text)?;
        } else if self.width == 0 {
            let detail = "precedes the table".to_owned();
            self.queue.reject(line.number, &line.text, Reason::Ragged, detail, 0);
        } else {
            self.record(line.number, &line.text);
        }
        Ok(true)
    }

    fn rule_follows(&mut self) -> Result<bool, ReadError> {
        let style = self.style;
        Ok(self.lines.peek(0)?.is_some_and(|line| match style {
            Style::Box => is_box_rule(&line.text),
            _ => is_rule(&line.text),
        }) && (style != Style::Box || self.width == 0))
    }

    /// Takes the header, and the rule under it.
    fn names(&mut self, number: u64, line: &str) -> Result<(), ReadError> {
        if self.width > 0 && self.header == line {
            self.lines.skip(1);
            let detail = "repeated header".to_owned();
            self.queue.reject(number, line, Reason::RepeatedHeader, detail, 0);
            return Ok(());
        }
        let rule = self.lines.peek(0)?.map(|line| line.text.clone());
        self.lines.skip(1);
        let raw = cells(line);
        if self.style != Style::Box {
            let padded = raw.iter().any(|cell| cell.starts_with(' ') || cell.ends_with(' '));
            self.style = match padded {
                _ if self.is_filled(line, &rule.unwrap_or_default())? => Style::Filled,
                true => Style::Padded,
                false => Style::Tight,
            };
        }
        self.width = raw.len();
        line.clone_into(&mut self.header);
        self.row = 0;
        let mut names: Vec<String> = raw.iter().map(|cell| self.cell(cell)).collect();
        self.numbers = self.numbers_of(&names)?;
        if self.numbers == Numbers::Own {
            names.remove(0);
        }
        self.queue.push(Waiting::Header(names));
        Ok(())
    }

    /// Whether each cell of the header and of the first rows is as wide as the dashes of its column, and begins at the
    /// bar.
    fn is_filled(&mut self, header: &str, rule: &str) -> Result<bool, ReadError> {
        const SHOWN: usize = 16;
        let widths = |line: &str| -> Vec<usize> {
            cells(line).iter().map(|cell| cell.chars().count()).collect()
        };
        let wanted = widths(rule);
        let begins_blank = cells(header).iter().any(|cell| cell.starts_with(' '));
        if rule.contains([' ', ':']) || begins_blank || widths(header) != wanted {
            return Ok(false);
        }
        // DBeaver does not escape a bar: it would begin another column.
        let mut is_escaped = header.contains("\\|");
        let mut ends_blank = cells(header).iter().any(|cell| cell.ends_with(' '));
        for at in 0..SHOWN {
            match self.lines.peek(at)? {
                Some(line) if is_row(&line.text) && widths(&line.text) == wanted => {
                    ends_blank |= cells(&line.text).iter().any(|cell| cell.ends_with(' '));
                    is_escaped |= line.text.contains("\\|");
                }
                Some(line) if is_row(&line.text) => return Ok(false),
                _ => break,
            }
        }
        Ok(ends_blank && !is_escaped)
    }

    /// Where row numbers are, detected from the first rows.
    fn numbers_of(&mut self, names: &[String]) -> Result<Numbers, ReadError> {
        if self.style != Style::Padded {
            return Ok(Numbers::None);
        }
        let mut first = Vec::new();
        for at in 0..3 {
            match self.lines.peek(at)? {
                Some(line) if is_row(&line.text) => {
                    let cell = cells(&line.text).first().map(|cell| cell.trim().to_owned());
                    first.extend(cell);
                }
                _ => break,
            }
        }
        if names.len() > 1 && names[0].is_empty() {
            let counted = (1..).zip(&first).all(|(row, cell): (u32, _)| *cell == row.to_string());
            return Ok(if counted { Numbers::Own } else { Numbers::None });
        }
        let run_in = (1..).zip(&first).all(|(row, cell): (u32, _)| {
            cell.strip_prefix(&format!("{row} ")).is_some_and(|rest| !rest.trim().is_empty())
        });
        let named = names.first().is_some_and(|name| is_known_column(name));
        Ok(if run_in && !first.is_empty() && named { Numbers::Merged } else { Numbers::None })
    }

    /// The value of a cell.
    fn cell(&self, cell: &str) -> String {
        match self.style {
            Style::Tight => {
                entities(&cell.replace("\\|", "|").replace("<br />", "\n").replace("<br>", "\n"))
            }
            Style::Padded => marked_up(cell.trim()),
            Style::Filled => {
                let bare = cell.trim_matches(' ');
                let is_number = CellShape::of(bare) == CellShape::Number;
                if is_number { bare } else { cell.trim_end_matches(' ') }.to_owned()
            }
            Style::Box => {
                let text = cell.strip_prefix(' ').unwrap_or(cell).trim_end_matches(' ');
                // The mysql client writes numbers at the right.
                let bare = text.trim_start_matches(' ');
                let is_right = !cell.ends_with("  ") && CellShape::of(bare) == CellShape::Number;
                if is_right { bare } else { text }.to_owned()
            }
        }
    }

    fn record(&mut self, number: u64, line: &str) {
        let raw = cells(line);
        if raw.len() != self.width || !is_row(line) {
            let detail = format!("expected {} cells between bars, found {}", self.width, raw.len());
            self.queue.reject(number, line, Reason::Ragged, detail, 1);
            return;
        }
        self.row += 1;
        let mut values: Vec<String> = raw.iter().map(|cell| self.cell(cell)).collect();
        match self.numbers {
            Numbers::None => {}
            Numbers::Own => {
                values.remove(0);
            }
            Numbers::Merged => {
                if let Some(rest) = values[0].strip_prefix(&format!("{} ", self.row)) {
                    values[0] = rest.trim_start().to_owned();
                    self.merged = true;
                }
            }
        }
        let mut held = OwnedRecord::new(number, line.to_owned());
        values.iter().for_each(|value| held.push(Some(value)));
        self.queue.push(Waiting::Record(held));
    }
}

/// The text of a cell in Markdown: a backslash before punctuation makes it literal, `<br>` is a line break, and
/// entities are characters.
fn marked_up(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let escaped = rest[1..].chars().next().filter(char::is_ascii_punctuation);
        let breaks = ["<br>", "<br/>", "<br />"].into_iter().find(|tag| rest.starts_with(tag));
        let (meant, length) = match (rest.as_bytes()[0], escaped, breaks) {
            (b'\\', Some(escaped), _) => (escaped, 2),
            (b'<', _, Some(tag)) => ('\n', tag.len()),
            (b'&', ..) => entity_at(rest).unwrap_or(('&', 1)),
            (other, ..) => (char::from(other), 1),
        };
        out.push(meant);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// The character of the entity at the beginning of `text`, and how long that is.
fn entity_at(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|b| b == b';')?;
    Some((entity(&text[1..end])?, end + 1))
}

/// Replaces HTML and XML entities with their characters. Unknown ones are kept.
#[must_use]
pub fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (meant, length) = entity_at(rest).unwrap_or(('&', 1));
        out.push(meant);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

impl<R: Read> Reader for Grid<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        let merged = "the grid's row numbers, merged into the first column, were removed";
        let texts = match self.texts {
            1 => "1 line of text around the table was skipped".to_owned(),
            n => format!("{n} lines of text around the table were skipped"),
        };
        let merged = self.merged.then(|| merged.to_owned());
        merged.into_iter().chain((self.texts > 0).then_some(texts)).collect()
    }
}
