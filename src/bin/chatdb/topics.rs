//! `chatdb help TOPIC`: the pages of the documentation in the terminal.

/// A page and the name it is asked for by.
struct Topic {
    name: &'static str,
    text: &'static str,
}

/// Embeds pages of `docs/`.
macro_rules! topics {
    ($($name:literal),* $(,)?) => {
        &[$(Topic {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/", $name, ".md")),
        }),*]
    };
}

const PAGES: &[Topic] = topics![
    "exports",
    "findings",
    "model",
    "outage",
    "output",
    "privacy",
    "scenario-format",
    "scenarios",
    "settings",
    "simulate",
    "tsql",
];

/// The page of a topic, or `None` where no page has this name.
pub fn page(name: &str) -> Option<String> {
    if name == "causes" {
        return Some(chatdb::causes::help());
    }
    let name = match name {
        "exit-codes" | "codes" | "json" => "output",
        "formats" => "exports",
        "scenario" => "scenarios",
        "pseudonyms" | "pii" => "privacy",
        name => name,
    };
    let topic = PAGES.iter().find(|topic| topic.name == name)?;
    Some(plain(topic.text))
}

/// The names that [`page`] knows, for the help.
pub fn names() -> String {
    let names = PAGES.iter().map(|topic| topic.name);
    let names: Vec<&str> = ["causes", "exit-codes"].into_iter().chain(names).collect();
    names.join(", ")
}

/// Markdown for the terminal: headings in capitals, blocks of code indented, links by their text.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        match (in_code, line.trim_start_matches('#')) {
            (true, _) => text.push_str(&format!("    {line}")),
            (false, heading) if heading.len() < line.len() && heading.starts_with(' ') => {
                text.push_str(&heading.trim().to_uppercase());
            }
            (false, _) => text.push_str(&without_links(line)),
        }
        text.push('\n');
    }
    text
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
