//! Import databases of earlier versions: read as they are, and brought up to date when they are opened to be written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;

const LATEST: i64 = 6;
const OPEN: &str = "SELECT activity_id, lab_note FROM egpl_casemgmt_activity \
     WHERE activity_status <> 9000 ORDER BY activity_id";

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatdb"));
    let command = command.args(args).current_dir(folder).stdin(Stdio::null());
    command.output().unwrap()
}

fn old_databases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old_databases");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|end| end == "sqlite")).collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    files
}

/// A folder with a copy of an old database, `x.sqlite`, and an export with one more activity.
fn with_copy(of: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.sqlite"), fs::read(of).unwrap()).unwrap();
    let more = "activity_id,activity_status,lab_note\n1004,5000,10\n";
    fs::write(folder.path().join("more.csv"), more).unwrap();
    folder
}

/// The text of each table and index, without what one export may have added to a table of the product.
fn schema(file: &Path) -> BTreeMap<String, String> {
    let conn = Connection::open(file).unwrap();
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    let plain = |sql: String| sql.replace(", \"lab_note\" \"NVARCHAR(MAX)\"", "");
    rows.unwrap().map(|row| row.map(|(name, sql)| (name, plain(sql))).unwrap()).collect()
}

fn version(file: &Path) -> i64 {
    let conn = Connection::open(file).unwrap();
    let sql = "SELECT max(version) FROM chatdb_exports_history";
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn an_old_database_is_read_without_a_change() {
    for old in old_databases() {
        let folder = with_copy(&old);
        let output = chatdb(folder.path(), &["query", OPEN, "--db", "x.sqlite", "--format", "csv"]);
        let answer = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answer, "activity_id,lab_note\n1001,7\n1002,8\n", "{}", old.display());
        let after = fs::read(folder.path().join("x.sqlite")).unwrap();
        assert!(after == fs::read(&old).unwrap(), "{}", old.display());
    }
}

#[test]
fn an_old_database_takes_new_exports_and_is_then_as_a_new_one() {
    let new = tempfile::tempdir().unwrap();
    fs::write(new.path().join("a.csv"), "activity_id,activity_status,lab_note\n1,5000,2\n")
        .unwrap();
    let output = chatdb(new.path(), &["import", "a.csv", "--db", "new.sqlite"]);
    assert!(output.status.success());
    let current = schema(&new.path().join("new.sqlite"));
    assert_eq!(version(&new.path().join("new.sqlite")), LATEST);
    for old in old_databases() {
        let folder = with_copy(&old);
        let file = folder.path().join("x.sqlite");
        let output = chatdb(folder.path(), &["import", "more.csv", "--db", "x.sqlite"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {said}", old.display());
        assert_eq!(version(&file), LATEST);
        assert_eq!(schema(&file), current, "{}", old.display());
        let output = chatdb(folder.path(), &["query", OPEN, "--db", "x.sqlite", "--format", "csv"]);
        let answer = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answer, "activity_id,lab_note\n1001,7\n1002,8\n1004,10\n", "{}", old.display());
        let conn = Connection::open(&file).unwrap();
        let check = conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
        assert_eq!(check.unwrap(), "ok");
    }
}

#[test]
fn a_schema_that_differs_is_noticed() {
    let old = &old_databases()[0];
    let folder = with_copy(old);
    let file = folder.path().join("x.sqlite");
    let before = schema(&file);
    let conn = Connection::open(&file).unwrap();
    conn.execute_batch("CREATE INDEX one_more ON egpl_user (user_name)").unwrap();
    drop(conn);
    assert_ne!(schema(&file), before);
}

#[test]
fn a_database_of_a_later_version_is_read_and_not_written() {
    let folder = with_copy(old_databases().last().unwrap());
    let file = folder.path().join("x.sqlite");
    let conn = Connection::open(&file).unwrap();
    let later = "INSERT INTO chatdb_exports_history SELECT 99, 'later', applied_on, checksum \
         FROM chatdb_exports_history WHERE version = 1";
    conn.execute_batch(later).unwrap();
    drop(conn);
    let before = fs::read(&file).unwrap();
    let output = chatdb(folder.path(), &["import", "more.csv", "--db", "x.sqlite"]);
    let said = String::from_utf8(output.stderr).unwrap();
    let why = "it was written by a newer chatdb (schema version 99; this program supports 6)";
    assert!(said.contains(why), "{said}");
    assert_eq!(output.status.code(), Some(4), "{said}");
    let output = chatdb(folder.path(), &["query", OPEN, "--db", "x.sqlite"]);
    assert!(output.status.success());
    assert!(before == fs::read(&file).unwrap());
}

#[test]
fn a_file_is_known_again_under_options_that_had_other_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "activity_id,activity_status\n1,5000\n").unwrap();
    let options = ["--input-format", "ads_csv", "--lossy", "--header", "yes", "--empty-is-null"];
    let import = [&["import", "a.csv", "--db", "x.sqlite"], options.as_slice()].concat();
    assert!(chatdb(folder.path(), &import).status.success());
    let conn = Connection::open(folder.path().join("x.sqlite")).unwrap();
    let before = r#"UPDATE chatdb_export_reading SET reading =
            '--form "ads_csv" --lossy "" --header "true" --empty-is-null ""';
        DELETE FROM chatdb_exports_history WHERE version >= 6"#;
    conn.execute_batch(before).unwrap();
    drop(conn);
    let again = chatdb(folder.path(), &import);
    let page = String::from_utf8(again.stdout).unwrap();
    assert!(page.contains("already loaded"), "{page}");
}

#[test]
fn a_column_that_is_text_because_of_what_was_loaded_before_is_said() {
    for file in old_databases() {
        let folder = with_copy(&file);
        let more = "activity_id,activity_status,lab_note,seen_at\n1005,5000,2026-01-01 10:00:00,2026-01-01 10:00:00\n";
        fs::write(folder.path().join("more.csv"), more).unwrap();
        let import = ["import", "more.csv", "--db", "x.sqlite", "--width", "250"];
        let output = chatdb(folder.path(), &import);
        let said = String::from_utf8(output.stdout).unwrap();
        let remark = "`lab_note`: time in this file, but text together with the values loaded before, from other \
                      exports or by an earlier version of chatdb; `--db NEW.sqlite` loads all files into a \
                      new database";
        assert!(said.contains(remark), "{file:?}: {said}");
        assert!(!said.contains("`seen_at`: time in this file"), "{file:?}: {said}");
    }
}
