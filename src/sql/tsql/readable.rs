//! Tokens as the parser reads them: what it does not know is spelt in another way, or refused by name.

mod joins;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::batch::{is, position, unsupported, word};
use super::grouping::GROUPING_SETS;
use super::{TsqlError, TsqlProblem};
use crate::diagnostic::Position;
use crate::work;

/// So many tokens may follow each other without a comma or a parenthesis. It bounds how deep a chain of operators
/// can become as a tree.
const LONGEST_CHAIN: usize = 6000;

/// So many operators may stand in a row before what they apply to: `NOT NOT - - 1`.
const LONGEST_PREFIX: usize = 16;

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

/// The tokens of a batch as the parser reads them, and the rounds of recursion that it allows, each with its place.
type Readable = (Vec<TokenWithSpan>, Vec<(Position, u32)>);

/// The rounds of MAXRECURSION in the parentheses of an OPTION; a word that is none of its is refused.
pub(super) fn options(tokens: &[TokenWithSpan]) -> Result<Option<u32>, TsqlError> {
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

/// Drops what has no meaning for the answer, spells what the parser does not read as it reads it, and refuses by
/// name what it would only stumble over. Blanks and comments go. With them come the rounds that MAXRECURSION says, each
/// with its place.
pub(super) fn readable(batch: Vec<TokenWithSpan>) -> Result<Readable, TsqlError> {
    let tokens: Vec<TokenWithSpan> = batch
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
        .collect();
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let (mut chain, mut prefix) = (0, 0);
    let mut recursions = Vec::new();
    let mut cases = 0_usize;
    // Of each open parenthesis, whether it opens the list of GROUPING SETS.
    let mut open: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        work::steps(1);
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
        if next_is(&Token::Eq) && assigns_in_select(&out, token) {
            return Err(unsupported(here, format!("SELECT @variable {}=", token.token)).with_hint(
                "write SET @variable += value, or SELECT @variable = @variable + value",
            ));
        }
        if is(Some(token), "TOP") && next_is(&Token::LParen) && is(tokens.get(at + 2), "SELECT") {
            return Err(unsupported(here, "TOP (SELECT ...)")
                .with_hint("put the number into a variable: TOP (@n)"));
        }
        let variable = next.and_then(|next| word(&next.token));
        if let Some(name) = variable.filter(|name| name.starts_with('@'))
            && is(Some(token), "TOP")
            && is_any_of(out.last(), &["SELECT", "DISTINCT", "UPDATE", "DELETE"])
        {
            return Err(
                unsupported(here, format!("TOP {name}")).with_hint(format!("write TOP ({name})"))
            );
        }
        if is(Some(token), "OPTION") && next_is(&Token::LParen) {
            let group = closed(&tokens[at + 1..]);
            let rounds = options(&tokens[at + 1..at + 1 + group])?;
            recursions.extend(rounds.map(|rounds| (here, rounds)));
            at += 1 + group;
            continue;
        }
        // How a table or an index is stored has no bearing on the answer.
        if is(Some(token), "WITH") && next_is(&Token::LParen) && in_definition(&out) {
            at += 1 + closed(&tokens[at + 1..]);
            continue;
        }
        if is(Some(token), "ON") && next.is_some_and(is_file_group) && in_definition(&out) {
            at += 2;
            continue;
        }
        let in_sets = open.last() == Some(&true);
        match token.token {
            Token::LParen => open.push(is(out.last(), GROUPING_SETS)),
            Token::RParen => drop(open.pop()),
            _ => {}
        }
        let used = respelled(&mut out, token, next, in_sets);
        if used > 0 {
            at += used;
            continue;
        }
        if is(Some(token), "WITH") && (is(next, "ROLLUP") || is(next, "CUBE")) {
            let Some(next) = next.filter(|_| roll_up(&mut out, next)) else {
                return Err(unsupported(here, "WITH ROLLUP or CUBE")
                    .with_hint("write GROUP BY ROLLUP(a, b) or CUBE(a, b)"));
            };
            out.push(TokenWithSpan::new(Token::RParen, next.span));
            at += 2;
            continue;
        }
        if is(Some(token), "PARSE") && next_is(&Token::LParen) {
            return Err(unsupported(here, "PARSE").with_hint("CAST or CONVERT the text"));
        }
        // These are no names in T-SQL, and would be taken for one after an expression or a table.
        if is(Some(token), "CASE") {
            cases += 1;
        } else if is(Some(token), "END") && cases > 0 {
            cases -= 1;
        } else if begins_statement(token, next, out.last(), cases)
            && out.last().is_some_and(|last| last.token != Token::SemiColon)
        {
            out.push(TokenWithSpan::new(Token::SemiColon, token.span));
        }
        out.push(token.clone());
        // `db..table` leaves the schema out; what is meant is the default one.
        if token.token == Token::Period && next_is(&Token::Period) {
            let schema =
                Word { value: "dbo".to_owned(), quote_style: None, keyword: Keyword::NoKeyword };
            out.push(TokenWithSpan::new(Token::Word(schema), token.span));
        }
        at += 1;
    }
    Ok((joins::in_parentheses(out), recursions))
}

/// Whether an operator stands behind a variable that begins an entry of a select list.
fn assigns_in_select(out: &[TokenWithSpan], token: &TokenWithSpan) -> bool {
    let is_operator = matches!(
        token.token,
        Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::Ampersand
            | Token::Pipe
            | Token::Caret
    );
    let [.., before, variable] = out else {
        return false;
    };
    let is_variable = word(&variable.token).is_some_and(|name| name.starts_with('@'));
    is_operator && is_variable && (is(Some(before), "SELECT") || before.token == Token::Comma)
}

/// Whether the statement that is read is a CREATE TABLE or CREATE INDEX.
fn in_definition(out: &[TokenWithSpan]) -> bool {
    /// How many tokens a definition is looked through for its first word.
    const LONGEST: usize = 400;
    let from = out.len().saturating_sub(LONGEST);
    let begins = |at: &usize| {
        work::steps(1);
        out[*at].token == Token::SemiColon
            || ["CREATE", "SELECT", "INSERT", "UPDATE", "DELETE"]
                .iter()
                .any(|word| is(out.get(*at), word))
    };
    let Some(first) = (from..out.len()).rev().find(begins) else {
        return false;
    };
    let kind =
        (first + 1..first + 4).any(|at| is(out.get(at), "TABLE") || is(out.get(at), "INDEX"));
    is(out.get(first), "CREATE") && kind
}

/// Whether it is `[PRIMARY]`, where tables are stored unless another place is named.
fn is_file_group(token: &TokenWithSpan) -> bool {
    matches!(&token.token, Token::Word(word)
        if word.quote_style.is_some() && word.value.eq_ignore_ascii_case("PRIMARY"))
}

fn is_any_of(token: Option<&TokenWithSpan>, words: &[&str]) -> bool {
    words.iter().any(|word| is(token, word))
}

/// Spells as the parser reads it what stands next, or leaves it out; gives how many tokens that were, 0 where the token
/// is read as it is. `in_sets` says that it is directly in the list of GROUPING SETS.
fn respelled(
    out: &mut Vec<TokenWithSpan>,
    token: &TokenWithSpan,
    next: Option<&TokenWithSpan>,
    in_sets: bool,
) -> usize {
    let next_is = |wanted: &Token| next.is_some_and(|next| next.token == *wanted);
    let instead = |token: Token, place: &TokenWithSpan| TokenWithSpan::new(token, place.span);
    // The parser takes nothing but a literal there.
    if is_any_of(out.last(), &["NEXT", "FIRST"])
        && is_any_of(next, &["ROWS", "ROW"])
        && let Some(name) = word(&token.token).filter(|name| name.starts_with('@'))
    {
        out.push(instead(Token::SingleQuotedString(name.to_owned()), token));
        return 1;
    }
    if let Some(literal) = capital_hex(token, next) {
        out.push(literal);
        return 2;
    }
    let joins = is_any_of(out.last(), &["INNER", "LEFT", "RIGHT", "FULL", "OUTER"]);
    let hints = is_any_of(Some(token), &["LOOP", "HASH", "MERGE", "REMOTE"]);
    if hints && joins && is(next, "JOIN") {
        return 1;
    }
    if is(Some(token), "GROUPING") && is(next, "SETS") {
        out.push(instead(Token::make_word(GROUPING_SETS, None), token));
        return 2;
    }
    // The empty set of groupings, which the parser takes for nothing.
    let begins = |last: &TokenWithSpan| matches!(last.token, Token::LParen | Token::Comma);
    if in_sets
        && token.token == Token::LParen
        && next_is(&Token::RParen)
        && out.last().is_some_and(begins)
    {
        out.push(token.clone());
        out.push(instead(Token::make_word("NULL", None), token));
        return 1;
    }
    if token.token == Token::ExclamationMark && (next_is(&Token::Gt) || next_is(&Token::Lt)) {
        let above = next_is(&Token::Gt);
        let operator = if above { Token::LtEq } else { Token::GtEq };
        out.push(instead(operator, token));
        return 2;
    }
    // SET STATISTICS IO, TIME ON: the parser takes one at a time.
    if is(out.last(), "STATISTICS") && next_is(&Token::Comma) {
        return 2;
    }
    // How an index is stored has no bearing on the answer.
    let index = is_any_of(out.last(), &["CREATE", "UNIQUE", "KEY"]);
    usize::from(index && is_any_of(Some(token), &["CLUSTERED", "NONCLUSTERED"]))
}

/// Makes `GROUP BY ROLLUP (a, b` of `GROUP BY a, b`, before which `WITH ROLLUP` stands; whether there is one. A second
/// `WITH ROLLUP` ends at what the first one wrote, so that no token is passed twice.
fn roll_up(out: &mut Vec<TokenWithSpan>, kind: Option<&TokenWithSpan>) -> bool {
    let mut depth = 0_usize;
    let by = out.iter().rposition(|token| {
        work::steps(1);
        match token.token {
            Token::RParen => depth += 1,
            Token::LParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_any_of(Some(token), &["BY", "ROLLUP", "CUBE"])
    });
    let Some((by, kind)) = by.zip(kind) else {
        return false;
    };
    let grouped = by.checked_sub(1).and_then(|at| out.get(at));
    if !is(grouped, "GROUP") {
        return false;
    }
    let open = TokenWithSpan::new(Token::LParen, kind.span);
    out.splice(by + 1..by + 1, [kind.clone(), open]);
    true
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
pub(super) fn closed(tokens: &[TokenWithSpan]) -> usize {
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
