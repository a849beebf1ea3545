//! A scenario as one SQL script: everything that a replay runs, for any SQLite shell.
//!
//! What comes out needs nothing of this program: schema, platform model, the chain of scenarios with the clock
//! put forward before each step, and the queries of the checks. Comparing is left to the reader.

use std::fmt::Write as _;

use thiserror::Error;

use crate::query::{Dialect, Query, QueryParameter};
use crate::replay::{ReplayError, as_run, literals_of};
use crate::scenario::{Library, ParameterValue, Scenario, lab_rules, resolve_parameters};
use crate::schema::product::ProductTable;
use crate::sql::functions::collation;
use crate::sql::quote;
use crate::sql::tsql::{self, Literal, TsqlError};
use crate::store::{self, Binding, Store, StoreError};
use crate::table::{Cell, Kind, parse_timestamp};
use crate::{analysis, sql};

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
    for rule in lab_rules(&chain) {
        put(&rule.to_sql());
    }
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
        let first = scenario.steps.first().map_or(clock, |step| step.at.min(clock));
        put(&clock_to(first));
    }
    for seed in &scenario.seeds {
        put(filled(&seed.sql, values).trim_end());
    }
    let mut branch: Option<&str> = None;
    for step in scenario.steps.iter().filter(|step| asks || step.branch.is_none()) {
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
            put(filled(&script.sql, values).trim());
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
    format!("UPDATE chatdb_clock SET now = '{}';", Cell::Timestamp(at_ms))
}

fn asked(query: &Query, bindings: &[Binding]) -> String {
    match as_run(query) {
        Ok(sql) => {
            let mut bindings = bindings.to_vec();
            bindings.extend(query.parameters.iter().filter_map(|parameter| {
                parameter.default.clone().map(|value| (parameter.name.clone(), value))
            }));
            format!("-- {}\n{};", query.title, filled(&sql, &bindings))
        }
        Err(error) => format!("-- {}: not run: {error}", query.title),
    }
}

/// Why a query cannot be handed out.
#[derive(Debug, Error)]
pub enum QueryExportError {
    /// It asks what only the platform model has.
    #[error("`{name}` queries the platform model, which SQL Server does not have")]
    Model {
        /// The name of the query.
        name: String,
    },
    /// Its T-SQL was not rewritten for SQLite.
    #[error(transparent)]
    Tsql(#[from] TsqlError),
    /// The tables of an import database cannot be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes a query so that it can be run by itself: in T-SQL with its parameters declared at the top, in SQLite's
/// SQL with their values in their places. `values` go before the query's own.
///
/// # Errors
/// When the query is not one for that engine.
pub fn export(
    query: &Query,
    dialect: Dialect,
    values: &[Binding],
) -> Result<String, QueryExportError> {
    let mut out = heading(query);
    let value_of = |parameter: &QueryParameter| {
        let given = values.iter().find(|(name, _)| *name == parameter.name);
        given.map_or_else(|| parameter.default.clone(), |(_, value)| Some(value.clone()))
    };
    match (query.dialect, dialect) {
        (Dialect::Sqlite, Dialect::Tsql) => {
            return Err(QueryExportError::Model { name: query.name.clone() });
        }
        (_, Dialect::Tsql) => {
            let compared = compared(query)?;
            if let Some(table) = compared {
                out.push_str(&comment(&CAPTURED_NOTE.replace("{table}", table.name)));
            }
            for parameter in &query.parameters {
                out.push_str(&declared(parameter, value_of(parameter).as_ref()));
            }
            let text = with_variables(&query.sql, &literals_of(query));
            out.push_str(&match compared {
                Some(table) => in_place(&text, table),
                None => text,
            });
        }
        (_, Dialect::Sqlite) => {
            let parameters = query.parameters.iter();
            let values = parameters
                .filter_map(|parameter| Some((parameter.name.clone(), value_of(parameter)?)));
            out.push_str(&for_sqlite(query, &values.collect::<Vec<_>>())?);
        }
    }
    out.push_str(";\n");
    Ok(out)
}

/// What is known of a query, as comments.
fn heading(query: &Query) -> String {
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
        out.push_str(&format!("-- basis: {}\n", tag.name()));
    }
    if let Some(note) = &query.note {
        out.push_str(&comment(note));
    }
    out
}

/// A query in SQLite's SQL with its values in their places, below comments on what is still to be given.
fn for_sqlite(query: &Query, values: &[Binding]) -> Result<String, QueryExportError> {
    let mut out = String::new();
    for parameter in &query.parameters {
        let name = &parameter.name;
        if !values.iter().any(|(known, _)| known == name) {
            out.push_str(&format!("-- give @{name} a value: .parameter set @{name} VALUE\n"));
        }
    }
    let sql = match (query.dialect, query.tag) {
        // A finding is asked of an import database, which has no scenario clock.
        (Dialect::Tsql, Some(_)) => {
            out.push_str(
                "-- set @chatdb_now to the reference time: .parameter set @chatdb_now VALUE\n",
            );
            finding_as_run(query)?
        }
        _ => as_run(query)?,
    };
    if sql.contains("tsql_") || sql.contains(collation::DEFAULT) {
        out.push_str(
            "-- runs in chatdb, which has the functions and collations of SQL Server it names\n",
        );
    }
    out.push_str(&filled(&sql, values));
    Ok(out)
}

/// What SQL Server must have for a finding that compares states of rows, and what it then says of them.
const CAPTURED_NOTE: &str = "needs change data capture of dbo.{table} (sys.sp_cdc_enable_table), as far back as its \
    rows are kept, and the right to read it; if the capture instance has another name, use its table instead \
    of cdc.dbo_{table}_CT. The file is that table, or NULL for the current row; the time is the commit time; \
    there are no line numbers.";

/// What an import database has beside the product's table and SQL Server has not: of what change data capture keeps,
/// earlier states, of which each transaction is an export, and no exports of whole tables.
const CAPTURED: &str = "\
WITH {table}_earlier AS (
    SELECT {columns},
           __$start_lsn AS chatdb_export, CAST(NULL AS int) AS chatdb_line,
           ROW_NUMBER() OVER (ORDER BY __$start_lsn, __$seqval, __$operation) AS chatdb_order,
           __$operation AS chatdb_operation
    FROM cdc.dbo_{table}_CT
), {table} AS (
    SELECT {columns},
           CAST(NULL AS binary(10)) AS chatdb_export, CAST(NULL AS int) AS chatdb_line
    FROM dbo.{table}
), chatdb_export AS (
    SELECT start_lsn AS export_id, N'cdc.dbo_{table}_CT' AS [file], tran_end_time AS taken_at
    FROM cdc.lsn_time_mapping
), chatdb_export_column AS (
    SELECT CAST(NULL AS binary(10)) AS export_id, CAST(NULL AS nvarchar(255)) AS table_name WHERE 1 = 0
)";

/// The table of which a query asks for earlier states, of which an import database alone has a table.
fn compared(query: &Query) -> Result<Option<&'static ProductTable>, TsqlError> {
    let tables = tsql::tables(&query.sql).map_err(|error| error.lower_by(query.sql_line - 1))?;
    Ok(tables
        .iter()
        .find_map(|name| ProductTable::named(name.to_lowercase().strip_suffix("_earlier")?)))
}

/// The text with [`CAPTURED`] before what it names itself. Only the columns that it asks for are named, since a
/// database may lack others.
fn in_place(text: &str, table: &ProductTable) -> String {
    let tokens: Vec<_> = sql::Tokens::new(text).map_while(Result::ok).collect();
    let asked = |(column, _): &&(&str, &str)| {
        let mut tokens = tokens.iter();
        tokens.any(|token| token.text.eq_ignore_ascii_case(column))
    };
    let columns: Vec<&str> =
        (table.columns.iter().filter(asked)).map(|(column, _)| *column).collect();
    let captured =
        CAPTURED.replace("{table}", table.name).replace("{columns}", &columns.join(", "));
    match tokens.first() {
        Some(with) if with.text.eq_ignore_ascii_case("WITH") => {
            let rest = text[with.start + with.text.len()..].trim_start();
            format!("{captured}, {rest}")
        }
        _ => format!("{captured}\n{text}"),
    }
}

/// A finding as SQLite is given it, the reference time being `@chatdb_now`.
fn finding_as_run(finding: &Query) -> Result<String, QueryExportError> {
    let types: Vec<_> = finding
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), analysis::type_of(parameter)))
        .collect();
    let catalog = Store::for_exports()?.catalog()?;
    let script = tsql::translate(&finding.sql, &catalog, &types)
        .map_err(|error| error.lower_by(finding.sql_line - 1))?;
    let statements: Vec<&str> = script.steps.iter().map(|step| step.statement.sql()).collect();
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
        text => format!("N{}", quote::literal(&text.to_string())),
    }
}

/// The text with a variable instead of each literal that stands for one.
fn with_variables(text: &str, literals: &[Literal]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for token in sql::Tokens::new(text).map_while(Result::ok) {
        let found = literals.iter().find(|literal| match &literal.value {
            Cell::Text(own) => token.text == quote::literal(own),
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
            text => out.push_str(&quote::literal(&text.to_string())),
        }
        done = named.offset + 1 + named.name.len();
    }
    out.push_str(&text[done..]);
    out
}
