//! Dates and times: reading and writing them in SQL Server's styles, and counting between them.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    Timelike as _,
};

use super::{FunctionError, Outcome, Value, unless_null};
use crate::schema::types::Type;
use crate::table::{parse_timestamp, plain};

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
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const DAY_MS: f64 = 86_400_000.0;
const DAY_TICKS: f64 = 25_920_000.0;

/// A date with a time of day; a time alone stands on SQL Server's first day, 1900-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub NaiveDateTime);

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default()
}

/// What cannot be read.
pub fn unread() -> FunctionError {
    FunctionError::new("Conversion failed when converting date and/or time from character string.")
}

/// The error for a text that is no date, or one that no calendar has.
pub fn not_read(text: &str, from: Type, to: Type) -> FunctionError {
    let looks_like_one = text
        .chars()
        .all(|c| c.is_ascii_digit() || " -/.:,T".contains(c));
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
    FunctionError::new(format!(
        "Adding a value to a '{to}' column caused an overflow."
    ))
}

/// Reads what a column or function of a date or time type holds.
pub fn read(text: &str) -> Result<Moment, FunctionError> {
    // As every time of the product's tables is stored, and there may be millions.
    if plain::is_time(text.as_bytes())
        && let Some(at) = parse_timestamp(text).and_then(DateTime::from_timestamp_millis)
    {
        return Ok(Moment(at.naive_utc()));
    }
    if let Some(time) = text
        .get(..8)
        .filter(|_| text.as_bytes().get(2) == Some(&b':'))
    {
        let seconds = NaiveTime::parse_from_str(time, "%H:%M:%S").map_err(|_| unread())?;
        let at = first_day().and_time(seconds) + fraction(text.get(8..).unwrap_or(""));
        return Ok(Moment(at));
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
        Some(at) => Ok(Moment(at)),
        None => parse(text, None).ok_or_else(unread),
    }
}

/// `.003` as a length of time; digits beyond the ninth do not count.
fn fraction(text: &str) -> TimeDelta {
    let digits: String = text
        .chars()
        .filter(char::is_ascii_digit)
        .chain(std::iter::repeat('0'))
        .take(9)
        .collect();
    TimeDelta::nanoseconds(digits.parse().unwrap_or(0))
}

/// How many digits a text has after the point of its seconds.
pub fn digits_of_second(text: &str) -> usize {
    let seconds = text.rsplit_once(':').map_or("", |(_, seconds)| seconds);
    let digits = seconds.split_once('.').map_or("", |(_, digits)| digits);
    digits.bytes().take_while(u8::is_ascii_digit).count()
}

/// What a text says about its time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// No offset at all.
    None,
    /// `Z`, which is UTC.
    Utc,
    /// Hours and minutes, such as `+02:00`.
    Offset,
}

/// A date and time without the zone at its end; the types that are kept here know none, and SQL Server drops it.
pub fn without_zone(text: &str) -> (&str, Zone) {
    let trimmed = text.trim_end_matches(' ');
    let timed =
        |before: &str| before.contains(':') && before.ends_with(|c: char| c.is_ascii_digit());
    if let Some(before) = trimmed.strip_suffix(['Z', 'z'])
        && timed(before)
    {
        return (before, Zone::Utc);
    }
    let bytes = trimmed.as_bytes();
    if let Some(at) = bytes.len().checked_sub(6)
        && let [b'+' | b'-', h1, h2, b':', m1, m2] = bytes[at..]
        && [h1, h2, m1, m2].iter().all(u8::is_ascii_digit)
        && let Some(before) = trimmed.get(..at)
        && timed(before.trim_end_matches(' '))
    {
        return (before, Zone::Offset);
    }
    (text, Zone::None)
}

/// The style of `SET DATEFORMAT dmy`, where a year that stands first is followed by the month.
pub const DMY: i64 = 1103;
/// The same for `datetime`, where it is followed by the day.
pub const YDM: i64 = 1104;

/// Which number of a date stands first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Month,
    Day,
    /// The day, or the year with the month after it.
    DayOrYear,
    /// The day, or the year with the day after it.
    DayOrYearDay,
    Year,
}

enum Token<'a> {
    Number(&'a str),
    Word(String),
    Sign(char),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |test: fn(&char) -> bool| rest.find(|c| !test(&c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let end = run(char::is_ascii_digit);
            tokens.push(Token::Number(&rest[..end]));
            end
        } else if first.is_ascii_alphabetic() {
            let end = run(char::is_ascii_alphabetic);
            tokens.push(Token::Word(rest[..end].to_ascii_lowercase()));
            end
        } else {
            if first != ' ' {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Reads a date, a time or both from text, as a session in US English does; `style` is that of `CONVERT`.
pub fn parse(text: &str, style: Option<i64>) -> Option<Moment> {
    let order = match style {
        Some(DMY) => Order::DayOrYear,
        Some(YDM) if text.contains('T') => Order::DayOrYear,
        Some(YDM) => Order::DayOrYearDay,
        Some(3..=6 | 13 | 103..=106 | 113) => Order::Day,
        Some(2 | 11 | 12 | 20 | 21 | 23 | 25 | 102 | 111 | 112 | 120 | 121 | 126 | 127) => {
            Order::Year
        }
        _ => Order::Month,
    };
    let tokens = tokens(text.trim_matches(' '));
    // The time starts at the number before the first colon, or before AM or PM.
    let is_half = |token: &Token<'_>| matches!(token, Token::Word(w) if w == "am" || w == "pm");
    let colon = tokens
        .iter()
        .position(|token| matches!(token, Token::Sign(':')) || is_half(token));
    let split = match colon {
        Some(0) => return None,
        Some(at) => at - 1,
        None => tokens.len(),
    };
    let (mut date, time) = tokens.split_at(split);
    if let [before @ .., Token::Word(t)] = date
        && t == "t"
        && !time.is_empty()
    {
        date = before;
    }
    let day = read_date(date, order)?;
    let clock = read_time(time, style)?;
    Some(Moment(day.and_time(NaiveTime::MIN) + clock))
}

fn read_time(tokens: &[Token<'_>], style: Option<i64>) -> Option<TimeDelta> {
    let mut rest = tokens;
    let mut half = None;
    if let [before @ .., Token::Word(word)] = rest {
        match word.as_str() {
            "am" => half = Some(0),
            "pm" => half = Some(12),
            "z" if style == Some(127) => {}
            _ => return None,
        }
        rest = before;
    }
    if rest.is_empty() {
        return (half.is_none()).then(TimeDelta::zero);
    }
    let number = |token: &Token<'_>, most: i64| match token {
        Token::Number(digits) if digits.len() <= 2 => {
            digits.parse::<i64>().ok().filter(|n| *n <= most)
        }
        _ => None,
    };
    let mut hour = number(rest.first()?, 23)?;
    if let Some(half) = half {
        hour = match hour {
            1..=12 => hour % 12 + half,
            0 if half == 0 => 0,
            13.. if half == 12 => hour,
            _ => return None,
        };
    }
    let (mut minute, mut second, mut nanos) = (0, 0, TimeDelta::zero());
    match &rest[1..] {
        [] if half.is_some() => {}
        [Token::Sign(':'), m] => minute = number(m, 59)?,
        [Token::Sign(':'), m, Token::Sign(':'), s] => {
            (minute, second) = (number(m, 59)?, number(s, 59)?);
        }
        [
            Token::Sign(':'),
            m,
            Token::Sign(':'),
            s,
            Token::Sign(point @ ('.' | ':')),
            Token::Number(f),
        ] if f.len() <= 7 => {
            (minute, second) = (number(m, 59)?, number(s, 59)?);
            nanos = if *point == '.' {
                fraction(f)
            } else {
                TimeDelta::milliseconds(f.parse().ok().filter(|ms| *ms < 1000)?)
            };
        }
        _ => return None,
    }
    Some(TimeDelta::seconds(hour * 3600 + minute * 60 + second) + nanos)
}

fn read_date(tokens: &[Token<'_>], order: Order) -> Option<NaiveDate> {
    let mut numbers: Vec<&str> = Vec::new();
    let mut month = None;
    for token in tokens {
        match token {
            Token::Number(digits) => numbers.push(digits),
            Token::Word(word) if month.is_none() => month = Some(month_named(word)?),
            Token::Sign('-' | '/' | '.' | ',') => {}
            _ => return None,
        }
    }
    let value = |text: &str| text.parse::<u32>().ok();
    let year = |text: &str| {
        let value: i32 = text.parse().ok()?;
        match text.len() {
            4 => Some(value),
            1 | 2 if value < 50 => Some(2000 + value),
            1 | 2 => Some(1900 + value),
            _ => None,
        }
    };
    let short = |text: &str| text.len() <= 2;
    if let Some(month) = month {
        return match numbers.as_slice() {
            [y] if y.len() == 4 => NaiveDate::from_ymd_opt(year(y)?, month, 1),
            [y, d] if y.len() == 4 && short(d) => {
                NaiveDate::from_ymd_opt(year(y)?, month, value(d)?)
            }
            [d, y] if short(d) => NaiveDate::from_ymd_opt(year(y)?, month, value(d)?),
            _ => None,
        };
    }
    match numbers.as_slice() {
        [] if tokens.is_empty() => Some(first_day()),
        [all] if tokens.len() == 1 => match all.len() {
            8 => NaiveDate::from_ymd_opt(
                all[..4].parse().ok()?,
                value(&all[4..6])?,
                value(&all[6..])?,
            ),
            6 => NaiveDate::from_ymd_opt(year(&all[..2])?, value(&all[2..4])?, value(&all[4..])?),
            4 => NaiveDate::from_ymd_opt(year(all)?, 1, 1),
            _ => None,
        },
        [a, b, c] if tokens.len() == 5 => {
            let (y, m, d) = match order {
                Order::Day if a.len() == 4 => return None,
                Order::DayOrYearDay if a.len() == 4 => (a, c, b),
                _ if a.len() == 4 => (a, b, c),
                // The year may stand in the middle.
                Order::Month if b.len() == 4 => (b, a, c),
                Order::Day | Order::DayOrYear | Order::DayOrYearDay if b.len() == 4 => (b, c, a),
                Order::Year => (a, b, c),
                Order::Month => (c, a, b),
                Order::Day | Order::DayOrYear | Order::DayOrYearDay => (c, b, a),
            };
            if !short(m) || !short(d) {
                return None;
            }
            NaiveDate::from_ymd_opt(year(y)?, value(m)?, value(d)?)
        }
        _ => None,
    }
}

fn month_named(word: &str) -> Option<u32> {
    let found = MONTHS
        .iter()
        .zip(1..)
        .find(|(name, _)| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]));
    found.map(|(_, number)| number)
}

impl Moment {
    /// Days since 1900-01-01, as `float` and `int` see a `datetime`.
    pub fn days(&self) -> f64 {
        let since = self.0 - first_day().and_time(NaiveTime::MIN);
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
        let at = first_day()
            .and_time(NaiveTime::MIN)
            .checked_add_signed(since)?;
        Some(Self(at))
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
                let text = self.0.format("%Y-%m-%d").to_string();
                return if year(self.0) { Ok(text) } else { Err(out()) };
            }
            // What is rounded up at midnight begins the day again.
            Type::Time(digits) => {
                let at = self.rounded_to(digits).ok_or_else(out)?;
                return Ok(with_fraction(at.format("%H:%M:%S").to_string(), at, digits));
            }
            Type::DateTime2(digits) => {
                let at = self
                    .rounded_to(digits)
                    .filter(|at| year(*at))
                    .ok_or_else(out)?;
                let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
                return Ok(with_fraction(text, at, digits));
            }
            Type::DateTime => self.rounded_to_datetime(),
            Type::SmallDateTime => {
                let base = self.0.with_second(0).and_then(|at| at.with_nanosecond(0));
                // The text is read as a datetime first, to which 29.999 seconds are 30.
                let ms = self.0.second() * 1000 + self.0.nanosecond() / 1_000_000;
                let up = TimeDelta::minutes(i64::from(ms >= 29_999));
                base.and_then(|at| at.checked_add_signed(up))
            }
            _ => Some(self.0),
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
        let whole = self.0.with_nanosecond(0)?;
        let nanos = (i64::from(self.0.nanosecond()) + unit / 2) / unit * unit;
        whole.checked_add_signed(TimeDelta::nanoseconds(nanos))
    }

    /// A `datetime` counts three-hundredths of a second: its milliseconds end in 0, 3 or 7.
    fn rounded_to_datetime(&self) -> Option<NaiveDateTime> {
        let whole = self.0.with_nanosecond(0)?;
        let nanos = i64::from(self.0.nanosecond());
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

/// The text of a moment in a style of `CONVERT`.
pub fn show(at: &Moment, from: Type, style: Option<i64>) -> Result<String, FunctionError> {
    let at = at.0;
    let default = match from {
        Type::DateTime | Type::SmallDateTime => 0,
        _ => 121,
    };
    let style = style.unwrap_or(default);
    let month = &MONTHS[usize::try_from(at.month0()).unwrap_or(0)][..3];
    let half = if at.hour() < 12 { "AM" } else { "PM" };
    let hour = if at.hour().is_multiple_of(12) {
        12
    } else {
        at.hour() % 12
    };
    // The digits of a second that the type has; a `datetime` has them after a colon in some styles.
    let digits = match from {
        Type::DateTime2(digits) => usize::from(digits),
        Type::Time(digits) => usize::from(digits),
        _ => 3,
    };
    let newer = matches!(from, Type::DateTime2(_) | Type::Time(_));
    let second = |point: char| {
        let point = if newer { '.' } else { point };
        let all = format!("{:09}", at.nanosecond());
        match all.get(..digits) {
            Some("") | None => format!("{:02}", at.second()),
            Some(part) => format!("{:02}{point}{part}", at.second()),
        }
    };
    let f = |pattern: &str| at.format(pattern).to_string();
    let wrong = || {
        FunctionError::refused(format!(
            "{style} is not a valid style number when converting from {} to a character string.",
            from.to_string().split('(').next().unwrap_or("datetime")
        ))
    };
    let (y, yy, m, d) = (f("%Y"), f("%y"), f("%m"), f("%d"));
    let date = match style {
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
        _ => return Err(wrong()),
    };
    let time = match style {
        0 | 100 => format!("{hour:>2}:{:02}{half}", at.minute()),
        9 | 109 => format!("{hour:>2}:{:02}:{}{half}", at.minute(), second(':')),
        22 => format!("{hour:>2}:{:02}:{:02} {half}", at.minute(), at.second()),
        13 | 14 | 113 | 114 => format!("{}:{}", f("%H:%M"), second(':')),
        8 | 24 | 108 | 20 | 120 => f("%H:%M:%S"),
        21 | 25 | 121 => format!("{}:{}", f("%H:%M"), second('.')),
        126 | 127 => {
            let plain = at.nanosecond() < 1_000_000 && !newer;
            if plain {
                f("%H:%M:%S")
            } else {
                format!("{}:{}", f("%H:%M"), second('.'))
            }
        }
        _ => String::new(),
    };
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

fn argument(value: &Value) -> Result<NaiveDateTime, FunctionError> {
    Ok(read(&value.text())?.0)
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
    let (n, at) = (number.integer()?, argument(date)?);
    if i32::try_from(n).is_err() {
        return Err(FunctionError::new(
            "Arithmetic overflow error converting expression to data type int.",
        ));
    }
    let months = |n: i64| {
        let count = Months::new(u32::try_from(n.unsigned_abs()).unwrap_or(u32::MAX));
        if n < 0 {
            at.checked_sub_months(count)
        } else {
            at.checked_add_months(count)
        }
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
    let moved = Moment(moved.ok_or_else(overflow)?);
    let text = moved.as_type(kind).map_err(|_| overflow())?;
    Ok(Value::Text(text))
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
        let (from, to) = (argument(&arguments[1])?, argument(&arguments[2])?);
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
        let part = part_of(&arguments[0].text(), argument(&arguments[1])?);
        Ok(part.map_or(Value::Null, Value::Integer))
    })
}

pub fn datename(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (part, at) = (arguments[0].text(), argument(&arguments[1])?);
        Ok(match part.as_str() {
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
        let (part, at) = (arguments[0].text(), argument(&arguments[1])?);
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
        let moved = date
            .zip(time)
            .map(|(date, time)| Moment(date.and_time(time)));
        let text = moved.ok_or_else(|| out_of_range(kind))?.as_type(kind)?;
        Ok(Value::Text(text))
    })
}

fn last_of_month(date: NaiveDate) -> Option<NaiveDate> {
    date.with_day(1)?
        .checked_add_months(Months::new(1))?
        .checked_sub_days(Days::new(1))
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
    let moved = if n < 0 {
        date.checked_sub_months(count)
    } else {
        date.checked_add_months(count)
    };
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
        match at.map(|at| Moment(at).as_type(Type::DateTime)) {
            Some(Ok(text)) => Ok(Value::Text(text)),
            _ => Err(no_such_date("datetime")),
        }
    })
}
