//! Values that are replaced, to be found where sentences repeat them.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use crate::work;

use super::DataClass;

/// Values in lower case, with the class and the spelling seen first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    values: BTreeMap<String, (DataClass, String)>,
}

/// A value found in a text.
pub(super) struct Repeated<'s> {
    pub(super) at: Range<usize>,
    pub(super) class: DataClass,
    pub(super) value: &'s str,
}

/// Shorter values would be found everywhere.
const SHORTEST: usize = 3;
/// Longer ones are not repeated as a whole.
const LONGEST: usize = 300;
/// Names of files are, with all their folders, up to what systems allow.
const LONGEST_FILE: usize = 4096;
/// Texts of small letters are found from here: below, they are words like any other.
const SHORTEST_TEXT: usize = 8;
/// From here on letter case does not matter: a short word in another one is likely another word.
const ANY_CASE: usize = 6;

impl Seen {
    pub(super) fn add(&mut self, class: DataClass, text: &str) {
        let text = text.trim();
        // A text of small letters alone is likely a word of any sentence.
        let is_word =
            class == DataClass::Text && text.bytes().all(|b| b.is_ascii_lowercase() || b == b' ');
        let least = if is_word { SHORTEST_TEXT } else { SHORTEST };
        let most = if class == DataClass::File { LONGEST_FILE } else { LONGEST };
        if (least..=most).contains(&text.len()) {
            self.values
                .entry(text.to_ascii_lowercase())
                .or_insert_with(|| (class, text.to_owned()));
        }
    }

    /// The values in a text, left to right, each as a word of its own, the longest where several begin. A step is at
    /// most [`LONGEST_FILE`] bytes compared.
    pub(super) fn all_in(&self, text: &str) -> Vec<Repeated<'_>> {
        let mut found = Vec::new();
        if self.values.is_empty() {
            return found;
        }
        let lower = text.to_ascii_lowercase();
        let mut behind_word = false;
        let mut next = 0;
        for (at, c) in lower.char_indices() {
            if at >= next
                && !behind_word
                && let Some(one) = self.at(text, &lower, at)
            {
                next = one.at.end;
                found.push(one);
            }
            behind_word = is_word(c);
        }
        found
    }

    fn at(&self, text: &str, lower: &str, at: usize) -> Option<Repeated<'_>> {
        let most = lower[at..].len().min(LONGEST_FILE);
        let mut prefix = &lower[at..at + lower[at..].floor_char_boundary(most)];
        loop {
            work::steps(1);
            let upto = (Bound::Unbounded, Bound::Included(prefix));
            let (known, (class, value)) = self.values.range::<str, _>(upto).next_back()?;
            if !prefix.starts_with(known.as_str()) {
                prefix = &prefix[..common(prefix, known)];
                if prefix.is_empty() {
                    return None;
                }
                continue;
            }
            let end = at + known.len();
            let same = known.len() >= ANY_CASE || text[at..end] == *value;
            if same && !lower[end..].starts_with(is_word) {
                return Some(Repeated { at: at..end, class: *class, value });
            }
            let shorter = known.char_indices().next_back().map_or(0, |(at, _)| at);
            prefix = &prefix[..shorter];
            if prefix.is_empty() {
                return None;
            }
        }
    }
}

/// How many bytes two texts have in common at their start, whole characters.
fn common(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.floor_char_boundary(same)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
