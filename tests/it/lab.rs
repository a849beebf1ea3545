//! A lab of one's own: its rules and times, its document, and what its rows tell.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use chatdb::causes::parse_event;
use chatdb::replay::simulate::{self, Simulation};
use chatdb::replay::why::Experiment;
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{CheckVerdict, RestsOn};
use chatdb::scenario::{Library, lab_rules};
use chatdb::signature;
use chatdb::store::{Budget, Store};
use tempfile::TempDir;

use crate::cli::chatdb;
use crate::honesty::{library, ten};

const LAB: &str = r#"[times]
"a few minutes" = "15 minutes"

[document]
file  = "runbook.md"

[[observation]]
id    = "RB1"
lines = "3"
says  = "After ten minutes the customer is asked to start another chat."

[[observation]]
id    = "RB2"
lines = "4"
says  = "What is typed meanwhile never arrives."
"#;

const RUNBOOK: &str = "# Runbook\n\nWithin 15 minutes the customer is told: start another chat\n\
    What is typed meanwhile never arrives.\n";

const SLOW: &str = r#"title     = "The Application server is away for ten minutes"
continues = "baseline"

[[step]]
after   = "1 minute"
happens = ["application stops"]

[[step]]
after   = "10 minutes"
happens = ["application starts"]

  [[step.check]]
  query    = "customer_notices"
  printed  = "3"
  value    = "start another chat"
  observes = ["RB1"]

  [[step.check]]
  query   = "open_chats"
  rows    = 1
  derived = "nobody has completed it"
"#;

/// A folder of scenarios with these files, each by its path in it.
fn lab(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn slow() -> TempDir {
    lab(&[("lab/lab.toml", LAB), ("lab/runbook.md", RUNBOOK), ("lab/slow/scenario.toml", SLOW)])
}

fn ends(folder: &Path, args: &[&str], code: i32) -> String {
    let output: Output = chatdb(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}{errors}");
    text + &errors
}

fn mistakes(files: &[(&str, &str)]) -> String {
    let folder = lab(files);
    let library = Library::new(vec![folder.path().join("lab")]).expect("a library");
    let problems = library.validate(&["slow".to_owned()]).to_string();
    problems.replace(&format!("{}/", folder.path().join("lab").display()), "")
}

#[test]
fn a_time_of_the_lab_changes_the_outcome_and_the_label_says_so() {
    let folder = slow();
    let path = folder.path().join("lab/slow").display().to_string();
    let play = |without: &[&str]| {
        let options = ReplayOptions {
            without: without.iter().map(|name| (*name).to_owned()).collect(),
            ..ReplayOptions::default()
        };
        let (report, _) = replay::replay(&library(), std::slice::from_ref(&path), &options)
            .expect("it is played");
        let checks = report.runs[0].steps.iter().flat_map(|step| &step.checks);
        checks.cloned().collect::<Vec<_>>()
    };
    let checks = play(&[]);
    assert_eq!(checks[0].verdict, CheckVerdict::Matches);
    assert_eq!(checks[0].rests_on, RestsOn::LabRule);
    assert_eq!(checks[0].lab_rules, ["a few minutes"]);
    // What the lab's time does not decide is not claimed to rest on it, nor on anything else that was not sought.
    assert_eq!(checks[1].verdict, CheckVerdict::Matches);
    assert_eq!(checks[1].rests_on, RestsOn::NotDetermined);
    let built_in = play(&["a few minutes"]);
    assert_eq!(built_in[0].verdict, CheckVerdict::Differs);
    assert_eq!(built_in[0].rests_on, RestsOn::NotDetermined);
}

#[test]
fn a_rule_of_a_scenario_goes_over_that_of_its_lab() {
    let rule = "[rules]\n\"keep the session / application\" = \"not needed\"\n";
    let own = "[rules]\n\"keep the session / application\" = \"needed; never back for that chat\"\n\
        \"exchange messages / application\" = \"needed; back at once\"\n";
    let head = "title = \"A\"\ncontinues = \"baseline\"\n";
    let step = "[[step]]\nafter = \"1 minute\"\nhappens = [\"application stops\"]\n";
    let folder = lab(&[
        ("lab.toml", rule),
        ("one/scenario.toml", &format!("{head}{step}")),
        ("two/scenario.toml", &format!("{head}{own}{step}")),
        ("three/scenario.toml", "title = \"C\"\ncontinues = \"two\"\n"),
    ]);
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    let names = |name: &str| -> Vec<String> {
        let rules = lab_rules(&library.chain(name).expect("it is valid"));
        rules.into_iter().map(|rule| rule.rule).collect()
    };
    assert_eq!(names("one"), ["keep the session / application"]);
    // What says the same as the built-in rule is no rule of the lab.
    assert_eq!(names("two"), ["exchange messages / application"]);
    assert_eq!(names("three"), ["exchange messages / application"]);
}

#[test]
fn built_in_scenarios_know_no_lab() {
    let folder = slow();
    let with = Library::new(vec![folder.path().join("lab")]).expect("a library");
    let names = ten();
    let play = |library: &Library| {
        let played = replay::replay(library, &names, &ReplayOptions::default());
        played.expect("they are played").0
    };
    assert_eq!(play(&with), play(&library()));
}

#[test]
fn every_command_shows_the_rules_of_the_lab() {
    let folder = slow();
    let at = folder.path();
    let replayed = ends(at, &["replay", "lab/slow"], 0);
    assert!(replayed.contains("depends on a lab rule: `a few minutes`"), "{replayed}");
    assert!(
        replayed.contains("not yet known what 1 check depends on: `chatdb why lab/slow` finds out"),
        "{replayed}"
    );
    let listed = ends(at, &["why", "lab/slow", "--format", "csv"], 0);
    assert!(listed.contains("20,customer_notices,lab rule,a few minutes"), "{listed}");
    assert!(listed.contains("20,open_chats,documented,"), "{listed}");
    let why = ends(at, &["why", "lab/slow/customer_notices", "--format", "csv"], 0);
    assert!(why.contains("lab/lab.toml:2,2 rows,lab rule"), "{why}");
    let rules = ends(at, &["rules", "--scenario", "lab/slow", "--format", "csv"], 0);
    assert!(rules.contains("lab rule,NULL,time,set in lab/lab.toml:2; built in: 180 s"), "{rules}");
    assert!(!ends(at, &["rules", "--format", "csv"], 0).contains("lab rule"));
    let shown = ends(at, &["show", "lab/slow"], 0);
    assert!(shown.contains("lab rule, lab/lab.toml:2"), "{shown}");
    let script = ends(at, &["show", "lab/slow", "--script"], 0);
    assert!(script.contains("UPDATE time_rule SET seconds = 900"), "{script}");
    let schedule = ["+5:00 customer types 'hi'", "+12:00 application starts"];
    let simulated = ends(
        at,
        &[
            "simulate",
            "--scenarios",
            "lab",
            "--from",
            "slow/10",
            schedule[0],
            schedule[1],
            "--format",
            "csv",
        ],
        0,
    );
    let row = |text: &str| simulated.lines().find(|line| line.contains(text)).unwrap_or_default();
    assert!(row("Please start another chat").ends_with("lab rule"), "{simulated}");
    assert!(row("Please start a new session").ends_with("documented"), "{simulated}");
    let csv = ends(at, &["replay", "lab/slow", "--format", "csv"], 0);
    assert!(csv.contains("lab rule") && csv.contains("not determined"), "{csv}");
}

#[test]
fn mistakes_of_a_lab_file_are_all_found_with_their_places() {
    let wrong = "[rules]\n\"keep the sesion / application\" = \"not needed\"\n\
        \"open chat / services\" = \"back at once\"\n\"open case / services\" = 1\n\
        \"a few minutes\" = \"not needed\"\n\
        [times]\n\"a few minute\" = \"1 hour\"\n\"triangle\" = \"soon\"\n\"red square\" = \"90 hours to go\"\n\
        [document]\nfile = \"missing.md\"\n[rule]\n";
    let found = mistakes(&[("lab/lab.toml", wrong), ("lab/slow/scenario.toml", SLOW)]);
    for expected in [
        "lab.toml:2:1: the model has no rule `keep the sesion / application`\n hint: did you mean \
         `keep the session / application`?",
        "lab.toml:3:26: invalid rule value `back at once`\n hint: known: `not needed`, `needed; back at once`, ",
        "lab.toml:4:26: `open case / services` is the whole number `1`; expected `\"not needed\"`",
        "lab.toml:5:1: the model has no rule `a few minutes`\n hint: it is a time: write it under `[times]`",
        "lab.toml:7:1: the model has no time `a few minute`\n hint: did you mean `a few minutes`?",
        "lab.toml:8:14: `triangle` is the text `soon`; expected a time of up to 30 days",
        "lab.toml:9:16: `red square` is the text `90 hours to go`; expected a time of up to 30 days",
        "lab.toml:11:8: there is no file `missing.md` next to the lab file",
        "lab.toml:12:2: a lab file has no key `rule`\n hint: did you mean `rules`?",
    ] {
        assert!(found.contains(expected), "no `{expected}` in:\n{found}");
    }
    let own = SLOW.replacen("[[step]]", "[rules]\n\"x / y\" = \"not needed\"\n[[step]]", 1);
    let found = mistakes(&[
        ("lab/lab.toml", LAB),
        ("lab/runbook.md", RUNBOOK),
        ("lab/slow/scenario.toml", &own),
    ]);
    assert!(
        found.contains("slow/scenario.toml:5:1: the model has no rule `x / y`\n hint: `chatdb rules` lists the names"),
        "{found}"
    );
}

#[test]
fn a_lab_reads_nothing_outside_its_folder() {
    for file in ["../secret.md", "/etc/hostname", "sub/runbook.md"] {
        let text = LAB.replace("runbook.md", file);
        let found = mistakes(&[
            ("secret.md", RUNBOOK),
            ("lab/sub/runbook.md", RUNBOOK),
            ("lab/lab.toml", &text),
            ("lab/slow/scenario.toml", SLOW),
        ]);
        assert!(found.contains("expected the name of a file in this folder"), "{file}: {found}");
    }
}

#[test]
fn a_citation_of_the_lab_is_held_against_its_document() {
    let check = |lab: &str, scenario: &str| {
        mistakes(&[
            ("lab/lab.toml", lab),
            ("lab/runbook.md", RUNBOOK),
            ("lab/slow/scenario.toml", scenario),
        ])
    };
    assert_eq!(check(LAB, SLOW), "");
    let other = check(
        LAB,
        &SLOW.replace("value    = \"start another chat\"", "value    = \"start again\""),
    );
    assert!(other.contains("`start again` is not printed on 3"), "{other}");
    let outside = check(LAB, &SLOW.replace("printed  = \"3\"", "printed  = \"9\""));
    assert!(outside.contains("line 9 is not among the scenario's lines, 1-4"), "{outside}");
    let unknown = check(LAB, &SLOW.replace("\"RB1\"", "\"RB3\""));
    assert!(unknown.contains("there is no observation `RB3`"), "{unknown}");
    let far = check(&LAB.replace("lines = \"4\"", "lines = \"5\""), SLOW);
    assert!(far.contains("line 5 is not among the document's lines, 1-4"), "{far}");
    let twice = format!("{SLOW}\n[[observation]]\nid = \"RB1\"\nlines = \"3\"\nsays = \"again\"\n");
    assert!(check(LAB, &twice).contains("the lab has an observation `RB1`"));
}

#[test]
fn coverage_lists_the_statements_of_the_lab_and_those_that_nothing_answers() {
    let folder = slow();
    let covered = ends(folder.path(), &["coverage", "lab", "--format", "csv"], 1);
    assert!(covered.contains("RB1,3,reproduced,printed,"), "{covered}");
    assert!(covered.contains("differs,customer_notices,slow"), "{covered}");
    assert!(
        covered.contains("RB2,4,not covered,,What is typed meanwhile never arrives.,,,"),
        "{covered}"
    );
    let scenario = SLOW.replace(
        "happens = [\"application starts\"]",
        "happens = [\"customer types 'hi'\", \"application starts\"]",
    ) + "\n  [[step.check]]\n  query = \"message_fate\"\n  stated = \"4\"\n  columns = \"subset\"\n  \
         observes = [\"RB2\"]\n  expect = \"\"\"\n| author | text | fate |\n|---|---|---|\n\
         | agent | Hello | delivered |\n| customer | Hi | delivered |\n| customer | hi | lost |\n\"\"\"\n";
    let scenario = scenario.replace("  value    = \"start another chat\"\n", "  rows = 3\n");
    let scenario = scenario.replace("  printed  = \"3\"\n", "  stated = \"3\"\n");
    fs::write(folder.path().join("lab/slow/scenario.toml"), scenario).expect("a scenario");
    let covered = ends(folder.path(), &["coverage", "lab"], 0);
    assert!(covered.contains("2 of 2 observations reproduced"), "{covered}");
}

#[test]
fn the_ten_fall_into_five_groups_and_no_export_parts_them_further() {
    let found = signature::groups(&library(), &ten(), &ReplayOptions::default());
    let found = found.expect("they are played");
    let first = &found[0];
    assert_eq!(first.exports, ["egpl_casemgmt_activity"]);
    assert!(first.groups.len() < 5, "{first:?}");
    let parted = first.groups.iter().filter(|group| !group.parted_by.is_empty());
    assert!(parted.count() > 0, "{first:?}");
    for more in found.windows(2) {
        assert!(more[1].groups.len() >= more[0].groups.len(), "{more:?}");
    }
    let last = found.last().expect("there is one");
    assert!(last.all && last.groups.len() == 5, "{last:?}");
    for group in &last.groups {
        assert_eq!(group.parted_by, [""; 0], "{group:?}");
        assert_eq!(group.other_outages, group.scenarios.len() > 1, "{group:?}");
    }
    // The same groups as the marks that are kept with the program have.
    let mut kept: Vec<Vec<String>> = Vec::new();
    let signatures = signature::signatures();
    for one in &signatures {
        let alike = signatures.iter().filter(|other| other.marks == one.marks);
        let alike: Vec<String> = alike.map(|other| other.scenario.clone()).collect();
        if !kept.contains(&alike) {
            kept.push(alike);
        }
    }
    let found: Vec<&Vec<String>> = last.groups.iter().map(|group| &group.scenarios).collect();
    assert_eq!(found, kept.iter().collect::<Vec<_>>());
}

#[test]
fn scenarios_of_a_made_up_lab_are_grouped_by_what_they_leave() {
    let scenario = |happens: &str| {
        format!(
            "title = \"A\"\ncontinues = \"baseline\"\n\
             [[step]]\nafter = \"1 minute\"\nhappens = [{happens}]\n"
        )
    };
    let folder = lab(&[
        ("talks/scenario.toml", &scenario("\"messaging stops\", \"customer types 'hi'\"")),
        ("silent/scenario.toml", &scenario("\"messaging stops\"")),
        ("asks/scenario.toml", &scenario("\"messaging stops\", \"customer asks for chat 1350\"")),
    ]);
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    let names = ["talks", "silent", "asks"].map(str::to_owned);
    let found = signature::groups(&library, &names, &ReplayOptions::default());
    let last = found.expect("they are played").pop().expect("there is one");
    let groups: Vec<Vec<&str>> = (last.groups.iter())
        .map(|group| group.scenarios.iter().map(String::as_str).collect())
        .collect();
    assert_eq!(groups, [vec!["talks", "silent"], vec!["asks"]]);
    assert!(!last.groups[0].other_outages);
}

/// A lab with many rules, whose check counts for long.
fn heavy() -> TempDir {
    const COUNTS: &str = "-- title: Counts for long\n-- kind: n integer\nWITH RECURSIVE c(n) AS (SELECT 1 UNION ALL \
        SELECT n + 1 FROM c WHERE n < 100000) SELECT count(*) AS n FROM c\n";
    const RULES: &str = "SELECT rule FROM rule WHERE kind = 'matrix' AND statement = 'not needed'";
    let store = Store::with_platform().expect("a database");
    let rules = store.ask(RULES, &[], &[]).expect("the rules").rows;
    assert!(rules.len() > 20);
    let mut lab = "[rules]\n".to_owned();
    for rule in rules {
        lab.push_str(&format!("\"{}\" = \"needed; back at once\"\n", rule[0]));
    }
    let scenario = "title = \"A\"\ncontinues = \"baseline\"\n[[step]]\nafter = \"1 minute\"\n\
        happens = [\"application stops\"]\n[[step.check]]\nquery = \"counts\"\nvalue = \"100000\"\n\
        derived = \"it counts\"\n";
    self::lab(&[
        ("lab/lab.toml", &lab),
        ("lab/slow/scenario.toml", scenario),
        ("lab/slow/counts.sql", COUNTS),
    ])
}

#[test]
fn a_scenario_under_many_rules_has_a_limit_for_all_runs_together() {
    let folder = heavy();
    let path = folder.path().join("lab/slow").display().to_string();
    let options = |steps| ReplayOptions { budget: Budget::of(steps), ..ReplayOptions::default() };
    let play = |steps| {
        let played = replay::replay(&library(), std::slice::from_ref(&path), &options(steps));
        played.expect("it is played").0.runs.remove(0)
    };
    let check = |steps| play(steps).steps[0].checks[0].clone();
    // Enough for all.
    let whole = check(1_000_000_000);
    assert_eq!(whole.verdict, CheckVerdict::Matches);
    assert_eq!(whole.comparison.expect("it is asked").remarks, [""; 0]);
    // Enough for the scenario, and not for a run without each rule.
    let once = check(10_000_000);
    assert_eq!(once.verdict, CheckVerdict::Matches);
    assert_eq!(once.rests_on, RestsOn::NotDetermined);
    assert_eq!(
        once.comparison.expect("it is asked").remarks,
        [
            "it is not determined which lab rules it depends on: running the scenario without each takes more than \
             60 seconds or 10 million steps"
        ]
    );
    let experiment = Experiment::new(&library(), &path, "10", &options(10_000_000));
    let mut experiment = experiment.expect("it can be played");
    let error = experiment.label(0).expect_err("it takes too long");
    assert_eq!(
        error.to_string(),
        "it is not determined what it depends on: running the scenario without each cause and with each rule \
         changed takes more than 60 seconds or 10 million steps"
    );
    // Enough for the state from which a schedule starts, and not for the same without each rule.
    let start = Simulation::new(&library(), &path, None, &options(2_000_000));
    start.expect("it can be played");
    let simulation = Simulation::new(&library(), &path, None, &options(1_000_000_000));
    let simulation = simulation.expect("it can be played");
    let events = ["application starts", "agent logs in", "messaging stops", "customer types 'Hi'"];
    let events = events.map(|text| parse_event(text).expect("it is one"));
    let schedule = simulation.scheduled(&events).expect("they are in time");
    let mut course = simulation.run(&schedule, &[]).expect("it can be run");
    let mut label =
        |steps| simulate::label(&library(), (&path, None), &options(steps), &schedule, &mut course);
    let error = label(2_000_000).expect_err("it takes too long").to_string();
    assert!(error.contains("more than 60 seconds or 2 million steps"), "{error}");
    label(1_000_000_000).expect("it is enough for all");
    // Not enough for the scenario itself.
    let stopped = check(500_000);
    let problem = stopped.problem.expect("it is not answered");
    assert!(
        problem.ends_with(
            "is stopped: the statements so far take more than 60 seconds or 0 million steps"
        ),
        "{problem}"
    );
}

#[test]
fn time_counts_as_well_as_steps() {
    fn at_once(interrupter: chatdb::store::Interrupter) {
        interrupter.ran(Duration::from_secs(61));
    }
    let options = ReplayOptions { watch: Some(at_once), ..ReplayOptions::default() };
    // The time has been taken before the scenario begins, whose budget is its own.
    let names = ["baseline".to_owned()];
    let (report, _) = replay::replay(&library(), &names, &options).expect("it is played");
    assert_eq!(report.runs[0].problem, None);
    // In an experiment it is that of all plays.
    let experiment = Experiment::new(&library(), "baseline", "50", &options);
    assert!(experiment.is_err_and(|error| error.to_string().contains("more than 60 seconds")));
}

/// What `simulate` shows under one rule of a lab, after the Application server has been away for half an hour.
fn under_rule(rule: &str, events: &[&str]) -> String {
    let text = format!("title = \"A\"\ncontinues = \"baseline\"\n[rules]\n{rule}\n");
    let folder = lab(&[("lab/own/scenario.toml", &text)]);
    let start = ["simulate", "--scenarios", "lab", "--from", "own", "--format", "csv", "--raw"];
    ends(folder.path(), &[&start, events].concat(), 0)
}

#[test]
fn a_customer_is_told_of_a_session_that_a_lab_rule_let_begin_during_the_outage() {
    let shown = under_rule(
        "\"take a chat request / application\" = \"not needed\"",
        &[
            "+1:00 application stops",
            "+2:00 customer asks for chat 1348",
            "+31:00 application starts",
        ],
    );
    for told in ["There are connection issues.", "Your session has been lost."] {
        assert!(shown.contains(&format!("customer,1348,Notice: {told},,shown")), "{shown}");
    }
}

#[test]
fn what_a_customer_was_told_stays_where_the_session_comes_back() {
    let shown = under_rule(
        "\"keep the session / messaging\" = \"needed; back at once\"",
        &["+1:00 messaging stops", "+2:00 customer types 'Hi'", "+31:00 messaging starts"],
    );
    assert!(shown.contains("Notice: There are connection issues.,,shown"), "{shown}");
    assert!(shown.contains("Notice: Please start a new session.,,shown"), "{shown}");
    assert!(!shown.contains(",shown,,"), "what was told vanishes: {shown}");
    assert!(!shown.contains("Your session has been lost"), "{shown}");
}

#[test]
fn a_rule_cannot_come_back_in_a_way_that_its_subject_has_not() {
    let mistake = |rule: &str, statement: &str| {
        let text = format!(
            "title = \"A\"\ncontinues = \"baseline\"\n[rules]\n\"{rule}\" = \"{statement}\"\n"
        );
        mistakes(&[("lab/slow/scenario.toml", &text)])
    };
    let [at_once, log_in, never] = [
        "needed; back at once",
        "needed; back at the next log-in",
        "needed; never back for that chat",
    ];
    for (rule, whose, refused) in [
        ("exchange messages / services", "a chat's", vec![log_in]),
        ("keep the history / messaging", "a chat's", vec![log_in]),
        ("open case / services", "an agent's", vec![never]),
        ("take a chat request / messaging", "the system's", vec![log_in, never]),
    ] {
        for statement in [at_once, log_in, never] {
            let found = mistake(rule, statement);
            let said = format!("`{rule}` is {whose}: ");
            assert_eq!(
                found.contains(&said),
                refused.contains(&statement),
                "{rule}, {statement}: {found}"
            );
        }
    }
    assert!(mistake("open case / services", never).contains(
        "`\"not needed\"`, `\"needed; back at once\"`, `\"needed; back at the next log-in\"`"
    ));
}
