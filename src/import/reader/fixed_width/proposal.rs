//! Widths suggested by rows alone: shown to the user, never used automatically.

use super::by_names::by_names;
use super::sniffer::{first_line, rows_of};
use super::{END, REST};
use crate::import::format::detect::CellShape;

/// More spaces than occur between words.
const PADDING: &str = "    ";

/// The widths that padded lines would have if columns ended at the spaces that all of them share.
#[must_use]
pub fn proposal(text: &str, whole: bool) -> Option<Vec<usize>> {
    let rows = rows_of(text, whole);
    let length = rows.iter().map(|row| row.len()).min()?;
    let even = rows.iter().all(|row| row.len() == length);
    let padded = |row: &&str| row.is_ascii() && (even || row.contains(PADDING));
    if rows.len() < 2 || length < 8 || !rows.iter().all(padded) {
        return None;
    }
    let blank = |at: usize| rows.iter().all(|row| row.as_bytes()[at] == b' ');
    let starts: Vec<usize> =
        (0..length).filter(|at| *at == 0 || blank(at - 1) && !blank(*at)).collect();
    // The blank in the middle of a time is no end of a column.
    let within = |start: &usize| {
        let time = |row: &&str| {
            let day = start.checked_sub(11).and_then(|from| row.get(from..*start + 8));
            day.is_some_and(|text| CellShape::of(text) == CellShape::Time)
        };
        rows.iter().any(time)
    };
    let starts: Vec<usize> = starts.into_iter().filter(|start| !within(start)).collect();
    let ends = starts.iter().skip(1).copied().chain([length]);
    let widths = starts.iter().zip(ends).map(|(start, end)| end - start);
    let mut widths: Vec<usize> = widths.collect();
    if let Some(last) = widths.last_mut().filter(|_| !even) {
        *last = REST;
    }
    (widths.len() > 1).then_some(widths)
}

/// Whether `text` looks as if its columns had fixed widths.
#[must_use]
pub fn is_likely(text: &str, whole: bool) -> bool {
    let run = text.trim_end_matches(END);
    let named = || first_line(text).is_some_and(|(head, _)| by_names(head, &[]).is_some());
    let long = !run.contains('\n') && run.len() >= 40 && run.contains(PADDING);
    long || proposal(text, whole).is_some() || named()
}
