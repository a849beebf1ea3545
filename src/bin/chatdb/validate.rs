//! `chatdb validate` checks the files of scenarios without replaying them.

use std::fs;
use std::path::{Path, PathBuf};

use chatdb::diagnostic::{Problem, Problems};
use chatdb::replay;

use crate::cli::{Folders, Validate};
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &Validate) -> Result<Code, Failure> {
    let paths: Vec<String> = args
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let library = output::library(&Folders {
        scenarios: Vec::new(),
        replace_built_in: args.replace_built_in,
    })?;
    let mut problems: Vec<Problem> = library.validate(&paths).into_iter().collect();
    // SQL is looked at where the scenario around it can be read.
    let scenarios: Vec<PathBuf> = args
        .paths
        .iter()
        .flat_map(|path| scenarios_at(path))
        .collect();
    for path in &scenarios {
        let name = path.display().to_string();
        if library.get(&name).is_ok() {
            problems.extend(replay::sql_mistakes(&library, &name)?);
        }
    }
    let problems: Problems = problems.into_iter().collect();
    if problems.is_empty() {
        let what = match scenarios.as_slice() {
            [one] => one.display().to_string(),
            more => format!("{} scenarios", more.len()),
        };
        output::print(format!("{what}: no mistakes found\n").as_bytes())?;
        return Ok(Code::Success);
    }
    let count = problems.as_slice().len();
    let mut text = String::new();
    for problem in problems {
        for line in problem.to_string().lines() {
            text.push_str(chatdb::render::safe::Safe::of(line).as_str());
            text.push('\n');
        }
    }
    text.push_str(&format!(
        "{count} {}\n",
        if count == 1 { "mistake" } else { "mistakes" }
    ));
    output::print(text.as_bytes())?;
    Ok(Code::Usage)
}

/// The scenario at `path`, or those in the folder at `path`, by name.
fn scenarios_at(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() || path.join("scenario.toml").is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.join("scenario.toml").is_file())
        .collect();
    found.sort();
    found
}
