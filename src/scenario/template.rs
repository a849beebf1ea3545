//! The folder that `chatdb new` writes: the example of the format's documentation, under another name.
//!
//! There is only one example, so that the documentation, the tests and what users start from cannot drift
//! apart.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::library::{ScenarioError, is_scenario_name};

/// The page that describes the format of a scenario folder, in Markdown.
pub const FORMAT_PAGE: &str = include_str!("../../docs/scenario-format.md");

/// The name of the scenario that the page shows.
const EXAMPLE: &str = "my_lab_failover";

/// The files of an initial scenario called `name`: the name of each, and its text. It continues the baseline and can be
/// replayed unchanged.
///
/// # Errors
/// If `name` is not a valid scenario name.
pub fn template(name: &str) -> Result<Vec<(String, String)>, ScenarioError> {
    if !is_scenario_name(name) {
        return Err(ScenarioError::NotAName { name: name.to_owned() });
    }
    let folder = format!("{EXAMPLE}/");
    let files = files_of(FORMAT_PAGE).into_iter();
    Ok(files
        .filter_map(|(path, text)| {
            let file = path.strip_prefix(&folder)?.to_owned();
            Some((file, text.replace(EXAMPLE, name)))
        })
        .collect())
}

/// The files shown on a Markdown page, each a fenced block headed with `file=PATH`.
#[must_use]
pub fn files_of(page: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut open: Option<(String, String)> = None;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let mut words = info.split_whitespace();
                let path = words.find_map(|word| word.strip_prefix("file="));
                open = path.map(|path| (path.to_owned(), String::new()));
            }
            Event::Text(more) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&more);
                }
            }
            Event::End(TagEnd::CodeBlock) => files.extend(open.take()),
            _ => {}
        }
    }
    files
}
