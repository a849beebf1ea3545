//! Which lab rules determine the checks of a run, found by leaving out each of them.

use std::collections::HashMap;

use super::player::Player;
use super::{ReplayError, ReplayOptions};
use crate::report::{RestsOn, ScenarioRun, StepRun};
use crate::scenario::{Library, lab_rules};
use crate::store::{Budget, Store};
use crate::table::ResultTable;

/// The result of each check of a run; `None` for one that was not run.
type Answers = Vec<Option<ResultTable>>;

/// Records for each check of a run the lab rules that determine it. A check that changes only if several are left out
/// depends on all of them.
pub(super) fn name_lab_rules(
    library: &Library,
    name: &str,
    options: &ReplayOptions,
    run: &mut ScenarioRun,
) -> Result<(), ReplayError> {
    let mut rules = lab_rules(&library.chain(name)?);
    rules.retain(|rule| !options.without.contains(&rule.rule));
    // What goes wrong is not played again for each rule.
    let went_wrong = run.problem.is_some() || !run.steps.iter().all(StepRun::holds);
    if rules.is_empty() || went_wrong {
        return Ok(());
    }
    let mut options = ReplayOptions { recording: true, illustrated: false, ..options.clone() };
    let budget = options.budget.clone();
    let mut player = Player::new(library, Store::with_platform()?, &options, HashMap::new())?;
    let mut answers = |without: &[String]| -> Result<Answers, ReplayError> {
        options.without = without.to_vec();
        let checks = player.play(name, &options)?.steps.into_iter();
        Ok(checks.flat_map(|step| step.checks).map(|check| check.actual).collect())
    };
    let names: Vec<String> = rules.into_iter().map(|rule| rule.rule).collect();
    let with = answers(&[])?;
    let mut deciding = vec![Vec::new(); with.len()];
    for rule in &names {
        let without = answers(std::slice::from_ref(rule))?;
        if budget.is_over() {
            leave_open(run, &budget);
            return Ok(());
        }
        for (at, deciding) in deciding.iter_mut().enumerate() {
            if without.get(at) != with.get(at) {
                deciding.push(rule.clone());
            }
        }
    }
    let without_all = answers(&names)?;
    if budget.is_over() {
        leave_open(run, &budget);
        return Ok(());
    }
    let checks = run.steps.iter_mut().flat_map(|step| &mut step.checks);
    for (at, (check, rules)) in checks.zip(deciding).enumerate() {
        check.lab_rules = match rules.is_empty() && without_all.get(at) != with.get(at) {
            true => names.clone(),
            false => rules,
        };
        if !check.lab_rules.is_empty() {
            check.rests_on = RestsOn::LabRule;
        }
    }
    Ok(())
}

/// Records for each check that the lab rules that determine it are unknown, since finding them takes too long.
fn leave_open(run: &mut ScenarioRun, budget: &Budget) {
    for check in run.steps.iter_mut().flat_map(|step| &mut step.checks) {
        check.rests_on = RestsOn::NotDetermined;
        if let Some(comparison) = &mut check.comparison {
            comparison.remarks.push(format!(
                "it is not determined which lab rules it depends on: running the scenario without each takes {}",
                budget.limit()
            ));
        }
    }
}
