//! `chatdb explain CODE` describes an error or the reason of a reject.

use chatdb::diagnostic::did_you_mean;
use chatdb::record::Reason;

use crate::cli::ExplainArgs;
use crate::failure::{Code, Failure};
use crate::{codes, output};

/// What every code begins with.
const PREFIX: &str = "CHATDB-";

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
    let errors = codes::ALL.iter().map(|error| format!("{}  {}\n", error.code, error.title));
    let rejects = Reason::ALL.map(|reason| format!("{}  {}\n", reason.code(), reason.title()));
    errors.chain(rejects).collect()
}

/// The code as it is written, in any letter case, with or without the prefix.
fn one(typed: &str) -> Result<String, Failure> {
    let upper = typed.trim().to_ascii_uppercase();
    let code = match upper.starts_with(PREFIX) {
        true => upper,
        false => format!("{PREFIX}{upper}"),
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
    // A code of the right shape is no slip of the hand, and its neighbour is another error.
    let typed_code = code.trim_start_matches(PREFIX);
    let digits = typed_code.strip_prefix(['E', 'I']);
    let is_code = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let errors = codes::ALL.iter().map(|error| error.code);
    let known = errors.chain(Reason::ALL.map(Reason::code));
    let known = known.map(|code| code.trim_start_matches(PREFIX));
    let nearest = did_you_mean(typed_code, known).filter(|_| !is_code);
    let nearest = nearest.map(|nearest| format!("{PREFIX}{nearest}"));
    let failure = Failure::new(&codes::UNKNOWN_NAME, format!("unknown code `{typed}`"));
    Err(failure.meant(nearest, || "`chatdb explain` lists the codes".to_owned()))
}
