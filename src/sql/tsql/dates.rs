//! Functions of dates and times.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr};

use super::expr::Typed;
use super::translator::{R, Translator};
use crate::schema::types::Type;

/// The parts of a date by all the names that SQL Server has for them.
const PARTS: [(&str, &[&str]); 15] = [
    ("year", &["year", "yy", "yyyy"]),
    ("quarter", &["quarter", "qq", "q"]),
    ("month", &["month", "mm", "m"]),
    ("dayofyear", &["dayofyear", "dy", "y"]),
    ("day", &["day", "dd", "d"]),
    ("week", &["week", "wk", "ww"]),
    ("weekday", &["weekday", "dw", "w"]),
    ("hour", &["hour", "hh"]),
    ("minute", &["minute", "mi", "n"]),
    ("second", &["second", "ss", "s"]),
    ("millisecond", &["millisecond", "ms"]),
    ("microsecond", &["microsecond", "mcs"]),
    ("nanosecond", &["nanosecond", "ns"]),
    ("iso_week", &["iso_week", "isowk", "isoww"]),
    ("tzoffset", &["tzoffset", "tz"]),
];

impl Translator<'_> {
    /// Refuses a part that a type does not have: a time has no year, a date no hour.
    pub fn has_part(&self, name: &str, part: &str, date: &Typed) -> R<()> {
        let of_clock = matches!(
            part,
            "hour" | "minute" | "second" | "millisecond" | "microsecond" | "nanosecond"
        );
        let missing = match date.of {
            Type::Time(_) => !of_clock,
            Type::Date => of_clock,
            _ => false,
        };
        if missing {
            let name = name.to_uppercase();
            return Err(self.invalid(format!(
                "{name}({part}, ...) does not go with a {}",
                date.of
            )));
        }
        Ok(())
    }

    /// The part of a date that a function's first argument names.
    pub fn part<'l>(
        &mut self,
        name: &str,
        list: &'l [FunctionArg],
    ) -> R<(&'static str, &'l [FunctionArg])> {
        let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(first)), rest)) = list.split_first()
        else {
            return Err(self.invalid(format!(
                "{} takes a part of a date first",
                name.to_uppercase()
            )));
        };
        let Expr::Identifier(ident) = first else {
            return Err(self.invalid(format!(
                "{} takes the name of a part of a date first, such as DAY",
                name.to_uppercase()
            )));
        };
        let lower = ident.value.to_lowercase();
        match PARTS
            .iter()
            .find(|(_, names)| names.contains(&lower.as_str()))
        {
            Some((part, _)) => Ok((part, rest)),
            None => Err(self.invalid(format!("`{}` is no part of a date", ident.value))),
        }
    }

    /// A value as a date function is given it.
    pub fn as_date(&mut self, value: Typed) -> R<String> {
        let of = match value.of {
            of if of.is_temporal() || of == Type::Null => return Ok(value.sql),
            Type::Unknown => return Ok(value.sql),
            of if of.is_number() => Type::DateTime,
            Type::Text { .. } => Type::DateTime2(7),
            of => return Err(self.invalid(format!("a value of type {of} is no date"))),
        };
        Ok(self.implicit(value, of, true)?.sql)
    }

    pub fn dateadd(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let (part, rest) = self.part("dateadd", list)?;
        let [number, date] = self.exactly("dateadd", rest)?;
        let of = match date.of {
            of if of.is_temporal() => of,
            _ => Type::DateTime,
        };
        let of_time = matches!(
            part,
            "hour" | "minute" | "second" | "millisecond" | "microsecond" | "nanosecond"
        );
        if matches!(part, "iso_week" | "tzoffset") {
            return Err(self.invalid(format!("DATEADD does not move by {part}")));
        }
        if (of == Type::Date && of_time) || (matches!(of, Type::Time(_)) && !of_time) {
            return Err(self.invalid(format!("DATEADD({part}, ...) does not go with a {of}")));
        }
        let date = if date.of == Type::Unknown {
            self.cast(date, of, None, false)?
        } else {
            self.implicit(date, of, true)?
        };
        let arguments = [format!("'{part}'"), number.sql, date.sql, format!("'{of}'")];
        Ok(self.function("tsql_dateadd", &arguments, of))
    }
}
