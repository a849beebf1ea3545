//! Files with several results: a script's answers, the sheets of a workbook. Each result that is a table by its columns
//! is loaded as one; what is none is rejected by line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rust_xlsxwriter::Workbook;

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

fn out(folder: &Path, args: &[&str]) -> String {
    let output = chatdb(folder, args);
    String::from_utf8(output.stdout).expect("text")
}

type Rows<'r> = &'r [&'r [&'r str]];

const ACTIVITIES: Rows<'_> = &[
    &["activity_id", "activity_status", "assigned_to", "queue_id"],
    &["71", "5000", "1007", "12"],
    &["72", "9000", "1009", "12"],
];

const USERS: Rows<'_> = &[
    &["user_id", "user_name", "login_ip"],
    &["1007", "DMarino", "43app"],
    &["1009", "JDoe", "44app"],
];

const QUEUES: Rows<'_> = &[&["queue_id", "queue_name"], &["12", "SUPPORT"]];

/// Nothing of these is a column of the product.
const COUNTS: Rows<'_> = &[&["hour_of_day", "how_many"], &["9", "14"], &["10", "3"]];

/// The results as Management Studio writes them to a file, with columns as wide as their values.
fn rpt(results: &[Rows<'_>]) -> String {
    let mut text = String::new();
    for rows in results {
        let width = |at: usize| rows.iter().map(|row| row[at].len()).max().unwrap_or(0);
        let last = rows[0].len() - 1;
        let line = |cells: Vec<String>| {
            let padded = cells.iter().enumerate().map(|(at, cell)| match at == last {
                true => cell.clone(),
                false => format!("{cell:width$}", width = width(at)),
            });
            padded.collect::<Vec<_>>().join(" ") + "\r\n"
        };
        let texts = |row: &[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        text.push_str(&line(texts(rows[0])));
        text.push_str(&line((0..=last).map(|at| "-".repeat(width(at))).collect()));
        for row in &rows[1..] {
            text.push_str(&line(texts(row)));
        }
        text.push_str(&format!("\r\n({} rows affected)\r\n\r\n", rows.len() - 1));
    }
    text
}

fn workbook(folder: &Path, name: &str, sheets: &[(&str, Rows<'_>)]) {
    let mut book = Workbook::new();
    for (sheet, rows) in sheets {
        let page = book.add_worksheet().set_name(*sheet).expect("a name");
        for (at, row) in (0..).zip(rows.iter()) {
            for (column, cell) in (0..).zip(row.iter()) {
                match cell.parse::<f64>() {
                    Ok(number) => page.write(at, column, number),
                    Err(_) => page.write(at, column, *cell),
                }
                .expect("a cell");
            }
        }
    }
    book.save(folder.join(name)).expect("it is written");
}

const JOINED: &str = "SELECT a.activity_id, u.user_name, q.queue_name FROM egpl_casemgmt_activity a \
     JOIN egpl_user u ON u.user_id = a.assigned_to JOIN egpl_routing_queue q ON q.queue_id = a.queue_id \
     WHERE a.activity_status IN (5000, 9000) ORDER BY a.activity_id";

const ANSWER: &str = "activity_id,user_name,queue_name\n71,DMarino,SUPPORT\n72,JDoe,SUPPORT\n";

#[test]
fn each_result_of_a_file_is_loaded_as_its_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    workbook(
        folder,
        "centre.xlsx",
        &[("activity", ACTIVITIES), ("users", USERS), ("queues", QUEUES)],
    );
    fs::write(folder.join("centre.rpt"), rpt(&[ACTIVITIES, USERS, QUEUES])).expect("it is written");
    for file in ["centre.xlsx", "centre.rpt"] {
        let asked = ["query", JOINED, file, "--format", "csv", "--include-pii"];
        assert_eq!(out(folder, &asked), ANSWER, "{file}");
        let database = format!("{file}.sqlite");
        let import = ["import", file, "--db", &database, "--format", "json"];
        let first = chatdb(folder, &import);
        assert_eq!(first.status.code(), Some(0), "{first:?}");
        let from_database =
            ["query", JOINED, "--db", &database, "--format", "csv", "--include-pii"];
        assert_eq!(out(folder, &from_database), ANSWER, "{file}");
        // A second run changes nothing.
        let second = chatdb(folder, &import);
        assert_eq!(second.status.code(), Some(0), "{second:?}");
        assert_eq!(out(folder, &from_database), ANSWER, "{file}");
    }
    let told = out(folder, &["import", "centre.xlsx", "--db", "told.sqlite", "--include-pii"]);
    assert!(told.contains("centre.xlsx (sheet users)"), "{told}");
    let told = out(folder, &["import", "centre.rpt", "--db", "told.sqlite", "--include-pii"]);
    assert!(told.contains("centre.rpt (result 2)"), "{told}");
}

#[test]
fn a_result_that_is_no_known_table_is_rejected_and_the_others_are_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("shift.rpt"), rpt(&[ACTIVITIES, COUNTS, QUEUES])).expect("it is written");
    workbook(
        folder,
        "shift.xlsx",
        &[("activity", ACTIVITIES), ("per hour", COUNTS), ("queues", QUEUES)],
    );
    // In a workbook nothing sets the names of an unknown table apart from its rows.
    for (file, rejects) in [("shift.rpt", "n\n2\n"), ("shift.xlsx", "n\n3\n")] {
        let database = format!("{file}.sqlite");
        let output = chatdb(folder, &["import", file, "--db", &database]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let count = |sql: &str| out(folder, &["query", sql, "--db", &database, "--format", "csv"]);
        assert_eq!(count("SELECT COUNT(*) AS n FROM rejects"), rejects, "{file}");
        assert_eq!(count("SELECT COUNT(*) AS n FROM egpl_casemgmt_activity"), "n\n2\n");
        assert_eq!(count("SELECT queue_name FROM egpl_routing_queue"), "queue_name\nSUPPORT\n");
        // The same in a second run.
        let output = chatdb(folder, &["import", file, "--db", &database]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    }
}

#[test]
fn one_result_can_be_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    workbook(folder, "centre.xlsx", &[("activity", ACTIVITIES), ("users", USERS)]);
    for chosen in [["--result-set", "2"], ["--sheet", "users"]] {
        let database = format!("{}.sqlite", chosen[1]);
        let import = ["import", "centre.xlsx", "--db", &database, chosen[0], chosen[1]];
        assert_eq!(chatdb(folder, &import).status.code(), Some(0), "{chosen:?}");
        let count = |table: &str| {
            let sql = format!("SELECT COUNT(*) AS n FROM {table}");
            out(folder, &["query", &sql, "--db", &database, "--format", "csv"])
        };
        assert_eq!(count("egpl_user"), "n\n2\n", "{chosen:?}");
        assert_eq!(count("egpl_casemgmt_activity"), "n\n0\n", "{chosen:?}");
    }
}

#[test]
fn a_table_that_goes_on_in_the_next_sheet_stays_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let more: Rows<'_> = &[ACTIVITIES[0], &["73", "5000", "1007", "12"]];
    workbook(folder, "long.xlsx", &[("Sheet1", ACTIVITIES), ("Sheet2", more), ("users", USERS)]);
    let sql = "SELECT COUNT(*) AS n FROM egpl_casemgmt_activity";
    assert_eq!(out(folder, &["query", sql, "long.xlsx", "--format", "csv"]), "n\n3\n");
}

#[test]
fn a_result_without_names_that_may_go_on_says_what_to_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let first: Rows<'_> = &[&["activity_id", "activity_status"], &["1", "5000"], &["2", "5000"]];
    let second: Rows<'_> = &[&["3", "9000"], &["4", "9000"]];
    workbook(folder, "two.xlsx", &[("One", first), ("Two", second)]);
    let text = "activity_id activity_status\r\n----------- ---------------\r\n          1            5000\r\n\r\n\
                (1 rows affected)\r\n\r\n                           \r\n----------- ---------------\r\n\
                \u{20}         3            9000\r\n\r\n(1 rows affected)\r\n";
    fs::write(folder.join("two.rpt"), text).expect("it is written");
    for (file, all) in [("two.xlsx", "4"), ("two.rpt", "2")] {
        let import = ["import", file, "--db", "x.sqlite", "--width", "250"];
        let loaded = chatdb(folder, &import);
        let said = String::from_utf8(loaded.stdout).expect("text");
        assert_eq!(loaded.status.code(), Some(3), "{said}");
        assert!(said.contains("it belongs to result set 2, which has no column names"), "{said}");
        let option = "--result-set 2 --columns activity_id,activity_status";
        let hint = format!(
            "result 2 has no column names; if it continues the first one, load it with `{option}`"
        );
        assert!(said.contains(&hint), "{said}");
        let typed: Vec<&str> = import.into_iter().chain(option.split(' ')).collect();
        out(folder, &typed);
        let sql = "SELECT COUNT(*) AS n FROM egpl_casemgmt_activity";
        let count = out(folder, &["query", sql, "--db", "x.sqlite", "--format", "csv"]);
        assert_eq!(count, format!("n\n{all}\n"), "{file}");
        fs::remove_file(folder.join("x.sqlite")).expect("it is there");
    }
}

#[test]
fn a_rejected_result_is_read_as_its_reject_says_and_no_other_is_moved() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let pivot: Rows<'_> = &[&["Status", "n"], &["9000", "1"]];
    workbook(folder, "a.xlsx", &[("Users", USERS), ("Acts", ACTIVITIES), ("Pivot", pivot)]);
    let import = ["import", "a.xlsx", "--db", "x.sqlite", "--width", "250"];
    let loaded = chatdb(folder, &import);
    let said = String::from_utf8(loaded.stdout).expect("text");
    let option = "--result-set 3 --table my_table";
    assert!(said.contains(&format!("`{option}` reads it")), "{said}");
    let typed: Vec<&str> = import.into_iter().chain(option.split(' ')).collect();
    out(folder, &typed);
    let asked = |sql: &str| out(folder, &["query", sql, "--db", "x.sqlite", "--format", "csv"]);
    assert_eq!(asked("SELECT COUNT(*) AS n FROM egpl_casemgmt_activity"), "n\n2\n");
    assert_eq!(asked("SELECT status, n FROM my_table"), "status,n\n9000,1\n");
}
