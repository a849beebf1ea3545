//! Reads fixed-width columns without dashes: the wizard's fixed width and ragged right, and aligned text without its
//! dashes.
//!
//! The widths come from the user, from a bcp format file, or from the names in the first line, each of which begins
//! where its column does. Names may be adjacent, as in the wizard; then each must be a column of the product, and there
//! must be only one way to split them. Rows alone never suffice: a space that all of them have in the same place may be
//! padding, or the middle of a time, so the widths are only proposed, not used.
//!
//! A file consists of lines, the last column of which may end early, or of records without anything between them (a
//! run). A run is split by counting alone, so it is read only if a character has the same width however it is counted,
//! and only if its last record is complete; otherwise nothing in it can be trusted, and all of it is refused.

mod by_lines;
mod by_names;
mod proposal;
mod run;
mod sniffer;

use std::ops::Range;

pub use by_lines::Columns;
pub use proposal::{is_likely, proposal};
pub use run::Run;
pub use sniffer::{Found, tell};

use crate::import::reader::aligned::Measure;

/// What may follow the end of a run.
const END: [char; 3] = ['\r', '\n', '\u{1A}'];

/// The width of a last column that extends to the end of its line.
pub const REST: usize = usize::MAX;

/// The record separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ends {
    /// A line end.
    Lines,
    /// Nothing stands between them.
    Run,
}

/// The given column layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widths {
    /// The width of each column, including the spaces between; the last one may be [`REST`].
    pub each: Vec<usize>,
    /// The column names, if known.
    pub names: Option<Vec<String>>,
    /// The record separator, if known.
    pub ends: Option<Ends>,
}

impl Widths {
    /// The maximum width of a record.
    const MAX_WIDTH: usize = 64 << 20;

    /// Parses `20,6,23,*`, where the star is a last column that extends to the end of its line; `None` if `text` is
    /// invalid.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (fixed, rest) = match text.trim().strip_suffix('*') {
            Some(before) => (before.trim_end().strip_suffix(',')?, true),
            None => (text, false),
        };
        let mut each = Vec::new();
        for width in fixed.split(',') {
            each.push(width.trim().parse().ok().filter(|width| *width > 0)?);
        }
        let total = each.iter().try_fold(0, |sum: usize, width| sum.checked_add(*width))?;
        if rest {
            each.push(REST);
        }
        (total <= Self::MAX_WIDTH).then_some(Self { each, names: None, ends: None })
    }

    fn places(&self) -> Vec<Range<usize>> {
        let mut start: usize = 0;
        let place = |width: &usize| {
            let place = start..start.saturating_add(*width);
            start = place.end;
            place
        };
        self.each.iter().map(place).collect()
    }
}

/// How the columns of a file are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWidthPlan {
    /// The last one ends at [`REST`] if its width is unknown.
    places: Vec<Range<usize>>,
    /// The names, from the file or from elsewhere.
    names: Option<Vec<String>>,
    /// Whether the first line is the header.
    pub header: bool,
    ends: Ends,
    /// Whether every line is as long as all columns together.
    padded: bool,
}

/// Widths as [`Widths::parse`] reads them.
#[must_use]
pub fn shown(widths: &[usize]) -> String {
    let one = |width: &usize| match *width {
        REST => "*".to_owned(),
        width => width.to_string(),
    };
    widths.iter().map(one).collect::<Vec<_>>().join(",")
}

fn remarks(plan: &FixedWidthPlan, repaired: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    if plan.header {
        remarks.push("column positions are taken from the names in the first line".to_owned());
    }
    if repaired > 0 {
        remarks.push(format!("{repaired} records were rejoined from lines split by a line break"));
    }
    remarks
}

impl FixedWidthPlan {
    /// The separator of its records.
    #[must_use]
    pub fn ends(&self) -> Ends {
        self.ends
    }
}

fn units(text: &str) -> usize {
    Measure::Units.length(text)
}
