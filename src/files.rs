//! Writes files for the user, so that nothing of theirs is lost: a file appears whole or not at all, one
//! that is there stays unless it may be replaced, and a symbolic link is neither followed nor replaced.
//!
//! This module does not know what the files hold.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
#[cfg(unix)]
use std::{fs::TryLockError, os::unix::fs::MetadataExt};

use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

/// The temporary files that this process has begun, for [`remove_unfinished`].
static BEGUN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Why nothing can be written into a folder that is not there.
const NO_FOLDER: &str = "its folder does not exist";

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Keep it, and fail.
    Keep,
    /// Put the new one in its place, with the same permissions.
    Replace,
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its name in the folder; a plain name, without any `/`.
    pub name: String,
    /// What it will hold.
    pub bytes: Vec<u8>,
}

/// Why a file was not written.
#[derive(Debug, Error)]
pub enum FilesError {
    /// There is a file, and it may not be replaced.
    #[error("`{}` exists and was not replaced", path.display())]
    Exists {
        /// The path of the file.
        path: PathBuf,
    },
    /// There is a symbolic link, which is never written through.
    #[error("`{}` is a symbolic link, which is not followed or replaced", path.display())]
    Symlink {
        /// The path of the link.
        path: PathBuf,
    },
    /// There is a folder, a device or a pipe.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// The name would lead out of the folder.
    #[error("`{name}` is not a plain file name")]
    Name {
        /// The name that was given.
        name: String,
    },
    /// The system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was being done: `write`, `create folder`.
        action: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FilesError {
    /// Whether a rule of this module kept the file, rather than the system.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }
}

/// Writes `files` into `folder`, which is created if it is missing. All targets are looked at before the
/// first is written: if one may not be replaced, none is.
///
/// Returns the paths written, in order.
///
/// # Errors
/// When a target is there and kept, is not a regular file, or cannot be written.
pub fn write_all(
    folder: &Path,
    files: &[NewFile],
    existing: Existing,
) -> Result<Vec<PathBuf>, FilesError> {
    let plain = |name: &str| !name.is_empty() && Path::new(name).file_name() == Some(name.as_ref());
    if let Some(file) = files.iter().find(|file| !plain(&file.name)) {
        let name = file.name.clone();
        return Err(FilesError::Name { name });
    }
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(&file.name)).collect();
    for path in &paths {
        look(path, existing)?;
    }
    fs::create_dir_all(folder).map_err(io_error("create folder", folder))?;
    // All are written before the first is in its place, so that a disk that is full in between leaves none.
    let mut filled = Vec::with_capacity(files.len());
    for (path, file) in paths.iter().zip(files) {
        filled.push(fill_for(path, &file.bytes, existing)?);
    }
    for (number, (path, temporary)) in paths.iter().zip(filled).enumerate() {
        if let Err(error) = place(temporary, path, existing) {
            if existing == Existing::Keep {
                // None of them was there before. One that cannot be taken back is named by the next run.
                paths[..number].iter().for_each(|placed| drop(fs::remove_file(placed)));
            }
            return Err(error);
        }
    }
    Ok(paths)
}

/// A file that is being written: it appears whole when it is finished, and otherwise not at all.
#[derive(Debug)]
pub struct PendingFile {
    temporary: NamedTempFile,
    path: PathBuf,
    existing: Existing,
    replaced: Option<Metadata>,
}

impl PendingFile {
    /// Begins a file that will be at `path`, in a folder that has to be there.
    ///
    /// # Errors
    /// When a file is there and kept, is not a regular file, or cannot be written.
    pub fn begin(path: &Path, existing: Existing) -> Result<Self, FilesError> {
        let replaced = look(path, existing)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Ok(Self {
            temporary: temporary(folder).map_err(io_error("write", path))?,
            path: path.to_owned(),
            existing,
            replaced,
        })
    }

    /// Where the file will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// When it cannot be written, or another file is there in the meantime.
    pub fn finish(self) -> Result<(), FilesError> {
        let (temporary, path, existing) = self.synced()?;
        place(temporary, &path, existing)
    }

    /// What was written, safe on the disk.
    fn synced(mut self) -> Result<(NamedTempFile, PathBuf, Existing), FilesError> {
        let failed = io_error("write", &self.path);
        self.temporary.flush().map_err(&failed)?;
        if let Some(replaced) = self.replaced {
            let file = self.temporary.as_file();
            file.set_permissions(replaced.permissions()).map_err(&failed)?;
        }
        self.temporary.as_file().sync_all().map_err(&failed)?;
        Ok((self.temporary, self.path, self.existing))
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// Writes one file, whole or not at all.
///
/// It is written and synced under another name in the same folder (`.chatdb-….tmp`, which is all that a
/// killed process leaves, until the next one writes there), then put in place in one step.
///
/// # Errors
/// As [`write_all`]; the folder has to be there.
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), FilesError> {
    let temporary = fill_for(path, bytes, existing)?;
    place(temporary, path, existing)
}

/// The bytes under another name in the folder of `path`.
fn fill_for(path: &Path, bytes: &[u8], existing: Existing) -> Result<NamedTempFile, FilesError> {
    let mut pending = PendingFile::begin(path, existing)?;
    pending.write_all(bytes).map_err(io_error("write", path))?;
    Ok(pending.synced()?.0)
}

fn place(temporary: NamedTempFile, path: &Path, existing: Existing) -> Result<(), FilesError> {
    let placed = match existing {
        Existing::Replace => temporary.persist(path),
        Existing::Keep => temporary.persist_noclobber(path),
    };
    match placed {
        Ok(_) => Ok(()),
        // Somebody else was quicker.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(FilesError::Exists { path: path.into() })
        }
        Err(error) => Err(io_error("write", path)(error.error)),
    }
}

/// What the names of temporary files begin with.
const PREFIX: &str = ".chatdb-";

/// What the names of temporary files end with.
const SUFFIX: &str = ".tmp";

/// A new file of a name of its own in the folder, which is gone when it is dropped. What killed processes have left in
/// the folder is removed first.
///
/// # Errors
/// When the folder is not there, or nothing can be written into it.
pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    remove_abandoned(folder);
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    // As for any new file: what the user's mask leaves of reading and writing for all.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        // The name of the temporary file, which is another each time, is nothing to tell.
        let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
        let made = builder.tempfile_in(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::NotFound, NO_FOLDER),
            kind => io::Error::from(kind),
        })?;
        begun.push(made.path().to_path_buf());
        if is_held(made.as_file()) {
            return Ok(made);
        }
    }
}

/// Locks a new temporary file, as long as it is open, against removal by others. Not so if another process has taken it
/// for an abandoned one, in the moment before it was locked.
#[cfg(unix)]
fn is_held(file: &File) -> bool {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => false,
        Ok(()) => file.metadata().is_ok_and(|found| MetadataExt::nlink(&found) > 0),
        // A file system without locks, on which nobody removes anything.
        Err(TryLockError::Error(_)) => true,
    }
}

/// On Windows, a lock would keep SQLite from writing into the file.
#[cfg(not(unix))]
fn is_held(_: &File) -> bool {
    true
}

/// Removes the temporary files in `folder` that no process holds any more: whoever wrote them was killed. One that
/// cannot be removed stays.
fn remove_abandoned(folder: &Path) {
    #[cfg(unix)]
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(PREFIX.as_bytes())
            && name.ends_with(SUFFIX.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            // Whoever has put it in its place meanwhile has taken this name away from it.
            drop(fs::remove_file(entry.path()));
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Removes the temporary files of a process that is about to end without returning to what writes them. None is begun
/// afterwards. What has been put in its place has lost its temporary name, which is never given twice.
pub fn remove_unfinished() {
    let begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    begun.iter().for_each(|path| drop(fs::remove_file(path)));
    // Whoever would begin another waits until the process ends.
    std::mem::forget(begun);
}

/// Looks at what is at `path`, without following it: a file that may be replaced, or nothing.
fn look(path: &Path, existing: Existing) -> Result<Option<Metadata>, FilesError> {
    let path_buf = || path.to_path_buf();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("inspect", path)(error)),
        Ok(found) if found.is_symlink() => Err(FilesError::Symlink { path: path_buf() }),
        Ok(found) if !found.is_file() => Err(FilesError::NotAFile { path: path_buf() }),
        Ok(_) if existing == Existing::Keep => Err(FilesError::Exists { path: path_buf() }),
        Ok(found) => Ok(Some(found)),
    }
}

fn io_error(action: &'static str, path: &Path) -> impl Fn(io::Error) -> FilesError + use<> {
    let path = path.to_path_buf();
    move |source| FilesError::Io { action, path: path.clone(), source }
}
