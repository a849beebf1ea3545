//! A table as a file spells it: cells of text that remember whether they stood in quotes, and the step from
//! there to typed cells. Both readers, [`pipe`] and [`delimited`], end here.
//!
//! A file says three things in one of three ways: `NULL` without quotes is NULL, `"NULL"` is the text, and
//! an empty cell is the empty text. This module does not know how a format escapes, quotes or ends a cell.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Cell, Column, Kind, ResultTable, delimited, pipe, text_formula};

/// The most bytes of a field.
pub const MAX_FIELD: usize = 16 << 20;

/// The most cells of a table.
pub const MAX_CELLS: usize = 16_000_000;

/// One cell of a file, its quotes and escapes taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCell {
    /// What the cell says.
    pub text: String,
    /// Whether it stood in double quotes, which make it text whatever it looks like.
    pub quoted: bool,
}

impl RawCell {
    /// Reads the cell as one of `kind`. A cell that is not one stays text, and the diff shows the two types.
    #[must_use]
    pub fn read(&self, kind: Kind) -> Cell {
        if !self.quoted {
            if self.is_null() {
                return Cell::Null;
            }
            if let Some(cell) = kind.parse(&self.text) {
                return cell;
            }
        }
        Cell::Text(self.text.clone())
    }

    fn is_null(&self) -> bool {
        !self.quoted && self.text == "NULL"
    }

    /// Whether the cell is NULL or blank, from which no kind can be told.
    fn says_nothing(&self) -> bool {
        self.is_null() || (self.text.is_empty() && !self.quoted)
    }

    /// Whether the cell could stand in a column of `kind` as anything but an exception.
    fn fits(&self, kind: Kind) -> bool {
        self.says_nothing() || (!self.quoted && kind.parse(&self.text).is_some())
    }
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// The line on which the row starts, counted from 1.
    pub line: u32,
    /// The cells, left to right, as many as the header has.
    pub cells: Vec<RawCell>,
}

/// A header and rows, as a file spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTable {
    /// The column names, left to right; they may be blank, and may repeat.
    pub header: Vec<RawCell>,
    /// The rows, top to bottom.
    pub rows: Vec<RawRow>,
    /// How many cells were text formulas of Excel, see [`RawTable::take_text_formulas`].
    pub text_formulas: u64,
}

impl RawTable {
    /// Replaces the text formulas of Excel in header and rows by their texts, and counts those in rows.
    pub fn take_text_formulas(&mut self) {
        let take = |cell: &mut RawCell| {
            let text = text_formula::text_of(&cell.text).map(Cow::into_owned);
            text.map(|text| *cell = RawCell { text, quoted: true })
        };
        for cell in &mut self.header {
            take(cell);
        }
        let cells = self.rows.iter_mut().flat_map(|row| &mut row.cells);
        self.text_formulas += cells.filter_map(take).count() as u64;
    }

    /// Takes SQL Server's brackets off the names of columns.
    pub fn take_brackets_off(&mut self) {
        for cell in &mut self.header {
            if let Cow::Owned(name) = without_brackets(&cell.text) {
                cell.text = name;
            }
        }
    }

    /// Takes out rows that are the names of the columns again, and counts them.
    pub fn take_repeated_headers(&mut self) -> usize {
        let before = self.rows.len();
        let names = || self.header.iter().map(|cell| &cell.text);
        let is_header = |row: &RawRow| {
            self.header.len() > 1 && row.cells.iter().map(|cell| &cell.text).eq(names())
        };
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|row| !is_header(row));
        self.rows = rows;
        before - self.rows.len()
    }

    /// The table with its cells read as `kinds`, one per column from the left; columns beyond are text.
    #[must_use]
    pub fn typed(&self, kinds: &[Kind]) -> ResultTable {
        let kinds = kinds.iter().copied().chain(std::iter::repeat(Kind::Text));
        let read = |(cell, kind): (&RawCell, Kind)| cell.read(kind);
        ResultTable {
            columns: (self.header.iter().zip(kinds.clone()))
                .map(|(name, kind)| Column::new(name.text.as_str(), kind))
                .collect(),
            rows: (self.rows.iter())
                .map(|row| row.cells.iter().zip(kinds.clone()).map(read).collect())
                .collect(),
        }
    }

    /// Each column as its name, which of the columns so called it is (from 0), and its position.
    fn columns(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        self.header.iter().enumerate().map(move |(at, cell)| {
            let count = seen.entry(&cell.text).or_default();
            let nth = *count;
            *count += 1;
            (cell.text.as_str(), nth, at)
        })
    }
}

/// The kinds of the columns of `tables`, table by table, where nothing declares them.
///
/// Columns of one name are judged together, so that the same text is read as the same cell in every table.
/// A column is integers, decimals, timestamps or durations if all its cells are; NULL and blank cells say nothing, a
/// quoted cell is text. Of `numbers`, columns with a tolerance, those whose cells are mixed are decimals, so that
/// what is a number is one.
#[must_use]
pub fn infer_kinds(tables: &[&RawTable], numbers: &[String]) -> Vec<Vec<Kind>> {
    // Names differ in letter case only where a table has both.
    let folds = tables.iter().all(|table| {
        let names: HashSet<_> = table.header.iter().map(|cell| cell.text.to_lowercase()).collect();
        names.len() == table.header.len()
    });
    let fold = |name: &str| {
        if folds { name.to_lowercase() } else { name.to_owned() }
    };
    let mut columns: HashMap<(String, usize), Vec<&RawCell>> = HashMap::new();
    for table in tables {
        for (name, nth, at) in table.columns() {
            let cells = table.rows.iter().filter_map(|row| row.cells.get(at));
            columns.entry((fold(name), nth)).or_default().extend(cells);
        }
    }
    let kinds: HashMap<_, _> = columns
        .into_iter()
        .map(|((name, nth), cells)| {
            let wanted = numbers.iter().any(|number| fold(number) == name);
            let kind = match kind_of(&cells) {
                Kind::Text if wanted => Kind::Decimal,
                kind => kind,
            };
            ((name, nth), kind)
        })
        .collect();
    (tables.iter())
        .map(|table| table.columns().map(|(name, nth, _)| kinds[&(fold(name), nth)]).collect())
        .collect()
}

/// The name of a column without the brackets in which SQL Server's tools write it: `Id` of `[Id]`.
#[must_use]
pub fn without_brackets(name: &str) -> Cow<'_, str> {
    let inner = name.trim().strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match inner {
        // A bracket that is not doubled ends the name: `[dbo].[Id]`.
        Some(inner) if !inner.is_empty() && !inner.replace("]]", "").contains(']') => {
            Cow::Owned(inner.replace("]]", "]"))
        }
        _ => Cow::Borrowed(name),
    }
}

fn kind_of(cells: &[&RawCell]) -> Kind {
    let spoken = !cells.iter().all(|cell| cell.says_nothing());
    [Kind::Integer, Kind::Decimal, Kind::Timestamp, Kind::Duration]
        .into_iter()
        .find(|kind| spoken && cells.iter().all(|cell| cell.fits(*kind)))
        .unwrap_or(Kind::Text)
}

/// Reads a table in any of the forms this crate knows, told apart by content: a first line that is not blank
/// and starts with `|` opens a pipe table; anything else is delimited text with the delimiter sniffed.
///
/// # Errors
/// When the text is not a table of that form; the error knows the line and column.
pub fn read_any(text: &str) -> Result<RawTable, TableReadError> {
    let blanks = [' ', '\t', '\r', '\n'];
    if strip_bom(text).trim_start_matches(blanks).starts_with('|') {
        pipe::read(text)
    } else {
        delimited::read(text, None)
    }
}

/// Why a text is not a table, and where. Shown as `line:column: problem`, to follow a file name and a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {problem}")]
pub struct TableReadError {
    /// The line, counted from 1.
    pub line: u32,
    /// The character within the line, counted from 1.
    pub column: u32,
    /// What is wrong there.
    pub problem: ReadProblem,
}

/// What keeps a text from being a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadProblem {
    /// A pipe table has to start here, and does not.
    #[error("expected a table whose header starts with `|`")]
    NoPipeTable,
    /// The text is empty, so there is no header.
    #[error("expected a header line, found the end of the text")]
    NoHeader,
    /// The header of a pipe table is not followed by its line of dashes.
    #[error("expected a line of dashes like `|---|` below the header")]
    NoDashes,
    /// A row has more or fewer cells than the header.
    #[error("expected {expected} cell{}, found {found}", plural(*.expected))]
    Ragged {
        /// How many the header has.
        expected: usize,
        /// How many stand here.
        found: usize,
    },
    /// A field is longer than any that is read.
    #[error("expected at most {} MiB in a field", MAX_FIELD >> 20)]
    LongField,
    /// The table has more cells than are held.
    #[error("expected at most {MAX_CELLS} cells, which are held in memory")]
    TooManyCells,
    /// Something other than blank lines follows a pipe table.
    #[error("expected nothing after the table, found text")]
    TextAfterTable,
    /// A quoted field goes on after its closing quote.
    #[error("expected the end of the field after its closing quote, found `{}`", .found.escape_debug())]
    TextAfterQuote {
        /// The first character that should not be there.
        found: char,
    },
    /// The text ends inside the quoted field that starts here.
    #[error("expected a closing quote for this field, found the end of the text")]
    UnterminatedQuote,
}

impl ReadProblem {
    pub(super) fn at(self, line: u32, column: u32) -> TableReadError {
        TableReadError { line, column, problem: self }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

pub(super) fn strip_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
