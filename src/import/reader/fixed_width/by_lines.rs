//! Reads a file of lines.

use std::io::Read;

use super::{FixedWidthPlan, REST, remarks, units};
use crate::import::format::trailer;
use crate::import::reader::aligned::{Measure, padded_field};
use crate::import::reader::lines::{Line, LineReader};
use crate::import::reader::queue::{Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{Field, ReadError, Reason, RecordLimits, Trailer};
use crate::work;

/// The maximum number of lines of a record.
const PIECES: usize = 200;

/// Reads a file of lines.
pub struct Columns<R> {
    lines: LineReader<R>,
    plan: FixedWidthPlan,
    /// How columns may be counted.
    measures: &'static [Measure],
    /// Whether this is aligned text, with a space between columns and a count below.
    aligned: bool,
    /// The header line.
    head: Option<String>,
    begun: bool,
    repaired: u64,
    queue: Queue,
}

/// The result of splitting a text.
enum Cut {
    /// Not a record.
    None,
    /// A record and its fields.
    Fields(Vec<Field>),
    /// One of several that cannot be distinguished.
    Several,
}

impl<R: Read> Columns<R> {
    /// Reads `reader`, in whose encoding a character may have one width or `several`.
    pub fn new(
        reader: R,
        plan: FixedWidthPlan,
        several: bool,
        aligned: bool,
        limits: RecordLimits,
    ) -> Self {
        let measures: &[Measure] = match (aligned, several) {
            (true, _) => &Measure::ALL,
            (false, true) => {
                &[Measure::Units, Measure::Characters, Measure::Screen, Measure::Bytes]
            }
            (false, false) => &[Measure::Units],
        };
        Self {
            lines: LineReader::new(reader, limits),
            plan,
            measures,
            aligned,
            head: None,
            begun: false,
            repaired: 0,
            queue: Queue::default(),
        }
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        if !self.begun && !self.plan.header {
            self.begun = true;
            if let Some(names) = self.plan.names.clone() {
                self.queue.push(Waiting::Header(names));
            }
        }
        if self.queue.take_odd(&mut self.lines)? {
            return Ok(true);
        }
        let Some(line) = self.lines.peek(0)? else {
            return Ok(false);
        };
        let footer = Trailer {
            rows: trailer::rows(&line.text),
            completed_at_ms: trailer::completed_at_ms(&line.text),
        };
        if self.aligned && (footer.rows.is_some() || footer.completed_at_ms.is_some()) {
            self.lines.skip(1);
            self.queue.push(Waiting::Trailer(footer));
            return Ok(true);
        }
        if !self.begun {
            self.begun = true;
            self.head = Some(line.text.clone());
            self.lines.skip(1);
            self.queue.push(Waiting::Header(self.plan.names.clone().unwrap_or_default()));
            return Ok(true);
        }
        if self.head.as_ref() == Some(&line.text) {
            let detail = "repeated header".to_owned();
            self.queue.reject(line.number, &line.text, Reason::RepeatedHeader, detail, 0);
            self.lines.skip(1);
            return Ok(true);
        }
        self.record()?;
        Ok(true)
    }

    /// A record on one line, or on more because values have line breaks.
    fn record(&mut self) -> Result<(), ReadError> {
        let mut alone = false;
        let mut text = String::new();
        let mut last: Option<Line> = None;
        for count in 1..=PIECES {
            let line = self.lines.peek(count - 1)?;
            let Some(line) = line.filter(|line| line.bad.is_none()).cloned() else {
                break;
            };
            let later = count > 1 && (line.is_blank() || self.head.as_ref() == Some(&line.text));
            if later && !self.plan.padded {
                break;
            }
            alone |= count > 1 && !matches!(self.cut(&line.text), Cut::None);
            text.push_str(last.as_ref().map_or("", |last| last.break_before(&line)));
            text.push_str(&line.text);
            last = Some(line);
            work::steps(text.len());
            match self.cut(&text) {
                Cut::None if self.is_past(&text) => break,
                Cut::None => {}
                Cut::Several => {
                    let detail = "its width is ambiguous: characters can be counted in two ways";
                    return self.reject(count, detail.to_owned());
                }
                // A line that is a record by itself is none that was cut, or both are spoiled.
                Cut::Fields(_) if alone => {
                    let detail =
                        "is too short, and ambiguous together with what follows".to_owned();
                    return self.reject(count, detail);
                }
                Cut::Fields(fields) => {
                    let number = self.lines.peek(0)?.map_or(0, |line| line.number);
                    self.repaired += u64::from(count > 1);
                    self.lines.skip(count);
                    self.queue.push(Waiting::Record(OwnedRecord {
                        line: number,
                        text,
                        cells: None,
                        fields,
                        ..OwnedRecord::default()
                    }));
                    return Ok(());
                }
            }
        }
        let length = self.lines.peek(0)?.map_or(0, |line| units(&line.text));
        let last = self.plan.places.last().cloned().unwrap_or_default();
        let wanted = match (self.plan.padded, last.end) {
            (true, end) => format!("{end}"),
            (false, REST) => format!("at least {}", last.start),
            (false, end) => format!("{} to {end}", last.start),
        };
        self.reject(1, format!("expected {wanted} characters, found {length}"))
    }

    /// Rejects the next `count` lines, one by one.
    fn reject(&mut self, count: usize, detail: String) -> Result<(), ReadError> {
        for _ in 0..count {
            let Some(line) = self.lines.pop()? else { break };
            if !line.is_blank() {
                self.queue.reject(line.number, &line.text, Reason::Ragged, detail.clone(), 1);
            }
        }
        Ok(())
    }

    /// Whether no line more makes a record of `text`: it is too long, or reaches the last column, before which nothing
    /// changes.
    fn is_past(&self, text: &str) -> bool {
        let last = self.plan.places.last().cloned().unwrap_or_default();
        let most = if self.plan.padded { last.end } else { last.start.saturating_sub(1) };
        self.measures.iter().all(|measure| measure.length(text) > most)
    }

    fn cut(&self, text: &str) -> Cut {
        let plan = &self.plan;
        let Some(last) = plan.places.last() else {
            return Cut::None;
        };
        let least = if plan.padded { last.end } else { last.start };
        let mut found: Option<Vec<Field>> = None;
        for measure in self.measures {
            if !(least..=last.end).contains(&measure.length(text)) {
                continue;
            }
            let Some(cut) = measure.cut(text, &plan.places) else {
                continue;
            };
            let ends = cut.iter().take(cut.len() - 1).map(|place| place.end);
            let clear = |end: usize| end == 0 || text.as_bytes()[end - 1] == b' ';
            if self.aligned && !ends.into_iter().all(clear) {
                continue;
            }
            let fields = cut.into_iter().map(|place| padded_field(text, place)).collect();
            if found.as_ref().is_some_and(|found| *found != fields) {
                return Cut::Several;
            }
            found = Some(fields);
        }
        found.map_or(Cut::None, Cut::Fields)
    }
}

impl<R: Read> Reader for Columns<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        remarks(&self.plan, self.repaired)
    }
}
