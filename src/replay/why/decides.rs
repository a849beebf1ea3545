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
        Ok(answers[check].as_ref().map(|table| target.of(table)).unwrap_or_default())
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
        let servers = self.store.ask("SELECT DISTINCT server FROM outage", &[], &[]);
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
            answers[check].as_ref().map(|table| target.of(table)).unwrap_or_default()
        };
        let value = of(&self.answers);
        let mut decides = Vec::new();
        let mut rest = Vec::new();
        for (factor, ways) in self.single.iter().enumerate() {
            match ways.iter().map(|answers| of(answers)).find(|other| *other != value) {
                Some(without) => decides.push(Decides { factors: vec![factor], without }),
                None => rest.push(factor),
            }
        }
        let mut changed = BTreeSet::new();
        self.change_all(check, target, &value, &mut changed, &rest)?;
        let mut together = Vec::new();
        let is_kept = |factor: &&usize| !changed.contains(factor);
        for factor in rest.iter().filter(is_kept) {
            let search =
                Alternatives { experiment: self, part: (check, target, &value), factor: *factor };
            let mut found = search.pairs(&rest)?;
            let present = changed.iter().copied().filter(|own| self.is_present(*own));
            found.extend(search.all(&present.collect())?);
            if found.is_empty() {
                found = search.all(&changed)?;
            }
            if found.is_empty() {
                together.push(*factor);
            }
            decides.extend(found);
        }
        decides.sort_by(|a, b| a.factors.cmp(&b.factors));
        decides.dedup_by(|a, b| a.factors == b.factors);
        Ok(Why { value, decides, together })
    }

    /// Whether a factor is there to be left out: a rule that says that a server is not needed can only be changed.
    fn is_present(&self, factor: usize) -> bool {
        match &self.factors[factor] {
            Factor::Rule { statement, .. } => statement != "not needed",
            Factor::Cause { .. } => true,
        }
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

/// The most groups of alternatives that are searched for one factor.
const MOST_GROUPS: usize = 12;

/// A search for the groups of factors of which any one is sufficient: changing all of a group changes the result, and
/// changing all but one of it does not.
struct Alternatives<'e> {
    experiment: &'e Experiment,
    part: (usize, &'e WhyTarget, &'e ExplainedValue),
    /// The factor that is in every group.
    factor: usize,
}

impl Alternatives<'_> {
    /// The groups of two.
    fn pairs(&self, others: &[usize]) -> Result<Vec<Decides>, StoreError> {
        let mut found = Vec::new();
        for other in others.iter().filter(|other| **other != self.factor) {
            found.extend(self.decides(&[*other])?);
        }
        Ok(found)
    }

    /// The factor and these others, if changing all of them changes the result.
    fn decides(&self, others: &[usize]) -> Result<Option<Decides>, StoreError> {
        let (check, target, value) = self.part;
        let changes = self.changes(others);
        let without = self.experiment.value(check, target, &changes)?;
        let mut factors: Vec<usize> = changes.into_iter().map(|(factor, _)| factor).collect();
        factors.sort_unstable();
        Ok((without != *value).then_some(Decides { factors, without }))
    }

    /// The groups whose other factors are in `pool`: after each that is found, its factors are left out of the pool one
    /// at a time, until no other group is left.
    fn all(&self, pool: &BTreeSet<usize>) -> Result<Vec<Decides>, StoreError> {
        let mut found: Vec<Decides> = Vec::new();
        let mut pools = vec![pool.clone()];
        let mut seen = BTreeSet::new();
        while let Some(pool) = pools.pop() {
            if found.len() == MOST_GROUPS || !seen.insert(pool.clone()) {
                continue;
            }
            let Some(group) = self.group(&pool)? else {
                continue;
            };
            let fewer = |factor: &usize| pool.iter().copied().filter(|own| own != factor).collect();
            pools.extend(group.factors.iter().map(fewer).filter(|own| *own != pool));
            if !found.contains(&group) {
                found.push(group);
            }
        }
        Ok(found)
    }

    /// One group, if there is one.
    fn group(&self, pool: &BTreeSet<usize>) -> Result<Option<Decides>, StoreError> {
        let pool: Vec<usize> = pool.iter().copied().collect();
        if !self.differs(&pool)? {
            return Ok(None);
        }
        let mut others = self.needed(&[], false, &pool)?;
        // A change can also add a reason, so that halves alone may leave too many.
        let mut at = 0;
        while at < others.len() {
            let mut fewer = others.clone();
            fewer.remove(at);
            match self.differs(&fewer)? {
                true => (others, at) = (fewer, 0),
                false => at += 1,
            }
        }
        let (check, target, value) = self.part;
        let without_it: Vec<Change> = others.iter().map(|factor| (*factor, 0)).collect();
        if self.experiment.value(check, target, &without_it)? != *value {
            return Ok(None);
        }
        self.decides(&others)
    }

    fn changes(&self, others: &[usize]) -> Vec<Change> {
        let all = others.iter().chain([&self.factor]);
        all.map(|factor| (*factor, 0)).collect()
    }

    fn differs(&self, others: &[usize]) -> Result<bool, StoreError> {
        Ok(self.decides(others)?.is_some())
    }

    /// Those of the candidates that must be changed besides `base`, by halves, as QuickXplain does it.
    fn needed(
        &self,
        base: &[usize],
        is_new: bool,
        candidates: &[usize],
    ) -> Result<Vec<usize>, StoreError> {
        if is_new && self.differs(base)? || candidates.is_empty() {
            return Ok(Vec::new());
        }
        if candidates.len() == 1 {
            return Ok(candidates.to_vec());
        }
        let (left, right) = candidates.split_at(candidates.len() / 2);
        let of_right = self.needed(&[base, left].concat(), true, right)?;
        let more = [base, of_right.as_slice()].concat();
        let of_left = self.needed(&more, !of_right.is_empty(), left)?;
        Ok([of_left, of_right].concat())
    }
}
