//! What every reader of a form gives, whatever the form: names of columns, records, rejects, and what the producer says
//! at the end.

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

/// What a reader comes upon.
#[derive(Debug)]
pub enum Item<'r> {
    /// Names of the columns of the records that follow. A second header begins a second result set.
    Header(Vec<String>),
    /// A record with its fields.
    Record(Record<'r>),
    /// Text that should have been a record and is not one.
    Reject(Reject),
    /// What the producer says at the end of a result set.
    Trailer(Trailer),
}

/// Reads one file of one form, item after item.
pub trait Reader {
    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read further.
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError>;

    /// What was done to the text so far that nobody asked for, in a sentence each: records put together from pieces,
    /// one of two readings taken. Complete at the end.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// From here on, records may be left out that `sieve` does not keep. A reader that leaves none out is right too.
    fn pass_over(&mut self, sieve: RowFilter) {
        drop(sieve);
    }

    /// Other threads may read ahead in `file`, which has the bytes that are read.
    fn may_read_ahead(&mut self, file: Placed, cut: Chunking) {
        drop((file, cut));
    }

    /// The columns of a document that came up behind its beginning, so that rows with them were rejected. Known at the
    /// end.
    fn late_columns(&self) -> Vec<DocumentColumn> {
        Vec::new()
    }

    /// What the part of the file is called that the last header begins, such as `sheet users`.
    fn part(&self) -> Option<String> {
        None
    }

    /// How many were left out so far.
    fn passed_over(&self) -> u64 {
        0
    }

    /// Whether the last record lacks the line end that the others have, so that its last field may be cut. Known at the
    /// end.
    fn is_unended(&self) -> bool {
        false
    }
}
