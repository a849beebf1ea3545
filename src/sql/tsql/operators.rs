//! Operators: sums, concatenations, comparisons, conditions.

use sqlparser::ast::{BinaryOperator, Expr};

use super::conditions::is_condition;
use super::expr::Typed;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;

/// How tightly SQLite's operators bind.
pub(super) mod precedence {
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
                    .invalid("expected a value, found a condition")
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
                .invalid("`&`, `|` or `^` is combined with another operator without parentheses")
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
                .invalid(
                    "`+` adds numbers and concatenates text, and the type of an operand is unknown",
                )
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

    /// `datetime + days`, `datetime - datetime`: both count as days since 1900-01-01.
    fn move_days(&mut self, date: Typed, days: Typed, op: &str) -> R<Typed> {
        let is_older = |of: Type| matches!(of, Type::DateTime | Type::SmallDateTime);
        let counts = days.of.is_number() || days.of.is_text() || is_older(days.of);
        if is_older(date.of) && days.is_null() {
            return Ok(Typed::value(Value::Null, date.of));
        }
        if !is_older(date.of) || !counts {
            let (what, hint) = if op == "-" && (days.of.is_temporal() || days.of.is_text()) {
                let what = "a difference of two dates".to_owned();
                (what, "DATEDIFF(unit, earlier, later) counts between them")
            } else {
                let what = format!("{} {op} {}", date.of, days.of);
                (what, "DATEADD(unit, number, date) moves a date")
            };
            return Err(self.unsupported(what).with_hint(hint));
        }
        let of = date.of.common(days.of).unwrap_or(Type::DateTime);
        if days.of.is_integer() {
            let amount = match op {
                "-" => format!("-{}", days.within(precedence::SIGN + 1)),
                _ => days.sql,
            };
            return Ok(Typed::plain(
                format!("tsql_dateadd('day', {amount}, {}, '{of}')", date.sql),
                of,
            ));
        }
        let days = self.implicit(days, of, true)?;
        let arguments = [format!("'{op}'"), date.sql, days.sql, format!("'{of}'")];
        Ok(self.function("tsql_add_dates", &arguments, of))
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
                Type::Text { length: a, national: m, .. },
                Type::Text { length: b, national: n, .. },
            ) => Type::Text {
                length: a.zip(b).map(|(a, b)| a.saturating_add(b)),
                national: m || n,
                fixed: false,
            },
            (Type::Null, other) | (other, _) => other,
        };
        let made = Typed {
            precedence: precedence::CONCAT,
            collation: left.collation.or(right.collation),
            ..Typed::plain(
                format!(
                    "{} || {}",
                    left.within(precedence::CONCAT),
                    right.within(precedence::CONCAT + 1)
                ),
                of,
            )
        };
        let longest = match of {
            Type::Text { length, .. } => length,
            _ => None,
        };
        Ok(match longest {
            Some(_) => self.in_room(made, &[left.of, right.of], longest, true),
            None => made,
        })
    }

    fn bits(&mut self, left: &Typed, op: &str, right: &Typed) -> R<Typed> {
        let whole = |t: &Typed| t.of.is_integer();
        if !whole(left) || !whole(right) {
            return Err(self
                .invalid(format!("`{op}` takes whole numbers, not {} and {}", left.of, right.of)));
        }
        let of = left.of.common(right.of).unwrap_or(Type::Int);
        Ok(Typed {
            precedence: precedence::BITS,
            ..Typed::plain(
                format!(
                    "{} {op} {}",
                    left.within(precedence::BITS + 1),
                    right.within(precedence::BITS + 1)
                ),
                of,
            )
        })
    }

    /// `+ - * / %` of numbers; a text beside a number is read as one of its type.
    fn arithmetic(&mut self, left: Typed, op: &str, right: Typed) -> R<Typed> {
        let (left, right) = self.as_numbers(left, op, right)?;
        let strength = if matches!(op, "+" | "-") { precedence::ADD } else { precedence::MULTIPLY };
        let infix = format!("{} {op} {}", left.within(strength), right.within(strength + 1));
        let by_number = match &right.literal {
            Some(Value::Integer(n)) => *n != 0 && *n != -1,
            Some(Value::Real(n)) => *n != 0.0,
            _ => false,
        };
        if left.of.is_approximate() || right.of.is_approximate() {
            return self.floats(&left, op, &right, infix, by_number);
        }
        let decimals =
            matches!(left.of, Type::Decimal { .. }) || matches!(right.of, Type::Decimal { .. });
        if decimals {
            return self.decimals(&left, op, &right, infix, strength, by_number);
        }
        let of = left.of.common(right.of).unwrap_or(Type::Int);
        if matches!(of, Type::Money { .. }) {
            if op == "%" {
                return Err(self.unsupported("% of money").with_hint("CAST it to decimal(19,4)"));
            }
            let arguments = [format!("'{op}'"), left.sql, right.sql, format!("'{of}'")];
            return Ok(self.function("tsql_money", &arguments, of));
        }
        match op {
            "/" | "%" if !by_number => {
                let name = if op == "/" { "tsql_divide" } else { "tsql_modulo" };
                let sql = format!("{name}({}, {})", left.sql, right.sql);
                Ok(Typed::plain(sql, of))
            }
            "/" | "%" => {
                Ok(Typed { precedence: strength, range: of.range(), ..Typed::plain(infix, of) })
            }
            _ => Ok(self.checked(Typed {
                precedence: strength,
                range: interval(left.range, op, right.range),
                ..Typed::plain(infix, of)
            })),
        }
    }

    /// Two operands as numbers; a text or a binary value beside a number is read as one of its type.
    fn as_numbers(&mut self, left: Typed, op: &str, right: Typed) -> R<(Typed, Typed)> {
        let wrong = |this: &Self, value: &Typed| {
            let error =
                this.invalid(format!("`{op}` takes numbers, not a value of type {}", value.of));
            Err(match value.of {
                Type::Unknown => error.with_hint("its type is unknown; CAST it to a number"),
                _ => error.with_hint("CAST it to a number first"),
            })
        };
        let (left, right) = match (left.of.is_number(), right.of.is_number()) {
            (true, true) => (left, right),
            (true, false) if right.of.is_text() || right.is_null() => {
                let of = left.of;
                (left, self.cast(right, of, None, false)?)
            }
            (true, false) if left.of.is_integer() && matches!(right.of, Type::Binary { .. }) => {
                let of = left.of;
                (left, self.cast(right, of, None, false)?)
            }
            (false, true) if right.of.is_integer() && matches!(left.of, Type::Binary { .. }) => {
                let of = right.of;
                (self.cast(left, of, None, false)?, right)
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
        Ok((left, right))
    }

    /// Operands of which one is a `float` or a `real`.
    fn floats(
        &self,
        left: &Typed,
        op: &str,
        right: &Typed,
        infix: String,
        by_number: bool,
    ) -> R<Typed> {
        if op == "%" {
            return Err(self.invalid("`%` takes no float").with_hint("CAST it to a decimal"));
        }
        let real = |t: &Typed| {
            if t.of.is_approximate() { t.sql.clone() } else { format!("CAST({} AS REAL)", t.sql) }
        };
        let of = left.of.common(right.of).unwrap_or(Type::Float);
        let sql = match (op == "/" && !by_number, of) {
            (true, _) => format!("tsql_divide({}, {})", real(left), real(right)),
            (false, Type::Real) => infix,
            // One real operand makes the sum a real one; SQLite would go on to infinity.
            (false, _) => format!("tsql_check({infix}, 'float')"),
        };
        Ok(self.rounded_to(sql, of))
    }

    /// A number that was computed in eight bytes, in those of its type.
    fn rounded_to(&self, sql: String, of: Type) -> Typed {
        let sql = match of {
            Type::Real => format!("tsql_convert('real', {sql}, 'float')"),
            _ => sql,
        };
        Typed::plain(sql, of)
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
                Typed { precedence: strength, ..Typed::plain(infix, of) }
            } else {
                Typed::plain(format!("tsql_modulo({}, {})", left.sql, right.sql), of)
            });
        }
        if whole && op != "/" {
            let range =
                interval(left.range.or(left.of.range()), op, right.range.or(right.of.range()));
            return Ok(self.checked(Typed {
                precedence: strength,
                range,
                ..Typed::plain(infix, of)
            }));
        }
        self.output.notes.insert(
            "decimals with a fraction are exact to 15 digits here, to 38 in SQL Server".into(),
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
}

/// The digits of a number as an operand of decimals: a literal has those that it is written with.
pub(super) fn digits(value: &Typed) -> (u8, u8) {
    match (&value.literal, value.of) {
        (Some(Value::Integer(n)), of) if of.is_integer() && value.is_written => {
            let count = n.unsigned_abs().to_string().len();
            (u8::try_from(count).unwrap_or(19), 0)
        }
        (_, of) => of.as_decimal().unwrap_or((18, 0)),
    }
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
            let corners =
                [a.checked_mul(c)?, a.checked_mul(d)?, b.checked_mul(c)?, b.checked_mul(d)?];
            Some((*corners.iter().min()?, *corners.iter().max()?))
        }
    }
}
