//! Which documented failure do rows look like? Each scenario has a signature: what every finding returns on the
//! database that its own replay leaves. Rows are compared with all of them, and the evidence for a failure, against it
//! and what is not in the rows is listed; failures that the rows cannot distinguish are named together.
//!
//! The signatures are a file that a test compares with the replays, so that a change of the model or of a finding shows
//! in it, and so that an analysis need not replay ten scenarios first. This module does not know what any finding
//! means, nor any scenario by name.

mod counts;
mod groups;

use std::collections::BTreeSet;

use thiserror::Error;

use crate::analysis::{self, AnalysisError, Outage, Server};
use crate::assets;
use crate::diagnostic::counted;
use crate::replay::ReplayError;
use crate::report::{
    AnalysisRun, CandidateRun, CountRun, DetectedRun, FindingRun, FindingVerdict, ScenarioName,
};
use crate::store::{Store, StoreError};
use crate::table::raw::{self, RawTable};
use crate::table::{Cell, ResultTable};

pub use groups::{ScenarioGroup, ScenarioGroups, groups};

/// Why signatures could not be made.
#[derive(Debug, Error)]
pub enum SignatureError {
    /// A scenario could not be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Its rows could not be searched.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// Its outages could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the replay of a scenario leaves for the findings to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The scenario's name.
    pub scenario: String,
    /// The title of the scenario.
    pub title: String,
    /// The servers that fail.
    pub servers: BTreeSet<Server>,
    /// Whether they are back at its end.
    pub over: bool,
    /// What every finding comes to, by name.
    pub marks: Vec<(String, FindingVerdict)>,
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The columns of the file before those of the findings.
const OWN_COLUMNS: [&str; 4] = ["scenario", "title", "servers", "over"];

impl Signature {
    /// What failed and whether it is back: `the Messaging server failed and came back`.
    fn in_words(&self) -> String {
        let names: Vec<String> =
            self.servers.iter().map(|server| capitalized(server.name())).collect();
        let servers = match names.as_slice() {
            [only] => format!("the {only} server"),
            [first, second] => format!("the {first} and {second} servers"),
            _ => "all servers".to_owned(),
        };
        let then = if self.over { "came back" } else { "did not come back" };
        format!("{servers} failed and {then}")
    }

    fn mark(&self, finding: &str) -> Option<FindingVerdict> {
        let found = self.marks.iter().find(|(name, _)| name == finding);
        found.map(|(_, verdict)| *verdict)
    }

    fn of_row(table: &RawTable, cells: &[&str]) -> Option<Self> {
        let names: Vec<&str> = table.header.iter().map(|cell| cell.text.as_str()).collect();
        let marks = names.iter().zip(cells).skip(OWN_COLUMNS.len());
        let server = |word: &str| Server::ALL.into_iter().find(|server| server.name() == word);
        Some(Self {
            scenario: (*cells.first()?).to_owned(),
            title: (*cells.get(1)?).to_owned(),
            servers: cells.get(2)?.split('+').map(server).collect::<Option<_>>()?,
            over: *cells.get(3)? == "yes",
            marks: marks
                .map(|(name, word)| Some(((*name).to_owned(), verdict(word)?)))
                .collect::<Option<_>>()?,
        })
    }
}

const VERDICTS: [(&str, FindingVerdict); 4] = [
    ("found", FindingVerdict::Found),
    ("nothing", FindingVerdict::Nothing),
    ("unclear", FindingVerdict::Unclear),
    ("skipped", FindingVerdict::Skipped),
];

fn verdict(word: &str) -> Option<FindingVerdict> {
    let found = VERDICTS.iter().find(|(known, _)| *known == word);
    found.map(|(_, verdict)| *verdict)
}

fn word(verdict: FindingVerdict) -> &'static str {
    let found = VERDICTS.iter().find(|(_, known)| *known == verdict);
    found.map_or("", |(word, _)| word)
}

/// The signatures that are compiled in, in the order of the document.
#[must_use]
pub fn signatures() -> Vec<Signature> {
    let table =
        raw::read_any(assets::SIGNATURES).expect("a test holds the file against the replays");
    let rows = table.rows.iter().map(|row| {
        let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
        Signature::of_row(&table, &cells).expect("a test holds the file against the replays")
    });
    rows.collect()
}

/// The outage that a replay's database tells of: all servers that stopped, from the first stop to the last start.
///
/// # Errors
/// When the database is not one of a replay.
pub fn outage_of(store: &Store) -> Result<Outage, StoreError> {
    const OUTAGES: &str = "SELECT server, stopped_at, started_at FROM outage ORDER BY outage_id";
    let rows = store.ask(OUTAGES, &[], &[])?.rows;
    let ms = |cell: &Cell| match cell {
        Cell::Timestamp(ms) => Some(*ms),
        _ => None,
    };
    let named = |row: &Vec<Cell>| {
        let word = row[0].to_string();
        Server::ALL.into_iter().find(|server| server.name() == word)
    };
    let ends: Option<Vec<i64>> = rows.iter().map(|row| ms(&row[2])).collect();
    Ok(Outage {
        servers: rows.iter().filter_map(named).collect::<BTreeSet<_>>().into_iter().collect(),
        host: None,
        from_ms: rows.iter().filter_map(|row| ms(&row[1])).min().unwrap_or(0),
        to_ms: ends.and_then(|ends| ends.into_iter().max()),
    })
}

/// Signatures as a table, a row for each scenario and a column for each finding.
#[must_use]
pub fn table(signatures: &[Signature]) -> ResultTable {
    let findings = signatures.first().map_or(&[][..], |first| first.marks.as_slice());
    let names = OWN_COLUMNS.into_iter().chain(findings.iter().map(|(name, _)| name.as_str()));
    let row = |signature: &Signature| {
        let servers: Vec<&str> = signature.servers.iter().map(|server| server.name()).collect();
        let own = [
            signature.scenario.clone(),
            signature.title.clone(),
            servers.join("+"),
            if signature.over { "yes" } else { "no" }.to_owned(),
        ];
        let marks = signature.marks.iter().map(|(_, verdict)| word(*verdict).to_owned());
        own.into_iter().chain(marks).map(Cell::Text).collect()
    };
    ResultTable::of_texts(names, signatures.iter().map(row))
}

/// What is known about an outage besides the rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownOutage {
    /// The servers that are said to have failed; empty when nobody says.
    pub servers: BTreeSet<Server>,
    /// Whether the outage was over at the reference time; `None` when no outage is given.
    pub over: Option<bool>,
    /// What the rows show of it by themselves.
    pub shown: Option<ShownOutage>,
    /// Activity during it, compared with normal activity.
    pub counts: Vec<CountRun>,
    /// Whether it was of one Application server, while others went on.
    pub of_host: bool,
}

/// An outage that was detected in the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownOutage {
    /// The sets of servers whose failure leaves such rows.
    pub servers: Vec<BTreeSet<Server>>,
    /// What was counted, in a sentence.
    pub counted: String,
}

impl ShownOutage {
    fn fits(&self, signature: &Signature) -> bool {
        self.servers.contains(&signature.servers)
    }
}

/// How far the time of an outage may be off that somebody remembers.
const UNCERTAIN: i64 = 15 * 60_000;

/// The newest outage that the rows show, or the one that was given, where the rows show it.
fn shown<'r>(run: &'r AnalysisRun, given: Option<&Outage>) -> Option<&'r DetectedRun> {
    let meant = |found: &&DetectedRun| {
        let (from, to) = (ms(&found.from).unwrap_or(i64::MIN), ms(&found.to).unwrap_or(i64::MAX));
        let near = |outage: &Outage| {
            let end = outage.to_ms.unwrap_or(i64::MAX).saturating_add(UNCERTAIN);
            let of_host =
                outage.host.is_none() || found.host.is_none() || outage.host == found.host;
            of_host && from <= end && outage.from_ms - UNCERTAIN <= to
        };
        given.is_none_or(near)
    };
    run.detected.iter().rev().find(meant)
}

/// `0 of 42 expected actions of its agents on 43app from ... to ..., while 130 activities arrived`
fn against_expected(found: &DetectedRun) -> String {
    let of = found.host.as_ref().map_or_else(String::new, |host| format!(" on {host}"));
    let to = match &found.to {
        Cell::Null => String::new(),
        at => format!(" to {}", to_the_second(at)),
    };
    format!(
        "{} of {:.0} expected {}{of} from {}{to}, while {}",
        found.observed,
        found.expected,
        found.counted,
        to_the_second(&found.from),
        found.evidence.join(" and ")
    )
}

fn to_the_second(at: &Cell) -> String {
    let text = at.to_string();
    text.split_once('.').map_or(text.clone(), |(whole, _)| whole.to_owned())
}

impl KnownOutage {
    /// Whether only the findings say what failed.
    fn by_findings(&self) -> bool {
        self.shown.is_none() && self.counts.is_empty()
    }

    /// What is said of the newest outage that is given.
    #[must_use]
    pub fn of(outages: &[Outage]) -> Self {
        let newest = outages.iter().max_by_key(|outage| outage.from_ms);
        newest.map_or_else(Self::default, |outage| Self {
            servers: outage.servers.iter().copied().collect(),
            over: Some(outage.to_ms.is_some()),
            shown: None,
            counts: Vec::new(),
            of_host: outage.host.is_some(),
        })
    }
}

/// Holds an analysis against the signatures that are compiled in, and notes the candidates in it.
pub fn compare(run: &mut AnalysisRun, options: &analysis::AnalysisOptions) {
    let mut known = KnownOutage::of(&options.outages);
    let newest = options.outages.iter().max_by_key(|outage| outage.from_ms);
    if let Some(found) = shown(run, newest) {
        let set = |servers: &str| {
            let named = |server: &Server| servers.split('+').any(|name| name == server.name());
            Server::ALL.into_iter().filter(named).collect()
        };
        let others = found.or_servers.iter().map(|servers| set(servers));
        // Who names an outage says whether it is over; else the rows do.
        known.over = known.over.or(Some(found.to != Cell::Null));
        known.of_host = found.host.is_some();
        // What the window itself counts is said once.
        let unsaid = |count: &&CountRun| !found.counted.starts_with(&count.what);
        known.counts = found.counts.iter().filter(unsaid).cloned().collect();
        known.shown = Some(ShownOutage {
            servers: [set(&found.servers)].into_iter().chain(others).collect(),
            counted: against_expected(found),
        });
    }
    if known.shown.is_none()
        && let Some(given) = run.outages.iter().max_by_key(|outage| ms(&outage.from))
    {
        known.counts.clone_from(&given.counts);
    }
    let mut fitting = signatures();
    let mut unseen = false;
    if let Some(shown) = &known.shown {
        // The rows say which servers failed; whoever named others is answered.
        fitting.retain(|one| shown.fits(one) || one.servers == known.servers);
    } else {
        fitting.retain(|one| counts::may_be(&known.counts, &one.servers, known.of_host));
        unseen = none_fits(run, &known);
        if unseen {
            // Without message times, the user's word on Messaging is all that there is.
            let only_said = |one: &Signature| counts::only_messages(&known.counts, &one.servers);
            fitting.retain(|one| one.servers == known.servers && only_said(one));
        }
    }
    let is_blind = run.detected.is_empty() && run.outages.is_empty();
    if is_blind && !analysis::summary::missing(run).is_empty() {
        return;
    }
    run.candidates = candidates(&fitting, run, &known);
    if unseen {
        run.candidates.retain(|one| one.evidence_against.is_empty());
        for one in &mut run.candidates {
            // The summary quotes the last.
            one.evidence_for.rotate_left(1);
            one.not_in_export.push("eglv_session_chat_event".to_owned());
        }
    }
}

/// Whether nothing that was counted in the outage that was given had stopped; or none was given, and many activities
/// show none.
fn none_fits(run: &AnalysisRun, known: &KnownOutage) -> bool {
    if run.outages.is_empty() {
        return run.activities >= analysis::MIN_ACTIVITIES;
    }
    let counts = || known.counts.iter().filter(|count| counts::is_of(count, known.of_host));
    let is_known = counts().next().is_some() || run.activities >= analysis::MIN_ACTIVITIES;
    is_known && !counts().any(counts::has_stopped)
}

fn ms(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Timestamp(ms) => Some(*ms),
        _ => None,
    }
}

/// Holds what was found against the signatures, the likeliest first: the fewest things against it, then the most for
/// it, then the order of the document. Scenarios that nothing known tells apart are one candidate.
#[must_use]
pub fn candidates(
    signatures: &[Signature],
    run: &AnalysisRun,
    known: &KnownOutage,
) -> Vec<CandidateRun> {
    let telling: Vec<&FindingRun> = run
        .findings
        .iter()
        // Counts against what is expected say more than that a finding has rows.
        .filter(|found| known.by_findings() && tells(signatures, &found.name))
        .collect();
    let mut groups: Vec<Vec<&Signature>> = Vec::new();
    for signature in signatures {
        let alike = |group: &&mut Vec<&Signature>| is_alike(group[0], signature, &telling, known);
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(signature),
            None => groups.push(vec![signature]),
        }
    }
    let mut candidates: Vec<CandidateRun> =
        groups.iter().map(|group| candidate(group, &telling, known)).collect();
    candidates
        .sort_by_key(|one| (one.evidence_against.len(), std::cmp::Reverse(one.evidence_for.len())));
    candidates
}

/// Whether a finding finds something in some scenarios and not in others: what comes to the same in all says nothing
/// about which it is, and rows that nothing can be told of do not either.
fn tells(signatures: &[Signature], finding: &str) -> bool {
    let found = |signature: &Signature| signature.mark(finding) == Some(FindingVerdict::Found);
    signatures.iter().any(found) && !signatures.iter().all(found)
}

fn candidate(group: &[&Signature], telling: &[&FindingRun], known: &KnownOutage) -> CandidateRun {
    let signature = group[0];
    let name = |signature: &&Signature| ScenarioName {
        name: signature.scenario.clone(),
        title: signature.title.clone(),
        failure: signature.in_words(),
    };
    let mut one = CandidateRun {
        scenarios: group.iter().map(name).collect(),
        evidence_for: Vec::new(),
        evidence_against: Vec::new(),
        not_in_export: Vec::new(),
        separated_by: Vec::new(),
    };
    if !known.servers.is_empty() {
        let same = known.servers == signature.servers;
        one.say(same, format!("{} reported as failed", named(&known.servers)));
    }
    if let Some(over) = known.over {
        let text = if over { "the outage is over" } else { "the outage is ongoing" };
        one.say(over == signature.over, text.to_owned());
    }
    let (stopped, others): (Vec<&CountRun>, Vec<&CountRun>) =
        (known.counts.iter()).partition(|count| counts::has_stopped(count));
    for count in others {
        if let Some(speaks_for) = counts::speaks_for(count, &signature.servers, known.of_host) {
            one.say(speaks_for, counts::told(count));
        }
    }
    for found in telling {
        let expected = signature.mark(&found.name);
        match (expected, found.verdict) {
            (
                Some(FindingVerdict::Found | FindingVerdict::Nothing),
                FindingVerdict::Unclear | FindingVerdict::Skipped,
            ) => {
                one.not_in_export.push(found.name.clone());
            }
            // That both have none of it sets nothing apart that a row would not.
            (Some(FindingVerdict::Nothing), FindingVerdict::Nothing)
            | (Some(FindingVerdict::Unclear | FindingVerdict::Skipped) | None, _) => {}
            (Some(FindingVerdict::Found), verdict) => {
                one.say(verdict == FindingVerdict::Found, told(found))
            }
            (Some(FindingVerdict::Nothing), _) => one.say(false, told(found)),
        }
    }
    // The strongest evidence is the last.
    for count in stopped {
        if let Some(speaks_for) = counts::speaks_for(count, &signature.servers, known.of_host) {
            one.say(speaks_for, counts::told(count));
        }
    }
    if let Some(shown) = &known.shown {
        one.say(shown.fits(signature), shown.counted.clone());
    }
    for (at, signature) in group.iter().enumerate() {
        for other in &group[at + 1..] {
            one.separated_by.extend(separated_by(signature, other, telling, known));
        }
    }
    one.separated_by.sort();
    one.separated_by.dedup();
    one
}

impl CandidateRun {
    fn say(&mut self, speaks_for: bool, what: String) {
        if speaks_for {
            self.evidence_for.push(what);
        } else {
            self.evidence_against.push(what);
        }
    }
}

/// A finding as evidence: how many rows it has, and what they are.
fn told(found: &FindingRun) -> String {
    let count = match found.table.rows.len() {
        0 => "none".to_owned(),
        count => counted(count, "row"),
    };
    format!("{}, {count}: {}", found.name, found.title)
}

/// Whether a finding ran and could judge its rows.
fn decides(found: &FindingRun) -> bool {
    matches!(found.verdict, FindingVerdict::Found | FindingVerdict::Nothing)
}

/// Whether nothing that is known tells the two apart.
fn is_alike(
    one: &Signature,
    other: &Signature,
    telling: &[&FindingRun],
    known: &KnownOutage,
) -> bool {
    let decided = telling.iter().filter(|found| decides(found));
    (known.servers.is_empty() || (one.servers == known.servers) == (other.servers == known.servers))
        && (known.over.is_none() || one.over == other.over)
        && known.shown.as_ref().is_none_or(|shown| shown.fits(one) == shown.fits(other))
        && known.counts.iter().all(|count| {
            let speaks = |signature: &Signature| {
                counts::speaks_for(count, &signature.servers, known.of_host)
            };
            speaks(one) == speaks(other)
        })
        && decided.into_iter().all(|found| one.mark(&found.name) == other.mark(&found.name))
}

/// The exports, and what else, that would tell the two apart.
fn separated_by(
    one: &Signature,
    other: &Signature,
    telling: &[&FindingRun],
    known: &KnownOutage,
) -> Vec<String> {
    let undecided = telling.iter().filter(|found| !decides(found));
    let differing = undecided.filter(|found| one.mark(&found.name) != other.mark(&found.name));
    let mut by: Vec<String> = differing
        .flat_map(|found| found.needs_missing.iter().map(|wanted| analysis::export_of(wanted)))
        .collect();
    if known.over.is_none() && one.over != other.over {
        by.push(analysis::OUTAGE.to_owned());
    }
    if known.servers.is_empty() && one.servers != other.servers {
        by.push("which servers failed (--outage)".to_owned());
    }
    by
}

fn named(servers: &BTreeSet<Server>) -> String {
    servers.iter().map(|server| server.name()).collect::<Vec<_>>().join(", ")
}
