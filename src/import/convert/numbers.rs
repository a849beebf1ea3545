//! Converts numbers that can be read in only one way.

use super::ConversionError;
use super::Seen;
use super::number;
use super::number::Reading;
use super::number::Separators;
use super::shown;
use crate::record::Reason;
use crate::record::batch::RowValue;
use crate::record::row_filter::digits;

pub(super) fn integer(
    text: &str,
    least: i64,
    greatest: i64,
    seen: &mut Seen,
) -> Result<RowValue, ConversionError> {
    match digits(text.as_bytes()) {
        Some(value) if (least..=greatest).contains(&value) => Ok(RowValue::Integer(value)),
        Some(_) => Err(out_of_range(text, least, greatest)),
        None => odd_integer(text, least, greatest, seen),
    }
}

/// A whole number as other tools print it: padded, with a fraction of zeros or thousands separators, or too large.
pub(super) fn odd_integer(
    text: &str,
    least: i64,
    greatest: i64,
    seen: &mut Seen,
) -> Result<RowValue, ConversionError> {
    let trimmed = text.trim_matches([' ', '\u{a0}']);
    let found = one_reading(trimmed, true, seen)?;
    let whole = found.split_once('.').map_or(&*found, |(whole, _)| whole);
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let zeros = unsigned.starts_with('0') && whole != "0";
    if unsigned.is_empty() || zeros {
        return Err(not_a_number("a whole number", trimmed));
    }
    match whole.parse::<i64>() {
        Ok(value) if (least..=greatest).contains(&value) => Ok(RowValue::Integer(value)),
        _ => Err(out_of_range(text, least, greatest)),
    }
}

/// The digits of a number, with a decimal point, if it is unambiguous or the column resolves it.
pub(super) fn one_reading(
    text: &str,
    whole: bool,
    seen: &mut Seen,
) -> Result<String, ConversionError> {
    let expected = if whole { "a whole number" } else { "a number" };
    match number::read(text, whole) {
        Reading::None => Err(not_a_number(expected, text)),
        Reading::One(found, says) => {
            seen.separators.add(says);
            Ok(found)
        }
        Reading::Two { separator, grouped, parted } => {
            let plain = match parted.split_once('.') {
                Some((whole_part, _)) if whole => whole_part.to_owned(),
                _ => parted.clone(),
            };
            let Some(groups) = seen.separators.groups(separator) else {
                seen.unsettled += 1;
                return Err(ConversionError {
                    reason: Reason::TwoReadings,
                    detail: format!(
                        "expected {expected}, found {}, which is {grouped} or {plain}, and no other value of \
                         the column shows which",
                        shown(text)
                    ),
                });
            };
            seen.settled += 1;
            seen.settled_sample.get_or_insert_with(|| text.to_owned());
            Ok(if groups { grouped } else { parted })
        }
    }
}

/// Whether a text is how a workbook gives a number of more than 15 digits.
pub(super) fn lacks_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let Some((number, exponent)) = digits.split_once('e') else {
        return false;
    };
    let large = exponent.parse::<u16>().is_ok_and(|exponent| exponent >= 15);
    large && number.parse::<f64>().is_ok() && !exponent.starts_with('+')
}

pub(super) fn out_of_range(text: &str, least: i64, greatest: i64) -> ConversionError {
    ConversionError {
        reason: Reason::OutOfRange,
        detail: format!("expected {least} to {greatest}, found {}", shown(text)),
    }
}

/// What other tools write for NULL, in lower case.
pub(super) const NULL_WORDS: [&str; 11] =
    ["-", "null", "(null)", "<null>", "[null]", "\\n", "n/a", "na", "nil", "none", "nan"];

/// What people and spreadsheets write below a column of numbers, in lower case.
const TOTALS: [&str; 14] = [
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "average",
    "count",
    "summe",
    "gesamt",
    "gesamtergebnis",
    "somme",
    "total général",
    "totale",
    "suma",
];

/// What a text in a column of numbers is, as far as it can be recognised.
fn known_misfit(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let lower = text.trim_end_matches(':').to_lowercase();
    let is_money = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹');
    let has_digits = text.bytes().any(|b| b.is_ascii_digit());
    Some(match text {
        _ if TOTALS.contains(&&*lower) => "a row of totals is no record",
        _ if text.starts_with('#') && (text.ends_with(['!', '?']) || text == "#N/A") => {
            "an error that a spreadsheet shows"
        }
        _ if !has_digits => return None,
        _ if text.ends_with('%') => "a percentage",
        _ if text.starts_with(is_money) || text.ends_with(is_money) => {
            "an amount with its currency"
        }
        _ if text.starts_with('(') && text.ends_with(')') => {
            "a number in parentheses, which may be negative"
        }
        _ if text.ends_with('-') => "a number with its sign behind it",
        _ => return None,
    })
}

pub(super) fn not_a_number(expected: &str, text: &str) -> ConversionError {
    let cut = text.contains(['E', 'e'])
        && text.bytes().all(|b| b.is_ascii_digit() || b"+-.,Ee".contains(&b));
    let why = if cut {
        ", truncated by a spreadsheet".to_owned()
    } else if let Some(what) = known_misfit(text) {
        format!(": {what}")
    } else if NULL_WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        format!(": `{text}`; `--null '{text}'` would read it as NULL")
    } else {
        String::new()
    };
    ConversionError {
        reason: Reason::NotANumber,
        detail: format!("expected {expected}, found {}{why}", shown(text)),
    }
}

pub(super) fn real(text: &str, seen: &mut Seen) -> Result<RowValue, ConversionError> {
    let text = text.trim_matches([' ', '\u{a0}']);
    let is_number = |b: u8| b.is_ascii_digit() || b".-+eE".contains(&b);
    if text.contains(['e', 'E']) && text.bytes().all(is_number) {
        return finite(text, text);
    }
    // A point is what SQL Server writes before decimals, and is read so unless the column says otherwise.
    let Separators { decimal_point, decimal_comma, .. } = seen.separators;
    let found = match number::read(text, false) {
        Reading::Two { separator: '.', parted, .. } if !decimal_comma => {
            seen.leaned += u64::from(!decimal_point);
            parted
        }
        _ => one_reading(text, false, seen)?,
    };
    finite(&found, text)
}

pub(super) fn finite(number: &str, text: &str) -> Result<RowValue, ConversionError> {
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(RowValue::Real(value)),
        _ => Err(not_a_number("a number", text)),
    }
}
