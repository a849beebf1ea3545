//! How SQL Server's default collation compares and orders text.
//!
//! `SQL_Latin1_General_CP1_CI_AS`: letters of either case are the same, accents are not, and blanks at the end do
//! not count. In order: blank, punctuation and signs by their code, digits, letters from a to z with their accented
//! forms after them, then everything else by its code. That is what it does with `varchar`. With `nvarchar` it does as
//! Windows collations do, which order signs differently, and to which a few letters are the same as two others: `ß` as
//! `ss`, `æ` as `ae`. Here both are compared as `varchar` is.

use std::cmp::Ordering;

use super::time::offset::compare as compare_moments;

/// The name of the default collation, in SQL Server and in the SQL that is run.
pub const DEFAULT: &str = "SQL_Latin1_General_CP1_CI_AS";
/// The same, but with letter case told apart.
pub const CASE_SENSITIVE: &str = "SQL_Latin1_General_CP1_CS_AS";
/// Neither letter case nor accents told apart.
pub const ACCENT_INSENSITIVE: &str = "Latin1_General_CI_AI";
/// Accents not told apart, but letter case.
pub const CASE_ONLY: &str = "Latin1_General_CS_AI";
/// As moments: of `datetimeoffset`, whatever the offset.
pub const MOMENTS: &str = "datetimeoffset";
/// By code, blanks at the end passed over.
pub const BINARY: &str = "Latin1_General_BIN2";

/// A way to compare texts.
pub type Compare = fn(&str, &str) -> Ordering;

/// Every collation that is registered.
pub const COLLATIONS: [(&str, Compare); 6] = [
    (DEFAULT, compare),
    (ACCENT_INSENSITIVE, compare_base),
    (CASE_SENSITIVE, compare_case),
    (CASE_ONLY, compare_base_case),
    (MOMENTS, compare_moments),
    (BINARY, compare_code),
];

/// The registered collation that a name of SQL Server's stands for; `None` when none orders as it does.
#[must_use]
pub fn named(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if lower == "database_default" {
        return Some(DEFAULT);
    }
    let rest = lower.strip_prefix("sql_").unwrap_or(&lower);
    let rest = rest.strip_prefix("latin1_general_")?;
    let rest =
        ["100_", "cp1_", "cp1252_"].iter().find_map(|page| rest.strip_prefix(page)).unwrap_or(rest);
    match rest {
        "ci_as" | "ci_as_ks_ws" | "ci_as_sc" => Some(DEFAULT),
        "cs_as" | "cs_as_ks_ws" | "cs_as_sc" => Some(CASE_SENSITIVE),
        "ci_ai" | "ci_ai_ks_ws" | "ci_ai_sc" => Some(ACCENT_INSENSITIVE),
        "cs_ai" | "cs_ai_ks_ws" | "cs_ai_sc" => Some(CASE_ONLY),
        "bin" | "bin2" => Some(BINARY),
        _ => None,
    }
}

/// Compares as the default collation does.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    if a == b {
        return Ordering::Equal;
    }
    padded(a, b, |c| weight(c).base).then_with(|| padded(a, b, |c| weight(c).accent))
}

/// Compares letters without their accents.
#[must_use]
pub fn compare_base(a: &str, b: &str) -> Ordering {
    padded(a.trim_end_matches(' '), b.trim_end_matches(' '), |c| weight(c).base)
}

/// Compares letters without their accents, and where they are the same, small before capital.
#[must_use]
pub fn compare_base_case(a: &str, b: &str) -> Ordering {
    let (short, long) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    compare_base(a, b).then_with(|| padded(short, long, |c| u32::from(c.is_uppercase())))
}

/// Compares letters as the default collation does, and where they are the same, small before capital.
#[must_use]
pub fn compare_case(a: &str, b: &str) -> Ordering {
    let (short, long) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    compare(a, b).then_with(|| padded(short, long, |c| u32::from(c.is_uppercase())))
}

/// Compares by code.
#[must_use]
pub fn compare_code(a: &str, b: &str) -> Ordering {
    a.trim_end_matches(' ').cmp(b.trim_end_matches(' '))
}

/// Compares character by character; the shorter text goes on with blanks.
fn padded(a: &str, b: &str, weight: impl Fn(char) -> u32) -> Ordering {
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => weight(a.unwrap_or(' ')).cmp(&weight(b.unwrap_or(' '))),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Whether two characters are the same to the default collation.
#[must_use]
pub fn same(a: char, b: char) -> bool {
    a == b || weight(a) == weight(b)
}

/// Whether `c` lies between `low` and `high`, both included, as `[a-z]` of a pattern means it.
#[must_use]
pub fn between(c: char, low: char, high: char) -> bool {
    let c = weight(c);
    weight(low) <= c && c <= weight(high)
}

/// What a character counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    base: u32,
    accent: u32,
}

const SIGN: u32 = 0;
const DIGIT: u32 = 0x1000;
const LETTER: u32 = 0x2000;
const OTHER: u32 = 0x1_0000;

fn weight(c: char) -> Weight {
    let plain = |base| Weight { base, accent: 0 };
    match c {
        'a'..='z' => plain(LETTER + u32::from(c)),
        'A'..='Z' => plain(LETTER + u32::from(c.to_ascii_lowercase())),
        '0'..='9' => plain(DIGIT + u32::from(c)),
        '\0'..='\u{7f}' => plain(SIGN + u32::from(c)),
        // Full-width forms are the same as the plain ones, and so are the two Japanese alphabets.
        '\u{ff01}'..='\u{ff5e}' => weight(char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)),
        '\u{30a1}'..='\u{30f6}' => plain(OTHER + u32::from(c) - 0x60),
        '\u{80}'..='\u{bf}' | '×' | '÷' => plain(SIGN + u32::from(c)),
        _ => {
            let lower = lower(c);
            match base(lower) {
                Some(base) => Weight { base: LETTER + u32::from(base), accent: u32::from(lower) },
                None => plain(OTHER + u32::from(lower)),
            }
        }
    }
}

/// The letter of ASCII under an accent, in the same case.
#[must_use]
pub fn letter_under(c: char) -> Option<char> {
    let small = base(lower(c))?;
    Some(if lower(c) == c { small } else { small.to_ascii_uppercase() })
}

/// The small letter, where it is one.
fn lower(c: char) -> char {
    let mut small = c.to_lowercase();
    match (small.next(), small.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The letter under an accent, for the letters of Latin-1 and its first extension.
fn base(c: char) -> Option<char> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' | 'ø' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' => 's',
        'ţ' | 'ť' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => return None,
    })
}
