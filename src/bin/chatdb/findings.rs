//! `chatdb findings` lists the findings.

use chatdb::analysis;
use chatdb::command_line::CommandLine;
use chatdb::diagnostic::did_you_mean;
use chatdb::query::Query;
use chatdb::render::Detail;
use chatdb::report::{Listing, Report};
use chatdb::table::Cell;

use crate::cli::Findings;
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &Findings) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let all = analysis::findings();
    let listing = match &args.name {
        None => list(&all),
        Some(name) => explained(name, &all)?,
    };
    let detail = match args.name {
        None => Detail::Brief,
        Some(_) => Detail::Full,
    };
    output::show(&Report::of_listings(vec![listing]), &args.form, detail)?;
    Ok(Code::Success)
}

/// `quiet_minutes = 120, outage_from = NULL`
fn thresholds(finding: &Query) -> String {
    let shown = |parameter: &chatdb::query::QueryParameter| {
        let value = parameter.default.clone().unwrap_or(Cell::Null);
        format!("{} = {value}", parameter.name)
    };
    let all: Vec<String> = finding.parameters.iter().map(shown).collect();
    all.join(", ")
}

fn basis(finding: &Query) -> String {
    finding.tag.map_or("", |tag| tag.name()).to_owned()
}

fn list(all: &[Query]) -> Listing {
    let row = |finding: &Query| {
        [
            finding.name.clone(),
            finding.title.clone(),
            basis(finding),
            finding.needs.join(", "),
            thresholds(finding),
        ]
    };
    let names = ["finding", "title", "basis", "needs", "thresholds"];
    let mut listing = Listing::of_own("Findings", names, all.iter().map(row));
    listing.remarks.push(
        "each returns no rows on healthy data; `chatdb findings NAME` explains one, `chatdb sql NAME` \
         prints it for SQL Server"
            .to_owned(),
    );
    listing
}

fn explained(name: &str, all: &[Query]) -> Result<Listing, Failure> {
    let Some(finding) = all.iter().find(|finding| finding.name == name) else {
        let failure = Failure::new(Code::Usage, format!("there is no finding `{name}`"));
        let names = all.iter().map(|finding| finding.name.as_str());
        let list = || "`chatdb findings` lists them".to_owned();
        return Err(failure.meant(did_you_mean(name, names), list));
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let facts = [
        ("meaning", text(&finding.meaning)),
        ("basis", basis(finding)),
        ("source", text(&finding.source)),
        ("needs", finding.needs.join(", ")),
        ("helps", finding.helps.join(", ")),
        ("thresholds", thresholds(finding)),
        ("note", text(&finding.note)),
    ];
    let said = facts.into_iter().filter(|(_, text)| !text.is_empty());
    let said = said.map(|(word, text)| [word.to_owned(), text]);
    let title = format!("{}: {}", finding.name, finding.title);
    let mut listing = Listing::of_own(title, ["word", "text"], said);
    listing.remarks.push(format!("`{}` prints its SQL", CommandLine::new("sql").arg(name)));
    Ok(listing)
}
