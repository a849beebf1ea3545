//! What a diff has found, as the record of a check.

use super::reading::{Note, Reading};
use super::terms::Terms;
use crate::diff::{ColumnMode, DifferenceKind, RowDiff, TableDiff};
use crate::report::{CellRun, CellVerdict, Comparison, RowRun};
use crate::table::{Cell, ResultTable};

/// What two tables come to side by side.
struct Sides<'c> {
    found: &'c TableDiff,
    reading: &'c Reading,
    actual: &'c ResultTable,
    terms: &'c Terms,
}

/// Puts what the diff has found into a record, with all that is known of each cell.
pub(super) fn assemble(
    found: &TableDiff,
    reading: &Reading,
    actual: &ResultTable,
    terms: &Terms,
    first_line: Option<u32>,
) -> Comparison {
    let sides = Sides { found, reading, actual, terms };
    let rows = found.rows.iter().map(|row| sides.row(row, first_line));
    let rows: Vec<RowRun> = rows.collect();
    let mut cells = rows.iter().flat_map(|row| &row.cells);
    let stale = cells.any(|cell| cell.verdict == CellVerdict::StaleErratum);
    Comparison {
        same: found.is_same() && !stale,
        key: found.key.clone(),
        expected_columns: reading.table.columns.clone(),
        actual_columns: actual.columns.clone(),
        header: header_sentences(found),
        rows,
        left_out: 0,
        taken_over: 0,
        remarks: remarks(found),
    }
}

impl Sides<'_> {
    fn row(&self, row: &RowDiff, first_line: Option<u32>) -> RowRun {
        let struck = row.expected.map(|at| self.reading.struck[at].clone());
        let mut cells = struck.unwrap_or_default();
        for (at, column) in self.found.columns.iter().enumerate() {
            let extra = column.expected.is_none();
            if self.terms.columns != ColumnMode::Subset || !extra {
                cells.push(self.cell(row, at));
            }
        }
        let file_line = row.expected.and_then(|at| self.reading.file_lines[at]);
        RowRun {
            key: row.key.clone(),
            verdict: row.verdict(),
            source_line: first_line.zip(file_line).map(|(first, line)| first + line - 1),
            file_line,
            cells,
        }
    }

    fn cell(&self, row: &RowDiff, at: usize) -> CellRun {
        let column = &self.found.columns[at];
        let expected = row.expected.zip(column.expected.as_ref());
        let note = expected.map(|(r, place)| &self.reading.notes[r][place.position]);
        let expected =
            expected.map(|(r, place)| self.reading.table.rows[r][place.position].clone());
        let actual = row.actual.zip(column.actual.as_ref());
        let actual = actual.map(|(r, place)| self.actual.rows[r][place.position].clone());
        let difference = row.cell(at);
        let (verdict, reason) = cell_verdict(difference.map(|d| d.verdict), note, actual.as_ref());
        CellRun {
            column: column.name.clone(),
            printed: note.and_then(|note| note.printed.clone()),
            expected,
            actual,
            verdict,
            erratum: note.and_then(|note| note.erratum.clone()),
            reason: reason.or_else(|| self.terms.reason(verdict, &column.name)),
        }
    }
}

fn cell_verdict(
    difference: Option<DifferenceKind>,
    note: Option<&Note>,
    actual: Option<&Cell>,
) -> (CellVerdict, Option<String>) {
    let uncorrected = note.and_then(|note| note.uncorrected.as_ref());
    match difference {
        Some(DifferenceKind::Differs) if uncorrected.is_some() && uncorrected == actual => (
            CellVerdict::StaleErratum,
            Some("the value is as printed, so its erratum no longer applies".to_owned()),
        ),
        Some(DifferenceKind::Differs) => (CellVerdict::Differs, None),
        Some(DifferenceKind::Ignored) => (CellVerdict::Ignored, None),
        Some(DifferenceKind::WithinTolerance) => (CellVerdict::WithinTolerance, None),
        Some(DifferenceKind::Missing) => (CellVerdict::Missing, None),
        Some(DifferenceKind::Extra) => (CellVerdict::Extra, None),
        None => match note {
            Some(Note { parameter: Some(name), .. }) => {
                (CellVerdict::MatchesByParameter, Some(format!("replaces parameter `{name}`")))
            }
            Some(Note { erratum: Some(_), .. }) => (CellVerdict::MatchesByErratum, None),
            _ => (CellVerdict::Matches, None),
        },
    }
}

fn header_sentences(found: &TableDiff) -> Vec<String> {
    let Some(header) = &found.header else {
        return Vec::new();
    };
    let list = |names: &[String]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let mut sentences = Vec::new();
    if !header.missing.is_empty() {
        sentences.push(format!("columns missing: {}", list(&header.missing)));
    }
    if !header.extra.is_empty() {
        sentences.push(format!("columns not expected: {}", list(&header.extra)));
    }
    if header.moved {
        sentences.push(format!(
            "columns in a different order: expected {}; found {}",
            list(&header.expected),
            list(&header.actual)
        ));
    }
    sentences
}

fn remarks(found: &TableDiff) -> Vec<String> {
    let key = |cells: &[Cell]| {
        let pairs = found.key.iter().zip(cells).map(|(name, cell)| format!("`{name}={cell}`"));
        pairs.collect::<Vec<_>>().join("; ")
    };
    let order = found.out_of_order.iter().map(|row| {
        let name = if found.key.is_empty() { String::new() } else { format!("{} ", key(&row.key)) };
        format!(
            "row {name}is at position {}, expected at position {}",
            row.actual + 1,
            row.expected + 1
        )
    });
    let duplicates = found.duplicate_keys.iter().map(|duplicate| {
        format!(
            "key {} occurs {} times in expected and {} times in actual; rows are matched by similarity",
            key(&duplicate.key),
            duplicate.expected,
            duplicate.actual
        )
    });
    order.chain(duplicates).collect()
}
