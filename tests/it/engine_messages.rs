//! What SQLite says of a statement, provoked, and what is said instead.

use chatdb::store::known_message;
use rusqlite::{Connection, Error};

/// What the statements run on.
const SCHEMA: &str = "
CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL, c INT GENERATED ALWAYS AS (a + 1), d INT CHECK (d > 0));
CREATE TABLE u (a INT, e TEXT);
CREATE TABLE strict_one (n INT) STRICT;
CREATE TABLE child (p INT REFERENCES t (a));
CREATE VIEW v AS SELECT a FROM t;
CREATE INDEX i ON u (a);
CREATE UNIQUE INDEX j ON u (e);
CREATE TRIGGER g AFTER INSERT ON u BEGIN SELECT 1; END;
INSERT INTO t (a, b) VALUES (1, 'one');
INSERT INTO u (a, e) VALUES (1, 'one');";

/// Statements that SQLite refuses, and what is said of each.
const REFUSED: &[(&str, &str)] = &[
    ("SELECT * FROM nope", "there is no table `nope`"),
    ("DROP VIEW nope", "there is no view `nope`"),
    ("DROP INDEX nope", "there is no index `nope`"),
    ("DROP TRIGGER nope", "there is no trigger `nope`"),
    ("SELECT sum(a) OVER nope FROM t", "there is no window `nope`"),
    ("CREATE VIRTUAL TABLE x USING nope", "there is no kind of virtual table `nope`"),
    ("RELEASE nope", "there is no savepoint `nope`"),
    ("SELECT nope FROM t", "there is no column `nope`"),
    ("SELECT nope(1)", "there is no function `nope`"),
    ("SELECT b COLLATE nope FROM t ORDER BY 1", "there is no collation `nope`"),
    ("SELECT a FROM t, u", "several tables have a column `a`: write the table before it"),
    ("INSERT INTO t (nope) VALUES (1)", "`t` has no column `nope`"),
    ("CREATE TABLE x (a, a)", "there are two columns `a`"),
    ("WITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM x", "WITH has two tables `x`"),
    ("CREATE TABLE t (a)", "there is already a table `t`"),
    ("CREATE VIEW v AS SELECT 1", "there is already a view `v`"),
    ("CREATE INDEX i ON t (b)", "there is already an index `i`"),
    ("CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END", "there is already a trigger `g`"),
    ("CREATE INDEX t ON u (a)", "there is already a table `t`"),
    ("CREATE TABLE i (a)", "there is already an index `i`"),
    ("CREATE TABLE sqlite_x (a)", "the name `sqlite_x` is reserved for the database itself"),
    ("SELECT count( FROM t", "unexpected `FROM`"),
    ("SELECT 'open", "unexpected `'open`"),
    ("SELECT * FROM t LEFT INNER JOIN u", "there is no join `LEFT INNER`"),
    ("SELECT 1 WHERE", "the statement is not complete"),
    ("SELECT 1 ORDER BY 1 UNION SELECT 2", "ORDER BY belongs after UNION, not before it"),
    ("SELECT 1 LIMIT 1 UNION ALL SELECT 2", "LIMIT belongs after UNION ALL, not before it"),
    ("SELECT a FROM t ON 1", "`ON` needs a join before it"),
    ("SELECT 0x11112222333344445", "the number `0x11112222333344445` is out of range (64 bits)"),
    ("SELECT abs()", "`abs` takes another number of arguments"),
    ("SELECT 1 WHERE count(*) > 1", "`count` is an aggregate, which is not allowed here"),
    ("SELECT sum(count(*)) FROM t", "`count` is an aggregate, which is not allowed here"),
    (
        "SELECT count(*) AS n FROM t GROUP BY sum(n)",
        "`n` is the result of an aggregate, which is not allowed here",
    ),
    ("SELECT row_number() FROM t", "`row_number` is a window function, which is not allowed here"),
    (
        "SELECT a FROM t WHERE rank() OVER () > 1",
        "`rank` is a window function, which is not allowed here",
    ),
    ("SELECT abs(a) OVER () FROM t", "`abs` cannot have OVER"),
    ("SELECT * FROM t('x')", "`t` gives no table"),
    (
        "SELECT group_concat(DISTINCT b, '-') FROM t",
        "an aggregate with DISTINCT takes one argument",
    ),
    ("SELECT sum(DISTINCT a) OVER () FROM t", "a function with OVER cannot have DISTINCT"),
    (
        "SELECT row_number() FILTER (WHERE a > 0) OVER () FROM t",
        "FILTER is for aggregates, not for other functions with OVER",
    ),
    ("SELECT abs(a) FILTER (WHERE a > 0) FROM t", "FILTER is for aggregates, and `abs` is none"),
    ("SELECT abs(a ORDER BY a) FROM t", "ORDER BY is for aggregates, and `abs` is none"),
    ("SELECT raise(ABORT, 'x')", "RAISE is allowed in triggers only"),
    (
        "SELECT likelihood(a, 2) FROM t",
        "the second argument of `likelihood` must be a number from 0 to 1",
    ),
    ("SELECT *", "`*` needs a table in FROM"),
    ("SELECT a FROM t GROUP BY count(*)", "GROUP BY cannot have an aggregate"),
    ("SELECT a FROM t HAVING a > 1", "HAVING needs GROUP BY or an aggregate"),
    ("SELECT (SELECT 1, 2)", "the subquery returns 2 columns, and 1 is expected"),
    ("SELECT 1 IN (SELECT 1, 2)", "the subquery returns 2 columns, and 1 is expected"),
    (
        "SELECT (1, 2) IN ((1, 2, 3), (4, 5))",
        "an element of IN (...) has 3 values, and 2 are expected",
    ),
    ("SELECT (1, 2)", "a list of values in parentheses is not allowed here"),
    ("SELECT (1, 2) = (1, 2, 3)", "a list of values in parentheses is not allowed here"),
    (
        "SELECT 1 UNION SELECT 1, 2",
        "the queries on both sides of UNION return different numbers of columns",
    ),
    (
        "SELECT 1 EXCEPT SELECT 1, 2",
        "the queries on both sides of EXCEPT return different numbers of columns",
    ),
    (
        "SELECT a FROM t ORDER BY 2",
        "the 1st term of ORDER BY is not the number of a column: these are 1 to 1",
    ),
    (
        "SELECT a FROM t GROUP BY a, 9",
        "the 2nd term of GROUP BY is not the number of a column: these are 1 to 1",
    ),
    (
        "SELECT a FROM t UNION SELECT 2 ORDER BY b",
        "the 1st term of ORDER BY is not a column of the result",
    ),
    ("SELECT ?99999999", "the number of a parameter must be from 1 to 32766"),
    ("SELECT * FROM t NATURAL JOIN u ON 1", "a NATURAL join has neither ON nor USING"),
    ("SELECT * FROM t JOIN u USING (e)", "`e` is not a column of both tables that USING joins"),
    (
        "SELECT * FROM t LEFT JOIN u ON u.a = z.a RIGHT JOIN u AS z ON 1",
        "ON clause names a table that is joined after it",
    ),
    ("WITH x AS (SELECT * FROM x) SELECT * FROM x", "`x` refers to itself"),
    (
        "WITH RECURSIVE x AS (SELECT 1 UNION SELECT 2 FROM x, x AS y) SELECT * FROM x",
        "`x` may refer to itself once",
    ),
    (
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION SELECT max(n) FROM x) SELECT * FROM x",
        "a query that refers to itself cannot have aggregates",
    ),
    (
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION SELECT rank() OVER () FROM x) SELECT * FROM x",
        "a query that refers to itself cannot have window functions",
    ),
    ("WITH x (a, b) AS (SELECT 1) SELECT * FROM x", "`x` has 1 values for 2 columns"),
    (
        "SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM t",
        "these bounds of a window do not go together",
    ),
    (
        "SELECT sum(a) OVER (ORDER BY a, b RANGE 1 PRECEDING) FROM t",
        "RANGE with a number needs one term in ORDER BY",
    ),
    (
        "SELECT sum(a) OVER (ROWS -1 PRECEDING) FROM t",
        "the start of a window must be a number from 0",
    ),
    (
        "SELECT sum(a) OVER (ROWS BETWEEN 0 PRECEDING AND -1 FOLLOWING) FROM t",
        "the end of a window must be a number from 0",
    ),
    (
        "SELECT sum(a) OVER (w ORDER BY b) FROM t WINDOW w AS (ORDER BY a)",
        "the window `w` has its own ORDER BY clause",
    ),
    ("INSERT INTO u (a, e) VALUES (1)", "there are 1 values for 2 columns"),
    ("INSERT INTO u VALUES (1)", "`u` has 2 columns, and 1 values are given"),
    ("UPDATE u SET (a, e) = (1, 2, 3)", "2 columns are set to 3 values"),
    ("CREATE VIEW x (a, b) AS SELECT 1; SELECT * FROM x", "`x` needs 2 columns, and has 1"),
    ("INSERT INTO u VALUES (1, 2), (3)", "the rows of VALUES have different numbers of values"),
    ("INSERT INTO t (c) VALUES (1)", "the column `c` is computed and cannot be set"),
    ("UPDATE t SET c = 1", "the column `c` is computed and cannot be set"),
    ("INSERT INTO v VALUES (1)", "`v` is a view and cannot be changed"),
    (
        "INSERT INTO u VALUES (1, 'x') ON CONFLICT (a) DO NOTHING",
        "ON CONFLICT names columns that need not be unique",
    ),
    ("UPDATE t SET b = 'x' FROM t", "`t` is changed and cannot be in FROM as well"),
    ("DELETE FROM sqlite_schema", "the table `sqlite_master` cannot be changed"),
    ("DROP TABLE sqlite_schema", "the table `sqlite_master` cannot be dropped"),
    ("ALTER TABLE sqlite_schema RENAME TO x", "the table `sqlite_master` cannot be altered"),
    ("CREATE INDEX x ON v (a)", "a view cannot have an index"),
    ("DROP VIEW t", "`t` is a table: use DROP TABLE"),
    ("DROP TABLE v", "`v` is a view: use DROP VIEW"),
    ("CREATE TABLE x (a PRIMARY KEY, b PRIMARY KEY)", "`x` has two primary keys"),
    ("CREATE TABLE x (a) WITHOUT ROWID", "`x` has no primary key"),
    (
        "CREATE TABLE x (a TEXT PRIMARY KEY AUTOINCREMENT)",
        "AUTOINCREMENT is for an INTEGER PRIMARY KEY",
    ),
    ("CREATE TABLE x (a DEFAULT (b))", "the default of the column `a` is not a constant"),
    ("CREATE TABLE x (a AS (1))", "a table needs a column that is not computed"),
    ("CREATE TABLE x (a, b AS (1) PRIMARY KEY)", "a computed column cannot be in the primary key"),
    (
        "CREATE TABLE x (a, FOREIGN KEY (b) REFERENCES t)",
        "there is no column `b`, which a foreign key names",
    ),
    (
        "CREATE TABLE x (a, b, FOREIGN KEY (a, b) REFERENCES t (a))",
        "a foreign key has another number of columns than the table that it refers to",
    ),
    ("CREATE TABLE x (a) STRICT", "`x.a` has no type"),
    ("CREATE TABLE x (a FANCY) STRICT", "`x.a` has the unknown type `FANCY`"),
    ("CREATE TABLE x (a) FANCY", "there is no table option `FANCY`"),
    ("CREATE VIEW x AS SELECT ?1", "a view cannot have parameters"),
    (
        "CREATE TABLE x (a CHECK (a IN (SELECT 1)))",
        "subqueries are not allowed in CHECK constraints",
    ),
    ("COMMIT", "there is no transaction to commit"),
    ("ROLLBACK", "there is no transaction to roll back"),
    ("SELECT abs(-9223372036854775808)", "a whole number is out of range (64 bits)"),
    (
        "SELECT sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)",
        "a whole number is out of range (64 bits)",
    ),
    ("SELECT unistr('\\u1')", "a Unicode escape is not valid"),
    ("SELECT json('{')", "a text is not JSON"),
    ("SELECT json_array(x'ff')", "JSON cannot hold binary data"),
    ("SELECT json_extract('{}', 'x')", "'x' is not a path in JSON"),
    ("SELECT json_object('a')", "`json_object` takes pairs of a name and a value"),
    ("SELECT json_object(1, 2)", "the names of `json_object` must be texts"),
    ("SELECT json_set('{}', '$.a')", "`json_set` takes pairs of a path and a value after the JSON"),
    ("SELECT json_valid('1', 99)", "the second argument of `json_valid` must be from 1 to 15"),
    ("SELECT 'a' LIKE 'b' ESCAPE 'cd'", "ESCAPE takes a single character"),
    ("SELECT ntile(0) OVER () FROM t", "`ntile` takes a whole number from 1"),
    (
        "SELECT nth_value(a, 0) OVER () FROM t",
        "the second argument of `nth_value` must be a whole number from 1",
    ),
    (
        "INSERT INTO strict_one VALUES ('x')",
        "a value of type TEXT does not fit into the column `strict_one.n` of type INT",
    ),
    ("INSERT INTO t (a, b) VALUES ('x', 'y')", "a row needs a whole number for its key"),
    ("INSERT INTO t (a) VALUES (2)", "`t.b` cannot be NULL"),
    ("INSERT INTO t (a, b) VALUES (1, 'x')", "there is a row with the same `t.a`"),
    ("INSERT INTO t (b, d) VALUES ('x', 0)", "a row violates the constraint `d > 0` of its table"),
    ("INSERT INTO child VALUES (99)", "a row refers to a row that does not exist"),
];

fn message(conn: &Connection, statement: &str) -> String {
    match conn.execute_batch(statement) {
        Err(Error::SqlInputError { msg, .. }) => msg,
        Err(Error::SqliteFailure(_, Some(msg))) => msg,
        other => panic!("{statement} is not refused: {other:?}"),
    }
}

/// A connection on which the statements can be run.
fn connected() -> Connection {
    let conn = Connection::open_in_memory().expect("a database");
    conn.execute_batch(SCHEMA).expect("the statements run on it");
    conn.pragma_update(None, "foreign_keys", true).expect("they can be held");
    conn
}

#[test]
fn what_sqlite_says_of_a_statement_is_said_in_plain_words() {
    let mut wrong = Vec::new();
    for (statement, ours) in REFUSED {
        let conn = connected();
        let theirs = match conn.execute_batch(statement) {
            // A query runs when its rows are read.
            Ok(()) => rows_of(&conn, statement),
            Err(_) => message(&connected(), statement),
        };
        let said = known_message(&theirs);
        if said.as_deref() != Some(ours) {
            wrong.push(format!("{statement}: `{theirs}` is said as {said:?}, not `{ours}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rows_of(conn: &Connection, statement: &str) -> String {
    let Ok(mut prepared) = conn.prepare(statement) else {
        return "nothing".to_owned();
    };
    let Ok(mut rows) = prepared.query([]) else {
        return "nothing".to_owned();
    };
    loop {
        match rows.next() {
            Ok(Some(_)) => {}
            Err(Error::SqliteFailure(_, Some(msg))) => return msg,
            _ => return "nothing".to_owned(),
        }
    }
}

/// Limits that a statement reaches by its size.
#[test]
fn a_limit_that_a_statement_reaches_is_said_in_plain_words() {
    let many = |text: &str, count: usize, between: &str| vec![text; count].join(between);
    let cases = [
        (format!("SELECT {}", many("1", 2_001, ", ")), "the result has too many columns"),
        (
            format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
            "the statement is nested too deeply",
        ),
        (
            format!("SELECT {}", many("1", 1_200, " + ")),
            "an expression is nested too deeply: at most 1000 levels",
        ),
        (
            many("SELECT 1", 501, " UNION ALL "),
            "too many queries are joined by UNION, EXCEPT or INTERSECT",
        ),
        (format!("SELECT 1 ORDER BY {}", many("1", 2_001, ", ")), "ORDER BY has too many terms"),
        (
            format!(
                "SELECT 1 FROM {}",
                (0..65).map(|at| format!("u AS u{at}")).collect::<Vec<_>>().join(", ")
            ),
            "at most 64 tables can be joined",
        ),
        (format!("SELECT 1 FROM {}", many("u", 201, ", ")), "FROM has too many terms: at most 200"),
        (
            format!(
                "CREATE TABLE x ({})",
                (0..2_001).map(|at| format!("c{at}")).collect::<Vec<_>>().join(", ")
            ),
            "`x` has too many columns",
        ),
    ];
    for (statement, ours) in cases {
        let theirs = message(&connected(), &statement);
        let begins: String = statement.chars().take(40).collect();
        assert_eq!(known_message(&theirs).as_deref(), Some(ours), "{begins}: {theirs}");
    }
}

#[test]
fn what_is_on_no_list_is_not_made_up() {
    for said in ["", "x", "no such thing: x", "near \"x\": syntax", "1 values for 2"] {
        assert_eq!(known_message(said), None, "{said}");
    }
}
