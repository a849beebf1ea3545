//! Compares two tables, expected and actual, cell by cell.
//!
//! Cells are compared as typed values: NULL, the empty text and the text `NULL` are three things, and so are
//! `5` the number and `5` the text; decimals that are one number in two spellings are equal. Rows are matched by key,
//! columns by name, and nothing is guessed. The result holds every row of either table once, so that a report can show
//! what agrees as well as what does not, and enough to rebuild the actual table from the expected one.
//!
//! Two laws hold for all tables and options, with one exception said below:
//!
//! - `diff(e, a)` applied to `e` is `a`, equal cells in the spelling of `e`;
//! - `diff(e, a)` mirrored is `diff(a, e)`.
//!
//! [`ColumnMode::Subset`] looks at the two sides differently on purpose: applying gives the columns that were
//! looked at, and mirroring it is not the diff the other way round.
//!
//! # Why the mirror holds
//!
//! Three things could tell the sides apart: which rows are paired, in which order they are listed, and which
//! are called out of order. The listing and the out-of-order rows are functions of the pairs and of what is
//! kept of both tables; [`TableDiff::mirror`] computes them anew with the sides swapped. Remains the pairing.
//!
//! Rows of equal key form a group, and "equal" has no direction. In a group, the n-th expected row of some
//! content is paired with the n-th actual row of that content; swapping sides gives the same pairs. What
//! remains is paired greedily: of all candidates (i, j), positions among the remaining rows of either side,
//! the one with the most agreeing cells goes first, then the one with the smallest i + j. Agreement has no
//! direction and i + j = j + i, so both directions rank candidates alike. Candidates of one rank have the
//! same i + j; if two of them share i they share j too and are the same, so they never compete for a row, and
//! it does not matter which goes first. The pairs are therefore the same. A remainder too large for that is
//! paired by position, which has no direction either. Nor has [`DiffOptions::related_only`], by which only some
//! pairs are candidates: what two rows share is shared both ways.
//!
//! This module does no I/O and does not know where a table or an option comes from; [`files`] finds in two large
//! files the rows that have to be compared.

pub mod files;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem;

use serde::Serialize;

use crate::table::decimal::Decimal;
use crate::table::{Cell, Column, Kind, ResultTable};

/// Above this many candidate pairs, the remaining rows of a group are paired by position.
const MAX_CANDIDATES: usize = 1_000_000;

/// How two tables are compared. The default is the strictest comparison that does not know a key or an order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DiffOptions {
    /// The columns whose values name a row. Without any, rows are matched by what they hold.
    pub key: Vec<String>,
    /// What the headers have to agree in.
    pub columns: ColumnMode,
    /// What the order of rows has to agree in.
    pub order: RowOrder,
    /// Columns whose cells may differ; they are still listed.
    pub ignore: Vec<String>,
    /// By column, how far values may lie apart, the limit included: for numbers as it is given, for durations
    /// in seconds, for timestamps in milliseconds. It makes NULL and text equal to nothing.
    pub tolerance: BTreeMap<String, Tolerance>,
    /// Whether texts are equal that differ in letter case only. Such cells are not listed.
    pub ignore_case: bool,
    /// Whether texts are equal that differ only in blanks at either end, or in how many stand between words. Such
    /// cells are not listed.
    pub ignore_blanks: bool,
    /// Whether rows without a key are paired only where what they share speaks for it: a value that no other of these
    /// rows has, or more than half of the columns. Otherwise any two rows that remain become a pair, which suits tables
    /// that are known to show the same rows.
    pub related_only: bool,
}

/// How far two values may lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// By so much.
    Absolute(f64),
    /// By such a share of the larger one: 0.01 is one in a hundred.
    Relative(f64),
}

impl Tolerance {
    fn value(self) -> f64 {
        match self {
            Self::Absolute(value) | Self::Relative(value) => value,
        }
    }
}

impl From<f64> for Tolerance {
    fn from(value: f64) -> Self {
        Self::Absolute(value)
    }
}

/// `0.01`, or `1 %` for a share.
impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(value) => value.fmt(f),
            // As it was written: 0.1 % is not 0.1000…1 %.
            Self::Relative(share) => write!(f, "{} %", (share * 1e14).round() / 1e12),
        }
    }
}

/// What two headers have to agree in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnMode {
    /// The same names in the same order.
    #[default]
    Exact,
    /// The same names in any order.
    AnyOrder,
    /// At least the expected names, in any order; other columns of the actual table are not looked at.
    Subset,
}

/// What the order of rows has to agree in. Rows that only one table has are never out of order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// Nothing: the order does not matter.
    #[default]
    Unordered,
    /// Rows that match stand in the same order.
    Strict,
    /// Rows that match stand in the same order, except that neighbours in the actual table with equal values
    /// in these columns, an ORDER BY's, may stand either way round.
    By(Vec<String>),
}

/// Compares `actual` with `expected`.
///
/// # Errors
/// When an option names a column that neither table has, a key column is missing on one side, or a tolerance
/// is negative or not a number.
pub fn diff(
    expected: &ResultTable,
    actual: &ResultTable,
    options: &DiffOptions,
) -> Result<TableDiff, DiffError> {
    check_names(expected, actual, options)?;
    check_tolerances(options)?;
    let columns = weave(pair_columns(expected, actual, options.columns));
    let folded = (folded(expected, options), folded(actual, options));
    let comparison = Comparison {
        shown: (expected, actual),
        expected: &folded.0,
        actual: &folded.1,
        related_only: options.related_only && options.key.is_empty(),
        rules: rules(&columns, options),
        expected_key: key_positions(expected, &options.key, Side::Expected)?,
        actual_key: key_positions(actual, &options.key, Side::Actual)?,
    };
    let rows = (comparison.pair_rows().into_iter())
        .map(|pair| comparison.row(&columns, pair))
        .collect();
    let diff = TableDiff {
        header: compare_headers(expected, actual, options.columns),
        key: options.key.clone(),
        columns,
        rows,
        out_of_order: Vec::new(),
        duplicate_keys: Vec::new(),
        ties: ties(expected, &options.order).zip(ties(actual, &options.order)),
    };
    Ok(diff.arranged())
}

/// Why two tables cannot be compared as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DiffError {
    /// An option names a column that neither table has.
    #[error("neither table has a column `{name}`, which is given as {role}")]
    UnknownColumn {
        /// What the column was to be.
        role: Role,
        /// The name as given.
        name: String,
        /// The column name most like it, if one is.
        nearest: Option<String>,
    },
    /// One table lacks a key column that the other has.
    #[error("the {side} table lacks the key column `{name}`")]
    NoKeyColumn {
        /// The table that lacks it.
        side: Side,
        /// The name as given.
        name: String,
        /// The name in that table most like it, if one is.
        nearest: Option<String>,
    },
    /// A tolerance that no distance can be compared with.
    #[error("the tolerance of column `{column}` is {tolerance}, expected 0 or more")]
    BadTolerance {
        /// The name of the column.
        column: String,
        /// The tolerance as given.
        tolerance: f64,
    },
    /// A tolerance of a column that has nothing with a distance.
    #[error(
        "column `{column}` has no number and no time in either table, so no tolerance applies to it"
    )]
    NoDistance {
        /// The name of the column.
        column: String,
    },
}

impl DiffError {
    /// The column name that was probably meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::UnknownColumn { nearest, .. } | Self::NoKeyColumn { nearest, .. } => {
                nearest.as_deref()
            }
            Self::BadTolerance { .. } | Self::NoDistance { .. } => None,
        }
    }
}

/// What an option uses a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Rows are matched by it.
    Key,
    /// Rows are ordered by it.
    Order,
    /// Its cells may differ.
    Ignored,
    /// Its cells may lie apart.
    Tolerance,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Order => "order",
            Self::Ignored => "ignored",
            Self::Tolerance => "having a tolerance",
        })
    }
}

/// One of the two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The table to hold against.
    Expected,
    /// The table held against it.
    Actual,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expected => "expected",
            Self::Actual => "actual",
        })
    }
}

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
    /// For each side and row, the number of its group of ties; `None` if the order is not looked at.
    #[serde(skip)]
    ties: Option<(Vec<usize>, Vec<usize>)>,
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
    /// The name as it is listed.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
        let mut rows: Vec<_> = (self.rows.iter())
            .filter_map(|row| Some((row.actual?, row)))
            .collect();
        rows.sort_by_key(|(position, _)| *position);

        let unchanged = |row: &RowDiff, column: &PairedColumn| {
            let row = expected.rows.get(row.expected?)?;
            row.get(column.expected?.position).cloned()
        };
        let cell = |row: &RowDiff, at: usize, column: &PairedColumn| {
            let listed = row.cells.iter().find(|cell| cell.at == at);
            let cell = match listed {
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
    fn arranged(mut self) -> Self {
        self.rows = weave(self.rows);
        self.out_of_order = self.find_out_of_order();
        self.duplicate_keys = self.find_duplicate_keys();
        self
    }

    fn find_out_of_order(&self) -> Vec<OutOfOrder> {
        let Some((_, ties)) = &self.ties else {
            return Vec::new();
        };
        let matched: Vec<_> = (self.rows.iter())
            .filter_map(|row| Some((row, row.expected?, row.actual?)))
            .collect();
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
            .map(|(row, expected, actual)| DuplicateKey {
                key: row.key.clone(),
                expected,
                actual,
            })
            .collect()
    }
}

/// Something that stands in the expected table, in the actual table, or in both.
trait TwoSided {
    fn positions(&self) -> (Option<usize>, Option<usize>);
}

impl TwoSided for RowDiff {
    fn positions(&self) -> (Option<usize>, Option<usize>) {
        (self.expected, self.actual)
    }
}

impl TwoSided for PairedColumn {
    fn positions(&self) -> (Option<usize>, Option<usize>) {
        (
            self.expected.map(|place| place.position),
            self.actual.map(|place| place.position),
        )
    }
}

impl<T: TwoSided> TwoSided for (usize, T) {
    fn positions(&self) -> (Option<usize>, Option<usize>) {
        self.1.positions()
    }
}

/// Puts `items` in the expected table's order, and those that only the actual table has behind the item that
/// they follow there. The result depends on the positions only, not on the order of `items`.
fn weave<T: TwoSided>(mut items: Vec<T>) -> Vec<T> {
    let mut by_actual: Vec<_> = (items.iter())
        .filter_map(|item| {
            item.positions()
                .1
                .map(|actual| (actual, item.positions().0))
        })
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
fn longest_rising(items: &[usize]) -> Vec<bool> {
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

/// Numbers the rows of `table` by groups of ties: neighbours that `order` does not tell apart. Order columns
/// that the table lacks tell nothing apart.
fn ties(table: &ResultTable, order: &RowOrder) -> Option<Vec<usize>> {
    let columns: Vec<usize> = match order {
        RowOrder::Unordered => return None,
        RowOrder::Strict => return Some((0..table.rows.len()).collect()),
        RowOrder::By(names) => names.iter().filter_map(|n| table.position(n)).collect(),
    };
    let tied = |a: &[Cell], b: &[Cell]| columns.iter().all(|at| same(&a[*at], &b[*at]));
    let mut group = 0;
    let numbers = table.rows.iter().enumerate().map(|(at, row)| {
        if at > 0 && !tied(&table.rows[at - 1], row) {
            group += 1;
        }
        group
    });
    Some(numbers.collect())
}

/// Pairs columns by name; of columns with the same name, the n-th with the n-th.
fn pair_columns(
    expected: &ResultTable,
    actual: &ResultTable,
    mode: ColumnMode,
) -> Vec<PairedColumn> {
    let mut by_name: HashMap<&str, VecDeque<(usize, &Column)>> = HashMap::new();
    for (at, column) in actual.columns.iter().enumerate() {
        let same_name = by_name.entry(&column.name).or_default();
        same_name.push_back((at, column));
    }
    let place = |(position, column): (usize, &Column)| ColumnPlace {
        position,
        kind: column.kind,
    };
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

fn compare_headers(
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

/// How the cells of one column are compared.
struct Rule {
    expected: Option<usize>,
    actual: Option<usize>,
    ignored: bool,
    tolerance: Option<Tolerance>,
}

fn rules(columns: &[PairedColumn], options: &DiffOptions) -> Vec<Rule> {
    (columns.iter())
        .map(|column| Rule {
            expected: column.expected.map(|place| place.position),
            actual: column.actual.map(|place| place.position),
            ignored: options.ignore.contains(&column.name),
            tolerance: options.tolerance.get(&column.name).copied(),
        })
        .collect()
}

impl Rule {
    /// What the two cells come to, or `None` if they are plainly equal or neither exists.
    fn verdict(&self, expected: Option<&Cell>, actual: Option<&Cell>) -> Option<DifferenceKind> {
        match (expected, actual) {
            (None, None) => None,
            (Some(expected), Some(actual)) if same(expected, actual) => None,
            _ if self.ignored => Some(DifferenceKind::Ignored),
            (Some(_), None) => Some(DifferenceKind::Missing),
            (None, Some(_)) => Some(DifferenceKind::Extra),
            (Some(expected), Some(actual)) if self.tolerates(expected, actual) => {
                Some(DifferenceKind::WithinTolerance)
            }
            _ => Some(DifferenceKind::Differs),
        }
    }

    fn tolerates(&self, expected: &Cell, actual: &Cell) -> bool {
        self.tolerance
            .is_some_and(|tolerance| within(expected, actual, tolerance))
    }
}

/// Two tables and how their rows and cells are compared.
struct Comparison<'a> {
    /// The tables as they are.
    shown: (&'a ResultTable, &'a ResultTable),
    /// The tables as they are compared.
    expected: &'a ResultTable,
    actual: &'a ResultTable,
    related_only: bool,
    rules: Vec<Rule>,
    expected_key: Vec<usize>,
    actual_key: Vec<usize>,
}

/// The position of a row in the expected table and in the actual one.
type Pair = (Option<usize>, Option<usize>);

impl<'a> Comparison<'a> {
    fn row(&self, columns: &[PairedColumn], (expected, actual): Pair) -> RowDiff {
        let expected_row = expected.map(|at| &self.expected.rows[at]);
        let actual_row = actual.map(|at| &self.actual.rows[at]);
        let shown = (
            expected.map(|at| &self.shown.0.rows[at]),
            actual.map(|at| &self.shown.1.rows[at]),
        );
        let key = match shown {
            (Some(row), _) => pick(row, &self.expected_key),
            (None, Some(row)) => pick(row, &self.actual_key),
            (None, None) => Vec::new(),
        };
        let cells = self.rules.iter().enumerate().filter_map(|(at, rule)| {
            let expected = expected_row.and_then(|row| Some(&row[rule.expected?]));
            let actual = actual_row.and_then(|row| Some(&row[rule.actual?]));
            // In a row that only one side has, no column is less missing for being ignored.
            let verdict = match (expected_row, actual_row) {
                (Some(_), None) => expected.map(|_| DifferenceKind::Missing),
                (None, Some(_)) => actual.map(|_| DifferenceKind::Extra),
                _ => rule.verdict(expected, actual),
            };
            Some(CellDiff {
                column: columns[at].name.clone(),
                at,
                expected: shown.0.and_then(|row| row.get(rule.expected?).cloned()),
                actual: shown.1.and_then(|row| row.get(rule.actual?).cloned()),
                verdict: verdict?,
            })
        });
        RowDiff {
            cells: cells.collect(),
            key: key.into_iter().map(|value| value.0.clone()).collect(),
            expected,
            actual,
        }
    }

    /// Pairs every row of either table with its counterpart or with nothing, in no particular order.
    fn pair_rows(&self) -> Vec<Pair> {
        let mut groups: HashMap<_, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, row) in self.expected.rows.iter().enumerate() {
            let group = groups.entry(pick(row, &self.expected_key)).or_default();
            group.0.push(at);
        }
        for (at, row) in self.actual.rows.iter().enumerate() {
            let group = groups.entry(pick(row, &self.actual_key)).or_default();
            group.1.push(at);
        }
        let mut pairs = Vec::with_capacity(groups.len());
        for (expected, actual) in groups.into_values() {
            match (expected.as_slice(), actual.as_slice()) {
                ([expected], [actual]) => pairs.push((Some(*expected), Some(*actual))),
                _ => self.pair_group(expected, actual, &mut pairs),
            }
        }
        pairs
    }

    /// Pairs rows of equal key. The module's documentation says why this has no direction.
    fn pair_group(&self, expected: Vec<usize>, actual: Vec<usize>, pairs: &mut Vec<Pair>) {
        let (expected, actual) = self.pair_equal(expected, actual, pairs);
        let few = expected.len().saturating_mul(actual.len()) <= MAX_CANDIDATES;
        let chosen = if self.related_only {
            self.choose_greedily(&expected, &actual, self.related(&expected, &actual, few))
        } else if few {
            self.choose_greedily(&expected, &actual, all_pairs(&expected, &actual))
        } else {
            (0..expected.len().min(actual.len()))
                .map(|n| (n, n))
                .collect()
        };
        let mut left: (Vec<_>, Vec<_>) = (
            expected.into_iter().map(Some).collect(),
            actual.into_iter().map(Some).collect(),
        );
        for (i, j) in chosen {
            pairs.push((left.0[i].take(), left.1[j].take()));
        }
        pairs.extend(left.0.into_iter().flatten().map(|at| (Some(at), None)));
        pairs.extend(left.1.into_iter().flatten().map(|at| (None, Some(at))));
    }

    /// Pairs the n-th row of some content with the n-th of the same content, and gives back the rest.
    fn pair_equal(
        &self,
        expected: Vec<usize>,
        actual: Vec<usize>,
        pairs: &mut Vec<Pair>,
    ) -> (Vec<usize>, Vec<usize>) {
        let counted = || self.rules.iter().filter(|rule| !rule.ignored);
        let (expected_columns, actual_columns): (Vec<_>, Vec<_>) = counted()
            .filter_map(|rule| rule.expected.zip(rule.actual))
            .unzip();
        let mut by_content: HashMap<_, VecDeque<usize>> = HashMap::new();
        for at in actual {
            let content = pick(&self.actual.rows[at], &actual_columns);
            by_content.entry(content).or_default().push_back(at);
        }
        let mut rest = Vec::new();
        for at in expected {
            let content = pick(&self.expected.rows[at], &expected_columns);
            match by_content.get_mut(&content).and_then(VecDeque::pop_front) {
                Some(equal) => pairs.push((Some(at), Some(equal))),
                None => rest.push(at),
            }
        }
        let mut actual: Vec<_> = by_content.into_values().flatten().collect();
        actual.sort_unstable();
        (rest, actual)
    }

    /// Pairs as many rows as can be, most agreeing cells first, then the smallest sum of positions.
    fn choose_greedily(
        &self,
        expected: &[usize],
        actual: &[usize],
        pairs: impl IntoIterator<Item = (usize, usize)>,
    ) -> Vec<(usize, usize)> {
        let candidate = |(i, j): (usize, usize)| {
            let rows = (
                &self.expected.rows[expected[i]],
                &self.actual.rows[actual[j]],
            );
            (Reverse(self.agreeing(rows.0, rows.1)), i + j, i, j)
        };
        let mut candidates: Vec<_> = pairs.into_iter().map(candidate).collect();
        candidates.sort_unstable();
        let (mut expected, mut actual) = (vec![false; expected.len()], vec![false; actual.len()]);
        let mut chosen = Vec::new();
        for (_, _, i, j) in candidates {
            if !expected[i] && !actual[j] {
                (expected[i], actual[j]) = (true, true);
                chosen.push((i, j));
            }
        }
        chosen
    }

    /// The pairs of rows that may be one row: they share a value that no other of these rows has on either side, or,
    /// where there are few of them, more than half of the columns with something in them. Neither has a direction.
    fn related(&self, expected: &[usize], actual: &[usize], few: bool) -> BTreeSet<(usize, usize)> {
        let mut pairs = BTreeSet::new();
        let counted: Vec<_> = (self.rules.iter().filter(|rule| !rule.ignored))
            .filter_map(|rule| rule.expected.zip(rule.actual))
            .collect();
        for (e, a) in &counted {
            let own = sole(expected.iter().map(|at| &self.expected.rows[*at][*e]));
            let other = sole(actual.iter().map(|at| &self.actual.rows[*at][*a]));
            let shared = |(value, i): (Value<'_>, usize)| Some((i, *other.get(&value)?));
            pairs.extend(own.into_iter().filter_map(shared));
        }
        if few {
            pairs.extend(all_pairs(expected, actual).filter(|(i, j)| {
                let rows = (
                    &self.expected.rows[expected[*i]],
                    &self.actual.rows[actual[*j]],
                );
                // Two blanks agree, and say nothing.
                let says = |(e, a): (usize, usize)| !(is_blank(&rows.0[e]) && is_blank(&rows.1[a]));
                let agreeing = self.agreeing_rules(rows.0, rows.1);
                let saying =
                    agreeing.filter(|rule| rule.expected.zip(rule.actual).is_some_and(says));
                saying.count() * 2 > counted.len()
            }));
        }
        pairs
    }

    /// The number of cells, ignored columns aside, that both rows have and that are no difference.
    fn agreeing(&self, expected: &[Cell], actual: &[Cell]) -> usize {
        self.agreeing_rules(expected, actual).count()
    }

    /// The columns, ignored ones aside, that both rows have and in which they do not differ.
    fn agreeing_rules<'r>(
        &'r self,
        expected: &[Cell],
        actual: &[Cell],
    ) -> impl Iterator<Item = &'r Rule> {
        let agrees = |rule: &&Rule| {
            (rule.expected.zip(rule.actual)).is_some_and(|(e, a)| {
                let verdict = rule.verdict(Some(&expected[e]), Some(&actual[a]));
                !verdict.is_some_and(DifferenceKind::is_difference)
            })
        };
        let counted = self.rules.iter().filter(|rule| !rule.ignored);
        counted.filter(agrees)
    }
}

/// Every pair of the places of two lists.
fn all_pairs(expected: &[usize], actual: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let others = actual.len();
    (0..expected.len()).flat_map(move |i| (0..others).map(move |j| (i, j)))
}

/// The values that stand once and say something, each with its place.
fn sole<'c>(cells: impl Iterator<Item = &'c Cell>) -> HashMap<Value<'c>, usize> {
    let mut places: HashMap<_, Option<usize>> = HashMap::new();
    for (at, cell) in cells.enumerate().filter(|(_, cell)| !is_blank(cell)) {
        (places.entry(Value(cell)).and_modify(|place| *place = None)).or_insert(Some(at));
    }
    (places.into_iter())
        .filter_map(|(value, place)| Some((value, place?)))
        .collect()
}

/// Whether a cell says nothing.
fn is_blank(cell: &Cell) -> bool {
    matches!(cell, Cell::Null) || matches!(cell, Cell::Text(text) if text.trim().is_empty())
}

/// The first column whose values name one row each on both sides, so that it can be the key.
#[must_use]
pub fn usable_key<'t>(expected: &'t ResultTable, actual: &ResultTable) -> Option<&'t str> {
    let names_rows = |table: &ResultTable, at: usize| {
        let cells = table.rows.iter().map(|row| &row[at]);
        sole(cells).len() == table.rows.len() && !table.rows.is_empty()
    };
    let names = expected.columns.iter().map(|column| column.name.as_str());
    let usable = |(at, name): &(usize, &str)| {
        (actual.position(name))
            .is_some_and(|other| names_rows(expected, *at) && names_rows(actual, other))
    };
    names.enumerate().find(usable).map(|(_, name)| name)
}

/// The table as it is compared: its texts without what is not compared.
fn folded<'t>(table: &'t ResultTable, options: &DiffOptions) -> Cow<'t, ResultTable> {
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
fn same(a: &Cell, b: &Cell) -> bool {
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
fn within(a: &Cell, b: &Cell, tolerance: Tolerance) -> bool {
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
struct Value<'a>(&'a Cell);

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

fn values(cells: &[Cell]) -> Vec<Value<'_>> {
    cells.iter().map(Value).collect()
}

fn pick<'a>(row: &'a [Cell], positions: &[usize]) -> Vec<Value<'a>> {
    positions.iter().map(|at| Value(&row[*at])).collect()
}

fn check_names(
    expected: &ResultTable,
    actual: &ResultTable,
    options: &DiffOptions,
) -> Result<(), DiffError> {
    let order: &[String] = match &options.order {
        RowOrder::By(names) => names,
        RowOrder::Unordered | RowOrder::Strict => &[],
    };
    let named = (options.key.iter().map(|name| (Role::Key, name)))
        .chain(order.iter().map(|name| (Role::Order, name)))
        .chain(options.ignore.iter().map(|name| (Role::Ignored, name)))
        .chain(options.tolerance.keys().map(|name| (Role::Tolerance, name)));
    let known: Vec<&str> = expected.names().into_iter().chain(actual.names()).collect();
    for (role, name) in named {
        if !known.contains(&name.as_str()) {
            return Err(DiffError::UnknownColumn {
                role,
                name: name.clone(),
                nearest: nearest(name, &known),
            });
        }
    }
    Ok(())
}

fn check_tolerances(options: &DiffOptions) -> Result<(), DiffError> {
    let bad = |(_, tolerance): &(&String, &Tolerance)| {
        tolerance.value().is_nan() || tolerance.value() < 0.0
    };
    match options.tolerance.iter().find(bad) {
        Some((column, tolerance)) => Err(DiffError::BadTolerance {
            column: column.clone(),
            tolerance: tolerance.value(),
        }),
        None => Ok(()),
    }
}

/// Refuses a tolerance of a column whose cells are all texts, which would say nothing. [`diff()`] itself takes it.
///
/// # Errors
/// When there is such a column.
pub fn check_distances<'n>(
    tables: [&ResultTable; 2],
    columns: impl Iterator<Item = &'n str>,
) -> Result<(), DiffError> {
    for column in columns {
        let cells = || {
            let places = tables.map(|table| (table, table.position_in_any_case(column)));
            let places = places
                .into_iter()
                .filter_map(|(table, at)| Some((table, at?)));
            places.flat_map(|(table, at)| table.rows.iter().map(move |row| &row[at]))
        };
        if cells().any(|cell| !is_blank(cell)) && !cells().any(has_distance) {
            return Err(DiffError::NoDistance {
                column: column.to_owned(),
            });
        }
    }
    Ok(())
}

fn has_distance(cell: &Cell) -> bool {
    !matches!(cell, Cell::Null | Cell::Text(_))
}

fn key_positions(table: &ResultTable, key: &[String], side: Side) -> Result<Vec<usize>, DiffError> {
    (key.iter())
        .map(|name| {
            table.position(name).ok_or_else(|| DiffError::NoKeyColumn {
                side,
                name: name.clone(),
                nearest: nearest(name, &table.names()),
            })
        })
        .collect()
}

/// The known name most like `name`, letter case aside; the first of several; `None` if none is much like it.
fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let name = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let likeness = strsim::jaro_winkler(&name, &candidate.to_lowercase());
        if likeness > best.map_or(0.75, |(most, _)| most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, name)| name.to_owned())
}
