//! How many simultaneous chats routing assigns to an agent, derived from completed chats.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::history::{ASSIGNED, Activity, CHAT, COMPLETED, Event, UNKNOWN};

/// A completed chat that was assigned to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeldChat {
    pub agent: i64,
    pub from: i64,
    pub to: i64,
    /// How long the customer waited before, if known.
    pub waited: Option<i64>,
}

/// The limit in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limit {
    /// The maximum number of simultaneous chats per agent.
    pub chats: i64,
    /// Agents who repeatedly had more, such as several people sharing a log-in, and how many.
    pub above: BTreeMap<i64, i64>,
}

/// The minimum number of completed chats needed.
const MIN_CHATS: usize = 100;

/// Longer than this, a customer is waiting for an agent, not for routing.
const WAITED: i64 = 60_000;

/// The events with which an agent has a chat no longer, besides its completion: it goes back to its queue.
const GIVEN_BACK: [i64; 3] = [306, 307, 308];

/// Who held each completed chat and when, without events: its last agent from the time it was assigned or created.
pub(super) fn held_by_rows(activities: &[Activity]) -> impl Iterator<Item = HeldChat> {
    let held = |own: &Activity| {
        let is_held = own.ended != UNKNOWN && own.agent != UNKNOWN && own.begun != UNKNOWN;
        is_held.then_some(HeldChat {
            agent: own.agent,
            from: own.begun,
            to: own.ended,
            waited: None,
        })
    };
    let chats = activities.iter().filter(|own| own.kind == CHAT);
    chats.filter_map(held)
}

/// The same by events: each of its agents until it was transferred, given back or completed. `activities` are in order
/// of id, and `events` in order of time.
pub(super) fn held_by_events(
    activities: &[Activity],
    events: &[Event],
) -> impl Iterator<Item = HeldChat> {
    let mut holders: BTreeMap<i64, HeldChat> = BTreeMap::new();
    let mut held = Vec::new();
    for event in events {
        let takes = ASSIGNED.contains(&event.operation) && event.agent != UNKNOWN;
        let ends = event.operation == COMPLETED || GIVEN_BACK.contains(&event.operation);
        if !takes && !ends {
            continue;
        }
        let own = activities.binary_search_by_key(&event.activity, |own| own.id);
        let Some(own) =
            own.ok().map(|at| &activities[at]).filter(|own| own.kind == CHAT && own.is_completed())
        else {
            continue;
        };
        let holder = holders.get(&event.activity);
        if takes && holder.is_some_and(|one| one.agent == event.agent) {
            continue;
        }
        if let Some(before) = holders.remove(&event.activity) {
            // The row says who had it last.
            let last = event.operation == COMPLETED && own.agent != UNKNOWN;
            held.push(HeldChat {
                agent: if last { own.agent } else { before.agent },
                to: event.at,
                ..before
            });
        }
        if takes {
            let is_first = event.at == own.begun;
            let next = HeldChat {
                agent: event.agent,
                from: event.at,
                to: event.at,
                waited: is_first.then_some(event.at - own.created),
            };
            holders.insert(event.activity, next);
        }
    }
    held.into_iter()
}

/// The limit in force; `None` if inconclusive: too few chats, or agents were never so busy that a customer had to
/// wait.
pub(super) fn in_force(held: impl Iterator<Item = HeldChat>) -> Option<Limit> {
    let mut held: Vec<HeldChat> = held.filter(|one| one.from < one.to).collect();
    if held.len() < MIN_CHATS {
        return None;
    }
    held.sort_unstable();
    let known = held.iter().filter(|one| one.waited.is_some()).count();
    let mut levels: Vec<(i64, i64, usize)> = Vec::new();
    for own in held.chunk_by(|a, b| a.agent == b.agent) {
        levels.push((level(own), own[0].agent, own.len()));
    }
    levels.sort_unstable();
    let chats = level_of_most(&levels, held.len())?;
    let (mut at_limit, mut waited, mut waited_at_limit) = (0, 0, 0);
    for own in held.chunk_by(|a, b| a.agent == b.agent) {
        for (one, count) in own.iter().zip(counts(own)) {
            let has_waited = usize::from(one.waited.is_some_and(|ms| ms > WAITED));
            let is_at_limit = usize::from(count >= chats);
            at_limit += is_at_limit;
            waited += has_waited;
            waited_at_limit += has_waited * is_at_limit;
        }
    }
    // Who waits for an agent that has fewer waits for something else, such as the end of an outage.
    let saturated =
        (waited >= 10 || waited * 100 >= known.max(1) * 2) && waited_at_limit * 2 >= waited;
    let reached = at_limit * 200 >= held.len() * if known == 0 { 10 } else { 1 };
    if !reached || (known > 0 && !saturated) {
        return None;
    }
    let above = levels.iter().filter(|(level, ..)| *level > chats);
    Some(Limit { chats, above: above.map(|(level, agent, _)| (*agent, *level)).collect() })
}

/// The level that agents with 90 % of the chats do not exceed; or with 75 %, if the others have at least two more, like
/// several people sharing a log-in. `levels` are sorted, each with its agent and chats.
fn level_of_most(levels: &[(i64, i64, usize)], all: usize) -> Option<i64> {
    let level_of = |twentieths: usize| {
        let mut below = 0;
        levels.iter().find_map(|(level, _, chats)| {
            below += chats;
            (below * 20 >= all * twentieths).then_some(*level)
        })
    };
    let (most, nearly_all) = (level_of(15)?, level_of(18)?);
    let between = |(level, ..): &(i64, i64, usize)| *level == most + 1;
    Some(if levels.iter().any(between) { nearly_all } else { most })
}

/// How many chats an agent had at each moment when one was added, including that one.
fn counts(own: &[HeldChat]) -> impl Iterator<Item = i64> {
    let mut ends: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
    own.iter().map(move |one| {
        while ends.peek().is_some_and(|end| end.0 <= one.from) {
            ends.pop();
        }
        ends.push(Reverse(one.to));
        i64::try_from(ends.len()).unwrap_or(i64::MAX)
    })
}

/// The maximum an agent had at once, ignoring one in two hundred cases and one case.
fn level(own: &[HeldChat]) -> i64 {
    let mut counts: Vec<i64> = counts(own).collect();
    counts.sort_unstable();
    let allowed = (counts.len() / 200).max(1);
    counts[counts.len().saturating_sub(1 + allowed)]
}
