//! `UPDATE` and `DELETE` as T-SQL has them: with `TOP (n)`, and a target beside `FROM`.

use sqlparser::ast::{self, Expr, FromTable, TableFactor};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::{Flow, Reader, syntax};
use crate::diagnostic::Position;
use crate::sql::tsql::TsqlError;

/// How many tokens of an UPDATE or DELETE are looked through for a temporary table.
const LONGEST_CHANGE: usize = 300;

impl Reader<'_> {
    pub(super) fn change(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let read = if self.is_at(0, "DELETE") {
            self.delete()
        } else {
            self.update()
        };
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

    /// `UPDATE TOP (n) target SET ... FROM ... WHERE ...`, with `TOP` in the place of a limit, which T-SQL has not.
    fn update(&mut self) -> Result<ast::Statement, ParserError> {
        let token = self.parser.next_token();
        let top = self.top()?;
        let mut statement = self.parser.parse_update(token)?;
        if let ast::Statement::Update(update) = &mut statement {
            if update.limit.is_some() {
                return Err(ParserError::ParserError("LIMIT is not T-SQL".to_owned()));
            }
            update.limit = top;
        }
        Ok(statement)
    }

    /// `DELETE TOP (n) FROM target FROM ... WHERE ...`.
    fn delete(&mut self) -> Result<ast::Statement, ParserError> {
        let delete_token = self.parser.next_token();
        let top = self.top()?;
        self.take("FROM");
        let target = self.parser.parse_table_and_joins()?;
        let (tables, from) = match (&target.relation, self.take("FROM")) {
            (TableFactor::Table { name, .. }, true) => {
                let sources = self
                    .parser
                    .parse_comma_separated(Parser::parse_table_and_joins)?;
                (vec![name.clone()], sources)
            }
            _ => (Vec::new(), vec![target]),
        };
        let selection = if self.take("WHERE") {
            Some(self.parser.parse_expr()?)
        } else {
            None
        };
        Ok(ast::Statement::Delete(ast::Delete {
            delete_token: delete_token.into(),
            optimizer_hints: Vec::new(),
            tables,
            from: FromTable::WithFromKeyword(from),
            using: None,
            selection,
            returning: None,
            output: None,
            order_by: Vec::new(),
            limit: top,
        }))
    }
}
