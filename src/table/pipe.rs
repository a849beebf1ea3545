//! Aligned pipe tables, as Markdown has them.
//!
//! The law of this module: a table that a test writes and this reads with the same kinds is the same table, whatever
//! its texts hold. Each cell has to be NULL, text, or of its column's kind; a time needs a year of four digits to have
//! a text form at all.
//!
//! Outer blanks of a cell are not part of it. A backslash before ASCII punctuation stands for the
//! punctuation, as Markdown renders it. A cell wholly in double quotes is text, with `""` for a quote and
//! `\n`, `\r`, `\t`, `\u{1b}` for characters that a line cannot hold or a reader cannot see. Unlike GitHub's
//! tables, a row starts with `|` and has as many cells as the header: a cell lost in copying is an error.
//! This module does not know what the cells mean.

use super::raw::{RawCell, RawRow, RawTable, ReadProblem, TableReadError, strip_bom};
const BLANKS: [char; 2] = [' ', '\t'];

/// Reads the one pipe table that `text` holds, blank lines around it allowed.
///
/// # Errors
/// When there is no table, no line of dashes, a row of another length than the header, or more text.
pub fn read(text: &str) -> Result<RawTable, TableReadError> {
    let mut lines = (strip_bom(text).split('\n').zip(1..))
        .map(|(text, number)| Line { number, text: text.strip_suffix('\r').unwrap_or(text) });
    let mut rest = lines.by_ref().skip_while(Line::is_blank);
    let header = rest.next().ok_or(ReadProblem::NoPipeTable.at(1, 1))?;
    if !header.is_row() {
        return Err(ReadProblem::NoPipeTable.at(header.number, header.indent()));
    }
    let dashes = rest
        .next()
        .filter(|line| line.is_row() && line.cells().iter().all(|cell| is_dashes(cell.text)))
        .ok_or(ReadProblem::NoDashes.at(header.number + 1, 1))?;
    let header = header.cells();
    dashes.expect_cells(header.len())?;

    let mut table = RawTable {
        header: header.iter().map(|cell| decode(cell.text)).collect(),
        rows: Vec::new(),
        text_formulas: 0,
    };
    let mut over = false;
    for line in rest {
        if line.is_blank() {
            over = true;
        } else if over || !line.is_row() {
            return Err(ReadProblem::TextAfterTable.at(line.number, line.indent()));
        } else {
            let cells = line.expect_cells(header.len())?;
            table.rows.push(RawRow {
                line: line.number,
                cells: cells.iter().map(|cell| decode(cell.text)).collect(),
            });
        }
    }
    Ok(table)
}

struct Line<'a> {
    number: u32,
    text: &'a str,
}

/// The text between two bars and the character, counted from 1, at which it starts.
struct Span<'a> {
    column: u32,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn is_blank(&self) -> bool {
        self.text.trim_matches(BLANKS).is_empty()
    }

    fn is_row(&self) -> bool {
        self.text.trim_start_matches(BLANKS).starts_with('|')
    }

    /// The column of the first character that is not blank.
    fn indent(&self) -> u32 {
        1 + count(self.text) - count(self.text.trim_start_matches(BLANKS))
    }

    /// The cells between the bars. The last bar may be missing, as Markdown has it; a lone bar has no cells.
    fn cells(&self) -> Vec<Span<'a>> {
        let mut cells = Vec::new();
        let (mut start, mut column) = (None, 0);
        let mut escaped = false;
        for ((at, c), here) in self.text.char_indices().zip(1..) {
            if c == '|' && !escaped {
                cells.extend(start.map(|from| Span { column, text: &self.text[from..at] }));
                (start, column) = (Some(at + 1), here + 1);
            }
            escaped = c == '\\' && !escaped;
        }
        let last = start.map(|from| &self.text[from..]);
        cells.extend(
            last.filter(|text| !text.trim_matches(BLANKS).is_empty())
                .map(|text| Span { column, text }),
        );
        cells
    }

    fn expect_cells(&self, expected: usize) -> Result<Vec<Span<'a>>, TableReadError> {
        let cells = self.cells();
        let found = cells.len();
        if found == expected {
            return Ok(cells);
        }
        let end = count(self.text) + 1;
        let column = cells.get(expected).map_or(end, |cell| cell.column);
        Err(ReadProblem::Ragged { expected, found }.at(self.number, column))
    }
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn is_dashes(cell: &str) -> bool {
    let cell = cell.trim_matches(BLANKS);
    let cell = cell.strip_prefix(':').unwrap_or(cell);
    let cell = cell.strip_suffix(':').unwrap_or(cell);
    !cell.is_empty() && cell.bytes().all(|b| b == b'-')
}

fn decode(cell: &str) -> RawCell {
    let cell = cell.trim_matches(BLANKS);
    match unquote(cell) {
        Some(text) => RawCell { text, quoted: true },
        None => RawCell { text: unescape(cell), quoted: false },
    }
}

/// The text of a cell that is one quoted text from end to end, or `None`.
fn unquote(cell: &str) -> Option<String> {
    let mut rest = cell.strip_prefix('"')?;
    let mut text = String::new();
    loop {
        let c = rest.chars().next()?;
        if let Some(after) = rest.strip_prefix("\"\"") {
            text.push('"');
            rest = after;
        } else if c == '"' {
            return (rest.len() == 1).then_some(text);
        } else if let Some((meant, after)) = punctuation(rest).or_else(|| control(rest)) {
            text.push(meant);
            rest = after;
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
}

fn unescape(mut rest: &str) -> String {
    let mut text = String::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        let (meant, after) = punctuation(rest).unwrap_or((c, &rest[c.len_utf8()..]));
        text.push(meant);
        rest = after;
    }
    text
}

/// A backslash and a punctuation mark at the start of `text`: the mark, and what follows it.
fn punctuation(text: &str) -> Option<(char, &str)> {
    let after = text.strip_prefix('\\')?;
    let c = after.chars().next().filter(char::is_ascii_punctuation)?;
    Some((c, &after[1..]))
}

/// An escape that only quotes know, at the start of `text`: the character meant, and what follows it.
fn control(text: &str) -> Option<(char, &str)> {
    let after = text.strip_prefix('\\')?;
    let short = [('n', '\n'), ('r', '\r'), ('t', '\t')];
    let meant = |(letter, meant)| Some((meant, after.strip_prefix(letter)?));
    short.into_iter().find_map(meant).or_else(|| {
        let (hex, rest) = after.strip_prefix("u{")?.split_once('}')?;
        let code = u32::from_str_radix(hex, 16).ok()?;
        Some((char::from_u32(code)?, rest))
    })
}
