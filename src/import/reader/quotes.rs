//! Reads text quoted with a character other than the double quote: the two are swapped before the format's reader, and
//! swapped back in its results. Each byte is processed once each way.

use std::io::{self, Read};

use crate::import::options::TYPOGRAPHIC;
use crate::import::reader::{Item, Reader, ReaderAdapter};
use crate::record::{Field, ReadError, Record, Written};

/// Wraps `reader`, swapping double quotes with another ASCII character.
pub struct QuoteSwapReader<R> {
    reader: R,
    quote: u8,
}

impl<R: Read> QuoteSwapReader<R> {
    /// Swaps `quote` and double quotes.
    pub fn new(reader: R, quote: char) -> Self {
        let quote = u8::try_from(quote).unwrap_or(b'"');
        Self { reader, quote }
    }
}

impl<R: Read> Read for QuoteSwapReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        for byte in &mut out[..count] {
            if *byte == b'"' {
                *byte = self.quote;
            } else if *byte == self.quote {
                *byte = b'"';
            }
        }
        Ok(count)
    }
}

/// Wraps `reader`, with double quotes for the characters that open and close text with `quote`, and with `quote` for
/// double quotes.
pub fn with_double_quotes<'r, R: Read + Send + 'r>(
    reader: R,
    quote: char,
) -> Box<dyn Read + Send + 'r> {
    match TYPOGRAPHIC.iter().find(|(open, _)| *open == quote) {
        Some((open, closing)) => Box::new(TypographicReader::new(reader, *open, closing)),
        None => Box::new(QuoteSwapReader::new(reader, quote)),
    }
}

/// The same for characters of several bytes.
struct TypographicReader<R> {
    reader: R,
    signs: Vec<Vec<u8>>,
    /// Bytes read and not processed: less than a character.
    raw: Vec<u8>,
    /// Bytes to return, and how many of them were returned.
    done: Vec<u8>,
    at: usize,
    ended: bool,
}

/// The read size.
const BLOCK: usize = 16 << 10;

/// The maximum length of a character in bytes.
const SIGN: usize = 3;

impl<R: Read> TypographicReader<R> {
    fn new(reader: R, open: char, closing: &[char]) -> Self {
        let bytes = |sign: &char| sign.to_string().into_bytes();
        Self {
            reader,
            signs: std::iter::once(&open).chain(closing).map(bytes).collect(),
            raw: Vec::new(),
            done: Vec::new(),
            at: 0,
            ended: false,
        }
    }

    fn replace(&mut self) {
        let open = self.signs[0].clone();
        let mut at = 0;
        while let Some(byte) = self.raw.get(at) {
            let rest = &self.raw[at..];
            let sign = self.signs.iter().find(|sign| rest.starts_with(sign));
            match (*byte, sign) {
                (b'"', _) => self.done.extend_from_slice(&open),
                (_, Some(sign)) => {
                    self.done.push(b'"');
                    at += sign.len() - 1;
                }
                (0x80.., None) if rest.len() < SIGN && !self.ended => break,
                (byte, None) => self.done.push(byte),
            }
            at += 1;
        }
        self.raw.drain(..at);
    }
}

impl<R: Read> Read for TypographicReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.done.len() && !self.ended {
            let kept = self.raw.len();
            self.raw.resize(kept + BLOCK, 0);
            let count = self.reader.read(&mut self.raw[kept..])?;
            self.raw.truncate(kept + count);
            self.ended = count == 0;
            self.done.clear();
            self.at = 0;
            self.replace();
        }
        let count = out.len().min(self.done.len() - self.at);
        out[..count].copy_from_slice(&self.done[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// Restores the output of a reader of such text. Values no longer have doubled quotes.
pub struct QuoteSwapRestore {
    reader: Box<dyn Reader + Send>,
    quote: char,
    text: String,
    cells: String,
    fields: Vec<Field>,
}

impl QuoteSwapRestore {
    /// Swaps `quote` and double quotes back.
    pub fn new(reader: Box<dyn Reader + Send>, quote: char) -> Self {
        Self { reader, quote, text: String::new(), cells: String::new(), fields: Vec::new() }
    }
}

/// Appends `text` to `out`, with the two characters swapped.
fn swap(text: &str, quote: char, out: &mut String) {
    out.extend(text.chars().map(|c| match c {
        '"' => quote,
        c if c == quote => '"',
        c => c,
    }));
}

fn swapped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    swap(text, quote, &mut out);
    out
}

impl ReaderAdapter for QuoteSwapRestore {
    const SAME_FIELDS: bool = false;

    fn inner(&self) -> &dyn Reader {
        &*self.reader
    }

    fn inner_mut(&mut self) -> &mut dyn Reader {
        &mut *self.reader
    }

    fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let quote = self.quote;
        let Some(item) = self.reader.next()? else {
            return Ok(None);
        };
        Ok(Some(match item {
            Item::Header(names) => {
                Item::Header(names.iter().map(|name| swapped(name, quote)).collect())
            }
            Item::Reject(mut reject) => {
                reject.text = swapped(&reject.text, quote);
                Item::Reject(reject)
            }
            Item::Record(record) => {
                self.text.clear();
                self.cells.clear();
                self.fields.clear();
                swap(record.text, quote, &mut self.text);
                for field in record.fields {
                    let start = self.cells.len();
                    let text = &record.cells[field.start..field.end];
                    let written = match field.written {
                        Written::Doubled => {
                            swap(&text.replace("\"\"", "\""), quote, &mut self.cells);
                            Written::Quoted
                        }
                        written => {
                            swap(text, quote, &mut self.cells);
                            written
                        }
                    };
                    self.fields.push(Field { start, end: self.cells.len(), written });
                }
                Item::Record(Record {
                    line: record.line,
                    text: &self.text,
                    fields: &self.fields,
                    cells: &self.cells,
                })
            }
            footer @ Item::Trailer(_) => footer,
        }))
    }
}
