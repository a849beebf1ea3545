//! Which files are meant by what was given: a file, a folder, a zip archive, or a pattern such as `*.csv`, which the
//! command interpreters of Windows hand over unexpanded.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use chatdb::command_line::CommandLine;
use chatdb::import::input::archive::{self, Members};
use chatdb::import::input::source::UnpackLimits;
use chatdb::render::own::{BEGINNING, PROPERTIES, is_report};
use chatdb::scenario::{Library, is_scenario_name};

use crate::failure::{Code, Failure};
use crate::output;

/// Files of a folder that are not exports themselves: bcp format files belong to the file beside them, and databases
/// are what exports are loaded into.
const NOT_EXPORTS: [&str; 5] = ["fmt", "sqlite", "db", "sql", "toml"];

/// The files meant, each once, those of a folder or a pattern by name. `-` is standard input. Reports of chatdb are
/// left out, and it is said: what was found in exports must not be taken for another export.
///
/// # Errors
/// Fails when a folder holds no file to read, or a pattern matches none.
pub fn expand(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = Vec::with_capacity(given.len());
    for path in given {
        if let Some(scenario) = scenario_of(path) {
            let message = format!("`{}` is a scenario, not an export", path.display());
            let query = CommandLine::new("query SQL").option("--after", [&scenario]);
            let replay = CommandLine::new("replay").arg(&scenario).flag("--db FILE");
            return Err(Failure::new(Code::Usage, message).hint(format!(
                "`{query}` queries it, and `{replay}` writes its rows into a database"
            )));
        }
        let found = if path.is_dir() {
            of_folder(path)?
        } else if is_pattern(path) && !path.exists() {
            of_pattern(path)?
        } else {
            vec![path.clone()]
        };
        let found = found.into_iter().flat_map(|path| match archive::members(&path) {
            Some(members) => of_archive(&path, &members),
            _ => vec![path],
        });
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    let (reports, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| is_own(file));
    let names = reports.iter().map(|report| format!("`{}`", report.display()));
    match names.collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => output::note(&format!("skipped: {one} is a report of chatdb")),
        all => output::note(&format!("skipped: {} are reports of chatdb", all.join(", "))),
    }
    match (reports.first(), files.is_empty()) {
        (Some(report), true) => {
            let message = format!("`{}` is a report of chatdb, not an export", report.display());
            Err(Failure::new(Code::Environment, message)
                .hint("name the files that you exported, or the folder that they are in"))
        }
        _ => Ok(files),
    }
}

/// The one file meant where there can be but one: the file in a folder or a zip archive that holds no other.
///
/// # Errors
/// Fails when it holds several, or none.
pub fn one(path: &Path) -> Result<PathBuf, Failure> {
    let files = if path.is_dir() {
        of_folder(path)?
    } else {
        match archive::members(path) {
            Some(members) => of_archive(path, &members),
            _ => return Ok(path.to_owned()),
        }
    };
    let [first, others @ ..] = files.as_slice() else {
        return Ok(path.to_owned());
    };
    if others.is_empty() {
        return Ok(first.clone());
    }
    let message = format!("`{}` contains {} files", path.display(), files.len());
    Err(Failure::new(Code::Usage, message)
        .hint(format!("name one of them, such as `{}`", first.display())))
}

/// The scenario that a path means: a folder with its file, or the name of one that is built in, where no file is so
/// called. A step may follow.
fn scenario_of(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    if path.join("scenario.toml").is_file() {
        return Some(text.to_owned());
    }
    let name = text.split('/').next().unwrap_or_default();
    let is_built_in = || Library::new(Vec::new()).is_ok_and(|library| library.is_built_in(name));
    (is_scenario_name(name) && !path.exists() && is_built_in()).then(|| text.to_owned())
}

/// Whether chatdb has written the file as a report. What cannot be read is reported when it is loaded.
fn is_own(file: &Path) -> bool {
    let begin = |file: fs::File| {
        let mut bytes = Vec::new();
        let most = u64::try_from(BEGINNING).unwrap_or(u64::MAX);
        file.take(most).read_to_end(&mut bytes).map(|_| bytes)
    };
    // Nothing else may be opened: a pipe would wait for somebody who writes.
    let Some(beginning) = file.is_file().then(|| fs::File::open(file).and_then(begin)) else {
        return false;
    };
    let Ok(mut beginning) = beginning else {
        return false;
    };
    if beginning.starts_with(b"PK") {
        let properties = archive::open_member(&file.join(PROPERTIES), &UnpackLimits::default());
        match properties.ok().flatten().map(begin) {
            Some(Ok(bytes)) => beginning = bytes,
            _ => return false,
        }
    }
    let stem = file.file_stem().unwrap_or_default();
    is_report(&stem.to_string_lossy(), &beginning)
}

/// The files of a zip archive, as `exports.zip/activity.csv`; the archive itself where no export is in it.
fn of_archive(archive: &Path, members: &Members) -> Vec<PathBuf> {
    for name in &members.outside {
        let archive = archive.display();
        output::note(&format!(
            "skipped: `{name}` in `{archive}`: the name leads out of the archive"
        ));
    }
    let is_shown = |name: &&String| !name.rsplit('/').next().is_some_and(|n| n.starts_with('.'));
    let names = members.names.iter().filter(is_shown).map(|name| archive.join(name));
    let files: Vec<PathBuf> = names.filter(|path| is_export(path)).collect();
    match files.is_empty() {
        true => vec![archive.to_owned()],
        false => files,
    }
}

fn of_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("cannot read the folder `{}`: {error}", folder.display());
        Failure::new(Code::Environment, message)
    };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden && is_export(&path) {
            files.push(path);
        } else if path.is_dir() && !hidden {
            folders.push(path);
        }
    }
    files.sort();
    folders.sort();
    if files.is_empty() {
        let message = format!("the folder `{}` contains no export file", folder.display());
        return Err(Failure::new(Code::Environment, message).hint(match folders.first() {
            Some(inner) => {
                format!("name the folder that they are in, such as `{}`", inner.display())
            }
            None => "name the files, or the folder that they are in".to_owned(),
        }));
    }
    for inner in folders {
        output::note(&format!(
            "skipped: the folder `{}`; name it too if it has exports",
            inner.display()
        ));
    }
    Ok(files)
}

fn is_export(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !ending.is_some_and(|ending| NOT_EXPORTS.contains(&ending.as_str()))
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

fn of_pattern(pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = pattern.to_string_lossy();
    let matches = glob::glob(&text).map_err(|error| {
        Failure::new(Code::Usage, format!("invalid pattern `{text}`: {}", error.msg))
    })?;
    let files: Vec<PathBuf> =
        matches.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    if files.is_empty() {
        return Err(Failure::new(Code::Environment, format!("no file matches `{text}`"))
            .hint("check the folder; patterns do not search subfolders"));
    }
    Ok(files)
}
