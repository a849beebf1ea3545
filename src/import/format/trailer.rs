//! What SSMS and sqlcmd write below a result: how many rows it has, in any language, and when it was complete.

use chrono::NaiveDateTime;

/// The count in a line such as `(3 rows affected)`, `(1 row(s) affected)` or `(1 filas afectadas)`.
#[must_use]
pub fn rows(line: &str) -> Option<u64> {
    let inner = line.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (count, words) = inner.split_at(digits);
    let worded =
        |c: char| c.is_alphabetic() || matches!(c, ' ' | '(' | ')' | '\u{A0}' | '.' | '\'');
    let some = words.chars().any(char::is_alphabetic);
    (some && inner.len() <= 80 && words.chars().all(worded)).then(|| count.parse().ok())?
}

/// The wall-clock time, in milliseconds since 1970, in a line such as
/// `Completion time: 2026-10-02T15:58:11.1234567+02:00`,
/// whatever the words are.
#[must_use]
pub fn completed_at_ms(line: &str) -> Option<i64> {
    let (words, time) = line.trim().split_once(": ")?;
    let worded = |c: char| c.is_alphabetic() || matches!(c, ' ' | '\'' | '-');
    if words.is_empty() || words.len() > 60 || !words.chars().all(worded) {
        return None;
    }
    let time = time.trim();
    let local = time.get(..23)?;
    let rest = time.get(23..)?;
    let offset = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_offset = offset == "Z" || (offset.len() == 6 && offset.starts_with(['+', '-']));
    let at = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S%.3f").ok()?;
    is_offset.then(|| at.and_utc().timestamp_millis())
}
