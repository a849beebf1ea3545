//! A scenario as one SQL script: everything that a replay runs, for any SQLite shell.
//!
//! What comes out needs nothing of this program: schema, platform model, the chain of scenarios with the clock
//! put forward before each step, and the queries of the checks. Comparing is left to the reader.

use std::fmt::Write as _;

use crate::query::Query;
use crate::replay::{ReplayError, as_run};
use crate::scenario::{Library, ParameterValue, Scenario, resolve_parameters};
use crate::sql;
use crate::store::{self, Binding};
use crate::table::Cell;

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
