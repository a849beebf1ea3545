//! Plays one scenario after another on a database, step by step and check by check.

use std::sync::Arc;

use super::queries::{Rewritten, as_run, sql_of};
use super::record::{basis, conclude, empty_run, empty_step, seed_problem};
use super::timeline::{self, Track};
use super::{ReplayError, ReplayOptions, basis as kept};
use crate::check;
use crate::diagnostic::Place;
use crate::query::Query;
use crate::report::{
    ChangedRows, CheckRun, CheckVerdict, Comparison, RestsOn, ScenarioRun, StepRun,
};
use crate::scenario::{
    Basis, Check, Expect, ExpectedState, LabRule, Library, ParameterValue, Scenario, ScenarioStep,
    lab_rules, resolve_parameters,
};
use crate::store::{Binding, Store, StoreError};
use crate::table::ResultTable;

/// A scenario of the chain that stands played in the database, on a savepoint of its own.
struct Level {
    name: String,
    /// The values of the parameters that the chain up to here declares.
    values: Vec<Binding>,
    /// Whether it was played to its end.
    complete: bool,
    /// What went wrong, so that whatever continues it cannot run.
    problem: Option<String>,
    /// What was seen on the way, where a timeline is wanted.
    track: Track,
}

/// What there is to say about a statement that takes all that was played with it.
const LOST: &str = "SQLite has taken back all that was played; nothing after this is";

pub(super) struct Player<'l> {
    library: &'l Library,
    store: Store,
    /// The lab rules that hold.
    rules: Vec<LabRule>,
    levels: Vec<Level>,
    /// The command that plays the scenario being played.
    asked: String,
    /// Queries as SQLite gets them, by the place of their text.
    rewritten: Rewritten,
    /// Whether the states of the levels are gone, see [`Store::take_lost`].
    lost: bool,
    /// Whether timelines and the SQL of checks are wanted.
    illustrated: bool,
    /// Whether checks keep what came back.
    recording: bool,
}

/// A step that did not do what it should. Nothing after it is run: in its branch, or else in the whole scenario.
struct FailedStep {
    branch: Option<String>,
}

/// How far a chain's scenario is played.
enum Extent<'o> {
    /// To its end; checks are made only where `checks` says so, and the first thing that does not hold ends it.
    Through { checks: bool },
    /// As asked for, with all checks.
    Asked { until: Option<&'o str> },
}

impl<'l> Player<'l> {
    /// A player on a database as [`Store::with_platform`] makes it.
    pub(super) fn new(
        library: &'l Library,
        store: Store,
        options: &ReplayOptions,
        rewritten: Rewritten,
    ) -> Result<Self, ReplayError> {
        options.guard(&store)?;
        Ok(Self {
            library,
            store,
            rules: Vec::new(),
            levels: Vec::new(),
            asked: String::new(),
            rewritten,
            lost: false,
            illustrated: options.illustrated,
            recording: options.recording,
        })
    }

    /// The database as the last scenario left it.
    pub(super) fn into_store(mut self) -> Result<Store, ReplayError> {
        while self.levels.pop().is_some() {
            self.store.release()?;
        }
        Ok(self.store)
    }

    /// Plays a scenario as asked for.
    pub(super) fn play(
        &mut self,
        name: &str,
        options: &ReplayOptions,
    ) -> Result<ScenarioRun, ReplayError> {
        let chain = self.library.chain(name)?;
        self.obey(&chain, options)?;
        self.asked = options.again(name);
        let parameters = resolve_parameters(&chain, &options.sets)?;
        let (scenario, before) = chain
            .split_last()
            .expect("a chain holds at least the scenario itself");
        if let Some(until) = &options.until
            && !scenario.steps.iter().any(|step| step.id == *until)
        {
            return Err(ReplayError::UnknownStep {
                scenario: scenario.name.clone(),
                step: until.clone(),
                known: scenario.steps.iter().map(|step| step.id.clone()).collect(),
            });
        }
        let problem = self.prepare(before, &parameters)?;
        let mut run = empty_run(scenario, &parameters);
        run.reproduce.clone_from(&self.asked);
        if let Some(problem) = problem {
            run.problem = Some(problem);
            run.reproduce = again_before(&before[..self.levels.len()], &parameters, options)?;
        } else {
            self.enter(scenario, &chain, &parameters)?;
            let extent = Extent::Asked {
                until: options.until.as_deref(),
            };
            run.steps = self.run_steps(scenario, &parameters, &extent)?;
            let level = self.levels.last_mut().expect("enter has pushed it");
            level.complete = options.until.is_none();
            level.problem = first_problem(scenario, &run.steps, before.is_empty());
            if self.illustrated && !self.lost {
                let mut tracks: Vec<Track> =
                    (self.levels.iter().map(|level| level.track.clone())).collect();
                run.timeline = timeline::draw(&mut tracks, chain[0].clock, &self.store)?;
            }
            self.forget_what_is_lost();
        }
        conclude(&mut run, scenario, options.until.is_some());
        Ok(run)
    }

    /// Takes over the lab rules of a chain. They hold from its start, so that nothing is shared with what was played
    /// under others.
    fn obey(
        &mut self,
        chain: &[Arc<Scenario>],
        options: &ReplayOptions,
    ) -> Result<(), ReplayError> {
        let mut rules = lab_rules(chain);
        rules.retain(|rule| !options.without.contains(&rule.rule));
        if rules != self.rules {
            while self.levels.pop().is_some() {
                self.store.roll_back()?;
            }
            self.rules = rules;
        }
        Ok(())
    }

    /// Brings the database to the end of `before`, and says what did not hold on the way.
    fn prepare(
        &mut self,
        before: &[Arc<Scenario>],
        parameters: &[ParameterValue],
    ) -> Result<Option<String>, ReplayError> {
        let shared = self
            .levels
            .iter()
            .zip(before)
            .enumerate()
            .take_while(|(at, (level, scenario))| {
                level.name == scenario.folder
                    && level.values == values_of(&before[..=*at], parameters)
                    && level.complete
            })
            .count();
        while self.levels.len() > shared {
            self.store.roll_back()?;
            self.levels.pop();
        }
        for at in shared..before.len() {
            if self
                .levels
                .last()
                .is_some_and(|level| level.problem.is_some())
            {
                break;
            }
            let scenario = &before[at];
            self.enter(scenario, &before[..=at], parameters)?;
            let extent = Extent::Through { checks: at == 0 };
            let steps = self.run_steps(scenario, parameters, &extent)?;
            self.levels.last_mut().expect("enter has pushed it").problem =
                first_problem(scenario, &steps, at == 0);
            self.forget_what_is_lost();
        }
        Ok(self.levels.last().and_then(|level| level.problem.clone()))
    }

    /// Keeps anything from going on from states that are gone.
    fn forget_what_is_lost(&mut self) {
        if std::mem::take(&mut self.lost) {
            for level in &mut self.levels {
                level.complete = false;
            }
        }
    }

    fn enter(
        &mut self,
        scenario: &Scenario,
        chain: &[Arc<Scenario>],
        parameters: &[ParameterValue],
    ) -> Result<(), ReplayError> {
        self.store.savepoint()?;
        self.levels.push(Level {
            name: scenario.folder.clone(),
            values: values_of(chain, parameters),
            complete: true,
            problem: None,
            track: Track::default(),
        });
        if self.levels.len() == 1 {
            for rule in &self.rules {
                self.store.run_own("lab rule", &rule.to_sql(), &[])?;
            }
        }
        Ok(())
    }

    fn run_steps(
        &mut self,
        scenario: &Scenario,
        parameters: &[ParameterValue],
        extent: &Extent<'_>,
    ) -> Result<Vec<StepRun>, ReplayError> {
        let values: Vec<Binding> = parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
            .collect();
        let mut runs = Vec::with_capacity(scenario.steps.len());
        if let Some(at) = scenario
            .clock
            .map(|clock| scenario.steps.first().map_or(clock, |s| s.at.min(clock)))
        {
            self.store.set_clock(at)?;
        }
        for seed in &scenario.seeds {
            if let Err(error) = self.atomically(&seed.file, &seed.sql, &values)? {
                self.lost |= self.store.take_lost();
                runs.push(seed_problem(scenario, &seed.file, &error));
                runs.extend(scenario.steps.iter().map(|step| self.skipped(step)));
                return Ok(runs);
            }
        }
        let mut branch: Option<&str> = None;
        let mut failed: Option<FailedStep> = None;
        for step in &scenario.steps {
            if matches!(extent, Extent::Through { .. }) && step.branch.is_some() {
                continue;
            }
            if branch != step.branch.as_deref() {
                if branch.is_some() {
                    self.store.roll_back()?;
                }
                branch = step.branch.as_deref();
                if branch.is_some() {
                    self.store.savepoint()?;
                }
                failed = failed.filter(|failed| failed.branch.is_none());
            }
            if failed.is_some() {
                runs.push(self.skipped(step));
                if matches!(extent, Extent::Asked { until: Some(until) } if step.id == *until) {
                    break;
                }
                continue;
            }
            let mut run = self.run_step_seen(scenario, step, &values)?;
            let ask = match extent {
                Extent::Through { checks } => *checks,
                Extent::Asked { .. } => true,
            };
            if !run.holds() {
                let branch = step.branch.clone();
                failed = Some(FailedStep { branch });
                run.checks = self.skipped(step).checks;
            } else if ask {
                for check in &step.checks {
                    run.checks
                        .push(self.run_check(scenario, step, check, parameters, &values)?);
                }
            }
            self.lost |= self.store.take_lost();
            if self.lost {
                // Even where the step should fail: the state that the next one begins with is gone.
                run.problem = Some(match run.problem {
                    Some(problem) => format!("{problem} ({LOST})"),
                    None => LOST.to_owned(),
                });
                runs.push(run);
                let rest = scenario.steps.iter().skip(runs.len());
                runs.extend(rest.map(|step| self.skipped(step)));
                break;
            }
            runs.push(run);
            if let Extent::Asked { until: Some(until) } = extent
                && step.id == *until
            {
                // A branch is left open on purpose: its state is what was asked for.
                if branch.take().is_some() {
                    self.store.release()?;
                }
                break;
            }
        }
        if branch.is_some() {
            self.store.roll_back()?;
        }
        Ok(runs)
    }

    /// Runs a step, and looks at the world before and after it where a timeline is wanted. Branches go back in time,
    /// so the timeline leaves them out.
    fn run_step_seen(
        &mut self,
        scenario: &Scenario,
        step: &ScenarioStep,
        values: &[Binding],
    ) -> Result<StepRun, ReplayError> {
        if !self.illustrated || step.branch.is_some() {
            return self.run_step(step, values);
        }
        let mut track = match self.levels.last_mut() {
            Some(level) => std::mem::take(&mut level.track),
            None => Track::default(),
        };
        track.look_until(&self.store, step.at)?;
        let run = self.run_step(step, values)?;
        track.look(&self.store, step.at)?;
        track.step(&scenario.name, &step.id, &step.title, step.at);
        if let Some(level) = self.levels.last_mut() {
            level.track = track;
        }
        Ok(run)
    }

    /// Runs a script so that it happens whole or not at all.
    fn atomically(
        &self,
        file: &str,
        sql: &str,
        values: &[Binding],
    ) -> Result<Result<u64, StoreError>, StoreError> {
        self.store.savepoint()?;
        let outcome = self.store.run_script(file, sql, values);
        match &outcome {
            Ok(_) => self.store.release()?,
            Err(_) => self.store.roll_back()?,
        }
        Ok(outcome)
    }

    fn run_step(
        &mut self,
        step: &ScenarioStep,
        values: &[Binding],
    ) -> Result<StepRun, ReplayError> {
        self.store.set_clock(step.at)?;
        let mut run = empty_step(step);
        let Some(script) = &step.script else {
            return Ok(run);
        };
        let outcome = self.atomically(&script.file, &script.sql, values)?;
        // Things settle when the clock is moved, be it to the same time.
        self.store.set_clock(step.at)?;
        run.problem = match (&outcome, &step.error) {
            (Ok(actual), None) => {
                run.changes = Some(ChangedRows {
                    expected: step.changes,
                    actual: *actual,
                });
                None
            }
            (Ok(_), Some(text)) => Some(format!(
                "the script should fail with `{text}`, and did not fail"
            )),
            (Err(error), None) => Some(error.to_string()),
            (Err(error), Some(text)) if error.to_string().contains(text.as_str()) => None,
            (Err(error), Some(text)) => Some(format!(
                "the script should fail with `{text}`, and failed with: {error}"
            )),
        };
        Ok(run)
    }

    fn run_check(
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
            parameter
                .default
                .clone()
                .map(|value| (parameter.name.clone(), value))
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
        match self.ask(&query, &bindings) {
            Err(problem) => run.problem = Some(problem),
            Ok(actual) => {
                match compare(check, &query, parameters, &actual) {
                    Ok(mut comparison) => {
                        let (verdict, remark) = verdict_of(check, comparison.same);
                        run.verdict = verdict;
                        comparison.remarks.extend(remark);
                        run.comparison = Some(comparison);
                    }
                    Err(problem) => run.problem = Some(problem),
                }
                run.actual = self.recording.then_some(actual);
            }
        }
        Ok(run)
    }

    /// A step that is not run, with its checks.
    fn skipped(&self, step: &ScenarioStep) -> StepRun {
        let checks = step.checks.iter();
        StepRun {
            skipped: true,
            checks: checks
                .map(|check| self.skipped_check(step, check))
                .collect(),
            ..empty_step(step)
        }
    }

    /// A check that is not made.
    fn skipped_check(&self, step: &ScenarioStep, check: &Check) -> CheckRun {
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

    /// The answer of a query without its basis column.
    fn ask(&mut self, query: &Query, bindings: &[Binding]) -> Result<ResultTable, String> {
        let sql = self
            .rewritten
            .entry(query.place.file.clone())
            .or_insert_with(|| as_run(query).map_err(|error| error.to_string()))
            .clone()?;
        let answer = |error: StoreError| format!("{}: {}", query.place.file, error.in_short());
        let asked = self.store.ask(&sql, &query.kinds, bindings);
        let mut table = asked.map_err(answer)?;
        if let Some(at) = query.basis.as_deref().and_then(|name| table.position(name)) {
            table.columns.remove(at);
            for row in &mut table.rows {
                row.remove(at);
            }
        }
        Ok(table)
    }
}

/// What came of a check, and what there is to say of a table that nobody has accepted.
fn verdict_of(check: &Check, same: bool) -> (CheckVerdict, Option<String>) {
    let state = match &check.expect {
        Expect::Table(expected) => expected.state,
        _ => ExpectedState::Accepted,
    };
    let remark = |text: &str| Some(text.to_owned());
    match (state, same) {
        (ExpectedState::Unrecorded, _) => (
            CheckVerdict::Pending,
            remark("nothing is expected yet: `chatdb record` writes what came back"),
        ),
        (ExpectedState::Pending, true) => (
            CheckVerdict::Pending,
            remark("recorded, and not yet accepted: `chatdb review` shows it"),
        ),
        (_, true) => (CheckVerdict::Matches, None),
        (_, false) => (CheckVerdict::Differs, None),
    }
}

pub(super) fn compare(
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

fn values_of(chain: &[Arc<Scenario>], parameters: &[ParameterValue]) -> Vec<Binding> {
    parameters
        .iter()
        .filter(|parameter| {
            chain
                .iter()
                .any(|scenario| scenario.parameters.iter().any(|p| p.name == parameter.name))
        })
        .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
        .collect()
}

/// What keeps others from continuing a scenario: a step that did not do what it should or, for a baseline, a
/// check that does not match.
fn first_problem(scenario: &Scenario, steps: &[StepRun], is_baseline: bool) -> Option<String> {
    let name = &scenario.name;
    if let Some(step) = steps.iter().find(|step| !step.holds()) {
        let problem = match (&step.problem, &step.changes) {
            (Some(problem), _) => problem.clone(),
            (
                None,
                Some(ChangedRows {
                    expected: Some(expected),
                    actual,
                }),
            ) => {
                format!("the script should change {expected} rows, and changed {actual}")
            }
            (None, _) => "it failed".to_owned(),
        };
        return Some(format!(
            "`{name}` did not hold at step {}: {problem}",
            step.id
        ));
    }
    let mut checks = steps
        .iter()
        .flat_map(|step| &step.checks)
        .filter(|_| is_baseline);
    let check = checks.find(|check| check.verdict != CheckVerdict::Matches)?;
    let verdict = if check.verdict == CheckVerdict::Failed {
        "failed"
    } else {
        "differs"
    };
    Some(format!(
        "`{name}` did not hold: check `{}` {verdict}",
        check.id
    ))
}

/// The command that plays the last scenario of `chain` with the values that it had in this run.
fn again_before(
    chain: &[Arc<Scenario>],
    parameters: &[ParameterValue],
    options: &ReplayOptions,
) -> Result<String, ReplayError> {
    let own = resolve_parameters(chain, &[])?;
    let other = |parameter: &&ParameterValue| {
        own.iter()
            .any(|own| own.name == parameter.name && own.value != parameter.value)
    };
    let sets = parameters.iter().filter(other);
    let options = ReplayOptions {
        sets: sets
            .map(|parameter| (parameter.name.clone(), parameter.value.to_string()))
            .collect(),
        words: options.words.clone(),
        ..ReplayOptions::default()
    };
    Ok(options.again(chain.last().map_or("", |scenario| scenario.name.as_str())))
}
