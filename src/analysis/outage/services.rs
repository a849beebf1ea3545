//! Services: nothing is assigned, while activities arrive and agents are present.

use std::collections::BTreeSet;

use super::gap::{
    Candidate, Clock, Counter, FALSE_ALARM_RATE, Gap, HOUR, Score, count, gaps, judge, log_lack,
    paced, real, usual,
};
use super::silence::{Merged, at_edges, at_work};
use super::work::{NIGHT, OLD, Pauses, Work, begun};
use super::{History, MINUTE, OutageWindow};
use crate::analysis::Server;

/// How far around a gap the usual rate is measured.
const NEARBY: i64 = 2 * HOUR;

/// The weight of an agent at work who was assigned nothing, as a log-probability: one in ten may be at
/// lunch.
const AN_AGENT: f64 = 2.3;

/// The same for an agent before the gap with another one after it, if something is usually assigned at that time: a
/// shift may have gone home as the next one came.
const A_SHIFT: f64 = AN_AGENT / 2.0;

/// Up to three agents may be absent together for long.
const MIN_AGENTS: usize = 4;

/// The weight of something waiting while agents were free, as a log-probability: it may have waited for a particular
/// agent.
const WAITING: f64 = 2.0;

/// If less is usual at that time of day, agents may be elsewhere.
const MIN_USUAL: f64 = 3.0;

/// Gaps between assignments in which arrivals, agents and the time of day lead us to expect some.
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
    let pauses = Pauses::between_assignments(&merged.work);
    let mut arriving = Counter::new(arrivals);
    let expected = |from: i64, to: i64| match arriving.count(from + 1, to) {
        few if few < 3 => real(few),
        arrived => real(arrived) * ratio(arrivals, from, to),
    };
    let score = |gap: Candidate| {
        let (from, to, x) = (gap.from, gap.to, gap.estimate);
        let waiting = WAITING * x;
        if 1.5 * waiting < gap.needed {
            return Score::default();
        }
        let there = at_work(&merged.acts, clock.until, from, to);
        let hands = Hands::of(&merged.work, &there, from, to);
        let able = there.len() - hands.busy;
        let idle = Some(pauses.surprise(to - from))
            .filter(|idle| *idle > AN_AGENT && able >= MIN_AGENTS)
            .unwrap_or(0.0);
        let usual_own = clock.usual_of_gap(assigned, from, to);
        let by_agents = AN_AGENT.max(idle) * real(able);
        let by_shifts = match usual_own {
            Some(usual) if usual >= MIN_USUAL && to - from <= NIGHT => {
                A_SHIFT * real(at_edges(&merged.acts, clock.until, from, to))
            }
            _ => 0.0,
        };
        let by_agents = by_agents.max(by_shifts);
        let free = match usual_own {
            Some(usual) if usual < MIN_USUAL => 0.0,
            _ if to - from > NIGHT => 0.0,
            _ => (AN_AGENT * real(hands.freed)).max(idle * real(able)),
        };
        // What arrived would have been assigned, as far as that is usual at the time.
        let expected = usual_own.map_or(x, |usual| x.min(usual));
        let least = match usual_own {
            Some(_) => expected.min(by_agents),
            // Without other days, whether the agents had gone home is not known: what they completed is.
            None if to - from > NIGHT => 0.0,
            None => expected.min(by_agents).min(real(count(&history.completed, from + 1, to))),
        };
        let unassigned = (least / gap.dispersion).max(free.min(waiting));
        // Services fetches mail as well.
        let (before, _) = paced(&history.mails, from, to, clock.until);
        let mails = usual(&history.mails, clock, from, to).min(before * 1.5);
        let lack = log_lack(count(&history.mails, from + 1, to), mails) / 1.5;
        Score { expected, surprise: unassigned + lack.min(unassigned / 2.0) }
    };
    let found = judge(assigned, gaps(assigned, clock.until), 1.0, expected, score);
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

/// Agents at work, by their open work during a gap.
struct Hands {
    /// How many had open work throughout.
    busy: usize,
    /// How many completed all their work some minutes before its end.
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
        let completed = freed.clone();
        Self { busy: busy.difference(&completed).count(), freed: freed.difference(&at_end).count() }
    }
}

/// Without assignment events: the run of arrivals of which most still have no agent.
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
        if waits { (0.9 / usual).ln() } else { (0.1 / (1.0 - usual)).ln() }
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
    let mut lengths: Vec<i64> = history.talks.iter().map(|talk| talk.ended - talk.begun).collect();
    lengths.sort_unstable();
    let longest = lengths.get(lengths.len() * 99 / 100).copied().unwrap_or(0);
    let told = |(start, end, sum): (usize, usize, f64)| {
        let waits = waiting[start..=end].iter().filter(|(_, waits)| *waits).count();
        let p = number * (-sum / 1.5).exp();
        let before = start.checked_sub(1).map_or(waiting[start].0, |at| waiting[at].0);
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
