//! Numbers as other programs print them: with thousands separators, a decimal comma, or a fraction of zeros.
//!
//! Three digits after a single comma or point are ambiguous: `5,000` is five, or five thousand. Nothing is guessed. The
//! rest of the column resolves it ([`Separators`]), or the value is rejected with both interpretations.

/// What the values of a column show about how its numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Separators {
    /// A value that can only have a decimal point, or commas between thousands.
    pub decimal_point: bool,
    /// A value that can only have a decimal comma, or points between thousands.
    pub decimal_comma: bool,
    /// A value that can only have spaces between thousands.
    pub grouping_blank: bool,
}

impl Separators {
    /// Adds the evidence of another value.
    pub fn add(&mut self, other: Self) {
        self.decimal_point |= other.decimal_point;
        self.decimal_comma |= other.decimal_comma;
        self.grouping_blank |= other.grouping_blank;
    }

    /// Whether `separator` is between thousands; `None` if unknown or contradictory.
    #[must_use]
    pub fn groups(self, separator: char) -> Option<bool> {
        match (separator, self.decimal_point, self.decimal_comma) {
            (',', true, false) | ('.', false, true) => Some(true),
            (',', false, true) | ('.', true, false) => Some(false),
            (',' | '.', ..) => None,
            _ => self.grouping_blank.then_some(true),
        }
    }

    /// The evidence of a value read with `separator` between thousands, or before decimals.
    fn seen(separator: char, groups: bool) -> Self {
        Self {
            decimal_point: matches!((separator, groups), ('.', false) | (',', true)),
            decimal_comma: matches!((separator, groups), (',', false) | ('.', true)),
            grouping_blank: groups && is_blank(separator),
        }
    }
}

/// How a text can be read as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// In one way: the digits, with a point before decimals, and what that shows about the column.
    One(String, Separators),
    /// With `separator` between thousands, or before decimals; a space may also separate two numbers, and then the
    /// second is both of them.
    Two {
        /// The ambiguous separator.
        separator: char,
        /// The digits without it.
        grouped: String,
        /// The digits with a point, or a space, in its place.
        parted: String,
    },
    /// Not as a number.
    None,
}

/// No-break and narrow spaces occur only between thousands in a number.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}')
}

/// Whether some locale uses `c` between thousands.
fn is_separator(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '\u{2019}') || is_blank(c)
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// How `text` can be read as a whole number, if `whole`, otherwise as a number with decimals.
#[must_use]
pub fn read(text: &str, whole: bool) -> Reading {
    let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    if are_digits(digits) {
        return Reading::One(format!("{sign}{digits}"), Separators::default());
    }
    let parts: Vec<&str> = digits.split(is_separator).collect();
    let between: Vec<char> = digits.chars().filter(|c| is_separator(*c)).collect();
    if !parts.iter().all(|part| are_digits(part)) {
        return Reading::None;
    }
    let (Some(&separator), Some(&last), Some(fraction)) =
        (between.first(), between.last(), parts.last())
    else {
        return Reading::None;
    };
    let is_decimal = matches!(last, ',' | '.');
    let may_end = is_decimal && (!whole || fraction.bytes().all(|b| b == b'0'));
    let joined = |parts: &[&str]| format!("{sign}{}", parts.concat());
    let before = &parts[..parts.len() - 1];
    let with_point = || format!("{}.{fraction}", joined(before));
    if between.iter().all(|c| *c == separator) {
        let grouped = are_groups(&parts);
        return match (parts.len(), grouped, may_end) {
            (2, true, true) => {
                Reading::Two { separator, grouped: joined(&parts), parted: with_point() }
            }
            (2, true, false) if separator == ' ' => Reading::Two {
                separator,
                grouped: joined(&parts),
                parted: format!("{sign}{} and {fraction}", parts[0]),
            },
            (2, false, true) => Reading::One(with_point(), Separators::seen(separator, false)),
            (_, true, _) => Reading::One(joined(&parts), Separators::seen(separator, true)),
            _ => Reading::None,
        };
    }
    // Thousands before one decimal separator, such as `1.234.567,50`.
    let thousands = between[..between.len() - 1].iter().all(|c| *c == separator);
    if thousands && may_end && separator != last && are_groups(before) {
        let mut seen = Separators::seen(separator, true);
        seen.add(Separators::seen(last, false));
        return Reading::One(with_point(), seen);
    }
    Reading::None
}

/// Whether the digits are in groups of three, the first of one to three. Groups never begin with zero.
fn are_groups(parts: &[&str]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    let begins = (1..=3).contains(&first.len()) && !first.starts_with('0');
    begins && rest.iter().all(|part| part.len() == 3)
}

/// Whether `text` is how a spreadsheet shows a number with more digits than fit its cell, such as `4.91701E+11`: the
/// other digits are lost.
#[inline]
#[must_use]
pub fn is_cut(text: &str) -> bool {
    // Every text is asked, and nearly none begins like one.
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    matches!(digits, [b'0'..=b'9', b'.' | b',' | b'E', ..]) && is_exponent(digits)
}

fn is_exponent(text: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'E', text) else {
        return false;
    };
    let (number, exponent) = (&text[..at], &text[at + 1..]);
    let fraction = number.get(2..).unwrap_or_default();
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let shifted = matches!(exponent, [b'+' | b'-', digits @ ..] if (2..=3).contains(&digits.len()));
    number.len() != 2 && digits(fraction) && shifted && digits(&exponent[1..])
}
