//! Reads all events from a database, once: the times from which outages are detected.
//!
//! Events are in UTC and rows in the servers' local time. If the rows do not show the offset, events are ignored, and
//! the report says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::AnalysisError;
use super::exported::ExportedRows;
use super::limit::{self, Limit};
use super::offset::Offsets;
use super::outage::{CompletedChat, History, Work};
use super::over_time::OpenChat;
use crate::table::Cell;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * 60_000;

/// The events that assign an activity to an agent: pushed, transferred, assigned, and identified for a chat.
pub(super) const ASSIGNED: [i64; 4] = [205, 209, 213, 409];
pub(super) const COMPLETED: i64 = 544;
/// The events caused by routing, workflows and customers, besides those of [`ASSIGNED`]: they do not involve agents.
const NOT_OF_AGENTS: [i64; 11] = [1, 210, 211, 212, 306, 307, 308, 320, 412, 2210, 2212];

pub(super) const CHAT: i16 = 2000;
/// The status of an activity assigned to an agent.
const ASSIGNED_STATUS: i16 = 5000;
const MAIL: i16 = 1;

/// What the rows show, and what they do not.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub history: History,
    /// What could not be determined, and which export would help, as sentences.
    pub undetectable: Vec<String>,
    /// The maximum number of simultaneous chats per agent, by completed chats; `None` if inconclusive.
    pub limit: Option<Limit>,
    /// The offset of the servers' clock from UTC in minutes, derived from events and activities; `None` if
    /// inconclusive.
    pub offsets: BTreeSet<i64>,
    /// The open chats, in order of id.
    pub open: Vec<OpenChat>,
}

/// Later times are invalid.
const YEAR_10000: i64 = 253_402_300_800_000;

/// An unknown value of an activity.
pub(super) const UNKNOWN: i64 = i64::MIN;

/// The relevant fields of an activity; times are [`UNKNOWN`] if the rows do not show them.
#[derive(Clone, Copy)]
pub(super) struct Activity {
    pub(super) id: i64,
    pub(super) agent: i64,
    pub(super) created: i64,
    modified: i64,
    pub(super) begun: i64,
    pub(super) ended: i64,
    /// The last sign of life.
    sign: i64,
    pub(super) kind: i16,
    status: i16,
    sub_status: i16,
}

impl Activity {
    pub(super) fn is_completed(&self) -> bool {
        self.status == 9000 && matches!(self.sub_status, 9100 | 9200)
    }

    fn is_in_progress(&self) -> bool {
        self.status == 5000 && self.sub_status == 5900
    }

    /// Whether it is an open chat by the documented query's conditions; as there, NULL satisfies none of them.
    fn is_open_chat(&self) -> bool {
        let known = self.status >= 0 && self.sub_status >= 0;
        self.kind == CHAT && known && self.status != 9000 && !matches!(self.sub_status, 9100 | 9200)
    }
}

/// An event of an activity.
#[derive(Clone, Copy)]
pub(super) struct Event {
    pub(super) at: i64,
    pub(super) operation: i64,
    pub(super) agent: i64,
    pub(super) activity: i64,
}

/// Passes on each row of a result as numbers and times.
struct Numbers<F>(F);

impl<F: FnMut(&[Option<i64>])> crate::table::Rows for Numbers<F> {
    fn begin(&mut self, _: &[&str]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let mut numbers = [None; 8];
        for (to, cell) in numbers.iter_mut().zip(cells) {
            *to = match cell {
                Cell::Integer(n) | Cell::Timestamp(n) => Some(*n),
                _ => None,
            };
        }
        (self.0)(&numbers[..cells.len().min(8)]);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why no outage can be detected where nothing says when activities arrived.
pub(super) const NO_ARRIVALS: &str =
    "outages cannot be detected: export egpl_casemgmt_activity with when_created";

/// Reads what happened up to `until`.
pub(super) fn read(rows: &ExportedRows<'_>, until: i64) -> Result<Read, AnalysisError> {
    let mut read = Read::default();
    read.history.until = until;
    if !rows.has("egpl_casemgmt_activity.when_created") {
        read.undetectable.push(NO_ARRIVALS.to_owned());
        return Ok(read);
    }
    let hosts = hosts(rows)?;
    let mut activities = match has_events(rows) {
        true => activities(rows, until, |_| true)?,
        // What nothing more is learned of is counted at once; a centre has many more mails than chats.
        false => activities(rows, until, |own| {
            let is_chat = own.kind == CHAT;
            if !is_chat {
                take_activity(&mut read.history, own, &hosts, FromEvents::default());
            }
            is_chat
        })?,
    };
    let events = events(rows, &activities)?;
    match &events {
        Events::Absent => {
            read.undetectable.push(
                "without events, a Services outage whose backlog has been assigned since, and exact times (an outage \
                 may have ended before the first completion): export egpl_event_history_case_mgmt"
                    .to_owned(),
            );
        }
        Events::OnAnotherClock => read.undetectable.push(
            "events are not compared with rows: too few activities are in both to determine the servers' UTC \
             offset"
                .to_owned(),
        ),
        Events::Placed(events, offsets) => {
            read.offsets.clone_from(offsets);
            take_events(&mut read.history, events, &mut activities, &hosts);
        }
    }
    let with_events = matches!(events, Events::Placed(..));
    let known = FromEvents {
        assignments: with_events,
        completions: with_events && !read.history.completed.is_empty(),
    };
    for own in &mut activities {
        take_activity(&mut read.history, own, &hosts, known);
    }
    take_messages(&mut read, rows, &mut activities)?;
    take_stops(&mut read.history, &activities, &hosts);
    read.open = open_chats(&activities, &hosts);
    if !hosts.values().any(|host| !host.is_empty()) {
        let undetectable = "the rows do not say which Application server an agent uses: export egpl_user with login_ip";
        read.undetectable.push(undetectable.to_owned());
    }
    read.limit = match &events {
        Events::Placed(events, _) => limit::in_force(limit::held_by_events(&activities, events)),
        _ => limit::in_force(limit::held_by_rows(&activities)),
    };
    put_in_order(&mut read.history);
    Ok(read)
}

/// Sorts the events by time, and determines when the rows begin.
fn put_in_order(history: &mut History) {
    let lists =
        [&mut history.arrivals, &mut history.mails, &mut history.chats, &mut history.completed];
    let lists = lists.into_iter().chain(&mut history.assigned);
    for times in lists.chain(history.completed_on.values_mut()) {
        times.sort_unstable();
    }
    for acts in history.acts.values_mut() {
        acts.sort_unstable();
    }
    for work in history.work.values_mut() {
        work.sort_unstable();
    }
    history.waiting.sort_unstable();
    history.waited.sort_unstable();
    let first = usual_since(&history.arrivals).unwrap_or(history.until);
    history.since = history.since.max(first);
}

/// The first arrival on a day that is not nearly empty: a tenth as busy as the day of an average arrival. Of earlier
/// days, an export may hold only what is still open, and they would show that nothing is usual.
fn usual_since(arrivals: &[i64]) -> Option<i64> {
    let day = |at: &i64| at.div_euclid(DAY);
    let days = || arrivals.chunk_by(|a, b| day(a) == day(b));
    let mut sizes: Vec<usize> = days().map(<[i64]>::len).collect();
    sizes.sort_unstable();
    let mut seen = 0;
    let average = sizes.into_iter().find(|size| {
        seen += size;
        seen * 2 >= arrivals.len()
    })?;
    let busy = days().find(|own| own.len() * 10 >= average)?;
    busy.first().copied()
}

/// The activities selected by `keeps`, in order of id. It is called for each of them.
fn activities(
    rows: &ExportedRows<'_>,
    until: i64,
    mut keeps: impl FnMut(&mut Activity) -> bool,
) -> Result<Vec<Activity>, AnalysisError> {
    const ACTIVITIES: &str = "SELECT activity_id, activity_type, activity_status, activity_sub_status, assigned_to, \
         when_created, when_modified FROM egpl_casemgmt_activity ORDER BY activity_id";
    let mut activities = Vec::new();
    let code = |code: Option<i64>| code.and_then(|code| i16::try_from(code).ok()).unwrap_or(-1);
    let mut take = Numbers(|row: &[Option<i64>]| {
        let (Some(id), Some(created)) = (row[0], row[5]) else {
            return;
        };
        if created <= until {
            let mut own = Activity {
                id,
                agent: row[4].unwrap_or(UNKNOWN),
                created,
                modified: row[6].filter(|at| *at <= until).unwrap_or(UNKNOWN),
                begun: UNKNOWN,
                ended: UNKNOWN,
                sign: row[6].filter(|at| *at <= until).unwrap_or(created),
                kind: code(row[1]),
                status: code(row[2]),
                sub_status: code(row[3]),
            };
            if keeps(&mut own) {
                activities.push(own);
            }
        }
    });
    rows.store.answer_into(ACTIVITIES, None, &[], None, &mut take)?;
    Ok(activities)
}

/// The application server of each user; empty where it is not known.
pub(super) fn hosts(rows: &ExportedRows<'_>) -> Result<BTreeMap<i64, String>, AnalysisError> {
    if !rows.has("egpl_user.login_ip") {
        return Ok(BTreeMap::new());
    }
    let users = rows.store.answer("SELECT user_id, login_ip FROM egpl_user", None, &[], None)?;
    let host = |row: &Vec<Cell>| match row.as_slice() {
        [Cell::Integer(user), Cell::Text(host)] => Some((*user, host.clone())),
        [Cell::Integer(user), _] => Some((*user, String::new())),
        _ => None,
    };
    Ok(users.table.rows.iter().filter_map(host).collect())
}

enum Events {
    Absent,
    OnAnotherClock,
    /// In the servers' local time, in order, with the offset from UTC in minutes.
    Placed(Vec<Event>, BTreeSet<i64>),
}

/// Whether there are events with the columns that are read.
fn has_events(rows: &ExportedRows<'_>) -> bool {
    let wanted = ["event_date", "object_operation", "activity_id"];
    let mut wanted = wanted.iter();
    wanted.all(|column| rows.has(&format!("egpl_event_history_case_mgmt.{column}")))
}

fn events(rows: &ExportedRows<'_>, activities: &[Activity]) -> Result<Events, AnalysisError> {
    const EVENTS: &str = "SELECT event_date, object_operation, user_id, activity_id FROM egpl_event_history_case_mgmt \
         WHERE event_date IS NOT NULL AND activity_id IS NOT NULL";
    if !has_events(rows) {
        return Ok(Events::Absent);
    }
    let mut events = Vec::new();
    let mut take = Numbers(|row: &[Option<i64>]| {
        if let [Some(at), Some(operation), agent, Some(activity)] = *row
            && at.abs() < YEAR_10000
        {
            events.push(Event { at, operation, agent: agent.unwrap_or(UNKNOWN), activity });
        }
    });
    rows.store.answer_into(EVENTS, None, &[], None, &mut take)?;
    if events.is_empty() {
        return Ok(Events::Absent);
    }
    events.sort_unstable_by_key(|event| (event.activity, event.at));
    let Some(offsets) = Offsets::of(&events, activities) else {
        return Ok(Events::OnAnotherClock);
    };
    for event in &mut events {
        event.at += offsets.at(event.at);
    }
    events.sort_unstable_by_key(|event| (event.at, event.activity));
    Ok(Events::Placed(events, offsets.minutes().collect()))
}

fn take_events(
    history: &mut History,
    events: &[Event],
    activities: &mut [Activity],
    hosts: &BTreeMap<i64, String>,
) {
    let mut assigned = Vec::new();
    history.since = events.first().map_or(i64::MIN, |first| first.at);
    let until = history.until;
    for event in events.iter().filter(|event| event.at <= until) {
        let own = activities.binary_search_by_key(&event.activity, |own| own.id).ok();
        if ASSIGNED.contains(&event.operation) {
            assigned.push((event.activity, event.at));
        } else if event.operation == COMPLETED {
            completed(history, hosts, event.agent, event.at);
        }
        if let Some(at) = own {
            let own = &mut activities[at];
            own.sign = own.sign.max(event.at);
            if own.begun == UNKNOWN && ASSIGNED.contains(&event.operation) {
                own.begun = event.at;
            }
            if event.operation == COMPLETED && own.is_completed() {
                own.ended = event.at;
            }
        }
        let of_agent =
            !ASSIGNED.contains(&event.operation) && !NOT_OF_AGENTS.contains(&event.operation);
        if event.agent != UNKNOWN && of_agent {
            on_host(&mut history.acts, hosts, event.agent).push((event.at, event.agent));
        }
    }
    // The agent is identified for a chat, and the chat is pushed to the agent: one assignment, not two.
    assigned.sort_unstable();
    assigned.dedup_by(|later, before| later.0 == before.0 && later.1 - before.1 < 60_000);
    history.assigned =
        (!assigned.is_empty()).then(|| assigned.into_iter().map(|(_, at)| at).collect());
}

fn completed(history: &mut History, hosts: &BTreeMap<i64, String>, agent: i64, at: i64) {
    history.completed.push(at);
    on_host(&mut history.completed_on, hosts, agent).push(at);
}

/// The stored application server of an agent.
fn on_host<'l, T>(
    lists: &'l mut BTreeMap<String, Vec<T>>,
    hosts: &BTreeMap<i64, String>,
    agent: i64,
) -> &'l mut Vec<T> {
    let host = hosts.get(&agent).map_or("", String::as_str);
    // Names are copied for the first of each server only.
    if !lists.contains_key(host) {
        lists.insert(host.to_owned(), Vec::new());
    }
    lists.get_mut(host).expect("it is there now")
}

/// What events show, so that rows are not needed for it.
#[derive(Clone, Copy, Default)]
struct FromEvents {
    assignments: bool,
    completions: bool,
}

fn take_activity(
    history: &mut History,
    own: &mut Activity,
    hosts: &BTreeMap<i64, String>,
    known: FromEvents,
) {
    history.arrivals.push(own.created);
    if own.kind == MAIL {
        history.mails.push(own.created);
    }
    if own.kind == CHAT {
        let waits = own.status == 4000 && own.agent == UNKNOWN;
        history.chats.push(own.created);
        history.waiting.push((own.created, waits));
    }
    if own.is_completed() && own.ended == UNKNOWN {
        own.ended = own.modified;
    }
    if own.is_completed() && !known.completions && own.modified != UNKNOWN {
        completed(history, hosts, own.agent, own.modified);
    }
    if own.agent == UNKNOWN {
        return;
    }
    if own.begun != UNKNOWN && own.begun - own.created > MINUTE {
        history.waited.push((own.begun, own.created));
    }
    if own.begun == UNKNOWN && !known.assignments {
        own.begun = own.created;
    }
    if own.begun != UNKNOWN && (own.ended != UNKNOWN || own.status == ASSIGNED_STATUS) {
        let work = Work {
            begun: own.begun,
            ended: (own.ended != UNKNOWN).then_some(own.ended),
            agent: own.agent,
            is_chat: own.kind == CHAT,
        };
        on_host(&mut history.work, hosts, own.agent).push(work);
    }
    let changed = own.is_completed() || own.is_in_progress();
    if !known.assignments && own.modified != UNKNOWN && changed {
        on_host(&mut history.acts, hosts, own.agent).push((own.modified, own.agent));
    }
}

fn take_messages(
    read: &mut Read,
    rows: &ExportedRows<'_>,
    activities: &mut [Activity],
) -> Result<(), AnalysisError> {
    const MESSAGES: &str = "SELECT activity_id, agent_last_response_time, customer_last_message_time \
         FROM eglv_session_chat_event";
    const SESSIONS: &str = "SELECT activity_id, when_modified, NULL FROM eglv_session";
    let messages = rows.has("eglv_session_chat_event.agent_last_response_time")
        || rows.has("eglv_session_chat_event.customer_last_message_time");
    let sql = if messages {
        MESSAGES
    } else if rows.has("eglv_session.when_modified") {
        SESSIONS
    } else {
        read.undetectable.push(
            "a Messaging outage is visible only in message times: export eglv_session_chat_event"
                .to_owned(),
        );
        return Ok(());
    };
    let mut said = vec![UNKNOWN; activities.len()];
    let history = &mut read.history;
    let until = history.until;
    let mut take = Numbers(|row: &[Option<i64>]| {
        let Some(at) =
            row[0].and_then(|id| activities.binary_search_by_key(&id, |own| own.id).ok())
        else {
            return;
        };
        for time in row[1..].iter().flatten().filter(|time| **time <= until) {
            said[at] = said[at].max(*time);
            history.said.push(*time);
        }
    });
    rows.store.answer_into(sql, None, &[], None, &mut take)?;
    history.said.sort_unstable();
    for (own, said) in activities.iter_mut().zip(said) {
        own.sign = own.sign.max(said);
        if own.kind == CHAT
            && own.ended != UNKNOWN
            && own.begun != UNKNOWN
            && own.ended >= own.begun
        {
            history.talks.push(CompletedChat {
                begun: own.begun,
                ended: own.ended,
                said: (said != UNKNOWN && said <= own.ended).then_some(said),
            });
        }
    }
    Ok(())
}

/// A chat in progress counts as stopped after this time without a sign of life.
const LONG: i64 = 60 * 60_000;

fn take_stops(history: &mut History, activities: &[Activity], hosts: &BTreeMap<i64, String>) {
    for own in activities.iter().filter(|own| own.kind == CHAT && own.is_in_progress()) {
        if own.sign < history.until - LONG && own.agent != UNKNOWN {
            let host = hosts.get(&own.agent).cloned().unwrap_or_default();
            history.stops.entry(host).or_default().push(own.sign);
        }
    }
    for stops in history.stops.values_mut() {
        stops.sort_unstable();
    }
}

fn open_chats(activities: &[Activity], hosts: &BTreeMap<i64, String>) -> Vec<OpenChat> {
    let open = activities.iter().filter(|own| own.is_open_chat());
    open.map(|own| OpenChat {
        id: own.id,
        sign: own.sign,
        is_assigned: own.agent != UNKNOWN,
        host: hosts.get(&own.agent).filter(|host| !host.is_empty()).cloned(),
    })
    .collect()
}
