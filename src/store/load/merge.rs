//! Merges staged rows at the end of an export: the newer of two states of a key becomes the row, the other one goes
//! into the history table. The SQL is in the templates next to this file.

use std::collections::{BTreeMap, BTreeSet};

use super::{Export, Loader, column_list};
use crate::record::batch::TableLayout;
use crate::schema::inferred::Inferred;
use crate::sql::quote::{identifier, literal};
use crate::store::{Store, StoreError};

/// The operation of a change that deleted the row, as change data capture numbers it.
const DELETE: u8 = 1;

/// The temporary table for rows of table `number` whose keys other exports have too.
pub(super) fn staging_table(number: usize) -> String {
    format!("temp.chatdb_staging_{number}")
}

/// The temporary table of the changes of table `number`.
pub(super) fn changes_table(number: usize) -> String {
    format!("temp.chatdb_changes_{number}")
}

/// The table for earlier states of the rows of `table`.
pub(super) fn history_table(table: &str) -> String {
    format!("{table}_earlier")
}

/// Creates the staging table, empty.
pub(super) fn create_staging(
    store: &Store,
    number: usize,
    layout: &TableLayout,
    key: &str,
) -> Result<(), StoreError> {
    let columns: Vec<String> = layout
        .columns
        .iter()
        .map(|column| {
            let name = identifier(&column.name);
            if name == key { format!("{name} INTEGER PRIMARY KEY") } else { name }
        })
        .collect();
    let staging = staging_table(number);
    store.conn.execute_batch(&format!(
        "DROP TABLE IF EXISTS {staging}; CREATE TABLE {staging} ({}, chatdb_line INTEGER)",
        columns.join(", ")
    ))?;
    Ok(())
}

impl Loader<'_> {
    /// Puts changes in order: the last state of each key is staged for the main table unless it was deleted, all
    /// others go to the history table.
    pub(super) fn merge_changes(&mut self, number: usize) -> Result<(), StoreError> {
        let stored = self.shared_columns(number)?;
        let table = &mut self.tables[number];
        let Some(key) = table.key else {
            return Ok(());
        };
        let conn = &self.store.conn;
        let key = identifier(&table.layout.columns[key].name);
        let changes = changes_table(number);
        let ranked = format!(include_str!("ranked_changes.sql"), key = key, changes = changes);
        let staging = staging_table(number);
        create_staging(self.store, number, &table.layout, &key)?;
        conn.execute_batch(&format!(
            include_str!("merge_changes.sql"),
            main = identifier(&table.layout.table),
            history = identifier(&history_table(&table.layout.table)),
            columns = column_list(&table.layout),
            stored = stored,
            export = self.export,
            ranked = ranked,
            staging = staging,
            key = key,
            delete = DELETE,
        ))?;
        let count = format!("SELECT count(*) FROM {staging}");
        table.staged += conn.query_row(&count, [], |row| row.get(0).map(i64::unsigned_abs))?;
        Ok(())
    }

    /// Puts staged rows into the main table where they are new or newer, else into the history table.
    pub(super) fn merge_states(
        &mut self,
        number: usize,
        export: &Export,
    ) -> Result<(), StoreError> {
        let stored = self.shared_columns(number)?;
        let table = &self.tables[number];
        let Some(at) = table.key else {
            return Ok(());
        };
        let conn = &self.store.conn;
        let main = identifier(&table.layout.table);
        let key = identifier(&table.layout.columns[at].name);
        let staging = staging_table(number);
        // Exports are in the order of their times, as far as both are known; else the one that was read later is newer.
        conn.execute_batch("CREATE TEMP TABLE chatdb_newer (export_id INTEGER PRIMARY KEY)")?;
        conn.execute(
            "INSERT INTO temp.chatdb_newer SELECT export_id FROM main.chatdb_export WHERE taken_at > ?1",
            [&export.taken_at],
        )?;
        let newer_keys = format!(
            "SELECT m.{key} FROM main.{main} m JOIN temp.chatdb_newer n ON m.chatdb_export = n.export_id"
        );
        let others = || {
            let columns = table.layout.columns.iter().enumerate();
            columns.filter_map(move |(place, column)| (place != at).then_some(&column.name))
        };
        let mut assignments: Vec<String> =
            others().map(|name| format!("{0} = a.{0}", identifier(name))).collect();
        assignments.push(format!("chatdb_export = {}, chatdb_line = a.chatdb_line", self.export));
        let filled: Vec<String> =
            others().map(|name| filled_where_unknown(&table.layout.table, name)).collect();
        let fill_gaps = match filled.is_empty() {
            true => String::new(),
            false => format!(
                include_str!("fill_gaps.sql"),
                main = main,
                assignments = filled.join(", "),
                staging = staging,
                key = key,
                newer_keys = newer_keys,
            ),
        };
        conn.execute_batch(&format!(
            include_str!("merge_states.sql"),
            main = main,
            history = identifier(&history_table(&table.layout.table)),
            columns = column_list(&table.layout),
            stored = stored,
            export = self.export,
            staging = staging,
            key = key,
            newer_keys = newer_keys,
            fill_gaps = fill_gaps,
            assignments = assignments.join(", "),
        ))?;
        Ok(conn.execute_batch("DROP TABLE temp.chatdb_newer")?)
    }

    /// Rows without a key of one column cannot be distinguished: of rows that are equal as many are kept as the export
    /// with most of them has, whichever is loaded first. Returns how many were taken out.
    /// Values of columns outside the schema are compared as what they are read as: `.5000` is `0.5`.
    pub(super) fn drop_equal_rows(
        &self,
        number: usize,
        inferred: &BTreeMap<String, Inferred>,
    ) -> Result<u64, StoreError> {
        let table = &self.tables[number];
        if table.key.is_some() || !table.had_rows {
            return Ok(0);
        }
        let main = identifier(&table.layout.table);
        let names = self.columns_of(&table.layout.table)?;
        let own = self.export;
        let compared = || names.iter().filter(|name| !name.starts_with("chatdb_"));
        let value = |of: &str, name: &str| {
            let stored = format!("{of}{}", identifier(name));
            let read_as = inferred.get(name).and_then(|column| column.read_as.as_ref());
            read_as.map_or(stored.clone(), |read_as| read_as.replace("{}", &stored))
        };
        let sql = match self.row_number(&table.layout.table, &names) {
            Some(id) => {
                let columns: Vec<String> = compared().map(|name| value("", name)).collect();
                format!(
                    include_str!("equal_rows.sql"),
                    main = main,
                    id = id,
                    own = own,
                    columns = columns.join(", "),
                )
            }
            None => {
                let same: Vec<String> = compared()
                    .map(|name| format!("{} IS {}", value("o.", name), value("n.", name)))
                    .collect();
                format!(
                    "DELETE FROM main.{main} AS n WHERE n.chatdb_export = {own} AND EXISTS \
                     (SELECT 1 FROM main.{main} o WHERE o.chatdb_export <> {own} AND {})",
                    same.join(" AND ")
                )
            }
        };
        Ok(self.store.conn.execute(&sql, [])? as u64)
    }

    /// The product's columns of a table, which its history table has as well.
    fn shared_columns(&self, number: usize) -> Result<String, StoreError> {
        let mut names: Vec<String> = self
            .columns_of(&self.tables[number].layout.table)?
            .into_iter()
            .filter(|name| !name.starts_with("chatdb_"))
            .map(|name| identifier(&name))
            .collect();
        names.sort();
        Ok(names.join(", "))
    }

    /// A name for the row id that is not a column of the table; `None` if there is no row id, or no free name for it.
    fn row_number(&self, table: &str, columns: &BTreeSet<String>) -> Option<&'static str> {
        let is_free = |name: &&str| !columns.iter().any(|own| own.eq_ignore_ascii_case(name));
        let names_it = |name: &&str| {
            let sql = format!("SELECT {name} FROM main.{}", identifier(table));
            self.store.conn.prepare(&sql).is_ok()
        };
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| is_free(name) && names_it(name))
    }
}

/// The assignment that fills a column from the older state if the newer export lacks the column.
fn filled_where_unknown(table: &str, column: &str) -> String {
    format!(
        "{0} = CASE WHEN m.{0} IS NULL AND NOT EXISTS (SELECT 1 FROM main.chatdb_export_column c \
         WHERE c.export_id = m.chatdb_export AND c.table_name = {1} AND c.column_name = {2}) \
         THEN a.{0} ELSE m.{0} END",
        identifier(column),
        literal(table),
        literal(column),
    )
}
