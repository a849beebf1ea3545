//! All application servers: agents do nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::gap::{
    Candidate, Clock, Gap, HOUR, MIN_EXPECTED, Pace, Score, count, gaps, judge, least_of, log_lack,
    log_surprise, paced, real, share_of, usual,
};
use super::work::{Durations, NIGHT, OLD, OpenWork, Work, begun};
use super::{History, MINUTE, OutageWindow};
use crate::analysis::Server;

/// How far around a gap the usual rate is measured.
pub(super) const NEARBY: i64 = 2 * HOUR;

/// The actions and open work of agents on all servers together.
pub(super) struct Merged<'h> {
    /// When agents did something, and which.
    pub(super) acts: Cow<'h, [(i64, i64)]>,
    pub(super) work: Vec<&'h [Work]>,
    stops: Cow<'h, [i64]>,
    pub(super) durations: Durations,
}

impl<'h> Merged<'h> {
    pub(super) fn of(history: &'h History) -> Self {
        let work: Vec<&[Work]> = history.work.values().map(Vec::as_slice).collect();
        Self {
            acts: of_all_servers(&history.acts),
            durations: Durations::of(work.iter().copied().flatten()),
            work,
            stops: of_all_servers(&history.stops),
        }
    }
}

/// The data of all servers, merged in order; each input is sorted.
fn of_all_servers<T: Ord + Copy>(by_server: &BTreeMap<String, Vec<T>>) -> Cow<'_, [T]> {
    if let Some(only) = by_server.values().next().filter(|_| by_server.len() == 1) {
        return Cow::Borrowed(only);
    }
    let mut all: Vec<T> = by_server.values().flatten().copied().collect();
    all.sort_unstable();
    Cow::Owned(all)
}

/// The agents who did something from `from` and before `to`.
pub(super) fn agents(acts: &[(i64, i64)], from: i64, to: i64) -> BTreeSet<i64> {
    let low = acts.partition_point(|(at, _)| *at < from);
    let high = acts.partition_point(|(at, _)| *at < to);
    acts[low..high].iter().map(|(_, agent)| *agent).collect()
}

/// The agents at work before or during a gap and after it: those who went home during it do not come back.
pub(super) fn at_work(acts: &[(i64, i64)], until: i64, from: i64, to: i64) -> BTreeSet<i64> {
    let mut there = agents(acts, from - HOUR, to);
    if until - to >= HOUR / 4 {
        let after = agents(acts, to, to + NEARBY);
        there.retain(|agent| after.contains(agent));
    }
    there
}

/// How many agents did something shortly before a gap, or shortly after it if those are fewer.
pub(super) fn at_edges(acts: &[(i64, i64)], until: i64, from: i64, to: i64) -> usize {
    let before = agents(acts, from - HOUR, from + 1).len();
    match until - to >= HOUR / 4 {
        true => before.min(agents(acts, to, to + HOUR).len()),
        false => before,
    }
}

fn present(acts: &[(i64, i64)], until: i64, from: i64, to: i64) -> usize {
    at_work(acts, until, from, to).len()
}

/// The log-probability of so many chats stopping for good in a gap or just before it.
pub(super) fn stopped(history: &History, stops: &[i64], ended: usize, from: i64, to: i64) -> f64 {
    let all: usize = history.stops.values().map(Vec::len).sum();
    let usual = real(all) / real(history.talks.len().max(1)) * real(ended + 2);
    log_surprise(count(stops, from - 3 * MINUTE, to), usual)
}

/// The last sign of life of a chat that stopped in a gap, which is closer to the outage than an agent's last action.
pub(super) fn last_stop(stops: &[i64], from: i64, to: i64) -> i64 {
    let before = stops.partition_point(|at| *at < to);
    stops[..before].last().map_or(from, |last| from.max(*last))
}

/// The weight of an agent at work who did nothing, as a log-probability: one in ten may be at
/// lunch.
pub(super) const AN_AGENT: f64 = 2.3;

/// How similar the durations of concurrent chats are.
pub(super) const WORK_DISPERSION: f64 = 1.3;

/// Open work with a higher weight, as a log-probability, was not left open by chance.
const MAX_IN_HAND: f64 = 6.0;

/// The maximum weight of open work that nobody completed: at most that of the usual rate at that time of day, since
/// agents who go home leave work for the next day. `usual` is that of other days, if known.
pub(super) fn most_of_frozen(usual: Option<f64>, (before, after): (f64, f64), length: i64) -> f64 {
    let most = match usual {
        Some(usual) => usual,
        None if length > NIGHT => 0.0,
        None => before.max(after),
    };
    most / WORK_DISPERSION
}

/// How much work was open at once, on average over the hour before a time.
pub(super) fn usually_open(work: &[&[Work]], at: i64, is_meant: impl Fn(&Work) -> bool) -> f64 {
    let open = |work: &Work| {
        let ended = work.ended.map_or(at, |ended| ended.min(at));
        (ended - work.begun.max(at - HOUR)).max(0)
    };
    let meant = begun(work, at - OLD, at).filter(|work| is_meant(work));
    share_of(meant.map(open).sum(), HOUR)
}

/// Combines two surprises that partly have the same cause: the larger, and a part of the other.
pub(super) fn together(one: f64, other: f64) -> f64 {
    one.max(other) + 0.3 * one.min(other)
}

/// Windows in which no agent does anything.
pub(super) fn of_all(history: &History, merged: &Merged<'_>, clock: &Clock) -> Vec<OutageWindow> {
    let Merged { acts: by_agent, work, stops, durations } = merged;
    let acts: Vec<i64> = by_agent.iter().map(|(at, _)| *at).collect();
    let mut open = OpenWork::new(work);
    let until = history.until;
    let mut pace = Pace::new(&acts, until);
    let expected = |from: i64, to: i64| {
        let (before, after) = pace.of(from, to);
        before.max(after)
    };
    let score = |gap: Candidate| {
        let (from, to) = (gap.from, gap.to);
        let usual_acts = clock.usual_of_gap(&acts, from, to);
        let paced_acts = paced(&acts, from, to, until);
        let expected = least_of(usual_acts, paced_acts);
        // A night cannot be distinguished from an outage by one day.
        let night = to - from > NIGHT && usual_acts.is_none();
        let most_silent = expected / gap.dispersion;
        let most_frozen = most_of_frozen(usual_acts, paced_acts, to - from);
        let most_lack = most_of_lack(history, until, from, to);
        let most = together(most_frozen, most_silent * 2.0) + most_lack;
        if night || expected < MIN_EXPECTED || most < gap.needed {
            return Score::default();
        }
        let (frozen, in_hand) = open.frozen(durations, from, to, None);
        let frozen = (frozen / WORK_DISPERSION).min(most_frozen);
        let arrivals =
            most_lack.min(clock.usual_of_gap(&history.chats, from, to).unwrap_or(most_lack / 1.5));
        let arrived = count(&history.arrivals, from + 1, to);
        let lack = log_lack(count(&history.chats, from + 1, to), arrivals) / 1.5;
        // Agents without work do nothing on a healthy site too.
        let there = AN_AGENT * real(present(by_agent, until, from, to));
        let silent = most_silent.min(there).min(real(arrived + in_hand));
        let ended = count(&history.completed, from - 4 * MINUTE, from + 1);
        let stopped = stopped(history, stops, ended, from, to);
        Score { expected, surprise: together(frozen, silent + stopped.min(silent)) + lack }
    };
    let found = judge(&acts, gaps(&acts, until), 2.0, expected, score);
    let window = |gap: Gap| {
        let chats = usual(&history.chats, clock, gap.from, gap.to);
        // The first to do something after an outage is not there at once.
        let arrived = count(&history.chats, gap.from + 1, gap.to - (gap.to - gap.from) / 6);
        let came_in = chats >= 3.0 && arrived >= 3 && real(arrived) > chats * 0.2;
        let given = history.assigned.as_ref().and_then(|assigned| {
            let before = assigned.partition_point(|at| *at <= gap.to - MINUTE);
            let last = *assigned[..before].last()?;
            let after = assigned.get(before).copied();
            (last <= gap.from + MINUTE).then_some((last, after))
        });
        // What was said to the end was said with Messaging.
        let drained = given.is_some_and(|(last, _)| {
            let halfway = last + (gap.from - last) / 2;
            count(&history.completed, last + 1, gap.from + 1) >= 3
                && (chats < 3.0 || count(&history.said, halfway, gap.from) == 0)
        });
        let (mut servers, mut or_servers, mail) = silent_servers(history, clock, gap.from, gap.to);
        let mut from = last_stop(stops, gap.from, gap.to);
        // The first agent to come back does something a little after the first chat or assignment.
        let assigned = history.assigned.as_deref().unwrap_or_default();
        let first = |times: &[i64]| first_at_end(times, gap.from, gap.to).unwrap_or(gap.to);
        let mut to = mail.min(first(assigned)).min(first(&history.chats));
        // Agents complete what they have in hand while Services is down, and then have nothing to do.
        let (frozen, in_hand) = OpenWork::new(work).frozen(durations, gap.from, gap.to, None);
        let left = frozen - log_lack(in_hand, usually_open(work, gap.from, |_| true));
        if came_in || (drained && left < MAX_IN_HAND) {
            (servers, or_servers) = if came_in || chats < 3.0 {
                (vec![Server::Services], Vec::new())
            } else {
                // Services takes no chat away: where none comes in, Messaging may be what they wait for.
                or_servers.insert(0, servers);
                (vec![Server::Messaging], or_servers)
            };
            (from, to) = match given {
                Some((last, after)) => (last, after.unwrap_or(until)),
                None if history.assigned.is_none() => (last_taken(work, gap.from), gap.to),
                None => (gap.from, gap.to),
            };
        }
        let arrived = count(&history.arrivals, from + 1, to);
        // The window may be longer than the silence in it: agents complete the work that they have. What is counted
        // then is what they were not assigned, or without events what they completed of what arrived.
        let (counted, expected, observed) = match &history.assigned {
            _ if !came_in || count(&history.completed, from + 1, to) <= gap.observed => {
                ("agent actions", gap.expected, gap.observed)
            }
            Some(assigned) => ("assignments", real(arrived), count(assigned, from + 1, to)),
            None => {
                let arriving = begun(work, from + 1, to);
                let completed = arriving.filter(|work| work.ended.is_some_and(|end| end < to));
                ("completions of new arrivals", real(arrived), completed.count())
            }
        };
        OutageWindow {
            servers,
            or_servers,
            host: None,
            from,
            to: (to < until).then_some(to),
            counted,
            expected,
            observed,
            p: gap.p,
            meanwhile: vec![format!("{arrived} activities arrived")],
        }
    };
    found.into_iter().map(window).collect()
}

/// The expected number of chats in a gap, by the hours around it.
fn most_of_lack(history: &History, until: i64, from: i64, to: i64) -> f64 {
    let (before, after) = paced(&history.chats, from, to, until);
    before.min(after) * 1.5
}

/// The first event at the end of a gap that is otherwise without any.
fn first_at_end(times: &[i64], from: i64, to: i64) -> Option<i64> {
    let first = times.partition_point(|at| *at <= from + MINUTE);
    let first = *times.get(first)?;
    (first > to - (to - from) / 4 && first < to).then_some(first)
}

/// The last arrival that was completed by a given time: without events, the last that agents were assigned.
fn last_taken(work: &[&[Work]], by: i64) -> i64 {
    let taken = work.iter().filter_map(|list| {
        let begun = &list[..list.partition_point(|work| work.begun <= by)];
        let last = begun.iter().rev().find(|work| work.ended.is_some_and(|ended| ended <= by));
        last.map(|work| work.begun)
    });
    taken.max().unwrap_or(by)
}

/// If more e-mails than this were expected and none arrived, that is not chance.
const MAILS_MISSED: f64 = 6.0;

/// Agents log in within this time after all servers are back.
const COMING_BACK: i64 = 10 * MINUTE;

/// Which servers may have failed when all agents went silent: e-mail shows whether Services continued. Delayed e-mail
/// arrives at once when the servers are back, shortly before the first agent is; e-mail that arrives while agents stay
/// silent shows that only Services is up.
fn silent_servers(
    history: &History,
    clock: &Clock,
    from: i64,
    to: i64,
) -> (Vec<Server>, Vec<Vec<Server>>, i64) {
    use Server::{Application, Messaging, Services};
    let all = vec![Application, Services, Messaging];
    let both = vec![Application, Messaging];
    let mails = &history.mails;
    // The last thing that agents did may be some minutes before the outage.
    let begun = from + MINUTE.max((to - from) / 12);
    let next = mails.get(mails.partition_point(|at| *at <= begun));
    let first = next.copied().unwrap_or(to).min(to);
    let missed = usual(mails, clock, from, first);
    let is_end = to < history.until && to - first <= COMING_BACK.max((first - from) / 3);
    let never = first == to;
    if missed >= MAILS_MISSED && (is_end || never) {
        (all, Vec::new(), first)
    } else if mail_went_on(history, from, to)
        || (missed < MAILS_MISSED / 2.0 && usual(mails, clock, from, to) >= MAILS_MISSED)
    {
        (vec![Application], vec![both], to)
    } else {
        (vec![Application], vec![both, all], to)
    }
}

/// Whether e-mail arrived well within a period, so that Services was up.
pub(super) fn mail_went_on(history: &History, from: i64, to: i64) -> bool {
    let begun = from + MINUTE.max((to - from) / 6);
    let ended = to - COMING_BACK.max((to - from) / 4);
    count(&history.mails, begun, ended) >= 2
}
