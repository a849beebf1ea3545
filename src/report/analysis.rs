//! The record of an analysis of exported rows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::query::{Tag, Urgency};
use crate::table::{Cell, ResultTable};

/// Exported rows searched for what an outage leaves behind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AnalysisRun {
    /// The files that the rows come from, in the order of reading. Empty for a database that is no import database.
    pub files: Vec<FileRun>,
    /// The moment of judgement, on the servers' wall clock; NULL when the rows hold no time.
    pub as_of: Cell,
    /// Where that moment comes from, in a few words.
    pub as_of_from: String,
    /// How far the servers' clock is ahead of UTC, such as `+02:00`, where it is known.
    pub utc_offset: Option<String>,
    /// How many chats are open by the documented query, where the rows have its tables.
    pub open_chats: Option<u64>,
    /// How many activities outages were looked for in; 0 where no finding is about an outage.
    pub activities: u64,
    /// What changed between the last two exports of activities, where there are two.
    pub changes: Option<ComparedExports>,
    /// The answer in a few sentences.
    pub summary: Vec<String>,
    /// The command to run next, as it is typed.
    pub command: Option<String>,
    /// The outages that the user says there were.
    pub outages: Vec<OutageRun>,
    /// The outages that the rows show, in the order of time.
    pub detected: Vec<DetectedRun>,
    /// What happened over time, counted: the whole time first, then what surrounds the newest outages. Empty where the
    /// rows hold no time.
    pub periods: Vec<PeriodRun>,
    /// When each open chat showed its last sign of life, by application server and time.
    pub last_signs: Vec<LastSignRun>,
    /// What could not be detected, and what would show it, in sentences.
    pub undetectable: Vec<String>,
    /// Every finding that was asked for, by name.
    #[serde(serialize_with = "by_name")]
    #[schemars(with = "BTreeMap<String, FindingRun>")]
    pub findings: Vec<FindingRun>,
    /// What the skipped findings lack, that which most of them lack first.
    pub unlocks: Vec<UnlockRun>,
    /// The documented failures that the rows are held against, the likeliest first.
    pub candidates: Vec<CandidateRun>,
    /// What to look at next, in sentences.
    pub next: Vec<String>,
    /// What was done about personal data, in a sentence.
    pub privacy: String,
}

impl AnalysisRun {
    /// How many findings came to `verdict`.
    #[must_use]
    pub fn count(&self, verdict: FindingVerdict) -> usize {
        let same = |finding: &&FindingRun| finding.verdict == verdict;
        self.findings.iter().filter(same).count()
    }
}

/// Writes findings as one object, keyed by their names.
fn by_name<S: Serializer>(findings: &[FindingRun], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(findings.iter().map(|finding| (&finding.name, finding)))
}

/// Two exports of the same activities, and what changed between them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ComparedExports {
    /// The file of the earlier export.
    pub earlier: String,
    /// The file of the later export.
    pub later: String,
    /// The kinds of changes that there are.
    pub changes: Vec<ChangeRun>,
}

/// A kind of change between two exports.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ChangeRun {
    /// What happened to the activities, such as `completed`.
    pub what: String,
    /// How many activities it happened to.
    pub activities: u64,
    /// How many of these are chats.
    pub chats: u64,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FileRun {
    /// As it was named.
    pub file: String,
    /// The input format that it was read in, by its id.
    pub input_format: String,
    /// How its characters are encoded.
    pub encoding: String,
    /// When it was exported; NULL when that is not known.
    pub exported_at: Cell,
    /// Where that time comes from.
    pub exported_at_from: String,
    /// The tables that it has rows or columns of.
    pub tables: Vec<String>,
    /// Records in it.
    pub records: u64,
    /// Of these, loaded.
    pub loaded: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// How many rows its producer says there are.
    pub trailer: Option<u64>,
    /// Columns that were not kept, and why, in sentences.
    pub remarks: Vec<String>,
    /// The first records that were rejected, with line and reason, and how many more there are, in sentences.
    pub rejects: Vec<String>,
}

/// An outage that the user says there was.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OutageRun {
    /// The servers that were down: `application`, `services`, `messaging`, with `+` between them.
    pub servers: String,
    /// The one application server that was down, where it is known.
    pub host: Option<String>,
    /// When it began, on the servers' wall clock.
    pub from: Cell,
    /// When it ended; NULL while it goes on.
    pub to: Cell,
    /// What happened in it, against what is usual.
    pub counts: Vec<CountRun>,
}

/// How many events of a kind there were in an outage, and how many are usual at that time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CountRun {
    /// What is counted.
    pub what: String,
    /// How many there were, leaving out the ends, which are uncertain.
    pub observed: u64,
    /// How many are usual.
    pub expected: f64,
}

/// An outage that the rows show.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DetectedRun {
    /// The servers that failed: `application`, `services`, `messaging`, with `+` between them.
    pub servers: String,
    /// Servers whose failure would leave the same rows.
    pub or_servers: Vec<String>,
    /// The one application server that failed, by its name in `login_ip`, where others went on.
    pub host: Option<String>,
    /// The last event before it, on the servers' wall clock.
    pub from: Cell,
    /// The first event after it; NULL while it goes on.
    pub to: Cell,
    /// What is counted.
    pub counted: String,
    /// How many of these should have been in it.
    pub expected: f64,
    /// How many there were.
    pub observed: u64,
    /// How many gaps like this one are expected by chance in these rows.
    pub p: f64,
    /// How sure it is: `high`, `medium` or `low`.
    pub confidence: String,
    /// What went on in the meantime, in counts.
    pub evidence: Vec<String>,
    /// What happened in it, against what is usual.
    pub counts: Vec<CountRun>,
}

/// A span of time, cut into equal parts, and how much happened in each.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PeriodRun {
    /// Where the first part begins, on the servers' wall clock.
    pub from: Cell,
    /// Where the last part ends.
    pub to: Cell,
    /// How long a part is, in minutes.
    pub part_minutes: u32,
    /// What is counted, in the order of a chart from the top down.
    pub series: Vec<SeriesRun>,
}

/// How often something happened in each part of a period.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SeriesRun {
    /// What is counted, such as `completions`.
    pub what: String,
    /// The application server that it happened on, by its name in `login_ip`; `None` where it is of the whole site, or
    /// of an agent without a known server.
    pub host: Option<String>,
    /// How often it happened in each part.
    pub counts: Vec<u32>,
    /// How often it happened before the period or after it.
    pub outside: u64,
}

/// The last sign of life of an open chat, or of several of one kind at about the same time, where there are many.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LastSignRun {
    /// When it was, on the servers' wall clock: of the first, where there are several.
    pub at: Cell,
    /// The application server of the agent, where it is known.
    pub host: Option<String>,
    /// What the findings make of the chat.
    pub state: OpenChatState,
    /// How many chats there are.
    pub chats: u64,
    /// The chat, where it is one.
    pub activity_id: Option<i64>,
}

/// What the findings make of an open chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpenChatState {
    /// Its session is lost.
    Ghost,
    /// Its session is probably lost.
    Probable,
    /// The rows hold too little to judge it.
    Unclear,
    /// No agent has it.
    Unassigned,
    /// An agent has it, and no finding speaks of its session.
    Open,
}

/// A question that comes back empty on healthy rows, and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FindingRun {
    /// The name as it is listed.
    pub name: String,
    /// The title in a sentence.
    pub title: String,
    /// What a row means, for an administrator.
    pub meaning: String,
    /// How well what it rests on is known in public.
    pub basis: Tag,
    /// What it rests on.
    pub source: Option<String>,
    /// How soon somebody should act on its rows.
    pub urgency: Urgency,
    /// What came of it.
    pub verdict: FindingVerdict,
    /// The tables and columns that the exports lack, without which it was skipped.
    pub needs_missing: Vec<String>,
    /// The tables and columns that would have told more.
    pub helps_missing: Vec<String>,
    /// The values that it was asked with.
    pub thresholds: Vec<ThresholdRun>,
    /// The rows. The last two columns, `file` and `line`, say where each comes from, when that is known.
    #[serde(flatten)]
    pub table: ResultTable,
    /// What there is to say about it, in sentences.
    pub remarks: Vec<String>,
}

/// An export or an option that skipped findings wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnlockRun {
    /// What is needed, in words.
    pub needs: String,
    /// The findings that wait for it, by name.
    pub findings: Vec<String>,
}

/// A value that a finding was asked with.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ThresholdRun {
    /// The name of the setting.
    pub name: String,
    /// The value used.
    pub value: Cell,
    /// The value that the finding has, when another one was set.
    pub instead_of: Option<Cell>,
}

/// What came of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingVerdict {
    /// There are rows.
    Found,
    /// There are none.
    Nothing,
    /// There are rows, and the exports hold too little to judge any of them.
    Unclear,
    /// The exports lack what it needs, so it did not run.
    Skipped,
}

/// Documented failures that the rows were held against and do not tell apart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CandidateRun {
    /// The scenarios, in the order of the document.
    pub scenarios: Vec<ScenarioName>,
    /// What speaks for them.
    pub evidence_for: Vec<String>,
    /// What speaks against them.
    pub evidence_against: Vec<String>,
    /// What the exports do not say.
    pub not_in_export: Vec<String>,
    /// What would tell them apart: exports, and what can be said of the outage. Empty for one scenario, and where no
    /// rows of the product tell.
    pub separated_by: Vec<String>,
}

/// A scenario by name and title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScenarioName {
    /// The name of the setting.
    pub name: String,
    /// The title in a sentence.
    pub title: String,
}
