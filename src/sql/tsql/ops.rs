//! Operators: sums, concatenations, comparisons, conditions.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use super::expr::{Condition, Typed, lower_first, unchanged};
use super::script::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::{Value, convert};
use crate::sql::guard::limits::NODE_STEPS;

/// How tightly SQLite's operators bind.
pub(super) mod power {
    pub const OR: u8 = 10;
    pub const AND: u8 = 20;
    pub const NOT: u8 = 30;
    pub const COMPARE: u8 = 40;
    pub const BITS: u8 = 50;
    pub const ADD: u8 = 60;
    pub const MULTIPLY: u8 = 70;
    pub const CONCAT: u8 = 80;
    pub const COLLATE: u8 = 85;
    pub const SIGN: u8 = 90;
    pub const ATOM: u8 = 100;
}

impl Translator<'_> {
    /// A chain of operators, from its innermost left operand outwards, so that a long one needs no deep recursion.
    pub fn operators(&mut self, expr: &Expr) -> R<Typed> {
        let mut steps = Vec::new();
        let mut inner = expr;
        while let Expr::BinaryOp { left, op, right } = inner {
            if is_condition(op) {
                self.see_expr(inner);
                return Err(self
                    .invalid("a condition stands where a value is expected")
                    .with_hint("write CASE WHEN condition THEN 1 ELSE 0 END"));
            }
            steps.push((op, right.as_ref()));
            inner = left;
        }
        let mut together: Vec<&BinaryOperator> = Vec::new();
        for (op, right) in &steps {
            let beside = match right {
                Expr::BinaryOp { op, .. } => Some(op),
                _ => None,
            };
            for op in std::iter::once(*op).chain(beside) {
                if !together.contains(&op) {
                    together.push(op);
                }
            }
        }
        let mixed = together.len() > 1
            && together.iter().any(|op| {
                matches!(
                    op,
                    BinaryOperator::BitwiseAnd
                        | BinaryOperator::BitwiseOr
                        | BinaryOperator::BitwiseXor
                )
            });
        self.see_expr(inner);
        let start = self.at;
        let mut value = self.value(inner)?;
        if mixed {
            self.at = start;
            return Err(self
                .invalid("`&`, `|` or `^` stands beside another operator without parentheses")
                .with_hint("write the parentheses: SQL Server and SQLite bind them differently"));
        }
        for (op, right) in steps.into_iter().rev() {
            let right = self.value(right)?;
            self.at = start;
            value = self.operator(value, op, right)?;
            self.spend(value.sql.len())?;
        }
        Ok(value)
    }

    fn operator(&mut self, left: Typed, op: &BinaryOperator, right: Typed) -> R<Typed> {
        match op {
            BinaryOperator::Plus => self.plus(left, right),
            BinaryOperator::StringConcat => self.concatenate(left, right),
            BinaryOperator::Minus
                if left.of.is_temporal() && (right.of.is_temporal() || right.of.is_text()) =>
            {
                Err(self
                    .unsupported("a difference of two dates")
                    .with_hint("DATEDIFF(unit, earlier, later) counts between them"))
            }
            BinaryOperator::Minus if left.of.is_temporal() => self.move_days(left, right, "-"),
            BinaryOperator::Minus => self.arithmetic(left, "-", right),
            BinaryOperator::Multiply => self.arithmetic(left, "*", right),
            BinaryOperator::Divide => self.arithmetic(left, "/", right),
            BinaryOperator::Modulo => self.arithmetic(left, "%", right),
            BinaryOperator::BitwiseAnd => self.bits(&left, "&", &right),
            BinaryOperator::BitwiseOr => self.bits(&left, "|", &right),
            BinaryOperator::BitwiseXor => {
                let of = self.bits(&left, "^", &right)?.of;
                Ok(self.function("tsql_xor", &[left.sql, right.sql], of))
            }
            other => Err(self.unsupported(other.to_string())),
        }
    }

    fn plus(&mut self, left: Typed, right: Typed) -> R<Typed> {
        let texts = |t: &Typed| t.of.is_text() || t.is_null();
        if texts(&left) && texts(&right) && (left.of.is_text() || right.of.is_text()) {
            return self.concatenate(left, right);
        }
        if left.of == Type::Unknown || right.of == Type::Unknown {
            return Err(self
                .invalid("`+` adds numbers and joins texts, and the type of an operand is not known here")
                .with_hint("join texts with CONCAT(a, b); CAST numbers: CAST(a AS int) + b"));
        }
        if left.of.is_temporal() {
            return self.move_days(left, right, "+");
        }
        if right.of.is_temporal() {
            return self.move_days(right, left, "+");
        }
        self.arithmetic(left, "+", right)
    }

    /// `datetime + days`.
    fn move_days(&mut self, date: Typed, days: Typed, op: &str) -> R<Typed> {
        let movable = matches!(date.of, Type::DateTime | Type::SmallDateTime);
        if !movable || !days.of.is_integer() {
            return Err(self
                .unsupported(format!("{} {op} {}", date.of, days.of))
                .with_hint("DATEADD(unit, number, date) moves a date"));
        }
        let sign = if op == "-" { "-" } else { "" };
        let amount = if sign.is_empty() {
            days.sql
        } else {
            format!("-{}", days.within(power::SIGN + 1))
        };
        let of = date.of;
        Ok(Typed::plain(
            format!("tsql_dateadd('day', {amount}, {}, '{of}')", date.sql),
            of,
        ))
    }

    fn concatenate(&mut self, left: Typed, right: Typed) -> R<Typed> {
        let texts = |t: &Typed| t.of.is_text() || t.is_null();
        if !texts(&left) || !texts(&right) {
            return Err(self
                .invalid("`||` joins texts only")
                .with_hint("CONCAT(a, b) joins values of any type"));
        }
        let of = match (left.of, right.of) {
            (
                Type::Text {
                    length: a,
                    national: m,
                    ..
                },
                Type::Text {
                    length: b,
                    national: n,
                    ..
                },
            ) => Type::Text {
                length: a
                    .zip(b)
                    .map(|(a, b)| a.saturating_add(b))
                    .filter(|n| *n <= 8000),
                national: m || n,
                fixed: false,
            },
            (Type::Null, other) | (other, _) => other,
        };
        Ok(Typed {
            power: power::CONCAT,
            collation: left.collation.or(right.collation),
            ..Typed::plain(
                format!(
                    "{} || {}",
                    left.within(power::CONCAT),
                    right.within(power::CONCAT + 1)
                ),
                of,
            )
        })
    }

    fn bits(&mut self, left: &Typed, op: &str, right: &Typed) -> R<Typed> {
        let whole = |t: &Typed| t.of.is_integer();
        if !whole(left) || !whole(right) {
            return Err(self.invalid(format!(
                "`{op}` takes whole numbers, not {} and {}",
                left.of, right.of
            )));
        }
        let of = left.of.common(right.of).unwrap_or(Type::Int);
        Ok(Typed {
            power: power::BITS,
            ..Typed::plain(
                format!(
                    "{} {op} {}",
                    left.within(power::BITS + 1),
                    right.within(power::BITS + 1)
                ),
                of,
            )
        })
    }

    /// `+ - * / %` of numbers; a text beside a number is read as one of its type.
    fn arithmetic(&mut self, left: Typed, op: &str, right: Typed) -> R<Typed> {
        let wrong = |this: &Self, value: &Typed| {
            let error = this.invalid(format!(
                "`{op}` takes numbers, not a value of type {}",
                value.of
            ));
            Err(match value.of {
                Type::Unknown => error.with_hint("its type is not known here; CAST it to a number"),
                _ => error.with_hint("CAST it to a number first"),
            })
        };
        let (left, right) = match (left.of.is_number(), right.of.is_number()) {
            (true, true) => (left, right),
            (true, false) if right.of.is_text() || right.is_null() => {
                let of = left.of;
                (left, self.cast(right, of, None, false)?)
            }
            (false, true) if left.of.is_text() || left.is_null() => {
                let of = right.of;
                (self.cast(left, of, None, false)?, right)
            }
            (true, false) => return wrong(self, &right),
            _ => return wrong(self, &left),
        };
        if left.of == Type::Bit && right.of == Type::Bit {
            return wrong(self, &left);
        }
        let strength = if matches!(op, "+" | "-") {
            power::ADD
        } else {
            power::MULTIPLY
        };
        let infix = format!(
            "{} {op} {}",
            left.within(strength),
            right.within(strength + 1)
        );
        let by_number = match &right.literal {
            Some(Value::Integer(n)) => *n != 0 && *n != -1,
            Some(Value::Real(n)) => *n != 0.0,
            _ => false,
        };
        if left.of == Type::Float || right.of == Type::Float {
            if op == "%" {
                return Err(self
                    .invalid("`%` takes no float")
                    .with_hint("CAST it to a decimal"));
            }
            let real = |t: &Typed| {
                if t.of == Type::Float {
                    t.sql.clone()
                } else {
                    format!("CAST({} AS REAL)", t.sql)
                }
            };
            if op == "/" && !by_number {
                let sql = format!("tsql_divide({}, {})", real(&left), real(&right));
                return Ok(Typed::plain(sql, Type::Float));
            }
            // One real operand makes the sum a real one; SQLite would go on to infinity.
            return Ok(Typed::plain(
                format!("tsql_check({infix}, 'float')"),
                Type::Float,
            ));
        }
        let decimals =
            matches!(left.of, Type::Decimal { .. }) || matches!(right.of, Type::Decimal { .. });
        if decimals {
            return self.decimals(&left, op, &right, infix, strength, by_number);
        }
        let of = left.of.common(right.of).unwrap_or(Type::Int);
        match op {
            "/" | "%" if !by_number => {
                let name = if op == "/" {
                    "tsql_divide"
                } else {
                    "tsql_modulo"
                };
                let sql = format!("{name}({}, {})", left.sql, right.sql);
                Ok(Typed::plain(sql, of))
            }
            "/" | "%" => Ok(Typed {
                power: strength,
                range: of.range(),
                ..Typed::plain(infix, of)
            }),
            _ => Ok(self.checked(Typed {
                power: strength,
                range: interval(left.range, op, right.range),
                ..Typed::plain(infix, of)
            })),
        }
    }

    fn decimals(
        &mut self,
        left: &Typed,
        op: &str,
        right: &Typed,
        infix: String,
        strength: u8,
        by_number: bool,
    ) -> R<Typed> {
        let (a, b) = (digits(left), digits(right));
        let (precision, scale) = crate::sql::functions::result_digits(op, a, b);
        let of = Type::Decimal { precision, scale };
        let whole = a.1 == 0 && b.1 == 0;
        if whole && op == "%" {
            return Ok(if by_number {
                Typed {
                    power: strength,
                    ..Typed::plain(infix, of)
                }
            } else {
                Typed::plain(format!("tsql_modulo({}, {})", left.sql, right.sql), of)
            });
        }
        if whole && op != "/" {
            let range = interval(
                left.range.or(left.of.range()),
                op,
                right.range.or(right.of.range()),
            );
            return Ok(self.checked(Typed {
                power: strength,
                range,
                ..Typed::plain(infix, of)
            }));
        }
        self.notes.insert(
            "decimals with a fraction are exact to fifteen digits here, to thirty-eight in SQL Server".into(),
        );
        let name = |(precision, scale)| Type::Decimal { precision, scale };
        let sql = format!(
            "tsql_decimal('{op}', {}, '{}', {}, '{}')",
            left.sql,
            name(a),
            right.sql,
            name(b)
        );
        Ok(Typed::plain(sql, of))
    }

    /// The number with a check that it fits into its type, unless it must.
    pub fn checked(&self, value: Typed) -> Typed {
        let holds = match value.of {
            // 64 bits are what there is to compute with.
            Type::Decimal { scale: 0, .. } => Type::BigInt.range(),
            of => of.range(),
        };
        let Some((low, high)) = holds else {
            return value;
        };
        match value.range {
            Some((least, most)) if low <= least && most <= high => value,
            None if value.literal.is_some() => value,
            _ => {
                let of = value.of;
                Typed::plain(format!("tsql_check({}, '{of}')", value.sql), of)
            }
        }
    }

    /// Two values as they are compared: the one of the lower precedence converted.
    pub fn comparable(&mut self, left: Typed, right: Typed) -> R<(Typed, Typed)> {
        if !left.of.is_number() && !right.of.is_number() {
            self.note_doubt(&left);
            self.note_doubt(&right);
        }
        let of = match (left.of, right.of) {
            (Type::Unknown, other) | (other, Type::Unknown) if other.is_temporal() => other,
            (a, b) => match a.common(b) {
                Some(of) => of,
                None => {
                    return Err(self
                        .invalid(format!("{a} and {b} are not compared"))
                        .with_hint("CAST one of them to the type of the other"));
                }
            },
        };
        if left.of.is_text()
            && right.of.is_text()
            && let (Some(a), Some(b)) = (left.collation, right.collation)
            && a != b
        {
            return Err(self.invalid(format!("the collations {a} and {b} conflict")));
        }
        for (unknown, other) in [(&left, &right), (&right, &left)] {
            let dated =
                matches!(&other.literal, Some(Value::Text(text)) if looks_like_a_date(text));
            if unknown.of == Type::Unknown && dated && !unknown.sql.starts_with('@') {
                return Err(self
                    .invalid(
                        "the type of a column is not known here, and it is compared with a date",
                    )
                    .with_hint("CAST the column: CAST(x AS datetime)"));
            }
        }
        // Numbers of any type are compared as they stand.
        if left.of.is_number() && right.of.is_number() {
            return Ok((left, right));
        }
        let mut left = self.implicit(left, of, true)?;
        let right = self.implicit(right, of, true)?;
        if left.collation.is_none() {
            left.collation = right.collation;
        }
        Ok((left, right))
    }

    /// Converts a value to the type that it is used as. A literal that cannot be converted is refused where the
    /// comparison would fail for every row.
    pub fn implicit(&mut self, value: Typed, to: Type, refuse: bool) -> R<Typed> {
        let from = value.of;
        let as_it_is = matches!(from, Type::Null)
            || to == Type::Unknown
            || to == Type::Null
            || from == to
            || (from.is_text() && to.is_text() && !is_padded(from, to))
            || (from == Type::Unknown && !to.is_temporal());
        if as_it_is || unchanged(from, to) {
            return Ok(value);
        }
        if refuse
            && let Some(known) = &value.literal
            && let Err(error) = convert(known, from, to, self.date_style(to))
        {
            return Err(self.invalid(lower_first(&error.to_string())));
        }
        if value.literal.is_none() {
            match (from, to) {
                (Type::Date, to) if to.is_moment() && !matches!(to, Type::DateTime2(0..=2)) => {
                    return Ok(Typed {
                        power: power::CONCAT,
                        ..Typed::plain(
                            format!("{} || ' 00:00:00.000'", value.within(power::CONCAT)),
                            to,
                        )
                    });
                }
                (from, Type::Float) if from.is_number() => {
                    return Ok(Typed::plain(format!("CAST({} AS REAL)", value.sql), to));
                }
                (from, Type::Decimal { .. }) if from.is_number() => {
                    return Ok(Typed { of: to, ..value });
                }
                _ => {}
            }
        }
        self.cast(value, to, None, false)
    }

    /// Values that make one column: all of the type that they have together.
    pub fn together(&mut self, values: Vec<Typed>) -> R<Vec<Typed>> {
        let mut of = Type::Null;
        for value in &values {
            of = match of.common(value.of) {
                Some(of) => of,
                None => {
                    return Err(self.invalid(format!(
                        "values of the types {of} and {} have no type in common",
                        value.of
                    )));
                }
            };
        }
        values
            .into_iter()
            .map(|value| {
                let value = self.implicit(value, of, false)?;
                let of = if value.is_null() { Type::Null } else { of };
                Ok(Typed { of, ..value })
            })
            .collect::<R<Vec<_>>>()
            .map(|mut values| {
                for value in &mut values {
                    value.of = of;
                }
                values
            })
    }

    pub fn equal(&self, left: &Typed, right: &Typed) -> Condition {
        self.compared(left, "=", right)
    }

    /// The comparison of two values that are comparable.
    pub fn compared(&self, left: &Typed, op: &str, right: &Typed) -> Condition {
        let may_be_text = |t: &Typed| matches!(t.of, Type::Text { .. } | Type::Unknown);
        let sql = if may_be_text(left) && may_be_text(right) {
            format!(
                "{} {op} {}",
                left.collated(),
                right.within(power::COMPARE + 1)
            )
        } else {
            format!(
                "{} {op} {}",
                left.within(power::COMPARE + 1),
                right.within(power::COMPARE + 1)
            )
        };
        Condition {
            sql,
            power: power::COMPARE,
        }
    }

    /// Rewrites a condition.
    pub fn condition(&mut self, expr: &Expr) -> R<Condition> {
        let condition = self.condition_inside(expr)?;
        self.spend(NODE_STEPS + condition.sql.len())?;
        Ok(condition)
    }

    fn condition_inside(&mut self, expr: &Expr) -> R<Condition> {
        match expr {
            Expr::Nested(inner) => {
                let inner = self.condition(inner)?;
                Ok(Condition {
                    sql: format!("({})", inner.sql),
                    power: power::ATOM,
                })
            }
            Expr::BinaryOp {
                op: op @ (BinaryOperator::And | BinaryOperator::Or),
                ..
            } => self.connected(expr, op),
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
                Ok(self.compared(&left, sign, &right))
            }
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => {
                let inner = self.condition(expr)?;
                Ok(not(&inner))
            }
            Expr::IsNull(inner) => self.null_test(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.null_test(inner, "IS NOT NULL"),
            Expr::InList {
                expr,
                list,
                negated,
            } => self.in_list(expr, list, *negated),
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => {
                self.see_expr(expr);
                let start = self.at;
                let value = self.value(expr)?;
                // Once to learn the type, and again where the column must be converted.
                let (mut list, of) = self.list_of(subquery, None)?;
                self.at = start;
                let sample = Typed::plain(String::new(), of);
                let (value, column) = self.comparable(value, sample)?;
                if !column.sql.is_empty() {
                    list = self.list_of(subquery, Some(column.of))?.0;
                }
                let value = if value.of.is_number() {
                    value.within(power::COMPARE + 1).into_owned()
                } else {
                    value.collated()
                };
                let not = if *negated { "NOT IN" } else { "IN" };
                Ok(Condition {
                    sql: format!("{value} {not} ({list})"),
                    power: power::COMPARE,
                })
            }
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => self.between(expr, *negated, low, high),
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => {
                let value = self.value(expr)?;
                let pattern = self.value(pattern)?;
                self.default_collation("LIKE", &[&value, &pattern])?;
                let national = value.of.is_national() || pattern.of.is_national();
                let mut arguments = vec![self.as_text(value)?, self.as_text(pattern)?];
                if let Some(escape) = escape_char {
                    let escape = self.value(escape)?;
                    arguments.push(self.as_text(escape)?);
                }
                let name = if national { "tsql_nlike" } else { "tsql_like" };
                let like = Condition {
                    sql: format!("{name}({})", arguments.join(", ")),
                    power: power::ATOM,
                };
                Ok(if *negated { not(&like) } else { like })
            }
            Expr::Exists { subquery, negated } => {
                let answer = self.inner_query(subquery, super::select::Shape::default())?;
                let not = if *negated { "NOT " } else { "" };
                Ok(Condition {
                    sql: format!("{not}EXISTS ({})", answer.sql),
                    power: if *negated { power::NOT } else { power::ATOM },
                })
            }
            Expr::IsDistinctFrom(left, right) => self.distinct(left, "IS NOT", right),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, "IS", right),
            Expr::AnyOp { left, .. } => {
                self.see_expr(left);
                Err(self
                    .unsupported("ANY")
                    .with_hint("EXISTS (SELECT ... WHERE comparison) says the same"))
            }
            Expr::AllOp { left, .. } => {
                self.see_expr(left);
                Err(self.unsupported("ALL").with_hint(
                    "NOT EXISTS (SELECT ... WHERE the opposite) says nearly the same: mind NULL",
                ))
            }
            other => self.no_condition(other),
        }
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
        Err(self.invalid("a value stands where a condition is expected"))
    }

    /// A chain of `AND` or `OR`, from its innermost left operand outwards.
    fn connected(&mut self, expr: &Expr, op: &BinaryOperator) -> R<Condition> {
        let (word, strength) = match op {
            BinaryOperator::And => ("AND", power::AND),
            _ => ("OR", power::OR),
        };
        let mut parts = Vec::new();
        let mut inner = expr;
        while let Expr::BinaryOp {
            left,
            op: same,
            right,
        } = inner
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
        Ok(Condition {
            sql: sql.join(&format!(" {word} ")),
            power: strength,
        })
    }

    fn null_test(&mut self, inner: &Expr, test: &str) -> R<Condition> {
        let value = self.value(inner)?;
        Ok(Condition {
            sql: format!("{} {test}", value.within(power::COMPARE + 1)),
            power: power::COMPARE,
        })
    }

    fn distinct(&mut self, left: &Expr, op: &str, right: &Expr) -> R<Condition> {
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
            let right: Vec<&str> = members
                .iter()
                .map(|(_, right)| right.sql.as_str())
                .collect();
            let left = members.first().map_or(&value, |(left, _)| left);
            let text = left.of.is_text() || left.of == Type::Unknown;
            let left = if text && members.iter().any(|(_, right)| !right.of.is_number()) {
                left.collated()
            } else {
                left.within(power::COMPARE + 1).into_owned()
            };
            let not = if negated { "NOT IN" } else { "IN" };
            return Ok(Condition {
                sql: format!("{left} {not} ({})", right.join(", ")),
                power: power::COMPARE,
            });
        }
        let tests: Vec<String> = members
            .iter()
            .map(|(left, right)| self.equal(left, right).sql)
            .collect();
        let any = Condition {
            sql: tests.join(" OR "),
            power: power::OR,
        };
        Ok(if negated { not(&any) } else { any })
    }

    fn between(&mut self, expr: &Expr, negated: bool, low: &Expr, high: &Expr) -> R<Condition> {
        self.see_expr(expr);
        let value = self.value(expr)?;
        let (low, high) = (self.value(low)?, self.value(high)?);
        let (from, low) = self.comparable(value.clone(), low)?;
        let (to, high) = self.comparable(value.clone(), high)?;
        if from.sql == value.sql && to.sql == value.sql {
            let text = from.of.is_text() || (from.of == Type::Unknown && !low.of.is_number());
            let value = if text {
                from.collated()
            } else {
                from.within(power::COMPARE + 1).into_owned()
            };
            let not = if negated { "NOT BETWEEN" } else { "BETWEEN" };
            return Ok(Condition {
                sql: format!(
                    "{value} {not} {} AND {}",
                    low.within(power::COMPARE + 1),
                    high.within(power::COMPARE + 1)
                ),
                power: power::COMPARE,
            });
        }
        let both = Condition {
            sql: format!(
                "{} AND {}",
                self.compared(&from, ">=", &low).sql,
                self.compared(&to, "<=", &high).sql
            ),
            power: power::AND,
        };
        Ok(if negated { not(&both) } else { both })
    }
}

/// The digits of a number as an operand of decimals: a literal has those that it is written with.
fn digits(value: &Typed) -> (u8, u8) {
    match (&value.literal, value.of) {
        (Some(Value::Integer(n)), of) if of.is_integer() => {
            let count = n.unsigned_abs().to_string().len();
            (u8::try_from(count).unwrap_or(19), 0)
        }
        (_, of) => of.as_decimal().unwrap_or((18, 0)),
    }
}

/// Whether a `char` of one length must be filled up to be one of another.
fn is_padded(from: Type, to: Type) -> bool {
    matches!(
        (from, to),
        (Type::Text { length: a, fixed: true, .. }, Type::Text { length: b, fixed: true, .. }) if a != b
    )
}

fn looks_like_a_date(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 8 || (digits == 4 && text.as_bytes().get(4) == Some(&b'-'))
}

/// Between which numbers a sum, difference or product lies.
fn interval(
    left: Option<(i128, i128)>,
    op: &str,
    right: Option<(i128, i128)>,
) -> Option<(i128, i128)> {
    let ((a, b), (c, d)) = left.zip(right)?;
    match op {
        "+" => Some((a.checked_add(c)?, b.checked_add(d)?)),
        "-" => Some((a.checked_sub(d)?, b.checked_sub(c)?)),
        _ => {
            let corners = [
                a.checked_mul(c)?,
                a.checked_mul(d)?,
                b.checked_mul(c)?,
                b.checked_mul(d)?,
            ];
            Some((*corners.iter().min()?, *corners.iter().max()?))
        }
    }
}

fn not(inner: &Condition) -> Condition {
    Condition {
        sql: format!("NOT {}", inner.within(power::NOT)),
        power: power::NOT,
    }
}

fn is_condition(op: &BinaryOperator) -> bool {
    Translator::compare_operator(op).is_some()
        || matches!(op, BinaryOperator::And | BinaryOperator::Or)
}
