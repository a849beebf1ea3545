//! Causes with the time at which each happens: `+3:00 application stops`.

use thiserror::Error;

use super::{Cause, CauseError, parse};
use crate::diagnostic::count;

/// A cause, and when it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedCause {
    /// When, in ms after the start of the scenario's clock; `None` leaves it to the one before.
    pub after_ms: Option<i64>,
    /// What happens then.
    pub cause: Cause,
}

/// Why a line is no event of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// The time cannot be read.
    #[error("`{text}` is not a time: expected `+M:SS` or `+H:MM:SS`, such as `+3:00`")]
    Time {
        /// What stands in its place.
        text: String,
    },
    /// What follows the time cannot happen.
    #[error(transparent)]
    Cause(#[from] CauseError),
}

/// Reads an event: a time, which may be left out, and a cause in words.
///
/// # Errors
/// When the time is none, or the words say nothing that can happen.
pub fn parse_event(text: &str) -> Result<TimedCause, ScheduleError> {
    let text = text.trim();
    let is_timed = text.starts_with(|c: char| c == '+' || c.is_ascii_digit());
    let (time, words) = match text.split_once(char::is_whitespace) {
        Some((time, words)) if is_timed => (Some(time), words),
        None if is_timed => (Some(text), ""),
        _ => (None, text),
    };
    let after_ms = match time {
        Some(time) => {
            Some(read_offset(time).ok_or_else(|| ScheduleError::Time { text: time.to_owned() })?)
        }
        None => None,
    };
    let cause = parse(words.trim_start())?;
    Ok(TimedCause { after_ms, cause })
}

/// Reads the events of a file, one a line; empty lines and those that begin with `#` are passed over.
///
/// # Errors
/// The line, from 1, and what is wrong with it, for every line that cannot be read.
pub fn parse_events(text: &str) -> Result<Vec<TimedCause>, Vec<(u32, ScheduleError)>> {
    let mut events = Vec::new();
    let mut errors = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match parse_event(line) {
            Ok(event) => events.push(event),
            Err(error) => errors.push((count(at + 1), error)),
        }
    }
    match errors.is_empty() {
        true => Ok(events),
        false => Err(errors),
    }
}

/// `+3:00` or `+1:03:00` in milliseconds; seconds may have a fraction.
fn read_offset(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.strip_prefix('+')?.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [minutes, seconds] => ("0", minutes, seconds),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let number = |text: &str, longest: usize| {
        let plain = (1..=longest).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
        plain.then(|| text.parse::<i64>().ok())?
    };
    // `+3:5` could be meant as five seconds or as fifty.
    let whole = Some(whole).filter(|digits| digits.len() == 2);
    let whole = number(whole?, 2).filter(|seconds| *seconds < 60)?;
    let minutes = match parts.len() {
        2 => number(minutes, 4)?,
        _ => number(minutes, 2).filter(|minutes| *minutes < 60)?,
    };
    let thousandths = number(&format!("{fraction:0<3}"), 3)?;
    Some(((number(hours, 3)? * 60 + minutes) * 60 + whole) * 1000 + thousandths)
}

/// An offset as a schedule writes it: `+00:03:00`, with a fraction where there is one.
#[must_use]
pub fn offset(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    let ms = ms.unsigned_abs();
    let (seconds, rest) = (ms / 1000, ms % 1000);
    let fraction = match rest {
        0 => String::new(),
        rest => format!(".{rest:03}"),
    };
    let [hours, minutes, seconds] = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}
