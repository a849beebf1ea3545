//! Outages as the report lists them: those detected in the rows, and those given by the user.

use super::over_time::Shaded;
use super::{Outage, Server, outage};
use crate::report::{CountRun, DetectedRun, OutageRun};
use crate::table::Cell;

fn names(servers: &[Server]) -> String {
    let names: Vec<&str> = servers.iter().map(|server| server.name()).collect();
    names.join("+")
}

/// The outages given by the user, and those detected in the rows.
pub(super) fn shaded(given: &[Outage], detected: &[outage::OutageWindow]) -> Vec<Shaded> {
    let all = given.iter().cloned().chain(detected.iter().map(Outage::of));
    all.map(|outage| Shaded {
        from: outage.from_ms,
        to: outage.to_ms,
        of_messaging: outage.servers.contains(&Server::Messaging),
        host: outage.host,
    })
    .collect()
}

pub(super) fn detected_run(
    window: &outage::OutageWindow,
    history: &outage::History,
) -> DetectedRun {
    DetectedRun {
        servers: names(&window.servers),
        or_servers: window.or_servers.iter().map(|servers| names(servers)).collect(),
        host: window.host.clone(),
        from: Cell::Timestamp(window.from),
        to: window.to.map_or(Cell::Null, Cell::Timestamp),
        counted: window.counted.to_owned(),
        expected: (window.expected * 10.0).round() / 10.0,
        observed: window.observed as u64,
        p: window.p,
        confidence: window.confidence().to_owned(),
        evidence: window.meanwhile.clone(),
        counts: counts(&Outage::of(window), history),
    }
}

pub(super) fn given_run(outage: &Outage, history: &outage::History) -> OutageRun {
    OutageRun {
        servers: names(&outage.servers),
        host: outage.host.clone(),
        from: Cell::Timestamp(outage.from_ms),
        to: outage.to_ms.map_or(Cell::Null, Cell::Timestamp),
        counts: counts(outage, history),
    }
}

fn counts(outage: &Outage, history: &outage::History) -> Vec<CountRun> {
    let run = |count: outage::counts::EventCount| CountRun {
        what: count.kind.name().to_owned(),
        observed: count.observed as u64,
        expected: (count.expected * 10.0).round() / 10.0,
    };
    let counts = outage::counts::counts(history, outage);
    counts.into_iter().map(run).collect()
}
