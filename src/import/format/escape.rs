//! What a backslash means in a delimited file: detected from its beginning or given by the user.
//!
//! RFC 4180 doubles a quote within quoted text; MySQL, Hive, Spark and pandas put a backslash before it. Both are
//! tried; the interpretation that leaves text after closing quotes is wrong. If neither is right, or both are and
//! differ, the user must decide.

use super::detect::{Sample, SplitCandidate, is_laid_out};
use crate::import::options::TYPOGRAPHIC;
use crate::import::reader::escapes::{masked, sign_of};
use crate::import::reader::quotes::with_double_quotes;
use std::io::Read as _;

/// What a backslash means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// An ordinary character.
    Nothing,
    /// It removes the meaning of quotes, separators, line ends and other backslashes.
    Backslash,
    /// The same, and `\n`, `\t`, `\0` and others represent control characters, as in MySQL and PostgreSQL.
    Mysql,
}

/// What the beginning of a file says about backslashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum EscapeEvidence {
    /// They have this meaning.
    Is(Escape),
    /// Quotes can be read with or without escapes, and neither interpretation is clearly right.
    Unclear,
}

/// Separators of files in which a backslash may be an escape.
const SEPARATORS: [&str; 4] = [",", "\t", ";", "|"];

/// How many times more records one interpretation must break before the other is chosen.
const CLEARLY: usize = 10;

impl Escape {
    /// The text for NULL if a backslash is an escape.
    pub const NULL: &str = "\\N";

    /// All kinds, by their name for `--escape`.
    pub const ALL: [(&str, Self); 3] =
        [("none", Self::Nothing), ("backslash", Self::Backslash), ("mysql", Self::Mysql)];

    /// The kind with this name for `--escape`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(known, escape)| (known == name).then_some(escape))
    }

    /// Its name for `--escape`.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(name, escape)| (escape == self).then_some(name)).unwrap_or_default()
    }

    /// A remark for a meaning that was detected, not given.
    #[must_use]
    pub(in crate::import) fn remark(self) -> String {
        let what = match self {
            Self::Nothing => "a backslash is an ordinary character",
            Self::Backslash => {
                "a backslash before a quote, a separator or a backslash was read as an escape"
            }
            Self::Mysql => "a backslash was read as MySQL's escape, `\\N` as NULL",
        };
        format!("{what}; `--escape none` reads it as a character")
    }

    /// Appends the meaning of `text` to `out`, where characters after a backslash are masked.
    ///
    /// # Errors
    /// If an escape is unknown, or is ambiguous and the user did not say what it means.
    pub(in crate::import) fn read(
        self,
        text: &str,
        said: bool,
        out: &mut String,
    ) -> Result<(), String> {
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '\\' || self == Self::Nothing {
                out.push(c);
                continue;
            }
            let Some(escaped) = chars.next() else {
                out.push(c);
                break;
            };
            match (sign_of(escaped), letter(escaped)) {
                (Some(sign), _) => {
                    out.push(sign);
                    // The line feed of an escaped CR LF is masked without a backslash of its own.
                    if sign == '\r' && chars.as_str().starts_with('\u{F}') {
                        chars.next();
                        out.push('\n');
                    }
                }
                (None, _) if matches!(escaped, '\\' | '\'') => out.push(escaped),
                (None, Some(meant)) if self == Self::Mysql => out.push(meant),
                (None, Some(_)) if !said => {
                    return Err(format!(
                        "`\\{escaped}` is a control character with `--escape mysql`, and two characters with \
                         `--escape backslash`"
                    ));
                }
                (None, None) if self == Self::Mysql => {
                    return Err(
                        "a backslash precedes a character that MySQL does not escape".to_owned()
                    );
                }
                (None, _) => out.extend([c, escaped]),
            }
        }
        Ok(())
    }

    /// What backslashes mean in a file that begins with `sample`, with `delimiter` as the separator if given; `None` if
    /// nothing suggests escapes.
    #[must_use]
    pub(in crate::import) fn tell(
        sample: &Sample<'_>,
        delimiter: Option<&str>,
    ) -> Option<EscapeEvidence> {
        let has = |what: &[u8]| memchr::memmem::find(sample.bytes, what).is_some();
        let quotes = has(b"\\\"");
        let signs = [&b"\\\n"[..], b"\\\r\n", b"\\\t", b"\\,", b"\\;", b"\\|"];
        if !(quotes || signs.iter().any(|sign| has(sign))) {
            return None;
        }
        let text = String::from_utf8_lossy(sample.bytes);
        let lines: Vec<String> = text.lines().take(200).map(str::to_owned).collect();
        if is_laid_out(sample, &lines) {
            return None;
        }
        let hidden = masked(sample.bytes);
        let escaped = Sample { bytes: &hidden, ..*sample };
        let separators = delimiter.map_or(SEPARATORS.to_vec(), |one| vec![one]);
        if quotes && let Some(found) = of_quotes(sample, &escaped, &separators) {
            return Some(found);
        }
        of_separators(sample, &escaped, &separators)
    }
}

/// Whether texts in `sample` may have been escaped without proof: each backslash precedes a character that it escapes,
/// a line end, or a letter as in MySQL, which is sufficient evidence only in files separated by tabs.
#[must_use]
pub(in crate::import) fn may_be_escaped(sample: &[u8], delimiter: &str) -> bool {
    let pairs = Pairs::of(sample);
    (pairs.doubled || pairs.line_ends || (pairs.letters && delimiter == "\t")) && !pairs.others
}

/// What follows the backslashes of a text.
#[derive(Debug, Clone, Copy, Default)]
struct Pairs {
    /// Backslashes that others escape.
    doubled: bool,
    /// Line ends of texts.
    line_ends: bool,
    /// Letters that represent control characters.
    letters: bool,
    /// Characters that neither MySQL nor PostgreSQL escapes.
    others: bool,
}

impl Pairs {
    fn of(text: &[u8]) -> Self {
        let mut found = Self::default();
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            let Some(escaped) = rest.get(at + 1) else {
                break;
            };
            let c = char::from(*escaped);
            let is_sign = matches!(c, '"' | '\'' | '\n' | '\r' | '\t' | ',' | ';' | '|' | 'N');
            found.doubled |= c == '\\';
            found.line_ends |= matches!(c, '\n' | '\r');
            found.letters |= letter(c).is_some();
            found.others |= c != '\\' && !is_sign && letter(c).is_none();
            rest = &rest[at + 2..];
        }
        found
    }
}

/// What MySQL's and PostgreSQL's escape of this letter represents.
fn letter(c: char) -> Option<char> {
    Some(match c {
        '0' => '\0',
        'b' => '\u{8}',
        'f' => '\u{C}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{B}',
        'Z' => '\u{1A}',
        _ => return None,
    })
}

/// The quote around texts in a file that begins with `sample`, if it is not the double quote: whole columns are in it,
/// or records have the same number of fields only with it.
#[must_use]
pub(in crate::import) fn quote_of(sample: &Sample<'_>, delimiter: Option<&str>) -> Option<char> {
    let has = |quote: char| {
        let mut bytes = [0; 4];
        memchr::memmem::find(sample.bytes, quote.encode_utf8(&mut bytes).as_bytes()).is_some()
    };
    let typographic = TYPOGRAPHIC.iter().map(|(open, _)| *open);
    let mut quotes =
        std::iter::once('\'').chain(typographic).filter(|quote| has(*quote)).peekable();
    quotes.peek()?;
    let text = String::from_utf8_lossy(sample.bytes);
    let lines: Vec<String> = text.lines().take(200).map(str::to_owned).collect();
    if is_laid_out(sample, &lines) {
        return None;
    }
    quotes.find(|quote| is_quoted_by(*quote, sample, delimiter))
}

fn is_quoted_by(quote: char, sample: &Sample<'_>, delimiter: Option<&str>) -> bool {
    let mut swapped = Vec::with_capacity(sample.bytes.len());
    let mut reader = with_double_quotes(sample.bytes, quote);
    if reader.read_to_end(&mut swapped).is_err() {
        return false;
    }
    let single = Sample { bytes: &swapped, ..*sample };
    let separators = delimiter.map_or(SEPARATORS.to_vec(), |one| vec![one]);
    separators.iter().any(|separator| {
        let without = SplitCandidate::new(sample, separator, true, None);
        let with = SplitCandidate::new(&single, separator, true, None);
        let is_possible = with.rejects == 0 && with.quoted() > 0 && without.quoted() == 0;
        let is_throughout = with.mixed_columns == 0 && with.quoted() > with.quoted_columns;
        let is_same = with.ragged == without.ragged && with.width == without.width;
        let is_better = with.ragged * CLEARLY < without.ragged;
        is_possible && with.width > 1 && (is_better || (is_same && is_throughout))
    })
}

/// What quotes after a backslash suggest.
fn of_quotes(
    sample: &Sample<'_>,
    escaped: &Sample<'_>,
    separators: &[&str],
) -> Option<EscapeEvidence> {
    let trial = |sample, separator: &str| SplitCandidate::new(sample, separator, true, None);
    let with = separators
        .iter()
        .map(|separator| trial(escaped, separator))
        .filter(|with| with.width > 1 && with.escaped_quotes > 0)
        .max_by(|a, b| a.fit.total_cmp(&b.fit))?;
    let without = trial(sample, &with.delimiter);
    // Records that a reading spoils: text behind a closing quote, or another number of fields.
    let spoiled = |trial: &SplitCandidate| trial.rejects + trial.ragged;
    let (with, without) = (spoiled(&with), spoiled(&without));
    Some(if with * CLEARLY < without {
        EscapeEvidence::Is(Escape::Backslash)
    } else if without * CLEARLY < with {
        return None;
    } else {
        EscapeEvidence::Unclear
    })
}

/// What separators and line ends after a backslash suggest in unquoted text: escapes make more records complete.
fn of_separators(
    sample: &Sample<'_>,
    escaped: &Sample<'_>,
    separators: &[&str],
) -> Option<EscapeEvidence> {
    if Pairs::of(sample.bytes).others {
        return None;
    }
    separators.iter().find_map(|separator| {
        let with = SplitCandidate::new(escaped, separator, false, None);
        let without = SplitCandidate::new(sample, separator, false, None);
        let is_whole = without.one_more && !with.one_more && with.ragged == 0;
        let is_better = with.width > 1
            && with.header == without.header
            && (with.ragged * 2 < without.ragged || is_whole);
        is_better.then_some(EscapeEvidence::Is(Escape::Mysql))
    })
}
