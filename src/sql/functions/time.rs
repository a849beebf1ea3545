//! Dates and times: what they are stored as, and counting between them. [`parse`] reads them from text, [`show`] writes
//! them in SQL Server's styles.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    Timelike as _,
};

pub mod offset;
mod parse;
mod parts;
mod show;
mod zones;

use super::{FunctionError, Outcome, Value, unless_null};
use crate::schema::types::Type;
use crate::table::{parse_timestamp, plain};

use parse::fraction;
pub use parse::{DMY, YDM, Zone, digits_of_second, parse, without_zone};
pub use parts::of_parts;
pub use show::show;
pub use zones::{is_time_zone, windows_names};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS: f64 = 86_400_000.0;
const DAY_TICKS: f64 = 25_920_000.0;

/// A date with a time of day; a time alone stands on SQL Server's first day, 1900-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the clock shows.
    pub local: NaiveDateTime,
    /// How many minutes the clock is ahead of UTC; 0 for all types but `datetimeoffset`.
    pub offset: i32,
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default()
}

/// What cannot be read.
pub fn unread() -> FunctionError {
    FunctionError::new("Conversion failed when converting date and/or time from character string.")
}

/// The error for a text that is no date, or one that no calendar has.
pub fn not_read(text: &str, from: Type, to: Type) -> FunctionError {
    let looks_like_one = text.chars().all(|c| c.is_ascii_digit() || " -/.:,T".contains(c));
    if looks_like_one && matches!(to, Type::DateTime | Type::SmallDateTime) {
        let n = if from.is_national() { "n" } else { "" };
        return FunctionError::new(format!(
            "The conversion of a {n}varchar data type to a {to} data type resulted in an out-of-range value."
        ));
    }
    unread()
}

/// The error for a value that the type has no place for.
pub fn out_of_range(to: Type) -> FunctionError {
    FunctionError::new(format!("Adding a value to a '{to}' column caused an overflow."))
}

/// Reads what a column or function of a date or time type holds.
pub fn read(text: &str) -> Result<Moment, FunctionError> {
    // As every time of the product's tables is stored, and there may be millions.
    if plain::is_time(text.as_bytes())
        && let Some(at) = parse_timestamp(text).and_then(DateTime::from_timestamp_millis)
    {
        return Ok(Moment::without_offset(at.naive_utc()));
    }
    let (text, zone) = without_zone(text);
    if let Some(time) = text.get(..8).filter(|_| text.as_bytes().get(2) == Some(&b':')) {
        let seconds = NaiveTime::parse_from_str(time, "%H:%M:%S").map_err(|_| unread())?;
        let at = first_day().and_time(seconds) + fraction(text.get(8..).unwrap_or(""));
        return Ok(Moment::without_offset(at));
    }
    let canonical = || {
        let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
        match text.get(10..)? {
            "" => Some(date.and_time(NaiveTime::MIN)),
            rest => {
                let time = NaiveTime::parse_from_str(rest.get(1..9)?, "%H:%M:%S").ok()?;
                Some(date.and_time(time) + fraction(rest.get(9..).unwrap_or("")))
            }
        }
    };
    match canonical() {
        Some(local) => Ok(Moment { local, offset: zone.minutes() }),
        None => parse(text, None).ok_or_else(unread),
    }
}

impl Moment {
    /// What a clock shows of which no zone is known.
    pub fn without_offset(local: NaiveDateTime) -> Self {
        Self { local, offset: 0 }
    }

    /// The same moment as UTC has it.
    pub fn utc(&self) -> Option<NaiveDateTime> {
        let ahead = TimeDelta::minutes(i64::from(self.offset));
        self.local.checked_sub_signed(ahead)
    }

    /// Days since 1900-01-01, as `float` and `int` see a `datetime`.
    pub fn days(&self) -> f64 {
        let since = self.local - first_day().and_time(NaiveTime::MIN);
        let days = since.num_days() - i64::from(since < TimeDelta::days(since.num_days()));
        // A datetime counts three-hundredths of a second of its day.
        let ms = (since - TimeDelta::days(days)).num_milliseconds();
        let ticks = (ms * 3 + 5) / 10;
        days as f64 + ticks as f64 / DAY_TICKS
    }

    /// The moment so many days after 1900-01-01.
    pub fn from_days(days: f64) -> Option<Self> {
        let ms = days * DAY_MS;
        if ms.abs() > 4e14 {
            return None;
        }
        let since = TimeDelta::try_milliseconds(ms.round() as i64)?;
        let at = first_day().and_time(NaiveTime::MIN).checked_add_signed(since)?;
        Some(Self::without_offset(at))
    }

    /// The text of a value of the type `to`, rounded as that type does.
    pub fn as_type(&self, to: Type) -> Result<String, FunctionError> {
        let year = |at: NaiveDateTime| (1..=9999).contains(&at.year());
        let out = || match to {
            Type::DateTime | Type::SmallDateTime => FunctionError::new(format!(
                "The conversion of a varchar data type to a {to} data type resulted in an out-of-range value."
            )),
            _ => unread(),
        };
        let at = match to {
            Type::Date => {
                let text = self.local.format("%Y-%m-%d").to_string();
                return if year(self.local) { Ok(text) } else { Err(out()) };
            }
            // What is rounded up at midnight begins the day again.
            Type::Time(digits) => {
                let at = self.rounded_to(digits).ok_or_else(out)?;
                return Ok(with_fraction(at.format("%H:%M:%S").to_string(), at, digits));
            }
            Type::DateTime2(digits) => {
                let at = self.rounded_to(digits).filter(|at| year(*at)).ok_or_else(out)?;
                let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
                return Ok(with_fraction(text, at, digits));
            }
            Type::DateTimeOffset(digits) => {
                let local = Self::as_type(self, Type::DateTime2(digits))?;
                if !self.utc().is_some_and(year) {
                    return Err(out());
                }
                return Ok(format!("{local} {}", offset::shown(self.offset)));
            }
            Type::DateTime => self.rounded_to_datetime(),
            Type::SmallDateTime => {
                let base = self.local.with_second(0).and_then(|at| at.with_nanosecond(0));
                // The text is read as a datetime first, to which 29.999 seconds are 30.
                let ms = self.local.second() * 1000 + self.local.nanosecond() / 1_000_000;
                let up = TimeDelta::minutes(i64::from(ms >= 29_999));
                base.and_then(|at| at.checked_add_signed(up))
            }
            _ => Some(self.local),
        };
        let at = at.ok_or_else(out)?;
        let fits = match to {
            Type::DateTime => (1753..=9999).contains(&at.year()),
            Type::SmallDateTime => {
                at.year() >= 1900
                    && at.date() <= NaiveDate::from_ymd_opt(2079, 6, 6).unwrap_or_default()
            }
            _ => year(at),
        };
        if !fits {
            return Err(out());
        }
        Ok(at.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
    }

    /// Rounded to so many digits of a second.
    fn rounded_to(&self, digits: u8) -> Option<NaiveDateTime> {
        let unit = 10_i64.pow(9 - u32::from(digits));
        let whole = self.local.with_nanosecond(0)?;
        let nanos = (i64::from(self.local.nanosecond()) + unit / 2) / unit * unit;
        whole.checked_add_signed(TimeDelta::nanoseconds(nanos))
    }

    /// The moment that a `datetime` stands for, which shows a third of a hundredth of a second as milliseconds.
    pub fn in_ticks(&self) -> Self {
        let nanos = i64::from(self.local.nanosecond());
        let ticks = (nanos * 3 + 5_000_000) / 10_000_000;
        let moved = TimeDelta::nanoseconds((ticks * 20_000_000 + 3) / 6 - nanos);
        let local = self.local.checked_add_signed(moved);
        Self { local: local.unwrap_or(self.local), ..*self }
    }

    /// A `datetime` counts three-hundredths of a second: its milliseconds end in 0, 3 or 7.
    fn rounded_to_datetime(&self) -> Option<NaiveDateTime> {
        let whole = self.local.with_nanosecond(0)?;
        let nanos = i64::from(self.local.nanosecond());
        let ticks = (nanos * 3 + 5_000_000) / 10_000_000;
        let ms = (ticks * 10 + 1) / 3;
        whole.checked_add_signed(TimeDelta::milliseconds(ms))
    }
}

/// The text of a time with so many digits of a second: with three or more as many as are not 0, and three at least, so
/// that texts are in the order of the times.
fn with_fraction(mut text: String, at: NaiveDateTime, digits: u8) -> String {
    if digits == 0 {
        return text;
    }
    let all = format!("{:09}", at.nanosecond());
    let kept = &all[..usize::from(digits.min(7))];
    let least = kept.len().min(3);
    let needed = kept.trim_end_matches('0').len().max(least);
    text.push('.');
    text.push_str(&kept[..needed]);
    text
}

fn argument(value: &Value) -> Result<NaiveDateTime, FunctionError> {
    Ok(read(&value.text())?.local)
}

/// `tsql_dateadd(part, number, date, type)`: a month that is too short for the day ends on its last.
pub fn dateadd(arguments: &[Value]) -> Outcome {
    let [part, number, date, kind] = arguments else {
        return Ok(Value::Null);
    };
    if number.is_null() || date.is_null() {
        return Ok(Value::Null);
    }
    let kind = Type::declared(&kind.text());
    let overflow = || out_of_range(kind);
    let (n, Moment { local: at, offset }) = (number.integer()?, read(&date.text())?);
    if i32::try_from(n).is_err() {
        return Err(FunctionError::new(
            "Arithmetic overflow error converting expression to data type int.",
        ));
    }
    let months = |n: i64| {
        let count = Months::new(u32::try_from(n.unsigned_abs()).unwrap_or(u32::MAX));
        if n < 0 { at.checked_sub_months(count) } else { at.checked_add_months(count) }
    };
    let later = |by: Option<TimeDelta>| by.and_then(|by| at.checked_add_signed(by));
    let moved = match part.text().as_str() {
        "year" => months(n.saturating_mul(12)),
        "quarter" => months(n.saturating_mul(3)),
        "month" => months(n),
        "day" | "dayofyear" | "weekday" => later(TimeDelta::try_days(n)),
        "week" => later(TimeDelta::try_weeks(n)),
        "hour" => later(TimeDelta::try_hours(n)),
        "minute" => later(TimeDelta::try_minutes(n)),
        "second" => later(TimeDelta::try_seconds(n)),
        "millisecond" => later(TimeDelta::try_milliseconds(n)),
        "microsecond" => later(Some(TimeDelta::microseconds(n))),
        "nanosecond" => later(Some(TimeDelta::nanoseconds(n))),
        _ => None,
    };
    let local = moved.ok_or_else(overflow)?;
    let moved = Moment { local, offset };
    let text = moved.as_type(kind).map_err(|_| overflow())?;
    Ok(Value::Text(text))
}

/// `tsql_add_dates(operator, a, b, type)`: two values of the type `datetime` as days since 1900-01-01.
pub fn add_dates(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let kind = Type::declared(&arguments[3].text());
        let (a, b) = (argument(&arguments[1])?, argument(&arguments[2])?);
        let since = b - first_day().and_time(NaiveTime::MIN);
        let moved = if arguments[0].text() == "-" {
            a.checked_sub_signed(since)
        } else {
            a.checked_add_signed(since)
        };
        let at = moved.map(Moment::without_offset);
        let text = at.ok_or_else(|| out_of_range(kind))?.as_type(kind);
        Ok(Value::Text(text.map_err(|_| out_of_range(kind))?))
    })
}

fn boundaries(part: &str, from: NaiveDateTime, to: NaiveDateTime) -> Option<i64> {
    let both = |f: fn(NaiveDateTime) -> i64| f(to).checked_sub(f(from));
    let days = |at: NaiveDateTime| at.and_utc().timestamp().div_euclid(86_400);
    match part {
        "year" => both(|at| i64::from(at.year())),
        "quarter" => both(|at| i64::from(at.year()) * 4 + i64::from(at.month0()) / 3),
        "month" => both(|at| i64::from(at.year()) * 12 + i64::from(at.month0())),
        "day" | "dayofyear" | "weekday" => Some(days(to) - days(from)),
        // A week begins on Sunday here, whatever DATEFIRST says; 1970 began on a Thursday.
        "week" => Some((days(to) + 4).div_euclid(7) - (days(from) + 4).div_euclid(7)),
        "hour" => both(|at| at.and_utc().timestamp().div_euclid(3600)),
        "minute" => both(|at| at.and_utc().timestamp().div_euclid(60)),
        "second" => both(|at| at.and_utc().timestamp()),
        "millisecond" => both(|at| at.and_utc().timestamp_millis()),
        "microsecond" => both(|at| at.and_utc().timestamp_micros()),
        "nanosecond" => to.signed_duration_since(from).num_nanoseconds(),
        _ => None,
    }
}

fn difference(arguments: &[Value], most: i64, name: &str) -> Outcome {
    unless_null(arguments, || {
        let part = arguments[0].text();
        // Offsets do not count: both moments are taken as UTC has them.
        let utc = |value: &Value| read(&value.text())?.utc().ok_or_else(unread);
        let (from, to) = (utc(&arguments[1])?, utc(&arguments[2])?);
        match boundaries(&part, from, to) {
            Some(n) if (-most - 1..=most).contains(&n) => Ok(Value::Integer(n)),
            _ => Err(FunctionError::new(format!(
                "The {name} function resulted in an overflow. The number of dateparts separating two date/time \
                 instances is too large. Try to use {name} with a less precise datepart."
            ))),
        }
    })
}

pub fn datediff(arguments: &[Value]) -> Outcome {
    difference(arguments, i64::from(i32::MAX), "datediff")
}

pub fn datediff_big(arguments: &[Value]) -> Outcome {
    difference(arguments, i64::MAX, "datediff_big")
}

/// The day of the week from 1 for Sunday, as with `DATEFIRST` 7.
fn weekday(at: NaiveDateTime) -> u32 {
    at.weekday().num_days_from_sunday() + 1
}

fn part_of(part: &str, at: NaiveDateTime) -> Option<i64> {
    // `week:1` counts weeks that begin on Monday, as with `DATEFIRST` 1.
    let (part, begins) = match part.split_once(':') {
        Some((part, day)) => (part, day.parse::<u32>().ok()? % 7),
        None => (part, 0),
    };
    let since = |day: u32| (day + 7 - begins) % 7;
    let first = since(at.date().with_ordinal(1)?.weekday().num_days_from_sunday());
    Some(match part {
        "year" => i64::from(at.year()),
        "quarter" => i64::from(at.month0() / 3 + 1),
        "month" => i64::from(at.month()),
        "dayofyear" => i64::from(at.ordinal()),
        "day" => i64::from(at.day()),
        "week" => i64::from((at.ordinal0() + first) / 7 + 1),
        "iso_week" => i64::from(at.iso_week().week()),
        "weekday" => i64::from(since(at.weekday().num_days_from_sunday()) + 1),
        "hour" => i64::from(at.hour()),
        "minute" => i64::from(at.minute()),
        "second" => i64::from(at.second()),
        "millisecond" => i64::from(at.nanosecond() / 1_000_000),
        "microsecond" => i64::from(at.nanosecond() / 1000),
        "nanosecond" => i64::from(at.nanosecond()),
        _ => return None,
    })
}

pub fn datepart(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (part, at) = (arguments[0].text(), read(&arguments[1].text())?);
        // `microsecond:datetime` is of the moment that a datetime stands for.
        let (part, at) = match part.strip_suffix(":datetime") {
            Some(part) => (part.to_owned(), at.in_ticks()),
            None => (part, at),
        };
        Ok(match part.as_str() {
            "tzoffset" => Value::Integer(i64::from(at.offset)),
            part => part_of(part, at.local).map_or(Value::Null, Value::Integer),
        })
    })
}

pub fn datename(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let part = arguments[0].text();
        let mut at = read(&arguments[1].text())?;
        if part.ends_with(":datetime") {
            at = at.in_ticks();
        }
        let Moment { local: at, offset } = at;
        Ok(match part.trim_end_matches(":datetime") {
            "tzoffset" => Value::Text(offset::shown(offset)),
            "month" => Value::Text(month_name(at).to_owned()),
            "weekday" => Value::Text(weekday_name(at).to_owned()),
            part => part_of(part, at).map_or(Value::Null, |n| Value::Text(n.to_string())),
        })
    })
}

/// The month's English name.
pub fn month_name(at: NaiveDateTime) -> &'static str {
    MONTHS[usize::try_from(at.month0()).unwrap_or(0)]
}

/// The day's English name.
pub fn weekday_name(at: NaiveDateTime) -> &'static str {
    WEEKDAYS[usize::try_from(weekday(at) - 1).unwrap_or(0)]
}

/// `ISDATE(text)`: whether it is a `datetime`.
pub fn isdate(arguments: &[Value]) -> Outcome {
    let is = match arguments.first() {
        None | Some(Value::Null) => false,
        Some(value) => {
            let text = value.text();
            let read = parse(&text, None).filter(|_| digits_of_second(&text) <= 3);
            !text.trim_matches(' ').is_empty()
                && read.is_some_and(|at| at.as_type(Type::DateTime).is_ok())
        }
    };
    Ok(Value::Integer(i64::from(is)))
}

/// `tsql_datetrunc(part, date, type)`.
pub fn datetrunc(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let part = arguments[0].text();
        let Moment { local: at, offset } = read(&arguments[1].text())?;
        let kind = Type::declared(&arguments[2].text());
        let (day, clock) = (at.date(), at.time());
        let back = |days: u32| day.checked_sub_days(Days::new(u64::from(days)));
        let first = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1);
        let date = match part.as_str() {
            "year" => first(1),
            "quarter" => first(day.month0() / 3 * 3 + 1),
            "month" => first(day.month()),
            "week" => back(weekday(at) - 1),
            "iso_week" => back(day.weekday().num_days_from_monday()),
            _ => Some(day),
        };
        let (h, m, s) = (clock.hour(), clock.minute(), clock.second());
        let time = match part.as_str() {
            "hour" => NaiveTime::from_hms_opt(h, 0, 0),
            "minute" => NaiveTime::from_hms_opt(h, m, 0),
            "second" => NaiveTime::from_hms_opt(h, m, s),
            "millisecond" => clock.with_nanosecond(clock.nanosecond() / 1_000_000 * 1_000_000),
            "microsecond" => clock.with_nanosecond(clock.nanosecond() / 1000 * 1000),
            "nanosecond" => Some(clock),
            _ => Some(NaiveTime::MIN),
        };
        let moved =
            date.zip(time).map(|(date, time)| Moment { local: date.and_time(time), offset });
        let text = moved.ok_or_else(|| out_of_range(kind))?.as_type(kind)?;
        Ok(Value::Text(text))
    })
}

/// `tsql_date_bucket(part, number, date, origin, type)`: where the bucket begins that the date is in.
pub fn date_bucket(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (part, number) = (arguments[0].text(), arguments[1].integer()?);
        let (at, origin) = (argument(&arguments[2])?, argument(&arguments[3])?);
        let kind = Type::declared(&arguments[4].text());
        if number <= 0 || i32::try_from(number).is_err() {
            return Err(FunctionError::new(
                "Invalid bucket width value passed to date_bucket function. Only positive values are allowed.",
            ));
        }
        let of_months = |months: i64| {
            let size = number.saturating_mul(months);
            let apart = |at: NaiveDateTime| i64::from(at.year()) * 12 + i64::from(at.month0());
            let moved = |months: i64| {
                let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
                if months < 0 {
                    origin.checked_sub_months(count)
                } else {
                    origin.checked_add_months(count)
                }
            };
            let first = (apart(at) - apart(origin)).div_euclid(size) * size;
            moved(first).filter(|begins| *begins <= at).or_else(|| moved(first - size))
        };
        let of_time = |unit: Option<TimeDelta>| {
            let size = i128::from(unit?.num_milliseconds()).checked_mul(i128::from(number))?;
            let since = at - origin;
            let whole = i128::from(since.num_milliseconds());
            // What is cut off of a time before the origin is a part of it.
            let whole =
                whole - i128::from(since < TimeDelta::milliseconds(since.num_milliseconds()));
            let begins = i64::try_from(whole.div_euclid(size) * size).ok()?;
            origin.checked_add_signed(TimeDelta::try_milliseconds(begins)?)
        };
        let begins = match part.as_str() {
            "year" => of_months(12),
            "quarter" => of_months(3),
            "month" => of_months(1),
            "week" => of_time(TimeDelta::try_weeks(1)),
            "day" => of_time(TimeDelta::try_days(1)),
            "hour" => of_time(TimeDelta::try_hours(1)),
            "minute" => of_time(TimeDelta::try_minutes(1)),
            "second" => of_time(TimeDelta::try_seconds(1)),
            _ => of_time(TimeDelta::try_milliseconds(1)),
        };
        let begins = begins.map(Moment::without_offset).ok_or_else(|| out_of_range(kind))?;
        Ok(Value::Text(begins.as_type(kind).map_err(|_| out_of_range(kind))?))
    })
}

fn last_of_month(date: NaiveDate) -> Option<NaiveDate> {
    date.with_day(1)?.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
}

pub fn eomonth(arguments: &[Value]) -> Outcome {
    let Some(date) = arguments.first().filter(|date| !date.is_null()) else {
        return Ok(Value::Null);
    };
    let date = argument(date)?.date();
    let n = match arguments.get(1) {
        Some(n) => n.integer()?,
        None => 0,
    };
    let count = Months::new(u32::try_from(n.unsigned_abs()).unwrap_or(u32::MAX));
    let moved = if n < 0 { date.checked_sub_months(count) } else { date.checked_add_months(count) };
    match moved.and_then(last_of_month) {
        Some(date) if (1..=9999).contains(&date.year()) => {
            Ok(Value::Text(date.format("%Y-%m-%d").to_string()))
        }
        _ => Err(out_of_range(Type::Date)),
    }
}

fn from_parts(arguments: &[Value]) -> Result<Option<NaiveDate>, FunctionError> {
    let part = |at: usize| -> Result<i64, FunctionError> { arguments[at].integer() };
    let (year, month, day) = (part(0)?, part(1)?, part(2)?);
    let date = || {
        let date = NaiveDate::from_ymd_opt(
            i32::try_from(year).ok()?,
            u32::try_from(month).ok()?,
            u32::try_from(day).ok()?,
        )?;
        (1..=9999).contains(&date.year()).then_some(date)
    };
    Ok(date())
}

fn no_such_date(kind: &str) -> FunctionError {
    FunctionError::new(format!(
        "Cannot construct data type {kind}, some of the arguments have values which are not valid."
    ))
}

pub fn datefromparts(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || match from_parts(arguments)? {
        Some(date) => Ok(Value::Text(date.format("%Y-%m-%d").to_string())),
        None => Err(no_such_date("date")),
    })
}

pub fn datetimefromparts(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let part = |at: usize| -> Result<Option<u32>, FunctionError> {
            Ok(u32::try_from(arguments[at].integer()?).ok())
        };
        let (h, m, s, ms) = (part(3)?, part(4)?, part(5)?, part(6)?);
        let at = from_parts(arguments)?.and_then(|date| {
            date.and_hms_milli_opt(h?, m?, s.filter(|s| *s < 60)?, ms.filter(|ms| *ms < 1000)?)
        });
        match at.map(|at| Moment::without_offset(at).as_type(Type::DateTime)) {
            Some(Ok(text)) => Ok(Value::Text(text)),
            _ => Err(no_such_date("datetime")),
        }
    })
}
