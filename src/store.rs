//! One SQLite database: opened, migrated, written by scripts, asked by queries. It and the files below it
//! are the only ones that know SQLite and the migration runner.
//!
//! It does not know scenarios or expectations. Times go in and out as milliseconds on the servers' wall
//! clock; the scenario's time is the row of `chatdb_clock`, never the machine's.

use std::borrow::Cow;
use std::cell::Cell as Slot;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::{mem, str};

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, MAIN_DB, OpenFlags, Statement, ToSql};
use thiserror::Error;

use crate::schema::catalog::{Catalog, Table};
use crate::schema::product::as_declared;
use crate::schema::types::Type;
use crate::sql::functions::{self, FUNCTIONS, FunctionError, Value, collation};
use crate::sql::guard::{Limits, Origin};
use crate::sql::{self, SqlError, Statement as Part};
use crate::table::{Cell, Column, Kind, ResultTable, Rows};

mod bounded;
pub mod copy;
mod guarded;
pub mod load;
mod pages;

use guarded::Guard;
pub use guarded::Interrupter;

mod egpl {
    refinery::embed_migrations!("migrations/egpl");
}

mod platform {
    refinery::embed_migrations!("migrations/platform");
}

/// The database that the product's migrations make, as the build made it.
const EGPL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/egpl.sqlite"));

/// The same with the platform model.
const PLATFORM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.sqlite"));

/// The script that makes an empty copy for exported rows.
const EXPORTS: &str = include_str!(concat!(env!("OUT_DIR"), "/exports.sql"));

/// Beginnings of names that are ours or SQLite's, and no table's of an export.
pub const RESERVED: [&str; 3] = ["chatdb_", "sqlite_", "refinery_"];

/// The table that a copy of exported rows has, and no other database.
const EXPORT: &str = "chatdb_export";

/// `CHDB` in ASCII, as SQLite's application id: by it a file is known to be ours.
pub const APPLICATION_ID: i32 = 0x4348_4442;

/// Why the database did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A statement of a script failed.
    #[error("{file}:{line}: {source}")]
    Script {
        /// The script.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A script could not be taken apart.
    #[error("{file}:{source}")]
    Split {
        /// The script.
        file: String,
        /// Where and why.
        source: SqlError,
    },
    /// A statement of a scenario would do what none may.
    #[error("{file}:{line}: the statement {what}")]
    Refused {
        /// The script or query.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What it would do, as the end of a sentence.
        what: String,
    },
    /// A cause names what there is not, or would change what has happened.
    #[error("{file}:{line}: {what}")]
    Impossible {
        /// The script.
        file: String,
        /// The line on which the statement begins.
        line: u32,
        /// What is wrong, and what there is instead.
        what: String,
    },
    /// A statement or query names a value that nobody gave.
    #[error("no value is given for `{name}`")]
    Unbound {
        /// The name, with its `@`.
        name: String,
    },
    /// A query is more than one statement, or writes.
    #[error("a query is one statement that reads; this one {found}")]
    NotAQuery {
        /// What was found instead.
        found: &'static str,
    },
    /// It was told to stop; see [`Interrupter`].
    #[error("interrupted")]
    Interrupted,
    /// A value could not be computed: a conversion that fails, a division by zero.
    #[error("{0}")]
    Value(String),
    /// The file is not one that this program wrote.
    #[error("this program has not written it")]
    NotOurs,
    /// The file holds a virtual table.
    #[error(
        "it holds the virtual table `{table}`, whose module is not trusted with a stranger's pages"
    )]
    Virtual {
        /// The table.
        table: String,
    },
    /// The file has a view where a table belongs.
    #[error("its `{view}` is a view, where chatdb has a table of that name")]
    View {
        /// The view.
        view: String,
    },
    /// A folder, a pipe, a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// The file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The file cannot be read.
    #[error("{0}")]
    NotRead(std::io::Error),
    /// An answer takes more memory than there is for one.
    #[error("the answer takes more than {mib} MiB of memory")]
    TooMuch {
        /// How much there is.
        mib: u64,
    },
    /// What the rows of an answer go to does not take them.
    #[error("cannot write the answer: {0}")]
    NotTaken(std::io::Error),
    /// SQLite failed otherwise.
    #[error(transparent)]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, message) => match (failure.code, message) {
                (ErrorCode::OperationInterrupted, _) => Self::Interrupted,
                (ErrorCode::Unknown, Some(message)) if failure.extended_code == 1 => {
                    Self::Value(message.clone())
                }
                _ => Self::Sqlite(error),
            },
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Whether the text of the statement is wrong, and not what surrounds it.
    #[must_use]
    pub fn is_in_the_text(&self) -> bool {
        matches!(self, Self::Sqlite(rusqlite::Error::SqlInputError { .. }))
    }
}

/// Rows of an answer, and whether there are more.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The rows, up to as many as were asked for.
    pub table: ResultTable,
    /// Whether there are more.
    pub more: bool,
}

/// All that the migrations run, in order, as one script.
#[must_use]
pub fn schema_script() -> String {
    let sets = [egpl::migrations::runner(), platform::migrations::runner()];
    let migrations = sets.iter().flat_map(|runner| runner.get_migrations());
    migrations
        .filter_map(|migration| migration.sql())
        .collect::<Vec<_>>()
        .join("\n")
}

impl StoreError {
    /// What SQLite calls it.
    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Interrupted => Some(ErrorCode::OperationInterrupted),
            Self::Script { source, .. } | Self::Sqlite(source) => source.sqlite_error_code(),
            _ => None,
        }
    }

    fn is_interrupted(&self) -> bool {
        self.code() == Some(ErrorCode::OperationInterrupted)
    }

    /// Whether a row was not taken, because of a rule that its table declares.
    #[must_use]
    pub fn is_of_a_row(&self) -> bool {
        self.code() == Some(ErrorCode::ConstraintViolation)
    }

    /// Whether it is refused for what the file declares, or for being none.
    #[must_use]
    pub fn is_of_the_schema(&self) -> bool {
        matches!(
            self,
            Self::NotOurs | Self::Virtual { .. } | Self::View { .. } | Self::NotAFile
        )
    }

    /// Whether a change of the file was cut off, so that it can only be read once it has been opened to be changed.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.code() == Some(ErrorCode::ReadOnly)
    }

    /// What went wrong, without the place.
    #[must_use]
    pub fn in_short(&self) -> String {
        match self {
            Self::Refused { what, .. } => format!("the statement {what}"),
            Self::Impossible { what, .. } => what.clone(),
            Self::Script { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }
}

/// An error of SQLite as one of a statement of a script.
fn failed_in(file: &str, part: Part<'_>) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Script {
        file: file.to_owned(),
        line: part.line,
        source,
    }
}

/// The end of a sentence that says what there is: `; there are 1347, 1348`.
fn there_is(known: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = known.len().saturating_sub(SHOWN);
    let shown = known[..known.len() - more].join(", ");
    match (known.len(), more) {
        (0, _) => "; there is none yet".to_owned(),
        (1, _) => format!("; there is {shown}"),
        (_, 0) => format!("; there are {shown}"),
        _ => format!("; there are {shown} and {more} more"),
    }
}

fn statements<'s>(file: &str, script: &'s str) -> Result<Vec<Part<'s>>, StoreError> {
    sql::split(script).map_err(|source| StoreError::Split {
        file: file.to_owned(),
        source,
    })
}

/// A named value for a script or a query: `@name` in the SQL.
pub type Binding = (String, Cell);

/// An open database.
pub struct Store {
    conn: Connection,
    guard: Arc<Guard>,
    /// The limits that foreign statements have left behind, and SQLite's own.
    limits: Slot<Option<Limits>>,
    without: Limits,
    /// How many savepoints are open.
    depth: Slot<u32>,
    /// See [`Store::take_lost`].
    lost: Slot<bool>,
}

impl Store {
    /// A new database in memory with the product's schema, as exported rows are loaded into it.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn new() -> Result<Self, StoreError> {
        Self::from_image(EGPL)
    }

    /// A new database for exported rows, which is gone when it is closed: in memory while it is small, else in a file
    /// that no other process sees.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn for_exports() -> Result<Self, StoreError> {
        let conn = Connection::open("")?;
        copy::set_up_for_loading(&conn)?;
        conn.execute_batch(EXPORTS)?;
        Self::from_connection(conn)
    }

    /// Empties a database for exported rows: it is then as [`Store::for_exports`] makes it.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn start_over(&mut self) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid DESC",
        )?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let names = names.collect::<Result<Vec<_>, _>>()?;
        drop(statement);
        for name in names {
            let name = name.replace('"', "\"\"");
            self.conn.execute_batch(&format!("DROP TABLE \"{name}\""))?;
        }
        Ok(self.conn.execute_batch(EXPORTS)?)
    }

    /// The same, with the platform model laid over it, for replays. Its clock stands at the year 1970.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn with_platform() -> Result<Self, StoreError> {
        let store = Self::from_image(PLATFORM)?;
        guarded::keep_small(&store.conn)?;
        store.conn.execute(
            "INSERT INTO chatdb_clock (now) VALUES (?1)",
            [Cell::Timestamp(0).to_string()],
        )?;
        Ok(store)
    }

    fn from_image(image: &[u8]) -> Result<Self, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        conn.deserialize_read_exact(MAIN_DB, image, image.len(), false)?;
        Self::from_connection(conn)
    }

    fn from_connection(mut conn: Connection) -> Result<Self, StoreError> {
        conn.set_prepared_statement_cache_capacity(128);
        let guard = guarded::install(&mut conn)?;
        know_tsql(&conn)?;
        bounded::bound(&conn)?;
        Ok(Self {
            limits: Slot::new(None),
            without: guarded::limits_of(&conn)?,
            conn,
            guard,
            depth: Slot::new(0),
            lost: Slot::new(false),
        })
    }

    /// Puts the scenario clock to `at_ms`; what time alone brings about happens.
    ///
    /// # Errors
    /// Fails when a trigger of the model does.
    pub fn set_clock(&self, at_ms: i64) -> Result<(), StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("UPDATE chatdb_clock SET now = ?1")?;
        statement.execute([Cell::Timestamp(at_ms).to_string()])?;
        Ok(())
    }

    /// Runs the statements of a scenario's script in order and counts the rows that they change themselves; what
    /// triggers change is not counted. What [`guard`](crate::sql::guard) does not allow is refused.
    ///
    /// # Errors
    /// Fails at the first statement that does; the ones before it have happened, so take a savepoint first.
    pub fn run_script(
        &self,
        file: &str,
        script: &str,
        values: &[Binding],
    ) -> Result<u64, StoreError> {
        let mut changes = 0;
        for part in statements(file, script)? {
            changes += self.guarded(Origin::Script, file, part.line, || {
                guarded::keeps_transaction(file, part)?;
                guarded::only_adds(file, part)?;
                let statement = self.conn.prepare_cached(part.sql);
                let mut statement = statement.map_err(failed_in(file, part))?;
                let outcome = self.run(file, part, &mut statement, values);
                outcome.map_err(|error| self.as_impossible(error))
            })?;
        }
        Ok(changes)
    }

    /// A cause that the model refuses, with what there is instead of what it names.
    fn as_impossible(&self, error: StoreError) -> StoreError {
        const TRIGGER: i32 = 1811;
        const KNOWN: &str = "SELECT CAST(id AS TEXT) FROM known WHERE what = ?1 ORDER BY id";
        let (file, line, message) = match error {
            StoreError::Script {
                file,
                line,
                source: rusqlite::Error::SqliteFailure(failure, Some(message)),
            } if failure.extended_code == TRIGGER => (file, line, message),
            other => return other,
        };
        let known = message.strip_prefix("no such ").and_then(|what| {
            let mut statement = self.conn.prepare(KNOWN).ok()?;
            let ids = statement.query_map([what], |row| row.get(0)).ok()?;
            ids.collect::<Result<Vec<String>, _>>().ok()
        });
        let there = known.map(|known| there_is(&known)).unwrap_or_default();
        let what = format!("{message}{there}");
        StoreError::Impossible { file, line, what }
    }

    /// The same for our own statements, which may do anything.
    ///
    /// # Errors
    /// As [`Store::run_script`].
    pub fn run_own(&self, file: &str, script: &str, values: &[Binding]) -> Result<u64, StoreError> {
        let mut changes = 0;
        for part in statements(file, script)? {
            // Not by way of the cache, in which a script could find what was compiled without the guard.
            let statement = self.conn.prepare(part.sql);
            let mut statement = statement.map_err(failed_in(file, part))?;
            changes += self.run(file, part, &mut statement, values)?;
        }
        Ok(changes)
    }

    /// Looks for statements of a script that could not be compiled or would be refused, without running any.
    #[must_use]
    pub fn mistakes(&self, file: &str, script: &str) -> Vec<(u32, String)> {
        let Ok(parts) = statements(file, script) else {
            return Vec::new();
        };
        let compile = |part: Part<'_>| {
            let outcome = self.guarded(Origin::Script, file, part.line, || {
                guarded::keeps_transaction(file, part)?;
                guarded::only_adds(file, part)?;
                self.conn
                    .prepare(part.sql)
                    .map(drop)
                    .map_err(StoreError::from)
            });
            outcome.err().map(|error| (part.line, error.in_short()))
        };
        parts.into_iter().filter_map(compile).collect()
    }

    /// Looks whether a query could not be compiled or would be refused, without running it.
    #[must_use]
    pub fn mistake(&self, query: &str) -> Option<String> {
        let compile = || {
            let statement = self.compiled(query)?;
            if statement.readonly() {
                Ok(())
            } else {
                Err(StoreError::NotAQuery { found: "writes" })
            }
        };
        self.guarded(Origin::Query, "", 0, compile)
            .err()
            .map(|error| error.in_short())
    }

    fn run(
        &self,
        file: &str,
        part: Part<'_>,
        statement: &mut Statement<'_>,
        values: &[Binding],
    ) -> Result<u64, StoreError> {
        let failed = failed_in(file, part);
        bind(statement, values)?;
        let reads = statement.readonly();
        let mut rows = statement.raw_query();
        while rows.next().map_err(&failed)?.is_some() {}
        drop(rows);
        Ok(if reads { 0 } else { self.conn.changes() })
    }

    fn compiled(&self, query: &str) -> Result<CachedStatement<'_>, StoreError> {
        match self.conn.prepare_cached(query) {
            Err(rusqlite::Error::MultipleStatement) => Err(StoreError::NotAQuery {
                found: "is more than one",
            }),
            other => Ok(other?),
        }
    }

    /// Runs a query and gives its rows in its order. The kind of a column is the one in `kinds`, else follows
    /// from the declared type of the table column behind it, else from its first value that is not NULL.
    ///
    /// # Errors
    /// Fails when the query is not one reading statement, does what [`guard`](crate::sql::guard) does not allow,
    /// names a value that is not given, or SQLite fails.
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

    /// Asks a question of the user's own: at most `limit` rows, with names and kinds by the place of the column, where
    /// a kind of `None` follows from the column as in [`Store::ask`]. It may take as long as the user likes.
    ///
    /// # Errors
    /// As [`Store::ask`], and when it is told to stop.
    pub fn answer(
        &self,
        query: &str,
        columns: Option<&[(String, Option<Kind>)]>,
        values: &[Binding],
        limit: Option<usize>,
    ) -> Result<Answer, StoreError> {
        let held = Held::new(Origin::Question);
        self.put(query, columns, values, limit, held)
            .map(|(held, more)| held.answer(more))
    }

    /// The same, with each row handed on when it comes, and none held.
    ///
    /// # Errors
    /// As [`Store::answer`], and when the rows are not taken.
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

    fn put<T: Take>(
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

    /// Runs a query, and says whether there are more rows than `limit`.
    fn each<T: Take>(
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
                (
                    name,
                    kind.or_else(|| own.decl_type().and_then(declared_kind)),
                )
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

    /// Runs one statement that a rewritten text asks for to make or fill a temporary table.
    ///
    /// # Errors
    /// Fails when SQLite does, or a value is not given.
    pub fn change_temporary(&self, sql: &str, values: &[Binding]) -> Result<(), StoreError> {
        self.guarded(Origin::Question, "query", 1, || {
            let mut statement = self.conn.prepare(sql)?;
            bind(&mut statement, values)?;
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            Ok(())
        })
    }

    /// Whether a statement writes, as far as it can be told without running it.
    #[must_use]
    pub fn writes(&self, sql: &str) -> bool {
        let compiled = self.guarded(Origin::Change, "query", 1, || {
            Ok(!self.conn.prepare(sql)?.readonly())
        });
        // What is refused for what it writes is to be told so.
        compiled.unwrap_or(true)
    }

    /// Changes rows of the product's tables, and counts those that the statement changes itself.
    ///
    /// # Errors
    /// Fails when it does what [`guard`](crate::sql::guard) does not allow, a value is not given, or SQLite fails.
    pub fn change(&self, sql: &str, values: &[Binding]) -> Result<u64, StoreError> {
        self.guarded(Origin::Change, "query", 1, || {
            let part = Part { sql, line: 1 };
            guarded::keeps_transaction("query", part)?;
            let mut statement = self.conn.prepare(sql)?;
            bind(&mut statement, values)?;
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            drop(rows);
            Ok(self.conn.changes())
        })
    }

    /// Begins what happens whole or not at all, on a store that was opened with [`Store::open_to_change`].
    ///
    /// # Errors
    /// Fails when SQLite does, for example because somebody else is writing.
    pub fn begin(&self) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Lets it have happened.
    ///
    /// # Errors
    /// Fails when SQLite does; it has not happened then.
    pub fn commit(&self) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch("COMMIT")?)
    }

    /// Lets none of it have happened.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn abandon(&self) -> Result<(), StoreError> {
        // SQLite has ended it already where a statement that writes was stopped.
        if self.conn.is_autocommit() {
            return Ok(());
        }
        Ok(self.conn.execute_batch("ROLLBACK")?)
    }

    /// How SQLite would go about a statement, a line for each thing that it does, indented by what it is part of.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn plan(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        self.guarded(Origin::Question, "query", 1, || self.planned(sql))
    }

    fn planned(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let mut lines: Vec<String> = Vec::new();
        let mut depths: Vec<(i64, usize)> = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let (id, parent): (i64, i64) = (row.get(0)?, row.get(1)?);
            let above = depths.iter().find(|(known, _)| *known == parent);
            let depth = above.map_or(0, |(_, depth)| depth + 1);
            depths.push((id, depth));
            lines.push(format!(
                "{}{}",
                "  ".repeat(depth),
                row.get::<_, String>(3)?
            ));
        }
        Ok(lines)
    }

    /// Opens a database file to read it and nothing else. It may be anybody's: what it holds is not trusted.
    ///
    /// # Errors
    /// Fails when it cannot be opened, is no database, is damaged, or holds virtual tables, whose modules would read
    /// whatever its pages say.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let store = Self::from_connection(guarded::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)?;
        store.look_through(path)?;
        Ok(store)
    }

    /// Opens a copy to be changed, see [`Store::change`].
    ///
    /// # Errors
    /// As [`Store::open_read_only`], and when this program has not written the file.
    pub fn open_to_change(path: &Path) -> Result<Self, StoreError> {
        if !file_is_ours(path).map_err(StoreError::NotRead)? {
            return Err(StoreError::NotOurs);
        }
        let store = Self::from_connection(guarded::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)?;
        store.look_through(path)?;
        Ok(store)
    }

    /// What stops this store from another thread.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        Interrupter::new(self.conn.get_interrupt_handle(), self.guard.clone())
    }

    /// The time on the scenario clock; `None` in a database that has none.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn now(&self) -> Result<Option<Cell>, StoreError> {
        const HAS_CLOCK: &str =
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chatdb_clock'";
        if self.ask(HAS_CLOCK, &[], &[])?.rows.is_empty() {
            return Ok(None);
        }
        let table = self.ask("SELECT now FROM chatdb_clock", &[], &[])?;
        Ok(table.rows.into_iter().flatten().next())
    }

    /// Whether it is a copy of exported rows.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn is_copy(&self) -> Result<bool, StoreError> {
        const HAS: &str = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        Ok(self.conn.prepare(HAS)?.exists([EXPORT])?)
    }

    /// The tables and views, with the types that their columns are declared with.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn catalog(&self) -> Result<Catalog, StoreError> {
        self.catalog_where(|_, _| true)
    }

    /// The same without the columns of views.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn catalog_of_tables(&self) -> Result<Catalog, StoreError> {
        self.catalog_where(|_, is_table| is_table)
    }

    /// The same for a text that is to be rewritten: columns are only known of tables that it can name.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn catalog_for(&self, text: &str) -> Result<Catalog, StoreError> {
        let text = text.to_ascii_lowercase();
        self.catalog_where(|table, _| {
            // A name with other characters may be spelled in other ways.
            let plain = table
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
            !plain || text.contains(&table.to_ascii_lowercase())
        })
    }

    fn catalog_where(&self, wanted: impl Fn(&str, bool) -> bool) -> Result<Catalog, StoreError> {
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
        let is_copy = tables.iter().any(|(name, _)| name == EXPORT);
        let mut statement = self.conn.prepare(COLUMNS)?;
        let mut numbered = self.conn.prepare(NUMBERED)?;
        let mut columns_of = |table: &str| {
            let columns = statement.query_map([table], |row| {
                let declared: String = row.get(1)?;
                Ok((row.get(0)?, Type::declared(&declared)))
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
                hidden: Vec::new(),
            };
            if is_copy {
                as_declared(&mut table);
            }
            known.push(table);
        }
        let application: i32 = self
            .conn
            .pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok(Catalog::new(known, application == APPLICATION_ID))
    }

    /// Takes a savepoint. Savepoints nest.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn savepoint(&self) -> Result<(), StoreError> {
        // Not by way of the cache, in which a script could find it.
        self.conn.execute_batch("SAVEPOINT chatdb")?;
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Takes back all that has happened since the newest savepoint, and drops it.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn roll_back(&self) -> Result<(), StoreError> {
        self.conn
            .execute_batch("ROLLBACK TO chatdb; RELEASE chatdb")?;
        self.depth.set(self.depth.get().saturating_sub(1));
        Ok(())
    }

    /// Drops the newest savepoint and keeps what has happened.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn release(&self) -> Result<(), StoreError> {
        self.conn.execute_batch("RELEASE chatdb")?;
        self.depth.set(self.depth.get().saturating_sub(1));
        Ok(())
    }

    /// The database as the bytes of a database file.
    ///
    /// # Errors
    /// Fails when SQLite does, for example while a savepoint is open.
    pub fn image(&mut self) -> Result<Vec<u8>, StoreError> {
        Ok(self.conn.serialize(MAIN_DB)?.to_vec())
    }

    /// Notes which columns are read and written from now on, see [`Access`], in place of refusing anything.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn record_access(
        &mut self,
        recorder: Option<impl FnMut(Access<'_>) + Send + 'static>,
    ) -> Result<(), StoreError> {
        // Only what is compiled passes the authorizer: forget what was compiled before.
        self.conn.flush_prepared_statement_cache();
        let hook = recorder.map(|mut recorder| {
            move |context: AuthContext<'_>| {
                let through = context.accessor;
                match context.action {
                    AuthAction::Read {
                        table_name,
                        column_name,
                    } => recorder(Access {
                        table: table_name,
                        column: Some(column_name),
                        writes: false,
                        through,
                    }),
                    AuthAction::Update {
                        table_name,
                        column_name,
                    } => recorder(Access {
                        table: table_name,
                        column: Some(column_name),
                        writes: true,
                        through,
                    }),
                    AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => {
                        recorder(Access {
                            table: table_name,
                            column: None,
                            writes: true,
                            through,
                        });
                    }
                    _ => {}
                }
                Authorization::Allow
            }
        });
        Ok(self.conn.authorizer(hook)?)
    }
}

/// One column, or for an INSERT or DELETE one table, that a statement touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access<'a> {
    /// The table or view.
    pub table: &'a str,
    /// The column; `None` for a whole row.
    pub column: Option<&'a str>,
    /// Whether it is written.
    pub writes: bool,
    /// The trigger or view that touches it on the statement's behalf; `None` for the statement itself.
    pub through: Option<&'a str>,
}

/// Whether the bytes begin like a database file that this program wrote.
#[must_use]
pub fn is_ours(header: &[u8]) -> bool {
    header.starts_with(b"SQLite format 3\0")
        && header.get(68..72) == Some(APPLICATION_ID.to_be_bytes().as_slice())
}

/// Whether `path` holds a database file that this program wrote.
///
/// # Errors
/// Fails when the file cannot be read.
pub fn file_is_ours(path: &Path) -> std::io::Result<bool> {
    // A pipe would wait for a writer, and lose what is read from it here.
    Ok(path.metadata()?.is_file() && is_ours(&header(path)?))
}

/// The first hundred bytes of a file.
fn header(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut header = Vec::with_capacity(100);
    std::fs::File::open(path)?
        .take(100)
        .read_to_end(&mut header)?;
    Ok(header)
}

/// Whether the database file at `path` can be read and is a copy of exported rows.
#[must_use]
pub fn file_is_copy(path: &Path) -> bool {
    Store::open_read_only(path).is_ok_and(|store| store.is_copy().unwrap_or(false))
}

/// Gives a connection the functions and collations that rewritten T-SQL uses.
fn know_tsql(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    for function in FUNCTIONS {
        let exact = function.most == Some(function.least);
        let count = if exact { i32::from(function.least) } else { -1 };
        conn.create_scalar_function(function.name, count, flags, move |context| {
            let given = context.len();
            let takes = usize::from(function.least)..=function.most.map_or(usize::MAX, usize::from);
            if !takes.contains(&given) {
                let error = FunctionError::Failed(format!(
                    "{} does not take {given} arguments",
                    function.name
                ));
                return Err(rusqlite::Error::UserFunctionError(Box::new(error)));
            }
            let arguments: Vec<Value> = (0..given).map(|at| value(context.get_raw(at))).collect();
            match (function.call)(&arguments) {
                Ok(value) => Ok(Given(value)),
                Err(error) => Err(rusqlite::Error::UserFunctionError(Box::new(error))),
            }
        })?;
    }
    conn.create_aggregate_function(functions::SINGLE, 1, flags, Single)?;
    for (name, compare) in collation::COLLATIONS {
        conn.create_collation(name, compare)?;
    }
    Ok(())
}

fn value(raw: ValueRef<'_>) -> Value {
    match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// A function's value on its way to SQLite.
struct Given(Value);

impl ToSql for Given {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            Value::Null => rusqlite::types::Null.into(),
            Value::Integer(value) => (*value).into(),
            Value::Real(value) => (*value).into(),
            Value::Text(text) => text.as_str().into(),
        })
    }
}

/// The one value of a subquery's rows.
struct Single;

impl Aggregate<Option<Value>, Given> for Single {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Option<Value>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, seen: &mut Option<Value>) -> rusqlite::Result<()> {
        if seen.is_some() {
            let error = functions::more_than_one();
            return Err(rusqlite::Error::UserFunctionError(Box::new(error)));
        }
        *seen = Some(value(context.get_raw(0)));
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        seen: Option<Option<Value>>,
    ) -> rusqlite::Result<Given> {
        Ok(Given(seen.flatten().unwrap_or(Value::Null)))
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Binding]) -> Result<(), StoreError> {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or("?").to_owned();
        let value = values
            .iter()
            .find(|(key, _)| name.strip_prefix('@') == Some(key));
        let Some((_, value)) = value else {
            return Err(StoreError::Unbound { name });
        };
        statement.raw_bind_parameter(index, Bound(value))?;
    }
    Ok(())
}

struct Bound<'a>(&'a Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self.0 {
            Cell::Null => rusqlite::types::Null
                .to_sql()
                .map(|_| rusqlite::types::Null.into()),
            Cell::Integer(value) => Ok((*value).into()),
            Cell::Real(value) => Ok((*value).into()),
            Cell::Text(text) => text.to_sql(),
            Cell::Decimal(_) | Cell::Timestamp(_) | Cell::Duration(_) => {
                Ok(self.0.to_string().into())
            }
        }
    }
}

/// The kind that a column's declared type stands for: SQL Server's names.
fn declared_kind(declared: &str) -> Option<Kind> {
    let word = declared
        .split('(')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_uppercase();
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

/// What becomes of the rows of an answer.
trait Take {
    fn begin(&mut self, columns: Vec<(String, Option<Kind>)>) -> Result<(), StoreError>;

    /// Takes the cells out, or leaves them.
    fn row(&mut self, cells: &mut Vec<Cell>) -> Result<(), StoreError>;
}

/// They are held, as far as there is memory for them.
struct Held {
    origin: Origin,
    columns: Vec<(String, Option<Kind>)>,
    rows: Vec<Vec<Cell>>,
    size: u64,
}

impl Held {
    fn new(origin: Origin) -> Self {
        Self {
            origin,
            columns: Vec::new(),
            rows: Vec::new(),
            size: 0,
        }
    }

    fn answer(self, more: bool) -> Answer {
        let kind =
            |at: usize, kind: Option<Kind>| kind.unwrap_or_else(|| seen_kind(&self.rows, at));
        let columns = (self.columns.into_iter().enumerate())
            .map(|(at, (name, own))| Column::new(name, kind(at, own)))
            .collect();
        let table = ResultTable {
            columns,
            rows: self.rows,
        };
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

/// They go on as they come.
struct HandedOn<'r>(&'r mut dyn Rows);

impl Take for HandedOn<'_> {
    fn begin(&mut self, columns: Vec<(String, Option<Kind>)>) -> Result<(), StoreError> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        self.0.begin(&names).map_err(StoreError::NotTaken)
    }

    fn row(&mut self, cells: &mut Vec<Cell>) -> Result<(), StoreError> {
        self.0.row(cells).map_err(StoreError::NotTaken)
    }
}

/// How many bytes of memory a cell takes.
fn memory_of(cell: &Cell) -> u64 {
    let text = match cell {
        Cell::Text(text) => text.len(),
        _ => 0,
    };
    (size_of::<Cell>() + text) as u64
}

fn seen_kind(rows: &[Vec<Cell>], at: usize) -> Kind {
    let first = rows
        .iter()
        .map(|row| &row[at])
        .find(|cell| **cell != Cell::Null);
    match first {
        Some(Cell::Integer(_)) => Kind::Integer,
        Some(Cell::Real(_)) => Kind::Real,
        _ => Kind::Text,
    }
}

/// A value as a cell of `kind`; a value that is not of that kind stays what it is, so that nothing is hidden.
fn cell(value: ValueRef<'_>, kind: Option<Kind>) -> Cell {
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
                Some(kind @ (Kind::Timestamp | Kind::Duration)) => kind
                    .parse(&text)
                    .unwrap_or_else(|| Cell::Text(text.into_owned())),
                _ => Cell::Text(text.into_owned()),
            }
        }
        (ValueRef::Blob(bytes), _) => {
            let mut text = String::from("0x");
            for byte in bytes {
                write!(text, "{byte:02X}").expect("writing to a String cannot fail");
            }
            Cell::Text(text)
        }
    }
}
