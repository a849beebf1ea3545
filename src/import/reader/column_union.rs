//! Rows that name their own columns, as in JSON and XML, and may omit some: the columns are those of the first rows
//! together, in order of appearance. A column that appears later is known at the end, so that a second pass over the
//! document can declare it.

use std::collections::VecDeque;

use crate::import::reader::queue::{Queue, Waiting, reject};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{ReadError, Reason, RecordLimits, Reject};

/// How many rows are inspected before the columns are announced.
const ROWS: usize = 1000;

/// How many bytes of rows are buffered meanwhile.
const BYTES: usize = 1 << 20;

/// A row with the names of its columns.
#[derive(Debug, Clone, Default)]
pub struct NamedRow {
    /// The line on which it begins.
    pub line: u64,
    /// The row as in the file.
    pub text: String,
    /// Names and values; `None` for NULL.
    pub cells: Vec<(String, Option<String>)>,
}

/// What a source of rows returns.
#[derive(Debug)]
pub enum UnionItem {
    /// A row with its names.
    Row(NamedRow),
    /// Text that should have been a row.
    Reject(Reject),
}

/// Returns rows that name their columns.
pub trait RowSource {
    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read further.
    fn next_row(&mut self) -> Result<Option<UnionItem>, ReadError>;
}

/// A column of a document: its name, and how many columns with that name precede it in a row.
pub type DocumentColumn = (String, usize);

/// Reads rows of `S` as records.
pub struct Union<S> {
    source: S,
    limits: RecordLimits,
    /// Names, each with its index among equal ones.
    names: Vec<(String, usize)>,
    /// Columns that appear after the first rows, as found by an earlier pass or by this one.
    expected: Vec<DocumentColumn>,
    late: Vec<DocumentColumn>,
    first: Option<VecDeque<UnionItem>>,
    queue: Queue,
}

impl<S: RowSource> Union<S> {
    /// Reads the rows of `source`, which have the `expected` columns after those of the first rows.
    pub fn new(source: S, limits: RecordLimits, expected: Vec<DocumentColumn>) -> Self {
        Self {
            source,
            limits,
            names: Vec::new(),
            expected,
            late: Vec::new(),
            first: None,
            queue: Queue::default(),
        }
    }

    /// Where the rows come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The next row, or the reject of one beyond the limits.
    fn next_row(&mut self) -> Result<Option<UnionItem>, ReadError> {
        let next = self.source.next_row()?;
        let Some(UnionItem::Row(row)) = &next else {
            return Ok(next);
        };
        let detail = if row.text.len() > self.limits.record {
            format!("longer than {} bytes", self.limits.record)
        } else if row.cells.len() > self.limits.fields {
            format!("more than {} fields", self.limits.fields)
        } else {
            return Ok(next);
        };
        Ok(Some(UnionItem::Reject(reject(row.line, &row.text, Reason::TooLong, detail, 1))))
    }

    fn begin(&mut self) -> Result<VecDeque<UnionItem>, ReadError> {
        let mut found = VecDeque::new();
        let mut bytes = 0;
        while found.len() < ROWS && bytes < BYTES {
            let Some(next) = self.next_row()? else {
                break;
            };
            if let UnionItem::Row(row) = &next {
                bytes += row.text.len();
                for (name, which) in numbered(row) {
                    if self.names.len() < self.limits.fields
                        && !self.names.iter().any(|known| known.0 == name && known.1 == which)
                    {
                        self.names.push((name.to_owned(), which));
                    }
                }
            }
            found.push_back(next);
        }
        let room = self.limits.fields.saturating_sub(self.names.len());
        for column in std::mem::take(&mut self.expected).into_iter().take(room) {
            if !self.names.contains(&column) {
                self.names.push(column);
            }
        }
        if !self.names.is_empty() {
            self.queue
                .push(Waiting::Header(self.names.iter().map(|(name, _)| name.clone()).collect()));
        }
        Ok(found)
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        if self.first.is_none() {
            let first = self.begin()?;
            self.first = Some(first);
            return Ok(true);
        }
        let next = match self.first.as_mut().and_then(VecDeque::pop_front) {
            Some(next) => Some(next),
            None => self.next_row()?,
        };
        match next {
            None => return Ok(false),
            Some(UnionItem::Reject(reject)) => self.queue.push(Waiting::Reject(reject)),
            Some(UnionItem::Row(row)) => self.place(row),
        }
        Ok(true)
    }

    fn place(&mut self, row: NamedRow) {
        let mut values: Vec<Option<&str>> = vec![None; self.names.len()];
        let mut unknown: Vec<DocumentColumn> = Vec::new();
        for ((name, which), (_, value)) in numbered(&row).zip(&row.cells) {
            match self.names.iter().position(|known| known.0 == name && known.1 == which) {
                Some(at) => values[at] = value.as_deref(),
                None => unknown.push((name.to_owned(), which)),
            }
        }
        if let Some((name, _)) = unknown.first() {
            let detail =
                format!("has the column `{name}`, which is missing from the first {ROWS} rows");
            self.queue.reject(row.line, &row.text, Reason::LateColumn, detail, 1);
            let room = self.limits.fields.saturating_sub(self.names.len() + self.late.len());
            unknown.retain(|column| !self.late.contains(column));
            self.late.extend(unknown.into_iter().take(room));
            return;
        }
        let mut held = OwnedRecord::new(row.line, String::new());
        values.into_iter().for_each(|value| held.push(value));
        held.text = row.text;
        self.queue.push(Waiting::Record(held));
    }
}

/// The names of a row's cells, each with the number of equal ones before it.
fn numbered(row: &NamedRow) -> impl Iterator<Item = (&str, usize)> {
    row.cells.iter().enumerate().map(|(at, (name, _))| {
        let before = row.cells[..at].iter().filter(|(other, _)| other == name).count();
        (name.as_str(), before)
    })
}

impl<S: RowSource> Reader for Union<S> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.late.clone()
    }
}
