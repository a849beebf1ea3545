//! What the program says of a command line that it does not understand, and pages of help that fit a terminal.

use std::process::{Command, Output, Stdio};

fn chatdb(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

#[track_caller]
fn check(args: &[&str], expect: &str) {
    let output = chatdb(args);
    assert_eq!(String::from_utf8_lossy(&output.stderr), expect, "{args:?}");
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
}

#[test]
fn a_mistake_on_the_command_line_has_its_own_advice() {
    let cases: [(&[&str], &str); 14] = [
        (
            &["replya"],
            "error: no command is called `replya`\n hint: did you mean `chatdb replay`?\n",
        ),
        (
            &["zzz"],
            "error: no command is called `zzz`\n hint: `chatdb help` lists the commands\n",
        ),
        (
            &["help", "scenaro"],
            "error: no command or topic is called `scenaro`\n hint: did you mean `chatdb help scenarios`?\n",
        ),
        (
            &["list", "lab"],
            "error: `chatdb list` does not take `lab`\n hint: `chatdb help list` shows examples and options\n",
        ),
        (
            &["list", "--bogus"],
            "error: `chatdb list` has no option `--bogus`\n hint: `chatdb help list` shows examples and options\n",
        ),
        (
            &["replay", "--timelin"],
            "error: `chatdb replay` has no option `--timelin`\n hint: did you mean `--timeline`?\n",
        ),
        (
            &["report", "-o", "x.html"],
            "error: `chatdb report` has no option `-o`\n hint: `chatdb report` writes into a folder: `--out DIR`\n",
        ),
        (
            &["replay", "--format"],
            "error: `--format` needs a value: `--format <FORMAT>`\n \
             hint: `chatdb help replay` shows examples and options\n",
        ),
        (
            &["query", "--limit", "abc", "SELECT 1"],
            "error: `abc` is not a value of `--limit`: invalid digit found in string\n \
             hint: `chatdb help query` shows examples and options\n",
        ),
        (
            &["replay", "--color", "alway"],
            "error: `alway` is not a value of `--color`\n hint: did you mean `always`?\n",
        ),
        (
            &["replay", "--color", "7"],
            "error: `7` is not a value of `--color`\n hint: its values are auto, always, never\n",
        ),
        (
            &["diff", "a.csv"],
            "error: `chatdb diff` needs `<ACTUAL>`\n hint: `chatdb help diff` shows examples and options\n",
        ),
        (
            &["replay", "--all", "--all"],
            "error: `--all` is given twice\n hint: `chatdb help replay` shows examples and options\n",
        ),
        (
            &["query", "--db", "a", "--after", "b/10", "x"],
            "error: `--db` cannot be used with `--after`\n hint: `chatdb help query` shows examples and options\n",
        ),
    ];
    for (args, expect) in cases {
        check(args, expect);
    }
}

#[test]
fn a_mistake_on_the_command_line_is_json_where_errors_are() {
    for args in [
        &["--error-format", "json", "list", "--bogus"][..],
        &["list", "--bogus", "--error-format=json"],
    ] {
        let output = chatdb(args);
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON");
        assert_eq!(error["error"], "`chatdb list` has no option `--bogus`");
        assert_eq!(error["code"], "CHATDB-E200");
        assert_eq!(error["exit_code"], 2);
    }
}

/// Lines that a page of help may not break: examples, and words longer than half a line.
fn is_kept(line: &str) -> bool {
    line.starts_with("    ")
}

#[test]
fn pages_of_help_fit_eighty_columns() {
    let topics = chatdb(&["help", "zzz"]).stderr;
    let topics = String::from_utf8(topics).expect("text");
    let (_, topics) = topics.split_once("the topics are ").expect("a list");
    let (topics, _) = topics.split_once(';').expect("its end");
    assert!(topics.split(", ").count() > 10, "{topics}");
    for topic in topics.split(", ").filter(|topic| *topic != "causes") {
        let page = String::from_utf8(chatdb(&["help", topic]).stdout).expect("text");
        assert!(page.lines().count() > 5, "{topic}");
        for line in page.lines().filter(|line| !is_kept(line)) {
            assert!(line.chars().count() <= 80, "{topic}: {line}");
            assert!(!line.contains("]("), "{topic}: {line}");
        }
    }
}

#[test]
fn a_simulation_is_grouped_by_event_where_it_is_too_wide_for_a_table() {
    let events = ["+3:00 application stops", "+13:00 application starts"];
    let at = |width: &str| {
        let output = chatdb(&["simulate", events[0], events[1], "--width", width]);
        String::from_utf8(output.stdout).expect("text")
    };
    let narrow = at("80");
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 80),
        "{narrow}"
    );
    let heads: Vec<&str> = narrow
        .lines()
        .filter(|line| line.starts_with('+'))
        .collect();
    assert_eq!(
        heads,
        [
            "+00:03:00  application stops",
            "+00:03:30  (triangle)",
            "+00:06:00  (a few minutes, red square)",
            "+00:13:00  application starts",
        ]
    );
    // The same words as in the wide table, of which each line repeats the event.
    let words = |text: &str| {
        let words = text
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphabetic));
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        words.sort();
        words.dedup();
        words
    };
    let missing: Vec<String> = words(&at("200"))
        .into_iter()
        .filter(|word| {
            !words(&narrow).contains(word) && !["at", "because", "NULL"].contains(&word.as_str())
        })
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_new_scenario_may_be_named_by_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("labs/my_lab");
    let path = path.to_str().expect("text");
    let output = chatdb(&["new", path]);
    assert!(output.status.success(), "{output:?}");
    let next = String::from_utf8(output.stdout).expect("text");
    assert!(
        next.ends_with(&format!("next: chatdb replay {path}\n")),
        "{next}"
    );
    assert!(chatdb(&["replay", path]).status.success());
}

#[test]
fn a_step_or_a_check_that_is_not_there_is_named_with_those_that_are() {
    check(
        &["why", "services_failure/99/open_chats"],
        "error: `services_failure` has no step `99`\n hint: its steps are 10, 20, 30, 40, 50, 60\n",
    );
    check(
        &["why", "services_failure/open_chat"],
        "error: `services_failure` has no check `open_chat`\n hint: did you mean `services_failure/open_chats`?\n",
    );
}
