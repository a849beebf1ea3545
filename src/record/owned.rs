//! A record that outlives what it was read from.

use super::tokenizer::RawRecord;
use super::{Field, Record, Written};

/// A record with its text.
#[derive(Debug, Clone, Default)]
pub struct OwnedRecord {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The record as it is in the file.
    pub text: String,
    /// The text that the fields are slices of, if it is not `text`.
    pub cells: Option<String>,
    /// The fields in their order.
    pub fields: Vec<Field>,
    /// Where it begins and ends in the file, as UTF-8, where the tokenizer found it.
    pub span: (u64, u64),
}

impl OwnedRecord {
    /// A record at `line` without fields, whose cells are not its text.
    #[must_use]
    pub fn new(line: u64, text: String) -> Self {
        Self { line, text, cells: Some(String::new()), ..Self::default() }
    }

    /// A copy of a record.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        let is_text = std::ptr::eq(record.cells, record.text);
        Self {
            line: record.line,
            text: record.text.to_owned(),
            cells: (!is_text).then(|| record.cells.to_owned()),
            fields: record.fields.to_vec(),
            span: (0, 0),
        }
    }

    /// A copy of what the tokenizer found, as text.
    #[must_use]
    pub fn of_raw(record: &RawRecord<'_>) -> Self {
        Self {
            line: record.line,
            text: String::from_utf8_lossy(record.bytes).into_owned(),
            cells: None,
            fields: record.fields.to_vec(),
            span: (record.offset, record.offset + record.bytes.len() as u64),
        }
    }

    /// Adds a field; `None` is NULL by the format's own representation.
    pub fn push(&mut self, cell: Option<&str>) {
        let cells = self.cells.get_or_insert_default();
        let start = cells.len();
        cells.push_str(cell.unwrap_or_default());
        self.fields.push(Field {
            start,
            end: cells.len(),
            written: if cell.is_some() { Written::Bare } else { Written::Null },
        });
    }

    /// Lends it as a record.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record { line: self.line, text: &self.text, fields: &self.fields, cells: self.cells() }
    }

    /// The text that the fields are slices of.
    #[must_use]
    pub fn cells(&self) -> &str {
        self.cells.as_deref().unwrap_or(&self.text)
    }

    /// The text of each field.
    pub fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        let cells = self.cells();
        let text = move |field: &Field| cells.get(field.start..field.end).unwrap_or_default();
        self.fields.iter().map(text)
    }

    /// The text of the field at this place, from 0.
    #[must_use]
    pub fn text_at(&self, at: usize) -> Option<&str> {
        let field = self.fields.get(at)?;
        self.cells().get(field.start..field.end)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}
