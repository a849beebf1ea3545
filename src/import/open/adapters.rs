//! Readers that wrap another reader: they count lines from the beginning of the file, remove prefixes and separators,
//! and add remarks.

use crate::import::reader::delimited::Delimited;
use crate::import::reader::queue::reject;
use crate::import::reader::{Item, Reader, ReaderAdapter};
use crate::record::{Field, ReadError, Reason, Record, Reject};
use std::collections::VecDeque;

/// Wraps a reader whose first lines were skipped: lines are counted from the beginning of the file.
pub(super) struct Skipped {
    pub(super) reader: Box<dyn Reader + Send>,
    pub(super) lines: u64,
    /// What is to be reported of these lines.
    pub(super) errors: VecDeque<Reject>,
}

impl ReaderAdapter for Skipped {
    const SAME_FIELDS: bool = true;

    fn inner(&self) -> &dyn Reader {
        &*self.reader
    }

    fn inner_mut(&mut self) -> &mut dyn Reader {
        &mut *self.reader
    }

    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        if let Some(error) = self.errors.pop_front() {
            return Ok(Some(Item::Reject(error)));
        }
        let lines = self.lines;
        Ok(self.reader.next()?.map(|item| match item {
            Item::Record(mut record) => {
                record.line += lines;
                Item::Record(record)
            }
            Item::Reject(mut reject) => {
                reject.line += lines;
                Item::Reject(reject)
            }
            other => other,
        }))
    }
}

/// Wraps a reader whose records begin with text that is not a field, such as the opening quote.
pub(super) struct Prefixed {
    pub(super) reader: Box<dyn Reader + Send>,
    pub(super) prefix: String,
    pub(super) fields: Vec<Field>,
}

impl ReaderAdapter for Prefixed {
    const SAME_FIELDS: bool = false;

    fn inner(&self) -> &dyn Reader {
        &*self.reader
    }

    fn inner_mut(&mut self) -> &mut dyn Reader {
        &mut *self.reader
    }

    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let Self { reader, prefix, fields } = self;
        Ok(reader.next()?.map(|item| match item {
            Item::Record(record) => {
                fields.clear();
                fields.extend_from_slice(record.fields);
                if let Some(first) = fields.first_mut()
                    && record.cells[first.start..first.end].starts_with(&**prefix)
                {
                    first.start += prefix.len();
                }
                Item::Record(Record { fields, ..record })
            }
            other => other,
        }))
    }
}

/// Wraps a reader whose records end with one separator too many, and removes the empty last field.
pub(super) struct Trailing {
    pub(super) reader: Box<Delimited>,
}

impl ReaderAdapter for Trailing {
    const SAME_FIELDS: bool = true;

    fn inner(&self) -> &dyn Reader {
        &*self.reader
    }

    fn inner_mut(&mut self) -> &mut dyn Reader {
        &mut *self.reader
    }

    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        Ok(self.reader.next()?.map(|item| match item {
            Item::Header(mut names) => {
                names.pop_if(|name| name.is_empty());
                Item::Header(names)
            }
            Item::Record(record) => match record.fields.split_last() {
                Some((last, fields)) if last.start == last.end => {
                    Item::Record(Record { fields, ..record })
                }
                _ => Item::Reject(reject(
                    record.line,
                    record.cells,
                    Reason::Ragged,
                    "expected nothing after the last separator, found a value".to_owned(),
                    1,
                )),
            },
            other => other,
        }))
    }
}

/// Wraps a reader of a repaired text, and reports the repairs.
pub(super) struct Noted {
    pub(super) reader: Box<dyn Reader + Send>,
    pub(super) remarks: Vec<String>,
}

impl ReaderAdapter for Noted {
    const SAME_FIELDS: bool = true;

    fn inner(&self) -> &dyn Reader {
        &*self.reader
    }

    fn inner_mut(&mut self) -> &mut dyn Reader {
        &mut *self.reader
    }

    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        self.reader.next()
    }

    fn own_remarks(&self) -> &[String] {
        &self.remarks
    }
}
