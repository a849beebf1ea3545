//! SQL as text: where a script's statements end, and which parameters it names.
//!
//! Knows SQLite's quotes and comments and nothing of its grammar beyond `CREATE TRIGGER`, whose body holds
//! semicolons. It does not know what a statement does; a wrong one is found when it is run.

pub mod authored;
pub mod conditions;
pub mod functions;
pub mod guard;
pub mod predicate;
pub mod quote;
pub mod tsql;

use thiserror::Error;

use crate::diagnostic::Positions;

/// One statement of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptStatement<'a> {
    /// The statement from its first word to its last, without the semicolon.
    pub sql: &'a str,
    /// The line of the script on which it starts, from 1.
    pub line: u32,
}

/// Why a text is no script.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{line}:{column}: {problem}")]
pub struct SqlError {
    /// The line of the mistake, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// What is wrong there.
    pub problem: SqlProblem,
}

/// What keeps a text from being a script.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SqlProblem {
    /// A quote that is not closed.
    #[error("expected the closing `{0}` of this quote, found the end of the text")]
    UnterminatedQuote(char),
    /// A comment that is not closed.
    #[error("expected the closing `*/` of this comment, found the end of the text")]
    UnterminatedComment,
    /// A trigger whose body does not end with `END`.
    #[error("expected `; END` to close this trigger, found the end of the text")]
    UnterminatedTrigger,
}

/// A place where a script names a parameter as `@name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedParameter<'a> {
    /// The name, without the `@`.
    pub name: &'a str,
    /// The byte at which the `@` stands.
    pub offset: usize,
}

/// Splits `script` into its statements, in time linear in its length. Empty statements and the comments
/// between statements are dropped; a last statement needs no semicolon.
///
/// # Errors
/// When a quote, a comment or a trigger is not closed.
pub fn split(script: &str) -> Result<Vec<ScriptStatement<'_>>, SqlError> {
    let positions = Positions::new(script);
    let mut statements = Vec::new();
    let mut open = Open::default();
    for token in Tokens::new(script) {
        let token = token.map_err(|(problem, at)| refuse(&positions, problem, at))?;
        if token.kind == TokenKind::Symbol(';') && !open.inside_trigger() {
            statements.extend(open.close(script, &positions));
        } else {
            open.take(token);
        }
    }
    if open.inside_trigger() && !open.trigger_closed() {
        let problem = SqlProblem::UnterminatedTrigger;
        return Err(refuse(&positions, problem, open.start.unwrap_or(0)));
    }
    statements.extend(open.close(script, &positions));
    Ok(statements)
}

fn refuse(positions: &Positions<'_>, problem: SqlProblem, offset: usize) -> SqlError {
    let at = positions.of(offset);
    SqlError { line: at.line, column: at.column, problem }
}

/// The parameters that `sql` names outside quotes and comments, in the order of the text, as often as they
/// stand there. What follows an unclosed quote is not looked at.
#[must_use]
pub fn named_parameters(sql: &str) -> Vec<NamedParameter<'_>> {
    Tokens::new(sql)
        .map_while(Result::ok)
        .filter(|token| token.kind == TokenKind::Parameter)
        .map(|token| NamedParameter { name: &token.text[1..], offset: token.start })
        .collect()
}

/// The keywords and names in `sql`, without quotes.
pub(crate) fn names_in(sql: &str) -> impl Iterator<Item = &str> {
    Tokens::new(sql)
        .map_while(Result::ok)
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Name))
        .map(|token| token.text.trim_matches(['"', '[', ']', '`']))
}

/// The texts that `sql` writes in single quotes, without the quotes; a text with a quote in it comes in parts.
pub(crate) fn literals(sql: &str) -> impl Iterator<Item = &str> {
    Tokens::new(sql)
        .map_while(Result::ok)
        .filter(|token| token.kind == TokenKind::Literal)
        .filter_map(|token| token.text.get(1..token.text.len().saturating_sub(1)))
}

/// Whether a statement says `OR ROLLBACK`, which takes back the whole transaction where a constraint does not hold.
#[must_use]
pub fn rolls_back(sql: &str) -> bool {
    if !sql.to_ascii_lowercase().contains("rollback") {
        return false;
    }
    let words: Vec<Token<'_>> = Tokens::new(sql).map_while(Result::ok).collect();
    words.windows(2).any(|pair| is_keyword(&pair[0], "OR") && is_keyword(&pair[1], "ROLLBACK"))
}

/// Whether a statement puts its row in the place of another (`INSERT OR REPLACE`, `REPLACE INTO`), of which SQLite
/// does not say that it deletes. The function `replace(...)` is none of it.
#[must_use]
pub fn replaces_rows(sql: &str) -> bool {
    if !sql.to_ascii_lowercase().contains("replace") {
        return false;
    }
    let words: Vec<Token<'_>> = Tokens::new(sql).map_while(Result::ok).collect();
    words
        .windows(2)
        .any(|pair| is_keyword(&pair[0], "REPLACE") && pair[1].kind != TokenKind::Symbol('('))
}

fn is_keyword(token: &Token<'_>, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word)
}

/// The statement being read. How a trigger ends is taken from SQLite's own `sqlite3_complete`: at a
/// semicolon whose last two words were `;` and `END`. Nothing within a body looks like that, whatever
/// `CASE ... END` it holds and whatever its columns are called.
#[derive(Default)]
struct Open<'a> {
    start: Option<usize>,
    end: usize,
    head: Head,
    before_last: Word<'a>,
    last: Word<'a>,
}

/// How far the start of the statement looks like `CREATE TRIGGER`.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Head {
    #[default]
    Nothing,
    Explain,
    Create,
    Trigger,
    Other,
}

#[derive(Default, Clone, Copy)]
enum Word<'a> {
    #[default]
    Other,
    Semicolon,
    Plain(&'a str),
}

impl Word<'_> {
    fn is(self, keyword: &str) -> bool {
        matches!(self, Self::Plain(word) if word.eq_ignore_ascii_case(keyword))
    }
}

impl<'a> Open<'a> {
    fn take(&mut self, token: Token<'a>) {
        let word = match token.kind {
            TokenKind::Word => Word::Plain(token.text),
            TokenKind::Symbol(';') => Word::Semicolon,
            _ => Word::Other,
        };
        self.start.get_or_insert(token.start);
        self.end = token.start + token.text.len();
        self.head = self.head.after(word);
        self.before_last = std::mem::replace(&mut self.last, word);
    }

    /// Whether a semicolon here belongs to a trigger's body.
    fn inside_trigger(&self) -> bool {
        self.head == Head::Trigger && !self.trigger_closed()
    }

    fn trigger_closed(&self) -> bool {
        self.last.is("END") && matches!(self.before_last, Word::Semicolon)
    }

    fn close<'t>(
        &mut self,
        script: &'t str,
        positions: &Positions<'_>,
    ) -> Option<ScriptStatement<'t>> {
        let open = std::mem::take(self);
        let start = open.start?;
        Some(ScriptStatement { sql: &script[start..open.end], line: positions.of(start).line })
    }
}

impl Head {
    fn after(self, word: Word<'_>) -> Self {
        match self {
            Self::Trigger => Self::Trigger,
            Self::Create if word.is("TRIGGER") => Self::Trigger,
            Self::Create if word.is("TEMP") || word.is("TEMPORARY") => Self::Create,
            Self::Nothing | Self::Explain if word.is("CREATE") => Self::Create,
            Self::Nothing if word.is("EXPLAIN") => Self::Explain,
            Self::Explain if word.is("QUERY") || word.is("PLAN") => Self::Explain,
            _ => Self::Other,
        }
    }
}

/// A piece of SQL text; comments and blanks between pieces are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// The byte at which it starts.
    pub(crate) start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, a name or a number, without quotes.
    Word,
    /// `'text'`. A doubled quote ends one token and starts the next.
    Literal,
    /// `"name"`, `[name]` or `` `name` ``.
    Name,
    /// A parameter such as `@name`.
    Parameter,
    /// Any other character.
    Symbol(char),
}

pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Passes over blanks and comments.
    fn skip(&mut self) -> Result<(), (SqlProblem, usize)> {
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest.len() - rest.trim_start().len();
            let rest = &rest[blanks..];
            self.at += blanks;
            if rest.starts_with("--") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let end = comment.find("*/");
                let end = end.ok_or((SqlProblem::UnterminatedComment, self.at))?;
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn read(&mut self, first: char) -> Result<Token<'a>, (SqlProblem, usize)> {
        let start = self.at;
        let rest = &self.text[start..];
        let closed_by = |close: char| {
            let inside = &rest[1..];
            let end = inside.find(close);
            end.map(|end| end + 2).ok_or((SqlProblem::UnterminatedQuote(close), start))
        };
        let word = |from: usize| {
            let end = rest[from..].find(|c: char| !is_word(c));
            end.map_or(rest.len(), |end| from + end)
        };
        let (kind, length) = match first {
            '\'' => (TokenKind::Literal, closed_by('\'')?),
            '"' | '`' => (TokenKind::Name, closed_by(first)?),
            '[' => (TokenKind::Name, closed_by(']')?),
            '@' if rest.starts_with("@@") => (TokenKind::Symbol('@'), word(2)),
            '@' if word(1) > 1 => (TokenKind::Parameter, word(1)),
            c if is_word(c) => (TokenKind::Word, word(0)),
            c => (TokenKind::Symbol(c), c.len_utf8()),
        };
        self.at += length;
        Ok(Token { kind, text: &rest[..length], start })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || (!c.is_ascii() && !c.is_whitespace())
}

/// Ends after the first error.
impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, (SqlProblem, usize)>;

    fn next(&mut self) -> Option<Self::Item> {
        let token = match self.skip() {
            Ok(()) => self.text[self.at..].chars().next().map(|c| self.read(c)),
            Err(error) => Some(Err(error)),
        };
        if matches!(token, Some(Err(_))) {
            self.at = self.text.len();
        }
        token
    }
}
