//! The result of a comparison: every row of either table once, and what follows from that.

use std::collections::HashMap;
use std::mem;

use schemars::JsonSchema;
use serde::Serialize;

use super::values::values;
use crate::table::{Cell, Column, Kind, ResultTable};

/// What two tables agree and differ in. Positions of rows and columns count from 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDiff {
    /// What is wrong with the header, if anything.
    pub header: Option<HeaderDiff>,
    /// The columns by which rows were matched.
    pub key: Vec<String>,
    /// Every column looked at: those of the expected table in its order, each followed by those that only the
    /// actual table has at that place.
    pub columns: Vec<PairedColumn>,
    /// Every row of either table, once, in the same order as the columns.
    pub rows: Vec<RowDiff>,
    /// The fewest rows that would have to move for the order to hold, in the expected table's order.
    pub out_of_order: Vec<OutOfOrder>,
    /// The keys that occur more than once in a table, by first occurrence in `rows`. Not a difference by
    /// themselves, but their rows were matched by what they hold.
    pub duplicate_keys: Vec<DuplicateKey>,
    /// For each side and row, the number of its group of ties; `None` if the order is not compared.
    #[serde(skip)]
    pub(super) ties: Option<(Vec<usize>, Vec<usize>)>,
}

/// Two headers that do not agree as they should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeaderDiff {
    /// The expected names.
    pub expected: Vec<String>,
    /// The actual names.
    pub actual: Vec<String>,
    /// The names that only the expected table has, in its order.
    pub missing: Vec<String>,
    /// The names that only the actual table has, in its order.
    pub extra: Vec<String>,
    /// Whether the names both have stand in different orders and should not.
    pub moved: bool,
}

/// A column of either table, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairedColumn {
    /// The name of the column.
    pub name: String,
    /// Where and what it is in the expected table.
    pub expected: Option<ColumnPlace>,
    /// Where and what it is in the actual table.
    pub actual: Option<ColumnPlace>,
}

/// A column as one table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ColumnPlace {
    /// Its position, from 0.
    pub position: usize,
    /// Its kind. Kinds are not compared: cells carry their own.
    pub kind: Kind,
}

/// A row of either table, or one of each that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowDiff {
    /// The values of the key columns; empty without a key.
    pub key: Vec<Cell>,
    /// The position in the expected table, from 0.
    pub expected: Option<usize>,
    /// The position in the actual table, from 0.
    pub actual: Option<usize>,
    /// In the order of the columns: the cells that are not plainly equal, or every cell of a row that only
    /// one table has.
    pub cells: Vec<CellDiff>,
}

impl RowDiff {
    /// The cell of a column, by its position in [`TableDiff::columns`], unless it is plainly equal.
    pub(crate) fn cell(&self, at: usize) -> Option<&CellDiff> {
        let found = self.cells.binary_search_by_key(&at, |cell| cell.at);
        found.ok().map(|found| &self.cells[found])
    }

    /// What the row comes to.
    #[must_use]
    pub fn verdict(&self) -> RowVerdict {
        match (self.expected, self.actual) {
            (_, None) => RowVerdict::Missing,
            (None, _) => RowVerdict::Extra,
            _ if self.cells.iter().any(|cell| cell.verdict.is_difference()) => RowVerdict::Differs,
            _ => RowVerdict::Matches,
        }
    }
}

/// What a row comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowVerdict {
    /// Both tables have it, and no cell differs.
    Matches,
    /// Both tables have it, and a cell differs.
    Differs,
    /// Only the expected table has it.
    Missing,
    /// Only the actual table has it.
    Extra,
}

/// A cell that is not plainly equal on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellDiff {
    /// The name of its column.
    pub column: String,
    /// The position of its column in [`TableDiff::columns`]; names may repeat.
    pub at: usize,
    /// The expected value; `None` where the expected table has no such row or column.
    pub expected: Option<Cell>,
    /// The actual value; `None` where the actual table has no such row or column.
    pub actual: Option<Cell>,
    /// What the cell comes to.
    pub verdict: DifferenceKind,
}

/// What a cell that is not plainly equal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The values differ.
    Differs,
    /// The values differ, and the column is ignored.
    Ignored,
    /// The values differ by no more than the column's tolerance.
    WithinTolerance,
    /// Only the expected table has the cell.
    Missing,
    /// Only the actual table has the cell.
    Extra,
}

impl DifferenceKind {
    /// Whether the cell keeps the tables from being the same.
    #[must_use]
    pub fn is_difference(self) -> bool {
        match self {
            Self::Differs | Self::Missing | Self::Extra => true,
            Self::Ignored | Self::WithinTolerance => false,
        }
    }

    fn mirror(self) -> Self {
        match self {
            Self::Missing => Self::Extra,
            Self::Extra => Self::Missing,
            same => same,
        }
    }
}

/// A row that does not stand where the order wants it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutOfOrder {
    /// The values of the key columns; empty without a key.
    pub key: Vec<Cell>,
    /// The position in the expected table, from 0.
    pub expected: usize,
    /// The position in the actual table, from 0.
    pub actual: usize,
}

/// A key that does not name one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DuplicateKey {
    /// The values of the key columns.
    pub key: Vec<Cell>,
    /// How many rows of the expected table have it.
    pub expected: usize,
    /// How many rows of the actual table have it.
    pub actual: usize,
}

impl TableDiff {
    /// Whether the tables are the same as far as the options look: nothing in the header, the rows, the cells
    /// or the order differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.header.is_none()
            && self.out_of_order.is_empty()
            && (self.rows.iter()).all(|row| row.verdict() == RowVerdict::Matches)
    }

    /// Rebuilds the actual table from the expected one this diff was made of, rows and columns in the actual
    /// order. Of any other table it gives nothing meaningful.
    #[must_use]
    pub fn apply(&self, expected: &ResultTable) -> ResultTable {
        let mut columns: Vec<_> = (self.columns.iter().enumerate())
            .filter_map(|(at, column)| Some((column.actual?, at, column)))
            .collect();
        columns.sort_by_key(|(place, ..)| place.position);
        let mut rows: Vec<_> =
            (self.rows.iter()).filter_map(|row| Some((row.actual?, row))).collect();
        rows.sort_by_key(|(position, _)| *position);

        let unchanged = |row: &RowDiff, column: &PairedColumn| {
            let row = expected.rows.get(row.expected?)?;
            row.get(column.expected?.position).cloned()
        };
        let cell = |row: &RowDiff, at: usize, column: &PairedColumn| {
            let cell = match row.cell(at) {
                Some(cell) => cell.actual.clone(),
                None => unchanged(row, column),
            };
            cell.unwrap_or(Cell::Null)
        };
        ResultTable {
            columns: (columns.iter())
                .map(|(place, _, column)| Column::new(column.name.as_str(), place.kind))
                .collect(),
            rows: (rows.iter())
                .map(|(_, row)| {
                    let cells = columns.iter().map(|(_, at, column)| cell(row, *at, column));
                    cells.collect()
                })
                .collect(),
        }
    }

    /// The diff with expected and actual swapped.
    #[must_use]
    pub fn mirror(&self) -> Self {
        let mut mirror = self.clone();
        if let Some(header) = &mut mirror.header {
            mem::swap(&mut header.expected, &mut header.actual);
            mem::swap(&mut header.missing, &mut header.extra);
        }
        for column in &mut mirror.columns {
            mem::swap(&mut column.expected, &mut column.actual);
        }
        for row in &mut mirror.rows {
            mem::swap(&mut row.expected, &mut row.actual);
            for cell in &mut row.cells {
                mem::swap(&mut cell.expected, &mut cell.actual);
                cell.verdict = cell.verdict.mirror();
            }
        }
        if let Some((expected, actual)) = &mut mirror.ties {
            mem::swap(expected, actual);
        }
        mirror.rearrange_columns();
        mirror.arranged()
    }

    /// Puts the columns in their order, and the cells of each row with them.
    fn rearrange_columns(&mut self) {
        let old = mem::take(&mut self.columns);
        let woven = weave(old.into_iter().enumerate().collect());
        let mut moved_to = vec![0; woven.len()];
        for (new, (old, _)) in woven.iter().enumerate() {
            moved_to[*old] = new;
        }
        self.columns = woven.into_iter().map(|(_, column)| column).collect();
        for row in &mut self.rows {
            for cell in &mut row.cells {
                cell.at = moved_to[cell.at];
            }
            row.cells.sort_by_key(|cell| cell.at);
        }
    }

    /// The diff with its rows in order, and what follows from the rows computed.
    pub(super) fn arranged(mut self) -> Self {
        self.rows = weave(self.rows);
        self.out_of_order = self.find_out_of_order();
        self.duplicate_keys = self.find_duplicate_keys();
        self
    }

    fn find_out_of_order(&self) -> Vec<OutOfOrder> {
        let Some((_, ties)) = &self.ties else {
            return Vec::new();
        };
        let matched: Vec<_> =
            (self.rows.iter()).filter_map(|row| Some((row, row.expected?, row.actual?))).collect();
        let groups: Vec<usize> = matched.iter().map(|(.., actual)| ties[*actual]).collect();
        let stays = longest_rising(&groups);
        (matched.into_iter().zip(stays))
            .filter(|(_, stays)| !stays)
            .map(|((row, expected, actual), _)| OutOfOrder {
                key: row.key.clone(),
                expected,
                actual,
            })
            .collect()
    }

    fn find_duplicate_keys(&self) -> Vec<DuplicateKey> {
        if self.key.is_empty() {
            return Vec::new();
        }
        let mut seen = HashMap::new();
        let mut counts: Vec<(&RowDiff, usize, usize)> = Vec::new();
        for row in &self.rows {
            let at = *seen.entry(values(&row.key)).or_insert(counts.len());
            if at == counts.len() {
                counts.push((row, 0, 0));
            }
            let (_, expected, actual) = &mut counts[at];
            *expected += usize::from(row.expected.is_some());
            *actual += usize::from(row.actual.is_some());
        }
        (counts.into_iter())
            .filter(|(_, expected, actual)| *expected > 1 || *actual > 1)
            .map(|(row, expected, actual)| DuplicateKey { key: row.key.clone(), expected, actual })
            .collect()
    }
}

/// Something that stands in the expected table, in the actual table, or in both.
pub(super) trait TwoSided {
    fn positions(&self) -> (Option<usize>, Option<usize>);
}

impl TwoSided for RowDiff {
    fn positions(&self) -> (Option<usize>, Option<usize>) {
        (self.expected, self.actual)
    }
}

impl TwoSided for PairedColumn {
    fn positions(&self) -> (Option<usize>, Option<usize>) {
        (self.expected.map(|place| place.position), self.actual.map(|place| place.position))
    }
}

impl<T: TwoSided> TwoSided for (usize, T) {
    fn positions(&self) -> (Option<usize>, Option<usize>) {
        self.1.positions()
    }
}

/// Puts `items` in the expected table's order, and those that only the actual table has behind the item that
/// they follow there. The result depends on the positions only, not on the order of `items`.
pub(super) fn weave<T: TwoSided>(mut items: Vec<T>) -> Vec<T> {
    let mut by_actual: Vec<_> = (items.iter())
        .filter_map(|item| item.positions().1.map(|actual| (actual, item.positions().0)))
        .collect();
    by_actual.sort_unstable();
    let mut follows = HashMap::new();
    let mut last = None;
    for (actual, expected) in by_actual {
        last = expected.or(last);
        follows.insert(actual, last);
    }
    items.sort_by_key(|item| match item.positions() {
        (Some(expected), _) => (Some(expected), None),
        (None, Some(actual)) => (follows.get(&actual).copied().flatten(), Some(actual)),
        (None, None) => (None, None),
    });
    items
}

/// For each item, whether it is part of one longest subsequence that never falls; always the same one.
pub(super) fn longest_rising(items: &[usize]) -> Vec<bool> {
    // `tails[n]` ends the best subsequence of n + 1 items so far: the one with the lowest last item.
    let mut tails: Vec<usize> = Vec::new();
    let mut before = vec![None; items.len()];
    for (at, item) in items.iter().enumerate() {
        let length = tails.partition_point(|tail| items[*tail] <= *item);
        before[at] = length.checked_sub(1).map(|shorter| tails[shorter]);
        match tails.get_mut(length) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut member = vec![false; items.len()];
    let mut next = tails.last().copied();
    while let Some(at) = next {
        member[at] = true;
        next = before[at];
    }
    member
}
