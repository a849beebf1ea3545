//! Where scenarios and queries are read from: compiled into the program, or a folder instead.
//!
//! Reading is careful, because a folder may come from anybody: nothing outside the scenario's own folder is
//! opened, nothing but plain files, and nothing large. This module does not know what the files mean.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Every file of `seeds/` and `reports/`, by path, sorted.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What each scenario's replay leaves for the findings to see, as a test keeps it.
pub(crate) const SIGNATURES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/reports/signatures.csv"));

/// The interpretations that decide each check of the scenarios that are compiled in, as a test keeps them.
pub(crate) const BASIS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/reports/basis.csv"));

const SEEDS: &str = "seeds";
const REPORTS: &str = "reports";
const FINDINGS: &str = "reports/findings";

/// The file that makes a folder a scenario.
pub const SCENARIO_FILE: &str = "scenario.toml";

/// The file that says what holds for all scenarios of a folder of scenarios.
pub const LAB_FILE: &str = "lab.toml";

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// A place that holds scenario folders.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssetSource {
    /// The scenarios compiled into the program.
    Embedded,
    /// A folder on disk.
    Folder(PathBuf),
}

/// Why a file cannot be read. The path is apart from the reason, so that it can head a message.
#[derive(Debug, Error)]
#[error("{path}: {problem}")]
pub struct AssetError {
    /// The path as the user would open it.
    pub path: String,
    /// What is wrong with it.
    pub problem: AssetProblem,
}

/// What keeps a file from being read.
#[derive(Debug, Error)]
pub enum AssetProblem {
    /// Nothing is there.
    #[error("no such file")]
    Missing,
    /// A folder, a pipe, a device.
    #[error("expected a file, found {0}")]
    NotAFile(&'static str),
    /// Something else than a folder, where one is needed.
    #[error("expected a folder")]
    NotAFolder,
    /// The name holds a separator, or is not a name at all.
    #[error("expected the name of a file in this folder")]
    NotAName,
    /// A link to somewhere else.
    #[error("is a link to a file outside its folder, which is not followed")]
    Outside,
    /// Larger than [`LARGEST_FILE`].
    #[error("larger than {} MiB", LARGEST_FILE / 1024 / 1024)]
    TooLarge,
    /// Bytes that are no text.
    #[error("not UTF-8: invalid sequence at byte {offset}")]
    NotUtf8 {
        /// The first byte that is wrong, from 0.
        offset: usize,
    },
    /// The system refused.
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

impl AssetSource {
    /// The names of the scenarios: of the folders that hold a `scenario.toml`, sorted.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn scenarios(&self) -> Result<Vec<String>, AssetError> {
        let Self::Folder(root) = self else {
            return Ok(embedded_scenarios().map(str::to_owned).collect());
        };
        let mut names = list(root)?;
        names.retain(|name| self.has(name));
        Ok(names)
    }

    /// Whether it holds a scenario called `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Embedded => embedded(&self.path(name, SCENARIO_FILE)).is_some(),
            Self::Folder(root) => is_name(name) && root.join(name).join(SCENARIO_FILE).is_file(),
        }
    }

    /// Whether a folder has a scenario of the name of one that is compiled in, and other files.
    #[must_use]
    pub fn stands_for_built_in(&self, name: &str) -> bool {
        if matches!(self, Self::Embedded) || !Self::Embedded.has(name) {
            return false;
        }
        let files = |source: &Self| source.files(name).unwrap_or_default();
        let same = |file: &String| {
            let (own, built_in) = (self.read(name, file), Self::Embedded.read(name, file));
            matches!((own, built_in), (Ok(own), Ok(built_in)) if own == built_in)
        };
        let own = files(self);
        own != files(&Self::Embedded) || !own.iter().all(same)
    }

    /// The names of the files and folders in a scenario's folder, sorted; hidden ones are left out.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn files(&self, scenario: &str) -> Result<Vec<String>, AssetError> {
        match self {
            Self::Embedded => Ok(embedded_in(&self.folder(scenario)).map(str::to_owned).collect()),
            Self::Folder(root) => list(&root.join(scenario)),
        }
    }

    /// The text of a file of a scenario, without a byte order mark.
    ///
    /// # Errors
    /// When it is not a file of that folder, is too large, is not UTF-8, or the system refuses.
    pub fn read(&self, scenario: &str, file: &str) -> Result<Cow<'static, str>, AssetError> {
        let error = |problem| AssetError { path: self.path(scenario, file), problem };
        if !is_name(scenario) || !is_name(file) {
            return Err(error(AssetProblem::NotAName));
        }
        match self {
            Self::Embedded => embedded(&self.path(scenario, file))
                .map(Cow::Borrowed)
                .ok_or_else(|| error(AssetProblem::Missing)),
            Self::Folder(root) => read_inside(root, scenario, file).map(Cow::Owned).map_err(error),
        }
    }

    /// The text of a file that is beside the scenarios' folders; `None` where there is none.
    #[must_use]
    pub fn read_beside(&self, file: &str) -> Option<Result<String, AssetError>> {
        let Self::Folder(root) = self else {
            return None;
        };
        let read = match is_name(file) {
            true => read_in(root, file),
            false => Err(AssetProblem::NotAName),
        };
        match read {
            Err(AssetProblem::Missing) => None,
            read => Some(read.map_err(|problem| AssetError { path: self.beside(file), problem })),
        }
    }

    /// A file beside the scenarios' folders, as the user would open it.
    #[must_use]
    pub fn beside(&self, file: &str) -> String {
        match self {
            Self::Embedded => format!("{SEEDS}/{file}"),
            Self::Folder(root) => root.join(file).display().to_string(),
        }
    }

    /// A scenario's folder, as the user would open it.
    #[must_use]
    pub fn folder(&self, scenario: &str) -> String {
        match self {
            Self::Embedded => format!("{SEEDS}/{scenario}"),
            Self::Folder(root) => root.join(scenario).display().to_string(),
        }
    }

    /// A file of a scenario, as the user would open it; for what is compiled in, its path in the project.
    #[must_use]
    pub fn path(&self, scenario: &str, file: &str) -> String {
        match self {
            Self::Embedded => format!("{SEEDS}/{scenario}/{file}"),
            Self::Folder(root) => root.join(scenario).join(file).display().to_string(),
        }
    }
}

/// The names of the queries compiled in, sorted.
#[must_use]
pub fn reports() -> Vec<&'static str> {
    let files = embedded_in(REPORTS);
    files.filter_map(|file| file.strip_suffix(".sql")).collect()
}

/// The path and text of the query `name` that is compiled in.
#[must_use]
pub fn report(name: &str) -> Option<(String, &'static str)> {
    let path = format!("{REPORTS}/{name}.sql");
    is_name(name).then(|| embedded(&path)).flatten().map(|text| (path, text))
}

/// The names of the findings compiled in, sorted.
#[must_use]
pub fn findings() -> Vec<&'static str> {
    let files = embedded_in(FINDINGS);
    files.filter_map(|file| file.strip_suffix(".sql")).collect()
}

/// The path and text of the finding `name` that is compiled in.
#[must_use]
pub fn finding(name: &str) -> Option<(String, &'static str)> {
    let path = format!("{FINDINGS}/{name}.sql");
    is_name(name).then(|| embedded(&path)).flatten().map(|text| (path, text))
}

/// The path and text of what is compiled in as `name`, be it a query or a finding.
#[must_use]
pub fn question(name: &str) -> Option<(String, &'static str)> {
    report(name).or_else(|| finding(name))
}

/// The names of the queries and findings compiled in: first those, then these.
#[must_use]
pub fn questions() -> Vec<&'static str> {
    let mut names = reports();
    names.extend(findings());
    names
}

/// Whether a path, as a [`Place`](crate::diagnostic::Place) has it, is that of a file compiled into the program.
#[must_use]
pub fn is_built_in(path: &str) -> bool {
    embedded(path).is_some()
}

fn embedded(path: &str) -> Option<&'static str> {
    let at = FILES.binary_search_by(|(file, _)| (*file).cmp(path)).ok()?;
    Some(FILES[at].1.trim_start_matches('\u{feff}'))
}

/// The files that stand in `folder` itself, without the folder.
fn embedded_in(folder: &str) -> impl Iterator<Item = &'static str> + Clone {
    let prefix = format!("{folder}/");
    let first = FILES.partition_point(|(file, _)| *file < prefix.as_str());
    FILES[first..]
        .iter()
        .map_while(move |(file, _)| file.strip_prefix(prefix.as_str()))
        .filter(|file| !file.contains('/'))
}

fn embedded_scenarios() -> impl Iterator<Item = &'static str> {
    FILES.iter().filter_map(|(file, _)| {
        let (scenario, file) = file.strip_prefix(SEEDS)?.strip_prefix('/')?.split_once('/')?;
        (file == SCENARIO_FILE).then_some(scenario)
    })
}

/// Whether `text` names something that stands directly in a folder, on every system: no separator, no drive or
/// stream, no device.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or("").trim_end();
    let device = DEVICES.iter().any(|name| name.eq_ignore_ascii_case(stem))
        || ["com", "lpt"].iter().any(|port| {
            let head = stem.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(port));
            head && stem[3..].chars().count() == 1
                && !stem.ends_with(|c: char| c.is_ascii_alphabetic())
        });
    let plain = |c: char| !matches!(c, '/' | '\\' | ':') && !c.is_control();
    !matches!(text, "" | "." | "..")
        && text.len() <= LONGEST_NAME
        && text.chars().all(plain)
        && !text.ends_with(['.', ' '])
        && !device
}

/// Names that stand for a device on Windows, whatever follows a dot after them.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Bytes of a file's name.
const LONGEST_NAME: usize = 255;

fn list(folder: &Path) -> Result<Vec<String>, AssetError> {
    let error = |source: io::Error| AssetError {
        path: folder.display().to_string(),
        problem: match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AssetProblem::NotAFolder,
            _ => AssetProblem::Io(source),
        },
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let name = entry.map_err(error)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn unread(source: io::Error) -> AssetProblem {
    match source.kind() {
        io::ErrorKind::NotFound => AssetProblem::Missing,
        _ => AssetProblem::Io(source),
    }
}

/// A folder by a path that may be empty, which is the folder in which the program runs.
fn resolved(root: &Path) -> Result<PathBuf, AssetProblem> {
    let root = match root.as_os_str().is_empty() {
        true => Path::new("."),
        false => root,
    };
    fs::canonicalize(root).map_err(unread)
}

fn read_inside(root: &Path, scenario: &str, file: &str) -> Result<String, AssetProblem> {
    let root = resolved(root)?;
    let folder = fs::canonicalize(root.join(scenario)).map_err(unread)?;
    if folder.parent() != Some(&root) {
        return Err(AssetProblem::Outside);
    }
    read_in(&folder, file)
}

fn read_in(folder: &Path, file: &str) -> Result<String, AssetProblem> {
    let folder = resolved(folder)?;
    let path = fs::canonicalize(folder.join(file)).map_err(unread)?;
    if !path.starts_with(&folder) {
        return Err(AssetProblem::Outside);
    }
    // Asked before opening: opening a pipe would wait for somebody to write into it.
    let kind = fs::metadata(&path).map_err(unread)?;
    if kind.is_dir() {
        return Err(AssetProblem::NotAFile("a folder"));
    }
    if !kind.is_file() {
        return Err(AssetProblem::NotAFile("something else"));
    }
    read_text(File::open(&path).map_err(unread)?)
}

fn read_text(file: File) -> Result<String, AssetProblem> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file of exactly that size from a larger one.
    let read = file.take(LARGEST_FILE + 1).read_to_end(&mut bytes);
    if read.map_err(AssetProblem::Io)? as u64 > LARGEST_FILE {
        return Err(AssetProblem::TooLarge);
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| AssetProblem::NotUtf8 { offset: error.utf8_error().valid_up_to() })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}
