//! Reads delimited text of any form: names, records, what the producer says below.
//!
//! A record that is whole is lent on as the tokenizer found it. In a form that quotes nothing, a line break within a
//! field cuts its record into short lines. Consecutive short lines are put together again where their fields are
//! exactly one record's, every column that looks like numbers or times in the file's beginning does so in it too, and
//! there is such a column; otherwise each line is a reject by itself. So a *record* of such a form is a line that is no
//! part of a repaired record, and a repaired one; blank lines are none.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use crate::import::format::Quotes;
use crate::import::format::detect::{Look, Preamble, are_names, is_known_column, is_rule};
use crate::import::format::trailer::{self, Message};
use crate::import::input::decode::{Decoder, Encoding, Ending};
use crate::import::input::line_ends::CTRL_Z;
use crate::import::input::source::Placed;
use crate::import::reader::ambiguous_quotes;
use crate::import::reader::parallel;
use crate::import::reader::parallel::{Ahead, Cut};
use crate::import::reader::queue::reject;
use crate::import::reader::{Item, Reader};
use crate::record::row_filter::Sieve;
use crate::record::tokenizer::{RawRecord, RawToken, TextDialect, Tokenizer};
use crate::record::work;
use crate::record::{Field, Footer, ReadError, Reason, Record, RecordLimits, Reject, Written};

/// The most lines that are put together to one record.
const PIECES: usize = 200;

/// The most lines that an open quote is looked for on, where it may as well be none.
const OPEN: usize = 50;

/// How a delimited file is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelimitedPlan {
    /// What stands between two fields.
    pub delimiter: String,
    /// What ends a record; `None` for a line end.
    pub record_end: Option<String>,
    /// What quotes mean.
    pub quotes: Quotes,
    /// Whether the first record is names.
    pub header: bool,
    /// How many fields a record has; 0 when the beginning did not tell.
    pub width: usize,
    /// What the columns look like in the beginning.
    pub looks: Vec<Look>,
    /// Whether fields are padded with blanks.
    pub padded: bool,
    /// Names of columns that do not stand before the records, but below them or in a file beside.
    pub names: Option<Vec<String>>,
    /// Whether the names may stand below the records, where they mean nothing new.
    pub names_below: bool,
    /// Whether each record has a field more than there are names, and nothing in it.
    pub trailing: bool,
}

/// A record kept for later.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub line: u64,
    text: String,
    fields: Vec<Field>,
    /// Where it begins and ends in the file, as UTF-8.
    span: (u64, u64),
}

impl Kept {
    pub fn of(record: &RawRecord<'_>) -> Self {
        Self {
            line: record.line,
            text: String::from_utf8_lossy(record.bytes).into_owned(),
            fields: record.fields.to_vec(),
            span: (record.offset, record.offset + record.bytes.len() as u64),
        }
    }

    fn record(&self) -> Record<'_> {
        Record {
            line: self.line,
            text: &self.text,
            fields: &self.fields,
            cells: &self.text,
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields
            .iter()
            .map(|field| self.text.get(field.start..field.end).unwrap_or_default())
    }

    fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// What waits to be handed on.
enum Waiting {
    Header(Vec<String>),
    Record(Kept),
    Reject(Reject),
    Footer(Footer),
}

/// Where a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the names.
    Start,
    /// Right after the names, where dashes may stand.
    Names,
    /// In the records.
    Records,
    /// After a count of rows, where another result may begin.
    Below,
}

/// Reads one delimited file.
pub struct Delimited {
    tokens: Tokenizer<Box<dyn Read + Send>>,
    limits: RecordLimits,
    plan: DelimitedPlan,
    ending: Arc<Ending>,
    place: Place,
    names: Vec<String>,
    /// The names as they stand in the file.
    header: Option<String>,
    /// Short lines that may be pieces of one record.
    pieces: Vec<Kept>,
    /// Whether a whole record waits for what the next line is: its last field may go on there.
    holds: bool,
    /// A reject that is the last thing in the file says that the file is cut.
    last: Option<Reject>,
    waiting: VecDeque<Waiting>,
    current: Option<Waiting>,
    ended: bool,
    repaired: u64,
    doubled: u64,
    messages: u64,
    /// Whether the line before is an error of the server, whose text goes on.
    in_error: bool,
    /// Says which whole records nobody needs.
    sieve: Option<Sieve>,
    /// The file, where other threads may read ahead in it.
    placed: Option<(Placed, Cut)>,
    ahead: Option<Ahead>,
    /// Records that were found ahead.
    found: VecDeque<Kept>,
}

/// What the tokenizer found, told apart without keeping it.
pub(super) enum Seen {
    End,
    Whole,
    PassedOver,
    Other,
    Reject(Reject),
}

/// What a record is like that needs no second look.
#[derive(Clone, Copy)]
pub(super) struct Plain<'p> {
    pub width: usize,
    pub header: Option<&'p str>,
}

impl Plain<'_> {
    /// What a record is: whole, or, if `sieve` says that nobody needs it, passed over.
    #[inline]
    pub fn see(self, record: &RawRecord<'_>, sieve: Option<&mut Sieve>) -> Seen {
        if let Some(reject) = not_text(record) {
            return Seen::Reject(reject);
        }
        let plain = record.fields.len() == self.width
            && self
                .header
                .is_none_or(|header| header.as_bytes() != record.bytes)
            && !begins_like_a_name(record.bytes, record.fields)
            && !begins_like_a_message(record.bytes);
        if !plain {
            Seen::Other
        } else if sieve.is_some_and(|sieve| !sieve.keeps(record)) {
            Seen::PassedOver
        } else {
            Seen::Whole
        }
    }
}

fn not_text(record: &RawRecord<'_>) -> Option<Reject> {
    if record.ascii {
        None
    } else {
        record.text().err()
    }
}

impl Delimited {
    /// Reads `reader` as `plan` says.
    pub fn new(
        reader: Box<dyn Read + Send>,
        plan: DelimitedPlan,
        ending: Arc<Ending>,
        limits: RecordLimits,
    ) -> Self {
        let dialect = Self::dialect(&plan);
        let mut waiting = VecDeque::new();
        if let Some(names) = &plan.names {
            waiting.push_back(Waiting::Header(names.clone()));
        }
        Self {
            tokens: Tokenizer::new(reader, dialect, limits),
            limits,
            place: if plan.header {
                Place::Start
            } else {
                Place::Records
            },
            names: plan.names.clone().unwrap_or_default(),
            holds: Self::must_hold(&plan),
            plan,
            ending,
            header: None,
            pieces: Vec::new(),
            last: None,
            waiting,
            current: None,
            ended: false,
            repaired: 0,
            doubled: 0,
            messages: 0,
            in_error: false,
            sieve: None,
            placed: None,
            ahead: None,
            found: VecDeque::new(),
        }
    }

    fn dialect(plan: &DelimitedPlan) -> TextDialect {
        let lenient = plan.quotes == Quotes::Separator;
        TextDialect {
            delimiter: if lenient {
                Vec::new()
            } else {
                plan.delimiter.as_bytes().to_vec()
            },
            record_end: plan.record_end.as_ref().map(|end| end.as_bytes().to_vec()),
            quotes: plan.quotes == Quotes::Doubled,
        }
    }

    /// Whether the last field of a whole line may go on in the next one: nothing is quoted, and it is a text.
    fn must_hold(plan: &DelimitedPlan) -> bool {
        let text = matches!(plan.looks.last(), Some(Look::Text | Look::Nothing) | None);
        plan.quotes == Quotes::None && plan.record_end.is_none() && text && plan.width > 1
    }

    /// The next thing in the file, and whether it is a whole record that needs no second look.
    fn see(&mut self) -> Result<Seen, ReadError> {
        let (as_it_stands, alone) = (self.as_it_stands(), self.is_alone());
        // A blank line means something behind a piece of a record, and right under the names.
        let skips_blanks = alone && self.place != Place::Names;
        let plain = Plain {
            width: self.plan.width,
            header: self.header.as_deref(),
        };
        Ok(match self.tokens.next_raw()? {
            None => Seen::End,
            Some(RawToken::Reject(reject)) => Seen::Reject(reject),
            Some(RawToken::Record(record)) if skips_blanks && record.bytes.is_empty() => {
                work::steps(1);
                self.in_error = false;
                self.tokens.skip_blank_lines();
                Seen::PassedOver
            }
            Some(RawToken::Record(record)) if as_it_stands => {
                plain.see(&record, self.sieve.as_mut().filter(|_| alone))
            }
            Some(RawToken::Record(record)) => not_text(&record).map_or(Seen::Other, Seen::Reject),
        })
    }

    /// Whether there are records here that need no second look.
    fn as_it_stands(&self) -> bool {
        self.place == Place::Records
            && self.plan.width > 1
            && !self.holds
            && !self.plan.padded
            && self.plan.quotes != Quotes::Separator
    }

    /// Whether the next record has nothing to do with what stands before it.
    fn is_alone(&self) -> bool {
        self.pieces.is_empty() && self.last.is_none()
    }

    /// Has other threads read on from here, where that can be.
    fn look_ahead(&mut self, sieve: &Sieve) {
        let Some((file, cut)) = &self.placed else {
            return;
        };
        if self.as_it_stands() && self.plan.record_end.is_none() {
            let rules = parallel::Rules {
                dialect: Self::dialect(&self.plan),
                limits: self.limits,
                width: self.plan.width,
                header: self.header.clone(),
                sieve: sieve.clone(),
            };
            self.ahead = Ahead::begin(file, self.tokens.place().0, &rules, *cut);
        }
    }

    /// The next record that was found ahead, if this is where records were found. What is read next stands behind it.
    fn found_ahead(&mut self) -> Result<Option<Kept>, ReadError> {
        while self.found.is_empty() {
            let (Some(ahead), Some((file, _))) = (&mut self.ahead, &self.placed) else {
                return Ok(None);
            };
            let (at, line) = self.tokens.place();
            let Some(mut run) = ahead.run_at(at) else {
                return Ok(None);
            };
            for kept in &mut run.records {
                kept.line += line - 1;
            }
            if let Some(sieve) = &mut self.sieve {
                sieve.follow(&run.sieve);
            }
            let decoder = Decoder::new(file.go_on(run.end), Encoding::UTF_8, false);
            self.ending = decoder.ending();
            self.found = run.records;
            self.tokens
                .move_to(Box::new(decoder), (run.end, line + run.lines));
            self.passes_over()?;
        }
        Ok(self.found.pop_front())
    }

    /// Fails where records were passed over that should not have been.
    fn passes_over(&self) -> Result<(), ReadError> {
        if self.sieve.as_ref().is_some_and(Sieve::is_broken) {
            return Err(ReadError::Malformed {
                line: self.tokens.again().line,
                what: "keys do not ascend, so that no record can be passed over".to_owned(),
            });
        }
        Ok(())
    }

    /// Takes a record that needs a second look.
    fn take(&mut self, mut kept: Kept) {
        if self.plan.quotes == Quotes::Separator {
            return self.take_line(kept);
        }
        if self.plan.padded {
            trim(&mut kept);
        }
        self.place_record(kept);
    }

    fn place_record(&mut self, kept: Kept) {
        work::steps(1 + kept.text.len());
        match self.place {
            Place::Start => self.take_names(kept),
            Place::Names => {
                self.place = Place::Records;
                if !is_rule(kept.texts()) {
                    self.place_record(kept);
                }
            }
            Place::Below => self.take_below(kept),
            Place::Records => self.take_record(kept),
        }
    }

    fn take_names(&mut self, kept: Kept) {
        if kept.is_blank() || Preamble::of(&kept.text).is_some() {
            return;
        }
        let mut names: Vec<String> = kept
            .fields
            .iter()
            .map(|field| name(&kept, *field))
            .collect();
        if self.plan.trailing {
            names.push(String::new());
        }
        self.plan.width = names.len();
        self.names.clone_from(&names);
        self.header = Some(kept.text);
        self.place = Place::Names;
        self.waiting.push_back(Waiting::Header(names));
    }

    /// Takes a line that is a message of the server, or the text of the error above it; says whether it was one.
    fn take_message(&mut self, kept: &Kept) -> bool {
        if self.in_error && !kept.is_blank() && kept.fields.len() != self.plan.width {
            return true;
        }
        let below = self.place == Place::Below;
        let message = trailer::message(&kept.text);
        self.in_error = matches!(message, Some(Message::Error(_)));
        match message {
            None => return false,
            Some(Message::Note) => {}
            Some(Message::Error(number)) => {
                self.flush();
                let detail = trailer::stopped(number, below);
                self.reject(kept, Reason::ServerError, detail, u64::from(!below));
            }
        }
        self.messages += 1;
        true
    }

    /// Takes a count of rows.
    fn count(&mut self, rows: u64) {
        self.flush();
        self.place = Place::Below;
        self.waiting.push_back(Waiting::Footer(Footer {
            rows: Some(rows),
            completed_at_ms: None,
        }));
    }

    /// What stands after a count of rows: the time, another result, or, after all, a record.
    fn take_below(&mut self, kept: Kept) {
        if kept.is_blank() || self.take_message(&kept) {
            return;
        }
        if let Some(at) = trailer::completed_at_ms(&kept.text) {
            self.waiting.push_back(Waiting::Footer(Footer {
                rows: None,
                completed_at_ms: Some(at),
            }));
            return;
        }
        if self.header.as_ref() == Some(&kept.text) || are_names(kept.texts()) {
            return self.begin_result(kept);
        }
        self.place = Place::Records;
        self.take_record(kept);
    }

    fn begin_result(&mut self, kept: Kept) {
        self.plan.looks.clear();
        self.holds = false;
        if let Some(sieve) = &mut self.sieve {
            sieve.give_up();
        }
        self.take_names(kept);
    }

    fn take_record(&mut self, kept: Kept) {
        let doubled = |field: &&Field| field.written == Written::Doubled;
        self.doubled += kept.fields.iter().filter(doubled).count() as u64;
        if self.header.as_ref() == Some(&kept.text)
            || (self.header.is_none()
                && !self.names.is_empty()
                && kept.texts().eq(self.names.iter()))
        {
            self.flush();
            let detail = "the names of the columns, again".to_owned();
            self.last = Some(reject(
                kept.line,
                &kept.text,
                Reason::RepeatedHeader,
                detail,
                0,
            ));
            return;
        }
        let whole =
            kept.fields.len() == self.plan.width && !(kept.is_blank() && self.plan.width > 1);
        if whole && begins_like_a_message(kept.text.as_bytes()) {
            if self.take_message(&kept) {
                return;
            }
            let rows = trailer::rows(&kept.text).filter(|_| self.plan.delimiter == " ");
            if let Some(rows) = rows {
                return self.count(rows);
            }
        }
        if whole {
            self.in_error = false;
            if self.is_second_header(&kept) {
                self.flush();
                return self.begin_result(kept);
            }
            self.flush();
            if self.plan.width == 1 && kept.is_blank() {
                return;
            }
            return if self.holds {
                self.pieces.push(kept);
            } else {
                self.waiting.push_back(Waiting::Record(kept));
            };
        }
        if self.take_message(&kept) {
            return;
        }
        let alone =
            self.pieces.is_empty() || self.pieces.last().is_some_and(Kept::is_blank) || self.holds;
        let below = trailer::rows(&kept.text).filter(|_| alone && kept.fields.len() == 1);
        if let Some(rows) = below {
            self.count(rows);
        } else if self.is_second_header(&kept) {
            self.flush();
            self.begin_result(kept);
        } else if kept.fields.len() > self.plan.width || self.plan.quotes == Quotes::Separator {
            self.flush();
            self.ragged(&kept);
        } else {
            if self.pieces.len() >= PIECES {
                self.flush();
            }
            // A blank line is no first piece.
            if !(kept.is_blank() && self.pieces.is_empty()) {
                self.pieces.push(kept);
            }
        }
    }

    /// Whether `kept` is the names of other columns: most of them the product's.
    fn is_second_header(&self, kept: &Kept) -> bool {
        let known = kept.texts().filter(|name| is_known_column(name)).count();
        known >= 2 && known * 2 >= kept.fields.len() && are_names(kept.texts())
    }

    /// Hands the pieces on: as the records that they are together, or as rejects.
    fn flush(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        let mut at = 0;
        while let Some(first) = pieces.get(at) {
            at += 1;
            if first.is_blank() {
                continue;
            }
            let next = pieces.get(at).filter(|next| !next.is_blank());
            let goes_on = next.is_some_and(|next| next.fields.len() == 1);
            let whole = first.fields.len() == self.plan.width;
            if let Some((joined, used)) = self.together(&pieces[at - 1..]) {
                self.repaired += 1;
                self.waiting.push_back(Waiting::Record(joined));
                at += used - 1;
            } else if whole && !goes_on {
                self.waiting.push_back(Waiting::Record(first.clone()));
            } else if whole {
                let detail = "the line below may be a part of its last field".to_owned();
                self.reject(first, Reason::Ragged, detail, 1);
            } else {
                self.ragged(first);
            }
        }
    }

    /// The record that the first of `pieces` and some behind it are, with their number. Where more than one number is
    /// possible, every piece up to the next record is meant, if that one could not begin with a piece.
    fn together(&self, pieces: &[Kept]) -> Option<(Kept, usize)> {
        let mut found = None;
        let mut sum = pieces.first()?.fields.len();
        for (at, piece) in pieces.iter().enumerate().skip(1) {
            sum += piece.fields.len().saturating_sub(1);
            if sum > self.plan.width {
                break;
            }
            if sum == self.plan.width && !piece.is_blank() {
                let joined = join(&pieces[..=at]);
                if self.fits(&joined) {
                    let begins_typed = self.plan.looks.first().is_some_and(is_typed);
                    if found.is_some() && !begins_typed {
                        return None;
                    }
                    found = Some((joined, at + 1));
                }
            }
        }
        found
    }

    /// Whether a repaired record is like the others: each column that is numbers or times is so in it, and the first or
    /// the last one is, so that no piece could as well belong to the record before or after.
    fn fits(&self, joined: &Kept) -> bool {
        let looks = &self.plan.looks;
        let bounded = looks.first().is_some_and(is_typed) || looks.last().is_some_and(is_typed);
        let by_lines = self.plan.quotes == Quotes::None && self.plan.record_end.is_none();
        let like_others = |(look, text): (&Look, &str)| Look::of(text).fits(*look);
        by_lines
            && bounded
            && looks.len() == joined.fields.len()
            && looks.iter().zip(joined.texts()).all(like_others)
    }

    fn ragged(&mut self, kept: &Kept) {
        let detail = format!(
            "expected {} fields, found {}",
            self.plan.width,
            kept.fields.len()
        );
        self.reject(kept, Reason::Ragged, detail, 1);
    }

    fn reject(&mut self, kept: &Kept, reason: Reason, detail: String, records: u64) {
        self.waiting.push_back(Waiting::Reject(reject(
            kept.line, &kept.text, reason, detail, records,
        )));
    }

    /// Takes a line of a form that quotes fields with the separator in them. Where a quote is open, the field may go on
    /// in this line, unless the line is a whole record by itself.
    fn take_line(&mut self, kept: Kept) {
        if !self.pieces.is_empty() {
            let alone = self.split(&kept.text);
            let whole =
                matches!(&alone, ambiguous_quotes::Split::Fields(f) if f.len() == self.plan.width);
            let mut lines = self.pieces.clone();
            lines.push(kept.clone());
            let joined = join(&lines);
            match self.split(&joined.text) {
                _ if whole => self.give_lines_up(),
                ambiguous_quotes::Split::Fields(fields) => {
                    self.pieces.clear();
                    return self.place_record(Kept { fields, ..joined });
                }
                ambiguous_quotes::Split::Open if lines.len() <= OPEN => {
                    return self.pieces.push(kept);
                }
                _ => self.give_lines_up(),
            }
        }
        match self.split(&kept.text) {
            ambiguous_quotes::Split::Fields(fields) => {
                let kept = Kept { fields, ..kept };
                if self.place == Place::Names && !is_rule(kept.texts()) {
                    self.place = Place::Records;
                }
                if kept.is_blank() && self.place == Place::Records {
                    // A blank line is nothing, and goes on with nothing.
                } else if kept.fields.len() == self.plan.width
                    || self.place != Place::Records
                    || self.is_second_header(&kept)
                    || trailer::rows(&kept.text).is_some()
                {
                    self.place_record(kept);
                } else if !self.take_message(&kept) {
                    self.ragged(&kept);
                }
            }
            ambiguous_quotes::Split::Open => self.pieces.push(kept),
            ambiguous_quotes::Split::Unclear => {
                let detail = "quotes can be read in two ways".to_owned();
                self.reject(&kept, Reason::TextAfterQuote, detail, 1);
            }
        }
    }

    fn split(&self, line: &str) -> ambiguous_quotes::Split {
        let known = matches!(self.place, Place::Names | Place::Records);
        let width = if known { self.plan.width } else { 0 };
        ambiguous_quotes::split(line, &self.plan.delimiter, width)
    }

    /// Lines with an open quote that never closed: each by itself.
    fn give_lines_up(&mut self) {
        for piece in std::mem::take(&mut self.pieces) {
            let fields = ambiguous_quotes::bare(&piece.text, &self.plan.delimiter);
            let kept = Kept { fields, ..piece };
            if kept.is_blank() {
                continue;
            }
            if kept.fields.len() == self.plan.width {
                self.waiting.push_back(Waiting::Record(kept));
            } else {
                let detail = format!(
                    "a quote is open, and {} fields stand beside it",
                    kept.fields.len()
                );
                self.reject(&kept, Reason::UnclosedQuote, detail, 1);
            }
        }
    }

    /// The end of the file: what waits is handed on, and a broken last record is a cut one.
    fn end(&mut self) {
        self.ended = true;
        self.pieces.pop_if(|last| last.text.as_bytes() == [CTRL_Z]);
        if self.plan.quotes == Quotes::Separator {
            self.give_lines_up();
        } else {
            self.flush();
        }
        let last = self.last.take();
        let below =
            |reject: &Reject| self.plan.names_below && reject.reason == Reason::RepeatedHeader;
        if let Some(reject) = last.filter(|reject| !below(reject)) {
            self.waiting.push_back(Waiting::Reject(reject));
        }
        let cut = self.ending.is_cut();
        let unended = self.ending.is_unended() && self.plan.record_end.is_none();
        if let Some(Waiting::Reject(reject)) = self.waiting.back_mut() {
            let broken = matches!(
                reject.reason,
                Reason::NotText | Reason::Ragged | Reason::UnclosedQuote
            );
            let fewer = reject.reason != Reason::NotText || cut;
            if broken && fewer && (cut || unended || self.plan.record_end.is_some()) {
                reject.reason = Reason::Truncated;
                reject.detail = format!("the file ends inside this record: {}", reject.detail);
            }
        }
    }

    /// Moves on until something can be handed on. Whether it is the tokenizer's own record.
    fn advance(&mut self) -> Result<bool, ReadError> {
        self.current = None;
        loop {
            if let Some(waiting) = self.waiting.pop_front() {
                if let (Waiting::Record(kept), Some(sieve)) = (&waiting, &mut self.sieve) {
                    sieve.note(kept.text.as_bytes(), &kept.fields);
                    self.passes_over()?;
                }
                self.current = Some(waiting);
                return Ok(false);
            }
            if self.ended {
                return Ok(false);
            }
            if self.ahead.is_some()
                && self.as_it_stands()
                && self.is_alone()
                && let Some(kept) = self.found_ahead()?
            {
                self.current = Some(Waiting::Record(kept));
                return Ok(false);
            }
            let seen = self.see()?;
            self.passes_over()?;
            match seen {
                Seen::End => self.end(),
                Seen::Whole if self.is_alone() => return Ok(true),
                Seen::PassedOver => {}
                Seen::Whole | Seen::Other => {
                    if let Some(reject) = self.last.take() {
                        self.waiting.push_back(Waiting::Reject(reject));
                    }
                    let kept = Kept::of(&self.tokens.again());
                    self.take(kept);
                }
                Seen::Reject(reject) => {
                    if let Some(reject) = self.last.take() {
                        self.waiting.push_back(Waiting::Reject(reject));
                    }
                    self.flush();
                    self.last = Some(reject);
                }
            }
        }
    }
}

fn is_typed(look: &Look) -> bool {
    matches!(look, Look::Number | Look::Time)
}

/// Whether a record may be an error of the server that has as many commas in it as a record, or a count of rows that
/// has as many blanks.
#[inline]
fn begins_like_a_message(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(b'M') => bytes.starts_with(b"Msg "),
        Some(b'(') => bytes.ends_with(b")"),
        _ => false,
    }
}

/// Whether a record may be the names of other columns. Nearly no record is: its first field would be a number.
fn begins_like_a_name(bytes: &[u8], fields: &[Field]) -> bool {
    let first = fields
        .first()
        .and_then(|field| bytes.get(field.start..field.end))
        .unwrap_or_default();
    let could = first
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'[' | b'_' | b'-'));
    could
        && first != b"NULL"
        && (first[0] == b'-' || std::str::from_utf8(first).is_ok_and(is_known_column))
}

/// The name in a field of a header.
fn name(kept: &Kept, field: Field) -> String {
    let text = kept
        .text
        .get(field.start..field.end)
        .unwrap_or_default()
        .trim_matches(' ');
    if field.written == Written::Doubled {
        text.replace("\"\"", "\"")
    } else {
        text.to_owned()
    }
}

/// Takes padding off: blanks at the end of each field, and those before numbers, times and NULL.
fn trim(kept: &mut Kept) {
    for field in &mut kept.fields {
        let text = kept.text.get(field.start..field.end).unwrap_or_default();
        field.end = field.start + text.trim_end_matches(' ').len();
        let inner = text.trim_matches(' ');
        if inner.len() < text.len()
            && (inner == "NULL" || matches!(Look::of(inner), Look::Number | Look::Time))
        {
            field.start = field.end - inner.len();
        }
    }
}

/// Puts pieces together, with the line breaks that stood between them.
fn join(pieces: &[Kept]) -> Kept {
    work::steps(pieces.iter().map(|piece| piece.text.len() + 1).sum());
    let mut joined = pieces[0].clone();
    for piece in &pieces[1..] {
        let gap = piece.span.0.saturating_sub(joined.span.1);
        joined.text.push_str(if gap == 2 { "\r\n" } else { "\n" });
        let moved = joined.text.len();
        joined.text.push_str(&piece.text);
        let mut fields = piece.fields.iter().map(|field| Field {
            start: field.start + moved,
            end: field.end + moved,
            written: field.written,
        });
        if let (Some(last), Some(first)) = (joined.fields.last_mut(), fields.next()) {
            last.end = first.end;
        }
        joined.fields.extend(fields);
        joined.span.1 = piece.span.1;
    }
    joined
}

impl Reader for Delimited {
    fn is_unended(&self) -> bool {
        self.ending.is_unended() && self.plan.record_end.is_none()
    }

    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        if self.advance()? {
            let record = self.tokens.again();
            return Ok(Some(match record.text() {
                Ok(record) => Item::Record(record),
                Err(reject) => Item::Reject(reject),
            }));
        }
        Ok(self.current.as_mut().map(|waiting| match waiting {
            Waiting::Header(names) => Item::Header(std::mem::take(names)),
            Waiting::Record(kept) => Item::Record(kept.record()),
            Waiting::Reject(reject) => Item::Reject(reject.clone()),
            Waiting::Footer(footer) => Item::Footer(*footer),
        }))
    }

    fn pass_over(&mut self, sieve: Sieve) {
        self.look_ahead(&sieve);
        self.sieve = Some(sieve);
    }

    fn may_read_ahead(&mut self, file: Placed, cut: Cut) {
        self.placed = Some((file, cut));
    }

    fn passed_over(&self) -> u64 {
        self.sieve.as_ref().map_or(0, Sieve::passed_over)
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.messages > 0 {
            remarks.push(trailer::passed_over(self.messages));
        }
        if self.plan.trailing {
            let remark =
                "each record ends in a separator more than the names, with nothing behind it";
            remarks.push(remark.to_owned());
        }
        if self.repaired > 0 {
            remarks.push(format!(
                "{} records were put together from lines that a line break had cut",
                self.repaired
            ));
        }
        if self.plan.quotes == Quotes::Separator && self.doubled > 0 {
            remarks.push(format!(
                "doubled quotes in {} quoted fields were read as one quote each",
                self.doubled
            ));
        }
        remarks
    }
}
