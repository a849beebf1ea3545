//! Rows of two files paired by their keys, and those that have to be read again.

use std::collections::HashSet;

use super::pass::{Pass, Row};

/// Places of rows, ascending.
pub(super) struct Places {
    pub(super) expected: Vec<usize>,
    pub(super) actual: Vec<usize>,
}

const NOWHERE: u32 = u32::MAX;

/// The rows that have to be compared: those whose cells differ, those that only one file has, all of a key that stands
/// more than once, and for each row that may have to be put in its place the one before it. `None` for more rows than
/// are numbered.
pub(super) fn wanted(expected: &Pass, actual: &Pass) -> Option<Places> {
    let most = NOWHERE as usize - 1;
    if expected.rows.len() > most || actual.rows.len() > most {
        return None;
    }
    let mut repeated = HashSet::new();
    let mut partner = vec![NOWHERE; expected.rows.len()];
    let mut found = vec![NOWHERE; actual.rows.len()];
    let mut pair = |own: usize, other: usize| {
        let free = partner[own] == NOWHERE;
        if free {
            partner[own] = number(other);
            found[other] = number(own);
        }
        free
    };
    if expected.ascends && actual.ascends {
        merge(&expected.rows, &actual.rows, &mut pair);
    } else {
        let index = Index::new(&expected.rows, &mut repeated);
        for (at, row) in actual.rows.iter().enumerate() {
            let own = index.find(&expected.rows, row.key);
            if own.is_some_and(|own| !pair(own, at)) {
                repeated.insert(row.key);
            }
        }
    }
    let (expected, actual) = (&expected.rows, &actual.rows);
    let mut keep_expected = vec![false; expected.len()];
    let mut keep_actual = vec![false; actual.len()];
    for (at, row) in expected.iter().enumerate() {
        keep_expected[at] = match partner[at] {
            NOWHERE => true,
            other => row.cells != actual[other as usize].cells || repeated.contains(&row.key),
        };
    }
    let mut before: Option<usize> = None;
    for (at, row) in actual.iter().enumerate() {
        let is_repeated = !repeated.is_empty() && repeated.contains(&row.key);
        let own = found[at];
        if own != NOWHERE && !is_repeated {
            before = Some(at);
            keep_actual[at] = keep_expected[own as usize];
            continue;
        }
        keep_actual[at] = true;
        if let Some(before) = before {
            keep_actual[before] = true;
            keep_expected[found[before] as usize] = true;
        }
    }
    let places = |keep: &[bool]| (0..keep.len()).filter(|at| keep[*at]).collect();
    Some(Places { expected: places(&keep_expected), actual: places(&keep_actual) })
}

/// Pairs rows of equal keys where keys ascend on both sides.
fn merge(expected: &[Row], actual: &[Row], pair: &mut impl FnMut(usize, usize) -> bool) {
    let mut own = 0;
    for (other, row) in actual.iter().enumerate() {
        while expected.get(own).is_some_and(|expected| expected.key < row.key) {
            own += 1;
        }
        if expected.get(own).is_some_and(|expected| expected.key == row.key) {
            pair(own, other);
        }
    }
}

pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).expect("there are fewer rows than that")
}

/// Finds rows by the hash of their key.
struct Index {
    /// The place of a row plus one, or 0; a key stands in the first free slot behind the one that its hash names.
    pub(super) slots: Vec<u32>,
}

impl Index {
    /// Of rows with one key the first is found, and the key is noted in `repeated`.
    pub(super) fn new(rows: &[Row], repeated: &mut HashSet<u64>) -> Self {
        let size = (rows.len() * 2).next_power_of_two().max(2);
        let mut index = Self { slots: vec![0; size] };
        for (at, row) in rows.iter().enumerate() {
            match index.slot(rows, row.key) {
                Ok(_) => {
                    repeated.insert(row.key);
                }
                Err(free) => index.slots[free] = number(at) + 1,
            }
        }
        index
    }

    /// The row with this key, or the slot where it would be.
    pub(super) fn slot(&self, rows: &[Row], key: u64) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        // Keys may be numbers in a row.
        let mut at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize & mask;
        loop {
            match self.slots[at] {
                0 => return Err(at),
                place if rows[place as usize - 1].key == key => return Ok(place as usize - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    pub(super) fn find(&self, rows: &[Row], key: u64) -> Option<usize> {
        self.slot(rows, key).ok()
    }
}
