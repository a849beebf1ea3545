//! Recorded tables that have not been accepted: the mark that says so, and the text that is written.

use std::borrow::Cow;

use crate::table::{Cell, Column, ResultTable};

/// The first line of a recorded table until somebody accepts it.
pub const PENDING_MARK: &str = "<!-- pending: recorded, not yet accepted -->";

/// The beginning of every such mark.
const MARK: &str = "<!-- pending";

/// Whether a text is marked as pending, and the text with the mark blanked, so that line numbers do not change.
pub(super) fn unmarked(text: &str) -> (bool, Cow<'_, str>) {
    if !text.starts_with(MARK) {
        return (false, Cow::Borrowed(text));
    }
    let end = text.find('\n').unwrap_or(text.len());
    (true, Cow::Owned(text[end..].to_owned()))
}

/// A table as an expected file contains it: a pipe table that is read back as the same cells. `None` if a cell contains
/// a line break, which such a table cannot.
#[must_use]
pub fn expected_text(table: &ResultTable) -> Option<String> {
    let header: Vec<String> = table.columns.iter().map(|Column { name, .. }| plain(name)).collect();
    let mut lines = vec![header];
    for row in &table.rows {
        lines.push(row.iter().map(cell).collect::<Option<Vec<_>>>()?);
    }
    let width =
        |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0).max(3);
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(&format!("| {cell:width$} "));
        }
        text.push_str("|\n");
        if number == 0 {
            for width in &widths {
                text.push_str(&format!("| {} ", "-".repeat(*width)));
            }
            text.push_str("|\n");
        }
    }
    Some(text)
}

fn cell(cell: &Cell) -> Option<String> {
    let Cell::Text(text) = cell else {
        return Some(cell.to_string());
    };
    if text.contains(['\n', '\r']) {
        return None;
    }
    let quoted = text == "NULL" || text.trim() != text || text.starts_with('"');
    Some(match quoted {
        true => format!("\"{}\"", plain(&text.replace('"', "\"\""))),
        false => plain(text),
    })
}

/// Escapes a text with backslashes.
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}
