//! Why a row is not in a result: which conditions of the query are false for it, and what made each false.
//!
//! Of all combinations of rows with the key, the one with the fewest false conditions is chosen. The row therefore
//! comes back if exactly these are dropped, and not if only some of them are.

use super::{Act, Experiment, WhyTarget};
use crate::sql::conditions::{Conditions, conditions};
use crate::store::{Binding, StoreError};
use crate::table::Cell;

/// A condition of a query, for a row that is not in its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCondition {
    /// The condition in SQL.
    pub condition: String,
    /// Whether it holds.
    pub holds: bool,
    /// The index of the cause since which it has been false; `None` if it is true, or was never true.
    pub since: Option<usize>,
}

impl Experiment {
    /// The conditions of a check's query for the row with this key, if that row is not in the result. `None` if it is
    /// there, no row was requested, no combination of rows has the key, or the query cannot be analysed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn missing(
        &self,
        check: usize,
        target: &WhyTarget,
    ) -> Result<Option<Vec<RowCondition>>, StoreError> {
        let question = &self.questions[check];
        let is_there = self.answer(check).is_none_or(|table| !target.of(table).is_empty());
        if is_there || target.row.is_empty() {
            return Ok(None);
        }
        let Some(parts) = conditions(&question.sql) else {
            return Ok(None);
        };
        let Some((key, keys)) = with_key(&parts, target) else {
            return Ok(None);
        };
        let bindings: Vec<Binding> = question.bindings.iter().cloned().chain(keys).collect();
        self.store.savepoint()?;
        let found = self.failing(&parts, &key, &bindings);
        self.store.roll_back()?;
        found
    }

    /// Replays, and checks after each statement which conditions can be true for the key.
    fn failing(
        &self,
        parts: &Conditions,
        key: &str,
        bindings: &[Binding],
    ) -> Result<Option<Vec<RowCondition>>, StoreError> {
        let count = parts.conditions.len();
        let any = |condition: &String| {
            format!("EXISTS (SELECT 1 FROM {} WHERE {key} AND ({condition}))", parts.from)
        };
        let all: Vec<String> = parts.conditions.iter().map(any).collect();
        let looked = format!("SELECT {}", all.join(", "));
        let mut held = vec![false; count];
        let mut since = vec![None; count];
        for act in &self.acts {
            match act {
                Act::Clock(at) => self.store.set_clock(*at)?,
                Act::Statement { file, sql, .. } => {
                    let _ = self.store.run_script(file, sql, &self.values);
                }
            }
            let answer = self.store.ask(&looked, &[], bindings)?;
            let now = answer.rows.into_iter().next().unwrap_or_default();
            for (at, cell) in now.iter().enumerate() {
                let holds = *cell == Cell::Integer(1);
                if held[at] && !holds {
                    since[at] = match act {
                        Act::Statement { factor, .. } => *factor,
                        Act::Clock(_) => None,
                    };
                }
                held[at] = holds;
            }
        }
        let fewest = fewest(parts, key);
        let answer = self.store.ask(&fewest, &[], bindings)?;
        let Some(row) = answer.rows.into_iter().next() else {
            return Ok(None);
        };
        let each = parts.conditions.iter().zip(row).zip(since);
        let conditions = each.map(|((condition, cell), since)| {
            let holds = cell == Cell::Integer(1);
            RowCondition { condition: condition.clone(), holds, since: since.filter(|_| !holds) }
        });
        Ok(Some(conditions.collect()))
    }

    /// Whether the row comes back if these conditions, by index, are dropped. For tests.
    ///
    /// # Errors
    /// When the database fails.
    pub fn comes_back(
        &self,
        check: usize,
        target: &WhyTarget,
        dropped: &[usize],
    ) -> Result<bool, StoreError> {
        let question = &self.questions[check];
        let Some(parts) = conditions(&question.sql) else {
            return Ok(false);
        };
        let Some((key, keys)) = with_key(&parts, target) else {
            return Ok(false);
        };
        let bindings: Vec<Binding> = question.bindings.iter().cloned().chain(keys).collect();
        let kept = parts.conditions.iter().enumerate();
        let kept = kept.filter(|(at, _)| !dropped.contains(at));
        let kept: String = kept.map(|(_, condition)| format!(" AND ({condition})")).collect();
        let sql = format!("SELECT 1 FROM {} WHERE {key}{kept} LIMIT 1", parts.from);
        self.store.savepoint()?;
        let asked = self.answers_with(&[]).and_then(|_| self.store.ask(&sql, &[], &bindings));
        self.store.roll_back()?;
        Ok(!asked?.rows.is_empty())
    }
}

/// The conditions for the combination of rows with the fewest false ones.
fn fewest(parts: &Conditions, key: &str) -> String {
    let each: Vec<String> =
        (parts.conditions.iter()).map(|condition| format!("(({condition}) IS TRUE)")).collect();
    let (columns, sum) = (each.join(", "), each.join(" + "));
    format!("SELECT {columns} FROM {} WHERE {key} ORDER BY {sum} DESC LIMIT 1", parts.from)
}

/// The key as a condition, and its values.
fn with_key(parts: &Conditions, target: &WhyTarget) -> Option<(String, Vec<Binding>)> {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    for (at, (name, text)) in target.row.iter().enumerate() {
        let column = parts.columns.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        let (_, expr) = column?;
        conditions.push(format!("CAST({expr} AS TEXT) = @chatdb_key_{at}"));
        values.push((format!("chatdb_key_{at}"), Cell::Text(text.clone())));
    }
    Some((conditions.join(" AND "), values))
}
