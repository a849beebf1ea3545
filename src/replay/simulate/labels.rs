//! Which changes of a course a lab rule decides: those that do not come at that time when the rule is left out.

use std::collections::BTreeSet;

use super::{Course, Scheduled, SimulatedFact, Simulation, SimulationError};
use crate::replay::{ReplayError, ReplayOptions};
use crate::report::RestsOn;
use crate::scenario::{LabRule, Library, lab_rules};

/// The lab rules that hold in a scenario.
///
/// # Errors
/// When the scenario is not found or not valid.
pub fn rules_of(library: &Library, scenario: &str) -> Result<Vec<LabRule>, SimulationError> {
    let chain = library.chain(scenario).map_err(ReplayError::from)?;
    Ok(lab_rules(&chain))
}

/// Runs a schedule again without each lab rule, and labels what a rule decides in the course that it took. All runs
/// share the budget of `options`.
///
/// # Errors
/// When the database fails, the state to start from cannot be reached, or the runs take more than the budget has.
pub fn label(
    library: &Library,
    (scenario, step): (&str, Option<&str>),
    options: &ReplayOptions,
    schedule: &[Scheduled],
    course: &mut Course,
) -> Result<(), SimulationError> {
    for rule in rules_of(library, scenario)? {
        let options = ReplayOptions {
            without: vec![rule.rule],
            ..options.clone()
        };
        let without = Simulation::new(library, scenario, step, &options)
            .and_then(|simulation| simulation.run(schedule, &[]));
        let without = match without {
            Ok(without) => without,
            // What cannot even happen without the rule is decided by it.
            Err(SimulationError::Impossible { .. } | SimulationError::Start { .. }) => Course {
                looks: Vec::new(),
                end: Vec::new(),
                broken: None,
            },
            Err(error) => return Err(error),
        };
        let known: BTreeSet<(i64, SimulatedFact)> = shown(&without).collect();
        for look in &mut course.looks {
            let after = look.changes.iter_mut();
            for fact in after.filter_map(|change| change.after.as_mut()) {
                if !known.contains(&(look.at_ms, without_basis(fact))) {
                    fact.basis = RestsOn::LabRule.words().to_owned();
                }
            }
        }
    }
    Ok(())
}

/// What comes, and when.
fn shown(course: &Course) -> impl Iterator<Item = (i64, SimulatedFact)> {
    course.looks.iter().flat_map(|look| {
        let after = look
            .changes
            .iter()
            .filter_map(|change| change.after.as_ref());
        after.map(|fact| (look.at_ms, without_basis(fact)))
    })
}

fn without_basis(fact: &SimulatedFact) -> SimulatedFact {
    SimulatedFact {
        basis: String::new(),
        ..fact.clone()
    }
}
