//! Puts an expectation and what came back side by side, cell by cell.
//!
//! Printed text becomes typed cells here: corrected by errata, bound to the parameters of the run, read as the
//! kinds that the query's columns have. This module does not know SQLite, clocks or steps.

mod bound;

use std::borrow::Cow;
use std::path::Path;

pub use bound::{Asked, BoundError, compare_bound};

use crate::diagnostic::counted;
use crate::diff::{
    self, ColumnMode, DiffError, DiffOptions, DifferenceKind, RowOrder, TableDiff, Tolerance,
};
use crate::document::Lines;
use crate::report::{CellRun, CellVerdict, Comparison, RowRun, RowVerdict};
use crate::scenario::{
    Check, Expect, Expected, ExpectedState, LINE_COLUMN, Layout, ParameterValue, PrintedCell,
};
use crate::table::raw::RawCell;
use crate::table::{Cell, Column, Kind, ResultTable};

/// The column by which a transcription of lines is numbered.
const LINE_NUMBER: &str = "line_no";

/// How two tables are to be compared: what the diff takes, with a reason for every column that is let off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// The columns by which rows are matched.
    pub key: Vec<String>,
    /// How strictly headers are compared.
    pub columns: ColumnMode,
    /// How the order of rows is compared.
    pub order: RowOrder,
    /// Columns not compared, each with its reason.
    pub ignore: Vec<(String, String)>,
    /// Columns compared with a tolerance, each with its reason.
    pub tolerance: Vec<(String, Tolerance, String)>,
    /// Whether texts may differ in letter case.
    pub ignore_case: bool,
    /// Whether texts may differ in blanks at either end, and in how many stand between words.
    pub ignore_blanks: bool,
}

impl Terms {
    fn options(&self) -> DiffOptions {
        DiffOptions {
            key: self.key.clone(),
            columns: self.columns,
            order: self.order.clone(),
            ignore: self
                .ignore
                .iter()
                .map(|(column, _)| column.clone())
                .collect(),
            tolerance: self
                .tolerance
                .iter()
                .map(|(column, within, _)| (column.clone(), *within))
                .collect(),
            ignore_case: self.ignore_case,
            ignore_blanks: self.ignore_blanks,
            related_only: false,
        }
    }
}

/// An expected table that has become cells, with all that a report says of each.
struct Reading {
    table: ResultTable,
    /// Per row: the line of the file.
    file_lines: Vec<Option<u32>>,
    /// Per row and column of `table`.
    notes: Vec<Vec<Note>>,
    /// Printed cells that are not data: per row, the column's heading, the text, the erratum.
    struck: Vec<Vec<CellRun>>,
}

/// What is known of an expected cell beside its value.
#[derive(Default, Clone)]
struct Note {
    printed: Option<String>,
    /// The printed text as a cell, where an erratum reads it otherwise.
    uncorrected: Option<Cell>,
    erratum: Option<String>,
    /// The parameter in whose place the printed value stands.
    parameter: Option<String>,
}

/// Compares what a check expects with `actual`: the query's answer without its basis column, or a table to be
/// held against it.
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
    Ok(assemble(
        &found,
        &reading,
        actual,
        &terms,
        printed.map(Lines::first),
    ))
}

/// The terms of a check: its own go before its query's.
fn terms_of(
    check: &Check,
    query_key: &[String],
    query_order: &[String],
    actual: &ResultTable,
) -> Terms {
    let visible = |names: &[String]| names.iter().all(|name| actual.position(name).is_some());
    Terms {
        key: match (&check.key, &check.expect) {
            (Some(key), _) => key.clone(),
            (None, Expect::Table(_)) => query_key.to_vec(),
            (None, _) => Vec::new(),
        },
        columns: check.columns,
        order: check.order.clone().unwrap_or_else(|| {
            if query_order.is_empty() || !visible(query_order) {
                RowOrder::Unordered
            } else {
                RowOrder::By(query_order.to_vec())
            }
        }),
        ignore: check.ignore.clone(),
        tolerance: check.tolerance.clone(),
        ..Terms::default()
    }
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
    let options = DiffOptions {
        related_only: terms.order == RowOrder::Unordered,
        ..terms.options()
    };
    let found = diff::diff(expected, &actual, &options)?;
    let reading = Reading {
        table: expected.clone(),
        file_lines: vec![None; expected.rows.len()],
        notes: vec![vec![Note::default(); expected.columns.len()]; expected.rows.len()],
        struck: vec![Vec::new(); expected.rows.len()],
    };
    let mut comparison = assemble(&found, &reading, &actual, &terms, None);
    let remarks = (spelt.into_iter())
        .chain(spellings(&comparison.rows))
        .chain(keyless(&comparison, expected, &actual));
    let remarks: Vec<String> = remarks.collect();
    comparison.remarks.extend(remarks);
    Ok(comparison)
}

impl Terms {
    /// The terms with columns named as the tables spell them.
    fn spelt_as(&self, expected: &ResultTable, actual: &ResultTable) -> Self {
        let spell = |name: &mut String| {
            let known = [expected, actual].into_iter().find_map(|table| {
                let exact = table.position(name);
                exact
                    .or_else(|| table.position_in_any_case(name))
                    .map(|at| &table.columns[at].name)
            });
            if let Some(known) = known {
                name.clone_from(known);
            }
        };
        let mut terms = self.clone();
        terms.key.iter_mut().for_each(spell);
        terms.ignore.iter_mut().for_each(|(name, _)| spell(name));
        terms
            .tolerance
            .iter_mut()
            .for_each(|(name, ..)| spell(name));
        terms
    }
}

/// The table with its headings in the letter case of `like`, where that has them in one other, and a sentence about it.
fn spelt_as<'t>(
    table: &'t ResultTable,
    like: &ResultTable,
) -> (Cow<'t, ResultTable>, Option<String>) {
    let mut renamed = Vec::new();
    let mut table = Cow::Borrowed(table);
    for at in 0..table.columns.len() {
        let own = table.columns[at].name.clone();
        if like.position(&own).is_some() {
            continue;
        }
        let known = like
            .position_in_any_case(&own)
            .map(|known| &like.columns[known].name);
        let is_sole = table.position_in_any_case(&own).is_some();
        if let Some(known) = known.filter(|_| is_sole) {
            renamed.push(format!("`{own}` for `{known}`"));
            table.to_mut().columns[at].name.clone_from(known);
        }
    }
    let sentence = (!renamed.is_empty())
        .then(|| format!("headings in another letter case: {}", renamed.join(", ")));
    (table, sentence)
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
        if count == 1 {
            "1 cell is".to_owned()
        } else {
            format!("{count} cells are")
        }
    };
    let numbers = (numbers > 0).then(|| {
        format!(
            "{} equal as numbers and written differently",
            cells(numbers)
        )
    });
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
        Some(name) => format!("`--key {name}` pairs them by a column that names each row"),
        None => "no single column names each row, so a key takes several `--key`".to_owned(),
    };
    Some(format!(
        "no key is given, so rows are paired by the values they share; {advice}"
    ))
}

/// Compares two files of delimited text as [`compare_tables`] does, without holding the rows that are equal in every
/// cell. `None` when that cannot be done: without a key, where the order of rows matters, or when a file is not what
/// [`files`](diff::files) reads; then read both and compare the tables.
///
/// # Errors
/// As [`compare_tables`].
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

/// What came back where nothing is expected yet.
fn compare_nothing(actual: &ResultTable) -> Comparison {
    Comparison {
        remarks: Vec::new(),
        ..compare_count(0, actual)
    }
}

fn compare_count(count: u64, actual: &ResultTable) -> Comparison {
    let found = actual.rows.len() as u64;
    let rows = if count == 0 {
        actual.rows.as_slice()
    } else {
        &[]
    };
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

fn read_value(text: &str, columns: &[Column]) -> Reading {
    let column = columns
        .first()
        .cloned()
        .unwrap_or_else(|| Column::new("value", Kind::Text));
    let cell = RawCell {
        text: text.to_owned(),
        quoted: false,
    }
    .read(column.kind);
    Reading {
        table: ResultTable {
            columns: vec![column],
            rows: vec![vec![cell]],
        },
        file_lines: vec![None],
        notes: vec![vec![Note {
            printed: Some(text.to_owned()),
            ..Note::default()
        }]],
        struck: vec![Vec::new()],
    }
}

fn read_expected(expected: &Expected, parameters: &[ParameterValue], answer: &[Column]) -> Reading {
    let header: Vec<String> = match expected.layout {
        Layout::Grid => expected.header.clone(),
        Layout::Lines => vec![LINE_COLUMN.to_owned()],
    };
    let kept: Vec<usize> = (0..header.len())
        .filter(|at| expected.is_data(*at))
        .collect();
    let numbered = expected.layout == Layout::Lines && answer.iter().any(|c| c.name == LINE_NUMBER);
    let mut columns: Vec<Column> = Vec::new();
    if numbered {
        columns.push(Column::new(LINE_NUMBER, Kind::Integer));
    }
    for at in &kept {
        let found = answer.iter().find(|column| column.name == header[*at]);
        let kind = found.map_or(Kind::Text, |column| column.kind);
        columns.push(Column::new(header[*at].clone(), kind));
    }
    let mut reading = Reading {
        table: ResultTable {
            columns,
            rows: Vec::new(),
        },
        file_lines: Vec::new(),
        notes: Vec::new(),
        struck: Vec::new(),
    };
    let bindings = bindings(expected, parameters);
    for (number, row) in expected.rows.iter().enumerate() {
        let mut cells = Vec::new();
        let mut notes = Vec::new();
        if numbered {
            cells.push(Cell::Integer(
                i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1),
            ));
            notes.push(Note::default());
        }
        for at in &kept {
            let column = &reading.table.columns[cells.len()];
            let (cell, note) = read_cell(&row.cells[*at], column, &bindings);
            cells.push(cell);
            notes.push(note);
        }
        let struck = (0..header.len())
            .filter(|at| !expected.is_data(*at))
            .map(|at| {
                let cell = &row.cells[at];
                CellRun {
                    column: header[at].clone(),
                    printed: Some(cell.text.clone()),
                    expected: None,
                    actual: None,
                    verdict: CellVerdict::NotData,
                    erratum: cell.erratum.as_ref().map(|erratum| erratum.id.clone()),
                    reason: None,
                }
            });
        reading.struck.push(struck.collect());
        reading.table.rows.push(cells);
        reading.notes.push(notes);
        reading.file_lines.push(Some(row.line));
    }
    reading
}

/// A parameter whose value in the run is not the one that the table was written with.
struct Rebound<'a> {
    before: &'a Cell,
    parameter: &'a ParameterValue,
}

fn bindings<'a>(expected: &'a Expected, parameters: &'a [ParameterValue]) -> Vec<Rebound<'a>> {
    let written = expected.written_with.iter();
    written
        .filter_map(|(name, before)| {
            let parameter = parameters
                .iter()
                .find(|parameter| parameter.name == *name)?;
            (parameter.value != *before).then_some(Rebound { before, parameter })
        })
        .collect()
}

fn read_cell(printed: &PrintedCell, column: &Column, bindings: &[Rebound<'_>]) -> (Cell, Note) {
    let raw = |text: &str| {
        RawCell {
            text: text.to_owned(),
            quoted: printed.quoted,
        }
        .read(column.kind)
    };
    let mut note = Note {
        printed: Some(printed.text.clone()),
        ..Note::default()
    };
    let mut cell = raw(&printed.text);
    let erratum = printed.erratum.as_ref();
    if let Some((erratum, reading)) = erratum.and_then(|e| e.reading.as_ref().map(|r| (e, r))) {
        note.uncorrected = Some(cell);
        note.erratum = Some(erratum.id.clone());
        cell = raw(reading);
    }
    let names = |rebound: &&Rebound<'_>| rebound.parameter.columns.contains(&column.name);
    for Rebound { before, parameter } in bindings.iter().filter(names) {
        let (before, now) = (before.to_string(), parameter.value.to_string());
        let text = if column.name == LINE_COLUMN {
            cell.to_string().replace(&before, &now)
        } else if cell.to_string() == before {
            now
        } else {
            continue;
        };
        if text != cell.to_string() {
            note.parameter = Some(parameter.name.clone());
            let quoted = column.kind == Kind::Text;
            cell = RawCell { text, quoted }.read(column.kind);
            break;
        }
    }
    (cell, note)
}

fn assemble(
    found: &TableDiff,
    reading: &Reading,
    actual: &ResultTable,
    terms: &Terms,
    first_line: Option<u32>,
) -> Comparison {
    let mut stale = false;
    let mut rows = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let mut cells: Vec<CellRun> = row
            .expected
            .map(|at| reading.struck[at].clone())
            .unwrap_or_default();
        for (at, column) in found.columns.iter().enumerate() {
            if terms.columns == ColumnMode::Subset && column.expected.is_none() {
                continue;
            }
            let expected_place = row.expected.zip(column.expected.as_ref());
            let note = expected_place.map(|(r, place)| &reading.notes[r][place.position]);
            let expected =
                expected_place.map(|(r, place)| reading.table.rows[r][place.position].clone());
            let actual_cell = row
                .actual
                .zip(column.actual.as_ref())
                .map(|(r, place)| actual.rows[r][place.position].clone());
            let difference = row.cells.iter().find(|cell| cell.at == at);
            let (verdict, reason) =
                cell_verdict(difference.map(|d| d.verdict), note, actual_cell.as_ref());
            stale |= verdict == CellVerdict::StaleErratum;
            let reason = reason.or_else(|| match verdict {
                CellVerdict::Ignored => terms
                    .ignore
                    .iter()
                    .find(|(name, _)| *name == column.name)
                    .map(|(_, why)| why.clone()),
                CellVerdict::WithinTolerance => terms
                    .tolerance
                    .iter()
                    .find(|(name, _, _)| *name == column.name)
                    .map(|(_, within, why)| format!("up to {within}: {why}")),
                _ => None,
            });
            cells.push(CellRun {
                column: column.name.clone(),
                printed: note.and_then(|note| note.printed.clone()),
                expected,
                actual: actual_cell,
                verdict,
                erratum: note.and_then(|note| note.erratum.clone()),
                reason,
            });
        }
        let file_line = row.expected.and_then(|at| reading.file_lines[at]);
        let verdict = row.verdict();
        rows.push(RowRun {
            key: row.key.clone(),
            verdict,
            source_line: first_line
                .zip(file_line)
                .map(|(first, line)| first + line - 1),
            file_line,
            cells,
        });
    }
    Comparison {
        same: found.is_same() && !stale,
        key: found.key.clone(),
        expected_columns: reading.table.columns.clone(),
        actual_columns: actual.columns.clone(),
        header: header_sentences(found),
        rows,
        left_out: 0,
        remarks: remarks(found),
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
            Some("the value is what is printed, so its erratum no longer applies".to_owned()),
        ),
        Some(DifferenceKind::Differs) => (CellVerdict::Differs, None),
        Some(DifferenceKind::Ignored) => (CellVerdict::Ignored, None),
        Some(DifferenceKind::WithinTolerance) => (CellVerdict::WithinTolerance, None),
        Some(DifferenceKind::Missing) => (CellVerdict::Missing, None),
        Some(DifferenceKind::Extra) => (CellVerdict::Extra, None),
        None => match note {
            Some(Note {
                parameter: Some(name),
                ..
            }) => (
                CellVerdict::MatchesByParameter,
                Some(format!("stands for parameter `{name}`")),
            ),
            Some(Note {
                erratum: Some(_), ..
            }) => (CellVerdict::MatchesByErratum, None),
            _ => (CellVerdict::Matches, None),
        },
    }
}

fn header_sentences(found: &TableDiff) -> Vec<String> {
    let Some(header) = &found.header else {
        return Vec::new();
    };
    let list = |names: &[String]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
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
            "columns in another order: expected {}; found {}",
            list(&header.expected),
            list(&header.actual)
        ));
    }
    sentences
}

fn remarks(found: &TableDiff) -> Vec<String> {
    let key = |cells: &[Cell]| {
        let pairs = found
            .key
            .iter()
            .zip(cells)
            .map(|(name, cell)| format!("`{name}={cell}`"));
        pairs.collect::<Vec<_>>().join("; ")
    };
    let order = found.out_of_order.iter().map(|row| {
        let name = if found.key.is_empty() {
            String::new()
        } else {
            format!("{} ", key(&row.key))
        };
        format!(
            "row {name}stands in place {}, expected in place {}",
            row.actual + 1,
            row.expected + 1
        )
    });
    let duplicates = found.duplicate_keys.iter().map(|duplicate| {
        format!(
            "key {} occurs {} times in expected and {} times in actual; rows are paired by likeness",
            key(&duplicate.key),
            duplicate.expected,
            duplicate.actual
        )
    });
    order.chain(duplicates).collect()
}
