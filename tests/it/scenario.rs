//! Scenario folders: what is read from them, and what is found wrong with them.

use std::fs;
use std::path::{Path, PathBuf};

use chatdb::assets::{self, AssetSource, LARGEST_FILE};
use chatdb::diff::{ColumnMode, RowOrder};
use chatdb::query::Query;
use chatdb::scenario::{
    Basis, ErratumKind, Expect, Expected, FORMAT_PAGE, Layout, Library, PrintedCell, Scenario,
    ScenarioError, files_of, resolve_parameters, template,
};
use chatdb::table::{Cell, Kind, parse_timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

/// Lays out the files of a text, each headed `== name`, in a folder of its own. A name without a `/` stands
/// in the scenario `my_lab`. Gives the folder, what stands before the first file, and the part called
/// `finds`.
pub fn lay_out(text: &str) -> (TempDir, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parts = text.split("== ");
    let about = parts.next().expect("a first part").to_owned();
    let mut finds = String::new();
    for part in parts {
        let (name, text) = part.split_once('\n').expect("a name on a line");
        if name == "finds" {
            text.clone_into(&mut finds);
            continue;
        }
        let path = match name.contains('/') {
            true => folder.path().join(name),
            false => folder.path().join("my_lab").join(name),
        };
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    (folder, about, finds)
}

/// A document that has the files of `my_lab` at these lines.
fn write_document(folder: &TempDir, transcriptions: &[(usize, &str)]) {
    let my_lab = folder.path().join("my_lab");
    let mut lines = vec![String::new(); 120];
    for (first, file) in transcriptions {
        let text = fs::read_to_string(my_lab.join(file)).expect("a transcription");
        for (at, line) in text.lines().enumerate() {
            line.clone_into(&mut lines[first - 1 + at]);
        }
    }
    fs::write(my_lab.join("runbook.txt"), lines.join("\n")).expect("a document");
}

/// What the whole format's example transcribes.
const TRANSCRIBED: [(usize, &str); 2] = [(60, "chat.printed.sql"), (88, "20_chat.md")];

fn library(folder: &TempDir) -> Library {
    Library::new(vec![folder.path().to_owned()]).expect("the folder is there")
}

pub fn without(folder: &TempDir, text: &str) -> String {
    text.replace(&format!("{}/", folder.path().display()), "")
}

fn problems(folder: &TempDir) -> String {
    let problems = library(folder).validate(&["my_lab".to_owned()]);
    without(folder, &problems.to_string())
}

pub fn cases_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut cases: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    cases
}

/// Each text lays out a folder and ends with everything that is found wrong with it. `UPDATE=1` rewrites
/// that part; read the difference.
#[test]
fn every_kind_of_mistake_is_found_where_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = cases_in(&root.join("tests/scenarios/mistakes"));
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let text = fs::read_to_string(&path).expect("a case");
        let (folder, _, finds) = lay_out(&text);
        let found = problems(&folder) + "\n";
        if std::env::var_os("UPDATE").is_some() {
            let kept = text.find("== finds\n").expect("a part called finds") + "== finds\n".len();
            fs::write(&path, format!("{}{found}", &text[..kept])).expect("a case");
        } else if found != finds || finds.trim().is_empty() {
            wrong.push(format!("{}:\n{found}\ninstead of\n{finds}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

const CLOCK: &str = "title = \"A test\"\nclock = \"2011-07-12 14:49:55.000\"\n";

fn whole() -> TempDir {
    let text = include_str!("../scenarios/whole.txt");
    let (folder, _, _) = lay_out(text);
    write_document(&folder, &TRANSCRIBED);
    assert_eq!(problems(&folder), "");
    folder
}

fn table(scenario: &Scenario, step: usize, check: usize) -> &Expected {
    match &scenario.steps[step].checks[check].expect {
        Expect::Table(table) => table,
        other => panic!("not a table: {other:?}"),
    }
}

fn lines_of(table: &Expected) -> Vec<(u32, &str)> {
    let rows = table.rows.iter();
    rows.map(|row| (row.line, row.cells[0].text.as_str())).collect()
}

#[test]
fn a_scenario_holds_what_its_folder_says() {
    let folder = whole();
    let library = library(&folder);
    let scenario = library.get("my_lab").expect("it is valid");
    assert_eq!(scenario.title, "Services server fails while a chat is open");
    assert_eq!(scenario.section.as_deref(), Some("Services Server Failure"));
    assert_eq!(scenario.lines.as_ref().map(ToString::to_string).as_deref(), Some("55-108"));
    assert_eq!(scenario.continues.as_deref(), Some("base"));
    assert_eq!(scenario.clock, None);
    assert_eq!(scenario.notes.as_deref(), Some("Read with care."));
    let seeds: Vec<_> = scenario.seeds.iter().map(|seed| without(&folder, &seed.file)).collect();
    assert_eq!(seeds, ["base/10_people.sql", "my_lab/11_more.sql"]);
    let observations: Vec<_> = scenario.observations.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(observations, ["SF2", "SF3"]);
    assert_eq!(scenario.queries.keys().collect::<Vec<_>>(), ["chat"]);
    assert_eq!(scenario.printed_queries[0].lines.to_string(), "60-64");
}

#[test]
fn steps_have_times_ids_and_branches() {
    let folder = whole();
    let scenario = library(&folder).get("my_lab").expect("it is valid");
    let clock = parse_timestamp("2011-07-12 14:49:55").expect("a time");
    let minutes = |at: i64| (at - clock) / 1000;
    let steps: Vec<_> = (scenario.steps.iter())
        .map(|s| (s.id.as_str(), minutes(s.at), s.at_text.as_str(), s.branch.as_deref()))
        .collect();
    assert_eq!(
        steps,
        [
            ("20", 540, "+00:09:00", None),
            ("30", 545, "2011-07-12 14:59:00", Some("quick")),
            ("long_1", 1800, "+00:30:00", Some("long")),
        ]
    );
    assert_eq!(scenario.steps[0].changes, Some(1));
    assert_eq!(scenario.steps[0].place.line, 29);
    assert_eq!(without(&folder, &scenario.steps[0].place.file), "my_lab/scenario.toml");
    assert_eq!(scenario.steps[1].error.as_deref(), Some("locked"));
    assert!(scenario.steps[2].script.is_none());
}

#[test]
fn checks_say_what_is_expected_and_how_it_is_compared() {
    let folder = whole();
    let scenario = library(&folder).get("my_lab").expect("it is valid");
    let checks = &scenario.steps[0].checks;
    assert_eq!(checks[0].id, "chat");
    assert_eq!(checks[0].with, [("activity_id".to_owned(), Cell::Integer(1347))]);
    assert_eq!(checks[0].basis, Basis::Printed("88-90".parse().expect("lines")));
    assert_eq!(checks[0].observes, ["SF3"]);
    assert_eq!(checks[0].key.as_deref(), Some(["activity_id".to_owned()].as_slice()));
    assert_eq!(checks[0].columns, ColumnMode::AnyOrder);
    assert_eq!(checks[0].order, Some(RowOrder::Strict));
    assert_eq!(checks[0].ignore, [("seen".to_owned(), "it is the time of the visit".to_owned())]);
    assert_eq!(
        checks[0].tolerance[0],
        ("lasted".to_owned(), 2.0.into(), "seconds are cut".to_owned())
    );
    assert!(matches!(checks[1].expect, Expect::Rows(0)));
    assert_eq!(checks[1].basis, Basis::Derived("there are none".to_owned()));
    let more = &scenario.steps[2].checks;
    assert_eq!(more[0].basis, Basis::Stated("92-106".parse().expect("lines")));
    assert!(matches!(&more[1].expect, Expect::Value(value) if value == "Session in Progress"));
    assert!(matches!(&more[2].expect, Expect::Value(value) if value == "5"));
}

fn erratum_id(cell: &PrintedCell) -> Option<&str> {
    cell.erratum.as_ref().map(|erratum| erratum.id.as_str())
}

#[test]
fn errata_mark_the_cells_that_they_correct() {
    let folder = whole();
    let scenario = library(&folder).get("my_lab").expect("it is valid");
    let grid = table(&scenario, 0, 0);
    assert_eq!(grid.layout, Layout::Grid);
    assert_eq!(grid.header, ["", "queue", "activity_id", "seen", "lasted"]);
    let cells: Vec<_> = (grid.rows[0].cells.iter())
        .map(|cell| (cell.text.as_str(), cell.quoted, erratum_id(cell)))
        .collect();
    assert_eq!(
        cells,
        [
            ("1", false, Some("E1")),
            ("CIM_w/M", false, Some("E2")),
            ("1347", false, None),
            ("NULL", false, None),
            ("NULL", true, None),
        ]
    );
    let ids: Vec<_> = scenario.errata.iter().map(|e| (e.id.as_str(), e.kind)).collect();
    assert_eq!(ids[0], ("E1", ErratumKind::RowNumber));
    assert_eq!(ids[3], ("E4", ErratumKind::PageBreak));
    assert_eq!(scenario.errata[0].reading, None);
    assert_eq!(scenario.errata[2].cell, None);
    assert!(!grid.is_data(0));
    assert!((1..5).all(|column| grid.is_data(column)));
    let pane = table(&scenario, 2, 0);
    assert_eq!(pane.layout, Layout::Lines);
    assert_eq!(erratum_id(&pane.rows[1].cells[0]), Some("base/E1"));
    assert_eq!(
        lines_of(pane),
        [(1, "Reply"), (3, "## A heading torn in"), (5, "From: &entry"), (6, "To: you")]
    );
}

/// Reads `text` as an expected file of lines.
fn lines(text: &str) -> Vec<(u32, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = folder.path().join("my_lab");
    let toml = format!(
        "{CLOCK}[[step]]\nid = \"1\"\nat = \"+00:00:00\"\ntitle = \"x\"\n[[step.check]]\n\
         query = \"ask\"\nderived = \"x\"\nexpect = \"text.md\"\n"
    );
    fs::create_dir(&lab).expect("a folder");
    fs::write(lab.join("scenario.toml"), toml).expect("a file");
    fs::write(lab.join("ask.sql"), "-- title: x\nSELECT 1").expect("a file");
    fs::write(lab.join("text.md"), text).expect("a file");
    let scenario = library(&folder).get("my_lab").unwrap_or_else(|e| panic!("{text:?}: {e}"));
    let rows = lines_of(table(&scenario, 0, 0)).into_iter();
    rows.map(|(line, text)| (line, text.to_owned())).collect()
}

#[test]
fn lines_of_text_lose_the_marks_of_markdown_and_nothing_else() {
    let check = |text: &str, expect: &[(u32, &str)]| {
        let expect: Vec<_> = expect.iter().map(|(line, t)| (*line, (*t).to_owned())).collect();
        assert_eq!(lines(text), expect, "{text:?}");
    };
    check("", &[]);
    check("one\ntwo  \nthree\\\nfour", &[(1, "one"), (2, "two"), (3, "three"), (4, "four")]);
    check("**JDoe** : _Hi_ there", &[(1, "JDoe : Hi there")]);
    check(
        "# A\n\n- b\n- c **d**\n\n> e\n\n---\nf",
        &[(1, "A"), (3, "b"), (4, "c d"), (6, "e"), (9, "f")],
    );
    check(
        "http://43web/x?a=b&entryPointName=Integ &amp; &trade; ™ a_b_c",
        &[(1, "http://43web/x?a=b&entryPointName=Integ &amp; &trade; ™ a_b_c")],
    );
    check("a\\_b\\*c \\| 1 < 2 <b>d</b>", &[(1, "a_b*c | 1 < 2 <b>d</b>")]);
    check(
        "Customer : Help me!  \n [An agent will be with you.]  \n[x]",
        &[(1, "Customer : Help me!"), (2, "[An agent will be with you.]"), (3, "[x]")],
    );
    check("--Original Message--  \nFrom: x", &[(1, "--Original Message--"), (2, "From: x")]);
    check(
        "a\n\n```\n  **b** &amp;\n\n c\n```\nd",
        &[(1, "a"), (4, "  **b** &amp;"), (5, ""), (6, " c"), (8, "d")],
    );
    check("a\r\n\r\nb\r\n", &[(1, "a"), (3, "b")]);
    check("use `a_b` and [a link](http://x)", &[(1, "use a_b and a link")]);
}

#[test]
fn a_name_is_looked_for_beside_the_scenario_then_in_the_folders_then_in_the_program() {
    let folder = whole();
    let library = library(&folder);
    assert_eq!(&library.names()[..2], ["base", "my_lab"]);
    let chain = library.chain("my_lab").expect("it is valid");
    let names: Vec<_> = chain.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names, ["base", "my_lab"]);

    // By path, from a library that does not know the folder, the sibling is still found.
    let elsewhere = Library::new(Vec::new()).expect("nothing to list");
    let path = folder.path().join("my_lab");
    for path in [path.clone(), path.join("scenario.toml"), path.join("../my_lab/")] {
        let path = path.to_str().expect("a plain path");
        let chain = elsewhere.chain(path).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(chain.len(), 2, "{path}");
        assert_eq!(chain[1].name, "my_lab");
    }
}

#[test]
fn what_is_not_known_is_an_error_with_a_suggestion() {
    let folder = whole();
    let library = library(&folder);
    let message = |name: &str| {
        let error = library.get(name).expect_err("it is not there");
        (without(&folder, &error.to_string()), error.suggestion().map(str::to_owned))
    };
    assert_eq!(
        message("my_lib"),
        ("unknown scenario `my_lib`".to_owned(), Some("my_lab".to_owned()))
    );
    assert_eq!(message("zzzzzzzzz"), ("unknown scenario `zzzzzzzzz`".to_owned(), None));
    let nowhere = "`./nowhere` is not a scenario folder: it has no `scenario.toml`";
    assert_eq!(message("./nowhere"), (nowhere.to_owned(), None));

    let scenario = library.get("my_lab").expect("it is valid");
    assert_eq!(library.query(&scenario, "chat").expect("it is there").title, "The chat");
    let error = library.query(&scenario, "caht").expect_err("it is not there");
    assert_eq!(error.to_string(), "unknown query `caht`");
    assert_eq!(error.suggestion(), Some("chat"));
    let missing = Library::new(vec![folder.path().join("nowhere")]).expect_err("it is not there");
    assert_eq!(without(&folder, &missing.to_string()), "nowhere: expected a folder");
}

#[test]
fn a_scenario_does_not_suffer_from_the_mistakes_of_another() {
    let folder = whole();
    let other = folder.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("scenario.toml"), "= nothing").expect("a file");
    let library = library(&folder);
    assert!(library.get("my_lab").is_ok());
    assert!(matches!(library.get("other"), Err(ScenarioError::Invalid(_))));
    // Asked for once, read once: what happens to the folder afterwards is not noticed.
    fs::write(folder.path().join("my_lab/scenario.toml"), "= nothing").expect("a file");
    assert!(library.get("my_lab").is_ok());
}

#[test]
fn validating_takes_names_paths_and_folders_of_scenarios() {
    let folder = whole();
    let lab = folder.path().join("my_lab");
    fs::write(lab.join("old.txt"), "x").expect("a file");
    let nothing = tempfile::tempdir().expect("a folder");
    let library = library(&folder);
    let found = |path: &Path| {
        let path = path.to_str().expect("a plain path").to_owned();
        without(&folder, &library.validate(&[path]).to_string())
    };
    let old = "my_lab/old.txt: nothing in the scenario uses this file";
    assert_eq!(found(&lab), old);
    assert_eq!(found(folder.path()), old);
    assert_eq!(found(Path::new("my_lab")), old);
    assert_eq!(found(Path::new("base")), "");
    assert_eq!(
        found(Path::new("my_lib")),
        "my_lib: unknown scenario `my_lib`\n hint: did you mean `my_lab`?"
    );
    let empty = nothing.path().to_str().expect("a plain path");
    let expected = format!("{empty}: expected a folder with a `scenario.toml`");
    assert_eq!(found(nothing.path()), expected);
    assert_eq!(without(&folder, &library.validate(&[]).to_string()), old);
}

#[test]
fn a_folder_needs_the_name_of_a_scenario() {
    let (folder, _, _) = lay_out(&format!("== My-Lab/scenario.toml\n{CLOCK}"));
    let path = folder.path().join("My-Lab");
    let found = library(&folder).validate(&[path.to_str().expect("a plain path").to_owned()]);
    assert_eq!(
        without(&folder, &found.to_string()),
        "My-Lab: invalid name for a scenario folder: `My-Lab`\n \
         hint: lower-case letters, digits and `_`, at most 64"
    );
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let text = include_str!("../scenarios/whole.txt");
    let (folder, _, _) = lay_out(text);
    write_document(&folder, &TRANSCRIBED);
    for file in cases_in(&folder.path().join("my_lab")) {
        let text = fs::read_to_string(&file).expect("a file");
        fs::write(&file, text.replace('\n', "\r\n")).expect("a file");
    }
    assert_eq!(problems(&folder), "");
}

#[test]
fn what_is_compiled_in_is_valid() {
    let library = Library::new(Vec::new()).expect("nothing to list");
    assert_eq!(library.validate(&[]).to_string(), "");
    for name in assets::reports() {
        let (path, text) = assets::report(name).expect("it was listed");
        Query::read(name, &path, text).unwrap_or_else(|problems| panic!("{problems}"));
    }
}

#[test]
fn a_chain_of_scenarios_has_an_end() {
    let mut text = format!("== s0/scenario.toml\n{CLOCK}");
    for at in 1..100 {
        let before = at - 1;
        text += &format!("== s{at}/scenario.toml\ntitle = \"x\"\ncontinues = \"s{before}\"\n");
    }
    let (folder, _, _) = lay_out(&text);
    assert_eq!(library(&folder).chain("s20").expect("it is valid").len(), 21);
    let error = library(&folder).chain("s99").expect_err("it is too long");
    assert_eq!(
        without(&folder, &error.to_string()),
        "s68/scenario.toml:2:13: the chain of `continues` has more than 32 scenarios"
    );
}

#[test]
fn parameters_come_of_the_whole_chain_and_what_is_set() {
    let folder = whole();
    let chain = library(&folder).chain("my_lab").expect("it is valid");
    let values = |sets: &[(&str, &str)]| {
        let sets: Vec<_> = sets.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        resolve_parameters(&chain, &sets)
    };
    let shown = |sets: &[(&str, &str)]| -> Vec<String> {
        let values = values(sets).expect("they fit");
        let show = |cell: &Option<Cell>| cell.as_ref().map_or("-".to_owned(), Cell::to_string);
        let values = values.iter();
        values
            .map(|v| {
                format!("{}={} for {} in {:?}", v.name, v.value, show(&v.instead_of), v.columns)
            })
            .collect()
    };
    let agent = r#"agent_id=1003 for - in ["assigned_to", "user"]"#;
    let customer = r#"customer=customer@awesome.com for - in ["customer"]"#;
    assert_eq!(shown(&[]), [r#"activity_id=2001 for - in ["activity_id"]"#, customer, agent]);
    assert_eq!(
        shown(&[("activity_id", "5"), ("customer", "7"), ("activity_id", "6")]),
        [
            r#"activity_id=6 for 2001 in ["activity_id"]"#,
            r#"customer=7 for customer@awesome.com in ["customer"]"#,
            agent,
        ]
    );
    assert_eq!(
        shown(&[("activity_id", "2001")])[0],
        r#"activity_id=2001 for - in ["activity_id"]"#
    );
    let before = resolve_parameters(&chain[..1], &[]).expect("nothing is set");
    assert_eq!(before[0].value, Cell::Integer(1347));

    let error = values(&[("activty_id", "5")]).expect_err("it is not known");
    assert_eq!(error.to_string(), "`my_lab` has no parameter `activty_id`");
    assert_eq!(error.suggestion(), Some("activity_id"));
    let error = values(&[("activity_id", "five")]).expect_err("it is not a number");
    assert_eq!(error.to_string(), "expected a whole number for `activity_id`, found `five`");
}

#[test]
fn only_plain_text_files_of_the_folder_are_read() {
    let (folder, _, _) = lay_out(&format!("== scenario.toml\n{CLOCK}== bom.sql\n\u{feff}SELECT 1"));
    let lab = folder.path().join("my_lab");
    fs::write(lab.join("latin.sql"), b"SELECT '\xe9'").expect("a file");
    fs::create_dir(lab.join("folder.sql")).expect("a folder");
    let large = fs::File::create(lab.join("large.sql")).expect("a file");
    large.set_len(LARGEST_FILE + 1).expect("a sparse file");
    fs::write(folder.path().join("secret"), "x").expect("a file");
    let source = AssetSource::Folder(folder.path().to_owned());
    let read = |file: &str| match source.read("my_lab", file) {
        Ok(text) => text.into_owned(),
        Err(error) => without(&folder, &error.to_string()),
    };
    assert_eq!(read("bom.sql"), "SELECT 1");
    assert_eq!(read("gone.sql"), "my_lab/gone.sql: no such file");
    assert_eq!(read("latin.sql"), "my_lab/latin.sql: not UTF-8: invalid sequence at byte 8");
    assert_eq!(read("folder.sql"), "my_lab/folder.sql: expected a file, found a folder");
    assert_eq!(read("large.sql"), "my_lab/large.sql: larger than 16 MiB");
    let name = "expected the name of a file in this folder";
    assert_eq!(read("../secret"), format!("my_lab/../secret: {name}"));
    assert_eq!(read(""), format!("my_lab/: {name}"));
    assert_eq!(source.files("my_lab").expect("it is there").len(), 5);
    assert!(AssetSource::Embedded.read("nowhere", "scenario.toml").is_err());
    assert!(AssetSource::Embedded.files("nowhere").expect("nothing").is_empty());
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_and_pipes_are_refused() {
    let (folder, _, _) = lay_out(&format!("== scenario.toml\n{CLOCK}== 10_real.sql\nSELECT 1"));
    let lab = folder.path().join("my_lab");
    fs::write(folder.path().join("secret"), "x").expect("a file");
    std::os::unix::fs::symlink("../secret", lab.join("out.sql")).expect("a link");
    std::os::unix::fs::symlink("10_real.sql", lab.join("in.sql")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", lab.join("device.sql")).expect("a link");
    let _socket = std::os::unix::net::UnixListener::bind(lab.join("socket.sql")).expect("a socket");
    let source = AssetSource::Folder(folder.path().to_owned());
    let read = |file: &str| match source.read("my_lab", file) {
        Ok(text) => text.into_owned(),
        Err(error) => without(&folder, &error.to_string()),
    };
    assert_eq!(read("in.sql"), "SELECT 1");
    let outside = "is a link to a file outside its folder, which is not followed";
    assert_eq!(read("out.sql"), format!("my_lab/out.sql: {outside}"));
    assert_eq!(read("device.sql"), format!("my_lab/device.sql: {outside}"));
    assert_eq!(read("socket.sql"), "my_lab/socket.sql: expected a file, found something else");
}

/// What the example continues and asks, as far as it can be validated without the program's own.
const AROUND_THE_EXAMPLE: &str = "\
== baseline/scenario.toml
title = \"The baseline\"
clock = \"2011-07-12 14:49:55.000\"
parameters = { activity_id = 1347, agent_id = 1003 }
== my_lab_failover/message_fate.sql
-- title: Delivery of each message
-- parameter: activity_id
SELECT author, text, fate FROM message_fate WHERE activity_id = @activity_id
== my_lab_failover/open_chats.sql
-- title: Chats in progress
SELECT 1
";

#[test]
fn the_example_of_the_format_page_is_valid() {
    let (folder, _, _) = lay_out(AROUND_THE_EXAMPLE);
    let mut queries = 0;
    for (path, text) in files_of(FORMAT_PAGE) {
        if path.starts_with("my_lab_failover/") {
            fs::write(folder.path().join(path), text).expect("a file");
        } else if path.ends_with(".sql") {
            let name = path.trim_start_matches("reports/").trim_end_matches(".sql");
            let query = Query::read(name, &path, &text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(query.order, ["when_created"]);
            queries += 1;
        }
    }
    assert_eq!(queries, 1);
    let library = library(&folder).replacing();
    let problems = library.validate(&["my_lab_failover".to_owned()]);
    assert_eq!(without(&folder, &problems.to_string()), "");
    let scenario = library.get("my_lab_failover").expect("it is valid");
    assert_eq!(scenario.steps.len(), 3);
}

#[test]
fn a_new_scenario_is_the_example_under_its_own_name() {
    let (folder, _, _) = lay_out(&AROUND_THE_EXAMPLE.replace("my_lab_failover", "night_shift"));
    let files = template("night_shift").expect("it is a name");
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[0], "scenario.toml");
    assert_eq!(names.len(), 1);
    for (name, text) in &files {
        assert!(!text.contains("my_lab_failover"), "{name}");
        fs::write(folder.path().join("night_shift").join(name), text).expect("a file");
    }
    let problems = library(&folder).replacing().validate(&["night_shift".to_owned()]);
    assert_eq!(without(&folder, &problems.to_string()), "");
    assert_eq!(
        template("Night shift").expect_err("it is no name").to_string(),
        "invalid scenario name `Night shift`; expected lower-case letters, digits and `_`, at most 64"
    );
}

/// Every key that the page explains is known, and every key that is known is explained.
#[test]
fn the_format_page_explains_the_keys_that_there_are() {
    let (folder, _, _) = lay_out(
        "== scenario.toml\nzzzzzzzz = 1\n[[observation]]\nzzzzzzzz = 1\n\
         [[printed_query]]\nzzzzzzzz = 1\n[[step]]\nzzzzzzzz = 1\n[[step.check]]\nzzzzzzzz = 1\n\
         ignore = [{ zzzzzzzz = 1 }]\ntolerance = [{ zzzzzzzz = 1 }]\n[[erratum]]\nzzzzzzzz = 1\n\
         [parameters]\na = { zzzzzzzz = 1 }\n",
    );
    let found = problems(&folder);
    let lists: Vec<_> =
        found.lines().filter_map(|line| line.strip_prefix(" hint: known: ")).collect();
    assert_eq!(lists.len(), 9, "{found}");
    for word in lists.iter().flat_map(|list| list.split(", ")) {
        let bare = word.trim_matches('`');
        let explained = [
            format!("`{bare}`"),
            format!("`[{bare}]`"),
            format!("`[[{bare}]]`"),
            format!("`[[step.{bare}]]`"),
            format!("{bare} = "),
        ];
        assert!(explained.iter().any(|form| FORMAT_PAGE.contains(form)), "{word} is not explained");
    }
    for kind in Kind::ALL {
        assert!(FORMAT_PAGE.contains(&format!("`{kind}`")), "{kind} is not explained");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the files of a scenario, it is read or refused.
    #[test]
    fn no_text_makes_reading_a_scenario_panic(
        toml in "([a-z]{1,6}( = |\\[|\\]|\"|'|\n|#|[0-9]|\\{|\\}|,|\\PC)){0,30}",
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..25),
        table in "([|\\-\\\\\"\n ,`*_<&;#]|\\PC){0,60}",
        sql in "(--|[a-z:@']|/\\*|\\*/|\n| |\\PC){0,60}",
    ) {
        for toml in [toml, pieces.concat()] {
            let (folder, _, _) = lay_out(
                "== scenario.toml\n== base/scenario.toml\ntitle = 'x'\nclock = '2011-07-12 14:49:55'\n",
            );
            let lab = folder.path().join("my_lab");
            for (file, text) in [
                ("scenario.toml", &toml), ("t.md", &table), ("t.csv", &table), ("q.sql", &sql),
                ("1_s.sql", &sql), ("p.sql", &sql),
            ] {
                fs::write(lab.join(file), text).expect("a file");
            }
            let found = library(&folder).validate(&["my_lab".to_owned()]);
            let _ = found.to_string();
        }
    }
}

/// Pieces of a `scenario.toml` that together reach far into the reader.
const PIECES: &[&str] = &[
    "title = 'x'\n",
    "clock = '2011-07-12 14:49:55'\n",
    "continues = 'base'\n",
    "continues = 'my_lab'\n",
    "lines = '55-90'\n",
    "lines = '999999-1000000'\n",
    "section = 'Services Server Failure'\n",
    "seeds = ['1_s.sql', 'base/1_s.sql']\n",
    "[parameters]\n",
    "a = 1\n",
    "a = { value = 'x', columns = [] }\n",
    "[[observation]]\n",
    "id = 'A1'\n",
    "id = '20'\n",
    "says = 'x'\n",
    "[[printed_query]]\n",
    "printed = 'p.sql'\n",
    "printed = '60'\n",
    "printed = ''\n",
    "printed = 'a'\n",
    "[[step]]\n",
    "at = '+00:00:01'\n",
    "at = '+999999999:00:00'\n",
    "at = '9999-12-31 23:59:59'\n",
    "script = '1_s.sql'\n",
    "script = 'é.sql'\n",
    "branch = 'b'\n",
    "[[step.check]]\n",
    "query = 'q'\n",
    "expect = 't.md'\n",
    "expect = 't.csv'\n",
    "expect = 'base/'\n",
    "expect = '/'\n",
    "rows = 0\n",
    "rows = 99999999999999999999\n",
    "value = 'x'\n",
    "stated = '57'\n",
    "observes = ['A1']\n",
    "key = ['line']\n",
    "ignore = [{ column = 'line', reason = 'x' }]\n",
    "tolerance = [{ column = 'line', within = 1e999, reason = 'x' }]\n",
    "with = { a = 1 }\n",
    "[[erratum]]\n",
    "file = 't.md'\n",
    "file = 'p.sql'\n",
    "row = 1\n",
    "column = 'line'\n",
    "column = ''\n",
    "reading = 'x'\n",
    "kind = 'ocr'\n",
    "evidence = 'x'\n",
    "\n",
    "= ",
    "[",
    "\"",
];
