//! What an analysis tells to do next, and one finding alone.

use std::fs;
use std::process::Output;

use crate::findings::{chatdb, file_with, text};

fn path(file: &tempfile::NamedTempFile) -> String {
    file.path().to_str().expect("plain").to_owned()
}

/// Types a command line as a shell would split it, without the program's name.
fn typed(command: &str) -> Output {
    let mut words: Vec<String> = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().expect("it has one").push(c),
        }
    }
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    chatdb(&words)
}

#[test]
fn every_next_step_is_a_command_that_shows_what_it_says_or_an_export_to_add() {
    let planted = file_with(&["ghosts", "hidden chats", "4105"]);
    let output = chatdb(&[
        "analyze",
        "--db",
        &path(&planted),
        "--format",
        "json",
        "--include-pii",
    ]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let steps = report["analysis"]["next"].as_array().expect("a list");
    let (mut commands, mut exports) = (0, 0);
    for step in steps.iter().map(|step| step.as_str().expect("a sentence")) {
        let Some((command, sentence)) =
            step.strip_prefix('`').and_then(|rest| rest.split_once('`'))
        else {
            assert!(
                step.starts_with("add ") || step.starts_with("needed "),
                "{step}"
            );
            exports += 1;
            continue;
        };
        let output = typed(command);
        let shown = text(&output.stdout);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{command}: {}",
            text(&output.stderr)
        );
        if let Some(rows) = sentence
            .strip_prefix(" shows ")
            .and_then(|rest| rest.split_once(':'))
        {
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
        let args = [
            "analyze",
            "--db",
            &path(&planted),
            "--only",
            "ghost_chats",
            "--format",
            format,
        ];
        let output = chatdb(&[&args, more].concat());
        assert_eq!(output.status.code(), Some(1));
        (text(&output.stdout), text(&output.stderr))
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("plain");
    let args = [
        "analyze",
        "--db",
        &path(&planted),
        "--only",
        "ghost_chats",
        "--out",
        out,
    ];
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
    assert!(
        quiet.contains("activity_id") && !quiet.contains("== ghost_chats"),
        "{quiet}"
    );
    let (both, _) = only("csv", &["--only", "hidden_chats"]);
    assert!(both.starts_with("finding,basis,verdict,row,"), "{both}");
}
