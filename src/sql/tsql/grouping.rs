//! `GROUP BY`, and the sets of groupings of `ROLLUP`, `CUBE` and `GROUPING SETS`.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, OrderByExpr, Select,
};

use super::query::{Answered, Shape};
use super::select::Parts;
use super::translator::{R, Translator};
use crate::sql::functions::collation::DEFAULT;
use crate::sql::guard::limits::MAX_LIST;

/// How many sets of groupings one query may have.
const MAX_SETS: usize = 64;

impl Translator<'_> {
    /// `GROUP BY ROLLUP (a, b)` and `CUBE`: a query for each set of groupings, in which the others are NULL.
    pub fn grouped_by_sets(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        shape: Shape<'_>,
    ) -> R<Answered> {
        let (all, sets) = sets_of(&select.group_by);
        self.at_most(sets.len(), MAX_SETS, "sets of groupings")?;
        let mut written = Vec::new();
        let mut answered: Option<Answered> = None;
        let (serial, ungrouped) = (self.serial, self.ungrouped.len());
        for set in &sets {
            let mut one = select.clone();
            let kept = |(at, expr): (usize, &Expr)| set.contains(&at).then(|| expr.clone());
            let own: Vec<Expr> = all.iter().enumerate().filter_map(kept).collect();
            let left_out = |(at, expr): (usize, &Expr)| (!set.contains(&at)).then(|| expr.clone());
            let others: Vec<Expr> = all.iter().enumerate().filter_map(left_out).collect();
            one.group_by = GroupByExpr::Expressions(own, Vec::new());
            self.serial = serial;
            self.ungrouped.truncate(ungrouped);
            self.left_out = Some((all.clone(), others));
            let parts = self.select(&one, &[], shape);
            self.left_out = None;
            let mut parts = parts?;
            // Of all rows there is one group, also where nothing is counted.
            if parts.grouping.is_empty() && !parts.aggregates {
                parts.having = Some(match parts.having {
                    Some(having) => format!("({having}) AND count(*) > 0"),
                    None => "count(*) > 0".to_owned(),
                });
                if let Some(item) = parts.items.first_mut() {
                    item.named = item.name.is_some();
                    item.value.sql = format!("CASE WHEN count(*) >= 0 THEN {} END", item.value.sql);
                }
                parts.list = None;
            }
            let answer = self.assemble(parts)?;
            written.push(answer.sql.clone());
            answered = Some(answer);
        }
        let Some(answer) = answered else {
            return Err(self.invalid("a grouping without a set"));
        };
        let order = self.order_of_columns(order, answer.columns.as_deref())?;
        Ok(Answered {
            sql: format!("{}{order}", written.join(" UNION ALL ")),
            columns: answer.columns,
            single: false,
        })
    }

    pub fn group_by(&mut self, group_by: &GroupByExpr, parts: &mut Parts) -> R<()> {
        let GroupByExpr::Expressions(list, modifiers) = group_by else {
            return Err(self.unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(self
                .unsupported("WITH ROLLUP")
                .with_hint("UNION ALL the groupings"));
        }
        let mut written = Vec::new();
        let mut columns = Vec::new();
        self.at_most(list.len(), MAX_LIST, "groupings")?;
        for expr in list {
            self.see_expr(expr);
            let name = match expr {
                Expr::Rollup(_) => Some("ROLLUP"),
                Expr::Cube(_) => Some("CUBE"),
                Expr::GroupingSets(_) => Some("GROUPING SETS"),
                Expr::Function(function) => {
                    let name = function.name.to_string().to_uppercase();
                    ["ROLLUP", "CUBE"].into_iter().find(|known| *known == name)
                }
                _ => None,
            };
            if let Some(name) = name {
                return Err(self.unsupported(name).with_hint("UNION ALL the groupings"));
            }
            let value = self.value(expr)?;
            if value.literal.is_some() {
                return Err(self.invalid("GROUP BY takes columns, not constants"));
            }
            let expr = bared(expr);
            written.push(self.value(expr)?.sql);
            if let Expr::Identifier(own) = expr {
                columns.extend(self.place_of(None, own));
            } else if let Expr::CompoundIdentifier(names) = expr
                && let [.., table, own] = names.as_slice()
            {
                columns.extend(self.place_of(Some(table), own));
            }
            parts.grouping.push(value.collated());
            written.push(value.sql);
        }
        let mut left_out = Vec::new();
        let mut sets = Vec::new();
        if let Some((all, others)) = self.left_out.take() {
            for expr in &others {
                left_out.push(self.value(expr)?.sql);
            }
            for expr in &all {
                sets.push(self.value(expr)?.sql);
            }
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.grouping = written;
            scope.grouped = columns;
            scope.left_out = left_out;
            scope.sets = sets;
        }
        Ok(())
    }

    /// The source and the name of a column of the innermost query.
    fn place_of(&self, table: Option<&Ident>, own: &Ident) -> Option<(usize, String)> {
        let scope = self.scopes.last()?;
        let name = own.value.to_lowercase();
        let at = scope.sources.iter().position(|source| {
            table.is_none_or(|table| source.name.eq_ignore_ascii_case(&table.value))
                && source.columns.as_ref().is_none_or(|columns| {
                    columns
                        .iter()
                        .any(|column| column.name.to_lowercase() == name)
                })
        })?;
        Some((at, name))
    }
}

/// The groupings of ROLLUP and CUBE, in the order of the text: `None` for any other expression.
fn set_groups(expr: &Expr) -> Option<(bool, Vec<Vec<Expr>>)> {
    match expr {
        Expr::Rollup(groups) => Some((true, groups.clone())),
        Expr::Cube(groups) => Some((false, groups.clone())),
        Expr::Function(function) => {
            let rollup = match function.name.to_string().to_uppercase().as_str() {
                "ROLLUP" => true,
                "CUBE" => false,
                _ => return None,
            };
            let FunctionArguments::List(list) = &function.args else {
                return None;
            };
            let group = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Tuple(list))) => {
                    Some(list.clone())
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(vec![expr.clone()]),
                _ => None,
            };
            Some((rollup, list.args.iter().map(group).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

pub(super) fn has_sets(group_by: &GroupByExpr) -> bool {
    matches!(group_by, GroupByExpr::Expressions(list, modifiers)
        if modifiers.is_empty() && list.iter().any(|expr| set_groups(expr).is_some()))
}

/// Every grouping, and the sets of them that the rows are grouped by.
fn sets_of(group_by: &GroupByExpr) -> (Vec<Expr>, Vec<Vec<usize>>) {
    let GroupByExpr::Expressions(list, _) = group_by else {
        return (Vec::new(), Vec::new());
    };
    let mut all: Vec<Expr> = Vec::new();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for expr in list {
        let (rollup, groups) = match set_groups(expr) {
            Some(found) => found,
            None => {
                for set in &mut sets {
                    set.push(all.len());
                }
                all.push(expr.clone());
                continue;
            }
        };
        let mut places: Vec<Vec<usize>> = Vec::new();
        for group in groups {
            places.push((all.len()..all.len() + group.len()).collect());
            all.extend(group);
        }
        let chosen: Vec<Vec<usize>> = if rollup {
            (0..=places.len())
                .rev()
                .map(|n| places[..n].concat())
                .collect()
        } else {
            let most = 1_usize << places.len().min(7);
            let with = |mask: usize| {
                let own = places
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| mask & (1 << at) != 0);
                own.flat_map(|(_, place)| place.clone())
                    .collect::<Vec<usize>>()
            };
            (0..most).rev().map(with).collect()
        };
        // More sets than are taken are refused by whoever asked for them.
        sets = sets
            .iter()
            .flat_map(|set| {
                chosen
                    .iter()
                    .map(|more| [set.clone(), more.clone()].concat())
            })
            .take(MAX_SETS + 1)
            .collect();
    }
    (all, sets)
}

/// An expression without the parentheses around it and the collation that it has anyway.
fn bared(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bared(inner),
        Expr::Collate { expr, collation } if collation.to_string() == DEFAULT => bared(expr),
        _ => expr,
    }
}
