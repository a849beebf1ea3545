//! Reads columns of fixed widths without dashes above them: the wizard's fixed width and ragged right, and aligned
//! text whose dashes were left out.
//!
//! How wide the columns are is said by the user, or by a bcp format file, or by names in the first line, each of which
//! begins where its column does. Names may touch, as the wizard has them; then each has to be a column of the product,
//! and there has to be one way only to part them. Rows by themselves never say it: that all of them have a blank in the
//! same place may be padding, or the middle of a time, so it is shown as a proposal and not used.
//!
//! A file is lines, of which the last column may end early, or it is one run of records without anything between them.
//! A run is cut by counting alone, so it is read only where a character is one place whoever counts, and only if its
//! last record is whole; else nothing in it can be trusted, and all of it is refused.

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

/// What may stand at the end of a run.
const END: [char; 3] = ['\r', '\n', '\u{1A}'];

/// The width of a last column that goes on to the end of its line.
pub const REST: usize = usize::MAX;

/// What stands between records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ends {
    /// A line end.
    Lines,
    /// Nothing stands between them.
    Run,
}

/// What somebody says about the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widths {
    /// How many places each column has, with the blanks that stand between; the last one may be [`REST`].
    pub each: Vec<usize>,
    /// The names, where they are known.
    pub names: Option<Vec<String>>,
    /// What stands between records, where it is known.
    pub ends: Option<Ends>,
}

impl Widths {
    /// The most places of a record.
    const MAX_WIDTH: usize = 64 << 20;

    /// Reads `20,6,23,*`, where the star is a last column that goes on to the end of its line. `None` when that is not
    /// what `text` is.
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
        let total = each
            .iter()
            .try_fold(0, |sum: usize, width| sum.checked_add(*width))?;
        if rest {
            each.push(REST);
        }
        (total <= Self::MAX_WIDTH).then_some(Self {
            each,
            names: None,
            ends: None,
        })
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

/// How the columns of a file are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWidthPlan {
    /// The last one ends at [`REST`] where nobody knows.
    places: Vec<Range<usize>>,
    /// The names, from the file or from elsewhere.
    names: Option<Vec<String>>,
    /// Whether the first line is the names.
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
        remarks.push(format!(
            "{repaired} records were rejoined from lines split by a line break"
        ));
    }
    remarks
}

impl FixedWidthPlan {
    /// What stands between its records.
    #[must_use]
    pub fn ends(&self) -> Ends {
        self.ends
    }
}

fn units(text: &str) -> usize {
    Measure::Units.length(text)
}
