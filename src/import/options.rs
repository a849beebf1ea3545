//! The user's options for reading a file.

use crate::import::format::escape::Escape;
use crate::import::input::source::UnpackLimits;
use crate::import::needed::TablePredicate;
use crate::import::reader;
use crate::import::reader::column_union::DocumentColumn;
use crate::record::RecordLimits;
use crate::table::Cell;
use std::path::PathBuf;

/// How to read a file, if not as detected.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The id of the format.
    pub form: Option<String>,
    /// The table in the file: one of the product's, or a new one.
    pub table: Option<String>,
    /// The name of the encoding.
    pub encoding: Option<String>,
    /// When the file was exported, in milliseconds since 1970, in the exporter's local time.
    pub exported_at_ms: Option<i64>,
    /// The file's modification time, in the same local time: used if nothing else is known.
    pub file_time_ms: Option<i64>,
    /// The date format in `strftime` syntax, if not SQL Server's.
    pub date_format: Option<String>,
    /// Whether characters that are already lost may be kept as U+FFFD.
    pub lossy: bool,
    /// Which result set of the file is read, from 1.
    pub result_set: Option<usize>,
    /// The name of a part of a file in addition to the file name, such as `sheet users`.
    pub part_name: Option<String>,
    /// The size limits of a record.
    pub limits: RecordLimits,
    /// The bcp format file with the column names, if it is not next to the file under its usual name.
    pub format_file: Option<PathBuf>,
    /// The field terminator, for tools with a choice.
    pub field_terminator: Option<String>,
    /// The record terminator.
    pub row_terminator: Option<String>,
    /// The quote character, if not detected.
    pub quote: Option<Quote>,
    /// What a backslash means, if not detected.
    pub escape: Option<Escape>,
    /// The column widths, if nothing separates the columns.
    pub widths: Option<reader::fixed_width::Widths>,
    /// Whether the first record is a header.
    pub header: Option<bool>,
    /// The column names, instead of those in the file.
    pub columns: Option<Vec<String>>,
    /// Columns that an installation renamed: the name in the file, in any case, and the schema's.
    pub renames: Vec<(String, String)>,
    /// How many lines at the beginning are skipped.
    pub skip: usize,
    /// The sheet of a workbook to read; all of them if `None`.
    pub sheet: Option<String>,
    /// Further texts that mean NULL if not in quotes.
    pub null_texts: Vec<String>,
    /// Whether an empty field without quotes is NULL.
    pub empty_is_null: bool,
    /// The limits for decompression.
    pub bounds: UnpackLimits,
    /// The rows of some tables that are needed, if others may be skipped. See [`needed`].
    pub needs: Vec<TablePredicate>,
    /// Whether to skip the hash, because nothing is loaded later.
    pub unhashed: bool,
    /// Columns of a document that an earlier pass found after its beginning.
    pub late_columns: Vec<DocumentColumn>,
    /// How a large file is split for other threads, if records are skipped and no hash is computed.
    pub cut: reader::parallel::Chunking,
}

/// The quote character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// None: quotes are ordinary characters.
    Nothing,
    /// This character, doubled within quoted text. An ASCII character, or one of [`TYPOGRAPHIC`], for which a different
    /// character closes the text.
    By(char),
}

/// Non-ASCII characters that open quoted text, each with those that close it.
pub(crate) const TYPOGRAPHIC: [(char, &[char]); 6] = [
    ('\u{201C}', &['\u{201D}']),
    ('\u{201E}', &['\u{201C}', '\u{201D}']),
    ('\u{2018}', &['\u{2019}']),
    ('\u{201D}', &['\u{201D}']),
    ('\u{AB}', &['\u{BB}']),
    ('\u{BB}', &['\u{AB}']),
];

impl Quote {
    /// Parses `none` or a single character; `None` otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            _ if text == "none" => Some(Self::Nothing),
            (Some(c), None) if c.is_ascii_punctuation() => Some(Self::By(c)),
            (Some(c), None) if TYPOGRAPHIC.iter().any(|(open, _)| *open == c) => Some(Self::By(c)),
            _ => None,
        }
    }

    /// What [`parse`](Self::parse) reads.
    fn name(self) -> String {
        match self {
            Self::Nothing => "none".to_owned(),
            Self::By(c) => c.to_string(),
        }
    }

    /// The character to use instead of the double quote, if different.
    #[must_use]
    pub fn other(self) -> Option<char> {
        match self {
            Self::By(c) if c != '"' => Some(c),
            _ => None,
        }
    }
}

/// The value of an option, in quotes.
fn given(value: impl ToString) -> String {
    format!(" {:?}", value.to_string())
}

/// The maximum record limit: offsets in a batch's text are 32 bits.
const MAX_RECORD: usize = 1 << 30;

impl ImportOptions {
    /// The size limits of records and fields, within what offsets can represent.
    pub(super) fn record_limits(&self) -> RecordLimits {
        RecordLimits {
            record: self.limits.record.min(MAX_RECORD),
            field: self.limits.field.min(MAX_RECORD),
            ..self.limits
        }
    }

    /// The options as text: two files with the same bytes and equal options have the same result. The import database
    /// keeps the text, so a change of it needs a migration.
    #[must_use]
    pub fn reading(&self) -> String {
        let flag = |is_set: bool| is_set.then(String::new);
        let list = |texts: &[String]| (!texts.is_empty()).then(|| given(texts.join(",")));
        let renames = self.renames.iter();
        let renames: Vec<String> = renames.map(|(from, to)| format!("{from}={to}")).collect();
        let options = [
            ("--input-format", self.form.as_ref().map(given)),
            ("--table", self.table.as_ref().map(given)),
            ("--encoding", self.encoding.as_ref().map(given)),
            ("--exported-at", self.exported_at_ms.map(Cell::Timestamp).map(given)),
            ("--date-format", self.date_format.as_ref().map(given)),
            ("--lossy", flag(self.lossy)),
            ("--result-set", self.result_set.map(given)),
            ("--format-file", self.format_file.as_ref().map(|file| given(file.display()))),
            ("--field-terminator", self.field_terminator.as_ref().map(given)),
            ("--row-terminator", self.row_terminator.as_ref().map(given)),
            ("--quote", self.quote.map(|quote| given(quote.name()))),
            ("--escape", self.escape.map(|escape| given(escape.name()))),
            (
                "--widths",
                self.widths.as_ref().map(|widths| given(reader::fixed_width::shown(&widths.each))),
            ),
            ("--header", self.header.map(|yes| given(if yes { "yes" } else { "no" }))),
            ("--columns", self.columns.as_ref().map(|names| given(names.join(",")))),
            // No option, but a table of the settings.
            ("[columns]", list(&renames)),
            ("--skip", (self.skip > 0).then(|| given(self.skip))),
            ("--sheet", self.sheet.as_ref().map(given)),
            ("--null", list(&self.null_texts)),
            ("--empty-is-null", flag(self.empty_is_null)),
        ];
        let said = options.into_iter();
        let said = said.filter_map(|(option, value)| Some(format!("{option}{}", value?)));
        said.collect::<Vec<_>>().join(" ")
    }

    /// The part of the file that is read if it has several: each part is loaded separately.
    pub(super) fn part(&self) -> String {
        let set = self.result_set.filter(|set| *set > 1);
        let set = set.map(|set| format!("result set {set}"));
        let sheet = self.sheet.as_ref().map(|sheet| format!("sheet {sheet}"));
        [sheet, set].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
