//! Expected tables by acceptance: a result is recorded, a person reviews it, and only then is it expected.
//!
//! A recorded table is the expected file itself, with a first line that marks it as pending. Accepting takes the line
//! off. What the document prints or states is never recorded: somebody transcribes it.

use std::path::PathBuf;

use thiserror::Error;

use crate::files::{self, Existing, FilesError};
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::report::{CheckRun, CheckVerdict, ExpectationOrigin, ScenarioRun};
use crate::scenario::{
    Check, Expect, ExpectedState, Layout, Library, PENDING_MARK, Scenario, expected_text,
};
use crate::table::ResultTable;

/// Why nothing was recorded or accepted.
#[derive(Debug, Error)]
pub enum AcceptanceError {
    /// A scenario could not be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A file could not be written.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The scenario is part of the program, so there is no file to write.
    #[error("`{scenario}` is a built-in scenario, and results cannot be recorded in it")]
    BuiltIn {
        /// The name of the scenario.
        scenario: String,
    },
    /// A cell of the result holds a line break, which an expected table in Markdown cannot.
    #[error(
        "the result of `{check}` contains a line break, which a recorded table cannot hold; use `rows`, or a `.csv` \
         file for `expect`"
    )]
    LineBreak {
        /// The scenario and the check.
        check: String,
    },
}

/// What a check and its expected table need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// Nothing is expected yet.
    Unrecorded,
    /// A table was recorded, and nobody has accepted it.
    Pending,
    /// The result differs from the expected table, which can be replaced.
    Differs,
    /// It differs, and is not to be replaced: the document has it, or it is not in a file of its own.
    Kept,
}

/// A check whose expected table is to be recorded or reviewed.
#[derive(Debug, Clone)]
pub struct ReviewItem {
    /// The scenario and the check, as `SCENARIO/CHECK`.
    pub id: String,
    /// What it needs.
    pub state: ReviewState,
    /// The file of the expected table.
    pub path: PathBuf,
    /// The check as it was run.
    pub run: CheckRun,
    /// The file's text once the table is accepted; `None` where it cannot be written.
    text: Option<String>,
}

/// What there is to review in a scenario, and the run that shows it.
#[derive(Debug)]
pub struct ScenarioReview {
    /// The run as it was played.
    pub run: ScenarioRun,
    /// The checks that need something, in their order.
    pub items: Vec<ReviewItem>,
}

impl ScenarioReview {
    /// The checks that fail and that no expected table could mend: those of values and rows, and those that could not
    /// be run.
    pub fn failing(&self) -> impl Iterator<Item = &CheckRun> {
        let checks = self.run.steps.iter().flat_map(|step| &step.checks);
        checks.filter(|check| {
            let is_listed = || self.items.iter().any(|item| item.run.id == check.id);
            matches!(check.verdict, CheckVerdict::Differs | CheckVerdict::Failed) && !is_listed()
        })
    }

    /// A line for each check that fails and that no expected table could mend, and the command that shows why; nothing
    /// where all holds.
    #[must_use]
    pub fn problems(&self) -> String {
        let scenario = &self.run.scenario;
        let line = |check: &CheckRun| {
            format!("fails     {scenario}/{}  edit the check, or what it is about\n", check.id)
        };
        let mut text: String = self.failing().map(line).collect();
        if !text.is_empty() || self.run.steps.iter().any(|step| !step.holds()) {
            text.push_str(&format!("`{scenario}` failed: `{}` shows where\n", self.run.reproduce));
        }
        text
    }
}

/// Replays a scenario of the user's own, and collects the checks whose tables are missing, pending or differ.
///
/// # Errors
/// When it cannot be replayed, or is built into the program.
pub fn review(
    library: &Library,
    name: &str,
    options: &ReplayOptions,
) -> Result<ScenarioReview, AcceptanceError> {
    let scenario = library.get(name).map_err(ReplayError::from)?;
    if library.is_built_in(name) {
        return Err(AcceptanceError::BuiltIn { scenario: scenario.name.clone() });
    }
    let options = ReplayOptions { recording: true, ..options.clone() };
    let (report, _) = replay::replay(library, &[name.to_owned()], &options)?;
    let run = report.runs.into_iter().next().expect("one scenario was replayed");
    let runs = run.steps.iter().flat_map(|step| &step.checks);
    let checks = scenario.steps.iter().flat_map(|step| &step.checks);
    let items = checks.zip(runs).filter_map(|(check, run)| item(&scenario, check, run)).collect();
    Ok(ScenarioReview { run, items })
}

fn item(scenario: &Scenario, check: &Check, run: &CheckRun) -> Option<ReviewItem> {
    let Expect::Table(expected) = &check.expect else {
        return None;
    };
    let actual = run.actual.as_ref()?;
    let own_file = expected.file.ends_with(&expected.name) && !expected.name.contains('/');
    let replaceable = own_file
        && expected.layout == Layout::Grid
        && expected.name.ends_with(".md")
        && run.basis.origin == ExpectationOrigin::Derived;
    let state = match (run.verdict, expected.state) {
        (_, ExpectedState::Unrecorded) => ReviewState::Unrecorded,
        (_, ExpectedState::Pending) => ReviewState::Pending,
        (CheckVerdict::Differs, _) if replaceable => ReviewState::Differs,
        (CheckVerdict::Differs, _) => ReviewState::Kept,
        _ => return None,
    };
    let kept: Vec<&str> = match expected.state {
        ExpectedState::Unrecorded => actual.names(),
        _ => expected.header.iter().map(String::as_str).collect(),
    };
    Some(ReviewItem {
        id: format!("{}/{}", scenario.name, run.id),
        state,
        path: PathBuf::from(&expected.file),
        text: expected_text(&only(actual, &kept, check)),
        run: run.clone(),
    })
}

/// The columns of a result that an expected table has: all where headers are compared whole.
fn only(actual: &ResultTable, names: &[&str], check: &Check) -> ResultTable {
    if check.columns != crate::diff::ColumnMode::Subset {
        return actual.clone();
    }
    let kept: Vec<usize> = names.iter().filter_map(|name| actual.position(name)).collect();
    ResultTable {
        columns: kept.iter().map(|at| actual.columns[*at].clone()).collect(),
        rows: actual
            .rows
            .iter()
            .map(|row| kept.iter().map(|at| row[*at].clone()).collect())
            .collect(),
    }
}

impl ReviewItem {
    /// Writes the result into the expected file, marked as pending.
    ///
    /// # Errors
    /// When the file cannot be written, or the result cannot be such a table.
    pub fn record(&self) -> Result<(), AcceptanceError> {
        self.write(&format!("{PENDING_MARK}\n{}", self.text()?))
    }

    /// Writes the result into the expected file, as accepted.
    pub fn accept(&self) -> Result<(), AcceptanceError> {
        let text = self.text()?.to_owned();
        self.write(&text)
    }

    /// Empties the file of a pending table, which can then be recorded again. Of a table that differs, nothing is
    /// written: what is expected stays.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn reject(&self) -> Result<(), AcceptanceError> {
        match self.state {
            ReviewState::Pending => self.write(""),
            _ => Ok(()),
        }
    }

    /// The table as it would be accepted.
    ///
    /// # Errors
    /// When the result cannot be such a table.
    pub fn text(&self) -> Result<&str, AcceptanceError> {
        self.text.as_deref().ok_or_else(|| AcceptanceError::LineBreak { check: self.id.clone() })
    }

    fn write(&self, text: &str) -> Result<(), AcceptanceError> {
        Ok(files::write(&self.path, text.as_bytes(), Existing::Replace)?)
    }
}
