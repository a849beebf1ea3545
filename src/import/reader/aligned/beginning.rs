//! The header of a result, the measure of its columns, and whether its last column is padded.

use super::Aligned;
use super::BROKEN;
use super::cut::Candidate;
use super::cut::Grid;
use super::cut::LinesLeft;
use super::layout::Head;
use super::layout::Measure;
use super::layout::columns;
use super::layout::is_dashes;
use crate::import::format::detect::CellShape;
use crate::import::format::detect::known_look;
use crate::import::reader::lines::Line;
use crate::import::reader::queue::Waiting;
use crate::record::ReadError;
use crate::record::Reason;
use std::io::Read;

impl<R: Read> Aligned<R> {
    /// The header and dashes `at` lines ahead, and how many lines each is wrapped into.
    pub(super) fn head_at(&mut self, at: usize) -> Result<Option<(Head, usize)>, ReadError> {
        if self.is_unnamed_at(at)? {
            let dashes = self.lines.peek(at)?.map(|line| line.text.clone());
            return Ok(dashes.and_then(|dashes| Some((Head::unnamed(&dashes)?, 0))));
        }
        for broken in 1..=BROKEN {
            match self.lines.peek(at + broken)? {
                None => return Ok(None),
                Some(line) if is_dashes(&line.text) => {
                    let mut lines = Vec::with_capacity(broken * 2);
                    for line in at..at + broken * 2 {
                        let Some(line) = self.lines.peek(line)? else {
                            return Ok(None);
                        };
                        lines.push(line.text.clone());
                    }
                    return Ok(Head::of(&lines).map(|head| (head, broken)));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// Whether dashes without names are `at` lines ahead: after a blank line and the empty header line, or, after a
    /// count, after one blank line.
    pub(super) fn is_unnamed_at(&mut self, at: usize) -> Result<bool, ReadError> {
        let is_unnamed = self.has_blanks_above(at)?;
        if let (true, false, Some(line)) = (is_unnamed, self.below, self.lines.peek(at)?.cloned()) {
            let is_row = |grid: &Grid| grid.is_texts() && grid.cut(&line.text, true).is_some();
            if self.grid.as_ref().is_some_and(is_row) {
                return Err(ReadError::Malformed {
                    line: line.number,
                    what: "these dashes are text, or the start of a second result without a header"
                        .to_owned(),
                });
            }
        }
        Ok(is_unnamed)
    }

    /// Whether `at` lines ahead there are dashes with enough blank lines above them to begin a result.
    fn has_blanks_above(&mut self, at: usize) -> Result<bool, ReadError> {
        let dashes = |line: &Line| is_dashes(&line.text) && columns(&line.text).is_some();
        if !self.lines.peek(at)?.is_some_and(dashes) {
            return Ok(false);
        }
        let mut blanks = 0;
        for before in (0..at).rev() {
            if !self.lines.peek(before)?.is_some_and(Line::is_blank) {
                return Ok(blanks > 1);
            }
            blanks += 1;
        }
        let enough = if self.below || self.grid.is_none() { 1 } else { 2 };
        Ok(blanks + self.blanks >= enough)
    }

    /// Takes a header and dashes, if they are next.
    pub(super) fn take_names(&mut self) -> Result<bool, ReadError> {
        let Some((head, broken)) = self.head_at(0)? else {
            return Ok(false);
        };
        let again = self.grid.as_ref().is_some_and(|grid| broken > 0 && grid.names == head.text);
        let line = self.lines.peek(0)?.map_or(0, |line| line.number);
        self.lines.skip((broken * 2).max(1));
        self.unwrapped |= broken > 1;
        self.next = None;
        self.is_lost = false;
        if again && !self.below {
            let detail = "repeated header".to_owned();
            self.queue.reject(line, &head.text, Reason::RepeatedHeader, detail, 0);
            return Ok(true);
        }
        if self.grid.is_some() && !self.below {
            self.uncounted.get_or_insert(line);
            self.check_counts()?;
        }
        self.below = false;
        self.blanks = 0;
        self.blanks_below = None;
        (self.rows, self.refused, self.begun, self.unsure) = (0, 0, 0, None);
        let total = head.places.last().map_or(0, |place| place.end);
        let length = Measure::Units.length(&head.text);
        let typed: Vec<Option<CellShape>> =
            head.names.iter().map(|name| known_look(name)).collect();
        self.grid = Some(Grid {
            last: head.places.last().map_or(0, |place| place.start),
            places: head.places,
            total,
            trimmed: length < total,
            padded: length == total && head.text.ends_with(' '),
            is_surely_padded: false,
            is_mixed: false,
            measures: Measure::ALL.to_vec(),
            declared: typed.iter().map(Option::is_some).collect(),
            is_throughout: vec![false; typed.len()],
            typed,
            is_measured: false,
            names: head.text,
            pieces: head.pieces,
        });
        self.look_ahead()?;
        self.queue.push(Waiting::Header(head.names));
        Ok(true)
    }

    /// What the first lines show: whether the last column is padded, and which columns are numbers or times.
    fn look_ahead(&mut self) -> Result<(), ReadError> {
        let shown = self.shown()?;
        self.find_measure(&shown)?;
        if let Some(grid) = &mut self.grid {
            grid.find_types(&shown);
        }
        self.find_padding(shown.len())
    }

    /// The next lines, up to the end of the result.
    pub(super) fn shown(&mut self) -> Result<Vec<String>, ReadError> {
        const SHOWN: usize = 64;
        let mut shown = Vec::new();
        for at in 0..SHOWN {
            if self.ends_at(at)? {
                break;
            }
            match self.lines.peek(at)? {
                Some(line) => shown.push(line.text.clone()),
                None => break,
            }
        }
        Ok(shown)
    }

    /// Chooses the measure with which the fewest of the next lines are not records: SQL Server's own, unless another
    /// leaves half as many.
    pub(super) fn find_measure(&mut self, shown: &[String]) -> Result<(), ReadError> {
        if shown.iter().all(|line| line.is_ascii()) {
            return Ok(());
        }
        let mut best = (LinesLeft::ALL, Measure::ALL.to_vec());
        for measure in Measure::ALL {
            let left = self.lines_left(vec![measure], shown)?;
            // The rest of a value may fit another measure by accident.
            let is_better = left.unfit * 2 <= best.0.unfit && left.unfit < best.0.unfit;
            if is_better && left.shifted <= best.0.shifted && left.proved >= best.0.proved {
                best = (left, vec![measure]);
            }
        }
        // Some tools count the places of one column in one way, and of another column in another.
        if best.0.unfit > 0 && self.lines_left(Measure::ALL.to_vec(), shown)?.unfit == 0 {
            best.1 = Measure::ALL.to_vec();
        }
        if let Some(grid) = &mut self.grid {
            grid.measures = best.1;
            grid.is_measured = true;
        }
        Ok(())
    }

    /// How many of the next lines, `shown`, are left over if columns are counted by `measures`, and the last column is
    /// padded or not, whichever leaves fewer.
    fn lines_left(
        &mut self,
        measures: Vec<Measure>,
        shown: &[String],
    ) -> Result<LinesLeft, ReadError> {
        let mut typed = Vec::new();
        if let Some(grid) = &mut self.grid {
            grid.measures = measures;
            typed.clone_from(&grid.typed);
            grid.find_types(shown);
        }
        let short = self.lines_left_by(shown.len(), Self::fewest_lines)?;
        let padded = self.lines_left_by(shown.len(), Self::exact_lines)?;
        if let Some(grid) = &mut self.grid {
            grid.typed = typed;
        }
        Ok(short.or_fewer(padded))
    }

    /// The same with `record` finding the record that begins at a line.
    fn lines_left_by(
        &mut self,
        count: usize,
        record: impl Fn(&mut Self, usize) -> Result<Option<Candidate>, ReadError>,
    ) -> Result<LinesLeft, ReadError> {
        let (mut at, mut left) = (0, LinesLeft::default());
        while at < count {
            let found = record(self, at)?;
            left.unfit += usize::from(found.is_none());
            left.shifted += usize::from(found.as_ref().is_some_and(Candidate::is_shifted));
            left.proved += usize::from(found.as_ref().is_some_and(Candidate::is_proof));
            at += found.map_or(1, |one| one.lines);
        }
        Ok(left)
    }

    /// Determines from the next `count` lines whether the last column is padded: if so, each record is exactly as long
    /// as the dashes, and the lines can be split into records in only one way.
    fn find_padding(&mut self, count: usize) -> Result<(), ReadError> {
        let was = match &mut self.grid {
            Some(grid) if grid.pieces.len() == 1 => std::mem::replace(&mut grid.padded, true),
            _ => return Ok(()),
        };
        let (mut at, mut whole, mut others, mut blanks, mut joined) = (0, 0, 0, false, 0);
        while at < count {
            if self.lines.peek(at)?.is_some_and(|line| line.text.is_empty()) {
                at += 1;
                continue;
            }
            let record = self.exact_lines(at)?.filter(|one| at + one.lines <= count);
            at += record.as_ref().map_or(1, |one| one.lines);
            whole += usize::from(record.is_some());
            others += usize::from(record.is_none());
            let ends_blank = record.as_ref().is_some_and(|one| one.text.ends_with(' '));
            blanks |= ends_blank;
            joined += usize::from(ends_blank && record.is_some_and(|one| one.lines > 1));
        }
        if let Some(grid) = &mut self.grid {
            grid.padded = (was && !grid.is_mixed) || (blanks && others * 2 <= whole);
            grid.is_mixed = !grid.padded && (blanks || was);
            // That two pairs of lines are as long as the dashes by accident, and nothing is left over, is too unlikely.
            grid.is_surely_padded = grid.padded && others == 0 && joined > 1;
        }
        Ok(())
    }
}
