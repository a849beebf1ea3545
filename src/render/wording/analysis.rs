//! An analysis in words.

use crate::diagnostic::{counted, verb};
use crate::report::{AnalysisRun, CandidateRun, CountRun, FindingRun, FindingVerdict, OutageRun};
use crate::table::Cell;

/// The description of each file that was read.
pub(crate) const FILE_COLUMNS: [&str; 7] =
    ["file", "input format", "encoding", "tables", "rows", "rejected", "exported"];

/// The offset of the servers' clock from UTC, or the consequence if it is unknown.
pub(crate) fn server_clock(run: &AnalysisRun) -> String {
    match &run.utc_offset {
        Some(offset) => format!("Server clock: {offset} from UTC, {}", run.utc_offset_from),
        None => "Server time zone unknown: event times (UTC) are not compared with row times (`--utc-offset`)"
            .to_owned(),
    }
}

pub(crate) fn finding_verdict(verdict: FindingVerdict) -> &'static str {
    match verdict {
        FindingVerdict::Found => "found",
        FindingVerdict::Nothing => "nothing",
        FindingVerdict::Unclear => "unclear",
        FindingVerdict::Skipped => "skipped",
    }
}

/// The findings that have rows, the most urgent first.
pub(crate) fn by_urgency(run: &AnalysisRun) -> Vec<&FindingRun> {
    let mut findings: Vec<&FindingRun> =
        (run.findings.iter()).filter(|finding| !finding.table.rows.is_empty()).collect();
    findings.sort_by_key(|finding| (finding.verdict == FindingVerdict::Unclear, finding.urgency));
    findings
}

/// The findings of an analysis: those with rows first, inconclusive ones last.
pub(crate) fn in_order(run: &AnalysisRun) -> Vec<&FindingRun> {
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
pub(crate) fn analysis(run: &AnalysisRun) -> String {
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

/// `outage of application from 2026-11-25 09:00:00.000 to 2026-11-25 09:40:00.000, named by you`
pub(crate) fn outage(outage: &OutageRun) -> String {
    let to = match &outage.to {
        Cell::Null => "now".to_owned(),
        at => at.to_string(),
    };
    let servers = servers(&outage.servers, outage.host.as_deref());
    format!("outage of {servers} from {} to {to}, named by you", outage.from)
}

/// The servers of an outage, such as `application@43app`.
pub(crate) fn servers(servers: &str, host: Option<&str>) -> String {
    match (servers, host) {
        ("", _) => "unknown servers".to_owned(),
        (servers, Some(host)) => servers.replace("application", &format!("application@{host}")),
        (servers, None) => servers.to_owned(),
    }
}

/// `assignments 5 of 71 usual`
pub(crate) fn count(count: &CountRun) -> String {
    format!("{} {}, usually {:.0}", count.what, count.observed, count.expected)
}

/// The basis of a finding, and the thresholds it was run with.
pub(crate) fn told(finding: &FindingRun) -> String {
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

/// The label of evidence against a candidate.
pub(crate) const AGAINST: &str = "against";

/// The label of what would distinguish candidates.
pub(crate) const DISTINGUISH: &str = "would distinguish them";

/// What would distinguish the scenarios of a candidate.
pub(crate) fn distinguished_by(candidate: &CandidateRun) -> Vec<String> {
    let mut by = candidate.separated_by.clone();
    if candidate.scenarios.len() > 1 && by.is_empty() {
        by.push("nothing in the product's rows".to_owned());
    }
    by
}

/// The description of a candidate, with labels.
pub(crate) fn evidence(candidate: &CandidateRun) -> [(&'static str, Vec<String>); 4] {
    let missing = candidate.not_in_export.join(", ");
    [
        ("for", candidate.evidence_for.clone()),
        (AGAINST, candidate.evidence_against.clone()),
        ("not in the exports", if missing.is_empty() { Vec::new() } else { vec![missing] }),
        (DISTINGUISH, distinguished_by(candidate)),
    ]
}

/// The scenarios of a candidate, by name.
pub(crate) fn names(candidate: &CandidateRun) -> String {
    let names: Vec<&str> = candidate.scenarios.iter().map(|one| one.name.as_str()).collect();
    names.join(", ")
}

/// How many candidates have as little evidence against them as the first. The others are less likely.
pub(crate) fn likeliest(candidates: &[CandidateRun]) -> usize {
    let against = |one: &CandidateRun| one.evidence_against.len();
    let least = candidates.first().map_or(0, against);
    candidates.iter().take_while(|one| against(one) == least).count()
}

/// The evidence against a candidate, in brief: findings by name only.
pub(crate) fn ruled_out(candidate: &CandidateRun) -> String {
    let short = |text: &String| match text.split_once(": ") {
        Some((short, _)) => short.to_owned(),
        None => text.clone(),
    };
    candidate.evidence_against.iter().map(short).collect::<Vec<_>>().join("; ")
}
