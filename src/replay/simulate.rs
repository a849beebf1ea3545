//! Simulation: runs a schedule of causes on a scenario's state, and reports what changes for the database, the agent
//! and the customer.
//!
//! The world is sampled after each cause and at each time at which a rule can change something by itself; between these
//! samples nothing changes (a test takes random samples between them). Everything happens on savepoints of one
//! database, so that many schedules can be tried from one state.

mod labels;
mod orders;
mod random;
mod search;

use std::collections::{BTreeSet, HashMap};

use thiserror::Error;

use super::player::Player;
use super::{ReplayError, ReplayOptions};
use crate::causes::{Cause, TimedCause, offset};
use crate::invariant::{Condition, Invariant, InvariantKind};
use crate::report::RestsOn;
use crate::scenario::{Library, resolve_parameters};
use crate::store::{Binding, Store, StoreError};
use crate::table::{Cell, Kind, ResultTable};

pub use labels::{label, rules_of};
pub use orders::{MAX_ORDERED, Order, OrderGroup};
pub use random::Broken;
pub use search::{FoundSchedule, Merging, SearchEnd, default_causes};

/// The delay of a cause without a time after the previous one, in milliseconds.
pub const GAP_MS: i64 = 10_000;

/// What everyone sees, one row per fact.
const FACTS: &str = "
SELECT party, subject, fact, value, misleads, basis FROM world_beside_window
UNION ALL
SELECT 'agent', activity_id, 'Reply buttons', buttons, 0, basis FROM reply_buttons
UNION ALL
SELECT 'customer', activity_id, 'Notice: ' || text, 'shown', 0, basis FROM customer_notices
UNION ALL
SELECT 'agent', activity_id, 'Reply', text, 0, 'text' FROM open_reply
UNION ALL
SELECT 'agent', activity_id, 'Reply subject', substr(line, 10), 0, basis FROM reply_pane WHERE line_no = 4
UNION ALL
SELECT 'customer', activity_id, 'Customer', 'left', 0, NULL FROM customer_leaves
UNION ALL
SELECT 'database', q.activity_id, 'Activity row', 'none: the request was not taken', 0, 'row'
FROM chat_request q WHERE q.activity_id NOT IN (SELECT activity_id FROM egpl_casemgmt_activity)
UNION ALL
SELECT 'database', m.activity_id, 'E-mail row',
       coalesce(a.activity_status || ' / ' || a.activity_sub_status
                || coalesce(', assigned to ' || a.assigned_to, ', not assigned'), 'none: not fetched yet'), 0, 'row'
FROM email_arrival m LEFT JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
UNION ALL
SELECT 'database', user_id, 'User row', user_name, 0, NULL FROM egpl_user
UNION ALL
SELECT 'database', queue_id, 'Queue row', queue_name, 0, NULL FROM egpl_routing_queue";

/// Facts that occur once and remain: the fate of messages and of opened parts, and warnings in the transcript.
/// A query reads only what is newer than the one before it: a warning comes in time, never later than the longest time
/// rule after the server stopped or the chat began.
const EVENTS: &str = "
SELECT author AS party, activity_id AS subject, 'Message \"' || text || '\"' AS fact,
       fate || coalesce(': ' || lost_to, '') AS value, 0 AS misleads, basis
FROM message_fate WHERE message_id > @message
UNION ALL
SELECT 'agent', user_id, 'Opens ' || console_part, result, 0, basis FROM opened_parts WHERE agent_action_id > @action
UNION ALL
SELECT 'customer', w.activity_id, 'Notice: ' || n.text, 'shown', 0,
       'warning'
FROM exchange_warning w JOIN notice n ON n.notice = 'some messages may not be delivered'
JOIN chat_request q ON q.activity_id = w.activity_id
WHERE w.warned_at > @seen AND (w.stopped_at > @before OR q.at > @before)";

const NEWEST: &str = "SELECT (SELECT coalesce(max(message_id), 0) FROM message),
       (SELECT coalesce(max(agent_action_id), 0) FROM agent_action), c.now,
       strftime('%Y-%m-%d %H:%M:%f', c.now, '-' || (SELECT max(seconds) FROM time_rule) || ' seconds')
FROM chatdb_clock c";

/// The next time at which something can change by itself, and the rules that cause it.
const NEXT_THRESHOLD: &str =
    "SELECT at, group_concat(time_rule, ', ') FROM turning_point GROUP BY at ORDER BY at LIMIT 1";

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

/// A fact that is shown to somebody, or that is true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimulatedFact {
    /// Who sees it: `servers`, `truth`, `database`, `agent` or `customer`.
    pub party: String,
    /// The server, chat or agent it belongs to.
    pub subject: String,
    /// What the fact is about.
    pub fact: String,
    /// The displayed value.
    pub value: String,
    /// Whether it is false.
    pub misleads: bool,
    /// What it rests on, in the words of [`RestsOn`]: not determined until [`label`] has; empty for a cause.
    pub basis: String,
}

/// A fact before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactChange {
    /// Before; `None` if it is new.
    pub before: Option<SimulatedFact>,
    /// After; `None` if it is gone.
    pub after: Option<SimulatedFact>,
}

/// Why the world was sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookReason {
    /// A cause happened, by its index in the schedule.
    Cause(usize),
    /// A time passed: the rules, separated by commas.
    Threshold(String),
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
        let options = ReplayOptions {
            until: step.map(str::to_owned),
            ..options.clone()
        };
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
            return Err(SimulationError::Start {
                scenario,
                problem,
                reproduce: run.reproduce,
            });
        }
        let now_ms = match store.now()? {
            Some(Cell::Timestamp(now)) => now,
            _ => 0,
        };
        Ok(Self {
            store,
            values: (values.into_iter())
                .map(|own| (own.name, own.value))
                .collect(),
            origin_ms: chain
                .first()
                .and_then(|first| first.clock)
                .unwrap_or(now_ms),
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
            let at = event
                .after_ms
                .map_or(now + GAP_MS, |ms| self.origin_ms + ms);
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
                return Err(SimulationError::Condition {
                    text,
                    problem: problem.message,
                });
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
        self.store.savepoint()?;
        let course = self.course(schedule, invariants);
        self.store.roll_back()?;
        course
    }

    fn course(
        &self,
        schedule: &[Scheduled],
        invariants: &[Invariant],
    ) -> Result<Course, SimulationError> {
        let mut watch = Watch::begin(self, invariants)?;
        for (place, (at_ms, cause)) in schedule.iter().enumerate() {
            self.thresholds_until(&mut watch, Some(*at_ms))?;
            self.happen(*at_ms, cause)?;
            watch.look(*at_ms, LookReason::Cause(place))?;
            if let Some(look) = watch
                .looks
                .last_mut()
                .filter(|look| look.changes.is_empty())
            {
                look.idle = self.idle(cause)?;
            }
        }
        self.thresholds_until(&mut watch, None)?;
        Ok(Course {
            end: self.facts_since(&watch.began)?,
            broken: watch.broken,
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
            self.store.set_clock(at_ms)?;
            watch.look(at_ms, LookReason::Threshold(rules))?;
        }
        Ok(())
    }

    fn next_threshold(&self) -> Result<Option<(i64, String)>, StoreError> {
        let kinds = [("at".to_owned(), Kind::Timestamp)];
        let rows = self.store.ask(NEXT_THRESHOLD, &kinds, &[])?.rows;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([Cell::Timestamp(at), rules]) => Some((*at, rules.to_string())),
            _ => None,
        })
    }

    /// Applies a cause and its consequences.
    fn happen(&self, at_ms: i64, cause: &Cause) -> Result<(), SimulationError> {
        self.store.set_clock(at_ms)?;
        let outcome = self
            .store
            .run_script(cause.words(), cause.to_sql(), &self.values);
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

    fn facts(&self) -> Result<Vec<SimulatedFact>, StoreError> {
        Ok(facts(self.store.ask(FACTS, &[], &[])?))
    }

    /// What everyone sees now, and what has occurred since.
    fn facts_since(&self, newest: &[Binding]) -> Result<Vec<SimulatedFact>, StoreError> {
        facts_since(&self.store, newest)
    }

    /// What everyone sees now and has ever been shown.
    fn all_facts(&self) -> Result<Vec<SimulatedFact>, StoreError> {
        let from_the_start = ["message", "action", "seen", "before"].map(|name| {
            let value = match name {
                "seen" | "before" => Cell::Text(String::new()),
                _ => Cell::Integer(0),
            };
            (name.to_owned(), value)
        });
        self.facts_since(&from_the_start)
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
    /// Which invariants are finished: the state up to which they apply has been reached.
    over: Vec<bool>,
    facts: Vec<SimulatedFact>,
    newest: Vec<Binding>,
    /// The same at the start.
    began: Vec<Binding>,
    looks: Vec<SimulationLook>,
    broken: Option<(usize, usize)>,
}

impl<'s> Watch<'s> {
    fn begin(
        simulation: &'s Simulation,
        invariants: &'s [Invariant],
    ) -> Result<Self, SimulationError> {
        let mut watch = Self {
            simulation,
            invariants,
            over: vec![false; invariants.len()],
            facts: simulation.facts()?,
            newest: Vec::new(),
            began: Vec::new(),
            looks: Vec::new(),
            broken: None,
        };
        watch.newest = newest(&simulation.store)?;
        watch.began.clone_from(&watch.newest);
        Ok(watch)
    }

    fn look(&mut self, at_ms: i64, reason: LookReason) -> Result<(), SimulationError> {
        let store = &self.simulation.store;
        let now = self.simulation.facts()?;
        let mut changes = differences(&self.facts, &now);
        let new = facts(store.ask(EVENTS, &[], &self.newest)?);
        let new = new.into_iter().map(|after| FactChange {
            before: None,
            after: Some(after),
        });
        changes.extend(new);
        self.newest = newest(store)?;
        self.facts = now;
        if !changes.is_empty() || matches!(reason, LookReason::Cause(_)) {
            self.looks.push(SimulationLook {
                at_ms,
                reason,
                changes,
                idle: String::new(),
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

/// What everybody sees now, and what has come since.
fn facts_since(store: &Store, newest: &[Binding]) -> Result<Vec<SimulatedFact>, StoreError> {
    let mut seen = facts(store.ask(FACTS, &[], &[])?);
    seen.extend(facts(store.ask(EVENTS, &[], newest)?));
    Ok(seen)
}

/// What has come so far, after which other events are new.
fn newest(store: &Store) -> Result<Vec<Binding>, StoreError> {
    let answer = store.ask(NEWEST, &[], &[])?;
    let row = answer.rows.into_iter().next().unwrap_or_default();
    let names = ["message", "action", "seen", "before"].map(str::to_owned);
    Ok(names.into_iter().zip(row).collect())
}

/// What is different, new or gone. Both lists are sorted.
fn differences(before: &[SimulatedFact], after: &[SimulatedFact]) -> Vec<FactChange> {
    let same = |a: &SimulatedFact, b: &SimulatedFact| {
        (&a.party, &a.subject, &a.fact) == (&b.party, &b.subject, &b.fact)
    };
    let mut changes = Vec::new();
    for now in after {
        let known = before.iter().find(|own| same(own, now));
        if known.is_none_or(|known| known.value != now.value || known.misleads != now.misleads) {
            changes.push(FactChange {
                before: known.cloned(),
                after: Some(now.clone()),
            });
        }
    }
    for gone in before {
        if !after.iter().any(|now| same(gone, now)) {
            changes.push(FactChange {
                before: Some(gone.clone()),
                after: None,
            });
        }
    }
    changes
}

fn facts(table: ResultTable) -> Vec<SimulatedFact> {
    let fact = |row: Vec<Cell>| {
        let text = |at: usize| match row.get(at) {
            None | Some(Cell::Null) => String::new(),
            Some(cell) => cell.to_string(),
        };
        SimulatedFact {
            party: text(0),
            subject: text(1),
            fact: text(2),
            value: text(3),
            misleads: text(4) == "1",
            basis: match text(5).is_empty() {
                true => String::new(),
                false => RestsOn::NotDetermined.words().to_owned(),
            },
        }
    };
    table.rows.into_iter().map(fact).collect()
}
