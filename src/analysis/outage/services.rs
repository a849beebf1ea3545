//! Services: nothing is assigned any more, while activities arrive and agents are there.

use std::collections::BTreeSet;

use super::gap::{
    Candidate, Clock, Counter, FALSE_ALARM_RATE, Gap, HOUR, Score, count, judge, log_lack, paced,
    real, usual,
};
use super::silence::{Merged, NIGHT, at_work};
use super::work::{OLD, Work, begun};
use super::{History, MINUTE, OutageWindow};
use crate::analysis::Server;

/// How far around a gap the usual pace is read.
const NEARBY: i64 = 2 * HOUR;

/// How much it says that an agent at work was assigned nothing, as the logarithm of an improbability: one in ten may be
/// at lunch.
const AN_AGENT: f64 = 2.3;

/// How much it says that something waited while agents were free, as the logarithm of an improbability: it may have
/// waited for an agent of its own.
const WAITING: f64 = 2.0;

/// What waited in a gap is assigned so soon after it.
const SOON: i64 = 15 * MINUTE;

/// Where less is usual at that time of the day, agents may be elsewhere.
const LEAST_USUAL: f64 = 3.0;

/// A day may have fewer than the least of other days, by so much.
const LEAST_IS_SURE: f64 = 0.7;

/// Gaps between assignments that arrivals, agents and the clock say should have held some.
pub(super) fn unassigned_gaps(
    history: &History,
    merged: &Merged<'_>,
    assigned: &[i64],
    clock: &Clock,
) -> Vec<OutageWindow> {
    let arrivals = &history.arrivals;
    let near = |times: &[i64], from: i64, to: i64| {
        count(times, from - NEARBY, from + 1) + count(times, to, to + NEARBY)
    };
    let ratio = |of: &[i64], from: i64, to: i64| {
        let (assigned, of) = (near(assigned, from, to), near(of, from, to));
        (real(assigned) / real(of.max(1))).min(1.0)
    };
    let by_arrivals = |from: i64, to: i64| {
        let arrived = count(arrivals, from + 1, to);
        if arrived < 3 {
            return real(arrived);
        }
        real(arrived) * ratio(arrivals, from, to)
    };
    let (mut arriving, mut completing) = (Counter::new(arrivals), Counter::new(&history.completed));
    let expected = |from: i64, to: i64| {
        let arrived = match arriving.count(from + 1, to) {
            few if few < 3 => real(few),
            _ => by_arrivals(from, to),
        };
        let completed = completing.count(from + 1, to);
        if real(completed) <= arrived {
            return arrived;
        }
        arrived.max(real(completed.min(backlog(history, from, to))))
    };
    let score = |gap: Candidate| {
        let (from, to, x) = (gap.from, gap.to, gap.estimate);
        let waiting = WAITING * (by_arrivals(from, to) + real(backlog(history, from, to)));
        if 1.5 * (x / gap.dispersion).max(waiting) < gap.needed {
            return Score::default();
        }
        let there = at_work(&merged.acts, clock.until, from, to);
        let hands = Hands::of(&merged.work, &there, from, to);
        let able = there.len() - hands.busy;
        let by_agents = AN_AGENT * real(able);
        let usual_own = clock.usual_of_gap(assigned, from, to);
        let free = match usual_own {
            Some(usual) if usual < LEAST_USUAL => 0.0,
            _ if to - from > NIGHT => 0.0,
            _ => AN_AGENT * real(hands.freed),
        };
        let expected = match usual_own {
            Some(usual) => {
                let able = if there.is_empty() {
                    1.0
                } else {
                    real(able) / real(there.len())
                };
                let least = clock.least(assigned, from, to) * LEAST_IS_SURE * able;
                x.min(usual).min(by_agents.max(least))
            }
            // Without other days, whether the agents had gone home is not known: what they completed is.
            None => {
                let completed = real(count(&history.completed, from + 1, to));
                x.min(by_agents).min(completed)
            }
        };
        // Mail is fetched by Services too.
        let (before, _) = paced(&history.mails, from, to, clock.until);
        let mails = usual(&history.mails, clock, from, to).min(before * 1.5);
        let lack = log_lack(count(&history.mails, from + 1, to), mails) / 1.5;
        let unassigned = (expected / gap.dispersion).max(free.min(waiting));
        Score {
            expected: expected.max(x.min(free)),
            surprise: unassigned + lack.min(unassigned / 2.0),
        }
    };
    let found = judge(assigned, clock, 1.0, expected, score);
    let window = |gap: Gap| {
        let arrived = count(arrivals, gap.from + 1, gap.to);
        let completed = count(&history.completed, gap.from + 1, gap.to);
        OutageWindow {
            servers: vec![Server::Services],
            or_servers: Vec::new(),
            host: None,
            from: gap.from,
            to: (gap.to < history.until).then_some(gap.to),
            counted: "assignments",
            expected: gap.expected,
            observed: gap.observed,
            p: gap.p,
            meanwhile: vec![
                format!("{arrived} activities arrived"),
                format!("{completed} were completed"),
            ],
        }
    };
    found.into_iter().map(window).collect()
}

/// How many activities waited all through a gap, of those that were assigned soon after it: a queue that nobody serves
/// waits as well.
fn backlog(history: &History, from: i64, to: i64) -> usize {
    if to - from > NIGHT {
        return 0;
    }
    let before = |limit: i64| history.waited.partition_point(|(begun, _)| *begun < limit);
    let soon = &history.waited[before(to)..before(to + SOON)];
    soon.iter().filter(|(_, arrived)| *arrived <= from).count()
}

/// Agents at work, by what they had in hand in a gap.
struct Hands {
    /// How many had something all through it.
    busy: usize,
    /// How many completed the last that they had, some minutes before its end.
    freed: usize,
}

impl Hands {
    fn of(work: &[&[Work]], there: &BTreeSet<i64>, from: i64, to: i64) -> Self {
        let (mut freed, mut at_end, mut busy) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let own = begun(work, from - OLD, to);
        for work in own.filter(|work| there.contains(&work.agent)) {
            match work.ended {
                Some(ended) if ended <= from => {}
                Some(ended) if ended <= to - 3 * MINUTE => {
                    freed.insert(work.agent);
                }
                ended => {
                    at_end.insert(work.agent);
                    if work.begun <= from && ended.is_none_or(|ended| ended >= to) {
                        busy.insert(work.agent);
                    }
                }
            }
        }
        Self {
            busy: busy.len(),
            freed: freed.difference(&at_end).count(),
        }
    }
}

/// Without events of assignment: the run of arrivals most of which still have no agent.
pub(super) fn unassigned_runs(history: &History) -> Vec<OutageWindow> {
    let waiting = &history.waiting;
    let all = waiting.iter().filter(|(_, waits)| *waits).count();
    if waiting.len() < 20 || all < 5 {
        return Vec::new();
    }
    // Log-likelihood of an arrival within the run (nine of ten wait) against the usual share, kept from falling below
    // nothing: the run is where the sum grows most.
    let usual = (real(all) / real(waiting.len())).clamp(0.001, 0.5);
    let gain = |waits: bool| {
        if waits {
            (0.9 / usual).ln()
        } else {
            (0.1 / (1.0 - usual)).ln()
        }
    };
    let mut windows = Vec::new();
    let mut start = 0;
    let mut sum = 0.0_f64;
    let mut best: Option<(usize, usize, f64)> = None;
    for (at, (_, waits)) in waiting.iter().enumerate() {
        if sum <= 0.0 {
            windows.extend(best.take());
            (start, sum) = (at, 0.0);
        }
        sum += gain(*waits);
        if sum > best.map_or(0.0, |(_, _, most)| most) {
            best = Some((start, at, sum));
        }
        // What follows the run by far is another one.
        if best.is_some_and(|(_, _, most)| sum < most - 6.0) {
            windows.extend(best.take());
            (start, sum) = (at + 1, 0.0);
        }
    }
    windows.extend(best);
    let number = real(waiting.len());
    let mut lengths: Vec<i64> = history
        .talks
        .iter()
        .map(|talk| talk.ended - talk.begun)
        .collect();
    lengths.sort_unstable();
    let longest = lengths.get(lengths.len() * 99 / 100).copied().unwrap_or(0);
    let told = |(start, end, sum): (usize, usize, f64)| {
        let waits = waiting[start..=end]
            .iter()
            .filter(|(_, waits)| *waits)
            .count();
        let p = number * (-sum / 1.5).exp();
        let before = start
            .checked_sub(1)
            .map_or(waiting[start].0, |at| waiting[at].0);
        let after = waiting.get(end + 1).map_or(history.until, |(at, _)| *at);
        let completed = count(&history.completed, before, after);
        // Who waits at the end of the rows may merely wait for a turn, though nobody does for so long.
        let goes_on = end + 1 == waiting.len() && waiting[end].0 - waiting[start].0 < longest;
        (p < FALSE_ALARM_RATE && waits >= 5 && completed >= 3 && !goes_on).then(|| OutageWindow {
            servers: vec![Server::Services],
            or_servers: Vec::new(),
            host: None,
            from: before,
            to: waiting.get(end + 1).map(|(at, _)| *at),
            counted: "assignments",
            expected: real(end - start + 1) * (1.0 - usual),
            observed: end - start + 1 - waits,
            p,
            meanwhile: vec![
                format!("{} chats arrived", end - start + 1),
                format!("{completed} activities were completed"),
            ],
        })
    };
    windows.into_iter().filter_map(told).collect()
}
