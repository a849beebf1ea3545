//! The findings themselves, and the commands around them: what each says of itself, and how it is asked.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use chatdb::analysis::{self, AnalysisOptions, NextCommands, next_steps};
use chatdb::ask::{self, Question};
use chatdb::assets;
use chatdb::command_line::CommandLine;
use chatdb::query::{Dialect, Query, Tag};
use chatdb::render::{self, FORMATS};
use chatdb::report::{FindingVerdict, Report};
use chatdb::script;
use chatdb::store::Store;
use chatdb::table::{Cell, ResultTable, parse_timestamp};

use crate::planted::World;

pub fn chatdb(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb")).args(args).output().expect("it runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Rows in a file, with the plants among them.
pub fn file_with(plants: &[&str]) -> tempfile::NamedTempFile {
    let mut world = World::healthy(7);
    for plant in plants {
        world.plant(plant);
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), world.store().image().expect("an image")).expect("it is written");
    file
}

#[test]
fn every_finding_says_what_it_means_and_on_what_it_rests() {
    let all = analysis::findings();
    assert!(all.len() >= 14);
    for finding in &all {
        let name = &finding.name;
        assert!(finding.meaning.is_some() && finding.source.is_some(), "{name}");
        assert!(finding.tag.is_some() && !finding.needs.is_empty(), "{name}");
        assert!(!finding.key.is_empty(), "{name}");
        assert_eq!(finding.dialect, Dialect::Tsql, "{name}");
        let told = finding.note.as_deref().unwrap_or_default();
        for parameter in &finding.parameters {
            let given = ["outage_from", "outage_to", "outage_host", "utc_offset_minutes"];
            let name = parameter.name.as_str();
            assert!(told.contains(name) || given.contains(&name), "{}: {name}", finding.name);
        }
    }
}

#[test]
fn each_finding_says_how_urgent_it_is() {
    for finding in analysis::findings() {
        assert!(finding.urgency.is_some(), "{}", finding.name);
    }
}

#[test]
fn what_a_finding_needs_is_in_the_schema() {
    let store = Store::for_exports().expect("a database");
    for finding in analysis::findings() {
        for wanted in finding.needs.iter().chain(&finding.helps) {
            let (table, column) = wanted.split_once('.').unwrap_or((wanted, "*"));
            let sql = format!("SELECT {column} FROM {table}");
            store
                .answer(&sql, None, &[], Some(1))
                .unwrap_or_else(|error| panic!("{}: {wanted}: {error}", finding.name));
        }
    }
}

#[test]
fn the_codes_in_the_findings_are_those_of_the_reference() {
    let store = Store::for_exports().expect("a database");
    let (_, sql) = assets::finding("unknown_codes").expect("a finding");
    for (column, set) in [
        ("b.activity_type", "activity_type"),
        ("b.activity_mode", "activity_mode"),
        ("b.activity_status", "activity_status"),
        ("b.activity_sub_status", "activity_sub_status"),
    ] {
        let codes = format!(
            "SELECT group_concat(code, ', ') FROM (SELECT code FROM chatdb_code WHERE code_set = '{set}' \
             AND meaning <> 'not known' ORDER BY code)"
        );
        let known = store.ask(&codes, &[], &[]).expect("codes").rows[0][0].to_string();
        let wanted = format!("{column} NOT IN ({known})");
        assert!(sql.contains(&wanted), "{wanted}");
    }
}

/// What stands in a copy with one row for each pair of status and sub-status.
#[test]
fn pairs_that_sources_show_together_do_not_contradict_each_other() {
    let store = Store::for_exports().expect("a database");
    let rows = "INSERT INTO chatdb_export \
                VALUES (1, 'a.csv', '1', 1, 'ssms_csv', 'utf-8', NULL, 'unknown', 1, 1, 0, NULL); \
                INSERT INTO egpl_casemgmt_activity \
                (activity_id, activity_type, activity_status, activity_sub_status, when_created) \
                SELECT row_number() OVER (), 1, a.code, b.code, '2026-01-01 00:00:00.000' \
                FROM chatdb_code a, chatdb_code b WHERE a.code_set = 'activity_status' \
                AND b.code_set = 'activity_sub_status' AND a.meaning <> 'not known'; \
                INSERT INTO chatdb_export_column (export_id, position, table_name, column_name) \
                SELECT 1, cid, 'egpl_casemgmt_activity', name FROM pragma_table_info('egpl_casemgmt_activity')";
    store.run_own("pairs", rows, &[]).expect("rows");
    let only = AnalysisOptions {
        only: vec!["contradicting_status".to_owned()],
        ..AnalysisOptions::default()
    };
    let run = analysis::analyze(&store, &only).expect("it is asked");
    let pair = |row: &Vec<Cell>| (row[2].to_string(), row[3].to_string());
    let found: BTreeSet<_> = run.findings[0].table.rows.iter().map(pair).collect();
    let known =
        store.ask("SELECT activity_status, activity_sub_status FROM chatdb_status_pair", &[], &[]);
    for row in known.expect("pairs").rows {
        assert!(!found.contains(&(row[0].to_string(), row[1].to_string())), "{row:?}");
    }
    assert!(found.contains(&("5000".to_owned(), "9100".to_owned())));
    // Four statuses with eight sub-statuses each, of which one, three, two and two fit.
    assert_eq!(found.len(), 4 * 8 - 8);
}

#[test]
fn the_documented_query_and_the_findings_use_the_indexes_of_a_copy() {
    let store = Store::for_exports().expect("a database");
    let plan = |name: &str| {
        let (file, text) = assets::question(name).expect("it is there");
        let query = Query::read(name, &file, text).expect("it is read");
        let values: Vec<_> = query
            .parameters
            .iter()
            .map(|own| (own.name.clone(), own.default.clone().expect("a default")))
            .collect();
        let question = Question {
            text: &query.sql,
            dialect: query.dialect,
            literals: &[],
            kinds: &query.kinds,
            values: &values,
            now: Some(Cell::Timestamp(0)),
            limit: None,
        };
        let listings = ask::explain(&store, &question).expect("a plan");
        let rows = listings.into_iter().flat_map(|listing| listing.table.rows);
        rows.map(|row| row[1].to_string()).collect::<Vec<_>>()
    };
    assert!(plan("open_chats").iter().any(|line| line.contains("USING INDEX open_chat")));
    assert!(plan("hidden_chats").iter().any(|line| line.contains("USING INDEX open_chat")));
    for name in [
        "contradicting_status",
        "over_limit",
        "stopped_together",
        "stuck_at_4105",
        "unassigned_activities",
        "work_of_deleted_users",
    ] {
        let plan = plan(name);
        let scans = |line: &&String| line.starts_with("SCAN b") && !line.contains("INDEX");
        assert!(plan.iter().any(|line| line.contains("not_done")), "{name}: {plan:?}");
        assert!(!plan.iter().any(|line| scans(&line)), "{name}: {plan:?}");
    }
}

#[test]
fn a_finding_is_handed_out_with_its_thresholds() {
    for finding in analysis::findings() {
        let text = script::export(&finding, Dialect::Tsql, &[]).expect("it is T-SQL");
        for parameter in &finding.parameters {
            assert!(text.contains(&format!("DECLARE @{} ", parameter.name)), "{text}");
        }
        assert!(!text.contains("-- give it a value"), "{text}");
        // What SQL Server alone has is asked of below.
        if !text.contains("cdc.") {
            let found = chatdb::sql::tsql::translate(&text, &catalog(), &[]);
            found.unwrap_or_else(|error| panic!("{}: {error}\n{text}", finding.name));
        }
        script::export(&finding, Dialect::Sqlite, &[]).expect("it is SQL for SQLite");
    }
    let output = chatdb(&["sql", "ghost_chats", "--set", "outage_from=2026-11-25 09:00:00"]);
    let text = text(&output.stdout);
    assert!(
        text.contains("DECLARE @outage_from datetime = '2026-11-25T09:00:00.000';\n"),
        "{text}"
    );
    assert!(text.contains("DECLARE @outage_to datetime = NULL;\n"), "{text}");
}

fn catalog() -> chatdb::schema::catalog::Catalog {
    Store::for_exports().expect("a database").catalog().expect("a catalog")
}

// FINDINGS OF CHANGES, IN PLACE -----------------------------------------------------------------------------

/// The findings that compare states of a row.
const OF_CHANGES: [&str; 3] = ["impossible_transitions", "reopened_completions", "vanished_rows"];

/// A change as SQL Server keeps it: transaction, place in it, operation, activity, type, status, sub-status, created,
/// modified.
type Change = (&'static str, &'static str, i64, i64, i64, i64, i64, &'static str, &'static str);

/// The first is of a time before changes were captured, of which an update alone tells.
const CHANGES: [Change; 15] = [
    ("01", "1", 3, 1, 2000, 9000, 9100, "10:00", "10:30"),
    ("01", "1", 4, 1, 2000, 5000, 5900, "10:00", "11:00"),
    ("02", "1", 2, 2, 2000, 4000, 4100, "11:00", "11:00"),
    ("03", "1", 3, 2, 2000, 4000, 4100, "11:00", "11:00"),
    ("03", "1", 4, 2, 2000, 9000, 9100, "11:00", "11:05"),
    ("04", "1", 2, 3, 2000, 5000, 5900, "11:10", "11:10"),
    ("04", "2", 3, 3, 2000, 5000, 5900, "11:10", "11:10"),
    ("04", "2", 4, 3, 1, 5000, 5900, "11:10", "11:10"),
    ("05", "1", 2, 4, 2000, 5000, 5900, "11:10", "11:10"),
    ("06", "1", 1, 4, 2000, 5000, 5900, "11:10", "11:10"),
    ("07", "1", 2, 5, 1, 5000, 5100, "11:20", "11:20"),
    ("08", "1", 1, 5, 1, 5000, 5100, "11:20", "11:20"),
    ("09", "1", 2, 5, 1, 5000, 5100, "11:20", "11:20"),
    ("10", "1", 3, 5, 1, 5000, 5100, "11:20", "11:20"),
    ("10", "1", 4, 5, 1, 3000, 3100, "11:20", "11:30"),
];

fn on_the_day(time: &str) -> String {
    format!("2011-07-12 {time}:00.000")
}

/// The changes as an export of the change table, loaded into a copy.
fn copy_of_changes() -> Store {
    let mut text = "__$start_lsn,__$seqval,__$operation,activity_id,activity_type,activity_status,\
                    activity_sub_status,when_created,when_modified\n"
        .to_owned();
    for (lsn, place, operation, id, kind, status, sub_status, created, modified) in CHANGES {
        let (created, modified) = (on_the_day(created), on_the_day(modified));
        text.push_str(&format!(
            "0x{lsn},0x{place},{operation},{id},{kind},{status},{sub_status},{created},{modified}\n"
        ));
    }
    let mut store = Store::for_exports().expect("a database");
    let file = std::io::Cursor::new(text.into_bytes());
    let options = chatdb::import::ImportOptions {
        form: Some("ads_csv".to_owned()),
        ..chatdb::import::ImportOptions::default()
    };
    let name = "cdc.dbo_EGPL_CASEMGMT_ACTIVITY_CT.csv";
    chatdb::import::read(name, Box::new(file), &options, &mut store).expect("it is loaded");
    store
}

/// The same in place: the table as the changes leave it, and beside it the tables of change data capture that SQL
/// Server has, in the one schema that there is here.
fn in_place() -> Store {
    let mut sql = "CREATE TABLE dbo_egpl_casemgmt_activity_CT (\"__$start_lsn\" BINARY(10), \"__$seqval\" BINARY(10), \
                   \"__$operation\" INT, activity_id INT, activity_type INT, activity_status INT, \
                   activity_sub_status INT, when_created DATETIME, when_modified DATETIME, assigned_to INT); \
                   CREATE TABLE lsn_time_mapping (start_lsn BINARY(10), tran_end_time DATETIME);"
        .to_owned();
    for (lsn, place, operation, id, kind, status, sub_status, created, modified) in CHANGES {
        let (created, modified) = (on_the_day(created), on_the_day(modified));
        sql.push_str(&format!(
            "INSERT INTO dbo_egpl_casemgmt_activity_CT VALUES ('0x{lsn}', '0x0{place}', {operation}, {id}, {kind}, \
             {status}, {sub_status}, '{created}', '{modified}', NULL); \
             INSERT INTO lsn_time_mapping SELECT '0x{lsn}', '2011-07-12 12:{lsn}:00.000' \
             WHERE NOT EXISTS (SELECT 1 FROM lsn_time_mapping WHERE start_lsn = '0x{lsn}');"
        ));
        let columns = "activity_id, activity_type, activity_status, activity_sub_status, when_created, when_modified";
        sql.push_str(&match operation {
            1 => format!("DELETE FROM egpl_casemgmt_activity WHERE activity_id = {id};"),
            3 => String::new(),
            _ => format!(
                "INSERT OR REPLACE INTO egpl_casemgmt_activity ({columns}) VALUES \
                 ({id}, {kind}, {status}, {sub_status}, '{created}', '{modified}');"
            ),
        });
    }
    let store = Store::for_exports().expect("a database");
    store.run_own("changes", &sql, &[]).expect("it is made");
    store
}

/// The answer of what is handed out, without the schema that no copy has.
fn answer_in_place(store: &Store, finding: &Query) -> ResultTable {
    let text = script::export(finding, Dialect::Tsql, &[]).expect("it is T-SQL");
    let question = Question {
        text: &text.replace("cdc.", ""),
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: None,
    };
    let answers = ask::ask(store, &question, &|| false);
    let mut answers = answers.unwrap_or_else(|error| panic!("{}: {error}\n{text}", finding.name));
    assert_eq!(answers.answers.len(), 1, "{text}");
    answers.answers.remove(0).table
}

/// The cells of the columns that say nothing of files, as lines.
fn told(table: &ResultTable) -> Vec<String> {
    let of_file = |name: &str| {
        ["file", "line", "at"].iter().any(|end| name == *end || name.ends_with(&format!("_{end}")))
    };
    let names = table.names();
    let line = |row: &Vec<Cell>| {
        let cells = names.iter().zip(row);
        let kept = cells.filter(|(name, _)| !of_file(name));
        let cells: Vec<String> = kept.map(|(name, cell)| format!("{name}={cell}")).collect();
        cells.join(" ")
    };
    table.rows.iter().map(line).collect()
}

#[test]
fn findings_of_changes_tell_the_same_in_place_as_of_an_export_of_the_changes() {
    let (copy, place) = (copy_of_changes(), in_place());
    let options = AnalysisOptions {
        only: OF_CHANGES.map(str::to_owned).to_vec(),
        ..AnalysisOptions::default()
    };
    let run = analysis::analyze(&copy, &options).expect("it is searched");
    let of_changes = analysis::findings();
    let of_changes =
        of_changes.iter().filter(|finding| OF_CHANGES.contains(&finding.name.as_str()));
    let mut ids = Vec::new();
    for (finding, own) in of_changes.zip(&run.findings) {
        let there = answer_in_place(&place, finding);
        assert_eq!(told(&there), told(&own.table), "{}", finding.name);
        let id = |row: &Vec<Cell>| row[0].to_string();
        ids.push(there.rows.iter().map(id).collect::<Vec<_>>().join(" "));
    }
    assert_eq!(ids, ["3 5", "1", "4"]);
}

#[test]
fn in_place_a_change_has_the_time_at_which_it_was_committed() {
    let place = in_place();
    let findings = analysis::findings();
    let named = |name: &str| {
        let finding = findings.iter().find(|finding| finding.name == name);
        answer_in_place(&place, finding.expect("a finding"))
    };
    let cell = |table: &ResultTable, name: &str| {
        table.rows[0][table.position(name).expect(name)].to_string()
    };
    let reopened = named("reopened_completions");
    assert_eq!(cell(&reopened, "later_at"), "2011-07-12 12:01:00.000");
    assert_eq!(
        cell(&reopened, "later_file"),
        "cdc.dbo_egpl_casemgmt_activity_CT".replace("cdc.", "")
    );
    assert_eq!(cell(&named("vanished_rows"), "later_at"), "2011-07-12 12:06:00.000");
    // Without the change it is not found.
    let less = "DELETE FROM dbo_egpl_casemgmt_activity_CT WHERE \"__$start_lsn\" = '0x01' AND \"__$operation\" = 3";
    place.run_own("less", less, &[]).expect("it is gone");
    let finding = findings.iter().find(|finding| finding.name == "reopened_completions");
    assert!(answer_in_place(&place, finding.expect("a finding")).rows.is_empty());
}

/// Without it the finding would find nothing, and say so.
#[test]
fn a_finding_needs_the_states_that_it_reads() {
    // The first two find what they can in the columns that are there; the third compares two exports of the same rows.
    const FIND_THE_REST: [&str; 3] = ["quiet_windows", "unknown_codes", "vanished_rows"];
    let mut count = 0;
    for finding in analysis::findings() {
        for state in ["activity_type", "activity_status", "activity_sub_status"] {
            let needed = format!("egpl_casemgmt_activity.{state}");
            let mut words = finding.sql.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| word == state) && !FIND_THE_REST.contains(&finding.name.as_str()) {
                assert!(finding.needs.contains(&needed), "{} reads {state}", finding.name);
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn no_export_is_healthy_because_a_column_of_it_is_missing_or_renamed() {
    let folder = tempfile::tempdir().expect("a folder");
    let names =
        ["activity_id", "activity_type", "activity_status", "activity_sub_status", "when_modified"];
    let row =
        "1,2000,5000,5900,2026-11-24 08:52:02.413\n2,2000,9000,9100,2026-11-24 18:52:02.413\n";
    let said = |header: &str| {
        std::fs::write(folder.path().join("a.csv"), format!("{header}\n{row}")).expect("a file");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(["analyze", "a.csv"])
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        (output.status.code(), shown)
    };
    let (code, shown) = said(&names.join(","));
    assert!(code == Some(0) && shown.contains("Ghost chats: 1 unclear"), "{code:?} {shown}");
    for state in &names[1..4] {
        let (code, shown) = said(&names.join(",").replace(state, "Status_Old"));
        assert_eq!(code, Some(3), "{state}: {shown}");
        for part in [
            format!("Ghost chats: skipped, needs egpl_casemgmt_activity.{state}"),
            "unknown columns of egpl_casemgmt_activity: `status_old`".to_owned(),
            format!(
                "error: the rows cannot show what an outage left behind without egpl_casemgmt_activity.{state}"
            ),
        ] {
            assert!(shown.contains(&part), "{part} is not in {shown}");
        }
        assert!(!shown.contains("Likely failure"), "{shown}");
    }
    let program = |args: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"));
        let output = program.args(args).current_dir(folder.path()).output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    said(&names.join(",").replace("activity_status", "Status_Old"));
    let shown = program(&[
        "query",
        "SELECT activity_id, activity_status FROM egpl_casemgmt_activity",
        "a.csv",
    ]);
    let note =
        "no export has `activity_status` of `egpl_casemgmt_activity`: it is NULL in every row";
    assert!(shown.contains(note), "{shown}");
    let shown =
        program(&["query", "SELECT activity_id, status_old FROM egpl_casemgmt_activity", "a.csv"]);
    assert!(!shown.contains("no export has"), "{shown}");
}

/// Twelve columns of the user's choice, as many as another table has, whose types they fit.
#[test]
fn columns_without_names_are_not_those_of_a_narrow_table_that_they_happen_to_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = "1,6001,100,2000,1,9000,9100,1002,1014,a@example.com,2025-05-12 00:11:13.693,2025-05-12 07:02:52.748\n";
    std::fs::write(folder.path().join("a.csv"), row.repeat(3)).expect("a file");
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"));
    let output =
        program.args(["analyze", "a.csv"]).current_dir(folder.path()).output().expect("it runs");
    let shown = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert!(
        shown.contains("it has 12 unnamed columns, and their values do not identify a table"),
        "{shown}"
    );
}

#[test]
fn what_the_exports_lack_is_said_and_not_guessed() {
    let store = Store::for_exports().expect("a database");
    let rows = "INSERT INTO chatdb_export \
                VALUES (1, 'a.csv', '1', 1, 'ssms_csv', 'utf-8', NULL, 'unknown', 1, 1, 0, NULL); \
                INSERT INTO egpl_casemgmt_activity (activity_id, activity_type, activity_status, activity_sub_status) \
                VALUES (1, 2000, 5000, 5900); \
                INSERT INTO chatdb_export_column (export_id, position, table_name, column_name) VALUES \
                (1, 1, 'egpl_casemgmt_activity', 'activity_id'), (1, 2, 'egpl_casemgmt_activity', 'activity_status'), \
                (1, 3, 'egpl_casemgmt_activity', 'activity_type'), \
                (1, 4, 'egpl_casemgmt_activity', 'activity_sub_status')";
    store.run_own("rows", rows, &[]).expect("rows");
    let run = analysis::analyze(&store, &AnalysisOptions::default()).expect("it is asked");
    assert_eq!(
        (run.as_of.clone(), run.as_of_from.as_str()),
        (Cell::Null, "the rows contain no timestamp")
    );
    let of = |name: &str| run.findings.iter().find(|own| own.name == name).expect("it is there");
    assert_eq!(of("ghost_chats").verdict, FindingVerdict::Skipped);
    assert_eq!(
        of("ghost_chats").needs_missing,
        ["egpl_casemgmt_activity.when_modified", "a timestamp in the rows"]
    );
    assert_eq!(
        of("over_limit").needs_missing,
        ["egpl_casemgmt_activity.assigned_to", "egicm_concurrent_task"]
    );
    assert_eq!(of("unknown_codes").verdict, FindingVerdict::Nothing);
    let commands = NextCommands {
        analyze: &CommandLine::new("analyze x.csv"),
        open_chats: &CommandLine::new("query open_chats x.csv"),
        shown: &[],
    };
    let next = next_steps(&run, commands);
    assert!(
        next.iter().any(|one| one.starts_with("add a second export of egpl_casemgmt_activity")),
        "{next:?}"
    );
}

#[test]
fn a_database_of_another_origin_may_lack_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("theirs.sqlite");
    let theirs = rusqlite::Connection::open(&path).expect("a database");
    theirs
        .execute_batch(
            "CREATE TABLE EGPL_CASEMGMT_ACTIVITY (ACTIVITY_ID INTEGER, ACTIVITY_TYPE SMALLINT, \
             ACTIVITY_SUB_TYPE SMALLINT, ACTIVITY_STATUS SMALLINT, ACTIVITY_SUB_STATUS SMALLINT, \
             ACTIVITY_MODE SMALLINT, ASSIGNED_TO INTEGER, \
             WHEN_CREATED DATETIME, WHEN_MODIFIED DATETIME); \
             INSERT INTO EGPL_CASEMGMT_ACTIVITY VALUES (1, 2000, 1, 5000, 9200, 100, 7, '2026-01-01 10:00:00', NULL)",
        )
        .expect("rows");
    drop(theirs);
    let store = Store::open_read_only(&path).expect("it opens");
    let run = analysis::analyze(&store, &AnalysisOptions::default()).expect("it is asked");
    let of = |name: &str| run.findings.iter().find(|own| own.name == name).expect("it is there");
    assert_eq!(of("contradicting_status").verdict, FindingVerdict::Found);
    assert_eq!(of("contradicting_status").table.rows[0][0], Cell::Integer(1));
    assert_eq!(of("ghost_chats").verdict, FindingVerdict::Skipped);
    assert!(
        of("ghost_chats").remarks[0].starts_with("skipped: "),
        "{:?}",
        of("ghost_chats").remarks
    );
    assert_eq!(of("over_limit").needs_missing, ["egicm_concurrent_task"]);
}

#[test]
fn thresholds_are_set_for_all_findings_or_for_one() {
    let mut world = World::healthy(7);
    world.plant("4105");
    let store = world.store();
    let rows = |set: &str, value: Cell| {
        let options = AnalysisOptions {
            sets: vec![(set.to_owned(), value)],
            only: vec!["stuck_at_4105".to_owned()],
            ..AnalysisOptions::default()
        };
        analysis::analyze(&store, &options).map(|run| run.findings[0].table.rows.len())
    };
    assert_eq!(rows("age_minutes", Cell::Integer(500)).expect("rows"), 0);
    assert_eq!(rows("stuck_at_4105.age_minutes", Cell::Integer(30)).expect("rows"), 5);
    let error = rows("age_minuets", Cell::Integer(1)).expect_err("no such threshold");
    assert_eq!(error.to_string(), "no finding has a threshold `age_minuets`");
    let error = rows("age_minutes", Cell::Text("x".to_owned())).expect_err("no number");
    assert_eq!(error.to_string(), "expected integer for `age_minutes`, found `x`");
}

#[test]
fn the_moment_of_judgement_is_given_or_the_newest_time_in_the_rows() {
    let store = World::healthy(7).store();
    let later = parse_timestamp("2026-11-26 14:00:00").expect("a time");
    let options = AnalysisOptions {
        as_of_ms: Some(later),
        only: vec!["ghost_chats".to_owned()],
        ..AnalysisOptions::default()
    };
    let run = analysis::analyze(&store, &options).expect("it is asked");
    assert_eq!((run.as_of, run.as_of_from.as_str()), (Cell::Timestamp(later), "--as-of"));
    assert_eq!(run.findings[0].table.rows.len(), 17, "a day later every chat has stood still");
}

#[test]
fn the_commands_find_explain_and_refuse() {
    let healthy = file_with(&[]);
    let path =
        |file: &tempfile::NamedTempFile| file.path().to_str().expect("a plain path").to_owned();
    let output = chatdb(&["analyze", "--db", &path(&healthy), "--utc-offset", "+01:00"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(
        text(&output.stdout)
            .contains("0 findings have rows, 12 have none, 2 are unclear, 8 were skipped.")
    );
    // Sixteen chats in progress and one that is not opened yet; two that wait have no agent to be joined.
    let shown = "Open chats: 19; 17 by the documented query, 2 that it leaves out (hidden_chats).";
    assert!(text(&output.stdout).contains(shown), "{}", text(&output.stdout));
    let planted = file_with(&["ghosts", "hidden chats"]);
    let output = chatdb(&[
        "analyze",
        "--db",
        &path(&planted),
        "--only",
        "ghost_chats",
        "--only",
        "hidden_chats",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    let at = |part: &str| shown.find(part).unwrap_or_else(|| panic!("{part} is not in\n{shown}"));
    assert!(
        at("2 findings have rows") < at("== ghost_chats: 12 rows")
            && at("== ghost_chats: 12 rows") < at("== hidden_chats")
    );
    assert!(at("== hidden_chats") < at("Ages are measured from"));
    for (args, hint) in [
        (
            vec!["--utc-offset", "CET"],
            "write `--utc-offset +02:00`, `-5`, or a time zone such as `Europe/Berlin`",
        ),
        (vec!["--only", "ghost_chat"], "did you mean `ghost_chats`?"),
        (vec!["--set", "quiet_minute=1"], "did you mean `quiet_minutes`?"),
        (vec!["--outage", "web=a..b"], "servers are application, services and messaging"),
        (vec!["--outage", "services=2026-01-02 00:00:00..2026-01-01 00:00:00"], "write `--outage"),
    ] {
        let path = path(&healthy);
        let all: Vec<&str> = ["analyze", "--db", &path].into_iter().chain(args).collect();
        let output = chatdb(&all);
        assert_eq!(output.status.code(), Some(2), "{all:?}");
        assert!(text(&output.stderr).contains(hint), "{}", text(&output.stderr));
    }
    let said = |outage: &str| {
        let output = chatdb(&[
            "analyze",
            "--db",
            &path(&healthy),
            "--only",
            "unknown_codes",
            "--outage",
            outage,
        ]);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let found = stdout.lines().find(|line| line.starts_with("outage of")).map(str::to_owned);
        found.unwrap_or_else(|| stderr.lines().next().expect("an error").to_owned())
    };
    for (outage, expect) in [
        (
            "application@43app=2026-11-25 09:00..09:40",
            "outage of application@43app from 2026-11-25 09:00:00.000 to 2026-11-25 09:40:00.000, named by you",
        ),
        (
            "services=2026-11-24..2026-11-24",
            "outage of services from 2026-11-24 00:00:00.000 to 2026-11-24 23:59:59.999, named by you",
        ),
        (
            "25.11.2026 09:00..",
            "outage of unknown servers from 2026-11-25 09:00:00.000 to now, named by you",
        ),
        (
            "application=2026-11-25 09:00:00..2026-13-25 09:40:00",
            "error: `--outage application=2026-11-25 09:00:00..2026-13-25 09:40:00`: cannot read \
             `2026-13-25 09:40:00` as a date and time",
        ),
        (
            "services@43app=2026-11-25..",
            "error: `--outage services@43app=2026-11-25..`: only Application servers have names, as in `login_ip`",
        ),
        (
            "07/08/2011 09:00..10:00",
            "error: `--outage 07/08/2011 09:00..10:00`: `07/08/2011 09:00` is 2011-08-07 or 2011-07-08",
        ),
    ] {
        assert_eq!(said(outage), expect);
    }
    let list = text(&chatdb(&["findings"]).stdout);
    for name in assets::findings() {
        assert!(list.contains(name), "{name}");
        let one = text(&chatdb(&["findings", name]).stdout);
        assert!(one.contains("meaning") && one.contains("source"), "{one}");
    }
    assert_eq!(chatdb(&["findings", "ghosts"]).status.code(), Some(2));
    let output = chatdb(&["query", "open_chats", "--db", &path(&planted), "--explain"]);
    assert!(text(&output.stdout).contains("USING INDEX open_chat"), "{}", text(&output.stdout));
}

#[test]
fn an_analysis_is_written_in_every_format() {
    let planted = file_with(&["4105", "unknown codes"]);
    let folder = tempfile::tempdir().expect("a folder");
    let (path, out) =
        (planted.path().to_str().expect("plain"), folder.path().to_str().expect("plain"));
    let args = [
        "analyze",
        "--db",
        path,
        "--out",
        out,
        "--only",
        "stuck_at_4105",
        "--only",
        "unknown_codes",
    ];
    assert_eq!(chatdb(&args).status.code(), Some(1));
    assert_eq!(chatdb(&args).status.code(), Some(5), "files that are there are kept");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is written");
    let csv = read("analysis.csv");
    assert!(csv.starts_with("finding,basis,verdict,row,key,file,line,column,value\n"), "{csv}");
    assert!(csv.contains("stuck_at_4105,inferred,found,1,"), "{csv}");
    assert!(csv.contains(",tuesday.csv,"), "{csv}");
    let rows = read("stuck_at_4105.csv");
    let mut lines = rows.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    assert_eq!(header[0], "activity_id");
    assert_eq!(header[header.len() - 2..], ["file", "line"]);
    let counted = csv
        .lines()
        .filter(|line| line.starts_with("stuck_at_4105,") && line.contains(",activity_status,"));
    let counted = counted.count();
    assert!(counted > 0, "{csv}");
    assert_eq!(lines.clone().count(), counted, "one line a row");
    assert!(lines.all(|line| line.split(',').count() >= header.len()), "{rows}");
    let markdown = read("analysis.md");
    assert!(markdown.starts_with("# Analysis of exported rows\n"), "{markdown}");
    assert!(
        markdown.contains("### stuck_at_4105") || markdown.contains("## stuck_at_4105"),
        "{markdown}"
    );
    let json: serde_json::Value = serde_json::from_str(&read("analysis.json")).expect("JSON");
    assert_eq!(json["schema"], "chatdb.report/2");
    assert_eq!(json["analysis"]["findings"]["stuck_at_4105"]["verdict"], "found");
    assert_eq!(json["analysis"]["findings"]["stuck_at_4105"]["basis"], "inferred");
    assert_eq!(json["analysis"]["files"][0]["file"], "monday.csv");
}

#[test]
fn a_report_without_an_analysis_says_nothing_of_it() {
    for format in FORMATS {
        let mut bytes = Vec::new();
        (format.render)(&Report::new(), render::RenderOptions::default(), &mut bytes)
            .expect("it renders");
        let shown = match format.can.binary {
            true => crate::formats::text_of_workbook(&bytes),
            false => text(&bytes),
        };
        assert!(!shown.contains("analysis"), "{}", format.name);
    }
    assert_eq!(Tag::ALL.map(Tag::name), ["documented", "inferred", "contested", "unknown"]);
}

#[test]
fn the_answer_fits_the_terminal_and_the_rest_is_there_on_demand() {
    let planted = file_with(&["ghosts", "hidden chats"]);
    let path = planted.path().to_str().expect("a plain path");
    let shown = |args: &[&str]| {
        let all: Vec<&str> = ["analyze", "--db", path].iter().chain(args).copied().collect();
        text(&chatdb(&all).stdout)
    };
    for width in ["80", "120", "200"] {
        let page = shown(&["--width", width]);
        let most = width.parse::<usize>().expect("a number");
        for line in page.lines().filter(|line| !line.starts_with("Next: ")) {
            assert!(line.chars().count() <= most, "{width}: {line}");
        }
        assert!(page.lines().count() < 120, "{width}:\n{page}");
        let section = page.split("== ghost_chats: 12 rows").nth(1).expect("ghosts");
        let section = section.split("\n\n").next().expect("a section");
        assert!(section.contains("not shown: 7 more rows"), "{section}");
        assert!(section.contains("in all 12 rows: "), "{section}");
    }
    let all = shown(&["--all", "--width", "200"]);
    let section = all.split("== ghost_chats: 12 rows").nth(1).expect("ghosts");
    let section = section.split("\n\n").next().expect("a section");
    let rows = section.lines().filter(|line| {
        let id = line.split_whitespace().next().unwrap_or_default();
        id.chars().all(|c| c.is_ascii_digit())
    });
    assert_eq!(rows.count(), 12, "{section}");
    assert!(!section.contains("not shown"), "{section}");
}
