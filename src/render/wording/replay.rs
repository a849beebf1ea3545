//! A replay in words: verdicts, where an expectation comes from, what went wrong and what to type next.

use super::{lines, origin};
use crate::diagnostic::{counted, verb};
use crate::report::{
    CheckRun, CheckVerdict, ObservationVerdict, Report, RestsOn, RowVerdict, RunVerdict,
    ScenarioRun, StepRun,
};

pub(crate) fn run_verdict(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Reproduced => "reproduced",
        RunVerdict::Differs => "differs",
        RunVerdict::Pending => "pending",
        RunVerdict::NotRun => "did not run",
        RunVerdict::Invalid => "has mistakes",
    }
}

pub(crate) fn observation_verdict(verdict: ObservationVerdict) -> &'static str {
    match verdict {
        ObservationVerdict::Reproduced => "reproduced",
        ObservationVerdict::Differs => "differs",
        ObservationVerdict::NotCovered => "not covered",
        ObservationVerdict::NotReached => "not reached",
    }
}

/// The word for a check's verdict.
pub(crate) fn check_verdict(verdict: CheckVerdict) -> &'static str {
    match verdict {
        CheckVerdict::Matches => "matches",
        CheckVerdict::Differs => "differs",
        CheckVerdict::Failed => "failed",
        CheckVerdict::Skipped => "skipped",
        CheckVerdict::Pending => "pending",
    }
}

/// `printed, lines 70-72`.
pub(crate) fn basis(check: &CheckRun) -> String {
    let word = origin(check.basis.origin);
    match &check.basis.lines {
        Some(cited) => format!("{word}, {}", lines(cited)),
        None => word.to_owned(),
    }
}

/// The lines of the document that print the rows which differ, or those that the check cites.
pub(crate) fn document_lines(check: &CheckRun) -> Option<String> {
    let rows = check.comparison.iter().flat_map(|c| &c.rows);
    let wrong = rows.filter(|row| row.verdict != RowVerdict::Matches);
    let mut found: Vec<u32> = wrong.filter_map(|row| row.source_line).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => check.basis.lines.as_ref().map(lines),
        [one] => Some(format!("line {one}")),
        many => {
            let many: Vec<String> = many.iter().map(u32::to_string).collect();
            Some(format!("lines {}", many.join(", ")))
        }
    }
}

/// `seeds/services_failure/30_chat_by_id.md:3`: the first row that differs, or the expectation.
pub(crate) fn expected_place(check: &CheckRun) -> String {
    let rows = check.comparison.iter().flat_map(|c| &c.rows);
    let wrong = rows.filter(|row| row.verdict != RowVerdict::Matches);
    let line = wrong.filter_map(|row| row.file_line).min();
    place(&check.expected_at.file, line.unwrap_or(check.expected_at.line))
}

pub(crate) fn place(file: &str, line: u32) -> String {
    format!("{file}:{line}")
}

/// Why a step was not run.
pub(crate) const SKIPPED: &str = "skipped because an earlier step failed";

/// What is wrong with a step itself, in sentences.
pub(crate) fn step_problems(step: &StepRun) -> Vec<String> {
    let changes = step.changes.and_then(|changes| {
        let expected = changes.expected.filter(|n| *n != changes.actual)?;
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        Some(format!(
            "changed {}, expected {expected}",
            counted(usize::try_from(changes.actual).unwrap_or(usize::MAX), "row"),
        ))
    });
    changes.into_iter().chain(step.problem.clone()).collect()
}

/// What a check depends on besides documented rules: the lab rules or the interpretations that determine it, the first
/// few by name. `None` if nothing else is known.
pub(crate) fn rests_on(check: &CheckRun) -> Option<String> {
    const NAMED: usize = 4;
    let rules = match check.rests_on {
        RestsOn::Documented | RestsOn::NoRule | RestsOn::NotDetermined => return None,
        RestsOn::Extrapolated => check.interpretations.as_deref().unwrap_or_default(),
        RestsOn::LabRule => &check.lab_rules,
    };
    let names = rules.iter().take(NAMED).map(|rule| format!("`{rule}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = match rules.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(match (check.rests_on, rules.len()) {
        (_, 0) => "depends on an extrapolated rule".to_owned(),
        (RestsOn::LabRule, 1) => format!("depends on a lab rule: {names}"),
        (RestsOn::LabRule, _) => format!("depends on lab rules: {names}{more}"),
        _ => format!("depends on our interpretation: {names}{more}"),
    })
}

/// Remarks on the labels of checks, as sentences: how many depend on interpretations or lab rules, and the command that
/// determines what is unknown.
pub(crate) fn labels<'a>(runs: impl IntoIterator<Item = &'a ScenarioRun>) -> Vec<String> {
    let (mut counts, mut again) = ([0; 3], Vec::new());
    for run in runs {
        let checks = run.steps.iter().flat_map(|step| &step.checks);
        let known = checks.filter(|check| check.verdict != CheckVerdict::Skipped);
        for check in known {
            match check.rests_on {
                RestsOn::Documented | RestsOn::NoRule => {}
                RestsOn::Extrapolated => counts[0] += 1,
                RestsOn::LabRule => counts[1] += 1,
                RestsOn::NotDetermined => {
                    counts[2] += 1;
                    again.push(run.reproduce.replacen(" replay ", " why ", 1));
                }
            }
        }
    }
    let depend = |n: usize, on: &str| {
        let depend = verb(n, "depends", "depend");
        (n > 0).then(|| format!("{} {depend} on {on}", counted(n, "check")))
    };
    again.dedup();
    let not_determined = again.first().map(|command| {
        let such_as = if again.len() > 1 { "such as " } else { "" };
        format!(
            "not yet known what {} {} on: {such_as}`{command}` finds out",
            counted(counts[2], "check"),
            verb(counts[2], "depends", "depend")
        )
    });
    [depend(counts[0], "an extrapolated rule"), depend(counts[1], "a lab rule"), not_determined]
        .into_iter()
        .flatten()
        .collect()
}

/// Everything that is wrong, as `scenario/check` or `scenario step 20`, in order.
pub(crate) fn failures(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for run in &report.runs {
        if run.verdict == RunVerdict::NotRun {
            found.push(format!("{} (did not run)", run.scenario));
        }
        if run.verdict == RunVerdict::Invalid {
            found.push(format!("{} (has mistakes)", run.scenario));
        }
        for step in &run.steps {
            if !step_problems(step).is_empty() {
                found.push(format!("{} step {}", run.scenario, step.id));
            }
            let wrong = (step.checks.iter()).filter(|check| is_wrong(check.verdict));
            found.extend(wrong.map(|check| check_name(&run.scenario, &check.id)));
        }
    }
    found
}

/// Whether a check should be inspected by itself. A skipped check should not: the problem is its step.
fn is_wrong(verdict: CheckVerdict) -> bool {
    !matches!(verdict, CheckVerdict::Matches | CheckVerdict::Skipped)
}

/// A check with its scenario: `services_failure/open_chats`.
pub(crate) fn check_name(scenario: &str, check: &str) -> String {
    format!("{scenario}/{check}")
}

/// The suggested next command: the first thing that is wrong, alone.
pub(crate) fn next(report: &Report) -> Option<String> {
    let again_or_record = |run: &ScenarioRun, check: &CheckRun| match check.verdict {
        // What is not recorded yet is recorded in the scenario as it is, without options; what is, is reviewed.
        CheckVerdict::Pending if !run.reproduce.contains(" --") => {
            let is_recorded = check.comparison.as_ref().is_some_and(|own| own.same);
            let next = if is_recorded { " review " } else { " record " };
            run.reproduce.replacen(" replay ", next, 1)
        }
        _ => check.reproduce.clone(),
    };
    let step = |run: &ScenarioRun| {
        run.steps.iter().find_map(|step| {
            let wrong = step.checks.iter().find(|check| is_wrong(check.verdict));
            let step_wrong = !step_problems(step).is_empty();
            let again = || format!("{} --until {} --db look.sqlite", run.reproduce, step.id);
            step_wrong.then(again).or_else(|| wrong.map(|check| again_or_record(run, check)))
        })
    };
    let not_run = |run: &ScenarioRun| {
        matches!(run.verdict, RunVerdict::NotRun | RunVerdict::Invalid)
            .then(|| run.reproduce.clone())
    };
    report.runs.iter().find_map(|run| step(run).or_else(|| not_run(run)))
}
