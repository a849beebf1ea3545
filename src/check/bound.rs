//! Compares rows of production with a documented table: the lab's ids, names and times are bound to the user's, so that
//! only what the document asserts is compared.
//!
//! One value is given, by which the user's row is found. All else that the lab made up is taken from that row: each
//! cell that shows a parameter of the scenario, and all times, shifted by one offset, so that only intervals are
//! compared. A NULL is not taken: the document asserts that there is a value.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Reading, assemble, compare_count, read_expected, terms_of};
use crate::diagnostic::counted;
use crate::diff::{self, DiffError};
use crate::document::Lines;
use crate::report::Comparison;
use crate::scenario::{Check, Expect, Expected, Layout, ParameterValue};
use crate::table::{Cell, Column, Kind, ResultTable};

/// Why rows cannot be compared with a check.
#[derive(Debug, Error)]
pub enum BoundError {
    /// The check expects a transcript or a single value.
    #[error("check `{check}` does not expect a table, so `--bind` does not apply")]
    NotATable {
        /// The name of the check.
        check: String,
    },
    /// No row of the expected table shows the parameter.
    #[error("no row of `{file}` contains parameter `{name}`")]
    NotShown {
        /// The file of the table.
        file: String,
        /// The name of the parameter.
        name: String,
        /// The parameters that can be bound.
        known: Vec<String>,
    },
    /// The rows have no column in which the value could be found.
    #[error("the export has no column `{column}`, which is needed to find its rows")]
    NoColumn {
        /// The name of the column.
        column: String,
    },
    /// The tables could not be compared.
    #[error(transparent)]
    Diff(#[from] DiffError),
}

/// What is compared with what, on which terms.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The check that was run.
    pub check: &'a Check,
    /// The columns of its query's answer, by whose kinds the expectation is read.
    pub columns: &'a [Column],
    /// The key of its query.
    pub key: &'a [String],
    /// The order of its query.
    pub order: &'a [String],
    /// The lines of the document that the expectation transcribes.
    pub printed: Option<&'a Lines>,
}

/// Compares what a check expects with rows of production, of which those are looked at that have the values of `binds`:
/// parameters of the scenario with the user's own values. `parameters` are all that the scenario has. Headings match in
/// any letter case.
///
/// # Errors
/// When the check expects no rows, or a value cannot be looked for.
pub fn compare_bound(
    asked: Asked<'_>,
    binds: &[ParameterValue],
    parameters: &[ParameterValue],
    actual: &ResultTable,
) -> Result<Comparison, BoundError> {
    let check = asked.check;
    let expected = match &check.expect {
        Expect::Table(expected) if expected.layout == Layout::Grid => expected,
        Expect::Rows(count) => return count_bound(*count, binds, actual),
        _ => {
            return Err(BoundError::NotATable { check: check.id.clone() });
        }
    };
    let mut reading = read_expected(expected, &[], asked.columns);
    let actual = super::spelt_as(actual, &reading.table).0;
    let mut bound = Bound { parameters: parameters.to_vec(), ..Bound::default() };
    for bind in binds {
        bound.find(&reading, expected, bind, &actual)?;
    }
    bound.kept_expected.sort_unstable();
    bound.kept_expected.dedup();
    bound.replace(&mut reading, expected, &actual);
    let left_out = reading.table.rows.len() - bound.kept_expected.len();
    keep(&mut reading, &bound.kept_expected);
    let rows = bound.rows_of(&actual);
    let others = actual.rows.len() - rows.rows.len();
    let terms = terms_of(check, asked.key, asked.order, &rows);
    let found = diff::diff(&reading.table, &rows, &terms.options())?;
    let mut comparison = assemble(&found, &reading, &rows, &terms, asked.printed.map(Lines::first));
    let in_every_row = |column: &usize| {
        bound.kept_expected.iter().all(|row| bound.taken.contains(&(*row, *column)))
    };
    comparison.taken_over = (0..reading.table.columns.len()).filter(in_every_row).count();
    comparison.remarks.extend(bound.remarks);
    comparison.remarks.extend(left_out_sentences(others, left_out));
    Ok(comparison)
}

fn left_out_sentences(others: usize, documented: usize) -> impl Iterator<Item = String> {
    let rows = |n: usize| counted(n, "row");
    let of_export = (others > 0).then(|| {
        format!("excluded: {} of the export that {} not bound", rows(others), are(others))
    });
    let of_document = (documented > 0).then(|| {
        format!("excluded: {} of the document that {} not bound", rows(documented), are(documented))
    });
    of_export.into_iter().chain(of_document)
}

fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// A check that counts rows counts those with the values that are bound.
fn count_bound(
    count: u64,
    binds: &[ParameterValue],
    actual: &ResultTable,
) -> Result<Comparison, BoundError> {
    let mut kept = Vec::new();
    let mut remarks = Vec::new();
    for bind in binds {
        let position = bind.columns.iter().find_map(|name| position(actual, name));
        let Some(at) = position else {
            let column = bind.columns.first().unwrap_or(&bind.name).clone();
            return Err(BoundError::NoColumn { column });
        };
        kept.extend((0..actual.rows.len()).filter(|row| same(&actual.rows[*row][at], &bind.value)));
        remarks.extend(given(&actual.columns[at].name, bind));
    }
    kept.sort_unstable();
    kept.dedup();
    let rows: Vec<_> = kept.iter().map(|row| actual.rows[*row].clone()).collect();
    let others = actual.rows.len() - rows.len();
    let columns = actual.columns.clone();
    let mut comparison = compare_count(count, &ResultTable { columns, rows });
    comparison.remarks.extend(remarks);
    comparison.remarks.extend(left_out_sentences(others, 0));
    Ok(comparison)
}

/// `activity_id 1347 -> 88123 (given)`.
fn given(column: &str, bind: &ParameterValue) -> Option<String> {
    let before = bind.instead_of.as_ref()?;
    Some(format!("bound: {column} {before} -> {} (given)", in_sentence(&bind.value)))
}

/// A value in a sentence: a text is quoted, so that it is known to be no word of the sentence.
fn in_sentence(value: &Cell) -> String {
    match value {
        Cell::Text(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}

/// Whether two cells show the same: a text may look like a number where nothing says what the column holds.
fn same(a: &Cell, b: &Cell) -> bool {
    *a != Cell::Null && a.to_string() == b.to_string()
}

fn position(table: &ResultTable, name: &str) -> Option<usize> {
    table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
}

fn keep(reading: &mut Reading, rows: &[usize]) {
    fn take<T: Clone>(all: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|row| all[*row].clone()).collect()
    }
    reading.table.rows = take(&reading.table.rows, rows);
    reading.file_lines = take(&reading.file_lines, rows);
    reading.notes = take(&reading.notes, rows);
    reading.struck = take(&reading.struck, rows);
}

/// A row of the document with the value that is given for it, and where in the export it was found.
struct Pair {
    expected: usize,
    column: usize,
    bind: ParameterValue,
    actual: Option<usize>,
}

/// What is bound to what.
#[derive(Default)]
struct Bound {
    parameters: Vec<ParameterValue>,
    pairs: Vec<Pair>,
    kept_expected: Vec<usize>,
    kept_actual: Vec<usize>,
    /// The cells of the document, as row and column, whose values are the user's.
    taken: BTreeSet<(usize, usize)>,
    remarks: Vec<String>,
}

impl Bound {
    /// Finds the rows of the document that show a parameter, and those of the export that have the user's value there.
    fn find(
        &mut self,
        reading: &Reading,
        expected: &Expected,
        bind: &ParameterValue,
        actual: &ResultTable,
    ) -> Result<(), BoundError> {
        let shown: Vec<(usize, usize)> = (0..reading.table.rows.len())
            .filter_map(|row| Some((row, shows(reading, expected, row, bind)?)))
            .collect();
        let Some((_, column)) = shown.first().copied() else {
            return Err(BoundError::NotShown {
                file: expected.file.clone(),
                name: bind.name.clone(),
                known: self.shown(reading, expected),
            });
        };
        let name = &reading.table.columns[column].name;
        let Some(at) = position(actual, name) else {
            return Err(BoundError::NoColumn { column: name.clone() });
        };
        let rows = (0..actual.rows.len()).filter(|row| same(&actual.rows[*row][at], &bind.value));
        let rows: Vec<usize> = rows.collect();
        self.remarks.extend(given(name, bind));
        if rows.is_empty() {
            self.remarks
                .push(format!("no row of the export has {name} {}", in_sentence(&bind.value)));
        }
        for (row, column) in shown {
            self.kept_expected.push(row);
            let (bind, actual) = (bind.clone(), rows.first().copied());
            self.pairs.push(Pair { expected: row, column, bind, actual });
        }
        self.kept_actual.extend(rows);
        Ok(())
    }

    /// The parameters that the document's rows show.
    fn shown(&self, reading: &Reading, expected: &Expected) -> Vec<String> {
        let rows = 0..reading.table.rows.len();
        let shown = |parameter: &&ParameterValue| {
            rows.clone().any(|row| shows(reading, expected, row, parameter).is_some())
        };
        self.parameters.iter().filter(shown).map(|parameter| parameter.name.clone()).collect()
    }

    /// Puts the user's values instead of the lab's.
    fn replace(&mut self, reading: &mut Reading, expected: &Expected, actual: &ResultTable) {
        let mut moved_by = None;
        let pairs = std::mem::take(&mut self.pairs);
        for pair in &pairs {
            reading.table.rows[pair.expected][pair.column] = pair.bind.value.clone();
            reading.notes[pair.expected][pair.column].parameter = Some(pair.bind.name.clone());
            self.taken.insert((pair.expected, pair.column));
            if let Some(row) = pair.actual {
                moved_by = moved_by.or_else(|| self.anchor(reading, pair.expected, actual, row));
                self.take_over(reading, expected, pair, &actual.rows[row], actual);
            }
        }
        if let Some(ms) = moved_by {
            for cell in reading.table.rows.iter_mut().flatten() {
                if let Cell::Timestamp(at) = cell {
                    *at += ms;
                }
            }
        }
    }

    /// Takes what else shows a parameter from the user's row.
    fn take_over(
        &mut self,
        reading: &mut Reading,
        expected: &Expected,
        pair: &Pair,
        row: &[Cell],
        actual: &ResultTable,
    ) {
        for column in 0..reading.table.columns.len() {
            let name = reading.table.columns[column].name.clone();
            let place = (pair.expected, column);
            let parameter = parameter_of(reading, expected, &self.parameters, place);
            let taken =
                position(actual, &name).map(|at| &row[at]).filter(|cell| **cell != Cell::Null);
            let (Some(parameter), Some(taken), true) = (parameter, taken, column != pair.column)
            else {
                continue;
            };
            let parameter = parameter.to_owned();
            let cell = &mut reading.table.rows[pair.expected][column];
            if cell != taken {
                self.remarks.push(format!(
                    "bound: {name} {cell} -> {} (from the export)",
                    in_sentence(taken)
                ));
                *cell = taken.clone();
                self.taken.insert(place);
                reading.notes[pair.expected][column].parameter = Some(parameter);
            }
        }
    }

    /// How far the lab's times are moved, in milliseconds: by the first time that both rows have.
    fn anchor(
        &mut self,
        reading: &Reading,
        expected: usize,
        actual: &ResultTable,
        row: usize,
    ) -> Option<i64> {
        let columns = reading.table.columns.iter().enumerate();
        let mut times = columns.filter(|(_, column)| column.kind == Kind::Timestamp);
        times.find_map(|(at, column)| {
            let lab = &reading.table.rows[expected][at];
            let own = &actual.rows[row][position(actual, &column.name)?];
            let (Cell::Timestamp(from), Cell::Timestamp(to)) = (lab, own) else {
                return None;
            };
            let name = &column.name;
            self.taken.insert((expected, at));
            self.remarks.push(format!(
                "bound: {name} {lab} -> {own} (from the export); all other documented times are shifted by the same \
                 offset"
            ));
            Some(to - from)
        })
    }

    fn rows_of(&self, actual: &ResultTable) -> ResultTable {
        let mut kept = self.kept_actual.clone();
        kept.sort_unstable();
        kept.dedup();
        ResultTable {
            columns: actual.columns.clone(),
            rows: kept.into_iter().map(|row| actual.rows[row].clone()).collect(),
        }
    }
}

/// The column in which a row shows the value that the table was written with for a parameter.
fn shows(
    reading: &Reading,
    expected: &Expected,
    row: usize,
    bind: &ParameterValue,
) -> Option<usize> {
    let before = written(expected, bind)?;
    let columns = reading.table.columns.iter().enumerate();
    let mut shown = columns.filter(|(_, column)| bind.columns.contains(&column.name));
    shown.find(|(at, _)| same(&reading.table.rows[row][*at], before)).map(|(at, _)| at)
}

/// The value that the table was written with for a parameter.
fn written<'a>(expected: &'a Expected, parameter: &ParameterValue) -> Option<&'a Cell> {
    let mut written = expected.written_with.iter();
    written.find(|(name, _)| *name == parameter.name).map(|(_, value)| value)
}

/// The parameter that a cell of the document shows.
fn parameter_of<'a>(
    reading: &Reading,
    expected: &Expected,
    parameters: &'a [ParameterValue],
    (row, column): (usize, usize),
) -> Option<&'a str> {
    let (name, cell) = (&reading.table.columns[column].name, &reading.table.rows[row][column]);
    let mut parameters = parameters.iter().filter(|parameter| parameter.columns.contains(name));
    let shown = |parameter: &&ParameterValue| {
        written(expected, parameter).is_some_and(|before| same(cell, before))
    };
    parameters.find(shown).map(|parameter| parameter.name.as_str())
}
