//! What a backslash means in a delimited file, told from its beginning or said by the user.
//!
//! RFC 4180 doubles a quote within a quoted text; MySQL, Hive, Spark and pandas put a backslash before it. Both ways of
//! reading are tried: the one in which text stands behind closing quotes is wrong. Where neither is right, or both are
//! and differ, the user is asked.

use super::detect::{Sample, SplitCandidate, is_laid_out};
use crate::import::options::TYPOGRAPHIC;
use crate::import::reader::escapes::{masked, sign_of};
use crate::import::reader::quotes::with_double_quotes;
use std::io::Read as _;

/// What a backslash means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// A character like others.
    Nothing,
    /// It takes their meaning from quotes, separators, line ends and other backslashes.
    Backslash,
    /// The same, and `\n`, `\t`, `\0` and others stand for what cannot be seen, as MySQL and PostgreSQL write them.
    Mysql,
}

/// What the beginning of a file says about its backslashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum EscapeEvidence {
    /// They mean this.
    Is(Escape),
    /// Quotes can be read with escapes and without, and neither reading is clearly the right one.
    Unclear,
}

/// Separators of files in which a backslash may be an escape.
const SEPARATORS: [&str; 4] = [",", "\t", ";", "|"];

/// How many times as many records one reading has to spoil before the other is taken.
const CLEARLY: usize = 10;

impl Escape {
    /// What stands for NULL wherever a backslash is an escape.
    pub const NULL: &str = "\\N";

    /// Every one, by the name that `--escape` gives it.
    pub const ALL: [(&str, Self); 3] = [
        ("none", Self::Nothing),
        ("backslash", Self::Backslash),
        ("mysql", Self::Mysql),
    ];

    /// The one that `--escape` calls `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(known, escape)| (known == name).then_some(escape))
    }

    /// The name that `--escape` gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(name, escape)| (escape == self).then_some(name))
            .unwrap_or_default()
    }

    /// What a file in which nobody said so is told to have.
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

    /// Puts what `text` says behind `out`, where signs behind a backslash are masked.
    ///
    /// # Errors
    /// What is wrong, where an escape is not known, or can be read in two ways and nobody said in which.
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
                        "a backslash stands before a character that MySQL does not escape"
                            .to_owned(),
                    );
                }
                (None, _) => out.extend([c, escaped]),
            }
        }
        Ok(())
    }

    /// What a file means that begins with `sample`, whose fields have `delimiter` between them if somebody said so.
    /// `None` where nothing in it speaks for escapes.
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
        let escaped = Sample {
            bytes: &hidden,
            ..*sample
        };
        let separators = delimiter.map_or(SEPARATORS.to_vec(), |one| vec![one]);
        if quotes && let Some(found) = of_quotes(sample, &escaped, &separators) {
            return Some(found);
        }
        of_separators(sample, &escaped, &separators)
    }
}

/// Whether texts in `sample` may have been escaped where nothing says that they were: each backslash stands before one
/// that it escapes, or before a letter as MySQL writes them, which alone says enough only where tabs part the fields.
#[must_use]
pub(in crate::import) fn may_be_escaped(sample: &[u8], delimiter: &str) -> bool {
    let pairs = Pairs::of(sample);
    (pairs.doubled || (pairs.letters && delimiter == "\t")) && !pairs.others
}

/// What stands behind the backslashes of a text.
#[derive(Debug, Clone, Copy, Default)]
struct Pairs {
    /// Backslashes that others escape.
    doubled: bool,
    /// Letters of what cannot be seen.
    letters: bool,
    /// What neither MySQL nor PostgreSQL escapes.
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
            found.letters |= letter(c).is_some();
            found.others |= c != '\\' && !is_sign && letter(c).is_none();
            rest = &rest[at + 2..];
        }
        found
    }
}

/// What MySQL's and PostgreSQL's escape of this letter stands for.
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

/// The quote that texts are in, in a file that begins with `sample`, if it is another one than the double quote: they
/// are in it throughout their columns, or records have the same number of fields only so.
#[must_use]
pub(in crate::import) fn quote_of(sample: &Sample<'_>, delimiter: Option<&str>) -> Option<char> {
    let has = |quote: char| {
        let mut bytes = [0; 4];
        memchr::memmem::find(sample.bytes, quote.encode_utf8(&mut bytes).as_bytes()).is_some()
    };
    let typographic = TYPOGRAPHIC.iter().map(|(open, _)| *open);
    let mut quotes = std::iter::once('\'')
        .chain(typographic)
        .filter(|quote| has(*quote))
        .peekable();
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
    let single = Sample {
        bytes: &swapped,
        ..*sample
    };
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

/// What quotes behind a backslash say.
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

/// What separators and line ends behind a backslash say in a text without quotes: with escapes more records are whole.
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
