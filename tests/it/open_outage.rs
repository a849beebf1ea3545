//! That the user's word on whether an outage is over counts for more than what the rows show.

use chatdb::analysis::{self, AnalysisOptions, Outage};
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::DetectedRun;
use chatdb::signature;
use chatdb::table::Cell;

use crate::honesty::library;

/// The scenarios that an analysis puts first, where the rows show an outage with an end or without one and the user
/// names one with an end or without one.
fn first(scenario: &str, shown_end: bool, said_end: bool) -> Vec<String> {
    let names = [scenario.to_owned()];
    let played = replay::replay(&library(), &names, &ReplayOptions::default());
    let (_, store) = played.expect("it can be played");
    let whole = signature::outage_of(&store).expect("a replay has an outage");
    let until = whole.from_ms + 10 * 60_000;
    let said = Outage {
        to_ms: said_end.then_some(until),
        ..whole
    };
    let options = AnalysisOptions {
        outages: vec![said.clone()],
        ..AnalysisOptions::default()
    };
    let mut run = analysis::analyze(&store, &options).expect("it can be searched");
    run.detected = vec![DetectedRun {
        servers: "application".to_owned(),
        or_servers: Vec::new(),
        host: None,
        from: Cell::Timestamp(said.from_ms),
        to: if shown_end {
            Cell::Timestamp(until)
        } else {
            Cell::Null
        },
        counted: "agent actions".to_owned(),
        expected: 40.0,
        observed: 0,
        p: 1e-9,
        confidence: "high".to_owned(),
        evidence: vec!["30 activities arrived".to_owned()],
        counts: Vec::new(),
    }];
    signature::compare(&mut run, &options);
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
