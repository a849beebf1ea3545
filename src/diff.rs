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
//! This module does no I/O and does not know where a table or an option comes from. `options` says how tables are
//! compared, `table_diff` is the result; `columns`, `pairing` and `values` pair columns, rows and cells; [`files`]
//! finds in two large files the rows that have to be compared.

mod columns;
pub mod files;
mod options;
mod pairing;
mod table_diff;
mod values;

use columns::{compare_headers, pair_columns};
use options::{check_names, check_tolerances, key_positions};
use pairing::{Comparison, rules};
use table_diff::weave;
use values::{folded, same, sole};

use crate::table::names::ColumnNames;
use crate::table::{Cell, ResultTable};

pub use options::{
    ColumnMode, DiffError, DiffOptions, Role, RowOrder, Side, Tolerance, check_distances,
};
pub use table_diff::{
    CellDiff, ColumnPlace, DifferenceKind, DuplicateKey, HeaderDiff, OutOfOrder, PairedColumn,
    RowDiff, RowVerdict, TableDiff,
};

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
    let rows =
        (comparison.pair_rows().into_iter()).map(|pair| comparison.row(&columns, pair)).collect();
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

/// The first column whose values name one row each on both sides, so that it can be the key.
#[must_use]
pub fn usable_key<'t>(expected: &'t ResultTable, actual: &ResultTable) -> Option<&'t str> {
    let names_rows = |table: &ResultTable, at: usize| {
        let cells = table.rows.iter().map(|row| &row[at]);
        sole(cells).len() == table.rows.len() && !table.rows.is_empty()
    };
    let others = ColumnNames::of(actual);
    let names = expected.columns.iter().map(|column| column.name.as_str());
    let usable = |(at, name): &(usize, &str)| {
        (others.position(name))
            .is_some_and(|other| names_rows(expected, *at) && names_rows(actual, other))
    };
    names.enumerate().find(usable).map(|(_, name)| name)
}
