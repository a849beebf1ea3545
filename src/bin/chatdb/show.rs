//! `chatdb show` shows a scenario: its steps, checks, queries and misprints, and the rules in effect.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use chatdb::diagnostic::counted;
use chatdb::query::Query;
use chatdb::render::sanitize::Sanitized;
use chatdb::render::terminal::wrap_prose;
use chatdb::render::{Detail, FORMATS};
use chatdb::replay::why::{Experiment, Factor, WhyTarget};
use chatdb::replay::{self, ReplayError, ReplayOptions};
use chatdb::report::Report;
use chatdb::scenario::{
    Basis, Check, Expect, Library, ParameterValue, PrintedQuery, Scenario, resolve_parameters,
};
use chatdb::script;

use crate::cli::Show;
use crate::failure::{Code, Failure};
use crate::{output, watch};

mod lists;

/// By how much the rest of a line is indented that does not fit.
const HANG: usize = 4;

/// Columns of prose where there is room for more.
const READABLE: usize = 100;

pub fn run(args: &Show) -> Result<Code, Failure> {
    let library = output::library(&args.folders)?;
    if args.script {
        let script = script::write(&library, &args.scenario, &output::sets(&args.set)?)?;
        // A file is for a program to read; a terminal is not.
        let script = match args.form.output {
            Some(_) => script,
            None => output::for_reader(script),
        };
        output::page(&args.form, |_| script)?;
        return Ok(Code::Success);
    }
    let format = output::prepare(&args.form)?;
    let shown = Shown::new(&library, args)?;
    if format.name == FORMATS[0].name {
        output::page(&args.form, |width| page(&shown, width, args.form.quiet))?;
    } else {
        output::show(&Report::of_listings(lists::of(&shown)), &args.form, Detail::Full)?;
    }
    Ok(Code::Success)
}

/// What is shown of a scenario.
struct Shown {
    scenario: Arc<Scenario>,
    parameters: Vec<ParameterValue>,
    /// The queries of its checks, each once.
    queries: Vec<Arc<Query>>,
    /// The rules without which some check would be answered otherwise, or why they are unknown.
    rules: Result<Vec<Factor>, String>,
}

impl Shown {
    fn new(library: &Library, args: &Show) -> Result<Self, Failure> {
        let scenario = library.get(&args.scenario)?;
        let sets = output::sets(&args.set)?;
        let parameters = resolve_parameters(&library.chain(&args.scenario)?, &sets)?;
        let mut queries: Vec<Arc<Query>> = Vec::new();
        for check in scenario.steps.iter().flat_map(|step| &step.checks) {
            if !queries.iter().any(|query| query.name == check.query) {
                queries.push(library.query(&scenario, &check.query)?);
            }
        }
        let rules = rules(library, &scenario, args)?;
        Ok(Self { scenario, parameters, queries, rules })
    }
}

/// The scenario as a page of text, without notes and hints if it is `quiet`.
fn page(shown: &Shown, width: usize, quiet: bool) -> String {
    let mut page = Page { text: String::new(), width };
    heading(&mut page, &shown.scenario, &shown.parameters);
    for paragraph in shown.scenario.notes.iter().flat_map(|notes| notes.trim().split("\n\n")) {
        if !quiet {
            page.line(0, "");
            page.paragraph(2, paragraph);
        }
    }
    steps(&mut page, &shown.scenario);
    queries(&mut page, shown);
    errata(&mut page, &shown.scenario);
    page.line(0, "");
    let hint = "  (`chatdb why` lists those of a check, `chatdb rules` explains each)";
    page.line(0, format_args!("RULES IN EFFECT{}", if quiet { "" } else { hint }));
    page.line(0, "");
    match &shown.rules {
        Ok(deciding) => list_rules(&mut page, deciding),
        Err(problem) => {
            page.line(2, format_args!("unknown, because it does not run: {problem}"));
        }
    }
    page.text
}

/// Lines of text, each made safe for a terminal.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// A line of ours, wrapped between words.
    fn line(&mut self, indent: usize, text: impl Display) {
        let safe = Sanitized::of(text);
        let room = self.width.saturating_sub(indent);
        let lines = wrap_prose(safe.as_str().trim_end(), room, room.saturating_sub(HANG));
        for (at, line) in lines.iter().enumerate() {
            self.write(if at == 0 { indent } else { indent + HANG }, line);
        }
    }

    /// Prose of somebody, in lines that are easily read.
    fn paragraph(&mut self, indent: usize, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let room = self.width.min(READABLE).saturating_sub(indent);
        for line in wrap_prose(Sanitized::of(words.join(" ")).as_str(), room, room) {
            self.write(indent, &line);
        }
    }

    /// Lines as they are, however long.
    fn block(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.write(indent, Sanitized::of(line).as_str());
        }
    }

    fn write(&mut self, indent: usize, line: &str) {
        let line = line.trim_end();
        let indent = if line.is_empty() { 0 } else { indent };
        writeln!(self.text, "{:indent$}{line}", "").expect("writing to a String cannot fail");
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
    let (basis, source) = basis(check);
    let separator = if let Basis::Derived(_) = check.basis { ": " } else { " on " };
    format!("{}, {basis}{separator}{source}", expected(check))
}

/// What a check expects.
fn expected(check: &Check) -> String {
    match &check.expect {
        Expect::Table(expected) => format!("as in {}", expected.name),
        Expect::Rows(0) => "no row".to_owned(),
        Expect::Rows(count) => counted(count, "row"),
        Expect::Value(text) => format!("\"{text}\""),
    }
}

/// What the expectation rests on: its kind, and the lines or the reason.
fn basis(check: &Check) -> (&'static str, String) {
    match &check.basis {
        Basis::Printed(lines) => ("printed", lines.to_string()),
        Basis::Stated(lines) => ("stated", lines.to_string()),
        Basis::Derived(because) => ("derived", because.clone()),
    }
}

/// The query of a check as the document prints it.
fn printed<'s>(scenario: &'s Scenario, query: &Query) -> Option<&'s PrintedQuery> {
    scenario.printed_queries.iter().find(|printed| printed.query == query.name)
}

fn queries(page: &mut Page, shown: &Shown) {
    page.line(0, "");
    page.line(0, "QUERIES");
    for query in &shown.queries {
        page.line(0, "");
        page.line(2, format_args!("{}: {}", query.name, query.title));
        if let Some(printed) = printed(&shown.scenario, query) {
            page.line(4, format_args!("as printed on {}:", printed.lines));
            page.block(6, printed.printed.sql.trim_end());
            page.line(4, "as restored:");
            page.block(6, &query.sql);
        }
        page.line(4, "as run:");
        match replay::as_run(query) {
            Ok(sql) => page.block(6, &sql),
            Err(error) => page.line(6, error),
        }
    }
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

/// The rules without which some check of the scenario would be answered otherwise, or why it does not run.
fn rules(
    library: &Library,
    scenario: &Scenario,
    args: &Show,
) -> Result<Result<Vec<Factor>, String>, Failure> {
    let options = watch::guarded(output::sets(&args.set)?);
    // Each rule is left out in a run of its own: what does not run once need not be run for each.
    let (played, _) = replay::replay(library, std::slice::from_ref(&args.scenario), &options)?;
    if let Some(problem) = problem_of(&played) {
        return Ok(Err(problem.to_owned()));
    }
    let deciding = deciding(library, scenario, &args.scenario, &options)?;
    Ok(Ok(deciding.into_iter().map(|(_, factor)| factor).collect()))
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
fn list_rules(page: &mut Page, deciding: &[Factor]) {
    let shown: Vec<Vec<Sanitized>> = deciding
        .iter()
        .filter_map(|factor| match factor {
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
