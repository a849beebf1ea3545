//! What can name nobody, whoever wrote it: numbers of few digits, times, words of the product's schema and of the
//! program, and sentences that the program itself carries. Everything else may be somebody's name.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::spelling::{addresses, is_stamp, machines};
use super::{Classes, DataClass};
use crate::assets;
use crate::sql::{literals, names_in};

/// Words that name nobody, beside those of the schema: one list, a line a topic.
const WORDS: &str = include_str!("words.txt");

/// The meanings of codes, as the migration writes them.
const CODES: &str = include_str!("../../migrations/egpl/V2__create_code_reference.sql");

/// Digits of a text that are no telephone number and no account.
const FEW_DIGITS: usize = 6;

/// Letters that stand alone in a text: more may spell a word.
const FEW_LETTERS: usize = 3;

/// Digits of a text with the name of a month: a date and a time.
const DIGITS_OF_A_DATE: usize = 17;

/// A number from which on it could be a telephone number where nothing says what it is.
pub(super) const LONG_NUMBER: f64 = 1e6;

/// Words of a heading that make a number somebody's.
const PERSONS: &str = include_str!("persons.txt");

static OF_PERSONS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = PERSONS.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

static VOCABULARY: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let listed =
        WORDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    let carried = assets::questions();
    let scenarios = assets::AssetSource::Embedded.scenarios().unwrap_or_default();
    let names = Classes::known().names().chain(carried).chain(scenarios.iter().map(String::as_str));
    let texts = carried_texts();
    let aliases = texts.iter().flat_map(|text| names_in(text));
    let names = names.chain(aliases);
    let parts = names.flat_map(|name| words(name).collect::<Vec<_>>());
    let classes = DataClass::ALL.map(|class| class.name().to_owned());
    parts.chain(listed.map(str::to_owned)).chain(classes).collect()
});

/// The queries and findings that the program carries.
fn carried_texts() -> Vec<&'static str> {
    let carried = assets::questions().into_iter();
    carried.filter_map(|name| Some(assets::question(name)?.1)).collect()
}

/// Texts that the queries and the list of codes write themselves, in lower case.
static OWN_TEXTS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    carried_texts()
        .into_iter()
        .chain([CODES])
        .flat_map(literals)
        .map(|text| text.to_lowercase())
        .collect()
});

/// Whether a text can name nobody.
pub(super) fn is_harmless(text: &str) -> bool {
    /// Longer texts are what somebody wrote.
    const LONGEST: usize = 400;
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return text.is_empty();
    }
    is_time(text)
        || is_status_pair(text)
        || is_row_version(text)
        || OWN_TEXTS.contains(&text.to_lowercase())
        || is_of_known_words(text)
}

/// Words of a heading whose numbers count or measure, whatever else it speaks of: `calls per customer`.
const MEASURES: [&str; 19] = [
    "count",
    "counts",
    "total",
    "sum",
    "average",
    "avg",
    "mean",
    "median",
    "milliseconds",
    "seconds",
    "minutes",
    "hours",
    "days",
    "rate",
    "share",
    "percent",
    "ratio",
    "per",
    "changes",
];

/// Whether a heading says that the numbers below it are a person's, as in `employee_no` or `PhoneExt`.
pub(super) fn is_of_persons(heading: &str) -> bool {
    let words: Vec<String> = words(heading).collect();
    let has = |known: &dyn Fn(&str) -> bool| words.iter().any(|word| known(word));
    has(&|word| OF_PERSONS.contains(word)) && !has(&|word| MEASURES.contains(&word))
}

/// Whether a text is a number, however its digits are set apart.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim();
    text.contains(|c: char| c.is_numeric())
        && text.chars().all(|c| c.is_numeric() || " .,'+-#".contains(c))
}

/// Whether every word is known, and no digits that stand together could be a telephone number or an account.
fn is_of_known_words(text: &str) -> bool {
    let text = without_dates(text);
    let mut has_month = false;
    let mut letters = 0;
    for word in words(&text).filter(|word| !word.starts_with(char::is_numeric)) {
        let is_letter = word.chars().count() == 1;
        letters += usize::from(is_letter);
        if letters > FEW_LETTERS || !is_letter && !VOCABULARY.contains(&word) {
            return false;
        }
        has_month |= word.len() >= 3 && MONTHS.iter().any(|month| month.starts_with(&word));
    }
    let most = if has_month { DIGITS_OF_A_DATE } else { FEW_DIGITS };
    let sign = |c: char| c.is_alphanumeric() || c.is_ascii() || "–—…·×≥≤€£".contains(c);
    text.chars().all(sign)
        && digits_together(&text) <= most
        && !text.split(|c: char| !c.is_alphanumeric()).any(is_mixed)
        && addresses(&text).is_empty()
        && machines(&text).is_empty()
}

/// `9f86d0`: letters and digits by turns, as nothing but a key has them.
fn is_mixed(token: &str) -> bool {
    let mut turns = 0;
    let mut last = None;
    for now in token.chars().map(char::is_numeric) {
        turns += usize::from(last.is_some_and(|last| last != now));
        last = Some(now);
    }
    turns > 1 && !is_stamp(token) && token.parse::<f64>().is_err()
}

/// The most digits with nothing but separators between them. Those of a date in one word are none.
fn digits_together(text: &str) -> usize {
    let separator = |c: char| c.is_whitespace() || "+-–—.()/_".contains(c);
    let stretches = text.split(|c: char| !c.is_numeric() && !separator(c));
    let digits = |stretch: &str| {
        let runs = stretch.split(separator);
        runs.filter(|run| !is_stamp(run)).map(|run| run.chars().count()).sum()
    };
    stretches.map(digits).max().unwrap_or(0)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The words of a text in lower case: runs of letters, cut before a capital behind a small letter, and runs of digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    #[derive(PartialEq, Clone, Copy)]
    enum Sort {
        Small,
        Capital,
        Digit,
        Other,
    }
    let sort = |c: char| match c {
        c if c.is_numeric() => Sort::Digit,
        c if c.is_uppercase() => Sort::Capital,
        c if c.is_alphabetic() => Sort::Small,
        _ => Sort::Other,
    };
    let mut all: Vec<String> = Vec::new();
    let mut last = Sort::Other;
    for c in text.chars() {
        let now = sort(c);
        let goes_on = now == last || (last, now) == (Sort::Capital, Sort::Small);
        match (now, all.last_mut()) {
            (Sort::Other, _) => {}
            (_, Some(word)) if goes_on => word.extend(c.to_lowercase()),
            _ => all.push(c.to_lowercase().collect()),
        }
        last = now;
    }
    all.into_iter()
}

/// Whether a text is a date, a time of day, a duration, or a date with a time, with an offset or without.
pub(super) fn is_time(text: &str) -> bool {
    let mut some = false;
    text.split([' ', 'T']).filter(|part| !part.is_empty()).all(|part| {
        let part = part.trim_end_matches('Z').trim_start_matches(['-', '+']);
        let clock = is_clock(part)
            || part
                .split_once(['+', '-'])
                .is_some_and(|(at, offset)| is_clock(at) && is_clock(offset));
        let known = clock || is_date(part);
        some |= known;
        known || matches!(part.to_ascii_uppercase().as_str(), "AM" | "PM" | "")
    }) && some
}

fn is_clock(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let number = |part: &&str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    (2..=3).contains(&parts.len())
        && number(&parts[0], 5)
        && parts[1..].iter().all(|part| number(part, 2))
        && number(&fraction, 9)
}

fn is_date(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    // SQL Server's last day stands for "never ends".
    let year = |part: &str| part.starts_with("19") || part.starts_with("20") || part == "9999";
    ['-', '/', '.'].into_iter().any(|sign| {
        let parts: Vec<&str> = text.split(sign).collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let known = match lengths.as_slice() {
            [4, 1 | 2, 1 | 2] | [4, 2] => year(parts[0]),
            [1 | 2, 1 | 2, 4] => year(parts[2]),
            _ => false,
        };
        known && parts.iter().all(|part| digits(part))
    })
}

/// `5000/5900`: a status and a sub-status.
fn is_status_pair(text: &str) -> bool {
    let code = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('/').is_some_and(|(status, sub_status)| code(status) && code(sub_status))
}

/// The text without dates such as `2026-11-24`, the digits of which are of no number.
fn without_dates(text: &str) -> String {
    const LENGTH: usize = "2026-11-24".len();
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(c) = rest.chars().next() {
        if rest.get(..LENGTH).is_some_and(is_date) {
            rest = &rest[LENGTH..];
        } else {
            kept.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    kept
}

/// `0x00000000000007D1`, as SQL Server shows a row's version.
fn is_row_version(text: &str) -> bool {
    let hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    text.strip_prefix("0x")
        .is_some_and(|digits| digits.len() == 16 && digits.starts_with("0000") && hex(digits))
}
