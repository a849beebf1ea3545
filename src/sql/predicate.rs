//! Conditions of a statement that hold one column against whole numbers.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use crate::record::row_filter::Test;
use crate::sql::tsql::Literal;
use crate::table::Cell;

/// Calls `found` with each part of a condition all of whose parts must hold.
pub(crate) fn conjuncts<'e>(condition: &'e Expr, found: &mut impl FnMut(&'e Expr)) {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        Expr::Nested(inner) => conjuncts(inner, found),
        other => found(other),
    }
}

/// A condition that holds one column against whole numbers: the table's name there, the column, the test.
pub(crate) fn test(
    condition: &Expr,
    literals: &[Literal],
) -> Option<(Option<String>, String, Test)> {
    let number = |value: &Expr| number(value, literals);
    let (expr, test) = match condition {
        Expr::BinaryOp { left, op, right } => {
            let value = number(right)?;
            let test = match op {
                BinaryOperator::Eq => Test::In(vec![value]),
                BinaryOperator::NotEq => Test::NotIn(vec![value]),
                BinaryOperator::Lt => Test::Between(i64::MIN, value.checked_sub(1)?),
                BinaryOperator::LtEq => Test::Between(i64::MIN, value),
                BinaryOperator::Gt => Test::Between(value.checked_add(1)?, i64::MAX),
                BinaryOperator::GtEq => Test::Between(value, i64::MAX),
                _ => return None,
            };
            (left, test)
        }
        Expr::InList { expr, list, negated } => {
            let values = list.iter().map(number).collect::<Option<Vec<_>>>()?;
            (expr, if *negated { Test::NotIn(values) } else { Test::In(values) })
        }
        Expr::Between { expr, negated: false, low, high } => {
            (expr, Test::Between(number(low)?, number(high)?))
        }
        _ => return None,
    };
    match expr.as_ref() {
        Expr::Identifier(column) => Some((None, column.value.to_lowercase(), test)),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [owner, column] => {
                Some((Some(owner.value.to_lowercase()), column.value.to_lowercase(), test))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, unless it stands for a value.
fn number(value: &Expr, literals: &[Literal]) -> Option<i64> {
    let found = match value {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok()?,
            _ => return None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            number(expr, literals)?.checked_neg()?
        }
        _ => return None,
    };
    let stands = |literal: &Literal| literal.value == Cell::Integer(found);
    (!literals.iter().any(stands)).then_some(found)
}
