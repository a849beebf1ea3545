//! States that have a name, and what must always, never or for some time be so.
//!
//! A file of invariants has one a line: `never phantom`, `always all servers up until chat completed`. A condition is a
//! name of [`STATES`], or a condition in SQLite's SQL over the tables and views of a replay. This module reads text;
//! who has a database evaluates it.

use thiserror::Error;

use crate::diagnostic::{count, did_you_mean};

/// A state that has a name.
#[derive(Debug, Clone, Copy)]
pub struct NamedState {
    /// What it is called.
    pub name: &'static str,
    /// What is so then.
    pub help: &'static str,
    /// The condition in SQL.
    pub sql: &'static str,
}

/// The states that have a name.
pub const STATES: &[NamedState] = &[
    NamedState {
        name: "phantom",
        help: "the agent is told that a session is active, but it is not, or that it is lost, but it is not",
        sql: "EXISTS (SELECT 1 FROM session_belief WHERE statement_is = 'false')",
    },
    NamedState {
        name: "session lost",
        help: "the session of a chat that is not completed is lost",
        sql: "EXISTS (SELECT 1 FROM world_beside_window WHERE fact = 'Session' AND value = 'lost')",
    },
    NamedState {
        name: "message lost",
        help: "a message was not delivered",
        sql: "EXISTS (SELECT 1 FROM delivery WHERE delivered = 0)",
    },
    NamedState {
        name: "triangle",
        help: "the agent's list shows a triangle",
        sql: "EXISTS (SELECT 1 FROM agent_console WHERE connection_indicator = 'triangle')",
    },
    NamedState {
        name: "red square",
        help: "the agent's list shows a red square",
        sql: "EXISTS (SELECT 1 FROM agent_console WHERE connection_indicator = 'red square')",
    },
    NamedState {
        name: "session in progress",
        help: "the agent has the pop-up Session in Progress",
        sql: "EXISTS (SELECT 1 FROM agent_popups WHERE popup = 'Session in Progress')",
    },
    NamedState {
        name: "pop-up error",
        help: "a part of the console does not load",
        sql: "EXISTS (SELECT 1 FROM opened_parts WHERE result = 'does not load')",
    },
    NamedState {
        name: "desktop times out",
        help: "the agent's desktop has timed out",
        sql: "EXISTS (SELECT 1 FROM desktop WHERE state = 'timed out')",
    },
    NamedState {
        name: "must log out",
        help: "the agent must log out",
        sql: "EXISTS (SELECT 1 FROM required_action WHERE required_action = 'log out')",
    },
    NamedState {
        name: "must log in again",
        help: "the agent must log in again",
        sql: "EXISTS (SELECT 1 FROM required_action WHERE required_action = 'log in again')",
    },
    NamedState {
        name: "connection issues",
        help: "the customer is notified of connection issues",
        sql: "EXISTS (SELECT 1 FROM customer_notices WHERE notice = 'connection issues')",
    },
    NamedState {
        name: "customer notified of loss",
        help: "the customer is notified that the session is lost",
        sql: "EXISTS (SELECT 1 FROM customer_notices WHERE notice = 'session lost')",
    },
    NamedState {
        name: "chat completed",
        help: "a chat is completed in the database",
        sql: "EXISTS (SELECT 1 FROM egpl_casemgmt_activity WHERE activity_type = 2000 AND activity_status = 9000)",
    },
    NamedState {
        name: "chat waits",
        help: "a chat is waiting for an agent",
        sql: "EXISTS (SELECT 1 FROM egpl_casemgmt_activity WHERE activity_type = 2000 AND activity_status = 4000)",
    },
    NamedState {
        name: "all servers up",
        help: "no server is down",
        sql: "NOT EXISTS (SELECT 1 FROM outage WHERE started_at IS NULL)",
    },
];

/// What can be so or not: a name of the list, or SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// As it was written.
    pub text: String,
    /// The condition in SQL, without a `SELECT` before it.
    pub sql: String,
}

/// What an invariant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvariantKind {
    /// It is so at every look.
    Always,
    /// It is so at no look.
    Never,
    /// It is so at every look before the first at which the other is so.
    Until(Condition),
}

/// Something that must hold during a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// How it must hold.
    pub kind: InvariantKind,
    /// What must or must not be so.
    pub condition: Condition,
}

impl Invariant {
    /// The invariant as a line of a file.
    #[must_use]
    pub fn text(&self) -> String {
        let condition = &self.condition.text;
        match &self.kind {
            InvariantKind::Always => format!("always {condition}"),
            InvariantKind::Never => format!("never {condition}"),
            InvariantKind::Until(end) => format!("always {condition} until {}", end.text),
        }
    }
}

/// Why a text is no invariant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvariantError {
    /// A line begins with neither word.
    #[error(
        "invalid invariant `{text}`: expected `always CONDITION`, `never CONDITION` or `always CONDITION until \
         CONDITION`"
    )]
    Syntax {
        /// The line as written.
        text: String,
    },
    /// Words that are no name of the list and no SQL.
    #[error("`{text}` is neither a known state nor a condition in SQL")]
    State {
        /// The words as written.
        text: String,
        /// The name that was likely meant.
        meant: Option<&'static str>,
    },
}

/// Reads a condition: a name of [`STATES`], or SQL, which has an operator, a bracket or a digit in it.
///
/// # Errors
/// When it is a name that is not in the list.
pub fn condition(text: &str) -> Result<Condition, InvariantError> {
    let text = text.trim();
    let named = STATES.iter().find(|own| own.name.eq_ignore_ascii_case(text));
    let is_sql = text.contains(['(', ')', '=', '<', '>', '\'']);
    match named {
        Some(state) => Ok(Condition { text: state.name.to_owned(), sql: state.sql.to_owned() }),
        None if is_sql => Ok(Condition { text: text.to_owned(), sql: text.to_owned() }),
        None => Err(InvariantError::State {
            text: text.to_owned(),
            meant: did_you_mean(text, STATES.iter().map(|own| own.name)),
        }),
    }
}

/// Reads one invariant.
///
/// # Errors
/// When it is none, or names a state that is not in the list.
pub fn invariant(text: &str) -> Result<Invariant, InvariantError> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let form = || InvariantError::Syntax { text: text.to_owned() };
    if rest.trim().is_empty() {
        return Err(form());
    }
    let (kind, rest) = match word {
        "never" => (InvariantKind::Never, rest),
        "always" => match rest.rsplit_once(" until ") {
            Some((rest, end)) => (InvariantKind::Until(condition(end)?), rest),
            None => (InvariantKind::Always, rest),
        },
        _ => return Err(form()),
    };
    let condition = condition(rest)?;
    Ok(Invariant { kind, condition })
}

/// Reads a file of invariants, one a line; empty lines and those that begin with `#` are passed over.
///
/// # Errors
/// The line, from 1, and what is wrong with it, for every line that cannot be read.
pub fn invariants(text: &str) -> Result<Vec<Invariant>, Vec<(u32, InvariantError)>> {
    let mut read = Vec::new();
    let mut errors = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match invariant(line) {
            Ok(invariant) => read.push(invariant),
            Err(error) => errors.push((count(at + 1), error)),
        }
    }
    match errors.is_empty() {
        true => Ok(read),
        false => Err(errors),
    }
}
