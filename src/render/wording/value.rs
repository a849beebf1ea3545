//! Cells in words: for tables, for sentences, and in pairs so that their difference is visible.

use std::fmt::Write;

use crate::render::sanitize::Sanitized;
use crate::report::CellRun;
use crate::table::Cell;

/// A cell if space is short: a time without its fraction of a second.
pub(crate) fn brief_value(cell: &Cell) -> String {
    let text = value(cell);
    match (cell, text.split_once('.')) {
        (Cell::Timestamp(_), Some((seconds, _))) => seconds.to_owned(),
        _ => text,
    }
}

/// A cell as a table shows it. NULL, the text `NULL` and the empty text are three different things:
/// `NULL`, `"NULL"` and nothing.
pub(crate) fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if is_quoted_null(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// Whether the text is `NULL` in any number of pairs of quotes: with one more pair it is neither NULL nor another such
/// text.
fn is_quoted_null(text: &str) -> bool {
    let inner = text.trim_matches('"');
    inner == "NULL" && {
        let start = text.len() - text.trim_start_matches('"').len();
        let end = text.len() - text.trim_end_matches('"').len();
        start == end
    }
}

/// A cell in a sentence: in quotes if its ends would be invisible otherwise.
pub(crate) fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.is_empty() || text.trim() != text => quoted(text),
        other => self::cell(other),
    }
}

/// Text in quotes, with everything except printable ASCII escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            ' '..='~' => out.push(c),
            c => {
                write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a String does not fail")
            }
        }
    }
    out.push('"');
    out
}

/// The two sides of a difference, each as short as possible while distinguishable.
pub(crate) fn pair(cell: &CellRun) -> (String, String) {
    let side = |cell: &Option<Cell>| (cell.as_ref()).map_or_else(|| String::from("(none)"), value);
    alike(cell).unwrap_or_else(|| (side(&cell.expected), side(&cell.actual)))
}

/// The escaped values with their types, if they differ and look alike or are of two types.
pub(crate) fn alike(cell: &CellRun) -> Option<(String, String)> {
    let (expected, actual) = (cell.expected.as_ref()?, cell.actual.as_ref()?);
    if expected == actual {
        return None;
    }
    let null = matches!((expected, actual), (Cell::Null, _) | (_, Cell::Null));
    let two_types = !null && expected.type_name() != actual.type_name();
    let confusing = two_types
        || look_alike(&expected.to_string(), &actual.to_string())
        || value(expected) == value(actual);
    confusing.then(|| (typed(expected), typed(actual)))
}

/// `"5000" (text)`, `5000 (integer)`, `NULL`.
fn typed(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::from("NULL"),
        Cell::Text(text) => format!("{} (text)", quoted(text)),
        other => format!("{other} ({})", other.type_name()),
    }
}

/// Whether a reader could mistake one text for the other: they are the same when sanitized, or except for spaces, or
/// where one has an ASCII letter the other has a different character.
fn look_alike(a: &str, b: &str) -> bool {
    if Sanitized::of(a) == Sanitized::of(b) {
        return true;
    }
    let squeezed = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    };
    let (a, b) = (&squeezed(a), &squeezed(b));
    let same_shape = a.chars().count() == b.chars().count()
        && a.chars().zip(b.chars()).all(|(x, y)| x == y || x.is_ascii() != y.is_ascii());
    let (x, y) = middles(a, b);
    let foreign = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_ascii());
    let composed =
        (foreign(&x) != foreign(&y)) && x.chars().count().abs_diff(y.chars().count()) <= 2;
    same_shape || composed
}

/// The remainder of two texts without their common prefix and suffix.
fn middles(a: &str, b: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    let pairs = a.iter().rev().zip(b.iter().rev());
    let end = pairs.take_while(|(x, y)| x == y).count();
    let middle = |text: &[char]| text[..text.len() - end].iter().collect();
    (middle(a), middle(b))
}
