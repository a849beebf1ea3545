//! A list in a terminal.

use std::io;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

use super::super::safe::Safe;
use super::super::wording::{self, Side};
use super::page::{Page, TABLE, columns};
use crate::report::Listing;
use crate::table::{Cell, Column};

/// A list with less room than this for each of its columns shows one column per line.
const MIN_COLUMN: usize = 9;

/// What stands between two columns of a list: a blank, a bar, a blank.
const BETWEEN: usize = 3;

/// A list with a longer cell shows one column per line: to break cells beside one another takes the square of their
/// length, which up to here is nothing.
const MAX_CELL: usize = 4096;

/// The terminal is never taken to be narrower than this for a list, whose cells wrap.
const MIN_LISTING: usize = 60;

/// A list: side by side with cells that wrap between words, since its texts are long.
pub(super) fn listed(page: &mut Page<'_>, listing: &Listing) -> io::Result<()> {
    page.line(0, &listing.title)?;
    page.blank();
    let names = listing.table.names();
    let width = page.width.max(MIN_LISTING);
    let words = longest_words(listing, width / 2);
    let least: usize = words.iter().map(|word| word + BETWEEN).sum();
    let is_long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.len() > MAX_CELL);
    let has_long = listing.table.rows.iter().flatten().any(is_long);
    if has_long || names.len() * MIN_COLUMN > page.width || least > width + 1 {
        let columns = &listing.table.columns;
        let shown = |(cell, column): (&Cell, &Column)| match cell {
            // Where the words are ours, nothing means that there is nothing to say.
            Cell::Null if column.own => String::new(),
            Cell::Text(text) if column.own => text.clone(),
            cell => wording::value(cell),
        };
        let row = |row: &Vec<Cell>| row.iter().zip(columns).map(shown).collect();
        let side = Side {
            columns: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: listing.table.rows.iter().map(row).collect(),
            left_out: Vec::new(),
        };
        page.rows(0, &side, true)?;
        return remarks(page, listing);
    }
    let mut table = Table::new();
    table
        .load_style(TABLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(names.iter().map(Safe::of));
    for row in &listing.table.rows {
        let shown = |(cell, column): (&Cell, &Column)| match cell {
            Cell::Null if column.own => Safe::of(""),
            Cell::Text(text) if column.own => Safe::of(text),
            cell => Safe::of(wording::cell(cell)),
        };
        table.add_row(row.iter().zip(&listing.table.columns).map(shown));
    }
    for (column, word) in table.column_iter_mut().zip(words) {
        let word = u16::try_from(word).unwrap_or(u16::MAX);
        // The blanks on either side count as well.
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(word + 2)));
    }
    for line in table.lines() {
        page.line(0, line)?;
    }
    if listing.table.rows.is_empty() {
        page.line(0, "(no rows)")?;
    }
    remarks(page, listing)
}

/// The longest word of each column of a list, which is not to be broken unless it has more than `most` places.
fn longest_words(listing: &Listing, most: usize) -> Vec<usize> {
    let longest = |text: &str| {
        let words = text.split([' ', '\n']);
        let widths = words.map(|word| word.chars().map(columns).sum::<usize>());
        widths.max().unwrap_or(0).min(most)
    };
    let mut found: Vec<usize> = listing
        .table
        .names()
        .iter()
        .map(|name| longest(name))
        .collect();
    for row in &listing.table.rows {
        for (word, cell) in found.iter_mut().zip(row) {
            *word = longest(&Safe::of(wording::cell(cell)).to_string()).max(*word);
        }
    }
    found
}

fn remarks(page: &mut Page<'_>, listing: &Listing) -> io::Result<()> {
    if !listing.remarks.is_empty() {
        page.blank();
    }
    for remark in &listing.remarks {
        page.prose(0, 2, remark)?;
    }
    Ok(())
}
