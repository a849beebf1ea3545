//! What stands between and below records: messages of the server and its tools, row counts, further results.

use super::Delimited;
use super::Place;
use super::pieces::PIECES;
use super::pieces::is_typed;
use crate::import::format::detect::CellShape;
use crate::import::format::detect::are_names;
use crate::import::format::trailer;
use crate::import::format::trailer::Message;
use crate::import::format::trailer::Stop;
use crate::import::reader::queue::Waiting;
use crate::record::OwnedRecord;
use crate::record::Reason;
use crate::record::Trailer;

/// A line that says what stopped the query, with the text below it.
pub(super) struct StopLine {
    stop: Stop,
    lines: Vec<OwnedRecord>,
}

impl StopLine {
    /// Whether no more lines belong to it: a blank one ends its text.
    fn is_closed(&self) -> bool {
        self.lines.len() >= PIECES || self.lines.last().is_some_and(OwnedRecord::is_blank)
    }
}

impl Delimited {
    /// Takes a line that is a message; returns whether it was one.
    pub(super) fn take_message(&mut self, kept: &OwnedRecord) -> bool {
        match trailer::message(&kept.text) {
            None => return false,
            Some(Message::Note) => self.messages += 1,
            Some(Message::Stop(_)) if self.is_typed_record(kept) => return false,
            Some(Message::Stop(stop)) => {
                self.stop = Some(StopLine { stop, lines: vec![kept.clone()] });
            }
        }
        true
    }

    /// Whether `kept` is a whole record with numbers and times where the others have them.
    fn is_typed_record(&self, kept: &OwnedRecord) -> bool {
        let looks = &self.plan.looks;
        kept.fields.len() == self.plan.width
            && looks.len() == self.plan.width
            && looks.iter().any(is_typed)
            && (looks.iter().zip(kept.texts())).all(|(look, text)| CellShape::of(text).fits(*look))
    }

    /// Takes the text below a line that says what stopped the query; gives back what is no such text, after deciding
    /// about that line. A record directly below it shows that a tool did not stop there: such a line is a value then.
    pub(super) fn decide_stop(&mut self, kept: OwnedRecord) -> Option<OwnedRecord> {
        if self.stop.is_none() {
            return Some(kept);
        }
        let names = self.is_header_again(&kept)
            || self.is_second_header(&kept)
            || (self.place == Place::Below && are_names(kept.texts()));
        let is_said = trailer::message(&kept.text).is_some()
            || trailer::rows(&kept.text).is_some()
            || trailer::completed_at_ms(&kept.text).is_some();
        let is_record = kept.fields.len() == self.plan.width && !kept.is_blank() && !is_said;
        let is_text = !is_record && !is_said && !names;
        if let Some(stop) = self.stop.as_mut().filter(|stop| is_text && !stop.is_closed()) {
            stop.lines.push(kept);
            return None;
        }
        self.end_stop(is_record && !names);
        Some(kept)
    }

    /// Decides about a line that says what stopped the query, if there is one, and a record follows it or not.
    pub(super) fn end_stop(&mut self, record_follows: bool) {
        let Some(StopLine { stop, lines }) = self.stop.take() else {
            return;
        };
        if stop == Stop::Client && record_follows {
            return lines.into_iter().for_each(|line| self.take_no_message(line));
        }
        self.flush();
        let below = self.place == Place::Below;
        let text = lines.iter().map(|line| line.text.as_str());
        let text = text.collect::<Vec<_>>().join("\n");
        let said = OwnedRecord {
            text: text.trim_end().to_owned(),
            line: lines.first().map_or(0, |line| line.line),
            ..OwnedRecord::default()
        };
        let detail = trailer::stopped(stop, below);
        self.reject(&said, Reason::ServerError, detail, u64::from(!below));
        self.messages += 1;
    }

    /// Takes a line that only looks like a message.
    fn take_no_message(&mut self, kept: OwnedRecord) {
        self.place = Place::Records;
        if kept.fields.len() == self.plan.width {
            self.take_whole(kept);
        } else {
            self.take_piece(kept);
        }
    }

    /// Takes a row count.
    pub(super) fn count(&mut self, rows: u64) {
        self.flush();
        self.place = Place::Below;
        self.waiting
            .push_back(Waiting::Trailer(Trailer { rows: Some(rows), completed_at_ms: None }));
    }

    /// What follows a row count: the time, another result, or another record after all.
    pub(super) fn take_below(&mut self, kept: OwnedRecord) {
        if kept.is_blank() || self.take_message(&kept) {
            return;
        }
        if let Some(at) = trailer::completed_at_ms(&kept.text) {
            self.waiting
                .push_back(Waiting::Trailer(Trailer { rows: None, completed_at_ms: Some(at) }));
            return;
        }
        if self.header.as_ref() == Some(&kept.text) || are_names(kept.texts()) {
            return self.begin_result(kept);
        }
        self.place = Place::Records;
        self.take_record(kept);
    }

    pub(super) fn begin_result(&mut self, kept: OwnedRecord) {
        self.plan.looks.clear();
        self.holds = false;
        if let Some(sieve) = &mut self.sieve {
            sieve.give_up();
        }
        self.take_names(kept);
    }
}
