//! A scenario is found by what somebody sees, and the command that is named runs.

use std::path::Path;

use crate::cli::chatdb;

fn lines(words: &str) -> (Vec<Vec<String>>, String) {
    let args = ["list", "--search", words, "--format", "json"];
    let output = chatdb(Path::new("."), &args);
    assert_eq!(output.status.code(), Some(0), "{words}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let listing = &json["listings"][0];
    let rows = listing["rows"].as_array().expect("rows").iter().map(|row| {
        let cell = |name| row[name].as_str().expect("a text").to_owned();
        ["what", "name", "text", "next"].map(cell).to_vec()
    });
    let remarks = listing["remarks"].as_array().expect("remarks").iter();
    let remarks: Vec<&str> = remarks.filter_map(|remark| remark.as_str()).collect();
    (rows.collect(), remarks.join("\n"))
}

#[test]
fn a_symptom_leads_to_a_scenario_step_or_check() {
    for (words, name) in [
        ("buttons grey", "services_failure/"),
        ("Session in Progress", "application_restored/"),
        ("red square", "all_servers_failure/"),
        ("customer is notified of connection issues", "application_failure/"),
        ("messages lost", "application_failure/"),
        ("pop-up errors", "application_failure/AF4"),
        ("Customer not connected", "all_servers_failure/"),
        ("history lost", "application_restored/"),
    ] {
        let (found, remarks) = lines(words);
        assert!(found.iter().any(|row| row[1].starts_with(name)), "{words}: {found:#?} {remarks}");
    }
}

#[test]
fn the_command_of_each_line_runs() {
    let mut kinds = std::collections::BTreeSet::new();
    for words in ["Services", "grey", "agent logs"] {
        let (found, _) = lines(words);
        for row in found {
            if kinds.insert(row[0].clone()) {
                let command: Vec<&str> = row[3].split(' ').skip(1).collect();
                let output = chatdb(Path::new("."), &command);
                assert_eq!(output.status.code(), Some(0), "{}", row[3]);
            }
        }
    }
    assert!(kinds.len() >= 3, "{kinds:?}");
}

#[test]
fn what_is_nowhere_is_said() {
    let (found, remarks) = lines("zebra");
    assert!(found.is_empty());
    assert!(remarks.starts_with("nothing was found: use fewer or other words"), "{remarks}");
    let (found, remarks) = lines("zebra buttons grey");
    assert!(!found.is_empty());
    assert_eq!(remarks, "no scenario contains `zebra`: ignored");
}

#[test]
fn a_word_is_found_at_the_beginning_of_words_alone() {
    // `delivered` ends in `red`, and `still` has none of `can't`.
    let (found, _) = lines("customer red");
    assert!(!found.is_empty());
    for row in &found {
        assert!(!row[1].ends_with("/message_fate"), "{row:?}");
    }
    for words in ["can't agent", "can\u{2019}t agent"] {
        let (_, remarks) = lines(words);
        assert_eq!(remarks, "no scenario contains `can't`: ignored");
    }
    assert_eq!(lines("customer's window"), lines("customer window"));
}

#[test]
fn a_search_without_a_word_is_refused() {
    for words in ["", "   ", "-", "''"] {
        let output = chatdb(Path::new("."), &["list", "--search", words]);
        assert_eq!(output.status.code(), Some(2), "{words}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.starts_with("error: `--search` is given no word\n"), "{error}");
    }
}

#[test]
fn the_command_is_shown_whole_at_any_width() {
    for words in ["buttons grey", "Messaging stops", "red square", "history"] {
        let (found, _) = lines(words);
        for width in ["60", "80", "120", "160"] {
            let output = chatdb(Path::new("."), &["list", "--search", words, "--width", width]);
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            for row in &found {
                assert!(shown.contains(&row[3]), "{}: {width}: {shown}", row[3]);
            }
        }
    }
}

#[test]
fn the_command_finds_the_folders_that_were_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let labs = folder.path().join("my labs").join("x1");
    std::fs::create_dir_all(&labs).expect("a folder");
    let text = "title = \"Zebras cross\"\ncontinues = \"baseline\"\n\
                [[step]]\nat = \"+00:01:00\"\nhappens = [\"messaging stops\"]\n";
    std::fs::write(labs.join("scenario.toml"), text).expect("a file");
    let args = ["list", "--search", "zebra", "--scenarios", "my labs", "--format", "json"];
    let output = chatdb(folder.path(), &args);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let next = &json["listings"][0]["rows"][0]["next"];
    assert_eq!(next, "chatdb show x1 --scenarios \"my labs\"");
    let output = chatdb(folder.path(), &["show", "x1", "--scenarios", "my labs"]);
    assert_eq!(output.status.code(), Some(0));
}

/// What is missing at the start is said before what else is missing.
#[test]
fn a_step_that_is_not_there_is_said_first() {
    for more in [&[][..], &["application flies"], &["--random", "3"]] {
        let args = [&["simulate", "--from", "services_failure/nope"], more].concat();
        let output = chatdb(Path::new("."), &args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.starts_with("error: `services_failure` has no step `nope`\n"), "{error}");
    }
}

/// A drawing of checks would be empty.
#[test]
fn a_format_of_timelines_is_refused_for_checks_alone() {
    for command in ["record", "review"] {
        let refusals = [
            (["--format", "svg"], "error: invalid value `svg` for `--format`\n"),
            (["--output", "a.svg"], "error: `svg` shows timelines, which only a replay has\n"),
        ];
        for (form, refusal) in refusals {
            let folder = tempfile::tempdir().expect("a folder");
            let args = [&[command, "baseline", "--check"], &form[..]].concat();
            let output = chatdb(folder.path(), &args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(error.starts_with(refusal), "{error}");
            assert!(!folder.path().join("a.svg").exists());
        }
    }
}

/// Where the order makes no difference, what is so at the end is in the table, and not beside an empty one.
#[test]
fn one_outcome_of_all_orders_is_listed_like_several() {
    let args =
        ["simulate", "--all-orders", "application stops", "agent logs in", "--format", "csv"];
    let output = chatdb(Path::new("."), &args);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("\n1,2,in any order,agent,1003,Agent's console,must log in again\n"),
        "{said}"
    );
    assert!(said.contains(",truth,1347,Session,lost\n"), "{said}");
}
