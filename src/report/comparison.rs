//! The record of two tables compared.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diff::RowVerdict;
use crate::table::{Cell, Column};

/// Two tables compared outside a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NamedComparison {
    /// The source of the expected side: a file, or a check of a scenario.
    pub expected: String,
    /// The source of the actual side.
    pub actual: String,
    /// The result of the comparison.
    pub comparison: Comparison,
}

/// Two tables, cell by cell.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Whether nothing differs.
    pub same: bool,
    /// The key columns by which rows were matched; empty when they were matched by similarity.
    pub key: Vec<String>,
    /// The expected columns, as read.
    pub expected_columns: Vec<Column>,
    /// The actual columns.
    pub actual_columns: Vec<Column>,
    /// How the headers differ, in sentences; empty when they do not.
    pub header: Vec<String>,
    /// Every row of either table, expected order first.
    pub rows: Vec<RowRun>,
    /// How many rows more there are, equal in every cell, that were not kept because only differences were requested.
    #[serde(skip)]
    pub left_out: usize,
    /// How many columns prove nothing, because the expected values were first taken from the user's rows.
    #[serde(skip)]
    pub taken_over: usize,
    /// Rows out of order and duplicate keys, in sentences.
    pub remarks: Vec<String>,
}

/// One row of either table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RowRun {
    /// The cells of the key columns.
    pub key: Vec<Cell>,
    /// The verdict of the row.
    pub verdict: RowVerdict,
    /// The line of the document on which it is printed.
    pub source_line: Option<u32>,
    /// The line of the expected file.
    pub file_line: Option<u32>,
    /// Every compared cell, left to right.
    pub cells: Vec<CellRun>,
}

/// One cell compared.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CellRun {
    /// The name of the column.
    pub column: String,
    /// As printed; `None` when the expectation is not from a file.
    pub printed: Option<String>,
    /// As read, after errata and set parameters; `None` when the row or column is not expected.
    pub expected: Option<Cell>,
    /// The actual value; `None` when the row or column is missing.
    pub actual: Option<Cell>,
    /// The verdict of the cell.
    pub verdict: CellVerdict,
    /// The erratum that corrects the print.
    pub erratum: Option<String>,
    /// Why it is ignored or tolerated, or which parameter it replaces.
    pub reason: Option<String>,
}

/// The verdict of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
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
    /// The value is as printed, so the erratum no longer applies.
    StaleErratum,
    /// Expected but missing.
    Missing,
    /// Present but not expected.
    Extra,
    /// A printed cell that is not data, by an erratum.
    NotData,
}
