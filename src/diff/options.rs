//! How two tables are compared, and why they cannot be.

use std::collections::BTreeMap;
use std::fmt;

use super::values::is_blank;
use crate::diagnostic::did_you_mean;
use crate::table::{Cell, ResultTable};

/// How two tables are compared. The default is the strictest comparison that does not know a key or an order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DiffOptions {
    /// The columns whose values name a row. Without any, rows are matched by what they hold.
    pub key: Vec<String>,
    /// What the headers have to agree in.
    pub columns: ColumnMode,
    /// What the order of rows has to agree in.
    pub order: RowOrder,
    /// Columns whose cells may differ; they are still listed.
    pub ignore: Vec<String>,
    /// By column, how far values may lie apart, the limit included: for numbers as it is given, for durations
    /// in seconds, for timestamps in milliseconds. It makes NULL and text equal to nothing.
    pub tolerance: BTreeMap<String, Tolerance>,
    /// Whether texts are equal that differ in letter case only. Such cells are not listed.
    pub ignore_case: bool,
    /// Whether texts are equal that differ only in blanks at either end, or in how many stand between words. Such
    /// cells are not listed.
    pub ignore_blanks: bool,
    /// Whether rows without a key are paired only where what they share speaks for it: a value that no other of these
    /// rows has, or more than half of the columns. Otherwise any two rows that remain become a pair, which suits tables
    /// that are known to show the same rows.
    pub related_only: bool,
}

/// How far two values may lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// By so much.
    Absolute(f64),
    /// By such a share of the larger one: 0.01 is one in a hundred.
    Relative(f64),
}

impl Tolerance {
    pub(super) fn value(self) -> f64 {
        match self {
            Self::Absolute(value) | Self::Relative(value) => value,
        }
    }
}

impl From<f64> for Tolerance {
    fn from(value: f64) -> Self {
        Self::Absolute(value)
    }
}

/// `0.01`, or `1 %` for a share.
impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(value) => value.fmt(f),
            // As it was written: 0.1 % is not 0.1000…1 %.
            Self::Relative(share) => write!(f, "{} %", (share * 1e14).round() / 1e12),
        }
    }
}

/// What two headers have to agree in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnMode {
    /// The same names in the same order.
    #[default]
    Exact,
    /// The same names in any order.
    AnyOrder,
    /// At least the expected names, in any order; other columns of the actual table are not looked at.
    Subset,
}

/// What the order of rows has to agree in. Rows that only one table has are never out of order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// Nothing: the order does not matter.
    #[default]
    Unordered,
    /// Rows that match stand in the same order.
    Strict,
    /// Rows that match stand in the same order, except that neighbours in the actual table with equal values
    /// in these columns, an ORDER BY's, may stand either way round.
    By(Vec<String>),
}

/// Why two tables cannot be compared with these options.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DiffError {
    /// An option names a column that neither table has.
    #[error("neither table has a column `{name}`, given as {role}")]
    UnknownColumn {
        /// What the column was to be.
        role: Role,
        /// The name as given.
        name: String,
        /// The column name most like it, if one is.
        nearest: Option<String>,
        /// The columns of both tables.
        known: Vec<String>,
    },
    /// One table lacks a key column that the other has.
    #[error("the {side} table lacks the key column `{name}`")]
    NoKeyColumn {
        /// The table that lacks it.
        side: Side,
        /// The name as given.
        name: String,
        /// The name in that table most like it, if one is.
        nearest: Option<String>,
    },
    /// A tolerance that no distance can be compared with.
    #[error("the tolerance of column `{column}` is {tolerance}, expected 0 or more")]
    BadTolerance {
        /// The name of the column.
        column: String,
        /// The tolerance as given.
        tolerance: f64,
    },
    /// A tolerance of a column that has nothing with a distance.
    #[error(
        "column `{column}` has no numbers or times in either table, so a tolerance does not apply"
    )]
    NoDistance {
        /// The name of the column.
        column: String,
    },
}

impl DiffError {
    /// The column name that was probably meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::UnknownColumn { nearest, .. } | Self::NoKeyColumn { nearest, .. } => {
                nearest.as_deref()
            }
            Self::BadTolerance { .. } | Self::NoDistance { .. } => None,
        }
    }

    /// The columns that could have been meant, each once, where the mistake is a name.
    #[must_use]
    pub fn known(&self) -> Vec<&str> {
        let Self::UnknownColumn { known, .. } = self else {
            return Vec::new();
        };
        let mut once: Vec<&str> = Vec::new();
        for name in known {
            if !once.contains(&name.as_str()) {
                once.push(name);
            }
        }
        once
    }
}

/// What an option uses a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Rows are matched by it.
    Key,
    /// Rows are ordered by it.
    Order,
    /// Its cells may differ.
    Ignored,
    /// Its cells may lie apart.
    Tolerance,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Order => "order",
            Self::Ignored => "ignored",
            Self::Tolerance => "having a tolerance",
        })
    }
}

/// One of the two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The expected table.
    Expected,
    /// The actual table.
    Actual,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expected => "expected",
            Self::Actual => "actual",
        })
    }
}

pub(super) fn check_names(
    expected: &ResultTable,
    actual: &ResultTable,
    options: &DiffOptions,
) -> Result<(), DiffError> {
    let order: &[String] = match &options.order {
        RowOrder::By(names) => names,
        RowOrder::Unordered | RowOrder::Strict => &[],
    };
    let named = (options.key.iter().map(|name| (Role::Key, name)))
        .chain(order.iter().map(|name| (Role::Order, name)))
        .chain(options.ignore.iter().map(|name| (Role::Ignored, name)))
        .chain(options.tolerance.keys().map(|name| (Role::Tolerance, name)));
    let known: Vec<&str> = expected.names().into_iter().chain(actual.names()).collect();
    for (role, name) in named {
        if !known.contains(&name.as_str()) {
            return Err(DiffError::UnknownColumn {
                role,
                name: name.clone(),
                nearest: did_you_mean(name, known.iter().copied()).map(str::to_owned),
                known: known.iter().map(|name| (*name).to_owned()).collect(),
            });
        }
    }
    Ok(())
}

pub(super) fn check_tolerances(options: &DiffOptions) -> Result<(), DiffError> {
    let bad = |(_, tolerance): &(&String, &Tolerance)| {
        tolerance.value().is_nan() || tolerance.value() < 0.0
    };
    match options.tolerance.iter().find(bad) {
        Some((column, tolerance)) => {
            Err(DiffError::BadTolerance { column: column.clone(), tolerance: tolerance.value() })
        }
        None => Ok(()),
    }
}

/// Refuses a tolerance of a column whose cells are all texts, which would say nothing. [`diff()`] itself takes it.
///
/// # Errors
/// When there is such a column.
pub fn check_distances<'n>(
    tables: [&ResultTable; 2],
    columns: impl Iterator<Item = &'n str>,
) -> Result<(), DiffError> {
    for column in columns {
        let cells = || {
            let places = tables.map(|table| (table, table.position_in_any_case(column)));
            let places = places.into_iter().filter_map(|(table, at)| Some((table, at?)));
            places.flat_map(|(table, at)| table.rows.iter().map(move |row| &row[at]))
        };
        if cells().any(|cell| !is_blank(cell)) && !cells().any(has_distance) {
            return Err(DiffError::NoDistance { column: column.to_owned() });
        }
    }
    Ok(())
}

fn has_distance(cell: &Cell) -> bool {
    !matches!(cell, Cell::Null | Cell::Text(_))
}

pub(super) fn key_positions(
    table: &ResultTable,
    key: &[String],
    side: Side,
) -> Result<Vec<usize>, DiffError> {
    (key.iter())
        .map(|name| {
            table.position(name).ok_or_else(|| DiffError::NoKeyColumn {
                side,
                name: name.clone(),
                nearest: did_you_mean(name, table.names()).map(str::to_owned),
            })
        })
        .collect()
}
