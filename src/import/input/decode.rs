//! Decodes bytes to UTF-8, strictly: bytes that are invalid in the file's encoding are not replaced but passed on as a
//! byte that UTF-8 does not have, so that the record that contains it is rejected and the rest of the file is read.
//!
//! The encoding is detected by byte order mark or by the position of zeros, or given by name; a guess is only a hint.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE};
use thiserror::Error;

use crate::import::input::code_pages;

/// How many bytes are decoded per call.
const BLOCK: usize = 64 << 10;

/// The byte for invalid input: it does not occur in UTF-8.
const BAD: &[u8] = b"\xFF";

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One of the web encodings, including UTF-8 and UTF-16.
    Web(&'static encoding_rs::Encoding),
    /// A console code page.
    Console(&'static code_pages::Page),
}

impl Encoding {
    /// UTF-8, with or without a byte order mark.
    pub const UTF_8: Self = Self::Web(UTF_8);

    /// The encoding with this name, in any case: `windows-1252`, `utf-16le`, `cp437`, or a number as in `sqlcmd -f`,
    /// such as `65001`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let number = name.strip_prefix("cp").unwrap_or(&name);
        match number {
            "65001" => return Some(Self::UTF_8),
            "1200" => return Some(Self::Web(UTF_16LE)),
            "1201" => return Some(Self::Web(UTF_16BE)),
            "932" => return Some(Self::Web(encoding_rs::SHIFT_JIS)),
            "936" => return Some(Self::Web(encoding_rs::GBK)),
            "949" => return Some(Self::Web(encoding_rs::EUC_KR)),
            "950" => return Some(Self::Web(encoding_rs::BIG5)),
            "866" => return Some(Self::Web(encoding_rs::IBM866)),
            _ => {}
        }
        let page = |page: &&code_pages::Page| {
            page.name == name
                || page.name[2..] == *number
                || name == format!("ibm{}", &page.name[2..])
        };
        if let Some(page) = code_pages::PAGES.iter().find(page) {
            return Some(Self::Console(page));
        }
        let windows = format!("windows-{number}");
        let label = if number.len() == 4 && number.starts_with("125") { &windows } else { &name };
        let found = encoding_rs::Encoding::for_label(label.as_bytes())?;
        (found != encoding_rs::REPLACEMENT).then_some(Self::Web(found))
    }

    /// Whether a character can be several units, so that tools count its width differently.
    #[must_use]
    pub fn has_several_units(self) -> bool {
        match self {
            Self::Web(encoding) => {
                !encoding.is_single_byte() && encoding != UTF_16LE && encoding != UTF_16BE
            }
            Self::Console(_) => false,
        }
    }

    /// Its name: `UTF-8`, `windows-1252`, `cp437`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Web(encoding) => encoding.name().to_owned(),
            Self::Console(page) => page.name.to_owned(),
        }
    }
}

/// The detected encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetectedEncoding {
    /// The encoding that was detected.
    pub encoding: Encoding,
    /// The length of its byte order mark.
    pub mark: usize,
}

impl DetectedEncoding {
    /// Its name in the summary: `utf-16le with byte order mark`.
    #[must_use]
    pub fn title(self) -> String {
        let name = self.encoding.name();
        if self.mark > 0 { format!("{name} with byte order mark") } else { name }
    }
}

/// Why a file's encoding is not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// No encoding has this name.
    #[error("unknown encoding `{name}`")]
    Unknown {
        /// The given name.
        name: String,
    },
    /// The bytes are in a code page, and nothing in the file says which.
    #[error("byte {at} is not valid UTF-8, and the file does not declare its encoding")]
    NotUnicode {
        /// The first byte that is not UTF-8, from 1.
        at: usize,
        /// The encoding that fits best: only a hint.
        guess: String,
        /// A word of the file in the likeliest encodings, each with its name.
        words: Vec<(String, String)>,
    },
    /// The given encoding contradicts the byte order mark.
    #[error("the file starts with the byte order mark of {mark}, not {name}")]
    Contradicted {
        /// The given encoding.
        name: String,
        /// The encoding of the mark.
        mark: String,
    },
}

/// Detects the encoding of a file that begins with `bytes`, or is `bytes` if `whole`.
///
/// # Errors
/// If `name` is not an encoding or contradicts the mark, or if the bytes are clearly in a code page and no name is
/// given.
pub fn tell(
    bytes: &[u8],
    whole: bool,
    name: Option<&str>,
) -> Result<DetectedEncoding, DecodeError> {
    let marked = encoding_rs::Encoding::for_bom(bytes)
        .map(|(encoding, mark)| DetectedEncoding { encoding: Encoding::Web(encoding), mark });
    if let Some(name) = name {
        let encoding = Encoding::from_name(name)
            .ok_or_else(|| DecodeError::Unknown { name: name.to_owned() })?;
        return match marked {
            Some(marked) if marked.encoding == encoding => Ok(marked),
            Some(marked) => Err(DecodeError::Contradicted {
                name: encoding.name(),
                mark: marked.encoding.name(),
            }),
            None => Ok(DetectedEncoding { encoding, mark: 0 }),
        };
    }
    if let Some(marked) = marked {
        return Ok(marked);
    }
    let unmarked = |encoding| Ok(DetectedEncoding { encoding: Encoding::Web(encoding), mark: 0 });
    if let Some(wide) = by_zeros(bytes) {
        return unmarked(wide);
    }
    match not_utf8(bytes, whole) {
        Some(at) => Err(DecodeError::NotUnicode {
            at: at + 1,
            guess: guess(bytes, whole),
            words: words(bytes, whole),
        }),
        None => unmarked(UTF_8),
    }
}

/// UTF-16 without a mark has a zero in nearly every other byte if the text is mostly ASCII.
fn by_zeros(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let beginning = &bytes[..bytes.len().min(BLOCK)];
    let zeros = |first: usize| beginning.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let pairs = beginning.len() / 2;
    // A first line without a zero is of another encoding: UTF-16 was appended to it.
    let first = beginning.iter().position(|b| *b == b'\n').unwrap_or(0);
    if first > 2 && !beginning[..first].contains(&0) {
        return None;
    }
    if pairs >= 2 && odd * 5 > pairs && even * 10 < odd {
        return Some(UTF_16LE);
    }
    (pairs >= 2 && even * 5 > pairs && odd * 10 < even).then_some(UTF_16BE)
}

/// The first byte that is not UTF-8, if more of the non-ASCII bytes are invalid than valid: a single bad record in a
/// UTF-8 file is rejected by itself.
fn not_utf8(bytes: &[u8], whole: bool) -> Option<usize> {
    let (mut good, mut bad, mut first) = (0, 0, None);
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        let invalid = chunk.invalid();
        let end = at + chunk.valid().len() + invalid.len();
        let cut = end == bytes.len() && !whole;
        if !invalid.is_empty() && !cut {
            bad += 1;
            first = first.or(Some(at + chunk.valid().len()));
        }
        at = end;
    }
    first.filter(|_| bad > good)
}

/// The encoding that fits `bytes` best.
fn guess(bytes: &[u8], whole: bool) -> String {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, whole);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    guess.name().to_ascii_lowercase()
}

/// A word that is not UTF-8, decoded in up to three encodings: the one that fits best, that of Windows, and those of
/// the console.
#[must_use]
pub fn words(bytes: &[u8], whole: bool) -> Vec<(String, String)> {
    const LONGEST: usize = 40;
    const MAX_WORDS: usize = 3;
    let is_part = |byte: &u8| !byte.is_ascii() || byte.is_ascii_alphanumeric();
    let mut parts = bytes.split(|byte| !is_part(byte));
    let Some(word) = parts.find(|part| !part.is_ascii()) else {
        return Vec::new();
    };
    let at = word.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let word = &word[at.saturating_sub(LONGEST / 2)..];
    let word = &word[..word.len().min(LONGEST)];
    let mut found: Vec<(String, String)> = Vec::new();
    for name in [guess(bytes, whole).as_str(), "windows-1252", "cp850", "cp437"] {
        let Some(encoding) = Encoding::from_name(name) else {
            continue;
        };
        let mut text = String::new();
        let read = Decoder::new(word, encoding, false).read_to_string(&mut text);
        let is_text = read.is_ok()
            && !text.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER);
        if is_text && found.len() < MAX_WORDS && found.iter().all(|(_, other)| *other != text) {
            found.push((name.to_owned(), text));
        }
    }
    found
}

/// What to do about text that is not UTF-8.
#[must_use]
pub fn advice(words: &[(String, String)]) -> String {
    let options: Vec<String> = words
        .iter()
        .map(|(name, word)| format!("`--encoding {name}` (which reads `{word}`)"))
        .collect();
    match options.as_slice() {
        [] => "export it as UTF-8, or name its encoding with `--encoding`".to_owned(),
        [one] => format!("if that word is right, use {one}"),
        several => {
            format!("choose the one that shows the word correctly: {}", several.join(" or "))
        }
    }
}

/// How the text of a file ended, known after the last byte.
#[derive(Debug, Default)]
pub struct Ending {
    cut: AtomicBool,
    unended: AtomicBool,
}

impl Ending {
    /// Whether the file ends inside a character.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Whether the last line has no end.
    #[must_use]
    pub fn is_unended(&self) -> bool {
        self.unended.load(Ordering::Relaxed)
    }
}

/// How bytes are converted to UTF-8.
enum Way {
    /// They are UTF-8, which is checked record by record. Keeps the last bytes, to know how the file ends.
    Same { last: [u8; 4] },
    /// With a decoder of the web encodings.
    Web(Box<encoding_rs::Decoder>),
    /// With a table of 128 characters.
    Console(Vec<char>),
}

/// A stream of bytes in some encoding as a stream of UTF-8, in which each invalid sequence is one byte 0xFF, or U+FFFD
/// with `lossy`.
pub struct Decoder<R> {
    reader: R,
    way: Way,
    lossy: bool,
    ending: Arc<Ending>,
    raw: Vec<u8>,
    raw_at: usize,
    out: Vec<u8>,
    out_at: usize,
    ended: bool,
}

impl<R: Read> Decoder<R> {
    /// Decodes `reader`, from which a byte order mark has been removed.
    pub fn new(reader: R, encoding: Encoding, lossy: bool) -> Self {
        let way = match encoding {
            Encoding::Web(encoding) if encoding == UTF_8 && !lossy => Way::Same { last: [0; 4] },
            Encoding::Web(encoding) => {
                Way::Web(Box::new(encoding.new_decoder_without_bom_handling()))
            }
            Encoding::Console(page) => Way::Console(page.upper.chars().collect()),
        };
        Self {
            reader,
            way,
            lossy,
            ending: Arc::default(),
            raw: Vec::new(),
            raw_at: 0,
            out: Vec::new(),
            out_at: 0,
            ended: false,
        }
    }

    /// How the text ended, known after the last byte.
    pub fn ending(&self) -> Arc<Ending> {
        Arc::clone(&self.ending)
    }

    /// Reads the next block and decodes it into `out`.
    fn fill(&mut self) -> io::Result<()> {
        self.raw.resize(BLOCK, 0);
        self.raw_at = 0;
        let count = read_once(&mut self.reader, &mut self.raw)?;
        self.raw.truncate(count);
        self.out.clear();
        self.out_at = 0;
        match &mut self.way {
            Way::Same { .. } => {}
            Way::Console(upper) => {
                for byte in &self.raw {
                    match upper.get(usize::from(*byte).wrapping_sub(0x80)) {
                        Some(c) => self.out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
                        None => self.out.push(*byte),
                    }
                }
            }
            Way::Web(decoder) if !self.ended => {
                let bad = if self.lossy { "\u{FFFD}".as_bytes() } else { BAD };
                if decode(decoder, &self.raw, count == 0, bad, &mut self.out) {
                    self.ending.cut.store(true, Ordering::Relaxed);
                }
            }
            Way::Web(_) => {}
        }
        self.ended |= count == 0;
        if let Some(last) = self.out.last() {
            self.ending.unended.store(*last != b'\n', Ordering::Relaxed);
        }
        Ok(())
    }

    /// Passes on bytes that are already UTF-8.
    fn pass(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        let Way::Same { last } = &mut self.way else {
            return Ok(count);
        };
        for byte in &out[count.saturating_sub(4)..count] {
            last.rotate_left(1);
            last[3] = *byte;
        }
        if count == 0 && !out.is_empty() {
            let inside = last.utf8_chunks().last().is_some_and(|chunk| {
                std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none())
            });
            self.ending.cut.store(inside, Ordering::Relaxed);
            self.ending.unended.store(!matches!(last[3], 0 | b'\n'), Ordering::Relaxed);
        }
        Ok(count)
    }
}

/// Reads once, retrying if interrupted.
fn read_once(reader: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Decodes `raw` and appends it to `out`. Returns whether the text ends inside a character.
fn decode(
    decoder: &mut encoding_rs::Decoder,
    raw: &[u8],
    last: bool,
    bad: &[u8],
    out: &mut Vec<u8>,
) -> bool {
    let mut at = 0;
    let mut cut = false;
    loop {
        let room = decoder
            .max_utf8_buffer_length_without_replacement(raw.len() - at)
            .unwrap_or(BLOCK)
            .max(16);
        let from = out.len();
        out.resize(from + room, 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(&raw[at..], &mut out[from..], last);
        at += read;
        out.truncate(from + written);
        match result {
            DecoderResult::InputEmpty => return cut,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                cut |= last && at == raw.len();
                out.extend_from_slice(bad);
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if matches!(self.way, Way::Same { .. }) {
            return self.pass(out);
        }
        while self.out_at == self.out.len() {
            if self.ended || out.is_empty() {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = (&self.out[self.out_at..]).read(out)?;
        self.out_at += count;
        Ok(count)
    }
}
