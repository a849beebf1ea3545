//! `chatdb list` lists the scenarios and queries.

use chatdb::render::Detail;
use chatdb::report::{Listing, Report};
use chatdb::table::{Cell, Column, Kind, ResultTable};

use crate::cli::List;
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &List) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let library = output::library(&args.folders)?;
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
        format!("not listed because its files have mistakes: `chatdb validate {folder}` lists them")
    }));
    let listing = Listing {
        title: "Scenarios".to_owned(),
        table,
        remarks,
    };
    let report = Report {
        listings: vec![listing],
        ..Report::new()
    };
    output::show(&report, &args.form, Detail::Brief)?;
    Ok(match invalid.as_slice() {
        [] => Code::Success,
        _ => Code::Usage,
    })
}
