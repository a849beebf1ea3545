//! Conditions: comparisons, `AND` and `OR`, `IN`, `BETWEEN`, `LIKE`, `EXISTS`.

use sqlparser::ast::{BinaryOperator, Expr, Query, UnaryOperator};

use super::expr::{Condition, Typed};
use super::operators::precedence;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::guard::limits::NODE_STEPS;

impl Translator<'_> {
    /// Rewrites a condition.
    pub fn condition(&mut self, expr: &Expr) -> R<Condition> {
        let condition = self.condition_inside(expr)?;
        self.spend(NODE_STEPS + condition.sql.len())?;
        Ok(condition)
    }

    fn condition_inside(&mut self, expr: &Expr) -> R<Condition> {
        match expr {
            Expr::Nested(inner) => self.condition(inner),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                self.connected(expr, op)
            }
            Expr::BinaryOp { left, op, right } => {
                let Some(sign) = Self::compare_operator(op) else {
                    return self.no_condition(expr);
                };
                self.see_expr(left);
                let start = self.at;
                let left = self.value(left)?;
                let right = self.value(right)?;
                self.at = start;
                let (left, right) = self.comparable(left, right)?;
                if !matches!(sign, "=" | "<>") {
                    self.has_order(&left)?;
                }
                Ok(self.compared(&left, sign, &right))
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                let inner = self.condition(expr)?;
                Ok(not(&inner))
            }
            Expr::IsNull(inner) => self.null_test(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.null_test(inner, "IS NOT NULL"),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => {
                self.in_subquery(expr, subquery, *negated)
            }
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let like = self.like(expr, pattern, escape_char.as_deref())?;
                Ok(if *negated { not(&like) } else { like })
            }
            Expr::Exists { subquery, negated } => {
                let answer = self.inner_query(subquery, super::query::Shape::default())?;
                let not = if *negated { "NOT " } else { "" };
                Ok(Condition {
                    sql: format!("{not}EXISTS ({})", answer.sql),
                    precedence: if *negated { precedence::NOT } else { precedence::ATOM },
                })
            }
            Expr::IsDistinctFrom(left, right) => self.distinct(left, "IS NOT", right),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, "IS", right),
            Expr::AnyOp { left, compare_op, right, is_some: _ } => {
                // What does not differ from all is like one of them.
                let all = opposite(compare_op).map(|op| self.all(left, &op, right));
                Ok(not(&all.unwrap_or_else(|| self.no_condition(expr))?))
            }
            Expr::AllOp { left, compare_op, right } => self.all(left, compare_op, right),
            other => self.no_condition(other),
        }
    }

    fn in_subquery(&mut self, expr: &Expr, subquery: &Query, negated: bool) -> R<Condition> {
        self.see_expr(expr);
        let start = self.at;
        let value = self.value(expr)?;
        let (mut list, of) = self.list_of(subquery)?;
        self.at = start;
        let listed = Typed::plain("value".to_owned(), of);
        let (value, column) = self.comparable(value, listed)?;
        if column.sql != "value" {
            list = format!("SELECT {} FROM ({list})", column.sql);
        }
        let value = if value.of.is_number() {
            value.within(precedence::COMPARE + 1).into_owned()
        } else {
            value.collated()
        };
        let not = if negated { "NOT IN" } else { "IN" };
        Ok(Condition { sql: format!("{value} {not} ({list})"), precedence: precedence::COMPARE })
    }

    /// `x > ALL (SELECT ...)`: true of no rows, false where it is false of one row, and unknown where it is unknown of
    /// one. It is false of one row if it is false of the greatest or the least.
    fn all(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> R<Condition> {
        let Some(sign) = Self::compare_operator(op) else {
            return self.no_condition(left);
        };
        let mut right = right;
        while let Expr::Nested(inner) = right {
            right = inner;
        }
        let Expr::Subquery(query) = right else {
            return Err(self.invalid("ANY, SOME and ALL take a subquery"));
        };
        // The ends say nothing of what is between them.
        if sign == "<>" {
            return self.in_subquery(left, query, true);
        }
        self.see_expr(left);
        let start = self.at;
        let value = self.value(left)?;
        let (list, of) = self.list_of(query)?;
        self.at = start;
        let (value, listed) = self.comparable(value, Typed::plain("value".to_owned(), of))?;
        self.has_order(&value)?;
        self.spend(4 * (list.len() + value.sql.len()))?;
        let ends: &[&str] = match sign {
            ">" | ">=" => &["max"],
            "<" | "<=" => &["min"],
            _ => &["min", "max"],
        };
        let test = |end: &&str| {
            let sql = format!("(SELECT {end}({}) FROM ({list}))", listed.collated());
            let end = Typed { sql, precedence: precedence::ATOM, ..listed.clone() };
            self.compared(&value, sign, &end).sql
        };
        let tests: Vec<String> = ends.iter().map(test).collect();
        let true_of_ends = tests.join(" AND ");
        Ok(Condition {
            sql: format!(
                "CASE WHEN NOT EXISTS ({list}) THEN 1 WHEN NOT ({true_of_ends}) THEN 0 WHEN EXISTS (SELECT 1 FROM \
                 ({list}) WHERE value IS NULL) THEN NULL ELSE {true_of_ends} END"
            ),
            precedence: precedence::ATOM,
        })
    }

    fn like(&mut self, expr: &Expr, pattern: &Expr, escape: Option<&Expr>) -> R<Condition> {
        let value = self.value(expr)?;
        let pattern = self.value(pattern)?;
        self.default_collation("LIKE", &[&value, &pattern])?;
        let national = value.of.is_national() || pattern.of.is_national();
        let mut arguments = vec![self.as_text(value)?, self.as_text(pattern)?];
        if let Some(escape) = escape {
            let escape = self.value(escape)?;
            if escape.is_null() {
                return Err(self.unsupported("ESCAPE NULL").with_hint("leave ESCAPE out"));
            }
            arguments.push(self.as_text(escape)?);
        }
        let name = if national { "tsql_nlike" } else { "tsql_like" };
        Ok(Condition {
            sql: format!("{name}({})", arguments.join(", ")),
            precedence: precedence::ATOM,
        })
    }

    fn no_condition(&mut self, expr: &Expr) -> R<Condition> {
        self.see_expr(expr);
        if let Expr::Function(function) = expr {
            let name = function.name.to_string().to_uppercase();
            if ["CONTAINS", "FREETEXT"].contains(&name.as_str()) {
                return Err(self
                    .unsupported(name)
                    .with_hint("LIKE '%word%' finds a word anywhere in a text"));
            }
        }
        // What is wrong with the value, if anything, is the better message.
        self.value(expr)?;
        Err(self.invalid("expected a condition, found a value"))
    }

    /// A chain of `AND` or `OR`, from its innermost left operand outwards.
    fn connected(&mut self, expr: &Expr, op: &BinaryOperator) -> R<Condition> {
        let (word, strength) = match op {
            BinaryOperator::And => ("AND", precedence::AND),
            _ => ("OR", precedence::OR),
        };
        let mut parts = Vec::new();
        let mut inner = expr;
        while let Expr::BinaryOp { left, op: same, right } = inner
            && same == op
        {
            parts.push(right.as_ref());
            inner = left;
        }
        parts.push(inner);
        let mut sql = Vec::new();
        for part in parts.into_iter().rev() {
            sql.push(self.condition(part)?.within(strength).into_owned());
        }
        Ok(Condition { sql: sql.join(&format!(" {word} ")), precedence: strength })
    }

    fn null_test(&mut self, inner: &Expr, test: &str) -> R<Condition> {
        let value = self.value(inner)?;
        Ok(Condition {
            sql: format!("{} {test}", value.within(precedence::COMPARE + 1)),
            precedence: precedence::COMPARE,
        })
    }

    pub fn distinct(&mut self, left: &Expr, op: &str, right: &Expr) -> R<Condition> {
        self.see_expr(left);
        let left = self.value(left)?;
        let right = self.value(right)?;
        let (left, right) = self.comparable(left, right)?;
        Ok(self.compared(&left, op, &right))
    }

    fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> R<Condition> {
        self.see_expr(expr);
        let value = self.value(expr)?;
        let mut alike = true;
        let mut members = Vec::new();
        for member in list {
            let member = self.value(member)?;
            self.spend(value.sql.len())?;
            let (left, right) = self.comparable(value.clone(), member)?;
            alike &= left.sql == value.sql;
            members.push((left, right));
        }
        if alike {
            let right: Vec<&str> = members.iter().map(|(_, right)| right.sql.as_str()).collect();
            let left = members.first().map_or(&value, |(left, _)| left);
            let left = if left.of.is_collated()
                && members.iter().any(|(_, right)| !right.of.is_number())
            {
                left.collated()
            } else {
                left.within(precedence::COMPARE + 1).into_owned()
            };
            let not = if negated { "NOT IN" } else { "IN" };
            return Ok(Condition {
                sql: format!("{left} {not} ({})", right.join(", ")),
                precedence: precedence::COMPARE,
            });
        }
        let tests: Vec<String> =
            members.iter().map(|(left, right)| self.equal(left, right).sql).collect();
        let any = Condition { sql: tests.join(" OR "), precedence: precedence::OR };
        Ok(if negated { not(&any) } else { any })
    }

    fn between(&mut self, expr: &Expr, negated: bool, low: &Expr, high: &Expr) -> R<Condition> {
        self.see_expr(expr);
        let value = self.value(expr)?;
        let (low, high) = (self.value(low)?, self.value(high)?);
        self.has_order(&value)?;
        let (from, low) = self.comparable(value.clone(), low)?;
        let (to, high) = self.comparable(value.clone(), high)?;
        if from.sql == value.sql && to.sql == value.sql {
            let is_number = from.of == Type::Unknown && low.of.is_number();
            let value = if from.of.is_collated() && !is_number {
                from.collated()
            } else {
                from.within(precedence::COMPARE + 1).into_owned()
            };
            let not = if negated { "NOT BETWEEN" } else { "BETWEEN" };
            return Ok(Condition {
                sql: format!(
                    "{value} {not} {} AND {}",
                    low.within(precedence::COMPARE + 1),
                    high.within(precedence::COMPARE + 1)
                ),
                precedence: precedence::COMPARE,
            });
        }
        let both = Condition {
            sql: format!(
                "{} AND {}",
                self.compared(&from, ">=", &low).sql,
                self.compared(&to, "<=", &high).sql
            ),
            precedence: precedence::AND,
        };
        Ok(if negated { not(&both) } else { both })
    }
}

pub(super) fn not(inner: &Condition) -> Condition {
    Condition { sql: format!("NOT {}", inner.within(precedence::NOT)), precedence: precedence::NOT }
}

/// The comparison that is false where this one is true, and unknown where it is.
fn opposite(op: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match op {
        BinaryOperator::Eq => BinaryOperator::NotEq,
        BinaryOperator::NotEq => BinaryOperator::Eq,
        BinaryOperator::Lt => BinaryOperator::GtEq,
        BinaryOperator::LtEq => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::LtEq,
        BinaryOperator::GtEq => BinaryOperator::Lt,
        _ => return None,
    })
}

pub(super) fn is_condition(op: &BinaryOperator) -> bool {
    Translator::compare_operator(op).is_some()
        || matches!(op, BinaryOperator::And | BinaryOperator::Or)
}
