//! Offsets from UTC: `datetimeoffset`, `SWITCHOFFSET`, `TODATETIMEOFFSET` and `AT TIME ZONE`.
//!
//! A `datetimeoffset` is kept as the text of its local time with the offset behind it, as SQL Server shows it:
//! `2011-07-12 14:49:55.000 +02:00`. [`compare`] is the collation in which such texts are compared as moments.

use std::cmp::Ordering;

use chrono::{Datelike as _, NaiveDateTime, TimeDelta};

use super::zones::zone_named;
use super::{Moment, read, unread};
use crate::schema::types::Type;
use crate::sql::functions::{FunctionError, Outcome, Value, unless_null};
use crate::table::moment::{OffsetAt, UtcOffset};

/// The furthest that a clock may be from UTC, in minutes.
const FURTHEST: i32 = 14 * 60;
/// The first year of which the offsets are computed: the rules of the zones go back as far.
const FIRST_YEAR: i32 = 1970;

/// Reads `+02:00`, `-9:30`, `+10:0`, in minutes.
pub fn read_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |text: &str| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<i32>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|n| *n < 60)?);
    let all = hours * 60 + minutes;
    (all <= FURTHEST).then_some(sign * all)
}

/// An offset as SQL Server writes it: `+02:00`.
pub fn shown(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Compares two values of the type `datetimeoffset` as the moments that they are; what is none is compared as text.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let utc = |text: &str| read(text).ok().and_then(|at| at.utc());
    match (utc(a), utc(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

/// The offset that an argument of a function gives: `+02:00`, or a number of minutes.
fn argument(value: &Value, name: &str) -> Result<i32, FunctionError> {
    let minutes = match value {
        Value::Text(text) => read_offset(text.trim_matches(' ')),
        other => i32::try_from(other.integer()?).ok(),
    };
    let within = minutes.filter(|minutes| minutes.abs() <= FURTHEST);
    within.ok_or_else(|| {
        FunctionError::new(format!("The timezone provided to builtin function {name} is invalid."))
    })
}

/// The moment of UTC as a clock shows it that is so far ahead.
fn at_offset(utc: NaiveDateTime, offset: i32) -> Result<Moment, FunctionError> {
    let local = utc.checked_add_signed(TimeDelta::minutes(i64::from(offset)));
    let local = local.ok_or_else(unread)?;
    Ok(Moment { local, offset })
}

/// `tsql_switchoffset(value, offset, type)`: the same moment on a clock with another offset.
pub fn switchoffset(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let offset = argument(&arguments[1], "switchoffset")?;
        let utc = read(&arguments[0].text())?.utc().ok_or_else(unread)?;
        let kind = Type::declared(&arguments[2].text());
        Ok(Value::Text(at_offset(utc, offset)?.as_type(kind)?))
    })
}

/// `tsql_todatetimeoffset(value, offset, type)`: what a clock with this offset shows.
pub fn todatetimeoffset(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let offset = argument(&arguments[1], "todatetimeoffset")?;
        let local = read(&arguments[0].text())?.local;
        let kind = Type::declared(&arguments[2].text());
        Ok(Value::Text(Moment { local, offset }.as_type(kind)?))
    })
}

/// `tsql_at_time_zone(value, zone, type of the value, type of the result)`.
pub fn at_time_zone(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let name = arguments[1].text();
        let zone = zone_named(&name).ok_or_else(|| {
            FunctionError::new(format!(
                "The time zone parameter '{name}' provided to AT TIME ZONE clause is invalid."
            ))
        })?;
        let at = read(&arguments[0].text())?;
        if at.local.year() < FIRST_YEAR {
            return Err(FunctionError::refused(format!(
                "AT TIME ZONE is not supported for years before {FIRST_YEAR}"
            )));
        }
        let zone = UtcOffset::Zone(zone);
        let from = Type::declared(&arguments[2].text());
        let utc = match from {
            Type::DateTimeOffset(_) => at.utc().ok_or_else(unread)?,
            _ => utc_of(zone, at.local)?,
        };
        let offset = offset_at(zone, utc);
        let kind = Type::declared(&arguments[3].text());
        Ok(Value::Text(at_offset(utc, offset)?.as_type(kind)?))
    })
}

fn offset_at(zone: UtcOffset, utc: NaiveDateTime) -> i32 {
    let minutes = zone.at_utc(utc.and_utc().timestamp_millis());
    i32::try_from(minutes).unwrap_or(0)
}

/// The moment at which a clock of the zone shows `local`: of an hour that it shows twice the second, which is standard
/// time, and of one that it skips as if it had not been set yet, so that it shows an hour more.
fn utc_of(zone: UtcOffset, local: NaiveDateTime) -> Result<NaiveDateTime, FunctionError> {
    let minutes = match zone.at(local.and_utc().timestamp_millis()) {
        OffsetAt::Minutes(minutes) | OffsetAt::Twice(_, minutes) => minutes,
        OffsetAt::Never => {
            let before = local.checked_sub_signed(TimeDelta::days(1));
            i64::from(offset_at(zone, before.ok_or_else(unread)?))
        }
    };
    let utc = local.checked_sub_signed(TimeDelta::minutes(minutes));
    utc.ok_or_else(unread)
}
