//! One reading of a file: a few bytes for each row, and what its columns are.

use super::By;
use super::hash::Seed;
use super::kinds::Seen;
use crate::record::tokenizer::RawRecord;
use crate::record::{Field, Written};

/// A row, as far as it is held: two hashes and its place in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) key: u64,
    pub(super) cells: u64,
    pub(super) offset: u64,
}

/// What is known of a file when it has been read through.
pub(super) struct Pass {
    pub(super) rows: Vec<Row>,
    pub(super) columns: Vec<Seen>,
    /// The columns that are not known to be text, ascending.
    pub(super) open: Vec<usize>,
    /// Whether each key is a number greater than the one before.
    pub(super) ascends: bool,
}

impl Pass {
    pub(super) fn row(
        &mut self,
        record: &RawRecord<'_>,
        key: &[usize],
        first: usize,
        by: By,
        seed: &Seed,
        scratch: &mut Vec<u8>,
    ) {
        let mut is_text = false;
        for at in &self.open {
            let (field, seen) = (&record.fields[*at], &mut self.columns[*at]);
            if field.written != Written::Bare {
                seen.quoted();
            } else if at % 2 == first {
                seen.look(&record.bytes[field.start..field.end]);
            }
            is_text |= seen.may_be == 0;
        }
        if is_text {
            self.open.retain(|at| self.columns[*at].may_be != 0);
        }
        let mut cell = |hash, field: &Field| {
            let text = &record.bytes[field.start..field.end];
            let null = field.written == Written::Bare && text == b"NULL";
            seed.cell(hash, undoubled(text, field.written, scratch), null)
        };
        let number = match key {
            [only] => number_in(record, *only),
            _ => None,
        };
        let last = self.rows.last().map(|row| row.key);
        let key = match number {
            Some(number) => number,
            None => key.iter().fold(seed.start, |hash, at| cell(hash, &record.fields[*at])),
        };
        self.ascends &= number.is_some() && last.is_none_or(|last| last < key);
        let cells = match by {
            By::Bytes => seed.cell(seed.start, record.bytes, false),
            By::Cells => record.fields.iter().fold(seed.start, cell),
        };
        self.rows.push(Row { key, cells, offset: record.offset });
    }
}

/// The number that a field is: without quotes or sign, as programs print it.
fn number_in(record: &RawRecord<'_>, field: usize) -> Option<u64> {
    let field = record.fields[field];
    let digits = &record.bytes[field.start..field.end];
    let plainly = matches!(digits, [b'1'..=b'9', ..]) && digits.len() <= 18;
    if field.written == Written::Doubled || !plainly {
        return None;
    }
    digits.iter().try_fold(0, |value: u64, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    })
}

/// A field's text with doubled quotes made one.
fn undoubled<'t>(text: &'t [u8], written: Written, scratch: &'t mut Vec<u8>) -> &'t [u8] {
    if written != Written::Doubled {
        return text;
    }
    scratch.clear();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest) {
        scratch.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    scratch.extend_from_slice(rest);
    scratch
}

// HASHES -------------------------------------------------------------------------------------------------------
