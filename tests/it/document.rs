//! That what the project says of the support note is so: every transcription is held against the note's words.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chatdb::document::{HEADINGS, Lines, LinesError, Printed};
use chatdb::scenario::{Basis, Expect};

use crate::honesty::{library, ten};

/// The file that the environment names, if it names one: a text that does not travel with the project.
fn named_by(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// `NOTE=note.txt cargo test document` holds the hashes against the note, and with `UPDATE=1` writes them.
#[test]
fn the_hashes_are_those_of_the_note() {
    let Some(path) = named_by("NOTE") else { return };
    let text = fs::read_to_string(path).expect("the note is UTF-8");
    let hashes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/document/note.words");
    let before = fs::read_to_string(&hashes).expect("the hashes");
    let head = before.lines().next().expect("a first line");
    let now = format!("{head}\n{}", Printed::of(&text));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(hashes, &now).expect("the hashes are written");
    }
    assert_eq!(before, now);
}

#[test]
fn every_transcription_is_the_note_s_and_another_is_noticed() {
    let library = library();
    let mut held = 0;
    for name in ten() {
        let scenario = library.get(&name).expect("what is printed is printed");
        for check in scenario.steps.iter().flat_map(|step| &step.checks) {
            let Basis::Printed(lines) = &check.basis else {
                continue;
            };
            let note = Printed::note();
            match &check.expect {
                Expect::Table(table) => {
                    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&table.file);
                    let text = fs::read_to_string(path).expect("a file of the project");
                    for (line, text) in lines.iter().zip(text.lines()) {
                        assert!(note.is(line, text), "{name}/{} line {line}", check.id);
                        let other = format!("{text}.");
                        assert!(!note.is(line, &other), "{name}/{} line {line}", check.id);
                    }
                }
                Expect::Value(value) => {
                    assert!(lines.iter().any(|line| note.says(line, value)), "{name}/{}", check.id);
                    let other = format!("{value} never");
                    assert!(
                        !lines.iter().any(|line| note.says(line, &other)),
                        "{name}/{}",
                        check.id
                    );
                }
                Expect::Rows(_) => panic!("{name}/{}: a number of rows is not printed", check.id),
            }
            held += 1;
        }
    }
    assert!(held >= 15, "only {held} transcriptions");
}

#[test]
fn words_are_held_in_their_order_whatever_the_blanks() {
    let note = Printed::of("| 1  |  Ann |\n\n|----|\nSay \"Session in Progress\" now");
    for (line, text, is, says) in [
        (1, "| 1 | Ann |", true, true),
        (1, "| 1 | Ann", false, true),
        (1, "| 1 | Bob |", false, false),
        (2, "", true, false),
        (3, "|-----------|", true, true),
        (4, "Session in Progress", false, true),
        (4, "session in progress", false, false),
        (4, "in Session", false, false),
        (5, "", false, false),
        (0, "", false, false),
    ] {
        assert_eq!((note.is(line, text), note.says(line, text)), (is, says), "{line} {text}");
    }
}

#[test]
fn headings_stand_where_they_are_said_to() {
    for heading in HEADINGS {
        assert!(Printed::note().says(heading.first_line, heading.text), "{}", heading.text);
    }
    assert_eq!(Printed::note().line_count(), 221);
    assert!(HEADINGS.windows(2).all(|pair| pair[0].last_line + 1 == pair[1].first_line));
}

#[test]
fn the_ten_headings_are_claimed_once_each_with_their_lines() {
    let library = library();
    let mut claimed = Vec::new();
    for name in ten() {
        let name = name.as_str();
        let scenario = library.get(name).expect("it is valid");
        let section = scenario.section.clone().expect("a section");
        let heading = HEADINGS.iter().find(|heading| heading.text == section).expect("a heading");
        let lines = scenario.lines.clone().expect("lines");
        assert_eq!(
            (lines.first(), lines.last()),
            (heading.first_line, heading.last_line),
            "{name}"
        );
        claimed.push(section);
    }
    assert_eq!(claimed, HEADINGS.map(|heading| heading.text));
}

/// The statements of the note by number, scenario and lines, as `OBSERVATIONS=list.csv` has them.
#[test]
fn the_observations_are_those_of_the_list() {
    let Some(path) = named_by("OBSERVATIONS") else {
        return;
    };
    let list = fs::read(path).expect("the list");
    let library = library();
    let mut ours = BTreeSet::new();
    for name in ten() {
        let name = name.as_str();
        for observation in &library.get(name).expect("it is valid").observations {
            ours.insert((observation.id.clone(), name.to_owned(), observation.lines.to_string()));
        }
    }
    let mut theirs = BTreeSet::new();
    for record in csv::Reader::from_reader(list.as_slice()).records() {
        let record = record.expect("a record");
        theirs.insert((record[0].to_owned(), record[1].to_owned(), record[4].to_owned()));
    }
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 49);
}

#[test]
fn citations_read_back_as_they_are_written() {
    for text in ["57", "60-72", "22, 31", "22-23, 31, 188"] {
        let lines: Lines = text.parse().expect(text);
        assert_eq!(lines.to_string(), text);
    }
    let lines: Lines = "22, 30-32".parse().expect("lines");
    assert_eq!(lines.iter().collect::<Vec<_>>(), [22, 30, 31, 32]);
    assert_eq!((lines.first(), lines.last()), (22, 32));
    for text in ["", "0", "x", "72-60", "31, 22", "5-5-5", "1,,2", "4294967296", "-3", "1-2000000"]
    {
        let found: Result<Lines, LinesError> = text.parse();
        assert_eq!(found, Err(LinesError { found: text.to_owned() }), "{text}");
    }
}
