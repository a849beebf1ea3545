//! Statements of a batch, read one after the other, with those within `IF`, `WHILE` and `BEGIN ... END`.

mod changes;
mod refused;

use std::iter::Peekable;
use std::vec::IntoIter;

use sqlparser::ast::{self, BinaryOperator, Expr, Ident, ObjectName, Set};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::batch::{is, position};
use super::expr::lower_first;
use super::readable::readable;
use super::{TsqlError, TsqlProblem};
use crate::diagnostic::Position;

pub use refused::CURSORS;

/// A statement of a batch.
pub struct Parsed {
    pub flow: Flow,
    /// The place of its first word.
    pub at: Position,
    /// After how many rounds a recursion is an error; 0 for never.
    pub max_recursion: u32,
}

/// A statement, or what holds statements.
pub enum Flow {
    One(Box<ast::Statement>),
    /// `BEGIN ... END`; empty for what has no bearing on the answer.
    Block(Vec<Parsed>),
    If {
        condition: Expr,
        then: Box<Parsed>,
        otherwise: Option<Box<Parsed>>,
    },
    While {
        condition: Expr,
        body: Box<Parsed>,
    },
    Break,
    Continue,
    Return,
}

/// How deep IF, WHILE and BEGIN may stand in one another.
const DEEPEST_FLOW: usize = 30;

/// After how many rounds a recursion is an error, unless MAXRECURSION says otherwise.
const MAX_RECURSION: u32 = 100;

/// Reads statements one after the other, and those within IF, WHILE and BEGIN.
struct Reader<'p> {
    parser: Parser<'p>,
    recursions: Peekable<IntoIter<(Position, u32)>>,
    last: Option<Location>,
    changes: bool,
    depth: usize,
}

impl Reader<'_> {
    /// The statements up to the end, or up to the END of the BEGIN that stands at `block`.
    fn list(&mut self, block: Option<Position>) -> Result<Vec<Parsed>, TsqlError> {
        let mut statements = Vec::new();
        loop {
            self.pass_semicolons();
            if self.at_end() {
                return match block {
                    None => Ok(statements),
                    Some(at) => Err(TsqlError::new(
                        at,
                        TsqlProblem::Syntax("expected the END of this BEGIN".to_owned()),
                    )),
                };
            }
            if block.is_some() && self.take("END") {
                return Ok(statements);
            }
            statements.push(self.one()?);
        }
    }

    fn at_end(&self) -> bool {
        self.parser.peek_token_ref().token == Token::EOF
    }

    fn pass_semicolons(&mut self) {
        while self.parser.consume_token(&Token::SemiColon) {}
    }

    fn is_at(&self, nth: usize, wanted: &str) -> bool {
        is(Some(self.parser.peek_nth_token_ref(nth)), wanted)
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.is_at(0, wanted);
        if found {
            self.parser.next_token();
        }
        found
    }

    fn expression(&mut self, at: Position) -> Result<Expr, TsqlError> {
        let read = self.parser.parse_expr();
        read.map_err(|error| syntax(&error, self.last, at))
    }

    /// The statement that IF or WHILE at `at` holds.
    fn inner(&mut self, at: Position) -> Result<Box<Parsed>, TsqlError> {
        self.pass_semicolons();
        if self.at_end() {
            let problem = "expected a statement, found the end of the batch".to_owned();
            return Err(TsqlError::new(at, TsqlProblem::Syntax(problem)));
        }
        self.one().map(Box::new)
    }

    fn one(&mut self) -> Result<Parsed, TsqlError> {
        let at = position(self.parser.peek_token_ref().span.start);
        self.depth += 1;
        if self.depth > DEEPEST_FLOW {
            return Err(TsqlError::new(
                at,
                TsqlProblem::Syntax("it is nested too deeply".to_owned()),
            ));
        }
        let flow = self.flow(at)?;
        self.depth -= 1;
        let next = self.parser.peek_token_ref();
        let end = (next.token != Token::EOF).then(|| position(next.span.start));
        let before = |place: Position| {
            end.is_none_or(|end| (place.line, place.column) < (end.line, end.column))
        };
        let own = match flow {
            Flow::One(_) => self.recursions.next_if(|(place, _)| before(*place)),
            _ => None,
        };
        Ok(Parsed { flow, at, max_recursion: own.map_or(MAX_RECURSION, |(_, rounds)| rounds) })
    }

    fn flow(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let transaction =
            ["TRAN", "TRANSACTION", "TRY", "CATCH", "DISTRIBUTED", "DIALOG", "CONVERSATION"]
                .iter()
                .any(|word| self.is_at(1, word));
        if self.is_at(0, "BEGIN") && !transaction {
            self.parser.next_token();
            return self.list(Some(at)).map(Flow::Block);
        }
        if self.take("PRINT") {
            self.expression(at)?;
            return Ok(Flow::Block(Vec::new()));
        }
        if self.is_at(0, "IF") && !only_drops(&self.parser) {
            self.parser.next_token();
            let condition = self.expression(at)?;
            let then = self.inner(at)?;
            self.pass_semicolons();
            let otherwise = if self.take("ELSE") { Some(self.inner(at)?) } else { None };
            return Ok(Flow::If { condition, then, otherwise });
        }
        if self.take("WHILE") {
            let condition = self.expression(at)?;
            let body = self.inner(at)?;
            return Ok(Flow::While { condition, body });
        }
        for (word, flow) in
            [("BREAK", Flow::Break), ("CONTINUE", Flow::Continue), ("RETURN", Flow::Return)]
        {
            if self.take(word) {
                return Ok(flow);
            }
        }
        if let Some(statement) = self.compound_assignment(at)? {
            return Ok(Flow::One(Box::new(statement)));
        }
        if self.reads_change() {
            return self.change(at);
        }
        if self.changes_through_with() {
            return self.change_through_with(at);
        }
        if self.is_at(0, "ALTER") && self.is_at(1, "TABLE") && self.names_temporary(2) {
            return self.alter(at);
        }
        self.statement(at)
    }

    // Apart from `flow`, which calls itself and has no room for statements.
    fn statement(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let first = self.parser.peek_token_ref().clone();
        self.refuse_by_first_word(&first.token, at)?;
        let statement = self.parser.parse_statement();
        let statement = statement.map_err(|error| syntax(&error, self.last, at))?;
        Ok(Flow::One(Box::new(statement)))
    }

    /// Whether a temporary table or a table variable is named at this token.
    fn names_temporary(&self, nth: usize) -> bool {
        let named = |nth: usize| match &self.parser.peek_nth_token_ref(nth).token {
            Token::Word(word) => Some(word.value.starts_with(['#', '@'])),
            _ => None,
        };
        let mut nth = nth;
        // `tempdb..#t`, with or without its schema.
        while named(nth) == Some(false)
            && self.parser.peek_nth_token_ref(nth + 1).token == Token::Period
        {
            nth += 2;
        }
        named(nth) == Some(true)
    }

    /// The operator of `+=` and its like at this token.
    fn compound_operator(&self, nth: usize) -> Option<BinaryOperator> {
        let token = |nth: usize| &self.parser.peek_nth_token_ref(nth).token;
        let op = match token(nth) {
            Token::Plus => BinaryOperator::Plus,
            Token::Minus => BinaryOperator::Minus,
            Token::Mul => BinaryOperator::Multiply,
            Token::Div => BinaryOperator::Divide,
            Token::Mod => BinaryOperator::Modulo,
            Token::Ampersand => BinaryOperator::BitwiseAnd,
            Token::Pipe => BinaryOperator::BitwiseOr,
            Token::Caret => BinaryOperator::BitwiseXor,
            _ => return None,
        };
        (*token(nth + 1) == Token::Eq).then_some(op)
    }

    /// `SET @x += expression`.
    fn compound_assignment(&mut self, at: Position) -> Result<Option<ast::Statement>, TsqlError> {
        let variable = self.parser.peek_nth_token_ref(1);
        let Some(op) = self.compound_operator(2).filter(|_| self.is_at(0, "SET")) else {
            return Ok(None);
        };
        let Token::Word(word) = &variable.token else {
            return Ok(None);
        };
        if !word.value.starts_with('@') {
            return Ok(None);
        }
        let mut name = Ident::new(word.value.clone());
        name.span = variable.span;
        for _ in 0..4 {
            self.parser.next_token();
        }
        let value = compound(Expr::Identifier(name.clone()), op, self.expression(at)?);
        Ok(Some(ast::Statement::Set(Set::SingleAssignment {
            scope: None,
            hivevar: false,
            variable: ObjectName::from(vec![name]),
            values: vec![value],
        })))
    }

    fn ends_statement(&self, nth: usize) -> bool {
        matches!(self.parser.peek_nth_token_ref(nth).token, Token::EOF | Token::SemiColon)
    }
}

/// What `target += value` and its like set the target to.
fn compound(target: Expr, op: BinaryOperator, value: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(target), op, right: Box::new(Expr::Nested(Box::new(value))) }
}

/// The statements of a batch. `changes` says whether they may write rows.
pub fn statements(batch: Vec<TokenWithSpan>, changes: bool) -> Result<Vec<Parsed>, TsqlError> {
    let (tokens, recursions) = readable(batch)?;
    let last = tokens.last().map(|token| token.span.end);
    let mut reader = Reader {
        parser: Parser::new(&MsSqlDialect {}).with_tokens_with_locations(tokens),
        recursions: recursions.into_iter().peekable(),
        last,
        changes,
        depth: 0,
    };
    reader.list(None)
}

/// Whether `IF OBJECT_ID(...) IS NOT NULL DROP TABLE name` stands next, with `BEGIN` and `END` or without, and no
/// `ELSE` after it.
fn only_drops(parser: &Parser<'_>) -> bool {
    let token = |nth: usize| parser.peek_nth_token_ref(nth);
    let is_at = |nth: usize, wanted: &str| is(Some(token(nth)), wanted);
    let closed = (3..9).find(|nth| token(*nth).token == Token::RParen);
    let Some(mut at) = closed.filter(|_| is_at(1, "OBJECT_ID")) else {
        return false;
    };
    if !(is_at(at + 1, "IS") && is_at(at + 2, "NOT") && is_at(at + 3, "NULL")) {
        return false;
    }
    at += 4;
    let block = is_at(at, "BEGIN");
    at += usize::from(block);
    if !(is_at(at, "DROP") && is_at(at + 1, "TABLE")) {
        return false;
    }
    at += 2;
    if is_at(at, "IF") && is_at(at + 1, "EXISTS") {
        at += 2;
    }
    // The name, qualified or not.
    while token(at + 1).token == Token::Period {
        at += if token(at + 2).token == Token::Period { 1 } else { 2 };
    }
    at += 1;
    at += usize::from(token(at).token == Token::SemiColon);
    if block && !is_at(at, "END") {
        return false;
    }
    at += usize::from(block);
    at += usize::from(token(at).token == Token::SemiColon);
    !is_at(at, "ELSE")
}

fn syntax(error: &ParserError, last: Option<Location>, statement: Position) -> TsqlError {
    let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = error else {
        return TsqlError::new(
            statement,
            TsqlProblem::Syntax("it is nested too deeply".to_owned()),
        );
    };
    let placed = message.rsplit_once(" at Line: ").and_then(|(text, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        let at = Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?);
        Some((text, position(at)))
    });
    let (text, at) = placed.unwrap_or((message, last.map_or(statement, position)));
    let wrong = TsqlError::new(at, TsqlProblem::Syntax(lower_first(text)));
    if text.contains(TYPOGRAPHIC) {
        return wrong.with_hint(
            "Word and Outlook write typographic quotes and dashes; in a query a text stands between ' and ', and minus \
             is -",
        );
    }
    if text.contains("after column definition") {
        return wrong.with_hint(
            "a column has a type, NULL, IDENTITY, DEFAULT and keys here; what a computed column holds is computed in \
             SELECT",
        );
    }
    wrong
}

/// The signs that word processors make of quotes and of a minus.
const TYPOGRAPHIC: [char; 9] = ['‘', '’', '‚', '“', '”', '„', '–', '—', '´'];

/// The statements themselves, in the order of the text.
pub fn flat(parsed: Vec<Parsed>) -> Vec<ast::Statement> {
    let mut statements = Vec::new();
    for one in parsed {
        match one.flow {
            Flow::One(statement) => statements.push(*statement),
            Flow::Block(list) => statements.extend(flat(list)),
            Flow::If { then, otherwise, .. } => {
                let both = std::iter::once(then).chain(otherwise).map(|inner| *inner);
                statements.extend(flat(both.collect()));
            }
            Flow::While { body, .. } => statements.extend(flat(vec![*body])),
            Flow::Break | Flow::Continue | Flow::Return => {}
        }
    }
    statements
}

/// The word that a statement begins with.
pub fn first_word(statement: &ast::Statement) -> String {
    let text = statement.to_string();
    text.split_whitespace().next().unwrap_or("nothing").to_uppercase()
}
