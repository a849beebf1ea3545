//! The header of a query. Its mistakes stand in `tests/scenarios/mistakes/query_*`.

use std::fs;

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
         -- dialect: tsql\n-- basis: rests_on\n-- parameter: activity_id = 1347\n--\n\
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
    assert_eq!(query.basis.as_deref(), Some("rests_on"));
    let parameters: Vec<_> = query
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.default.clone()))
        .collect();
    assert_eq!(
        parameters,
        [
            ("activity_id", Some(Cell::Integer(1347))),
            ("name", Some(Cell::Text("O'Hara".to_owned()))),
            ("since", None),
        ]
    );
    assert_eq!(
        query.restored.as_deref(),
        Some("the list is cut: after \"c.l\"")
    );
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
    assert_eq!((query.lines, query.basis), (None, None));
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
    check(
        "SELECT a FROM t ORDER BY main.t.a DESC NULLS LAST, b NULLS FIRST OFFSET 2",
        &["a", "b"],
    );
    check(
        "SELECT a FROM (SELECT a FROM t ORDER BY x) ORDER BY a -- no more",
        &["a"],
    );
    check("SELECT a FROM (SELECT a FROM t ORDER BY x)", &[]);
    check(
        "SELECT rank() OVER (ORDER BY x) AS r FROM t ORDER BY r",
        &["r"],
    );
    check("SELECT a FROM t ORDER BY a + 1", &[]);
    check("SELECT a FROM t ORDER BY a, lower(b)", &[]);
    check("SELECT a FROM t ORDER BY 1", &[]);
    check("SELECT a FROM t ORDER BY a COLLATE NOCASE", &[]);
    check("SELECT a FROM t ORDER BY a,", &[]);
    check("SELECT a FROM t ORDER BY", &[]);
    check("SELECT 'ORDER BY a'", &[]);
    assert_eq!(
        read("-- title: x\n-- order: b, a\nSELECT a FROM t ORDER BY c").order,
        ["b", "a"]
    );
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
    let parameters: Vec<_> = query
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.kind, p.default.clone()))
        .collect();
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
    let problems = Query::read(
        "ask",
        "reports/ask.sql",
        "-- title: x\n--   y\n-- kye: a\nSELECT 'a\n",
    )
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

#[test]
fn tables_that_are_not_there_are_listed_by_a_query_that_works() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("activity.csv"), ACTIVITIES).expect("a file");
    let (code, stderr) = run(
        folder.path(),
        &words("query \"SELECT * FROM nowhere\" activity.csv"),
    );
    assert_eq!(code, Some(2));
    let hint = stderr.split_once("hint: ").expect("a hint").1;
    let query = hint.split(" lists").next().expect("a query");
    let listed = [
        &words("query")[..],
        &[query.to_owned(), "activity.csv".to_owned()],
    ]
    .concat();
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
