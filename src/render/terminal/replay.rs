//! A replay in a terminal: one line per check, differences in full, and the totals last.

use std::io;

use super::super::Detail;
use super::super::sanitize::Sanitized;
use super::super::wording::{self, Totals};
use super::comparison::{actual_table, differences, notes};
use super::page::{BAD, BOLD, DETAIL, GOOD, MIN_VALUE, Page, SUMMED, WARN, wrap};
use super::timeline;
use crate::report::{
    CheckRun, CheckVerdict, ExpectationOrigin, ObservationVerdict, Report, RestsOn, RunVerdict,
    ScenarioRun, StepRun,
};

/// How many of the checks to inspect the summary lists.
const MAX_LISTED: usize = 20;

const CHECK: usize = 2;

pub(super) fn full(page: &mut Page<'_>, run: &ScenarioRun) -> io::Result<()> {
    heading(page, run, Detail::Full)?;
    if let Some(drawn) = &run.timeline {
        timeline::render(page, drawn)?;
    }
    let layout = Layout::of(page, run, 0, wording::basis);
    let mut branch = None;
    for step in &run.steps {
        page.blank();
        page.prose(0, DETAIL, format_args!("{}  step {}: {}", step.at, step.id, step.title))?;
        if step.branch != branch {
            branch.clone_from(&step.branch);
            if let Some(name) = &branch {
                let what = "on a copy, which is discarded after the branch";
                page.prose(CHECK, DETAIL, format_args!("branch {name}: {what}"))?;
            }
        }
        step_problems(page, step, "")?;
        for check in &step.checks {
            verdict_line(page, &layout, "", check, &wording::basis(check))?;
            rests_on(page, check)?;
            match (&check.comparison, check.verdict, check.basis.origin) {
                (Some(comparison), CheckVerdict::Matches, ExpectationOrigin::Printed) => {
                    actual_table(page, comparison)?;
                    page.prose(DETAIL, 2, wording::same_as(check, comparison))?;
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
                (Some(comparison), CheckVerdict::Matches, _) => {
                    // No row was expected; the query may say what it means that there is none.
                    page.prose(
                        DETAIL,
                        2,
                        comparison.remarks.last().map_or("no rows", String::as_str),
                    )?;
                    page.blank();
                }
                (_, CheckVerdict::Matches | CheckVerdict::Skipped, _) => {}
                (Some(comparison), _, ExpectationOrigin::Printed) => {
                    page.line(DETAIL, "actual:")?;
                    actual_table(page, comparison)?;
                    page.line(DETAIL, "compared with the printed text:")?;
                    failure(page, run, check)?;
                }
                _ => failure(page, run, check)?,
            }
        }
    }
    Ok(())
}

pub(super) fn brief(page: &mut Page<'_>, run: &ScenarioRun) -> io::Result<()> {
    heading(page, run, Detail::Brief)?;
    let times = run.steps.iter().map(|step| Sanitized::of(&step.at).width());
    let time = times.max().unwrap_or(0);
    let layout = Layout::of(page, run, time + 2, brief_basis);
    for step in &run.steps {
        let at = Sanitized::of(&step.at);
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
    let mut about = String::from(wording::origin(check.basis.origin));
    if let Some(cited) = &check.basis.lines {
        about = format!("{about} {cited}");
    }
    if matches!(check.rests_on, RestsOn::Extrapolated | RestsOn::LabRule) {
        about.push_str(", ");
        about.push_str(check.rests_on.words());
    }
    about
}

fn heading(page: &mut Page<'_>, run: &ScenarioRun, detail: Detail) -> io::Result<()> {
    let verdict = wording::run_verdict(run.verdict);
    page.paint(usize::MAX, BOLD);
    page.prose(0, 3, format_args!("== {}: {verdict}", run.scenario))?;
    let mut parts = Vec::new();
    parts.extend(run.section.as_ref().map(|section| format!("\"{section}\"")));
    parts.extend((run.lines.as_ref()).map(|cited| format!("document {}", wording::lines(cited))));
    parts.extend((run.continues.as_ref()).map(|before| format!("continues {before}")));
    match (detail, &run.lines) {
        (Detail::Brief, Some(cited)) => {
            page.prose(3, 0, format_args!("{} ({})", run.title, wording::lines(cited)))?;
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
            let (name, value) = (&parameter.name, wording::value(&parameter.value));
            let before = wording::value(before);
            page.prose(3, 2, format_args!("set {name} = {value}, instead of {before}"))?;
        }
    }
    if let Some(problem) = &run.problem {
        page.prose(3, 2, problem)?;
    } else if run.verdict == RunVerdict::NotRun {
        page.prose(3, 2, "a precondition failed")?;
    }
    Ok(())
}

fn step_problems(page: &mut Page<'_>, step: &StepRun, at: &str) -> io::Result<()> {
    if step.skipped && step.checks.is_empty() {
        page.prose(CHECK, DETAIL - CHECK, format_args!("skip  {at}{}", wording::SKIPPED))?;
    }
    let problems = wording::step_problems(step);
    for problem in &problems {
        page.paint("FAIL".len(), BAD);
        page.prose(CHECK, DETAIL - CHECK, format_args!("FAIL  {at}{problem}"))?;
    }
    if problems.is_empty() {
        return Ok(());
    }
    page.fact("step", wording::place(&step.place.file, step.place.line))?;
    if let Some(script) = &step.script {
        page.fact("script", script)?;
    }
    page.blank();
    Ok(())
}

/// The column positions of a check's line.
struct Layout {
    /// The width of the titles; `None` puts what follows a title on its own line.
    title: Option<usize>,
}

impl Layout {
    /// The width for the titles of a run next to `about`, if `before` columns precede them.
    fn of(
        page: &Page<'_>,
        run: &ScenarioRun,
        before: usize,
        about: fn(&CheckRun) -> String,
    ) -> Self {
        let checks = || run.steps.iter().flat_map(|step| &step.checks);
        let about = checks().map(|check| Sanitized::of(about(check)).width());
        let about = about.max().unwrap_or(0);
        let titles = checks().map(|check| Sanitized::of(&check.title).width());
        let room = page.width.saturating_sub(DETAIL + before + 2 + about);
        let title = titles.max().unwrap_or(0).min(room);
        Self { title: (room >= MIN_VALUE).then_some(title) }
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
    let title = Sanitized::of(&check.title);
    for (n, part) in wrap(title.as_str(), width, width, true).iter().enumerate() {
        let part = Sanitized::of(part);
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
    match wording::rests_on(check) {
        Some(text) => page.prose(DETAIL, 2, text),
        None => Ok(()),
    }
}

/// What is wrong with a check, where, and how to reproduce it.
fn failure(page: &mut Page<'_>, run: &ScenarioRun, check: &CheckRun) -> io::Result<()> {
    if let Some(problem) = &check.problem {
        page.prose(DETAIL, 2, problem)?;
    }
    if let Some(comparison) = &check.comparison {
        differences(page, DETAIL, comparison)?;
        notes(page, DETAIL, comparison, &run.errata)?;
    }
    if let Some(because) =
        check.basis.because.as_ref().filter(|_| check.verdict != CheckVerdict::Pending)
    {
        page.prose(DETAIL, 2, format_args!("expected because {because}"))?;
    }
    if let Some(cited) = wording::document_lines(check) {
        page.fact("document", cited)?;
    }
    let place = wording::place(&check.place.file, check.place.line);
    page.fact("check", wording::check_name(&run.scenario, &check.id))?;
    page.fact("scenario", &place)?;
    let expected = wording::expected_place(check);
    if expected != place {
        page.fact("expected", expected)?;
    }
    page.fact("reproduce", &check.reproduce)?;
    page.blank();
    Ok(())
}

pub(super) fn summary(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let totals = Totals::of(&report.runs);
    page.summed("scenarios", totals.scenarios())?;
    if totals.steps_wrong > 0 {
        page.summed("steps", format_args!("{} failed", totals.steps_wrong))?;
    }
    page.summed("checks", totals.checks())?;
    for sentence in wording::labels(&report.runs) {
        page.summed("", sentence)?;
    }
    if totals.observations > 0 {
        page.summed("observations", totals.observations())?;
    }
    let observations = report.runs.iter().flat_map(|run| &run.observations);
    for observation in observations.filter(|o| o.verdict != ObservationVerdict::Reproduced) {
        let verdict = wording::observation_verdict(observation.verdict);
        let cited = wording::lines(&observation.lines);
        let (id, says) = (&observation.id, &observation.says);
        page.summed("", format_args!("{id} {verdict} ({cited}): {says}"))?;
    }
    if totals.errata > 0 {
        page.summed("errata", format_args!("{} used", totals.errata))?;
    }
    let failures = wording::failures(report);
    for (at, failure) in failures.iter().take(MAX_LISTED).enumerate() {
        page.summed(if at == 0 { "see" } else { "" }, failure)?;
    }
    if failures.len() > MAX_LISTED {
        page.summed("", format_args!("and {} more", failures.len() - MAX_LISTED))?;
    }
    if let Some(command) = wording::next(report).filter(|_| !failures.is_empty()) {
        page.line(0, format_args!("{:SUMMED$}{command}", "next"))?;
    }
    Ok(())
}
