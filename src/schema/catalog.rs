//! The tables that a statement may name, with the types of their columns.

use std::collections::BTreeMap;

use crate::schema::inferred::Inferred;
use crate::schema::types::Type;

/// A table, view or temporary table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name as the database spells it.
    pub name: String,
    /// The columns with their types, in order; `None` when they are not known.
    pub columns: Option<Vec<(String, Type)>>,
    /// Whether its rows have SQLite's row number.
    pub rowid: bool,
    /// Whether it is a view.
    pub is_view: bool,
    /// Columns that are not the product's: they can be named, and `*` leaves them out.
    pub hidden: Vec<String>,
    /// Columns that are stored as text, of which the values say how they are read.
    pub inferred: BTreeMap<String, Inferred>,
}

impl Table {
    /// Takes columns for what their values are.
    pub(crate) fn infer(&mut self, inferred: BTreeMap<String, Inferred>) {
        for (name, of) in self.columns.iter_mut().flatten() {
            if let Some(inferred) = inferred.get(name) {
                *of = inferred.of;
            }
        }
        self.inferred = inferred;
    }
}

/// The tables of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    tables: BTreeMap<String, Table>,
    /// Whether tables that are not listed may be there.
    pub(crate) open: bool,
    /// Whether every date and time is stored in the form that chatdb writes.
    pub(crate) canonical_times: bool,
}

impl Catalog {
    /// A database with these tables and no others. `canonical_times` says whether its dates and times are stored as
    /// chatdb stores them, `2011-07-12 14:49:55.000`, so that they can be compared as they stand.
    #[must_use]
    pub fn new(tables: Vec<Table>, canonical_times: bool) -> Self {
        let keyed = |table: Table| (table.name.to_lowercase(), table);
        Self { tables: tables.into_iter().map(keyed).collect(), open: false, canonical_times }
    }

    /// The same, where other tables may be there as well.
    pub(crate) fn with_others(mut self) -> Self {
        self.open = true;
        self
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&name.to_lowercase())
    }

    /// All that are listed, by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.values().map(|table| table.name.as_str())
    }
}
