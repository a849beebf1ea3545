//! Writes HTML. Text goes through [`text`] and nothing else, so data cannot become markup.

use std::fmt::{Arguments, Write as _};

use crate::render::sanitize::Sanitized;
use crate::table::Cell;

/// A document so far.
#[derive(Default)]
pub(super) struct Page {
    pub(super) html: String,
}

impl Page {
    /// Writes our own markup. Anything else goes through [`text`] first.
    pub(super) fn markup(&mut self, markup: Arguments<'_>) {
        self.html.write_fmt(markup).expect("writing to a String does not fail");
    }

    /// An element with one class that contains text; an empty class is omitted.
    pub(super) fn element(&mut self, tag: &str, class: &str, inside: &str) {
        if class.is_empty() {
            self.markup(format_args!("<{tag}>{}</{tag}>\n", words(inside)));
        } else {
            self.markup(format_args!("<{tag} class=\"{class}\">{}</{tag}>\n", words(inside)));
        }
    }

    /// One of our own sentences, in which names between back-ticks are code.
    pub(super) fn prose(&mut self, tag: &str, class: &str, sentence: &str) {
        let parts = sentence.split('`').enumerate();
        let parts: Vec<String> =
            parts.map(|(at, part)| if at % 2 == 1 { code(part) } else { words(part) }).collect();
        self.markup(format_args!("<{tag} class=\"{class}\">{}</{tag}>\n", parts.concat()));
    }

    /// Preformatted lines of text.
    pub(super) fn lines(&mut self, text: &str) {
        let lines: Vec<String> = text.lines().map(self::text).collect();
        self.markup(format_args!("<pre tabindex=\"0\">{}</pre>\n", lines.join("\n")));
    }

    /// A list of sentences; nothing if empty.
    pub(super) fn list(&mut self, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.markup(format_args!("<ul>\n"));
        for item in items {
            self.element("li", "", item);
        }
        self.markup(format_args!("</ul>\n"));
    }

    /// A table in its own scrolling box, so that it never widens the page. Cells are markup. A row with one cell spans
    /// row of one cell takes the whole width, belongs to the row above it, and is printed on the same page.
    pub(super) fn table(&mut self, name: &str, header: &[String], rows: &[Vec<TableCell>]) {
        let name = text(name);
        self.markup(format_args!(
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{name}\"><table>\n<thead><tr>"
        ));
        for (at, name) in header.iter().enumerate() {
            let number = rows.iter().any(|row| row.get(at).is_some_and(|cell| cell.number));
            let class = if number { " class=\"n\"" } else { "" };
            let name = match name.as_str() {
                "" => "<span class=\"null\">(no name)</span>".to_owned(),
                name => text(name).replace('_', "_<wbr>"),
            };
            self.markup(format_args!("<th scope=\"col\"{class}>{name}</th>"));
        }
        self.markup(format_args!("</tr></thead>\n"));
        let goes_on = |row: &Vec<TableCell>| row.len() == 1 && header.len() > 1;
        for group in rows.chunk_by(|_, next| goes_on(next)) {
            let class = if group.len() > 1 { " class=\"group\"" } else { "" };
            self.markup(format_args!("<tbody{class}>\n"));
            self.group(group, header.len());
            self.markup(format_args!("</tbody>"));
        }
        self.markup(format_args!("</table></div>\n"));
    }

    /// Rows of a table of so many columns.
    fn group(&mut self, rows: &[Vec<TableCell>], columns: usize) {
        for row in rows {
            self.markup(format_args!("<tr>"));
            for cell in row {
                let class = match (cell.class, cell.number) {
                    ("", false) => String::new(),
                    ("", true) => " class=\"n\"".to_owned(),
                    (class, false) => format!(" class=\"{class}\""),
                    (class, true) => format!(" class=\"n {class}\""),
                };
                let span = match row.len() {
                    1 if columns > 1 => format!(" colspan=\"{columns}\""),
                    _ => String::new(),
                };
                self.markup(format_args!("<td{class}{span}>{}</td>", cell.html));
            }
            self.markup(format_args!("</tr>\n"));
        }
    }

    /// A collapsible block; `inside` writes its contents.
    pub(super) fn folded(&mut self, open: bool, summary: &str, inside: impl FnOnce(&mut Self)) {
        self.unfolding(open, &text(summary), inside);
    }

    /// The same with markup as its summary.
    pub(super) fn unfolding(&mut self, open: bool, summary: &str, inside: impl FnOnce(&mut Self)) {
        let open = if open { " open" } else { "" };
        self.markup(format_args!("<details{open}><summary>{summary}</summary>\n"));
        inside(self);
        self.markup(format_args!("</details>\n"));
    }
}

/// The CSS class of a cell that does not wrap.
pub(super) const NO_BREAK: &str = "whole";

/// A longer text is a sentence.
const SENTENCE: usize = 30;

/// A cell of a table.
pub(super) struct TableCell {
    pub(super) html: String,
    pub(super) class: &'static str,
    /// Whether it is right-aligned.
    pub(super) number: bool,
}

impl TableCell {
    /// A text cell; a sentence gets a minimum width.
    pub(super) fn text(inside: &str) -> Self {
        Self {
            class: if inside.len() > SENTENCE { "long" } else { "" },
            ..Self::html(words(inside))
        }
    }

    /// A cell of markup.
    pub(super) fn html(html: String) -> Self {
        Self { html, class: "", number: false }
    }

    /// A value: NULL is shown as NULL, which no text can look like.
    pub(super) fn value(value: &Cell) -> Self {
        let cell = match value {
            Cell::Null => Self::html("<span class=\"null\">NULL</span>".to_owned()),
            value => Self::text(&value.to_string()),
        };
        Self {
            number: matches!(value, Cell::Integer(_) | Cell::Real(_) | Cell::Duration(_)),
            ..cell
        }
    }

    /// A coloured label.
    pub(super) fn mark(class: &str, word: &str) -> Self {
        Self::html(mark(class, word))
    }
}

/// A coloured label.
pub(super) fn mark(class: &str, word: &str) -> String {
    format!("<span class=\"mark {class}\">{}</span>", text(word))
}

/// A name in code.
pub(super) fn code(name: &str) -> String {
    format!("<code>{}</code>", words(name))
}

/// A word with hyphens of more letters than this may be broken.
const WHOLE: usize = 32;

/// Data as HTML text in which no date and no option is broken at its hyphens.
pub(super) fn words(data: &str) -> String {
    let words = data.split(' ').map(|word| {
        let is_plain = !word.contains(['<', '>', '&', '\n']);
        if word.contains('-') && (2..=WHOLE).contains(&word.len()) && is_plain {
            format!("<span class=\"{NO_BREAK}\">{}</span>", text(word))
        } else {
            text(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Data as HTML text: invisible characters are shown as in a terminal, and nothing is markup, not even in an attribute.
/// A line break is kept.
pub(super) fn text(data: &str) -> String {
    let lines = data.split('\n').map(|line| {
        let shown = Sanitized::of(line);
        let mut out = String::with_capacity(line.len());
        for c in shown.as_str().chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        out
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A name as a URL fragment.
pub(super) fn anchor(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }
    };
    name.chars().map(plain).collect()
}
