//! An analysis as a page: what was found, what speaks for it, and what to do next.

use super::page::{Page, TableCell, code, mark, text};
use super::{figures, words};
use crate::diagnostic::counted;
use crate::report::{AnalysisRun, FindingRun, FindingVerdict};
use crate::table::Cell;

/// How many rows of a finding the page shows. The rest are in the other formats.
const SHOWN: usize = 100;

pub(super) fn render(page: &mut Page, run: &AnalysisRun) {
    page.list(&run.summary);
    if let Some(command) = &run.command {
        page.markup(format_args!("<p>Next: {}</p>\n", code(command)));
    }
    let of = |verdict| run.count(verdict).to_string();
    let rejected: u64 = run.files.iter().map(|file| file.rejected).sum();
    figures(
        page,
        &[
            (of(FindingVerdict::Found), "findings have rows"),
            (of(FindingVerdict::Nothing), "findings have none"),
            (of(FindingVerdict::Unclear), "are unclear"),
            (of(FindingVerdict::Skipped), "skipped: data missing"),
            (rejected.to_string(), "records rejected"),
        ],
    );
    let as_of = match &run.as_of {
        Cell::Null => format!("No time to judge by: {}", run.as_of_from),
        at => format!("Judged as of {at}: {}", run.as_of_from),
    };
    page.element("p", "soft", &as_of);
    page.element("p", "soft", &run.privacy);
    for outage in &run.outages {
        page.element("p", "", &words::outage(outage));
    }
    if !run.next.is_empty() {
        page.element("h2", "", "What to do next");
        page.list(&run.next);
    }
    candidates(page, run);
    page.element("h2", "", "What was found");
    for finding in words::in_order(run) {
        of_finding(page, finding);
    }
    cannot_show(page, run);
    files(page, run);
}

/// What the rows can't show, and which exports would let the skipped findings run.
fn cannot_show(page: &mut Page, run: &AnalysisRun) {
    if run.undetectable.is_empty() && run.unlocks.is_empty() {
        return;
    }
    page.element("h2", "", "What these rows cannot show");
    page.list(&run.undetectable);
    let unlocks = run.unlocks.iter().map(|one| {
        let findings = one.findings.join(", ");
        format!("skipped without {}: {findings}", one.needs)
    });
    page.list(&unlocks.collect::<Vec<_>>());
}

fn candidates(page: &mut Page, run: &AnalysisRun) {
    if run.candidates.is_empty() {
        return;
    }
    page.element("h2", "", "Which documented failure it looks like");
    let likeliest = words::likeliest(&run.candidates);
    for (at, candidate) in run.candidates.iter().enumerate() {
        let titles = candidate.scenarios.iter().map(|one| one.title.as_str());
        let titles: Vec<&str> = titles.collect();
        let likely = if at < likeliest { "likeliest: " } else { "" };
        page.folded(
            at < likeliest,
            &format!("{likely}{}", titles.join("; ")),
            |page| {
                for (label, said) in words::evidence(candidate) {
                    if !said.is_empty() {
                        page.element("p", "small soft", label);
                        page.list(&said);
                    }
                }
            },
        );
    }
}

fn of_finding(page: &mut Page, finding: &FindingRun) {
    let (class, word) = match finding.verdict {
        FindingVerdict::Found => ("bad", counted(finding.table.rows.len(), "row")),
        FindingVerdict::Nothing => ("good", "none".to_owned()),
        FindingVerdict::Unclear => ("over", "unclear".to_owned()),
        FindingVerdict::Skipped => ("over", "skipped".to_owned()),
    };
    let open = finding.verdict == FindingVerdict::Found;
    page.folded(open, &format!("{}: {word}", finding.title), |page| {
        page.markup(format_args!(
            "<p class=\"small\">{} {} {}</p>\n",
            code(&finding.name),
            mark(class, &word),
            text(&finding.meaning)
        ));
        page.list(&finding.remarks);
        let header: Vec<String> = finding
            .table
            .names()
            .iter()
            .map(ToString::to_string)
            .collect();
        let rows = finding.table.rows.iter().take(SHOWN);
        let rows: Vec<Vec<TableCell>> = rows
            .map(|row| row.iter().map(TableCell::value).collect())
            .collect();
        if !rows.is_empty() {
            page.table(&finding.title, &header, &rows);
        }
        if finding.table.rows.len() > SHOWN {
            let all = counted(finding.table.rows.len(), "row");
            page.element("p", "soft", &format!("The first {SHOWN} of {all}."));
        }
        page.element("p", "small soft", &words::told(finding));
    });
}

fn files(page: &mut Page, run: &AnalysisRun) {
    if run.files.is_empty() {
        return;
    }
    page.element("h2", "", "What was read");
    let header = [
        "file",
        "input format",
        "encoding",
        "tables",
        "rows",
        "rejected",
    ]
    .map(String::from);
    let rows: Vec<Vec<TableCell>> = (run.files.iter())
        .map(|file| {
            let count = |n: u64| TableCell {
                number: true,
                ..TableCell::text(&n.to_string())
            };
            vec![
                TableCell::text(&file.file),
                TableCell::text(&file.input_format),
                TableCell::text(&file.encoding),
                TableCell::text(&file.tables.join(", ")),
                count(file.loaded),
                count(file.rejected),
            ]
        })
        .collect();
    page.table("Files read", &header, &rows);
    let remarks = run.files.iter().flat_map(|file| {
        file.remarks
            .iter()
            .map(|remark| format!("{}: {remark}", file.file))
    });
    page.list(&remarks.collect::<Vec<_>>());
}
