//! Markdown: the report as a document to keep. It has everything that the terminal shows in full, and the
//! observations, errata and notes besides.
//!
//! All data is escaped, so that it appears literally however it is rendered; a line break in a cell is a `<br>`, tabs
//! and carriage returns are `&#9;` and `&#13;`, and other hidden characters are shown as in a terminal.

mod analysis;

use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::RenderOptions;
use super::sanitize::Sanitized;
use super::wording::{self, Side, Totals};
use crate::diagnostic::counted;
use crate::report::{
    CheckRun, CheckVerdict, Comparison, Listing, NamedComparison, ObservationRun, Report,
    RowVerdict, RunVerdict, ScenarioRun, StepRun,
};
use crate::scenario::Erratum;
use crate::table::{Cell, Column};

/// Writes the report as one document, with a heading for each run.
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::default();
    match report.runs.as_slice() {
        [] => {}
        [run] => of_run(&mut page, run),
        runs => {
            overview(&mut page, runs);
            page.level = 1;
            for run in runs {
                of_run(&mut page, run);
            }
            page.level = 0;
        }
    }
    for named in &report.comparisons {
        of_two(&mut page, named);
    }
    if let Some(run) = &report.analysis {
        analysis::render(&mut page, run);
    }
    for listing in wording::listings(report) {
        listed(&mut page, &listing);
    }
    out.write_all(page.text.as_bytes())
}

fn listed(page: &mut Page, listing: &Listing) {
    page.heading(1, &listing.title);
    let header: Vec<String> = listing.table.names().iter().map(|name| cell(name)).collect();
    let shown = |(value, column): (&Cell, &Column)| match value {
        Cell::Null if column.own => String::new(),
        Cell::Text(text) if column.own => cell(text),
        value => cell(&wording::cell(value)),
    };
    let rows = listing.table.rows.iter();
    page.table(
        &header,
        rows.map(|row| row.iter().zip(&listing.table.columns).map(shown).collect()).collect(),
    );
    if listing.table.rows.is_empty() {
        page.paragraph("No rows.");
    }
    for text in &listing.remarks {
        page.paragraph(&remark(text));
    }
}

fn overview(page: &mut Page, runs: &[ScenarioRun]) {
    let totals = Totals::of(runs);
    page.heading(1, &counted(runs.len(), "scenario"));
    page.paragraph(&format!(
        "Scenarios: {}. Checks: {}. Observations: {}.",
        totals.scenarios(),
        totals.checks(),
        totals.observations()
    ));
    let rows = runs.iter().map(|run| {
        let totals = Totals::of([run]);
        vec![
            code(&run.scenario),
            cell(&run.title),
            run.lines.as_ref().map(ToString::to_string).unwrap_or_default(),
            wording::run_verdict(run.verdict).to_owned(),
            totals.checks(),
            totals.observations(),
        ]
    });
    let header = ["scenario", "title", "lines", "verdict", "checks", "observations"];
    page.table(&header.map(String::from), rows.collect());
}

fn of_run(page: &mut Page, run: &ScenarioRun) {
    page.heading(1, &run.title);
    let mut about = format!("Scenario {}", code(&run.scenario));
    if let Some(section) = &run.section {
        push(&mut about, format_args!(", section \"{}\"", escape(section)));
    }
    if let Some(cited) = &run.lines {
        push(&mut about, format_args!(", {} of the document", wording::lines(cited)));
    }
    if let Some(before) = &run.continues {
        push(&mut about, format_args!("; continues {}", code(before)));
    }
    page.paragraph(&format!("{about}."));
    let totals = Totals::of([run]);
    let verdict = wording::run_verdict(run.verdict);
    let mut result = format!("Result: **{verdict}**. Checks: {}.", totals.checks());
    for (n, what) in totals.labels() {
        let n = counted(n, "check");
        push(&mut result, format_args!(" {what}: {n}."));
    }
    if totals.observations > 0 {
        push(&mut result, format_args!(" Observations: {}.", totals.observations()));
    }
    page.paragraph(&result);
    match &run.problem {
        Some(problem) => page.paragraph(&escape(problem)),
        None if run.verdict == RunVerdict::NotRun => {
            page.paragraph("A precondition failed.");
        }
        None => {}
    }
    parameters(page, run);
    timeline(page, run);
    for step in &run.steps {
        of_step(page, run, step);
    }
    observations(page, &run.observations);
    errata(page, &run.errata);
    if let Some(notes) = &run.notes {
        page.heading(2, "Notes");
        for paragraph in notes.split("\n\n").filter(|text| !text.trim().is_empty()) {
            let lines: Vec<String> = paragraph.trim().lines().map(escape).collect();
            page.paragraph(&lines.join("\n"));
        }
    }
}

fn parameters(page: &mut Page, run: &ScenarioRun) {
    let set = |parameter: &crate::report::ParameterRun| {
        let before = parameter.instead_of.as_ref().map(wording::cell);
        vec![
            code(&parameter.name),
            cell(&wording::cell(&parameter.value)),
            cell(&before.unwrap_or_default()),
        ]
    };
    if !run.parameters.is_empty() {
        page.heading(2, "Parameters");
        let header = ["parameter", "value", "instead of"].map(String::from);
        page.table(&header, run.parameters.iter().map(set).collect());
    }
}

fn timeline(page: &mut Page, run: &ScenarioRun) {
    let line = |step: &StepRun| {
        let changed = step.changes.map(|changes| changes.actual.to_string());
        vec![
            cell(&step.at),
            cell(&step.id),
            cell(&step.title),
            cell(step.branch.as_deref().unwrap_or_default()),
            changed.unwrap_or_default(),
        ]
    };
    if !run.steps.is_empty() {
        page.heading(2, "Timeline");
        let header = ["time", "step", "what happens", "branch", "rows changed"].map(String::from);
        page.table(&header, run.steps.iter().map(line).collect());
    }
}

fn of_step(page: &mut Page, run: &ScenarioRun, step: &StepRun) {
    let problems = wording::step_problems(step);
    if step.checks.is_empty() && problems.is_empty() {
        return;
    }
    page.heading(2, &format!("{} {}", step.at, step.title));
    if step.skipped {
        page.paragraph(&format!("**{}**", escape(wording::SKIPPED)));
    }
    for problem in problems {
        let place = code(&wording::place(&step.place.file, step.place.line));
        page.paragraph(&format!("**The step failed:** {} ({place})", escape(&problem)));
    }
    for check in &step.checks {
        of_check(page, run, check);
    }
}

fn of_check(page: &mut Page, run: &ScenarioRun, check: &CheckRun) {
    page.heading(3, &check.title);
    let name = code(&wording::check_name(&run.scenario, &check.id));
    let verdict = match (check.verdict, &check.comparison) {
        (CheckVerdict::Matches, Some(comparison)) => wording::same_as(check, comparison),
        (CheckVerdict::Matches, None) => String::from("as expected"),
        (verdict, _) => {
            format!("**{}** ({})", wording::check_verdict(verdict), wording::basis(check))
        }
    };
    let mut about = format!("{name}: {verdict}.");
    if !check.observes.is_empty() {
        let answers: Vec<String> = check.observes.iter().map(|id| escape(id)).collect();
        push(&mut about, format_args!(" Covers {}.", answers.join(", ")));
    }
    if let Some(rests_on) = wording::rests_on(check) {
        let _ = write!(about, " R{}.", &rests_on[1..]);
    }
    page.paragraph(&about);
    if let Some(because) = &check.basis.because {
        let because = escape(because.trim_end_matches('.'));
        page.paragraph(&format!("Expected because {because}."));
    }
    if let Some(problem) = &check.problem {
        page.paragraph(&escape(problem));
    }
    if let Some(comparison) = &check.comparison {
        actual_table(page, comparison);
        differences(page, comparison);
    }
    let notes = |comparison| wording::cell_notes(comparison, &run.errata);
    let notes = check.comparison.as_ref().map(notes).unwrap_or_default();
    let mut items: Vec<String> = notes.iter().map(|note| escape(note)).collect();
    if check.verdict != CheckVerdict::Matches {
        if let Some(cited) = wording::document_lines(check) {
            items.push(format!("document: {cited}"));
        }
        let place = wording::place(&check.place.file, check.place.line);
        items.push(format!("scenario: {}", code(&place)));
        items.push(format!("expected: {}", code(&wording::expected_place(check))));
        items.push(format!("reproduce: {}", code(&check.reproduce)));
    }
    page.list(items);
}

fn actual_table(page: &mut Page, comparison: &Comparison) {
    let side = wording::actual(comparison);
    if wording::is_text(comparison) {
        page.text(side.rows.iter().flatten());
    } else {
        page.side(&side);
    }
    if !side.left_out.is_empty() {
        let names: Vec<String> = side.left_out.iter().map(|name| code(name)).collect();
        page.paragraph(&format!("Not compared: {}.", names.join(", ")));
    }
}

fn differences(page: &mut Page, comparison: &Comparison) {
    let sentences = comparison.header.iter().chain(&comparison.remarks);
    page.list(sentences.map(|sentence| remark(sentence)));
    let rows = wording::rows_that(comparison, RowVerdict::Differs);
    let cells = wording::differences(comparison, &rows);
    if !cells.is_empty() {
        page.paragraph(&format!("Different: {}.", counted(cells.len(), "cell")));
        let mut header: Vec<String> = wording::difference_key(comparison);
        header.extend(["column", "expected", "actual"].map(String::from));
        let header: Vec<String> = header.iter().map(|name| cell(name)).collect();
        let line = |difference: &wording::Difference| {
            let rest = [&difference.column, &difference.expected, &difference.actual];
            difference.row.iter().chain(rest).map(|text| cell(text)).collect()
        };
        page.table(&header, cells.iter().map(line).collect());
    }
    for (verdict, word) in [(RowVerdict::Missing, "Missing"), (RowVerdict::Extra, "Extra")] {
        let rows = wording::rows_that(comparison, verdict);
        if rows.is_empty() {
            continue;
        }
        page.paragraph(&format!("{word}: {}.", wording::rows(comparison, rows.len())));
        let side = wording::whole(comparison, &rows, verdict);
        if wording::is_text(comparison) {
            page.text(side.rows.iter().flatten());
        } else {
            page.side(&side);
        }
    }
}

fn observations(page: &mut Page, observations: &[ObservationRun]) {
    let line = |observation: &ObservationRun| {
        let checks: Vec<String> = observation.checks.iter().map(|id| code(id)).collect();
        vec![
            cell(&observation.id),
            observation.lines.to_string(),
            cell(&observation.says),
            checks.join(", "),
            wording::observation_verdict(observation.verdict).to_owned(),
            observation.origin.map(wording::origin).unwrap_or_default().to_owned(),
        ]
    };
    if !observations.is_empty() {
        page.heading(2, "Observations");
        let header = ["id", "lines", "statement", "checks", "verdict", "origin"].map(String::from);
        page.table(&header, observations.iter().map(line).collect());
    }
}

fn errata(page: &mut Page, errata: &[Erratum]) {
    let line = |erratum: &Erratum| {
        let place = match &erratum.cell {
            Some((row, column)) => format!("row {row}, {column}"),
            None => String::from("query"),
        };
        vec![
            cell(&erratum.id),
            code(&erratum.file),
            cell(&place),
            cell(&erratum.printed),
            erratum.reading.as_deref().map_or_else(|| String::from("(not data)"), cell),
            wording::erratum_kind(erratum.kind).to_owned(),
            cell(&erratum.evidence),
        ]
    };
    if !errata.is_empty() {
        page.heading(2, "Errata");
        let header =
            ["id", "file", "place", "printed", "corrected to", "kind", "why"].map(String::from);
        page.table(&header, errata.iter().map(line).collect());
    }
}

fn of_two(page: &mut Page, named: &NamedComparison) {
    let comparison = &named.comparison;
    page.heading(1, &format!("{} and {}", named.expected, named.actual));
    let extra = wording::rows_that(comparison, RowVerdict::Extra).len();
    let rows = counted(comparison.rows.len() + comparison.left_out - extra, "row");
    let columns = counted(comparison.expected_columns.len(), "column");
    let verdict = if comparison.same { "same" } else { "differs" };
    let (expected, actual) = (code(&named.expected), code(&named.actual));
    page.paragraph(&format!(
        "Result: **{verdict}**. Expected {expected}: {rows}, {columns}. Actual {actual}."
    ));
    differences(page, comparison);
    page.list(wording::cell_notes(comparison, &[]).iter().map(|note| escape(note)));
}

/// The document so far. Blocks have one blank line between them.
#[derive(Default)]
struct Page {
    text: String,
    /// How many levels to add to headings.
    level: usize,
}

impl Page {
    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn heading(&mut self, level: usize, text: &str) {
        let marks = "#".repeat(level + self.level);
        self.block(&format!("{marks} {}", cell(text)));
    }

    /// Markdown, already escaped.
    fn paragraph(&mut self, text: &str) {
        self.block(text);
    }

    fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let items: Vec<String> = items.into_iter().map(|item| format!("- {item}")).collect();
        if !items.is_empty() {
            self.block(&items.join("\n"));
        }
    }

    /// Preformatted lines of text.
    fn text<'a>(&mut self, lines: impl Iterator<Item = &'a String>) {
        let lines: Vec<Sanitized> = lines.map(Sanitized::of).collect();
        let run = |line: &Sanitized| {
            let ticks = line.as_str().split(|c| c != '`').map(str::len);
            ticks.max().unwrap_or(0)
        };
        let fence = "`".repeat(lines.iter().map(run).max().unwrap_or(0).max(2) + 1);
        let mut block = format!("{fence}text\n");
        for line in &lines {
            push(&mut block, format_args!("{line}\n"));
        }
        self.block(&(block + &fence));
    }

    fn side(&mut self, side: &Side) {
        let header: Vec<String> = side.columns.iter().map(|name| cell(name)).collect();
        let line = |row: &Vec<String>| row.iter().map(|text| cell(text)).collect();
        self.table(&header, side.rows.iter().map(line).collect());
        if side.rows.is_empty() {
            self.paragraph("No rows.");
        }
    }

    /// An aligned pipe table of cells already escaped.
    fn table(&mut self, header: &[String], rows: Vec<Vec<String>>) {
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at)).chain(header.get(at));
            cells.map(|cell| cell.width()).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        let line = |cells: &[String]| {
            let mut line = String::from("|");
            for (cell, width) in cells.iter().zip(&widths) {
                let gap = " ".repeat(width - cell.width());
                push(&mut line, format_args!(" {cell}{gap} |"));
            }
            line
        };
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut lines = vec![line(header), line(&dashes)];
        lines.extend(rows.iter().map(|row| line(row)));
        self.block(&lines.join("\n"));
    }
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("writing to a String does not fail");
}

/// Text as inline code, or escaped if code cannot contain it.
fn code(text: &str) -> String {
    let shown = Sanitized::of(text);
    let awkward =
        text.is_empty() || text.trim() != text || text.contains(['`', '|', '\\', '\t', '\r']);
    if awkward { escape(text) } else { format!("`{shown}`") }
}

/// A sentence in which names are between back-ticks: those are code, and everything else is escaped, so that no file
/// name becomes markup.
fn remark(text: &str) -> String {
    if text.matches('`').count() % 2 == 1 {
        return escape(text);
    }
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => {
            let text = part.trim_matches(' ');
            let ends = part.split_once(text).unwrap_or(("", ""));
            let shown = if at == 0 { escape(text) } else { inline(text) };
            format!("{}{shown}{}", ends.0, ends.1)
        }
        _ => code(part),
    };
    text.split('`').enumerate().map(part).collect()
}

/// Text as a table cell, or in another single-line context.
fn cell(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(inline).collect();
    lines.join("<br>")
}

/// Text on its own line, whose beginning must not become a list, a heading or a quotation.
fn escape(text: &str) -> String {
    let text = inline(text);
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let numbered = digits > 0 && text[digits..].starts_with(['.', ')']);
    if numbered {
        format!("{}\\{}", &text[..digits], &text[digits..])
    } else if text.starts_with(['+', '-', '=', '>', ':']) {
        format!("\\{text}")
    } else {
        text
    }
}

/// Text that appears literally within a line: everything that Markdown, or HTML in it, would treat as markup is
/// escaped. Leading and trailing spaces, tabs and carriage returns are kept.
fn inline(text: &str) -> String {
    let shown = text.split_inclusive(['\t', '\r']).map(|part| {
        let text = part.trim_end_matches(['\t', '\r']);
        format!("{}{}", Sanitized::of(text), &part[text.len()..])
    });
    let shown: String = shown.collect();
    let start = shown.trim_start_matches(' ');
    let body = start.trim_end_matches(' ');
    let blanks = |n: usize| "&#32;".repeat(n);
    let mut out = blanks(shown.len() - start.len());
    let mut before = None;
    for (at, c) in body.char_indices() {
        let after = body[at + c.len_utf8()..].chars().next();
        match c {
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            _ if is_markup(c, before, after) => out.extend(['\\', c]),
            _ => out.push(c),
        }
        before = Some(c);
    }
    out + &blanks(start.len() - body.len())
}

/// Whether Markdown could treat `c` as markup within a line. An underscore inside a word is not markup, so that column
/// names are unchanged.
fn is_markup(c: char, before: Option<char>, after: Option<char>) -> bool {
    let in_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    match c {
        '|' | '\\' | '`' | '*' | '~' | '<' | '[' | ']' | '&' | '$' | '^' => true,
        '_' => !(in_word(before) && in_word(after)),
        // At the end of a heading, marks after a blank are not part of it.
        '#' => matches!(before, None | Some(' ')),
        // An address would become a link.
        ':' => after == Some('/'),
        _ => false,
    }
}
