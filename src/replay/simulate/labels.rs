//! What each change of a course rests on, by the measure of [`Experiment`]: the schedule runs again with each rule and
//! time changed, and what is then not so at the same look is determined by it.
//!
//! For what is determined twice over, all rules that the note does not state are changed at once, alone and with each
//! of those that it states. So the number of runs does not grow with what a course shows.

use std::collections::BTreeSet;

use super::facts::{facts_since, newest};
use super::{Course, LookReason, Scheduled, SimulationError, SimulationLook};
use crate::replay::why::{Change, Experiment, Factor};
use crate::replay::{ReplayError, ReplayOptions};
use crate::report::RestsOn;
use crate::scenario::{LabRule, Library, lab_rules};
use crate::store::{Binding, Store, StoreError};

/// How many events may be run again to label a course. Of a longer schedule, only as many events are labelled as these
/// are enough for.
const MOST_EVENTS: usize = 4_000;

/// The lab rules in effect in a scenario.
///
/// # Errors
/// When the scenario is not found or not valid.
pub fn rules_of(library: &Library, scenario: &str) -> Result<Vec<LabRule>, SimulationError> {
    let chain = library.chain(scenario).map_err(ReplayError::from)?;
    Ok(lab_rules(&chain))
}

/// Labels each change of a course with what it rests on: documented only if every rule that determines it is. All runs
/// share the budget of `options`.
///
/// # Errors
/// If the database fails, the starting state cannot be reached, or the runs exceed the budget.
pub fn label(
    library: &Library,
    state: (&str, Option<&str>),
    options: &ReplayOptions,
    schedule: &[Scheduled],
    course: &mut Course,
) -> Result<(), SimulationError> {
    let experiment = Experiment::of_state(library, state, options)?;
    let groups = Groups::of(&experiment, schedule)?;
    let most = MOST_EVENTS / groups.runs(&experiment).max(1);
    let is_beyond =
        |look: &SimulationLook| matches!(look.reason, LookReason::Cause(place) if place >= most);
    let end = course.looks.iter().position(is_beyond);
    let end = end.unwrap_or(course.looks.len());
    let looks = &course.looks[..end];
    let mut labels = Labels {
        experiment: &experiment,
        schedule,
        looks,
        basis: (looks.iter())
            .map(|look| {
                let changes = look.changes.iter();
                changes.map(|change| change.basis.map(|_| RestsOn::NoRule)).collect()
            })
            .collect(),
    };
    labels.find(&groups)?;
    let basis = labels.basis;
    for (look, labels) in course.looks.iter_mut().zip(basis) {
        for (change, label) in look.changes.iter_mut().zip(labels) {
            change.basis = match label {
                Some(RestsOn::Documented) if look.is_uncovered => Some(RestsOn::Extrapolated),
                label => label,
            };
        }
    }
    Ok(())
}

/// The rules that can make a difference, by who states them.
struct Groups {
    lab: Vec<usize>,
    ours: Vec<usize>,
    note: Vec<usize>,
}

impl Groups {
    /// Cells of the matrix for servers that never stop are left out: nothing asks for them.
    fn of(experiment: &Experiment, schedule: &[Scheduled]) -> Result<Self, StoreError> {
        const STOPPED: &str = "SELECT DISTINCT server FROM outage";
        let stopped = experiment.go_on_from_there(&[], |store, values| {
            for (at_ms, cause) in schedule {
                happen(store, values, *at_ms, Some(cause.to_sql()))?;
            }
            store.ask(STOPPED, &[], &[])
        })?;
        let stopped: BTreeSet<String> =
            (stopped.rows.iter().flatten()).map(ToString::to_string).collect();
        let of = |wanted: RestsOn| {
            let factors = experiment.factors().iter().enumerate();
            let matters = factors.filter(|(_, factor)| match factor {
                Factor::Rule { kind, rule, basis, .. } => {
                    let server = rule.rsplit_once(" / ").map_or("", |(_, server)| server);
                    *basis == wanted && (kind != "matrix" || stopped.contains(server))
                }
                Factor::Cause { .. } => false,
            });
            matters.map(|(at, _)| at).collect()
        };
        Ok(Self {
            lab: of(RestsOn::LabRule),
            ours: of(RestsOn::Extrapolated),
            note: of(RestsOn::Documented),
        })
    }

    /// How often a schedule is run at most.
    fn runs(&self, experiment: &Experiment) -> usize {
        let singles = self.lab.iter().chain(&self.ours).chain(&self.note);
        let singles: usize = singles.map(|factor| experiment.ways(*factor)).sum();
        let groups = [&self.lab, &self.ours];
        let together = groups.iter().filter(|rules| !rules.is_empty()).count();
        1 + singles + together * (1 + self.note.len())
    }
}

/// The labels of a course on their way: what each change rests on as far as it is known, `None` where it has no label.
struct Labels<'l> {
    experiment: &'l Experiment,
    schedule: &'l [Scheduled],
    looks: &'l [SimulationLook],
    basis: Vec<Vec<Option<RestsOn>>>,
}

/// A change by its look and its place there.
type ChangePlace = (usize, usize);

impl Labels<'_> {
    fn find(&mut self, groups: &Groups) -> Result<(), StoreError> {
        let stated_by_others =
            [(&groups.lab, RestsOn::LabRule), (&groups.ours, RestsOn::Extrapolated)];
        for (rules, basis) in stated_by_others {
            for factor in rules {
                for way in 0..self.experiment.ways(*factor) {
                    let gone = self.gone(&[(*factor, way)])?;
                    self.set(gone, basis);
                }
            }
        }
        let mut alone = Vec::new();
        for factor in &groups.note {
            for way in 0..self.experiment.ways(*factor) {
                let gone = self.gone(&[(*factor, way)])?;
                self.set(gone.iter().copied(), RestsOn::Documented);
                if way == 0 {
                    alone.push((*factor, gone));
                }
            }
        }
        let all_of = |rules: &[usize]| rules.iter().map(|factor| (*factor, 0)).collect();
        let all: Vec<Change> = all_of(&groups.note);
        let together = self.gone(&all)?;
        self.set(together, RestsOn::Documented);
        for (rules, basis) in stated_by_others {
            if rules.is_empty() {
                continue;
            }
            let all: Vec<Change> = all_of(rules);
            let gone = self.gone(&all)?;
            self.set(gone, basis);
            for (factor, alone) in &alone {
                let gone = self.gone(&[all.as_slice(), &[(*factor, 0)]].concat())?;
                self.set(gone.difference(alone).copied(), basis);
            }
        }
        Ok(())
    }

    fn set(&mut self, places: impl IntoIterator<Item = ChangePlace>, basis: RestsOn) {
        for (look, change) in places {
            self.basis[look][change] = Some(basis);
        }
    }

    /// Which changes that rest on no rule or on the note so far are not so when these rules are changed.
    fn gone(&self, changes: &[Change]) -> Result<BTreeSet<ChangePlace>, StoreError> {
        let open = |look: usize| self.basis[look].iter().any(|basis| is_open(*basis));
        let Some(last) = (0..self.looks.len()).rfind(|look| open(*look)) else {
            return Ok(BTreeSet::new());
        };
        self.experiment.go_on_from_there(changes, |store, values| {
            let mut gone = BTreeSet::new();
            for (at, look) in self.looks.iter().enumerate().take(last + 1) {
                let before = newest(store)?;
                let sql = match &look.reason {
                    LookReason::Cause(place) => Some(self.schedule[*place].1.to_sql()),
                    LookReason::Threshold => None,
                };
                happen(store, values, look.at_ms, sql)?;
                if open(at) {
                    let seen = facts_since(store, &before)?;
                    let changes = look.changes.iter().zip(&self.basis[at]).enumerate();
                    let missing = changes
                        .filter(|(_, (change, basis))| is_open(**basis) && !change.is_in(&seen));
                    gone.extend(missing.map(|(change, _)| (at, change)));
                }
            }
            Ok(gone)
        })
    }
}

/// Whether a change rests on no rule so far, or only on what the note states.
fn is_open(basis: Option<RestsOn>) -> bool {
    matches!(basis, Some(RestsOn::NoRule | RestsOn::Documented))
}

/// Moves the clock, and lets a cause happen where there is one.
fn happen(
    store: &Store,
    values: &[Binding],
    at_ms: i64,
    sql: Option<&str>,
) -> Result<(), StoreError> {
    store.set_clock(at_ms)?;
    if let Some(sql) = sql {
        // What names a chat that a changed rule has kept from being, cannot be.
        let _ = store.run_script("event", sql, values);
        store.set_clock(at_ms)?;
    }
    Ok(())
}
