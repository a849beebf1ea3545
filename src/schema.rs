//! The tables of the product and of the platform model, as the migrations declare them: what headers are matched with
//! and what the T-SQL translator is handed, without a database.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use catalog::{Catalog, Table};
use types::Type;

pub mod catalog;
pub mod inferred;
pub mod product;
pub mod types;

/// A table or view: its name, whether its rows have numbers, whether it is a view, and its columns with their declared
/// types.
type Declared = (&'static str, bool, bool, &'static [(&'static str, &'static str)]);

/// The tables and views that a replay's database has, in order.
pub(crate) const TABLES: &[Declared] = include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The tables and views of a replay's database, without a database.
#[must_use]
pub fn model_catalog() -> Catalog {
    let column = |(name, of): &(&str, &str)| ((*name).to_owned(), Type::declared(of));
    let table = |(name, rowid, is_view, columns): &Declared| Table {
        name: (*name).to_owned(),
        columns: Some(columns.iter().map(column).collect()),
        rowid: *rowid,
        is_view: *is_view,
        hidden: Vec::new(),
        inferred: BTreeMap::new(),
    };
    Catalog::new(TABLES.iter().map(table).collect(), true)
}

/// The same for statements that are rewritten before there is a database: a scenario may have more tables of its own.
pub fn scenario_catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| model_catalog().with_others());
    &CATALOG
}
