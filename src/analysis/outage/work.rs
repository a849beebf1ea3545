//! What agents had in hand: how long work usually takes, and which of it was open at a moment.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::MINUTE;
use super::gap::real;

/// An activity in an agent's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// When the agent was assigned it.
    pub begun: i64,
    /// When it was completed or taken away; `None` while the agent has it.
    pub ended: Option<i64>,
    /// Who has it.
    pub agent: i64,
    /// Whether it is a chat.
    pub is_chat: bool,
}

/// What one agent leaves open says no more than this, as the logarithm of an improbability: a chat may be forgotten.
const MOST_OF_AGENT: f64 = 5.0;

/// Work that is older than this when a gap begins says nothing.
pub(super) const OLD: i64 = 12 * 60 * MINUTE;

/// How long work takes, read from what was completed.
pub(super) struct Durations {
    chats: Vec<i64>,
    others: Vec<i64>,
}

impl Durations {
    pub(super) fn of<'w>(all: impl Iterator<Item = &'w Work>) -> Self {
        let (mut chats, mut others) = (Vec::new(), Vec::new());
        for work in all {
            if let Some(ended) = work.ended.filter(|ended| *ended >= work.begun) {
                let of = if work.is_chat {
                    &mut chats
                } else {
                    &mut others
                };
                of.push(ended - work.begun);
            }
        }
        chats.sort_unstable();
        others.sort_unstable();
        Self { chats, others }
    }

    /// How improbable it is that work that has lasted for `age` lasts for `longer` more, as a logarithm.
    fn surprise(&self, is_chat: bool, age: i64, longer: i64) -> f64 {
        let of = if is_chat { &self.chats } else { &self.others };
        let lasting = |least: i64| real(of.len() - of.partition_point(|own| *own <= least));
        let (then, now) = (lasting(age + longer) + 1.0, lasting(age) + 1.0);
        (now / then).ln()
    }
}

/// Work that began at or after one time and before another, of lists that are in the order of its beginning.
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

/// Walks along several lists of work, and holds what is open in each.
pub(super) struct OpenWork<'w>(Vec<OpenList<'w>>);

impl<'w> OpenWork<'w> {
    /// Each list is in the order of its beginning, and the agents of one are in no other.
    pub(super) fn new(lists: &[&'w [Work]]) -> Self {
        Self(lists.iter().map(|list| OpenList::new(list)).collect())
    }

    /// How improbable it is that nothing of what is open at `from` was completed before `to`, as a logarithm; and how
    /// much of it there was. Nothing where some was. `from` is not before the moment of the last call.
    pub(super) fn frozen(&mut self, durations: &Durations, from: i64, to: i64) -> (f64, usize) {
        for list in &mut self.0 {
            list.walk_to(from);
        }
        if self.0.iter().any(|list| list.ends_before(to)) {
            return (0.0, 0);
        }
        let lists = self.0.iter();
        let each = lists.map(|list| list.frozen(durations, from, to));
        each.fold((0.0, 0), |(all, number), (own, count)| {
            (all + own, number + count)
        })
    }
}

/// Walks along work in the order of its beginning, and holds what is open.
struct OpenList<'w> {
    ahead: &'w [Work],
    /// What has begun, that which ends first on top; without an end it is at the bottom.
    open: BinaryHeap<Reverse<(i64, Work)>>,
}

impl<'w> OpenList<'w> {
    fn new(sorted: &'w [Work]) -> Self {
        Self {
            ahead: sorted,
            open: BinaryHeap::new(),
        }
    }

    /// Takes up what has begun at `at`, which is not before the moment of the last call, and lets go of what has ended.
    /// Each piece of work comes and goes once; the one on top is open.
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

    /// Whether something that is open ends before a moment.
    fn ends_before(&self, to: i64) -> bool {
        let first = self.open.peek();
        first.is_some_and(|Reverse((ended, _))| *ended < to)
    }

    /// What is open, as [`OpenWork::frozen`] says it.
    fn frozen(&self, durations: &Durations, from: i64, to: i64) -> (f64, usize) {
        let mut by_agent: BTreeMap<i64, f64> = BTreeMap::new();
        let mut count = 0;
        let open = self.open.iter().map(|Reverse((_, work))| work);
        for work in open.filter(|work| from - work.begun < OLD) {
            let surprise = durations.surprise(work.is_chat, from - work.begun, to - from);
            *by_agent.entry(work.agent).or_default() += surprise;
            count += 1;
        }
        let surprise = by_agent.values().map(|own| own.min(MOST_OF_AGENT)).sum();
        (surprise, count)
    }
}
