//! Numbers as other programs print them: with thousands separators, a decimal comma, or a fraction of zeros.
//!
//! Three digits behind one comma or point are two readings: `5,000` is five, or five thousand. No value is guessed.
//! What else is in the column settles it ([`Separators`]), or the value is refused with both readings named.

/// What the values of a column say about how its numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Separators {
    /// A value that can only be read with a decimal point, or with commas between thousands.
    pub decimal_point: bool,
    /// A value that can only be read with a decimal comma, or with points between thousands.
    pub decimal_comma: bool,
    /// A value that can only be read with blanks between thousands.
    pub grouping_blank: bool,
}

impl Separators {
    /// Adds what another value says.
    pub fn add(&mut self, other: Self) {
        self.decimal_point |= other.decimal_point;
        self.decimal_comma |= other.decimal_comma;
        self.grouping_blank |= other.grouping_blank;
    }

    /// Whether `separator` is between thousands; `None` where nothing says, or values contradict each other.
    #[must_use]
    pub fn groups(self, separator: char) -> Option<bool> {
        match (separator, self.decimal_point, self.decimal_comma) {
            (',', true, false) | ('.', false, true) => Some(true),
            (',', false, true) | ('.', true, false) => Some(false),
            (',' | '.', ..) => None,
            _ => self.grouping_blank.then_some(true),
        }
    }

    /// What a value says that is read with `separator` between thousands, or before decimals.
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
    /// In one way: as these digits, with a point before decimals; and what that says about the column.
    One(String, Separators),
    /// With `separator` between thousands as the first, before decimals as the second; a blank may also part two
    /// numbers, and then the second is both of them.
    Two {
        /// The separator of both readings.
        separator: char,
        /// The digits without it.
        grouped: String,
        /// The digits with a point, or a blank, in its place.
        parted: String,
    },
    /// In none of the known ways.
    None,
}

/// Blanks at which no line may end, and narrow ones, stand between thousands and nowhere else in a number.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}')
}

/// Whether `c` is between thousands somewhere.
fn is_separator(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '\u{2019}') || is_blank(c)
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// How `text` can be read as a whole number, where `whole`, else as a number with decimals.
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
            (2, true, true) => Reading::Two {
                separator,
                grouped: joined(&parts),
                parted: with_point(),
            },
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

/// Whether the digits are in groups of three, the first of one to three. Nobody groups what begins with zero.
fn are_groups(parts: &[&str]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    let begins = (1..=3).contains(&first.len()) && !first.starts_with('0');
    begins && rest.iter().all(|part| part.len() == 3)
}

/// Whether `text` is what a spreadsheet shows of a number with more digits than its cell has room for, such as
/// `4.91701E+11`: the other digits are gone.
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
