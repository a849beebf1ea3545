//! `UPDATE` and `DELETE` as T-SQL has them: with `TOP (n)`, and a target beside `FROM`.

use sqlparser::ast::{
    self, Assignment, AssignmentTarget, Expr, FromTable, OutputClause, Query, SetExpr, TableFactor,
    TableWithJoins, UpdateTableFromKind,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::{Flow, Reader, compound, syntax};
use crate::diagnostic::Position;
use crate::sql::tsql::TsqlError;
use crate::sql::tsql::batch::unsupported;

/// How many tokens of an UPDATE or DELETE are looked through for a temporary table.
const LONGEST_CHANGE: usize = 300;

impl Reader<'_> {
    pub(super) fn change(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let read = if self.is_at(0, "DELETE") { self.delete() } else { self.update() };
        let statement = read.map_err(|error| syntax(&error, self.last, at))?;
        Ok(Flow::One(Box::new(statement)))
    }

    /// Whether an UPDATE or DELETE is read: where rows may be changed, or where it names a temporary table.
    pub(super) fn reads_change(&self) -> bool {
        let is_temporary = |nth: usize| match &self.parser.peek_nth_token_ref(nth).token {
            Token::Word(word) if word.value.starts_with('@') => {
                self.is_at(nth - 1, "FROM") || self.is_at(nth - 1, "JOIN")
            }
            Token::Word(word) => word.value.starts_with('#'),
            _ => false,
        };
        let mut statement = (1..LONGEST_CHANGE).take_while(|nth| !self.ends_statement(*nth));
        (self.is_at(0, "UPDATE") || self.is_at(0, "DELETE"))
            && (self.changes
                || self.names_temporary(1)
                || self.is_at(1, "FROM") && self.names_temporary(2)
                || statement.any(is_temporary))
    }

    /// Whether `WITH` stands next, and after its queries an UPDATE or a DELETE.
    pub(super) fn changes_through_with(&self) -> bool {
        if !self.is_at(0, "WITH") {
            return false;
        }
        let mut depth = 0_usize;
        for nth in 1..LONGEST_CHANGE {
            match self.parser.peek_nth_token_ref(nth).token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::EOF | Token::SemiColon => return false,
                _ if depth > 0 => {}
                _ if self.is_at(nth, "SELECT") => return false,
                _ if self.is_at(nth, "DELETE") || self.is_at(nth, "UPDATE") => return true,
                _ => {}
            }
        }
        false
    }

    /// `WITH x AS (SELECT ...) DELETE FROM x ...`, as a query whose body is the change.
    pub(super) fn change_through_with(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let mut read = || {
            let mut query = empty_query()?;
            let with_token = self.parser.next_token().into();
            let cte_tables = self.parser.parse_comma_separated(Parser::parse_cte)?;
            query.with = Some(ast::With { with_token, recursive: false, cte_tables });
            query.body = Box::new(if self.is_at(0, "DELETE") {
                SetExpr::Delete(self.delete()?)
            } else {
                SetExpr::Update(self.update()?)
            });
            Ok(query)
        };
        let query = read().map_err(|error| syntax(&error, self.last, at))?;
        Ok(Flow::One(Box::new(ast::Statement::Query(Box::new(query)))))
    }

    /// `ALTER TABLE #t ADD column, column`.
    pub(super) fn alter(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let mut other = None;
        let mut read = || {
            let mut parsed = Parser::parse_sql(&MsSqlDialect {}, "ALTER TABLE t ADD c INT")?;
            let Some(ast::Statement::AlterTable(mut alter)) = parsed.pop() else {
                return Err(ParserError::ParserError("expected ALTER TABLE".to_owned()));
            };
            self.take("ALTER");
            self.take("TABLE");
            alter.name = self.parser.parse_object_name(false)?;
            if !self.take("ADD") {
                let word = self.parser.peek_token_ref().to_string().to_uppercase();
                other = Some(format!("ALTER TABLE {} {word}", alter.name));
                return Err(ParserError::ParserError("expected ADD".to_owned()));
            }
            let columns = self.parser.parse_comma_separated(Parser::parse_column_def)?;
            let added = |column_def| ast::AlterTableOperation::AddColumn {
                column_keyword: false,
                if_not_exists: false,
                column_def,
                column_position: None,
            };
            alter.operations = columns.into_iter().map(added).collect();
            Ok(ast::Statement::AlterTable(alter))
        };
        let read = read();
        if let Some(other) = other {
            return Err(unsupported(at, other).with_hint(
                "of a temporary table, ADD is supported: declare the column in CREATE TABLE as it is to be",
            ));
        }
        let statement = read.map_err(|error| syntax(&error, self.last, at))?;
        Ok(Flow::One(Box::new(statement)))
    }

    /// `TOP (n)` of an UPDATE or DELETE.
    fn top(&mut self) -> Result<Option<Expr>, ParserError> {
        if !self.take("TOP") {
            return Ok(None);
        }
        let rows = self.parser.parse_prefix()?;
        if self.is_at(0, "PERCENT") {
            return Err(ParserError::ParserError(
                "UPDATE and DELETE take TOP (n) only, without PERCENT".to_owned(),
            ));
        }
        Ok(Some(rows))
    }

    /// `UPDATE TOP (n) target SET ... OUTPUT ... FROM ... WHERE ...`, with `TOP` in the place of a limit, which T-SQL
    /// has not.
    fn update(&mut self) -> Result<ast::Statement, ParserError> {
        let update_token = self.parser.next_token();
        let top = self.top()?;
        let table = self.parser.parse_table_and_joins()?;
        self.parser.expect_keyword(Keyword::SET)?;
        let mut assignments = vec![self.assignment()?];
        while self.parser.consume_token(&Token::Comma) {
            assignments.push(self.assignment()?);
        }
        let output = self.output()?;
        let from = if self.take("FROM") {
            let sources = self.parser.parse_comma_separated(Parser::parse_table_and_joins)?;
            Some(UpdateTableFromKind::AfterSet(sources))
        } else {
            None
        };
        Ok(ast::Statement::Update(ast::Update {
            update_token: update_token.into(),
            optimizer_hints: Vec::new(),
            table,
            assignments,
            from,
            selection: self.condition()?,
            returning: None,
            output,
            or: None,
            order_by: Vec::new(),
            limit: top,
        }))
    }

    /// `column = value`, or `column += value`.
    fn assignment(&mut self) -> Result<Assignment, ParserError> {
        let target = self.parser.parse_assignment_target()?;
        let op = self.compound_operator(0);
        if op.is_some() {
            self.parser.next_token();
        }
        self.parser.expect_token(&Token::Eq)?;
        let value = self.parser.parse_expr()?;
        let value = match (op, &target) {
            (Some(op), AssignmentTarget::ColumnName(name)) => {
                let parts = name.0.iter().filter_map(|part| part.as_ident()).cloned();
                compound(Expr::CompoundIdentifier(parts.collect()), op, value)
            }
            _ => value,
        };
        Ok(Assignment { target, value })
    }

    fn condition(&mut self) -> Result<Option<Expr>, ParserError> {
        if self.take("WHERE") {
            return self.parser.parse_expr().map(Some);
        }
        Ok(None)
    }

    /// `DELETE TOP (n) FROM target FROM ... WHERE ...`.
    fn delete(&mut self) -> Result<ast::Statement, ParserError> {
        let delete_token = self.parser.next_token();
        let top = self.top()?;
        self.take("FROM");
        let target = self.parser.parse_table_and_joins()?;
        let (tables, from) = match (&target.relation, self.take("FROM")) {
            (TableFactor::Table { name, .. }, true) => {
                let sources = self.parser.parse_comma_separated(Parser::parse_table_and_joins)?;
                (vec![name.clone()], sources)
            }
            _ => (Vec::new(), vec![target]),
        };
        let output = self.output()?;
        let (tables, from) = match (output.is_some(), tables.as_slice(), from.as_slice()) {
            // FROM may stand behind OUTPUT as well.
            (true, [], [TableWithJoins { relation: TableFactor::Table { name, .. }, .. }])
                if self.take("FROM") =>
            {
                let sources = self.parser.parse_comma_separated(Parser::parse_table_and_joins)?;
                (vec![name.clone()], sources)
            }
            _ => (tables, from),
        };
        let selection = self.condition()?;
        Ok(ast::Statement::Delete(ast::Delete {
            delete_token: delete_token.into(),
            optimizer_hints: Vec::new(),
            tables,
            from: FromTable::WithFromKeyword(from),
            using: None,
            selection,
            returning: None,
            output,
            order_by: Vec::new(),
            limit: top,
        }))
    }

    /// `OUTPUT deleted.a, deleted.b INTO #t (a, b)`.
    fn output(&mut self) -> Result<Option<OutputClause>, ParserError> {
        if !self.is_at(0, "OUTPUT") {
            return Ok(None);
        }
        let output_token = self.parser.next_token().into();
        let select_items = self.parser.parse_projection()?;
        let into_table = if self.take("INTO") {
            Some(ast::SelectInto {
                temporary: false,
                unlogged: false,
                table: false,
                targets: vec![self.parser.parse_expr()?],
            })
        } else {
            None
        };
        Ok(Some(OutputClause::Output { output_token, select_items, into_table }))
    }
}

/// A query to fill in.
fn empty_query() -> Result<Query, ParserError> {
    match Parser::parse_sql(&MsSqlDialect {}, "SELECT 1")?.pop() {
        Some(ast::Statement::Query(query)) => Ok(*query),
        _ => Err(ParserError::ParserError("expected a query".to_owned())),
    }
}
