//! A scenario as one SQL script: everything that a replay runs, for any SQLite shell.
//!
//! What comes out needs nothing of this program: schema, platform model, the chain of scenarios with the clock
//! put forward before each step, and the queries of the checks. Comparing is left to the reader.

use std::fmt::Write as _;

use thiserror::Error;

use crate::analysis;
use crate::query::{Dialect, Query, QueryParameter};
use crate::replay::{ReplayError, as_run, literals_of};
use crate::scenario::{Library, ParameterValue, Scenario, resolve_parameters};
use crate::sql;
use crate::sql::functions::collation;
use crate::sql::tsql::{self, Literal, TsqlError};
use crate::store::{self, Binding};
use crate::table::{Cell, Kind, parse_timestamp};

/// Writes the scenario called `name`, with its parameters as `sets` has them, as one script.
///
/// # Errors
/// Fails when the scenario is not found or not valid, or a parameter cannot be set.
pub fn write(
    library: &Library,
    name: &str,
    sets: &[(String, String)],
) -> Result<String, ReplayError> {
    let chain = library.chain(name)?;
    let parameters = resolve_parameters(&chain, sets)?;
    let values: Vec<Binding> = parameters
        .iter()
        .map(|ParameterValue { name, value, .. }| (name.clone(), value.clone()))
        .collect();
    let mut out = String::new();
    let mut put = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    put("BEGIN;");
    put(&store::schema_script());
    put("INSERT INTO chatdb_clock (now) VALUES ('1970-01-01 00:00:00.000');");
    for scenario in &chain {
        let asks = scenario.name == chain[chain.len() - 1].name;
        one(&mut put, library, scenario, &values, asks)?;
    }
    put("COMMIT;");
    Ok(out)
}

fn one(
    put: &mut impl FnMut(&str),
    library: &Library,
    scenario: &Scenario,
    values: &[Binding],
    asks: bool,
) -> Result<(), ReplayError> {
    put(&format!("\n-- {}: {}", scenario.name, scenario.title));
    if let Some(clock) = scenario.clock {
        let first = scenario
            .steps
            .first()
            .map_or(clock, |step| step.at.min(clock));
        put(&clock_to(first));
    }
    for seed in &scenario.seeds {
        put(filled(&seed.sql, values).trim_end());
    }
    let mut branch: Option<&str> = None;
    for step in scenario
        .steps
        .iter()
        .filter(|step| asks || step.branch.is_none())
    {
        if branch != step.branch.as_deref() {
            if branch.is_some() {
                put("ROLLBACK TO branch; RELEASE branch;");
            }
            branch = step.branch.as_deref();
            if branch.is_some() {
                put("SAVEPOINT branch;");
            }
        }
        put(&format!("\n-- {} {}", step.at_text, step.title));
        put(&clock_to(step.at));
        if let Some(script) = &step.script {
            put(filled(&script.sql, values).trim_end());
            put(&clock_to(step.at));
        }
        for check in step.checks.iter().filter(|_| asks) {
            let query = library.query(scenario, &check.query)?;
            let mut bindings = check.with.clone();
            bindings.extend(values.iter().cloned());
            put(&asked(&query, &bindings));
        }
    }
    if branch.is_some() {
        put("ROLLBACK TO branch; RELEASE branch;");
    }
    Ok(())
}

fn clock_to(at_ms: i64) -> String {
    format!(
        "UPDATE chatdb_clock SET now = '{}';",
        Cell::Timestamp(at_ms)
    )
}

fn asked(query: &Query, bindings: &[Binding]) -> String {
    match as_run(query) {
        Ok(sql) => {
            let mut bindings = bindings.to_vec();
            bindings.extend(query.parameters.iter().filter_map(|parameter| {
                parameter
                    .default
                    .clone()
                    .map(|value| (parameter.name.clone(), value))
            }));
            format!("-- {}\n{};", query.title, filled(&sql, &bindings))
        }
        Err(error) => format!("-- {}: not run: {error}", query.title),
    }
}

/// Why a query cannot be handed out.
#[derive(Debug, Error)]
pub enum HandoutError {
    /// It asks what only the platform model has.
    #[error("`{name}` asks the platform model, which SQL Server does not have")]
    Model {
        /// The query.
        name: String,
    },
    /// It compares exports with each other, of which SQL Server has none.
    #[error("`{name}` compares exports with each other, and SQL Server has one state of each row")]
    Exports {
        /// The finding.
        name: String,
    },
    /// Its T-SQL was not rewritten for SQLite.
    #[error(transparent)]
    Tsql(#[from] TsqlError),
}

/// Writes a query so that it can be run by itself: in T-SQL with its parameters declared at the top, in SQLite's
/// SQL with their values in their places. `values` go before the query's own.
///
/// # Errors
/// When the query is not one for that engine.
pub fn handout(
    query: &Query,
    dialect: Dialect,
    values: &[Binding],
) -> Result<String, HandoutError> {
    let mut out = format!("-- {}\n", query.title);
    if let Some(lines) = &query.lines {
        out.push_str(&format!("-- lines {lines} of the document\n"));
    }
    for (word, text) in [("meaning", &query.meaning), ("source", &query.source)] {
        if let Some(text) = text {
            out.push_str(&comment(&format!("{word}: {text}")));
        }
    }
    if let Some(tag) = query.tag {
        out.push_str(&format!("-- tag: {}\n", tag.name()));
    }
    if let Some(note) = &query.note {
        out.push_str(&comment(note));
    }
    if query.dialect == Dialect::Tsql {
        out.push_str(&to_provide(query)?);
    }
    let value_of = |parameter: &QueryParameter| {
        let given = values.iter().find(|(name, _)| *name == parameter.name);
        given.map_or_else(
            || parameter.default.clone(),
            |(_, value)| Some(value.clone()),
        )
    };
    match (query.dialect, dialect) {
        (Dialect::Sqlite, Dialect::Tsql) if query.tag.is_some() => {
            return Err(HandoutError::Exports {
                name: query.name.clone(),
            });
        }
        (Dialect::Sqlite, Dialect::Tsql) => {
            return Err(HandoutError::Model {
                name: query.name.clone(),
            });
        }
        (_, Dialect::Tsql) => {
            for parameter in &query.parameters {
                out.push_str(&declared(parameter, value_of(parameter).as_ref()));
            }
            let literals = literals_of(query);
            out.push_str(&with_variables(&query.sql, &literals));
            out.push_str(";\n");
        }
        (_, Dialect::Sqlite) => {
            let values: Vec<Binding> = query
                .parameters
                .iter()
                .filter_map(|parameter| Some((parameter.name.clone(), value_of(parameter)?)))
                .collect();
            for parameter in &query.parameters {
                let name = &parameter.name;
                if !values.iter().any(|(known, _)| known == name) {
                    out.push_str(&format!(
                        "-- give @{name} a value: .parameter set @{name} VALUE\n"
                    ));
                }
            }
            let sql = match (query.dialect, query.tag) {
                // A finding is asked of a copy, which has no scenario clock.
                (Dialect::Tsql, Some(_)) => {
                    out.push_str("-- give @chatdb_now the moment of judgement: .parameter set @chatdb_now VALUE\n");
                    finding_as_run(query)?
                }
                _ => as_run(query)?,
            };
            if sql.contains("tsql_") || sql.contains(collation::DEFAULT) {
                out.push_str("-- runs in chatdb, which has the functions and collations of SQL Server it names\n");
            }
            out.push_str(&filled(&sql, &values));
            out.push_str(";\n");
        }
    }
    Ok(out)
}

/// The end of the name of a table that no product has: the rows of another table as an earlier export has them.
const EARLIER: &str = "_earlier";

/// What must be there before the query can be run, as comments.
fn to_provide(query: &Query) -> Result<String, TsqlError> {
    let tables = tsql::tables(&query.sql).map_err(|error| error.lower_by(query.sql_line - 1))?;
    let mut out = String::new();
    for table in tables {
        let at = table.len().saturating_sub(EARLIER.len());
        if table
            .get(at..)
            .is_some_and(|end| end.eq_ignore_ascii_case(EARLIER))
        {
            out.push_str(&format!(
                "-- needs a table {table} beside it: the rows of {} as they were at an earlier time\n",
                &table[..at]
            ));
        }
    }
    Ok(out)
}

/// A finding as SQLite is given it, the moment of judgement being `@chatdb_now`.
fn finding_as_run(finding: &Query) -> Result<String, TsqlError> {
    let types: Vec<_> = finding
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), analysis::type_of(parameter)))
        .collect();
    let catalog = store::model_catalog();
    let script = tsql::translate(&finding.sql, &catalog, &types)
        .map_err(|error| error.lower_by(finding.sql_line - 1))?;
    let statements: Vec<&str> = script.steps.iter().map(|step| step.act.sql()).collect();
    Ok(statements.join(";\n"))
}

/// A text as lines of comment that fit on a screen.
fn comment(text: &str) -> String {
    const WIDTH: usize = 117;
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&format!("-- {line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out + &format!("-- {line}\n")
}

/// The declaration of a variable, of the type that the query is run with here.
fn declared(parameter: &QueryParameter, value: Option<&Cell>) -> String {
    let name = &parameter.name;
    let moment = value.and_then(moment);
    let of = match (value, parameter.kind) {
        _ if moment.is_some() => "datetime",
        (Some(Cell::Integer(value)), _) if i32::try_from(*value).is_err() => "bigint",
        (Some(Cell::Integer(_)), _) | (_, Some(Kind::Integer)) => "int",
        (Some(Cell::Real(_)), _) | (_, Some(Kind::Real)) => "float",
        (Some(Cell::Timestamp(_)), _) | (_, Some(Kind::Timestamp)) => "datetime",
        _ => "nvarchar(4000)",
    };
    match (value, moment) {
        (None, _) => format!("DECLARE @{name} {of} = NULL; -- give it a value\n"),
        // With a `T`, no setting of the server's language reads month and day the other way round.
        (_, Some(at)) => {
            let text = Cell::Timestamp(at).to_string().replace(' ', "T");
            format!("DECLARE @{name} {of} = '{text}';\n")
        }
        (Some(value), None) => format!("DECLARE @{name} {of} = {};\n", tsql_literal(value)),
    }
}

/// The moment that a value is, or spells in full.
fn moment(value: &Cell) -> Option<i64> {
    match value {
        Cell::Timestamp(at) => Some(*at),
        Cell::Text(text) => parse_timestamp(text),
        _ => None,
    }
}

fn tsql_literal(value: &Cell) -> String {
    match value {
        Cell::Null | Cell::Integer(_) | Cell::Real(_) => value.to_string(),
        text => format!("N'{}'", text.to_string().replace('\'', "''")),
    }
}

/// The text with a variable in the place of each literal that stands for one.
fn with_variables(text: &str, literals: &[Literal]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for token in sql::Tokens::new(text).map_while(Result::ok) {
        let found = literals.iter().find(|literal| match &literal.value {
            Cell::Text(own) => token.text == format!("'{}'", own.replace('\'', "''")),
            other => token.text == other.to_string(),
        });
        if let Some(literal) = found {
            out.push_str(&text[done..token.start]);
            out.push_str(&format!("@{}", literal.parameter));
            done = token.start + token.text.len();
        }
    }
    out.push_str(&text[done..]);
    out
}

/// The text with each `@name` that has a value in its place as a literal.
fn filled(text: &str, values: &[Binding]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for named in sql::named_parameters(text) {
        let Some((_, value)) = values.iter().find(|(name, _)| name == named.name) else {
            continue;
        };
        out.push_str(&text[done..named.offset]);
        match value {
            Cell::Null | Cell::Integer(_) | Cell::Real(_) => {
                write!(out, "{value}").expect("writing to a String cannot fail");
            }
            text => write!(out, "'{}'", text.to_string().replace('\'', "''"))
                .expect("writing to a String cannot fail"),
        }
        done = named.offset + 1 + named.name.len();
    }
    out.push_str(&text[done..]);
    out
}
