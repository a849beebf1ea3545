//! A whole file as one table of text, in any input format: for comparing tables without loading them.
//!
//! Nothing is skipped: a rejected record rejects the file. The number of cells is limited as for any table.

use std::path::Path;

use thiserror::Error;

use super::ImportOptions;
use super::format::NullStyle;
use super::format::escape::Escape;
use super::last_value::{LastValue, UnterminatedValue};
use super::mapping::SAMPLE;
use super::open::{self, OpenError};
use super::reader::Item;
use super::reader::column_union::DocumentColumn;
use super::text_formulas::TextFormulas;
use crate::record::{Field, OwnedRecord, ReadError, Reason, Record, Written};
use crate::table::raw::{MAX_CELLS, RawCell, RawRow, RawTable};

/// Why a file is not a table.
#[derive(Debug, Error)]
pub enum TableLoadError {
    /// Its bytes, encoding or format cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read to the end.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record is not a row.
    #[error("line {line}: {detail}")]
    Reject {
        /// Where the record begins.
        line: u64,
        /// The reason why it is rejected.
        reason: Reason,
        /// What is wrong with it.
        detail: String,
    },
    /// It has no column names.
    #[error("has no column headers")]
    NoNames,
    /// It has a second result, and the user did not choose one.
    #[error("contains more than one result")]
    Several,
    /// It exceeds the limit for tables in memory.
    #[error("has more than {MAX_CELLS} cells, the limit for tables held in memory")]
    TooMuch,
}

impl TableLoadError {
    /// Whether the input format is ambiguous.
    #[must_use]
    pub fn asks(&self) -> bool {
        matches!(
            self,
            Self::Open(
                OpenError::Undecided { .. } | OpenError::NoForm { .. } | OpenError::NoWidths { .. }
            )
        )
    }
}

/// A file as a table.
#[derive(Debug)]
pub struct WholeTable {
    /// The header and the rows, as text.
    pub table: RawTable,
    /// What was done to the text without being requested, a sentence each.
    pub remarks: Vec<String>,
}

/// Reads the file at `path`. `options` may choose one of several results; otherwise a second one is rejected.
///
/// # Errors
/// If the file, or a record of it, is invalid.
pub fn read(path: &Path, options: &ImportOptions) -> Result<WholeTable, TableLoadError> {
    let (whole, late_columns) = read_once(path, options)?;
    if late_columns.is_empty() {
        return Ok(whole);
    }
    let again = ImportOptions { late_columns, ..options.clone() };
    Ok(read_once(path, &again)?.0)
}

/// The column names of the file at `path`; none if it does not have any or is not a table.
#[must_use]
pub fn column_names(path: &Path) -> Vec<String> {
    let options = ImportOptions { unhashed: true, ..ImportOptions::default() };
    let Ok(mut opened) = open::open(path, &options) else {
        return Vec::new();
    };
    match opened.reader.next() {
        Ok(Some(Item::Header(names))) => names,
        _ => Vec::new(),
    }
}

/// The same, with the columns of a document that first appear after its beginning, without their rows.
fn read_once(
    path: &Path,
    options: &ImportOptions,
) -> Result<(WholeTable, Vec<DocumentColumn>), TableLoadError> {
    let mut opened = open::open(path, options)?;
    let nulls = opened.form.nulls;
    let row = |record: &Record<'_>| row(record, nulls, options);
    let wanted = options.result_set.unwrap_or(1);
    let mut result = 0;
    let mut table: Option<RawTable> = None; // of the result that is wanted
    let mut cells = 0;
    let mut formulas = TextFormulas::of(opened.form, options);
    let (mut last_value, mut sample) = (LastValue::default(), Vec::new());
    while let Some(item) = opened.reader.next()? {
        match item {
            Item::Header(names) if result == 0 => {
                result = 1;
                table = (wanted == 1).then(|| headed(names));
            }
            Item::Header(names) => {
                result += 1;
                if options.result_set.is_none() {
                    return Err(TableLoadError::Several);
                }
                if result == wanted {
                    table = Some(headed(names));
                }
            }
            // Whether the first record is names where the file does not say is for the caller to judge.
            Item::Record(record) if result == 0 => {
                result = 1;
                let names = row(&formulas.replace(record)).cells.into_iter().map(|cell| cell.text);
                table = (wanted == 1).then(|| headed(names.collect()));
            }
            Item::Record(record) if result == wanted => {
                let table = table.as_mut().ok_or(TableLoadError::NoNames)?;
                cells += record.fields.len();
                if cells > MAX_CELLS {
                    return Err(TableLoadError::TooMuch);
                }
                let record = formulas.replace(record);
                last_value.note(&record);
                if sample.len() < SAMPLE {
                    sample.push(OwnedRecord::of(&record));
                }
                let row = row(&record);
                if row.cells.len() != table.header.len() {
                    return Err(TableLoadError::Reject {
                        line: record.line,
                        reason: Reason::Ragged,
                        detail: format!(
                            "expected {} fields, found {}",
                            table.header.len(),
                            row.cells.len()
                        ),
                    });
                }
                if let Some(long) = record
                    .fields
                    .iter()
                    .find(|field| field.end - field.start > options.limits.field)
                {
                    return Err(TableLoadError::Reject {
                        line: record.line,
                        reason: Reason::TooLong,
                        detail: format!("a field of {} bytes", long.end - long.start),
                    });
                }
                table.rows.push(row);
            }
            Item::Reject(reject) if reject.reason == Reason::RepeatedHeader => {}
            Item::Reject(reject)
                if reject.reason == Reason::LateColumn && options.late_columns.is_empty() => {}
            Item::Reject(reject)
                if result == wanted || reject.reason != Reason::SecondResultSet =>
            {
                return Err(TableLoadError::Reject {
                    line: reject.line,
                    reason: reject.reason,
                    detail: reject.detail,
                });
            }
            Item::Record(_) | Item::Reject(_) | Item::Trailer(_) => {}
        }
    }
    let mut remarks = opened.reader.remarks();
    if opened.reader.is_unended() {
        last_value.learn(&sample);
        match last_value.unended() {
            Some(UnterminatedValue::Cut { detail }) => {
                let reason = Reason::Truncated;
                return Err(TableLoadError::Reject { line: last_value.line, reason, detail });
            }
            Some(UnterminatedValue::Perhaps) => remarks.push(UnterminatedValue::REMARK.to_owned()),
            None => {}
        }
    }
    let late = opened.reader.late_columns();
    let table = RawTable { text_formulas: formulas.count, ..table.ok_or(TableLoadError::NoNames)? };
    Ok((WholeTable { table, remarks }, late))
}

fn headed(names: Vec<String>) -> RawTable {
    let heading = |text| RawCell { text, quoted: true };
    RawTable {
        header: names.into_iter().map(heading).collect(),
        rows: Vec::new(),
        text_formulas: 0,
    }
}

/// The cells of a record. As in a plain table, the bare word NULL is NULL unless the format writes that text so.
fn row(record: &Record<'_>, nulls: NullStyle, options: &ImportOptions) -> RawRow {
    let is_word = matches!(nulls, NullStyle::Empty | NullStyle::Nothing);
    let is_said = |field: &Field| {
        let text = record.cells.get(field.start..field.end).unwrap_or_default();
        let is_null = |null: &String| null == text;
        field.written == Written::Bare
            && (text == Escape::NULL && options.escape != Some(Escape::Nothing)
                || text == "NULL" && is_word
                || text.is_empty() && options.empty_is_null
                || options.null_texts.iter().any(is_null))
    };
    let cell = |field: &Field| match nulls.read(record, *field).filter(|_| !is_said(field)) {
        None => RawCell { text: "NULL".to_owned(), quoted: false },
        Some(text) => RawCell {
            // The one text that would be read as something else.
            quoted: text == "NULL",
            text: text.into_owned(),
        },
    };
    RawRow {
        line: u32::try_from(record.line).unwrap_or(u32::MAX),
        cells: record.fields.iter().map(cell).collect(),
    }
}
