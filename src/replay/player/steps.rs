//! Runs the steps of one scenario.

use super::super::record::{empty_step, seed_problem};
use super::super::timeline::Track;
use super::super::{ReplayError, not_covered, uncovered_servers};
use super::Player;
use crate::report::{ChangedRows, CheckRun, StepRun};
use crate::scenario::{ParameterValue, Scenario, ScenarioStep};
use crate::store::{Binding, StoreError};

/// A step that failed. Nothing after it is run, in its branch or in the whole scenario.
struct FailedStep {
    branch: Option<String>,
}

/// How much of a chain's scenario is replayed.
pub(super) enum Extent<'o> {
    /// Everything; checks are run only if `checks` is set, and the first failure ends it.
    Through { checks: bool },
    /// As requested, with all checks.
    Asked { until: Option<&'o str> },
}

/// The remark for a statement that rolled back everything replayed before it.
const LOST: &str = "SQLite rolled back the whole replay; later steps did not run";

impl Extent<'_> {
    /// Whether a step is irrelevant to scenarios that continue this one: they continue from its end, not from a branch.
    fn leaves_out(&self, step: &ScenarioStep) -> bool {
        matches!(self, Self::Through { .. }) && step.branch.is_some()
    }

    fn ends_at(&self, step: &ScenarioStep) -> bool {
        matches!(self, Self::Asked { until: Some(until) } if step.id == *until)
    }

    fn checks(&self) -> bool {
        match self {
            Self::Through { checks } => *checks,
            Self::Asked { .. } => true,
        }
    }
}

impl Player<'_> {
    pub(super) fn run_steps(
        &mut self,
        scenario: &Scenario,
        parameters: &[ParameterValue],
        extent: &Extent<'_>,
    ) -> Result<Vec<StepRun>, ReplayError> {
        let values: Vec<Binding> = parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
            .collect();
        if let Some(runs) = self.seed(scenario, &values)? {
            return Ok(runs);
        }
        let mut runs = Vec::with_capacity(scenario.steps.len());
        let mut branch: Option<&str> = None;
        let mut failed: Option<FailedStep> = None;
        for step in &scenario.steps {
            if extent.leaves_out(step) {
                continue;
            }
            if self.turn(&mut branch, step)? {
                failed = failed.filter(|failed| failed.branch.is_none());
            }
            let skipped = failed.is_some();
            if skipped {
                runs.push(self.skipped(step));
            } else {
                let run = self.run_and_check(scenario, step, (parameters, &values), extent)?;
                if !run.holds() {
                    let branch = step.branch.clone();
                    failed = Some(FailedStep { branch });
                }
                runs.push(run);
                if self.is_lost(&mut runs) {
                    let rest = scenario.steps.iter().skip(runs.len());
                    runs.extend(rest.map(|step| self.skipped(step)));
                    break;
                }
            }
            if extent.ends_at(step) {
                // A branch is left open on purpose: its state is what was asked for.
                if !skipped && branch.take().is_some() {
                    self.store.release()?;
                }
                break;
            }
        }
        if branch.is_some() {
            self.store.roll_back()?;
        }
        Ok(runs)
    }

    /// Sets the clock and runs the seeds. Returns a message if a seed fails, and then no step is run.
    fn seed(
        &mut self,
        scenario: &Scenario,
        values: &[Binding],
    ) -> Result<Option<Vec<StepRun>>, ReplayError> {
        if let Some(clock) = scenario.clock {
            let first = scenario.steps.first();
            self.store.set_clock(first.map_or(clock, |step| step.at.min(clock)))?;
        }
        for seed in &scenario.seeds {
            if let Err(error) = self.atomically(&seed.file, &seed.sql, values)? {
                self.lost |= self.store.take_lost();
                let mut runs = vec![seed_problem(scenario, &seed.file, &error)];
                runs.extend(scenario.steps.iter().map(|step| self.skipped(step)));
                return Ok(Some(runs));
            }
        }
        Ok(None)
    }

    /// Switches to the branch of a step, and returns whether it is different from the previous one. A branch is rolled
    /// back at its end.
    fn turn<'s>(
        &self,
        branch: &mut Option<&'s str>,
        step: &'s ScenarioStep,
    ) -> Result<bool, StoreError> {
        let next = step.branch.as_deref();
        if *branch == next {
            return Ok(false);
        }
        if branch.is_some() {
            self.store.roll_back()?;
        }
        *branch = next;
        if next.is_some() {
            self.store.savepoint()?;
        }
        Ok(true)
    }

    /// Runs a step and, if it succeeds, its checks.
    fn run_and_check(
        &mut self,
        scenario: &Scenario,
        step: &ScenarioStep,
        (parameters, values): (&[ParameterValue], &[Binding]),
        extent: &Extent<'_>,
    ) -> Result<StepRun, ReplayError> {
        let mut run = self.run_step_seen(scenario, step, values)?;
        if !run.holds() {
            run.checks = self.skipped(step).checks;
        } else if extent.checks() {
            for check in &step.checks {
                run.checks.push(self.run_check(scenario, step, check, parameters, values)?);
            }
            self.remark_uncovered(&mut run.checks);
        }
        Ok(run)
    }

    /// Says with each result where the support note does not cover the servers that have stopped. Where there is no
    /// time left to ask, the checks say so themselves.
    fn remark_uncovered(&self, checks: &mut [CheckRun]) {
        if checks.is_empty() {
            return;
        }
        if let Ok(Some(servers)) = uncovered_servers(&self.store) {
            for comparison in checks.iter_mut().filter_map(|own| own.comparison.as_mut()) {
                comparison.remarks.push(not_covered(&servers));
            }
        }
    }

    /// Whether the last of these steps rolled back everything replayed, which it then reports: even if it should fail,
    /// the state for the next step is lost.
    fn is_lost(&mut self, runs: &mut [StepRun]) -> bool {
        self.lost |= self.store.take_lost();
        if let (true, Some(run)) = (self.lost, runs.last_mut()) {
            run.problem = Some(match run.problem.take() {
                Some(problem) => format!("{problem} ({LOST})"),
                None => LOST.to_owned(),
            });
        }
        self.lost
    }

    /// Runs a step, and samples the world before and after it if a timeline is requested. Branches go back in time, so
    /// they are not in the timeline.
    fn run_step_seen(
        &mut self,
        scenario: &Scenario,
        step: &ScenarioStep,
        values: &[Binding],
    ) -> Result<StepRun, ReplayError> {
        if !self.illustrated || step.branch.is_some() {
            return self.run_step(step, values);
        }
        let mut track = match self.levels.last_mut() {
            Some(level) => std::mem::take(&mut level.track),
            None => Track::default(),
        };
        track.look_until(&self.store, step.at)?;
        let run = self.run_step(step, values)?;
        track.look(&self.store, step.at)?;
        track.step(&scenario.name, &step.id, &step.title, step.at);
        if let Some(level) = self.levels.last_mut() {
            level.track = track;
        }
        Ok(run)
    }

    /// Runs a script, all or nothing.
    fn atomically(
        &self,
        file: &str,
        sql: &str,
        values: &[Binding],
    ) -> Result<Result<u64, StoreError>, StoreError> {
        self.store.savepoint()?;
        let outcome = self.store.run_script(file, sql, values);
        match &outcome {
            Ok(_) => self.store.release()?,
            Err(_) => self.store.roll_back()?,
        }
        Ok(outcome)
    }

    fn run_step(
        &mut self,
        step: &ScenarioStep,
        values: &[Binding],
    ) -> Result<StepRun, ReplayError> {
        self.store.set_clock(step.at)?;
        let mut run = empty_step(step);
        let Some(script) = &step.script else {
            return Ok(run);
        };
        let outcome = self.atomically(&script.file, &script.sql, values)?;
        // Things settle when the clock is moved, be it to the same time.
        self.store.set_clock(step.at)?;
        run.problem = match (&outcome, &step.error) {
            (Ok(actual), None) => {
                run.changes = Some(ChangedRows { expected: step.changes, actual: *actual });
                None
            }
            (Ok(_), Some(text)) => {
                Some(format!("the script should fail with `{text}`, but did not fail"))
            }
            (Err(error), None) => Some(error.to_string()),
            (Err(error), Some(text)) if error.to_string().contains(text.as_str()) => None,
            (Err(error), Some(text)) => {
                Some(format!("the script should fail with `{text}`, but failed with: {error}"))
            }
        };
        Ok(run)
    }

    /// A step that is not run, with its checks.
    pub(super) fn skipped(&self, step: &ScenarioStep) -> StepRun {
        let checks = step.checks.iter();
        StepRun {
            skipped: true,
            checks: checks.map(|check| self.skipped_check(step, check)).collect(),
            ..empty_step(step)
        }
    }
}
