//! One SQLite database: opened, migrated, written by scripts, asked by queries. The only file that knows
//! SQLite and the migration runner.
//!
//! It does not know scenarios or expectations. Times go in and out as milliseconds on the servers' wall
//! clock; the scenario's time is the row of `chatdb_clock`, never the machine's.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, MAIN_DB, Statement, ToSql};
use thiserror::Error;

use crate::sql::guard::{self, Action, Origin};
use crate::sql::{self, SqlError, Statement as Part};
use crate::table::{Cell, Column, Kind, ResultTable};

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
    /// SQLite failed otherwise.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
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
    fn is_interrupted(&self) -> bool {
        let (Self::Sqlite(error) | Self::Script { source: error, .. }) = self else {
            return false;
        };
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
    }

    /// What went wrong, without the place.
    #[must_use]
    pub fn in_short(&self) -> String {
        match self {
            Self::Refused { what, .. } => format!("the statement {what}"),
            Self::Script { source, .. } => source.to_string(),
            other => other.to_string(),
        }
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
}

/// What the hooks of the connection share with the store.
#[derive(Default)]
struct Guard {
    /// Whose statement is being compiled or run; `None` for our own.
    origin: Mutex<Option<Origin>>,
    /// Why the statement was refused.
    refused: Mutex<Option<String>>,
    /// Steps that the statement has taken, in units of [`STEPS`].
    taken: AtomicU64,
}

/// How many steps of SQLite's machine there are between two looks at the limit.
const STEPS: i32 = 100_000;

impl Guard {
    fn judge(&self, context: &AuthContext<'_>) -> Authorization {
        let Some(origin) = *self.origin.lock().unwrap_or_else(PoisonError::into_inner) else {
            return Authorization::Allow;
        };
        // What triggers and views do is the model's.
        if context.accessor.is_some() {
            return Authorization::Allow;
        }
        match guard::refusal(origin, action(&context.action)) {
            None => Authorization::Allow,
            Some(why) => {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                Authorization::Deny
            }
        }
    }
}

fn action<'a>(action: &AuthAction<'a>) -> Action<'a> {
    match *action {
        AuthAction::Read { .. } | AuthAction::Select | AuthAction::Recursive => Action::Read,
        AuthAction::Function { function_name } => Action::Call(function_name),
        AuthAction::Insert { table_name } => Action::Insert(table_name),
        AuthAction::Delete { table_name } => Action::Delete(table_name),
        AuthAction::Update {
            table_name,
            column_name,
        } => Action::Update(table_name, column_name),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            Action::Other("opens another database")
        }
        AuthAction::Pragma { .. } => Action::Other("changes or asks a setting (PRAGMA)"),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Action::Other("begins or ends a transaction, which is the replay's to do")
        }
        _ => Action::Other("changes the schema"),
    }
}

impl Store {
    /// A new database in memory with the product's schema, as exported rows are loaded into it.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn new() -> Result<Self, StoreError> {
        Self::from_image(EGPL)
    }

    /// The same, with the platform model laid over it, for replays. Its clock stands at the year 1970.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn with_platform() -> Result<Self, StoreError> {
        let store = Self::from_image(PLATFORM)?;
        store.conn.execute(
            "INSERT INTO chatdb_clock (now) VALUES (?1)",
            [Cell::Timestamp(0).to_string()],
        )?;
        Ok(store)
    }

    fn from_image(image: &[u8]) -> Result<Self, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        conn.deserialize_read_exact(MAIN_DB, image, image.len(), false)?;
        conn.set_prepared_statement_cache_capacity(128);
        // Without this, a statement with parameters is compiled anew each time that they are bound, because a
        // partial index might fit their values.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let guard = Arc::new(Guard::default());
        let judge = guard.clone();
        conn.authorizer(Some(move |context: AuthContext<'_>| judge.judge(&context)))?;
        let count = guard.clone();
        let limit = guard::MAX_STEPS / u64::from(STEPS.unsigned_abs());
        conn.progress_handler(
            STEPS,
            Some(move || count.taken.fetch_add(1, Ordering::Relaxed) >= limit),
        )?;
        Ok(Self { conn, guard })
    }

    /// Does `work` as a statement of `origin`, and says what was refused rather than that something was.
    fn guarded<T>(
        &self,
        origin: Origin,
        file: &str,
        line: u32,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let set = |origin| {
            *self
                .guard
                .origin
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = origin
        };
        self.guard.taken.store(0, Ordering::Relaxed);
        set(Some(origin));
        let outcome = work();
        set(None);
        self.guard.taken.store(0, Ordering::Relaxed);
        let why = self
            .guard
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let refused = |what| StoreError::Refused {
            file: file.to_owned(),
            line,
            what,
        };
        match (outcome, why) {
            (Err(_), Some(why)) => Err(refused(why)),
            (Err(error), None) if error.is_interrupted() => Err(refused(format!(
                "takes more than {} million steps",
                guard::MAX_STEPS / 1_000_000
            ))),
            (outcome, _) => outcome,
        }
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
    /// triggers change is not counted. What [`guard`] does not allow is refused.
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
                self.run(file, part, values)
            })?;
        }
        Ok(changes)
    }

    /// The same for our own statements, which may do anything.
    ///
    /// # Errors
    /// As [`Store::run_script`].
    pub fn run_own(&self, file: &str, script: &str, values: &[Binding]) -> Result<u64, StoreError> {
        let mut changes = 0;
        for part in statements(file, script)? {
            changes += self.run(file, part, values)?;
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

    fn run(&self, file: &str, part: Part<'_>, values: &[Binding]) -> Result<u64, StoreError> {
        let failed = |source| StoreError::Script {
            file: file.to_owned(),
            line: part.line,
            source,
        };
        let mut statement = self.conn.prepare_cached(part.sql).map_err(failed)?;
        bind(&mut statement, values)?;
        let reads = statement.readonly();
        let mut rows = statement.raw_query();
        while rows.next().map_err(failed)?.is_some() {}
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
    /// Fails when the query is not one reading statement, does what [`guard`] does not allow, names a value that
    /// is not given, or SQLite fails.
    pub fn ask(
        &self,
        query: &str,
        kinds: &[(String, Kind)],
        values: &[Binding],
    ) -> Result<ResultTable, StoreError> {
        self.guarded(Origin::Query, "query", 1, || {
            self.answer(query, kinds, values)
        })
    }

    fn answer(
        &self,
        query: &str,
        kinds: &[(String, Kind)],
        values: &[Binding],
    ) -> Result<ResultTable, StoreError> {
        let mut statement = self.compiled(query)?;
        if !statement.readonly() {
            return Err(StoreError::NotAQuery { found: "writes" });
        }
        bind(&mut statement, values)?;
        let declared: Vec<(String, Option<Kind>)> = statement
            .columns()
            .map(|column| {
                let given = kinds
                    .iter()
                    .find(|(name, _)| name == column.name())
                    .map(|(_, kind)| *kind);
                (
                    column.name().to_owned(),
                    given.or_else(|| column.decl_type().and_then(declared_kind)),
                )
            })
            .collect();
        let mut raw: Vec<Vec<Cell>> = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let mut cells = Vec::with_capacity(declared.len());
            for (at, (_, kind)) in declared.iter().enumerate() {
                cells.push(cell(row.get_ref(at)?, *kind));
            }
            raw.push(cells);
        }
        let columns = declared
            .into_iter()
            .enumerate()
            .map(|(at, (name, kind))| {
                Column::new(name, kind.unwrap_or_else(|| seen_kind(&raw, at)))
            })
            .collect();
        Ok(ResultTable { columns, rows: raw })
    }

    /// Takes a savepoint. Savepoints nest.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn savepoint(&self) -> Result<(), StoreError> {
        // Not by way of the cache, in which a script could find it.
        Ok(self.conn.execute_batch("SAVEPOINT chatdb")?)
    }

    /// Takes back all that has happened since the newest savepoint, and drops it.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn roll_back(&self) -> Result<(), StoreError> {
        Ok(self
            .conn
            .execute_batch("ROLLBACK TO chatdb; RELEASE chatdb")?)
    }

    /// Drops the newest savepoint and keeps what has happened.
    ///
    /// # Errors
    /// Fails when SQLite does.
    pub fn release(&self) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch("RELEASE chatdb")?)
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
    use std::io::Read as _;
    let mut header = Vec::with_capacity(100);
    std::fs::File::open(path)?
        .take(100)
        .read_to_end(&mut header)?;
    Ok(is_ours(&header))
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
            Cell::Timestamp(_) | Cell::Duration(_) => Ok(self.0.to_string().into()),
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
            let text = String::from_utf8_lossy(bytes).into_owned();
            match kind {
                Some(kind @ (Kind::Timestamp | Kind::Duration)) => {
                    kind.parse(&text).unwrap_or(Cell::Text(text))
                }
                _ => Cell::Text(text),
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
