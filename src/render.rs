//! The list of report formats. A format turns a [`Report`] into bytes and knows nothing else: no database,
//! no scenario folder, no terminal, no clock. The same report gives the same bytes.
//!
//! To add a format, write `src/render/<name>.rs` with a `render` function and give it a line in [`FORMATS`].

mod chart;
mod columns;
pub mod csv;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
pub mod own;
pub mod sanitize;
mod separated;
pub mod svg;
pub mod terminal;
pub mod tsv;
mod wording;
pub mod xlsx;

pub use terminal::wrap_prose;

use std::io::{self, Write};

use crate::diagnostic::counted;
use crate::report::Report;
use crate::table::Rows;

/// A report format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name for `--format`.
    pub name: &'static str,
    /// Its aliases for `--format`.
    pub aliases: &'static [&'static str],
    /// Its file extension, without the dot.
    pub extension: &'static str,
    /// Its purpose, in one line of help.
    pub help: &'static str,
    /// Writes a report. Fails only if the writer does.
    pub render: fn(&Report, RenderOptions, &mut dyn Write) -> io::Result<Rendered>,
    /// Writes the tables of lists as they arrive, the same as `render` does for a list; `None` if the whole report must
    /// be known first.
    pub rows: Option<MakeRows>,
    /// What it can show, and where.
    pub can: Capabilities,
}

/// The capabilities of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it shows timelines and SQL, which the run must then collect.
    pub pictures: Pictures,
    /// Whether it shows the rows of tables; otherwise it can only show replays.
    pub tables: bool,
    /// Whether it has only rows, so that remarks on a list must be written elsewhere.
    pub rows_only: bool,
    /// Whether it has every cell of a comparison, so that a run must keep those that are the same.
    pub every_cell: bool,
    /// Whether it is formatted for a terminal, in lines of its width.
    pub for_terminal: bool,
    /// Whether it is binary, so that a terminal cannot show it.
    pub binary: bool,
    /// Whether [`CsvOptions`] apply to it.
    pub separated: bool,
    /// Whether it is among the output files of an analysis.
    pub by_default: bool,
}

/// Tables, for programs and other programs' files.
const TABLES: Capabilities = Capabilities {
    pictures: Pictures::Never,
    tables: true,
    rows_only: false,
    every_cell: false,
    for_terminal: false,
    binary: false,
    separated: false,
    by_default: false,
};

/// Only rows, one per line.
const ROWS: Capabilities = Capabilities { rows_only: true, every_cell: true, ..TABLES };

/// How a format handles pictures of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// It has none.
    Never,
    /// It shows them next to the results.
    Beside,
    /// It shows nothing else, so it can only show replays.
    Only,
}

/// Creates a writer of rows. Fails only if the writer does.
pub type MakeRows = fn(&mut dyn Write, CsvOptions) -> io::Result<Box<dyn CountedRows + '_>>;

/// A writer of rows, and the changes made to their texts.
pub trait CountedRows: Rows {
    /// The changes so far.
    fn rendered(&self) -> Rendered;
}

/// How many texts a format had to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rendered {
    /// Texts prefixed with `'`, because a spreadsheet would run them as formulas.
    pub defused: u64,
    /// Texts in which hidden characters are shown as symbols.
    pub shown: u64,
}

impl Rendered {
    /// Adds the changes in another file of the same report.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { defused: self.defused + other.defused, shown: self.shown + other.shown }
    }

    /// The changes, in one sentence; `None` if there are none.
    #[must_use]
    pub fn sentence(self) -> Option<String> {
        let texts = |n: u64| counted(n, "text");
        let formulas = match self.defused {
            0 => None,
            n => Some(format!(
                "`'` was added before {} that a spreadsheet would run as a formula",
                texts(n)
            )),
        };
        let hidden = match self.shown {
            0 => None,
            n => Some(format!("hidden characters in {} are shown as visible symbols", texts(n))),
        };
        let said: Vec<String> = formulas.into_iter().chain(hidden).collect();
        (!said.is_empty()).then(|| format!("{}; `--raw` writes them unchanged", said.join(", ")))
    }
}

/// Every format, in the order of the help.
pub const FORMATS: [Format; 10] = [
    Format {
        name: "table",
        aliases: &["txt", "text"],
        extension: "txt",
        help: "Tables and differences, for a person to read",
        render: |report, options, out| terminal::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { for_terminal: true, ..TABLES },
    },
    Format {
        name: "csv",
        aliases: &[],
        extension: "csv",
        help: "One line per row, or per cell compared, for a spreadsheet",
        render: csv::render,
        rows: Some(csv::rows),
        can: Capabilities { separated: true, by_default: true, ..ROWS },
    },
    Format {
        name: "tsv",
        aliases: &["tab"],
        extension: "tsv",
        help: "Tab-separated, one line per record, for cut and awk",
        render: tsv::render,
        rows: Some(tsv::rows),
        can: Capabilities { separated: true, ..ROWS },
    },
    Format {
        name: "xlsx",
        aliases: &["excel"],
        extension: "xlsx",
        help: "An Excel workbook, one sheet per table",
        render: |report, options, out| xlsx::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { every_cell: true, binary: true, ..TABLES },
    },
    Format {
        name: "markdown",
        aliases: &["md"],
        extension: "md",
        help: "A document with every table, difference and observation",
        render: |report, options, out| markdown::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { by_default: true, ..TABLES },
    },
    Format {
        name: "html",
        aliases: &[],
        extension: "html",
        help: "An HTML page with timelines",
        render: |report, options, out| html::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { pictures: Pictures::Beside, by_default: true, ..TABLES },
    },
    Format {
        name: "svg",
        aliases: &[],
        extension: "svg",
        help: "Replay timelines as an image",
        render: |report, options, out| svg::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { pictures: Pictures::Only, tables: false, ..TABLES },
    },
    Format {
        name: "json",
        aliases: &[],
        extension: "json",
        help: "The complete report, for programs",
        render: |report, options, out| json::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { every_cell: true, by_default: true, ..TABLES },
    },
    Format {
        name: "jsonl",
        aliases: &["ndjson"],
        extension: "jsonl",
        help: "One JSON object per row, for programs that read line by line",
        render: |report, options, out| jsonl::render(report, options, out).map(unchanged),
        rows: Some(jsonl::rows),
        can: ROWS,
    },
    Format {
        name: "junit",
        aliases: &[],
        extension: "xml",
        help: "A test case for each check, for a build server",
        render: |report, options, out| junit::render(report, options, out).map(unchanged),
        rows: None,
        can: Capabilities { tables: false, ..TABLES },
    },
];

fn unchanged(_: ()) -> Rendered {
    Rendered::default()
}

/// The format for a file extension, or `None`.
#[must_use]
pub fn format_of_extension(extension: &str) -> Option<&'static Format> {
    let extension = extension.to_lowercase();
    (FORMATS.iter()).find(|format| format.extension == extension)
}

/// The format with this name or alias, or `None`.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    (FORMATS.iter()).find(|format| format.name == name || format.aliases.contains(&name))
}

/// Options that are not part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// The line width in a terminal.
    pub width: usize,
    /// How much a terminal shows of what is correct; files are complete.
    pub detail: Detail,
    /// Whether verdicts and headings have a colour besides their words.
    pub color: bool,
    /// Whether only the result is shown, without titles, remarks and basis.
    pub answer_only: bool,
    /// Whether the rows of each finding are in a CSV file next to this one, under its name.
    pub tables_beside: bool,
    /// How CSV is written.
    pub csv: CsvOptions,
}

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// Whether it begins with a byte order mark, by which a spreadsheet recognises UTF-8.
    pub mark: bool,
    /// Whether a text that a spreadsheet would run as a formula is written unchanged.
    pub keeps_formulas: bool,
    /// Whether hidden characters are written unchanged. Not for a terminal.
    pub keeps_hidden: bool,
}

impl Default for RenderOptions {
    /// Everything, 80 columns wide, without colour.
    fn default() -> Self {
        Self {
            width: 80,
            detail: Detail::Full,
            color: false,
            tables_beside: false,
            csv: CsvOptions::default(),
            answer_only: false,
        }
    }
}

/// How much to show of what is correct. Differences are always shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Everything: every step, the table of every check whose expectation is printed, every row, every remark.
    #[default]
    Full,
    /// One line per check or entry, and the first rows of the urgent findings.
    Brief,
}
