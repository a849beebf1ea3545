//! Excel's text formulas: `="00123"` in a cell of CSV is how a program keeps a spreadsheet from reading a number.

use std::borrow::Cow;

/// The text that a cell's content is where it is a text formula and nothing else.
#[must_use]
pub fn text_of(cell: &str) -> Option<Cow<'_, str>> {
    let inner = cell.strip_prefix("=\"")?.strip_suffix('"')?;
    if !inner.contains('"') {
        return Some(Cow::Borrowed(inner));
    }
    // A quote that is not doubled ends the text, so that something else follows: `="a"&"b"`.
    let is_one_text = !inner.replace("\"\"", "").contains('"');
    is_one_text.then(|| Cow::Owned(inner.replace("\"\"", "\"")))
}

/// Says of `count` cells that they were read as the texts inside.
#[must_use]
pub fn remark(count: u64) -> String {
    let cells = match count {
        1 => "1 cell was an Excel text formula".to_owned(),
        n => format!("{n} cells were Excel text formulas"),
    };
    format!("{cells} (`=\"...\"`), read as the text inside the quotes")
}
