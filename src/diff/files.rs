//! Finds in two delimited files with a key the rows that have to be compared, without holding the others: a thread for
//! each file, 24 bytes for each row, and the few rows themselves read again.
//!
//! What is found is handed to [`diff`](super::diff()) like any two tables, and gives the same rows, in the same order,
//! as the whole tables would. Three things could tell the two apart, and are seen to:
//!
//! - *Which cells are equal.* A row is known by a hash of its bytes or, where the files quote differently, of its
//!   cells: the text without its quotes, and whether it is NULL. Equal text is an equal cell whatever the column's
//!   kind. Quotes tell cells apart only in a column that is not text, and such a column has no quotes anywhere.
//! - *What kind a column is.* Its kind follows from every cell, so every cell is looked at, in one of the two files
//!   where both have it.
//! - *Where a row stands* that only the actual file has: behind the row that it follows there, which is kept too.
//!
//! Two texts can be one time, such as with `T` and with a blank, or one decimal. A key of those is therefore left to
//! the reader that holds everything, and so is a column of numbers and texts with a tolerance, a file with text
//! formulas of Excel, and any file that is not well formed, since that reader says what is wrong and where. The hash is
//! seeded anew each time, so that no file can be made to deceive it.

mod hash;
mod kinds;
mod pairs;
mod pass;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::{str, thread};

use super::DiffOptions;
use crate::record::tokenizer::{BLOCK, RawRecord, RawToken, TextDialect, Tokenizer};
use crate::record::{Field, RecordLimits, Written};
use crate::table::delimited::Delimiter;
use crate::table::raw::{RawCell, RawRow, RawTable, without_brackets};
use crate::table::{Kind, ResultTable};
use hash::Seed;
use kinds::Seen;
use pairs::{Places, wanted};
use pass::{Pass, Row};

/// The rows of two files that have to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRow {
    /// Rows of the expected file, in its order.
    pub expected: ResultTable,
    /// Rows of the actual file, in its order.
    pub actual: ResultTable,
    /// How many rows both files have that are not among them: all their cells are equal.
    pub left_out: usize,
}

/// How much of a file is looked at for its header.
const HEAD: u64 = 64 << 10;

/// How many bytes are read to get one row again.
const ROW_BLOCK: usize = 4096;

/// When more than one row in so many is wanted again, the file is read through rather than searched.
const FEW: usize = 50;

/// Finds the rows of two files that have to be compared, matched by the key of `options`. `None` when that is not for
/// this reader to say: a file is no regular file of well-formed delimited text in UTF-8, their headers are not the
/// same, or there is no such key.
///
/// # Errors
/// When the system refuses to read.
pub fn kept(expected: &Path, actual: &Path, options: &DiffOptions) -> io::Result<Option<KeptRow>> {
    let (Some(expected), Some(actual)) = (Source::open(expected)?, Source::open(actual)?) else {
        return Ok(None);
    };
    let Some(key) = expected.key(&options.key) else {
        return Ok(None);
    };
    let is_alike = |(own, other): (&String, &String)| is_same_name(own, other);
    if expected.header.len() != actual.header.len()
        || !expected.header.iter().zip(&actual.header).all(is_alike)
    {
        return Ok(None);
    }
    let written_alike = expected.dialect == actual.dialect;
    let mut found = match written_alike {
        true => found(&expected, &actual, &key, By::Bytes)?,
        false => None,
    };
    // So many differ that it may be the quotes.
    let many = |(pass, _, rows): &(Pass, Pass, Places)| rows.expected.len() > pass.rows.len() / 8;
    if !written_alike || found.as_ref().is_some_and(many) {
        found = self::found(&expected, &actual, &key, By::Cells)?;
    }
    let Some((expected_pass, actual_pass, rows)) = found else {
        return Ok(None);
    };
    let (Some(expected_rows), Some(actual_rows)) = (
        expected.again(&expected_pass.rows, &rows.expected)?,
        actual.again(&actual_pass.rows, &rows.actual)?,
    ) else {
        return Ok(None);
    };
    let kinds: Vec<Kind> = (0..expected.header.len())
        .map(|at| {
            let cells = expected_rows.rows.iter().chain(&actual_rows.rows);
            let seen = (expected_pass.columns[at].clone()).and(&actual_pass.columns[at]);
            seen.kind(cells.map(|row| &row.cells[at]))
        })
        .collect();
    let has_spellings = |at: &usize| match kinds[*at] {
        Kind::Integer => false,
        Kind::Text => options.ignore_case || options.ignore_blanks,
        _ => true,
    };
    let is_mixed = |(at, name): (usize, &String)| {
        kinds[at] == Kind::Text && options.tolerance.keys().any(|own| is_same_name(own, name))
    };
    if key.iter().any(has_spellings) || expected.header.iter().enumerate().any(is_mixed) {
        return Ok(None);
    }
    Ok(Some(KeptRow {
        expected: expected_rows.typed(&kinds),
        actual: actual_rows.typed(&kinds),
        left_out: expected_pass.rows.len() - rows.expected.len(),
    }))
}

/// Whether two names of columns are one but for letter case.
fn is_same_name(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// What two rows are equal by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Their bytes: fast, and not equal where only one of them has quotes.
    Bytes,
    /// Their cells, read as values.
    Cells,
}

fn found(
    expected: &Source<'_>,
    actual: &Source<'_>,
    key: &[usize],
    by: By,
) -> io::Result<Option<(Pass, Pass, Places)>> {
    let seed = Seed::new();
    let (expected, actual) = thread::scope(|scope| {
        let expected = scope.spawn(|| expected.pass(key, 0, by, &seed));
        let actual = actual.pass(key, 1, by, &seed);
        let gone = |_| Err(io::Error::other("the thread that reads it has gone"));
        (expected.join().unwrap_or_else(gone), actual)
    });
    let (Some(expected), Some(actual)) = (expected?, actual?) else {
        return Ok(None);
    };
    let rows = wanted(&expected, &actual);
    Ok(rows.map(|rows| (expected, actual, rows)))
}

// READING ------------------------------------------------------------------------------------------------------

/// A file whose header is known.
struct Source<'p> {
    path: &'p Path,
    /// Where the header begins: behind a byte order mark and empty lines.
    begin: u64,
    dialect: TextDialect,
    header: Vec<String>,
}

impl<'p> Source<'p> {
    fn open(path: &'p Path) -> io::Result<Option<Self>> {
        if !std::fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        let mut text = head.as_slice();
        text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if text.trim_ascii_start().first().is_none_or(|byte| *byte == b'|') {
            return Ok(None);
        }
        while let Some(rest) = text.strip_prefix(b"\n").or_else(|| text.strip_prefix(b"\r\n")) {
            text = rest;
        }
        let begin = head.len() - text.len();
        let Some(header) = first_record(text).and_then(|header| str::from_utf8(header).ok()) else {
            return Ok(None);
        };
        let delimiter = Delimiter::sniff(header).as_char();
        let mut source = Self {
            path,
            begin: begin as u64,
            dialect: TextDialect {
                delimiter: delimiter.to_string().into_bytes(),
                record_end: None,
                quotes: true,
            },
            header: Vec::new(),
        };
        let mut tokens = source.tokens(header.as_bytes(), ROW_BLOCK);
        if let Ok(Some(RawToken::Record(record))) = tokens.next_raw() {
            let names = record.fields.iter().map(|field| cell(record.bytes, *field));
            if let Some(names) = names.collect::<Option<Vec<_>>>() {
                source.header =
                    (names.iter()).map(|name| without_brackets(&name.text).into_owned()).collect();
            }
        }
        Ok((!source.header.is_empty()).then_some(source))
    }

    /// The places of the key's columns; `None` when there are none, or one is not there.
    fn key(&self, names: &[String]) -> Option<Vec<usize>> {
        let place = |name: &String| self.header.iter().position(|own| is_same_name(own, name));
        let places = names.iter().map(place).collect::<Option<Vec<_>>>()?;
        (!places.is_empty()).then_some(places)
    }

    fn tokens<R: Read>(&self, reader: R, block: usize) -> Tokenizer<R> {
        Tokenizer::with_block(reader, self.dialect.clone(), RecordLimits::default(), block)
    }

    fn at(&self, offset: u64) -> io::Result<File> {
        let mut file = File::open(self.path)?;
        file.seek(SeekFrom::Start(self.begin + offset))?;
        Ok(file)
    }

    /// Hashes every row, and looks at every second column, of which `first` is the first.
    fn pass(&self, key: &[usize], first: usize, by: By, seed: &Seed) -> io::Result<Option<Pass>> {
        let mut tokens = self.tokens(self.at(0)?, BLOCK);
        let mut pass = Pass {
            rows: Vec::new(),
            columns: vec![Seen::default(); self.header.len()],
            open: (0..self.header.len()).collect(),
            ascends: true,
        };
        let mut header: Option<Vec<u8>> = None;
        let mut blank = false;
        let mut scratch = Vec::new();
        loop {
            let record = match tokens.next_raw() {
                Ok(None) => return Ok(Some(pass)),
                Ok(Some(RawToken::Record(record))) => record,
                Ok(Some(RawToken::Reject(_))) | Err(_) => return Ok(None),
            };
            let Some(header) = &header else {
                header = Some(record.bytes.to_vec());
                continue;
            };
            // Empty lines at the end of a table with several columns are no rows.
            blank |= record.bytes.is_empty() && self.header.len() > 1;
            if blank && record.bytes.is_empty() {
                continue;
            }
            let text = record.ascii || str::from_utf8(record.bytes).is_ok();
            let is_formula = |field: &Field| record.bytes.get(field.start) == Some(&b'=');
            // Whoever holds the file takes these out, and says so.
            let is_header = self.header.len() > 1 && record.bytes == header;
            if blank
                || is_header
                || !text
                || record.fields.iter().any(is_formula)
                || record.fields.len() != self.header.len()
            {
                return Ok(None);
            }
            pass.row(&record, key, first, by, seed, &mut scratch);
        }
    }

    /// The rows at these places, which ascend.
    fn again(&self, rows: &[Row], places: &[usize]) -> io::Result<Option<RawTable>> {
        let mut table = RawTable {
            header: (self.header.iter())
                .map(|name| RawCell { text: name.clone(), quoted: true })
                .collect(),
            rows: Vec::with_capacity(places.len()),
            text_formulas: 0,
        };
        let through = places.len() * FEW > rows.len();
        let file = self.at(0)?;
        let mut tokens = self.tokens(&file, if through { BLOCK } else { ROW_BLOCK });
        for place in places {
            let offset = rows[*place].offset;
            if !through {
                (&file).seek(SeekFrom::Start(self.begin + offset))?;
                tokens.move_to(&file, (offset, 1));
            }
            let row = loop {
                match tokens.next_raw() {
                    Ok(Some(RawToken::Record(record))) if record.offset < offset => {}
                    Ok(Some(RawToken::Record(record))) => break self.row(&record),
                    _ => break None,
                }
            };
            match row {
                Some(row) => table.rows.push(row),
                None => return Ok(None),
            }
        }
        Ok(Some(table))
    }

    fn row(&self, record: &RawRecord<'_>) -> Option<RawRow> {
        let cells = record.fields.iter().map(|field| cell(record.bytes, *field));
        let cells: Vec<RawCell> = cells.collect::<Option<_>>()?;
        (cells.len() == self.header.len()).then_some(RawRow { line: 0, cells })
    }
}

/// The text up to the first line break outside quotes, with it; `None` when there is none.
fn first_record(text: &[u8]) -> Option<&[u8]> {
    let mut quoted = false;
    let end = text.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'\n' && !quoted
    })?;
    Some(&text[..=end])
}

fn cell(bytes: &[u8], field: Field) -> Option<RawCell> {
    let text = str::from_utf8(&bytes[field.start..field.end]).ok()?;
    Some(RawCell {
        text: match field.written {
            Written::Doubled => text.replace("\"\"", "\""),
            _ => text.to_owned(),
        },
        quoted: field.written != Written::Bare,
    })
}
