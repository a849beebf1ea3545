//! An analysis as a document: the same order as in a terminal, with every row.

use super::super::wording;
use super::{Page, cell, code, escape, listed};
use crate::report::{AnalysisRun, FileRun, FindingRun, Listing};
use crate::table::Cell;

pub(super) fn render(page: &mut Page, run: &AnalysisRun) {
    page.heading(1, wording::ANALYSIS);
    if !run.summary.is_empty() {
        page.list(run.summary.iter().map(|sentence| escape(sentence)));
    }
    if let Some(command) = &run.command {
        page.paragraph(&format!("Next: {}", code(command)));
    }
    page.paragraph(&escape(&wording::analysis(run)));
    files(page, run);
    rests_on(page, run);
    page.heading(2, "What was found");
    let header = ["finding", "verdict", "rows", "basis", "what"];
    page.table(
        &header.map(String::from),
        wording::in_order(run).into_iter().map(overview).collect(),
    );
    candidates(page, run);
    if !run.next.is_empty() {
        page.heading(2, "Next steps");
        page.list(run.next.iter().map(|one| escape(one)));
    }
    page.level = 1;
    for finding in run.findings.iter().filter(|finding| !finding.table.rows.is_empty()) {
        let mut remarks = vec![finding.meaning.clone()];
        remarks.extend(finding.remarks.iter().cloned());
        remarks.push(wording::told(finding));
        let listing = Listing {
            title: format!("{}: {}", finding.name, finding.title),
            table: finding.table.clone(),
            remarks,
        };
        listed(page, &listing);
    }
    page.level = 0;
}

fn files(page: &mut Page, run: &AnalysisRun) {
    if run.files.is_empty() {
        return;
    }
    page.heading(2, "What was read");
    page.table(&wording::FILE_COLUMNS.map(String::from), run.files.iter().map(file).collect());
    let remarks = run.files.iter().flat_map(|file| {
        let said = file.remarks.iter().chain(&file.rejects);
        said.map(|one| escape(&format!("{}: {one}", file.file)))
    });
    let remarks: Vec<String> = remarks.collect();
    if !remarks.is_empty() {
        page.list(remarks);
    }
}

/// The times and outages by which rows were judged, and what cannot be determined.
fn rests_on(page: &mut Page, run: &AnalysisRun) {
    let mut facts = vec![match &run.as_of {
        Cell::Null => format!("No reference time: {}", escape(&run.as_of_from)),
        at => format!("Ages are measured from {at}: {}", escape(&run.as_of_from)),
    }];
    facts.push(wording::server_clock(run));
    let outages = run.outages.iter();
    facts.extend(outages.map(|outage| escape(&wording::outage(outage))));
    let cannot = run.undetectable.iter();
    facts.extend(cannot.map(|sentence| format!("not detectable: {}", escape(sentence))));
    facts.push(escape(&run.privacy));
    page.list(facts);
}

fn file(file: &FileRun) -> Vec<String> {
    let exported = match &file.exported_at {
        Cell::Null => "unknown".to_owned(),
        at => format!("{at} ({})", file.exported_at_from),
    };
    vec![
        cell(&file.file),
        cell(&file.input_format),
        cell(&file.encoding),
        cell(&file.tables.join(", ")),
        file.loaded.to_string(),
        file.rejected.to_string(),
        cell(&exported),
    ]
}

fn overview(finding: &FindingRun) -> Vec<String> {
    let mut what = finding.title.clone();
    for remark in &finding.remarks {
        what.push_str("; ");
        what.push_str(remark);
    }
    vec![
        code(&finding.name),
        wording::finding_verdict(finding.verdict).to_owned(),
        finding.table.rows.len().to_string(),
        finding.basis.name().to_owned(),
        cell(&what),
    ]
}

fn candidates(page: &mut Page, run: &AnalysisRun) {
    if run.candidates.is_empty() {
        return;
    }
    page.heading(2, "Likely failure");
    for candidate in &run.candidates {
        let scenarios = candidate.scenarios.iter();
        let named = scenarios.map(|one| format!("{}: {}", code(&one.name), escape(&one.title)));
        page.paragraph(&named.collect::<Vec<_>>().join("<br>"));
        let said = wording::evidence(candidate).into_iter();
        page.list(said.flat_map(|(label, said)| {
            said.into_iter().map(move |one| format!("{label}: {}", escape(&one)))
        }));
    }
}
