//! Detects the format of a file: every format is scored against the beginning of the file, and the best one is chosen
//! unless another that would read it differently scores nearly as high.
//!
//! A score is a number from 0 to 1. Half of it is the share of records that have the same number of fields; the rest is
//! what each tool is known for: a byte order mark, the word NULL, needless quotes, dashes under the header. The margin
//! is the distance from the best score to that of the best format that reads the beginning with other names, values,
//! NULLs or rejects. Two formats that read it alike do not compete, so that a plain file is not ambiguous; a margin
//! below [`THIN`] is not a decision.

mod blanks;
mod cell_shape;
mod separators;
mod trial;

use crate::import::format::FormatLayout;
use crate::import::format::IMPORT_FORMATS;
use crate::import::format::ImportFormat;
use crate::import::format::NameSeparator;
use crate::import::format::NullStyle;
use crate::import::format::Quotes;
use crate::import::format::TableBorders;
use crate::import::format::score::Evidence;
use crate::import::reader::fixed_width;
use crate::import::reader::fixed_width::Widths;
pub use blanks::BlanksAround;
pub use blanks::join_times;
pub use blanks::spaced_values;
pub use cell_shape::CellShape;
pub use cell_shape::are_names;
pub(crate) use cell_shape::could_be_name;
pub use cell_shape::is_known_column;
pub use cell_shape::known_look;
use separators::long_delimiter;
use separators::paired_marks;
use separators::spaced_separator;
pub use trial::Preamble;
use trial::RECORDS;
pub use trial::SplitCandidate;
pub use trial::has_bare_line_feeds;
pub use trial::is_crossed_rule;
pub use trial::is_rule;
pub(in crate::import) use trial::share;

/// The margin below which the result is unreliable.
pub const THIN: f64 = 0.05;

/// The beginning of a file, as UTF-8.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'s> {
    /// The text; undecodable bytes are 0xFF.
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

/// How to split a delimited file in a format, and the score of that format.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The format it is scored for.
    pub form: &'static ImportFormat,
    /// From 0 to 1.
    pub score: f64,
    /// What quotes mean: the format's own rule, or nothing in a wizard flat file without a text qualifier.
    pub quotes: Quotes,
    /// What splitting with these quotes found; `None` for formats that are not delimited.
    pub trial: SplitCandidate,
    /// The fixed-width columns, if the format has them and they are known.
    pub widths: Option<fixed_width::FixedWidthPlan>,
}

/// The sample, split in every way that some format would.
pub struct SplitCandidates<'s> {
    sample: &'s Sample<'s>,
    bare: Vec<SplitCandidate>,
    quoted: Vec<SplitCandidate>,
    /// Lines of the beginning, for formats that are not delimited.
    lines: Vec<String>,
    /// Whether a row count is at the end of the sample.
    footer: bool,
    /// Whether the layout of the lines rules out delimited formats.
    laid_out: bool,
    /// The lines as fixed-width columns.
    widths: Option<fixed_width::Found>,
    /// Whether texts are quoted, if the user says so.
    quoting: Option<bool>,
}

impl<'s> SplitCandidates<'s> {
    /// Splits `sample` at each separator that a format may have, or at the given one; or by the given widths.
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
        let trials = |quotes: bool| -> Vec<SplitCandidate> {
            let trial = |delimiter: &&str| {
                SplitCandidate::new(sample, delimiter, quotes, end).or_by_crlf(sample, quotes)
            };
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

    /// The same where the user says whether texts are quoted.
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

    /// The trial with the best of `delimiters`; ties are resolved by their order.
    fn best(trials: &[SplitCandidate], delimiters: &[&str]) -> Option<SplitCandidate> {
        let stated = trials.len() == 1;
        let known =
            |trial: &&SplitCandidate| stated || delimiters.contains(&trial.delimiter.as_str());
        let value = |trial: &SplitCandidate| {
            let names = f64::from(u8::from(trial.header));
            // Many fields count beside records that are all alike: one comma in each of two lines is no sign.
            let many = f64::from(u32::try_from(trial.width.max(1)).unwrap_or(u32::MAX)).log2();
            trial.fit + names + if trial.width > 1 { 0.5 } else { -1.0 } + 0.15 * many
        };
        let mut found: Option<&SplitCandidate> = None;
        for trial in trials.iter().filter(known) {
            if found.is_none_or(|best| value(trial) > value(best) + 1e-9) {
                found = Some(trial);
            }
        }
        found.cloned()
    }

    /// The score of `form` for the sample.
    #[must_use]
    pub fn score(&self, form: &'static ImportFormat) -> Detection {
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
            _ => (Quotes::None, SplitCandidate::default()),
        };
        Detection {
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

    /// Whether a separator splits the first record into column names: then it is not a single name.
    fn has_several_names(&self) -> bool {
        let parts = |trial: &SplitCandidate| trial.width > 1 && trial.header && trial.fit > 0.5;
        self.bare.iter().chain(&self.quoted).any(parts)
    }

    fn points(&self, form: &'static ImportFormat, quotes: Quotes, trial: &SplitCandidate) -> f64 {
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
                let fit = if separator { trial.fit.max(other.fit) } else { trial.fit };
                // Names that are the product's say more than records that are spoiled.
                let fit = if trial.header { fit.max(0.4) } else { fit };
                let evidence = Evidence::new(self.sample, self.footer, trial, judged, &other);
                0.5 * fit + (form.score)(&evidence)
            }
            FormatLayout::Aligned => crate::import::reader::aligned::score(&self.lines),
            FormatLayout::Widths => match &self.widths {
                Some(found) if crate::import::reader::aligned::score(&self.lines) < 0.5 => {
                    found.score(form.nulls == NullStyle::Word)
                }
                _ => 0.0,
            },
            FormatLayout::Vertical(mark) => {
                crate::import::reader::vertical::score(mark, &self.lines)
            }
            FormatLayout::Grid(bars) => crate::import::reader::grid::score(bars, &self.lines),
            FormatLayout::Json => crate::import::reader::json::score(self.sample.bytes),
            FormatLayout::Xml => {
                crate::import::reader::xml::score_with(self.sample.bytes, form.nulls)
            }
            FormatLayout::Inserts => crate::import::reader::inserts::score(&self.lines),
            FormatLayout::Workbook => 0.0,
        }
    }
}

/// Whether the layout of the lines rules out delimited formats.
pub(super) fn is_laid_out(sample: &Sample<'_>, lines: &[String]) -> bool {
    [
        crate::import::reader::aligned::score(lines),
        crate::import::reader::grid::score(TableBorders::Markdown, lines),
        crate::import::reader::grid::score(TableBorders::Box, lines),
        crate::import::reader::vertical::score(NameSeparator::Blanks, lines),
        crate::import::reader::vertical::score(NameSeparator::Colon, lines),
        crate::import::reader::vertical::score(NameSeparator::Numbered, lines),
        crate::import::reader::json::score(sample.bytes),
        crate::import::reader::xml::score(sample.bytes),
        crate::import::reader::inserts::score(lines),
    ]
    .into_iter()
    .any(|score| score > 0.8)
}

/// Every format that fits the sample, the most likely first.
#[must_use]
pub fn rank(trials: &SplitCandidates<'_>) -> Vec<Detection> {
    let text_forms = IMPORT_FORMATS.iter().filter(|form| form.layout != FormatLayout::Workbook);
    let mut guesses: Vec<Detection> =
        text_forms.map(|form| trials.score(form)).filter(|guess| guess.score > 0.0).collect();
    guesses.sort_by(|a, b| b.score.total_cmp(&a.score));
    guesses
}
