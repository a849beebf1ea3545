//! Expected tables: files of the folder, tables of other scenarios, and whether they match the document.

use std::sync::Arc;

use super::{Resolver, Table, blank_lines, parameter, plural, read_file};
use crate::assets::SCENARIO_FILE;
use crate::diagnostic::{Position, Problem, count, hint_among};
use crate::document::{Lines, Printed};
use crate::scenario::accepted;
use crate::scenario::draft::{CheckDraft, ExpectDraft};
use crate::scenario::expected::{line_count, read_expected};
use crate::scenario::fields::{At, shorten};
use crate::scenario::{Basis, Erratum, Expect, Expected, ExpectedState, Layout, Parameter};
use crate::table::Cell;

impl Resolver<'_> {
    /// Reads the tables that checks expect, each once.
    pub(super) fn read_expected_files(&mut self) {
        let draft = self.draft;
        for check in draft.steps.iter().flat_map(|step| &step.checks) {
            let (name, table) = match &check.expect {
                ExpectDraft::File(name) if !self.expected.contains_key(&name.value) => {
                    (name, self.read_table(name))
                }
                ExpectDraft::Recorded(name) if !self.expected.contains_key(&name.value) => {
                    (name, self.recorded(name))
                }
                ExpectDraft::Inline(text) if !self.expected.contains_key(&text.value) => {
                    (text, self.inline(check, text))
                }
                _ => continue,
            };
            self.expected.insert(name.value.clone(), table);
        }
    }

    fn read_table(&mut self, name: &At<String>) -> Option<Table> {
        if let Some((scenario, file)) = name.value.split_once('/') {
            return self.borrow_table(name, scenario, file);
        }
        let file = self.file(name)?;
        let at = 1;
        self.table(&name.value, file.path, &file.text, at)
    }

    /// The table that `chatdb record` writes, or an empty one until it does.
    fn recorded(&mut self, name: &At<String>) -> Option<Table> {
        if self.listing.contains(&name.value) {
            return self.read_table(name);
        }
        let path = self.located.source.path(&self.located.name, &name.value);
        self.table(&name.value, path, "", 1)
    }

    /// A table that is in `scenario.toml`.
    fn inline(&mut self, check: &CheckDraft, text: &At<String>) -> Option<Table> {
        let raw = self.reader.text_from(text.at);
        let quotes = ["\"\"\"", "'''"];
        let opened = quotes.iter().find_map(|quotes| raw.strip_prefix(quotes));
        let below = opened.is_some_and(|raw| raw.starts_with(['\n', '\r']));
        let first = self.reader.position(text.at).line + u32::from(below);
        let path = self.located.source.path(&self.located.name, SCENARIO_FILE);
        self.table(&format!("{}.md", check.id), path, &text.value, first)
    }

    /// Reads the text of a table that begins on this line of its file. A blank text is a table not recorded yet.
    fn table(&mut self, name: &str, path: String, text: &str, first: u32) -> Option<Table> {
        let (pending, rest) = accepted::unmarked(text);
        let read = match rest.trim().is_empty() {
            true => Ok((Layout::Grid, Vec::new(), Vec::new())),
            false => read_expected(name, &rest),
        };
        match read {
            Ok((layout, header, mut rows)) => {
                rows.iter_mut().for_each(|row| row.line += first - 1);
                Some(Table {
                    text: text.to_owned(),
                    table: Expected {
                        file: path,
                        name: name.to_owned(),
                        state: match (header.is_empty() && layout == Layout::Grid, pending) {
                            (true, _) => ExpectedState::Unrecorded,
                            (false, true) => ExpectedState::Pending,
                            (false, false) => ExpectedState::Accepted,
                        },
                        layout,
                        header,
                        header_line: first + count(blank_lines(&rest)),
                        rows,
                        written_with: self.parameter_values(),
                    },
                })
            }
            Err((line, message)) => {
                self.reader.push(Problem {
                    file: path,
                    at: Some(Position { line: line + first - 1, column: 1 }),
                    message,
                    hint: None,
                });
                None
            }
        }
    }

    /// The table that a check expects. Only derived ones can be recorded.
    pub(super) fn table_of(&mut self, draft: &CheckDraft, name: &At<String>) -> Option<Expect> {
        let table = self.expected.get(&name.value)?.as_ref()?;
        let documented =
            matches!(&draft.basis, Some(At { value: Basis::Printed(_) | Basis::Stated(_), .. }));
        if documented && matches!(draft.expect, ExpectDraft::Recorded(_)) {
            // It is said already that something must be expected.
            return None;
        }
        if documented && table.table.state != ExpectedState::Accepted {
            let message = format!("`{}` has no transcribed table", table.table.name);
            let hint = "transcribe what the document has: only what is `derived` can be recorded";
            self.reader.hinted(name.at, message, Some(hint.to_owned()));
            return None;
        }
        if table.table.state != ExpectedState::Unrecorded {
            self.transcription_is_whole(draft, table);
            self.columns_exist(draft, &table.table);
        }
        Some(Expect::Table(table.table.clone()))
    }

    /// The table that a check of another scenario expects, as that scenario reads it.
    fn borrow_table(&mut self, name: &At<String>, scenario: &str, file: &str) -> Option<Table> {
        let owner = self.other(name, scenario)?;
        let tables = || {
            let checks = owner.steps.iter().flat_map(|step| &step.checks);
            checks.filter_map(|check| match &check.expect {
                Expect::Table(table) => Some(table),
                _ => None,
            })
        };
        let Some(table) = tables().find(|table| table.name == file) else {
            let message = format!("no check of `{scenario}` expects a file `{file}`");
            let hint = hint_among(file, tables().map(|table| table.name.as_str()));
            self.reader.hinted(name.at, message, hint);
            return None;
        };
        let mut table = Expected { name: name.value.clone(), ..table.clone() };
        for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
            if let Some(erratum) = &cell.erratum {
                let id = format!("{scenario}/{}", erratum.id);
                cell.erratum = Some(Arc::new(Erratum { id, ..Erratum::clone(erratum) }));
            }
        }
        let text = self
            .library
            .find(Some(&self.located.source), scenario)
            .and_then(|other| read_file(&other, file).ok())
            .map_or_else(String::new, |file| file.text.into_owned());
        Some(Table { table, text })
    }

    /// The values of the parameters that this scenario and those that it continues declare.
    pub(super) fn parameter_values(&self) -> Vec<(String, Cell)> {
        let inherited =
            self.chain.unwrap_or_default().iter().flat_map(|scenario| &scenario.parameters);
        let own = self.draft.parameters.iter().filter_map(parameter);
        let mut values: Vec<(String, Cell)> = Vec::new();
        for Parameter { name, value, .. } in inherited.cloned().chain(own) {
            match values.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => values.push((name, value)),
            }
        }
        values
    }

    pub(super) fn transcription_is_whole(&self, draft: &CheckDraft, table: &Table) {
        if let Some(At { value: Basis::Printed(lines), at }) = &draft.basis {
            self.is_printed(*at, &table.table.name, &table.text, lines);
        }
    }

    /// Checks that a transcription equals the document line by line.
    pub(in crate::scenario) fn is_printed(&self, at: usize, file: &str, text: &str, lines: &Lines) {
        let found = line_count(text);
        if lines.iter().count() != found as usize {
            self.as_many_lines(at, file, found, lines);
            return;
        }
        let own = text.lines().zip(lines.iter());
        let differing = own.zip(1..).find(|((own, line), _)| !self.document().is(*line, own));
        if let Some(((own, line), number)) = differing {
            let message = format!(
                "line {number} of `{file}` is not line {line} of the document: `{}`",
                shorten(own)
            );
            let hint = "transcribe what is printed and correct it with an `[[erratum]]`, or use `stated` or `derived`";
            self.reader.hinted(at, message, Some(hint.to_owned()));
        }
    }

    /// Checks that a value declared as printed occurs in the words of a cited line.
    pub(super) fn value_is_printed(&self, draft: &CheckDraft) {
        let Some(At { value: Basis::Printed(lines), at }) = &draft.basis else {
            return;
        };
        let message = match &draft.expect {
            ExpectDraft::Value(value)
                if !lines.iter().any(|line| self.document().says(line, value)) =>
            {
                format!("`{}` is not printed on {lines}", shorten(value))
            }
            ExpectDraft::Rows(_) => "a number of rows is not printed".to_owned(),
            _ => return,
        };
        let hint = "use `stated` for what the document says in other words, or `derived`";
        self.reader.citation(*at, message, Some(hint.to_owned()));
    }

    /// The document whose lines are cited.
    pub(super) fn document(&self) -> &Printed {
        self.own_document.as_deref().unwrap_or_else(|| Printed::note())
    }

    /// Checks that a transcription has as many lines as are cited, so that each is a line of the document.
    pub(super) fn as_many_lines(&self, at: usize, file: &str, found: u32, lines: &Lines) {
        let cited = lines.iter().count();
        if cited != found as usize {
            let message =
                format!("`{file}` has {}, and `{lines}` cites {cited}", plural(found, "line"));
            let hint = "a transcription has exactly the cited lines, including blank ones";
            self.reader.hinted(at, message, Some(hint.to_owned()));
        }
    }
}
