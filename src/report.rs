//! The report of a command: plain data, serialisable, without behaviour beyond counting. Every format renders this and
//! nothing else.
//!
//! The record holds no wall clock, no path of the machine and nothing in hash order, so the same input gives
//! the same bytes.

mod analysis;
mod comparison;
mod replay;
mod timeline;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::diagnostic::Problem;
pub use crate::diff::RowVerdict;
use crate::table::{Cell, ResultTable};

pub use analysis::*;
pub use comparison::*;
pub use replay::*;
pub use timeline::*;

/// The name and version of the JSON schema. The number changes with every incompatible change.
pub const SCHEMA: &str = "chatdb.report/2";

/// The JSON Schema (draft 2020-12) of a [`Report`] as [`crate::render::json`] writes it.
#[must_use]
pub fn json_schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>()
}

/// The results of one command.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The schema of the record, [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
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
    /// The analysis of exported rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisRun>,
}

impl Report {
    /// An empty report.
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

    /// A report of lists alone.
    #[must_use]
    pub fn of_listings(listings: Vec<Listing>) -> Self {
        Self { listings, ..Self::new() }
    }

    /// Whether everything that was run and compared is as expected.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.runs.iter().all(|run| run.verdict == RunVerdict::Reproduced)
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ValidatedScenario {
    /// Its name, or the path by which it was named.
    pub scenario: String,
    /// Every mistake, by file and place.
    pub mistakes: Vec<Problem>,
    /// The checks that have no accepted expected table yet, by id.
    pub pending: Vec<String>,
}

/// The title of the list of what statements have changed.
pub const CHANGED: &str = "Rows changed";

/// A plain list under a title.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Listing {
    /// What it lists.
    pub title: String,
    /// The rows of the list.
    #[serde(flatten)]
    pub table: ResultTable,
    /// Notes, in sentences.
    pub remarks: Vec<String>,
}

impl Listing {
    /// A list of texts that are the program's own, without remarks.
    #[must_use]
    pub fn of_own<const N: usize>(
        title: impl Into<String>,
        names: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        let rows = rows.into_iter().map(|row| row.map(Cell::Text).to_vec());
        let mut table = ResultTable::of_texts(names, rows);
        table.mark_all_own();
        Self { title: title.into(), table, remarks: Vec::new() }
    }
}
