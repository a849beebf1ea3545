//! Two files compared without holding them: the same outcome as when both are held.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chatdb::check::{Terms, compare_files, compare_tables};
use chatdb::diff::RowOrder;
use chatdb::render::{RenderOptions, markdown, terminal};
use chatdb::report::{Comparison, NamedComparison, Report, RowVerdict};
use chatdb::table::raw;
use proptest::prelude::*;

fn held(expected: &str, actual: &str, terms: &Terms) -> Comparison {
    let expected = raw::read_any(expected).unwrap();
    let actual = raw::read_any(actual).unwrap();
    let kinds = raw::infer_kinds(&[&expected, &actual], &[]);
    compare_tables(&expected.typed(&kinds[0]), &actual.typed(&kinds[1]), terms).unwrap()
}

fn streamed(expected: &str, actual: &str, terms: &Terms) -> Option<Comparison> {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    fs::write(&a, expected).unwrap();
    fs::write(&b, actual).unwrap();
    compare_files(&a, &b, terms).unwrap()
}

fn shown(comparison: &Comparison) -> String {
    let report = Report {
        comparisons: vec![NamedComparison {
            expected: "a".to_owned(),
            actual: "b".to_owned(),
            comparison: comparison.clone(),
        }],
        ..Report::new()
    };
    let mut bytes = Vec::new();
    terminal::render(&report, RenderOptions::default(), &mut bytes).unwrap();
    markdown::render(&report, RenderOptions::default(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn by(key: &str) -> Terms {
    Terms { key: vec![key.to_owned()], ..Terms::default() }
}

#[track_caller]
fn check(expected: &str, actual: &str, terms: &Terms) -> Comparison {
    let found = streamed(expected, actual, terms).expect("both are plain");
    let held = held(expected, actual, terms);
    assert_eq!(shown(&found), shown(&held), "{expected:?} and {actual:?}");
    let different = |all: &Comparison| {
        let rows = all.rows.iter().filter(|row| row.verdict != RowVerdict::Matches);
        rows.cloned().collect::<Vec<_>>()
    };
    assert_eq!(different(&found), different(&held));
    assert_eq!(found.rows.len() + found.left_out, held.rows.len());
    assert_eq!(found.same, held.same);
    found
}

#[test]
fn only_rows_that_differ_are_held() {
    let found = check("k,v\n1,a\n2,b\n3,c\n", "k,v\n1,a\n2,x\n3,c\n", &by("k"));
    assert_eq!((found.rows.len(), found.left_out, found.same), (1, 2, false));
    let found = check("k,v\n1,a\n2,b\n", "k,v\n2,b\n1,a\n", &by("k"));
    assert_eq!((found.rows.len(), found.left_out, found.same), (0, 2, true));
}

#[test]
fn quotes_tell_cells_apart_only_as_they_do_when_both_are_held() {
    check("k,v\n1,5\n", "k,v\n1,\"5\"\n", &by("k"));
    check("k,v\n1,NULL\n", "k,v\n1,\"NULL\"\n", &by("k"));
    check("k,v\n1,\n", "k,v\n1,\"\"\n", &by("k"));
    check("k,v\n1,\"a\"\"b\"\n", "k,v\n1,a\"b\n", &by("k"));
    check("\"1\",v\n1,a\n", "\"1\",v\n1,b\n", &by("1"));
}

#[test]
fn a_kind_follows_from_rows_that_are_not_held() {
    // 7 and 8 are numbers by themselves, and text because of a row that both files have.
    let found = check("k,v\n1,7\n2,x\n", "k,v\n1,8\n2,x\n", &by("k"));
    let cell = &found.rows[0].cells[1];
    assert_eq!(cell.expected.as_ref().unwrap().type_name(), "text");
    let found = check("k,w,v\n1,7,7\n2,8,8\n", "k,w,v\n1,7,8\n2,8,8\n", &by("k"));
    assert_eq!(found.rows[0].cells[2].expected.as_ref().unwrap().type_name(), "integer");
}

/// `text` with one character after the other replaced by each of `others`.
fn near(text: &str, others: &str) -> Vec<String> {
    let places = text.char_indices();
    let replaced = |(at, old): (usize, char)| {
        let (before, behind) = (&text[..at], &text[at + old.len_utf8()..]);
        others.chars().map(move |other| format!("{before}{other}{behind}"))
    };
    places.flat_map(replaced).collect()
}

#[test]
fn a_cell_that_is_nearly_a_number_or_a_time_makes_a_column_text_as_when_both_are_held() {
    let number = "1234567890123456789";
    let mut numbers: Vec<String> = [1, 3, 4, 7, 8, 9, 16, 17, 19]
        .into_iter()
        .flat_map(|length| near(&number[..length], "/:x"))
        .collect();
    numbers.extend(
        [
            "0",
            "00",
            "-0",
            "-",
            "-5",
            "--5",
            "+5",
            "-12345678",
            "9223372036854775807",
            "9223372036854775808",
            "é",
            "1234567é",
            " 1",
            "1 ",
        ]
        .map(str::to_owned),
    );
    let time = "2011-07-12 14:49:55.000";
    let mut times = near(time, "01369/:.Té");
    for date in [
        "02-28", "02-29", "02-30", "04-30", "04-31", "12-31", "12-32", "00-12", "13-12", "19-12",
        "07-00",
    ] {
        times.push(format!("2011-{date} 23:59:59.999"));
        times.push(format!("2012-{date} 24:00:00.000"));
        times.push(format!("2012-{date} 00:00:00.000"));
    }
    let mut kinds = BTreeSet::new();
    for (plain, other, odd) in [("7", "8", numbers), (time, "2011-07-12 14:49:56.000", times)] {
        for odd in odd {
            let file = |last| format!("k,v\n1,{plain}\n2,{odd}\n3,{last}\n");
            let found = check(&file(plain), &file(other), &by("k"));
            let cell = found.rows[0].cells[1].expected.as_ref();
            kinds.insert(cell.expect("a cell").type_name());
        }
    }
    assert_eq!(kinds, BTreeSet::from(["decimal", "integer", "text", "timestamp"]));
}

#[test]
fn what_is_not_plain_is_left_to_the_reader_that_holds_it() {
    let cases = [
        ("k,v\n1,a,b\n", "k,v\n1,a\n"),
        ("k,v\n1,\"a\n", "k,v\n1,a\n"),
        ("k,v\n1,\"a\"b\n", "k,v\n1,a\n"),
        ("k,v\n\n1,a\n", "k,v\n1,a\n"),
        ("k,w\n1,a\n", "k,v\n1,a\n"),
        ("| k | v |\n|---|---|\n| 1 | a |\n", "k,v\n1,a\n"),
        ("", "k,v\n1,a\n"),
        ("k,v", "k,v\n1,a\n"),
        ("k,v\n2011-07-12 14:49:55,a\n", "k,v\n2011-07-12T14:49:55,a\n"),
    ];
    for (expected, actual) in cases {
        assert!(streamed(expected, actual, &by("k")).is_none(), "{expected:?}");
    }
    assert!(streamed("k\n1\n", "k\n1\n", &by("other")).is_none());
    assert!(streamed("k\n1\n", "k\n1\n", &Terms::default()).is_none());
    let ordered = Terms { order: RowOrder::Strict, ..by("k") };
    assert!(streamed("k\n1\n", "k\n1\n", &ordered).is_none());
    let nowhere = Path::new("/nowhere");
    assert!(compare_files(nowhere, nowhere, &by("k")).unwrap().is_none());
}

#[test]
fn a_byte_order_mark_and_empty_lines_before_and_behind_are_no_rows() {
    check("\u{feff}\n\r\nk;v\r\n1;a\r\n\r\n", "k;v\n1;b", &by("k"));
    check("k\n1\n\n", "k\n1\n", &by("k"));
}

/// What becomes of a row of the expected file in the actual one.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Kept,
    Dropped,
    Changed,
    Moved,
    Followed,
}

fn cells() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        6 => "[0-9]{1,2}",
        1 => prop::sample::select(vec![
            "NULL", "\"NULL\"", "", "\"\"", "\"1\"", "a\"b", "\"a\"\"b\"", "\"x\ny\"", "-5", "007", "é", "00:04:00",
            "2011-07-12 14:49:55.000", "2011-07-12T14:49:55", "2011-07-12 14:49:55.0000001", "0123456789abcdefé789",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(cell, 2).prop_map(|cells| cells.join(","))
}

/// Two files, the second made of the first.
fn files() -> impl Strategy<Value = (String, String)> {
    let fate = prop::sample::select(vec![
        Fate::Kept,
        Fate::Kept,
        Fate::Kept,
        Fate::Dropped,
        Fate::Changed,
        Fate::Moved,
        Fate::Followed,
    ]);
    let key = prop_oneof![9 => 0..30_u32, 1 => 0..4_u32];
    let row = (key, cells(), fate, 0..40_u32, cells());
    (prop::collection::vec(row, 0..9), any::<bool>(), any::<bool>()).prop_map(
        |(rows, crlf, ended)| {
            let (mut expected, mut actual) = (vec!["k,v,w".to_owned()], vec!["k,v,w".to_owned()]);
            for (key, cells, fate, other_key, other_cells) in rows {
                let row = format!("{key},{cells}");
                match fate {
                    Fate::Kept => actual.push(row.clone()),
                    Fate::Dropped => {}
                    Fate::Changed => actual.push(format!("{key},{other_cells}")),
                    Fate::Moved => actual.insert(1, row.clone()),
                    Fate::Followed => {
                        actual.extend([row.clone(), format!("{other_key},{other_cells}")])
                    }
                }
                expected.push(row);
            }
            let end = if crlf { "\r\n" } else { "\n" };
            let mut actual = actual.join(end) + end;
            if !ended && actual.matches('\n').count() > 1 {
                actual.truncate(actual.len() - end.len());
            }
            (expected.join("\n") + "\n", actual)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn files_compare_as_the_tables_in_them_do((expected, actual) in files(), lenient: bool) {
        let mut terms = by("k");
        if lenient {
            terms.ignore.push(("v".to_owned(), "not looked at".to_owned()));
            terms.tolerance.push(("w".to_owned(), 3.0.into(), "near enough".to_owned()));
        }
        // Text with a tolerance is for the reader that holds everything.
        if streamed(&expected, &actual, &terms).is_some() || !lenient {
            check(&expected, &actual, &terms);
            check(&actual, &expected, &terms);
        }
    }
}
