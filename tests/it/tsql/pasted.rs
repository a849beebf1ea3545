//! Queries as people paste them, of the shapes that are seen around the product's database.

use chatdb::ask::{Question, ask};
use chatdb::assets;
use chatdb::query::{Dialect, Query};
use chatdb::replay::{self, ReplayOptions};
use chatdb::scenario::Library;
use chatdb::script;
use chatdb::sql::tsql;
use chatdb::store::Store;

fn after(scenario: &str, step: &str) -> Store {
    let library = Library::new(Vec::new()).expect("a library");
    let options = ReplayOptions { until: Some(step.to_owned()), ..ReplayOptions::default() };
    let (_, store) = replay::replay(&library, &[scenario.to_owned()], &options).expect("a replay");
    store
}

const PASTED: &str = include_str!("../../tsql/pasted.txt");

#[test]
fn queries_as_they_are_pasted() {
    let tests = super::tests_of(PASTED);
    assert_eq!(tests.len(), 2, "{tests:?}");
    for test in tests {
        let wrong = super::wrong_in(PASTED, test, || after("services_failure", "20"));
        assert!(wrong.is_empty(), "{test}\n{wrong}");
    }
}

#[test]
fn both_documented_queries_run_as_restored() {
    let store = after("services_failure", "20");
    for (name, rows) in [("open_chats", 1), ("chat_by_id", 1)] {
        let (file, text) = assets::report(name).expect("a query");
        let query = Query::read(name, &file, text).expect("its header");
        let literals = replay::literals_of(&query);
        let values: Vec<_> = query
            .parameters
            .iter()
            .filter_map(|p| Some((p.name.clone(), p.default.clone()?)))
            .collect();
        let question = Question {
            text: &query.sql,
            dialect: query.dialect,
            literals: &literals,
            kinds: &query.kinds,
            values: &values,
            now: None,
            limit: None,
        };
        let answers = ask(&store, &question, &|| false).expect(name);
        let table = &answers.answers[0].table;
        assert_eq!(table.rows.len(), rows, "{name}");
        assert_eq!(
            table.names(),
            [
                "contact_point_data",
                "queue_name",
                "activity_id",
                "activity_status",
                "activity_sub_status",
                "login_ip",
                "assigned_to",
                "when_created",
                "user_name",
                "screen_name"
            ]
        );
        let handed = script::export(&query, Dialect::Tsql, &[]).expect("T-SQL");
        let catalog = store.catalog().expect("a catalog");
        assert!(tsql::translate(&handed, &catalog, &[]).is_ok(), "{handed}");
        assert_eq!(super::answer(&store, &handed), super::answer(&store, &query.sql), "{handed}");
    }
}

#[test]
fn columns_have_the_names_of_sql_server() {
    let store = after("services_failure", "20");
    let question = Question {
        text: "select count(*), x = 1, 'y' = 2, a.activity_id, a.ACTIVITY_ID from egpl_casemgmt_activity a group by \
               a.activity_id",
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: Some(1),
    };
    let answers = ask(&store, &question, &|| false).expect("an answer");
    let answer = &answers.answers[0];
    assert_eq!(answer.table.names(), ["(No column name)", "x", "y", "activity_id", "ACTIVITY_ID"]);
    assert_eq!(answer.table.rows.len(), 1);
    assert!(answer.more);
}
