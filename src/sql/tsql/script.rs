//! Statements in order: declarations and their values, temporary tables, queries.

use std::borrow::Cow;

use sqlparser::ast::{self, Expr, ObjectType, Query, SetExpr};

use super::names::quoted;
use super::query::Shape;
use super::reader::{Flow, Parsed};
use super::state::{Batch, Names};
use super::translator::{R, Translator};
use super::{TsqlError, TsqlProblem, batch, reader};
use crate::diagnostic::Position;
use crate::schema::types::Type;

/// What a text comes to: steps to run in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// What there is to say about the answer, in sentences.
    pub notes: Vec<String>,
}

/// One statement for SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line of the text on which what it comes from begins.
    pub line: u32,
    /// What to do.
    pub statement: Statement,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A query that gives rows.
    Query {
        /// The query for SQLite.
        sql: String,
        /// Its columns, left to right; `None` when they are only known once it runs.
        columns: Option<Vec<AnswerColumn>>,
    },
    /// Gives values to variables: the columns of its last row, in this order. Without a row they keep theirs.
    Assign {
        /// The query for SQLite.
        sql: String,
        /// The variables, without `@`.
        variables: Vec<String>,
    },
    /// Makes, fills or drops a temporary table.
    Temporary {
        /// The statement for SQLite.
        sql: String,
    },
    /// Goes on at another step, unless the query gives 1.
    Jump {
        /// The query for SQLite.
        sql: String,
        /// The step, from 0.
        to: usize,
    },
    /// Changes rows of one of the product's tables.
    Write {
        /// The statement for SQLite.
        sql: String,
    },
}

impl Statement {
    /// The statement for SQLite.
    #[must_use]
    pub fn sql(&self) -> &str {
        match self {
            Self::Query { sql, .. }
            | Self::Assign { sql, .. }
            | Self::Temporary { sql }
            | Self::Jump { sql, .. }
            | Self::Write { sql } => sql,
        }
    }
}

impl Statement {
    /// Puts the queries of WITH before the statement.
    pub(super) fn put_before(&mut self, head: &str) {
        match self {
            Self::Query { sql, .. }
            | Self::Assign { sql, .. }
            | Self::Temporary { sql }
            | Self::Jump { sql, .. }
            | Self::Write { sql } => sql.insert_str(0, head),
        }
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// The name; empty where SQL Server gives none.
    pub name: String,
    /// The type of its values.
    pub of: Type,
}

impl Translator<'_> {
    /// Rewrites a text, see [`Translator::finish`].
    pub fn script(&mut self, text: &str) -> R<()> {
        for tokens in batch::batches(batch::tokens(text)?)? {
            // Variables live as long as their batch.
            let given = self.batch.variables.clone();
            for parsed in reader::statements(tokens, self.given.changes)? {
                self.flow(&parsed)?;
            }
            let end = self.output.steps.len();
            for step in std::mem::take(&mut self.batch.returns) {
                self.jump_to(step, end);
            }
            self.batch = Batch { variables: given, ..Batch::default() };
            let tables = self.session.temporary.keys().filter(|name| name.starts_with('@'));
            for name in tables.cloned().collect::<Vec<_>>() {
                self.session.temporary.remove(&name);
                let sql = format!("DROP TABLE {}", quoted(&name));
                self.push(self.at.line, Statement::Temporary { sql });
            }
        }
        if let Some(missing) = self.unused_literal() {
            return Err(TsqlError::new(
                Position { line: 1, column: 1 },
                TsqlProblem::NoLiteral {
                    literal: missing.value.to_string(),
                    parameter: missing.parameter.clone(),
                },
            ));
        }
        Ok(())
    }

    /// What the text comes to.
    pub fn finish(self) -> Script {
        let first = self.output.hoisted.into_iter().map(|(line, variable)| Step {
            line,
            statement: Statement::Assign {
                sql: "SELECT NULL".to_owned(),
                variables: vec![variable],
            },
        });
        let mut steps: Vec<Step> = first.collect();
        let before = steps.len();
        steps.extend(self.output.steps.into_iter().map(|mut step| {
            if let Statement::Jump { to, .. } = &mut step.statement {
                *to += before;
            }
            step
        }));
        Script { steps, notes: self.output.notes.into_iter().map(Cow::into_owned).collect() }
    }

    pub fn push(&mut self, line: u32, statement: Statement) {
        self.output.steps.push(Step { line, statement });
    }

    /// A statement, or one that holds others.
    pub fn flow(&mut self, parsed: &Parsed) -> R<()> {
        self.at = parsed.at;
        self.names = Names::new(parsed.max_recursion);
        let line = parsed.at.line;
        match &parsed.flow {
            Flow::One(statement) => {
                let done = self.statement(statement);
                self.session.counts_rows = counts_rows(statement);
                done
            }
            Flow::Block(list) => list.iter().try_for_each(|inner| self.flow(inner)),
            Flow::If { condition, then, otherwise } => {
                let skip = self.jump_unless(condition, line)?;
                self.within(then)?;
                self.session.counts_rows = false;
                let Some(otherwise) = otherwise else {
                    self.jump_to(skip, self.output.steps.len());
                    return Ok(());
                };
                let end = self.jump(line);
                self.jump_to(skip, self.output.steps.len());
                self.within(otherwise)?;
                self.session.counts_rows = false;
                self.jump_to(end, self.output.steps.len());
                Ok(())
            }
            Flow::While { condition, body } => {
                let start = self.output.steps.len();
                let (end, met) = self.observed(|this| this.jump_unless(condition, line));
                let end = end?;
                let outer = self.batch.rounds.replace((start, vec![end]));
                self.within(body)?;
                if met.row_count && (!self.session.counts_rows || continues(body)) {
                    self.at = parsed.at;
                    return Err(self
                        .unsupported("@@ROWCOUNT after a WHILE that does not end in a statement that counts rows")
                        .with_hint("keep it in a variable: SET @rows = @@ROWCOUNT"));
                }
                self.session.counts_rows = false;
                let again = self.jump(line);
                self.jump_to(again, start);
                let ends = std::mem::replace(&mut self.batch.rounds, outer);
                for step in ends.map_or(Vec::new(), |(_, ends)| ends) {
                    self.jump_to(step, self.output.steps.len());
                }
                Ok(())
            }
            Flow::Break | Flow::Continue => {
                let step = self.jump(line);
                match (&parsed.flow, &mut self.batch.rounds) {
                    (Flow::Break, Some((_, ends))) => ends.push(step),
                    (_, Some((start, _))) => {
                        let start = *start;
                        self.jump_to(step, start);
                    }
                    (_, None) => {
                        return Err(self.invalid("BREAK and CONTINUE are allowed only in WHILE"));
                    }
                }
                Ok(())
            }
            Flow::Return => {
                let step = self.jump(line);
                self.batch.returns.push(step);
                Ok(())
            }
        }
    }

    /// What IF or WHILE holds: it may not run, and what it declares has a value all the same.
    pub fn within(&mut self, parsed: &Parsed) -> R<()> {
        self.batch.depth += 1;
        let done = self.flow(parsed);
        self.batch.depth -= 1;
        done
    }

    fn jump_unless(&mut self, condition: &Expr, line: u32) -> R<usize> {
        let condition = self.condition(condition)?.sql;
        let sql = format!("SELECT CASE WHEN {condition} THEN 1 ELSE 0 END");
        self.session.counts_rows = false;
        self.push(line, Statement::Jump { sql, to: 0 });
        Ok(self.output.steps.len() - 1)
    }

    fn jump(&mut self, line: u32) -> usize {
        let sql = "SELECT 0".to_owned();
        self.push(line, Statement::Jump { sql, to: 0 });
        self.output.steps.len() - 1
    }

    fn jump_to(&mut self, step: usize, target: usize) {
        if let Some(Step { statement: Statement::Jump { to, .. }, .. }) =
            self.output.steps.get_mut(step)
        {
            *to = target;
        }
    }

    fn statement(&mut self, statement: &ast::Statement) -> R<()> {
        let line = self.at.line;
        match statement {
            ast::Statement::Query(query) => match query.body.as_ref() {
                SetExpr::Delete(change) | SetExpr::Update(change) => {
                    self.change_through(query, change, line)
                }
                _ => self.top_query(query, line),
            },
            ast::Statement::Declare { stmts } => {
                for declare in stmts {
                    self.declaration(declare, line)?;
                }
                Ok(())
            }
            ast::Statement::Set(set) => self.set(set, line),
            ast::Statement::Use(named) => {
                let text = named.to_string();
                let name = text.trim_start_matches("USE ").trim_matches(['[', ']', '"']);
                self.name_database(name)
            }
            ast::Statement::CreateTable(create) => self.create_table(create, line),
            ast::Statement::Insert(insert) => self.insert(insert, line),
            ast::Statement::Drop { object_type: ObjectType::Table, if_exists, names, .. } => {
                for name in names {
                    self.drop_table(name, *if_exists, line)?;
                }
                Ok(())
            }
            ast::Statement::If(_) => self.drop_if_there(statement, line),
            ast::Statement::Update(update) => self.update(update, line),
            ast::Statement::Delete(delete) => self.delete(delete, line),
            ast::Statement::AlterTable(alter) => self.alter_table(alter, line),
            ast::Statement::Truncate(truncate) => self.truncate(truncate, line),
            // Of a temporary table, as the reader has seen to it: there for speed alone.
            ast::Statement::CreateIndex(_) => Ok(()),
            other => {
                let word = reader::first_word(other);
                match word.as_str() {
                    "SELECT" | "WITH" | "(" => Err(self.unsupported(word)),
                    "IF" => Err(self.unsupported(word)),
                    _ => Err(self.writes(word)),
                }
            }
        }
    }

    fn top_query(&mut self, query: &Query, line: u32) -> R<()> {
        if let SetExpr::Select(select) = query.body.as_ref() {
            if select.into.is_some() {
                return self.select_into(query, select, line);
            }
            if let Some(targets) = self.assignments(select)? {
                return self.assign(query, select, targets, line);
            }
        }
        let answer = self.query(query, Shape::default())?;
        let columns = answer.columns.map(|columns| {
            let named = |column: super::query::Column| AnswerColumn {
                name: column.name.unwrap_or_default(),
                of: column.of,
            };
            columns.into_iter().map(named).collect()
        });
        self.push(line, Statement::Query { sql: answer.sql, columns });
        Ok(())
    }
}

/// Whether a statement leaves behind how many rows it gave or changed.
fn counts_rows(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::Query(_)
            | ast::Statement::Insert(_)
            | ast::Statement::Update(_)
            | ast::Statement::Delete(_)
    )
}

/// Whether a loop may begin its next round before its end.
fn continues(body: &Parsed) -> bool {
    match &body.flow {
        Flow::Continue => true,
        Flow::Block(list) => list.iter().any(continues),
        Flow::If { then, otherwise, .. } => {
            continues(then) || otherwise.as_deref().is_some_and(continues)
        }
        Flow::One(_) | Flow::While { .. } | Flow::Break | Flow::Return => false,
    }
}
