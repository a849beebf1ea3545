//! Separated values: one line per row of a list, or per cell compared.
//!
//! Whatever went wrong outside a cell has a line too, so that a filter on `verdict` misses nothing; its `column` is a
//! word in parentheses: `(run)`, `(step)`, `(changed rows)`, `(query)`, `(header)`, `(remark)`, or `(check)` for a
//! check that compared no cell.
//!
//! - NULL is `NULL`. The text `NULL` is `"NULL"`, with quotes, and text that is already in quotes gets another pair. An
//!   empty field is the empty text, or a missing cell if `verdict` is `missing` or `extra`.
//! - If two values differ and look alike, each is escaped and followed by its type, as in
//!   `"5000" (text)` and `5000 (integer)`.
//! - Text that a spreadsheet would treat as a formula, by its first character, is prefixed with `'`, and so is text
//!   that starts with `'`: removing one restores the text. Numbers, times and durations need none, nor does text of a
//!   sign and digits, such as a phone number.
//! - Line breaks (LF, CR LF) and tabs are written unchanged. Other hidden characters are shown as in a terminal. JSON
//!   has every value unchanged.
//! - [`CsvOptions`] turn both off. How many texts were changed is counted either way. CSV that keeps formulas is for
//!   programs: there a text is unchanged, and the text `NULL` is a quoted field, by which readers distinguish it.
//! - Lists below one another have an empty line between them, which no row is: an empty text alone is `""`.
//! - `source_line` is the line of the document on which the row is printed, or the first line cited.

mod analysis;

use std::borrow::Cow;
use std::cell::{Cell as Counter, RefCell};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use csv::{ByteRecord, QuoteStyle, Terminator, Writer, WriterBuilder};

use super::{CountedRows, CsvOptions, Rendered};
use super::{sanitize, wording};
use crate::report::{
    CellRun, CheckRun, Comparison, FindingRun, Report, RunVerdict, ScenarioRun, StepRun,
};
use crate::table::{Cell, Rows};

/// The headers of the files written here.
pub(super) const HEADERS: [&[&str]; 2] = [&HEADER, &analysis::HEADER];

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

/// What separates the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// A comma; fields with commas, quotes or line breaks are in quotes.
    Comma,
    /// A tab, without quotes: tabs, line breaks and backslashes in fields are `\t`, `\n`, `\r` and `\\`.
    Tab,
}

/// Writes the report, with LF at the end of each line and a header first.
pub(super) fn render(
    report: &Report,
    separator: Separator,
    options: CsvOptions,
    out: &mut dyn Write,
) -> io::Result<Rendered> {
    let mut out = Out::new(out, separator, options)?;
    all(&mut out, report)?;
    Ok(out.texts.rendered())
}

/// Writes the rows of a finding, one line a row, with the names of its columns first.
pub(super) fn finding(
    finding: &FindingRun,
    options: CsvOptions,
    out: &mut dyn Write,
) -> io::Result<Rendered> {
    let mut out = Out::new(out, Separator::Comma, options)?;
    analysis::rows_of(&mut out, finding)?;
    Ok(out.texts.rendered())
}

/// Writes lists as [`render`] does, each row as it arrives.
pub(super) fn rows(
    out: &mut dyn Write,
    separator: Separator,
    options: CsvOptions,
) -> io::Result<Box<dyn CountedRows + '_>> {
    Ok(Box::new(Listings {
        out: Out::new(out, separator, options)?,
        begun: false,
        cell: String::new(),
    }))
}

fn all(out: &mut Out<'_>, report: &Report) -> io::Result<()> {
    let mut own = String::new();
    let listings = wording::listings(report);
    for (at, listing) in listings.iter().enumerate() {
        if at > 0 {
            out.gap()?;
        }
        out.texts(listing.table.names())?;
        for row in &listing.table.rows {
            listed(out, row, &mut own)?;
        }
    }
    if let Some(run) = &report.analysis {
        match analysis::only_table(run) {
            Some(finding) => analysis::rows_of(out, finding)?,
            None => analysis::render(out, run)?,
        }
    }
    let other = !listings.is_empty() || report.analysis.is_some();
    if other && report.runs.is_empty() && report.comparisons.is_empty() {
        return out.flush();
    }
    out.line(HEADER)?;
    for run in &report.runs {
        of_run(out, run)?;
    }
    for named in &report.comparisons {
        let line = Line {
            check: out.texts.text(&format!("{} -> {}", named.expected, named.actual)),
            ..Line::default()
        };
        of_comparison(out, &line, &named.comparison)?;
        if named.comparison.rows.is_empty() {
            let verdict = if named.comparison.same { "matches" } else { "differs" };
            let said = line.about("(check)", verdict, String::new());
            out.line(said.fields())?;
        }
    }
    out.flush()
}

/// What lines are written to, by the writer and beside it.
struct Below<'o>(Rc<RefCell<&'o mut dyn Write>>);

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

/// The destination of the lines.
struct Out<'o> {
    writer: Writer<Below<'o>>,
    /// What the writer writes to.
    below: Rc<RefCell<&'o mut dyn Write>>,
    separator: Separator,
    /// Written as a whole, which is the writer's fast path; reused for each line.
    record: ByteRecord,
    /// The fields of the next line that are in quotes though nothing in them needs it.
    in_quotes: Vec<usize>,
    texts: Texts,
}

impl<'o> Out<'o> {
    fn new(out: &'o mut dyn Write, separator: Separator, options: CsvOptions) -> io::Result<Self> {
        if options.mark {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut builder = WriterBuilder::new();
        builder
            .has_headers(false)
            // Lists below one another have a width each.
            .flexible(true)
            .terminator(Terminator::Any(b'\n'));
        if separator == Separator::Tab {
            builder.delimiter(b'\t').quote_style(QuoteStyle::Never);
        }
        let texts = Texts { options, defused: Counter::default(), shown: Counter::default() };
        let below = Rc::new(RefCell::new(out));
        Ok(Self {
            writer: builder.from_writer(Below(Rc::clone(&below))),
            below,
            separator,
            record: ByteRecord::new(),
            in_quotes: Vec::new(),
            texts,
        })
    }

    /// Adds a field to the next line.
    fn field(&mut self, text: &str) {
        let acts = |byte| matches!(byte, b'\t' | b'\n' | b'\r' | b'\\');
        if self.separator == Separator::Tab && text.bytes().any(acts) {
            self.record.push_field(escaped(text).as_bytes());
        } else {
            self.record.push_field(text.as_bytes());
        }
    }

    /// Adds a text unchanged, so that programs read it as it is; without quotes, the text `NULL` would be NULL.
    fn unchanged(&mut self, text: &str) {
        if text == "NULL" {
            self.in_quotes.push(self.record.len());
        }
        self.field(text);
    }

    /// Writes the line of the added fields.
    fn end_line(&mut self) -> io::Result<()> {
        if self.in_quotes.is_empty() {
            self.writer.write_byte_record(&self.record).map_err(of_out)?;
        } else {
            let line = line_in_quotes(&self.record, &self.in_quotes);
            self.writer.flush()?;
            self.below.borrow_mut().write_all(&line)?;
            self.in_quotes.clear();
        }
        self.record.clear();
        Ok(())
    }

    /// Writes a line of final fields.
    fn line(&mut self, fields: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
        for field in fields {
            self.field(field.as_ref());
        }
        self.end_line()
    }

    /// Writes a line of texts.
    fn texts(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
        for text in texts {
            let field = self.texts.text(text.as_ref());
            self.field(&field);
        }
        self.end_line()
    }

    /// Writes an empty line, which the writer has no way to.
    fn gap(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.below.borrow_mut().write_all(b"\n")
    }

    /// Whether texts are written unchanged, and quotes say what is a text.
    fn is_for_programs(&self) -> bool {
        let options = self.texts.options;
        self.separator == Separator::Comma && options.keeps_formulas && options.keeps_hidden
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The line of `record` in which `fields` are in quotes, and all others that need it.
fn line_in_quotes(record: &ByteRecord, fields: &[usize]) -> Vec<u8> {
    let mut line = Vec::new();
    for (at, field) in record.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        let acts = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        if fields.contains(&at) || field.iter().any(acts) {
            line.push(b'"');
            for byte in field {
                line.extend(std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"')));
            }
            line.push(b'"');
        } else {
            line.extend_from_slice(field);
        }
    }
    line.push(b'\n');
    line
}

/// A field without field and line terminators.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\\' => escaped.push_str("\\\\"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Converts texts to fields, and counts those that it changes.
struct Texts {
    options: CsvOptions,
    defused: Counter<u64>,
    shown: Counter<u64>,
}

impl Texts {
    fn rendered(&self) -> Rendered {
        Rendered { defused: self.defused.get(), shown: self.shown.get() }
    }

    fn value(&self, cell: Option<&Cell>) -> String {
        match cell {
            None => String::new(),
            Some(cell @ Cell::Text(_)) => self.text(&wording::cell(cell)),
            Some(typed) => typed.to_string(),
        }
    }

    /// Text as a field: safe in a spreadsheet and in a terminal, unless the options say otherwise.
    fn text(&self, text: &str) -> String {
        let defuses = !self.options.keeps_formulas && is_formula(text);
        let mut field = String::with_capacity(text.len() + 1);
        if defuses {
            field.push('\'');
            self.defused.set(self.defused.get() + 1);
        }
        if self.options.keeps_hidden {
            field.push_str(text);
            return field;
        }
        field.push_str(&sanitize::with_breaks(text));
        let is_changed = field[usize::from(defuses)..] != *text;
        self.shown.set(self.shown.get() + u64::from(is_changed));
        field
    }
}

/// The output's error, unchanged: a closed pipe is not a failure, and must be recognisable.
fn of_out(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

struct Listings<'o> {
    out: Out<'o>,
    /// Whether a list was begun.
    begun: bool,
    /// Reused for each cell.
    cell: String,
}

impl Rows for Listings<'_> {
    fn begin(&mut self, names: &[&str]) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            self.out.gap()?;
        }
        self.out.texts(names)
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        listed(&mut self.out, cells, &mut self.cell)
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl CountedRows for Listings<'_> {
    fn rendered(&self) -> Rendered {
        self.out.texts.rendered()
    }
}

fn listed(out: &mut Out<'_>, row: &[Cell], own: &mut String) -> io::Result<()> {
    for cell in row {
        match cell {
            Cell::Text(text) if is_plain(text) => out.field(text),
            Cell::Text(text) if out.is_for_programs() => out.unchanged(text),
            Cell::Text(_) => {
                let field = out.texts.value(Some(cell));
                out.field(&field);
            }
            typed => {
                own.clear();
                write!(own, "{typed}").expect("writing to a String does not fail");
                out.field(own);
            }
        }
    }
    out.end_line()
}

/// One line, every field as it is written.
#[derive(Clone, Default)]
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
    /// The fields in the order of [`HEADER`].
    fn fields(&self) -> [Cow<'_, str>; 13] {
        let source_line = self.source_line.map(|line| line.to_string());
        [
            (&self.scenario).into(),
            (&self.step).into(),
            (&self.check).into(),
            self.origin.into(),
            (&self.key).into(),
            (&self.column).into(),
            (&self.printed).into(),
            (&self.expected).into(),
            (&self.actual).into(),
            self.verdict.into(),
            (&self.erratum).into(),
            source_line.unwrap_or_default().into(),
            self.rests_on.into(),
        ]
    }

    /// The same position, for something that is not about a cell.
    fn about(&self, column: &str, verdict: &'static str, actual: String) -> Self {
        Self { column: column.to_owned(), verdict, actual, ..self.clone() }
    }
}

fn of_run(out: &mut Out<'_>, run: &ScenarioRun) -> io::Result<()> {
    let line = Line { scenario: out.texts.text(&run.scenario), ..Line::default() };
    if run.verdict == RunVerdict::NotRun {
        let problem = out.texts.text(run.problem.as_deref().unwrap_or_default());
        let said = line.about("(run)", "not_run", problem);
        out.line(said.fields())?;
    }
    for step in &run.steps {
        of_step(out, &line, step)?;
    }
    Ok(())
}

fn of_step(out: &mut Out<'_>, run: &Line, step: &StepRun) -> io::Result<()> {
    let line = Line { step: out.texts.text(&step.id), ..run.clone() };
    if let Some(changes) = step.changes
        && let Some(expected) = changes.expected.filter(|n| *n != changes.actual)
    {
        let expected = expected.to_string();
        let line = line.about("(changed rows)", "differs", changes.actual.to_string());
        out.line(Line { expected, ..line }.fields())?;
    }
    if let Some(problem) = &step.problem {
        let said = line.about("(step)", "failed", out.texts.text(problem));
        out.line(said.fields())?;
    }
    for check in &step.checks {
        of_check(out, &line, check)?;
    }
    Ok(())
}

fn of_check(out: &mut Out<'_>, step: &Line, check: &CheckRun) -> io::Result<()> {
    let line = Line {
        check: out.texts.text(&check.id),
        origin: wording::origin(check.basis.origin),
        source_line: check.basis.lines.as_ref().map(|lines| lines.first()),
        rests_on: check.rests_on.words(),
        ..step.clone()
    };
    if let Some(problem) = &check.problem {
        let said = line.about("(query)", "failed", out.texts.text(problem));
        out.line(said.fields())?;
    }
    let cells = (check.comparison.iter()).flat_map(|c| c.rows.iter().flat_map(|row| &row.cells));
    if cells.count() == 0 && check.problem.is_none() {
        let verdict = wording::check_verdict(check.verdict);
        let said = line.about("(check)", verdict, String::new());
        out.line(said.fields())?;
    }
    match &check.comparison {
        Some(comparison) => of_comparison(out, &line, comparison),
        None => Ok(()),
    }
}

fn of_comparison(out: &mut Out<'_>, line: &Line, comparison: &Comparison) -> io::Result<()> {
    for sentence in &comparison.header {
        let said = line.about("(header)", "differs", out.texts.text(sentence));
        out.line(said.fields())?;
    }
    for sentence in &comparison.remarks {
        let said = line.about("(remark)", "remark", out.texts.text(sentence));
        out.line(said.fields())?;
    }
    for (at, row) in comparison.rows.iter().enumerate() {
        let line = Line {
            key: out.texts.text(&wording::row_name(comparison, at)),
            source_line: row.source_line.or(line.source_line),
            ..line.clone()
        };
        for cell in &row.cells {
            let cell = of_cell(&out.texts, &line, cell);
            out.line(cell.fields())?;
        }
    }
    Ok(())
}

fn of_cell(texts: &Texts, line: &Line, cell: &CellRun) -> Line {
    let (expected, actual) = match wording::alike(cell) {
        Some((expected, actual)) => (texts.text(&expected), texts.text(&actual)),
        None => (texts.value(cell.expected.as_ref()), texts.value(cell.actual.as_ref())),
    };
    Line {
        column: texts.text(&cell.column),
        printed: texts.text(cell.printed.as_deref().unwrap_or_default()),
        expected,
        actual,
        verdict: wording::cell_verdict(cell.verdict),
        erratum: texts.text(cell.erratum.as_deref().unwrap_or_default()),
        ..line.clone()
    }
}

/// Whether [`Texts::text`] leaves it unchanged, which is a quick check for nearly every text; a result has tens of
/// thousands.
fn is_plain(text: &str) -> bool {
    matches!(text.as_bytes(), [first, ..] if first.is_ascii_alphanumeric())
        && sanitize::is_printable(text)
        && text != "NULL"
}

/// Whether a spreadsheet would treat `text` as a formula, or drop its leading `'`.
fn is_formula(text: &str) -> bool {
    let begins = |c| {
        matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
            || matches!(c, '\t' | '\r' | '\n' | '\0' | '\'')
    };
    // Some programs drop leading blanks before they look.
    let text = text.trim_start_matches(' ');
    text.starts_with(begins) && !is_signed_number(text)
}

/// Whether it is like `-5` or `+49 30 1234`, which no spreadsheet evaluates: a sign, then digits and spaces.
fn is_signed_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    let fraction = |c| matches!(c, '.' | ',');
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == ' ' || fraction(c))
        && digits.matches(fraction).count() <= 1
}
