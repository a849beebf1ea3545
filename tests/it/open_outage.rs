//! That the user's word on whether an outage is over counts for more than what the rows show.

use chatdb::analysis::{self, AnalysisOptions, Outage};
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{AnalysisRun, CountRun, DetectedRun};
use chatdb::signature;
use chatdb::table::Cell;

use crate::honesty::library;

/// The scenarios that an analysis puts first, where the rows show an outage with an end or without one and the user
/// names one with an end or without one.
fn first(scenario: &str, shown_end: bool, said_end: bool) -> Vec<String> {
    let (mut run, whole) = searched(scenario);
    let until = whole.from_ms + 10 * 60_000;
    let said = Outage { to_ms: said_end.then_some(until), ..whole };
    let options = AnalysisOptions { outages: vec![said.clone()], ..AnalysisOptions::default() };
    let end = shown_end.then_some(until);
    run.detected = vec![detected("application", said.from_ms, end, Vec::new())];
    likeliest(run, &options)
}

fn searched(scenario: &str) -> (AnalysisRun, Outage) {
    let names = [scenario.to_owned()];
    let played = replay::replay(&library(), &names, &ReplayOptions::default());
    let (_, store) = played.expect("it can be played");
    let whole = signature::outage_of(&store).expect("a replay has an outage");
    let options = AnalysisOptions { outages: vec![whole.clone()], ..AnalysisOptions::default() };
    let run = analysis::analyze(&store, &options).expect("it can be searched");
    (run, whole)
}

fn detected(servers: &str, from: i64, to: Option<i64>, counts: Vec<CountRun>) -> DetectedRun {
    DetectedRun {
        servers: servers.to_owned(),
        or_servers: Vec::new(),
        host: None,
        from: Cell::Timestamp(from),
        to: to.map_or(Cell::Null, Cell::Timestamp),
        counted: "agent actions".to_owned(),
        expected: 40.0,
        observed: 0,
        p: 1e-9,
        confidence: "high".to_owned(),
        evidence: vec!["30 activities arrived".to_owned()],
        counts,
    }
}

fn likeliest(mut run: AnalysisRun, options: &AnalysisOptions) -> Vec<String> {
    signature::compare(&mut run, options);
    let first = run.candidates.first().expect("something fits");
    first.scenarios.iter().map(|one| one.name.clone()).collect()
}

#[test]
fn whoever_names_an_outage_says_whether_it_is_over() {
    for scenario in ["application_failure", "application_restored"] {
        for shown_end in [true, false] {
            let has = |said_end: bool, name: &str| {
                let first = first(scenario, shown_end, said_end);
                let ends = |end: &str| first.iter().any(|one| one.ends_with(end));
                assert!(
                    first.iter().any(|one| one == name),
                    "{scenario}, {shown_end}, {said_end}: {first:?}"
                );
                assert_ne!(ends("_failure"), ends("_restored"), "{first:?}");
            };
            has(false, "application_failure");
            has(true, "application_restored");
        }
    }
}

#[test]
fn the_likely_failure_is_one_of_the_servers_that_were_detected() {
    // No chats arrive without Messaging at some sites: agents complete what they have, and get no more.
    let counts = || {
        let of = |(what, observed, expected): (&str, u64, f64)| CountRun {
            what: what.to_owned(),
            observed,
            expected,
        };
        let counted = [
            ("chats that arrived", 0, 40.0),
            ("assignments", 9, 60.0),
            ("completions", 8, 38.0),
            ("last messages", 0, 50.0),
        ];
        counted.map(of).to_vec()
    };
    for (servers, to, name) in [
        ("messaging", Some(10 * 60_000), "messaging_restored"),
        ("messaging", None, "messaging_failure"),
        ("application", None, "application_failure"),
        ("services", Some(10 * 60_000), "services_restored"),
    ] {
        let (mut run, whole) = searched("messaging_failure");
        run.outages.clear();
        let from = whole.from_ms;
        run.detected = vec![detected(servers, from, to.map(|to| from + to), counts())];
        let found = likeliest(run, &AnalysisOptions::default());
        assert_eq!(found, [name], "{servers}");
    }
}
