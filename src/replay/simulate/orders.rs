//! Every order of a set of events, grouped by what everyone sees at the end.

use std::collections::BTreeMap;

use super::facts::facts_now;
use super::{GAP_MS, Scheduled, SimulatedFact, Simulation, SimulationError};
use crate::causes::TimedCause;

/// The maximum number of events for all orders: 5,040 orders.
pub const MAX_ORDERED: usize = 7;

/// An order: the indexes of the events as given.
pub type Order = Vec<usize>;

/// Orders with the same outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderGroup {
    /// The orders, in order of the indexes.
    pub orders: Vec<Order>,
    /// What everyone sees at the end, as far as it differs between groups.
    pub outcome: Vec<SimulatedFact>,
    /// Pairs that are in this order in all of its orders, but not in all orders of any other group.
    pub because: Vec<(usize, usize)>,
}

/// What comes of all orders.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// The orders by outcome, the most frequent first.
    pub groups: Vec<OrderGroup>,
    /// What everyone sees at the end in every outcome, and did not see before.
    pub everywhere: Vec<SimulatedFact>,
}

impl Simulation {
    /// Runs the events in every order, at the given times: the first of an order at the earliest.
    ///
    /// # Errors
    /// When there are none or too many, or one cannot happen.
    pub fn all_orders(&self, events: &[TimedCause]) -> Result<Outcomes, SimulationError> {
        if events.is_empty() {
            return Err(SimulationError::Nothing);
        }
        if events.len() > MAX_ORDERED {
            let found = events.len();
            return Err(SimulationError::TooMany { found });
        }
        let mut times: Vec<i64> = match events.iter().all(|event| event.after_ms.is_some()) {
            true => {
                let offsets = events.iter().filter_map(|event| event.after_ms);
                offsets.map(|ms| self.origin_ms + ms).collect()
            }
            false => (1..).map(|n| self.now_ms + n * GAP_MS).take(events.len()).collect(),
        };
        times.sort_unstable();
        if let Some(early) = times.first().filter(|at| **at < self.now_ms) {
            return Err(SimulationError::Early {
                cause: events[0].cause.words().to_owned(),
                at: self.offset(*early),
                now: self.offset(self.now_ms),
            });
        }
        let mut groups: BTreeMap<Vec<SimulatedFact>, Vec<Order>> = BTreeMap::new();
        for order in permutations(events.len()) {
            let causes = order.iter().map(|place| events[*place].cause.clone());
            let schedule: Vec<Scheduled> = times.iter().copied().zip(causes).collect();
            let mut end = self.tried(&schedule, &[])?.end;
            end.sort();
            end.dedup();
            groups.entry(end).or_default().push(order);
        }
        let before = facts_now(&self.store)?;
        let mut everywhere = groups.keys().next().cloned().unwrap_or_default();
        everywhere.retain(|fact| {
            let is_new = fact.party == "truth" || !before.contains(fact);
            let is_effect = !fact.is_cause && (fact.misleads || is_new);
            is_effect && groups.keys().all(|end| end.contains(fact))
        });
        let groups = explained(groups);
        Ok(Outcomes { groups, everywhere })
    }
}

/// All orders of this many items, those that keep the first in front first.
fn permutations(count: usize) -> Vec<Order> {
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: &Order| {
            let left = (0..count).filter(|place| !order.contains(place));
            left.map(|place| [order.as_slice(), &[place]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

/// Removes from each outcome what all have in common, and finds the pairs by which the groups differ.
fn explained(groups: BTreeMap<Vec<SimulatedFact>, Vec<Order>>) -> Vec<OrderGroup> {
    let everywhere = |fact: &SimulatedFact| groups.keys().all(|end| end.contains(fact));
    let mut explained: Vec<OrderGroup> = groups
        .iter()
        .map(|(end, orders)| OrderGroup {
            orders: orders.clone(),
            outcome: end.iter().filter(|fact| !everywhere(fact)).cloned().collect(),
            because: precedence(orders, groups.values().flatten()),
        })
        .collect();
    explained.sort_by_key(|group| std::cmp::Reverse(group.orders.len()));
    explained
}

fn comes_before(order: &Order, first: usize, second: usize) -> bool {
    let place = |event| order.iter().position(|own| *own == event);
    place(first) < place(second)
}

/// The pairs that are in the same order in all of a group, and that distinguish the group from the others; empty if
/// pairs do not suffice.
fn precedence<'o>(
    own: &[Order],
    all: impl Iterator<Item = &'o Order> + Clone,
) -> Vec<(usize, usize)> {
    let count = own.first().map_or(0, Vec::len);
    let pairs = (0..count).flat_map(|a| (0..count).map(move |b| (a, b)));
    let kept = pairs.filter(|(a, b)| a != b && own.iter().all(|order| comes_before(order, *a, *b)));
    let mut kept: Vec<(usize, usize)> = kept.collect();
    let suffice = |pairs: &[(usize, usize)]| {
        let mut following =
            all.clone().filter(|order| pairs.iter().all(|(a, b)| comes_before(order, *a, *b)));
        following.all(|order| own.contains(order))
    };
    if own.len() == all.clone().count() || !suffice(&kept) {
        return Vec::new();
    }
    // What follows from the others is left out.
    let mut at = 0;
    while at < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(at);
        match suffice(&fewer) {
            true => kept = fewer,
            false => at += 1,
        }
    }
    kept
}
