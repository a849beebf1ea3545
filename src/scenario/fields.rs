//! Reads TOML key by key, strictly: each value has a position, and each error is recorded, so that one pass finds them
//! all.
//!
//! Knows TOML and positions, and nothing about scenarios.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr as _;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Place, Position, Positions, Problem, did_you_mean, hint_among};
use crate::document::Lines;
use crate::table::{self, Kind, parse_duration};

/// A value, and its byte offset in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

/// A file being read, and the errors found in it.
pub(super) struct Reader<'a> {
    file: &'a str,
    positions: Positions<'a>,
    problems: RefCell<Vec<Problem>>,
    /// Lines that are not valid TOML. Missing keys may only have been lost in them, and the keys read from them may be
    /// wrong.
    broken: RefCell<BTreeSet<u32>>,
    /// Whether the cited document cannot be read, so that citations cannot be checked.
    without_document: Cell<bool>,
    /// The replacement of `{name}` in texts.
    replaced: RefCell<Vec<(String, String)>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            positions: Positions::new(text),
            problems: RefCell::new(Vec::new()),
            broken: RefCell::default(),
            without_document: Cell::new(false),
            replaced: RefCell::default(),
        }
    }

    /// Replaces `{name}` with a value in the texts read from now on.
    pub(super) fn replace(&self, values: &[(String, String)]) {
        *self.replaced.borrow_mut() = values.to_vec();
    }

    fn replaced(&self, mut text: At<String>) -> At<String> {
        for (name, value) in self.replaced.borrow().iter() {
            text.value = text.value.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// The text of the file from an offset on.
    pub(super) fn text_from(&self, at: usize) -> &str {
        self.positions.text().get(at..).unwrap_or_default()
    }

    pub(super) fn position(&self, at: usize) -> Position {
        self.positions.of(at)
    }

    /// A position in this file, for reports.
    pub(super) fn place(&self, at: usize) -> Place {
        Place { file: self.file.to_owned(), line: self.position(at).line }
    }

    /// Records an error in this file.
    pub(super) fn problem(&self, at: usize, message: impl fmt::Display) {
        self.hinted(at, message, None);
    }

    pub(super) fn hinted(&self, at: usize, message: impl fmt::Display, hint: Option<String>) {
        if self.broken.borrow().contains(&self.position(at).line) {
            return;
        }
        self.push(Problem {
            file: self.file.to_owned(),
            at: Some(self.position(at)),
            message: message.to_string(),
            hint,
        });
    }

    /// Records that something is missing, unless it may have been lost in invalid TOML.
    pub(super) fn absent(&self, at: usize, message: impl fmt::Display, hint: Option<String>) {
        if !self.broken() {
            self.hinted(at, message, hint);
        }
    }

    /// Records that the cited document cannot be read.
    pub(super) fn document_is_unread(&self) {
        self.without_document.set(true);
    }

    /// Records an error in a citation, unless the document cannot be read.
    pub(super) fn citation(&self, at: usize, message: impl fmt::Display, hint: Option<String>) {
        if !self.without_document.get() {
            self.hinted(at, message, hint);
        }
    }

    /// Records an error in any file.
    pub(super) fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn broken(&self) -> bool {
        !self.broken.borrow().is_empty()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// Records TOML syntax errors: the first one of each line, since one causes others.
    pub(super) fn syntax(&self, errors: &[toml::de::Error]) {
        let mut broken = self.broken.borrow_mut();
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            if broken.insert(self.position(at).line) {
                self.push(Problem {
                    file: self.file.to_owned(),
                    at: Some(self.position(at)),
                    message: format!("not TOML: {}", error.message()),
                    hint: None,
                });
            }
        }
    }
}

/// A table being read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) reader: &'a Reader<'a>,
    table: &'a DeTable<'a>,
    /// What the table describes, as messages call it: `a step`.
    what: &'static str,
    /// The allowed keys.
    keys: &'static [&'static str],
    /// Its position in the file.
    pub(super) at: usize,
}

impl<'a> Fields<'a> {
    /// Starts reading a table in which only `keys` are allowed.
    pub(super) fn new(
        reader: &'a Reader<'a>,
        table: &'a DeTable<'a>,
        at: usize,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Self {
        for (key, _) in table {
            let name: &str = key.get_ref();
            if !keys.contains(&name) {
                let hint = hint_among(name, keys.iter().copied());
                let message = format!("{what} has no key `{name}`");
                reader.hinted(key.span().start, message, hint);
            }
        }
        Self { reader, table, what, keys, at }
    }

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The position of the value of `key`, or of the table if it is missing.
    pub(super) fn place_of(&self, key: &str) -> usize {
        self.get(key).map_or(self.at, |value| value.span().start)
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let found = describe(value.get_ref());
        let message = format!("`{key}` is {found}; expected {expected}");
        self.reader.problem(value.span().start, message);
    }

    /// Records that `key` is missing.
    pub(super) fn missing(&self, key: &str) {
        self.lacks(&[key], format!("{} needs `{key}`", self.what));
    }

    /// Records that all of `needed` are missing, unless one of them is present or misspelt.
    pub(super) fn lacks(&self, needed: &[&str], message: impl fmt::Display) {
        let mut unknown = (self.table.iter())
            .map(|(key, _)| key.get_ref().as_ref())
            .filter(|key| !self.keys.contains(key));
        let meant = |key| did_you_mean(key, self.keys.iter().copied());
        if !unknown.any(|key| meant(key).is_some_and(|meant| needed.contains(&meant))) {
            self.reader.absent(self.at, message, None);
        }
    }

    /// The text at `key`, which is not blank.
    pub(super) fn text(&self, key: &str) -> Option<At<String>> {
        let value = self.get(key)?;
        let text = text_of(value).or_else(|| {
            self.wrong(key, value, "text in quotes");
            None
        })?;
        let text = self.reader.replaced(text);
        if text.value.trim().is_empty() {
            self.reader.problem(text.at, format_args!("`{key}` is blank"));
            return None;
        }
        Some(text)
    }

    /// The text at `key`, which may be blank.
    pub(super) fn any_text(&self, key: &str) -> Option<At<String>> {
        let value = self.get(key)?;
        let text = text_of(value);
        if text.is_none() {
            self.wrong(key, value, "text in quotes");
        }
        text.map(|text| self.reader.replaced(text))
    }

    /// The text at `key`, if it is text; otherwise nothing, without recording an error.
    pub(super) fn peek_text(&self, key: &str) -> Option<At<String>> {
        let text = self.reader.replaced(text_of(self.get(key)?)?);
        (!text.value.trim().is_empty()).then_some(text)
    }

    pub(super) fn need_text(&self, key: &str) -> Option<At<String>> {
        if !self.has(key) {
            self.missing(key);
        }
        self.text(key)
    }

    pub(super) fn lines(&self, key: &str) -> Option<At<Lines>> {
        let text = self.text(key)?;
        match Lines::from_str(&text.value) {
            Ok(value) => Some(At { value, at: text.at }),
            Err(error) => {
                self.reader.problem(text.at, error);
                None
            }
        }
    }

    pub(super) fn need_lines(&self, key: &str) -> Option<At<Lines>> {
        if !self.has(key) {
            self.missing(key);
        }
        self.lines(key)
    }

    pub(super) fn count(&self, key: &str) -> Option<At<u64>> {
        let value = self.get(key)?;
        let at = value.span().start;
        match integer_of(value.get_ref()).and_then(|number| u64::try_from(number).ok()) {
            Some(value) => Some(At { value, at }),
            None => {
                self.wrong(key, value, "a whole number from 0");
                None
            }
        }
    }

    /// A non-negative number that may have a fraction.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        if number.is_none() {
            self.wrong(key, value, "a number from 0");
        }
        number
    }

    /// A whole number or text.
    pub(super) fn scalar(&self, key: &str) -> Option<At<table::Cell>> {
        let value = self.get(key)?;
        let found = scalar_of(value);
        if found.is_none() {
            self.wrong(key, value, "a whole number or text in quotes");
        }
        match found? {
            At { value: table::Cell::Text(value), at } => {
                let text = self.reader.replaced(At { value, at });
                Some(At { value: table::Cell::Text(text.value), at })
            }
            other => Some(other),
        }
    }

    /// One word of a fixed set, such as `exact` of `columns`.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let hint = hint_among(&text.value, words.iter().map(|(word, _)| *word));
            let message = format!("`{key}` cannot be `{}`", text.value);
            self.reader.hinted(text.at, message, hint);
        }
        found.map(|(_, value)| *value)
    }

    /// A list of texts, none of them blank.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<At<String>>> {
        let value = self.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, value, "a list of texts, such as `[\"one\", \"two\"]`");
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match text_of(item) {
                Some(text) if text.value.trim().is_empty() => {
                    let message = format!("`{key}` contains a blank text");
                    self.reader.problem(text.at, message);
                }
                Some(text) => texts.push(self.reader.replaced(text)),
                None => {
                    let found = describe(item.get_ref());
                    let message = format_args!("`{key}` contains {found}; expected text in quotes");
                    self.reader.problem(item.span().start, message);
                }
            }
        }
        Some(texts)
    }

    /// What precedes the heading of a table within this one.
    fn above(&self) -> &'static str {
        match self.what {
            "a step" => "step.",
            "a check" => "step.check.",
            _ => "",
        }
    }

    /// A list of tables, written as `[[key]]`.
    pub(super) fn tables(
        &self,
        key: &str,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Vec<Self> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(
                key,
                value,
                &format!("a list of tables, each headed `[[{}{key}]]`", self.above()),
            );
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            let at = item.span().start;
            match item.get_ref() {
                DeValue::Table(table) => tables.push(Self::new(self.reader, table, at, what, keys)),
                other => {
                    let found = describe(other);
                    let message = format_args!("`{key}` contains {found}; expected a table");
                    self.reader.problem(at, message);
                }
            }
        }
        tables
    }

    /// The table at `key`, in which `keys` and no others are allowed.
    pub(super) fn table(
        &self,
        key: &str,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Option<Self> {
        let value = self.get(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(key, value, "a table");
            return None;
        };
        let at = value.span().start;
        Some(Self::new(self.reader, table, at, what, keys))
    }

    /// The values of the table at `key` with their names, in the order written.
    pub(super) fn entries(&self, key: &str) -> Vec<(At<String>, &'a Spanned<DeValue<'a>>)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(key, value, "a table");
            return Vec::new();
        };
        let mut entries: Vec<_> = table
            .iter()
            .map(|(name, value)| {
                let at = name.span().start;
                let value_of = name.get_ref().clone().into_owned();
                (At { value: value_of, at }, value)
            })
            .collect();
        entries.sort_by_key(|(name, _)| name.at);
        entries
    }
}

/// Non-negative seconds, from a text such as `00:15:00` or `2 minutes`.
pub(super) fn seconds_of(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 3] = [("second", 1), ("minute", 60), ("hour", 3600)];
    let in_units = || {
        let (number, unit) = text.trim().split_once(' ')?;
        let unit = unit.trim();
        let unit = unit.strip_suffix('s').unwrap_or(unit);
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        number.parse::<i64>().ok()?.checked_mul(*seconds)
    };
    parse_duration(text).or_else(in_units).filter(|seconds| *seconds >= 0)
}

pub(super) fn text_of(value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
    match value.get_ref() {
        DeValue::String(text) => {
            Some(At { value: text.clone().into_owned(), at: value.span().start })
        }
        _ => None,
    }
}

/// A whole number or text.
pub(super) fn scalar_of(value: &Spanned<DeValue<'_>>) -> Option<At<table::Cell>> {
    let cell = match value.get_ref() {
        DeValue::String(text) => table::Cell::Text(text.clone().into_owned()),
        other => table::Cell::Integer(integer_of(other)?),
    };
    Some(At { value: cell, at: value.span().start })
}

fn integer_of(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// A description of a value, for messages.
pub(super) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text `{}`", shorten(text)),
        DeValue::Integer(number) => format!("the whole number `{}`", shorten(&number.to_string())),
        DeValue::Float(number) => format!("the number `{}`", shorten(&number.to_string())),
        DeValue::Boolean(value) => format!("`{value}`"),
        DeValue::Datetime(time) => format!("the time `{time}`"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The start of a text, on one line, for messages.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == LONGEST {
            short.push('…');
            break;
        }
        match c {
            c if c.is_control() => short.extend(c.escape_debug()),
            c => short.push(c),
        }
    }
    short
}

/// The kind of a parameter's value with its article, for messages.
pub(super) fn kind_of(value: &table::Cell) -> &'static str {
    match super::parameter_kind(value) {
        Kind::Integer => "a whole number",
        _ => "text",
    }
}
