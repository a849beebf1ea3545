//! `chatdb coverage` lists which checks cover each observation, or which scenarios exports do not distinguish.

use chatdb::render::Detail;
use chatdb::replay::why::Experiment;
use chatdb::replay::{self, ReplayError};
use chatdb::report::{ExpectationOrigin, Listing, ObservationRun, ObservationVerdict, Report};
use chatdb::scenario::{Lab, Library};
use chatdb::signature::{self, ScenarioGroup, SignatureError};
use chatdb::table::{Cell, ResultTable};

use crate::cli::Coverage;
use crate::failure::{Code, Failure};
use crate::{output, watch};

impl From<SignatureError> for Failure {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Replay(error) => error.into(),
            SignatureError::Analysis(error) => error.into(),
            SignatureError::Store(error) => error.into(),
        }
    }
}

const COLUMNS: [&str; 8] = [
    "observation",
    "lines",
    "verdict",
    "origin",
    "statement",
    "without the failure",
    "checks",
    "scenario",
];

/// An observation, and the verdicts of the scenarios that cover it.
struct Covered {
    observation: ObservationRun,
    scenarios: Vec<String>,
    /// Whether every check that covers it matches although no server stops; `None` if none covers it.
    stays: Option<bool>,
    /// The lab file that states it, where one does.
    lab: Option<String>,
}

pub fn run(args: &Coverage) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let library = output::library(&args.folders)?;
    let names = match args.names.is_empty() {
        true => output::every(&library)?,
        false => output::expanded(&library, &args.names)?,
    };
    let (listing, code) = match args.groups {
        true => (groups(&library, &names)?, Code::Success),
        false => statements(&library, &names)?,
    };
    // The names of a group are what the list is for: none is shortened.
    let detail = match args.groups {
        true => Detail::Full,
        false => Detail::Brief,
    };
    output::show(&Report::of_listings(vec![listing]), &args.form, detail)?;
    Ok(code)
}

/// The statements of the documents, and the checks that cover each.
fn statements(library: &Library, names: &[String]) -> Result<(Listing, Code), Failure> {
    let all = covered(library, names)?;
    let is_reproduced = |one: &&Covered| one.observation.verdict == ObservationVerdict::Reproduced;
    let missing: Vec<&str> = (all.iter())
        .filter(|one| !is_reproduced(one))
        .map(|one| one.observation.id.as_str())
        .collect();
    let staying = all.iter().filter(|one| one.stays == Some(true)).count();
    let count = all.len();
    let mut remarks = vec![format!("{} of {count} observations reproduced", count - missing.len())];
    if missing.is_empty() {
        remarks.push(
            "printed: compared with what the support note prints; stated: compared with what it says in words; \
             derived: at least one check expects what follows from the note without being stated"
                .to_owned(),
        );
    } else {
        remarks.push(format!("not reproduced: {}", missing.join(", ")));
    }
    let differing = all.iter().filter(|one| one.stays == Some(false)).count();
    let still = match staying {
        0 => String::new(),
        _ => format!(
            "; {staying} still hold, because they say what keeps working, or that two results are the same"
        ),
    };
    remarks.push(format!(
        "control run without any failure: {differing} of {count} statements no longer hold, as they should{still}"
    ));
    let listing = Listing {
        title: "Documented statements".to_owned(),
        table: ResultTable::of_texts(COLUMNS, all.iter().map(cells)),
        remarks,
    };
    let code = match missing.is_empty() {
        true => Code::Success,
        false => Code::Differs,
    };
    Ok((listing, code))
}

/// Every observation of the scenarios, and those of their labs that none of them answers.
fn covered(library: &Library, names: &[String]) -> Result<Vec<Covered>, Failure> {
    let (report, _) = replay::replay(library, names, &watch::guarded(Vec::new()))?;
    let mut all: Vec<Covered> = Vec::new();
    let mut labs: Vec<std::sync::Arc<Lab>> = Vec::new();
    for (run, name) in report.runs.into_iter().zip(names) {
        let Ok(scenario) = library.get(name) else {
            continue;
        };
        if let Some(lab) = &scenario.lab
            && labs.iter().all(|known| known.file != lab.file)
        {
            labs.push(lab.clone());
        }
        let stay = match run.observations.is_empty() {
            true => continue,
            false => without_failure(library, name)?,
        };
        for mut observation in run.observations {
            let stays = observation.checks.iter().all(|check| stay.contains(check));
            let lab = scenario.lab.as_ref().filter(|lab| states(lab, &observation.id));
            let lab = lab.map(|lab| lab.file.clone());
            let known = all.iter_mut().find(|one| {
                lab.is_some() && one.lab == lab && one.observation.id == observation.id
            });
            let Some(known) = known else {
                all.push(Covered {
                    observation,
                    scenarios: vec![run.scenario.clone()],
                    stays: Some(stays),
                    lab,
                });
                continue;
            };
            known.stays = known.stays.map(|before| before && stays);
            known.scenarios.push(run.scenario.clone());
            known.observation.checks.append(&mut observation.checks);
            if known.observation.verdict == ObservationVerdict::Reproduced {
                known.observation.verdict = observation.verdict;
            }
        }
    }
    for lab in &labs {
        let left = not_covered(lab, &all);
        all.extend(left);
    }
    Ok(all)
}

/// The observations of a lab's document that no check observes.
fn not_covered(lab: &Lab, all: &[Covered]) -> Vec<Covered> {
    let stated = lab.document.iter().flat_map(|own| &own.observations);
    let left = stated.filter(|observation| {
        let is_it = |one: &Covered| {
            one.lab.as_ref() == Some(&lab.file) && one.observation.id == observation.id
        };
        !all.iter().any(is_it)
    });
    left.map(|observation| Covered {
        observation: ObservationRun {
            id: observation.id.clone(),
            lines: observation.lines.clone(),
            says: observation.says.clone(),
            checks: Vec::new(),
            verdict: ObservationVerdict::NotCovered,
            origin: None,
        },
        scenarios: Vec::new(),
        stays: None,
        lab: Some(lab.file.clone()),
    })
    .collect()
}

/// Whether a lab's document has an observation of this id.
fn states(lab: &Lab, id: &str) -> bool {
    let document = lab.document.as_ref();
    document.is_some_and(|own| own.observations.iter().any(|one| one.id == *id))
}

/// The checks of a scenario that match although no server stops.
fn without_failure(library: &Library, name: &str) -> Result<Vec<String>, Failure> {
    let scenario = library.get(name)?;
    let mut matching = Vec::new();
    let options = watch::guarded(Vec::new());
    for step in scenario.steps.iter().filter(|step| !step.checks.is_empty()) {
        let experiment = Experiment::new(library, name, &step.id, &options)?;
        let verdicts = experiment.matching_without_failure();
        let verdicts = verdicts.map_err(ReplayError::from)?;
        let checks = step.checks.iter().zip(verdicts);
        matching.extend(checks.filter(|(_, same)| *same).map(|(check, _)| check.id.clone()));
    }
    Ok(matching)
}

fn cells(one: &Covered) -> Vec<Cell> {
    let observation = &one.observation;
    let verdict = match observation.verdict {
        ObservationVerdict::Reproduced => "reproduced",
        ObservationVerdict::Differs => "differs",
        ObservationVerdict::NotCovered => "not covered",
        ObservationVerdict::NotReached => "not reached",
    };
    let origin = match observation.origin {
        Some(ExpectationOrigin::Printed) => "printed",
        Some(ExpectationOrigin::Stated) => "stated",
        Some(ExpectationOrigin::Derived) => "derived",
        None => "",
    };
    let stays = match one.stays {
        Some(true) => "still reproduced",
        Some(false) => "differs",
        None => "",
    };
    let cells = [
        observation.id.clone(),
        observation.lines.to_string(),
        verdict.to_owned(),
        origin.to_owned(),
        observation.says.clone(),
        stays.to_owned(),
        observation.checks.join(", "),
        one.scenarios.join(", "),
    ];
    cells.map(Cell::Text).to_vec()
}

/// The scenarios that the rows of exports do not distinguish.
fn groups(library: &Library, names: &[String]) -> Result<Listing, Failure> {
    let found = signature::groups(library, names, &watch::guarded(Vec::new()))?;
    let mut rows = Vec::new();
    let mut counts = Vec::new();
    for one in &found {
        let exports = match one.all {
            true => "all tables".to_owned(),
            false => one.exports.join(", "),
        };
        counts.push(format!("{} from {exports}", one.groups.len()));
        for (at, group) in one.groups.iter().enumerate() {
            let cells = [
                exports.clone(),
                (at + 1).to_string(),
                group.scenarios.join(", "),
                settled_by(group),
            ];
            rows.push(cells.map(Cell::Text).to_vec());
        }
    }
    Ok(Listing {
        title: "Scenarios that the findings cannot distinguish by their exported rows".to_owned(),
        table: ResultTable::of_texts(["exports", "group", "scenarios", "distinguished by"], rows),
        remarks: vec![
            format!("groups: {}", counts.join("; ")),
            "each scenario is replayed, and the findings are run on the rows that it leaves in these tables, \
             given the time of the outage but not the servers"
                .to_owned(),
        ],
    })
}

/// What parts a group.
fn settled_by(group: &ScenarioGroup) -> String {
    if group.scenarios.len() < 2 {
        return "distinguished already".to_owned();
    }
    match (group.parted_by.as_slice(), group.other_outages) {
        ([], true) => {
            "no further export; only which servers failed, and whether they are back".to_owned()
        }
        ([], false) => "no further export".to_owned(),
        (tables, _) => tables.join(" or "),
    }
}
