//! That SQL of a scenario folder cannot do more than state causes and ask.

mod attacks;
mod bounded;
mod classes;
mod databases;
mod functions;
mod paths;
mod program;
mod promise;
mod write;

use chatdb::sql::guard::{Action, Origin, refusal};
use chatdb::store::Store;
use chatdb::table::Cell;

const DATABASE: &str = "opens another database";
const SETTING: &str = "reads or changes a setting (PRAGMA)";
const TRANSACTION: &str = "begins or ends a transaction, which only the replay may do";
const SCHEMA: &str = "changes the schema";

/// What a script may not do, and what it is told.
const REFUSED: [(&str, &str); 32] = [
    ("ATTACH 'x.db' AS x", DATABASE),
    ("ATTACH DATABASE 'file:x.db?mode=rwc' AS x", DATABASE),
    ("DETACH main", DATABASE),
    ("VACUUM INTO 'x.db'", "cannot VACUUM from within a transaction"),
    ("PRAGMA writable_schema = 1", SETTING),
    ("PRAGMA user_version", SETTING),
    ("PRAGMA hard_heap_limit = 1", SETTING),
    ("PRAGMA temp_store_directory = '/'", SETTING),
    ("SELECT * FROM pragma_user_version", SETTING),
    ("COMMIT", TRANSACTION),
    ("END", TRANSACTION),
    ("/* x */ ROLLBACK", TRANSACTION),
    ("BEGIN", TRANSACTION),
    ("SAVEPOINT a", TRANSACTION),
    ("SAVEPOINT chatdb", TRANSACTION),
    ("RELEASE chatdb", TRANSACTION),
    ("ROLLBACK TO chatdb", TRANSACTION),
    ("CREATE TABLE t (a)", ""),
    ("CREATE TEMP TABLE message (a)", ""),
    ("CREATE VIEW v AS SELECT 1", ""),
    ("CREATE TRIGGER t AFTER INSERT ON message BEGIN SELECT 1; END", ""),
    ("CREATE VIRTUAL TABLE f USING fts5(a)", ""),
    ("DROP TABLE delivery", ""),
    ("DROP VIEW agent_console", ""),
    ("ALTER TABLE message RENAME TO m", SCHEMA),
    ("UPDATE delivery SET delivered = 0", "`delivery.delivered`, which scripts may not write"),
    ("UPDATE server_rule SET needed = 0", "`server_rule.needed`, which scripts may not write"),
    (
        "UPDATE egpl_user SET login_ip = '43web'",
        "`egpl_user.login_ip`, which scripts may not write",
    ),
    (
        "INSERT INTO lacks SELECT 'chat', 1, 'x', 'y', 'z'",
        "writes `lacks`, which scripts may not write",
    ),
    ("DELETE FROM message", "writes `message`, which scripts may not write"),
    ("SELECT load_extension('x')", "calls `load_extension`"),
    ("SELECT randomblob(9)", "calls `randomblob`"),
];

/// What a script needs.
const ALLOWED: [&str; 8] = [
    "INSERT INTO server_event (server, event) VALUES ('messaging', 'stops')",
    "INSERT INTO message (activity_id, author, text) SELECT 1, 'agent', 'COMMIT; -- ATTACH' WHERE 0",
    "INSERT INTO agent_action (user_id, action, activity_id) SELECT 1, 'completes', 1 WHERE 0",
    "UPDATE server SET host = 'x' WHERE server = 'application'",
    "INSERT INTO egpl_department (department_id) VALUES (7)",
    "DELETE FROM egpl_department WHERE department_id = 7",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT count(*) FROM n",
    "SELECT upper(text), julianday(at) FROM message",
];

#[test]
fn scripts_are_refused_by_name_and_leave_nothing_behind() {
    const OBJECTS: &str = "SELECT count(*) FROM sqlite_master";
    for (sql, why) in REFUSED {
        let store = Store::with_platform().expect("a database");
        let before = store.ask(OBJECTS, &[], &[]).expect("a count");
        store.savepoint().expect("a savepoint");
        let script = format!("\n{sql};");
        let error = store.run_script("10_x.sql", &script, &[]).expect_err(sql).to_string();
        assert!(error.starts_with("10_x.sql:2: ") && error.contains(why), "{sql}: {error}");
        store.roll_back().expect("the savepoint is still there");
        assert_eq!(before, store.ask(OBJECTS, &[], &[]).expect("a count"), "{sql}");
        assert!(store.ask(sql, &[], &[]).is_err(), "{sql} as a query");
    }
    assert!(!std::path::Path::new("x.db").exists());
}

#[test]
fn scripts_do_what_they_need() {
    let store = Store::with_platform().expect("a database");
    for sql in ALLOWED {
        let done = store.run_script("10_x.sql", sql, &[]);
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[test]
fn a_statement_without_end_is_ended_and_the_next_one_runs() {
    const ENDLESS: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let store = Store::with_platform().expect("a database");
    let error = store.run_script("10_x.sql", ENDLESS, &[]).expect_err("it has no end");
    assert_eq!(error.to_string(), "10_x.sql:1: the statement takes more than 200 million steps");
    let answer = store.ask("SELECT 1 AS one", &[], &[]).expect("all is well");
    assert_eq!(answer.rows, [[Cell::Integer(1)]]);
}

#[test]
fn a_query_only_reads() {
    for action in
        [Action::Insert("message"), Action::Delete("message"), Action::Update("server", "host")]
    {
        assert!(
            refusal(Origin::Query, action)
                .is_some_and(|why| why.ends_with(", and queries are read-only"))
        );
    }
    assert_eq!(refusal(Origin::Query, Action::Read("message")), None);
    assert_eq!(refusal(Origin::Query, Action::Call("count")), None);
}

/// Writes without end.
const FILLS: &str = "INSERT INTO egpl_department (department_id) \
    WITH RECURSIVE n(i) AS (SELECT 1000000 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

#[test]
fn a_statement_that_writes_without_end_takes_back_all_and_leaves_the_savepoints() {
    let store = Store::with_platform().expect("a database");
    store.limit_steps(1_000_000);
    let count = || {
        let table = store.ask("SELECT count(*) AS n FROM egpl_department", &[], &[]);
        table.expect("a count").rows
    };
    let before = count();
    store.savepoint().expect("a savepoint");
    store
        .run_script("10_x.sql", "INSERT INTO egpl_department (department_id) VALUES (7)", &[])
        .expect("it may");
    store.savepoint().expect("another");
    let error = store.run_script("20_x.sql", FILLS, &[]).expect_err("it has no end");
    assert_eq!(error.to_string(), "20_x.sql:1: the statement takes more than 1 million steps");
    assert!(store.take_lost() && !store.take_lost(), "it is said once");
    assert_eq!(count(), before);
    store.roll_back().expect("the inner one");
    store.roll_back().expect("the outer one");
    assert!(store.roll_back().is_err(), "there were two");
}

#[test]
fn a_database_that_is_full_is_named() {
    let store = Store::with_platform().expect("a database");
    let fill = "INSERT INTO egpl_department (department_id, department_name) \
        WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n) SELECT i, printf('%.900000c', 'x') FROM n";
    let error = store.run_script("10_x.sql", fill, &[]).expect_err("it is full");
    assert_eq!(error.to_string(), "10_x.sql:1: the statement grows the database beyond 128 MiB");
}

#[test]
fn our_own_statements_are_not_held_to_the_limits() {
    let store = Store::new().expect("a database");
    let long = "SELECT length(printf('%.20000000c', 'x')) AS n";
    let error = store.answer(long, None, &[], None).expect_err("it is too long");
    assert!(error.to_string().ends_with("16777216 bytes"), "{error}");
    // After a question as before it.
    let own = format!("SELECT '{}'", "x".repeat(5_000_000));
    store.run_own("own.sql", &own, &[]).expect("our own");
    store.run_own("own.sql", long, &[]).expect("our own");
    store.run_own("own.sql", "VACUUM", &[]).expect("our own");
    let many = format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(400));
    store.run_own("own.sql", &many, &[]).expect("our own");
    assert!(store.run_script("10_x.sql", &many, &[]).is_err());
}

#[test]
fn an_answer_without_end_is_refused_before_it_fills_the_memory() {
    let store = Store::with_platform().expect("a database");
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
        SELECT printf('%.900000c', 'x') AS x FROM n";
    let error = store.ask(sql, &[], &[]).expect_err("it has no end");
    assert_eq!(error.to_string(), "the result takes more than 64 MiB of memory");
}

#[test]
fn a_step_that_takes_everything_with_it_ends_the_scenario_even_where_it_should_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = folder.path().join("lab");
    std::fs::create_dir(&lab).expect("a folder");
    let toml = "title = \"x\"\ncontinues = \"baseline\"\n[[step]]\nat = \"+00:01:00\"\ntitle = \"x\"\n\
        script = \"10_fills.sql\"\nerror = \"takes more than\"\n[[step]]\nid = \"20\"\nat = \"+00:02:00\"\n\
        title = \"y\"\n";
    std::fs::write(lab.join("scenario.toml"), toml).expect("written");
    std::fs::write(lab.join("10_fills.sql"), FILLS).expect("written");
    let store = Store::with_platform().expect("a database");
    store.limit_steps(2_000_000);
    let library = crate::honesty::library();
    let names = [lab.display().to_string(), "services_failure".to_owned()];
    let options = chatdb::replay::ReplayOptions::default();
    let (report, _) = chatdb::replay::replay_on(store, &library, &names, &options).expect("played");
    let steps = &report.runs[0].steps;
    let skipped: Vec<bool> = steps.iter().map(|step| step.skipped).collect();
    assert_eq!(skipped, [false, true], "nothing is played after it");
    assert_eq!(
        steps[0].problem.as_deref(),
        Some("SQLite rolled back the whole replay; later steps did not run")
    );
    let (alone, _) = chatdb::replay::replay(&library, &names[1..], &options).expect("played");
    assert!(report.runs[1] == alone.runs[0], "the next one starts afresh");
}
