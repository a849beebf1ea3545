//! Reads columns under a line of dashes: Results to Text and to File, sqlcmd, e-mail attachments.
//!
//! How a tool counts the width of a non-ASCII character is unknown. The first lines are measured in characters, in
//! UTF-16 units and in terminal columns, and the file is read by the measure with which the fewest of them do not
//! fit.
//!
//! A value may contain line breaks, and nothing marks where a record begins. The rules:
//!
//! - A record cannot end before its last column begins. So lines are joined until they reach that column; if the result
//!   lacks the spaces between columns, it was not the beginning of a record.
//! - If the last column is padded, a record is exactly as long as the dashes, so the lines can be split in only one
//!   way. It is padded if the header is, or if that way leaves few of the first lines over.
//! - If it is not padded, a record ends with its line if the next one is a record, a count, a message, a header, or too
//!   long to belong to it; a line is recognised as a record by the numbers and times in its columns. Anything else
//!   after it may be the rest of its last value: then both are rejected, so that no partial value is loaded.
//! - Lines that may be one record or several are rejected.
//! - A count, a message, a header and a line of dashes are never part of a record.
//!
//! The rest of a value may look exactly like a record. Then only the count below shows that there are fewer records,
//! and the result is refused: each line where a record may begin is counted, loaded or not, so that a missed record
//! cannot compensate for a wrong one. Without a count this cannot be detected, and the summary says so if values have
//! line breaks.
//!
//! Lines that the tool wrapped at its page width are joined if the header and the dashes were wrapped at the same
//! positions; otherwise each is rejected. The work for a line is bounded by [`PIECES`].

mod beginning;
mod cut;
mod layout;
mod lines;

use crate::diagnostic::{counted, verb};
use crate::import::format::trailer;
use crate::import::format::trailer::Message;
use crate::import::format::trailer::Stop;
use crate::import::input::decode::Ending;
use crate::import::reader::Item;
use crate::import::reader::Reader;
use crate::import::reader::lines::Line;
use crate::import::reader::lines::LineReader;
use crate::import::reader::queue::Queue;
use crate::import::reader::queue::Waiting;
use crate::record::ReadError;
use crate::record::Reason;
use crate::record::RecordLimits;
use crate::record::Trailer;
use crate::work;
use cut::Candidate;
use cut::Grid;
use cut::held;
pub(super) use cut::padded_field;
pub(super) use layout::Measure;
use layout::is_dashes;
pub use layout::is_format_table;
pub use layout::is_spaced;
pub use layout::score;
use std::io::Read;
use std::sync::Arc;

/// What is reported about a result whose texts have line breaks, and which has no row count.
const UNCOUNTED: &str = "the result has no row count, so a continuation line of a text with line breaks may be \
                         read as a row; export without SET NOCOUNT ON to be sure";

/// The maximum number of lines of a record.
const PIECES: usize = 200;

/// The maximum number of lines before the header.
const BEFORE: usize = 200;

/// The maximum number of lines that the page width may wrap the header into.
const BROKEN: usize = 64;

/// What follows a record that is not full.
enum AfterRow {
    /// Nothing that may belong to it: the end, or a line that is too long, or one that is probably a record itself.
    Nothing { sure: bool },
    /// A possible continuation.
    Perhaps,
}

/// Reads one file.
pub struct Aligned<R> {
    lines: LineReader<R>,
    ending: Arc<Ending>,
    grid: Option<Grid>,
    queue: Queue,
    below: bool,
    /// The number of blank lines before the next line. The beginning of the file counts as one.
    blanks: usize,
    /// The number of blank lines below the last record, if nothing else is below it and the record is not full.
    blanks_below: Option<usize>,
    /// Records whose last value may have ended in a line break, which is not loaded.
    shortened: u64,
    /// Whether the previous line was rejected, so that the next one may be part of the same record.
    is_lost: bool,
    /// The candidate found while looking ahead from the previous record.
    next: Option<Candidate>,
    /// The number of records of this result, and the line of the first one that is only assumed to be a record.
    rows: u64,
    unsure: Option<u64>,
    /// Rejected lines of this result, and how many of them may begin a record.
    refused: u64,
    begun: u64,
    /// Whether a result so far has a row count below it, and the header below a result without one.
    is_counted: bool,
    uncounted: Option<u64>,
    repaired: u64,
    messages: u64,
    unwrapped: bool,
}

impl<R: Read> Aligned<R> {
    /// Reads `reader`; `ending` says how the text ended.
    pub fn new(reader: R, ending: Arc<Ending>, limits: RecordLimits) -> Self {
        Self {
            lines: LineReader::new(reader, limits),
            ending,
            grid: None,
            queue: Queue::default(),
            below: false,
            blanks: 1,
            blanks_below: None,
            shortened: 0,
            is_lost: false,
            next: None,
            rows: 0,
            unsure: None,
            refused: 0,
            begun: 0,
            is_counted: false,
            uncounted: None,
            repaired: 0,
            messages: 0,
            unwrapped: false,
        }
    }

    /// Takes the next line and those that belong to it.
    fn step(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.peek(0)?.cloned() else {
            return Ok(false);
        };
        if let Some(reject) = line.bad {
            self.lines.skip(1);
            self.is_lost = true;
            self.queue.push(Waiting::Reject(reject));
            return Ok(true);
        }
        if let Some(rows) = trailer::rows(&line.text) {
            self.counts(rows)?;
            self.is_counted = true;
            self.check_counts()?;
            return self.footer(Trailer { rows: Some(rows), completed_at_ms: None });
        }
        if let Some(at) = trailer::completed_at_ms(&line.text) {
            return self.footer(Trailer { rows: None, completed_at_ms: Some(at) });
        }
        if let Some(message) = self.message_at(0)? {
            return self.message(message);
        }
        if self.names_may_stand_here()? && self.take_names()? {
            return Ok(true);
        }
        if line.is_blank() && !self.is_empty_row(&line.text) {
            return self.blank();
        }
        self.blanks = 0;
        self.note_blanks_below(0);
        let Some(grid) = &self.grid else {
            self.lines.skip(1);
            let detail = "precedes the header".to_owned();
            self.queue.reject(line.number, &line.text, Reason::Ragged, detail, 0);
            return Ok(true);
        };
        if grid.pieces.len() > 1 { self.wrapped() } else { self.record() }
    }

    /// A header is at the beginning, after a count or a blank line, or repeated; if there was a header before, dashes
    /// follow it directly.
    fn names_may_stand_here(&mut self) -> Result<bool, ReadError> {
        let Some(grid) = &self.grid else {
            return Ok(true);
        };
        let broken = grid.pieces.len();
        if self.below {
            return Ok(true);
        }
        let again = match self.lines.peek(0)? {
            Some(line) => grid.begins_names(&line.text),
            None => false,
        };
        if self.blanks == 0 && !again {
            return Ok(false);
        }
        Ok(self.is_unnamed_at(0)?
            || self
                .lines
                .peek(broken)?
                .is_some_and(|line| is_dashes(&line.text) && line.text.trim_end().len() > 2))
    }

    /// Whether the line `at` lines ahead, which is not the next one, belongs to no record.
    fn ends_at(&mut self, at: usize) -> Result<bool, ReadError> {
        let Some(line) = self.lines.peek(at)? else {
            return Ok(true);
        };
        work::steps(1);
        let text = line.text.clone();
        if line.bad.is_some()
            || trailer::rows(&text).is_some()
            || trailer::completed_at_ms(&text).is_some()
            || self.message_at(at)?.is_some()
        {
            return Ok(true);
        }
        if is_dashes(&text) {
            return self.is_unnamed_at(at);
        }
        let dashes = |line: &Line| is_dashes(&line.text) && line.text.trim_end().len() > 2;
        if !self.lines.peek(at + 1)?.is_some_and(dashes) {
            return Ok(false);
        }
        // Names stand below a blank line, or again.
        let again = self.grid.as_ref().is_some_and(|grid| grid.begins_names(&text));
        let below_blank = at == 0 || self.lines.peek(at - 1)?.is_some_and(Line::is_blank);
        Ok((again || below_blank) && self.head_at(at)?.is_some())
    }

    /// A blank line is skipped, but in a single column it may be an empty text.
    fn blank(&mut self) -> Result<bool, ReadError> {
        let alone = (self.grid.as_ref()).is_some_and(|grid| grid.places.len() == 1) && !self.below;
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        let number = line.number;
        let is_row = |grid: &Grid| grid.pieces.len() == 1 && grid.cut(&line.text, true).is_some();
        if !line.text.is_empty() && !self.below && self.grid.as_ref().is_some_and(is_row) {
            let detail = "a line of blanks may be a row of empty text, or nothing".to_owned();
            self.refuse(number, &line.text, Reason::Ragged, detail);
            self.begun += 1;
            return Ok(true);
        }
        self.blanks += 1;
        if let Some(blanks) = self.blanks_below.as_mut().filter(|_| !alone) {
            *blanks += 1;
        }
        if alone && self.lines.peek(0)?.is_some() && !self.ends_at(0)? {
            let detail = "a blank line may be empty text, or nothing".to_owned();
            self.refuse(number, "", Reason::Ragged, detail);
            self.begun += u64::from(self.grid.as_ref().is_some_and(Grid::is_texts));
        }
        Ok(true)
    }

    /// Notes whether more blank lines are below the last record than the `usual` number above what follows: then they
    /// are the end of its last value.
    fn note_blanks_below(&mut self, usual: usize) {
        let blanks = self.blanks_below.take();
        self.shortened += u64::from(blanks.is_some_and(|blanks| blanks > usual));
    }

    /// Whether a line of spaces is a record: full length, text columns only.
    fn is_empty_row(&self, text: &str) -> bool {
        self.grid.as_ref().is_some_and(|grid| {
            !text.is_empty()
                && grid.pieces.len() == 1
                && grid.is_texts()
                && grid.cut(text, !grid.padded).is_some()
        })
    }

    fn footer(&mut self, footer: Trailer) -> Result<bool, ReadError> {
        self.lines.skip(1);
        self.note_blanks_below(1);
        self.blanks = self.blanks.max(1);
        self.below |= footer.rows.is_some();
        self.queue.push(Waiting::Trailer(footer));
        Ok(true)
    }

    /// Fails if the count is lower than the number of records read, some of them uncertain: a value has line breaks,
    /// and was returned in parts. Rejected lines that may begin a record are counted too, so that none of them makes up
    /// for a forged one; if all columns are text, any line may.
    fn counts(&mut self, rows: u64) -> Result<(), ReadError> {
        let claimed = self.rows + self.begun;
        match self.unsure {
            Some(line) if rows < claimed && !self.below => Err(ReadError::Malformed {
                line,
                what: format!(
                    "the row count says {rows}, but {claimed} lines could be rows: a text with a line break \
                     looks like two rows"
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Fails if one result has a row count below it and another does not: what looks like the header between them may
    /// be text of the result above.
    fn check_counts(&self) -> Result<(), ReadError> {
        match self.uncounted {
            Some(line) if self.is_counted => Err(ReadError::Malformed {
                line,
                what: "this is the header of another result, or a text with line breaks: the result above it \
                       has no row count, but another one has"
                    .to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Rejects the text at `line`, which is one record.
    fn refuse(&mut self, line: u64, text: &str, reason: Reason, detail: String) {
        self.refused += 1;
        self.queue.reject(line, text, reason, detail, 1);
    }

    /// Rejects the lines of a record of which some may begin a record too.
    fn refuse_lines(&mut self, candidate: &Candidate) {
        let detail = "its lines may be one record or several".to_owned();
        self.lines.skip(candidate.lines);
        self.refuse(candidate.number, &candidate.text, Reason::Ragged, detail);
        self.refused += candidate.others;
        self.begun += 1 + candidate.others;
        self.unsure.get_or_insert(candidate.number);
        self.is_lost = true;
    }

    /// The message in the line `at` lines ahead. A line that fills the columns is a row, whatever it says; where only
    /// its columns of text leave it open, what a tool says is a message unless a line that may be a row is next.
    fn message_at(&mut self, at: usize) -> Result<Option<Message>, ReadError> {
        let Some(text) = self.lines.peek(at)?.map(|line| line.text.clone()) else {
            return Ok(None);
        };
        let message = trailer::message(&text);
        let (Some(found), Some(grid), false) = (message, &self.grid, self.below) else {
            return Ok(message);
        };
        if grid.is_sure(&text) {
            return Ok(None);
        }
        let is_open = found == Message::Stop(Stop::Client) && grid.is_texts() && grid.fits(&text);
        let next = self.lines.peek(at + 1)?.filter(|_| is_open);
        let may_be_row = next.is_some_and(|line| {
            let is_said = trailer::message(&line.text).is_some()
                || trailer::rows(&line.text).is_some()
                || trailer::completed_at_ms(&line.text).is_some();
            !is_said
                && !line.is_blank()
                && self.grid.as_ref().is_some_and(|grid| grid.fits(&line.text))
        });
        Ok(message.filter(|_| !may_be_row))
    }

    /// Takes a server message, with the text of an error, which continues to the next blank line.
    fn message(&mut self, message: Message) -> Result<bool, ReadError> {
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        self.messages += 1;
        self.note_blanks_below(1);
        self.blanks = self.blanks.max(1);
        if let Message::Stop(stop) = message {
            let mut text = line.text.clone();
            for _ in 0..PIECES {
                let goes_on = |line: &Line| !line.is_blank();
                let Some(more) = self.lines.peek(0)?.filter(|line| goes_on(line)) else {
                    break;
                };
                let is_row = self.grid.as_ref().is_some_and(|grid| grid.is_sure(&more.text));
                if (is_row && !self.below) || self.ends_at(0)? {
                    break;
                }
                if let Some(more) = self.lines.pop()? {
                    text.push('\n');
                    text.push_str(&more.text);
                }
            }
            let detail = trailer::stopped(stop, self.below || self.grid.is_none());
            let records = u64::from(self.grid.is_some() && !self.below);
            self.queue.reject(line.number, &text, Reason::ServerError, detail, records);
        }
        Ok(true)
    }

    /// A record on one line, or on more because values have line breaks.
    fn record(&mut self) -> Result<bool, ReadError> {
        let is_measured = self.grid.as_ref().is_none_or(|grid| grid.is_measured);
        if !is_measured && self.lines.peek(0)?.is_some_and(|line| !line.text.is_ascii()) {
            let shown = self.shown()?;
            self.find_measure(&shown)?;
        }
        let number = self.lines.peek(0)?.map_or(0, |line| line.number);
        let known = self.next.take().filter(|next| next.number == number);
        let candidate = match known {
            Some(candidate) => Some(candidate),
            None => self.candidate(0)?,
        };
        let is_lost = self.is_lost;
        let is_mixed = self.grid.as_ref().is_some_and(|grid| grid.is_mixed);
        let is_record =
            |one: &Candidate| !is_lost || (one.is_record() && (one.cut.is_full || !is_mixed));
        let may_begin = (candidate.as_ref().zip(self.grid.as_ref()))
            .is_some_and(|(one, grid)| !one.cut.is_undeclared && !grid.is_no_beginning(&one.text));
        if let Some(candidate) = candidate.as_ref().filter(|one| one.others > 0) {
            self.refuse_lines(candidate);
            return Ok(true);
        }
        let Some(mut candidate) = candidate.filter(is_record) else {
            self.begun += u64::from(may_begin || !is_lost);
            return self.lost();
        };
        // Nothing but a line as long as the dashes is sure to begin where it does.
        if is_lost && !(candidate.cut.is_full && candidate.lines == 1) {
            self.unsure.get_or_insert(number);
        }
        if candidate.cut.is_full {
            return Ok(self.found(candidate));
        }
        match self.behind(&mut candidate)? {
            AfterRow::Nothing { .. } if self.is_cut(candidate.lines)? => {
                let detail = "the file ends inside this line".to_owned();
                self.lines.skip(candidate.lines);
                self.refuse(number, &candidate.text, Reason::Truncated, detail);
                Ok(true)
            }
            AfterRow::Nothing { sure } => {
                if !sure {
                    self.unsure.get_or_insert(number);
                }
                Ok(self.found(candidate))
            }
            AfterRow::Perhaps => {
                let detail = "the lines below may be a part of its last value".to_owned();
                self.lines.skip(candidate.lines);
                self.refuse(number, &candidate.text, Reason::Ragged, detail);
                self.begun += 1;
                self.is_lost = true;
                Ok(true)
            }
        }
    }

    /// Whether the file ends without a newline after `lines` lines, so that the last may be truncated.
    fn is_cut(&mut self, lines: usize) -> Result<bool, ReadError> {
        Ok(self.lines.peek(lines)?.is_none() && self.ending.is_unended())
    }

    /// A line that is not a record, or not known to be one.
    fn lost(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        let total = self.grid.as_ref().map_or(0, |grid| grid.total);
        let found = Measure::Units.length(&line.text);
        let detail = if is_dashes(&line.text) {
            "a line of dashes without a header above it".to_owned()
        } else {
            format!("expected {total} characters, found {found}")
        };
        self.refuse(line.number, &line.text, Reason::Ragged, detail);
        self.is_lost = true;
        Ok(true)
    }

    fn found(&mut self, candidate: Candidate) -> bool {
        self.is_lost = false;
        self.rows += 1;
        self.repaired += u64::from(candidate.lines > 1);
        self.lines.skip(candidate.lines);
        self.blanks_below = (!candidate.cut.is_full).then_some(0);
        let held = held(candidate.number, candidate.text, candidate.cut.fields);
        self.queue.push(Waiting::Record(held));
        true
    }
}

impl<R: Read> Reader for Aligned<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.repaired > 0 {
            remarks.push(format!(
                "{} records were rejoined from lines split by a line break",
                self.repaired
            ));
        }
        if self.unsure.is_some() && !self.below && self.repaired + self.refused > 0 {
            remarks.push(UNCOUNTED.to_owned());
        }
        if self.shortened > 0 {
            remarks.push(format!(
                "{} {} followed by blank lines, which are skipped: a line break at the end of the last column is \
                 lost",
                counted(self.shortened, "record"),
                verb(self.shortened, "is", "are"),
            ));
        }
        if self.messages > 0 {
            remarks.push(trailer::passed_over(self.messages));
        }
        if self.unwrapped {
            remarks.push("lines wrapped at the page width were rejoined".to_owned());
        }
        remarks
    }
}
