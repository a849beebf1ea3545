//! What happened during an outage, counted against what usually happens at that time.

use super::History;
pub(crate) use super::gap::log_lack;
use super::gap::{Clock, EDGE, count, share_of, usual};
use crate::analysis::Outage;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Chats that arrived.
    Chats,
    /// Activities of other types that arrived.
    Mails,
    /// Activities that were assigned to agents.
    Assignments,
    /// Activities that were completed.
    Completions,
    /// Last messages of chats.
    Messages,
    /// What agents did, on the Application server that failed.
    Acts,
}

impl EventKind {
    /// What is counted, in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chats => "chats that arrived",
            Self::Mails => "e-mails that arrived",
            Self::Assignments => "assignments",
            Self::Completions => "completions",
            Self::Messages => "last messages",
            Self::Acts => "actions of its agents",
        }
    }
}

/// How many events of a kind there were, and how many are usual.
#[derive(Debug, Clone, PartialEq)]
pub struct EventCount {
    /// What is counted.
    pub kind: EventKind,
    /// The observed number.
    pub observed: usize,
    /// How many are usual at that time.
    pub expected: f64,
}

/// Fewer events than this to expect say nothing.
const MIN_EXPECTED: f64 = 5.0;

/// How far the time of an outage may be off that somebody remembers.
const UNCERTAIN: i64 = 15 * super::MINUTE;

/// Counts what happened between the first and the last quarter of an hour of an outage, or in the middle half of a
/// short one. What is not in the rows, and what is too rare to tell, is left out.
#[must_use]
pub fn counts(history: &History, outage: &Outage) -> Vec<EventCount> {
    let clock = Clock::of(history);
    let until = outage.to_ms.unwrap_or(history.until).min(history.until);
    let edge = UNCERTAIN.min((until - outage.from_ms) / 4);
    let (from, to) = (outage.from_ms + edge, until - edge);
    let assigned = history.assigned.as_deref().unwrap_or_default();
    let own: Vec<i64> = match &outage.host {
        Some(host) => history
            .acts
            .get(host)
            .map(|acts| acts.iter().map(|(at, _)| *at).collect())
            .unwrap_or_default(),
        None => Vec::new(),
    };
    let kinds: [(EventKind, &[i64]); 6] = [
        (EventKind::Chats, &history.chats),
        (EventKind::Mails, &history.mails),
        (EventKind::Assignments, assigned),
        (EventKind::Completions, &history.completed),
        (EventKind::Messages, &history.said),
        (EventKind::Acts, &own),
    ];
    let of = |(kind, times): (EventKind, &[i64])| {
        let whole = usual_around(times, &clock, outage.from_ms, until);
        let expected = whole * share_of(to - from, until - outage.from_ms);
        (expected >= MIN_EXPECTED).then(|| EventCount {
            kind,
            observed: count(times, from, to),
            expected,
        })
    };
    kinds.into_iter().filter_map(of).collect()
}

/// What is usual in an outage, by the hours around it that are not near its ends, which are uncertain.
fn usual_around(times: &[i64], clock: &Clock, from: i64, to: i64) -> f64 {
    match clock.usual_of_gap(times, from, to) {
        Some(usual) if to - from <= EDGE => usual,
        _ => {
            usual(times, clock, from - UNCERTAIN, to + UNCERTAIN)
                * share_of(to - from, to - from + 2 * UNCERTAIN)
        }
    }
}
