//! A question: SQL with a header of comment lines that say what it is called, what its rows are matched by
//! and what its columns are.
//!
//! Reads the file and holds the header against the SQL as far as text can tell. This module does not know
//! SQLite, and does not rewrite T-SQL.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::Place;
use crate::diagnostic::{Position, Positions, Problem, Problems, count, did_you_mean, hint_among};
use crate::document::Lines;
use crate::sql::{self, Token, TokenKind, Tokens, quote};
use crate::table::{Cell, Kind};

/// A question in SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Its name: of its file, without `.sql`.
    pub name: String,
    /// What it asks, in a few words.
    pub title: String,
    /// The lines of the document on which it is printed.
    pub lines: Option<Lines>,
    /// The columns that tell its rows apart; empty when nothing does.
    pub key: Vec<String>,
    /// The kinds of columns whose declared type does not tell, in the order written.
    pub kinds: Vec<(String, Kind)>,
    /// The SQL that it is written in.
    pub dialect: Dialect,
    /// The result column that says whether a row is documented or extrapolated. It is not compared.
    pub basis: Option<String>,
    /// The values that it is asked with, in the order written.
    pub parameters: Vec<QueryParameter>,
    /// Why its text is not as printed.
    pub restored: Option<String>,
    /// What it means that the answer has no rows.
    pub empty: Option<String>,
    /// The result columns that its rows are ordered by; empty when the order means nothing.
    pub order: Vec<String>,
    /// Where it comes from, beside the document.
    pub source: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// What a row of a finding means, for an administrator.
    pub meaning: Option<String>,
    /// The tables, and columns as `table.column`, that a finding cannot do without.
    pub needs: Vec<String>,
    /// The tables and columns that add to what a finding can tell.
    pub helps: Vec<String>,
    /// Which outages a finding is run with; `None` when it is about none.
    pub outage: Option<OutageScope>,
    /// How well what a finding rests on is known in public.
    pub tag: Option<Tag>,
    /// How soon somebody should act on the rows of a finding.
    pub urgency: Option<Urgency>,
    /// The result columns that hold the query's own words, and nothing that stands in a row.
    pub own: Vec<String>,
    /// The SQL exactly as the file has it, without the header and the line breaks at the end.
    pub sql: String,
    /// The line of the file on which the SQL starts, from 1.
    pub sql_line: u32,
    /// The file, and the line of its title.
    pub place: Place,
}

/// The SQL that a query is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// As SQLite understands it.
    Sqlite,
    /// As SQL Server understands it; rewritten before it is run.
    Tsql,
}

impl Dialect {
    const ALL: [Self; 2] = [Self::Sqlite, Self::Tsql];

    /// The word by which headers and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Tsql => "tsql",
        }
    }
}

/// Which outages a finding is run with, once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageScope {
    /// Outages of any server; the finding is skipped where there is none.
    Any,
    /// Outages of Application servers, which end sessions; the finding also runs where there is none.
    Application,
}

impl OutageScope {
    const ALL: [Self; 2] = [Self::Any, Self::Application];

    /// The word by which headers call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Application => "application",
        }
    }
}

/// How well something is known in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tag {
    /// Read in a public source.
    Documented,
    /// Follows from how a public source uses it.
    Inferred,
    /// Public sources disagree.
    Contested,
    /// No public source says.
    Unknown,
}

impl Tag {
    /// Every tag, the surest first.
    pub const ALL: [Self; 4] = [
        Self::Documented,
        Self::Inferred,
        Self::Contested,
        Self::Unknown,
    ];

    /// The word by which headers and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Inferred => "inferred",
            Self::Contested => "contested",
            Self::Unknown => "unknown",
        }
    }
}

/// How soon somebody should act on the rows of a finding, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// A customer waits, or an agent gets no work.
    Now,
    /// Rows are wrong, and stay so until somebody corrects them.
    Soon,
    /// It shows what happened, and there is nothing to correct.
    Context,
}

impl Urgency {
    const ALL: [Self; 3] = [Self::Now, Self::Soon, Self::Context];

    /// The word by which headers and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Context => "context",
        }
    }
}

/// A value that a query is asked with.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryParameter {
    /// The name, without the `@`.
    pub name: String,
    /// What its values are, where the header says so: `-- parameter: outage_from timestamp = NULL`.
    pub kind: Option<Kind>,
    /// The value when nothing gives another; in T-SQL without `@name`, the literal of the text that stands
    /// for the parameter. `None` when a value must be given.
    pub default: Option<Cell>,
}

/// A word of the header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Title,
    Lines,
    Key,
    Kind,
    Dialect,
    Basis,
    Parameter,
    Restored,
    Empty,
    Order,
    Source,
    Note,
    Meaning,
    Needs,
    Helps,
    Tag,
    Urgency,
    Own,
    Outage,
}

/// How many parameters a query may have. Each is looked for in its text.
const MOST_PARAMETERS: usize = 100;
/// How many undeclared names of one text are listed. The work for a text stays linear in its length.
const MOST_UNKNOWN: usize = 50;

const WORDS: [(&str, Word); 19] = [
    ("title", Word::Title),
    ("lines", Word::Lines),
    ("key", Word::Key),
    ("kind", Word::Kind),
    ("dialect", Word::Dialect),
    ("basis", Word::Basis),
    ("parameter", Word::Parameter),
    ("restored", Word::Restored),
    ("empty", Word::Empty),
    ("order", Word::Order),
    ("source", Word::Source),
    ("note", Word::Note),
    ("meaning", Word::Meaning),
    ("needs", Word::Needs),
    ("helps", Word::Helps),
    ("tag", Word::Tag),
    ("urgency", Word::Urgency),
    ("own", Word::Own),
    ("outage", Word::Outage),
];

/// A line of the header, with those that continue it.
struct Entry {
    word: Word,
    text: String,
    at: Position,
}

/// What the line before was.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    Entry,
    Mistake,
}

impl Query {
    /// A query of somebody's own: its SQL, without a header.
    #[must_use]
    pub fn of_text(sql: &str, dialect: Dialect) -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            lines: None,
            key: Vec::new(),
            kinds: Vec::new(),
            dialect,
            basis: None,
            parameters: Vec::new(),
            restored: None,
            empty: None,
            order: Vec::new(),
            source: None,
            note: None,
            meaning: None,
            needs: Vec::new(),
            helps: Vec::new(),
            outage: None,
            tag: None,
            urgency: None,
            own: Vec::new(),
            sql: sql.to_owned(),
            sql_line: 1,
            place: Place {
                file: "query".to_owned(),
                line: 1,
            },
        }
    }

    /// Reads the query `name` from the `text` of `file`, the path as the user would open it.
    ///
    /// # Errors
    /// With every mistake of the header, and what the SQL says against it.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Self, Problems> {
        let mut reader = Reader {
            file,
            declared: Vec::new(),
            misspelt_title: false,
            problems: Vec::new(),
        };
        let (entries, sql, sql_line) = reader.header(text);
        let query = reader.query(name, &entries, sql, sql_line);
        reader.hold_against_sql(&query);
        if reader.problems.is_empty() {
            Ok(query)
        } else {
            Err(reader.problems.into_iter().collect())
        }
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&QueryParameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }
}

struct Reader<'a> {
    file: &'a str,
    /// Where each parameter is declared.
    declared: Vec<Position>,
    /// Whether a word that is not known was likely meant to be `title`.
    misspelt_title: bool,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Position, message: impl Into<String>, hint: Option<String>) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            at: Some(at),
            message: message.into(),
            hint,
        });
    }

    /// The header's entries, the SQL after it, and the line on which that starts.
    fn header<'t>(&mut self, text: &'t str) -> (Vec<Entry>, &'t str, u32) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut before = Before::Nothing;
        let (mut rest, mut line) = (text, 1);
        while let Some(comment) = rest.strip_prefix("--") {
            let end = comment.find('\n').unwrap_or(comment.len());
            let found = comment[..end].trim_end();
            if let Some(more) = found.strip_prefix("  ") {
                match (entries.last_mut(), before) {
                    (Some(entry), Before::Entry) => {
                        entry.text.push(' ');
                        entry.text.push_str(more.trim_start());
                    }
                    // What continues a mistake is not another one.
                    (_, Before::Mistake) => {}
                    _ => {
                        let message = "expected `-- word: text`, found a line that continues one";
                        self.problem(Position { line, column: 1 }, message, None);
                    }
                }
            } else if !found.is_empty() {
                let entry = self.entry(found, line);
                before = match entry {
                    Some(_) => Before::Entry,
                    None => Before::Mistake,
                };
                entries.extend(entry);
            }
            rest = comment.get(end + 1..).unwrap_or("");
            line += 1;
        }
        let sql = rest.trim_start_matches(['\r', '\n']);
        line += count(rest[..rest.len() - sql.len()].matches('\n').count());
        (entries, sql.trim_end_matches(['\r', '\n']), line)
    }

    /// Reads ` word: text`, what follows the dashes.
    fn entry(&mut self, found: &str, line: u32) -> Option<Entry> {
        let at = Position { line, column: 4 };
        let Some((word, text)) = found.split_once(':') else {
            let message = format!("expected `-- word: text`, found `--{found}`");
            let hint = "the header ends at the first line that is no comment; leave a blank line before \
                        a comment on the SQL";
            self.problem(Position { line, column: 1 }, message, Some(hint.to_owned()));
            return None;
        };
        let (word, text) = (word.trim(), text.trim().to_owned());
        let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == word) else {
            let known = WORDS.iter().map(|(known, _)| *known);
            self.misspelt_title |= did_you_mean(word, known.clone()) == Some("title");
            let hint = hint_among(word, known);
            self.problem(at, format!("a query's header has no word `{word}`"), hint);
            return None;
        };
        Some(Entry {
            word: *word,
            text,
            at,
        })
    }

    fn query(&mut self, name: &str, entries: &[Entry], sql: &str, sql_line: u32) -> Query {
        for entry in entries.iter().filter(|entry| entry.text.is_empty()) {
            let message = format!("`{}` says nothing", name_of(entry.word));
            self.problem(entry.at, message, None);
        }
        let title = self.one(entries, Word::Title);
        let start = Position { line: 1, column: 1 };
        if title.is_none() && !self.misspelt_title {
            let message = "a query needs a title: `-- title: What it asks`";
            self.problem(start, message, None);
        }
        let order = self.one(entries, Word::Order);
        Query {
            name: name.to_owned(),
            title: title.map_or_else(String::new, |title| title.text.clone()),
            lines: self
                .one(entries, Word::Lines)
                .and_then(|entry| self.lines(entry)),
            key: self
                .one(entries, Word::Key)
                .map_or_else(Vec::new, |entry| self.names(entry)),
            kinds: self.kinds(entries),
            dialect: self
                .one(entries, Word::Dialect)
                .and_then(|entry| self.dialect(entry))
                .unwrap_or(Dialect::Sqlite),
            basis: self.one_text(entries, Word::Basis),
            parameters: self.parameters(entries),
            restored: self.one_text(entries, Word::Restored),
            empty: self.one_text(entries, Word::Empty),
            order: order.map_or_else(|| order_by(sql), |entry| self.names(entry)),
            source: self.one_text(entries, Word::Source),
            note: self.one_text(entries, Word::Note),
            meaning: self.one_text(entries, Word::Meaning),
            needs: self
                .one(entries, Word::Needs)
                .map_or_else(Vec::new, |entry| self.names(entry)),
            helps: self
                .one(entries, Word::Helps)
                .map_or_else(Vec::new, |entry| self.names(entry)),
            tag: self
                .one(entries, Word::Tag)
                .and_then(|entry| self.tag(entry)),
            urgency: self
                .one(entries, Word::Urgency)
                .and_then(|entry| self.urgency(entry)),
            outage: self
                .one(entries, Word::Outage)
                .and_then(|entry| self.outage(entry)),
            own: self
                .one(entries, Word::Own)
                .map_or_else(Vec::new, |entry| self.names(entry)),
            sql: sql.to_owned(),
            sql_line,
            place: Place {
                file: self.file.to_owned(),
                line: title.map_or(1, |title| title.at.line),
            },
        }
    }

    /// The entry of `word`, which may stand once.
    fn one<'e>(&mut self, entries: &'e [Entry], word: Word) -> Option<&'e Entry> {
        let mut found = entries.iter().filter(|entry| entry.word == word);
        let first = found.next()?;
        for again in found {
            let message = format!(
                "`{}` stands twice, first in line {}",
                name_of(word),
                first.at.line
            );
            self.problem(again.at, message, None);
        }
        Some(first)
    }

    fn one_text(&mut self, entries: &[Entry], word: Word) -> Option<String> {
        self.one(entries, word).map(|entry| entry.text.clone())
    }

    fn lines(&mut self, entry: &Entry) -> Option<Lines> {
        match Lines::from_str(&entry.text) {
            Ok(lines) => Some(lines),
            Err(_) if entry.text.is_empty() => None,
            Err(error) => {
                self.problem(entry.at, error.to_string(), None);
                None
            }
        }
    }

    fn names(&mut self, entry: &Entry) -> Vec<String> {
        let names: Vec<String> = entry
            .text
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        if !entry.text.is_empty() && names.iter().any(String::is_empty) {
            let message = format!(
                "expected column names with commas between them, found `{}`",
                entry.text
            );
            self.problem(entry.at, message, None);
        }
        names
    }

    fn dialect(&mut self, entry: &Entry) -> Option<Dialect> {
        let found = Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, Dialect::ALL.map(Dialect::name));
            self.problem(
                entry.at,
                format!("there is no dialect `{}`", entry.text),
                hint,
            );
        }
        found
    }

    fn tag(&mut self, entry: &Entry) -> Option<Tag> {
        let found = Tag::ALL.into_iter().find(|tag| tag.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, Tag::ALL.map(Tag::name));
            self.problem(entry.at, format!("there is no tag `{}`", entry.text), hint);
        }
        found
    }

    fn urgency(&mut self, entry: &Entry) -> Option<Urgency> {
        let mut all = Urgency::ALL.into_iter();
        let found = all.find(|urgency| urgency.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, Urgency::ALL.map(Urgency::name));
            let message = format!(
                "expected `now`, `soon` or `context` for `urgency`, found `{}`",
                entry.text
            );
            self.problem(entry.at, message, hint);
        }
        found
    }

    fn outage(&mut self, entry: &Entry) -> Option<OutageScope> {
        let found = OutageScope::ALL
            .into_iter()
            .find(|scope| scope.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, OutageScope::ALL.map(OutageScope::name));
            let message = format!(
                "expected `any` or `application` for `outage`, found `{}`",
                entry.text
            );
            self.problem(entry.at, message, hint);
        }
        found
    }

    fn kinds(&mut self, entries: &[Entry]) -> Vec<(String, Kind)> {
        let mut kinds: Vec<(String, Kind)> = Vec::new();
        for entry in of(entries, Word::Kind) {
            let Some((column, kind)) = entry.text.rsplit_once(char::is_whitespace) else {
                let message = format!("expected a column and its kind, found `{}`", entry.text);
                self.problem(entry.at, message, None);
                continue;
            };
            let column = column.trim_end();
            let Some(known) = Kind::from_name(kind) else {
                let hint = hint_among(kind, Kind::ALL.map(Kind::name));
                self.problem(entry.at, format!("there is no kind `{kind}`"), hint);
                continue;
            };
            if kinds.iter().any(|(name, _)| name == column) {
                self.problem(entry.at, format!("`{column}` has two kinds"), None);
            }
            kinds.push((column.to_owned(), known));
        }
        kinds
    }

    fn parameters(&mut self, entries: &[Entry]) -> Vec<QueryParameter> {
        let mut parameters: Vec<QueryParameter> = Vec::new();
        for entry in of(entries, Word::Parameter) {
            let (name, default) = match entry.text.split_once('=') {
                Some((name, default)) => (name.trim(), Some(default.trim())),
                None => (entry.text.as_str(), None),
            };
            let (name, kind) = match name.split_once(char::is_whitespace) {
                Some((own, kind)) if Kind::from_name(kind.trim()).is_some() => {
                    (own, Kind::from_name(kind.trim()))
                }
                _ => (name, None),
            };
            if !is_parameter_name(name) {
                let message = format!("`{name}` is no name for a parameter");
                let hint = "lower-case letters, digits and `_`, a letter first, without `@`";
                self.problem(entry.at, message, Some(hint.to_owned()));
                continue;
            }
            if parameters.iter().any(|parameter| parameter.name == name) {
                self.problem(
                    entry.at,
                    format!("two parameters are called `{name}`"),
                    None,
                );
            }
            let value = match (default, kind) {
                (Some("NULL"), Some(_)) => Some(Cell::Null),
                (Some(default), _) => literal(default),
                (None, _) => None,
            };
            if let (Some(default), None) = (default, &value) {
                let message = format!(
                    "expected a whole number or a text in single quotes as the default of `{name}`, \
                     found `{default}`"
                );
                let hint = (default == "NULL").then(|| {
                    format!(
                        "a default of NULL needs a kind: `-- parameter: {name} timestamp = NULL`"
                    )
                });
                self.problem(entry.at, message, hint);
            }
            self.declared.push(entry.at);
            parameters.push(QueryParameter {
                name: name.to_owned(),
                kind,
                default: value,
            });
        }
        parameters
    }

    /// Holds the statement and the parameters against the SQL.
    fn hold_against_sql(&mut self, query: &Query) {
        let start = Position {
            line: query.sql_line,
            column: 1,
        };
        match sql::split(&query.sql) {
            Err(error) => {
                let at = Position {
                    line: error.line + query.sql_line - 1,
                    column: error.column,
                };
                return self.problem(at, error.problem.to_string(), None);
            }
            Ok(statements) if statements.len() != 1 => {
                let message = format!(
                    "expected one statement after the header, found {}",
                    statements.len()
                );
                return self.problem(start, message, None);
            }
            Ok(_) => {}
        }
        if query.parameters.len() > MOST_PARAMETERS {
            let message = format!(
                "expected {MOST_PARAMETERS} parameters at most, found {}",
                query.parameters.len()
            );
            return self.problem(start, message, None);
        }
        self.undeclared(query);
        for (parameter, at) in query
            .parameters
            .iter()
            .zip(std::mem::take(&mut self.declared))
        {
            self.unused(query, parameter, at);
        }
    }

    /// Finds every `@name` of the SQL that the header does not declare.
    fn undeclared(&mut self, query: &Query) {
        let positions = Positions::new(&query.sql);
        let known: BTreeSet<&str> = (query.parameters.iter())
            .map(|parameter| parameter.name.as_str())
            .collect();
        let mut unknown = 0;
        for named in sql::named_parameters(&query.sql) {
            if !known.contains(named.name) {
                let mut at = positions.of(named.offset);
                at.line += query.sql_line - 1;
                unknown += 1;
                if unknown > MOST_UNKNOWN {
                    self.problem(at, "more names are not declared".to_owned(), None);
                    return;
                }
                let known = query
                    .parameters
                    .iter()
                    .map(|parameter| parameter.name.as_str());
                let hint = match did_you_mean(named.name, known) {
                    Some(meant) => format!("did you mean `@{meant}`?"),
                    None => format!("declare it in the header: `-- parameter: {}`", named.name),
                };
                self.problem(at, format!("`@{}` is not declared", named.name), Some(hint));
            }
        }
    }

    /// Refuses a parameter that the SQL does not use.
    fn unused(&mut self, query: &Query, parameter: &QueryParameter, at: Position) {
        let name = &parameter.name;
        if sql::named_parameters(&query.sql)
            .iter()
            .any(|named| named.name == name)
        {
            return;
        }
        let message = match (query.dialect, &parameter.default) {
            (Dialect::Tsql, Some(default)) if stands_in(&query.sql, default) => return,
            (Dialect::Tsql, Some(default)) => {
                format!(
                    "the SQL has neither `@{name}` nor `{}`",
                    as_literal(default)
                )
            }
            _ => format!("the SQL has no `@{name}`"),
        };
        self.problem(at, message, None);
    }
}

fn of(entries: &[Entry], word: Word) -> impl Iterator<Item = &Entry> {
    entries
        .iter()
        .filter(move |entry| entry.word == word && !entry.text.is_empty())
}

fn name_of(word: Word) -> &'static str {
    let found = WORDS.iter().find(|(_, known)| *known == word);
    found.expect("the list has every word").0
}

/// Whether `name` can stand after an `@`: lower-case letters, digits and `_`, a letter first.
pub(crate) fn is_parameter_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Reads a whole number, or a text in single quotes.
fn literal(text: &str) -> Option<Cell> {
    if let Some(integer) = Kind::Integer.parse(text) {
        return Some(integer);
    }
    let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let alone = inside.replace("''", "").contains('\'');
    (!alone).then(|| Cell::Text(inside.replace("''", "'")))
}

/// The value as SQL writes it.
fn as_literal(value: &Cell) -> String {
    match value {
        Cell::Text(text) => quote::literal(text),
        other => other.to_string(),
    }
}

/// Whether `sql` has the value as a literal, outside comments.
fn stands_in(sql: &str, value: &Cell) -> bool {
    // Blanks apart, a literal is made of the same tokens wherever it stands.
    let texts = |sql| -> Vec<&str> {
        let tokens = Tokens::new(sql).map_while(Result::ok);
        tokens.map(|token| token.text).collect()
    };
    let literal = as_literal(value);
    let wanted = texts(&literal);
    texts(sql)
        .windows(wanted.len())
        .any(|window| window == wanted)
}

/// The columns of the last `ORDER BY` outside parentheses, qualifiers dropped, when it is a plain list of
/// columns; none otherwise.
fn order_by(sql: &str) -> Vec<String> {
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
    start
        .and_then(|start| plain_columns(&tokens[start..]))
        .unwrap_or_default()
}

fn plain_columns(tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let ends = |token: &&Token<'_>| {
        token.kind == TokenKind::Symbol(';')
            || ["LIMIT", "OFFSET", "FOR", "OPTION"]
                .iter()
                .any(|word| is_word(token, word))
    };
    let list: Vec<_> = tokens.iter().take_while(|token| !ends(token)).collect();
    list.split(|token| token.kind == TokenKind::Symbol(','))
        .map(plain_column)
        .collect()
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
