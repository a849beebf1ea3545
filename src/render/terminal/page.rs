//! Writes lines to a terminal: sanitized, wrapped at the terminal's width, coloured at the beginning.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use unicode_width::UnicodeWidthChar;

use super::super::sanitize::Sanitized;
use super::super::wording::Side;

/// Values with less space than this beside their column names are not aligned.
pub(super) const MIN_VALUE: usize = 24;

pub(super) const DETAIL: usize = 8;

pub(super) const TABLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('-').junction('+'))
    .content_lines(ContentLineStyle::none().junction('|'));

/// The column at which the summary's second half starts.
pub(super) const SUMMED: usize = 14;

/// The only output: every line is sanitized and has no trailing spaces.
pub(super) struct Page<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) width: usize,
    pub(super) gap: Gap,
    pub(super) color: bool,
    /// How many bytes at the beginning of the next line have a style.
    pub(super) begin: Option<(usize, Style)>,
}

pub(super) const BOLD: Style = Style::new().bold();

pub(super) const GOOD: Style = AnsiColor::Green.on_default();

pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

pub(super) const WARN: Style = AnsiColor::Yellow.on_default();

/// What precedes the next line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing: a blank line would be the first.
    Start,
    /// The line before.
    None,
    /// A blank line that is not written yet.
    Blank,
}

impl Page<'_> {
    /// Leaves one blank line before the next, however often it is called.
    pub(super) fn blank(&mut self) {
        if self.gap == Gap::None {
            self.gap = Gap::Blank;
        }
    }

    /// One line, however long.
    pub(super) fn line(&mut self, indent: usize, text: impl Display) -> io::Result<()> {
        let text = Sanitized::of(text);
        let text = text.as_str().trim_end();
        let indent = if text.is_empty() { 0 } else { indent };
        if self.gap == Gap::Blank {
            writeln!(self.out)?;
        }
        self.gap = Gap::None;
        match self.begin.take() {
            Some((bytes, style)) if self.color => {
                let (begin, rest) = text.split_at_checked(bytes).unwrap_or((text, ""));
                writeln!(self.out, "{:indent$}{style}{begin}{style:#}{rest}", "")
            }
            _ => writeln!(self.out, "{:indent$}{text}", ""),
        }
    }

    /// Styles the first bytes of the next line, if the page has colour. The text stays the same.
    pub(super) fn paint(&mut self, bytes: usize, style: Style) -> &mut Self {
        self.begin = Some((bytes, style));
        self
    }

    /// Text wrapped between words; continuation lines are indented by `hang` columns.
    pub(super) fn prose(
        &mut self,
        indent: usize,
        hang: usize,
        text: impl Display,
    ) -> io::Result<()> {
        let room = self.width.saturating_sub(indent);
        let text = Sanitized::of(text);
        let lines = wrap(text.as_str(), room, room.saturating_sub(hang), true);
        for (at, line) in lines.iter().enumerate() {
            self.line(if at == 0 { indent } else { indent + hang }, line)?;
        }
        Ok(())
    }

    /// A label and a value, wrapped anywhere.
    pub(super) fn value(
        &mut self,
        indent: usize,
        label: &str,
        value: &Sanitized,
    ) -> io::Result<()> {
        self.labelled(indent, label, value, false)
    }

    /// A label and a text, wrapped between words if it is `prose`.
    pub(super) fn labelled(
        &mut self,
        indent: usize,
        label: &str,
        text: &Sanitized,
        prose: bool,
    ) -> io::Result<()> {
        let deeper = indent + label.len();
        let room = self.width.saturating_sub(deeper);
        for (at, part) in wrap(text.as_str(), room, room, prose).iter().enumerate() {
            if at == 0 {
                self.line(indent, format_args!("{label}{part}"))?;
            } else {
                self.line(deeper, part)?;
            }
        }
        Ok(())
    }

    /// A line of data, marked with a bar to distinguish it from ours.
    pub(super) fn quote(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(indent + 2);
        let text = Sanitized::of(text);
        for part in wrap(text.as_str(), room, room, false) {
            self.line(indent, format_args!("| {part}"))?;
        }
        Ok(())
    }

    /// Something to copy or look up.
    pub(super) fn fact(&mut self, label: &str, text: impl Display) -> io::Result<()> {
        self.line(DETAIL, format_args!("{label:9} {text}"))
    }

    pub(super) fn summed(&mut self, label: &str, text: impl Display) -> io::Result<()> {
        if label.is_empty() {
            self.prose(SUMMED, 2, text)
        } else {
            self.prose(0, SUMMED, format_args!("{label:SUMMED$}{text}"))
        }
    }

    /// A table side by side if it fits, or one column per line.
    pub(super) fn table(&mut self, indent: usize, side: &Side) -> io::Result<()> {
        self.rows(indent, side, false)
    }

    /// The same, with cells that are wrapped between words if they are `prose`.
    pub(super) fn rows(&mut self, indent: usize, side: &Side, prose: bool) -> io::Result<()> {
        if self.grid(indent, &side.columns, &side.rows)? {
            if side.rows.is_empty() {
                self.line(indent, "(no rows)")?;
            }
            return Ok(());
        }
        let names: Vec<Sanitized> = side.columns.iter().map(Sanitized::of).collect();
        let name = names.iter().map(Sanitized::width).max().unwrap_or(0);
        if side.rows.is_empty() {
            self.prose(indent, 2, format_args!("(no rows of {})", side.columns.join(", ")))?;
        }
        for (at, row) in side.rows.iter().enumerate() {
            let mut indent = indent;
            if side.rows.len() > 1 {
                self.line(indent, format_args!("row {}", at + 1))?;
                indent += 2;
            }
            let room = self.width.saturating_sub(indent + name + 2);
            let cells = row.iter().map(Sanitized::of).zip(&names);
            for (cell, column) in cells {
                if room >= MIN_VALUE {
                    let gap = " ".repeat(name - column.width() + 2);
                    self.labelled(indent, &format!("{column}{gap}"), &cell, prose)?;
                } else if indent + column.width() + 2 + cell.width() <= self.width {
                    self.line(indent, format_args!("{column}: {cell}"))?;
                } else {
                    self.value(indent, "", &Sanitized::of(format_args!("{column}:")))?;
                    self.labelled(indent + 2, "", &cell, prose)?;
                }
            }
        }
        Ok(())
    }

    /// A table side by side. Returns whether it fits; writes nothing if not.
    pub(super) fn grid(
        &mut self,
        indent: usize,
        columns: &[String],
        rows: &[Vec<String>],
    ) -> io::Result<bool> {
        let safe = |cells: &[String]| cells.iter().map(Sanitized::of).collect::<Vec<_>>();
        let mut table = Table::new();
        table
            .load_style(TABLE)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(safe(columns))
            .add_rows(rows.iter().map(|row| safe(row)));
        let widths = table.column_max_content_widths();
        let inner: usize = widths.iter().map(|width| usize::from(*width) + 3).sum();
        // The table counts the width of a column in 16 bits.
        let countable = widths.iter().all(|width| *width < u16::MAX - 3);
        if !countable || indent + inner > self.width + 1 {
            return Ok(false);
        }
        for line in table.lines() {
            self.line(indent, line)?;
        }
        Ok(true)
    }
}

/// Wraps prose into lines of `first` and then `rest` columns, between words if a word fits.
pub fn wrap_prose(text: &str, first: usize, rest: usize) -> Vec<String> {
    wrap(text, first, rest, true)
}

/// Wraps `text` into lines of `first` and then `rest` columns: between words if it is prose and a word fits, anywhere
/// otherwise.
pub(super) fn wrap(text: &str, first: usize, rest: usize, prose: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used, mut room) = (String::new(), 0, first.max(1));
    let words = text.split_inclusive(|c| prose && c == ' ');
    for word in words {
        let width: usize = word.trim_end_matches(' ').chars().map(columns).sum();
        let whole = prose && used > 0 && width <= rest;
        if whole && used + width > room {
            lines.push(std::mem::take(&mut line));
            (used, room) = (0, rest.max(1));
        }
        for c in word.chars() {
            // A blank between words may hang over the end, where it is not seen.
            if used + columns(c) > room && used > 0 && !(prose && c == ' ') {
                lines.push(std::mem::take(&mut line));
                (used, room) = (0, rest.max(1));
            }
            used += columns(c);
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

pub(super) fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}
