//! Finds scenarios by what somebody sees: words of their titles, observations, steps and checks.
//!
//! A word that is nowhere is left out, and said; what has most of the others is found. So a symptom can be typed as a
//! sentence.

use std::collections::BTreeSet;

use crate::command_line::CommandLine;

use super::{Basis, Check, Expect, Library, Scenario, ScenarioError};

/// What was found, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchResult {
    /// The entries that have most of the words, those whose own text has them first.
    pub entries: Vec<FoundEntry>,
    /// The words that no entry has.
    pub unknown: Vec<String>,
}

/// Something that words were found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEntry {
    /// What it is: `scenario`, `observation`, `step` or `check`.
    pub what: &'static str,
    /// The scenario, and the step or the check behind a slash.
    pub name: String,
    /// What it says, with the cell that has the word where the title does not.
    pub text: String,
    /// The command to run next.
    pub command: CommandLine,
}

/// An entry with all its text in small letters.
struct Entry {
    found: FoundEntry,
    text: String,
    /// Cells that are shown where they have a word that nothing else has.
    cells: Vec<String>,
}

/// Finds what has most of the words. Letter case does not matter, and a word is found at the beginning of another.
///
/// # Errors
/// When a scenario cannot be read.
pub fn search(
    library: &Library,
    names: &[String],
    words: &str,
) -> Result<SearchResult, ScenarioError> {
    let mut entries = Vec::new();
    for name in names {
        let scenario = library.get(name)?;
        of_scenario(library, &scenario, &mut entries)?;
    }
    let words = stems(words);
    let (known, unknown): (Vec<_>, Vec<_>) =
        (words.into_iter()).partition(|word| entries.iter().any(|entry| entry.has(word)));
    let count = |entry: &Entry| known.iter().filter(|word| entry.has(word)).count();
    let most = entries.iter().map(count).max().filter(|most| *most > 0);
    let mut found: Vec<&Entry> =
        entries.iter().filter(|entry| Some(count(entry)) == most).collect();
    // What says it itself comes before what has it in a cell.
    found
        .sort_by_key(|entry| known.iter().filter(|word| !begins_a_word(&entry.text, word)).count());
    Ok(SearchResult { entries: found.iter().map(|entry| entry.shown(&known)).collect(), unknown })
}

/// The words in small letters, without endings that come and go, each once.
fn stems(words: &str) -> BTreeSet<String> {
    let lower = words.to_lowercase().replace('\u{2019}', "'");
    let words = lower.split(|c: char| !c.is_alphanumeric() && !['-', '\''].contains(&c));
    let words = words.map(|word| word.trim_matches(['-', '\'']));
    let stem = |word: &str| {
        let endings = ["'s", "ing", "ed", "s"].iter();
        let cut = endings.filter_map(|ending| word.strip_suffix(ending));
        let cut = cut.into_iter().find(|stem| stem.len() > 3);
        cut.unwrap_or(word).to_owned()
    };
    words.filter(|word| !word.is_empty()).map(stem).collect()
}

/// Whether a text in small letters has a word that begins so.
fn begins_a_word(text: &str, stem: &str) -> bool {
    text.match_indices(stem).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || ['\'', '\u{2019}'].contains(&c))
    })
}

impl Entry {
    fn new(what: &'static str, name: String, text: &str, command: CommandLine) -> Self {
        Self {
            text: text.to_lowercase(),
            cells: Vec::new(),
            found: FoundEntry { what, name, text: text.to_owned(), command },
        }
    }

    fn has(&self, word: &str) -> bool {
        let mut cells = self.cells.iter();
        begins_a_word(&self.text, word)
            || cells.any(|cell| begins_a_word(&cell.to_lowercase(), word))
    }

    /// The entry, with the first cell that has a word that its text has not.
    fn shown(&self, words: &[String]) -> FoundEntry {
        let lower = self.found.text.to_lowercase();
        let hidden = words.iter().filter(|word| !begins_a_word(&lower, word));
        let hidden: Vec<&String> = hidden.collect();
        let has = |cell: &&String| {
            let cell = cell.to_lowercase();
            hidden.iter().any(|word| begins_a_word(&cell, word))
        };
        let mut found = self.found.clone();
        if let Some(cell) = self.cells.iter().find(has) {
            found.text = format!("{}: {cell}", found.text);
        }
        found
    }
}

fn of_scenario(
    library: &Library,
    scenario: &Scenario,
    entries: &mut Vec<Entry>,
) -> Result<(), ScenarioError> {
    let name = &scenario.name;
    let mut whole =
        Entry::new("scenario", name.clone(), &scenario.title, CommandLine::new("show").arg(name));
    whole.cells.extend(scenario.notes.iter().flat_map(|notes| {
        let lines = notes.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty())
    }));
    entries.push(whole);
    for observation in &scenario.observations {
        let of = format!("{name}/{}", observation.id);
        let command = CommandLine::new("replay").arg(name);
        entries.push(Entry::new("observation", of, &observation.says, command));
    }
    for step in &scenario.steps {
        let of = format!("{name}/{}", step.id);
        let command = CommandLine::new("replay").arg(name).option("--until", [&step.id]);
        entries.push(Entry::new("step", of, &step.title, command));
        for check in &step.checks {
            let of = format!("{name}/{}", check.id);
            let query = library.query(scenario, &check.query)?;
            let command = CommandLine::new("why").arg(&of);
            let mut entry = Entry::new("check", of, &query.title, command);
            entry.cells = cells(check);
            entries.push(entry);
        }
    }
    Ok(())
}

/// What a check expects, and why.
fn cells(check: &Check) -> Vec<String> {
    let mut cells = match &check.expect {
        Expect::Value(value) => vec![value.clone()],
        Expect::Rows(_) => Vec::new(),
        Expect::Table(table) => {
            let rows = table.rows.iter().flat_map(|row| &row.cells);
            rows.map(|cell| cell.text.clone()).collect()
        }
    };
    if let Basis::Derived(because) = &check.basis {
        cells.push(because.clone());
    }
    cells
}
