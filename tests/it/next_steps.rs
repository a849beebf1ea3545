//! What an analysis tells to do next, and one finding alone.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chatdb::command_line::CommandLine;

use crate::findings::{chatdb, file_with, text};

fn path(file: &tempfile::NamedTempFile) -> String {
    file.path().to_str().expect("plain").to_owned()
}

/// Types a command line into a shell, in which `chatdb` is the program.
fn typed_in(folder: &Path, command: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_chatdb");
    let line = format!("chatdb() {{ '{program}' \"$@\"; }}; {command}");
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", &line]).current_dir(folder);
    shell.stdin(Stdio::null()).output().expect("a shell")
}

fn typed(command: &str) -> Output {
    typed_in(Path::new("."), command)
}

#[test]
fn a_word_of_a_command_is_what_a_shell_takes_it_for() {
    let cases = [
        ("plain-word_1.csv", "plain-word_1.csv"),
        ("/exports/a,b@c+d:e=f", "/exports/a,b@c+d:e=f"),
        ("Müller.csv", "Müller.csv"),
        ("", "\"\""),
        ("my exports.db", "\"my exports.db\""),
        ("O'Brien", "\"O'Brien\""),
        ("~", "\"~\""),
        ("#copy", "\"#copy\""),
        ("a;b|c&d>e*f?(g)[h]{i}", "\"a;b|c&d>e*f?(g)[h]{i}\""),
        ("two\nlines", "\"two\nlines\""),
        (r"C:\exports\a.csv", r#""C:\exports\a.csv""#),
        (r"C:\exports\", r"'C:\exports\'"),
        (r"\\server\a.csv", r"'\\server\a.csv'"),
        ("100%", "\"100%\""),
        ("$HOME `id` \"x\" !!", "'$HOME `id` \"x\" !!'"),
        ("it's $5", r"'it'\''s $5'"),
    ];
    for (word, shown) in cases {
        let command = CommandLine::new("query").arg(word).option("--db", [word]);
        assert_eq!(command.to_string(), format!("chatdb query {shown} --db {shown}"));
        let line = format!("chatdb() {{ printf '<%s>' \"$@\"; }}; {command}");
        let output = Command::new("sh").args(["-c", &line]).output().expect("a shell");
        assert_eq!(text(&output.stdout), format!("<query><{word}><--db><{word}>"));
    }
    let none = CommandLine::new("simulate").option("--from", None::<&str>).flag("--all-orders");
    assert_eq!(none.args(["a b", "c"]).to_string(), "chatdb simulate --all-orders \"a b\" c");
}

/// A folder with an export and a query, under names that a shell takes apart.
fn awkward() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = "activity_id,activity_type,activity_status,subject\n1,2000,5000,a\n";
    fs::write(folder.path().join("an export $1.csv"), rows).expect("written");
    folder
}

/// The command in backticks that a text has after `before`.
fn command_after<'t>(text: &'t str, before: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once('`').expect("a command in backticks").0
}

#[test]
fn every_command_of_a_hint_works_where_names_have_blanks_and_signs() {
    let folder = awkward();
    let run = |line: &str| typed_in(folder.path(), line);
    assert!(run("chatdb new mine --in 'my labs'").status.success());
    let cases = [
        // What is typed, and what is before the command in the answer.
        ("chatdb import 'an export $1.csv' --header yes --db 'my exports.db'", "rejected\n`"),
        ("chatdb query 'UPDATE egpl_user SET user_name = 1' --db 'my exports.db'", "hint: `"),
        ("chatdb query 'UPDATE egpl_user SET user_name = 1' 'an export $1.csv'", "hint: `"),
        ("chatdb diff 'an export $1.csv' services_failure/open_chats", "hint: `"),
        ("chatdb query 'SELECT 1' 'my labs/mine'", "queries it, and `"),
        ("chatdb simulate --find 'session in progress' --scenarios 'my labs'", "for 1347\n`"),
        ("chatdb why mine --scenarios 'my labs'", "\n\n`"),
    ];
    for (typed, before) in cases {
        let output = run(typed);
        let said = text(&output.stdout) + &text(&output.stderr);
        let command = command_after(&said, before).replace("CHECK", "open_chats");
        let output = run(&command);
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "{command}: {}", text(&output.stderr));
    }
}

#[test]
fn every_next_step_is_a_command_that_shows_what_it_says_or_an_export_to_add() {
    let planted = file_with(&["ghosts", "hidden chats", "4105"]);
    let output = chatdb(&["analyze", "--db", &path(&planted), "--format", "json", "--include-pii"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let steps = report["analysis"]["next"].as_array().expect("a list");
    let (mut commands, mut exports) = (0, 0);
    for step in steps.iter().map(|step| step.as_str().expect("a sentence")) {
        let Some((command, sentence)) =
            step.strip_prefix('`').and_then(|rest| rest.split_once('`'))
        else {
            assert!(step.starts_with("add ") || step.starts_with("needed "), "{step}");
            exports += 1;
            continue;
        };
        let output = typed(command);
        let shown = text(&output.stdout);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", text(&output.stderr));
        if let Some(rows) = sentence.strip_prefix(" shows ").and_then(|rest| rest.split_once(':')) {
            let count = rows.0.split(' ').next().expect("a number");
            let is_number = count.parse::<u64>().is_ok();
            assert!(!is_number || shown.contains(rows.0), "{command}: {shown}");
        }
        commands += 1;
    }
    assert!(commands >= 3 && exports >= 1, "{steps:?}");
}

#[test]
fn one_finding_alone_is_written_as_its_table() {
    let planted = file_with(&["ghosts"]);
    let only = |format: &str, more: &[&str]| {
        let args =
            ["analyze", "--db", &path(&planted), "--only", "ghost_chats", "--format", format];
        let output = chatdb(&[&args, more].concat());
        assert_eq!(output.status.code(), Some(1));
        (text(&output.stdout), text(&output.stderr))
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("plain");
    let args = ["analyze", "--db", &path(&planted), "--only", "ghost_chats", "--out", out];
    assert_eq!(chatdb(&args).status.code(), Some(1));
    let beside = fs::read_to_string(folder.path().join("ghost_chats.csv")).expect("it is written");
    let (csv, said) = only("csv", &[]);
    assert_eq!(csv, beside);
    assert!(csv.starts_with("activity_id,"), "{csv}");
    assert!(!said.is_empty(), "its remarks are said beside it");
    let (tsv, _) = only("tsv", &[]);
    assert_eq!(tsv.lines().count(), csv.lines().count());
    assert!(tsv.starts_with("activity_id\t"), "{tsv}");
    let (lines, _) = only("jsonl", &[]);
    assert!(lines.starts_with("{\"finding\":\"ghost_chats\""), "{lines}");
    // Without remarks, the rows alone; with another finding, all cells in one shape.
    let (quiet, _) = only("table", &["-q"]);
    assert!(quiet.contains("activity_id") && !quiet.contains("== ghost_chats"), "{quiet}");
    let (both, _) = only("csv", &["--only", "hidden_chats"]);
    assert!(both.starts_with("finding,basis,verdict,row,"), "{both}");
}
