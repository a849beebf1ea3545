//! Dates and times written in the styles of `CONVERT`.

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};

use super::{MONTHS, Moment, offset, unread};
use crate::schema::types::Type;
use crate::sql::functions::FunctionError;

/// The text of a moment in a style of `CONVERT`.
pub fn show(at: &Moment, from: Type, style: Option<i64>) -> Result<String, FunctionError> {
    if let Type::DateTimeOffset(digits) = from {
        return show_with_offset(at, digits, style.unwrap_or(121));
    }
    let default = match from {
        Type::DateTime | Type::SmallDateTime => 0,
        _ => 121,
    };
    let style = style.unwrap_or(default);
    let wrong = || {
        FunctionError::refused(format!(
            "{style} is not a valid style number when converting from {} to a character string.",
            from.to_string().split('(').next().unwrap_or("datetime")
        ))
    };
    let date = date_in(style, &at.local).ok_or_else(wrong)?;
    let time = time_in(style, &at.local, from);
    match from {
        Type::Date if date.is_empty() => Err(wrong()),
        Type::Date => Ok(date),
        Type::Time(_) if time.is_empty() || style == 22 => Err(wrong()),
        Type::Time(_) => Ok(time.trim_start().to_owned()),
        _ if time.is_empty() => Ok(date),
        _ if date.is_empty() => Ok(time),
        _ if style == 126 || style == 127 => Ok(format!("{date}T{time}")),
        _ => Ok(format!("{date} {time}")),
    }
}

/// The date in a style, empty in one of times alone; `None` where there is no such style.
fn date_in(style: i64, at: &NaiveDateTime) -> Option<String> {
    let month = &MONTHS[usize::try_from(at.month0()).unwrap_or(0)][..3];
    let f = |pattern: &str| at.format(pattern).to_string();
    let (y, yy, m, d) = (f("%Y"), f("%y"), f("%m"), f("%d"));
    Some(match style {
        0 | 100 | 9 | 109 => format!("{month} {:>2} {y}", at.day()),
        1 | 22 => format!("{m}/{d}/{yy}"),
        2 => format!("{yy}.{m}.{d}"),
        3 => format!("{d}/{m}/{yy}"),
        4 => format!("{d}.{m}.{yy}"),
        5 => format!("{d}-{m}-{yy}"),
        6 => format!("{d} {month} {yy}"),
        7 => format!("{month} {d}, {yy}"),
        10 => format!("{m}-{d}-{yy}"),
        11 => format!("{yy}/{m}/{d}"),
        12 => format!("{yy}{m}{d}"),
        101 => format!("{m}/{d}/{y}"),
        102 => format!("{y}.{m}.{d}"),
        103 => format!("{d}/{m}/{y}"),
        104 => format!("{d}.{m}.{y}"),
        105 => format!("{d}-{m}-{y}"),
        106 => format!("{d} {month} {y}"),
        107 => format!("{month} {d}, {y}"),
        110 => format!("{m}-{d}-{y}"),
        111 => format!("{y}/{m}/{d}"),
        112 => format!("{y}{m}{d}"),
        13 | 113 => format!("{d} {month} {y}"),
        20 | 120 | 21 | 25 | 121 | 23 | 126 | 127 => format!("{y}-{m}-{d}"),
        8 | 24 | 108 | 14 | 114 => String::new(),
        _ => return None,
    })
}

/// The time in a style, empty in one of dates alone.
fn time_in(style: i64, at: &NaiveDateTime, from: Type) -> String {
    let half = if at.hour() < 12 { "AM" } else { "PM" };
    let hour = if at.hour().is_multiple_of(12) { 12 } else { at.hour() % 12 };
    // The digits of a second that the type has; a `datetime` has them after a colon in some styles.
    let (digits, newer) = match from {
        Type::DateTime2(digits) | Type::Time(digits) => (usize::from(digits), true),
        _ => (3, false),
    };
    let second = |point: char| {
        let point = if newer { '.' } else { point };
        let all = format!("{:09}", at.nanosecond());
        match all.get(..digits) {
            Some("") | None => format!("{:02}", at.second()),
            Some(part) => format!("{:02}{point}{part}", at.second()),
        }
    };
    let f = |pattern: &str| at.format(pattern).to_string();
    match style {
        0 | 100 => format!("{hour:>2}:{:02}{half}", at.minute()),
        9 | 109 => format!("{hour:>2}:{:02}:{}{half}", at.minute(), second(':')),
        22 => format!("{hour:>2}:{:02}:{:02} {half}", at.minute(), at.second()),
        13 | 14 | 113 | 114 => format!("{}:{}", f("%H:%M"), second(':')),
        8 | 24 | 108 | 20 | 120 => f("%H:%M:%S"),
        21 | 25 | 121 => format!("{}:{}", f("%H:%M"), second('.')),
        126 | 127 if at.nanosecond() < 1_000_000 && !newer => f("%H:%M:%S"),
        126 | 127 => format!("{}:{}", f("%H:%M"), second('.')),
        _ => String::new(),
    }
}

/// The text of a `datetimeoffset` in a style of `CONVERT`: its offset stands behind the time.
fn show_with_offset(at: &Moment, digits: u8, style: i64) -> Result<String, FunctionError> {
    let local = show(at, Type::DateTime2(digits), Some(style))?;
    let offset = offset::shown(at.offset);
    match style {
        20 | 120 | 21 | 25 | 121 => Ok(format!("{local} {offset}")),
        126 => Ok(format!("{local}{offset}")),
        127 => {
            let utc = at.utc().map(Moment::without_offset).ok_or_else(unread)?;
            Ok(format!("{}Z", show(&utc, Type::DateTime2(digits), Some(style))?))
        }
        1..=7 | 10..=12 | 23 | 101..=107 | 110..=112 => Ok(local),
        _ => Err(FunctionError::refused(format!(
            "style {style} of a datetimeoffset is not supported; CAST it to datetime2 first"
        ))),
    }
}
