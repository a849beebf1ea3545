//! Queries as people paste them, of the shapes that are seen around the product's database.

use chatdb::ask::{Question, ask};
use chatdb::assets;
use chatdb::query::{Dialect, Query};
use chatdb::replay::{self, Options};
use chatdb::scenario::Library;
use chatdb::script;
use chatdb::sql::tsql;
use chatdb::store::Store;

fn after(scenario: &str, step: &str) -> Store {
    let library = Library::new(Vec::new()).expect("a library");
    let options = Options {
        until: Some(step.to_owned()),
        ..Options::default()
    };
    let (_, store) = replay::replay(&library, &[scenario.to_owned()], &options).expect("a replay");
    store
}

fn check(cases: &[(&str, &str)]) {
    let store = after("services_failure", "20");
    for (text, expected) in cases {
        assert_eq!(super::answer(&store, text), *expected, "{text}");
    }
}

#[test]
fn ten_queries_as_they_are_pasted() {
    check(&[
        (
            "select top(10) egpl_routing_queue.queue_name, egpl_casemgmt_activity.activity_id from \
             egpl_casemgmt_activity \
             LEFT OUTER JOIN egpl_routing_queue on egpl_casemgmt_activity.queue_id = egpl_routing_queue.queue_id \
             order by activity_id desc",
            "CIM_WIM|1347; CIM_WIM|1187",
        ),
        (
            "SELECT TOP (1000) [ACTIVITY_ID]\n      ,[ACTIVITY_STATUS]\n      ,[WHEN_CREATED]\n  FROM \
             [eGActiveDB].[dbo].[EGPL_CASEMGMT_ACTIVITY]\n  WHERE [ACTIVITY_TYPE] = 2000",
            "1347|5000|2011-07-12 14:49:55.000",
        ),
        (
            "SELECT DISTINCT [eGActiveDB].[dbo].[EGPL_USER].[USER_NAME] FROM \
             [eGActiveDB].[dbo].[EGPL_CASEMGMT_ACTIVITY] \
             JOIN[eGActiveDB].[dbo].[EGPL_USER] ON [eGActiveDB].[dbo].[EGPL_CASEMGMT_ACTIVITY].[ASSIGNED_TO] = \
             [eGActiveDB].[dbo].[EGPL_USER].[USER_ID]",
            "DMarino",
        ),
        (
            "SELECT a.ACTIVITY_ID, ISNULL(s.CHAT_STATUS, 0) AS CHAT_STATUS FROM EGPL_CASEMGMT_ACTIVITY a LEFT JOIN \
             EGLV_SESSION s ON s.ACTIVITY_ID = a.ACTIVITY_ID WHERE a.ACTIVITY_TYPE = 2000",
            "1347|0",
        ),
        (
            "SELECT activity_id, DATEDIFF(SECOND, when_created, '2011-07-12 15:00:00') AS seconds FROM \
             egpl_casemgmt_activity WHERE when_created BETWEEN '2011-07-12' AND '2011-07-12 23:59:59' AND \
             activity_type = 2000",
            "1347|605",
        ),
        (
            "select CONVERT(char(10), when_created, 101) as day, count(*) as chats from egpl_casemgmt_activity where \
             activity_type = 2000 group by CONVERT(char(10), when_created, 101)",
            "07/12/2011|1",
        ),
        (
            "SELECT state = CASE WHEN activity_status = 9000 THEN N'completed' WHEN assigned_to IS NULL THEN \
             N'queued' \
             ELSE N'with ' + u.screen_name END FROM egpl_casemgmt_activity a LEFT JOIN egpl_user u ON u.user_id = \
             a.assigned_to WHERE activity_id = 1347",
            "with DMarino",
        ),
        (
            "declare @from datetime, @to datetime\nset @from = '2011-07-12'\nset @to = DATEADD(day, 1, \
             @from)\nselect \
             count(*) from dbo.egpl_casemgmt_activity (nolock) where when_created >= @from and when_created < @to",
            "1",
        ),
        (
            "SELECT FORMAT(when_created, 'yyyy-MM-dd HH:mm:ss'), TRY_CONVERT(int, contact_point_data) FROM \
             egpl_casemgmt_activity WHERE contact_point_data = 'CUSTOMER@awesome.com' AND activity_id = 1347",
            "2011-07-12 14:49:55|NULL",
        ),
        (
            "USE [eGActiveDB]\nGO\n\nSET NOCOUNT ON\nIF OBJECT_ID('tempdb..#open') IS NOT NULL DROP TABLE \
             #open\nSELECT b.assigned_to, COUNT(*) AS n INTO #open FROM egpl_casemgmt_activity b WITH (NOLOCK) WHERE \
             b.activity_status = 5000 GROUP BY b.assigned_to\nSELECT u.*, o.n FROM \
             (SELECT user_id, user_name FROM egpl_user) u JOIN #open o ON o.assigned_to = u.user_id\nGO\n",
            "1003|DMarino|2",
        ),
    ]);
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
        let handed = script::handout(&query, Dialect::Tsql, &[]).expect("T-SQL");
        let catalog = store.catalog().expect("a catalog");
        assert!(tsql::translate(&handed, &catalog, &[]).is_ok(), "{handed}");
        assert_eq!(
            super::answer(&store, &handed),
            super::answer(&store, &query.sql),
            "{handed}"
        );
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
    assert_eq!(
        answer.table.names(),
        ["(No column name)", "x", "y", "activity_id", "ACTIVITY_ID"]
    );
    assert_eq!(answer.table.rows.len(), 1);
    assert!(answer.more);
}
