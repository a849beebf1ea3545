//! `chatdb query --write`: on a copy of ours, the product's tables, all or nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A replay's database in `folder`.
fn kept(folder: &Path) {
    let output = chatdb(folder, &["replay", "baseline", "--db", "copy.db"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

fn write(folder: &Path, sql: &str, dialect: &str) -> Output {
    let args =
        ["query", sql, "--db", "copy.db", "--write", "--dialect", dialect, "--format", "csv"];
    chatdb(folder, &args)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn bytes(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("copy.db")).expect("the copy")
}

fn asked(folder: &Path, sql: &str) -> String {
    let output = chatdb(folder, &["query", sql, "--db", "copy.db", "--format", "csv"]);
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout)
}

#[test]
fn simple_changes_are_made_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let sql = "UPDATE [eGActiveDB].[dbo].[EGPL_USER] SET [USER_NAME] = USER_NAME + N'!', login_ip = NULL \
               WHERE user_name = 'dmarino';\nGO\n\
               INSERT INTO egpl_department (department_id, department_name) VALUES (41, 'One'), (42, 'Two');\n\
               delete from egpl_department where department_id = 42;\n\
               DELETE FROM egpl_department WHERE 1 = 2;\n\
               SELECT user_name, ISNULL(login_ip, 'none') AS ip FROM egpl_user WHERE user_name = 'DMarino!'";
    let output = write(folder.path(), sql, "tsql");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let out = text(&output.stdout);
    assert!(out.contains("DMarino!,none\n"), "{out}");
    assert!(out.contains("line,rows changed\n1,1\n3,2\n4,1\n5,0\n"), "{out}");
    let sql = "select department_name from egpl_department where department_id in (41, 42)";
    assert_eq!(asked(folder.path(), sql), "department_name\nOne\n");
    let output = write(
        folder.path(),
        "UPDATE egpl_department SET department_name = 'Three' WHERE department_id = 41 RETURNING 1",
        "sqlite",
    );
    assert_eq!(text(&output.stderr), "");
    assert_eq!(asked(folder.path(), sql), "department_name\nThree\n");
}

#[test]
fn one_statement_that_fails_takes_all_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let before = bytes(folder.path());
    let first = "UPDATE egpl_user SET user_name = 'x';\n";
    for (second, dialect, code) in [
        // A name that is there already.
        (
            "INSERT INTO egpl_department (department_id) SELECT department_id FROM egpl_department",
            "tsql",
            3,
        ),
        ("SELECT 1 / 0", "tsql", 3),
        ("UPDATE egpl_user SET user_name = REPLICATE('x', 3000)", "tsql", 3),
        ("UPDATE egpl_user SET user_id = 'abc'", "tsql", 3),
        ("WITH x AS (SELECT 1 AS a) DELETE FROM x", "tsql", 2),
        ("UPDATE egpl_user SET no_column = 1", "tsql", 2),
        ("COMMIT; DELETE FROM no_table", "sqlite", 5),
        ("SELECT 1; ROLLBACK", "sqlite", 5),
        ("INSERT OR ROLLBACK INTO egpl_department (department_id) VALUES (1)", "sqlite", 5),
    ] {
        let output = write(folder.path(), &format!("{first}{second}"), dialect);
        assert_eq!(output.status.code(), Some(code), "{second}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains('2'), "the line is named: {}", text(&output.stderr));
        assert!(before == bytes(folder.path()), "{second}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}

#[test]
fn only_the_products_tables_are_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let before = bytes(folder.path());
    for (sql, dialect, code) in [
        ("DELETE FROM chatdb_clock", "tsql", 2),
        ("DELETE FROM message", "tsql", 2),
        ("UPDATE refinery_schema_history SET version = 9", "tsql", 2),
        ("UPDATE sqlite_schema SET sql = ''", "tsql", 2),
        ("DELETE FROM chatdb_clock", "sqlite", 5),
        ("UPDATE chatdb_clock SET now = 'x'", "sqlite", 5),
        ("DELETE FROM server_rule", "sqlite", 5),
        ("DELETE FROM refinery_schema_history", "sqlite", 5),
        ("DELETE FROM sqlite_schema", "sqlite", 3),
        ("INSERT INTO chatdb_platform_history DEFAULT VALUES", "sqlite", 5),
        ("CREATE TABLE egpl_x (a)", "sqlite", 5),
        ("DROP TABLE egpl_user", "sqlite", 5),
        ("CREATE TRIGGER t AFTER DELETE ON egpl_user BEGIN SELECT 1; END", "sqlite", 5),
        ("PRAGMA user_version = 9", "sqlite", 5),
        ("ATTACH 'x.db' AS x", "sqlite", 5),
        ("VACUUM INTO 'x.db'", "sqlite", 3),
        ("DROP TABLE egpl_user", "tsql", 5),
        ("TRUNCATE TABLE egpl_user", "tsql", 5),
        ("MERGE egpl_user AS t USING egpl_user AS s ON 1 = 1 WHEN MATCHED THEN DELETE;", "tsql", 5),
        ("UPDATE u SET login_ip = 'x' FROM egpl_user u", "tsql", 2),
        ("UPDATE egpl_user SET login_ip = 'x' OUTPUT deleted.user_id", "tsql", 2),
        ("DELETE u FROM egpl_user u JOIN egpl_user v ON 1 = 1", "tsql", 2),
        ("SELECT * INTO copy FROM egpl_user", "tsql", 5),
        ("BEGIN TRANSACTION", "tsql", 2),
        ("EXEC xp_cmdshell 'dir'", "tsql", 5),
    ] {
        let output = write(folder.path(), sql, dialect);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{dialect}: {sql}: {stderr}");
        assert!(before == bytes(folder.path()), "{sql}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "{sql}");
    }
}

#[test]
fn a_time_is_stored_as_chatdb_stores_it() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let sql = "DECLARE @at datetime = '2011-07-12T10:00:00'; \
               UPDATE egpl_casemgmt_activity SET when_created = @at WHERE activity_type = 2000";
    assert_eq!(write(folder.path(), sql, "tsql").status.code(), Some(0));
    let copy = rusqlite::Connection::open(folder.path().join("copy.db")).expect("the copy");
    let stored: String = copy
        .query_row(
            "SELECT DISTINCT when_created FROM egpl_casemgmt_activity WHERE activity_type = 2000",
            [],
            |row| row.get(0),
        )
        .expect("one time");
    assert_eq!(stored, "2011-07-12 10:00:00.000");
}

#[test]
fn a_scenario_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    for more in [&["--after", "baseline"][..], &[], &["--db", "x.db", "--explain"]] {
        let args = [&["query", "DELETE FROM egpl_user", "--write"][..], more].concat();
        assert_eq!(chatdb(folder.path(), &args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn only_a_copy_that_is_ours_is_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = rusqlite::Connection::open(folder.path().join("copy.db")).expect("a database");
    theirs
        .execute_batch("CREATE TABLE egpl_user (user_id); INSERT INTO egpl_user VALUES (1)")
        .expect("a table");
    drop(theirs);
    let before = bytes(folder.path());
    let output = write(folder.path(), "DELETE FROM egpl_user", "tsql");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(
        text(&output.stderr),
        "error: cannot change `copy.db`: it was not written by chatdb\n"
    );
    assert!(before == bytes(folder.path()));
    let output = chatdb(folder.path(), &["query", "DELETE FROM egpl_user", "--db", "copy.db"]);
    assert_eq!(output.status.code(), Some(5));
}

/// A change that does not end.
const ENDLESS: &str = "UPDATE egpl_user SET user_name = 'x'; UPDATE egpl_user SET user_name = \
    (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n)";

#[test]
fn a_change_that_is_stopped_has_not_happened() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let before = bytes(folder.path());
    let args =
        ["query", ENDLESS, "--db", "copy.db", "--write", "--dialect", "sqlite", "--timeout", "1"];
    let output = chatdb(folder.path(), &args);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(before == bytes(folder.path()));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn ctrl_c_takes_a_change_back() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let before = bytes(folder.path());
    let child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(["query", ENDLESS, "--db", "copy.db", "--write", "--dialect", "sqlite"])
        .current_dir(folder.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill is there");
    assert!(killed.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stderr), "error: interrupted\n");
    assert_eq!(output.status.code(), Some(130));
    assert!(before == bytes(folder.path()));
}
