//! Reads delimited text of any format: header, records, and the tool's messages below.
//!
//! A complete record is passed on as the tokenizer returned it. In a format without quotes, a line break within a field
//! splits its record into short lines. Consecutive short lines are joined again if their fields make exactly one
//! record, every column that looks like numbers or times in the beginning of the file does so here too, and there is
//! such a column; otherwise each line is rejected by itself. So a *record* of such a format is a line that is not part
//! of a repaired record, or a repaired record; blank lines are not records.

mod drawn;
mod kept;
mod messages;
mod pieces;
mod plain;

use crate::import::format::Quotes;
use crate::import::format::detect::{
    BlanksAround, CellShape, Preamble, are_names, is_crossed_rule, is_known_column, is_rule,
    join_times,
};
use crate::import::format::trailer;
use crate::import::input::decode::Decoder;
use crate::import::input::decode::Encoding;
use crate::import::input::decode::Ending;
use crate::import::input::source::Placed;
use crate::import::reader::Item;
use crate::import::reader::Reader;
use crate::import::reader::parallel;
use crate::import::reader::parallel::Ahead;
use crate::import::reader::parallel::Chunking;
use crate::import::reader::queue::{Waiting, reject};
use crate::record::Field;
use crate::record::OwnedRecord;
use crate::record::ReadError;
use crate::record::Reason;
use crate::record::RecordLimits;
use crate::record::Reject;
use crate::record::Written;
use crate::record::row_filter::RowFilter;
use crate::record::tokenizer::RawToken;
use crate::record::tokenizer::TextDialect;
use crate::record::tokenizer::Tokenizer;
use crate::work;
use drawn::Drawn;
use kept::name;
use kept::trim;
use messages::StopLine;
use pieces::PIECES;
pub(super) use plain::Plain;
pub(super) use plain::Seen;
use plain::begins_like_a_message;
use plain::not_text;
use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

/// The layout of a delimited file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelimitedPlan {
    /// The field separator.
    pub delimiter: String,
    /// The record terminator; `None` for a line end.
    pub record_end: Option<String>,
    /// What quotes mean.
    pub quotes: Quotes,
    /// Whether the first record is a header.
    pub header: bool,
    /// How many fields a record has; 0 if the beginning did not show it.
    pub width: usize,
    /// What the columns look like in the beginning.
    pub looks: Vec<CellShape>,
    /// Whether fields are padded with spaces.
    pub padded: bool,
    /// Spaces around values that are not part of them.
    pub blanks: BlanksAround,
    /// Column names that are not before the records, but below them or in another file.
    pub names: Option<Vec<String>>,
    /// Whether the column names may be repeated below the records, where they are ignored.
    pub names_below: bool,
    /// Whether each record has one field more than the header, which is empty.
    pub trailing: bool,
    /// Whether lines of the beginning are no whole records.
    pub broken: bool,
    /// Whether tabs separate the fields, and none of the beginning is in quotes: as in a grid copied from SSMS.
    pub unquoted: bool,
}

impl DelimitedPlan {
    /// Whether an unquoted value may have line breaks, which split its record into lines.
    pub(super) fn by_lines(&self) -> bool {
        let is_unquoted = self.quotes == Quotes::None
            || (self.quotes == Quotes::Doubled && self.broken && self.unquoted);
        is_unquoted && self.record_end.is_none()
    }
}

/// The position in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the header.
    Start,
    /// Directly after the header, where dashes may follow.
    Names,
    /// In the records.
    Records,
    /// After a row count, where another result may begin.
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
    /// The column names as in the file.
    header: Option<String>,
    /// The line of dashes under them, which stands again where they do.
    rule: Option<String>,
    /// Short lines that may be pieces of one record.
    pieces: Vec<OwnedRecord>,
    /// Whether a complete record waits for the next line, on which its last field may continue.
    holds: bool,
    /// A reject that, if it is the last item in the file, shows that the file is truncated.
    last: Option<Reject>,
    waiting: VecDeque<Waiting>,
    current: Option<Waiting>,
    ended: bool,
    repaired: u64,
    doubled: u64,
    messages: u64,
    /// A line that says what stopped the query, until what follows decides what it is.
    stop: Option<StopLine>,
    /// Whether the previous line is a repeated header, under which the line of dashes is repeated too.
    below_names: bool,
    /// Decides which complete records are not needed.
    sieve: Option<RowFilter>,
    /// The table, where it is drawn with bars and a rule.
    drawn: Option<Drawn>,
    /// The file, where other threads may read ahead in it.
    placed: Option<(Placed, Chunking)>,
    ahead: Option<Ahead>,
    /// Records found by reading ahead.
    found: VecDeque<OwnedRecord>,
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
            place: if plan.header { Place::Start } else { Place::Records },
            names: plan.names.clone().unwrap_or_default(),
            holds: Self::must_hold(&plan),
            plan,
            ending,
            header: None,
            rule: None,
            pieces: Vec::new(),
            last: None,
            waiting,
            current: None,
            ended: false,
            repaired: 0,
            doubled: 0,
            messages: 0,
            stop: None,
            below_names: false,
            sieve: None,
            drawn: None,
            placed: None,
            ahead: None,
            found: VecDeque::new(),
        }
    }

    fn dialect(plan: &DelimitedPlan) -> TextDialect {
        let lenient = plan.quotes == Quotes::Separator;
        TextDialect {
            delimiter: if lenient { Vec::new() } else { plan.delimiter.as_bytes().to_vec() },
            record_end: plan.record_end.as_ref().map(|end| end.as_bytes().to_vec()),
            quotes: plan.quotes == Quotes::Doubled,
        }
    }

    /// Whether the last field of a complete line may continue on the next one: it is text, and nothing is quoted, or
    /// lines are broken though values may be quoted.
    fn must_hold(plan: &DelimitedPlan) -> bool {
        let text = matches!(plan.looks.last(), Some(CellShape::Text | CellShape::Nothing) | None);
        let breaks = plan.by_lines() || (plan.quotes == Quotes::Doubled && plan.broken);
        breaks && plan.record_end.is_none() && text && plan.width > 1
    }

    /// The next item in the file, and whether it is a complete record that needs no further check.
    fn see(&mut self) -> Result<Seen, ReadError> {
        let (as_it_stands, alone) = (self.as_it_stands(), self.is_alone());
        // A blank line means something behind a piece of a record, and right under the names.
        let skips_blanks = alone && self.place != Place::Names;
        let plain = Plain { width: self.plan.width, header: self.header.as_deref() };
        Ok(match self.tokens.next_raw()? {
            None => Seen::End,
            Some(RawToken::Reject(reject)) => Seen::Reject(reject),
            Some(RawToken::Record(record)) if skips_blanks && record.bytes.is_empty() => {
                work::steps(1);
                self.tokens.skip_blank_lines();
                Seen::PassedOver
            }
            Some(RawToken::Record(record)) if as_it_stands => {
                plain.see(&record, self.sieve.as_mut().filter(|_| alone))
            }
            Some(RawToken::Record(record)) => not_text(&record).map_or(Seen::Other, Seen::Reject),
        })
    }

    /// Whether records here need no further check.
    fn as_it_stands(&self) -> bool {
        self.place == Place::Records
            && self.drawn.is_none()
            && self.plan.width > 1
            && !self.holds
            && !self.plan.padded
            && !self.plan.blanks.any()
            && self.plan.delimiter != " "
            && self.plan.quotes != Quotes::Separator
    }

    /// Whether the next record is independent of what precedes it.
    fn is_alone(&self) -> bool {
        self.pieces.is_empty() && self.last.is_none() && self.stop.is_none()
    }

    /// Lets other threads read on from here, if possible.
    fn look_ahead(&mut self, sieve: &RowFilter) {
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

    /// The next record found by reading ahead, if records were found from here. Reading continues after it.
    fn found_ahead(&mut self) -> Result<Option<OwnedRecord>, ReadError> {
        while self.found.is_empty() {
            let (Some(ahead), Some((file, _))) = (&mut self.ahead, &self.placed) else {
                return Ok(None);
            };
            let (at, line) = self.tokens.place();
            let Some(mut chunk) = ahead.chunk_at(at) else {
                return Ok(None);
            };
            for kept in &mut chunk.records {
                kept.line += line - 1;
            }
            if let Some(sieve) = &mut self.sieve {
                sieve.follow(&chunk.sieve);
            }
            let decoder = Decoder::new(file.go_on(chunk.end), Encoding::UTF_8, false);
            self.ending = decoder.ending();
            self.found = chunk.records;
            self.tokens.move_to(Box::new(decoder), (chunk.end, line + chunk.lines));
            self.passes_over()?;
        }
        Ok(self.found.pop_front())
    }

    /// Fails if records were skipped that should not have been.
    fn passes_over(&self) -> Result<(), ReadError> {
        if self.sieve.as_ref().is_some_and(RowFilter::is_broken) {
            return Err(ReadError::Malformed {
                line: self.tokens.again().line,
                what: "keys are not ascending, so no record can be skipped".to_owned(),
            });
        }
        Ok(())
    }

    /// Takes a record that needs a further check.
    fn take(&mut self, mut kept: OwnedRecord) {
        if self.plan.quotes == Quotes::Separator {
            return self.take_line(kept);
        }
        if self.take_part_of_row(&kept) {
            return;
        }
        if self.plan.delimiter == " " && self.place == Place::Records {
            join_times(&kept.text, &mut kept.fields, self.plan.width);
        }
        if self.plan.padded {
            trim(&mut kept);
        }
        if self.plan.blanks.any() {
            let OwnedRecord { text, fields, .. } = &mut kept;
            self.plan.blanks.take_off(text, fields);
        }
        self.place_record(kept);
    }

    /// Takes the first record after the header, which may be a line of dashes.
    fn take_spaced(&mut self, mut kept: OwnedRecord) {
        if self.plan.delimiter == " " {
            join_times(&kept.text, &mut kept.fields, self.plan.width);
        }
        self.place_record(kept);
    }

    fn place_record(&mut self, kept: OwnedRecord) {
        work::steps(1 + kept.text.len());
        let Some(kept) = self.decide_stop(kept) else {
            return;
        };
        match self.place {
            Place::Start => self.take_names(kept),
            Place::Names => {
                self.place = Place::Records;
                let crossed = is_crossed_rule(&kept.text, &self.plan.delimiter);
                self.drawn = crossed.then(|| Drawn::below(&kept.text));
                if is_rule(kept.texts()) || crossed {
                    self.rule = Some(kept.text);
                } else {
                    self.take_spaced(kept);
                }
            }
            Place::Below => self.take_below(kept),
            Place::Records => self.take_record(kept),
        }
    }

    fn take_names(&mut self, kept: OwnedRecord) {
        if kept.is_blank() || Preamble::of(&kept.text).is_some() {
            return;
        }
        let mut names: Vec<String> = kept.fields.iter().map(|field| name(&kept, *field)).collect();
        if self.plan.trailing {
            names.push(String::new());
        }
        self.plan.width = names.len();
        self.names.clone_from(&names);
        self.header = Some(kept.text);
        self.place = Place::Names;
        self.waiting.push_back(Waiting::Header(names));
    }

    fn take_record(&mut self, kept: OwnedRecord) {
        let doubled = |field: &&Field| field.written == Written::Doubled;
        self.doubled += kept.fields.iter().filter(doubled).count() as u64;
        if self.is_header_again(&kept) {
            self.flush();
            self.below_names = true;
            let detail = "repeated header".to_owned();
            self.last = Some(reject(kept.line, &kept.text, Reason::RepeatedHeader, detail, 0));
            return;
        }
        if std::mem::take(&mut self.below_names) && self.rule.as_ref() == Some(&kept.text) {
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
            return self.take_whole(kept);
        }
        if self.take_message(&kept) {
            return;
        }
        self.take_piece(kept);
    }

    /// Takes a line with as many fields as a record.
    fn take_whole(&mut self, kept: OwnedRecord) {
        self.flush();
        if self.is_second_header(&kept) {
            self.begin_result(kept);
        } else if self.holds && !kept.text.contains('\0') {
            // What was appended in UTF-16 has its line end in the middle of a character, and goes on nowhere.
            self.pieces.push(kept);
        } else if !kept.is_blank() {
            self.waiting.push_back(Waiting::Record(kept));
        }
    }

    /// Takes a line that is no whole record: a count, other names, or a piece of a record.
    fn take_piece(&mut self, kept: OwnedRecord) {
        let alone = self.pieces.is_empty()
            || self.pieces.last().is_some_and(OwnedRecord::is_blank)
            || self.holds;
        let is_one = kept.fields.len() == 1 || self.plan.delimiter == " ";
        let below = trailer::rows(&kept.text).filter(|_| alone && is_one);
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

    /// Whether `kept` is the header again.
    fn is_header_again(&self, kept: &OwnedRecord) -> bool {
        let is_named = || !self.names.is_empty() && kept.texts().eq(self.names.iter());
        match &self.header {
            Some(header) => *header == kept.text,
            None => is_named(),
        }
    }

    /// Whether `kept` is a different header: most of its names are the product's columns.
    fn is_second_header(&self, kept: &OwnedRecord) -> bool {
        let known = kept.texts().filter(|name| is_known_column(name)).count();
        known >= 2 && known * 2 >= kept.fields.len() && are_names(kept.texts())
    }

    /// Advances until an item can be returned. Returns whether it is the tokenizer's own record.
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
                    let kept = OwnedRecord::of_raw(&self.tokens.again());
                    self.take(kept);
                }
                Seen::Reject(reject) => {
                    if let Some(reject) = self.last.take() {
                        self.waiting.push_back(Waiting::Reject(reject));
                    }
                    self.end_stop(false);
                    self.flush();
                    self.last = Some(reject);
                }
            }
        }
    }
}

impl Reader for Delimited {
    fn is_unended(&self) -> bool {
        let is_lines = matches!(self.plan.record_end.as_deref(), None | Some("\r\n"));
        self.ending.is_unended() && is_lines
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
            Waiting::Trailer(footer) => Item::Trailer(*footer),
        }))
    }

    fn pass_over(&mut self, sieve: RowFilter) {
        self.look_ahead(&sieve);
        self.sieve = Some(sieve);
    }

    fn may_read_ahead(&mut self, file: Placed, cut: Chunking) {
        self.placed = Some((file, cut));
    }

    fn passed_over(&self) -> u64 {
        self.sieve.as_ref().map_or(0, RowFilter::passed_over)
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.messages > 0 {
            remarks.push(trailer::passed_over(self.messages));
        }
        if self.plan.blanks.any() {
            let remark =
                "blanks around the separators are not part of the values, and were removed";
            remarks.push(remark.to_owned());
        }
        if self.plan.trailing {
            let remark = "each record has one more trailing separator than the header";
            remarks.push(remark.to_owned());
        }
        if self.plan.record_end.as_deref() == Some("\r\n") {
            let remark = "records end in CR LF; a line feed alone is part of a value";
            remarks.push(remark.to_owned());
        }
        if self.repaired > 0 {
            remarks.push(format!(
                "{} records were rejoined from lines split by a line break",
                self.repaired
            ));
        }
        if self.plan.quotes == Quotes::Separator && self.doubled > 0 {
            remarks
                .push(format!("doubled quotes in {} quoted fields were unescaped", self.doubled));
        }
        remarks
    }
}
