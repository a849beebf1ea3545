//! Reads columns that stand under a line of dashes: Results to Text and to File, sqlcmd, a mail's attachment.
//!
//! Nobody knows how a tool counts the places of a character beyond ASCII, so that the first lines are measured in
//! characters, in units of UTF-16 and in places on a screen, and the file is read by the measure in which the fewest
//! of them are left over.
//!
//! A value may hold line breaks, and nothing marks where a record begins. What settles it:
//!
//! - A record cannot end before its last column begins. So lines are put together until they reach that place; what
//!   then has no blanks between the columns was never the beginning of a record.
//! - Where the last column is padded, a record is exactly as long as the dashes, so that there is one way to part the
//!   lines. It is padded where the names are, or where that way leaves few of the first lines over.
//! - Where it is not padded, a record ends with its line if the next one is a record, a count, a message, names, or too
//!   long to belong to it; a line is known as a record by the numbers and times in its columns. Anything else behind
//!   it may be the rest of its last value: then both are rejects, and no half value is loaded.
//! - Lines that may be one record or several are rejects.
//! - A count, a message, names and a line of dashes are a part of no record.
//!
//! The rest of a value may look exactly like a record. Then only the count below says that there are fewer records,
//! and the result is refused: each line where a record may begin is counted, loaded or not, so that none that was
//! missed makes up for one that was wrong. Without a count nothing tells, and the summary says so where values have
//! line breaks.
//!
//! Lines that the tool broke at its page width are put together when the names and the dashes were broken at the same
//! places; else each is a reject. The work for a line is bounded by [`PIECES`].

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use crate::import::format::detect::{Look, known_look};
use crate::import::format::trailer::{self, Message};
use crate::import::input::decode::Ending;
use crate::import::reader::lines::{Line, LineReader};
use crate::import::reader::queue::{Held, Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::{Field, Footer, ReadError, Reason, RecordLimits, Written, work};

/// What is said of a result whose texts have line breaks, and whose rows nobody counts.
const UNCOUNTED: &str = "no count of rows is below the result, so that the rest of a text with line breaks may be \
                         taken for a row where it looks like one; export it without SET NOCOUNT ON to be sure";

/// The most lines that one record may stand on.
const PIECES: usize = 200;

/// How many lines may stand before the names.
const BEFORE: usize = 200;

/// The most lines that a page width may break the names into.
const BROKEN: usize = 64;

/// How likely `lines` are columns under dashes.
#[must_use]
pub fn score(lines: &[String]) -> f64 {
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(dashes) = beginning.iter().position(|line| is_dashes(line)) else {
        return 0.0;
    };
    let broken = lines[dashes..]
        .iter()
        .take(BROKEN)
        .take_while(|line| is_dashes(line))
        .count();
    let found = [broken, 1].into_iter().any(|broken| {
        let head = dashes
            .checked_sub(broken)
            .and_then(|first| lines.get(first..dashes + broken));
        head.is_some_and(|head| Head::of(head).is_some())
    });
    if is_spaced(lines) {
        0.0
    } else if found || is_unnamed(beginning, dashes) {
        0.95
    } else {
        0.0
    }
}

/// Whether blanks stand between values, and nothing is padded: `sqlcmd -W` without a separator. No line reaches the
/// last column, and most have as many words as there are names.
#[must_use]
pub fn is_spaced(lines: &[String]) -> bool {
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(head) = (1..beginning.len()).find(|at| is_dashes(&beginning[*at])) else {
        return false;
    };
    let words = |line: &str| line.split(' ').count();
    let lengths = |line: &str| line.split(' ').map(str::len).collect::<Vec<_>>();
    let (names, dashes) = (&lines[head - 1], &lines[head]);
    let last = dashes.rfind(' ').map_or(0, |at| at + 1);
    if last == 0 || lengths(names) != lengths(dashes) {
        return false;
    }
    let rows = lines[head + 1..].iter();
    let rows: Vec<&String> = rows
        .filter(|line| !line.trim().is_empty())
        .filter(|line| trailer::rows(line).is_none() && trailer::message(line).is_none())
        .take(BEFORE)
        .collect();
    let (few, fitting) = rows.iter().fold((0, 0), |(few, fitting), line| {
        let is_few = Measure::Units.length(line) < last || line.ends_with(|c| c != ' ');
        (
            few + usize::from(is_few),
            fitting + usize::from(words(line) == words(names)),
        )
    });
    let places = columns(dashes).unwrap_or_default();
    let cut = rows.iter().filter(|line| {
        let cut = Measure::Units.cut(line, &places);
        cut.is_some_and(|cut| {
            cut[cut.len() - 1].start < line.len()
                && cut
                    .windows(2)
                    .all(|pair| &line[pair[0].end..pair[1].start] == " ")
        })
    });
    !rows.is_empty() && few == rows.len() && fitting * 2 > rows.len() && cut.count() == 0
}

/// Whether `lines` are PowerShell's Format-Table: dashes as long as the names above them, not as the columns are wide.
/// It cuts values and leaves columns out to fit the console, so that what it writes is no export.
#[must_use]
pub fn is_format_table(lines: &[String]) -> bool {
    let runs = |line: &str| -> Vec<(usize, usize)> {
        let words = line.split(' ').scan(0, |at, word| {
            let start = *at;
            *at += word.chars().count() + 1;
            Some((start, word.chars().count()))
        });
        words.filter(|(_, length)| *length > 0).collect()
    };
    let beginning = &lines[..lines.len().min(BEFORE)];
    let Some(head) = (1..beginning.len()).find(|at| is_dashes(&beginning[*at])) else {
        return false;
    };
    let (names, dashes) = (&beginning[head - 1], &beginning[head]);
    let is_wider =
        |line: &&String| line.trim_end().chars().count() > dashes.trim_end().chars().count();
    let has_gaps = dashes.trim_end().contains("  ") || dashes.starts_with(' ');
    let rows = || {
        lines[head + 1..]
            .iter()
            .filter(|line| !line.trim().is_empty())
    };
    let last_is_short = rows().count() > 0
        && rows().all(|line| line.starts_with(' ') && is_wider(&line))
        && !is_spaced(lines);
    runs(names).len() > 1 && runs(names) == runs(dashes) && (has_gaps || last_is_short)
}

/// Whether a result whose columns have no names begins with the dashes of `lines` at `dashes`, and ends with a count.
fn is_unnamed(lines: &[String], dashes: usize) -> bool {
    let blank = lines[..dashes].iter().all(|line| line.trim().is_empty());
    dashes > 0
        && blank
        && columns(&lines[dashes]).is_some()
        && lines.iter().any(|line| trailer::rows(line).is_some())
}

/// Names and the dashes under them.
struct Head {
    places: Vec<Range<usize>>,
    /// The line of names.
    text: String,
    names: Vec<String>,
    /// The lengths of the lines that each is broken into.
    pieces: Vec<usize>,
}

impl Head {
    /// Dashes without names above them: the columns of expressions that nobody named.
    fn unnamed(dashes: &str) -> Option<Self> {
        let places = columns(dashes)?;
        Some(Self {
            names: vec![String::new(); places.len()],
            places,
            text: String::new(),
            pieces: vec![dashes.len()],
        })
    }

    /// Half of `lines` as names, and half as the dashes under them, broken at the same places.
    fn of(lines: &[String]) -> Option<Self> {
        let (above, dashes) = lines.split_at(lines.len() / 2);
        let pieces: Vec<usize> = dashes.iter().map(String::len).collect();
        let whole = *pieces.first()?;
        if above.iter().any(|line| is_dashes(line)) {
            return None;
        }
        let even = pieces.iter().rev().skip(1).all(|length| *length == whole);
        let alike = (above.iter().zip(&pieces))
            .rev()
            .skip(1)
            .all(|(line, piece)| Measure::Units.length(line) == *piece);
        if !even || !alike || !dashes.iter().all(|line| is_dashes(line)) {
            return None;
        }
        let places = columns(&dashes.concat())?;
        let text = above.concat();
        let cut = Measure::ALL
            .iter()
            .find_map(|measure| measure.cut(&text, &places))?;
        let clear = cut
            .windows(2)
            .all(|pair| text[pair[0].end..pair[1].start].bytes().all(|b| b == b' '));
        let names: Vec<String> = cut
            .iter()
            .map(|place| text[place.clone()].trim().to_owned())
            .collect();
        let odd = |name: &String| name.contains([',', ';', '\t', '"', '|']);
        let rest = cut.last().map_or("", |last| &text[last.end..]);
        let named = names.iter().any(|name| !name.is_empty())
            && !names.iter().any(odd)
            && rest.trim().is_empty();
        (clear && named).then_some(Self {
            places,
            text,
            names,
            pieces,
        })
    }
}

/// The places of the columns, if `line` is dashes with single blanks between them.
fn columns(line: &str) -> Option<Vec<Range<usize>>> {
    let line = line.trim_end_matches(' ');
    if !line.starts_with('-')
        || !line.bytes().all(|b| matches!(b, b'-' | b' '))
        || line.contains("  ")
    {
        return None;
    }
    let mut start = 0;
    Some(
        line.split(' ')
            .map(|dashes| {
                let place = start..start + dashes.len();
                start = place.end + 1;
                place
            })
            .collect(),
    )
}

/// How the places of a line are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Units,
    Characters,
    Screen,
    /// As bytes of UTF-8.
    Bytes,
}

impl Measure {
    pub(super) const ALL: [Self; 3] = [Self::Units, Self::Characters, Self::Screen];

    fn of(self, c: char) -> usize {
        match self {
            Self::Units => c.len_utf16(),
            Self::Characters => 1,
            Self::Screen => c.width().unwrap_or(1),
            Self::Bytes => c.len_utf8(),
        }
    }

    pub(super) fn length(self, text: &str) -> usize {
        if text.is_ascii() {
            text.len()
        } else {
            text.chars().map(|c| self.of(c)).sum()
        }
    }

    /// The byte at which each of `places` begins, in `text`; the text's end for places beyond it. `None` when a place
    /// is inside a character.
    pub(super) fn cut(self, text: &str, places: &[Range<usize>]) -> Option<Vec<Range<usize>>> {
        let mut wanted = places
            .iter()
            .flat_map(|place| [place.start, place.end])
            .peekable();
        let mut found = Vec::with_capacity(places.len() * 2);
        let mut at = 0;
        for (byte, c) in text.char_indices() {
            while wanted.peek() == Some(&at) {
                wanted.next();
                found.push(byte);
            }
            if wanted.peek().is_some_and(|place| *place < at) {
                return None;
            }
            at += self.of(c);
        }
        found.resize(places.len() * 2, text.len());
        Some(found.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect())
    }
}

/// What the dashes say, and what the first lines below them show.
struct Grid {
    places: Vec<Range<usize>>,
    /// The length of a whole line.
    total: usize,
    /// Where the last column begins.
    last: usize,
    /// The line of names, to know it again.
    names: String,
    /// The lengths of the lines that a record is broken into; one when it is not.
    pieces: Vec<usize>,
    /// Whether blanks at the ends of lines were taken off.
    trimmed: bool,
    /// Whether the last column is padded.
    padded: bool,
    /// Whether all of the first lines say so, those of several records with line breaks among them.
    is_surely_padded: bool,
    /// Whether some lines say that it is, and others that it is not.
    is_mixed: bool,
    /// The columns that are numbers or times.
    typed: Vec<Option<Look>>,
    /// Which of them the schema declares so: the others only look like it.
    declared: Vec<bool>,
    /// Whether lines beyond ASCII have said how places are counted.
    is_measured: bool,
    /// How places are counted, the likeliest way first.
    measures: Vec<Measure>,
}

/// A text that is cut at the dashes.
#[derive(Debug, Clone, Default)]
struct Cut {
    fields: Vec<Field>,
    /// Whether it is as long as the dashes, so that nothing more belongs to it.
    is_full: bool,
    /// How many columns of numbers and times hold one, at the beginning or the end of their places; NULL; or neither.
    like: usize,
    null: usize,
    unlike: usize,
    /// Whether a column that is declared as one of numbers or times holds something else.
    is_undeclared: bool,
}

/// Lines that fit the dashes.
#[derive(Debug, Clone)]
struct Candidate {
    /// The number of the first line, and how many there are.
    number: u64,
    lines: usize,
    /// How many lines behind the first one may begin a record as well.
    others: u64,
    text: String,
    cut: Cut,
    /// Their length in each measure, with the breaks between them.
    lengths: [usize; Measure::ALL.len()],
}

/// What a way of counting places makes of the first lines.
#[derive(Debug, Clone, Copy, Default)]
struct LinesLeft {
    /// Lines that are no part of a record.
    unfit: usize,
    /// Records with a text that begins with a blank, as it does where a line is cut by the wrong measure.
    shifted: usize,
    /// Lines beyond ASCII that are a record by themselves, with numbers or times where they should be.
    proved: usize,
}

impl LinesLeft {
    /// More than there can be.
    const ALL: Self = Self {
        unfit: usize::MAX / 2,
        shifted: usize::MAX,
        proved: 0,
    };

    fn or_fewer(self, other: Self) -> Self {
        match (other.unfit, other.shifted) < (self.unfit, self.shifted) {
            true => other,
            false => self,
        }
    }
}

/// What stands behind a record that is not full.
enum Behind {
    /// Nothing that may belong to it: there is nothing, or it would be too long, or, not sure, it is a record too.
    Nothing { sure: bool },
    /// What may be the rest.
    Perhaps,
}

/// Reads one file.
pub struct Aligned<R> {
    lines: LineReader<R>,
    ending: Arc<Ending>,
    grid: Option<Grid>,
    queue: Queue,
    below: bool,
    /// How many blank lines stand before the next line. The beginning of the file is one.
    blanks: usize,
    /// Whether the line before was a reject, so that the next one may be a part of the same record.
    is_lost: bool,
    /// The candidate that was found when the record before was looked at.
    next: Option<Candidate>,
    /// Records of this result, and the line of the first one that is only taken for one because it fits.
    rows: u64,
    unsure: Option<u64>,
    /// Lines of this result that were refused, and how many of them may begin a record.
    refused: u64,
    begun: u64,
    /// Whether a count of rows is below a result so far, and the names that stand below a result without one.
    is_counted: bool,
    uncounted: Option<u64>,
    repaired: u64,
    messages: u64,
    unwrapped: bool,
}

impl<R: Read> Aligned<R> {
    /// Reads `reader`, whose end `ending` tells.
    pub fn new(reader: R, ending: Arc<Ending>, limits: RecordLimits) -> Self {
        Self {
            lines: LineReader::new(reader, limits),
            ending,
            grid: None,
            queue: Queue::default(),
            below: false,
            blanks: 1,
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

    /// The names and dashes that stand `at` lines ahead, and how many lines each is broken into.
    fn head_at(&mut self, at: usize) -> Result<Option<(Head, usize)>, ReadError> {
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

    /// Whether dashes without names stand `at` lines ahead: below a blank line and the line of no names, or, behind a
    /// count, below one.
    fn is_unnamed_at(&mut self, at: usize) -> Result<bool, ReadError> {
        let is_unnamed = self.has_blanks_above(at)?;
        if let (true, false, Some(line)) = (is_unnamed, self.below, self.lines.peek(at)?.cloned()) {
            let is_row = |grid: &Grid| grid.is_texts() && grid.cut(&line.text, true).is_some();
            if self.grid.as_ref().is_some_and(is_row) {
                return Err(ReadError::Malformed {
                    line: line.number,
                    what: "these dashes are a text, or the head of a second result without names"
                        .to_owned(),
                });
            }
        }
        Ok(is_unnamed)
    }

    /// Whether `at` lines ahead there are dashes with enough blank lines above them to be the head of a result.
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
        let enough = if self.below || self.grid.is_none() {
            1
        } else {
            2
        };
        Ok(blanks + self.blanks >= enough)
    }

    /// Takes names and dashes, if they stand here.
    fn take_names(&mut self) -> Result<bool, ReadError> {
        let Some((head, broken)) = self.head_at(0)? else {
            return Ok(false);
        };
        let again = self
            .grid
            .as_ref()
            .is_some_and(|grid| broken > 0 && grid.names == head.text);
        let line = self.lines.peek(0)?.map_or(0, |line| line.number);
        self.lines.skip((broken * 2).max(1));
        self.unwrapped |= broken > 1;
        self.next = None;
        self.is_lost = false;
        if again && !self.below {
            let detail = "the names of the columns, again".to_owned();
            self.queue
                .reject(line, &head.text, Reason::RepeatedHeader, detail, 0);
            return Ok(true);
        }
        if self.grid.is_some() && !self.below {
            self.uncounted.get_or_insert(line);
            self.check_counts()?;
        }
        self.below = false;
        self.blanks = 0;
        (self.rows, self.refused, self.begun, self.unsure) = (0, 0, 0, None);
        let total = head.places.last().map_or(0, |place| place.end);
        let length = Measure::Units.length(&head.text);
        let typed: Vec<Option<Look>> = head.names.iter().map(|name| known_look(name)).collect();
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
    fn shown(&mut self) -> Result<Vec<String>, ReadError> {
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

    /// Takes first the measure in which the next lines leave the fewest that are no records: SQL Server's own, unless
    /// another leaves half as many.
    fn find_measure(&mut self, shown: &[String]) -> Result<(), ReadError> {
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

    /// What is left over of the next lines, which are `shown`, where places are counted by `measures`, and the last
    /// column is padded or is not, whichever leaves fewer.
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

    /// The same where `record` finds the record that begins at a line.
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

    /// Says whether the last column is padded, by the next `count` lines: where it is, each record is exactly as long
    /// as the dashes, so that there is one way to part the lines into records.
    fn find_padding(&mut self, count: usize) -> Result<(), ReadError> {
        let was = match &mut self.grid {
            Some(grid) if grid.pieces.len() == 1 => std::mem::replace(&mut grid.padded, true),
            _ => return Ok(()),
        };
        let (mut at, mut whole, mut others, mut blanks, mut joined) = (0, 0, 0, false, 0);
        while at < count {
            if self
                .lines
                .peek(at)?
                .is_some_and(|line| line.text.is_empty())
            {
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

    /// Takes the next line and what belongs to it.
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
            return self.footer(Footer {
                rows: Some(rows),
                completed_at_ms: None,
            });
        }
        if let Some(at) = trailer::completed_at_ms(&line.text) {
            return self.footer(Footer {
                rows: None,
                completed_at_ms: Some(at),
            });
        }
        if let Some(message) = trailer::message(&line.text) {
            return self.message(message);
        }
        if self.names_may_stand_here()? && self.take_names()? {
            return Ok(true);
        }
        if line.is_blank() && !self.is_empty_row(&line.text) {
            return self.blank();
        }
        self.blanks = 0;
        let Some(grid) = &self.grid else {
            self.lines.skip(1);
            let detail = "stands before the names of the columns".to_owned();
            self.queue
                .reject(line.number, &line.text, Reason::Ragged, detail, 0);
            return Ok(true);
        };
        if grid.pieces.len() > 1 {
            self.wrapped()
        } else {
            self.record()
        }
    }

    /// Names stand at the beginning, below a count or a blank line, or again; where they were before, dashes are right
    /// below them.
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

    /// Whether the line `at` lines ahead, which is not the next one, is a part of no record.
    fn ends_at(&mut self, at: usize) -> Result<bool, ReadError> {
        let Some(line) = self.lines.peek(at)? else {
            return Ok(true);
        };
        work::steps(1);
        let text = line.text.clone();
        if line.bad.is_some()
            || trailer::rows(&text).is_some()
            || trailer::completed_at_ms(&text).is_some()
            || trailer::message(&text).is_some()
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
        let again = self
            .grid
            .as_ref()
            .is_some_and(|grid| grid.begins_names(&text));
        let below_blank = at == 0 || self.lines.peek(at - 1)?.is_some_and(Line::is_blank);
        Ok((again || below_blank) && self.head_at(at)?.is_some())
    }

    /// A blank line is nothing, but in a single column it may be a text of nothing.
    fn blank(&mut self) -> Result<bool, ReadError> {
        let alone = (self.grid.as_ref()).is_some_and(|grid| grid.places.len() == 1) && !self.below;
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        let number = line.number;
        let is_row = |grid: &Grid| grid.pieces.len() == 1 && grid.cut(&line.text, true).is_some();
        if !line.text.is_empty() && !self.below && self.grid.as_ref().is_some_and(is_row) {
            let detail = "a line of blanks may be a row of empty texts, or nothing".to_owned();
            self.refuse(number, &line.text, Reason::Ragged, detail);
            self.begun += 1;
            return Ok(true);
        }
        self.blanks += 1;
        if alone && self.lines.peek(0)?.is_some() && !self.ends_at(0)? {
            let detail = "a blank line may be an empty text, or nothing".to_owned();
            self.refuse(number, "", Reason::Ragged, detail);
        }
        Ok(true)
    }

    /// Whether a line of blanks is a record: as long as one, of texts only.
    fn is_empty_row(&self, text: &str) -> bool {
        self.grid.as_ref().is_some_and(|grid| {
            !text.is_empty()
                && grid.pieces.len() == 1
                && grid.is_texts()
                && grid.cut(text, !grid.padded).is_some()
        })
    }

    fn footer(&mut self, footer: Footer) -> Result<bool, ReadError> {
        self.lines.skip(1);
        self.blanks = self.blanks.max(1);
        self.below |= footer.rows.is_some();
        self.queue.push(Waiting::Footer(footer));
        Ok(true)
    }

    /// Fails where a count says that there are fewer rows than were taken for some: a value has line breaks, and was
    /// handed on in parts. Lines that were refused and may begin a record are counted with them, so that none of these
    /// stands for one that was forged; where only texts stand in the columns, any line may.
    fn counts(&mut self, rows: u64) -> Result<(), ReadError> {
        let texts = self.grid.as_ref().is_some_and(Grid::is_texts);
        let claimed = self.rows + if texts { self.refused } else { self.begun };
        match self.unsure {
            Some(line) if rows < claimed && !self.below => Err(ReadError::Malformed {
                line,
                what: format!(
                    "the count below says {rows} rows, and {claimed} lines could be one: a text with a line break in \
                     it cannot be told from two rows"
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Fails where one result has a count of rows below it and another has none: what looks like the names between them
    /// may be a text of the result above.
    fn check_counts(&self) -> Result<(), ReadError> {
        match self.uncounted {
            Some(line) if self.is_counted => Err(ReadError::Malformed {
                line,
                what: "these are the names of another result, or a text with line breaks: the result above them has \
                       no count of rows, and another one has"
                    .to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses what stands at `line`, which is one record.
    fn refuse(&mut self, line: u64, text: &str, reason: Reason, detail: String) {
        self.refused += 1;
        self.queue.reject(line, text, reason, detail, 1);
    }

    /// Refuses the lines of a record of which some may begin one as well.
    fn refuse_lines(&mut self, candidate: &Candidate) {
        let detail = "its lines may be one record or several".to_owned();
        self.lines.skip(candidate.lines);
        self.refuse(candidate.number, &candidate.text, Reason::Ragged, detail);
        self.refused += candidate.others;
        self.begun += 1 + candidate.others;
        self.unsure.get_or_insert(candidate.number);
        self.is_lost = true;
    }

    /// Takes a message of the server, with the text of an error, which goes on to the next blank line.
    fn message(&mut self, message: Message) -> Result<bool, ReadError> {
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        self.messages += 1;
        self.blanks = self.blanks.max(1);
        if let Message::Error(number) = message {
            let mut text = line.text.clone();
            for _ in 0..PIECES {
                let goes_on = |line: &Line| !line.is_blank();
                if !self.lines.peek(0)?.is_some_and(goes_on) || self.ends_at(0)? {
                    break;
                }
                if let Some(more) = self.lines.pop()? {
                    text.push('\n');
                    text.push_str(&more.text);
                }
            }
            let detail = trailer::stopped(number, self.below || self.grid.is_none());
            let records = u64::from(self.grid.is_some() && !self.below);
            self.queue
                .reject(line.number, &text, Reason::ServerError, detail, records);
        }
        Ok(true)
    }

    /// A record on one line, or on more because values have line breaks.
    fn record(&mut self) -> Result<bool, ReadError> {
        let is_measured = self.grid.as_ref().is_none_or(|grid| grid.is_measured);
        if !is_measured
            && self
                .lines
                .peek(0)?
                .is_some_and(|line| !line.text.is_ascii())
        {
            let shown = self.shown()?;
            self.find_measure(&shown)?;
        }
        let number = self.lines.peek(0)?.map_or(0, |line| line.number);
        let known = self.next.take().filter(|next| next.number == number);
        // Where only texts stand, nothing says where the next record begins.
        let texts = self.grid.as_ref().is_some_and(Grid::is_texts);
        let candidate = match known {
            Some(candidate) => Some(candidate),
            None if texts && self.is_lost => None,
            None => self.candidate(0)?,
        };
        let is_lost = self.is_lost;
        let is_mixed = self.grid.as_ref().is_some_and(|grid| grid.is_mixed);
        let is_record = |one: &Candidate| {
            !is_lost || (!texts && one.is_record() && (one.cut.is_full || !is_mixed))
        };
        let may_begin = candidate.as_ref().is_some_and(|one| !one.cut.is_undeclared);
        if let Some(candidate) = candidate.as_ref().filter(|one| one.others > 0) {
            self.refuse_lines(candidate);
            return Ok(true);
        }
        let Some(candidate) = candidate.filter(is_record) else {
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
        match self.behind(&candidate)? {
            Behind::Nothing { .. } if self.is_cut(candidate.lines)? => {
                let detail = "the file ends inside this line".to_owned();
                self.lines.skip(candidate.lines);
                self.refuse(number, &candidate.text, Reason::Truncated, detail);
                Ok(true)
            }
            Behind::Nothing { sure } => {
                if !sure {
                    self.unsure.get_or_insert(number);
                }
                Ok(self.found(candidate))
            }
            Behind::Perhaps => {
                let detail = "the lines below may be a part of its last value".to_owned();
                self.lines.skip(candidate.lines);
                self.refuse(number, &candidate.text, Reason::Ragged, detail);
                self.begun += 1;
                self.is_lost = true;
                Ok(true)
            }
        }
    }

    /// Whether the file ends without a line end behind `lines` lines, so that the last may be cut.
    fn is_cut(&mut self, lines: usize) -> Result<bool, ReadError> {
        Ok(self.lines.peek(lines)?.is_none() && self.ending.is_unended())
    }

    /// A line that is no record, or not known as one.
    fn lost(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.pop()? else {
            return Ok(false);
        };
        let total = self.grid.as_ref().map_or(0, |grid| grid.total);
        let found = Measure::Units.length(&line.text);
        let detail = if is_dashes(&line.text) {
            "a line of dashes without names above it".to_owned()
        } else {
            format!("expected {total} places, found {found}")
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
        let held = held(candidate.number, candidate.text, candidate.cut.fields);
        self.queue.push(Waiting::Record(held));
        true
    }

    /// The record that may begin `from` lines ahead, and how many of its lines may begin one as well.
    fn candidate(&mut self, from: usize) -> Result<Option<Candidate>, ReadError> {
        let Some(mut candidate) = self.fewest_lines(from)? else {
            return Ok(None);
        };
        for at in 1..candidate.lines {
            let other = self.fewest_lines(from + at)?;
            candidate.others += u64::from(other.is_some_and(|other| !other.cut.is_undeclared));
        }
        Ok(Some(candidate))
    }

    /// The record that may begin `from` lines ahead: the fewest lines that reach the last column, or, where that is
    /// padded, the end of the dashes.
    fn fewest_lines(&mut self, from: usize) -> Result<Option<Candidate>, ReadError> {
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
            let Some(line) = self
                .lines
                .peek(from + at)?
                .filter(|line| line.bad.is_none())
            else {
                return Ok(None);
            };
            sum.add(line);
            let full = sum.lengths.contains(&total);
            let reaches = sum
                .lengths
                .iter()
                .any(|length| *length >= last && *length < total);
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

    /// The lines from the one `from` lines ahead on that together are as long as the dashes.
    fn exact_lines(&mut self, from: usize) -> Result<Option<Candidate>, ReadError> {
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
    fn fitting(
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

    /// What stands behind `candidate`, whose last column may go on.
    fn behind(&mut self, candidate: &Candidate) -> Result<Behind, ReadError> {
        let total = self.grid.as_ref().map_or(0, |grid| grid.total);
        let sure = Behind::Nothing { sure: true };
        let mut sum = candidate.sum(self.lines.peek(candidate.lines - 1)?);
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
            return Ok(Behind::Nothing { sure: false });
        }
        Ok(Behind::Perhaps)
    }

    /// A record on as many lines as the names.
    fn wrapped(&mut self) -> Result<bool, ReadError> {
        let lengths = self
            .grid
            .as_ref()
            .map(|grid| grid.pieces.clone())
            .unwrap_or_default();
        let mut text = String::new();
        for (at, length) in lengths.iter().enumerate() {
            let Some(line) = self.lines.peek(at)?.filter(|line| line.bad.is_none()) else {
                return self.reject_wrapped();
            };
            let fits = Measure::ALL
                .iter()
                .any(|measure| measure.length(&line.text) == *length);
            if !fits && at + 1 < lengths.len() {
                return self.reject_wrapped();
            }
            text.push_str(&line.text);
        }
        let grid = self
            .grid
            .as_ref()
            .unwrap_or_else(|| unreachable!("names were read"));
        match grid.cut(&text, grid.trimmed) {
            Some(Cut { fields, .. }) => {
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
            let detail = "cannot be put together with the lines around it".to_owned();
            self.queue
                .reject(line.number, &line.text, Reason::WrappedLine, detail, 1);
        }
        Ok(true)
    }
}

fn is_dashes(line: &str) -> bool {
    line.contains('-') && line.bytes().all(|b| matches!(b, b'-' | b' '))
}

fn held(line: u64, text: String, fields: Vec<Field>) -> Held {
    Held {
        line,
        text,
        cells: None,
        fields,
    }
}

/// The length of lines in each measure, with the breaks between them.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    lengths: [usize; Measure::ALL.len()],
    /// Where the last line ends in the file.
    end: Option<u64>,
}

impl Sum {
    fn add(&mut self, line: &Line) {
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
    /// Whether it is a record although the lines before it may be a part of it, or it of them.
    fn is_record(&self) -> bool {
        self.cut.is_record(self.lines) && self.others == 0
    }

    /// Whether it is one line that can be cut by one measure only, and numbers or times show that it is well cut.
    fn is_proof(&self) -> bool {
        let before = self.cut.fields.last().map_or(0, |last| last.start);
        let beyond = self.text.get(..before).is_some_and(|text| !text.is_ascii());
        self.lines == 1 && beyond && self.cut.like > 0 && self.cut.unlike == 0
    }

    /// Whether a text in it begins with a blank, as it does where a line is cut by the wrong measure.
    fn is_shifted(&self) -> bool {
        let begins = |field: &Field| self.text[field.start..field.end].starts_with(' ');
        self.cut.fields.iter().any(begins)
    }

    /// Its length, where `last` is its last line.
    fn sum(&self, last: Option<&Line>) -> Sum {
        Sum {
            lengths: self.lengths,
            end: last.map(|line| line.end),
        }
    }
}

impl Grid {
    /// Cuts a text that is as long as the dashes and has blanks where they have, or, with `short`, ends in its last
    /// column.
    fn cut(&self, text: &str, short: bool) -> Option<Cut> {
        // Lines that are put together must not be so by the accident of a measure.
        let joined = text.contains('\n');
        let measures = &self.measures[..if joined { 1 } else { self.measures.len() }];
        (measures.iter()).find_map(|measure| self.cut_by(*measure, text, short))
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
        let clear = places
            .windows(2)
            .all(|pair| blank(&text[pair[0].end..pair[1].start]));
        clear.then(|| self.fields(text, places, length == self.total))
    }

    fn fields(&self, text: &str, places: Vec<Range<usize>>, is_full: bool) -> Cut {
        let mut cut = Cut {
            is_full,
            ..Cut::default()
        };
        for (place, (typed, declared)) in places
            .into_iter()
            .zip(self.typed.iter().zip(&self.declared))
        {
            let field = padded_field(text, place.clone());
            if let Some(typed) = typed {
                let inner = &text[field.start..field.end];
                let flush = field.start == place.start || field.end == place.end;
                if !flush || (inner != "NULL" && Look::of(inner) != *typed) {
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

    /// Whether a line is that of the names, or the first one of several.
    fn begins_names(&self, line: &str) -> bool {
        match self.pieces.len() {
            1 => line.trim_end() == self.names.trim_end(),
            _ => self.names.starts_with(line),
        }
    }

    /// Whether only texts stand in its columns.
    fn is_texts(&self) -> bool {
        self.typed.iter().all(Option::is_none)
    }

    /// Whether a line of `length` is one whose blanks were taken off, of lines that the page width has broken.
    fn trimmed_at(&self, length: usize) -> bool {
        self.pieces.len() > 1 && self.trimmed && length > 0
    }

    /// Learns from the first lines below the dashes which columns are numbers or times.
    fn find_types(&mut self, lines: &[String]) {
        let cut: Vec<Option<Cut>> = lines.iter().map(|line| self.cut(line, true)).collect();
        let mut typed = self.typed.clone();
        for (column, typed) in typed
            .iter_mut()
            .enumerate()
            .filter(|(_, typed)| typed.is_none())
        {
            let texts = lines.iter().zip(&cut).filter_map(|(line, cut)| {
                let field = cut.as_ref()?.fields.get(column)?;
                Some(&line[field.start..field.end]).filter(|text| *text != "NULL")
            });
            let looks: Vec<Look> = texts.map(Look::of).collect();
            let count = |wanted: Look| looks.iter().filter(|look| **look == wanted).count();
            let (numbers, times) = (count(Look::Number), count(Look::Time));
            let (most, same) = match times > numbers {
                true => (Look::Time, times),
                false => (Look::Number, numbers),
            };
            *typed = (same > 0 && same * 2 >= looks.len()).then_some(most);
        }
        self.typed = typed;
    }
}

impl Cut {
    /// Whether the columns of numbers and times are so in these `lines`; where there are none, whether it is one line.
    fn is_record(&self, lines: usize) -> bool {
        let like = self.like + if lines == 1 { self.null } else { 0 };
        match (like, self.unlike) {
            (0, 0) => lines == 1,
            (like, 0) => like > 0,
            (like, unlike) => like > 1 && like > 2 * unlike,
        }
    }
}

/// A field without its padding: blanks at the end, and those before numbers, times and NULL.
pub(super) fn padded_field(text: &str, place: Range<usize>) -> Field {
    let cell = &text[place.clone()];
    let end = place.start + cell.trim_end_matches(' ').len();
    let inner = cell.trim_matches(' ');
    let right = inner == "NULL" || matches!(Look::of(inner), Look::Number | Look::Time);
    Field {
        start: if right {
            end - inner.len()
        } else {
            place.start
        },
        end,
        written: Written::Bare,
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
                "{} records were put together from lines that a line break had cut",
                self.repaired
            ));
        }
        if self.unsure.is_some() && !self.below && self.repaired + self.refused > 0 {
            remarks.push(UNCOUNTED.to_owned());
        }
        if self.messages > 0 {
            remarks.push(trailer::passed_over(self.messages));
        }
        if self.unwrapped {
            remarks.push("lines that the page width had broken were put together".to_owned());
        }
        remarks
    }
}
