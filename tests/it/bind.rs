//! ProductionRows of production held against documented tables: `chatdb diff SCENARIO/CHECK FILE --bind`.

use chatdb::check::Terms;
use chatdb::diff::ColumnMode;
use chatdb::replay::{self, ProductionRows, ReplayError};
use chatdb::report::{CellVerdict, Comparison, RowVerdict};
use chatdb::scenario::Library;
use chatdb::store::Store;
use chatdb::table::raw;

const HEADER: &str = "CONTACT_POINT_DATA,QUEUE_NAME,ACTIVITY_ID,ACTIVITY_STATUS,ACTIVITY_SUB_STATUS,LOGIN_IP,\
     ASSIGNED_TO,WHEN_CREATED,USER_NAME,SCREEN_NAME,EXTRA\n";
const OURS: &str = "jane@customer.example,SUPPORT,88123,5000,5900,app7,2204,2026-11-20 08:15:02.117,asmith,Anna,x\n";
const OTHER: &str = "john@customer.example,SUPPORT,88130,5000,5100,app7,2204,2026-11-20 08:16:00.000,asmith,Anna,x\n";

fn compare(check: &str, text: &str, binds: &[&str]) -> Result<Comparison, ReplayError> {
    let library = Library::new(Vec::new()).expect("a library");
    let (scenario, check) = check.split_once('/').expect("SCENARIO/CHECK");
    let table = raw::read_any(text).expect("a table");
    let terms = Terms { columns: ColumnMode::Subset, ..Terms::default() };
    let pair =
        |bind: &&str| bind.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let binds: Vec<_> = binds.iter().filter_map(pair).collect();
    replay::compare_bound(
        &library,
        scenario,
        check,
        ProductionRows::File(&table),
        &terms,
        &binds,
        &replay::ReplayOptions::default(),
    )
}

/// The columns that differ, with what was expected and what was found.
fn differing(comparison: &Comparison) -> Vec<String> {
    let cells = comparison.rows.iter().flat_map(|row| &row.cells);
    let differ = cells.filter(|cell| cell.verdict == CellVerdict::Differs);
    let shown = |cell: &Option<chatdb::table::Cell>| {
        cell.as_ref().map_or(String::new(), ToString::to_string)
    };
    differ
        .map(|cell| format!("{}: {} / {}", cell.column, shown(&cell.expected), shown(&cell.actual)))
        .collect()
}

#[test]
fn the_users_row_stands_for_the_labs() {
    let comparison = compare(
        "services_failure/open_chats",
        &format!("{HEADER}{OTHER}{OURS}"),
        &["activity_id=88123"],
    )
    .expect("a comparison");
    assert!(comparison.same, "{comparison:#?}");
    let compared = comparison.expected_columns.len() - comparison.taken_over;
    assert_eq!((compared, comparison.taken_over), (2, 8), "the status, and what is the user's own");
    assert_eq!(
        comparison.remarks,
        [
            "bound: activity_id 1347 -> 88123 (given)",
            "bound: when_created 2011-07-12 14:49:55.000 -> 2026-11-20 08:15:02.117 (from the export); all other \
             documented times are shifted by the same offset",
            "bound: contact_point_data customer@awesome.com -> `jane@customer.example` (from the export)",
            "bound: queue_name CIM_WIM -> `SUPPORT` (from the export)",
            "bound: login_ip 43app -> `app7` (from the export)",
            "bound: assigned_to 1003 -> 2204 (from the export)",
            "bound: user_name DMarino -> `asmith` (from the export)",
            "bound: screen_name DMarino -> `Anna` (from the export)",
            "excluded: 1 row of the export that is not bound",
        ]
    );
    let by_parameter =
        |cell: &&chatdb::report::CellRun| cell.verdict == CellVerdict::MatchesByParameter;
    assert_eq!(comparison.rows[0].cells.iter().filter(by_parameter).count(), 7);
}

#[test]
fn what_the_document_asserts_is_compared() {
    for (from, to, differs) in [
        (",5900,", ",5100,", "activity_sub_status: 5900 / 5100"),
        (",5000,", ",9000,", "activity_status: 5000 / 9000"),
        // That the agent is logged in on a server, and that there is an agent, is asserted.
        (",app7,", ",NULL,", "login_ip: 43app / NULL"),
        (",2204,", ",NULL,", "assigned_to: 1003 / NULL"),
    ] {
        let text = format!("{HEADER}{}", OURS.replace(from, to));
        let comparison = compare("services_failure/open_chats", &text, &["activity_id=88123"])
            .expect("a comparison");
        assert_eq!(differing(&comparison), [differs]);
        assert!(!comparison.same);
    }
}

#[test]
fn a_row_that_is_not_in_the_export_is_missing() {
    let comparison =
        compare("services_failure/open_chats", &format!("{HEADER}{OTHER}"), &["activity_id=88123"])
            .expect("a comparison");
    assert!(!comparison.same);
    assert_eq!(comparison.rows.len(), 1);
    assert_eq!(comparison.rows[0].verdict, RowVerdict::Missing);
    assert_eq!(
        comparison.remarks,
        [
            "bound: activity_id 1347 -> 88123 (given)",
            "no row of the export has activity_id 88123",
            "excluded: 1 row of the export that is not bound",
        ]
    );
}

#[test]
fn a_row_that_stands_twice_is_one_too_many() {
    let comparison = compare(
        "services_failure/open_chats",
        &format!("{HEADER}{OURS}{OURS}"),
        &["activity_id=88123"],
    )
    .expect("a comparison");
    let verdicts: Vec<RowVerdict> = comparison.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [RowVerdict::Matches, RowVerdict::Extra]);
}

#[test]
fn any_parameter_that_the_table_shows_can_be_given() {
    let text = "activity_id,queue_name,activity_status,activity_sub_status,assigned_to\n\
                88200,SALES,4000,4100,NULL\n88201,SALES,5000,5900,7\n";
    let comparison = compare("services_failure/activity_in_queue", text, &["waiting_id=88200"])
        .expect("a comparison");
    assert!(comparison.same, "{comparison:#?}");
    assert_eq!(comparison.remarks[1], "bound: queue_name CIM_WIM -> `SALES` (from the export)");
    let comparison = compare("services_failure/activity_in_queue", text, &["waiting_id=88201"])
        .expect("a comparison");
    assert_eq!(
        differing(&comparison),
        [
            "activity_status: 4000 / 5000",
            "activity_sub_status: 4100 / 5900",
            "assigned_to: NULL / 7"
        ]
    );
}

#[test]
fn what_cannot_be_bound_is_said() {
    let text = format!("{HEADER}{OURS}");
    let message = |check: &str, text: &str, bind: &str| {
        compare(check, text, &[bind]).expect_err(bind).to_string()
    };
    assert_eq!(
        message("services_failure/open_chats", &text, "activty_id=1"),
        "`services_failure` has no parameter `activty_id`"
    );
    assert_eq!(
        message("services_failure/open_chats", &text, "waiting_id=1"),
        "no row of `seeds/services_failure/20_open_chats.md` contains parameter `waiting_id`"
    );
    assert_eq!(
        message("services_failure/open_chats", "queue_name\nSUPPORT\n", "activity_id=1"),
        "the export has no column `activity_id`, which is needed to find its rows"
    );
}

/// The same chat in exported tables: queues, users and activities each in a file of their own.
#[test]
fn exported_tables_are_asked_the_documented_question() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("copy.sqlite");
    let image = Store::for_exports().expect("a copy").image().expect("an image");
    std::fs::write(&path, image).expect("a file");
    let conn = rusqlite::Connection::open(&path).expect("a database");
    conn.execute_batch(
        "INSERT INTO egpl_routing_queue (queue_id, queue_name) VALUES (7, 'SUPPORT');
         INSERT INTO egpl_user (user_id, user_name, screen_name, login_ip) VALUES (2204, 'asmith', 'Anna', 'app7');
         INSERT INTO egpl_casemgmt_activity (activity_id, activity_type, activity_status, activity_sub_status,
             queue_id, assigned_to, contact_point_data, when_created) VALUES
             (88123, 2000, 5000, 5900, 7, 2204, 'jane@customer.example', '2026-11-20 08:15:02.117'),
             (88130, 2000, 9000, 9100, 7, 2204, 'john@customer.example', '2026-11-20 08:16:00.000');",
    )
    .expect("rows");
    drop(conn);
    let store = Store::open_read_only(&path).expect("a copy");
    let library = Library::new(Vec::new()).expect("a library");
    let compare = |check: &str, bind: &str| {
        let binds = [("activity_id".to_owned(), bind.to_owned())];
        let terms = Terms::default();
        replay::compare_bound(
            &library,
            "services_failure",
            check,
            ProductionRows::Copy(&store),
            &terms,
            &binds,
            &replay::ReplayOptions::default(),
        )
    };
    let open = compare("open_chats", "88123").expect("a comparison");
    assert!(open.same, "{open:#?}");
    let closed = compare("open_chats", "88130").expect("a comparison");
    assert_eq!(
        closed.rows[0].verdict,
        RowVerdict::Missing,
        "it is completed, so not among the open chats"
    );
    let by_id = compare("chat_by_id", "88130").expect("a comparison");
    assert!(by_id.same, "asked by the user's id: {by_id:#?}");
    assert_eq!(
        differing(&compare("chat_by_id", "88123").expect("a comparison")),
        ["activity_status: 9000 / 5000", "activity_sub_status: 9100 / 5900"]
    );
    let model = compare("message_fate", "88123").expect_err("the model is not in a copy");
    assert!(model.to_string().contains("there is no table"), "{model}");
}
