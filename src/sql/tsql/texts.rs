//! Functions of texts that are more than a call.

use sqlparser::ast::{Expr, FunctionArg, TrimWhereField};

use super::arguments::shorter;
use super::expr::Typed;
use super::operators::precedence;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::LONGEST_MAX;
use crate::sql::functions::Value;
use crate::sql::functions::table::entry;

impl Translator<'_> {
    /// `TRIM`, of blanks or of the characters of a text.
    pub fn trim(
        &mut self,
        expr: &Expr,
        side: Option<TrimWhereField>,
        characters: Option<&Expr>,
    ) -> R<Typed> {
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
        if let Some(set) = characters {
            let set = self.value(set)?;
            arguments.push(self.as_text(set)?);
        }
        let name = match side {
            Some(TrimWhereField::Leading) => "tsql_ltrim",
            Some(TrimWhereField::Trailing) => "tsql_rtrim",
            None | Some(TrimWhereField::Both) => "tsql_trim",
        };
        Ok(self.function(name, &arguments, of))
    }

    /// `DATALENGTH`: bytes as SQL Server stores them.
    pub fn datalength(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [value] = self.exactly(name, list)?;
        if value.is_null() {
            return Ok(Typed::value(Value::Null, Type::Int));
        }
        if matches!(value.of, Type::Binary { .. }) {
            let sql = format!("(length({}) - 2) / 2", value.sql);
            let made = Typed::plain(sql, Type::Int);
            return Ok(Typed { precedence: precedence::MULTIPLY, ..made });
        }
        let Type::Text { national, .. } = value.of else {
            let Some(bytes) = bytes_of(value.of) else {
                return Err(self
                    .unsupported(format!("DATALENGTH of {}", value.of))
                    .with_hint("CAST it to a type first"));
            };
            let value = value.within(precedence::COMPARE + 1);
            let sql = format!("CASE WHEN {value} IS NOT NULL THEN {bytes} END");
            return Ok(Typed::plain(sql, Type::Int));
        };
        let units = format!("tsql_units({})", value.sql);
        Ok(if national {
            Typed {
                precedence: precedence::MULTIPLY,
                ..Typed::plain(format!("2 * {units}"), Type::Int)
            }
        } else {
            Typed::plain(units, Type::Int)
        })
    }

    /// `REPLICATE`, which cuts off what is longer than its type.
    pub fn replicate(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [value, times] = self.exactly(name, list)?;
        let room = value.of.room();
        let of = Type::Text { length: room, national: value.of.is_national(), fixed: false };
        let most = room.map_or(LONGEST_MAX, i64::from);
        let arguments = [self.as_text(value)?, times.sql, most.to_string()];
        Ok(self.function("tsql_replicate", &arguments, of))
    }

    /// A text that was made of others, no longer than its type has room for where none of them is `max`; `longest` is
    /// how long it can become, where that is known.
    pub fn in_room(&self, made: Typed, parts: &[Type], longest: Option<u32>, cuts: bool) -> Typed {
        let known = parts.iter().all(|of| of.room().is_some());
        let room = made.of.room().or(match made.of {
            Type::Text { national: true, .. } => Some(4000),
            _ => Some(8000),
        });
        let Some(room) = room.filter(|room| known && longest.is_none_or(|longest| longest > *room))
        else {
            return made;
        };
        let of = Type::Text { length: Some(room), national: made.of.is_national(), fixed: false };
        let name = if cuts { "tsql_left" } else { "tsql_no_longer" };
        Typed {
            collation: made.collation,
            ..Typed::plain(format!("{name}({}, {room})", made.sql), of)
        }
    }

    /// `FORMAT` of a number or a date, in US English.
    pub fn format_call(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let mut arguments = self.arguments(list)?;
        if let Some(culture) = (arguments.len() == 3).then(|| arguments.pop()).flatten() {
            let english = matches!(&culture.literal,
                Some(Value::Text(text)) if text.eq_ignore_ascii_case("en-us"));
            if !english {
                return Err(self
                    .unsupported("FORMAT with a culture")
                    .with_hint("only 'en-US' is supported, which is the default"));
            }
        }
        let [value, pattern] = <[Typed; 2]>::try_from(arguments)
            .map_err(|_| self.invalid("FORMAT takes a value, a pattern and a culture"))?;
        if !value.of.is_number() && !value.of.has_date() && !matches!(value.of, Type::Time(_)) {
            let error = self.unsupported(format!("FORMAT of {}", value.of));
            return Err(error.with_hint("CAST the value to a number or a date first"));
        }
        let arguments = [value.sql, self.as_text(pattern)?, format!("'{}'", value.of)];
        Ok(self.function("tsql_format", &arguments, Type::NVARCHAR))
    }

    /// `HASHBYTES` of a text or a binary value.
    pub fn hashbytes(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [algorithm, value] = self.exactly(name, list)?;
        if !value.of.is_text() && !matches!(value.of, Type::Binary { .. } | Type::Null) {
            return Err(self
                .invalid(format!("HASHBYTES takes a text, not a value of type {}", value.of))
                .with_hint("CAST it to varchar or nvarchar first"));
        }
        let arguments = [self.as_text(algorithm)?, value.sql, format!("'{}'", value.of)];
        let of = Type::Binary { length: Some(8000), fixed: false };
        Ok(self.function("tsql_hashbytes", &arguments, of))
    }

    pub fn substring(&mut self, value: Typed, from: Typed, length: Typed) -> R<Typed> {
        let own = entry("substring").expect("the table has it, as a test holds");
        let of = shorter(self.text_type(&value), &length);
        let mut written = Vec::new();
        for (at, value) in [value, from, length].into_iter().enumerate() {
            written.push(self.argument(own, at, value)?);
        }
        Ok(self.function("tsql_substring", &written, of))
    }
}

/// How many bytes SQL Server stores a value of a type in.
pub(super) fn bytes_of(of: Type) -> Option<u8> {
    Some(match of {
        Type::Bit | Type::TinyInt => 1,
        Type::SmallInt => 2,
        Type::Int | Type::Real | Type::SmallDateTime | Type::Money { small: true } => 4,
        Type::BigInt | Type::Float | Type::DateTime | Type::Money { small: false } => 8,
        Type::Date => 3,
        Type::UniqueIdentifier => 16,
        Type::Time(0..=2) => 3,
        Type::Time(3..=4) => 4,
        Type::Time(_) => 5,
        Type::DateTime2(0..=2) => 6,
        Type::DateTime2(3..=4) => 7,
        Type::DateTime2(_) | Type::DateTimeOffset(0..=2) => 8,
        Type::DateTimeOffset(3..=4) => 9,
        Type::DateTimeOffset(_) => 10,
        Type::Decimal { precision, .. } => match precision {
            ..=9 => 5,
            10..=19 => 9,
            20..=28 => 13,
            _ => 17,
        },
        _ => return None,
    })
}
