//! An analysis in a terminal: the answer in a few sentences, the next command, the findings by urgency, and the basis
//! of the analysis. In brief it fits one or two screens; in full it has every row.

use std::collections::BTreeSet;
use std::io;

use super::super::sanitize::Sanitized;
use super::super::wording;
use super::super::{Detail, RenderOptions};
use super::compact;
use super::listing::{listed, shortened};
use super::page::{BOLD, Page};
use crate::diagnostic::counted;
use crate::query::Urgency;
use crate::report::{AnalysisRun, CandidateRun, FileRun, FindingRun, FindingVerdict, Listing};
use crate::table::{Cell, Column, Kind, ResultTable};

/// How many rows of a finding are shown in brief.
const MAX_ROWS: usize = 5;

/// The minimum width of a title.
const MIN_TITLE: usize = 20;

/// How many files are listed in brief; the rest are counted.
const MAX_FILES: usize = 3;

/// How many exports that would unlock skipped findings are listed in brief.
const MAX_UNLOCKS: usize = 3;

pub(super) fn render(
    page: &mut Page<'_>,
    run: &AnalysisRun,
    options: RenderOptions,
) -> io::Result<()> {
    let detail = options.detail;
    for sentence in &run.summary {
        page.prose(0, 2, sentence)?;
    }
    if let Some(command) = &run.command {
        page.paint("Next:".len(), BOLD);
        page.line(0, format_args!("Next: {command}"))?;
    }
    if options.answer_only {
        return answers(page, run, detail);
    }
    page.blank();
    page.prose(0, 2, wording::analysis(run))?;
    page.blank();
    findings(page, run, detail)?;
    without_rows(page, run, detail)?;
    candidates(page, &run.candidates, detail)?;
    if detail == Detail::Full {
        next(page, run)?;
    }
    files(page, run, options)?;
    rests_on(page, run)
}

/// The rows of the findings, where these were asked for instead of the summary.
fn answers(page: &mut Page<'_>, run: &AnalysisRun, detail: Detail) -> io::Result<()> {
    let is_shown = |one: &&FindingRun| run.summary.is_empty() && !one.table.rows.is_empty();
    for finding in run.findings.iter().filter(is_shown) {
        compact::render(page, 0, &finding.table, finding.table.rows.len(), detail)?;
    }
    Ok(())
}

fn findings(page: &mut Page<'_>, run: &AnalysisRun, detail: Detail) -> io::Result<()> {
    let (context, urgent): (Vec<_>, Vec<_>) =
        wording::by_urgency(run).into_iter().partition(|one| detail == Detail::Brief && waits(one));
    for (at, finding) in urgent.iter().enumerate() {
        let listed = urgent[..at].iter().find(|above| has_all(above, finding));
        rows(page, finding, listed.filter(|_| detail == Detail::Brief), detail)?;
    }
    if !context.is_empty() {
        page.line(0, "Less urgent (`--all` shows the rows)")?;
        counts(page, &context)?;
        page.blank();
    }
    Ok(())
}

/// Findings, one line each: name, number of rows, and as much of the title as fits.
fn counts(page: &mut Page<'_>, findings: &[&FindingRun]) -> io::Result<()> {
    let name = findings.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let counts: Vec<String> =
        (findings.iter()).map(|one| one.table.rows.len().to_string()).collect();
    let digits = counts.iter().map(String::len).max().unwrap_or(0);
    for (finding, count) in findings.iter().zip(&counts) {
        let unclear = match finding.verdict {
            FindingVerdict::Unclear => "(unclear) ",
            _ => "",
        };
        let title = Sanitized::of(format_args!("{unclear}{}", finding.title));
        let room = page.width.saturating_sub(2 + name + 2 + digits + 2);
        let title = shortened(&title, room.max(MIN_TITLE));
        let own = &finding.name;
        page.line(2, format_args!("{own:name$}  {count:>digits$}  {title}"))?;
    }
    Ok(())
}

/// Whether the rows of a finding are omitted in brief.
fn waits(finding: &FindingRun) -> bool {
    finding.urgency == Urgency::Context || finding.verdict == FindingVerdict::Unclear
}

/// `6 rows`, `6 rows, all unclear`.
fn of_rows(finding: &FindingRun) -> String {
    let rows = counted(finding.table.rows.len(), "row");
    match finding.verdict {
        FindingVerdict::Unclear => format!("{rows}, all unclear"),
        _ => rows,
    }
}

/// Whether every row of a finding is about something, such as a chat, that another finding lists as well.
fn has_all(other: &FindingRun, finding: &FindingRun) -> bool {
    let (Some(key), Some(own)) = (other.table.columns.first(), finding.table.columns.first())
    else {
        return false;
    };
    let firsts = |finding: &'_ FindingRun| -> BTreeSet<String> {
        finding.table.rows.iter().map(|row| row[0].to_string()).collect()
    };
    key.name == own.name && firsts(finding).is_subset(&firsts(other))
}

/// One finding. In brief, rows already shown by the finding `listed` are not repeated.
fn rows(
    page: &mut Page<'_>,
    finding: &FindingRun,
    listed: Option<&&FindingRun>,
    detail: Detail,
) -> io::Result<()> {
    let count = finding.table.rows.len();
    let (name, title, all) = (&finding.name, &finding.title, of_rows(finding));
    page.paint("== ".len() + name.len(), BOLD);
    page.prose(0, 5, format_args!("== {name}: {all}. {title}"))?;
    if detail == Detail::Full {
        page.prose(3, 0, &finding.meaning)?;
        compact::render(page, 3, &finding.table, count, detail)?;
        for remark in &finding.remarks {
            page.prose(3, 2, remark)?;
        }
        page.prose(3, 2, wording::told(finding))?;
    } else if let Some(listed) = listed {
        let (above, shows) = (&listed.name, format!("`--only {name}` shows them"));
        let all = match count {
            1 => "also".to_owned(),
            count => format!("all {count} are also"),
        };
        page.prose(3, 2, format_args!("{all} listed above, in {above} ({shows})"))?;
    } else {
        let left_out = compact::render(page, 3, &finding.table, MAX_ROWS, detail)?;
        let mut more = Vec::new();
        if count > MAX_ROWS {
            more.push(counted(count - MAX_ROWS, "more row"));
        }
        if !left_out.is_empty() {
            let noun = if left_out.len() == 1 { "column" } else { "columns" };
            more.push(format!("{noun} {}", left_out.join(", ")));
        }
        if !more.is_empty() {
            let more = more.join("; ");
            page.prose(3, 2, format_args!("not shown: {more} (`--only {name}`)"))?;
        }
    }
    page.blank();
    Ok(())
}

/// The findings without rows and those that were skipped.
fn without_rows(page: &mut Page<'_>, run: &AnalysisRun, detail: Detail) -> io::Result<()> {
    let of = |verdict| -> Vec<&str> {
        let same = (run.findings.iter()).filter(|finding| finding.verdict == verdict);
        same.map(|finding| finding.name.as_str()).collect()
    };
    let nothing = of(FindingVerdict::Nothing);
    if !nothing.is_empty() {
        page.prose(0, 2, format_args!("No rows: {}", nothing.join(", ")))?;
    }
    let skipped = of(FindingVerdict::Skipped);
    if !skipped.is_empty() {
        let most = match detail {
            Detail::Full => run.unlocks.len(),
            Detail::Brief => MAX_UNLOCKS,
        };
        let unlocks = (run.unlocks.iter().take(most))
            .map(|one| format!("{} ({})", one.needs, one.findings.len()));
        let unlocks: Vec<String> = unlocks.collect();
        if unlocks.is_empty() {
            page.prose(0, 2, format_args!("Skipped: {}", skipped.join(", ")))?;
        } else {
            let (n, some) = (skipped.len(), unlocks.join(", "));
            page.prose(0, 2, format_args!("Skipped: {n}; to run them, add: {some}"))?;
        }
    }
    if detail == Detail::Full {
        for finding in &run.findings {
            if finding.verdict == FindingVerdict::Skipped {
                let why = finding.remarks.join("; ");
                page.prose(2, 2, format_args!("{}: {why}", finding.name))?;
            }
        }
    }
    page.blank();
    Ok(())
}

fn candidates(page: &mut Page<'_>, candidates: &[CandidateRun], detail: Detail) -> io::Result<()> {
    let (likeliest, others) = candidates.split_at(wording::likeliest(candidates));
    if detail != Detail::Full {
        // The summary names them.
        let would = likeliest.iter().filter(|one| one.scenarios.len() > 1);
        for one in would {
            let (names, by) = (wording::names(one), wording::distinguished_by(one).join("; "));
            page.prose(0, 2, format_args!("Would distinguish {names}: {by}"))?;
        }
        return Ok(());
    }
    if candidates.is_empty() {
        return Ok(());
    }
    page.line(0, "Likely failure")?;
    for candidate in likeliest {
        for scenario in &candidate.scenarios {
            page.prose(2, 2, format_args!("{}: {}", scenario.name, scenario.title))?;
        }
        for (label, said) in wording::evidence(candidate) {
            if !said.is_empty() {
                page.prose(4, 2, format_args!("{label}: {}", said.join("; ")))?;
            }
        }
    }
    if !others.is_empty() {
        page.line(2, "less likely:")?;
        for candidate in others {
            let (names, why) = (wording::names(candidate), wording::ruled_out(candidate));
            page.prose(4, 2, format_args!("{names}; evidence against: {why}"))?;
        }
    }
    page.blank();
    Ok(())
}

fn next(page: &mut Page<'_>, run: &AnalysisRun) -> io::Result<()> {
    if run.next.is_empty() {
        return Ok(());
    }
    page.line(0, "Next steps")?;
    for one in &run.next {
        page.prose(2, 2, one)?;
    }
    page.blank();
    Ok(())
}

fn files(page: &mut Page<'_>, run: &AnalysisRun, options: RenderOptions) -> io::Result<()> {
    if run.files.is_empty() {
        return Ok(());
    }
    let rejected = |file: &FileRun| match file.rejected {
        0 => String::new(),
        n => format!(", {n} rejected"),
    };
    if options.detail == Detail::Brief {
        let said = run.files.iter().map(|file| {
            let (rows, tables) = (counted(file.loaded, "row"), file.tables.join(", "));
            let of = match file.file.contains(&tables) {
                true => String::new(),
                false => format!(" of {tables}"),
            };
            format!("{}: {rows}{of}{}", file.file, rejected(file))
        });
        let said: Vec<String> = match run.files.len() > MAX_FILES {
            true => vec![of_files(&run.files)],
            false => said.collect(),
        };
        page.prose(0, 2, format_args!("Read: {}", said.join("; ")))?;
    } else {
        listed(page, &listing_of(&run.files), options)?;
        page.blank();
    }
    for file in &run.files {
        for remark in file.remarks.iter().chain(&file.rejects) {
            page.prose(0, 2, format_args!("{}: {remark}", file.file))?;
        }
    }
    Ok(())
}

/// `7 files with 36566 rows, 3 rejected`
fn of_files(files: &[FileRun]) -> String {
    let sum = |of: fn(&FileRun) -> u64| files.iter().map(of).sum::<u64>();
    let rows = counted(sum(|file| file.loaded), "row");
    let rejected = match sum(|file| file.rejected) {
        0 => String::new(),
        n => format!(", {n} rejected"),
    };
    format!("{} with {rows}{rejected}", counted(files.len(), "file"))
}

fn listing_of(files: &[FileRun]) -> Listing {
    let columns = [
        ("file", Kind::Text),
        ("input format", Kind::Text),
        ("tables", Kind::Text),
        ("rows", Kind::Integer),
        ("rejected", Kind::Integer),
        ("exported", Kind::Text),
    ];
    let text = |text: &str| Cell::Text(text.to_owned());
    let number = |n: u64| Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let row = |file: &FileRun| {
        let exported = match &file.exported_at {
            Cell::Null => "unknown".to_owned(),
            at => format!("{at} ({})", file.exported_at_from),
        };
        vec![
            text(&file.file),
            text(&file.input_format),
            text(&file.tables.join(", ")),
            number(file.loaded),
            number(file.rejected),
            text(&exported),
        ]
    };
    Listing {
        title: "Files read".to_owned(),
        table: ResultTable {
            columns: (columns.iter()).map(|(name, kind)| Column::new(*name, *kind)).collect(),
            rows: files.iter().map(row).collect(),
        },
        remarks: Vec::new(),
    }
}

/// The reference time, clocks and outages by which rows were judged, and what cannot be determined.
fn rests_on(page: &mut Page<'_>, run: &AnalysisRun) -> io::Result<()> {
    let as_of = match &run.as_of {
        Cell::Null => "No reference time".to_owned(),
        at => format!("Ages are measured from {}", wording::brief_value(at)),
    };
    page.prose(0, 2, format_args!("{as_of}: {}", run.as_of_from))?;
    page.prose(0, 2, wording::server_clock(run))?;
    for outage in &run.outages {
        page.prose(0, 2, wording::outage(outage))?;
    }
    for sentence in &run.undetectable {
        page.prose(0, 2, format_args!("Not detectable: {sentence}"))?;
    }
    page.prose(0, 2, &run.privacy)?;
    page.blank();
    Ok(())
}
