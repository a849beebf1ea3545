//! Which columns of a table distinguish its rows: those with the same value in all rows are shown once above it, and
//! the file and line of a row are combined in the last column.

use crate::table::{Cell, ResultTable};

/// The heading of the column that says where a row is.
pub(super) const PLACE: &str = "file:line";

/// The columns of a table, by whether they distinguish its rows.
pub(super) struct Columns {
    /// Those with the same value in all rows.
    pub(super) same: Vec<usize>,
    /// Those with the same value in all displayed rows.
    pub(super) same_here: Vec<usize>,
    /// Those with several values.
    pub(super) apart: Vec<usize>,
    /// Those for the file and the line in it.
    pub(super) place: Option<(usize, usize)>,
    /// Whether all rows are from one file.
    one_file: bool,
}

impl Columns {
    /// Classifies the columns of a table that has rows, of which `shown` are displayed.
    pub(super) fn of(table: &ResultTable, shown: &[Vec<Cell>]) -> Self {
        let place = table.position("file").zip(table.position("line"));
        let is_same = |rows: &[Vec<Cell>], at: usize| rows.iter().all(|row| row[at] == rows[0][at]);
        let mut columns = Self {
            same: Vec::new(),
            same_here: Vec::new(),
            apart: Vec::new(),
            place,
            one_file: place.is_some_and(|(file, _)| is_same(&table.rows, file)),
        };
        for at in 0..table.columns.len() {
            if place.is_some_and(|(file, line)| at == file || at == line) {
                continue;
            }
            // The first column names the row.
            if at == 0 || shown.len() < 2 {
                columns.apart.push(at);
            } else if is_same(&table.rows, at) {
                columns.same.push(at);
            } else if is_same(shown, at) {
                columns.same_here.push(at);
            } else {
                columns.apart.push(at);
            }
        }
        columns
    }

    pub(super) fn place_is_of_one_file(&self) -> bool {
        self.place.is_some() && self.one_file
    }
}

/// `activity.csv:12`, where a row is.
pub(super) fn place(file: &Cell, line: &Cell) -> String {
    match (file, line) {
        (Cell::Null, _) => "NULL".to_owned(),
        (file, Cell::Null) => file.to_string(),
        (file, line) => format!("{file}:{line}"),
    }
}
