//! That each documented failure is known by the rows that its own replay leaves, and that what cannot be told apart is
//! said to be alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::table_text;
use chatdb::analysis::{self, AnalysisOptions};
use chatdb::replay;
use chatdb::report::{AnalysisRun, CandidateRun, FindingVerdict};
use chatdb::signature::{self, KnownOutage, Signature, candidates, outage_of};
use chatdb::store::Store;
use chatdb::table::delimited::Delimiter;

use crate::honesty::{library, ten};
use crate::snapshot;

static MADE: LazyLock<Vec<Signature>> =
    LazyLock::new(|| ten().iter().map(|name| of_replay(name)).collect());

/// Replays a scenario and runs every finding on the database that it leaves.
fn of_replay(name: &str) -> Signature {
    let names = [name.to_owned()];
    let options = replay::ReplayOptions::default();
    let (report, store) = replay::replay(&library(), &names, &options).expect("it can be played");
    let outage = outage_of(&store).expect("a replay's database");
    let options = AnalysisOptions { outages: vec![outage.clone()], ..AnalysisOptions::default() };
    let run = analysis::analyze(&store, &options).expect("it can be searched");
    let findings = run.findings.iter();
    Signature {
        scenario: name.to_owned(),
        title: report.runs[0].title.clone(),
        servers: outage.servers.iter().copied().collect(),
        over: outage.to_ms.is_some(),
        marks: findings.map(|found| (found.name.clone(), found.verdict)).collect(),
    }
}

/// What is said of the outage beside the rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    ServersAndTime,
    Time,
    Nothing,
}

/// What an analysis of each scenario's rows finds.
static SEARCHED: LazyLock<BTreeMap<(String, Said), (AnalysisRun, KnownOutage)>> =
    LazyLock::new(|| {
        let mut all = BTreeMap::new();
        for scenario in ten() {
            let store = database(&scenario);
            for said in [Said::ServersAndTime, Said::Time, Said::Nothing] {
                all.insert((scenario.clone(), said), searched(&store, said));
            }
        }
        all
    });

fn database(scenario: &str) -> Store {
    let options = replay::ReplayOptions::default();
    let names = [scenario.to_owned()];
    let (_, store) = replay::replay(&library(), &names, &options).expect("it can be played");
    store
}

fn searched(store: &Store, said: Said) -> (AnalysisRun, KnownOutage) {
    let outage = outage_of(store).expect("which only a replay has");
    let options = AnalysisOptions {
        outages: if said == Said::Nothing { Vec::new() } else { vec![outage] },
        ..AnalysisOptions::default()
    };
    let run = analysis::analyze(store, &options).expect("it can be searched");
    let mut known = KnownOutage::of(&options.outages);
    if said == Said::Time {
        known.servers = BTreeSet::new();
    }
    (run, known)
}

/// The scenarios that are named together and first.
fn first_group(run: &AnalysisRun, known: &KnownOutage) -> Vec<String> {
    let found = candidates(&MADE, run, known);
    let names = found[0].scenarios.iter().map(|one| one.name.clone());
    names.collect()
}

/// The candidate that `scenario` is among.
fn own(found: &[CandidateRun], scenario: &str) -> CandidateRun {
    let among = |one: &&CandidateRun| one.scenarios.iter().any(|own| own.name == scenario);
    found.iter().find(among).expect("all ten are there").clone()
}

#[test]
fn the_file_of_signatures_is_what_the_replays_leave() {
    let text = table_text::delimited(&signature::table(&MADE), Delimiter::Comma);
    snapshot::check("../../reports/signatures.csv", &text);
    if std::env::var_os("UPDATE").is_none() {
        assert_eq!(signature::signatures(), *MADE);
    }
}

#[test]
fn each_scenario_is_known_by_its_own_rows_or_named_with_those_that_they_cannot_be_told_from() {
    let mut page = String::new();
    let cases = [
        (Said::ServersAndTime, "with the servers and the time of the outage"),
        (Said::Time, "with its time alone"),
        (Said::Nothing, "alone"),
    ];
    for (said, title) in cases {
        writeln!(
            page,
            "\nThe rows of each scenario {title}: things against each signature, `=` where alike\n"
        )
        .unwrap();
        for scenario in ten() {
            let (run, known) = &SEARCHED[&(scenario.clone(), said)];
            let group = first_group(run, known);
            assert!(group.contains(&scenario), "{scenario} {title}: {group:?}");
            let found = candidates(&MADE, run, known);
            let cells: Vec<String> = ten()
                .iter()
                .map(|other| {
                    let alike = if group.contains(other) { "=" } else { "" };
                    format!("{:2}{alike:1}", own(&found, other).evidence_against.len())
                })
                .collect();
            writeln!(page, "{scenario:30} {}", cells.join(" ").trim_end()).unwrap();
        }
    }
    println!("{page}");
    snapshot::check("signatures.txt", &page);
}

#[test]
fn what_the_rows_do_not_say_leaves_the_scenario_among_the_first() {
    for scenario in ten() {
        let (whole, known) = &SEARCHED[&(scenario.clone(), Said::ServersAndTime)];
        for hidden in 0..whole.findings.len() {
            let mut run = whole.clone();
            run.findings[hidden].verdict = FindingVerdict::Skipped;
            let group = first_group(&run, known);
            assert!(
                group.contains(&scenario),
                "{scenario} without {}: {group:?}",
                run.findings[hidden].name
            );
        }
    }
}

#[test]
fn a_mark_turned_round_speaks_against_the_scenario() {
    let mut turned = 0;
    for scenario in ten() {
        let (whole, known) = &SEARCHED[&(scenario.clone(), Said::ServersAndTime)];
        for at in 0..whole.findings.len() {
            let mut run = whole.clone();
            let verdict = &mut run.findings[at].verdict;
            *verdict = match *verdict {
                FindingVerdict::Found => FindingVerdict::Nothing,
                FindingVerdict::Nothing => FindingVerdict::Found,
                FindingVerdict::Unclear | FindingVerdict::Skipped => continue,
            };
            let name = run.findings[at].name.clone();
            let found = |one: &Signature| one.marks[at].1 == FindingVerdict::Found;
            let differs = MADE.iter().any(found) && !MADE.iter().all(found);
            let found = candidates(&MADE, &run, known);
            let own = own(&found, &scenario);
            let against = own.evidence_against.iter().any(|text| text.contains(&name));
            assert_eq!(against, differs, "{scenario}, {name}: {:?}", own.evidence_against);
            turned += usize::from(against);
        }
    }
    assert!(turned > 50, "marks that tell: {turned}");
}

#[test]
fn a_cause_taken_out_changes_the_signature() {
    let (run, known) = &SEARCHED[&("services_failure".to_owned(), Said::ServersAndTime)];
    let with = first_group(run, known);
    let store = database("services_failure");
    let undone =
        "UPDATE egpl_casemgmt_activity SET activity_status = 5000, activity_sub_status = 5900,
                      when_modified = '2011-07-12 14:50:00.000' WHERE activity_id = 1347";
    store.run_own("x.sql", undone, &[]).expect("the completion is undone");
    let (run, known) = searched(&store, Said::ServersAndTime);
    let own = own(&candidates(&MADE, &run, &known), "services_failure");
    assert_eq!(with, ["services_failure"]);
    assert!(
        own.evidence_against.iter().any(|text| text.contains("completed_in_outage")),
        "{:?}",
        own.evidence_against
    );
}
