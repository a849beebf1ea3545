//! CSV by every command that writes it: what a spreadsheet would run as a formula, how many texts were changed for
//! that, and both ways to say it otherwise.

use std::fs;
use std::path::Path;

use crate::cli::chatdb;

/// A chat whose subject is a formula, and another with a telephone number and a hidden character.
const CHATS: &str =
    "activity_id,activity_status,subject\n1,5000,=1+1\n2,5000,+49 30 1234\n3,5000,a\u{200b}b\n";

const SAID: &str = "note: `'` was added before 1 text that a spreadsheet would run as a formula, hidden characters in \
 1 \
                    text are shown as visible symbols; `--raw` writes them unchanged\n";

const SUBJECTS: &str = "SELECT subject FROM egpl_casemgmt_activity ORDER BY activity_id";

/// Each command that writes rows of the exported file as CSV to standard output.
const WAYS: &[&[&str]] = &[
    &["query", SUBJECTS, "a.csv", "--format", "csv", "--include-pii"],
    &["query", SUBJECTS, "a.csv", "--format", "csv", "--include-pii", "--timeout", "9"],
    &["query", SUBJECTS, "--db", "a.sqlite", "--format", "csv", "--plain", "subject"],
    &["diff", "a.csv", "b.csv", "--key", "activity_id", "--format", "csv", "--include-pii"],
];

/// What a command writes to standard output and standard error.
fn run(folder: &Path, args: &[&str]) -> (String, String) {
    let output = chatdb(folder, args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.csv"), CHATS).expect("a file");
    fs::write(folder.path().join("b.csv"), CHATS.replace("5000", "9000")).expect("a file");
    run(folder.path(), &["import", "a.csv", "--db", "a.sqlite"]);
    folder
}

#[test]
fn what_is_changed_for_a_spreadsheet_is_counted_and_said_once() {
    let folder = folder();
    for way in WAYS {
        let (stdout, stderr) = run(folder.path(), way);
        assert!(stdout.contains("'=1+1"), "{way:?}: {stdout}");
        assert!(stdout.contains("+49 30 1234"), "{way:?}: {stdout}");
        let said: Vec<&str> = stderr.lines().filter(|line| line.contains("`--raw`")).collect();
        // A diff writes the expected text and the actual one.
        let is_diff = way[0] == "diff";
        let expected = match is_diff {
            true => SAID.replace("1 text", "2 texts"),
            false => SAID.to_owned(),
        };
        assert_eq!(said, [expected.trim_end()], "{way:?}: {stderr}");
    }
}

#[test]
fn raw_writes_every_text_unchanged_and_has_nothing_to_say() {
    let folder = folder();
    for way in WAYS {
        let (stdout, stderr) = run(folder.path(), &[way, &["--raw"][..]].concat());
        assert!(!stdout.contains('\''), "{way:?}: {stdout}");
        assert!(!stderr.contains("--raw"), "{way:?}: {stderr}");
        if way[0] == "query" {
            assert_eq!(stdout, "subject\n=1+1\n+49 30 1234\na\u{200b}b\n", "{way:?}");
        }
    }
}

#[test]
fn csv_for_a_spreadsheet_begins_with_a_mark() {
    let folder = folder();
    for way in WAYS {
        let (stdout, _) = run(folder.path(), &[way, &["--for-spreadsheet"][..]].concat());
        let text = stdout.strip_prefix('\u{feff}').expect("a byte order mark");
        assert!(!text.contains('\u{feff}'));
        assert_eq!(text, run(folder.path(), way).0, "{way:?}");
    }
}

#[test]
fn files_of_reports_are_written_by_the_same_rules() {
    let folder = folder();
    let analyze = ["analyze", "a.csv", "--include-pii", "--force", "--out", "out"];
    run(folder.path(), &analyze);
    let marked = |name: &str| {
        let bytes = fs::read(folder.path().join(name)).expect("a file");
        bytes.starts_with("\u{feff}".as_bytes())
    };
    assert!(!marked("out/analysis.csv") && !marked("out/unknown_codes.csv"));
    run(folder.path(), &[&analyze[..], &["--for-spreadsheet"]].concat());
    assert!(marked("out/analysis.csv") && marked("out/unknown_codes.csv"));
    assert!(!marked("out/analysis.md") && !marked("out/analysis.json"));
    let report = ["report", "services_failure", "--force", "--out", "out", "--for-spreadsheet"];
    run(folder.path(), &report);
    assert!(marked("out/services_failure.csv") && !marked("out/services_failure.md"));
}

#[test]
fn options_of_csv_are_refused_where_nothing_is_csv() {
    let folder = folder();
    let (stdout, stderr) = run(folder.path(), &["query", SUBJECTS, "a.csv", "--raw"]);
    assert_eq!(stdout, "");
    assert_eq!(
        stderr,
        "error: `--raw` applies to CSV output only\n hint: `--format csv --raw` writes CSV\n"
    );
    let args =
        ["report", "services_failure", "--format", "json", "--out", "out", "--for-spreadsheet"];
    let (_, stderr) = run(folder.path(), &args);
    assert!(stderr.starts_with("error: `--for-spreadsheet` applies to CSV"), "{stderr}");
}
