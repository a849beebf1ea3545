//! Runs the checks of a step.

use super::super::queries::{as_run, sql_of};
use super::super::record::basis;
use super::super::{ReplayError, basis as kept};
use super::Player;
use crate::check;
use crate::diagnostic::Place;
use crate::query::Query;
use crate::report::{CheckRun, CheckVerdict, Comparison, RestsOn};
use crate::scenario::{
    Basis, Check, Expect, ExpectedState, ParameterValue, Scenario, ScenarioStep,
};
use crate::store::{Binding, StoreError};
use crate::table::ResultTable;

impl Player<'_> {
    pub(super) fn run_check(
        &mut self,
        scenario: &Scenario,
        step: &ScenarioStep,
        check: &Check,
        parameters: &[ParameterValue],
        values: &[Binding],
    ) -> Result<CheckRun, ReplayError> {
        let library = self.library;
        let query = library.query(scenario, &check.query)?;
        let mut run = CheckRun {
            title: query.title.clone(),
            verdict: CheckVerdict::Failed,
            ..self.skipped_check(step, check)
        };
        let mut bindings: Vec<Binding> = check.with.clone();
        bindings.extend(values.iter().cloned());
        let defaults = query.parameters.iter().filter_map(|parameter| {
            parameter.default.clone().map(|value| (parameter.name.clone(), value))
        });
        bindings.extend(defaults);
        if self.illustrated {
            run.sql = Some(sql_of(&query));
        }
        if library.is_built_in(&scenario.name) {
            run.interpretations = kept::interpretations(&scenario.name, &check.id);
        }
        run.rests_on = match &run.interpretations {
            None => RestsOn::NotDetermined,
            Some(rules) if rules.is_empty() => RestsOn::Documented,
            Some(_) => RestsOn::Extrapolated,
        };
        let mut ids = check.with.iter();
        let unknown = |(name, id): &(String, _)| self.store.unknown_id(name, id).ok().flatten();
        if let Some(problem) = ids.find_map(unknown) {
            run.problem = Some(problem);
            return Ok(run);
        }
        match self.ask(&query, &bindings) {
            Err(problem) => run.problem = Some(problem),
            Ok(actual) => {
                hold(&mut run, check, &query, parameters, &actual);
                run.actual = self.recording.then_some(actual);
            }
        }
        Ok(run)
    }

    /// A check that is not run.
    pub(super) fn skipped_check(&self, step: &ScenarioStep, check: &Check) -> CheckRun {
        CheckRun {
            id: check.id.clone(),
            query: check.query.clone(),
            title: check.query.clone(),
            basis: basis(&check.basis),
            expected_at: match &check.expect {
                Expect::Table(expected) => Place {
                    file: expected.file.clone(),
                    line: expected.rows.first().map_or(1, |row| row.line),
                },
                _ => check.place.clone(),
            },
            place: check.place.clone(),
            observes: check.observes.clone(),
            verdict: CheckVerdict::Skipped,
            rests_on: RestsOn::NotDetermined,
            interpretations: None,
            lab_rules: Vec::new(),
            comparison: None,
            problem: None,
            reproduce: format!("{} --until {}", self.asked, step.id),
            sql: None,
            actual: None,
        }
    }

    /// The result of a query without its situation column.
    fn ask(&mut self, query: &Query, bindings: &[Binding]) -> Result<ResultTable, String> {
        let sql = self
            .rewritten
            .entry(query.place.file.clone())
            .or_insert_with(|| as_run(query).map_err(|error| error.to_string()))
            .clone()?;
        let answer = |error: StoreError| format!("{}: {}", query.place.file, error.in_short());
        let asked = self.store.ask(&sql, &query.kinds, bindings);
        let mut table = asked.map_err(answer)?;
        if let Some(at) = query.situation.as_deref().and_then(|name| table.position(name)) {
            table.columns.remove(at);
            for row in &mut table.rows {
                row.remove(at);
            }
        }
        Ok(table)
    }
}

/// Records the outcome of a check.
fn hold(
    run: &mut CheckRun,
    check: &Check,
    query: &Query,
    parameters: &[ParameterValue],
    actual: &ResultTable,
) {
    match compare(check, query, parameters, actual) {
        Ok(mut comparison) => {
            let (verdict, remark) = verdict_of(check, comparison.same);
            run.verdict = verdict;
            comparison.remarks.extend(remark);
            run.comparison = Some(comparison);
        }
        Err(problem) => run.problem = Some(problem),
    }
}

/// The verdict of a check, and a remark if its table has not been accepted.
fn verdict_of(check: &Check, same: bool) -> (CheckVerdict, Option<String>) {
    let state = match &check.expect {
        Expect::Table(expected) => expected.state,
        _ => ExpectedState::Accepted,
    };
    let remark = |text: &str| Some(text.to_owned());
    match (state, same) {
        (ExpectedState::Unrecorded, _) => (
            CheckVerdict::Pending,
            remark("no expected table yet: `chatdb record` writes the actual one"),
        ),
        (ExpectedState::Pending, true) => {
            (CheckVerdict::Pending, remark("recorded, not yet accepted"))
        }
        (_, true) => (CheckVerdict::Matches, None),
        (_, false) => (CheckVerdict::Differs, None),
    }
}

pub(in crate::replay) fn compare(
    check: &Check,
    query: &Query,
    parameters: &[ParameterValue],
    actual: &ResultTable,
) -> Result<Comparison, String> {
    if matches!(check.expect, Expect::Value(_)) && actual.columns.len() != 1 {
        return Err(format!(
            "`value` needs a query with one column; `{}` has {}: {}",
            query.name,
            actual.columns.len(),
            actual.names().join(", ")
        ));
    }
    let printed = match &check.basis {
        Basis::Printed(lines) => Some(lines),
        _ => None,
    };
    let compared = check::compare(
        check,
        parameters,
        &query.key,
        &query.order,
        &actual.columns,
        actual,
        printed,
    );
    let mut comparison = compared.map_err(|error| error.to_string())?;
    if let (true, Some(meaning)) = (actual.rows.is_empty(), &query.empty) {
        comparison.remarks.push(format!("no rows: {meaning}"));
    }
    Ok(comparison)
}
