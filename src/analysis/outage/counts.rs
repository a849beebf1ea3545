//! Counts what happened during an outage, compared with what usually happens at that time.

use super::History;
pub(crate) use super::gap::log_lack;
use super::gap::{Clock, EDGE, count, share_of, usual};
use crate::analysis::Outage;

/// The kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Chats that arrived.
    Chats,
    /// Activities of other types that arrived.
    Mails,
    /// Activities assigned to agents.
    Assignments,
    /// Activities that agents completed.
    Completions,
    /// Last messages of chats.
    Messages,
    /// Actions of agents on the Application server that failed.
    Acts,
}

impl EventKind {
    /// The kind of event, in words.
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

/// The observed and the usual number of events of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct EventCount {
    /// The kind of event.
    pub kind: EventKind,
    /// The observed number.
    pub observed: usize,
    /// The usual number at that time.
    pub expected: f64,
}

/// Fewer expected events than this are inconclusive.
const MIN_EXPECTED: f64 = 5.0;

/// The assumed error of a remembered outage time.
const UNCERTAIN: i64 = 15 * super::MINUTE;

/// Counts events between the first and the last quarter-hour of an outage, or in the middle half of a short one. Kinds
/// that are missing in the rows or too rare are omitted.
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

/// What is usual during an outage, by the hours around it, except those near its uncertain ends.
fn usual_around(times: &[i64], clock: &Clock, from: i64, to: i64) -> f64 {
    match clock.usual_of_gap(times, from, to) {
        Some(usual) if to - from <= EDGE => usual,
        _ => {
            usual(times, clock, from - UNCERTAIN, to + UNCERTAIN)
                * share_of(to - from, to - from + 2 * UNCERTAIN)
        }
    }
}
