//! Dates and times as values.

use super::ConversionError;
use super::Rules;
use super::STORED;
use super::Seen;
use super::push;
use super::shown;
use super::slice;
use crate::import::spoiled::SpreadsheetDamage;
use crate::record::Reason;
use crate::record::batch::Batch;
use crate::record::batch::RowValue;
use crate::table::moment::by_format;
use crate::table::plain;
use chrono::NaiveDate;

pub(super) fn time(
    text: &str,
    rules: &Rules,
    seen: &mut Seen,
    batch: &mut Batch,
) -> Result<RowValue, ConversionError> {
    if rules.date_format.is_none()
        && let Ok(stored) = <&[u8; STORED]>::try_from(text.as_bytes())
        && plain::is_time(stored)
    {
        note(stored, seen);
        return Ok(push(text, batch));
    }
    let Some(stored) = other_time(text.trim_matches([' ', '\u{a0}']), rules, seen) else {
        seen.untold += 1;
        return Err(no_time(text, rules));
    };
    note(&stored, seen);
    let start = batch.text.len();
    batch.text.push_str(std::str::from_utf8(&stored).expect("digits and signs"));
    Ok(slice(start, batch))
}

pub(super) fn note(stored: &[u8; STORED], seen: &mut Seen) {
    seen.times += 1;
    if seen.newest.is_none_or(|newest| *stored > newest) {
        seen.newest = Some(*stored);
    }
}

/// A time in the given format, which is the first to be tried, or in another unambiguous one.
pub(super) fn other_time(text: &str, rules: &Rules, seen: &mut Seen) -> Option<[u8; STORED]> {
    let by_format = |format: &String| stored_by(text, format);
    let stored = rules.date_format.as_ref().and_then(by_format);
    seen.by_format += u64::from(stored.is_some());
    stored.or_else(|| iso(text, seen))
}

/// The time in `text` by the `strftime` format `format`, as stored.
#[must_use]
pub fn formatted(text: &str, format: &str) -> Option<String> {
    let stored = stored_by(text.trim_matches([' ', '\u{a0}']), format)?;
    String::from_utf8(stored.to_vec()).ok()
}

fn stored_by(text: &str, format: &str) -> Option<[u8; STORED]> {
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let moment = by_format(text, format).or_else(|| {
        let date = NaiveDate::parse_from_str(text, format).ok()?;
        Some(date.and_time(chrono::NaiveTime::MIN))
    })?;
    let written = moment.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let stored = <[u8; STORED]>::try_from(written.as_bytes()).ok()?;
    plain::is_time(&stored).then_some(stored)
}

/// `yyyy-mm-dd`, then optionally a space or `T` and `hh:mm` or `hh:mm:ss` with up to nine fractional digits after a
/// point or a comma, then optionally an offset from UTC, which is dropped: the wall-clock time is kept.
pub(super) fn iso(text: &str, seen: &mut Seen) -> Option<[u8; STORED]> {
    let bytes = text.as_bytes();
    let mut stored = *b"0000-00-00 00:00:00.000";
    stored[..10].copy_from_slice(bytes.get(..10)?);
    let mut rest = &bytes[10..];
    let mut lost = false;
    let mut offset = false;
    if let [b' ' | b'T', after @ ..] = rest {
        stored[11..16].copy_from_slice(after.get(..5)?);
        rest = &after[5..];
        if let [b':', a, b, after @ ..] = rest {
            stored[17] = *a;
            stored[18] = *b;
            rest = after;
            if let [b'.' | b',', after @ ..] = rest {
                let count = after.iter().take_while(|b| b.is_ascii_digit()).count();
                if count == 0 || count > 9 {
                    return None;
                }
                let kept = count.min(3);
                stored[20..20 + kept].copy_from_slice(&after[..kept]);
                lost = after[kept..count].iter().any(|b| *b != b'0');
                rest = &after[count..];
            }
        }
        offset = !rest.is_empty();
        if offset && !is_offset(rest) {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    if !plain::is_time(&stored) {
        return None;
    }
    seen.digits_cut += u64::from(lost);
    seen.offsets += u64::from(offset);
    Some(stored)
}

/// `Z`, `+02:00`, ` -07:00`, `+0200`.
pub(super) fn is_offset(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    match rest {
        b"Z" => true,
        [b'+' | b'-', digits @ ..] => {
            let digit = |b: &u8| b.is_ascii_digit();
            match digits {
                [a, b, b':', c, d] | [a, b, c, d] => [a, b, c, d].into_iter().all(digit),
                _ => false,
            }
        }
        _ => false,
    }
}

/// What is wrong with a time: damaged beyond recovery, ambiguous, or in an unknown format.
pub(super) fn no_time(text: &str, rules: &Rules) -> ConversionError {
    let text = text.trim();
    let named = rules.date_format.as_deref();
    let (reason, why) = match (SpreadsheetDamage::of(text), named) {
        (Some(damage), _) => (Reason::SpoiledDate, format!(", which is {}", damage.what())),
        // Whoever names a format has said which is the day.
        (None, Some(format)) => (Reason::NotADate, format!(", which is not `{format}` either")),
        (None, None) => (Reason::NotADate, two_days(text)),
    };
    ConversionError {
        reason,
        detail: format!("expected `yyyy-mm-dd hh:mm:ss`, found {}{why}", shown(text)),
    }
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether all words of a text are words of dates, so that it says nothing of anybody: shifted fields may hold a date
/// and a name.
#[must_use]
pub fn has_words_of_dates(text: &str) -> bool {
    let is_one = |word: &str| {
        let word = word.to_lowercase();
        ["am", "pm", "t", "z"].contains(&&*word)
            || MONTHS.iter().any(|month| word.starts_with(month))
    };
    let words = text.split(|c: char| !c.is_alphabetic());
    words.filter(|word| !word.is_empty()).all(is_one)
}

/// Whether a text looks like a date or time in a format that SQL Server does not export: its own default format
/// (`Nov 24 2026  8:51PM`), eight digits, year first with other separators, or AM/PM.
#[must_use]
pub fn is_dated(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    if text.len() > 40 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let begins_with_day = text.bytes().take_while(u8::is_ascii_digit).count() == 8
        && (text.starts_with("19") || text.starts_with("20"))
        && text.as_bytes().get(8).is_none_or(|b| *b == b' ');
    let is_half_day = text.contains(':') && (text.ends_with("am") || text.ends_with("pm"));
    let has_month =
        MONTHS.iter().any(|month| text.split([' ', '-', '/']).any(|word| word == *month));
    let year_first = text.len() >= 8
        && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && matches!(text.as_bytes()[4], b'/' | b'.' | b'-');
    begins_with_day || is_half_day || has_month || year_first
}

/// The two days that `text` may be, as the rest of a sentence; empty if it is not in doubt which is the month.
fn two_days(text: &str) -> String {
    if !is_ambiguous(text) {
        return String::new();
    }
    let date = text.split([' ', 'T']).next().unwrap_or("");
    let parts = date.split(['/', '.', '-']).map(str::parse);
    let [Ok(first), Ok(second), Ok(year)] = parts.collect::<Vec<Result<u32, _>>>()[..] else {
        return String::new();
    };
    let day = |month, day| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
    match (day(second, first), day(first, second)) {
        _ if year < 100 => ", whose day and month are ambiguous".to_owned(),
        (Some(one), Some(other)) if one != other => format!(", which may be {one} or {other}"),
        _ => String::new(),
    }
}

/// Numbers separated by slashes, points or dashes, of which any could be the day.
#[must_use]
pub fn is_ambiguous(text: &str) -> bool {
    let date = text.split([' ', 'T']).next().unwrap_or("");
    let parts: Vec<&str> = date.split(['/', '.', '-']).collect();
    parts.len() == 3
        && parts[0].len() < 3
        && parts
            .iter()
            .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}
