//! A field as a value of its column's type, or the reason why it is none.
//!
//! This is the hot path of an import: no allocation for a cell, whole numbers read from bytes, times in the form that
//! they are stored in checked and copied as they stand. It does not know tables or forms beyond how a form writes that
//! there is no value.

use chrono::{NaiveDate, NaiveDateTime};

use super::format::escape::Escape;
use super::number::{self, Reading, Separators};
use super::spoiled::Spoil;
use crate::record::batch::{Batch, RowValue};
use crate::record::{Field, Reason, Written};
use crate::schema::types::Type;
use crate::table::{Kind, plain};

/// How a form writes that there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NullRule {
    /// The word `NULL` without quotes is none.
    pub word: bool,
    /// The word `NULL` in quotes is none as well.
    pub quoted_word: bool,
    /// An empty field without quotes is none; else it is the empty text.
    pub empty: bool,
    /// An empty field in quotes is none.
    pub quoted_empty: bool,
    /// A field of one NUL character is the empty text, as bcp writes it.
    pub nul_is_empty: bool,
}

/// What the values of a column are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// A whole number from `least` to `greatest`.
    Integer {
        /// The least that fits.
        least: i64,
        /// The greatest that fits.
        greatest: i64,
    },
    /// Zero or one, also as `False` and `True`.
    Bit,
    /// A number with a fraction.
    Real,
    /// A date with a time.
    Time,
    /// Bytes, which are kept as the text `0x...`.
    Binary,
    /// Anything, kept as text.
    Text,
    /// A text that stands for a number which the file does not have: see [`made_number`].
    Name,
}

impl Cast {
    /// How values of a declared type are read.
    #[must_use]
    pub fn of(declared: Type) -> Self {
        match declared {
            Type::Bit => Self::Bit,
            Type::Binary { .. } => Self::Binary,
            declared if declared.has_date() => Self::Time,
            declared => match declared.range() {
                Some((least, greatest)) => Self::Integer {
                    least: i64::try_from(least).unwrap_or(i64::MIN),
                    greatest: i64::try_from(greatest).unwrap_or(i64::MAX),
                },
                None if declared.is_number() => Self::Real,
                None => Self::Text,
            },
        }
    }

    /// The kind of the cells.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Integer { .. } | Self::Bit | Self::Name => Kind::Integer,
            Self::Real => Kind::Real,
            Self::Time => Kind::Timestamp,
            Self::Binary | Self::Text => Kind::Text,
        }
    }
}

/// What readers of values are told, and how dates are written where not as SQL Server writes them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// How the form writes that there is no value.
    pub nulls: NullRule,
    /// A format of dates in the words of `strftime`, tried after SQL Server's own.
    pub date_format: Option<String>,
    /// Whether U+FFFD may stand in a text.
    pub lossy: bool,
    /// Whether blanks after a value are the form's, so that a text may have ended in some.
    pub padded: bool,
    /// Whether numbers of more than 15 digits have lost the others, as in a workbook.
    pub fifteen_digits: bool,
    /// Texts without quotes that stand for NULL as well.
    pub null_texts: Vec<String>,
    /// Whether a backslash is a character like others, so that `\\N` is a text.
    pub plain_backslash: bool,
    /// Whether fields may be in quotes that the form does not know of.
    pub delimited: bool,
}

/// Why a field is no value of its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Why it does not fit.
    pub reason: Reason,
    /// What was expected and found. Names a value only where it cannot be a text about somebody.
    pub detail: String,
}

/// Lengths at which producers are known to cut texts, counted as SQL Server does: in units of UTF-16.
pub const CUTS: [usize; 5] = [256, 8192, 43_680, 65_535, 2_097_152];

/// What was seen in a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The newest time, in the form that is stored.
    pub newest: Option<[u8; STORED]>,
    /// Values that were read as times.
    pub times: u64,
    /// Values that were no times, or none that can be told.
    pub untold: u64,
    /// Times of which digits after the third of the second were cut off.
    pub digits_cut: u64,
    /// Times with an offset from UTC, which is not kept.
    pub offsets: u64,
    /// Empty fields of a column that is no text, read as NULL.
    pub blanks: u64,
    /// Binary values that are not written as `0x...`.
    pub not_hex: u64,
    /// The most characters of a text, where it has 256 or more.
    pub longest: usize,
    /// Texts of exactly as many characters as [`CUTS`] says.
    pub cut: [u64; CUTS.len()],
    /// Texts that are numbers of which a spreadsheet has cut digits off.
    pub digits_gone: u64,
    /// How numbers of the column are written.
    pub separators: Separators,
    /// Numbers with two readings of which [`Seen::separators`] settled one; and one of them.
    pub settled: u64,
    /// One of these.
    pub settled_sample: Option<String>,
    /// Numbers with two readings that nothing before them settled.
    pub unsettled: u64,
    /// Fields of nothing, without quotes.
    pub nothing: u64,
    /// Fields that are the word NULL, without quotes.
    pub word: u64,
    /// Fields that are `\\N`, without quotes.
    pub escaped_null: u64,
    /// Texts that begin and end with a quote as a part of them, and one such quote.
    pub in_quotes: u64,
    /// The quote of one of these.
    pub in_quotes_by: Option<char>,
    /// Numbers such as `3.125`, read with a decimal point because nothing before them says otherwise.
    pub leaned: u64,
}

impl Seen {
    /// Whether values were read in a way that another value of the column contradicts.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        let comma = self.separators.decimal_comma;
        (self.leaned > 0 && comma) || (self.settled > 0 && comma && self.separators.decimal_point)
    }

    /// Whether values were refused for their two readings, of which a later value of the column settles one.
    #[must_use]
    pub fn is_settled_late(&self) -> bool {
        let Separators {
            decimal_point,
            decimal_comma,
            grouping_blank,
        } = self.separators;
        self.unsettled > 0 && (decimal_point != decimal_comma || grouping_blank)
    }
}

/// The length of a time as it is stored, `2011-07-12 14:49:55.000`.
pub const STORED: usize = 23;

/// Reads `field` of `cells` as a value, whose text goes to the end of the batch's.
///
/// # Errors
/// When it is none; then something may stand at the end of the batch's text, which the caller takes off with the row.
pub fn value(
    cells: &str,
    field: Field,
    cast: Cast,
    rules: &Rules,
    seen: &mut Seen,
    batch: &mut Batch,
) -> Result<RowValue, Misfit> {
    let text = &cells[field.start..field.end];
    let nulls = rules.nulls;
    if field.written == Written::Bare && rules.null_texts.iter().any(|null| null == text) {
        return Ok(RowValue::Null);
    }
    match field.written {
        Written::Null => return Ok(RowValue::Null),
        Written::Bare if text.is_empty() => {
            seen.nothing += 1;
            if nulls.empty {
                return Ok(RowValue::Null);
            }
            return Ok(blank(cast, seen, batch));
        }
        Written::Quoted if text.is_empty() && nulls.quoted_empty => return Ok(RowValue::Null),
        Written::Quoted if text.is_empty() => return Ok(blank(cast, seen, batch)),
        Written::Bare if text == "NULL" => {
            seen.word += 1;
            if nulls.word {
                return Ok(RowValue::Null);
            }
        }
        Written::Bare if text == Escape::NULL && !rules.plain_backslash => {
            seen.escaped_null += 1;
            return Ok(RowValue::Null);
        }
        Written::Quoted if nulls.quoted_word && text == "NULL" => return Ok(RowValue::Null),
        Written::Bare if nulls.nul_is_empty && text == "\0" => {
            return Ok(blank(cast, seen, batch));
        }
        Written::Doubled if cast == Cast::Text => return Ok(doubled(text, seen, batch)),
        _ => {}
    }
    match cast {
        Cast::Text => {
            if text.len() >= CUTS[0] - 1 {
                measure(
                    text,
                    rules.padded && cells[field.end..].starts_with(' '),
                    seen,
                );
            } else if number::is_cut(text) {
                seen.digits_gone += 1;
            } else if rules.fifteen_digits && lacks_digits(text) {
                return Err(Misfit {
                    reason: Reason::NotANumber,
                    detail: "found a number of more than 15 digits, and a workbook does not keep the others"
                        .to_owned(),
                });
            }
            if rules.delimited
                && field.written == Written::Bare
                && let Some(quote) = quote_around(text)
            {
                seen.in_quotes += 1;
                seen.in_quotes_by = Some(quote);
            }
            Ok(push(text, batch))
        }
        Cast::Name => Ok(RowValue::Integer(made_number(text))),
        Cast::Integer { least, greatest } => integer(text, least, greatest, seen),
        Cast::Time => time(text, rules, seen, batch),
        Cast::Bit => match text.trim() {
            "0" | "False" | "false" => Ok(RowValue::Integer(0)),
            "1" | "True" | "true" => Ok(RowValue::Integer(1)),
            other => Err(not_a_number("0 or 1", other)),
        },
        Cast::Real => real(text, seen),
        Cast::Binary => Ok(binary(text, seen, batch)),
    }
}

/// The quote that a text begins and ends with, but for blanks around it.
#[inline]
fn quote_around(text: &str) -> Option<char> {
    // Every text is asked, and nearly none begins like one.
    let quote = match text.as_bytes().first()? {
        b'"' | b' ' => text.trim_matches(' ').chars().next()?,
        b'\'' => '\'',
        _ => return None,
    };
    let inner = text.trim_matches(' ').strip_prefix(quote)?;
    (matches!(quote, '"' | '\'') && inner.ends_with(quote)).then_some(quote)
}

/// An empty field: the empty text, or nothing where there can be no text.
fn blank(cast: Cast, seen: &mut Seen, batch: &mut Batch) -> RowValue {
    match cast {
        Cast::Text => return push("", batch),
        Cast::Name => return RowValue::Integer(made_number("")),
        _ => {}
    }
    seen.blanks += 1;
    RowValue::Null
}

fn push(text: &str, batch: &mut Batch) -> RowValue {
    let start = batch.text.len();
    batch.text.push_str(text);
    slice(start, batch)
}

/// The batch's text from `start` to its end. A batch is handed on long before it has four thousand million bytes: a
/// record has at most as many as its limit, and a batch takes few.
fn slice(start: usize, batch: &Batch) -> RowValue {
    RowValue::Text {
        start: u32::try_from(start).expect("a batch is small"),
        end: u32::try_from(batch.text.len()).expect("a batch is small"),
    }
}

/// A text in which two quotes stand for one.
fn doubled(text: &str, seen: &mut Seen, batch: &mut Batch) -> RowValue {
    let start = batch.text.len();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest.as_bytes()) {
        batch.text.push_str(&rest[..=at]);
        let after = &rest[at + 1..];
        rest = after.strip_prefix('"').unwrap_or(after);
    }
    batch.text.push_str(rest);
    if batch.text.len() - start >= CUTS[0] {
        measure(&batch.text[start..], false, seen);
    }
    slice(start, batch)
}

/// Notes texts that are as long as a producer's limit. One that had a blank for its last character may have lost it.
fn measure(text: &str, before_blank: bool, seen: &mut Seen) {
    let mut characters = text.encode_utf16().count();
    if before_blank && CUTS.contains(&(characters + 1)) {
        characters += 1;
    }
    if characters < CUTS[0] {
        return;
    }
    seen.longest = seen.longest.max(characters);
    if let Some(at) = CUTS.iter().position(|cut| *cut == characters) {
        seen.cut[at] += 1;
    }
}

/// A number for something of which a file has the name and not the number. The product has no negative numbers, and one
/// name has the same number in every file.
#[must_use]
pub fn made_number(name: &str) -> i64 {
    /// FNV-1a, which will be the same for ever; a number of 15 digits fits every declared type of keys.
    const DIGITS: u64 = 1_000_000_000_000_000;
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    -1 - i64::try_from(hash % DIGITS).expect("it has 15 digits")
}

fn integer(text: &str, least: i64, greatest: i64, seen: &mut Seen) -> Result<RowValue, Misfit> {
    match digits(text.as_bytes()) {
        Some(value) if (least..=greatest).contains(&value) => Ok(RowValue::Integer(value)),
        Some(_) => Err(out_of_range(text, least, greatest)),
        None => odd_integer(text, least, greatest, seen),
    }
}

/// A whole number of up to 18 digits, as SQL Server prints it.
fn digits(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        bytes => (false, bytes),
    };
    let well_begun = matches!(digits, [b'1'..=b'9', ..]) || (digits == b"0" && !negative);
    if !well_begun || digits.len() > 18 {
        return None;
    }
    let mut value: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// A whole number as others print it: padded, with a fraction of zeros or thousands separators, or too large.
fn odd_integer(text: &str, least: i64, greatest: i64, seen: &mut Seen) -> Result<RowValue, Misfit> {
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

/// The digits of a number, with a point before decimals, where they can be read in one way or the column settles it.
fn one_reading(text: &str, whole: bool, seen: &mut Seen) -> Result<String, Misfit> {
    let expected = if whole { "a whole number" } else { "a number" };
    match number::read(text, whole) {
        Reading::None => Err(not_a_number(expected, text)),
        Reading::One(found, says) => {
            seen.separators.add(says);
            Ok(found)
        }
        Reading::Two {
            separator,
            grouped,
            parted,
        } => {
            let plain = match parted.split_once('.') {
                Some((whole_part, _)) if whole => whole_part.to_owned(),
                _ => parted.clone(),
            };
            let Some(groups) = seen.separators.groups(separator) else {
                seen.unsettled += 1;
                return Err(Misfit {
                    reason: Reason::TwoReadings,
                    detail: format!(
                        "expected {expected}, found {}, which is {grouped} or {plain}, and nothing else in the \
                         column says which",
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

/// Whether a text is a number as a workbook gives one of more than 15 digits.
fn lacks_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let Some((number, exponent)) = digits.split_once('e') else {
        return false;
    };
    let large = exponent.parse::<u16>().is_ok_and(|exponent| exponent >= 15);
    large && number.parse::<f64>().is_ok() && !exponent.starts_with('+')
}

fn out_of_range(text: &str, least: i64, greatest: i64) -> Misfit {
    Misfit {
        reason: Reason::OutOfRange,
        detail: format!("expected {least} to {greatest}, found {}", shown(text)),
    }
}

/// What other tools are known to write for NULL, in lower case.
const NULL_WORDS: [&str; 10] = [
    "null", "(null)", "<null>", "[null]", "\\n", "n/a", "na", "nil", "none", "nan",
];

fn not_a_number(expected: &str, text: &str) -> Misfit {
    let cut = text.contains(['E', 'e'])
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.,Ee".contains(&b));
    let why = if cut {
        ", of which a spreadsheet has cut digits off".to_owned()
    } else if NULL_WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        format!(": `{text}`, which `--null '{text}'` takes for NULL")
    } else {
        String::new()
    };
    Misfit {
        reason: Reason::NotANumber,
        detail: format!("expected {expected}, found {}{why}", shown(text)),
    }
}

/// A value for a message: as it stands where it is short and made of digits and signs only, else by its length, since
/// it may be about somebody.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let plain = |b: u8| b.is_ascii_digit() || b" :/.,-+TZEe#".contains(&b);
    if !text.is_empty() && text.len() <= LONGEST && text.bytes().all(plain) {
        return format!("`{text}`");
    }
    match text.chars().count() {
        0 => "nothing".to_owned(),
        1 => "text of 1 character".to_owned(),
        n => format!("text of {n} characters"),
    }
}

fn real(text: &str, seen: &mut Seen) -> Result<RowValue, Misfit> {
    let text = text.trim_matches([' ', '\u{a0}']);
    let is_number = |b: u8| b.is_ascii_digit() || b".-+eE".contains(&b);
    if text.contains(['e', 'E']) && text.bytes().all(is_number) {
        return finite(text, text);
    }
    // A point is what SQL Server writes before decimals, and is read so unless the column says otherwise.
    let Separators {
        decimal_point,
        decimal_comma,
        ..
    } = seen.separators;
    let found = match number::read(text, false) {
        Reading::Two {
            separator: '.',
            parted,
            ..
        } if !decimal_comma => {
            seen.leaned += u64::from(!decimal_point);
            parted
        }
        _ => one_reading(text, false, seen)?,
    };
    finite(&found, text)
}

fn finite(number: &str, text: &str) -> Result<RowValue, Misfit> {
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(RowValue::Real(value)),
        _ => Err(not_a_number("a number", text)),
    }
}

/// Bytes stay the text that they are written as; `0x` is put before plain hexadecimal digits, as bcp writes them.
fn binary(text: &str, seen: &mut Seen, batch: &mut Batch) -> RowValue {
    let hex = |digits: &str| {
        !digits.is_empty()
            && digits.len().is_multiple_of(2)
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let start = batch.text.len();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some("") => {}
        Some(digits) if hex(digits) => {}
        None if hex(text) => batch.text.push_str("0x"),
        _ => seen.not_hex += 1,
    }
    batch.text.push_str(text);
    slice(start, batch)
}

// TIMES ----------------------------------------------------------------------------------------------------

fn time(text: &str, rules: &Rules, seen: &mut Seen, batch: &mut Batch) -> Result<RowValue, Misfit> {
    if let Ok(stored) = <&[u8; STORED]>::try_from(text.as_bytes())
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
    batch
        .text
        .push_str(std::str::from_utf8(&stored).expect("digits and signs"));
    Ok(slice(start, batch))
}

fn note(stored: &[u8; STORED], seen: &mut Seen) {
    seen.times += 1;
    if seen.newest.is_none_or(|newest| *stored > newest) {
        seen.newest = Some(*stored);
    }
}

/// A time in one of the other forms that are not ambiguous, or in the one that was named.
fn other_time(text: &str, rules: &Rules, seen: &mut Seen) -> Option<[u8; STORED]> {
    if let Some(stored) = iso(text, seen) {
        return Some(stored);
    }
    let format = rules.date_format.as_deref()?;
    let moment = NaiveDateTime::parse_from_str(text, format)
        .or_else(|_| {
            NaiveDate::parse_from_str(text, format)
                .map(|date| date.and_time(chrono::NaiveTime::MIN))
        })
        .ok()?;
    let written = moment.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let stored = <[u8; STORED]>::try_from(written.as_bytes()).ok()?;
    plain::is_time(&stored).then_some(stored)
}

/// `yyyy-mm-dd`, then perhaps a blank or `T` and `hh:mm` or `hh:mm:ss` with up to nine digits of a fraction after a
/// point or a comma, then perhaps an offset from UTC, which is left off: the wall clock is kept.
fn iso(text: &str, seen: &mut Seen) -> Option<[u8; STORED]> {
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
fn is_offset(rest: &[u8]) -> bool {
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

/// What is wrong with a time: spoiled beyond recovery, or written in a form that could be read in two ways or in none.
fn no_time(text: &str, rules: &Rules) -> Misfit {
    let text = text.trim();
    let named = rules.date_format.as_deref();
    let (reason, why) = match (Spoil::of(text), named) {
        // Whoever names a format has said which is the day; a value of another format is no spoiled one.
        (Some(Spoil::LocalDay) | None, Some(format)) => (
            Reason::NotADate,
            format!(", which is not `{format}` either"),
        ),
        (Some(spoil), _) => (Reason::SpoiledDate, format!(", which is {}", spoil.what())),
        (None, None) if is_ambiguous(text) => (
            Reason::NotADate,
            ", whose day and month cannot be told apart without being told".to_owned(),
        ),
        (None, None) => (Reason::NotADate, String::new()),
    };
    Misfit {
        reason,
        detail: format!("expected `yyyy-mm-dd hh:mm:ss`, found {}{why}", shown(text)),
    }
}

/// Whether a text looks like a date or a time in one of the ways that SQL Server does not export them in: its own words
/// for one (`Nov 24 2026  8:51PM`), eight digits, the year first and other signs, half a day.
#[must_use]
pub fn is_dated(text: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let text = text.trim().to_ascii_lowercase();
    if text.len() > 40 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let begins_with_day = text.bytes().take_while(u8::is_ascii_digit).count() == 8
        && (text.starts_with("19") || text.starts_with("20"))
        && text.as_bytes().get(8).is_none_or(|b| *b == b' ');
    let is_half_day = text.contains(':') && (text.ends_with("am") || text.ends_with("pm"));
    let has_month = MONTHS
        .iter()
        .any(|month| text.split([' ', '-', '/']).any(|word| word == *month));
    let year_first = text.len() >= 8
        && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && matches!(text.as_bytes()[4], b'/' | b'.' | b'-');
    begins_with_day || is_half_day || has_month || year_first
}

/// Numbers with slashes, points or dashes between them, of which nobody says which is the day.
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
