//! The file of exported rows: created under a temporary name and then moved into place, or opened in place.
//!
//! A new one is written without a journal and synced once, at the end; in an existing one, each export is a
//! transaction. A file that is not an import database is never written to.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::NamedTempFile;
use thiserror::Error;

use super::open::EXPORTS;
use super::{Store, StoreError, file_is_ours};
use crate::files;

/// How long to wait for another program that is writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// The page size. Large pages make loading faster (by 5 % at four times the size), but single rows from the middle of a
/// table slower, since each is on its own page.
const PAGE: u32 = 16_384;

/// The maximum row size loaded into an existing database: enough for rows of exports, but not for columns computed by a
/// table that somebody has changed.
const LONGEST: i32 = 256 << 20;

/// The page cache, in KiB.
pub(super) const CACHE: i64 = 8192;

/// Why an import database cannot be opened or kept.
#[derive(Debug, Error)]
pub enum ImportDatabaseError {
    /// The file was not written by chatdb.
    #[error("`{}` was not written by chatdb and was not changed", path.display())]
    NotOurs {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file is a database of another kind.
    #[error("`{}` is the database of a replay; exported rows need their own database", path.display())]
    Replay {
        /// The path of the file.
        path: PathBuf,
    },
    /// A link, a folder, a device.
    #[error("`{}` is {what} and was not changed", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Remains of an older database with that name are next to the place of a new one, and SQLite would apply them to
    /// it.
    #[error(
        "`{}` is the journal of an earlier database `{}`, and would be applied to a new one",
        left.display(), path.display()
    )]
    Left {
        /// The path of the file.
        path: PathBuf,
        /// The file next to it.
        left: PathBuf,
    },
    /// Another program has created that file in the meantime.
    #[error("another program has created `{}` in the meantime; it was not replaced", path.display())]
    Appeared {
        /// The path of the file.
        path: PathBuf,
    },
    /// Another program is writing into it.
    #[error("another program is writing into `{}`", path.display())]
    Busy {
        /// The path of the file.
        path: PathBuf,
    },
    /// The system reported an error.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The failed operation.
        action: &'static str,
        /// The file it was applied to.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The database failed.
    #[error("cannot {action} `{}`", path.display())]
    Store {
        /// The failed operation.
        action: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// The underlying error.
        source: Box<StoreError>,
    },
}

impl ImportDatabaseError {
    /// Whether chatdb's rules protected the file, rather than the system.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::NotOurs { .. }
            | Self::Replay { .. }
            | Self::NotAFile { .. }
            | Self::Left { .. } => true,
            Self::Store { source, .. } => source.is_of_the_schema(),
            _ => false,
        }
    }
}

/// Checks that a new database can be created at `path`: no journal or log of an older one may be next to it, since
/// SQLite would mistake it for the new one's.
///
/// # Errors
/// If there is one.
pub fn no_journal_beside(path: &Path) -> Result<(), ImportDatabaseError> {
    for suffix in ["-journal", "-wal"] {
        let left = with_suffix(path, suffix);
        if fs::symlink_metadata(&left).is_ok() {
            let path = path.to_path_buf();
            return Err(ImportDatabaseError::Left { path, left });
        }
    }
    Ok(())
}

/// Checks that SQLite finds nothing but regular files beside a database: it would wait for whoever writes into a pipe.
pub(super) fn only_files_beside(path: &Path) -> Result<(), StoreError> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let path = with_suffix(path, suffix);
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(StoreError::NotAFileBeside { path });
        }
    }
    Ok(())
}

/// The name of a file that SQLite keeps next to a database.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// An import database in a file, opened for writing.
pub struct ImportDatabase {
    store: Store,
    path: PathBuf,
    /// The temporary file of a new one.
    temporary: Option<NamedTempFile>,
}

impl ImportDatabase {
    /// Opens the import database at `path`, or creates a new one that appears there when it is kept.
    ///
    /// # Errors
    /// If the existing file is not an import database, or the system reports an error.
    pub fn open(path: &Path) -> Result<Self, ImportDatabaseError> {
        let path_buf = || path.to_path_buf();
        let what = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::make(path),
            Err(source) => {
                return Err(ImportDatabaseError::Io {
                    action: "inspect",
                    path: path_buf(),
                    source,
                });
            }
            Ok(found) if found.is_symlink() => Some("a symbolic link"),
            Ok(found) if found.is_dir() => Some("a folder"),
            Ok(found) if !found.is_file() => Some("not a regular file"),
            Ok(_) => None,
        };
        match what {
            Some(what) => Err(ImportDatabaseError::NotAFile { path: path_buf(), what }),
            None => Self::reopen(path),
        }
    }

    fn make(path: &Path) -> Result<Self, ImportDatabaseError> {
        no_journal_beside(path)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let temporary = files::temporary(folder).map_err(|source| ImportDatabaseError::Io {
            action: "write",
            path: path.to_path_buf(),
            source,
        })?;
        let made = || {
            let conn = open_alone(temporary.path())?;
            set_up_for_loading(&conn)?;
            conn.execute_batch(&format!("BEGIN;{EXPORTS}COMMIT;"))?;
            Store::from_connection(conn)
        };
        let store = made().map_err(failed("write", path))?;
        Ok(Self { store, path: path.to_path_buf(), temporary: Some(temporary) })
    }

    fn reopen(path: &Path) -> Result<Self, ImportDatabaseError> {
        let ours = file_is_ours(path).map_err(|source| ImportDatabaseError::Io {
            action: "read",
            path: path.to_path_buf(),
            source,
        })?;
        if !ours {
            return Err(ImportDatabaseError::NotOurs { path: path.to_path_buf() });
        }
        let opened = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW;
            let absolute = path.canonicalize().map_err(StoreError::NotRead)?;
            only_files_beside(&absolute)?;
            let conn = Connection::open_with_flags(absolute, flags)?;
            conn.busy_timeout(PATIENCE)?;
            conn.pragma_update(None, "cache_size", -CACHE)?;
            conn.pragma_update(None, "synchronous", "FULL")?;
            conn.pragma_update(None, "journal_mode", "DELETE")?;
            // chatdb makes no triggers. One of somebody else's would make other rows of those of a file.
            conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
            let store = Store::from_connection(conn)?;
            store.only_tables()?;
            Ok(store)
        };
        let mut store = opened().map_err(failed("open", path))?;
        if !store.is_import_database().map_err(failed("read", path))? {
            return Err(ImportDatabaseError::Replay { path: path.to_path_buf() });
        }
        store.migrate().map_err(failed("write", path))?;
        Ok(Self { store, path: path.to_path_buf(), temporary: None })
    }

    /// Whether the file is not in place yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.temporary.is_some()
    }

    /// The database that is written.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Closes the database; a new one is moved into place. Otherwise a new one is deleted.
    ///
    /// # Errors
    /// If it cannot be written completely, or another file has appeared at its place.
    pub fn keep(self) -> Result<(), ImportDatabaseError> {
        let Self { store, path, temporary } = self;
        let close = |store: Store| {
            // What was compiled is closed first.
            store.conn.flush_prepared_statement_cache();
            store.conn.close().map_err(|(_, error)| StoreError::from(error))
        };
        close(store).map_err(failed("close", &path))?;
        let Some(temporary) = temporary else {
            return Ok(());
        };
        let io = |source| ImportDatabaseError::Io { action: "write", path: path.clone(), source };
        temporary.as_file().sync_all().map_err(io)?;
        if fs::symlink_metadata(&path).is_err() {
            no_journal_beside(&path)?;
        }
        temporary.persist_noclobber(&path).map(drop).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                let path = path.clone();
                ImportDatabaseError::Appeared { path }
            } else {
                io(error.error)
            }
        })
    }
}

fn failed(action: &'static str, path: &Path) -> impl Fn(StoreError) -> ImportDatabaseError {
    let path = path.to_path_buf();
    move |source| match &source {
        StoreError::Sqlite(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            ) =>
        {
            ImportDatabaseError::Busy { path: path.clone() }
        }
        _ => ImportDatabaseError::Store { action, path: path.clone(), source: Box::new(source) },
    }
}

/// Opens a new database that nobody else uses, without SQLite's locks: over a network, they would be in conflict with
/// the lock of the temporary file.
fn open_alone(path: &Path) -> rusqlite::Result<Connection> {
    #[cfg(unix)]
    return Connection::open_with_flags_and_vfs(path, OpenFlags::default(), c"unix-none");
    #[cfg(not(unix))]
    Connection::open(path)
}

/// Prepares a new database for many rows at once. It is discarded on failure, so nothing needs to be synced, and nobody
/// else uses it.
pub(super) fn set_up_for_loading(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "page_size", PAGE)?;
    conn.pragma_update(None, "journal_mode", "MEMORY")?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    conn.pragma_update(None, "cache_size", -CACHE)
}
