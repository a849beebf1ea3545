//! Two compared tables in a terminal: side by side if the width allows, otherwise one cell per line.

use std::io;

use super::super::sanitize::Sanitized;
use super::super::{RenderOptions, wording};
use super::page::{DETAIL, Page};
use crate::diagnostic::{counted, verb};
use crate::report::{Comparison, NamedComparison, RowVerdict};
use crate::scenario::Erratum;

/// How many rows of one kind (differing, missing, extra) of a comparison are shown.
const MAX_ROWS: usize = 40;

pub(super) fn actual_table(page: &mut Page<'_>, comparison: &Comparison) -> io::Result<()> {
    let side = wording::actual(comparison);
    if wording::is_text(comparison) {
        for line in side.rows.iter().flatten() {
            page.quote(DETAIL, line)?;
        }
        if side.rows.is_empty() {
            page.line(DETAIL, "(no lines)")?;
        }
    } else {
        page.table(DETAIL, &side)?;
    }
    if !side.left_out.is_empty() {
        let names = side.left_out.join(", ");
        page.prose(DETAIL, 2, format_args!("not compared: {names}"))?;
    }
    Ok(())
}

pub(super) fn notes(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    errata: &[Erratum],
) -> io::Result<()> {
    for note in wording::cell_notes(comparison, errata) {
        page.prose(indent, 2, note)?;
    }
    Ok(())
}

pub(super) fn differences(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
) -> io::Result<()> {
    for sentence in comparison.header.iter().chain(&comparison.remarks) {
        page.prose(indent, 2, sentence)?;
    }
    let differing = wording::rows_that(comparison, RowVerdict::Differs);
    let shown = &differing[..differing.len().min(MAX_ROWS)];
    if !wide(page, indent, comparison, shown)? {
        tall(page, indent, comparison, shown)?;
    }
    more(page, indent, comparison, "differ", differing.len() - shown.len())?;
    for (verdict, word) in [(RowVerdict::Missing, "missing"), (RowVerdict::Extra, "extra")] {
        let rows = wording::rows_that(comparison, verdict);
        let shown = &rows[..rows.len().min(MAX_ROWS)];
        if shown.is_empty() {
            continue;
        }
        page.line(indent, format_args!("{word}: {}", wording::rows(comparison, rows.len())))?;
        let side = wording::whole(comparison, shown, verdict);
        if wording::is_text(comparison) {
            for line in side.rows.iter().flatten() {
                page.quote(indent + 2, line)?;
            }
        } else {
            page.table(indent + 2, &side)?;
        }
        more(page, indent, comparison, word, rows.len() - shown.len())?;
    }
    Ok(())
}

fn more(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    word: &str,
    n: usize,
) -> io::Result<()> {
    if n == 0 {
        return Ok(());
    }
    let rows = wording::rows(comparison, n);
    let all = "CSV and JSON contain all rows";
    page.prose(indent, 2, format_args!("{word}: {rows} more; {all}"))
}

/// The differing cells as a table, if it fits. Returns whether it did.
fn wide(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    rows: &[usize],
) -> io::Result<bool> {
    if wording::is_text(comparison) {
        return Ok(false);
    }
    let cells = wording::differences(comparison, rows);
    if cells.is_empty() {
        return Ok(true);
    }
    let mut columns = wording::difference_key(comparison);
    columns.extend(["column", "expected", "actual"].map(String::from));
    let line = |cell: wording::Difference| {
        let rest = [cell.column, cell.expected, cell.actual];
        cell.row.into_iter().chain(rest).collect()
    };
    let lines: Vec<Vec<String>> = cells.into_iter().map(line).collect();
    page.grid(indent, &columns, &lines)
}

/// The differing cells, one per line or, if a line is too short, one per three lines.
fn tall(
    page: &mut Page<'_>,
    indent: usize,
    comparison: &Comparison,
    rows: &[usize],
) -> io::Result<()> {
    let text = wording::is_text(comparison);
    for at in rows {
        let cells = wording::differences(comparison, &[*at]);
        if cells.is_empty() {
            continue;
        }
        page.prose(indent, 2, wording::row_name(comparison, *at))?;
        let parts: Vec<[Sanitized; 3]> = (cells.iter())
            .map(|cell| [&cell.column, &cell.expected, &cell.actual].map(Sanitized::of))
            .collect();
        let widest = |at: usize| parts.iter().map(|part| part[at].width()).max().unwrap_or(0);
        let (name, left, right) = (widest(0), widest(1), widest(2));
        let line = name + "  expected ".len() + left + "  actual ".len() + right;
        let fits = indent + 2 + line <= page.width;
        for [column, expected, actual] in &parts {
            let pad = |text: &Sanitized, width: usize| " ".repeat(width - text.width());
            if fits && !text {
                let (after, gap) = (pad(column, name), pad(expected, left));
                page.line(
                    indent + 2,
                    format_args!("{column}{after}  expected {expected}{gap}  actual {actual}"),
                )?;
                continue;
            }
            let mut deeper = indent + 2;
            if !text {
                page.value(deeper, "", column)?;
                deeper += 2;
            }
            page.value(deeper, "expected ", expected)?;
            page.value(deeper, "actual   ", actual)?;
        }
    }
    Ok(())
}

/// The names of both tables, and everything in which they differ.
fn two_in_full(page: &mut Page<'_>, named: &NamedComparison) -> io::Result<()> {
    let comparison = &named.comparison;
    page.value(0, "expected  ", &Sanitized::of(&named.expected))?;
    page.value(0, "actual    ", &Sanitized::of(&named.actual))?;
    if !comparison.key.is_empty() {
        page.prose(0, 10, format_args!("key       {}", comparison.key.join(", ")))?;
    }
    page.blank();
    differences(page, 0, comparison)?;
    notes(page, 0, comparison, &[])?;
    page.blank();
    Ok(())
}

pub(super) fn comparison_of_two(
    page: &mut Page<'_>,
    named: &NamedComparison,
    options: RenderOptions,
) -> io::Result<()> {
    let comparison = &named.comparison;
    let extra = wording::rows_that(comparison, RowVerdict::Extra).len();
    let expected = comparison.rows.len() + comparison.left_out - extra;
    let columns = counted(comparison.expected_columns.len(), "column");
    if comparison.same {
        let rows = counted(expected, "row");
        let columns = match comparison.taken_over {
            0 => columns,
            taken => format!(
                "{} compared, {taken} taken from your row",
                counted(comparison.expected_columns.len() - taken, "column")
            ),
        };
        page.prose(0, 2, format_args!("same: {rows}, {columns}"))?;
        if options.answer_only {
            return Ok(());
        }
        for sentence in comparison.header.iter().chain(&comparison.remarks) {
            page.prose(0, 2, sentence)?;
        }
        return notes(page, 0, comparison, &[]);
    }
    if !options.answer_only {
        two_in_full(page, named)?;
    }
    let differing = wording::rows_that(comparison, RowVerdict::Differs);
    let cells = wording::differences(comparison, &differing).len();
    let missing = wording::rows_that(comparison, RowVerdict::Missing).len();
    let parts = [
        (cells, "cell", verb(cells, " differs", " differ")),
        (missing, "row", " missing"),
        (extra, "row", " extra"),
        (comparison.header.len(), "header difference", ""),
    ];
    let parts: Vec<String> = (parts.into_iter())
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, noun, what)| format!("{}{what}", counted(n, noun)))
        .collect();
    let what =
        if parts.is_empty() { String::from("the order of rows differs") } else { parts.join(", ") };
    let rows = counted(expected, "row");
    page.prose(0, 2, format_args!("{what}; {rows} and {columns} expected"))
}
