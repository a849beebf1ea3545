//! Loads the rows of one export into an import database: one transaction, all or nothing.
//!
//! The main table of each kind of row holds the newest state of each key. A row whose key was loaded from another
//! export is staged until the end of the file, since only then is the export time known; then `merge` puts the newer of
//! the two states into the main table and the other one into its history table, `<table>_earlier`. Nothing is lost
//! either way. Columns that the newer export lacks keep their values from the older one.
//!
//! Rows of a table that was empty are written as whole pages (`bulk`) as long as they arrive in key order; all others
//! are inserted. `conflict` handles keys that already exist; `exports` is the catalog of exports.

mod conflict;
mod exports;
mod merge;

use std::collections::BTreeSet;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, Statement, ToSql, params};

use super::bulk::Bulk;
use super::{Store, StoreError};
use crate::record::Reject;
use crate::record::batch::{Batch, RowValue, TableLayout};
use crate::schema::inferred::ColumnValues;
use crate::schema::product::{AFTER_LOAD, ProductTable};
use crate::sql::quote::identifier;
use conflict::NewRow;
pub use exports::Forgotten;
pub use exports::Known;
use merge::{changes_table, history_table, staging_table};

/// The description of a file, for `chatdb_export`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Export {
    /// Its name as given.
    pub file: String,
    /// The hash of its bytes as stored, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The format in which it was read.
    pub form: String,
    /// The encoding of its text.
    pub encoding: String,
    /// The options with which it was read.
    pub reading: String,
    /// When it was exported, in the stored time format.
    pub taken_at: Option<String>,
    /// Where the export time comes from.
    pub taken_from: &'static str,
    /// Records in the file.
    pub records: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// The row count according to the tool that wrote the file.
    pub footer: Option<u64>,
    /// For each table of the loader and each of its columns the newest time, if it is a time column.
    pub newest: Vec<Vec<Option<String>>>,
    /// The same for the types of values of columns that the schema does not have.
    pub values: Vec<Vec<ColumnValues>>,
    /// Columns that were not loaded.
    pub dropped: Vec<Dropped>,
}

/// A column of the file that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its position in the file, from 1.
    pub position: usize,
    /// Its name in the file.
    pub heading: String,
    /// The reason, which completes a sentence.
    pub why: String,
    /// Whether its values must be hidden too.
    pub secret: bool,
}

/// The outcome of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows stored as whole pages, bypassing SQLite's insertion.
    pub in_bulk: u64,
    /// Rows that repeat an earlier row of the file.
    pub repeated: u64,
    /// Rows of joined tables whose key occurs earlier in the file with other values; both are kept.
    pub other_states: u64,
    /// Rows whose key occurs earlier in the file with other values.
    pub rejects: Vec<Reject>,
}

/// What loading an export came to besides its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finished {
    /// Rows without a key that were equal to rows of other exports, and are not kept twice.
    pub equal: u64,
    /// For each table the columns outside the schema that only other exports have.
    pub kept: Vec<(String, Vec<String>)>,
    /// For each table the columns outside the schema that are read as text.
    pub texts: Vec<Vec<String>>,
}

/// Loads one export. If dropped before it is finished, nothing is changed.
pub struct Loader<'s> {
    store: &'s Store,
    export: i64,
    tables: Vec<LoadedTable<'s>>,
    open: bool,
}

/// A table that is being loaded.
struct LoadedTable<'s> {
    layout: TableLayout,
    /// The position of the key in each row, if it is a single column.
    key: Option<usize>,
    /// Whether it had rows of other exports before.
    had_rows: bool,
    /// Takes the rows as long as they arrive in key order and the table was empty.
    bulk: Option<Bulk<'s>>,
    insert: Statement<'s>,
    /// For rows whose key was loaded from another export.
    staging: Option<Statement<'s>>,
    /// How many are staged.
    staged: u64,
    /// Rows that were stored.
    rows: u64,
}

/// A value to be passed to SQLite.
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

/// The SQL that creates a table which the product does not have.
pub(super) fn new_table(table: &str, columns: &[impl AsRef<str>]) -> String {
    let columns = columns.iter().map(|name| added_column(name.as_ref()) + ", ");
    let columns = columns.collect::<String>();
    format!("CREATE TABLE {table} ({columns}chatdb_export INTEGER, chatdb_line INTEGER)")
}

/// A column that the product does not have.
pub(super) fn added_column(name: &str) -> String {
    format!("{} \"NVARCHAR(MAX)\"", identifier(name))
}

impl<'s> Loader<'s> {
    /// Begins a transaction for the rows of one export.
    ///
    /// # Errors
    /// When another program is writing, or SQLite fails.
    pub fn begin(store: &'s Store) -> Result<Self, StoreError> {
        // Rejects refer to the export, whose row is written at the end.
        store.conn.execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON")?;
        // No statement but ours is run meanwhile.
        store.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
        let mut loader = Self { store, export: 0, tables: Vec::new(), open: true };
        loader.export = store.conn.query_row(
            "SELECT coalesce(max(export_id), 0) + 1 FROM chatdb_export",
            [],
            |row| row.get(0),
        )?;
        Ok(loader)
    }

    /// Prepares for rows of this shape, and returns the number by which batches refer to it. Missing tables and columns
    /// are created.
    pub fn shape(&mut self, layout: TableLayout) -> Result<usize, StoreError> {
        let conn = &self.store.conn;
        self.make_room(&layout)?;
        let number = self.tables.len();
        let key = ProductTable::named(&layout.table)
            .and_then(ProductTable::single_key)
            .and_then(|key| layout.columns.iter().position(|column| column.name == key));
        let table = identifier(&layout.table);
        let had_rows = conn.prepare(&format!("SELECT 1 FROM {table}"))?.exists([])?;
        let columns = column_list(&layout);
        let marks = vec!["?"; layout.columns.len()].join(", ");
        let insert = if layout.history {
            let changes = changes_table(number);
            conn.execute_batch(&format!(
                "DROP TABLE IF EXISTS {changes}; CREATE TABLE {changes} \
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
        let bulk =
            if had_rows || layout.history { None } else { Bulk::new(conn, &layout, self.export)? };
        self.tables.push(LoadedTable {
            layout,
            key,
            had_rows,
            bulk,
            insert,
            staging: None,
            staged: 0,
            rows: 0,
        });
        Ok(number)
    }

    fn make_room(&self, layout: &TableLayout) -> Result<(), StoreError> {
        let conn = &self.store.conn;
        let known = self.columns_of(&layout.table)?;
        if known.is_empty() {
            let names: Vec<&str> = layout.columns.iter().map(|own| own.name.as_str()).collect();
            let table = format!("main.{}", identifier(&layout.table));
            conn.execute_batch(&new_table(&table, &names))?;
            return Ok(());
        }
        self.add_columns(&layout.table, layout.columns.iter().map(|column| &column.name))?;
        let columns = self.columns_of(&layout.table)?;
        let own = columns.iter().filter(|name| !name.starts_with("chatdb_"));
        self.add_columns(&history_table(&layout.table), own)
    }

    /// Adds the columns that a table does not have, if there is such a table.
    fn add_columns<'n>(
        &self,
        table: &str,
        names: impl Iterator<Item = &'n String>,
    ) -> Result<(), StoreError> {
        let known = self.columns_of(table)?;
        for name in names.filter(|name| !known.is_empty() && !known.contains(*name)) {
            self.store.conn.execute_batch(&format!(
                "ALTER TABLE main.{} ADD COLUMN {}",
                identifier(table),
                added_column(name)
            ))?;
        }
        Ok(())
    }

    fn columns_of(&self, table: &str) -> Result<BTreeSet<String>, StoreError> {
        let mut statement =
            self.store.conn.prepare("SELECT name FROM pragma_table_info(?1, 'main')")?;
        let names = statement.query_map([table], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Stores the rows of a batch.
    pub fn rows(&mut self, number: usize, batch: &Batch) -> Result<Outcome, StoreError> {
        let mut outcome = Outcome::default();
        let table = &mut self.tables[number];
        let width = table.layout.columns.len() + if table.layout.history { 3 } else { 0 };
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
        for (values, line) in rows.skip(in_bulk) {
            let row = NewRow { values, text: &batch.text, line: line_number(*line) };
            let table = &mut self.tables[number];
            match insert(&mut table.insert, row) {
                Ok(()) => table.rows += 1,
                Err(error) if is_taken(&error) && table.key.is_some() => {
                    self.conflict(number, row, &mut outcome)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(outcome)
    }

    /// Stores a reject.
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

    /// The number of rows that each table has received from this export so far.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.tables.iter().map(|table| table.rows).collect()
    }

    /// Merges staged rows, adds the export to the catalog, and commits.
    ///
    /// # Errors
    /// Fails when SQLite does; then nothing of the export is there.
    pub fn finish(mut self, export: &Export) -> Result<Finished, StoreError> {
        let mut finished = Finished::default();
        for number in 0..self.tables.len() {
            if let Some(bulk) = self.tables[number].bulk.take() {
                bulk.seal()?;
            }
            if self.tables[number].layout.history {
                self.merge_changes(number)?;
            }
            if self.tables[number].staged > 0 {
                self.merge_states(number, export)?;
            }
        }
        self.note(export)?;
        for number in 0..self.tables.len() {
            let inferred = self.store.inferred(&self.tables[number].layout.table)?;
            finished.equal += self.drop_equal_rows(number, &inferred)?;
            finished.kept.extend(self.kept_columns(number)?);
            let texts = inferred.into_iter().filter(|(_, column)| column.of.is_text());
            finished.texts.push(texts.map(|(name, _)| name).collect());
        }
        for rule in AFTER_LOAD {
            if self.store.conn.prepare(rule.applies)?.exists([])? {
                self.store.conn.execute_batch(rule.script)?;
            }
        }
        for number in 0..self.tables.len() {
            self.tables[number].staging = None;
            for table in [changes_table(number), staging_table(number)] {
                let drop = format!("DROP TABLE IF EXISTS {table}");
                self.store.conn.execute_batch(&drop)?;
            }
        }
        self.store.conn.execute_batch("COMMIT")?;
        self.open = false;
        Ok(finished)
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

fn column_list(layout: &TableLayout) -> String {
    let names: Vec<String> = layout.columns.iter().map(|column| identifier(&column.name)).collect();
    names.join(", ")
}

/// A line number as SQLite stores it.
pub(super) fn line_number(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

fn insert(statement: &mut Statement<'_>, row: NewRow<'_>) -> rusqlite::Result<()> {
    for (at, value) in row.values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, Bound(*value, row.text))?;
    }
    statement.raw_bind_parameter(row.values.len() + 1, row.line)?;
    statement.raw_execute()?;
    Ok(())
}

/// Truncates a reject's text to the stored maximum, at a character boundary.
pub(crate) fn cut(text: &mut String) {
    if text.len() > Reject::LONGEST {
        let mut end = Reject::LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}
