//! Finds scenarios by name or path, and reads each at most once, with only those that it continues.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use super::fields::{At, Reader};
use super::lab::{self, LabRead};
use super::resolve::Resolver;
use super::{Scenario, SqlFile, draft};
use crate::assets::{self, AssetError, AssetSource, LAB_FILE, SCENARIO_FILE};
use crate::command_line::CommandLine;
use crate::diagnostic::{Problem, Problems, did_you_mean, hint_among};
use crate::query::Query;

/// The maximum length of a chain of scenarios.
const LONGEST_CHAIN: usize = 32;

/// The scenarios that can be replayed, and the queries that they run.
#[derive(Debug)]
pub struct Library {
    /// In the order in which a name is looked up.
    sources: Vec<AssetSource>,
    names: Vec<String>,
    scenarios: Mutex<BTreeMap<PathBuf, Loaded>>,
    queries: Mutex<BTreeMap<String, Arc<Query>>>,
    /// The lab files that were read, by their paths.
    labs: Mutex<BTreeMap<String, LabRead>>,
    /// Whether a folder may replace a built-in scenario.
    replacing: bool,
}

/// As much of a scenario as can be read, whether or not it has errors.
#[derive(Debug)]
pub struct ExaminedScenario {
    /// Its errors, with those of the scenarios that it continues and of the queries that it runs.
    pub problems: Problems,
    /// The scenarios that it continues, root first, and itself last, without invalid parts; `None` if one that it
    /// continues has errors.
    pub chain: Option<Vec<Arc<Scenario>>>,
    /// The scenario itself, without invalid parts.
    pub scenario: Arc<Scenario>,
    /// Unused scripts of the folder, as far as `scenario.toml` can be read.
    pub unused: Vec<SqlFile>,
}

/// A scenario and those that it continues, root first, itself last.
type Loaded = Arc<[Arc<Scenario>]>;

/// The location of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) source: AssetSource,
    pub(super) name: String,
}

/// Why there is no such scenario, query or parameter.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The name is unknown.
    #[error("unknown scenario `{name}`")]
    UnknownScenario {
        /// The given name.
        name: String,
        /// The likely intended one.
        suggestion: Option<String>,
    },
    /// The text is not a valid scenario name.
    #[error(
        "invalid scenario name `{name}`; expected lower-case letters, digits and `_`, at most 64"
    )]
    NotAName {
        /// The given text.
        name: String,
    },
    /// The path is not that of a scenario.
    #[error("`{path}` is not a scenario folder: it has no `{SCENARIO_FILE}`")]
    NoScenario {
        /// The given path.
        path: String,
    },
    /// A folder or a file cannot be read.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// It has errors.
    #[error(transparent)]
    Invalid(#[from] Problems),
    /// The query is unknown.
    #[error("unknown query `{name}`")]
    UnknownQuery {
        /// The given name.
        name: String,
        /// The likely intended one.
        suggestion: Option<String>,
    },
    /// A value is given for an unknown parameter.
    #[error("`{scenario}` has no parameter `{name}`")]
    UnknownParameter {
        /// The name of the scenario.
        scenario: String,
        /// The given name.
        name: String,
        /// The likely intended one.
        suggestion: Option<String>,
        /// The parameters that it has.
        known: Vec<String>,
    },
    /// A value has the wrong type.
    #[error("expected a whole number for `{name}`, found `{found}`")]
    NotAnInteger {
        /// The name of the parameter.
        name: String,
        /// The given value.
        found: String,
    },
}

impl ScenarioError {
    /// Whether it is about the files of a scenario, not about the command line.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Asset(_))
    }

    /// What to say where the name of a folder was expected; `None` where it is not about a name that is not known.
    #[must_use]
    pub fn no_folder(&self) -> Option<Problem> {
        let Self::UnknownScenario { name, suggestion } = self else {
            return None;
        };
        let hint = match suggestion {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if is_scenario_name(name) => {
                let new = CommandLine::new("new").arg(name);
                Some(format!("`{new}` creates a scenario folder"))
            }
            None => None,
        };
        Some(Problem {
            file: name.clone(),
            at: None,
            message: format!("no such folder: `{name}`"),
            hint,
        })
    }

    /// The likely intended name, for a hint.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::UnknownScenario { suggestion, .. }
            | Self::UnknownQuery { suggestion, .. }
            | Self::UnknownParameter { suggestion, .. } => suggestion.as_deref(),
            _ => None,
        }
    }
}

impl Library {
    /// A library of the folders of `extra`, in that order, and of the built-in scenarios. If two scenarios have the
    /// same name, the first one is used.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn new(extra: Vec<PathBuf>) -> Result<Self, AssetError> {
        let mut sources: Vec<_> = extra.into_iter().map(AssetSource::Folder).collect();
        sources.push(AssetSource::Embedded);
        let mut names: Vec<String> = Vec::new();
        for source in &sources {
            names.extend(source.scenarios()?);
        }
        let mut known = std::collections::BTreeSet::new();
        names.retain(|name| known.insert(name.clone()));
        Ok(Self {
            sources,
            names,
            scenarios: Mutex::default(),
            queries: Mutex::default(),
            labs: Mutex::default(),
            replacing: false,
        })
    }

    /// The same, but a folder may have the name of a built-in scenario, and then replaces it.
    #[must_use]
    pub fn replacing(mut self) -> Self {
        self.replacing = true;
        self
    }

    /// Whether a scenario of this library is built in, with all that it continues: without
    /// [`replacing`](Self::replacing), no other may have its name.
    #[must_use]
    pub fn is_built_in(&self, name: &str) -> bool {
        !self.replacing && AssetSource::Embedded.has(name)
    }

    /// The names of the scenarios, those of the extra folders first.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// The scenario called `name_or_path`, or in the folder at that path, fully
    /// validated.
    ///
    /// # Errors
    /// If there is none, or it or one that it continues has errors.
    pub fn get(&self, name_or_path: &str) -> Result<Arc<Scenario>, ScenarioError> {
        let chain = self.chain(name_or_path)?;
        Ok(chain.last().expect("a chain ends with the scenario itself").clone())
    }

    /// The scenario called `name_or_path` and those that it continues, root first, itself last.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn chain(&self, name_or_path: &str) -> Result<Vec<Arc<Scenario>>, ScenarioError> {
        let located = self.locate(name_or_path)?;
        Ok(self.load(&located, &mut Vec::new())?.to_vec())
    }

    /// The query that the checks of `scenario` call `name`: one from its folder, otherwise a built-in
    /// one.
    ///
    /// # Errors
    /// If there is none, or it has errors.
    pub fn query(&self, scenario: &Scenario, name: &str) -> Result<Arc<Query>, ScenarioError> {
        if let Some(own) = scenario.queries.get(name) {
            let read = || Query::read(name, &own.file, &own.sql);
            return Ok(self.remember_query(&own.file, read)?);
        }
        self.report(name).map(|query| Ok(query?)).unwrap_or_else(|| {
            let known = scenario.queries.keys().map(String::as_str);
            Err(ScenarioError::UnknownQuery {
                name: name.to_owned(),
                suggestion: did_you_mean(name, known.chain(assets::reports())).map(str::to_owned),
            })
        })
    }

    /// The built-in query `name`, or its errors.
    pub(super) fn report(&self, name: &str) -> Option<Result<Arc<Query>, Problems>> {
        let (path, text) = assets::report(name)?;
        Some(self.remember_query(&path, || Query::read(name, &path, text)))
    }

    fn remember_query(
        &self,
        path: &str,
        read: impl FnOnce() -> Result<Query, Problems>,
    ) -> Result<Arc<Query>, Problems> {
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(query) = queries.get(path) {
            return Ok(query.clone());
        }
        let query = Arc::new(read()?);
        queries.insert(path.to_owned(), query.clone());
        Ok(query)
    }

    /// Every error in the scenarios of `names_or_paths`, in those that they continue and in the queries that they run,
    /// as far as can be found without running them. A path may also be that of a folder of scenarios. If empty, all
    /// known scenarios are read.
    #[must_use]
    pub fn validate(&self, names_or_paths: &[String]) -> Problems {
        let mut problems = Vec::new();
        let all = self.names.iter().filter(|_| names_or_paths.is_empty());
        for asked in names_or_paths.iter().chain(all) {
            match self.locate_all(asked) {
                Ok(located) => problems.extend(located.iter().flat_map(|one| {
                    let loaded = self.load(one, &mut Vec::new());
                    loaded.err().map(problems_of).unwrap_or_default()
                })),
                Err(error) => problems.extend(problems_of(error)),
            }
        }
        problems.into_iter().collect()
    }

    /// The scenarios that `name_or_path` refers to, each by its own name or path: a scenario, or all of a folder of
    /// scenarios, in order of name.
    ///
    /// # Errors
    /// When there is none, or the folder cannot be listed.
    pub fn expand(&self, name_or_path: &str) -> Result<Vec<String>, ScenarioError> {
        let located = self.locate_all(name_or_path)?;
        Ok(match located.as_slice() {
            [_] if self.locate(name_or_path).is_ok() => vec![name_or_path.to_owned()],
            more => more.iter().map(|one| one.source.folder(&one.name)).collect(),
        })
    }

    /// The folder of the scenario called `name_or_path`, as messages name it.
    ///
    /// # Errors
    /// When there is none.
    pub fn folder(&self, name_or_path: &str) -> Result<String, ScenarioError> {
        let located = self.locate(name_or_path)?;
        Ok(located.source.folder(&located.name))
    }

    /// Reads as much of the scenario `name_or_path` as possible.
    ///
    /// # Errors
    /// When there is none, or its `scenario.toml` cannot be read.
    pub fn examine(&self, name_or_path: &str) -> Result<ExaminedScenario, ScenarioError> {
        let located = self.locate(name_or_path)?;
        self.read(&located, &mut Vec::new())
    }

    /// The lab file next to the scenarios of a folder.
    fn lab(&self, source: &AssetSource) -> LabRead {
        let mut labs = self.labs.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || lab::read(source);
        labs.entry(source.beside(LAB_FILE)).or_insert_with(read).clone()
    }

    // Finding.

    /// The scenario called `name`: next to the one that refers to it, otherwise in the order of the library.
    pub(super) fn find(&self, beside: Option<&AssetSource>, name: &str) -> Option<Located> {
        beside
            .into_iter()
            .chain(&self.sources)
            .find(|source| source.has(name))
            .map(|source| Located { source: source.clone(), name: name.to_owned() })
    }

    fn locate(&self, name_or_path: &str) -> Result<Located, ScenarioError> {
        if let Some(located) = self.find(None, name_or_path) {
            return Ok(located);
        }
        let path = Path::new(name_or_path);
        let is_path = name_or_path.contains(['/', '\\']) || path.is_dir();
        if !is_path && name_or_path != SCENARIO_FILE {
            return Err(self.unknown(name_or_path));
        }
        let located = Located::at(path);
        located.ok_or_else(|| ScenarioError::NoScenario { path: name_or_path.to_owned() })
    }

    /// Whether a scenario has this name or path, be it with mistakes.
    #[must_use]
    pub fn is_there(&self, name_or_path: &str) -> bool {
        self.locate(name_or_path).is_ok()
    }

    /// The scenario and the step that `SCENARIO[/STEP]` names. What has a scenario file is a scenario, even if it has
    /// mistakes; and what comes before a step is one.
    #[must_use]
    pub fn with_step<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        match text.rsplit_once('/') {
            Some((scenario, step))
                if self.locate(text).is_err() && self.locate(scenario).is_ok() =>
            {
                (scenario, Some(step))
            }
            _ => (text, None),
        }
    }

    fn unknown(&self, name: &str) -> ScenarioError {
        ScenarioError::UnknownScenario {
            name: name.to_owned(),
            suggestion: did_you_mean(name, self.names()).map(str::to_owned),
        }
    }

    /// The scenario with that name or path, or those in the folder at that path.
    fn locate_all(&self, name_or_path: &str) -> Result<Vec<Located>, ScenarioError> {
        let error = match self.locate(name_or_path) {
            Ok(located) => return Ok(vec![located]),
            Err(error) => error,
        };
        let path = Path::new(name_or_path);
        let source = AssetSource::Folder(path.to_owned());
        let names = if path.is_dir() { source.scenarios()? } else { Vec::new() };
        if names.is_empty() {
            return Err(error);
        }
        let located = |name| Located { source: source.clone(), name };
        Ok(names.into_iter().map(located).collect())
    }

    // Reading.

    /// Reads a scenario; `behind` are those that continue it, the first requested one first.
    pub(super) fn load(
        &self,
        located: &Located,
        behind: &mut Vec<Located>,
    ) -> Result<Loaded, ScenarioError> {
        let key = located.key();
        let known = || self.scenarios.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = known().get(&key) {
            return Ok(loaded.clone());
        }
        let examined = self.read(located, behind)?;
        if !examined.problems.is_empty() {
            return Err(examined.problems.into());
        }
        let loaded: Loaded = examined.chain.unwrap_or_default().into();
        known().insert(key, loaded.clone());
        Ok(loaded)
    }

    fn read(
        &self,
        located: &Located,
        behind: &mut Vec<Located>,
    ) -> Result<ExaminedScenario, ScenarioError> {
        let text = located.source.read(&located.name, SCENARIO_FILE)?;
        let file = located.source.path(&located.name, SCENARIO_FILE);
        let reader = Reader::new(&file, &text);
        located.has_a_name(&reader);
        if !self.replacing && located.source.stands_for_built_in(&located.name) {
            reader.push(Problem {
                file: located.source.folder(&located.name),
                at: None,
                message: format!(
                    "`{}` is the name of a different, built-in scenario",
                    located.name
                ),
                hint: Some("rename the folder, or use `--replace-built-in`".to_owned()),
            });
        }
        let (lab, mistakes) = self.lab(&located.source);
        mistakes.into_iter().for_each(|one| reader.push(one));
        let draft = draft::read(&reader, &text, lab.as_deref());
        behind.push(located.clone());
        let before = match &draft.continues {
            None => Some(Loaded::default()),
            Some(name) => self.continued(&reader, located, name, behind),
        };
        let resolver = Resolver::new(self, located, &reader, &draft, before.as_deref(), behind);
        let (scenario, unused) = resolver.in_lab(lab).scenario();
        behind.pop();
        let scenario = Arc::new(scenario);
        let chain = before.map(|before| before.iter().cloned().chain([scenario.clone()]).collect());
        Ok(ExaminedScenario {
            problems: reader.into_problems().into_iter().collect(),
            chain,
            scenario,
            unused,
        })
    }

    /// The scenarios that `name` refers to, root first; `None` if there is an error, which is recorded.
    fn continued(
        &self,
        reader: &Reader<'_>,
        located: &Located,
        name: &At<String>,
        behind: &mut Vec<Located>,
    ) -> Option<Loaded> {
        let Some(other) = self.find(Some(&located.source), &name.value) else {
            let message = format!("unknown scenario `{}`", name.value);
            let hint = hint_among(&name.value, self.names());
            reader.hinted(name.at, message, hint);
            return None;
        };
        if let Some(first) = behind.iter().position(|one| one.key() == other.key()) {
            let names = behind[first..].iter().chain([&other]).map(|one| format!("`{}`", one.name));
            let circle = names.collect::<Vec<_>>().join(", which continues ");
            reader.problem(name.at, format_args!("a scenario cannot continue itself: {circle}"));
            return None;
        }
        if behind.len() >= LONGEST_CHAIN {
            let message =
                format!("the chain of `continues` has more than {LONGEST_CHAIN} scenarios");
            reader.problem(name.at, message);
            return None;
        }
        match self.load(&other, behind) {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                problems_of(error).into_iter().for_each(|problem| reader.push(problem));
                None
            }
        }
    }
}

impl Located {
    /// The scenario in the folder at `path`, or the one that owns the `scenario.toml` at `path`.
    fn at(path: &Path) -> Option<Self> {
        let folder = match path.file_name() {
            Some(name) if name == SCENARIO_FILE => path.parent()?,
            _ => path,
        };
        // `.` and `..` have no name of their own.
        let folder = match folder.file_name() {
            Some(_) => folder.to_owned(),
            None => folder.join(".").canonicalize().ok()?,
        };
        let located = Self {
            name: folder.file_name()?.to_str()?.to_owned(),
            source: AssetSource::Folder(folder.parent()?.to_owned()),
        };
        located.source.has(&located.name).then_some(located)
    }

    /// Identifies a scenario however it was referred to.
    pub(super) fn key(&self) -> PathBuf {
        let folder = PathBuf::from(self.source.folder(&self.name));
        match self.source {
            AssetSource::Embedded => Path::new("embedded:").join(folder),
            AssetSource::Folder(_) => folder.canonicalize().unwrap_or(folder),
        }
    }

    fn has_a_name(&self, reader: &Reader<'_>) {
        if !is_scenario_name(&self.name) {
            reader.push(Problem {
                file: self.source.folder(&self.name),
                at: None,
                message: format!("invalid name for a scenario folder: `{}`", self.name),
                hint: Some("lower-case letters, digits and `_`, at most 64".to_owned()),
            });
        }
    }
}

/// Whether `name` is a valid scenario name: lower-case letters, digits and `_`, at most 64.
#[must_use]
pub fn is_scenario_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// An error as a list of diagnostics, each with a position.
pub(crate) fn problems_of(error: ScenarioError) -> Vec<Problem> {
    match error {
        ScenarioError::Invalid(problems) => problems.into_iter().collect(),
        ScenarioError::Asset(AssetError { path, problem }) => {
            vec![Problem { file: path, at: None, message: problem.to_string(), hint: None }]
        }
        ScenarioError::NoScenario { path } => vec![Problem {
            file: path,
            at: None,
            message: format!("expected a folder with a `{SCENARIO_FILE}`"),
            hint: None,
        }],
        ScenarioError::UnknownScenario { ref name, .. } => vec![Problem {
            file: name.clone(),
            at: None,
            message: error.to_string(),
            hint: error.suggestion().map(|meant| format!("did you mean `{meant}`?")),
        }],
        other => {
            vec![Problem { file: String::new(), at: None, message: other.to_string(), hint: None }]
        }
    }
}
