//! The catalog of exports in an import database: which were loaded, how they were read, what their columns were.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, params};

use super::merge::history_table;
use super::{Export, LoadedTable, Loader};
use crate::schema::inferred::{ColumnValues, Inferred};
use crate::schema::product::ProductTable;
use crate::sql::quote::identifier;
use crate::store::{Store, StoreError};

/// Tables with rows of each export, the export's own row last.
const OF_AN_EXPORT: [&str; 5] = [
    "rejects",
    "chatdb_export_column",
    "chatdb_export_reading",
    "chatdb_export_values",
    "chatdb_export",
];

/// What became of an export that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgotten {
    /// Nothing was removed: its rows were merged with rows of others in this table.
    Merged(String),
    /// It was removed, except for these tables and columns, which an index, a trigger or a view needs.
    Removed {
        /// Each by its name, for a message.
        in_use: Vec<String>,
    },
}

/// Whether SQLite refused a statement, rather than failed to run it.
fn is_refused(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    code == Some(rusqlite::ErrorCode::Unknown)
}

/// An export loaded earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The number of the export in the catalog.
    pub export: i64,
    /// The options with which it was read.
    pub reading: String,
    /// The number of rows according to the file's trailer.
    pub footer: Option<u64>,
    /// The file name at that time.
    pub file: String,
    /// The format in which it was read.
    pub form: String,
    /// The name of its encoding.
    pub encoding: String,
    /// The number of its records.
    pub records: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// When it was exported, as stored; `None` if unknown.
    pub exported_at: Option<String>,
}

impl Store {
    /// The export whose file has this hash. One without a loaded record does not count: it may be read again with other
    /// options.
    pub fn known_export(&self, sha256: &str) -> Result<Option<Known>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT file, records, rejected, form, encoding, export_id, footer, taken_at FROM chatdb_export \
             WHERE sha256 = ?1 AND loaded > 0",
        )?;
        let mut rows = statement.query([sha256])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let count = |at| row.get(at).map(i64::unsigned_abs);
        let export = row.get(5)?;
        Ok(Some(Known {
            export,
            reading: self.reading_of(export)?,
            footer: row.get::<_, Option<i64>>(6)?.map(i64::unsigned_abs),
            file: row.get(0)?,
            form: row.get(3)?,
            encoding: row.get(4)?,
            records: count(1)?,
            rejected: count(2)?,
            exported_at: row.get(7)?,
        }))
    }

    /// The options with which an export was read. A database of an earlier version does not have them.
    fn reading_of(&self, export: i64) -> Result<String, StoreError> {
        if !has_table(&self.conn, "chatdb_export_reading")? {
            return Ok(String::new());
        }
        let mut statement = self
            .conn
            .prepare_cached("SELECT reading FROM chatdb_export_reading WHERE export_id = ?1")?;
        let mut rows = statement.query([export])?;
        Ok(match rows.next()? {
            Some(row) => row.get(0)?,
            None => String::new(),
        })
    }

    /// How the columns of a table that the schema does not have are read. A column loaded by an earlier version, which
    /// did not inspect its values, is text.
    pub(in crate::store) fn inferred(
        &self,
        table: &str,
    ) -> Result<BTreeMap<String, Inferred>, StoreError> {
        if !has_table(&self.conn, "chatdb_export_values")? {
            return Ok(BTreeMap::new());
        }
        // Those of an earlier version counted fewer kinds.
        let later = match has_column(&self.conn, "chatdb_export_values", "like_times")? {
            true => "v.clocks, v.offsets, v.like_floats, v.like_times",
            false => "0, 0, 0, 0",
        };
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT c.column_name, v.integers, v.decimals, v.days, v.times, v.other_times, v.texts, \
             v.like_numbers, v.blanks, v.whole, v.fraction, v.of_second, {later} FROM main.chatdb_export_column c \
             LEFT JOIN main.chatdb_export_values v ON v.export_id = c.export_id AND v.position = c.position \
             WHERE c.table_name = ?1 AND c.column_name IN (SELECT d.column_name FROM main.chatdb_export_column d \
             JOIN main.chatdb_export_values USING (export_id, position) WHERE d.table_name = ?1)",
        ))?;
        let table = table.strip_suffix("_earlier").unwrap_or(table);
        let mut rows = statement.query([table])?;
        let mut known: BTreeMap<String, ColumnValues> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            known.entry(name).or_default().merge(&values_of(row)?);
        }
        let inferred = |(name, values): (String, ColumnValues)| {
            let inferred = values.inferred(&name);
            (name, inferred)
        };
        Ok(known.into_iter().map(inferred).collect())
    }

    /// Whether an export of this size was loaded, so that it is worth comparing hashes.
    pub fn has_export_of(&self, bytes: u64) -> Result<bool, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT 1 FROM chatdb_export WHERE bytes = ?1")?;
        Ok(statement.exists([i64::try_from(bytes).unwrap_or(i64::MAX)])?)
    }
}

/// The counts of a row; zero means that the values were not inspected.
fn values_of(row: &Row<'_>) -> rusqlite::Result<ColumnValues> {
    let count = |at| row.get::<_, Option<i64>>(at).map(|n| n.map_or(0, i64::unsigned_abs));
    let digits = |at| count(at).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let is_known = row.get::<_, Option<i64>>(1)?.is_some();
    Ok(ColumnValues {
        integers: count(1)?,
        decimals: count(2)?,
        days: count(3)?,
        times: count(4)?,
        other_times: count(5)?,
        texts: if is_known { count(6)? } else { 1 },
        like_numbers: count(7)?,
        blanks: count(8)?,
        whole: digits(9)?,
        fraction: digits(10)?,
        of_second: digits(11)?,
        clocks: count(12)?,
        offsets: count(13)?,
        like_floats: count(14)?,
        like_times: count(15)?,
    })
}

/// Whether a table has a column of this name.
fn has_column(conn: &Connection, table: &str, column: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2";
    Ok(conn.prepare_cached(sql)?.exists([table, column])?)
}

/// Whether the database has this table; that of an earlier version may lack it.
fn has_table(conn: &Connection, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM main.sqlite_schema WHERE name = ?1";
    Ok(conn.prepare_cached(sql)?.exists([name])?)
}

impl Loader<'_> {
    /// Removes an export and its rows, unless they have affected rows of other exports or were affected by them.
    pub fn forget(&self, export: i64) -> Result<Forgotten, StoreError> {
        let conn = &self.store.conn;
        let mut statement = conn.prepare(
            "SELECT DISTINCT table_name FROM chatdb_export_column WHERE export_id = ?1 AND table_name IS NOT NULL \
             ORDER BY table_name",
        )?;
        let names = statement.query_map([export], |row| row.get::<_, String>(0))?;
        let tables = names.collect::<Result<Vec<_>, _>>()?;
        for table in &tables {
            if self.has_met_others(export, table)? {
                return Ok(Forgotten::Merged(table.clone()));
            }
        }
        for table in &tables {
            conn.execute(
                &format!("DELETE FROM main.{} WHERE chatdb_export = ?1", identifier(table)),
                [export],
            )?;
        }
        for table in OF_AN_EXPORT {
            let sql = format!("DELETE FROM main.{table} WHERE export_id = ?1");
            conn.execute(&sql, [export])?;
        }
        let mut in_use = Vec::new();
        for table in &tables {
            in_use.extend(self.drop_unused_columns(table)?);
        }
        Ok(Forgotten::Removed { in_use })
    }

    /// Removes the columns of `table` that no export has, as only a removed one had them; without any, a table of the
    /// user's own as well. Returns what somebody's own index, trigger or view needs, which is kept.
    fn drop_unused_columns(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let conn = &self.store.conn;
        let mut statement =
            conn.prepare("SELECT column_name FROM chatdb_export_column WHERE table_name = ?1")?;
        let names = statement.query_map([table], |row| row.get::<_, String>(0))?;
        let used = names.collect::<Result<BTreeSet<_>, _>>()?;
        if used.is_empty() && ProductTable::named(table).is_none() {
            let sql = format!("DROP TABLE main.{}", identifier(table));
            let is_in_use = self.has_own_objects(table)? || !self.dropped(&sql)?;
            return Ok(is_in_use.then(|| format!("`{table}`")).into_iter().collect());
        }
        let mut in_use = Vec::new();
        for stored in [table, &history_table(table)] {
            for name in self.added_columns(table, stored)?.difference(&used) {
                let (of, column) = (identifier(stored), identifier(name));
                if !self.dropped(&format!("ALTER TABLE main.{of} DROP COLUMN {column}"))? {
                    in_use.push(format!("`{name}` of `{stored}`"));
                }
            }
        }
        Ok(in_use)
    }

    /// Whether somebody has put an index or a trigger on a table that chatdb gives none.
    fn has_own_objects(&self, table: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM main.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND type <> 'table'";
        Ok(self.store.conn.prepare_cached(sql)?.exists([table])?)
    }

    /// Runs a statement that drops something, unless SQLite refuses it or a view no longer works without it, and
    /// returns whether it did.
    fn dropped(&self, sql: &str) -> Result<bool, StoreError> {
        let conn = &self.store.conn;
        let views = self.working_views()?;
        conn.execute_batch("SAVEPOINT dropped")?;
        let done = match conn.execute_batch(sql) {
            Ok(()) => self.working_views()? == views,
            Err(error) if is_refused(&error) => false,
            Err(error) => return Err(error.into()),
        };
        let end = if done { "" } else { "ROLLBACK TO dropped; " };
        conn.execute_batch(&format!("{end}RELEASE dropped"))?;
        Ok(done)
    }

    /// The views whose tables and columns are all there.
    fn working_views(&self) -> Result<Vec<String>, StoreError> {
        let conn = &self.store.conn;
        let mut statement =
            conn.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'view' ORDER BY name")?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let mut views = names.collect::<Result<Vec<_>, _>>()?;
        views.retain(|view| {
            let sql = format!("SELECT * FROM main.{}", identifier(view));
            conn.prepare(&sql).is_ok()
        });
        Ok(views)
    }

    /// The columns of `stored`, which is `table` or its history table, that the product's table does not have.
    fn added_columns(&self, table: &str, stored: &str) -> Result<BTreeSet<String>, StoreError> {
        let product = ProductTable::named(table);
        let is_known = |name: &str| product.is_some_and(|table| table.position(name).is_some());
        let mut names = self.columns_of(stored)?;
        names.retain(|name| !name.starts_with("chatdb_") && !is_known(name));
        Ok(names)
    }

    /// The table of `number` and its columns outside the schema that this export does not have, if it had rows before.
    pub(super) fn kept_columns(
        &self,
        number: usize,
    ) -> Result<Option<(String, Vec<String>)>, StoreError> {
        let LoadedTable { layout, had_rows, .. } = &self.tables[number];
        if !had_rows {
            return Ok(None);
        }
        let is_own = |name: &String| layout.columns.iter().any(|column| column.name == *name);
        let mut kept = self.added_columns(&layout.table, &layout.table)?;
        kept.retain(|name| !is_own(name));
        let kept: Vec<String> = kept.into_iter().collect();
        Ok((!kept.is_empty()).then(|| (layout.table.clone(), kept)))
    }

    /// Whether rows of `table` from this export have replaced others or were replaced, or may represent equal ones.
    fn has_met_others(&self, export: i64, table: &str) -> Result<bool, StoreError> {
        let conn = &self.store.conn;
        let Some(key) = ProductTable::named(table).and_then(ProductTable::single_key) else {
            let sql =
                "SELECT 1 FROM chatdb_export_column WHERE table_name = ?1 AND export_id <> ?2";
            return Ok(conn.prepare(sql)?.exists(params![table, export])?);
        };
        let (main, earlier) = (identifier(table), identifier(&history_table(table)));
        let sql = format!(
            "SELECT 1 FROM main.{earlier} WHERE chatdb_export = ?1 OR {key} IN \
             (SELECT {key} FROM main.{main} WHERE chatdb_export = ?1)",
            key = identifier(key)
        );
        Ok(conn.prepare(&sql)?.exists([export])?)
    }

    pub(super) fn note(&self, export: &Export) -> Result<(), StoreError> {
        let conn = &self.store.conn;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for table in OF_AN_EXPORT {
            conn.execute(
                &format!(
                    "DELETE FROM {table} WHERE export_id IN \
                     (SELECT export_id FROM chatdb_export WHERE sha256 = ?1 AND loaded = 0)"
                ),
                [&export.sha256],
            )?;
        }
        conn.execute(
            "INSERT INTO chatdb_export (export_id, file, sha256, bytes, form, encoding, taken_at, taken_from, \
             records, loaded, rejected, footer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                self.export,
                export.file,
                export.sha256,
                count(export.bytes),
                export.form,
                export.encoding,
                export.taken_at,
                export.taken_from,
                count(export.records),
                count(export.records - export.rejected),
                count(export.rejected),
                export.footer.map(count),
            ],
        )?;
        conn.execute(
            "INSERT OR REPLACE INTO chatdb_export_reading (export_id, reading) VALUES (?1, ?2)",
            params![self.export, export.reading],
        )?;
        let mut statement = conn.prepare(
            "INSERT OR IGNORE INTO chatdb_export_column \
             (export_id, position, heading, table_name, column_name, newest, dropped) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        // A column that two tables share is noted with the one that comes first.
        for (number, table) in self.tables.iter().enumerate() {
            for (at, column) in table.layout.columns.iter().enumerate() {
                if column.position == 0 {
                    continue;
                }
                let newest = export.newest.get(number).and_then(|newest| newest.get(at));
                statement.execute(params![
                    self.export,
                    count(column.position as u64),
                    column.heading,
                    table.layout.table,
                    column.name,
                    newest.cloned().flatten(),
                    None::<String>,
                ])?;
            }
        }
        self.note_values(export)?;
        for dropped in &export.dropped {
            statement.execute(params![
                self.export,
                count(dropped.position as u64),
                dropped.heading,
                None::<String>,
                None::<String>,
                None::<String>,
                dropped.why,
            ])?;
        }
        Ok(())
    }

    /// Records the types of values of columns that the schema does not have.
    fn note_values(&self, export: &Export) -> Result<(), StoreError> {
        let mut statement = self.store.conn.prepare(
            "INSERT OR IGNORE INTO chatdb_export_values (export_id, position, integers, decimals, days, times, \
             other_times, texts, like_numbers, blanks, whole, fraction, of_second, clocks, offsets, like_floats, \
             like_times) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for (table, values) in self.tables.iter().zip(&export.values) {
            let columns = table.layout.columns.iter().zip(values);
            for (column, values) in columns.filter(|(column, _)| !column.known) {
                statement.execute(params![
                    self.export,
                    count(column.position as u64),
                    count(values.integers),
                    count(values.decimals),
                    count(values.days),
                    count(values.times),
                    count(values.other_times),
                    count(values.texts),
                    count(values.like_numbers),
                    count(values.blanks),
                    values.whole,
                    values.fraction,
                    values.of_second,
                    count(values.clocks),
                    count(values.offsets),
                    count(values.like_floats),
                    count(values.like_times),
                ])?;
            }
        }
        Ok(())
    }
}
