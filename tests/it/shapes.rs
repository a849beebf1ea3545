//! That a row which a script adds is the same by way of its statement's shape, and that problem with it is told
//! in the same words.

use chatdb::store::{Binding, Store};
use chatdb::table::Cell;

/// A database in which a chat can be asked for and an agent act.
fn lab() -> Store {
    const LAB: &str = "INSERT INTO egpl_department (department_id, department_name, delete_flag) VALUES (999, 'A', 'n');
        INSERT INTO egpl_routing_queue (queue_id, queue_name, queue_state, department_id, queue_type,
            queue_routing_type, queue_chat_routing_type, who_created, when_created, max_chat_queue_depth,
            chat_queue_priority, chat_alternate_engagement)
            SELECT 1000, 'Q', 1, 999, 0, 0, 0, 0, '2011-01-01 00:00:00.000', 0, 0, 0;
        INSERT INTO entry_point (entry_point_id, channel, name, queue_id, department_id)
            SELECT 1000, 'chat', 'Integ', 1000, 999;";
    let store = Store::with_platform().expect("a database");
    store.run_own("lab", LAB, &[]).expect("it is a lab");
    store
}

fn values() -> Vec<Binding> {
    let name = |name: &str, value| (name.to_owned(), value);
    vec![
        name("id", Cell::Integer(7)),
        name("text", Cell::Text("it's @id".to_owned())),
        name("nothing", Cell::Null),
        name("real", Cell::Real(1.5)),
        name("time", Cell::Timestamp(0)),
    ]
}

/// What comes of a script in a new database: the rows that it changes, or problem, and what is then in a table.
fn comes_of(script: &str, table: &str) -> (Result<u64, String>, String) {
    let store = lab();
    let outcome = store.run_script("10.sql", script, &values());
    let outcome = outcome.map_err(|error| error.to_string());
    let rows = store.ask(&format!("SELECT * FROM {table}"), &[], &[]);
    (outcome, format!("{:?}", rows.map(|rows| rows.rows).ok()))
}

/// Each as a script writes it, and with words before it that leave it without a shape.
fn same(table: &str, columns: &str, values: &str) -> Result<u64, String> {
    let plain = format!("INSERT INTO {table} ({columns}) VALUES ({values})");
    let other = format!("WITH other AS (SELECT 1) {plain}");
    let (by_shape, by_itself) = (comes_of(&plain, table), comes_of(&other, table));
    assert_eq!(by_shape, by_itself, "{plain}");
    by_shape.0
}

#[test]
fn a_row_is_the_same_whether_its_values_are_bound_or_written() {
    let written = [
        "'a'",
        "''",
        "'it''s'",
        "''''",
        "'@id'",
        "'?'",
        "'a;b'",
        "'ä\u{1F600}'",
        "'a\nb'",
        "0",
        "7",
        "007",
        "9223372036854775807",
        "9223372036854775808",
        "NULL",
        "null",
        "@id",
        "@text",
        "@nothing",
        "@real",
        "@time",
        "-1",
        "1.5",
        "1e3",
        "0x1F",
        "x'41'",
        "'a' || 'b'",
        "(1)",
        "CURRENT_DATE",
        "\"a\"",
        "@unknown",
        "/* c */ 5",
        "'a' -- c\n",
        "'1'",
        "' 1'",
        "TRUE",
    ];
    let mut taken = 0;
    for value in written {
        for (columns, rest) in [
            ("department_id, department_name, delete_flag", "'n'"),
            ("department_name, department_id, delete_flag", "@text"),
        ] {
            taken += usize::from(
                same("egpl_department", columns, &format!("5, {value}, {rest}")).is_ok(),
            );
            same("egpl_department", columns, &format!("{value}, 5, {rest}")).ok();
        }
        same("server_event", "server, event", &format!("'application', {value}")).ok();
        same("server_event", "server, event", &format!("{value}, 'stops'")).ok();
        same(
            "chat_request",
            "activity_id, entry_point_id, customer_name, email_address, browser, text",
            &format!("1347, 1000, {value}, 'a@b', 'B', {value}"),
        )
        .ok();
        same(
            "chat_request",
            "activity_id, entry_point_id, customer_name, email_address, browser, text",
            &format!("{value}, 1000, 'C', 'a@b', 'B', 'T'"),
        )
        .ok();
    }
    assert!(taken > 20, "{taken}");
}

#[test]
fn what_is_wrong_with_a_row_is_told_in_the_same_words() {
    for (table, columns, values) in [
        ("server_event", "server, event", "'application', 'explodes'"),
        ("server_event", "server, event", "'nowhere', 'stops'"),
        ("server_event", "server", "'application'"),
        ("server_event", "server, evnt", "'application', 'stops'"),
        ("server_event", "server, event", "'application'"),
        ("server_event", "server, event", "'application', 'stops', 1"),
        ("server_event", "server, server", "'application', 'services'"),
        ("server_event", "server_event_id, server, event", "1, 'application', 'stops'"),
        ("server_event", "at, server, event", "'2011-01-01', 'application', 'stops'"),
        ("server_event", "rowid, server, event", "1, 'application', 'stops'"),
        ("Server_Event", "Server, Event", "'application', 'stops'"),
        ("\"server_event\"", "\"server\", [event]", "'application', 'stops'"),
        ("main.server_event", "server, event", "'application', 'stops'"),
        ("message", "activity_id, author, text", "1, 'agent', 'a'"),
        ("agent_action", "user_id, action", "1, 'logs in'"),
        ("agent_action", "user_id, action, to_user_id", "1, 'logs in', NULL"),
        ("no_table", "a", "1"),
        ("outage", "server", "'application'"),
        ("egpl_casemgmt_activity", "activity_id", "1"),
        ("egpl_user", "user_id, login_ip", "1, 'x'"),
        ("sqlite_schema", "name", "'x'"),
        ("chatdb_clock", "now", "'2011-01-01'"),
    ] {
        same(table, columns, values).ok();
    }
    assert_eq!(same("server_event", "server, event", "'application', 'stops'"), Ok(1));
    assert!(
        same("server_event", "server, event", "'a', 'stops'")
            .is_err_and(|error| error.contains("no such server"))
    );
}

#[test]
fn the_columns_of_causes_have_no_defaults() {
    // A shape gives NULL for a column that is left out.
    const DEFAULTS: &str = "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_xinfo(t.name) c \
        WHERE t.name = ?1 AND (c.dflt_value IS NOT NULL OR c.hidden <> 0)";
    let image = Store::with_platform().expect("a database").image().expect("its bytes");
    let conn = {
        let mut conn = rusqlite::Connection::open_in_memory().expect("a database");
        conn.deserialize_read_exact(rusqlite::MAIN_DB, &image[..], image.len(), true)
            .expect("it is one");
        conn
    };
    let tables = [
        "agent_action",
        "chat_request",
        "customer_leaves",
        "email_arrival",
        "email_reply",
        "message",
        "server_event",
    ];
    for table in tables {
        assert!(chatdb::sql::guard::is_cause(table));
        let found = conn.prepare(DEFAULTS).and_then(|mut found| found.exists([table]));
        assert_eq!(found.ok(), Some(false), "{table}");
    }
}
