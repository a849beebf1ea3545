//! Simulation: runs a schedule of causes on a scenario's state, and reports what changes for the database, the agent
//! and the customer.
//!
//! The world is sampled after each cause and at each time at which a rule can change something by itself; between these
//! samples nothing changes (a test takes random samples between them). Everything happens on savepoints of one
//! database, so that many schedules can be tried from one state.

mod facts;
mod labels;
mod orders;
mod random;
mod search;

use std::collections::{BTreeSet, HashMap};

use thiserror::Error;

use facts::{differences, events_since, facts_now, facts_since, newest};

use super::player::Player;
use super::{ReplayError, ReplayOptions};
use crate::causes::{Cause, TimedCause, offset};
use crate::invariant::{Condition, Invariant, InvariantKind};
use crate::scenario::{Library, resolve_parameters};
use crate::sql::quote::literal;
use crate::store::{Binding, Store, StoreError};
use crate::table::{Cell, Kind};

pub use facts::{FactChange, SimulatedFact};
pub use labels::{label, rules_of};
pub use orders::{MAX_ORDERED, Order, OrderGroup, Outcomes};
pub use random::Broken;
pub use search::{FoundSchedule, Merging, SearchEnd, default_causes};

/// The delay of a cause without a time after the previous one, in milliseconds.
pub const GAP_MS: i64 = 10_000;

/// The next time at which something can change by itself, and the time rules that end then.
const NEXT_THRESHOLD: &str = "SELECT at, time_rule FROM turning_point
    WHERE at = (SELECT min(at) FROM turning_point) ORDER BY time_rule";

/// A time rule, and what is seen if it takes for ever: `None` if nothing changes then.
type WithoutRule = (String, Option<Vec<SimulatedFact>>);

/// Why a schedule was not run.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// The state to start from could not be reached.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The database failed outside the schedule's own statements.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A step that leads to the state failed.
    #[error("cannot start from `{scenario}`: {problem}")]
    Start {
        /// The scenario to start from.
        scenario: String,
        /// What went wrong.
        problem: String,
        /// The command that shows it.
        reproduce: String,
    },
    /// An event's time is before the previous one, or before the state from which the schedule starts.
    #[error("`{cause}` at {at} is too early: the clock is already at {now}")]
    Early {
        /// The event that was given.
        cause: String,
        /// Its time, as an offset.
        at: String,
        /// The current time, as an offset.
        now: String,
    },
    /// A cause that the model refuses, such as one that names an unknown chat.
    #[error("`{cause}` cannot happen at {at}: {problem}")]
    Impossible {
        /// The event that was given.
        cause: String,
        /// Its time, as an offset.
        at: String,
        /// The reason why it cannot.
        problem: String,
    },
    /// A condition that SQLite cannot evaluate.
    #[error("invalid condition `{text}`: {problem}")]
    Condition {
        /// The condition as written.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More events than can be put in every order.
    #[error("{found} events have too many orders; the limit is {MAX_ORDERED} events")]
    TooMany {
        /// The number of events.
        found: usize,
    },
    /// There are no events.
    #[error("no events given")]
    Nothing,
}

/// Why the world was sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookReason {
    /// A cause happened, by its index in the schedule.
    Cause(usize),
    /// A time passed: each change has its time rules.
    Threshold,
}

/// A sample of the world after a change or a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulationLook {
    /// When, in ms on the servers' wall clock.
    pub at_ms: i64,
    /// Why it was taken.
    pub reason: LookReason,
    /// The changes since the previous sample.
    pub changes: Vec<FactChange>,
    /// Why a cause changed nothing; empty where it changed something.
    pub idle: String,
    /// Whether servers have stopped together of which the support note does not say what happens then.
    pub is_uncovered: bool,
}

/// A schedule that was run.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The samples, in order of time.
    pub looks: Vec<SimulationLook>,
    /// What everyone sees at the end, when nothing changes by itself any more.
    pub end: Vec<SimulatedFact>,
    /// The first violated invariant, by index, and the sample after which it was violated, by index.
    pub broken: Option<(usize, usize)>,
    /// The servers that stopped together and of which the support note does not say what happens then.
    pub uncovered: BTreeSet<String>,
}

/// A state of a scenario, from which schedules can be run.
pub struct Simulation {
    store: Store,
    values: Vec<Binding>,
    origin_ms: i64,
    now_ms: i64,
}

/// A cause and the time at which it happens, in ms on the servers' wall clock.
pub type Scheduled = (i64, Cause);

impl Simulation {
    /// Replays `scenario` to the end, or to the end of `step`.
    ///
    /// # Errors
    /// If the scenario or the step is not found or invalid, or a step on the way fails.
    pub fn new(
        library: &Library,
        scenario: &str,
        step: Option<&str>,
        options: &ReplayOptions,
    ) -> Result<Self, SimulationError> {
        let options = ReplayOptions { until: step.map(str::to_owned), ..options.clone() };
        // Which lab rules decide the checks on the way is not asked here, so that all runs share one budget.
        let store = Store::with_platform()?;
        let mut player = Player::new(library, store, &options, HashMap::new())?;
        let run = player.play(scenario, &options)?;
        let store = player.into_store()?;
        if options.budget.is_over() {
            let limit = options.budget.limit();
            return Err(StoreError::Spent { limit }.into());
        }
        let chain = library.chain(scenario).map_err(ReplayError::from)?;
        let values = resolve_parameters(&chain, &options.sets).map_err(ReplayError::from)?;
        let failed = run.steps.iter().find(|step| !step.holds());
        let of_step = failed.map(|step| format!("step {} failed", step.id));
        if let Some(problem) = run.problem.or(of_step) {
            let scenario = scenario.to_owned();
            return Err(SimulationError::Start { scenario, problem, reproduce: run.reproduce });
        }
        let now_ms = match store.now()? {
            Some(Cell::Timestamp(now)) => now,
            _ => 0,
        };
        Ok(Self {
            store,
            values: (values.into_iter()).map(|own| (own.name, own.value)).collect(),
            origin_ms: chain.first().and_then(|first| first.clock).unwrap_or(now_ms),
            now_ms,
        })
    }

    /// The time of the state, in ms on the servers' wall clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// A time as an offset from the start of the scenario's clock.
    #[must_use]
    pub fn offset(&self, at_ms: i64) -> String {
        offset(at_ms - self.origin_ms)
    }

    /// Gives each event its time on the clock: its own, or ten seconds after the previous one.
    ///
    /// # Errors
    /// If one is earlier than the previous one.
    pub fn scheduled(&self, events: &[TimedCause]) -> Result<Vec<Scheduled>, SimulationError> {
        let mut now = self.now_ms;
        let mut scheduled = Vec::with_capacity(events.len());
        for event in events {
            let at = event.after_ms.map_or(now + GAP_MS, |ms| self.origin_ms + ms);
            if at < now {
                return Err(SimulationError::Early {
                    cause: event.cause.words().to_owned(),
                    at: self.offset(at),
                    now: self.offset(now),
                });
            }
            now = at;
            scheduled.push((at, event.cause.clone()));
        }
        Ok(scheduled)
    }

    /// Checks that conditions can be evaluated.
    ///
    /// # Errors
    /// When SQLite does not take one.
    pub fn check(&self, conditions: &[&Condition]) -> Result<(), SimulationError> {
        for condition in conditions {
            if let Some(problem) = self.store.mistake(&question(condition)) {
                let text = condition.text.clone();
                return Err(SimulationError::Condition { text, problem: problem.message });
            }
        }
        Ok(())
    }

    /// Runs a schedule and rolls it back.
    ///
    /// # Errors
    /// When a cause cannot happen, or the database fails.
    pub fn run(
        &self,
        schedule: &[Scheduled],
        invariants: &[Invariant],
    ) -> Result<Course, SimulationError> {
        let mut watch = Watch::begin(self, invariants)?;
        watch.explained = true;
        self.rolled_back(schedule, watch)
    }

    /// The same, without the time rules of its changes: for the many schedules of which only the end is of interest.
    fn tried(
        &self,
        schedule: &[Scheduled],
        invariants: &[Invariant],
    ) -> Result<Course, SimulationError> {
        self.rolled_back(schedule, Watch::begin(self, invariants)?)
    }

    fn rolled_back(
        &self,
        schedule: &[Scheduled],
        watch: Watch<'_>,
    ) -> Result<Course, SimulationError> {
        self.store.savepoint()?;
        let course = self.course(schedule, watch);
        self.store.roll_back()?;
        course
    }

    fn course(
        &self,
        schedule: &[Scheduled],
        mut watch: Watch<'_>,
    ) -> Result<Course, SimulationError> {
        for (place, (at_ms, cause)) in schedule.iter().enumerate() {
            self.thresholds_until(&mut watch, Some(*at_ms))?;
            self.happen(*at_ms, cause)?;
            watch.look(*at_ms, LookReason::Cause(place), &[])?;
            if let Some(look) = watch.looks.last_mut().filter(|look| look.changes.is_empty()) {
                look.idle = self.idle(cause)?;
            }
        }
        self.thresholds_until(&mut watch, None)?;
        Ok(Course {
            end: facts_since(&self.store, &watch.began)?,
            broken: watch.broken,
            uncovered: watch.uncovered,
            looks: watch.looks,
        })
    }

    /// Samples each time up to `until_ms` at which something can change by itself.
    fn thresholds_until(
        &self,
        watch: &mut Watch<'_>,
        until_ms: Option<i64>,
    ) -> Result<(), SimulationError> {
        while let Some((at_ms, rules)) = self.next_threshold()? {
            if until_ms.is_some_and(|until| at_ms > until) {
                break;
            }
            let without = self.without_each(watch, at_ms, &rules)?;
            self.store.set_clock(at_ms)?;
            watch.look(at_ms, LookReason::Threshold, &without)?;
        }
        Ok(())
    }

    fn next_threshold(&self) -> Result<Option<(i64, Vec<String>)>, StoreError> {
        let kinds = [("at".to_owned(), Kind::Timestamp)];
        let rows = self.store.ask(NEXT_THRESHOLD, &kinds, &[])?.rows;
        let Some(Cell::Timestamp(at)) = rows.first().and_then(|row| row.first()) else {
            return Ok(None);
        };
        let rules = rows.iter().filter_map(|row| row.get(1));
        Ok(Some((*at, rules.map(ToString::to_string).collect())))
    }

    /// What would be seen at a threshold if one of its time rules took for ever, for each of them. Of one rule alone
    /// it is known: without it, nothing changes.
    fn without_each(
        &self,
        watch: &Watch<'_>,
        at_ms: i64,
        rules: &[String],
    ) -> Result<Vec<WithoutRule>, StoreError> {
        let mut without = Vec::new();
        for rule in rules.iter().filter(|_| watch.explained && rules.len() > 1) {
            self.store.savepoint()?;
            let seen = (|| {
                let for_ever = format!(
                    "UPDATE time_rule SET seconds = 1000000 WHERE time_rule = {}",
                    literal(rule)
                );
                self.store.run_own("rule", &for_ever, &[])?;
                self.store.set_clock(at_ms)?;
                facts_since(&self.store, &watch.newest)
            })();
            self.store.roll_back()?;
            without.push((rule.clone(), Some(seen?)));
        }
        match rules {
            [only] => Ok(vec![(only.clone(), None)]),
            _ => Ok(without),
        }
    }

    /// Applies a cause and its consequences.
    fn happen(&self, at_ms: i64, cause: &Cause) -> Result<(), SimulationError> {
        self.store.set_clock(at_ms)?;
        let outcome = self.store.run_script(cause.words(), cause.to_sql(), &self.values);
        outcome.map_err(|error| SimulationError::Impossible {
            cause: cause.words().to_owned(),
            at: self.offset(at_ms),
            problem: match error {
                StoreError::Impossible { what, .. } => what,
                other => other.to_string(),
            },
        })?;
        Ok(self.store.set_clock(at_ms)?)
    }

    /// Why a cause that has just happened changed nothing.
    fn idle(&self, cause: &Cause) -> Result<String, StoreError> {
        let mut reasons: Vec<String> = Vec::new();
        for sql in cause.idle() {
            let rows = self.store.ask(sql, &[], &self.values)?.rows;
            let reason = rows.iter().flatten().next().map(ToString::to_string);
            reasons.extend(reason.filter(|own| !reasons.contains(own)));
        }
        Ok(reasons.join(", "))
    }

    /// What everyone sees now and has ever been shown.
    fn all_facts(&self) -> Result<Vec<SimulatedFact>, StoreError> {
        facts_since(&self.store, &facts::the_start())
    }

    fn holds(&self, condition: &Condition) -> Result<bool, SimulationError> {
        let answer = self.store.ask(&question(condition), &[], &[]);
        let rows = answer.map_err(|error| SimulationError::Condition {
            text: condition.text.clone(),
            problem: error.in_short(),
        })?;
        let cell = rows.rows.first().and_then(|row| row.first());
        Ok(!matches!(cell, None | Some(Cell::Null | Cell::Integer(0))))
    }

    /// Takes samples at any times, even if nothing should change. For tests.
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn seen_at(
        &self,
        schedule: &[Scheduled],
        times: &BTreeSet<i64>,
    ) -> Result<Vec<(i64, Vec<SimulatedFact>)>, SimulationError> {
        self.store.savepoint()?;
        let mut seen = Vec::new();
        let looked = (|| {
            let mut times = times.iter().copied().peekable();
            for (at_ms, cause) in schedule {
                while let Some(time) = times.next_if(|time| time < at_ms) {
                    self.store.set_clock(time)?;
                    seen.push((time, self.all_facts()?));
                }
                self.happen(*at_ms, cause)?;
            }
            for time in times {
                self.store.set_clock(time)?;
                seen.push((time, self.all_facts()?));
            }
            Ok(())
        })();
        self.store.roll_back()?;
        looked.map(|()| seen)
    }
}

/// A condition as a query of one cell.
fn question(condition: &Condition) -> String {
    format!("SELECT ({})", condition.sql)
}

/// The samples of one schedule, and the invariants that are checked at each.
struct Watch<'s> {
    simulation: &'s Simulation,
    invariants: &'s [Invariant],
    /// Whether the time rules of each change are found.
    explained: bool,
    /// Which invariants are finished: the state up to which they apply has been reached.
    over: Vec<bool>,
    facts: Vec<SimulatedFact>,
    newest: Vec<Binding>,
    /// The same at the start.
    began: Vec<Binding>,
    looks: Vec<SimulationLook>,
    broken: Option<(usize, usize)>,
    uncovered: BTreeSet<String>,
}

impl<'s> Watch<'s> {
    fn begin(
        simulation: &'s Simulation,
        invariants: &'s [Invariant],
    ) -> Result<Self, SimulationError> {
        let mut watch = Self {
            simulation,
            invariants,
            explained: false,
            over: vec![false; invariants.len()],
            facts: facts_now(&simulation.store)?,
            newest: Vec::new(),
            began: Vec::new(),
            looks: Vec::new(),
            broken: None,
            uncovered: BTreeSet::new(),
        };
        watch.newest = newest(&simulation.store)?;
        watch.began.clone_from(&watch.newest);
        Ok(watch)
    }

    fn look(
        &mut self,
        at_ms: i64,
        reason: LookReason,
        without: &[WithoutRule],
    ) -> Result<(), SimulationError> {
        let store = &self.simulation.store;
        let now = facts_now(store)?;
        let mut changes = differences(&self.facts, &now);
        let new = events_since(store, &self.newest)?;
        changes.extend(new.into_iter().map(FactChange::new));
        for change in &mut changes {
            let causes = without
                .iter()
                .filter(|(_, seen)| seen.as_ref().is_none_or(|seen| !change.is_in(seen)));
            change.times = causes.map(|(rule, _)| rule.clone()).collect();
            if change.times.is_empty() {
                // Each of them is enough.
                change.times = without.iter().map(|(rule, _)| rule.clone()).collect();
            }
        }
        self.newest = newest(store)?;
        self.facts = now;
        let mut facts = self.facts.iter();
        let uncovered = facts.find(|fact| fact.is_of_uncovered());
        self.uncovered.extend(uncovered.map(|fact| fact.subject.clone()));
        if !changes.is_empty() || matches!(reason, LookReason::Cause(_)) {
            self.looks.push(SimulationLook {
                at_ms,
                reason,
                changes,
                idle: String::new(),
                is_uncovered: uncovered.is_some(),
            });
        }
        self.hold()
    }

    /// Checks the current facts against the invariants, until one is violated.
    fn hold(&mut self) -> Result<(), SimulationError> {
        for (place, invariant) in self.invariants.iter().enumerate() {
            if self.broken.is_some() {
                return Ok(());
            }
            if let InvariantKind::Until(end) = &invariant.kind {
                self.over[place] |= self.simulation.holds(end)?;
            }
            let is_so = self.simulation.holds(&invariant.condition)?;
            let breaks = !self.over[place] && is_so == (invariant.kind == InvariantKind::Never);
            if breaks {
                self.broken = Some((place, self.looks.len().saturating_sub(1)));
            }
        }
        Ok(())
    }
}
