//! Functions of dates and times.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr};

use super::expr::Typed;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::table::entry;
use crate::sql::functions::time::{Zone, is_time_zone, windows_names, without_zone};

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
            Type::Date => of_clock || part == "tzoffset",
            Type::DateTime | Type::SmallDateTime => part == "tzoffset",
            _ => false,
        };
        if missing {
            let name = name.to_uppercase();
            return Err(self.invalid(format!("{name}({part}, ...) does not accept a {}", date.of)));
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
            return Err(
                self.invalid(format!("{} takes a part of a date first", name.to_uppercase()))
            );
        };
        let Expr::Identifier(ident) = first else {
            return Err(self.invalid(format!(
                "{} takes the name of a part of a date first, such as DAY",
                name.to_uppercase()
            )));
        };
        let lower = ident.value.to_lowercase();
        match PARTS.iter().find(|(_, names)| names.contains(&lower.as_str())) {
            Some((part, _)) => Ok((part, rest)),
            None => Err(self.invalid(format!("`{}` is not a datepart", ident.value))),
        }
    }

    /// A value as a date function is given it.
    pub fn as_date(&mut self, value: Typed) -> R<String> {
        let of = match value.of {
            of if of.is_temporal() || of == Type::Null => return Ok(value.sql),
            Type::Unknown => return Ok(value.sql),
            of if of.is_number() => Type::DateTime,
            // Only a text that is not written in the query may have an offset unseen.
            Type::Text { .. } => match &value.literal {
                Some(Value::Text(text)) if without_zone(text).1 == Zone::None => Type::DateTime2(7),
                _ => Type::DateTimeOffset(7),
            },
            of => return Err(self.invalid(format!("a value of type {of} is not a date"))),
        };
        Ok(self.implicit(value, of, true)?.sql)
    }

    /// `value AT TIME ZONE zone`.
    pub fn at_time_zone(&mut self, value: &Expr, zone: &Expr) -> R<Typed> {
        self.see_expr(value);
        let at = self.at;
        let (value, zone) = (self.value(value)?, self.value(zone)?);
        self.at = at;
        let digits = match value.of {
            Type::DateTimeOffset(n) | Type::DateTime2(n) => n,
            Type::DateTime => 3,
            Type::SmallDateTime => 0,
            Type::Null => 7,
            of => {
                return Err(self
                    .invalid(format!(
                        "AT TIME ZONE takes a date with a time, not a value of type {of}"
                    ))
                    .with_hint("CAST it first: CAST(x AS datetime2) AT TIME ZONE 'UTC'"));
            }
        };
        if let Some(Value::Text(name)) = &zone.literal
            && !is_time_zone(name)
        {
            let error = self.invalid(format!("unknown time zone `{name}`"));
            return Err(match windows_names(name).next() {
                Some(own) => {
                    error.with_hint(format!("write '{own}', the name that Windows has for it"))
                }
                None => error.with_hint(
                    "it takes the names of Windows, such as 'W. Europe Standard Time' or 'UTC'",
                ),
            });
        }
        if !zone.of.is_text() && !zone.is_null() {
            return Err(self.invalid("AT TIME ZONE takes the name of a time zone"));
        }
        self.output.notes.insert(
            "AT TIME ZONE follows the time zones of IANA; for years long past Windows may have other rules".into(),
        );
        let of = Type::DateTimeOffset(digits);
        let arguments = [value.sql, zone.sql, format!("'{}'", value.of), format!("'{of}'")];
        Ok(self.function("tsql_at_time_zone", &arguments, of))
    }

    /// `SWITCHOFFSET(value, offset)` and `TODATETIMEOFFSET(value, offset)`.
    pub fn with_offset(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [value, offset] = self.exactly(name, list)?;
        let digits = match value.of {
            Type::DateTimeOffset(n) | Type::DateTime2(n) | Type::Time(n) => n,
            Type::DateTime => 3,
            Type::SmallDateTime | Type::Date => 0,
            _ => 7,
        };
        let takes = match name {
            "switchoffset" => Type::DateTimeOffset(digits),
            _ => Type::DateTime2(digits),
        };
        let value = self.implicit(value, takes, true)?;
        if !offset.of.is_text() && !offset.of.is_integer() && !offset.is_null() {
            return Err(self.invalid(format!(
                "{} takes an offset such as '+02:00', or a number of minutes",
                name.to_uppercase()
            )));
        }
        let of = Type::DateTimeOffset(digits);
        let arguments = [value.sql, offset.sql, format!("'{of}'")];
        Ok(self.function(&format!("tsql_{name}"), &arguments, of))
    }

    /// `TIMEFROMPARTS(...)` and its like, of which the last argument is how many digits a second has.
    pub fn of_parts(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let mut parts = self.arguments(list)?;
        let of = if name == "smalldatetimefromparts" {
            Type::SmallDateTime
        } else {
            let digits = parts.pop().and_then(|digits| digits.literal);
            let digits = match digits {
                Some(Value::Integer(digits)) => u8::try_from(digits).ok().filter(|n| *n <= 7),
                _ => None,
            };
            let Some(digits) = digits else {
                return Err(self.invalid(format!(
                    "the last argument of {} is a number from 0 to 7, written in the text",
                    name.to_uppercase()
                )));
            };
            match name {
                "timefromparts" => Type::Time(digits),
                "datetime2fromparts" => Type::DateTime2(digits),
                _ => Type::DateTimeOffset(digits),
            }
        };
        let mut arguments = vec![format!("'{of}'")];
        for part in parts {
            arguments.push(self.implicit(part, Type::Int, true)?.sql);
        }
        Ok(self.function("tsql_of_parts", &arguments, of))
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
            return Err(self.invalid(format!("DATEADD does not support {part}")));
        }
        if (of == Type::Date && of_time) || (matches!(of, Type::Time(_)) && !of_time) {
            return Err(self.invalid(format!("DATEADD({part}, ...) does not accept a {of}")));
        }
        let date = if date.of == Type::Unknown {
            self.cast(date, of, None, false)?
        } else {
            self.implicit(date, of, true)?
        };
        let arguments = [format!("'{part}'"), number.sql, date.sql, format!("'{of}'")];
        Ok(self.function("tsql_dateadd", &arguments, of))
    }

    /// `DATEDIFF` and `DATEDIFF_BIG`.
    pub fn datediff(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let (part, rest) = self.part(name, list)?;
        if ["iso_week", "tzoffset"].contains(&part) {
            return Err(self.invalid(format!("{} does not count {part}", name.to_uppercase())));
        }
        let [from, to] = self.exactly(name, rest)?;
        let arguments = [format!("'{part}'"), self.as_date(from)?, self.as_date(to)?];
        let of = if name == "datediff" { Type::Int } else { Type::BigInt };
        Ok(self.function(&format!("tsql_{name}"), &arguments, of))
    }

    /// `DATEPART` and `DATENAME`; the days of a week are counted as `SET DATEFIRST` says.
    pub fn datepart(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let (part, rest) = self.part(name, list)?;
        let [date] = self.exactly(name, rest)?;
        self.has_part(name, part, &date)?;
        let part = match self.session.first_day {
            day @ 1..=6 if name == "datepart" && ["week", "weekday"].contains(&part) => {
                format!("{part}:{day}")
            }
            _ if date.of == Type::DateTime && ["microsecond", "nanosecond"].contains(&part) => {
                format!("{part}:datetime")
            }
            _ => part.to_owned(),
        };
        let arguments = [format!("'{part}'"), self.as_date(date)?];
        let of = if name == "datepart" { Type::Int } else { Type::NVARCHAR };
        Ok(self.function(&format!("tsql_{name}"), &arguments, of))
    }

    /// `YEAR`, `MONTH` and `DAY`.
    pub fn part_of_date(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [date] = self.exactly(name, list)?;
        self.has_part(name, name, &date)?;
        let arguments = [format!("'{name}'"), self.as_date(date)?];
        Ok(self.function("tsql_datepart", &arguments, Type::Int))
    }

    /// `DATETRUNC`, in the type of its date.
    pub fn datetrunc(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let (part, rest) = self.part(name, list)?;
        let [date] = self.exactly(name, rest)?;
        self.has_part(name, part, &date)?;
        let of = match date.of {
            of if of.is_temporal() => of,
            _ => Type::DateTime2(7),
        };
        if part == "weekday" || part == "tzoffset" {
            return Err(self.invalid(format!("DATETRUNC does not cut off at {part}")));
        }
        let arguments = [format!("'{part}'"), self.as_date(date)?, format!("'{of}'")];
        Ok(self.function("tsql_datetrunc", &arguments, of))
    }

    /// `DATE_BUCKET`, in the type of its date.
    pub fn date_bucket(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let (part, rest) = self.part(name, list)?;
        let mut values = self.arguments(rest)?.into_iter();
        let (Some(number), Some(date), origin, None) =
            (values.next(), values.next(), values.next(), values.next())
        else {
            let found = list.len();
            return Err(self.invalid(format!("DATE_BUCKET takes 3 to 4 arguments, not {found}")));
        };
        const PARTS: [&str; 9] =
            ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"];
        if !PARTS.contains(&part) {
            return Err(self.invalid(format!("DATE_BUCKET has no buckets of {part}")));
        }
        let of = match date.of {
            of @ (Type::Time(_) | Type::DateTimeOffset(_)) => {
                return Err(self
                    .unsupported(format!("DATE_BUCKET of {of}"))
                    .with_hint("CAST it to datetime2 first"));
            }
            of if of.is_temporal() => of,
            _ => Type::DateTime2(7),
        };
        let own = entry(name).expect("the table has it, as a test holds");
        let number = self.argument(own, 1, number)?;
        let date = self.as_date(date)?;
        let origin = match origin {
            Some(origin) => self.as_date(origin)?,
            None => "'1900-01-01 00:00:00.000'".to_owned(),
        };
        let arguments = [format!("'{part}'"), number, date, origin, format!("'{of}'")];
        Ok(self.function("tsql_date_bucket", &arguments, of))
    }
}
