//! Every table, cell and sentence of a report, in one place. Records are taken apart field by field, so that a new
//! field does not compile until somebody has decided what it holds.

use super::Classes;
use crate::report::{
    AnalysisRun, CellRun, CellVerdict, Comparison, FileRun, Listing, NamedComparison, Report,
    RowRun,
};
use crate::table::{Cell, Column, Kind, ResultTable};

/// What is done with each part of a report.
pub(super) trait Visitor {
    /// A cell, and the column in which it stands.
    fn cell(&mut self, column: &Column, cell: &mut Cell);
    /// A title, a remark, the name of a file.
    fn sentence(&mut self, text: &mut String);
    /// What the document prints.
    fn printed(&mut self, _: &str) {}
}

/// Walks a report of exported rows. Replays are the document's own.
pub(super) fn report(report: &mut Report, classes: &Classes, visitor: &mut dyn Visitor) {
    let Report {
        schema: _,
        program: _,
        runs: _,
        validated: _,
        analysis: searched,
        comparisons,
        listings,
    } = report;
    if let Some(searched) = searched {
        analysis(searched, visitor);
    }
    for NamedComparison {
        expected,
        actual,
        comparison: found,
    } in comparisons
    {
        visitor.sentence(expected);
        visitor.sentence(actual);
        comparison(found, classes, visitor);
    }
    for Listing {
        title,
        table: rows,
        remarks,
    } in listings
    {
        visitor.sentence(title);
        table(rows, visitor);
        remarks
            .iter_mut()
            .for_each(|remark| visitor.sentence(remark));
    }
}

/// Walks what exported rows were searched for. A column that a finding computes is the program's own words only where
/// its header says so.
fn analysis(run: &mut AnalysisRun, visitor: &mut dyn Visitor) {
    let AnalysisRun {
        files,
        as_of: _,
        as_of_from,
        utc_offset: _,
        open_chats: _,
        summary,
        // What the user typed, and the name of a server.
        command: _,
        outages,
        detected,
        undetectable,
        findings,
        candidates,
        next,
        privacy: _,
    } = run;
    visitor.sentence(as_of_from);
    files.iter_mut().for_each(|file| of_file(file, visitor));
    // Names of application servers are of rows; the rest is the program's own.
    let given = outages.iter_mut().filter_map(|outage| outage.host.as_mut());
    let found = detected
        .iter_mut()
        .filter_map(|outage| outage.host.as_mut());
    given.chain(found).for_each(|host| visitor.sentence(host));
    sentences(summary, visitor);
    sentences(undetectable, visitor);
    for finding in findings {
        table(&mut finding.table, visitor);
        sentences(&mut finding.needs_missing, visitor);
        sentences(&mut finding.helps_missing, visitor);
        sentences(&mut finding.remarks, visitor);
    }
    for candidate in candidates {
        sentences(&mut candidate.evidence_for, visitor);
        sentences(&mut candidate.evidence_against, visitor);
        sentences(&mut candidate.not_in_export, visitor);
        sentences(&mut candidate.separated_by, visitor);
    }
    sentences(next, visitor);
}

/// What is said of a file is the program's own, but in a copy that somebody else made.
fn of_file(file: &mut FileRun, visitor: &mut dyn Visitor) {
    let FileRun {
        file,
        form,
        encoding,
        taken_at: _,
        taken_from,
        tables,
        records: _,
        loaded: _,
        rejected: _,
        footer: _,
        remarks,
    } = file;
    for text in [file, form, encoding, taken_from] {
        visitor.sentence(text);
    }
    sentences(tables, visitor);
    sentences(remarks, visitor);
}

fn sentences(all: &mut [String], visitor: &mut dyn Visitor) {
    all.iter_mut()
        .for_each(|sentence| visitor.sentence(sentence));
}

/// Walks a table; a column whose cells are no longer of its kind becomes one of texts.
pub(super) fn table(table: &mut ResultTable, visitor: &mut dyn Visitor) {
    let ResultTable { columns, rows } = table;
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            let was_text = matches!(cell, Cell::Text(_));
            visitor.cell(column, cell);
            if !was_text && matches!(cell, Cell::Text(_)) {
                column.kind = Kind::Text;
            }
        }
    }
    headings(columns, visitor);
}

/// The header of a file without one is its first record: an address may stand there.
fn headings(columns: &mut [Column], visitor: &mut dyn Visitor) {
    columns
        .iter_mut()
        .for_each(|column| visitor.sentence(&mut column.name));
}

/// Walks a comparison. Where no column is one of the schema, the tables are somebody's own and not known to be of
/// customers: their texts are scanned, but not taken for what customers wrote.
fn comparison(found: &mut Comparison, classes: &Classes, visitor: &mut dyn Visitor) {
    let Comparison {
        same: _,
        key,
        expected_columns,
        actual_columns,
        header,
        rows,
        left_out: _,
        remarks,
    } = found;
    let mut columns = expected_columns.iter().chain(actual_columns.iter());
    let exported = columns.any(|column| classes.is_of_product(&column.name));
    let column = |name: &str| {
        let column = Column::new(name, Kind::Text);
        if exported {
            column
        } else {
            column.marked_own()
        }
    };
    for row in rows {
        let RowRun {
            key: values,
            verdict: _,
            source_line: _,
            file_line: _,
            cells,
        } = row;
        let public = |name: &str| {
            cells
                .iter()
                .any(|cell| cell.column == name && is_public(cell, cell.actual.as_ref()))
        };
        for (name, value) in key.iter().zip(values) {
            if !public(name) {
                visitor.cell(&column(name), value);
            }
        }
        for cell in cells {
            compared(cell, &column(&cell.column), visitor);
        }
    }
    headings(expected_columns, visitor);
    headings(actual_columns, visitor);
    key.iter_mut().for_each(|name| visitor.sentence(name));
    header
        .iter_mut()
        .for_each(|sentence| visitor.sentence(sentence));
    remarks
        .iter_mut()
        .for_each(|sentence| visitor.sentence(sentence));
}

fn compared(cell: &mut CellRun, of: &Column, visitor: &mut dyn Visitor) {
    let (expected_public, actual_public) = (
        is_public(cell, cell.expected.as_ref()),
        is_public(cell, cell.actual.as_ref()),
    );
    // What is printed is the document's, and is shown as it is.
    let CellRun {
        column,
        printed,
        expected,
        actual,
        verdict,
        erratum: _,
        reason,
    } = cell;
    if let Some(printed) = printed {
        visitor.printed(printed);
    }
    if let Some(expected) = expected.as_mut().filter(|_| !expected_public) {
        visitor.cell(of, expected);
    }
    if let Some(actual) = actual.as_mut().filter(|_| !actual_public) {
        visitor.cell(of, actual);
    }
    visitor.sentence(column);
    if *verdict != CellVerdict::NotData
        && let Some(reason) = reason
    {
        visitor.sentence(reason);
    }
}

/// Whether a value is the one that the document prints in this place.
fn is_public(cell: &CellRun, value: Option<&Cell>) -> bool {
    match (&cell.printed, value) {
        // A row's number may be printed in its first cell.
        (Some(printed), Some(value)) => {
            let value = value.to_string();
            *printed == value || printed.ends_with(&format!(" {value}"))
        }
        _ => false,
    }
}
