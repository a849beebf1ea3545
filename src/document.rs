//! The source document: its headings, and the citations by which everything else points into it.
//!
//! The document is a published support note on what happens to a live chat when servers of the contact
//! centre fail and come back. Line numbers count the lines of its text as read by OCR, from 1.

use std::fmt;
use std::str::FromStr;

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
    Heading {
        text,
        first_line,
        last_line,
    }
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
    heading(
        "Messaging AND Application AND Services Servers Failure",
        191,
        214,
    ),
    heading(
        "Messaging AND Application AND Services Servers Restored",
        215,
        221,
    ),
];

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
#[error("`{found}` names no lines; expected a form like `57` or `60-72` or `22, 31`, ascending")]
pub struct LinesError {
    /// The text found.
    pub found: String,
}

impl FromStr for Lines {
    type Err = LinesError;

    fn from_str(text: &str) -> Result<Self, LinesError> {
        let error = || LinesError {
            found: text.to_owned(),
        };
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

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
