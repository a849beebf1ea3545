//! The record of what was run and what came of it: plain data, serialisable, without behaviour beyond
//! counting. Every format renders this and nothing else.
//!
//! The record holds no wall clock, no path of the machine and nothing in hash order, so the same input gives
//! the same bytes.

use serde::{Serialize, Serializer};

use crate::diagnostic::{Place, Problem};
pub use crate::diff::RowVerdict;
use crate::document::Lines;
use crate::query::{Tag, Urgency};
use crate::scenario::Erratum;
use crate::table::{Cell, Column, ResultTable};

/// The name and version of the record's shape, as JSON carries it. The number changes when a reader written
/// for the old shape would break.
pub const SCHEMA: &str = "chatdb.report/2";

/// Everything that one call ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The schema of the record, [`SCHEMA`].
    pub schema: &'static str,
    /// The program and its version.
    pub program: String,
    /// The scenarios replayed, in the order asked for. Empty for a diff of two files.
    pub runs: Vec<ScenarioRun>,
    /// The tables compared outside a scenario, by `chatdb diff`.
    pub comparisons: Vec<NamedComparison>,
    /// Plain lists: scenarios, rules, observations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listings: Vec<Listing>,
    /// Scenarios whose files were checked, and their mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validated: Vec<ValidatedScenario>,
    /// What exported rows were searched for, and what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisRun>,
}

impl Report {
    /// A record of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schema: SCHEMA,
            program: concat!("chatdb ", env!("CARGO_PKG_VERSION")).to_owned(),
            runs: Vec::new(),
            comparisons: Vec::new(),
            listings: Vec::new(),
            validated: Vec::new(),
            analysis: None,
        }
    }

    /// Whether all that was run and compared is as expected.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.runs
            .iter()
            .all(|run| run.verdict == RunVerdict::Reproduced)
            && self.comparisons.iter().all(|named| named.comparison.same)
            && self.validated.iter().all(|one| one.mistakes.is_empty())
            && (self.analysis.iter()).all(|run| run.count(FindingVerdict::Found) == 0)
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

/// A scenario whose files were checked without replaying it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidatedScenario {
    /// Its name, or the path by which it was named.
    pub scenario: String,
    /// Every mistake, by file and place.
    pub mistakes: Vec<Problem>,
}

/// A plain list under a title.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing {
    /// What it lists.
    pub title: String,
    /// The rows of the list.
    #[serde(flatten)]
    pub table: ResultTable,
    /// What there is to say about it, in sentences.
    pub remarks: Vec<String>,
}

/// Exported rows searched for what an outage leaves behind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnalysisRun {
    /// The files that the rows come from, in the order of reading. Empty for a database that is no copy of exports.
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
    /// What could not be detected, and what would show it, in sentences.
    pub undetectable: Vec<String>,
    /// Every finding that was asked for, by name.
    #[serde(serialize_with = "by_name")]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedExports {
    /// The file of the earlier export.
    pub earlier: String,
    /// The file of the later export.
    pub later: String,
    /// The kinds of changes that there are.
    pub changes: Vec<ChangeRun>,
}

/// A kind of change between two exports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeRun {
    /// What happened to the activities, such as `completed`.
    pub what: String,
    /// How many activities it happened to.
    pub activities: u64,
    /// How many of these are chats.
    pub chats: u64,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
}

/// An outage that the user says there was.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CountRun {
    /// What is counted.
    pub what: String,
    /// How many there were, leaving out the ends, which are uncertain.
    pub observed: u64,
    /// How many are usual.
    pub expected: f64,
}

/// An outage that the rows show.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

/// A question that comes back empty on healthy rows, and what came back.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnlockRun {
    /// What is needed, in words.
    pub needs: String,
    /// The findings that wait for it, by name.
    pub findings: Vec<String>,
}

/// A value that a finding was asked with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThresholdRun {
    /// The name of the setting.
    pub name: String,
    /// The value used.
    pub value: Cell,
    /// The value that the finding has, when another one was set.
    pub instead_of: Option<Cell>,
}

/// What came of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioName {
    /// The name of the setting.
    pub name: String,
    /// The title in a sentence.
    pub title: String,
}

/// Two tables compared outside a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedComparison {
    /// What stands on the expected side: a file, or a check of a scenario.
    pub expected: String,
    /// What stands on the actual side.
    pub actual: String,
    /// The result of the comparison.
    pub comparison: Comparison,
}

/// One scenario replayed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioRun {
    /// The name of its scenario.
    pub scenario: String,
    /// The title in a sentence.
    pub title: String,
    /// The heading of the document.
    pub section: Option<String>,
    /// The lines of the document.
    pub lines: Option<Lines>,
    /// The scenario that it continues.
    pub continues: Option<String>,
    /// The parameters, in the order of the scenario.
    pub parameters: Vec<ParameterRun>,
    /// What came of it.
    pub verdict: RunVerdict,
    /// Why it did not run, when it did not.
    pub problem: Option<String>,
    /// The command that shows this run again; where it did not run, the command that shows why.
    pub reproduce: String,
    /// Its own steps, in order.
    pub steps: Vec<StepRun>,
    /// Its observations, in order.
    pub observations: Vec<ObservationRun>,
    /// The corrections of the print that its checks used.
    pub errata: Vec<Erratum>,
    /// What a reader should know.
    pub notes: Option<String>,
    /// What was so and what each side saw, by time; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// What was so and what each side saw during a run and the runs that it continues. Times are on the servers' wall
/// clock. Branches go back in time and are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// Where the scenario clock counts from.
    pub origin: Cell,
    /// Where the first lane begins.
    pub from: Cell,
    /// Where the last span ends: a while after the last step.
    pub to: Cell,
    /// The steps, in order, those of the scenarios before first.
    pub steps: Vec<TimelineStep>,
    /// One lane a fact, ordered by party.
    pub lanes: Vec<Lane>,
    /// What customer and agent typed, in order.
    pub messages: Vec<MessageRun>,
}

/// A step on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimelineStep {
    /// The scenario that it belongs to.
    pub scenario: String,
    /// Its id within that scenario.
    pub id: String,
    /// What happens in it.
    pub title: String,
    /// When it happens.
    pub at: Cell,
}

/// One fact over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// Who sees it.
    pub party: Party,
    /// The server, the chat or the agent that it is about.
    pub subject: String,
    /// What it shows, such as `Session`.
    pub fact: String,
    /// Its values, in order of time; between two spans there is nothing to see.
    pub spans: Vec<Span>,
}

/// Whose view a lane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The servers: what happened to them.
    Servers,
    /// What is so, whoever knows it.
    Truth,
    /// The rows of the product's database.
    Database,
    /// The agent's console.
    Agent,
    /// The customer's window.
    Customer,
}

/// A value from one time to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// When it begins.
    pub from: Cell,
    /// When it ends.
    pub to: Cell,
    /// The value, in words.
    pub value: String,
    /// How it looks to whoever sees it.
    pub tone: Tone,
    /// Whether somebody is shown what is not so.
    pub misleads: bool,
    /// What it rests on; `None` for a cause.
    pub basis: Option<RestsOn>,
}

/// How a value looks to whoever sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// All is well.
    Good,
    /// It is under way.
    Open,
    /// It warns of something.
    Warn,
    /// It does not work.
    Bad,
    /// At its end.
    Over,
}

/// A message that customer or agent typed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageRun {
    /// When it was sent off.
    pub at: Cell,
    /// `customer` or `agent`.
    pub author: String,
    /// What was typed.
    pub text: String,
    /// Whether it reached the other side.
    pub delivered: bool,
    /// The servers that were in the way.
    pub lost_to: Option<String>,
}

/// A parameter as a run had it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterRun {
    /// The name of the setting.
    pub name: String,
    /// The value used.
    pub value: Cell,
    /// The value that the scenario has, when another one was set.
    pub instead_of: Option<Cell>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// Every step did what it should and every check matches.
    Reproduced,
    /// It ran, and something differs.
    Differs,
    /// The baseline or a scenario that it continues did not hold.
    NotRun,
    /// Its files have mistakes, so nothing was run.
    Invalid,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepRun {
    /// The id that reports refer to.
    pub id: String,
    /// When, as written.
    pub at: String,
    /// When, on the server's wall clock.
    pub time: Cell,
    /// What happens in this step.
    pub title: String,
    /// The script's path.
    pub script: Option<String>,
    /// The branch that it belongs to.
    pub branch: Option<String>,
    /// Rows that the script should change, and did change.
    pub changes: Option<ChangedRows>,
    /// What went wrong with the step itself.
    pub problem: Option<String>,
    /// Whether it was not run, because a step before it went wrong.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
    /// Where it stands.
    pub place: Place,
    /// What was asked after it.
    pub checks: Vec<CheckRun>,
}

/// How many rows a script changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChangedRows {
    /// As the scenario says, when it does.
    pub expected: Option<u64>,
    /// As it was.
    pub actual: u64,
}

impl StepRun {
    /// Whether the step did what it should, checks aside.
    #[must_use]
    pub fn holds(&self) -> bool {
        let as_many = |changes: &ChangedRows| {
            changes
                .expected
                .is_none_or(|expected| expected == changes.actual)
        };
        self.problem.is_none() && self.changes.as_ref().is_none_or(as_many)
    }
}

/// One check of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckRun {
    /// Its id: with the scenario's name before it, `services_failure/open_chats` names it anywhere.
    pub id: String,
    /// The query's name.
    pub query: String,
    /// The query's title.
    pub title: String,
    /// Where the expectation comes from.
    pub basis: BasisRun,
    /// The file of the expectation, or the scenario file where it stands inline.
    pub expected_at: Place,
    /// Where the check stands.
    pub place: Place,
    /// The observations that it answers.
    pub observes: Vec<String>,
    /// What came of it.
    pub verdict: CheckVerdict,
    /// Whether what came back rests on documented rules of the model only.
    pub rests_on: RestsOn,
    /// The interpretations that decide it: rules and times that the support note does not state. `None` where they have
    /// not been sought: for a scenario that is not compiled in, `chatdb why` finds them.
    pub interpretations: Option<Vec<String>>,
    /// The comparison; `None` when the query failed.
    pub comparison: Option<Comparison>,
    /// Why the query failed.
    pub problem: Option<String>,
    /// The command that shows this check again.
    pub reproduce: String,
    /// The query's text; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<SqlRun>,
    /// What came back, in its own order; only where it was asked for.
    #[serde(skip)]
    pub actual: Option<ResultTable>,
}

/// A query's text as it was run, and as it was written where that is something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SqlRun {
    /// As its file has it.
    pub written: String,
    /// As SQLite got it, where that is something else.
    pub rewritten: Option<String>,
}

/// Where an expectation comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BasisRun {
    /// Printed, stated or derived.
    pub origin: ExpectationOrigin,
    /// The lines of the document.
    pub lines: Option<Lines>,
    /// Why it follows.
    pub because: Option<String>,
}

/// Where an expectation comes from, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationOrigin {
    /// The document prints it.
    Printed,
    /// The document says so in words.
    Stated,
    /// It follows without being said.
    Derived,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// What came back is what was expected.
    Matches,
    /// It is not.
    Differs,
    /// The query could not be run.
    Failed,
    /// It was not made, because its step or one before it went wrong.
    Skipped,
    /// Nothing is expected yet, or what is expected was recorded and nobody has accepted it.
    Pending,
}

/// What an answer of the model rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RestsOn {
    /// Rows of the product's tables, or rules that the document states.
    Documented,
    /// At least one rule that the document does not state.
    Extrapolated,
}

/// Two tables, cell by cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Whether nothing differs.
    pub same: bool,
    /// The key columns by which rows were matched; empty when they were matched by likeness.
    pub key: Vec<String>,
    /// The expected columns, as read.
    pub expected_columns: Vec<Column>,
    /// The actual columns.
    pub actual_columns: Vec<Column>,
    /// How the headers differ, in sentences; empty when they do not.
    pub header: Vec<String>,
    /// Every row of either table, expected order first.
    pub rows: Vec<RowRun>,
    /// How many rows more there are, equal in every cell, that were not held because only differences were asked for.
    #[serde(skip)]
    pub left_out: usize,
    /// Rows that do not stand where the order puts them, and keys that occur twice, in sentences.
    pub remarks: Vec<String>,
}

/// One row of either table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowRun {
    /// The cells of the key columns.
    pub key: Vec<Cell>,
    /// What came of it.
    pub verdict: RowVerdict,
    /// The line of the document on which it is printed.
    pub source_line: Option<u32>,
    /// The line of the expected file.
    pub file_line: Option<u32>,
    /// Every compared cell, left to right.
    pub cells: Vec<CellRun>,
}

/// One cell compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellRun {
    /// The name of the column.
    pub column: String,
    /// As printed; `None` when the expectation is not from a file.
    pub printed: Option<String>,
    /// As read, after errata and set parameters; `None` when the row or column is not expected.
    pub expected: Option<Cell>,
    /// As it came back; `None` when the row or column is missing.
    pub actual: Option<Cell>,
    /// What came of it.
    pub verdict: CellVerdict,
    /// The erratum that corrects the print.
    pub erratum: Option<String>,
    /// Why it is ignored or tolerated, or what it stands for.
    pub reason: Option<String>,
}

/// What came of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellVerdict {
    /// The same value.
    Matches,
    /// The same value as the erratum's reading.
    MatchesByErratum,
    /// The same value as a parameter was set to, in place of the printed one.
    MatchesByParameter,
    /// Not compared, for a reason.
    Ignored,
    /// Different, but within the tolerance.
    WithinTolerance,
    /// Another value was found.
    Differs,
    /// The value is what is printed, so the erratum that corrects it no longer applies.
    StaleErratum,
    /// Expected, and not there.
    Missing,
    /// There, and not expected.
    Extra,
    /// A printed cell that is not data, by an erratum.
    NotData,
}

/// One statement of the document and what the run says of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObservationRun {
    /// The number in the note.
    pub id: String,
    /// The lines that make it.
    pub lines: Lines,
    /// The statement in our words.
    pub says: String,
    /// The checks that answer it, by id.
    pub checks: Vec<String>,
    /// What came of it.
    pub verdict: ObservationVerdict,
    /// The weakest origin among its checks.
    pub origin: Option<ExpectationOrigin>,
}

/// What a run says of a statement of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservationVerdict {
    /// Every check that answers it matches.
    Reproduced,
    /// One differs or failed.
    Differs,
    /// No check answers it, or the scenario did not run.
    NotCovered,
    /// The run was stopped, or went wrong, before the checks that answer it.
    NotReached,
}
