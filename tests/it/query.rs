//! The header of a query. Its mistakes stand in `tests/scenarios/mistakes/query_*`.

use std::fs;
use std::path::Path;

use chatdb::query::{Dialect, Query, Tag, Urgency};
use chatdb::table::{Cell, Kind};
use proptest::prelude::*;

use crate::advice::{commands, run};
use crate::cases::words;

fn read(text: &str) -> Query {
    Query::read("ask", "reports/ask.sql", text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_header_says_everything_about_a_query() {
    let query = read(
        "-- title: Open chats,\n--   in the order they came\n-- lines: 60-72, 80\n\
         -- key: activity_id, queue name\n-- kind: Activity duration duration\n-- kind: n integer\n\
         -- dialect: tsql\n-- situation: rests_on\n-- parameter: activity_id = 1347\n--\n\
         -- parameter: name = 'O''Hara'\n-- parameter: since\n\
         -- restored: the list is cut: after \"c.l\"\n-- source: a page\n-- note: none\n\n\
         SELECT 1 -- é\n  FROM t WHERE id = 1347 AND name = 'O''Hara' AND x > @since;\n\n",
    );
    assert_eq!(query.name, "ask");
    assert_eq!(query.title, "Open chats, in the order they came");
    assert_eq!(query.lines.expect("lines").to_string(), "60-72, 80");
    assert_eq!(query.key, ["activity_id", "queue name"]);
    let duration = ("Activity duration".to_owned(), Kind::Duration);
    assert_eq!(query.kinds, [duration, ("n".to_owned(), Kind::Integer)]);
    assert_eq!(query.dialect, Dialect::Tsql);
    assert_eq!(query.situation.as_deref(), Some("rests_on"));
    let parameters: Vec<_> =
        query.parameters.iter().map(|p| (p.name.as_str(), p.default.clone())).collect();
    assert_eq!(
        parameters,
        [
            ("activity_id", Some(Cell::Integer(1347))),
            ("name", Some(Cell::Text("O'Hara".to_owned()))),
            ("since", None),
        ]
    );
    assert_eq!(query.restored.as_deref(), Some("the list is cut: after \"c.l\""));
    assert_eq!(query.source.as_deref(), Some("a page"));
    assert_eq!(query.note.as_deref(), Some("none"));
    assert_eq!(
        query.sql,
        "SELECT 1 -- é\n  FROM t WHERE id = 1347 AND name = 'O''Hara' AND x > @since;"
    );
    assert_eq!((query.sql_line, query.place.line), (17, 1));
    assert_eq!(query.place.file, "reports/ask.sql");
}

#[test]
fn a_title_is_all_that_a_query_needs() {
    let query = read("-- title: x\n  -- a comment on the SQL\nSELECT 1");
    assert_eq!(query.sql, "  -- a comment on the SQL\nSELECT 1");
    assert_eq!(query.sql_line, 2);
    assert_eq!(query.dialect, Dialect::Sqlite);
    assert!(query.key.is_empty() && query.kinds.is_empty() && query.parameters.is_empty());
    assert_eq!((query.lines, query.situation), (None, None));
    assert_eq!(read("-- title: x\r\nSELECT 1\r\n").sql, "SELECT 1");
    assert_eq!(read("-- title: x\r\n--   y\r\nSELECT 1\r\n").title, "x y");
}

#[test]
fn the_order_is_that_of_the_last_plain_order_by() {
    let check = |sql: &str, expect: &[&str]| {
        assert_eq!(read(&format!("-- title: x\n{sql}")).order, expect, "{sql}");
    };
    check("SELECT 1", &[]);
    check("SELECT a FROM t ORDER BY a", &["a"]);
    check(
        "select a from t order\n by b.a asc, [b c] DESC, \"d\" , `e` limit 5;",
        &["a", "b c", "d", "e"],
    );
    check("SELECT a FROM t ORDER BY main.t.a DESC NULLS LAST, b NULLS FIRST OFFSET 2", &["a", "b"]);
    check("SELECT a FROM (SELECT a FROM t ORDER BY x) ORDER BY a -- no more", &["a"]);
    check("SELECT a FROM (SELECT a FROM t ORDER BY x)", &[]);
    check("SELECT rank() OVER (ORDER BY x) AS r FROM t ORDER BY r", &["r"]);
    check("SELECT a FROM t ORDER BY a + 1", &[]);
    check("SELECT a FROM t ORDER BY a, lower(b)", &[]);
    check("SELECT a FROM t ORDER BY 1", &[]);
    check("SELECT a FROM t ORDER BY a COLLATE NOCASE", &[]);
    check("SELECT a FROM t ORDER BY a,", &[]);
    check("SELECT a FROM t ORDER BY", &[]);
    check("SELECT 'ORDER BY a'", &[]);
    assert_eq!(read("-- title: x\n-- order: b, a\nSELECT a FROM t ORDER BY c").order, ["b", "a"]);
}

#[test]
fn a_finding_says_what_it_means_needs_and_rests_on() {
    let query = read(
        "-- title: x\n-- meaning: Somebody\n--   must look\n-- needs: egpl_user, egpl_user.login_ip\n\
         -- helps: eglv_session\n-- tag: contested\n-- urgency: now\n-- parameter: outage_from timestamp = NULL\n\
         -- parameter: minutes integer = 5\n-- parameter: days = 7\n-- source: a page\n\
         SELECT @outage_from, @minutes, @days",
    );
    assert_eq!(query.meaning.as_deref(), Some("Somebody must look"));
    assert_eq!(query.needs, ["egpl_user", "egpl_user.login_ip"]);
    assert_eq!(query.helps, ["eglv_session"]);
    assert_eq!(query.tag, Some(Tag::Contested));
    assert_eq!(query.urgency, Some(Urgency::Now));
    let parameters: Vec<_> =
        query.parameters.iter().map(|p| (p.name.as_str(), p.kind, p.default.clone())).collect();
    assert_eq!(
        parameters,
        [
            ("outage_from", Some(Kind::Timestamp), Some(Cell::Null)),
            ("minutes", Some(Kind::Integer), Some(Cell::Integer(5))),
            ("days", None, Some(Cell::Integer(7))),
        ]
    );
    let check = |header: &str, expect: &str| {
        let text = format!("-- title: x\n{header}\nSELECT @a");
        let problems = Query::read("ask", "ask.sql", &text).expect_err("it has mistakes");
        assert_eq!(problems.to_string(), expect);
    };
    check(
        "-- tag: inferrd\n-- parameter: a",
        "ask.sql:2:4: unknown tag `inferrd`\n hint: did you mean `inferred`?",
    );
    check(
        "-- urgency: nw\n-- parameter: a",
        "ask.sql:2:4: expected `now`, `soon` or `context` for `urgency`, found `nw`\n hint: did you mean `now`?",
    );
    check(
        "-- parameter: a = NULL",
        "ask.sql:2:4: expected a whole number or a text in single quotes as the default of `a`, found `NULL`\n \
         hint: a default of NULL needs a kind: `-- parameter: a timestamp = NULL`",
    );
}

#[test]
fn a_mistake_stands_where_it_was_made() {
    let problems =
        Query::read("ask", "reports/ask.sql", "-- title: x\n--   y\n-- kye: a\nSELECT 'a\n")
            .expect_err("it has mistakes");
    assert_eq!(
        problems.to_string(),
        "reports/ask.sql:3:4: unknown header key `kye`\n hint: did you mean `key`?\n\n\
         reports/ask.sql:4:8: expected the closing `'` of this quote, found the end of the text"
    );
}

/// Two chats, of which one is open.
const ACTIVITIES: &str = "activity_id,activity_status,activity_sub_status,activity_type\n1,5000,5900,2000\n\
                          2,9000,9100,2000\n";

/// What is said, and that each command in it works where it was said; how many commands there are.
fn advice_works(line: &str, said: &str, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("activity.csv"), ACTIVITIES).expect("a file");
    let (_, stderr) = run(folder.path(), &words(line));
    assert!(stderr.contains(said), "{line}: {stderr}");
    let unwrapped = stderr.replace("\n  ", " ").replace("\n       ", " ");
    let named = commands(&unwrapped);
    assert_eq!(named.len(), count, "{line}: {stderr}");
    for command in named {
        let command = command.strip_prefix("chatdb ").expect("a command");
        let (code, stderr) = run(folder.path(), &words(command));
        assert_eq!(code, Some(0), "{command}: {stderr}");
    }
}

#[test]
fn what_changes_rows_is_shown_a_way_that_does() {
    let update =
        "query \"UPDATE egpl_casemgmt_activity SET activity_status = 9000 WHERE activity_id = 1\"";
    advice_works(
        &format!("{update} activity.csv"),
        "1:1: `UPDATE` writes, and queries are read-only\n hint: `chatdb import activity.csv --db exports.db` makes a \
         database, and `chatdb query",
        2,
    );
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("activity.csv"), ACTIVITIES).expect("a file");
    run(folder.path(), &words("import activity.csv --db a.db"));
    let (code, stderr) = run(folder.path(), &words(&format!("{update} --db a.db")));
    assert_eq!(code, Some(5));
    let [command] = commands(&stderr)[..] else {
        panic!("{stderr}");
    };
    let command = command.strip_prefix("chatdb ").expect("a command");
    assert_eq!(run(folder.path(), &words(command)).0, Some(0), "{command}");
}

/// What a command writes to standard output and to standard error.
fn written(folder: &Path, line: &[String]) -> (String, String) {
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let output = crate::cli::chatdb(folder, &line);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn a_change_of_a_table_of_ones_own_is_made_in_a_copy() {
    for statement in [
        "DELETE FROM orders WHERE activity_id = 1",
        "UPDATE dbo.orders SET activity_type = 1 WHERE activity_type <> 5 AND 'orders' = 'Orders';",
    ] {
        advice_works(
            &format!("query \"{statement}\" activity.csv --table orders"),
            "`orders` is not one of the product's tables, which alone are changed; `chatdb query \"SELECT * INTO \
             #orders FROM orders;",
            1,
        );
    }
}

#[test]
fn the_time_that_is_advised_is_the_newest_of_the_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "order_id,order_date\n1,2024-01-03 09:15:00.000\n2,2024-01-06 00:00:00.000\n3,2023-12-01 00:00:00.000\n";
    fs::write(folder.path().join("orders.csv"), text).expect("a file");
    let query = "query \"SELECT COUNT(*) AS n FROM orders WHERE order_date > DATEADD(day, -7, GETDATE())\" orders.csv \
                 --table orders --format csv";
    let (code, stderr) = run(folder.path(), &words(query));
    assert_eq!(code, Some(2));
    let option = "--as-of \"2024-01-06 00:00:00\"";
    assert!(
        stderr.contains(&format!(
            "hint: set the time, e.g. to the newest in these tables: `{option}`"
        )),
        "{stderr}"
    );
    for option in [option, "--exported-at \"2024-01-06 00:00:00\""] {
        let (shown, _) = written(folder.path(), &words(&format!("{query} {option}")));
        assert_eq!(shown, "n\n2\n", "{option}");
    }
}

#[test]
fn what_the_author_wrote_is_quoted_in_a_message() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("orders.csv"), "id,word\n1,Meier\n").expect("a file");
    for (sql, said) in [
        ("SELECT FORMAT(id, '0.0E+00') FROM orders", "'0.0E+00'"),
        ("SELECT value FROM orders CROSS APPLY STRING_SPLIT(word, 'ab')", "'separator'"),
        (
            "CREATE TABLE #t (a int NOT NULL); INSERT #t SELECT NULL FROM orders",
            "column 'a', table '#t'",
        ),
        ("SELECT CAST(word AS int) FROM orders", "'(withheld)'"),
    ] {
        let line =
            [&words("query")[..], &[sql.to_owned()], &words("orders.csv --table orders")].concat();
        let (_, stderr) = run(folder.path(), &line);
        assert!(stderr.contains(said), "{sql}: {stderr}");
    }
    let shown =
        "query \"SELECT CAST(word AS int) FROM orders\" orders.csv --table orders --include-pii";
    assert!(run(folder.path(), &words(shown)).1.contains("'Meier'"));
}

#[test]
fn results_in_one_file_have_an_empty_line_between_them() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("activity.csv"), ACTIVITIES).expect("a file");
    let query = "query \"SELECT NULL AS a; SELECT '' AS b; SELECT 2 AS c\"";
    let said = "note: 3 results are in one file, with an empty line between them; for a file each, run one query at a \
                time\n";
    for (way, expect) in [
        ("--after services_failure/20 --format csv", "a\nNULL\n\nb\n\"\"\n\nc\n2\n"),
        ("activity.csv --format csv", "a\nNULL\n\nb\n\"\"\n\nc\n2\n"),
        ("activity.csv --format csv --include-pii", "a\nNULL\n\nb\n\"\"\n\nc\n2\n"),
        ("--after services_failure/20 --format tsv", "a\nNULL\n\nb\n\"\"\n\nc\n2\n"),
    ] {
        let (shown, notes) = written(folder.path(), &words(&format!("{query} {way}")));
        assert_eq!(shown, expect, "{way}");
        assert!(notes.contains(said), "{way}");
    }
    let one = "query \"SELECT 1 AS a\" activity.csv --format csv";
    assert_eq!(written(folder.path(), &words(one)).1, "");
}

#[test]
fn what_is_computed_has_no_pseudonym_whatever_it_is_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "activity_id,activity_status,when_created,contact_point_data\n1,5000,2024-01-01 10:00:00.000,a@b.com\n";
    fs::write(folder.path().join("activity.csv"), text).expect("a file");
    let from = "FROM egpl_casemgmt_activity";
    for (dialect, list, expect) in [
        ("tsql", "COUNT(*)", "(No column name)\n1\n"),
        ("tsql", "1+1", "(No column name)\n2\n"),
        (
            "tsql",
            "DATEPART(hour, when_created), SUM(activity_status) * 10000, DATEDIFF(day, when_created, '2024-02-01'), \
             FORMAT(when_created, 'yyyy-MM')",
            "(No column name),(No column name),(No column name),(No column name)\n10,50000000,31,2024-01\n",
        ),
        (
            "tsql",
            "SUM(activity_status) * 10000, activity_status + 1",
            "(No column name),(No column name)\n50000000,5001\n",
        ),
        ("sqlite", "COUNT(contact_point_data)", "COUNT(contact_point_data)\n1\n"),
        ("sqlite", "sum(activity_status) * 10000", "sum(activity_status) * 10000\n50000000\n"),
    ] {
        let grouped = match list.contains(", ") {
            true => " GROUP BY when_created, activity_status",
            false => "",
        };
        let sql = format!("SELECT {list} {from}{grouped}");
        let line = ["query", &sql, "activity.csv", "--dialect", dialect, "--format", "csv"];
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(written(folder.path(), &line).0, expect, "{sql}");
    }
    // What rows hold has one as before.
    let line = [
        "query",
        &format!("SELECT contact_point_data + 'x' {from}"),
        "activity.csv",
        "--format",
        "csv",
    ];
    let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
    assert!(!written(folder.path(), &line).0.contains("a@b"));
}

#[test]
fn tables_that_are_not_there_are_listed_by_a_query_that_works() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("activity.csv"), ACTIVITIES).expect("a file");
    let (code, stderr) = run(folder.path(), &words("query \"SELECT * FROM nowhere\" activity.csv"));
    assert_eq!(code, Some(2));
    let hint = stderr.split_once("hint: ").expect("a hint").1;
    let query = hint.split(" lists").next().expect("a query");
    let listed = [&words("query")[..], &[query.to_owned(), "activity.csv".to_owned()]].concat();
    assert_eq!(run(folder.path(), &listed).0, Some(0), "{query}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_query_or_refused(
        text in "(-- (title|key|kind|order|parameter|lines|dialect|x): ?([a-z0-9,='\\-]|\\PC){0,8}\n){0,5}\
                (ORDER BY |SELECT |[a-z.,;@'()\\[\\]\n ]|\\PC){0,30}",
    ) {
        if let Err(problems) = Query::read("ask", "ask.sql", &text) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
