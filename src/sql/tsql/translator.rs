//! A rewriting, with what it knows at a place of the text.

use sqlparser::ast::{Query, SetExpr};
use sqlparser::tokenizer::Span;

use super::batch;
use super::query::Shape;
use super::state::{Batch, Given, Met, Names, Output, Scope, Session};
use super::{Literal, TsqlError, TsqlProblem};
use crate::diagnostic::Position;
use crate::schema::catalog::Catalog;
use crate::schema::types::Type;
use crate::sql::guard::limits::{LONGEST_REWRITTEN, MAX_REWRITE_STEPS};

pub(super) type R<T> = Result<T, TsqlError>;

const OUTERMOST: &str = "the scope of the statement is never left";

/// The state of a rewriting.
pub(super) struct Translator<'a> {
    pub given: Given<'a>,
    pub session: Session,
    pub batch: Batch,
    pub names: Names,
    pub met: Met,
    pub output: Output,
    /// The place of the newest thing that has one.
    pub at: Position,
    /// The steps that the rewriting has taken, see [`MAX_REWRITE_STEPS`].
    pub spent: u64,
    serial: u32,
}

impl<'a> Translator<'a> {
    pub fn new(catalog: &'a Catalog, now: &'a str) -> Self {
        Self {
            given: Given { catalog, now, changes: false, literals: Vec::new() },
            session: Session::default(),
            batch: Batch::default(),
            names: Names::new(0),
            met: Met::default(),
            output: Output::default(),
            at: Position { line: 1, column: 1 },
            spent: 0,
            serial: 0,
        }
    }

    pub fn stand_for(&mut self, literals: &[Literal]) {
        let unused = |literal: &Literal| (literal.clone(), false);
        self.given.literals = literals.iter().map(unused).collect();
    }

    pub fn declare(&mut self, values: &[(String, Type)]) {
        let lower = |(name, of): &(String, Type)| (name.to_lowercase(), *of);
        self.batch.variables.extend(values.iter().map(lower));
    }

    pub fn unused_literal(&self) -> Option<&Literal> {
        let unused = self.given.literals.iter().find(|(_, used)| !used);
        unused.map(|(literal, _)| literal)
    }

    /// The innermost scope.
    pub fn scope(&self) -> &Scope {
        self.names.scopes.last().expect(OUTERMOST)
    }

    pub fn scope_mut(&mut self) -> &mut Scope {
        self.names.scopes.last_mut().expect(OUTERMOST)
    }

    /// Does something in a scope of its own.
    pub fn in_scope<T>(&mut self, scope: Scope, work: impl FnOnce(&mut Self) -> T) -> T {
        self.names.scopes.push(scope);
        let done = work(self);
        self.names.scopes.pop();
        done
    }

    /// Does something that sees what surrounds the query, and not what stands beside it in FROM.
    pub fn outside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let hidden = self.names.scopes.pop();
        let done = work(self);
        self.names.scopes.extend(hidden);
        done
    }

    /// Does something, and gives what was met meanwhile.
    pub fn observed<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Met) {
        let before = std::mem::take(&mut self.met);
        let done = work(self);
        let met = std::mem::replace(&mut self.met, before);
        self.met.scopes.extend(&met.scopes);
        self.met.variables.extend(met.variables.iter().cloned());
        self.met.row_count |= met.row_count;
        (done, met)
    }

    /// Notes where a node stands.
    pub fn see(&mut self, span: Span) {
        if span.start.line > 0 {
            self.at = batch::position(span.start);
        }
    }

    pub fn unsupported(&self, what: impl Into<String>) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::Unsupported(what.into()))
    }

    pub fn invalid(&self, what: impl Into<String>) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::Invalid(what.into()))
    }

    /// Counts the writing of `bytes`, before they are copied into anything larger.
    ///
    /// Some constructs write an operand more than once, and columns of nested queries multiply, so that a text of a
    /// kilobyte could stand for gigabytes. Everything that is written passes here, which bounds the memory and the
    /// time of a rewriting by constants.
    pub fn spend(&mut self, bytes: usize) -> R<()> {
        self.spent = self.spent.saturating_add(bytes as u64);
        if bytes > LONGEST_REWRITTEN {
            return Err(self.too_large(format!(
                "part of this becomes more than {LONGEST_REWRITTEN} bytes of SQL"
            )));
        }
        if self.spent > MAX_REWRITE_STEPS {
            return Err(
                self.too_large(format!("this needs more than {MAX_REWRITE_STEPS} rewriting steps"))
            );
        }
        Ok(())
    }

    fn too_large(&self, what: String) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::TooLarge(what))
            .with_hint("compute repeated parts once, in a temporary table: SELECT ... INTO #part")
    }

    /// Refuses a list that is longer than SQL Server takes.
    pub fn at_most(&self, count: usize, most: usize, what: &str) -> R<()> {
        if count > most {
            let what = format!("more than {most} {what}, which is SQL Server's limit too");
            return Err(TsqlError::new(self.at, TsqlProblem::TooLarge(what)));
        }
        Ok(())
    }

    pub fn writes(&self, what: impl Into<String>) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::Writes(what.into()))
    }

    /// A name that nothing else in the SQL has.
    pub fn fresh(&mut self, stem: &str) -> String {
        self.serial += 1;
        format!("chatdb_{stem}{}", self.serial)
    }

    pub fn one_query(&mut self, query: &Query) -> R<String> {
        if let SetExpr::Select(select) = query.body.as_ref()
            && select.into.is_some()
        {
            return Err(self.unsupported("SELECT INTO"));
        }
        Ok(self.query(query, Shape::default())?.sql)
    }

    /// Notes the database that the text names; a second one cannot be told apart from the first.
    pub fn name_database(&mut self, name: &str) -> R<()> {
        match &self.session.database {
            Some(known) if !known.eq_ignore_ascii_case(name) => Err(self
                .invalid(format!(
                    "`{name}` is a second database; this import database holds the tables of one, here `{known}`"
                ))
                .with_hint(
                    "import the tables of both into one database, and leave the names of the databases out",
                )),
            Some(_) => Ok(()),
            None => {
                self.session.database = Some(name.to_owned());
                Ok(())
            }
        }
    }

    /// Notes the schema that the text names.
    pub fn name_schema(&mut self, name: &str) -> R<()> {
        let lower = name.to_lowercase();
        if ["sys", "information_schema", "cdc"].contains(&lower.as_str()) {
            return Err(self
                .invalid(format!(
                    "the schema `{name}` is SQL Server's own, and not in this import database"
                ))
                .with_hint(
                    "SELECT name FROM sqlite_schema lists the tables, with --dialect sqlite",
                ));
        }
        match &self.session.schema {
            Some(known) if *known != lower => Err(self.invalid(format!(
                "`{name}` is a second schema; this import database holds the tables of one, here `{known}`"
            ))),
            _ => {
                self.session.schema = Some(lower);
                Ok(())
            }
        }
    }
}
