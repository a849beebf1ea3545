//! Runs queries, and returns their rows as cells.

use super::catalog::declared_kind;
use super::shape::{Shape, ShapeValue};
use super::{Binding, Store, StoreError};
use crate::sql::guard::Origin;
use crate::table::{Cell, Column, Kind, ResultTable, Rows};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Statement, ToSql};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::{mem, str};

/// Rows of a result, and whether there are more.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The rows, up to the requested limit.
    pub table: ResultTable,
    /// Whether there are more.
    pub more: bool,
}

impl Store {
    /// Runs a query and returns its rows in order. The kind of a column is the one in `kinds`, otherwise that of the
    /// declared type of the underlying table column, otherwise that of its first value that is not NULL.
    ///
    /// # Errors
    /// Fails when the query is not a single reading statement, does what [`guard`](crate::sql::guard) does not allow,
    /// uses a parameter without a value, or SQLite fails.
    pub fn ask(
        &self,
        query: &str,
        kinds: &[(String, Kind)],
        values: &[Binding],
    ) -> Result<ResultTable, StoreError> {
        self.guarded(Origin::Query, "query", 1, || {
            let by_name = |_, name: &str| {
                let given = kinds.iter().find(|(own, _)| own == name);
                (name.to_owned(), given.map(|(_, kind)| *kind))
            };
            let held = Held::new(Origin::Query);
            let (held, more) = self.each(query, by_name, values, None, held)?;
            Ok(held.answer(more).table)
        })
    }

    /// Runs a user query: at most `limit` rows, with names and kinds by position, where a kind of `None` follows from
    /// the column as in [`Store::ask`]. It has no time limit.
    ///
    /// # Errors
    /// As [`Store::ask`], and when it is interrupted.
    pub fn answer(
        &self,
        query: &str,
        columns: Option<&[(String, Option<Kind>)]>,
        values: &[Binding],
        limit: Option<usize>,
    ) -> Result<Answer, StoreError> {
        let held = Held::new(Origin::Question);
        self.put(query, columns, values, limit, held).map(|(held, more)| held.answer(more))
    }

    /// The same, with each row passed on as it comes, and none buffered.
    ///
    /// # Errors
    /// As [`Store::answer`], and when the receiver fails.
    pub fn answer_into(
        &self,
        query: &str,
        columns: Option<&[(String, Option<Kind>)]>,
        values: &[Binding],
        limit: Option<usize>,
        rows: &mut dyn Rows,
    ) -> Result<(), StoreError> {
        self.put(query, columns, values, limit, HandedOn(rows))?;
        Ok(())
    }

    pub(super) fn put<T: Take>(
        &self,
        query: &str,
        columns: Option<&[(String, Option<Kind>)]>,
        values: &[Binding],
        limit: Option<usize>,
        take: T,
    ) -> Result<(T, bool), StoreError> {
        let by_place = |at: usize, name: &str| match columns.and_then(|columns| columns.get(at)) {
            Some((own, kind)) => (own.clone(), *kind),
            None => (name.to_owned(), None),
        };
        self.guarded(Origin::Question, "query", 1, || {
            self.each(query, by_place, values, limit, take)
        })
    }

    /// Runs a query, and returns whether there are more rows than `limit`.
    pub(super) fn each<T: Take>(
        &self,
        query: &str,
        column: impl Fn(usize, &str) -> (String, Option<Kind>),
        values: &[Binding],
        limit: Option<usize>,
        mut take: T,
    ) -> Result<(T, bool), StoreError> {
        let mut statement = self.compiled(query)?;
        if !statement.readonly() {
            return Err(StoreError::NotAQuery { found: "writes" });
        }
        bind(&mut statement, values)?;
        let declared: Vec<(String, Option<Kind>)> = statement
            .columns()
            .enumerate()
            .map(|(at, own)| {
                let (name, kind) = column(at, own.name());
                (name, kind.or_else(|| own.decl_type().and_then(declared_kind)))
            })
            .collect();
        let kinds: Vec<Option<Kind>> = declared.iter().map(|(_, kind)| *kind).collect();
        take.begin(declared)?;
        let mut cells = Vec::new();
        let mut read = 0;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if limit.is_some_and(|limit| read >= limit) {
                return Ok((take, true));
            }
            read += 1;
            cells.clear();
            cells.reserve_exact(kinds.len());
            for (at, kind) in kinds.iter().enumerate() {
                cells.push(cell(row.get_ref(at)?, *kind));
            }
            take.row(&mut cells)?;
        }
        Ok((take, false))
    }

    pub(super) fn compiled(&self, query: &str) -> Result<CachedStatement<'_>, StoreError> {
        match self.conn.prepare_cached(query) {
            Err(rusqlite::Error::MultipleStatement) => {
                Err(StoreError::NotAQuery { found: "is more than one" })
            }
            other => Ok(other?),
        }
    }

    /// SQLite's query plan for a statement, one line per step, indented by nesting.
    pub fn plan(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        self.guarded(Origin::Question, "query", 1, || self.planned(sql))
    }

    pub(super) fn planned(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let mut lines: Vec<String> = Vec::new();
        let mut depths: Vec<(i64, usize)> = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let (id, parent): (i64, i64) = (row.get(0)?, row.get(1)?);
            let above = depths.iter().find(|(known, _)| *known == parent);
            let depth = above.map_or(0, |(_, depth)| depth + 1);
            depths.push((id, depth));
            lines.push(format!("{}{}", "  ".repeat(depth), row.get::<_, String>(3)?));
        }
        Ok(lines)
    }

    /// The time on the scenario clock; `None` in a database that has none.
    pub fn now(&self) -> Result<Option<Cell>, StoreError> {
        const HAS_CLOCK: &str =
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chatdb_clock'";
        if self.ask(HAS_CLOCK, &[], &[])?.rows.is_empty() {
            return Ok(None);
        }
        let table = self.ask("SELECT now FROM chatdb_clock", &[], &[])?;
        Ok(table.rows.into_iter().flatten().next())
    }
}

pub(super) fn bind(statement: &mut Statement<'_>, values: &[Binding]) -> Result<(), StoreError> {
    for index in 1..=statement.parameter_count() {
        let value = value_of(statement.parameter_name(index).unwrap_or("?"), values)?;
        statement.raw_bind_parameter(index, Bound(value))?;
    }
    Ok(())
}

/// Binds the values of a shape to its placeholders.
pub(super) fn bind_shape(
    statement: &mut Statement<'_>,
    shape: &Shape<'_>,
    values: &[Binding],
) -> Result<(), StoreError> {
    for (at, value) in shape.values.iter().enumerate() {
        let value = match value {
            ShapeValue::Given(value) => value,
            ShapeValue::Named(name) => value_of(name, values)?,
        };
        statement.raw_bind_parameter(at + 1, Bound(value))?;
    }
    Ok(())
}

/// The value for a parameter, which is named with its `@`.
fn value_of<'v>(name: &str, values: &'v [Binding]) -> Result<&'v Cell, StoreError> {
    let given = values.iter().find(|(key, _)| name.strip_prefix('@') == Some(key));
    let unbound = || StoreError::Unbound { name: name.to_owned() };
    Ok(&given.ok_or_else(unbound)?.1)
}

pub(super) struct Bound<'a>(&'a Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self.0 {
            Cell::Null => rusqlite::types::Null.to_sql().map(|_| rusqlite::types::Null.into()),
            Cell::Integer(value) => Ok((*value).into()),
            Cell::Real(value) => Ok((*value).into()),
            Cell::Text(text) => text.to_sql(),
            Cell::Decimal(_) | Cell::Timestamp(_) | Cell::Duration(_) => {
                Ok(self.0.to_string().into())
            }
        }
    }
}

/// What happens to the rows of a result.
pub(super) trait Take {
    fn begin(&mut self, columns: Vec<(String, Option<Kind>)>) -> Result<(), StoreError>;

    /// Takes the cells, or leaves them.
    fn row(&mut self, cells: &mut Vec<Cell>) -> Result<(), StoreError>;
}

/// They are buffered, up to the memory limit.
pub(super) struct Held {
    origin: Origin,
    columns: Vec<(String, Option<Kind>)>,
    rows: Vec<Vec<Cell>>,
    size: u64,
}

impl Held {
    fn new(origin: Origin) -> Self {
        Self { origin, columns: Vec::new(), rows: Vec::new(), size: 0 }
    }

    fn answer(self, more: bool) -> Answer {
        let kind =
            |at: usize, kind: Option<Kind>| kind.unwrap_or_else(|| seen_kind(&self.rows, at));
        let columns = (self.columns.into_iter().enumerate())
            .map(|(at, (name, own))| Column::new(name, kind(at, own)))
            .collect();
        let table = ResultTable { columns, rows: self.rows };
        Answer { table, more }
    }
}

impl Take for Held {
    fn begin(&mut self, columns: Vec<(String, Option<Kind>)>) -> Result<(), StoreError> {
        self.columns = columns;
        Ok(())
    }

    fn row(&mut self, cells: &mut Vec<Cell>) -> Result<(), StoreError> {
        self.size += cells.iter().map(memory_of).sum::<u64>();
        self.rows.push(mem::take(cells));
        let most = self.origin.max_answer();
        if self.size > most {
            return Err(StoreError::TooMuch { mib: most >> 20 });
        }
        Ok(())
    }
}

/// They are passed on as they come.
pub(super) struct HandedOn<'r>(&'r mut dyn Rows);

impl Take for HandedOn<'_> {
    fn begin(&mut self, columns: Vec<(String, Option<Kind>)>) -> Result<(), StoreError> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        self.0.begin(&names).map_err(StoreError::NotTaken)
    }

    fn row(&mut self, cells: &mut Vec<Cell>) -> Result<(), StoreError> {
        self.0.row(cells).map_err(StoreError::NotTaken)
    }
}

/// The memory that a cell takes, in bytes.
pub(super) fn memory_of(cell: &Cell) -> u64 {
    let text = match cell {
        Cell::Text(text) => text.len(),
        _ => 0,
    };
    (size_of::<Cell>() + text) as u64
}

pub(super) fn seen_kind(rows: &[Vec<Cell>], at: usize) -> Kind {
    let first = rows.iter().map(|row| &row[at]).find(|cell| **cell != Cell::Null);
    match first {
        Some(Cell::Integer(_)) => Kind::Integer,
        Some(Cell::Real(_)) => Kind::Real,
        _ => Kind::Text,
    }
}

/// Whether a time has non-zero digits after the milliseconds.
fn is_finer(time: &str) -> bool {
    /// The length of `2011-07-12 14:49:55.000`.
    const MILLISECONDS: usize = 23;
    let finer = time.as_bytes().get(MILLISECONDS..).unwrap_or(&[]);
    finer.iter().any(|b| matches!(b, b'1'..=b'9'))
}

/// A value as a cell of `kind`; a value that is not of that kind is unchanged, so that nothing is hidden.
pub(super) fn cell(value: ValueRef<'_>, kind: Option<Kind>) -> Cell {
    match (value, kind) {
        (ValueRef::Null, _) => Cell::Null,
        (ValueRef::Integer(value), Some(Kind::Duration)) => Cell::Duration(value),
        (ValueRef::Integer(value), _) => Cell::Integer(value),
        (ValueRef::Real(value), _) => Cell::Real(value),
        (ValueRef::Text(bytes), kind) => {
            // What is lost is looked for where there is something: that takes longer.
            let text = str::from_utf8(bytes)
                .map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
            match kind {
                // A timestamp has milliseconds; what is finer stays as it is.
                Some(Kind::Timestamp) if is_finer(&text) => Cell::Text(text.into_owned()),
                Some(kind @ (Kind::Timestamp | Kind::Duration)) => {
                    kind.parse(&text).unwrap_or_else(|| Cell::Text(text.into_owned()))
                }
                _ => Cell::Text(text.into_owned()),
            }
        }
        (ValueRef::Blob(bytes), _) => Cell::Text(hex(bytes)),
    }
}

/// Binary data as SQL Server's client shows it.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("0x");
    for byte in bytes {
        write!(text, "{byte:02X}").expect("writing to a String cannot fail");
    }
    text
}
