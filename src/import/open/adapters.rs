//! Readers that wrap another reader: they count lines from the beginning of the file, remove prefixes and separators,
//! and add remarks.

use crate::import::input::source::Placed;
use crate::import::reader::Item;
use crate::import::reader::Reader;
use crate::import::reader::column_union::DocumentColumn;
use crate::import::reader::delimited::Delimited;
use crate::import::reader::parallel::Chunking;
use crate::import::reader::queue::reject;
use crate::record::Field;
use crate::record::ReadError;
use crate::record::Reason;
use crate::record::Record;
use crate::record::row_filter::RowFilter;

/// Wraps a reader whose first lines were skipped: lines are counted from the beginning of the file.
pub(super) struct Skipped {
    pub(super) reader: Box<dyn Reader + Send>,
    pub(super) lines: u64,
}

impl Reader for Skipped {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
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

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.reader.late_columns()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}

/// Wraps a reader whose records begin with text that is not a field, such as the opening quote.
pub(super) struct Prefixed {
    pub(super) reader: Box<dyn Reader + Send>,
    pub(super) prefix: String,
    pub(super) fields: Vec<Field>,
}

impl Reader for Prefixed {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let Self {
            reader,
            prefix,
            fields,
        } = self;
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

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}

/// Wraps a reader whose records end with one separator too many, and removes the empty last field.
pub(super) struct Trailing {
    pub(super) reader: Box<Delimited>,
}

impl Reader for Trailing {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
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

    fn pass_over(&mut self, sieve: RowFilter) {
        self.reader.pass_over(sieve);
    }

    fn may_read_ahead(&mut self, file: Placed, cut: Chunking) {
        self.reader.may_read_ahead(file, cut);
    }

    fn passed_over(&self) -> u64 {
        self.reader.passed_over()
    }

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}

/// Wraps a reader of a repaired text, and reports the repairs.
pub(super) struct Noted {
    pub(super) reader: Box<dyn Reader + Send>,
    pub(super) remarks: Vec<String>,
}

impl Reader for Noted {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        self.reader.next()
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.remarks.clone();
        remarks.extend(self.reader.remarks());
        remarks
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.reader.late_columns()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }

    fn pass_over(&mut self, sieve: RowFilter) {
        self.reader.pass_over(sieve);
    }

    fn passed_over(&self) -> u64 {
        self.reader.passed_over()
    }
}
