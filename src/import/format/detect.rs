//! Which form a file is in: every form of the list is scored against the file's beginning, and the best one is taken
//! if no other that would read the beginning differently comes near it.
//!
//! A score is a number from 0 to 1: half of it is the share of records that have as many fields as the others, the rest
//! is what the tools are known for: a byte order mark, the word NULL, needless quotes, dashes under the names. The
//! margin is the distance of the best score to that of the best form that reads the beginning as other names, other
//! values, other NULLs or other rejects. Two forms that read it alike are no rivals, so that a plain file need not be
//! asked about; a margin below [`THIN`] is no verdict.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::import::format::escape::Escape;
use crate::import::format::score::Evidence;
use crate::import::format::trailer;
use crate::import::format::{Bars, FORMS, Form, FormatLayout, NameMark, Nulls, Quotes};
use crate::import::reader::escapes::MASKED_QUOTE;
use crate::import::reader::fixed_width;
use crate::import::reader::fixed_width::Widths;
use crate::import::spoiled::Spoiled;
use crate::record::tokenizer::{RawRecord, RawToken, TextDialect, Tokenizer};
use crate::record::{Field, RecordLimits, Written};
use crate::schema::TABLES;

/// The margin below which nobody should rely on the verdict.
pub const THIN: f64 = 0.05;

/// How many records of the beginning are looked at.
const RECORDS: usize = 2000;

/// The names of all columns of the product's tables, in lower case, and whether each is a number or a time in all of
/// them.
static COLUMNS: LazyLock<HashMap<&'static str, bool>> = LazyLock::new(|| {
    let theirs = TABLES.iter().filter(|(table, ..)| table.starts_with("eg"));
    let mut columns = HashMap::new();
    for (name, of) in theirs.flat_map(|(.., columns)| columns.iter()) {
        let of = of.to_ascii_uppercase();
        let is_text = of.contains("CHAR") || of.contains("TEXT");
        *columns.entry(*name).or_insert(true) &= !is_text;
    }
    columns
});

/// What the product's columns look like by their types: numbers, times; nothing where its tables differ.
static LOOKS: LazyLock<HashMap<&'static str, Look>> = LazyLock::new(|| {
    let mut looks = HashMap::new();
    let theirs = TABLES.iter().filter(|(table, ..)| table.starts_with("eg"));
    for (name, declared) in theirs.flat_map(|(.., columns)| columns.iter()) {
        let look = if declared.starts_with("DATETIME") {
            Look::Time
        } else if declared.is_empty()
            || ["CHAR", "TEXT", "BINARY", "BLOB"]
                .iter()
                .any(|text| declared.contains(text))
        {
            Look::Text
        } else {
            Look::Number
        };
        let known = looks.entry(*name).or_insert(look);
        if *known != look {
            *known = Look::Text;
        }
    }
    looks
});

/// Whether the product's columns called `name` are numbers or times, in whatever table.
#[must_use]
pub fn known_look(name: &str) -> Option<Look> {
    let look = LOOKS.get(name.trim().to_ascii_lowercase().as_str())?;
    matches!(look, Look::Number | Look::Time).then_some(*look)
}

/// The beginning of a file, as UTF-8.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'s> {
    /// The text; undecodable places are bytes 0xFF.
    pub bytes: &'s [u8],
    /// Whether it is the whole file.
    pub whole: bool,
    /// Whether the file begins with a byte order mark.
    pub mark: bool,
    /// Whether the file is UTF-16.
    pub wide: bool,
    /// Whether its encoding has characters of several units.
    pub several: bool,
}

/// What the fields of a column look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// There are none, or NULL only.
    Nothing,
    /// Numbers, whole or not.
    Number,
    /// Dates and times, as SQL Server writes them.
    Time,
    /// Anything else, as text.
    Text,
}

impl Look {
    /// What `text` looks like.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_empty() || text == "NULL" || text == Escape::NULL {
            Self::Nothing
        } else if is_number(text) {
            Self::Number
        } else if is_time(text) {
            Self::Time
        } else {
            Self::Text
        }
    }

    /// What a column looks like that has fields of both looks.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other,
            (same, Self::Nothing) => same,
            (one, other) if one == other => one,
            _ => Self::Text,
        }
    }

    /// Whether a field that looks like `self` may stand in a column that looks like `column`.
    #[must_use]
    pub fn fits(self, column: Self) -> bool {
        matches!(column, Self::Text | Self::Nothing) || self == Self::Nothing || self == column
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all(whole) && all(fraction) && digits.len() < 40
}

/// `2011-07-12 14:49:55.000`, with a `T`, a comma, any fraction, an offset, or the day alone.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |at: usize, pattern: &[u8]| {
        bytes.get(at..at + pattern.len()).is_some_and(|part| {
            (part.iter().zip(pattern)).all(|(b, p)| {
                if *p == b'0' {
                    b.is_ascii_digit()
                } else {
                    b == p
                }
            })
        })
    };
    let day = shape(0, b"0000-00-00");
    day && (bytes.len() == 10
        || (bytes.len() <= 36 && matches!(bytes[10], b' ' | b'T') && shape(11, b"00:00")))
}

/// Whether `name` is a column of the product, in any letter case.
#[must_use]
pub fn is_known_column(name: &str) -> bool {
    let name = name.trim_matches(['[', ']', '"']);
    let last = name
        .rsplit('.')
        .next()
        .unwrap_or(name)
        .trim_matches(['[', ']']);
    last.starts_with("__$") || COLUMNS.contains_key(last.to_ascii_lowercase().as_str())
}

/// Whether a column of the product is declared as something else than text; `None` where the name is no column's.
fn is_declared_typed(name: &str) -> Option<bool> {
    COLUMNS
        .get(name.trim().to_ascii_lowercase().as_str())
        .copied()
}

/// Whether `text` could be the name of a column: no number, no time, no NULL, no address, one line.
pub(crate) fn could_be_name(text: &str) -> bool {
    let odd = |c: char| {
        c.is_control() || matches!(c, '@' | '<' | '>' | '\u{FFFD}' | ':' | '=' | '?' | '!')
    };
    text.len() <= 128 && Look::of(text) == Look::Text && !text.contains(odd) || text.is_empty()
}

/// Whether these are the names of columns: all could be, and at least one, or half of many, are the product's.
#[must_use]
pub fn are_names<'n>(names: impl Iterator<Item = &'n str> + Clone) -> bool {
    let filled = names.clone().filter(|name| !name.is_empty());
    let (count, known) = filled.fold((0, 0), |(count, known), name| {
        (count + 1, known + usize::from(is_known_column(name)))
    });
    known > 0 && known * 4 >= count && names.clone().all(could_be_name)
}

/// What one way to split the sample finds.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// What stands between two fields.
    pub delimiter: String,
    /// What ends a record; `None` for a line end.
    pub end: Option<String>,
    /// The names, when they stand below the records.
    pub below: Option<Vec<String>>,
    /// How many fields a record has: the names' number, or the most frequent one.
    pub width: usize,
    /// Whether the first record is names.
    pub header: bool,
    /// Whether dashes stand under the names.
    pub rule: bool,
    /// Whether each record ends in a separator more than the names, with nothing behind it.
    pub one_more: bool,
    /// Whether the first line is PowerShell's `#TYPE`, or Excel's `sep=`.
    pub preamble: Option<Preamble>,
    /// How many records, without names.
    pub records: usize,
    /// The share of the records that have `width` fields.
    pub fit: f64,
    /// What the columns look like.
    pub looks: Vec<Look>,
    /// Fields that are the bare word NULL.
    pub word: usize,
    /// Bare fields of nothing.
    pub nothing: usize,
    /// Columns that are numbers or times but for bare fields of nothing.
    pub typed_nothing: usize,
    /// Columns of numbers or times with the bare word NULL.
    pub typed_word: usize,
    /// Fields of one NUL.
    pub nul: usize,
    /// Fields that are `""`.
    pub empty: usize,
    /// Fields in quotes that must be: they hold a quote, a line break, or begin or end in a blank.
    pub needed: usize,
    /// Fields in quotes for the separator's sake only.
    pub separated: usize,
    /// Fields in quotes that need none, and begin with a digit.
    pub digits: usize,
    /// Fields in quotes that need none, of the rest.
    pub needless: usize,
    /// Bare fields that are not empty.
    pub bare: usize,
    /// Bare fields that begin or end in a blank, or hold a quote.
    pub odd: usize,
    /// Bare fields that end in a blank.
    pub trailing: usize,
    /// Records that are none.
    pub rejects: usize,
    /// Records of another number of fields.
    pub ragged: usize,
    /// Columns with texts in quotes.
    pub quoted_columns: usize,
    /// Columns with texts in quotes and others without.
    pub mixed_columns: usize,
    /// Fields in quotes with an escaped quote in them, where signs behind a backslash are masked.
    pub escaped_quotes: usize,
    /// A column of times that a spreadsheet has spoiled.
    pub spoiled: Option<Spoiled>,
}

/// A line before the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preamble {
    /// The line `#TYPE System.Data.DataRow`.
    Type,
    /// The line `sep=;`.
    Separator,
}

impl Preamble {
    /// The preamble that `line` is.
    #[must_use]
    pub fn of(line: &str) -> Option<Self> {
        let line = line.trim_start_matches('"');
        if line.starts_with("#TYPE ") {
            Some(Self::Type)
        } else {
            (line.starts_with("sep=") && line.len() <= 6).then_some(Self::Separator)
        }
    }
}

/// A record of the sample.
struct Kept<'s> {
    cells: &'s str,
    fields: Vec<Field>,
}

impl<'s> Kept<'s> {
    /// `None` where it is no text.
    fn of(record: &RawRecord<'_>, sample: &'s [u8]) -> Option<Self> {
        let start = usize::try_from(record.offset).ok()?;
        let bytes = sample.get(start..start + record.bytes.len())?;
        Some(Self {
            cells: std::str::from_utf8(bytes).ok()?,
            fields: record.fields.to_vec(),
        })
    }

    fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| self.cut(*field))
    }

    fn text(&self, at: usize) -> Option<&str> {
        self.fields.get(at).map(|field| self.cut(*field))
    }

    fn cut(&self, field: Field) -> &str {
        self.cells.get(field.start..field.end).unwrap_or_default()
    }
}

/// Whether a line stands under names: dashes in each field, and nothing else.
#[must_use]
pub fn is_rule<'f>(mut fields: impl Iterator<Item = &'f str>) -> bool {
    let mut any = false;
    let all = fields.all(|field| {
        any = true;
        let field = field.trim_matches(' ');
        !field.is_empty() && field.bytes().all(|b| b == b'-')
    });
    all && any
}

impl Trial {
    /// Splits `sample` at `delimiter`.
    pub(super) fn new(
        sample: &Sample<'_>,
        delimiter: &str,
        quotes: bool,
        end: Option<&str>,
    ) -> Self {
        let dialect = TextDialect {
            delimiter: delimiter.as_bytes().to_vec(),
            record_end: end.map(|end| end.as_bytes().to_vec()),
            quotes,
        };
        // Many trials are made of few bytes: none needs more room than they take.
        let block = sample.bytes.len().clamp(1 << 10, 64 << 10);
        let mut tokens =
            Tokenizer::with_block(sample.bytes, dialect, RecordLimits::default(), block);
        let mut trial = Self {
            delimiter: delimiter.to_owned(),
            end: end.map(str::to_owned),
            ..Self::default()
        };
        let mut kept = Vec::new();
        let mut last_is_reject = false;
        while let Ok(Some(token)) = tokens.next_raw() {
            let record = match &token {
                RawToken::Record(record) => Kept::of(record, sample.bytes),
                RawToken::Reject(_) => None,
            };
            last_is_reject = record.is_none();
            trial.rejects += usize::from(last_is_reject);
            kept.extend(record);
            if kept.len() > RECORDS {
                break;
            }
        }
        if !sample.whole && kept.len() <= RECORDS {
            // The sample ends inside a record.
            if last_is_reject {
                trial.rejects -= 1;
            } else {
                kept.pop();
            }
        }
        trial.look_at(kept, delimiter, sample.whole);
        trial
    }

    fn look_at(&mut self, mut kept: Vec<Kept<'_>>, delimiter: &str, whole: bool) {
        if let Some(at) = kept
            .iter()
            .position(|record| trailer::error(record.cells).is_some())
        {
            kept.truncate(at);
        }
        kept.retain(|record| {
            record.fields.len() > 1 || record.fields.first().is_some_and(|f| f.start < f.end)
        });
        if let Some(first) = kept.first() {
            self.preamble = Preamble::of(first.cells);
        }
        if self.preamble.is_some() {
            kept.remove(0);
        }
        if let Some(first) = kept.first() {
            let trimmed: Vec<&str> = first.texts().map(|name| name.trim_matches(' ')).collect();
            self.rule = kept.get(1).is_some_and(|second| {
                second.fields.len() == first.fields.len() && is_rule(second.texts())
            });
            self.header = self.rule || are_names(trimmed.iter().copied()) || self.differs(&kept);
        }
        let names = usize::from(self.header) + usize::from(self.rule);
        self.width = if self.header {
            kept[0].fields.len()
        } else {
            most_frequent(&kept)
        };
        if self.header {
            let records = &kept[names.min(kept.len())..];
            let is_trailing = |record: &&Kept<'_>| {
                record.fields.len() == self.width + 1 && record.text(self.width) == Some("")
            };
            let count = records.iter().filter(is_trailing).count();
            self.one_more = count > 0 && count * 10 >= records.len() * 9;
            self.width += usize::from(self.one_more);
        }
        let last = kept.last().filter(|last| {
            whole && !self.header && kept.len() > 1 && last.fields.len() == self.width
        });
        if let Some(last) = last.filter(|last| are_names(last.texts())) {
            self.below = Some(last.texts().map(str::to_owned).collect());
            kept.pop();
        }
        let mut kept_records = kept.split_off(names.min(kept.len()));
        let head: Vec<String> = match kept.first() {
            Some(first) if names > 0 => first.texts().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        // Names that stand again and lines of separators only say nothing about the form.
        kept_records.retain(|record| {
            let again = record.texts().eq(head.iter().map(String::as_str));
            let blank = || record.fields.len() > 1 && record.texts().all(str::is_empty);
            !again && !blank()
        });
        let records = &kept_records[..];
        let width = self.width;
        let whole = records.iter().filter(|record| record.fields.len() == width);
        self.records = records.len();
        self.looks = vec![Look::Nothing; self.width];
        let mut empty = vec![false; self.width];
        let mut word = vec![false; self.width];
        let mut quoted = vec![(false, false); self.width];
        let mut fitting = 0;
        for record in whole {
            fitting += 1;
            for (at, (field, text)) in record.fields.iter().zip(record.texts()).enumerate() {
                if self.one_more && at + 1 == width && text.is_empty() {
                    continue;
                }
                self.looks[at] = self.looks[at].and(Look::of(text));
                empty[at] |= text.is_empty() && field.written == Written::Bare;
                word[at] |= text == "NULL" && field.written == Written::Bare;
                let is_bare = field.written == Written::Bare;
                quoted[at].0 |= !is_bare;
                quoted[at].1 |= is_bare && Look::of(text) != Look::Nothing;
                self.count(*field, text, delimiter);
            }
        }
        if names > 0 {
            for (field, text) in kept[0].fields.iter().zip(kept[0].texts()) {
                if !text.is_empty() && field.written == Written::Bare {
                    self.bare += 1;
                }
            }
        }
        let shown = self.width.min(RECORDS);
        self.spoiled = (0..shown).find_map(|at| {
            let texts = records.iter().filter_map(|record| record.text(at));
            let name = kept
                .first()
                .filter(|_| names > 0)
                .and_then(|names| names.text(at));
            Spoiled::column(at, name, texts)
        });
        // What the schema declares says more than what a column of texts happens to look like.
        let typed = |at: usize| {
            let known = head.get(at).and_then(|name| is_declared_typed(name));
            known.unwrap_or(matches!(self.looks[at], Look::Number | Look::Time))
        };
        let of = |marked: &[bool]| {
            (0..marked.len())
                .filter(|at| marked[*at] && typed(*at))
                .count()
        };
        (self.typed_nothing, self.typed_word) = (of(&empty), of(&word));
        self.ragged = self.records - fitting;
        self.quoted_columns = quoted.iter().filter(|(quoted, _)| *quoted).count();
        self.mixed_columns = quoted
            .iter()
            .filter(|(quoted, bare)| *quoted && *bare)
            .count();
        let all = self.records + self.rejects;
        self.fit = if all == 0 { 1.0 } else { share(fitting, all) };
    }

    /// Whether the first record is no number where all others are: names of columns that the product does not have.
    fn differs(&self, kept: &[Kept<'_>]) -> bool {
        let Some((first, rest)) = kept.split_first() else {
            return false;
        };
        let width = first.fields.len();
        let same: Vec<&Kept<'_>> = rest
            .iter()
            .filter(|record| record.fields.len() == width)
            .collect();
        let typed = |at: usize| {
            let looks = same
                .iter()
                .filter_map(|record| record.text(at))
                .map(Look::of);
            let look = looks.fold(Look::Nothing, Look::and);
            matches!(look, Look::Number | Look::Time)
        };
        !same.is_empty() && first.texts().all(could_be_name) && (0..width.min(200)).any(typed)
    }

    fn count(&mut self, field: Field, text: &str, delimiter: &str) {
        let is_escaped = |(at, _): (usize, &str)| text[..at].ends_with('\\');
        let in_quotes = field.written != Written::Bare;
        self.escaped_quotes +=
            usize::from(in_quotes && text.match_indices(MASKED_QUOTE).any(is_escaped));
        let edge = |c: char| matches!(c, ' ' | '\t');
        let edged = text.starts_with(edge) || text.ends_with(edge);
        if field.written == Written::Bare {
            self.word += usize::from(text == "NULL");
            self.nothing += usize::from(text.is_empty());
            self.nul += usize::from(text == "\0");
            self.bare += usize::from(!text.is_empty());
            self.odd += usize::from(edged || text.contains('"'));
            self.trailing += usize::from(text.ends_with(' '));
        } else if text.is_empty() {
            self.empty += 1;
        } else if text.contains(['"', '\r', '\n']) || edged {
            self.needed += 1;
        } else if text.contains(delimiter) {
            self.separated += 1;
        } else if text.starts_with(|c: char| c.is_ascii_digit()) {
            self.digits += 1;
        } else {
            self.needless += 1;
        }
    }

    /// Fields in quotes.
    pub(super) fn quoted(&self) -> usize {
        self.empty + self.needed + self.separated + self.digits + self.needless
    }
}

fn share(part: usize, whole: usize) -> f64 {
    let of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        of(part) / of(whole)
    }
}

/// The number of fields that most records have; the larger of two.
fn most_frequent(kept: &[Kept<'_>]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for record in kept {
        *counts.entry(record.fields.len()).or_insert(0_usize) += 1;
    }
    counts
        .into_iter()
        // Of two that are as frequent the narrower: a separator in a text adds a field, and nothing takes one away.
        .max_by_key(|(width, count)| (*count, std::cmp::Reverse(*width)))
        .map_or(0, |(width, _)| width)
}

/// How a delimited file in a form is to be split, and how likely it is in that form.
#[derive(Debug, Clone)]
pub struct Guess {
    /// The form it is read in.
    pub form: &'static Form,
    /// From 0 to 1.
    pub score: f64,
    /// What quotes mean: the form's own rule, but nothing in a flat file of the wizard that has no qualifier.
    pub quotes: Quotes,
    /// What the trial with these quotes found; for forms that are not delimited, nothing.
    pub trial: Trial,
    /// How columns of fixed widths are cut, where that is the form and something says it.
    pub widths: Option<fixed_width::FixedWidthPlan>,
}

/// The sample, split in every way that some form would.
pub struct Trials<'s> {
    sample: &'s Sample<'s>,
    bare: Vec<Trial>,
    quoted: Vec<Trial>,
    /// Lines of the beginning, for forms that are not delimited.
    lines: Vec<String>,
    /// Whether a count of rows stands at the end of the sample.
    footer: bool,
    /// Whether the lines are laid out in a way that no delimited form is.
    laid_out: bool,
    /// What they are as columns of fixed widths.
    widths: Option<fixed_width::Found>,
    /// Whether texts are quoted, where somebody said so.
    quoting: Option<bool>,
}

impl<'s> Trials<'s> {
    /// Splits `sample` at each separator that a form may have, or at the one given; or by the widths that were said.
    #[must_use]
    pub fn new(
        sample: &'s Sample<'s>,
        delimiter: Option<&str>,
        end: Option<&str>,
        said: Option<&Widths>,
    ) -> Self {
        let mut delimiters = vec![",", "\t", ";", "|", "^", "~", "\u{1}", "\u{1F}"];
        let paired;
        let text = String::from_utf8_lossy(sample.bytes);
        let lines: Vec<String> = text.lines().take(RECORDS).map(str::to_owned).collect();
        let tail = text.lines().rev().take(8);
        let (mut end, mut found) = (end.map(str::to_owned), None);
        if delimiter.is_none() {
            found = long_delimiter(&lines);
        }
        if let Some((long, long_end)) = &found {
            delimiters = vec![long];
            end = end.or_else(|| long_end.clone());
        } else if delimiter.is_none() && crate::import::reader::aligned::is_spaced(&lines) {
            delimiters = vec![" "];
        } else if let (None, None, Some(spaced)) = (delimiter, &end, spaced_separator(sample)) {
            delimiters = vec![spaced];
        } else if let (None, None, Some((between, behind))) = (delimiter, &end, paired_marks(&text))
        {
            paired = between;
            delimiters = vec![&paired];
            end = Some(behind);
        }
        if let Some(delimiter) = delimiter {
            delimiters = vec![delimiter];
        }
        let end = end.as_deref();
        let trials = |quotes: bool| -> Vec<Trial> {
            let trial = |delimiter: &&str| Trial::new(sample, delimiter, quotes, end);
            delimiters.iter().map(trial).collect()
        };
        // The two halves of most of the work that telling a form is.
        let (bare, quoted) = std::thread::scope(|scope| {
            let bare = scope.spawn(|| trials(false));
            let quoted = trials(true);
            (bare.join().unwrap_or_else(|_| trials(false)), quoted)
        });
        let laid_out = is_laid_out(sample, &lines);
        Self {
            sample,
            bare,
            quoted,
            footer: tail
                .into_iter()
                .any(|line| crate::import::format::trailer::rows(line).is_some()),
            laid_out: said.is_some() || laid_out,
            widths: match (said, laid_out) {
                (None, true) => None,
                _ => fixed_width::tell(&text, sample.whole, said),
            },
            lines,
            quoting: None,
        }
    }

    /// The same where texts are quoted, or none is, as somebody says.
    #[must_use]
    pub fn quoting(mut self, quoting: Option<bool>) -> Self {
        match quoting {
            Some(true) => self.bare.clone_from(&self.quoted),
            Some(false) => self.quoted.clone_from(&self.bare),
            None => {}
        }
        self.quoting = quoting;
        self
    }

    /// The trial of one of `delimiters` that fits best; the order decides between equals.
    fn best(trials: &[Trial], delimiters: &[&str]) -> Option<Trial> {
        let stated = trials.len() == 1;
        let known = |trial: &&Trial| stated || delimiters.contains(&trial.delimiter.as_str());
        let value = |trial: &Trial| {
            let names = f64::from(u8::from(trial.header));
            // Many fields count beside records that are all alike: one comma in each of two lines is no sign.
            let many = f64::from(u32::try_from(trial.width.max(1)).unwrap_or(u32::MAX)).log2();
            trial.fit + names + if trial.width > 1 { 0.5 } else { -1.0 } + 0.15 * many
        };
        let mut found: Option<&Trial> = None;
        for trial in trials.iter().filter(known) {
            if found.is_none_or(|best| value(trial) > value(best) + 1e-9) {
                found = Some(trial);
            }
        }
        found.cloned()
    }

    /// How likely the sample is in `form`.
    #[must_use]
    pub fn score(&self, form: &'static Form) -> Guess {
        let bare = || Self::best(&self.bare, form.delimiters).unwrap_or_default();
        let quoted = || Self::best(&self.quoted, form.delimiters).unwrap_or_default();
        let (quotes, trial) = match form.layout {
            FormatLayout::Delimited(_) if self.quoting == Some(true) => (Quotes::Doubled, quoted()),
            FormatLayout::Delimited(_) if self.quoting == Some(false) => (Quotes::None, bare()),
            FormatLayout::Delimited(Quotes::Doubled) if form.optional_quotes => {
                let (bare, quoted) = (bare(), quoted());
                if quoted.rejects > bare.rejects || quoted.fit < bare.fit {
                    (Quotes::None, bare)
                } else {
                    (Quotes::Doubled, quoted)
                }
            }
            FormatLayout::Delimited(Quotes::Doubled) => (Quotes::Doubled, quoted()),
            FormatLayout::Delimited(quotes) => (quotes, bare()),
            _ => (Quotes::None, Trial::default()),
        };
        Guess {
            form,
            score: self.points(form, quotes, &trial).clamp(0.0, 1.0),
            quotes,
            trial,
            widths: match form.layout {
                FormatLayout::Widths => self.widths.as_ref().map(|found| found.plan.clone()),
                _ => None,
            },
        }
    }

    /// Whether some separator parts the first record into names: then it is no name with a separator in it.
    fn has_several_names(&self) -> bool {
        let parts = |trial: &Trial| trial.width > 1 && trial.header && trial.fit > 0.5;
        self.bare.iter().chain(&self.quoted).any(parts)
    }

    fn points(&self, form: &'static Form, quotes: Quotes, trial: &Trial) -> f64 {
        match form.layout {
            FormatLayout::Delimited(_) => {
                let takes = form.takes(&trial.delimiter);
                let alone = trial.width == 1
                    && (!(trial.header && form.writes_names) || self.has_several_names());
                let like_none = trial.fit < 0.2 && !trial.header;
                if trial.width == 0 || self.laid_out || !takes || alone || like_none {
                    return 0.0;
                }
                let other =
                    Self::best(&self.quoted, &[trial.delimiter.as_str()]).unwrap_or_default();
                let separator = quotes == Quotes::Separator;
                let judged = if separator { &other } else { trial };
                let fit = if separator {
                    trial.fit.max(other.fit)
                } else {
                    trial.fit
                };
                // Names that are the product's say more than records that are spoiled.
                let fit = if trial.header { fit.max(0.4) } else { fit };
                let evidence = Evidence::new(self.sample, self.footer, trial, judged, &other);
                0.5 * fit + (form.score)(&evidence)
            }
            FormatLayout::Aligned => crate::import::reader::aligned::score(&self.lines),
            FormatLayout::Widths => match &self.widths {
                Some(found) if crate::import::reader::aligned::score(&self.lines) < 0.5 => {
                    found.score(form.nulls == Nulls::Word)
                }
                _ => 0.0,
            },
            FormatLayout::Vertical(mark) => {
                crate::import::reader::vertical::score(mark, &self.lines)
            }
            FormatLayout::Grid(bars) => crate::import::reader::grid::score(bars, &self.lines),
            FormatLayout::Json => crate::import::reader::json::score(self.sample.bytes),
            FormatLayout::Xml => crate::import::reader::xml::score(self.sample.bytes),
            FormatLayout::Inserts => crate::import::reader::inserts::score(&self.lines),
            FormatLayout::Workbook => 0.0,
        }
    }
}

/// A separator with a blank behind it, where quotes behind the blank are meant to begin texts: all records have as many
/// of them, and no text stands behind a closing quote.
fn spaced_separator(sample: &Sample<'_>) -> Option<&'static str> {
    [", ", "; ", "| "].into_iter().find(|spaced| {
        let begins = format!("{spaced}\"");
        if memchr::memmem::find(sample.bytes, begins.as_bytes()).is_none() {
            return false;
        }
        let trial = |separator: &str| Trial::new(sample, separator, true, None);
        let (with, without) = (trial(spaced), trial(&spaced[..1]));
        let is_clean = with.rejects == 0 && with.ragged == 0 && with.quoted() > 0;
        is_clean && with.records > 0 && with.width == without.width && without.odd > 0
    })
}

/// Separators of more than one character that people give to bcp, and those of other scripts.
const LONG: [&str; 15] = [
    "\u{FF0C}", "\u{FF1B}", "\u{FF5C}", "\u{60C}", "~||~", "|~|", "~|~", "|#|", "<|>", "|^|", "|^",
    "^|", "||", "^^", "~~",
];

/// The separator of more than one character that the first line has, with what ends a record if that is no line end.
fn long_delimiter(lines: &[String]) -> Option<(&'static str, Option<String>)> {
    // A text may hold the marks as well, so they have to stand as often as the ends of fields and of records do.
    let stand = |mark: &str| -> usize { lines.iter().map(|line| line.matches(mark).count()).sum() };
    let (fields, records) = (stand("<EOFD>"), stand("<EORD>"));
    let begins = lines.iter().find(|line| !line.is_empty());
    if records > 0 && fields >= 2 * records && begins.is_some_and(|line| line.contains("<EOFD>")) {
        return Some(("<EOFD>", Some("<EORD>".to_owned())));
    }
    let first = lines.iter().find(|line| !line.is_empty())?;
    let count = |long: &&&str| first.matches(**long).count();
    // Of two that stand equally often, the longer one is meant: it comes first, and the last maximum is taken.
    let long = LONG
        .iter()
        .rev()
        .max_by_key(count)
        .filter(|long| first.matches(**long).count() > 1)?;
    // A single separator that stands more often is meant, be it a part of the long one or not.
    let stands = first.matches(long).count();
    let more = |c: char| first.matches(c).count() > stands * long.matches(c).count().max(1);
    if [',', '\t', ';', '|', '^', '~'].into_iter().any(more) {
        return None;
    }
    let ends = |line: &&String| !line.is_empty();
    let mark = |line: &String| {
        let text = line.trim_end_matches(|c: char| {
            c.is_ascii_punctuation() && !matches!(c, '"' | '.' | ')' | '\'')
        });
        line[text.len()..].to_owned()
    };
    let mark = mark(first);
    let all = lines.iter().filter(ends).count();
    let same = lines.iter().filter(|line| line.ends_with(&mark)).count();
    let own = !mark.is_empty() && !mark.ends_with(long) && same * 2 > all;
    Some((long, own.then(|| format!("{mark}\n"))))
}

/// What stands between fields and behind records where both are a sign and the same separator, as in `1+|a+|b&|`:
/// nearly each separator of the text is part of one of the two, and each record has as many.
fn paired_marks(text: &str) -> Option<(String, String)> {
    let is_sign = |c: char| {
        c.is_ascii_punctuation()
            && !matches!(c, '"' | '\'' | '.' | ')' | ']' | '}' | '>' | '_' | '-')
    };
    ['|', ',', ';', '\t', '^', '~']
        .into_iter()
        .find_map(|separator| {
            let sign = |at: usize| {
                text[..at]
                    .chars()
                    .next_back()
                    .filter(|c| is_sign(*c) && *c != separator)
            };
            let first = text.find(separator)?;
            let between = format!("{}{separator}", sign(first)?);
            let line_end = text.match_indices(separator).find_map(|(at, found)| {
                let rest = &text[at + found.len()..];
                let line_end = ["\r\n", "\n"]
                    .into_iter()
                    .find(|end| rest.starts_with(end))?;
                Some(format!("{}{separator}{line_end}", sign(at)?))
            })?;
            let (fields, records) = (
                text.matches(&between).count(),
                text.matches(&line_end).count(),
            );
            let behind = line_end.trim_end_matches(['\r', '\n']);
            let all = text.matches(separator).count();
            (behind != between && fields >= records && (fields + records) * 20 >= all * 19)
                .then_some((between, line_end.clone()))
        })
}

/// Whether the lines are laid out in a way that no delimited form is.
pub(super) fn is_laid_out(sample: &Sample<'_>, lines: &[String]) -> bool {
    [
        crate::import::reader::aligned::score(lines),
        crate::import::reader::grid::score(Bars::Markdown, lines),
        crate::import::reader::grid::score(Bars::Box, lines),
        crate::import::reader::vertical::score(NameMark::Blanks, lines),
        crate::import::reader::vertical::score(NameMark::Colon, lines),
        crate::import::reader::vertical::score(NameMark::Numbered, lines),
        crate::import::reader::json::score(sample.bytes),
        crate::import::reader::xml::score(sample.bytes),
        crate::import::reader::inserts::score(lines),
    ]
    .into_iter()
    .any(|score| score > 0.8)
}

/// Every form that the sample may be in, the likeliest first.
#[must_use]
pub fn rank(trials: &Trials<'_>) -> Vec<Guess> {
    let text_forms = FORMS
        .iter()
        .filter(|form| form.layout != FormatLayout::Workbook);
    let mut guesses: Vec<Guess> = text_forms
        .map(|form| trials.score(form))
        .filter(|guess| guess.score > 0.0)
        .collect();
    guesses.sort_by(|a, b| b.score.total_cmp(&a.score));
    guesses
}
