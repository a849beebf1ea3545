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

/// A format that the help lists is written, and one that it does not list is refused.
#[test]
fn the_help_lists_the_formats_that_a_command_writes() {
    let commands: [&[&str]; 8] = [
        &["list"],
        &["rules"],
        &["coverage"],
        &["findings"],
        &["config"],
        &["replay", "baseline"],
        &["validate", "seeds/baseline", "--replace-built-in"],
        &["simulate", "+1:00 application stops"],
    ];
    for command in commands {
        let help = chatdb(&[command[0], "--help"]);
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let help = help.split("Output format: ").nth(1).and_then(|text| text.split('(').next());
        let words: Vec<&str> = help
            .expect("its formats")
            .split([' ', ',', '\n'])
            .filter(|word| *word != "or")
            .collect();
        for format in ["csv", "html", "svg", "json", "junit"] {
            let written =
                chatdb(&[command, &["--format", format]].concat()).status.code() != Some(2);
            assert_eq!(written, words.contains(&format), "{command:?} --format {format}");
        }
    }
}

#[test]
fn what_is_separated_by_commas_is_several() {
    let folder = tempfile::tempdir().expect("a folder");
    let queues = folder.path().join("queues.csv");
    std::fs::write(&queues, "queue_id,queue_name,queue_state,department_id\n1,a,1,1\n")
        .expect("a file");
    let queues = queues.to_str().expect("a path");
    let output = chatdb(&["analyze", queues, "--only", "ghost_chats,no_such"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("there is no finding `no_such`"), "{errors}");
}

#[test]
fn a_mistake_on_the_command_line_has_its_own_advice() {
    let cases: [(&[&str], &str); 15] = [
        (
            &["replay", "services_failure/20"],
            "error: `services_failure/20` is not a scenario folder: it has no `scenario.toml`\n \
             hint: `chatdb replay services_failure --until 20` runs the scenario up to a step\n",
        ),
        (
            &["replya"],
            "error: no command is called `replya`\n hint: did you mean `chatdb replay`?\n",
        ),
        (&["zzz"], "error: no command is called `zzz`\n hint: `chatdb help` lists the commands\n"),
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
            "error: invalid value `abc` for `--limit`: invalid digit found in string\n \
             hint: `chatdb help query` shows examples and options\n",
        ),
        (
            &["replay", "--color", "alway"],
            "error: invalid value `alway` for `--color`\n hint: did you mean `always`?\n",
        ),
        (
            &["replay", "--color", "7"],
            "error: invalid value `7` for `--color`\n hint: valid values: auto, always, never\n",
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
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    let heads: Vec<&str> = narrow.lines().filter(|line| line.starts_with('+')).collect();
    assert_eq!(
        heads,
        [
            "+00:03:00  application stops",
            "+00:03:30  (triangle)",
            "+00:06:00  (red square)",
            "+00:06:00  (a few minutes)",
            "+00:13:00  application starts",
        ]
    );
    // The same words as in the wide table, of which each line repeats the event.
    let words = |text: &str| {
        let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
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
    assert!(next.ends_with(&format!("next: chatdb replay {path}\n")), "{next}");
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

#[test]
fn a_name_that_there_is_not_is_named_with_what_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.csv"), "a\n1\n").expect("a file");
    let formats = " hint: `chatdb help exports` lists the formats\n";
    for (args, expect) in [
        (
            "record nodir",
            "no such folder: `nodir`\n hint: `chatdb new nodir` creates a scenario folder\n",
        ),
        (
            "review nodir",
            "no such folder: `nodir`\n hint: `chatdb new nodir` creates a scenario folder\n",
        ),
        ("record NoDir", "no such folder: `NoDir`\n"),
        (
            "completions tcsh",
            "invalid value `tcsh` for `<SHELL>`\n hint: valid values: bash, elvish, fish, powershell, zsh\n",
        ),
        ("explain E999", "unknown code `E999`\n hint: `chatdb explain` lists the codes\n"),
        (
            "explain chatdb-i999",
            "unknown code `chatdb-i999`\n hint: `chatdb explain` lists the codes\n",
        ),
        (
            "simulate --from nope",
            "unknown scenario `nope`\n hint: `chatdb list` lists the scenarios\n",
        ),
        (
            "simulate --from baselin --never phantom",
            "unknown scenario `baselin`\n hint: did you mean `baseline`?\n",
        ),
        (
            "replay services_failure --set foo=1",
            "`services_failure` has no parameter `foo`\n hint: its parameters are activity_id, agent_id, agent_name, \
             customer_email, queue_name, application_host, email_id, waiting_id\n",
        ),
        (
            "sql chat_by_id --set foo=1",
            "`chat_by_id` has no parameter `foo`\n hint: its parameters are activity_id\n",
        ),
        (
            "sql open_chats --set foo=1",
            "`open_chats` has no parameter `foo`\n hint: it has no parameters: omit the option\n",
        ),
        (
            "diff t.csv t.csv --set nonsense=1",
            "`t.csv` is not a check of a scenario, so `--set` does not apply\n hint: name a check of a scenario as \
             SCENARIO/CHECK\n",
        ),
        (
            "diff t.csv t.csv --input-format nonsense",
            &format!("unknown input format `nonsense`\n{formats}"),
        ),
        (
            "diff t.csv t.csv --encoding nonsense",
            "unknown encoding `nonsense`\n hint: for example utf-8, utf-16le, windows-1252 or cp850\n",
        ),
        (
            "replay services_failure --db nodir/x.sqlite",
            "cannot write `nodir/x.sqlite`: its folder does not exist\n",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(args.split(' '))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(error, format!("error: {expect}"), "{args}");
        assert!(matches!(output.status.code(), Some(2 | 4)), "{args}");
    }
}

#[test]
fn a_folder_to_validate_that_there_is_not_is_a_mistake() {
    let output = chatdb(&["validate", "nodir"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "nodir: no such folder: `nodir`\n hint: `chatdb new nodir` creates a scenario folder\n1 mistake\n"
    );
    assert_eq!(output.status.code(), Some(2));
}

/// The text of a file of the repository.
fn read(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn an_input_format_that_help_gives_as_an_example_exists() {
    let help = read("docs/cli.md");
    let words: Vec<&str> = help.split_whitespace().collect();
    let help = words.join(" ");
    let examples = help.split("--input-format <FORMAT> ").skip(1);
    let examples: Vec<&str> = examples
        .filter_map(|help| {
            help.split(" --").next()?.split_once("e.g. ")?.1.split([' ', ',']).next()
        })
        .collect();
    assert!(!examples.is_empty());
    for example in examples {
        assert!(chatdb::import::format::by_id(example).is_some(), "{example}");
    }
}

#[test]
fn every_format_is_counted_and_named_where_formats_are() {
    let count = chatdb::import::format::IMPORT_FORMATS.len();
    for (page, said) in [("README.md", "Reads"), ("CHANGELOG.md", "reads")] {
        assert!(read(page).contains(&format!("{said} {count} export formats")), "{page}: {count}");
    }
    let output = read("docs/output.md");
    for format in chatdb::render::FORMATS {
        assert!(output.contains(&format!("| `{}`", format.name)), "{}", format.name);
    }
}

#[test]
fn a_list_shows_its_first_columns_at_any_width() {
    for command in ["list", "findings", "rules"] {
        let csv = chatdb(&[command, "--format", "csv"]).stdout;
        let csv = String::from_utf8(csv).expect("text");
        let header: Vec<&str> = csv.lines().next().expect("a header").split(',').collect();
        for width in (80..300).step_by(20) {
            let shown = chatdb(&[command, "--width", &width.to_string(), "--color", "never"]);
            let shown = String::from_utf8(shown.stdout).expect("text");
            let first = shown.lines().find(|line| line.starts_with(header[0])).expect("a header");
            let names: Vec<&str> = first.split_whitespace().collect();
            assert!(names.contains(&header[1]), "{command} at {width}: {first}");
            assert!(!shown.contains("\"\""), "{command} at {width}: an empty text");
        }
    }
}

#[test]
fn pages_of_help_do_not_break_code_in_tables() {
    let pages = ["exports", "findings", "model", "outage", "output", "privacy", "settings", "tsql"];
    let mut seen = 0;
    for topic in pages {
        let page = read(&format!("docs/{topic}.md"));
        let shown = String::from_utf8(chatdb(&["help", topic]).stdout).expect("text");
        for row in page.lines().filter(|line| line.starts_with('|')) {
            let codes = row.split('`').skip(1).step_by(2);
            for code in codes.filter(|code| !code.contains([' ', '|']) && code.len() <= 52) {
                assert!(shown.contains(code), "{topic}: {code}");
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn help_of_exit_codes_has_them_at_its_beginning() {
    let page = String::from_utf8(chatdb(&["help", "exit-codes"]).stdout).expect("text");
    assert!(page.starts_with("EXIT CODES\n"), "{page}");
    assert!(page.lines().take(6).any(|line| line.contains(" 0 ")), "{page}");
    assert!(!page.contains("TSV"), "{page}");
}

#[test]
fn a_command_with_a_page_names_it() {
    for (command, topic) in [("diff", "comparing"), ("replay", "explaining"), ("analyze", "outage")]
    {
        let help = String::from_utf8(chatdb(&[command, "--help"]).stdout).expect("text");
        assert!(help.ends_with(&format!("More: `chatdb help {topic}`\n")), "{help}");
        let page = String::from_utf8(chatdb(&["help", topic]).stdout).expect("text");
        assert!(page.lines().count() > 20, "{topic}");
    }
}

#[test]
fn a_row_that_never_is_has_nothing_that_determines_it() {
    let shown = |row: &str| {
        let output = chatdb(&["why", "services_failure/open_chats", "--row", row]);
        String::from_utf8(output.stdout).expect("text")
    };
    let never = "no row has this value, whichever cause or rule is left out; \
                 `chatdb replay services_failure` shows the rows";
    assert!(shown("activity_id=99").contains(never));
    assert!(!shown("activity_id=1347").contains("no row has this value"));
}
