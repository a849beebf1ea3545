//! What the findings on agents say of small exports written by hand, each beside a twin that differs in one thing.

use std::fmt::Write as _;

use chatdb::analysis::AnalysisOptions;
use chatdb::report::AnalysisRun;
use chatdb::table::Cell;

use crate::analysis_page::{DAY, HOUR, MINUTE, START, report};

fn time(at: i64) -> String {
    Cell::Timestamp(at).to_string()
}

/// Exports as text. Events are in UTC, which is the servers' time here.
struct Exported {
    activities: String,
    users: String,
    events: String,
    log_ins: String,
    next: i64,
}

impl Exported {
    fn new() -> Self {
        Self {
            activities: "activity_id,activity_type,activity_status,activity_sub_status,assigned_to,queue_id,\
                         when_created,when_modified\n"
                .to_owned(),
            users: "user_id,user_name,screen_name,login_ip,login_logout_time,delete_flag\n".to_owned(),
            events: "event_id,event_date,object_operation,activity_id,user_id\n".to_owned(),
            log_ins: "event_id,event_date,application_id,object_operation,user_id\n".to_owned(),
            next: 1000,
        }
    }

    fn user(&mut self, id: i64, logged: i64, deleted: &str) {
        let at = time(logged);
        writeln!(self.users, "{id},agent{id},agent{id},43app,{at},{deleted}").expect("a String");
    }

    fn log_in(&mut self, id: i64, at: i64) {
        self.next += 1;
        writeln!(self.log_ins, "{},{at},1,5,{id}", self.next).expect("a String");
    }

    fn chat(&mut self, status: &str, agent: i64, created: i64, modified: i64) -> i64 {
        self.next += 1;
        let (id, from, to) = (self.next, time(created), time(modified));
        writeln!(self.activities, "{id},2000,{status},{agent},12,{from},{to}").expect("a String");
        id
    }

    fn event(&mut self, at: i64, operation: i64, chat: i64, agent: i64) {
        self.next += 1;
        let id = self.next;
        writeln!(self.events, "{id},{at},{operation},{chat},{agent}").expect("a String");
    }

    fn analyzed(self) -> AnalysisRun {
        let mut exports = vec![("egpl_casemgmt_activity.csv".to_owned(), self.activities)];
        for (file, text) in [
            ("egpl_user.csv", self.users),
            ("egpl_event_history_case_mgmt.csv", self.events),
            ("egpl_event_history_user.csv", self.log_ins),
        ] {
            if text.lines().count() > 1 {
                exports.push((file.to_owned(), text));
            }
        }
        let report = report(exports, &AnalysisOptions::default());
        report.analysis.expect("an analysis")
    }
}

/// The rows of a finding, their first cells.
fn rows(run: &AnalysisRun, name: &str, cells: usize) -> Vec<String> {
    let found = run.findings.iter().find(|one| one.name == name);
    let rows = &found.expect("a finding").table.rows;
    let first = |row: &Vec<Cell>| {
        let cells: Vec<String> = row[..cells].iter().map(Cell::to_string).collect();
        cells.join(" ")
    };
    rows.iter().map(first).collect()
}

/// A morning with five agents who get a chat every quarter of an hour; the sixth has an old chat, which changed last at
/// eight, and gets none. Twelve more agents come at eleven.
fn morning(logged_in: i64, logged: i64, deleted: &str, late_shift: bool) -> Vec<String> {
    let (day, begins) = (START, START + 8 * HOUR);
    let mut exported = Exported::new();
    exported.chat("5000,5900", 2006, begins - MINUTE, begins);
    exported.user(2006, logged, deleted);
    exported.log_in(2006, logged_in);
    let late = if late_shift { 12 } else { 0 };
    for agent in 2001..2006 {
        exported.user(agent, begins, "N");
    }
    for agent in 2101..2101 + late {
        exported.user(agent, day + 11 * HOUR, "N");
    }
    for quarter in 1..16 {
        let at = begins + quarter * 15 * MINUTE;
        let at_work = (2001..2006).chain((2101..2101 + late).filter(|_| quarter > 13));
        for agent in at_work {
            let chat = exported.chat("9000,9100", agent, at, at + 9 * MINUTE);
            exported.event(at, 205, chat, agent);
            exported.event(at + 9 * MINUTE, 544, chat, agent);
        }
    }
    rows(&exported.analyzed(), "blocked_agents", 2)
}

#[test]
fn an_agent_is_blocked_by_what_those_at_work_got_and_not_after_going_home() {
    let in_at = START + 8 * HOUR + 5 * MINUTE;
    let (blocked, gone) =
        ("2006 blocked", "2006 unclear: logged in or out after the chat last changed");
    for (case, logged, deleted, late_shift, expected) in [
        ("at work", in_at, "N", false, vec![blocked]),
        ("others come later", in_at, "N", true, vec![blocked]),
        ("a minute apart", in_at + MINUTE, "N", false, vec![blocked]),
        ("went home", in_at + 2 * HOUR, "N", false, vec![gone]),
        ("deleted", in_at, "Y", false, vec![]),
    ] {
        assert_eq!(morning(in_at, logged, deleted, late_shift), expected, "{case}");
    }
}

/// Two agents have one chat each at a time; every third chat goes from the first to the second after five minutes. At
/// the end the second has `open` old chats.
fn pairs(open: i64) -> AnalysisRun {
    let mut exported = Exported::new();
    for turn in 0..90 {
        let at = START + 8 * HOUR + (turn / 45) * DAY + (turn % 45) * 10 * MINUTE;
        let half = at + 5 * MINUTE;
        // Customers wait for a free agent.
        let asked = at - 2 * MINUTE;
        let given = exported.chat("9000,9100", 2002, asked, half + 5 * MINUTE);
        exported.event(at, 205, given, 2001);
        exported.event(half, 209, given, 2002);
        exported.event(half + 5 * MINUTE, 544, given, 2002);
        for (agent, begins) in [(2002, at), (2001, half)] {
            let own = exported.chat("9000,9100", agent, begins - 2 * MINUTE, begins + 5 * MINUTE);
            exported.event(begins, 205, own, agent);
            exported.event(begins + 5 * MINUTE, 544, own, agent);
        }
    }
    for chat in 0..open {
        let at = START + 9 * HOUR + chat * MINUTE;
        let own = exported.chat("5000,5900", 2002, at, at);
        exported.event(at, 205, own, 2002);
    }
    exported.analyzed()
}

#[test]
fn a_transferred_chat_counts_for_each_agent_as_long_as_the_agent_has_it() {
    assert_eq!(rows(&pairs(2), "over_limit", 1), ["2002"]);
    assert_eq!(rows(&pairs(1), "over_limit", 1), Vec::<String>::new());
}

/// Eight days of chats, without events; nobody does anything for an hour and a half of the last if `fails`.
fn days(fails: bool, old: bool) -> Vec<(Cell, Cell)> {
    let mut exported = Exported::new();
    if old {
        exported.chat("5000,5900", 2001, START - 60 * DAY, START - 60 * DAY);
    }
    let (from, to) = (START + 8 * DAY + 10 * HOUR, START + 8 * DAY + 11 * HOUR + 30 * MINUTE);
    for day in (0..9).filter(|day| day % 7 < 5) {
        for (agent, turn) in (0..12).flat_map(|agent| (0..50).map(move |turn| (agent, turn))) {
            let at = START + day * DAY + 8 * HOUR + turn * 12 * MINUTE + agent * 97_000;
            let ended = at + 10 * MINUTE;
            match fails {
                true if at >= from && at < to => {}
                true if at < from && ended >= from => {
                    exported.chat("9000,9100", 2000 + agent, at, to + (agent + 3) * MINUTE);
                }
                _ => {
                    exported.chat("9000,9100", 2000 + agent, at, ended);
                }
            }
        }
    }
    let run = exported.analyzed();
    let windows = run.detected.into_iter();
    windows.map(|window| (window.from, window.to)).collect()
}

#[test]
fn one_old_open_chat_does_not_hide_an_outage_of_rows_without_events() {
    let found = days(true, false);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(days(true, true), found);
    assert_eq!(days(false, true), []);
}
