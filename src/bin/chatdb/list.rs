//! `chatdb list` lists the scenarios, and finds them by what somebody sees.

use chatdb::command_line::CommandLine;
use chatdb::render::Detail;
use chatdb::report::{Listing, Report};
use chatdb::scenario::{FoundEntry, Library, search};
use chatdb::table::{Cell, Column, Kind, ResultTable};

use crate::cli::List;
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &List) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let library = output::library(&args.folders)?;
    if let Some(words) = &args.search {
        return found(&library, words, args);
    }
    let mut table = ResultTable {
        columns: vec![
            Column::new("scenario", Kind::Text),
            Column::new("title", Kind::Text),
            Column::new("lines", Kind::Text),
            Column::new("continues", Kind::Text),
            Column::new("steps", Kind::Integer),
            Column::new("checks", Kind::Integer),
        ],
        rows: Vec::new(),
    };
    let text = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
    let count = |n: usize| Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let mut invalid = Vec::new();
    for name in output::every(&library)? {
        let scenario = match library.get(&name) {
            Ok(scenario) => scenario,
            Err(error) if error.is_of_files() => {
                invalid.push(library.folder(&name)?);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        table.rows.push(vec![
            Cell::Text(scenario.name.clone()),
            Cell::Text(scenario.title.clone()),
            text(scenario.lines.as_ref().map(ToString::to_string)),
            text(scenario.continues.clone()),
            count(scenario.steps.len()),
            count(scenario.steps.iter().map(|step| step.checks.len()).sum()),
        ]);
    }
    let mut remarks =
        vec!["`chatdb replay SCENARIO` runs one, `chatdb show SCENARIO` explains it".to_owned()];
    remarks.extend(invalid.iter().map(|folder| {
        let validate = CommandLine::new("validate").arg(folder);
        format!("not listed because its files have mistakes: `{validate}` lists them")
    }));
    let listing = Listing { title: "Scenarios".to_owned(), table, remarks };
    output::show(&Report::of_listings(vec![listing]), &args.form, Detail::Brief)?;
    Ok(match invalid.as_slice() {
        [] => Code::Success,
        _ => Code::Usage,
    })
}

/// Lists what has the words of a symptom, each with the command to run next.
fn found(library: &Library, words: &str, args: &List) -> Result<Code, Failure> {
    if !words.contains(char::is_alphanumeric) {
        let failure = Failure::new(Code::Usage, "`--search` is given no word");
        return Err(failure.hint("name what is seen: `chatdb list --search \"buttons grey\"`"));
    }
    let mut valid = Vec::new();
    for name in output::every(library)? {
        match library.get(&name) {
            Err(error) if error.is_of_files() => {}
            Err(error) => return Err(error.into()),
            Ok(_) => valid.push(name),
        }
    }
    let result = search(library, &valid, words)?;
    let folders = output::folder_words(&args.folders);
    let row = |entry: &FoundEntry| {
        let command = entry.command.clone().args(&folders).to_string();
        let cells = [&command, &entry.text, entry.what, &entry.name];
        cells.map(|text| Cell::Text(text.to_owned())).to_vec()
    };
    let mut remarks = Vec::new();
    if result.entries.is_empty() {
        remarks.push(
            "nothing was found: use fewer or other words, such as `session`, `lost`, `buttons` or `red square`; \
             `chatdb list` lists the scenarios"
                .to_owned(),
        );
    } else if !result.unknown.is_empty() {
        let unknown: Vec<String> = result.unknown.iter().map(|word| format!("`{word}`")).collect();
        remarks.push(format!("no scenario contains {}: ignored", unknown.join(" or ")));
    }
    // The command is never shortened, and the text gets the rest of the line.
    let names = ["next", "text", "what", "name"];
    let listing = Listing {
        title: format!("Scenarios with: {words}"),
        table: ResultTable::of_texts(names, result.entries.iter().map(row)),
        remarks,
    };
    output::show(&Report::of_listings(vec![listing]), &args.form, Detail::Brief)?;
    Ok(Code::Success)
}
