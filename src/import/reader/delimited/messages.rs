//! What stands between and below records: messages of the server and its tools, row counts, further results.

use super::Delimited;
use super::Place;
use crate::import::format::detect::are_names;
use crate::import::format::trailer;
use crate::import::format::trailer::Message;
use crate::import::reader::queue::Waiting;
use crate::record::OwnedRecord;
use crate::record::Reason;
use crate::record::Trailer;

impl Delimited {
    /// Takes a line that is a server message, or the text of the error above it; returns whether it was one.
    pub(super) fn take_message(&mut self, kept: &OwnedRecord) -> bool {
        let is_text = || kept.fields.len() != self.plan.width && !self.is_second_header(kept);
        if self.in_error && !kept.is_blank() && is_text() {
            return true;
        }
        let below = self.place == Place::Below;
        let message = trailer::message(&kept.text);
        self.in_error = matches!(message, Some(Message::Stop(_)));
        match message {
            None => return false,
            Some(Message::Note) => {}
            Some(Message::Stop(stop)) => {
                self.flush();
                let detail = trailer::stopped(stop, below);
                self.reject(kept, Reason::ServerError, detail, u64::from(!below));
            }
        }
        self.messages += 1;
        true
    }

    /// Takes a row count.
    pub(super) fn count(&mut self, rows: u64) {
        self.flush();
        self.place = Place::Below;
        self.waiting.push_back(Waiting::Trailer(Trailer {
            rows: Some(rows),
            completed_at_ms: None,
        }));
    }

    /// What follows a row count: the time, another result, or another record after all.
    pub(super) fn take_below(&mut self, kept: OwnedRecord) {
        if kept.is_blank() || self.take_message(&kept) {
            return;
        }
        if let Some(at) = trailer::completed_at_ms(&kept.text) {
            self.waiting.push_back(Waiting::Trailer(Trailer {
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

    pub(super) fn begin_result(&mut self, kept: OwnedRecord) {
        self.plan.looks.clear();
        self.holds = false;
        if let Some(sieve) = &mut self.sieve {
            sieve.give_up();
        }
        self.take_names(kept);
    }
}
