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
//!   text that starts with `'`: taking one off gives the text back. Numbers, times and durations need none, and neither
//!   does a text of one sign and digits, such as a telephone number.
//! - Line breaks (LF, CR LF) and tabs are written as they are. Other hidden characters are shown as in a terminal.
//!   JSON has every value as it was.
//! - `source_line` is the line of the document on which the row is printed, or the first line cited.

mod analysis;

use std::fmt::Write as _;
use std::io::{self, Write};

use csv::{ByteRecord, Terminator, Writer, WriterBuilder};
use serde::Serialize;

use super::RenderOptions;
use super::safe::{self, Safe};
use super::wording;
use crate::report::{
    CellRun, CheckRun, Comparison, FindingRun, Report, RestsOn, RunVerdict, ScenarioRun, StepRun,
};
use crate::table::{Cell, Rows};

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
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    all(&mut writer(out), report).map_err(of_out)
}

/// Writes the rows of a finding, one line a row, with the names of its columns first.
///
/// # Errors
/// When `out` fails.
pub fn finding(finding: &FindingRun, out: &mut dyn Write) -> io::Result<()> {
    analysis::rows_of(&mut writer(out), finding).map_err(of_out)
}

/// Writes lists as [`render`] does, each row when it comes.
pub fn rows(out: &mut dyn Write) -> Box<dyn Rows + '_> {
    Box::new(Listings {
        csv: writer(out),
        reused: Reused::default(),
    })
}

fn all(csv: &mut Out<'_>, report: &Report) -> csv::Result<()> {
    let mut reused = Reused::default();
    let listings = wording::listings(report);
    for listing in &listings {
        header(csv, &listing.table.names())?;
        for row in &listing.table.rows {
            listed(csv, row, &mut reused)?;
        }
    }
    if let Some(run) = &report.analysis {
        analysis::render(csv, run)?;
    }
    let other = !listings.is_empty() || report.analysis.is_some();
    if other && report.runs.is_empty() && report.comparisons.is_empty() {
        return Ok(csv.flush()?);
    }
    csv.write_record(HEADER)?;
    for run in &report.runs {
        of_run(csv, run)?;
    }
    for named in &report.comparisons {
        let line = Line {
            check: text(&format!("{} -> {}", named.expected, named.actual)),
            ..Line::default()
        };
        of_comparison(csv, &line, &named.comparison)?;
        if named.comparison.rows.is_empty() {
            let verdict = if named.comparison.same {
                "matches"
            } else {
                "differs"
            };
            csv.serialize(line.about("(check)", verdict, String::new()))?;
        }
    }
    Ok(csv.flush()?)
}

type Out<'o> = Writer<&'o mut dyn Write>;

fn writer(out: &mut dyn Write) -> Out<'_> {
    WriterBuilder::new()
        .has_headers(false)
        // Lists below one another have a width each.
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(out)
}

/// The error of what was written to, as it was: a closed pipe is no failure, and has to be known as one.
fn of_out(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

struct Listings<'o> {
    csv: Out<'o>,
    reused: Reused,
}

impl Rows for Listings<'_> {
    fn begin(&mut self, names: &[&str]) -> io::Result<()> {
        header(&mut self.csv, names).map_err(of_out)
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        listed(&mut self.csv, cells, &mut self.reused).map_err(of_out)
    }

    fn end(&mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

/// What is not made anew for each row.
#[derive(Default)]
struct Reused {
    /// Written as a whole, which is the writer's fast way.
    record: ByteRecord,
    cell: String,
}

fn header(csv: &mut Out<'_>, names: &[&str]) -> csv::Result<()> {
    csv.write_record(names.iter().map(|name| text(name)))
}

fn listed(csv: &mut Out<'_>, row: &[Cell], reused: &mut Reused) -> csv::Result<()> {
    let Reused { record, cell: own } = reused;
    record.clear();
    for cell in row {
        match cell {
            Cell::Text(text) if is_plain(text) => record.push_field(text.as_bytes()),
            Cell::Text(_) => record.push_field(value(Some(cell)).as_bytes()),
            typed => {
                own.clear();
                write!(own, "{typed}").expect("writing to a String does not fail");
                record.push_field(own.as_bytes());
            }
        }
    }
    csv.write_byte_record(record)
}

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

fn of_run(csv: &mut Out<'_>, run: &ScenarioRun) -> csv::Result<()> {
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

fn of_step(csv: &mut Out<'_>, run: &Line, step: &StepRun) -> csv::Result<()> {
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

fn of_check(csv: &mut Out<'_>, step: &Line, check: &CheckRun) -> csv::Result<()> {
    let line = Line {
        check: text(&check.id),
        origin: wording::origin(check.basis.origin),
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
        let verdict = wording::check_verdict(check.verdict);
        csv.serialize(line.about("(check)", verdict, String::new()))?;
    }
    match &check.comparison {
        Some(comparison) => of_comparison(csv, &line, comparison),
        None => Ok(()),
    }
}

fn of_comparison(csv: &mut Out<'_>, line: &Line, comparison: &Comparison) -> csv::Result<()> {
    for sentence in &comparison.header {
        csv.serialize(line.about("(header)", "differs", text(sentence)))?;
    }
    for sentence in &comparison.remarks {
        csv.serialize(line.about("(remark)", "remark", text(sentence)))?;
    }
    for (at, row) in comparison.rows.iter().enumerate() {
        let line = Line {
            key: text(&wording::row_name(comparison, at)),
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
    let (expected, actual) = match wording::alike(cell) {
        Some((expected, actual)) => (text(&expected), text(&actual)),
        None => (value(cell.expected.as_ref()), value(cell.actual.as_ref())),
    };
    Line {
        column: text(&cell.column),
        printed: text(cell.printed.as_deref().unwrap_or_default()),
        expected,
        actual,
        verdict: wording::cell_verdict(cell.verdict),
        erratum: text(cell.erratum.as_deref().unwrap_or_default()),
        ..line.clone()
    }
}

fn value(cell: Option<&Cell>) -> String {
    match cell {
        None => String::new(),
        Some(cell @ Cell::Text(_)) => text(&wording::cell(cell)),
        Some(typed) => typed.to_string(),
    }
}

/// Whether [`text`] leaves it as it is, which is soon seen of nearly every text; there are ten thousands in an answer.
fn is_plain(text: &str) -> bool {
    matches!(text.as_bytes(), [first, ..] if first.is_ascii_alphanumeric())
        && safe::is_printable(text)
        && text != "NULL"
}

/// Text as a field: harmless in a spreadsheet and in a terminal. Line breaks and tabs stay what they are.
fn text(text: &str) -> String {
    let formula = |c| {
        matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
            || matches!(c, '\t' | '\r' | '\n' | '\0' | '\'')
    };
    let mut shown = String::with_capacity(text.len() + 1);
    // Some programs drop leading blanks before they look.
    let begin = text.trim_start_matches(' ');
    if begin.starts_with(formula) && !is_signed_number(begin) {
        shown.push('\'');
    }
    let breaks = text.matches('\n').count();
    for (at, line) in text.split('\n').enumerate() {
        // A carriage return elsewhere would have a terminal write over the line.
        let (line, end) = match line.strip_suffix('\r') {
            Some(before) if at < breaks => (before, "\r"),
            _ => (line, ""),
        };
        if at > 0 {
            shown.push('\n');
        }
        let parts = line.split('\t').map(|part| Safe::of(part).to_string());
        shown.push_str(&parts.collect::<Vec<_>>().join("\t"));
        shown.push_str(end);
    }
    shown
}

/// Whether it is `-5` or `+49 30 1234`, which no spreadsheet computes: one sign, then digits with blanks between them.
fn is_signed_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    let fraction = |c| matches!(c, '.' | ',');
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || c == ' ' || fraction(c))
        && digits.matches(fraction).count() <= 1
}
