//! Exports that chatdb reads otherwise than they are written, or leaves something of out: right, and with a word about
//! it, or refused.

use std::fs;
use std::path::Path;

use crate::cli::chatdb;

/// Runs the program, and gives its code, its standard output and its standard error.
pub fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = chatdb(folder, args);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Queries one file, and checks the rows and that something is said of it, or that nothing is that begins so.
#[track_caller]
pub fn check(file: (&str, &[u8]), sql: &str, options: &[&str], rows: &str, said: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file.0), file.1).unwrap();
    let args =
        [&["query", sql, file.0, "--include-pii", "--raw", "--format", "csv"], options].concat();
    let (code, out, err) = run(folder.path(), &args);
    assert_eq!((code, out.as_str()), (Some(0), rows), "{err}");
    assert!(err.contains(said), "{err}");
}

const ALL: &str = "SELECT * FROM t";
const OWN: [&str; 2] = ["--table", "t"];

/// Files in both orders: equal rows are kept as often as the file with most of them has them.
#[test]
fn equal_rows_of_several_files_are_kept_whatever_the_order_and_it_is_said() {
    let once = "at,event\n2011-07-12 14:49:55,down\n";
    let twice =
        "at,event\n2011-07-12 14:49:55,down\n2011-07-12 14:49:55,down\n2011-07-12 15:00:00,up\n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), once).unwrap();
    fs::write(folder.path().join("b.csv"), twice).unwrap();
    let sql = "SELECT event, COUNT(*) AS n FROM t GROUP BY event ORDER BY event";
    let orders: [(&[&str], u32); 4] = [
        (&["a.csv", "b.csv"], 1),
        (&["b.csv", "a.csv"], 1),
        (&["b.csv"], 0),
        (&["b.csv", "a.csv", "b.csv"], 1),
    ];
    for (files, equal) in orders {
        let args = [&["query", sql], files, &OWN, &["--format", "csv"]].concat();
        let (code, out, err) = run(folder.path(), &args);
        assert_eq!((code, out.as_str()), (Some(0), "event,n\ndown,2\nup,1\n"), "{files:?}: {err}");
        let remark = "1 row is equal to rows of exports loaded before, and not stored again";
        assert_eq!(err.contains(remark), equal > 0, "{files:?}: {err}");
    }
}

#[test]
fn rows_are_equal_however_their_numbers_and_times_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let a = "k,rate,at\n01,.5000,2011-12-07 14:49:00.000\n02,1.50,2011-12-07 14:49:00.000\n";
    let b = "k,rate,at\n01,0.5,2011-12-07 14:49:00\n2,1.50,2011-12-07 14:49:00\n02,1.51,2011-12-07 14:49:00\n";
    fs::write(folder.path().join("a.csv"), a).unwrap();
    fs::write(folder.path().join("b.csv"), b).unwrap();
    let sql = "SELECT k, rate, COUNT(*) AS n FROM t GROUP BY k, rate ORDER BY k, rate";
    for files in [["a.csv", "b.csv"], ["b.csv", "a.csv"]] {
        let args = ["query", sql, files[0], files[1], "--table", "t"];
        let args = [&args[..], &["--include-pii", "--raw", "--format", "csv"]].concat();
        let (code, out, err) = run(folder.path(), &args);
        assert_eq!(code, Some(0), "{err}");
        // Of texts, the spelling counts.
        let rows = [".5", "1.50", "1.51", "1.50"];
        let keys = ["01", "02", "02", "2"];
        for ((line, key), rate) in out.lines().skip(1).zip(keys).zip(rows) {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |text: &str| text.parse::<f64>().unwrap();
            assert_eq!(
                (fields[0], number(fields[1]), fields[2]),
                (key, number(rate), "1"),
                "{out}"
            );
        }
        assert_eq!(out.lines().count(), 5, "{out}");
        let said = format!("{}: 1 row is equal to rows of exports loaded before", files[1]);
        assert!(err.contains(&said), "{err}");
    }
}

/// Loads `file` with `options` into `x.sqlite` of `folder`, and gives what is said.
#[track_caller]
fn load(folder: &Path, file: &str, options: &[&str]) -> String {
    let args = ["import", file, "--db", "x.sqlite", "--width", "250", "--include-pii"];
    let (code, out, err) = run(folder, &[&args, options].concat());
    assert_eq!(code, Some(0), "{out}{err}");
    out
}

#[test]
fn a_replaced_load_leaves_no_column_and_columns_of_other_exports_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |text: &str| fs::write(folder.join("a.csv"), text).unwrap();
    let columns = |table: &str| {
        let sql = format!("SELECT * FROM {table}");
        let args = ["query", &sql, "--db", "x.sqlite", "--format", "csv", "--include-pii"];
        let (_, out, err) = run(folder, &args);
        let names = out.lines().next().unwrap_or(&err).split(',').rev().take(3);
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    write("activity_id,activity_status,note,extra\n1,5000,a,7\n2,5000,b,8\n");
    load(folder, "a.csv", &[]);
    let otherwise = ["--skip", "1", "--columns", "activity_id,activity_status,note,other"];
    let said = load(folder, "a.csv", &otherwise);
    assert!(said.contains("was loaded before without options: its rows are replaced"), "{said}");
    assert_eq!(columns("egpl_casemgmt_activity"), ["other", "note", "is_authenticated"]);
    assert_eq!(columns("egpl_casemgmt_activity_earlier")[..2], ["other", "note"]);
    // Into a table of its own and out of it again: nothing is left of either.
    write("key,value\n1,2\n");
    load(folder, "a.csv", &["--table", "mine"]);
    assert_eq!(columns("mine"), ["value", "key"]);
    load(folder, "a.csv", &["--table", "other_one"]);
    assert!(columns("mine")[0].contains("there is no table `mine`"));
    // A newer file is no replacement: what older exports alone have is kept and said.
    write("activity_id,activity_status,newer\n1,9000,x\n");
    let said = load(folder, "a.csv", &[]);
    let kept =
        "`egpl_casemgmt_activity` also has `note`, `other`, which only exports loaded before have";
    assert!(said.contains(kept), "{said}");
    write("activity_id,activity_status,newer,note,other\n3,9000,x,y,1\n");
    assert!(!load(folder, "a.csv", &[]).contains("also has"));
}

#[test]
fn a_line_feed_alone_is_part_of_a_value_where_every_record_ends_in_cr_lf() {
    let sql = "SELECT activity_id, subject FROM egpl_casemgmt_activity ORDER BY activity_id";
    let cases: [(&str, &[&str], &str); 6] = [
        ("activity_id,subject,activity_status\r\n1,a\nb,5000\r\n2,x,5000\r\n", &[], "a\nb"),
        // In the last column, and at the beginning and the end of a value.
        ("activity_id,activity_status,subject\r\n1,5000,a\nb\r\n2,5000,x\r\n", &[], "a\nb"),
        ("activity_id,activity_status,subject\r\n1,5000,a\n\r\n2,5000,x\r\n", &[], "a\n"),
        (
            "activity_id\tactivity_status\tsubject\r\n1\t5000\ta\n\nb\r\n2\t5000\tx\r\n",
            &[],
            "a\n\nb",
        ),
        // Beside texts in quotes, and without the last line end.
        ("activity_id,activity_status,subject\r\n1,5000,a\nb\r\n2,5000,\"x\"", &[], "a\nb"),
        (
            "activity_id,activity_status,subject\r\n1,5000,a\nb\r\n2,5000,x\r\n",
            &["--header", "yes", "--row-terminator", "\\r\\n"],
            "a\nb",
        ),
    ];
    let said = "records end in CR LF; a line feed alone is part of a value";
    for (text, options, value) in cases {
        let rows = format!("activity_id,subject\n1,\"{value}\"\n2,x\n");
        check(("a.csv", text.as_bytes()), sql, options, &rows, said);
    }
    // Lines that end in either are lines where they are whole records.
    let mixed = "activity_id,activity_status,subject\r\n1,5000,a\n2,5000,x\r\n";
    let rows = "activity_id,subject\n1,a\n2,x\n";
    check(("a.csv", mixed.as_bytes()), sql, &[], rows, "");
    check(("a.csv", mixed.as_bytes()), sql, &["--header", "yes"], rows, "");
}

#[test]
fn csv_for_programs_keeps_null_empty_text_and_the_word_null() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let json = r#"[{"activity_id":1,"activity_status":5000,"subject":"NULL"},
        {"activity_id":2,"activity_status":5000,"subject":""},
        {"activity_id":3,"activity_status":5000,"subject":null},
        {"activity_id":4,"activity_status":5000,"subject":"\"NULL\""},
        {"activity_id":5,"activity_status":5000,"subject":"a,\"b\nc"}]"#;
    fs::write(folder.join("a.json"), json).unwrap();
    let sql = "SELECT activity_id, activity_status, subject FROM egpl_casemgmt_activity ORDER BY activity_id";
    let written = "activity_id,activity_status,subject\n1,5000,\"NULL\"\n2,5000,\n3,5000,NULL\n\
                   4,5000,\"\"\"NULL\"\"\"\n5,5000,\"a,\"\"b\nc\"\n";
    for (from, to) in [("a.json", "b.csv"), ("b.csv", "c.csv")] {
        let args = ["query", sql, from, "--raw", "--include-pii", "-o", to];
        let (code, _, err) = run(folder, &args);
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(fs::read_to_string(folder.join(to)).unwrap(), written, "{from}");
        let (code, out, err) =
            run(folder, &["diff", "a.json", to, "--key", "activity_id", "--include-pii"]);
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(out.starts_with("same: 5 rows, 3 columns\n"), "{out}");
    }
}

#[test]
fn rows_beside_the_first_that_contradict_each_other_are_said() {
    check(
        (
            "a.csv",
            b"activity_id,queue_id,queue_name,assigned_to,user_name\n1,3,Q,10,Ann\n2,3,R,10,Bob\n3,3,Q,10,Ann\n",
        ),
        "SELECT user_name FROM egpl_user",
        &[],
        "user_name\nAnn\n",
        "`egpl_user`: 1 record has other values than an earlier record for the same key; `egpl_user` keeps the first, \
         `egpl_user_earlier` the others",
    );
}

#[test]
fn an_unnamed_count_is_a_column_and_no_row_number() {
    check(
        ("a.csv", b",queue_name\n1,CIM_WIM\n"),
        ALL,
        &["--table", "t", "--header", "yes"],
        "column_1,queue_name\n1,CIM_WIM\n",
        "",
    );
    check(
        (
            "b.txt",
            b"            queue_name\r\n----------- ----------\r\n          1 CIM_WIM   \r\n\
              \x20         2 SALES     \r\n\r\n(2 rows affected)\r\n",
        ),
        ALL,
        &OWN,
        "column_1,queue_name\n1,CIM_WIM\n2,SALES\n",
        "",
    );
    // In the product's tables it is what a grid or a data frame has beside the rows, and is said to be left out.
    check(
        ("c.csv", b",activity_id,subject\n1,7,x\n2,8,y\n"),
        "SELECT activity_id FROM egpl_casemgmt_activity ORDER BY activity_id",
        &["--table", "egpl_casemgmt_activity"],
        "activity_id\n7\n8\n",
        "c.csv: not loaded: column 1: it only counts the rows",
    );
}

/// Asks of a table of one's own whether its first record is names, or takes it for what it is.
#[test]
fn the_first_record_of_a_new_table_is_names_where_something_shows_it_and_else_is_asked_for() {
    let names = [
        ("id,\"full\nname\",v\n1,Ann,5\n2,Bob,6\n", "id"),
        ("name,2024,total\nAnn,5,5\nBob,6,6\n", "total"),
        ("q,v\nA,.5000\nB,-.7500\n", "v"),
    ];
    for (file, column) in names {
        check(
            ("a.csv", file.as_bytes()),
            &format!("SELECT COUNT([{column}]) AS n FROM t"),
            &OWN,
            "n\n2\n",
            "",
        );
    }
    for file in [
        "\"\",\"name\"\n\"Mazda\",\"x\"\n\"Datsun\",\"y\"\n",
        "name,2024,2025\nAnn,5,6\nBob,7,8\n",
        // A row with nothing over the numbers.
        "Smith,,\nJones,5,7\nBrown,6,8\n",
        "Smith,,2024\nJones,5,2025\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), file).unwrap();
        let (code, _, err) = run(folder.path(), &["query", ALL, "a.csv", "--table", "t"]);
        assert_eq!(code, Some(3), "{err}");
        assert!(err.contains("its first record may be a header or a row"), "{err}");
        for said in ["yes", "no"] {
            let args = ["query", ALL, "a.csv", "--table", "t", "--header", said];
            let (code, _, err) = run(folder.path(), &args);
            assert_eq!(code, Some(0), "{err}");
        }
    }
    // Numbers above numbers are rows.
    for file in [
        "Ann,5,6\nBob,7,8\n",
        "Ann,.5000\nBob,1.2500\n",
        "Ann,-.5000\nBob,1.2500\n",
        "Ann,+.5\nBob,+1.25\n",
        "Ann\t.5\nBob\t.25\n",
    ] {
        check(("a.csv", file.as_bytes()), "SELECT COUNT(*) AS n FROM t", &OWN, "n\n2\n", "");
    }
}

#[test]
fn decimals_without_a_zero_before_the_point_are_numbers() {
    check(
        ("a.csv", b"id,v\n1,.5000\n2,10.0000\n3,9.0000\n4,-.2500\n"),
        "SELECT MAX(v) AS most, MIN(v) AS least, SUM(v) AS total FROM t",
        &OWN,
        "most,least,total\n10,-0.25,19.25\n",
        "`v` (decimal)",
    );
}

#[test]
fn a_repeated_header_is_no_row_of_a_diff() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "id,v\n1,10\nid,v\n2,20\n").unwrap();
    fs::write(folder.path().join("b.csv"), "id,v\n1,10\n2,20\n").unwrap();
    for (expected, actual, file) in [("a.csv", "b.csv", "a.csv"), ("b.csv", "a.csv", "a.csv")] {
        let (code, out, err) = run(folder.path(), &["diff", expected, actual, "--key", "id"]);
        assert_eq!(code, Some(0), "{out}{err}");
        let remark = format!("`{file}`: 1 repeated header line was skipped");
        assert!(out.contains(&remark), "{out}{err}");
    }
}

#[test]
fn without_a_header_the_first_row_may_be_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "1,x\n2,y\n1,x\n").unwrap();
    fs::write(folder.path().join("b.csv"), "1,x\n2,y\n").unwrap();
    for files in [["a.csv", "b.csv"], ["b.csv", "a.csv"]] {
        for key in [&[][..], &["--key", "column_1"]] {
            let args = [&["diff"], &files[..], &["--header", "no"], key].concat();
            let (code, out, err) = run(folder.path(), &args);
            assert_ne!(code, Some(0), "{out}{err}");
            assert!(!format!("{out}{err}").contains("header line"), "{out}{err}");
        }
    }
}

#[test]
fn a_file_of_one_column_is_read_where_something_settles_it() {
    let of_product = "SELECT activity_id FROM egpl_casemgmt_activity ORDER BY activity_id";
    let said = "loaded as `egpl_casemgmt_activity`, of which the one column is the key";
    for file in
        ["activity_id\n7\n8\n", "\"activity_id\"\r\n\"7\"\r\n\"8\"\r\n", "ACTIVITY_ID\n7\n8"]
    {
        check(("a.csv", file.as_bytes()), of_product, &[], "activity_id\n7\n8\n", said);
    }
    let own = [
        ("7\n8\n", "7\n8\n"),
        ("7\r\n8", "7\n8\n"),
        ("\"7\"\n\"8\"\n", "7\n8\n"),
        ("2011-07-12\n2011-07-13\n", "2011-07-12\n2011-07-13\n"),
        ("1.5\n-2.25\n", "1.5\n-2.25\n"),
    ];
    for (file, rows) in own {
        let rows = format!("column_1\n{rows}");
        check(("a.csv", file.as_bytes()), ALL, &OWN, &rows, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let asked = |file: &str, options: &[&str]| {
        fs::write(folder.path().join("a.csv"), file).unwrap();
        run(folder.path(), &[&["query", ALL, "a.csv"], options].concat()).2
    };
    // Without a name for the table it is asked for, and where all is text, whether there is a header.
    let err = asked("7\n8\n", &[]);
    assert!(
        err.contains("it has 1 unnamed column, and") && err.contains("--table my_table"),
        "{err}"
    );
    let err = asked("name\nAnn\nBob\n", &OWN);
    assert!(err.contains("--input-format ads_csv --header yes"), "{err}");
    let err = asked("7\nAnn\n2011-07-12\n", &OWN);
    assert!(err.contains("--input-format ads_csv --header no"), "{err}");
}

/// A file, the options of its first and of its second load, what somebody makes in between, and what is kept for it.
type KeptCase<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str, &'a str);

#[test]
fn what_an_index_or_a_view_of_ones_own_uses_is_kept_where_a_load_is_replaced() {
    let product = "activity_id,activity_status,extra\n1,5000,a\n";
    let other: &[&str] = &["--columns", "activity_id,activity_status,other"];
    let renamed: &[&str] = &["--table", "u"];
    let of_column = "`extra` of `egpl_casemgmt_activity`";
    let own: &[&str] = &OWN;
    let cases: [KeptCase; 5] = [
        (product, &[], other, "CREATE INDEX mine ON egpl_casemgmt_activity (extra)", of_column),
        (
            product,
            &[],
            other,
            "CREATE VIEW mine AS SELECT extra FROM egpl_casemgmt_activity",
            of_column,
        ),
        ("k,v\n1,2\n", own, renamed, "CREATE VIEW mine AS SELECT v FROM t", "`t`"),
        ("k,v\n1,2\n", own, renamed, "CREATE INDEX mine ON t (v)", "`t`"),
        // What nobody uses is dropped without a word, whatever else there is.
        (
            product,
            &[],
            other,
            "CREATE VIEW mine AS SELECT activity_id FROM egpl_casemgmt_activity",
            "",
        ),
    ];
    for (text, first, second, created, kept) in cases {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::write(folder.join("a.csv"), text).unwrap();
        load(folder, "a.csv", first);
        let conn = rusqlite::Connection::open(folder.join("x.sqlite")).unwrap();
        conn.execute_batch(created).unwrap();
        drop(conn);
        let said = load(folder, "a.csv", second);
        let remark = format!(
            "an index, a trigger or a view in the database, which chatdb did not create, uses what the file no \
             longer has; it is kept: {kept}\n"
        );
        let is_said = said.contains("which chatdb did not create");
        assert_eq!(
            (is_said, said.contains(&remark)),
            (!kept.is_empty(), !kept.is_empty()),
            "{created}: {said}"
        );
        let conn = rusqlite::Connection::open(folder.join("x.sqlite")).unwrap();
        let sql = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'mine'";
        assert_eq!(conn.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap(), 1, "{created}");
        if created.contains("VIEW") {
            conn.prepare("SELECT * FROM mine").expect(created);
        }
    }
}
