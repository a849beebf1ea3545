//! A list in a terminal.

use std::io;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

use super::super::sanitize::Sanitized;
use super::super::wording::{self, Side};
use super::super::{Detail, RenderOptions};
use super::page::{BOLD, Page, TABLE, columns, wrap};
use crate::report::Listing;
use crate::table::{Cell, Column, Kind};

/// A list with less space than this for each of its columns shows one column per line.
const MIN_COLUMN: usize = 9;

/// The separator of two columns of a list: a space, a bar, a space.
const BETWEEN: usize = 3;

/// A list with a longer cell or name of a column shows one column per line: wrapping cells side by side takes quadratic
/// time, which is negligible up to this length.
const MAX_CELL: usize = 4096;

/// The separator of two columns of a list with one line per entry.
const GAP: usize = 2;

/// Texts are not shortened below this.
const MIN_SHORTENED: usize = 16;

/// The minimum assumed terminal width for a list, whose cells wrap.
const MIN_LISTING: usize = 60;

/// A list. In brief, each entry has one line; else its cells wrap between words.
pub(super) fn listed(
    page: &mut Page<'_>,
    listing: &Listing,
    options: RenderOptions,
) -> io::Result<()> {
    if !options.answer_only {
        page.line(0, &listing.title)?;
        page.blank();
    }
    let left_out = match options.detail {
        Detail::Brief => one_line_each(page, listing)?,
        Detail::Full => {
            wrapped(page, listing)?;
            Vec::new()
        }
    };
    if options.answer_only {
        return Ok(());
    }
    remarks(page, listing)?;
    if !left_out.is_empty() {
        let left_out = left_out.join(", ");
        page.prose(0, 2, format_args!("not shown: {left_out}; `-v` shows all"))?;
    }
    Ok(())
}

/// One line per entry: the columns that fit, and one long text in the remaining space. Returns what is omitted or
/// shortened.
fn one_line_each(page: &mut Page<'_>, listing: &Listing) -> io::Result<Vec<String>> {
    let shown = |row: &Vec<Cell>| -> Vec<Sanitized> {
        let cells = row.iter().zip(&listing.table.columns);
        cells.map(|(cell, column)| Sanitized::of(in_line(cell, column))).collect()
    };
    let names: Vec<Sanitized> = listing.table.names().iter().map(Sanitized::of).collect();
    let rows: Vec<Vec<Sanitized>> = listing.table.rows.iter().map(shown).collect();
    let numbers: Vec<bool> = (listing.table.columns.iter())
        .map(|column| matches!(column.kind, Kind::Integer | Kind::Real | Kind::Decimal))
        .collect();
    let natural = |(at, name): (usize, &Sanitized)| {
        let cells = rows.iter().map(|row| row[at].width());
        cells.fold(name.width(), usize::max)
    };
    let natural: Vec<usize> = names.iter().enumerate().map(natural).collect();
    let widths = fitted(&natural, page.width);
    let mut left_out = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match widths.iter().find(|(shown, _)| *shown == at) {
            None => left_out.push(name.to_string()),
            Some((_, width)) if *width < natural[at] => {
                left_out.push(format!("the rest of {name}"));
            }
            Some(_) => {}
        }
    }
    let line = |cells: &[Sanitized]| {
        let mut line = String::new();
        for (at, width) in &widths {
            let text = shortened(&cells[*at], *width);
            let blanks = " ".repeat(width.saturating_sub(text.width()));
            let between = if line.is_empty() { "" } else { "  " };
            match numbers[*at] {
                true => line.push_str(&format!("{between}{blanks}{text}")),
                false => line.push_str(&format!("{between}{text}{blanks}")),
            }
        }
        line
    };
    page.paint(usize::MAX, BOLD);
    page.line(0, line(&names))?;
    for row in &rows {
        page.line(0, line(row))?;
    }
    if rows.is_empty() {
        page.line(0, "(no rows)")?;
    }
    Ok(left_out)
}

/// A cell on one line. A text of the program's own that is empty says nothing, and is no value to be quoted.
fn in_line(cell: &Cell, column: &Column) -> String {
    match cell {
        Cell::Text(text) if column.own && text.is_empty() => String::new(),
        cell => wording::value(cell),
    }
}

/// Which columns fit a line, by index, and their widths. The first column that takes nearly half of the line gets the
/// remaining space, but never so little that it is unreadable. Columns stand in the order in
/// which they are needed: where such a column would push out one before it, that one is shown in its place.
fn fitted(natural: &[usize], width: usize) -> Vec<(usize, usize)> {
    let half = width / 20 * 9;
    let widest = || (1..natural.len()).max_by_key(|at| natural[*at]);
    let mut long = (1..natural.len()).find(|at| natural[*at] > half).or_else(widest);
    loop {
        let fitted = fitted_around(natural, width, long);
        let is_shown = |at: &usize| fitted.iter().any(|(shown, _)| shown == at);
        match (1..long.unwrap_or(0)).find(|at| !is_shown(at)) {
            // Each is before the last one, so that this ends.
            Some(before) => long = Some(before),
            None => return fitted,
        }
    }
}

/// The same where it is known which column gets what the others leave.
fn fitted_around(natural: &[usize], width: usize, long: Option<usize>) -> Vec<(usize, usize)> {
    let half = width / 20 * 9;
    let reserved = long.map_or(0, |at| natural[at].min(half) + GAP);
    let mut used = natural.first().copied().unwrap_or(0);
    let mut shown = vec![0];
    for at in (1..natural.len()).filter(|at| Some(*at) != long) {
        if used + GAP + natural[at] + reserved <= width {
            used += GAP + natural[at];
            shown.push(at);
        }
    }
    shown.extend(long);
    shown.sort_unstable();
    let room = width.saturating_sub(used + GAP).max(MIN_SHORTENED);
    let given = |at: usize| match Some(at) == long {
        true => (at, natural[at].min(room)),
        false => (at, natural[at]),
    };
    shown.into_iter().map(given).collect()
}

/// A text in at most `width` columns, shortened between words if it is too long.
pub(super) fn shortened(text: &Sanitized, width: usize) -> Sanitized {
    if text.width() <= width {
        return text.clone();
    }
    let mut kept = wrap(text.as_str(), width - 1, width - 1, true).swap_remove(0);
    kept.truncate(kept.trim_end_matches([' ', ',', ';', ':']).len());
    Sanitized::of(format_args!("{kept}…"))
}

/// Side by side with cells that wrap between words, since the texts of lists are long.
fn wrapped(page: &mut Page<'_>, listing: &Listing) -> io::Result<()> {
    let names = listing.table.names();
    let width = page.width.max(MIN_LISTING);
    let words = longest_words(listing, width / 2);
    let least: usize = words.iter().map(|word| word + BETWEEN).sum();
    let is_long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.len() > MAX_CELL);
    let has_long = listing.table.rows.iter().flatten().any(is_long)
        || names.iter().any(|name| name.len() > MAX_CELL);
    if has_long || names.len() * MIN_COLUMN > page.width || least > width + 1 {
        if !has_long && let Some(groups) = Groups::of(listing, &words, page.width) {
            return groups.write(page, listing);
        }
        let columns = &listing.table.columns;
        let shown = |(cell, column): (&Cell, &Column)| match cell {
            Cell::Text(text) if column.own => text.clone(),
            cell => wording::value(cell),
        };
        let row = |row: &Vec<Cell>| row.iter().zip(columns).map(shown).collect();
        let side = Side {
            columns: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: listing.table.rows.iter().map(row).collect(),
            left_out: Vec::new(),
        };
        return page.rows(0, &side, true);
    }
    let mut table = Table::new();
    table
        .load_style(TABLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(names.iter().map(Sanitized::of));
    for row in &listing.table.rows {
        let shown = |(cell, column): (&Cell, &Column)| match cell {
            Cell::Text(text) if column.own => Sanitized::of(text),
            cell => Sanitized::of(wording::cell(cell)),
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
    Ok(())
}

/// A list too wide for a table whose first columns repeat: their values are a line above the rows that share them.
struct Groups {
    /// How many columns repeat.
    heads: usize,
    /// The widths of the others.
    widths: Vec<usize>,
}

impl Groups {
    /// The list in groups, where at least two columns repeat in most rows and the others fit `width` columns.
    fn of(listing: &Listing, words: &[usize], width: usize) -> Option<Self> {
        let rows = &listing.table.rows;
        let repeats =
            |at: usize| rows.windows(2).filter(|pair| pair[0][..=at] == pair[1][..=at]).count();
        let heads = (0..words.len()).take_while(|at| repeats(*at) * 2 >= rows.len()).count();
        let mut widths = words.get(heads..)?.to_vec();
        let gaps = GAP * widths.len();
        if heads < 2 || widths.len() < 2 || widths.iter().sum::<usize>() + gaps > width {
            return None;
        }
        let natural = |at: usize| {
            let cells =
                rows.iter().map(|row| Sanitized::of(wording::value(&row[heads + at])).width());
            cells.fold(widths[at], usize::max)
        };
        let natural: Vec<usize> = (0..widths.len()).map(natural).collect();
        // The room that is left goes to the columns that lack most.
        for _ in widths.iter().sum::<usize>() + gaps..width {
            let lacks = |at: &usize| natural[*at] - widths[*at];
            if let Some(at) = (0..widths.len()).rev().max_by_key(lacks).filter(|at| lacks(at) > 0) {
                widths[at] += 1;
            }
        }
        Some(Self { heads, widths })
    }

    fn write(&self, page: &mut Page<'_>, listing: &Listing) -> io::Result<()> {
        let names: Vec<Sanitized> = listing.table.names().iter().map(Sanitized::of).collect();
        page.paint(usize::MAX, BOLD);
        self.row(page, &names[self.heads..])?;
        for rows in listing.table.rows.chunk_by(|a, b| a[..self.heads] == b[..self.heads]) {
            let shown = |cell: &Cell| match cell {
                Cell::Text(text) => Sanitized::of(text),
                cell => Sanitized::of(wording::value(cell)),
            };
            let head: Vec<String> =
                rows[0][..self.heads].iter().map(|cell| shown(cell).to_string()).collect();
            page.blank();
            page.paint(usize::MAX, BOLD);
            page.line(0, head.join("  "))?;
            for row in rows {
                let cells: Vec<Sanitized> = row[self.heads..].iter().map(shown).collect();
                self.row(page, &cells)?;
            }
        }
        Ok(())
    }

    /// One row, whose cells wrap between words.
    fn row(&self, page: &mut Page<'_>, cells: &[Sanitized]) -> io::Result<()> {
        let cells = cells.iter().zip(&self.widths);
        let cells: Vec<Vec<String>> =
            cells.map(|(cell, width)| wrap(cell.as_str(), *width, *width, true)).collect();
        for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let mut line = String::new();
            for (cell, width) in cells.iter().zip(&self.widths) {
                let text = cell.get(at).map_or("", |part| part.trim_end());
                let blanks = width.saturating_sub(text.chars().map(columns).sum());
                line.push_str(&" ".repeat(GAP));
                line.push_str(text);
                line.push_str(&" ".repeat(blanks));
            }
            page.line(0, line.trim_end())?;
        }
        Ok(())
    }
}

/// The longest word of each column of a list, which is not broken unless it is longer than `most`.
fn longest_words(listing: &Listing, most: usize) -> Vec<usize> {
    let longest = |text: &str| {
        let words = text.split([' ', '\n']);
        let widths = words.map(|word| word.chars().map(columns).sum::<usize>());
        widths.max().unwrap_or(0).min(most)
    };
    let mut found: Vec<usize> = listing.table.names().iter().map(|name| longest(name)).collect();
    for row in &listing.table.rows {
        for (word, cell) in found.iter_mut().zip(row) {
            *word = longest(&Sanitized::of(wording::cell(cell)).to_string()).max(*word);
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
