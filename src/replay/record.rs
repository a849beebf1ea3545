//! The record of a run: its initial parts before anything is run, and its totals.

use crate::command_line::CommandLine;
use crate::diagnostic::Place;
use crate::report::{
    BasisRun, CheckRun, CheckVerdict, ExpectationOrigin, ObservationRun, ObservationVerdict,
    ParameterRun, RunVerdict, ScenarioRun, StepRun,
};
use crate::scenario::{
    Basis, Erratum, Expect, Library, ParameterValue, Scenario, ScenarioError, ScenarioStep,
};
use crate::store::StoreError;
use crate::table::Cell;

/// The message for a scenario whose files have errors.
pub(super) fn invalid_run(library: &Library, name: &str, error: &ScenarioError) -> ScenarioRun {
    let mistakes = error.to_string();
    let first = mistakes.lines().next().unwrap_or_default();
    let path = library.folder(name).unwrap_or_else(|_| name.to_owned());
    let last = path.rsplit(['/', '\\']).next().unwrap_or(&path);
    ScenarioRun {
        scenario: last.to_owned(),
        title: String::new(),
        section: None,
        lines: None,
        continues: None,
        parameters: Vec::new(),
        verdict: RunVerdict::Invalid,
        problem: Some(first.to_owned()),
        reproduce: CommandLine::new("validate").arg(&path).to_string(),
        steps: Vec::new(),
        observations: Vec::new(),
        errata: Vec::new(),
        notes: None,
        timeline: None,
    }
}

pub(super) fn empty_step(step: &ScenarioStep) -> StepRun {
    StepRun {
        id: step.id.clone(),
        at: step.at_text.clone(),
        time: Cell::Timestamp(step.at),
        title: step.title.clone(),
        script: step.script.as_ref().map(|script| script.file.clone()),
        branch: step.branch.clone(),
        changes: None,
        problem: None,
        skipped: false,
        place: step.place.clone(),
        checks: Vec::new(),
    }
}

pub(super) fn empty_run(scenario: &Scenario, parameters: &[ParameterValue]) -> ScenarioRun {
    ScenarioRun {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        section: scenario.section.clone(),
        lines: scenario.lines.clone(),
        continues: scenario.continues.clone(),
        parameters: parameters
            .iter()
            .map(|parameter| ParameterRun {
                name: parameter.name.clone(),
                value: parameter.value.clone(),
                instead_of: parameter.instead_of.clone(),
            })
            .collect(),
        verdict: RunVerdict::NotRun,
        problem: None,
        reproduce: String::new(),
        steps: Vec::new(),
        observations: Vec::new(),
        errata: errata_of(scenario),
        notes: scenario.notes.clone(),
        timeline: None,
    }
}

/// The scenario's errata, and those that come with tables of other scenarios.
fn errata_of(scenario: &Scenario) -> Vec<Erratum> {
    let mut errata = scenario.errata.clone();
    for check in scenario.steps.iter().flat_map(|step| &step.checks) {
        let Expect::Table(table) = &check.expect else {
            continue;
        };
        for erratum in
            table.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.erratum.as_ref())
        {
            if !errata.iter().any(|known| known.id == erratum.id) {
                errata.push(Erratum::clone(erratum));
            }
        }
    }
    errata
}

pub(super) fn basis(basis: &Basis) -> BasisRun {
    match basis {
        Basis::Printed(lines) => BasisRun {
            origin: ExpectationOrigin::Printed,
            lines: Some(lines.clone()),
            because: None,
        },
        Basis::Stated(lines) => BasisRun {
            origin: ExpectationOrigin::Stated,
            lines: Some(lines.clone()),
            because: None,
        },
        Basis::Derived(because) => BasisRun {
            origin: ExpectationOrigin::Derived,
            lines: None,
            because: Some(because.clone()),
        },
    }
}

pub(super) fn seed_problem(scenario: &Scenario, file: &str, error: &StoreError) -> StepRun {
    StepRun {
        id: "seeds".to_owned(),
        at: String::new(),
        time: Cell::Null,
        title: "The seeds are loaded".to_owned(),
        script: Some(file.to_owned()),
        branch: None,
        changes: None,
        problem: Some(error.to_string()),
        skipped: false,
        place: Place { file: format!("{}/scenario.toml", scenario.folder), line: 1 },
        checks: Vec::new(),
    }
}

pub(super) fn conclude(run: &mut ScenarioRun, scenario: &Scenario, stopped: bool) {
    if run.problem.is_none() {
        let checks = || run.steps.iter().flat_map(|step| &step.checks);
        let all = |allowed: &[CheckVerdict]| {
            run.steps.iter().all(StepRun::holds)
                && checks().all(|check| allowed.contains(&check.verdict))
        };
        run.verdict = if all(&[CheckVerdict::Matches]) {
            RunVerdict::Reproduced
        } else if all(&[CheckVerdict::Matches, CheckVerdict::Pending]) {
            RunVerdict::Pending
        } else {
            RunVerdict::Differs
        };
    }
    if stopped {
        leave_used_errata(run);
    }
    for observation in &scenario.observations {
        let observed = |check: &&CheckRun| check.observes.contains(&observation.id);
        let checks = run.steps.iter().flat_map(|step| &step.checks);
        let answers: Vec<&CheckRun> = checks.filter(observed).collect();
        let all = scenario.steps.iter().flat_map(|step| &step.checks);
        let all = all.filter(|check| check.observes.contains(&observation.id));
        let some_left = stopped && answers.len() < all.count();
        let origin = |origin: &ExpectationOrigin| match origin {
            ExpectationOrigin::Printed => 0,
            ExpectationOrigin::Stated => 1,
            ExpectationOrigin::Derived => 2,
        };
        let origins = answers.iter().map(|check| check.basis.origin);
        let observed = ObservationRun {
            id: observation.id.clone(),
            lines: observation.lines.clone(),
            says: observation.says.clone(),
            checks: answers.iter().map(|check| check.id.clone()).collect(),
            verdict: observed_verdict(&answers, some_left),
            origin: origins.max_by_key(origin),
        };
        run.observations.push(observed);
    }
}

/// Removes the errata of cells that no check compared.
fn leave_used_errata(run: &mut ScenarioRun) {
    let checks = run.steps.iter().flat_map(|step| &step.checks);
    let comparisons = checks.filter_map(|check| check.comparison.as_ref());
    let cells = comparisons.flat_map(|comparison| &comparison.rows).flat_map(|row| &row.cells);
    let used: Vec<String> = cells.filter_map(|cell| cell.erratum.clone()).collect();
    run.errata.retain(|erratum| erratum.cell.is_none() || used.contains(&erratum.id));
}

/// The verdict of an observation's checks, some of which may be missing.
fn observed_verdict(answers: &[&CheckRun], some_left: bool) -> ObservationVerdict {
    let any = |wanted: fn(CheckVerdict) -> bool| answers.iter().any(|check| wanted(check.verdict));
    if any(|verdict| !matches!(verdict, CheckVerdict::Matches | CheckVerdict::Skipped)) {
        ObservationVerdict::Differs
    } else if any(|verdict| verdict == CheckVerdict::Skipped) || some_left {
        ObservationVerdict::NotReached
    } else if answers.is_empty() {
        ObservationVerdict::NotCovered
    } else {
        ObservationVerdict::Reproduced
    }
}
