//! When two cells are the same value, and when they are near enough.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::mem;

use super::options::{DiffOptions, Tolerance};
use crate::table::decimal::Decimal;
use crate::table::{Cell, ResultTable};

/// The values that stand once and say something, each with its place.
pub(super) fn sole<'c>(cells: impl Iterator<Item = &'c Cell>) -> HashMap<Value<'c>, usize> {
    let mut places: HashMap<_, Option<usize>> = HashMap::new();
    for (at, cell) in cells.enumerate().filter(|(_, cell)| !is_blank(cell)) {
        (places.entry(Value(cell)).and_modify(|place| *place = None)).or_insert(Some(at));
    }
    (places.into_iter()).filter_map(|(value, place)| Some((value, place?))).collect()
}

/// Whether a cell says nothing.
pub(super) fn is_blank(cell: &Cell) -> bool {
    matches!(cell, Cell::Null) || matches!(cell, Cell::Text(text) if text.trim().is_empty())
}

/// The table as it is compared: its texts without what is not compared.
pub(super) fn folded<'t>(table: &'t ResultTable, options: &DiffOptions) -> Cow<'t, ResultTable> {
    let mut table = Cow::Borrowed(table);
    if options.ignore_case || options.ignore_blanks {
        for cell in table.to_mut().rows.iter_mut().flatten() {
            let Cell::Text(text) = cell else { continue };
            if options.ignore_case {
                *text = text.to_lowercase();
            }
            if options.ignore_blanks {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
    }
    table
}

/// Whether two cells are the same value of the same type.
pub(super) fn same(a: &Cell, b: &Cell) -> bool {
    match (a, b) {
        (Cell::Real(a), Cell::Real(b)) => bits(*a) == bits(*b),
        _ => a == b,
    }
}

/// A number's bits, which unlike the number are equal to themselves in every case; 0.0 and -0.0 are one.
fn bits(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

/// Whether two values of one type, or two numbers, lie no more than `tolerance` apart, as people write numbers: 1.1 is
/// exactly 0.1 from 1.0.
pub(super) fn within(a: &Cell, b: &Cell, tolerance: Tolerance) -> bool {
    let distance = match (a, b) {
        (Cell::Duration(a), Cell::Duration(b)) | (Cell::Timestamp(a), Cell::Timestamp(b)) => {
            Some((Decimal::from(*a), Decimal::from(*b)))
        }
        _ => number(a).zip(number(b)),
    };
    let Some((a, b)) = distance else {
        return false;
    };
    let Some(most) = Decimal::of_real(tolerance.value()) else {
        return tolerance.value().is_infinite();
    };
    match tolerance {
        Tolerance::Absolute(_) => a.is_within(&b, &most),
        Tolerance::Relative(_) => a.is_within_share(&b, &most),
    }
}

fn number(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Integer(value) => Some((*value).into()),
        Cell::Decimal(value) => Some(value.clone()),
        Cell::Real(value) => Decimal::of_real(*value),
        _ => None,
    }
}

/// A cell as a hash key: equal if [`same`].
#[derive(Clone, Copy)]
pub(super) struct Value<'a>(pub(super) &'a Cell);

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

impl Eq for Value<'_> {}

impl Hash for Value<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        mem::discriminant(self.0).hash(state);
        match self.0 {
            Cell::Null => {}
            Cell::Integer(value) | Cell::Timestamp(value) | Cell::Duration(value) => {
                value.hash(state);
            }
            Cell::Decimal(value) => value.hash(state),
            Cell::Real(value) => bits(*value).hash(state),
            Cell::Text(text) => text.hash(state),
        }
    }
}

pub(super) fn values(cells: &[Cell]) -> Vec<Value<'_>> {
    cells.iter().map(Value).collect()
}

pub(super) fn pick<'a>(row: &'a [Cell], positions: &[usize]) -> Vec<Value<'a>> {
    positions.iter().map(|at| Value(&row[*at])).collect()
}
