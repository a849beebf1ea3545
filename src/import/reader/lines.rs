//! Physical lines with lookahead, for formats whose records depend on neighbouring lines.

use std::collections::VecDeque;
use std::io::Read;

use crate::record::tokenizer::{RawToken, TextDialect, Tokenizer};
use crate::record::{ReadError, RecordLimits, Reject};
use crate::work;

/// A line without its end.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// The text; invalid text is in `bad`.
    pub text: String,
    /// The reject, if it is not text or too long.
    pub bad: Option<Reject>,
    /// Where it begins in the file, as UTF-8.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
}

impl Line {
    /// Whether it is empty.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.bad.is_none() && self.text.trim().is_empty()
    }

    /// The line break before `next`.
    #[must_use]
    pub fn break_before(&self, next: &Self) -> &'static str {
        if next.start.saturating_sub(self.end) == 2 { "\r\n" } else { "\n" }
    }
}

/// Lines of a stream.
pub struct LineReader<R> {
    tokens: Tokenizer<R>,
    ahead: VecDeque<Line>,
    ended: bool,
}

impl<R: Read> LineReader<R> {
    /// Splits `reader` into lines.
    pub fn new(reader: R, limits: RecordLimits) -> Self {
        // A line is a record of one field.
        let limits = RecordLimits { field: limits.record, ..limits };
        let dialect = TextDialect { delimiter: Vec::new(), record_end: None, quotes: false };
        Self {
            tokens: Tokenizer::new(reader, dialect, limits),
            ahead: VecDeque::new(),
            ended: false,
        }
    }

    /// The line `at` lines ahead, from 0; `None` beyond the end.
    ///
    /// # Errors
    /// When the file cannot be read further.
    pub fn peek(&mut self, at: usize) -> Result<Option<&Line>, ReadError> {
        work::steps(1);
        while self.ahead.len() <= at && !self.ended {
            match self.tokens.next_raw()? {
                None => self.ended = true,
                Some(RawToken::Reject(reject)) => self.ahead.push_back(Line {
                    number: reject.line,
                    text: String::new(),
                    bad: Some(reject),
                    start: 0,
                    end: 0,
                }),
                Some(RawToken::Record(record)) => {
                    let (text, bad) = match record.text() {
                        Ok(text) => (text.text.to_owned(), None),
                        Err(reject) => (String::new(), Some(reject)),
                    };
                    self.ahead.push_back(Line {
                        number: record.line,
                        text,
                        bad,
                        start: record.offset,
                        end: record.offset + record.bytes.len() as u64,
                    });
                }
            }
        }
        Ok(self.ahead.get(at))
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// When the file cannot be read further.
    pub fn pop(&mut self) -> Result<Option<Line>, ReadError> {
        self.peek(0)?;
        Ok(self.ahead.pop_front())
    }

    /// The text of `count` lines, starting `from` lines ahead, with the breaks between them.
    ///
    /// # Errors
    /// When the file cannot be read further.
    pub fn joined_from(&mut self, from: usize, count: usize) -> Result<String, ReadError> {
        self.peek((from + count).saturating_sub(1))?;
        let mut text = String::new();
        let mut last: Option<&Line> = None;
        for line in self.ahead.iter().skip(from).take(count) {
            text.push_str(last.map_or("", |last| last.break_before(line)));
            text.push_str(&line.text);
            last = Some(line);
        }
        Ok(text)
    }

    /// Skips `count` lines that have been inspected.
    pub fn skip(&mut self, count: usize) {
        self.ahead.drain(..count.min(self.ahead.len()));
    }
}
