//! The formats of exports: a closed list. Each entry says which tools write the format, its layout, and how
//! it writes NULL. [`detect`] scores every entry against the beginning of a file to find out which one it
//! is.
//!
//! Formats that a reader cannot distinguish share an entry. `covers` names the rows of the matrix of export formats
//! that an entry reads, so that a test can compare the list with the matrix.

pub mod bcp_format_file;
pub mod detect;
pub mod escape;
pub mod score;
pub mod trailer;

use std::borrow::Cow;

use score::Evidence;

use crate::import::convert::NullRule;
use crate::record::{Field, Record, Written};

/// How a format writes NULL and the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullStyle {
    /// NULL is the word `NULL` without quotes, and so is the text `NULL`. An empty field is the empty text.
    Word,
    /// NULL and the empty text are both an empty field, in quotes or not, and are read as NULL.
    Empty,
    /// NULL is an empty field; the empty text is one NUL character.
    EmptyOrNul,
    /// NULL is an empty field; the empty text is `""`.
    Nothing,
    /// The form has a value of its own for NULL: an absent cell, `null`, `xsi:nil`.
    Marked,
    /// An absent cell is NULL, and so is the word `NULL`: a grid pasted into a workbook.
    MarkedOrWord,
}

impl NullStyle {
    /// The same as the rules for fields.
    #[must_use]
    pub fn rule(self) -> NullRule {
        let none = NullRule::default();
        match self {
            Self::Word => NullRule { word: true, ..none },
            Self::Empty => NullRule { empty: true, quoted_empty: true, ..none },
            Self::EmptyOrNul => NullRule { empty: true, nul_is_empty: true, ..none },
            Self::Nothing => NullRule { empty: true, ..none },
            Self::Marked => none,
            Self::MarkedOrWord => NullRule { word: true, quoted_word: true, ..none },
        }
    }

    /// What the import summary says about it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Word => {
                "`NULL` is read as NULL, even if it was text; an empty field is empty text"
            }
            Self::Empty => "an empty field is read as NULL, even if it was empty text",
            Self::EmptyOrNul => "an empty field is NULL; one NUL character is empty text",
            Self::Nothing => "an empty field is NULL; `\"\"` is empty text",
            Self::Marked => "NULL has its own representation",
            Self::MarkedOrWord => "a missing cell, or the word `NULL`, is NULL",
        }
    }

    /// The value of `field` of `record` by these rules; `None` for NULL.
    #[inline]
    #[must_use]
    pub fn read<'r>(self, record: &Record<'r>, field: Field) -> Option<Cow<'r, str>> {
        let text = record.cells.get(field.start..field.end).unwrap_or_default();
        let is_bare = field.written == Written::Bare;
        let is_null = match self {
            _ if field.written == Written::Null => true,
            Self::Word => is_bare && text == "NULL",
            Self::Empty => text.is_empty(),
            Self::EmptyOrNul | Self::Nothing => is_bare && text.is_empty(),
            Self::Marked => false,
            Self::MarkedOrWord => text == "NULL",
        };
        if is_null {
            return None;
        }
        Some(match field.written {
            Written::Doubled => Cow::Owned(text.replace("\"\"", "\"")),
            _ if self == Self::EmptyOrNul && text == "\0" => Cow::Borrowed(""),
            _ => Cow::Borrowed(text),
        })
    }
}

/// What quotes mean in delimited text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// Nothing: they are ordinary characters.
    None,
    /// A field that begins with a quote ends with one, and quotes inside are doubled.
    Doubled,
    /// Only a field that contains the separator is in quotes. No source says whether quotes inside are doubled, so
    /// either is accepted if only one interpretation fits the columns.
    Separator,
}

/// How a grid is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableBorders {
    /// As in Markdown, or a printed grid.
    Markdown,
    /// A box of `+`, `-` and `|`.
    Box,
}

/// What separates a column's name from its value, if each cell has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameSeparator {
    /// Spaces, up to where all values begin.
    Blanks,
    /// Spaces and a colon.
    Colon,
    /// A bar or a colon, and a line with its number before each row.
    Numbered,
}

/// Which separators a format can have in addition to those it lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelimiterRule {
    /// Any single character.
    Single,
    /// Any except those that belong to another format.
    Long,
    /// None: it has only those that it lists.
    Listed,
}

/// The layout of a format, which decides which reader reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormatLayout {
    /// Fields with a separator between them.
    Delimited(Quotes),
    /// Columns under a line of dashes.
    Aligned,
    /// Columns of fixed widths, without dashes.
    Widths,
    /// A line for each cell: the column's name, the value.
    Vertical(NameSeparator),
    /// A grid with bars.
    Grid(TableBorders),
    /// A sequence of JSON objects.
    Json,
    /// XML elements, one per row.
    Xml,
    /// A script of INSERT statements.
    Inserts,
    /// An Excel workbook.
    Workbook,
}

/// An export format.
#[derive(Debug)]
pub struct ImportFormat {
    /// Its name for `--input-format`.
    pub id: &'static str,
    /// A description for users.
    pub title: &'static str,
    /// The rows of the matrix of export formats that it covers.
    pub covers: &'static [&'static str],
    /// Its layout, which selects the reader.
    pub layout: FormatLayout,
    /// How it writes NULL.
    pub nulls: NullStyle,
    /// Its field separators, the most likely first.
    pub delimiters: &'static [&'static str],
    /// Which other separators are allowed.
    pub separators: DelimiterRule,
    /// The record terminator, if not a line end.
    pub record_end: Option<&'static str>,
    /// Whether quoting is an option of the tool that the user must have chosen.
    pub optional_quotes: bool,
    /// Whether fields may be padded with spaces.
    pub padded: bool,
    /// Whether it can begin with column names.
    pub writes_names: bool,
    /// Whether column names may be below the records.
    pub names_below: bool,
    /// Its detection score.
    pub score: fn(&Evidence<'_>) -> f64,
}

/// Ids are unique.
impl PartialEq for ImportFormat {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for ImportFormat {}

impl ImportFormat {
    /// Defaults that formats share: each entry says only what differs.
    const PLAIN: Self = Self {
        id: "",
        title: "",
        covers: &[],
        layout: FormatLayout::Delimited(Quotes::None),
        nulls: NullStyle::Word,
        delimiters: &[],
        separators: DelimiterRule::Single,
        record_end: None,
        optional_quotes: false,
        padded: false,
        writes_names: true,
        names_below: false,
        score: score::nothing,
    };

    /// Whether `delimiter` may separate its fields.
    #[must_use]
    pub fn takes(&self, delimiter: &str) -> bool {
        let has = |form: &Self| form.delimiters.contains(&delimiter);
        match self.separators {
            DelimiterRule::Single => delimiter.len() <= 1,
            DelimiterRule::Long => {
                let is_own = |form: &&Self| form.separators == DelimiterRule::Listed && has(form);
                !IMPORT_FORMATS.iter().any(|form| is_own(&form))
            }
            DelimiterRule::Listed => has(self),
        }
    }
}

const COMMAS: &[&str] = &[",", ";"];
const TAB: &[&str] = &["\t"];
/// Separators commonly used with `sqlcmd -s` and `bcp -t`.
const ANY: &[&str] = &["|", ",", ";", "\t", "^", "~", "\u{1}", "\u{1F}"];
const CHOSEN: &[&str] = &[",", ";", "\t", "|"];

/// Every form, in the order in which help lists them.
pub static IMPORT_FORMATS: &[ImportFormat] = &[
    ImportFormat {
        id: "ssms_csv",
        title: "SSMS grid saved as CSV, nothing quoted",
        covers: &["F01", "F02", "F04"],
        delimiters: COMMAS,
        score: score::ssms_csv,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "ssms_csv_quoted",
        title: "SSMS grid saved as CSV, with `Quote strings containing list separators`",
        covers: &["F03", "F04"],
        layout: FormatLayout::Delimited(Quotes::Separator),
        delimiters: COMMAS,
        score: score::ssms_csv_quoted,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "ssms_tab",
        title: "SSMS grid saved with tabs, or copied from the grid",
        covers: &["F05", "F06"],
        delimiters: TAB,
        score: score::ssms_tab,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "aligned",
        title: "columns with a dashed line below the header: SSMS Results to Text, sqlcmd, e-mail attachment",
        covers: &["F07", "F08", "F09", "F10", "F11", "F14", "F15", "F28"],
        layout: FormatLayout::Aligned,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "aligned_bare",
        title: "aligned text without the dashed line: line removed, or `sqlcmd -h -1` with `--widths`",
        covers: &["F07", "F08", "F09", "F10", "F11", "F14", "F15", "F28"],
        layout: FormatLayout::Widths,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "ssms_report",
        title: "SSMS Results to File with a separator",
        covers: &["F08", "F09"],
        delimiters: ANY,
        score: score::ssms_report,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "sqlcmd_separated",
        title: "sqlcmd with a separator (`-s`), with or without header; e-mail attachment with a separator",
        covers: &["F11", "F12", "F13", "F15", "F28"],
        delimiters: ANY,
        padded: true,
        score: score::sqlcmd_separated,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "sqlcmd_vertical",
        title: "go-sqlcmd, one line per cell",
        covers: &["F16"],
        layout: FormatLayout::Vertical(NameSeparator::Blanks),
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "powershell_list",
        title: "PowerShell Format-List: one line per cell, with a colon",
        covers: &[],
        layout: FormatLayout::Vertical(NameSeparator::Colon),
        nulls: NullStyle::Empty,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "record_blocks",
        title: "mssql-cli or psql with `\\x`, mysql with `\\G`: a block of lines for each row, with its number above",
        covers: &[],
        layout: FormatLayout::Vertical(NameSeparator::Numbered),
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "sqlcmd_box",
        title: "go-sqlcmd, a box of `+`, `-` and `|`",
        covers: &["F16"],
        layout: FormatLayout::Grid(TableBorders::Box),
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "bcp",
        title: "bcp out, character or Unicode",
        covers: &["F17", "F18", "F19"],
        nulls: NullStyle::EmptyOrNul,
        delimiters: &["\t", ",", "|", ";", "^", "~", "\u{1}", "\u{1F}"],
        separators: DelimiterRule::Long,
        writes_names: false,
        score: score::bcp,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "egain_bulk",
        title: "the product's bulk export, `<EOFD>` and `<EORD>`, columns from its format file",
        covers: &["bulk"],
        nulls: NullStyle::EmptyOrNul,
        delimiters: &["<EOFD>"],
        separators: DelimiterRule::Listed,
        record_end: Some("<EORD>"),
        writes_names: false,
        score: score::egain_bulk,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "wizard",
        title: "Import and Export Wizard, flat file",
        covers: &["F20"],
        layout: FormatLayout::Delimited(Quotes::Doubled),
        nulls: NullStyle::Empty,
        delimiters: CHOSEN,
        separators: DelimiterRule::Long,
        optional_quotes: true,
        score: score::wizard,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "fixed_width",
        title: "fixed-width columns: the Wizard's fixed width and ragged right, bcp with lengths",
        covers: &["F20"],
        layout: FormatLayout::Widths,
        nulls: NullStyle::Empty,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "ads_csv",
        title: "Azure Data Studio or the mssql extension, CSV",
        covers: &["F21"],
        layout: FormatLayout::Delimited(Quotes::Doubled),
        delimiters: CHOSEN,
        score: score::ads_csv,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "ads_xlsx",
        title: "Azure Data Studio, workbook",
        covers: &["F22"],
        layout: FormatLayout::Workbook,
        nulls: NullStyle::Marked,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "markdown",
        title: "Markdown table, or a printed grid",
        covers: &["F23", "F29"],
        layout: FormatLayout::Grid(TableBorders::Markdown),
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "json",
        title: "JSON, an array of objects or one object per line",
        covers: &["F23"],
        layout: FormatLayout::Json,
        nulls: NullStyle::Marked,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "xml",
        title: "Azure Data Studio or DBeaver, XML",
        covers: &["F23"],
        layout: FormatLayout::Xml,
        nulls: NullStyle::Empty,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "for_xml",
        title: "result of a query with FOR XML",
        covers: &[],
        layout: FormatLayout::Xml,
        nulls: NullStyle::Marked,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "insert_script",
        title: "script of INSERT statements: SSMS Generate Scripts, data only",
        covers: &[],
        layout: FormatLayout::Inserts,
        nulls: NullStyle::Marked,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "dbeaver_csv",
        title: "DBeaver, CSV",
        covers: &["F24"],
        layout: FormatLayout::Delimited(Quotes::Doubled),
        nulls: NullStyle::Nothing,
        delimiters: CHOSEN,
        names_below: true,
        score: score::dbeaver_csv,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "excel_xlsx",
        title: "Excel workbook with a pasted grid",
        covers: &["F25"],
        layout: FormatLayout::Workbook,
        nulls: NullStyle::MarkedOrWord,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "excel_csv",
        title: "CSV saved by Excel",
        covers: &["F26"],
        layout: FormatLayout::Delimited(Quotes::Doubled),
        delimiters: &[";", ",", "\t"],
        score: score::excel_csv,
        ..ImportFormat::PLAIN
    },
    ImportFormat {
        id: "powershell_csv",
        title: "PowerShell, Export-Csv",
        covers: &["F27"],
        layout: FormatLayout::Delimited(Quotes::Doubled),
        nulls: NullStyle::Empty,
        delimiters: CHOSEN,
        score: score::powershell_csv,
        ..ImportFormat::PLAIN
    },
];

/// The format `id`, or the first one that covers this row of the matrix, such as `F21`; `None` if there is none.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static ImportFormat> {
    let called = IMPORT_FORMATS.iter().find(|form| form.id == id);
    called.or_else(|| IMPORT_FORMATS.iter().find(|form| form.covers.contains(&id)))
}
