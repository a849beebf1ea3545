//! Next steps, and which exports would let the skipped findings run.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{FindingRun, FindingVerdict, UnlockRun};

/// Next steps: what was found, and the exports that skipped findings need.
pub(super) fn next(runs: &[FindingRun]) -> Vec<String> {
    let found = runs
        .iter()
        .filter(|run| run.verdict == FindingVerdict::Found);
    let mut next: Vec<String> = found
        .map(|run| format!("`{}`: {}", run.name, run.title))
        .collect();
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for run in runs {
        let helped = run.verdict == FindingVerdict::Skipped || !run.table.rows.is_empty();
        let helps = run.helps_missing.iter().filter(|_| helped);
        for wanted in run.needs_missing.iter().chain(helps) {
            waits.entry(wanted).or_default().insert(&run.name);
        }
    }
    let mut together: BTreeMap<BTreeSet<&str>, Vec<String>> = BTreeMap::new();
    for (wanted, names) in waits {
        together.entry(names).or_default().push(export_of(wanted));
    }
    let mut together: Vec<_> = together.into_iter().collect();
    together.sort_by_key(|(names, _)| std::cmp::Reverse(names.len()));
    for (names, wanted) in together {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        next.push(format!("for {}: {}", names.join(", "), wanted.join(", ")));
    }
    next
}

/// What the skipped findings need, most frequent first.
pub(super) fn unlocks(runs: &[FindingRun]) -> Vec<UnlockRun> {
    let mut all: Vec<UnlockRun> = Vec::new();
    for run in runs {
        for wanted in &run.needs_missing {
            let (needs, name) = (export_of(wanted), run.name.clone());
            match all.iter_mut().find(|known| known.needs == needs) {
                Some(known) => known.findings.push(name),
                None => all.push(UnlockRun {
                    needs,
                    findings: vec![name],
                }),
            }
        }
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.findings.len()));
    all
}

/// What to export so that `wanted` is there.
pub(crate) fn export_of(wanted: &str) -> String {
    match (wanted.strip_suffix("_earlier"), wanted.split_once('.')) {
        (Some(table), _) => format!("a second export of {table}, taken at another time"),
        (None, Some((table, column))) => format!("{column} in the export of {table}"),
        (None, None) if wanted.starts_with("eg") => format!("an export of {wanted}"),
        (None, None) => wanted.to_owned(),
    }
}
