//! JSON Lines: one object per line, for programs that read line by line.
//!
//! A row of a list is an object keyed by its column names, and nothing else. Other lines say what they belong to:
//!
//! - `finding`, `verdict`, `row`: a row of a finding; `row` is null where the finding has none, and `remarks` say why
//! - `candidate`, `for`, `against`: a documented failure, and what speaks for it and against it
//! - `scenario`, `verdict`: a scenario; `scenario`, `step`, `check`: a check of it, as in JSON
//! - `expected`, `actual`, `row`: a row of two tables compared; `row` is null where the tables have none

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;
use serde_json::ser::{CompactFormatter, Serializer};

use super::json::Visible;
use super::{CountedRows, CsvOptions, RenderOptions, Rendered, wording};
use crate::report::{AnalysisRun, FindingRun, NamedComparison, Report, ScenarioRun};
use crate::table::keyed::{KeyedRow, keys};
use crate::table::{Cell, Rows};

/// Writes the report, one object per line.
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for listing in wording::listings(report) {
        let mut rows = Lines::of(&mut out);
        rows.begin(&listing.table.names())?;
        for row in &listing.table.rows {
            rows.row(row)?;
        }
    }
    if let Some(run) = &report.analysis {
        analysis(run, &mut out)?;
    }
    for run in &report.runs {
        replayed(run, &mut out)?;
    }
    for named in &report.comparisons {
        compared(named, &mut out)?;
    }
    out.flush()
}

/// Writes lists as [`render`] does, each row as it arrives.
///
/// # Errors
/// Never; writing the first row may fail.
pub fn rows(out: &mut dyn Write, _: CsvOptions) -> io::Result<Box<dyn CountedRows + '_>> {
    Ok(Box::new(Lines::of(out)))
}

impl CountedRows for Lines<'_> {
    fn rendered(&self) -> Rendered {
        Rendered::default()
    }
}

/// Rows as objects keyed by the current column names.
struct Lines<'o> {
    out: &'o mut dyn Write,
    keys: Vec<String>,
}

impl<'o> Lines<'o> {
    fn of(out: &'o mut dyn Write) -> Self {
        Self { out, keys: Vec::new() }
    }
}

impl Rows for Lines<'_> {
    fn begin(&mut self, names: &[&str]) -> io::Result<()> {
        self.keys = keys(names);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let keys = &self.keys;
        line(&KeyedRow { keys, cells }, self.out)
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Visible(CompactFormatter)))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct FindingLine<'r> {
    finding: &'r str,
    verdict: &'r str,
    row: Option<KeyedRow<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<&'r [String]>,
}

fn analysis(run: &AnalysisRun, out: &mut dyn Write) -> io::Result<()> {
    for finding in &run.findings {
        found(finding, out)?;
    }
    for candidate in &run.candidates {
        let names: Vec<&str> = (candidate.scenarios.iter()).map(|one| one.name.as_str()).collect();
        let (speaks_for, against) = (&candidate.evidence_for, &candidate.evidence_against);
        let said = json!({ "candidate": names, "for": speaks_for, "against": against });
        line(&said, out)?;
    }
    Ok(())
}

fn found(finding: &FindingRun, out: &mut dyn Write) -> io::Result<()> {
    let keys = keys(&finding.table.names());
    let of_row = |row: Option<KeyedRow<'_>>, out: &mut dyn Write| {
        let remarks = row.is_none().then_some(finding.remarks.as_slice());
        let said = FindingLine {
            finding: &finding.name,
            verdict: wording::finding_verdict(finding.verdict),
            row,
            remarks,
        };
        line(&said, out)
    };
    if finding.table.rows.is_empty() {
        return of_row(None, out);
    }
    for cells in &finding.table.rows {
        of_row(Some(KeyedRow { keys: &keys, cells }), out)?;
    }
    Ok(())
}

fn replayed(run: &ScenarioRun, out: &mut dyn Write) -> io::Result<()> {
    let scenario = &run.scenario;
    let said = json!({ "scenario": scenario, "verdict": run.verdict, "problem": run.problem });
    line(&said, out)?;
    for step in &run.steps {
        if let Some(problem) = &step.problem {
            let said = json!({ "scenario": scenario, "step": step.id, "problem": problem });
            line(&said, out)?;
        }
        for check in &step.checks {
            let said = json!({ "scenario": scenario, "step": step.id, "check": check });
            line(&said, out)?;
        }
    }
    Ok(())
}

fn compared(named: &NamedComparison, out: &mut dyn Write) -> io::Result<()> {
    let (expected, actual) = (&named.expected, &named.actual);
    let comparison = &named.comparison;
    for row in &comparison.rows {
        line(&json!({ "expected": expected, "actual": actual, "row": row }), out)?;
    }
    if comparison.rows.is_empty() {
        let same = comparison.same;
        let said = json!({ "expected": expected, "actual": actual, "row": null, "same": same });
        line(&said, out)?;
    }
    Ok(())
}
