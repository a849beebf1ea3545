//! What T-SQL comes to in SQLite. Expected values are written by hand from SQL Server's public definitions.

mod alike;
mod answers;
mod bounded;
mod features;
mod pasted;
mod refused;
mod table;

use chatdb::ask::{AskError, Question, ask};
use chatdb::query::Dialect;
use chatdb::sql::tsql::{self, Statement};
use chatdb::store::{Binding, Store};
use chatdb::table::{Cell, parse_timestamp};
use proptest::prelude::*;

/// Three small tables with the types of SQL Server.
const TABLES: &str = include_str!("../tsql/tables.sql");
/// Queries with the answers that were written down before they were run.
const PREDICTED: &str = include_str!("../tsql/predicted.txt");
/// What T-SQL comes to on them.
const FEATURES: &str = include_str!("../tsql/features.txt");

fn store() -> Store {
    let store = Store::with_platform().expect("a store");
    store.run_own("tables.sql", TABLES, &[]).expect("tables");
    let clock = parse_timestamp("2011-07-15 12:34:56.000").expect("a time");
    store.set_clock(clock).expect("a clock");
    store
}

fn put(
    store: &Store,
    text: &str,
    dialect: Dialect,
    values: &[Binding],
) -> Result<String, AskError> {
    let question =
        Question { text, dialect, literals: &[], kinds: &[], values, now: None, limit: None };
    let answers = ask(store, &question, &|| false)?;
    let rows = |table: &chatdb::table::ResultTable| {
        let line = |row: &Vec<Cell>| {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            cells.join("|")
        };
        table.rows.iter().map(line).collect::<Vec<_>>().join("; ")
    };
    let all: Vec<String> = answers.answers.iter().map(|answer| rows(&answer.table)).collect();
    Ok(all.join(" // "))
}

/// The answer as text: cells between bars, rows between semicolons, answers between slashes; or the error.
fn answer(store: &Store, text: &str) -> String {
    match put(store, text, Dialect::Tsql, &[]) {
        Ok(answer) => answer,
        Err(error) => format!("error: {error}"),
    }
}

/// The texts and answers of a test, from a page in the form of `features.txt`.
fn cases<'t>(page: &'t str, test: &str) -> Vec<(&'t str, String)> {
    let section = page.split("\n=== ").find_map(|section| {
        let (name, rest) = section.split_once('\n')?;
        (name == test).then_some(rest)
    });
    let mut rest = section.expect("the page has the test").trim_start();
    let mut cases = Vec::new();
    while !rest.is_empty() {
        let (text, after) = rest.split_once("\n-->").expect("a text has an answer");
        let (answer, after) = after.split_once("\n\n").unwrap_or((after, ""));
        let answer = answer.strip_prefix(' ').unwrap_or(answer);
        cases.push((text, answer.trim_end_matches('\n').to_owned()));
        rest = after.trim_start();
    }
    assert!(!cases.is_empty(), "{test} holds nothing");
    cases
}

/// The names of the tests of a page.
fn tests_of(page: &str) -> Vec<&str> {
    let sections = page.split("\n=== ").skip(1);
    sections.filter_map(|section| section.lines().next()).collect()
}

/// What a page holds of a test and the database does not: nothing, when all is well.
fn wrong_in(page: &str, test: &str, store: impl Fn() -> Store) -> String {
    let shared = store();
    let mut wrong = String::new();
    for (text, expected) in cases(page, test) {
        // Temporary tables would stay.
        let own = ["#", "@t"].iter().any(|sign| text.contains(sign));
        let found = if own { answer(&store(), text) } else { answer(&shared, text) };
        if found != expected {
            wrong.push_str(&format!("{text}\n  expected {expected}\n     found {found}\n"));
        }
    }
    wrong
}

/// The SQL that a text is run as.
fn written(text: &str) -> String {
    let catalog = store().catalog().expect("a catalog");
    let script = tsql::translate(text, &catalog, &[]).expect(text);
    let sql: Vec<&str> = script.steps.iter().map(|step| step.statement.sql()).collect();
    sql.join("; ")
}

#[test]
fn a_replay_rewrites_without_a_database() {
    let literals =
        [tsql::Literal { parameter: "activity_id".to_owned(), value: Cell::Integer(1347) }];
    let rewritten = tsql::rewrite(
        "select b.activity_id, x.y from egpl_casemgmt_activity b with (nolock), lab_table x where b.activity_id=1347 \
         and b.subject = 'a' and b.when_created > '2011-07-12'",
        chatdb::schema::scenario_catalog(),
        &literals,
        &[],
    );
    assert_eq!(
        rewritten.as_deref(),
        Ok(
            "SELECT b.activity_id, x.y FROM egpl_casemgmt_activity AS b, lab_table AS x WHERE b.activity_id = \
            @activity_id AND b.subject COLLATE SQL_Latin1_General_CP1_CI_AS = 'a' AND b.when_created > '2011-07-12 \
            00:00:00.000'"
        )
    );
    let error = tsql::rewrite("select 1; select 2", chatdb::schema::scenario_catalog(), &[], &[])
        .expect_err("two");
    assert_eq!(error.to_string(), "1:11: expected a single SELECT, found 2 statements");
    let error = tsql::rewrite("select 1", chatdb::schema::scenario_catalog(), &literals, &[])
        .expect_err("non-literal");
    assert_eq!(
        error.to_string(),
        "1:1: the literal `1347`, which represents `@activity_id`, does not occur"
    );
}

#[test]
fn what_is_known_without_a_database_is_what_a_replay_has() {
    let store = Store::with_platform().expect("a store");
    assert_eq!(chatdb::schema::model_catalog(), store.catalog().expect("a catalog"));
}

#[test]
fn the_indexes_are_still_used() {
    let store = store();
    let plan = |text: &str| {
        let catalog = store.catalog().expect("a catalog");
        let script = tsql::translate(text, &catalog, &[]).expect(text);
        let Some(Statement::Query { sql, .. }) = script.steps.first().map(|step| &step.statement)
        else {
            panic!("{text} asks nothing");
        };
        store.plan(sql).expect("a plan").join(" / ")
    };
    let open = chatdb::assets::report("open_chats").expect("a query").1;
    let open =
        open.split_once("\nselect").map(|(_, rest)| format!("select{rest}")).expect("its SQL");
    assert!(plan(&open).contains("USING INDEX open_chat"), "{}", plan(&open));
    let by_id = plan("select * from [db].[dbo].[CHAT] where CHAT_ID = 10");
    assert!(by_id.contains("(chat_id=?)"), "{by_id}");
    let joined = plan(
        "select c.subject from chat c join staff s on s.id = c.staff_id where c.chat_id in (10, 11)",
    );
    assert!(!joined.contains("SCAN"), "{joined}");
}

#[test]
fn what_is_t_sql_still_is_rewritten_to_itself() {
    for text in [
        "select name, grade + 1 as g from staff as s where team = 'red' and hired >= '2011-07-12' order by name desc",
        "select distinct team from staff where name in ('a', N'b') or pay between 1 and 2.5",
        "select team, count(*) from staff group by team having count(*) > 1",
        "select a.name from staff a left outer join staff b on a.boss = b.id where b.name is null",
        "with c as (select id from staff union select staff_id from chat) select * from c",
        "select case when grade = 5 then 'five' else name end from staff where not exists (select 1 from chat)",
        "select sum(pay) over (partition by team order by id) from staff where [name] = 'it''s'",
    ] {
        let once = written(text);
        // These hold nothing of SQLite's own but SUM's check of its digits, which is no T-SQL.
        if !once.contains("tsql_") {
            assert_eq!(written(&once), once, "{text}");
        }
    }
}

#[test]
fn the_list_of_differences_names_tests_that_exist() {
    let list = include_str!("../../src/sql/DIFFERENCES.md");
    let tests = [
        include_str!("functions.rs"),
        include_str!("tsql.rs"),
        include_str!("tsql/alike.rs"),
        include_str!("tsql/pasted.rs"),
        include_str!("tsql/refused.rs"),
    ];
    let rows: Vec<&str> = list
        .lines()
        .filter(|line| {
            line.starts_with("| ") && !line.starts_with("| what") && !line.starts_with("| ---")
        })
        .collect();
    assert!(rows.len() > 30, "{} differences", rows.len());
    for row in rows {
        let name = row.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap_or("");
        let name = name.trim().trim_matches('`');
        let there = tests.iter().any(|text| text.contains(&format!("fn {name}()")))
            || tests_of(FEATURES).contains(&name)
            || tests_of(PREDICTED).contains(&name);
        assert!(there, "no test is called `{name}`: {row}");
    }
}

#[test]
fn letters_that_stand_for_two_are_themselves() {
    let store = store();
    for two in ["'ß' = 'ss'", "N'ß' = N'ss'", "N'æ' = N'ae'", "N'œ' = N'oe'"] {
        assert_eq!(answer(&store, &format!("select 1 where {two}")), "", "{two}");
    }
    assert_eq!(answer(&store, "select 1 where N'Æ' = N'æ'"), "1");
}

#[test]
fn words_of_sqlite_are_names_in_t_sql() {
    let names = [
        "abort", "cast", "glob", "ignore", "isnull", "limit", "notnull", "of", "offset", "over",
        "query", "regexp", "replace", "row", "temp", "ties", "vacuum", "virtual", "window",
        "without",
    ];
    let list: Vec<String> = names.iter().map(|name| format!("1 as [{name}]")).collect();
    let text = format!("select sum([limit]) from (select {}) d", list.join(", "));
    assert_eq!(answer(&store(), &text), "1");
    for name in names {
        assert_eq!(
            answer(&store(), &format!("select [{name}] from (select 1 as [{name}]) d")),
            "1"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_rewritten_or_refused(text in ".{0,200}") {
        let catalog = chatdb::schema::catalog::Catalog::new(Vec::new(), true);
        let _ = tsql::translate(&text, &catalog, &[]);
        let _ = tsql::rewrite(&text, chatdb::schema::scenario_catalog(), &[], &[]);
    }

    #[test]
    fn any_words_of_t_sql_are_rewritten_or_refused(
        words in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..40)
    ) {
        let text = words.join(" ");
        let _ = tsql::rewrite(&text, chatdb::schema::scenario_catalog(), &[], &[]);
        let _ = tsql::rewrite(&format!("select {text}"), chatdb::schema::scenario_catalog(), &[], &[]);
    }
}

const WORDS: [&str; 92] = [
    "select",
    "from",
    "where",
    "group",
    "by",
    "order",
    "having",
    "top",
    "(",
    ")",
    ",",
    "*",
    "a",
    "b",
    "t",
    "t.a",
    "[x]",
    "'text'",
    "N'x'",
    "1",
    "2.5",
    "1e3",
    "0x1F",
    "=",
    "<>",
    "<",
    "+",
    "-",
    "/",
    "%",
    "&",
    "|",
    "and",
    "or",
    "not",
    "in",
    "like",
    "between",
    "is",
    "null",
    "case",
    "when",
    "then",
    "else",
    "end",
    "cast",
    "as",
    "int",
    "varchar(10)",
    "convert",
    "datediff",
    "day",
    "dateadd",
    "getdate()",
    "count(*)",
    "sum",
    "avg",
    "over",
    "partition",
    "row_number()",
    "join",
    "left",
    "cross",
    "apply",
    "on",
    "union",
    "all",
    "except",
    "with",
    "declare",
    "@x",
    "set",
    "#t",
    "into",
    "insert",
    "values",
    "create",
    "table",
    "drop",
    "if",
    "exists",
    "pivot",
    "for",
    "option",
    "go",
    "\n",
    ";",
    "..",
    "collate",
    "Latin1_General_CI_AS",
    "string_agg",
    "offset",
];

#[test]
fn case_and_queries_are_nested_as_deep_as_anybody_does() {
    let nested = |depth: usize| {
        let open = "case when id = 1 then ".repeat(depth);
        format!("select {open}5{} from staff where id = 1", " end".repeat(depth))
    };
    let store = store();
    assert_eq!(answer(&store, &nested(10)), "5");
    assert_eq!(answer(&store, &nested(11)), "error: 1:228: CASE is nested more than 10 deep");
    let within = |depth: usize| {
        let open = "select max(id) as id from (".repeat(depth);
        format!("{open}select id from staff{}", ") d".repeat(depth))
    };
    assert_eq!(answer(&store, &within(12)), "4");
    let error = answer(&store, &within(60));
    assert!(error.ends_with("it is nested too deeply"), "{error}");
    let beside = "(select 5), ".repeat(30);
    assert!(answer(&store, &format!("select {beside} 1")).starts_with("5|5|"));
    let other = "case when id = 1 then 5 end, ".repeat(30);
    assert!(
        answer(&store, &format!("select {other} 1 from staff where id = 1")).starts_with("5|5|")
    );
}

#[test]
fn what_is_deep_or_long_is_refused_and_not_a_crash() {
    let deep = format!("select {}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(tsql::rewrite(&deep, chatdb::schema::scenario_catalog(), &[], &[]).is_err());
    let not = format!("select 1 where {} 1 = 1", "not ".repeat(5000));
    assert!(tsql::rewrite(&not, chatdb::schema::scenario_catalog(), &[], &[]).is_err());
    let long = format!("select 1{}", " + 1".repeat(50_000));
    assert!(tsql::rewrite(&long, chatdb::schema::scenario_catalog(), &[], &[]).is_err());
    let chain = format!("select 1 where {}1 = 1", "1 = 1 or ".repeat(1000));
    assert!(tsql::rewrite(&chain, chatdb::schema::scenario_catalog(), &[], &[]).is_ok());
    let sum = format!("select 1{}", " + 1".repeat(2000));
    assert!(tsql::rewrite(&sum, chatdb::schema::scenario_catalog(), &[], &[]).is_ok());
    let list = format!("select 1 where 1 in ({}1)", "1, ".repeat(50_000));
    assert!(tsql::rewrite(&list, chatdb::schema::scenario_catalog(), &[], &[]).is_ok());
}
