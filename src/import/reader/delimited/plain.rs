//! Which records need no further check.

use crate::import::format::detect::is_known_column;
use crate::record::Field;
use crate::record::Reject;
use crate::record::row_filter::RowFilter;
use crate::record::tokenizer::RawRecord;

/// What the tokenizer returned, classified without copying it.
pub(in crate::import::reader) enum Seen {
    End,
    Whole,
    PassedOver,
    Other,
    Reject(Reject),
}

/// The conditions for a record that needs no further check.
#[derive(Clone, Copy)]
pub(in crate::import::reader) struct Plain<'p> {
    pub width: usize,
    pub header: Option<&'p str>,
}

impl Plain<'_> {
    /// Classifies a record: complete, or, if `sieve` says that it is not needed, skipped.
    #[inline]
    pub fn see(self, record: &RawRecord<'_>, sieve: Option<&mut RowFilter>) -> Seen {
        if let Some(reject) = not_text(record) {
            return Seen::Reject(reject);
        }
        let plain = record.fields.len() == self.width
            && self.header.is_none_or(|header| header.as_bytes() != record.bytes)
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
    if record.ascii { None } else { record.text().err() }
}

/// Whether a record may be an error with as many commas as a record, or a row count with as many spaces.
#[inline]
pub(super) fn begins_like_a_message(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(b'M') => bytes.starts_with(b"Msg "),
        Some(b'H') => bytes.starts_with(b"HResult "),
        Some(b'S') => bytes.starts_with(b"Sqlcmd: "),
        Some(b'(') => bytes.ends_with(b")"),
        _ => false,
    }
}

/// Whether a record may be a different header. Hardly any record is: its first field would be a number.
pub(super) fn begins_like_a_name(bytes: &[u8], fields: &[Field]) -> bool {
    let first =
        fields.first().and_then(|field| bytes.get(field.start..field.end)).unwrap_or_default();
    let could =
        first.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'[' | b'_' | b'-'));
    could
        && first != b"NULL"
        && (first[0] == b'-' || std::str::from_utf8(first).is_ok_and(is_known_column))
}
