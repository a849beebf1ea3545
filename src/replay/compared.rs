//! Compares external tables, and production rows, with what a check of a scenario expects.

use std::sync::Arc;

use super::queries::literals_of;
use super::{ReplayError, ReplayOptions, replay};
use crate::ask::{self, Question};
use crate::check::{self, Terms};
use crate::diff::{ColumnMode, RowOrder};
use crate::document::Lines;
use crate::query::Query;
use crate::report::Comparison;
use crate::scenario::{Basis, Check, Library, ParameterValue, resolve_parameters};
use crate::store::{Binding, Store};
use crate::table::raw::RawTable;
use crate::table::{Column, Kind, ResultTable};

/// Replays a scenario up to one of its checks, and compares an external table with what the check expects, by the
/// options of the check and the given ones: a given key, ignored and tolerated columns take precedence.
///
/// # Errors
/// As [`replay`]; also if the scenario has no such check, or the check's query cannot be run.
pub fn compare_table(
    library: &Library,
    scenario: &str,
    check: &str,
    actual: &RawTable,
    terms: &Terms,
    options: &ReplayOptions,
) -> Result<Comparison, ReplayError> {
    let asked = wanted(library, scenario, check, terms, options)?;
    let parameters = resolve_parameters(&library.chain(scenario)?, &options.sets)?;
    let actual = typed(actual, &asked.columns);
    Ok(check::compare(
        &asked.check,
        &parameters,
        &asked.query.key,
        &asked.query.order,
        &asked.columns,
        &actual,
        asked.printed(),
    )?)
}

/// Production rows: a result of the check's query in a file, or an import database on which to run the query.
#[derive(Clone, Copy)]
pub enum ProductionRows<'a> {
    /// The saved result of the query.
    File(&'a RawTable),
    /// Tables on which the query is run, under their production names.
    Copy(&'a Store),
}

/// The same for production rows: `binds` are parameters with the user's own values, which identify the rows to compare.
/// All other lab values are taken from these rows; columns beyond the document's are ignored unless the options say how
/// headers are compared.
///
/// # Errors
/// As [`compare_table`]; also if the check does not expect a table of rows, if the bound values identify no rows, or if
/// the query cannot run on the import database, as those of the platform model cannot.
pub fn compare_bound(
    library: &Library,
    scenario: &str,
    check: &str,
    actual: ProductionRows<'_>,
    terms: &Terms,
    binds: &[(String, String)],
    options: &ReplayOptions,
) -> Result<Comparison, ReplayError> {
    let asked = wanted(library, scenario, check, terms, options)?;
    let parameters = resolve_parameters(&library.chain(scenario)?, binds)?;
    let given = |parameter: &&ParameterValue| binds.iter().any(|(name, _)| *name == parameter.name);
    let bound: Vec<ParameterValue> = parameters.iter().filter(given).cloned().collect();
    let actual = match actual {
        ProductionRows::File(table) => typed(table, &asked.columns),
        ProductionRows::Copy(store) => asked_of(store, &asked, &bound)?,
    };
    let question = check::Asked {
        check: &asked.check,
        columns: &asked.columns,
        key: &asked.query.key,
        order: &asked.query.order,
        printed: asked.printed(),
    };
    Ok(check::compare_bound(question, &bound, &parameters, &actual)?)
}

/// Runs a check's query on an import database, with the bound values instead of the documented ones.
fn asked_of(
    store: &Store,
    asked: &Wanted,
    bound: &[ParameterValue],
) -> Result<ResultTable, ReplayError> {
    let query = &asked.query;
    let mut values: Vec<Binding> =
        bound.iter().map(|own| (own.name.clone(), own.value.clone())).collect();
    let known =
        query.parameters.iter().filter_map(|own| Some((own.name.clone(), own.default.clone()?)));
    for (name, value) in asked.check.with.iter().cloned().chain(known) {
        if values.iter().all(|(known, _)| *known != name) {
            // A check may give the documented value to a parameter of another name.
            let own = bound.iter().find(|own| own.instead_of.as_ref() == Some(&value));
            values.push((name, own.map_or(value, |own| own.value.clone())));
        }
    }
    let question = Question {
        text: &query.sql,
        dialect: query.dialect,
        literals: &literals_of(query),
        kinds: &query.kinds,
        values: &values,
        now: None,
        limit: None,
    };
    let answers = ask::ask(store, &question, &|| false)?;
    let answer = answers.answers.into_iter().last();
    Ok(answer.map(|answer| answer.table).unwrap_or_default())
}

/// Converts the cells of a file to the kinds of the query's columns with the same names.
fn typed(actual: &RawTable, columns: &[Column]) -> ResultTable {
    let kind_of = |name: &str| {
        let mut columns = columns.iter();
        let found = columns.find(|column| column.name.eq_ignore_ascii_case(name));
        found.map_or(Kind::Text, |column| column.kind)
    };
    let kinds: Vec<Kind> = actual.header.iter().map(|cell| kind_of(&cell.text)).collect();
    actual.typed(&kinds)
}

/// A check with the requested options, and its query with the columns of its result.
struct Wanted {
    check: Check,
    query: Arc<Query>,
    columns: Vec<Column>,
}

impl Wanted {
    /// The lines of the document that the expectation transcribes.
    fn printed(&self) -> Option<&Lines> {
        match &self.check.basis {
            Basis::Printed(lines) => Some(lines),
            _ => None,
        }
    }
}

/// Finds a check, and replays its scenario so far, to determine its query's columns.
fn wanted(
    library: &Library,
    scenario: &str,
    check: &str,
    terms: &Terms,
    options: &ReplayOptions,
) -> Result<Wanted, ReplayError> {
    let found = library.get(scenario)?;
    let steps =
        || found.steps.iter().flat_map(|step| step.checks.iter().map(move |check| (step, check)));
    let Some((step, wanted)) = steps().find(|(_, found)| found.id == check) else {
        return Err(ReplayError::UnknownCheck {
            scenario: scenario.to_owned(),
            check: check.to_owned(),
            known: steps().map(|(_, check)| check.id.clone()).collect(),
        });
    };
    let mut wanted = wanted.clone();
    if !terms.key.is_empty() {
        wanted.key = Some(terms.key.clone());
    }
    if terms.columns != ColumnMode::Exact {
        wanted.columns = terms.columns;
    }
    if terms.order != RowOrder::Unordered {
        wanted.order = Some(terms.order.clone());
    }
    wanted.ignore.extend(terms.ignore.iter().cloned());
    wanted.tolerance.extend(terms.tolerance.iter().cloned());
    let options = ReplayOptions { until: Some(step.id.clone()), ..options.clone() };
    let (report, _) = replay(library, &[scenario.to_owned()], &options)?;
    let answered = report.runs.iter().flat_map(|run| &run.steps).flat_map(|step| &step.checks);
    let columns = answered
        .into_iter()
        .find(|run| run.id == check)
        .and_then(|run| run.comparison.as_ref())
        .map(|comparison| comparison.actual_columns.clone())
        .ok_or_else(|| ReplayError::NotAsked {
            scenario: scenario.to_owned(),
            check: check.to_owned(),
        })?;
    let query = library.query(&found, &wanted.query)?;
    Ok(Wanted { check: wanted, query, columns })
}
