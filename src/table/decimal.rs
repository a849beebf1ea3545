//! A decimal number as it is written, compared by value and without loss: `1.0` is `1`, `1e3` is `1000`, and two
//! numbers of thirty digits that differ in the last are two numbers.
//!
//! What people write with digits that is no number stays text: `007`, which is an article or a postcode, `+49`, which
//! dials a country, and more digits than anybody computes with. The last also bounds the work: no number has more than
//! [`LONGEST`] bytes or an exponent beyond [`FARTHEST`].

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The most bytes of a number.
const LONGEST: usize = 400;

/// The largest exponent, above or below zero.
const FARTHEST: i64 = 400;

/// A number and how it is written.
#[derive(Debug, Clone)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// Reads `-12.50`, `.5`, `1.` or `4.9E+11`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_decimal(text.as_bytes()).then(|| Self(text.into()))
    }

    /// The number that prints as the shortest text which is this one; `None` for one that is not finite.
    #[must_use]
    pub fn of_real(value: f64) -> Option<Self> {
        Self::parse(&format!("{value:?}"))
    }

    /// The number as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the two lie no further apart than `limit`.
    #[must_use]
    pub fn is_within(&self, other: &Self, limit: &Self) -> bool {
        self.parts().minus(&other.parts()).size_of(&limit.parts()) != Ordering::Greater
    }

    /// Whether the two lie no further apart than `share` of the larger one.
    #[must_use]
    pub fn is_within_share(&self, other: &Self, share: &Self) -> bool {
        let (own, other) = (self.parts(), other.parts());
        let larger = if own.size_of(&other) == Ordering::Less { &other } else { &own };
        own.minus(&other).size_of(&larger.times(&share.parts())) != Ordering::Greater
    }

    fn parts(&self) -> Parts {
        let (negative, rest) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, &*self.0),
        };
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let exponent: i64 = exponent.parse().expect("a number was parsed with its exponent");
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0');
        Parts::new(negative, digits.collect(), exponent - fraction.len() as i64)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.to_string().into())
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.parts() == other.parts()
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether [`Decimal::parse`] takes it.
#[must_use]
pub fn is_decimal(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    let mut rest = match rest {
        [b'0', b'0'..=b'9', ..] => return false,
        _ => &rest[whole..],
    };
    if let [b'.', fraction @ ..] = rest {
        let length = digits(fraction);
        if whole + length == 0 {
            return false;
        }
        rest = &fraction[length..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent =
            exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let value = str::from_utf8(exponent).ok().filter(|_| digits(exponent) == exponent.len());
        return value
            .and_then(|value| value.parse().ok())
            .is_some_and(|value: i64| value <= FARTHEST)
            && text.len() <= LONGEST;
    }
    rest.is_empty() && text.len() <= LONGEST
}

/// `digits` as one whole number times ten to the power of `exponent`, without zeros at either end; zero has no digits.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Parts {
    fn new(negative: bool, mut digits: Vec<u8>, exponent: i64) -> Self {
        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..leading);
        let length = digits.iter().rposition(|digit| *digit != 0).map_or(0, |at| at + 1);
        let dropped = (digits.len() - length) as i64;
        digits.truncate(length);
        let is_zero = digits.is_empty();
        Self {
            negative: negative && !is_zero,
            exponent: if is_zero { 0 } else { exponent + dropped },
            digits,
        }
    }

    /// The digits down to ten to the power of `exponent`, the lowest first.
    fn down_to(&self, exponent: i64) -> Vec<u8> {
        let zeros = usize::try_from(self.exponent - exponent).expect("it is the smaller exponent");
        let mut digits = vec![0; if self.digits.is_empty() { 0 } else { zeros }];
        digits.extend(self.digits.iter().rev());
        digits
    }

    /// Which of the two is larger, signs aside.
    fn size_of(&self, other: &Self) -> Ordering {
        let top = |parts: &Self| {
            (!parts.digits.is_empty()).then_some(parts.exponent + parts.digits.len() as i64)
        };
        (top(self).cmp(&top(other))).then_with(|| self.digits.cmp(&other.digits))
    }

    fn minus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let swapped = self.size_of(other) == Ordering::Less;
        let (large, small) = if swapped { (other, self) } else { (self, other) };
        let (mut digits, small) = (large.down_to(exponent), small.down_to(exponent));
        let mut carry = 0;
        digits.push(0);
        for (at, digit) in digits.iter_mut().enumerate() {
            let own = small.get(at).copied().unwrap_or(0);
            let own =
                if self.negative == other.negative { -i16::from(own) } else { i16::from(own) };
            let sum = i16::from(*digit) + own + carry;
            *digit = sum.rem_euclid(10) as u8;
            carry = sum.div_euclid(10);
        }
        digits.reverse();
        Self::new(self.negative != swapped, digits, exponent)
    }

    /// The product of the sizes.
    fn times(&self, other: &Self) -> Self {
        let mut digits = vec![0_u32; self.digits.len() + other.digits.len()];
        for (at, own) in self.digits.iter().rev().enumerate() {
            for (by, digit) in other.digits.iter().rev().enumerate() {
                digits[at + by] += u32::from(*own) * u32::from(*digit);
            }
        }
        for at in 1..digits.len() {
            digits[at] += digits[at - 1] / 10;
            digits[at - 1] %= 10;
        }
        let digits = digits.into_iter().rev().map(|digit| digit as u8).collect();
        Self::new(false, digits, self.exponent + other.exponent)
    }
}
