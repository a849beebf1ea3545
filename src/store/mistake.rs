//! Diagnoses statements that cannot be compiled: what is wrong, where, and what was likely meant.

use rusqlite::Error;

use super::engine::{no_column, of_message};
use super::guarded;
use super::script::statements;
use super::{Store, StoreError};
use crate::diagnostic::did_you_mean;
use crate::sql::guard::Origin;
use crate::sql::{Token, Tokens};

/// Why a statement cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlMistake {
    /// The byte offset of the error in the text.
    pub offset: usize,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What was likely meant.
    pub hint: Option<String>,
}

impl Store {
    /// Finds the statements of a scenario's script that cannot be compiled or would be refused, without running any. A
    /// script that cannot be split yields none.
    #[must_use]
    pub fn mistakes(&self, file: &str, script: &str) -> Vec<SqlMistake> {
        let Ok(parts) = statements(file, script) else {
            return Vec::new();
        };
        let mut mistakes = Vec::new();
        for part in parts {
            let start = (part.sql.as_ptr() as usize).saturating_sub(script.as_ptr() as usize);
            let outcome = self.guarded(Origin::Script, file, part.line, || {
                guarded::keeps_transaction(file, part)?;
                guarded::only_adds(file, part)?;
                self.conn.prepare(part.sql).map(drop).map_err(StoreError::from)
            });
            if let Err(error) = outcome {
                let mistake = self.explained(part.sql, &error);
                mistakes.push(SqlMistake { offset: start + mistake.offset, ..mistake });
            }
        }
        mistakes
    }

    /// Checks whether a query can be compiled and is allowed, without running it.
    #[must_use]
    pub fn mistake(&self, query: &str) -> Option<SqlMistake> {
        let compile = || {
            let statement = self.compiled(query)?;
            if statement.readonly() {
                Ok(())
            } else {
                Err(StoreError::NotAQuery { found: "writes" })
            }
        };
        let outcome = self.guarded(Origin::Query, "", 0, compile);
        outcome.err().map(|error| self.explained(query, &error))
    }

    /// A compile error in our words, with its position.
    fn explained(&self, sql: &str, error: &StoreError) -> SqlMistake {
        let plain = |offset, message| SqlMistake { offset, message, hint: None };
        let (msg, offset) = match error {
            StoreError::Sqlite(Error::SqlInputError { msg, offset, .. }) => (msg, *offset),
            StoreError::Sqlite(Error::SqliteFailure(_, Some(msg))) | StoreError::Value(msg) => {
                (msg, 0)
            }
            other => return plain(0, other.in_short()),
        };
        let message = of_message(msg);
        let offset = usize::try_from(offset).unwrap_or(0).min(sql.len());
        if let Some(name) = msg.strip_prefix("no such table: ") {
            const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')";
            return missing(sql, name, offset, message, &self.names(TABLES, ""));
        }
        if let Some((table, name)) = no_column(msg) {
            let columns = self.names("SELECT name FROM pragma_table_info(?1)", table);
            return missing(sql, name, offset, message, &columns);
        }
        if let Some(name) = msg.strip_prefix("no such column: ") {
            const COLUMNS: &str =
                "SELECT DISTINCT c.name FROM sqlite_schema s, pragma_table_info(s.name) c
                 WHERE s.type IN ('table', 'view') AND instr(lower(?1), lower(s.name)) > 0";
            let last = name.rsplit('.').next().unwrap_or(name);
            return missing(sql, last, offset, message, &self.names(COLUMNS, sql));
        }
        plain(offset, message)
    }

    /// The names returned by one of our own queries, for a suggestion; none if it fails.
    fn names(&self, query: &str, value: &str) -> Vec<String> {
        let read = || {
            let mut statement = self.conn.prepare(query)?;
            let values = if statement.parameter_count() == 0 { vec![] } else { vec![value] };
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
            rows.collect::<Result<Vec<String>, _>>()
        };
        read().unwrap_or_default()
    }
}

/// The position of an unknown name: its first occurrence after where SQLite stopped parsing.
fn missing(sql: &str, name: &str, stopped: usize, message: String, known: &[String]) -> SqlMistake {
    let named = |token: &Token<'_>| token.text.trim_matches(['"', '[', ']', '`']) == name;
    let mut tokens = Tokens::new(sql).filter_map(Result::ok).filter(named);
    let offset = tokens.next().map_or(stopped, |token| token.start);
    let hint = did_you_mean(name, known.iter().map(String::as_str));
    SqlMistake {
        offset: offset.min(sql.len()),
        message,
        hint: hint.map(|meant| format!("did you mean `{meant}`?")),
    }
}
