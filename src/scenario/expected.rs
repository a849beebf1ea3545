//! Reads an expected file: a grid as a pipe table, CSV or TSV, or lines of text in Markdown.
//!
//! Cells stay text here: their kinds are known only once the query has run.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::{Layout, PrintedCell, PrintedRow};
use crate::diagnostic::{Positions, count};

/// The one column of [`Layout::Lines`].
pub const LINE_COLUMN: &str = "line";

/// An error in an expected file: the line, and what is wrong.
pub(super) type Mistake = (u32, String);
pub(super) type Read = (Layout, Vec<String>, Vec<PrintedRow>);

/// Reads the expected file called `name`.
pub(super) fn read_expected(name: &str, text: &str) -> Result<Read, Mistake> {
    let grid = if name.ends_with(".csv") {
        read_delimited(text, ',')?
    } else if name.ends_with(".tsv") {
        read_delimited(text, '\t')?
    } else if text.trim_start().starts_with('|') {
        read_pipe(text)?
    } else {
        return Ok((Layout::Lines, Vec::new(), read_lines(text)));
    };
    let (header, rows) = grid;
    if let Some(row) = rows.iter().find(|row| row.cells.len() != header.len()) {
        let (expected, found) = (header.len(), row.cells.len());
        let message = format!("expected {expected} cells as in the header, found {found}");
        return Err((row.line, message));
    }
    Ok((Layout::Grid, header, rows))
}

type Grid = (Vec<String>, Vec<PrintedRow>);

fn cell(text: String, quoted: bool) -> PrintedCell {
    PrintedCell { text, quoted, erratum: None }
}

fn read_pipe(text: &str) -> Result<Grid, Mistake> {
    let mut lines = (1..).zip(text.lines()).skip_while(|(_, line)| line.trim().is_empty());
    let (first, header) = lines.next().unwrap_or((1, ""));
    let header: Vec<_> = pipe_cells(header);
    let dashes = lines.next().filter(|(_, line)| is_rule(line));
    let Some((line, dashes)) = dashes else {
        let message = "expected a line of dashes like `|---|` below the header";
        return Err((first + 1, message.to_owned()));
    };
    let (expected, found) = (header.len(), pipe_cells(dashes).len());
    if expected != found {
        let message = format!("expected dashes for {expected} columns, found {found}");
        return Err((line, message));
    }
    let mut rows = Vec::new();
    let mut over = false;
    for (line, text) in lines {
        if text.trim().is_empty() {
            over = true;
        } else if over || !text.trim_start().starts_with('|') {
            return Err((line, "expected nothing after the table, found text".to_owned()));
        } else {
            let cells = pipe_cells(text);
            rows.push(PrintedRow { line, cells });
        }
    }
    Ok((header.into_iter().map(|cell| cell.text).collect(), rows))
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|') && line.contains('-') && line.chars().all(|c| "|-: ".contains(c))
}

fn pipe_cells(line: &str) -> Vec<PrintedCell> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in line.char_indices() {
        if c == '|' && !escaped {
            cells.push(pipe_cell(&line[start..at]));
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    if !line[start..].trim().is_empty() {
        cells.push(pipe_cell(&line[start..]));
    }
    cells
}

fn pipe_cell(text: &str) -> PrintedCell {
    let text = text.trim_matches([' ', '\t']);
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .filter(|inside| !inside.replace("\"\"", "").contains('"'));
    match inside {
        Some(inside) => cell(unescape(inside).replace("\"\"", "\""), true),
        None => cell(unescape(text), false),
    }
}

/// Removes the backslash before a punctuation mark, as Markdown does.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation);
        plain.extend(if escapes { chars.next() } else { Some(c) });
    }
    plain
}

fn read_delimited(text: &str, delimiter: char) -> Result<Grid, Mistake> {
    let mut records = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line = 1;
    while chars.peek().is_some() {
        let start = line;
        let mut cells = Vec::new();
        loop {
            let quoted = chars.next_if_eq(&'"').is_some();
            let mut field = String::new();
            loop {
                match chars.peek() {
                    None if quoted => return Err((start, "a quote is not closed".to_owned())),
                    Some('"') if quoted => {
                        chars.next();
                        if chars.next_if_eq(&'"').is_none() {
                            break;
                        }
                        field.push('"');
                    }
                    Some('\n') | None if !quoted => break,
                    Some(c) if !quoted && *c == delimiter => break,
                    _ => field.extend(chars.next().inspect(|c| line += u32::from(*c == '\n'))),
                }
            }
            if !quoted && field.ends_with('\r') && matches!(chars.peek(), None | Some('\n')) {
                field.pop();
            }
            cells.push(cell(field, quoted));
            while quoted && chars.next_if_eq(&'\r').is_some() {}
            match chars.next() {
                None => break,
                Some('\n') => {
                    line += 1;
                    break;
                }
                Some(c) if c == delimiter => {}
                Some(c) => {
                    let message =
                        format!("expected `{delimiter}` after a closing quote, found `{c}`");
                    return Err((line, message));
                }
            }
        }
        records.push(PrintedRow { line: start, cells });
    }
    let mut records = records.into_iter();
    let header = records.next();
    let header = header.ok_or_else(|| (1, "expected a header, found an empty file".to_owned()))?;
    let rows = records.filter(|row| header.cells.len() == 1 || !is_empty_line(row));
    let rows = rows.collect();
    Ok((header.cells.into_iter().map(|cell| cell.text).collect(), rows))
}

fn is_empty_line(row: &PrintedRow) -> bool {
    matches!(row.cells.as_slice(), [only] if only.text.is_empty() && !only.quoted)
}

/// Reads the lines of text of a Markdown file.
fn read_lines(text: &str) -> Vec<PrintedRow> {
    let mut lines =
        Lines { source: text, positions: Positions::new(text), rows: Vec::new(), open: None };
    let mut fence = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                lines.end();
                fence = Some(kind);
            }
            Event::End(TagEnd::CodeBlock) => fence = None,
            Event::Text(_) if matches!(fence, Some(CodeBlockKind::Fenced(_))) => {
                lines.verbatim(range, true);
            }
            Event::Text(_) | Event::Html(_)
                if fence.is_some() || matches!(event, Event::Html(_)) =>
            {
                lines.verbatim(range, false);
            }
            // Escapes are no part of the range, and entities stay as they are written.
            Event::Text(_) | Event::InlineHtml(_) => lines.add(range.start, &text[range]),
            Event::Code(code) => lines.add(range.start, &code),
            Event::Start(tag) if is_inline(&tag.to_end()) => {}
            Event::End(tag) if is_inline(&tag) => {}
            _ => lines.end(),
        }
    }
    lines.end();
    lines.rows
}

fn is_inline(tag: &TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
    )
}

struct Lines<'a> {
    source: &'a str,
    positions: Positions<'a>,
    rows: Vec<PrintedRow>,
    /// The line being read: the byte at which it starts, and its text.
    open: Option<(usize, String)>,
}

impl Lines<'_> {
    fn add(&mut self, at: usize, text: &str) {
        let open = self.open.get_or_insert_with(|| (at, String::new()));
        open.1.push_str(text);
    }

    fn end(&mut self) {
        if let Some((at, text)) = self.open.take() {
            let text = text.trim().to_owned();
            if !text.is_empty() {
                self.row(at, text);
            }
        }
    }

    fn row(&mut self, at: usize, text: String) {
        self.rows
            .push(PrintedRow { line: self.positions.of(at).line, cells: vec![cell(text, false)] });
    }

    /// Reads each line unchanged, including blank ones if `blank` is set.
    fn verbatim(&mut self, range: Range<usize>, blank: bool) {
        let mut at = range.start;
        let source = self.source;
        for line in source[range].split_inclusive('\n') {
            let text = line.trim_end_matches(['\r', '\n']);
            if blank || !text.trim().is_empty() {
                self.row(at, text.to_owned());
            }
            at += line.len();
        }
    }
}

/// The number of lines of a text; a trailing line break does not start another one.
pub(super) fn line_count(text: &str) -> u32 {
    count(text.lines().count())
}
