//! The platform model by itself: it answers whatever happens, and every documented rule counts.

use chatdb::replay::{self, ReplayOptions};
use chatdb::report::RunVerdict;
use chatdb::store::{Binding, Store};
use chatdb::table::Cell;
use proptest::prelude::*;

use crate::honesty::{library, ten};

const BEGAN: i64 = 1_310_482_195_000;

/// A database in which the baseline has been played.
fn baseline() -> Store {
    let (report, store) =
        replay::replay(&library(), &["baseline".to_owned()], &ReplayOptions::default())
            .expect("it can be played");
    assert_eq!(report.runs[0].verdict, RunVerdict::Reproduced);
    store
}

fn values() -> Vec<Binding> {
    [("activity_id", 1347), ("agent_id", 1003), ("email_id", 1187)]
        .map(|(name, value)| (name.to_owned(), Cell::Integer(value)))
        .to_vec()
}

fn happen(store: &Store, at: i64, sql: &str) {
    store.set_clock(at).expect("time passes");
    store.run_script("test", sql, &values()).unwrap_or_else(|error| panic!("{sql}: {error}"));
    store.set_clock(at).expect("things settle");
}

fn rows(store: &Store, sql: &str) -> Vec<Vec<String>> {
    let table = store.ask(sql, &[], &values()).unwrap_or_else(|error| panic!("{sql}: {error}"));
    table.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

fn views(store: &Store) -> Vec<String> {
    let views = rows(store, "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name");
    views.into_iter().map(|mut row| row.remove(0)).collect()
}

/// Something that can happen in any situation.
const HAPPENINGS: [&str; 16] = [
    "INSERT INTO server_event (server, event) VALUES ('application', 'stops')",
    "INSERT INTO server_event (server, event) VALUES ('application', 'starts')",
    "INSERT INTO server_event (server, event) VALUES ('services', 'stops')",
    "INSERT INTO server_event (server, event) VALUES ('services', 'starts')",
    "INSERT INTO server_event (server, event) VALUES ('messaging', 'stops')",
    "INSERT INTO server_event (server, event) VALUES ('messaging', 'starts')",
    "INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Hello?')",
    "INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Hello?')",
    "INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs in')",
    "INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs out')",
    "INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'case')",
    "INSERT INTO agent_action (user_id, action, console_part, activity_id)
         VALUES (@agent_id, 'opens', 'chat', @activity_id)",
    "INSERT INTO email_reply (user_id, activity_id, text) VALUES (@agent_id, @email_id, 'So')",
    "INSERT INTO customer_leaves (activity_id) VALUES (@activity_id)",
    "INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
         SELECT 1350, 1000, 'Customer', 'c@awesome.com', 'Mozilla Firefox', 'Help'
         WHERE NOT EXISTS (SELECT 1 FROM known WHERE what = 'chat' AND id = 1350)",
    "INSERT INTO agent_action (user_id, action, activity_id) VALUES (@agent_id, 'completes', @activity_id)",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, in whatever order and after however long, every view gives an answer.
    #[test]
    fn the_model_is_total(
        steps in prop::collection::vec(
            (0..HAPPENINGS.len(), prop::sample::select(vec![0, 1, 29, 31, 200, 90_000])),
            1..14,
        ),
    ) {
        let store = baseline();
        let views = views(&store);
        let mut at = BEGAN + 60_000;
        for (happening, seconds) in steps {
            at += seconds * 1000;
            happen(&store, at, HAPPENINGS[happening]);
            for view in &views {
                let sql = format!("SELECT * FROM {view}");
                prop_assert!(store.ask(&sql, &[], &[]).is_ok(), "{view}");
            }
            // Every capability has one state, and every open chat of an agent a belief.
            prop_assert_eq!(
                rows(&store, "SELECT count(*) FROM capability WHERE subject IN ('agent', 'system')"),
                rows(&store, "SELECT count(*) FROM what_works WHERE subject IN ('agent', 'system')")
            );
            let states = "SELECT DISTINCT state FROM what_works
                          WHERE state NOT IN ('works', 'back at once', 'back at log-in', 'never back')";
            prop_assert!(rows(&store, states).is_empty());
            prop_assert_eq!(
                rows(&store, "SELECT count(*) FROM chat_contact"),
                rows(&store, "SELECT count(*) FROM session_belief")
            );
            let codes = "SELECT activity_status, activity_sub_status FROM egpl_casemgmt_activity
                         EXCEPT SELECT activity_status, activity_sub_status FROM chatdb_status_pair";
            prop_assert!(rows(&store, codes).is_empty(), "{:?}", rows(&store, codes));
        }
    }
}

#[test]
fn every_order_of_failures_and_restores_of_every_set_of_servers_has_an_answer() {
    let servers = ["application", "services", "messaging"];
    let mut orders: Vec<Vec<usize>> = vec![vec![]];
    for _ in 0..3 {
        let longer: Vec<Vec<usize>> = orders
            .iter()
            .flat_map(|order| {
                (0..3)
                    .filter(|s| !order.contains(s))
                    .map(|s| [order.as_slice(), &[s]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
        orders.extend(longer);
        orders.sort();
        orders.dedup();
    }
    assert_eq!(orders.len(), 1 + 3 + 6 + 6);
    let store = baseline();
    let views = views(&store);
    let mut played = 0;
    for down in &orders {
        for up in orders.iter().filter(|up| up.iter().all(|s| down.contains(s))) {
            for seconds in [0, 10, 600] {
                store.savepoint().expect("a savepoint");
                let mut at = BEGAN + 60_000;
                for (order, event) in [(down, "stops"), (up, "starts")] {
                    for server in order {
                        at += seconds * 1000;
                        let server = servers[*server];
                        happen(
                            &store,
                            at,
                            &format!(
                                "INSERT INTO server_event (server, event) VALUES ('{server}', '{event}')"
                            ),
                        );
                    }
                }
                at += seconds * 1000;
                happen(
                    &store,
                    at,
                    "INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs in')",
                );
                for view in &views {
                    rows(&store, &format!("SELECT * FROM {view}"));
                }
                let lacking = down.iter().filter(|s| !up.contains(s)).count();
                let still = rows(&store, "SELECT count(*) FROM outage WHERE started_at IS NULL");
                assert_eq!(still, [[lacking.to_string()]]);
                store.roll_back().expect("a way back");
                played += 1;
            }
        }
    }
    assert!(played > 100, "only {played}");
}

#[test]
fn servers_that_the_document_does_not_name_together_are_called_not_covered() {
    for (servers, situation) in [
        (vec!["services"], "covered"),
        (vec!["messaging", "application"], "covered"),
        (vec!["application", "services"], "not covered"),
        (vec!["messaging", "services"], "not covered"),
    ] {
        let store = baseline();
        for server in &servers {
            let sql =
                format!("INSERT INTO server_event (server, event) VALUES ('{server}', 'stops')");
            happen(&store, BEGAN + 60_000, &sql);
        }
        happen(&store, BEGAN + 90_000, HAPPENINGS[6]);
        let found = rows(&store, "SELECT DISTINCT situation FROM message_fate");
        assert_eq!(found, [[situation.to_owned()]], "{servers:?}");
        let all = rows(&store, "SELECT count(*) FROM what_works WHERE situation = 'covered'");
        assert_eq!(all[0][0] != "0", situation == "covered", "{servers:?}");
    }
}

#[test]
fn a_completion_takes_only_where_the_agent_reaches_the_row() {
    let complete = HAPPENINGS[15];
    for (before, completed) in [
        ("SELECT 1", true),
        (HAPPENINGS[2], true),  // Services stops
        (HAPPENINGS[4], true),  // Messaging stops
        (HAPPENINGS[0], false), // Application stops
        (HAPPENINGS[9], false), // the agent logs out
    ] {
        let store = baseline();
        happen(&store, BEGAN + 60_000, before);
        store.set_clock(BEGAN + 90_000).expect("time passes");
        let changed = store.run_script("test", complete, &values()).expect("it is no error");
        assert_eq!(changed, u64::from(completed), "{before}");
    }
}

/// A cause can only be added, and names what there is.
#[test]
fn a_cause_that_cannot_be_is_refused_and_says_what_there_is() {
    let store = baseline();
    for (sql, why) in [
        (
            "INSERT INTO message (message_id, activity_id, author, text) VALUES (1, 1347, 'agent', 'x')",
            "the model sets `message_id` and `at`: leave them out",
        ),
        (
            "INSERT INTO message (message_id, activity_id, author, text) VALUES (-1, 1347, 'agent', 'x')",
            "the model sets `message_id` and `at`: leave them out",
        ),
        (
            "INSERT INTO message (rowid, activity_id, author, text) VALUES (9, 1347, 'agent', 'x')",
            "the model sets `message_id` and `at`: leave them out",
        ),
        (
            "INSERT INTO message (at, activity_id, author, text) VALUES ('2011-07-12', 1347, 'agent', 'x')",
            "the model sets `message_id` and `at`: leave them out",
        ),
        (
            "INSERT OR REPLACE INTO message (message_id, activity_id, author, text) VALUES (1, 1347, 'agent', 'x')",
            "the statement replaces rows (REPLACE), which scripts may not do: use INSERT for a new \
             row, or UPDATE for one of the master data",
        ),
        (
            "REPLACE INTO egpl_user (user_id, user_name) VALUES (1003, 'x')",
            "the statement replaces rows (REPLACE), which scripts may not do: use INSERT for a new \
             row, or UPDATE for one of the master data",
        ),
        (
            "UPDATE message SET text = 'x'",
            "the statement writes `message.text`, which scripts may not write: it is derived from causes, or is a \
             rule; past events cannot be changed, only added",
        ),
        (
            "UPDATE egpl_casemgmt_activity SET activity_sub_status = 9100",
            "the statement writes `egpl_casemgmt_activity.activity_sub_status`, which scripts may not write: it is \
             derived from causes, or is a rule; an agent completes a chat by INSERT INTO agent_action (user_id, \
             action, \
             activity_id) VALUES (..., 'completes', ...)",
        ),
        (
            "INSERT INTO message (activity_id, author, text) VALUES (1348, 'agent', 'x')",
            "no such chat; there is 1347",
        ),
        (
            "INSERT INTO message (activity_id, author, text) VALUES (NULL, 'agent', 'x')",
            "no such chat; there is 1347",
        ),
        (
            "INSERT INTO message (activity_id, author, text) VALUES (1347, 'custommer', 'x')",
            "no such author; there are agent, customer",
        ),
        (
            "INSERT INTO server_event (server, event) VALUES ('aplication', 'stops')",
            "no such server; there are application, messaging, services",
        ),
        (
            "INSERT INTO server_event (server, event) VALUES ('application', 'stop')",
            "no such server event; there are starts, stops",
        ),
        (
            "INSERT INTO agent_action (user_id, action) VALUES (7, 'logs in')",
            "no such agent; there is 1003",
        ),
        (
            "INSERT INTO agent_action (user_id, action) VALUES (1003, 'sleeps')",
            "no such action; there are completes, logs in, logs out, opens, transfers",
        ),
        (
            "INSERT INTO agent_action (user_id, action, console_part) VALUES (1003, 'opens', 'cases')",
            "no such console part; there are case, chat, customer, inbox, knowledge base",
        ),
        (
            "INSERT INTO agent_action (user_id, action, console_part) VALUES (1003, 'opens', 'chat')",
            "no such chat; there is 1347",
        ),
        (
            "INSERT INTO agent_action (user_id, action, activity_id) VALUES (1003, 'logs in', 1347)",
            "only a chat has an `activity_id` here",
        ),
        (
            "INSERT INTO agent_action (user_id, action, activity_id, to_user_id) VALUES (1003, 'transfers', 1347, 7)",
            "no such agent; there is 1003",
        ),
        (
            "INSERT INTO email_reply (user_id, activity_id, text) VALUES (1003, 1347, 'x')",
            "no such e-mail; there is 1187",
        ),
        (
            "INSERT INTO customer_leaves (activity_id) VALUES (1)",
            "no such chat; there is 1347",
        ),
        (
            "INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
             VALUES (1187, 1000, 'x', 'x', 'x', 'x')",
            "this `activity_id` already exists: choose another",
        ),
        (
            "INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
             VALUES (5, 1001, 'x', 'x', 'x', 'x')",
            "no such chat entry point; there is 1000",
        ),
        (
            "INSERT INTO chat_request (entry_point_id, customer_name, email_address, browser, text)
             VALUES (1000, 'x', 'x', 'x', 'x')",
            "a new activity needs an `activity_id` above 0",
        ),
        (
            "INSERT INTO egpl_user (user_id, user_name, login_ip) VALUES (9, 'x', '43app')",
            "the model sets `login_ip` and `login_logout_time`: leave them out",
        ),
        ("DELETE FROM egpl_user", "this agent cannot be deleted: it has actions in this scenario"),
        ("UPDATE egpl_user SET user_id = 4", "`user_id` cannot be changed"),
        (
            "UPDATE egpl_user SET screen_name = 'Mallory'",
            "`screen_name` of this agent cannot be changed: customers have seen it",
        ),
        ("DELETE FROM entry_point", "this entry point cannot be deleted: a customer came in at it"),
        (
            "UPDATE entry_point SET banner = 'Other'",
            "this entry point cannot be changed: a customer came in at it",
        ),
        (
            "UPDATE egpl_routing_queue SET queue_name = 'Other'",
            "`queue_name` of this queue cannot be changed: agents have seen it",
        ),
    ] {
        store.savepoint().expect("a savepoint");
        let error = store.run_script("10_x.sql", &format!("\n{sql};"), &[]).expect_err(sql);
        assert_eq!(error.to_string(), format!("10_x.sql:2: {why}"), "{sql}");
        store.roll_back().expect("a way back");
    }
}

/// Both ends must be in the chat; and whatever is not delivered stays undelivered.
#[test]
fn a_message_reaches_nobody_who_is_not_there() {
    let (logs_out, leaves, complete) = (HAPPENINGS[9], HAPPENINGS[13], HAPPENINGS[15]);
    for (before, lost_to) in [
        ("SELECT 1", "NULL"),
        (logs_out, "no agent"),
        (leaves, "no customer"),
        (complete, "completed chat"),
        (HAPPENINGS[0], "application"),
    ] {
        let store = baseline();
        happen(&store, BEGAN + 60_000, before);
        for author in [6, 7] {
            happen(&store, BEGAN + 70_000, HAPPENINGS[author]);
        }
        let fate = "SELECT coalesce(lost_to, 'NULL') FROM message_fate WHERE message_id > 2";
        assert_eq!(rows(&store, fate), [[lost_to.to_owned()], [lost_to.to_owned()]], "{before}");
        // Who comes back finds nothing delivered later.
        happen(&store, BEGAN + 80_000, HAPPENINGS[1]);
        happen(&store, BEGAN + 90_000, HAPPENINGS[8]);
        assert_eq!(rows(&store, fate), [[lost_to.to_owned()], [lost_to.to_owned()]], "{before}");
    }
    // A request that the servers did not let through is no chat, and one that nobody has opened has one end.
    let store = baseline();
    happen(&store, BEGAN + 60_000, HAPPENINGS[14]);
    let to_it =
        "INSERT INTO message (activity_id, author, text) VALUES (1350, 'customer', 'Hello?')";
    happen(&store, BEGAN + 70_000, to_it);
    let fate = "SELECT lost_to FROM message_fate WHERE activity_id = 1350";
    assert_eq!(rows(&store, fate), [["no agent"]]);
    let store = baseline();
    happen(&store, BEGAN + 60_000, &format!("{};{};{to_it}", HAPPENINGS[0], HAPPENINGS[14]));
    assert_eq!(rows(&store, fate), [["no chat"]]);
}

#[test]
fn what_is_done_already_changes_nothing_and_counts_nothing() {
    let store = baseline();
    let counted = |sql: &str| {
        store.set_clock(BEGAN + 60_000).expect("time passes");
        store.run_script("test", sql, &values()).expect("it is no error")
    };
    assert_eq!(counted(HAPPENINGS[15]), 1);
    let events = "SELECT count(*) FROM egpl_event_history_case_mgmt";
    let before = rows(&store, events);
    assert_eq!(counted(HAPPENINGS[15]), 0);
    assert_eq!(rows(&store, events), before);
    assert_eq!(counted(HAPPENINGS[13]), 1);
    assert_eq!(counted(HAPPENINGS[13]), 0);
    assert_eq!(rows(&store, events), before, "who leaves a completed chat leaves no session");
}

#[test]
fn a_transferred_chat_is_another_agent_s_who_has_yet_to_open_it() {
    let store = baseline();
    let second = "INSERT INTO egpl_user (user_id, user_name, screen_name, when_created, who_created, delete_flag,
                      user_state, department_id, authentication_type)
                  VALUES (2001, 'Ann', 'Ann', '2011-01-01', 0, 'N', 0, 999, 0)";
    let transfer = "INSERT INTO agent_action (user_id, action, activity_id, to_user_id)
                    VALUES (1003, 'transfers', 1347, 2001)";
    let chat = "SELECT activity_sub_status, assigned_to FROM egpl_casemgmt_activity WHERE activity_id = 1347";
    happen(&store, BEGAN + 60_000, second);
    assert_eq!(
        store.run_script("test", transfer, &[]).expect("no error"),
        0,
        "she is not logged in"
    );
    happen(
        &store,
        BEGAN + 70_000,
        "INSERT INTO agent_action (user_id, action) VALUES (2001, 'logs in')",
    );
    assert_eq!(store.run_script("test", transfer, &[]).expect("no error"), 1);
    assert_eq!(rows(&store, chat), [["5100", "2001"]]);
    assert_eq!(store.run_script("test", transfer, &[]).expect("no error"), 0, "it is hers now");
    happen(&store, BEGAN + 80_000, HAPPENINGS[7]);
    happen(
        &store,
        BEGAN + 90_000,
        "INSERT INTO agent_action (user_id, action, console_part, activity_id) VALUES (2001, 'opens', 'chat', 1347)",
    );
    assert_eq!(rows(&store, chat), [["5900", "2001"]]);
    happen(&store, BEGAN + 100_000, HAPPENINGS[6]);
    let lines = rows(&store, "SELECT line FROM customer_transcript WHERE activity_id = 1347");
    let lines = lines.concat();
    assert_eq!(
        lines[3..],
        ["DMarino : Hello", "Customer : Hi", "[You are now chatting with Ann.]", "Ann : Hello?"]
    );
}

/// For each cell of the matrix that the document states of one server alone: turned round, some check of the
/// ten scenarios fails. So no documented rule is there for show.
#[test]
fn every_documented_rule_of_the_matrix_counts() {
    let library = library();
    let cells = rows(
        &Store::with_platform().expect("a database"),
        "SELECT r.capability, r.server, r.needed FROM server_rule r
         JOIN server s ON s.server = r.server
         WHERE EXISTS (SELECT 1 FROM evidence e WHERE e.effect = r.capability AND e.servers = s.bit)",
    );
    assert!(cells.len() >= 12, "only {} documented cells", cells.len());
    let mut idle = Vec::new();
    for cell in &cells {
        let store = Store::with_platform().expect("a database");
        let turned = match cell[2].as_str() {
            "1" => "needed = 0, recovers = NULL",
            _ => "needed = 1, recovers = 'at once'",
        };
        let (capability, server) = (cell[0].replace('\'', "''"), &cell[1]);
        let sql = format!(
            "UPDATE server_rule SET {turned} WHERE capability = '{capability}' AND server = '{server}'"
        );
        assert_eq!(store.run_own("test", &sql, &[]).expect("a rule"), 1);
        let (report, _) = replay::replay_on(store, &library, &ten(), &ReplayOptions::default())
            .expect("it can be played");
        // This one prints the matrix itself, so that it would notice anything.
        let listings = ["what_works"];
        let steps = report.runs.iter().flat_map(|run| &run.steps);
        let noticed = report.runs.iter().any(|run| run.verdict == RunVerdict::NotRun)
            || steps.flat_map(|step| &step.checks).any(|check| {
                check.verdict != chatdb::report::CheckVerdict::Matches
                    && !listings.contains(&check.query.as_str())
            });
        if !noticed {
            idle.push(format!("{} / {server}", cell[0]));
        }
    }
    assert!(idle.is_empty(), "turned round, these change nothing: {idle:?}");
}

#[test]
fn every_time_rule_counts() {
    let library = library();
    let names =
        rows(&Store::with_platform().expect("a database"), "SELECT time_rule FROM time_rule");
    assert_eq!(names.len(), 4);
    for name in names {
        // A triangle that comes at once is what the prints would show as well.
        let shortest = if name[0] == "triangle" { 300 } else { 0 };
        for seconds in [shortest, 1_000_000] {
            let store = Store::with_platform().expect("a database");
            let sql =
                format!("UPDATE time_rule SET seconds = {seconds} WHERE time_rule = '{}'", name[0]);
            assert_eq!(store.run_own("test", &sql, &[]).expect("a rule"), 1);
            let (report, _) = replay::replay_on(store, &library, &ten(), &ReplayOptions::default())
                .expect("it can be played");
            assert!(!report.holds(), "`{}` of {seconds} s changes nothing", name[0]);
        }
    }
}

#[test]
fn each_rule_says_where_it_comes_from() {
    let store = Store::with_platform().expect("a database");
    let rules = rows(&store, "SELECT kind, rule, basis, lines, reading FROM rule");
    assert!(rules.len() > 60, "only {} rules", rules.len());
    for rule in rules {
        assert!(rule[2] == "documented" || rule[2] == "extrapolated", "{rule:?}");
        assert!(
            rule[2] == "extrapolated" || rule[3] != "NULL",
            "documented without lines: {rule:?}"
        );
        assert!(!rule[4].is_empty(), "{rule:?}");
    }
    // The matrix is whole: every capability has a cell for every server.
    assert_eq!(
        rows(&store, "SELECT count(*) FROM server_rule"),
        rows(&store, "SELECT (SELECT count(*) FROM capability) * (SELECT count(*) FROM server)")
    );
    // Evidence speaks of effects that exist, and of sets of servers that the document has a section for.
    let unknown = rows(
        &store,
        "SELECT effect FROM evidence EXCEPT SELECT capability FROM capability EXCEPT SELECT notice FROM notice
         EXCEPT VALUES ('chat row'), ('triangle'), ('red square'), ('green circle'), ('session active'), ('none'),
                       ('log out'), ('log in again'), ('desktop times out'), ('pop-up error')",
    );
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(
        rows(&store, "SELECT DISTINCT servers FROM evidence ORDER BY 1").concat(),
        ["1", "2", "4", "5", "7"]
    );
    assert_eq!(ten().len(), 10);
}

#[test]
fn the_product_s_schema_stands_alone() {
    let store = Store::new().expect("a database");
    let others = rows(
        &store,
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger')
         AND name NOT GLOB 'eg*' AND name NOT GLOB 'chatdb_*' AND name NOT GLOB 'refinery_*'
         AND name NOT GLOB 'sqlite_*'",
    );
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(columns_of("egpl_casemgmt_activity").len(), 46);
    let tags = rows(&store, "SELECT DISTINCT tag FROM chatdb_code ORDER BY 1").concat();
    assert_eq!(tags, ["contested", "inferred", "unknown", "verified"]);
}

/// The program starts from databases made when it was built; they are what the migrations make.
#[test]
fn the_databases_carried_are_those_of_the_migrations() {
    let objects = "SELECT type, name, sql FROM sqlite_master
                   WHERE name NOT GLOB 'sqlite_*' AND name NOT GLOB '*_history' AND name NOT GLOB 'chatdb_clock'
                   ORDER BY type, name";
    let carried = Store::with_platform().expect("a database");
    let fresh = rusqlite::Connection::open_in_memory().expect("a database");
    fresh.execute_batch(&chatdb::store::schema_script()).expect("the migrations run");
    let read = |sql: &str| {
        let mut statement = fresh.prepare(sql).expect(sql);
        let width = statement.column_count();
        let mut found = statement.query([]).expect(sql);
        let mut rows = Vec::new();
        while let Some(row) = found.next().expect(sql) {
            let cell = |at| match row.get_ref(at).expect("a cell") {
                rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                rusqlite::types::ValueRef::Integer(value) => value.to_string(),
                other => other.as_str().expect("text").to_owned(),
            };
            rows.push((0..width).map(cell).collect::<Vec<_>>());
        }
        rows
    };
    assert_eq!(rows(&carried, objects), read(objects));
    for table in ["server_rule", "evidence", "time_rule", "notice", "capability", "chatdb_code"] {
        let all = format!("SELECT * FROM {table} ORDER BY 1, 2, 3");
        assert_eq!(rows(&carried, &all), read(&all), "{table}");
    }
    let applied = rows(&carried, "SELECT count(*) FROM refinery_schema_history");
    assert_eq!(applied, [["2"]]);
    assert_eq!(rows(&carried, "SELECT count(*) FROM chatdb_platform_history"), [["5"]]);
}

fn columns_of(table: &str) -> Vec<String> {
    let fresh = rusqlite::Connection::open_in_memory().expect("a database");
    fresh.execute_batch(&chatdb::store::schema_script()).expect("the migrations run");
    let mut statement = fresh.prepare("SELECT name FROM pragma_table_info(?1)").expect("a query");
    let names = statement.query_map([table], |row| row.get(0)).expect("rows");
    names.map(|name| name.expect("a name")).collect()
}

/// Who writes a scenario finds every cause, and all that it takes, on the page of the format.
#[test]
fn the_format_page_tells_of_every_cause() {
    let store = Store::with_platform().expect("a database");
    for cause in crate::honesty::CAUSES {
        let line = chatdb::scenario::FORMAT_PAGE
            .lines()
            .find(|line| line.starts_with(&format!("| `{cause}`")))
            .unwrap_or_else(|| panic!("{cause} is not on the page"));
        let columns = columns_of(cause);
        let own = [format!("{cause}_id"), "at".to_owned()];
        for column in columns.iter().filter(|column| !own.contains(column)) {
            assert!(line.contains(&format!("`{column}`")), "{cause}.{column} is not on the page");
        }
    }
    let triggers = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%INSERT ON%'
                    AND tbl_name NOT GLOB 'eg*'
                    AND tbl_name NOT IN ('agent_login', 'chat_assignment', 'chat_pickup', 'delivery') ORDER BY 1";
    let mut causes = crate::honesty::CAUSES.map(str::to_owned).to_vec();
    causes.sort();
    assert_eq!(rows(&store, triggers).concat(), causes);
}

#[test]
fn waiting_chats_go_to_ready_agents_oldest_first_one_each() {
    let store = baseline();
    let people = "INSERT INTO egpl_user (user_id, user_name, screen_name, when_created, who_created, delete_flag,
                      user_state, department_id, authentication_type)
                  VALUES (2001, 'Ann', 'Ann', '2011-01-01', 0, 'N', 0, 999, 0),
                         (2002, 'Bob', 'Bob', '2011-01-01', 0, 'N', 0, 999, 0)";
    let chat = |id: i64| {
        format!(
            "INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
             VALUES ({id}, 1000, 'Customer', 'c@awesome.com', 'Mozilla Firefox', 'Help')"
        )
    };
    // Three chats arrive while the only agent is in one, the second before the first.
    for (at, sql) in [(60, chat(1352)), (61, chat(1351)), (62, chat(1353))] {
        happen(&store, BEGAN + at * 1000, &sql);
    }
    let log_in = "INSERT INTO agent_action (user_id, action) VALUES (2001, 'logs in');
                  INSERT INTO agent_action (user_id, action) VALUES (2002, 'logs in')";
    happen(&store, BEGAN + 70_000, &format!("{people};{log_in}"));
    let given = "SELECT activity_id, assigned_to, activity_status FROM egpl_casemgmt_activity
                 WHERE activity_id > 1350 ORDER BY when_created";
    let expected = [["1352", "2001", "5000"], ["1351", "2002", "5000"], ["1353", "NULL", "4000"]]
        .map(|row| row.map(str::to_owned));
    assert_eq!(rows(&store, given), expected);
}
