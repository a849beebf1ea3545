//! Tables written as pipe tables and as CSV, so that what reads them can be held to give back what was written.

use std::borrow::Cow;
use std::fmt::Write as _;

use chatdb::table::delimited::Delimiter;
use chatdb::table::raw::RawCell;
use chatdb::table::{Cell, Kind, ResultTable};
use unicode_width::UnicodeWidthStr as _;

/// Columns are at least as wide as the shortest line of dashes people write.
const MIN_WIDTH: usize = 3;

/// Writes `table` with its columns aligned by display width, one line per row.
#[must_use]
pub fn pipe(table: &ResultTable) -> String {
    let header: Vec<String> = table.columns.iter().map(|c| encode(&c.name, false)).collect();
    let kinds = || table.columns.iter().map(|column| column.kind);
    let rows: Vec<Vec<String>> =
        (table.rows.iter()).map(|row| row.iter().zip(kinds()).map(encode_cell).collect()).collect();
    let width = |at: usize| {
        let column = rows.iter().filter_map(|row| row.get(at));
        let widths = column.chain(&header[at..=at]).map(|text| text.width());
        widths.max().unwrap_or(0).max(MIN_WIDTH)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();

    let mut out = String::new();
    write_row(&mut out, &header, &widths);
    out.push('|');
    for width in &widths {
        out.push_str(&"-".repeat(width + 2));
        out.push('|');
    }
    out.push('\n');
    for row in &rows {
        write_row(&mut out, row, &widths);
    }
    out
}

fn write_row(out: &mut String, cells: &[String], widths: &[usize]) {
    out.push('|');
    for (cell, width) in cells.iter().zip(widths) {
        let padding = width.saturating_sub(cell.width());
        out.push(' ');
        out.push_str(cell);
        out.push_str(&" ".repeat(padding));
        out.push_str(" |");
    }
    out.push('\n');
}

fn encode_cell((cell, kind): (&Cell, Kind)) -> String {
    match cell {
        Cell::Text(text) => encode(text, needs_quotes(text, kind)),
        other => other.to_string(),
    }
}

fn encode(text: &str, in_quotes: bool) -> String {
    let quoted = in_quotes || blank_outside(text) || text.chars().any(is_hidden);
    let mut out = String::with_capacity(text.len() + 2);
    if quoted {
        out.push('"');
    }
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted => out.push_str("\"\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => {
                write!(out, "\\u{{{:x}}}", u32::from(c))
                    .expect("writing to a String does not fail");
            }
            c => {
                if is_markup(c, before, chars.peek().copied()) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
        before = Some(c);
    }
    if quoted {
        out.push('"');
    }
    out
}

/// Whether Markdown could take `c` for markup in a cell. An underscore inside a word is none, which leaves
/// the names of columns as they are.
fn is_markup(c: char, before: Option<char>, after: Option<char>) -> bool {
    let in_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    match c {
        '|' | '\\' | '`' | '*' | '~' | '<' | '[' | ']' | '&' | '$' => true,
        '_' => !(in_word(before) && in_word(after)),
        _ => false,
    }
}

/// Whether `c` would break a line, move a cursor or not be seen at all. The joiners U+200C and U+200D stay:
/// scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

/// Writes `table` with a header line, LF line ends and `delimiter` between fields.
///
/// NULL stands as `NULL` without quotes; text stands in quotes wherever it would otherwise be read as
/// something else, or could mislead [`Delimiter::sniff`]. A table without columns has no such form: it is
/// written as one of empty records.
#[must_use]
pub fn delimited(table: &ResultTable, delimiter: Delimiter) -> String {
    // Quoting is decided here, cell by cell, which the crate's own styles cannot: `Never` keeps its hands off.
    let mut writer = csv::WriterBuilder::new()
        .delimiter(u8::try_from(delimiter.as_char()).expect("every delimiter is ASCII"))
        .quote_style(csv::QuoteStyle::Never)
        .flexible(true)
        .from_writer(Vec::new());
    let mut record = |fields: Vec<Cow<'_, str>>| {
        let fields = fields.iter().map(|field| field.as_bytes());
        (writer.write_record(fields))
            .expect("memory takes every record, and any length is allowed");
    };
    record(header(table));
    for row in &table.rows {
        let kinds = table.columns.iter().map(|column| column.kind);
        record(row.iter().zip(kinds).map(field).collect());
    }
    let bytes = writer.into_inner().expect("memory takes every record");
    String::from_utf8(bytes).expect("only whole strings were written")
}

/// The names. The first is quoted if it is blank, lest a file of bars look like a pipe table.
fn header(table: &ResultTable) -> Vec<Cow<'_, str>> {
    let names = table.columns.iter().map(|column| column.name.as_str());
    (names.enumerate())
        .map(|(at, name)| quote_if(is_special(name) || (at == 0 && name.is_empty()), name))
        .collect()
}

fn field<'a>((cell, kind): (&'a Cell, Kind)) -> Cow<'a, str> {
    match cell {
        Cell::Text(text) => quote_if(is_special(text) || needs_quotes(text, kind), text),
        other => Cow::Owned(other.to_string()),
    }
}

fn is_special(text: &str) -> bool {
    let marks = |c: char| matches!(c, '"' | '\r' | '\n' | ',' | '\t' | ';' | '|' | '\u{feff}');
    blank_outside(text) || text.contains(marks)
}

fn quote_if(quoted: bool, text: &str) -> Cow<'_, str> {
    if quoted {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a text cell of a column of `kind` has to stand in quotes in any format: without them it would be
/// read as something else, or its outer blanks would be lost to a reader that trims.
fn needs_quotes(text: &str, kind: Kind) -> bool {
    let bare = RawCell { text: text.to_owned(), quoted: false };
    !matches!(bare.read(kind), Cell::Text(_)) || blank_outside(text)
}

/// Whether blanks stand at either end, or a quote at the start.
fn blank_outside(text: &str) -> bool {
    text.starts_with('"') || text.trim() != text
}
