//! Times as Microsoft's serializers write them in JSON, and PowerShell 5 with them: `"\/Date(1321976400000)\/"`, the
//! milliseconds since 1970 in UTC.
//!
//! The slashes are escaped in no other text, so that no text is taken for a time. PowerShell wraps a time that it has
//! shown: `{"value": "\/Date(...)\/", "DisplayHint": 2, "DateTime": "Tuesday, November 22, 2011 3:40:00 PM"}`. There
//! `DateTime` is what the clock showed, in any language, and the milliseconds say the rest.

use super::members;
use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike};

/// A time, and whether it is UTC because nothing says what the clock showed.
pub(super) struct Instant {
    pub(super) text: String,
    pub(super) is_utc: bool,
}

impl Instant {
    /// The time in `value`, a string in quotes or an object, as in the file.
    pub(super) fn of(value: &str) -> Option<Self> {
        if let Some(inner) = value.strip_prefix(r#""\/Date("#) {
            let (at, offset) = parts(inner.strip_suffix(r#")\/""#)?)?;
            let text = match offset {
                Some((offset, written)) => format!("{}{written}", stored(at + offset)),
                None => format!("{}Z", stored(at)),
            };
            return Some(Self { text, is_utc: offset.is_none() });
        }
        // An object within another one would be read once more at each level.
        let inner = value.strip_prefix('{').filter(|inner| !inner.contains('{'))?;
        if !inner.contains(r#""\/Date("#) {
            return None;
        }
        let cells = members(value).ok()?;
        let member = |wanted: &str| {
            let found = cells.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.and_then(|(_, cell)| cell.as_deref())
        };
        let (utc, shown) = (member("value")?, member("DateTime")?);
        let at = NaiveDateTime::parse_from_str(utc, "%Y-%m-%d %H:%M:%S%.3fZ").ok()?;
        Some(match wall_clock(at, shown) {
            Some(at) => Self { text: stored(at), is_utc: false },
            None => Self { text: utc.to_owned(), is_utc: true },
        })
    }
}

fn stored(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The time in `1321976400000` or `1321976400000+0100`, and its offset from UTC.
fn parts(inner: &str) -> Option<(NaiveDateTime, Option<(TimeDelta, &str)>)> {
    let sign = inner.get(1..)?.find(['+', '-']).map_or(inner.len(), |at| at + 1);
    let (digits, written) = inner.split_at(sign);
    let at = DateTime::from_timestamp_millis(digits.parse().ok()?)?.naive_utc();
    if written.is_empty() {
        return Some((at, None));
    }
    let hours: i64 = written.get(1..3)?.parse().ok()?;
    let minutes: i64 = written.get(3..5).filter(|_| written.len() == 5)?.parse().ok()?;
    let ahead = TimeDelta::minutes(hours * 60 + minutes);
    Some((at, Some((if written.starts_with('-') { -ahead } else { ahead }, written))))
}

/// What a clock showed at `utc` that is written as `shown`, a long date and a time: the one offset from UTC, in
/// quarters of an hour, by which both are the same.
fn wall_clock(utc: NaiveDateTime, shown: &str) -> Option<NaiveDateTime> {
    let upper = shown.trim().to_uppercase();
    let half = ["AM", "PM"].iter().position(|half| upper.ends_with(half));
    let shown = upper.trim_end_matches(|c: char| !c.is_ascii_digit());
    // Other words for the halves of the day stand before the time.
    let (date, time) = shown.rsplit_once([' ', '\u{A0}', '\u{202F}'])?;
    if !date.rsplit(' ').next().is_some_and(|word| word.contains(|c: char| c.is_ascii_digit())) {
        return None;
    }
    let time: Vec<u32> =
        time.split([':', '.']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hour, minute, second] = time[..] else {
        return None;
    };
    let hour = match half {
        Some(half) => hour % 12 + 12 * u32::try_from(half).ok()?,
        None => hour,
    };
    let numbers =
        || date.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<i64>().ok());
    let is_shown = |at: &NaiveDateTime| {
        (at.hour(), at.minute(), at.second()) == (hour, minute, second)
            && numbers().any(|number| number == i64::from(at.day()))
            && numbers().any(|number| number == i64::from(at.year()))
    };
    let mut found = (-48..=56)
        .filter_map(|quarters| utc.checked_add_signed(TimeDelta::minutes(quarters * 15)))
        .filter(is_shown);
    found.next().filter(|_| found.next().is_none())
}
