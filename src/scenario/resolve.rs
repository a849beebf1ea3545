//! Checks a draft against the files of its folder, the queries and the scenario that it continues.
//!
//! Checking goes on after the first error; a [`Scenario`] is returned only if there was none.

mod steps;
mod tables;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::draft::{Draft, ObservationDraft, ParameterDraft};
use super::errata;
use super::expected::LINE_COLUMN;
use super::fields::{At, Reader, kind_of, shorten};
use super::lab::{Lab, LabDocument};
use super::library::{Library, Located, is_scenario_name};
use super::{Expected, Layout, Observation, Parameter, Scenario, SqlFile, parameter_kind};
use crate::assets::{self, SCENARIO_FILE};
use crate::diagnostic::Place;
use crate::diagnostic::{Position, Positions, Problem, Problems, count, hint_among};
use crate::document::Printed;
use crate::query::{Query, is_parameter_name};
use crate::sql;
use crate::table::Cell;

/// How many unknown names of a script are listed, so that the work for a script is linear in its length.
const MAX_UNKNOWN: usize = 50;

/// A draft and its environment.
pub(super) struct Resolver<'a> {
    pub(super) library: &'a Library,
    pub(super) located: &'a Located,
    pub(super) reader: &'a Reader<'a>,
    pub(super) draft: &'a Draft,
    /// The continued scenarios, root first; `None` if they cannot be read, so that nothing can be checked against
    /// them.
    pub(super) chain: Option<&'a [Arc<Scenario>]>,
    /// The files and folders in the scenario's folder.
    pub(super) listing: Vec<String>,
    /// Those that are used.
    pub(super) used: BTreeSet<String>,
    /// The queries of the folder, read as needed; `None` for one with errors.
    queries: BTreeMap<String, Option<(SqlFile, Arc<Query>)>>,
    /// The expected files, by the name that checks use; `None` for one with errors.
    pub(super) expected: BTreeMap<String, Option<Table>>,
    /// The scenarios being read, this one last.
    behind: &'a mut Vec<Located>,
    /// The parameters that scripts and queries name.
    named: BTreeSet<String>,
    /// Whether a script or query could not be read, and may name more of them.
    unread: bool,
    /// The document that the scenario cites instead of the support note.
    own_document: Option<Arc<Printed>>,
    /// The lab file of the folder in which the scenario is.
    pub(super) lab: Option<Arc<Lab>>,
}

/// An expected file and its text.
pub(super) struct Table {
    pub(super) table: Expected,
    text: String,
}

/// A file that was read.
pub(super) struct FileText {
    /// The path as the user would open it.
    pub(super) path: String,
    pub(super) text: Cow<'static, str>,
}

impl FileText {
    pub(super) fn into_script(self) -> SqlFile {
        SqlFile { file: self.path, sql: self.text.into_owned(), sentences: Vec::new() }
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        library: &'a Library,
        located: &'a Located,
        reader: &'a Reader<'a>,
        draft: &'a Draft,
        chain: Option<&'a [Arc<Scenario>]>,
        behind: &'a mut Vec<Located>,
    ) -> Self {
        let listing = located.source.files(&located.name).unwrap_or_else(|error| {
            reader.problem(0, error);
            Vec::new()
        });
        Self {
            library,
            located,
            reader,
            draft,
            chain,
            listing,
            used: BTreeSet::from([SCENARIO_FILE.to_owned(), "README.md".to_owned()]),
            queries: BTreeMap::new(),
            expected: BTreeMap::new(),
            behind,
            named: BTreeSet::new(),
            unread: false,
            own_document: None,
            lab: None,
        }
    }

    /// The same, with the lab file of the folder in which the scenario is.
    pub(super) fn in_lab(self, lab: Option<Arc<Lab>>) -> Self {
        Self { lab, ..self }
    }

    /// The scenario without its invalid parts, and the unused scripts. It is valid only if no error was recorded in the
    /// reader.
    pub(super) fn scenario(mut self) -> (Scenario, Vec<SqlFile>) {
        let draft = self.draft;
        self.parameters_keep_their_kind();
        let seeds = draft.seeds.iter().filter_map(|seed| self.script(seed)).collect();
        self.read_document();
        let printed_queries = errata::printed_queries(&mut self);
        self.read_expected_files();
        let errata = errata::apply(&mut self);
        let steps = self.steps();
        self.observations_are_observed();
        self.parameters_are_used();
        let queries = self.own_queries();
        self.files_are_used();
        let unused = self.unused_scripts();
        let scenario = Scenario {
            name: self.located.name.clone(),
            folder: self.located.source.folder(&self.located.name),
            title: draft.title.clone(),
            section: draft.heading.clone(),
            lines: draft.lines.as_ref().map(|lines| lines.value.clone()),
            continues: draft.continues.as_ref().map(|name| name.value.clone()),
            clock: draft.clock,
            parameters: draft.parameters.iter().filter_map(parameter).collect(),
            rules: draft.rules.clone(),
            lab: self.lab.clone(),
            seeds,
            observations: self.observations(),
            steps,
            errata,
            printed_queries,
            notes: draft.notes.clone(),
            queries,
        };
        (scenario, unused)
    }

    /// The unused scripts, which may be due to a `scenario.toml` that cannot be read completely.
    fn unused_scripts(&self) -> Vec<SqlFile> {
        let is_script = |file: &&String| {
            file.ends_with(".sql") && file.starts_with(|c: char| c.is_ascii_digit())
        };
        let unused = self.listing.iter().filter(|file| !self.used.contains(*file));
        unused
            .filter(is_script)
            .filter_map(|file| read_file(self.located, file).ok())
            .map(FileText::into_script)
            .collect()
    }

    pub(super) fn place(&self, at: usize) -> Place {
        Place {
            file: self.located.source.path(&self.located.name, SCENARIO_FILE),
            line: self.reader.position(at).line,
        }
    }

    // Files.

    /// Reads a file of the folder, or, as `NAME/FILE`, of another scenario's folder.
    pub(super) fn file(&mut self, name: &At<String>) -> Option<FileText> {
        let read = match name.value.split_once('/') {
            None => {
                if !self.listing.contains(&name.value) && !name.value.contains('\\') {
                    let known = self.listing.iter().map(String::as_str);
                    let known = known.filter(|file| *file != SCENARIO_FILE);
                    let message = format!("there is no file `{}` in the folder", name.value);
                    let hint = hint_among(&name.value, known);
                    self.reader.hinted(name.at, message, hint);
                    return None;
                }
                self.used.insert(name.value.clone());
                read_file(self.located, &name.value)
            }
            Some((scenario, file)) if !is_scenario_name(scenario) || file.contains('/') => {
                let message = format!("`{}` is not a file of a scenario", shorten(&name.value));
                let hint = "`FILE` of this scenario's folder, or `NAME/FILE` of another's";
                self.reader.hinted(name.at, message, Some(hint.to_owned()));
                return None;
            }
            Some((scenario, file)) => {
                let other = self.library.find(Some(&self.located.source), scenario);
                let Some(other) = other else {
                    let message = format!("unknown scenario `{scenario}`");
                    let hint = hint_among(scenario, self.library.names());
                    self.reader.hinted(name.at, message, hint);
                    return None;
                };
                read_file(&other, file)
            }
        };
        read.map_err(|error| self.reader.problem(name.at, error)).ok()
    }

    /// Reads a script, and checks its text against what is allowed in scripts.
    fn script(&mut self, name: &At<String>) -> Option<SqlFile> {
        let own = !name.value.contains('/');
        if own && !name.value.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("invalid script name `{}`", shorten(&name.value));
            let hint = "a script's name starts with a number, such as `20_`; a query's does not";
            self.reader.hinted(name.at, message, Some(hint.to_owned()));
        }
        let Some(file) = self.file(name) else {
            self.unread = true;
            return None;
        };
        match sql::split(&file.text) {
            Ok(statements) if statements.is_empty() => {
                self.elsewhere(&file, None, "the script has no statement", None);
            }
            Ok(_) => {}
            Err(error) => {
                let at = Position { line: error.line, column: error.column };
                self.elsewhere(&file, Some(at), error.problem.to_string(), None);
            }
        }
        self.parameters_are_declared(&file);
        Some(file.into_script())
    }

    /// Records an error in a file other than `scenario.toml`.
    pub(super) fn elsewhere(
        &self,
        file: &FileText,
        at: Option<Position>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.reader.push(Problem { file: file.path.clone(), at, message: message.into(), hint });
    }

    fn files_are_used(&self) {
        if self.reader.broken() {
            return;
        }
        for file in self.listing.iter().filter(|file| !self.used.contains(*file)) {
            self.reader.push(Problem {
                file: self.located.source.path(&self.located.name, file),
                at: None,
                message: "nothing in the scenario uses this file".to_owned(),
                hint: None,
            });
        }
    }

    // Parameters.

    /// The value of a parameter of this scenario or of one that it continues, the nearest first.
    fn parameter_value(&self, name: &str) -> Option<&Cell> {
        match self.own_parameter(name) {
            Some(own) => own.value.as_ref().map(|value| &value.value),
            None => self.inherited(name),
        }
    }

    fn own_parameter(&self, name: &str) -> Option<&'a ParameterDraft> {
        let mut parameters = self.draft.parameters.iter();
        parameters.find(|own| own.name.value == name)
    }

    fn is_parameter(&self, name: &str) -> bool {
        self.own_parameter(name).is_some() || self.inherited(name).is_some()
    }

    fn inherited(&self, name: &str) -> Option<&'a Cell> {
        let chain = self.chain?.iter().rev();
        let mut parameters = chain.flat_map(|scenario| &scenario.parameters);
        parameters.find(|parameter| parameter.name == name).map(|parameter| &parameter.value)
    }

    fn parameters_keep_their_kind(&self) {
        for own in &self.draft.parameters {
            if let (Some(before), Some(value)) = (self.inherited(&own.name.value), &own.value)
                && parameter_kind(before) != parameter_kind(&value.value)
            {
                let message = format!(
                    "`{}` is {} in a scenario that this one continues, and {} here",
                    own.name.value,
                    kind_of(before),
                    kind_of(&value.value)
                );
                self.reader.problem(value.at, message);
            }
        }
    }

    /// Finds every `@name` in a script that is not a parameter.
    fn parameters_are_declared(&mut self, file: &FileText) {
        let named = sql::named_parameters(&file.text);
        self.named.extend(named.iter().map(|named| named.name.to_owned()));
        if self.chain.is_none() || self.reader.broken() {
            return;
        }
        let positions = Positions::new(&file.text);
        let known = self.parameter_names();
        let unknown: Vec<_> = named
            .into_iter()
            .filter(|named| known.binary_search_by(|own| own.as_str().cmp(named.name)).is_err())
            .collect();
        for (at, named) in unknown.iter().enumerate() {
            if at == MAX_UNKNOWN {
                let more = unknown.len() - at;
                let message = format!("{more} more names are not parameters of the scenario");
                self.elsewhere(file, Some(positions.of(named.offset)), message, None);
                return;
            }
            let message = format!("`@{}` is not a parameter of the scenario", named.name);
            let hint = hint_among(named.name, known.iter().map(String::as_str));
            let hint = hint.or_else(|| Some("declare it under `[parameters]`".to_owned()));
            self.elsewhere(file, Some(positions.of(named.offset)), message, hint);
        }
    }

    /// Finds parameters that no script and no query uses. A scenario that continues nothing may declare them for those
    /// that continue it, and one that overrides a parameter refers to earlier scripts.
    fn parameters_are_used(&self) {
        if self.draft.continues.is_none() || self.chain.is_none() || self.unread {
            return;
        }
        for own in &self.draft.parameters {
            let name = &own.name.value;
            if !self.named.contains(name) && self.inherited(name).is_none() {
                let message = format!("no script and no query uses the parameter `{name}`");
                let hint = format!("use it as `@{name}`, or remove it");
                self.reader.absent(own.name.at, message, Some(hint));
            }
        }
    }

    fn parameter_names(&self) -> Vec<String> {
        let own = self.draft.parameters.iter().map(|own| own.name.value.clone());
        let chain = self.chain.unwrap_or_default().iter();
        let inherited = chain.flat_map(|scenario| &scenario.parameters);
        let mut names: Vec<_> = own.chain(inherited.map(|other| other.name.clone())).collect();
        names.sort();
        names.dedup();
        names
    }

    // Queries.

    /// Finds and reads a query: from the folder, otherwise a built-in one.
    pub(super) fn query(&mut self, name: &At<String>) -> Option<Arc<Query>> {
        let file = format!("{}.sql", name.value);
        if is_parameter_name(&name.value) && self.listing.contains(&file) {
            return self.own_query(name, file);
        }
        match self.library.report(&name.value) {
            Some(query) => self.or_keep(query),
            None => {
                let own = (self.listing.iter())
                    .filter_map(|file| file.strip_suffix(".sql"))
                    .filter(|name| is_parameter_name(name));
                let known: Vec<&str> = own.chain(assets::reports()).collect();
                let message = format!("there is no query `{}`", name.value);
                let hint = hint_among(&name.value, known);
                self.reader.hinted(name.at, message, hint);
                None
            }
        }
    }

    fn own_query(&mut self, name: &At<String>, file: String) -> Option<Arc<Query>> {
        if !self.queries.contains_key(&name.value) {
            let at = name.at;
            let read = self.file(&At { value: file, at }).and_then(|file| {
                let query = Query::read(&name.value, &file.path, &file.text).map(Arc::new);
                Some((file.into_script(), self.or_keep(query)?))
            });
            self.queries.insert(name.value.clone(), read);
        }
        let read = self.queries.get(&name.value)?.as_ref();
        read.map(|(_, query)| query.clone())
    }

    fn or_keep<T>(&self, read: Result<T, Problems>) -> Option<T> {
        let keep =
            |problems: Problems| problems.into_iter().for_each(|problem| self.reader.push(problem));
        read.map_err(keep).ok()
    }

    /// The queries of the folder that are used.
    fn own_queries(&mut self) -> BTreeMap<String, SqlFile> {
        let queries = std::mem::take(&mut self.queries).into_iter();
        queries.filter_map(|(name, read)| Some((name, read?.0))).collect()
    }

    /// Reads the document cited instead of the support note.
    fn read_document(&mut self) {
        let draft = self.draft;
        self.own_document = match &draft.document {
            Some(name) => self.file(name).map(|file| Arc::new(Printed::of(&file.text))),
            None => self.lab_document().map(|own| own.words.clone()),
        };
        self.document_has_the_lines();
    }

    /// The lines that the scenario reproduces are lines of the document, where that could be read.
    fn document_has_the_lines(&self) {
        let is_unread = match &self.draft.document {
            Some(_) => self.own_document.is_none(),
            None => self.lab.as_ref().is_some_and(|lab| lab.document_is_unread),
        };
        let (Some(lines), false) = (&self.draft.lines, is_unread) else {
            return;
        };
        let has = count(self.document().line_count());
        if lines.value.last() > has {
            let message = format!(
                "line {} is cited, but the document has {}",
                lines.value.last(),
                plural(has, "line")
            );
            self.reader.problem(lines.at, message);
        }
    }

    /// The lab's document, unless the scenario has its own.
    fn lab_document(&self) -> Option<&LabDocument> {
        let lab = self.lab.as_ref().filter(|_| self.draft.document.is_none());
        lab?.document.as_ref()
    }

    // Observations.

    /// The observations that checks can name, the lab's last.
    pub(super) fn known_observations(&self) -> Vec<&str> {
        let own = self.draft.observations.iter();
        let own = own.map(|observation| observation.id.value.as_str());
        let of_lab = self.lab_document().into_iter();
        let of_lab = of_lab.flat_map(|document| &document.observations);
        own.chain(of_lab.map(|observation| observation.id.as_str())).collect()
    }

    /// The scenario's observations, and those of the lab that its checks name.
    fn observations(&self) -> Vec<Observation> {
        let own = self.draft.observations.iter();
        let checks = self.draft.steps.iter().flat_map(|step| &step.checks);
        let observed: BTreeSet<&str> =
            checks.flat_map(|check| check.observes.iter().map(|id| id.value.as_str())).collect();
        let of_lab = self.lab_document().into_iter();
        let of_lab = of_lab.flat_map(|document| &document.observations);
        own.filter_map(ObservationDraft::read)
            .chain(of_lab.filter(|own| observed.contains(own.id.as_str())).cloned())
            .collect()
    }

    fn observations_are_observed(&self) {
        let checks = self.draft.steps.iter().flat_map(|step| &step.checks);
        let observed: BTreeSet<_> =
            checks.flat_map(|check| check.observes.iter().map(|id| &id.value)).collect();
        let document = self.lab_document();
        for observation in &self.draft.observations {
            let id = &observation.id.value;
            if let (Some(document), Some(lab)) = (document, &self.lab)
                && document.observations.iter().any(|own| own.id == *id)
            {
                let message = format!("the lab has an observation `{id}`, in {}", lab.file);
                let hint = "give one of them another `id`".to_owned();
                self.reader.hinted(observation.id.at, message, Some(hint));
            }
            if !observed.contains(id) {
                let message = format!("no check observes `{id}`");
                let hint = format!("name it where it is checked: `observes = [\"{id}\"]`");
                self.reader.absent(observation.id.at, message, Some(hint));
            }
        }
    }
}

/// Reads a file of a scenario. The error has no path: it is reported where the file is named.
fn read_file(located: &Located, file: &str) -> Result<FileText, String> {
    let path = located.source.path(&located.name, file);
    match located.source.read(&located.name, file) {
        Ok(text) => Ok(FileText { path, text }),
        Err(error) => Err(format!("`{}`: {}", shorten(file), error.problem)),
    }
}

fn parameter(draft: &ParameterDraft) -> Option<Parameter> {
    Some(Parameter {
        name: draft.name.value.clone(),
        value: draft.value.as_ref()?.value.clone(),
        columns: draft.columns.clone(),
    })
}

fn texts(texts: &[At<String>]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

fn values(with: &[(At<String>, At<Cell>)]) -> Vec<(String, Cell)> {
    with.iter().map(|(name, value)| (name.value.clone(), value.value.clone())).collect()
}

/// The columns of an expected file.
pub(super) fn columns(table: &Expected) -> Vec<&str> {
    match table.layout {
        Layout::Grid => table.header.iter().map(String::as_str).collect(),
        Layout::Lines => vec![LINE_COLUMN],
    }
}

/// How many blank lines a text begins with.
fn blank_lines(text: &str) -> usize {
    text.lines().take_while(|line| line.trim().is_empty()).count()
}

fn plural(n: u32, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
