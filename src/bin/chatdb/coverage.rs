//! `chatdb coverage` lists which observations are covered by which checks.

use chatdb::render::Detail;
use chatdb::replay::why::Experiment;
use chatdb::replay::{self, ReplayError};
use chatdb::report::{ExpectationOrigin, Listing, ObservationVerdict, Report};
use chatdb::scenario::Library;
use chatdb::table::{Cell, Column, Kind, ResultTable};

use crate::cli::Coverage;
use crate::failure::{Code, Failure};
use crate::output;
use crate::watch;

/// The checks of a scenario that match although no server stops.
fn without_failure(library: &Library, name: &str) -> Result<Vec<String>, Failure> {
    let scenario = library.get(name)?;
    let mut matching = Vec::new();
    for step in scenario.steps.iter().filter(|step| !step.checks.is_empty()) {
        let experiment = Experiment::new(library, name, &step.id, &watch::guarded(Vec::new()))?;
        let verdicts = experiment.matching_without_failure();
        let verdicts = verdicts.map_err(ReplayError::from)?;
        let checks = step.checks.iter().zip(verdicts);
        matching.extend(
            checks
                .filter(|(_, same)| *same)
                .map(|(check, _)| check.id.clone()),
        );
    }
    Ok(matching)
}

pub fn run(args: &Coverage) -> Result<Code, Failure> {
    output::check(&args.form)?;
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
        "without the failure",
    ];
    let mut table = ResultTable {
        columns: names
            .iter()
            .map(|name| Column::new(*name, Kind::Text))
            .collect(),
        rows: Vec::new(),
    };
    let mut missing = Vec::new();
    let mut staying = 0;
    for run in report
        .runs
        .iter()
        .filter(|run| !run.observations.is_empty())
    {
        let stay = without_failure(&library, &run.scenario)?;
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
            let stays = observation.checks.iter().all(|check| stay.contains(check));
            staying += usize::from(stays);
            let cells = [
                observation.id.as_str(),
                &run.scenario,
                &observation.lines.to_string(),
                &observation.says,
                &observation.checks.join(", "),
                verdict,
                origin,
                if stays { "reproduced too" } else { "differs" },
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
    remarks.push(format!(
        "without the failure: with every stop of a server left out, {} of {all} differ and {staying} are reproduced \
         too, as what goes on working must be",
        all - staying
    ));
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
