//! Reports as bytes.

use chatdb::render::sanitize::{Sanitized, is_hidden};
use chatdb::render::{CsvOptions, Detail, FORMATS, RenderOptions, format};
use chatdb::report::{Listing, Report, RowVerdict, SCHEMA};
use chatdb::table::{Cell, Column, Kind, ResultTable};
use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

use crate::sample_report as sample;
use crate::snapshot;
use crate::table::{awkward_cells, every_sequence};

fn render(name: &str, report: &Report, options: RenderOptions) -> String {
    let mut bytes = Vec::new();
    let format = format(name).expect("a format");
    (format.render)(report, options, &mut bytes).expect("a Vec takes everything");
    String::from_utf8(bytes).expect("reports are UTF-8")
}

fn terminal(report: &Report, width: usize, detail: Detail) -> String {
    render(
        "table",
        report,
        RenderOptions { width, detail, color: false, ..RenderOptions::default() },
    )
}

fn in_full(name: &str, report: &Report) -> String {
    render(name, report, RenderOptions::default())
}

/// Everything that a report can say, in one.
fn everything() -> Report {
    sample::report(vec![sample::broken(), sample::reproduced(), sample::not_run()])
}

const WIDTHS: [usize; 4] = [40, 80, 120, 200];

#[test]
fn a_run_that_reproduces_the_document_shows_the_printed_tables() {
    let report = sample::report(vec![sample::reproduced()]);
    for width in WIDTHS {
        let name = format!("render/reproduced_{width}.txt");
        snapshot::check(&name, &terminal(&report, width, Detail::Full));
    }
}

#[test]
fn a_run_that_differs_shows_what_differs_and_where() {
    let report = sample::report(vec![sample::broken()]);
    for width in WIDTHS {
        let name = format!("render/broken_{width}.txt");
        snapshot::check(&name, &terminal(&report, width, Detail::Full));
    }
}

#[test]
fn in_brief_there_is_one_line_per_check_and_all_that_differs() {
    let text = terminal(&everything(), 80, Detail::Brief);
    snapshot::check("render/brief_80.txt", &text);
}

#[test]
fn two_files_render_as_their_diff_alone() {
    let same = terminal(&sample::two_files(false), 80, Detail::Full);
    assert_eq!(same, "same: 1 row, 2 columns\n");
    let text = terminal(&sample::two_files(true), 80, Detail::Full);
    snapshot::check("render/two_files_80.txt", &text);
    for name in ["csv", "markdown"] {
        let text = in_full(name, &sample::two_files(true));
        snapshot::check(&format!("render/two_files.{name}"), &text);
    }
}

#[test]
fn csv_has_one_line_per_cell() {
    snapshot::check("render/everything.csv", &in_full("csv", &everything()));
}

#[test]
fn markdown_is_a_document() {
    let one = sample::report(vec![sample::reproduced()]);
    snapshot::check("render/reproduced.md", &in_full("markdown", &one));
    snapshot::check("render/everything.md", &in_full("markdown", &everything()));
}

/// A change of this snapshot that takes a key away, or gives one another meaning, needs a new `SCHEMA`.
#[test]
fn json_is_the_record() {
    let mut report = sample::report(vec![sample::reproduced()]);
    report.runs[0].steps.drain(..1);
    report.runs[0].steps.truncate(1);
    report.runs[0].steps[0].checks.truncate(1);
    report.comparisons = sample::two_files(false).comparisons;
    let text = in_full("json", &report);
    snapshot::check("render/small.json", &text);
    assert!(text.starts_with(&format!("{{\n  \"schema\": \"{SCHEMA}\",\n")));
    assert!(text.ends_with("}\n"));
}

#[test]
fn an_empty_report_renders() {
    let report = sample::report(Vec::new());
    assert_eq!(terminal(&report, 80, Detail::Full), "");
    assert_eq!(in_full("csv", &report).lines().count(), 1);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in &FORMATS {
        let bytes = || {
            let mut bytes = Vec::new();
            (format.render)(&everything(), RenderOptions::default(), &mut bytes).expect("bytes");
            bytes
        };
        assert!(bytes() == bytes(), "{}", format.name);
    }
}

#[test]
fn a_writer_that_fails_is_an_error_and_no_more() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in &FORMATS {
        let error = (format.render)(&everything(), RenderOptions::default(), &mut Full);
        let kind = error.expect_err("the writer is full").kind();
        assert_eq!(kind, std::io::ErrorKind::StorageFull, "{}", format.name);
    }
}

#[test]
fn lines_keep_to_the_width_but_for_what_is_copied() {
    for width in WIDTHS {
        for detail in [Detail::Full, Detail::Brief] {
            for line in terminal(&everything(), width, detail).lines() {
                let word = line.split_whitespace().next().unwrap_or_default();
                let copied =
                    ["scenario", "expected", "reproduce", "check", "script", "step", "next"];
                assert!(line.width() <= width || copied.contains(&word), "{width}: {line}");
            }
        }
    }
}

/// What data could try, each with what it would do.
const PAYLOADS: [&str; 22] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]52;c;Zm9v\u{7}",
    "\u{1b}]8;;http://evil\u{1b}\\link",
    "\u{1b}P1$q\u{1b}\\",
    "\u{9b}2J",
    "\u{9d}0;title\u{9c}",
    "\u{85}next line",
    "over\rwritten",
    "two\nlines",
    "tab\tbed",
    "back\u{8}\u{8}space",
    "bell\u{7}",
    "nul\0",
    "del\u{7f}",
    "\u{202e}txt.exe",
    "\u{2066}isolate\u{2069}",
    "zero\u{200b}width\u{feff}",
    "line\u{2028}separator\u{2029}",
    "=1+1",
    "a|b `c` <script>*_[x](y)_* #",
    "\u{e0041}tag",
];

#[test]
fn nothing_hidden_reaches_a_terminal_from_any_field_in_any_format() {
    for payload in PAYLOADS {
        // What a workbook shows is looked at with its formats.
        for format in FORMATS.iter().filter(|format| !format.can.binary) {
            for width in WIDTHS {
                for detail in [Detail::Full, Detail::Brief] {
                    let report = sample::hostile(payload);
                    let text = render(
                        format.name,
                        &report,
                        RenderOptions { width, detail, color: false, ..RenderOptions::default() },
                    );
                    let text = text.replace("\r\n", "\n");
                    let hidden: Vec<char> = text
                        .chars()
                        .filter(|c| {
                            let tab = *c == '\t' && ["csv", "tsv"].contains(&format.name);
                            *c != '\n' && !tab && is_hidden(*c)
                        })
                        .collect();
                    assert!(hidden.is_empty(), "{} {payload:?}: {hidden:?}", format.name);
                }
            }
        }
    }
}

#[test]
fn json_gives_hidden_characters_back() {
    for payload in PAYLOADS {
        let text = in_full("json", &sample::hostile(payload));
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["runs"][0]["title"], payload);
        assert_eq!(json["runs"][0]["parameters"][0]["value"], payload);
    }
}

#[test]
fn hidden_characters_have_a_shape() {
    let cases = [
        ("plain ™ 日本 é", "plain ™ 日本 é"),
        ("\u{1b}[31m", "␛[31m"),
        ("a\r\n\tb\0", "a␍␊␉b␀"),
        ("\u{7f}\u{9b}", "␡\\u{9b}"),
        ("\u{202e}\u{200b}", "\\u{202e}\\u{200b}"),
    ];
    for (text, shown) in cases {
        assert_eq!(Sanitized::of(text).as_str(), shown);
        assert_eq!(Sanitized::of(shown).as_str(), shown);
    }
}

/// One differing cell, as the terminal shows the two values.
fn shown(expected: Cell, actual: Cell) -> String {
    let row = sample::row(
        Vec::new(),
        RowVerdict::Differs,
        1,
        vec![sample::differs("c", expected, actual), sample::same("d", Cell::Null)],
    );
    let columns = [("c", Kind::Text), ("d", Kind::Text)];
    let mut report = sample::two_files(false);
    report.comparisons[0].comparison = sample::comparison(&[], &columns, vec![row]);
    let text = terminal(&report, 200, Detail::Full);
    let line = text.lines().find(|line| line.starts_with(" 1 ")).unwrap_or_default();
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    cells[2..].join(" / ")
}

#[test]
fn values_that_look_alike_are_told_apart() {
    let text = sample::text;
    let cases = [
        (text("CIM_WIM"), text("CIM_VMM"), "CIM_WIM / CIM_VMM"),
        (text("5000"), Cell::Integer(5000), "\"5000\" (text) / 5000 (integer)"),
        (text("x"), Cell::Integer(5000), "\"x\" (text) / 5000 (integer)"),
        (Cell::Real(5.0), Cell::Integer(5), "5.0 (real) / 5 (integer)"),
        (Cell::Null, text("NULL"), "NULL / \"NULL\" (text)"),
        (Cell::Null, text(""), "NULL / \"\""),
        (text(""), text("\"\""), "\"\" (text) / \"\\\"\\\"\" (text)"),
        (text("\"NULL\""), text("NULL"), "\"\"NULL\"\" / \"NULL\""),
        (text("a"), text("a "), "\"a\" (text) / \"a \" (text)"),
        (text("a b"), text("a\u{a0}b"), "\"a b\" (text) / \"a\\u{a0}b\" (text)"),
        (text("Bob"), text("Bоb"), "\"Bob\" (text) / \"B\\u{43e}b\" (text)"),
        (text("é"), text("e\u{301}"), "\"\\u{e9}\" (text) / \"e\\u{301}\" (text)"),
        (text("\u{1b}"), text("␛"), "\"\\u{1b}\" (text) / \"\\u{241b}\" (text)"),
        (text("日本"), text("東京"), "日本 / 東京"),
        (text("Müller"), text("Meier"), "Müller / Meier"),
        (text(" x"), text("y"), "\" x\" / y"),
    ];
    for (expected, actual, line) in cases {
        assert_eq!(shown(expected.clone(), actual.clone()), line, "{expected:?} {actual:?}");
    }
}

/// The field of column `actual` in the CSV line of one cell that is the same.
fn field(cell: Cell) -> String {
    let row = sample::row(Vec::new(), RowVerdict::Matches, 1, vec![sample::same("c", cell)]);
    let mut report = sample::two_files(false);
    report.comparisons[0].comparison = sample::comparison(&[], &[("c", Kind::Text)], vec![row]);
    let text = in_full("csv", &report);
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let line = csv.records().next().expect("a line").expect("CSV");
    line[8].to_owned()
}

#[test]
fn csv_fields_are_no_formulas_and_null_is_not_a_text() {
    let text = |text: &str| field(sample::text(text));
    for start in ["=", "+", "-", "@", "＝", "＋", "－", "＠", "'", " ="] {
        assert_eq!(text(&format!("{start}1+1")), format!("'{start}1+1"));
    }
    assert_eq!(text("\t1"), "'\t1");
    assert_eq!(text("a\tb\r\nc\nd\re\r"), "a\tb\r\nc\nd␍e␍");
    for plain in ["-5", "+49170123", "+49 30 1234", "-1.5", "+1,5"] {
        assert_eq!(text(plain), plain);
    }
    for formula in ["-1+1", "+49-30", "-A1", "+(5)", "-", "+1.2.3", "-1*2", "+1/2", "+ 5"] {
        assert_eq!(text(formula), format!("'{formula}"));
    }
    assert_eq!(text("\r1"), "'␍1");
    assert_eq!(text("\n1"), "'\n1");
    assert_eq!(text("\u{0}1"), "'␀1");
    assert_eq!(field(Cell::Integer(-5)), "-5");
    assert_eq!(field(Cell::Real(-0.5)), "-0.5");
    assert_eq!(field(Cell::Duration(-60)), "-00:01:00");
    assert_eq!(field(Cell::Null), "NULL");
    assert_eq!(text("NULL"), "\"NULL\"");
    assert_eq!(text("\"NULL\""), "\"\"NULL\"\"");
    assert_eq!(text(""), "");
}

#[test]
fn rows_that_are_written_as_they_come_are_those_of_the_list() {
    let names = ["a", "=b"];
    let listing = |cells: &[Cell]| Listing {
        title: "List".to_owned(),
        table: ResultTable {
            columns: names.iter().map(|name| Column::new(*name, Kind::Text)).collect(),
            rows: cells.chunks(2).map(<[Cell]>::to_vec).collect(),
        },
        remarks: Vec::new(),
    };
    let with_rows: Vec<&str> =
        (FORMATS.iter()).filter(|format| format.rows.is_some()).map(|format| format.name).collect();
    assert_eq!(with_rows, ["csv", "tsv", "jsonl"]);
    let mut awkward = awkward_cells().to_vec();
    awkward.extend([Cell::Real(0.5), Cell::Duration(-61), Cell::Timestamp(0)]);
    for format in FORMATS {
        let Some(make) = format.rows else { continue };
        every_sequence(&awkward, 2, &mut |cells| {
            let report = Report {
                // The second is empty, and the third is another one below.
                listings: vec![listing(cells), listing(&[]), listing(cells)],
                ..Report::new()
            };
            let mut held = Vec::new();
            let whole = (format.render)(&report, RenderOptions::default(), &mut held);
            let mut handed_on = Vec::new();
            let mut rows = make(&mut handed_on, CsvOptions::default()).expect("a Vec takes all");
            for listing in &report.listings {
                rows.begin(&listing.table.names()).expect("a header");
                for row in &listing.table.rows {
                    rows.row(row).expect("a row");
                }
            }
            rows.end().expect("an end");
            assert_eq!(rows.rendered(), whole.expect("a list"));
            drop(rows);
            assert_eq!(String::from_utf8_lossy(&handed_on), String::from_utf8_lossy(&held));
        });
    }
}

#[test]
fn every_line_of_csv_has_every_field() {
    for payload in PAYLOADS {
        let text = in_full("csv", &sample::hostile(payload));
        assert!(!text.replace("\r\n", "\n").contains('\r'));
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let lines = csv.records().map(|record| record.expect("as many fields as the header"));
        // A line break in quotes ends no line.
        let outside = text.split('"').step_by(2);
        let ends: usize = outside.map(|part| part.matches('\n').count()).sum();
        assert_eq!(lines.count() + 1, ends, "{payload:?}");
    }
}

/// The table with one row of `values`, through Markdown and back.
fn through_markdown(values: &[String]) -> Vec<String> {
    let cells = (values.iter().enumerate())
        .map(|(at, value)| sample::missing(&format!("c{at}"), sample::text(value)))
        .collect();
    let columns: Vec<String> = (0..values.len()).map(|at| format!("c{at}")).collect();
    let columns: Vec<(&str, Kind)> = columns.iter().map(|c| (c.as_str(), Kind::Text)).collect();
    let row = sample::row(Vec::new(), RowVerdict::Missing, 1, cells);
    let mut report = sample::two_files(false);
    report.comparisons[0].comparison = sample::comparison(&[], &columns, vec![row]);
    let text = in_full("markdown", &report);
    cells_of(&text).split_off(values.len())
}

/// The text of every cell of every table.
fn cells_of(markdown: &str) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut inside = false;
    // Every extension but the one that changes quotes and dashes for the eye.
    let options =
        pulldown_cmark::Options::all() - pulldown_cmark::Options::ENABLE_SMART_PUNCTUATION;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::TableCell) => {
                inside = true;
                cells.push(String::new());
            }
            Event::End(TagEnd::TableCell) => inside = false,
            Event::Text(text) if inside => cells.last_mut().expect("a cell").push_str(&text),
            Event::InlineHtml(html) if inside && &*html == "<br>" => {
                cells.last_mut().expect("a cell").push('\n');
            }
            other if inside => panic!("{other:?} in a cell of\n{markdown}"),
            _ => {}
        }
    }
    cells
}

/// What a reader of Markdown should see: line breaks and tabs, and everything between them made safe.
fn visible(text: &str) -> String {
    let parts = text.split_inclusive(['\n', '\r', '\t']).map(|part| {
        let text = part.trim_end_matches(['\n', '\r', '\t']);
        format!("{}{}", Sanitized::of(text), &part[text.len()..])
    });
    parts.collect()
}

#[test]
fn markdown_cells_read_as_themselves() {
    let cases = [
        "",
        " ",
        " a ",
        "a|b",
        "`a",
        "``",
        "<b>",
        "&amp;",
        "*a*",
        "_a_",
        "a_b",
        "__init__",
        "[x](y)",
        "![x](y)",
        "# a",
        "a #",
        "1. a",
        "- a",
        "~~a~~",
        "$a$",
        "\\",
        "a\\|b",
        "http://43web/x",
        "two\nlines",
        "\n",
        "<br>",
        "\u{1b}[31m",
        "\u{202e}x",
        ":---",
        "|",
        "a  b",
        "^a^",
        "||a||",
    ];
    for case in cases {
        let values = [case.to_owned(), String::from("x")];
        let seen = through_markdown(&values);
        assert_eq!(seen, [visible(case), String::from("x")], "{case:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markdown_cells_read_as_themselves_whatever_they_hold(
        values in prop::collection::vec("[ -~]{0,12}|[a |\\\\`*_<>&#\\[\\]~$:/\n.-]{0,12}|\\PC{0,8}|.{0,8}", 2..4),
    ) {
        prop_assume!(values.iter().all(|value| !looks_like_quoted_null(value)));
        let seen = through_markdown(&values);
        let expected: Vec<String> = values.iter().map(|value| visible(value)).collect();
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn text_made_safe_hides_nothing_and_stays_safe(text in "\\PC*|.*|[\u{0}-\u{9f}\u{2000}-\u{206f}]*") {
        let safe = Sanitized::of(&text);
        prop_assert!(!safe.as_str().contains(is_hidden));
        prop_assert_eq!(Sanitized::of(&safe), safe);
    }
}

fn looks_like_quoted_null(text: &str) -> bool {
    text.trim_matches('"') == "NULL"
}

#[test]
fn text_blocks_of_markdown_cannot_be_left() {
    let mut report = sample::report(vec![sample::reproduced()]);
    let comparison = report.runs[0].steps[1].checks[2].comparison.as_mut().expect("lines");
    comparison.rows[0].cells[0].actual = Some(sample::text("```\n````\n# out"));
    let text = in_full("markdown", &report);
    let headings = Parser::new(&text)
        .filter(|event| matches!(event, Event::Start(Tag::Heading { .. })))
        .count();
    let before = in_full("markdown", &sample::report(vec![sample::reproduced()]));
    let usual = Parser::new(&before)
        .filter(|event| matches!(event, Event::Start(Tag::Heading { .. })))
        .count();
    assert_eq!(headings, usual);
}

#[test]
fn many_differences_are_counted_where_they_are_not_shown() {
    let mut report = sample::two_files(true);
    let comparison = &mut report.comparisons[0].comparison;
    let missing = comparison.rows.pop().expect("a missing row");
    comparison.rows.extend(std::iter::repeat_n(missing, 100));
    let text = terminal(&report, 80, Detail::Full);
    assert!(text.contains("missing: 100 rows\n"), "{text}");
    assert!(text.contains("missing: 60 rows more; CSV and JSON contain all rows\n"), "{text}");
}

#[test]
fn cells_that_are_neither_plainly_the_same_nor_plainly_different_have_a_note() {
    use chatdb::report::{CellRun, CellVerdict};
    let like = |verdict, actual: i64, cell: CellRun| CellRun {
        verdict,
        actual: Some(Cell::Integer(actual)),
        reason: Some(String::from("the reason")),
        ..cell
    };
    let number = |column| sample::same(column, Cell::Integer(1));
    let text = sample::text("CIM_WIM");
    let cells = vec![
        like(CellVerdict::Ignored, 2, number("a")),
        like(CellVerdict::WithinTolerance, 3, number("b")),
        like(CellVerdict::MatchesByParameter, 1, number("c")),
        CellRun {
            verdict: CellVerdict::StaleErratum,
            ..sample::by_erratum("d", "CIM_w/M", text.clone(), "E2")
        },
        CellRun {
            verdict: CellVerdict::NotData,
            expected: None,
            actual: None,
            ..sample::by_erratum("", "1", text, "E1")
        },
    ];
    let row = sample::row(vec![Cell::Integer(1)], RowVerdict::Matches, 72, cells);
    let mut run = sample::reproduced();
    run.steps.truncate(1);
    let mut check = sample::open_chats();
    let columns = ["a", "b", "c", "d"].map(|name| (name, Kind::Integer));
    check.comparison = Some(sample::comparison(&["c"], &columns, vec![row]));
    run.steps[0].checks = vec![check];
    let text = terminal(&sample::report(vec![run]), 120, Detail::Full);
    let notes = "
        same as printed on lines 70-72; 1 cell by parameter, 1 cell within tolerance, 1 cell ignored, 1 cell printed but
          not data
          a: ignored (expected 1, actual 2): the reason
          b: expected 1, actual 3, within tolerance: the reason
          c: printed \"1\", set to 1: the reason
          d: matches as printed, \"CIM_w/M\", so E2 no longer applies
          (unnamed column): printed \"1\" is not data (E1, row number in the cell)
";
    assert!(text.contains(notes), "{text}");
}

#[test]
fn an_alias_of_a_format_is_as_good_as_its_name() {
    assert_eq!(format("md").map(|found| found.name), Some("markdown"));
    let mut names: Vec<&str> = FORMATS
        .iter()
        .flat_map(|one| std::iter::once(one.name).chain(one.aliases.iter().copied()))
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands for one format");
}

#[test]
fn a_row_in_json_has_a_key_for_each_of_its_columns() {
    let keys = |names: &[&str]| {
        let table = ResultTable {
            columns: (names.iter()).map(|name| Column::new(*name, Kind::Integer)).collect(),
            rows: vec![(0..).take(names.len()).map(Cell::Integer).collect()],
        };
        let json = serde_json::to_value(table).expect("JSON");
        let row = json["rows"][0].as_object().expect("a row is an object");
        let mut pairs: Vec<(i64, String)> =
            row.iter().map(|(key, cell)| (cell.as_i64().expect("a number"), key.clone())).collect();
        pairs.sort_unstable();
        pairs.into_iter().map(|(_, key)| key).collect::<Vec<_>>()
    };
    assert_eq!(keys(&["a", "b"]), ["a", "b"]);
    assert_eq!(keys(&["a", "a", "a_2", "", "A", "a"]), ["a", "a_3", "a_2", "column_4", "A", "a_4"]);
    assert_eq!(keys(&["", "", "column_1"]), ["column_2", "column_3", "column_1"]);
}

#[test]
fn colour_is_beside_the_words_and_takes_no_room() {
    let report = everything();
    let options = RenderOptions::default();
    let plain = render("table", &report, options);
    let colored = render("table", &report, RenderOptions { color: true, ..options });
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert!(colored.contains("\u{1b}[1m\u{1b}[31mDIFF\u{1b}[0m"), "{colored}");
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        stripped.push_str(&rest[..at]);
        let end = rest[at..].find('m').expect("the end of a sequence");
        rest = &rest[at + end + 1..];
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain, "the words stay");
}
