//! The kind of a column, from every cell of it.

use std::str;

use crate::table::raw::RawCell;
use crate::table::{Kind, decimal, plain};

/// The kinds that can be told from a column's cells, likeliest first.
pub(super) const KINDS: [Kind; 4] = [Kind::Integer, Kind::Decimal, Kind::Timestamp, Kind::Duration];

/// Which kinds a column can be, after the cells that were looked at.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// A bit for each of [`KINDS`].
    pub(super) may_be: u8,
    /// Whether there was a cell that says something.
    spoken: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self { may_be: 0b1111, spoken: false }
    }
}

impl Seen {
    /// Looks at a cell without quotes.
    pub(super) fn look(&mut self, text: &[u8]) {
        // Nearly every cell is plainly of the kind that is left.
        let plainly = match self.may_be {
            // A whole number leaves both sorts of number possible.
            0b0011 => plain::is_integer(text),
            0b0010 => decimal::is_decimal(text),
            0b0100 => plain::is_time(text),
            _ => false,
        };
        if plainly || self.may_be == 0 || text.is_empty() || text == b"NULL" {
            return;
        }
        self.spoken = true;
        for (at, kind) in KINDS.iter().enumerate() {
            if self.may_be & 1 << at != 0 && !is(*kind, text) {
                self.may_be &= !(1 << at);
            }
        }
    }

    /// Looks at a cell in quotes, which is text whatever it looks like.
    pub(super) fn quoted(&mut self) {
        self.spoken = true;
        self.may_be = 0;
    }

    pub(super) fn and(mut self, other: &Self) -> Self {
        self.spoken |= other.spoken;
        self.may_be &= other.may_be;
        self
    }

    /// The kind, when these cells have been looked at too.
    pub(super) fn kind<'c>(mut self, cells: impl Iterator<Item = &'c RawCell>) -> Kind {
        for cell in cells {
            if cell.quoted {
                self.quoted();
            } else {
                self.look(cell.text.as_bytes());
            }
        }
        let fits = |at: &usize| self.spoken && self.may_be & 1 << at != 0;
        (0..KINDS.len()).find(fits).map_or(Kind::Text, |at| KINDS[at])
    }
}

/// Whether a text is a cell of `kind`.
pub(super) fn is(kind: Kind, text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| kind.parse(text).is_some())
}

// MATCHING -----------------------------------------------------------------------------------------------------
