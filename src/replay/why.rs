//! What an answer rests on, found by leaving out and not by bookkeeping.
//!
//! A scenario is played again without each cause, and with each cell of the matrix, each time and each notice changed.
//! What changes the answer decides it. Where an answer holds though everything else is changed, nothing is missing from
//! the list; where it does not, it is decided twice over, and pairs are looked for. The plays share one database, and
//! each is taken back by a savepoint, so that one takes a few milliseconds.

mod labels;
mod missing;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::{ReplayError, ReplayOptions, as_run};
use crate::query::Query;
use crate::report::RestsOn;
use crate::scenario::{
    Check, Library, ParameterValue, Scenario, ScenarioStep, lab_rules, other_statements,
    resolve_parameters,
};
use crate::sql;
use crate::sql::tsql::TsqlError;
use crate::store::{Binding, Store, StoreError};
use crate::table::{Cell, Kind, ResultTable};

pub use labels::CheckLabel;
pub use missing::RowCondition;

/// Something that can be left out or changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Factor {
    /// A statement of a step's script.
    Cause {
        /// The scenario and the step, `application_failure/10`.
        step: String,
        /// What the step is called.
        title: String,
        /// The file of the script.
        file: String,
        /// The line on which the statement begins.
        line: u32,
    },
    /// A row of the model's rules.
    Rule {
        /// `matrix`, `time` or `notice`.
        kind: String,
        /// What it is called.
        rule: String,
        /// What it says.
        statement: String,
        /// Whether the support note says so, or the lab.
        basis: RestsOn,
        /// The lines that it is read from; of a lab rule, its place.
        lines: String,
    },
}

/// What of an answer is asked about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WhyTarget {
    /// The rows, by the text of columns; without any, all.
    pub row: Vec<(String, String)>,
    /// The column; without one, all.
    pub column: Option<String>,
}

/// What of an answer is asked about, as it came.
pub type ExplainedValue = Vec<Vec<Cell>>;

impl WhyTarget {
    /// The part of an answer that is asked about.
    #[must_use]
    pub fn of(&self, table: &ResultTable) -> ExplainedValue {
        let matches = |row: &&Vec<Cell>| {
            let mut wanted = self.row.iter();
            wanted.all(|(name, text)| {
                let at = table.position(name);
                at.is_some_and(|at| row[at].to_string() == *text)
            })
        };
        let column = self.column.as_deref().and_then(|name| table.position(name));
        let rows = table.rows.iter().filter(matches);
        rows.map(|row| match column {
            Some(at) => vec![row[at].clone()],
            None => row.clone(),
        })
        .collect()
    }
}

/// One thing that decides an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decides {
    /// The places of the factors: one, or two of which either will do.
    pub factors: Vec<usize>,
    /// What is answered without it, or without both.
    pub without: ExplainedValue,
}

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The rows of the answer.
    pub value: ExplainedValue,
    /// What decides it, in the order of the factors.
    pub decides: Vec<Decides>,
    /// Factors without which it does not hold together with others, and for which no partner was found.
    pub together: Vec<usize>,
}

impl Why {
    /// Every factor that is named.
    #[must_use]
    pub fn named(&self) -> BTreeSet<usize> {
        let decides = self.decides.iter().flat_map(|one| &one.factors);
        decides.chain(&self.together).copied().collect()
    }
}

/// What a play does, in order.
enum Act {
    Clock(i64),
    Statement {
        factor: Option<usize>,
        file: String,
        sql: String,
    },
}

/// A query that is asked at the end of a play.
#[derive(Default)]
struct Question {
    sql: String,
    kinds: Vec<(String, Kind)>,
    bindings: Vec<Binding>,
    basis: Option<String>,
}

/// A factor changed in one of the ways in which it can be.
pub type Change = (usize, usize);

/// The answer to each check of a step; `None` where it cannot be asked.
pub type CheckAnswers = Rc<Vec<Option<ResultTable>>>;

/// A scenario up to one of its steps, to be played again and again.
pub struct Experiment {
    store: Store,
    acts: Vec<Act>,
    factors: Vec<Factor>,
    /// Per factor, the statements that change it, one for each way; none for a cause, which is left out.
    ways: Vec<Vec<String>>,
    values: Vec<Binding>,
    questions: Vec<Question>,
    checks: Vec<Check>,
    queries: Vec<Arc<Query>>,
    parameters: Vec<ParameterValue>,
    /// What has been played already: many cells ask for the same.
    played: RefCell<BTreeMap<Vec<Change>, CheckAnswers>>,
    /// The answers with nothing changed.
    answers: CheckAnswers,
    /// The answers with one factor changed in one way.
    single: Vec<Vec<CheckAnswers>>,
}

impl Experiment {
    /// Prepares the scenario up to the end of `step`, whose checks are asked.
    ///
    /// # Errors
    /// When the scenario is not found or not valid, or the database fails.
    pub fn new(
        library: &Library,
        scenario: &str,
        step: &str,
        options: &ReplayOptions,
    ) -> Result<Self, ReplayError> {
        let chain = library.chain(scenario)?;
        let parameters = resolve_parameters(&chain, &options.sets)?;
        let last = chain.last().expect("a chain holds the scenario itself");
        let target = step_of(last, step)?;
        let values = values(&parameters);
        let queries = target.checks.iter();
        let queries = queries.map(|check| library.query(last, &check.query));
        let queries: Vec<_> = queries.collect::<Result<_, _>>()?;
        let asked = target.checks.iter().zip(&queries);
        // A query that is not rewritten is not answered, which the replay says.
        let question = |(check, query): (&Check, &Arc<Query>)| {
            question(&check.with, query, &values).unwrap_or_default()
        };
        Self {
            questions: asked.map(question).collect(),
            checks: target.checks.clone(),
            queries,
            parameters,
            values: values.clone(),
            ..Self::blank(options)?
        }
        .prepared(&chain, Some(target))
    }

    /// Prepares the scenario up to the end of `step`, or to its own end, where a query of somebody's own is asked.
    ///
    /// # Errors
    /// As [`Experiment::new`]; also when the query cannot be run.
    pub fn of_query(
        library: &Library,
        (scenario, step): (&str, Option<&str>),
        query: &Query,
        options: &ReplayOptions,
    ) -> Result<Self, ReplayError> {
        let chain = library.chain(scenario)?;
        let parameters = resolve_parameters(&chain, &options.sets)?;
        let last = chain.last().expect("a chain holds the scenario itself");
        let target = step.map(|step| step_of(last, step)).transpose()?;
        let values = values(&parameters);
        let asked = question(&[], query, &values);
        let experiment = Self {
            questions: vec![asked.map_err(|error| ReplayError::Query(error.to_string()))?],
            parameters,
            values,
            ..Self::blank(options)?
        }
        .prepared(&chain, target)?;
        experiment.store.savepoint()?;
        let Question {
            sql,
            kinds,
            bindings,
            ..
        } = &experiment.questions[0];
        let happened = experiment.happen(&[]);
        let asked = happened.and_then(|()| experiment.store.ask(sql, kinds, bindings));
        experiment.store.roll_back()?;
        match asked {
            Ok(_) => Ok(experiment),
            Err(error) => Err(ReplayError::Query(error.in_short())),
        }
    }

    fn blank(options: &ReplayOptions) -> Result<Self, StoreError> {
        Ok(Self {
            store: guarded(options)?,
            acts: Vec::new(),
            factors: Vec::new(),
            ways: Vec::new(),
            values: Vec::new(),
            questions: Vec::new(),
            checks: Vec::new(),
            queries: Vec::new(),
            parameters: Vec::new(),
            played: RefCell::default(),
            answers: CheckAnswers::default(),
            single: Vec::new(),
        })
    }

    /// Lays out what happens in the chain up to a step of its last scenario, and what can be changed about it.
    fn prepared(
        mut self,
        chain: &[Arc<Scenario>],
        target: Option<&ScenarioStep>,
    ) -> Result<Self, ReplayError> {
        for rule in lab_rules(chain) {
            self.store.run_own("lab rule", &rule.to_sql(), &[])?;
        }
        for (at, scenario) in chain.iter().enumerate() {
            self.lay(scenario, target.filter(|_| at + 1 == chain.len()));
        }
        self.rules()?;
        self.answers = self.play(&[])?;
        Ok(self)
    }

    /// All that can be left out or changed.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// In how many ways a factor can be changed.
    #[must_use]
    pub fn ways(&self, factor: usize) -> usize {
        self.ways[factor].len()
    }

    /// The checks of the step.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What a check's query answers, without its basis; `None` when it cannot be asked.
    #[must_use]
    pub fn answer(&self, check: usize) -> Option<&ResultTable> {
        self.answers.get(check)?.as_ref()
    }

    /// The acts of one scenario: all of it, or up to a step.
    fn lay(&mut self, scenario: &Scenario, until: Option<&ScenarioStep>) {
        let first = scenario.steps.first().map(|step| step.at);
        if let Some(clock) = scenario.clock {
            self.acts
                .push(Act::Clock(first.map_or(clock, |at| at.min(clock))));
        }
        for seed in &scenario.seeds {
            self.script(&seed.file, &seed.sql, None);
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
            self.script(&script.file, &script.sql, Some((scenario, step)));
            self.acts.push(Act::Clock(step.at));
        }
    }

    fn script(&mut self, file: &str, text: &str, of: Option<(&Scenario, &ScenarioStep)>) {
        for part in sql::split(text).unwrap_or_default() {
            let factor = of.map(|(scenario, step)| {
                self.factors.push(Factor::Cause {
                    step: format!("{}/{}", scenario.name, step.id),
                    title: step.title.clone(),
                    file: file.to_owned(),
                    line: part.line,
                });
                self.ways.push(vec![String::new()]);
                self.factors.len() - 1
            });
            self.acts.push(Act::Statement {
                factor,
                file: file.to_owned(),
                sql: part.sql.to_owned(),
            });
        }
    }

    /// Adds the rules, with the ways in which each can be changed. A rule that is not needed can be needed in three.
    fn rules(&mut self) -> Result<(), StoreError> {
        const RULES: &str = "SELECT kind, r.rule, statement, basis, coalesce(l.place, lines, '') FROM rule r \
             LEFT JOIN lab_rule l ON l.rule = r.rule \
             WHERE kind IN ('matrix', 'time', 'notice') ORDER BY kind, position";
        for row in self.store.ask(RULES, &[], &[])?.rows {
            let text: Vec<String> = row.iter().map(ToString::to_string).collect();
            let [kind, rule, statement, basis, lines] =
                text.try_into().expect("five columns are asked");
            let name = rule.replace('\'', "''");
            self.ways.push(match kind.as_str() {
                "matrix" => other_statements(&rule, &statement),
                "time" => ["1000000", "0"]
                    .map(|seconds| {
                        format!(
                            "UPDATE time_rule SET seconds = {seconds} WHERE time_rule = '{name}'"
                        )
                    })
                    .to_vec(),
                _ => vec![format!("DELETE FROM notice WHERE notice = '{name}'")],
            });
            let basis = match basis.as_str() {
                "documented" => RestsOn::Documented,
                "lab rule" => RestsOn::LabRule,
                _ => RestsOn::Extrapolated,
            };
            self.factors.push(Factor::Rule {
                kind,
                rule,
                statement,
                basis,
                lines,
            });
        }
        Ok(())
    }

    /// Plays it with these factors changed, and gives the answers.
    ///
    /// # Errors
    /// When the database fails outside a script.
    pub fn play(&self, changes: &[Change]) -> Result<CheckAnswers, StoreError> {
        let mut changes = changes.to_vec();
        changes.sort_unstable();
        changes.dedup();
        if let Some(answers) = self.played.borrow().get(&changes) {
            return Ok(answers.clone());
        }
        self.store.savepoint()?;
        let answers = self.answers_with(&changes);
        self.store.roll_back()?;
        let answers = Rc::new(answers?);
        self.played.borrow_mut().insert(changes, answers.clone());
        Ok(answers)
    }

    fn answers_with(&self, changes: &[Change]) -> Result<Vec<Option<ResultTable>>, StoreError> {
        self.happen(changes)?;
        let ask = |question: &Question| {
            let asked = self
                .store
                .ask(&question.sql, &question.kinds, &question.bindings);
            let mut table = asked.ok()?;
            if let Some(at) = question
                .basis
                .as_deref()
                .and_then(|name| table.position(name))
            {
                table.columns.remove(at);
                for row in &mut table.rows {
                    row.remove(at);
                }
            }
            Some(table)
        };
        Ok(self.questions.iter().map(ask).collect())
    }

    /// Lets everything happen, with these factors changed.
    fn happen(&self, changes: &[Change]) -> Result<(), StoreError> {
        for (factor, way) in changes {
            self.store.run_own("rule", &self.ways[*factor][*way], &[])?;
        }
        for act in &self.acts {
            match act {
                Act::Clock(at) => self.store.set_clock(*at)?,
                Act::Statement { factor, .. }
                    if factor.is_some_and(|own| changes.iter().any(|(left, _)| *left == own)) => {}
                Act::Statement { file, sql, .. } => {
                    // What names a chat that has never been asked for cannot be.
                    let _ = self.store.run_script(file, sql, &self.values);
                }
            }
        }
        Ok(())
    }

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

    /// Plays it with each factor changed by itself, once for all questions.
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

    /// The cells of the matrix for servers that never stop here, if no answer changes when all of them are changed in
    /// each way: then only a query that reads the matrix itself would tell, and would have told.
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

    /// Says what a part of a check's answer rests on.
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

    /// Changes as many of the candidates as can be, one after the other, without changing the answer. Halving them
    /// takes few plays where most can be changed.
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

/// A database for a replay, watched and bounded as the options say.
fn guarded(options: &ReplayOptions) -> Result<Store, StoreError> {
    let store = Store::with_platform()?;
    options.guard(&store)?;
    Ok(store)
}

/// The step of a scenario with this id.
fn step_of<'s>(scenario: &'s Scenario, id: &str) -> Result<&'s ScenarioStep, ReplayError> {
    let mut steps = scenario.steps.iter();
    steps
        .find(|own| own.id == id)
        .ok_or_else(|| ReplayError::UnknownStep {
            scenario: scenario.name.clone(),
            step: id.to_owned(),
            known: scenario.steps.iter().map(|step| step.id.clone()).collect(),
        })
}

fn values(parameters: &[ParameterValue]) -> Vec<Binding> {
    let values = parameters.iter();
    values
        .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
        .collect()
}

fn question(with: &[Binding], query: &Query, values: &[Binding]) -> Result<Question, TsqlError> {
    Ok(Question {
        sql: as_run(query)?,
        kinds: query.kinds.clone(),
        bindings: bindings(with, query, values),
        basis: query.basis.clone(),
    })
}

/// The values with which a query is asked, those given with it first.
fn bindings(with: &[Binding], query: &Query, values: &[Binding]) -> Vec<Binding> {
    let defaults = query.parameters.iter().filter_map(|parameter| {
        let value = parameter.default.clone()?;
        Some((parameter.name.clone(), value))
    });
    let given = with.iter().chain(values).cloned();
    given.chain(defaults).collect()
}
