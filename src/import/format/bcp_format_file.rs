//! bcp format files, as text or XML: the columns of a data file without a header, and their terminators.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

use crate::import::reader::fixed_width::{Ends, Widths};

/// More columns than any format file has.
const LARGEST: u64 = 4 << 20;

/// Endings of the files next to which a format file is looked for.
const DATA: [&str; 3] = ["dat", "txt", "bcp"];

/// Why a format file cannot be used.
#[derive(Debug, Error)]
#[error("{}{}: {what}", file.display(), at_line(*line))]
pub struct FormatError {
    /// The path of the file.
    pub file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What was found, and what was expected.
    pub what: String,
}

/// The line behind a file's name; nothing for the file as a whole.
fn at_line(line: usize) -> String {
    match line {
        0 => String::new(),
        line => format!(":{line}"),
    }
}

/// Parses a terminator as bcp and BULK INSERT accept it on the command line: `\t`, `\n`, `\r`, `\0`, `\\`, or bytes
/// such as `0x0a`. Anything else is taken literally.
#[must_use]
pub fn terminator(text: &str) -> String {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(found) = hex.and_then(of_hex) {
        return found;
    }
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('0')) => '\0',
            ('\\', Some('\\')) => '\\',
            _ => {
                out.push(c);
                continue;
            }
        };
        chars.next();
        out.push(escaped);
    }
    out
}

fn of_hex(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes = pairs.collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

/// The contents of a format file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatFile {
    /// The column names, in the order of the data file.
    pub names: Vec<String>,
    /// The field terminator.
    pub delimiter: String,
    /// The record terminator; `None` for a line end.
    pub record_end: Option<String>,
    /// The widths of the columns in characters, if nothing separates them.
    pub widths: Option<Widths>,
    /// What precedes the first field of each record: the opening quote, if all values are quoted.
    pub prefix: Option<String>,
}

/// A column, and where in the file it is declared.
struct Column {
    line: usize,
    name: String,
    /// The terminator of the column.
    end: String,
    /// Its width in characters, if fixed.
    length: Option<usize>,
    /// Whether it is not loaded into any column of the table.
    is_left_out: bool,
}

impl FormatFile {
    /// Reads the format file at `path`.
    ///
    /// # Errors
    /// If it cannot be read or is invalid.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let wrong = |line, what| FormatError { file: path.to_owned(), line, what };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
            .map_err(|error| wrong(0, format!("cannot be read: {error}")))?;
        Self::parse(&text).map_err(|(line, what)| wrong(line, what))
    }

    /// The format file next to the data file at `path`: `EGPL_USER_Format.fmt` or `EGPL_USER.fmt` next to
    /// `EGPL_USER.dat`, `.txt` or `.bcp`, even if the table name in the data file is followed by a date and a number,
    /// as in `EGPL_USER_20261124_1.dat`.
    ///
    /// # Errors
    /// If there is one and it cannot be used.
    pub fn beside(path: &Path) -> Result<Option<Self>, FormatError> {
        let is_data = path
            .extension()
            .is_some_and(|extension| DATA.iter().any(|data| extension.eq_ignore_ascii_case(data)));
        let Some(stem) = path.file_stem().filter(|_| is_data) else {
            return Ok(None);
        };
        let stem = stem.to_string_lossy();
        let table = stem.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-'));
        let stems = [&*stem, table].into_iter().filter(|stem| !stem.is_empty());
        let mut beside = stems.flat_map(|stem| {
            ["_Format.fmt", ".fmt"].map(|end| path.with_file_name(format!("{stem}{end}")))
        });
        let found = beside.find(|file| file.is_file());
        found.map(|file| Self::open(&file)).transpose()
    }

    /// Parses the text of a format file.
    ///
    /// # Errors
    /// With the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let text = text.trim_start_matches('\u{FEFF}');
        let columns = if text.trim_start().starts_with('<') {
            columns_of_xml(text)?
        } else {
            columns_of_lines(text)?
        };
        Self::of(columns)
    }

    fn of(mut columns: Vec<Column>) -> Result<Self, (usize, String)> {
        // A field before the first column that takes nothing but the quote before it.
        let is_prefix = |first: &Column| first.is_left_out && matches!(&*first.end, "\"" | "'");
        let prefix = match columns.first() {
            Some(first) if columns.len() > 1 && is_prefix(first) => Some(columns.remove(0).end),
            _ => None,
        };
        let names: Vec<String> = columns.iter().map(|own| own.name.clone()).collect();
        let lengths = columns.iter().map(|own| own.length).collect();
        let lines: Vec<usize> = columns.iter().map(|own| own.line).collect();
        let mut ends: Vec<String> = columns.into_iter().map(|own| own.end).collect();
        let fixed = ends.len() > 1 && ends.iter().rev().skip(1).all(String::is_empty);
        let widths = match fixed {
            true => Some(widths(&names, &ends, lengths)?),
            false => None,
        };
        let record_end = ends.pop().filter(|end| end != "\r\n" && end != "\n");
        let delimiter = ends.first().cloned().unwrap_or_default();
        let odd = |end: &String| *end != delimiter || end.is_empty();
        if let Some(at) = ends.iter().position(odd).filter(|_| !fixed) {
            return Err((
                lines[at],
                "columns must all have the same terminator, or all have a length".to_owned(),
            ));
        }
        Ok(Self { names, delimiter, record_end: record_end.filter(|_| !fixed), widths, prefix })
    }
}

/// What is said of a column whose type is not text.
fn native(kind: &str) -> String {
    format!(
        "the field is of type `{kind}`: native-format data (`bcp -n`) is not supported; export it as text, \
         with `bcp ... -c` or `-w`"
    )
}

/// The columns of a format file that is not XML.
fn columns_of_lines(text: &str) -> Result<Vec<Column>, (usize, String)> {
    let mut lines = (1..).zip(text.lines());
    let version = lines.next().map(|(_, line)| line.trim()).unwrap_or_default();
    if version.parse::<f64>().is_err() {
        return Err((1, format!("expected the version, found `{version}`")));
    }
    let (_, count) = lines.next().ok_or((2, "expected the number of columns".to_owned()))?;
    let count: usize =
        count.trim().parse().map_err(|_| (2, "expected the number of columns".to_owned()))?;
    let mut columns = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let kind = line.split_whitespace().nth(1).unwrap_or_default();
        if kind.starts_with("SQL") && !matches!(kind, "SQLCHAR" | "SQLNCHAR") {
            return Err((number, native(kind)));
        }
        let column = column(line, number).ok_or_else(|| (number, "is not a column".to_owned()))?;
        columns.push(column);
    }
    if columns.len() != count || columns.is_empty() {
        return Err((2, format!("declares {count} columns, but {} follow", columns.len())));
    }
    Ok(columns)
}

/// The columns of an XML format file: its fields in order, each with the name of its target column.
fn columns_of_xml(text: &str) -> Result<Vec<Column>, (usize, String)> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut fields: Vec<(String, Column)> = Vec::new();
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let line = 1 + text[..before.min(text.len())].matches('\n').count();
        let event = reader.read_event().map_err(|_| (line, "is not well-formed XML".to_owned()))?;
        let (Event::Start(element) | Event::Empty(element)) = event else {
            if event == Event::Eof {
                break;
            }
            continue;
        };
        match element.local_name().as_ref() {
            "FIELD" => fields.push(field_of_xml(&element, line)?),
            "COLUMN" => {
                let source = attribute(&element, "SOURCE").unwrap_or_default();
                let name = attribute(&element, "NAME").unwrap_or_default();
                let field = fields.iter_mut().find(|(id, _)| *id == source);
                let Some((_, column)) = field else {
                    return Err((line, format!("there is no field `{source}` for `{name}`")));
                };
                column.name = name;
                column.is_left_out = false;
            }
            _ => {}
        }
    }
    if fields.is_empty() {
        return Err((1, "expected fields, found none".to_owned()));
    }
    Ok(fields.into_iter().map(|(_, column)| column).collect())
}

fn field_of_xml(
    element: &BytesStart<'_>,
    line: usize,
) -> Result<(String, Column), (usize, String)> {
    let id = attribute(element, "ID").unwrap_or_default();
    let kind = attribute(element, "type").unwrap_or_default();
    if !matches!(&*kind, "CharTerm" | "NCharTerm" | "CharFixed" | "NCharFixed") {
        return Err((line, native(&kind)));
    }
    let length = attribute(element, "LENGTH").and_then(|length| length.parse::<usize>().ok());
    let end = attribute(element, "TERMINATOR").map(|end| terminator(&end));
    let bytes = if kind.starts_with('N') { 2 } else { 1 };
    let column = Column {
        line,
        name: format!("field_{id}"),
        end: end.unwrap_or_default(),
        length: length.map(|length| length / bytes),
        is_left_out: true,
    };
    Ok((id, column))
}

/// The value of an attribute, with or without a namespace prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes().flatten();
    let found = attributes.find(|own| own.key.local_name().as_ref() == name)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// The widths of columns without separators.
fn widths(
    names: &[String],
    ends: &[String],
    lengths: Vec<Option<usize>>,
) -> Result<Widths, (usize, String)> {
    let last = ends.last().map(String::as_str).unwrap_or_default();
    let ends = match last {
        "" => Ends::Run,
        "\r\n" | "\n" => Ends::Lines,
        _ => {
            let what =
                "fixed-length columns may end only in a line end, or in no terminator".to_owned();
            return Err((names.len() + 2, what));
        }
    };
    let each: Option<Vec<usize>> = lengths.into_iter().collect();
    let each = each
        .filter(|each| each.iter().all(|length| (1..=1 << 24).contains(length)))
        .ok_or((0, "a column has neither a terminator nor a character length".to_owned()))?;
    Ok(Widths { each, names: Some(names.to_vec()), ends: Some(ends) })
}

/// The name and the terminator in a line such as `1 SQLNCHAR 0 48 "<\0E\0O\0F\0D\0>\0" 1 USER_ID ""`.
fn column(line: &str, number: usize) -> Option<Column> {
    let (before, rest) = line.split_once('"')?;
    let before: Vec<&str> = before.split_whitespace().collect();
    let [_, kind, prefix, length] = before[..] else {
        return None;
    };
    let length: usize = length.parse().ok()?;
    // A length is in bytes, and one of UTF-16 has two.
    let length = match (prefix, kind) {
        ("0", "SQLCHAR") => Some(length),
        ("0", "SQLNCHAR") if length.is_multiple_of(2) => Some(length / 2),
        _ => None,
    };
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => match chars.next()? {
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'n' => text.push('\n'),
                // The second byte of a character of UTF-16.
                '0' => {}
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    let mut target = chars.as_str().split_whitespace();
    let (place, name) = (target.next()?, target.next()?);
    Some(Column {
        line: number,
        name: name.to_owned(),
        end: text,
        length,
        is_left_out: place == "0",
    })
}
