//! Puts an expectation and what came back side by side, cell by cell.
//!
//! Printed text becomes typed cells here: corrected by errata, bound to the parameters of the run, read as the
//! kinds that the query's columns have. This module does not know SQLite, clocks or steps.

mod assemble;
mod bound;
mod reading;
mod terms;

use std::path::Path;

pub use bound::{Asked, BoundError, compare_bound};
pub use terms::Terms;

use assemble::assemble;
use reading::{Note, Reading, read_expected, read_value};
use terms::{spelt_as, terms_of};

use crate::command_line::quoted;
use crate::diagnostic::counted;
use crate::diff::{self, DiffError, DiffOptions, RowOrder};
use crate::document::Lines;
use crate::report::{CellRun, CellVerdict, Comparison, RowRun, RowVerdict};
use crate::scenario::{Check, Expect, ExpectedState, ParameterValue};
use crate::table::{Cell, Column, ResultTable};

/// Compares what a check expects with `actual`: the query's answer without its basis column, or a table to be
/// compared with it.
///
/// `columns` are those of the query's answer, by whose kinds the expectation is read; `query_key` and
/// `query_order` are the query's, and the check's own go before them. `printed` are the lines of the document
/// that the expectation transcribes.
///
/// # Errors
/// Fails when a key, ignored or tolerated column is in neither table.
pub fn compare(
    check: &Check,
    parameters: &[ParameterValue],
    query_key: &[String],
    query_order: &[String],
    columns: &[Column],
    actual: &ResultTable,
    printed: Option<&Lines>,
) -> Result<Comparison, DiffError> {
    let reading = match &check.expect {
        Expect::Rows(count) => return Ok(compare_count(*count, actual)),
        Expect::Table(expected) if expected.state == ExpectedState::Unrecorded => {
            return Ok(compare_nothing(actual));
        }
        Expect::Value(text) => read_value(text, columns),
        Expect::Table(expected) => read_expected(expected, parameters, columns),
    };
    let terms = terms_of(check, query_key, query_order, actual);
    let found = diff::diff(&reading.table, actual, &terms.options())?;
    Ok(assemble(&found, &reading, actual, &terms, printed.map(Lines::first)))
}

/// Compares two tables outside a scenario. Names of columns match in any letter case.
///
/// # Errors
/// Fails when a key, ignored or tolerated column is in neither table.
pub fn compare_tables(
    expected: &ResultTable,
    actual: &ResultTable,
    terms: &Terms,
) -> Result<Comparison, DiffError> {
    let (actual, spelt) = spelt_as(actual, expected);
    let terms = terms.spelt_as(expected, &actual);
    let options =
        DiffOptions { related_only: terms.order == RowOrder::Unordered, ..terms.options() };
    let found = diff::diff(expected, &actual, &options)?;
    let reading = Reading {
        table: expected.clone(),
        file_lines: vec![None; expected.rows.len()],
        notes: vec![vec![Note::default(); expected.columns.len()]; expected.rows.len()],
        struck: vec![Vec::new(); expected.rows.len()],
    };
    let mut comparison = assemble(&found, &reading, &actual, &terms, None);
    let remarks = (spelt.into_iter()).chain(spellings(&comparison.rows)).chain(keyless(
        &comparison,
        expected,
        &actual,
    ));
    let remarks: Vec<String> = remarks.collect();
    comparison.remarks.extend(remarks);
    Ok(comparison)
}

/// How many cells are equal though they are written differently.
fn spellings(rows: &[RowRun]) -> impl Iterator<Item = String> {
    let (mut numbers, mut texts) = (0_u64, 0_u64);
    let cells = rows.iter().flat_map(|row| &row.cells);
    for cell in cells.filter(|cell| cell.verdict == CellVerdict::Matches) {
        match (&cell.expected, &cell.actual) {
            (Some(Cell::Decimal(own)), Some(Cell::Decimal(other))) => {
                numbers += u64::from(own.as_str() != other.as_str());
            }
            (Some(Cell::Text(own)), Some(Cell::Text(other))) => texts += u64::from(own != other),
            _ => {}
        }
    }
    let cells = |count: u64| {
        if count == 1 { "1 cell is".to_owned() } else { format!("{count} cells are") }
    };
    let numbers = (numbers > 0)
        .then(|| format!("{} equal as numbers but written differently", cells(numbers)));
    let texts =
        (texts > 0).then(|| format!("{} equal but for letter case or blanks", cells(texts)));
    numbers.into_iter().chain(texts)
}

/// Says how rows were paired where no key did it and the tables differ.
fn keyless(
    comparison: &Comparison,
    expected: &ResultTable,
    actual: &ResultTable,
) -> Option<String> {
    let told = !comparison.key.is_empty() || comparison.same;
    if told || expected.rows.is_empty() || actual.rows.is_empty() {
        return None;
    }
    let advice = match diff::usable_key(expected, actual) {
        Some(name) => {
            let key = quoted(name);
            format!("`--key {key}` matches them by a column that identifies each row")
        }
        None => "no single column identifies each row, so repeat `--key`".to_owned(),
    };
    Some(format!("no key is given, so rows are matched by similarity; {advice}"))
}

/// Compares two files of delimited text as [`compare_tables`] does, without holding the rows that are equal in every
/// cell. `None` when that cannot be done: without a key, where the order of rows matters, or when a file is not what
/// [`files`](diff::files) reads; then read both and compare the tables.
pub fn compare_files(
    expected: &Path,
    actual: &Path,
    terms: &Terms,
) -> Result<Option<Comparison>, DiffError> {
    if terms.order != RowOrder::Unordered {
        return Ok(None);
    }
    // What the system says is said again, and told, by whoever reads the files then.
    let Ok(Some(kept)) = diff::files::kept(expected, actual, &terms.options()) else {
        return Ok(None);
    };
    let mut comparison = compare_tables(&kept.expected, &kept.actual, terms)?;
    comparison.left_out = kept.left_out;
    Ok(Some(comparison))
}

/// What came back where no expected table yet.
fn compare_nothing(actual: &ResultTable) -> Comparison {
    Comparison { remarks: Vec::new(), ..compare_count(0, actual) }
}

fn compare_count(count: u64, actual: &ResultTable) -> Comparison {
    let found = actual.rows.len() as u64;
    let rows = if count == 0 { actual.rows.as_slice() } else { &[] };
    Comparison {
        same: found == count,
        key: Vec::new(),
        expected_columns: Vec::new(),
        actual_columns: actual.columns.clone(),
        header: Vec::new(),
        rows: rows
            .iter()
            .map(|row| RowRun {
                key: Vec::new(),
                verdict: RowVerdict::Extra,
                source_line: None,
                file_line: None,
                cells: actual
                    .columns
                    .iter()
                    .zip(row)
                    .map(|(column, cell)| CellRun {
                        column: column.name.clone(),
                        printed: None,
                        expected: None,
                        actual: Some(cell.clone()),
                        verdict: CellVerdict::Extra,
                        erratum: None,
                        reason: None,
                    })
                    .collect(),
            })
            .collect(),
        left_out: 0,
        taken_over: 0,
        remarks: match (count, found) {
            _ if count == found => vec![format!("{} as expected", rows_in_words(found))],
            _ => vec![format!("expected {}, found {found}", rows_in_words(count))],
        },
    }
}

fn rows_in_words(count: u64) -> String {
    match count {
        0 => "no row".to_owned(),
        count => counted(count, "row"),
    }
}
