//! The type that a field looks like, and whether a text could be a column name.

use crate::import::format::escape::Escape;
use crate::schema::TABLES;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The names of all columns of the product's tables, in lower case, and whether each is a number or a time in all of
/// them.
pub(super) static COLUMNS: LazyLock<HashMap<&'static str, bool>> = LazyLock::new(|| {
    let theirs = TABLES.iter().filter(|(table, ..)| table.starts_with("eg"));
    let mut columns = HashMap::new();
    for (name, of) in theirs.flat_map(|(.., columns)| columns.iter()) {
        let of = of.to_ascii_uppercase();
        let is_text = of.contains("CHAR") || of.contains("TEXT");
        *columns.entry(*name).or_insert(true) &= !is_text;
    }
    columns
});

/// What the product's columns look like by their types: numbers or times; `None` if its tables differ.
pub(super) static LOOKS: LazyLock<HashMap<&'static str, CellShape>> = LazyLock::new(|| {
    let mut looks = HashMap::new();
    let theirs = TABLES.iter().filter(|(table, ..)| table.starts_with("eg"));
    for (name, declared) in theirs.flat_map(|(.., columns)| columns.iter()) {
        let look = if declared.starts_with("DATETIME") {
            CellShape::Time
        } else if declared.is_empty()
            || ["CHAR", "TEXT", "BINARY", "BLOB"].iter().any(|text| declared.contains(text))
        {
            CellShape::Text
        } else {
            CellShape::Number
        };
        let known = looks.entry(*name).or_insert(look);
        if *known != look {
            *known = CellShape::Text;
        }
    }
    looks
});

/// Whether the product's columns called `name` are numbers or times, in any table.
#[must_use]
pub fn known_look(name: &str) -> Option<CellShape> {
    let look = LOOKS.get(name.trim().to_ascii_lowercase().as_str())?;
    matches!(look, CellShape::Number | CellShape::Time).then_some(*look)
}

/// What the fields of a column look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellShape {
    /// No fields, or only NULL.
    Nothing,
    /// Numbers, whole or not.
    Number,
    /// Dates and times, as SQL Server writes them.
    Time,
    /// Anything else: text.
    Text,
}

impl CellShape {
    /// What `text` looks like.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_empty() || text == "NULL" || text == Escape::NULL {
            Self::Nothing
        } else if is_number(text) {
            Self::Number
        } else if is_time(text) {
            Self::Time
        } else {
            Self::Text
        }
    }

    /// What a column looks like that has fields of both kinds.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other,
            (same, Self::Nothing) => same,
            (one, other) if one == other => one,
            _ => Self::Text,
        }
    }

    /// Whether a field that looks like `self` fits a column that looks like `column`.
    #[must_use]
    pub fn fits(self, column: Self) -> bool {
        matches!(column, Self::Text | Self::Nothing) || self == Self::Nothing || self == column
    }
}

pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let all = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    // bcp and sqlcmd write no zero before the point.
    let has_whole = !whole.is_empty() || digits.starts_with('.');
    has_whole && all(whole) && !fraction.is_empty() && all(fraction) && digits.len() < 40
}

/// `2011-07-12 14:49:55.000`, with a `T`, a comma, any fraction, an offset, or the date alone.
pub(super) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |at: usize, pattern: &[u8]| {
        bytes.get(at..at + pattern.len()).is_some_and(|part| {
            (part.iter().zip(pattern)).all(
                |(b, p)| {
                    if *p == b'0' { b.is_ascii_digit() } else { b == p }
                },
            )
        })
    };
    let day = shape(0, b"0000-00-00");
    day && (bytes.len() == 10
        || (bytes.len() <= 36 && matches!(bytes[10], b' ' | b'T') && shape(11, b"00:00")))
}

/// Whether `name` is a column of the product, in any letter case.
#[must_use]
pub fn is_known_column(name: &str) -> bool {
    let name = name.trim_matches(['[', ']', '"']);
    let last = name.rsplit('.').next().unwrap_or(name).trim_matches(['[', ']']);
    last.starts_with("__$") || COLUMNS.contains_key(last.to_ascii_lowercase().as_str())
}

/// Whether a column of the product is declared as something other than text; `None` if `name` is not a column.
pub(super) fn is_declared_typed(name: &str) -> Option<bool> {
    COLUMNS.get(name.trim().to_ascii_lowercase().as_str()).copied()
}

/// Whether `text` could be a column name: not a number, time, NULL or address, and on one line.
pub(crate) fn could_be_name(text: &str) -> bool {
    let odd = |c: char| {
        c.is_control() || matches!(c, '@' | '<' | '>' | '\u{FFFD}' | ':' | '=' | '?' | '!')
    };
    text.len() <= 128 && CellShape::of(text) == CellShape::Text && !text.contains(odd)
        || text.is_empty()
}

/// Whether these are column names: all are possible, and at least one, or half of many, are the product's.
#[must_use]
pub fn are_names<'n>(names: impl Iterator<Item = &'n str> + Clone) -> bool {
    let filled = names.clone().filter(|name| !name.is_empty());
    let (count, known) = filled.fold((0, 0), |(count, known), name| {
        (count + 1, known + usize::from(is_known_column(name)))
    });
    known > 0 && known * 4 >= count && names.clone().all(could_be_name)
}
