//! JUnit XML for CI servers: a suite for each scenario, and a test case for each check and each step that has a script.
//! A validated scenario is a single test case, which fails if it has errors.
//!
//! Other reports have nothing to test, and are an empty list of suites. There are no times in it, so that the same
//! report gives the same bytes.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::wording;
use super::{RenderOptions, sanitize::Sanitized};
use crate::diagnostic::counted;
use crate::report::{
    CheckRun, CheckVerdict, Comparison, Report, RunVerdict, ScenarioRun, StepRun, ValidatedScenario,
};

/// How many differing rows are described in the message of a test case.
const MAX_ROWS: usize = 40;

/// Writes the report as one XML document.
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = quick_junit::Report::new("chatdb");
    let runs = report.runs.iter().map(of_run);
    suites.add_test_suites(runs.chain(validated(&report.validated)));
    let text = suites.to_string().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn of_run(run: &ScenarioRun) -> TestSuite {
    let mut suite = TestSuite::new(safe(&run.scenario));
    suite.add_property(Property::new("reproduce", safe(&run.reproduce)));
    if matches!(run.verdict, RunVerdict::NotRun | RunVerdict::Invalid) {
        let problem = run.problem.clone().unwrap_or_default();
        let status = wrong(NonSuccessKind::Error, wording::run_verdict(run.verdict), &problem);
        let mut case = TestCase::new("runs", status);
        case.set_classname(safe(&run.scenario));
        suite.add_test_case(case);
    }
    for step in &run.steps {
        suite.add_test_cases(of_step(run, step));
    }
    suite
}

/// The test case of a step that does something or failed, and those of its checks.
fn of_step(run: &ScenarioRun, step: &StepRun) -> Vec<TestCase> {
    let problems = wording::step_problems(step);
    let mut cases = Vec::new();
    if step.script.is_some() || !problems.is_empty() {
        let status = match problems.as_slice() {
            _ if step.skipped => skipped(wording::SKIPPED),
            [] => TestCaseStatus::success(),
            problems => {
                let place = wording::place(&step.place.file, step.place.line);
                let text = format!("{}\n{place}", problems.join("\n"));
                wrong(NonSuccessKind::Error, &problems[0], &text)
            }
        };
        cases.push(case(run, &format!("step {}", step.id), status));
    }
    let checks = step.checks.iter();
    cases.extend(checks.map(|check| case(run, &check.id, of_check(run, check))));
    cases
}

fn case(run: &ScenarioRun, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(safe(name), status);
    case.set_classname(safe(&run.scenario));
    case
}

fn of_check(run: &ScenarioRun, check: &CheckRun) -> TestCaseStatus {
    let kind = match check.verdict {
        CheckVerdict::Matches => return TestCaseStatus::success(),
        CheckVerdict::Skipped => return skipped(wording::SKIPPED),
        CheckVerdict::Differs | CheckVerdict::Pending => NonSuccessKind::Failure,
        CheckVerdict::Failed => NonSuccessKind::Error,
    };
    let mut lines = vec![check.title.clone()];
    lines.extend(check.problem.clone());
    if let Some(comparison) = &check.comparison {
        lines.extend(differences(comparison));
    }
    lines.push(format!("check: {}", wording::check_name(&run.scenario, &check.id)));
    lines.push(format!("expected: {}", wording::expected_place(check)));
    lines.push(format!("reproduce: {}", check.reproduce));
    wrong(kind, wording::check_verdict(check.verdict), &lines.join("\n"))
}

/// The differences, one line per row.
fn differences(comparison: &Comparison) -> Vec<String> {
    let mut lines = comparison.header.clone();
    let mut left = 0;
    for (at, row) in comparison.rows.iter().enumerate() {
        let cells = wording::differing(comparison, row);
        if cells.is_empty() {
            continue;
        }
        if lines.len() >= MAX_ROWS {
            left += 1;
            continue;
        }
        let cells = cells.into_iter().map(|cell| {
            let (expected, actual) = wording::pair(cell);
            format!("{}: expected {expected}, found {actual}", cell.column)
        });
        let cells: Vec<String> = cells.collect();
        lines.push(format!("{}: {}", wording::row_name(comparison, at), cells.join("; ")));
    }
    if left > 0 {
        lines.push(format!("and {} more", counted(left, "row")));
    }
    lines.extend(comparison.remarks.iter().cloned());
    lines
}

fn validated(scenarios: &[ValidatedScenario]) -> Option<TestSuite> {
    if scenarios.is_empty() {
        return None;
    }
    let mut suite = TestSuite::new("validate");
    suite.add_test_cases(scenarios.iter().map(|one| {
        let mistakes: Vec<String> = one.mistakes.iter().map(ToString::to_string).collect();
        let status = match mistakes.len() {
            0 => TestCaseStatus::success(),
            n => wrong(NonSuccessKind::Failure, &counted(n, "mistake"), &mistakes.join("\n")),
        };
        let mut case = TestCase::new(safe(&one.scenario), status);
        case.set_classname("validate");
        case
    }));
    Some(suite)
}

fn wrong(kind: NonSuccessKind, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(safe(message));
    let lines: Vec<String> = text.lines().map(safe).collect();
    status.set_description(XmlString::new(lines.join("\n")));
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(safe(message));
    status
}

/// A text without characters that affect a terminal, which XML does not allow either.
fn safe(text: &str) -> String {
    Sanitized::of(text).to_string()
}
