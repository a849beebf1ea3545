//! Plain CSV with a header, as a stand-in.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::record::{Field, Item, ReadError, Reader, Record, Written};
use super::{Opened, Options, typed};

#[derive(Debug, Default)]
pub struct Tally {
    bytes: u64,
    sha: String,
}
impl Tally {
    pub fn read(&self) -> u64 {
        self.bytes
    }
    pub fn total(&self) -> Option<u64> {
        Some(self.bytes)
    }
    pub fn sha256(&self) -> Option<String> {
        Some(self.sha.clone())
    }
}
struct Plain {
    text: String,
    at: usize,
    line: u64,
    fields: Vec<Field>,
    first: bool,
}
impl Reader for Plain {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let start = self.at;
        if start >= self.text.len() {
            return Ok(None);
        }
        let b = self.text.as_bytes();
        self.fields.clear();
        let line = self.line;
        let mut i = start;
        let end;
        loop {
            if b.get(i) == Some(&b'"') {
                let s = i + 1;
                let mut doubled = false;
                let mut j = s;
                loop {
                    match b.get(j) {
                        Some(b'"') if b.get(j + 1) == Some(&b'"') => {
                            doubled = true;
                            j += 2;
                        }
                        Some(b'"') | None => break,
                        Some(b'\n') => {
                            self.line += 1;
                            j += 1;
                        }
                        _ => j += 1,
                    }
                }
                let written = if doubled {
                    Written::Doubled
                } else {
                    Written::Quoted
                };
                self.fields.push(Field {
                    start: s - start,
                    end: j - start,
                    written,
                });
                i = j + 1;
            } else {
                let s = i;
                while i < b.len() && b[i] != b',' && b[i] != b'\n' {
                    i += 1;
                }
                let e = if i > s && b[i - 1] == b'\r' { i - 1 } else { i };
                self.fields.push(Field {
                    start: s - start,
                    end: e - start,
                    written: Written::Bare,
                });
            }
            if b.get(i) == Some(&b'\r') {
                i += 1;
            }
            match b.get(i) {
                Some(b',') => i += 1,
                _ => {
                    end = i;
                    self.at = i + 1;
                    self.line += 1;
                    break;
                }
            }
        }
        let text = &self.text[start..end];
        if std::mem::take(&mut self.first) {
            let names = self.fields.iter().map(|f| text[f.start..f.end].to_owned());
            return Ok(Some(Item::Header(names.collect())));
        }
        Ok(Some(Item::Record(Record {
            line,
            text,
            fields: &self.fields,
            cells: text,
        })))
    }
}
pub(crate) fn open(path: &Path, options: &Options) -> io::Result<Opened> {
    from_reader(Box::new(File::open(path)?), options)
}
pub(crate) fn from_reader(mut r: Box<dyn Read + Send>, _: &Options) -> io::Result<Opened> {
    let mut bytes = Vec::new();
    r.read_to_end(&mut bytes)?;
    let sha = Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let n = bytes.len() as u64;
    let text = String::from_utf8(bytes).map_err(|_| io::Error::other("not utf-8"))?;
    let text = text.trim_start_matches('\u{feff}').to_owned();
    Ok(Opened {
        form: "ads_csv".into(),
        runner_up: None,
        margin: None,
        encoding: "utf-8".into(),
        nulls: typed::Nulls {
            word: true,
            ..Default::default()
        },
        null_is: "NULL".into(),
        reader: Box::new(Plain {
            text,
            at: 0,
            line: 1,
            fields: Vec::new(),
            first: true,
        }),
        tally: Arc::new(Tally { bytes: n, sha }),
    })
}
