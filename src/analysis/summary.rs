//! The result of an analysis in a few sentences: open chats, ghosts, outages, and the documented failure that matches.
//! Only this module knows what the findings that it counts mean.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Server;
use crate::analysis::history::NO_ARRIVALS;
use crate::analysis::outage::counts::EventKind;
use crate::diagnostic::counted;
use crate::report::{
    AnalysisRun, CandidateRun, ChangeRun, DetectedRun, FindingRun, LastSignRun, OpenChatState,
    OutageRun,
};
use crate::table::Cell;

/// The finding of chats whose session is lost.
const GHOSTS: &str = "ghost_chats";

/// The table that every answer rests on.
const ACTIVITIES: &str = "egpl_casemgmt_activity";

/// How its columns of types and states begin.
const STATES: &str = "egpl_casemgmt_activity.activity_";

/// The finding of open chats that the documented query leaves out.
const HIDDEN: &str = "hidden_chats";

/// The finding of states of one row that contradict each other.
const IMPOSSIBLE: &str = "impossible_transitions";

/// More failures than this that the rows cannot distinguish are no answer.
const MAX_ALIKE: usize = 4;

/// How many clusters are listed.
const NAMED: usize = 3;

/// How many outages are listed; the rest are counted.
const OUTAGES_NAMED: usize = 5;

/// The sentences, the most urgent first.
#[must_use]
pub fn summary(run: &AnalysisRun) -> Vec<String> {
    let before = [open(run), ghosts(run), changed(run), together(run)];
    let before = before.into_iter().flatten();
    before.chain(outages(run)).chain(likely(run)).collect()
}

fn open(run: &AnalysisRun) -> Option<String> {
    let Some(open) = run.open_chats else {
        let by_state: u64 = run.last_signs.iter().map(|sign| sign.chats).sum();
        return (by_state > 0).then(|| {
            format!(
                "Open chats: {by_state} by their state; the documented query also needs the user and queue tables, and \
                 queue_id."
            )
        });
    };
    let hidden = finding(run, HIDDEN).map_or(0, |found| found.table.rows.len());
    Some(match hidden {
        0 => format!("Open chats (documented query): {open}."),
        more => format!(
            "Open chats: {}; {open} by the documented query, {more} that it leaves out ({HIDDEN}).",
            open + more as u64
        ),
    })
}

fn finding<'r>(run: &'r AnalysisRun, name: &str) -> Option<&'r FindingRun> {
    run.findings.iter().find(|finding| finding.name == name)
}

/// The cells of a column, by row.
fn column<'r>(finding: &'r FindingRun, name: &str) -> impl Iterator<Item = &'r Cell> {
    let at = finding.table.position(name);
    finding.table.rows.iter().filter_map(move |row| row.get(at?))
}

/// The findings' verdicts on open chats, by id.
pub(super) fn verdicts(findings: &[FindingRun]) -> BTreeMap<i64, OpenChatState> {
    let Some(found) = findings.iter().find(|one| one.name == GHOSTS) else {
        return BTreeMap::new();
    };
    let verdict = |(id, verdict): (&Cell, &Cell)| {
        let state = match verdict.to_string().as_str() {
            "ghost" => OpenChatState::Ghost,
            "probable" => OpenChatState::Probable,
            _ => OpenChatState::Unclear,
        };
        match id {
            Cell::Integer(id) => Some((*id, state)),
            _ => None,
        }
    };
    let verdicts = column(found, "activity_id").zip(column(found, "verdict"));
    verdicts.filter_map(verdict).collect()
}

fn ghosts(run: &AnalysisRun) -> Option<String> {
    let found = finding(run, GHOSTS)?;
    if !found.needs_missing.is_empty() {
        let mut said = vec![format!("skipped, needs {}", found.needs_missing.join(", "))];
        said.extend(found.remarks.iter().skip(1).cloned());
        return Some(format!("Ghost chats: {}.", said.join("; ")));
    }
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in column(found, "verdict") {
        *verdicts.entry(verdict.to_string()).or_default() += 1;
    }
    if verdicts.is_empty() {
        return Some("Ghost chats: none.".to_owned());
    }
    let of = |word: &str| verdicts.get(word).copied().unwrap_or(0);
    let agents: BTreeSet<String> = column(found, "assigned_to").map(Cell::to_string).collect();
    let kinds = [("ghost", "certain"), ("probable", "probable"), ("unclear", "unclear")];
    let kinds = kinds.map(|(verdict, word)| (of(verdict), word)).into_iter();
    let kinds: Vec<String> = (kinds.filter(|(count, _)| *count > 0))
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    Some(format!(
        "Ghost chats: {} ({}).{}",
        kinds.join(", "),
        counted(agents.len(), "agent"),
        of_newest(run).unwrap_or_default()
    ))
}

/// How long before an outage a chat that it ended may have changed last, and how long after its first event.
const STOPPED_BEFORE: i64 = 15 * 60_000;

/// Whether something that stopped at a time stopped because of an outage: shortly before it or in it.
fn stopped_in(found: &DetectedRun, host: Option<&str>, at: i64) -> bool {
    let of_host = found.host.is_none() || host.is_none() || found.host.as_deref() == host;
    of_host && moment(&found.from) - STOPPED_BEFORE <= at && at <= moment(&found.to)
}

/// ` 5 of them stopped at the outage from 2026-02-10 12:59:58, 10 at other times.`: the newest outage that stopped any.
fn of_newest(run: &AnalysisRun) -> Option<String> {
    let is_ghost =
        |sign: &&LastSignRun| matches!(sign.state, OpenChatState::Ghost | OpenChatState::Probable);
    let ghosts = || run.last_signs.iter().filter(is_ghost);
    let stopped = |found: &DetectedRun| -> u64 {
        let in_it = |sign: &&LastSignRun| stopped_in(found, sign.host.as_deref(), moment(&sign.at));
        ghosts().filter(in_it).map(|sign| sign.chats).sum()
    };
    let ends_sessions = |found: &&DetectedRun| found.servers.contains(Server::Application.name());
    let newest = run.detected.iter().rev().filter(ends_sessions);
    let (found, stopped) =
        newest.map(|found| (found, stopped(found))).find(|(_, stopped)| *stopped > 0)?;
    let all: u64 = ghosts().map(|sign| sign.chats).sum();
    let others = match all - stopped {
        0 => String::new(),
        others => format!(", {others} at other times"),
    };
    let from = to_the_second(&found.from);
    Some(format!(" {stopped} of them stopped at the outage from {from}{others}."))
}

/// `Between a.csv and b.csv: 12 new (9 chats), 40 completed (38 chats).`
fn changed(run: &AnalysisRun) -> Option<String> {
    let compared = run.changes.as_ref()?;
    let change = |one: &ChangeRun| format!("{} {} ({} chats)", one.activities, one.what, one.chats);
    let changes: Vec<String> = compared.changes.iter().map(change).collect();
    let changes =
        if changes.is_empty() { "nothing changed".to_owned() } else { changes.join(", ") };
    let (earlier, later) = (&compared.earlier, &compared.later);
    let mut said = format!("Between {earlier} and {later}: {changes}.");
    let impossible = finding(run, IMPOSSIBLE).map_or(0, |found| found.table.rows.len());
    if impossible as u64 * 20 > run.activities {
        said.push_str(&format!(
            " They contradict each other in {} ({IMPOSSIBLE}): are both exports of the same system?",
            counted(impossible, "row")
        ));
    }
    Some(said)
}

/// `14 chats of 14 agents on 43app stopped together at 2011-07-14 09:37:10.`
fn together(run: &AnalysisRun) -> Option<String> {
    let found = finding(run, "stopped_together")?;
    let names = ["login_ip", "first_stopped", "chats_together", "agents"];
    let at: Vec<usize> = names.iter().filter_map(|name| found.table.position(name)).collect();
    let [host, first, chats, agents] = at[..] else {
        return None;
    };
    // What a detected outage explains is said with it.
    let is_unexplained = |row: &&Vec<Cell>| {
        let host = row[host].to_string();
        let explains = |found: &DetectedRun| stopped_in(found, Some(&host), moment(&row[first]));
        !run.detected.iter().any(explains)
    };
    let clusters: BTreeSet<String> = found
        .table
        .rows
        .iter()
        .filter(is_unexplained)
        .map(|row| {
            let (chats, agents) = (&row[chats], &row[agents]);
            let at = to_the_second(&row[first]);
            format!(
                "{} of {} on {} stopped together at {at}",
                counted(chats, "chat"),
                counted(agents, "agent"),
                row[host]
            )
        })
        .collect();
    let last: Vec<String> = clusters.into_iter().rev().take(NAMED).collect();
    (!last.is_empty()).then(|| format!("{}.", last.join("; ")))
}

/// A sentence for each of the newest outages that were detected.
fn outages(run: &AnalysisRun) -> Vec<String> {
    let asked = finding(run, GHOSTS).is_some() && run.as_of != Cell::Null;
    if run.activities == 0 {
        return Vec::new();
    }
    if run.detected.is_empty() && !missing(run).is_empty() {
        return vec!["Outages: unknown, because the rows lack these columns.".to_owned()];
    }
    if run.detected.is_empty() && asked {
        let none = "Outages detected in the rows: none.";
        return vec![match run.outages.is_empty() {
            true => none.to_owned(),
            false if run.candidates.is_empty() => {
                "Outages detected in the rows: none; the one that you named does not show in them."
                    .to_owned()
            }
            false => {
                "Outages detected in the rows: none; the one that you named is taken as given."
                    .to_owned()
            }
        }];
    }
    let mut sentences: Vec<String> =
        run.detected.iter().rev().take(OUTAGES_NAMED).map(outage).collect();
    if run.detected.len() > OUTAGES_NAMED {
        let earlier = counted(run.detected.len() - OUTAGES_NAMED, "earlier outage");
        sentences.push(format!("{earlier} detected as well."));
    }
    sentences
}

fn outage(found: &DetectedRun) -> String {
    let to = match &found.to {
        Cell::Null => "on, and not over".to_owned(),
        at => format!("to {}", end_of(&found.from, at)),
    };
    format!(
        "Outage detected: {} from {} {to} ({} of {:.0} expected {}, confidence {}).",
        failed(found),
        to_the_second(&found.from),
        found.observed,
        found.expected,
        found.counted,
        found.confidence
    )
}

/// The states that the rows lack, without which no open chat is one.
#[must_use]
pub fn missing(run: &AnalysisRun) -> Vec<&str> {
    let needs = finding(run, GHOSTS).map_or(&[][..], |found| &found.needs_missing);
    let is_state = |name: &&str| *name == ACTIVITIES || name.starts_with(STATES);
    needs.iter().map(String::as_str).filter(is_state).collect()
}

fn likely(run: &AnalysisRun) -> Option<String> {
    if run.detected.is_empty() && run.outages.is_empty() && !missing(run).is_empty() {
        return None;
    }
    let Some(first) = run.candidates.first() else {
        return none_fits(run);
    };
    if run.as_of == Cell::Null {
        return Some("Likely failure: unclear; the rows hold no time.".to_owned());
    }
    let is_any = run.candidates.len() == 1 && first.scenarios.len() > MAX_ALIKE;
    if is_any || first.evidence_for.is_empty() {
        let why =
            match run.outages.is_empty() && run.undetectable.iter().any(|own| own == NO_ARRIVALS) {
                true => NO_ARRIVALS,
                false => "these rows fit several documented failures",
            };
        return Some(format!("Likely failure: unclear; {why}."));
    }
    let named =
        first.scenarios.iter().map(|one| format!("{} (scenario {})", one.failure, one.name));
    let named: Vec<String> = named.collect();
    let strongest = |said: &[String]| said.last().cloned().unwrap_or_else(|| "nothing".to_owned());
    let CandidateRun { evidence_for, evidence_against, .. } = first;
    let of = match (run.outages.len(), run.detected.len()) {
        (0, 0 | 1) | (1, 0) => "",
        (0, _) => " in the newest outage",
        (1, _) => " in the outage that you named",
        _ => " in the newest outage that you named",
    };
    Some(format!(
        "Likely failure{of}: {}; evidence for: {}; evidence against: {}.",
        named.join(" or "),
        strongest(evidence_for),
        strongest(evidence_against)
    ))
}

/// Reports that no documented failure fits, and the counts of the given outage.
fn none_fits(run: &AnalysisRun) -> Option<String> {
    if run.activities == 0 {
        return None;
    }
    let given = run.outages.iter().max_by_key(|outage| moment(&outage.from));
    let counts = given.map_or(&[][..], |outage| outage.counts.as_slice());
    let of_host = given.is_some_and(|outage| outage.host.is_some());
    let counted: Vec<String> = counts
        .iter()
        .filter(|count| !of_host || count.what == EventKind::Acts.name())
        .map(|count| format!("{} {}, usually {:.0}", count.what, count.observed, count.expected))
        .collect();
    Some(if counted.is_empty() && given.is_some() {
        "Likely failure: unclear; too little usually happens in that period to tell.".to_owned()
    } else if counted.is_empty() && !run.detected.is_empty() {
        let newest = run.detected.last().map(failed).unwrap_or_default();
        format!("Likely failure: none of the documented ones; the rows show an outage of {newest}.")
    } else if counted.is_empty() {
        let since = match run.as_of_from.starts_with("the newest timestamp") {
            true => format!(
                " They end at {}; if they were exported later, add --exported-at.",
                to_the_second(&run.as_of)
            ),
            false => String::new(),
        };
        format!(
            "Likely failure: none of the documented ones; nothing in the rows shows an outage.{since}"
        )
    } else {
        let others: Vec<String> = run
            .detected
            .iter()
            .filter(|found| given.is_some_and(|given| is_during(found, given)))
            .map(|found| format!(" Detected at that time: {}.", failed(found)))
            .collect();
        format!(
            "Likely failure: none of the documented ones; nothing stopped in that period: {}.{}",
            counted.join(", "),
            others.concat()
        )
    })
}

fn moment(at: &Cell) -> i64 {
    match at {
        Cell::Timestamp(ms) => *ms,
        _ => i64::MAX,
    }
}

fn is_during(found: &DetectedRun, given: &OutageRun) -> bool {
    moment(&found.from) <= moment(&given.to) && moment(&given.from) <= moment(&found.to)
}

/// What failed: `application 43app`, `application, or application+messaging`.
fn failed(found: &DetectedRun) -> String {
    let host = found.host.iter().map(|host| format!(" {host}"));
    let or = found.or_servers.iter().map(|servers| format!(", or {servers}"));
    let more: String = host.chain(or).collect();
    format!("{}{more}", found.servers)
}

/// The end of a span: only the time if it is on the day on which the span begins.
fn end_of(from: &Cell, to: &Cell) -> String {
    let (from, to) = (to_the_second(from), to_the_second(to));
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((first, _)), Some((last, time))) if first == last => time.to_owned(),
        _ => to,
    }
}

/// A time without its fraction of a second.
pub(crate) fn to_the_second(at: &Cell) -> String {
    let text = at.to_string();
    text.split_once('.').map_or(text.clone(), |(whole, _)| whole.to_owned())
}
