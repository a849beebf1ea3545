//! Replays one scenario after another on a database, step by step and check by check.

mod checks;
mod steps;

use std::sync::Arc;

use super::queries::Rewritten;
use super::record::{conclude, empty_run};
use super::timeline::{self, Track};
use super::{ReplayError, ReplayOptions};
use crate::report::{ChangedRows, CheckVerdict, ScenarioRun, StepRun};
use crate::scenario::{LabRule, Library, ParameterValue, Scenario, lab_rules, resolve_parameters};
use crate::store::{Binding, Store};

pub(super) use checks::compare;
use steps::Extent;

/// A scenario of the chain whose state is in the database, on its own savepoint.
struct Level {
    name: String,
    /// The values of the parameters that the chain up to here declares.
    values: Vec<Binding>,
    /// Whether it was played to its end.
    complete: bool,
    /// What went wrong, so that scenarios that continue it cannot run.
    problem: Option<String>,
    /// The samples taken, if a timeline is requested.
    track: Track,
}

pub(super) struct Player<'l> {
    library: &'l Library,
    store: Store,
    /// The lab rules in effect.
    rules: Vec<LabRule>,
    levels: Vec<Level>,
    /// The command that replays the current scenario.
    asked: String,
    /// Rewritten queries, by the path of their text.
    rewritten: Rewritten,
    /// Whether the states of the levels are lost, see [`Store::take_lost`].
    lost: bool,
    /// Whether to collect timelines and the SQL of checks.
    illustrated: bool,
    /// Whether checks keep their results.
    recording: bool,
}

impl<'l> Player<'l> {
    /// A player on a database created by [`Store::with_platform`].
    pub(super) fn new(
        library: &'l Library,
        store: Store,
        options: &ReplayOptions,
        rewritten: Rewritten,
    ) -> Result<Self, ReplayError> {
        options.guard(&store)?;
        Ok(Self {
            library,
            store,
            rules: Vec::new(),
            levels: Vec::new(),
            asked: String::new(),
            rewritten,
            lost: false,
            illustrated: options.illustrated,
            recording: options.recording,
        })
    }

    /// The database as the last scenario left it.
    pub(super) fn into_store(mut self) -> Result<Store, ReplayError> {
        while self.levels.pop().is_some() {
            self.store.release()?;
        }
        // What comes of it is somebody else's to bound.
        self.store.spend(None);
        Ok(self.store)
    }

    /// Replays a scenario as requested.
    pub(super) fn play(
        &mut self,
        name: &str,
        options: &ReplayOptions,
    ) -> Result<ScenarioRun, ReplayError> {
        self.store.spend(Some(&options.budget));
        let chain = self.library.chain(name)?;
        self.obey(&chain, options)?;
        self.asked = options.again(name);
        let parameters = resolve_parameters(&chain, &options.sets)?;
        let (scenario, before) =
            chain.split_last().expect("a chain holds at least the scenario itself");
        if let Some(until) = &options.until
            && !scenario.steps.iter().any(|step| step.id == *until)
        {
            return Err(ReplayError::UnknownStep {
                scenario: scenario.name.clone(),
                step: until.clone(),
                known: scenario.steps.iter().map(|step| step.id.clone()).collect(),
            });
        }
        let problem = self.prepare(before, &parameters)?;
        let mut run = empty_run(scenario, &parameters);
        run.reproduce.clone_from(&self.asked);
        if let Some(problem) = problem {
            run.problem = Some(problem);
            run.reproduce = again_before(&before[..self.levels.len()], &parameters, options)?;
        } else {
            self.enter(scenario, &chain, &parameters)?;
            let extent = Extent::Asked { until: options.until.as_deref() };
            run.steps = self.run_steps(scenario, &parameters, &extent)?;
            let level = self.levels.last_mut().expect("enter has pushed it");
            level.complete = options.until.is_none();
            level.problem = first_problem(scenario, &run.steps, before.is_empty());
            if self.illustrated && !self.lost {
                let mut tracks: Vec<Track> =
                    (self.levels.iter().map(|level| level.track.clone())).collect();
                run.timeline = timeline::draw(&mut tracks, chain[0].clock, &self.store)?;
            }
            self.forget_what_is_lost();
        }
        conclude(&mut run, scenario, options.until.is_some());
        Ok(run)
    }

    /// Applies the lab rules of a chain. They are in effect from its start, so that nothing is shared with what was
    /// replayed under other rules.
    fn obey(
        &mut self,
        chain: &[Arc<Scenario>],
        options: &ReplayOptions,
    ) -> Result<(), ReplayError> {
        let mut rules = lab_rules(chain);
        rules.retain(|rule| !options.without.contains(&rule.rule));
        if rules != self.rules {
            while self.levels.pop().is_some() {
                self.store.roll_back()?;
            }
            self.rules = rules;
        }
        Ok(())
    }

    /// Brings the database to the end of `before`, and reports what failed on the way.
    fn prepare(
        &mut self,
        before: &[Arc<Scenario>],
        parameters: &[ParameterValue],
    ) -> Result<Option<String>, ReplayError> {
        let shared = self
            .levels
            .iter()
            .zip(before)
            .enumerate()
            .take_while(|(at, (level, scenario))| {
                level.name == scenario.folder
                    && level.values == values_of(&before[..=*at], parameters)
                    && level.complete
            })
            .count();
        while self.levels.len() > shared {
            self.store.roll_back()?;
            self.levels.pop();
        }
        for at in shared..before.len() {
            if self.levels.last().is_some_and(|level| level.problem.is_some()) {
                break;
            }
            let scenario = &before[at];
            self.enter(scenario, &before[..=at], parameters)?;
            let extent = Extent::Through { checks: at == 0 };
            let steps = self.run_steps(scenario, parameters, &extent)?;
            self.levels.last_mut().expect("enter has pushed it").problem =
                first_problem(scenario, &steps, at == 0);
            self.forget_what_is_lost();
        }
        Ok(self.levels.last().and_then(|level| level.problem.clone()))
    }

    /// Prevents anything from continuing from lost states.
    fn forget_what_is_lost(&mut self) {
        if std::mem::take(&mut self.lost) {
            for level in &mut self.levels {
                level.complete = false;
            }
        }
    }

    fn enter(
        &mut self,
        scenario: &Scenario,
        chain: &[Arc<Scenario>],
        parameters: &[ParameterValue],
    ) -> Result<(), ReplayError> {
        self.store.savepoint()?;
        self.levels.push(Level {
            name: scenario.folder.clone(),
            values: values_of(chain, parameters),
            complete: true,
            problem: None,
            track: Track::default(),
        });
        if self.levels.len() == 1 {
            for rule in &self.rules {
                self.store.run_own("lab rule", &rule.to_sql(), &[])?;
            }
        }
        Ok(())
    }
}

fn values_of(chain: &[Arc<Scenario>], parameters: &[ParameterValue]) -> Vec<Binding> {
    parameters
        .iter()
        .filter(|parameter| {
            chain
                .iter()
                .any(|scenario| scenario.parameters.iter().any(|p| p.name == parameter.name))
        })
        .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
        .collect()
}

/// What prevents others from continuing a scenario: a step that failed or, for a baseline, a check that does not
/// match.
fn first_problem(scenario: &Scenario, steps: &[StepRun], is_baseline: bool) -> Option<String> {
    let name = &scenario.name;
    if let Some(step) = steps.iter().find(|step| !step.holds()) {
        let problem = match (&step.problem, &step.changes) {
            (Some(problem), _) => problem.clone(),
            (None, Some(ChangedRows { expected: Some(expected), actual })) => {
                format!("the script should change {expected} rows, but changed {actual}")
            }
            (None, _) => "it failed".to_owned(),
        };
        return Some(format!("`{name}` failed at step {}: {problem}", step.id));
    }
    let mut checks = steps.iter().flat_map(|step| &step.checks).filter(|_| is_baseline);
    let check = checks.find(|check| check.verdict != CheckVerdict::Matches)?;
    let verdict = if check.verdict == CheckVerdict::Failed { "failed" } else { "differs" };
    Some(format!("`{name}` failed: check `{}` {verdict}", check.id))
}

/// The command that replays the last scenario of `chain` with the values of this run.
fn again_before(
    chain: &[Arc<Scenario>],
    parameters: &[ParameterValue],
    options: &ReplayOptions,
) -> Result<String, ReplayError> {
    let own = resolve_parameters(chain, &[])?;
    let other = |parameter: &&ParameterValue| {
        own.iter().any(|own| own.name == parameter.name && own.value != parameter.value)
    };
    let sets = parameters.iter().filter(other);
    let options = ReplayOptions {
        sets: sets.map(|parameter| (parameter.name.clone(), parameter.value.to_string())).collect(),
        words: options.words.clone(),
        ..ReplayOptions::default()
    };
    Ok(options.again(chain.last().map_or("", |scenario| scenario.name.as_str())))
}
