//! Rows whose key already exists: from the same file, with the same values or others, or from another export.

use std::fmt::Write as _;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::merge::{create_staging, history_table, staging_table};
use super::{Bound, LoadedTable, Loader, Outcome, column_list, cut, insert, is_taken};
use crate::record::batch::RowValue;
use crate::record::{Reason, Reject};
use crate::sql::quote::identifier;
use crate::store::StoreError;

/// A row being stored: its values, the text that they are slices of, and its line.
#[derive(Clone, Copy)]
pub(super) struct NewRow<'r> {
    pub(super) values: &'r [RowValue],
    pub(super) text: &'r str,
    pub(super) line: i64,
}

impl Loader<'_> {
    /// Stores or rejects a row whose key already exists.
    pub(super) fn conflict(
        &mut self,
        number: usize,
        row: NewRow<'_>,
        outcome: &mut Outcome,
    ) -> Result<(), StoreError> {
        let Some(at) = self.tables[number].key else {
            return Ok(());
        };
        let layout = &self.tables[number].layout;
        let (main, columns) = (identifier(&layout.table), column_list(layout));
        let key = identifier(&layout.columns[at].name);
        let (own, export) = (format!("main.{main}"), self.export);
        let stored = self.stored(&own, &columns, &key, Some(export), at, row)?;
        if let Some(same) = stored {
            return self.resolve_conflict(number, row, same, outcome);
        }
        let staging = staging_table(number);
        if self.tables[number].staging.is_none() {
            create_staging(self.store, number, layout, &key)?;
            let marks = vec!["?"; layout.columns.len()].join(", ");
            let sql = format!("INSERT INTO {staging} ({columns}, chatdb_line) VALUES ({marks}, ?)");
            self.tables[number].staging = Some(self.store.conn.prepare(&sql)?);
        }
        let table = &mut self.tables[number];
        let statement = table.staging.as_mut().expect("it has just been prepared");
        match insert(statement, row) {
            Ok(()) => {
                table.staged += 1;
                table.rows += 1;
                Ok(())
            }
            Err(error) if is_taken(&error) => {
                let stored = self.stored(&staging, &columns, &key, None, at, row)?;
                self.resolve_conflict(number, row, stored == Some(true), outcome)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the row with that key in `table` has the same values; `None` if there is none, or if it is not from
    /// export `of`.
    fn stored(
        &self,
        table: &str,
        columns: &str,
        key: &str,
        of: Option<i64>,
        at: usize,
        row: NewRow<'_>,
    ) -> Result<Option<bool>, StoreError> {
        let is_own = of.map_or("1".to_owned(), |export| format!("chatdb_export IS {export}"));
        let mut statement = self
            .store
            .conn
            .prepare_cached(&format!("SELECT {is_own}, {columns} FROM {table} WHERE {key} = ?1"))?;
        let mut rows = statement.query([Bound(row.values[at], row.text)])?;
        Ok(match rows.next()? {
            Some(found) if found.get::<_, bool>(0)? => Some(is_same(found, 1, row)?),
            _ => None,
        })
    }

    /// Handles a row whose key occurs earlier in the same file.
    fn resolve_conflict(
        &self,
        number: usize,
        row: NewRow<'_>,
        same: bool,
        outcome: &mut Outcome,
    ) -> Result<(), StoreError> {
        let table = &self.tables[number];
        if same {
            outcome.repeated += 1;
            return Ok(());
        }
        if table.layout.repeated {
            let marks = vec!["?"; table.layout.columns.len()].join(", ");
            let mut statement = self.store.conn.prepare_cached(&format!(
                "INSERT INTO main.{} ({}, chatdb_line, chatdb_export) VALUES ({marks}, ?, {})",
                identifier(&history_table(&table.layout.table)),
                column_list(&table.layout),
                self.export,
            ))?;
            insert(&mut statement, row)?;
            outcome.other_states += 1;
            return Ok(());
        }
        outcome.rejects.push(duplicate_key(table, row));
        Ok(())
    }
}

fn duplicate_key(table: &LoadedTable<'_>, row: NewRow<'_>) -> Reject {
    let key = table.key.map(|at| &table.layout.columns[at]);
    Reject {
        line: u64::try_from(row.line).unwrap_or(0),
        column: key.map(|key| key.position as u64),
        column_name: key.map(|key| key.name.clone()),
        text: as_text(row),
        reason: Reason::DuplicateKey,
        detail: "the key occurs earlier in the file with other values".to_owned(),
        records: 1,
    }
}

/// A row as text, for a reject: its values separated by commas.
fn as_text(row: NewRow<'_>) -> String {
    let mut all = String::new();
    for (at, value) in row.values.iter().enumerate() {
        if at > 0 {
            all.push(',');
        }
        let _ = match value {
            RowValue::Null => write!(all, "NULL"),
            RowValue::Integer(value) => write!(all, "{value}"),
            RowValue::Real(value) => write!(all, "{value:?}"),
            RowValue::Text { start, end } => {
                write!(all, "{}", &row.text[*start as usize..*end as usize])
            }
        };
    }
    cut(&mut all);
    all
}

/// Whether a stored row has these values, from its column `first` on.
fn is_same(found: &Row<'_>, first: usize, row: NewRow<'_>) -> Result<bool, StoreError> {
    for (at, value) in row.values.iter().enumerate() {
        let stored = found.get_ref(first + at)?;
        let same = match (value, stored) {
            (RowValue::Null, ValueRef::Null) => true,
            (RowValue::Integer(a), ValueRef::Integer(b)) => *a == b,
            (RowValue::Real(a), ValueRef::Real(b)) => *a == b,
            #[allow(clippy::cast_precision_loss)]
            (RowValue::Real(a), ValueRef::Integer(b)) => *a == b as f64,
            (RowValue::Text { start, end }, ValueRef::Text(b)) => {
                &row.text.as_bytes()[*start as usize..*end as usize] == b
            }
            // A text of digits in a column that is not text is stored as the number.
            (RowValue::Text { start, end }, ValueRef::Integer(b)) => {
                row.text[*start as usize..*end as usize] == b.to_string()
            }
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}
