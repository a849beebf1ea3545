//! Agents' open work: how long work usually takes, and which of it was open at a given time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::MINUTE;
use super::gap::{HOUR, real, share_of};

/// An activity assigned to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// When it was assigned.
    pub begun: i64,
    /// When it was completed or reassigned; `None` while the agent has it.
    pub ended: Option<i64>,
    /// The id of the agent.
    pub agent: i64,
    /// Whether it is a chat.
    pub is_chat: bool,
}

/// The maximum weight of one agent's open work, as a log-probability: a chat may be forgotten.
const MAX_OF_AGENT: f64 = 5.0;

/// A longer gap may be a night, if other days do not show otherwise.
pub(super) const NIGHT: i64 = 3 * HOUR;

/// Work older than this when a gap begins carries no weight.
pub(super) const OLD: i64 = 12 * 60 * MINUTE;

/// How long work takes, learned from completed work.
pub(super) struct Durations {
    chats: Vec<i64>,
    others: Vec<i64>,
}

impl Durations {
    pub(super) fn of<'w>(all: impl Iterator<Item = &'w Work>) -> Self {
        let (mut chats, mut others) = (Vec::new(), Vec::new());
        for work in all {
            if let Some(ended) = work.ended.filter(|ended| *ended >= work.begun) {
                let of = if work.is_chat { &mut chats } else { &mut others };
                of.push(ended - work.begun);
            }
        }
        chats.sort_unstable();
        others.sort_unstable();
        Self { chats, others }
    }

    /// The log-probability that work that has lasted for `age` lasts for `longer` more.
    fn surprise(&self, is_chat: bool, age: i64, longer: i64) -> f64 {
        let of = if is_chat { &self.chats } else { &self.others };
        let lasting = |least: i64| real(of.len() - of.partition_point(|own| *own <= least));
        let (then, now) = (lasting(age + longer) + 1.0, lasting(age) + 1.0);
        (now / then).ln()
    }
}

/// How long agents at work go without an assignment, learned from the pauses of each.
pub(super) struct Pauses {
    /// The shortest first.
    lengths: Vec<i64>,
    /// The sum of each and of all longer ones.
    sums: Vec<i64>,
}

impl Pauses {
    pub(super) fn between_assignments(lists: &[&[Work]]) -> Self {
        let mut last: BTreeMap<i64, i64> = BTreeMap::new();
        let mut lengths = Vec::new();
        for work in lists.iter().copied().flatten() {
            if let Some(before) = last.insert(work.agent, work.begun) {
                lengths.push(work.begun - before);
            }
        }
        // A longer one is a night.
        lengths.retain(|length| *length <= NIGHT);
        lengths.sort_unstable();
        let mut sums = lengths.clone();
        for at in (1..sums.len()).rev() {
            sums[at - 1] += sums[at];
        }
        Self { lengths, sums }
    }

    /// The log-probability that an agent at work is assigned nothing for `length`: the share of the time that is within
    /// a pause that goes on for that long.
    pub(super) fn surprise(&self, length: i64) -> f64 {
        let longer = self.lengths.partition_point(|own| *own <= length);
        let Some(sum) = self.sums.get(longer) else {
            return MAX_OF_AGENT;
        };
        let room = sum - length * i64::try_from(self.lengths.len() - longer).unwrap_or(i64::MAX);
        (-share_of(room, self.sums[0]).ln()).min(MAX_OF_AGENT)
    }
}

/// Work that began at or after one time and before another, from lists sorted by start.
pub(super) fn begun<'w>(
    lists: &'w [&'w [Work]],
    from: i64,
    to: i64,
) -> impl Iterator<Item = &'w Work> {
    lists.iter().flat_map(move |list| {
        let before = |at: i64| list.partition_point(|work| work.begun < at);
        &list[before(from)..before(to).max(before(from))]
    })
}

/// Walks through several lists of work, and holds what is open in each.
pub(super) struct OpenWork<'w>(Vec<OpenList<'w>>);

impl<'w> OpenWork<'w> {
    /// Each list is sorted by start, and no agent occurs in two of them.
    pub(super) fn new(lists: &[&'w [Work]]) -> Self {
        Self(lists.iter().map(|list| OpenList::new(list)).collect())
    }

    /// The log-probability that nothing open at `from` was completed before `to`, and the amount of open work; `None`
    /// if something was. `from` must not decrease between calls.
    pub(super) fn frozen(
        &mut self,
        durations: &Durations,
        from: i64,
        to: i64,
        but: Option<i64>,
    ) -> (f64, usize) {
        for list in &mut self.0 {
            list.walk_to(from);
        }
        if self.0.iter().any(|list| list.ends_before(to, but)) {
            return (0.0, 0);
        }
        let lists = self.0.iter();
        let each = lists.map(|list| list.frozen(durations, from, to, but));
        each.fold((0.0, 0), |(all, number), (own, count)| (all + own, number + count))
    }
}

/// Walks through work in order of start, and holds what is open.
struct OpenList<'w> {
    ahead: &'w [Work],
    /// Started work, earliest end on top; work without an end is at the bottom.
    open: BinaryHeap<Reverse<(i64, Work)>>,
}

impl<'w> OpenList<'w> {
    fn new(sorted: &'w [Work]) -> Self {
        Self { ahead: sorted, open: BinaryHeap::new() }
    }

    /// Adds work that started by `at`, which must not decrease between calls, and removes work that ended. Each item is
    /// added and removed once; the top one is open.
    fn walk_to(&mut self, at: i64) {
        let begun = self.ahead.partition_point(|work| work.begun <= at);
        let begun_by = self.ahead[..begun].iter();
        let still = begun_by.filter(|work| work.ended.is_none_or(|ended| ended > at));
        (self.open).extend(still.map(|work| Reverse((work.ended.unwrap_or(i64::MAX), *work))));
        self.ahead = &self.ahead[begun..];
        while let Some(Reverse((ended, work))) = self.open.peek() {
            if *ended > at && at - work.begun < OLD {
                break;
            }
            self.open.pop();
        }
    }

    /// Whether any open work ends before the given time.
    fn ends_before(&self, to: i64, but: Option<i64>) -> bool {
        let before = |Reverse((ended, work)): &Reverse<(i64, Work)>| {
            *ended < to && but.is_none_or(|agent| agent != work.agent)
        };
        self.open.peek().is_some_and(|Reverse((ended, _))| *ended < to)
            && self.open.iter().any(before)
    }

    /// The open work, as in [`OpenWork::frozen`].
    fn frozen(&self, durations: &Durations, from: i64, to: i64, but: Option<i64>) -> (f64, usize) {
        let mut by_agent: BTreeMap<i64, f64> = BTreeMap::new();
        let mut count = 0;
        let open = self.open.iter().map(|Reverse((_, work))| work);
        let open = open
            .filter(|work| from - work.begun < OLD && but.is_none_or(|agent| agent != work.agent));
        for work in open {
            let surprise = durations.surprise(work.is_chat, from - work.begun, to - from);
            *by_agent.entry(work.agent).or_default() += surprise;
            count += 1;
        }
        let surprise = by_agent.values().map(|own| own.min(MAX_OF_AGENT)).sum();
        (surprise, count)
    }
}
