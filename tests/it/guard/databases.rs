//! Database files of strangers: damaged, or made to do harm to whoever asks them.

use std::fs;
use std::path::Path;

use chatdb::query::Dialect;
use chatdb::store::import_database::ImportDatabase;
use chatdb::store::{Store, StoreError};

use super::attacks::{Outcome, contents, pasted};

/// How many damaged files there are.
const MUTANTS: u32 = 240;

/// Bytes from which a file is not looked through when it is opened, so that its damage is met on the way.
const LARGE: u64 = 17 * 1024 * 1024;

/// Numbers that look random, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// A database as a replay keeps it.
fn healthy() -> Vec<u8> {
    let library = crate::honesty::library();
    let (_, mut store) = chatdb::replay::replay(
        &library,
        &["baseline".to_owned()],
        &chatdb::replay::ReplayOptions::default(),
    )
    .expect("a replay");
    store.image().expect("an image")
}

/// Flips bits where it hurts: in the header, in the heads of pages and their cell pointers, anywhere.
fn damaged(bytes: &[u8], number: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut numbers = Numbers(u64::from(number));
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    for _ in 0..=numbers.below(8) {
        let at = match number % 4 {
            0 => 16 + numbers.below(84),
            1 => numbers.below(bytes.len() / page) * page + numbers.below(12),
            2 => numbers.below(bytes.len() / page) * page + 8 + numbers.below(60),
            _ => numbers.below(bytes.len()),
        };
        bytes[at] ^= 1 << numbers.below(8);
    }
    bytes
}

/// Opens it and asks whatever it has; says how far that got.
fn visited(path: &Path) -> &'static str {
    let Ok(store) = Store::open_read_only(path) else {
        return "not opened";
    };
    let Ok(_) = store.catalog() else {
        return "without a catalog";
    };
    let mut answered = true;
    for table in [
        "egpl_user",
        "egpl_casemgmt_activity",
        "message",
        "server_rule",
        "agent_console",
        "lacks",
        "sqlite_schema",
    ] {
        let sql = format!("SELECT * FROM {table} a ORDER BY 1, 2");
        answered &= pasted(&store, Dialect::Sqlite, &sql) == Outcome::Answered;
        let sql = format!("SELECT COUNT(*) FROM {table}");
        answered &= pasted(&store, Dialect::Tsql, &sql) == Outcome::Answered;
    }
    if answered { "answered" } else { "partly answered" }
}

#[test]
fn damaged_databases_neither_panic_nor_hang_nor_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = healthy();
    let path = folder.path().join("x.db");
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..MUTANTS {
        fs::write(&path, damaged(&bytes, number)).expect("written");
        if number % 3 > 0 {
            let file = fs::OpenOptions::new().write(true).open(&path);
            file.and_then(|file| file.set_len(LARGE)).expect("longer");
        }
        let before = contents(folder.path());
        *counts.entry(visited(&path)).or_insert(0) += 1;
        assert!(before == contents(folder.path()), "mutant {number} is changed");
    }
    println!("{counts:?}");
    assert!(counts.len() > 1, "damage is met on different ways: {counts:?}");
}

#[test]
fn a_healthy_database_is_asked_as_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.db");
    fs::write(&path, healthy()).expect("written");
    let store = Store::open_read_only(&path).expect("it is opened");
    let answer = store.ask("SELECT count(*) AS n FROM egpl_user", &[], &[]);
    assert!(answer.is_ok());
    let error = store
        .run_script("x.sql", "INSERT INTO egpl_user (user_id) VALUES (9)", &[])
        .expect_err("it is read-only");
    assert!(error.to_string().contains("it is read-only"), "{error}");
    assert_eq!(visited(&path), "answered");
}

/// Makes a file with SQLite's own means.
fn made(path: &Path, script: &str) {
    let conn = rusqlite::Connection::open(path).expect("a database");
    conn.execute_batch(script).expect(script);
}

#[test]
fn a_file_made_to_do_harm_does_none() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, script, sql, why) in [
        (
            "view",
            "CREATE VIEW theirs AS SELECT load_extension('x.so') AS user_id",
            "SELECT user_id FROM theirs",
            "`load_extension` is not allowed here",
        ),
        (
            "view_of_a_setting",
            "CREATE VIEW theirs AS SELECT file AS user_id FROM pragma_database_list",
            "SELECT user_id FROM theirs",
            "pragma_database_list",
        ),
        (
            "view_that_logs",
            "CREATE VIEW theirs AS SELECT sqlite_log(1, 'x') AS user_id",
            "SELECT user_id FROM theirs",
            "sqlite_log",
        ),
        (
            "view_without_end",
            "CREATE VIEW theirs AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
             SELECT max(i) AS user_id FROM n",
            "SELECT user_id FROM theirs",
            "interrupted",
        ),
        (
            "view_of_itself",
            "CREATE VIEW theirs AS SELECT * FROM theirs",
            "SELECT user_id FROM theirs",
            "refers to itself",
        ),
        (
            "computed_column",
            "CREATE TABLE egpl_user (a, user_id AS (printf('%.99999999c', 'x')));
             INSERT INTO egpl_user (a) VALUES (1)",
            "SELECT user_id FROM egpl_user",
            "16777216 bytes",
        ),
    ] {
        let path = folder.path().join(name);
        made(&path, script);
        let store = Store::open_read_only(&path).expect(name);
        let before = contents(folder.path());
        for dialect in [Dialect::Sqlite, Dialect::Tsql] {
            match pasted(&store, dialect, sql) {
                Outcome::Stopped(found) => {
                    // What the file declares is not known where a view cannot be compiled.
                    let found_it = found.contains(why) || dialect == Dialect::Tsql;
                    assert!(found_it, "{name}: {found}");
                }
                Outcome::Answered => panic!("{name} is answered"),
            }
        }
        assert!(before == contents(folder.path()), "{name}");
    }
}

#[test]
fn a_view_in_the_place_of_a_table_is_refused_wherever_a_file_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    for table in ["EGPL_casemgmt_activity", "egpl_user_earlier", "chatdb_code", "rejects"] {
        let path = folder.path().join(table);
        ImportDatabase::open(&path).and_then(ImportDatabase::keep).expect("a copy");
        assert!(Store::open_read_only(&path).is_ok(), "{table}");
        made(&path, &format!("DROP TABLE {table}; CREATE VIEW {table} AS SELECT 1 AS user_id"));
        let said = format!("its `{table}` is a view, but chatdb has a table of that name");
        for opened in [Store::open_read_only(&path), Store::open_to_change(&path)] {
            assert_eq!(opened.err().expect("it is refused").to_string(), said);
        }
        let error = ImportDatabase::open(&path).err().expect("it is refused");
        assert!(error.is_refusal(), "{error}");
    }
}

#[test]
fn views_upon_views_cost_nothing_until_they_are_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.db");
    let views = |n: u32| {
        let view = |n| {
            format!("CREATE VIEW v{n} AS SELECT a FROM v{0} UNION ALL SELECT a FROM v{0};", n - 1)
        };
        let more: String = (1..=n).map(view).collect();
        format!(
            "CREATE TABLE egpl_user (user_id INTEGER PRIMARY KEY); CREATE VIEW v0 AS SELECT 1 AS a; {more}"
        )
    };
    made(&path, &views(60));
    let store = Store::open_read_only(&path).expect("it is opened");
    assert!(store.catalog_for("SELECT user_id FROM egpl_user").is_ok());
    assert!(store.catalog_of_tables().is_ok());
    assert_eq!(pasted(&store, Dialect::Tsql, "SELECT user_id FROM egpl_user"), Outcome::Answered);
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    for path in [&path, Path::new("/dev/null"), folder.path()] {
        let error = Store::open_read_only(path).err().expect("it is refused");
        assert!(matches!(error, StoreError::NotAFile), "{error}");
        assert!(!chatdb::store::file_is_ours(path).expect("it is looked at"));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_journal_is_not_waited_for() {
    for suffix in ["-journal", "-wal", "-shm"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        fs::write(&path, healthy()).expect("written");
        let beside = folder.path().join(format!("x.db{suffix}"));
        let made = std::process::Command::new("mkfifo").arg(&beside).status();
        assert!(made.expect("mkfifo runs").success());
        let error = Store::open_read_only(&path).err().expect("it is refused");
        assert_eq!(
            error.to_string(),
            format!("`{}` beside it is not a regular file", beside.display())
        );
    }
}

/// With somebody who has it open, what is in the log is read too.
#[cfg(unix)]
#[test]
fn a_database_with_a_log_is_read_with_nothing_left_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a b%20?.db");
    let count = || {
        let store = Store::open_read_only(&path).expect("it is opened");
        let rows = store.ask("SELECT count(*) AS n FROM egpl_user", &[], &[]);
        rows.expect("it answers").rows[0][0].to_string()
    };
    made(
        &path,
        "PRAGMA journal_mode = WAL; CREATE TABLE egpl_user (user_id INTEGER PRIMARY KEY); \
         INSERT INTO egpl_user VALUES (1), (2)",
    );
    let before = contents(folder.path());
    assert_eq!(count(), "2");
    assert!(before == contents(folder.path()));
    let open = rusqlite::Connection::open(&path).expect("it is opened");
    open.execute_batch("INSERT INTO egpl_user VALUES (3)").expect("it is written");
    assert_eq!(count(), "3");
    drop(open);
    assert!(fs::read_dir(folder.path()).expect("a folder").count() == 1);
}

#[test]
fn a_file_with_a_virtual_table_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.db");
    made(&path, "CREATE VIRTUAL TABLE egpl_user USING fts5(user_id)");
    let error = Store::open_read_only(&path).err().expect("it is refused");
    assert!(matches!(error, StoreError::Virtual { ref table } if table == "egpl_user"));
}

#[cfg(unix)]
#[test]
fn a_name_that_looks_like_a_uri_is_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file:x.db?mode=rwc");
    let missing = Store::open_read_only(&path).err().expect("nothing is there");
    assert!(matches!(missing, StoreError::NotRead(_)), "{missing}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    fs::write(&path, healthy()).expect("written");
    assert!(Store::open_read_only(&path).is_ok());
}
