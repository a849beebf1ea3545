//! Telephone numbers in text: by a `+`, a leading 0, many digits, or the groups in which a country writes them.
//!
//! A library that knows every country's plan (`phonenumber`) wants to be told the country, and carries the plans of all
//! of them; here a stretch of digits only has to look like a number somewhere.

use std::ops::Range;

use crate::work;

use super::{Found, runs};

/// Groups of digits of numbers without a leading 0 or `+`, and what the first digit of each is there.
const GROUPS: [(&[usize], &str); 16] = [
    (&[3, 3, 4], "123456789"), // North America, India, Mexico, mobile in Italy
    (&[1, 3, 3, 4], "1"),      // North America
    (&[3, 3, 3], "56789"),     // Spain, Poland
    (&[3, 2, 2, 2], "56789"),  // Spain
    (&[2, 3, 2, 2], "123456789"), // Spain, Poland
    (&[2, 2, 2, 2], "23456789"), // Denmark, Norway
    (&[3, 2, 3], "23456789"),  // Norway
    (&[5, 5], "6789"),         // India
    (&[4, 3, 3], "6789"),      // India
    (&[3, 4, 4], "1"),         // China
    (&[1, 3, 3, 2, 2], "78"),  // Russia
    (&[3, 3, 2, 2], "3489"),   // Russia, Italy
    (&[2, 4, 4], "123456789"), // Mexico
    (&[2, 2, 2, 2, 2], "123456789"), // Mexico, Belgium
    (&[3, 7], "3"),            // mobile in Italy
    (&[3, 6], "3"),            // mobile in Italy
];

fn is_separator(c: char) -> bool {
    matches!(c, '+' | '(' | ')' | '-' | '.' | '/' | ' ' | '\u{a0}' | '\u{2010}'..='\u{2014}')
}

/// The ASCII digit that a digit of another script stands for.
fn digit(c: char) -> Option<char> {
    const ZEROS: [char; 4] = ['0', '\u{660}', '\u{6f0}', '\u{ff10}'];
    ZEROS.into_iter().find_map(|zero| char::from_digit((c as u32).checked_sub(zero as u32)?, 10))
}

/// The telephone numbers in decoded text, left to right.
pub(in crate::privacy) fn phones(text: &str) -> Vec<Found> {
    work::steps(text.len());
    let mut found = Vec::new();
    for run in runs(text, |c| digit(c).is_some() || is_separator(c)) {
        for at in candidates(text, run) {
            if !beside_letter(text, &at) && is_phone(&text[at.clone()]) {
                let canonical = digits(&text[at.clone()]);
                found.push(Found { at, canonical });
            }
        }
    }
    found
}

/// Parts of a run that could be a number each: cut where two blanks follow one another, and before `+`.
fn candidates(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let body = &text[run.clone()];
    let mut ends: Vec<usize> = body.match_indices("  ").map(|(at, _)| at).collect();
    ends.extend(body.match_indices('+').map(|(at, _)| at));
    ends.push(body.len());
    ends.sort_unstable();
    let mut start = 0;
    let mut parts = Vec::new();
    for end in ends {
        let word = &body[start..end];
        let opens = |c: char| is_separator(c) && !matches!(c, '+' | '(');
        let closes = |c: char| is_separator(c) && c != ')';
        let front = word.len() - word.trim_start_matches(opens).len();
        let back = word.trim_end_matches(closes).len();
        if front < back {
            parts.push(run.start + start + front..run.start + start + back);
        }
        start = end;
    }
    parts
}

/// The digits, by which a number is known.
pub(in crate::privacy) fn digits(text: &str) -> String {
    text.chars().filter_map(digit).collect()
}

fn is_phone(text: &str) -> bool {
    /// The longest stretch that may be a number, in bytes: digits may have three bytes each.
    const LONGEST: usize = 100;
    if text.len() > LONGEST {
        return false;
    }
    let groups: Vec<String> = text
        .split(|c: char| digit(c).is_none())
        .filter(|group| !group.is_empty())
        .map(digits)
        .collect();
    let count: usize = groups.iter().map(String::len).sum();
    if !(7..=15).contains(&count) || is_date(&groups) {
        return false;
    }
    if text.starts_with('+') || (text.starts_with('(') && count >= 9) || is_grouped(text, &groups) {
        return true;
    }
    if let [only] = groups.as_slice() {
        return count >= 10 && !is_stamp(only);
    }
    groups[0].starts_with('0') && count >= 9
}

/// Whether the groups are those of a country. Numbers with dots between them are versions and IP addresses as well.
fn is_grouped(text: &str, groups: &[String]) -> bool {
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    let dots = text.contains('.') && lengths.iter().all(|length| *length <= 3);
    !dots
        && GROUPS.iter().any(|(known, first)| *known == lengths && first.contains(&groups[0][..1]))
}

/// `2011-07-12`, `12.07.2011`, with or without more behind.
fn is_date(groups: &[String]) -> bool {
    let lengths: Vec<usize> = groups.iter().take(3).map(String::len).collect();
    let year = |group: &str| group.starts_with("19") || group.starts_with("20");
    matches!(lengths.as_slice(), [4, 2, 2]) && year(&groups[0])
        || matches!(lengths.as_slice(), [1 | 2, 1 | 2, 4]) && year(&groups[2])
}

/// Whether digits are a date with a time behind it, or milliseconds since 1970.
pub(in crate::privacy) fn is_stamp(digits: &str) -> bool {
    let number = |range: Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    let date = matches!(digits.len(), 8 | 12 | 14 | 17)
        && matches!(number(0..4), Some(1970..=2099))
        && matches!(number(4..6), Some(1..=12))
        && matches!(number(6..8), Some(1..=31));
    date || (digits.len() == 13 && digits.starts_with('1'))
}

/// Whether a letter touches the range, so that it is part of a longer word.
fn beside_letter(text: &str, range: &Range<usize>) -> bool {
    let letter = |c: char| c.is_alphanumeric();
    text[..range.start].chars().next_back().is_some_and(letter)
        || text[range.end..].starts_with(letter)
}
