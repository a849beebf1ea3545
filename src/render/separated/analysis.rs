//! An analysis for a spreadsheet: one line per cell of each row found, and one per finding, whose `column` is
//! `(finding)` and whose value contains the remarks about it. A candidate failure has one line per piece of
//! evidence. Where one finding was asked for, its rows are a table of their own.

use std::io;

use super::super::wording;
use super::{Out, Texts};
use crate::report::{AnalysisRun, FindingRun};
use crate::table::Cell;

pub(super) const HEADER: [&str; 9] =
    ["finding", "basis", "verdict", "row", "key", "file", "line", "column", "value"];

pub(super) fn render(out: &mut Out<'_>, run: &AnalysisRun) -> io::Result<()> {
    out.line(HEADER)?;
    for finding in &run.findings {
        of_finding(out, finding)?;
    }
    for candidate in &run.candidates {
        let names = wording::names(candidate);
        for (label, said) in wording::evidence(candidate) {
            for one in said {
                let column = format!("({label})");
                let line = [&names, "", "candidate", "", "", "", "", &column, &one];
                out.texts(line)?;
            }
        }
    }
    Ok(())
}

/// The finding that alone was asked for, and was run: its table is written as it is.
pub(super) fn only_table(run: &AnalysisRun) -> Option<&FindingRun> {
    match run.findings.as_slice() {
        [only] if !only.table.columns.is_empty() => Some(only),
        _ => None,
    }
}

/// Writes the rows of one finding, one line per row, under its column names.
pub(super) fn rows_of(out: &mut Out<'_>, finding: &FindingRun) -> io::Result<()> {
    out.texts(finding.table.names())?;
    for row in &finding.table.rows {
        for cell in row {
            let field = out.texts.value(Some(cell));
            out.field(&field);
        }
        out.end_line()?;
    }
    out.flush()
}

fn of_finding(out: &mut Out<'_>, finding: &FindingRun) -> io::Result<()> {
    let verdict = wording::finding_verdict(finding.verdict);
    let about = [vec![finding.title.clone()], finding.remarks.clone()].concat().join("; ");
    let first = [&finding.name, finding.basis.name(), verdict, "", "", "", "", "(finding)", &about];
    out.texts(first)?;
    let names = finding.table.names();
    let place = |texts: &Texts, row: &[Cell], name: &str| {
        let at = finding.table.position(name);
        at.map_or_else(String::new, |at| texts.value(row.get(at)))
    };
    for (at, row) in finding.table.rows.iter().enumerate() {
        let (number, key) = ((at + 1).to_string(), out.texts.value(row.first()));
        let (file, line) = (place(&out.texts, row, "file"), place(&out.texts, row, "line"));
        for (name, cell) in names.iter().zip(row) {
            if ["file", "line"].contains(name) {
                continue;
            }
            let (name, cell) = (out.texts.text(name), out.texts.value(Some(cell)));
            let fields = [
                &finding.name,
                finding.basis.name(),
                verdict,
                &number,
                &key,
                &file,
                &line,
                &name,
                &cell,
            ];
            out.line(fields)?;
        }
    }
    Ok(())
}
