//! Random access to a file, for threads that read ahead.

use super::Raw;
use super::Tally;
use std::fs::File;
use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A file that several threads can read at any offset, independently.
#[derive(Clone)]
pub struct Placed {
    pub(super) file: Arc<File>,
    /// Where offset 0 is: after a byte order mark.
    pub(super) base: u64,
    pub(super) length: u64,
    pub(super) tally: Arc<Tally>,
}

impl Placed {
    /// `None` if there is no random access: a stream, an empty file, or a system that only reads sequentially.
    pub(super) fn new(file: File, tally: &Arc<Tally>) -> Result<Self, File> {
        let about = file.metadata();
        match about.map(|about| (about.is_file(), about.len())) {
            Ok((true, length)) if length > 0 && cfg!(any(unix, windows)) => {
                Ok(Self { file: Arc::new(file), base: 0, length, tally: Arc::clone(tally) })
            }
            _ => Err(file),
        }
    }

    /// The same, with offsets relative to `base`.
    #[must_use]
    pub fn behind(mut self, base: usize) -> Self {
        self.base += base as u64;
        self
    }

    /// Its size when it was opened.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length.saturating_sub(self.base)
    }

    /// Its last byte when it was opened.
    #[must_use]
    pub fn last_byte(&self) -> Option<u8> {
        let mut byte = [0];
        let read = read_at(&self.file, &mut byte, self.length.checked_sub(1)?);
        read.is_ok_and(|count| count == 1).then_some(byte[0])
    }

    /// The bytes from `at` on. Not counted as read.
    #[must_use]
    pub fn look(&self, at: u64) -> impl Read + Send + use<> {
        At { file: Arc::clone(&self.file), at: self.base + at }
    }

    /// The bytes from `at` on, up to where everything counts as read.
    #[must_use]
    pub fn go_on(&self, at: u64) -> impl Read + Send + use<> {
        self.tally.read.store(self.base + at, Ordering::Relaxed);
        Raw { reader: Box::new(self.look(at)), tally: Arc::clone(&self.tally), hash: None }
    }
}

/// A file from an offset on.
pub(super) struct At {
    pub(super) file: Arc<File>,
    pub(super) at: u64,
}

impl Read for At {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, out, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, at)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, at)
}

#[cfg(not(any(unix, windows)))]
pub(super) fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
