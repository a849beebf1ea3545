//! `chatdb explain CODE` describes an error or the reason of a reject.

use chatdb::diagnostic::did_you_mean;
use chatdb::record::Reason;
use chatdb::render::Detail;
use chatdb::report::{Listing, Report};

use crate::cli::ExplainArgs;
use crate::failure::{Code, Failure};
use crate::{codes, output};

/// What every code begins with.
const PREFIX: &str = "CHATDB-";

/// Shows one code in full, or all in a line each.
pub fn run(args: &ExplainArgs) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let (listing, detail) = match &args.code {
        None => (all(), Detail::Brief),
        Some(code) => (one(code)?, Detail::Full),
    };
    output::show(&Report::of_listings(vec![listing]), &args.form, detail)?;
    Ok(Code::Success)
}

fn all() -> Listing {
    let errors = codes::ALL.iter().map(|error| [error.code, error.title]);
    let rejects = Reason::ALL.map(|reason| [reason.code(), reason.title()]);
    let rows = errors.chain(rejects).map(|row| row.map(str::to_owned));
    let mut listing = Listing::of_own("Codes", ["code", "title"], rows);
    listing.remarks.push("`chatdb explain CODE` describes one".to_owned());
    listing
}

/// The code as it is written, in any letter case, with or without the prefix.
fn one(typed: &str) -> Result<Listing, Failure> {
    let upper = typed.trim().to_ascii_uppercase();
    let code = match upper.starts_with(PREFIX) {
        true => upper,
        false => format!("{PREFIX}{upper}"),
    };
    let described = |title: &str, facts: [(&str, String); 2]| {
        let facts = facts.map(|(word, text)| [word.to_owned(), text]);
        Listing::of_own(format!("{code}: {title}"), ["word", "text"], facts)
    };
    if let Some(error) = codes::ALL.iter().find(|error| error.code == code) {
        let exit = (error.exit as u8).to_string();
        let facts = [("meaning", error.text.to_owned()), ("exit code", exit)];
        return Ok(described(error.title, facts));
    }
    if let Some(reason) = Reason::ALL.iter().find(|reason| reason.code() == code) {
        let meaning = "The record was not loaded.".to_owned();
        let facts = [("meaning", meaning), ("what to do", reason.advice().to_owned())];
        return Ok(described(reason.title(), facts));
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
