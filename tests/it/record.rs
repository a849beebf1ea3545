//! Expected tables by acceptance, and scenarios in words: what they make, and what is refused.

use std::fs;
use std::process::Output;

use chatdb::scenario::{Library, Scenario, expected_text};
use chatdb::table::{Cell, Column, Kind, ResultTable};
use tempfile::TempDir;

use crate::cli::chatdb;

const WORDS: &str = "title = \"Messaging fails over\"\ncontinues = \"baseline\"\n\
    [[step]]\nafter = \"1 minute\"\nhappens = [\"messaging stops\"]\n\
    [[step]]\nafter = \"00:00:30\"\nhappens = [\n  \"customer types 'Is anybody there?'\",\n  \
    \"agent types 'a | b \\\\ c'\",\n]\n  [[step.check]]\n  query = \"message_fate\"\n";

fn lab(toml: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("lab")).expect("a folder");
    fs::write(folder.path().join("lab/scenario.toml"), toml).expect("a scenario");
    folder
}

fn read(folder: &TempDir) -> Scenario {
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    let scenario = library.get("lab").unwrap_or_else(|error| panic!("{error}"));
    Scenario::clone(&scenario)
}

fn mistakes(toml: &str) -> String {
    let folder = lab(toml);
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    let problems = library.validate(&["lab".to_owned()]).to_string();
    problems.replace(&format!("{}/", folder.path().display()), "")
}

fn ends(folder: &TempDir, args: &[&str], code: i32) -> String {
    let output: Output = chatdb(folder.path(), args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}{errors}");
    text
}

fn table(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("lab/20_message_fate.md")).expect("a table")
}

#[test]
fn a_table_is_expected_once_somebody_has_accepted_it() {
    let folder = lab(WORDS);
    let replayed = ends(&folder, &["replay", "./lab"], 1);
    assert!(replayed.contains("== lab: pending"), "{replayed}");
    assert!(replayed.contains("scenarios     1 pending"), "{replayed}");
    ends(&folder, &["record", "lab", "--check"], 1);
    assert!(!folder.path().join("lab/20_message_fate.md").exists());
    ends(&folder, &["record", "lab"], 0);
    let recorded = table(&folder);
    assert!(recorded.starts_with("<!-- pending"), "{recorded}");
    assert!(ends(&folder, &["replay", "./lab"], 1).contains("1 pending"));
    ends(&folder, &["review", "lab", "--check"], 1);
    ends(&folder, &["record", "lab", "--check"], 1);
    assert_eq!(table(&folder), recorded, "`--check` writes nothing");
    ends(&folder, &["review", "lab"], 0);
    assert_eq!(table(&folder), recorded, "showing writes nothing");
    ends(&folder, &["review", "lab", "--reject", "message_fate"], 0);
    assert_eq!(table(&folder), "");
    ends(&folder, &["record", "lab"], 0);
    ends(&folder, &["review", "lab", "--accept", "lab/message_fate"], 0);
    assert!(table(&folder).starts_with("| author"));
    ends(&folder, &["replay", "./lab"], 0);
    ends(&folder, &["record", "lab", "--check"], 0);
    ends(&folder, &["review", "lab", "--accept", "message_fat"], 2);
    ends(&folder, &["record", "baseline"], 5);
}

#[test]
fn a_table_that_differs_is_replaced_only_when_it_is_accepted_and_not_documented() {
    let folder = lab(WORDS);
    ends(&folder, &["record", "lab"], 0);
    ends(&folder, &["review", "lab", "--accept-all"], 0);
    let right = table(&folder);
    let wrong = right.replace("lost ", "late ");
    let path = folder.path().join("lab/20_message_fate.md");
    fs::write(&path, &wrong).expect("a table");
    ends(&folder, &["record", "lab"], 0);
    assert_eq!(table(&folder), wrong, "recording leaves it alone");
    ends(&folder, &["review", "lab", "--reject", "message_fate"], 0);
    assert_eq!(table(&folder), wrong, "what is expected stays");
    ends(&folder, &["review", "lab", "--accept", "message_fate"], 0);
    assert_eq!(table(&folder), right);
    fs::write(&path, &wrong).expect("a table");
    let stated = format!("{WORDS}  expect = \"20_message_fate.md\"\n  stated = \"131\"\n")
        .replace("continues", "lines = \"131\"\ncontinues");
    fs::write(folder.path().join("lab/scenario.toml"), stated).expect("a scenario");
    for word in ["--accept", "--reject"] {
        ends(&folder, &["review", "lab", word, "message_fate"], 2);
    }
    let shown = ends(&folder, &["review", "lab", "--accept-all"], 1);
    assert!(shown.contains("lab/20_message_fate.md:"), "{shown}");
    assert!(shown.ends_with("1 check to edit by hand\n"), "{shown}");
    let recorded = ends(&folder, &["record", "lab"], 0);
    assert!(!recorded.contains("next:"), "review cannot help: {recorded}");
    assert_eq!(table(&folder), wrong, "the document has it");
    assert_eq!(
        mistakes(
            &format!("{WORDS}  stated = \"131\"\n")
                .replace("continues", "lines = \"131\"\ncontinues")
        ),
        "lab/scenario.toml:13:3: `stated` needs an expectation: `expect`, `rows` or `value`"
    );
}

#[test]
fn what_is_recorded_is_read_as_the_same_cells() {
    let awkward =
        ["", " ", "NULL", "a|b", "\\", "\\|", "\"", "\"a\"", "a\"b", "x ", "&amp;", "*", "`", "|"];
    let folder = lab(WORDS);
    for one in awkward {
        for other in awkward {
            let table = ResultTable {
                columns: vec![Column::new("a", Kind::Text), Column::new("b|c", Kind::Text)],
                rows: vec![
                    vec![Cell::Text(one.to_owned()), Cell::Text(other.to_owned())],
                    vec![Cell::Null, Cell::Integer(7)],
                ],
            };
            let text = expected_text(&table).expect("no line break");
            fs::write(folder.path().join("lab/20_message_fate.md"), text).expect("a table");
            let scenario = read(&folder);
            let chatdb::scenario::Expect::Table(read) = &scenario.steps[1].checks[0].expect else {
                panic!("a table");
            };
            assert_eq!(read.header, ["a", "b|c"]);
            let cells = |at: usize| -> Vec<(&str, bool)> {
                read.rows[at].cells.iter().map(|cell| (cell.text.as_str(), cell.quoted)).collect()
            };
            let texts: Vec<&str> = cells(0).iter().map(|(text, _)| *text).collect();
            assert_eq!(texts, [one, other]);
            assert_eq!(cells(0)[0].1, one == "NULL" || one.trim() != one || one.starts_with('"'));
            assert_eq!(cells(1), [("NULL", false), ("7", false)]);
        }
    }
    let broken = ResultTable {
        columns: vec![Column::new("a", Kind::Text)],
        rows: vec![vec![Cell::Text("a\nb".to_owned())]],
    };
    assert_eq!(expected_text(&broken), None);
}

#[test]
fn sentences_are_statements_on_their_own_lines() {
    let scenario = read(&lab(WORDS));
    let script = scenario.steps[1].script.as_ref().expect("a script");
    let lines: Vec<&str> = script.sql.lines().collect();
    assert!(script.file.ends_with("lab/scenario.toml"));
    assert!(lines[8].contains("Is anybody there?"), "{lines:?}");
    assert!(lines[9].contains("a | b"), "{lines:?}");
    let titles: Vec<&str> = scenario.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles[0], "Messaging stops");
    let ids: Vec<&str> = scenario.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["10", "20"]);
    assert_eq!(scenario.steps[1].at - scenario.steps[0].at, 30_000);
    let wrong = WORDS.replace("messaging stops", "mesaging stops");
    assert!(mistakes(&wrong).contains("lab/scenario.toml:5:12: "), "{}", mistakes(&wrong));
}

#[test]
fn a_step_is_repeated_for_each_value_and_each_order() {
    let scenario = read(&lab(
        "title = \"x\"\ncontinues = \"baseline\"\n[[step]]\nafter = \"1 minute\"\nhappens = [\"messaging stops\"]\n\
         [[step]]\nfor = { server = [\"application\", \"services\"], n = [1, 2, 3] }\nafter = \"{n} minutes\"\n\
         happens = [\"{server} stops\"]\n[[step]]\nfor = { order = { permutations = [\"messaging starts\", \"agent \
         logs out\", \"customer leaves\"] } }\nafter = \"1 hour\"\nevery = \"1 second\"\nhappens = [\"{order}\"]\n\
         [[step]]\nafter = \"1 minute\"\nreuse = \"messaging_failure/20\"\n",
    ));
    let start = scenario.steps[0].at;
    let cases: Vec<(&str, i64)> = scenario.steps[1..7]
        .iter()
        .map(|step| (step.id.as_str(), (step.at - start) / 60_000))
        .collect();
    let expected =
        [("20_1_1", 1), ("20_1_2", 2), ("20_1_3", 3), ("20_2_1", 1), ("20_2_2", 2), ("20_2_3", 3)];
    assert_eq!(cases, expected);
    let orders = &scenario.steps[7..25];
    assert_eq!(orders.len(), 6 * 3, "six orders of three");
    let mut seen: Vec<Vec<&str>> = orders
        .chunks(3)
        .map(|order| order.iter().map(|step| step.title.as_str()).collect())
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
    let branches = orders.iter().map(|step| step.branch.as_deref());
    assert_eq!(branches.filter(|branch| *branch == Some("30_1")).count(), 3);
    let last = &scenario.steps[25];
    assert_eq!(last.at - start, 60_000, "branches take no time");
    assert!(last.script.as_ref().is_some_and(|script| script.sql.contains("messaging")));
    let many = "title = \"x\"\ncontinues = \"baseline\"\n[[step]]\nafter = \"1 minute\"\ntitle = \"y\"\n\
        for = { a = [1,2,3,4,5,6,7,8,9,10,11], b = [1,2,3,4,5,6,7,8,9,10,11] }\n";
    assert!(mistakes(many).contains("more than 120 cases"), "{}", mistakes(many));
}

#[test]
fn reusing_and_naming_causes_twice_is_refused_where_it_cannot_be() {
    let with = |keys: &str| {
        mistakes(&format!(
            "title = \"x\"\ncontinues = \"baseline\"\n[[step]]\ntitle = \"y\"\n{keys}\n"
        ))
    };
    let cases = [
        ("after = \"1 minute\"\nreuse = \"baselin/10\"", "did you mean `baseline`?"),
        ("after = \"1 minute\"\nreuse = \"baseline/99\"", "`baseline` has no step `99`"),
        ("after = \"1 minute\"\nreuse = \"lab/10\"", "depends on this scenario"),
        ("after = \"1 minute\"\nreuse = \"10\"", "is not a step of another scenario"),
        ("after = \"soon\"", "expected hours, minutes and seconds"),
        ("after = \"1 minute\"\nat = \"+00:01:00\"", "either `at` or `after`"),
        (
            "after = \"1 minute\"\nhappens = [\"messaging stops\"]\nreuse = \"baseline/10\"",
            "either `happens` or `reuse`",
        ),
        ("after = \"1 minute\"\nevery = \"1 second\"", "between the events of `happens`"),
    ];
    for (keys, part) in cases {
        let found = with(keys);
        assert!(found.contains(part), "{keys}: {found}");
    }
}

const TWO: &str = "title = \"A\"\ncontinues = \"baseline\"\n\
    [[step]]\nafter = \"1 minute\"\nhappens = [\"application stops\"]\n\
    [[step.check]]\nquery = \"required_action\"\nderived = \"x\"\n\
    [[step.check]]\nquery = \"agent_title_bar\"\nderived = \"x\"\n";

#[test]
fn a_table_that_was_rejected_is_accepted_by_name_alone() {
    let folder = lab(TWO);
    let expected = |check: &str| {
        fs::read_to_string(folder.path().join(format!("lab/10_{check}.md"))).expect("a table")
    };
    ends(&folder, &["record", "lab"], 0);
    ends(&folder, &["review", "lab", "--reject", "required_action"], 0);
    ends(&folder, &["review", "lab", "--accept-all"], 0);
    assert_eq!(expected("required_action"), "", "it was rejected");
    assert!(!expected("agent_title_bar").contains("pending"));
    ends(&folder, &["record", "lab", "--check"], 1);
    ends(&folder, &["review", "lab", "--accept", "required_action"], 0);
    ends(&folder, &["record", "lab", "--check"], 0);
}

#[test]
fn lines_are_lines_of_the_document() {
    let toml = |lines: &str, stated: &str| {
        format!(
            "title = \"A\"\ncontinues = \"baseline\"\nlines = \"{lines}\"\n[[step]]\nafter = \"1 minute\"\n\
             happens = [\"messaging stops\"]\n[[step.check]]\nquery = \"required_action\"\nvalue = \"none\"\n\
             stated = \"{stated}\"\n"
        )
    };
    let found = mistakes(&toml("300-310", "305"));
    assert!(
        found.contains("lab/scenario.toml:3:9: line 310 is cited, but the document has 221 lines"),
        "{found}"
    );
    assert!(mistakes(&toml("220-222", "221")).contains("line 222 is cited"));
    let fine = mistakes(&toml("220-221", "221"));
    assert!(!fine.contains("is cited"), "{fine}");
}

const VALUE: &str = "title = \"A\"\ncontinues = \"baseline\"\n\
    [[step]]\nafter = \"1 minute\"\nhappens = [\"application stops\"]\n\
    [[step.check]]\nquery = \"required_action\"\nvalue = \"none\"\nderived = \"x\"\n\
    [[step.check]]\nquery = \"agent_title_bar\"\nrows = 7\nderived = \"x\"\n";

#[test]
fn a_check_that_no_table_could_mend_is_not_passed_over() {
    let folder = lab(VALUE);
    for command in [
        &["review", "lab"][..],
        &["review", "lab", "--check"],
        &["record", "lab"],
        &["record", "lab", "--check"],
    ] {
        let text = ends(&folder, command, 1);
        for check in ["lab/required_action", "lab/agent_title_bar"] {
            assert!(text.contains(&format!("fails     {check}")), "{command:?}: {text}");
        }
        assert!(
            text.contains("`chatdb replay ./lab` shows where") || text.contains("shows where"),
            "{text}"
        );
        assert!(
            !text.contains("nothing to review") && !text.contains("every check has its"),
            "{text}"
        );
    }
    let fine = VALUE.replace("\"none\"", "\"log in again\"").replace("rows = 7", "rows = 0");
    let folder = lab(&fine);
    assert_eq!(ends(&folder, &["review", "lab"], 0), "nothing to review\n");
    assert_eq!(
        ends(&folder, &["record", "lab", "--check"], 0),
        "every check has its expected table\n"
    );
}

#[test]
fn the_checks_of_record_and_review_are_reported_in_every_format() {
    let folder = lab(TWO);
    ends(&folder, &["record", "lab"], 0);
    ends(&folder, &["review", "lab", "--accept", "required_action"], 0);
    for command in ["record", "review"] {
        let xml = ends(&folder, &[command, "lab", "--check", "--format", "junit"], 1);
        assert!(xml.contains("tests=\"3\"") && xml.contains("failures=\"1\""), "{xml}");
        let failed =
            xml.split("<testcase").find(|case| case.contains("<failure")).expect("one fails");
        assert!(failed.contains("name=\"agent_title_bar\""), "{xml}");
        let json = ends(&folder, &[command, "lab", "--check", "--format", "json"], 1);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["runs"][0]["steps"][0]["checks"][1]["verdict"], "pending", "{json}");
        ends(&folder, &[command, "lab", "--check", "-o", "checks.xml", "--format", "junit"], 1);
        let written = fs::read_to_string(folder.path().join("checks.xml")).expect("it is written");
        assert_eq!(written, xml);
        fs::remove_file(folder.path().join("checks.xml")).expect("it is there");
        ends(&folder, &[command, "lab", "--format", "junit"], 2);
    }
    ends(&folder, &["review", "lab", "--accept-all"], 0);
    let xml = ends(&folder, &["review", "lab", "--check", "--format", "junit"], 0);
    assert!(xml.contains("failures=\"0\""), "{xml}");
}

#[test]
fn validate_names_the_checks_that_wait_for_a_table_and_the_command_that_makes_one() {
    let folder = lab(TWO);
    let text = ends(&folder, &["validate", "lab"], 0);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains(
            "2 checks have no accepted expected table (required_action, agent_title_bar): `chatdb record lab` writes \
             it, `chatdb review lab` accepts it"
        ),
        "{text}"
    );
    ends(&folder, &["record", "lab"], 0);
    ends(&folder, &["review", "lab", "--accept", "agent_title_bar"], 0);
    let json = ends(&folder, &["validate", "lab", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["validated"][0]["pending"], serde_json::json!(["required_action"]));
    ends(&folder, &["review", "lab", "--accept-all"], 0);
    assert!(!ends(&folder, &["validate", "lab"], 0).contains("record"));
}

#[test]
fn a_scenario_is_no_export_and_the_way_to_its_rows_is_named() {
    let folder = lab(TWO);
    let says = |args: &[&str]| {
        let output = chatdb(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (args, name) in [
        (&["query", "open_chats", "lab"][..], "lab"),
        (&["query", "SELECT 1", "services_failure"], "services_failure"),
        (&["query", "SELECT 1", "services_failure/20"], "services_failure/20"),
        (&["analyze", "lab"], "lab"),
        (&["import", "services_failure", "--db", "x.sqlite"], "services_failure"),
    ] {
        let said = says(args);
        assert!(
            said.contains(&format!("`{name}` is a scenario, not an export")),
            "{args:?}: {said}"
        );
        assert!(said.contains(&format!("`chatdb query SQL --after {name}`")), "{args:?}: {said}");
    }
    // The hint works as it is typed.
    let sql = "SELECT count(*) AS n FROM egpl_user";
    for name in ["lab", "services_failure", "services_failure/20"] {
        ends(&folder, &["query", sql, "--after", name], 0);
    }
    // A file of that name is a file.
    fs::write(folder.path().join("services_failure"), "a,b\n1,2\n").expect("a file");
    ends(&folder, &["query", "SELECT a FROM t", "services_failure", "--table", "t"], 0);
}
