//! What `show` shows, as lists for programs and spreadsheets.

use chatdb::replay;
use chatdb::replay::why::Factor;
use chatdb::report::Listing;
use chatdb::scenario::{Scenario, ScenarioStep};
use chatdb::table::{Cell, ResultTable};

use super::{Shown, basis, expected, printed};

/// One list each: what the scenario is, its steps, checks, queries and misprints, and the rules in effect; none
/// that is empty.
pub(super) fn of(shown: &Shown) -> Vec<Listing> {
    let scenario = &shown.scenario;
    let mut lists = vec![
        list(
            format!("{}: {}", scenario.name, scenario.title),
            ["word", "text"],
            facts(shown).into_iter().map(|(word, text)| [word, text].map(Some)),
        ),
        list("Steps", ["at", "step", "title", "branch", "sql"], scenario.steps.iter().map(step)),
        list(
            "Checks",
            ["step", "check", "query", "expected", "basis", "source"],
            scenario.steps.iter().flat_map(checks),
        ),
        list(
            "Queries",
            ["query", "title", "lines", "as_printed", "as_restored", "as_run"],
            queries(shown),
        ),
        list(
            "Errata",
            ["id", "file", "row", "column", "printed", "corrected", "evidence"],
            errata(scenario),
        ),
    ];
    let names = ["rule", "statement", "basis", "lines"];
    let mut rules = list("Rules in effect", names, shown.rules.iter().flatten().filter_map(rule));
    if let Err(problem) = &shown.rules {
        rules.remarks.push(format!("unknown, because it does not run: {problem}"));
    }
    lists.push(rules);
    lists.retain(|list| !list.table.rows.is_empty() || !list.remarks.is_empty());
    lists
}

/// A list of texts, and NULL where there is none.
fn list<const N: usize>(
    title: impl Into<String>,
    names: [&str; N],
    rows: impl IntoIterator<Item = [Option<String>; N]>,
) -> Listing {
    let cells = |row: [Option<String>; N]| row.map(|text| text.map_or(Cell::Null, Cell::Text));
    let rows = rows.into_iter().map(|row| cells(row).to_vec());
    Listing { title: title.into(), table: ResultTable::of_texts(names, rows), remarks: Vec::new() }
}

fn facts(shown: &Shown) -> Vec<(String, String)> {
    let scenario = &shown.scenario;
    let known = [
        ("section", scenario.section.clone()),
        ("lines", scenario.lines.as_ref().map(ToString::to_string)),
        ("continues", scenario.continues.clone()),
        ("notes", scenario.notes.as_ref().map(|notes| notes.trim().to_owned())),
    ];
    let known = known.into_iter().filter_map(|(word, text)| Some((word.to_owned(), text?)));
    let parameters = shown.parameters.iter();
    let parameters =
        parameters.map(|own| (format!("parameter {}", own.name), own.value.to_string()));
    known.chain(parameters).collect()
}

fn step(step: &ScenarioStep) -> [Option<String>; 5] {
    [
        Some(step.at_text.clone()),
        Some(step.id.clone()),
        Some(step.title.clone()),
        step.branch.clone(),
        step.script.as_ref().map(|script| script.sql.trim().to_owned()),
    ]
}

fn checks(step: &ScenarioStep) -> impl Iterator<Item = [Option<String>; 6]> {
    step.checks.iter().map(|check| {
        let (basis, source) = basis(check);
        let own = [&step.id, &check.id, &check.query, &expected(check), basis, &source];
        own.map(|text: &str| Some(text.to_owned()))
    })
}

fn queries(shown: &Shown) -> impl Iterator<Item = [Option<String>; 6]> {
    shown.queries.iter().map(|query| {
        let printed = printed(&shown.scenario, query);
        [
            Some(query.name.clone()),
            Some(query.title.clone()),
            printed.map(|printed| printed.lines.to_string()),
            printed.map(|printed| printed.printed.sql.trim_end().to_owned()),
            Some(query.sql.trim_end().to_owned()),
            replay::as_run(query).ok(),
        ]
    })
}

fn errata(scenario: &Scenario) -> impl Iterator<Item = [Option<String>; 7]> {
    scenario.errata.iter().map(|erratum| {
        let (row, column) = erratum.cell.clone().unzip();
        [
            Some(erratum.id.clone()),
            Some(erratum.file.clone()),
            row.map(|row| row.to_string()),
            column,
            Some(erratum.printed.clone()),
            erratum.reading.clone(),
            Some(erratum.evidence.clone()),
        ]
    })
}

fn rule(factor: &Factor) -> Option<[Option<String>; 4]> {
    match factor {
        Factor::Rule { rule, statement, basis, lines, .. } => {
            let own = [rule, statement, basis.words(), lines];
            Some(own.map(|text: &str| Some(text.to_owned())))
        }
        Factor::Cause { .. } => None,
    }
}
