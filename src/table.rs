//! The one currency between SQLite, transcribed files, the diff and the reports: a table of typed cells.
//!
//! The text form of a cell is decided here and nowhere else, in both directions: what [`Cell`] displays,
//! [`Kind::parse`] reads back. This module does not know SQLite, files or terminals.

pub mod decimal;
pub mod delimited;
pub(crate) mod keyed;
pub mod moment;
pub(crate) mod names;
pub mod pipe;
pub mod plain;
pub mod raw;
pub mod text_formula;

use std::borrow::Cow;
use std::{fmt, io};

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use schemars::JsonSchema;
use serde::Serialize;

use decimal::Decimal;

use crate::work;

/// What the cells of a column are, besides NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A whole number, as SQL Server's `numeric(18,0)`, `int` and `smallint` hold it.
    Integer,
    /// A number as it is written, of any length.
    Decimal,
    /// A number with a fraction, as a computer holds it.
    Real,
    /// Text of any length.
    Text,
    /// A wall-clock time in the server's own time zone, at millisecond precision.
    Timestamp,
    /// A length of time in whole seconds, shown as `HH:MM:SS`.
    Duration,
}

impl Kind {
    /// Every kind that a query may declare, in the order help and errors list them. Decimals come from files only.
    pub const ALL: [Self; 5] =
        [Self::Integer, Self::Real, Self::Text, Self::Timestamp, Self::Duration];

    /// The word by which a query's header, a report and an error call this kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Real => "real",
            Self::Text => "text",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
        }
    }

    /// The kind called `name`, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Reads `text` as a cell of this kind. `None` when it is not one: `abc` is no integer, and neither is
    /// `007`, which would not print back as it was.
    #[must_use]
    pub fn parse(self, text: &str) -> Option<Cell> {
        match self {
            Self::Text => Some(Cell::Text(text.to_owned())),
            Self::Integer => {
                let value: i64 = text.parse().ok()?;
                let printed = plain::is_integer(text.as_bytes()) || value.to_string() == text;
                printed.then_some(Cell::Integer(value))
            }
            Self::Decimal => Decimal::parse(text).map(Cell::Decimal),
            Self::Real => {
                let numeric = text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
                let value: f64 = text.parse().ok()?;
                (numeric && value.is_finite()).then_some(Cell::Real(value))
            }
            Self::Timestamp => parse_timestamp(text).map(Cell::Timestamp),
            Self::Duration => parse_duration(text).map(Cell::Duration),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value. NULL, the empty text and the text `NULL` are three different cells.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// SQL's NULL, no value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number as it is written; equal to every other spelling of it.
    Decimal(Decimal),
    /// A number with a fraction; never NaN or infinite.
    Real(f64),
    /// Text, kept to the byte.
    Text(String),
    /// Milliseconds since 1970-01-01 00:00:00.000 on the server's wall clock (server-local, no zone).
    Timestamp(i64),
    /// A duration in whole seconds.
    Duration(i64),
}

impl Cell {
    /// The word for what this cell is: its kind's name, or `null`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer(_) => Kind::Integer.name(),
            Self::Decimal(_) => Kind::Decimal.name(),
            Self::Real(_) => Kind::Real.name(),
            Self::Text(_) => Kind::Text.name(),
            Self::Timestamp(_) => Kind::Timestamp.name(),
            Self::Duration(_) => Kind::Duration.name(),
        }
    }

    /// The cell as JSON: null, a number, or a string; times, durations and decimals, which JSON's readers would round,
    /// in their text form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Integer(value) => (*value).into(),
            Self::Real(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Decimal(_) | Self::Timestamp(_) | Self::Duration(_) => self.to_string().into(),
        }
    }
}

impl schemars::JsonSchema for Cell {
    fn schema_name() -> Cow<'static, str> {
        "Cell".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["null", "integer", "number", "string"],
            "description": "A value: null, a number, or a string. Times are `2011-07-12 14:49:55.000` on the servers' \
                wall clock, durations `00:04:00`, decimals as they are written.",
        })
    }
}

impl Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// The plain text form: `NULL`, `1347`, `2011-07-12 14:49:55.000`, `00:04:00`. The text `NULL` and the
/// empty text look like themselves here; a format that must tell them apart quotes them.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(value) => value.fmt(f),
            Self::Decimal(value) => value.fmt(f),
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
            Self::Timestamp(ms) => match DateTime::from_timestamp_millis(*ms) {
                // Nearly every time, and ten thousands of them in an answer: without a pattern to read for each.
                Some(time) if matches!(time.year(), 0..=9999) => {
                    let mut text = *b"0000-00-00 00:00:00.000";
                    let mut put = |end: usize, digits: usize, mut number: u32| {
                        for at in (end - digits..end).rev() {
                            text[at] = b'0' + (number % 10) as u8;
                            number /= 10;
                        }
                    };
                    put(4, 4, time.year().unsigned_abs());
                    put(7, 2, time.month());
                    put(10, 2, time.day());
                    put(13, 2, time.hour());
                    put(16, 2, time.minute());
                    put(19, 2, time.second());
                    put(23, 3, time.timestamp_subsec_millis());
                    f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
                }
                Some(time) => write!(f, "{}", time.format("%Y-%m-%d %H:%M:%S%.3f")),
                None => write!(f, "{ms} ms"),
            },
            Self::Duration(seconds) => {
                let sign = if *seconds < 0 { "-" } else { "" };
                let s = seconds.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
            }
        }
    }
}

/// Reads `YYYY-MM-DD HH:MM:SS`, with `T` for the blank and up to seven decimals allowed, of which the first
/// three count, as milliseconds since 1970 on the same wall clock.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let long_way = || {
        (19..=27).contains(&bytes.len())
            && bytes.iter().enumerate().all(|(at, b)| match at {
                4 | 7 => *b == b'-',
                10 => matches!(b, b' ' | b'T'),
                13 | 16 => *b == b':',
                19 => *b == b'.' && bytes.len() > 20,
                17 => matches!(b, b'0'..=b'5'), // no 60th second, which would be read as the next minute's first
                _ => b.is_ascii_digit(),
            })
    };
    if !plain::is_time(bytes) && !long_way() {
        return None;
    }
    let number = |digits: &[u8]| {
        let digit = |n: u32, b: &u8| n * 10 + u32::from(b - b'0');
        digits.iter().fold(0, digit)
    };
    let two = |at: usize| number(&bytes[at..at + 2]);
    let year = i32::try_from(number(&bytes[..4])).ok()?;
    let date = NaiveDate::from_ymd_opt(year, two(5), two(8))?;
    let fraction = bytes.get(20..).unwrap_or(&[]);
    let missing = 3_usize.saturating_sub(fraction.len());
    let ms = number(&fraction[..fraction.len().min(3)]) * [1, 10, 100, 1000][missing];
    let time = date.and_hms_milli_opt(two(11), two(14), two(17), ms)?;
    Some(time.and_utc().timestamp_millis())
}

/// Reads `HH:MM:SS`, with more than two digits of hours and a leading `-` allowed, as seconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut parts = rest.split(':');
    let mut part = |digits: std::ops::RangeInclusive<usize>, below: i128| {
        let word = parts.next()?;
        let plain = digits.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        let value: i128 = plain.then(|| word.parse().ok())??;
        (value < below).then_some(value)
    };
    let (h, m, s) = (part(2..=16, i128::MAX)?, part(2..=2, 60)?, part(2..=2, 60)?);
    let seconds = i64::try_from(sign * (h * 3600 + m * 60 + s)).ok()?;
    parts.next().is_none().then_some(seconds)
}

/// Takes tables as they come, row after row, so that none has to be held.
pub trait Rows {
    /// Begins a table whose columns have these names.
    ///
    /// # Errors
    /// When what the rows go to does not take them.
    fn begin(&mut self, names: &[&str]) -> io::Result<()>;

    /// Takes the next row of the table that was begun last.
    ///
    /// # Errors
    /// As for [`Rows::begin`].
    fn row(&mut self, cells: &[Cell]) -> io::Result<()>;

    /// Hands on what is still held back. There are no more tables.
    ///
    /// # Errors
    /// As for [`Rows::begin`].
    fn end(&mut self) -> io::Result<()>;
}

/// A column of a [`ResultTable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// The name as the query or the file spells it, case kept.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// Whether its texts are the program's own words, and nothing that somebody wrote.
    #[serde(skip)]
    pub own: bool,
    /// The columns of tables that its values come from, in lower case, where a query says so.
    #[serde(skip)]
    pub from: Vec<String>,
}

impl Column {
    /// A column called `name` of `kind`.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, own: false, from: Vec::new() }
    }
}

/// Named, typed columns and rows of cells. Every row has as many cells as there are columns; rows stand in
/// the order in which the query or the file gave them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResultTable {
    /// The columns, left to right.
    pub columns: Vec<Column>,
    /// The rows, top to bottom.
    pub rows: Vec<Vec<Cell>>,
}

impl ResultTable {
    /// A table of text columns.
    pub fn of_texts(
        names: impl IntoIterator<Item = impl Into<String>>,
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Self {
        let column = |name| Column::new(name, Kind::Text);
        Self { columns: names.into_iter().map(column).collect(), rows: rows.into_iter().collect() }
    }

    /// Marks the columns of these names as the program's own words.
    pub fn mark_own(&mut self, names: &[String]) {
        for column in &mut self.columns {
            column.own |= names.contains(&column.name);
        }
    }

    /// Marks all columns as the program's own words.
    pub fn mark_all_own(&mut self) {
        for column in &mut self.columns {
            column.own = true;
        }
    }

    /// The position of the column called `name`, letter case included.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        work::steps(self.columns.len());
        self.columns.iter().position(|column| column.name == name)
    }

    /// The position of the only column called `name` in any letter case.
    #[must_use]
    pub fn position_in_any_case(&self, name: &str) -> Option<usize> {
        work::steps(self.columns.len());
        let name = name.to_lowercase();
        let mut found =
            (0..self.columns.len()).filter(|at| self.columns[*at].name.to_lowercase() == name);
        found.next().filter(|_| found.next().is_none())
    }

    /// The column names, left to right.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|c| c.name.as_str()).collect()
    }
}
