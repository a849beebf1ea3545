//! The record of a replayed scenario: its steps, checks and observations.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Comparison, Timeline};
use crate::diagnostic::Place;
use crate::document::Lines;
use crate::scenario::Erratum;
use crate::table::{Cell, ResultTable};

/// One scenario replayed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScenarioRun {
    /// The name of the scenario.
    pub scenario: String,
    /// The title of the scenario.
    pub title: String,
    /// The heading of the document.
    pub section: Option<String>,
    /// The lines of the document.
    pub lines: Option<Lines>,
    /// The scenario that it continues.
    pub continues: Option<String>,
    /// The parameters, in the order of the scenario.
    pub parameters: Vec<ParameterRun>,
    /// The verdict of the run.
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
    /// What was true and what each side saw over time; only if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// A parameter as a run had it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ParameterRun {
    /// The name of the parameter, without the `@`.
    pub name: String,
    /// The value in this run.
    pub value: Cell,
    /// The value that the scenario has, when another one was set.
    pub instead_of: Option<Cell>,
}

/// The verdict of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// Every step did what it should and every check matches.
    Reproduced,
    /// It ran, but something differs.
    Differs,
    /// Nothing differs, but a check has no accepted result yet.
    Pending,
    /// The baseline or a scenario that it continues failed.
    NotRun,
    /// Its files have mistakes, so nothing was run.
    Invalid,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    /// Where it is.
    pub place: Place,
    /// The checks made after it.
    pub checks: Vec<CheckRun>,
}

/// How many rows a script changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
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
            changes.expected.is_none_or(|expected| expected == changes.actual)
        };
        self.problem.is_none() && self.changes.as_ref().is_none_or(as_many)
    }
}

/// One check of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CheckRun {
    /// Its id: with the scenario's name before it, `services_failure/open_chats` names it anywhere.
    pub id: String,
    /// The query's name.
    pub query: String,
    /// The query's title.
    pub title: String,
    /// Where the expectation comes from.
    pub basis: BasisRun,
    /// The file of the expectation, or the scenario file if it is inline.
    pub expected_at: Place,
    /// Where the check is.
    pub place: Place,
    /// The observations that it covers.
    pub observes: Vec<String>,
    /// The verdict of the check.
    pub verdict: CheckVerdict,
    /// Whether the result rests only on documented rules of the model.
    pub rests_on: RestsOn,
    /// The interpretations that determine it: rules and times that the support note does not state. `None` if they are
    /// not determined: for a scenario that is not compiled in, `chatdb why` finds them.
    pub interpretations: Option<Vec<String>>,
    /// The lab rules that determine it, by name; empty if none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lab_rules: Vec<String>,
    /// The comparison; `None` when the query failed.
    pub comparison: Option<Comparison>,
    /// Why the query failed.
    pub problem: Option<String>,
    /// The command that shows this check again.
    pub reproduce: String,
    /// The query's text; only if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<SqlRun>,
    /// The result, in its own order; only if requested.
    #[serde(skip)]
    pub actual: Option<ResultTable>,
}

/// A query's text as it was run, and as it was written where that is something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SqlRun {
    /// As its file has it.
    pub written: String,
    /// As executed by SQLite, if different.
    pub rewritten: Option<String>,
}

/// Where an expectation comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BasisRun {
    /// Printed, stated or derived.
    pub origin: ExpectationOrigin,
    /// The lines of the document.
    pub lines: Option<Lines>,
    /// Why it follows.
    pub because: Option<String>,
}

/// Where an expectation comes from, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationOrigin {
    /// The document prints it.
    Printed,
    /// The document says so in words.
    Stated,
    /// It follows without being said.
    Derived,
}

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// The result is as expected.
    Matches,
    /// It is not.
    Differs,
    /// The query could not be run.
    Failed,
    /// It did not run because its step or an earlier one failed.
    Skipped,
    /// Nothing is expected yet, or what is expected was recorded and nobody has accepted it.
    Pending,
}

/// The basis of a result of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestsOn {
    /// Rows of the product's tables, or rules that the document states.
    Documented,
    /// No rule or time: causes alone.
    NoRule,
    /// At least one rule that the document does not state.
    Extrapolated,
    /// At least one rule that the lab has set for itself.
    LabRule,
    /// Not determined; `chatdb why` determines it.
    NotDetermined,
}

impl RestsOn {
    /// What it is called in reports.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::NoRule => "no rule",
            Self::Extrapolated => "extrapolated",
            Self::LabRule => "lab rule",
            Self::NotDetermined => "not determined",
        }
    }

    /// The word with what it says of whatever is so labelled.
    #[must_use]
    pub fn legend(self) -> &'static str {
        match self {
            Self::Documented => "documented: the support note states every rule that determines it",
            Self::Extrapolated => {
                "extrapolated: a rule, a time or a combination of servers that determines it is our interpretation"
            }
            Self::NoRule => "no rule: it follows from the events alone",
            Self::LabRule => "lab rule: a rule or time that determines it is set by the lab",
            Self::NotDetermined => {
                "not determined: the schedule is too long to run it again without each rule"
            }
        }
    }
}

/// One statement of the document and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ObservationRun {
    /// Its id, such as `SF2`.
    pub id: String,
    /// The lines that make it.
    pub lines: Lines,
    /// The statement in our words.
    pub says: String,
    /// The checks that cover it, by id.
    pub checks: Vec<String>,
    /// The verdict of the statement.
    pub verdict: ObservationVerdict,
    /// The weakest origin among its checks.
    pub origin: Option<ExpectationOrigin>,
}

/// What a run says of a statement of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObservationVerdict {
    /// Every check that covers it matches.
    Reproduced,
    /// One differs or failed.
    Differs,
    /// No check covers it, or the scenario did not run.
    NotCovered,
    /// The run was stopped, or failed, before the checks that cover it.
    NotReached,
}
