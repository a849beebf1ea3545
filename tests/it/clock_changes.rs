//! Events in UTC beside rows in a local time that changes: the offset applies from the change, not from midnight.

use chatdb::analysis::AnalysisOptions;
use chatdb::table::Cell;

use crate::analysis_page::report;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const START: i64 = 20_537 * DAY;

/// Chats every twenty minutes for five days, each completed and each with an event, on a clock that is set at `set`
/// (in UTC). The open chats each have a last event, at these times; returns when that was by the servers' clock.
fn last_signs(offsets: (i64, i64), set: i64, last_events: &[i64], but_at_night: bool) -> Vec<i64> {
    let local = |utc: i64| utc + if utc < set { offsets.0 } else { offsets.1 } * HOUR;
    let time = |utc: i64| Cell::Timestamp(local(utc)).to_string();
    let mut chats =
        "activity_id,activity_type,activity_status,activity_sub_status,assigned_to,when_created,\
                     when_modified\n"
            .to_owned();
    let mut events = "event_id,event_date,object_operation,activity_id,user_id\n".to_owned();
    let mut chat = |id: i64, status: &str, created: i64, event: i64| {
        let at = time(created);
        chats.push_str(&format!("{id},2000,{status},1001,{at},{at}\n"));
        events.push_str(&format!("{id},{event},410,{id},1001\n"));
    };
    for turn in 0..5 * 72 {
        let at = START + turn * 20 * MINUTE;
        let is_night = local(at).rem_euclid(DAY) < 7 * HOUR;
        if !(but_at_night && is_night) {
            chat(turn, "9000,9100", at, at);
        }
    }
    for (id, event) in (1000..).zip(last_events) {
        chat(id, "5000,5900", START + HOUR, *event);
    }
    let exports =
        [("egpl_casemgmt_activity.csv", chats), ("egpl_event_history_case_mgmt.csv", events)];
    let exports = exports.map(|(file, text)| (file.to_owned(), text)).to_vec();
    let only = vec!["over_limit".to_owned()];
    let options = AnalysisOptions { only, ..AnalysisOptions::default() };
    let run = report(exports, &options).analysis.expect("an analysis");
    let mut signs: Vec<i64> = (run.last_signs.iter())
        .filter_map(|sign| match sign.at {
            Cell::Timestamp(at) => Some(at),
            _ => None,
        })
        .collect();
    signs.sort_unstable();
    signs
}

#[test]
fn the_clock_is_set_at_its_time_and_not_at_midnight_utc() {
    for (before, after) in [(-5, -4), (-4, -5), (1, 2), (2, 1), (11, 10), (5, 5)] {
        for but_at_night in [false, true] {
            // At two in the morning of the third day.
            let set = START + 2 * DAY + (2 - before) * HOUR;
            let local = |utc: i64| utc + if utc < set { before } else { after } * HOUR;
            let events: Vec<i64> = (-20..20)
                .map(|hours| set + hours * HOUR + 17 * MINUTE)
                // While nothing arrives, the rows do not show which offset applies.
                .filter(|at| !but_at_night || local(*at).rem_euclid(DAY) > 8 * HOUR)
                .collect();
            let mut expected: Vec<i64> = events.iter().map(|at| local(*at)).collect();
            expected.sort_unstable();
            let found = last_signs((before, after), set, &events, but_at_night);
            assert_eq!(found, expected, "{before}, {after}, {but_at_night}");
        }
    }
}
