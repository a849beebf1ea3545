//! An analysis for a spreadsheet: one line per cell of each row found, and one for each finding, whose `column` is
//! `(finding)` and whose value is what there is to say about it. A candidate failure has a line for each piece of
//! evidence.

use super::super::wording;
use super::{Out, text, value};
use crate::report::{AnalysisRun, FindingRun};
use crate::table::Cell;

const HEADER: [&str; 9] = [
    "finding", "basis", "verdict", "row", "key", "file", "line", "column", "value",
];

pub(super) fn render(csv: &mut Out<'_>, run: &AnalysisRun) -> csv::Result<()> {
    csv.write_record(HEADER)?;
    for finding in &run.findings {
        of_finding(csv, finding)?;
    }
    for candidate in &run.candidates {
        let names = wording::names(candidate);
        for (label, said) in wording::evidence(candidate) {
            for one in said {
                let column = format!("({label})");
                let line = [&names, "", "candidate", "", "", "", "", &column, &one];
                csv.write_record(line.map(text))?;
            }
        }
    }
    Ok(())
}

/// Writes the rows of one finding, a line each under the names of its columns.
///
/// # Errors
/// When `out` fails.
pub(super) fn rows_of(csv: &mut Out<'_>, finding: &FindingRun) -> csv::Result<()> {
    csv.write_record(finding.table.names().iter().map(|name| text(name)))?;
    for row in &finding.table.rows {
        csv.write_record(row.iter().map(|cell| value(Some(cell))))?;
    }
    Ok(csv.flush()?)
}

fn of_finding(csv: &mut Out<'_>, finding: &FindingRun) -> csv::Result<()> {
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
    csv.write_record(first.map(text))?;
    let names = finding.table.names();
    let place = |row: &[Cell], name: &str| {
        let at = finding.table.position(name);
        at.map_or_else(String::new, |at| value(row.get(at)))
    };
    for (at, row) in finding.table.rows.iter().enumerate() {
        let (number, key) = ((at + 1).to_string(), value(row.first()));
        let (file, line) = (place(row, "file"), place(row, "line"));
        for (name, cell) in names.iter().zip(row) {
            if ["file", "line"].contains(name) {
                continue;
            }
            let (name, cell) = (text(name), value(Some(cell)));
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
            csv.write_record(fields)?;
        }
    }
    Ok(())
}
