//! Values beside each other: the type that they are compared in, or have together.

use super::conversion::unchanged;
use super::expr::{Condition, Typed, lower_first};
use super::operators::precedence;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::{Value, convert};

impl Translator<'_> {
    /// Two values as they are compared: the one of the lower precedence converted.
    pub fn comparable(&mut self, left: Typed, right: Typed) -> R<(Typed, Typed)> {
        let is_text = |value: &Typed| !value.of.is_number() && !value.of.is_temporal();
        if is_text(&left) && is_text(&right) {
            self.note_doubt(&left);
            self.note_doubt(&right);
        }
        let of = match (left.of, right.of) {
            (Type::Unknown, other) | (other, Type::Unknown) if other.is_temporal() => other,
            (a, b) => match a.common(b) {
                Some(of) => of,
                None => {
                    return Err(self
                        .invalid(format!("cannot compare {a} with {b}"))
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
                    .invalid("a column of unknown type is compared with a date")
                    .with_hint("CAST the column: CAST(x AS datetime)"));
            }
        }
        // Numbers of any type are compared as they stand.
        if left.of.is_number() && right.of.is_number() {
            return Ok((left, right));
        }
        if let Type::Binary { .. } = of {
            let bytes =
                |value: &Typed| Typed::plain(format!("tsql_bytes({})", value.sql), value.of);
            return Ok((bytes(&left), bytes(&right)));
        }
        if let Some(compared) = whole_seconds(&left, &right) {
            return Ok(compared);
        }
        // A datetime is compared with all of its digits.
        let of = match (left.of, right.of) {
            (Type::DateTime, Type::DateTime2(_)) | (Type::DateTime2(_), Type::DateTime) => {
                Type::DateTime2(7)
            }
            _ => of,
        };
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
                (Type::Date, to)
                    if to.is_moment()
                        && !matches!(to, Type::DateTime2(0..=2) | Type::DateTimeOffset(_)) =>
                {
                    return Ok(Typed {
                        precedence: precedence::CONCAT,
                        ..Typed::plain(
                            format!("{} || ' 00:00:00.000'", value.within(precedence::CONCAT)),
                            to,
                        )
                    });
                }
                (from, Type::Float) if from.is_number() => {
                    return Ok(Typed::plain(format!("CAST({} AS REAL)", value.sql), to));
                }
                (Type::TinyInt | Type::SmallInt | Type::Int, Type::Money { small: false }) => {
                    return Ok(Typed { of: to, ..value });
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
                        "values of types {of} and {} have no common type",
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

    /// Refuses to order what SQL Server orders in a way of its own.
    pub fn has_order(&self, value: &Typed) -> R<()> {
        match value.of {
            Type::UniqueIdentifier => Err(self
                .unsupported("ordering by uniqueidentifier")
                .with_hint("ORDER BY CAST(x AS char(36)) orders by its digits")),
            _ => Ok(()),
        }
    }

    pub fn equal(&self, left: &Typed, right: &Typed) -> Condition {
        self.compared(left, "=", right)
    }

    /// The comparison of two values that are comparable.
    pub fn compared(&self, left: &Typed, op: &str, right: &Typed) -> Condition {
        let sql = if left.of.is_collated() && right.of.is_collated() {
            format!("{} {op} {}", left.collated(), right.within(precedence::COMPARE + 1))
        } else {
            format!(
                "{} {op} {}",
                left.within(precedence::COMPARE + 1),
                right.within(precedence::COMPARE + 1)
            )
        };
        Condition { sql, precedence: precedence::COMPARE }
    }
}

/// A `datetime` and a `datetime2` of whole seconds that the text writes, compared as they are: what the first has
/// beyond milliseconds makes no difference, and an index on it can be used.
fn whole_seconds(left: &Typed, right: &Typed) -> Option<(Typed, Typed)> {
    let literal = |value: &Typed| match (value.of, &value.literal) {
        (Type::DateTime2(_), Some(known @ Value::Text(text)))
            if !text.ends_with(|c| matches!(c, '1'..='9')) || !text.contains('.') =>
        {
            let stored = convert(known, value.of, Type::DateTime2(3), None).ok()?;
            let is_whole = matches!(&stored, Value::Text(text) if text.ends_with(".000"));
            is_whole.then(|| Typed::value(stored, Type::DateTime2(3)))
        }
        _ => None,
    };
    match (left.of, right.of) {
        (Type::DateTime, Type::DateTime2(_)) => Some((left.clone(), literal(right)?)),
        (Type::DateTime2(_), Type::DateTime) => Some((literal(left)?, right.clone())),
        _ => None,
    }
}

/// Whether a text must be filled up to be one of a type of fixed length.
fn is_padded(from: Type, to: Type) -> bool {
    matches!(
        (from, to),
        (Type::Text { length: a, fixed, .. }, Type::Text { length: b, fixed: true, .. }) if a != b || !fixed
    )
}

fn looks_like_a_date(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 8 || (digits == 4 && text.as_bytes().get(4) == Some(&b'-'))
}
