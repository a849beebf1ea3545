//! Compares two tables. Options here; the comparison follows.
use serde::Serialize;

/// How strictly headers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnMode {
    /// The same names in the same order.
    #[default]
    Exact,
    /// The same names in any order.
    AnyOrder,
    /// Further actual columns are not looked at.
    Subset,
}

/// How the order of rows is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOrder {
    /// Order does not matter.
    #[default]
    Bag,
    /// Every row stands in its place.
    Strict,
    /// Rows follow these columns; rows equal in them are a bag.
    By(Vec<String>),
}
