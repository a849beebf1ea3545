//! Reads scripts of INSERT statements: SSMS's `Generate Scripts`, data only, and `Save as insert`. Each list of values
//! is a record; `GO`, `SET IDENTITY_INSERT` and anything else are skipped.
//!
//! Values are constants, in `CAST(... AS ...)` or not: texts, numbers, NULL, and the binary constants that SSMS writes
//! for times. Anything else rejects its row. A statement ends where no quote or parenthesis is open and no list of
//! values follows, so that its lines are inspected once, and its text is parsed once.

use std::io::Read;

use chrono::{NaiveDate, TimeDelta};

use crate::import::reader::lines::{Line, LineReader};
use crate::import::reader::queue::{Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{ReadError, Reason, RecordLimits};

/// How likely `lines` are a script of INSERT statements.
#[must_use]
pub fn score(lines: &[String]) -> f64 {
    let begins = |line: &&String| table_of(line).is_some();
    let Some(first) = lines.iter().find(begins) else {
        return 0.0;
    };
    let has_values = lines.iter().any(|line| {
        let line = line.to_ascii_uppercase();
        line.contains("VALUES") && line.contains('(')
    });
    match has_values && first.len() < 1 << 20 {
        true => 0.96,
        false => 0.0,
    }
}

/// The table of the INSERT statement that begins with `line`, and the text after its name.
fn table_of(line: &str) -> Option<(String, &str)> {
    let mut scan = Scan::new(line);
    if !scan.word("INSERT") {
        return None;
    }
    let _ = scan.word("INTO");
    let mut name = scan.name()?;
    while scan.sign('.') {
        name = scan.name()?;
    }
    Some((name, scan.rest))
}

/// Whether quotes and parentheses are open after a line.
#[derive(Debug, Default, Clone, Copy)]
struct Open {
    quote: Option<u8>,
    depth: usize,
    /// The last character that is not a space.
    last: u8,
}

impl Open {
    fn add(&mut self, line: &str) {
        for byte in line.bytes() {
            match (self.quote, byte) {
                // A doubled quote closes and opens again.
                (Some(quote), byte) if byte == quote => self.quote = None,
                (Some(_), _) => {}
                (None, b'\'' | b'"') => self.quote = Some(byte),
                (None, b'[') => self.quote = Some(b']'),
                (None, b'(') => self.depth += 1,
                (None, b')') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.last = byte;
            }
        }
    }

    fn is_any(self) -> bool {
        self.quote.is_some() || self.depth > 0
    }
}

/// Reads one file.
pub struct Inserts<R> {
    lines: LineReader<R>,
    queue: Queue,
    /// The table and the columns of the current statements.
    table: Option<(String, Option<Vec<String>>)>,
    in_comment: bool,
    passed_over: u64,
    limit: usize,
}

impl<R: Read> Inserts<R> {
    /// Reads records from `reader`.
    pub fn new(reader: R, limits: RecordLimits) -> Self {
        Self {
            lines: LineReader::new(reader, limits),
            queue: Queue::default(),
            table: None,
            in_comment: false,
            passed_over: 0,
            limit: limits.record,
        }
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        if let Some(reject) = line.bad {
            self.queue.push(Waiting::Reject(reject));
            return Ok(true);
        }
        if self.in_comment || table_of(&line.text).is_none() {
            let text = line.text.trim();
            let begins = text.rfind("/*").map_or(-1, |at| i64::try_from(at).unwrap_or(0));
            let ends = text.rfind("*/").map_or(-1, |at| i64::try_from(at).unwrap_or(0));
            self.in_comment = begins > ends || (self.in_comment && ends < 0);
            self.passed_over += u64::from(!text.is_empty());
            return Ok(true);
        }
        self.statement(line)?;
        Ok(true)
    }

    /// The statement that begins with a line.
    fn statement(&mut self, mut last: Line) -> Result<(), ReadError> {
        let number = last.number;
        let mut text = std::mem::take(&mut last.text);
        let mut open = Open::default();
        open.add(&text);
        loop {
            let goes_on = |line: &str| {
                let line = line.trim_start();
                let upper = line.get(..6).unwrap_or(line).to_ascii_uppercase();
                line.starts_with(['(', ',']) || upper == "VALUES"
            };
            let Some(next) = self.lines.peek(0)?.filter(|line| line.bad.is_none()) else {
                break;
            };
            if !open.is_any() && open.last != b',' && !goes_on(&next.text) {
                break;
            }
            open.add(&next.text);
            text.push_str(last.break_before(next));
            text.push_str(&next.text);
            let Some(next) = self.lines.pop()? else {
                break;
            };
            last = next;
            if text.len() > self.limit {
                let detail = format!("longer than {} bytes", self.limit);
                self.queue.reject(number, &text, Reason::TooLong, detail, 1);
                return Ok(());
            }
        }
        if open.is_any() {
            let detail = "the file ends inside this statement".to_owned();
            self.queue.reject(number, &text, Reason::Truncated, detail, 1);
            return Ok(());
        }
        self.rows(number, &text);
        Ok(())
    }

    /// The lists of values of a statement.
    fn rows(&mut self, number: u64, text: &str) {
        let Some((table, rest)) = table_of(text) else {
            return;
        };
        let mut scan = Scan { rest };
        let columns = scan.columns();
        if !scan.word("VALUES") {
            let detail = "expected VALUES after the columns".to_owned();
            self.queue.reject(number, text, Reason::Ragged, detail, 1);
            return;
        }
        if !self.is_of(&table, columns.as_ref()) {
            let detail = format!(
                "it belongs to the table `{table}`, which has the same columns as the rows before"
            );
            self.queue.reject(number, text, Reason::SecondResultSet, detail, 1);
            return;
        }
        loop {
            let list = scan.rest.trim_start();
            let line = number + text[..text.len() - list.len()].matches('\n').count() as u64;
            let before = scan.rest;
            match scan.values() {
                Ok(values) => self.row(line, before, scan.rest, columns.as_ref(), values),
                Err(detail) => {
                    self.queue.reject(line, before.trim_start(), Reason::Ragged, detail, 1);
                    // The next list of values begins behind this one, wherever it ends.
                    scan.rest = behind_list(before);
                }
            }
            if !scan.sign(',') {
                break;
            }
        }
    }

    /// Whether rows of these columns belong to the current table; other columns begin another result.
    fn is_of(&mut self, table: &str, columns: Option<&Vec<String>>) -> bool {
        if let Some((known, names)) = &self.table
            && names.as_ref() == columns
        {
            return known.eq_ignore_ascii_case(table);
        }
        if let Some(columns) = columns {
            self.queue.push(Waiting::Header(columns.clone()));
        }
        self.table = Some((table.to_owned(), columns.cloned()));
        true
    }

    fn row(
        &mut self,
        line: u64,
        before: &str,
        behind: &str,
        columns: Option<&Vec<String>>,
        values: Vec<Option<String>>,
    ) {
        let text = before[..before.len() - behind.len()].trim_start();
        if let Some(columns) = columns.filter(|columns| columns.len() != values.len()) {
            let detail = format!("expected {} values, found {}", columns.len(), values.len());
            self.queue.reject(line, text, Reason::Ragged, detail, 1);
            return;
        }
        let mut held = OwnedRecord::new(line, text.to_owned());
        values.iter().for_each(|value| held.push(value.as_deref()));
        self.queue.push(Waiting::Record(held));
    }
}

/// The text after the parenthesised list at the beginning of `text`.
fn behind_list(text: &str) -> &str {
    let mut open = Open::default();
    for (at, c) in text.char_indices() {
        let was = open.depth;
        open.add(c.encode_utf8(&mut [0; 4]));
        if was > 0 && !open.is_any() {
            return &text[at + c.len_utf8()..];
        }
    }
    ""
}

/// Reads tokens of T-SQL from the beginning of a text.
struct Scan<'t> {
    rest: &'t str,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// Takes `word`, in any case.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let is_word = rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if is_word {
            self.rest = &rest[word.len()..];
        }
        is_word
    }

    /// A name, bracketed, quoted or bare.
    fn name(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        for (begin, end) in [('[', ']'), ('"', '"')] {
            if let Some(inner) = rest.strip_prefix(begin) {
                let (name, behind) = until(inner, end)?;
                self.rest = behind;
                return Some(name);
            }
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '#' | '@' | '$')));
        let (name, behind) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = behind;
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The parenthesised column names; `None` if there are none.
    fn columns(&mut self) -> Option<Vec<String>> {
        if !self.sign('(') {
            return None;
        }
        let mut columns = Vec::new();
        loop {
            columns.push(self.name()?);
            if !self.sign(',') {
                return self.sign(')').then_some(columns);
            }
        }
    }

    /// A parenthesised list of values.
    fn values(&mut self) -> Result<Vec<Option<String>>, String> {
        if !self.sign('(') {
            return Err("expected a list of values in brackets".to_owned());
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if self.sign(')') {
                return Ok(values);
            }
            if !self.sign(',') {
                return Err("expected a constant, found an expression".to_owned());
            }
        }
    }

    fn value(&mut self) -> Result<Option<String>, String> {
        if self.word("NULL") {
            return Ok(None);
        }
        if self.word("CAST") {
            return self.cast();
        }
        let rest = self.rest.trim_start();
        let text = rest.strip_prefix('\'').or_else(|| rest.strip_prefix("N'"));
        if let Some(inner) = text {
            let (text, behind) = until(inner, '\'').ok_or("a string is not closed")?;
            self.rest = behind;
            return Ok(Some(text));
        }
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        if !number.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
            return Err("expected a constant, found an expression".to_owned());
        }
        self.rest = behind;
        Ok(Some(number.to_owned()))
    }

    /// The text after the word CAST: a value and its type.
    fn cast(&mut self) -> Result<Option<String>, String> {
        let malformed = || "expected `CAST(constant AS type)`".to_owned();
        if !self.sign('(') {
            return Err(malformed());
        }
        let value = self.value()?;
        if !self.word("AS") {
            return Err(malformed());
        }
        let mut of = self.name().ok_or_else(malformed)?;
        while self.sign('.') {
            of = self.name().ok_or_else(malformed)?;
        }
        // The length of the type.
        if self.sign('(') {
            self.rest = self.rest.split_once(')').ok_or_else(malformed)?.1;
        }
        if !self.sign(')') {
            return Err(malformed());
        }
        match value.as_deref().and_then(hexadecimal) {
            Some(bytes) => moment(&bytes, &of).map(|moment| moment.or(value)),
            None => Ok(value),
        }
    }
}

/// The text up to `end`, which is doubled to represent itself, and the text after it.
fn until(text: &str, end: char) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut rest = text;
    loop {
        let at = rest.find(end)?;
        found.push_str(&rest[..at]);
        rest = &rest[at + end.len_utf8()..];
        match rest.strip_prefix(end) {
            Some(more) => {
                found.push(end);
                rest = more;
            }
            None => return Some((found, rest)),
        }
    }
}

/// The bytes of `0x...`.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The time in `bytes`, in SQL Server's own layout of the type `of`; `None` if the type is not a time.
fn moment(bytes: &[u8], of: &str) -> Result<Option<String>, String> {
    let of = of.to_ascii_lowercase();
    let number = |bytes: &[u8]| bytes.iter().fold(0_i64, |n, b| n << 8 | i64::from(*b));
    let reversed = |bytes: &[u8]| bytes.iter().rev().fold(0_i64, |n, b| n << 8 | i64::from(*b));
    let day = |year, days| {
        let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
        first.checked_add_signed(TimeDelta::try_days(days)?)?.and_hms_opt(0, 0, 0)
    };
    let found = match (of.as_str(), bytes) {
        ("datetime", [_, _, _, _, _, _, _, _]) => {
            // Days since 1900, which may be negative, and three hundredths of a second.
            let days = number(&bytes[..4]);
            let days = if days >= 1 << 31 { days - (1 << 32) } else { days };
            let ms = (number(&bytes[4..]) * 10 + 1) / 3;
            day(1900, days).and_then(|day| day.checked_add_signed(TimeDelta::milliseconds(ms)))
        }
        ("smalldatetime", [_, _, _, _]) => {
            let minutes = TimeDelta::minutes(number(&bytes[2..]));
            day(1900, number(&bytes[..2])).and_then(|day| day.checked_add_signed(minutes))
        }
        ("date", [_, _, _]) => day(1, reversed(bytes)),
        // Digits behind the second, units of the last of them since midnight, days since the year 1.
        ("datetime2", [digits @ 0..=7, middle @ .., _, _, _])
            if (3..=5).contains(&middle.len()) =>
        {
            let units = reversed(middle);
            let nanos = units * 10_i64.pow(9 - u32::from(*digits));
            let days = reversed(&bytes[bytes.len() - 3..]);
            day(1, days).and_then(|day| day.checked_add_signed(TimeDelta::nanoseconds(nanos)))
        }
        ("datetime" | "smalldatetime" | "date" | "datetime2" | "time" | "datetimeoffset", _) => {
            None
        }
        _ => return Ok(None),
    };
    let shown = found.map(|moment| match of.as_str() {
        "date" => moment.format("%Y-%m-%d").to_string(),
        "datetime2" => {
            let digits = usize::from(bytes[0]);
            let text = moment.format("%Y-%m-%d %H:%M:%S%.9f").to_string();
            let cut = text.len() - 9 + digits - usize::from(digits == 0);
            text[..cut].to_owned()
        }
        _ => moment.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
    });
    match shown {
        Some(shown) => Ok(Some(shown)),
        None => Err(format!("an unsupported binary constant of type {of}")),
    }
}

impl<R: Read> Reader for Inserts<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        match self.passed_over {
            0 => Vec::new(),
            1 => vec!["1 line of the script is not an INSERT and was skipped".to_owned()],
            n => vec![format!("{n} lines of the script are not INSERTs and were skipped")],
        }
    }
}
