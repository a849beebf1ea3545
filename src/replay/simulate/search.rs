//! The shortest schedule that reaches a state: breadth first over causes, and over waiting until something can
//! change by itself.
//!
//! States that will evolve alike are visited once. The relevant parts of a state are in [`STATE`]: effects, without
//! ids, and with times replaced by the gaps between them, of which those longer than the longest time rule are equal.

use std::collections::BTreeSet;

use super::{Scheduled, Simulation, SimulationError};
use crate::causes::{self, Cause};
use crate::invariant::Condition;
use crate::store::StoreError;
use crate::table::Cell;

/// The delay before the next cause, in milliseconds.
const STEP_MS: i64 = 1_000;

/// The causes that are tried if none are given.
const DEFAULT: [&str; 15] = [
    "application stops",
    "application starts",
    "services stops",
    "services starts",
    "messaging stops",
    "messaging starts",
    "agent logs in",
    "agent logs out",
    "agent opens the chat",
    "agent opens the case tab",
    "agent completes the chat",
    "agent types 'Hello?'",
    "customer types 'Hello?'",
    "customer leaves",
    "customer asks for chat",
];

/// The parts of a state that can affect the future.
const STATE: [&str; 15] = [
    "SELECT episode, server, stopped_at, started_at FROM outage ORDER BY outage_id",
    "SELECT servers, phase FROM situation",
    "SELECT * FROM lacks ORDER BY 1, 2, 3, 4",
    "SELECT user_id, at, found_login_id IS NULL, ended_at IS NULL FROM agent_login
     WHERE ended_at IS NULL OR agent_login_id IN (SELECT agent_login_id FROM desktop) ORDER BY agent_login_id",
    "SELECT user_id, opened_at, state FROM desktop ORDER BY user_id",
    "SELECT m.activity_id, m.at, m.author, m.text, d.delivered, d.user_id, d.session_lost, d.lost_to,
            (SELECT group_concat(t.user_id) FROM desktop t WHERE m.message_id > t.after_message)
     FROM message m JOIN delivery d ON d.message_id = m.message_id ORDER BY m.message_id",
    "SELECT a.user_id, a.at, a.console_part, a.activity_id, o.result, o.times_out, o.lost_to
     FROM opening o JOIN agent_action a ON a.agent_action_id = o.agent_action_id
     JOIN desktop t ON t.user_id = a.user_id AND a.agent_action_id > t.after_action ORDER BY a.agent_action_id",
    "SELECT activity_id, at, user_id FROM chat_pickup ORDER BY chat_pickup_id",
    "SELECT activity_id, activity_type, activity_status, activity_sub_status, assigned_to, queue_id, when_created,
            when_modified FROM egpl_casemgmt_activity ORDER BY activity_id",
    "SELECT activity_id, at FROM chat_request ORDER BY 1",
    "SELECT activity_id, at FROM customer_leaves ORDER BY 1",
    "SELECT m.activity_id FROM email_arrival m ORDER BY 1",
    "SELECT r.user_id, r.activity_id, r.text,
            (SELECT group_concat(t.user_id) FROM desktop t WHERE r.email_reply_id > t.after_reply)
     FROM email_reply r ORDER BY r.email_reply_id",
    "SELECT user_id, user_name, login_ip, login_logout_time FROM egpl_user ORDER BY 1",
    "SELECT object_operation, user_id, activity_id FROM egpl_event_history_case_mgmt ORDER BY event_id",
];

/// Whether states that evolve alike are visited once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// They are visited once.
    Merged,
    /// Every schedule is visited, for tests.
    Unmerged,
}

/// The result of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSchedule {
    /// The events, with their times; empty if the state is reached already. The last time is when it is reached.
    pub schedule: Vec<Scheduled>,
    /// When the state is reached, in ms on the servers' wall clock: after the last event, or later.
    pub at_ms: i64,
    /// The number of visited states.
    pub states: usize,
}

/// The outcome of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchEnd {
    /// The shortest schedule: the fewest events and waits, and the first of those.
    Found(FoundSchedule),
    /// All reachable states were visited, or all within this many events and waits.
    Exhausted {
        /// The number of visited states.
        states: usize,
        /// How many events and waits were tried at most.
        depth: usize,
    },
    /// The limit on visited states was reached.
    TooMany {
        /// The number of visited states.
        states: usize,
        /// The number of events and waits up to which everything was tried.
        depth: usize,
    },
}

/// The causes that are tried if none are given.
#[must_use]
pub fn default_causes() -> Vec<Cause> {
    let read = |text: &&str| causes::parse(text).expect("a test reads each");
    DEFAULT.iter().map(read).collect()
}

/// A cause by its index, or a wait until something can change by itself.
#[derive(Debug, Clone, Copy)]
enum SearchStep {
    Cause(usize),
    Wait,
}

impl Simulation {
    /// Searches for the shortest schedule after which the condition holds: `causes` a second apart, and waits.
    ///
    /// # Errors
    /// When the database fails, or the condition cannot be evaluated.
    pub fn find(
        &self,
        condition: &Condition,
        causes: &[Cause],
        (most_states, most_depth): (usize, usize),
        merging: Merging,
    ) -> Result<SearchEnd, SimulationError> {
        if self.holds(condition)? {
            return Ok(SearchEnd::Found(FoundSchedule {
                schedule: Vec::new(),
                at_ms: self.now_ms,
                states: 1,
            }));
        }
        let moves = (0..causes.len()).map(SearchStep::Cause).chain([SearchStep::Wait]);
        let cap = self.longest_rule()? + 1_000;
        let mut search = Search {
            simulation: self,
            condition,
            causes,
            moves: moves.collect(),
            cap,
            merging,
            most_states,
            seen: BTreeSet::from([self.key(cap)?]),
            states: 1,
        };
        let mut frontier: Vec<Vec<SearchStep>> = vec![Vec::new()];
        for depth in 0..most_depth {
            let mut next = Vec::new();
            for path in &frontier {
                self.store.savepoint()?;
                let expanded = search.expand(path, depth, &mut next);
                self.store.roll_back()?;
                if let Some(end) = expanded? {
                    return Ok(end);
                }
            }
            if next.is_empty() {
                let states = search.states;
                return Ok(SearchEnd::Exhausted { states, depth });
            }
            frontier = next;
        }
        Ok(SearchEnd::Exhausted { states: search.states, depth: most_depth })
    }

    /// Follows a path from the state, and returns its schedule and time.
    fn walk(
        &self,
        path: &[SearchStep],
        causes: &[Cause],
    ) -> Result<(Vec<Scheduled>, i64), SimulationError> {
        let mut walked = (Vec::new(), self.now_ms);
        for step in path {
            self.step(*step, causes, &mut walked)?;
        }
        Ok(walked)
    }

    /// Makes one move; `false` if it is impossible.
    fn step(
        &self,
        step: SearchStep,
        causes: &[Cause],
        (schedule, now): &mut (Vec<Scheduled>, i64),
    ) -> Result<bool, SimulationError> {
        match step {
            SearchStep::Cause(place) => {
                let at = *now + STEP_MS;
                match self.happen(at, &causes[place]) {
                    Ok(()) => {}
                    Err(SimulationError::Impossible { .. }) => return Ok(false),
                    Err(error) => return Err(error),
                }
                schedule.push((at, causes[place].clone()));
                *now = at;
            }
            SearchStep::Wait => {
                let Some((at, _)) = self.next_threshold()? else {
                    return Ok(false);
                };
                self.store.set_clock(at)?;
                *now = at;
            }
        }
        Ok(true)
    }

    /// The longest time rule, in milliseconds.
    fn longest_rule(&self) -> Result<i64, StoreError> {
        let answer = self.store.ask("SELECT max(seconds) FROM time_rule", &[], &[])?;
        Ok(match answer.rows.first().and_then(|row| row.first()) {
            Some(Cell::Integer(seconds)) => seconds * 1000,
            _ => 0,
        })
    }

    /// The relevant parts of a state. Times are numbered in order, and the gap before each is kept up to `cap`.
    fn key(&self, cap: i64) -> Result<String, StoreError> {
        let mut tables = Vec::with_capacity(STATE.len());
        for query in STATE {
            tables.push(self.store.ask(query, &[], &[])?.rows);
        }
        let cells = || tables.iter().flatten().flatten();
        let now = match self.store.now()? {
            Some(Cell::Timestamp(now)) => now,
            _ => 0,
        };
        let times = cells().filter_map(|cell| match cell {
            Cell::Timestamp(at) => Some(*at),
            _ => None,
        });
        let times: BTreeSet<i64> = times.chain([now]).collect();
        let times: Vec<i64> = times.into_iter().collect();
        let gaps = times.windows(2).map(|pair| (pair[1] - pair[0]).min(cap));
        let mut key = format!("{:?}", gaps.collect::<Vec<_>>());
        for table in &tables {
            key.push('\n');
            for row in table {
                key.push('|');
                for cell in row {
                    match cell {
                        Cell::Timestamp(at) => {
                            let place = times.binary_search(at).unwrap_or_default();
                            key.push_str(&format!("t{place}"));
                        }
                        other => key.push_str(&other.to_string()),
                    }
                    key.push('\u{1f}');
                }
            }
        }
        Ok(key)
    }
}

/// A search in progress.
struct Search<'s> {
    simulation: &'s Simulation,
    condition: &'s Condition,
    causes: &'s [Cause],
    moves: Vec<SearchStep>,
    cap: i64,
    merging: Merging,
    most_states: usize,
    seen: BTreeSet<String>,
    states: usize,
}

impl Search<'_> {
    /// Tries every move after a path. New states are added to `next`; returns the outcome if the search ends.
    fn expand(
        &mut self,
        path: &[SearchStep],
        depth: usize,
        next: &mut Vec<Vec<SearchStep>>,
    ) -> Result<Option<SearchEnd>, SimulationError> {
        let before = self.simulation.walk(path, self.causes)?;
        for at in 0..self.moves.len() {
            let step = self.moves[at];
            let mut walked = before.clone();
            self.simulation.store.savepoint()?;
            let tried = self.attempt(step, &mut walked);
            self.simulation.store.roll_back()?;
            let Some((holds, key)) = tried? else {
                continue;
            };
            let is_new = self.seen.insert(key) || self.merging == Merging::Unmerged;
            self.states += usize::from(is_new);
            let states = self.states;
            if holds {
                let (schedule, at_ms) = walked;
                return Ok(Some(SearchEnd::Found(FoundSchedule { schedule, at_ms, states })));
            }
            if is_new {
                next.push([path, &[step]].concat());
            }
            if states >= self.most_states {
                return Ok(Some(SearchEnd::TooMany { states, depth }));
            }
        }
        Ok(None)
    }

    /// Makes a move: returns whether the condition holds then, and the state. `None` if it is impossible.
    fn attempt(
        &self,
        step: SearchStep,
        walked: &mut (Vec<Scheduled>, i64),
    ) -> Result<Option<(bool, String)>, SimulationError> {
        if !self.simulation.step(step, self.causes, walked)? {
            return Ok(None);
        }
        let holds = self.simulation.holds(self.condition)?;
        Ok(Some((holds, self.simulation.key(self.cap)?)))
    }
}
