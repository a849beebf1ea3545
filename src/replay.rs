//! Replays scenarios on a database and records the outcome of every step and check.
//!
//! Each scenario starts from an empty database with the schema and the platform model. Scenarios with a common
//! beginning share it: the states along a chain are savepoints of one database, so a restore continues from its failure
//! and the next failure from the baseline. The result is the same as if each had been replayed from the start (a test
//! compares the two).

mod basis;
mod compared;
mod labels;
mod player;
mod queries;
mod record;
pub mod simulate;
mod timeline;
pub mod why;

use std::collections::HashMap;
use std::panic;
use std::thread::{self, JoinHandle};

use thiserror::Error;

use crate::ask::AskError;
use crate::check::BoundError;
use crate::command_line::CommandLine;
use crate::diff::DiffError;
use crate::report::Report;
use crate::scenario::{Library, ScenarioError};
use crate::store::{Budget, Interrupter, Store, StoreError};

pub use basis::basis_table;
pub use compared::{ProductionRows, compare_bound, compare_table};
use player::Player;
use queries::Rewritten;
pub use queries::{as_run, literals_of};

/// Why nothing was replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A scenario could not be loaded, or a parameter could not be set.
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
        /// The given check.
        check: String,
        /// The valid ids.
        known: Vec<String>,
    },
    /// A check's query cannot run on production rows.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Production rows cannot be compared with a check.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// The check's query could not be run, so the kinds of its columns are not known.
    #[error("check `{check}` of `{scenario}` could not be run")]
    NotAsked {
        /// The name of the scenario.
        scenario: String,
        /// The name of the check.
        check: String,
    },
    /// A user query cannot be run.
    #[error("the query cannot be run: {0}")]
    Query(String),
    /// No step of the scenario has this id.
    #[error("`{scenario}` has no step `{step}`")]
    UnknownStep {
        /// The name of the scenario.
        scenario: String,
        /// The given step.
        step: String,
        /// The valid ids.
        known: Vec<String>,
    },
}

/// The options of a replay.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// Values set for parameters, as text.
    pub sets: Vec<(String, String)>,
    /// The id of the step after which to stop, including its checks.
    pub until: Option<String>,
    /// Further words that the command to reproduce a result needs besides the scenario and the step, for example
    /// `--scenarios lab`. The given parameters are added to them.
    pub words: Vec<String>,
    /// Receives a handle to interrupt the database from another thread, before anything is replayed.
    pub watch: Option<fn(Interrupter)>,
    /// The memory limit of SQLite in the whole process from then on, in bytes.
    pub memory: Option<u64>,
    /// Whether the runs contain what a page shows besides the results: a timeline, and the SQL of each check.
    pub illustrated: bool,
    /// Whether the checks keep their results, to be recorded.
    pub recording: bool,
    /// Lab rules to leave out, by name: the built-in rules apply instead.
    pub without: Vec<String>,
    /// The shared limits of the statements of one scenario.
    pub budget: Budget,
}

impl ReplayOptions {
    /// Applies the time and memory limits of the options to a database: all replays go through here.
    pub(crate) fn guard(&self, store: &Store) -> Result<(), StoreError> {
        store.spend(Some(&self.budget));
        if let Some(watch) = self.watch {
            watch(store.interrupter());
        }
        if let Some(bytes) = self.memory {
            store.limit_memory(bytes)?;
        }
        Ok(())
    }

    /// The command that replays `name` again in the same way.
    fn again(&self, name: &str) -> String {
        let sets = self.sets.iter().map(|(name, value)| format!("{name}={value}"));
        let command = CommandLine::new("replay").arg(name).option("--set", sets);
        command.args(&self.words).to_string()
    }
}

/// A database for a replay that is being set up in a thread.
pub struct UpcomingStore(JoinHandle<Result<Store, StoreError>>);

impl UpcomingStore {
    /// Starts the setup. Best done before the scenarios are read, which takes as long.
    #[must_use]
    pub fn begin() -> Self {
        Self(thread::spawn(Store::with_platform))
    }

    fn store(self) -> Result<Store, StoreError> {
        match self.0.join() {
            Ok(store) => store,
            Err(panic) => panic::resume_unwind(panic),
        }
    }
}

/// Replays the scenarios `names`, in that order, and returns the record and the final
/// database.
///
/// # Errors
/// Fails when a scenario is not found or not valid, a parameter or step is unknown, or the database cannot be
/// set up. A step or check that fails is no error: the record says so.
pub fn replay(
    library: &Library,
    names: &[String],
    options: &ReplayOptions,
) -> Result<(Report, Store), ReplayError> {
    replay_in(UpcomingStore::begin(), library, names, options)
}

/// The same in a database whose setup has been started.
///
/// # Errors
/// As [`replay`].
pub fn replay_in(
    store: UpcomingStore,
    library: &Library,
    names: &[String],
    options: &ReplayOptions,
) -> Result<(Report, Store), ReplayError> {
    let rewritten = queries::rewrite_queries(library, names);
    play_all(store.store()?, library, names, options, rewritten)
}

/// The same on a database that is already set up, as [`Store::with_platform`] creates it.
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
    let mut player = Player::new(library, store, options, rewritten)?;
    let mut runs = Vec::with_capacity(names.len());
    for name in names {
        // Each scenario has a budget of its own.
        let options = &ReplayOptions { budget: options.budget.afresh(), ..options.clone() };
        let mut run = match player.play(name, options) {
            Err(ReplayError::Scenario(error)) if names.len() > 1 && error.is_of_files() => {
                runs.push(record::invalid_run(library, name, &error));
                continue;
            }
            played => played?,
        };
        labels::name_lab_rules(library, name, options, &mut run)?;
        runs.push(run);
    }
    let report = Report { runs, ..Report::new() };
    Ok((report, player.into_store()?))
}

/// The servers that have stopped together, where the support note has no word of just these.
fn uncovered_servers(store: &Store) -> Result<Option<String>, StoreError> {
    let rows = store.ask("SELECT servers FROM uncovered_servers", &[], &[])?.rows;
    Ok(rows.iter().flatten().next().map(ToString::to_string))
}

/// Says that the support note does not cover these servers: no result for them is documented.
#[must_use]
pub fn not_covered(servers: &str) -> String {
    format!("the support note does not cover {servers} together: no result for them is documented")
}
