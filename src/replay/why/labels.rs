//! The label of a result: whether documented rules, interpretations or lab rules determine it.

use std::collections::BTreeSet;

use super::{Act, Experiment, Factor, Why, WhyTarget};
use crate::replay::player::compare;
use crate::report::RestsOn;
use crate::scenario::{Expect, Layout};
use crate::store::StoreError;

/// What a check depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLabel {
    /// As a word.
    pub rests_on: RestsOn,
    /// The undocumented rules and times that determine it, by name, in the order of the factors.
    pub rules: Vec<String>,
}

impl Experiment {
    /// What a list depends on: lab rules if it contains one, otherwise interpretations, and documented rules only if
    /// every rule in it is one, there is one, and the support note covers the servers that have stopped together.
    #[must_use]
    pub fn rests_on(&self, why: &Why) -> RestsOn {
        let named = why.named();
        let mut factors = named.iter().map(|factor| &self.factors[*factor]);
        match factors.any(|factor| matches!(factor, Factor::Rule { .. })) {
            true => self.label_of(&named),
            false => RestsOn::NoRule,
        }
    }

    fn label_of(&self, named: &BTreeSet<usize>) -> RestsOn {
        let is_of = |basis: RestsOn| {
            let mut named = named.iter();
            named.any(|factor| matches!(&self.factors[*factor], Factor::Rule { basis: own, .. } if *own == basis))
        };
        if is_of(RestsOn::LabRule) {
            RestsOn::LabRule
        } else if is_of(RestsOn::Extrapolated)
            || self.uncovered.is_some() && is_of(RestsOn::Documented)
        {
            RestsOn::Extrapolated
        } else {
            RestsOn::Documented
        }
    }

    /// What a check depends on, considering only what it compares.
    ///
    /// # Errors
    /// When the database fails.
    pub fn label(&mut self, check: usize) -> Result<CheckLabel, StoreError> {
        let mut named = BTreeSet::new();
        for target in self.compared(check) {
            named.extend(self.why(check, &target)?.named());
        }
        let rule = |factor: &usize| match &self.factors[*factor] {
            Factor::Rule { rule, basis, .. } if *basis != RestsOn::Documented => Some(rule.clone()),
            _ => None,
        };
        let rests_on = self.label_of(&named);
        let servers = self.uncovered.iter();
        let servers = servers.filter(|_| rests_on != RestsOn::Documented);
        let together = servers.map(|servers| format!("{servers} together"));
        Ok(CheckLabel { rests_on, rules: named.iter().filter_map(rule).chain(together).collect() })
    }

    /// The part of its result that a check compares: the columns of its table that are not ignored, or all.
    fn compared(&self, check: usize) -> Vec<WhyTarget> {
        let own = &self.checks[check];
        let (Expect::Table(expected), Some(answer)) = (&own.expect, self.answer(check)) else {
            return vec![WhyTarget::default()];
        };
        let is_compared = |name: &&str| {
            let is_ignored = own.ignore.iter().any(|(ignored, _)| ignored == name);
            let is_expected = match expected.layout {
                Layout::Grid => expected.header.iter().any(|heading| heading == name),
                Layout::Lines => true,
            };
            is_expected && !is_ignored
        };
        let names = answer.names().into_iter().filter(is_compared);
        let column = |name: &str| WhyTarget { row: Vec::new(), column: Some(name.to_owned()) };
        names.map(column).collect()
    }

    /// Which checks would match if no server ever stopped: the scenario without its failure.
    ///
    /// # Errors
    /// When the database fails.
    pub fn matching_without_failure(&self) -> Result<Vec<bool>, StoreError> {
        let stops = self.acts.iter().filter_map(|act| match act {
            Act::Statement { factor: Some(factor), sql, .. }
                if sql.contains("server_event") && sql.contains("stops") =>
            {
                Some((*factor, 0))
            }
            _ => None,
        });
        let answers = self.play(&stops.collect::<Vec<_>>())?;
        let asked = self.checks.iter().zip(&self.queries).zip(answers.iter());
        let matches = asked.map(|((check, query), answer)| {
            let compared =
                answer.as_ref().map(|answer| compare(check, query, &self.parameters, answer));
            matches!(compared, Some(Ok(comparison)) if comparison.same)
        });
        Ok(matches.collect())
    }
}
