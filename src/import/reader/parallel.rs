//! Reads a large file ahead on other threads while records of it are passed over.
//!
//! A file is cut into pieces of equal length, and the threads take them in turn. Nobody can tell in the middle of a
//! file whether a line end stands within quotes, so a thread begins its piece behind the first line end after which a
//! record has as many fields as there are columns. That is a guess. From there it goes on until a record ends beyond
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

/// How much of a piece is looked at to find where a record begins.
const WINDOW: u64 = 64 << 10;

/// How many line ends of it are tried, and how much of what follows is read at a time.
const TRIED: usize = 64;
const BLOCK: usize = 4 << 10;

/// How many bytes of records a chunk holds.
const HELD: usize = 512 << 10;

/// The longest record of a chunk. A quote that was guessed to open a field may never close.
const LONGEST: usize = 1 << 20;

/// Chunks of one thread that wait to be taken over.
const WAITING: usize = 2;

/// How the work is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunking {
    /// Bytes of a piece.
    pub piece: u64,
    /// How many threads read; with fewer than two, none reads ahead.
    pub threads: usize,
}

impl Default for Chunking {
    /// Pieces that are read in a millisecond, and a thread for each processor, up to four.
    fn default() -> Self {
        Self {
            piece: 1 << 20,
            threads: thread::available_parallelism()
                .map_or(1, usize::from)
                .min(4),
        }
    }
}

/// How the records of a file are split and judged, wherever they stand.
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
        Plain {
            width: self.width,
            header: self.header.as_deref(),
        }
    }

    fn limits(&self) -> RecordLimits {
        RecordLimits {
            record: self.limits.record.min(LONGEST),
            ..self.limits
        }
    }
}

/// Records from one place on that need no second look.
pub(super) struct Chunk {
    /// Where it begins, and where the next record does.
    pub start: u64,
    pub end: u64,
    /// How many lines it has.
    pub lines: u64,
    /// The records that are not passed over, with lines counted from its beginning.
    pub records: VecDeque<OwnedRecord>,
    /// What was seen of the others.
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
    /// Has `file` read ahead from `at`; `None` where it is not worth it.
    pub fn begin(file: &Placed, at: u64, rules: &Rules, cut: Chunking) -> Option<Self> {
        let piece = cut.piece.max(1);
        let pieces = file.length().div_ceil(piece);
        let next = at / piece + 1;
        if cut.threads < 2 || pieces < next + 2 {
            return None;
        }
        let threads = (0..cut.threads as u64).map(|nth| {
            let (sender, receiver) = sync_channel(WAITING);
            let worker = Worker {
                file: file.clone(),
                rules: rules.clone(),
                piece,
                sender,
            };
            let numbers = (next + nth..pieces).step_by(cut.threads);
            // Not waited for when nobody takes what it finds: then it ends with its piece.
            thread::spawn(move || worker.work(numbers));
            receiver
        });
        Some(Self {
            threads: threads.collect(),
            piece,
            next,
            pieces,
            found: None,
        })
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

/// What a thread reads from.
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

    /// Where a record seems to begin at or behind `from`, and what stands from there on.
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

    /// Goes through records until one ends at or beyond `stop`, or something else comes.
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
