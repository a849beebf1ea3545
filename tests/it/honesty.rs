//! That a replay derives its outcome from causes: nothing writes what a check reads back, no cause can be left
//! out or exchanged without being noticed, and every cell of every expected table counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chatdb::check;
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{CellVerdict, CheckVerdict, Report, RowVerdict, RunVerdict, ScenarioRun};
use chatdb::scenario::{Basis, Expect, Layout, Library, Scenario, resolve_parameters};
use chatdb::store::Store;
use chatdb::table::ResultTable;
use tempfile::TempDir;

/// The scenarios that reproduce a section of the note, in its order.
pub fn ten() -> Vec<String> {
    let library = library();
    let mut sections: Vec<_> = library
        .names()
        .into_iter()
        .filter_map(|name| {
            let scenario = library.get(name).expect("it is valid");
            scenario.section.as_ref()?;
            Some((scenario.lines.as_ref()?.first(), name.to_owned()))
        })
        .collect();
    sections.sort();
    sections.into_iter().map(|(_, name)| name).collect()
}

/// The scenarios from which those start, and which reproduce no section themselves.
fn baselines() -> Vec<String> {
    let (library, ten) = (library(), ten());
    let names = library.names().into_iter().map(str::to_owned);
    names.filter(|name| !ten.contains(name)).collect()
}

pub fn library() -> Library {
    Library::new(Vec::new()).expect("the scenarios are compiled in")
}

fn play(library: &Library, names: &[String]) -> Report {
    let (report, _) =
        replay::replay(library, names, &ReplayOptions::default()).expect("it can be played");
    report
}

fn seeds() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

/// A copy of the project's scenarios in which the files can be changed.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(seeds()).expect("seeds") {
        let entry = entry.expect("an entry");
        if !entry.file_type().expect("a type").is_dir() {
            continue;
        }
        let to = folder.path().join(entry.file_name());
        fs::create_dir(&to).expect("a folder");
        for file in fs::read_dir(entry.path()).expect("a scenario") {
            let file = file.expect("a file");
            fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
        }
    }
    folder
}

/// The checks of a run that do not match.
fn failing(run: &ScenarioRun) -> Vec<String> {
    let checks = run.steps.iter().flat_map(|step| &step.checks);
    let failing = checks.filter(|check| check.verdict != CheckVerdict::Matches);
    failing.map(|check| check.id.clone()).collect()
}

/// An INSERT INTO server_event of a scenario's chain: the scenario, the script, the statement, the server.
#[derive(Debug, Clone)]
struct Event {
    scenario: String,
    script: String,
    statement: String,
    server: String,
    event: String,
}

fn events(library: &Library, name: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let chain = library.chain(name).expect("it is valid");
    for scenario in &chain {
        let own = scenario.name == name;
        // What happens in a branch is gone at its end, so it is no event for those who continue.
        for step in scenario.steps.iter().filter(|step| own || step.branch.is_none()) {
            let Some(script) = &step.script else { continue };
            for statement in chatdb::sql::split(&script.sql).expect("it is SQL") {
                if !statement.sql.contains("INSERT INTO server_event") {
                    continue;
                }
                let mut words = statement.sql.split('\'').skip(1).step_by(2);
                let word = |words: &mut dyn Iterator<Item = &str>| {
                    words.next().expect("a word").to_owned()
                };
                events.push(Event {
                    scenario: scenario.name.clone(),
                    script: script.file.rsplit('/').next().expect("a name").to_owned(),
                    statement: statement.sql.to_owned(),
                    server: word(&mut words),
                    event: word(&mut words),
                });
            }
        }
    }
    events
}

/// Plays `name` with `event` put in another way, and gives the checks that no longer match. How many rows a
/// script changes is left open, so that the checks alone have to notice.
fn play_with(name: &str, event: &Event, instead: &str) -> Vec<String> {
    let folder = copy();
    let script = folder.path().join(&event.scenario).join(&event.script);
    let text = fs::read_to_string(&script).expect("a script");
    assert!(text.contains(&event.statement));
    fs::write(&script, text.replace(&event.statement, instead)).expect("a script");
    let toml = folder.path().join(&event.scenario).join("scenario.toml");
    let text = fs::read_to_string(&toml).expect("a scenario");
    let lines = text.lines().filter(|line| !line.starts_with("changes "));
    fs::write(&toml, lines.collect::<Vec<_>>().join("\n")).expect("a scenario");
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library").replacing();
    let report = play(&library, &[name.to_owned()]);
    let run = &report.runs[0];
    assert_ne!(run.verdict, RunVerdict::NotRun, "{name}: {:?}", run.problem);
    failing(run)
}

#[test]
fn a_copy_of_the_scenarios_is_reproduced_like_the_original() {
    let folder = copy();
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library").replacing();
    assert!(play(&library, &ten()).holds());
}

#[test]
fn every_scenario_is_reproduced_and_every_observation() {
    let report = play(&library(), &ten());
    for run in &report.runs {
        assert_eq!(run.verdict, RunVerdict::Reproduced, "{}: {:?}", run.scenario, failing(run));
    }
    assert_eq!(report.runs.iter().map(|run| run.observations.len()).sum::<usize>(), 49);
}

#[test]
fn taking_out_any_server_event_makes_checks_of_the_scenario_fail() {
    let library = library();
    let mut taken = 0;
    for name in ten() {
        let name = name.as_str();
        let events = events(&library, name);
        assert!(!events.is_empty(), "{name} has no server events");
        for event in events {
            // A script needs a statement.
            let failing = play_with(name, &event, "SELECT 1");
            println!("{name} without \"{} {}\": {}", event.server, event.event, failing.join(", "));
            assert!(!failing.is_empty(), "{name} does not notice that {event:?} is missing");
            taken += 1;
        }
    }
    assert!(taken >= 25, "only {taken} events");
}

#[test]
fn letting_another_server_fail_makes_checks_of_the_scenario_fail() {
    let library = library();
    for name in ten() {
        let name = name.as_str();
        for event in events(&library, name).iter().filter(|event| event.event == "stops") {
            for other in ["application", "services", "messaging"] {
                if other == event.server {
                    continue;
                }
                let instead = event.statement.replace(&event.server, other);
                let failing = play_with(name, event, &instead);
                println!("{name} with {other} for {}: {}", event.server, failing.join(", "));
                assert!(
                    !failing.is_empty(),
                    "{name} does not notice {other} in place of {event:?}"
                );
            }
        }
    }
}

/// The answer that a check's comparison holds, put together again.
fn answer(comparison: &chatdb::report::Comparison) -> ResultTable {
    let columns = comparison.actual_columns.clone();
    let rows = comparison
        .rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|column| {
                    let cell = row.cells.iter().find(|cell| cell.column == column.name);
                    cell.and_then(|cell| cell.actual.clone()).unwrap_or(chatdb::table::Cell::Null)
                })
                .collect()
        })
        .collect();
    ResultTable { columns, rows }
}

/// Another value of the same kind: the last digit changed, or a letter more.
fn another(text: &str) -> String {
    match text.chars().last() {
        Some(digit) if digit.is_ascii_digit() => {
            format!("{}{}", &text[..text.len() - 1], if digit == '7' { '8' } else { '7' })
        }
        _ => format!("{text}x"),
    }
}

#[test]
fn changing_any_cell_of_any_expected_table_makes_exactly_that_cell_differ() {
    let library = library();
    let report = play(&library, &ten());
    let (mut changed, mut keys) = (0, 0);
    for run in &report.runs {
        let scenario = library.get(&run.scenario).expect("it is valid");
        let chain = library.chain(&run.scenario).expect("it is valid");
        let parameters = resolve_parameters(&chain, &[]).expect("nothing is set");
        for (step, played) in scenario.steps.iter().zip(&run.steps) {
            for (check, checked) in step.checks.iter().zip(&played.checks) {
                let Expect::Table(table) = &check.expect else {
                    continue;
                };
                let comparison = checked.comparison.as_ref().expect("it was asked");
                let actual = answer(comparison);
                let query = library.query(&scenario, &check.query).expect("it is known");
                let printed = match &check.basis {
                    Basis::Printed(lines) => Some(lines),
                    _ => None,
                };
                let compare = |check: &chatdb::scenario::Check| {
                    check::compare(
                        check,
                        &parameters,
                        &query.key,
                        &query.order,
                        &actual.columns,
                        &actual,
                        printed,
                    )
                    .expect("it can be compared")
                };
                assert!(compare(check).same, "{}/{}", run.scenario, check.id);
                let width = if table.layout == Layout::Lines { 1 } else { table.header.len() };
                for row in 0..table.rows.len() {
                    for column in (0..width).filter(|at| table.is_data(*at)) {
                        let name = match table.layout {
                            Layout::Lines => "line",
                            Layout::Grid => table.header[column].as_str(),
                        };
                        let mut other = check.clone();
                        let Expect::Table(changed_table) = &mut other.expect else {
                            unreachable!()
                        };
                        let cell = &mut changed_table.rows[row].cells[column];
                        cell.text = another(&cell.text);
                        cell.erratum = None;
                        let found = compare(&other);
                        let place =
                            format!("{}/{} row {row} column {name}", run.scenario, check.id);
                        assert!(!found.same, "{place}");
                        let off: Vec<_> = found
                            .rows
                            .iter()
                            .filter(|row| row.verdict != RowVerdict::Matches)
                            .collect();
                        if found.key.iter().any(|key| key == name) {
                            // A row with another key is another row: this one is missing, and one is extra.
                            let verdicts: BTreeSet<_> =
                                off.iter().map(|row| format!("{:?}", row.verdict)).collect();
                            assert_eq!(off.len(), 2, "{place}");
                            assert_eq!(
                                verdicts,
                                BTreeSet::from(["Extra".into(), "Missing".into()]),
                                "{place}"
                            );
                            keys += 1;
                            continue;
                        }
                        assert_eq!(off.len(), 1, "{place}");
                        let cells: Vec<_> = off[0]
                            .cells
                            .iter()
                            .filter(|cell| {
                                matches!(
                                    cell.verdict,
                                    CellVerdict::Differs | CellVerdict::StaleErratum
                                )
                            })
                            .map(|cell| cell.column.as_str())
                            .collect();
                        assert_eq!(cells, [name], "{place}");
                        changed += 1;
                    }
                }
            }
        }
    }
    println!("{changed} cells and {keys} keys changed, each noticed by itself");
    assert!(changed > 400 && keys > 100, "only {changed} and {keys}");
}

/// Tables of causes: written by steps and seeds, read by no check.
pub const CAUSES: [&str; 7] = [
    "server_event",
    "chat_request",
    "email_arrival",
    "message",
    "agent_action",
    "email_reply",
    "customer_leaves",
];

/// Columns of master data that seeds write and checks show as they are: names and keys, no outcomes.
const IDENTITIES: [&str; 6] = [
    "egpl_routing_queue.queue_id",
    "egpl_routing_queue.queue_name",
    "egpl_user.screen_name",
    "egpl_user.user_id",
    "egpl_user.user_name",
    "server.bit",
];

/// The columns that the statements of a scenario's scripts write, by their text.
fn written(scenario: &Scenario) -> BTreeSet<String> {
    let mut written = BTreeSet::new();
    let scripts =
        scenario.steps.iter().filter_map(|step| step.script.as_ref()).chain(&scenario.seeds);
    for script in scripts {
        for statement in chatdb::sql::split(&script.sql).expect("it is SQL") {
            let code: String = statement
                .sql
                .lines()
                .map(|line| line.split("--").next().unwrap_or(""))
                .collect::<Vec<_>>()
                .join(" ");
            let words: Vec<&str> = code.split_whitespace().collect();
            match words.as_slice() {
                ["INSERT", "INTO", table, ..] => {
                    let columns = code.split(['(', ')']).nth(1).expect("named columns");
                    written.extend(
                        columns.split(',').map(|column| format!("{table}.{}", column.trim())),
                    );
                }
                ["UPDATE", table, "SET", ..] => {
                    let set =
                        code.split(" SET ").nth(1).and_then(|rest| rest.split(" WHERE ").next());
                    for part in set.expect("a SET").split(',') {
                        let column = part.split('=').next().expect("a column").trim();
                        written.insert(format!("{table}.{column}"));
                    }
                }
                other => panic!("{}: a step only inserts and updates: {other:?}", script.file),
            }
        }
    }
    written
}

#[test]
fn no_step_or_seed_writes_what_a_check_reads_back() {
    let library = library();
    let mut written_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in ten().into_iter().chain(baselines()) {
        for column in written(&library.get(&name).expect("it is valid")) {
            written_by.entry(column).or_default().insert(name.clone());
        }
    }
    assert!(written_by.keys().any(|column| column == "server_event.server"), "scripts are read");
    assert!(!written_by.keys().any(|column| column.ends_with(".at")), "the clock sets the time");

    // All that is written is causes, and who and what there is: no table that the model fills.
    let master =
        ["egpl_department.", "egpl_routing_queue.", "egpl_user.", "entry_point.", "server.host"];
    for column in written_by.keys() {
        let cause = CAUSES.iter().any(|cause| column.starts_with(&format!("{cause}.")));
        let known = master.iter().any(|prefix| column.starts_with(prefix));
        assert!(cause || known, "a script writes {column}");
    }

    // What the checks' own statements read, not what views and triggers read for them.
    let read = Arc::new(Mutex::new(BTreeSet::new()));
    let note = read.clone();
    let mut store = Store::with_platform().expect("a database");
    store
        .record_access(Some(move |access: chatdb::store::Access<'_>| {
            // Where only the existence of rows is asked, the column has no name, and the view that asks is
            // not told.
            if let (false, None, Some(column)) = (access.writes, access.through, access.column)
                && !column.is_empty()
            {
                note.lock().expect("no panic").insert(format!("{}.{column}", access.table));
            }
        }))
        .expect("a recorder");
    let queries: BTreeSet<String> = ten()
        .iter()
        .flat_map(|name| library.get(name).expect("it is valid").steps.clone())
        .flat_map(|step| step.checks)
        .map(|check| check.query)
        .collect();
    let scenario = library.get(&baselines()[0]).expect("it is valid");
    for name in &queries {
        let query = library.query(&scenario, name).expect("it is known");
        let values: Vec<_> = ["activity_id", "agent_id", "email_id", "waiting_id"]
            .map(|name| (name.to_owned(), chatdb::table::Cell::Integer(1)))
            .to_vec();
        let sql = replay::as_run(&query).expect("it can be run");
        store.ask(&sql, &query.kinds, &values).expect("it runs");
    }
    let read = read.lock().expect("no panic").clone();
    assert!(read.contains("egpl_casemgmt_activity.assigned_to"), "reads are recorded");

    for cause in CAUSES {
        let of_cause: Vec<_> =
            read.iter().filter(|column| column.starts_with(&format!("{cause}."))).collect();
        // A view of the same name as a cause is none of it; `message` and the like are read through views only.
        assert!(of_cause.is_empty(), "a check reads causes: {of_cause:?}");
    }
    let both: BTreeSet<&str> =
        written_by.keys().map(String::as_str).filter(|c| read.contains(*c)).collect();
    let allowed: BTreeSet<&str> = IDENTITIES.into_iter().collect();
    let more: Vec<_> = both.difference(&allowed).collect();
    assert!(more.is_empty(), "written by a script and read by a check: {more:?}");
}

/// Each of these would bring about what a check reads; the step is refused, and the run differs.
#[test]
fn a_script_that_writes_an_outcome_is_refused() {
    for planted in [
        "UPDATE egpl_casemgmt_activity SET assigned_to = 1003 WHERE activity_id = 1347;",
        "UPDATE egpl_casemgmt_activity SET activity_status = 9000, activity_sub_status = 9100;",
        "UPDATE egpl_casemgmt_activity SET activity_sub_status = 4105;",
        "UPDATE message SET text = 'Goodbye';",
        "DELETE FROM message;",
        "INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
            VALUES (1347, 1000, 'c', 'c', 'c', 'c') ON CONFLICT (activity_id) DO UPDATE SET text = 'Goodbye';",
        "UPDATE delivery SET delivered = 1;",
        "UPDATE server_rule SET needed = 0, recovers = NULL WHERE server = 'services';",
        "INSERT INTO lacks VALUES ('agent', 1003, 'number a reply', 'services', '2011-07-12 14:52:55.000');",
        "UPDATE chatdb_clock SET now = '2011-07-12 15:00:00.000';",
        "DELETE FROM outage;",
    ] {
        let folder = copy();
        let script = folder.path().join("services_failure/20_chat_goes_on.sql");
        let text = fs::read_to_string(&script).expect("a script");
        fs::write(&script, text + planted).expect("a script");
        let library = Library::new(vec![folder.path().to_owned()])
            .expect("a library")
            .replacing();
        let report = play(&library, &["services_failure".to_owned()]);
        assert_eq!(report.runs[0].verdict, RunVerdict::Differs, "{planted}");
        let problem = report.runs[0].steps[1].problem.clone().unwrap_or_default();
        assert!(
            problem.contains("scripts may not write"),
            "{planted}: {problem}"
        );
    }
}

#[test]
fn played_together_or_alone_a_scenario_gives_the_same_record() {
    let library = library();
    let together = play(&library, &ten());
    for (name, run) in ten().iter().zip(&together.runs) {
        let alone = play(&library, std::slice::from_ref(name));
        assert_eq!(&alone.runs[0], run, "{name}");
    }
    let mut backwards = ten();
    backwards.reverse();
    let again = play(&library, &backwards);
    for run in &together.runs {
        assert!(again.runs.contains(run), "{}", run.scenario);
    }
}
