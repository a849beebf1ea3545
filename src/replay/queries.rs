//! Queries rewritten for SQLite.

use std::collections::HashMap;

use crate::query::{Dialect, Query};
use crate::report::SqlRun;
use crate::scenario::Library;
use crate::schema;
use crate::sql;
use crate::sql::tsql::{self, Literal};

/// Rewritten queries, or why they cannot be run, by the file of their text.
pub(super) type Rewritten = HashMap<String, Result<String, String>>;

/// Reads the scenarios and rewrites their queries. Missing or invalid ones are left for the replay to
/// report.
pub(super) fn rewrite_queries(library: &Library, names: &[String]) -> Rewritten {
    let chains = names.iter().filter_map(|name| library.chain(name).ok());
    let mut rewritten = HashMap::new();
    for scenario in chains.flatten() {
        for check in scenario.steps.iter().flat_map(|step| &step.checks) {
            if let Ok(query) = library.query(&scenario, &check.query) {
                rewritten
                    .entry(query.place.file.clone())
                    .or_insert_with(|| as_run(&query).map_err(|error| error.to_string()));
            }
        }
    }
    rewritten
}

/// A query's text as shown on a page.
pub(super) fn sql_of(query: &Query) -> SqlRun {
    SqlRun {
        written: query.sql.clone(),
        rewritten: as_run(query).ok().filter(|sql| *sql != query.sql),
    }
}

/// A query for SQLite: T-SQL rewritten, anything else unchanged.
///
/// # Errors
/// Fails when the T-SQL contains something that cannot be rewritten.
pub fn as_run(query: &Query) -> Result<String, tsql::TsqlError> {
    match query.dialect {
        Dialect::Sqlite => Ok(query.sql.clone()),
        Dialect::Tsql => {
            let types: Vec<_> = (query.parameters.iter())
                .filter_map(|parameter| {
                    let default = parameter.default.as_ref()?;
                    Some((parameter.name.clone(), tsql::type_of(default)))
                })
                .collect();
            tsql::rewrite(&query.sql, schema::scenario_catalog(), &literals_of(query), &types)
                .map_err(|error| error.lower_by(query.sql_line - 1))
        }
    }
}

/// The literals in a query's text that represent its parameters: those whose name is not in the text.
#[must_use]
pub fn literals_of(query: &Query) -> Vec<Literal> {
    if query.dialect == Dialect::Sqlite {
        return Vec::new();
    }
    let named = sql::named_parameters(&query.sql);
    query
        .parameters
        .iter()
        .filter(|parameter| !named.iter().any(|named| named.name == parameter.name))
        .filter_map(|parameter| {
            let value = parameter.default.clone()?;
            Some(Literal { parameter: parameter.name.clone(), value })
        })
        .collect()
}
