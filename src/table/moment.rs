//! Dates, times and distances from UTC as people type them, for every option that takes one.
//!
//! A text with two readings is refused with both of them. What a format says is given in the words of SQL Server
//! (`dd/MM/yyyy HH:mm`, or the number of a style as `CONVERT` takes it) or of strftime.

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use thiserror::Error;

/// Why a text is no date and time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MomentError {
    /// It is written in no known way.
    #[error("cannot read `{text}` as a date and time")]
    Unreadable {
        /// What was typed.
        text: String,
    },
    /// Its day and month can be exchanged.
    #[error("`{text}` is {day_first} or {month_first}")]
    TwoReadings {
        /// What was typed.
        text: String,
        /// As a date with the day first.
        day_first: String,
        /// As a date with the month first.
        month_first: String,
    },
    /// It is a time of day, and nothing says of which day.
    #[error("`{text}` is a time of day, without the day")]
    NoDay {
        /// What was typed.
        text: String,
    },
}

/// A date and time as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypedMoment {
    /// Milliseconds since 1970 on the clock that it is written by.
    pub ms: i64,
    /// How many minutes that clock is ahead of UTC, where the text says so; else it is the servers'.
    pub offset_minutes: Option<i64>,
    /// Whether it is a day without a time.
    pub is_day: bool,
}

/// Reads a date and time. A time of day alone is of the day of `day_ms`, where that is given; `format` is strftime's.
///
/// # Errors
/// When it is none, or has two readings.
pub fn parse(
    text: &str,
    format: Option<&str>,
    day_ms: Option<i64>,
) -> Result<TypedMoment, MomentError> {
    let text = text.trim();
    let unreadable = || MomentError::Unreadable { text: text.to_owned() };
    let (plain, offset_minutes) = without_offset(text);
    let moment = |date: NaiveDate, time: Option<NaiveTime>| TypedMoment {
        ms: date.and_time(time.unwrap_or(NaiveTime::MIN)).and_utc().timestamp_millis(),
        offset_minutes,
        is_day: time.is_none(),
    };
    if let Some(format) = format {
        if let Some(both) = by_format(plain, format) {
            return Ok(moment(both.date(), Some(both.time())));
        }
        let date_format = format.split([' ', 'T']).next().unwrap_or(format);
        let (date, time) = split(plain);
        if let Ok(date) = NaiveDate::parse_from_str(date, date_format) {
            let time = time.map(|time| time_of_day(time).ok_or_else(unreadable));
            return Ok(moment(date, time.transpose()?));
        }
    }
    if let Some(time) = time_of_day(plain) {
        let day = day_ms.and_then(DateTime::from_timestamp_millis);
        let day = day.ok_or_else(|| MomentError::NoDay { text: text.to_owned() })?;
        return Ok(moment(day.date_naive(), Some(time)));
    }
    let (date, time) = split(plain);
    let time = time.map(|time| time_of_day(time).ok_or_else(unreadable));
    Ok(moment(date_of(date, text)?, time.transpose()?))
}

/// Reads a date and time by a format of strftime. `%f` at its end is a fraction of a second, as in Python, however many
/// digits it has; chrono alone takes it for nanoseconds.
#[must_use]
pub fn by_format(text: &str, format: &str) -> Option<NaiveDateTime> {
    let Some(before) = format.strip_suffix("%f") else {
        return NaiveDateTime::parse_from_str(text, format).ok();
    };
    let whole = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &text[whole.len()..];
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    NaiveDateTime::parse_from_str(&format!("{whole}{digits:0<9}"), &format!("{before}%9f")).ok()
}

/// The date, and the time after a blank or a `T`.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once([' ', 'T', 't']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    }
}

/// The text without the `Z`, `+02:00` or `-0500` after its time, and that in minutes.
fn without_offset(text: &str) -> (&str, Option<i64>) {
    let none = (text, None);
    let Some(colon) = text.rfind(':') else {
        return none;
    };
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return (rest.trim_end(), Some(0));
    }
    // A sign after the first colon is of an offset; the date's own stand before it.
    let first = text.find(':').unwrap_or(colon);
    match text[first..].find(['+', '-']) {
        Some(at) => {
            let (time, offset) = text.split_at(first + at);
            fixed_offset(offset).map_or(none, |minutes| (time.trim_end(), Some(minutes)))
        }
        None => none,
    }
}

/// `9:00`, `09:00:00.000`, `9:00 PM`.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    if let Some(rest) = upper.strip_suffix("AM").or_else(|| upper.strip_suffix("PM")) {
        let formats = ["%I:%M:%S%.f %p", "%I:%M %p", "%I %p"];
        let text = format!("{} {}", rest.trim_end(), &upper[upper.len() - 2..]);
        return formats.iter().find_map(|format| NaiveTime::parse_from_str(&text, format).ok());
    }
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let number = |part: &&str| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u32>().ok())?
    };
    let numbers: Vec<u32> = parts.iter().map(number).collect::<Option<_>>()?;
    let millis = match fraction {
        None => 0,
        Some(digits) if numbers.len() == 3 && (1..=9).contains(&digits.len()) => {
            digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
            format!("{digits:0<3}")[..3].parse().ok()?
        }
        Some(_) => return None,
    };
    match numbers[..] {
        [hour, minute] => NaiveTime::from_hms_opt(hour, minute, 0),
        [hour, minute, second] => NaiveTime::from_hms_milli_opt(hour, minute, second, millis),
        _ => None,
    }
}

/// `2026-11-24`, `2026/11/24`, `20261124`, `24.11.2026`; `24/11/2026` where one of the two cannot be a month.
fn date_of(date: &str, text: &str) -> Result<NaiveDate, MomentError> {
    let unreadable = || MomentError::Unreadable { text: text.to_owned() };
    let digits = date.bytes().all(|b| b.is_ascii_digit());
    if digits && date.len() == 8 {
        return NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| unreadable());
    }
    let separator = date.chars().find(|c| !c.is_ascii_digit()).ok_or_else(unreadable)?;
    let parts: Vec<&str> = date.split(separator).collect();
    let [a, b, c] = parts[..] else {
        return Err(unreadable());
    };
    let number = |part: &str| {
        let plain = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<u32>().ok())?
    };
    let (Some(x), Some(y), Some(z)) = (number(a), number(b), number(c)) else {
        return Err(unreadable());
    };
    let of = |year: u32, month: u32, day: u32| {
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    };
    if !matches!(separator, '-' | '/' | '.') {
        return Err(unreadable());
    }
    if a.len() == 4 {
        return of(x, y, z).ok_or_else(unreadable);
    }
    if c.len() != 4 {
        return Err(unreadable());
    }
    let (day_first, month_first) = (of(z, y, x), of(z, x, y));
    match (day_first, month_first) {
        // Points are written between a day and its month, never the other way round.
        (Some(date), None) => Ok(date),
        (Some(date), Some(_)) if separator == '.' => Ok(date),
        (Some(one), Some(other)) if one == other => Ok(one),
        (Some(one), Some(other)) => Err(MomentError::TwoReadings {
            text: text.to_owned(),
            day_first: one.format("%Y-%m-%d").to_string(),
            month_first: other.format("%Y-%m-%d").to_string(),
        }),
        (None, Some(date)) if separator != '.' => Ok(date),
        (None, _) => Err(unreadable()),
    }
}

// FORMATS --------------------------------------------------------------------------------------------------

/// The styles of `CONVERT` that write a date, by number.
const STYLES: [(&str, &str); 16] = [
    ("101", "%m/%d/%Y"),
    ("102", "%Y.%m.%d"),
    ("103", "%d/%m/%Y"),
    ("104", "%d.%m.%Y"),
    ("105", "%d-%m-%Y"),
    ("106", "%d %b %Y"),
    ("107", "%b %d, %Y"),
    ("110", "%m-%d-%Y"),
    ("111", "%Y/%m/%d"),
    ("112", "%Y%m%d"),
    ("113", "%d %b %Y %H:%M:%S:%3f"),
    ("120", "%Y-%m-%d %H:%M:%S"),
    ("121", "%Y-%m-%d %H:%M:%S%.f"),
    ("126", "%Y-%m-%dT%H:%M:%S%.f"),
    ("127", "%Y-%m-%dT%H:%M:%S%.fZ"),
    ("131", "%d/%m/%Y %I:%M:%S:%3f%p"),
];

/// A format as strftime has it, from SQL Server's words, the number of a style, or strftime itself; `None` when it is
/// none of them.
#[must_use]
pub fn strftime(format: &str) -> Option<String> {
    let format = format.trim();
    if format.contains('%') {
        if format.trim_end_matches("%f").contains("%f") {
            return None;
        }
        let mut items = chrono::format::StrftimeItems::new(format);
        let wrong = items.any(|item| matches!(item, chrono::format::Item::Error));
        return (!wrong).then(|| format.to_owned());
    }
    if let Some((_, style)) = STYLES.iter().find(|(number, _)| *number == format) {
        return Some((*style).to_owned());
    }
    in_words(format)
}

/// `dd/MM/yyyy HH:mm:ss.fff`. As SQL Server's own pages write `dd/mm/yyyy` too, `mm` beside a day or a year is a month.
fn in_words(format: &str) -> Option<String> {
    let mut out = String::new();
    let (mut has_day, mut has_month, mut has_year) = (false, false, false);
    let mut rest = format;
    let mut hours_before = false;
    while let Some(c) = rest.chars().next() {
        let run = rest.chars().take_while(|next| *next == c).count();
        let length = run * c.len_utf8();
        let is_month = c == 'M' || (c == 'm' && !hours_before && !format.contains('M'));
        let item = match (c, run) {
            ('y' | 'Y', 4) => "%Y",
            ('y' | 'Y', 2) => "%y",
            ('M', 4) => "%B",
            ('M', 3) => "%b",
            ('m' | 'M', 1 | 2) if is_month => "%m",
            ('d' | 'D', 1 | 2) => "%d",
            ('H', 1 | 2) => "%H",
            // Without a word for the half of the day, an hour is one of 24.
            ('h', 1 | 2) if format.contains("tt") => "%I",
            ('h', 1 | 2) => "%H",
            ('m', 1 | 2) => "%M",
            ('s' | 'S', 1 | 2) => "%S",
            ('f' | 'F', 1..=9) if out.ends_with('.') => {
                out.pop();
                "%.f"
            }
            ('f' | 'F', 1..=9) if out.ends_with([',', ':']) && rest.len() == length => "%f",
            ('t', 2) => "%p",
            ('%', _) => return None,
            (c, _) if c.is_ascii_alphabetic() && c != 'T' => return None,
            _ => "",
        };
        has_year |= matches!(c, 'y' | 'Y');
        has_month |= is_month;
        has_day |= matches!(c, 'd' | 'D');
        hours_before |= matches!(c, 'h' | 'H');
        if item.is_empty() {
            out.push_str(&rest[..length]);
        } else {
            out.push_str(item);
        }
        rest = &rest[length..];
    }
    (has_day && has_month && has_year).then_some(out)
}

// UTC ------------------------------------------------------------------------------------------------------

/// How far a clock is ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UtcOffset {
    /// Always so many minutes.
    Minutes(i64),
    /// As a zone has it, with its daylight saving.
    Zone(Tz),
}

/// What a clock that is set back or forward shows twice or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetAt {
    /// It is so many minutes ahead of UTC.
    Minutes(i64),
    /// The clock shows this time twice, so many minutes ahead of UTC first and then.
    Twice(i64, i64),
    /// The clock never shows this time.
    Never,
}

impl UtcOffset {
    /// Reads `+02:00`, `+02`, `2`, `-5:30`, `Z`, `UTC+2` or the name of a zone, such as `Europe/Berlin`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(minutes) = fixed_offset(text) {
            return Some(Self::Minutes(minutes));
        }
        let upper = text.to_ascii_uppercase();
        let after = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT"));
        if let Some(after) = after {
            return match after.trim() {
                "" => Some(Self::Minutes(0)),
                signed if signed.starts_with(['+', '-']) => fixed_offset(signed).map(Self::Minutes),
                _ => None,
            };
        }
        // Other names without a place are abbreviations, and several zones share most of them.
        let mut places = chrono_tz::TZ_VARIANTS.iter().filter(|zone| zone.name().contains('/'));
        let place = places.find(|zone| zone.name().eq_ignore_ascii_case(text));
        place.copied().map(Self::Zone)
    }

    /// How far it is ahead when it shows `ms`.
    #[must_use]
    pub fn at(self, ms: i64) -> OffsetAt {
        let zone = match self {
            Self::Minutes(minutes) => return OffsetAt::Minutes(minutes),
            Self::Zone(zone) => zone,
        };
        let Some(local) = DateTime::from_timestamp_millis(ms) else {
            return OffsetAt::Never;
        };
        let minutes = |at: DateTime<Tz>| i64::from(at.offset().fix().local_minus_utc()) / 60;
        match zone.from_local_datetime(&local.naive_utc()) {
            LocalResult::Single(at) => OffsetAt::Minutes(minutes(at)),
            LocalResult::Ambiguous(first, then) => OffsetAt::Twice(minutes(first), minutes(then)),
            LocalResult::None => OffsetAt::Never,
        }
    }

    /// How far it is ahead at a moment of UTC.
    #[must_use]
    pub fn at_utc(self, utc_ms: i64) -> i64 {
        match (self, DateTime::from_timestamp_millis(utc_ms)) {
            (Self::Minutes(minutes), _) => minutes,
            (Self::Zone(zone), Some(at)) => {
                let offset = zone.offset_from_utc_datetime(&at.naive_utc());
                i64::from(offset.fix().local_minus_utc()) / 60
            }
            (Self::Zone(_), None) => 0,
        }
    }
}

/// `Z`, `+02:00`, `+0200`, `+02`, `2`, `-5:30`; no place on earth is further from Greenwich than 14 hours.
fn fixed_offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-" | "\u{2212}", rest)) => (-1, rest),
        _ => (1, text),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number = |digits: &str| {
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<i64>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|_| minutes.len() == 2)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 14 * 60).then_some(sign * total)
}
