//! From text to statements: tokens, batches between lines that say `GO`, what the parser does not read, statements.
//!
//! What is done here is done on tokens, so that a word within a text, a comment or brackets is never taken for more
//! than it is.

use sqlparser::dialect::MsSqlDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace, Word};

use super::expr::lower_first;
use super::{TsqlError, TsqlProblem};
use crate::diagnostic::{Position, Positions};

/// How deep SQL Server lets CASE stand within CASE.
const DEEPEST_CASE: usize = 10;

pub fn position(at: Location) -> Position {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    Position { line: number(at.line), column: number(at.column) }
}

pub(super) fn unsupported(at: Position, what: impl Into<String>) -> TsqlError {
    TsqlError::new(at, TsqlProblem::Unsupported(what.into()))
}

/// The tokens of a text, blanks and comments included.
pub fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, TsqlError> {
    let tokens =
        Tokenizer::new(&MsSqlDialect {}, text).tokenize_with_location().map_err(|error| {
            let problem = TsqlProblem::Syntax(lower_first(&error.message));
            let wrong = TsqlError::new(position(error.location), problem);
            match error.message.contains("Unterminated string") {
                true => wrong.with_hint("an apostrophe within a text is doubled: 'O''Brien'"),
                false => wrong,
            }
        })?;
    // SQLite's parser takes it for the end of the text.
    if let Some(nul) = text.find('\0') {
        let problem = TsqlProblem::Syntax("a NUL character (U+0000)".to_owned());
        let wrong = TsqlError::new(Positions::new(text).of(nul), problem);
        return Err(wrong.with_hint("save the text as UTF-8"));
    }
    // The parser would take it for `=`.
    match tokens.iter().find(|token| token.token == Token::DoubleEq) {
        Some(token) => {
            let problem = TsqlProblem::Syntax("there is no `==`".to_owned());
            Err(TsqlError::new(position(token.span.start), problem).with_hint("write = to compare"))
        }
        None => cases_are_shallow(&tokens).map(|()| tokens),
    }
}

fn cases_are_shallow(tokens: &[TokenWithSpan]) -> Result<(), TsqlError> {
    let mut depth = 0_usize;
    for token in tokens {
        if is(Some(token), "CASE") {
            depth += 1;
        } else if is(Some(token), "END") {
            depth = depth.saturating_sub(1);
        }
        if depth > DEEPEST_CASE {
            let problem = format!("CASE is nested more than {DEEPEST_CASE} deep");
            let at = position(token.span.start);
            return Err(TsqlError::new(at, TsqlProblem::Invalid(problem))
                .with_hint("list the conditions in one CASE, or JOIN a table of them"));
        }
    }
    Ok(())
}

pub(super) fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(Word { value, quote_style: None, .. }) => Some(value),
        _ => None,
    }
}

pub(super) fn is(token: Option<&TokenWithSpan>, wanted: &str) -> bool {
    token.and_then(|token| word(&token.token)).is_some_and(|word| word.eq_ignore_ascii_case(wanted))
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
                        return Err(unsupported(position(token.span.start), format!("GO {times}"))
                            .with_hint("repeat the batch as many times as it should run"));
                    }
                    _ => alone = false,
                }
                let ends =
                    matches!(next.token, Token::Whitespace(Whitespace::SingleLineComment { .. }));
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
