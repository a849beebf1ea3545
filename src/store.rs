//! One SQLite database: opened, migrated, written by scripts, read by queries. It and the files below it
//! are the only ones that know SQLite and the migration runner.
//!
//! It does not know scenarios or expectations. Times go in and out as milliseconds on the servers' wall
//! clock; the scenario's time is the row of `chatdb_clock`, never the machine's. `open`, `script`, `query` and
//! `catalog` hold the methods of [`Store`] by what they are for; `load` puts exports into it, and `bulk` writes whole
//! pages for that.

use std::cell::Cell as Slot;
use std::sync::Arc;

use rusqlite::Connection;

use crate::sql::guard::Limits;
use crate::table::Cell;

mod access;
mod bounded;
mod budget;
mod bulk;
mod catalog;
mod engine;
mod error;
mod functions;
mod guarded;
pub mod import_database;
pub mod load;
mod migrate;
pub mod mistake;
mod open;
mod query;
mod script;
mod shape;
mod verify;

pub use access::Access;
pub use budget::Budget;
pub use engine::known_message;
pub use error::StoreError;
use guarded::Guard;
pub use guarded::Interrupter;
pub use open::{file_is_import_database, file_is_ours, is_ours, schema_script};
pub use query::Answer;

/// Beginnings of names that are ours or SQLite's, and no table's of an export.
pub const RESERVED: [&str; 3] = ["chatdb_", "sqlite_", "refinery_"];

/// The table that an import database has, and no other database.
const EXPORT: &str = "chatdb_export";

/// `CHDB` in ASCII, as SQLite's application id: by it a file is known to be ours.
pub const APPLICATION_ID: i32 = 0x4348_4442;

/// A named value for a script or a query: `@name` in the SQL.
pub type Binding = (String, Cell);

/// An open database.
pub struct Store {
    conn: Connection,
    guard: Arc<Guard>,
    /// The limits that foreign statements have left behind, and SQLite's own.
    limits: Slot<Option<Limits>>,
    without: Limits,
    /// How many savepoints are open.
    depth: Slot<u32>,
    /// Whether something was lost; see [`Store::take_lost`].
    lost: Slot<bool>,
}
