//! The indexes of a table whose rows are stored as pages.
//!
//! SQLite would build them by reading the whole table once per index. Here, the rows that satisfy an index's condition
//! are collected while they are written, sorted at the end, and written as a tree. An index whose condition is more
//! than columns compared with whole numbers is left to SQLite.

use std::io;

use rusqlite::Connection;
use sqlparser::ast::{BinaryOperator, Expr, Statement as Parsed};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::Parser;

use super::End;
use super::sorted::Sorter;
use super::tree::{IndexTree, is_empty_index};
use crate::record::batch::{Batch, RowValue, TableLayout};
use crate::record::row_filter::Test;
use crate::sql::predicate;

/// The source of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Nowhere,
    Row(usize),
    Number,
}

/// The condition of an index.
#[derive(Debug)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test(Source, Test),
}

impl Condition {
    /// `None` if it is more than this parser understands.
    fn of(expr: &Expr, from: &impl Fn(&str) -> Option<Source>) -> Option<Self> {
        let both = |left, right| Some(vec![Self::of(left, from)?, Self::of(right, from)?]);
        match expr {
            Expr::Nested(inner) => Self::of(inner, from),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                both(left, right).map(Self::All)
            }
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
                both(left, right).map(Self::Any)
            }
            other => match predicate::test(other, &[])? {
                (None, column, test) => Some(Self::Test(from(&column)?, test)),
                _ => None,
            },
        }
    }

    /// Whether one of the parts is `wanted`; otherwise it is the opposite.
    fn first(parts: &[Self], wanted: bool, row: &[RowValue], number: i64) -> Option<bool> {
        for part in parts {
            if part.holds(row, number)? == wanted {
                return Some(wanted);
            }
        }
        Some(!wanted)
    }

    /// Whether a row is in the index: unknown means no. `None` if a value is not a whole number.
    fn holds(&self, row: &[RowValue], number: i64) -> Option<bool> {
        match self {
            Self::All(parts) => Self::first(parts, false, row, number),
            Self::Any(parts) => Self::first(parts, true, row, number),
            Self::Test(from, test) => match from {
                Source::Nowhere => Some(false),
                Source::Number => Some(test.passes(number)),
                Source::Row(at) => match row[*at] {
                    RowValue::Null => Some(false),
                    RowValue::Integer(value) => Some(test.passes(value)),
                    RowValue::Real(_) | RowValue::Text { .. } => None,
                },
            },
        }
    }
}

/// Collects the rows of one index.
pub(super) struct Index {
    name: String,
    root: u32,
    columns: Vec<Source>,
    condition: Condition,
    entries: Sorter,
    /// Whether there was a row whose index entry cannot be determined here.
    is_lost: bool,
}

/// The indexes of a table.
#[derive(Default)]
pub(super) struct Indexes {
    made_here: Vec<Index>,
    /// The names of the indexes left to SQLite.
    left_to_sqlite: Vec<String>,
}

impl Indexes {
    /// Those of a table as chatdb created it: none is unique, so no index rejects a row.
    pub(super) fn of(
        conn: &Connection,
        shape: &TableLayout,
        end: &End<'_>,
    ) -> rusqlite::Result<Self> {
        let mut indexes = Self::default();
        let mut list = conn.prepare(
            "SELECT name, rootpage, sql FROM main.sqlite_schema \
             WHERE type = 'index' AND tbl_name = ?1 COLLATE NOCASE",
        )?;
        let mut rows = list.query([&shape.table])?;
        while let Some(row) = rows.next()? {
            let (name, root, sql): (String, u32, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            match Index::new(conn, shape, end, &name, root, &sql)? {
                Some(index) => indexes.made_here.push(index),
                None => indexes.left_to_sqlite.push(name),
            }
        }
        Ok(indexes)
    }

    /// Adds a row.
    pub(super) fn note(
        &mut self,
        row: &[RowValue],
        batch: &Batch,
        number: i64,
    ) -> rusqlite::Result<()> {
        for index in &mut self.made_here {
            index.note(row, batch, number)?;
        }
        Ok(())
    }

    /// Builds them from the collected rows. Returns the names of those that SQLite must build.
    pub(super) fn make(self, end: &mut End<'_>) -> rusqlite::Result<Vec<String>> {
        let mut others = self.left_to_sqlite;
        for index in self.made_here {
            if index.is_lost {
                others.push(index.name);
            } else {
                index.make(end)?;
            }
        }
        Ok(others)
    }
}

impl Index {
    fn new(
        conn: &Connection,
        shape: &TableLayout,
        end: &End<'_>,
        name: &str,
        root: u32,
        sql: &str,
    ) -> rusqlite::Result<Option<Self>> {
        let mut known = conn.prepare("SELECT name, pk FROM pragma_table_info(?1, 'main')")?;
        let keys =
            known.query_map([&shape.table], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let keys = keys.collect::<Result<Vec<(String, bool)>, _>>()?;
        // What is no column of the file's is NULL in all its rows, unless it is chatdb's own, or another name for the
        // number of a row.
        let from = |column: &str| {
            let is = |name: &str| name.eq_ignore_ascii_case(column);
            let (_, is_key) = keys.iter().find(|(name, _)| is(name))?;
            let at = shape.columns.iter().position(|column| is(&column.name));
            match at {
                _ if *is_key => Some(Source::Number),
                Some(at) => Some(Source::Row(at)),
                None if column.starts_with("chatdb_") => None,
                None => Some(Source::Nowhere),
            }
        };
        let mut parts = conn.prepare(
            "SELECT name, \"desc\" OR coll <> 'BINARY' OR cid < 0 FROM pragma_index_xinfo(?1, 'main') \
             WHERE \"key\" ORDER BY seqno",
        )?;
        let mut columns = Vec::new();
        let mut rows = parts.query([name])?;
        while let Some(row) = rows.next()? {
            if row.get(1)? {
                return Ok(None);
            }
            let Some(from) = from(&row.get::<_, String>(0)?) else {
                return Ok(None);
            };
            columns.push(from);
        }
        let parsed = Parser::parse_sql(&SQLiteDialect {}, sql).unwrap_or_default();
        let condition = match parsed.as_slice() {
            [Parsed::CreateIndex(index)] => match &index.predicate {
                Some(predicate) => Condition::of(predicate, &from),
                None => Some(Condition::All(Vec::new())),
            },
            _ => None,
        };
        let Some(condition) = condition.filter(|_| columns.len() <= MAX_VALUES) else {
            return Ok(None);
        };
        if !is_empty_index(&end.read(root)?) {
            return Ok(None);
        }
        Ok(Some(Self {
            name: name.to_owned(),
            root,
            columns,
            condition,
            entries: Sorter::default(),
            is_lost: false,
        }))
    }

    fn note(&mut self, row: &[RowValue], batch: &Batch, number: i64) -> rusqlite::Result<()> {
        match self.condition.holds(row, number) {
            Some(true) => {}
            Some(false) => return Ok(()),
            None => self.is_lost = true,
        }
        let value = |from: &Source| match *from {
            Source::Nowhere => RowValue::Null,
            Source::Row(at) => row[at],
            Source::Number => RowValue::Integer(number),
        };
        // A long text would need pages of its own.
        let is_plain = |from: &Source| match value(from) {
            RowValue::Text { start, end } => end - start <= LONGEST,
            _ => true,
        };
        self.is_lost |= !self.columns.iter().all(is_plain);
        if self.is_lost {
            return Ok(());
        }
        let number = std::iter::once(RowValue::Integer(number));
        let values = self.columns.iter().map(value).chain(number);
        let is_kept = self.entries.add(values, &batch.text);
        self.is_lost = !is_kept.map_err(not_sorted)?;
        Ok(())
    }

    fn make(self, end: &mut End<'_>) -> rusqlite::Result<()> {
        let mut tree = IndexTree::new(self.root, end.page);
        let pushed = self.entries.each(|entry| tree.push(entry, end).map_err(Failed::Page));
        match pushed {
            Ok(()) => tree.seal(end),
            Err(Failed::Page(error)) => Err(error),
            Err(Failed::Entry(error)) => Err(not_sorted(error)),
        }
    }
}

/// Why an index cannot be built.
enum Failed {
    Page(rusqlite::Error),
    Entry(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Entry(error)
    }
}

/// A file of sorted entries could not be written or read: reported as SQLite reports it for its own files.
fn not_sorted(error: io::Error) -> rusqlite::Error {
    let is_full = error.kind() == io::ErrorKind::StorageFull;
    let code = if is_full { rusqlite::ffi::SQLITE_FULL } else { rusqlite::ffi::SQLITE_IOERR };
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string()))
}

/// The maximum size of text in an index, and the maximum number of columns. An entry starts with a page number and its
/// own length, then the header length, a byte for the type of each value, and eight bytes for the row id.
const LONGEST: u32 = 24;
const MAX_VALUES: usize = super::sorted::VALUES - 1;
const _: () =
    assert!(4 + 1 + 1 + (MAX_VALUES + 1) + MAX_VALUES * LONGEST as usize + 8 <= super::tree::ENTRY);
