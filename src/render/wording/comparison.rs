//! Two tables in words: their rows, the cells that differ, and the remarks on the others.

use std::collections::{HashMap, VecDeque};

use super::{cell, erratum_kind, lines, pair, value};
use crate::diagnostic::counted;
use crate::report::{
    CellRun, CellVerdict, CheckRun, Comparison, ExpectationOrigin, RowRun, RowVerdict,
};
use crate::scenario::Erratum;
use crate::table::Cell;

/// `activity_id=1347; queue_name=CIM_WIM`; without a key, the number of the row.
pub(crate) fn row_name(comparison: &Comparison, at: usize) -> String {
    if comparison.key.is_empty() {
        let noun = if is_text(comparison) { "line" } else { "row" };
        return format!("{noun} {}", at + 1);
    }
    let key = comparison.key.iter().zip(&comparison.rows[at].key);
    let parts: Vec<String> = key.map(|(name, k)| format!("{name}={}", value(k))).collect();
    parts.join("; ")
}

/// The cells of a row to be shown as different. If the headers differ, that is said once, not for the missing and extra
/// columns of every row.
pub(crate) fn differing<'a>(comparison: &Comparison, row: &'a RowRun) -> Vec<&'a CellRun> {
    let differs = |cell: &&CellRun| match cell.verdict {
        CellVerdict::Differs | CellVerdict::StaleErratum => true,
        CellVerdict::Missing | CellVerdict::Extra => comparison.header.is_empty(),
        _ => false,
    };
    row.cells.iter().filter(differs).collect()
}

/// The rows of one verdict, by their numbers.
pub(crate) fn rows_that(comparison: &Comparison, verdict: RowVerdict) -> Vec<usize> {
    let all = 0..comparison.rows.len();
    all.filter(|at| comparison.rows[*at].verdict == verdict).collect()
}

/// Column names and rows of one side of a comparison.
pub(crate) struct Side {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Columns that exist but were not compared, so that their cells are unknown.
    pub(crate) left_out: Vec<String>,
}

/// The actual table, in the order of the comparison.
pub(crate) fn actual(comparison: &Comparison) -> Side {
    let rows = comparison.rows.iter();
    let rows: Vec<&RowRun> = rows.filter(|r| r.verdict != RowVerdict::Missing).collect();
    let names = comparison.actual_columns.iter().map(|c| c.name.as_str());
    side(names.collect(), &rows, |cell| cell.actual.as_ref())
}

/// Rows that only one side has, with that side's values.
pub(crate) fn whole(comparison: &Comparison, rows: &[usize], verdict: RowVerdict) -> Side {
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
    let found = |row: &&RowRun| {
        let mut by_name: HashMap<&str, VecDeque<&Cell>> = HashMap::new();
        for (name, cell) in row.cells.iter().filter_map(|run| Some((&run.column, pick(run)?))) {
            by_name.entry(name).or_default().push_back(cell);
        }
        let next = |name: &&str| by_name.get_mut(*name).and_then(VecDeque::pop_front).map(cell);
        names.iter().map(next).collect()
    };
    let found: Vec<Vec<Option<String>>> = rows.iter().map(found).collect();
    let known = |at: &usize| found.is_empty() || found.iter().any(|row| row[*at].is_some());
    let (kept, left_out): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(known);
    let cells = |row: &Vec<Option<String>>| {
        kept.iter().map(|at| row[*at].clone().unwrap_or_default()).collect()
    };
    Side {
        rows: found.iter().map(cells).collect(),
        columns: kept.iter().map(|at| names[*at].to_owned()).collect(),
        left_out: left_out.iter().map(|at| names[*at].to_owned()).collect(),
    }
}

/// Whether the comparison is of lines of text, such as a transcript.
pub(crate) fn is_text(comparison: &Comparison) -> bool {
    let one_text = |columns: &[crate::table::Column]| {
        columns.len() == 1 && columns[0].kind == crate::table::Kind::Text
    };
    one_text(&comparison.actual_columns) && comparison.expected_columns.len() <= 1
}

/// `3 rows`, or `3 lines` of text.
pub(crate) fn rows(comparison: &Comparison, n: usize) -> String {
    counted(n, if is_text(comparison) { "line" } else { "row" })
}

/// `same as printed on lines 70-72; 1 cell by erratum, 2 cells ignored`.
pub(crate) fn same_as(check: &CheckRun, comparison: &Comparison) -> String {
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
    if parts.is_empty() { verdict } else { format!("{verdict}; {}", parts.join(", ")) }
}

/// How many cells of one kind are listed individually.
const LISTED: usize = 3;

/// A sentence for every cell that is neither simply the same nor simply different: corrected, set, tolerated, ignored.
/// Cells whose sentences differ only in the row are counted if there are many.
pub(crate) fn cell_notes(comparison: &Comparison, errata: &[Erratum]) -> Vec<String> {
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
    if cell.column.trim().is_empty() { "(unnamed column)" } else { &cell.column }
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
            Some(format!("printed {printed}, corrected to {reading} ({named})"))
        }
        CellVerdict::Differs if cell.erratum.is_some() => {
            Some(format!("printed {printed}, corrected to {reading} ({named})"))
        }
        CellVerdict::MatchesByParameter => {
            Some(format!("printed {printed}, set to {reading}{because}"))
        }
        CellVerdict::Ignored => {
            Some(format!("ignored (expected {expected}, actual {actual}){because}"))
        }
        CellVerdict::WithinTolerance => {
            Some(format!("expected {expected}, actual {actual}, within tolerance{because}"))
        }
        CellVerdict::NotData => Some(format!("printed {printed} is not data ({named})")),
        CellVerdict::StaleErratum => {
            Some(format!("matches as printed, {printed}, so {erratum} no longer applies"))
        }
        CellVerdict::Matches | CellVerdict::Differs | CellVerdict::Missing | CellVerdict::Extra => {
            None
        }
    }
}

/// One differing cell of a keyed or numbered row.
pub(crate) struct Difference {
    /// The key, or the row's number, in the columns of [`difference_key`].
    pub(crate) row: Vec<String>,
    pub(crate) column: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// The columns by which [`differences`] name their rows.
pub(crate) fn difference_key(comparison: &Comparison) -> Vec<String> {
    if comparison.key.is_empty() {
        vec![String::from(if is_text(comparison) { "line" } else { "row" })]
    } else {
        comparison.key.clone()
    }
}

/// The differing cells of `rows`; only the first of a row names it.
pub(crate) fn differences(comparison: &Comparison, rows: &[usize]) -> Vec<Difference> {
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
