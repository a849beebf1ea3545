//! The report as a person reads it in a terminal: what differs in full, what is the same in brief, a summary
//! last, where the eye is when the program ends. Words carry the verdict; colour only repeats it.
//!
//! A table goes side by side if the width allows, and one column per line if not; nothing is cut off. Only
//! commands and places are left longer than the line, because a broken one could not be copied. Everything
//! that is written is [`Safe`].

mod analysis;
mod compact;
mod timeline;

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{
    ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle, Width,
};
use unicode_width::UnicodeWidthChar;

use super::safe::Safe;
use super::words::{self, Side, Tally};
use super::{Detail, RenderOptions};
use crate::diagnostic::{Problems, counted};
use crate::report::{
    CheckRun, CheckVerdict, Comparison, ExpectationOrigin, Listing, NamedComparison,
    ObservationVerdict, Report, RestsOn, RowVerdict, RunVerdict, ScenarioRun, StepRun,
    ValidatedScenario,
};
use crate::scenario::Erratum;
use crate::table::{Cell, Column};

/// Narrower than this, lines are as long as they would be here.
const MIN_WIDTH: usize = 30;

/// How many rows of one kind (differing, missing, extra) are shown of a comparison.
const MAX_ROWS: usize = 40;

/// Values that have less room than this beside the names of their columns are not aligned.
const MIN_VALUE: usize = 24;

/// How many of the things to look at the summary lists.
const MAX_LISTED: usize = 20;

const CHECK: usize = 2;
const DETAIL: usize = 8;

/// A list with less room than this for each of its columns shows one column per line.
const MIN_COLUMN: usize = 9;

/// What stands between two columns of a list: a blank, a bar, a blank.
const BETWEEN: usize = 3;

/// A list with a longer cell shows one column per line: to break cells beside one another takes the square of their
/// length, which up to here is nothing.
const MAX_CELL: usize = 4096;

/// The terminal is never taken to be narrower than this for a list, whose cells wrap.
const MIN_LISTING: usize = 60;

const TABLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('-').junction('+'))
    .content_lines(ContentLineStyle::none().junction('|'));

/// Writes the report, in lines of at most `options.width` columns where that can be.
///
/// # Errors
/// When `out` fails.
pub fn render(report: &Report, options: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut page = Page {
        out: &mut out,
        width: options.width.max(MIN_WIDTH),
        gap: Gap::Start,
        color: options.color,
        begin: None,
    };
    for run in &report.runs {
        match options.detail {
            Detail::Full => full(&mut page, run)?,
            Detail::Brief => brief(&mut page, run)?,
        }
        page.blank();
    }
    for (at, named) in report.comparisons.iter().enumerate() {
        if at > 0 {
            page.blank();
        }
        comparison_of_two(&mut page, named)?;
    }
    for listing in &report.listings {
        page.blank();
        listed(&mut page, listing)?;
    }
    if !report.validated.is_empty() {
        validated(&mut page, &report.validated)?;
    }
    if let Some(run) = &report.analysis {
        analysis::render(&mut page, run, options)?;
    }
    if !report.runs.is_empty() {
        summary(&mut page, report)?;
    }
    out.flush()
}

/// Every mistake as a compiler shows it, once, though several scenarios may have it.
fn validated(page: &mut Page<'_>, scenarios: &[ValidatedScenario]) -> io::Result<()> {
    let mistakes = scenarios
        .iter()
        .flat_map(|one| one.mistakes.iter().cloned());
    let mistakes: Problems = mistakes.collect();
    for mistake in mistakes.as_slice() {
        for line in mistake.to_string().lines() {
            page.line(0, line)?;
        }
    }
    let what = match scenarios {
        [one] => one.scenario.clone(),
        more => counted(more.len(), "scenario"),
    };
    match mistakes.as_slice().len() {
        0 => page.line(0, format_args!("{what}: no mistakes found")),
        n => page.line(0, counted(n, "mistake")),
    }
}

fn full(page: &mut Page<'_>, run: &ScenarioRun) -> io::Result<()> {
    heading(page, run, Detail::Full)?;
    if let Some(drawn) = &run.timeline {
        timeline::render(page, drawn)?;
    }
    let layout = Layout::of(page, run, 0, words::basis);
    let mut branch = None;
    for step in &run.steps {
        page.blank();
        page.prose(
            0,
            DETAIL,
            format_args!("{}  step {}: {}", step.at, step.id, step.title),
        )?;
        if step.branch != branch {
            branch.clone_from(&step.branch);
            if let Some(name) = &branch {
                let what = "on a copy, which is dropped after the branch";
                page.prose(CHECK, DETAIL, format_args!("branch {name}: {what}"))?;
            }
        }
        step_problems(page, step, "")?;
        for check in &step.checks {
            verdict_line(page, &layout, "", check, &words::basis(check))?;
            rests_on(page, check)?;
            match (&check.comparison, check.verdict, check.basis.origin) {
                (Some(comparison), CheckVerdict::Matches, ExpectationOrigin::Printed) => {
                    actual_table(page, comparison)?;
                    page.prose(DETAIL, 2, words::same_as(check, comparison))?;
                    notes(page, DETAIL + 2, comparison, &run.errata)?;
                    page.blank();
                }
                (Some(comparison), CheckVerdict::Matches, _)
                    if !comparison.expected_columns.is_empty() =>
                {
                    actual_table(page, comparison)?;
                    notes(page, DETAIL + 2, comparison, &run.errata)?;
                    page.blank();
                }
                (_, CheckVerdict::Matches | CheckVerdict::Skipped, _) => {}
                (Some(comparison), _, ExpectationOrigin::Printed) => {
                    page.line(DETAIL, "came back:")?;
                    actual_table(page, comparison)?;
                    page.line(DETAIL, "compared with the print:")?;
                    failure(page, run, check)?;
                }
                _ => failure(page, run, check)?,
            }
        }
    }
    Ok(())
}

fn brief(page: &mut Page<'_>, run: &ScenarioRun) -> io::Result<()> {
    heading(page, run, Detail::Brief)?;
    let times = run.steps.iter().map(|step| Safe::of(&step.at).width());
    let time = times.max().unwrap_or(0);
    let layout = Layout::of(page, run, time + 2, brief_basis);
    for step in &run.steps {
        let at = Safe::of(&step.at);
        let at = format!("{at}{}  ", " ".repeat(time - at.width()));
        step_problems(page, step, &at)?;
        for check in &step.checks {
            verdict_line(page, &layout, &at, check, &brief_basis(check))?;
            if !matches!(check.verdict, CheckVerdict::Matches | CheckVerdict::Skipped) {
                failure(page, run, check)?;
            }
        }
    }
    Ok(())
}

/// `printed 70-72`, `stated 57, extrapolated`.
fn brief_basis(check: &CheckRun) -> String {
    let mut about = String::from(words::origin(check.basis.origin));
    if let Some(cited) = &check.basis.lines {
        about = format!("{about} {cited}");
    }
    if check.rests_on == RestsOn::Extrapolated {
        about.push_str(", extrapolated");
    }
    about
}

fn heading(page: &mut Page<'_>, run: &ScenarioRun, detail: Detail) -> io::Result<()> {
    let verdict = words::run_verdict(run.verdict);
    page.paint(usize::MAX, BOLD);
    page.prose(0, 3, format_args!("== {}: {verdict}", run.scenario))?;
    let mut parts = Vec::new();
    parts.extend(run.section.as_ref().map(|section| format!("\"{section}\"")));
    parts.extend((run.lines.as_ref()).map(|cited| format!("document {}", words::lines(cited))));
    parts.extend((run.continues.as_ref()).map(|before| format!("continues {before}")));
    match (detail, &run.lines) {
        (Detail::Brief, Some(cited)) => {
            page.prose(
                3,
                0,
                format_args!("{} ({})", run.title, words::lines(cited)),
            )?;
        }
        (Detail::Brief, None) => page.prose(3, 0, &run.title)?,
        (Detail::Full, _) => {
            page.prose(3, 0, &run.title)?;
            if !parts.is_empty() {
                page.prose(3, 0, parts.join(", "))?;
            }
        }
    }
    for parameter in &run.parameters {
        if let Some(before) = &parameter.instead_of {
            let (name, value) = (&parameter.name, words::value(&parameter.value));
            let before = words::value(before);
            page.prose(
                3,
                2,
                format_args!("set {name} = {value}, instead of {before}"),
            )?;
        }
    }
    if let Some(problem) = &run.problem {
        page.prose(3, 2, problem)?;
    } else if run.verdict == RunVerdict::NotRun {
        page.prose(3, 2, "what it starts from did not hold")?;
    }
    Ok(())
}

fn step_problems(page: &mut Page<'_>, step: &StepRun, at: &str) -> io::Result<()> {
    if step.skipped && step.checks.is_empty() {
        page.prose(
            CHECK,
            DETAIL - CHECK,
            format_args!("skip  {at}{}", words::SKIPPED),
        )?;
    }
    let problems = words::step_problems(step);
    for problem in &problems {
        page.paint("FAIL".len(), BAD);
        page.prose(CHECK, DETAIL - CHECK, format_args!("FAIL  {at}{problem}"))?;
    }
    if problems.is_empty() {
        return Ok(());
    }
    page.fact("step", words::place(&step.place.file, step.place.line))?;
    if let Some(script) = &step.script {
        page.fact("script", script)?;
    }
    page.blank();
    Ok(())
}

/// Where the columns of a check's line stand.
struct Layout {
    /// The width of the titles; `None` puts what follows a title on a line of its own.
    title: Option<usize>,
}

impl Layout {
    /// Room for the titles of a run next to `about`, when `before` columns stand before them.
    fn of(
        page: &Page<'_>,
        run: &ScenarioRun,
        before: usize,
        about: fn(&CheckRun) -> String,
    ) -> Self {
        let checks = || run.steps.iter().flat_map(|step| &step.checks);
        let about = checks().map(|check| Safe::of(about(check)).width());
        let about = about.max().unwrap_or(0);
        let titles = checks().map(|check| Safe::of(&check.title).width());
        let room = page.width.saturating_sub(DETAIL + before + 2 + about);
        let title = titles.max().unwrap_or(0).min(room);
        Self {
            title: (room >= MIN_VALUE).then_some(title),
        }
    }
}

fn verdict_line(
    page: &mut Page<'_>,
    layout: &Layout,
    at: &str,
    check: &CheckRun,
    about: &str,
) -> io::Result<()> {
    let (mark, style) = match check.verdict {
        CheckVerdict::Matches => ("ok  ", GOOD),
        CheckVerdict::Differs => ("DIFF", BAD),
        CheckVerdict::Failed => ("FAIL", BAD),
        CheckVerdict::Skipped => ("skip", WARN),
        CheckVerdict::Pending => ("new ", WARN),
    };
    page.paint(mark.len(), style);
    let hang = DETAIL - CHECK + at.len();
    let Some(width) = layout.title else {
        page.prose(CHECK, hang, format_args!("{mark}  {at}{}", check.title))?;
        return page.prose(DETAIL + at.len(), 0, about);
    };
    let title = Safe::of(&check.title);
    for (n, part) in wrap(title.as_str(), width, width, true).iter().enumerate() {
        let part = Safe::of(part);
        if n == 0 {
            let gap = " ".repeat(width.saturating_sub(part.width()) + 2);
            page.line(CHECK, format_args!("{mark}  {at}{part}{gap}{about}"))?;
        } else {
            page.line(CHECK + hang, part)?;
        }
    }
    Ok(())
}

fn rests_on(page: &mut Page<'_>, check: &CheckRun) -> io::Result<()> {
    if check.rests_on == RestsOn::Extrapolated {
        page.prose(DETAIL, 2, words::rests_on(check))?;
    }
    Ok(())
}

/// What is wrong with a check, where to look, and how to see it again.
fn failure(page: &mut Page<'_>, run: &ScenarioRun, check: &CheckRun) -> io::Result<()> {
    if let Some(problem) = &check.problem {
        page.prose(DETAIL, 2, problem)?;
    }
    if let Some(comparison) = &check.comparison {
        differences(page, DETAIL, comparison)?;
        notes(page, DETAIL, comparison, &run.errata)?;
    }
    if let Some(because) = check
        .basis
        .because
        .as_ref()
        .filter(|_| check.verdict != CheckVerdict::Pending)
    {
        page.prose(DETAIL, 2, format_args!("expected because {because}"))?;
    }
    if let Some(cited) = words::document_lines(check) {
        page.fact("document", cited)?;
    }
    let place = words::place(&check.place.file, check.place.line);
    page.fact("check", words::check_name(&run.scenario, &check.id))?;
    page.fact("scenario", &place)?;
    let expected = words::expected_place(check);
    if expected != place {
        page.fact("expected", expected)?;
    }
    page.fact("reproduce", &check.reproduce)?;
    page.blank();
    Ok(())
}

fn actual_table(page: &mut Page<'_>, comparison: &Comparison) -> io::Result<()> {
    let side = words::actual(comparison);
    if words::is_text(comparison) {
        for line in side.rows.iter().flatten() {
            page.quote(DETAIL, line)?;
        }
        if side.rows.is_empty() {
            page.line(DETAIL, "(no lines)")?;
        }
    } else {
        page.table(DETAIL, &side)?;
    }
    if !side.left_out.is_empty() {
        let names = side.left_out.join(", ");
        page.prose(DETAIL, 2, format_args!("not compared: {names}"))?;
    }
    Ok(())
}

fn notes(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    errata: &[Erratum],
) -> io::Result<()> {
    for note in words::cell_notes(comparison, errata) {
        page.prose(indent, 2, note)?;
    }
    Ok(())
}

fn differences(page: &mut Page<'_>, indent: usize, comparison: &Comparison) -> io::Result<()> {
    for sentence in comparison.header.iter().chain(&comparison.remarks) {
        page.prose(indent, 2, sentence)?;
    }
    let differing = words::rows_that(comparison, RowVerdict::Differs);
    let shown = &differing[..differing.len().min(MAX_ROWS)];
    if !wide(page, indent, comparison, shown)? {
        tall(page, indent, comparison, shown)?;
    }
    more(
        page,
        indent,
        comparison,
        "differ",
        differing.len() - shown.len(),
    )?;
    for (verdict, word) in [
        (RowVerdict::Missing, "missing"),
        (RowVerdict::Extra, "extra"),
    ] {
        let rows = words::rows_that(comparison, verdict);
        let shown = &rows[..rows.len().min(MAX_ROWS)];
        if shown.is_empty() {
            continue;
        }
        page.line(
            indent,
            format_args!("{word}: {}", words::rows(comparison, rows.len())),
        )?;
        let side = words::whole(comparison, shown, verdict);
        if words::is_text(comparison) {
            for line in side.rows.iter().flatten() {
                page.quote(indent + 2, line)?;
            }
        } else {
            page.table(indent + 2, &side)?;
        }
        more(page, indent, comparison, word, rows.len() - shown.len())?;
    }
    Ok(())
}

fn more(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    word: &str,
    n: usize,
) -> io::Result<()> {
    if n == 0 {
        return Ok(());
    }
    let rows = words::rows(comparison, n);
    let all = "the formats csv and json hold all";
    page.prose(indent, 2, format_args!("{word}: {rows} more; {all}"))
}

/// The differing cells as a table, if that fits. Returns whether it did.
fn wide(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    rows: &[usize],
) -> io::Result<bool> {
    if words::is_text(comparison) {
        return Ok(false);
    }
    let cells = words::differences(comparison, rows);
    if cells.is_empty() {
        return Ok(true);
    }
    let mut columns = words::difference_key(comparison);
    columns.extend(["column", "expected", "actual"].map(String::from));
    let line = |cell: words::Difference| {
        let rest = [cell.column, cell.expected, cell.actual];
        cell.row.into_iter().chain(rest).collect()
    };
    let lines: Vec<Vec<String>> = cells.into_iter().map(line).collect();
    page.grid(indent, &columns, &lines)
}

/// The differing cells, one per line or, where a line is too short, one per three lines.
fn tall(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    rows: &[usize],
) -> io::Result<()> {
    let text = words::is_text(comparison);
    for at in rows {
        let cells = words::differences(comparison, &[*at]);
        if cells.is_empty() {
            continue;
        }
        page.prose(indent, 2, words::row_name(comparison, *at))?;
        let parts: Vec<[Safe; 3]> = (cells.iter())
            .map(|cell| [&cell.column, &cell.expected, &cell.actual].map(Safe::of))
            .collect();
        let widest = |at: usize| parts.iter().map(|part| part[at].width()).max().unwrap_or(0);
        let (name, left, right) = (widest(0), widest(1), widest(2));
        let line = name + "  expected ".len() + left + "  actual ".len() + right;
        let fits = indent + 2 + line <= page.width;
        for [column, expected, actual] in &parts {
            let pad = |text: &Safe, width: usize| " ".repeat(width - text.width());
            if fits && !text {
                let (after, gap) = (pad(column, name), pad(expected, left));
                page.line(
                    indent + 2,
                    format_args!("{column}{after}  expected {expected}{gap}  actual {actual}"),
                )?;
                continue;
            }
            let mut deeper = indent + 2;
            if !text {
                page.value(deeper, "", column)?;
                deeper += 2;
            }
            page.value(deeper, "expected ", expected)?;
            page.value(deeper, "actual   ", actual)?;
        }
    }
    Ok(())
}

fn comparison_of_two(page: &mut Page<'_>, named: &NamedComparison) -> io::Result<()> {
    let comparison = &named.comparison;
    let extra = words::rows_that(comparison, RowVerdict::Extra).len();
    let expected = comparison.rows.len() + comparison.left_out - extra;
    let columns = counted(comparison.expected_columns.len(), "column");
    if comparison.same {
        let rows = counted(expected, "row");
        page.prose(0, 2, format_args!("same: {rows}, {columns}"))?;
        for sentence in comparison.header.iter().chain(&comparison.remarks) {
            page.prose(0, 2, sentence)?;
        }
        return notes(page, 0, comparison, &[]);
    }
    page.value(0, "expected  ", &Safe::of(&named.expected))?;
    page.value(0, "actual    ", &Safe::of(&named.actual))?;
    if !comparison.key.is_empty() {
        page.prose(
            0,
            10,
            format_args!("key       {}", comparison.key.join(", ")),
        )?;
    }
    page.blank();
    differences(page, 0, comparison)?;
    notes(page, 0, comparison, &[])?;
    page.blank();
    let differing = words::rows_that(comparison, RowVerdict::Differs);
    let cells = words::differences(comparison, &differing).len();
    let parts = [
        (cells, "cell differs", "cells differ"),
        (
            words::rows_that(comparison, RowVerdict::Missing).len(),
            "row missing",
            "rows missing",
        ),
        (extra, "row extra", "rows extra"),
        (
            comparison.header.len(),
            "difference of header",
            "differences of header",
        ),
    ];
    let parts: Vec<String> = (parts.into_iter())
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many }))
        .collect();
    let what = if parts.is_empty() {
        String::from("the order of rows differs")
    } else {
        parts.join(", ")
    };
    let rows = counted(expected, "row");
    page.prose(0, 2, format_args!("{what}; {rows} and {columns} expected"))
}

/// A list: side by side with cells that wrap between words, since its texts are long.
fn listed(page: &mut Page<'_>, listing: &Listing) -> io::Result<()> {
    page.line(0, &listing.title)?;
    page.blank();
    let names = listing.table.names();
    let width = page.width.max(MIN_LISTING);
    let words = longest_words(listing, width / 2);
    let least: usize = words.iter().map(|word| word + BETWEEN).sum();
    let is_long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.len() > MAX_CELL);
    let has_long = listing.table.rows.iter().flatten().any(is_long);
    if has_long || names.len() * MIN_COLUMN > page.width || least > width + 1 {
        let columns = &listing.table.columns;
        let shown = |(cell, column): (&Cell, &Column)| match cell {
            // Where the words are ours, nothing means that there is nothing to say.
            Cell::Null if column.own => String::new(),
            Cell::Text(text) if column.own => text.clone(),
            cell => words::value(cell),
        };
        let row = |row: &Vec<Cell>| row.iter().zip(columns).map(shown).collect();
        let side = Side {
            columns: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: listing.table.rows.iter().map(row).collect(),
            left_out: Vec::new(),
        };
        page.rows(0, &side, true)?;
        return remarks(page, listing);
    }
    let mut table = Table::new();
    table
        .load_style(TABLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(names.iter().map(Safe::of));
    for row in &listing.table.rows {
        let shown = |(cell, column): (&Cell, &Column)| match cell {
            Cell::Null if column.own => Safe::of(""),
            Cell::Text(text) if column.own => Safe::of(text),
            cell => Safe::of(words::cell(cell)),
        };
        table.add_row(row.iter().zip(&listing.table.columns).map(shown));
    }
    for (column, word) in table.column_iter_mut().zip(words) {
        let word = u16::try_from(word).unwrap_or(u16::MAX);
        // The blanks on either side count as well.
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(word + 2)));
    }
    for line in table.lines() {
        page.line(0, line)?;
    }
    if listing.table.rows.is_empty() {
        page.line(0, "(no rows)")?;
    }
    remarks(page, listing)
}

/// The longest word of each column of a list, which is not to be broken unless it has more than `most` places.
fn longest_words(listing: &Listing, most: usize) -> Vec<usize> {
    let longest = |text: &str| {
        let words = text.split([' ', '\n']);
        let widths = words.map(|word| word.chars().map(columns).sum::<usize>());
        widths.max().unwrap_or(0).min(most)
    };
    let mut found: Vec<usize> = listing
        .table
        .names()
        .iter()
        .map(|name| longest(name))
        .collect();
    for row in &listing.table.rows {
        for (word, cell) in found.iter_mut().zip(row) {
            *word = longest(&Safe::of(words::cell(cell)).to_string()).max(*word);
        }
    }
    found
}

fn remarks(page: &mut Page<'_>, listing: &Listing) -> io::Result<()> {
    if !listing.remarks.is_empty() {
        page.blank();
    }
    for remark in &listing.remarks {
        page.prose(0, 2, remark)?;
    }
    Ok(())
}

fn summary(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let tally = Tally::of(&report.runs);
    page.summed("scenarios", tally.scenarios())?;
    if tally.steps_wrong > 0 {
        page.summed("steps", format_args!("{} went wrong", tally.steps_wrong))?;
    }
    page.summed("checks", tally.checks())?;
    if tally.extrapolated > 0 {
        let rest = if tally.extrapolated == 1 {
            "rests"
        } else {
            "rest"
        };
        let n = counted(tally.extrapolated, "check");
        page.summed("", format_args!("{n} {rest} on an extrapolated rule"))?;
    }
    if tally.observations > 0 {
        page.summed("observations", tally.observations())?;
    }
    let observations = report.runs.iter().flat_map(|run| &run.observations);
    for observation in observations.filter(|o| o.verdict != ObservationVerdict::Reproduced) {
        let verdict = words::observation_verdict(observation.verdict);
        let cited = words::lines(&observation.lines);
        let (id, says) = (&observation.id, &observation.says);
        page.summed("", format_args!("{id} {verdict} ({cited}): {says}"))?;
    }
    if tally.errata > 0 {
        page.summed("errata", format_args!("{} used", tally.errata))?;
    }
    let failures = words::failures(report);
    for (at, failure) in failures.iter().take(MAX_LISTED).enumerate() {
        page.summed(if at == 0 { "look at" } else { "" }, failure)?;
    }
    if failures.len() > MAX_LISTED {
        page.summed("", format_args!("and {} more", failures.len() - MAX_LISTED))?;
    }
    if let Some(command) = words::next(report).filter(|_| !failures.is_empty()) {
        page.line(0, format_args!("{:SUMMED$}{command}", "next"))?;
    }
    Ok(())
}

/// The column at which the summary's second half starts.
const SUMMED: usize = 14;

/// The one way out: every line is made safe and has no blanks at its end.
struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
    gap: Gap,
    color: bool,
    /// How many bytes at the begin of the next line have a style.
    begin: Option<(usize, Style)>,
}

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default();

/// What stands before the next line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Nothing at all: a blank line would be the first.
    Start,
    /// The line before.
    None,
    /// A blank line, yet to be written.
    Blank,
}

impl Page<'_> {
    /// Leaves one blank line before the next, however often it is asked for.
    fn blank(&mut self) {
        if self.gap == Gap::None {
            self.gap = Gap::Blank;
        }
    }

    /// One line, however long.
    fn line(&mut self, indent: usize, text: impl Display) -> io::Result<()> {
        let text = Safe::of(text);
        let text = text.as_str().trim_end();
        let indent = if text.is_empty() { 0 } else { indent };
        if self.gap == Gap::Blank {
            writeln!(self.out)?;
        }
        self.gap = Gap::None;
        match self.begin.take() {
            Some((bytes, style)) if self.color => {
                let (begin, rest) = text.split_at_checked(bytes).unwrap_or((text, ""));
                writeln!(self.out, "{:indent$}{style}{begin}{style:#}{rest}", "")
            }
            _ => writeln!(self.out, "{:indent$}{text}", ""),
        }
    }

    /// Gives the next line a style up to so many bytes, where the page has colour. What is written stays the same.
    fn paint(&mut self, bytes: usize, style: Style) -> &mut Self {
        self.begin = Some((bytes, style));
        self
    }

    /// Words, broken between them where the line ends; further lines start `hang` columns deeper.
    fn prose(&mut self, indent: usize, hang: usize, text: impl Display) -> io::Result<()> {
        let room = self.width.saturating_sub(indent);
        let text = Safe::of(text);
        let lines = wrap(text.as_str(), room, room.saturating_sub(hang), true);
        for (at, line) in lines.iter().enumerate() {
            self.line(if at == 0 { indent } else { indent + hang }, line)?;
        }
        Ok(())
    }

    /// A label and a value, broken anywhere where the line ends.
    fn value(&mut self, indent: usize, label: &str, value: &Safe) -> io::Result<()> {
        self.labelled(indent, label, value, false)
    }

    /// A label and a text, broken between words if it is `prose`.
    fn labelled(&mut self, indent: usize, label: &str, text: &Safe, prose: bool) -> io::Result<()> {
        let deeper = indent + label.len();
        let room = self.width.saturating_sub(deeper);
        for (at, part) in wrap(text.as_str(), room, room, prose).iter().enumerate() {
            if at == 0 {
                self.line(indent, format_args!("{label}{part}"))?;
            } else {
                self.line(deeper, part)?;
            }
        }
        Ok(())
    }

    /// A line of data, behind a bar that tells it from ours.
    fn quote(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(indent + 2);
        let text = Safe::of(text);
        for part in wrap(text.as_str(), room, room, false) {
            self.line(indent, format_args!("| {part}"))?;
        }
        Ok(())
    }

    /// Something to copy or look up.
    fn fact(&mut self, label: &str, text: impl Display) -> io::Result<()> {
        self.line(DETAIL, format_args!("{label:9} {text}"))
    }

    fn summed(&mut self, label: &str, text: impl Display) -> io::Result<()> {
        if label.is_empty() {
            self.prose(SUMMED, 2, text)
        } else {
            self.prose(0, SUMMED, format_args!("{label:SUMMED$}{text}"))
        }
    }

    /// A table side by side if it fits, or one column per line.
    fn table(&mut self, indent: usize, side: &Side) -> io::Result<()> {
        self.rows(indent, side, false)
    }

    /// The same, with cells that are broken between words if they are `prose`.
    fn rows(&mut self, indent: usize, side: &Side, prose: bool) -> io::Result<()> {
        if self.grid(indent, &side.columns, &side.rows)? {
            if side.rows.is_empty() {
                self.line(indent, "(no rows)")?;
            }
            return Ok(());
        }
        let names: Vec<Safe> = side.columns.iter().map(Safe::of).collect();
        let name = names.iter().map(Safe::width).max().unwrap_or(0);
        if side.rows.is_empty() {
            self.prose(
                indent,
                2,
                format_args!("(no rows of {})", side.columns.join(", ")),
            )?;
        }
        for (at, row) in side.rows.iter().enumerate() {
            let mut indent = indent;
            if side.rows.len() > 1 {
                self.line(indent, format_args!("row {}", at + 1))?;
                indent += 2;
            }
            let room = self.width.saturating_sub(indent + name + 2);
            let cells = row.iter().map(Safe::of).zip(&names);
            for (cell, column) in cells {
                if room >= MIN_VALUE {
                    let gap = " ".repeat(name - column.width() + 2);
                    self.labelled(indent, &format!("{column}{gap}"), &cell, prose)?;
                } else if indent + column.width() + 2 + cell.width() <= self.width {
                    self.line(indent, format_args!("{column}: {cell}"))?;
                } else {
                    self.value(indent, "", &Safe::of(format_args!("{column}:")))?;
                    self.labelled(indent + 2, "", &cell, prose)?;
                }
            }
        }
        Ok(())
    }

    /// A table side by side. Returns whether it fits; writes nothing if not.
    fn grid(
        &mut self,
        indent: usize,
        columns: &[String],
        rows: &[Vec<String>],
    ) -> io::Result<bool> {
        let safe = |cells: &[String]| cells.iter().map(Safe::of).collect::<Vec<_>>();
        let mut table = Table::new();
        table
            .load_style(TABLE)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(safe(columns))
            .add_rows(rows.iter().map(|row| safe(row)));
        let widths = table.column_max_content_widths();
        let inner: usize = widths.iter().map(|width| usize::from(*width) + 3).sum();
        if indent + inner > self.width + 1 {
            return Ok(false);
        }
        for line in table.lines() {
            self.line(indent, line)?;
        }
        Ok(true)
    }
}

/// Breaks `text` into lines of `first` and then `rest` columns: between words if it is prose and a word
/// fits, anywhere otherwise.
fn wrap(text: &str, first: usize, rest: usize, prose: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used, mut room) = (String::new(), 0, first.max(1));
    let words = text.split_inclusive(|c| prose && c == ' ');
    for word in words {
        let width: usize = word.trim_end_matches(' ').chars().map(columns).sum();
        let whole = prose && used > 0 && width <= rest;
        if whole && used + width > room {
            lines.push(std::mem::take(&mut line));
            (used, room) = (0, rest.max(1));
        }
        for c in word.chars() {
            // A blank between words may hang over the end, where it is not seen.
            if used + columns(c) > room && used > 0 && !(prose && c == ' ') {
                lines.push(std::mem::take(&mut line));
                (used, room) = (0, rest.max(1));
            }
            used += columns(c);
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}
