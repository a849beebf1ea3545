//! The columns of a table by their names, for whoever looks for many of them.

use std::collections::HashMap;

use super::ResultTable;
use crate::work;

/// Where the columns of a table are, by name.
pub(crate) struct ColumnNames<'t> {
    exact: HashMap<&'t str, usize>,
    /// By name in lower case; `None` where several columns have it.
    in_any_case: HashMap<String, Option<usize>>,
}

impl<'t> ColumnNames<'t> {
    pub(crate) fn of(table: &'t ResultTable) -> Self {
        work::steps(table.columns.len());
        let (mut exact, mut in_any_case) = (HashMap::new(), HashMap::new());
        for (at, column) in table.columns.iter().enumerate() {
            exact.entry(column.name.as_str()).or_insert(at);
            let sole = in_any_case.entry(column.name.to_lowercase());
            sole.and_modify(|sole| *sole = None).or_insert(Some(at));
        }
        Self { exact, in_any_case }
    }

    /// The first column called `name`, letter case included, as [`ResultTable::position`] finds it.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.exact.get(name).copied()
    }

    /// The only column called `name` in any letter case, as [`ResultTable::position_in_any_case`] finds it.
    pub(crate) fn position_in_any_case(&self, name: &str) -> Option<usize> {
        self.in_any_case.get(&name.to_lowercase()).copied().flatten()
    }
}
