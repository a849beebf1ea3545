//! The totals of a report.

use super::step_problems;
use crate::diagnostic::verb;
use crate::report::{
    CheckVerdict, ObservationRun, ObservationVerdict, RestsOn, RunVerdict, ScenarioRun,
};

/// The totals of a report.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) runs: usize,
    pub(crate) reproduced: usize,
    pub(crate) differing: usize,
    pub(crate) pending: usize,
    pub(crate) not_run: usize,
    pub(crate) invalid: usize,
    pub(crate) steps_wrong: usize,
    pub(crate) checks: usize,
    pub(crate) checks_match: usize,
    pub(crate) checks_differ: usize,
    pub(crate) checks_failed: usize,
    pub(crate) checks_skipped: usize,
    pub(crate) checks_pending: usize,
    pub(crate) extrapolated: usize,
    pub(crate) on_lab_rules: usize,
    pub(crate) not_determined: usize,
    pub(crate) observations: usize,
    pub(crate) observations_reproduced: usize,
    pub(crate) errata: usize,
}

impl Totals {
    pub(crate) fn of<'a>(runs: impl IntoIterator<Item = &'a ScenarioRun>) -> Self {
        let mut totals = Self::default();
        for run in runs {
            totals.runs += 1;
            match run.verdict {
                RunVerdict::Reproduced => totals.reproduced += 1,
                RunVerdict::Differs => totals.differing += 1,
                RunVerdict::Pending => totals.pending += 1,
                RunVerdict::NotRun => totals.not_run += 1,
                RunVerdict::Invalid => totals.invalid += 1,
            }
            totals.errata += run.errata.len();
            totals.observations += run.observations.len();
            let reproduced = |o: &&ObservationRun| o.verdict == ObservationVerdict::Reproduced;
            totals.observations_reproduced += run.observations.iter().filter(reproduced).count();
            for step in &run.steps {
                totals.steps_wrong += usize::from(!step_problems(step).is_empty());
                for check in &step.checks {
                    totals.checks += 1;
                    match check.verdict {
                        CheckVerdict::Matches => totals.checks_match += 1,
                        CheckVerdict::Differs => totals.checks_differ += 1,
                        CheckVerdict::Failed => totals.checks_failed += 1,
                        CheckVerdict::Skipped => totals.checks_skipped += 1,
                        CheckVerdict::Pending => totals.checks_pending += 1,
                    }
                    match check.rests_on {
                        _ if check.verdict == CheckVerdict::Skipped => {}
                        RestsOn::Documented | RestsOn::NoRule => {}
                        RestsOn::Extrapolated => totals.extrapolated += 1,
                        RestsOn::LabRule => totals.on_lab_rules += 1,
                        RestsOn::NotDetermined => totals.not_determined += 1,
                    }
                }
            }
        }
        totals
    }

    /// How many checks depend on more than documented rules, and on what.
    pub(crate) fn labels(&self) -> Vec<(usize, &'static str)> {
        let labels = [
            (self.extrapolated, "On extrapolated rules"),
            (self.on_lab_rules, "On lab rules"),
            (self.not_determined, "What they depend on is not determined"),
        ];
        labels.into_iter().filter(|(n, _)| *n > 0).collect()
    }

    pub(crate) fn scenarios(&self) -> String {
        let parts = [
            (self.reproduced, "reproduced"),
            (self.differing, verb(self.differing, "differs", "differ")),
            (self.pending, "pending"),
            (self.not_run, "did not run"),
            (self.invalid, verb(self.invalid, "has mistakes", "have mistakes")),
        ];
        of_total(self.runs, &parts)
    }

    pub(crate) fn checks(&self) -> String {
        let parts = [
            (self.checks_match, verb(self.checks_match, "matches", "match")),
            (self.checks_differ, verb(self.checks_differ, "differs", "differ")),
            (self.checks_failed, "failed"),
            (self.checks_skipped, "skipped"),
            (self.checks_pending, "pending"),
        ];
        of_total(self.checks, &parts)
    }

    pub(crate) fn observations(&self) -> String {
        if self.observations == 0 {
            return String::from("none");
        }
        format!("{} of {} reproduced", self.observations_reproduced, self.observations)
    }
}

/// `4 of 7 match, 2 differ`, `all 7 match`, `both match`, `1 matches`, `none`.
fn of_total(total: usize, parts: &[(usize, &str)]) -> String {
    let parts: Vec<String> =
        (parts.iter()).filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    match parts.as_slice() {
        [] => String::from("none"),
        [one] if total == 1 => one.clone(),
        [both] if total == 2 => both.replacen('2', "both", 1),
        [all] => format!("all {all}"),
        parts => parts.join(", ").replacen(' ', &format!(" of {total} "), 1),
    }
}
