//! Application servers: agents do nothing any more, on one server or on all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::gap::{
    Candidate, Clock, Counter, EDGE, Gap, HOUR, LEAST_EXPECTED, Pace, Score, count, judge,
    least_of, log_lack, log_surprise, paced, real, share_of, usual,
};
use super::work::{Durations, OLD, OpenWork, Work, begun};
use super::{History, MINUTE, OutageWindow};
use crate::analysis::Server;

/// How far around a gap the usual pace is read.
const NEARBY: i64 = 2 * HOUR;

/// A day may have fewer steps than the least of other days, by so much.
const LEAST_IS_SURE: f64 = 0.6;

/// Fewer agents who go for lunch together are no outage.
const LEAST_AGENTS: f64 = 2.5;

/// What agents did and had in hand on all servers together.
pub(super) struct Merged<'h> {
    /// When agents did something, and which.
    pub(super) acts: Cow<'h, [(i64, i64)]>,
    pub(super) work: Vec<&'h [Work]>,
    stops: Cow<'h, [i64]>,
    durations: Durations,
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

/// What there is of all servers, in its order; of each it is in order.
fn of_all_servers<T: Ord + Copy>(by_server: &BTreeMap<String, Vec<T>>) -> Cow<'_, [T]> {
    if let Some(only) = by_server.values().next().filter(|_| by_server.len() == 1) {
        return Cow::Borrowed(only);
    }
    let mut all: Vec<T> = by_server.values().flatten().copied().collect();
    all.sort_unstable();
    Cow::Owned(all)
}

/// The agents who did something from `from` and before `to`.
fn agents(acts: &[(i64, i64)], from: i64, to: i64) -> BTreeSet<i64> {
    let low = acts.partition_point(|(at, _)| *at < from);
    let high = acts.partition_point(|(at, _)| *at < to);
    acts[low..high].iter().map(|(_, agent)| *agent).collect()
}

/// The agents who were at work before a gap or in it and after it: who went home in it does not come back.
pub(super) fn at_work(acts: &[(i64, i64)], until: i64, from: i64, to: i64) -> BTreeSet<i64> {
    let mut there = agents(acts, from - HOUR, to);
    if until - to >= HOUR / 4 {
        let after = agents(acts, to, to + NEARBY);
        there.retain(|agent| after.contains(agent));
    }
    there
}

fn present(acts: &[(i64, i64)], until: i64, from: i64, to: i64) -> usize {
    at_work(acts, until, from, to).len()
}

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

/// How much it says that one agent at work did nothing, as the logarithm of an improbability: one in ten may be at
/// lunch.
const AN_AGENT: f64 = 2.3;

/// Which part of the agents is away on a usual day, for the whole day and for its beginning.
const AWAY: f64 = 0.15;
const LATE: f64 = 0.05;

/// How much more it says that nothing is in hand: agents of one team complete what they have together.
const MET: f64 = 2.0;

/// How far chats of one time are alike in how long they last.
const WORK_DISPERSION: f64 = 1.3;

/// Work in hand that says more than this, as the logarithm of an improbability, was not left by chance.
const MOST_IN_HAND: f64 = 6.0;

/// A gap that is longer than this may be a night, where other days do not say.
pub(super) const NIGHT: i64 = 3 * HOUR;

/// The most that work in hand which nobody completed can say: no more than the usual pace of the clock time makes it,
/// for agents who go home leave work for the next day. `usual` is that of other days, where it is known.
fn most_of_frozen(usual: Option<f64>, (before, after): (f64, f64), length: i64) -> f64 {
    let most = match usual {
        Some(usual) => usual,
        None if length > NIGHT => 0.0,
        None => before.max(after),
    };
    most / WORK_DISPERSION
}

/// How much work was open at once, on average over the hour before a time.
fn usually_open(work: &[&[Work]], at: i64) -> f64 {
    let open = |work: &Work| {
        let ended = work.ended.map_or(at, |ended| ended.min(at));
        (ended - work.begun.max(at - HOUR)).max(0)
    };
    share_of(begun(work, at - OLD, at).map(open).sum(), HOUR)
}

/// Two surprises that have partly one cause: the larger, and a part of the other.
fn together(one: f64, other: f64) -> f64 {
    one.max(other) + 0.3 * one.min(other)
}

/// Windows in which all agents do nothing any more.
pub(super) fn of_all(history: &History, merged: &Merged<'_>, clock: &Clock) -> Vec<OutageWindow> {
    let Merged {
        acts: by_agent,
        work,
        stops,
        durations,
    } = merged;
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
        let most_lack = most_of_lack(history, clock, from, to);
        let most = together(most_frozen, most_silent * 2.0) + most_lack;
        if night || expected < LEAST_EXPECTED || most < gap.needed {
            return Score::default();
        }
        let (frozen, in_hand) = open.frozen(durations, from, to);
        let frozen = (frozen / WORK_DISPERSION).min(most_frozen);
        let arrivals = most_lack.min(
            clock
                .usual_of_gap(&history.arrivals, from, to)
                .unwrap_or(most_lack / 1.5),
        );
        let arrived = count(&history.arrivals, from + 1, to);
        let lack = log_lack(arrived, arrivals) / 1.5;
        // Agents without work do nothing on a healthy site too.
        let there = AN_AGENT * real(present(by_agent, until, from, to));
        let silent = (most_silent * staff(by_agent, clock, from, to))
            .min(there)
            .min(real(arrived + in_hand));
        let ended = count(&history.completed, from - 4 * MINUTE, from + 1);
        let stopped = stopped(history, stops, ended, from, to);
        Score {
            expected,
            surprise: together(frozen, silent + stopped.min(silent)) + lack,
        }
    };
    let found = judge(&acts, clock, 2.0, expected, score);
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
        let (mut servers, mut or_servers, mail) = silent_servers(history, clock, gap.from, gap.to);
        let mut from = last_stop(stops, gap.from, gap.to);
        let assigned = first_assigned(history, gap.from, gap.to).unwrap_or(gap.to);
        let mut to = mail.min(assigned);
        // Agents complete what they have in hand while Services is down, and then have nothing to do.
        let (frozen, in_hand) = OpenWork::new(work).frozen(durations, gap.from, gap.to);
        let left = frozen - log_lack(in_hand, usually_open(work, gap.from));
        if (came_in || drained) && left < MOST_IN_HAND {
            (servers, or_servers) = if came_in || chats < 3.0 || real(arrived) > chats * 0.2 {
                (vec![Server::Services], Vec::new())
            } else {
                // Services takes no chat away: where none comes in, Messaging may be what they wait for.
                or_servers.insert(0, servers);
                (vec![Server::Messaging], or_servers)
            };
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
            counted: "agent actions",
            expected: gap.expected,
            observed: gap.observed,
            p: gap.p,
            meanwhile: vec![format!("{arrived} activities arrived")],
        }
    };
    found.into_iter().map(window).collect()
}

/// How many activities should have arrived in a gap: by the hours around it, or by the least of other days where the
/// hours that follow it have none, as before a site closes.
fn most_of_lack(history: &History, clock: &Clock, from: i64, to: i64) -> f64 {
    let (before, after) = paced(&history.arrivals, from, to, clock.until);
    let least = clock.least(&history.arrivals, from, to) * LEAST_IS_SURE;
    (before.min(after) * 1.5).max(before.min(least))
}

/// When the first activity was assigned at the end of a gap in which none was before: the first agent who is back does
/// something a little later.
fn first_assigned(history: &History, from: i64, to: i64) -> Option<i64> {
    let assigned = history.assigned.as_ref()?;
    let first = assigned.partition_point(|at| *at <= from + MINUTE);
    let first = *assigned.get(first)?;
    (first > to - (to - from) / 4 && first < to).then_some(first)
}

/// More mails than this that should have come, and of which none did, are not missing by chance.
const MAILS_MISSED: f64 = 4.5;

/// Which servers may have failed when all agents fell silent, and when the first mail came: mail tells whether Services
/// went on. What was held back comes in at once when the servers are back, before the first agent is.
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
    let next = mails.get(mails.partition_point(|at| *at <= from));
    let first = next.copied().unwrap_or(to).min(to);
    let missed = usual(mails, clock, from, first);
    if missed >= MAILS_MISSED {
        (all, Vec::new(), first)
    } else if missed < MAILS_MISSED / 2.0 && usual(mails, clock, from, to) >= MAILS_MISSED {
        (vec![Application], vec![both], to)
    } else {
        (vec![Application], vec![both, all], to)
    }
}

/// Windows in which the agents of one application server do nothing any more, while those of the others do.
pub(super) fn of_hosts(history: &History, merged: &Merged<'_>, clock: &Clock) -> Vec<OutageWindow> {
    if history.acts.keys().filter(|host| !host.is_empty()).count() < 2 {
        return Vec::new();
    }
    let all: Vec<i64> = merged.acts.iter().map(|(at, _)| *at).collect();
    let unnamed: Vec<i64> = history
        .acts
        .get("")
        .map(|acts| acts.iter().map(|(at, _)| *at).collect())
        .unwrap_or_default();
    let mut found = Vec::new();
    for (name, acts) in history.acts.iter().filter(|(name, _)| !name.is_empty()) {
        // Few agents who do nothing are at lunch; where each has a server of its own, none is looked at.
        let agents: BTreeSet<i64> = acts.iter().map(|(_, agent)| *agent).collect();
        if real(agents.len()) < LEAST_AGENTS {
            continue;
        }
        let own: Vec<i64> = acts.iter().map(|(at, _)| *at).collect();
        let host = Host {
            name,
            acts,
            own: &own,
            all: &all,
            unnamed: &unnamed,
        };
        found.extend(host.silences(history, merged, clock));
    }
    found
}

/// One application server.
struct Host<'h> {
    name: &'h str,
    /// When its agents did something, and which.
    acts: &'h [(i64, i64)],
    /// When its agents did something.
    own: &'h [i64],
    /// When any agents did, and those whose server is not known.
    all: &'h [i64],
    unnamed: &'h [i64],
}

impl Host<'_> {
    /// How often the agents of the other servers did something.
    fn others(&self, from: i64, to: i64) -> usize {
        count(self.all, from, to) - count(self.own, from, to) - count(self.unnamed, from, to)
    }

    /// Which part of all steps were its own before a gap and after it.
    fn shares(&self, from: i64, to: i64, until: i64) -> (f64, f64) {
        let share = |from: i64, to: i64| {
            let (own, others) = (count(self.own, from, to), self.others(from, to));
            real(own) / real((own + others).max(1))
        };
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
    }

    /// How improbable it is that all steps of a gap were of the others, as a logarithm.
    fn by_share(&self, share: f64, from: i64, to: i64) -> f64 {
        -(1.0 - share.min(0.95)).ln() * real(self.others(from + 1, to))
    }

    /// How much it says that none of those who are usually there did anything, as the logarithm of an improbability: on
    /// other servers agents are away as well. Who comes after the gap is not away for the day. Who has left a chat open
    /// may get nothing because of it.
    fn absent(
        &self,
        merged: &Merged<'_>,
        unended: &[Work],
        clock: &Clock,
        (from, to): (i64, i64),
    ) -> f64 {
        let days = clock.days(from, to);
        let of_others = |from: i64, to: i64| {
            let all = agents(&merged.acts, from, to).len();
            all.saturating_sub(agents(self.acts, from, to).len())
        };
        let Some(usual) = clock.median(from + 1, to, of_others) else {
            return 0.0;
        };
        let away = 1.0 - real(of_others(from + 1, to)) / usual.max(1.0);
        let after = agents(self.acts, to, to + NEARBY);
        let begun = |at: i64| unended.partition_point(|work| work.begun < at);
        let left = unended[begun(from - OLD)..begun(from)].iter();
        let left: BTreeSet<i64> = left.map(|work| work.agent).collect();
        let mut often: BTreeMap<i64, usize> = BTreeMap::new();
        for days in &days {
            for agent in agents(self.acts, from + 1 + days, to + days) {
                *often.entry(agent).or_default() += 1;
            }
        }
        let says = |(agent, often): (i64, usize)| {
            let late = if after.contains(&agent) { LATE } else { AWAY };
            let there = real(often) / real(days.len());
            -(1.0 - there * (1.0 - away.max(late))).ln()
        };
        let often = often.into_iter().filter(|(agent, _)| !left.contains(agent));
        often.map(says).sum()
    }

    fn silences(&self, history: &History, merged: &Merged<'_>, clock: &Clock) -> Vec<OutageWindow> {
        let until = history.until;
        let (mut all, mut unnamed) = (Counter::new(self.all), Counter::new(self.unnamed));
        let expected = |from: i64, to: i64| {
            // A gap holds none of its own.
            if all.count(from + 1, to) - unnamed.count(from + 1, to) < 3 {
                return 0.0;
            }
            let (before, after) = self.shares(from, to, until);
            self.by_share(before.max(after), from, to)
        };
        let stops = history.stops.get(self.name).map_or(&[][..], Vec::as_slice);
        let work = history.work.get(self.name).map_or(&[][..], Vec::as_slice);
        let unended: Vec<Work> = work
            .iter()
            .copied()
            .filter(|work| work.ended.is_none())
            .collect();
        let work = &[work][..];
        let mut open = OpenWork::new(work);
        let score = |gap: Candidate| {
            let (from, to) = (gap.from, gap.to);
            let usual_own = clock.usual_of_gap(self.own, from, to);
            let paced_own = paced(self.own, from, to, until);
            let most_frozen = most_of_frozen(usual_own, paced_own, to - from);
            let most_silent = gap.estimate / gap.dispersion;
            if together(most_frozen, most_silent * 2.0) < gap.needed {
                return Score::default();
            }
            let (frozen, in_hand) = open.frozen(&merged.durations, from, to);
            let frozen = (frozen / WORK_DISPERSION).min(most_frozen);
            let staff = staff(self.acts, clock, from, to);
            // In the measure of the others' steps, of which each might have been one of the host's.
            let expected = match usual_own {
                Some(usual) => gap.estimate.min(usual * staff * 1.5),
                None => {
                    let (before, after) = self.shares(from, to, until);
                    self.by_share(before.min(after), from, to)
                }
            };
            let there = AN_AGENT * real(present(self.acts, until, from, to));
            let night = to - from > NIGHT && usual_own.is_none();
            let silent = if staff > 0.0 && !night {
                (expected / gap.dispersion).min(there)
            } else {
                0.0
            };
            // Who would have come cannot log in: on other days somebody did.
            let least = clock.least(self.own, from, to) * LEAST_IS_SURE;
            let least = most_silent.min(least);
            let silent = if least > silent {
                silent.max(least.min(self.absent(merged, &unended, clock, (from, to))))
            } else {
                silent
            };
            // Who goes to a meeting completes what is in hand before; who is cut off does not.
            let met = if to - from > HOUR {
                0.0
            } else {
                MET * log_lack(in_hand, usually_open(work, from))
            };
            let silent = (silent - met).max(0.0);
            let ended = count(self.own, from - 4 * MINUTE, from + 1);
            let stopped = stopped(history, stops, ended, from, to);
            Score {
                expected: least_of(usual_own, paced_own).max(1.0),
                surprise: together(frozen, silent + stopped.min(silent)),
            }
        };
        let found = judge(self.own, clock, 1.5, expected, score);
        let window = |gap: Gap| OutageWindow {
            servers: vec![Server::Application],
            or_servers: Vec::new(),
            host: Some(self.name.to_owned()),
            from: last_stop(stops, gap.from, gap.to),
            to: (gap.to < until).then_some(gap.to),
            counted: "actions of its agents",
            expected: gap.expected,
            observed: gap.observed,
            p: gap.p,
            meanwhile: vec![format!(
                "{} actions of agents on other servers",
                self.others(gap.from + 1, gap.to)
            )],
        };
        found.into_iter().map(window).collect()
    }
}
