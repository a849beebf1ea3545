//! `-o`, `-q` and `-v`: one meaning in every command that prints a record.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_chatdb");

const ROWS: &str = "\
activity_id,activity_type,activity_sub_type,activity_status,activity_sub_status,queue_id,assigned_to,when_modified
88101,2000,2001,9000,9100,12,1007,2026-11-24 08:31:40.503
88120,2000,2001,5000,5900,12,1007,2026-11-21 08:52:02.413
";

/// A call of each command that prints a record.
const CALLS: [&[&str]; 17] = [
    &["list"],
    &["show", "services_failure"],
    &["replay", "services_failure"],
    &["diff", "a.csv", "b.csv"],
    &["query", "SELECT activity_id, queue_id FROM egpl_casemgmt_activity", "a.csv"],
    &["import", "a.csv", "--db", "copy.sqlite", "--exported-at", "2026-11-24 10:00:00"],
    &["analyze", "a.csv", "--exported-at", "2026-11-24 10:00:00"],
    &["findings"],
    &["validate", "lab"],
    &["record", "lab", "--check"],
    &["review", "lab", "--check"],
    &["coverage"],
    &["rules"],
    &["why", "services_failure/open_chats"],
    &["simulate", "+3:00 application stops"],
    &["explain"],
    &["config"],
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.csv"), ROWS).expect("a file");
    fs::write(folder.path().join("b.csv"), ROWS.replace("9100", "9200")).expect("a file");
    assert!(chatdb(folder.path(), &["new", "lab"]).status.success());
    folder
}

fn chatdb(folder: &Path, words: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(words)
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env_remove("COLUMNS")
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Runs a call with more words, in a folder of its own: an import finds no database of one before.
fn run(call: &[&str], more: &[&str]) -> (tempfile::TempDir, Output) {
    let folder = folder();
    let output = chatdb(folder.path(), &[call, more].concat());
    (folder, output)
}

#[test]
fn the_calls_are_of_every_command_that_prints_a_record() {
    let folder = folder();
    let help = text(&chatdb(folder.path(), &["--help"]).stdout);
    let (_, list) = help.split_once("Commands:\n").expect("a list");
    let (list, _) = list.split_once("\n\n").expect("an end");
    let names = list
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next());
    let prints = |name: &&str| {
        let help = text(&chatdb(folder.path(), &[name, "--help"]).stdout);
        help.contains("--format <FORMAT>")
    };
    let mut printing: Vec<&str> = names.filter(|name| *name != "help").filter(prints).collect();
    let mut called: Vec<&str> = CALLS.iter().map(|call| call[0]).collect();
    printing.sort_unstable();
    called.sort_unstable();
    assert_eq!(printing, called);
}

#[test]
fn a_file_has_what_standard_output_would_have() {
    for call in CALLS {
        for format in ["csv", "json", "table"] {
            let (other, plain) = run(call, &["--format", format, "--width", "2000"]);
            let more = ["--format", format, "--width", "2000", "-o", "out.txt"];
            let (folder, written) = run(call, &more);
            let file = fs::read(folder.path().join("out.txt")).expect("the file");
            // Some say where their files are.
            let shown = |bytes: &[u8], folder: &Path| {
                text(bytes).replace(&folder.display().to_string(), "FOLDER")
            };
            let plain_text = shown(&plain.stdout, other.path());
            assert!(!plain_text.is_empty(), "{call:?} in {format}");
            assert_eq!(shown(&file, folder.path()), plain_text, "{call:?} in {format}");
            assert_eq!(text(&written.stdout), "", "{call:?}");
            assert_eq!(written.status.code(), plain.status.code(), "{call:?}");
        }
    }
}

#[test]
fn an_existing_file_is_kept_unless_it_may_be_replaced() {
    for call in CALLS {
        let folder = folder();
        let path = folder.path().join("out.csv");
        fs::write(&path, "mine").expect("a file");
        let kept = chatdb(folder.path(), &[call, &["-o", "out.csv"]].concat());
        assert_eq!(kept.status.code(), Some(5), "{call:?}: {}", text(&kept.stderr));
        let error = text(&kept.stderr);
        assert!(error.contains("`out.csv` exists and was not replaced"), "{call:?}: {error}");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "mine");
        assert!(!folder.path().join("copy.sqlite").exists(), "nothing else was done before");
        let replaced = chatdb(folder.path(), &[call, &["-o", "out.csv", "--force"]].concat());
        assert!(matches!(replaced.status.code(), Some(0 | 1)), "{call:?}");
        let file = fs::read_to_string(&path).expect("a file");
        // The extension names the format.
        let header = file.lines().next().unwrap_or_default();
        assert!(header.contains(',') && !header.contains(" | "), "{call:?}: {file}");
    }
}

#[test]
fn every_command_writes_every_format() {
    for call in CALLS {
        for format in ["tsv", "jsonl", "xlsx", "markdown", "html"] {
            let (folder, output) = run(call, &["--format", format, "-o", "out"]);
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 1)), "{call:?}: {}", text(&output.stderr));
            let file = fs::read(folder.path().join("out")).expect("the file");
            match format {
                "xlsx" => assert!(!crate::formats::sheets(&file).is_empty(), "{call:?}"),
                "jsonl" => text(&file).lines().for_each(|line| {
                    serde_json::from_str::<serde_json::Value>(line).expect("JSON");
                }),
                _ => assert!(!file.is_empty(), "{call:?} in {format}"),
            }
        }
    }
}

#[test]
fn every_json_that_a_command_prints_keeps_to_the_schema() {
    for call in CALLS {
        let (_, output) = run(call, &["--format", "json"]);
        crate::formats::keeps_to_the_schema(&text(&output.stdout));
    }
}

#[test]
fn quiet_is_the_answer_alone_and_verbose_is_everything() {
    for call in CALLS {
        let lines = |more: &[&str]| {
            let (_, output) = run(call, &[&["--width", "90"], more].concat());
            assert!(matches!(output.status.code(), Some(0 | 1)), "{call:?}");
            (text(&output.stdout), text(&output.stderr))
        };
        let ((quiet, noted), (plain, _), (verbose, _)) =
            (lines(&["-q"]), lines(&[]), lines(&["-v"]));
        assert_eq!(noted, "", "{call:?}");
        assert!(quiet.len() <= plain.len(), "{call:?}:\n{quiet}\n{plain}");
        assert!(verbose.len() >= plain.len(), "{call:?}:\n{plain}\n{verbose}");
        // What a check says in a sentence has no more to it.
        if !call.contains(&"--check") {
            assert_ne!(quiet, verbose, "{call:?}");
        }
        let (_, both) = run(call, &["-q", "-v"]);
        assert_eq!(both.status.code(), Some(2), "{call:?}");
    }
}

#[test]
fn csv_for_a_spreadsheet_begins_with_a_byte_order_mark() {
    let (_, plain) = run(&["findings"], &["--format", "csv"]);
    let (_, marked) = run(&["findings"], &["--format", "csv", "--for-spreadsheet"]);
    assert_eq!(marked.stdout, [b"\xef\xbb\xbf", plain.stdout.as_slice()].concat());
    let (folder, _) = run(&["analyze", "a.csv"], &["--out", "report", "--for-spreadsheet", "-q"]);
    for name in ["analysis.csv", "ghost_chats.csv"] {
        let file = fs::read(folder.path().join("report").join(name)).expect("a file");
        assert!(file.starts_with(b"\xef\xbb\xbf"), "{name}");
    }
    let json = fs::read(folder.path().join("report/analysis.json")).expect("a file");
    assert!(json.starts_with(b"{"));
    let (_, refused) = run(&["findings"], &["--format", "json", "--for-spreadsheet"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_schema_is_printed() {
    let folder = folder();
    let printed = chatdb(folder.path(), &["schema"]);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/schema/report.json");
    assert_eq!(text(&printed.stdout), fs::read_to_string(kept).expect("a file"));
}
