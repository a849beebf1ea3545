//! A table for programs: its columns, and each row as an object keyed by the names of the columns.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

use super::{Cell, Column, ResultTable};

impl JsonSchema for ResultTable {
    fn schema_name() -> Cow<'static, str> {
        "ResultTable".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (column, cell) =
            (generator.subschema_for::<Column>(), generator.subschema_for::<Cell>());
        json_schema!({
            "type": "object",
            "properties": {
                "columns": {
                    "type": "array",
                    "items": column,
                    "description": "The columns, left to right.",
                },
                "rows": {
                    "type": "array",
                    "items": { "type": "object", "additionalProperties": cell },
                    "description": "The rows: an object each, keyed by the names of the columns. A second column of \
                        one name has `_2` after it; one without a name is `column_1` and so on, by its place.",
                },
            },
            "required": ["columns", "rows"],
        })
    }
}

impl Serialize for ResultTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = keys(&self.names());
        let row = |cells| KeyedRow { keys: &keys, cells };
        let rows: Vec<KeyedRow<'_>> = self.rows.iter().map(|cells| row(cells)).collect();
        let mut table = serializer.serialize_struct("ResultTable", 2)?;
        table.serialize_field("columns", &self.columns)?;
        table.serialize_field("rows", &rows)?;
        table.end()
    }
}

/// A row and the keys of its cells.
pub(crate) struct KeyedRow<'t> {
    pub(crate) keys: &'t [String],
    pub(crate) cells: &'t [Cell],
}

impl Serialize for KeyedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(Some(self.cells.len()))?;
        for (key, cell) in self.keys.iter().zip(self.cells) {
            row.serialize_entry(key, cell)?;
        }
        row.end()
    }
}

/// A key for each column: its name, with `_2`, `_3` and so on after it where another column has that key already, and
/// `column_1` and so on where it has no name.
pub(crate) fn keys(names: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut free = |stem: &str, from: usize| {
        let mut n = from;
        while !taken.insert(format!("{stem}_{n}")) {
            n += 1;
        }
        (format!("{stem}_{n}"), n)
    };
    let mut keys = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let key = match (name.is_empty(), seen.get(name).copied()) {
            (true, _) => free("column", at + 1).0,
            (false, None) => {
                seen.insert(name, 1);
                (*name).to_owned()
            }
            // The numbers of one name only grow, so that many columns of one name take no longer each.
            (false, Some(last)) => {
                let (key, n) = free(name, last + 1);
                seen.insert(name, n);
                key
            }
        };
        keys.push(key);
    }
    keys
}
