//! What happens in a scenario up to one of its steps, and which parts can be left out or changed.

use super::{Act, Experiment, Factor};
use crate::report::RestsOn;
use crate::scenario::{Scenario, ScenarioStep, SqlFile, other_statements};
use crate::sql;
use crate::sql::quote::literal;
use crate::store::StoreError;

impl Experiment {
    /// The actions of one scenario: all of it, or up to a step.
    pub(super) fn lay(&mut self, scenario: &Scenario, until: Option<&ScenarioStep>) {
        let first = scenario.steps.first().map(|step| step.at);
        if let Some(clock) = scenario.clock {
            self.acts.push(Act::Clock(first.map_or(clock, |at| at.min(clock))));
        }
        for seed in &scenario.seeds {
            self.script(seed, None);
        }
        for step in &scenario.steps {
            let aside =
                step.branch.is_some() && until.is_none_or(|until| until.branch != step.branch);
            if !aside {
                self.step(scenario, step);
            }
            if until.is_some_and(|until| until.id == step.id) {
                break;
            }
        }
    }

    fn step(&mut self, scenario: &Scenario, step: &ScenarioStep) {
        self.acts.push(Act::Clock(step.at));
        // A step that must fail has no effect.
        if let (Some(script), None) = (&step.script, &step.error) {
            self.script(script, Some((scenario, step)));
            self.acts.push(Act::Clock(step.at));
        }
    }

    fn script(&mut self, script: &SqlFile, of: Option<(&Scenario, &ScenarioStep)>) {
        for part in sql::split(&script.sql).unwrap_or_default() {
            let from = (part.sql.as_ptr() as usize).saturating_sub(script.sql.as_ptr() as usize);
            // Of several sentences, the one that is meant.
            let sentence = script.sentence(from).filter(|_| script.sentences.len() > 1);
            let factor = of.map(|(scenario, step)| {
                self.factors.push(Factor::Cause {
                    step: format!("{}/{}", scenario.name, step.id),
                    title: sentence.map_or(step.title.clone(), |own| own.words.clone()),
                    file: script.file.clone(),
                    line: part.line,
                });
                self.ways.push(vec![String::new()]);
                self.factors.len() - 1
            });
            self.acts.push(Act::Statement {
                factor,
                file: script.file.clone(),
                sql: part.sql.to_owned(),
            });
        }
    }

    /// Adds the rules, with the ways to change each. A rule that is not needed can be needed in three ways.
    pub(super) fn rules(&mut self) -> Result<(), StoreError> {
        const RULES: &str = "SELECT kind, r.rule, statement, basis, coalesce(l.place, lines, '') FROM rule r \
             LEFT JOIN lab_rule l ON l.rule = r.rule \
             WHERE kind IN ('matrix', 'time', 'notice') ORDER BY kind, position";
        for row in self.store.ask(RULES, &[], &[])?.rows {
            let text: Vec<String> = row.iter().map(ToString::to_string).collect();
            let [kind, rule, statement, basis, lines] =
                text.try_into().expect("five columns are asked");
            let name = literal(&rule);
            self.ways.push(match kind.as_str() {
                "matrix" => other_statements(&rule, &statement),
                "time" => ["1000000", "0"]
                    .map(|seconds| {
                        format!("UPDATE time_rule SET seconds = {seconds} WHERE time_rule = {name}")
                    })
                    .to_vec(),
                _ => vec![format!("DELETE FROM notice WHERE notice = {name}")],
            });
            let basis = match basis.as_str() {
                "documented" => RestsOn::Documented,
                "lab rule" => RestsOn::LabRule,
                _ => RestsOn::Extrapolated,
            };
            self.factors.push(Factor::Rule { kind, rule, statement, basis, lines });
        }
        Ok(())
    }
}
