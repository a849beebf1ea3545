//! Which interpretations determine each check of the built-in scenarios.
//!
//! A check is documented only if every rule and time that determines it is. Finding them takes many replays, so a test
//! does it for every check and keeps the result in `reports/basis.csv`. For any other scenario, a replay says only
//! whether the note covers the servers that are down; `chatdb why` finds what determines a check.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use super::ReplayError;
use super::ReplayOptions;
use super::why::Experiment;
use crate::assets;
use crate::scenario::Library;

const HEADER: &str = "scenario,check,interpretations";

/// The separator between two interpretations of one check.
const BETWEEN: &str = "; ";

/// The interpretations that determine a check of a built-in scenario; none if it is documented.
pub(super) fn interpretations(scenario: &str, check: &str) -> Option<Vec<String>> {
    type Kept = HashMap<(&'static str, &'static str), &'static str>;
    static KEPT: OnceLock<Kept> = OnceLock::new();
    let kept = KEPT.get_or_init(|| {
        let lines = assets::BASIS.lines().skip(1);
        lines
            .filter_map(|line| {
                let mut cells = line.splitn(3, ',');
                Some(((cells.next()?, cells.next()?), cells.next()?))
            })
            .collect()
    });
    let rules = kept.get(&(scenario, check))?;
    let rules = rules.split(BETWEEN).filter(|rule| !rule.is_empty());
    Some(rules.map(str::to_owned).collect())
}

/// Finds the interpretations that determine each check of the scenarios `names`, as a CSV table.
///
/// # Errors
/// If a scenario cannot be replayed.
pub fn basis_table(library: &Library, names: &[String]) -> Result<String, ReplayError> {
    let mut table = format!("{HEADER}\n");
    for name in names {
        let scenario = library.get(name)?;
        for step in scenario.steps.iter().filter(|step| !step.checks.is_empty()) {
            let mut experiment =
                Experiment::new(library, name, &step.id, &ReplayOptions::default())?;
            for (at, check) in step.checks.iter().enumerate() {
                let rules = experiment.label(at)?.rules.join(BETWEEN);
                let _ = writeln!(table, "{name},{},{rules}", check.id);
            }
        }
    }
    Ok(table)
}
