//! That problem is told in the program's words, whatever way a message of SQLite's takes.

use std::fs;

use crate::cli::chatdb;

/// What only SQLite's own messages say.
const ENGINE: [&str; 14] = [
    "no such table",
    "no such column",
    "no such function",
    "constraint failed",
    "SQL logic error",
    "Error code",
    "at offset",
    "syntax error",
    "file is not a database",
    "incomplete input",
    "ambiguous column name",
    "wrong number of arguments",
    "misuse of",
    "datatype mismatch",
];

/// Statements that SQLite refuses, one for each thing that it says, and what is said instead.
const QUERIES: [(&str, &str); 9] = [
    ("SELECT nope FROM egpl_user", "there is no column `nope`"),
    ("SELECT * FROM nope", "there is no table `nope`"),
    ("SELECT count( FROM egpl_user", "unexpected `FROM`"),
    ("SELECT abs() FROM egpl_user", "`abs` takes another number of arguments"),
    ("SELECT nope(1)", "there is no function `nope`"),
    ("SELECT 1 WHERE", "the statement is not complete"),
    ("SELECT user_id FROM egpl_user a, egpl_user b", "several tables have a column `user_id`"),
    ("SELECT 1 WHERE count(*) > 1", "is an aggregate, which is not allowed here"),
    (
        "SELECT user_name FROM egpl_user ORDER BY user_name COLLATE nope",
        "there is no collation `nope`",
    ),
];

const STATEMENTS: [(&str, &str); 7] = [
    ("INSERT INTO message (x) VALUES (1)", "`message` has no column `x`"),
    ("INSERT INTO egpl_user (user_id) VALUES (1)", "`egpl_user.user_name` cannot be NULL"),
    ("INSERT INTO nope (a) VALUES (1)", "there is no table `nope`"),
    (
        "INSERT INTO egpl_department (department_id, department_name, delete_flag) VALUES (999, 'A', 'n')",
        "there is a row with the same `egpl_department.department_id`",
    ),
    ("UPDATE egpl_user SET nope = 1", "there is no column `nope`"),
    ("INSERT INTO", "the statement is not complete"),
    ("INSERT INTO egpl_user VALUES VALUES", "unexpected `VALUES`"),
];

/// Statements that fail while they run, with the dialect, and all that is said of each.
const RUNNING: [(&str, &str, &str); 6] = [
    (
        "tsql",
        "SELECT CONVERT(int, CHAR(0) + 'x')",
        "Conversion failed when converting the varchar value '\u{2400}x' to data type int.",
    ),
    (
        "tsql",
        "SELECT (SELECT 1 UNION ALL SELECT 2)",
        "Subquery returned more than 1 value. This is not permitted when the subquery is used as an expression.",
    ),
    ("sqlite", "SELECT tsql_stdev('a')", "Error converting data type varchar to float."),
    (
        "sqlite",
        "SELECT tsql_percentile_cont(1, 'a', 0)",
        "Error converting data type varchar to float.",
    ),
    (
        "sqlite",
        "SELECT trim(0.5, 'a')",
        "expected text to search, found a number with a fraction; CAST it AS TEXT first",
    ),
    ("sqlite", "SELECT unistr('\\u1')", "a Unicode escape is not valid"),
];

#[test]
fn what_fails_while_it_runs_is_told_of_in_our_words() {
    let folder = tempfile::tempdir().expect("a folder");
    for (dialect, query, said) in RUNNING {
        let text =
            says(folder.path(), &["query", "--after", "baseline", "--dialect", dialect, query]);
        assert_eq!(text, format!("error: line 1: {said}"), "{query}");
    }
}

fn says(folder: &std::path::Path, args: &[&str]) -> String {
    let output = chatdb(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = text + &String::from_utf8_lossy(&output.stderr);
    // Long lines are broken.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ENGINE {
        assert!(!text.contains(word), "{args:?} says `{word}`:\n{text}");
    }
    text
}

#[test]
fn a_query_that_sqlite_refuses_is_told_of_in_our_words() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("x.csv"), "a,b\n1,2\n").expect("a file");
    for (query, said) in QUERIES {
        for ways in [
            &["query", "--after", "baseline", "--dialect", "sqlite", query][..],
            &["query", "--after", "baseline", "--dialect", "sqlite", "--explain", query],
            &["why", "baseline/50", "--dialect", "sqlite", "--query", query],
        ] {
            let text = says(folder.path(), ways);
            assert!(text.contains(said), "{ways:?}: {text}");
        }
        says(folder.path(), &["query", "x.csv", "--dialect", "sqlite", query]);
        says(folder.path(), &["query", "--after", "baseline", query]);
    }
}

#[test]
fn a_statement_of_a_step_that_sqlite_refuses_is_told_of_in_our_words() {
    const STEP: &str = "title = \"A\"\ncontinues = \"baseline\"\n[[step]]\n\
        after = \"1 minute\"\ntitle = \"B\"\nscript = \"10.sql\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("own");
    fs::create_dir(&own).expect("a folder");
    fs::write(own.join("scenario.toml"), STEP).expect("a file");
    for (statement, said) in STATEMENTS {
        fs::write(own.join("10.sql"), statement).expect("a file");
        for command in ["replay", "validate", "show"] {
            let text = says(folder.path(), &[command, "./own"]);
            assert!(text.contains(said), "{command} {statement}: {text}");
        }
    }
}

#[test]
fn a_file_that_is_no_database_is_told_of_in_our_words() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("x.csv"), "a,b\n1,2\n").expect("a file");
    fs::write(folder.path().join("x.db"), "not a database at all, but text").expect("a file");
    for args in [
        &["query", "--db", "x.db", "SELECT 1"][..],
        &["analyze", "--db", "x.db"],
        &["import", "x.csv", "--table", "t", "--db", "x.db"],
        &["replay", "baseline", "--db", "x.db"],
    ] {
        says(folder.path(), args);
    }
}

#[test]
fn a_name_that_means_memory_to_sqlite_is_the_name_of_a_file() {
    for name in [":memory:", "file:x?mode=memory", "file::memory:", "-memory", "file:y"] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("x.csv"), "a,b\n1,2\n").expect("a file");
        let db = format!("--db={name}");
        let loaded = chatdb(folder.path(), &["import", "x.csv", "--table", "t", &db]);
        let told = String::from_utf8_lossy(&loaded.stderr).into_owned();
        if loaded.status.code() != Some(0) {
            // On some systems a name cannot have these characters.
            assert!(told.contains("cannot"), "{name}: {told}");
            continue;
        }
        assert!(folder.path().join(name).is_file(), "{name}");
        let asked = chatdb(folder.path(), &["query", &db, "SELECT b FROM t", "--format", "csv"]);
        assert_eq!(String::from_utf8_lossy(&asked.stdout), "b\n2\n", "{name}");
    }
}
