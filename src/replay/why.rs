//! What a result depends on, found by leaving things out, not by tracking.
//!
//! A scenario is replayed without each cause, and with each cell of the matrix, each time and each notice changed.
//! Whatever changes the result determines it. If a result stays the same although everything else is changed, the list
//! is complete; if not, it is determined redundantly, and groups are searched of which any one is sufficient. The
//! replays share one database, and each is rolled back by a savepoint, so that one takes a few milliseconds.

mod acts;
mod decides;
mod labels;
mod missing;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::{ReplayError, ReplayOptions, as_run, uncovered_servers};
use crate::query::Query;
use crate::report::RestsOn;
use crate::scenario::{
    Check, Library, ParameterValue, Scenario, ScenarioStep, lab_rules, resolve_parameters,
};
use crate::sql::tsql::TsqlError;
use crate::store::{Binding, Budget, Store, StoreError};
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
        /// The step's title, or its sentence where it has several.
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
        /// The name of the rule.
        rule: String,
        /// The statement of the rule.
        statement: String,
        /// Whether the support note or the lab states it.
        basis: RestsOn,
        /// The lines that state it; for a lab rule, its position.
        lines: String,
    },
}

/// The part of a result to explain.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WhyTarget {
    /// The rows, by the text of columns; all if empty.
    pub row: Vec<(String, String)>,
    /// The column; all if `None`.
    pub column: Option<String>,
}

/// The part of a result to explain, as given.
pub type ExplainedValue = Vec<Vec<Cell>>;

impl WhyTarget {
    /// The part of a result that is explained.
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

/// Something that determines a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Decides {
    /// The indexes of the factors: one, or several of which any one is sufficient.
    pub factors: Vec<usize>,
    /// The result without it, or without all of them.
    pub without: ExplainedValue,
}

/// What a result depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The rows of the result.
    pub value: ExplainedValue,
    /// What determines it, in the order of the factors.
    pub decides: Vec<Decides>,
    /// Factors that matter only together with others, for which no group of alternatives was found.
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

/// The actions of a replay, in order.
enum Act {
    Clock(i64),
    Statement { factor: Option<usize>, file: String, sql: String },
}

/// A query that is run at the end of a replay.
#[derive(Default)]
struct Question {
    sql: String,
    kinds: Vec<(String, Kind)>,
    bindings: Vec<Binding>,
    situation: Option<String>,
}

/// A factor changed in one of its possible ways.
pub type Change = (usize, usize);

/// The result of each check of a step; `None` if it cannot be run.
pub type CheckAnswers = Rc<Vec<Option<ResultTable>>>;

/// A scenario up to one of its steps, to be replayed repeatedly.
pub struct Experiment {
    store: Store,
    /// The limit on all replays together.
    budget: Budget,
    acts: Vec<Act>,
    factors: Vec<Factor>,
    /// For each factor, the statements that change it, one per way; none for a cause, which is left out.
    ways: Vec<Vec<String>>,
    values: Vec<Binding>,
    questions: Vec<Question>,
    checks: Vec<Check>,
    queries: Vec<Arc<Query>>,
    parameters: Vec<ParameterValue>,
    /// A cache of replays: many cells need the same ones.
    played: RefCell<BTreeMap<Vec<Change>, CheckAnswers>>,
    /// The servers that have stopped together without a word of the support note.
    uncovered: Option<String>,
    /// The results with nothing changed.
    answers: CheckAnswers,
    /// The results with one factor changed in one way.
    single: Vec<Vec<CheckAnswers>>,
}

impl Experiment {
    /// Prepares the scenario up to the end of `step`, whose checks are run.
    ///
    /// # Errors
    /// If the scenario is not found or invalid, or the database fails.
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

    /// Prepares the scenario up to the end of `step`, or to its own end, where a user query is run.
    ///
    /// # Errors
    /// As [`Experiment::new`]; also if the query cannot be run.
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
        let Question { sql, kinds, bindings, .. } = &experiment.questions[0];
        let happened = experiment.happen(&[]);
        let asked = happened.and_then(|()| experiment.store.ask(sql, kinds, bindings));
        experiment.store.roll_back()?;
        match asked {
            Ok(_) => Ok(experiment),
            Err(error) => Err(ReplayError::Query(error.in_short())),
        }
    }

    /// Prepares the scenario up to the end of `step`, or to its own end, from where a schedule runs.
    ///
    /// # Errors
    /// As [`Experiment::new`].
    pub(in crate::replay) fn of_state(
        library: &Library,
        (scenario, step): (&str, Option<&str>),
        options: &ReplayOptions,
    ) -> Result<Self, ReplayError> {
        let chain = library.chain(scenario)?;
        let parameters = resolve_parameters(&chain, &options.sets)?;
        let last = chain.last().expect("a chain holds the scenario itself");
        let target = step.map(|step| step_of(last, step)).transpose()?;
        let values = values(&parameters);
        Self { parameters, values, ..Self::blank(options)? }.prepared(&chain, target)
    }

    /// Lets everything happen with these factors changed, goes on from there, and takes all of it back.
    pub(in crate::replay) fn go_on_from_there<T>(
        &self,
        changes: &[Change],
        go_on: impl FnOnce(&Store, &[Binding]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.store.savepoint()?;
        let happened = self.happen(changes);
        let ended = happened.and_then(|()| go_on(&self.store, &self.values));
        self.store.roll_back()?;
        if self.budget.is_over() {
            let limit = self.budget.limit();
            return Err(StoreError::Spent { limit });
        }
        ended
    }

    fn blank(options: &ReplayOptions) -> Result<Self, StoreError> {
        Ok(Self {
            store: guarded(options)?,
            budget: options.budget.clone(),
            acts: Vec::new(),
            factors: Vec::new(),
            ways: Vec::new(),
            values: Vec::new(),
            questions: Vec::new(),
            checks: Vec::new(),
            queries: Vec::new(),
            parameters: Vec::new(),
            played: RefCell::default(),
            uncovered: None,
            answers: CheckAnswers::default(),
            single: Vec::new(),
        })
    }

    /// Collects what happens in the chain up to a step of its last scenario, and what can be changed about it.
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
        self.uncovered = self.go_on_from_there(&[], |store, _| uncovered_servers(store))?;
        Ok(self)
    }

    /// All that can be left out or changed.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The servers that have stopped together, where the support note does not cover them.
    #[must_use]
    pub fn uncovered(&self) -> Option<&str> {
        self.uncovered.as_deref()
    }

    /// The number of ways in which a factor can be changed.
    #[must_use]
    pub fn ways(&self, factor: usize) -> usize {
        self.ways[factor].len()
    }

    /// The checks of the step.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The result of a check's query, without its situation; `None` if it cannot be run.
    #[must_use]
    pub fn answer(&self, check: usize) -> Option<&ResultTable> {
        self.answers.get(check)?.as_ref()
    }

    /// Replays with these factors changed, and returns the results.
    ///
    /// # Errors
    /// If the database fails outside a script.
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
        if self.budget.is_over() {
            let limit = self.budget.limit();
            return Err(StoreError::Spent { limit });
        }
        let answers = Rc::new(answers?);
        self.played.borrow_mut().insert(changes, answers.clone());
        Ok(answers)
    }

    fn answers_with(&self, changes: &[Change]) -> Result<Vec<Option<ResultTable>>, StoreError> {
        self.happen(changes)?;
        let ask = |question: &Question| {
            let asked = self.store.ask(&question.sql, &question.kinds, &question.bindings);
            let mut table = asked.ok()?;
            if let Some(at) = question.situation.as_deref().and_then(|name| table.position(name)) {
                table.columns.remove(at);
                for row in &mut table.rows {
                    row.remove(at);
                }
            }
            Some(table)
        };
        Ok(self.questions.iter().map(ask).collect())
    }

    /// Runs everything, with these factors changed.
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
}

/// A database for a replay, monitored and limited according to the options.
fn guarded(options: &ReplayOptions) -> Result<Store, StoreError> {
    let store = Store::with_platform()?;
    options.guard(&store)?;
    Ok(store)
}

/// The step of a scenario with this id.
fn step_of<'s>(scenario: &'s Scenario, id: &str) -> Result<&'s ScenarioStep, ReplayError> {
    let mut steps = scenario.steps.iter();
    steps.find(|own| own.id == id).ok_or_else(|| ReplayError::UnknownStep {
        scenario: scenario.name.clone(),
        step: id.to_owned(),
        known: scenario.steps.iter().map(|step| step.id.clone()).collect(),
    })
}

fn values(parameters: &[ParameterValue]) -> Vec<Binding> {
    let values = parameters.iter();
    values.map(|parameter| (parameter.name.clone(), parameter.value.clone())).collect()
}

fn question(with: &[Binding], query: &Query, values: &[Binding]) -> Result<Question, TsqlError> {
    Ok(Question {
        sql: as_run(query)?,
        kinds: query.kinds.clone(),
        bindings: bindings(with, query, values),
        situation: query.situation.clone(),
    })
}

/// The parameter values of a query, its own first.
fn bindings(with: &[Binding], query: &Query, values: &[Binding]) -> Vec<Binding> {
    let defaults = query.parameters.iter().filter_map(|parameter| {
        let value = parameter.default.clone()?;
        Some((parameter.name.clone(), value))
    });
    let given = with.iter().chain(values).cloned();
    given.chain(defaults).collect()
}
