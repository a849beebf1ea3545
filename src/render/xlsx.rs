//! An Excel workbook: one sheet per list, per finding, and for the checks and cells of replays and comparisons.
//!
//! Every text is written as text, so that nothing in a cell is evaluated. NULL is `NULL` in grey, the text `NULL` is
//! `"NULL"`. Numbers of more than 15 digits are text, since Excel would round them. Excel's limits are noted in place:
//! a text of more than 32,767 characters ends with its length, and rows beyond the limit of a sheet are on another
//! sheet.

use std::collections::HashSet;
use std::io::{self, Write};

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::{RenderOptions, sanitize, wording};
use crate::report::{
    AnalysisRun, CellRun, Comparison, FindingRun, NamedComparison, Report, ScenarioRun,
};
use crate::table::{Cell, Column, Kind, ResultTable};

/// The maximum number of rows of a sheet, including the header.
const MAX_ROWS: usize = 1 << 20;

/// The maximum number of UTF-16 units in a cell.
const MAX_TEXT: usize = 32_767;

/// The maximum number of UTF-16 units in a sheet name.
const MAX_NAME: usize = 31;

/// Integers up to this are exact as doubles.
const MAX_EXACT: u64 = 999_999_999_999_999;

/// The maximum width of a column.
const MAX_WIDTH: usize = 60;

/// How many rows are used to choose a column's width.
const SAMPLED: usize = 200;

/// Days from the beginning of Excel's calendar to 1970.
const DAYS_TO_1970: f64 = 25_569.0;

/// Before this day, Excel's calendar has a day that never existed.
const FIRST_DAY: f64 = 61.0;

const MS_OF_DAY: f64 = 86_400_000.0;

/// Writes the report.
///
/// # Errors
/// When `out` fails, or a table has more columns than a sheet.
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&workbook(report).map_err(io::Error::other)?)
}

fn workbook(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut book = Book::new()?;
    for listing in wording::listings(report) {
        book.table(&listing.title, &listing.table)?;
    }
    if let Some(run) = &report.analysis {
        analysis(&mut book, run)?;
    }
    if !report.runs.is_empty() {
        book.table("Checks", &checks(&report.runs))?;
        let cells = report.runs.iter().flat_map(cells_of_run);
        book.table("Cells", &cells_table(cells.collect()))?;
    }
    for named in &report.comparisons {
        let cells = cells_of(&[text(&named.expected), text(&named.actual)], &named.comparison);
        book.table("Comparison", &compared(named, cells))?;
    }
    book.bytes()
}

fn analysis(book: &mut Book, run: &AnalysisRun) -> Result<(), XlsxError> {
    let said = run.summary.iter().chain(&run.command);
    let said = said.chain([&run.privacy]).map(|one| vec![text(one)]);
    book.table("Summary", &table(&[("answer", Kind::Text)], said.collect()))?;
    let columns = [
        ("finding", Kind::Text),
        ("verdict", Kind::Text),
        ("rows", Kind::Integer),
        ("urgency", Kind::Text),
        ("basis", Kind::Text),
        ("title", Kind::Text),
        ("remarks", Kind::Text),
    ];
    let row = |one: &FindingRun| {
        vec![
            text(&one.name),
            text(wording::finding_verdict(one.verdict)),
            number(one.table.rows.len()),
            text(one.urgency.name()),
            text(one.basis.name()),
            text(&one.title),
            text(&one.remarks.join("; ")),
        ]
    };
    let rows = run.findings.iter().map(row).collect();
    book.table("Findings", &table(&columns, rows))?;
    for finding in wording::by_urgency(run) {
        book.table(&finding.name, &finding.table)?;
    }
    Ok(())
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn number(n: usize) -> Cell {
    Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn table(columns: &[(&str, Kind)], rows: Vec<Vec<Cell>>) -> ResultTable {
    let column = |(name, kind): &(&str, Kind)| Column::new(*name, *kind);
    ResultTable { columns: columns.iter().map(column).collect(), rows }
}

fn checks(runs: &[ScenarioRun]) -> ResultTable {
    let columns = [
        ("scenario", Kind::Text),
        ("step", Kind::Text),
        ("check", Kind::Text),
        ("title", Kind::Text),
        ("verdict", Kind::Text),
        ("origin", Kind::Text),
        ("lines", Kind::Text),
    ];
    let mut rows = Vec::new();
    for run in runs {
        for step in &run.steps {
            for problem in wording::step_problems(step) {
                let (scenario, step) = (text(&run.scenario), text(&step.id));
                let (failed, said) = (text("failed"), text(&problem));
                rows.push(vec![scenario, step, Cell::Null, said, failed, Cell::Null, Cell::Null]);
            }
            rows.extend(step.checks.iter().map(|check| {
                let lines = check.basis.lines.as_ref();
                vec![
                    text(&run.scenario),
                    text(&step.id),
                    text(&check.id),
                    text(&check.title),
                    text(wording::check_verdict(check.verdict)),
                    text(wording::origin(check.basis.origin)),
                    lines.map_or(Cell::Null, |lines| text(&lines.to_string())),
                ]
            }));
        }
    }
    table(&columns, rows)
}

/// A compared cell, after the columns that identify its table.
fn cells_of(before: &[Cell], comparison: &Comparison) -> Vec<Vec<Cell>> {
    let side = |cell: &Option<Cell>| cell.clone().unwrap_or_else(|| text("(none)"));
    let line = |at: usize, cell: &CellRun| {
        let mut line = before.to_vec();
        line.extend([
            text(&wording::row_name(comparison, at)),
            text(&cell.column),
            side(&cell.expected),
            side(&cell.actual),
            text(wording::cell_verdict(cell.verdict)),
            cell.erratum.as_deref().map_or(Cell::Null, text),
        ]);
        line
    };
    let rows = comparison.rows.iter().enumerate();
    rows.flat_map(|(at, row)| row.cells.iter().map(move |cell| line(at, cell))).collect()
}

fn cells_of_run(run: &ScenarioRun) -> Vec<Vec<Cell>> {
    let checks = run.steps.iter().flat_map(|step| &step.checks);
    let compared = checks.filter_map(|check| Some((check, check.comparison.as_ref()?)));
    compared
        .flat_map(|(check, comparison)| {
            cells_of(&[text(&run.scenario), text(&check.id)], comparison)
        })
        .collect()
}

/// The columns of [`cells_of`] after those that identify the table.
const CELL_COLUMNS: [(&str, Kind); 6] = [
    ("row", Kind::Text),
    ("column", Kind::Text),
    ("expected", Kind::Text),
    ("actual", Kind::Text),
    ("verdict", Kind::Text),
    ("erratum", Kind::Text),
];

fn cells_table(rows: Vec<Vec<Cell>>) -> ResultTable {
    let own = [("scenario", Kind::Text), ("check", Kind::Text)];
    table(&[&own[..], &CELL_COLUMNS[..]].concat(), rows)
}

/// The cells of two tables, with a line if only their headers differ or they are empty.
fn compared(named: &NamedComparison, mut rows: Vec<Vec<Cell>>) -> ResultTable {
    let comparison = &named.comparison;
    let said = comparison.header.iter().chain(&comparison.remarks);
    for sentence in said {
        let mut row = vec![text(&named.expected), text(&named.actual), text(sentence)];
        row.resize(2 + CELL_COLUMNS.len(), Cell::Null);
        rows.push(row);
    }
    let own = [("expected table", Kind::Text), ("actual table", Kind::Text)];
    table(&[&own[..], &CELL_COLUMNS[..]].concat(), rows)
}

/// The properties of a workbook.
pub(super) const MARK: &str = "chatdb report";

/// A workbook that is being written.
struct Book {
    book: Workbook,
    names: HashSet<String>,
    header: Format,
    null: Format,
    time: Format,
    duration: Format,
    wrapped: Format,
}

impl Book {
    fn new() -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        // The same report gives the same bytes: no clock is read.
        let begin = ExcelDateTime::from_ymd(2000, 1, 1)?;
        let properties = DocProperties::new().set_comment(MARK);
        book.set_properties(&properties.set_creation_datetime(&begin));
        let plain = || Format::new().set_align(FormatAlign::Top);
        Ok(Self {
            book,
            names: HashSet::new(),
            header: Format::new().set_bold(),
            null: plain().set_font_color(Color::Gray),
            time: plain().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
            duration: plain().set_num_format("[h]:mm:ss"),
            wrapped: plain().set_text_wrap(),
        })
    }

    /// Writes a table on a sheet, or on as many as it needs.
    fn table(&mut self, title: &str, table: &ResultTable) -> Result<(), XlsxError> {
        let mut parts = table.rows.chunks(MAX_ROWS - 1);
        self.sheet(title, table, parts.next().unwrap_or_default())?;
        for part in parts {
            self.sheet(title, table, part)?;
        }
        Ok(())
    }

    fn sheet(
        &mut self,
        title: &str,
        table: &ResultTable,
        rows: &[Vec<Cell>],
    ) -> Result<(), XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(self.name(title))?;
        for (at, name) in table.names().into_iter().enumerate() {
            let column = column(at)?;
            sheet.write_string_with_format(0, column, fitting(name), &self.header)?;
            let cells = rows.iter().take(SAMPLED).map(|row| shown_width(&row[at]));
            let width = cells.fold(name.chars().count(), usize::max).min(MAX_WIDTH);
            sheet.set_column_width(column, u32::try_from(width + 2).unwrap_or(u32::MAX))?;
        }
        for (at, row) in rows.iter().enumerate() {
            let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
            for (at, cell) in row.iter().enumerate() {
                self.cell(&mut sheet, (line, column(at)?), cell)?;
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        if let Some(last) = table.columns.len().checked_sub(1) {
            let lines = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            sheet.autofilter(0, 0, lines, column(last)?)?;
        }
        self.book.push_worksheet(sheet);
        Ok(())
    }

    fn cell(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        cell: &Cell,
    ) -> Result<(), XlsxError> {
        match excel_number(cell) {
            Some(value) => {
                let format = match cell {
                    Cell::Timestamp(_) => &self.time,
                    Cell::Duration(_) => &self.duration,
                    _ => &self.wrapped,
                };
                sheet.write_number_with_format(row, column, value, format)?;
            }
            None => {
                let format = match cell {
                    Cell::Null => &self.null,
                    _ => &self.wrapped,
                };
                sheet.write_string_with_format(
                    row,
                    column,
                    fitting(&wording::cell(cell)),
                    format,
                )?;
            }
        }
        Ok(())
    }

    /// A unique name for a sheet, of allowed characters.
    fn name(&mut self, title: &str) -> String {
        let allowed = |c: char| if "[]:*?/\\".contains(c) { '_' } else { c };
        let plain: String = sanitize::Sanitized::of(title).as_str().chars().map(allowed).collect();
        let plain = plain.trim_matches(['\'', ' ']);
        let plain = if plain.is_empty() { "Table" } else { plain };
        let names = &mut self.names;
        let free = |n: usize| {
            let end = match n {
                1 => String::new(),
                n => format!(" ({n})"),
            };
            let name = format!("{}{end}", beginning(plain, MAX_NAME - end.len()));
            // Excel keeps this name for itself.
            let is_free = name.to_lowercase() != "history" && names.insert(name.to_lowercase());
            is_free.then_some(name)
        };
        (1..).find_map(free).expect("there are more numbers than sheets")
    }

    fn bytes(mut self) -> Result<Vec<u8>, XlsxError> {
        if self.names.is_empty() {
            self.table("Report", &ResultTable::default())?;
        }
        self.book.save_to_buffer()
    }
}

fn column(at: usize) -> Result<u16, XlsxError> {
    u16::try_from(at).map_err(|_| XlsxError::RowColumnLimitError)
}

/// A cell as an Excel number: `None` if it is not a number, or Excel would change it.
#[allow(clippy::cast_precision_loss)] // numbers that have a double of their own, and times to the millisecond
fn excel_number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(n) => (n.unsigned_abs() <= MAX_EXACT).then_some(*n as f64),
        Cell::Real(n) => Some(*n),
        Cell::Timestamp(ms) => {
            let day = *ms as f64 / MS_OF_DAY + DAYS_TO_1970;
            (FIRST_DAY..2_958_466.0).contains(&day).then_some(day)
        }
        Cell::Duration(seconds) => (*seconds >= 0).then_some(*seconds as f64 * 1000.0 / MS_OF_DAY),
        Cell::Null | Cell::Decimal(_) | Cell::Text(_) => None,
    }
}

/// A text as a cell can store it: with line breaks and tabs, without invisible characters, and within the limit.
fn fitting(text: &str) -> String {
    let shown = literal(&sanitize::with_breaks(text)).replace("\r\n", "\n");
    let length = shown.encode_utf16().count();
    if length <= MAX_TEXT {
        return shown;
    }
    let said = format!("... (cut off: {length} characters; JSON has all of them)");
    format!("{}{said}", beginning(&shown, MAX_TEXT - said.len()))
}

/// Keeps `_x0041_` from being read as an escaped `A`.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let digits = from.get(2..6).unwrap_or_default();
        let escapes = digits.len() == 4
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
            && from[6..].starts_with('_');
        out.push_str(if escapes { "_x005F_x" } else { "_x" });
        rest = &from[2..];
    }
    out.push_str(rest);
    out
}

/// As much of a text as fits `units` of UTF-16.
fn beginning(text: &str, units: usize) -> &str {
    let mut left = units;
    for (at, c) in text.char_indices() {
        match left.checked_sub(c.len_utf16()) {
            Some(less) => left = less,
            None => return &text[..at],
        }
    }
    text
}

fn shown_width(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.lines().map(|line| line.chars().count()).max(),
        other => Some(other.to_string().len()),
    }
    .unwrap_or(0)
}
