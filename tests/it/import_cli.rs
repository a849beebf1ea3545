//! `chatdb import` and `chatdb query SQL EXPORT...` as a user meets them: exit codes, messages, and a database that has
//! all of a file or nothing.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatdb"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    program(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn text_of(output: &Output) -> String {
    text(&output.stdout).to_owned()
}

/// A folder with an export of `rows` activities.
fn with_export(rows: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = String::from("activity_id,activity_status,subject,when_created\n");
    for id in 1..=rows {
        csv.push_str(&format!("{id},5000,\"Smith, John\",2011-07-12 14:49:55.000\n"));
    }
    fs::write(folder.path().join("activity.csv"), csv).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Runs the program and holds the exit code and the whole of standard error against what is expected.
#[track_caller]
fn fails(folder: &Path, args: &[&str], code: i32, stderr: &str) {
    let output = chatdb(folder, args);
    assert_eq!(text(&output.stderr), stderr, "{args:?}");
    assert_eq!(output.status.code(), Some(code), "{args:?}");
}

fn count(folder: &Path, db: &str) -> String {
    let sql = "SELECT (SELECT count(*) FROM egpl_casemgmt_activity) AS n, (SELECT count(*) FROM chatdb_export) AS e";
    let args = ["query", sql, "--dialect", "sqlite", "--db", db, "--format", "csv"];
    let output = chatdb(folder, &args);
    assert_eq!(text(&output.stderr), "", "{args:?}");
    text(&output.stdout).lines().nth(1).unwrap_or("").to_owned()
}

/// Takes back what is left of a change that was cut off, if anything is: a reader says so and may not.
fn recovered(folder: &Path, db: &str) {
    let sql = "DELETE FROM egpl_department WHERE department_id = -1";
    let output = chatdb(folder, &["query", sql, "--write", "--db", db]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn an_export_is_loaded_into_the_database_of_the_folder_and_asked() {
    let folder = with_export(3);
    let output =
        chatdb(folder.path(), &["import", "activity.csv", "--exported-at", "2011-07-12 15:00:00"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let page = text(&output.stdout);
    for part in [
        "2011-07-12 15:00:00.000 | --exported-at",
        "1 of 1 file loaded into `chatdb.sqlite` (created): 3 records; 0 rejected",
        "egpl_casemgmt_activity | 3",
        "NULL: `NULL` is read as NULL",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    assert_eq!(count(folder.path(), "chatdb.sqlite"), "3,1");
    assert_eq!(names(folder.path()), ["activity.csv", "chatdb.sqlite"]);
    let again = chatdb(folder.path(), &["import", "activity.csv"]);
    assert_eq!(again.status.code(), Some(0));
    assert!(text(&again.stdout).contains("loaded before with"), "{again:?}");
    assert_eq!(count(folder.path(), "chatdb.sqlite"), "3,1");
}

/// What is said of an earlier import is what was typed for it, and means the same when it is typed again.
#[test]
fn the_options_of_an_earlier_import_are_said_as_they_are_typed() {
    let folder = with_export(3);
    let said = |args: &[&str]| {
        let output = chatdb(folder.path(), &[&["import", "activity.csv"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        text_of(&output)
    };
    let cases = [
        (vec!["--input-format", "ads_csv"], r#"--input-format "ads_csv""#),
        (vec!["--header", "yes", "--lossy"], r#"--lossy --header "yes""#),
        (vec!["--empty-is-null", "--null", "n/a"], r#"--null "n/a" --empty-is-null"#),
        (
            vec![
                "--input-format",
                "fixed_width",
                "--table",
                "extra",
                "--widths",
                "10,12,*",
                "--columns",
                "a,b,c",
            ],
            r#"--input-format "fixed_width" --table "extra" --widths "10,12,*" --columns "a,b,c""#,
        ),
    ];
    for (typed, shown) in cases {
        said(&typed);
        let again: Vec<&str> = shown.split(' ').map(|word| word.trim_matches('"')).collect();
        assert!(said(&again).contains("already loaded"), "{shown}");
        let other = said(&[]);
        let remark =
            format!("the same file was loaded before with `{shown}`: its rows are replaced");
        assert!(other.contains(&remark), "{remark} is not in\n{other}");
    }
    fs::write(folder.path().join("chatdb.toml"), "[columns]\nrecno = \"activity_id\"\n").unwrap();
    said(&[]);
    fs::remove_file(folder.path().join("chatdb.toml")).unwrap();
    let remark = r#"loaded before with `[columns] "recno=activity_id"`"#;
    assert!(said(&["--include-pii"]).contains(remark), "{remark}");
}

#[test]
fn the_second_of_two_results_is_read_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let two = "activity_id,subject\n1347,a\n1348,b\n\nqueue_id,queue_name\n12,SUPPORT\n";
    fs::write(path.join("two.csv"), two).unwrap();
    let output = chatdb(path, &["import", "two.csv"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let asked = |set: &str, sql: &str| {
        let args = ["query", sql, "two.csv", "--result-set", set, "--format", "csv"];
        let output = chatdb(path, &args);
        assert_eq!(text(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
        text_of(&output)
    };
    let queues = "SELECT queue_id, queue_name FROM egpl_routing_queue";
    assert_eq!(asked("2", queues), "queue_id,queue_name\n12,SUPPORT\n");
    let chats = "SELECT count(*) AS n FROM egpl_casemgmt_activity";
    assert_eq!(asked("1", chats), "n\n2\n");
    assert_eq!(asked("2", chats), "n\n0\n");
    fails(
        path,
        &["import", "two.csv", "--result-set", "3", "--db", "new.sqlite"],
        3,
        "error: `two.csv` has no result 3: it has 2 results\n hint: the last one is `--result-set 2`\n",
    );
    fails(
        path,
        &["import", "two.csv", "--result-set", "0", "--db", "new.sqlite"],
        2,
        "error: `--result-set` counts from 1\n",
    );
}

#[test]
fn widths_are_said_where_nothing_in_a_file_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rows =
        "1347                5000          first\n1348                9000          second\n";
    fs::write(path.join("chats.txt"), rows.replace('\n', "    \n")).unwrap();
    let args = ["import", "chats.txt", "--table", "egpl_casemgmt_activity"];
    let output = chatdb(path, &args);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(
        said.ends_with("judging by the spaces that all rows share, try `--widths 20,14,*`\n"),
        "{said}"
    );
    assert!(
        said.starts_with(
            "error: `chats.txt`: seems to have fixed-width columns of unknown widths\n \
             hint: give its bcp format file with `--format-file`, or the widths of its columns with `--widths`"
        ),
        "{said}"
    );
    let format = "14.0\n3\n1 SQLCHAR 0 20 \"\" 1 activity_id \"\"\n2 SQLCHAR 0 14 \"\" 2 activity_status \"\"\n\
                  3 SQLCHAR 0 30 \"\\n\" 3 subject SQL_Latin1\n";
    fs::write(path.join("chats.fmt"), format).unwrap();
    let sql = "SELECT activity_id, activity_status, len(subject) AS n FROM egpl_casemgmt_activity ORDER BY 1";
    let output = chatdb(path, &["query", sql, "chats.txt", "--format", "csv"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "activity_id,activity_status,n\n1347,5000,5\n1348,9000,6\n");
    fails(
        path,
        &["import", "chats.txt", "--widths", "20,x"],
        2,
        "error: invalid `--widths 20,x`: expected a list of widths\n hint: write `--widths 20,6,23`, or `--widths \
         20,6,*` where the \
         last column is not padded\n",
    );
}

/// `script` runs a program on a terminal of its own; without one, no test's standard error has a bar in it.
#[cfg(target_os = "linux")]
#[test]
fn a_bar_with_bytes_rows_and_time_left_is_shown_on_a_terminal_and_cleared() {
    let folder = with_export(30_000);
    let path = folder.path();
    let command = format!(
        "stty cols 120; '{}' import activity.csv --db a.sqlite > page.txt",
        env!("CARGO_BIN_EXE_chatdb")
    );
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = text_of(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    for part in ["activity.csv ", " of 1.39 MiB, ", " rows, ", " left"] {
        assert!(shown.contains(part), "{part} is not in {shown:?}");
    }
    let (clears, last) = (shown.rfind("\u{1b}[2K"), shown.rfind(" left"));
    assert!(clears > last, "{shown:?}");
    assert!(fs::read_to_string(path.join("page.txt")).unwrap().contains("30000"));
    let output = chatdb(path, &["import", "activity.csv", "--db", "b.sqlite"]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn an_export_is_asked_without_a_database_of_its_own() {
    let folder = with_export(3);
    let sql = "SELECT count(*) AS n FROM egpl_casemgmt_activity";
    let output = chatdb(folder.path(), &["query", sql, "activity.csv", "--format", "csv"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "n\n3\n");
    fs::write(folder.path().join("q.sql"), sql).unwrap();
    let output =
        chatdb(folder.path(), &["query", "--file", "q.sql", "activity.csv", "--format", "csv"]);
    assert_eq!(text(&output.stdout), "n\n3\n");
    assert_eq!(names(folder.path()), ["activity.csv", "q.sql"]);
}

#[test]
fn standard_input_is_an_export_too() {
    let folder = with_export(2);
    let bytes = fs::read(folder.path().join("activity.csv")).unwrap();
    let mut child = program(folder.path(), &["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(count(folder.path(), "chatdb.sqlite"), "2,1");
}

#[test]
fn rejected_records_end_with_3_unless_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "activity_id,activity_status,subject\n1,5000,\"a,b\"\nx,5000,\"c,d\"\n";
    fs::write(folder.path().join("a.csv"), csv).unwrap();
    let output = chatdb(folder.path(), &["import", "a.csv", "--db", "one.sqlite"]);
    assert_eq!(output.status.code(), Some(3));
    let page = text(&output.stdout);
    assert!(page.contains("CHATDB-I006") && page.contains("correct the value"), "{page}");
    assert!(!page.contains("c,d"), "the text of a record may be about somebody\n{page}");
    let allowed = ["import", "a.csv", "--db", "two.sqlite", "--allow-rejects", "1"];
    assert_eq!(chatdb(folder.path(), &allowed).status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place_and_the_others_are_loaded() {
    let folder = with_export(2);
    let path = folder.path();
    fs::write(path.join("empty.csv"), "").unwrap();
    fs::create_dir(path.join("folder")).unwrap();
    fails(
        path,
        &["import", "nosuch.csv"],
        4,
        "error: `nosuch.csv`: cannot be read: No such file or directory (os error 2)\n",
    );
    fails(
        path,
        &["import", "folder"],
        4,
        "error: the folder `folder` contains no export file\n hint: name the files, or the folder that they are in\n",
    );
    fails(
        path,
        &["import", "empty.csv"],
        3,
        "error: `empty.csv` is empty\n hint: export it again, and check that the query returned rows\n",
    );
    assert_eq!(
        names(path),
        ["activity.csv", "empty.csv", "folder"],
        "no database is made for nothing"
    );
    let output = chatdb(path, &["import", "empty.csv", "activity.csv"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(count(path, "chatdb.sqlite"), "2,1");
}

#[test]
fn a_database_that_is_no_copy_is_left_alone() {
    let folder = with_export(2);
    let path = folder.path();
    fs::write(path.join("other.sqlite"), "not a database").unwrap();
    fails(
        path,
        &["import", "activity.csv", "--db", "other.sqlite"],
        5,
        "error: `other.sqlite` was not written by chatdb and was not changed\n \
         hint: use another file with `--db FILE`\n",
    );
    assert_eq!(fs::read(path.join("other.sqlite")).unwrap(), b"not a database");
    let replay = chatdb(path, &["replay", "services_failure", "--db", "replay.sqlite"]);
    assert_eq!(replay.status.code(), Some(0));
    let before = fs::read(path.join("replay.sqlite")).unwrap();
    fails(
        path,
        &["import", "activity.csv", "--db", "replay.sqlite"],
        5,
        "error: `replay.sqlite` is the database of a replay; exported rows need their own database\n \
         hint: use another file with `--db FILE`\n",
    );
    assert_eq!(fs::read(path.join("replay.sqlite")).unwrap(), before);
    assert_eq!(chatdb(path, &["import", "activity.csv"]).status.code(), Some(0));
    fails(
        path,
        &["replay", "services_failure", "--db", "chatdb.sqlite"],
        5,
        "error: `chatdb.sqlite` contains exported rows and was not replaced\n \
         hint: use another file with `--db FILE`\n",
    );
    assert_eq!(count(path, "chatdb.sqlite"), "2,1");
}

#[test]
fn a_place_that_cannot_be_written_to_ends_with_4_and_leaves_nothing() {
    let folder = with_export(2);
    fails(
        folder.path(),
        &["import", "activity.csv", "--db", "nosuch/x.sqlite"],
        4,
        "error: cannot write `nosuch/x.sqlite`: its folder does not exist\n \
         hint: use a writable path with `--db FILE`\n",
    );
    assert_eq!(names(folder.path()), ["activity.csv"]);
}

/// A limit to the size of files stands for a disk that is full: SQLite is told that it cannot write.
#[test]
fn a_full_disk_ends_with_4_and_leaves_no_part_of_a_file() {
    let folder = with_export(60_000);
    let path = folder.path();
    let limited = |db: &str| {
        let line =
            format!("ulimit -f 4096; trap '' XFSZ; exec \"$0\" import activity.csv --db {db}");
        Command::new("bash")
            .args(["-c", &line, env!("CARGO_BIN_EXE_chatdb")])
            .current_dir(path)
            .output()
            .unwrap()
    };
    let output = limited("new.sqlite");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).starts_with("error: `activity.csv` cannot be stored: "));
    assert_eq!(names(path), ["activity.csv"]);
    fs::write(path.join("one.csv"), "activity_id,activity_status,subject\n0,5000,\"a,b\"\n")
        .unwrap();
    assert_eq!(chatdb(path, &["import", "one.csv", "--db", "old.sqlite"]).status.code(), Some(0));
    assert_eq!(limited("old.sqlite").status.code(), Some(4));
    assert_eq!(count(path, "old.sqlite"), "1,1");
}

#[test]
fn a_closed_pipe_is_quiet_and_a_full_output_is_an_error() {
    let folder = with_export(2);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program(folder.path(), &["import", "activity.csv"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).starts_with("error: cannot write the output: "));
    assert_eq!(count(folder.path(), "chatdb.sqlite"), "2,1", "what is loaded stays");
    let mut child = program(folder.path(), &["import", "activity.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

/// Ctrl-C, being told to end, and a terminal that is closed.
#[test]
fn a_signal_ends_with_130_and_leaves_nothing() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        ends_with_130_at(signal);
    }
}

fn ends_with_130_at(signal: &str) {
    let folder = with_export(0);
    let mut child = program(folder.path(), &["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"activity_id,activity_status,subject\n").unwrap();
    // Enough that the form is told and rows are on their way; the end never comes.
    let row = b"1,5000,\"Smith, John\"\n".repeat(40_000);
    input.write_all(&row).unwrap();
    input.flush().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{signal} {}", text(&output.stderr));
    drop(input);
    assert_eq!(
        text(&output.stderr),
        "error: interrupted\n hint: nothing was loaded, and `chatdb.sqlite` was not created\n"
    );
    assert_eq!(names(folder.path()), ["activity.csv"]);
}

#[test]
fn no_database_is_made_beside_what_an_older_one_left() {
    let folder = with_export(3);
    let path = folder.path();
    for suffix in ["-journal", "-wal"] {
        let left = format!("x.sqlite{suffix}");
        fs::write(path.join(&left), b"left").unwrap();
        let said = format!(
            "error: `{left}` is the journal of an earlier database `x.sqlite`, and would be applied to a new one\n \
             hint: remove it (`rm {left}`), or use another file with `--db FILE`\n"
        );
        fails(path, &["import", "activity.csv", "--db", "x.sqlite"], 5, &said);
        fails(path, &["replay", "baseline", "--db", "x.sqlite"], 5, &said);
        assert_eq!(names(path), ["activity.csv", &left]);
        fs::remove_file(path.join(&left)).unwrap();
    }
    let replay = ["replay", "baseline", "--db", "x.sqlite"];
    assert_eq!(chatdb(path, &replay).status.code(), Some(0));
    fs::write(path.join("x.sqlite-journal"), b"left").unwrap();
    let before = fs::read(path.join("x.sqlite")).unwrap();
    assert_eq!(chatdb(path, &replay).status.code(), Some(5));
    assert_eq!(fs::read(path.join("x.sqlite")).unwrap(), before);
}

/// What somebody has put on a copy: a trigger does not run, and a column that fills memory is refused.
#[test]
fn what_somebody_has_put_on_a_copy_does_no_harm_to_an_import() {
    let folder = with_export(3);
    let path = folder.path();
    let table = "egpl_casemgmt_activity";
    for (change, code, after) in [
        (
            format!("CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END"),
            0,
            "3,1",
        ),
        (format!("ALTER TABLE {table} ADD COLUMN big AS (zeroblob(800000000))"), 4, "0,0"),
        (format!("CREATE INDEX i ON {table} (length(zeroblob(subject + 800000000)))"), 4, "0,0"),
    ] {
        let _ = fs::remove_file(path.join("x.sqlite"));
        let mut copy =
            chatdb::store::import_database::ImportDatabase::open(&path.join("x.sqlite")).unwrap();
        assert!(copy.store().is_import_database().unwrap());
        copy.keep().unwrap();
        let conn = rusqlite::Connection::open(path.join("x.sqlite")).unwrap();
        conn.execute_batch(&change).unwrap();
        drop(conn);
        let output = chatdb(path, &["import", "activity.csv", "--db", "x.sqlite"]);
        assert_eq!(output.status.code(), Some(code), "{change}: {}", text(&output.stderr));
        assert_eq!(count(path, "x.sqlite"), after, "{change}");
    }
}

/// Such a row is of no file and no line.
#[test]
fn a_row_that_a_query_has_put_in_is_replaced_by_an_export_and_kept_as_an_earlier_state() {
    let folder = with_export(1);
    let path = folder.path();
    assert_eq!(
        chatdb(path, &["import", "activity.csv", "--db", "x.sqlite"]).status.code(),
        Some(0)
    );
    let sql =
        "INSERT INTO egpl_casemgmt_activity (activity_id, activity_status) VALUES (7000, 5000)";
    assert_eq!(chatdb(path, &["query", sql, "--write", "--db", "x.sqlite"]).status.code(), Some(0));
    fs::write(path.join("one.csv"), "activity_id,activity_status\n7000,4000\n").unwrap();
    let output = chatdb(path, &["import", "one.csv", "--db", "x.sqlite"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let conn = rusqlite::Connection::open(path.join("x.sqlite")).unwrap();
    let states: String = conn
        .query_row(
            "SELECT (SELECT activity_status FROM egpl_casemgmt_activity WHERE activity_id = 7000) || ' ' || \
             (SELECT activity_status FROM egpl_casemgmt_activity_earlier WHERE activity_id = 7000)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(states, "4000 5000");
    conn.execute_batch("CREATE UNIQUE INDEX u ON egpl_casemgmt_activity (activity_status)")
        .unwrap();
    fs::write(path.join("two.csv"), "activity_id,activity_status\n7001,4000\n").unwrap();
    let output = chatdb(path, &["import", "two.csv", "--db", "x.sqlite"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("constraint that somebody added") && !said.contains("disk space"),
        "{said}"
    );
}

/// Thirty kills at moments that a seed chooses, into a new file and into one that is there.
#[test]
fn a_kill_at_any_moment_leaves_all_of_a_file_or_nothing() {
    let folder = with_export(20_000);
    let path = folder.path();
    fs::write(path.join("one.csv"), "activity_id,activity_status,subject\n0,5000,\"a,b\"\n")
        .unwrap();
    assert_eq!(
        chatdb(path, &["import", "activity.csv", "--db", "whole.sqlite"]).status.code(),
        Some(0)
    );
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut kept, mut nothing) = (0, 0);
    for round in 0..30 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The first are early for sure; the others fall anywhere in what a run takes.
        let delay = if round < 4 { round * 3 } else { (seed >> 33) % 600 };
        let db = format!("k{round}.sqlite");
        let is_there = round % 2 == 1;
        if is_there {
            assert_eq!(chatdb(path, &["import", "one.csv", "--db", &db]).status.code(), Some(0));
        }
        let mut child = program(path, &["import", "activity.csv", "--db", &db])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        // It may have ended before.
        let _ = child.kill();
        let _ = child.wait();
        let found = if path.join(&db).exists() {
            recovered(path, &db);
            count(path, &db)
        } else {
            "none".to_owned()
        };
        let all = if is_there { "20001,2" } else { "20000,1" };
        let before = if is_there { "1,1" } else { "none" };
        assert!(found == all || found == before, "round {round}: {found}");
        if found == all {
            kept += 1;
        } else {
            nothing += 1;
        }
        // The next run is as if nothing had been.
        let again = chatdb(path, &["import", "activity.csv", "--db", &db]);
        assert_eq!(again.status.code(), Some(0));
        assert_eq!(count(path, &db), all);
        if !is_there {
            let left = names(path).into_iter().filter(|name| name.starts_with('.'));
            assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new(), "round {round}");
        }
        fs::remove_file(path.join(&db)).unwrap();
    }
    assert!(nothing > 0, "no run was killed in time");
    println!("{kept} runs were whole when they were killed, {nothing} were not");
}

#[test]
fn a_form_that_is_not_known_is_told_with_the_page_that_lists_them() {
    let folder = with_export(2);
    let output = chatdb(folder.path(), &["import", "activity.csv", "--input-format", "ssms_csf"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: `activity.csv`: unknown input format `ssms_csf`\n hint: did you mean `ssms_csv`? `chatdb help exports` \
         lists the formats\n"
    );
    let page = chatdb(folder.path(), &["help", "exports"]);
    for form in chatdb::import::format::IMPORT_FORMATS {
        assert!(text(&page.stdout).contains(form.id), "{}", form.id);
    }
}

#[test]
fn verify_says_that_a_database_is_sound_or_what_is_wrong_with_it() {
    let folder = with_export(20);
    let import =
        |file: &str| chatdb(folder.path(), &["import", file, "--db", "a.sqlite", "--verify"]);
    fs::write(folder.path().join("other.csv"), "queue_id,queue_name\n1,Sales\n").expect("a file");
    let output = import("activity.csv");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("verified: the database is sound"));
    let conn = rusqlite::Connection::open(folder.path().join("a.sqlite")).expect("a database");
    // An index that is said to be of another column has no entry of any row.
    conn.execute_batch(
        "CREATE INDEX made_up ON egpl_casemgmt_activity(activity_id); PRAGMA writable_schema = 1; \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX made_up ON egpl_casemgmt_activity(activity_status)' \
         WHERE name = 'made_up'; UPDATE chatdb_export SET loaded = loaded - 1;",
    )
    .expect("a change");
    drop(conn);
    let output = import("other.csv");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(
        said.contains("`a.sqlite` is damaged: SQLite found `row 1 missing from index made_up`"),
        "{said}"
    );
    assert!(
        said.contains(
            "the records of `activity.csv` are not the sum of its loaded and rejected ones"
        ),
        "{said}"
    );
    let again =
        chatdb(folder.path(), &["import", "activity.csv", "--db", "NEW.sqlite", "--verify"]);
    assert_eq!(again.status.code(), Some(0));
}

#[test]
fn whole_pages_are_written_in_the_build_of_the_repository() {
    let store = chatdb::store::Store::for_exports().expect("a database");
    assert!(store.writes_pages());
    let folder = with_export(3);
    let output = chatdb(folder.path(), &["import", "activity.csv", "--db", "a.sqlite", "-v"]);
    assert!(!text(&output.stdout).contains("DBPAGE"), "{}", text(&output.stdout));
}
