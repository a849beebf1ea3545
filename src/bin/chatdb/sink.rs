//! Where output goes: a file, a pager or a pipe.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};
use std::path::Path;

use chatdb::files::{Existing, PendingFile};

use crate::failure::Failure;
use crate::output::note;
use crate::pager::{self, Screen};
use crate::watch;

/// How many bytes are written at a time.
pub const PIECE: usize = 64 << 10;

/// Where output goes: it appears whole in a file, through a pager on a terminal, or as it comes.
pub enum Sink {
    File(Box<BufWriter<PendingFile>>),
    Screen(Box<BufWriter<Screen>>),
    Pipe(BufWriter<StdoutLock<'static>>),
}

impl Sink {
    /// Opens where the options say, or else what standard output is.
    pub fn open(file: Option<&Path>, force: bool, piece: usize) -> Result<Self, Failure> {
        if let Some(path) = file {
            watch::unfinished_files_go();
            let pending = PendingFile::begin(path, existing(force))?;
            return Ok(Self::File(Box::new(BufWriter::with_capacity(PIECE, pending))));
        }
        Ok(match pager::terminal() {
            Some(size) => {
                Self::Screen(Box::new(BufWriter::with_capacity(piece, Screen::new(size))))
            }
            None => Self::Pipe(BufWriter::with_capacity(piece, io::stdout().lock())),
        })
    }

    /// Makes the output whole: a file gets its name, and a pager ends.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Self::File(file) => {
                let pending = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                let path = pending.path().display().to_string();
                pending.finish()?;
                // A script looks at the exit code; a person sees nothing else happen.
                if io::stderr().is_terminal() {
                    note(&format!("wrote `{path}`"));
                }
                Ok(())
            }
            Self::Screen(screen) => {
                let screen = screen.into_inner().map_err(io::IntoInnerError::into_error)?;
                Ok(screen.finish()?)
            }
            Self::Pipe(mut out) => Ok(out.flush()?),
        }
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Screen(screen) => screen.write(bytes),
            Self::Pipe(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Screen(screen) => screen.flush(),
            Self::Pipe(out) => out.flush(),
        }
    }
}

/// What happens to a file of that name.
pub fn existing(force: bool) -> Existing {
    match force {
        true => Existing::Replace,
        false => Existing::Keep,
    }
}
