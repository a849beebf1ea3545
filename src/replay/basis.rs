//! Which interpretations decide each check of the scenarios that are compiled in.
//!
//! A check is documented only if every rule and time that decides it is. To find what decides takes many replays, so a
//! test does it for every check and keeps what it finds in `reports/basis.csv`. Of any other scenario a replay says
//! only whether the note speaks of the servers that are down; `chatdb why` finds what decides.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use super::ReplayError;
use super::ReplayOptions;
use super::why::Experiment;
use crate::assets;
use crate::scenario::Library;

const HEADER: &str = "scenario,check,interpretations";

/// Between two interpretations of one check.
const BETWEEN: &str = "; ";

/// The interpretations that decide a check of a scenario that is compiled in; none where it is documented.
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

/// Finds the interpretations that decide each check of the scenarios called `names`, as a table in CSV.
///
/// # Errors
/// When a scenario cannot be replayed.
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
