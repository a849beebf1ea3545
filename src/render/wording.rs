//! Wording shared by all formats: verdicts, cells, citations, counts. It does not know their
//! layout.

mod analysis;
mod comparison;
mod replay;
mod totals;
mod value;

use std::borrow::Cow;

use crate::command_line::CommandLine;
use crate::diagnostic::{counted, verb};
use crate::document::Lines;
use crate::report::{CellVerdict, ExpectationOrigin, Listing, Report, ValidatedScenario};
use crate::scenario::ErratumKind;
use crate::table::{Cell, Column, Kind, ResultTable};

pub(super) use analysis::*;
pub(super) use comparison::*;
pub(super) use replay::*;
pub(super) use totals::Totals;
pub(super) use value::*;

/// The title of an analysis.
pub(super) const ANALYSIS: &str = "Analysis of exported rows";

/// Which checks of a scenario wait for an expected table, and the commands that make one.
pub(super) fn pending(one: &ValidatedScenario) -> String {
    let (have, name) = (verb(one.pending.len(), "has", "have"), &one.scenario);
    format!(
        "{name}: {} {have} no accepted expected table ({}): `{}` writes it, `{}` accepts it",
        counted(one.pending.len(), "check"),
        one.pending.join(", "),
        CommandLine::new("record").arg(name),
        CommandLine::new("review").arg(name),
    )
}

/// The lists of a report, including the errors of validated scenarios.
pub(crate) fn listings(report: &Report) -> Vec<Cow<'_, Listing>> {
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
    let waiting = report.validated.iter().filter(|one| !one.pending.is_empty());
    Listing {
        title: "Mistakes".to_owned(),
        remarks: std::iter::once(format!(
            "{} in {}",
            counted(rows.len(), "mistake"),
            counted(report.validated.len(), "scenario")
        ))
        .chain(waiting.map(pending))
        .collect(),
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

pub(crate) fn origin(origin: ExpectationOrigin) -> &'static str {
    match origin {
        ExpectationOrigin::Printed => "printed",
        ExpectationOrigin::Stated => "stated",
        ExpectationOrigin::Derived => "derived",
    }
}

/// As in JSON.
pub(crate) fn cell_verdict(verdict: CellVerdict) -> &'static str {
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

pub(crate) fn erratum_kind(kind: ErratumKind) -> &'static str {
    match kind {
        ErratumKind::Ocr => "misread character",
        ErratumKind::Truncated => "cut off",
        ErratumKind::PageBreak => "split by a page break",
        ErratumKind::Layout => "displaced by the layout",
        ErratumKind::MarkdownEscape => "Markdown escape",
        ErratumKind::RowNumber => "row number in the cell",
    }
}

/// `line 57`, `lines 60-72`.
pub(crate) fn lines(lines: &Lines) -> String {
    let noun = if lines.first() == lines.last() { "line" } else { "lines" };
    format!("{noun} {lines}")
}
