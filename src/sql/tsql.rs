//! Rewrites T-SQL for SQLite: parsed by sqlparser's SQL Server dialect, translated node by node, written out again.
//!
//! The list of what is known is closed. Each kind of node is written out because both engines read it alike,
//! rewritten so that SQLite answers as SQL Server would, or refused by name, with its place and, where there is one,
//! the rewrite that works; whatever the list does not name is refused too. Nothing is passed on in the hope that it
//! means the same, because types are followed: `+` is a sum or a concatenation by the types of its operands, text is
//! compared without letter case and blanks at its end, a text beside a date is read as a date. Where a type cannot be
//! told and matters, the statement is refused.
//!
//! `DIFFERENCES.md` beside this module lists where the engines differ, what is done about it, and the test that
//! holds it. The functions that SQLite lacks are [`super::functions`]; the database that runs the result must have
//! them, which every [`crate::store::Store`] does.
//!
//! Rewriting the result again changes nothing as long as it is T-SQL still, which it is unless it holds a `LIMIT`, a
//! function called `tsql_…`, or SQLite's `group_concat`, `ifnull` and `CAST … AS REAL`. Those are not read back.

mod aggregates;
mod apply;
mod arguments;
mod batch;
mod columns;
mod comparison;
mod conditionals;
mod conditions;
mod conversion;
mod dates;
mod dml;
mod dml_from;
mod dml_output;
mod dml_through;
mod expr;
mod from;
mod functions;
mod grouping;
mod literals;
mod names;
mod numbers;
mod operators;
mod order;
mod pivot;
mod query;
mod readable;
mod reader;
mod script;
mod select;
mod set_operations;
mod state;
mod system_views;
mod table_functions;
mod temporary;
mod texts;
mod translator;
mod variables;
mod windows;
mod with;
mod xml;

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::thread;

use sqlparser::ast::{self, Query, Visit, Visitor, visit_relations};
use thiserror::Error;

pub use script::{AnswerColumn, Script, Statement, Step};
pub use system_views::asks_for_tables;

use crate::diagnostic::Position;
use crate::schema::catalog::Catalog;
use crate::schema::types::Type;
use crate::table::{Cell, Kind};
use crate::work;

/// Why a text was not rewritten, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{at}: {problem}")]
pub struct TsqlError {
    /// The place in the text.
    pub at: Position,
    /// What is wrong there.
    pub problem: TsqlProblem,
    /// What works instead, where something does.
    pub hint: Option<String>,
}

/// What keeps a text from being rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TsqlProblem {
    /// It is no T-SQL.
    #[error("not valid T-SQL: {0}")]
    Syntax(String),
    /// It is not one query.
    #[error("expected a single SELECT, found {0}")]
    NotAQuery(String),
    /// It holds something that cannot be expressed in SQLite with the same meaning, or not yet.
    #[error("T-SQL `{0}` is not supported")]
    Unsupported(String),
    /// SQL Server would refuse it as well, or only knows at run time what it means.
    #[error("{0}")]
    Invalid(String),
    /// It is too large, or would be once it is rewritten.
    #[error("{0}")]
    TooLarge(String),
    /// It changes what it should only read.
    #[error("`{0}` writes, and queries are read-only")]
    Writes(String),
    /// It runs what is not in the text: a procedure, or dynamic SQL.
    #[error("`{0}` runs a procedure or dynamic SQL, which is not supported")]
    Runs(String),
    /// A literal that should stand for a parameter does not occur.
    #[error("the literal `{literal}`, which represents `@{parameter}`, does not occur")]
    NoLiteral {
        /// The literal as it is written.
        literal: String,
        /// The name of the parameter.
        parameter: String,
    },
}

impl TsqlError {
    pub(crate) fn new(at: Position, problem: TsqlProblem) -> Self {
        Self { at, problem, hint: None }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it is refused for changing rows, which may be allowed.
    #[must_use]
    pub fn changes_rows(&self) -> bool {
        let changes = |word: &str| ["INSERT", "UPDATE", "DELETE"].contains(&word);
        matches!(&self.problem, TsqlProblem::Writes(word) if changes(word))
    }

    /// The same mistake in a text that stands `lines` further down in its file.
    #[must_use]
    pub fn lower_by(mut self, lines: u32) -> Self {
        self.at.line = self.at.line.saturating_add(lines);
        self
    }
}

/// A literal of the text that stands for a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// The parameter's name.
    pub parameter: String,
    /// The literal as the text has it.
    pub value: Cell,
}

/// The time of a replay, where no value is bound for it.
const CLOCK: &str = "(SELECT now FROM chatdb_clock)";
/// The time of a query, bound by whoever runs it.
pub const NOW: &str = "chatdb_now";

/// How many rows the statement before gave or changed, bound by whoever runs the script: `@@ROWCOUNT`.
pub const ROWCOUNT: &str = "chatdb_rowcount";

/// Rewrites one query of a scenario for a database with the tables of `catalog`. Each of `literals` becomes the named
/// value `@parameter`; `values` are named values with known types, others need no declaration.
///
/// # Errors
/// Refuses what it does not know, by name.
pub fn rewrite(
    text: &str,
    catalog: &Catalog,
    literals: &[Literal],
    values: &[(String, Type)],
) -> Result<String, TsqlError> {
    with_room(text, || rewrite_one(text, catalog, literals, values))
}

fn rewrite_one(
    text: &str,
    catalog: &Catalog,
    literals: &[Literal],
    values: &[(String, Type)],
) -> Result<String, TsqlError> {
    let start = Position { line: 1, column: 1 };
    let mut statements = Vec::new();
    for batch in batch::batches(batch::tokens(text)?)? {
        statements.extend(reader::statements(batch, false)?);
    }
    let [reader::Parsed { flow: reader::Flow::One(statement), max_recursion, at }] =
        statements.as_slice()
    else {
        let (found, at) = match statements.as_slice() {
            [] => ("nothing".to_owned(), start),
            [one] => ("a block of statements".to_owned(), one.at),
            [_, second, ..] => (format!("{} statements", statements.len()), second.at),
        };
        return Err(TsqlError::new(at, TsqlProblem::NotAQuery(found)));
    };
    let ast::Statement::Query(query) = statement.as_ref() else {
        let found = reader::first_word(statement);
        return Err(TsqlError::new(*at, TsqlProblem::NotAQuery(found)));
    };
    let mut translator = translator::Translator::new(catalog, CLOCK);
    translator.names.max_recursion = *max_recursion;
    translator.declare(values);
    translator.stand_for(literals);
    let answer = translator.one_query(query)?;
    if let Some(missing) = translator.unused_literal() {
        return Err(TsqlError::new(
            start,
            TsqlProblem::NoLiteral {
                literal: missing.value.to_string(),
                parameter: missing.parameter.clone(),
            },
        ));
    }
    Ok(answer)
}

/// Rewrites a script for a database with the tables of `catalog`: batches, declarations, temporary tables, queries.
/// `values` are the named values that whoever runs it binds beside [`NOW`].
///
/// # Errors
/// Refuses what it does not know, what writes, and what names a table, column or variable that is not there.
pub fn translate(
    text: &str,
    catalog: &Catalog,
    values: &[(String, Type)],
) -> Result<Script, TsqlError> {
    translate_query(text, catalog, &[], values)
}

/// Rewrites one query for a database with the tables of `catalog`, with literals that stand for named values.
///
/// # Errors
/// As [`translate`], and when it is not one query.
pub fn translate_query(
    text: &str,
    catalog: &Catalog,
    literals: &[Literal],
    values: &[(String, Type)],
) -> Result<Script, TsqlError> {
    translated(text, catalog, literals, values, false)
}

/// The same for a script that may change rows of the product's tables, see [`Statement::Write`].
///
/// # Errors
/// As [`translate`], but for what it may write.
pub fn translate_changes(
    text: &str,
    catalog: &Catalog,
    literals: &[Literal],
    values: &[(String, Type)],
) -> Result<Script, TsqlError> {
    translated(text, catalog, literals, values, true)
}

fn translated(
    text: &str,
    catalog: &Catalog,
    literals: &[Literal],
    values: &[(String, Type)],
    changes: bool,
) -> Result<Script, TsqlError> {
    with_room(text, || {
        let now = format!("@{NOW}");
        let mut translator = translator::Translator::new(catalog, &now);
        translator.declare(values);
        translator.stand_for(literals);
        translator.given.changes = changes;
        translator.script(text).map(|_| translator.finish())
    })
}

/// How many steps it takes to rewrite a script, or to refuse it; see
/// [`MAX_REWRITE_STEPS`](crate::sql::guard::limits::MAX_REWRITE_STEPS).
///
/// # Errors
/// Never; what is refused has taken steps as well.
#[must_use]
pub fn steps_of(text: &str, catalog: &Catalog) -> u64 {
    let steps = with_room(text, || {
        let mut translator = translator::Translator::new(catalog, CLOCK);
        let before = work::taken();
        let _ = translator.script(text);
        Ok(translator.spent + work::taken() - before)
    });
    steps.unwrap_or(0)
}

/// How much of a text that is nested the stack of any thread has room for.
const SHALLOW: usize = 4;
/// Room for what is nested as deeply as the parser allows, in bytes. Only what is used of it is taken.
const ROOM: usize = 64 * 1024 * 1024;

/// Does what calls itself for each level of a text, in a thread of its own where there may be many levels: a subquery
/// alone takes a tenth of the stack that a thread usually has.
fn with_room<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, TsqlError> + Send,
) -> Result<T, TsqlError> {
    if is_shallow(text) {
        return work();
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(ROOM);
        match thread.spawn_scoped(scope, work) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => {
                let at = Position { line: 1, column: 1 };
                let problem = "it is nested too deeply for the available memory".to_owned();
                Err(TsqlError::new(at, TsqlProblem::Syntax(problem)))
            }
        }
    })
}

/// Whether a text cannot be nested deeply, whatever stands in its quotes and comments.
fn is_shallow(text: &str) -> bool {
    let bytes = text.as_bytes();
    let words = |word: &[u8]| {
        let same = |found: &&[u8]| found.eq_ignore_ascii_case(word);
        bytes.windows(word.len()).filter(same).count()
    };
    let any = |signs: &[u8]| bytes.iter().filter(|byte| signs.contains(byte)).count();
    bytes.len() <= 2048
        && words(b"select") <= SHALLOW
        && words(b"case") <= SHALLOW
        && words(b"not") <= 4 * SHALLOW
        && any(b"({") <= 4 * SHALLOW
        && any(b"+-*/%&|^~<>=!:") <= 16 * SHALLOW
}

/// The tables that a text names, without database and schema, each once and in the order of the text; what it names
/// itself in `WITH` is none.
///
/// # Errors
/// When it is no T-SQL.
pub fn tables(text: &str) -> Result<Vec<String>, TsqlError> {
    with_room(text, || tables_of(text, false))
}

/// The same of a text that may change rows.
///
/// # Errors
/// As [`tables`].
pub fn tables_with_changes(text: &str) -> Result<Vec<String>, TsqlError> {
    with_room(text, || tables_of(text, true))
}

fn tables_of(text: &str, changes: bool) -> Result<Vec<String>, TsqlError> {
    let mut found: Vec<String> = Vec::new();
    for batch in batch::batches(batch::tokens(text)?)? {
        for statement in reader::flat(reader::statements(batch, changes)?) {
            let mut own = Own(Vec::new());
            let _ = statement.visit(&mut own);
            let _ = visit_relations(&statement, |name| {
                let last = name.0.last().and_then(|part| part.as_ident());
                let same = |known: &String, name: &str| known.eq_ignore_ascii_case(name);
                if let Some(name) = last.map(|ident| ident.value.as_str())
                    && !own.0.iter().chain(&found).any(|known| same(known, name))
                {
                    found.push(name.to_owned());
                }
                ControlFlow::<()>::Continue(())
            });
        }
    }
    Ok(found)
}

/// The names that a statement gives to tables in `WITH`.
struct Own(Vec<String>);

impl Visitor for Own {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(tables.map(|table| table.alias.name.value.clone()));
        ControlFlow::Continue(())
    }
}

/// The statements of a text as they are parsed, for those who only look at what it asks for.
///
/// # Errors
/// When it is no T-SQL.
pub(crate) fn statements(text: &str) -> Result<Vec<ast::Statement>, TsqlError> {
    with_room(text, || {
        let mut statements = Vec::new();
        for batch in batch::batches(batch::tokens(text)?)? {
            let parsed = reader::statements(batch, false)?;
            statements.extend(reader::flat(parsed));
        }
        Ok(statements)
    })
}

/// The kind of the cells that a column of type `of` holds; `None` when only the values tell.
#[must_use]
pub fn kind_of(of: Type) -> Option<Kind> {
    match of {
        Type::Unknown | Type::Null | Type::Binary { .. } => None,
        of if of.is_integer() => Some(Kind::Integer),
        Type::Decimal { scale: 0, .. } => Some(Kind::Integer),
        Type::Decimal { .. } | Type::Money { .. } | Type::Float | Type::Real => Some(Kind::Real),
        // They have other digits than a timestamp, or an offset.
        Type::DateTime2(0..=2) | Type::DateTimeOffset(_) => Some(Kind::Text),
        of if of.is_moment() => Some(Kind::Timestamp),
        _ => Some(Kind::Text),
    }
}

/// The type of a value that stands for a parameter.
#[must_use]
pub fn type_of(value: &Cell) -> Type {
    match value {
        Cell::Null => Type::Null,
        Cell::Integer(value) if i32::try_from(*value).is_ok() => Type::Int,
        Cell::Integer(_) | Cell::Duration(_) => Type::BigInt,
        Cell::Real(_) => Type::Float,
        Cell::Text(_) | Cell::Decimal(_) => Type::NVARCHAR,
        Cell::Timestamp(_) => Type::DateTime,
    }
}
