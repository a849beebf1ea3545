//! What a shell offers while a command line is typed: names of scenarios, checks, findings, thresholds, queries, tables
//! and formats. Called through the completions that `chatdb completions` prints.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use chatdb::import::format::IMPORT_FORMATS;
use chatdb::import::whole;
use chatdb::scenario::Library;
use chatdb::schema::product::PRODUCT;
use chatdb::store::{Store, file_is_ours};
use chatdb::{analysis, assets};

/// Makes a completer of a function that gives every name with its help.
fn of(names: fn() -> Vec<(String, String)>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy().into_owned();
        let fitting = names().into_iter();
        fitting
            .filter(|(name, _)| name.starts_with(&typed))
            .map(|(name, help)| CompletionCandidate::new(name).help(Some(help.into())))
            .collect()
    })
}

pub fn scenarios() -> ArgValueCompleter {
    of(|| {
        let Ok(library) = Library::new(Vec::new()) else {
            return Vec::new();
        };
        let names = library.names();
        let title = |name: &str| library.get(name).map(|scenario| scenario.title.clone());
        names.into_iter().filter_map(|name| Some((name.to_owned(), title(name).ok()?))).collect()
    })
}

/// Checks as `SCENARIO/CHECK`.
pub fn checks() -> ArgValueCompleter {
    of(|| {
        let Ok(library) = Library::new(Vec::new()) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for name in library.names() {
            let Ok(scenario) = library.get(name) else {
                continue;
            };
            for check in scenario.steps.iter().flat_map(|step| &step.checks) {
                let entry = (format!("{name}/{}", check.query), scenario.title.clone());
                if !all.contains(&entry) {
                    all.push(entry);
                }
            }
        }
        all
    })
}

pub fn findings() -> ArgValueCompleter {
    of(|| {
        let all = analysis::findings().into_iter();
        all.map(|finding| (finding.name, finding.title)).collect()
    })
}

/// Documented queries and findings.
pub fn queries() -> ArgValueCompleter {
    of(|| {
        let documented = assets::questions().into_iter();
        documented.map(|name| (name.to_owned(), String::new())).collect()
    })
}

/// Thresholds as `NAME=`.
pub fn thresholds() -> ArgValueCompleter {
    of(|| {
        let mut all: Vec<(String, String)> = Vec::new();
        for finding in analysis::findings() {
            for parameter in &finding.parameters {
                let name = format!("{}=", parameter.name);
                if !all.iter().any(|(known, _)| *known == name) {
                    all.push((name, format!("used by {}", finding.name)));
                }
            }
        }
        all
    })
}

pub fn tables() -> ArgValueCompleter {
    of(|| {
        let all = PRODUCT.iter();
        all.map(|table| (table.name.to_owned(), String::new())).collect()
    })
}

/// Columns of the files and databases that the line names before, else of the product's tables.
pub fn columns() -> ArgValueCompleter {
    of(|| {
        let files = words().into_iter().map(PathBuf::from);
        let mut all: Vec<(String, String)> = Vec::new();
        for file in files.filter(|file| file.is_file()) {
            let from = file.display().to_string();
            for name in columns_of(&file) {
                if !all.iter().any(|(known, _)| *known == name) {
                    all.push((name, from.clone()));
                }
            }
        }
        if all.is_empty() {
            for table in PRODUCT {
                let names = table.columns.iter();
                all.extend(names.map(|(name, _)| ((*name).to_owned(), table.name.to_owned())));
            }
            all.sort();
            all.dedup_by(|one, other| one.0 == other.0);
        }
        all
    })
}

/// The columns of the tables of a database, or of an export.
fn columns_of(file: &Path) -> Vec<String> {
    if !matches!(file_is_ours(file), Ok(true)) {
        return whole::column_names(file);
    }
    let catalog = Store::open_read_only(file).and_then(|store| store.catalog_of_tables());
    let Ok(catalog) = catalog else {
        return Vec::new();
    };
    let tables = catalog.tables().filter(|table| !table.is_view);
    let columns = tables.flat_map(|table| table.columns.iter().flatten());
    columns.map(|(name, _)| name.clone()).collect()
}

/// The words of the line that is completed: the shell hands them over behind `--`.
fn words() -> Vec<OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(2).collect()
}

pub fn input_formats() -> ArgValueCompleter {
    of(|| {
        let all = IMPORT_FORMATS.iter();
        all.map(|format| (format.id.to_owned(), format.title.to_owned())).collect()
    })
}
