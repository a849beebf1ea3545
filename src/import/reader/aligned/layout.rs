//! Recognises columns under dashes, and where the columns are.

use super::BEFORE;
use super::BROKEN;
use crate::import::format::detect::spaced_values;
use crate::import::format::trailer;
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// How likely `lines` are columns under dashes.
#[must_use]
pub fn score(lines: &[String]) -> f64 {
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(dashes) = beginning.iter().position(|line| is_dashes(line)) else {
        return 0.0;
    };
    let broken = lines[dashes..].iter().take(BROKEN).take_while(|line| is_dashes(line)).count();
    let found = [broken, 1].into_iter().any(|broken| {
        let head = dashes.checked_sub(broken).and_then(|first| lines.get(first..dashes + broken));
        head.is_some_and(|head| Head::of(head).is_some())
    });
    if is_spaced(lines) {
        0.0
    } else if found || is_unnamed(beginning, dashes) {
        0.95
    } else {
        0.0
    }
}

/// Whether single spaces separate values, and nothing is padded: `sqlcmd -W` without a separator. No line reaches the
/// last column, or exceeds its width, and most have as many values as there are names.
#[must_use]
pub fn is_spaced(lines: &[String]) -> bool {
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(head) = (1..beginning.len()).find(|at| is_dashes(&beginning[*at])) else {
        return false;
    };
    let lengths = |line: &str| line.split(' ').map(str::len).collect::<Vec<_>>();
    let (names, dashes) = (&lines[head - 1], &lines[head]);
    let last = dashes.rfind(' ').map_or(0, |at| at + 1);
    if last == 0 || lengths(names) != lengths(dashes) {
        return false;
    }
    let rows = lines[head + 1..].iter();
    let rows: Vec<&String> = rows
        .filter(|line| !line.trim().is_empty())
        .filter(|line| trailer::rows(line).is_none() && trailer::message(line).is_none())
        .take(BEFORE)
        .collect();
    let (few, fitting) = rows.iter().fold((0, 0), |(few, fitting), line| {
        let is_few = Measure::Units.length(line) < last || line.ends_with(|c| c != ' ');
        (
            few + usize::from(is_few),
            fitting + usize::from(spaced_values(line) == spaced_values(names)),
        )
    });
    let places = columns(dashes).unwrap_or_default();
    let cut = rows.iter().filter(|line| {
        let cut = Measure::Units.cut(line, &places);
        cut.is_some_and(|cut| {
            cut[cut.len() - 1].start < line.len()
                && cut.windows(2).all(|pair| &line[pair[0].end..pair[1].start] == " ")
        })
    });
    !rows.is_empty() && few == rows.len() && fitting * 2 > rows.len() && cut.count() == 0
}

/// Whether `lines` are PowerShell's Format-Table: the dashes are as long as the names above them, not as wide as the
/// columns. It truncates values and omits columns to fit the console, so it is not an export.
#[must_use]
pub fn is_format_table(lines: &[String]) -> bool {
    let runs = |line: &str| -> Vec<(usize, usize)> {
        let words = line.split(' ').scan(0, |at, word| {
            let start = *at;
            *at += word.chars().count() + 1;
            Some((start, word.chars().count()))
        });
        words.filter(|(_, length)| *length > 0).collect()
    };
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(head) = (1..beginning.len()).find(|at| is_dashes(&beginning[*at])) else {
        return false;
    };
    let (names, dashes) = (&beginning[head - 1], &beginning[head]);
    let is_wider =
        |line: &&String| line.trim_end().chars().count() > dashes.trim_end().chars().count();
    let has_gaps = dashes.trim_end().contains("  ") || dashes.starts_with(' ');
    let rows = || lines[head + 1..].iter().filter(|line| !line.trim().is_empty());
    let last_is_short = rows().count() > 0
        && rows().all(|line| line.starts_with(' ') && is_wider(&line))
        && !is_spaced(lines);
    runs(names).len() > 1 && runs(names) == runs(dashes) && (has_gaps || last_is_short)
}

/// Whether a result with unnamed columns begins with the dashes of `lines` at `dashes`, and ends with a count.
pub(super) fn is_unnamed(lines: &[String], dashes: usize) -> bool {
    let blank = lines[..dashes].iter().all(|line| line.trim().is_empty());
    dashes > 0
        && blank
        && columns(&lines[dashes]).is_some()
        && lines.iter().any(|line| trailer::rows(line).is_some())
}

/// A header and the dashes under it.
pub(super) struct Head {
    pub(super) places: Vec<Range<usize>>,
    /// The header line.
    pub(super) text: String,
    pub(super) names: Vec<String>,
    /// The lengths of the lines that each is wrapped into.
    pub(super) pieces: Vec<usize>,
}

impl Head {
    /// Dashes without names above them: unnamed columns of expressions.
    pub(super) fn unnamed(dashes: &str) -> Option<Self> {
        let places = columns(dashes)?;
        Some(Self {
            names: vec![String::new(); places.len()],
            places,
            text: String::new(),
            pieces: vec![dashes.len()],
        })
    }

    /// One half of `lines` as the header, the other half as the dashes under it, wrapped at the same positions.
    pub(super) fn of(lines: &[String]) -> Option<Self> {
        Self::joined(lines).or_else(|| Self::joined(&with_separators(lines)?))
    }

    fn joined(lines: &[String]) -> Option<Self> {
        let (above, dashes) = lines.split_at(lines.len() / 2);
        let pieces: Vec<usize> = dashes.iter().map(String::len).collect();
        let whole = *pieces.first()?;
        if above.iter().any(|line| is_dashes(line)) {
            return None;
        }
        let first = dashes.iter().rev().skip(1);
        // Wrapped at the page width, or between columns.
        let even = first.clone().all(|line| line.len() == whole)
            || first.clone().all(|line| line.ends_with(' '));
        let alike = (above.iter().zip(&pieces))
            .rev()
            .skip(1)
            .all(|(line, piece)| Measure::Units.length(line) == *piece);
        if !even || !alike || !dashes.iter().all(|line| is_dashes(line)) {
            return None;
        }
        let places = columns(&dashes.concat())?;
        let text = above.concat();
        let cut = Measure::ALL.iter().find_map(|measure| measure.cut(&text, &places))?;
        let clear =
            cut.windows(2).all(|pair| text[pair[0].end..pair[1].start].bytes().all(|b| b == b' '));
        let names: Vec<String> =
            cut.iter().map(|place| text[place.clone()].trim().to_owned()).collect();
        let odd = |name: &String| name.contains([',', ';', '\t', '"', '|']);
        let rest = cut.last().map_or("", |last| &text[last.end..]);
        let named = names.iter().any(|name| !name.is_empty())
            && !names.iter().any(odd)
            && rest.trim().is_empty();
        (clear && named).then_some(Self { places, text, names, pieces })
    }
}

/// The lines of a header and of the dashes under it, both wrapped between columns, with the separators that somebody
/// has trimmed off. Trimmed rows are shorter than the dashes, and are not joined.
fn with_separators(lines: &[String]) -> Option<Vec<String>> {
    let (above, dashes) = lines.split_at(lines.len() / 2);
    if dashes.len() < 2 || above.iter().any(|line| line.trim().is_empty()) {
        return None;
    }
    let padded = |(at, line): (usize, &String)| {
        let at = at % dashes.len();
        let separator = usize::from(at + 1 < dashes.len());
        let length = dashes[at].trim_end().len() + separator;
        format!("{:length$}", line.trim_end())
    };
    Some(lines.iter().enumerate().map(padded).collect())
}

/// The positions of the columns, if `line` is dashes separated by single spaces.
pub(super) fn columns(line: &str) -> Option<Vec<Range<usize>>> {
    let line = line.trim_end_matches(' ');
    if !line.starts_with('-')
        || !line.bytes().all(|b| matches!(b, b'-' | b' '))
        || line.contains("  ")
    {
        return None;
    }
    let mut start = 0;
    Some(
        line.split(' ')
            .map(|dashes| {
                let place = start..start + dashes.len();
                start = place.end + 1;
                place
            })
            .collect(),
    )
}

/// How the columns of a line are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import::reader) enum Measure {
    Units,
    Characters,
    Screen,
    /// As bytes of UTF-8.
    Bytes,
}

impl Measure {
    pub(in crate::import::reader) const ALL: [Self; 3] =
        [Self::Units, Self::Characters, Self::Screen];

    pub(super) fn of(self, c: char) -> usize {
        match self {
            Self::Units => c.len_utf16(),
            Self::Characters => 1,
            Self::Screen => c.width().unwrap_or(1),
            Self::Bytes => c.len_utf8(),
        }
    }

    pub(in crate::import::reader) fn length(self, text: &str) -> usize {
        if text.is_ascii() { text.len() } else { text.chars().map(|c| self.of(c)).sum() }
    }

    /// The byte offset of each of `places` in `text`; the end of the text for positions beyond it. `None` if a position
    /// is inside a character.
    pub(in crate::import::reader) fn cut(
        self,
        text: &str,
        places: &[Range<usize>],
    ) -> Option<Vec<Range<usize>>> {
        let mut wanted = places.iter().flat_map(|place| [place.start, place.end]).peekable();
        let mut found = Vec::with_capacity(places.len() * 2);
        let mut at = 0;
        for (byte, c) in text.char_indices() {
            while wanted.peek() == Some(&at) {
                wanted.next();
                found.push(byte);
            }
            if wanted.peek().is_some_and(|place| *place < at) {
                return None;
            }
            at += self.of(c);
        }
        found.resize(places.len() * 2, text.len());
        Some(found.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect())
    }
}

pub(super) fn is_dashes(line: &str) -> bool {
    line.contains('-') && line.bytes().all(|b| matches!(b, b'-' | b' '))
}
