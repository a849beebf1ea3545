//! The lines of one record.

use super::AfterRow;
use super::Aligned;
use super::PIECES;
use super::cut::Candidate;
use super::cut::Cut;
use super::cut::Sum;
use super::cut::held;
use super::layout::Measure;
use crate::import::reader::queue::Waiting;
use crate::record::ReadError;
use crate::record::Reason;
use crate::work;
use std::io::Read;

impl<R: Read> Aligned<R> {
    /// The record that may begin `from` lines ahead, and how many of its lines may begin one too.
    pub(super) fn candidate(&mut self, from: usize) -> Result<Option<Candidate>, ReadError> {
        let Some(mut candidate) = self.fewest_lines(from)? else {
            return Ok(None);
        };
        for at in 1..candidate.lines {
            let other = self.fewest_lines(from + at)?;
            candidate.others += u64::from(other.is_some_and(|other| !other.cut.is_undeclared));
        }
        Ok(Some(candidate))
    }

    /// The record that may begin `from` lines ahead: the fewest lines that reach the last column, or, if that is
    /// padded, the end of the dashes.
    pub(super) fn fewest_lines(&mut self, from: usize) -> Result<Option<Candidate>, ReadError> {
        let (total, last, padded, is_sure) = match &self.grid {
            Some(grid) => (grid.total, grid.last, grid.padded, grid.is_surely_padded),
            None => return Ok(None),
        };
        let mut sum = Sum::default();
        let mut alone = false;
        for at in 0..PIECES {
            if at > 0 && self.ends_at(from + at)? {
                return Ok(None);
            }
            let Some(line) = self.lines.peek(from + at)?.filter(|line| line.bad.is_none()) else {
                return Ok(None);
            };
            sum.add(line);
            let full = sum.lengths.contains(&total);
            let reaches = sum.lengths.iter().any(|length| *length >= last && *length < total);
            if full || (reaches && (!padded || at == 0)) {
                if let Some(mut found) = self.fitting(from, at + 1, &sum, !padded)? {
                    // A line that is a record by itself goes on with no line that is another: all may be records, or
                    // all of them one, and what stands behind them begins in the same place either way.
                    found.others =
                        u64::from(alone && !is_sure && self.any_is_record(from + 1, at)?);
                    return Ok(Some(found));
                }
                alone |= padded && at == 0 && self.fitting(from, 1, &sum, true)?.is_some();
            }
            let past = |length: &usize| *length >= if padded { total } else { last };
            if sum.lengths.iter().all(past) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// The lines from `from` lines ahead that together are as long as the dashes.
    pub(super) fn exact_lines(&mut self, from: usize) -> Result<Option<Candidate>, ReadError> {
        let total = self.grid.as_ref().map_or(0, |grid| grid.total);
        let mut sum = Sum::default();
        for at in 0..PIECES {
            if at > 0 && self.ends_at(from + at)? {
                break;
            }
            let Some(line) = self.lines.peek(from + at)? else {
                break;
            };
            sum.add(line);
            if sum.lengths.contains(&total) {
                let found = self.fitting(from, at + 1, &sum, false)?;
                // It may be as long as the dashes by another measure only.
                if found.is_some() {
                    return Ok(found);
                }
            }
            if sum.lengths.iter().all(|length| *length > total) {
                break;
            }
        }
        Ok(None)
    }

    /// The `count` lines from `from` on, if together they fit.
    pub(super) fn fitting(
        &mut self,
        from: usize,
        count: usize,
        sum: &Sum,
        short: bool,
    ) -> Result<Option<Candidate>, ReadError> {
        // A padded value does not end in a line break.
        let end = self.lines.peek(from + count - 1)?;
        if count > 1 && !short && end.is_some_and(|line| line.text.is_empty()) {
            return Ok(None);
        }
        let number = self.lines.peek(from)?.map_or(0, |line| line.number);
        let text = self.lines.joined_from(from, count)?;
        work::steps(text.len());
        let Some(grid) = &self.grid else {
            return Ok(None);
        };
        Ok(grid.cut(&text, short).map(|cut| Candidate {
            number,
            lines: count,
            others: 0,
            text,
            cut,
            lengths: sum.lengths,
        }))
    }

    /// Whether one of `count` lines from `from` on is a record by itself.
    fn any_is_record(&mut self, from: usize, count: usize) -> Result<bool, ReadError> {
        for at in from..from + count {
            let mut sum = Sum::default();
            if let Some(line) = self.lines.peek(at)? {
                sum.add(line);
            }
            let one = self.fitting(at, 1, &sum, true)?;
            if one.is_some_and(|one| one.cut.is_record(1)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What follows `candidate`, whose last column may continue.
    pub(super) fn behind(&mut self, candidate: &mut Candidate) -> Result<AfterRow, ReadError> {
        let sure = AfterRow::Nothing { sure: true };
        let mut sum = candidate.sum(self.lines.peek(candidate.lines - 1)?);
        self.go_on(candidate, &mut sum)?;
        let total = self.grid.as_ref().map_or(0, |grid| grid.total);
        let mut at = candidate.lines;
        while at < candidate.lines + PIECES {
            match self.lines.peek(at)? {
                Some(line) if line.is_blank() => sum.add(line),
                _ => break,
            }
            at += 1;
        }
        if self.ends_at(at)? {
            return Ok(sure);
        }
        if let Some(line) = self.lines.peek(at)? {
            sum.add(line);
        }
        if sum.lengths.iter().all(|length| *length > total) {
            return Ok(sure);
        }
        let next = self.candidate(at)?;
        let is_mixed = self.grid.as_ref().is_some_and(|grid| grid.is_mixed);
        if !is_mixed && next.as_ref().is_some_and(Candidate::is_record) {
            self.next = next;
            return Ok(AfterRow::Nothing { sure: false });
        }
        Ok(AfterRow::Perhaps)
    }

    /// Adds to `candidate` the lines directly below it that no record begins with, because they have something else
    /// where a number or a time must be: they are the rest of its last value.
    fn go_on(&mut self, candidate: &mut Candidate, sum: &mut Sum) -> Result<(), ReadError> {
        let (mut lines, mut longer) = (candidate.lines, *sum);
        while lines < PIECES && !self.ends_at(lines)? {
            let (Some(line), Some(grid)) = (self.lines.peek(lines)?, &self.grid) else {
                break;
            };
            let mut with_line = longer;
            with_line.add(line);
            let has_room = with_line.lengths.iter().any(|length| *length <= grid.total);
            if !grid.is_no_beginning(&line.text) || !has_room || grid.is_mixed {
                break;
            }
            (lines, longer) = (lines + 1, with_line);
        }
        if lines == candidate.lines || self.is_cut(lines)? {
            return Ok(());
        }
        if let Some(more) = self.fitting(0, lines, &longer, true)? {
            (*candidate, *sum) = (more, longer);
        }
        Ok(())
    }

    /// A record wrapped into as many lines as the header.
    pub(super) fn wrapped(&mut self) -> Result<bool, ReadError> {
        let lengths = self.grid.as_ref().map(|grid| grid.pieces.clone()).unwrap_or_default();
        let mut text = String::new();
        for (at, length) in lengths.iter().enumerate() {
            let Some(line) = self.lines.peek(at)?.filter(|line| line.bad.is_none()) else {
                return self.reject_wrapped();
            };
            let fits = Measure::ALL.iter().any(|measure| measure.length(&line.text) == *length);
            if !fits && at + 1 < lengths.len() {
                return self.reject_wrapped();
            }
            text.push_str(&line.text);
        }
        let grid = self.grid.as_ref().unwrap_or_else(|| unreachable!("names were read"));
        match grid.cut(&text, grid.trimmed) {
            Some(Cut { fields, is_full, .. }) => {
                self.blanks_below = (!is_full).then_some(0);
                let number = self.lines.peek(0)?.map_or(0, |line| line.number);
                self.lines.skip(lengths.len());
                self.rows += 1;
                self.queue.push(Waiting::Record(held(number, text, fields)));
                Ok(true)
            }
            None => self.reject_wrapped(),
        }
    }

    fn reject_wrapped(&mut self) -> Result<bool, ReadError> {
        if let Some(line) = self.lines.pop()? {
            let detail = "cannot be joined with the lines around it".to_owned();
            self.queue.reject(line.number, &line.text, Reason::WrappedLine, detail, 1);
        }
        Ok(true)
    }
}
