//! A course of events as a table.

use std::collections::BTreeSet;

use chatdb::diagnostic::counted;
use chatdb::invariant::Invariant;
use chatdb::replay::simulate::{
    Course, LookReason, Scheduled, SimulatedFact, Simulation, SimulationLook,
};
use chatdb::report::{Listing, RestsOn};
use chatdb::table::{Cell, ResultTable};

use crate::failure::Failure;

/// Labels what each change of a course rests on.
pub(super) type Label<'l> = &'l dyn Fn(&[Scheduled], &mut Course) -> Result<(), Failure>;

const COLUMNS: [&str; 8] = [
    "at", "because", "who", "of", "what", "before", "after", "basis",
];

/// A course as it is shown: what changes and when, and which invariants hold.
pub(super) fn listed(
    simulation: &Simulation,
    title: String,
    schedule: &[Scheduled],
    course: &Course,
    invariants: &[Invariant],
) -> Listing {
    let rows = course
        .looks
        .iter()
        .flat_map(|look| look_rows(simulation, schedule, look));
    let times: BTreeSet<i64> = course.looks.iter().map(|look| look.at_ms).collect();
    let mut remarks = vec![format!(
        "changes at {}; nothing changes in between",
        counted(times.len(), "time")
    )];
    remarks.extend(legends(course));
    remarks.extend(misleading(&course.end));
    for (at, invariant) in invariants.iter().enumerate() {
        remarks.push(match course.broken {
            Some((broken, look)) if broken == at => {
                let at_ms = course
                    .looks
                    .get(look)
                    .map_or(simulation.now_ms(), |look| look.at_ms);
                format!(
                    "violated at {}: {}",
                    simulation.offset(at_ms),
                    invariant.text()
                )
            }
            Some(_) => format!("not violated: {}", invariant.text()),
            None => format!("holds: {}", invariant.text()),
        });
    }
    Listing {
        title,
        table: ResultTable::of_texts(COLUMNS, rows),
        remarks,
    }
}

/// What the labels say that are in the course.
fn legends(course: &Course) -> Option<String> {
    let changes = course.looks.iter().flat_map(|look| &look.changes);
    let after = changes.filter_map(|change| change.after.as_ref());
    let bases: BTreeSet<&str> = after.map(|fact| fact.basis.as_str()).collect();
    let all = [
        RestsOn::Documented,
        RestsOn::NoRule,
        RestsOn::Extrapolated,
        RestsOn::LabRule,
        RestsOn::NotDetermined,
    ];
    let used = all.into_iter().filter(|own| bases.contains(own.words()));
    let legends: Vec<&str> = used.map(RestsOn::legend).collect();
    (!legends.is_empty()).then(|| legends.join("; "))
}

fn misleading(end: &[SimulatedFact]) -> Vec<String> {
    let misleads = end.iter().filter(|fact| fact.misleads);
    let sentence = |fact: &SimulatedFact| {
        format!(
            "false at the end: the {} is shown `{}` for {}",
            fact.party, fact.value, fact.subject
        )
    };
    misleads.map(sentence).collect()
}

fn look_rows(
    simulation: &Simulation,
    schedule: &[Scheduled],
    look: &SimulationLook,
) -> Vec<Vec<Cell>> {
    let because = match &look.reason {
        LookReason::Cause(place) => schedule[*place].1.words().to_owned(),
        LookReason::Threshold(rules) => format!("({rules})"),
    };
    let at = simulation.offset(look.at_ms);
    let mut rows: Vec<Vec<Cell>> = (look.changes.iter())
        .filter_map(|change| {
            let fact = change.after.as_ref().or(change.before.as_ref())?;
            let value = |fact: &Option<SimulatedFact>| match fact {
                Some(fact) if fact.misleads => format!("{} (false)", fact.value),
                Some(fact) => fact.value.clone(),
                None => String::new(),
            };
            let basis = change.after.as_ref().map_or("", |after| &after.basis);
            Some(
                [
                    &at,
                    &because,
                    &fact.party,
                    &fact.subject,
                    &fact.fact,
                    &value(&change.before),
                    &value(&change.after),
                    basis,
                ]
                .map(|text: &str| Cell::Text(text.to_owned()))
                .to_vec(),
            )
        })
        .collect();
    if rows.is_empty() {
        let nothing = match look.idle.is_empty() {
            true => "nothing changes".to_owned(),
            false => format!("nothing changes: {}", look.idle),
        };
        let texts = [&at, &because, "", "", &nothing, "", "", ""];
        rows.push(texts.map(|text: &str| Cell::Text(text.to_owned())).to_vec());
    }
    rows
}
