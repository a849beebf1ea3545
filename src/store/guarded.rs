//! Enforces [`guard`]'s rules on a connection: its settings, its limits, and SQLite's hooks.
//!
//! The settings apply while the connection is open. The limits and the hooks apply to untrusted statements only, not to
//! the store's own.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags};

use super::bulk::made::MADE;
use super::{Budget, Store, StoreError};
use crate::sql::guard::limits::{LATE_SECONDS, MAX_DATABASE, MAX_INTEGRITY_CHECKED, QUESTION};
use crate::sql::guard::{self, Action, Limits, Origin};
use crate::sql::{self, ScriptStatement as Part};

/// How many steps of SQLite's virtual machine there are between two checks of the limit.
const STEPS: i32 = 10_000;

/// The state shared by the connection's hooks and the store.
#[derive(Default)]
pub(super) struct Guard {
    /// The origin of the statement being compiled or run; `None` for our own.
    origin: Mutex<Option<Origin>>,
    /// Why the statement was refused.
    refused: Mutex<Option<String>>,
    /// Steps used by the statement, in units of [`STEPS`].
    taken: AtomicU64,
    /// How many it may use, in the same units; 0 if only the user decides when to stop.
    limit: AtomicU64,
    /// The maximum for a statement of a scenario, in the same units; 0 for the guard's own limit.
    fewer: AtomicU64,
    /// The number of scenario statements so far.
    count: AtomicU64,
    /// Which of them is running; 0 if none.
    running: AtomicU64,
    /// Which of them has been running too long.
    late: AtomicU64,
    /// Their shared budget; `None` if the user decides.
    budget: Mutex<Option<Budget>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guard {
    /// Counts steps, and returns whether the limit is exceeded.
    fn step(&self) -> bool {
        self.taken.fetch_add(1, Ordering::Relaxed);
        if self.is_of_scenario()
            && let Some(budget) = locked(&self.budget).as_ref()
        {
            budget.take_steps(u64::from(STEPS.unsigned_abs()));
        }
        self.is_over() || self.is_late() || self.is_spent()
    }

    /// Whether the running statement belongs to a scenario.
    fn is_of_scenario(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }

    /// Whether it may not run because the budget is used up.
    fn is_spent(&self) -> bool {
        self.is_of_scenario() && self.limit_if_spent().is_some()
    }

    /// The shared limit that was exceeded.
    fn limit_if_spent(&self) -> Option<String> {
        let budget = locked(&self.budget);
        budget.as_ref().filter(|budget| budget.is_over()).map(Budget::limit)
    }

    fn is_over(&self) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        limit > 0 && self.taken.load(Ordering::Relaxed) > limit
    }

    fn is_late(&self) -> bool {
        let running = self.running.load(Ordering::Relaxed);
        running > 0 && self.late.load(Ordering::Relaxed) == running
    }

    fn judge(&self, context: &AuthContext<'_>) -> Authorization {
        let Some(origin) = *locked(&self.origin) else {
            return Authorization::Allow;
        };
        let action = action(context);
        let writes = matches!(action, Action::Insert(_) | Action::Delete(_) | Action::Update(..));
        // What triggers write is the model's. What they and views call is judged: a view may be a stranger's.
        if context.accessor.is_some() && writes {
            return Authorization::Allow;
        }
        match guard::refusal(origin, action) {
            None => Authorization::Allow,
            Some(why) => {
                *locked(&self.refused) = Some(why);
                Authorization::Deny
            }
        }
    }

    fn begin(&self, origin: Origin) {
        let fewer = self.fewer.load(Ordering::Relaxed);
        let limit = match origin.max_steps() {
            Some(_) if fewer > 0 => fewer,
            Some(steps) => steps / u64::from(STEPS.unsigned_abs()),
            None => 0,
        };
        self.taken.store(0, Ordering::Relaxed);
        self.limit.store(limit, Ordering::Relaxed);
        if limit > 0 {
            let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
            self.running.store(number, Ordering::Relaxed);
        }
        *locked(&self.origin) = Some(origin);
    }

    /// Returns whether the statement was stopped, and why it was refused.
    fn end(&self) -> (Option<String>, Option<String>) {
        *locked(&self.origin) = None;
        let stopped = if self.is_late() {
            Some(format!("takes longer than {LATE_SECONDS} seconds"))
        } else if self.is_over() {
            let steps = self.limit.load(Ordering::Relaxed) * u64::from(STEPS.unsigned_abs());
            let millions = steps / 1_000_000;
            Some(format!("takes more than {millions} million steps"))
        } else {
            let limit = self.limit_if_spent().filter(|_| self.is_of_scenario());
            limit.map(|limit| format!("is stopped: the statements so far take {limit}"))
        };
        self.running.store(0, Ordering::Relaxed);
        self.limit.store(0, Ordering::Relaxed);
        (stopped, locked(&self.refused).take())
    }
}

fn action<'a>(context: &AuthContext<'a>) -> Action<'a> {
    match context.action {
        AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::DropTempTable { .. } => Action::Temporary,
        // SQLite makes this one itself, for the numbers that a temporary table gives its rows.
        AuthAction::CreateTable { table_name: "sqlite_sequence" }
        | AuthAction::Insert { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Update { .. }
            if context.database_name == Some("temp") =>
        {
            Action::Temporary
        }
        AuthAction::Read { table_name, .. } => Action::Read(table_name),
        AuthAction::Select | AuthAction::Recursive => Action::Select,
        AuthAction::Function { function_name } => Action::Call(function_name),
        AuthAction::Insert { table_name } => Action::Insert(table_name),
        AuthAction::Delete { table_name } => Action::Delete(table_name),
        AuthAction::Update { table_name, column_name } => Action::Update(table_name, column_name),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            Action::Other("opens another database")
        }
        AuthAction::Pragma { .. } => Action::Other("reads or changes a setting (PRAGMA)"),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Action::Other("begins or ends a transaction, which only the replay may do")
        }
        AuthAction::CreateVtable { .. } | AuthAction::DropVtable { .. } => {
            Action::Other("creates or drops a virtual table")
        }
        _ => Action::Other("changes the schema"),
    }
}

/// The limits that SQLite sets on a connection.
pub(super) fn limits_of(conn: &Connection) -> rusqlite::Result<Limits> {
    let before = limit(conn, QUESTION)?;
    limit(conn, before)?;
    Ok(before)
}

/// Prepares a connection for untrusted statements, and returns the state shared with its hooks.
pub(super) fn install(conn: &mut Connection) -> rusqlite::Result<Arc<Guard>> {
    for (setting, on) in [
        // Without this, a statement with parameters is compiled anew each time that they are bound, because a
        // partial index might fit their values.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
    ] {
        conn.set_db_config(setting, on)?;
    }
    conn.execute_batch("PRAGMA cell_size_check = ON")?;
    let guard = Arc::new(Guard::default());
    let judge = guard.clone();
    conn.authorizer(Some(move |context: AuthContext<'_>| judge.judge(&context)))?;
    let count = guard.clone();
    conn.progress_handler(STEPS, Some(move || count.step()))?;
    Ok(guard)
}

/// Opens the file that the user named, and no other that a link in its place points to.
pub(super) fn open(path: &Path, how: OpenFlags) -> Result<Connection, StoreError> {
    // An absolute path begins with no `file:`, which would make it a URI.
    let path = path.canonicalize().map_err(StoreError::NotRead)?;
    if !path.metadata().map_err(StoreError::NotRead)?.is_file() {
        return Err(StoreError::NotAFile);
    }
    super::import_database::only_files_beside(&path)?;
    let flags = how | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    #[cfg(unix)]
    if how.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) && is_closed_log(&path)? {
        let uri = flags | OpenFlags::SQLITE_OPEN_URI;
        return Ok(Connection::open_with_flags(immutable(&path), uri)?);
    }
    Ok(Connection::open_with_flags(path, flags)?)
}

/// Whether a database uses a write-ahead log and is not open anywhere, so that the log does not exist now. To read it,
/// SQLite would create the log and its index, and leave them behind.
#[cfg(unix)]
fn is_closed_log(path: &Path) -> Result<bool, StoreError> {
    const FORMATS: std::ops::Range<usize> = 18..20;
    let header = super::open::header(path).map_err(StoreError::NotRead)?;
    let has_log = || {
        let log = super::import_database::with_suffix(path, "-wal");
        log.metadata().is_ok_and(|found| found.len() > 0)
    };
    Ok(header.get(FORMATS) == Some(&[2, 2]) && !has_log())
}

/// The URI with which SQLite reads the file at this absolute path unchanged, without creating files next to it.
#[cfg(unix)]
fn immutable(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

/// Keeps a replay's database and its sorter in memory, and small.
pub(super) fn keep_small(conn: &Connection) -> rusqlite::Result<()> {
    let page: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    conn.execute_batch(&format!(
        "PRAGMA temp_store = MEMORY; PRAGMA max_page_count = {}",
        MAX_DATABASE / page.max(1).unsigned_abs()
    ))
}

/// Sets the limits of a connection, and returns the previous ones.
fn limit(conn: &Connection, limits: Limits) -> rusqlite::Result<Limits> {
    let set = |limit, value: u32| {
        let before = conn.set_limit(limit, i32::try_from(value).unwrap_or(i32::MAX))?;
        Ok::<u32, rusqlite::Error>(before.unsigned_abs())
    };
    Ok(Limits {
        length: set(Limit::SQLITE_LIMIT_LENGTH, limits.length)?,
        sql_length: set(Limit::SQLITE_LIMIT_SQL_LENGTH, limits.sql_length)?,
        depth: set(Limit::SQLITE_LIMIT_EXPR_DEPTH, limits.depth)?,
        parser_depth: set(Limit::SQLITE_LIMIT_PARSER_DEPTH, limits.parser_depth)?,
        compound: set(Limit::SQLITE_LIMIT_COMPOUND_SELECT, limits.compound)?,
        columns: set(Limit::SQLITE_LIMIT_COLUMN, limits.columns)?,
        arguments: set(Limit::SQLITE_LIMIT_FUNCTION_ARG, limits.arguments)?,
        values: set(Limit::SQLITE_LIMIT_VARIABLE_NUMBER, limits.values)?,
        pattern: set(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, limits.pattern)?,
        triggers: set(Limit::SQLITE_LIMIT_TRIGGER_DEPTH, limits.triggers)?,
        attached: set(Limit::SQLITE_LIMIT_ATTACHED, limits.attached)?,
        threads: set(Limit::SQLITE_LIMIT_WORKER_THREADS, limits.threads)?,
    })
}

impl Store {
    /// Runs `work` as a statement of `origin`, and returns what was refused, not just that something was.
    pub(super) fn guarded<T>(
        &self,
        origin: Origin,
        file: &str,
        line: u32,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.hold_to(Some(origin.limits()))?;
        self.guard.begin(origin);
        let outcome = match self.guard.is_spent() {
            true => Err(StoreError::Interrupted),
            false => work(),
        };
        let (stopped, refused) = self.guard.end();
        // A replay's own statements are small, and come between each two of the scenario's.
        if matches!(origin, Origin::Question | Origin::Change) {
            self.hold_to(None)?;
        }
        let error = match outcome {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        self.keep_savepoints()?;
        let stopped = stopped.filter(|_| error.is_interrupted());
        match refused.or(stopped).or_else(|| beyond(&error, origin)) {
            Some(what) => Err(StoreError::Refused { file: file.to_owned(), line, what }),
            None => Err(error),
        }
    }

    /// Sets the limits of the connection, or SQLite's own if `None`.
    fn hold_to(&self, limits: Option<Limits>) -> Result<(), StoreError> {
        if self.limits.get() != limits {
            limit(&self.conn, limits.unwrap_or(self.without))?;
            self.limits.set(limits);
        }
        Ok(())
    }

    /// Checks that rows can be loaded into a file: it has no virtual tables, and no view in place of a table.
    pub(super) fn only_tables(&self) -> Result<(), StoreError> {
        const VIRTUAL: &str =
            "SELECT (SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 LIMIT 1)";
        let table = self.conn.query_row(VIRTUAL, [], |row| row.get(0))?;
        match table {
            Some(table) => Err(StoreError::Virtual { table }),
            None => self.no_view_for_a_table(),
        }
    }

    /// Refuses a view with the name of one of our tables: its result would be mistaken for the table's contents.
    fn no_view_for_a_table(&self) -> Result<(), StoreError> {
        let mut views = self.conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'")?;
        let names = views.query_map([], |row| row.get::<_, String>(0))?;
        for view in names {
            let view = view?;
            let is_own = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case(&view);
            if MADE.iter().any(is_own) {
                return Err(StoreError::View { view });
            }
        }
        Ok(())
    }

    /// Checks that a file can be queried: it is a database, has no virtual tables and, if it is small enough, its pages
    /// are consistent.
    pub(super) fn look_through(&self, path: &Path) -> Result<(), StoreError> {
        // No damage is to keep it busy for long, and no schema to be read without limits.
        self.hold_to(Some(QUESTION))?;
        self.only_tables()?;
        let size = path.metadata().map_err(StoreError::NotRead)?.len();
        if size <= MAX_INTEGRITY_CHECKED {
            let found =
                self.conn.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))?;
            if found != "ok" {
                return Err(StoreError::Damaged(found));
            }
        }
        self.hold_to(None)
    }

    /// SQLite rolls back the transaction if a writing statement is stopped, or the database is full. The database is
    /// then as it was before the first savepoint; the savepoints are created again, and their contents are recorded as
    /// lost.
    fn keep_savepoints(&self) -> Result<(), StoreError> {
        if self.depth.get() == 0 || !self.conn.is_autocommit() {
            return Ok(());
        }
        for _ in 0..self.depth.get() {
            self.conn.execute_batch("SAVEPOINT chatdb")?;
        }
        self.lost.set(true);
        Ok(())
    }

    /// Lets a scenario statement use fewer steps of SQLite's virtual machine than
    /// [`MAX_STEPS`](crate::sql::guard::MAX_STEPS); at least a million.
    pub fn limit_steps(&self, steps: u64) {
        let units = steps.max(1_000_000) / u64::from(STEPS.unsigned_abs());
        self.guard.fewer.store(units, Ordering::Relaxed);
    }

    /// Limits scenario statements together to `budget`; without one, each has only its own limits.
    pub fn spend(&self, budget: Option<&Budget>) {
        *locked(&self.guard.budget) = budget.cloned();
    }

    /// Limits SQLite's memory in this process, for all databases, to `bytes`.
    pub fn limit_memory(&self, bytes: u64) -> Result<(), StoreError> {
        let sql = format!("PRAGMA hard_heap_limit = {bytes}");
        Ok(self.conn.execute_batch(&sql)?)
    }

    /// Whether everything since the first savepoint has been lost since the last call: a writing statement was stopped,
    /// which rolls back everything.
    #[must_use]
    pub fn take_lost(&self) -> bool {
        self.lost.replace(false)
    }
}

/// Refuses a statement that rolls back the transaction on a constraint violation: SQLite's authorizer reports what a
/// statement does, but not this.
pub(super) fn keeps_transaction(file: &str, part: Part<'_>) -> Result<(), StoreError> {
    if !sql::rolls_back(part.sql) {
        return Ok(());
    }
    Err(StoreError::Refused {
        file: file.to_owned(),
        line: part.line,
        what: "may end the transaction (OR ROLLBACK), which only the replay may do".to_owned(),
    })
}

/// Refuses a script statement that replaces rows: SQLite reports only the new ones, and what has happened can only be
/// added to.
pub(super) fn only_adds(file: &str, part: Part<'_>) -> Result<(), StoreError> {
    if !sql::replaces_rows(part.sql) {
        return Ok(());
    }
    Err(StoreError::Refused {
        file: file.to_owned(),
        line: part.line,
        what: "replaces rows (REPLACE), which scripts may not do: use INSERT for a new row, or \
               UPDATE for one of the master data"
            .to_owned(),
    })
}

/// The limit that the statement exceeded, if SQLite's message does not say.
fn beyond(error: &StoreError, origin: Origin) -> Option<String> {
    let folder = matches!(origin, Origin::Script | Origin::Query);
    match error.code()? {
        ErrorCode::TooBig => {
            let bytes = origin.limits().length;
            Some(format!("is too long, or creates a text or a row of more than {bytes} bytes"))
        }
        ErrorCode::DiskFull if folder => {
            let mib = MAX_DATABASE / 1024 / 1024;
            Some(format!("grows the database beyond {mib} MiB"))
        }
        ErrorCode::OutOfMemory => Some("exceeds its memory limit".to_owned()),
        _ => None,
    }
}

/// Interrupts a store from another thread. A running statement fails with [`StoreError::Interrupted`]; if none is
/// running, nothing happens.
pub struct Interrupter {
    handle: InterruptHandle,
    guard: Arc<Guard>,
}

impl Interrupter {
    pub(super) fn new(handle: InterruptHandle, guard: Arc<Guard>) -> Self {
        Self { handle, guard }
    }

    /// Stops the running statement.
    pub fn interrupt(&self) {
        self.handle.interrupt();
    }

    /// Which scenario statement is running, counted from 1; `None` if none.
    #[must_use]
    pub fn running(&self) -> Option<u64> {
        Some(self.guard.running.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }

    /// Reports that a scenario statement has been observed to run for this time, and stops it if their shared budget is
    /// used up.
    pub fn ran(&self, time: Duration) {
        let budget = locked(&self.guard.budget).clone();
        let Some(budget) = budget else {
            return;
        };
        budget.take_time(time);
        if budget.is_over() && self.guard.is_of_scenario() {
            self.handle.interrupt();
        }
    }

    /// Refuses scenario statement `number` for running too long, if it is still running.
    pub fn too_late(&self, number: u64) {
        self.guard.late.store(number, Ordering::Relaxed);
        if self.running() == Some(number) {
            self.handle.interrupt();
        }
    }
}
