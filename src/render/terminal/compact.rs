//! A table in as few lines as it takes: what is the same in all rows is said once, times have no fraction of a second,
//! numbers are aligned right, and the place in the file comes last. Long texts that don't fit the line stand below
//! their row, and so does everything else in full; in brief, further columns that don't fit are named and left out. No
//! cell is cut off.

use std::io;

use super::super::columns::{self, Columns};
use super::super::safe::Safe;
use super::super::{Detail, wording};
use super::page::Page;
use crate::table::{Cell, ResultTable};

/// What stands between two columns.
const GAP: usize = 2;

/// How much deeper than its row stands what doesn't fit beside it.
const BELOW: usize = 4;

/// A text wider than this stands below its row rather than being left out.
const LONG: usize = 24;

/// A column as it is shown.
struct Field {
    name: Safe,
    cells: Vec<Safe>,
    is_number: bool,
}

impl Field {
    fn of<'c>(name: &str, cells: impl Iterator<Item = &'c Cell> + Clone) -> Self {
        let is_number = |cell: &Cell| match cell {
            Cell::Integer(_) | Cell::Decimal(_) | Cell::Real(_) | Cell::Duration(_) => true,
            Cell::Null => true,
            Cell::Text(_) | Cell::Timestamp(_) => false,
        };
        Self {
            name: Safe::of(name),
            is_number: cells.clone().all(is_number),
            cells: cells
                .map(|cell| Safe::of(wording::brief_value(cell)))
                .collect(),
        }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(Safe::width);
        cells.fold(self.name.width(), usize::max)
    }
}

/// Shows the first `most` rows of a table that has rows, and gives the names of the columns that were left out.
///
/// # Errors
/// When the page can't be written.
pub(super) fn render(
    page: &mut Page<'_>,
    indent: usize,
    table: &ResultTable,
    most: usize,
    detail: Detail,
) -> io::Result<Vec<String>> {
    let room = page.width.saturating_sub(indent);
    let shown = &table.rows[..table.rows.len().min(most)];
    let mut columns = Columns::of(table, shown);
    let mut fields = fields_of(&columns, table, shown, true);
    if width(&fields) > room && columns.place_is_of_one_file() {
        columns.same.extend(columns.place.map(|(file, _)| file));
        fields = fields_of(&columns, table, shown, false);
    }
    let all = match table.rows.len() == shown.len() {
        true => "in all rows".to_owned(),
        false => format!("in all {} rows", table.rows.len()),
    };
    said_once(page, indent, &all, table, &columns.same)?;
    said_once(page, indent, "in these rows", table, &columns.same_here)?;
    let (mut below, mut left_out) = (Vec::new(), Vec::new());
    while width(&fields) > room && fields.len() > 1 {
        let widest = (1..fields.len()).max_by_key(|at| fields[*at].width());
        let field = fields.remove(widest.unwrap_or(1));
        if detail == Detail::Brief && field.width() <= LONG {
            left_out.push(field.name.to_string());
        } else {
            below.push(field);
        }
    }
    grid(page, indent, &fields, &below, shown.len())?;
    Ok(left_out)
}

/// What tells the rows apart, with the place last: as file and line, or the line alone.
fn fields_of(
    columns: &Columns,
    table: &ResultTable,
    shown: &[Vec<Cell>],
    with_file: bool,
) -> Vec<Field> {
    let field = |at: &usize| {
        let cells = shown.iter().map(|row| &row[*at]);
        Field::of(&table.columns[*at].name, cells)
    };
    let mut fields: Vec<Field> = columns.apart.iter().map(field).collect();
    fields.extend(columns.place.map(|(file, line)| match with_file {
        true => place(shown, file, line),
        false => field(&line),
    }));
    fields
}

/// `activity.csv:12`, where the row stands.
fn place(rows: &[Vec<Cell>], file: usize, line: usize) -> Field {
    Field {
        name: Safe::of(columns::PLACE),
        cells: (rows.iter())
            .map(|row| Safe::of(columns::place(&row[file], &row[line])))
            .collect(),
        is_number: false,
    }
}

fn width(fields: &[Field]) -> usize {
    let widths = fields.iter().map(|field| field.width() + GAP);
    widths.sum::<usize>().saturating_sub(GAP)
}

fn said_once(
    page: &mut Page<'_>,
    indent: usize,
    label: &str,
    table: &ResultTable,
    same: &[usize],
) -> io::Result<()> {
    if same.is_empty() {
        return Ok(());
    }
    let said = |at: &usize| {
        let value = wording::brief_value(&table.rows[0][*at]);
        format!("{} {value}", table.columns[*at].name)
    };
    let said: Vec<String> = same.iter().map(said).collect();
    page.prose(indent, 2, format_args!("{label}: {}", said.join("; ")))
}

fn grid(
    page: &mut Page<'_>,
    indent: usize,
    fields: &[Field],
    below: &[Field],
    rows: usize,
) -> io::Result<()> {
    let line = |text: &dyn Fn(&Field) -> Safe| {
        let mut line = String::new();
        for (at, field) in fields.iter().enumerate() {
            let text = text(field);
            let blanks = " ".repeat(field.width() - text.width());
            let between = if at == 0 { "" } else { "  " };
            line.push_str(between);
            if field.is_number {
                line.push_str(&format!("{blanks}{text}"));
            } else {
                line.push_str(&format!("{text}{blanks}"));
            }
        }
        line
    };
    page.line(indent, line(&|field| field.name.clone()))?;
    for at in 0..rows {
        page.line(indent, line(&|field| field.cells[at].clone()))?;
        if !below.is_empty() {
            let said = below
                .iter()
                .map(|one| format!("{} {}", one.name, one.cells[at]));
            let said: Vec<String> = said.collect();
            page.prose(indent + BELOW, 0, said.join("; "))?;
        }
    }
    Ok(())
}
