//! An analysis in a terminal: what was read, what was found and what to look at next come first, the rows after.

use std::io;

use super::super::words::{self, Side};
use super::{Page, listed};
use crate::diagnostic::counted;
use crate::report::{AnalysisRun, CandidateRun, FindingRun, FindingVerdict, Listing};
use crate::table::{Cell, Column, Kind, ResultTable};

/// How many rows of a finding are shown.
const MAX_ROWS: usize = 5;

pub(super) fn render(page: &mut Page<'_>, run: &AnalysisRun) -> io::Result<()> {
    for sentence in &run.summary {
        page.prose(0, 2, sentence)?;
    }
    if let Some(command) = &run.command {
        page.line(0, format_args!("Next: {command}"))?;
    }
    page.blank();
    files(page, run)?;
    overview(page, run)?;
    candidates(page, &run.candidates)?;
    next(page, run)?;
    for finding in &run.findings {
        if !finding.table.rows.is_empty() {
            rows(page, finding)?;
        }
    }
    Ok(())
}

fn listing(title: &str, columns: &[(&str, Kind)], rows: Vec<Vec<Cell>>) -> Listing {
    let column = |(name, kind): &(&str, Kind)| Column::new(*name, *kind);
    Listing {
        title: title.to_owned(),
        table: ResultTable {
            columns: columns.iter().map(column).collect(),
            rows,
        },
        remarks: Vec::new(),
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn number(n: u64) -> Cell {
    Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn files(page: &mut Page<'_>, run: &AnalysisRun) -> io::Result<()> {
    if !run.files.is_empty() {
        let columns = [
            ("file", Kind::Text),
            ("form", Kind::Text),
            ("tables", Kind::Text),
            ("rows", Kind::Integer),
            ("rejected", Kind::Integer),
            ("exported", Kind::Text),
        ];
        let row = |file: &crate::report::FileRun| {
            let exported = match &file.taken_at {
                Cell::Null => "not known".to_owned(),
                at => format!("{at} ({})", file.taken_from),
            };
            vec![
                text(&file.file),
                text(&file.form),
                text(file.tables.join(", ")),
                number(file.loaded),
                number(file.rejected),
                text(exported),
            ]
        };
        let rows = run.files.iter().map(row).collect();
        listed(page, &listing("What was read", &columns, rows))?;
        for file in &run.files {
            for remark in &file.remarks {
                page.prose(0, 2, format_args!("{}: {remark}", file.file))?;
            }
        }
        page.blank();
    }
    let as_of = match &run.as_of {
        Cell::Null => "No moment of judgement".to_owned(),
        at => format!("Judged as of {at}"),
    };
    page.prose(0, 2, format_args!("{as_of}: {}", run.as_of_from))?;
    let offset = match &run.utc_offset {
        Some(offset) => format!("the servers' clock is {offset} from UTC"),
        None => words::NO_OFFSET.to_owned(),
    };
    page.prose(0, 2, offset)?;
    for outage in &run.outages {
        page.prose(0, 2, words::outage(outage))?;
    }
    for sentence in &run.undetectable {
        page.prose(0, 2, format_args!("not detectable: {sentence}"))?;
    }
    page.prose(0, 2, &run.privacy)?;
    page.blank();
    Ok(())
}

fn overview(page: &mut Page<'_>, run: &AnalysisRun) -> io::Result<()> {
    let columns = [
        ("finding", Kind::Text),
        ("verdict", Kind::Text),
        ("rows", Kind::Integer),
        ("basis", Kind::Text),
        ("what", Kind::Text),
    ];
    let row = |finding: &FindingRun| {
        let what = match finding.remarks.first() {
            Some(remark) if finding.verdict == FindingVerdict::Skipped => remark,
            _ => &finding.title,
        };
        vec![
            text(&finding.name),
            text(words::finding_verdict(finding.verdict)),
            number(finding.table.rows.len() as u64),
            text(finding.basis.name()),
            text(what),
        ]
    };
    let rows = words::in_order(run).into_iter().map(row).collect();
    listed(page, &listing("What was found", &columns, rows))?;
    page.blank();
    page.prose(0, 2, words::analysis(run))?;
    page.blank();
    Ok(())
}

fn candidates(page: &mut Page<'_>, candidates: &[CandidateRun]) -> io::Result<()> {
    if candidates.is_empty() {
        return Ok(());
    }
    page.line(0, "Which documented failure it looks like")?;
    let (likeliest, others) = candidates.split_at(words::likeliest(candidates));
    for candidate in likeliest {
        for scenario in &candidate.scenarios {
            page.prose(2, 2, format_args!("{}: {}", scenario.name, scenario.title))?;
        }
        for (label, said) in words::evidence(candidate) {
            for one in said {
                page.prose(4, 2, format_args!("{label}: {one}"))?;
            }
        }
    }
    if !others.is_empty() {
        page.line(2, "less like it:")?;
    }
    for candidate in others {
        let (names, why) = (words::names(candidate), words::ruled_out(candidate));
        page.prose(4, 2, format_args!("{names}, against it: {why}"))?;
    }
    page.blank();
    Ok(())
}

fn next(page: &mut Page<'_>, run: &AnalysisRun) -> io::Result<()> {
    if run.next.is_empty() {
        return Ok(());
    }
    page.line(0, "What to look at next")?;
    for one in &run.next {
        page.prose(2, 2, one)?;
    }
    page.blank();
    Ok(())
}

fn rows(page: &mut Page<'_>, finding: &FindingRun) -> io::Result<()> {
    let count = finding.table.rows.len();
    page.prose(
        0,
        3,
        format_args!("== {}: {}", finding.name, counted(count, "row")),
    )?;
    page.prose(3, 0, format_args!("{}. {}", finding.title, finding.meaning))?;
    page.blank();
    let first = finding.table.rows.iter().take(MAX_ROWS);
    let side = Side {
        columns: finding
            .table
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        rows: first
            .map(|row| row.iter().map(words::value).collect())
            .collect(),
        left_out: Vec::new(),
    };
    page.table(0, &side)?;
    page.blank();
    if count > MAX_ROWS {
        let all = counted(count, "row");
        page.prose(
            0,
            2,
            format_args!("the first {MAX_ROWS} of {all}; other formats have all"),
        )?;
    }
    for remark in &finding.remarks {
        page.prose(0, 2, remark)?;
    }
    page.prose(0, 2, words::told(finding))?;
    page.blank();
    Ok(())
}
