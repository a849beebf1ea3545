//! Messaging: no messages in chats that agents go on to complete.

use super::gap::{Candidate, Clock, Gap, Score, count, gaps, judge, log_lack, paced, real, usual};
use super::work::NIGHT;
use super::{CompletedChat, History, OutageWindow};
use crate::analysis::Server;

/// The maximum weight of one chat, as a log-probability: it may have been left open.
const MAX_OF_ONE: f64 = 5.0;

/// Fewer silent chats than this are chance.
const MIN_CHATS: usize = 3;

/// Windows in which chats were completed without any message.
///
/// Each chat completed in a gap between messages had its last message before the gap. How often a chat's last message
/// is that long before its end is learned from all chats.
pub(super) fn silent_chats(history: &History, clock: &Clock) -> Vec<OutageWindow> {
    let talks = CompletedChats::of(history);
    let lack = |from: i64, to: i64| {
        // Over night no chats arrive either.
        if to - from > NIGHT {
            return 0.0;
        }
        let (before, after) = paced(&history.chats, from, to, clock.until);
        let arrived = count(&history.chats, from + 1, to);
        log_lack(arrived, before.min(after))
            .min(log_lack(arrived, usual(&history.chats, clock, from, to)))
    };
    let expected = |from, to| match talks.ended(from, to).len() {
        0 => 0.0,
        // Where no chat comes in without Messaging, few are left to end in silence.
        chats if chats < MIN_CHATS => talks.surprise(from, to).min(lack(from, to)),
        _ => talks.surprise(from, to),
    };
    let score = |gap: Candidate| Score {
        expected: gap.estimate,
        surprise: (talks.surprise(gap.from, gap.to) + lack(gap.from, gap.to) / 1.5)
            / gap.dispersion,
    };
    let found = judge(&history.said, gaps(&history.said, clock.until), 1.0, expected, score);
    let window = |gap: Gap| {
        let completed = count(&history.completed, gap.from + 1, gap.to);
        let mut meanwhile = vec![format!("{completed} activities were completed")];
        if let Some(assigned) = &history.assigned {
            let assigned = count(assigned, gap.from + 1, gap.to);
            meanwhile.push(format!("{assigned} were assigned"));
        }
        OutageWindow {
            servers: vec![Server::Messaging],
            or_servers: Vec::new(),
            host: None,
            from: gap.from,
            to: (gap.to < history.until).then_some(gap.to),
            counted: "last messages of completed chats",
            expected: real(talks.ended(gap.from, gap.to).len()),
            observed: gap.observed,
            p: gap.p,
            meanwhile,
        }
    };
    found.into_iter().map(window).collect()
}

/// Completed chats in order of completion, and how long after its last message each was completed.
struct CompletedChats {
    by_end: Vec<CompletedChat>,
    lags: Vec<i64>,
}

impl CompletedChats {
    fn of(history: &History) -> Self {
        let mut by_end = history.talks.clone();
        by_end.sort_by_key(|talk| talk.ended);
        let lag = |talk: &CompletedChat| talk.ended - talk.said.unwrap_or(talk.begun);
        let mut lags: Vec<i64> = by_end.iter().map(lag).collect();
        lags.sort_unstable();
        Self { by_end, lags }
    }

    /// Those that ended between the two moments.
    fn ended(&self, from: i64, to: i64) -> &[CompletedChat] {
        let low = self.by_end.partition_point(|talk| talk.ended <= from);
        let high = self.by_end.partition_point(|talk| talk.ended < to);
        &self.by_end[low..high.max(low)]
    }

    /// The log-probability that no message was sent in them since `from`. Silence before then weighs
    /// less.
    fn surprise(&self, from: i64, to: i64) -> f64 {
        let lasts = |lag: i64| {
            let longer = self.lags.len() - self.lags.partition_point(|own| *own < lag);
            (real(longer) + 0.5) / (real(self.lags.len()) + 1.0)
        };
        let silent = |talk: &CompletedChat| {
            let since = talk.said.unwrap_or(talk.begun);
            let before = lasts((from - since).max(0));
            (before / lasts(talk.ended - since)).ln().min(MAX_OF_ONE)
        };
        self.ended(from, to).iter().map(silent).sum()
    }
}
