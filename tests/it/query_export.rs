//! What `chatdb sql` prints, to be run elsewhere: whole texts, and what holds for every query that is carried.

use std::collections::BTreeSet;

use chatdb::assets;
use chatdb::query::{Dialect, Query};
use chatdb::script::export;
use chatdb::table::Cell;
use sqlparser::ast::Statement;
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

const FINDING: &str = "-- title: Chats that nobody looks after
-- dialect: tsql
-- key: activity_id
-- parameter: minutes = 60
-- parameter: most = 5000000000
-- parameter: since = '2011-07-12 14:49:55'
-- parameter: name = 'O''Neil'
-- parameter: agent

WITH open_earlier AS (SELECT activity_id FROM [EGPL_CASEMGMT_ACTIVITY_EARLIER] e WHERE e.activity_status = 5000)
SELECT a.activity_id
FROM egpl_casemgmt_activity a JOIN open_earlier o ON o.activity_id = a.activity_id
WHERE a.when_modified < DATEADD(minute, -@minutes, GETDATE()) AND a.activity_id < @most AND a.when_created > @since
  AND a.subject <> @name AND a.assigned_to = @agent
";

fn finding(text: &str) -> Query {
    Query::read("unattended", "reports/findings/unattended.sql", text).expect("a query")
}

/// Every query and finding in T-SQL.
fn carried() -> Vec<Query> {
    let reports = assets::reports().into_iter().map(|name| (name, assets::report(name)));
    let findings = assets::findings().into_iter().map(|name| (name, assets::finding(name)));
    let read = |(name, found): (&str, Option<(String, &str)>)| {
        let (file, text) = found.expect("it is listed");
        Query::read(name, &file, text).expect("it is valid")
    };
    let all = reports.chain(findings).map(read);
    // What asks the platform model is asked of a replay, and SQL Server has none.
    let tsql: Vec<Query> =
        all.filter(|query| query.dialect == Dialect::Tsql || query.tag.is_some()).collect();
    let findings = assets::findings().len();
    assert!(tsql.len() >= findings + 2, "{} queries in T-SQL", tsql.len());
    tsql
}

#[test]
fn thresholds_are_declared_at_the_top_with_their_types() {
    let query = finding(FINDING);
    let values = [("agent".to_owned(), Cell::Integer(1003))];
    let printed = export(&query, Dialect::Tsql, &values).expect("T-SQL");
    let (top, sql) = printed.split_at(printed.find("WITH").expect("the query"));
    assert_eq!(
        top,
        "-- Chats that nobody looks after
-- needs change data capture of dbo.egpl_casemgmt_activity (sys.sp_cdc_enable_table), as far back as its rows are kept,
-- and the right to read it; if the capture instance has another name, use its table instead of
-- cdc.dbo_egpl_casemgmt_activity_CT. The file is that table, or NULL for the current row; the time is the commit time;
-- there are no line numbers.
DECLARE @minutes int = 60;
DECLARE @most bigint = 5000000000;
DECLARE @since datetime = '2011-07-12T14:49:55.000';
DECLARE @name nvarchar(4000) = N'O''Neil';
DECLARE @agent int = 1003;
"
    );
    let (captured, own) = sql.split_at(sql.find(", open_earlier").expect("its own WITH"));
    assert_eq!(own, format!(", {};\n", &query.sql["WITH ".len()..]));
    assert!(
        captured.starts_with(
            "WITH egpl_casemgmt_activity_earlier AS (
    SELECT activity_id, activity_status, when_created, when_modified, assigned_to, subject,
           __$start_lsn AS chatdb_export, "
        ),
        "{captured}"
    );
    let unset = export(&query, Dialect::Tsql, &[]).expect("T-SQL");
    assert!(
        unset.contains("DECLARE @agent nvarchar(4000) = NULL; -- give it a value\n"),
        "{unset}"
    );
}

#[test]
fn the_values_stand_in_their_places_for_sqlite() {
    let text = FINDING.replace("@agent", "1").replace("-- parameter: agent\n", "");
    let printed = export(&finding(&text), Dialect::Sqlite, &[]).expect("SQL");
    assert!(!printed.contains("DECLARE"), "{printed}");
    assert!(printed.contains("5000000000"), "{printed}");
    assert!(printed.contains("'O''Neil'"), "{printed}");
    assert!(printed.starts_with("-- Chats that nobody looks after\n"), "{printed}");
}

/// What keeps a text from being a query alone behind its declarations; nothing, when all is well.
fn wrong_with(printed: &str) -> Option<String> {
    let statements = match Parser::parse_sql(&MsSqlDialect {}, printed) {
        Ok(statements) => statements,
        Err(error) => return Some(error.to_string()),
    };
    let (last, first) = statements.split_last()?;
    if !first.iter().all(|statement| matches!(statement, Statement::Declare { .. })) {
        return Some("something else than a declaration stands before the query".to_owned());
    }
    match last {
        Statement::Query(query) if query.to_string().contains(" INTO ") => {
            Some("it makes a table".to_owned())
        }
        Statement::Query(_) => None,
        _ => Some("it does not end with a query".to_owned()),
    }
}

#[test]
fn what_is_carried_is_printed_as_t_sql_that_only_reads() {
    for query in carried() {
        let printed = export(&query, Dialect::Tsql, &[]).expect("T-SQL");
        assert_eq!(wrong_with(&printed), None, "{printed}");
        for parameter in &query.parameters {
            let declared = format!("DECLARE @{} ", parameter.name);
            assert!(printed.contains(&declared), "{printed}");
        }
        assert!(export(&query, Dialect::Sqlite, &[]).is_ok(), "{}", query.name);
    }
}

#[test]
fn t_sql_that_writes_or_cannot_be_read_is_found() {
    assert_eq!(wrong_with("DECLARE @a int = 1;\nselect @a;"), None);
    assert_eq!(
        wrong_with("update t set a = 1; select 1").as_deref(),
        Some("something else than a declaration stands before the query")
    );
    assert_eq!(wrong_with("select a into t from u").as_deref(), Some("it makes a table"));
    assert_eq!(wrong_with("delete from t").as_deref(), Some("it does not end with a query"));
    assert!(wrong_with("select from where").is_some());
}

#[test]
fn no_finding_is_called_as_a_query_is() {
    let names: Vec<&str> = [assets::reports(), assets::findings()].concat();
    let different: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), different.len(), "{names:?}");
}

#[test]
fn tables_are_listed_without_those_that_the_text_makes_itself() {
    let listed = |text: &str| chatdb::sql::tsql::tables(text).map(|tables| tables.join(" "));
    assert_eq!(
        listed(
            "with c as (select 1 as x from db..A) select * from c, [dbo].[B] b where exists (select 1 from a)"
        ),
        Ok("A B".to_owned())
    );
    assert_eq!(listed("select 1\nGO\nselect * from d join e on 1 = 1"), Ok("d e".to_owned()));
    assert!(listed("select from").is_err());
}
