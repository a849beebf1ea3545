//! CSV for a spreadsheet: one line per cell compared.
//!
//! What went wrong outside a cell has a line too, so that a filter on `verdict` misses nothing; its `column`
//! is a word in parentheses: `(run)`, `(step)`, `(changed rows)`, `(query)`, `(header)`, `(remark)`, or
//! `(check)` for a check that compared no cell.
//!
//! - NULL is `NULL`. The text `NULL` is `"NULL"`, quotes included, and one that already is in quotes gets
//!   another pair. An empty field is the empty text, or nothing, where `verdict` is `missing` or `extra`.
//! - Of two values that differ and look alike, each is escaped and has its type behind it, as in
//!   `"5000" (text)` and `5000 (integer)`.
//! - Text that a spreadsheet would take for a formula, by its first character, has `'` before it, and so has
//!   text that starts with `'`: taking one off gives the text back. Numbers, times and durations need none.
//! - Hidden characters are shown as in a terminal. JSON has every value as it was.
//! - `source_line` is the line of the document on which the row is printed, or the first line cited.

mod analysis;

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

use super::Options;
use super::safe::Safe;
use super::words;
use crate::report::{
    CellRun, CheckRun, CheckVerdict, Comparison, Report, RestsOn, Run, RunVerdict, StepRun,
};
use crate::table::Cell;

/// The names of the fields of [`Line`].
const HEADER: [&str; 13] = [
    "scenario",
    "step",
    "check",
    "origin",
    "key",
    "column",
    "printed",
    "expected",
    "actual",
    "verdict",
    "erratum",
    "source_line",
    "rests_on",
];

/// Writes the report, with LF at the end of each line and a header first.
///
/// # Errors
/// When `out` fails.
pub fn render(report: &Report, _: Options, out: &mut dyn Write) -> io::Result<()> {
    // An error of `out` has to stay what it is: a closed pipe is no failure. The writer would wrap it.
    let mut bytes = Vec::new();
    let mut csv = WriterBuilder::new()
        .has_headers(false)
        // Lists below one another have a width each.
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(&mut bytes);
    for listing in &report.listings {
        csv.write_record(listing.table.names().into_iter().map(text))?;
        for row in &listing.table.rows {
            for cell in row {
                match cell {
                    Cell::Text(own) if is_plain(own) => csv.write_field(own)?,
                    cell => csv.write_field(value(Some(cell)))?,
                }
            }
            csv.write_record(None::<&[u8]>)?;
        }
    }
    if let Some(run) = &report.analysis {
        analysis::render(&mut csv, run)?;
    }
    let other = !report.listings.is_empty() || report.analysis.is_some();
    if other && report.runs.is_empty() && report.comparisons.is_empty() {
        csv.flush()?;
        drop(csv);
        return out.write_all(&bytes);
    }
    csv.write_record(HEADER)?;
    for run in &report.runs {
        of_run(&mut csv, run)?;
    }
    for named in &report.comparisons {
        let line = Line {
            check: text(&format!("{} -> {}", named.expected, named.actual)),
            ..Line::default()
        };
        of_comparison(&mut csv, &line, &named.comparison)?;
        if named.comparison.rows.is_empty() {
            let verdict = if named.comparison.same {
                "matches"
            } else {
                "differs"
            };
            csv.serialize(line.about("(check)", verdict, String::new()))?;
        }
    }
    csv.flush()?;
    drop(csv);
    out.write_all(&bytes)
}

type Out<'a> = Writer<&'a mut Vec<u8>>;

/// One line, every field as it is written.
#[derive(Clone, Default, Serialize)]
struct Line {
    scenario: String,
    step: String,
    check: String,
    origin: &'static str,
    key: String,
    column: String,
    printed: String,
    expected: String,
    actual: String,
    verdict: &'static str,
    erratum: String,
    source_line: Option<u32>,
    rests_on: &'static str,
}

impl Line {
    /// The same place, with something that is not said by a cell.
    fn about(&self, column: &str, verdict: &'static str, actual: String) -> Self {
        Self {
            column: column.to_owned(),
            verdict,
            actual,
            ..self.clone()
        }
    }
}

fn of_run(csv: &mut Out<'_>, run: &Run) -> io::Result<()> {
    let line = Line {
        scenario: text(&run.scenario),
        ..Line::default()
    };
    if run.verdict == RunVerdict::NotRun {
        let problem = text(run.problem.as_deref().unwrap_or_default());
        csv.serialize(line.about("(run)", "not_run", problem))?;
    }
    for step in &run.steps {
        of_step(csv, &line, step)?;
    }
    Ok(())
}

fn of_step(csv: &mut Out<'_>, run: &Line, step: &StepRun) -> io::Result<()> {
    let line = Line {
        step: text(&step.id),
        ..run.clone()
    };
    if let Some(changes) = step.changes
        && let Some(expected) = changes.expected.filter(|n| *n != changes.actual)
    {
        let expected = expected.to_string();
        let line = line.about("(changed rows)", "differs", changes.actual.to_string());
        csv.serialize(Line { expected, ..line })?;
    }
    if let Some(problem) = &step.problem {
        csv.serialize(line.about("(step)", "failed", text(problem)))?;
    }
    for check in &step.checks {
        of_check(csv, &line, check)?;
    }
    Ok(())
}

fn of_check(csv: &mut Out<'_>, step: &Line, check: &CheckRun) -> io::Result<()> {
    let line = Line {
        check: text(&check.id),
        origin: words::origin(check.basis.origin),
        source_line: check.basis.lines.as_ref().map(|lines| lines.first()),
        rests_on: match check.rests_on {
            RestsOn::Documented => "documented",
            RestsOn::Extrapolated => "extrapolated",
        },
        ..step.clone()
    };
    if let Some(problem) = &check.problem {
        csv.serialize(line.about("(query)", "failed", text(problem)))?;
    }
    let cells = (check.comparison.iter()).flat_map(|c| c.rows.iter().flat_map(|row| &row.cells));
    if cells.count() == 0 && check.problem.is_none() {
        let verdict = match check.verdict {
            CheckVerdict::Matches => "matches",
            CheckVerdict::Differs => "differs",
            CheckVerdict::Failed => "failed",
        };
        csv.serialize(line.about("(check)", verdict, String::new()))?;
    }
    match &check.comparison {
        Some(comparison) => of_comparison(csv, &line, comparison),
        None => Ok(()),
    }
}

fn of_comparison(csv: &mut Out<'_>, line: &Line, comparison: &Comparison) -> io::Result<()> {
    for sentence in &comparison.header {
        csv.serialize(line.about("(header)", "differs", text(sentence)))?;
    }
    for sentence in &comparison.remarks {
        csv.serialize(line.about("(remark)", "remark", text(sentence)))?;
    }
    for (at, row) in comparison.rows.iter().enumerate() {
        let line = Line {
            key: text(&words::row_name(comparison, at)),
            source_line: row.source_line.or(line.source_line),
            ..line.clone()
        };
        for cell in &row.cells {
            csv.serialize(of_cell(&line, cell))?;
        }
    }
    Ok(())
}

fn of_cell(line: &Line, cell: &CellRun) -> Line {
    let (expected, actual) = match words::alike(cell) {
        Some((expected, actual)) => (text(&expected), text(&actual)),
        None => (value(cell.expected.as_ref()), value(cell.actual.as_ref())),
    };
    Line {
        column: text(&cell.column),
        printed: text(cell.printed.as_deref().unwrap_or_default()),
        expected,
        actual,
        verdict: words::cell_verdict(cell.verdict),
        erratum: text(cell.erratum.as_deref().unwrap_or_default()),
        ..line.clone()
    }
}

fn value(cell: Option<&Cell>) -> String {
    match cell {
        None => String::new(),
        Some(cell @ Cell::Text(_)) => text(&words::cell(cell)),
        Some(typed) => typed.to_string(),
    }
}

/// Whether [`text`] leaves it as it is, which is soon seen of nearly every text; there are ten thousands in an answer.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text != "NULL"
}

/// Text as a field: harmless in a spreadsheet and in a terminal.
fn text(text: &str) -> String {
    let formula = |c| {
        matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
            || matches!(c, '\t' | '\r' | '\n' | '\0' | '\'')
    };
    let shown = Safe::of(text);
    // Some programs drop leading blanks before they look.
    if text.trim_start_matches(' ').starts_with(formula) {
        format!("'{shown}")
    } else {
        shown.as_str().to_owned()
    }
}
