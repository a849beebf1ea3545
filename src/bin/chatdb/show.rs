//! `chatdb show` shows a scenario, query or table.

use std::fmt::{Display, Write as _};

use chatdb::diagnostic::counted;
use chatdb::render::sanitize::Sanitized;
use chatdb::replay::why::{Experiment, Factor, WhyTarget};
use chatdb::replay::{self, ReplayError, ReplayOptions};
use chatdb::report::Report;
use chatdb::scenario::{
    Basis, Check, Expect, Library, ParameterValue, Scenario, resolve_parameters,
};
use chatdb::script;

use crate::cli::Show;
use crate::failure::{Code, Failure};
use crate::{output, watch};

pub fn run(args: &Show) -> Result<Code, Failure> {
    let library = output::library(&args.folders)?;
    if args.script {
        let script = script::write(&library, &args.scenario, &output::sets(&args.set)?)?;
        // A file is for a program to read; a terminal is not.
        let script = match args.file.output {
            Some(_) => script,
            None => output::for_reader(script),
        };
        output::text(&args.file, &script)?;
        return Ok(Code::Success);
    }
    let scenario = library.get(&args.scenario)?;
    let mut page = Page::default();
    let parameters =
        resolve_parameters(&library.chain(&args.scenario)?, &output::sets(&args.set)?)?;
    heading(&mut page, &scenario, &parameters);
    steps(&mut page, &scenario);
    queries(&mut page, &library, &scenario)?;
    errata(&mut page, &scenario);
    rules(&mut page, &library, &scenario, args)?;
    output::text(&args.file, &page.text)?;
    Ok(Code::Success)
}

/// Lines of text, each made safe for a terminal.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, indent: usize, text: impl Display) {
        let safe = Sanitized::of(text);
        let line = safe.as_str().trim_end();
        let indent = if line.is_empty() { 0 } else { indent };
        writeln!(self.text, "{:indent$}{line}", "").expect("writing to a String cannot fail");
    }

    fn block(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.line(indent, line);
        }
    }
}

fn heading(page: &mut Page, scenario: &Scenario, parameters: &[ParameterValue]) {
    page.line(0, format_args!("{}: {}", scenario.name, scenario.title));
    if let (Some(section), Some(lines)) = (&scenario.section, &scenario.lines) {
        page.line(2, format_args!("reproduces \"{section}\", document lines {lines}"));
    }
    if let Some(continues) = &scenario.continues {
        page.line(2, format_args!("continues {continues}"));
    }
    for parameter in parameters {
        page.line(2, format_args!("parameter {} = {}", parameter.name, parameter.value));
    }
    if let Some(notes) = &scenario.notes {
        page.line(0, "");
        page.block(2, notes.trim());
    }
}

fn steps(page: &mut Page, scenario: &Scenario) {
    page.line(0, "");
    page.line(0, "STEPS");
    for step in &scenario.steps {
        page.line(0, "");
        let branch =
            step.branch.as_ref().map_or(String::new(), |name| format!("  (branch: {name})"));
        page.line(2, format_args!("{}  step {}: {}{branch}", step.at_text, step.id, step.title));
        if let Some(script) = &step.script {
            page.block(6, script.sql.trim());
        }
        for check in &step.checks {
            page.line(4, format_args!("check {}: {}", check.id, expectation(check)));
        }
    }
}

fn expectation(check: &Check) -> String {
    let what = match &check.expect {
        Expect::Table(expected) => format!("as in {}", expected.name),
        Expect::Rows(0) => "no row".to_owned(),
        Expect::Rows(count) => counted(count, "row"),
        Expect::Value(text) => format!("\"{text}\""),
    };
    match &check.basis {
        Basis::Printed(lines) => format!("{what}, printed on {lines}"),
        Basis::Stated(lines) => format!("{what}, stated on {lines}"),
        Basis::Derived(because) => format!("{what}, derived: {because}"),
    }
}

fn queries(page: &mut Page, library: &Library, scenario: &Scenario) -> Result<(), Failure> {
    let mut names: Vec<&str> = Vec::new();
    for check in scenario.steps.iter().flat_map(|step| &step.checks) {
        if !names.contains(&check.query.as_str()) {
            names.push(&check.query);
        }
    }
    page.line(0, "");
    page.line(0, "QUERIES");
    for name in names {
        let query = library.query(scenario, name)?;
        page.line(0, "");
        page.line(2, format_args!("{name}: {}", query.title));
        if let Some(printed) = scenario.printed_queries.iter().find(|printed| printed.query == name)
        {
            page.line(4, format_args!("as printed on {}:", printed.lines));
            page.block(6, printed.printed.sql.trim_end());
            page.line(4, "as restored:");
            page.block(6, &query.sql);
        }
        page.line(4, "as run:");
        match replay::as_run(&query) {
            Ok(sql) => page.block(6, &sql),
            Err(error) => page.line(6, error),
        }
    }
    Ok(())
}

fn errata(page: &mut Page, scenario: &Scenario) {
    if scenario.errata.is_empty() {
        return;
    }
    page.line(0, "");
    page.line(0, "ERRATA");
    for erratum in &scenario.errata {
        let cell = erratum.cell.as_ref().map_or(String::new(), |(row, column)| {
            let column = if column.is_empty() { "the column without a name" } else { column };
            format!(", row {row}, {column}")
        });
        page.line(2, format_args!("{}  {}{cell}", erratum.id, erratum.file));
        let reading =
            erratum.reading.as_deref().map_or("not data".to_owned(), |text| format!("{text:?}"));
        page.line(6, format_args!("printed {:?}, corrected to {reading}", erratum.printed));
        page.line(6, &erratum.evidence);
    }
}

/// What keeps a scenario, one of its steps or one of its checks from being run.
fn problem_of(report: &Report) -> Option<&str> {
    report.runs.iter().find_map(|run| {
        let steps = || {
            run.steps.iter().find_map(|step| {
                let checks = || step.checks.iter().find_map(|check| check.problem.as_deref());
                step.problem.as_deref().or_else(checks)
            })
        };
        run.problem.as_deref().or_else(steps)
    })
}

/// The rules without which some check of the scenario would be answered otherwise.
fn rules(
    page: &mut Page,
    library: &Library,
    scenario: &Scenario,
    args: &Show,
) -> Result<(), Failure> {
    let options = watch::guarded(output::sets(&args.set)?);
    // Each rule is left out in a run of its own: what does not run once need not be run for each.
    let (played, _) = replay::replay(library, std::slice::from_ref(&args.scenario), &options)?;
    if let Some(problem) = problem_of(&played) {
        page.line(0, "");
        page.line(0, "RULES IN EFFECT");
        page.line(0, "");
        page.line(2, format_args!("unknown, because it does not run: {problem}"));
        return Ok(());
    }
    let deciding = deciding(library, scenario, &args.scenario, &options)?;
    page.line(0, "");
    page.line(
        0,
        "RULES IN EFFECT  (`chatdb why` lists those of a check, `chatdb rules` explains each)",
    );
    page.line(0, "");
    list_rules(page, &deciding);
    Ok(())
}

/// The rules that decide a check of the scenario, in their order, each once.
fn deciding(
    library: &Library,
    scenario: &Scenario,
    name: &str,
    options: &ReplayOptions,
) -> Result<Vec<(usize, Factor)>, Failure> {
    let mut deciding: Vec<(usize, Factor)> = Vec::new();
    for step in scenario.steps.iter().filter(|step| !step.checks.is_empty()) {
        let mut experiment = Experiment::new(library, name, &step.id, options)?;
        let rules = |at: &usize| matches!(experiment.factors()[*at], Factor::Rule { .. });
        let first = (0..experiment.factors().len()).find(rules).unwrap_or_default();
        for check in 0..step.checks.len() {
            let why = experiment.why(check, &WhyTarget::default()).map_err(ReplayError::from)?;
            let named = why.named().into_iter().filter(|at| *at >= first);
            deciding.extend(named.map(|at| (at - first, experiment.factors()[at].clone())));
        }
    }
    deciding.sort_by_key(|(at, _)| *at);
    deciding.dedup_by_key(|(at, _)| *at);
    Ok(deciding)
}

/// A line for each rule: what it is called, what it says, and what it rests on.
fn list_rules(page: &mut Page, deciding: &[(usize, Factor)]) {
    let shown: Vec<Vec<Sanitized>> = deciding
        .iter()
        .filter_map(|(_, factor)| match factor {
            Factor::Rule { rule, statement, basis, lines, .. } => {
                Some([rule.as_str(), statement, basis.words(), lines].map(Sanitized::of).to_vec())
            }
            Factor::Cause { .. } => None,
        })
        .collect();
    let width = |at: usize| shown.iter().map(|row| row[at].width()).max().unwrap_or(0);
    let widths = [width(0), width(1).min(60)];
    for row in &shown {
        let pad = |at: usize| " ".repeat(widths[at].saturating_sub(row[at].width()));
        let lines =
            if row[3].as_str().is_empty() { String::new() } else { format!(", {}", row[3]) };
        page.line(2, format_args!("{}{}  {}{}  {}{lines}", row[0], pad(0), row[1], pad(1), row[2]));
    }
}
