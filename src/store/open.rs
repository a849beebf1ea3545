//! Creates and opens databases, and recognises our own.

use super::functions::register_functions;
use super::guarded::Interrupter;
use super::{APPLICATION_ID, EXPORT, Store, StoreError, bounded, guarded, import_database};
use crate::sql::quote::identifier;
use crate::table::Cell;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::cell::Cell as Slot;
use std::path::Path;

mod egpl {
    refinery::embed_migrations!("migrations/egpl");
}

mod platform {
    refinery::embed_migrations!("migrations/platform");
}

/// The database that the product's migrations create, prebuilt by the build script.
pub(super) const EGPL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/egpl.sqlite"));

/// The same with the platform model.
pub(super) const PLATFORM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.sqlite"));

/// The script that creates an empty import database for exported rows.
pub(super) const EXPORTS: &str = include_str!(concat!(env!("OUT_DIR"), "/exports.sql"));

/// All migrations, in order, as one script.
#[must_use]
pub fn schema_script() -> String {
    let sets = [egpl::migrations::runner(), platform::migrations::runner()];
    let migrations = sets.iter().flat_map(|runner| runner.get_migrations());
    migrations.filter_map(|migration| migration.sql()).collect::<Vec<_>>().join("\n")
}

impl Store {
    /// A new database in memory with the product's schema, as exported rows are loaded into it.
    pub fn new() -> Result<Self, StoreError> {
        Self::from_image(EGPL)
    }

    /// A new database for exported rows, which is deleted when closed: in memory while small, otherwise in a file that
    /// no other process sees.
    pub fn for_exports() -> Result<Self, StoreError> {
        let conn = Connection::open("")?;
        import_database::set_up_for_loading(&conn)?;
        conn.execute_batch(EXPORTS)?;
        Self::from_connection(conn)
    }

    /// Empties a database for exported rows, as [`Store::for_exports`] creates it.
    pub fn start_over(&mut self) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid DESC",
        )?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let names = names.collect::<Result<Vec<_>, _>>()?;
        drop(statement);
        for name in names {
            let drop = format!("DROP TABLE {}", identifier(&name));
            self.conn.execute_batch(&drop)?;
        }
        Ok(self.conn.execute_batch(EXPORTS)?)
    }

    /// The same, with the platform model on top, for replays. Its clock is set to 1970.
    pub fn with_platform() -> Result<Self, StoreError> {
        let store = Self::from_image(PLATFORM)?;
        guarded::keep_small(&store.conn)?;
        store.conn.execute(
            "INSERT INTO chatdb_clock (now) VALUES (?1)",
            [Cell::Timestamp(0).to_string()],
        )?;
        Ok(store)
    }

    pub(super) fn from_image(image: &[u8]) -> Result<Self, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        conn.deserialize_read_exact(MAIN_DB, image, image.len(), false)?;
        Self::from_connection(conn)
    }

    pub(super) fn from_connection(mut conn: Connection) -> Result<Self, StoreError> {
        conn.set_prepared_statement_cache_capacity(128);
        let guard = guarded::install(&mut conn)?;
        register_functions(&conn)?;
        bounded::bound(&conn)?;
        Ok(Self {
            limits: Slot::new(None),
            without: guarded::limits_of(&conn)?,
            conn,
            guard,
            depth: Slot::new(0),
            lost: Slot::new(false),
        })
    }

    /// Opens a database file read-only. Its content is not trusted.
    ///
    /// # Errors
    /// Fails when it cannot be opened, is not a database, is damaged, or holds virtual tables, whose modules would
    /// trust whatever its pages contain.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let store = Self::from_connection(guarded::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)?;
        store.look_through(path)?;
        Ok(store)
    }

    /// Opens an import database for changes, see [`Store::change`].
    ///
    /// # Errors
    /// As [`Store::open_read_only`], and when this program has not written the file.
    pub fn open_to_change(path: &Path) -> Result<Self, StoreError> {
        if !file_is_ours(path).map_err(StoreError::NotRead)? {
            return Err(StoreError::NotOurs);
        }
        let store = Self::from_connection(guarded::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)?;
        store.look_through(path)?;
        Ok(store)
    }

    /// A handle to interrupt this store from another thread.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        Interrupter::new(self.conn.get_interrupt_handle(), self.guard.clone())
    }

    /// Whether it is an import database.
    pub fn is_import_database(&self) -> Result<bool, StoreError> {
        const HAS: &str = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        Ok(self.conn.prepare(HAS)?.exists([EXPORT])?)
    }

    /// The database as the bytes of a database file.
    ///
    /// # Errors
    /// Fails when SQLite does, for example while a savepoint is open.
    pub fn image(&mut self) -> Result<Vec<u8>, StoreError> {
        Ok(self.conn.serialize(MAIN_DB)?.to_vec())
    }
}

/// Whether the bytes begin like a database file written by this program.
#[must_use]
pub fn is_ours(header: &[u8]) -> bool {
    header.starts_with(b"SQLite format 3\0")
        && header.get(68..72) == Some(APPLICATION_ID.to_be_bytes().as_slice())
}

/// Whether `path` is a database file written by this program.
///
/// # Errors
/// Fails when the file cannot be read.
pub fn file_is_ours(path: &Path) -> std::io::Result<bool> {
    // A pipe would wait for a writer, and lose what is read from it here.
    Ok(path.metadata()?.is_file() && is_ours(&header(path)?))
}

/// The first hundred bytes of a file.
pub(super) fn header(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut header = Vec::with_capacity(100);
    std::fs::File::open(path)?.take(100).read_to_end(&mut header)?;
    Ok(header)
}

/// Whether the database file at `path` can be read and is an import database.
#[must_use]
pub fn file_is_import_database(path: &Path) -> bool {
    Store::open_read_only(path).is_ok_and(|store| store.is_import_database().unwrap_or(false))
}
