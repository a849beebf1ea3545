//! Expectations beside answers: what errata, parameters, reasons and tolerances make of a cell. And steps that
//! do not do what they should.

use std::fs;

use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{CellVerdict, CheckVerdict, Report, RowVerdict, RunVerdict, StepRun};
use chatdb::scenario::Library;
use tempfile::TempDir;

/// A scenario `lab` on a small database of its own, with a query `people`, a table `10_people.md` and what
/// else is given.
fn lab(toml: &str, table: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = folder.path().join("lab");
    fs::create_dir(&lab).expect("a folder");
    let file = |name: &str, text: &str| fs::write(lab.join(name), text).expect("a file");
    file(
        "scenario.toml",
        &format!(
            "title = \"A lab\"\nclock = \"2011-07-12 14:49:55.000\"\nseeds = [\"01_people.sql\"]\n\
             document = \"runbook.txt\"\nlines = \"1-{}\"\n{toml}",
            table.lines().count()
        ),
    );
    file(
        "01_people.sql",
        "INSERT INTO egpl_department (department_id, department_name, delete_flag)\n\
         VALUES (1, 'Ann', 'n'), (2, 'Bob', NULL), (3, '', 'NULL');\n",
    );
    file(
        "people.sql",
        "-- title: People\n-- key: id\n-- kind: id integer\n-- order: id\nSELECT department_id AS id, \
         department_name AS name, delete_flag AS flag FROM egpl_department ORDER BY department_id\n",
    );
    file("10_people.md", table);
    file("runbook.txt", table);
    folder
}

fn play(folder: &TempDir, options: &ReplayOptions) -> Report {
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    let (report, _) = replay::replay(&library, &["lab".to_owned()], options)
        .unwrap_or_else(|error| panic!("{error}"));
    report
}

const CHECK: &str = "[[step]]\nat = \"+00:00:00\"\nid = \"10\"\ntitle = \"Nothing happens\"\n\
                     [[step.check]]\nquery = \"people\"\nexpect = \"10_people.md\"\nprinted = \"1-5\"\n";

const PEOPLE: &str = "\
| id | name | flag   |
|----|------|--------|
| 1  | Ann  | n      |
| 2  | Bob  | NULL   |
| 3  |      | \"NULL\" |
";

fn only_check(report: &Report) -> &chatdb::report::CheckRun {
    &report.runs[0].steps[0].checks[0]
}

/// The cells of the only check that do not simply match: key, column, verdict.
fn unusual(report: &Report) -> Vec<(String, String, CellVerdict)> {
    let comparison = only_check(report).comparison.as_ref().expect("it was asked");
    let cells = comparison.rows.iter().flat_map(|row| {
        let key = row.key.first().map(ToString::to_string).unwrap_or_default();
        row.cells.iter().map(move |cell| (key.clone(), cell.column.clone(), cell.verdict))
    });
    cells.filter(|(_, _, verdict)| *verdict != CellVerdict::Matches).collect()
}

#[test]
fn null_the_empty_text_and_the_text_null_are_three_things() {
    assert!(play(&lab(CHECK, PEOPLE), &ReplayOptions::default()).holds());
    for (other, row) in [
        (PEOPLE.replace("| NULL   |", "|        |"), "2"),
        (PEOPLE.replace("| NULL   |", "| \"NULL\" |"), "2"),
        (PEOPLE.replace("\"NULL\"", "NULL  "), "3"),
        (PEOPLE.replace("|      | \"", "| NULL | \""), "3"),
    ] {
        let report = play(&lab(CHECK, &other), &ReplayOptions::default());
        let found = unusual(&report);
        assert_eq!(found.len(), 1, "{other}");
        assert_eq!((found[0].0.as_str(), found[0].2), (row, CellVerdict::Differs), "{other}");
    }
}

#[test]
fn a_row_knows_its_line_of_the_document() {
    let report = play(&lab(CHECK, PEOPLE), &ReplayOptions::default());
    let comparison = only_check(&report).comparison.as_ref().expect("it was asked");
    let lines: Vec<_> =
        comparison.rows.iter().map(|row| (row.file_line, row.source_line)).collect();
    assert_eq!(lines, [(Some(3), Some(3)), (Some(4), Some(4)), (Some(5), Some(5))]);
}

fn erratum(row: u32, printed: &str, reading: &str) -> String {
    format!(
        "{CHECK}[[erratum]]\nfile = \"10_people.md\"\nrow = {row}\ncolumn = \"name\"\nprinted = \"{printed}\"\n\
         reading = \"{reading}\"\nkind = \"ocr\"\nevidence = \"we know her\"\n"
    )
}

#[test]
fn a_misprint_matches_by_its_erratum_and_not_without() {
    let table = PEOPLE.replace("Ann", "Anm");
    let report = play(&lab(&erratum(1, "Anm", "Ann"), &table), &ReplayOptions::default());
    assert!(report.holds());
    assert_eq!(
        unusual(&report),
        [("1".to_owned(), "name".to_owned(), CellVerdict::MatchesByErratum)]
    );
    let report = play(&lab(CHECK, &table), &ReplayOptions::default());
    assert_eq!(unusual(&report), [("1".to_owned(), "name".to_owned(), CellVerdict::Differs)]);
}

#[test]
fn an_erratum_that_no_longer_applies_fails() {
    // What comes back is what is printed, so the reading is wrong.
    let report = play(&lab(&erratum(1, "Ann", "Anne"), PEOPLE), &ReplayOptions::default());
    assert!(!report.holds());
    assert_eq!(unusual(&report), [("1".to_owned(), "name".to_owned(), CellVerdict::StaleErratum)]);
}

#[test]
fn ignored_and_tolerated_cells_are_still_told_with_their_reasons() {
    let check = format!(
        "{CHECK}key = [\"name\"]\nignore = [{{ column = \"flag\", reason = \"set at import\" }}]\n\
         tolerance = [{{ column = \"id\", within = 5, reason = \"ids are shifted\" }}]\n"
    );
    let table = PEOPLE.replace("| 1  |", "| 4  |").replace("| n  ", "| y  ");
    let report = play(&lab(&check, &table), &ReplayOptions::default());
    assert!(report.holds());
    let comparison = only_check(&report).comparison.as_ref().expect("it was asked");
    let cell = |column: &str| {
        let cell =
            comparison.rows[0].cells.iter().find(|cell| cell.column == column).expect("a cell");
        (cell.verdict, cell.reason.clone().unwrap_or_default())
    };
    assert_eq!(cell("flag"), (CellVerdict::Ignored, "set at import".to_owned()));
    assert_eq!(cell("id"), (CellVerdict::WithinTolerance, "up to 5: ids are shifted".to_owned()));
    let far = PEOPLE.replace("| 1  |", "| 7  |");
    assert!(!play(&lab(&check, &far), &ReplayOptions::default()).holds());
}

#[test]
fn a_parameter_stands_for_what_it_is_set_to() {
    let toml = format!("[parameters]\nwho = {{ value = \"Ann\", columns = [\"name\"] }}\n{CHECK}");
    let folder = lab(&toml, PEOPLE);
    let seed = folder.path().join("lab/01_people.sql");
    let text = fs::read_to_string(&seed).expect("a seed");
    fs::write(&seed, text.replace("'Ann'", "@who")).expect("a seed");
    let options = ReplayOptions {
        sets: vec![("who".to_owned(), "Eve".to_owned())],
        ..ReplayOptions::default()
    };
    let report = play(&folder, &options);
    assert!(report.holds());
    assert_eq!(
        unusual(&report),
        [("1".to_owned(), "name".to_owned(), CellVerdict::MatchesByParameter)]
    );
    assert_eq!(only_check(&report).reproduce, "chatdb replay lab --set who=Eve --until 10");
}

#[test]
fn rows_are_missing_or_extra() {
    let derived = CHECK.replace("printed = \"1-5\"", "derived = \"so it is\"");
    let rows = |table: &str| -> Vec<RowVerdict> {
        let report = play(&lab(&derived, table), &ReplayOptions::default());
        let comparison = only_check(&report).comparison.as_ref().expect("it was asked");
        comparison.rows.iter().map(|row| row.verdict).collect()
    };
    use RowVerdict::{Extra, Matches, Missing};
    assert_eq!(rows(PEOPLE), [Matches, Matches, Matches]);
    assert_eq!(rows(&PEOPLE.replace("| 2  | Bob  | NULL   |\n", "")), [Matches, Extra, Matches]);
    assert_eq!(rows(&format!("{PEOPLE}| 4  | Dan  | n |\n")), [Matches, Matches, Matches, Missing]);
}

/// The only step with the keys given beside its check.
fn step(keys: &str, script: &str) -> StepRun {
    let toml = format!(
        "[[step]]\nat = \"+00:00:00\"\ntitle = \"Something happens\"\nscript = \"20_change.sql\"\n{keys}\
         [[step.check]]\nquery = \"people\"\nexpect = \"10_people.md\"\nprinted = \"1-5\"\n"
    );
    let folder = lab(&toml, PEOPLE);
    fs::write(folder.path().join("lab/20_change.sql"), script).expect("a script");
    play(&folder, &ReplayOptions::default()).runs[0].steps[0].clone()
}

const NOTHING: &str = "UPDATE egpl_department SET department_name = 'Ann' WHERE department_id = 1;";

#[test]
fn a_step_changes_as_many_rows_as_it_says() {
    assert!(step("changes = 1\n", NOTHING).holds());
    let wrong = step("changes = 2\n", NOTHING);
    assert!(!wrong.holds());
    assert_eq!(wrong.checks[0].verdict, CheckVerdict::Skipped, "nothing is checked after it");
    let changes = wrong.changes.expect("it ran");
    assert_eq!((changes.expected, changes.actual), (Some(2), 1));
}

#[test]
fn a_step_that_fails_has_no_effect_and_says_where() {
    let half = "DELETE FROM egpl_department;\n\nINSERT INTO nowhere VALUES (1);";
    let failed = step("", half);
    let problem = failed.problem.clone().expect("it failed");
    assert!(problem.ends_with("20_change.sql:3: there is no table `nowhere`"), "{problem}");
    assert_eq!(failed.checks[0].verdict, CheckVerdict::Skipped);
    let expected = step("error = \"there is no table\"\n", half);
    assert!(expected.holds());
    assert_eq!(expected.checks[0].verdict, CheckVerdict::Matches, "the DELETE is taken back");
    let other = step("error = \"constraint\"\n", half).problem.expect("another error");
    assert!(
        other.starts_with("the script should fail with `constraint`, but failed with: "),
        "{other}"
    );
    let none = step("error = \"constraint\"\n", NOTHING).problem.expect("no error");
    assert_eq!(none, "the script should fail with `constraint`, but did not fail");
}

#[test]
fn a_baseline_that_does_not_hold_keeps_others_from_running() {
    let folder = lab(CHECK, &PEOPLE.replace("Ann", "Eve"));
    let next = folder.path().join("next");
    fs::create_dir(&next).expect("a folder");
    fs::write(
        next.join("scenario.toml"),
        "title = \"Next\"\ncontinues = \"lab\"\n[[step]]\nat = \"+00:01:00\"\nid = \"10\"\ntitle = \"x\"\n\
         [[step.check]]\nquery = \"open_chats\"\nrows = 0\nderived = \"nobody chats\"\n",
    )
    .expect("a scenario");
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    let names = ["lab".to_owned(), "next".to_owned()];
    let options = ReplayOptions {
        words: vec!["--scenarios".to_owned(), "my labs".to_owned()],
        ..ReplayOptions::default()
    };
    let (report, _) = replay::replay(&library, &names, &options).expect("it is played");
    assert_eq!(report.runs[0].verdict, RunVerdict::Differs);
    let run = &report.runs[1];
    assert_eq!(run.verdict, RunVerdict::NotRun);
    assert_eq!(run.problem.as_deref(), Some("`lab` failed: check `people` differs"));
    assert_eq!(run.reproduce, "chatdb replay lab --scenarios \"my labs\"");
    assert!(run.steps.is_empty());
}

#[test]
fn a_query_that_cannot_be_run_fails_its_check_and_no_other() {
    let folder = lab(CHECK, PEOPLE);
    fs::write(folder.path().join("lab/people.sql"), "-- title: People\nSELECT * FROM nowhere\n")
        .expect("a query");
    let report = play(&folder, &ReplayOptions::default());
    let check = only_check(&report);
    assert_eq!(check.verdict, CheckVerdict::Failed);
    let problem = check.problem.as_deref().expect("a problem");
    assert!(problem.ends_with("lab/people.sql: there is no table `nowhere`"), "{problem}");
    let writes = "-- title: People\nDELETE FROM egpl_department\n";
    fs::write(folder.path().join("lab/people.sql"), writes).expect("a query");
    let report = play(&folder, &ReplayOptions::default());
    let problem = only_check(&report).problem.clone().expect("a problem");
    assert!(
        problem.ends_with("the statement writes `egpl_department`, and queries are read-only"),
        "{problem}"
    );
}
