//! Reads texts that are quoted by another sign than the double quote: the two change places on the way to the reader
//! of the format, and back in what it gives. Each byte is looked at once each way.

use std::io::{self, Read};

use crate::import::reader::{Item, Reader};
use crate::record::{Field, ReadError, Record, Written};

/// What `reader` gives, with double quotes for another sign of ASCII, and that sign for double quotes.
pub struct QuoteSwapReader<R> {
    reader: R,
    quote: u8,
}

impl<R: Read> QuoteSwapReader<R> {
    /// Has `quote` and double quotes change places.
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

/// What a reader of such a text gives, as it stands in the file. Values have no doubled quotes any more.
pub struct QuoteSwapRestore {
    reader: Box<dyn Reader + Send>,
    quote: char,
    text: String,
    cells: String,
    fields: Vec<Field>,
}

impl QuoteSwapRestore {
    /// Has `quote` and double quotes change places again.
    pub fn new(reader: Box<dyn Reader + Send>, quote: char) -> Self {
        Self {
            reader,
            quote,
            text: String::new(),
            cells: String::new(),
            fields: Vec::new(),
        }
    }
}

/// Puts `text` behind `out`, with the two signs in each other's places.
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

impl Reader for QuoteSwapRestore {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
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
                    self.fields.push(Field {
                        start,
                        end: self.cells.len(),
                        written,
                    });
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

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}
