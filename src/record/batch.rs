//! Typed rows on their way from a reader to the store, in batches: one text for all of a batch's texts, so that rows
//! cost no allocation each, and so that a batch can be handed from the thread that reads to the one that stores.

use crate::table::Kind;

/// A column of a table that a file has rows for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutColumn {
    /// The name under which it is stored, in lower case where the schema has it.
    pub name: String,
    /// What it is called in the file; `None` without a header.
    pub heading: Option<String>,
    /// Its place in the file, from 1; 0 for a number made of a name, which is in no file.
    pub position: usize,
    /// What its cells are. Text for columns that the schema does not have.
    pub kind: Kind,
    /// Whether the schema has it.
    pub known: bool,
}

/// A table that a file has rows for, with the columns that the file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLayout {
    /// The table's name in the schema, such as `egpl_casemgmt_activity`.
    pub table: String,
    /// The columns, in the order of each row's values.
    pub columns: Vec<LayoutColumn>,
    /// Whether each record is a state of a row in a history (change data capture) and not the row itself. The values
    /// of each row then end with three more, beyond `columns`: two texts by which the changes are in order, and the
    /// operation as a whole number: 1 delete, 2 insert, 3 before an update, 4 after it.
    pub history: bool,
    /// Whether one row may stand in many records (a joined result taken apart), so that an equal one is no second row.
    pub repeated: bool,
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowValue {
    /// The value NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text, or a time in the form `2011-07-12 14:49:55.000`: a slice of the batch's text.
    Text {
        /// The first byte.
        start: u32,
        /// The byte after the last.
        end: u32,
    },
}

/// Rows of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The texts of all values.
    pub text: String,
    /// The values, row after row, each as long as the shape.
    pub values: Vec<RowValue>,
    /// The line of each row in its file.
    pub lines: Vec<u64>,
}

impl Batch {
    /// Takes all rows out, and keeps the room.
    pub fn clear(&mut self) {
        self.text.clear();
        self.values.clear();
        self.lines.clear();
    }

    /// Takes off what stands beyond these lengths of the text and of the values.
    pub fn take_off(&mut self, (text, values): (usize, usize)) {
        self.text.truncate(text);
        self.values.truncate(values);
    }
}
