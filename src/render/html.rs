//! HTML: a single file to open in a browser, to print, or to send. It has no scripts and loads nothing, which a strict
//! content security policy enforces. It has everything that Markdown has, and draws what Markdown cannot.
//!
//! Data is escaped in one place, [`page::text`].

mod analysis;
mod findings;
mod over_time;
mod page;
pub(super) mod timeline;

use std::io::{self, Write};

use super::wording::{self, Totals};
use super::{RenderOptions, chart};
use crate::diagnostic::counted;
use crate::report::{
    CellRun, CellVerdict, CheckRun, CheckVerdict, Comparison, ExpectationOrigin, Listing,
    NamedComparison, ObservationRun, ObservationVerdict, Report, RestsOn, RowVerdict, RunVerdict,
    ScenarioRun, StepRun,
};
use crate::scenario::Erratum;
use crate::table::Cell;
use page::{Page, TableCell, anchor, code, mark, text};

/// The style sheet, including that of pictures.
pub(super) const PICTURE_STYLE: &str = include_str!("html/picture.css");

const STYLE: &str = include_str!("html/style.css");

/// Writes the report as one page.
pub fn render(report: &Report, options: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::default();
    let title = title(report);
    head(&mut page, &title);
    page.element("h1", "", &title);
    page.markup(format_args!("<p class=\"soft\">{}</p>\n", text(&report.program)));
    // The line below the title says of one scenario what the figures would.
    if report.runs.len() > 1 {
        front(&mut page, &report.runs);
    }
    for run in &report.runs {
        // The title of the page names the one scenario already.
        let heading = match report.runs.len() {
            1 if report.analysis.is_none() => "Replay",
            _ => &run.title,
        };
        of_run(&mut page, run, heading);
    }
    for named in &report.comparisons {
        of_two(&mut page, named);
    }
    if let Some(run) = &report.analysis {
        analysis::render(&mut page, run, options);
    }
    for listing in wording::listings(report) {
        listed(&mut page, &listing);
    }
    page.markup(format_args!("</main></body></html>\n"));
    out.write_all(page.html.as_bytes())
}

fn title(report: &Report) -> String {
    match (report.runs.as_slice(), &report.analysis) {
        ([run], None) => run.title.clone(),
        ([], Some(_)) => wording::ANALYSIS.to_owned(),
        ([], None) if !report.comparisons.is_empty() => "Two tables compared".to_owned(),
        ([], None) => {
            let listed = report.listings.first();
            listed.map_or_else(|| "Report".to_owned(), |list| list.title.clone())
        }
        _ => "Chat failures, replayed".to_owned(),
    }
}

fn head(page: &mut Page, title: &str) {
    page.markup(format_args!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"generator\" content=\"chatdb\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{PICTURE_STYLE}{STYLE}</style></head>\n\
         <body><a class=\"skip\" href=\"#content\">Skip to the content</a><main id=\"content\">\n",
        text(title)
    ));
}

/// The figures, the contents, and the verdict on every statement of the note.
fn front(page: &mut Page, runs: &[ScenarioRun]) {
    let totals = Totals::of(runs);
    let share = |n: usize, of: usize| format!("{n} of {of}");
    figures(
        page,
        &[
            (share(totals.reproduced, totals.runs), "scenarios reproduced"),
            (share(totals.checks_match, totals.checks), "checks match"),
            (
                share(totals.observations_reproduced, totals.observations),
                "statements of the support note reproduced",
            ),
            (totals.extrapolated.to_string(), "checks depend on an extrapolated rule"),
            (totals.errata.to_string(), "misprints corrected, each listed"),
        ],
    );
    page.markup(format_args!("<nav aria-label=\"Scenarios\"><ul>\n"));
    for run in runs {
        page.markup(format_args!(
            "<li><a href=\"#{}\">{}</a> {}</li>\n",
            anchor(&run.scenario),
            text(&run.title),
            verdict(run.verdict)
        ));
    }
    page.markup(format_args!("</ul></nav>\n"));
    page.folded(false, "Every statement of the support note and its result", |page| {
        let all = runs.iter().flat_map(|run| run.observations.iter().map(move |one| (run, one)));
        let rows: Vec<Vec<TableCell>> = all
            .map(|(run, one)| {
                let mut cells = observation(one);
                let link =
                    format!("<a href=\"#{}\">{}</a>", anchor(&run.scenario), text(&run.scenario));
                cells.push(TableCell::html(link));
                cells
            })
            .collect();
        let header =
            ["id", "lines", "statement", "verdict", "origin", "scenario"].map(String::from);
        page.table("Documented statements", &header, &rows);
    });
}

fn figures(page: &mut Page, figures: &[(String, &str)]) {
    page.markup(format_args!("<ul class=\"figures\">\n"));
    for (figure, what) in figures {
        page.markup(format_args!("<li><b>{}</b><span>{}</span></li>\n", text(figure), text(what)));
    }
    page.markup(format_args!("</ul>\n"));
}

fn verdict(verdict: RunVerdict) -> String {
    let class = match verdict {
        RunVerdict::Reproduced => "good",
        RunVerdict::Differs => "bad",
        RunVerdict::Pending | RunVerdict::NotRun => "warn",
        RunVerdict::Invalid => "bad",
    };
    mark(class, wording::run_verdict(verdict))
}

fn of_run(page: &mut Page, run: &ScenarioRun, heading: &str) {
    page.markup(format_args!(
        "<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{1} {2}</h2>\n",
        anchor(&run.scenario),
        text(heading),
        verdict(run.verdict)
    ));
    let totals = Totals::of([run]);
    let mut about = vec![format!("scenario {}", code(&run.scenario))];
    if let Some(cited) = &run.lines {
        about.push(format!("support note, {}", text(&wording::lines(cited))));
    }
    if let Some(before) = &run.continues {
        about.push(format!("continues {}", code(before)));
    }
    about.push(format!("checks: {}", text(&totals.checks())));
    for (n, what) in totals.labels() {
        about.push(format!("{}: {n}", what.to_lowercase()));
    }
    page.markup(format_args!("<p class=\"soft about\">{}</p>\n", about.join(" &middot; ")));
    if let Some(problem) = &run.problem {
        page.element("p", "say wrong", problem);
    }
    if let Some(drawn) = &run.timeline {
        let (wrong, sentence) = chart::what_is_wrong(drawn);
        let said = chart::messages(drawn);
        let class = if wrong { "say wrong" } else { "say" };
        page.element("p", class, &format!("{sentence} {said}."));
        timeline::draw(page, &run.title, drawn);
    }
    parameters(page, run);
    for step in &run.steps {
        of_step(page, run, step);
    }
    let rows: Vec<Vec<TableCell>> = run.observations.iter().map(observation).collect();
    if !rows.is_empty() {
        page.element("h3", "", "Documented statements");
        let header = ["id", "lines", "statement", "verdict", "origin"].map(String::from);
        page.table("Documented statements", &header, &rows);
    }
    errata(page, run);
    if let Some(notes) = &run.notes {
        page.element("h3", "", "Notes");
        for paragraph in notes.split("\n\n").filter(|text| !text.trim().is_empty()) {
            page.prose("p", "", &paragraph.trim().replace('\n', " "));
        }
    }
    page.markup(format_args!("</section>\n"));
}

fn observation(observation: &ObservationRun) -> Vec<TableCell> {
    let class = match observation.verdict {
        ObservationVerdict::Reproduced => "good",
        ObservationVerdict::Differs => "bad",
        ObservationVerdict::NotCovered | ObservationVerdict::NotReached => "warn",
    };
    vec![
        TableCell::text(&observation.id),
        TableCell::text(&observation.lines.to_string()),
        TableCell::text(&observation.says),
        TableCell::mark(class, wording::observation_verdict(observation.verdict)),
        TableCell::text(observation.origin.map(wording::origin).unwrap_or_default()),
    ]
}

fn parameters(page: &mut Page, run: &ScenarioRun) {
    let set: Vec<_> =
        (run.parameters.iter()).filter(|parameter| parameter.instead_of.is_some()).collect();
    if set.is_empty() {
        return;
    }
    let rows: Vec<Vec<TableCell>> = set
        .iter()
        .map(|parameter| {
            let before = parameter.instead_of.as_ref().unwrap_or(&Cell::Null);
            vec![
                TableCell::html(code(&parameter.name)),
                TableCell::value(&parameter.value),
                TableCell::value(before),
            ]
        })
        .collect();
    page.element("h3", "", "Parameters that were set");
    let header = ["parameter", "value", "instead of"].map(String::from);
    page.table("Parameters that were set", &header, &rows);
}

fn of_step(page: &mut Page, run: &ScenarioRun, step: &StepRun) {
    let branch = step.branch.as_ref().map(|name| format!(" (branch: {name})"));
    page.markup(format_args!(
        "<h3 id=\"{}\"><span class=\"soft\">{}</span> {}{}</h3>\n",
        anchor(&format!("{}-{}", run.scenario, step.id)),
        text(&step.at),
        text(&step.title),
        text(&branch.unwrap_or_default())
    ));
    if step.skipped {
        page.element("p", "say wrong", wording::SKIPPED);
    }
    for problem in wording::step_problems(step) {
        let place = wording::place(&step.place.file, step.place.line);
        page.element("p", "say wrong", &format!("The step failed: {problem} ({place})"));
    }
    for check in &step.checks {
        of_check(page, run, check);
    }
}

fn of_check(page: &mut Page, run: &ScenarioRun, check: &CheckRun) {
    let matches = check.verdict == CheckVerdict::Matches;
    // What the note prints or says is open; what is derived is there for who wants it.
    let open = !matches || check.basis.origin != ExpectationOrigin::Derived;
    let word = wording::check_verdict(check.verdict);
    let summary = format!("{}: {word}", check.title);
    page.folded(open, &summary, |page| {
        let mut about = match (check.verdict, &check.comparison) {
            (CheckVerdict::Matches, Some(comparison)) => wording::same_as(check, comparison),
            (CheckVerdict::Matches, None) => "as expected".to_owned(),
            _ => format!("{word}; expected as {}", wording::basis(check)),
        };
        if !check.observes.is_empty() {
            about.push_str(&format!("; covers {}", check.observes.join(", ")));
        }
        let name = wording::check_name(&run.scenario, &check.id);
        let sure = match check.rests_on {
            RestsOn::Documented => mark("good", RestsOn::Documented.words()),
            other => mark("warn", other.words()),
        };
        page.markup(format_args!(
            "<p class=\"small soft\">{} {sure} {}.</p>\n",
            code(&name),
            text(&about)
        ));
        if let Some(because) = &check.basis.because {
            page.element("p", "small", &format!("Expected because: {because}"));
        }
        if let Some(problem) = &check.problem {
            page.element("p", "say wrong", problem);
        }
        if let Some(comparison) = &check.comparison {
            compared(page, &check.title, comparison);
            page.list(&wording::cell_notes(comparison, &run.errata));
        }
        if !matches {
            page.markup(format_args!(
                "<p class=\"small\">Expected: {}. Run it again: {}</p>\n",
                code(&wording::expected_place(check)),
                code(&check.reproduce)
            ));
        }
        if let Some(sql) = &check.sql {
            page.folded(false, "SQL", |page| {
                page.markup(format_args!("<div class=\"columns\"><div>"));
                page.element("p", "small soft", "As written");
                page.lines(&sql.written);
                page.markup(format_args!("</div>"));
                if let Some(rewritten) = &sql.rewritten {
                    page.markup(format_args!("<div>"));
                    page.element("p", "small soft", "As executed on SQLite");
                    page.lines(rewritten);
                    page.markup(format_args!("</div>"));
                }
                page.markup(format_args!("</div>\n"));
            });
        }
    });
}

/// The actual rows, with corrections and differences marked, and missing rows below.
fn compared(page: &mut Page, name: &str, comparison: &Comparison) {
    let there = |row: &&crate::report::RowRun| row.verdict != RowVerdict::Missing;
    let rows: Vec<_> = comparison.rows.iter().filter(there).collect();
    if rows.is_empty() {
        // What it means is among the remarks, where the query says it.
        if comparison.remarks.is_empty() {
            page.element("p", "", "No rows: the result is empty.");
        }
    } else if wording::is_text(comparison) {
        let lines = rows.iter().flat_map(|row| &row.cells);
        let lines: Vec<String> =
            (lines.filter_map(|cell| cell.actual.as_ref())).map(Cell::to_string).collect();
        page.lines(&lines.join("\n"));
    } else {
        let side = wording::actual(comparison);
        let line = |row: &&crate::report::RowRun| {
            let cells = row.cells.iter().filter(|cell| cell.actual.is_some());
            cells.map(of_cell).collect()
        };
        let rows: Vec<Vec<TableCell>> = rows.iter().map(line).collect();
        page.table(name, &side.columns, &rows);
        if !side.left_out.is_empty() {
            let left_out = side.left_out.join(", ");
            page.element("p", "small soft", &format!("Not compared: {left_out}"));
        }
    }
    page.list(&comparison.header);
    page.list(&comparison.remarks);
    differences(page, comparison);
}

/// The cells that differ, and the rows that are missing or extra.
fn differences(page: &mut Page, comparison: &Comparison) {
    let texts = |cells: &[String]| -> Vec<TableCell> {
        cells.iter().map(|cell| TableCell::text(cell)).collect()
    };
    let differing = wording::rows_that(comparison, RowVerdict::Differs);
    let cells = wording::differences(comparison, &differing);
    if !cells.is_empty() {
        let mut header = wording::difference_key(comparison);
        header.extend(["column", "expected", "actual"].map(String::from));
        let row = |one: &wording::Difference| {
            let rest = [&one.column, &one.expected, &one.actual];
            let cells = one.row.iter().chain(rest);
            cells.map(|text| TableCell::text(text)).collect()
        };
        let rows: Vec<Vec<TableCell>> = cells.iter().map(row).collect();
        let title = format!("Different: {}", counted(cells.len(), "cell"));
        page.element("h4", "", &title);
        page.table("Cells that differ", &header, &rows);
    }
    for (verdict, word) in [(RowVerdict::Missing, "Missing"), (RowVerdict::Extra, "Extra")] {
        let at = wording::rows_that(comparison, verdict);
        if at.is_empty() {
            continue;
        }
        let side = wording::whole(comparison, &at, verdict);
        let rows: Vec<Vec<TableCell>> = side.rows.iter().map(|row| texts(row)).collect();
        let title = format!("{word}: {}", wording::rows(comparison, at.len()));
        page.element("h4", "", &title);
        page.table(word, &side.columns, &rows);
    }
}

fn of_cell(cell: &CellRun) -> TableCell {
    let value = cell.actual.as_ref().unwrap_or(&Cell::Null);
    let mut shown = TableCell::value(value);
    shown.class = match cell.verdict {
        CellVerdict::MatchesByErratum | CellVerdict::MatchesByParameter | CellVerdict::NotData => {
            "read"
        }
        CellVerdict::Differs | CellVerdict::StaleErratum | CellVerdict::Extra => "differs",
        _ => "",
    };
    if let Some(erratum) = &cell.erratum {
        shown.html.push_str(&format!(
            "<sup><a href=\"#erratum-{}\" title=\"printed {}\">{}</a></sup>",
            anchor(erratum),
            text(cell.printed.as_deref().unwrap_or_default()),
            text(erratum)
        ));
    }
    shown
}

fn errata(page: &mut Page, run: &ScenarioRun) {
    if run.errata.is_empty() {
        return;
    }
    let line = |erratum: &Erratum| {
        let place = match &erratum.cell {
            Some((row, column)) => format!("row {row}, {column}"),
            None => String::from("query"),
        };
        let id =
            format!("<span id=\"erratum-{}\">{}</span>", anchor(&erratum.id), text(&erratum.id));
        vec![
            TableCell::html(id),
            TableCell::text(&place),
            TableCell::text(&erratum.printed),
            TableCell::text(erratum.reading.as_deref().unwrap_or("(not data)")),
            TableCell::text(wording::erratum_kind(erratum.kind)),
            TableCell::text(&erratum.evidence),
        ]
    };
    page.element("h3", "", "Misprints of the support note");
    let header = ["id", "place", "printed", "corrected to", "kind", "why"].map(String::from);
    let rows: Vec<Vec<TableCell>> = run.errata.iter().map(line).collect();
    page.table("Misprints of the support note", &header, &rows);
}

fn of_two(page: &mut Page, named: &NamedComparison) {
    let verdict = if named.comparison.same { mark("good", "same") } else { mark("bad", "differs") };
    page.markup(format_args!(
        "<h2>{} and {} {verdict}</h2>\n",
        text(&named.expected),
        text(&named.actual)
    ));
    compared(page, "Actual rows", &named.comparison);
    page.list(&wording::cell_notes(&named.comparison, &[]));
}

fn listed(page: &mut Page, listing: &Listing) {
    page.element("h2", "", &listing.title);
    let header: Vec<String> = listing.table.names().iter().map(ToString::to_string).collect();
    let rows: Vec<Vec<TableCell>> =
        (listing.table.rows.iter()).map(|row| row.iter().map(TableCell::value).collect()).collect();
    if rows.is_empty() {
        page.element("p", "", "No rows.");
    } else {
        page.table(&listing.title, &header, &rows);
    }
    page.list(&listing.remarks);
}
