//! What every format says in the same words: verdicts, cells, citations, counts. It does not know how any
//! format lays them out.

use std::borrow::Cow;
use std::fmt::Write;

use super::safe::Safe;
use crate::diagnostic::counted;
use crate::document::Lines;
use crate::report::{
    AnalysisRun, CandidateRun, CellRun, CellVerdict, CheckRun, CheckVerdict, Comparison,
    ExpectationOrigin, FindingRun, FindingVerdict, Listing, ObservationRun, ObservationVerdict,
    OutageRun, Report, RestsOn, RowRun, RowVerdict, RunVerdict, ScenarioRun, StepRun,
};
use crate::scenario::{Erratum, ErratumKind};
use crate::table::{Cell, Column, Kind, ResultTable};

/// The lists of a report, with the mistakes of the scenarios validated as one of them.
pub(super) fn listings(report: &Report) -> Vec<Cow<'_, Listing>> {
    let listings = report.listings.iter().map(Cow::Borrowed);
    let mistakes = (!report.validated.is_empty()).then(|| Cow::Owned(mistakes(report)));
    listings.chain(mistakes).collect()
}

fn mistakes(report: &Report) -> Listing {
    let columns = ["scenario", "file", "line", "column", "mistake", "hint"];
    let number = |n: u32| Cell::Integer(n.into());
    let rows = report.validated.iter().flat_map(|one| {
        one.mistakes.iter().map(|mistake| {
            vec![
                Cell::Text(one.scenario.clone()),
                Cell::Text(mistake.file.clone()),
                mistake.at.map_or(Cell::Null, |at| number(at.line)),
                mistake.at.map_or(Cell::Null, |at| number(at.column)),
                Cell::Text(mistake.message.clone()),
                mistake.hint.clone().map_or(Cell::Null, Cell::Text),
            ]
        })
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    Listing {
        title: "Mistakes".to_owned(),
        remarks: vec![format!(
            "{} in {}",
            counted(rows.len(), "mistake"),
            counted(report.validated.len(), "scenario")
        )],
        table: ResultTable {
            columns: columns
                .iter()
                .map(|name| match *name {
                    "line" | "column" => Column::new(*name, Kind::Integer),
                    name => Column::new(name, Kind::Text),
                })
                .collect(),
            rows,
        },
    }
}

pub(super) fn run_verdict(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Reproduced => "reproduced",
        RunVerdict::Differs => "differs",
        RunVerdict::NotRun => "did not run",
        RunVerdict::Invalid => "has mistakes",
    }
}

/// What it means that nobody said how far the servers' clock is from UTC.
pub(super) const NO_OFFSET: &str =
    "Server time zone unknown: event times (UTC) are not compared with row times (`--utc-offset`)";

pub(super) fn finding_verdict(verdict: FindingVerdict) -> &'static str {
    match verdict {
        FindingVerdict::Found => "found",
        FindingVerdict::Nothing => "nothing",
        FindingVerdict::Unclear => "unclear",
        FindingVerdict::Skipped => "skipped",
    }
}

/// The form of a verb that goes with `n`.
pub(super) fn verb(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// The findings that have rows, the most urgent first.
pub(super) fn by_urgency(run: &AnalysisRun) -> Vec<&FindingRun> {
    let mut findings: Vec<&FindingRun> = (run.findings.iter())
        .filter(|finding| !finding.table.rows.is_empty())
        .collect();
    findings.sort_by_key(|finding| (finding.verdict == FindingVerdict::Unclear, finding.urgency));
    findings
}

/// A cell where room is short: a time without its fraction of a second.
pub(super) fn brief_value(cell: &Cell) -> String {
    let text = value(cell);
    match (cell, text.split_once('.')) {
        (Cell::Timestamp(_), Some((seconds, _))) => seconds.to_owned(),
        _ => text,
    }
}

/// The findings of an analysis: those with rows first, those that nothing can be told of last.
pub(super) fn in_order(run: &AnalysisRun) -> Vec<&FindingRun> {
    let mut findings: Vec<&FindingRun> = run.findings.iter().collect();
    findings.sort_by_key(|finding| match finding.verdict {
        FindingVerdict::Found => 0,
        FindingVerdict::Nothing if finding.helps_missing.is_empty() => 1,
        FindingVerdict::Nothing => 2,
        FindingVerdict::Unclear => 3,
        FindingVerdict::Skipped => 4,
    });
    findings
}

/// `2 findings have rows, 9 have none, 1 is unclear, 3 were skipped.`
pub(super) fn analysis(run: &AnalysisRun) -> String {
    let of = |verdict| run.count(verdict);
    format!(
        "{} {} rows, {} {} none, {} {} unclear, {} {} skipped.",
        counted(of(FindingVerdict::Found), "finding"),
        verb(of(FindingVerdict::Found), "has", "have"),
        of(FindingVerdict::Nothing),
        verb(of(FindingVerdict::Nothing), "has", "have"),
        of(FindingVerdict::Unclear),
        verb(of(FindingVerdict::Unclear), "is", "are"),
        of(FindingVerdict::Skipped),
        verb(of(FindingVerdict::Skipped), "was", "were")
    )
}

/// `outage of application from 2026-11-25 09:00:00.000 to 2026-11-25 09:40:00.000, as given`
pub(super) fn outage(outage: &OutageRun) -> String {
    let to = match &outage.to {
        Cell::Null => "now".to_owned(),
        at => at.to_string(),
    };
    let servers = match (outage.servers.as_str(), &outage.host) {
        ("", _) => "servers that nobody named".to_owned(),
        (servers, Some(host)) => servers.replace("application", &format!("application@{host}")),
        (servers, None) => servers.to_owned(),
    };
    format!("outage of {servers} from {} to {to}, as given", outage.from)
}

/// What a finding rests on and was asked with.
pub(super) fn told(finding: &FindingRun) -> String {
    let mut told = format!("basis: {}", finding.basis.name());
    if let Some(source) = &finding.source {
        told.push_str(&format!(", by {source}"));
    }
    for threshold in &finding.thresholds {
        if threshold.value != Cell::Null {
            told.push_str(&format!("; {} = {}", threshold.name, threshold.value));
        }
    }
    told
}

/// The label of what would tell candidates apart.
pub(super) const DISTINGUISH: &str = "would distinguish them";

/// What is said about a candidate, under labels.
pub(super) fn evidence(candidate: &CandidateRun) -> [(&'static str, Vec<String>); 4] {
    let mut apart = candidate.separated_by.clone();
    if candidate.scenarios.len() > 1 && apart.is_empty() {
        apart.push("nothing that is in the product's rows".to_owned());
    }
    let missing = candidate.not_in_export.join(", ");
    [
        ("for", candidate.evidence_for.clone()),
        ("against", candidate.evidence_against.clone()),
        (
            "not in the exports",
            if missing.is_empty() {
                Vec::new()
            } else {
                vec![missing]
            },
        ),
        (DISTINGUISH, apart),
    ]
}

/// The scenarios of a candidate, by name.
pub(super) fn names(candidate: &CandidateRun) -> String {
    let names: Vec<&str> = candidate
        .scenarios
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    names.join(", ")
}

/// How many candidates there is as little against as against the first. The others are less likely.
pub(super) fn likeliest(candidates: &[CandidateRun]) -> usize {
    let against = |one: &CandidateRun| one.evidence_against.len();
    let least = candidates.first().map_or(0, against);
    candidates
        .iter()
        .take_while(|one| against(one) == least)
        .count()
}

/// What speaks against a candidate, in short: findings by name alone.
pub(super) fn ruled_out(candidate: &CandidateRun) -> String {
    let short = |text: &String| match text.split_once(": ") {
        Some((short, _)) => short.to_owned(),
        None => text.clone(),
    };
    candidate
        .evidence_against
        .iter()
        .map(short)
        .collect::<Vec<_>>()
        .join("; ")
}

pub(super) fn observation_verdict(verdict: ObservationVerdict) -> &'static str {
    match verdict {
        ObservationVerdict::Reproduced => "reproduced",
        ObservationVerdict::Differs => "differs",
        ObservationVerdict::NotCovered => "not covered",
        ObservationVerdict::NotReached => "not reached",
    }
}

/// The word for what came of a check.
pub(super) fn check_verdict(verdict: CheckVerdict) -> &'static str {
    match verdict {
        CheckVerdict::Matches => "matches",
        CheckVerdict::Differs => "differs",
        CheckVerdict::Failed => "failed",
        CheckVerdict::Skipped => "skipped",
        CheckVerdict::Pending => "pending",
    }
}

pub(super) fn origin(origin: ExpectationOrigin) -> &'static str {
    match origin {
        ExpectationOrigin::Printed => "printed",
        ExpectationOrigin::Stated => "stated",
        ExpectationOrigin::Derived => "derived",
    }
}

/// As JSON has it.
pub(super) fn cell_verdict(verdict: CellVerdict) -> &'static str {
    match verdict {
        CellVerdict::Matches => "matches",
        CellVerdict::MatchesByErratum => "matches_by_erratum",
        CellVerdict::MatchesByParameter => "matches_by_parameter",
        CellVerdict::Ignored => "ignored",
        CellVerdict::WithinTolerance => "within_tolerance",
        CellVerdict::Differs => "differs",
        CellVerdict::StaleErratum => "stale_erratum",
        CellVerdict::Missing => "missing",
        CellVerdict::Extra => "extra",
        CellVerdict::NotData => "not_data",
    }
}

pub(super) fn erratum_kind(kind: ErratumKind) -> &'static str {
    match kind {
        ErratumKind::Ocr => "misread character",
        ErratumKind::Truncated => "cut off",
        ErratumKind::PageBreak => "torn by a page break",
        ErratumKind::Layout => "moved by the layout",
        ErratumKind::MarkdownEscape => "Markdown's backslash",
        ErratumKind::RowNumber => "row number in the cell",
    }
}

/// `line 57`, `lines 60-72`.
pub(super) fn lines(lines: &Lines) -> String {
    let noun = if lines.first() == lines.last() {
        "line"
    } else {
        "lines"
    };
    format!("{noun} {lines}")
}

/// A cell as a table shows it. NULL, the text `NULL` and the empty text are three different things:
/// `NULL`, `"NULL"` and nothing.
pub(super) fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if is_quoted_null(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// Whether the text is `NULL`, in any number of pairs of quotes: with one pair more it is neither NULL nor
/// another such text.
fn is_quoted_null(text: &str) -> bool {
    let inner = text.trim_matches('"');
    inner == "NULL" && {
        let start = text.len() - text.trim_start_matches('"').len();
        let end = text.len() - text.trim_end_matches('"').len();
        start == end
    }
}

/// A cell as a sentence shows it: in quotes if its ends could not be seen otherwise.
pub(super) fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.is_empty() || text.trim() != text => quoted(text),
        other => self::cell(other),
    }
}

/// Text in quotes, with everything but visible ASCII as an escape.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            ' '..='~' => out.push(c),
            c => {
                write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a String does not fail")
            }
        }
    }
    out.push('"');
    out
}

/// The two sides of a difference, each as short as it can be and still tell them apart.
pub(super) fn pair(cell: &CellRun) -> (String, String) {
    let side = |cell: &Option<Cell>| (cell.as_ref()).map_or_else(|| String::from("(none)"), value);
    alike(cell).unwrap_or_else(|| (side(&cell.expected), side(&cell.actual)))
}

/// The escaped values with their types, if they differ and look alike or are of two types.
pub(super) fn alike(cell: &CellRun) -> Option<(String, String)> {
    let (expected, actual) = (cell.expected.as_ref()?, cell.actual.as_ref()?);
    if expected == actual {
        return None;
    }
    let null = matches!((expected, actual), (Cell::Null, _) | (_, Cell::Null));
    let two_types = !null && expected.type_name() != actual.type_name();
    let confusing = two_types
        || look_alike(&expected.to_string(), &actual.to_string())
        || value(expected) == value(actual);
    confusing.then(|| (typed(expected), typed(actual)))
}

/// `"5000" (text)`, `5000 (integer)`, `NULL`.
fn typed(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::from("NULL"),
        Cell::Text(text) => format!("{} (text)", quoted(text)),
        other => format!("{other} ({})", other.type_name()),
    }
}

/// Whether a reader could take one text for the other: they are the same once made safe, or but for blanks,
/// or where one has a letter the other has one that is not ASCII.
fn look_alike(a: &str, b: &str) -> bool {
    if Safe::of(a) == Safe::of(b) {
        return true;
    }
    let squeezed = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    };
    let (a, b) = (&squeezed(a), &squeezed(b));
    let same_shape = a.chars().count() == b.chars().count()
        && a.chars()
            .zip(b.chars())
            .all(|(x, y)| x == y || x.is_ascii() != y.is_ascii());
    let (x, y) = middles(a, b);
    let foreign = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_ascii());
    let composed =
        (foreign(&x) != foreign(&y)) && x.chars().count().abs_diff(y.chars().count()) <= 2;
    same_shape || composed
}

/// What is left of two texts without their common start and end.
fn middles(a: &str, b: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    let pairs = a.iter().rev().zip(b.iter().rev());
    let end = pairs.take_while(|(x, y)| x == y).count();
    let middle = |text: &[char]| text[..text.len() - end].iter().collect();
    (middle(a), middle(b))
}

/// `activity_id=1347; queue_name=CIM_WIM`; without a key, the number of the row.
pub(super) fn row_name(comparison: &Comparison, at: usize) -> String {
    if comparison.key.is_empty() {
        let noun = if is_text(comparison) { "line" } else { "row" };
        return format!("{noun} {}", at + 1);
    }
    let key = comparison.key.iter().zip(&comparison.rows[at].key);
    let parts: Vec<String> = key
        .map(|(name, k)| format!("{name}={}", value(k)))
        .collect();
    parts.join("; ")
}

/// The cells of a row to be shown as different. Where the header differs it says so once, instead of every
/// row for its missing and extra columns.
pub(super) fn differing<'a>(comparison: &Comparison, row: &'a RowRun) -> Vec<&'a CellRun> {
    let differs = |cell: &&CellRun| match cell.verdict {
        CellVerdict::Differs | CellVerdict::StaleErratum => true,
        CellVerdict::Missing | CellVerdict::Extra => comparison.header.is_empty(),
        _ => false,
    };
    row.cells.iter().filter(differs).collect()
}

/// The rows of one verdict, by their numbers.
pub(super) fn rows_that(comparison: &Comparison, verdict: RowVerdict) -> Vec<usize> {
    let all = 0..comparison.rows.len();
    all.filter(|at| comparison.rows[*at].verdict == verdict)
        .collect()
}

/// Column names and rows of one side of a comparison.
pub(super) struct Side {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// Columns that were there and not compared, so that their cells are not known.
    pub(super) left_out: Vec<String>,
}

/// The actual table, in the order of the comparison.
pub(super) fn actual(comparison: &Comparison) -> Side {
    let rows = comparison.rows.iter();
    let rows: Vec<&RowRun> = rows.filter(|r| r.verdict != RowVerdict::Missing).collect();
    let names = comparison.actual_columns.iter().map(|c| c.name.as_str());
    side(names.collect(), &rows, |cell| cell.actual.as_ref())
}

/// Rows that only one side has, as that side has them.
pub(super) fn whole(comparison: &Comparison, rows: &[usize], verdict: RowVerdict) -> Side {
    let rows: Vec<&RowRun> = rows.iter().map(|at| &comparison.rows[*at]).collect();
    if verdict == RowVerdict::Missing {
        let names = comparison.expected_columns.iter().map(|c| c.name.as_str());
        side(names.collect(), &rows, |cell| cell.expected.as_ref())
    } else {
        let names = comparison.actual_columns.iter().map(|c| c.name.as_str());
        side(names.collect(), &rows, |cell| cell.actual.as_ref())
    }
}

fn side(names: Vec<&str>, rows: &[&RowRun], pick: fn(&CellRun) -> Option<&Cell>) -> Side {
    // Columns may share a name; the first cell of that name belongs to the first of them, and so on.
    let find = |row: &RowRun, at: usize| {
        let nth = names[..at]
            .iter()
            .filter(|name| **name == names[at])
            .count();
        let cells = row.cells.iter().filter(|cell| cell.column == names[at]);
        cells.filter_map(pick).nth(nth).map(cell)
    };
    let known = |at: &usize| rows.is_empty() || rows.iter().any(|row| find(row, *at).is_some());
    let (kept, left_out): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(known);
    let cells = |row: &&RowRun| {
        kept.iter()
            .map(|at| find(row, *at).unwrap_or_default())
            .collect()
    };
    Side {
        rows: rows.iter().map(cells).collect(),
        columns: kept.iter().map(|at| names[*at].to_owned()).collect(),
        left_out: left_out.iter().map(|at| names[*at].to_owned()).collect(),
    }
}

/// Whether the comparison is of lines of text, such as a transcript.
pub(super) fn is_text(comparison: &Comparison) -> bool {
    let one_text = |columns: &[crate::table::Column]| {
        columns.len() == 1 && columns[0].kind == crate::table::Kind::Text
    };
    one_text(&comparison.actual_columns) && comparison.expected_columns.len() <= 1
}

/// `3 rows`, or `3 lines` of text.
pub(super) fn rows(comparison: &Comparison, n: usize) -> String {
    counted(n, if is_text(comparison) { "line" } else { "row" })
}

/// `same as printed on lines 70-72; 1 cell by erratum, 2 cells ignored`.
pub(super) fn same_as(check: &CheckRun, comparison: &Comparison) -> String {
    let place = match &check.basis.lines {
        Some(cited) => format!("on {}", lines(cited)),
        None => String::from("in the document"),
    };
    let verdict = match check.basis.origin {
        ExpectationOrigin::Printed => format!("same as printed {place}"),
        ExpectationOrigin::Stated => format!("as stated {place}"),
        ExpectationOrigin::Derived => String::from("as derived"),
    };
    let kinds = [
        (CellVerdict::MatchesByErratum, "by erratum"),
        (CellVerdict::MatchesByParameter, "by parameter"),
        (CellVerdict::WithinTolerance, "within tolerance"),
        (CellVerdict::Ignored, "ignored"),
        (CellVerdict::NotData, "printed but not data"),
    ];
    let parts: Vec<String> = (kinds.iter())
        .filter_map(|(verdict, how)| {
            let cells = comparison.rows.iter().flat_map(|row| &row.cells);
            let n = cells.filter(|cell| cell.verdict == *verdict).count();
            (n > 0).then(|| format!("{} {how}", counted(n, "cell")))
        })
        .collect();
    if parts.is_empty() {
        verdict
    } else {
        format!("{verdict}; {}", parts.join(", "))
    }
}

/// How many cells of one kind are listed one by one.
const LISTED: usize = 3;

/// A sentence for every cell that is not simply the same or simply different: corrected, set, tolerated,
/// ignored. Cells that would get the same sentence but for their row are counted when there are many.
pub(super) fn cell_notes(comparison: &Comparison, errata: &[Erratum]) -> Vec<String> {
    let mut groups: Vec<(&CellRun, Vec<String>)> = Vec::new();
    for (at, row) in comparison.rows.iter().enumerate() {
        for cell in &row.cells {
            let Some(note) = cell_note(cell, errata) else {
                continue;
            };
            let column = column_name(cell);
            let note = if comparison.rows.len() + comparison.left_out > 1 {
                format!("{column} of {}: {note}", row_name(comparison, at))
            } else {
                format!("{column}: {note}")
            };
            let alike = |other: &CellRun| {
                (&other.column, other.verdict, &other.erratum, &other.reason)
                    == (&cell.column, cell.verdict, &cell.erratum, &cell.reason)
            };
            match groups.iter_mut().find(|(other, _)| alike(other)) {
                Some((_, notes)) => notes.push(note),
                None => groups.push((cell, vec![note])),
            }
        }
    }
    let mut notes = Vec::new();
    for (cell, mut all) in groups {
        let more = all.len().saturating_sub(LISTED);
        if more > 0 {
            all.truncate(LISTED);
            all.push(format!("{}: {more} more like this", column_name(cell)));
        }
        notes.extend(all);
    }
    notes
}

/// The column's name; the column of printed row numbers has none.
fn column_name(cell: &CellRun) -> &str {
    if cell.column.trim().is_empty() {
        "(unnamed column)"
    } else {
        &cell.column
    }
}

fn cell_note(cell: &CellRun, errata: &[Erratum]) -> Option<String> {
    let printed = format!("\"{}\"", cell.printed.as_deref().unwrap_or_default());
    let reading = match &cell.expected {
        Some(Cell::Text(text)) => format!("\"{text}\""),
        Some(other) => other.to_string(),
        None => String::from("(none)"),
    };
    let (expected, actual) = pair(cell);
    let because = cell.reason.as_ref().map(|reason| format!(": {reason}"));
    let because = because.unwrap_or_default();
    let erratum = cell.erratum.as_deref().unwrap_or("an erratum");
    let kind = errata.iter().find(|e| Some(&e.id) == cell.erratum.as_ref());
    let named = match kind {
        Some(known) => format!("{erratum}, {}", erratum_kind(known.kind)),
        None => erratum.to_owned(),
    };
    match cell.verdict {
        CellVerdict::MatchesByErratum => {
            Some(format!("printed {printed}, read as {reading} ({named})"))
        }
        CellVerdict::Differs if cell.erratum.is_some() => {
            Some(format!("printed {printed}, read as {reading} ({named})"))
        }
        CellVerdict::MatchesByParameter => {
            Some(format!("printed {printed}, set to {reading}{because}"))
        }
        CellVerdict::Ignored => Some(format!(
            "ignored (expected {expected}, actual {actual}){because}"
        )),
        CellVerdict::WithinTolerance => Some(format!(
            "expected {expected}, actual {actual}, within tolerance{because}"
        )),
        CellVerdict::NotData => Some(format!("printed {printed} is not data ({named})")),
        CellVerdict::StaleErratum => Some(format!(
            "came back as printed, {printed}, so {erratum} no longer applies"
        )),
        CellVerdict::Matches | CellVerdict::Differs | CellVerdict::Missing | CellVerdict::Extra => {
            None
        }
    }
}

/// `printed, lines 70-72`.
pub(super) fn basis(check: &CheckRun) -> String {
    let word = origin(check.basis.origin);
    match &check.basis.lines {
        Some(cited) => format!("{word}, {}", lines(cited)),
        None => word.to_owned(),
    }
}

/// The lines of the document that print the rows which differ, or those that the check cites.
pub(super) fn document_lines(check: &CheckRun) -> Option<String> {
    let rows = check.comparison.iter().flat_map(|c| &c.rows);
    let wrong = rows.filter(|row| row.verdict != RowVerdict::Matches);
    let mut found: Vec<u32> = wrong.filter_map(|row| row.source_line).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => check.basis.lines.as_ref().map(lines),
        [one] => Some(format!("line {one}")),
        many => {
            let many: Vec<String> = many.iter().map(u32::to_string).collect();
            Some(format!("lines {}", many.join(", ")))
        }
    }
}

/// `seeds/services_failure/30_chat_by_id.md:3`: the first row that differs, or the expectation.
pub(super) fn expected_place(check: &CheckRun) -> String {
    let rows = check.comparison.iter().flat_map(|c| &c.rows);
    let wrong = rows.filter(|row| row.verdict != RowVerdict::Matches);
    let line = wrong.filter_map(|row| row.file_line).min();
    place(
        &check.expected_at.file,
        line.unwrap_or(check.expected_at.line),
    )
}

pub(super) fn place(file: &str, line: u32) -> String {
    format!("{file}:{line}")
}

/// What there is to say of a step that was not run.
pub(super) const SKIPPED: &str = "skipped, because a step before it went wrong";

/// What is wrong with a step itself, in sentences.
pub(super) fn step_problems(step: &StepRun) -> Vec<String> {
    let changes = step.changes.and_then(|changes| {
        let expected = changes.expected.filter(|n| *n != changes.actual)?;
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        Some(format!(
            "changed {}, expected {expected}",
            counted(usize::try_from(changes.actual).unwrap_or(usize::MAX), "row"),
        ))
    });
    changes.into_iter().chain(step.problem.clone()).collect()
}

/// What an extrapolated check rests on: the interpretations that decide it, where they are known, the first few by
/// name.
pub(super) fn rests_on(check: &CheckRun) -> String {
    const NAMED: usize = 4;
    let rules = check.interpretations.as_deref().unwrap_or_default();
    if rules.is_empty() {
        return "rests on an extrapolated rule".to_owned();
    }
    let names = rules.iter().take(NAMED).map(|rule| format!("`{rule}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = match rules.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("rests on our interpretation: {names}{more}")
}

/// What a report adds up to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) runs: usize,
    pub(super) reproduced: usize,
    pub(super) differing: usize,
    pub(super) not_run: usize,
    pub(super) invalid: usize,
    pub(super) steps_wrong: usize,
    pub(super) checks: usize,
    pub(super) checks_match: usize,
    pub(super) checks_differ: usize,
    pub(super) checks_failed: usize,
    pub(super) checks_skipped: usize,
    pub(super) checks_pending: usize,
    pub(super) extrapolated: usize,
    pub(super) observations: usize,
    pub(super) observations_reproduced: usize,
    pub(super) errata: usize,
}

impl Tally {
    pub(super) fn of<'a>(runs: impl IntoIterator<Item = &'a ScenarioRun>) -> Self {
        let mut tally = Self::default();
        for run in runs {
            tally.runs += 1;
            match run.verdict {
                RunVerdict::Reproduced => tally.reproduced += 1,
                RunVerdict::Differs => tally.differing += 1,
                RunVerdict::NotRun => tally.not_run += 1,
                RunVerdict::Invalid => tally.invalid += 1,
            }
            tally.errata += run.errata.len();
            tally.observations += run.observations.len();
            let reproduced = |o: &&ObservationRun| o.verdict == ObservationVerdict::Reproduced;
            tally.observations_reproduced += run.observations.iter().filter(reproduced).count();
            for step in &run.steps {
                tally.steps_wrong += usize::from(!step_problems(step).is_empty());
                for check in &step.checks {
                    tally.checks += 1;
                    match check.verdict {
                        CheckVerdict::Matches => tally.checks_match += 1,
                        CheckVerdict::Differs => tally.checks_differ += 1,
                        CheckVerdict::Failed => tally.checks_failed += 1,
                        CheckVerdict::Skipped => tally.checks_skipped += 1,
                        CheckVerdict::Pending => tally.checks_pending += 1,
                    }
                    tally.extrapolated += usize::from(check.rests_on == RestsOn::Extrapolated);
                }
            }
        }
        tally
    }

    pub(super) fn scenarios(&self) -> String {
        let parts = [
            (self.reproduced, "reproduced"),
            (
                self.differing,
                if self.differing == 1 {
                    "differs"
                } else {
                    "differ"
                },
            ),
            (self.not_run, "did not run"),
            (
                self.invalid,
                if self.invalid == 1 {
                    "has mistakes"
                } else {
                    "have mistakes"
                },
            ),
        ];
        of_total(self.runs, &parts)
    }

    pub(super) fn checks(&self) -> String {
        let one = |n: usize, one: &'static str, many: &'static str| if n == 1 { one } else { many };
        let parts = [
            (
                self.checks_match,
                one(self.checks_match, "matches", "match"),
            ),
            (
                self.checks_differ,
                one(self.checks_differ, "differs", "differ"),
            ),
            (self.checks_failed, "failed"),
            (self.checks_skipped, "skipped"),
            (self.checks_pending, "pending"),
        ];
        of_total(self.checks, &parts)
    }

    pub(super) fn observations(&self) -> String {
        if self.observations == 0 {
            return String::from("none");
        }
        format!(
            "{} of {} reproduced",
            self.observations_reproduced, self.observations
        )
    }
}

/// `4 of 7 match, 2 differ`, `all 7 match`, `1 matches`, `none`.
fn of_total(total: usize, parts: &[(usize, &str)]) -> String {
    let parts: Vec<String> = (parts.iter())
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    match parts.as_slice() {
        [] => String::from("none"),
        [one] if total == 1 => one.clone(),
        [all] => format!("all {all}"),
        parts => parts.join(", ").replacen(' ', &format!(" of {total} "), 1),
    }
}

/// Everything that is not as it should be, as `scenario/check` or `scenario step 20`, in order.
pub(super) fn failures(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for run in &report.runs {
        if run.verdict == RunVerdict::NotRun {
            found.push(format!("{} (did not run)", run.scenario));
        }
        if run.verdict == RunVerdict::Invalid {
            found.push(format!("{} (has mistakes)", run.scenario));
        }
        for step in &run.steps {
            if !step_problems(step).is_empty() {
                found.push(format!("{} step {}", run.scenario, step.id));
            }
            let wrong = (step.checks.iter()).filter(|check| is_wrong(check.verdict));
            found.extend(wrong.map(|check| check_name(&run.scenario, &check.id)));
        }
    }
    found
}

/// Whether a check is worth a look of its own. A check that was skipped is not: what went wrong is its step.
fn is_wrong(verdict: CheckVerdict) -> bool {
    !matches!(verdict, CheckVerdict::Matches | CheckVerdict::Skipped)
}

/// A check with its scenario: `services_failure/open_chats`.
pub(super) fn check_name(scenario: &str, check: &str) -> String {
    format!("{scenario}/{check}")
}

/// What a reader should type next: the first thing that is wrong, again and alone.
pub(super) fn next(report: &Report) -> Option<String> {
    let step = |run: &ScenarioRun| {
        run.steps.iter().find_map(|step| {
            let wrong = step.checks.iter().find(|check| is_wrong(check.verdict));
            let step_wrong = !step_problems(step).is_empty();
            let again = || format!("{} --until {} --db look.sqlite", run.reproduce, step.id);
            step_wrong
                .then(again)
                .or_else(|| wrong.map(|check| check.reproduce.clone()))
        })
    };
    let not_run = |run: &ScenarioRun| {
        matches!(run.verdict, RunVerdict::NotRun | RunVerdict::Invalid)
            .then(|| run.reproduce.clone())
    };
    report
        .runs
        .iter()
        .find_map(|run| step(run).or_else(|| not_run(run)))
}

/// One differing cell of a keyed or numbered row.
pub(super) struct Difference {
    /// The key, or the row's number, in the columns of [`difference_key`].
    pub(super) row: Vec<String>,
    pub(super) column: String,
    pub(super) expected: String,
    pub(super) actual: String,
}

/// The columns by which [`differences`] name their rows.
pub(super) fn difference_key(comparison: &Comparison) -> Vec<String> {
    if comparison.key.is_empty() {
        vec![String::from(if is_text(comparison) {
            "line"
        } else {
            "row"
        })]
    } else {
        comparison.key.clone()
    }
}

/// The differing cells of `rows`; only the first of a row names it.
pub(super) fn differences(comparison: &Comparison, rows: &[usize]) -> Vec<Difference> {
    let mut found = Vec::new();
    for at in rows {
        let row = &comparison.rows[*at];
        let mut name: Vec<String> = if comparison.key.is_empty() {
            vec![(at + 1).to_string()]
        } else {
            row.key.iter().map(value).collect()
        };
        for cell in differing(comparison, row) {
            let (expected, actual) = pair(cell);
            found.push(Difference {
                row: name.clone(),
                column: cell.column.clone(),
                expected,
                actual,
            });
            name.fill(String::new());
        }
    }
    found
}
