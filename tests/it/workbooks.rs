//! Workbooks as people keep them: hidden sheets, tables that begin to the right, times without a date, formulas whose
//! values were never computed, rows above the names.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::bombs::stored_zip;

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

/// What a query of a table of one's own in the workbook returns as CSV, and what is said beside it.
fn rows(folder: &Path, sql: &str, more: &[&str]) -> (String, String) {
    let asked = ["query", sql, "book.xlsx", "--table", "t", "--format", "csv", "--include-pii"];
    let output = chatdb(folder, &[&asked, more].concat());
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr))
}

/// A workbook of one sheet for each list of rows; what is a number is written as one.
fn book(folder: &Path, sheets: &[(&str, &[&[&str]])], change: impl Fn(&str, &mut Worksheet)) {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).expect("a name");
        for (row, cells) in (0..).zip(*rows) {
            for (column, cell) in (0..).zip(*cells) {
                match cell.parse::<f64>() {
                    Ok(number) => sheet.write_number(row, column, number).expect("a number"),
                    Err(_) if cell.is_empty() => continue,
                    Err(_) => sheet.write_string(row, column, *cell).expect("a text"),
                };
            }
        }
        change(name, sheet);
    }
    book.save(folder.join("book.xlsx")).expect("it is written");
}

const DATA: &[&[&str]] = &[&["id", "v"], &["1", "10"], &["2", "20"]];

#[test]
fn a_hidden_sheet_is_read_only_when_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let old: &[&[&str]] = &[&["id", "v"], &["1", "11"], &["9", "90"]];
    let hide = |name: &str, sheet: &mut Worksheet| {
        if name == "Old" {
            sheet.set_hidden(true);
        }
    };
    book(folder, &[("Data", DATA), ("Old", old)], hide);
    for more in [&[][..], &["--header", "yes"]] {
        let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", more);
        assert_eq!(found, "id,v\n1,10\n2,20\n");
        assert!(
            said.contains("the hidden sheet `Old` was skipped; `--sheet \"Old\"` reads it"),
            "{said}"
        );
    }
    let (found, _) = rows(folder, "SELECT * FROM t ORDER BY id", &["--sheet", "Old"]);
    assert_eq!(found, "id,v\n1,11\n9,90\n");
}

#[test]
fn a_sheet_continues_the_one_before_only_with_its_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let count = "SELECT COUNT(*) AS n FROM t";
    let same: &[&[&str]] = &[&["id", "v"], &["3", "30"]];
    book(folder, &[("Data", DATA), ("More", same)], |_, _| {});
    assert_eq!(rows(folder, count, &[]).0, "n\n3\n");
    assert_eq!(rows(folder, count, &["--header", "yes"]).0, "n\n3\n");
    let others: [&[&[&str]]; 2] =
        [&[&["3", "30"], &["4", "40"]], &[&["code", "name"], &["a", "b"]]];
    for other in others {
        book(folder, &[("Data", DATA), ("Other", other)], |_, _| {});
        let (found, said) = rows(folder, count, &[]);
        assert_eq!(found, "n\n2\n", "{said}");
        assert!(said.contains("it belongs to result set 2"), "{said}");
    }
}

#[test]
fn a_table_may_begin_to_the_right_and_below() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let right: &[&[&str]] = &[&[], &["", "", "id", "v"], &["", "", "1", "10"], &["", "", "2", ""]];
    book(folder, &[("Data", right)], |_, _| {});
    let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", &[]);
    assert_eq!(found, "id,v\n1,10\n2,NULL\n", "{said}");
    // A cell in the margin is not left out.
    let note: &[&[&str]] = &[&["", "id", "v"], &["", "1", "10"], &["note", "2", "20"]];
    book(folder, &[("Data", note)], |_, _| {});
    let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", &[]);
    assert!(
        said.contains("NamesOrRow") || said.contains("--header") || found.contains("note"),
        "{found}{said}"
    );
    // Rows above the names are skipped when it is said.
    let titles: &[&[&str]] =
        &[&["Report of July"], &["printed", "Monday"], &["id", "v"], &["1", "10"]];
    book(folder, &[("Data", titles)], |_, _| {});
    let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", &["--skip", "2"]);
    assert_eq!(found, "id,v\n1,10\n", "{said}");
}

#[test]
fn where_a_column_has_no_name_it_is_asked_whether_there_are_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let two: &[&[&str]] =
        &[&["id", "name", "", "code"], &["1", "Ann", "", "7"], &["2", "Bob", "", "8"]];
    book(folder, &[("Data", two)], |_, _| {});
    let (found, said) = rows(folder, "SELECT * FROM t", &[]);
    assert_eq!(found, "");
    assert!(said.contains("use `--header yes` if it is a header"), "{said}");
    let (found, said) =
        rows(folder, "SELECT id, name, code FROM t ORDER BY id", &["--header", "yes"]);
    assert_eq!(found, "id,name,code\n1,Ann,7\n2,Bob,8\n", "{said}");
}

#[test]
fn a_part_of_a_day_is_a_time_and_a_length_of_time_stays_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let times: &[&[&str]] = &[&["id", "at", "took"], &["1"], &["2"]];
    let (clock, hours) =
        (Format::new().set_num_format("hh:mm:ss"), Format::new().set_num_format("[h]:mm:ss"));
    book(folder, &[("Data", times)], |_, sheet| {
        for (row, at, took) in [(1, 0.5, 1.5), (2, 0.250_005_787_04, 0.010_416_666_7)] {
            sheet.write_number_with_format(row, 1, at, &clock).expect("a time");
            sheet.write_number_with_format(row, 2, took, &hours).expect("a time");
        }
    });
    let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", &[]);
    assert_eq!(found, "id,at,took\n1,12:00:00.000,36:00:00\n2,06:00:00.500,00:15:00\n", "{said}");
}

#[test]
fn a_row_with_a_formula_that_was_never_computed_is_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let sheet = "<worksheet><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"str\"><v>id</v></c><c r=\"B1\" t=\"str\"><v>v</v></c></row>\
        <row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\"><f>5+5</f><v>10</v></c></row>\
        <row r=\"3\"><c r=\"A3\"><v>2</v></c><c r=\"B3\"/></row>\
        <row r=\"4\"><c r=\"A4\"><v>3</v></c><c r=\"B4\"><f>B2*2</f></c></row>\
        </sheetData></worksheet>";
    write_sheet(folder, sheet);
    let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", &[]);
    assert_eq!(found, "id,v\n1,10\n2,NULL\n", "{said}");
    assert!(
        said.contains(
            "line 4: the formula in column 2 has no saved value (CHATDB-I022): open the workbook"
        ),
        "{said}"
    );
}

/// The row would be another one if its number were counted in 32 bits.
#[test]
fn a_cell_beyond_all_rows_is_a_damaged_workbook_and_no_cell_of_another_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for reference in ["B4294967298", "B99999999999999999999", "AAAAAAAAAAAAAAAA2"] {
        let sheet = format!(
            "<worksheet><sheetData>\
             <row r=\"1\"><c r=\"A1\" t=\"str\"><v>id</v></c><c r=\"B1\" t=\"str\"><v>v</v></c></row>\
             <row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"{reference}\"><v>10</v></c></row>\
             </sheetData></worksheet>"
        );
        write_sheet(folder, &sheet);
        let (found, said) = rows(folder, "SELECT * FROM t ORDER BY id", &[]);
        assert_eq!(found, "", "{reference}: {said}");
        assert!(said.starts_with("error: ") && !said.contains("panicked"), "{reference}: {said}");
    }
}

/// A workbook with one sheet, as it is written by hand.
fn write_sheet(folder: &Path, sheet: &str) {
    let book = stored_zip(&[
        ("_rels/.rels", PACKAGE),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
    ]);
    fs::write(folder.join("book.xlsx"), book).expect("it is written");
}

const WORKBOOK: &str = "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
    <sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\"/></Relationships>";
const PACKAGE: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Target=\"xl/workbook.xml\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\"/></Relationships>";
