//! That what the project says of the source document is so. Where the document itself lies beside the project,
//! every transcription is held against it to the character.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chatdb::document::{HEADINGS, Lines, LinesError};
use chatdb::scenario::{Basis, Expect};

use crate::honesty::{TEN, library};

/// The document's text, by its lines; `None` where it does not lie beside the project.
fn document() -> Option<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec");
    let texts = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let document: PathBuf = texts
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "txt"))?;
    let text = fs::read_to_string(document).expect("the document is UTF-8");
    Some(text.split('\n').map(str::to_owned).collect())
}

fn cited(document: &[String], lines: &Lines) -> String {
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| document[line as usize - 1].as_str())
        .collect();
    lines.join("\n")
}

fn text_of(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).expect("a file of the project")
}

#[test]
fn every_transcription_is_the_document_to_the_character() {
    let Some(document) = document() else { return };
    let library = library();
    let mut held = 0;
    for name in TEN {
        let scenario = library.get(name).expect("it is valid");
        for query in &scenario.printed_queries {
            assert_eq!(
                text_of(&query.printed.file).trim_end_matches('\n'),
                cited(&document, &query.lines)
            );
            held += 1;
        }
        for check in scenario.steps.iter().flat_map(|step| &step.checks) {
            let Basis::Printed(lines) = &check.basis else {
                continue;
            };
            let printed = cited(&document, lines);
            match &check.expect {
                Expect::Table(table) => {
                    assert_eq!(
                        text_of(&table.file).trim_end_matches('\n'),
                        printed,
                        "{name}/{}",
                        check.id
                    );
                }
                Expect::Value(value) => {
                    assert!(
                        quoted_by(&printed, value),
                        "{name}/{}: {value:?} in {printed:?}",
                        check.id
                    );
                }
                Expect::Rows(_) => panic!("{name}/{}: a number of rows is not printed", check.id),
            }
            held += 1;
        }
    }
    assert!(held >= 20, "only {held} transcriptions");
}

/// Whether the printed words contain the value, whatever the case of its first letter and `greyed out` and the
/// like as it stands.
fn quoted_by(printed: &str, value: &str) -> bool {
    printed.to_lowercase().contains(&value.to_lowercase())
}

#[test]
fn a_changed_transcription_would_be_noticed() {
    let Some(document) = document() else { return };
    let lines: Lines = "70-72".parse().expect("lines");
    let text = text_of("seeds/services_failure/20_open_chats.md");
    assert_eq!(text.trim_end_matches('\n'), cited(&document, &lines));
    assert_ne!(
        text.replace("43app", "43App").trim_end_matches('\n'),
        cited(&document, &lines)
    );
    assert!(!quoted_by("Agent must log out.", "log in"));
}

#[test]
fn headings_stand_where_they_are_said_to() {
    let Some(document) = document() else { return };
    for heading in HEADINGS {
        let line = &document[heading.first_line as usize - 1];
        assert_eq!(line.trim_start_matches('#').trim(), heading.text);
    }
    assert!(
        HEADINGS
            .windows(2)
            .all(|pair| pair[0].last_line + 1 == pair[1].first_line)
    );
}

#[test]
fn the_ten_headings_are_claimed_once_each_with_their_lines() {
    let library = library();
    let mut claimed = Vec::new();
    for name in TEN {
        let scenario = library.get(name).expect("it is valid");
        let section = scenario.section.clone().expect("a section");
        let heading = HEADINGS
            .iter()
            .find(|heading| heading.text == section)
            .expect("a heading");
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

/// The statements of the document by number, scenario and lines, as a list beside the document has them.
#[test]
fn the_observations_are_those_of_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec/observations.csv");
    let Ok(list) = fs::read(path) else { return };
    let library = library();
    let mut ours = BTreeSet::new();
    for name in TEN {
        for observation in &library.get(name).expect("it is valid").observations {
            ours.insert((
                observation.id.clone(),
                name.to_owned(),
                observation.lines.to_string(),
            ));
        }
    }
    let mut theirs = BTreeSet::new();
    for record in csv::Reader::from_reader(list.as_slice()).records() {
        let record = record.expect("a record");
        theirs.insert((
            record[0].to_owned(),
            record[1].to_owned(),
            record[4].to_owned(),
        ));
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
    for text in [
        "",
        "0",
        "x",
        "72-60",
        "31, 22",
        "5-5-5",
        "1,,2",
        "4294967296",
        "-3",
        "1-2000000",
    ] {
        let found: Result<Lines, LinesError> = text.parse();
        assert_eq!(
            found,
            Err(LinesError {
                found: text.to_owned()
            }),
            "{text}"
        );
    }
}
