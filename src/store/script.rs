//! Runs scripts and changes, in transactions and savepoints.

use super::error::{failed_in, there_is};
use super::query::{bind, bind_shape};
use super::shape::shape_of;
use super::{Binding, Store, StoreError, guarded};
use crate::sql;
use crate::sql::ScriptStatement as Part;
use crate::sql::guard::Origin;
use crate::table::Cell;
use rusqlite::Statement;

impl Store {
    /// Sets the scenario clock to `at_ms`; whatever time alone causes happens.
    ///
    /// # Errors
    /// Fails when a trigger of the model does.
    pub fn set_clock(&self, at_ms: i64) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached("UPDATE chatdb_clock SET now = ?1")?;
        statement.execute([Cell::Timestamp(at_ms).to_string()])?;
        Ok(())
    }

    /// Runs the statements of a scenario's script in order and counts the rows that they change themselves, not those
    /// changed by triggers. Statements that [`guard`](crate::sql::guard) does not allow are refused.
    ///
    /// # Errors
    /// Fails at the first statement that does; the previous ones have taken effect, so create a savepoint first.
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
                let outcome = self.run_of_script(file, part, values);
                outcome.map_err(|error| self.as_impossible(error))
            })?;
        }
        Ok(changes)
    }

    /// Runs a script statement through its shape, if it has one that can be compiled.
    fn run_of_script(
        &self,
        file: &str,
        part: Part<'_>,
        values: &[Binding],
    ) -> Result<u64, StoreError> {
        if let Some(shape) = shape_of(part.sql)
            && let Ok(mut statement) = self.conn.prepare_cached(&shape.sql)
        {
            bind_shape(&mut statement, &shape, values)?;
            return self.finish(file, part, &mut statement);
        }
        // What cannot be compiled is told of in its own words.
        let statement = self.conn.prepare_cached(part.sql);
        let mut statement = statement.map_err(failed_in(file, part))?;
        self.run(file, part, &mut statement, values)
    }

    /// A cause that the model refuses, with the valid alternatives.
    pub(super) fn as_impossible(&self, error: StoreError) -> StoreError {
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
        let there = known.as_deref().map(there_is).unwrap_or_default();
        let what = format!("{message}{there}");
        let known = known.unwrap_or_default();
        StoreError::Impossible { file, line, what, known }
    }

    /// What is wrong with the id that a query is given for a parameter; `None` if it names something, or is of no
    /// known kind.
    ///
    /// # Errors
    /// If the database fails.
    pub fn unknown_id(&self, parameter: &str, id: &Cell) -> Result<Option<String>, StoreError> {
        let (what, kinds) = match parameter {
            "activity_id" => ("activity", "'chat', 'e-mail'"),
            "email_id" => ("e-mail", "'e-mail'"),
            "agent_id" | "user_id" => ("agent", "'agent'"),
            _ => return Ok(None),
        };
        let known =
            format!("SELECT CAST(id AS TEXT) FROM known WHERE what IN ({kinds}) ORDER BY id");
        let rows = self.ask(&known, &[], &[])?.rows;
        let known: Vec<String> = rows.iter().flatten().map(ToString::to_string).collect();
        let found = id.to_string();
        Ok((!known.contains(&found))
            .then(|| format!("`{parameter}`: there is no {what} {found}{}", there_is(&known))))
    }

    /// The same for our own statements, which are not restricted.
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

    pub(super) fn run(
        &self,
        file: &str,
        part: Part<'_>,
        statement: &mut Statement<'_>,
        values: &[Binding],
    ) -> Result<u64, StoreError> {
        bind(statement, values)?;
        self.finish(file, part, statement)
    }

    /// Runs a statement with its values to the end, and counts the rows that it changes.
    fn finish(
        &self,
        file: &str,
        part: Part<'_>,
        statement: &mut Statement<'_>,
    ) -> Result<u64, StoreError> {
        let failed = failed_in(file, part);
        let reads = statement.readonly();
        let mut rows = statement.raw_query();
        while rows.next().map_err(&failed)?.is_some() {}
        drop(rows);
        Ok(if reads { 0 } else { self.conn.changes() })
    }

    /// Runs a statement that a rewritten query needs to create or fill a temporary table.
    ///
    /// # Errors
    /// Fails when SQLite does, or a value is not given.
    pub fn change_temporary(&self, sql: &str, values: &[Binding]) -> Result<u64, StoreError> {
        self.guarded(Origin::Question, "query", 1, || {
            let mut statement = self.conn.prepare(sql)?;
            bind(&mut statement, values)?;
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            drop(rows);
            Ok(self.conn.changes())
        })
    }

    /// Whether a statement writes, as far as this is known without running it.
    #[must_use]
    pub fn writes(&self, sql: &str) -> bool {
        let compiled =
            self.guarded(Origin::Change, "query", 1, || Ok(!self.conn.prepare(sql)?.readonly()));
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

    /// Begins an all-or-nothing change on a store opened with [`Store::open_to_change`].
    ///
    /// # Errors
    /// Fails when SQLite does, for example because somebody else is writing.
    pub fn begin(&self) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Commits the change.
    ///
    /// # Errors
    /// Fails when SQLite does; nothing is changed then.
    pub fn commit(&self) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch("COMMIT")?)
    }

    /// Rolls the change back.
    pub fn abandon(&self) -> Result<(), StoreError> {
        // SQLite has already ended it if a writing statement was stopped.
        if self.conn.is_autocommit() {
            return Ok(());
        }
        Ok(self.conn.execute_batch("ROLLBACK")?)
    }

    /// Creates a savepoint. Savepoints nest.
    pub fn savepoint(&self) -> Result<(), StoreError> {
        // Not by way of the cache, in which a script could find it.
        self.conn.execute_batch("SAVEPOINT chatdb")?;
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Rolls back to the newest savepoint, and drops it.
    pub fn roll_back(&self) -> Result<(), StoreError> {
        self.conn.execute_batch("ROLLBACK TO chatdb; RELEASE chatdb")?;
        self.depth.set(self.depth.get().saturating_sub(1));
        Ok(())
    }

    /// Releases the newest savepoint and keeps the changes.
    pub fn release(&self) -> Result<(), StoreError> {
        self.conn.execute_batch("RELEASE chatdb")?;
        self.depth.set(self.depth.get().saturating_sub(1));
        Ok(())
    }
}

pub(super) fn statements<'s>(file: &str, script: &'s str) -> Result<Vec<Part<'s>>, StoreError> {
    sql::split(script).map_err(|source| StoreError::Split { file: file.to_owned(), source })
}
