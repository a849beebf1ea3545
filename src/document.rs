//! The source document: its headings, and the citations by which everything else points into it.
//!
//! The document is a published support note on what happens to a live chat when servers of the contact
//! centre fail and come back. Line numbers count the lines of its text as read by OCR, from 1.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// A scenario heading of the document: its text, and the lines of its section, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// The heading, without Markdown's marks.
    pub text: &'static str,
    /// The first line of the section, which is the heading itself.
    pub first_line: u32,
    /// The last line before the next heading.
    pub last_line: u32,
}

const fn heading(text: &'static str, first_line: u32, last_line: u32) -> Heading {
    Heading { text, first_line, last_line }
}

/// The ten scenario headings, in the document's order.
pub const HEADINGS: [Heading; 10] = [
    heading("Application Server Failure", 20, 42),
    heading("Application Server Restored", 43, 54),
    heading("Services Server Failure", 55, 109),
    heading("Services Server Restored", 110, 127),
    heading("Messaging Server Failure", 128, 150),
    heading("Messaging Server Restored", 151, 175),
    heading("Messaging AND Application Servers Failure", 176, 182),
    heading("Messaging AND Application Server Restored", 183, 190),
    heading("Messaging AND Application AND Services Servers Failure", 191, 214),
    heading("Messaging AND Application AND Services Servers Restored", 215, 221),
];

/// The words of the support note, each as a short hash, a line for a line: the text itself does not travel with the
/// program.
const NOTE: &str = include_str!("document/note.words");

/// The words of a document's lines, against which whatever is said to be printed there is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    lines: Vec<Vec<u32>>,
}

impl Printed {
    /// The support note.
    #[must_use]
    pub fn note() -> &'static Self {
        static WORDS: OnceLock<Printed> = OnceLock::new();
        WORDS.get_or_init(|| {
            let word = |hash: &str| u32::from_str_radix(hash, 16).expect("a test reads them");
            let lines = NOTE.lines().filter(|line| !line.starts_with('#'));
            Self {
                lines: lines
                    .map(|line| line.split_ascii_whitespace().map(word).collect())
                    .collect(),
            }
        })
    }

    /// A document of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { lines: text.lines().map(words).collect() }
    }

    /// How many lines it has.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Whether line `line`, from 1, is `text`, blanks apart.
    #[must_use]
    pub fn is(&self, line: u32, text: &str) -> bool {
        self.line(line).is_some_and(|own| own == words(text))
    }

    /// Whether line `line` has the words of `text`, one after the other.
    #[must_use]
    pub fn says(&self, line: u32, text: &str) -> bool {
        let wanted = words(text);
        let has = |own: &[u32]| own.windows(wanted.len()).any(|part| part == wanted);
        !wanted.is_empty() && self.line(line).is_some_and(has)
    }

    fn line(&self, line: u32) -> Option<&[u32]> {
        let at = usize::try_from(line).ok()?.checked_sub(1)?;
        self.lines.get(at).map(Vec::as_slice)
    }
}

impl fmt::Display for Printed {
    /// Writes the words as `note.words` has them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let words: Vec<String> = line.iter().map(|word| format!("{word:06x}")).collect();
            writeln!(f, "{}", words.join(" "))?;
        }
        Ok(())
    }
}

/// The words of a line as hashes of 24 bits (FNV-1a): runs of letters and digits, dashes in a row, and each other mark
/// by itself.
fn words(line: &str) -> Vec<u32> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '-' => rest.find(|c| c != '-'),
            c if c.is_alphanumeric() => rest.find(|c: char| !c.is_alphanumeric()),
            c => Some(c.len_utf8()),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        // How wide a column is drawn is no matter.
        let word = if first == '-' { "-" } else { word };
        let hash = word
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        words.push(hash >> 8);
        rest = after.trim_start();
    }
    words
}

/// Lines of the document, such as `60-72` or `22, 31`. Ranges ascend and do not touch each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lines(Vec<(u32, u32)>);

impl Lines {
    /// The first line cited.
    #[must_use]
    pub fn first(&self) -> u32 {
        self.0[0].0
    }

    /// The last line cited.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.0[self.0.len() - 1].1
    }

    /// Every line cited, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

/// Why a text is no citation.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("invalid lines `{found}`: expected e.g. `57`, `60-72` or `22, 31`, ascending")]
pub struct LinesError {
    /// The text found.
    pub found: String,
}

impl FromStr for Lines {
    type Err = LinesError;

    fn from_str(text: &str) -> Result<Self, LinesError> {
        let error = || LinesError { found: text.to_owned() };
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first = first.trim().parse().map_err(|_| error())?;
            let last = last.trim().parse().map_err(|_| error())?;
            let after = ranges.last().map_or(0, |range| range.1);
            if first <= after || last < first || last > 1_000_000 {
                return Err(error());
            }
            ranges.push((first, last));
        }
        Ok(Self(ranges))
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            if first == last {
                write!(f, "{first}")?;
            } else {
                write!(f, "{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl schemars::JsonSchema for Lines {
    fn schema_name() -> Cow<'static, str> {
        "Lines".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Lines of the document, such as `57` or `60-72, 80`.",
        })
    }
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
