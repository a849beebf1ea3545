//! The indexes of a table whose rows are stored as pages.
//!
//! SQLite would make them from the table, by reading all of it once for each. Which rows an index has, its condition
//! says while they pass by; what it has of them is put aside, sorted by SQLite in the end, and written as a tree. An
//! index whose condition is more than whole numbers held against columns is left to SQLite.

use rusqlite::{Connection, Statement};
use sqlparser::ast::{BinaryOperator, Expr, Statement as Parsed};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::Parser;

use super::End;
use super::record::Record;
use super::tree::{IndexTree, is_empty_leaf};
use crate::import::rows::{Batch, Shape, Value};
use crate::import::scan::{self, Test};
use crate::store::load::{Bound, quoted};

/// Where a column's values are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Nowhere,
    Row(usize),
    Number,
}

/// What an index asks of a row.
#[derive(Debug)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test(From, Test),
}

impl Condition {
    /// `None` where it is more than is understood here.
    fn of(expr: &Expr, from: &impl Fn(&str) -> From) -> Option<Self> {
        let both = |left, right| Some(vec![Self::of(left, from)?, Self::of(right, from)?]);
        match expr {
            Expr::Nested(inner) => Self::of(inner, from),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => both(left, right).map(Self::All),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Or,
                right,
            } => both(left, right).map(Self::Any),
            other => match scan::test(other, &[])? {
                (None, column, test) => Some(Self::Test(from(&column), test)),
                _ => None,
            },
        }
    }

    /// Whether a row is in the index: what is unknown is not. `None` where a value is no whole number.
    fn holds(&self, row: &[Value], number: i64) -> Option<bool> {
        match self {
            Self::All(parts) => parts
                .iter()
                .try_fold(true, |all, part| Some(all & part.holds(row, number)?)),
            Self::Any(parts) => parts
                .iter()
                .try_fold(false, |any, part| Some(any | part.holds(row, number)?)),
            Self::Test(from, test) => match from {
                From::Nowhere => Some(false),
                From::Number => Some(test.passes(number)),
                From::Row(at) => match row[*at] {
                    Value::Null => Some(false),
                    Value::Integer(value) => Some(test.passes(value)),
                    Value::Real(_) | Value::Text { .. } => None,
                },
            },
        }
    }
}

/// What gathers the rows of one index.
pub(super) struct Index<'s> {
    name: String,
    root: u32,
    columns: Vec<From>,
    condition: Condition,
    /// Where they are put aside.
    aside: String,
    insert: Statement<'s>,
    /// Whether a row came of which it cannot be told here what the index has of it.
    is_lost: bool,
}

/// The indexes of a table.
#[derive(Default)]
pub(super) struct Indexes<'s> {
    made_here: Vec<Index<'s>>,
    /// The names of the others.
    left_to_sqlite: Vec<String>,
}

impl<'s> Indexes<'s> {
    /// `None` where an index forbids rows, so that SQLite has to look at each.
    pub(super) fn of(
        conn: &'s Connection,
        shape: &Shape,
        end: &End<'_>,
    ) -> rusqlite::Result<Option<Self>> {
        let mut indexes = Self::default();
        let mut list = conn.prepare(
            "SELECT l.name, s.rootpage, s.sql, l.\"unique\" FROM pragma_index_list(?1, 'main') l \
             JOIN main.sqlite_schema s ON s.type = 'index' AND s.name = l.name",
        )?;
        let mut rows = list.query([&shape.table])?;
        while let Some(row) = rows.next()? {
            let (name, root, sql): (String, u32, Option<String>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            if row.get(3)? {
                return Ok(None);
            }
            match Index::new(conn, shape, end, &name, root, &sql.unwrap_or_default())? {
                Some(index) => indexes.made_here.push(index),
                None => indexes.left_to_sqlite.push(name),
            }
        }
        Ok(Some(indexes))
    }

    /// Takes note of a row.
    pub(super) fn note(
        &mut self,
        row: &[Value],
        batch: &Batch,
        number: i64,
    ) -> rusqlite::Result<()> {
        for index in &mut self.made_here {
            index.note(row, batch, number)?;
        }
        Ok(())
    }

    /// Makes them of the rows that passed by. Gives the names of those that SQLite has to make.
    pub(super) fn make(self, end: &mut End<'_>) -> rusqlite::Result<Vec<String>> {
        let mut others = self.left_to_sqlite;
        for index in self.made_here {
            if index.is_lost {
                others.push(index.name.clone());
            } else {
                index.make(end)?;
            }
            let aside = index.aside.clone();
            drop(index);
            end.conn.execute_batch(&format!("DROP TABLE {aside}"))?;
        }
        Ok(others)
    }
}

impl<'s> Index<'s> {
    fn new(
        conn: &'s Connection,
        shape: &Shape,
        end: &End<'_>,
        name: &str,
        root: u32,
        sql: &str,
    ) -> rusqlite::Result<Option<Self>> {
        let mut known = conn.prepare("SELECT name, pk FROM pragma_table_info(?1, 'main')")?;
        let keys = known.query_map([&shape.table], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?;
        let keys = keys.collect::<Result<Vec<(String, bool)>, _>>()?;
        let from = |column: &str| {
            let is = |name: &str| name.eq_ignore_ascii_case(column);
            if keys.iter().any(|(name, is_key)| *is_key && is(name)) {
                return From::Number;
            }
            let at = shape.columns.iter().position(|column| is(&column.name));
            at.map_or(From::Nowhere, From::Row)
        };
        let mut parts = conn.prepare(
            "SELECT name, \"desc\" OR coll <> 'BINARY' OR cid < 0 FROM pragma_index_xinfo(?1, 'main') WHERE \"key\" ORDER BY seqno",
        )?;
        let mut columns = Vec::new();
        let mut rows = parts.query([name])?;
        while let Some(row) = rows.next()? {
            if row.get(1)? {
                return Ok(None);
            }
            columns.push(from(&row.get::<_, String>(0)?));
        }
        let parsed = Parser::parse_sql(&SQLiteDialect {}, sql).unwrap_or_default();
        let condition = match parsed.as_slice() {
            [Parsed::CreateIndex(index)] => match &index.predicate {
                Some(predicate) => Condition::of(predicate, &from),
                None => Some(Condition::All(Vec::new())),
            },
            _ => None,
        };
        let Some(condition) = condition.filter(|_| columns.len() <= MOST) else {
            return Ok(None);
        };
        if !is_empty_leaf(&end.read(root)?) {
            return Ok(None);
        }
        let aside = format!("temp.{}", quoted(&format!("chatdb_of_{name}")));
        let names: Vec<String> = (0..=columns.len()).map(|at| format!("c{at}")).collect();
        conn.execute_batch(&format!(
            "DROP TABLE IF EXISTS {aside}; CREATE TABLE {aside} ({})",
            names.join(", ")
        ))?;
        let marks = vec!["?"; names.len()].join(", ");
        let insert = conn.prepare(&format!("INSERT INTO {aside} VALUES ({marks})"))?;
        Ok(Some(Self {
            name: name.to_owned(),
            root,
            columns,
            condition,
            aside,
            insert,
            is_lost: false,
        }))
    }

    fn note(&mut self, row: &[Value], batch: &Batch, number: i64) -> rusqlite::Result<()> {
        match self.condition.holds(row, number) {
            Some(true) => {}
            Some(false) => return Ok(()),
            None => self.is_lost = true,
        }
        let value = |from: &From| match *from {
            From::Nowhere => Value::Null,
            From::Row(at) => row[at],
            From::Number => Value::Integer(number),
        };
        // A long text would need pages of its own, and a fraction may be stored as a whole number.
        let is_plain = |from: &From| match value(from) {
            Value::Real(_) => false,
            Value::Text { start, end } => end - start <= LONGEST,
            _ => true,
        };
        self.is_lost |= !self.columns.iter().all(is_plain);
        if self.is_lost {
            return Ok(());
        }
        for (at, from) in self.columns.iter().enumerate() {
            self.insert
                .raw_bind_parameter(at + 1, Bound(value(from), &batch.text))?;
        }
        self.insert
            .raw_bind_parameter(self.columns.len() + 1, number)?;
        self.insert.raw_execute()?;
        Ok(())
    }

    fn make(&self, end: &mut End<'_>) -> rusqlite::Result<()> {
        let order: Vec<String> = (1..=self.columns.len() + 1)
            .map(|at| at.to_string())
            .collect();
        let conn = end.conn;
        let mut sorted = conn.prepare(&format!(
            "SELECT * FROM {} ORDER BY {}",
            self.aside,
            order.join(", ")
        ))?;
        let mut rows = sorted.query([])?;
        let mut tree = IndexTree::new(self.root, end.page);
        let mut record = Record::default();
        while let Some(row) = rows.next()? {
            record.begin();
            for at in 0..=self.columns.len() {
                match row.get_ref(at)? {
                    rusqlite::types::ValueRef::Integer(value) => record.integer(value),
                    rusqlite::types::ValueRef::Text(text) => record.text(text),
                    _ => record.nulls(1),
                }
            }
            tree.push(record.end(), end)?;
        }
        drop(rows);
        tree.seal(end)
    }
}

/// The most bytes of a text in an index, and the most columns. An entry has a page's number and its own length before
/// it, its header's length and a byte for the type of each value, and eight bytes for the row's number.
const LONGEST: u32 = 24;
const MOST: usize = 4;
const _: () = assert!(4 + 1 + 1 + (MOST + 1) + MOST * LONGEST as usize + 8 <= super::tree::ENTRY);
