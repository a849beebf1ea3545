//! Mistakes in files that people write: each with its place, what was found and what was expected, and all
//! of them at once.
//!
//! A [`Problem`] is a sentence for a person; programs look at its fields. This module does not know what the
//! files are for.

use std::fmt::{self, Write as _};

use schemars::JsonSchema;
use serde::Serialize;

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Problem {
    /// The path as the user would open it.
    pub file: String,
    /// Where in the file; `None` when it is about the file as a whole.
    pub at: Option<Position>,
    /// What was found, and what was expected.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

/// A place in a file of a scenario, for messages and reports: `seeds/services_failure/scenario.toml:9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Place {
    /// The path as the user would open it; for what is compiled in, the path in the project.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Text from a file as a terminal may have it: control characters are written out.
struct Visible<'a>(&'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_debug())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// `file:line:column: message`, and the hint on a line of its own. Control characters are written out.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Visible(&self.file))?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        write!(f, ": {}", Visible(&self.message))?;
        match &self.hint {
            Some(hint) => write!(f, "\n hint: {}", Visible(hint)),
            None => Ok(()),
        }
    }
}

/// Every mistake found, by file, line and column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sorts, and drops what was found twice: two scenarios may use the same query.
impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        let mut problems: Vec<_> = problems.into_iter().collect();
        problems.sort();
        problems.dedup();
        Self(problems)
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One paragraph for each.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Finds the line and column of a byte of a text.
#[derive(Debug)]
pub(crate) struct Positions<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes, so that a place far along a line is found
    /// without counting the line.
    blocks: Vec<usize>,
}

/// How many bytes are counted at most to find a place.
const BLOCK: usize = 256;

impl<'a> Positions<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let mut passed = 0;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let before = passed;
            passed += begun(block);
            before
        });
        Self {
            text,
            blocks: blocks.collect(),
            starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
        }
    }

    /// How many characters of the text begin before `offset`.
    fn characters_before(&self, offset: usize) -> usize {
        let block = (offset / BLOCK).min(self.blocks.len().saturating_sub(1));
        let before = self.blocks.get(block).copied().unwrap_or(0);
        before + begun(&self.text.as_bytes()[block * BLOCK..offset])
    }

    /// The text that places are in.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The place of the byte at `offset`; of the end of the text, when it lies beyond.
    pub(crate) fn of(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        // Of a byte inside a character, the place after that character.
        let column = self.characters_before(offset) - self.characters_before(start);
        Position { line: count(line), column: count(column + 1) }
    }
}

/// How many characters begin in these bytes of a text.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// A count of lines or characters. No file that is read has four thousand million of them.
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A number with what is counted: `1 row`, `3 rows`.
#[must_use]
pub fn counted(n: impl fmt::Display, noun: &str) -> String {
    let n = n.to_string();
    let ending = if n == "1" { "" } else { "s" };
    format!("{n} {noun}{ending}")
}

/// The form of a verb that agrees with `n` things.
#[must_use]
pub fn verb(n: impl fmt::Display, one: &'static str, many: &'static str) -> &'static str {
    if n.to_string() == "1" { one } else { many }
}

/// The one of `known` that `found` was likely meant to be.
#[must_use]
pub fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 80;
    if found.len() > LONGEST {
        return None;
    }
    let found = found.to_lowercase();
    // Of few letters another word is made by changing them.
    let count = found.chars().count();
    let allowed = (1 + count / 5).min(count / 2);
    known
        .into_iter()
        .filter(|known| known.len() <= LONGEST)
        .map(|known| {
            let lower = known.to_lowercase();
            let near = strsim::damerau_levenshtein(&found, &lower);
            let begins = found.len() >= 3 && lower.starts_with(&found);
            (if begins { near.min(1) } else { near }, known)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The hint for a word that is not known: the one that was likely meant, or something else.
pub fn suggestion(meant: Option<impl fmt::Display>, otherwise: impl FnOnce() -> String) -> String {
    meant.map_or_else(otherwise, |meant| format!("did you mean `{meant}`?"))
}

/// The hint for a word that is not one of `known`: the likely one, or the list.
pub(crate) fn hint_among<'a>(
    found: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(meant) = did_you_mean(found, known.clone()) {
        return Some(format!("did you mean `{meant}`?"));
    }
    let known: Vec<_> = known.into_iter().map(|word| format!("`{word}`")).collect();
    (!known.is_empty()).then(|| format!("known: {}", known.join(", ")))
}
