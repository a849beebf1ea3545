//! Exported rows in a copy: which table they are of, what their values are, what becomes of two states of one row, and
//! what is rejected, dropped or kept beside.

use chatdb::ask::{self, Question};
use chatdb::import::convert;
use chatdb::import::convert::{Cast, NullRule, Rules, Seen};
use chatdb::import::{self, ImportError, ImportOptions, Summary};
use chatdb::query::Dialect;
use chatdb::record::batch::{Batch, RowValue};
use chatdb::record::{Field, Written};
use chatdb::schema::types::Type;
use chatdb::store::Store;
use chatdb::table::{Cell, parse_timestamp};
use std::io::Cursor;

fn copy() -> Store {
    Store::for_exports().unwrap()
}

fn try_load(
    store: &mut Store,
    file: &str,
    text: &str,
    options: &ImportOptions,
) -> Result<Summary, ImportError> {
    let bytes = Cursor::new(text.as_bytes().to_vec());
    import::read(file, Box::new(bytes), options, store)
}

/// Loads Azure Data Studio's form of CSV.
fn load_as(store: &mut Store, file: &str, text: &str, options: &ImportOptions) -> Summary {
    let options = ImportOptions { form: Some("ads_csv".to_owned()), ..options.clone() };
    try_load(store, file, text, &options).unwrap_or_else(|error| panic!("{file}: {error}\n{text}"))
}

fn load(store: &mut Store, file: &str, text: &str) -> Summary {
    load_as(store, file, text, &ImportOptions::default())
}

fn taken(at: &str) -> ImportOptions {
    ImportOptions { exported_at_ms: Some(parse_timestamp(at).unwrap()), ..ImportOptions::default() }
}

/// The rows that SQL gives, a line for each, cells with bars between.
fn rows(store: &Store, sql: &str) -> String {
    let table = store.ask(sql, &[], &[]).unwrap();
    let line = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<_>>().join("|");
    table.rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

// WHICH TABLE ----------------------------------------------------------------------------------------------

/// The tables that a header and one record are taken for, or why they are not.
fn tables_of(header: &str, record: &str) -> String {
    let mut store = copy();
    let text = format!("{header}\n{record}\n");
    let options = ImportOptions { form: Some("ads_csv".to_owned()), ..ImportOptions::default() };
    match try_load(&mut store, "file.csv", &text, &options) {
        Ok(summary) => {
            let table = |table: &import::TableSummary| {
                let unknown = table.unknown_columns.iter().map(|(name, _)| format!("+{name}"));
                let parts = std::iter::once(table.name.clone()).chain(unknown);
                parts.collect::<Vec<_>>().join(" ")
            };
            summary.tables.iter().map(table).collect::<Vec<_>>().join(", ")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_header_in_any_spelling_tells_the_table() {
    let activity = "egpl_casemgmt_activity";
    for (header, record, tables) in [
        ("activity_id,activity_status", "1,5000", activity),
        ("ACTIVITY_ID,Activity_Status", "1,5000", activity),
        ("[activity_id],[activity_status]", "1,5000", activity),
        ("\"activity_id\",\"activity_status\"", "1,5000", activity),
        (
            "[eGActiveDB].[dbo].[EGPL_CASEMGMT_ACTIVITY_9000].[activity_id],activity_status",
            "1,5000",
            activity,
        ),
        ("user_id,user_name,screen_name", "1,a,b", "egpl_user"),
        ("queue_id,queue_name", "1,CIM_WIM", "egpl_routing_queue"),
        ("activity_id,content", "1,x", "eglv_session_content"),
        ("email_id,email_address,address_flag", "1,x,1", "egml_email_address"),
        ("activity_id,activity_status,mood", "1,5000,glad", "egpl_casemgmt_activity +mood"),
        (
            "activity_id,activity_status,\"we\"\"ird\",select,rowid,chatdb_export,mood,mood",
            "1,5000,a,b,c,d,e,f",
            "egpl_casemgmt_activity +we\"ird +select +column_5 +column_6 +mood +mood_2",
        ),
        ("apples,pears", "1,2", "`file.csv`: no known table has the columns `apples`, `pears`"),
        (
            "activity_status,activity_sub_status,activity_type",
            "1,2,3",
            "`file.csv`: its columns belong to `egpl_casemgmt_activity`, but the key column `activity_id` is missing",
        ),
        (
            "event_id,user_id",
            "1,2",
            "`file.csv`: its columns fit `egpl_event_history_case_mgmt`, `egpl_event_history_kb` and \
             `egpl_event_history_user` \
             equally well",
        ),
    ] {
        assert_eq!(tables_of(header, record), tables, "{header}");
    }
}

#[test]
fn the_name_of_the_file_only_decides_between_tables_that_fit_equally_well() {
    let mut store = copy();
    let summary = load(&mut store, "dbo.EGPL_EVENT_HISTORY_USER.csv", "event_id,user_id\n1,2\n");
    assert_eq!(summary.tables[0].name, "egpl_event_history_user");
    assert_eq!(
        summary.warnings,
        ["loaded as `egpl_event_history_user`, going by the file name; the columns also fit \
          `egpl_event_history_case_mgmt` and `egpl_event_history_kb`"]
    );
    let summary = load(&mut store, "egpl_user.csv", "queue_id,queue_name\n1,CIM_WIM\n");
    assert_eq!(summary.tables[0].name, "egpl_routing_queue");
}

#[test]
fn a_table_that_is_named_is_made_where_the_product_has_none() {
    let mut store = copy();
    let options = ImportOptions { table: Some("Fruit".to_owned()), ..ImportOptions::default() };
    load_as(&mut store, "f.csv", "apples,pears\n1,NULL\n007,x\n", &options);
    assert_eq!(rows(&store, "SELECT * FROM fruit"), "1|NULL|1|2\n007|x|1|3");
    // chatdb's own names, SQLite's, and those that SQLite takes for tables that it has already.
    for name in ["chatdb_export", "sqlite_schema", "json_each", "dbstat", "pragma_table_info"] {
        let options = ImportOptions {
            table: Some(name.to_owned()),
            form: Some("ads_csv".to_owned()),
            ..ImportOptions::default()
        };
        let error = try_load(&mut store, "g.csv", "a,b\n1,2\n", &options).unwrap_err();
        let expected = format!("`g.csv`: invalid table name `{name}`");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_result_of_the_documented_query_is_taken_apart() {
    let mut store = copy();
    let text = "contact_point_data,queue_name,activity_id,activity_status,activity_sub_status,login_ip,assigned_to,\
                when_created,user_name,screen_name\n\
                a@b.c,CIM_WIM,1347,5000,5900,43app,1003,2011-07-12 14:49:55.000,DMarino,DMarino\n\
                d@e.f,CIM_WIM,1348,5000,5900,43app,1003,2011-07-12 14:50:55.000,DMarino,DMarino\n";
    let summary = load(&mut store, "open.csv", text);
    let counts: Vec<(&str, u64)> =
        summary.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    assert_eq!(
        counts,
        [("egpl_casemgmt_activity", 2), ("egpl_user", 1), ("egpl_routing_queue", 1)]
    );
    assert_eq!((summary.loaded, summary.repeated), (2, 2));
    let join = "SELECT a.queue_name, b.activity_id, b.when_created, c.user_id, c.login_ip FROM egpl_routing_queue a, \
                egpl_casemgmt_activity b, egpl_user c WHERE a.queue_id = b.queue_id AND b.assigned_to = c.user_id \
                ORDER BY b.activity_id";
    let answer = "CIM_WIM|1347|2011-07-12 14:49:55.000|1003|43app\nCIM_WIM|1348|2011-07-12 14:50:55.000|1003|43app";
    assert_eq!(rows(&store, join), answer);
    assert_eq!(rows(&store, "SELECT max(queue_id) < 0 FROM egpl_routing_queue"), "1");
    // The queue's own number takes the place of the one that was made.
    load(&mut store, "q.csv", "queue_id,queue_name\n1001,CIM_WIM\n");
    assert_eq!(rows(&store, join), answer);
    assert_eq!(rows(&store, "SELECT DISTINCT queue_id FROM egpl_casemgmt_activity"), "1001");
    assert_eq!(rows(&store, "SELECT queue_id FROM egpl_routing_queue"), "1001");
}

#[test]
fn a_star_over_a_join_is_taken_apart_and_a_repeated_column_dropped() {
    let mut store = copy();
    let text = "queue_name,queue_id,queue_name,department_id,who_created,when_created,activity_id,department_id,\
                activity_status,who_created,when_created,queue_id\n\
                CIM_WIM,1001,CIM_WIM,999,1,2011-01-01 00:00:00.000,1347,998,5000,2,2011-07-12 14:49:55.000,1001\n";
    let summary = load(&mut store, "star.csv", text);
    assert_eq!(summary.dropped_columns, ["`queue_name`: it repeats column 1"]);
    assert_eq!(
        rows(
            &store,
            "SELECT queue_id, queue_name, department_id, who_created FROM egpl_routing_queue"
        ),
        "1001|CIM_WIM|999|1"
    );
    assert_eq!(
        rows(
            &store,
            "SELECT activity_id, department_id, who_created, queue_id FROM egpl_casemgmt_activity"
        ),
        "1347|998|2|1001"
    );
}

#[test]
fn row_numbers_are_dropped_and_other_unnamed_columns_kept() {
    let mut store = copy();
    let summary = load(&mut store, "a.csv", ",activity_id,activity_status\n1,7,5000\n2,8,5000\n");
    assert_eq!(summary.dropped_columns, ["column 1: it only counts the rows"]);
    let summary = load(&mut store, "b.csv", ",activity_id,activity_status\n5,9,5000\n2,10,5000\n");
    assert!(summary.dropped_columns.is_empty());
    let names: Vec<&str> =
        summary.tables[0].unknown_columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["column_1"]);
}

#[test]
fn passwords_are_neither_stored_nor_shown_in_rejects() {
    let mut store = copy();
    let text = "user_id,user_name,PASSWORD,case_insensitive,old_password,force_password_change\n\
                1,a,secret-1,secret-2,secret-3,0\nx,b,secret-4,secret-5,secret-6,0\n2,c,secret-7\n";
    let summary = load(&mut store, "u.csv", text);
    assert_eq!((summary.loaded, summary.rejected), (1, 2));
    assert_eq!(
        summary.dropped_columns,
        [
            "`PASSWORD`: it contains passwords",
            "`case_insensitive`: it contains passwords",
            "`old_password`: it contains passwords"
        ]
    );
    let image = store.image().unwrap();
    assert!(!image.windows(7).any(|part| part == b"secret-"));
    assert_eq!(rows(&store, "SELECT force_password_change FROM egpl_user"), "0");
}

// VALUES ---------------------------------------------------------------------------------------------------

/// What a bare field is as a value of a declared type: the value, or the code and what is said.
fn typed(declared: &str, text: &str, rules: &Rules) -> String {
    let field = Field { start: 0, end: text.len(), written: Written::Bare };
    let mut batch = Batch::default();
    let cast = Cast::of(Type::declared(declared));
    match convert::value(text, field, cast, rules, &mut Seen::default(), &mut batch) {
        Ok(RowValue::Null) => "NULL".to_owned(),
        Ok(RowValue::Integer(value)) => value.to_string(),
        Ok(RowValue::Real(value)) => format!("{value:?}"),
        Ok(RowValue::Text { start, end }) => {
            format!("{:?}", &batch.text[start as usize..end as usize])
        }
        Err(misfit) => format!("{} {}", misfit.reason.code(), misfit.detail),
    }
}

fn words() -> Rules {
    Rules { nulls: NullRule { word: true, ..NullRule::default() }, ..Rules::default() }
}

#[test]
fn a_field_is_read_as_its_columns_declared_type_or_rejected_with_the_reason() {
    for (declared, text, value) in [
        ("SMALLINT", "5000", "5000"),
        ("SMALLINT", "-1", "-1"),
        ("SMALLINT", "0", "0"),
        ("SMALLINT", " 7 ", "7"),
        ("SMALLINT", "32768", "CHATDB-I008 expected -32768 to 32767, found `32768`"),
        ("NUMERIC(18,0)", "999999999999999999", "999999999999999999"),
        (
            "NUMERIC(18,0)",
            "1000000000000000000",
            "CHATDB-I008 expected -999999999999999999 to 999999999999999999, found `1000000000000000000`",
        ),
        ("BIGINT", "9223372036854775807", "9223372036854775807"),
        ("NUMERIC(18,0)", "1347.0", "1347"),
        ("NUMERIC(18,0)", "1347,000", "1347"),
        ("NUMERIC(18,0)", "1347.5", "CHATDB-I006 expected a whole number, found `1347.5`"),
        ("NUMERIC(18,0)", "007", "CHATDB-I006 expected a whole number, found `007`"),
        ("NUMERIC(18,0)", "-0", "CHATDB-I006 expected a whole number, found `-0`"),
        (
            "NUMERIC(18,0)",
            "1.2E+17",
            "CHATDB-I006 expected a whole number, found `1.2E+17`, truncated by a spreadsheet",
        ),
        (
            "NUMERIC(18,0)",
            "a@b.c",
            "CHATDB-I006 expected a whole number, found text of 5 characters",
        ),
        ("NUMERIC(18,0)", "NULL", "NULL"),
        ("NUMERIC(18,0)", "", "NULL"),
        ("NVARCHAR(10)", "", "\"\""),
        ("NVARCHAR(10)", "NULL", "NULL"),
        ("NVARCHAR(10)", " x ", "\" x \""),
        ("FLOAT", "0,7", "0.7"),
        ("FLOAT", "1e3", "1000.0"),
        ("FLOAT", "1.2.3", "CHATDB-I006 expected a number, found `1.2.3`"),
        ("BIT", "True", "1"),
        ("BINARY(8)", "0x00000000000007D1", "\"0x00000000000007D1\""),
        ("BINARY(8)", "00000000000007D1", "\"0x00000000000007D1\""),
        ("DATETIME", "2011-07-12 14:49:55.000", "\"2011-07-12 14:49:55.000\""),
        ("DATETIME", "2011-07-12 14:49:55", "\"2011-07-12 14:49:55.000\""),
        ("DATETIME", "2011-07-12 14:49:55.12", "\"2011-07-12 14:49:55.120\""),
        ("DATETIME", "2011-07-12T14:49:55.1234567+02:00", "\"2011-07-12 14:49:55.123\""),
        ("DATETIME", "2011-07-12 14:49:55.123 -07:00", "\"2011-07-12 14:49:55.123\""),
        ("DATETIME", "2011-07-12T14:49:55Z", "\"2011-07-12 14:49:55.000\""),
        ("DATETIME", "2011-07-12 14:49", "\"2011-07-12 14:49:00.000\""),
        ("DATETIME", "2011-07-12", "\"2011-07-12 00:00:00.000\""),
        ("DATETIME", "2012-02-29", "\"2012-02-29 00:00:00.000\""),
        (
            "DATETIME",
            "2011-02-29 00:00:00.000",
            "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `2011-02-29 00:00:00.000`",
        ),
        (
            "DATETIME",
            "12/07/2011 14:49:55",
            "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `12/07/2011 14:49:55`, which may be 2011-07-12 or \
             2011-12-07",
        ),
        (
            "DATETIME",
            "12/07/2011 14:49",
            "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `12/07/2011 14:49`, which may be 2011-07-12 or \
             2011-12-07",
        ),
        (
            "DATETIME",
            "12/07/11 14:49",
            "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `12/07/11 14:49`, whose day and month are ambiguous",
        ),
        // Only one of the two is a month, or both are the same day.
        (
            "DATETIME",
            "24/11/2026",
            "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `24/11/2026`",
        ),
        (
            "DATETIME",
            "11.11.2026",
            "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `11.11.2026`",
        ),
        (
            "DATETIME",
            "########",
            "CHATDB-I015 expected `yyyy-mm-dd hh:mm:ss`, found `########`, which is what a spreadsheet shows where a \
             column is too narrow",
        ),
        (
            "DATETIME",
            "49:55.0",
            "CHATDB-I015 expected `yyyy-mm-dd hh:mm:ss`, found `49:55.0`, which is what a spreadsheet leaves of a date \
             and time",
        ),
        ("DATETIME", "n", "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found text of 1 character"),
    ] {
        assert_eq!(typed(declared, text, &words()), value, "{declared} {text:?}");
    }
}

#[test]
fn dates_in_a_countrys_order_are_read_only_when_the_order_is_told() {
    let rules = Rules { date_format: Some("%d/%m/%Y %H:%M".to_owned()), ..words() };
    assert_eq!(typed("DATETIME", "12/07/2011 14:49", &rules), "\"2011-07-12 14:49:00.000\"");
    assert_eq!(typed("DATETIME", "2011-07-12 14:49:55.000", &rules), "\"2011-07-12 14:49:55.000\"");
    assert_eq!(
        typed("DATETIME", "12/31/2011 14:49", &rules),
        "CHATDB-I007 expected `yyyy-mm-dd hh:mm:ss`, found `12/31/2011 14:49`, which is not `%d/%m/%Y %H:%M` either"
    );
    let text = "activity_id,when_created\n1,12/07/2011 14:49\n2,13/07/2011 14:49\n";
    let mut store = copy();
    let error = try_load(&mut store, "a.csv", text, &ImportOptions::default()).unwrap_err();
    assert_eq!(error.code(), Some("CHATDB-I007"), "{error}");
    assert_eq!(
        error.to_string(),
        "`a.csv`: no value of `when_created` can be read as a date: line 2 `12/07/2011 14:49`, line 3 \
         `13/07/2011 14:49`"
    );
    let options = ImportOptions { date_format: rules.date_format, ..ImportOptions::default() };
    assert_eq!(load_as(&mut store, "a.csv", text, &options).loaded, 2);
}

#[test]
fn a_word_in_every_record_of_a_column_of_numbers_is_kept_and_one_among_numbers_rejected() {
    let file = |state: &dyn Fn(usize) -> String| {
        let rows = (0..20).map(|n| format!("{n},u{n},{}\n", state(n)));
        format!("user_id,user_name,user_state\n{}", rows.collect::<String>())
    };
    let mut store = copy();
    let summary = load(&mut store, "u.csv", &file(&|_| "ACTIVE".to_owned()));
    assert_eq!((summary.loaded, summary.rejected), (20, 0));
    assert!(summary.warnings[0].starts_with("`user_state`: expected a number, found text"));
    let mixed = |n: usize| {
        if n == 3 { "ACTIVE".to_owned() } else { n.to_string() }
    };
    let summary = load(&mut copy(), "u.csv", &file(&mixed));
    assert_eq!((summary.loaded, summary.rejected), (19, 1));
    assert_eq!(summary.first_rejects[0].column_name.as_deref(), Some("user_state"));
}

#[test]
fn cells_that_end_where_producers_cut_are_warned_of() {
    let text = |longest: usize| {
        let long = "x".repeat(longest);
        let cut = "y".repeat(256);
        format!("activity_id,subject\n1,{cut}\n2,{cut}\n3,{long}\n")
    };
    let warned = load(&mut copy(), "a.csv", &text(255)).warnings;
    assert_eq!(
        warned,
        [
            "`subject`: 2 values of exactly 256 characters and none longer; they may have been truncated on export"
        ]
    );
    assert!(load(&mut copy(), "a.csv", &text(257)).warnings.is_empty());
}

// STATES ---------------------------------------------------------------------------------------------------

const STATES: &str =
    "SELECT activity_id, activity_status, subject FROM egpl_casemgmt_activity ORDER BY 1";
const EARLIER: &str = "SELECT activity_id, activity_status, subject, chatdb_line FROM egpl_casemgmt_activity_earlier \
                       ORDER BY 1, 4";

#[test]
fn of_two_exports_the_newer_state_is_the_rows_and_the_older_one_is_kept() {
    let before = "activity_id,activity_status,subject\n1,5000,a\n2,5000,b\n";
    let after = "activity_id,activity_status\n2,9000\n3,4000\n";
    let (early, late) = (taken("2011-07-12 10:00:00"), taken("2011-07-12 11:00:00"));
    let mut in_order = copy();
    load_as(&mut in_order, "before.csv", before, &early);
    load_as(&mut in_order, "after.csv", after, &late);
    let mut other_way = copy();
    load_as(&mut other_way, "after.csv", after, &late);
    load_as(&mut other_way, "before.csv", before, &early);
    // The newer export has no subject: the older one's is still the best that is known.
    let states = "1|5000|a\n2|9000|b\n3|4000|NULL";
    for store in [&in_order, &other_way] {
        assert_eq!(rows(store, STATES), states);
        assert_eq!(rows(store, EARLIER), "2|5000|b|3");
    }
    let exports = "SELECT file, taken_at, taken_from, records, loaded, rejected FROM chatdb_export ORDER BY taken_at";
    assert_eq!(
        rows(&in_order, exports),
        "before.csv|2011-07-12 10:00:00.000|--exported-at|2|2|0\nafter.csv|2011-07-12 11:00:00.000|--exported-at|2|2|0"
    );
}

#[test]
fn a_file_that_was_loaded_before_changes_nothing() {
    let mut store = copy();
    let text = "activity_id,activity_status\n1,5000\nx,1\n";
    load(&mut store, "a.csv", text);
    let summary = load(&mut store, "b.csv", text);
    assert!(summary.already_loaded);
    assert_eq!(
        summary.warnings,
        ["the same file was already loaded, from `a.csv`: nothing was changed"]
    );
    assert_eq!(rows(&store, "SELECT count(*) FROM chatdb_export"), "1");
    assert_eq!(rows(&store, "SELECT count(*) FROM rejects"), "1");
    assert_eq!(rows(&store, EARLIER), "");
}

#[test]
fn a_key_that_stands_twice_in_a_file_is_a_row_again_or_a_reject() {
    let mut store = copy();
    let text = "activity_id,activity_status\n1,5000\n1,5000\n1,9000\nNULL,5000\n";
    let summary = load(&mut store, "a.csv", text);
    assert_eq!((summary.records, summary.loaded, summary.rejected, summary.repeated), (4, 2, 2, 1));
    assert_eq!(
        rows(&store, "SELECT line, \"column\", code, text FROM rejects ORDER BY line"),
        "4|activity_id|CHATDB-I013|1,9000\n5|activity_id|CHATDB-I014|NULL,5000"
    );
    // The same against rows that are set aside because another export has the key.
    let summary =
        load(&mut store, "b.csv", "activity_id,activity_status\n1,7000\n1,7000\n1,8000\n");
    assert_eq!((summary.loaded, summary.rejected, summary.repeated), (2, 1, 1));
    assert_eq!(rows(&store, STATES), "1|7000|NULL");
}

#[test]
fn rows_without_a_key_are_not_stored_twice_by_two_exports() {
    let mut store = copy();
    load(&mut store, "a.csv", "user_id,queue_id,concurrent_task_limit\n1,1,2\n1,2,NULL\n");
    load(&mut store, "b.csv", "user_id,queue_id,concurrent_task_limit\n1,2,NULL\n1,3,4\n");
    assert_eq!(
        rows(
            &store,
            "SELECT user_id, queue_id, concurrent_task_limit, chatdb_export FROM egicm_concurrent_task"
        ),
        "1|1|2|1\n1|2|NULL|1\n1|3|4|2"
    );
}

#[test]
fn changes_are_put_in_order_and_the_last_is_the_row_unless_it_was_deleted() {
    let mut store = copy();
    let text = "__$start_lsn,__$end_lsn,__$seqval,__$operation,__$update_mask,activity_id,activity_status\n\
                0x02,NULL,0x01,4,0x40,1,9000\n\
                0x02,NULL,0x01,3,0x40,1,5000\n\
                0x01,NULL,0x01,2,0xFF,1,4000\n\
                0x01,NULL,0x02,2,0xFF,2,4000\n\
                0x03,NULL,0x01,1,0xFF,2,4000\n";
    load(&mut store, "old.csv", "activity_id,activity_status\n2,3000\n");
    let summary = load(&mut store, "cdc.dbo_EGPL_CASEMGMT_ACTIVITY_CT.csv", text);
    assert_eq!((summary.records, summary.loaded), (5, 5));
    assert_eq!(rows(&store, STATES), "1|9000|NULL");
    let history = "SELECT activity_id, activity_status, chatdb_order, chatdb_operation \
                   FROM egpl_casemgmt_activity_earlier ORDER BY chatdb_order";
    assert_eq!(
        rows(&store, history),
        "2|3000|NULL|NULL\n1|4000|1|2\n2|4000|2|2\n1|5000|3|3\n2|4000|5|1"
    );
}

#[test]
fn a_file_of_which_nothing_was_loaded_may_be_read_again_in_another_way() {
    let mut store = copy();
    let text = "x1,2011-07-12\nx2,2011-07-13\n";
    let as_table =
        |table: &str| ImportOptions { table: Some(table.to_owned()), ..ImportOptions::default() };
    let summary = load_as(&mut store, "a.csv", text, &as_table("egpl_department"));
    assert_eq!((summary.loaded, summary.rejected), (0, 2));
    assert_eq!(
        summary.warnings.last().map(String::as_str),
        Some(
            "no header: read as all 4 columns of `egpl_department` in order, but no record inspected has that many \
             fields (most have 2): export it with column headers, or add a header line"
        )
    );
    let summary = load_as(&mut store, "a.csv", text, &as_table("days"));
    assert_eq!((summary.loaded, summary.rejected), (2, 0));
    assert_eq!(rows(&store, "SELECT count(*) FROM rejects"), "0");
    assert_eq!(rows(&store, "SELECT count(*) FROM chatdb_export"), "1");
}

// THE REST -------------------------------------------------------------------------------------------------

#[test]
fn a_count_that_disagrees_is_warned_of_and_the_newest_times_are_noted() {
    let mut store = copy();
    let text = "activity_id|activity_status|when_created\r\n-----------|---------------|------------\r\n\
                1|5000|2011-07-12 14:49:55.000\r\n2|5000|2011-07-12 14:50:55.000\r\n\r\n(3 rows affected)\r\n";
    let summary = try_load(&mut store, "a.txt", text, &ImportOptions::default()).unwrap();
    assert_eq!((summary.records, summary.footer), (2, Some(3)));
    assert!(summary.footer_differs());
    assert!(
        summary.warnings.iter().any(|warning| warning.contains("says 3 rows, but there are 2"))
    );
    assert_eq!(
        rows(&store, "SELECT column_name, newest FROM chatdb_export_column ORDER BY position"),
        "activity_id|NULL\nactivity_status|NULL\nwhen_created|2011-07-12 14:50:55.000"
    );
}

#[test]
fn a_file_of_which_hardly_anything_can_be_a_row_is_refused_before_its_end() {
    let text = format!("activity_id,activity_status\n1,5000\n{}", "1,2,3\n".repeat(50_000));
    let mut store = copy();
    let options = ImportOptions { form: Some("ads_csv".to_owned()), ..ImportOptions::default() };
    let error = try_load(&mut store, "a.csv", &text, &options).unwrap_err();
    assert_eq!(error.code(), Some("CHATDB-I005"), "{error}");
    assert_eq!(rows(&store, "SELECT count(*) FROM egpl_casemgmt_activity"), "0");
    assert_eq!(rows(&store, "SELECT count(*) FROM rejects"), "0");
}

#[test]
fn one_reject_for_each_reason_stands_for_those_that_are_too_many() {
    // Enough rows that the file is what it is taken for; then a quote that nothing closes.
    let good: String = (0..7000).map(|id| format!("{id},a,\"b\"\n")).collect();
    let text = format!("activity_id,subject,description\n{good}7000,\"\n{}", "x\n".repeat(60_000));
    let mut store = copy();
    let summary = load(&mut store, "a.csv", &text);
    assert_eq!(
        (summary.records, summary.loaded, summary.rejected, summary.gathered),
        (67_001, 7000, 60_001, 10_001)
    );
    let sql = "SELECT sum(records), count(*), max(line) FROM rejects";
    assert_eq!(rows(&store, sql), "60001|50001|57002");
    let sql = "SELECT code, line, records, text, reason FROM rejects WHERE records > 1";
    assert_eq!(
        rows(&store, sql),
        "CHATDB-I005|57002|10001||represents 10001 more, from line 57002 to line 67002; too many to keep their text"
    );
}

#[test]
fn a_long_second_result_is_rejected_and_the_first_is_loaded() {
    let text =
        format!("activity_id,subject\n1,a\n\nqueue_id,queue_name\n{}", "2,b\n".repeat(60_000));
    let mut store = copy();
    let summary = load(&mut store, "a.csv", &text);
    assert_eq!((summary.records, summary.loaded), (60_001, 1));
    let sql = "SELECT sum(records), count(*) FROM rejects WHERE code = 'CHATDB-I012'";
    assert_eq!(rows(&store, sql), "60000|50001");
}

#[test]
fn the_result_that_is_asked_for_is_read_and_the_others_do_not_count() {
    let text = "activity_id,subject\n1\n1,a\n\nqueue_id,queue_name\n12,b\n13\n14,c\n";
    let set = |n| ImportOptions { result_set: Some(n), ..ImportOptions::default() };
    let mut store = copy();
    let summary = load_as(&mut store, "one.csv", text, &set(1));
    assert_eq!((summary.records, summary.loaded), (2, 1));
    let mut store = copy();
    let summary = load_as(&mut store, "two.csv", text, &set(2));
    assert_eq!((summary.records, summary.loaded), (3, 2));
    assert_eq!(
        rows(&store, "SELECT queue_id, queue_name FROM egpl_routing_queue ORDER BY 1"),
        "12|b\n14|c"
    );
    assert_eq!(rows(&store, "SELECT count(*) FROM egpl_casemgmt_activity"), "0");
    assert_eq!(rows(&store, "SELECT group_concat(line) FROM rejects"), "7");
    let options = ImportOptions { form: Some("ads_csv".to_owned()), ..set(3) };
    let error = try_load(&mut copy(), "three.csv", text, &options).unwrap_err();
    assert_eq!(error.to_string(), "`three.csv` has no result 3: it has 2 results");
}

#[test]
fn a_star_shows_the_products_columns_and_leaves_ours_out() {
    let mut store = copy();
    load(&mut store, "q.csv", "department_id,department_name,mood\n999,Service,glad\n");
    let question = |text: &'static str| Question {
        text,
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: None,
    };
    let ask = |text| ask::ask(&store, &question(text), &|| false).unwrap().answers.remove(0).table;
    let whole = ask("SELECT * FROM egpl_department");
    assert_eq!(
        whole.names(),
        ["department_id", "department_name", "department_desc", "delete_flag", "mood"]
    );
    let joined =
        ask("SELECT d.*, e.chatdb_line FROM egpl_department d JOIN egpl_department e ON 1 = 1");
    assert_eq!(joined.names().last(), Some(&"chatdb_line"));
    // numeric(18,0) divides as SQL Server's decimals do, and SQLite's INTEGER would not.
    let half = ask("SELECT department_id / 2 AS half FROM egpl_department");
    assert!(half.rows[0][0].to_string().starts_with("499.5"), "{half:?}");
}
