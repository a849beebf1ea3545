//! Lists the files in a zip archive and unpacks one of them. Checks a workbook before it is read: the real sizes of its
//! parts, its longest text, and that no part has a document type. The sizes in the directory are not trusted: every
//! part is unpacked once and discarded. The `zip` crate would save little here: it reads a directory into memory before
//! its size can be limited, and keeps only one of two parts with the same name.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Component, Path};

use flate2::CrcReader;
use flate2::bufread::DeflateDecoder;
use memchr::memchr;

use crate::import::input::source::{TooMuch, UnpackLimits};
use crate::record::{ReadError, RecordLimits};

/// The maximum unpacked size of all parts of a workbook.
const UNPACKED: u64 = 1 << 30;

/// The maximum unpacked size of its shared strings, which are kept in memory.
const STRINGS: u64 = 256 << 20;

/// The maximum number of parts of an archive.
const PARTS: usize = 10_000;

/// The size of what stands before an entry, without its name.
const HEAD: usize = 30;

/// The end of a directory is at most this far from the end of the file.
const TAIL: u64 = (64 << 10) + 22;

/// The contents of an archive.
#[derive(Debug, Default)]
pub struct Contents {
    /// Whether it is a workbook.
    pub workbook: bool,
    /// Whether its texts are kept in one part, as in Excel.
    pub shared_strings: bool,
}

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed { line: 1, what: what.to_owned() }
}

/// A part of the archive, according to the directory.
struct Part {
    name: String,
    method: u16,
    /// The CRC-32 of the unpacked bytes.
    checksum: u32,
    packed: u64,
    at: u64,
    /// Whether a password is needed.
    is_encrypted: bool,
}

/// Inspects the archive.
///
/// # Errors
/// If it is damaged, is not a plain zip file, or exceeds the limits.
pub fn look_through(
    file: &mut File,
    bounds: &UnpackLimits,
    limits: &RecordLimits,
) -> Result<Contents, ReadError> {
    let parts = directory(file)?;
    let mut contents = Contents::default();
    let mut meter = Meter {
        read: file.metadata()?.len(),
        bounds: UnpackLimits { unpacked: bounds.unpacked.min(UNPACKED), ..*bounds },
        total: 0,
        field: limits.field as u64,
    };
    for part in &parts {
        contents.workbook |= part.name == "xl/workbook.xml";
        let strings = is_strings(&part.name);
        contents.shared_strings |= strings;
        let (size, claimed) = measure(file, part, &mut meter)?;
        if strings && size > STRINGS {
            return Err(too_much(size, STRINGS));
        }
        // No text takes less than `<si/>`. Whoever reads the part asks for as much memory as it claims.
        if claimed > size / 5 {
            return Err(malformed(&format!(
                "`{}` declares {claimed} strings, but has room for at most {}",
                part.name,
                size / 5
            )));
        }
    }
    Ok(contents)
}

fn too_much(read: u64, limit: u64) -> ReadError {
    ReadError::Io(io::Error::other(TooMuch { read, limit }))
}

/// How much has been unpacked, and the limit.
struct Meter {
    read: u64,
    bounds: UnpackLimits,
    total: u64,
    field: u64,
}

impl Meter {
    fn add(&mut self, count: usize) -> Result<(), ReadError> {
        self.total += count as u64;
        let by_ratio = self.read.saturating_mul(self.bounds.ratio).max(self.bounds.floor);
        let limit = by_ratio.min(self.bounds.unpacked);
        if self.total > limit { Err(too_much(self.read, limit)) } else { Ok(()) }
    }
}

/// Whether a part holds the shared strings, in whatever folder the workbook keeps them.
fn is_strings(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case("sharedStrings.xml"))
}

/// The largest number that `bytes` claim as `uniqueCount`.
fn claimed(bytes: &[u8]) -> u64 {
    let claims = memchr::memmem::find_iter(bytes, b"uniqueCount").map(|at| {
        let behind = bytes[at + 11..].trim_ascii_start();
        let value = behind.strip_prefix(b"=").unwrap_or_default().trim_ascii_start();
        let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or_default();
        let digits = value.iter().skip_while(|b| **b == b'+').take_while(|b| b.is_ascii_digit());
        digits
            .fold(0_u64, |number, b| number.saturating_mul(10).saturating_add(u64::from(b - b'0')))
    });
    claims.max().unwrap_or(0)
}

/// The files in a zip archive.
#[derive(Debug, Default)]
pub struct Members {
    /// Their names, in order.
    pub names: Vec<String>,
    /// Names that lead out of the archive, and can be no files of it.
    pub outside: Vec<String>,
}

/// The files in the zip archive at `path`; `None` if it is not a zip archive, or is a workbook, which is read as a
/// whole. Folders and files added by macOS are omitted.
#[must_use]
pub fn members(path: &Path) -> Option<Members> {
    // A pipe gives its bytes but once.
    let mut file = path.is_file().then(|| File::open(path).ok())??;
    let mut magic = [0; 2];
    file.read_exact(&mut magic).ok()?;
    if magic != *b"PK" {
        return None;
    }
    let parts = directory(&mut file).ok()?;
    if parts.iter().any(|part| part.name == "xl/workbook.xml") {
        return None;
    }
    let is_within = |name: &String| {
        let is_drive = name.as_bytes().get(1) == Some(&b':');
        let mut components = Path::new(name).components();
        !is_drive && components.all(|component| matches!(component, Component::Normal(_)))
    };
    let is_file = |name: &String| !name.ends_with('/') && !name.starts_with("__MACOSX/");
    let names = parts.into_iter().map(|part| part.name).filter(is_file);
    let (names, outside) = names.partition(is_within);
    Some(Members { names, outside })
}

/// Opens a path within a zip archive, such as `exports.zip/activity.csv`, unpacked into a temporary file; `None` if
/// there is no such file.
///
/// # Errors
/// If the archive is damaged, or the unpacked file exceeds the limits.
pub fn open_member(path: &Path, bounds: &UnpackLimits) -> io::Result<Option<File>> {
    let Some(archive) = path.ancestors().skip(1).find(|path| path.is_file()) else {
        return Ok(None);
    };
    let Ok(name) = path.strip_prefix(archive) else {
        return Ok(None);
    };
    let mut file = File::open(archive)?;
    let parts = directory(&mut file).map_err(io::Error::other)?;
    let Some(part) = parts.iter().find(|part| Path::new(&part.name) == name) else {
        return Ok(None);
    };
    let limit = (part.packed.saturating_mul(bounds.ratio)).max(bounds.floor).min(bounds.unpacked);
    let mut unpacked = unpacked(&mut file, part).map_err(io::Error::other)?;
    let mut kept = tempfile::tempfile()?;
    let count = io::copy(&mut (&mut unpacked).take(limit + 1), &mut kept)?;
    if count > limit {
        let read = part.packed;
        return Err(io::Error::other(TooMuch { read, limit }));
    }
    kept.seek(SeekFrom::Start(0))?;
    Ok(Some(kept))
}

/// The unpacked contents of a part, which fail at their end where they do not match their checksum.
struct Unpacked<'f> {
    inner: CrcReader<Box<dyn Read + 'f>>,
    part: &'f Part,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.inner.crc().sum() != self.part.checksum {
            let name = &self.part.name;
            let what = format!("`{name}` does not match its checksum in the archive");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(count)
    }
}

fn unpacked<'f>(file: &'f mut File, part: &'f Part) -> Result<Unpacked<'f>, ReadError> {
    if part.is_encrypted {
        let what = format!("`{}` needs a password: unpack the archive first", part.name);
        return Err(malformed(&what));
    }
    let mut head = [0; HEAD];
    file.seek(SeekFrom::Start(part.at))?;
    file.read_exact(&mut head)?;
    if !head.starts_with(b"PK\x03\x04") {
        return Err(malformed("the archive's directory points to no entry"));
    }
    let skip = u64::from(two(&head, 26)) + u64::from(two(&head, 28));
    file.seek(SeekFrom::Current(i64::try_from(skip).unwrap_or_default()))?;
    let packed = BufReader::new(file.take(part.packed));
    let inner: Box<dyn Read> = match part.method {
        0 => Box::new(packed),
        8 => Box::new(DeflateDecoder::new(packed)),
        _ => {
            return Err(malformed(
                "an entry of the archive uses an unsupported compression method",
            ));
        }
    };
    let inner = CrcReader::new(inner);
    Ok(Unpacked { inner, part })
}

/// The size of a part when unpacked, and how many texts it claims to hold.
fn measure(file: &mut File, part: &Part, meter: &mut Meter) -> Result<(u64, u64), ReadError> {
    // A claim that stands across the end of a block is seen in the next one.
    const CLAIM: usize = 256;
    let strings = is_strings(&part.name);
    let (mut claim, mut tail) = (0, Vec::new());
    let mut unpacked = unpacked(file, part)?;
    let xml = part.name.ends_with(".xml") || part.name.ends_with(".rels");
    let (mut size, mut run, mut beginning) = (0, 0, Vec::new());
    let mut block = vec![0; 64 << 10];
    loop {
        let count = unpacked.read(&mut block)?;
        if count == 0 {
            break;
        }
        size += count as u64;
        meter.add(count)?;
        let bytes = &block[..count];
        if strings {
            tail.extend_from_slice(bytes);
            claim = claimed(&tail).max(claim);
            tail.drain(..tail.len().saturating_sub(CLAIM));
        }
        if xml {
            if beginning.len() < 4096 {
                beginning.extend_from_slice(&bytes[..count.min(4096)]);
            }
            run = longest(bytes, run, meter.field)?;
        }
    }
    if memchr::memmem::find(&beginning, b"<!DOCTYPE").is_some() {
        return Err(malformed("a part of the workbook has a DOCTYPE, which is not allowed"));
    }
    Ok((size, claim))
}

/// Counts the bytes since the last `<`, continuing from `run`, so that a tag or text longer than the field limit is
/// never held in memory.
fn longest(bytes: &[u8], mut run: u64, limit: u64) -> Result<u64, ReadError> {
    let mut rest = bytes;
    loop {
        let next = memchr(b'<', rest);
        run += next.unwrap_or(rest.len()) as u64;
        if run > limit {
            return Err(ReadError::TooLarge { line: 1, what: "a text of the workbook", limit });
        }
        match next {
            Some(at) => {
                run = 0;
                rest = &rest[at + 1..];
            }
            None => return Ok(run),
        }
    }
}

fn two(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]))
}

fn four(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// A name with slashes between its folders, which some programs on Windows write as backslashes, and without `./`.
fn tidy(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.trim_start_matches("./").to_owned()
}

/// The parts listed in the directory at the end of the file.
fn directory(file: &mut File) -> Result<Vec<Part>, ReadError> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let end = memchr::memmem::rfind(&tail, b"PK\x05\x06")
        .ok_or_else(|| malformed("the archive has no directory; its end is missing"))?;
    let end = &tail[end..];
    let (count, size, at) = (two(end, 10), four(end, 12), four(end, 16));
    if count == u16::MAX || size == u32::MAX || at == u32::MAX {
        return Err(malformed("the archive is larger than a workbook may be"));
    }
    if usize::from(count) > PARTS || u64::from(size) > length {
        return Err(malformed("the archive's directory is larger than the archive"));
    }
    file.seek(SeekFrom::Start(u64::from(at)))?;
    let mut listed = Vec::new();
    file.take(u64::from(size)).read_to_end(&mut listed)?;
    let mut parts = Vec::new();
    let mut rest = listed.as_slice();
    while rest.len() >= 46 && rest.starts_with(b"PK\x01\x02") {
        let (name, extra, comment) =
            (usize::from(two(rest, 28)), usize::from(two(rest, 30)), usize::from(two(rest, 32)));
        let text = rest.get(46..46 + name).unwrap_or_default();
        parts.push(Part {
            name: tidy(&String::from_utf8_lossy(text)),
            method: two(rest, 10),
            checksum: four(rest, 16),
            packed: u64::from(four(rest, 20)),
            at: u64::from(four(rest, 42)),
            is_encrypted: two(rest, 8) & 1 == 1,
        });
        rest = rest.get(46 + name + extra + comment..).unwrap_or_default();
    }
    if parts.len() != usize::from(count) {
        return Err(malformed("the archive's directory is damaged"));
    }
    // Otherwise a small archive unpacks to as much as the limit, for each of its entries.
    let mut spans: Vec<(u64, u64)> =
        parts.iter().map(|part| (part.at, part.at + HEAD as u64 + part.packed)).collect();
    spans.sort_unstable();
    if spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(malformed("entries of the archive overlap"));
    }
    Ok(parts)
}
