//! What the user says about how a file is to be read.

use crate::import::format::escape::Escape;
use crate::import::input::source::UnpackLimits;
use crate::import::needed::TablePredicate;
use crate::import::reader;
use crate::import::reader::column_union::DocumentColumn;
use crate::record::RecordLimits;
use crate::table::Cell;
use std::path::PathBuf;

/// How a file is to be read, where it should not be told from the file alone.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The form, by its name.
    pub form: Option<String>,
    /// The table that the file holds: one of the product's, or a new one.
    pub table: Option<String>,
    /// The encoding, by its name.
    pub encoding: Option<String>,
    /// When the file was exported, in milliseconds since 1970 on the wall clock of whoever exported.
    pub exported_at_ms: Option<i64>,
    /// The time of the file itself, on the same clock: what is taken when nothing else is known.
    pub file_time_ms: Option<i64>,
    /// How dates are written, in the words of `strftime`, where not as SQL Server writes them.
    pub date_format: Option<String>,
    /// Whether characters that were lost before may be kept as U+FFFD.
    pub lossy: bool,
    /// Which of several result sets in the file is read, from 1.
    pub result_set: Option<usize>,
    /// What a part of a file is called beside the file, such as `sheet users`.
    pub part_name: Option<String>,
    /// How much is taken of a record before it is given up.
    pub limits: RecordLimits,
    /// The bcp format file that names the columns, where it does not lie beside the file under its usual name.
    pub format_file: Option<PathBuf>,
    /// What ends a field, where a tool lets one choose.
    pub field_terminator: Option<String>,
    /// What ends a record.
    pub row_terminator: Option<String>,
    /// What quotes texts, where that should not be told from the file.
    pub quote: Option<Quote>,
    /// What a backslash means, where that should not be told from the file.
    pub escape: Option<Escape>,
    /// How wide the columns are, where nothing stands between them.
    pub widths: Option<reader::fixed_width::Widths>,
    /// Whether the first record has the names of the columns.
    pub header: Option<bool>,
    /// The names of the columns, instead of those in the file.
    pub columns: Option<Vec<String>>,
    /// Columns that an installation calls otherwise: the name in the file, in any letter case, and the schema's.
    pub renames: Vec<(String, String)>,
    /// How many lines at the beginning are passed over.
    pub skip: usize,
    /// The sheet of a workbook that is read; all of them without it.
    pub sheet: Option<String>,
    /// Texts that stand for NULL as well, where they are not in quotes.
    pub null_texts: Vec<String>,
    /// Whether an empty field without quotes is NULL.
    pub empty_is_null: bool,
    /// How much a packed file may unpack to.
    pub bounds: UnpackLimits,
    /// Which rows of some tables are needed, where others may be passed over. See [`needed`].
    pub needs: Vec<TablePredicate>,
    /// Whether the file's hash is not taken, because nothing is loaded later.
    pub unhashed: bool,
    /// Columns of a document that an earlier pass over it has found behind its beginning.
    pub late_columns: Vec<DocumentColumn>,
    /// How a large file is cut for other threads, where records are passed over and no hash is taken.
    pub cut: reader::parallel::Chunking,
}

/// What quotes texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Nothing does: a quote is a character like others.
    Nothing,
    /// This character does, and two of it within a quoted text are one. A sign of ASCII, or one of [`TYPOGRAPHIC`],
    /// behind which another one closes the text.
    By(char),
}

/// Signs beyond ASCII that open a quoted text, each with those that close it.
pub(crate) const TYPOGRAPHIC: [(char, &[char]); 6] = [
    ('\u{201C}', &['\u{201D}']),
    ('\u{201E}', &['\u{201C}', '\u{201D}']),
    ('\u{2018}', &['\u{2019}']),
    ('\u{201D}', &['\u{201D}']),
    ('\u{AB}', &['\u{BB}']),
    ('\u{BB}', &['\u{AB}']),
];

impl Quote {
    /// Reads `none`, or one sign. `None` where it is neither.
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

    /// The sign that stands for a double quote, where it is another one.
    #[must_use]
    pub fn other(self) -> Option<char> {
        match self {
            Self::By(c) if c != '"' => Some(c),
            _ => None,
        }
    }
}

/// The largest limit of a record: places in a batch's text are counted in 32 bits.
const MAX_RECORD: usize = 1 << 30;

impl ImportOptions {
    /// How long records and fields may be, within what can be counted.
    pub(super) fn record_limits(&self) -> RecordLimits {
        RecordLimits {
            record: self.limits.record.min(MAX_RECORD),
            field: self.limits.field.min(MAX_RECORD),
            ..self.limits
        }
    }

    /// How a file is read, as text: two files of the same bytes for which it is equal come out the same.
    #[must_use]
    pub fn reading(&self) -> String {
        let mut said = Vec::new();
        let mut say = |option: &str, value: Option<String>| {
            said.extend(value.map(|value| format!("--{option} {value:?}")));
        };
        say("form", self.form.clone());
        say("table", self.table.clone());
        say("encoding", self.encoding.clone());
        say(
            "exported-at",
            self.exported_at_ms
                .map(|ms| Cell::Timestamp(ms).to_string()),
        );
        say("date-format", self.date_format.clone());
        say("lossy", self.lossy.then(String::new));
        say("result-set", self.result_set.map(|set| set.to_string()));
        say(
            "format-file",
            self.format_file
                .as_ref()
                .map(|file| file.display().to_string()),
        );
        say("field-terminator", self.field_terminator.clone());
        say("row-terminator", self.row_terminator.clone());
        say(
            "quote",
            self.quote.map(|quote| match quote {
                Quote::Nothing => "none".to_owned(),
                Quote::By(c) => c.to_string(),
            }),
        );
        say("escape", self.escape.map(|escape| escape.name().to_owned()));
        say(
            "widths",
            self.widths.as_ref().map(|widths| format!("{widths:?}")),
        );
        say("header", self.header.map(|header| header.to_string()));
        say(
            "columns",
            self.columns.as_ref().map(|columns| columns.join(",")),
        );
        let renames = self.renames.iter();
        let renames: Vec<String> = renames.map(|(from, to)| format!("{from}={to}")).collect();
        say("rename", (!renames.is_empty()).then(|| renames.join(",")));
        say("skip", (self.skip > 0).then(|| self.skip.to_string()));
        say("sheet", self.sheet.clone());
        say(
            "null",
            (!self.null_texts.is_empty()).then(|| self.null_texts.join(",")),
        );
        say("empty-is-null", self.empty_is_null.then(String::new));
        said.join(" ")
    }

    /// The part of the file that is read where it has several: another part is a load of its own.
    pub(super) fn part(&self) -> String {
        let set = self.result_set.filter(|set| *set > 1);
        let set = set.map(|set| format!("result set {set}"));
        let sheet = self.sheet.as_ref().map(|sheet| format!("sheet {sheet}"));
        [sheet, set]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}
