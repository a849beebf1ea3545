//! Joins within joins that are written without parentheses: `a JOIN b JOIN c ON ... ON ...`, as query designers write
//! them. Each ON belongs to the last JOIN that has none, so that the parentheses follow from the order.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::super::batch::is;

/// A JOIN whose ON has not come.
struct Pending {
    /// Where the table after it begins.
    table: usize,
    /// Whether another join comes before its ON.
    is_nested: bool,
}

/// What ends the joins of a query.
const ENDS: [&str; 12] = [
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "SELECT",
    "SET",
    "OUTPUT",
    "WHEN",
    "FOR",
];

/// The tokens with parentheses around joins within joins. One pass over them, and one over what is inserted.
pub(super) fn in_parentheses(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut around: Vec<(usize, usize)> = Vec::new();
    let mut levels: Vec<Vec<Pending>> = vec![Vec::new()];
    for (at, token) in tokens.iter().enumerate() {
        let Some(pending) = levels.last_mut() else {
            return tokens;
        };
        match token.token {
            Token::LParen => levels.push(Vec::new()),
            Token::RParen => drop(levels.pop()),
            Token::SemiColon => pending.clear(),
            _ if ENDS.iter().any(|end| is(Some(token), end)) => pending.clear(),
            _ if is(Some(token), "JOIN") || is(Some(token), "APPLY") => {
                if let Some(outer) = pending.last_mut() {
                    outer.is_nested = true;
                }
                let before = at.checked_sub(1).and_then(|before| tokens.get(before));
                if !is(before, "CROSS") && !is(Some(token), "APPLY") {
                    pending.push(Pending { table: at + 1, is_nested: false });
                }
            }
            _ if is(Some(token), "ON") => {
                let inner = pending.pop().filter(|join| join.is_nested);
                around.extend(inner.map(|join| (join.table, at)));
            }
            _ => {}
        }
    }
    if around.is_empty() {
        return tokens;
    }
    let (mut opens, mut closes) = (vec![0; tokens.len()], vec![0; tokens.len()]);
    for (open, close) in around {
        opens[open] += 1;
        closes[close] += 1;
    }
    let mut out = Vec::with_capacity(tokens.len() + 2 * opens.len());
    for (at, token) in tokens.into_iter().enumerate() {
        let sign = |sign: Token| TokenWithSpan { token: sign, span: token.span };
        out.extend(std::iter::repeat_n(sign(Token::RParen), closes[at]));
        out.extend(std::iter::repeat_n(sign(Token::LParen), opens[at]));
        out.push(token);
    }
    out
}
