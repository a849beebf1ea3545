//! `chatdb explain CODE` describes an error or the reason of a reject.

use chatdb::diagnostic::did_you_mean;
use chatdb::record::Reason;

use crate::cli::ExplainArgs;
use crate::codes;
use crate::failure::{Code, Failure};
use crate::output;

/// Prints one code in full, or a line for each.
pub fn run(args: &ExplainArgs) -> Result<Code, Failure> {
    let text = match &args.code {
        None => all(),
        Some(code) => one(code)?,
    };
    output::text(&args.file, &text)?;
    Ok(Code::Success)
}

fn all() -> String {
    let errors = codes::ALL
        .iter()
        .map(|error| format!("{}  {}\n", error.code, error.title));
    let rejects = Reason::ALL.map(|reason| format!("{}  {}\n", reason.code(), reason.title()));
    errors.chain(rejects).collect()
}

/// The code as it is written, in any letter case, with or without the prefix.
fn one(typed: &str) -> Result<String, Failure> {
    let upper = typed.trim().to_ascii_uppercase();
    let code = match upper.starts_with("CHATDB-") {
        true => upper,
        false => format!("CHATDB-{upper}"),
    };
    if let Some(error) = codes::ALL.iter().find(|error| error.code == code) {
        let exit = error.exit as u8;
        return Ok(format!(
            "{}: {}\n\n{}\n\nThe program ends with exit code {exit}.\n",
            error.code, error.title, error.text
        ));
    }
    if let Some(reason) = Reason::ALL.iter().find(|reason| reason.code() == code) {
        return Ok(format!(
            "{}: {}\n\nThe record was not loaded. What to do: {}.\n",
            reason.code(),
            reason.title(),
            reason.advice()
        ));
    }
    let errors = codes::ALL.iter().map(|error| error.code);
    let known: Vec<&str> = errors.chain(Reason::ALL.map(Reason::code)).collect();
    let failure =
        Failure::new(Code::Usage, format!("unknown code `{typed}`")).kind(&codes::UNKNOWN_NAME);
    Err(match did_you_mean(&code, known) {
        Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
        None => failure.hint("`chatdb explain` lists the codes"),
    })
}
