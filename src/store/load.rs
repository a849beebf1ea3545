//! Puts the rows of one export into a copy: one transaction, all or nothing.
//!
//! The main table of each kind of row holds the newest state of each key. A row whose key is there from another export
//! is set aside until the end of the file, since only then is it known when the file was exported; then the newer of
//! the two states goes, or stays, in the main table and the other one into `<table>_earlier`. Nothing is lost either
//! way. Columns that the newer export does not have keep their values from the older one.
//!
//! Rows of a table that was empty, as long as they come in the order of their keys, go into it as whole pages
//! (`bulk`); all others are inserted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, Statement, ToSql, params};

use super::bulk::Bulk;
use super::{Store, StoreError};
use crate::record::batch::{Batch, RowValue, TableLayout};
use crate::record::{Reason, Reject};
use crate::schema::inferred::{ColumnValues, Inferred};
use crate::schema::product::ProductTable;

/// Tables that a database of an earlier version does not have, each with the text that makes it.
const ADDED: [(&str, &str); 2] = [
    (
        "chatdb_export_reading",
        include_str!("../../migrations/exports/V3__remember_how_exports_were_read.sql"),
    ),
    (
        "chatdb_export_values",
        include_str!("../../migrations/exports/V4__count_kinds_of_values.sql"),
    ),
];

/// What a file was, for `chatdb_export`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Export {
    /// As it was named.
    pub file: String,
    /// Of its bytes as they lie there, in hexadecimal.
    pub sha256: String,
    /// How many there are.
    pub bytes: u64,
    /// The form that it was read in.
    pub form: String,
    /// How its characters are encoded.
    pub encoding: String,
    /// The options with which it was read.
    pub reading: String,
    /// When it was exported, in the form in which times are stored.
    pub taken_at: Option<String>,
    /// How that is known.
    pub taken_from: &'static str,
    /// Records in the file.
    pub records: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// How many rows the producer says there are.
    pub footer: Option<u64>,
    /// For each table of the loader and each of its columns the newest time, where it is a column of times.
    pub newest: Vec<Vec<Option<String>>>,
    /// The same for what the values are of columns that the schema does not have.
    pub values: Vec<Vec<ColumnValues>>,
    /// Columns that were not loaded.
    pub dropped: Vec<Dropped>,
}

/// A column of the file that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its place in the file, from 1.
    pub position: usize,
    /// What it is called there.
    pub heading: String,
    /// Why, to finish a sentence.
    pub why: String,
    /// Whether its values must not be shown either.
    pub secret: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that were stored as whole pages, without SQLite's insertion.
    pub in_bulk: u64,
    /// Rows that stand in the file before with the same values.
    pub repeated: u64,
    /// Rows of tables beside the first that stand in the file before with other values; both are kept.
    pub other_states: u64,
    /// Rows that stand in the file before with other values.
    pub rejects: Vec<Reject>,
}

/// An export that was loaded before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The number in the note.
    pub export: i64,
    /// The options with which it was read.
    pub reading: String,
    /// How many rows its producer says there are.
    pub footer: Option<u64>,
    /// The name of the file then.
    pub file: String,
    /// The form that it was read in.
    pub form: String,
    /// How its characters are encoded.
    pub encoding: String,
    /// How many records it had.
    pub records: u64,
    /// Of these, rejected.
    pub rejected: u64,
}

impl Store {
    /// The export whose file has this hash. One of which no record was loaded is as good as none: it may be read again
    /// in another way.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn known_export(&self, sha256: &str) -> Result<Option<Known>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT file, records, rejected, form, encoding, export_id, footer FROM chatdb_export \
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

    /// How the columns of a table are read that the schema does not have. A column of which an export was loaded by an
    /// earlier version, which did not look at its values, is a text.
    pub(super) fn inferred(&self, table: &str) -> Result<BTreeMap<String, Inferred>, StoreError> {
        if !has_table(&self.conn, "chatdb_export_values")? {
            return Ok(BTreeMap::new());
        }
        let mut statement = self.conn.prepare_cached(
            "SELECT c.column_name, v.integers, v.decimals, v.days, v.times, v.other_times, v.texts, \
             v.like_numbers, v.blanks, v.whole, v.fraction, v.of_second FROM main.chatdb_export_column c \
             LEFT JOIN main.chatdb_export_values v ON v.export_id = c.export_id AND v.position = c.position \
             WHERE c.table_name = ?1 AND c.column_name IN (SELECT d.column_name FROM main.chatdb_export_column d \
             JOIN main.chatdb_export_values USING (export_id, position) WHERE d.table_name = ?1)",
        )?;
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

    /// Whether an export of so many bytes was loaded, so that it is worth looking whether it is the same.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn has_export_of(&self, bytes: u64) -> Result<bool, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT 1 FROM chatdb_export WHERE bytes = ?1")?;
        Ok(statement.exists([i64::try_from(bytes).unwrap_or(i64::MAX)])?)
    }
}

/// The counts of a row; one of nothing is of values that nobody has looked at.
fn values_of(row: &Row<'_>) -> rusqlite::Result<ColumnValues> {
    let count = |at| {
        row.get::<_, Option<i64>>(at)
            .map(|n| n.map_or(0, i64::unsigned_abs))
    };
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
    })
}

/// Loads one export. Dropped before it is finished, it leaves nothing behind.
pub struct Loader<'s> {
    store: &'s Store,
    export: i64,
    tables: Vec<Table<'s>>,
    open: bool,
}

/// A table that is being loaded.
struct Table<'s> {
    shape: TableLayout,
    /// The place of the key in each row, where rows have one of one column.
    key: Option<usize>,
    /// Whether rows of other exports were there before.
    had_rows: bool,
    /// Takes the rows as long as they come in the order of their keys and none was there before.
    bulk: Option<Bulk<'s>>,
    insert: Statement<'s>,
    /// For rows whose key is there from another export.
    aside: Option<Statement<'s>>,
    /// How many have been set aside.
    set_aside: u64,
    /// Rows that were stored.
    rows: u64,
}

/// A value on its way to SQLite.
pub(super) struct Bound<'b>(pub(super) RowValue, pub(super) &'b str);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self.0 {
            RowValue::Null => ValueRef::Null,
            RowValue::Integer(value) => ValueRef::Integer(value),
            RowValue::Real(value) => ValueRef::Real(value),
            RowValue::Text { start, end } => {
                ValueRef::Text(&self.1.as_bytes()[start as usize..end as usize])
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// An identifier in quotes, with quotes inside doubled.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text that makes a table which the product does not have.
pub(super) fn new_table(table: &str, columns: &[impl AsRef<str>]) -> String {
    let columns = columns
        .iter()
        .map(|name| added_column(name.as_ref()) + ", ");
    let columns = columns.collect::<String>();
    format!("CREATE TABLE {table} ({columns}chatdb_export INTEGER, chatdb_line INTEGER)")
}

/// A column that the product does not have.
pub(super) fn added_column(name: &str) -> String {
    format!("{} \"NVARCHAR(MAX)\"", quoted(name))
}

fn has_table(conn: &Connection, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM main.sqlite_schema WHERE name = ?1";
    Ok(conn.prepare_cached(sql)?.exists([name])?)
}

/// Of [`ADDED`] the tables that the database has.
fn added_tables(conn: &Connection) -> Result<Vec<&'static str>, StoreError> {
    let mut there = Vec::new();
    for (name, _) in ADDED {
        if has_table(conn, name)? {
            there.push(name);
        }
    }
    Ok(there)
}

impl<'s> Loader<'s> {
    /// Begins a transaction for the rows of one export.
    ///
    /// # Errors
    /// When another program is writing, or SQLite fails.
    pub fn begin(store: &'s Store) -> Result<Self, StoreError> {
        // Rejects refer to the export, whose row is written at the end.
        store
            .conn
            .execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON")?;
        // No statement but ours is run meanwhile.
        store
            .conn
            .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
        let mut loader = Self {
            store,
            export: 0,
            tables: Vec::new(),
            open: true,
        };
        loader.export = store.conn.query_row(
            "SELECT coalesce(max(export_id), 0) + 1 FROM chatdb_export",
            [],
            |row| row.get(0),
        )?;
        Ok(loader)
    }

    /// Makes ready for rows of this shape, and gives the number by which batches name it. Tables and columns that the
    /// copy does not have are made.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn shape(&mut self, shape: TableLayout) -> Result<usize, StoreError> {
        let conn = &self.store.conn;
        self.make_room(&shape)?;
        let number = self.tables.len();
        let key = ProductTable::named(&shape.table)
            .and_then(ProductTable::single_key)
            .and_then(|key| shape.columns.iter().position(|column| column.name == key));
        let table = quoted(&shape.table);
        let had_rows = conn
            .prepare(&format!("SELECT 1 FROM {table}"))?
            .exists([])?;
        let columns = column_list(&shape);
        let marks = vec!["?"; shape.columns.len()].join(", ");
        let insert = if shape.history {
            let changes = format!("temp.chatdb_changes_{number}");
            conn.execute_batch(&format!(
                "DROP TABLE IF EXISTS {changes}; CREATE TEMP TABLE chatdb_changes_{number} \
                 ({columns}, chatdb_line, k1 TEXT, k2 TEXT, operation INTEGER)"
            ))?;
            conn.prepare(&format!(
                "INSERT INTO {changes} ({columns}, k1, k2, operation, chatdb_line) \
                 VALUES ({marks}, ?, ?, ?, ?)"
            ))?
        } else {
            conn.prepare(&format!(
                "INSERT INTO main.{table} ({columns}, chatdb_line, chatdb_export) \
                 VALUES ({marks}, ?, {})",
                self.export
            ))?
        };
        let bulk = if had_rows || shape.history {
            None
        } else {
            Bulk::new(conn, &shape, self.export)?
        };
        self.tables.push(Table {
            shape,
            key,
            had_rows,
            bulk,
            insert,
            aside: None,
            set_aside: 0,
            rows: 0,
        });
        Ok(number)
    }

    fn make_room(&self, shape: &TableLayout) -> Result<(), StoreError> {
        let conn = &self.store.conn;
        let known = self.columns_of(&shape.table)?;
        if known.is_empty() {
            let names: Vec<&str> = shape.columns.iter().map(|own| own.name.as_str()).collect();
            let table = format!("main.{}", quoted(&shape.table));
            conn.execute_batch(&new_table(&table, &names))?;
            return Ok(());
        }
        let earlier = format!("{}_earlier", shape.table);
        for table in [&shape.table, &earlier] {
            let known = self.columns_of(table)?;
            if known.is_empty() {
                continue;
            }
            for column in &shape.columns {
                if !known.contains(&column.name) {
                    conn.execute_batch(&format!(
                        "ALTER TABLE main.{} ADD COLUMN {}",
                        quoted(table),
                        added_column(&column.name)
                    ))?;
                }
            }
        }
        Ok(())
    }

    fn columns_of(&self, table: &str) -> Result<BTreeSet<String>, StoreError> {
        let mut statement = self
            .store
            .conn
            .prepare("SELECT name FROM pragma_table_info(?1, 'main')")?;
        let names = statement.query_map([table], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Takes out an export and its rows. Where rows of other exports have met them, so that either changed what became
    /// of the other, nothing is taken out, and the table is given back.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn forget(&self, export: i64) -> Result<Option<String>, StoreError> {
        let conn = &self.store.conn;
        let mut statement = conn.prepare(
            "SELECT DISTINCT table_name FROM chatdb_export_column WHERE export_id = ?1 AND table_name IS NOT NULL \
             ORDER BY table_name",
        )?;
        let names = statement.query_map([export], |row| row.get::<_, String>(0))?;
        let tables = names.collect::<Result<Vec<_>, _>>()?;
        for table in &tables {
            if self.has_met_others(export, table)? {
                return Ok(Some(table.clone()));
            }
        }
        for table in &tables {
            conn.execute(
                &format!(
                    "DELETE FROM main.{} WHERE chatdb_export = ?1",
                    quoted(table)
                ),
                [export],
            )?;
        }
        let own = ["rejects", "chatdb_export_column", "chatdb_export"];
        for table in added_tables(conn)?.into_iter().chain(own) {
            let sql = format!("DELETE FROM main.{table} WHERE export_id = ?1");
            conn.execute(&sql, [export])?;
        }
        Ok(None)
    }

    /// Whether rows of `table` from this export have replaced others or were replaced, or may stand for equal ones.
    fn has_met_others(&self, export: i64, table: &str) -> Result<bool, StoreError> {
        let conn = &self.store.conn;
        let Some(key) = ProductTable::named(table).and_then(ProductTable::single_key) else {
            let sql =
                "SELECT 1 FROM chatdb_export_column WHERE table_name = ?1 AND export_id <> ?2";
            return Ok(conn.prepare(sql)?.exists(params![table, export])?);
        };
        let (main, earlier) = (quoted(table), quoted(&format!("{table}_earlier")));
        let sql = format!(
            "SELECT 1 FROM main.{earlier} WHERE chatdb_export = ?1 OR {key} IN \
             (SELECT {key} FROM main.{main} WHERE chatdb_export = ?1)",
            key = quoted(key)
        );
        Ok(conn.prepare(&sql)?.exists([export])?)
    }

    /// Stores the rows of a batch.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn rows(&mut self, number: usize, batch: &Batch) -> Result<Outcome, StoreError> {
        let mut outcome = Outcome::default();
        let table = &mut self.tables[number];
        let width = table.shape.columns.len() + if table.shape.history { 3 } else { 0 };
        let in_bulk = match &mut table.bulk {
            Some(bulk) => bulk.store(batch, width)?,
            None => 0,
        };
        outcome.in_bulk = in_bulk as u64;
        table.rows += outcome.in_bulk;
        if in_bulk < batch.lines.len()
            && let Some(bulk) = table.bulk.take()
        {
            bulk.seal()?;
        }
        let rows = batch.values.chunks_exact(width).zip(&batch.lines);
        for (row, line) in rows.skip(in_bulk) {
            let line = line_number(*line);
            match insert(&mut table.insert, row, &batch.text, line) {
                Ok(()) => table.rows += 1,
                Err(error) if is_taken(&error) && table.key.is_some() => {
                    conflict(
                        self.store,
                        self.export,
                        number,
                        table,
                        row,
                        batch,
                        line,
                        &mut outcome,
                    )?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(outcome)
    }

    /// Keeps what did not become a row.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn rejects(&mut self, file: &str, rejects: &[Reject]) -> Result<(), StoreError> {
        let mut statement = self.store.conn.prepare_cached(
            "INSERT INTO rejects (export_id, file, line, \"column\", text, code, reason, advice, records) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for reject in rejects {
            let column = reject
                .column_name
                .clone()
                .or_else(|| reject.column.map(|column| column.to_string()));
            statement.execute(params![
                self.export,
                file,
                i64::try_from(reject.line).unwrap_or(i64::MAX),
                column,
                reject.text,
                reject.reason.code(),
                reject.detail,
                reject.reason.advice(),
                i64::try_from(reject.records).unwrap_or(i64::MAX),
            ])?;
        }
        Ok(())
    }

    /// The rows that each table has got from this export so far.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.tables.iter().map(|table| table.rows).collect()
    }

    /// Puts rows that were set aside where they belong, notes the export, and makes it all last.
    ///
    /// # Errors
    /// Fails when SQLite does; then nothing of the export is there.
    pub fn finish(mut self, export: &Export) -> Result<(), StoreError> {
        for number in 0..self.tables.len() {
            if let Some(bulk) = self.tables[number].bulk.take() {
                bulk.seal()?;
            }
            if self.tables[number].shape.history {
                self.settle_history(number)?;
            }
            if self.tables[number].set_aside > 0 {
                self.settle(number, export)?;
            }
            self.drop_equal_rows(number)?;
        }
        self.know_queues()?;
        self.note(export)?;
        for number in 0..self.tables.len() {
            for kind in ["changes", "aside"] {
                let drop = format!("DROP TABLE IF EXISTS temp.chatdb_{kind}_{number}");
                self.tables[number].aside = None;
                self.store.conn.execute_batch(&drop)?;
            }
        }
        self.store.conn.execute_batch("COMMIT")?;
        self.open = false;
        Ok(())
    }

    fn note(&self, export: &Export) -> Result<(), StoreError> {
        let conn = &self.store.conn;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let own = ["rejects", "chatdb_export_column", "chatdb_export"];
        for table in added_tables(conn)?.into_iter().chain(own) {
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
        for (name, text) in ADDED {
            if !has_table(conn, name)? {
                conn.execute_batch(text)?;
            }
        }
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
            for (at, column) in table.shape.columns.iter().enumerate() {
                if column.position == 0 {
                    continue;
                }
                let newest = export.newest.get(number).and_then(|newest| newest.get(at));
                statement.execute(params![
                    self.export,
                    count(column.position as u64),
                    column.heading,
                    table.shape.table,
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

    /// Notes what the values are of columns that the schema does not have.
    fn note_values(&self, export: &Export) -> Result<(), StoreError> {
        let mut statement = self.store.conn.prepare(
            "INSERT OR IGNORE INTO chatdb_export_values (export_id, position, integers, decimals, days, times, \
             other_times, texts, like_numbers, blanks, whole, fraction, of_second) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for (table, values) in self.tables.iter().zip(&export.values) {
            let columns = table.shape.columns.iter().zip(values);
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
                ])?;
            }
        }
        Ok(())
    }

    /// Puts changes in order: the last state of each key is set aside for the main table unless it was deleted, all
    /// others go to the earlier states.
    fn settle_history(&mut self, number: usize) -> Result<(), StoreError> {
        let table = &mut self.tables[number];
        let Some(key) = table.key else {
            return Ok(());
        };
        let conn = &self.store.conn;
        let columns = column_list(&table.shape);
        let earlier = quoted(&format!("{}_earlier", table.shape.table));
        let key = quoted(&table.shape.columns[key].name);
        let ranked = format!(
            "SELECT *, row_number() OVER (ORDER BY k1, k2, operation, chatdb_line) AS place, row_number() OVER \
             (PARTITION BY {key} ORDER BY k1 DESC, k2 DESC, operation DESC, chatdb_line DESC) AS from_last \
             FROM temp.chatdb_changes_{number}"
        );
        conn.execute_batch(&format!(
            "INSERT INTO main.{earlier} ({columns}, chatdb_export, chatdb_line, chatdb_order, chatdb_operation) \
             SELECT {columns}, {export}, chatdb_line, place, operation FROM ({ranked}) \
             WHERE from_last > 1 OR operation = 1 ORDER BY place",
            export = self.export
        ))?;
        make_aside(self.store, number, &table.shape, &key)?;
        let last = conn.execute(
            &format!(
                "INSERT INTO temp.chatdb_aside_{number} ({columns}, chatdb_line) \
                 SELECT {columns}, chatdb_line FROM ({ranked}) WHERE from_last = 1 AND operation <> 1"
            ),
            [],
        )?;
        table.set_aside += last as u64;
        // What an older export has of a row that was deleted since is a state of the past.
        conn.execute_batch(&format!(
            "CREATE TEMP TABLE chatdb_gone AS SELECT {key} AS gone FROM ({ranked}) \
             WHERE from_last = 1 AND operation = 1"
        ))?;
        let main = quoted(&table.shape.table);
        let stored = self.shared_columns(number)?;
        conn.execute_batch(&format!(
            "INSERT INTO main.{earlier} ({stored}, chatdb_export, chatdb_line) \
             SELECT {stored}, chatdb_export, chatdb_line FROM main.{main} \
             WHERE {key} IN (SELECT gone FROM temp.chatdb_gone); \
             DELETE FROM main.{main} WHERE {key} IN (SELECT gone FROM temp.chatdb_gone); \
             DROP TABLE temp.chatdb_gone"
        ))?;
        Ok(())
    }

    /// All columns of a table but ours, which its twin for earlier states has as well.
    fn shared_columns(&self, number: usize) -> Result<String, StoreError> {
        let mut names: Vec<String> = self
            .columns_of(&self.tables[number].shape.table)?
            .into_iter()
            .filter(|name| !name.starts_with("chatdb_"))
            .map(|name| quoted(&name))
            .collect();
        names.sort();
        Ok(names.join(", "))
    }

    /// Puts rows that were set aside into the main table where they are new or newer, else into the earlier states.
    fn settle(&mut self, number: usize, export: &Export) -> Result<(), StoreError> {
        let stored = self.shared_columns(number)?;
        let table = &mut self.tables[number];
        let Some(key) = table.key else {
            return Ok(());
        };
        let conn = &self.store.conn;
        let columns = column_list(&table.shape);
        let main = quoted(&table.shape.table);
        let earlier = quoted(&format!("{}_earlier", table.shape.table));
        let key_name = &table.shape.columns[key].name;
        let key = quoted(key_name);
        let aside = format!("temp.chatdb_aside_{number}");
        let own = self.export;
        // Exports are in the order of their times, as far as both are known; else the one that was read later is newer.
        conn.execute_batch("CREATE TEMP TABLE chatdb_newer (export_id INTEGER PRIMARY KEY)")?;
        conn.execute(
            "INSERT INTO temp.chatdb_newer SELECT export_id FROM main.chatdb_export \
             WHERE taken_at > ?1",
            [&export.taken_at],
        )?;
        let is_newer = |key: &str| {
            let main =
                format!("main.{main} m JOIN temp.chatdb_newer n ON m.chatdb_export = n.export_id");
            format!("{key} IN (SELECT m.{} FROM {main})", quoted(key_name))
        };
        let others: Vec<String> = table
            .shape
            .columns
            .iter()
            .filter(|column| column.name != *key_name)
            .map(|column| column.name.clone())
            .collect();
        let mut newer: Vec<String> = others
            .iter()
            .map(|name| format!("{0} = a.{0}", quoted(name)))
            .collect();
        newer.push(format!(
            "chatdb_export = {own}, chatdb_line = a.chatdb_line"
        ));
        // Older than what is there: a state of the past.
        let mut sql = format!(
            "INSERT INTO main.{earlier} ({columns}, chatdb_export, chatdb_line) \
             SELECT {columns}, {own}, chatdb_line FROM {aside} WHERE {};",
            is_newer(&key)
        );
        // What the newer export has no column for is known from the older one.
        let filled: Vec<String> = others
            .iter()
            .map(|name| {
                format!(
                    "{0} = CASE WHEN m.{0} IS NULL AND NOT EXISTS (SELECT 1 FROM main.chatdb_export_column c \
                     WHERE c.export_id = m.chatdb_export AND c.table_name = {1} AND c.column_name = {2}) \
                     THEN a.{0} ELSE m.{0} END",
                    quoted(name),
                    literal(&table.shape.table),
                    literal(name),
                )
            })
            .collect();
        if !filled.is_empty() {
            let _ = write!(
                sql,
                "UPDATE main.{main} AS m SET {} FROM {aside} a WHERE a.{key} = m.{key} AND {};",
                filled.join(", "),
                is_newer(&format!("a.{key}"))
            );
        }
        let _ = write!(
            sql,
            "DELETE FROM {aside} WHERE {}; \
             INSERT INTO main.{earlier} ({stored}, chatdb_export, chatdb_line) \
             SELECT {stored}, chatdb_export, chatdb_line FROM main.{main} WHERE {key} IN (SELECT {key} FROM {aside}); \
             UPDATE main.{main} AS m SET {} FROM {aside} a WHERE a.{key} = m.{key}; \
             INSERT INTO main.{main} ({columns}, chatdb_export, chatdb_line) \
             SELECT {columns}, {own}, chatdb_line FROM {aside} WHERE {key} NOT IN (SELECT {key} FROM main.{main}); \
             DROP TABLE temp.chatdb_newer",
            is_newer(&key),
            newer.join(", ")
        );
        conn.execute_batch(&sql)?;
        Ok(())
    }

    /// Queues whose number was made of their name get the product's, where one queue of that name is known.
    fn know_queues(&self) -> Result<(), StoreError> {
        let conn = &self.store.conn;
        let made = "SELECT 1 FROM main.egpl_routing_queue WHERE queue_id < 0";
        if !conn.prepare(made)?.exists([])? {
            return Ok(());
        }
        conn.execute_batch(
            "CREATE TEMP TABLE chatdb_known_queue AS \
             SELECT made.queue_id AS made, min(own.queue_id) AS own FROM main.egpl_routing_queue made \
             JOIN main.egpl_routing_queue own ON own.queue_name = made.queue_name AND own.queue_id >= 0 \
             WHERE made.queue_id < 0 GROUP BY made.queue_id HAVING count(*) = 1; \
             UPDATE main.egpl_casemgmt_activity SET queue_id = (SELECT own FROM temp.chatdb_known_queue \
             WHERE made = queue_id) WHERE queue_id IN (SELECT made FROM temp.chatdb_known_queue); \
             UPDATE main.egpl_casemgmt_activity_earlier SET queue_id = (SELECT own FROM temp.chatdb_known_queue \
             WHERE made = queue_id) WHERE queue_id IN (SELECT made FROM temp.chatdb_known_queue); \
             DELETE FROM main.egpl_routing_queue WHERE queue_id IN (SELECT made FROM temp.chatdb_known_queue); \
             DROP TABLE temp.chatdb_known_queue",
        )?;
        Ok(())
    }

    /// Rows without a key of one column cannot be told apart: those that another export has too are not kept twice.
    fn drop_equal_rows(&mut self, number: usize) -> Result<(), StoreError> {
        let table = &self.tables[number];
        if table.key.is_some() || !table.had_rows {
            return Ok(());
        }
        let main = quoted(&table.shape.table);
        let names = self.columns_of(&table.shape.table)?;
        let same: Vec<String> = names
            .iter()
            .filter(|name| !name.starts_with("chatdb_"))
            .map(|name| format!("o.{0} IS n.{0}", quoted(name)))
            .collect();
        let (own, same) = (self.export, same.join(" AND "));
        let sql = match self.row_number(&table.shape.table, &names) {
            Some(id) => format!(
                "DELETE FROM main.{main} WHERE {id} IN (SELECT n.{id} FROM main.{main} n JOIN main.{main} o \
                 ON o.chatdb_export <> {own} AND {same} WHERE n.chatdb_export = {own})"
            ),
            None => format!(
                "DELETE FROM main.{main} AS n WHERE n.chatdb_export = {own} AND EXISTS \
                 (SELECT 1 FROM main.{main} o WHERE o.chatdb_export <> {own} AND {same})"
            ),
        };
        self.store.conn.execute(&sql, [])?;
        Ok(())
    }

    /// A name for the number of a row that is no column of the table; `None` where rows have no number, or it no name.
    fn row_number(&self, table: &str, columns: &BTreeSet<String>) -> Option<&'static str> {
        let is_free = |name: &&str| !columns.iter().any(|own| own.eq_ignore_ascii_case(name));
        let names_it = |name: &&str| {
            let sql = format!("SELECT {name} FROM main.{}", quoted(table));
            self.store.conn.prepare(&sql).is_ok()
        };
        ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|name| is_free(name) && names_it(name))
    }
}

impl Drop for Loader<'_> {
    fn drop(&mut self) {
        if self.open {
            // Where even this fails, SQLite undoes what was not committed when the file is opened next.
            let _ = self.store.conn.execute_batch("ROLLBACK");
        }
        let defensive = DbConfig::SQLITE_DBCONFIG_DEFENSIVE;
        let _ = self.store.conn.set_db_config(defensive, true);
    }
}

fn column_list(shape: &TableLayout) -> String {
    let names: Vec<String> = shape
        .columns
        .iter()
        .map(|column| quoted(&column.name))
        .collect();
    names.join(", ")
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A line as SQLite keeps it.
pub(super) fn line_number(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

fn insert(
    statement: &mut Statement<'_>,
    row: &[RowValue],
    text: &str,
    line: i64,
) -> rusqlite::Result<()> {
    for (at, value) in row.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, Bound(*value, text))?;
    }
    statement.raw_bind_parameter(row.len() + 1, line)?;
    statement.raw_execute()?;
    Ok(())
}

/// Makes the place for rows whose key is there from another export.
fn make_aside(
    store: &Store,
    number: usize,
    shape: &TableLayout,
    key: &str,
) -> Result<(), StoreError> {
    let columns: Vec<String> = shape
        .columns
        .iter()
        .map(|column| {
            let name = quoted(&column.name);
            if name == key {
                format!("{name} INTEGER PRIMARY KEY")
            } else {
                name
            }
        })
        .collect();
    store.conn.execute_batch(&format!(
        "DROP TABLE IF EXISTS temp.chatdb_aside_{number}; \
         CREATE TEMP TABLE chatdb_aside_{number} ({}, chatdb_line INTEGER)",
        columns.join(", ")
    ))?;
    Ok(())
}

/// A row whose key is there: from this file, with the same values or others, or from another export.
#[allow(clippy::too_many_arguments)]
fn conflict<'s>(
    store: &'s Store,
    export: i64,
    number: usize,
    table: &mut Table<'s>,
    row: &[RowValue],
    batch: &Batch,
    line: i64,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let Some(at) = table.key else {
        return Ok(());
    };
    let key = quoted(&table.shape.columns[at].name);
    let columns = column_list(&table.shape);
    let main = quoted(&table.shape.table);
    let mut there = store.conn.prepare_cached(&format!(
        "SELECT chatdb_export = {export}, {columns} FROM main.{main} WHERE {key} = ?1"
    ))?;
    let mut rows = there.query([Bound(row[at], &batch.text)])?;
    let own = match rows.next()? {
        Some(found) if found.get::<_, bool>(0)? => Some(is_same(found, 1, row, &batch.text)?),
        _ => None,
    };
    drop(rows);
    if let Some(same) = own {
        return judge(store, export, table, row, batch, line, same, outcome);
    }
    if table.aside.is_none() {
        make_aside(store, number, &table.shape, &key)?;
        let marks = vec!["?"; table.shape.columns.len()].join(", ");
        table.aside = Some(store.conn.prepare(&format!(
            "INSERT INTO temp.chatdb_aside_{number} ({columns}, chatdb_line) VALUES ({marks}, ?)"
        ))?);
    }
    let aside = table.aside.as_mut().expect("it has just been made");
    match insert(aside, row, &batch.text, line) {
        Ok(()) => {
            table.set_aside += 1;
            table.rows += 1;
            Ok(())
        }
        Err(error) if is_taken(&error) => {
            let mut there = store.conn.prepare_cached(&format!(
                "SELECT {columns} FROM temp.chatdb_aside_{number} WHERE {key} = ?1"
            ))?;
            let mut rows = there.query([Bound(row[at], &batch.text)])?;
            let same = match rows.next()? {
                Some(found) => is_same(found, 0, row, &batch.text)?,
                None => false,
            };
            drop(rows);
            judge(store, export, table, row, batch, line, same, outcome)
        }
        Err(error) => Err(error.into()),
    }
}

/// What becomes of a row whose key stands in the same file before.
#[allow(clippy::too_many_arguments)]
fn judge(
    store: &Store,
    export: i64,
    table: &Table<'_>,
    row: &[RowValue],
    batch: &Batch,
    line: i64,
    same: bool,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    if same {
        outcome.repeated += 1;
        return Ok(());
    }
    if table.shape.repeated {
        let marks = vec!["?"; table.shape.columns.len()].join(", ");
        let mut statement = store.conn.prepare_cached(&format!(
            "INSERT INTO main.{} ({}, chatdb_line, chatdb_export) VALUES ({marks}, ?, {export})",
            quoted(&format!("{}_earlier", table.shape.table)),
            column_list(&table.shape)
        ))?;
        insert(&mut statement, row, &batch.text, line)?;
        outcome.other_states += 1;
        return Ok(());
    }
    let key = table.key.map(|at| &table.shape.columns[at]);
    outcome.rejects.push(Reject {
        line: u64::try_from(line).unwrap_or(0),
        column: key.map(|key| key.position as u64),
        column_name: key.map(|key| key.name.clone()),
        text: written(row, &batch.text),
        reason: Reason::DuplicateKey,
        detail: "the key stands earlier in the file with other values".to_owned(),
        records: 1,
    });
    Ok(())
}

/// A row as text, for a reject: its values with commas between.
fn written(row: &[RowValue], text: &str) -> String {
    let mut all = String::new();
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            all.push(',');
        }
        let _ = match value {
            RowValue::Null => write!(all, "NULL"),
            RowValue::Integer(value) => write!(all, "{value}"),
            RowValue::Real(value) => write!(all, "{value:?}"),
            RowValue::Text { start, end } => {
                write!(all, "{}", &text[*start as usize..*end as usize])
            }
        };
    }
    cut(&mut all);
    all
}

/// Cuts a reject's text at the most that is kept of it, between two characters.
pub(crate) fn cut(text: &mut String) {
    if text.len() > Reject::LONGEST {
        let mut end = Reject::LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}

/// Whether a stored row has these values, from its column `first` on.
fn is_same(
    found: &Row<'_>,
    first: usize,
    row: &[RowValue],
    text: &str,
) -> Result<bool, StoreError> {
    for (at, value) in row.iter().enumerate() {
        let stored = found.get_ref(first + at)?;
        let same = match (value, stored) {
            (RowValue::Null, ValueRef::Null) => true,
            (RowValue::Integer(a), ValueRef::Integer(b)) => *a == b,
            (RowValue::Real(a), ValueRef::Real(b)) => *a == b,
            #[allow(clippy::cast_precision_loss)]
            (RowValue::Real(a), ValueRef::Integer(b)) => *a == b as f64,
            (RowValue::Text { start, end }, ValueRef::Text(b)) => {
                &text.as_bytes()[*start as usize..*end as usize] == b
            }
            // A text of digits in a column that is no text is stored as the number.
            (RowValue::Text { start, end }, ValueRef::Integer(b)) => {
                text[*start as usize..*end as usize] == b.to_string()
            }
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}
