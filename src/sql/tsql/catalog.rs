//! The tables that a statement may name, with the types of their columns.

use std::collections::BTreeMap;

use crate::sql::types::Type;
use crate::sql::{self, Token, TokenKind, Tokens};

/// A table, view or temporary table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name as the database spells it.
    pub name: String,
    /// The columns with their types, in order; `None` when they are not known.
    pub columns: Option<Vec<(String, Type)>>,
    /// Whether its rows have SQLite's row number.
    pub rowid: bool,
}

/// The tables of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    tables: BTreeMap<String, Table>,
    /// Whether tables that are not listed may be there.
    pub(crate) open: bool,
    /// Whether every date and time is stored in the form that chatdb writes.
    pub(crate) canonical_times: bool,
}

impl Catalog {
    /// A database with these tables and no others. `canonical_times` says whether its dates and times are stored as
    /// chatdb stores them, `2011-07-12 14:49:55.000`, so that they can be compared as they stand.
    #[must_use]
    pub fn new(tables: Vec<Table>, canonical_times: bool) -> Self {
        let keyed = |table: Table| (table.name.to_lowercase(), table);
        Self {
            tables: tables.into_iter().map(keyed).collect(),
            open: false,
            canonical_times,
        }
    }

    /// The tables that a script creates; others may be there, and nothing is known of the columns of views.
    pub(crate) fn of_script(script: &str) -> Self {
        let statements = sql::split(script).unwrap_or_default();
        let tables = statements.iter().filter_map(|part| created(part.sql));
        Self {
            open: true,
            ..Self::new(tables.collect(), true)
        }
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&name.to_lowercase())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.values().map(|table| table.name.as_str())
    }
}

/// Reads `CREATE TABLE name (column TYPE ..., ...)` and `CREATE VIEW name`.
fn created(statement: &str) -> Option<Table> {
    let tokens: Vec<Token<'_>> = Tokens::new(statement).map_while(Result::ok).collect();
    let is = |at: usize, word: &str| {
        tokens
            .get(at)
            .is_some_and(|token| token.text.eq_ignore_ascii_case(word))
    };
    if !is(0, "CREATE") || !(is(1, "TABLE") || is(1, "VIEW")) {
        return None;
    }
    let name = tokens.get(2)?.text.to_owned();
    if is(1, "VIEW") {
        return Some(Table {
            name,
            columns: None,
            rowid: false,
        });
    }
    let mut columns = Vec::new();
    let mut depth = 0;
    let mut start = 4;
    for (at, token) in tokens.iter().enumerate().skip(3) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth -= 1,
            _ => {}
        }
        let ends = depth == 0 || (depth == 1 && token.kind == TokenKind::Symbol(','));
        if ends {
            columns.extend(column(tokens.get(start..at)?));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    Some(Table {
        name,
        columns: Some(columns),
        rowid: !is(tokens.len().saturating_sub(2), "WITHOUT"),
    })
}

fn column(tokens: &[Token<'_>]) -> Option<(String, Type)> {
    const CONSTRAINTS: [&str; 5] = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"];
    let [name, rest @ ..] = tokens else {
        return None;
    };
    if CONSTRAINTS
        .iter()
        .any(|word| name.text.eq_ignore_ascii_case(word))
    {
        return None;
    }
    let mut declared = rest.first()?.text.trim_matches('"').to_owned();
    if let Some(
        [
            Token {
                kind: TokenKind::Symbol('('),
                ..
            },
            inside @ ..,
        ],
    ) = rest.get(1..)
    {
        declared.push('(');
        for token in inside {
            declared.push_str(token.text);
            if token.kind == TokenKind::Symbol(')') {
                break;
            }
        }
    }
    Some((name.text.to_owned(), Type::declared(&declared)))
}
