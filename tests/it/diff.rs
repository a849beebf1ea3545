//! The diff: what it calls different, in what words, and the laws that hold for every pair of tables.

use std::collections::BTreeMap;

use chatdb::diff::{
    ColumnMode, DiffOptions, DifferenceKind, RowOrder, RowVerdict, TableDiff, diff,
};
use chatdb::table::{Cell, Column, Kind, ResultTable};
use proptest::prelude::*;

use crate::table::{awkward_cells, every_sequence};

/// Reads `id name / 1 'x' / 2 NULL`: a header and rows between slashes, each cell of the first kind that fits.
/// A cell in `'` is text; `T` joins a date and a time.
fn table(text: &str) -> ResultTable {
    let mut lines = text.split(" / ").map(|line| line.split(' ').collect::<Vec<_>>());
    let names = lines.next().unwrap_or_default();
    ResultTable {
        columns: (names.into_iter()).map(|name| Column::new(name, Kind::Text)).collect(),
        rows: lines.map(|line| line.into_iter().map(cell).collect()).collect(),
    }
}

fn cell(word: &str) -> Cell {
    let quoted = word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let kinds = [Kind::Integer, Kind::Real, Kind::Timestamp, Kind::Duration];
    match quoted {
        Some(text) => Cell::Text(text.to_owned()),
        None if word == "NULL" => Cell::Null,
        None => (kinds.iter())
            .find_map(|kind| kind.parse(word))
            .unwrap_or_else(|| Cell::Text(word.to_owned())),
    }
}

fn show(cell: Option<&Cell>) -> String {
    match cell {
        None => "-".to_owned(),
        Some(Cell::Text(text)) => format!("{text:?}"),
        Some(other) => other.to_string(),
    }
}

/// Shows what is not plainly equal, one line each: header, rows as `expected:actual column value->value`,
/// then order and keys.
fn sketch(diff: &TableDiff) -> Vec<String> {
    let key = |cells: &[Cell]| cells.iter().map(|c| show(Some(c))).collect::<Vec<_>>().join(",");
    let place = |at: Option<usize>| at.map_or("-".to_owned(), |at| at.to_string());
    let header = diff.header.iter().map(|header| {
        let moved = if header.moved { " moved" } else { "" };
        format!("header missing {:?} extra {:?}{moved}", header.missing, header.extra)
    });
    let rows = diff.rows.iter().filter(|row| !row.cells.is_empty()).map(|row| {
        let cells = row.cells.iter().map(|cell| {
            let values =
                format!("{}->{}", show(cell.expected.as_ref()), show(cell.actual.as_ref()));
            let verdict = match cell.verdict {
                DifferenceKind::Ignored => " ignored",
                DifferenceKind::WithinTolerance => " within",
                _ => "",
            };
            format!(" {} {values}{verdict}", cell.column)
        });
        format!("{}:{}{}", place(row.expected), place(row.actual), cells.collect::<String>())
    });
    let order = (diff.out_of_order.iter())
        .map(|row| format!("order {}:{} ({})", row.expected, row.actual, key(&row.key)));
    let twice = (diff.duplicate_keys.iter())
        .map(|twice| format!("key {} {}:{}", key(&twice.key), twice.expected, twice.actual));
    header.chain(rows).chain(order).chain(twice).collect()
}

fn check(expected: &str, actual: &str, options: &DiffOptions, expect: &[&str]) {
    let (expected, actual) = (table(expected), table(actual));
    let found = diff(&expected, &actual, options).expect("the options fit the tables");
    assert_eq!(sketch(&found), expect, "{expected:?}\n{actual:?}\n{options:?}");
    check_laws(&expected, &actual, options);
}

/// Checks the error's whole message, and the name it suggests.
fn check_error(expected: &str, actual: &str, options: &DiffOptions, expect: (&str, Option<&str>)) {
    let error =
        diff(&table(expected), &table(actual), options).expect_err("the options do not fit");
    assert_eq!((error.to_string().as_str(), error.nearest()), expect);
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn plain() -> DiffOptions {
    DiffOptions::default()
}

fn keyed(key: &[&str]) -> DiffOptions {
    DiffOptions { key: strings(key), ..plain() }
}

fn ordered(order: RowOrder) -> DiffOptions {
    DiffOptions { order, ..plain() }
}

fn by(names: &[&str]) -> RowOrder {
    RowOrder::By(strings(names))
}

fn columns(columns: ColumnMode) -> DiffOptions {
    DiffOptions { columns, ..plain() }
}

fn ignoring(ignore: &[&str]) -> DiffOptions {
    DiffOptions { ignore: strings(ignore), ..plain() }
}

fn tolerating(column: &str, tolerance: f64) -> DiffOptions {
    DiffOptions { tolerance: BTreeMap::from([(column.to_owned(), tolerance.into())]), ..plain() }
}

#[test]
fn equal_tables_have_no_differences() {
    check("a b / 1 x / 2 NULL", "a b / 1 x / 2 NULL", &plain(), &[]);
    check("a / 1 / 2 / 1", "a / 2 / 1 / 1", &plain(), &[]);
    check("a", "a", &plain(), &[]);
}

#[test]
fn cells_are_compared_as_typed_values() {
    check("a / 5", "a / '5'", &plain(), &["0:0 a 5->\"5\""]);
    check("a / NULL", "a / 'NULL'", &plain(), &["0:0 a NULL->\"NULL\""]);
    check("a / NULL", "a / ''", &plain(), &["0:0 a NULL->\"\""]);
    check("a / ''", "a / 'NULL'", &plain(), &["0:0 a \"\"->\"NULL\""]);
    check("a / 5", "a / 5.0", &plain(), &["0:0 a 5->5.0"]);
    check("a / x", "a / X", &plain(), &["0:0 a \"x\"->\"X\""]);
    check("a / 'x'", "a / 'x\t'", &plain(), &["0:0 a \"x\"->\"x\\t\""]);
    check("a / 2011-07-12T14:49:55", "a / 2011-07-12T14:49:55.0004", &plain(), &[]);
    check(
        "a / 2011-07-12T14:49:55",
        "a / 2011-07-12T14:49:55.001",
        &plain(),
        &["0:0 a 2011-07-12 14:49:55.000->2011-07-12 14:49:55.001"],
    );
    check("a / 00:00:05", "a / 5", &plain(), &["0:0 a 00:00:05->5"]);
}

#[test]
fn a_value_that_is_not_a_number_equals_itself_and_zero_has_no_sign() {
    let real = |value: f64| ResultTable {
        columns: vec![Column::new("a", Kind::Real)],
        rows: vec![vec![Cell::Real(value)]],
    };
    for (expected, actual) in [(f64::NAN, f64::NAN), (0.0, -0.0)] {
        let found = diff(&real(expected), &real(actual), &keyed(&["a"]));
        assert_eq!(sketch(&found.expect("the key is there")), [""; 0]);
    }
}

#[test]
fn rows_are_matched_by_key() {
    check(
        "id v / 1 x / 2 y / 3 z",
        "id v / 4 w / 3 z / 1 q",
        &keyed(&["id"]),
        &["-:0 id -->4 v -->\"w\"", "0:2 v \"x\"->\"q\"", "1:- id 2->- v \"y\"->-"],
    );
    check(
        "a b v / 1 1 x / 1 2 y",
        "a b v / 1 2 x / 1 1 x",
        &keyed(&["a", "b"]),
        &["1:0 v \"y\"->\"x\""],
    );
    check("id / NULL / ''", "id / '' / NULL", &keyed(&["id"]), &[]);
    check("id / 1", "id / '1'", &keyed(&["id"]), &["-:0 id -->\"1\"", "0:- id 1->-"]);
}

#[test]
fn extra_rows_are_listed_behind_the_row_they_follow() {
    let found = diff(&table("id / 1 / 2 / 3"), &table("id / 7 / 3 / 8 / 9 / 1"), &keyed(&["id"]));
    let places: Vec<_> = (found.expect("the key is there").rows.iter())
        .map(|row| (row.expected, row.actual))
        .collect();
    let expect = [
        (None, Some(0)),
        (Some(0), Some(4)),
        (Some(1), None),
        (Some(2), Some(1)),
        (None, Some(2)),
        (None, Some(3)),
    ];
    assert_eq!(places, expect);
}

#[test]
fn duplicate_keys_are_reported_and_are_no_difference() {
    let twice = "id v / 1 x / 1 y / 2 z";
    check(twice, "id v / 1 y / 2 z / 1 x", &keyed(&["id"]), &["key 1 2:2"]);
    let found = diff(&table(twice), &table(twice), &keyed(&["id"])).expect("the key is there");
    assert!(found.is_same());
    check(
        "id v w / 1 x p / 1 y q",
        "id v w / 1 y r / 2 x p / 2 x p",
        &keyed(&["id"]),
        &[
            "0:- id 1->- v \"x\"->- w \"p\"->-",
            "1:0 w \"q\"->\"r\"",
            "-:1 id -->2 v -->\"x\" w -->\"p\"",
            "-:2 id -->2 v -->\"x\" w -->\"p\"",
            "key 1 2:1",
            "key 2 0:2",
        ],
    );
}

#[test]
fn without_a_key_the_rows_most_alike_are_matched() {
    check(
        "a b c / 1 1 1 / 2 2 2 / 3 3 3",
        "a b c / 3 3 9 / 2 2 2 / 1 8 1",
        &plain(),
        &["0:2 b 1->8", "2:0 c 3->9"],
    );
    check("a / 1 / 2 / 3", "a / 2 / 4", &plain(), &["0:1 a 1->4", "2:- a 3->-"]);
    check("a / 1 / 1 / 1", "a / 1", &plain(), &["1:- a 1->-", "2:- a 1->-"]);
    check("a", "a / 1 / 1", &plain(), &["-:0 a -->1", "-:1 a -->1"]);
}

#[test]
fn a_large_remainder_is_matched_by_position() {
    let numbers = |first: i64| ResultTable {
        columns: vec![Column::new("a", Kind::Integer), Column::new("b", Kind::Integer)],
        rows: (0..1001).map(|n| vec![Cell::Integer(first + n), Cell::Integer(n % 7)]).collect(),
    };
    let (expected, actual) = (numbers(0), numbers(5000));
    let found = diff(&expected, &actual, &plain()).expect("no option names a column");
    assert!(found.rows.iter().all(|row| row.expected == row.actual && row.cells.len() == 1));
    check_laws(&expected, &actual, &plain());
}

#[test]
fn the_header_has_to_be_the_same_unless_told_otherwise() {
    let moved = ["header missing [] extra [] moved"];
    check("a b / 1 2", "b a / 2 1", &plain(), &moved);
    check("a b / 1 2", "b a / 2 1", &columns(ColumnMode::AnyOrder), &[]);
    check("a b / 1 2", "b a / 2 1", &columns(ColumnMode::Subset), &[]);
    let (wide, narrow) = ("a b c / 1 2 3", "a c / 1 3");
    let missing = ["header missing [\"b\"] extra []", "0:0 b 2->-"];
    let extra = ["header missing [] extra [\"b\"]", "0:0 b -->2"];
    check(wide, narrow, &plain(), &missing);
    check(narrow, wide, &plain(), &extra);
    check(narrow, wide, &columns(ColumnMode::AnyOrder), &extra);
    check(narrow, wide, &columns(ColumnMode::Subset), &[]);
    check(wide, narrow, &columns(ColumnMode::Subset), &missing);
    check(
        "a b / 1 2",
        "a B / 1 2",
        &plain(),
        &["header missing [\"b\"] extra [\"B\"]", "0:0 B -->2 b 2->-"],
    );
    check("a", "b", &plain(), &["header missing [\"a\"] extra [\"b\"]"]);
}

#[test]
fn columns_of_one_name_are_compared_in_turn() {
    check("a a / 1 2", "a a / 1 3", &plain(), &["0:0 a 2->3"]);
    check("a b a / 1 2 3", "a a b / 1 3 2", &columns(ColumnMode::AnyOrder), &[]);
    check("a a / 1 2", "a / 1", &plain(), &["header missing [\"a\"] extra []", "0:0 a 2->-"]);
}

#[test]
fn common_columns_are_compared_below_a_different_header() {
    check(
        "id a b / 1 x y",
        "id b c / 1 z w",
        &keyed(&["id"]),
        &["header missing [\"a\"] extra [\"c\"]", "0:0 a \"x\"->- b \"y\"->\"z\" c -->\"w\""],
    );
}

#[test]
fn ignored_columns_are_listed_and_do_not_count() {
    let expected = "id at / 1 5 / 2 6";
    check(expected, "id at / 1 7 / 2 6", &ignoring(&["at"]), &["0:0 at 5->7 ignored"]);
    let found = diff(&table(expected), &table("id at / 1 7 / 2 6"), &ignoring(&["at"]));
    assert!(found.expect("the column is there").is_same());
    // Rows that differ in ignored columns only are equal, and are matched in order.
    let strict = DiffOptions { order: RowOrder::Strict, ..ignoring(&["at"]) };
    check(
        "id at / 1 5 / 1 6",
        "id at / 1 6 / 1 5",
        &strict,
        &["0:0 at 5->6 ignored", "1:1 at 6->5 ignored"],
    );
    check("id at / 1 5", "id at", &ignoring(&["at"]), &["0:- id 1->- at 5->-"]);
    check(
        "id at / 1 5",
        "id / 1",
        &ignoring(&["at"]),
        &["header missing [\"at\"] extra []", "0:0 at 5->- ignored"],
    );
}

#[test]
fn tolerances_are_inclusive_and_typed() {
    let within = |a: &str, b: &str, tolerance: f64| {
        let (a, b) = (table(&format!("v / {a}")), table(&format!("v / {b}")));
        let found = diff(&a, &b, &tolerating("v", tolerance)).expect("the column is there");
        check_laws(&a, &b, &tolerating("v", tolerance));
        found.is_same()
    };
    assert!(within("5", "7", 2.0) && !within("5", "8", 2.0));
    assert!(within("1.0", "1.1", 0.1) && !within("1.0", "1.11", 0.1));
    assert!(within("5", "5.5", 0.5) && within("5", "5.0", 0.0));
    assert!(within("00:00:05", "00:00:08", 3.0) && !within("00:00:05", "00:00:08", 2.0));
    let (early, late) = ("2011-07-12T14:49:55.000", "2011-07-12T14:49:55.250");
    assert!(within(early, late, 250.0) && !within(early, late, 249.0));
    assert!(!within("NULL", "0", f64::INFINITY) && !within("0", "''", f64::INFINITY));
    assert!(!within("5", "'5'", f64::INFINITY) && !within("5", "00:00:05", f64::INFINITY));
    assert!(within("-9223372036854775808", "9223372036854775807", 1.9e19));
}

#[test]
fn a_value_within_tolerance_is_listed() {
    check("id v / 1 5", "id v / 1 6", &tolerating("v", 1.0), &["0:0 v 5->6 within"]);
}

#[test]
fn strict_order_reports_the_fewest_rows_that_moved() {
    let strict = ordered(RowOrder::Strict);
    let keyed_strict = DiffOptions { order: RowOrder::Strict, ..keyed(&["id"]) };
    check("id / 1 / 2 / 3", "id / 1 / 2 / 3", &strict, &[]);
    check("id / 1 / 2 / 3 / 4", "id / 4 / 1 / 2 / 3", &keyed_strict, &["order 3:0 (4)"]);
    check("id / 1 / 2 / 3 / 4", "id / 2 / 3 / 4 / 1", &keyed_strict, &["order 0:3 (1)"]);
    check("id / 1 / 2", "id / 2 / 1", &strict, &["order 0:1 ()"]);
    check("id / 1 / 2", "id / 2 / 1", &plain(), &[]);
    check(
        "id / 1 / 2 / 3",
        "id / 3 / 9 / 1",
        &keyed_strict,
        &["1:- id 2->-", "-:1 id -->9", "order 0:2 (1)"],
    );
}

#[test]
fn ties_may_stand_either_way_round() {
    let order = ordered(by(&["t"]));
    check("t v / 1 a / 1 b / 2 c", "t v / 1 b / 1 a / 2 c", &order, &[]);
    check("t v / 1 a / 2 b", "t v / 2 b / 1 a", &order, &["order 0:1 ()"]);
    check("t v / 1 a / 1 b / 2 c", "t v / 2 c / 1 b / 1 a", &order, &["order 2:0 ()"]);
    // Ties are neighbours: equal values that stand apart are not.
    check(
        "t v / 1 a / 2 b / 1 c",
        "t v / 1 c / 2 b / 1 a",
        &order,
        &["order 0:2 ()", "order 1:1 ()"],
    );
    check(
        "t u v / 1 1 a / 1 2 b",
        "t u v / 1 2 b / 1 1 a",
        &ordered(by(&["t", "u"])),
        &["order 0:1 ()"],
    );
    check("t v / NULL a / NULL b", "t v / NULL b / NULL a", &order, &[]);
}

#[test]
fn options_that_name_no_column_are_refused() {
    let (one, two) = ("activity_id when / 1 2", "activity_id name / 1 x");
    check_error(
        one,
        two,
        &keyed(&["activity_ID"]),
        ("neither table has a column `activity_ID`, given as key", Some("activity_id")),
    );
    check_error(
        one,
        two,
        &keyed(&["when"]),
        ("the actual table lacks the key column `when`", None),
    );
    check_error(
        one,
        two,
        &keyed(&["name"]),
        ("the expected table lacks the key column `name`", None),
    );
    check_error(
        one,
        two,
        &ordered(by(&["wehn"])),
        ("neither table has a column `wehn`, given as order", Some("when")),
    );
    check_error(
        one,
        two,
        &ignoring(&["zzz"]),
        ("neither table has a column `zzz`, given as ignored", None),
    );
    check_error(
        one,
        two,
        &tolerating("nam", 1.0),
        ("neither table has a column `nam`, given as having a tolerance", Some("name")),
    );
    check_error(
        one,
        two,
        &tolerating("when", -1.0),
        ("the tolerance of column `when` is -1, expected 0 or more", None),
    );
    check_error(
        one,
        two,
        &tolerating("when", f64::NAN),
        ("the tolerance of column `when` is NaN, expected 0 or more", None),
    );
}

#[test]
fn a_diff_serialises_with_typed_values() {
    let found = diff(&table("id v / 1 x"), &table("id v / 1 NULL"), &keyed(&["id"]));
    let json =
        serde_json::to_value(found.expect("the key is there")).expect("a diff has a JSON form");
    let expect = serde_json::json!([{
        "key": [1], "expected": 0, "actual": 0,
        "cells": [{"column": "v", "at": 1, "expected": "x", "actual": null, "verdict": "differs"}],
    }]);
    assert_eq!(json["rows"], expect);
    assert_eq!(json["out_of_order"], serde_json::json!([]));
    assert_eq!(json.get("ties"), None);
}

/// A table in which no two cells of a column agree, to break in one place at a time.
fn sound() -> ResultTable {
    table("id name at / 1 x 00:01:00 / 2 y NULL / 3 NULL 2011-07-12T14:49:55")
}

/// Every way of matching and ordering rows that a keyed table allows.
fn every_option() -> Vec<DiffOptions> {
    let orders = [RowOrder::Unordered, RowOrder::Strict, by(&["id"])];
    let with = |order: &RowOrder, key: &[&str]| DiffOptions { order: order.clone(), ..keyed(key) };
    (orders.iter()).flat_map(|order| [with(order, &[]), with(order, &["id"])]).collect()
}

#[test]
fn changing_one_cell_makes_exactly_that_cell_differ() {
    let whole = sound();
    for options in every_option() {
        for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
            for new in awkward_cells() {
                let mut changed = whole.clone();
                let old = std::mem::replace(&mut changed.rows[row][column], new.clone());
                if old == new || (column == 0 && !options.key.is_empty()) {
                    continue;
                }
                let found = diff(&whole, &changed, &options).expect("the options fit");
                let name = &whole.columns[column].name;
                let (old, new) = (show(Some(&old)), show(Some(&new)));
                assert_eq!(sketch(&found), [format!("{row}:{row} {name} {old}->{new}")]);
                assert!(!found.is_same());
            }
        }
    }
}

#[test]
fn dropping_a_row_makes_exactly_that_row_missing() {
    let whole = sound();
    for options in every_option() {
        for dropped in 0..3 {
            let mut less = whole.clone();
            less.rows.remove(dropped);
            let verdicts = |expected: &ResultTable, actual: &ResultTable| {
                let found = diff(expected, actual, &options).expect("the options fit");
                assert!(found.header.is_none() && found.out_of_order.is_empty());
                let rows = found.rows.iter();
                rows.map(|row| row.verdict()).collect::<Vec<_>>()
            };
            let mut expect = [RowVerdict::Matches; 3];
            expect[dropped] = RowVerdict::Missing;
            assert_eq!(verdicts(&whole, &less), expect);
            expect[dropped] = RowVerdict::Extra;
            assert_eq!(verdicts(&less, &whole), expect);
        }
    }
}

#[test]
fn swapping_two_rows_differs_only_in_order() {
    let whole = sound();
    for options in every_option() {
        let mut swapped = whole.clone();
        swapped.rows.swap(1, 2);
        let found = diff(&whole, &swapped, &options).expect("the options fit");
        let moved = usize::from(options.order != RowOrder::Unordered);
        assert_eq!((sketch(&found).len(), found.out_of_order.len()), (moved, moved));
        assert_eq!(found.is_same(), moved == 0);
    }
}

#[test]
fn every_order_of_five_rows_is_mended_by_moving_the_fewest() {
    let row = |n: &i64| vec![Cell::Integer(*n)];
    let numbers: Vec<i64> = (0..5).collect();
    let table = |rows: &[i64]| ResultTable {
        columns: vec![Column::new("a", Kind::Integer)],
        rows: rows.iter().map(row).collect(),
    };
    every_sequence(&numbers, 5, &mut |rows| {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        if sorted != numbers {
            return;
        }
        let found =
            diff(&table(&numbers), &table(rows), &ordered(RowOrder::Strict)).expect("no names");
        let stays = |n: &&i64| !found.out_of_order.iter().any(|out| rows[out.actual] == **n);
        assert!(rows.iter().filter(stays).is_sorted(), "{rows:?}");
        let mut longest = [1; 5];
        for (at, n) in rows.iter().enumerate() {
            let before = (0..at).filter(|b| rows[*b] < *n).map(|b| longest[b]);
            longest[at] = 1 + before.max().unwrap_or(0);
        }
        let most = longest.into_iter().max().unwrap_or(0);
        assert_eq!(found.out_of_order.len(), 5 - most, "{rows:?}");
    });
}

/// The laws, for one pair of tables.
fn check_laws(expected: &ResultTable, actual: &ResultTable, options: &DiffOptions) {
    let context = || format!("{expected:?}\n{actual:?}\n{options:?}");
    let found = diff(expected, actual, options).expect("the options fit the tables");

    // A table does not differ from itself.
    let itself = diff(expected, expected, options).expect("the options fit the tables");
    assert!(itself.is_same(), "{}", context());
    assert!(itself.rows.iter().all(|row| row.cells.is_empty()), "{}", context());

    // Every row is there once.
    let mut rows: Vec<_> = found.rows.iter().filter_map(|row| row.expected).collect();
    rows.sort_unstable();
    assert!(rows.into_iter().eq(0..expected.rows.len()), "{}", context());
    let mut rows: Vec<_> = found.rows.iter().filter_map(|row| row.actual).collect();
    rows.sort_unstable();
    assert!(rows.into_iter().eq(0..actual.rows.len()), "{}", context());

    let names = (expected.names(), actual.names());
    if options.columns != ColumnMode::Subset || names.0 == names.1 {
        assert_eq!(&found.apply(expected), actual, "{}", context());
        let back = diff(actual, expected, options).expect("the options fit the tables");
        assert_eq!(found.mirror(), back, "{}", context());
        assert_eq!(found.mirror().mirror(), found, "{}", context());
    }
    if options.ignore.is_empty() && options.tolerance.is_empty() && names.0 == names.1 {
        assert_eq!(found.is_same(), is_same(expected, actual, options), "{}", context());
    }
}

/// What `is_same` has to say of tables with the same header, from first principles.
fn is_same(expected: &ResultTable, actual: &ResultTable, options: &DiffOptions) -> bool {
    let bag = |rows: &[Vec<Cell>]| {
        let mut rows: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort_unstable();
        rows
    };
    if expected.rows.len() != actual.rows.len() {
        return false;
    }
    let RowOrder::By(names) = &options.order else {
        return match options.order {
            RowOrder::Strict => expected.rows == actual.rows,
            _ => bag(&expected.rows) == bag(&actual.rows),
        };
    };
    let at: Vec<usize> = names.iter().filter_map(|name| actual.position(name)).collect();
    let ties = actual.rows.chunk_by(|a, b| at.iter().all(|at| a[*at] == b[*at]));
    let mut start = 0;
    ties.into_iter().all(|tied| {
        let here = &expected.rows[start..start + tied.len()];
        start += tied.len();
        bag(here) == bag(tied)
    })
}

/// Calls `check` with every sequence of `length` numbers that counts up from 0 in order of first appearance:
/// every pattern in which `length` cells can equal each other.
fn every_pattern(length: usize, check: &mut impl FnMut(&[usize])) {
    fn extend(pattern: &mut Vec<usize>, length: usize, check: &mut impl FnMut(&[usize])) {
        if pattern.len() == length {
            return check(pattern);
        }
        let fresh = pattern.iter().max().map_or(0, |most| most + 1);
        for next in 0..=fresh {
            pattern.push(next);
            extend(pattern, length, check);
            pattern.pop();
        }
    }
    extend(&mut Vec::new(), length, check);
}

/// The diff looks at cells only to ask whether two are equal, so that one table for each pattern of equality
/// stands for all. Two tables up to 2×2 have up to eight cells; there are nine awkward ones.
#[test]
fn the_laws_hold_for_every_pair_of_tables_up_to_two_by_two() {
    let awkward = awkward_cells();
    for (at, one) in awkward.iter().enumerate() {
        for (other_at, other) in awkward.iter().enumerate() {
            assert_eq!(one == other, at == other_at, "{one:?} {other:?}");
        }
    }
    let options: Vec<DiffOptions> = every_option();
    let headers = [&["id"][..], &["b"], &["id", "b"], &["b", "id"], &["id", "id"], &["id", "c"]];
    let shapes = |headers: &[&'static [&'static str]]| {
        let shapes = headers.iter().flat_map(|names| (0..3).map(move |rows| (*names, rows)));
        shapes.collect::<Vec<_>>()
    };
    let mut pairs = 0;
    for (expected_names, expected_rows) in shapes(&[headers[0], headers[2]]) {
        for (actual_names, actual_rows) in shapes(&headers) {
            let split = expected_names.len() * expected_rows;
            every_pattern(split + actual_names.len() * actual_rows, &mut |pattern| {
                pairs += 1;
                // The largest pairs with different headers take turns; all others see every option.
                let turn = pairs % options.len();
                let options = if pattern.len() < 8 || expected_names == actual_names {
                    &options[..]
                } else {
                    &options[turn..=turn]
                };
                let cells: Vec<Cell> = pattern.iter().map(|n| awkward[*n].clone()).collect();
                let table = |names: &[&str], cells: &[Cell]| ResultTable {
                    columns: names.iter().map(|n| Column::new(*n, Kind::Text)).collect(),
                    rows: cells.chunks(names.len()).map(<[Cell]>::to_vec).collect(),
                };
                let expected = table(expected_names, &cells[..split]);
                let actual = table(actual_names, &cells[split..]);
                for options in options {
                    let known = |name: &String| actual.position(name).is_some();
                    if options.key.iter().all(known) {
                        check_laws(&expected, &actual, options);
                    }
                }
            });
        }
    }
    assert!(pairs > 20_000, "{pairs}");
}

/// Few values, so that rows repeat and look alike.
fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        2 => prop::sample::select(awkward_cells().to_vec()),
        4 => (0..4_i64).prop_map(Cell::Integer),
        1 => (0..3_u8).prop_map(|n| Cell::Real(f64::from(n) / 2.0)),
        1 => (0..3_i64).prop_map(Cell::Duration),
        1 => (0..3_i64).prop_map(Cell::Timestamp),
    ]
}

/// A table with a column `id` and others whose names may repeat.
fn any_table() -> impl Strategy<Value = ResultTable> {
    let others = prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "id"]), 0..4);
    (others, 0..4_usize).prop_flat_map(|(mut names, id)| {
        names.insert(id.min(names.len()), "id");
        let row = prop::collection::vec(any_cell(), names.len());
        prop::collection::vec(row, 0..12).prop_map(move |rows| ResultTable {
            columns: names.iter().map(|name| Column::new(*name, Kind::Text)).collect(),
            rows,
        })
    })
}

fn any_options() -> impl Strategy<Value = DiffOptions> {
    let modes = vec![ColumnMode::Exact, ColumnMode::AnyOrder, ColumnMode::Subset];
    let orders = vec![RowOrder::Unordered, RowOrder::Strict, by(&["id"])];
    (
        prop::bool::ANY,
        prop::sample::select(modes),
        prop::sample::select(orders),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.3, 0.0..2.0_f64),
        prop::bool::ANY,
    )
        .prop_map(|(key, columns, order, ignore, tolerance, related_only)| DiffOptions {
            key: strings(if key { &["id"] } else { &[] }),
            columns,
            order,
            ignore: strings(if ignore { &["id"] } else { &[] }),
            tolerance: tolerance.map(|most| ("id".to_owned(), most.into())).into_iter().collect(),
            related_only,
            ..plain()
        })
}

/// The same rows in another order, some changed, some left out, some twice.
fn any_edit(table: ResultTable) -> impl Strategy<Value = (ResultTable, ResultTable)> {
    let (rows, width) = (table.rows.len(), table.columns.len());
    let edit = (0..rows.max(1), prop::option::weighted(0.3, (0..width, any_cell())));
    prop::collection::vec(edit, 0..12).prop_map(move |edits| {
        let edited = edits.into_iter().filter_map(|(from, change)| {
            let mut row = table.rows.get(from)?.clone();
            if let Some((at, cell)) = change {
                row[at] = cell;
            }
            Some(row)
        });
        let edited = ResultTable { columns: table.columns.clone(), rows: edited.collect() };
        (table.clone(), edited)
    })
}

proptest! {
    #[test]
    fn the_laws_hold_for_any_two_tables(
        expected in any_table(), actual in any_table(), options in any_options()
    ) {
        check_laws(&expected, &actual, &options);
    }

    #[test]
    fn the_laws_hold_for_a_table_and_its_edit(
        (expected, actual) in any_table().prop_flat_map(any_edit), options in any_options()
    ) {
        check_laws(&expected, &actual, &options);
    }
}

#[test]
fn a_check_that_is_named_second_is_named_first_in_the_hint() {
    use crate::advice::{commands, run};
    use crate::cases::words;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("l.csv"), "a,b\n1,2\n").expect("a file");
    let library = chatdb::scenario::Library::new(Vec::new()).expect("a library");
    let scenario = library.names()[0].to_owned();
    let shown = run(folder.path(), &words(&format!("diff l.csv {scenario}/none")));
    assert_eq!(shown.0, Some(2));
    let [command] = commands(&shown.1)[..] else {
        panic!("{}", shown.1);
    };
    assert_eq!(command, format!("chatdb diff {scenario}/none l.csv"));
    let unknown = run(folder.path(), &words("diff l.csv l.csv --key c"));
    assert_eq!(
        unknown.1,
        "error: neither table has a column `c`, given as key\n hint: the columns are a, b\n"
    );
}
