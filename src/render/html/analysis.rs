//! An analysis as a page: the answer, what happened over time, the findings with their evidence, and what the rows
//! cannot show. Long parts are summarised, and say where the rest is.

use super::page::{Page, TableCell, code, mark, text, words};
use super::{findings, over_time, wording};
use crate::diagnostic::counted;
use crate::query::Urgency;
use crate::render::RenderOptions;
use crate::report::{AnalysisRun, CandidateRun, FileRun, FindingRun, FindingVerdict};
use crate::table::Cell;

pub(super) fn render(page: &mut Page, run: &AnalysisRun, options: RenderOptions) {
    answer(page, run);
    over_time::draw(page, run);
    findings::render(page, run, options.tables_beside);
    candidates(page, run);
    next_steps(page, run);
    cannot_show(page, run);
    rejected(page, run);
    files(page, run);
    rests_on(page, run);
}

/// The answer in a few lines, and the command to run next.
fn answer(page: &mut Page, run: &AnalysisRun) {
    let urgent: Vec<&str> = (run.findings.iter())
        .filter(|one| one.verdict == FindingVerdict::Found && one.urgency == Urgency::Now)
        .map(|one| one.title.as_str())
        .collect();
    let has_failed = !run.detected.is_empty() || !run.outages.is_empty();
    let class = match (has_failed, urgent.as_slice()) {
        (true, _) => "say wrong",
        (false, [_, ..]) => "say minor",
        (false, []) => "say",
    };
    page.markup(format_args!("<div class=\"{class}\">\n"));
    if run.summary.is_empty() {
        page.element("p", "", &wording::analysis(run));
    }
    for sentence in &run.summary {
        page.element("p", "", sentence);
    }
    if !has_failed && !urgent.is_empty() {
        // Without an outage the sentences name none of them.
        page.element("p", "", &format!("To look at: {}.", urgent.join("; ")));
    }
    page.markup(format_args!("</div>\n"));
    if let Some(command) = &run.command {
        page.markup(format_args!("<p>Next: {}</p>\n", code(command)));
    }
    let loaded: u64 = run.files.iter().map(|file| file.loaded).sum();
    let rejected: u64 = run.files.iter().map(|file| file.rejected).sum();
    let mut read = Vec::new();
    if !run.files.is_empty() {
        let (rows, files) = (counted(loaded, "row"), counted(run.files.len(), "file"));
        read.push(format!("{rows} from {files}"));
        read.push(match rejected {
            0 => "no record rejected".to_owned(),
            n => format!("{} rejected, listed below", counted(n, "record")),
        });
    }
    read.push(match &run.as_of {
        Cell::Null => "no timestamp in the rows to measure ages from".to_owned(),
        at => format!("ages are measured from {}", wording::brief_value(at)),
    });
    page.element("p", "soft", &format!("{}.", read.join("; ")));
}

fn candidates(page: &mut Page, run: &AnalysisRun) {
    let (likeliest, others) = run.candidates.split_at(wording::likeliest(&run.candidates));
    // Where all are as likely, the answer says so.
    if others.is_empty() {
        return;
    }
    page.element("h2", "", "Likely failure");
    for candidate in likeliest {
        candidate_of(page, candidate, true);
    }
    page.folded(false, "Less likely, with the evidence against", |page| {
        for candidate in others {
            candidate_of(page, candidate, false);
        }
    });
}

fn candidate_of(page: &mut Page, candidate: &CandidateRun, in_full: bool) {
    for scenario in &candidate.scenarios {
        let (title, name) = (words(&scenario.title), code(&scenario.name));
        page.markup(format_args!("<h3>{title} {name}</h3>\n"));
    }
    for (label, said) in wording::evidence(candidate) {
        let is_shown = in_full || label == wording::AGAINST;
        if is_shown && !said.is_empty() {
            page.element("p", "small soft", label);
            page.list(&said);
        }
    }
}

/// What to do next, in the order in which it helps.
fn next_steps(page: &mut Page, run: &AnalysisRun) {
    if run.next.is_empty() {
        return;
    }
    page.element("h2", "", "Next steps");
    page.markup(format_args!("<ol>\n"));
    for one in &run.next {
        page.prose("li", "", one);
    }
    page.markup(format_args!("</ol>\n"));
}

/// What the rows cannot show, and which exports would let the skipped findings run.
fn cannot_show(page: &mut Page, run: &AnalysisRun) {
    if run.undetectable.is_empty() && run.unlocks.is_empty() {
        return;
    }
    page.element("h2", "", "What these rows can't show");
    page.list(&run.undetectable);
    let unlocks: Vec<Vec<TableCell>> = (run.unlocks.iter())
        .map(|one| {
            let names: Vec<String> = one.findings.iter().map(|name| code(name)).collect();
            vec![TableCell::text(&one.needs), TableCell::html(names.join(" "))]
        })
        .collect();
    if !unlocks.is_empty() {
        let header = ["would resolve it", "findings that were skipped"].map(String::from);
        page.table("What would let skipped findings run", &header, &unlocks);
    }
}

/// The records that were rejected, with line and reason.
fn rejected(page: &mut Page, run: &AnalysisRun) {
    let some: Vec<&FileRun> = run.files.iter().filter(|file| file.rejected > 0).collect();
    if some.is_empty() {
        return;
    }
    page.element("h2", "", "Rejected records");
    for file in some {
        let count = counted(file.rejected, "record");
        page.markup(format_args!(
            "<p>{}: {} of {}</p>\n",
            text(&file.file),
            text(&count),
            file.records
        ));
        page.list(&file.rejects);
    }
}

fn files(page: &mut Page, run: &AnalysisRun) {
    if run.files.is_empty() {
        return;
    }
    page.element("h2", "", "What was read");
    let header = wording::FILE_COLUMNS.map(String::from);
    let rows: Vec<Vec<TableCell>> = (run.files.iter())
        .map(|file| {
            let count = |n: u64| TableCell { number: true, ..TableCell::text(&n.to_string()) };
            let exported = match &file.exported_at {
                Cell::Null => "unknown".to_owned(),
                at => format!("{} ({})", wording::brief_value(at), file.exported_at_from),
            };
            vec![
                TableCell::text(&file.file),
                TableCell::text(&file.input_format),
                TableCell::text(&file.encoding),
                TableCell::text(&file.tables.join(", ")),
                count(file.loaded),
                count(file.rejected),
                TableCell::text(&exported),
            ]
        })
        .collect();
    page.table("Files read", &header, &rows);
    let remarks = run.files.iter().flat_map(|file| {
        let said = file.remarks.iter();
        said.map(|remark| format!("{}: {remark}", file.file))
    });
    page.list(&remarks.collect::<Vec<_>>());
}

/// The clocks and outages by which the rows were judged, and the treatment of personal data.
fn rests_on(page: &mut Page, run: &AnalysisRun) {
    page.element("h2", "", "Basis of this analysis");
    let mut facts = Vec::new();
    if run.as_of != Cell::Null {
        let at = wording::brief_value(&run.as_of);
        facts.push(format!("Ages are measured from {at}: {}", run.as_of_from));
    }
    facts.push(wording::server_clock(run));
    facts.extend(run.outages.iter().map(wording::outage));
    if run.periods.iter().any(|period| period.series.iter().any(|one| one.host.is_some())) {
        let known = "An agent is counted on the application server of the last log-in in the rows";
        facts.push(known.to_owned());
    }
    facts.push(run.privacy.clone());
    page.markup(format_args!("<ul>\n"));
    for fact in &facts {
        page.prose("li", "", fact);
    }
    page.markup(format_args!("</ul>\n"));
}

/// A word for what a finding came to, in the colour of its urgency.
pub(super) fn verdict(finding: &FindingRun) -> String {
    let rows = finding.table.rows.len();
    match finding.verdict {
        FindingVerdict::Found => {
            let class = match finding.urgency {
                Urgency::Now => "bad",
                Urgency::Soon => "warn",
                Urgency::Context => "over",
            };
            mark(class, &counted(rows, "row"))
        }
        FindingVerdict::Unclear => mark("over", &format!("{}, all unclear", counted(rows, "row"))),
        other => mark("over", wording::finding_verdict(other)),
    }
}
