//! `chatdb validate`

use chatdb::scenario::{Library, ScenarioError};

use crate::cli::Validate;
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &Validate) -> Result<Code, Failure> {
    let paths: Vec<String> = args
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let problems = Library::new(Vec::new())
        .map_err(ScenarioError::from)?
        .validate(&paths);
    if problems.is_empty() {
        let text = match args.paths.as_slice() {
            [path] => format!("{}: no mistakes found\n", path.display()),
            paths => format!("{} paths: no mistakes found\n", paths.len()),
        };
        output::print(text.as_bytes())?;
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
