//! Detects outages in what happened: pure functions over times, in milliseconds on the servers' wall clock.
//!
//! Evidence is counted in events that should have happened and did not, never in minutes, so that nights, week-ends and
//! quiet queues need no thresholds of their own. A gap is judged by how much it should have held: the least of what the
//! hours around it and the same clock time of other days make expect. How far healthy gaps reach is read from the rows
//! themselves (their overdispersion), and a gap counts when fewer than [`ALARM`] like it would be seen by chance.
//!
//! Every step sorts once and then walks or searches: the work is n log n in the number of events.

use std::collections::{BTreeMap, BTreeSet};

use super::Server;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A gap counts when fewer than so many like it are expected among all gaps of healthy rows.
const ALARM: f64 = 0.01;

/// How far around a gap the usual pace is read.
const NEARBY: i64 = 2 * HOUR;

/// Of a long gap only its first and last hours say whether it began and ended while there was work.
const EDGE: i64 = 2 * HOUR;

/// What two other days have in common is no habit yet.
const LEAST_DAYS: usize = 3;

/// Gaps with less to expect are not looked into any further.
const LEAST_EXPECTED: f64 = 4.0;

/// What happened at a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// When activities arrived.
    pub arrivals: Vec<i64>,
    /// When mails arrived, of these.
    pub mails: Vec<i64>,
    /// When chats arrived, of these.
    pub chats: Vec<i64>,
    /// When activities were assigned to agents; `None` when the rows hold no event that says so.
    pub assigned: Option<Vec<i64>>,
    /// When activities were completed.
    pub completed: Vec<i64>,
    /// When agents were given the activities that they have completed.
    pub begun: Vec<i64>,
    /// When they completed them.
    pub ended: Vec<i64>,
    /// When agents did something, with the agent, by the application server that they are logged in to. Agents without
    /// a known server are under the empty name.
    pub acts: BTreeMap<String, Vec<(i64, i64)>>,
    /// Completed chats: when each was completed, and when something was last said in it.
    pub talks: Vec<Talk>,
    /// When something was said, as far as the rows tell: they hold the last times of each chat.
    pub said: Vec<i64>,
    /// When chats that are still in progress, and have been so for long, showed their last sign of life, by the
    /// application server of their agent.
    pub stops: BTreeMap<String, Vec<i64>>,
    /// Arrivals of chats in their order, and whether each still waits in its queue.
    pub waiting: Vec<(i64, bool)>,
    /// The moment from which the rows tell.
    pub since: i64,
    /// The moment up to which they tell.
    pub until: i64,
}

/// A completed chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talk {
    /// When an agent began with it.
    pub begun: i64,
    /// When it was completed.
    pub ended: i64,
    /// When something was said last; `None` when nothing was.
    pub said: Option<i64>,
}

/// An outage that the rows show.
#[derive(Debug, Clone, PartialEq)]
pub struct OutageWindow {
    /// The servers that failed.
    pub servers: Vec<Server>,
    /// Further sets of servers whose failure leaves the same rows.
    pub or_servers: Vec<Vec<Server>>,
    /// The one application server that failed, where others went on.
    pub host: Option<String>,
    /// The last event before it.
    pub from: i64,
    /// The first event after it; `None` while it goes on.
    pub to: Option<i64>,
    /// What is counted.
    pub counted: &'static str,
    /// How many of these should have been between `from` and `to`.
    pub expected: f64,
    /// How many there were.
    pub observed: usize,
    /// How many gaps like this one are expected by chance.
    pub p: f64,
    /// What went on meanwhile, and what else speaks for it.
    pub meanwhile: Vec<String>,
}

impl OutageWindow {
    /// How sure it is, in a word.
    #[must_use]
    pub fn confidence(&self) -> &'static str {
        match self.p {
            p if p < 1e-6 => "high",
            p if p < 1e-3 => "medium",
            _ => "low",
        }
    }

    fn end(&self) -> i64 {
        self.to.unwrap_or(i64::MAX)
    }

    fn length(&self, history: &History) -> i64 {
        self.to.unwrap_or(history.until) - self.from
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.from < other.end() && other.from < self.end()
    }
}

/// A stretch without events: after the one at `from`, before the one at `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Gap {
    from: i64,
    to: i64,
    expected: f64,
    observed: usize,
    p: f64,
}

/// Finds the outages in what happened, in the order of time.
#[must_use]
pub fn detect(history: &History) -> Vec<OutageWindow> {
    let clock = Clock::of(history);
    let silences = silence(history, &clock);
    let mut windows = match &history.assigned {
        Some(assigned) => services(history, assigned, &clock),
        None => unassigned(history),
    };
    // Where the agents' work stopped together with the assignments, more than Services was down. Agents who run out of
    // work do so later.
    windows.retain(|window| {
        let stopped = silences.iter().any(|other| {
            other.overlaps(window)
                && other.servers != [Server::Services]
                && other.from - window.from < 5 * MINUTE
        });
        !stopped || count(&history.completed, window.from + 1, window.end()) > 2
    });
    let hosts = hosts(history, &clock);
    // Where one application server was down for long, the others may rest for a moment.
    let within = |silence: &OutageWindow| {
        let long = |host: &OutageWindow| {
            host.overlaps(silence) && host.length(history) > 3 * silence.length(history)
        };
        hosts.iter().any(long)
    };
    add(
        &mut windows,
        silences
            .into_iter()
            .filter(|silence| !within(silence))
            .collect(),
    );
    let talks = messaging(history);
    add(&mut windows, hosts);
    add(&mut windows, talks);
    windows.sort_by(|a, b| (a.from, &a.host).cmp(&(b.from, &b.host)));
    windows
}

/// Adds those of `more` that do not lie in a window of another kind already.
fn add(windows: &mut Vec<OutageWindow>, more: Vec<OutageWindow>) {
    let known = windows.len();
    for window in more {
        if !windows[..known].iter().any(|one| one.overlaps(&window)) {
            windows.push(window);
        }
    }
}

/// How many of sorted `times` are at or after `from` and before `to`.
fn count(times: &[i64], from: i64, to: i64) -> usize {
    let before = |limit: i64| times.partition_point(|at| *at < limit);
    before(to).saturating_sub(before(from))
}

#[allow(clippy::cast_precision_loss)] // counts of events
fn real(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss)] // less than a year of milliseconds
fn share_of(part: i64, whole: i64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// The days of the rows, by which the same clock time of other days is found.
struct Clock {
    since: i64,
    until: i64,
}

impl Clock {
    fn of(history: &History) -> Self {
        Self {
            since: history.since,
            until: history.until,
        }
    }

    /// The median of what `counted` counts between the same clock times of the other days of the same kind, working day
    /// or week-end; `None` when there are too few to tell what is usual.
    fn median(&self, from: i64, to: i64, counted: impl Fn(i64, i64) -> usize) -> Option<f64> {
        let weekend = |at: i64| (at.div_euclid(DAY) + 3).rem_euclid(7) > 4;
        let kind = weekend(from);
        let mut others = Vec::new();
        let back = (from - self.since).div_euclid(DAY).min(60);
        let ahead = (self.until - to).div_euclid(DAY).min(60);
        for days in (-back..=ahead).filter(|days| *days != 0) {
            let at = from + days * DAY;
            if weekend(at) == kind {
                others.push(counted(at, to + days * DAY));
            }
        }
        others.sort_unstable();
        let low = others.get(others.len().checked_sub(1)? / 2)?;
        let high = others[others.len() / 2];
        (others.len() >= LEAST_DAYS).then(|| (real(*low) + real(high)) / 2.0)
    }

    fn usual(&self, times: &[i64], from: i64, to: i64) -> Option<f64> {
        self.median(from, to, |from, to| count(times, from, to))
    }

    /// The same, of a gap: of its first hours or of its last, whichever make expect less. A holiday begins at night.
    fn usual_of_gap(&self, times: &[i64], from: i64, to: i64) -> Option<f64> {
        if to - from <= EDGE {
            return self.usual(times, from + 1, to);
        }
        let first = self.usual(times, from + 1, from + EDGE)?;
        Some(first.min(self.usual(times, to - EDGE, to)?))
    }
}

/// How much further than chance the expectations of gaps reach that held nothing: by chance they fall off as exp(-x).
/// The slope is taken between high quantiles, which a few outages among the gaps do not move.
fn overdispersion(expected: impl Iterator<Item = f64>, least: f64) -> f64 {
    let mut sorted: Vec<f64> = expected.collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n < 40 {
        return least.max(2.0);
    }
    let above_high = (n / 200).max(5);
    let above_low = (n / 10).max(above_high * 2);
    let of = |above: usize| sorted[n - 1 - above.min(n - 1)];
    let slope = (of(above_high) - of(above_low)) / (real(above_low) / real(above_high)).ln();
    slope.max(least)
}

/// The gaps between sorted `times`, and the one up to `until`.
fn gaps(times: &[i64], until: i64) -> impl Iterator<Item = (i64, i64)> {
    let last = times.last().map(|last| (*last, until));
    let pairs = times.windows(2).map(|pair| (pair[0], pair[1]));
    pairs.chain(last).filter(|(from, to)| from < to)
}

/// What is certain of a gap after a second look.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    /// How many events it should have held.
    expected: f64,
    /// What else speaks for an outage, as the logarithm of how improbable it is otherwise.
    beside: f64,
}

/// Judges every gap by `expected`, looks at those with something to expect a second time, and joins those that count
/// and follow each other at once.
fn judge(
    times: &[i64],
    until: i64,
    least: f64,
    expected: impl Fn(i64, i64) -> f64,
    second: impl Fn(i64, i64, f64) -> Second,
) -> Vec<Gap> {
    let all: Vec<(i64, i64, f64)> = gaps(times, until)
        .map(|(from, to)| (from, to, expected(from, to)))
        .collect();
    let phi = overdispersion(all.iter().map(|(_, _, x)| *x), least);
    let number = real(all.len());
    let mut found: Vec<Gap> = Vec::new();
    for (from, to, x) in all {
        if x < LEAST_EXPECTED {
            continue;
        }
        let Second { expected, beside } = second(from, to, x);
        // What else speaks for it weighs no more than the gap itself.
        let beside = beside.min(expected / phi);
        let p = number * (-expected / phi - beside).exp();
        if expected < LEAST_EXPECTED || p >= ALARM {
            continue;
        }
        match found.last_mut() {
            Some(last) if from - last.to <= 5 * MINUTE && count(times, last.to, from + 1) <= 3 => {
                last.observed += count(times, last.to, from + 1);
                last.to = to;
                last.expected += expected;
                last.p = last.p.min(p);
            }
            _ => found.push(Gap {
                from,
                to,
                expected,
                observed: 0,
                p,
            }),
        }
    }
    found
}

/// How improbable at least `count` events are where `mean` are expected, as a logarithm; none where fewer are there.
fn log_surprise(observed: usize, mean: f64) -> f64 {
    let (observed, mean) = (real(observed), mean.max(1e-3));
    if observed <= mean {
        return 0.0;
    }
    observed * (observed / mean).ln() - (observed - mean)
}

/// The same of at most `observed` events.
fn log_lack(observed: usize, mean: f64) -> f64 {
    let observed = real(observed);
    if observed >= mean {
        return 0.0;
    }
    let kept = if observed > 0.0 {
        observed * (mean / observed).ln()
    } else {
        0.0
    };
    (mean - observed - kept).max(0.0)
}

/// How many of `times` a gap should hold by the pace of the hour before and of the hour after, as far as the rows go.
fn paced(times: &[i64], from: i64, to: i64, until: i64) -> (f64, f64) {
    let length = share_of(to - from, MINUTE);
    let before = real(count(times, from - HOUR, from + 1)) / 60.0;
    if until - to < HOUR / 4 {
        return (before * length, before * length);
    }
    let span = HOUR.min(until - to);
    let after = real(count(times, to, to + span)) / share_of(span, MINUTE);
    (before * length, after * length)
}

/// The same, by the other days as well: the least of the usual and of the faster hour around; without other days that
/// of the slower one.
fn usual(times: &[i64], clock: &Clock, from: i64, to: i64) -> f64 {
    let (before, after) = paced(times, from, to, clock.until);
    match clock.usual_of_gap(times, from, to) {
        Some(usual) => usual.min(before.max(after)),
        None => before.min(after),
    }
}

/// Nothing is assigned any more, while activities arrive and agents complete what they have.
fn services(history: &History, assigned: &[i64], clock: &Clock) -> Vec<OutageWindow> {
    let near = |times: &[i64], from: i64, to: i64| {
        count(times, from - NEARBY, from + 1) + count(times, to, to + NEARBY)
    };
    let arrivals = &history.arrivals;
    let ratio = |of: &[i64], from: i64, to: i64| {
        let (assigned, of) = (near(assigned, from, to), near(of, from, to));
        (real(assigned) / real(of.max(1))).min(1.0)
    };
    let expected = |from: i64, to: i64| {
        let arrived = count(arrivals, from + 1, to);
        if arrived < 3 {
            return real(arrived);
        }
        let by_arrivals = real(arrived) * ratio(arrivals, from, to);
        let completed = count(&history.completed, from + 1, to);
        let free = free_agents(history, from, to);
        let by_agents = real(completed) * ratio(&history.completed, from, to) + real(free);
        by_arrivals.min(by_agents)
    };
    let acts = all_acts(history);
    let second = |from: i64, to: i64, x: f64| Second {
        expected: match clock.usual_of_gap(assigned, from, to) {
            Some(usual) => x.min(usual),
            // Without other days, whether the agents had gone home is not known: what they completed is.
            None => x.min(real(count(&history.completed, from + 1, to))),
        },
        beside: idle(&acts, clock, history.until, from, to),
    };
    let found = judge(assigned, history.until, 1.0, expected, second);
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

/// How many agents may have been free at `at`: those at work before and after, less what they have in hand;
/// or as many as had more to do at once in the last hour and a half.
fn free_agents(history: &History, at: i64, to: i64) -> usize {
    let open = |at: i64| {
        let begun = history.begun.partition_point(|own| *own <= at);
        let ended = history.ended.partition_point(|own| *own <= at);
        begun.saturating_sub(ended)
    };
    let most = (0..=18).map(|step| open(at - step * 5 * MINUTE)).max();
    let present: usize = history
        .acts
        .values()
        .map(|acts| present(acts, history.until, at, to))
        .sum();
    most.unwrap_or(0)
        .min(2 * present)
        .max(present)
        .saturating_sub(open(at))
}

/// What agents who ran out of work while more arrived say in a gap between assignments: how improbable their silence
/// is, as a logarithm.
fn idle(acts: &[(i64, i64)], clock: &Clock, until: i64, from: i64, to: i64) -> f64 {
    let times: Vec<i64> = {
        let low = acts.partition_point(|(at, _)| *at < from - DAY);
        let high = acts.partition_point(|(at, _)| *at < to + DAY);
        acts[low..high].iter().map(|(at, _)| *at).collect()
    };
    let low = times.partition_point(|at| *at < from);
    let inside = &times[low.saturating_sub(1)..];
    let longest = gaps(inside, to.min(until))
        .take_while(|(begun, _)| *begun < to)
        .map(|(begun, ended)| (begun.max(from), ended.min(to)))
        .max_by_key(|(begun, ended)| ended - begun);
    let Some((begun, ended)) = longest.filter(|(begun, ended)| ended > begun) else {
        return 0.0;
    };
    let (before, after) = paced(&times, from, to, until);
    let paced = before.max(after) * share_of(ended - begun, to - from);
    let usual = clock.median(begun, ended, |from, to| {
        let before = |limit: i64| acts.partition_point(|(at, _)| *at < limit);
        before(to).saturating_sub(before(from))
    });
    paced.min(usual.unwrap_or(0.0)) / 2.0
}

/// What agents did, on whichever server.
fn all_acts(history: &History) -> Vec<(i64, i64)> {
    let mut acts: Vec<(i64, i64)> = history.acts.values().flatten().copied().collect();
    acts.sort_unstable();
    acts
}

/// The agents who did something from `from` and before `to`.
fn agents(acts: &[(i64, i64)], from: i64, to: i64) -> BTreeSet<i64> {
    let low = acts.partition_point(|(at, _)| *at < from);
    let high = acts.partition_point(|(at, _)| *at < to);
    acts[low..high].iter().map(|(_, agent)| *agent).collect()
}

/// How many agents were at work on both sides of a gap: who went home in it does not come back.
fn present(acts: &[(i64, i64)], until: i64, from: i64, to: i64) -> usize {
    let before = agents(acts, from - HOUR, from + 1);
    if until - to < HOUR / 4 {
        return before.len();
    }
    before
        .intersection(&agents(acts, from + 1, to + NEARBY))
        .count()
}

/// Fewer agents who go for lunch together are no outage.
const LEAST_AGENTS: f64 = 2.5;

/// Which share of the usual agents was at work on both sides of a gap; nothing where they are too few for their silence
/// to be more than chance.
fn staff(acts: &[(i64, i64)], clock: &Clock, from: i64, to: i64) -> f64 {
    let present = real(present(acts, clock.until, from, to));
    if present < LEAST_AGENTS {
        return 0.0;
    }
    let ends = [
        (from + 1, to.min(from + EDGE)),
        (from.max(to - EDGE) + 1, to),
    ];
    let usual =
        ends.map(|(from, to)| clock.median(from, to, |from, to| agents(acts, from, to).len()));
    let shares = usual.into_iter().flatten().map(|usual| {
        if usual < LEAST_AGENTS {
            0.0
        } else {
            present / usual
        }
    });
    shares.fold(1.0, f64::min)
}

/// What chats that stopped for good in a gap or just before it say: how improbable so many are, as a logarithm.
fn stopped(history: &History, stops: &[i64], ended: usize, from: i64, to: i64) -> f64 {
    let all: usize = history.stops.values().map(Vec::len).sum();
    let usual = real(all) / real(history.talks.len().max(1)) * real(ended + 2);
    log_surprise(count(stops, from - 3 * MINUTE, to), usual)
}

/// The last sign of a chat that stopped in a gap, which is nearer to the outage than the last step of an agent.
fn last_stop(stops: &[i64], from: i64, to: i64) -> i64 {
    let before = stops.partition_point(|at| *at < to);
    stops[..before].last().map_or(from, |last| from.max(*last))
}

/// All agents do nothing any more.
fn silence(history: &History, clock: &Clock) -> Vec<OutageWindow> {
    let by_agent = all_acts(history);
    let acts: Vec<i64> = by_agent.iter().map(|(at, _)| *at).collect();
    let mut stops: Vec<i64> = history.stops.values().flatten().copied().collect();
    stops.sort_unstable();
    let until = history.until;
    let expected = |from: i64, to: i64| {
        let (before, after) = paced(&acts, from, to, until);
        before.max(after)
    };
    let second = |from: i64, to: i64, _: f64| {
        let expected = usual(&acts, clock, from, to) * staff(&by_agent, clock, from, to);
        // A night cannot be told from an outage by one day.
        let night = to - from > 3 * HOUR && clock.usual_of_gap(&acts, from, to).is_none();
        if night || expected < LEAST_EXPECTED {
            return Second::default();
        }
        let arrivals = usual(&history.arrivals, clock, from, to);
        let ended = count(&history.completed, from - 4 * MINUTE, from + 1);
        Second {
            expected,
            beside: log_lack(count(&history.arrivals, from + 1, to), arrivals) / 1.5
                + stopped(history, &stops, ended, from, to),
        }
    };
    let found = judge(&acts, until, 2.0, expected, second);
    let window = |gap: Gap| {
        let chats = usual(&history.chats, clock, gap.from, gap.to);
        // The first to do something after an outage is not there at once.
        let arrived = count(
            &history.chats,
            gap.from + 1,
            gap.to - (gap.to - gap.from) / 6,
        );
        let came_in = chats >= 3.0 && real(arrived) >= chats * 0.5;
        let given = history.assigned.as_ref().and_then(|assigned| {
            let before = assigned.partition_point(|at| *at <= gap.to - MINUTE);
            let last = *assigned[..before].last()?;
            let after = assigned.get(before).copied();
            (last <= gap.from + MINUTE).then_some((last, after))
        });
        let drained =
            given.is_some_and(|(last, _)| count(&history.completed, last + 1, gap.from + 1) >= 3);
        let (mut servers, mut or_servers) = silent_servers(history, clock, gap.from, gap.to);
        let (mut from, mut to) = (last_stop(&stops, gap.from, gap.to), gap.to);
        if came_in || drained {
            (servers, or_servers) = (vec![Server::Services], Vec::new());
            (from, to) = given.map_or((gap.from, gap.to), |(last, after)| {
                (last, after.unwrap_or(until))
            });
        }
        let arrived = count(&history.arrivals, from + 1, to);
        OutageWindow {
            servers,
            or_servers,
            host: None,
            from,
            to: (to < until).then_some(to),
            counted: "steps of agents",
            expected: gap.expected,
            observed: gap.observed,
            p: gap.p,
            meanwhile: vec![format!("{arrived} activities arrived")],
        }
    };
    found.into_iter().map(window).collect()
}

/// Which servers may have failed when all agents fell silent: mail tells whether Services went on.
fn silent_servers(
    history: &History,
    clock: &Clock,
    from: i64,
    to: i64,
) -> (Vec<Server>, Vec<Vec<Server>>) {
    use Server::{Application, Messaging, Services};
    let all = vec![Application, Services, Messaging];
    let both = vec![Application, Messaging];
    let expected = usual(&history.mails, clock, from, to);
    // What was held back comes in at once when the servers are back, before the first agent is.
    let arrived = real(count(&history.mails, from + 1, to - (to - from) / 6));
    if expected >= 6.0 && arrived < expected * 0.1 {
        (all, Vec::new())
    } else if expected >= 4.0 && arrived >= expected * 0.4 {
        (vec![Application], vec![both])
    } else {
        (vec![Application], vec![both, all])
    }
}

/// The agents of one application server do nothing any more, while those of the others do.
fn hosts(history: &History, clock: &Clock) -> Vec<OutageWindow> {
    let named: Vec<(&String, &Vec<(i64, i64)>)> = history
        .acts
        .iter()
        .filter(|(host, _)| !host.is_empty())
        .collect();
    if named.len() < 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (host, acts) in &named {
        let own: Vec<i64> = acts.iter().map(|(at, _)| *at).collect();
        let mut others: Vec<i64> = named
            .iter()
            .filter(|(other, _)| other != host)
            .flat_map(|(_, acts)| acts.iter().map(|(at, _)| *at))
            .collect();
        others.sort_unstable();
        found.extend(silent_host(history, clock, host, acts, &own, &others));
    }
    found
}

fn silent_host(
    history: &History,
    clock: &Clock,
    host: &str,
    acts: &[(i64, i64)],
    own: &[i64],
    others: &[i64],
) -> Vec<OutageWindow> {
    let until = history.until;
    let share = |from: i64, to: i64| {
        let (own, others) = (count(own, from, to), count(others, from, to));
        real(own) / real((own + others).max(1))
    };
    let by_share = |share: f64, meanwhile: usize| -(1.0 - share.min(0.95)).ln() * real(meanwhile);
    let shares = |from: i64, to: i64| {
        let before = share(from - NEARBY, from + 1);
        let ongoing = until - to < HOUR / 4;
        (
            before,
            if ongoing {
                before
            } else {
                share(to, to + NEARBY)
            },
        )
    };
    let expected = |from: i64, to: i64| {
        let meanwhile = count(others, from + 1, to);
        if meanwhile < 3 {
            return 0.0;
        }
        let (before, after) = shares(from, to);
        by_share(before.max(after), meanwhile)
    };
    let stops = history.stops.get(host).map_or(&[][..], Vec::as_slice);
    let second = |from: i64, to: i64, x: f64| {
        let staff = staff(acts, clock, from, to);
        if staff <= 0.0 {
            return Second::default();
        }
        let ended = count(own, from - 4 * MINUTE, from + 1);
        Second {
            // In the measure of the others' steps, of which each might have been one of the host's.
            expected: match clock.usual_of_gap(own, from, to) {
                Some(usual) => x.min(usual * staff * 1.5),
                None => {
                    let (before, after) = shares(from, to);
                    by_share(before.min(after), count(others, from + 1, to))
                }
            },
            beside: stopped(history, stops, ended, from, to),
        }
    };
    let found = judge(own, until, 1.5, expected, second);
    let window = |gap: Gap| OutageWindow {
        servers: vec![Server::Application],
        or_servers: Vec::new(),
        host: Some(host.to_owned()),
        from: last_stop(stops, gap.from, gap.to),
        to: (gap.to < until).then_some(gap.to),
        counted: "steps of its agents",
        expected: gap.expected,
        observed: gap.observed,
        p: gap.p,
        meanwhile: vec![format!(
            "{} steps of agents of other servers",
            count(others, gap.from + 1, gap.to)
        )],
    };
    found.into_iter().map(window).collect()
}

/// Nothing is said any more in chats that agents go on to complete.
///
/// Each chat that was completed in a gap between messages had its last message before the gap, and how often a chat's
/// last message is so long before its end is read from all chats.
fn messaging(history: &History) -> Vec<OutageWindow> {
    if history.said.is_empty() {
        return Vec::new();
    }
    let said = &history.said;
    let mut talks = history.talks.clone();
    talks.sort_by_key(|talk| talk.ended);
    let mut lags: Vec<i64> = talks
        .iter()
        .map(|talk| talk.ended - talk.said.unwrap_or(talk.begun))
        .collect();
    lags.sort_unstable();
    let lasts = |lag: i64| {
        let longer = lags.len() - lags.partition_point(|own| *own < lag);
        (real(longer) + 0.5) / (real(lags.len()) + 1.0)
    };
    let surprise = |from: i64, to: i64| {
        let low = talks.partition_point(|talk| talk.ended <= from);
        let high = talks.partition_point(|talk| talk.ended < to);
        talks[low..high]
            .iter()
            .map(|talk| -lasts(talk.ended - talk.begun.max(from)).ln())
            .sum::<f64>()
    };
    let second = |_: i64, _: i64, expected: f64| Second {
        expected,
        beside: 0.0,
    };
    let found = judge(said, history.until, 1.5, surprise, second);
    let window = |gap: Gap| {
        let completed = count(&history.completed, gap.from + 1, gap.to);
        let ended = talks.partition_point(|talk| talk.ended < gap.to)
            - talks.partition_point(|talk| talk.ended <= gap.from);
        let mut meanwhile = vec![format!("{completed} activities were completed")];
        if let Some(assigned) = &history.assigned {
            let assigned = count(assigned, gap.from + 1, gap.to);
            meanwhile.push(format!("{assigned} were assigned"));
        }
        OutageWindow {
            servers: vec![Server::Messaging],
            or_servers: Vec::new(),
            host: None,
            from: gap.from,
            to: (gap.to < history.until).then_some(gap.to),
            counted: "last messages of completed chats",
            expected: real(ended),
            observed: gap.observed,
            p: gap.p,
            meanwhile,
        }
    };
    found.into_iter().map(window).collect()
}

/// Without events of assignment: the run of arrivals most of which still have no agent.
fn unassigned(history: &History) -> Vec<OutageWindow> {
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
        (p < ALARM && waits >= 5 && completed >= 3 && !goes_on).then(|| OutageWindow {
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
