//! Bytes of a file that other threads read ahead in.

use super::Raw;
use super::Tally;
use std::fs::File;
use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A file that is read from any place, by several threads, whatever others read of it.
#[derive(Clone)]
pub struct Placed {
    pub(super) file: Arc<File>,
    /// Where what is counted from 0 begins: behind a byte order mark.
    pub(super) base: u64,
    pub(super) length: u64,
    pub(super) tally: Arc<Tally>,
}

impl Placed {
    /// `None` where there are no places: a stream, an empty file, a system that always reads on from the last byte.
    pub(super) fn new(file: File, tally: &Arc<Tally>) -> Result<Self, File> {
        let about = file.metadata();
        match about.map(|about| (about.is_file(), about.len())) {
            Ok((true, length)) if length > 0 && cfg!(any(unix, windows)) => Ok(Self {
                file: Arc::new(file),
                base: 0,
                length,
                tally: Arc::clone(tally),
            }),
            _ => Err(file),
        }
    }

    /// The same, counted from `base` on.
    #[must_use]
    pub fn behind(mut self, base: usize) -> Self {
        self.base += base as u64;
        self
    }

    /// How many bytes there were when it was opened.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length.saturating_sub(self.base)
    }

    /// The last byte that there was when it was opened.
    #[must_use]
    pub fn last_byte(&self) -> Option<u8> {
        let mut byte = [0];
        let read = read_at(&self.file, &mut byte, self.length.checked_sub(1)?);
        read.is_ok_and(|count| count == 1).then_some(byte[0])
    }

    /// What stands from `at` on. It is not counted as read.
    #[must_use]
    pub fn look(&self, at: u64) -> impl Read + Send + use<> {
        At {
            file: Arc::clone(&self.file),
            at: self.base + at,
        }
    }

    /// What stands from `at` on, up to where all counts as read.
    #[must_use]
    pub fn go_on(&self, at: u64) -> impl Read + Send + use<> {
        self.tally.read.store(self.base + at, Ordering::Relaxed);
        Raw {
            reader: Box::new(self.look(at)),
            tally: Arc::clone(&self.tally),
            hash: None,
        }
    }
}

/// A file from a place on.
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
