//! SQLite's functions that are written anew answer as SQLite's own do.

use chatdb::store::Store;
use chatdb::table::Cell;

const VALUES: [&str; 16] = [
    "NULL",
    "''",
    "'a'",
    "'aba'",
    "'aabaa'",
    "'ä😀b'",
    "'😀'",
    "' \t x '",
    "'b' || char(0) || 'a'",
    "char(0)",
    "x''",
    "x'6162'",
    "x'c3a4'",
    "12",
    "-121",
    "9223372036854775807",
];

/// Every call of the functions with these values.
fn calls() -> Vec<String> {
    let mut calls = Vec::new();
    for a in VALUES {
        for b in VALUES {
            for name in ["instr", "trim", "ltrim", "rtrim"] {
                calls.push(format!("{name}({a}, {b})"));
            }
            for c in ["NULL", "''", "'xy'", "7"] {
                calls.push(format!("replace({a}, {b}, {c})"));
            }
        }
    }
    calls
}

#[test]
fn they_answer_as_sqlites_own_do() {
    let store = Store::with_platform().expect("a database");
    let plain = rusqlite::Connection::open_in_memory().expect("a database");
    for call in calls() {
        let sql = format!("SELECT typeof({call}) || ' ' || hex(CAST({call} AS BLOB)) AS x");
        let expected: Option<String> =
            plain.query_row(&sql, [], |row| row.get(0)).expect("SQLite answers");
        let answer = store.ask(&sql, &[], &[]);
        let answer = answer.unwrap_or_else(|error| panic!("{call}: {error}"));
        let expected = expected.map_or(Cell::Null, Cell::Text);
        assert_eq!(answer.rows, [[expected]], "{call}");
    }
}

#[test]
fn a_number_with_a_fraction_is_refused_with_what_works() {
    let store = Store::with_platform().expect("a database");
    for call in ["instr(1.5, '.')", "replace('a', 'a', 1.5)", "trim(1.5, '1')"] {
        let error = store.ask(&format!("SELECT {call} AS x"), &[], &[]).expect_err("a fraction");
        let said = "expected text to search, found a number with a fraction; CAST it AS TEXT first";
        assert_eq!(error.to_string(), said, "{call}");
    }
    let sql = "SELECT instr(CAST(1.5 AS TEXT), '.') AS x";
    let answer = store.ask(sql, &[], &[]).expect("a text");
    assert_eq!(answer.rows, [[Cell::Integer(2)]]);
}
