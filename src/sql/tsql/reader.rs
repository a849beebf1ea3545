//! Statements of a batch, read one after the other, with those within `IF`, `WHILE` and `BEGIN ... END`.

use std::iter::Peekable;
use std::vec::IntoIter;

use sqlparser::ast::{self, BinaryOperator, Expr, FromTable, Ident, ObjectName, Set, TableFactor};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::batch::{is, position, unsupported, word};
use super::expr::lower_first;
use super::readable::readable;
use super::{TsqlError, TsqlProblem};
use crate::diagnostic::Position;

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

/// How many tokens of an UPDATE or DELETE are looked through for a temporary table.
const LONGEST_CHANGE: usize = 300;

/// How many tokens of an INSERT are looked through for the EXEC that its rows come from.
const LONGEST_INSERT: usize = 60;

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
        Ok(Parsed {
            flow,
            at,
            max_recursion: own.map_or(MAX_RECURSION, |(_, rounds)| rounds),
        })
    }

    fn flow(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let transaction = [
            "TRAN",
            "TRANSACTION",
            "TRY",
            "CATCH",
            "DISTRIBUTED",
            "DIALOG",
            "CONVERSATION",
        ]
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
            let otherwise = if self.take("ELSE") {
                Some(self.inner(at)?)
            } else {
                None
            };
            return Ok(Flow::If {
                condition,
                then,
                otherwise,
            });
        }
        if self.take("WHILE") {
            let condition = self.expression(at)?;
            let body = self.inner(at)?;
            return Ok(Flow::While { condition, body });
        }
        for (word, flow) in [
            ("BREAK", Flow::Break),
            ("CONTINUE", Flow::Continue),
            ("RETURN", Flow::Return),
        ] {
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

    fn change(&mut self, at: Position) -> Result<Flow, TsqlError> {
        let read = if self.is_at(0, "DELETE") {
            self.delete()
        } else {
            self.update()
        };
        let statement = read.map_err(|error| syntax(&error, self.last, at))?;
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

    /// Whether an UPDATE or DELETE is read: where rows may be changed, or where it names a temporary table.
    fn reads_change(&self) -> bool {
        let is_temporary = |nth: usize| match &self.parser.peek_nth_token_ref(nth).token {
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
                "of UPDATE and DELETE only TOP (n) is read, without PERCENT".to_owned(),
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

    /// `SET @x += expression`.
    fn compound_assignment(&mut self, at: Position) -> Result<Option<ast::Statement>, TsqlError> {
        let token = |nth: usize| &self.parser.peek_nth_token_ref(nth).token;
        let op = match token(2) {
            Token::Plus => BinaryOperator::Plus,
            Token::Minus => BinaryOperator::Minus,
            Token::Mul => BinaryOperator::Multiply,
            Token::Div => BinaryOperator::Divide,
            Token::Mod => BinaryOperator::Modulo,
            Token::Ampersand => BinaryOperator::BitwiseAnd,
            Token::Pipe => BinaryOperator::BitwiseOr,
            Token::Caret => BinaryOperator::BitwiseXor,
            _ => return Ok(None),
        };
        let assigns = is(Some(self.parser.peek_nth_token_ref(0)), "SET") && *token(3) == Token::Eq;
        let Token::Word(variable) = token(1) else {
            return Ok(None);
        };
        if !assigns || !variable.value.starts_with('@') {
            return Ok(None);
        }
        let mut name = Ident::new(variable.value.clone());
        name.span = self.parser.peek_nth_token_ref(1).span;
        for _ in 0..4 {
            self.parser.next_token();
        }
        let value = Expr::BinaryOp {
            left: Box::new(Expr::Identifier(name.clone())),
            op,
            right: Box::new(Expr::Nested(Box::new(self.expression(at)?))),
        };
        Ok(Some(ast::Statement::Set(Set::SingleAssignment {
            scope: None,
            hivevar: false,
            variable: ObjectName::from(vec![name]),
            values: vec![value],
        })))
    }

    /// Refuses by their first word the statements that are not read at all, and those that hold others, into which the
    /// parser would go down without an end.
    fn refuse_by_first_word(&self, token: &Token, at: Position) -> Result<(), TsqlError> {
        if self.is_at(0, "CREATE") && !self.is_at(1, "TABLE") {
            let index =
                self.is_at(1, "INDEX") || (self.is_at(1, "UNIQUE") && self.is_at(2, "INDEX"));
            let on = (2..8).find(|nth| self.is_at(*nth, "ON"));
            if index && on.is_some_and(|on| self.names_temporary(on + 1)) {
                return Ok(());
            }
            return Err(TsqlError::new(at, TsqlProblem::Writes("CREATE".to_owned())));
        }
        if self.is_at(0, "TRUNCATE") && self.is_at(1, "TABLE") && self.names_temporary(2) {
            return Ok(());
        }
        // A variable may be one too: `DECLARE @c CURSOR`.
        let is_cursor = (2..4).any(|nth| self.is_at(nth, "CURSOR"));
        if self.is_at(0, "DECLARE") && is_cursor {
            return Err(unsupported(at, "DECLARE CURSOR").with_hint(CURSORS));
        }
        let runs = |nth: usize| self.is_at(nth, "EXEC") || self.is_at(nth, "EXECUTE");
        let called = if self.is_at(0, "INSERT") {
            let end = (1..LONGEST_INSERT).find(|nth| self.ends_statement(*nth));
            let has_rows = |nth| {
                ["SELECT", "VALUES"]
                    .iter()
                    .any(|word| self.is_at(nth, word))
            };
            end.filter(|end| !(1..*end).any(has_rows))
                .map(|end| end + 1)
        } else {
            Some(0)
        };
        let called = called.filter(|nth| runs(*nth));
        if let Some(called) = called {
            return Err(self.procedure(called));
        }
        refuse_by_first_word(token, at)
    }

    /// Refuses the procedure or dynamic SQL that EXEC runs.
    fn procedure(&self, exec: usize) -> TsqlError {
        let token = self.parser.peek_nth_token_ref(exec);
        let word = word(&token.token).unwrap_or("EXEC").to_ascii_uppercase();
        // `EXEC @result = name`, or `schema.name`.
        let name = (exec + 1..exec + 7)
            .take_while(|nth| !self.ends_statement(*nth))
            .find_map(|nth| {
                let text = self.parser.peek_nth_token_ref(nth).to_string();
                let text = text.trim_matches(['[', ']']).to_lowercase();
                text.starts_with("sp_").then_some(text)
            });
        let hint = match name.as_deref() {
            Some("sp_executesql") => DYNAMIC,
            Some("sp_help" | "sp_columns" | "sp_tables") => {
                "SELECT * FROM INFORMATION_SCHEMA.COLUMNS lists the columns of all tables"
            }
            _ if self.parser.peek_nth_token_ref(exec + 1).token == Token::LParen => DYNAMIC,
            _ => "run the query that the procedure holds, with DECLARE for its parameters",
        };
        TsqlError::new(position(token.span.start), TsqlProblem::Runs(word)).with_hint(hint)
    }

    fn ends_statement(&self, nth: usize) -> bool {
        matches!(
            self.parser.peek_nth_token_ref(nth).token,
            Token::EOF | Token::SemiColon
        )
    }
}

/// What works instead of dynamic SQL.
const DYNAMIC: &str = "run the text that is in the quotes itself, with DECLARE for its parameters";

/// What works instead of a cursor.
pub const CURSORS: &str = "a query over the same rows needs no cursor: SUM or ROW_NUMBER() OVER, STRING_AGG, or \
                           WHILE over a temporary table";

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
        at += if token(at + 2).token == Token::Period {
            1
        } else {
            2
        };
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

/// Refuses by their first word the statements that are not read at all.
fn refuse_by_first_word(token: &Token, at: Position) -> Result<(), TsqlError> {
    const READ: [&str; 9] = [
        "SELECT", "WITH", "DECLARE", "SET", "USE", "INSERT", "CREATE", "DROP", "IF",
    ];
    const WRITE: [&str; 22] = [
        "ALTER",
        "BACKUP",
        "BULK",
        "CHECKPOINT",
        "COMMIT",
        "DBCC",
        "DELETE",
        "DENY",
        "GRANT",
        "KILL",
        "MERGE",
        "RECONFIGURE",
        "RESTORE",
        "REVOKE",
        "ROLLBACK",
        "SAVE",
        "SHUTDOWN",
        "TRUNCATE",
        "UPDATE",
        "UPDATETEXT",
        "WRITETEXT",
        "DISABLE",
    ];
    let Some(word) = word(token) else {
        return match token {
            Token::LParen => Ok(()),
            other => Err(TsqlError::new(
                at,
                TsqlProblem::Syntax(format!("expected a statement, found `{other}`")),
            )),
        };
    };
    let upper = word.to_ascii_uppercase();
    if READ.contains(&upper.as_str()) {
        return Ok(());
    }
    if WRITE.contains(&upper.as_str()) {
        let is_merge = upper == "MERGE";
        let error = TsqlError::new(at, TsqlProblem::Writes(upper));
        return Err(if is_merge {
            error.with_hint(
                "of a temporary table, UPDATE ... FROM and INSERT ... SELECT do the same",
            )
        } else {
            error
        });
    }
    let hint = match upper.as_str() {
        "BEGIN" => {
            "TRY, CATCH and transactions change no answer: run the statements between them by themselves"
        }
        "GOTO" => "IF, WHILE, BREAK and RETURN are run",
        "OPEN" | "FETCH" | "CLOSE" | "DEALLOCATE" => CURSORS,
        "LIMIT" => "write TOP (n) after SELECT",
        "RAISERROR" | "THROW" | "WAITFOR" => "leave it out; what is asked for is the answer",
        _ => {
            return Err(TsqlError::new(
                at,
                TsqlProblem::Syntax(format!("expected a statement, found `{word}`")),
            ));
        }
    };
    Err(unsupported(at, upper).with_hint(hint))
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
    TsqlError::new(at, TsqlProblem::Syntax(lower_first(text)))
}

/// The statements themselves, in the order of the text.
pub fn flat(parsed: Vec<Parsed>) -> Vec<ast::Statement> {
    let mut statements = Vec::new();
    for one in parsed {
        match one.flow {
            Flow::One(statement) => statements.push(*statement),
            Flow::Block(list) => statements.extend(flat(list)),
            Flow::If {
                then, otherwise, ..
            } => {
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
    text.split_whitespace()
        .next()
        .unwrap_or("nothing")
        .to_uppercase()
}
