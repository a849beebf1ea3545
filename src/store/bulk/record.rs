//! Encodes values as SQLite stores them in a record: section 2.1 of its "Database File Format".

use super::tree::varint;

/// The type code of an integer of this many bytes, and its size.
const WIDTHS: [(u8, usize); 9] =
    [(8, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (5, 6), (6, 8), (6, 8)];

/// The maximum size of a type code, and of a header length.
const TYPE: usize = 5;
const LENGTH: usize = 5;

/// Encodes values as records.
#[derive(Debug)]
pub(super) struct Record {
    /// The type of each value.
    types: Vec<u8>,
    /// The values, with room before them for the header, and some after them.
    body: Vec<u8>,
    /// Where the values begin.
    start: usize,
    /// Where they end.
    used: usize,
}

impl Record {
    /// For records of this many values.
    pub(super) fn of(values: usize) -> Self {
        let start = LENGTH + values * TYPE;
        Self { types: Vec::new(), body: vec![0; start], start, used: start }
    }

    pub(super) fn begin(&mut self) {
        self.types.clear();
        self.used = self.start;
    }

    pub(super) fn nulls(&mut self, count: usize) {
        self.types.resize(self.types.len() + count, 0);
    }

    /// Makes room for this many more bytes.
    fn room(&mut self, length: usize) {
        if self.body.len() < self.used + length {
            self.body.resize((self.used + length) * 2, 0);
        }
    }

    pub(super) fn integer(&mut self, value: i64) {
        // With a bit for the sign.
        let bits = 65 - (value ^ (value >> 63)).leading_zeros() as usize;
        let (kind, length) = match value {
            0 => (8, 0),
            1 => (9, 0),
            _ => WIDTHS[bits.div_ceil(8)],
        };
        self.types.push(kind);
        self.room(8);
        // All eight bytes are written, which is faster than to write as many as there are.
        let shifted = if length == 0 { 0 } else { value << (64 - 8 * length) };
        self.body[self.used..self.used + 8].copy_from_slice(&shifted.to_be_bytes());
        self.used += length;
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        let kind = 13 + 2 * text.len() as u64;
        if kind < 128 {
            self.types.push(kind.to_le_bytes()[0]);
        } else {
            let mut some = [0; 9];
            let length = varint(kind, &mut some);
            self.types.extend_from_slice(&some[..length]);
        }
        self.room(text.len());
        self.body[self.used..self.used + text.len()].copy_from_slice(text);
        self.used += text.len();
    }

    /// A number with a fraction; a whole number of moderate size is stored as an integer.
    pub(super) fn real(&mut self, value: f64) {
        #[allow(clippy::cast_possible_truncation)]
        let whole = value as i64;
        #[allow(clippy::cast_precision_loss)]
        if whole as f64 == value {
            self.integer(whole);
        } else {
            self.types.push(7);
            self.room(8);
            self.body[self.used..self.used + 8].copy_from_slice(&value.to_be_bytes());
            self.used += 8;
        }
    }

    /// The record of the values since the beginning.
    pub(super) fn end(&mut self) -> &[u8] {
        // The header's length counts itself.
        let mut some = [0; 9];
        let mut own = 1;
        while varint((self.types.len() + own) as u64, &mut some) > own {
            own += 1;
        }
        let types = self.start - self.types.len();
        self.body[types..self.start].copy_from_slice(&self.types);
        self.body[types - own..types].copy_from_slice(&some[..own]);
        &self.body[types - own..self.used]
    }
}
