//! The formats for other programs: tabs, JSON Lines, workbooks, and the schema that every JSON keeps to.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx};
use chatdb::render::{FORMATS, RenderOptions, format};
use chatdb::report::{self, Listing, Report};
use chatdb::table::{Cell, Column, Kind, ResultTable};
use serde_json::{Value, json};

use crate::sample_report as sample;

fn bytes(name: &str, report: &Report) -> Vec<u8> {
    let mut bytes = Vec::new();
    let format = format(name).expect("a format");
    (format.render)(report, RenderOptions::default(), &mut bytes).expect("bytes");
    bytes
}

fn text(name: &str, report: &Report) -> String {
    String::from_utf8(bytes(name, report)).expect("UTF-8")
}

fn list(title: &str, columns: &[(&str, Kind)], rows: Vec<Vec<Cell>>) -> Listing {
    Listing {
        title: title.to_owned(),
        table: ResultTable {
            columns: columns.iter().map(|(name, kind)| Column::new(*name, *kind)).collect(),
            rows,
        },
        remarks: Vec::new(),
    }
}

fn of_lists(listings: Vec<Listing>) -> Report {
    Report { listings, ..Report::new() }
}

fn cell(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A report that has everything that reports have, but an analysis.
fn everything() -> Report {
    let mut report =
        sample::report(vec![sample::broken(), sample::reproduced(), sample::not_run()]);
    report.comparisons = sample::two_files(true).comparisons;
    report.listings = vec![list("A list", &[("a", Kind::Text)], vec![vec![cell("b")]])];
    report
}

// TABS -----------------------------------------------------------------------------------------------------

#[test]
fn a_line_between_tabs_is_a_record_whatever_its_fields_hold() {
    let awkward = ["a\tb", "two\nlines", "\r\n", "back\\slash", "\\t", "\"", "=1+1", "NULL", ""];
    let row: Vec<Cell> = awkward.iter().map(|text| cell(text)).collect();
    let columns: Vec<(String, Kind)> =
        (0..awkward.len()).map(|at| (format!("c{at}"), Kind::Text)).collect();
    let columns: Vec<(&str, Kind)> = columns.iter().map(|(n, k)| (n.as_str(), *k)).collect();
    let shown = text("tsv", &of_lists(vec![list("L", &columns, vec![row])]));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    let fields: Vec<&str> = lines[1].split('\t').collect();
    assert_eq!(
        fields,
        [
            "a\\tb",
            "two\\nlines",
            "'\\r\\n",
            "back\\\\slash",
            "\\\\t",
            "\"",
            "'=1+1",
            "\"NULL\"",
            ""
        ]
    );
}

#[test]
fn the_lines_between_tabs_are_those_of_csv() {
    let report = everything();
    let (csv, tsv) = (text("csv", &report), text("tsv", &report));
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    let records: Vec<csv::StringRecord> =
        reader.records().map(|one| one.expect("a record")).collect();
    assert_eq!(records.len(), tsv.lines().count());
    for (record, line) in records.iter().zip(tsv.lines()) {
        assert_eq!(record.len(), line.split('\t').count(), "{line}");
    }
}

// JSON LINES -----------------------------------------------------------------------------------------------

fn json_lines(report: &Report) -> Vec<Value> {
    let lines = text("jsonl", report);
    lines.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn a_row_of_a_list_is_an_object_a_line() {
    let rows = vec![vec![Cell::Integer(1), cell("two\nlines")], vec![Cell::Null, cell("")]];
    let report = of_lists(vec![list("L", &[("id", Kind::Integer), ("t", Kind::Text)], rows)]);
    assert_eq!(
        json_lines(&report),
        [json!({ "id": 1, "t": "two\nlines" }), json!({ "id": null, "t": "" })]
    );
}

#[test]
fn every_check_of_a_replay_has_a_line_with_its_scenario() {
    let report = sample::report(vec![sample::broken(), sample::not_run()]);
    let lines = json_lines(&report);
    let checks = report.runs.iter().flat_map(|run| &run.steps);
    let checks: usize = checks.map(|step| step.checks.len()).sum();
    let of_checks: Vec<&Value> = lines.iter().filter(|line| line.get("check").is_some()).collect();
    assert_eq!(of_checks.len(), checks);
    assert!(of_checks.iter().all(|line| line["scenario"].is_string()));
    let whole: Value = serde_json::from_str(&text("json", &report)).expect("JSON");
    assert_eq!(of_checks[0]["check"], whole["runs"][0]["steps"][0]["checks"][0]);
    let last = lines.last().expect("a line");
    assert_eq!(last["verdict"], "not_run", "a run without steps has its line");
}

// WORKBOOKS ------------------------------------------------------------------------------------------------

/// The sheets of a workbook: names and cells, and whether any is a formula.
pub fn sheets(bytes: &[u8]) -> Vec<(String, Vec<Vec<Data>>, bool)> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook");
    let names = book.sheet_names();
    let sheet = |name: String| {
        let range = book.worksheet_range(&name).expect("a sheet");
        let rows = range.rows().map(<[Data]>::to_vec).collect();
        let formulas = book.worksheet_formula(&name).expect("a sheet");
        let computes = formulas.used_cells().any(|(_, _, text)| !text.is_empty());
        (name, rows, computes)
    };
    names.into_iter().map(sheet).collect()
}

/// Everything that a workbook shows, as text.
pub fn text_of_workbook(bytes: &[u8]) -> String {
    let sheets = sheets(bytes);
    let rows = sheets.iter().flat_map(|(_, rows, _)| rows);
    let cells = rows.map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("\t"));
    cells.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_workbook_holds_what_the_cells_hold_and_computes_nothing() {
    let columns = [("text", Kind::Text), ("number", Kind::Integer), ("time", Kind::Timestamp)];
    let at = Cell::Timestamp(1_310_482_195_123); // 2011-07-12 14:49:55.123
    let rows = vec![
        vec![cell("=1+1"), Cell::Integer(-7), at],
        vec![cell("@SUM(A1)"), Cell::Integer(9_007_199_254_740_993), Cell::Null],
        vec![cell("NULL"), Cell::Null, Cell::Timestamp(-3_000_000_000_000)],
        vec![cell("_x0041_ and _x"), Cell::Null, Cell::Null],
        vec![cell("two\nlines\u{1b}[0m"), Cell::Null, Cell::Null],
    ];
    let sheets = sheets(&bytes("xlsx", &of_lists(vec![list("L", &columns, rows)])));
    let [(name, rows, computes)] = sheets.as_slice() else {
        panic!("one sheet: {sheets:?}");
    };
    assert_eq!((name.as_str(), computes), ("L", &false));
    let of = |row: usize, column: usize| &rows[row][column];
    assert_eq!(of(1, 0), &Data::String("=1+1".to_owned()));
    assert_eq!(of(2, 0), &Data::String("@SUM(A1)".to_owned()));
    assert_eq!(of(1, 1), &Data::Float(-7.0));
    assert_eq!(of(2, 1), &Data::String("9007199254740993".to_owned()));
    assert_eq!(of(2, 2), &Data::String("NULL".to_owned()));
    assert_eq!(of(3, 0), &Data::String("\"NULL\"".to_owned()));
    assert_eq!(of(3, 2), &Data::String("1874-12-07 18:40:00.000".to_owned()));
    assert_eq!(of(5, 0), &Data::String("two\nlines\u{241b}[0m".to_owned()));
    let Data::DateTime(time) = of(1, 2) else {
        panic!("a time: {:?}", of(1, 2));
    };
    let days = time.as_f64();
    assert!((days - 40_736.617_999_1).abs() < 1e-6, "{days}");
}

#[test]
fn what_a_workbook_cannot_hold_is_said_in_place() {
    let long = "x".repeat(40_000);
    let titles = ["History", "a/b:c?", &"n".repeat(40), &"n".repeat(40), "N", "n", ""];
    let lists = titles.map(|title| {
        let rows = vec![vec![cell(&long)]];
        list(title, &[("t", Kind::Text)], rows)
    });
    let sheets = sheets(&bytes("xlsx", &of_lists(lists.to_vec())));
    let mut names: Vec<String> = sheets.iter().map(|(name, ..)| name.to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), titles.len(), "each sheet has a name of its own: {names:?}");
    for (name, rows, _) in &sheets {
        assert!((1..=31).contains(&name.encode_utf16().count()), "{name}");
        assert!(!name.contains(['[', ']', ':', '*', '?', '/', '\\']), "{name}");
        assert_ne!(name.to_lowercase(), "history");
        let shown = rows[1][0].to_string();
        assert!(shown.ends_with("(cut off: 40000 characters; JSON has all of them)"));
        assert_eq!(shown.encode_utf16().count(), 32_767);
    }
}

#[test]
fn a_workbook_of_a_replay_has_its_checks_and_cells() {
    let sheets = sheets(&bytes("xlsx", &everything()));
    let names: Vec<&str> = sheets.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["A list", "Checks", "Cells", "Comparison"]);
    assert!(sheets.iter().all(|(_, rows, computes)| rows.len() > 1 && !computes));
}

// THE SCHEMA -----------------------------------------------------------------------------------------------

fn validator() -> jsonschema::Validator {
    let schema = report::json_schema();
    jsonschema::draft202012::new(schema.as_value()).expect("a schema")
}

fn mistakes(json: &Value) -> Vec<String> {
    let found = validator();
    let found = found.iter_errors(json);
    found.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Fails where a text is no report in JSON as the schema says.
pub fn keeps_to_the_schema(text: &str) {
    let json: Value = serde_json::from_str(text).expect("JSON");
    let mistakes = mistakes(&json);
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_record() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/schema/report.json");
    let made = serde_json::to_string_pretty(&report::json_schema()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, &made).expect("a file");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "`UPDATE=1 cargo test --test it -- formats::` writes {}", path.display());
}

#[test]
fn every_json_of_the_samples_keeps_to_the_schema() {
    keeps_to_the_schema(&text("json", &Report::new()));
    keeps_to_the_schema(&text("json", &everything()));
    keeps_to_the_schema(&text("json", &sample::two_files(false)));
    keeps_to_the_schema(&text("json", &sample::hostile("\u{1b}]0;title\u{7}")));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut read = 0;
    for folder in ["reports/samples", "tests/snapshots/render"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "json") {
                keeps_to_the_schema(&fs::read_to_string(&path).expect("a file"));
                read += 1;
            }
        }
    }
    assert!(read >= 11, "ten samples and a snapshot: {read}");
}

#[test]
fn what_does_not_keep_to_the_schema_is_found() {
    let report: Value = serde_json::from_str(&text("json", &everything())).expect("JSON");
    assert!(mistakes(&report).is_empty());
    let changes: [(&str, Value); 5] = [
        ("/schema", json!("chatdb.report/1")),
        ("/runs/0/verdict", json!("fine")),
        ("/runs/0/steps", json!({})),
        ("/comparisons/0/comparison/same", json!("no")),
        ("/listings/0/rows/0", json!(["b"])),
    ];
    for (place, value) in changes {
        let mut changed = report.clone();
        *changed.pointer_mut(place).expect("a place") = value;
        assert!(!mistakes(&changed).is_empty(), "{place} is not looked at");
    }
    let mut without = report.clone();
    without["runs"][0].as_object_mut().expect("an object").remove("title");
    assert!(!mistakes(&without).is_empty(), "a missing key is not noticed");
}

// THE LIST OF FORMATS --------------------------------------------------------------------------------------

#[test]
fn the_extension_of_a_file_names_its_format() {
    for format in &FORMATS {
        let found = chatdb::render::format_of_extension(format.extension).expect("a format");
        assert_eq!(found.name, format.name);
    }
    let upper = chatdb::render::format_of_extension("XLSX").expect("in any case");
    assert_eq!(upper.name, "xlsx");
    assert!(chatdb::render::format_of_extension("doc").is_none());
}
