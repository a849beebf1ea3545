//! Common table expressions, and those that name themselves.

use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, SetExpr, Visit, With, visit_relations};

use super::expr::Typed;
use super::names::quoted;
use super::query::{Column, Shape};
use super::select::{Item, Parts, written};
use super::state::SourceColumn;
use super::translator::{R, Translator};
use crate::schema::types::Type;

impl Translator<'_> {
    pub fn with(&mut self, with: &With) -> R<String> {
        let mut written = Vec::new();
        let names = with.cte_tables.iter().map(|cte| cte.alias.name.value.to_lowercase());
        self.names.in_with.extend(names);
        for cte in &with.cte_tables {
            self.see(cte.alias.name.span);
            if cte.from.is_some() || cte.materialized.is_some() || with.recursive {
                return Err(self.unsupported("WITH RECURSIVE or MATERIALIZED"));
            }
            let name = cte.alias.name.value.clone();
            let names: Vec<String> =
                cte.alias.columns.iter().map(|column| column.name.value.clone()).collect();
            let shape =
                Shape { names: (!names.is_empty()).then_some(&names[..]), ..Shape::default() };
            let recursive = is_recursive(&cte.query, &name);
            let counted = recursive && self.names.max_recursion > 0;
            let rounds = counted.then(|| self.fresh("round"));
            let shape = Shape {
                recursive: recursive.then_some(name.as_str()),
                rounds: rounds.as_deref(),
                ..shape
            };
            let answer = self.inner_query(&cte.query, shape)?;
            let mut columns = self.cte_columns(&name, answer.columns)?;
            for column in &mut columns {
                column.hidden = rounds.as_ref() == Some(&column.name);
            }
            self.register(&name, columns);
            written.push(format!("{} AS ({})", quoted(&name), answer.sql));
        }
        Ok(format!("WITH {} ", written.join(", ")))
    }

    /// Makes the columns of a query that names itself known to it: those of what it starts from, and the one that
    /// counts the rounds.
    pub fn register_recursion(
        &mut self,
        name: &str,
        columns: Option<Vec<Column>>,
        rounds: Option<&str>,
    ) -> R<()> {
        let mut columns = self.cte_columns(name, columns)?;
        for column in &mut columns {
            column.hidden = rounds == Some(column.name.as_str());
        }
        self.register(name, columns);
        Ok(())
    }

    /// Adds the column that counts the rounds of a recursion to one of its parts.
    pub fn count_round(&mut self, rounds: &str, parts: &mut Parts) -> R<()> {
        let counted = self.scope().sources.iter().find(|source| {
            let columns = source.columns.iter().flatten();
            columns.into_iter().any(|column| column.name == rounds)
        });
        let sql = match counted {
            None => "0".to_owned(),
            Some(_) if parts.aggregates || !parts.grouping.is_empty() || parts.distinct => {
                return Err(self.invalid(
                    "the recursive member must not have DISTINCT, GROUP BY or aggregates",
                ));
            }
            Some(source) => format!(
                "tsql_recursion({}.{rounds} + 1, {})",
                quoted(&source.name),
                self.names.max_recursion
            ),
        };
        let item = Item {
            value: Typed::plain(sql, Type::Int),
            name: Some(rounds.to_owned()),
            named: true,
        };
        if let Some(list) = &mut parts.list {
            list.push_str(&format!(", {}", written(&item)));
        }
        parts.items.push(item);
        Ok(())
    }

    /// The parts of a query that names itself have the same types, as SQL Server has it.
    pub fn alike_in_recursion(&self, branches: &[Option<Vec<Column>>]) -> R<()> {
        let Some((first, rest)) = branches.split_first() else {
            return Ok(());
        };
        for branch in rest {
            let columns = first.iter().flatten().zip(branch.iter().flatten());
            for (start, again) in columns {
                if !same_in_recursion(start.of, again.of) {
                    let name = start.name.as_deref().unwrap_or_default();
                    return Err(self
                        .invalid(format!(
                            "the types of `{name}` in the anchor and the recursive member differ: {} and {}",
                            start.of, again.of
                        ))
                        .with_hint("CAST both to one type"));
                }
            }
        }
        Ok(())
    }

    fn register(&mut self, name: &str, columns: Vec<SourceColumn>) {
        if let Some(known) = self.names.ctes.last_mut() {
            known.insert(name.to_lowercase(), columns);
        }
    }

    fn cte_columns(&self, name: &str, columns: Option<Vec<Column>>) -> R<Vec<SourceColumn>> {
        let Some(columns) = columns else {
            return Err(self
                .unsupported(format!("`*` of unknown columns in `{name}`"))
                .with_hint("name its columns"));
        };
        let columns = self.columns_of_derived(name, Some(columns))?;
        Ok(columns.unwrap_or_default())
    }
}

fn same_in_recursion(a: Type, b: Type) -> bool {
    let of_no_type = |of: Type| matches!(of, Type::Unknown | Type::Null);
    match (a, b) {
        (a, b) if of_no_type(a) || of_no_type(b) => true,
        (
            Type::Text { length: a, national: m, fixed: f },
            Type::Text { length: b, national: n, fixed: g },
        ) => m == n && f == g && a.zip(b).is_none_or(|(a, b)| a == b),
        (a, b) => a == b,
    }
}

/// Whether a query of WITH names itself, and not in what it starts from.
fn is_recursive(query: &Query, name: &str) -> bool {
    let mut start = query.body.as_ref();
    while let SetExpr::SetOperation { left, .. } = start {
        start = left;
    }
    let is_set = matches!(query.body.as_ref(), SetExpr::SetOperation { .. });
    is_set && names_table(query, name) && !names_table(start, name)
}

/// Whether a query names a table without qualifying it.
pub(super) fn names_table(query: &impl Visit, name: &str) -> bool {
    let found = visit_relations(query, |relation: &ObjectName| {
        let same = relation.0.len() == 1
            && relation
                .0
                .last()
                .and_then(|part| part.as_ident())
                .is_some_and(|ident| ident.value.eq_ignore_ascii_case(name));
        if same { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}
