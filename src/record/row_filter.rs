//! Passes records over whose rows nobody needs, where the tokenizer has found them, by whole numbers in their fields.
//!
//! Passing a row over would be wrong when its key stands in the file a second time, because the first of the two would
//! have been kept; so keys have to ascend, and it is noticed when they do not.

use crate::record::tokenizer::RawRecord;
use crate::record::{Field, Written};

/// What a whole number must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// One of these.
    In(Vec<i64>),
    /// None of these.
    NotIn(Vec<i64>),
    /// From the first to the second.
    Between(i64, i64),
}

impl Test {
    /// Whether a value passes.
    pub(crate) fn passes(&self, value: i64) -> bool {
        match self {
            Self::In(values) => values.contains(&value),
            Self::NotIn(values) => !values.contains(&value),
            Self::Between(least, most) => (*least..=*most).contains(&value),
        }
    }
}

/// Keys as they stand in a file.
#[derive(Debug, Clone, Copy)]
struct Key {
    /// The field, from 0.
    field: usize,
    /// The first and the greatest of them; all that were looked at ascend.
    seen: Option<(i64, i64)>,
}

/// Says of a record whether its row can be in the answer.
#[derive(Debug, Clone)]
pub struct RowFilter {
    /// The field, from 0, and the test.
    tests: Vec<(usize, Test)>,
    key: Option<Key>,
    passed_over: u64,
    broken: bool,
}

impl RowFilter {
    /// Tests fields, which count from 0. Keys, if there is a field of them, must ascend.
    #[must_use]
    pub fn new(tests: Vec<(usize, Test)>, key: Option<usize>) -> Self {
        Self {
            tests,
            key: key.map(|field| Key { field, seen: None }),
            passed_over: 0,
            broken: false,
        }
    }

    /// The same, where keys up to `greatest` were seen before the records that are tested.
    #[must_use]
    pub fn after(tests: Vec<(usize, Test)>, field: usize, greatest: i64) -> Self {
        let mut sieve = Self::new(tests, Some(field));
        sieve.key = Some(Key { field, seen: Some((greatest, greatest)) });
        sieve
    }

    /// The same for records elsewhere in the file, of which none has been looked at.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self::new(self.tests.clone(), self.key.map(|key| key.field))
    }

    /// Takes over what another has seen of the records that follow.
    pub fn follow(&mut self, next: &Self) {
        self.passed_over += next.passed_over;
        self.broken |= next.broken;
        if let (Some(key), Some(Key { seen: next, .. })) = (&mut self.key, next.key) {
            key.seen = match (key.seen, next) {
                (Some((_, greatest)), Some((first, _))) if first <= greatest => {
                    self.broken = true;
                    return;
                }
                (Some((first, _)), Some((_, greatest))) => Some((first, greatest)),
                (seen, next) => next.or(seen),
            };
        }
    }

    /// Whether a whole record has to be read. Counts it when not.
    pub fn keeps(&mut self, record: &RawRecord<'_>) -> bool {
        self.note(record.bytes, record.fields);
        // A value that is not plainly a number is for those who read values to judge.
        let fails = |(field, test): &(usize, Test)| {
            whole(record.bytes, record.fields[*field]).is_some_and(|value| !test.passes(value))
        };
        let keeps = !self.tests.iter().any(fails);
        self.passed_over += u64::from(!keeps);
        keeps
    }

    /// Looks at the key of a record that is kept in any case.
    pub fn note(&mut self, bytes: &[u8], fields: &[Field]) {
        if let Some(Key { field, seen }) = &mut self.key {
            let key = fields.get(*field).and_then(|field| whole(bytes, *field));
            match (key, *seen) {
                (Some(key), None) => *seen = Some((key, key)),
                (Some(key), Some((first, greatest))) if key > greatest => {
                    *seen = Some((first, key))
                }
                _ => self.broken = true,
            }
        }
    }

    /// Says that something comes of which nothing is known, so that nothing should have been passed over.
    pub fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether a key was seen that does not ascend, so that nothing should have been passed over.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How many records were passed over.
    #[must_use]
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }
}

/// A field that is a whole number as programs print it, of up to 18 digits.
pub(crate) fn whole(bytes: &[u8], field: Field) -> Option<i64> {
    if matches!(field.written, Written::Doubled | Written::Null) {
        return None;
    }
    digits(&bytes[field.start..field.end])
}

/// A whole number of up to 18 digits, as programs print it.
pub(crate) fn digits(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let well_begun = matches!(digits, [b'1'..=b'9', ..]) || (digits == b"0" && !negative);
    if !well_begun || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}
