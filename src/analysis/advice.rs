//! Next steps, and which exports would let the skipped findings run.

use std::collections::{BTreeMap, BTreeSet};

use super::{MIN_ACTIVITIES, OUTAGE};
use crate::command_line::CommandLine;
use crate::diagnostic::counted;
use crate::report::{AnalysisRun, FindingRun, FindingVerdict, UnlockRun};

/// The commands with which a reader goes on.
#[derive(Debug, Clone, Copy)]
pub struct NextCommands<'c> {
    /// Analyzes the same rows again.
    pub analyze: &'c CommandLine,
    /// Runs the documented query for open chats on them.
    pub open_chats: &'c CommandLine,
    /// The findings whose rows are shown already.
    pub shown: &'c [String],
}

/// Next steps: each finding that has rows, with the command that shows them all, and the exports that skipped findings
/// need.
#[must_use]
pub fn next_steps(run: &AnalysisRun, commands: NextCommands<'_>) -> Vec<String> {
    let mut next = Vec::new();
    if let Some(count) = run.open_chats.filter(|count| *count > 0) {
        next.push(format!(
            "`{}` shows the open chats of the documented query: {count}",
            commands.open_chats
        ));
    }
    let is_next = |run: &&FindingRun| {
        run.verdict == FindingVerdict::Found && !commands.shown.contains(&run.name)
    };
    next.extend(run.findings.iter().filter(is_next).map(|run| {
        let rows = counted(run.table.rows.len(), "row");
        let command = commands.analyze.clone().option("--only", [&run.name]);
        format!("`{command}` shows {rows}: {}", run.title)
    }));
    let had_none = run.detected.is_empty() && run.activities >= MIN_ACTIVITIES;
    next.extend(wanted_exports(&run.findings, had_none));
    next
}

/// The exports that findings need, with those that need the same together, the most first. `had_none` is as in
/// [`unlocks`].
fn wanted_exports(runs: &[FindingRun], had_none: bool) -> Vec<String> {
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for run in runs {
        let helped = run.verdict == FindingVerdict::Skipped || !run.table.rows.is_empty();
        let helps = run.helps_missing.iter().filter(|_| helped);
        let wanted = run.needs_missing.iter().chain(helps);
        for wanted in wanted.filter(|wanted| !had_none || *wanted != OUTAGE) {
            waits.entry(wanted).or_default().insert(&run.name);
        }
    }
    let mut together: BTreeMap<BTreeSet<&str>, Vec<String>> = BTreeMap::new();
    for (wanted, names) in waits {
        together.entry(names).or_default().push(export_of(wanted));
    }
    let mut together: Vec<_> = together.into_iter().collect();
    together.sort_by_key(|(names, _)| std::cmp::Reverse(names.len()));
    let step = |(names, wanted): (BTreeSet<&str>, Vec<String>)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let all = wanted.iter().all(|one| one.contains("export of"));
        let verb = if all { "add" } else { "give" };
        format!("{verb} {}, for {}", wanted.join(", "), names.join(", "))
    };
    together.into_iter().map(step).collect()
}

/// What the skipped findings need, most frequent first. Where outages could be detected and there are none, nobody is
/// asked for the time of one.
pub(super) fn unlocks(runs: &[FindingRun], had_none: bool) -> Vec<UnlockRun> {
    let mut all: Vec<UnlockRun> = Vec::new();
    for run in runs {
        let wanted = run.needs_missing.iter();
        for wanted in wanted.filter(|wanted| !had_none || *wanted != OUTAGE) {
            let (needs, name) = (export_of(wanted), run.name.clone());
            match all.iter_mut().find(|known| known.needs == needs) {
                Some(known) => known.findings.push(name),
                None => all.push(UnlockRun { needs, findings: vec![name] }),
            }
        }
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.findings.len()));
    all
}

/// What to export to provide `wanted`.
pub(crate) fn export_of(wanted: &str) -> String {
    match (wanted.strip_suffix("_earlier"), wanted.split_once('.')) {
        (Some(table), _) => format!("a second export of {table}, taken at another time"),
        (None, Some((table, column))) => format!("{column} in the export of {table}"),
        (None, None) if wanted.starts_with("eg") => format!("an export of {wanted}"),
        (None, None) => wanted.to_owned(),
    }
}
