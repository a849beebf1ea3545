//! What an analysis says where somebody names an outage: of a normal hour it fits no failure, and it takes nothing away
//! from what the rows show by themselves.

use chatdb::analysis::{AnalysisOptions, Outage, Server};
use chatdb::report::AnalysisRun;
use chatdb::table::Cell;

use crate::analysis_page::{DAY, FAILS, HOUR, LASTS, MINUTE, PLAIN, START, exports, report};

fn named(fails: bool, outages: Vec<Outage>) -> AnalysisRun {
    let options = AnalysisOptions { outages, ..AnalysisOptions::default() };
    let report = report(exports(&PLAIN, fails), &options);
    report.analysis.expect("an analysis")
}

fn outage(servers: &[Server], host: Option<&str>, from_ms: i64, length: i64) -> Outage {
    Outage {
        servers: servers.to_vec(),
        host: host.map(str::to_owned),
        from_ms,
        to_ms: Some(from_ms + length),
    }
}

fn sentence<'r>(run: &'r AnalysisRun, begins: &str) -> &'r str {
    let found = run.summary.iter().find(|said| said.starts_with(begins));
    found.unwrap_or_else(|| panic!("{begins}: {:#?}", run.summary))
}

#[test]
fn a_normal_hour_fits_no_failure_whichever_servers_are_named() {
    for hour in [8, 9, 11, 13, 15, 16] {
        for servers in [&[][..], &[Server::Services], &Server::ALL] {
            let from = START + DAY + hour * HOUR;
            let run = named(false, vec![outage(servers, None, from, HOUR)]);
            assert_eq!(run.candidates, [], "{hour} {servers:?}");
            assert!(run.next.iter().all(|step| !step.contains("--outage")), "{:?}", run.next);
            // At the ends of the day, of which there are three, it is not known how busy it usually is.
            let likely = match run.outages[0].counts.as_slice() {
                [] => "Likely failure: unclear; too little usually happens in that period to tell.",
                _ => {
                    "Likely failure: none of the documented ones; nothing stopped in that period: "
                }
            };
            assert!(!(10..=15).contains(&hour) || !run.outages[0].counts.is_empty(), "{hour}");
            sentence(&run, likely);
            sentence(
                &run,
                "Outages detected in the rows: none; the one that you named does not show",
            );
        }
    }
    // Without message times, nothing in the rows speaks for Messaging or against it.
    let run = named(false, vec![outage(&[Server::Messaging], None, START + DAY + 11 * HOUR, HOUR)]);
    let said = sentence(&run, "Likely failure");
    assert!(
        said.contains("evidence for: messaging reported as failed; evidence against: nothing"),
        "{said}"
    );
    assert_eq!(run.candidates.len(), 1);
    assert_eq!(run.candidates[0].scenarios[0].name, "messaging_restored");
    assert_eq!(run.candidates[0].not_in_export, ["eglv_session_chat_event"]);
    // The check notices one that stopped.
    let run = named(true, vec![outage(&[Server::Application], None, FAILS, LASTS)]);
    assert_ne!(run.candidates, []);
}

#[test]
fn the_wrong_server_is_not_confirmed_and_the_right_one_is_named_beside_it() {
    let run = named(true, vec![outage(&[Server::Application], Some("44app"), FAILS, LASTS)]);
    assert_eq!(run.candidates, []);
    let said = sentence(&run, "Likely failure: none of the documented ones");
    assert!(said.ends_with("Detected at that time: application 43app."), "{said}");
    assert!(
        said.contains("actions of its agents") && !said.contains("chats that arrived"),
        "{said}"
    );
    let run = named(true, vec![outage(&[Server::Application], Some("43app"), FAILS, LASTS)]);
    let said = sentence(&run, "Likely failure");
    assert!(said.contains("application_restored"), "{said}");
}

#[test]
fn naming_one_outage_weakens_no_evidence_of_another() {
    let ghosts = |run: &AnalysisRun| sentence(run, "Ghost chats:").to_owned();
    let alone = named(true, Vec::new());
    let other = outage(&[Server::Services], None, START + DAY + 12 * HOUR, 30 * MINUTE);
    let beside = named(true, vec![other.clone()]);
    assert_eq!(ghosts(&alone), ghosts(&beside));
    assert!(ghosts(&alone).contains(" certain"), "{}", ghosts(&alone));
    // What asks about an outage asks about the one that is named.
    let rows = |run: &AnalysisRun| {
        let found = run.findings.iter().find(|one| one.name == "arrived_in_outage");
        found.map_or(0, |found| found.table.rows.len())
    };
    let in_other = named(false, vec![other]);
    assert_eq!(rows(&beside), rows(&in_other));
    // Of several outages, the newest is explained, and not all servers together.
    let two = vec![
        outage(&[Server::Services], None, START + DAY + 12 * HOUR, 30 * MINUTE),
        outage(&[Server::Application], Some("43app"), FAILS, LASTS),
    ];
    let said = named(true, two);
    let said = sentence(&said, "Likely failure");
    assert!(
        said.starts_with(
            "Likely failure in the newest outage that you named: the Application server"
        ),
        "{said}"
    );
    assert!(said.ends_with("evidence against: nothing."), "{said}");
}

#[test]
fn each_row_says_which_of_several_outages_it_is_about() {
    let at_noon = outage(&[Server::Services], None, START + DAY + 12 * HOUR, 30 * MINUTE);
    let then = outage(&[Server::Application], Some("43app"), FAILS, LASTS);
    let rows_of = |run: &AnalysisRun, name: &str| {
        let found = run.findings.iter().find(|one| one.name == name).expect("a finding");
        let column = found.table.position("outage_from");
        let row = |row: &Vec<Cell>| (row[0].clone(), column.map(|at| row[at].clone()));
        found.table.rows.iter().map(row).collect::<Vec<_>>()
    };
    let both = named(true, vec![at_noon.clone(), then.clone()]);
    for name in ["arrived_in_outage", "completed_in_outage"] {
        let mut expected = Vec::new();
        for one in [&at_noon, &then] {
            let alone = rows_of(&named(true, vec![one.clone()]), name);
            assert!(alone.iter().all(|(_, from)| from.is_none()), "{name}");
            let from = Some(Cell::Timestamp(one.from_ms));
            expected.extend(alone.into_iter().map(|(id, _)| (id, from.clone())));
        }
        assert!(!expected.is_empty(), "{name}");
        assert_eq!(rows_of(&both, name), expected, "{name}");
    }
    assert!(rows_of(&both, "ghost_chats").iter().all(|(_, from)| from.is_none()));
}

#[test]
fn nobody_is_asked_for_the_time_of_an_outage_where_there_was_none() {
    let asks = |run: &AnalysisRun| run.unlocks.iter().any(|one| one.needs.contains("--outage"));
    assert!(!asks(&named(false, Vec::new())));
    let mut few = exports(&PLAIN, false);
    let lines: Vec<&str> = few[0].1.lines().take(40).collect();
    few[0].1 = lines.join("\n");
    let report = report(few, &AnalysisOptions::default());
    assert!(asks(&report.analysis.expect("an analysis")));
}
