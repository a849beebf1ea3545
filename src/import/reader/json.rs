//! Reads JSON: an array of objects, or a sequence of objects, each a row. Numbers are kept as written, names may occur
//! twice in an object, and a value that is not a scalar is kept as its text. `serde_json` is not used: it reads a whole
//! row before its size can be limited, and stops at the first error, which here rejects one row.

mod dates;

use std::io::Read;

use dates::Instant;

use crate::import::reader::column_union::{DocumentColumn, NamedRow, RowSource, Union, UnionItem};
use crate::import::reader::queue::reject;
use crate::import::reader::window::Window;
use crate::import::reader::{Item, Reader};
use crate::record::{ReadError, Reason, RecordLimits};

/// The score of `bytes` as JSON.
#[must_use]
pub fn score(bytes: &[u8]) -> f64 {
    let mut rest = blank(bytes);
    if let Some(inner) = rest.strip_prefix(b"[") {
        rest = blank(inner);
        if rest.starts_with(b"]") {
            return 0.9;
        }
    }
    let named = rest.strip_prefix(b"{").map(blank);
    if named.is_some_and(|rest| matches!(rest.first(), Some(b'"' | b'}'))) { 0.95 } else { 0.0 }
}

fn blank(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

/// Reads one file.
pub struct Objects<R>(Union<Source<R>>);

impl<R: Read> Objects<R> {
    /// Reads records from `reader`, in which an earlier pass found the `expected` columns after the beginning.
    pub fn new(reader: R, limits: RecordLimits, expected: Vec<DocumentColumn>) -> Self {
        Self(Union::new(
            Source {
                window: Window::new(reader, limits.record),
                begun: false,
                array: false,
                wrapped: false,
                ended: false,
                utc: 0,
            },
            limits,
            expected,
        ))
    }
}

impl<R: Read> Reader for Objects<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        self.0.next()
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.0.late_columns()
    }

    fn remarks(&self) -> Vec<String> {
        let utc = match self.0.source().utc {
            0 => return Vec::new(),
            1 => "1 value".to_owned(),
            n => format!("{n} values"),
        };
        vec![format!(
            "times in `/Date(...)/` are UTC, not the server's local time ({utc}): for that, select \
             `CONVERT(varchar(23), COLUMN, 121)` and export again"
        )]
    }
}

/// The objects of a stream.
struct Source<R> {
    window: Window<R>,
    begun: bool,
    /// Whether they are in an array.
    array: bool,
    /// Whether that is the only member of an object: DBeaver's, with the table's name, or FOR JSON with ROOT.
    wrapped: bool,
    ended: bool,
    /// How many times are UTC.
    utc: u64,
}

impl<R: Read> RowSource for Source<R> {
    fn next_row(&mut self) -> Result<Option<UnionItem>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        loop {
            let Some(byte) = self.window.skip_blank()? else {
                self.ended = true;
                return Ok(self.array.then(|| self.cut("the array is not closed")));
            };
            match byte {
                b'[' if !self.begun => self.array = true,
                b',' => {}
                b']' if self.array => {
                    self.window.take(1);
                    if self.wrapped && self.window.skip_blank()? == Some(b'}') {
                        self.window.take(1);
                    }
                    match self.window.skip_blank()? {
                        // Another export of the same rows, put behind the first.
                        Some(b'[') => {}
                        None => {
                            self.ended = true;
                            return Ok(None);
                        }
                        Some(_) => return Err(self.malformed("text after the array")),
                    }
                }
                b'{' if !self.begun && self.is_wrapper()? => {
                    self.begun = true;
                    (self.array, self.wrapped) = (true, true);
                    continue;
                }
                b'{' => {
                    let is_first = !std::mem::replace(&mut self.begun, true);
                    return self.object(is_first).map(Some);
                }
                _ => return Err(self.malformed("expected an object")),
            }
            self.begun = true;
            self.window.take(1);
        }
    }
}

impl<R: Read> Source<R> {
    fn malformed(&self, what: &str) -> ReadError {
        ReadError::Malformed { line: self.window.line(), what: what.to_owned() }
    }

    /// Takes `{"name": [`, if the first object begins so and the array contains rows or is empty.
    fn is_wrapper(&mut self) -> Result<bool, ReadError> {
        const LONGEST: usize = 64 << 10;
        loop {
            let bytes = self.window.bytes();
            let inner = |bytes: &[u8]| {
                let rest = bytes.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
                let mut escaped = false;
                let end = rest.iter().position(|b| {
                    let ends = *b == b'"' && !escaped;
                    escaped = *b == b'\\' && !escaped;
                    ends
                })?;
                let rest = rest[end + 1..].trim_ascii_start().strip_prefix(b":")?;
                let rest = rest.trim_ascii_start().strip_prefix(b"[")?;
                matches!(rest.trim_ascii_start().first()?, b'{' | b']')
                    .then(|| bytes.len() - rest.len())
            };
            if let Some(length) = inner(bytes) {
                self.window.take(length);
                return Ok(true);
            }
            if bytes.len() >= LONGEST || !self.window.more()? {
                return Ok(false);
            }
        }
    }

    fn cut(&self, detail: &str) -> UnionItem {
        UnionItem::Reject(reject(self.window.line(), "", Reason::Truncated, detail.to_owned(), 0))
    }

    /// The object that begins here. One that is alone in its document is a row, unless it holds nothing but columns.
    fn object(&mut self, is_first: bool) -> Result<UnionItem, ReadError> {
        let line = self.window.line();
        let mut scan = Scan::default();
        let length = loop {
            if let Some(length) = scan.end(self.window.bytes()) {
                break length;
            }
            if !self.window.more()? {
                self.ended = true;
                let text = String::from_utf8_lossy(self.window.bytes()).into_owned();
                let detail = "the file ends inside this object".to_owned();
                return Ok(UnionItem::Reject(reject(line, &text, Reason::Truncated, detail, 1)));
            }
        };
        let bytes = &self.window.bytes()[..length];
        let found = match std::str::from_utf8(bytes) {
            Err(_) => {
                let text = String::from_utf8_lossy(bytes).replace('\u{FFFD}', "?");
                UnionItem::Reject(reject(
                    line,
                    &text,
                    Reason::NotText,
                    "bytes are not UTF-8 here".to_owned(),
                    1,
                ))
            }
            Ok(text) => match counted_members(text, &mut self.utc) {
                Ok(cells) => UnionItem::Row(NamedRow { line, text: text.to_owned(), cells }),
                Err(what) => UnionItem::Reject(reject(line, text, Reason::NotText, what, 1)),
            },
        };
        let holds_columns = is_first && are_columns(bytes);
        self.window.take(length);
        if holds_columns && self.window.skip_blank()?.is_none() {
            return Err(self.malformed(
                "the document holds columns and not rows: export an array of objects (pandas: `orient=\"records\"`)",
            ));
        }
        Ok(found)
    }
}

/// Whether an object has several members, and each is an array or an object.
fn are_columns(object: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(object);
    read.is_ok_and(|members| {
        members.len() > 1 && members.values().all(|value| value.is_array() || value.is_object())
    })
}

/// Finds the end of an object, remembering how far it has searched.
#[derive(Default)]
struct Scan {
    at: usize,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                _ if self.in_text => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// Names and values.
type Cells = Vec<(String, Option<String>)>;

/// The members of an object, in order.
fn members(text: &str) -> Result<Cells, String> {
    counted_members(text, &mut 0)
}

/// The same, counting in `utc` the times that are UTC.
fn counted_members(text: &str, utc: &mut u64) -> Result<Cells, String> {
    let mut cells = Vec::new();
    let mut rest = text.get(1..text.len() - 1).unwrap_or_default().trim();
    while !rest.is_empty() {
        let (name, after) = string(rest)?;
        let value =
            after.trim_start().strip_prefix(':').ok_or("expected `:` after a name")?.trim_start();
        let (cell, after) = scalar(value, utc)?;
        cells.push((name, cell));
        rest = after.trim_start();
        if let Some(next) = rest.strip_prefix(',') {
            rest = next.trim_start();
        } else if !rest.is_empty() {
            return Err("expected `,` between members".to_owned());
        }
    }
    Ok(cells)
}

/// The string at the beginning of `text`, and the text after it.
fn string(text: &str) -> Result<(String, &str), String> {
    let inner = text.strip_prefix('"').ok_or("expected a name in quotes")?;
    let mut escaped = false;
    let end = inner.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    let end = end.ok_or("a string is not closed")? + 2;
    let value = serde_json::from_str(&text[..end])
        .map_err(|error| format!("is not a valid JSON string: {error}"))?;
    Ok((value, &text[end..]))
}

/// The value at the beginning of `text`, and the text after it.
fn scalar<'t>(text: &'t str, utc: &mut u64) -> Result<(Option<String>, &'t str), String> {
    let mut as_time = |value: &str| {
        let time = Instant::of(value)?;
        *utc += u64::from(time.is_utc);
        Some(time.text)
    };
    if text.starts_with('"') {
        let (value, rest) = string(text)?;
        let written = &text[..text.len() - rest.len()];
        return Ok((Some(as_time(written).unwrap_or(value)), rest));
    }
    let end = if text.starts_with(['{', '[']) {
        Scan::default().end(text.as_bytes()).ok_or("a value is not closed")?
    } else {
        text.find([',', '}', ']', ' ', '\r', '\n', '\t']).unwrap_or(text.len())
    };
    let (value, rest) = text.split_at(end);
    if let Some(time) = as_time(value) {
        return Ok((Some(time), rest));
    }
    let cell = match value {
        "" => return Err("a value is missing".to_owned()),
        "null" => None,
        // As SQL Server writes a bit everywhere else.
        "true" => Some("1"),
        "false" => Some("0"),
        other => Some(other),
    };
    Ok((cell.map(str::to_owned), rest))
}
