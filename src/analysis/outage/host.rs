//! One application server: its agents do nothing, while those of the others do.

use std::collections::{BTreeMap, BTreeSet};

use super::gap::{
    Candidate, Clock, Counter, Gap, HOUR, Score, count, gaps, judge, least_of, log_lack, paced,
    real,
};
use super::silence::{
    AN_AGENT, Merged, NEARBY, WORK_DISPERSION, agents, at_work, last_stop, most_of_frozen, stopped,
    together, usually_open,
};
use super::work::{NIGHT, OLD, OpenWork, Work, begun};
use super::{History, MINUTE, OutageWindow, add};
use crate::analysis::Server;

/// Fewer agents than this may be at lunch together.
const MIN_AGENTS: f64 = 2.5;

/// The share of agents absent on a usual day, over the whole day and at its beginning.
const AWAY: f64 = 0.15;
const LATE: f64 = 0.05;

/// The bonus if no work is open: agents of one team complete their work together.
const MET: f64 = 2.0;

/// If at least this much work is usually open, an outage cuts some off: agents with none had stopped before.
const SOME: f64 = 4.0;

/// How many times the weight of the silence chats that stopped for good may add: one chat may be forgotten, several at
/// once are not.
const MOST_STOPPED: usize = 2;

/// The time between the actions of others around each run of actions of one agent.
fn runs(acts: &[(i64, i64)], until: i64) -> impl Iterator<Item = (i64, i64)> {
    let same = acts.chunk_by(|a, b| a.1 == b.1);
    let ends = same.scan(0, move |end, run| {
        let begin = *end;
        *end += run.len();
        Some((begin, *end))
    });
    ends.skip(1).map(move |(begin, end)| {
        let after = acts.get(end).map_or(until, |(at, _)| *at);
        (acts[begin - 1].0, after)
    })
}

/// Windows in which the agents of one application server do nothing, while those of the others do.
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
        if real(agents.len()) < MIN_AGENTS {
            continue;
        }
        let own: Vec<i64> = acts.iter().map(|(at, _)| *at).collect();
        let host = Host { name, acts, own: &own, all: &all, unnamed: &unnamed };
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
    /// When any agents did something, including those whose server is unknown.
    all: &'h [i64],
    unnamed: &'h [i64],
}

impl Host<'_> {
    /// How often the agents of the other servers did something.
    fn others(&self, from: i64, to: i64) -> usize {
        count(self.all, from, to) - count(self.own, from, to) - count(self.unnamed, from, to)
    }

    /// Its share of all actions before a gap and after it.
    fn shares(&self, from: i64, to: i64, until: i64) -> (f64, f64) {
        let share = |from: i64, to: i64| {
            let (own, others) = (count(self.own, from, to), self.others(from, to));
            real(own) / real((own + others).max(1))
        };
        let before = share(from - NEARBY, from + 1);
        let ongoing = until - to < HOUR / 4;
        (before, if ongoing { before } else { share(to, to + NEARBY) })
    }

    /// The log-probability that all actions in a gap were by the others.
    fn by_share(&self, share: f64, from: i64, to: i64) -> f64 {
        -(1.0 - share.min(0.95)).ln() * real(self.others(from + 1, to))
    }

    /// The weight of the work that agents of the other servers got, if those of this one were free throughout, as a
    /// log-probability. Routing may prefer whoever has been free the longest, and agents who log in together get their
    /// work one after another: only another turn of the same agent shows that those of this server were passed over.
    fn second_turns(&self, history: &History, from: i64, to: i64) -> f64 {
        let of_others = |name: &&String| !name.is_empty() && name.as_str() != self.name;
        let names = history.work.keys().filter(of_others);
        let lists: Vec<&[Work]> = names.map(|name| history.work[name].as_slice()).collect();
        let mut had = BTreeSet::new();
        real(begun(&lists, from + 1, to).filter(|work| !had.insert(work.agent)).count())
    }

    /// The weight of the fact that none of the usual agents did anything, as a log-probability: on other servers agents
    /// are absent as well. An agent who comes back after the gap was not absent for the day. An agent who left a chat
    /// open may get nothing because of it.
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
        let here = agents(self.acts, from + 1, to);
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
        let often =
            often.into_iter().filter(|(agent, _)| !left.contains(agent) && !here.contains(agent));
        often.map(says).sum()
    }

    /// Its silent periods, and those interrupted only by a single agent, who may be on another server by then:
    /// `login_ip` is that of the last log-in.
    fn silences(&self, history: &History, merged: &Merged<'_>, clock: &Clock) -> Vec<OutageWindow> {
        let until = history.until;
        let mut windows = self.judged(history, merged, clock, gaps(self.own, until));
        let runs = runs(self.acts, until);
        let more =
            self.judged(history, merged, clock, runs.filter(|(from, to)| to - from <= NIGHT));
        add(&mut windows, more);
        windows
    }

    fn judged(
        &self,
        history: &History,
        merged: &Merged<'_>,
        clock: &Clock,
        gaps: impl Iterator<Item = (i64, i64)>,
    ) -> Vec<OutageWindow> {
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
        let unended: Vec<Work> = work.iter().copied().filter(|work| work.ended.is_none()).collect();
        let work = &[work][..];
        let mut open = OpenWork::new(work);
        let score = |gap: Candidate| {
            let (from, to) = (gap.from, gap.to);
            let alone = agents(self.acts, from + 1, to).pop_first();
            let usual_own = clock.usual_of_gap(self.own, from, to);
            let paced_own = paced(self.own, from, to, until);
            let most_frozen = most_of_frozen(usual_own, paced_own, to - from);
            let most_silent = gap.estimate / gap.dispersion;
            if together(most_frozen, most_silent * 2.0) < gap.needed {
                return Score::default();
            }
            let (frozen, in_hand) = open.frozen(&merged.durations, from, to, alone);
            let frozen = (frozen / WORK_DISPERSION).min(most_frozen);
            // In the measure of the others' steps, of which each might have been one of the host's.
            let expected = match usual_own {
                Some(usual) => gap.estimate.min(usual * 1.5),
                None => {
                    let (before, after) = self.shares(from, to, until);
                    self.by_share(before.min(after), from, to)
                }
            };
            // Who would have come cannot log in: on other days somebody did.
            let mut there = at_work(self.acts, until, from, to);
            there.retain(|agent| alone != Some(*agent));
            let there = AN_AGENT * real(there.len());
            let there = there.max(self.absent(merged, &unended, clock, (from, to)));
            // Each of them might be the one.
            let choice =
                alone.map_or(0.0, |_| real(agents(self.acts, from - NEARBY, to).len()).ln());
            let night = to - from > NIGHT && usual_own.is_none();
            let silent = if night { 0.0 } else { (expected / gap.dispersion).min(there) };
            // Who goes to a meeting completes what is in hand before, if not each mail; who is cut off does not.
            let kept = begun(work, from - OLD, from + 1)
                .filter(|work| work.is_chat && alone != Some(work.agent))
                .filter(|work| work.ended.is_none_or(|ended| ended >= to));
            let chats = log_lack(kept.count(), usually_open(work, from, |work| work.is_chat));
            let usually = usually_open(work, from, |_| true);
            let met = match in_hand {
                0 if usually >= SOME => f64::MAX,
                _ => MET * log_lack(in_hand, usually).max(chats),
            };
            let turns = if in_hand == 0 { self.second_turns(history, from, to) } else { f64::MAX };
            let silent = (silent - met).min(turns).max(0.0);
            let ended = count(self.own, from - 4 * MINUTE, from + 1);
            let stopped = stopped(history, stops, ended, from, to);
            let most = silent * real(count(stops, from - 3 * MINUTE, to).min(MOST_STOPPED));
            Score {
                expected: least_of(usual_own, paced_own).max(1.0),
                surprise: together(frozen, silent + stopped.min(most)) - choice,
            }
        };
        let found = judge(self.own, gaps, 1.5, expected, score);
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
                "agents on other servers acted {} times",
                self.others(gap.from + 1, gap.to)
            )],
        };
        found.into_iter().map(window).collect()
    }
}
