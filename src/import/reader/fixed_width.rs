//! Reads columns of fixed widths without dashes above them: the wizard's fixed width and ragged right, and aligned
//! text whose dashes were left out.
//!
//! How wide the columns are is said by the user, or by a bcp format file, or by names in the first line, each of which
//! begins where its column does. Names may touch, as the wizard has them; then each has to be a column of the product,
//! and there has to be one way only to part them. Rows by themselves never say it: that all of them have a blank in the
//! same place may be padding, or the middle of a time, so it is shown as a proposal and not used.
//!
//! A file is lines, of which the last column may end early, or it is one run of records without anything between them.
//! A run is cut by counting alone, so it is read only where a character is one place whoever counts, and only if its
//! last record is whole; else nothing in it can be trusted, and all of it is refused.

use std::io::Read;
use std::ops::Range;

use crate::import::format::detect;
use crate::import::format::detect::Look;
use crate::import::format::trailer;
use crate::import::reader::aligned::{Measure, padded_field};
use crate::import::reader::lines::Lines;
use crate::import::reader::queue::{Held, Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::{Field, Footer, Limits, ReadError, Reason};

/// The most lines that one record may stand on.
const PIECES: usize = 200;

/// How many rows of the beginning are looked at.
const ROWS: usize = 2000;

/// The longest line of names, and of names that touch.
const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_TOKEN: usize = 2000;

/// The longest name: SQL Server allows as many characters.
const LONGEST_NAME: usize = 128;

/// As many blanks as stand in no text of words.
const PADDING: &str = "    ";

/// The width of a last column that goes on to the end of its line.
pub const REST: usize = usize::MAX;

/// What stands between records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ends {
    /// A line end.
    Lines,
    /// Nothing.
    Run,
}

/// What somebody says about the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widths {
    /// How many places each column has, with the blanks that stand between; the last one may be [`REST`].
    pub each: Vec<usize>,
    /// The names, where they are known.
    pub names: Option<Vec<String>>,
    /// What stands between records, where it is known.
    pub ends: Option<Ends>,
}

impl Widths {
    /// The most places of a record.
    const MOST: usize = 64 << 20;

    /// Reads `20,6,23,*`, where the star is a last column that goes on to the end of its line. `None` when that is not
    /// what `text` is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (fixed, rest) = match text.trim().strip_suffix('*') {
            Some(before) => (before.trim_end().strip_suffix(',')?, true),
            None => (text, false),
        };
        let mut each = Vec::new();
        for width in fixed.split(',') {
            each.push(width.trim().parse().ok().filter(|width| *width > 0)?);
        }
        let total = each
            .iter()
            .try_fold(0, |sum: usize, width| sum.checked_add(*width))?;
        if rest {
            each.push(REST);
        }
        (total <= Self::MOST).then_some(Self {
            each,
            names: None,
            ends: None,
        })
    }

    fn places(&self) -> Vec<Range<usize>> {
        let mut start: usize = 0;
        let place = |width: &usize| {
            let place = start..start.saturating_add(*width);
            start = place.end;
            place
        };
        self.each.iter().map(place).collect()
    }
}

/// How the columns of a file are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The last one ends at [`REST`] where nobody knows.
    places: Vec<Range<usize>>,
    /// The names, from the file or from elsewhere.
    names: Option<Vec<String>>,
    /// Whether the first line is the names.
    pub header: bool,
    ends: Ends,
    /// Whether every line is as long as all columns together.
    padded: bool,
}

/// What the beginning of a file shows when it is cut.
#[derive(Debug, Clone)]
pub struct Found {
    /// How it is cut.
    pub plan: Plan,
    /// The share of the rows that it fits.
    fit: f64,
    /// Fields that are the word NULL.
    word: usize,
    /// Columns that are numbers or times but for fields of nothing.
    typed_nothing: usize,
    /// Whether two columns touch.
    touch: bool,
    /// Whether numbers stand on the right.
    right: bool,
    /// Whether a count of rows stands below.
    footer: bool,
}

impl Found {
    /// How likely the file is the wizard's, or, if `aligned`, what is left of aligned text.
    #[must_use]
    pub fn score(&self, aligned: bool) -> f64 {
        let when = |condition: bool, points: f64| if condition { points } else { 0.0 };
        let word = self.word > 0 && self.typed_nothing == 0;
        let own = if aligned {
            when(word, 0.1) + when(self.right || self.footer, 0.1)
                - when(self.typed_nothing > 0, 0.3)
                - when(self.touch, 0.6)
        } else {
            when(self.typed_nothing > 0, 0.1) + when(self.touch, 0.1)
                - when(word, 0.3)
                - when(self.right || self.footer, 0.3)
        };
        0.5 * self.fit + 0.3 + own
    }
}

/// How `text`, the beginning of a file or the `whole` of it, is cut into columns; `None` when nothing says it.
#[must_use]
pub fn tell(text: &str, whole: bool, said: Option<&Widths>) -> Option<Found> {
    let (head, below) = first_line(text)?;
    let rows = |body| rows_of(body, whole);
    let (mut places, names, header) = match said {
        Some(said) => {
            let places = said.places();
            let names = names_at(head, &places);
            let header = names.is_some();
            let matching = said
                .names
                .clone()
                .filter(|names| names.len() == places.len());
            (places, names.or(matching), header)
        }
        None => {
            let (places, names) = by_names(head, &rows(below))?;
            (places, Some(names), true)
        }
    };
    let body = if header { below } else { text };
    let (rows, last) = (rows(body), places.last()?.clone());
    let ends = said.and_then(|said| said.ends);
    let fits = |end: usize| {
        let fitting = rows
            .iter()
            .filter(|row| (last.start..=end).contains(&units(row)))
            .count();
        share(fitting, rows.len())
    };
    let full = rows.iter().filter(|row| units(row) == last.end).count();
    // A last column that is not padded may be as long in most rows by chance, but then nothing ends in a blank.
    let blank = header && head.ends_with(' ');
    let padded = last.end != REST
        && full * 2 > rows.len()
        && (blank || rows.iter().any(|row| row.ends_with(' ')));
    let mut run = last.end != REST && is_run(body, last.end);
    if said.is_none() && !blank {
        // The last name is not padded to the column's width: either the column is as narrow, or its width is not known.
        if run && whole && units(body.trim_end_matches(END)).is_multiple_of(last.end) {
            return None;
        }
        run = false;
        places.last_mut()?.end = REST;
    }
    let end = places.last()?.end;
    let ends = ends.unwrap_or(if run { Ends::Run } else { Ends::Lines });
    let mut found = Found {
        fit: if ends == Ends::Run { 1.0 } else { fits(end) },
        plan: Plan {
            places,
            names,
            header,
            ends,
            padded,
        },
        word: 0,
        typed_nothing: 0,
        touch: false,
        right: false,
        footer: text
            .lines()
            .rev()
            .take(8)
            .any(|line| trailer::rows(line).is_some()),
    };
    match ends {
        Ends::Lines => found.look_at(&rows),
        Ends::Run => found.look_at(&cut_run(body, end)),
    }
    Some(found)
}

/// The rows of the beginning: lines that are not blank and say no count or time.
fn rows_of(body: &str, whole: bool) -> Vec<&str> {
    let end = if whole {
        body.len()
    } else {
        body.rfind('\n').unwrap_or(0)
    };
    let is_row = |line: &&str| {
        let below = trailer::rows(line).is_some() || trailer::completed_at_ms(line).is_some();
        !line.trim().is_empty() && !below
    };
    body[..end].lines().filter(is_row).take(ROWS).collect()
}

/// The first records of a run.
fn cut_run(body: &str, total: usize) -> Vec<&str> {
    let mut rows = Vec::new();
    let (mut start, mut at) = (0, 0);
    for (byte, c) in body.char_indices() {
        if at == total {
            rows.push(&body[start..byte]);
            (start, at) = (byte, 0);
            if rows.len() == ROWS {
                break;
            }
        }
        at += c.len_utf16();
    }
    rows
}

/// What may stand at the end of a run.
const END: [char; 3] = ['\r', '\n', '\u{1A}'];

/// Whether the text is more than one record of `total` places without a line end.
fn is_run(body: &str, total: usize) -> bool {
    let body = body.trim_end_matches(END);
    units(body) > total && !body.contains('\n')
}

/// The first line that is not blank, and what stands below it.
fn first_line(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        at += line.len();
        let head = line.trim_end_matches(['\r', '\n']);
        (!head.trim().is_empty()).then(|| (head, &text[at..]))
    })
}

fn units(text: &str) -> usize {
    Measure::Units.length(text)
}

fn share(part: usize, whole: usize) -> f64 {
    let of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        1.0
    } else {
        of(part) / of(whole)
    }
}

// NAMES ----------------------------------------------------------------------------------------------------

/// The names of columns in `head`, if the texts at `places` are some.
fn names_at(head: &str, places: &[Range<usize>]) -> Option<Vec<String>> {
    let cut = Measure::Units.cut(head, places)?;
    let names = || cut.iter().map(|place| head[place.clone()].trim());
    detect::are_names(names()).then(|| names().map(str::to_owned).collect())
}

/// The columns that the names in `head` begin, if it is a line of names and only one reading of it.
fn by_names(head: &str, rows: &[&str]) -> Option<(Vec<Range<usize>>, Vec<String>)> {
    let odd = |c: char| !c.is_ascii() || matches!(c, ',' | ';' | '\t' | '"' | '|' | ':');
    if head.len() > LONGEST_HEAD || head.contains(odd) {
        return None;
    }
    let mut names: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for token in head.split(' ') {
        if !token.is_empty() {
            let parts = parts(token)?;
            let mut start = at;
            for part in parts {
                names.push((start, part));
                start += part.len();
            }
        }
        at += token.len() + 1;
    }
    if names.len() < 2 || !detect::are_names(names.iter().map(|(_, name)| *name)) {
        return None;
    }
    // A single blank may be inside a name, unless both sides are columns, or the rows have a blank there as well.
    let sure = names.windows(2).all(|pair| {
        let ((before, name), (start, next)) = (pair[0], pair[1]);
        let known = detect::is_known_column(name) && detect::is_known_column(next);
        let blank = |row: &&str| row.as_bytes().get(start - 1).is_none_or(|b| *b == b' ');
        known || start - before - name.len() > 1 || !rows.is_empty() && rows.iter().all(blank)
    });
    let starts = names.iter().map(|(start, _)| *start);
    let ends = starts.clone().skip(1).chain([head.len()]);
    let places: Vec<Range<usize>> = starts.zip(ends).map(|(start, end)| start..end).collect();
    let first = places.first().is_some_and(|place| place.start == 0);
    let names = names.into_iter().map(|(_, name)| name.to_owned()).collect();
    (sure && first).then_some((places, names))
}

/// The names that touch in `token`: itself where it is a column or has none at its edges, else the columns that it is
/// made of, if it can be parted in one way only.
fn parts(token: &str) -> Option<Vec<&str>> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    // The ways to part the text from each byte on, and the end of the first name in one of them.
    let mut ways = vec![(0_u32, 0); token.len() + 1];
    ways[token.len()] = (1, 0);
    for start in (0..token.len()).rev() {
        for end in start + 1..=token.len().min(start + LONGEST_NAME) {
            let known = ways[end].0 > 0 && detect::is_known_column(&token[start..end]);
            if known {
                ways[start] = (ways[start].0.saturating_add(ways[end].0), end);
            }
        }
    }
    match ways[0].0 {
        0 => {
            let joint = |at: usize| token[..at].ends_with('_') || token[at..].starts_with('_');
            let part = |at: usize| {
                let either =
                    detect::is_known_column(&token[..at]) || detect::is_known_column(&token[at..]);
                either && !joint(at)
            };
            let whole = !(1..token.len()).any(part);
            whole.then(|| vec![token])
        }
        1 => {
            let (mut found, mut start) = (Vec::new(), 0);
            while start < token.len() {
                let end = ways[start].1;
                found.push(&token[start..end]);
                start = end;
            }
            Some(found)
        }
        _ => None,
    }
}

/// Widths that padded lines would have if columns ended at the blanks that all of them share.
#[must_use]
pub fn proposal(text: &str, whole: bool) -> Option<Vec<usize>> {
    let rows = rows_of(text, whole);
    let length = rows.iter().map(|row| row.len()).min()?;
    let even = rows.iter().all(|row| row.len() == length);
    let padded = |row: &&str| row.is_ascii() && (even || row.contains(PADDING));
    if rows.len() < 2 || length < 8 || !rows.iter().all(padded) {
        return None;
    }
    let blank = |at: usize| rows.iter().all(|row| row.as_bytes()[at] == b' ');
    let starts: Vec<usize> = (0..length)
        .filter(|at| *at == 0 || blank(at - 1) && !blank(*at))
        .collect();
    // The blank in the middle of a time is no end of a column.
    let within = |start: &usize| {
        let time = |row: &&str| {
            let day = start
                .checked_sub(11)
                .and_then(|from| row.get(from..*start + 8));
            day.is_some_and(|text| Look::of(text) == Look::Time)
        };
        rows.iter().any(time)
    };
    let starts: Vec<usize> = starts.into_iter().filter(|start| !within(start)).collect();
    let ends = starts.iter().skip(1).copied().chain([length]);
    let widths = starts.iter().zip(ends).map(|(start, end)| end - start);
    let mut widths: Vec<usize> = widths.collect();
    if let Some(last) = widths.last_mut().filter(|_| !even) {
        *last = REST;
    }
    (widths.len() > 1).then_some(widths)
}

/// Widths as [`Widths::parse`] reads them.
#[must_use]
pub fn shown(widths: &[usize]) -> String {
    let one = |width: &usize| match *width {
        REST => "*".to_owned(),
        width => width.to_string(),
    };
    widths.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Whether `text` looks as if its columns had fixed widths.
#[must_use]
pub fn is_likely(text: &str, whole: bool) -> bool {
    let run = text.trim_end_matches(END);
    let named = || first_line(text).is_some_and(|(head, _)| by_names(head, &[]).is_some());
    let long = !run.contains('\n') && run.len() >= 40 && run.contains(PADDING);
    long || proposal(text, whole).is_some() || named()
}

impl Found {
    fn look_at(&mut self, rows: &[&str]) {
        let places = &self.plan.places;
        let mut looks = vec![(Look::Nothing, false); places.len()];
        let least = places.last().map_or(0, |last| last.start);
        for row in rows.iter().filter(|row| units(row) >= least) {
            let Some(cut) = Measure::Units.cut(row, places) else {
                continue;
            };
            for (at, (place, look)) in cut.into_iter().zip(&mut looks).enumerate() {
                let cell = &row[place];
                let inner = cell.trim_matches(' ');
                self.word += usize::from(inner == "NULL");
                self.touch |= at + 1 < places.len() && !cell.is_empty() && !cell.ends_with(' ');
                let own = Look::of(inner);
                self.right |= own == Look::Number && cell.starts_with(' ') && !cell.ends_with("  ");
                look.0 = look.0.and(own);
                look.1 |= inner.is_empty();
            }
        }
        let typed =
            |(look, empty): &&(Look, bool)| *empty && matches!(look, Look::Number | Look::Time);
        self.typed_nothing = looks.iter().filter(typed).count();
    }
}

// LINES ----------------------------------------------------------------------------------------------------

/// Reads one file of lines.
pub struct Columns<R> {
    lines: Lines<R>,
    plan: Plan,
    /// How places may be counted.
    measures: &'static [Measure],
    /// Whether this is aligned text, which has a blank between columns, and a count below.
    aligned: bool,
    /// The line of names.
    head: Option<String>,
    begun: bool,
    repaired: u64,
    queue: Queue,
}

/// What a text is when it is cut.
enum Cut {
    /// No record.
    None,
    /// A record.
    Fields(Vec<Field>),
    /// One of several, which nobody can tell apart.
    Several,
}

impl<R: Read> Columns<R> {
    /// Reads `reader`, in whose encoding a character may be one place or `several`.
    pub fn new(reader: R, plan: Plan, several: bool, aligned: bool, limits: Limits) -> Self {
        let measures: &[Measure] = match (aligned, several) {
            (true, _) => &Measure::ALL,
            (false, true) => &[
                Measure::Units,
                Measure::Characters,
                Measure::Screen,
                Measure::Bytes,
            ],
            (false, false) => &[Measure::Units],
        };
        Self {
            lines: Lines::new(reader, limits),
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
        let footer = Footer {
            rows: trailer::rows(&line.text),
            completed_at_ms: trailer::completed_at_ms(&line.text),
        };
        if self.aligned && (footer.rows.is_some() || footer.completed_at_ms.is_some()) {
            self.lines.skip(1);
            self.queue.push(Waiting::Footer(footer));
            return Ok(true);
        }
        if !self.begun {
            self.begun = true;
            self.head = Some(line.text.clone());
            self.lines.skip(1);
            self.queue
                .push(Waiting::Header(self.plan.names.clone().unwrap_or_default()));
            return Ok(true);
        }
        if self.head.as_ref() == Some(&line.text) {
            let detail = "the names of the columns, again".to_owned();
            self.queue
                .reject(line.number, &line.text, Reason::RepeatedHeader, detail, 0);
            self.lines.skip(1);
            return Ok(true);
        }
        self.record()?;
        Ok(true)
    }

    /// A record on one line, or on more because values have line breaks.
    fn record(&mut self) -> Result<(), ReadError> {
        let mut alone = false;
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
            let text = self.lines.joined(count)?;
            match self.cut(&text) {
                Cut::None if self.is_longer(&text) => break,
                Cut::None => {}
                Cut::Several => {
                    let detail =
                        "its characters can be counted in two ways, which cut it differently";
                    return self.reject(count, detail.to_owned());
                }
                // A line that is a record by itself is none that was cut, or both are spoiled.
                Cut::Fields(_) if alone => {
                    let detail =
                        "is too short, and with what follows it can be read in two ways".to_owned();
                    return self.reject(count, detail);
                }
                Cut::Fields(fields) => {
                    let number = self.lines.peek(0)?.map_or(0, |line| line.number);
                    self.repaired += u64::from(count > 1);
                    self.lines.skip(count);
                    self.queue.push(Waiting::Record(Held {
                        line: number,
                        text,
                        cells: None,
                        fields,
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
        self.reject(1, format!("expected {wanted} places, found {length}"))
    }

    /// Rejects the next `count` lines, each for itself.
    fn reject(&mut self, count: usize, detail: String) -> Result<(), ReadError> {
        for _ in 0..count {
            let Some(line) = self.lines.pop()? else { break };
            if !line.is_blank() {
                self.queue
                    .reject(line.number, &line.text, Reason::Ragged, detail.clone(), 1);
            }
        }
        Ok(())
    }

    fn is_longer(&self, text: &str) -> bool {
        let end = self.plan.places.last().map_or(0, |last| last.end);
        self.measures
            .iter()
            .all(|measure| measure.length(text) > end)
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
            let fields = cut
                .into_iter()
                .map(|place| padded_field(text, place))
                .collect();
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

fn remarks(plan: &Plan, repaired: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    if plan.header {
        remarks.push("each column begins where its name does in the first line".to_owned());
    }
    if repaired > 0 {
        remarks.push(format!(
            "{repaired} records were put together from lines that a line break had cut"
        ));
    }
    remarks
}

// RUN ------------------------------------------------------------------------------------------------------

/// Reads one file of records that follow each other without anything between them. A record's line is its number.
pub struct Run<R> {
    reader: R,
    plan: Plan,
    total: usize,
    /// Whether a character beyond ASCII may be one place or several.
    several: bool,
    limits: Limits,
    /// What was read and not cut, from `at` on.
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    begun: bool,
    /// How many records were cut.
    count: u64,
    queue: Queue,
}

impl<R: Read> Run<R> {
    /// Reads `reader`, in whose encoding a character may be one place or `several`.
    pub fn new(reader: R, plan: Plan, several: bool, limits: Limits) -> Self {
        let total = plan.places.last().map_or(0, |last| last.end);
        Self {
            reader,
            plan,
            total,
            several,
            limits,
            buffer: Vec::new(),
            at: 0,
            ended: false,
            begun: false,
            count: 0,
            queue: Queue::default(),
        }
    }

    fn fill(&mut self) -> Result<(), ReadError> {
        const BLOCK: usize = 64 << 10;
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + BLOCK, 0);
        let read = match self.reader.read(&mut self.buffer[before..]) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error.into()),
            Ok(read) => {
                self.ended = read == 0;
                read
            }
        };
        self.buffer.truncate(before + read);
        Ok(())
    }

    fn wrong(&self, what: &str) -> ReadError {
        ReadError::Malformed {
            line: 1,
            what: format!("record {} {what}", self.count + 1),
        }
    }

    /// The end of the record that begins the buffer; `None` when it is not all there.
    fn end(&self) -> Result<Option<usize>, ReadError> {
        let bytes = &self.buffer[self.at..];
        let (mut byte, mut place) = (0, 0);
        while place < self.total {
            let Some(first) = bytes.get(byte) else {
                return Ok(None);
            };
            if !first.is_ascii() && self.several {
                let what = "has a character beyond ASCII, of which the encoding does not say how many places it takes; \
                            without line ends nothing behind it can be cut";
                return Err(self.wrong(what));
            }
            let (bytes, places) = match first {
                0xC2..=0xDF => (2, 1),
                0xE0..=0xEF => (3, 1),
                0xF0..=0xF4 => (4, 2),
                _ => (1, 1),
            };
            byte += bytes;
            place += places;
        }
        if place > self.total {
            return Err(self.wrong("ends inside a character; the widths are others"));
        }
        Ok((byte <= bytes.len()).then_some(byte))
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        if !self.begun {
            self.begin()?;
            return Ok(true);
        }
        let Some(end) = self.end()? else {
            if !self.ended {
                self.fill()?;
                return Ok(true);
            }
            let rest = &self.buffer[self.at..];
            if rest.iter().all(|b| matches!(b, b'\r' | b'\n' | 0x1A)) {
                return Ok(false);
            }
            let what = format!(
                "has less than {} places: the end is missing, or the widths are others",
                self.total
            );
            return Err(self.wrong(&what));
        };
        self.count += 1;
        let bytes = &self.buffer[self.at..self.at + end];
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let fields = Measure::Units.cut(text, &self.plan.places).map(|cut| {
                    cut.into_iter()
                        .map(|place| padded_field(text, place))
                        .collect()
                });
                match fields {
                    Some(fields) => self.queue.push(Waiting::Record(Held {
                        line: self.count,
                        text: text.to_owned(),
                        cells: None,
                        fields,
                    })),
                    None => {
                        let detail = "a character stands across the end of a column".to_owned();
                        self.queue
                            .reject(self.count, text, Reason::Ragged, detail, 1);
                    }
                }
            }
            Err(_) => {
                let text = String::from_utf8_lossy(bytes).replace('\u{FFFD}', "?");
                let detail = "bytes that are no text stand in it".to_owned();
                self.queue
                    .reject(self.count, &text, Reason::NotText, detail, 1);
            }
        }
        self.at += end;
        Ok(true)
    }

    /// Takes the names, and leaves out the line that they stand on.
    fn begin(&mut self) -> Result<(), ReadError> {
        const LONGEST: usize = 1 << 20;
        if self.total == REST {
            return Err(self.wrong("has a last column without a width, and no line end after it"));
        }
        if self.total > self.limits.record {
            return Err(ReadError::TooLarge {
                line: 1,
                what: "a record",
                limit: self.limits.record as u64,
            });
        }
        while self.plan.header {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                self.at = end + 1;
                break;
            }
            if self.ended || self.buffer.len() > LONGEST {
                return Err(self.wrong("has no line of names before it"));
            }
            self.fill()?;
        }
        self.begun = true;
        if let Some(names) = self.plan.names.clone() {
            self.queue.push(Waiting::Header(names));
        }
        Ok(())
    }
}

impl<R: Read> Reader for Run<R> {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn remarks(&self) -> Vec<String> {
        remarks(&self.plan, 0)
    }
}

impl Plan {
    /// What stands between its records.
    #[must_use]
    pub fn ends(&self) -> Ends {
        self.ends
    }
}
