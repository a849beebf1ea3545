//! A `scenario.toml` as written: reads every key, and checks everything that needs no other file.
//!
//! Whatever needs other files, the continued scenario or a query is left to `resolve`.

mod repeat;
mod steps;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::{At, Fields, Reader, describe, scalar_of, shorten};
use super::lab::Lab;
use super::rules::{self, LabRule};
use super::{Basis, ErratumKind, Observation};
use crate::diagnostic::hint_among;
use crate::diff::{ColumnMode, RowOrder};
use crate::document::{HEADINGS, Heading, Lines};
use crate::query::is_parameter_name;
use crate::table::{Cell, parse_timestamp};

/// The maximum number of invalid TOML lines that are skipped to read the rest.
const MAX_BROKEN: usize = 20;

const SCENARIO: [&str; 15] = [
    "title",
    "document",
    "section",
    "lines",
    "continues",
    "clock",
    "seeds",
    "notes",
    "parameters",
    "rules",
    "times",
    "observation",
    "printed_query",
    "step",
    "erratum",
];
const OBSERVATION: [&str; 3] = ["id", "lines", "says"];
const PRINTED_QUERY: [&str; 3] = ["query", "printed", "lines"];
const ERRATUM: [&str; 7] = ["file", "row", "column", "printed", "reading", "kind", "evidence"];
const PARAMETER: [&str; 2] = ["value", "columns"];
const ERRATUM_KINDS: [(&str, ErratumKind); 6] = [
    ("ocr", ErratumKind::Ocr),
    ("truncated", ErratumKind::Truncated),
    ("page_break", ErratumKind::PageBreak),
    ("layout", ErratumKind::Layout),
    ("markdown_escape", ErratumKind::MarkdownEscape),
    ("row_number", ErratumKind::RowNumber),
];

#[derive(Default)]
pub(super) struct Draft {
    pub(super) title: String,
    /// A document of its own, instead of the support note.
    pub(super) document: Option<At<String>>,
    pub(super) heading: Option<String>,
    pub(super) section: Option<&'static Heading>,
    pub(super) lines: Option<At<Lines>>,
    pub(super) continues: Option<At<String>>,
    pub(super) clock: Option<i64>,
    pub(super) seeds: Vec<At<String>>,
    pub(super) notes: Option<String>,
    pub(super) parameters: Vec<ParameterDraft>,
    pub(super) rules: Vec<LabRule>,
    pub(super) observations: Vec<ObservationDraft>,
    pub(super) printed_queries: Vec<PrintedQueryDraft>,
    pub(super) steps: Vec<StepDraft>,
    pub(super) errata: Vec<ErratumDraft>,
}

pub(super) struct ParameterDraft {
    pub(super) name: At<String>,
    /// `None` for an error that has already been recorded.
    pub(super) value: Option<At<Cell>>,
    pub(super) columns: Vec<String>,
}

pub(super) struct ObservationDraft {
    pub(super) id: At<String>,
    pub(super) lines: Option<At<Lines>>,
    pub(super) says: String,
}

pub(super) struct PrintedQueryDraft {
    pub(super) query: Option<At<String>>,
    pub(super) printed: At<String>,
    pub(super) lines: Option<At<Lines>>,
}

/// When a step happens, in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// Relative to the scenario clock's start.
    After(i64),
    /// In the servers' local time.
    On(i64),
    /// Relative to the previous step.
    Since(i64),
}

pub(super) struct StepDraft {
    pub(super) place: usize,
    pub(super) at: Option<At<(String, Time)>>,
    pub(super) title: String,
    pub(super) script: Option<At<String>>,
    /// What happens, in words, a sentence each.
    pub(super) happens: Vec<At<String>>,
    /// The step of another scenario whose causes are repeated, as `NAME/STEP`.
    pub(super) reuse: Option<At<String>>,
    pub(super) id: At<String>,
    pub(super) changes: Option<u64>,
    pub(super) error: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) checks: Vec<CheckDraft>,
}

pub(super) struct CheckDraft {
    pub(super) place: usize,
    pub(super) id: String,
    pub(super) query: Option<At<String>>,
    pub(super) with: Vec<(At<String>, At<Cell>)>,
    pub(super) expect: ExpectDraft,
    pub(super) basis: Option<At<Basis>>,
    pub(super) observes: Vec<At<String>>,
    pub(super) key: Option<Vec<At<String>>>,
    pub(super) columns: ColumnMode,
    pub(super) order: Option<RowOrder>,
    pub(super) ignore: Vec<(At<String>, String)>,
    pub(super) tolerance: Vec<(At<String>, f64, String)>,
}

pub(super) enum ExpectDraft {
    File(At<String>),
    /// A pipe table that is in `scenario.toml`.
    Inline(At<String>),
    /// A table that `chatdb record` writes to the file of this name.
    Recorded(At<String>),
    Rows(u64),
    Value(String),
    /// An error that has already been recorded.
    Unclear,
}

pub(super) enum CellDraft {
    /// Neither row nor column is given.
    None,
    /// An error that has already been recorded.
    Unclear,
    At(At<u64>, At<String>),
}

pub(super) struct ErratumDraft {
    pub(super) place: usize,
    pub(super) file: Option<At<String>>,
    pub(super) cell: CellDraft,
    pub(super) printed: Option<At<String>>,
    pub(super) reading: Option<String>,
    pub(super) kind: Option<ErratumKind>,
    pub(super) evidence: String,
}

/// Reads the `text` of a `scenario.toml` in a folder with this lab file. Errors are recorded in `reader`.
pub(super) fn read(reader: &Reader<'_>, text: &str, lab: Option<&Lab>) -> Draft {
    with_table(reader, text, |table| scenario(reader, table, lab))
}

/// Reads as much of a text as is valid TOML. Errors are recorded in `reader`.
pub(super) fn with_table<T>(
    reader: &Reader<'_>,
    text: &str,
    read: impl FnOnce(&DeTable<'_>) -> T,
) -> T {
    let text = without_broken_lines(reader, text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    reader.syntax(&errors);
    read(table.get_ref())
}

fn scenario(reader: &Reader<'_>, table: &DeTable<'_>, lab: Option<&Lab>) -> Draft {
    let fields = Fields::new(reader, table, 0, "a scenario", &SCENARIO);
    let document = fields.text("document");
    let of_lab = lab.and_then(|lab| lab.document.as_ref());
    let of_lab = of_lab.filter(|_| document.is_none());
    let is_unread = document.is_none() && lab.is_some_and(|lab| lab.document_is_unread);
    if is_unread {
        reader.document_is_unread();
    }
    let is_note = document.is_none() && of_lab.is_none() && !is_unread;
    let heading = fields.text("section");
    let of_note = heading.as_ref().filter(|_| is_note);
    let section = of_note.and_then(|text| section(&fields, text));
    let draft = Draft {
        title: plain(fields.need_text("title")),
        document,
        heading: heading.map(|heading| heading.value),
        section,
        lines: lines(&fields, section),
        continues: fields.text("continues"),
        clock: clock(&fields),
        seeds: fields.texts("seeds").unwrap_or_default(),
        notes: fields.text("notes").map(|notes| notes.value),
        parameters: parameters(&fields),
        rules: rules::read(&fields),
        observations: observations(&fields),
        printed_queries: printed_queries(&fields),
        steps: steps::steps(&fields),
        errata: errata(&fields),
    };
    bounds(reader, &draft, of_lab.map(|document| &document.lines));
    draft
}

/// Blanks the lines that are not TOML, which are recorded as errors, so that the lines around them can be read.
/// Positions do not change.
fn without_broken_lines<'t>(reader: &Reader<'_>, text: &'t str) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_BROKEN {
        let (_, errors) = DeTable::parse_recoverable(&text);
        let Some(at) = errors.first().map(|error| error.span().map_or(0, |span| span.start)) else {
            break;
        };
        reader.syntax(&errors[..1]);
        let at = at.min(text.len());
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        if text[start..end].trim().is_empty() {
            break;
        }
        let blank = " ".repeat(end - start);
        text.to_mut().replace_range(start..end, &blank);
    }
    text
}

fn plain(text: Option<At<String>>) -> String {
    text.map_or_else(String::new, |text| text.value)
}

fn section(fields: &Fields<'_>, text: &At<String>) -> Option<&'static Heading> {
    let found = HEADINGS.iter().find(|heading| heading.text == text.value);
    if found.is_none() {
        let hint = hint_among(&text.value, HEADINGS.iter().map(|heading| heading.text));
        let message = format!("the document has no heading `{}`", text.value);
        fields.reader.hinted(text.at, message, hint);
    }
    found
}

fn lines(fields: &Fields<'_>, section: Option<&Heading>) -> Option<At<Lines>> {
    let lines = fields.lines("lines")?;
    if let Some(heading) = section
        && let Some(outside) =
            lines.value.iter().find(|line| !(heading.first_line..=heading.last_line).contains(line))
    {
        let message = format!(
            "line {outside} is not in the section `{}`, lines {}-{}",
            heading.text, heading.first_line, heading.last_line
        );
        fields.reader.problem(lines.at, message);
    }
    Some(lines)
}

fn clock(fields: &Fields<'_>) -> Option<i64> {
    let continues = fields.has("continues");
    if !fields.has("clock") {
        if !continues {
            let message = "a scenario without `continues` needs `clock`, its start time";
            fields.lacks(&["clock", "continues"], message);
        }
        return None;
    }
    let text = fields.text("clock")?;
    if continues {
        let message = "`clock` belongs in the scenario that all others continue, not in this one";
        fields.reader.problem(text.at, message);
    }
    let clock = parse_timestamp(&text.value);
    if clock.is_none() {
        let message =
            format!("`clock` is `{}`; expected a time like `2011-07-12 14:49:55.000`", text.value);
        fields.reader.problem(text.at, message);
    }
    clock
}

fn parameters(fields: &Fields<'_>) -> Vec<ParameterDraft> {
    let entries = fields.entries("parameters");
    entries
        .into_iter()
        .map(|(name, value)| {
            if !is_parameter_name(&name.value) {
                let message = format!("invalid parameter name `{}`", name.value);
                let hint = "lower-case letters, digits and `_`, a letter first";
                fields.reader.hinted(name.at, message, Some(hint.to_owned()));
            }
            let (value, columns) = match value.get_ref() {
                DeValue::Table(table) => long_parameter(fields.reader, table, &name),
                _ => (short_value(fields.reader, &name.value, value), None),
            };
            ParameterDraft {
                columns: columns.unwrap_or_else(|| vec![name.value.clone()]),
                name,
                value,
            }
        })
        .collect()
}

fn short_value(reader: &Reader<'_>, name: &str, value: &Spanned<DeValue<'_>>) -> Option<At<Cell>> {
    let found = scalar_of(value);
    if found.is_none() {
        let message = format!(
            "`{name}` is {}; expected a whole number or text in quotes",
            describe(value.get_ref())
        );
        reader.problem(value.span().start, message);
    }
    found
}

type LongParameter = (Option<At<Cell>>, Option<Vec<String>>);

fn long_parameter<'a>(
    reader: &'a Reader<'a>,
    table: &'a DeTable<'a>,
    name: &At<String>,
) -> LongParameter {
    let fields = Fields::new(reader, table, name.at, "a parameter", &PARAMETER);
    let columns = fields.texts("columns");
    if !fields.has("value") {
        fields.missing("value");
    }
    let value = fields.scalar("value");
    let columns = columns.map(|columns| columns.into_iter().map(|at| at.value).collect());
    (value, columns)
}

pub(super) fn observations(fields: &Fields<'_>) -> Vec<ObservationDraft> {
    let mut ids = Ids::new(fields.reader, "observations");
    let tables = fields.tables("observation", "an observation", &OBSERVATION);
    tables
        .into_iter()
        .filter_map(|fields| {
            let id = fields.need_text("id");
            let lines = fields.need_lines("lines");
            let says = fields.need_text("says");
            let id = id?;
            if !id.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                let message = format!("invalid observation id `{}`", shorten(&id.value));
                let hint = "letters, digits and `_`, such as `SF2`".to_owned();
                fields.reader.hinted(id.at, message, Some(hint));
            }
            ids.take(&id);
            Some(ObservationDraft { id, lines, says: plain(says) })
        })
        .collect()
}

fn printed_queries(fields: &Fields<'_>) -> Vec<PrintedQueryDraft> {
    let tables = fields.tables("printed_query", "a printed query", &PRINTED_QUERY);
    let read = |fields: Fields<'_>| {
        let query = fields.need_text("query");
        let printed = fields.need_text("printed");
        let lines = fields.need_lines("lines");
        Some(PrintedQueryDraft { query, printed: printed?, lines })
    };
    tables.into_iter().filter_map(read).collect()
}

fn errata(fields: &Fields<'_>) -> Vec<ErratumDraft> {
    let tables = fields.tables("erratum", "an erratum", &ERRATUM);
    tables.iter().map(erratum).collect()
}

fn erratum(fields: &Fields<'_>) -> ErratumDraft {
    for key in ["printed", "kind"] {
        if !fields.has(key) {
            fields.missing(key);
        }
    }
    let cell = cell(fields);
    let printed = fields.any_text("printed");
    let reading = fields.any_text("reading");
    if let (Some(printed), Some(reading)) = (&printed, &reading)
        && printed.value == reading.value
    {
        let message = "`reading` equals what is printed, so there is nothing to correct";
        fields.reader.problem(reading.at, message);
    }
    ErratumDraft {
        place: fields.at,
        file: fields.need_text("file"),
        cell,
        printed,
        reading: reading.map(|reading| reading.value),
        kind: fields.word("kind", &ERRATUM_KINDS),
        evidence: plain(fields.need_text("evidence")),
    }
}

fn cell(fields: &Fields<'_>) -> CellDraft {
    let (row, column) = (fields.count("row"), fields.any_text("column"));
    match (fields.has("row"), fields.has("column")) {
        (true, false) => fields.lacks(&["column"], "an erratum with `row` needs `column`"),
        (false, true) => fields.lacks(&["row"], "an erratum with `column` needs `row`"),
        (false, false) => return CellDraft::None,
        (true, true) => {}
    }
    match row.zip(column) {
        Some((row, column)) => CellDraft::At(row, column),
        None => CellDraft::Unclear,
    }
}

impl ObservationDraft {
    /// The observation, unless its lines are invalid, which has already been recorded.
    pub(super) fn read(&self) -> Option<Observation> {
        Some(Observation {
            id: self.id.value.clone(),
            lines: self.lines.as_ref()?.value.clone(),
            says: self.says.clone(),
        })
    }
}

/// Ids that must be unique.
struct Ids<'a> {
    reader: &'a Reader<'a>,
    what: &'static str,
    seen: BTreeMap<String, usize>,
}

impl<'a> Ids<'a> {
    fn new(reader: &'a Reader<'a>, what: &'static str) -> Self {
        Self { reader, what, seen: BTreeMap::new() }
    }

    fn take(&mut self, id: &At<String>) {
        match self.seen.entry(id.value.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(id.at);
            }
            Entry::Occupied(first) => {
                let line = self.reader.position(*first.get()).line;
                let message = format!(
                    "two {} have the id `{}`, the first in line {line}",
                    self.what, id.value
                );
                let hint = "give one of them another `id`".to_owned();
                self.reader.hinted(id.at, message, Some(hint));
            }
        }
    }
}

/// Checks that every citation is within the lines that the scenario reproduces.
fn bounds(reader: &Reader<'_>, draft: &Draft, of_lab: Option<&Lines>) {
    let whole = draft.section.map(|heading| {
        let text = format!("{}-{}", heading.first_line, heading.last_line);
        text.parse().expect("heading lines are ascending")
    });
    let own = draft.lines.as_ref().map(|lines| lines.value.clone());
    let bounds = own.or(whole).or(of_lab.cloned());
    let inside = |lines: &Lines, at| match &bounds {
        None => {
            let message = "a scenario that cites lines of the document needs `lines` or `section`";
            if !reader.broken() {
                reader.citation(at, message, None);
            }
        }
        Some(bounds) => {
            let mut bound = bounds.iter();
            if let Some(outside) = lines.iter().find(|line| !bound.any(|b| b == *line)) {
                let message = format!("line {outside} is not among the scenario's lines, {bounds}");
                reader.citation(at, message, None);
            }
        }
    };
    let observed = draft.observations.iter().flat_map(|observation| &observation.lines);
    let printed = draft.printed_queries.iter().flat_map(|query| &query.lines);
    for lines in observed.chain(printed) {
        inside(&lines.value, lines.at);
    }
    for check in draft.steps.iter().flat_map(|step| &step.checks) {
        // A table of another scenario is printed in that one's section.
        let foreign = matches!(&check.expect, ExpectDraft::File(file) if file.value.contains('/'));
        match &check.basis {
            Some(At { value, at }) if !foreign => match value {
                Basis::Printed(lines) | Basis::Stated(lines) => inside(lines, *at),
                Basis::Derived(_) => {}
            },
            _ => {}
        }
    }
}
