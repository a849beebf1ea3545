//! Expressions: each kind of node with its type. Values and conditions are two things, as in T-SQL.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr,
    ForClause, ForXml, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, OrderBy,
    OrderByKind, Query, SelectItem, SetExpr, TrimWhereField, TypedString, UnaryOperator,
    Value as Literal,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Span;

use super::names::quoted;
use super::ops::power;
use super::script::{R, Scope, Source, Translator};
use super::select::{Shape, body_of};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::functions::{FunctionError, Value, collation, convert, in_code_page};
use crate::sql::guard::limits::NODE_STEPS;
use crate::sql::quote::literal;
use crate::table::Cell;

/// A value as written for SQLite.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub sql: String,
    pub of: Type,
    /// How tightly its outermost operator binds.
    pub power: u8,
    /// Between which whole numbers it lies.
    pub range: Option<(i128, i128)>,
    /// The value, where it is written in the text.
    pub literal: Option<Value>,
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
            power: power::ATOM,
            range: of.range(),
            literal: None,
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
        let power = if sql.starts_with('-') {
            power::SIGN
        } else {
            power::ATOM
        };
        Self {
            sql,
            of,
            power,
            range,
            literal: Some(value),
            collation: None,
            is_read_as: false,
            doubt: None,
        }
    }

    /// The text, in parentheses where its operator binds less than `least`.
    pub fn within(&self, least: u8) -> Cow<'_, str> {
        if self.power < least {
            Cow::Owned(format!("({})", self.sql))
        } else {
            Cow::Borrowed(&self.sql)
        }
    }

    /// The text with the collation that its comparison follows, if it may be text.
    pub fn collated(&self) -> String {
        let name = self.collation.unwrap_or(collation::DEFAULT);
        match self.of {
            Type::Text { .. } | Type::Unknown if !self.sql.ends_with(name) => {
                format!("{} COLLATE {name}", self.within(power::COLLATE))
            }
            _ => self.sql.clone(),
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
    pub power: u8,
}

impl Condition {
    pub fn within(&self, least: u8) -> Cow<'_, str> {
        if self.power < least {
            Cow::Owned(format!("({})", self.sql))
        } else {
            Cow::Borrowed(&self.sql)
        }
    }
}

impl Translator<'_> {
    /// Rewrites a value, and forgets the columns within it when the query is grouped by it.
    pub fn value(&mut self, expr: &Expr) -> R<Typed> {
        let before = self.bare.len();
        let value = self.value_inside(expr)?;
        let depth = self.scopes.len();
        let grouping = self.scopes.last().map_or(0, |scope| scope.grouping.len());
        self.spend(NODE_STEPS + grouping + value.sql.len())?;
        let left_out = |scope: &Scope| !self.in_aggregate && scope.left_out.contains(&value.sql);
        let is_null = self.scopes.last().is_some_and(left_out);
        let value = if is_null {
            Typed {
                of: value.of,
                ..Typed::plain("NULL".to_owned(), value.of)
            }
        } else {
            value
        };
        if let Some(scope) = self.scopes.last()
            && (is_null || scope.grouping.contains(&value.sql))
        {
            let kept: Vec<_> = self
                .bare
                .drain(before..)
                .filter(|(at, ..)| *at != depth)
                .collect();
            self.bare.extend(kept);
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
            Expr::Nested(inner) => {
                let inner = self.value(inner)?;
                let sql = format!("({})", inner.sql);
                Ok(Typed {
                    sql,
                    power: power::ATOM,
                    ..inner
                })
            }
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { .. } => self.operators(expr),
            Expr::Case {
                case_token,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => {
                self.see(case_token.0.span);
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Cast {
                kind: kind @ (CastKind::Cast | CastKind::TryCast),
                expr,
                data_type,
                format: None,
            } => {
                let value = self.value(expr)?;
                let binary = matches!(data_type, DataType::Binary(_) | DataType::Varbinary(_));
                if binary && value.of == Type::Null {
                    return Ok(Typed::value(Value::Null, Type::Binary));
                }
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
                if let Some(amount) = as_money(expr) {
                    return self.money_as_text(amount, data_type, styles, *is_try);
                }
                let of = self.data_type(data_type, Some(30))?;
                let value = self.value(expr)?;
                let style = match styles.as_slice() {
                    [] => None,
                    [style] => Some(self.value(style)?),
                    _ => return Err(self.invalid("CONVERT takes one style")),
                };
                self.cast(value, of, style, *is_try)
            }
            Expr::Function(function) => self.call(function),
            Expr::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => self.whole("tsql_ceiling", expr),
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
            Expr::Trim {
                trim_where: None | Some(TrimWhereField::Both),
                trim_what,
                expr,
                trim_characters: None,
            } => {
                let text = self.value(expr)?;
                if !(text.of.is_text() || matches!(text.of, Type::Unknown | Type::Null)) {
                    return Err(self
                        .invalid(format!(
                            "TRIM takes a text as its argument 1, not a value of type {}",
                            text.of
                        ))
                        .with_hint("CAST it first"));
                }
                let of = self.text_type(&text);
                let mut arguments = vec![self.as_text(text)?];
                if let Some(set) = trim_what {
                    let set = self.value(set)?;
                    arguments.push(self.as_text(set)?);
                }
                Ok(self.function("tsql_trim", &arguments, of))
            }
            Expr::Collate { expr, collation } => {
                let value = self.value(expr)?;
                let name = collation.to_string();
                let Some(known) = collation::named(&name) else {
                    return Err(self
                        .unsupported(format!("COLLATE {name}"))
                        .with_hint("Latin1_General_CI_AS, ..._CS_AS and ..._BIN2 are known"));
                };
                if !matches!(value.of, Type::Text { .. } | Type::Unknown | Type::Null) {
                    return Err(self.invalid(format!("COLLATE takes a text, not a {}", value.of)));
                }
                Ok(Typed {
                    sql: format!("{} COLLATE {known}", value.within(power::COLLATE)),
                    power: power::COLLATE,
                    collation: Some(known),
                    literal: None,
                    ..value
                })
            }
            Expr::Subquery(query) => self.scalar(query),
            Expr::TypedString(TypedString {
                data_type,
                value,
                uses_odbc_syntax: true,
            }) => {
                self.see(value.span);
                let text = self.literal(&value.value)?;
                let of = match data_type {
                    DataType::Time(..) => Type::Time(7),
                    _ => Type::DateTime,
                };
                self.cast(text, of, None, false)
            }
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::Exists { .. }
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..) => Err(self
                .invalid("a condition stands where a value is expected")
                .with_hint("write CASE WHEN condition THEN 1 ELSE 0 END")),
            Expr::AtTimeZone { timestamp, .. } => {
                self.see_expr(timestamp);
                Err(self
                    .unsupported("AT TIME ZONE")
                    .with_hint("add the hours with DATEADD; the copy knows no time zones"))
            }
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

    fn literal(&mut self, value: &Literal) -> R<Typed> {
        let typed = match value {
            Literal::Number(digits, false) => self.number(digits)?,
            Literal::SingleQuotedString(text) => {
                if !text.is_ascii() && in_code_page(text) != *text {
                    self.notes.insert(
                        "a text without N before it holds characters that code page 1252 does not have; SQL Server \
                         would read a question mark for each: write N'...'".into(),
                    );
                }
                text_literal(text, false)
            }
            Literal::NationalStringLiteral(text) => text_literal(text, true),
            Literal::Null => Typed::value(Value::Null, Type::Null),
            // As the copy holds it, and as SQL Server's client shows it.
            Literal::HexStringLiteral(digits) => {
                let half = if digits.len().is_multiple_of(2) {
                    ""
                } else {
                    "0"
                };
                let text = format!("0x{half}{}", digits.to_uppercase());
                return Ok(Typed::value(Value::Text(text), Type::Binary));
            }
            other => return Err(self.unsupported(other.to_string())),
        };
        Ok(self.parameter(typed))
    }

    /// The named value in the place of a literal that stands for it.
    fn parameter(&mut self, typed: Typed) -> Typed {
        let cell = match &typed.literal {
            Some(Value::Integer(n)) => Cell::Integer(*n),
            Some(Value::Text(text)) => Cell::Text(text.clone()),
            _ => return typed,
        };
        match self
            .literals
            .iter()
            .position(|literal| literal.value == cell)
        {
            None => typed,
            Some(at) => {
                self.use_literal(at);
                let sql = format!("@{}", self.literals[at].parameter);
                Typed {
                    sql,
                    power: power::ATOM,
                    literal: None,
                    range: typed.of.range(),
                    ..typed
                }
            }
        }
    }

    fn number(&self, digits: &str) -> R<Typed> {
        let wrong = || self.invalid(format!("`{digits}` is no number that can be kept exactly"));
        if digits.contains(['e', 'E']) {
            let value: f64 = digits.parse().map_err(|_| wrong())?;
            if !value.is_finite() {
                return Err(wrong());
            }
            return Ok(Typed::value(Value::Real(value), Type::Float));
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let count = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let (before, after) = (count(whole), count(fraction));
        if digits.contains('.') && !fraction.is_empty() {
            if before > 15 || after > 15 || before + after > 15 {
                return Err(wrong());
            }
            let value: f64 = digits.parse().map_err(|_| wrong())?;
            let of = Type::Decimal {
                precision: (before + after).max(1),
                scale: after,
            };
            let typed = Typed::value(Value::Real(value), of);
            let sql = if digits.starts_with('.') {
                format!("0{digits}")
            } else {
                digits.to_owned()
            };
            return Ok(Typed { sql, ..typed });
        }
        let value: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| wrong())?
        };
        let of = if digits.contains('.') || i32::try_from(value).is_err() {
            Type::Decimal {
                precision: before.max(1),
                scale: 0,
            }
        } else {
            Type::Int
        };
        Ok(Typed::value(Value::Integer(value), of))
    }

    fn identifier(&mut self, ident: &Ident) -> R<Typed> {
        self.see(ident.span);
        if ident.quote_style.is_none() {
            if ident.value.eq_ignore_ascii_case("@@datefirst") {
                let day = Value::Integer(i64::from(self.first_day));
                return Ok(Typed::value(day, Type::TinyInt));
            }
            if ident.value.starts_with("@@") {
                return Err(self.unsupported(ident.value.clone()));
            }
            if let Some(name) = ident.value.strip_prefix('@') {
                let name = name.to_lowercase();
                let of = self.variable(&name)?;
                self.met.insert(name.clone());
                return Ok(Typed::plain(format!("@{name}"), of));
            }
            if ident.value.starts_with('$') {
                return Err(self.unsupported(ident.value.clone()));
            }
        }
        self.column(std::slice::from_ref(ident))
    }

    /// A column by its name and what qualifies it.
    fn column(&mut self, parts: &[Ident]) -> R<Typed> {
        let Some((own, qualifiers)) = parts.split_last() else {
            return Err(self.invalid("a column has no name"));
        };
        self.see(own.span);
        if qualifiers.len() > 3 {
            return Err(self.unsupported("a linked server").with_hint(
                "load its rows into the copy; this one holds the tables of one database",
            ));
        }
        if let [.., schema, _] = qualifiers {
            self.name_schema(&schema.value)?;
        }
        if let [database, _, _] = qualifiers {
            self.name_database(&database.value)?;
        }
        let table = qualifiers.last();
        if let Some(table) = table {
            self.see(table.span);
        }
        self.resolve(table, own)
    }

    fn resolve(&mut self, table: Option<&Ident>, own: &Ident) -> R<Typed> {
        let wanted = own.value.to_lowercase();
        let qualifier = table.map(|table| table.value.to_lowercase());
        let columns = |source: &Source| 1 + source.columns.as_ref().map_or(0, Vec::len);
        let sources = self.scopes.iter().flat_map(|scope| &scope.sources);
        self.spend(sources.map(columns).sum())?;
        for depth in (0..self.scopes.len()).rev() {
            let scope = &self.scopes[depth];
            let mut found: Option<(usize, Option<usize>)> = None;
            let mut open: Option<usize> = None;
            let mut qualified = false;
            for (at, source) in scope.sources.iter().enumerate().skip(scope.from) {
                if let Some(qualifier) = &qualifier
                    && source.name.to_lowercase() != *qualifier
                {
                    continue;
                }
                qualified = qualifier.is_some();
                match &source.columns {
                    None => open = Some(at),
                    Some(columns) => {
                        let here = columns
                            .iter()
                            .position(|column| column.name.to_lowercase() == wanted);
                        if let Some(column) = here {
                            if found.is_some() {
                                return Err(self
                                    .invalid(format!("`{}` is in more than one table", own.value))
                                    .with_hint("write the table before it: table.column"));
                            }
                            found = Some((at, Some(column)));
                        }
                    }
                }
            }
            let found = found.or(open.map(|at| (at, None)));
            if let Some((source, column)) = found {
                return self.found(depth, source, column, table, own);
            }
            if qualified {
                return Err(self.no_column(table, own));
            }
        }
        Err(self.no_column(table, own))
    }

    fn found(
        &mut self,
        depth: usize,
        source_at: usize,
        column_at: Option<usize>,
        table: Option<&Ident>,
        own: &Ident,
    ) -> R<Typed> {
        self.reached.insert(depth);
        let source = &self.scopes[depth].sources[source_at];
        let column = column_at.and_then(|at| source.columns.as_ref()?.get(at));
        let of = column.map_or(Type::Unknown, |column| column.of);
        let name = source.emitted.as_deref();
        let name = name.or(table.map(|table| table.value.as_str()));
        let name = name.or(self.qualify.then_some(source.name.as_str()));
        let sql = match (column.and_then(|column| column.instead.as_ref()), name) {
            (Some(_), _) if depth + 1 < self.scopes.len() => {
                return Err(self
                    .unsupported("a subquery that looks at a column of an APPLY")
                    .with_hint("put the APPLY into a common table expression first"));
            }
            (Some(instead), _) => instead.clone(),
            (None, Some(name)) => format!("{}.{}", quoted(name), quoted(&own.value)),
            (None, None) => quoted(&own.value),
        };
        // A database of chatdb's own stores times to the millisecond, whatever their column is declared as.
        let other = matches!(of, Type::Time(_) | Type::DateTime2(0..=2));
        let foreign = source.stored && of.is_temporal() && (other || !self.catalog.canonical_times);
        let read_as = column.and_then(|column| column.read_as.as_deref());
        let doubt = column.and_then(|column| column.doubt.clone());
        let is_read_as = read_as.is_some();
        let sql = match read_as {
            Some(read_as) => read_as.replace("{}", &sql),
            None if foreign => format!("tsql_convert('{of}', {sql}, 'unknown')"),
            None => sql,
        };
        let name = own.value.to_lowercase();
        let grouped = self.scopes[depth]
            .grouped
            .iter()
            .any(|(at, known)| *at == source_at && *known == name);
        if !grouped {
            self.bare.push((depth + 1, self.at, own.value.clone()));
        }
        Ok(Typed {
            is_read_as,
            doubt,
            ..Typed::plain(sql, of)
        })
    }

    /// Says what there is to say of a column of texts that is sorted or compared.
    pub fn note_doubt(&mut self, value: &Typed) {
        if let Some(doubt) = value.doubt.as_deref().filter(|_| value.of.is_text()) {
            self.notes.insert(doubt.to_owned().into());
        }
    }

    fn no_column(&self, table: Option<&Ident>, own: &Ident) -> super::TsqlError {
        let sources = || self.scopes.iter().rev().flat_map(|scope| &scope.sources);
        let named = |source: &&Source| {
            table.is_none_or(|table| source.name.eq_ignore_ascii_case(&table.value))
        };
        if let Some(table) = table
            && !sources().any(|source| source.name.eq_ignore_ascii_case(&table.value))
        {
            let error = self.invalid(format!(
                "`{}.{}` names no table of the FROM before it",
                table.value, own.value
            ));
            let known: Vec<&str> = sources().map(|source| source.name.as_str()).collect();
            return match did_you_mean(&table.value, known.iter().copied()) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error,
            };
        }
        let error = match table {
            Some(table) => self.invalid(format!("`{}` has no column `{}`", table.value, own.value)),
            None => self.invalid(format!("there is no column `{}`", own.value)),
        };
        let columns: Vec<&str> = sources()
            .filter(named)
            .filter_map(|source| source.columns.as_ref())
            .flatten()
            .map(|column| column.name.as_str())
            .collect();
        match did_you_mean(&own.value, columns) {
            Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
            None => error,
        }
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr) -> R<Typed> {
        if op == UnaryOperator::Not {
            return Err(self.invalid("a condition stands where a value is expected"));
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
                let of = if value.of == Type::TinyInt {
                    Type::SmallInt
                } else {
                    value.of
                };
                // Two signs in a row would begin a comment.
                let inner = value.within(power::SIGN + 1).into_owned();
                let negated = Typed {
                    sql: format!("-{inner}"),
                    power: power::SIGN,
                    range,
                    literal,
                    of,
                    ..value
                };
                Ok(self.checked(negated))
            }
            UnaryOperator::BitwiseNot if value.of == Type::Bit => Ok(Typed {
                power: power::ADD,
                ..Typed::plain(format!("1 - {}", value.within(power::ADD + 1)), Type::Bit)
            }),
            UnaryOperator::BitwiseNot if value.of.is_integer() && value.of != Type::Bit => {
                let of = value.of;
                Ok(Typed {
                    power: power::SIGN,
                    ..Typed::plain(format!("~{}", value.within(power::SIGN + 1)), of)
                })
            }
            UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::BitwiseNot => Err(self
                .invalid(format!(
                    "`{op}` takes a number, not a value of type {}",
                    value.of
                ))
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
                Some(right) if simple => right.within(power::COMPARE + 1).into_owned(),
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
        let shape = Shape {
            names: Some(&names),
            ..Shape::default()
        };
        let answer = self.inner_query(query, shape)?;
        let of = match answer.columns.as_deref() {
            Some([one]) => one.of,
            None => Type::Unknown,
            Some(columns) => {
                return Err(self.invalid(format!(
                    "a subquery in the place of a value gives one column, not {}",
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

    /// `(SELECT ... FOR XML PATH(''), TYPE).value('.', 'type')`: the rows joined, as they are.
    fn value_of_xml(&mut self, root: &Expr, chain: &[AccessExpr]) -> R<Option<Typed>> {
        let mut root = root;
        while let Expr::Nested(inner) = root {
            root = inner;
        }
        let (Expr::Subquery(query), [AccessExpr::Dot(Expr::Function(method))]) = (root, chain)
        else {
            return Ok(None);
        };
        let FunctionArguments::List(list) = &method.args else {
            return Ok(None);
        };
        let named = method.name.to_string().eq_ignore_ascii_case("value");
        let text = |at: usize| match list.args.get(at) {
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) => {
                match &value.value {
                    Literal::SingleQuotedString(text) | Literal::NationalStringLiteral(text) => {
                        Some(text.as_str())
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let (Some(path), Some(of), 2) = (text(0), text(1), list.args.len()) else {
            return Ok(None);
        };
        let whole = [
            ".",
            "./text()[1]",
            ".[1]",
            "(./text())[1]",
            "text()[1]",
            "(.)[1]",
        ];
        if !named || !joins_rows(query) || !whole.contains(&path) {
            return Ok(None);
        }
        let parsed = Parser::new(&MsSqlDialect {}).try_with_sql(of);
        let Ok(data_type) = parsed.and_then(|mut parser| parser.parse_data_type()) else {
            return Err(self.invalid(format!("`{of}` is no type")));
        };
        let of = self.data_type(&data_type, Some(1))?;
        let joined = self.joined_rows(query, false)?;
        self.cast(joined, of, None, false).map(Some)
    }

    /// `(SELECT ',' + name FROM ... ORDER BY ... FOR XML PATH(''))`: the texts of the rows one after the other. Without
    /// TYPE, SQL Server writes `&`, `<` and `>` as XML does.
    fn joined_rows(&mut self, query: &Query, escaped: bool) -> R<Typed> {
        const HINT: &str =
            "STRING_AGG(text, separator) WITHIN GROUP (ORDER BY ...) joins texts of several rows";
        let plain = query.with.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
        let (SetExpr::Select(select), true) = (query.body.as_ref(), plain) else {
            return Err(self.unsupported("FOR XML of such a query").with_hint(HINT));
        };
        if self.in_aggregate {
            return Err(self
                .invalid("a subquery stands within an aggregate")
                .with_hint("compute it in a derived table"));
        }
        let unnamed = match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(Expr::Identifier(_) | Expr::CompoundIdentifier(_))] => false,
            [SelectItem::UnnamedExpr(_)] => true,
            [SelectItem::ExprWithAlias { alias, .. }] => {
                ["text()", "*", "node()"].contains(&alias.value.as_str())
            }
            _ => false,
        };
        if !unnamed {
            return Err(self
                .unsupported("FOR XML with named columns")
                .with_hint(HINT));
        }
        let order = match &query.order_by {
            None => &[][..],
            Some(OrderBy {
                kind: OrderByKind::Expressions(list),
                ..
            }) => list,
            Some(_) => return Err(self.unsupported("ORDER BY ALL")),
        };
        self.ctes.push(BTreeMap::new());
        let parts = self.select(select, order, Shape::default());
        self.ctes.pop();
        let parts = parts?;
        let Some(item) = parts.items.first().cloned() else {
            return Err(self
                .unsupported("FOR XML with named columns")
                .with_hint(HINT));
        };
        if parts.top.percent || parts.top.ties {
            return Err(self.unsupported("TOP PERCENT or WITH TIES before FOR XML"));
        }
        let own = item.value.collated();
        let mut text = self.as_text(item.value)?;
        if escaped {
            text = format!(
                "replace(replace(replace({text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
            );
        }
        let by = |order: &[String]| {
            if order.is_empty() {
                String::new()
            } else {
                format!(" ORDER BY {}", order.join(", "))
            }
        };
        let grouped = parts.aggregates || !parts.grouping.is_empty();
        if !grouped && !parts.distinct && parts.top.rows.is_none() {
            let list = format!("group_concat({text}, ''{})", by(&parts.order_values));
            return Ok(Typed::plain(
                format!("({})", body_of(&parts, &list)),
                Type::NVARCHAR,
            ));
        }
        let mut list = vec![format!("{text} AS chatdb_text")];
        let mut keys = Vec::new();
        for (at, value) in parts.order_values.iter().enumerate() {
            let (plain, direction) = match value.strip_suffix(" DESC") {
                Some(plain) => (plain, " DESC"),
                None => (value.strip_suffix(" ASC").unwrap_or(value), ""),
            };
            if parts.distinct && plain == own {
                keys.push(format!("chatdb_text{direction}"));
            } else {
                list.push(format!("{plain} AS chatdb_key{at}"));
                keys.push(format!("chatdb_key{at}{direction}"));
            }
        }
        let mut body = body_of(&parts, &list.join(", "));
        if let Some(rows) = &parts.top.rows {
            body.push_str(&format!("{} LIMIT {rows}", by(&parts.order_values)));
        }
        let sql = format!(
            "(SELECT group_concat(chatdb_text, ''{}) FROM ({body}))",
            by(&keys)
        );
        Ok(Typed::plain(sql, Type::NVARCHAR))
    }

    /// The column of a subquery after `IN`, with its type.
    pub fn list_of(&mut self, query: &Query, of: Option<Type>) -> R<(String, Type)> {
        let names = ["value".to_owned()];
        let types = of.map(|of| [of]);
        let shape = Shape {
            names: Some(&names),
            types: types.as_ref().map(|types| &types[..]),
            ..Shape::default()
        };
        let answer = self.inner_query(query, shape)?;
        match answer.columns.as_deref() {
            Some([one]) => Ok((answer.sql, one.of)),
            None => Ok((answer.sql, Type::Unknown)),
            Some(columns) => Err(self.invalid(format!(
                "a subquery after IN gives one column, not {}",
                columns.len()
            ))),
        }
    }

    /// Reads a type; a text without a length has `otherwise`.
    pub fn data_type(&mut self, data_type: &DataType, otherwise: Option<u32>) -> R<Type> {
        let text = data_type.to_string().to_lowercase();
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), Some(rest.trim_end_matches(')').trim())),
            None => (text.trim(), None),
        };
        let name = name
            .rsplit('.')
            .next()
            .unwrap_or(name)
            .trim_matches(['[', ']', '"']);
        let refuse = |this: &Self| Err(this.unsupported(format!("the type {text}")));
        if let Some(wrong) = no_such_type(name, arguments) {
            return Err(self.invalid(wrong));
        }
        let of = match name {
            "integer" => Type::Int,
            "money" | "smallmoney" => {
                return Err(self.unsupported(format!("the type {text}")).with_hint(
                    "decimal(19,4) holds the same; CONVERT(varchar(30), CAST(n AS money), 1) writes thousands",
                ));
            }
            "uniqueidentifier" => {
                return Err(self
                    .unsupported(format!("the type {text}"))
                    .with_hint("compare it as text: CAST(x AS varchar(36))"));
            }
            "real" | "text" | "ntext" | "image" | "timestamp" | "rowversion" | "binary"
            | "varbinary" | "double" => return refuse(self),
            "float" => match arguments.map(str::parse::<u32>) {
                None | Some(Ok(25..=53)) => Type::Float,
                _ => return refuse(self),
            },
            "character varying" | "char varying" => {
                Type::declared(&format!("varchar({})", arguments.unwrap_or("1")))
            }
            _ => {
                let spelled = match arguments {
                    Some(arguments) => format!("{name}({arguments})"),
                    None => name.to_owned(),
                };
                Type::declared(&spelled)
            }
        };
        match of {
            Type::Unknown | Type::Binary => refuse(self),
            Type::Text {
                national, fixed, ..
            } if arguments.is_none() && name != "sysname" => Ok(Type::Text {
                length: otherwise,
                national,
                fixed,
            }),
            of => Ok(of),
        }
    }

    /// Converts, as `CAST` and `CONVERT` do.
    pub fn cast(&mut self, value: Typed, to: Type, style: Option<Typed>, gently: bool) -> R<Typed> {
        let from = value.of;
        let style = style.or_else(|| self.session_style(from, to));
        let refused = match (from, to) {
            (Type::Date, Type::Time(_)) | (Type::Time(_), Type::Date) => true,
            (Type::Date | Type::Time(_) | Type::DateTime2(_), to) if to.is_number() => true,
            (from, Type::Date | Type::Time(_) | Type::DateTime2(_)) if from.is_number() => true,
            (Type::Unknown, Type::Text { .. }) => style.is_some(),
            _ => false,
        };
        if refused {
            let error = self.invalid(format!("a value of type {from} is not converted to {to}"));
            return Err(match from {
                Type::Unknown => error.with_hint("its type is not known here; CAST it first"),
                _ => error
                    .with_hint("SQL Server has no such conversion either; DATEDIFF counts days"),
            });
        }
        if from == Type::Null {
            return Ok(Typed {
                of: to,
                ..Typed::value(Value::Null, to)
            });
        }
        let style_value = style.as_ref().and_then(|style| style.literal.clone());
        let keeps = style.is_none() && unchanged(from, to);
        if keeps {
            let range = value.range.or(to.range());
            return Ok(Typed {
                of: to,
                range,
                literal: value.literal.clone(),
                ..value
            });
        }
        if let Some(known) = &value.literal
            && (style.is_none() || style_value.is_some())
        {
            let style = match style_value {
                Some(Value::Integer(style)) => Some(style),
                _ => None,
            };
            match convert(known, from, to, style) {
                Ok(converted) => return Ok(Typed::value(converted, to)),
                Err(FunctionError::Refused(message)) => {
                    return Err(self.invalid(lower_first(&message)));
                }
                Err(_) if gently => return Ok(Typed::value(Value::Null, to)),
                // Left for the moment when, and if, it is computed.
                Err(_) => {}
            }
        }
        let function = if gently {
            "tsql_try_convert"
        } else {
            "tsql_convert"
        };
        let mut sql = format!("{function}('{to}', {}, '{from}'", value.sql);
        if let Some(style) = style {
            sql.push_str(", ");
            sql.push_str(&style.sql);
        }
        sql.push(')');
        Ok(Typed::plain(sql, to))
    }

    /// The style in which a text is read as a date, where SET says so.
    pub fn session_style(&self, from: Type, to: Type) -> Option<Typed> {
        let style = self.date_style(to).filter(|_| from.is_text())?;
        Some(Typed::value(Value::Integer(style), Type::Int))
    }

    /// `CONVERT(varchar(n), CAST(x AS money), style)`: two digits, with commas in style 1; four in style 2.
    fn money_as_text(
        &mut self,
        amount: &Expr,
        to: &DataType,
        styles: &[Expr],
        gently: bool,
    ) -> R<Typed> {
        let of = self.data_type(to, Some(30))?;
        if !of.is_text() {
            return Err(self.unsupported(format!("money as {of}")));
        }
        let value = self.value(amount)?;
        let money = Type::Decimal {
            precision: 19,
            scale: 4,
        };
        let value = self.cast(value, money, None, gently)?;
        let style = match styles {
            [] => "0".to_owned(),
            [style] => self.value(style)?.sql,
            _ => return Err(self.invalid("CONVERT takes one style")),
        };
        let text = self.function("tsql_money", &[value.sql, style], Type::VARCHAR);
        self.cast(text, of, None, gently)
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

/// Whether a value of one type is one of the other as it stands.
pub(super) fn unchanged(from: Type, to: Type) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (from, Type::Decimal { precision, scale }) if from.is_integer() => {
            let digits = from.as_decimal().map_or(0, |(digits, _)| digits);
            precision - scale >= digits
        }
        (
            Type::Decimal { precision, scale },
            Type::Decimal {
                precision: p,
                scale: s,
            },
        ) => s >= scale && p - s >= precision - scale,
        (from, to) if from.is_integer() && to.is_integer() => {
            to != Type::Bit && from.precedence() <= to.precedence()
        }
        (
            Type::Text {
                length, national, ..
            },
            Type::Text {
                length: most,
                fixed: false,
                national: wide,
            },
        ) => {
            // What a varchar cannot hold is lost.
            (wide || !national)
                && most.is_none_or(|most| length.is_some_and(|length| length <= most))
        }
        (Type::SmallDateTime, Type::DateTime) => true,
        (Type::SmallDateTime | Type::DateTime, Type::DateTime2(digits)) => digits >= 3,
        (Type::DateTime2(digits), Type::DateTime2(most))
        | (Type::Time(digits), Type::Time(most)) => most.min(3) == digits.min(3),
        _ => false,
    }
}

/// What is converted to money.
fn as_money(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Nested(inner) => as_money(inner),
        Expr::Cast {
            expr, data_type, ..
        }
        | Expr::Convert {
            expr,
            data_type: Some(data_type),
            ..
        } => {
            let name = data_type.to_string().to_lowercase();
            (name == "money" || name == "smallmoney").then_some(expr.as_ref())
        }
        _ => None,
    }
}

/// Whether a query ends with `FOR XML PATH('')`, which joins texts.
fn joins_rows(query: &Query) -> bool {
    matches!(
        &query.for_clause,
        Some(ForClause::Xml {
            for_xml: ForXml::Path(Some(element)),
            elements: false,
            root: None,
            ..
        }) if element.is_empty()
    )
}

/// Refuses what SQL Server has no type for; `None` when it has one.
fn no_such_type(name: &str, arguments: Option<&str>) -> Option<String> {
    let given = arguments.filter(|text| *text != "max")?;
    let numbers: Vec<Option<u32>> = given.split(',').map(|n| n.trim().parse().ok()).collect();
    let within = |n: u32, least: u32, most: u32, what: &str| {
        let wrong = || format!("{name}({given}) is no type: {what} {least} to {most}");
        (!(least..=most).contains(&n)).then(wrong)
    };
    match (name, numbers.as_slice()) {
        ("varchar" | "char" | "character" | "varbinary" | "binary", [Some(n)]) => {
            within(*n, 1, 8000, "its length is")
        }
        ("nvarchar" | "nchar", [Some(n)]) => within(*n, 1, 4000, "its length is"),
        ("datetime2" | "time" | "datetimeoffset", [Some(n)]) => {
            within(*n, 0, 7, "its digits of a second are")
        }
        ("float", [Some(n)]) => within(*n, 1, 53, "its bits are"),
        ("decimal" | "numeric" | "dec", [Some(p)]) => within(*p, 1, 38, "its digits are"),
        ("decimal" | "numeric" | "dec", [Some(p), Some(s)]) => within(*p, 1, 38, "its digits are")
            .or_else(|| within(*s, 0, *p, "its digits after the point are")),
        _ => Some(format!("{name}({given}) is no type")),
    }
}

fn text_literal(text: &str, national: bool) -> Typed {
    let length = u32::try_from(text.encode_utf16().count()).ok();
    let of = Type::Text {
        length: length.map(|n| n.max(1)).filter(|n| *n <= 8000),
        national,
        fixed: false,
    };
    Typed::value(Value::Text(text.to_owned()), of)
}

pub(super) fn span_of(name: &ObjectName) -> Span {
    name.0
        .first()
        .and_then(|part| part.as_ident())
        .map_or(Span::empty(), |ident| ident.span)
}

/// A message as the end of a sentence.
pub(super) fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    let text: String = first.into_iter().chain(characters).collect();
    text.trim_end_matches('.').to_owned()
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
