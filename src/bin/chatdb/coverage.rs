//! `chatdb coverage` lists which observations are covered by which checks.

use chatdb::render::Detail;
use chatdb::replay;
use chatdb::report::{ExpectationOrigin, Listing, ObservationVerdict, Report};
use chatdb::table::{Cell, Column, Kind, ResultTable};

use crate::cli::Coverage;
use crate::failure::{Code, Failure};
use crate::output;
use crate::watch;

pub fn run(args: &Coverage) -> Result<Code, Failure> {
    output::format(&args.form.format)?;
    let library = output::library(&args.folders)?;
    let (report, _) = replay::replay(
        &library,
        &output::every(&library)?,
        &watch::guarded(Vec::new()),
    )?;
    let names = [
        "observation",
        "scenario",
        "lines",
        "statement",
        "checks",
        "verdict",
        "origin",
    ];
    let mut table = ResultTable {
        columns: names
            .iter()
            .map(|name| Column::new(*name, Kind::Text))
            .collect(),
        rows: Vec::new(),
    };
    let mut missing = Vec::new();
    for run in &report.runs {
        for observation in &run.observations {
            let verdict = match observation.verdict {
                ObservationVerdict::Reproduced => "reproduced",
                ObservationVerdict::Differs => "differs",
                ObservationVerdict::NotCovered => "not covered",
                ObservationVerdict::NotReached => "not reached",
            };
            if observation.verdict != ObservationVerdict::Reproduced {
                missing.push(observation.id.clone());
            }
            let origin = match observation.origin {
                Some(ExpectationOrigin::Printed) => "printed",
                Some(ExpectationOrigin::Stated) => "stated",
                Some(ExpectationOrigin::Derived) => "derived",
                None => "",
            };
            let cells = [
                observation.id.as_str(),
                &run.scenario,
                &observation.lines.to_string(),
                &observation.says,
                &observation.checks.join(", "),
                verdict,
                origin,
            ];
            table.rows.push(
                cells
                    .iter()
                    .map(|cell| Cell::Text((*cell).to_owned()))
                    .collect(),
            );
        }
    }
    let all = table.rows.len();
    let mut remarks = vec![format!(
        "{} of {all} observations reproduced",
        all - missing.len()
    )];
    if missing.is_empty() {
        remarks.push(
            "printed: held against what the document prints; stated: against its words; derived: \
             at least one of its checks expects what follows without being said"
                .to_owned(),
        );
    } else {
        remarks.push(format!("not reproduced: {}", missing.join(", ")));
    }
    let holds = missing.is_empty();
    let listing = Listing {
        title: "Statements of the document".to_owned(),
        table,
        remarks,
    };
    output::show(
        &Report {
            listings: vec![listing],
            ..Report::new()
        },
        &args.form,
        Detail::Full,
    )?;
    Ok(if holds { Code::Success } else { Code::Differs })
}
