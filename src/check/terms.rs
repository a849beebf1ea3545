//! How two tables are to be compared.

use std::borrow::Cow;

use crate::diff::{ColumnMode, DiffOptions, RowOrder, Tolerance};
use crate::report::CellVerdict;
use crate::scenario::{Check, Expect};
use crate::table::names::ColumnNames;
use crate::table::{Column, ResultTable};

/// How two tables are to be compared: what the diff takes, with a reason for every column that is let off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// The columns by which rows are matched.
    pub key: Vec<String>,
    /// How strictly headers are compared.
    pub columns: ColumnMode,
    /// How the order of rows is compared.
    pub order: RowOrder,
    /// Columns not compared, each with its reason.
    pub ignore: Vec<(String, String)>,
    /// Columns compared with a tolerance, each with its reason.
    pub tolerance: Vec<(String, Tolerance, String)>,
    /// Whether texts may differ in letter case.
    pub ignore_case: bool,
    /// Whether texts may differ in blanks at either end, and in how many stand between words.
    pub ignore_blanks: bool,
}

impl Terms {
    pub(super) fn options(&self) -> DiffOptions {
        DiffOptions {
            key: self.key.clone(),
            columns: self.columns,
            order: self.order.clone(),
            ignore: self.ignore.iter().map(|(column, _)| column.clone()).collect(),
            tolerance: self
                .tolerance
                .iter()
                .map(|(column, within, _)| (column.clone(), *within))
                .collect(),
            ignore_case: self.ignore_case,
            ignore_blanks: self.ignore_blanks,
            related_only: false,
        }
    }

    /// Why a cell of this column is let off.
    pub(super) fn reason(&self, verdict: CellVerdict, column: &str) -> Option<String> {
        match verdict {
            CellVerdict::Ignored => {
                let mut ignored = self.ignore.iter();
                let found = ignored.find(|(name, _)| name == column);
                found.map(|(_, why)| why.clone())
            }
            CellVerdict::WithinTolerance => {
                let mut tolerated = self.tolerance.iter();
                let found = tolerated.find(|(name, _, _)| name == column);
                found.map(|(_, within, why)| format!("up to {within}: {why}"))
            }
            _ => None,
        }
    }

    /// The terms with columns named as the tables spell them.
    pub(super) fn spelt_as(&self, expected: &ResultTable, actual: &ResultTable) -> Self {
        let spell = |name: &mut String| {
            let known = [expected, actual].into_iter().find_map(|table| {
                let exact = table.position(name);
                exact.or_else(|| table.position_in_any_case(name)).map(|at| &table.columns[at].name)
            });
            if let Some(known) = known {
                name.clone_from(known);
            }
        };
        let mut terms = self.clone();
        terms.key.iter_mut().for_each(spell);
        terms.ignore.iter_mut().for_each(|(name, _)| spell(name));
        terms.tolerance.iter_mut().for_each(|(name, ..)| spell(name));
        terms
    }
}

/// The terms of a check: its own go before its query's.
pub(super) fn terms_of(
    check: &Check,
    query_key: &[String],
    query_order: &[String],
    actual: &ResultTable,
) -> Terms {
    let visible = |names: &[String]| names.iter().all(|name| actual.position(name).is_some());
    Terms {
        key: match (&check.key, &check.expect) {
            (Some(key), _) => key.clone(),
            (None, Expect::Table(_)) => query_key.to_vec(),
            (None, _) => Vec::new(),
        },
        columns: check.columns,
        order: check.order.clone().unwrap_or_else(|| {
            if query_order.is_empty() || !visible(query_order) {
                RowOrder::Unordered
            } else {
                RowOrder::By(query_order.to_vec())
            }
        }),
        ignore: check.ignore.clone(),
        tolerance: check.tolerance.clone(),
        ..Terms::default()
    }
}

/// The table with its headings in the letter case of `like`, where that has them in one other, and a sentence about it.
pub(super) fn spelt_as<'t>(
    table: &'t ResultTable,
    like: &ResultTable,
) -> (Cow<'t, ResultTable>, Option<String>) {
    let mut renamed = Vec::new();
    let (names, others) = (ColumnNames::of(table), ColumnNames::of(like));
    let mut spelt = Cow::Borrowed(table);
    for (at, Column { name: own, .. }) in table.columns.iter().enumerate() {
        if others.position(own).is_some() {
            continue;
        }
        let known = others.position_in_any_case(own).map(|known| &like.columns[known].name);
        let is_sole = names.position_in_any_case(own).is_some();
        if let Some(known) = known.filter(|_| is_sole) {
            renamed.push(format!("`{own}` for `{known}`"));
            spelt.to_mut().columns[at].name.clone_from(known);
        }
    }
    let sentence = (!renamed.is_empty())
        .then(|| format!("headers that differ in letter case: {}", renamed.join(", ")));
    (spelt, sentence)
}
