//! Columns paired by name, and the headers compared.

use std::collections::{HashMap, VecDeque};

use super::options::ColumnMode;
use super::table_diff::{ColumnPlace, HeaderDiff, PairedColumn, weave};
use crate::table::{Column, ResultTable};

/// Pairs columns by name; of columns with the same name, the n-th with the n-th.
pub(super) fn pair_columns(
    expected: &ResultTable,
    actual: &ResultTable,
    mode: ColumnMode,
) -> Vec<PairedColumn> {
    let mut by_name: HashMap<&str, VecDeque<(usize, &Column)>> = HashMap::new();
    for (at, column) in actual.columns.iter().enumerate() {
        let same_name = by_name.entry(&column.name).or_default();
        same_name.push_back((at, column));
    }
    let place = |(position, column): (usize, &Column)| ColumnPlace { position, kind: column.kind };
    let mut pairs: Vec<_> = (expected.columns.iter().enumerate())
        .map(|(at, column)| PairedColumn {
            name: column.name.clone(),
            expected: Some(place((at, column))),
            actual: (by_name.get_mut(column.name.as_str()))
                .and_then(VecDeque::pop_front)
                .map(place),
        })
        .collect();
    if mode != ColumnMode::Subset {
        pairs.extend(by_name.into_values().flatten().map(|extra| PairedColumn {
            name: extra.1.name.clone(),
            expected: None,
            actual: Some(place(extra)),
        }));
    }
    pairs
}

pub(super) fn compare_headers(
    expected: &ResultTable,
    actual: &ResultTable,
    mode: ColumnMode,
) -> Option<HeaderDiff> {
    let columns = weave(pair_columns(expected, actual, mode));
    let mut missing = Vec::new();
    let mut extra = Vec::new();
    for column in &columns {
        match (column.expected, column.actual) {
            (_, None) => missing.push(column.name.clone()),
            (None, Some(place)) => extra.push((place.position, column.name.clone())),
            _ => {}
        }
    }
    extra.sort_unstable();
    let common: Vec<usize> = (columns.iter())
        .filter(|column| column.expected.is_some())
        .filter_map(|column| Some(column.actual?.position))
        .collect();
    let moved = mode == ColumnMode::Exact && !common.is_sorted();
    let owned = |table: &ResultTable| table.columns.iter().map(|c| c.name.clone()).collect();
    (moved || !missing.is_empty() || !extra.is_empty()).then(|| HeaderDiff {
        expected: owned(expected),
        actual: owned(actual),
        missing,
        extra: extra.into_iter().map(|(_, name)| name).collect(),
        moved,
    })
}
