//! An analysis for a spreadsheet: one line per cell of each row found, and one for each finding, whose `column` is
//! `(finding)` and whose value is what there is to say about it. A candidate failure has a line for each piece of
//! evidence.

use super::super::wording;
use super::Out;
use crate::report::{AnalysisRun, FindingRun};
use crate::table::Cell;

const HEADER: [&str; 9] = [
    "finding", "basis", "verdict", "row", "key", "file", "line", "column", "value",
];

pub(super) fn render(out: &mut Out<'_>, run: &AnalysisRun) -> csv::Result<()> {
    out.csv.write_record(HEADER)?;
    for finding in &run.findings {
        of_finding(out, finding)?;
    }
    for candidate in &run.candidates {
        let names = wording::names(candidate);
        for (label, said) in wording::evidence(candidate) {
            for one in said {
                let column = format!("({label})");
                let line = [&names, "", "candidate", "", "", "", "", &column, &one];
                out.csv
                    .write_record(line.map(|field| out.texts.text(field)))?;
            }
        }
    }
    Ok(())
}

/// Writes the rows of one finding, a line each under the names of its columns.
///
/// # Errors
/// When `out` fails.
pub(super) fn rows_of(out: &mut Out<'_>, finding: &FindingRun) -> csv::Result<()> {
    out.csv.write_record(
        finding
            .table
            .names()
            .iter()
            .map(|name| out.texts.text(name)),
    )?;
    for row in &finding.table.rows {
        out.csv
            .write_record(row.iter().map(|cell| out.texts.value(Some(cell))))?;
    }
    Ok(out.csv.flush()?)
}

fn of_finding(out: &mut Out<'_>, finding: &FindingRun) -> csv::Result<()> {
    let verdict = wording::finding_verdict(finding.verdict);
    let about = [vec![finding.title.clone()], finding.remarks.clone()]
        .concat()
        .join("; ");
    let first = [
        &finding.name,
        finding.basis.name(),
        verdict,
        "",
        "",
        "",
        "",
        "(finding)",
        &about,
    ];
    out.csv
        .write_record(first.map(|field| out.texts.text(field)))?;
    let names = finding.table.names();
    let place = |row: &[Cell], name: &str| {
        let at = finding.table.position(name);
        at.map_or_else(String::new, |at| out.texts.value(row.get(at)))
    };
    for (at, row) in finding.table.rows.iter().enumerate() {
        let (number, key) = ((at + 1).to_string(), out.texts.value(row.first()));
        let (file, line) = (place(row, "file"), place(row, "line"));
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
            out.csv.write_record(fields)?;
        }
    }
    Ok(())
}
