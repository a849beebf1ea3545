//! Records in which Excel's text formulas are replaced by their texts.

use std::borrow::Cow;

use crate::import::format::{FormatLayout, ImportFormat};
use crate::import::options::{ImportOptions, Quote};
use crate::record::{Field, Record, Written};
use crate::table::text_formula;

/// Replaces the text formulas of delimited files, and counts them.
#[derive(Debug, Default)]
pub(super) struct TextFormulas {
    is_delimited: bool,
    cells: String,
    fields: Vec<Field>,
    pub(super) count: u64,
}

impl TextFormulas {
    /// Nothing is replaced in other formats, and where nothing quotes texts.
    pub(super) fn of(format: &ImportFormat, options: &ImportOptions) -> Self {
        let is_delimited = matches!(format.layout, FormatLayout::Delimited(_));
        Self {
            is_delimited: is_delimited && options.quote != Some(Quote::Nothing),
            ..Self::default()
        }
    }

    /// The record with its text formulas replaced. It is copied only where it has one.
    pub(super) fn replace<'r>(&'r mut self, record: Record<'r>) -> Record<'r> {
        let bytes = record.cells.as_bytes();
        let may_be = |field: &Field| bytes[field.start..field.end].first() == Some(&b'=');
        if !self.is_delimited || !record.fields.iter().any(may_be) {
            return record;
        }
        self.cells.clear();
        self.cells.push_str(record.cells);
        self.fields.clear();
        for field in record.fields {
            let written = &record.cells[field.start..field.end];
            let content = match field.written {
                Written::Doubled => Cow::Owned(written.replace("\"\"", "\"")),
                _ => Cow::Borrowed(written),
            };
            let start = self.cells.len();
            let field = match text_formula::text_of(&content) {
                None => *field,
                Some(text) => {
                    self.cells.push_str(&text);
                    self.count += 1;
                    Field { start, end: self.cells.len(), written: Written::Quoted }
                }
            };
            self.fields.push(field);
        }
        Record { cells: &self.cells, fields: &self.fields, ..record }
    }
}
