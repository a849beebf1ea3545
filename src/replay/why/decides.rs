//! Finds what determines a part of a result.

use std::collections::BTreeSet;

use super::{Change, Decides, Experiment, ExplainedValue, Factor, Why, WhyTarget};
use crate::store::StoreError;
use crate::table::ResultTable;

impl Experiment {
    fn value(
        &self,
        check: usize,
        target: &WhyTarget,
        changes: &[Change],
    ) -> Result<ExplainedValue, StoreError> {
        let answers = self.play(changes)?;
        Ok(answers[check]
            .as_ref()
            .map(|table| target.of(table))
            .unwrap_or_default())
    }

    /// Replays with each factor changed by itself, once for all cells.
    fn singles(&mut self) -> Result<(), StoreError> {
        if !self.single.is_empty() {
            return Ok(());
        }
        let idle = self.idle_rules()?;
        for factor in 0..self.factors.len() {
            let ways = 0..self.ways[factor].len();
            let answers = ways.map(|way| match idle.contains(&factor) {
                true => Ok(self.answers.clone()),
                false => self.play(&[(factor, way)]),
            });
            self.single.push(answers.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// The cells of the matrix for servers that never stop here, if no result changes when all of them are changed in
    /// each way: only a query that reads the matrix itself could tell, and would have.
    fn idle_rules(&self) -> Result<BTreeSet<usize>, StoreError> {
        let stopped = self.stopped()?;
        let of_idle_server = |factor: &usize| match &self.factors[*factor] {
            Factor::Rule { kind, rule, .. } if kind == "matrix" => {
                let server = rule.rsplit_once(" / ").map_or("", |(_, server)| server);
                !stopped.iter().any(|own| own == server)
            }
            _ => false,
        };
        let idle: BTreeSet<usize> = (0..self.factors.len()).filter(of_idle_server).collect();
        for way in 0..3 {
            let all: Vec<Change> = idle.iter().map(|factor| (*factor, way)).collect();
            if self.play(&all)? != self.answers {
                return Ok(BTreeSet::new());
            }
        }
        Ok(idle)
    }

    /// The servers that stop.
    fn stopped(&self) -> Result<Vec<String>, StoreError> {
        self.store.savepoint()?;
        let played = self.answers_with(&[]);
        let servers = self
            .store
            .ask("SELECT DISTINCT server FROM outage", &[], &[]);
        self.store.roll_back()?;
        played?;
        let rows = servers?.rows.into_iter().flatten();
        Ok(rows.map(|cell| cell.to_string()).collect())
    }

    /// Finds what a part of a check's result depends on.
    ///
    /// # Errors
    /// When the database fails.
    pub fn why(&mut self, check: usize, target: &WhyTarget) -> Result<Why, StoreError> {
        self.singles()?;
        let of = |answers: &[Option<ResultTable>]| {
            answers[check]
                .as_ref()
                .map(|table| target.of(table))
                .unwrap_or_default()
        };
        let value = of(&self.answers);
        let mut decides = Vec::new();
        let mut rest = Vec::new();
        for (factor, ways) in self.single.iter().enumerate() {
            match ways
                .iter()
                .map(|answers| of(answers))
                .find(|other| *other != value)
            {
                Some(without) => decides.push(Decides {
                    factors: vec![factor],
                    without,
                }),
                None => rest.push(factor),
            }
        }
        let mut changed = BTreeSet::new();
        self.change_all(check, target, &value, &mut changed, &rest)?;
        let mut together = Vec::new();
        for factor in rest
            .iter()
            .copied()
            .filter(|factor| !changed.contains(factor))
        {
            let mut found = false;
            for other in rest.iter().copied().filter(|other| *other != factor) {
                let without = self.value(check, target, &[(factor, 0), (other, 0)])?;
                if without != value {
                    decides.push(Decides {
                        factors: vec![factor, other],
                        without,
                    });
                    found = true;
                }
            }
            if !found {
                together.push(factor);
            }
        }
        decides.sort_by(|a, b| a.factors.cmp(&b.factors));
        Ok(Why {
            value,
            decides,
            together,
        })
    }

    /// Changes as many of the candidates as possible, one after the other, without changing the result. Bisection takes
    /// few replays if most can be changed.
    fn change_all(
        &self,
        check: usize,
        target: &WhyTarget,
        value: &ExplainedValue,
        changed: &mut BTreeSet<usize>,
        candidates: &[usize],
    ) -> Result<(), StoreError> {
        if candidates.is_empty() {
            return Ok(());
        }
        let all = changed.iter().chain(candidates).map(|factor| (*factor, 0));
        let all: Vec<Change> = all.collect();
        if self.value(check, target, &all)? == *value {
            changed.extend(candidates);
            return Ok(());
        }
        if candidates.len() > 1 {
            let (left, right) = candidates.split_at(candidates.len() / 2);
            self.change_all(check, target, value, changed, left)?;
            self.change_all(check, target, value, changed, right)?;
        }
        Ok(())
    }
}
