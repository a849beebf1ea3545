//! Plays scenarios on a database and records what came of every step and check.
//!
//! Each scenario starts from an empty database with the schema and the platform model. Scenarios that begin
//! alike share the beginning: the states along a chain are savepoints of one database, so a restore goes on
//! from its failure and the next failure from the baseline, which is as if each had been played from the
//! start (a test holds the two against each other).

mod basis;
pub mod simulate;
mod timeline;
pub mod why;

use std::collections::HashMap;
use std::sync::Arc;
use std::{panic, thread};

use thiserror::Error;

use crate::ask::{self, AskError, Question};
use crate::check::{self, BoundError, Terms};
use crate::diagnostic::Place;
use crate::diff::{ColumnMode, DiffError, RowOrder};
use crate::document::Lines;
use crate::query::{Dialect, Query};
use crate::report::{
    BasisRun, ChangedRows, CheckRun, CheckVerdict, Comparison, ExpectationOrigin, ObservationRun,
    ObservationVerdict, ParameterRun, Report, RestsOn, RunVerdict, ScenarioRun, SqlRun, StepRun,
};
use crate::scenario::{
    Basis, Check, Erratum, Expect, ExpectedState, Library, ParameterValue, Scenario, ScenarioError,
    ScenarioStep, resolve_parameters,
};
use crate::schema;
use crate::sql;
use crate::sql::tsql::{self, Literal};
use crate::store::{Binding, Interrupter, Store, StoreError};
use crate::table::raw::RawTable;
use crate::table::{Cell, Column, Kind, ResultTable};

pub use basis::basis_table;
use timeline::Track;

/// Why nothing was played.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A scenario could not be loaded, or a parameter not be set.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The database failed outside any script or query of a scenario.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two tables could not be compared.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// No check of the scenario has this id.
    #[error("`{scenario}` has no check `{check}`")]
    UnknownCheck {
        /// The name of the scenario.
        scenario: String,
        /// The check asked for.
        check: String,
        /// The ids that it has.
        known: Vec<String>,
    },
    /// A check's query could not be put to rows of production.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Rows of production could not be held against a check.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// The check's query could not be run, so the kinds of its columns are not known.
    #[error("check `{check}` of `{scenario}` could not be asked")]
    NotAsked {
        /// The name of the scenario.
        scenario: String,
        /// The name of the check.
        check: String,
    },
    /// No step of the scenario has this id.
    #[error("`{scenario}` has no step `{step}`")]
    UnknownStep {
        /// The name of the scenario.
        scenario: String,
        /// The step asked for.
        step: String,
        /// The ids that it has.
        known: Vec<String>,
    },
}

/// What a replay is asked for beside the scenarios.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// Values set for parameters, as text.
    pub sets: Vec<(String, String)>,
    /// The id of the step after which to stop, checks of that step included.
    pub until: Option<String>,
    /// Words of the command line that a command to reproduce needs beside the scenario and the step, such as
    /// `--scenarios lab`. What is set is added to them.
    pub words: Vec<String>,
    /// Is given what stops the database from another thread, before anything is played.
    pub watch: Option<fn(Interrupter)>,
    /// How much memory SQLite may take in the whole process from then on, in bytes.
    pub memory: Option<u64>,
    /// Whether the runs get what a page shows beside the results: a timeline, and the SQL of each check.
    pub illustrated: bool,
    /// Whether the checks keep what came back, to be recorded.
    pub recording: bool,
}

impl ReplayOptions {
    /// Holds a database to the time and the memory that the options allow: every way to a replay comes through here.
    pub(crate) fn guard(&self, store: &Store) -> Result<(), StoreError> {
        if let Some(watch) = self.watch {
            watch(store.interrupter());
        }
        if let Some(bytes) = self.memory {
            store.limit_memory(bytes)?;
        }
        Ok(())
    }

    /// The command that plays `name` again in the same way.
    fn again(&self, name: &str) -> String {
        let sets = self
            .sets
            .iter()
            .map(|(name, value)| format!("--set {}", quoted(&format!("{name}={value}"))));
        let words = self.words.iter().map(|word| quoted(word));
        let all = [format!("chatdb replay {}", quoted(name))]
            .into_iter()
            .chain(sets)
            .chain(words);
        all.collect::<Vec<_>>().join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=@:,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Plays the scenarios called `names`, in that order, and gives the record and the database as the last one
/// left it.
///
/// # Errors
/// Fails when a scenario is not found or not valid, a parameter or step is unknown, or the database cannot be
/// set up. A step or check that fails is no error: the record says so.
pub fn replay(
    library: &Library,
    names: &[String],
    options: &ReplayOptions,
) -> Result<(Report, Store), ReplayError> {
    // The scenarios are read while the database is set up.
    let store = thread::spawn(Store::with_platform);
    let rewritten = rewrite_queries(library, names);
    let store = match store.join() {
        Ok(store) => store?,
        Err(panic) => panic::resume_unwind(panic),
    };
    play_all(store, library, names, options, rewritten)
}

/// The same on a database that was set up already, which must be as [`Store::with_platform`] makes it.
///
/// # Errors
/// As [`replay`].
pub fn replay_on(
    store: Store,
    library: &Library,
    names: &[String],
    options: &ReplayOptions,
) -> Result<(Report, Store), ReplayError> {
    play_all(store, library, names, options, HashMap::new())
}

fn play_all(
    store: Store,
    library: &Library,
    names: &[String],
    options: &ReplayOptions,
    rewritten: Rewritten,
) -> Result<(Report, Store), ReplayError> {
    let mut player = Player {
        library,
        store,
        levels: Vec::new(),
        asked: String::new(),
        rewritten,
        lost: false,
        illustrated: options.illustrated,
        recording: options.recording,
    };
    options.guard(&player.store)?;
    let mut runs = Vec::with_capacity(names.len());
    for name in names {
        runs.push(match player.play(name, options) {
            Err(ReplayError::Scenario(error)) if names.len() > 1 && error.is_of_files() => {
                invalid_run(library, name, &error)
            }
            played => played?,
        });
    }
    let report = Report {
        runs,
        ..Report::new()
    };
    while !player.levels.is_empty() {
        player.store.release()?;
        player.levels.pop();
    }
    Ok((report, player.store))
}

/// Plays a scenario up to one of its checks, and compares a table from elsewhere with what the check expects,
/// on the terms of the check and those given: a key, ignored and tolerated columns go before the check's.
///
/// # Errors
/// As [`replay`]; also when the scenario has no such check, or the check's query cannot be run.
pub fn compare_table(
    library: &Library,
    scenario: &str,
    check: &str,
    actual: &RawTable,
    terms: &Terms,
    options: &ReplayOptions,
) -> Result<Comparison, ReplayError> {
    let asked = wanted(library, scenario, check, terms, options)?;
    let parameters = resolve_parameters(&library.chain(scenario)?, &options.sets)?;
    let actual = typed(actual, &asked.columns);
    Ok(check::compare(
        &asked.check,
        &parameters,
        &asked.query.key,
        &asked.query.order,
        &asked.columns,
        &actual,
        asked.printed(),
    )?)
}

/// Rows of production: a result of the check's query in a file, or a copy of exported tables to put the query to.
#[derive(Clone, Copy)]
pub enum ProductionRows<'a> {
    /// What was saved of the query's answer.
    File(&'a RawTable),
    /// Tables in which the query is asked, as they are called in production.
    Copy(&'a Store),
}

/// The same for rows of production: `binds` are parameters with the user's own values, by which the rows to compare are
/// found. What else is the lab's is taken from these rows; columns beyond the document's are not looked at unless the
/// terms say how headers are compared.
///
/// # Errors
/// As [`compare_table`]; also when the check expects no table of rows, when rows cannot be found by what is bound, or
/// when the query cannot be put to the copy: those of the platform model cannot.
pub fn compare_bound(
    library: &Library,
    scenario: &str,
    check: &str,
    actual: ProductionRows<'_>,
    terms: &Terms,
    binds: &[(String, String)],
    options: &ReplayOptions,
) -> Result<Comparison, ReplayError> {
    let asked = wanted(library, scenario, check, terms, options)?;
    let parameters = resolve_parameters(&library.chain(scenario)?, binds)?;
    let given = |parameter: &&ParameterValue| binds.iter().any(|(name, _)| *name == parameter.name);
    let bound: Vec<ParameterValue> = parameters.iter().filter(given).cloned().collect();
    let actual = match actual {
        ProductionRows::File(table) => typed(table, &asked.columns),
        ProductionRows::Copy(store) => asked_of(store, &asked, &bound)?,
    };
    let question = check::Asked {
        check: &asked.check,
        columns: &asked.columns,
        key: &asked.query.key,
        order: &asked.query.order,
        printed: asked.printed(),
    };
    Ok(check::compare_bound(
        question,
        &bound,
        &parameters,
        &actual,
    )?)
}

/// Puts a check's query to a copy, with what is bound in the place of the documented values.
fn asked_of(
    store: &Store,
    asked: &Wanted,
    bound: &[ParameterValue],
) -> Result<ResultTable, ReplayError> {
    let query = &asked.query;
    let mut values: Vec<Binding> = bound
        .iter()
        .map(|own| (own.name.clone(), own.value.clone()))
        .collect();
    let known = query
        .parameters
        .iter()
        .filter_map(|own| Some((own.name.clone(), own.default.clone()?)));
    for (name, value) in asked.check.with.iter().cloned().chain(known) {
        if values.iter().all(|(known, _)| *known != name) {
            // A check may give the documented value to a parameter of another name.
            let own = bound
                .iter()
                .find(|own| own.instead_of.as_ref() == Some(&value));
            values.push((name, own.map_or(value, |own| own.value.clone())));
        }
    }
    let question = Question {
        text: &query.sql,
        dialect: query.dialect,
        literals: &literals_of(query),
        kinds: &query.kinds,
        values: &values,
        now: None,
        limit: None,
    };
    let answers = ask::ask(store, &question, &|| false)?;
    let answer = answers.answers.into_iter().last();
    Ok(answer.map(|answer| answer.table).unwrap_or_default())
}

/// The cells of a file as the kinds that a query's columns of the same names have.
fn typed(actual: &RawTable, columns: &[Column]) -> ResultTable {
    let kind_of = |name: &str| {
        let mut columns = columns.iter();
        let found = columns.find(|column| column.name.eq_ignore_ascii_case(name));
        found.map_or(Kind::Text, |column| column.kind)
    };
    let kinds: Vec<Kind> = actual
        .header
        .iter()
        .map(|cell| kind_of(&cell.text))
        .collect();
    actual.typed(&kinds)
}

/// A check, on the terms asked for, and its query with the columns of the answer.
struct Wanted {
    check: Check,
    query: Arc<Query>,
    columns: Vec<Column>,
}

impl Wanted {
    /// The lines of the document that the expectation transcribes.
    fn printed(&self) -> Option<&Lines> {
        match &self.check.basis {
            Basis::Printed(lines) => Some(lines),
            _ => None,
        }
    }
}

/// Finds a check, and plays its scenario so far, to learn what columns its query has.
fn wanted(
    library: &Library,
    scenario: &str,
    check: &str,
    terms: &Terms,
    options: &ReplayOptions,
) -> Result<Wanted, ReplayError> {
    let found = library.get(scenario)?;
    let steps = || {
        found
            .steps
            .iter()
            .flat_map(|step| step.checks.iter().map(move |check| (step, check)))
    };
    let Some((step, wanted)) = steps().find(|(_, found)| found.id == check) else {
        return Err(ReplayError::UnknownCheck {
            scenario: scenario.to_owned(),
            check: check.to_owned(),
            known: steps().map(|(_, check)| check.id.clone()).collect(),
        });
    };
    let mut wanted = wanted.clone();
    if !terms.key.is_empty() {
        wanted.key = Some(terms.key.clone());
    }
    if terms.columns != ColumnMode::Exact {
        wanted.columns = terms.columns;
    }
    if terms.order != RowOrder::Unordered {
        wanted.order = Some(terms.order.clone());
    }
    wanted.ignore.extend(terms.ignore.iter().cloned());
    wanted.tolerance.extend(terms.tolerance.iter().cloned());
    let options = ReplayOptions {
        until: Some(step.id.clone()),
        ..options.clone()
    };
    let (report, _) = replay(library, &[scenario.to_owned()], &options)?;
    let answered = report
        .runs
        .iter()
        .flat_map(|run| &run.steps)
        .flat_map(|step| &step.checks);
    let columns = answered
        .into_iter()
        .find(|run| run.id == check)
        .and_then(|run| run.comparison.as_ref())
        .map(|comparison| comparison.actual_columns.clone())
        .ok_or_else(|| ReplayError::NotAsked {
            scenario: scenario.to_owned(),
            check: check.to_owned(),
        })?;
    let query = library.query(&found, &wanted.query)?;
    Ok(Wanted {
        check: wanted,
        query,
        columns,
    })
}

/// Queries as SQLite gets them, or why they cannot be run, by the file of their text.
type Rewritten = HashMap<String, Result<String, String>>;

/// Reads the scenarios and rewrites the queries that they ask. What is not found or not valid is left for the
/// replay to say.
fn rewrite_queries(library: &Library, names: &[String]) -> Rewritten {
    let chains = names.iter().filter_map(|name| library.chain(name).ok());
    let mut rewritten = HashMap::new();
    for scenario in chains.flatten() {
        for check in scenario.steps.iter().flat_map(|step| &step.checks) {
            if let Ok(query) = library.query(&scenario, &check.query) {
                rewritten
                    .entry(query.place.file.clone())
                    .or_insert_with(|| as_run(&query).map_err(|error| error.to_string()));
            }
        }
    }
    rewritten
}

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

struct Player<'l> {
    library: &'l Library,
    store: Store,
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
    fn play(&mut self, name: &str, options: &ReplayOptions) -> Result<ScenarioRun, ReplayError> {
        let chain = self.library.chain(name)?;
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
            run.interpretations = basis::interpretations(&scenario.name, &check.id);
        }
        let is_known = run.interpretations.as_ref().map(Vec::is_empty);
        match self.ask(&query, &bindings, is_known) {
            Err(problem) => run.problem = Some(problem),
            Ok((actual, rests_on)) => {
                run.rests_on = rests_on;
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
            rests_on: RestsOn::Documented,
            interpretations: None,
            comparison: None,
            problem: None,
            reproduce: format!("{} --until {}", self.asked, step.id),
            sql: None,
            actual: None,
        }
    }

    /// The answer of a query without its basis column, and what it rests on: as it is known, or else as far as the
    /// model says whether the note speaks of it.
    fn ask(
        &mut self,
        query: &Query,
        bindings: &[Binding],
        is_documented: Option<bool>,
    ) -> Result<(ResultTable, RestsOn), String> {
        let sql = self
            .rewritten
            .entry(query.place.file.clone())
            .or_insert_with(|| as_run(query).map_err(|error| error.to_string()))
            .clone()?;
        let answer = |error: StoreError| format!("{}: {}", query.place.file, error.in_short());
        let mut table = self
            .store
            .ask(&sql, &query.kinds, bindings)
            .map_err(answer)?;
        let mut rests_on = None;
        if let Some(at) = query.basis.as_deref().and_then(|name| table.position(name)) {
            table.columns.remove(at);
            for row in &mut table.rows {
                let extrapolated = row.remove(at) == Cell::Text("extrapolated".to_owned());
                let here = if extrapolated {
                    RestsOn::Extrapolated
                } else {
                    RestsOn::Documented
                };
                rests_on = Some(match (rests_on, here) {
                    (Some(RestsOn::Extrapolated), _) | (_, RestsOn::Extrapolated) => {
                        RestsOn::Extrapolated
                    }
                    _ => RestsOn::Documented,
                });
            }
        }
        let rests_on = match (is_documented, rests_on) {
            (Some(true), _) => RestsOn::Documented,
            (Some(false), _) => RestsOn::Extrapolated,
            (None, Some(rests_on)) => rests_on,
            (None, None) => self.spoken_of(query.effect.as_deref()).map_err(answer)?,
        };
        Ok((table, rests_on))
    }

    /// What an answer rests on that does not say so itself: whether the document speaks of this effect, or, where
    /// none is named, of anything at all, for the servers that are down.
    fn spoken_of(&self, effect: Option<&str>) -> Result<RestsOn, StoreError> {
        const SPOKEN_OF: &str = "SELECT EXISTS (SELECT 1 FROM documented_now
             WHERE @effect IS NULL OR effect IN (@effect, 'all'))";
        let effect = effect.map_or(Cell::Null, |name| Cell::Text(name.to_owned()));
        let answer = self
            .store
            .ask(SPOKEN_OF, &[], &[("effect".to_owned(), effect)])?;
        Ok(match answer.rows.first().and_then(|row| row.first()) {
            Some(Cell::Integer(1)) => RestsOn::Documented,
            _ => RestsOn::Extrapolated,
        })
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

fn compare(
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

/// A query's text as a page shows it.
fn sql_of(query: &Query) -> SqlRun {
    SqlRun {
        written: query.sql.clone(),
        rewritten: as_run(query).ok().filter(|sql| *sql != query.sql),
    }
}

/// A query as SQLite gets it: T-SQL rewritten, anything else as it stands.
///
/// # Errors
/// Fails when the T-SQL holds what is not rewritten.
pub fn as_run(query: &Query) -> Result<String, tsql::TsqlError> {
    match query.dialect {
        Dialect::Sqlite => Ok(query.sql.clone()),
        Dialect::Tsql => {
            let types: Vec<_> = (query.parameters.iter())
                .filter_map(|parameter| {
                    let default = parameter.default.as_ref()?;
                    Some((parameter.name.clone(), tsql::type_of(default)))
                })
                .collect();
            tsql::rewrite(
                &query.sql,
                schema::scenario_catalog(),
                &literals_of(query),
                &types,
            )
            .map_err(|error| error.lower_by(query.sql_line - 1))
        }
    }
}

/// The literals of a query's text that stand for its parameters: those whose name the text does not hold.
#[must_use]
pub fn literals_of(query: &Query) -> Vec<Literal> {
    if query.dialect == Dialect::Sqlite {
        return Vec::new();
    }
    let named = sql::named_parameters(&query.sql);
    query
        .parameters
        .iter()
        .filter(|parameter| !named.iter().any(|named| named.name == parameter.name))
        .filter_map(|parameter| {
            let value = parameter.default.clone()?;
            Some(Literal {
                parameter: parameter.name.clone(),
                value,
            })
        })
        .collect()
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

/// What there is to say of a scenario whose files have mistakes.
fn invalid_run(library: &Library, name: &str, error: &ScenarioError) -> ScenarioRun {
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
        reproduce: format!("chatdb validate {}", quoted(&path)),
        steps: Vec::new(),
        observations: Vec::new(),
        errata: Vec::new(),
        notes: None,
        timeline: None,
    }
}

fn empty_step(step: &ScenarioStep) -> StepRun {
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

fn empty_run(scenario: &Scenario, parameters: &[ParameterValue]) -> ScenarioRun {
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
        for erratum in table
            .rows
            .iter()
            .flat_map(|row| &row.cells)
            .filter_map(|cell| cell.erratum.as_ref())
        {
            if !errata.iter().any(|known| known.id == erratum.id) {
                errata.push(Erratum::clone(erratum));
            }
        }
    }
    errata
}

fn basis(basis: &Basis) -> BasisRun {
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

fn seed_problem(scenario: &Scenario, file: &str, error: &StoreError) -> StepRun {
    StepRun {
        id: "seeds".to_owned(),
        at: String::new(),
        time: Cell::Null,
        title: "The seeds are laid".to_owned(),
        script: Some(file.to_owned()),
        branch: None,
        changes: None,
        problem: Some(error.to_string()),
        skipped: false,
        place: Place {
            file: format!("{}/scenario.toml", scenario.folder),
            line: 1,
        },
        checks: Vec::new(),
    }
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

fn conclude(run: &mut ScenarioRun, scenario: &Scenario, stopped: bool) {
    if run.problem.is_none() {
        let checks = || run.steps.iter().flat_map(|step| &step.checks);
        let good = run.steps.iter().all(StepRun::holds)
            && checks().all(|check| check.verdict == CheckVerdict::Matches);
        run.verdict = if good {
            RunVerdict::Reproduced
        } else {
            RunVerdict::Differs
        };
    }
    if stopped {
        let cells = run
            .steps
            .iter()
            .flat_map(|step| &step.checks)
            .filter_map(|check| check.comparison.as_ref());
        let used: Vec<String> = cells
            .flat_map(|comparison| &comparison.rows)
            .flat_map(|row| &row.cells)
            .filter_map(|cell| cell.erratum.clone())
            .collect();
        run.errata
            .retain(|erratum| erratum.cell.is_none() || used.contains(&erratum.id));
    }
    for observation in &scenario.observations {
        let answers: Vec<&CheckRun> = run
            .steps
            .iter()
            .flat_map(|step| &step.checks)
            .filter(|check| check.observes.contains(&observation.id))
            .collect();
        let all = scenario
            .steps
            .iter()
            .flat_map(|step| &step.checks)
            .filter(|check| check.observes.contains(&observation.id))
            .count();
        let any =
            |wanted: fn(CheckVerdict) -> bool| answers.iter().any(|check| wanted(check.verdict));
        let verdict =
            if any(|verdict| !matches!(verdict, CheckVerdict::Matches | CheckVerdict::Skipped)) {
                ObservationVerdict::Differs
            } else if any(|verdict| verdict == CheckVerdict::Skipped)
                || (stopped && answers.len() < all)
            {
                ObservationVerdict::NotReached
            } else if answers.is_empty() {
                ObservationVerdict::NotCovered
            } else {
                ObservationVerdict::Reproduced
            };
        run.observations.push(ObservationRun {
            id: observation.id.clone(),
            lines: observation.lines.clone(),
            says: observation.says.clone(),
            checks: answers.iter().map(|check| check.id.clone()).collect(),
            verdict,
            origin: answers.iter().map(|check| check.basis.origin).max_by_key(
                |origin| match origin {
                    ExpectationOrigin::Printed => 0,
                    ExpectationOrigin::Stated => 1,
                    ExpectationOrigin::Derived => 2,
                },
            ),
        });
    }
}
