//! Reads ahead in a large file on other threads while records of it are skipped.
//!
//! A file is split into chunks of equal length, and the threads take them in turn. In the middle of a file, a line end
//! may be within quotes, so a thread starts after the first line end that is followed by a record with as many fields
//! as there are columns. That is a guess. From there it continues until a record ends beyond its chunk, or until
//! its piece, or until something comes that is more than a record by itself: a *chunk*.
//!
//! Who reads the file from its beginning takes a chunk over on standing exactly where it begins, when nothing before
//! that place has to do with what follows. The chunk is then what it would have found itself, since a record depends on
//! no byte but those from its beginning on. If it never stands there, the guess was wrong, and the chunk is thrown
//! away. So a guess decides how fast a file is read, and never what is read.
//!
//! Chunks are handed over by channels with room for a few, and a chunk holds little, so that memory does not grow with
//! the file. This module does not know what rows mean.

use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::import::input::source::Placed;
use crate::import::reader::delimited::{Plain, Seen};
use crate::record::OwnedRecord;
use crate::record::row_filter::RowFilter;
use crate::record::tokenizer::{RawToken, TextDialect, Tokenizer};
use crate::record::{ReadError, RecordLimits};

/// How much of a chunk is searched for the beginning of a record.
const WINDOW: u64 = 64 << 10;

/// How many of its line ends are tried, and the read size.
const TRIED: usize = 64;
const BLOCK: usize = 4 << 10;

/// How many bytes of records a chunk holds.
const HELD: usize = 512 << 10;

/// The longest record of a chunk. A quote that was guessed to open a field may never close.
const LONGEST: usize = 1 << 20;

/// Chunks of one thread that wait to be taken over.
const WAITING: usize = 2;

/// How the work is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunking {
    /// The size of a chunk.
    pub piece: u64,
    /// The number of reading threads; with fewer than two, none reads ahead.
    pub threads: usize,
}

impl Default for Chunking {
    /// Chunks that take a millisecond to read, and a thread for each processor, up to four.
    fn default() -> Self {
        Self {
            piece: 1 << 20,
            threads: thread::available_parallelism().map_or(1, usize::from).min(4),
        }
    }
}

/// How the records of a file are split and classified, at any position.
#[derive(Clone)]
pub(super) struct Rules {
    pub dialect: TextDialect,
    pub limits: RecordLimits,
    pub width: usize,
    pub header: Option<String>,
    pub sieve: RowFilter,
}

impl Rules {
    fn plain(&self) -> Plain<'_> {
        Plain { width: self.width, header: self.header.as_deref() }
    }

    fn limits(&self) -> RecordLimits {
        RecordLimits { record: self.limits.record.min(LONGEST), ..self.limits }
    }
}

/// Consecutive records that need no further check.
pub(super) struct Chunk {
    /// Where it begins, and where the next record does.
    pub start: u64,
    pub end: u64,
    /// How many lines it has.
    pub lines: u64,
    /// The records that are not skipped, with lines counted from its beginning.
    pub records: VecDeque<OwnedRecord>,
    /// What was observed in the others.
    pub sieve: RowFilter,
}

/// Chunks on their way, in the order of the file.
pub(super) struct Ahead {
    threads: Vec<Receiver<Chunk>>,
    piece: u64,
    /// The number of the piece that the next chunk is of.
    next: u64,
    pieces: u64,
    /// A chunk that begins further on.
    found: Option<Chunk>,
}

impl Ahead {
    /// Lets threads read ahead in `file` from `at`; `None` if it is not worth it.
    pub fn begin(file: &Placed, at: u64, rules: &Rules, cut: Chunking) -> Option<Self> {
        let piece = cut.piece.max(1);
        let pieces = file.length().div_ceil(piece);
        let next = at / piece + 1;
        if cut.threads < 2 || pieces < next + 2 {
            return None;
        }
        let threads = (0..cut.threads as u64).map(|nth| {
            let (sender, receiver) = sync_channel(WAITING);
            let worker = Worker { file: file.clone(), rules: rules.clone(), piece, sender };
            let numbers = (next + nth..pieces).step_by(cut.threads);
            // Not waited for when nobody takes what it finds: then it ends with its piece.
            thread::spawn(move || worker.work(numbers));
            receiver
        });
        Some(Self { threads: threads.collect(), piece, next, pieces, found: None })
    }

    /// The chunk that begins at `at`, where there is one. What begins before can be of no use any more.
    pub fn chunk_at(&mut self, at: u64) -> Option<Chunk> {
        loop {
            match &self.found {
                Some(chunk) if chunk.start > at => return None,
                Some(chunk) if chunk.start == at => return self.found.take(),
                Some(_) => self.found = None,
                None if self.next == self.pieces || at < self.next * self.piece => return None,
                None => {
                    // They take turns, and the first of them had the first piece.
                    self.found = self.threads.first()?.recv().ok();
                    self.threads.rotate_left(1);
                    self.next += 1;
                }
            }
        }
    }
}

/// The input of a thread.
type Bytes = Box<dyn Read + Send>;

/// A thread that reads ahead.
struct Worker {
    file: Placed,
    rules: Rules,
    piece: u64,
    sender: SyncSender<Chunk>,
}

impl Worker {
    fn work(self, numbers: impl Iterator<Item = u64>) {
        let nothing: Bytes = Box::new(std::io::empty());
        let rules = &self.rules;
        let mut tokens = Tokenizer::new(nothing, rules.dialect.clone(), rules.limits());
        for number in numbers {
            let from = number * self.piece;
            let mut chunk = Chunk {
                start: from,
                end: from,
                lines: 0,
                records: VecDeque::new(),
                sieve: rules.sieve.elsewhere(),
            };
            // What cannot be read is for those to say who need it.
            if let Ok(Some((at, reader))) = self.beginning(from) {
                (chunk.start, chunk.end) = (at, at);
                tokens.move_to(reader, (at, 1));
                let _ = self.go(&mut tokens, &mut chunk, from + self.piece);
            }
            if self.sender.send(chunk).is_err() {
                return;
            }
        }
    }

    /// Where a record seems to begin at or after `from`, and the text from there on.
    fn beginning(&self, from: u64) -> Result<Option<(u64, Bytes)>, ReadError> {
        let mut window = Vec::new();
        // With the byte before, which may be a line end.
        let before = from - 1;
        let mut rest = self.file.look(before);
        (&mut rest).take(WINDOW).read_to_end(&mut window)?;
        let rules = &self.rules;
        for feed in memchr::memchr_iter(b'\n', &window).take(TRIED) {
            let begun = feed + 1;
            let mut tokens = Tokenizer::with_block(
                &window[begun..],
                rules.dialect.clone(),
                rules.limits(),
                BLOCK,
            );
            if let Some(RawToken::Record(record)) = tokens.next_raw()?
                && matches!(rules.plain().see(&record, None), Seen::Whole)
            {
                window.drain(..begun);
                let reader = Cursor::new(window).chain(rest);
                return Ok(Some((before + begun as u64, Box::new(reader))));
            }
        }
        Ok(None)
    }

    /// Reads records until one ends at or beyond `stop`, or something else occurs.
    fn go(
        &self,
        tokens: &mut Tokenizer<Bytes>,
        chunk: &mut Chunk,
        stop: u64,
    ) -> Result<(), ReadError> {
        let plain = self.rules.plain();
        let mut held = 0;
        while chunk.end < stop && held < HELD {
            let Some(RawToken::Record(record)) = tokens.next_raw()? else {
                break;
            };
            match plain.see(&record, Some(&mut chunk.sieve)) {
                Seen::PassedOver => {}
                Seen::Whole => {
                    held += record.bytes.len();
                    chunk.records.push_back(OwnedRecord::of_raw(&record));
                }
                _ => break,
            }
            let (end, line) = tokens.place();
            (chunk.end, chunk.lines) = (end, line - 1);
        }
        Ok(())
    }
}
