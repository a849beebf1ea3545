//! Detects outages from event times: pure functions over times in milliseconds in the servers' local time.
//!
//! Evidence is counted in expected events that did not happen, never in minutes, so that nights, weekends and quiet
//! queues need no thresholds of their own. A gap between events is scored by how improbable it would be at a healthy
//! site: by the events that were expected in it, by the chats assigned to agents throughout, and by the agents present.
//! The size of healthy gaps is learned from the rows themselves. A gap is reported when fewer than
//! [`gap::FALSE_ALARM_RATE`] like it are expected by chance over the period of the rows.
//!
//! Every step sorts once and then walks or searches: the work is n log n in the number of events.

pub mod counts;
mod gap;
mod host;
mod messaging;
mod services;
mod silence;
mod work;

use std::collections::BTreeMap;

use super::Server;
use gap::{Clock, count};
use silence::Merged;
pub use work::Work;

const MINUTE: i64 = 60_000;

/// The events at a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// When activities arrived.
    pub arrivals: Vec<i64>,
    /// When e-mails arrived; a subset of the arrivals.
    pub mails: Vec<i64>,
    /// When chats arrived; a subset of the arrivals.
    pub chats: Vec<i64>,
    /// When activities were assigned to agents; `None` if the rows have no such events.
    pub assigned: Option<Vec<i64>>,
    /// Activities that waited for their agent: when they were assigned, and when they arrived.
    pub waited: Vec<(i64, i64)>,
    /// When activities were completed.
    pub completed: Vec<i64>,
    /// The same by the application server of the agent, as in `work`.
    pub completed_on: BTreeMap<String, Vec<i64>>,
    /// Agents' open work, by the application server that they are logged in to. Agents without a known server are under
    /// the empty name.
    pub work: BTreeMap<String, Vec<Work>>,
    /// When agents did something, with the agent, by application server, as in `work`.
    pub acts: BTreeMap<String, Vec<(i64, i64)>>,
    /// Completed chats: when each was completed, and when its last message was sent.
    pub talks: Vec<CompletedChat>,
    /// Message times, as far as the rows show: they contain the last times of each chat.
    pub said: Vec<i64>,
    /// The last sign of life of chats that are still in progress and have been for long, by the application server of
    /// their agent.
    pub stops: BTreeMap<String, Vec<i64>>,
    /// Arrivals of chats in order, and whether each is still waiting in its queue.
    pub waiting: Vec<(i64, bool)>,
    /// When the rows begin.
    pub since: i64,
    /// When the rows end.
    pub until: i64,
}

/// A completed chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletedChat {
    /// When it was assigned to an agent.
    pub begun: i64,
    /// When it was completed.
    pub ended: i64,
    /// When the last message was sent; `None` if there was none.
    pub said: Option<i64>,
}

/// An outage detected in the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct OutageWindow {
    /// The servers that failed.
    pub servers: Vec<Server>,
    /// Other sets of servers whose failure leaves the same rows.
    pub or_servers: Vec<Vec<Server>>,
    /// The single application server that failed, while others continued.
    pub host: Option<String>,
    /// The last event before it.
    pub from: i64,
    /// The first event after it; `None` while it goes on.
    pub to: Option<i64>,
    /// The kind of event.
    pub counted: &'static str,
    /// How many of these were expected between `from` and `to`.
    pub expected: f64,
    /// The observed number.
    pub observed: usize,
    /// How many gaps like this one are expected by chance.
    pub p: f64,
    /// What continued meanwhile, as counts.
    pub meanwhile: Vec<String>,
}

impl OutageWindow {
    /// The confidence, as a word.
    #[must_use]
    pub fn confidence(&self) -> &'static str {
        match self.p {
            p if p < 1e-6 => "high",
            p if p < 1e-3 => "medium",
            _ => "low",
        }
    }

    fn end(&self) -> i64 {
        self.to.unwrap_or(i64::MAX)
    }

    fn end_in(&self, history: &History) -> i64 {
        self.to.unwrap_or(history.until)
    }

    fn length(&self, history: &History) -> i64 {
        self.end_in(history) - self.from
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.from < other.end() && other.from < self.end()
    }
}

/// Finds the outages, in order of time.
#[must_use]
pub fn detect(history: &History) -> Vec<OutageWindow> {
    let clock = Clock::of(history);
    let merged = Merged::of(history);
    let silences = silence::of_all(history, &merged, &clock);
    let mut windows = match &history.assigned {
        Some(assigned) => services::unassigned_gaps(history, &merged, assigned, &clock),
        None => services::unassigned_runs(history),
    };
    // Where work in hand stopped as well, more than Services was down: agents would have completed it. Without events
    // their silence begins when they run out of work, which is later.
    let with_events = history.assigned.is_some();
    windows.retain(|window| {
        let stopped = silences.iter().any(|other| {
            other.overlaps(window)
                && other.servers != [Server::Services]
                && (with_events || other.from - window.from < 5 * MINUTE)
        });
        let completed = || count(&history.completed, window.from + 1, window.end());
        !stopped || (!with_events && completed() > 2)
    });
    let hosts = host::of_hosts(history, &merged, &clock);
    // Where one application server was down for long, the others may rest for a moment.
    let within = |silence: &OutageWindow| {
        let long = |host: &OutageWindow| {
            host.overlaps(silence) && host.length(history) > 3 * silence.length(history)
        };
        hosts.iter().any(long)
    };
    let silences = silences.into_iter().filter(|silence| !within(silence));
    add(&mut windows, silences.collect());
    add(&mut windows, hosts);
    windows.iter_mut().for_each(|window| without_services(window, history, &clock));
    let talks = messaging::silent_chats(history, &clock);
    windows.iter_mut().for_each(|window| with_messaging(window, &talks, history));
    add(&mut windows, talks);
    windows.sort_by(|a, b| (a.from, &a.host).cmp(&(b.from, &b.host)));
    windows
}

/// Services fetches e-mail: where that went on, and chats and completions stopped, an Application server was down.
fn without_services(window: &mut OutageWindow, history: &History, clock: &Clock) {
    if window.servers != [Server::Services]
        || !silence::mail_went_on(history, window.from, window.end_in(history))
    {
        return;
    }
    let (from, to) = (window.from, window.end_in(history));
    let stopped = |times: &[i64]| {
        let expected = gap::usual(times, clock, from, to);
        expected >= gap::MIN_EXPECTED && gap::real(count(times, from + 1, to)) < expected / 4.0
    };
    if stopped(&history.chats) && stopped(&history.completed) {
        window.servers = vec![Server::Application];
        window.or_servers = vec![vec![Server::Application, Server::Messaging]];
    }
}

/// Where chats ended without messages throughout a window of other servers, Messaging was down as well.
fn with_messaging(window: &mut OutageWindow, talks: &[OutageWindow], history: &History) {
    let of_all = window.servers.contains(&Server::Application) && window.host.is_none();
    let silent = |talk: &&OutageWindow| {
        let shared = talk.end_in(history).min(window.end_in(history)) - talk.from.max(window.from);
        shared * 2 > talk.length(history).max(window.length(history))
    };
    let is_known = of_all || window.servers.contains(&Server::Messaging);
    let Some(talk) = talks.iter().find(silent).filter(|_| !is_known) else {
        return;
    };
    window.servers.push(Server::Messaging);
    window.or_servers.retain(|servers| servers.contains(&Server::Messaging));
    window.meanwhile.push(format!("{:.0} chats were completed without messages", talk.expected));
}

/// Adds those of `more` that do not overlap a window of another kind.
fn add(windows: &mut Vec<OutageWindow>, more: Vec<OutageWindow>) {
    let known = windows.len();
    for window in more {
        if !windows[..known].iter().any(|one| one.overlaps(&window)) {
            windows.push(window);
        }
    }
}
