//! Undoes what copying and other systems do to line ends and to the ends of a text, while it is read: lines that end in
//! CR or CR CR LF, byte order marks where files were concatenated, the Ctrl-Z that `copy a+b` appends.
//!
//! Which of these a file has is detected from its beginning. A file without any is passed through unchanged.

use std::io::{self, Read};

/// A byte order mark, in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The end of a text, for DOS.
pub const CTRL_Z: u8 = 0x1A;

/// The repairs that a text needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Lines end in CR alone.
    pub carriage_returns: bool,
    /// Some lines end in CR CR LF.
    pub doubled: bool,
    /// A byte order mark is at the beginning of a line.
    pub marks: bool,
}

impl Repairs {
    /// The repairs needed by a text that begins with `sample`.
    #[must_use]
    pub fn of(sample: &[u8]) -> Self {
        let has = |what: &[u8]| memchr::memmem::find(sample, what).is_some();
        Self {
            carriage_returns: has(b"\r") && (!has(b"\n") || are_lines(sample)),
            doubled: has(b"\r\r\n"),
            marks: sample.starts_with(MARK) || has(b"\n\xEF\xBB\xBF") || has(b"\r\xEF\xBB\xBF"),
        }
    }

    /// Whether any repair is needed.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// The repairs, a sentence each.
    #[must_use]
    pub fn remarks(self) -> Vec<String> {
        let all = [
            (self.carriage_returns, "bare carriage returns were read as line ends"),
            (self.doubled, "CR CR LF was read as one line end"),
            (self.marks, "byte order marks at the start of lines were removed"),
        ];
        all.iter().filter(|(done, _)| *done).map(|(_, remark)| (*remark).to_owned()).collect()
    }
}

/// Whether CR alone ends lines in a text that also uses LF: at each CR, the text before and after it has as many
/// separators as the first line.
fn are_lines(sample: &[u8]) -> bool {
    let lines =
        || sample.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let count = |piece: &[u8], separator: u8| memchr::memchr_iter(separator, piece).count();
    let first = lines().next().and_then(|line| line.split(|b| *b == b'\r').next());
    let Some(first) = first else {
        return false;
    };
    let separator = [b'\t', b'|', b';', b','].into_iter().max_by_key(|one| count(first, *one));
    let Some((separator, wanted)) = separator.map(|one| (one, count(first, one))) else {
        return false;
    };
    let mut parted = lines().filter(|line| line.contains(&b'\r')).peekable();
    wanted > 0
        && parted.peek().is_some()
        && parted.all(|line| {
            line.split(|b| *b == b'\r')
                .all(|piece| count(piece, separator) == wanted && !piece.contains(&b'"'))
        })
}

/// A repaired text, without a Ctrl-Z at its end. Each byte is read once.
pub struct Repaired<R> {
    reader: R,
    repairs: Repairs,
    raw: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    /// The beginning of a line, until it is known not to be a byte order mark.
    begun: Vec<u8>,
    at_line: bool,
    /// Carriage returns whose meaning depends on the next byte.
    returns: usize,
    ctrl_z: bool,
    ended: bool,
}

impl<R: Read> Repaired<R> {
    /// Repairs the text of `reader`.
    pub fn new(reader: R, repairs: Repairs) -> Self {
        Self {
            reader,
            repairs,
            raw: vec![0; 64 << 10],
            out: Vec::new(),
            at: 0,
            begun: Vec::new(),
            at_line: true,
            returns: 0,
            ctrl_z: false,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        let count = self.reader.read(&mut self.raw)?;
        self.ended = count == 0;
        let raw = std::mem::take(&mut self.raw);
        for byte in &raw[..count] {
            if std::mem::take(&mut self.ctrl_z) {
                self.put(CTRL_Z);
            }
            if *byte == CTRL_Z {
                self.ctrl_z = true;
            } else {
                self.put(*byte);
            }
        }
        self.raw = raw;
        if self.ended {
            self.give_returns();
            self.out.append(&mut self.begun);
        }
        Ok(())
    }

    /// Takes a byte, and passes on what is no longer ambiguous.
    fn put(&mut self, byte: u8) {
        if self.repairs.carriage_returns && !matches!(byte, b'\r' | b'\n') {
            self.give_returns();
        }
        if self.repairs.marks && self.at_line {
            self.begun.push(byte);
            if MARK.starts_with(&self.begun) {
                if self.begun.len() == MARK.len() {
                    self.begun.clear();
                }
                return;
            }
            self.at_line = false;
            for byte in std::mem::take(&mut self.begun) {
                self.put_line_end(byte);
            }
        } else {
            self.put_line_end(byte);
        }
    }

    fn put_line_end(&mut self, byte: u8) {
        match byte {
            b'\r' if self.repairs.carriage_returns || self.repairs.doubled => self.returns += 1,
            b'\n' if self.returns > 0 => {
                // Those of CR CR LF are one line end; of CR alone before CR LF the last one is a part of it.
                let lines = if self.repairs.doubled { 1 } else { self.returns };
                (1..lines).for_each(|_| self.line_end(b"\n"));
                self.returns = 0;
                self.line_end(b"\r\n");
            }
            b'\n' => self.line_end(b"\n"),
            _ => {
                self.give_returns();
                self.out.push(byte);
            }
        }
    }

    fn line_end(&mut self, end: &[u8]) {
        self.out.extend_from_slice(end);
        self.at_line = true;
    }

    fn give_returns(&mut self) {
        let returns = std::mem::take(&mut self.returns);
        if self.repairs.carriage_returns {
            (0..returns).for_each(|_| self.line_end(b"\n"));
        } else {
            self.out.extend(std::iter::repeat_n(b'\r', returns));
        }
    }
}

impl<R: Read> Read for Repaired<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            if self.ended || out.is_empty() {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = (&self.out[self.at..]).read(out)?;
        self.at += count;
        Ok(count)
    }
}
