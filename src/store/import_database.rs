//! The file that keeps exported rows: made anew beside its place and put there whole, or opened where it is.
//!
//! A new one is written without a journal on the disk and synced once, at the end; into one that is there each export
//! is a transaction of its own. A file that is no such database is never written to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempPath;
use thiserror::Error;

use super::open::EXPORTS;
use super::{Store, StoreError, file_is_ours};
use crate::files;

/// How long another program may be writing before we give up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a page. Large ones make loading faster (by a twentieth, at four times as much), and rows that a question
/// takes out of the middle of a table dearer, since each is on a page of its own.
const PAGE: u32 = 16_384;

/// Bytes of the longest row that is loaded into an existing database: one that an export holds, and not what a column
/// computes in a table that somebody has changed.
const LONGEST: i32 = 256 << 20;

/// KiB of pages that are kept in memory.
pub(super) const CACHE: i64 = 8192;

/// Why an import database cannot be opened or kept.
#[derive(Debug, Error)]
pub enum ImportDatabaseError {
    /// The file is not one of ours.
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
    /// What an older database of that name left behind lies beside the place of a new one, and SQLite would play it
    /// into that.
    #[error(
        "`{}` is the journal of an earlier database `{}`, and would be applied to a new one",
        left.display(), path.display()
    )]
    Left {
        /// The path of the file.
        path: PathBuf,
        /// What lies beside it.
        left: PathBuf,
    },
    /// Another program has put a file there since.
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
    /// The system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database failed.
    #[error("cannot {action} `{}`", path.display())]
    Store {
        /// What was being done.
        action: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// The error behind it.
        source: Box<StoreError>,
    },
}

impl ImportDatabaseError {
    /// Whether a rule kept the file, rather than the system.
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

/// Looks whether a new database may appear at `path`: nothing of an older one, its journal or its log, may lie beside
/// it, since SQLite takes that for the new one's own.
///
/// # Errors
/// When there is something.
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

/// The name of a file that SQLite keeps beside a database.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// An import database in a file, open to be written.
pub struct ImportDatabase {
    store: Store,
    path: PathBuf,
    /// Where a new one is until it is kept.
    temporary: Option<TempPath>,
}

impl ImportDatabase {
    /// Opens the import database at `path`, or makes a new one that appears there when it is kept.
    ///
    /// # Errors
    /// When what is there is no import database, or the system refuses.
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
            Some(what) => Err(ImportDatabaseError::NotAFile {
                path: path_buf(),
                what,
            }),
            None => Self::reopen(path),
        }
    }

    fn make(path: &Path) -> Result<Self, ImportDatabaseError> {
        no_journal_beside(path)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let temporary = files::temporary(folder)
            .map_err(|source| ImportDatabaseError::Io {
                action: "write",
                path: path.to_path_buf(),
                source,
            })?
            .into_temp_path();
        let made = || {
            let conn = Connection::open(&temporary)?;
            set_up_for_loading(&conn)?;
            conn.execute_batch(&format!("BEGIN;{EXPORTS}COMMIT;"))?;
            Store::from_connection(conn)
        };
        let store = made().map_err(failed("write", path))?;
        Ok(Self {
            store,
            path: path.to_path_buf(),
            temporary: Some(temporary),
        })
    }

    fn reopen(path: &Path) -> Result<Self, ImportDatabaseError> {
        let ours = file_is_ours(path).map_err(|source| ImportDatabaseError::Io {
            action: "read",
            path: path.to_path_buf(),
            source,
        })?;
        if !ours {
            return Err(ImportDatabaseError::NotOurs {
                path: path.to_path_buf(),
            });
        }
        let opened = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW;
            let conn =
                Connection::open_with_flags(path.canonicalize().as_deref().unwrap_or(path), flags)?;
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
            return Err(ImportDatabaseError::Replay {
                path: path.to_path_buf(),
            });
        }
        store.migrate().map_err(failed("write", path))?;
        Ok(Self {
            store,
            path: path.to_path_buf(),
            temporary: None,
        })
    }

    /// Whether the file is not at its place yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.temporary.is_some()
    }

    /// The database that is written.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Closes the database; a new one is put at its place. Without this a new one is gone.
    ///
    /// # Errors
    /// When it cannot be written to the end, or a file has appeared at its place.
    pub fn keep(self) -> Result<(), ImportDatabaseError> {
        let Self {
            store,
            path,
            temporary,
        } = self;
        let close = |store: Store| {
            // What was compiled is closed first.
            store.conn.flush_prepared_statement_cache();
            store
                .conn
                .close()
                .map_err(|(_, error)| StoreError::from(error))
        };
        close(store).map_err(failed("close", &path))?;
        let Some(temporary) = temporary else {
            return Ok(());
        };
        let io = |source| ImportDatabaseError::Io {
            action: "write",
            path: path.clone(),
            source,
        };
        let synced = fs::OpenOptions::new()
            .write(true)
            .open(&temporary)
            .and_then(|file| file.sync_all());
        synced.map_err(io)?;
        if fs::symlink_metadata(&path).is_err() {
            no_journal_beside(&path)?;
        }
        temporary.persist_noclobber(&path).map_err(|error| {
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
        _ => ImportDatabaseError::Store {
            action,
            path: path.clone(),
            source: Box::new(source),
        },
    }
}

/// Makes a new database ready for many rows at once. It is thrown away if that fails, so that nothing need be synced,
/// and nobody else has it.
pub(super) fn set_up_for_loading(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "page_size", PAGE)?;
    conn.pragma_update(None, "journal_mode", "MEMORY")?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    conn.pragma_update(None, "cache_size", -CACHE)
}
