//! The offset of the servers' clock from UTC, derived from the rows.
//!
//! Each activity was created at its first event, so the difference between the two, in whole quarter-hours, is the
//! offset at that time. It counts if nearly all activities of a day agree. Where two days differ, the clock was set
//! between them: at the first activity from which on the later offset fits better. All passes are linear after sorting.

use std::collections::BTreeMap;

use super::history::{Activity, Event};

const MINUTE: i64 = 60_000;
const QUARTER: i64 = 15 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

/// The minimum number of activities with events needed to determine the offset.
const MIN_AGREED: usize = 5;

/// The offset in milliseconds, by the UTC time from which it applies; before the first, the first applies.
pub(super) struct Offsets(BTreeMap<i64, i64>);

impl Offsets {
    /// Reads them from events in the order of their activities; `None` if too few activities agree.
    pub(super) fn of(events: &[Event], activities: &[Activity]) -> Option<Self> {
        let mut votes: Vec<(i64, i64)> = events
            .chunk_by(|a, b| a.activity == b.activity)
            .filter_map(|own| vote(own[0], activities))
            .collect();
        votes.sort_unstable();
        let day = |vote: &(i64, i64)| vote.0.div_euclid(DAY);
        let mut offsets = BTreeMap::new();
        let mut last: Option<(usize, i64)> = None;
        let mut end = 0;
        for of_day in votes.chunk_by(|a, b| day(a) == day(b)) {
            let begin = end;
            end += of_day.len();
            let Some(offset) = agreed(of_day) else { continue };
            match last {
                Some((_, before)) if before == offset => {}
                Some((since, before)) => {
                    let set = since + changed(&votes[since..end], before, offset);
                    offsets.insert(votes[set.min(end - 1)].0, offset);
                }
                None => {
                    offsets.insert(of_day[0].0, offset);
                }
            }
            last = Some((begin, offset));
        }
        let offsets = Self(offsets);
        let agreed = votes.iter().filter(|(at, offset)| offsets.at(*at) == *offset).count();
        (agreed >= MIN_AGREED && agreed * 10 >= votes.len() * 8).then_some(offsets)
    }

    pub(super) fn at(&self, utc: i64) -> i64 {
        let own = self.0.range(..=utc).next_back().or_else(|| self.0.iter().next());
        own.map_or(0, |(_, offset)| *offset)
    }

    /// Each offset, in minutes.
    pub(super) fn minutes(&self) -> impl Iterator<Item = i64> {
        self.0.values().map(|offset| offset / MINUTE)
    }
}

/// The time of an activity's first event, and the offset by which it differs from the activity's creation.
fn vote(first: Event, activities: &[Activity]) -> Option<(i64, i64)> {
    let at = activities.binary_search_by_key(&first.activity, |own| own.id).ok()?;
    let apart = activities[at].created - first.at;
    let quarters = (apart + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    // No clock is more than fourteen hours from UTC, and an event follows the creation within minutes.
    let is_offset = quarters.abs() <= 14 * 4 * QUARTER && (apart - quarters).abs() < 5 * MINUTE;
    is_offset.then_some((first.at, quarters))
}

/// The offset of more than half of a day's activities.
fn agreed(of_day: &[(i64, i64)]) -> Option<i64> {
    let mut votes: BTreeMap<i64, usize> = BTreeMap::new();
    for (_, offset) in of_day {
        *votes.entry(*offset).or_default() += 1;
    }
    let (offset, most) = votes.into_iter().max_by_key(|(_, votes)| *votes)?;
    (most * 10 >= of_day.len() * 6).then_some(offset)
}

/// The place of the first vote from which on `after` fits better than `before`.
fn changed(votes: &[(i64, i64)], before: i64, after: i64) -> usize {
    let (mut gain, mut most, mut place) = (0_i64, 0, 0);
    for (at, (_, offset)) in votes.iter().enumerate() {
        gain += i64::from(*offset == before) - i64::from(*offset == after);
        if gain > most {
            (most, place) = (gain, at + 1);
        }
    }
    place
}
