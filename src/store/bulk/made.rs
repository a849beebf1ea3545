//! Checks whether a table is as chatdb created it, by the SQL text of the table and of each index in the schema: that
//! text is all that SQLite itself knows of them.

use rusqlite::Connection;

use crate::sql::quote::identifier;
use crate::store::load::{added_column, new_table};

/// The tables and indexes of a new import database, each with its SQL text.
pub(in crate::store) const MADE: &[(&str, &str)] =
    include!(concat!(env!("OUT_DIR"), "/exports.rs"));

/// The last of a table's original columns. Columns after it were added later.
const LAST: &str = "chatdb_line";

fn made(name: &str) -> Option<&'static str> {
    let found = MADE.iter().find(|(own, _)| *own == name);
    found.map(|(_, sql)| *sql)
}

/// Whether the table and its indexes are as chatdb created them, except for dropped indexes.
pub(super) fn is_as_made(conn: &Connection, table: &str) -> rusqlite::Result<bool> {
    let mut parts = conn.prepare_cached(
        "SELECT type, name, sql FROM main.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE",
    )?;
    let mut rows = parts.query([table])?;
    while let Some(row) = rows.next()? {
        let (kind, name, sql): (String, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let expected = match kind.as_str() {
            "table" => Some(text_of(conn, &name)?),
            "index" => made(&name).map(str::to_owned),
            _ => None,
        };
        if expected.is_none() || expected != sql {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The SQL text of a table with these columns as chatdb creates and extends it.
fn text_of(conn: &Connection, table: &str) -> rusqlite::Result<String> {
    let mut columns = conn.prepare("SELECT name FROM pragma_table_info(?1, 'main')")?;
    let names = columns.query_map([table], |row| row.get(0))?;
    let names = names.collect::<Result<Vec<String>, _>>()?;
    let last = names.iter().position(|name| name == LAST);
    let (first, added) = names.split_at(last.map_or(0, |at| at + 1));
    let mut text = match made(table) {
        Some(text) => text.to_owned(),
        None => new_table(&identifier(table), &first[..first.len().saturating_sub(2)]),
    };
    for name in added {
        // As SQLite adds a column to a text.
        text.truncate(text.len() - 1);
        text.push_str(", ");
        text.push_str(&added_column(name));
        text.push(')');
    }
    Ok(text)
}
