//! From text to statements: tokens, batches between lines that say `GO`, what the parser does not read, statements.
//!
//! What is done here is done on tokens, so that a word within a text, a comment or brackets is never taken for more
//! than it is.

use std::iter::Peekable;
use std::vec::IntoIter;

use sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectName, Set, Statement};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace, Word};

use super::{TsqlError, TsqlProblem};
use crate::diagnostic::Position;

/// So many tokens may follow each other without a comma or a parenthesis. It bounds how deep a chain of operators
/// can become as a tree.
const LONGEST_CHAIN: usize = 6000;
/// So many operators may stand in a row before what they apply to: `NOT NOT - - 1`.
const LONGEST_PREFIX: usize = 16;

pub fn position(at: Location) -> Position {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    Position {
        line: number(at.line),
        column: number(at.column),
    }
}

fn unsupported(at: Position, what: impl Into<String>) -> TsqlError {
    TsqlError::new(at, TsqlProblem::Unsupported(what.into()))
}

/// The tokens of a text, blanks and comments included.
pub fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, TsqlError> {
    let tokens = Tokenizer::new(&MsSqlDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| {
            TsqlError::new(
                position(error.location),
                TsqlProblem::Syntax(lower_first(&error.message)),
            )
        })?;
    // The parser would take it for `=`.
    match tokens.iter().find(|token| token.token == Token::DoubleEq) {
        Some(token) => {
            let problem = TsqlProblem::Syntax("there is no `==`".to_owned());
            Err(TsqlError::new(position(token.span.start), problem).with_hint("write = to compare"))
        }
        None => cases_are_shallow(&tokens).map(|()| tokens),
    }
}

/// How deep SQL Server lets CASE stand within CASE.
const DEEPEST_CASE: usize = 10;

fn cases_are_shallow(tokens: &[TokenWithSpan]) -> Result<(), TsqlError> {
    let mut depth = 0_usize;
    for token in tokens {
        if is(Some(token), "CASE") {
            depth += 1;
        } else if is(Some(token), "END") {
            depth = depth.saturating_sub(1);
        }
        if depth > DEEPEST_CASE {
            let problem = format!("CASE stands within CASE more than {DEEPEST_CASE} deep");
            let at = position(token.span.start);
            return Err(TsqlError::new(at, TsqlProblem::Invalid(problem))
                .with_hint("list the conditions in one CASE, or JOIN a table of them"));
        }
    }
    Ok(())
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(Word {
            value,
            quote_style: None,
            ..
        }) => Some(value),
        _ => None,
    }
}

fn is(token: Option<&TokenWithSpan>, wanted: &str) -> bool {
    token
        .and_then(|token| word(&token.token))
        .is_some_and(|word| word.eq_ignore_ascii_case(wanted))
}

/// Splits at the lines that hold nothing but `GO`, comments apart.
pub fn batches(tokens: Vec<TokenWithSpan>) -> Result<Vec<Vec<TokenWithSpan>>, TsqlError> {
    let mut batches = Vec::new();
    let mut open: Vec<TokenWithSpan> = Vec::new();
    let mut at_line_start = true;
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        if at_line_start && is(Some(&token), "GO") {
            let mut line = Vec::new();
            let mut alone = true;
            while let Some(next) = rest.peek() {
                match &next.token {
                    Token::Whitespace(Whitespace::Newline) | Token::EOF => break,
                    Token::Whitespace(_) | Token::SemiColon => {}
                    Token::Number(times, _) if times == "1" => {}
                    Token::Number(times, _) => {
                        return Err(
                            unsupported(position(token.span.start), format!("GO {times}"))
                                .with_hint("repeat the batch as often as it should run"),
                        );
                    }
                    _ => alone = false,
                }
                let ends = matches!(
                    next.token,
                    Token::Whitespace(Whitespace::SingleLineComment { .. })
                );
                line.extend(rest.next());
                if ends || !alone {
                    break;
                }
            }
            if alone {
                batches.push(std::mem::take(&mut open));
                at_line_start = true;
            } else {
                at_line_start = false;
                open.push(token);
                open.extend(line);
            }
            continue;
        }
        at_line_start = match &token.token {
            Token::Whitespace(Whitespace::Newline | Whitespace::SingleLineComment { .. }) => true,
            Token::Whitespace(_) => at_line_start,
            _ => false,
        };
        open.push(token);
    }
    batches.push(open);
    Ok(batches)
}

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
    One(Box<Statement>),
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
        if self.is_at(0, "TRUNCATE") && self.is_at(1, "TABLE") && self.names_temporary(2) {
            return self.truncate(at);
        }
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

    /// `TRUNCATE TABLE #t`, which takes all rows.
    fn truncate(&mut self, at: Position) -> Result<Flow, TsqlError> {
        self.parser.next_token();
        self.parser.next_token();
        let name = self.parser.parse_object_name(false);
        let name = name.map_err(|error| syntax(&error, self.last, at))?;
        let text = format!("DELETE FROM {name}");
        let statements = Parser::parse_sql(&MsSqlDialect {}, &text);
        match statements.map(|mut statements| statements.pop()) {
            Ok(Some(statement)) => Ok(Flow::One(Box::new(statement))),
            _ => Err(unsupported(at, "TRUNCATE")),
        }
    }

    /// `SET @x += expression`.
    fn compound_assignment(&mut self, at: Position) -> Result<Option<Statement>, TsqlError> {
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
        Ok(Some(Statement::Set(Set::SingleAssignment {
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
        let of_temporary = match token {
            _ if self.is_at(0, "UPDATE") => self.names_temporary(1),
            _ if self.is_at(0, "DELETE") => {
                self.names_temporary(1 + usize::from(self.is_at(1, "FROM")))
            }
            _ => false,
        };
        if of_temporary {
            return Ok(());
        }
        refuse_by_first_word(token, at, self.changes)
    }
}

/// What `OPTION (...)` may say beside MAXRECURSION, by its first words: how to run, and nothing about the answer.
const OPTIONS: [&str; 25] = [
    "CONCAT UNION",
    "EXPAND VIEWS",
    "FAST",
    "FORCE ORDER",
    "HASH GROUP",
    "HASH JOIN",
    "HASH UNION",
    "KEEP PLAN",
    "KEEPFIXED PLAN",
    "LABEL",
    "LOOP JOIN",
    "MAXDOP",
    "MAX_GRANT_PERCENT",
    "MERGE JOIN",
    "MERGE UNION",
    "MIN_GRANT_PERCENT",
    "NO_PERFORMANCE_SPOOL",
    "OPTIMIZE FOR",
    "ORDER GROUP",
    "PARAMETERIZATION",
    "QUERYTRACEON",
    "RECOMPILE",
    "ROBUST PLAN",
    "TABLE HINT",
    "USE",
];

/// The rounds of MAXRECURSION in the parentheses of an OPTION; a word that is none of its is refused.
fn options(tokens: &[TokenWithSpan]) -> Result<Option<u32>, TsqlError> {
    let mut rounds = None;
    let mut depth = 0_usize;
    let mut hint: Vec<String> = Vec::new();
    let mut here = Position { line: 1, column: 1 };
    for token in tokens {
        if hint.is_empty() {
            here = position(token.span.start);
        }
        depth = match token.token {
            Token::LParen => depth + 1,
            Token::RParen => depth.saturating_sub(1),
            _ => depth,
        };
        let ends = depth == 0 || (depth == 1 && token.token == Token::Comma);
        if !ends {
            if token.token != Token::LParen {
                hint.push(token.token.to_string().to_uppercase());
            }
            continue;
        }
        let text = hint.join(" ");
        if let Some(number) = text.strip_prefix("MAXRECURSION ") {
            match number.parse::<u32>() {
                Ok(number) if number <= 32_767 => rounds = Some(number),
                _ => {
                    let problem = format!("MAXRECURSION takes 0 to 32767, not {number}");
                    return Err(TsqlError::new(here, TsqlProblem::Invalid(problem)));
                }
            }
        } else if !OPTIONS.iter().any(|known| text.starts_with(known)) {
            return Err(unsupported(here, format!("OPTION ({text})")));
        }
        hint.clear();
    }
    Ok(rounds)
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

/// What works instead of a cursor.
pub const CURSORS: &str = "a query over the same rows needs no cursor: SUM or ROW_NUMBER() OVER, STRING_AGG, or \
                           WHILE over a temporary table";

/// Refuses by their first word the statements that are not read at all.
fn refuse_by_first_word(token: &Token, at: Position, changes: bool) -> Result<(), TsqlError> {
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
    let changed = changes && ["UPDATE", "DELETE"].contains(&upper.as_str());
    if changed || READ.contains(&upper.as_str()) {
        return Ok(());
    }
    if WRITE.contains(&upper.as_str()) {
        return Err(TsqlError::new(at, TsqlProblem::Writes(upper)));
    }
    if ["EXEC", "EXECUTE"].contains(&upper.as_str()) {
        return Err(TsqlError::new(at, TsqlProblem::Runs(upper))
            .with_hint("run the text of the query itself, with DECLARE for its parameters"));
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

/// The tokens of a batch as the parser reads them, and the rounds of recursion that it allows, each with its place.
type Readable = (Vec<TokenWithSpan>, Vec<(Position, u32)>);

/// Drops what has no meaning for the answer, spells what the parser does not read as it reads it, and refuses by
/// name what it would only stumble over. Blanks and comments go. With them come the rounds that MAXRECURSION says, each
/// with its place.
fn readable(batch: Vec<TokenWithSpan>) -> Result<Readable, TsqlError> {
    let tokens: Vec<TokenWithSpan> = batch
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
        .collect();
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let (mut chain, mut prefix) = (0, 0);
    let mut recursions = Vec::new();
    let mut cases = 0_usize;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let here = position(token.span.start);
        let next = tokens.get(at + 1);
        chain = match token.token {
            Token::Comma | Token::LParen | Token::RParen | Token::SemiColon => 0,
            _ => chain + 1,
        };
        prefix = match token.token {
            Token::Plus | Token::Minus | Token::Tilde => prefix + 1,
            _ if is(Some(token), "NOT") => prefix + 1,
            _ => 0,
        };
        if chain > LONGEST_CHAIN || prefix > LONGEST_PREFIX {
            return Err(TsqlError::new(
                here,
                TsqlProblem::Syntax("it is nested too deeply".to_owned()),
            ));
        }
        let next_is = |wanted: &Token| next.is_some_and(|next| next.token == *wanted);
        if is(Some(token), "OPTION") && next_is(&Token::LParen) {
            let group = closed(&tokens[at + 1..]);
            let rounds = options(&tokens[at + 1..at + 1 + group])?;
            recursions.extend(rounds.map(|rounds| (here, rounds)));
            at += 1 + group;
            continue;
        }
        // The parser takes nothing but a literal there.
        let fetched = is(out.last(), "NEXT") || is(out.last(), "FIRST");
        if fetched
            && (is(next, "ROWS") || is(next, "ROW"))
            && let Some(name) = word(&token.token).filter(|name| name.starts_with('@'))
        {
            let text = Token::SingleQuotedString(name.to_owned());
            out.push(TokenWithSpan::new(text, token.span));
            at += 1;
            continue;
        }
        if let Some(literal) = capital_hex(token, next) {
            out.push(literal);
            at += 2;
            continue;
        }
        let hint = ["LOOP", "HASH", "MERGE", "REMOTE"]
            .iter()
            .any(|word| is(Some(token), word));
        let joins = ["INNER", "LEFT", "RIGHT", "FULL", "OUTER"]
            .iter()
            .any(|word| is(out.last(), word));
        if hint && joins && is(next, "JOIN") {
            at += 1;
            continue;
        }
        if is(Some(token), "WITH") && (is(next, "ROLLUP") || is(next, "CUBE")) {
            let (what, instead) = if is(next, "ROLLUP") {
                ("WITH ROLLUP", "write GROUP BY ROLLUP(a, b)")
            } else {
                ("WITH CUBE", "write GROUP BY CUBE(a, b)")
            };
            return Err(unsupported(here, what).with_hint(instead));
        }
        if is(Some(token), "GROUPING") && is(next, "SETS") {
            return Err(unsupported(here, "GROUPING SETS").with_hint("UNION ALL the groupings"));
        }
        if is(Some(token), "PARSE") && next_is(&Token::LParen) {
            return Err(unsupported(here, "PARSE").with_hint("CAST or CONVERT the text"));
        }
        if token.token == Token::ExclamationMark && (next_is(&Token::Gt) || next_is(&Token::Lt)) {
            let instead = if next_is(&Token::Gt) {
                Token::LtEq
            } else {
                Token::GtEq
            };
            out.push(TokenWithSpan::new(instead, token.span));
            at += 2;
            continue;
        }
        // These are no names in T-SQL, and would be taken for one after an expression or a table.
        if is(Some(token), "CASE") {
            cases += 1;
        } else if is(Some(token), "END") && cases > 0 {
            cases -= 1;
        } else if begins_statement(token, next, out.last(), cases)
            && out
                .last()
                .is_some_and(|last| last.token != Token::SemiColon)
        {
            out.push(TokenWithSpan::new(Token::SemiColon, token.span));
        }
        let index = is(next, "INDEX") && (is(out.last(), "CREATE") || is(out.last(), "UNIQUE"));
        if index && (is(Some(token), "CLUSTERED") || is(Some(token), "NONCLUSTERED")) {
            at += 1;
            continue;
        }
        out.push(token.clone());
        // `DELETE #t`, where the parser wants FROM.
        let of_temporary = |token: &TokenWithSpan| {
            word(&token.token).is_some_and(|name| name.starts_with(['#', '@']))
        };
        let temporary = next.is_some_and(of_temporary);
        if is(Some(token), "DELETE") && temporary && !is(tokens.get(at + 2), "FROM") {
            let from = Word {
                value: "FROM".to_owned(),
                quote_style: None,
                keyword: Keyword::FROM,
            };
            out.push(TokenWithSpan::new(Token::Word(from), token.span));
        }
        // `db..table` leaves the schema out; what is meant is the default one.
        if token.token == Token::Period && next_is(&Token::Period) {
            let schema = Word {
                value: "dbo".to_owned(),
                quote_style: None,
                keyword: Keyword::NoKeyword,
            };
            out.push(TokenWithSpan::new(Token::Word(schema), token.span));
        }
        at += 1;
    }
    Ok((out, recursions))
}

/// Whether a statement begins, or ends, at a word that no expression holds.
fn begins_statement(
    token: &TokenWithSpan,
    next: Option<&TokenWithSpan>,
    before: Option<&TokenWithSpan>,
    cases: usize,
) -> bool {
    const FIRST: [&str; 12] = [
        "BREAK",
        "CLOSE",
        "CONTINUE",
        "DEALLOCATE",
        "DECLARE",
        "EXEC",
        "EXECUTE",
        "PRINT",
        "RAISERROR",
        "RETURN",
        "TRUNCATE",
        "WHILE",
    ];
    let qualified = before.is_some_and(|token| token.token == Token::Period)
        || next.is_some_and(|token| token.token == Token::Period)
        || is(before, "AS");
    let ends = cases == 0 && (is(Some(token), "END") || is(Some(token), "ELSE"));
    !qualified && (ends || FIRST.iter().any(|word| is(Some(token), word)))
}

/// `0X1A`, which the tokenizer takes for the number 0 and a name.
fn capital_hex(token: &TokenWithSpan, next: Option<&TokenWithSpan>) -> Option<TokenWithSpan> {
    let Token::Number(zero, false) = &token.token else {
        return None;
    };
    let next = next.filter(|next| zero == "0" && next.span.start == token.span.end)?;
    let digits = word(&next.token)?.strip_prefix('X')?;
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| TokenWithSpan::new(Token::HexStringLiteral(digits.to_owned()), token.span))
}

/// How many tokens a group in parentheses takes, both parentheses included.
fn closed(tokens: &[TokenWithSpan]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The statements themselves, in the order of the text.
pub fn flat(parsed: Vec<Parsed>) -> Vec<Statement> {
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
pub fn first_word(statement: &Statement) -> String {
    let text = statement.to_string();
    text.split_whitespace()
        .next()
        .unwrap_or("nothing")
        .to_uppercase()
}
