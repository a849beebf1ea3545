//! What a record is like that needs no second look.

use crate::import::format::detect::is_known_column;
use crate::record::Field;
use crate::record::Reject;
use crate::record::row_filter::RowFilter;
use crate::record::tokenizer::RawRecord;

/// What the tokenizer found, told apart without keeping it.
pub(in crate::import::reader) enum Seen {
    End,
    Whole,
    PassedOver,
    Other,
    Reject(Reject),
}

/// What a record is like that needs no second look.
#[derive(Clone, Copy)]
pub(in crate::import::reader) struct Plain<'p> {
    pub width: usize,
    pub header: Option<&'p str>,
}

impl Plain<'_> {
    /// What a record is: whole, or, if `sieve` says that nobody needs it, passed over.
    #[inline]
    pub fn see(self, record: &RawRecord<'_>, sieve: Option<&mut RowFilter>) -> Seen {
        if let Some(reject) = not_text(record) {
            return Seen::Reject(reject);
        }
        let plain = record.fields.len() == self.width
            && self
                .header
                .is_none_or(|header| header.as_bytes() != record.bytes)
            && !begins_like_a_name(record.bytes, record.fields)
            && !begins_like_a_message(record.bytes);
        if !plain {
            Seen::Other
        } else if sieve.is_some_and(|sieve| !sieve.keeps(record)) {
            Seen::PassedOver
        } else {
            Seen::Whole
        }
    }
}

pub(super) fn not_text(record: &RawRecord<'_>) -> Option<Reject> {
    if record.ascii {
        None
    } else {
        record.text().err()
    }
}

/// Whether a record may be an error of the server that has as many commas in it as a record, or a count of rows that
/// has as many blanks.
#[inline]
pub(super) fn begins_like_a_message(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(b'M') => bytes.starts_with(b"Msg "),
        Some(b'(') => bytes.ends_with(b")"),
        _ => false,
    }
}

/// Whether a record may be the names of other columns. Nearly no record is: its first field would be a number.
pub(super) fn begins_like_a_name(bytes: &[u8], fields: &[Field]) -> bool {
    let first = fields
        .first()
        .and_then(|field| bytes.get(field.start..field.end))
        .unwrap_or_default();
    let could = first
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'[' | b'_' | b'-'));
    could
        && first != b"NULL"
        && (first[0] == b'-' || std::str::from_utf8(first).is_ok_and(is_known_column))
}
