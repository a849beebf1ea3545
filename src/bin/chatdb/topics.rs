//! `chatdb help TOPIC`: the pages of the documentation in the terminal.

use chatdb::render::wrap_prose;
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

/// A page and the name of its topic.
struct Topic {
    name: &'static str,
    text: &'static str,
}

/// Embeds pages of `docs/`, each under the name of its file or of the topic before it.
macro_rules! topics {
    ($($name:literal $(= $file:literal)?),* $(,)?) => {
        &[$(Topic {
            name: $name,
            text: topics!(@text $name $($file)?),
        }),*]
    };
    (@text $name:literal $file:literal) => { topics!(@text $file) };
    (@text $name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/", $name, ".md"))
    };
}

/// The names of commands are taken by their own help.
const PAGES: &[Topic] = topics![
    "comparing" = "diff",
    "explaining" = "explain",
    "exports",
    "findings",
    "model",
    "outage",
    "output",
    "performance",
    "privacy",
    "scenario-format",
    "scenarios",
    "settings",
    "simulate",
    "tsql",
];

/// The page of a topic, in lines of `width` columns, or `None` where no page has this name.
pub fn page(name: &str, width: usize) -> Option<String> {
    if name == "causes" {
        return Some(chatdb::causes::help());
    }
    if matches!(name, "exit-codes" | "codes") {
        let output = PAGES.iter().find(|topic| topic.name == "output")?;
        return Some(plain(section(output.text, "Exit codes"), width));
    }
    let name = match name {
        "json" => "output",
        "formats" => "exports",
        "scenario" => "scenarios",
        "pseudonyms" | "pii" => "privacy",
        name => name,
    };
    let topic = PAGES.iter().find(|topic| topic.name == name)?;
    Some(plain(topic.text, width))
}

/// A section of a page, from its heading to the next one or the last line, which leads on.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let heading = format!("## {heading}\n");
    let from = text.find(&heading).unwrap_or_default();
    let rest = &text[from..];
    let end = rest[heading.len()..].find("\n## ");
    end.map_or(rest, |end| &rest[..heading.len() + end])
}

/// The topic of the page about a command whose own name `chatdb help` takes for the command.
pub fn of_command(name: &str) -> Option<&'static str> {
    match name {
        "diff" => Some("comparing"),
        "replay" | "report" | "show" => Some("explaining"),
        "analyze" => Some("outage"),
        "query" | "sql" => Some("tsql"),
        "import" => Some("exports"),
        "validate" | "record" | "review" | "new" => Some("scenarios"),
        "coverage" | "rules" | "why" => Some("model"),
        "config" => Some("settings"),
        "schema" => Some("output"),
        _ => None,
    }
}

/// The names that [`page`] knows, for the help.
pub fn names() -> String {
    let names = PAGES.iter().map(|topic| topic.name);
    let names: Vec<&str> = ["causes", "exit-codes"].into_iter().chain(names).collect();
    names.join(", ")
}

/// A line below the heading, and nothing else.
const RULED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-'));

/// Pages are no wider than this, so that lines can be read.
const WIDEST: usize = 100;

/// Markdown for the terminal: headings in capitals, blocks of code indented and as they are, paragraphs and tables
/// fitted to `width` columns, links by their text.
fn plain(markdown: &str, width: usize) -> String {
    let mut page = PlainPage {
        width: width.min(WIDEST),
        text: String::new(),
        paragraph: String::new(),
        table: Vec::new(),
    };
    let mut in_code = false;
    for line in markdown.lines() {
        let item = line.trim_start();
        if line.starts_with("```") {
            page.flush();
            in_code = !in_code;
        } else if in_code {
            page.line(&format!("    {line}"));
        } else if item.starts_with('|') {
            let cells = item.trim_matches('|').split(" | ").map(|cell| without_links(cell.trim()));
            page.table.push(cells.collect());
        } else {
            let heading = line.trim_start_matches('#');
            if heading.len() < line.len() && heading.starts_with(' ') {
                page.flush();
                page.line(&heading.trim().to_uppercase());
            } else if item.is_empty() {
                page.flush();
                page.line("");
            } else {
                if begins_item(item) {
                    page.flush();
                }
                let gap = if page.paragraph.is_empty() { "" } else { " " };
                page.paragraph.push_str(gap);
                page.paragraph.push_str(&without_links(item));
            }
        }
    }
    page.flush();
    page.text
}

/// Whether a line begins an item of a list.
fn begins_item(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("- ") || (number.len() < line.len() && number.starts_with(". "))
}

/// A page of help on its way to plain text.
struct PlainPage {
    width: usize,
    text: String,
    /// Lines of one paragraph or item, joined.
    paragraph: String,
    /// Rows of one table, with its heading and the line of dashes.
    table: Vec<Vec<String>>,
}

impl PlainPage {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Ends the paragraph and the table.
    fn flush(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph).replace("**", "");
        if !paragraph.is_empty() {
            let indent = match begins_item(&paragraph) {
                true => paragraph.find(' ').map_or(0, |at| at + 1),
                false => 0,
            };
            let lines = wrap_prose(&paragraph, self.width, self.width - indent);
            for (at, line) in lines.iter().enumerate() {
                let indent = if at == 0 { 0 } else { indent };
                self.line(&format!("{}{line}", " ".repeat(indent)));
            }
        }
        let mut rows = std::mem::take(&mut self.table);
        if rows.len() > 1 {
            rows.remove(1);
        }
        if let Some((header, entries)) = rows.split_first() {
            let mut table = Table::new();
            table
                .load_style(RULED)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(u16::try_from(self.width).unwrap_or(u16::MAX))
                .set_header(header)
                .add_rows(entries);
            // Words stay whole where they can; the blanks on either side count as well.
            let longest = |at: usize| {
                let cells = rows.iter().filter_map(|row: &Vec<String>| row.get(at));
                let words = cells.flat_map(|cell| cell.split(' '));
                words.map(str::len).max().unwrap_or(0) + 2
            };
            let fit = (0..header.len()).map(longest).sum::<usize>() <= self.width;
            for (at, column) in table.column_iter_mut().enumerate() {
                let most = if fit { self.width } else { self.width / 2 + 2 };
                let word = longest(at).min(most);
                let word = u16::try_from(word).unwrap_or(u16::MAX);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(word)));
            }
            for line in table.lines() {
                self.line(&line);
            }
        }
    }
}

/// `[text](target)` becomes `text`, and a link to another page the topic's name.
fn without_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        match after
            .split_once("](")
            .and_then(|(label, tail)| Some((label, tail.split_once(')')?.1)))
        {
            Some((label, tail)) if !label.contains(['[', ']']) => {
                text.push_str(label);
                rest = tail;
            }
            _ => {
                text.push('[');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}
