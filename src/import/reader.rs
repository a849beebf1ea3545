//! The interface of all readers, whatever the format: column names, records, rejects, and the tool's messages at the
//! end.

pub mod aligned;
pub mod ambiguous_quotes;
pub mod column_union;
pub mod delimited;
pub mod escapes;
pub mod fixed_width;
pub mod grid;
pub mod inserts;
pub mod json;
pub mod lines;
pub mod parallel;
pub mod queue;
pub mod quotes;
pub mod vertical;
pub mod window;
pub mod xlsx;
pub mod xml;

use crate::import::input::source::Placed;
use crate::import::reader::column_union::DocumentColumn;
use crate::import::reader::parallel::Chunking;
use crate::record::row_filter::RowFilter;
use crate::record::{ReadError, Record, Reject, Trailer};

/// An item that a reader returns.
#[derive(Debug)]
pub enum Item<'r> {
    /// Column names for the records that follow. A second header begins a second result set.
    Header(Vec<String>),
    /// A record with its fields.
    Record(Record<'r>),
    /// Text that should have been a record but is not.
    Reject(Reject),
    /// The tool's message at the end of a result set.
    Trailer(Trailer),
}

/// Reads one file in one format, item by item.
pub trait Reader {
    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read further.
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError>;

    /// What was done to the text so far without being requested, a sentence each: records joined from pieces,
    /// ambiguities resolved. Complete at the end.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// From here on, records rejected by `sieve` may be omitted. A reader that omits none is also correct.
    fn pass_over(&mut self, sieve: RowFilter) {
        drop(sieve);
    }

    /// Other threads may read ahead in `file`, which has the same bytes.
    fn may_read_ahead(&mut self, file: Placed, cut: Chunking) {
        drop((file, cut));
    }

    /// The columns of a document that first occurred after its beginning, so that rows with them were rejected. Known
    /// at the end.
    fn late_columns(&self) -> Vec<DocumentColumn> {
        Vec::new()
    }

    /// The name of the part of the file that the last header begins, such as `sheet users`.
    fn part(&self) -> Option<String> {
        None
    }

    /// How many records were omitted so far.
    fn passed_over(&self) -> u64 {
        0
    }

    /// Whether the last record lacks the newline that the others have, so that its last field may be truncated. Known
    /// at the end.
    fn is_unended(&self) -> bool {
        false
    }
}

/// A reader that changes the items of another one, and leaves everything else to it.
pub(in crate::import) trait ReaderAdapter {
    /// Whether records have the fields of the wrapped reader, which may then omit rows by them.
    const SAME_FIELDS: bool;

    /// The wrapped reader.
    fn inner(&self) -> &dyn Reader;

    /// The wrapped reader, to be changed.
    fn inner_mut(&mut self) -> &mut dyn Reader;

    /// The next item, changed.
    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError>;

    /// Remarks in addition to those of the wrapped reader.
    fn own_remarks(&self) -> &[String] {
        &[]
    }
}

impl<A: ReaderAdapter> Reader for A {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        self.next_item()
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.own_remarks().to_vec();
        remarks.extend(self.inner().remarks());
        remarks
    }

    fn pass_over(&mut self, sieve: RowFilter) {
        if A::SAME_FIELDS {
            self.inner_mut().pass_over(sieve);
        }
    }

    fn may_read_ahead(&mut self, file: Placed, cut: Chunking) {
        if A::SAME_FIELDS {
            self.inner_mut().may_read_ahead(file, cut);
        }
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.inner().late_columns()
    }

    fn part(&self) -> Option<String> {
        self.inner().part()
    }

    fn passed_over(&self) -> u64 {
        self.inner().passed_over()
    }

    fn is_unended(&self) -> bool {
        self.inner().is_unended()
    }
}
