//! Sorts the entries of an index in little memory: larger sets are sorted in runs, which are written to unnamed files
//! and merged at the end.
//!
//! An entry is encoded so that byte order equals SQLite's order of its values: NULL, whole numbers, texts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use super::record::Record;
use crate::record::batch::RowValue;

/// The maximum size of entries kept in memory.
const HELD: usize = 2 << 20;

/// The maximum number of runs, each of which is an open file.
const PARTS: usize = 200;

/// The maximum number of values of an entry.
pub(super) const VALUES: usize = 5;

/// The tag before a value. An integer of n bytes has the tag n above or below the middle.
const NOTHING: u8 = 0x01;
const WHOLE: u8 = 0x80;
const TEXT: u8 = 0xf0;

/// The entries, unsorted.
#[derive(Default)]
pub(super) struct Sorter {
    /// Entries one after another, each preceded by its length.
    held: Vec<u8>,
    places: Vec<u32>,
    parts: Vec<File>,
    entry: Vec<u8>,
}

impl Sorter {
    /// Adds an entry of at most 255 bytes; `false` if there are too many, or a value has no place in this order.
    pub(super) fn add(
        &mut self,
        values: impl Iterator<Item = RowValue>,
        text: &str,
    ) -> io::Result<bool> {
        self.entry.clear();
        for value in values {
            match value {
                RowValue::Null => self.entry.push(NOTHING),
                RowValue::Integer(value) => whole(value, &mut self.entry),
                RowValue::Text { start, end } => {
                    let text = &text.as_bytes()[start as usize..end as usize];
                    if text.contains(&0) {
                        return Ok(false);
                    }
                    self.entry.push(TEXT);
                    self.entry.extend_from_slice(text);
                    self.entry.push(0);
                }
                RowValue::Real(_) => return Ok(false),
            }
        }
        let Ok(length) = u8::try_from(self.entry.len()) else {
            return Ok(false);
        };
        if self.held.len() + self.entry.len() >= HELD {
            if self.parts.len() == PARTS {
                return Ok(false);
            }
            self.put_by()?;
        }
        self.places.push(u32::try_from(self.held.len()).expect("little is held"));
        self.held.push(length);
        self.held.extend_from_slice(&self.entry);
        Ok(true)
    }

    fn sort(&mut self) {
        let held = &self.held;
        self.places.sort_unstable_by(|a, b| entry(held, *a).cmp(entry(held, *b)));
    }

    /// Writes the buffered entries to a file.
    fn put_by(&mut self) -> io::Result<()> {
        self.sort();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for place in &self.places {
            let entry = entry(&self.held, *place);
            file.write_all(&self.held[*place as usize..=*place as usize])?;
            file.write_all(entry)?;
        }
        self.parts.push(file.into_inner()?);
        self.held.clear();
        self.places.clear();
        Ok(())
    }

    /// Passes on the records of all entries, sorted.
    pub(super) fn each<E: From<io::Error>>(
        mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut record = Record::of(VALUES);
        if self.parts.is_empty() {
            self.sort();
            for place in &self.places {
                decode(entry(&self.held, *place), &mut record);
                take(record.end())?;
            }
            return Ok(());
        }
        self.put_by()?;
        self.held = Vec::new();
        let mut parts = Vec::new();
        let mut heap = BinaryHeap::new();
        for mut file in self.parts {
            file.rewind()?;
            let mut part = BufReader::new(file);
            if let Some(first) = next(&mut part)? {
                heap.push(Reverse((first, parts.len())));
            }
            parts.push(part);
        }
        while let Some(Reverse((least, part))) = heap.pop() {
            decode(&least, &mut record);
            take(record.end())?;
            if let Some(following) = next(&mut parts[part])? {
                heap.push(Reverse((following, part)));
            }
        }
        Ok(())
    }
}

fn entry(held: &[u8], place: u32) -> &[u8] {
    let start = place as usize + 1;
    &held[start..start + usize::from(held[start - 1])]
}

fn next(part: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0];
    if part.read(&mut length)? == 0 {
        return Ok(None);
    }
    let mut entry = vec![0; usize::from(length[0])];
    part.read_exact(&mut entry)?;
    Ok(Some(entry))
}

/// A whole number: its size in bytes, then those bytes, so that longer ones are greater, or less if negative.
fn whole(value: i64, entry: &mut Vec<u8>) {
    let bits = 64 - (value ^ (value >> 63)).leading_zeros() as usize;
    let length = bits.div_ceil(8);
    let count = length.to_le_bytes()[0];
    entry.push(if value < 0 { WHOLE - 1 - count } else { WHOLE + count });
    entry.extend_from_slice(&value.to_be_bytes()[8 - length..]);
}

/// Converts an entry to a record.
fn decode(mut entry: &[u8], record: &mut Record) {
    record.begin();
    while let Some((mark, rest)) = entry.split_first() {
        entry = match *mark {
            NOTHING => {
                record.nulls(1);
                rest
            }
            TEXT => {
                let end = memchr::memchr(0, rest).expect("it is written behind each");
                record.text(&rest[..end]);
                &rest[end + 1..]
            }
            mark => {
                let negative = mark < WHOLE;
                let length = usize::from(if negative { WHOLE - 1 - mark } else { mark - WHOLE });
                let mut bytes = if negative { [0xff; 8] } else { [0; 8] };
                bytes[8 - length..].copy_from_slice(&rest[..length]);
                record.integer(i64::from_be_bytes(bytes));
                &rest[length..]
            }
        };
    }
}
