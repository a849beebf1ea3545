//! Splits a line at the columns, and decides whether it is a record.

use super::layout::Measure;
use crate::import::format::detect::CellShape;
use crate::import::reader::lines::Line;
use crate::record::Field;
use crate::record::OwnedRecord;
use crate::record::Written;
use std::ops::Range;

/// The layout given by the dashes, and what the first lines below them show.
pub(super) struct Grid {
    pub(super) places: Vec<Range<usize>>,
    /// The length of a full line.
    pub(super) total: usize,
    /// Where the last column begins.
    pub(super) last: usize,
    /// The header line, to recognise it again.
    pub(super) names: String,
    /// The lengths of the lines that a record is wrapped into; one if it is not.
    pub(super) pieces: Vec<usize>,
    /// Whether trailing spaces were removed.
    pub(super) trimmed: bool,
    /// Whether the last column is padded.
    pub(super) padded: bool,
    /// Whether all of the first lines show that, including those of records with line breaks.
    pub(super) is_surely_padded: bool,
    /// Whether some lines show that it is, and others that it is not.
    pub(super) is_mixed: bool,
    /// The columns that are numbers or times.
    pub(super) typed: Vec<Option<CellShape>>,
    /// Which of them the schema declares as such: the others only look like it.
    pub(super) declared: Vec<bool>,
    /// Which of the others do so in each of several lines.
    pub(super) is_throughout: Vec<bool>,
    /// Whether non-ASCII lines have shown how columns are counted.
    pub(super) is_measured: bool,
    /// How columns are counted, the most likely first.
    pub(super) measures: Vec<Measure>,
}

/// A text split at the dashes.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut {
    pub(super) fields: Vec<Field>,
    /// Whether it is as long as the dashes, so that nothing more belongs to it.
    pub(super) is_full: bool,
    /// How many number and time columns contain one at either end, NULL, or neither.
    pub(super) like: usize,
    pub(super) null: usize,
    pub(super) unlike: usize,
    /// Whether a column declared as number or time contains something else.
    pub(super) is_undeclared: bool,
}

/// Lines that fit the dashes.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// The number of the first line, and how many there are.
    pub(super) number: u64,
    pub(super) lines: usize,
    /// How many lines after the first may begin a record too.
    pub(super) others: u64,
    pub(super) text: String,
    pub(super) cut: Cut,
    /// Their length in each measure, including the breaks between them.
    pub(super) lengths: [usize; Measure::ALL.len()],
}

/// How a measure fits the first lines.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LinesLeft {
    /// Lines that are no part of a record.
    pub(super) unfit: usize,
    /// Records with a text that begins with a space, as if split by the wrong measure.
    pub(super) shifted: usize,
    /// Non-ASCII lines that are a record by themselves, with numbers or times where expected.
    pub(super) proved: usize,
}

impl LinesLeft {
    /// More than possible.
    pub(super) const ALL: Self = Self { unfit: usize::MAX / 2, shifted: usize::MAX, proved: 0 };

    pub(super) fn or_fewer(self, other: Self) -> Self {
        match (other.unfit, other.shifted) < (self.unfit, self.shifted) {
            true => other,
            false => self,
        }
    }
}

pub(super) fn held(line: u64, text: String, fields: Vec<Field>) -> OwnedRecord {
    OwnedRecord { line, text, cells: None, fields, ..OwnedRecord::default() }
}

/// The length of lines in each measure, including the breaks between them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) lengths: [usize; Measure::ALL.len()],
    /// Where the last line ends in the file.
    pub(super) end: Option<u64>,
}

impl Sum {
    pub(super) fn add(&mut self, line: &Line) {
        let gap = match self.end {
            None => 0,
            Some(end) => usize::from(line.start.saturating_sub(end) == 2) + 1,
        };
        self.end = Some(line.end);
        for (length, measure) in self.lengths.iter_mut().zip(Measure::ALL) {
            *length += gap + measure.length(&line.text);
        }
    }
}

impl Candidate {
    /// Whether it is a record although the previous lines may be part of it, or it may be part of them.
    pub(super) fn is_record(&self) -> bool {
        self.cut.is_record(self.lines) && self.others == 0
    }

    /// Whether it is one line that only one measure can split, and numbers or times confirm the split.
    pub(super) fn is_proof(&self) -> bool {
        let before = self.cut.fields.last().map_or(0, |last| last.start);
        let beyond = self.text.get(..before).is_some_and(|text| !text.is_ascii());
        self.lines == 1 && beyond && self.cut.like > 0 && self.cut.unlike == 0
    }

    /// Whether a text in it begins with a space, as if split by the wrong measure.
    pub(super) fn is_shifted(&self) -> bool {
        let begins = |field: &Field| self.text[field.start..field.end].starts_with(' ');
        self.cut.fields.iter().any(begins)
    }

    /// Its length, where `last` is its last line.
    pub(super) fn sum(&self, last: Option<&Line>) -> Sum {
        Sum { lengths: self.lengths, end: last.map(|line| line.end) }
    }
}

impl Grid {
    /// Splits a text that is as long as the dashes and has spaces where they have, or, with `short`, ends within its
    /// last column.
    pub(super) fn cut(&self, text: &str, short: bool) -> Option<Cut> {
        // Lines that are put together must not be so by the accident of a measure.
        let joined = text.contains('\n');
        let measures = &self.measures[..if joined { 1 } else { self.measures.len() }];
        (measures.iter()).find_map(|measure| self.cut_by(*measure, text, short))
    }

    /// Whether a line is a row, whatever its texts say: its numbers and times are in their columns, or blanks fill it
    /// up to the width of the columns. Of a wrapped row, whether it is the first line.
    pub(super) fn is_sure(&self, text: &str) -> bool {
        if self.pieces.len() > 1 {
            let is_full = |measure: &Measure| measure.length(text) == self.pieces[0];
            return text.ends_with(' ') && self.measures.iter().any(is_full);
        }
        self.cut(text, true).is_some_and(|cut| {
            let is_typed = cut.like > 0 && cut.unlike == 0;
            is_typed || (cut.is_full && text.ends_with(' ') && cut.unlike == 0)
        })
    }

    /// Whether a line fits the columns.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.pieces.len() == 1 && self.cut(text, true).is_some()
    }

    fn cut_by(&self, measure: Measure, text: &str, short: bool) -> Option<Cut> {
        let length = measure.length(text);
        let right = length == self.total
            || (short && length < self.total && (length >= self.last || self.trimmed_at(length)));
        if !right {
            return None;
        }
        let places = measure.cut(text, &self.places)?;
        let blank = |gap: &str| gap.bytes().all(|b| b == b' ') && gap.len() <= 1;
        let clear = places.windows(2).all(|pair| blank(&text[pair[0].end..pair[1].start]));
        clear.then(|| self.fields(text, places, length == self.total))
    }

    /// Whether no record begins with this line: where a column of numbers or times is, it has something else.
    pub(super) fn is_no_beginning(&self, text: &str) -> bool {
        let differs = |measure: &Measure| {
            let places = measure.cut(text, &self.places).unwrap_or_default();
            let mut columns = places.into_iter().zip(&self.typed).enumerate();
            columns.any(|(at, (place, typed))| {
                let field = padded_field(text, place);
                let inner = &text[field.start..field.end];
                let is_certain = self.declared[at] || self.is_throughout[at];
                let shape = CellShape::of(inner);
                is_certain
                    && shape != CellShape::Nothing
                    && typed.is_some_and(|typed| shape != typed)
            })
        };
        self.pieces.len() == 1 && self.measures.iter().all(differs)
    }

    pub(super) fn fields(&self, text: &str, places: Vec<Range<usize>>, is_full: bool) -> Cut {
        let mut cut = Cut { is_full, ..Cut::default() };
        for (place, (typed, declared)) in
            places.into_iter().zip(self.typed.iter().zip(&self.declared))
        {
            let field = padded_field(text, place.clone());
            if let Some(typed) = typed {
                let inner = &text[field.start..field.end];
                let flush = field.start == place.start || field.end == place.end;
                if !flush || (inner != "NULL" && CellShape::of(inner) != *typed) {
                    cut.unlike += 1;
                    cut.is_undeclared |= declared;
                } else if inner == "NULL" {
                    cut.null += 1;
                } else {
                    cut.like += 1;
                }
            }
            cut.fields.push(field);
        }
        cut
    }

    /// Whether a line is the header, or the first line of a wrapped header.
    pub(super) fn begins_names(&self, line: &str) -> bool {
        match self.pieces.len() {
            1 => line.trim_end() == self.names.trim_end(),
            _ => self.names.starts_with(line),
        }
    }

    /// Whether all its columns are text.
    pub(super) fn is_texts(&self) -> bool {
        self.typed.iter().all(Option::is_none)
    }

    /// Whether a line of `length` is a wrapped line without its trailing spaces.
    fn trimmed_at(&self, length: usize) -> bool {
        self.pieces.len() > 1 && self.trimmed && length > 0
    }

    /// Learns from the first lines below the dashes which columns are numbers or times.
    pub(super) fn find_types(&mut self, lines: &[String]) {
        let cut: Vec<Option<Cut>> = lines.iter().map(|line| self.cut(line, true)).collect();
        let mut typed = self.typed.clone();
        for (column, typed) in typed.iter_mut().enumerate().filter(|(_, typed)| typed.is_none()) {
            let texts = lines.iter().zip(&cut).filter_map(|(line, cut)| {
                let field = cut.as_ref()?.fields.get(column)?;
                Some(&line[field.start..field.end]).filter(|text| *text != "NULL")
            });
            let looks: Vec<CellShape> = texts.map(CellShape::of).collect();
            let count = |wanted: CellShape| looks.iter().filter(|look| **look == wanted).count();
            let (numbers, times) = (count(CellShape::Number), count(CellShape::Time));
            let (most, same) = match times > numbers {
                true => (CellShape::Time, times),
                false => (CellShape::Number, numbers),
            };
            *typed = (same > 0 && same * 2 >= looks.len()).then_some(most);
            self.is_throughout[column] = same > 2 && same == looks.len();
        }
        self.typed = typed;
    }
}

impl Cut {
    /// Whether `lines` have numbers and times where expected; without such columns, whether it is one line.
    pub(super) fn is_record(&self, lines: usize) -> bool {
        let like = self.like + if lines == 1 { self.null } else { 0 };
        match (like, self.unlike) {
            (0, 0) => lines == 1,
            (like, 0) => like > 0,
            (like, unlike) => like > 1 && like > 2 * unlike,
        }
    }
}

/// A field without its padding: trailing spaces, and leading ones before numbers, times and NULL.
pub(in crate::import::reader) fn padded_field(text: &str, place: Range<usize>) -> Field {
    let cell = &text[place.clone()];
    let end = place.start + cell.trim_end_matches(' ').len();
    let inner = cell.trim_matches(' ');
    let right =
        inner == "NULL" || matches!(CellShape::of(inner), CellShape::Number | CellShape::Time);
    Field {
        start: if right { end - inner.len() } else { place.start },
        end,
        written: Written::Bare,
    }
}
