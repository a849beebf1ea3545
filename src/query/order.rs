//! The columns of a plain ORDER BY.

use crate::sql::{Token, TokenKind, Tokens};

/// The columns of the last `ORDER BY` outside parentheses, qualifiers dropped, when it is a plain list of
/// columns; none otherwise.
pub(super) fn order_by(sql: &str) -> Vec<String> {
    let tokens: Vec<_> = Tokens::new(sql).map_while(Result::ok).collect();
    let mut depth = 0_i64;
    let mut start = None;
    for (at, pair) in tokens.windows(2).enumerate() {
        match pair[0].kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth -= 1,
            _ if depth == 0 && is_word(&pair[0], "ORDER") && is_word(&pair[1], "BY") => {
                start = Some(at + 2);
            }
            _ => {}
        }
    }
    start.and_then(|start| plain_columns(&tokens[start..])).unwrap_or_default()
}

fn plain_columns(tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let ends = |token: &&Token<'_>| {
        token.kind == TokenKind::Symbol(';')
            || ["LIMIT", "OFFSET", "FOR", "OPTION"].iter().any(|word| is_word(token, word))
    };
    let list: Vec<_> = tokens.iter().take_while(|token| !ends(token)).collect();
    list.split(|token| token.kind == TokenKind::Symbol(',')).map(plain_column).collect()
}

/// Reads `qualifier.name ASC` and its like.
fn plain_column(tokens: &[&Token<'_>]) -> Option<String> {
    let tokens = match tokens {
        [first @ .., nulls, order]
            if is_word(nulls, "NULLS") && (is_word(order, "FIRST") || is_word(order, "LAST")) =>
        {
            first
        }
        _ => tokens,
    };
    let tokens = match tokens {
        [first @ .., last] if is_word(last, "ASC") || is_word(last, "DESC") => first,
        _ => tokens,
    };
    let (last, qualifiers) = tokens.split_last()?;
    let qualified = qualifiers.chunks(2).all(|pair| {
        matches!(pair, [name, dot] if column_name(name).is_some() && dot.kind == TokenKind::Symbol('.'))
    });
    qualified.then(|| column_name(last)).flatten()
}

fn column_name(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::Word if !token.text.starts_with(|c: char| c.is_ascii_digit()) => {
            Some(token.text.to_owned())
        }
        TokenKind::Name => Some(token.text[1..token.text.len() - 1].to_owned()),
        _ => None,
    }
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word)
}
