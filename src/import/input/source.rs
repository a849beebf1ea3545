//! The bytes of a file: opened or taken from a stream, unpacked while they pass, counted and hashed as they lie there.
//!
//! What a file unpacks to is bounded, as a whole and in relation to its size, so that a small file cannot fill a disk
//! or a memory. This module does not know what the bytes say.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::import::input::archive;

/// How much is read from the system at once.
const BLOCK: usize = 256 << 10;

/// The largest window of a zstd frame, which is memory: all levels up to 19 stay below.
const WINDOW: u64 = 16 << 20;

/// How much a packed file may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes that come out for each byte that went in.
    pub ratio: u64,
    /// Bytes below which the ratio does not matter: a small file of one repeated row is no attack.
    pub floor: u64,
    /// Bytes in all.
    pub unpacked: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            ratio: 200,
            floor: 16 << 20,
            unpacked: 4 << 30,
        }
    }
}

/// A packed file that unpacks to more than the bounds allow. It travels inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unpacks to more than {limit} bytes from {read}")]
pub struct TooMuch {
    /// The bytes that were read.
    pub read: u64,
    /// The bytes that they may unpack to.
    pub limit: u64,
}

impl TooMuch {
    /// The reason behind `error`, if it is this one.
    #[must_use]
    pub fn behind(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

/// Why the bytes of a file cannot be had.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is a folder.
    #[error("is a folder")]
    Folder,
    /// It is packed in a way that is not read.
    #[error("is packed as {what}, which is not read")]
    Packing {
        /// What it looks like.
        what: &'static str,
    },
    /// It is no export.
    #[error("is {}, and no export", kind.what)]
    Foreign {
        /// What it is.
        kind: &'static Foreign,
    },
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
    /// A zip archive, which a workbook is.
    Zip,
}

impl Packing {
    /// The packing of a file that begins with `bytes`.
    fn of(bytes: &[u8]) -> Result<Self, SourceError> {
        const KNOWN: [(&[u8], Packing); 4] = [
            (b"\x1F\x8B", Packing::Gzip),
            (b"\x28\xB5\x2F\xFD", Packing::Zstd),
            (b"PK\x03\x04", Packing::Zip),
            (b"PK\x05\x06", Packing::Zip),
        ];
        const OTHERS: [(&[u8], &str); 4] = [
            (b"7z\xBC\xAF\x27\x1C", "7z"),
            (b"BZh", "bzip2"),
            (b"\xFD7zXZ\0", "xz"),
            (b"Rar!\x1A\x07", "rar"),
        ];
        if let Some(kind) = Foreign::of(bytes) {
            return Err(SourceError::Foreign { kind });
        }
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Err(SourceError::Packing { what });
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

/// A kind of file that is no export of rows, known by how it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is.
    pub what: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// How it begins.
    begins: &'static [u8],
    /// Where that stands.
    at: usize,
}

const EXPORT: &str = "export the rows as CSV with the names of the columns";
const BACKUP: &str = "restore it on a server, and export the tables from there as CSV";
const CONVERT: &str = "open it in the program that made it, and save the table as CSV or .xlsx";

/// The kinds of files that people take for an export.
static FOREIGN: &[Foreign] = &[
    Foreign::new("a Parquet file", CONVERT, b"PAR1"),
    Foreign::new("an ORC file", CONVERT, b"ORC"),
    Foreign::new("an Avro file", CONVERT, b"Obj\x01"),
    Foreign::new("an Arrow file", CONVERT, b"ARROW1"),
    Foreign::new("a picture (PNG)", EXPORT, b"\x89PNG\r\n\x1A\n"),
    Foreign::new("a picture (JPEG)", EXPORT, b"\xFF\xD8\xFF"),
    Foreign::new("a picture (GIF)", EXPORT, b"GIF8"),
    Foreign::new("a PDF document", EXPORT, b"%PDF-"),
    Foreign::new("an RTF document", EXPORT, b"{\\rtf"),
    Foreign::new(
        "an old Office file (.xls, .doc, .msg) or a Crystal report (.rpt)",
        "open it, and save the sheet as .xlsx or CSV",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
    ),
    Foreign::new("a backup of SQL Server (.bak)", BACKUP, b"TAPE\0\0"),
    Foreign::new(
        "a compressed backup of SQL Server (.bak)",
        BACKUP,
        b"MSSQLBAK",
    ),
    Foreign::new(
        "a data file of SQL Server (.mdf)",
        "attach it on a server, and export the tables from there as CSV",
        b"\x01\x0F\x00\x00",
    ),
    Foreign::new(
        "a database of SQLite",
        "name it with `--db`",
        b"SQLite format 3\0",
    ),
    Foreign::new(
        "a database of Access",
        CONVERT,
        b"\x00\x01\x00\x00Standard ",
    ),
    Foreign::new("a program", EXPORT, b"MZ\x90\0"),
    Foreign::new("a program", EXPORT, b"\x7FELF"),
    Foreign {
        what: "a tar archive",
        advice: "unpack it with `tar -xf`, and name the files in it",
        begins: b"ustar",
        at: 257,
    },
];

impl Foreign {
    const fn new(what: &'static str, advice: &'static str, begins: &'static [u8]) -> Self {
        Self {
            what,
            advice,
            begins,
            at: 0,
        }
    }

    /// What a file that begins with `bytes` is; `None` when it may be an export.
    fn of(bytes: &[u8]) -> Option<&'static Self> {
        let begins = |kind: &&Self| {
            bytes
                .get(kind.at..)
                .is_some_and(|bytes| bytes.starts_with(kind.begins))
        };
        FOREIGN.iter().find(begins)
    }

    /// What bytes are that are no text in any code page: numbers as SQL Server stores them, with control characters of
    /// many kinds among them.
    #[must_use]
    pub fn native(bytes: &[u8]) -> Option<&'static Self> {
        /// The kinds that a text may have as separators, or for an empty text.
        const KINDS: u32 = 4;
        static NATIVE: Foreign = Foreign::new(
            "in SQL Server's own form (`bcp -n`, or an image)",
            "export it as text: `bcp TABLE out FILE.csv -c -C 65001 -t , -S SERVER -d DATABASE -T`",
            b"",
        );
        let is_control = |byte: u8| byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r' | 12 | 0x1A);
        let (mut kinds, mut count) = (0_u32, 0);
        for byte in bytes.iter().copied().filter(|byte| is_control(*byte)) {
            kinds |= 1 << byte;
            count += 1;
        }
        (kinds.count_ones() >= KINDS && count * 20 >= bytes.len()).then_some(&NATIVE)
    }

    /// What a text is that is laid out to be looked at: a web page, whatever its name.
    #[must_use]
    pub fn page(text: &[u8]) -> Option<&'static Self> {
        static PAGE: Foreign = Foreign::new(
            "a web page (HTML)",
            "open it in a spreadsheet, and save the table as .xlsx or CSV",
            b"",
        );
        let begins = text.trim_ascii_start();
        let tag = |tag: &&[u8]| {
            begins
                .get(..tag.len())
                .is_some_and(|begins| begins.eq_ignore_ascii_case(tag))
                && begins
                    .get(tag.len())
                    .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_')
        };
        let tags: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<head", b"<meta", b"<table"];
        tags.iter().any(tag).then_some(&PAGE)
    }
}

/// How far reading has come. Another thread may look at it.
#[derive(Debug, Default)]
pub struct Tally {
    read: AtomicU64,
    total: AtomicU64,
    sha256: OnceLock<String>,
}

impl Tally {
    /// Bytes read so far, as they lie in the file.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes that there are in all; `None` for a stream.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|total| *total > 0)
    }

    /// SHA-256 of all bytes as they lie in the file, in hexadecimal; `None` before the end is reached.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.get().map(String::as_str)
    }
}

/// Bytes as they come from the system, counted and hashed as they pass.
struct Raw {
    reader: Box<dyn Read + Send>,
    tally: Arc<Tally>,
    /// `None` when nobody wants to know.
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

/// A file that is read from any place, by several threads, whatever others read of it.
#[derive(Clone)]
pub struct Placed {
    file: Arc<File>,
    /// Where what is counted from 0 begins: behind a byte order mark.
    base: u64,
    length: u64,
    tally: Arc<Tally>,
}

impl Placed {
    /// `None` where there are no places: a stream, an empty file, a system that always reads on from the last byte.
    fn new(file: File, tally: &Arc<Tally>) -> Result<Self, File> {
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
struct At {
    file: Arc<File>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, out, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, at)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, at)
}

#[cfg(not(any(unix, windows)))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A stream whose first bytes have been looked at.
pub struct Peek<R> {
    ahead: Vec<u8>,
    at: usize,
    reader: R,
}

impl<R: Read> Peek<R> {
    /// Looks at up to `most` bytes of `reader`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(mut reader: R, most: usize) -> io::Result<Self> {
        let mut ahead = Vec::new();
        (&mut reader).take(most as u64).read_to_end(&mut ahead)?;
        Ok(Self {
            ahead,
            at: 0,
            reader,
        })
    }

    /// The bytes looked at and not yet read.
    #[must_use]
    pub fn ahead(&self) -> &[u8] {
        &self.ahead[self.at..]
    }

    /// Leaves out the next `count` bytes, which have been looked at.
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

/// Frames of zstd, one after the other.
struct Frames<R> {
    reader: R,
    decoder: FrameDecoder,
    inside: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(reader: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self {
            reader,
            decoder,
            inside: false,
        }
    }

    /// Begins the next frame; `false` at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.reader.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.reader) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.reader).take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;

        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if self.inside && self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if self.inside && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.reader, UptoBlocks(1))
                    .map_err(io::Error::other)?;
                continue;
            }
            self.inside = self.begin()?;
            if !self.inside {
                return Ok(0);
            }
        }
    }
}

/// What a packed stream unpacks to, within bounds.
struct Bounded<R> {
    reader: R,
    tally: Arc<Tally>,
    bounds: Bounds,
    count: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        self.count += count as u64;
        let read = self.tally.read();
        let by_ratio = read
            .saturating_mul(self.bounds.ratio)
            .max(self.bounds.floor);
        let limit = by_ratio.min(self.bounds.unpacked);
        if self.count > limit {
            return Err(io::Error::other(TooMuch { read, limit }));
        }
        Ok(count)
    }
}

/// What the bytes of a file are to be read from.
pub enum Bytes {
    /// One byte after the other.
    Stream(Box<dyn Read + Send>),
    /// A zip archive, whose directory is at its end.
    Archive(File),
}

/// A file whose packing is known.
pub struct Source {
    /// How it is packed.
    pub packing: Packing,
    /// What it unpacks to.
    pub bytes: Bytes,
    /// How far reading has come, and the hash at the end.
    pub tally: Arc<Tally>,
    /// The same bytes from any place, where they are not packed and nobody wants their hash.
    pub placed: Option<Placed>,
}

impl Source {
    /// Opens the file at `path`, which may be within a zip archive; `hashed` says whether its hash is taken.
    ///
    /// # Errors
    /// When it is no file, cannot be read, or is packed in a way that is not read.
    pub fn open(path: &Path, bounds: &Bounds, hashed: bool) -> Result<Self, SourceError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => archive::open_member(path, bounds)?.ok_or(error)?,
        };
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
        let placed = placed.filter(|_| source.packing == Packing::Plain && !hashed);
        Ok(Self { placed, ..source })
    }

    /// Takes what `reader` gives, such as standard input. An archive is kept in a temporary file.
    ///
    /// # Errors
    /// When it cannot be read, or is packed in a way that is not read.
    pub fn from_reader(
        reader: Box<dyn Read + Send>,
        bounds: &Bounds,
        hashed: bool,
    ) -> Result<Self, SourceError> {
        Self::counted(reader, Arc::default(), bounds, hashed)
    }

    fn counted(
        reader: Box<dyn Read + Send>,
        tally: Arc<Tally>,
        bounds: &Bounds,
        hashed: bool,
    ) -> Result<Self, SourceError> {
        let raw = Raw {
            reader,
            tally: Arc::clone(&tally),
            hash: hashed.then(Sha256::new),
        };
        let mut raw = Peek::new(raw, BLOCK)?;
        let packing = Packing::of(raw.ahead())?;
        let bounded = |reader: Box<dyn Read + Send>| Bounded {
            reader,
            tally: Arc::clone(&tally),
            bounds: *bounds,
            count: 0,
        };
        let bytes = match packing {
            Packing::Plain => Bytes::Stream(Box::new(raw)),
            Packing::Zip => Bytes::Archive(spool(&mut raw, bounds)?),
            Packing::Gzip => unpacked(
                bounded(Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                    BLOCK, raw,
                )))),
                bounds,
            )?,
            Packing::Zstd => unpacked(
                bounded(Box::new(Frames::new(BufReader::with_capacity(BLOCK, raw)))),
                bounds,
            )?,
        };
        Ok(Self {
            packing,
            bytes,
            tally,
            placed: None,
        })
    }
}

/// What came out of a packed stream: text, or an archive within it.
fn unpacked<R: Read + Send + 'static>(reader: R, bounds: &Bounds) -> Result<Bytes, SourceError> {
    let mut reader = Peek::new(reader, 1024)?;
    Ok(match Packing::of(reader.ahead())? {
        Packing::Zip => Bytes::Archive(spool(&mut reader, bounds)?),
        Packing::Plain => Bytes::Stream(Box::new(reader)),
        Packing::Gzip | Packing::Zstd => {
            return Err(SourceError::Packing {
                what: "a packed file within a packed file",
            });
        }
    })
}

/// Keeps a stream in a temporary file, to be read from any place.
fn spool(reader: &mut dyn Read, bounds: &Bounds) -> Result<File, SourceError> {
    let mut file = tempfile::tempfile()?;
    let count = io::copy(&mut reader.take(bounds.unpacked + 1), &mut file)?;
    if count > bounds.unpacked {
        let too_much = TooMuch {
            read: count,
            limit: bounds.unpacked,
        };
        return Err(SourceError::Io(io::Error::other(too_much)));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}
