//! Names and texts written into SQL.

/// The name in double quotes, quotes inside doubled: an identifier in SQLite and in SQL Server, whatever it holds.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text as a literal, apostrophes inside doubled.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
