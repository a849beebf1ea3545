//! Finds every mistake in the files of scenarios, without replaying their checks.
//!
//! What text alone can tell is found by reading ([`Library::examine`]). What needs the model is found by a rehearsal:
//! the causes happen on a database, statement by statement, so that words and ids that there are not are found where
//! they are written, and each query is run once, so that its columns can be compared with those that are expected.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Position, Positions, Problem, Problems, did_you_mean, hint_among};
use crate::diff::ColumnMode;
use crate::query::Query;
use crate::replay::{ReplayOptions, as_run};
use crate::report::ValidatedScenario;
use crate::scenario::{
    Check, ExaminedScenario, Expect, Expected, ExpectedState, Layout, Library, Scenario,
    ScenarioStep, SqlFile, lab_rules, problems_of, resolve_parameters,
};
use crate::sql::{self, Token, TokenKind, Tokens};
use crate::store::{Binding, Budget, Store, StoreError};

/// The mistakes of the scenarios of `names_or_paths`, one entry a scenario. A path may be that of a folder of
/// scenarios. Of the options, those that bound a statement are followed: `watch` and `memory`.
///
/// # Errors
/// When the database cannot be set up.
pub fn validate(
    library: &Library,
    names_or_paths: &[String],
    options: &ReplayOptions,
) -> Result<Vec<ValidatedScenario>, StoreError> {
    let mut store = set_up(options)?;
    let mut validated = Vec::new();
    for asked in names_or_paths {
        let names = match library.expand(asked) {
            Ok(names) => names,
            Err(error) => {
                let mistakes = match error.no_folder() {
                    Some(mistake) if error.suggestion().is_none() => vec![mistake],
                    _ => problems_of(error),
                };
                validated.push(entry(asked, mistakes, Vec::new()));
                continue;
            }
        };
        for name in names {
            let mut pending = Vec::new();
            let mistakes = match library.examine(&name) {
                Ok(examined) => {
                    pending = pending_checks(&examined.scenario);
                    store.savepoint()?;
                    let found = mistakes(library, &store, examined)?;
                    match store.take_lost() {
                        true => store = set_up(options)?,
                        false => store.roll_back()?,
                    }
                    found
                }
                Err(error) => problems_of(error),
            };
            validated.push(entry(&name, mistakes, pending));
        }
    }
    Ok(validated)
}

fn set_up(options: &ReplayOptions) -> Result<Store, StoreError> {
    let store = Store::with_platform()?;
    options.guard(&store)?;
    Ok(store)
}

/// The checks of a scenario whose expected table is missing or not accepted.
fn pending_checks(scenario: &Scenario) -> Vec<String> {
    let checks = scenario.steps.iter().flat_map(|step| &step.checks);
    let is_pending = |check: &&Check| {
        matches!(&check.expect, Expect::Table(own)
            if matches!(own.state, ExpectedState::Unrecorded | ExpectedState::Pending))
    };
    checks.filter(is_pending).map(|check| check.id.clone()).collect()
}

fn entry(scenario: &str, mistakes: Vec<Problem>, pending: Vec<String>) -> ValidatedScenario {
    let mistakes: Problems = mistakes.into_iter().collect();
    ValidatedScenario {
        scenario: scenario.to_owned(),
        mistakes: mistakes.into_iter().collect(),
        pending,
    }
}

fn mistakes(
    library: &Library,
    store: &Store,
    examined: ExaminedScenario,
) -> Result<Vec<Problem>, StoreError> {
    store.spend(Some(&Budget::default()));
    let mut rehearsal = Rehearsal {
        library,
        store,
        values: Vec::new(),
        failed: BTreeSet::new(),
        asked: BTreeSet::new(),
        problems: Vec::new(),
        whole: examined.chain.is_some(),
    };
    match &examined.chain {
        Some(chain) => rehearsal.play(chain)?,
        None => rehearsal.compile(&examined.scenario),
    }
    for script in &examined.unused {
        rehearsal.compiles(script);
    }
    let mut problems = rehearsal.problems;
    problems.extend(examined.problems);
    Ok(problems)
}

/// A scenario being tried out.
struct Rehearsal<'l> {
    library: &'l Library,
    store: &'l Store,
    values: Vec<Binding>,
    /// Numbers and parameters of statements that failed: what names them later may fail for that reason alone.
    failed: BTreeSet<String>,
    /// Queries whose own text was looked at, by file.
    asked: BTreeSet<String>,
    problems: Vec<Problem>,
    /// Whether the database holds what the scenario starts from.
    whole: bool,
}

impl Rehearsal<'_> {
    /// Lets the causes of a chain happen, and looks for mistakes in the last of it.
    fn play(&mut self, chain: &[Arc<Scenario>]) -> Result<(), StoreError> {
        let Some((scenario, before)) = chain.split_last() else {
            return Ok(());
        };
        let parameters = resolve_parameters(chain, &[]).unwrap_or_default();
        let values = parameters.into_iter().map(|one| (one.name, one.value));
        self.values = values.collect();
        for rule in lab_rules(chain) {
            self.store.run_own("lab rule", &rule.to_sql(), &[])?;
        }
        for earlier in before {
            self.start(earlier)?;
            for seed in &earlier.seeds {
                self.happens(seed)?;
            }
            for step in earlier.steps.iter().filter(|step| step.branch.is_none()) {
                self.store.set_clock(step.at)?;
                if let Some(script) = step.script.as_ref().filter(|_| step.error.is_none()) {
                    self.happens(script)?;
                }
                self.store.set_clock(step.at)?;
            }
        }
        self.start(scenario)?;
        for seed in &scenario.seeds {
            self.rehearse(seed)?;
        }
        self.steps(scenario)
    }

    fn start(&self, scenario: &Scenario) -> Result<(), StoreError> {
        let first = scenario.steps.first().map(|step| step.at);
        match scenario.clock {
            Some(clock) => self.store.set_clock(first.unwrap_or(clock).min(clock)),
            None => Ok(()),
        }
    }

    /// Runs a script that is known to be right, or else leaves nothing of it.
    fn happens(&self, script: &SqlFile) -> Result<(), StoreError> {
        self.store.savepoint()?;
        match self.store.run_script(&script.file, &script.sql, &self.values) {
            Ok(_) => self.store.release(),
            Err(_) => self.store.roll_back(),
        }
    }

    fn steps(&mut self, scenario: &Scenario) -> Result<(), StoreError> {
        let mut branch: Option<&str> = None;
        for step in &scenario.steps {
            if branch != step.branch.as_deref() {
                if branch.is_some() {
                    self.store.roll_back()?;
                }
                branch = step.branch.as_deref();
                if branch.is_some() {
                    self.store.savepoint()?;
                }
            }
            self.store.set_clock(step.at)?;
            // A step that must fail may well be one that cannot be compiled.
            if let Some(script) = step.script.as_ref().filter(|_| step.error.is_none()) {
                self.rehearse(script)?;
            }
            self.store.set_clock(step.at)?;
            self.checks(scenario, step);
        }
        if branch.is_some() {
            self.store.roll_back()?;
        }
        Ok(())
    }

    /// Looks for statements that cannot be compiled, where there is no database to run them on.
    fn compile(&mut self, scenario: &Scenario) {
        for seed in &scenario.seeds {
            self.compiles(seed);
        }
        for step in &scenario.steps {
            if let Some(script) = step.script.as_ref().filter(|_| step.error.is_none()) {
                self.compiles(script);
            }
            self.checks(scenario, step);
        }
    }

    /// Whether every statement of a script can be compiled; keeps the mistakes of those that cannot.
    fn compiles(&mut self, script: &SqlFile) -> bool {
        let mistakes = self.store.mistakes(&script.file, &script.sql);
        let positions = Positions::new(&script.sql);
        for mistake in &mistakes {
            self.problems.push(Problem {
                file: script.file.clone(),
                at: Some(positions.of(mistake.offset)),
                message: mistake.message.clone(),
                hint: mistake.hint.clone(),
            });
        }
        mistakes.is_empty()
    }

    /// Runs a script statement by statement, and keeps what is wrong with each.
    fn rehearse(&mut self, script: &SqlFile) -> Result<(), StoreError> {
        let compiled = self.compiles(script);
        let Ok(statements) = sql::split(&script.sql) else {
            return Ok(());
        };
        for statement in statements {
            if !compiled && !self.store.mistakes(&script.file, statement.sql).is_empty() {
                self.failed.extend(created(statement.sql));
                continue;
            }
            self.store.savepoint()?;
            let outcome = self.store.run_script(&script.file, statement.sql, &self.values);
            match outcome {
                Ok(_) => self.store.release()?,
                Err(error) => {
                    self.store.roll_back()?;
                    self.refused(script, statement.sql, &error);
                    self.failed.extend(created(statement.sql));
                }
            }
        }
        Ok(())
    }

    /// Keeps what is wrong with a statement that fails, unless that may only follow from one that failed before.
    fn refused(&mut self, script: &SqlFile, statement: &str, error: &StoreError) {
        let known = match error {
            StoreError::Impossible { known, .. } => known.as_slice(),
            // It is found by reading, where the name is.
            StoreError::Unbound { .. } => return,
            _ => &[],
        };
        let culprit = culprit(statement, known, &self.values);
        let follows = match &culprit {
            Some(token) => is_id(token) && self.failed.contains(token.text),
            None => {
                matches!(error, StoreError::Impossible { .. })
                    && created(statement).any(|name| self.failed.contains(&name))
            }
        };
        if follows {
            return;
        }
        let start = (statement.as_ptr() as usize).saturating_sub(script.sql.as_ptr() as usize);
        let at = culprit.as_ref().map_or(0, |token| token.start);
        let hint = culprit.and_then(|token| {
            let meant = did_you_mean(unquoted(token.text), known.iter().map(String::as_str));
            meant.map(|meant| format!("did you mean `{meant}`?"))
        });
        let place = match script.sentence(start) {
            Some(sentence) => sentence.at,
            None => Positions::new(&script.sql).of(start + at),
        };
        self.problems.push(Problem {
            file: script.file.clone(),
            at: Some(place),
            message: error.in_short(),
            hint,
        });
    }

    fn checks(&mut self, scenario: &Scenario, step: &ScenarioStep) {
        for check in &step.checks {
            let Ok(query) = self.library.query(scenario, &check.query) else {
                continue;
            };
            let sql = match as_run(&query) {
                Ok(sql) => sql,
                Err(error) => {
                    self.in_query(&query, error.at, error.problem.to_string(), error.hint);
                    continue;
                }
            };
            if let Some(mistake) = self.store.mistake(&sql) {
                // Rewritten T-SQL has other places than the text.
                let at = match sql == query.sql {
                    true => Positions::new(&sql).of(mistake.offset),
                    false => Position { line: 1, column: 1 },
                };
                let at = Position { line: at.line + query.sql_line - 1, ..at };
                self.in_query(&query, at, mistake.message, mistake.hint);
                continue;
            }
            if self.whole {
                self.ids(check);
                self.columns(check, &query, &sql);
            }
        }
    }

    /// Finds ids of `with` that name nothing: a query answers them with no rows, as it does a mistyped one.
    fn ids(&mut self, check: &Check) {
        for (name, id) in &check.with {
            if let Ok(Some(message)) = self.store.unknown_id(name, id) {
                self.problems.push(Problem {
                    file: check.place.file.clone(),
                    at: Some(Position { line: check.place.line, column: 1 }),
                    message,
                    hint: None,
                });
            }
        }
    }

    fn in_query(&mut self, query: &Query, at: Position, message: String, hint: Option<String>) {
        let file = query.place.file.clone();
        if self.asked.insert(file.clone()) {
            self.problems.push(Problem { file, at: Some(at), message, hint });
        }
    }

    /// Runs the query of a check, and compares the columns of its result with those that are expected.
    fn columns(&mut self, check: &Check, query: &Query, sql: &str) {
        let mut values: Vec<Binding> = check.with.clone();
        values.extend(self.values.iter().cloned());
        let defaults = query.parameters.iter();
        values.extend(defaults.filter_map(|own| Some((own.name.clone(), own.default.clone()?))));
        let Ok(result) = self.store.ask(sql, &query.kinds, &values) else {
            // What depends on rows is for the replay to say.
            return;
        };
        let is_situation = |name: &&str| query.situation.as_deref() == Some(*name);
        let found: Vec<&str> =
            (result.names().into_iter()).filter(|name| !is_situation(name)).collect();
        let at = |line| Some(Position { line, column: 1 });
        match &check.expect {
            Expect::Value(_) if found.len() != 1 => self.problems.push(Problem {
                file: check.place.file.clone(),
                at: at(check.place.line),
                message: format!(
                    "`value` needs a query with one column; `{}` has {}: {}",
                    query.name,
                    found.len(),
                    found.join(", ")
                ),
                hint: Some("expect a table instead, with `columns = \"subset\"`".to_owned()),
            }),
            Expect::Table(expected) => {
                let problems = header_mistakes(check, expected, query, &found);
                self.problems.extend(problems);
            }
            _ => {}
        }
    }
}

/// The columns of an expected table that the query does not have, or not so.
fn header_mistakes(
    check: &Check,
    expected: &Expected,
    query: &Query,
    found: &[&str],
) -> Vec<Problem> {
    if expected.layout == Layout::Lines || expected.state == ExpectedState::Unrecorded {
        return Vec::new();
    }
    let header: Vec<&str> = (expected.header.iter().enumerate())
        .filter(|(at, _)| expected.is_data(*at))
        .map(|(_, name)| name.as_str())
        .collect();
    let ignored = |name: &&&str| !check.ignore.iter().any(|(ignored, _)| ignored == **name);
    let at = expected.header_line;
    let problem = |message: String, hint: Option<String>| Problem {
        file: expected.file.clone(),
        at: Some(Position { line: at, column: 1 }),
        message,
        hint,
    };
    let unknown = header.iter().filter(|name| !found.contains(name));
    let mut problems: Vec<Problem> = unknown
        .filter(ignored)
        .map(|name| {
            let message = format!("the query `{}` has no column `{name}`", query.name);
            problem(message, hint_among(name, found.iter().copied()))
        })
        .collect();
    let missing: Vec<&str> =
        (found.iter()).filter(|name| !header.contains(name)).filter(ignored).copied().collect();
    if !problems.is_empty() || check.columns == ColumnMode::Subset {
        return problems;
    }
    if !missing.is_empty() {
        let message = format!("the query `{}` also has {}", query.name, quoted(&missing));
        let hint = "add the missing columns, or use `columns = \"subset\"`";
        problems.push(problem(message, Some(hint.to_owned())));
    } else if check.columns == ColumnMode::Exact && header != found {
        let message = format!(
            "the query `{}` has its columns in another order: {}",
            query.name,
            quoted(found)
        );
        let hint = "use this order, or allow any with `columns = \"any_order\"`";
        problems.push(problem(message, Some(hint.to_owned())));
    }
    problems
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The numbers and parameters of a statement: what it may create, or name.
fn created(statement: &str) -> impl Iterator<Item = String> {
    let tokens = Tokens::new(statement).filter_map(Result::ok);
    tokens.filter(is_id).map(|token| token.text.to_owned())
}

fn is_id(token: &Token<'_>) -> bool {
    let number = || token.text.bytes().all(|b| b.is_ascii_digit());
    match token.kind {
        TokenKind::Word => number() || token.text.starts_with('@'),
        TokenKind::Parameter => true,
        _ => false,
    }
}

/// The word or number of a statement that was meant to be one of `known`: the one that is most like one of them, else
/// the first number that is none of them.
fn culprit<'s>(statement: &'s str, known: &[String], values: &[Binding]) -> Option<Token<'s>> {
    if known.is_empty() {
        return None;
    }
    let value = |token: &Token<'_>| {
        let named = values.iter().find(|(name, _)| token.text.strip_prefix('@') == Some(name));
        named.map_or_else(|| unquoted(token.text).to_owned(), |(_, value)| value.to_string())
    };
    let tokens = || {
        Tokens::new(statement)
            .filter_map(Result::ok)
            .filter(|token| token.kind == TokenKind::Literal || is_id(token))
            .filter(|token| !known.contains(&value(token)))
    };
    let words = known.iter().any(|known| known.bytes().any(|b| b.is_ascii_alphabetic()));
    let names = || known.iter().map(String::as_str);
    match words {
        true => tokens()
            .filter(|token| token.kind == TokenKind::Literal)
            .find(|token| did_you_mean(unquoted(token.text), names()).is_some()),
        false => tokens().find(is_id),
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('\'')
}
