//! The two walks over a report: the first sees what will be replaced, the second replaces it.

use super::walk::Visitor;
use super::{DataClass, Redactor, Treatment, spelling};
use crate::table::{Cell, Column};

/// The first walk: what is replaced, and what the note prints.
pub(super) struct Seeing<'r, 'k>(pub(super) &'r mut Redactor<'k>);

impl Visitor for Seeing<'_, '_> {
    fn cell(&mut self, column: &Column, cell: &mut Cell) {
        if *cell == Cell::Null {
            return;
        }
        if self.0.plain.contains(&column.name.to_lowercase()) {
            self.0.public.insert(cell.to_string());
        }
        if let Treatment::Replace(class) = self.0.treatment(column, cell) {
            self.0.seen.add(class, &cell.to_string());
        }
    }

    fn heading(&mut self, text: &mut String) {
        if !self.0.is_known_heading(text) {
            self.0.seen.add(DataClass::Heading, text);
        }
    }

    fn file(&mut self, text: &mut String) {
        if !self.0.is_known(text) {
            self.0.seen.add(DataClass::File, text);
        }
    }

    fn sentence(&mut self, _: &mut String) {}

    fn printed(&mut self, text: &str) {
        self.0.public.insert(text.to_owned());
        self.0.public.extend(spelling::addresses_of_cell(text));
    }
}

/// The second walk.
pub(super) struct Replacing<'r, 'k>(pub(super) &'r mut Redactor<'k>);

impl Visitor for Replacing<'_, '_> {
    fn cell(&mut self, column: &Column, cell: &mut Cell) {
        self.0.cell(column, cell);
    }

    fn heading(&mut self, text: &mut String) {
        self.0.heading(text);
    }

    fn file(&mut self, text: &mut String) {
        *text = self.0.file_name(text);
    }

    fn sentence(&mut self, text: &mut String) {
        self.0.sentence(text);
    }
}
