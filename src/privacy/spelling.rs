//! One address is spelt in many ways: encoded for a URL, for mail or for a page, broken over lines, beside the name of
//! its owner. Here the spellings become one, and addresses are found in text.
//!
//! What is found may be too much: a word more that is hidden is no harm, a customer who is not is. Base64 is not
//! decoded, and neither are pictures; a host name in decomposed Unicode counts as another one.
//!
//! Work is linear: every search goes back no further than the end of what the one before it found.

mod address;
mod decode;
mod machine;
mod phone;

use std::ops::Range;

pub(super) use address::{addresses, addresses_of_cell};
pub(super) use decode::decoded;
pub(super) use machine::{machine, machines};
pub(super) use phone::{digits, is_stamp, phones};

/// What finds all of one kind in a decoded text.
pub(super) type Finder = fn(&str) -> Vec<Found>;

/// Something found in a text: where, and its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) at: Range<usize>,
    pub(super) canonical: String,
}

/// The longest stretches of characters that are `part`.
pub(super) fn runs(text: &str, part: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (part(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    runs.extend(start.map(|from| from..text.len()));
    runs.into_iter()
}

/// Whether a letter, a digit or `_` touches the range, so that it is part of a longer word.
pub(super) fn beside_word(text: &str, range: &Range<usize>) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text[..range.start].chars().next_back().is_some_and(word) || text[range.end..].starts_with(word)
}
