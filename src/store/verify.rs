//! Checks an import database: SQLite's own checks, and that the records of each file equal the loaded plus the rejected
//! ones.

use super::engine::quoted_message;
use super::{Store, StoreError};

/// The maximum number of faults reported per kind.
const SHOWN: usize = 5;

impl Store {
    /// The faults of the database, a sentence each, up to a few of a kind; empty if it is sound.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        const UNEQUAL: &str = "SELECT file FROM chatdb_export AS e WHERE records <> loaded + rejected OR rejected <> \
             (SELECT COALESCE(SUM(r.records), 0) FROM rejects AS r WHERE r.export_id = e.export_id)";
        let mut faults = Vec::new();
        let integrity = format!("PRAGMA integrity_check({SHOWN})");
        let found = self.texts(&integrity)?;
        let wrong = found.iter().filter(|text| *text != "ok");
        faults.extend(wrong.map(|text| format!("SQLite found {}", quoted_message(text))));
        let orphans = self.texts("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")?;
        faults
            .extend(orphans.iter().map(|table| format!("rows of `{table}` refer to missing rows")));
        let unequal = self.texts(UNEQUAL)?;
        faults.extend(unequal.iter().map(|file| {
            format!("the records of `{file}` are not the sum of its loaded and rejected ones")
        }));
        Ok(faults)
    }

    fn texts(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.take(SHOWN).collect::<Result<_, _>>()?)
    }

    /// Whether rows are written as whole pages of the database where possible: see `.cargo/config.toml`.
    #[must_use]
    pub fn writes_pages(&self) -> bool {
        self.conn.prepare("SELECT 1 FROM sqlite_dbpage LIMIT 0").is_ok()
    }
}
