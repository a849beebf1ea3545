//! Expressions: each kind of node with its type. Values and conditions are two things, as in T-SQL.

use std::borrow::Cow;
use std::sync::Arc;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr,
    ObjectName, Query, TypedString, UnaryOperator,
};
use sqlparser::tokenizer::Span;

use super::operators::precedence;
use super::query::Shape;
use super::translator::{R, Translator};
use super::xml::joins_rows;
use crate::schema::types::Type;
use crate::sql::functions::{Value, collation};
use crate::sql::guard::limits::NODE_STEPS;
use crate::sql::quote::literal;

/// A value as written for SQLite.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub sql: String,
    pub of: Type,
    /// How tightly its outermost operator binds.
    pub precedence: u8,
    /// Between which whole numbers it lies.
    pub range: Option<(i128, i128)>,
    /// The value, where it is written in the text.
    pub literal: Option<Value>,
    /// Whether the text has it as a number, which as a decimal has the digits that it is written with.
    pub is_written: bool,
    /// The collation that the text names.
    pub collation: Option<&'static str>,
    /// Whether it is a column of which what is stored is read as something else.
    pub is_read_as: bool,
    /// What there is to say where it is sorted or compared.
    pub doubt: Option<Arc<str>>,
}

impl Typed {
    /// Something that binds as tightly as a name.
    pub fn plain(sql: String, of: Type) -> Self {
        Self {
            sql,
            of,
            precedence: precedence::ATOM,
            range: of.range(),
            literal: None,
            is_written: false,
            collation: None,
            is_read_as: false,
            doubt: None,
        }
    }

    /// The value itself, written as a literal.
    pub fn value(value: Value, of: Type) -> Self {
        let (sql, range) = match &value {
            Value::Null => ("NULL".to_owned(), None),
            Value::Integer(n) => (n.to_string(), Some((i128::from(*n), i128::from(*n)))),
            Value::Real(n) => (format!("{n:?}"), None),
            Value::Text(text) => (literal(text), None),
        };
        let precedence = if sql.starts_with('-') { precedence::SIGN } else { precedence::ATOM };
        Self {
            sql,
            of,
            precedence,
            range,
            literal: Some(value),
            is_written: false,
            collation: None,
            is_read_as: false,
            doubt: None,
        }
    }

    /// The text, in parentheses where its operator binds less than `least`.
    pub fn within(&self, least: u8) -> Cow<'_, str> {
        if self.precedence < least {
            Cow::Owned(format!("({})", self.sql))
        } else {
            Cow::Borrowed(&self.sql)
        }
    }

    /// The text with the collation that its comparison follows, if it may be text.
    pub fn collated(&self) -> String {
        let name = match self.of {
            Type::DateTimeOffset(_) => collation::MOMENTS,
            _ => self.collation.unwrap_or(collation::DEFAULT),
        };
        if self.of.is_collated() && !self.sql.ends_with(name) {
            format!("{} COLLATE {name}", self.within(precedence::COLLATE))
        } else {
            self.sql.clone()
        }
    }

    pub fn is_null(&self) -> bool {
        self.of == Type::Null
    }
}

/// A condition as written for SQLite.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub sql: String,
    pub precedence: u8,
}

impl Condition {
    pub fn within(&self, least: u8) -> Cow<'_, str> {
        if self.precedence < least {
            Cow::Owned(format!("({})", self.sql))
        } else {
            Cow::Borrowed(&self.sql)
        }
    }
}

impl Translator<'_> {
    /// Rewrites a value, and forgets the columns within it when the query is grouped by it.
    pub fn value(&mut self, expr: &Expr) -> R<Typed> {
        let before = self.scope().ungrouped.len();
        let value = self.value_inside(expr)?;
        self.spend(NODE_STEPS + self.scope().grouping.len() + value.sql.len())?;
        let scope = self.scope();
        let is_null = !scope.in_aggregate && scope.left_out.contains(&value.sql);
        let value = if is_null {
            Typed { of: value.of, ..Typed::plain("NULL".to_owned(), value.of) }
        } else {
            value
        };
        if is_null || self.scope().grouping.contains(&value.sql) {
            self.scope_mut().ungrouped.truncate(before);
        }
        Ok(value)
    }

    fn value_inside(&mut self, expr: &Expr) -> R<Typed> {
        match expr {
            Expr::Identifier(ident) => self.identifier(ident),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Value(value) => {
                self.see(value.span);
                self.literal(&value.value)
            }
            // Parentheses are written where the operators need them.
            Expr::Nested(inner) => self.value(inner),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { .. } => self.operators(expr),
            Expr::Case { case_token, end_token: _, operand, conditions, else_result } => {
                self.see(case_token.0.span);
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Function(function) => self.call(function),
            Expr::Subquery(query) => self.scalar(query),
            other => self.syntax(other),
        }
    }

    /// Functions that are syntax of their own.
    fn syntax(&mut self, expr: &Expr) -> R<Typed> {
        match expr {
            Expr::Cast {
                kind: kind @ (CastKind::Cast | CastKind::TryCast),
                expr,
                data_type,
                format: None,
            } => {
                let value = self.value(expr)?;
                let of = self.data_type(data_type, Some(30))?;
                self.cast(value, of, None, *kind == CastKind::TryCast)
            }
            Expr::Convert {
                is_try,
                expr,
                data_type: Some(data_type),
                charset: None,
                target_before_value: _,
                styles,
            } => {
                let of = self.data_type(data_type, Some(30))?;
                let value = self.value(expr)?;
                let style = match styles.as_slice() {
                    [] => None,
                    [style] => Some(self.value(style)?),
                    _ => return Err(self.invalid("CONVERT takes one style")),
                };
                self.cast(value, of, style, *is_try)
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.whole("tsql_ceiling", expr)
            }
            Expr::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => self.whole("tsql_floor", expr),
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for: Some(length),
                special: true,
                shorthand: _,
            } => {
                let text = self.value(expr)?;
                let (from, length) = (self.value(from)?, self.value(length)?);
                self.substring(text, from, length)
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                self.trim(expr, *trim_where, trim_what.as_deref())
            }
            Expr::Collate { expr, collation } => self.collate(expr, &collation.to_string()),
            Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: true }) => {
                self.see(value.span);
                let text = self.literal(&value.value)?;
                let of = match data_type {
                    DataType::Time(..) => Type::Time(7),
                    _ => Type::DateTime,
                };
                self.cast(text, of, None, false)
            }
            Expr::AtTimeZone { timestamp, time_zone } => self.at_time_zone(timestamp, time_zone),
            other => self.no_value(other),
        }
    }

    /// What is no value, or none that is known.
    fn no_value(&mut self, expr: &Expr) -> R<Typed> {
        match expr {
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::Exists { .. }
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..) => Err(self
                .invalid("expected a value, found a condition")
                .with_hint("write CASE WHEN condition THEN 1 ELSE 0 END")),
            Expr::CompoundFieldAccess { root, access_chain } => {
                if let Some(joined) = self.value_of_xml(root, access_chain)? {
                    return Ok(joined);
                }
                let _ = self.value(root);
                let what = match access_chain.first() {
                    Some(AccessExpr::Dot(method)) => format!(".{method}"),
                    _ => "[...]".to_owned(),
                };
                Err(self.unsupported(what))
            }
            Expr::Tuple(_) => Err(self.unsupported("a list of values in parentheses")),
            other => Err(self.unsupported(short(&other.to_string()))),
        }
    }

    fn collate(&mut self, expr: &Expr, name: &str) -> R<Typed> {
        let value = self.value(expr)?;
        let Some(known) = collation::named(name) else {
            return Err(self
                .unsupported(format!("COLLATE {name}"))
                .with_hint("supported: Latin1_General_CI_AS, ..._CS_AS and ..._BIN2"));
        };
        if !matches!(value.of, Type::Text { .. } | Type::Unknown | Type::Null) {
            return Err(self.invalid(format!("COLLATE takes a text, not a {}", value.of)));
        }
        Ok(Typed {
            sql: format!("{} COLLATE {known}", value.within(precedence::COLLATE)),
            precedence: precedence::COLLATE,
            collation: Some(known),
            literal: None,
            ..value
        })
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr) -> R<Typed> {
        if op == UnaryOperator::Not {
            return Err(self.invalid("expected a value, found a condition"));
        }
        let value = self.value(expr)?;
        let negative = |value: &Typed| {
            let range = value.range.map(|(low, high)| (-high, -low));
            let literal = match &value.literal {
                Some(Value::Integer(n)) => n.checked_neg().map(Value::Integer),
                Some(Value::Real(n)) => Some(Value::Real(-n)),
                _ => None,
            };
            (range, literal)
        };
        match op {
            UnaryOperator::Plus if value.of.is_number() || value.is_null() => Ok(value),
            UnaryOperator::Minus
                if value.of != Type::Bit && (value.of.is_number() || value.is_null()) =>
            {
                let (range, literal) = negative(&value);
                // There is no negative `tinyint`.
                let of = if value.of == Type::TinyInt { Type::SmallInt } else { value.of };
                // Two signs in a row would begin a comment.
                let inner = value.within(precedence::SIGN + 1).into_owned();
                let negated = Typed {
                    sql: format!("-{inner}"),
                    precedence: precedence::SIGN,
                    range,
                    literal,
                    of,
                    ..value
                };
                Ok(self.checked(negated))
            }
            UnaryOperator::BitwiseNot if value.of == Type::Bit => Ok(Typed {
                precedence: precedence::ADD,
                ..Typed::plain(format!("1 - {}", value.within(precedence::ADD + 1)), Type::Bit)
            }),
            UnaryOperator::BitwiseNot if value.of.is_integer() && value.of != Type::Bit => {
                let of = value.of;
                Ok(Typed {
                    precedence: precedence::SIGN,
                    ..Typed::plain(format!("~{}", value.within(precedence::SIGN + 1)), of)
                })
            }
            UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::BitwiseNot => Err(self
                .invalid(format!("`{op}` takes a number, not a value of type {}", value.of))
                .with_hint("CAST it to a number first")),
            other => Err(self.unsupported(other.to_string())),
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> R<Typed> {
        let operand = operand.map(|operand| self.value(operand)).transpose()?;
        let mut tests = Vec::new();
        let mut results = Vec::new();
        let mut simple = true;
        for CaseWhen { condition, result } in conditions {
            tests.push(match &operand {
                None => (None, self.condition(condition)?),
                Some(operand) => {
                    let value = self.value(condition)?;
                    self.spend(operand.sql.len())?;
                    let (left, right) = self.comparable(operand.clone(), value)?;
                    simple &= left.sql == operand.sql && left.collation == operand.collation;
                    let test = self.equal(&left, &right);
                    (Some(right), test)
                }
            });
            results.push(self.value(result)?);
        }
        let has_else = otherwise.is_some();
        if let Some(otherwise) = otherwise {
            results.push(self.value(otherwise)?);
        }
        let results = self.together(results)?;
        let of = results.first().map_or(Type::Null, |result| result.of);
        let mut sql = "CASE".to_owned();
        if let Some(operand) = operand.as_ref().filter(|_| simple) {
            sql.push(' ');
            sql.push_str(&operand.collated());
        }
        for ((right, test), result) in tests.iter().zip(&results) {
            let when = match right {
                Some(right) if simple => right.within(precedence::COMPARE + 1).into_owned(),
                _ => test.sql.clone(),
            };
            sql.push_str(&format!(" WHEN {when} THEN {}", result.sql));
        }
        if let Some(last) = results.last().filter(|_| has_else) {
            sql.push_str(&format!(" ELSE {}", last.sql));
        }
        sql.push_str(" END");
        Ok(Typed::plain(sql, of))
    }

    /// A subquery in the place of a value: one column, and one row at most.
    fn scalar(&mut self, query: &Query) -> R<Typed> {
        if joins_rows(query) {
            return self.joined_rows(query, true);
        }
        let names = ["value".to_owned()];
        let shape = Shape { names: Some(&names), ..Shape::default() };
        let answer = self.inner_query(query, shape)?;
        let of = match answer.columns.as_deref() {
            Some([one]) => one.of,
            None => Type::Unknown,
            Some(columns) => {
                return Err(self.invalid(format!(
                    "a scalar subquery must return one column, not {}",
                    columns.len()
                )));
            }
        };
        let sql = if answer.single {
            format!("({})", answer.sql)
        } else {
            format!("(SELECT tsql_single(value) FROM ({}))", answer.sql)
        };
        Ok(Typed::plain(sql, of))
    }

    /// The column of a subquery after `IN`, which is called `value`, with its type.
    pub fn list_of(&mut self, query: &Query) -> R<(String, Type)> {
        let names = ["value".to_owned()];
        let shape = Shape { names: Some(&names), ..Shape::default() };
        let answer = self.inner_query(query, shape)?;
        match answer.columns.as_deref() {
            Some([one]) => Ok((answer.sql, one.of)),
            None => Ok((answer.sql, Type::Unknown)),
            Some(columns) => Err(self.invalid(format!(
                "a subquery after IN must return one column, not {}",
                columns.len()
            ))),
        }
    }

    pub fn compare_operator(op: &BinaryOperator) -> Option<&'static str> {
        Some(match op {
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::Lt => "<",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Gt => ">",
            BinaryOperator::GtEq => ">=",
            _ => return None,
        })
    }

    /// The place of the first token of an expression, noted.
    pub fn see_expr(&mut self, expr: &Expr) {
        let mut expr = expr;
        loop {
            let span = match expr {
                Expr::BinaryOp { left, .. } => {
                    expr = left;
                    continue;
                }
                Expr::Nested(inner)
                | Expr::IsNull(inner)
                | Expr::IsNotNull(inner)
                | Expr::Between { expr: inner, .. }
                | Expr::InList { expr: inner, .. }
                | Expr::InSubquery { expr: inner, .. }
                | Expr::Like { expr: inner, .. }
                | Expr::Collate { expr: inner, .. } => {
                    expr = inner;
                    continue;
                }
                Expr::Identifier(ident) => ident.span,
                Expr::CompoundIdentifier(parts) => parts.first().map_or(Span::empty(), |p| p.span),
                Expr::Value(value) => value.span,
                Expr::Function(function) => span_of(&function.name),
                Expr::Case { case_token, .. } => case_token.0.span,
                _ => Span::empty(),
            };
            self.see(span);
            return;
        }
    }
}

pub(super) fn span_of(name: &ObjectName) -> Span {
    name.0.first().and_then(|part| part.as_ident()).map_or(Span::empty(), |ident| ident.span)
}

/// A message as the end of a sentence. A first word in capitals, such as a keyword, stays.
pub(super) fn lower_first(message: &str) -> String {
    let mut text = message.trim_end_matches('.').to_owned();
    let second = text.as_bytes().get(1);
    let is_keyword = second.is_some_and(u8::is_ascii_uppercase);
    if let (false, Some(first)) = (is_keyword, text.get_mut(..1)) {
        first.make_ascii_lowercase();
    }
    text
}

/// As much of a text as fits into a message.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let mut cut: String = line.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
