//! Reads one sentence: splits it into words, tries each form, and says at the furthest word what was expected there.

use std::collections::BTreeMap;

use crate::diagnostic::{count, did_you_mean};
use crate::sql::quote::literal;

use super::{CAUSES, Cause, CauseError, PARTS, SERVERS};

/// Words that a reader puts in and that say nothing.
const ARTICLES: [&str; 3] = ["the", "a", "an"];

/// How many words a suggestion may replace or add.
const MENDED: u32 = 2;

/// A sentence longer than this is read, and gets no suggestion.
const LONGEST: usize = 200;

/// A word, number, parameter or quoted text.
#[derive(Debug, Clone, PartialEq)]
struct Token {
    kind: TokenKind,
    /// What is written, without quotes, and in small letters where it is a word.
    text: String,
    /// The byte at which it begins and the one behind it.
    from: usize,
    to: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum TokenKind {
    Word,
    Number,
    Parameter,
    Quoted,
    /// A text whose closing quote is missing.
    Unclosed,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return tokens;
        };
        let from = text.len() - rest.len();
        let (kind, word, length) = match closing(first) {
            Some(quote) => quoted(rest, first, quote),
            None if first == ',' => (TokenKind::Word, ",".to_owned(), 1),
            None => plain(rest),
        };
        rest = &rest[length..];
        if kind != TokenKind::Word || !ARTICLES.contains(&word.as_str()) {
            tokens.push(Token { kind, text: word, from, to: from + length });
        }
    }
}

/// The quote that closes a text, for one that opens it.
fn closing(quote: char) -> Option<char> {
    match quote {
        '\'' | '"' => Some(quote),
        '‘' => Some('’'),
        '“' => Some('”'),
        _ => None,
    }
}

/// A quoted text and its length in bytes. A closing quote that is written twice is one of the text.
fn quoted(rest: &str, open: char, close: char) -> (TokenKind, String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != close {
            text.push(c);
        } else if open == close && chars.next_if(|(_, next)| *next == close).is_some() {
            text.push(close);
        } else {
            return (TokenKind::Quoted, text, at + c.len_utf8());
        }
    }
    (TokenKind::Unclosed, text, rest.len())
}

fn plain(rest: &str) -> (TokenKind, String, usize) {
    let ends = |c: char| c.is_whitespace() || c == ',' || closing(c).is_some();
    let length = rest.find(ends).unwrap_or(rest.len()).max(1);
    let word = &rest[..length];
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let kind = match word.strip_prefix('@') {
        Some(name) if !name.is_empty() && name.chars().all(is_name) => TokenKind::Parameter,
        None if word.chars().all(|c| c.is_ascii_digit()) && word.parse::<i64>().is_ok() => {
            TokenKind::Number
        }
        _ => return (TokenKind::Word, word.to_lowercase(), length),
    };
    (kind, word.to_owned(), length)
}

/// A part of a form: words of which any will do, or an argument.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part<'f> {
    Words(&'f str),
    Argument(&'f str),
}

/// The ways in which a form can be said, those with most of its optional parts first.
fn ways(words: &str) -> Vec<Vec<Part<'_>>> {
    let mut ways: Vec<Vec<Part<'_>>> = vec![Vec::new()];
    for (at, piece) in words.split(['[', ']']).enumerate() {
        let parts: Vec<Part<'_>> = piece.split_whitespace().map(part).collect();
        let is_optional = at % 2 == 1;
        let without = if is_optional { ways.clone() } else { Vec::new() };
        for way in &mut ways {
            way.extend(&parts);
        }
        ways.extend(without);
    }
    ways
}

fn part(word: &str) -> Part<'_> {
    match word.chars().all(|c| c.is_ascii_uppercase()) {
        true => Part::Argument(word),
        false => Part::Words(word),
    }
}

/// What an argument is: as it is said again, and as values in SQL, of which each makes statements of its own.
#[derive(Debug, Clone)]
struct Argument {
    said: String,
    sql: Vec<String>,
}

/// The furthest word at which a form ended, and what would have gone on.
#[derive(Default)]
struct Furthest {
    at: usize,
    expected: Vec<String>,
    /// Words that would have gone on, for suggestions.
    words: Vec<String>,
}

impl Furthest {
    fn expected(&mut self, at: usize, what: String, words: &[&str]) {
        if at > self.at {
            *self = Self { at, ..Self::default() };
        }
        if at == self.at && !self.expected.contains(&what) {
            self.expected.push(what);
            self.words.extend(words.iter().map(|&word| word.to_owned()));
        }
    }
}

/// Reads a sentence by the forms of the list.
pub(super) fn parse(text: &str) -> Result<Cause, CauseError> {
    read(text).map_err(|furthest| {
        let all = tokens(text);
        let found = all.get(furthest.at);
        let before = found.map_or(text.trim_end(), |token| &text[..token.from]);
        CauseError {
            text: text.to_owned(),
            column: count(before.chars().count() + 1),
            found: found.map(|token| text[token.from..token.to].to_owned()),
            meant: nearly(text, &all).or_else(|| meant(text, MENDED)),
            expected: furthest.expected,
        }
    })
}

/// The sentence with a quote within its text written twice, or without one of its numbers, if that is one.
fn nearly(text: &str, tokens: &[Token]) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let quoted = tokens.iter().filter(|token| token.kind == TokenKind::Quoted);
    let doubled = quoted.map(|token| {
        let quote = &text[..token.to];
        let quote = quote.char_indices().last().map_or(0, |(at, _)| at);
        [&text[..quote], &text[quote..token.to], &text[quote..]].concat()
    });
    let fewer = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Number)
        .map(|token| [&text[..token.from], &text[token.to..]].concat());
    let read = |text: String| read(&text).ok().map(|cause| cause.words);
    doubled.chain(fewer).find_map(read)
}

fn read(text: &str) -> Result<Cause, Furthest> {
    let tokens = tokens(text);
    let mut furthest = Furthest::default();
    for (form, entry) in CAUSES.iter().enumerate() {
        for way in ways(entry.words) {
            if let Some((words, arguments)) = follow(&way, &tokens, &mut furthest) {
                return Ok(Cause {
                    form,
                    words,
                    sql: written(entry.sql, &arguments).join("\n"),
                    idle: match entry.idle {
                        "" => Vec::new(),
                        idle => written(idle, &arguments),
                    },
                });
            }
        }
    }
    Err(furthest)
}

/// The sentence and its arguments, if the tokens follow this way to say a form.
fn follow<'f>(
    way: &[Part<'f>],
    tokens: &[Token],
    furthest: &mut Furthest,
) -> Option<(String, BTreeMap<&'f str, Argument>)> {
    let mut at = 0;
    let mut said = Vec::new();
    let mut arguments = BTreeMap::new();
    for part in way {
        let rest = &tokens[at..];
        match *part {
            Part::Words(words) => {
                let first = rest.first().filter(|token| token.kind == TokenKind::Word);
                let known = |token: &&Token| words.split('|').any(|word| word == token.text);
                let Some(token) = first.filter(known) else {
                    let all: Vec<&str> = words.split('|').collect();
                    furthest.expected(at, format!("`{}`", all[0]), &all);
                    return None;
                };
                said.push(token.text.clone());
                at += 1;
            }
            Part::Argument(name) => {
                let (taken, argument) = match name {
                    "SERVERS" => servers(rest, at, furthest)?,
                    "PART" => console_part(rest, at, furthest)?,
                    "TEXT" => quoted_text(rest, at, furthest)?,
                    _ => number(rest, at, furthest)?,
                };
                at += taken;
                said.push(argument.said.clone());
                arguments.insert(name, argument);
            }
        }
    }
    if at < tokens.len() {
        furthest.expected(at, "the end".to_owned(), &[]);
        return None;
    }
    Some((said.join(" "), arguments))
}

/// One server, several, or `all servers`.
fn servers(rest: &[Token], at: usize, furthest: &mut Furthest) -> Option<(usize, Argument)> {
    let word = |index: usize| match rest.get(index) {
        Some(token) if token.kind == TokenKind::Word => token.text.as_str(),
        _ => "",
    };
    let mut named = Vec::new();
    let mut taken = 0;
    if word(0) == "all" {
        taken = if word(1) == "three" { 2 } else { 1 };
        named.extend(SERVERS);
    } else {
        loop {
            let Some(server) = SERVERS.into_iter().find(|own| *own == word(taken)) else {
                furthest.expected(at + taken, "a server".to_owned(), &SERVERS);
                return None;
            };
            taken += 1;
            if !named.contains(&server) {
                named.push(server);
            }
            if !["and", ","].contains(&word(taken)) {
                break;
            }
            taken += if word(taken) == "," && word(taken + 1) == "and" { 2 } else { 1 };
        }
    }
    if ["server", "servers"].contains(&word(taken)) {
        taken += 1;
    }
    let said = match named.len() == SERVERS.len() {
        true => "all servers".to_owned(),
        false => named.join(" and "),
    };
    let sql = named.iter().map(|server| literal(server)).collect();
    Some((taken, Argument { said, sql }))
}

/// A part of the console, which may be called a tab.
fn console_part(rest: &[Token], at: usize, furthest: &mut Furthest) -> Option<(usize, Argument)> {
    let is = |words: &str| {
        let mut own = words.split(' ').enumerate();
        own.all(|(index, word)| {
            let token = rest.get(index);
            token.is_some_and(|token| token.kind == TokenKind::Word && token.text == word)
        })
    };
    let Some(name) = PARTS.into_iter().find(|name| is(name)) else {
        let all = PARTS.map(|name| format!("`{name}`")).join(", ");
        furthest.expected(at, all, &PARTS);
        return None;
    };
    let length = name.split(' ').count();
    let is_tab = |token: &&Token| token.kind == TokenKind::Word && token.text == "tab";
    let taken = length + usize::from(rest.get(length).filter(is_tab).is_some());
    let argument = Argument { said: name.to_owned(), sql: vec![literal(name)] };
    Some((taken, argument))
}

fn quoted_text(rest: &[Token], at: usize, furthest: &mut Furthest) -> Option<(usize, Argument)> {
    match rest.first() {
        Some(token) if token.kind == TokenKind::Quoted => {
            let sql = literal(&token.text);
            let said = sql.clone();
            Some((1, Argument { said, sql: vec![sql] }))
        }
        Some(token) if token.kind == TokenKind::Unclosed => {
            furthest.expected(at, "a text whose quote is closed".to_owned(), &[]);
            None
        }
        _ => {
            furthest.expected(at, "a text in quotes".to_owned(), &[]);
            None
        }
    }
}

fn number(rest: &[Token], at: usize, furthest: &mut Furthest) -> Option<(usize, Argument)> {
    let known = |token: &&Token| [TokenKind::Number, TokenKind::Parameter].contains(&token.kind);
    let Some(token) = rest.first().filter(known) else {
        furthest.expected(at, "a number".to_owned(), &[]);
        return None;
    };
    let argument = Argument { said: token.text.clone(), sql: vec![token.text.clone()] };
    Some((1, argument))
}

/// The statements with the arguments in their places, again for each value of an argument that has several.
fn written(template: &str, arguments: &BTreeMap<&str, Argument>) -> Vec<String> {
    let times = arguments.values().map(|argument| argument.sql.len()).max();
    (0..times.unwrap_or(1)).map(|time| filled(template, arguments, time)).collect()
}

/// Fills `{NAME}` and `{NAME:default}`; a default may hold arguments of its own.
fn filled(template: &str, arguments: &BTreeMap<&str, Argument>, time: usize) -> String {
    let mut sql = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        sql.push_str(&rest[..open]);
        let close = matching_brace(&rest[open..]);
        let inner = &rest[open + 1..open + close];
        let (name, default) = inner.split_once(':').unwrap_or((inner, ""));
        match arguments.get(name) {
            Some(argument) => sql.push_str(argument.sql.get(time).unwrap_or(&argument.sql[0])),
            None => sql.push_str(&filled(default, arguments, time)),
        }
        rest = &rest[open + close + 1..];
    }
    sql + rest
}

/// Where the brace that opens a text is closed.
fn matching_brace(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len() - 1
}

/// A sentence close to this one that can be read: with a likely word instead of the one that makes no sense, or
/// with what is said there in quotes.
fn meant(text: &str, left: u32) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let furthest = match read(text) {
        Ok(_) => return Some(text.to_owned()),
        Err(furthest) => furthest,
    };
    let left = left.checked_sub(1)?;
    let all = tokens(text);
    let Some(token) = all.get(furthest.at) else {
        let mut going_on = furthest.words.iter();
        return match (going_on.next(), going_on.next()) {
            (Some(word), None) => meant(&format!("{} {word}", text.trim_end()), left),
            _ => None,
        };
    };
    let put = |word: &str, to: usize| format!("{}{word}{}", &text[..token.from], &text[to..]);
    let words = furthest.words.iter().map(String::as_str);
    if let Some(word) = did_you_mean(&token.text, words) {
        return meant(&put(word, token.to), left);
    }
    let texts = furthest.expected.iter().any(|what| what.contains("text"));
    if texts && token.kind == TokenKind::Word {
        return meant(&put(&literal(&text[token.from..]), text.len()), left);
    }
    if token.kind == TokenKind::Unclosed {
        return meant(&put(&literal(token.text.trim_end()), token.to), left);
    }
    None
}
