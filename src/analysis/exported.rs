//! The rows being analysed: the available tables and columns, the export time, and where each row comes from.

use std::collections::{BTreeMap, BTreeSet};

use super::{AnalysisError, AnalysisOptions};
use crate::schema::catalog::Catalog;
use crate::schema::product::PRODUCT;
use crate::store::Store;
use crate::table::{Cell, Column, Kind, ResultTable};

/// The time columns in the servers' local time that the product writes as things happen. Due dates are in the future,
/// an e-mail's date is set by its sender, and personal dates are irrelevant.
const WRITTEN_AS_IT_HAPPENS: [(&str, &str); 9] = [
    ("egpl_casemgmt_activity", "when_created"),
    ("egpl_casemgmt_activity", "when_modified"),
    ("egpl_casemgmt_activity", "create_date"),
    ("egpl_user", "login_logout_time"),
    ("eglv_session", "create_date"),
    ("eglv_session", "when_modified"),
    ("eglv_session_chat_event", "agent_last_response_time"),
    ("eglv_session_chat_event", "customer_last_message_time"),
    ("egpl_casemgmt_case", "when_modified"),
];

/// The columns that identify a row of a result, with the table and column of which they are the key.
const PLACES: [(&str, &str, &str); 4] = [
    ("activity_id", "egpl_casemgmt_activity", "activity_id"),
    ("first_activity_id", "egpl_casemgmt_activity", "activity_id"),
    ("user_id", "egpl_user", "user_id"),
    ("queue_id", "egpl_routing_queue", "queue_id"),
];

/// How many rows are looked up at once.
const AT_ONCE: usize = 500;

/// A database and its contents.
pub(super) struct ExportedRows<'s> {
    pub(super) store: &'s Store,
    pub(super) catalog: Catalog,
    /// The tables that have rows or occur in an export.
    pub(super) tables: BTreeSet<String>,
    /// The columns that occur in an export, by table; `None` if the database is not an import database.
    pub(super) columns: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl<'s> ExportedRows<'s> {
    pub(super) fn of(store: &'s Store) -> Result<Self, AnalysisError> {
        let catalog = store.catalog_of_tables()?;
        let is_import_database = catalog.table("chatdb_export_column").is_some();
        let mut tables = BTreeSet::new();
        for name in catalog.names().filter(|name| is_product(name)) {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {name})");
            let has = store.answer(&sql, None, &[], None)?.table.rows;
            if has == [[Cell::Integer(1)]] {
                tables.insert(name.to_lowercase());
            }
        }
        let mut columns = None;
        if is_import_database {
            const COLUMNS: &str = "SELECT DISTINCT table_name, column_name FROM chatdb_export_column \
                 WHERE table_name IS NOT NULL AND column_name IS NOT NULL";
            let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for row in store.answer(COLUMNS, None, &[], None)?.table.rows {
                if let [Cell::Text(table), Cell::Text(column)] = row.as_slice() {
                    tables.insert(table.clone());
                    known.entry(table.clone()).or_default().insert(column.clone());
                }
            }
            columns = Some(known);
        }
        Ok(Self { store, catalog, tables, columns })
    }

    /// Whether `table` or `table.column` is available.
    pub(super) fn has(&self, wanted: &str) -> bool {
        let (table, column) = match wanted.split_once('.') {
            Some((table, column)) => (table, Some(column)),
            None => (wanted, None),
        };
        let listed = |column: &str| match &self.columns {
            None => {
                let columns = self.catalog.table(table).and_then(|table| table.columns.as_ref());
                columns.is_none_or(|columns| {
                    columns.iter().any(|(own, _)| own.eq_ignore_ascii_case(column))
                })
            }
            // Earlier states have the columns of the table.
            Some(known) => known
                .get(table.trim_end_matches("_earlier"))
                .is_some_and(|columns| columns.contains(column)),
        };
        self.tables.contains(table) && column.is_none_or(listed)
    }

    /// For a product's table that lacks a column of `missing`, the exported columns that are none of its own.
    pub(super) fn unknown_columns(&self, missing: &[String]) -> Vec<String> {
        let Some(known) = &self.columns else {
            return Vec::new();
        };
        let lacking = missing.iter().filter_map(|name| Some(name.split_once('.')?.0));
        let lacking: BTreeSet<&str> = lacking.collect();
        let tables = PRODUCT.iter().filter(|table| lacking.contains(table.name));
        let unknown = tables.filter_map(|table| {
            let own = known.get(table.name)?.iter();
            let unknown = own.filter(|column| table.position(column).is_none());
            let unknown: Vec<String> = unknown.map(|column| format!("`{column}`")).collect();
            (!unknown.is_empty()).then(|| {
                format!(
                    "unknown columns of {}: {}; `chatdb help settings` says how to name one that \
                     was renamed",
                    table.name,
                    unknown.join(", ")
                )
            })
        });
        unknown.collect()
    }

    /// The time from which ages are measured, and where it comes from.
    pub(super) fn moment(
        &self,
        options: &AnalysisOptions,
    ) -> Result<(Cell, String), AnalysisError> {
        if let Some(ms) = options.as_of_ms {
            return Ok((Cell::Timestamp(ms), "--as-of".to_owned()));
        }
        if let Some(now) = self.store.now()? {
            return Ok((now, "the scenario clock".to_owned()));
        }
        let mut newest: Option<(i64, String)> = None;
        for (table, column) in WRITTEN_AS_IT_HAPPENS {
            if let Some(at) = self.newest(table, column)?
                && newest.as_ref().is_none_or(|(before, _)| at > *before)
            {
                newest = Some((at, format!("the newest timestamp in the rows, {table}.{column}")));
            }
        }
        Ok(match newest {
            Some((at, from)) => (Cell::Timestamp(at), from),
            None => (Cell::Null, "the rows contain no timestamp".to_owned()),
        })
    }

    /// The newest time in a column: as recorded during the import, otherwise by query.
    pub(super) fn newest(&self, table: &str, column: &str) -> Result<Option<i64>, AnalysisError> {
        let wanted = format!("{table}.{column}");
        if !self.has(&wanted) {
            return Ok(None);
        }
        let one = |sql: &str| -> Result<Option<i64>, AnalysisError> {
            let columns = [("newest".to_owned(), Some(Kind::Timestamp))];
            let table = self.store.answer(sql, Some(&columns), &[], None)?.table;
            Ok(match table.rows.first().map(Vec::as_slice) {
                Some([Cell::Timestamp(ms)]) => Some(*ms),
                _ => None,
            })
        };
        if self.columns.is_some() {
            let noted = one(&format!(
                "SELECT max(newest) FROM chatdb_export_column WHERE table_name = '{table}' AND column_name = '{column}'"
            ))?;
            if noted.is_some() {
                return Ok(noted);
            }
        }
        one(&format!("SELECT max({column}) FROM {table}"))
    }

    /// When the last export was made, if the user says so: anything not in it had not happened by then.
    pub(super) fn exported_at(&self) -> Result<Option<i64>, AnalysisError> {
        if self.columns.is_none() {
            return Ok(None);
        }
        const GIVEN: &str =
            "SELECT max(taken_at) FROM chatdb_export WHERE taken_from = '--exported-at'";
        let columns = [("taken_at".to_owned(), Some(Kind::Timestamp))];
        let rows = self.store.answer(GIVEN, Some(&columns), &[], None)?.table.rows;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([Cell::Timestamp(ms)]) => Some(*ms),
            _ => None,
        })
    }

    /// Adds the file and line of each row that can be identified by its key.
    pub(super) fn place(
        &self,
        table: &mut ResultTable,
        keys: &[String],
    ) -> Result<(), AnalysisError> {
        if self.columns.is_none() || table.rows.is_empty() {
            return Ok(());
        }
        let is_key = |(column, ..): &&(&str, &str, &str)| keys.iter().any(|key| key == column);
        let by_key = PLACES.iter().filter(is_key);
        let found = by_key.chain(&PLACES).find_map(|(column, of, key)| {
            let at = table.position(column)?;
            self.tables.contains(*of).then_some((at, *of, *key))
        });
        let Some((at, of, key)) = found else {
            return Ok(());
        };
        let mut places: BTreeMap<i64, (Cell, Cell)> = BTreeMap::new();
        for some in table.rows.chunks(AT_ONCE) {
            let ids: Vec<String> = some
                .iter()
                .filter_map(|row| match row[at] {
                    Cell::Integer(id) => Some(id.to_string()),
                    _ => None,
                })
                .collect();
            let sql = format!(
                "SELECT t.{key}, x.file, t.chatdb_line FROM {of} t \
                 LEFT JOIN chatdb_export x ON x.export_id = t.chatdb_export WHERE t.{key} IN ({})",
                ids.join(", ")
            );
            for row in self.store.answer(&sql, None, &[], None)?.table.rows {
                if let [Cell::Integer(id), file, line] = row.as_slice() {
                    places.insert(*id, (file.clone(), line.clone()));
                }
            }
        }
        table.columns.push(Column::new("file", Kind::Text));
        table.columns.push(Column::new("line", Kind::Integer));
        for row in &mut table.rows {
            let place = match row[at] {
                Cell::Integer(id) => places.get(&id).cloned(),
                _ => None,
            };
            let (file, line) = place.unwrap_or((Cell::Null, Cell::Null));
            row.extend([file, line]);
        }
        Ok(())
    }
}

/// Whether a table has a name of the product's, in any case.
fn is_product(name: &str) -> bool {
    name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("eg"))
}
