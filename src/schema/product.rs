//! The product's tables as its schema declares them, without a database: what headers are compared with.

use crate::schema::catalog::Table;
use crate::schema::types::Type;

/// A table of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductTable {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Its columns in the schema's order, each with SQL Server's declared type.
    pub columns: &'static [(&'static str, &'static str)],
    /// The columns of its key; none where no key is published.
    pub key: &'static [&'static str],
}

/// Every table of the product, by name.
pub const PRODUCT: &[ProductTable] = include!(concat!(env!("OUT_DIR"), "/product.rs"));

/// What is set right among the product's tables after an export was loaded.
#[derive(Debug, Clone, Copy)]
pub struct AfterLoad {
    /// A query that has a row where there is anything to do.
    pub applies: &'static str,
    /// The statements that do it.
    pub script: &'static str,
}

/// The scripts that run after each export, in this order.
pub const AFTER_LOAD: &[AfterLoad] = &[AfterLoad {
    applies: "SELECT 1 FROM main.egpl_routing_queue WHERE queue_id < 0",
    script: include_str!("after_load/known_queues.sql"),
}];

impl ProductTable {
    /// The table called `name` in any letter case; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PRODUCT.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The place of a column, by its name in lower case.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| *name == column)
    }

    /// The declared type of a column, by its name in lower case.
    #[must_use]
    pub fn type_of(&self, column: &str) -> Option<Type> {
        let at = self.position(column)?;
        Some(Type::declared(self.columns[at].1))
    }

    /// The key where it is one column, which is then the number of the row in an import database.
    #[must_use]
    pub fn single_key(&self) -> Option<&'static str> {
        match self.key {
            [key] => Some(key),
            _ => None,
        }
    }
}

/// Columns of an import database that say which file and line a row is from.
const PLACE: [&str; 2] = ["chatdb_export", "chatdb_line"];

/// Gives a table of an import database the types that the product declares, where it has a key as SQLite's row number,
/// and hides what it adds. States of the past are a table of our own, in which nothing is hidden.
pub(crate) fn as_declared(table: &mut Table) {
    let declared = table.name.strip_suffix("_earlier").unwrap_or(&table.name);
    let product = ProductTable::named(declared);
    let columns = table.columns.iter_mut().flatten();
    for (name, of) in columns {
        if let Some(declared) = product.and_then(|product| product.type_of(name)) {
            *of = declared;
        }
    }
    let is_own = table.name.starts_with("chatdb_") || table.name.ends_with("_earlier");
    if !is_own {
        table.hidden = PLACE.map(str::to_owned).to_vec();
    }
}
