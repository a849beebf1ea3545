//! What a shell offers while a command line is typed: names of scenarios, checks, findings, thresholds, queries, tables
//! and formats. Called through the completions that `chatdb completions` prints.

use std::ffi::OsStr;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use chatdb::analysis;
use chatdb::assets;
use chatdb::import::format::FORMS;
use chatdb::render::FORMATS;
use chatdb::scenario::Library;
use chatdb::schema::product::PRODUCT;

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
        names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), title(name).ok()?)))
            .collect()
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
        documented
            .map(|name| (name.to_owned(), String::new()))
            .collect()
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
        all.map(|table| (table.name.to_owned(), String::new()))
            .collect()
    })
}

pub fn formats() -> ArgValueCompleter {
    of(|| {
        let all = FORMATS.iter();
        all.map(|format| (format.name.to_owned(), String::new()))
            .collect()
    })
}

pub fn input_formats() -> ArgValueCompleter {
    of(|| {
        let all = FORMS.iter();
        all.map(|format| (format.id.to_owned(), format.title.to_owned()))
            .collect()
    })
}
