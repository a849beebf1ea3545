//! Reads rows in XML: one element per row within the root element, and in it one element per column, or attributes. In
//! a document type, only declarations of elements and attributes are accepted and skipped, as DBeaver writes them:
//! entities are refused, because they are an attack vector.

use std::io::Read;

use crate::import::format::NullStyle;
use crate::import::reader::column_union::{
    DocumentColumn, NamedRow, RowSource as Source, Union, UnionItem,
};
use crate::import::reader::grid::entities;
use crate::import::reader::queue::reject;
use crate::import::reader::window::Window;
use crate::import::reader::{Item, Reader};
use crate::record::{ReadError, Reason, RecordLimits};
use crate::work;

/// The score of `bytes` as XML.
#[must_use]
pub fn score(bytes: &[u8]) -> f64 {
    let rest = bytes.trim_ascii_start();
    let element = rest.first() == Some(&b'<')
        && rest.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'!');
    if rest.starts_with(b"<?xml") || (element && memchr::memchr(b'>', rest).is_some()) {
        0.95
    } else {
        0.0
    }
}

/// How likely `bytes` are XML whose writer says NULL as `nulls` has it: Azure Data Studio (`<data>`) and DBeaver
/// (`<DATA_RECORD>`) write nothing for NULL, SQL Server's FOR XML leaves it out or writes `xsi:nil`.
#[must_use]
pub fn score_with(bytes: &[u8], nulls: NullStyle) -> f64 {
    let has = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
    let written = ["<data>", "<DATA_RECORD>"].into_iter().any(has) && !has(":nil=");
    match written == (nulls == NullStyle::Empty) {
        true => score(bytes),
        false => score(bytes) / 2.0,
    }
}

/// Reads one file.
pub struct XmlRows<R>(Union<Elements<R>>);

impl<R: Read> XmlRows<R> {
    /// Reads records from `reader`, in which an earlier pass found the `expected` columns after the beginning.
    pub fn new(reader: R, limits: RecordLimits, expected: Vec<DocumentColumn>) -> Self {
        Self(Union::new(
            Elements {
                window: Window::new(reader, limits.record),
                root: None,
                rootless: false,
                ended: false,
            },
            limits,
            expected,
        ))
    }
}

impl<R: Read> Reader for XmlRows<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        self.0.next()
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.0.late_columns()
    }
}

/// The elements within the root element.
struct Elements<R> {
    window: Window<R>,
    root: Option<String>,
    /// Whether rows have no element around them: FOR XML without ROOT.
    rootless: bool,
    ended: bool,
}

/// The text between `<` and `>`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    Open {
        name: String,
        attributes: String,
        empty: bool,
    },
    Close(String),
    /// A comment, a processing instruction.
    Other,
}

impl<R: Read> Source for Elements<R> {
    fn next_row(&mut self) -> Result<Option<UnionItem>, ReadError> {
        while !self.ended {
            let Some(byte) = self.window.skip_blank()? else {
                self.ended = true;
                let cut = || {
                    reject(
                        self.window.line(),
                        "",
                        Reason::Truncated,
                        "the outermost element is not closed".to_owned(),
                        0,
                    )
                };
                let open = self.root.is_some() && !self.rootless;
                return Ok(open.then(|| UnionItem::Reject(cut())));
            };
            if byte != b'<' {
                return Err(self.malformed("text between rows"));
            }
            let line = self.window.line();
            let Some((tag, length)) = self.tag(0)? else {
                self.ended = true;
                let text = String::from_utf8_lossy(self.window.bytes()).into_owned();
                let detail = "the file ends inside this element".to_owned();
                return Ok(Some(UnionItem::Reject(reject(
                    line,
                    &text,
                    Reason::Truncated,
                    detail,
                    1,
                ))));
            };
            match tag {
                Tag::Other => self.window.take(length),
                Tag::Open { name, attributes, empty } if self.root.is_none() => {
                    self.rootless = if empty {
                        !attributes.is_empty()
                    } else {
                        self.is_followed(&name, length)?
                    };
                    self.root = Some(name);
                    if !self.rootless {
                        self.window.take(length);
                        self.ended = empty;
                    }
                }
                Tag::Close(name) if Some(&name) == self.root.as_ref() && !self.rootless => {
                    self.window.take(length);
                    self.ended = true;
                }
                Tag::Close(_) => {
                    return Err(self.malformed("a closing tag has no opening tag"));
                }
                Tag::Open { name, attributes, empty } => {
                    return self.row(line, &name, &attributes, length, empty).map(Some);
                }
            }
        }
        Ok(None)
    }
}

impl<R: Read> Elements<R> {
    fn malformed(&self, what: &str) -> ReadError {
        ReadError::Malformed { line: self.window.line(), what: what.to_owned() }
    }

    /// Whether another element follows the first one, called `name`, whose tag has `length` bytes.
    fn is_followed(&mut self, name: &str, length: usize) -> Result<bool, ReadError> {
        const LONGEST: usize = 1 << 20;
        let close = format!("</{name}>");
        let mut from = length;
        loop {
            let bytes = self.window.bytes();
            work::steps(bytes.len() - from);
            if let Some(at) = memchr::memmem::find(&bytes[from..], close.as_bytes()) {
                let behind = bytes[from + at + close.len()..].trim_ascii_start();
                if behind.len() > 1 {
                    return Ok(behind[0] == b'<' && behind[1] != b'!' && behind[1] != b'?');
                }
            } else {
                from = bytes.len().saturating_sub(close.len()).max(length);
            }
            if bytes.len() >= LONGEST || !self.window.more()? {
                return Ok(false);
            }
        }
    }

    /// The tag at `at` and its length; `None` when the file ends inside it.
    fn tag(&mut self, at: usize) -> Result<Option<(Tag, usize)>, ReadError> {
        loop {
            let bytes = &self.window.bytes()[at.min(self.window.bytes().len())..];
            let end: &[u8] = if bytes.starts_with(b"<!--") {
                b"-->"
            } else if bytes.starts_with(b"<?") {
                b"?>"
            } else {
                b">"
            };
            let found = memchr::memmem::find(bytes, end).filter(|_| bytes.len() >= 4);
            work::steps(found.unwrap_or(bytes.len()));
            if let Some(found) = found {
                let length = found + end.len();
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                if text.starts_with("<!") && !text.starts_with("<!--") {
                    let Some(length) = self.document_type(at, &text)? else {
                        return Ok(None);
                    };
                    return Ok(Some((Tag::Other, length)));
                }
                return Ok(Some((parse(&text), length)));
            }
            if !self.window.more()? {
                return Ok(None);
            }
        }
    }

    /// The length of the document type at `at`, given `first`, its text up to its first `>`: empty, or bracketed
    /// declarations of elements and their attributes. `None` if the file ends inside it.
    fn document_type(&mut self, at: usize, first: &str) -> Result<Option<usize>, ReadError> {
        const LONGEST: usize = 1 << 20;
        let refused = "a DOCTYPE with more than elements and attributes is not supported";
        if self.root.is_some() || !first.starts_with("<!DOCTYPE") {
            return Err(self.malformed(refused));
        }
        let Some(open) = first.find('[') else {
            let is_named = first.split_whitespace().count() == 2;
            return match is_named {
                true => Ok(Some(first.len())),
                false => Err(self.malformed(refused)),
            };
        };
        let mut from = 0;
        let close = loop {
            let bytes = &self.window.bytes()[at..];
            work::steps(bytes.len() - from);
            if let Some(found) = memchr::memmem::find(&bytes[from..], b"]>") {
                break from + found;
            }
            from = bytes.len().saturating_sub(1);
            if from > LONGEST {
                return Err(self.malformed(refused));
            }
            if !self.window.more()? {
                return Ok(None);
            }
        };
        let inner = String::from_utf8_lossy(&self.window.bytes()[at + open + 1..at + close]);
        let is_harmless = |part: &str| {
            let part = part.trim();
            part.is_empty() || part.starts_with("<!ELEMENT ") || part.starts_with("<!ATTLIST ")
        };
        let is_named = first[..open].split_whitespace().count() == 2;
        match is_named && inner.split('>').all(is_harmless) {
            true => Ok(Some(close + 2)),
            false => Err(self.malformed(refused)),
        }
    }

    /// The row that begins here with a tag of `length` bytes.
    fn row(
        &mut self,
        line: u64,
        name: &str,
        attributes: &str,
        length: usize,
        empty: bool,
    ) -> Result<UnionItem, ReadError> {
        let close = format!("</{name}>");
        let whole = if empty {
            length
        } else {
            let mut from = length;
            loop {
                let bytes = self.window.bytes();
                work::steps(bytes.len() - from);
                if let Some(found) = memchr::memmem::find(&bytes[from..], close.as_bytes()) {
                    break from + found + close.len();
                }
                from = bytes.len().saturating_sub(close.len()).max(length);
                if !self.window.more()? {
                    self.ended = true;
                    let text = String::from_utf8_lossy(self.window.bytes()).into_owned();
                    let detail = "the file ends inside this row".to_owned();
                    return Ok(UnionItem::Reject(reject(
                        line,
                        &text,
                        Reason::Truncated,
                        detail,
                        1,
                    )));
                }
            }
        };
        let bytes = &self.window.bytes()[..whole];
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
            Ok(text) => {
                let inner = if empty { "" } else { &text[length..whole - close.len()] };
                match cells(attributes, inner) {
                    Ok(cells) => UnionItem::Row(NamedRow { line, text: text.to_owned(), cells }),
                    Err(what) => UnionItem::Reject(reject(line, text, Reason::Ragged, what, 1)),
                }
            }
        };
        self.window.take(whole);
        Ok(found)
    }
}

/// Reads a tag.
fn parse(text: &str) -> Tag {
    if text.starts_with("<?") || text.starts_with("<!") {
        return Tag::Other;
    }
    let inner = text.trim_start_matches('<').trim_end_matches('>');
    if let Some(name) = inner.strip_prefix('/') {
        return Tag::Close(name.trim().to_owned());
    }
    let empty = inner.ends_with('/');
    let inner = inner.trim_end_matches('/');
    let (name, attributes) = inner.split_once(|c: char| c.is_whitespace()).unwrap_or((inner, ""));
    Tag::Open { name: name.to_owned(), attributes: attributes.trim().to_owned(), empty }
}

/// Names and values.
type Cells = Vec<(String, Option<String>)>;

/// The cells of a row: its attributes, and the elements in it.
fn cells(attributes: &str, inner: &str) -> Result<Cells, String> {
    let mut cells = pairs(attributes)?;
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let end =
            rest.find('>').filter(|_| rest.starts_with('<')).ok_or("text between elements")?;
        let (tag, behind) = rest.split_at(end + 1);
        let Tag::Open { name, attributes, empty } = parse(tag) else {
            rest = behind.trim_start();
            continue;
        };
        let is_null = attributes.contains("nil=\"true\"") || attributes.contains("nil='true'");
        let (text, after) = if empty {
            ("", behind)
        } else {
            behind
                .split_once(&format!("</{name}>"))
                .ok_or_else(|| format!("`{name}` is not closed"))?
        };
        cells.push((unnamed(&name), (!is_null).then(|| content(text))));
        rest = after.trim_start();
    }
    Ok(cells)
}

/// Names and values of attributes.
fn pairs(attributes: &str) -> Result<Cells, String> {
    let mut cells = Vec::new();
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("expected `=` in an attribute")?;
        let after = after.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
            .ok_or("expected a quoted attribute")?;
        let (value, after) = after[1..].split_once(quote).ok_or("an attribute is not closed")?;
        if !name.contains(':') && !name.trim().starts_with("xmlns") {
            cells.push((unnamed(name.trim()), Some(entities(value))));
        }
        rest = after.trim_start();
    }
    Ok(cells)
}

/// The text of an element. A literal line break is a line feed, as XML requires.
fn content(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    match text.trim().strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>")) {
        Some(data) => data.to_owned(),
        None => entities(&text),
    }
}

/// A name with `_x0020_` decoded.
fn unnamed(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let c = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let (text, next) = match c {
            Some(_) => (at, at + 7),
            None => (at + 2, at + 2),
        };
        out.push_str(&rest[..text]);
        out.extend(c);
        rest = &rest[next..];
    }
    out.push_str(rest);
    out
}
