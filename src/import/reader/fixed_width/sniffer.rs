//! Detects the columns in the beginning of a fixed-width file, and scores them.

use super::by_names::{by_names, names_at};
use super::{END, Ends, FixedWidthPlan, REST, Widths, units};
use crate::import::format::detect::{CellShape, share};
use crate::import::format::trailer;
use crate::import::reader::aligned::Measure;

/// How many rows of the beginning are inspected.
const ROWS: usize = 2000;

/// What the beginning of a file shows when it is split.
#[derive(Debug, Clone)]
pub struct Found {
    /// How it is split.
    pub plan: FixedWidthPlan,
    /// The share of the rows that fit.
    fit: f64,
    /// Fields that are the word NULL.
    word: usize,
    /// Columns that are numbers or times except for empty fields.
    typed_nothing: usize,
    /// Whether two columns are adjacent.
    touch: bool,
    /// Whether numbers are right-aligned.
    right: bool,
    /// Whether a row count is below.
    footer: bool,
}

impl Found {
    /// The score of the file as the wizard's, or, if `aligned`, as aligned text without dashes.
    #[must_use]
    pub fn score(&self, aligned: bool) -> f64 {
        let when = |condition: bool, points: f64| if condition { points } else { 0.0 };
        let word = self.word > 0 && self.typed_nothing == 0;
        let own = if aligned {
            when(word, 0.1) + when(self.right || self.footer, 0.1)
                - when(self.typed_nothing > 0, 0.3)
                - when(self.touch, 0.6)
        } else {
            when(self.typed_nothing > 0, 0.1) + when(self.touch, 0.1)
                - when(word, 0.3)
                - when(self.right || self.footer, 0.3)
        };
        0.5 * self.fit + 0.3 + own
    }
}

/// The columns of `text`, the beginning of a file or the `whole` of it; `None` if they are unknown.
#[must_use]
pub fn tell(text: &str, whole: bool, said: Option<&Widths>) -> Option<Found> {
    let (head, below) = first_line(text)?;
    let rows = |body| rows_of(body, whole);
    let (mut places, names, header) = match said {
        Some(said) => {
            let places = said.places();
            let names = names_at(head, &places);
            let header = names.is_some();
            let matching = said.names.clone().filter(|names| names.len() == places.len());
            (places, names.or(matching), header)
        }
        None => {
            let (places, names) = by_names(head, &rows(below))?;
            (places, Some(names), true)
        }
    };
    let body = if header { below } else { text };
    let (rows, last) = (rows(body), places.last()?.clone());
    let ends = said.and_then(|said| said.ends);
    let fits = |end: usize| {
        let fitting = rows.iter().filter(|row| (last.start..=end).contains(&units(row))).count();
        share(fitting, rows.len())
    };
    let full = rows.iter().filter(|row| units(row) == last.end).count();
    // A last column that is not padded may be as long in most rows by chance, but then nothing ends in a blank.
    let blank = header && head.ends_with(' ');
    let padded = last.end != REST
        && full * 2 > rows.len()
        && (blank || rows.iter().any(|row| row.ends_with(' ')));
    let mut run = last.end != REST && is_run(body, last.end);
    if said.is_none() && !blank {
        // The last name is not padded to the column's width: either the column is as narrow, or its width is not known.
        if run && whole && units(body.trim_end_matches(END)).is_multiple_of(last.end) {
            return None;
        }
        run = false;
        places.last_mut()?.end = REST;
    }
    let end = places.last()?.end;
    let ends = ends.unwrap_or(if run { Ends::Run } else { Ends::Lines });
    let mut found = Found {
        fit: if ends == Ends::Run { 1.0 } else { fits(end) },
        plan: FixedWidthPlan { places, names, header, ends, padded },
        word: 0,
        typed_nothing: 0,
        touch: false,
        right: false,
        footer: text.lines().rev().take(8).any(|line| trailer::rows(line).is_some()),
    };
    match ends {
        Ends::Lines => found.look_at(&rows),
        Ends::Run => found.look_at(&cut_run(body, end)),
    }
    Some(found)
}

/// The rows of the beginning: lines that are neither blank nor a count or time.
pub(super) fn rows_of(body: &str, whole: bool) -> Vec<&str> {
    let end = if whole { body.len() } else { body.rfind('\n').unwrap_or(0) };
    let is_row = |line: &&str| {
        let below = trailer::rows(line).is_some() || trailer::completed_at_ms(line).is_some();
        !line.trim().is_empty() && !below
    };
    body[..end].lines().filter(is_row).take(ROWS).collect()
}

/// The first records of a run.
fn cut_run(body: &str, total: usize) -> Vec<&str> {
    let mut rows = Vec::new();
    let (mut start, mut at) = (0, 0);
    for (byte, c) in body.char_indices() {
        if at == total {
            rows.push(&body[start..byte]);
            (start, at) = (byte, 0);
            if rows.len() == ROWS {
                break;
            }
        }
        at += c.len_utf16();
    }
    rows
}

/// Whether the text is more than one record of width `total` without a newline.
fn is_run(body: &str, total: usize) -> bool {
    let body = body.trim_end_matches(END);
    units(body) > total && !body.contains('\n')
}

/// The first line that is not blank, and what is below it.
pub(super) fn first_line(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        at += line.len();
        let head = line.trim_end_matches(['\r', '\n']);
        (!head.trim().is_empty()).then(|| (head, &text[at..]))
    })
}

impl Found {
    fn look_at(&mut self, rows: &[&str]) {
        let places = &self.plan.places;
        let mut looks = vec![(CellShape::Nothing, false); places.len()];
        let least = places.last().map_or(0, |last| last.start);
        for row in rows.iter().filter(|row| units(row) >= least) {
            let Some(cut) = Measure::Units.cut(row, places) else {
                continue;
            };
            for (at, (place, look)) in cut.into_iter().zip(&mut looks).enumerate() {
                let cell = &row[place];
                let inner = cell.trim_matches(' ');
                self.word += usize::from(inner == "NULL");
                self.touch |= at + 1 < places.len() && !cell.is_empty() && !cell.ends_with(' ');
                let own = CellShape::of(inner);
                self.right |=
                    own == CellShape::Number && cell.starts_with(' ') && !cell.ends_with("  ");
                look.0 = look.0.and(own);
                look.1 |= inner.is_empty();
            }
        }
        let typed = |(look, empty): &&(CellShape, bool)| {
            *empty && matches!(look, CellShape::Number | CellShape::Time)
        };
        self.typed_nothing = looks.iter().filter(typed).count();
    }
}
