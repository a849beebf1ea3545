//! A row as SQLite stores it: section 2 of its "Database File Format".
//!
//! What SQLite stores for a value depends on the declared type of the column: a number in a text column becomes text,
//! and numeric text in a number column becomes a number. Readers return values of the right type, so almost none of
//! this is done here. A row that would need a conversion is not encoded, and left to SQLite.

use rusqlite::Connection;

use super::record::Record;
use crate::record::batch::{RowValue, TableLayout};

/// The affinity of a column, as SQLite derives it from the declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Text,
    /// Integers are unchanged, fractions become integers if nothing is lost.
    Number,
    /// The same, but they are read as fractions.
    Fraction,
    Blob,
}

impl Affinity {
    fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |part: &str| declared.contains(part);
        if has("INT") {
            Self::Number
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Self::Text
        } else if declared.is_empty() || has("BLOB") {
            Self::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Self::Fraction
        } else {
            Self::Number
        }
    }
}

/// The source of a stored column's value.
#[derive(Debug, Clone, Copy)]
enum From {
    /// This many columns that the file does not have, or that are not stored.
    Nowhere(usize),
    Row(usize, Affinity),
    Export,
    Line,
}

/// Encodes rows of one shape as records.
pub(super) struct Encoder {
    columns: Vec<From>,
    /// The position of the key in a row, if it is the row id.
    key: Option<usize>,
    export: i64,
    record: Record,
}

/// Below this limit, SQLite stores a number as an integer if it can; the limit itself is twice as high.
const WHOLE: u64 = 1 << 46;

impl Encoder {
    /// For a table as chatdb created it. `None` if a row lacks a position for one of its values, or an id.
    pub(super) fn new(
        conn: &Connection,
        shape: &TableLayout,
        export: i64,
    ) -> rusqlite::Result<Option<Self>> {
        let mut known =
            conn.prepare("SELECT name, type, pk FROM pragma_table_xinfo(?1, 'main') ORDER BY cid")?;
        let mut found = known.query([&shape.table])?;
        let mut encoder = Self { columns: Vec::new(), key: None, export, record: Record::of(0) };
        let (mut placed, mut count) = (0, 0);
        while let Some(column) = found.next()? {
            let (name, declared): (String, String) = (column.get(0)?, column.get(1)?);
            let is_key: bool = column.get(2)?;
            let at =
                shape.columns.iter().position(|column| column.name.eq_ignore_ascii_case(&name));
            placed += usize::from(at.is_some());
            count += 1;
            // A row's number is not stored a second time in the column that is a name for it.
            let from = match (at, name.as_str()) {
                (Some(at), _) if is_key && declared == "INTEGER" && encoder.key.is_none() => {
                    encoder.key = Some(at);
                    From::Nowhere(1)
                }
                _ if is_key => return Ok(None),
                (Some(at), _) => From::Row(at, Affinity::of(&declared)),
                (None, "chatdb_export") => From::Export,
                (None, "chatdb_line") => From::Line,
                (None, _) => From::Nowhere(1),
            };
            match (encoder.columns.last_mut(), from) {
                (Some(From::Nowhere(count)), From::Nowhere(_)) => *count += 1,
                _ => encoder.columns.push(from),
            }
        }
        encoder.record = Record::of(count);
        Ok((placed == shape.columns.len()).then_some(encoder))
    }

    /// The id of a row, which is `last` plus one if rows have no id of their own.
    pub(super) fn number(&self, row: &[RowValue], last: Option<i64>) -> Option<i64> {
        match self.key.map(|key| row[key]) {
            None => last.unwrap_or(0).checked_add(1),
            Some(RowValue::Integer(number)) => Some(number),
            Some(_) => None,
        }
    }

    /// The record; `None` if SQLite would store something other than the values.
    pub(super) fn encode(&mut self, row: &[RowValue], text: &str, line: i64) -> Option<&[u8]> {
        let record = &mut self.record;
        record.begin();
        for from in &self.columns {
            match *from {
                From::Nowhere(count) => record.nulls(count),
                From::Export => record.integer(self.export),
                From::Line => record.integer(line),
                From::Row(at, affinity) => match row[at] {
                    RowValue::Null => record.nulls(1),
                    RowValue::Integer(value) if is_kept(value, affinity) => record.integer(value),
                    RowValue::Text { start, end } => {
                        let text = &text.as_bytes()[start as usize..end as usize];
                        let is_text = matches!(affinity, Affinity::Text | Affinity::Blob);
                        if !is_text && may_be_number(text) {
                            return None;
                        }
                        record.text(text);
                    }
                    RowValue::Real(value) if is_plain(value, affinity) => record.real(value),
                    RowValue::Integer(_) | RowValue::Real(_) => return None,
                },
            }
        }
        Some(record.end())
    }
}

/// Whether an integer is stored unchanged: in a column of fractions, a large one is stored as a fraction.
fn is_kept(value: i64, affinity: Affinity) -> bool {
    match affinity {
        Affinity::Text => false,
        Affinity::Fraction => value.unsigned_abs() < WHOLE,
        Affinity::Number | Affinity::Blob => true,
    }
}

/// Whether a fraction is stored as one, or as an integer that is not large.
#[allow(clippy::cast_precision_loss)]
fn is_plain(value: f64, affinity: Affinity) -> bool {
    matches!(affinity, Affinity::Number | Affinity::Fraction) && value.abs() < WHOLE as f64
}

/// Whether SQLite may treat a text as a number. Hexadecimal does not count.
fn may_be_number(text: &[u8]) -> bool {
    match text {
        [b'0', b'x' | b'X', ..] => false,
        [first, ..] => b"0123456789+-. \t\n\x0b\x0c\r".contains(first),
        [] => false,
    }
}
