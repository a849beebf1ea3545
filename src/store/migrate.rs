//! Migrates import databases of earlier versions when they are opened for writing.

use super::{Store, StoreError};
use refinery::Migration;

mod exports {
    refinery::embed_migrations!("migrations/exports");
}

/// The table in which an import database records the migrations of `migrations/exports` that it has had.
const HISTORY: &str = "chatdb_exports_history";

impl Store {
    /// Runs the migrations that an import database lacks.
    ///
    /// # Errors
    /// When the database was written by a later version, or SQLite fails; then nothing is changed.
    pub(super) fn migrate(&mut self) -> Result<(), StoreError> {
        let mut runner = exports::migrations::runner();
        let migrations = runner.get_migrations().iter();
        let latest = migrations.map(Migration::version).max().unwrap_or(0);
        let sql = format!("SELECT coalesce(max(version), 0) FROM main.{HISTORY}");
        let found = self.conn.query_row(&sql, [], |row| row.get::<_, i64>(0));
        let found = found.map_err(|_| StoreError::NotOurs)?;
        match found.cmp(&i64::from(latest)) {
            std::cmp::Ordering::Equal => return Ok(()),
            // Its tables were not made by migrations, so none can tell what they lack.
            _ if found == 0 => return Ok(()),
            std::cmp::Ordering::Greater => {
                return Err(StoreError::Newer { found, known: i64::from(latest) });
            }
            std::cmp::Ordering::Less => {}
        }
        runner.set_migration_table_name(HISTORY);
        // The checksum of a migration covers its comments; what it did to the tables is what counts, and that is
        // looked up where it matters.
        let runner = runner.set_abort_divergent(false);
        match runner.run(&mut self.conn) {
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::Migration(Box::new(error))),
        }
    }
}
