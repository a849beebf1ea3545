//! The program as a user meets it: what goes to standard output and what to standard error, exit codes, and
//! files that are neither lost nor half written.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub fn chatdb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn scratch() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Runs the program and holds the exit code and the whole of standard error against what is expected.
fn refused(args: &[&str], code: i32, stderr: &str) {
    let folder = scratch();
    let output = chatdb(folder.path(), args);
    assert_eq!(text(&output.stderr), stderr, "{args:?}");
    assert_eq!(output.status.code(), Some(code), "{args:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "{args:?}");
}

#[test]
fn the_main_job_reproduces_both_printed_tables() {
    let folder = scratch();
    let output = chatdb(folder.path(), &["replay", "services_failure"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
    let page = text(&output.stdout);
    for part in [
        "same as printed on lines 70-72",
        "same as printed on lines 88-90",
        "customer@awesome.com | CIM_WIM    | 1347        | 5000            | 5900",
        "customer@awesome.com | CIM_WIM    | 1347        | 9000            | 9100",
        "printed \"CIM_w/M\", corrected to \"CIM_WIM\"",
        "6 of 6 reproduced",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[test]
fn everything_is_reproduced_and_covered() {
    let folder = scratch();
    let output = chatdb(folder.path(), &["replay", "--all"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("observations  49 of 49 reproduced"));
    let output = chatdb(folder.path(), &["coverage"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("49 of 49 observations reproduced"));
}

#[test]
fn unknown_names_get_a_suggestion_and_exit_2() {
    refused(
        &["replay", "service_failure"],
        2,
        "error: unknown scenario `service_failure`\n hint: did you mean `services_failure`?\n",
    );
    refused(
        &["replay", "what"],
        2,
        "error: unknown scenario `what`\n hint: `chatdb list` lists the scenarios\n",
    );
    refused(
        &["replay", "services_failure", "--until", "99"],
        2,
        "error: `services_failure` has no step `99`\n hint: its steps are 10, 20, 30, 40, 50, 60\n",
    );
    refused(
        &["replay", "services_failure", "--set", "activity=1"],
        2,
        "error: `services_failure` has no parameter `activity`\n hint: did you mean `activity_id`?\n",
    );
    refused(
        &["replay", "services_failure", "--set", "activity_id=x"],
        2,
        "error: expected a whole number for `activity_id`, found `x`\n",
    );
    refused(
        &["replay", "services_failure", "--set", "activity_id"],
        2,
        "error: invalid `--set activity_id`: `=` is missing\n hint: write `--set NAME=VALUE`, for example \
         `--set activity_id=2001`\n",
    );
    refused(
        &["list", "--format", "cvs"],
        2,
        "error: invalid value `cvs` for `--format`\n hint: did you mean `csv`?\n",
    );
    refused(
        &["replay", "--all", "--db", "x.db"],
        2,
        "error: `--db` requires a single scenario\n hint: name the scenario; each replay starts from its own \
         database\n",
    );
    refused(
        &["diff", "services_failure/open_chat", "/dev/null"],
        3,
        "error: /dev/null:1:1: expected a header line, found the end of the text\n",
    );
}

#[test]
fn a_mistake_in_the_command_line_exits_2_and_help_exits_0() {
    let folder = scratch();
    let output = chatdb(folder.path(), &["replya"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`chatdb replay`"));
    let output = chatdb(folder.path(), &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
    assert!(text(&output.stdout).contains("replay"));
}

#[test]
fn a_list_that_is_too_wide_for_the_terminal_breaks_no_word() {
    let folder = scratch();
    for width in ["60", "80", "120", "180"] {
        let output = chatdb(folder.path(), &["findings", "-v", "--width", width]);
        let page = text(&output.stdout);
        let words: Vec<&str> = page.split([' ', ',', '\n']).collect();
        for finding in chatdb::analysis::findings() {
            let needs = finding.needs.iter().map(String::as_str);
            for word in [finding.name.as_str()].into_iter().chain(needs) {
                let is_broken = word.len() < 40 && !words.contains(&word);
                assert!(!is_broken, "{word} is broken at {width} columns:\n{page}");
            }
        }
        let widest = page.lines().take_while(|line| !line.starts_with("each"));
        let widest = widest.map(str::len).max();
        assert!(widest <= width.parse().ok(), "{widest:?} at {width}:\n{page}");
    }
    let side_by_side = chatdb(folder.path(), &["findings", "-v", "--width", "180"]);
    assert!(text(&side_by_side.stdout).contains("-+-"));
    let below = chatdb(folder.path(), &["findings", "-v", "--width", "80"]);
    assert!(!text(&below.stdout).contains("-+-"));
}

#[test]
fn each_entry_of_a_list_has_one_line_that_fits_the_terminal() {
    let folder = scratch();
    let entries = |words: &[&str], width: &str| {
        let output = chatdb(folder.path(), &[words, &["--width", width]].concat());
        let page = text(&output.stdout).to_owned();
        let limit: usize = width.parse().expect("a number");
        let widest = page.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(limit), "{words:?} at {width}:\n{page}");
        // The title and the names of columns come before, and what is said about the list after a blank line.
        let lines = page.lines().skip(3).take_while(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for width in ["80", "120", "200"] {
        let findings = entries(&["findings"], width);
        for (line, finding) in findings.iter().zip(chatdb::analysis::findings()) {
            assert!(line.starts_with(&format!("{}  ", finding.name)), "{line}");
        }
        assert_eq!(findings.len(), chatdb::analysis::findings().len());
        assert_eq!(entries(&["list"], width).len(), 10);
        assert_eq!(entries(&["coverage"], width).len(), 49);
        let rules = chatdb(folder.path(), &["rules", "--format", "jsonl"]);
        let rules = text(&rules.stdout).lines().count();
        assert_eq!(entries(&["rules"], width).len(), rules);
    }
    let narrow = entries(&["list"], "80").join("\n");
    assert!(narrow.contains('…'), "what is shortened is marked: {narrow}");
    let whole = chatdb(folder.path(), &["list"]);
    assert!(!text(&whole.stdout).contains('…'), "a pipe has everything");
}

#[test]
fn a_set_parameter_stands_in_the_documented_tables() {
    let folder = scratch();
    let args = ["replay", "services_failure", "--set", "activity_id=2001", "--format", "csv"];
    let output = chatdb(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let csv = text(&output.stdout);
    assert!(csv.contains("activity_id,1347,2001,2001,matches_by_parameter"), "{csv}");
}

#[test]
fn the_kept_database_can_be_looked_at_and_replaced_but_nothing_else_is() {
    let folder = scratch();
    let keep = |file: &str| {
        chatdb(folder.path(), &["replay", "services_failure", "--until", "30", "--db", file])
    };
    for _ in 0..2 {
        assert_eq!(keep("look.sqlite").status.code(), Some(0));
    }
    let conn = rusqlite::Connection::open(folder.path().join("look.sqlite")).expect("a database");
    let status: i64 = conn
        .query_row(
            "SELECT activity_status FROM egpl_casemgmt_activity WHERE activity_id = 1347",
            [],
            |row| row.get(0),
        )
        .expect("a row");
    assert_eq!(status, 9000);
    let check: String =
        conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a row");
    assert_eq!(check, "ok");

    fs::write(folder.path().join("mine.txt"), "mine").expect("a file");
    let output = keep("mine.txt");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(
        text(&output.stderr),
        "error: `mine.txt` was not written by chatdb and was not replaced\n hint: name another file for `--db`\n"
    );
    assert_eq!(fs::read_to_string(folder.path().join("mine.txt")).expect("a file"), "mine");

    let output = keep("no/such/folder.sqlite");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}

#[test]
fn runs_at_the_same_time_on_one_new_file_all_succeed() {
    for _ in 0..3 {
        let folder = scratch();
        let start = || {
            Command::new(env!("CARGO_BIN_EXE_chatdb"))
                .args(["replay", "messaging_failure", "--db", "one.sqlite"])
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts")
        };
        let running: Vec<_> = (0..16).map(|_| start()).collect();
        for run in running {
            let output = run.wait_with_output().expect("it ends");
            assert_eq!(text(&output.stderr), "");
            assert_eq!(output.status.code(), Some(0));
        }
        let conn =
            rusqlite::Connection::open(folder.path().join("one.sqlite")).expect("a database");
        let check: String =
            conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a row");
        assert_eq!(check, "ok");
        let files: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(files.len(), 1, "{files:?}");
    }
}

#[test]
fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
    let folder = scratch();
    let mut run = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(["replay", "--all", "--format", "json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = run.stdout.take().expect("a pipe");
    out.read_exact(&mut [0; 10]).expect("ten bytes");
    drop(out);
    let output = run.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));

    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        let output = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(["replay", "services_failure"])
            .stdout(full)
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(4));
        assert!(text(&output.stderr).starts_with("error: cannot write the output: "));
    }
}

/// A question without end, of which the answer would fill every memory.
const WITHOUT_END: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

fn ask_without_end(format: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatdb"));
    command.args([
        "query",
        WITHOUT_END,
        "--dialect",
        "sqlite",
        "--after",
        "baseline",
        "--format",
        format,
    ]);
    command
}

#[test]
fn an_answer_in_csv_is_written_as_it_comes() {
    let mut run = ask_without_end("csv")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(run.stdout.take().expect("a pipe")).lines();
    for expected in ["i".to_owned()].into_iter().chain((1..100_000).map(|i| i.to_string())) {
        assert_eq!(lines.next().expect("a line").expect("text"), expected);
    }
    drop(lines);
    let output = run.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));

    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        let output = ask_without_end("csv").stdout(full).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(4));
        assert_eq!(
            text(&output.stderr),
            "error: cannot write the output: No space left on device (os error 28)\n"
        );
    }
}

#[test]
fn what_came_before_a_row_that_fails_is_written() {
    let ask = |format: &str| {
        let sql = "SELECT v.n, 6 / (3 - v.n) AS part FROM (VALUES (1), (2), (3), (4)) AS v(n)";
        chatdb(scratch().path(), &["query", sql, "--after", "baseline", "--format", format])
    };
    let output = ask("csv");
    assert_eq!(text(&output.stdout), "n,part\n1,3\n2,6\n");
    assert_eq!(text(&output.stderr), "error: line 1: Divide by zero error encountered.\n");
    assert_eq!(output.status.code(), Some(3));
    // A format that is written as a whole has nothing to write.
    let output = ask("json");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn rows_of_exports_are_as_they_stand_only_when_told_and_that_is_said_even_if_one_fails() {
    let folder = scratch();
    let export =
        "activity_id,contact_point_data\n1,a@example.com\n2,b@example.com\n3,c@example.com\n";
    fs::write(folder.path().join("a.csv"), export).expect("a file");
    let ask = |sql: &str, more: &[&str]| {
        let first = ["query", sql, "a.csv", "--format", "csv"];
        let output = chatdb(folder.path(), &[&first, more].concat());
        let (out, error) = (text(&output.stdout).to_owned(), text(&output.stderr).to_owned());
        (out, error, output.status.code())
    };
    let sql = "SELECT contact_point_data, 6 / (3 - activity_id) AS part FROM egpl_casemgmt_activity \
        ORDER BY activity_id";
    let note = "note: Privacy: this report includes personal data unchanged (`--include-pii`).\n";
    let failed = "error: line 1: Divide by zero error encountered.\n";
    let (out, error, code) = ask(sql, &["--include-pii"]);
    assert_eq!(out, "contact_point_data,part\na@example.com,3.0\nb@example.com,6.0\n");
    assert_eq!((error, code), (format!("{note}{failed}"), Some(3)));
    // Held, there is nothing to say it of.
    let held = (String::new(), failed.to_owned(), Some(3));
    assert_eq!(ask(sql, &["--include-pii", "--timeout", "60"]), held);
    assert_eq!(ask(sql, &[]), held);
    let fine = sql.replace("3 - ", "4 - ");
    let (out, error, code) = ask(&fine, &[]);
    assert!(!out.contains("example.com") && out.lines().count() == 4, "{out}");
    assert!(
        error.starts_with("note: Privacy: possible personal data is replaced by pseudonyms"),
        "{error}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn reports_are_written_once_and_replaced_only_when_told() {
    let folder = scratch();
    let write = |force: &[&str]| {
        chatdb(folder.path(), &[&["report", "services_failure", "--out", "out"], force].concat())
    };
    let output = write(&[]);
    assert_eq!(output.status.code(), Some(0));
    let listed = "out/services_failure.csv\nout/services_failure.md\nout/services_failure.json\n";
    assert_eq!(text(&output.stdout), listed);
    fs::write(folder.path().join("out/services_failure.md"), "mine").expect("a file");
    let output = write(&[]);
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(
        text(&output.stderr),
        "error: `out/services_failure.csv` exists and was not replaced\n hint: replace it with `--force`, or choose \
         another path\n"
    );
    let kept = fs::read_to_string(folder.path().join("out/services_failure.md")).expect("a file");
    assert_eq!(kept, "mine");
    assert_eq!(write(&["--force"]).status.code(), Some(0));
    let replaced =
        fs::read_to_string(folder.path().join("out/services_failure.md")).expect("a file");
    assert!(replaced.contains("1347"));
}

#[test]
fn two_files_are_compared_cell_by_cell() {
    let folder = scratch();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    file("a.csv", "id,name,seen\n1,Ann,2011-07-12 14:49:55\n2,Bob,NULL\n3,Cy,\n");
    file(
        "b.md",
        "| id | name | seen                    |\n|----|------|-------------------------|\n\
         | 1  | Ann  | 2011-07-12 14:49:55.000 |\n| 2  | Rob  | NULL                    |\n",
    );
    let output = chatdb(
        folder.path(),
        &["diff", "a.csv", "b.md", "--key", "id", "--format", "csv", "--include-pii"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let differing: Vec<&str> = text(&output.stdout)
        .lines()
        .filter(|line| line.contains("differs") || line.contains("missing"))
        .collect();
    assert_eq!(differing.len(), 4, "{differing:#?}");
    assert!(differing[0].contains("id=2,name,,Bob,Rob,differs"), "{differing:#?}");
    let output = chatdb(folder.path(), &["diff", "a.csv", "a.csv", "--key", "id"]);
    assert_eq!(output.status.code(), Some(0));
    let args = ["diff", "a.csv", "b.md", "--key", "id", "--ignore", "name"];
    assert_eq!(chatdb(folder.path(), &args).status.code(), Some(2), "no reason is given");
}

#[test]
fn a_check_is_compared_with_a_file() {
    let folder = scratch();
    let header = "contact_point_data,queue_name,activity_id,activity_status,activity_sub_status,login_ip,\
                  assigned_to,when_created,user_name,screen_name\n";
    let row = "customer@awesome.com,CIM_WIM,1347,5000,5900,43app,1003,2011-07-12 14:49:55.000,DMarino,DMarino\n";
    fs::write(folder.path().join("same.csv"), format!("{header}{row}")).expect("a file");
    fs::write(folder.path().join("other.csv"), format!("{header}{}", row.replace("5900", "5100")))
        .expect("a file");
    let diff = |file: &str| chatdb(folder.path(), &["diff", "services_failure/open_chats", file]);
    assert_eq!(diff("same.csv").status.code(), Some(0), "{}", text(&diff("same.csv").stdout));
    let output = diff("other.csv");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("activity_sub_status"), "{}", text(&output.stdout));
}

#[test]
fn a_new_scenario_runs_as_it_is_written_and_says_where_it_is_wrong() {
    let folder = scratch();
    let output = chatdb(folder.path(), &["new", "my_lab_failover"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with("next: chatdb replay ./my_lab_failover\n"));
    let replay =
        |args: &[&str]| chatdb(folder.path(), &[&["replay", "./my_lab_failover"], args].concat());
    assert_eq!(replay(&[]).status.code(), Some(0), "{}", text(&replay(&[]).stdout));
    assert_eq!(replay(&["--set", "activity_id=2001"]).status.code(), Some(0));
    let by_name = chatdb(folder.path(), &["replay", "my_lab_failover", "--scenarios", "."]);
    assert_eq!(by_name.status.code(), Some(0), "{}", text(&by_name.stderr));
    assert_eq!(chatdb(folder.path(), &["new", "my_lab_failover"]).status.code(), Some(5));

    let toml = folder.path().join("my_lab_failover/scenario.toml");
    let whole = fs::read_to_string(&toml).expect("a scenario");
    fs::write(
        &toml,
        whole.replace("message_fate\"", "message_fat\"").replace("title  ", "titel  "),
    )
    .expect("a file");
    let output = chatdb(folder.path(), &["validate", "my_lab_failover"]);
    assert_eq!(output.status.code(), Some(2));
    let found = text(&output.stdout);
    assert!(found.contains("my_lab_failover/scenario.toml:2:1: "), "{found}");
    assert!(found.contains("did you mean `title`?"), "{found}");
    assert!(found.contains("did you mean `message_fate`?"), "{found}");
    assert_eq!(replay(&[]).status.code(), Some(2));
}

#[test]
fn the_script_of_a_scenario_needs_nothing_but_sqlite() {
    let folder = scratch();
    let output = chatdb(folder.path(), &["show", "messaging_restored", "--script"]);
    assert_eq!(output.status.code(), Some(0));
    let script = text(&output.stdout);
    let conn = rusqlite::Connection::open_in_memory().expect("a database");
    for statement in chatdb::sql::split(script).expect("it is SQL") {
        let mut prepared = conn.prepare(statement.sql).expect(statement.sql);
        let mut rows = prepared.query([]).expect(statement.sql);
        while rows.next().expect(statement.sql).is_some() {}
    }
    let lines: Vec<String> = conn
        .prepare("SELECT line FROM customer_transcript ORDER BY line_no")
        .expect("a view")
        .query_map([], |row| row.get(0))
        .expect("rows")
        .map(|line| line.expect("a line"))
        .collect();
    assert_eq!(
        lines.last().map(String::as_str),
        Some("Customer : Hi! Looks like we're connected again!")
    );
    assert_eq!(lines.len(), 9);
}

#[test]
fn every_command_shows_something_and_no_control_characters() {
    let folder = scratch();
    for args in [
        &["list"][..],
        &["show", "services_failure"],
        &["rules"],
        &["rules", "log in"],
        &["coverage", "--format", "markdown"],
        &["list", "--format", "json"],
        &["replay", "--all", "--format", "markdown"],
        &["replay", "all_servers_failure", "--width", "40"],
    ] {
        let output = chatdb(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        let page = text(&output.stdout);
        assert!(page.lines().count() > 2, "{args:?}");
        assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{args:?}");
    }
}

/// A query that does not end.
const ENDLESS: &str = "with c as (select 1 n union all select n from c) select count(*) from c option (maxrecursion 0)";

#[test]
fn a_query_is_answered_from_an_argument_a_file_or_standard_input() {
    use std::io::Write as _;
    let folder = scratch();
    let asked = "SELECT TOP 1 queue_name FROM [dbo].[egpl_routing_queue] ORDER BY 1\r\nGO\r\n";
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(asked.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("ssms.sql"), wide).expect("written");
    fs::write(folder.path().join("plain.sql"), asked).expect("written");
    let csv = "queue_name\nCIM_WIM\n";
    let common = ["--after", "baseline", "--format", "csv"];
    for given in
        [&["query", asked][..], &["query", "-f", "ssms.sql"], &["query", "-f", "plain.sql"]]
    {
        let output = chatdb(folder.path(), &[given, &common[..]].concat());
        assert_eq!(text(&output.stderr), "", "{given:?}");
        assert_eq!(text(&output.stdout), csv, "{given:?}");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(["query", "-", "--after", "baseline", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(asked.as_bytes()).expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout), csv);
}

#[test]
fn a_query_reads_and_nothing_else() {
    let writes = "error: 1:1: `DELETE` writes, and queries are read-only\n";
    refused(&["query", "delete from egpl_user", "--after", "baseline"], 5, writes);
    for (sql, what) in [
        ("delete from egpl_user", "writes `egpl_user`, and queries are read-only"),
        ("attach 'x.db' as x", "opens another database"),
        ("pragma journal_mode = off", "reads or changes a setting (PRAGMA)"),
        ("select load_extension('x')", "calls `load_extension`, which reaches beyond the database"),
    ] {
        let stderr = format!("error: line 1: the statement {what}\n");
        let args = ["query", sql, "--dialect", "sqlite", "--after", "baseline"];
        refused(&args, 5, &stderr);
    }
    let folder = scratch();
    let kept = chatdb(folder.path(), &["replay", "services_failure", "--db", "kept.db"]);
    assert_eq!(kept.status.code(), Some(0));
    let before = fs::read(folder.path().join("kept.db")).expect("a database");
    let sql = "select user_name into #t from egpl_user; select count(*) as n from #t";
    let output = chatdb(folder.path(), &["query", sql, "--db", "kept.db", "--format", "csv"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "n\n1\n");
    assert_eq!(fs::read(folder.path().join("kept.db")).expect("a database"), before);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_query_says_what_is_wrong_and_where() {
    refused(
        &["query", "select 1"],
        2,
        "error: no database to query\n hint: use `--db FILE`, `--after SCENARIO/STEP` for a scenario after a step, or \
         list export files after the SQL\n",
    );
    refused(
        &["query", "open_chat", "--after", "baseline"],
        2,
        "error: unknown query `open_chat`\n hint: did you mean `open_chats`?\n",
    );
    refused(
        &["query", "chat_by_id", "--after", "baseline", "--set", "activity=1"],
        2,
        "error: `chat_by_id` has no parameter `activity`\n hint: did you mean `activity_id`?\n",
    );
    refused(
        &["query", "select user_nam\nfrom egpl_user", "--after", "baseline"],
        2,
        "error: 1:8: there is no column `user_nam`\n hint: did you mean `user_name`?\n",
    );
    refused(
        &["query", "select\n1 / 0", "--after", "baseline"],
        3,
        "error: line 1: Divide by zero error encountered.\n",
    );
    refused(
        &["query", "select 1", "--db", "missing.db"],
        4,
        "error: cannot read `missing.db`: No such file or directory (os error 2)\n",
    );
    refused(
        &["query", "select 1", "--after", "baseline", "--as-of", "noon"],
        2,
        "error: `--as-of`: cannot read `noon` as a date and time\n hint: write it as `2026-11-24 09:00`, or use \
         `--date-format dd/MM/yyyy`\n",
    );
    refused(
        &["sql", "agent_console"],
        2,
        "error: `agent_console` queries the platform model, which SQL Server does not have\n hint: `--dialect sqlite` \
         prints it for the database that `replay --db` keeps\n",
    );
}

#[test]
fn a_query_takes_values_a_time_and_a_limit() {
    let folder = scratch();
    let answers = |args: &[&str]| {
        let all = [&["query"], args, &["--format", "csv"]].concat();
        let output = chatdb(folder.path(), &all);
        assert_eq!(text(&output.stderr), "", "{args:?}");
        text(&output.stdout).to_owned()
    };
    let now = "select getdate() as n";
    assert_eq!(
        answers(&[now, "--after", "baseline", "--as-of", "2012-02-29"]),
        "n\n2012-02-29 00:00:00.000\n"
    );
    let by_id =
        answers(&["chat_by_id", "--after", "services_failure/20", "--set", "activity_id=2001"]);
    assert!(by_id.contains("2001"), "{by_id}");
    let none = answers(&[
        "select user_name from egpl_user where user_id = @id",
        "--after",
        "baseline",
        "--set",
        "id=7",
    ]);
    assert_eq!(none, "user_name\n");
    let limited = chatdb(
        folder.path(),
        &[
            "query",
            "select activity_id from egpl_casemgmt_activity",
            "--after",
            "baseline",
            "--limit",
            "1",
        ],
    );
    assert!(text(&limited.stdout).ends_with("the first 1 row; there are more\n"));
}

#[test]
fn a_database_of_another_program_has_its_times_read_and_no_clock() {
    let folder = scratch();
    let path = folder.path().join("theirs.db");
    let theirs = rusqlite::Connection::open(&path).expect("a database");
    theirs
        .execute_batch("CREATE TABLE t (d DATETIME); INSERT INTO t VALUES ('2011-07-12'), ('2011-07-13T08:00')")
        .expect("a table");
    drop(theirs);
    let sql = "select d from t where d >= '2011-07-13 08:00:00'";
    let output = chatdb(folder.path(), &["query", sql, "--db", "theirs.db", "--format", "csv"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "d\n2011-07-13 08:00:00.000\n");
    let output = chatdb(folder.path(), &["query", "select getdate()", "--db", "theirs.db"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: line 1: the query uses the current time, and this database has no clock\n hint: set the time: `--as-of \
         \"2011-07-12 14:49:55\"`\n"
    );
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    refused(
        &["query", ENDLESS, "--after", "baseline", "--timeout", "1"],
        4,
        "error: the query ran longer than 1 second and was stopped\n hint: raise `--timeout`; `--explain` shows the \
         query plan\n",
    );
}

#[test]
fn the_time_for_a_query_is_not_that_of_whoever_reads_its_answer() {
    use std::io::Read as _;
    let sql = "with c as (select 1 n union all select n + 1 from c where n < 30000) \
               select n from c option (maxrecursion 0)";
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(["query", sql, "--after", "baseline", "--timeout", "3", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The answer is longer than a pipe holds, and nobody reads it for longer than the time.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let mut out = String::new();
    let mut stdout = child.stdout.take().expect("its output");
    stdout.read_to_string(&mut out).expect("an answer");
    assert_eq!(out.lines().count(), 30_001);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_query() {
    use std::io::{BufRead as _, BufReader};
    let folder = scratch();
    let child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(["query", ENDLESS, "--after", "baseline"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Long enough for the replay; the query itself never ends.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill is there");
    assert!(killed.success());
    let mut child = child;
    let mut line = String::new();
    let stderr = child.stderr.take().expect("its errors");
    BufReader::new(stderr).read_line(&mut line).expect("a line");
    assert_eq!(line, "error: interrupted\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn validating_finds_sql_that_cannot_be_run() {
    let folder = scratch();
    assert_eq!(chatdb(folder.path(), &["new", "lab"]).status.code(), Some(0));
    let lab = folder.path().join("lab");
    let script = lab.join("10_wrong.sql");
    fs::write(&script, "SELEC 1;\nINSERT INTO nope VALUES (1);\nATTACH 'x.db' AS x;\n")
        .expect("a script");
    let toml = fs::read_to_string(lab.join("scenario.toml")).expect("a scenario");
    fs::write(
        lab.join("scenario.toml"),
        toml.replace("\"open_chats\"", "\"ask\"")
            .replace("happens = [\"messaging stops\"]", "title = \"x\"\nscript = \"10_wrong.sql\""),
    )
    .expect("a scenario");
    fs::write(
        lab.join("ask.sql"),
        "-- title: x\n-- dialect: tsql\nSELECT TOP 5 nope FROM message\n",
    )
    .expect("a query");
    let output = chatdb(folder.path(), &["validate", "lab"]);
    assert_eq!(output.status.code(), Some(2));
    let found = text(&output.stdout);
    for part in [
        "lab/10_wrong.sql:1:1: unexpected `SELEC`",
        "lab/10_wrong.sql:2:13: there is no table `nope`",
        "lab/10_wrong.sql:3:1: the statement opens another database",
        "lab/ask.sql:3:14: there is no column `nope`",
        "4 mistakes",
    ] {
        assert!(found.contains(part), "{part} is not in\n{found}");
    }
    assert_eq!(chatdb(folder.path(), &["replay", "./lab"]).status.code(), Some(1));
    assert!(!folder.path().join("x.db").exists());
    let output = chatdb(folder.path(), &["new", "baseline"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn folders_and_patterns_name_exported_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("exports")).expect("a folder");
    fs::create_dir(at("empty")).expect("a folder");
    let activity =
        "activity_id,activity_type,activity_status,when_created\n1,2000,5000,2026-11-24 08:00:00\n";
    fs::write(at("exports/activity.csv"), activity).expect("a file");
    fs::write(at("exports/users.csv"), "user_id,user_name\n7,jdoe\n").expect("a file");
    fs::write(at("exports/old.sqlite"), "no export").expect("a file");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    for (given, files) in [("exports", 2), ("exports/*.csv", 2), ("exports/a*.csv", 1)] {
        let database = format!("{files}{}.sqlite", given.len());
        let (code, out, err) = run(&["import", given, "--db", &database]);
        assert_eq!(code, Some(0), "{given}: {err}");
        let said = format!("{files} of {files} file");
        assert!(out.contains(&said), "{given}: {out}");
    }
    for (given, message) in [
        (
            "empty",
            "error: the folder `empty` contains no export file\n hint: name the files, or the folder that they are \
             in\n",
        ),
        (
            "x*.csv",
            "error: no file matches `x*.csv`\n hint: check the folder; patterns do not search subfolders\n",
        ),
    ] {
        let (code, _, err) = run(&["analyze", given]);
        assert_eq!((code, &*err), (Some(4), message));
    }
}

#[test]
fn every_command_has_completions_and_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        text(&output.stdout).to_owned()
    };
    let pages = run(&["man", "pages"]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell]);
        assert!(script.contains("COMPLETE") && script.contains("chatdb"), "{shell}: {script}");
    }
    assert!(pages.lines().count() > 10, "{pages}");
    for page in pages.lines() {
        let manual = fs::read_to_string(folder.path().join(page)).expect("a page");
        assert!(manual.contains(".SH SYNOPSIS"), "{page}");
    }
}

/// What a shell is offered for the last word.
fn offered(words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .env("COMPLETE", "fish")
        .arg("--")
        .arg("chatdb")
        .args(words)
        .output()
        .expect("it runs");
    let lines = text(&output.stdout).lines();
    lines.filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
}

#[test]
fn a_shell_is_offered_the_names_that_fit() {
    assert_eq!(offered(&["replay", "services_"]), ["services_failure", "services_restored"]);
    assert_eq!(offered(&["analyze", "--only", "ghost"]), ["ghost_chats"]);
    assert!(
        offered(&["why", "services_failure/open"])
            .contains(&"services_failure/open_chats".to_owned())
    );
    assert!(offered(&["analyze", "--set", "quiet"]).contains(&"quiet_minutes=".to_owned()));
    assert!(
        offered(&["import", "--table", "egpl_casemgmt_a"])
            .contains(&"egpl_casemgmt_activity".to_owned())
    );
    assert!(offered(&["import", "--input-format", "ssms_c"]).contains(&"ssms_csv".to_owned()));
    assert_eq!(offered(&["replay", "--format", "mark"]), ["markdown"]);
    assert_eq!(offered(&["sql", "open_ch"]), ["open_chats"]);
    assert!(offered(&["ana"]).contains(&"analyze".to_owned()));
    assert!(offered(&["replay", "no_such_"]).is_empty());
}

#[test]
fn a_shell_is_offered_the_columns_of_the_files_on_the_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orders.csv");
    fs::write(&file, "order_no,colour\n1,red\n").expect("it is written");
    let file = file.to_str().expect("a name");
    assert_eq!(offered(&["diff", file, file, "--key", "ord"]), ["order_no"]);
    let database = folder.path().join("orders.sqlite");
    let database = database.to_str().expect("a name");
    let import = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(["import", file, "--table", "orders", "--db", database])
        .output()
        .expect("it runs");
    assert_eq!(import.status.code(), Some(0));
    let columns = offered(&["query", "SELECT 1", "--db", database, "--plain", "col"]);
    assert!(columns.contains(&"colour".to_owned()), "{columns:?}");
    // Without a file, the columns of the product.
    assert_eq!(
        offered(&["why", "services_failure/open_chats", "--column", "contact_point_d"]),
        ["contact_point_data"]
    );
}

/// Runs the program without a display, or with one and a browser that notes what it is given.
fn opening(folder: &Path, args: &[&str], browser: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatdb"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"] {
        command.env_remove(name);
    }
    if browser {
        command.env("DISPLAY", ":0").env("PATH", folder.join("bin"));
    }
    command.output().expect("the program starts")
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_is_opened_where_there_is_a_display_and_named_where_there_is_none() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = scratch();
    let here = folder.path();
    let script = here.join("bin/xdg-open");
    fs::create_dir(here.join("bin")).expect("a folder");
    let noted = here.join("opened");
    fs::write(&script, format!("#!/bin/sh\necho \"$1\" > {}\n", noted.display())).expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    let activity = "activity_id,activity_type,activity_status,activity_sub_status,when_modified\n\
                    1,2000,4000,4105,2026-11-24 09:00:00.000\n";
    fs::write(here.join("activity.csv"), activity).expect("a file");
    let cases: [(&[&str], &str); 4] = [
        (&["replay", "services_failure", "--open"], "chatdb-reports/services_failure.html"),
        (&["report", "--all", "--open"], "chatdb-reports/report.html"),
        (
            &["report", "services_failure", "--open", "--out", "own", "--force"],
            "own/services_failure.html",
        ),
        (&["analyze", "activity.csv", "--open"], "chatdb-reports/analysis.html"),
    ];
    for (args, page) in cases {
        let output = opening(here, args, false);
        let said = format!("note: no display is available; the page is in {page}\n");
        assert!(text(&output.stderr).ends_with(&said), "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        let written = fs::read_to_string(here.join(page)).expect("the page");
        assert!(written.ends_with("</html>\n"), "{page}");
        assert!(!noted.exists(), "{args:?}");

        let output = opening(here, args, true);
        let said = format!("note: the page is in {page} and has been opened in the browser\n");
        assert!(text(&output.stderr).ends_with(&said), "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        let mut opened = String::new();
        for _ in 0..1500 {
            opened = fs::read_to_string(&noted).unwrap_or_default();
            if !opened.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(Path::new(opened.trim_end()), here.join(page), "{args:?}");
        fs::remove_file(&noted).expect("it is there");
    }
    fs::remove_file(&script).expect("it is there");
    let output = opening(here, &["report", "services_failure", "--open"], true);
    assert!(text(&output.stderr).contains("cannot open the browser"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_page_that_is_opened_is_not_printed_as_well() {
    let folder = scratch();
    for args in [
        &["replay", "services_failure", "--open", "--format", "html"][..],
        &["replay", "services_failure", "--open", "--format", "html", "--db", "look.sqlite"],
    ] {
        let output = opening(folder.path(), args, false);
        assert_eq!(text(&output.stdout), "");
        assert_eq!(output.status.code(), Some(0));
    }
    assert!(folder.path().join("look.sqlite").exists());
    let plain = opening(folder.path(), &["replay", "services_failure", "--format", "json"], false);
    let args = ["replay", "services_failure", "--open", "--format", "json"];
    assert_eq!(opening(folder.path(), &args, false).stdout, plain.stdout);
}
