//! A scenario: one failure (or one restore) as a folder of data.
//!
//! [`Library`] reads and validates folders; afterwards nothing about a [`Scenario`] can be invalid, except that its SQL
//! may fail and its checks may not match. This module does not know SQLite.

mod accepted;
mod draft;
mod errata;
mod expected;
mod fields;
mod lab;
mod library;
mod parameters;
mod resolve;
mod rules;
mod search;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Place, Position};
use crate::diff::{ColumnMode, RowOrder, Tolerance};
use crate::document::Lines;
use crate::table::{Cell, Kind};

pub use accepted::{PENDING_MARK, expected_text};
pub use expected::LINE_COLUMN;
pub use lab::{Lab, LabDocument};
pub(crate) use library::problems_of;
pub use library::{ExaminedScenario, Library, ScenarioError, is_scenario_name};
pub use parameters::{ParameterValue, resolve_parameters};
pub(crate) use rules::other_statements;
pub use rules::{LabRule, LabRuleValue, lab_rules};
pub use search::{FoundEntry, SearchResult, search};
pub use template::{FORMAT_PAGE, files_of, template};

/// One scenario, read and validated.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The name of its folder: lower-case letters, digits and `_`, at most 64.
    pub name: String,
    /// The folder, as shown in messages and reports.
    pub folder: String,
    /// What happens, in a sentence.
    pub title: String,
    /// The heading of the document that it reproduces, and the lines of that section.
    pub section: Option<String>,
    /// The lines of the document that it reproduces.
    pub lines: Option<Lines>,
    /// The scenario whose end state this one starts from; `None` starts from an empty database.
    pub continues: Option<String>,
    /// The origin of the scenario clock, in ms in the servers' local time. Only a scenario that continues nothing has
    /// it; those that continue it use the same origin.
    pub clock: Option<i64>,
    /// Values that its scripts and queries name as `@name`, in the order written.
    pub parameters: Vec<Parameter>,
    /// Rules and times of the platform model that it sets for itself.
    pub rules: Vec<LabRule>,
    /// The lab file of its folder.
    pub lab: Option<Arc<Lab>>,
    /// Scripts run before the first step, at the time of the clock's start, in order.
    pub seeds: Vec<SqlFile>,
    /// The statements of the document that it covers: its own, and those of its lab that its checks observe.
    pub observations: Vec<Observation>,
    /// What happens, in order of time.
    pub steps: Vec<ScenarioStep>,
    /// Misprints and their corrections.
    pub errata: Vec<Erratum>,
    /// Queries that the document prints.
    pub printed_queries: Vec<PrintedQuery>,
    /// Notes for the reader: choices made where the document is silent.
    pub notes: Option<String>,
    /// Queries in the scenario's own folder, by name: text and path.
    pub queries: BTreeMap<String, SqlFile>,
}

/// A file with SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Its path, as the user would open it.
    pub file: String,
    /// The text of the script.
    pub sql: String,
    /// The sentences that it was made from, in order; empty for a file of SQL.
    pub sentences: Vec<Sentence>,
}

/// A sentence of `happens`, and the statements that it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The byte of the script at which its statements begin.
    pub from: usize,
    /// The position of the sentence in `scenario.toml`.
    pub at: Position,
    /// The sentence as written.
    pub words: String,
}

impl SqlFile {
    /// The sentence to which a byte of the script belongs; `None` in a file of SQL.
    #[must_use]
    pub fn sentence(&self, byte: usize) -> Option<&Sentence> {
        self.sentences.iter().rev().find(|own| own.from <= byte)
    }
}

/// A named value of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name, without the `@`.
    pub name: String,
    /// The value from the document, or chosen by the author: integer or text.
    pub value: Cell,
    /// Columns of expected tables in which this value is replaced by the one that is set.
    pub columns: Vec<String>,
}

/// A numbered statement of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The number, such as `SF2`.
    pub id: String,
    /// The lines of the statement.
    pub lines: Lines,
    /// The statement in our words.
    pub says: String,
}

/// Something that happens, and the checks that follow it.
#[derive(Debug, Clone)]
pub struct ScenarioStep {
    /// Short and unique in the scenario, such as `20`; by default the number of its script.
    pub id: String,
    /// When it happens, in ms in the servers' local time.
    pub at: i64,
    /// When, as written: `+00:09:00` or a date and time.
    pub at_text: String,
    /// What happens, in a sentence.
    pub title: String,
    /// The causes, as SQL; `None` when only time passes.
    pub script: Option<SqlFile>,
    /// How many rows the script's own statements must change, triggers not counted.
    pub changes: Option<u64>,
    /// Part of the error message that the script must produce; the step then has no effect.
    pub error: Option<String>,
    /// Consecutive steps with the same branch run on a copy, which is discarded after them.
    pub branch: Option<String>,
    /// The checks made after the step.
    pub checks: Vec<Check>,
    /// Its position in the file.
    pub place: Place,
}

/// A query plus what it should return.
#[derive(Debug, Clone)]
pub struct Check {
    /// Unique in the scenario; by default the query's name.
    pub id: String,
    /// The query's name.
    pub query: String,
    /// Values for the query's parameters, in addition to those of the scenario.
    pub with: Vec<(String, Cell)>,
    /// The expected result.
    pub expect: Expect,
    /// Where the expectation comes from.
    pub basis: Basis,
    /// The observations that it covers.
    pub observes: Vec<String>,
    /// The key by which rows are matched; `None` means the query's.
    pub key: Option<Vec<String>>,
    /// How strictly headers are compared.
    pub columns: ColumnMode,
    /// How the order of rows is compared; `None` means by the query's `ORDER BY`.
    pub order: Option<RowOrder>,
    /// Columns not compared, each with its reason.
    pub ignore: Vec<(String, String)>,
    /// Columns compared with a tolerance, each with its reason.
    pub tolerance: Vec<(String, Tolerance, String)>,
    /// Its position in the file.
    pub place: Place,
}

/// What a check expects.
#[derive(Debug, Clone)]
pub enum Expect {
    /// A table, transcribed or written.
    Table(Expected),
    /// This many rows, whatever they contain.
    Rows(u64),
    /// One row whose single compared cell is this text.
    Value(String),
}

/// An expected table, as its file has it; kinds are known only once the query has run.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Its path, as the user would open it.
    pub file: String,
    /// The file name as written in `expect`, to which errata refer; `NAME/FILE` for a table of another scenario, which
    /// includes that scenario's errata.
    pub name: String,
    /// Whether somebody has accepted it.
    pub state: ExpectedState,
    /// How the file lays the table out.
    pub layout: Layout,
    /// The header as printed. Empty for [`Layout::Lines`].
    pub header: Vec<String>,
    /// The line of the file on which the header is, from 1.
    pub header_line: u32,
    /// The rows as printed, with the line of the file on which each is.
    pub rows: Vec<PrintedRow>,
    /// The parameter values of the scenario that owns this table: cells equal to one of them are replaced by the
    /// parameter's value in the run.
    pub written_with: Vec<(String, Cell)>,
}

impl Expected {
    /// Whether the column at `index`, from 0, is data. An unnamed column of which errata remove every cell is not: such
    /// columns are the row numbers of a grid.
    #[must_use]
    pub fn is_data(&self, index: usize) -> bool {
        let struck = |row: &PrintedRow| {
            let erratum = row.cells.get(index).and_then(|cell| cell.erratum.as_ref());
            erratum.is_some_and(|erratum| erratum.reading.is_none())
        };
        let nameless = self.header.get(index).is_some_and(String::is_empty);
        !(nameless && !self.rows.is_empty() && self.rows.iter().all(struck))
    }
}

/// Whether an expected table has been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedState {
    /// Somebody wrote or accepted it.
    Accepted,
    /// It was recorded, and not accepted yet.
    Pending,
    /// It is still empty.
    Unrecorded,
}

/// How an expected file lays out its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Rows and columns: a pipe table or CSV.
    Grid,
    /// Lines of text in Markdown: each line is a row, without blank lines and Markdown markup.
    Lines,
}

/// A row of an expected file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedRow {
    /// The line of the file, from 1.
    pub line: u32,
    /// The cells as printed.
    pub cells: Vec<PrintedCell>,
}

/// A cell of an expected file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedCell {
    /// The text as printed.
    pub text: String,
    /// Whether it was in quotes: `"NULL"` is text, `NULL` is not.
    pub quoted: bool,
    /// The erratum that corrects it.
    pub erratum: Option<Arc<Erratum>>,
}

/// Where an expectation comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The document prints it, on these lines.
    Printed(Lines),
    /// The document states it in words, on these lines.
    Stated(Lines),
    /// It is not stated, but follows for this reason.
    Derived(String),
}

/// A misprint: the printed text, its correction, and the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Erratum {
    /// `E1`, `E2`, ... in the order written.
    pub id: String,
    /// The file of the transcription, as written.
    pub file: String,
    /// The row, from 1, and the column, for a cell of a grid; `None` for text of a printed query.
    pub cell: Option<(u32, String)>,
    /// The printed text.
    pub printed: String,
    /// The corrected text; `None` if it is not data.
    pub reading: Option<String>,
    /// What kind of misprint it is.
    pub kind: ErratumKind,
    /// The evidence for the correction.
    pub evidence: String,
    /// Its position in the file.
    pub place: Place,
}

/// The kinds of misprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErratumKind {
    /// A character misread by optical character recognition.
    Ocr,
    /// Text cut off.
    Truncated,
    /// Text split by a page break.
    PageBreak,
    /// Text moved or merged by the layout.
    Layout,
    /// A backslash that Markdown added.
    MarkdownEscape,
    /// The grid's row number, which is not data.
    RowNumber,
}

/// A query that the document prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedQuery {
    /// The query as restored and run.
    pub query: String,
    /// The text exactly as printed.
    pub printed: SqlFile,
    /// The lines of the document.
    pub lines: Lines,
}

/// The kind of a parameter's value, for messages.
#[must_use]
pub fn parameter_kind(value: &Cell) -> Kind {
    match value {
        Cell::Integer(_) => Kind::Integer,
        _ => Kind::Text,
    }
}
