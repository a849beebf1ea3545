//! `validate`: mistakes that only the model can find, and what `replay` does with folders that have any.

use std::fs;
use std::path::Path;

use chatdb::render::{self, RenderOptions};
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{CheckVerdict, Report, RunVerdict};
use chatdb::scenario::Library;
use chatdb::validate;

use crate::scenario::{cases_in, lay_out, without};

/// Each text lays out a folder and ends with everything that is found wrong with it. `UPDATE=1` rewrites
/// that part; read the difference.
#[test]
fn what_the_model_does_not_have_is_found_where_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = cases_in(&root.join("tests/scenarios/rehearsed"));
    assert!(cases.len() >= 6, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let text = fs::read_to_string(&path).expect("a case");
        let (folder, _, finds) = lay_out(&text);
        let lab = folder.path().join("my_lab").display().to_string();
        let library = Library::new(Vec::new()).expect("a library");
        let validated = validate::validate(&library, &[lab], &ReplayOptions::default())
            .expect("it is validated");
        let found: Vec<String> = validated[0].mistakes.iter().map(ToString::to_string).collect();
        let found = without(&folder, &found.join("\n")) + "\n";
        if std::env::var_os("UPDATE").is_some() {
            let kept = text.find("== finds\n").expect("a part called finds") + "== finds\n".len();
            fs::write(&path, format!("{}{found}", &text[..kept])).expect("a case");
        } else if found != finds || finds.trim().is_empty() {
            wrong.push(format!("{}:\n{found}\ninstead of\n{finds}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_scenarios_of_the_program_have_no_mistakes() {
    let library = Library::new(Vec::new()).expect("a library");
    let names: Vec<String> = library.names().iter().map(|name| (*name).to_owned()).collect();
    let validated = validate::validate(&library, &names, &ReplayOptions::default())
        .expect("they are validated");
    assert_eq!(validated.len(), names.len());
    for one in validated {
        assert_eq!(one.mistakes, [], "{}", one.scenario);
    }
}

const GOOD: &str = "title = \"Good\"\ncontinues = \"baseline\"\n[[step]]\nid = \"10\"\nat = \"+00:01:00\"\n\
    title = \"x\"\n[[step.check]]\nquery = \"open_chats\"\nrows = 1\nderived = \"x\"\n";

/// A folder with a good scenario, one whose second step fails, and one with mistakes.
fn labs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("bad/scenario.toml", "title = \"Bad\"\ncontinues = \"nothing\"\n");
    write("good/scenario.toml", GOOD);
    write(
        "stops/scenario.toml",
        &format!(
            "{GOOD}[[step]]\nat = \"+00:02:00\"\ntitle = \"y\"\nscript = \"20_y.sql\"\n[[step]]\nid = \"30\"\nat = \
             \"+00:03:00\"\ntitle = \"z\"\n[[step.check]]\nid = \"later\"\nquery = \"open_chats\"\nrows = 1\nderived = \
             \"x\"\n"
        ),
    );
    write(
        "stops/20_y.sql",
        "INSERT INTO message (activity_id, author, text) VALUES (7, 'agent', 'x');",
    );
    folder
}

fn replayed() -> Report {
    let folder = labs();
    let library = Library::new(Vec::new()).expect("a library");
    let names = library.expand(&folder.path().display().to_string()).expect("three scenarios");
    let played = replay::replay(&library, &names, &ReplayOptions::default());
    played.expect("they are replayed").0
}

#[test]
fn one_folder_with_mistakes_keeps_no_other_from_running() {
    let report = replayed();
    let runs: Vec<_> = report.runs.iter().map(|run| (run.scenario.as_str(), run.verdict)).collect();
    assert_eq!(
        runs,
        [
            ("bad", RunVerdict::Invalid),
            ("good", RunVerdict::Reproduced),
            ("stops", RunVerdict::Differs)
        ]
    );
    let problem = report.runs[0].problem.as_deref().unwrap_or_default();
    assert!(problem.ends_with("unknown scenario `nothing`"), "{problem}");
}

#[test]
fn after_a_step_that_fails_nothing_is_ok() {
    let report = replayed();
    let run = &report.runs[2];
    let checks: Vec<_> = run
        .steps
        .iter()
        .flat_map(|step| &step.checks)
        .map(|check| (check.id.as_str(), check.verdict))
        .collect();
    assert_eq!(checks, [("open_chats", CheckVerdict::Matches), ("later", CheckVerdict::Skipped)]);
    for format in &render::FORMATS {
        let mut bytes = Vec::new();
        (format.render)(&report, RenderOptions::default(), &mut bytes).expect("it is written");
        let text = match format.can.binary {
            true => crate::formats::text_of_workbook(&bytes),
            false => String::from_utf8(bytes).expect("UTF-8"),
        };
        let says = text.contains("skipped") || format.can.pictures == render::Pictures::Only;
        assert!(says, "{} does not say so:\n{text}", format.name);
    }
}

/// The attributes of the XML's elements that are called `name`, as they are written.
fn elements<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let starts = xml.split('<').filter(|part| part.split(' ').next() == Some(name));
    starts.map(|part| part.split('>').next().unwrap_or_default()).collect()
}

#[test]
fn junit_has_a_test_case_for_each_check_and_each_script() {
    let report = replayed();
    let mut bytes = Vec::new();
    render::junit::render(&report, RenderOptions::default(), &mut bytes).expect("it is written");
    let xml = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(
        elements(&xml, "testsuites"),
        ["testsuites name=\"chatdb\" tests=\"5\" skipped=\"1\" failures=\"0\" errors=\"2\""]
    );
    assert_eq!(
        elements(&xml, "testcase"),
        [
            "testcase name=\"runs\" classname=\"bad\"",
            "testcase name=\"open_chats\" classname=\"good\"/",
            "testcase name=\"open_chats\" classname=\"stops\"/",
            "testcase name=\"step 20\" classname=\"stops\"",
            "testcase name=\"later\" classname=\"stops\"",
        ]
    );
    assert!(xml.contains("no such chat; there is 1347"), "{xml}");
}
