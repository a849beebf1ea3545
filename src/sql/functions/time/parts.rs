//! Dates and times of their parts: `TIMEFROMPARTS` and its like.

use chrono::{NaiveDate, TimeDelta};

use super::{Moment, first_day, from_parts, no_such_date};
use crate::schema::types::Type;
use crate::sql::functions::{FunctionError, Outcome, Value, unless_null};

/// The value of a type that stands first, as text: of a year, a month and a day unless it is a time, then hour, minute,
/// second and fractions, and then hours and minutes of an offset. What is left out is 0.
pub fn of_parts(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let of = Type::declared(&arguments[0].text());
        let kind = of.to_string();
        let kind = kind.split('(').next().unwrap_or("");
        let parts = &arguments[1..];
        let (date, rest) = match of {
            Type::Time(_) => (Some(first_day()), parts),
            _ => (from_parts(parts)?, &parts[3..]),
        };
        let rest: Vec<i64> =
            (rest.iter().map(Value::integer)).collect::<Result<_, FunctionError>>()?;
        let moment = date.and_then(|date| moment(of, date, &rest));
        match moment.map(|moment| moment.as_type(of)) {
            Some(Ok(text)) => Ok(Value::Text(text)),
            _ => Err(no_such_date(kind)),
        }
    })
}

fn moment(of: Type, date: NaiveDate, parts: &[i64]) -> Option<Moment> {
    let part = |at: usize| parts.get(at).copied().unwrap_or(0);
    let small = |at: usize| u32::try_from(part(at)).ok();
    let digits = match of {
        Type::Time(digits) | Type::DateTime2(digits) | Type::DateTimeOffset(digits) => digits,
        _ => 0,
    };
    let fractions = part(3);
    if !(0..10_i64.pow(u32::from(digits))).contains(&fractions) {
        return None;
    }
    let nanos = fractions * 10_i64.pow(9 - u32::from(digits));
    let seconds = small(2).filter(|seconds| *seconds < 60)?;
    let at = date.and_hms_opt(small(0)?, small(1)?, seconds)? + TimeDelta::nanoseconds(nanos);
    let (hours, minutes) = (part(4), part(5));
    let offset = hours.checked_mul(60)?.checked_add(minutes)?;
    let is_offset =
        minutes.abs() < 60 && hours.signum() * minutes.signum() >= 0 && offset.abs() <= 14 * 60;
    is_offset.then_some(Moment { local: at, offset: i32::try_from(offset).ok()? })
}
