//! The bytes of a file: opened or taken from a stream, decompressed on the fly, counted and hashed as stored.
//!
//! The decompressed size of a file is limited, absolutely and relative to its size, so that a small file cannot fill a
//! disk or memory. This module does not know what the bytes mean.

mod foreign;
mod place;
mod unpack;

use crate::import::input::archive;
use flate2::bufread::MultiGzDecoder;
pub use foreign::UnsupportedFile;
pub use place::Placed;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use thiserror::Error;
use unpack::Bounded;
use unpack::Frames;
use unpack::spool;
use unpack::unpacked;

/// The read size.
const BLOCK: usize = 256 << 10;

/// Limits on decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Output bytes per input byte.
    pub ratio: u64,
    /// Output bytes below which the ratio is not checked: a small file of one repeated row is not an attack.
    pub floor: u64,
    /// Output bytes in total.
    pub unpacked: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self { ratio: 200, floor: 16 << 20, unpacked: 4 << 30 }
    }
}

/// A compressed file that exceeds the limits. It travels inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unpacks to more than {limit} bytes from {read}")]
pub struct TooMuch {
    /// The bytes read.
    pub read: u64,
    /// The limit for their decompressed size.
    pub limit: u64,
}

impl TooMuch {
    /// Downcasts `error`, if it is this one.
    #[must_use]
    pub fn behind(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

/// Why the bytes of a file cannot be read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The system reported an error.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is a folder.
    #[error("is a folder")]
    Folder,
    /// It is compressed in an unsupported way.
    #[error("is compressed as {what}, which is not supported")]
    Compression {
        /// The detected compression.
        what: &'static str,
    },
    /// It is not an export.
    #[error("is {}, not an export", kind.what)]
    UnsupportedFile {
        /// The kind of file.
        kind: &'static UnsupportedFile,
    },
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
    /// A zip archive, which a workbook is.
    Zip,
}

impl Compression {
    /// The compression of a file that begins with `bytes`.
    fn of(bytes: &[u8]) -> Result<Self, SourceError> {
        const KNOWN: [(&[u8], Compression); 4] = [
            (b"\x1F\x8B", Compression::Gzip),
            (b"\x28\xB5\x2F\xFD", Compression::Zstd),
            (b"PK\x03\x04", Compression::Zip),
            (b"PK\x05\x06", Compression::Zip),
        ];
        const OTHERS: [(&[u8], &str); 4] = [
            (b"7z\xBC\xAF\x27\x1C", "7z"),
            (b"BZh", "bzip2"),
            (b"\xFD7zXZ\0", "xz"),
            (b"Rar!\x1A\x07", "rar"),
        ];
        if let Some(kind) = UnsupportedFile::of(bytes) {
            return Err(SourceError::UnsupportedFile { kind });
        }
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Err(SourceError::Compression { what });
        }
        let skippable =
            bytes.len() >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1..4] == [0x2A, 0x4D, 0x18];
        if skippable {
            return Ok(Self::Zstd);
        }
        let known = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic));
        Ok(known.map_or(Self::Plain, |(_, packing)| *packing))
    }
}

/// The progress of reading, which another thread may read.
#[derive(Debug, Default)]
pub struct Tally {
    read: AtomicU64,
    total: AtomicU64,
    sha256: OnceLock<String>,
}

impl Tally {
    /// Bytes read so far, as stored in the file.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The total number of bytes; `None` for a stream.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|total| *total > 0)
    }

    /// SHA-256 of all bytes as stored in the file, in hexadecimal; `None` before the end is reached.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.get().map(String::as_str)
    }
}

/// Bytes from the system, counted and hashed while they are read.
struct Raw {
    reader: Box<dyn Read + Send>,
    tally: Arc<Tally>,
    /// `None` if no hash is needed.
    hash: Option<Sha256>,
}

impl Read for Raw {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        if count > 0 {
            if let Some(hash) = &mut self.hash {
                hash.update(&out[..count]);
            }
            self.tally.read.fetch_add(count as u64, Ordering::Relaxed);
        } else if !out.is_empty()
            && let Some(hash) = self.hash.take()
        {
            let mut text = String::with_capacity(64);
            for byte in hash.finalize() {
                let _ = write!(text, "{byte:02x}");
            }
            let _ = self.tally.sha256.set(text);
        }
        Ok(count)
    }
}

/// A stream whose first bytes have been inspected.
pub struct Peek<R> {
    ahead: Vec<u8>,
    at: usize,
    reader: R,
}

impl<R: Read> Peek<R> {
    /// Inspects up to `most` bytes of `reader`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(mut reader: R, most: usize) -> io::Result<Self> {
        let mut ahead = Vec::new();
        (&mut reader).take(most as u64).read_to_end(&mut ahead)?;
        Ok(Self { ahead, at: 0, reader })
    }

    /// The bytes inspected and not yet read.
    #[must_use]
    pub fn ahead(&self) -> &[u8] {
        &self.ahead[self.at..]
    }

    /// Skips the next `count` bytes, which have been inspected.
    pub fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.ahead.len());
    }
}

impl<R: Read> Read for Peek<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ahead.len() {
            if !self.ahead.is_empty() {
                self.ahead = Vec::new();
                self.at = 0;
            }
            return self.reader.read(out);
        }
        let count = self.ahead().read(out)?;
        self.at += count;
        Ok(count)
    }
}

/// Opens the file at `path`, which may be within a zip archive, as in `exports.zip/activity.csv`.
///
/// # Errors
/// When there is no such file, or the system refuses.
pub fn open_file(path: &Path, bounds: &UnpackLimits) -> io::Result<File> {
    match File::open(path) {
        Ok(file) => Ok(file),
        Err(error) => archive::open_member(path, bounds)?.ok_or(error),
    }
}

/// Where the bytes of a file are read from.
pub enum Bytes {
    /// Sequentially, as a stream.
    Stream(Box<dyn Read + Send>),
    /// A zip archive, whose directory is at its end.
    Archive(File),
}

/// A file whose compression is known.
pub struct Source {
    /// How it is compressed.
    pub packing: Compression,
    /// Its decompressed contents.
    pub bytes: Bytes,
    /// The progress of reading, and the hash at the end.
    pub tally: Arc<Tally>,
    /// The same bytes at any offset, if they are not compressed and no hash is needed.
    pub placed: Option<Placed>,
}

impl Source {
    /// Opens the file at `path`, which may be within a zip archive; `hashed` says whether to compute its hash.
    ///
    /// # Errors
    /// If it is not a file, cannot be read, or is compressed in an unsupported way.
    pub fn open(path: &Path, bounds: &UnpackLimits, hashed: bool) -> Result<Self, SourceError> {
        let file = open_file(path, bounds)?;
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(SourceError::Folder);
        }
        let tally = Arc::new(Tally::default());
        tally.total.store(about.len(), Ordering::Relaxed);
        let (placed, reader): (_, Box<dyn Read + Send>) = match Placed::new(file, &tally) {
            Ok(placed) => {
                let reader = placed.look(0);
                (Some(placed), Box::new(reader))
            }
            Err(file) => (None, Box::new(file)),
        };
        let source = Self::counted(reader, tally, bounds, hashed)?;
        let placed = placed.filter(|_| source.packing == Compression::Plain && !hashed);
        Ok(Self { placed, ..source })
    }

    /// Reads `reader`, such as standard input. An archive is kept in a temporary file.
    ///
    /// # Errors
    /// If it cannot be read, or is compressed in an unsupported way.
    pub fn from_reader(
        reader: Box<dyn Read + Send>,
        bounds: &UnpackLimits,
        hashed: bool,
    ) -> Result<Self, SourceError> {
        Self::counted(reader, Arc::default(), bounds, hashed)
    }

    fn counted(
        reader: Box<dyn Read + Send>,
        tally: Arc<Tally>,
        bounds: &UnpackLimits,
        hashed: bool,
    ) -> Result<Self, SourceError> {
        let raw = Raw { reader, tally: Arc::clone(&tally), hash: hashed.then(Sha256::new) };
        let mut raw = Peek::new(raw, BLOCK)?;
        let packing = Compression::of(raw.ahead())?;
        let bounded = |reader: Box<dyn Read + Send>| Bounded {
            reader,
            tally: Arc::clone(&tally),
            bounds: *bounds,
            count: 0,
        };
        let bytes = match packing {
            Compression::Plain => Bytes::Stream(Box::new(raw)),
            Compression::Zip => Bytes::Archive(spool(&mut raw, bounds)?),
            Compression::Gzip => unpacked(
                bounded(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, raw)))),
                bounds,
            )?,
            Compression::Zstd => unpacked(
                bounded(Box::new(Frames::new(BufReader::with_capacity(BLOCK, raw)))),
                bounds,
            )?,
        };
        Ok(Self { packing, bytes, tally, placed: None })
    }
}
