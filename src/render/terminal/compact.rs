//! A compact table: common values are shown once, times have no fraction of a second, numbers are right-aligned, and
//! the position in the file comes last. If rows list the same few pieces of evidence, each piece is abbreviated to a
//! letter, which is explained once. Long texts that do not fit the line are shown below their row, and so is everything
//! else in full; in brief, other columns that do not fit are listed and omitted. No cell is truncated.

use std::io;

use super::super::columns::{self, Columns};
use super::super::sanitize::Sanitized;
use super::super::{Detail, wording};
use super::page::Page;
use crate::table::{Cell, Column, ResultTable};

/// What separates two columns.
const GAP: usize = 2;

/// The extra indentation of what does not fit beside its row.
const BELOW: usize = 4;

/// A wider text is shown below its row instead of being omitted.
const LONG: usize = 24;

/// The separator of the pieces of a cell.
const BETWEEN_PIECES: &str = "; ";

/// The letters for pieces.
const LETTERS: &str = "abcdefghijklmnop";

/// A column as displayed.
struct Field {
    name: Sanitized,
    cells: Vec<Sanitized>,
    is_number: bool,
    /// The meaning of its letters, in order; empty if the cells are unchanged.
    legend: Vec<Sanitized>,
}

impl Field {
    fn of<'c>(name: &str, cells: impl Iterator<Item = &'c Cell> + Clone) -> Self {
        let is_number = |cell: &Cell| match cell {
            Cell::Integer(_) | Cell::Decimal(_) | Cell::Real(_) | Cell::Duration(_) => true,
            Cell::Null => true,
            Cell::Text(_) | Cell::Timestamp(_) => false,
        };
        Self {
            name: Sanitized::of(name),
            is_number: cells.clone().all(is_number),
            cells: cells.map(|cell| Sanitized::of(wording::brief_value(cell))).collect(),
            legend: Vec::new(),
        }
    }

    /// The same with a letter for each piece, if the cells are lists of a few pieces.
    fn lettered<'c>(
        column: &Column,
        cells: impl Iterator<Item = &'c Cell> + Clone,
    ) -> Option<Self> {
        let mut pieces: Vec<&str> = Vec::new();
        let lists = cells.clone().filter_map(|cell| match cell {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        });
        for piece in lists.flat_map(|text| text.split(BETWEEN_PIECES)) {
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
        let listed =
            |cell: &Cell| matches!(cell, Cell::Text(text) if text.contains(BETWEEN_PIECES));
        if !column.own || pieces.len() > LETTERS.len() || !cells.clone().any(listed) {
            return None;
        }
        pieces.sort_by_key(|piece| {
            let with = |cell: &&Cell| matches!(cell, Cell::Text(text) if has(text, piece));
            std::cmp::Reverse(cells.clone().filter(with).count())
        });
        let letters = |cell: &Cell| match cell {
            Cell::Text(text) => {
                let named = LETTERS.chars().zip(&pieces);
                let letters = named.filter(|(_, piece)| has(text, piece));
                Sanitized::of(letters.map(|(letter, _)| letter).collect::<String>())
            }
            other => Sanitized::of(wording::brief_value(other)),
        };
        Some(Self {
            name: Sanitized::of(&column.name),
            cells: cells.map(letters).collect(),
            is_number: false,
            legend: pieces.iter().map(Sanitized::of).collect(),
        })
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(Sanitized::width);
        cells.fold(self.name.width(), usize::max)
    }
}

/// Whether a cell contains a piece.
fn has(text: &str, piece: &str) -> bool {
    text.split(BETWEEN_PIECES).any(|own| own == piece)
}

/// Shows the first `most` rows of a table that has rows, and returns the names of the omitted columns.
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
    if width(&fields) > room {
        letter(&columns, &mut fields, table, shown);
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
        if detail == Detail::Full || field.width() > LONG {
            below.push(field);
        } else {
            left_out.push(field.name.to_string());
        }
    }
    legends(page, indent, &fields)?;
    grid(page, indent, &fields, &below, shown.len())?;
    Ok(left_out)
}

/// The columns that distinguish the rows, with the position last: as file and line, or the line alone.
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

/// Abbreviates pieces in the columns that list some.
fn letter(columns: &Columns, fields: &mut [Field], table: &ResultTable, shown: &[Vec<Cell>]) {
    for (field, at) in fields.iter_mut().zip(&columns.apart) {
        let cells = shown.iter().map(|row| &row[*at]);
        if let Some(lettered) = Field::lettered(&table.columns[*at], cells) {
            *field = lettered;
        }
    }
}

/// `activity.csv:12`, where the row is.
fn place(rows: &[Vec<Cell>], file: usize, line: usize) -> Field {
    Field {
        name: Sanitized::of(columns::PLACE),
        cells: (rows.iter())
            .map(|row| Sanitized::of(columns::place(&row[file], &row[line])))
            .collect(),
        is_number: false,
        legend: Vec::new(),
    }
}

fn width(fields: &[Field]) -> usize {
    let widths = fields.iter().map(|field| field.width() + GAP);
    widths.sum::<usize>().saturating_sub(GAP)
}

/// The values common to all rows. A column that is NULL in all of them is omitted.
fn said_once(
    page: &mut Page<'_>,
    indent: usize,
    label: &str,
    table: &ResultTable,
    same: &[usize],
) -> io::Result<()> {
    let known = same.iter().filter(|at| table.rows[0][**at] != Cell::Null);
    let said = known.map(|at| {
        let value = wording::brief_value(&table.rows[0][*at]);
        format!("{} = {value}", table.columns[*at].name)
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        return Ok(());
    }
    page.prose(indent, 2, format_args!("{label}: {}", said.join("; ")))
}

/// The meaning of the letters of each abbreviated column.
fn legends(page: &mut Page<'_>, indent: usize, fields: &[Field]) -> io::Result<()> {
    for field in fields.iter().filter(|field| !field.legend.is_empty()) {
        let pieces = LETTERS.chars().zip(&field.legend);
        let pieces: Vec<String> =
            pieces.map(|(letter, piece)| format!("{letter} = {piece}")).collect();
        page.prose(indent, 2, format_args!("{}: {}", field.name, pieces.join("; ")))?;
    }
    Ok(())
}

fn grid(
    page: &mut Page<'_>,
    indent: usize,
    fields: &[Field],
    below: &[Field],
    rows: usize,
) -> io::Result<()> {
    let line = |text: &dyn Fn(&Field) -> Sanitized| {
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
            let said = below.iter().map(|one| format!("{} {}", one.name, one.cells[at]));
            let said: Vec<String> = said.collect();
            page.prose(indent + BELOW, 0, said.join("; "))?;
        }
    }
    Ok(())
}
