//! The tables and columns of a database.

use super::{APPLICATION_ID, EXPORT, Store, StoreError};
use crate::schema::catalog::{Catalog, Table};
use crate::schema::product::as_declared;
use crate::schema::types::Type;
use crate::table::Kind;
use std::collections::BTreeMap;

impl Store {
    /// The tables and views, with the declared types of their columns.
    pub fn catalog(&self) -> Result<Catalog, StoreError> {
        self.catalog_where(|_, _| true)
    }

    /// The same without the columns of views.
    pub fn catalog_of_tables(&self) -> Result<Catalog, StoreError> {
        self.catalog_where(|_, is_table| is_table)
    }

    /// The same for a query that is to be rewritten: only the columns of tables that it may name.
    pub fn catalog_for(&self, text: &str) -> Result<Catalog, StoreError> {
        let text = text.to_ascii_lowercase();
        self.catalog_where(|table, _| {
            // A name with other characters may be spelled in other ways.
            let plain = table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            !plain || text.contains(&table.to_ascii_lowercase())
        })
    }

    pub(super) fn catalog_where(
        &self,
        wanted: impl Fn(&str, bool) -> bool,
    ) -> Result<Catalog, StoreError> {
        // Not by `pragma_table_list`, which works out the columns of every view: views upon views take it for ever.
        const NAMES: &str = "SELECT name, type = 'table' FROM sqlite_schema WHERE type IN ('table', 'view') \
             UNION ALL SELECT 'sqlite_schema', 1 ORDER BY name";
        const COLUMNS: &str =
            "SELECT name, type FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";
        // The key of a table without numbers is an index that is not in the schema.
        const NUMBERED: &str = "SELECT NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk' \
             AND name NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index'))";
        let mut statement = self.conn.prepare(NAMES)?;
        let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let tables = tables.collect::<Result<Vec<(String, bool)>, _>>()?;
        let is_import_database = tables.iter().any(|(name, _)| name == EXPORT);
        let mut statement = self.conn.prepare(COLUMNS)?;
        let mut numbered = self.conn.prepare(NUMBERED)?;
        let mut columns_of = |table: &str| {
            let columns = statement.query_map([table], |row| {
                let declared: String = row.get(1)?;
                // SQLite's own REAL has eight bytes.
                let of = match Type::declared(&declared) {
                    Type::Real => Type::Float,
                    of => of,
                };
                Ok((row.get(0)?, of))
            })?;
            columns.collect::<Result<Vec<_>, _>>()
        };
        let mut known = Vec::with_capacity(tables.len());
        for (name, is_table) in tables {
            let is_wanted = wanted(&name, is_table);
            let columns = is_wanted.then(|| columns_of(&name)).transpose()?;
            let rowid = is_table && is_wanted && numbered.query_row([&name], |row| row.get(0))?;
            let mut table = Table {
                name,
                columns,
                rowid,
                is_view: !is_table,
                hidden: Vec::new(),
                inferred: BTreeMap::new(),
            };
            if is_import_database {
                as_declared(&mut table);
                if table.columns.is_some() {
                    table.infer(self.inferred(&table.name)?);
                }
            }
            known.push(table);
        }
        let application: i32 =
            self.conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok(Catalog::new(known, application == APPLICATION_ID))
    }
}

/// The kind of a declared type: SQL Server's names.
pub(super) fn declared_kind(declared: &str) -> Option<Kind> {
    let word = declared.split('(').next().unwrap_or("").trim().to_ascii_uppercase();
    match word.as_str() {
        "NUMERIC" | "DECIMAL" | "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "BIT" => {
            Some(Kind::Integer)
        }
        "REAL" | "FLOAT" | "MONEY" => Some(Kind::Real),
        "DATETIME" | "DATETIME2" | "SMALLDATETIME" => Some(Kind::Timestamp),
        "CHAR" | "NCHAR" | "VARCHAR" | "NVARCHAR" | "TEXT" | "NTEXT" => Some(Kind::Text),
        _ => None,
    }
}
