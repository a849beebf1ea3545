//! `GROUP BY`, and the sets of groupings of `ROLLUP`, `CUBE` and `GROUPING SETS`.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, OrderByExpr, Select,
    SelectItem,
};

use super::expr::Typed;
use super::names::quoted;
use super::order::ordinal;
use super::query::{Column, Shape, TranslatedQuery};
use super::select::Parts;
use super::state::Scope;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::collation::DEFAULT;
use crate::sql::guard::limits::MAX_LIST;

/// How many sets of groupings one query may have.
const MAX_SETS: usize = 64;
/// How `GROUPING SETS` is spelt for the parser, which takes it for a function.
pub(super) const GROUPING_SETS: &str = "GROUPING_SETS";

impl Translator<'_> {
    /// `GROUP BY ROLLUP (a, b)`, `CUBE` and `GROUPING SETS`: a query for each set of groupings, in which the others are
    /// NULL.
    pub fn grouped_by_sets(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        shape: Shape<'_>,
    ) -> R<TranslatedQuery> {
        let (all, sets) = sets_of(&select.group_by);
        let extra = match shape.names.is_none() && shape.types.is_none() {
            true => beyond_columns(select, order),
            false => Vec::new(),
        };
        let mut order = order.to_vec();
        let mut select = select.clone();
        for (n, at) in extra.iter().enumerate() {
            let alias = Ident::new(format!("chatdb_order{n}"));
            let expr = Expr::Identifier(alias.clone());
            let expr = std::mem::replace(&mut order[*at].expr, expr);
            select.projection.push(SelectItem::ExprWithAlias { expr, alias });
        }
        self.at_most(sets.len(), MAX_SETS, "sets of groupings")?;
        let mut written = Vec::new();
        let mut answered: Option<TranslatedQuery> = None;
        for set in &sets {
            let own = |(at, expr): (usize, &Expr)| (expr.clone(), set.contains(&at));
            let scope =
                Scope { set: Some(all.iter().enumerate().map(own).collect()), ..Scope::default() };
            let mut parts = self.select_in(scope, &select, &[], shape)?;
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
        let order = self.order_of_columns(&order, answer.columns.as_deref())?;
        let sets = written.join(" UNION ALL ");
        let mut columns = answer.columns;
        let sql = match &mut columns {
            Some(columns) if !extra.is_empty() => {
                let ordered = columns.split_off(columns.len() - extra.len());
                in_order(&sets, columns, &ordered, &order)
            }
            _ => format!("{sets}{order}"),
        };
        Ok(TranslatedQuery { sql, columns, single: false })
    }

    pub fn group_by(&mut self, group_by: &GroupByExpr, parts: &mut Parts) -> R<()> {
        let GroupByExpr::Expressions(list, modifiers) = group_by else {
            return Err(self.unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(self.unsupported("WITH ROLLUP").with_hint("UNION ALL the groupings"));
        }
        self.at_most(list.len(), MAX_LIST, "groupings")?;
        let set = self.scope_mut().set.take();
        let has_sets = set.is_some();
        let all = set.unwrap_or_else(|| list.iter().map(|expr| (expr.clone(), true)).collect());
        let (mut written, mut left_out) = (Vec::new(), Vec::new());
        for (expr, has) in &all {
            self.see_expr(expr);
            if set_groups(expr).is_some() {
                return Err(self.invalid(
                    "ROLLUP, CUBE and GROUPING SETS are allowed only in GROUP BY or GROUPING SETS",
                ));
            }
            let value = self.value(bared(expr))?;
            if value.literal.is_some() {
                return Err(self.invalid("GROUP BY takes columns, not constants"));
            }
            if *has {
                parts.grouping.push(value.collated());
                written.push(value.sql);
            } else {
                left_out.push(value.sql);
            }
        }
        left_out.retain(|sql| !written.contains(sql));
        let scope = self.scope_mut();
        scope.grouping = written;
        scope.left_out = left_out;
        scope.has_sets = has_sets;
        Ok(())
    }

    /// `GROUPING(a)`, and `GROUPING_ID(a, b)`, which is the same of each as bits.
    pub fn grouping(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let scope = self.scope_mut();
        let left_out = std::mem::take(&mut scope.left_out);
        let ungrouped = scope.ungrouped.len();
        let values = self.arguments(list)?;
        let scope = self.scope_mut();
        scope.ungrouped.truncate(ungrouped);
        scope.left_out = left_out;
        let mut bits = 0;
        for value in &values {
            let null = scope.left_out.contains(&value.sql);
            if !scope.has_sets || !(null || scope.grouping.contains(&value.sql)) {
                return Err(self.invalid(format!(
                    "{} takes a column of ROLLUP, CUBE or GROUPING SETS",
                    name.to_uppercase()
                )));
            }
            bits = bits << 1 | i64::from(null);
        }
        let of = if name == "grouping" { Type::TinyInt } else { Type::Int };
        Ok(Typed::value(Value::Integer(bits), of))
    }
}

/// The terms of an ORDER BY that are no columns of the answer, such as `GROUPING(a)`: each set computes them.
fn beyond_columns(select: &Select, order: &[OrderByExpr]) -> Vec<usize> {
    let mut names = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::ExprWithAlias { alias, .. } => names.push(alias),
            SelectItem::UnnamedExpr(Expr::Identifier(own)) => names.push(own),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => names.extend(parts.last()),
            SelectItem::UnnamedExpr(Expr::BinaryOp { left, .. }) => {
                if let Expr::Identifier(own) = left.as_ref() {
                    names.push(own);
                }
            }
            SelectItem::UnnamedExpr(_) => {}
            _ => return Vec::new(),
        }
    }
    let is_column = |expr: &Expr| match expr {
        Expr::Identifier(own) => {
            names.iter().any(|name| name.value.eq_ignore_ascii_case(&own.value))
        }
        other => ordinal(other).is_some(),
    };
    let terms = order.iter().enumerate();
    let beyond = terms.filter(|(_, term)| !is_column(&term.expr));
    beyond.map(|(at, _)| at).collect()
}

/// The rows of all sets in an order that the columns `ordered` say, which are left out.
fn in_order(sets: &str, columns: &[Column], ordered: &[Column], order: &str) -> String {
    let own: Vec<String> = (1..=columns.len()).map(|at| format!("c{at}")).collect();
    let named = |(own, column): (&String, &Column)| match &column.name {
        Some(name) => format!("{own} AS {}", quoted(name)),
        None => own.clone(),
    };
    let shown: Vec<String> = own.iter().zip(columns).map(named).collect();
    let ordered = ordered.iter().filter_map(|column| column.name.clone());
    let all: Vec<String> = own.iter().cloned().chain(ordered).collect();
    format!(
        "SELECT {} FROM (WITH g({}) AS ({sets}) SELECT * FROM g){order}",
        shown.join(", "),
        all.join(", ")
    )
}

/// A grouping that is made of several sets.
enum SetOfGroupings {
    Rollup,
    Cube,
    /// `GROUPING SETS`, which is spelt as one word for the parser.
    Listed,
}

/// What ROLLUP, CUBE or GROUPING SETS is of; `None` for any other expression.
fn set_groups(expr: &Expr) -> Option<(SetOfGroupings, Vec<&Expr>)> {
    let Expr::Function(function) = expr else {
        return None;
    };
    let kind = match function.name.to_string().to_uppercase().as_str() {
        "ROLLUP" => SetOfGroupings::Rollup,
        "CUBE" => SetOfGroupings::Cube,
        GROUPING_SETS => SetOfGroupings::Listed,
        _ => return None,
    };
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let group = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Some(expr),
        _ => None,
    };
    let groups: Option<Vec<&Expr>> = list.args.iter().map(group).collect();
    Some((kind, groups?))
}

pub(super) fn has_sets(group_by: &GroupByExpr) -> bool {
    matches!(group_by, GroupByExpr::Expressions(list, modifiers)
        if modifiers.is_empty() && list.iter().any(|expr| set_groups(expr).is_some()))
}

/// Every grouping once, and the sets of them that the rows are grouped by.
fn sets_of(group_by: &GroupByExpr) -> (Vec<Expr>, Vec<Vec<usize>>) {
    let GroupByExpr::Expressions(list, _) = group_by else {
        return (Vec::new(), Vec::new());
    };
    let mut all: Vec<Expr> = Vec::new();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for expr in list {
        let chosen = chosen_sets(expr, &mut all);
        let both = |(set, more): (&Vec<usize>, &Vec<usize>)| {
            let mut both = set.clone();
            both.extend(more.iter().filter(|at| !set.contains(at)));
            both
        };
        // More sets than are taken are refused by whoever asked for them.
        sets = sets
            .iter()
            .flat_map(|set| chosen.iter().map(move |more| (set, more)))
            .map(both)
            .take(MAX_SETS + 1)
            .collect();
    }
    (all, sets)
}

/// The sets that one expression of `GROUP BY` stands for; what they are of is added to `all`.
fn chosen_sets(expr: &Expr, all: &mut Vec<Expr>) -> Vec<Vec<usize>> {
    let Some((kind, groups)) = set_groups(expr) else {
        return vec![places(expr, all)];
    };
    match kind {
        SetOfGroupings::Listed => groups
            .into_iter()
            .flat_map(|group| chosen_sets(group, all))
            .take(MAX_SETS + 1)
            .collect(),
        SetOfGroupings::Rollup => {
            let groups: Vec<_> = groups.into_iter().map(|group| places(group, all)).collect();
            (0..=groups.len()).rev().map(|n| groups[..n].concat()).collect()
        }
        SetOfGroupings::Cube => {
            let groups: Vec<_> = groups.into_iter().map(|group| places(group, all)).collect();
            let most = 1_usize << groups.len().min(7);
            let with = |mask: usize| {
                let own = groups.iter().enumerate().filter(|(at, _)| mask & (1 << at) != 0);
                own.flat_map(|(_, places)| places.clone()).collect()
            };
            (0..most).rev().map(with).collect()
        }
    }
}

/// Where the groupings of `(a, b)`, `a` or `()` are in `all`, to which they are added.
fn places(group: &Expr, all: &mut Vec<Expr>) -> Vec<usize> {
    let members = match group {
        Expr::Tuple(members) => members.iter().collect(),
        // The empty set, as the parser is given it.
        Expr::Nested(inner) if is_null(inner) => Vec::new(),
        one => vec![one],
    };
    let place = |member: &Expr| {
        let member = bared(member);
        all.iter().position(|known| known == member).unwrap_or_else(|| {
            all.push(member.clone());
            all.len() - 1
        })
    };
    members.into_iter().map(place).collect()
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == sqlparser::ast::Value::Null)
}

/// An expression without the parentheses around it and the collation that it has anyway.
fn bared(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bared(inner),
        Expr::Collate { expr, collation } if collation.to_string() == DEFAULT => bared(expr),
        _ => expr,
    }
}
