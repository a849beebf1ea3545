//! An expected table that becomes cells: printed text corrected by errata, bound to the parameters of the run, and read
//! as the kinds that the query's columns have.

use crate::report::{CellRun, CellVerdict};
use crate::scenario::{Expected, LINE_COLUMN, Layout, ParameterValue, PrintedCell};
use crate::table::raw::RawCell;
use crate::table::{Cell, Column, Kind, ResultTable};

/// The column by which a transcription of lines is numbered.
const LINE_NUMBER: &str = "line_no";

/// An expected table that has become cells, with all that a report says of each.
pub(super) struct Reading {
    pub(super) table: ResultTable,
    /// Per row: the line of the file.
    pub(super) file_lines: Vec<Option<u32>>,
    /// Per row and column of `table`.
    pub(super) notes: Vec<Vec<Note>>,
    /// Printed cells that are not data: per row, the column's heading, the text, the erratum.
    pub(super) struck: Vec<Vec<CellRun>>,
}

/// What is known of an expected cell beside its value.
#[derive(Default, Clone)]
pub(super) struct Note {
    pub(super) printed: Option<String>,
    /// The printed text as a cell, where an erratum reads it otherwise.
    pub(super) uncorrected: Option<Cell>,
    pub(super) erratum: Option<String>,
    /// The parameter in whose place the printed value stands.
    pub(super) parameter: Option<String>,
}

pub(super) fn read_value(text: &str, columns: &[Column]) -> Reading {
    let column = columns.first().cloned().unwrap_or_else(|| Column::new("value", Kind::Text));
    let cell = RawCell { text: text.to_owned(), quoted: false }.read(column.kind);
    Reading {
        table: ResultTable { columns: vec![column], rows: vec![vec![cell]] },
        file_lines: vec![None],
        notes: vec![vec![Note { printed: Some(text.to_owned()), ..Note::default() }]],
        struck: vec![Vec::new()],
    }
}

pub(super) fn read_expected(
    expected: &Expected,
    parameters: &[ParameterValue],
    answer: &[Column],
) -> Reading {
    let header: Vec<String> = match expected.layout {
        Layout::Grid => expected.header.clone(),
        Layout::Lines => vec![LINE_COLUMN.to_owned()],
    };
    let kept: Vec<usize> = (0..header.len()).filter(|at| expected.is_data(*at)).collect();
    let numbered = expected.layout == Layout::Lines && answer.iter().any(|c| c.name == LINE_NUMBER);
    let columns = columns_of(&header, &kept, numbered, answer);
    let mut reading = Reading {
        table: ResultTable { columns, rows: Vec::new() },
        file_lines: Vec::new(),
        notes: Vec::new(),
        struck: Vec::new(),
    };
    let bindings = bindings(expected, parameters);
    for (number, row) in expected.rows.iter().enumerate() {
        let mut cells = Vec::new();
        let mut notes = Vec::new();
        if numbered {
            cells.push(Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1)));
            notes.push(Note::default());
        }
        for at in &kept {
            let column = &reading.table.columns[cells.len()];
            let (cell, note) = read_cell(&row.cells[*at], column, &bindings);
            cells.push(cell);
            notes.push(note);
        }
        let struck = (0..header.len()).filter(|at| !expected.is_data(*at));
        let struck = struck.map(|at| no_data(&header[at], &row.cells[at]));
        reading.struck.push(struck.collect());
        reading.table.rows.push(cells);
        reading.notes.push(notes);
        reading.file_lines.push(Some(row.line));
    }
    reading
}

/// The columns of an expected table, with the kinds that the answer's have.
fn columns_of(header: &[String], kept: &[usize], numbered: bool, answer: &[Column]) -> Vec<Column> {
    let number = numbered.then(|| Column::new(LINE_NUMBER, Kind::Integer));
    let own = kept.iter().map(|at| {
        let found = answer.iter().find(|column| column.name == header[*at]);
        let kind = found.map_or(Kind::Text, |column| column.kind);
        Column::new(header[*at].clone(), kind)
    });
    number.into_iter().chain(own).collect()
}

/// A printed cell that is not data.
fn no_data(heading: &str, cell: &PrintedCell) -> CellRun {
    CellRun {
        column: heading.to_owned(),
        printed: Some(cell.text.clone()),
        expected: None,
        actual: None,
        verdict: CellVerdict::NotData,
        erratum: cell.erratum.as_ref().map(|erratum| erratum.id.clone()),
        reason: None,
    }
}

/// A parameter whose value in the run is not the one that the table was written with.
struct ChangedParameter<'a> {
    before: &'a Cell,
    parameter: &'a ParameterValue,
}

fn bindings<'a>(
    expected: &'a Expected,
    parameters: &'a [ParameterValue],
) -> Vec<ChangedParameter<'a>> {
    let written = expected.written_with.iter();
    written
        .filter_map(|(name, before)| {
            let parameter = parameters.iter().find(|parameter| parameter.name == *name)?;
            (parameter.value != *before).then_some(ChangedParameter { before, parameter })
        })
        .collect()
}

fn read_cell(
    printed: &PrintedCell,
    column: &Column,
    bindings: &[ChangedParameter<'_>],
) -> (Cell, Note) {
    let raw =
        |text: &str| RawCell { text: text.to_owned(), quoted: printed.quoted }.read(column.kind);
    let mut note = Note { printed: Some(printed.text.clone()), ..Note::default() };
    let mut cell = raw(&printed.text);
    let erratum = printed.erratum.as_ref();
    if let Some((erratum, reading)) = erratum.and_then(|e| e.reading.as_ref().map(|r| (e, r))) {
        note.uncorrected = Some(cell);
        note.erratum = Some(erratum.id.clone());
        cell = raw(reading);
    }
    let names = |rebound: &&ChangedParameter<'_>| rebound.parameter.columns.contains(&column.name);
    for ChangedParameter { before, parameter } in bindings.iter().filter(names) {
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
