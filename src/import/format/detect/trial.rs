//! The result of splitting the beginning of a file in one way.

use super::Sample;
use super::blanks::BlanksAround;
use super::blanks::join_times;
use super::cell_shape::CellShape;
use super::cell_shape::are_names;
use super::cell_shape::could_be_name;
use super::cell_shape::is_declared_typed;
use crate::import::format::trailer;
use crate::import::format::trailer::Stop;
use crate::import::reader::escapes::MASKED_QUOTE;
use crate::import::spoiled::Spoiled;
use crate::import::spoiled::are_resaved;
use crate::record::Field;
use crate::record::RecordLimits;
use crate::record::Written;
use crate::record::tokenizer::RawRecord;
use crate::record::tokenizer::RawToken;
use crate::record::tokenizer::TextDialect;
use crate::record::tokenizer::Tokenizer;

/// How many records of the beginning are inspected.
pub(super) const RECORDS: usize = 2000;

/// The result of splitting the sample in one way.
#[derive(Debug, Clone, Default)]
pub struct SplitCandidate {
    /// The field separator.
    pub delimiter: String,
    /// The record terminator; `None` for a line end.
    pub end: Option<String>,
    /// The column names, if they are below the records.
    pub below: Option<Vec<String>>,
    /// How many fields a record has: the number of names, or the most frequent number.
    pub width: usize,
    /// Whether the first record is a header.
    pub header: bool,
    /// Whether dashes are under the header.
    pub rule: bool,
    /// Whether each record has one more trailing separator than the header.
    pub one_more: bool,
    /// Whether the first line is PowerShell's `#TYPE`, or Excel's `sep=`.
    pub preamble: Option<Preamble>,
    /// The number of records, without the header.
    pub records: usize,
    /// The share of records that have `width` fields.
    pub fit: f64,
    /// What the columns look like.
    pub looks: Vec<CellShape>,
    /// Fields that are the bare word NULL.
    pub word: usize,
    /// Empty fields without quotes.
    pub nothing: usize,
    /// Columns of numbers or times, except for empty fields without quotes.
    pub typed_nothing: usize,
    /// Columns of numbers or times with the bare word NULL.
    pub typed_word: usize,
    /// Fields of a single NUL.
    pub nul: usize,
    /// Fields that are `""`.
    pub empty: usize,
    /// Fields in quotes that need them: they contain a quote or a line break, begin or end with a space, or are the
    /// word NULL as text.
    pub needed: usize,
    /// Fields in quotes that contain a quote or a line break, and not the separator.
    pub qualified: usize,
    /// Fields in quotes only because they contain the separator.
    pub separated: usize,
    /// Fields in unnecessary quotes that begin with a digit.
    pub digits: usize,
    /// Other fields in unnecessary quotes.
    pub needless: usize,
    /// Fields without quotes that are not empty.
    pub bare: usize,
    /// Fields without quotes that begin or end with a space, or contain a quote.
    pub odd: usize,
    /// Fields without quotes that end with a space.
    pub trailing: usize,
    /// Records that could not be split.
    pub rejects: usize,
    /// Records with a different number of fields.
    pub ragged: usize,
    /// Columns with quoted texts.
    pub quoted_columns: usize,
    /// Columns with both quoted and unquoted texts.
    pub mixed_columns: usize,
    /// Fields in quotes that contain an escaped quote, while characters after a backslash are masked.
    pub escaped_quotes: usize,
    /// A column of times damaged by a spreadsheet.
    pub spoiled: Option<Spoiled>,
    /// Whether a column has dates as a spreadsheet saves them.
    pub resaved: bool,
    /// Spaces around values that are not part of them.
    pub blanks: BlanksAround,
}

/// A line before the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preamble {
    /// The line `#TYPE System.Data.DataRow`.
    Type,
    /// The line `sep=;`.
    Separator,
}

impl Preamble {
    /// The kind of preamble that `line` is.
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
pub(super) struct Kept<'s> {
    pub(super) cells: &'s str,
    pub(super) fields: Vec<Field>,
}

impl<'s> Kept<'s> {
    /// `None` if it is not text.
    pub(super) fn of(record: &RawRecord<'_>, sample: &'s [u8]) -> Option<Self> {
        let start = usize::try_from(record.offset).ok()?;
        let bytes = sample.get(start..start + record.bytes.len())?;
        let cells = std::str::from_utf8(bytes).ok()?;
        let fields = record.fields.iter().map(|field| without_formula(cells, *field));
        Some(Self { cells, fields: fields.collect() })
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| self.cut(*field))
    }

    pub(super) fn text(&self, at: usize) -> Option<&str> {
        self.fields.get(at).map(|field| self.cut(*field))
    }

    pub(super) fn cut(&self, field: Field) -> &str {
        self.cells.get(field.start..field.end).unwrap_or_default()
    }
}

/// The text inside a text formula of Excel, which looks like any other.
fn without_formula(cells: &str, field: Field) -> Field {
    let text = cells.get(field.start..field.end).unwrap_or_default();
    let marks = match field.written {
        Written::Doubled => ("=\"\"", "\"\""),
        _ => ("=\"", "\""),
    };
    let inner = text.strip_prefix(marks.0).and_then(|text| text.strip_suffix(marks.1));
    match inner.filter(|inner| !inner.contains('"')) {
        None => field,
        Some(inner) => Field {
            start: field.start + marks.0.len(),
            end: field.end - marks.1.len(),
            written: match field.written {
                Written::Bare if !inner.is_empty() => Written::Bare,
                _ => Written::Quoted,
            },
        },
    }
}

/// Whether the first line and the last end in CR LF, and another in LF alone, which may be part of a value. Where there
/// is a NUL, something in UTF-16 was appended, and a line feed is half of a character.
pub fn has_bare_line_feeds(sample: &Sample<'_>) -> bool {
    let bytes = sample.bytes;
    let is_bare = |at: usize| at == 0 || bytes[at - 1] != b'\r';
    let mut ends = memchr::memchr_iter(b'\n', bytes);
    let is_crlf = ends.next().is_some_and(|first| !is_bare(first));
    let is_closed = !sample.whole || bytes.ends_with(b"\r\n") || !bytes.ends_with(b"\n");
    is_crlf && is_closed && ends.any(is_bare) && memchr::memchr(0, bytes).is_none()
}

/// Whether a bare line feed is next to a line end, where it looks like a blank line.
fn has_breaks_at_line_ends(bytes: &[u8]) -> bool {
    let before = |at: usize| at == 0 || bytes[at - 1] != b'\r';
    memchr::memmem::find_iter(bytes, "\n\r\n").any(before)
        || memchr::memmem::find(bytes, b"\r\n\n").is_some()
}

/// Whether a line under a header consists of dashes in each field and nothing else.
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

/// Whether a line under a header with bars is dashes with a plus for each bar, as `psql` draws it.
#[must_use]
pub fn is_crossed_rule(line: &str, delimiter: &str) -> bool {
    let is_drawn = line.bytes().all(|b| matches!(b, b'-' | b'+'));
    delimiter == "|" && is_drawn && line.starts_with('-') && line.contains("-+-")
}

impl SplitCandidate {
    /// The same, but with records that end in CR LF only, if lines are not whole records and these are: then a bare
    /// line feed is part of a value.
    pub(super) fn or_by_crlf(self, sample: &Sample<'_>, quotes: bool) -> Self {
        if self.end.is_some() || self.width < 2 || !has_bare_line_feeds(sample) {
            return self;
        }
        let is_cut = self.ragged + self.rejects > 0 || has_breaks_at_line_ends(sample.bytes);
        let other = || Self::new(sample, &self.delimiter, quotes, Some("\r\n"));
        let is_whole = |other: &Self| {
            (other.width, other.header) == (self.width, self.header)
                && other.records > 0
                && other.ragged + other.rejects == 0
        };
        match Some(other).filter(|_| is_cut).map(|other| other()) {
            Some(other) if is_whole(&other) => other,
            _ => self,
        }
    }

    /// Splits `sample` at `delimiter`.
    pub(in crate::import::format) fn new(
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
        if let Some(at) = kept.iter().position(|record| match trailer::stop(record.cells) {
            // With as many fields as the first line, what a tool says may be a record.
            Some(Stop::Client) => kept[0].fields.len() != record.fields.len(),
            stop => stop.is_some(),
        }) {
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
                (second.fields.len() == first.fields.len() && is_rule(second.texts()))
                    || is_crossed_rule(second.cells, delimiter)
            });
            self.header = self.rule || are_names(trimmed.iter().copied()) || self.differs(&kept);
        }
        self.take_blanks_off(&mut kept, delimiter);
        let names = usize::from(self.header) + usize::from(self.rule);
        self.width = if self.header { kept[0].fields.len() } else { most_frequent(&kept) };
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
        self.looks = vec![CellShape::Nothing; self.width];
        let mut empty = vec![false; self.width];
        let mut word = vec![false; self.width];
        let mut quoted = vec![(false, false); self.width];
        let mut fitting = 0;
        // A column without a name and a value is one that a spreadsheet has left over.
        let left_over: Vec<bool> = (0..width)
            .map(|at| {
                let is_empty = |record: &Kept<'_>| record.text(at).is_none_or(str::is_empty);
                head.get(at).is_some_and(String::is_empty) && records.iter().all(is_empty)
            })
            .collect();
        for record in whole {
            fitting += 1;
            for (at, (field, text)) in record.fields.iter().zip(record.texts()).enumerate() {
                let is_trailing = self.one_more && at + 1 == width && text.is_empty();
                if is_trailing || left_over[at] {
                    continue;
                }
                self.looks[at] = self.looks[at].and(CellShape::of(text));
                empty[at] |= text.is_empty() && field.written == Written::Bare;
                word[at] |= text == "NULL" && field.written == Written::Bare;
                let is_bare = field.written == Written::Bare;
                quoted[at].0 |= !is_bare;
                quoted[at].1 |= is_bare && CellShape::of(text) != CellShape::Nothing;
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
        let of_column = |at: usize| records.iter().filter_map(move |record| record.text(at));
        self.resaved = (0..shown).any(|at| are_resaved(of_column(at)));
        self.spoiled = (0..shown).find_map(|at| {
            let name = kept.first().filter(|_| names > 0).and_then(|names| names.text(at));
            Spoiled::column(at, name, of_column(at))
        });
        // What the schema declares says more than what a column of texts happens to look like.
        let typed = |at: usize| {
            let known = head.get(at).and_then(|name| is_declared_typed(name));
            known.unwrap_or(matches!(self.looks[at], CellShape::Number | CellShape::Time))
        };
        let of = |marked: &[bool]| (0..marked.len()).filter(|at| marked[*at] && typed(*at)).count();
        (self.typed_nothing, self.typed_word) = (of(&empty), of(&word));
        self.ragged = self.records - fitting;
        self.quoted_columns = quoted.iter().filter(|(quoted, _)| *quoted).count();
        self.mixed_columns = quoted.iter().filter(|(quoted, bare)| *quoted && *bare).count();
        self.fit = share(fitting, self.records + self.rejects);
    }

    /// Removes spaces that belong to the layout, and joins times if a space is the separator.
    fn take_blanks_off(&mut self, kept: &mut [Kept<'_>], delimiter: &str) {
        if delimiter == " " {
            let width = kept.first().map_or(0, |first| first.fields.len());
            for record in kept.iter_mut().filter(|_| self.header) {
                join_times(record.cells, &mut record.fields, width);
            }
            return;
        }
        let fields: Vec<(&str, &[Field])> = kept
            .iter()
            .enumerate()
            .filter(|(at, _)| !(self.rule && *at == 1))
            .map(|(_, record)| (record.cells, &record.fields[..]))
            .collect();
        self.blanks = BlanksAround::of(&fields, self.header);
        if self.blanks.any() {
            for record in kept {
                self.blanks.take_off(record.cells, &mut record.fields);
            }
        }
    }

    /// Whether the first record has no numbers where all others do: names of columns that the product does not have.
    fn differs(&self, kept: &[Kept<'_>]) -> bool {
        let Some((first, rest)) = kept.split_first() else {
            return false;
        };
        let width = first.fields.len();
        let same: Vec<&Kept<'_>> =
            rest.iter().filter(|record| record.fields.len() == width).collect();
        let typed = |at: usize| {
            let looks = same.iter().filter_map(|record| record.text(at)).map(CellShape::of);
            let look = looks.fold(CellShape::Nothing, CellShape::and);
            matches!(look, CellShape::Number | CellShape::Time)
        };
        // An empty field over numbers may be one of a row.
        let is_over = |at: usize| first.text(at).is_some_and(|name| !name.is_empty()) && typed(at);
        !same.is_empty() && first.texts().all(could_be_name) && (0..width.min(200)).any(is_over)
    }

    pub(super) fn count(&mut self, field: Field, text: &str, delimiter: &str) {
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
        } else if text.contains(['"', '\r', '\n']) {
            self.needed += 1;
            self.qualified += usize::from(!text.contains(delimiter));
        } else if edged || text == "NULL" {
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
    pub(in crate::import) fn quoted(&self) -> usize {
        self.empty + self.needed + self.separated + self.digits + self.needless
    }
}

/// The part of `whole` that fits, from 0 to 1. Where there is nothing, nothing is against it.
pub(in crate::import) fn share(part: usize, whole: usize) -> f64 {
    let of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    match whole {
        0 => 1.0,
        whole => of(part) / of(whole),
    }
}

/// The number of fields that most records have; on a tie, the smaller.
pub(super) fn most_frequent(kept: &[Kept<'_>]) -> usize {
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
