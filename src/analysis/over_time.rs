//! What happened over time, as counts for a chart: the whole period, and the time around the newest outages.
//!
//! A period has at most [`MAX_PARTS`] parts and a record at most [`MAX_SIGNS`] last signs of life, however many rows
//! there are. What happened before or after a period is counted separately, so that nothing is lost. Times are in
//! milliseconds in the servers' local time.

use std::collections::{BTreeMap, BTreeSet};

use super::outage::History;
use crate::report::{LastSignRun, OpenChatState, PeriodRun, SeriesRun};
use crate::table::Cell;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The maximum number of parts that can be seen side by side.
const MAX_PARTS: i64 = 180;

/// The maximum around an outage, so that each part contains some events.
const MAX_PARTS_NEAR: i64 = 72;

/// How long a part may be, in minutes. Parts begin at whole multiples of their length.
const PARTS: [i64; 16] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 10_080, 100_800];

/// The whole period begins at most this long before its end, unless an outage is older.
const LONGEST: i64 = 31 * DAY;

/// How many outages are shown in close-up.
const NEAR: usize = 3;

/// The margin before and after an outage in a close-up is as long as the outage, within these bounds.
const AROUND: (i64, i64) = (HOUR, 12 * HOUR);

/// How many application servers have a series of their own; the rest are counted together.
const MAX_HOSTS: usize = 6;

/// If more chats are open, those of one kind at about the same time are grouped.
const MAX_SIGNS: usize = 500;

/// An open chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChat {
    /// Its activity id.
    pub id: i64,
    /// Its last sign of life.
    pub sign: i64,
    /// Whether an agent has it.
    pub is_assigned: bool,
    /// The application server of its agent, if known.
    pub host: Option<String>,
}

/// An outage, as needed for a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaded {
    /// When it began.
    pub from: i64,
    /// When it ended; `None` while it continues.
    pub to: Option<i64>,
    /// The single application server that was down, while others continued.
    pub host: Option<String>,
    /// Whether Messaging was down.
    pub of_messaging: bool,
}

/// The whole period of the rows, then close-ups of the newest outages. Empty if there is no event.
#[must_use]
pub fn periods(history: &History, open: &[OpenChat], outages: &[Shaded]) -> Vec<PeriodRun> {
    let counted = counted(history, outages);
    let times = || counted.iter().flat_map(|one| &one.times);
    let signs = || open.iter().map(|chat| chat.sign);
    let first = times().filter_map(|times| times.first().copied());
    let newest = times().filter_map(|times| times.last().copied());
    let (Some(first), Some(newest)) = (first.chain(signs()).min(), newest.chain(signs()).max())
    else {
        return Vec::new();
    };
    // A reference time long after the newest row would leave most of the picture empty.
    let until = history.until.min(newest + DAY).max(newest);
    let oldest = outages.iter().map(|outage| outage.from - AROUND.1).min();
    let from = first.max((until - LONGEST).min(oldest.unwrap_or(i64::MAX)));
    let mut periods = vec![period(&counted, from, until, MAX_PARTS)];
    let mut near = surroundings(outages, first, until);
    // What fills most of the whole time is seen there.
    near.retain(|(begin, end)| (end - begin) * 2 < until - from);
    let near = near.into_iter().rev().take(NEAR).rev();
    periods.extend(near.map(|(from, to)| period(&counted, from, to, MAX_PARTS_NEAR)));
    periods
}

/// A close-up of each outage, in order of time; nearby outages share one.
fn surroundings(outages: &[Shaded], first: i64, until: i64) -> Vec<(i64, i64)> {
    let around = |outage: &Shaded| {
        let end = outage.to.unwrap_or(until).min(until);
        let around = (end - outage.from).clamp(AROUND.0, AROUND.1);
        let span = ((outage.from - around).max(first), (end + around).min(until));
        (span.0 < span.1).then_some(span)
    };
    let mut spans: Vec<(i64, i64)> = outages.iter().filter_map(around).collect();
    spans.sort_unstable();
    spans.dedup_by(|later, before| {
        let together = later.0 < before.1;
        if together {
            before.1 = before.1.max(later.1);
        }
        together
    });
    spans
}

/// Counts those of `times` that are not in `but`.
struct Counted<'h> {
    what: String,
    host: Option<String>,
    /// Each in order of time.
    times: Vec<&'h [i64]>,
    but: &'h [i64],
}

impl Counted<'_> {
    /// The number from `from` on and before `to`.
    fn between(&self, from: i64, to: i64) -> usize {
        let within = |times: &[i64]| {
            times.partition_point(|at| *at < to) - times.partition_point(|at| *at < from)
        };
        let all: usize = self.times.iter().map(|times| within(times)).sum();
        all.saturating_sub(within(self.but))
    }

    fn all(&self) -> usize {
        let all: usize = self.times.iter().map(|times| times.len()).sum();
        all.saturating_sub(self.but.len())
    }
}

fn counted<'h>(history: &'h History, outages: &[Shaded]) -> Vec<Counted<'h>> {
    let of = |what: &str, times: &'h [i64], but: &'h [i64]| Counted {
        what: what.to_owned(),
        host: None,
        times: vec![times],
        but,
    };
    let mut all = vec![of("chats that arrived", &history.chats, &[])];
    if history.arrivals.len() > history.chats.len() {
        let others = "other arrivals";
        all.push(of(others, &history.arrivals, &history.chats));
    }
    if let Some(assigned) = &history.assigned {
        all.push(of("assignments", assigned, &[]));
    }
    all.extend(completed(history, outages));
    if outages.iter().any(|outage| outage.of_messaging) && !history.said.is_empty() {
        all.push(of("last messages of chats", &history.said, &[]));
    }
    all
}

/// What was completed, by the application server of the agent.
fn completed<'h>(history: &'h History, outages: &[Shaded]) -> Vec<Counted<'h>> {
    let down: BTreeSet<&str> = outages.iter().filter_map(|one| one.host.as_deref()).collect();
    let is_known = |host: &&String| !host.is_empty();
    let mut hosts: Vec<&String> = history.completed_on.keys().filter(is_known).collect();
    hosts.sort_by_key(|host| {
        let count = history.completed_on[*host].len();
        (!down.contains(host.as_str()), std::cmp::Reverse(count))
    });
    let (own, further) = hosts.split_at(hosts.len().min(MAX_HOSTS));
    let mut own = own.to_vec();
    own.sort_unstable();
    let of = |what: String, host: Option<&String>, times: Vec<&'h [i64]>| Counted {
        what,
        host: host.cloned(),
        times,
        but: &[],
    };
    let times = |host: &String| history.completed_on[host].as_slice();
    let mut all: Vec<Counted<'h>> = own
        .iter()
        .map(|host| of("completions".to_owned(), Some(host), vec![times(host)]))
        .collect();
    if !further.is_empty() {
        let what = format!("completions on {} other servers", further.len());
        all.push(of(what, None, further.iter().map(|host| times(host)).collect()));
    }
    match history.completed_on.get("") {
        Some(times) if all.is_empty() => all.push(of("completions".to_owned(), None, vec![times])),
        Some(times) => {
            let what = "completions, server unknown".to_owned();
            all.push(of(what, None, vec![times]));
        }
        None => {}
    }
    all
}

fn period(counted: &[Counted<'_>], from: i64, until: i64, most: i64) -> PeriodRun {
    let parts = |minutes: i64| {
        let length = minutes * MINUTE;
        let begin = from.div_euclid(length) * length;
        (begin, length, (until - begin) / length + 1)
    };
    // The last length is for hostile times.
    let fits = PARTS.into_iter().find(|minutes| parts(*minutes).2 <= most);
    let minutes = fits.unwrap_or((until - from) / MINUTE / (most - 1) + 1);
    let (begin, length, parts) = parts(minutes);
    let series = counted.iter().map(|one| {
        let count = |at: i64| {
            let from = begin + at * length;
            u32::try_from(one.between(from, from + length)).unwrap_or(u32::MAX)
        };
        let counts: Vec<u32> = (0..parts).map(count).collect();
        let inside: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        SeriesRun {
            what: one.what.clone(),
            host: one.host.clone(),
            outside: (one.all() as u64).saturating_sub(inside),
            counts,
        }
    });
    PeriodRun {
        from: Cell::Timestamp(begin),
        to: Cell::Timestamp(begin + parts * length),
        part_minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
        series: series.collect(),
    }
}

/// The last signs of life of open chats, with the findings' verdict on them, by application server and time.
#[must_use]
pub fn last_signs(
    open: Vec<OpenChat>,
    verdicts: &BTreeMap<i64, OpenChatState>,
) -> Vec<LastSignRun> {
    let state = |chat: &OpenChat| match verdicts.get(&chat.id) {
        Some(state) => *state,
        None if chat.is_assigned => OpenChatState::Open,
        None => OpenChatState::Unassigned,
    };
    let sign = |chat: OpenChat| LastSignRun {
        at: Cell::Timestamp(chat.sign),
        state: state(&chat),
        host: chat.host,
        chats: 1,
        activity_id: Some(chat.id),
    };
    let mut signs: Vec<LastSignRun> = open.into_iter().map(sign).collect();
    signs.sort_by(|a, b| (&a.host, ms(a), a.activity_id).cmp(&(&b.host, ms(b), b.activity_id)));
    let mut together = MINUTE;
    while signs.len() > MAX_SIGNS {
        // Every chat of one kind is put together at last; then only the servers keep them apart.
        if together > 400 * 365 * DAY {
            signs.iter_mut().for_each(|sign| sign.host = None);
        }
        signs = put_together(signs, together);
        together = together.saturating_mul(2);
    }
    signs
}

fn ms(sign: &LastSignRun) -> i64 {
    match sign.at {
        Cell::Timestamp(at) => at,
        _ => 0,
    }
}

/// One sign for all of one server and kind within a time span.
fn put_together(signs: Vec<LastSignRun>, length: i64) -> Vec<LastSignRun> {
    let mut together: BTreeMap<(Option<String>, i64, OpenChatState), LastSignRun> = BTreeMap::new();
    for sign in signs {
        let key = (sign.host.clone(), ms(&sign).div_euclid(length), sign.state);
        match together.get_mut(&key) {
            Some(known) => {
                known.chats += sign.chats;
                known.activity_id = None;
                if ms(&sign) < ms(known) {
                    known.at = sign.at;
                }
            }
            None => {
                together.insert(key, sign);
            }
        }
    }
    together.into_values().collect()
}
