//! Converts a field to a value of its column's type, or says why it cannot.
//!
//! This is the hot path of an import: no allocation per cell, whole numbers parsed from bytes, times that are already
//! in the stored format checked and copied unchanged. It knows nothing of tables, and of formats only how each writes a
//! missing value.

mod numbers;
mod times;

use super::format::escape::Escape;
use super::number;
use super::number::Separators;
use crate::record::Field;
use crate::record::Reason;
use crate::record::Written;
use crate::record::batch::Batch;
use crate::record::batch::RowValue;
pub use crate::schema::inferred::is_local_date;
use crate::schema::types::Type;
use crate::table::Kind;
use numbers::integer;
use numbers::lacks_digits;
use numbers::not_a_number;
use numbers::real;
pub use times::formatted;
pub use times::has_words_of_dates;
pub use times::is_ambiguous;
pub use times::is_dated;
use times::time;

/// How a format writes a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NullRule {
    /// The word `NULL` without quotes is NULL.
    pub word: bool,
    /// The word `NULL` in quotes is NULL as well.
    pub quoted_word: bool,
    /// An empty field without quotes is NULL; otherwise it is the empty text.
    pub empty: bool,
    /// An empty field in quotes is NULL.
    pub quoted_empty: bool,
    /// A field of one NUL character is the empty text, as bcp writes it.
    pub nul_is_empty: bool,
}

/// The type that the values of a column are converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// A whole number from `least` to `greatest`.
    Integer {
        /// The smallest value that fits.
        least: i64,
        /// The largest value that fits.
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
    /// A text that represents a number which the file does not have: see [`made_number`].
    Name,
}

impl Cast {
    /// How values of a declared type are converted.
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

/// What converters need to know, and how dates are written if not as SQL Server writes them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// How the format writes a missing value.
    pub nulls: NullRule,
    /// A date format in `strftime` syntax, tried after SQL Server's own.
    pub date_format: Option<String>,
    /// Whether U+FFFD is allowed in text.
    pub lossy: bool,
    /// Whether trailing spaces are the format's padding, so that trailing spaces of the text itself are lost.
    pub padded: bool,
    /// Whether numbers of more than 15 digits have lost the rest, as in a workbook.
    pub fifteen_digits: bool,
    /// Further texts without quotes that mean NULL.
    pub null_texts: Vec<String>,
    /// Whether a backslash is an ordinary character, so that `\\N` is text.
    pub plain_backslash: bool,
    /// Whether fields may be in quotes that are not part of the format.
    pub delimited: bool,
}

/// Why a field is not a value of its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversionError {
    /// Why it is rejected.
    pub reason: Reason,
    /// What was expected and found. Names a value only if it cannot be personal data.
    pub detail: String,
}

/// Lengths at which some tools truncate text, counted as SQL Server does: in UTF-16 units.
pub const CUTS: [usize; 5] = [256, 8192, 43_680, 65_535, 2_097_152];

/// What was observed in a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The newest time, in the stored format.
    pub newest: Option<[u8; STORED]>,
    /// Values that were read as times.
    pub times: u64,
    /// Values that were not times, or were ambiguous.
    pub untold: u64,
    /// Times whose digits after the milliseconds were truncated.
    pub digits_cut: u64,
    /// Times with an offset from UTC, which is dropped.
    pub offsets: u64,
    /// Empty fields of a column that is not text, read as NULL.
    pub blanks: u64,
    /// Binary values that are not written as `0x...`.
    pub not_hex: u64,
    /// The maximum length of a text in characters, if 256 or more.
    pub longest: usize,
    /// Texts whose length is exactly one of [`CUTS`].
    pub cut: [u64; CUTS.len()],
    /// Texts that are numbers truncated by a spreadsheet.
    pub digits_gone: u64,
    /// How numbers of the column are written.
    pub separators: Separators,
    /// Ambiguous numbers that [`Seen::separators`] resolved, and one of them.
    pub settled: u64,
    /// One of these.
    pub settled_sample: Option<String>,
    /// Ambiguous numbers that no earlier value resolved.
    pub unsettled: u64,
    /// Empty fields without quotes.
    pub nothing: u64,
    /// Fields that are the word NULL without quotes.
    pub word: u64,
    /// Fields that are `\\N`, without quotes.
    pub escaped_null: u64,
    /// Texts that include a quote at both ends, and one such quote.
    pub in_quotes: u64,
    /// The quote of one of these.
    pub in_quotes_by: Option<char>,
    /// Texts without quotes that other tools write for NULL, such as `(null)`, and one of them.
    pub null_words: u64,
    /// One of these.
    pub null_word: Option<String>,
    /// Values read as times by the given date format.
    pub by_format: u64,
    /// Texts that look like dates in a regional format.
    pub like_dates: u64,
    /// Texts too long for their column.
    pub too_long: u64,
    /// Numbers such as `3.125`, read with a decimal point because no earlier value contradicts it.
    pub leaned: u64,
}

impl Seen {
    /// Whether some values were read in a way that a later value of the column contradicts.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        let comma = self.separators.decimal_comma;
        (self.leaned > 0 && comma) || (self.settled > 0 && comma && self.separators.decimal_point)
    }

    /// Whether some values were rejected as ambiguous although a later value of the column resolves them.
    #[must_use]
    pub fn is_settled_late(&self) -> bool {
        let Separators { decimal_point, decimal_comma, grouping_blank } = self.separators;
        self.unsettled > 0 && (decimal_point != decimal_comma || grouping_blank)
    }
}

/// The length of a stored time, `2011-07-12 14:49:55.000`.
pub const STORED: usize = 23;

/// Converts `field` of `cells` to a value, whose text is appended to the batch's text.
///
/// # Errors
/// If it is not a value; the batch's text may then end with a partial value, which the caller removes.
pub fn value(
    cells: &str,
    field: Field,
    cast: Cast,
    rules: &Rules,
    seen: &mut Seen,
    batch: &mut Batch,
) -> Result<RowValue, ConversionError> {
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
        Written::Bare if cast != Cast::Text && is_only_blanks(text) => {
            return Ok(blank(cast, seen, batch));
        }
        Written::Doubled if cast == Cast::Text => return Ok(doubled(text, seen, batch)),
        _ => {}
    }
    match cast {
        Cast::Text => {
            if text.len() >= CUTS[0] - 1 {
                measure(text, rules.padded && cells[field.end..].starts_with(' '), seen);
            } else if number::is_cut(text) {
                seen.digits_gone += 1;
            } else if rules.fifteen_digits && lacks_digits(text) {
                return Err(ConversionError {
                    reason: Reason::NotANumber,
                    detail: "found a number of more than 15 digits, which a workbook cannot store exactly"
                        .to_owned(),
                });
            }
            if field.written == Written::Bare && is_null_word(text) {
                seen.null_words += 1;
                seen.null_word.get_or_insert_with(|| text.to_owned());
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

/// Whether a text is NULL as other tools show it: `(null)`, `<null>`, `[NULL]`.
#[inline]
fn is_null_word(text: &str) -> bool {
    // Every text is asked, and nearly none is as long.
    let [b'(' | b'<' | b'[', word @ .., b')' | b'>' | b']'] = text.as_bytes() else {
        return false;
    };
    word.eq_ignore_ascii_case(b"null")
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

/// Whether a text that is not empty shows nothing visible.
#[inline]
fn is_only_blanks(text: &str) -> bool {
    // Every value is asked, and nearly none begins like one.
    text.as_bytes().first().is_some_and(|b| matches!(b, b' ' | b'\t' | 0xC2 | 0xE2))
        && text.chars().all(char::is_whitespace)
}

/// An empty field: the empty text, or NULL if the column is not text.
fn blank(cast: Cast, seen: &mut Seen, batch: &mut Batch) -> RowValue {
    match cast {
        Cast::Text => return push("", batch),
        Cast::Name => return RowValue::Integer(made_number("")),
        _ => {}
    }
    seen.blanks += 1;
    RowValue::Null
}

/// Appends `text` to the batch's text.
pub(super) fn push(text: &str, batch: &mut Batch) -> RowValue {
    let start = batch.text.len();
    batch.text.push_str(text);
    slice(start, batch)
}

/// The batch's text from `start` to its end. A batch is passed on long before it reaches four gigabytes: the length of
/// a record is limited, and a batch takes few.
fn slice(start: usize, batch: &Batch) -> RowValue {
    RowValue::Text {
        start: u32::try_from(start).expect("a batch is small"),
        end: u32::try_from(batch.text.len()).expect("a batch is small"),
    }
}

/// A text in which two quotes represent one.
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

/// Counts texts as long as a tool's limit. A text that ended in a space may have lost it.
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

/// A number for something of which the file has only the name. The product has no negative numbers, and a name gets the
/// same number in every file.
#[must_use]
pub fn made_number(name: &str) -> i64 {
    /// FNV-1a, which never changes; a number of 15 digits fits every key type.
    const DIGITS: u64 = 1_000_000_000_000_000;
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    -1 - i64::try_from(hash % DIGITS).expect("it has 15 digits")
}

/// A value for a message: unchanged if it is short and consists of digits and symbols only, otherwise its length, since
/// it may be personal data.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let plain =
        |c: char| c.is_ascii_digit() || " :/.,-+TZEe#%()'\u{a0}\u{2009}\u{202f}".contains(c);
    if !text.is_empty() && text.len() <= LONGEST && text.chars().all(plain) {
        return format!("`{text}`");
    }
    match text.chars().count() {
        0 => "nothing".to_owned(),
        1 => "text of 1 character".to_owned(),
        n => format!("text of {n} characters"),
    }
}

/// Bytes keep the text in which they are written; `0x` is put before plain hexadecimal digits, as bcp writes them.
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
