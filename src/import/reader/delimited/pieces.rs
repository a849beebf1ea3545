//! Lines that may be pieces of one record: joined if they are one, otherwise rejected one by one.

use super::Delimited;
use super::Place;
use super::kept::join;
use crate::import::format::Quotes;
use crate::import::format::detect::CellShape;
use crate::import::format::detect::is_rule;
use crate::import::format::trailer;
use crate::import::input::line_ends::CTRL_Z;
use crate::import::reader::ambiguous_quotes;
use crate::import::reader::queue::Waiting;
use crate::import::reader::queue::reject;
use crate::record::OwnedRecord;
use crate::record::Reason;
use crate::record::Reject;

/// The maximum number of lines joined into one record.
pub(super) const PIECES: usize = 200;

/// The maximum number of lines searched for the end of an open quote that may not be a quote at all.
pub(super) const OPEN: usize = 50;

pub(super) fn is_typed(look: &CellShape) -> bool {
    matches!(look, CellShape::Number | CellShape::Time)
}

impl Delimited {
    /// Returns the pieces as the records that they form together, or as rejects.
    pub(super) fn flush(&mut self) {
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

    /// The record formed by the first of `pieces` and some after it, with their number. If more than one number is
    /// possible, it is every piece up to the next record, provided that record cannot begin with a piece.
    pub(super) fn together(&self, pieces: &[OwnedRecord]) -> Option<(OwnedRecord, usize)> {
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

    /// Whether a repaired record is like the others: each column of numbers or times has one, and the first or the last
    /// column is such a column, so that no piece could belong to the record before or after instead.
    fn fits(&self, joined: &OwnedRecord) -> bool {
        let looks = &self.plan.looks;
        let bounded = looks.first().is_some_and(is_typed) || looks.last().is_some_and(is_typed);
        let like_others = |(look, text): (&CellShape, &str)| CellShape::of(text).fits(*look);
        self.plan.by_lines()
            && bounded
            && looks.len() == joined.fields.len()
            && looks.iter().zip(joined.texts()).all(like_others)
    }

    pub(super) fn ragged(&mut self, kept: &OwnedRecord) {
        let detail = format!("expected {} fields, found {}", self.plan.width, kept.fields.len());
        self.reject(kept, Reason::Ragged, detail, 1);
    }

    pub(super) fn reject(
        &mut self,
        kept: &OwnedRecord,
        reason: Reason,
        detail: String,
        records: u64,
    ) {
        self.waiting
            .push_back(Waiting::Reject(reject(kept.line, &kept.text, reason, detail, records)));
    }

    /// Takes a line of a format that quotes fields with the separator in them. If a quote is open, the field may
    /// continue in this line, unless the line is a complete record by itself.
    pub(super) fn take_line(&mut self, kept: OwnedRecord) {
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
                    return self.place_record(OwnedRecord { fields, ..joined });
                }
                ambiguous_quotes::Split::Open if lines.len() <= OPEN => {
                    return self.pieces.push(kept);
                }
                _ => self.give_lines_up(),
            }
        }
        match self.split(&kept.text) {
            ambiguous_quotes::Split::Fields(fields) => {
                let kept = OwnedRecord { fields, ..kept };
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
                } else if let Some(kept) = self.decide_stop(kept)
                    && !self.take_message(&kept)
                {
                    self.ragged(&kept);
                }
            }
            ambiguous_quotes::Split::Open => self.pieces.push(kept),
            ambiguous_quotes::Split::Unclear => {
                let detail = "quotes are ambiguous".to_owned();
                self.reject(&kept, Reason::TextAfterQuote, detail, 1);
            }
        }
    }

    fn split(&self, line: &str) -> ambiguous_quotes::Split {
        let known = matches!(self.place, Place::Names | Place::Records);
        let width = if known { self.plan.width } else { 0 };
        ambiguous_quotes::split(line, &self.plan.delimiter, width)
    }

    /// Lines with an open quote that was never closed: one by one.
    fn give_lines_up(&mut self) {
        for piece in std::mem::take(&mut self.pieces) {
            let fields = ambiguous_quotes::bare(&piece.text, &self.plan.delimiter);
            let kept = OwnedRecord { fields, ..piece };
            if kept.is_blank() {
                continue;
            }
            if kept.fields.len() == self.plan.width {
                self.waiting.push_back(Waiting::Record(kept));
            } else {
                let detail =
                    format!("a quote is unclosed, with {} fields next to it", kept.fields.len());
                self.reject(&kept, Reason::UnclosedQuote, detail, 1);
            }
        }
    }

    /// The end of the file: buffered items are returned, and an incomplete last record is a truncated one.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.pieces.pop_if(|last| last.text.as_bytes() == [CTRL_Z]);
        self.end_stop(false);
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
            let broken =
                matches!(reject.reason, Reason::NotText | Reason::Ragged | Reason::UnclosedQuote);
            let fewer = reject.reason != Reason::NotText || cut;
            if broken && fewer && (cut || unended || self.plan.record_end.is_some()) {
                reject.reason = Reason::Truncated;
                reject.detail = format!("the file ends inside this record: {}", reject.detail);
            }
        }
    }
}
