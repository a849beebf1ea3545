//! The record of an analysis of exported rows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::query::{Tag, Urgency};
use crate::table::{Cell, ResultTable};

/// The analysis of exported rows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AnalysisRun {
    /// The files that the rows come from, in the order of reading. Empty for other databases.
    pub files: Vec<FileRun>,
    /// The time from which ages are measured, in the servers' local time; NULL if the rows contain no timestamp.
    pub as_of: Cell,
    /// The source of that time, in a few words.
    pub as_of_from: String,
    /// How far the servers' clock is ahead of UTC, such as `+02:00`, where it is known.
    pub utc_offset: Option<String>,
    /// The source of that offset, in a few words; empty where it is not known.
    pub utc_offset_from: String,
    /// The number of open chats according to the documented query, if the rows have its tables.
    pub open_chats: Option<u64>,
    /// The number of activities searched for outages; 0 if no finding is about an outage.
    pub activities: u64,
    /// What changed between the last two exports of activities, where there are two.
    pub changes: Option<ComparedExports>,
    /// The summary, in a few sentences.
    pub summary: Vec<String>,
    /// The command to run next, as it is typed.
    pub command: Option<String>,
    /// The outages given by the user.
    pub outages: Vec<OutageRun>,
    /// The outages detected in the rows, in chronological order.
    pub detected: Vec<DetectedRun>,
    /// What happened over time, counted: the whole time first, then what surrounds the newest outages. Empty where the
    /// rows hold no time.
    pub periods: Vec<PeriodRun>,
    /// The last sign of life of each open chat, by Application server and time.
    pub last_signs: Vec<LastSignRun>,
    /// What could not be detected, and what would show it, in sentences.
    pub undetectable: Vec<String>,
    /// Every requested finding, by name.
    #[serde(serialize_with = "by_name")]
    #[schemars(with = "BTreeMap<String, FindingRun>")]
    pub findings: Vec<FindingRun>,
    /// What the skipped findings need, most frequent first.
    pub unlocks: Vec<UnlockRun>,
    /// The documented failures compared with the rows, the most likely first.
    pub candidates: Vec<CandidateRun>,
    /// Next steps, in sentences.
    pub next: Vec<String>,
    /// What was done about personal data, in a sentence.
    pub privacy: String,
}

impl AnalysisRun {
    /// The number of findings with `verdict`.
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
    /// The number of rows according to the file's trailer.
    pub trailer: Option<u64>,
    /// Columns that were not kept, and why, in sentences.
    pub remarks: Vec<String>,
    /// The first records that were rejected, with line and reason, and how many more there are, in sentences.
    pub rejects: Vec<String>,
}

/// An outage given by the user.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OutageRun {
    /// The servers that were down: `application`, `services`, `messaging`, with `+` between them.
    pub servers: String,
    /// The one application server that was down, where it is known.
    pub host: Option<String>,
    /// When it began, on the servers' wall clock.
    pub from: Cell,
    /// When it ended; NULL if it is ongoing.
    pub to: Cell,
    /// Activity during it, compared with normal activity.
    pub counts: Vec<CountRun>,
}

/// How many events of a kind there were in an outage, and how many are usual at that time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CountRun {
    /// What is counted.
    pub what: String,
    /// The number observed, excluding the uncertain ends.
    pub observed: u64,
    /// The usual number.
    pub expected: f64,
}

/// An outage detected in the rows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DetectedRun {
    /// The servers that failed: `application`, `services`, `messaging`, with `+` between them.
    pub servers: String,
    /// Servers whose failure would leave the same rows.
    pub or_servers: Vec<String>,
    /// The one application server that failed, by its name in `login_ip`, if others continued.
    pub host: Option<String>,
    /// The last event before it, on the servers' wall clock.
    pub from: Cell,
    /// The first event after it; NULL if it is ongoing.
    pub to: Cell,
    /// What is counted.
    pub counted: String,
    /// The expected number.
    pub expected: f64,
    /// The observed number.
    pub observed: u64,
    /// How many gaps like this one are expected by chance in these rows.
    pub p: f64,
    /// The confidence: `high`, `medium` or `low`.
    pub confidence: String,
    /// What continued in the meantime, in counts.
    pub evidence: Vec<String>,
    /// Activity during it, compared with normal activity.
    pub counts: Vec<CountRun>,
}

/// A period divided into equal parts, with the number of events in each.
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
    /// The state of the chat according to the findings.
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
    /// The rows do not contain enough evidence.
    Unclear,
    /// No agent has it.
    Unassigned,
    /// It is assigned to an agent, and no finding is about its session.
    Open,
}

/// A query that returns no rows on healthy data, and its result.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FindingRun {
    /// The name of the finding.
    pub name: String,
    /// The title of the finding.
    pub title: String,
    /// What a row means, for an administrator.
    pub meaning: String,
    /// How well its basis is documented publicly.
    pub basis: Tag,
    /// Where it comes from: the document, or a public page.
    pub source: Option<String>,
    /// How urgent its rows are.
    pub urgency: Urgency,
    /// The verdict of the finding.
    pub verdict: FindingVerdict,
    /// The tables and columns that the exports lack, without which it was skipped.
    pub needs_missing: Vec<String>,
    /// The tables and columns that would add evidence.
    pub helps_missing: Vec<String>,
    /// The thresholds it was run with.
    pub thresholds: Vec<ThresholdRun>,
    /// The rows. The last two columns, `file` and `line`, say where each comes from, when that is known.
    #[serde(flatten)]
    pub table: ResultTable,
    /// Notes, in sentences.
    pub remarks: Vec<String>,
}

/// An export or an option that skipped findings need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnlockRun {
    /// What is needed, in words.
    pub needs: String,
    /// The findings that need it, by name.
    pub findings: Vec<String>,
}

/// A threshold of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ThresholdRun {
    /// The name of the threshold.
    pub name: String,
    /// The value in this run.
    pub value: Cell,
    /// The value that the finding has, when another one was set.
    pub instead_of: Option<Cell>,
}

/// The verdict of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingVerdict {
    /// There are rows.
    Found,
    /// There are none.
    Nothing,
    /// There are rows, but the exports do not contain enough evidence to judge any of them.
    Unclear,
    /// The exports lack what it needs, so it did not run.
    Skipped,
}

/// Documented failures that the rows cannot distinguish.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CandidateRun {
    /// The scenarios, in the order of the document.
    pub scenarios: Vec<ScenarioName>,
    /// The evidence for them.
    pub evidence_for: Vec<String>,
    /// The evidence against them.
    pub evidence_against: Vec<String>,
    /// What is not in the exports.
    pub not_in_export: Vec<String>,
    /// What would distinguish them: exports, and facts about the outage. Empty for a single scenario, and if no
    /// rows of the product can.
    pub separated_by: Vec<String>,
}

/// A scenario by name and title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScenarioName {
    /// The name of the scenario.
    pub name: String,
    /// The title of the scenario.
    pub title: String,
    /// What failed and whether it is back, in words.
    pub failure: String,
}
