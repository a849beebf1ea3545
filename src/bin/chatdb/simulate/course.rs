//! A course of events as a table.

use std::collections::BTreeSet;

use chatdb::diagnostic::counted;
use chatdb::invariant::Invariant;
use chatdb::replay::not_covered;
use chatdb::replay::simulate::{
    Course, LookReason, Scheduled, SimulatedFact, Simulation, SimulationLook,
};
use chatdb::report::{Listing, RestsOn};
use chatdb::table::{Cell, ResultTable};

use crate::failure::Failure;

/// Labels what each change of a course rests on.
pub(super) type Label<'l> = &'l dyn Fn(&[Scheduled], &mut Course) -> Result<(), Failure>;

const COLUMNS: [&str; 8] = ["at", "because", "who", "of", "what", "before", "after", "basis"];

/// A course as it is shown: what changes and when, and which invariants hold.
pub(super) fn listed(
    simulation: &Simulation,
    title: String,
    schedule: &[Scheduled],
    course: &Course,
    invariants: &[Invariant],
) -> Listing {
    let rows = course.looks.iter().flat_map(|look| look_rows(simulation, schedule, look));
    let changes = course.looks.iter().filter(|look| !look.changes.is_empty());
    let times: BTreeSet<i64> = changes.map(|look| look.at_ms).collect();
    let mut remarks = vec![match times.len() {
        0 => "nothing changes".to_owned(),
        times => format!("{}; nothing changes in between", counted(times, "moment") + " of change"),
    }];
    remarks.extend(legends(course));
    remarks.extend(course.uncovered.iter().map(|servers| not_covered(servers)));
    remarks.extend(misleading(&course.end));
    let violation = violated(simulation, course, invariants);
    for (at, invariant) in invariants.iter().enumerate() {
        remarks.push(match (course.broken, &violation) {
            (Some((broken, _)), Some(violation)) if broken == at => violation.clone(),
            _ => format!("not violated: {}", invariant.text()),
        });
    }
    Listing { title, table: ResultTable::of_texts(COLUMNS, rows), remarks }
}

/// Which invariant a course violates, and when.
pub(super) fn violated(
    simulation: &Simulation,
    course: &Course,
    invariants: &[Invariant],
) -> Option<String> {
    let (broken, look) = course.broken?;
    let look = course.looks.get(look);
    let at_ms = look.map_or(simulation.now_ms(), |look| look.at_ms);
    let text = invariants.get(broken)?.text();
    Some(format!("violated at {}: {text}", simulation.offset(at_ms)))
}

/// What the labels say that are in the course.
fn legends(course: &Course) -> Option<String> {
    let changes = course.looks.iter().flat_map(|look| &look.changes);
    let bases: Vec<RestsOn> = changes.filter_map(|change| change.basis).collect();
    let all = [
        RestsOn::Documented,
        RestsOn::NoRule,
        RestsOn::Extrapolated,
        RestsOn::LabRule,
        RestsOn::NotDetermined,
    ];
    let used = all.into_iter().filter(|own| bases.contains(own));
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

/// The value of a fact, marked where it is false.
pub(super) fn value(fact: &SimulatedFact) -> String {
    match fact.misleads {
        true => format!("{} (false)", fact.value),
        false => fact.value.clone(),
    }
}

fn look_rows(
    simulation: &Simulation,
    schedule: &[Scheduled],
    look: &SimulationLook,
) -> Vec<Vec<Cell>> {
    let because = |times: &[String]| match &look.reason {
        LookReason::Cause(place) => schedule[*place].1.words().to_owned(),
        LookReason::Threshold => format!("({})", times.join(", ")),
    };
    let at = simulation.offset(look.at_ms);
    let mut rows: Vec<Vec<Cell>> = (look.changes.iter())
        .filter_map(|change| {
            let fact = change.after.as_ref().or(change.before.as_ref())?;
            let shown = |fact: &Option<SimulatedFact>| fact.as_ref().map_or(String::new(), value);
            let basis = change.basis.map_or("", RestsOn::words);
            Some(
                [
                    &at,
                    &because(&change.times),
                    &fact.party,
                    &fact.subject,
                    &fact.fact,
                    &shown(&change.before),
                    &shown(&change.after),
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
            false => format!("no effect: {}", look.idle),
        };
        let texts = [&at, &because(&[]), "", "", &nothing, "", "", ""];
        rows.push(texts.map(|text: &str| Cell::Text(text.to_owned())).to_vec());
    }
    rows
}
