//! CSV, TSV and their kin, read with the quotes remembered.
//!
//! The `csv` crate does not read here: it forgets which fields stood in quotes, and with that the
//! difference between NULL and the text `NULL`. The reader follows RFC 4180 strictly, so that a file damaged
//! by hand or by a spreadsheet is refused where it is damaged; beyond the RFC it takes LF for CRLF, a byte
//! order mark, and a quote inside a field that does not start with one.
//!
//! The law of [`pipe`](super::pipe) holds here too, for tables with at least one column, whether the delimiter
//! is given or sniffed. This module does not know what the cells mean.

use std::iter::Peekable;
use std::str::Chars;

use super::raw::{
    MAX_CELLS, MAX_FIELD, RawCell, RawRow, RawTable, ReadProblem, TableReadError, strip_bom,
};

/// What stands between two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`, as in CSV.
    Comma,
    /// A tab, as in TSV and in cells copied from a grid.
    Tab,
    /// `;`, as spreadsheets write where the comma is a decimal point.
    Semicolon,
    /// A bar: `|`.
    Bar,
}

impl Delimiter {
    /// Every delimiter, likeliest first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Tab, Self::Semicolon, Self::Bar];

    /// The character itself.
    #[must_use]
    pub fn as_char(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Tab => '\t',
            Self::Semicolon => ';',
            Self::Bar => '|',
        }
    }

    /// The delimiter that stands most often, outside quotes, in the header of `text`; the likeliest of them
    /// if several do, and a comma if none does.
    #[must_use]
    pub fn sniff(text: &str) -> Self {
        let header = skip_empty_lines(strip_bom(text)).1;
        let counts = count_unquoted(header).unwrap_or_else(|| {
            // A lone quote inside a field: quotes mean nothing here then, and the first line ends the header.
            let line = header.lines().next().unwrap_or("");
            Self::ALL.map(|delimiter| line.matches(delimiter.as_char()).count())
        });
        let most = counts.into_iter().max().unwrap_or(0);
        let at = counts.iter().position(|count| *count == most).unwrap_or(0);
        Self::ALL[at]
    }
}

/// How often each delimiter stands outside quotes before the first line break outside quotes, or `None` when
/// the quotes do not pair up.
fn count_unquoted(text: &str) -> Option<[usize; 4]> {
    let mut counts = [0; 4];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' if !quoted => break,
            c if !quoted => {
                for (count, delimiter) in counts.iter_mut().zip(Delimiter::ALL) {
                    *count += usize::from(delimiter.as_char() == c);
                }
            }
            _ => {}
        }
    }
    (!quoted).then_some(counts)
}

/// Reads the records of `text`, the first of which is the header, between `delimiter` or, for `None`, the one
/// that [`Delimiter::sniff`] finds.
///
/// Empty lines before the header are skipped. After it, an empty line is a record of one empty field, and so
/// a row of a table with one column; at the end of a wider table, where it can be no row, it is passed over.
///
/// # Errors
/// When there is no header, a record of another length, text after a closing quote, or no closing quote.
pub fn read(text: &str, delimiter: Option<Delimiter>) -> Result<RawTable, TableReadError> {
    let delimiter = delimiter.unwrap_or_else(|| Delimiter::sniff(text));
    let (skipped, text) = skip_empty_lines(strip_bom(text));
    let mut reader = Reader {
        chars: text.chars().peekable(),
        delimiter: delimiter.as_char(),
        at: Place { line: skipped + 1, column: 1 },
    };
    if text.is_empty() {
        return Err(reader.at.refuse(ReadProblem::NoHeader));
    }
    let header = reader.record()?;
    let expected = header.fields.len();
    let mut records = Vec::new();
    let mut cells = 0;
    while reader.chars.peek().is_some() {
        let record = reader.record()?;
        cells += record.fields.len();
        if cells > MAX_CELLS {
            return Err(reader.at.refuse(ReadProblem::TooManyCells));
        }
        records.push(record);
    }
    while expected > 1 && records.last().is_some_and(Record::is_empty_line) {
        records.pop();
    }
    let rows = records.into_iter().map(|record| record.into_row(expected));
    Ok(RawTable {
        header: header.into_row(expected)?.cells,
        rows: rows.collect::<Result<_, _>>()?,
        text_formulas: 0,
    })
}

/// The number of empty lines at the start of `text`, and what follows them.
fn skip_empty_lines(mut text: &str) -> (u32, &str) {
    let mut skipped = 0;
    while let Some(rest) = text.strip_prefix('\n').or(text.strip_prefix("\r\n")) {
        text = rest;
        skipped += 1;
    }
    (skipped, text)
}

#[derive(Clone, Copy)]
struct Place {
    line: u32,
    column: u32,
}

impl Place {
    fn refuse(self, problem: ReadProblem) -> TableReadError {
        problem.at(self.line, self.column)
    }
}

struct Record {
    fields: Vec<(Place, RawCell)>,
    end: Place,
}

impl Record {
    fn is_empty_line(&self) -> bool {
        matches!(self.fields.as_slice(), [(_, only)] if only.text.is_empty() && !only.quoted)
    }

    fn into_row(self, expected: usize) -> Result<RawRow, TableReadError> {
        let found = self.fields.len();
        if found != expected {
            let place = self.fields.get(expected).map_or(self.end, |field| field.0);
            return Err(place.refuse(ReadProblem::Ragged { expected, found }));
        }
        Ok(RawRow {
            line: self.fields.first().map_or(self.end, |field| field.0).line,
            cells: self.fields.into_iter().map(|(_, cell)| cell).collect(),
        })
    }
}

/// What ends a field.
enum End {
    Field,
    Record,
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    delimiter: char,
    at: Place,
}

impl Reader<'_> {
    fn record(&mut self) -> Result<Record, TableReadError> {
        let mut fields = Vec::new();
        loop {
            let start = self.at;
            let cell = match self.chars.peek() {
                Some('"') => self.quoted()?,
                _ => self.bare(),
            };
            if cell.text.len() > MAX_FIELD {
                return Err(start.refuse(ReadProblem::LongField));
            }
            fields.push((start, cell));
            let end = self.at;
            match self.end()? {
                End::Field => {}
                End::Record => return Ok(Record { fields, end }),
            }
        }
    }

    fn bare(&mut self) -> RawCell {
        let mut text = String::new();
        while !self.at_end() {
            text.extend(self.next());
        }
        RawCell { text, quoted: false }
    }

    fn quoted(&mut self) -> Result<RawCell, TableReadError> {
        let opened = self.at;
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(opened.refuse(ReadProblem::UnterminatedQuote)),
                Some('"') if self.chars.peek() == Some(&'"') => text.extend(self.next()),
                Some('"') => return Ok(RawCell { text, quoted: true }),
                Some(c) => text.push(c),
            }
        }
    }

    /// Whether the next character ends a field: the delimiter, a line break, or none at all. A carriage
    /// return ends one only before a line feed.
    fn at_end(&mut self) -> bool {
        match self.chars.peek().copied() {
            None | Some('\n') => true,
            Some('\r') => self.chars.clone().nth(1) == Some('\n'),
            Some(c) => c == self.delimiter,
        }
    }

    fn end(&mut self) -> Result<End, TableReadError> {
        let place = self.at;
        let whole = self.at_end();
        match self.next() {
            Some(found) if !whole => Err(place.refuse(ReadProblem::TextAfterQuote { found })),
            Some(c) if c == self.delimiter => Ok(End::Field),
            Some('\r') => {
                self.next();
                Ok(End::Record)
            }
            _ => Ok(End::Record),
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.at = match c {
            '\n' => Place { line: self.at.line.saturating_add(1), column: 1 },
            _ => Place { column: self.at.column.saturating_add(1), ..self.at },
        };
        Some(c)
    }
}
