//! The header of a query compared with its SQL: one statement, and parameters that it names.

use std::collections::BTreeSet;

use super::header::HeaderReader;
use super::{Dialect, Query, QueryParameter};
use crate::diagnostic::{Position, Positions, did_you_mean};
use crate::sql::{self, Tokens, quote};
use crate::table::Cell;

/// How many parameters a query may have. Each is looked for in its text.
const MAX_PARAMETERS: usize = 100;
/// How many undeclared names of one text are listed. The work for a text stays linear in its length.
const MAX_UNKNOWN: usize = 50;

impl HeaderReader<'_> {
    /// Holds the statement and the parameters against the SQL.
    pub(super) fn hold_against_sql(&mut self, query: &Query) {
        let start = Position { line: query.sql_line, column: 1 };
        match sql::split(&query.sql) {
            Err(error) => {
                let at = Position { line: error.line + query.sql_line - 1, column: error.column };
                return self.problem(at, error.problem.to_string(), None);
            }
            Ok(statements) if statements.len() != 1 => {
                let message =
                    format!("expected one statement after the header, found {}", statements.len());
                return self.problem(start, message, None);
            }
            Ok(_) => {}
        }
        if query.parameters.len() > MAX_PARAMETERS {
            let message = format!(
                "expected at most {MAX_PARAMETERS} parameters, found {}",
                query.parameters.len()
            );
            return self.problem(start, message, None);
        }
        self.undeclared(query);
        for (parameter, at) in query.parameters.iter().zip(std::mem::take(&mut self.declared)) {
            self.unused(query, parameter, at);
        }
    }

    /// Finds every `@name` of the SQL that the header does not declare.
    fn undeclared(&mut self, query: &Query) {
        let positions = Positions::new(&query.sql);
        let known: BTreeSet<&str> =
            (query.parameters.iter()).map(|parameter| parameter.name.as_str()).collect();
        let mut unknown = 0;
        for named in sql::named_parameters(&query.sql) {
            if !known.contains(named.name) {
                let mut at = positions.of(named.offset);
                at.line += query.sql_line - 1;
                unknown += 1;
                if unknown > MAX_UNKNOWN {
                    self.problem(at, "more names are not declared".to_owned(), None);
                    return;
                }
                let known = query.parameters.iter().map(|parameter| parameter.name.as_str());
                let hint = match did_you_mean(named.name, known) {
                    Some(meant) => format!("did you mean `@{meant}`?"),
                    None => format!("declare it in the header: `-- parameter: {}`", named.name),
                };
                self.problem(at, format!("`@{}` is not declared", named.name), Some(hint));
            }
        }
    }

    /// Refuses a parameter that the SQL does not use.
    fn unused(&mut self, query: &Query, parameter: &QueryParameter, at: Position) {
        let name = &parameter.name;
        if sql::named_parameters(&query.sql).iter().any(|named| named.name == name) {
            return;
        }
        let message = match (query.dialect, &parameter.default) {
            (Dialect::Tsql, Some(default)) if stands_in(&query.sql, default) => return,
            (Dialect::Tsql, Some(default)) => {
                format!("the SQL has neither `@{name}` nor `{}`", as_literal(default))
            }
            _ => format!("the SQL has no `@{name}`"),
        };
        self.problem(at, message, None);
    }
}

/// The value as SQL writes it.
fn as_literal(value: &Cell) -> String {
    match value {
        Cell::Text(text) => quote::literal(text),
        other => other.to_string(),
    }
}

/// Whether `sql` has the value as a literal, outside comments.
fn stands_in(sql: &str, value: &Cell) -> bool {
    // Blanks apart, a literal is made of the same tokens wherever it stands.
    let texts = |sql| -> Vec<&str> {
        let tokens = Tokens::new(sql).map_while(Result::ok);
        tokens.map(|token| token.text).collect()
    };
    let literal = as_literal(value);
    let wanted = texts(&literal);
    texts(sql).windows(wanted.len()).any(|window| window == wanted)
}
