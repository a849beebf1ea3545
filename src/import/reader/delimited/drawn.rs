//! Tables that psql draws. A value with line breaks continues on the lines below, and a plus at the end of its column
//! says so; such a row cannot be told from rows with blanks by its bars alone, and is rejected.

use super::{Delimited, Place};
use crate::record::OwnedRecord;
use crate::record::Reason;

/// The lines of a table below its rule of dashes.
pub(super) struct Drawn {
    /// How many dashes are under the last name: a last cell with a mark fills them, one without has no padding.
    last: usize,
    /// Whether the line before continues on this one.
    continues: bool,
}

impl Drawn {
    /// The table below a rule such as `----+-------+---`.
    pub(super) fn below(rule: &str) -> Self {
        Self { last: rule.rsplit('+').next().map_or(0, str::len), continues: false }
    }

    /// Whether a line is part of a row of several lines, and then how many records it stands for: one for the first,
    /// none for the others.
    pub(super) fn part_of_row(&mut self, line: &OwnedRecord) -> Option<u64> {
        let last = line.fields.len().saturating_sub(1);
        let is_marked = |(at, cell): (usize, &str)| {
            cell.ends_with('+') && (at < last || cell.chars().count() >= self.last)
        };
        let marked = line.texts().enumerate().any(is_marked);
        match (std::mem::replace(&mut self.continues, marked), marked) {
            (true, _) => Some(0),
            (false, true) => Some(1),
            (false, false) => None,
        }
    }
}

impl Delimited {
    /// Rejects a line that is part of a row of several lines. Whether it was one.
    pub(super) fn take_part_of_row(&mut self, line: &OwnedRecord) -> bool {
        let drawn = self.drawn.as_mut().filter(|_| self.place == Place::Records);
        let Some(records) = drawn.and_then(|drawn| drawn.part_of_row(line)) else {
            return false;
        };
        self.flush();
        let detail = "a value continues on the next line".to_owned();
        self.reject(line, Reason::Ragged, detail, records);
        true
    }
}
