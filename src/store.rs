//! A SQLite database: opened, migrated, written by scripts, read by queries. Only this module and its submodules know
//! SQLite and the migration runner.
//!
//! It does not know scenarios or expectations. Times are milliseconds in the servers' local time; the
//! scenario's time is the row of `chatdb_clock`, never the system clock. `open`, `script`, `query` and
//! `catalog` hold the methods of [`Store`] by purpose; `load` loads exports into it, and `bulk` writes whole
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

/// Name prefixes reserved for chatdb and SQLite, not for tables of exports.
pub const RESERVED: [&str; 3] = ["chatdb_", "sqlite_", "refinery_"];

/// The table that only import databases have.
const EXPORT: &str = "chatdb_export";

/// `CHDB` in ASCII, as SQLite's application id: it identifies our files.
pub const APPLICATION_ID: i32 = 0x4348_4442;

/// A parameter value for a script or a query: `@name` in the SQL.
pub type Binding = (String, Cell);

/// An open database.
pub struct Store {
    conn: Connection,
    guard: Arc<Guard>,
    /// The current limits of untrusted statements, and SQLite's own.
    limits: Slot<Option<Limits>>,
    without: Limits,
    /// How many savepoints are open.
    depth: Slot<u32>,
    /// Whether something was lost; see [`Store::take_lost`].
    lost: Slot<bool>,
}
