//! Names of tables and columns as spelled in files, in the product and in the database.

use super::LONGEST_NAME;
use crate::schema::product::PRODUCT;
use crate::schema::product::ProductTable;
use std::collections::BTreeSet;

/// A parsed heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// As in the file.
    pub(super) written: String,
    /// The column name, in lower case, with known alternative spellings replaced.
    pub(super) column: String,
    /// The product's table named in the heading.
    pub(super) table: Option<&'static ProductTable>,
}

/// Spellings of columns in public sources that differ from the schema's but mean the same column.
pub(super) const SPELLINGS: [(&str, &str); 6] = [
    ("default_sosial_queue", "default_social_queue"),
    ("sosial_routing_type", "social_routing_type"),
    ("whenmodified", "when_modified"),
    ("first_name_furigana", "first_name_furigama"),
    ("middle_name_furigana", "middle_name_furigama"),
    ("last_name_furigana", "last_name_furigama"),
];

/// The product's table that a name refers to: in any case, bracketed or quoted, qualified with database and owner, a
/// view over it, a part of it by status, or a table of its changes.
#[must_use]
pub fn product_table(name: &str) -> Option<&'static ProductTable> {
    let last = parts(name).pop()?;
    let lower = last.to_lowercase();
    let bare = lower.strip_prefix("view_").unwrap_or(&lower);
    let bare = match bare.strip_suffix("_ct") {
        Some(of) => of.split_once("egpl_").map_or(of, |(owner, _)| &of[owner.len()..]),
        None => bare,
    };
    ProductTable::named(bare).or_else(|| {
        let (before, status) = bare.rsplit_once('_')?;
        let numbered = !status.is_empty() && status.bytes().all(|b| b.is_ascii_digit());
        ProductTable::named(before).filter(|_| numbered)
    })
}

/// The parts of a qualified name, without brackets and quotes.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut closing = None;
    let mut chars = name.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut().expect("there is one from the start");
        match (closing, c) {
            (Some(end), c) if c == end => {
                if chars.peek() == Some(&end) {
                    part.push(c);
                    chars.next();
                } else {
                    closing = None;
                }
            }
            (Some(_), c) => part.push(c),
            (None, '[') if part.is_empty() => closing = Some(']'),
            (None, '"') if part.is_empty() => closing = Some('"'),
            (None, '.') => parts.push(String::new()),
            (None, c) => part.push(c),
        }
    }
    parts
}

pub(super) fn is_known(column: &str) -> bool {
    PRODUCT.iter().any(|table| table.position(column).is_some())
}

pub(super) fn heading(written: &str) -> Heading {
    let plain = written.trim_matches(['\u{feff}', ' ', '\t']);
    let plain = plain.trim().replace("\\_", "_");
    let mut parts = parts(&plain);
    let own = parts.pop().unwrap_or_default();
    let last = own.trim().to_lowercase();
    let spelt = |name: &str| {
        let other = SPELLINGS.iter().find(|(other, _)| *other == name);
        let name = other.map_or(name, |(_, ours)| ours);
        let others = [name.replace([' ', '-'], "_"), with_underscores(own.trim())];
        let known = others.into_iter().find(|other| !is_known(name) && is_known(other));
        known.unwrap_or_else(|| name.to_owned())
    };
    let column = spelt(&last);
    if parts.is_empty() || !is_known(&column) {
        let whole = if parts.is_empty() { column } else { plain.to_lowercase() };
        return Heading { written: written.to_owned(), column: whole, table: None };
    }
    let table = parts.last().and_then(|owner| product_table(owner));
    Heading {
        written: written.to_owned(),
        table: table.filter(|table| table.position(&column).is_some()),
        column,
    }
}

/// `ActivityId` and `activityID` as `activity_id`.
fn with_underscores(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for c in name.chars() {
        if c.is_uppercase() && was_small {
            out.push('_');
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}

/// Whether a column holds passwords. Columns of the schema that are only about passwords do not.
pub(super) fn is_secret(column: &str) -> bool {
    let is_short = |part: &str| ["passwd", "pwd"].contains(&part);
    let named = column.contains("password")
        || column == "case_insensitive"
        || column.split('_').any(is_short);
    named && !is_known(column)
}

/// The column name in a heading, without its table, in lower case.
pub(crate) fn column_name(written: &str) -> String {
    let plain = written.trim_matches(['\u{feff}', ' ', '\t']);
    let last = parts(plain.trim()).pop().unwrap_or_default();
    last.trim().to_lowercase()
}

/// Whether a heading is that of a password column.
pub(crate) fn is_secret_heading(written: &str) -> bool {
    is_secret(&heading(written).column)
}

/// Whether a heading is that of a column of the product.
pub(crate) fn is_known_heading(written: &str) -> bool {
    is_known(&heading(written).column)
}

/// The name under which a column that the schema does not have is kept.
pub(super) fn kept_name(column: &str, position: usize, taken: &BTreeSet<String>) -> String {
    let mut name: String = column
        .trim()
        .chars()
        .map(|c| if c.is_control() || c.is_whitespace() { '_' } else { c })
        .take(LONGEST_NAME)
        .collect();
    let reserved = ["rowid", "oid", "_rowid_"].contains(&name.as_str())
        || name.starts_with("chatdb_")
        || name == "(no_column_name)";
    if name.is_empty() || reserved {
        name = format!("column_{position}");
    }
    let mut unique = name.clone();
    let mut next = 2;
    while taken.contains(&unique) {
        unique = format!("{name}_{next}");
        next += 1;
    }
    unique
}
