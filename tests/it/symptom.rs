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
        (
            "customer is notified of connection issues",
            "application_failure/",
        ),
        ("messages lost", "application_failure/"),
        ("pop-up errors", "application_failure/AF4"),
        ("Customer not connected", "all_servers_failure/"),
        ("history lost", "application_restored/"),
    ] {
        let (found, remarks) = lines(words);
        assert!(
            found.iter().any(|row| row[1].starts_with(name)),
            "{words}: {found:#?} {remarks}"
        );
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
    assert!(
        remarks.starts_with("nothing was found: use fewer or other words"),
        "{remarks}"
    );
    let (found, remarks) = lines("zebra buttons grey");
    assert!(!found.is_empty());
    assert_eq!(remarks, "ignored, because nothing has it: `zebra`");
    let (found, _) = lines("   ");
    assert!(found.is_empty());
}
