//! The header of a query: comment lines of the form `-- word: text`.

use std::str::FromStr as _;

use super::order::order_by;
use super::{Dialect, OutageScope, Query, QueryParameter, Tag, Urgency};
use crate::diagnostic::{Place, Position, Problem, Problems, count, did_you_mean, hint_among};
use crate::document::Lines;
use crate::table::{Cell, Kind};

/// A word of the header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Title,
    Lines,
    Key,
    Kind,
    Dialect,
    Situation,
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

const WORDS: [(&str, Word); 19] = [
    ("title", Word::Title),
    ("lines", Word::Lines),
    ("key", Word::Key),
    ("kind", Word::Kind),
    ("dialect", Word::Dialect),
    ("situation", Word::Situation),
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

/// The reader of a header, with the mistakes that it has found.
pub(super) struct HeaderReader<'a> {
    file: &'a str,
    /// Where each parameter is declared.
    pub(super) declared: Vec<Position>,
    /// Whether a word that is not known was likely meant to be `title`.
    misspelt_title: bool,
    problems: Vec<Problem>,
}

impl<'a> HeaderReader<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self { file, declared: Vec::new(), misspelt_title: false, problems: Vec::new() }
    }

    /// Reads a query, or gives all of its mistakes.
    pub(super) fn read(mut self, name: &str, text: &str) -> Result<Query, Problems> {
        let (entries, sql, sql_line) = self.header(text);
        let query = self.query(name, &entries, sql, sql_line);
        self.hold_against_sql(&query);
        if self.problems.is_empty() { Ok(query) } else { Err(self.problems.into_iter().collect()) }
    }

    pub(super) fn problem(
        &mut self,
        at: Position,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
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
                        let message = "expected `-- word: text`, found a continuation line";
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
            let hint = "the header ends at the first line that is not a comment; leave a blank line before \
                        a comment on the SQL";
            self.problem(Position { line, column: 1 }, message, Some(hint.to_owned()));
            return None;
        };
        let (word, text) = (word.trim(), text.trim().to_owned());
        let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == word) else {
            let known = WORDS.iter().map(|(known, _)| *known);
            self.misspelt_title |= did_you_mean(word, known.clone()) == Some("title");
            let hint = hint_among(word, known);
            self.problem(at, format!("unknown header key `{word}`"), hint);
            return None;
        };
        Some(Entry { word: *word, text, at })
    }

    fn query(&mut self, name: &str, entries: &[Entry], sql: &str, sql_line: u32) -> Query {
        for entry in entries.iter().filter(|entry| entry.text.is_empty()) {
            let message = format!("`{}` is empty", name_of(entry.word));
            self.problem(entry.at, message, None);
        }
        let title = self.one(entries, Word::Title);
        let start = Position { line: 1, column: 1 };
        if title.is_none() && !self.misspelt_title {
            let message = "a query needs a title: `-- title: What it shows`";
            self.problem(start, message, None);
        }
        let order = self.one(entries, Word::Order);
        Query {
            name: name.to_owned(),
            title: title.map_or_else(String::new, |title| title.text.clone()),
            lines: self.one(entries, Word::Lines).and_then(|entry| self.lines(entry)),
            key: self.one(entries, Word::Key).map_or_else(Vec::new, |entry| self.names(entry)),
            kinds: self.kinds(entries),
            dialect: self
                .one(entries, Word::Dialect)
                .and_then(|entry| self.dialect(entry))
                .unwrap_or(Dialect::Sqlite),
            situation: self.one_text(entries, Word::Situation),
            parameters: self.parameters(entries),
            restored: self.one_text(entries, Word::Restored),
            empty: self.one_text(entries, Word::Empty),
            order: order.map_or_else(|| order_by(sql), |entry| self.names(entry)),
            source: self.one_text(entries, Word::Source),
            note: self.one_text(entries, Word::Note),
            meaning: self.one_text(entries, Word::Meaning),
            needs: self.one(entries, Word::Needs).map_or_else(Vec::new, |entry| self.names(entry)),
            helps: self.one(entries, Word::Helps).map_or_else(Vec::new, |entry| self.names(entry)),
            tag: self.one(entries, Word::Tag).and_then(|entry| self.tag(entry)),
            urgency: self.one(entries, Word::Urgency).and_then(|entry| self.urgency(entry)),
            outage: self.one(entries, Word::Outage).and_then(|entry| self.outage(entry)),
            own: self.one(entries, Word::Own).map_or_else(Vec::new, |entry| self.names(entry)),
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
            let message = format!("duplicate `{}`, first on line {}", name_of(word), first.at.line);
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
        let names: Vec<String> = entry.text.split(',').map(|name| name.trim().to_owned()).collect();
        if !entry.text.is_empty() && names.iter().any(String::is_empty) {
            let message = format!("expected comma-separated column names, found `{}`", entry.text);
            self.problem(entry.at, message, None);
        }
        names
    }

    fn dialect(&mut self, entry: &Entry) -> Option<Dialect> {
        let found = Dialect::ALL.into_iter().find(|dialect| dialect.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, Dialect::ALL.map(Dialect::name));
            self.problem(entry.at, format!("unknown dialect `{}`", entry.text), hint);
        }
        found
    }

    fn tag(&mut self, entry: &Entry) -> Option<Tag> {
        let found = Tag::ALL.into_iter().find(|tag| tag.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, Tag::ALL.map(Tag::name));
            self.problem(entry.at, format!("unknown tag `{}`", entry.text), hint);
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
        let found = OutageScope::ALL.into_iter().find(|scope| scope.name() == entry.text);
        if found.is_none() && !entry.text.is_empty() {
            let hint = hint_among(&entry.text, OutageScope::ALL.map(OutageScope::name));
            let message =
                format!("expected `any` or `application` for `outage`, found `{}`", entry.text);
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
                self.problem(entry.at, format!("unknown kind `{kind}`"), hint);
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
                let message = format!("invalid parameter name `{name}`");
                let hint = "lower-case letters, digits and `_`, a letter first, without `@`";
                self.problem(entry.at, message, Some(hint.to_owned()));
                continue;
            }
            if parameters.iter().any(|parameter| parameter.name == name) {
                self.problem(entry.at, format!("two parameters are called `{name}`"), None);
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
            parameters.push(QueryParameter { name: name.to_owned(), kind, default: value });
        }
        parameters
    }
}

fn of(entries: &[Entry], word: Word) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(move |entry| entry.word == word && !entry.text.is_empty())
}

fn name_of(word: Word) -> &'static str {
    let found = WORDS.iter().find(|(_, known)| *known == word);
    found.expect("the list has every word").0
}

/// Whether `name` can stand after an `@`: lower-case letters, digits and `_`, a letter first.
pub(crate) fn is_parameter_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
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
