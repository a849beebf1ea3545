//! The list of report formats. A format turns a [`Report`] into bytes and knows nothing else: no database,
//! no scenario folder, no terminal, no clock. The same report gives the same bytes.
//!
//! To add a format, write `src/render/<name>.rs` with a `render` function and give it a line in [`FORMATS`].

mod chart;
mod columns;
pub mod csv;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod safe;
pub mod svg;
pub mod terminal;
mod wording;

use std::io::{self, Write};

use crate::report::Report;
use crate::table::Rows;

/// A way to write a report.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as `--format` takes it.
    pub name: &'static str,
    /// Other names that `--format` takes.
    pub aliases: &'static [&'static str],
    /// The ending of a file in this format, without the dot.
    pub extension: &'static str,
    /// What it is for, in one line of help.
    pub help: &'static str,
    /// Writes a report. Fails only when the writer does.
    pub render: fn(&Report, RenderOptions, &mut dyn Write) -> io::Result<()>,
    /// Writes the tables of lists as they come, the same as `render` does where there is a list; `None` where the whole
    /// has to be known.
    pub rows: Option<MakeRows>,
    /// Whether it shows timelines and SQL, which a run then has to bring.
    pub pictures: Pictures,
    /// Whether it shows the rows of tables; one that does not has nothing to show of what is no replay.
    pub tables: bool,
}

/// What a format does with pictures of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// It shows none.
    Never,
    /// It shows them beside the results.
    Beside,
    /// It shows nothing else, so it has nothing to show of what is no replay.
    Only,
}

/// Makes a writer of rows.
pub type MakeRows = fn(&mut dyn Write) -> Box<dyn Rows + '_>;

/// Every format, in the order that help lists them.
pub const FORMATS: [Format; 7] = [
    Format {
        name: "table",
        aliases: &["txt", "text"],
        extension: "txt",
        help: "Tables and differences, for a person to read",
        render: terminal::render,
        rows: None,
        pictures: Pictures::Never,
        tables: true,
    },
    Format {
        name: "csv",
        aliases: &[],
        extension: "csv",
        help: "One line per cell compared, for a spreadsheet",
        render: csv::render,
        rows: Some(csv::rows),
        pictures: Pictures::Never,
        tables: true,
    },
    Format {
        name: "markdown",
        aliases: &["md"],
        extension: "md",
        help: "A document with every table, difference and observation",
        render: markdown::render,
        rows: None,
        pictures: Pictures::Never,
        tables: true,
    },
    Format {
        name: "html",
        aliases: &[],
        extension: "html",
        help: "A page for a browser, with timelines",
        render: html::render,
        rows: None,
        pictures: Pictures::Beside,
        tables: true,
    },
    Format {
        name: "svg",
        aliases: &[],
        extension: "svg",
        help: "The timelines of replays as a picture",
        render: svg::render,
        rows: None,
        pictures: Pictures::Only,
        tables: false,
    },
    Format {
        name: "json",
        aliases: &[],
        extension: "json",
        help: "The whole record, exactly, for programs",
        render: json::render,
        rows: None,
        pictures: Pictures::Never,
        tables: true,
    },
    Format {
        name: "junit",
        aliases: &[],
        extension: "xml",
        help: "A test case for each check, for a build server",
        render: junit::render,
        rows: None,
        pictures: Pictures::Never,
        tables: false,
    },
];

/// The format called `name`, by its own name or an alias, or `None`.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    (FORMATS.iter()).find(|format| format.name == name || format.aliases.contains(&name))
}

/// What the caller knows and the report does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// The columns that a line may take, in a terminal.
    pub width: usize,
    /// How much a terminal shows of what is as it should be; files are in full.
    pub detail: Detail,
    /// Whether verdicts and headings have a colour besides their words.
    pub color: bool,
    /// Whether the rows of each finding are in a CSV file beside this one, under its name.
    pub tables_beside: bool,
}

impl Default for RenderOptions {
    /// In full, 80 columns wide, without colour.
    fn default() -> Self {
        Self {
            width: 80,
            detail: Detail::Full,
            color: false,
            tables_beside: false,
        }
    }
}

/// How much to show of what is as it should be. What differs is shown either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Every step, and the table of every check whose expectation is printed.
    #[default]
    Full,
    /// One line per check.
    Brief,
}
