//! What the failure of servers does to what is counted during an outage, and which counts speak for it.

use std::collections::BTreeSet;

use crate::analysis::Server;
use crate::analysis::outage::counts::{EventKind, log_lack};
use crate::report::CountRun;

/// What a failure leaves of a kind of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// There are none, or hardly any.
    Stops,
    /// They go on as usual.
    GoesOn,
    /// Either may be.
    Open,
}

/// The share of the usual number up to which events have stopped, and from which they go on.
const STOPPED: f64 = 0.35;
const GOES_ON: f64 = 0.5;

/// So many actions of agents may be at the edge of an outage whose times are not exact.
const FEW: u64 = 3;

fn effect(kind: EventKind, servers: &BTreeSet<Server>) -> Effect {
    let down = |server: Server| servers.contains(&server);
    let stops = |stops: bool, otherwise: Effect| {
        if stops { Effect::Stops } else { otherwise }
    };
    let application = down(Server::Application);
    match kind {
        // Whether chats come in without Messaging is not documented.
        EventKind::Chats if down(Server::Messaging) => stops(application, Effect::Open),
        // Without chats, agents have little to do.
        EventKind::Assignments | EventKind::Completions | EventKind::Acts
            if servers.len() == 1 && down(Server::Messaging) =>
        {
            Effect::Open
        }
        EventKind::Chats | EventKind::Acts => stops(application, Effect::GoesOn),
        EventKind::Mails => stops(down(Server::Services), Effect::GoesOn),
        EventKind::Assignments => stops(application || down(Server::Services), Effect::GoesOn),
        // Without Services, agents complete what they have, and then have no more.
        EventKind::Completions if down(Server::Services) => stops(application, Effect::Open),
        EventKind::Completions => stops(application, Effect::GoesOn),
        EventKind::Messages if down(Server::Services) => stops(application, Effect::Open),
        EventKind::Messages => stops(application || down(Server::Messaging), Effect::GoesOn),
    }
}

const KINDS: [EventKind; 6] = [
    EventKind::Chats,
    EventKind::Mails,
    EventKind::Assignments,
    EventKind::Completions,
    EventKind::Messages,
    EventKind::Acts,
];

/// Whether a count speaks for the failure of `servers` or against it; `None` where it does neither. Of an outage of one
/// of several Application servers, only what its own agents did is counted.
pub(super) fn speaks_for(
    count: &CountRun,
    servers: &BTreeSet<Server>,
    of_host: bool,
) -> Option<bool> {
    let kind = kind_of(count)?;
    if !is_of(count, of_host) {
        return None;
    }
    let (stopped, goes_on) = (has_stopped(count), goes_on(count));
    match effect(kind, servers) {
        Effect::Stops if !of_host && refutes(kind, count, servers) => Some(false),
        Effect::Stops => (stopped || goes_on).then_some(stopped),
        Effect::GoesOn => (stopped || goes_on).then_some(goes_on),
        Effect::Open => None,
    }
}

#[allow(clippy::cast_precision_loss)] // a count of events
fn share(count: &CountRun) -> f64 {
    count.observed as f64 / count.expected.max(1.0)
}

/// Whether a failure of `servers` may have left the counts: nothing that it stops went on, and some of it stopped,
/// where any of it is counted.
pub(super) fn may_be(counts: &[CountRun], servers: &BTreeSet<Server>, of_host: bool) -> bool {
    let stopped: Vec<&CountRun> =
        counts.iter().filter(|count| stops(count, servers) && is_of(count, of_host)).collect();
    let refuted = |count: &&CountRun| {
        let kind = kind_of(count).filter(|_| !of_host);
        goes_on(count) || kind.is_some_and(|kind| refutes(kind, count, servers))
    };
    stopped.is_empty()
        || (!stopped.iter().any(refuted) && stopped.iter().any(|count| has_stopped(count)))
}

/// Whether a failure of `servers` stops nothing but messages, and other events are counted, but no messages.
pub(super) fn only_messages(counts: &[CountRun], servers: &BTreeSet<Server>) -> bool {
    let is_stopped = |kind: &EventKind| effect(*kind, servers) == Effect::Stops;
    let stopped: Vec<EventKind> = KINDS.into_iter().filter(is_stopped).collect();
    !counts.is_empty()
        && stopped == [EventKind::Messages]
        && !counts.iter().any(|count| stops(count, servers))
}

fn stops(count: &CountRun, servers: &BTreeSet<Server>) -> bool {
    kind_of(count).is_some_and(|kind| effect(kind, servers) == Effect::Stops)
}

/// No agent does anything without an Application server: a tenth of the usual number, and more than a few at an edge,
/// shows that some of them could.
fn refutes(kind: EventKind, count: &CountRun, servers: &BTreeSet<Server>) -> bool {
    let by_agents = matches!(kind, EventKind::Completions | EventKind::Acts);
    by_agents
        && servers.contains(&Server::Application)
        && count.observed > FEW
        && share(count) > 0.1
}

fn kind_of(count: &CountRun) -> Option<EventKind> {
    KINDS.into_iter().find(|kind| kind.name() == count.what)
}

/// Whether a count says something of an outage; of one of a single Application server, only what its agents did does.
pub(super) fn is_of(count: &CountRun, of_host: bool) -> bool {
    !of_host || kind_of(count) == Some(EventKind::Acts)
}

/// Whether there were nearly as many as usual.
fn goes_on(count: &CountRun) -> bool {
    share(count) >= GOES_ON
}

/// How much it must say that so few were counted, as the logarithm of an improbability: one in a hundred hours is as
/// quiet by chance.
const MIN_LACK: f64 = 3.0;

/// Whether there were far fewer than usual, and not by chance.
pub(super) fn has_stopped(count: &CountRun) -> bool {
    #[allow(clippy::cast_possible_truncation)] // a count of events
    let observed = count.observed as usize;
    share(count) <= STOPPED && log_lack(observed, count.expected) >= MIN_LACK
}

/// `assignments: 5 of 71 expected`
pub(super) fn told(count: &CountRun) -> String {
    format!("{}: {} of {:.0} expected", count.what, count.observed, count.expected)
}
