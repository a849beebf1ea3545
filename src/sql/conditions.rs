//! The conditions of a query, one by one: the parts of its `WHERE`, and of the `ON` of its joins, that `AND` joins.

use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, SelectItem, SetExpr, Statement,
    TableWithJoins, Visit, Visitor,
};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// One `SELECT` with conditions, in parts. All texts are SQLite's SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// What follows `FROM`, up to the `WHERE`, with inner joins that have no condition.
    pub from: String,
    /// The conditions, those of joins first, in the order written.
    pub conditions: Vec<String>,
    /// The columns of the answer: their names, and what they are.
    pub columns: Vec<(String, String)>,
}

/// Takes a query apart. `None` where it is no single `SELECT` with conditions, or groups rows or calls functions, so
/// that a row of the answer need be no combination of rows of its tables.
#[must_use]
pub fn conditions(sql: &str) -> Option<Conditions> {
    let mut statements = Parser::parse_sql(&SQLiteDialect {}, sql).ok()?;
    let (Some(Statement::Query(query)), true) = (statements.pop(), statements.is_empty()) else {
        return None;
    };
    let SetExpr::Select(select) = *query.body else {
        return None;
    };
    let mut calls = Calls;
    let is_plain = query.with.is_none()
        && query.limit_clause.is_none()
        && select.distinct.is_none()
        && select.having.is_none()
        && matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(by, _) if by.is_empty())
        && select.projection.visit(&mut calls).is_continue();
    if !is_plain || select.from.is_empty() {
        return None;
    }
    let mut conditions = Vec::new();
    let from = select.from.iter().map(|from| joined(from, &mut conditions));
    let from = from.collect::<Option<Vec<String>>>()?;
    if let Some(selection) = &select.selection {
        split(selection, &mut conditions);
    }
    if conditions.is_empty() {
        return None;
    }
    Some(Conditions {
        from: from.join(", "),
        conditions,
        columns: select.projection.iter().filter_map(column).collect(),
    })
}

/// Tables that are joined, without the conditions of inner joins, which are added to `conditions`. That of an outer
/// join from the left keeps no row out, and stays. `None` for other joins, and for conditions that are not written out.
fn joined(from: &TableWithJoins, conditions: &mut Vec<String>) -> Option<String> {
    let mut text = from.relation.to_string();
    for join in &from.joins {
        match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                match constraint {
                    JoinConstraint::On(on) => split(on, conditions),
                    JoinConstraint::None => {}
                    JoinConstraint::Using(_) | JoinConstraint::Natural => return None,
                }
                text = format!("{text} CROSS JOIN {}", join.relation);
            }
            JoinOperator::CrossJoin(JoinConstraint::None) => {
                text = format!("{text} CROSS JOIN {}", join.relation);
            }
            JoinOperator::Left(JoinConstraint::On(_))
            | JoinOperator::LeftOuter(JoinConstraint::On(_)) => {
                text = format!("{text} {join}");
            }
            _ => return None,
        }
    }
    Some(text)
}

/// Stops at a function, which may be one over many rows.
struct Calls;

impl Visitor for Calls {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The parts of an expression that are joined by `AND`.
fn split(expr: &Expr, parts: &mut Vec<String>) {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            split(left, parts);
            split(right, parts);
        }
        Expr::Nested(inner)
            if matches!(&**inner, Expr::BinaryOp { op: BinaryOperator::And, .. }) =>
        {
            split(inner, parts);
        }
        other => parts.push(other.to_string()),
    }
}

fn column(item: &SelectItem) -> Option<(String, String)> {
    match item {
        SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.clone(), expr.to_string())),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => {
            Some((name.value.clone(), name.to_string()))
        }
        SelectItem::UnnamedExpr(expr @ Expr::CompoundIdentifier(names)) => {
            Some((names.last()?.value.clone(), expr.to_string()))
        }
        _ => None,
    }
}
