//! Excel's text formulas, `="00123"`, in exports: the text inside is what was meant.

use std::fs;
use std::path::Path;

use chatdb::table::text_formula::text_of;

use crate::cli::chatdb;

#[test]
fn a_text_formula_is_its_text_and_nothing_else_is_one() {
    let cases = [
        ("=\"00123\"", Some("00123")),
        ("=\"\"", Some("")),
        ("=\"a\"\"b\"", Some("a\"b")),
        ("=\"\"\"\"", Some("\"")),
        ("=\"", None),
        ("=\"a", None),
        ("=\"a\"\"", None),
        ("=\"a\"&\"b\"", None),
        ("=1+1", None),
        ("\"00123\"", None),
        (" =\"00123\"", None),
    ];
    for (cell, text) in cases {
        assert_eq!(text_of(cell).as_deref(), text, "{cell}");
    }
}

/// What the program writes to standard output and standard error.
fn said(folder: &Path, args: &[&str]) -> String {
    let output = chatdb(folder, args);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// Queries a file, and checks the rows and what is said of text formulas.
#[track_caller]
fn queried(file: &str, options: &[&str], rows: &str, remark: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("activity.csv"), file).unwrap();
    let sql = "SELECT activity_id, zip, subject FROM egpl_casemgmt_activity ORDER BY activity_id";
    let args =
        [&["query", sql, "activity.csv", "--include-pii", "--raw", "--format", "csv"], options];
    let output = chatdb(folder.path(), &args.concat());
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(out, format!("activity_id,zip,subject\n{rows}"), "{err}");
    let found = err.lines().find(|line| line.contains("text formula"));
    let remark = remark.map(|remark| format!("note: activity.csv: {remark}"));
    assert_eq!(found, remark.as_deref(), "{err}");
}

const THREE: &str =
    "3 cells were Excel text formulas (`=\"...\"`), read as the text inside the quotes";

#[test]
fn a_query_reads_them_as_texts_and_counts_them() {
    queried(
        "activity_id,zip,subject\n=\"1\",=\"00123\",x\n2,=\"00124\",y\n",
        &[],
        "1,00123,x\n2,00124,y\n",
        Some(THREE),
    );
    queried(
        "activity_id;zip;subject\n1;\"=\"\"00123\"\"\";\"=\"\"a\"\"\"\"b\"\"\"\n2;\"=\"\"\"\"\";\"say \"\"x\"\"\"\n",
        &[],
        "1,00123,\"a\"\"b\"\n2,,\"say \"\"x\"\"\"\n",
        Some(THREE),
    );
    // Names too, which are not counted.
    queried(
        "=\"activity_id\"\t=\"zip\"\t=\"subject\"\n1\t=\"00123\"\tx\n2\t00124\ty\n",
        &[],
        "1,00123,x\n2,00124,y\n",
        Some("1 cell was an Excel text formula (`=\"...\"`), read as the text inside the quotes"),
    );
    // Whoever says that nothing is quoted gets what is there; and a formula that computes is none.
    queried(
        "activity_id,zip,subject\n1,=\"00123\",x\n",
        &["--quote", "none"],
        "1,\"=\"\"00123\"\"\",x\n",
        None,
    );
    queried(
        "activity_id,zip,subject\n1,=\"0\"&\"1\",x\n",
        &[],
        "1,\"=\"\"0\"\"&\"\"1\"\"\",x\n",
        None,
    );
}

#[test]
fn an_import_says_once_how_many_there_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = String::from("activity_id,zip\n");
    for id in 1..=200 {
        file.push_str(&format!("=\"{id}\",\"=\"\"{id:05}\"\"\"\n"));
    }
    fs::write(folder.path().join("activity.csv"), file).unwrap();
    let said = said(folder.path(), &["import", "activity.csv", "--db", "a.sqlite"]);
    assert_eq!(said.matches("400 cells were Excel text formulas").count(), 1, "{said}");
    assert!(said.contains("200 records; 0 rejected"), "{said}");
}

#[test]
fn a_diff_compares_their_texts() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "id,zip\n=\"1\",=\"00123\"\n2,=\"00124\"\n");
    write("b.csv", "id,zip\n1,00123\n2,\"=\"\"00124\"\"\"\n");
    write("c.csv", "id,zip\n1,00123\n2,00125\n");
    let utf16: Vec<u8> = "id,zip\n=\"1\",=\"00123\"\n2,=\"00124\"\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf16 = [&[0xFF, 0xFE], &utf16[..]].concat();
    fs::write(folder.path().join("w.csv"), utf16).unwrap();
    for (expected, actual) in [("a.csv", "b.csv"), ("w.csv", "b.csv"), ("b.csv", "w.csv")] {
        let said = said(folder.path(), &["diff", expected, actual, "--key", "id"]);
        assert!(said.contains("same: 2 rows, 2 columns"), "{said}");
        assert!(said.contains("3 cells were Excel text formulas"), "{said}");
        assert!(said.contains("`b.csv`: 1 cell was an Excel text formula"), "{said}");
    }
    let said = said(folder.path(), &["diff", "a.csv", "c.csv", "--key", "id", "--include-pii"]);
    assert!(said.contains("00124") && said.contains("00125") && !said.contains("00123"), "{said}");
}

/// Files so large that they are not held, but for text formulas.
#[test]
fn large_files_with_text_formulas_are_compared_as_small_ones_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = |cell: &dyn Fn(u32) -> String| {
        let rows = (0..40_000_u32).map(|id| format!("{id},{}\n", cell(id)));
        format!("id,code\n{}", rows.collect::<String>())
    };
    let formulas = file(&|id| format!("=\"{id:010}\""));
    let plain = file(&|id| format!("{:010}", if id == 7 { 8 } else { id }));
    fs::write(folder.path().join("a.csv"), formulas).unwrap();
    fs::write(folder.path().join("b.csv"), plain).unwrap();
    let said = said(folder.path(), &["diff", "a.csv", "b.csv", "--key", "id", "--include-pii"]);
    assert!(said.contains("0000000007") && !said.contains("0000000009"), "{said}");
    assert!(said.contains("40000 cells were Excel text formulas"), "{said}");
}
