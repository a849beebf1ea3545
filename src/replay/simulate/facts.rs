//! What everyone sees at one moment, and how it differs from the moment before.

use crate::report::RestsOn;
use crate::store::{Binding, Store, StoreError};
use crate::table::{Cell, ResultTable};

/// What everyone sees, one row per fact: the last column is NULL for a cause.
const FACTS: &str = "
SELECT party, subject, fact, value, misleads, situation FROM world_beside_window WHERE fact <> 'Newest pop-up'
UNION ALL
SELECT 'servers', servers, 'In the support note', 'not covered', 0, NULL FROM uncovered_servers
UNION ALL
SELECT 'agent', activity_id, 'Reply buttons', buttons, 0, situation FROM reply_buttons
UNION ALL
SELECT 'customer', activity_id, 'Notice: ' || text, 'shown', 0, situation FROM customer_notices
UNION ALL
SELECT 'agent', activity_id, 'Reply', text, 0, 'text' FROM open_reply
UNION ALL
SELECT 'agent', activity_id, 'Reply subject', substr(line, 10), 0, situation FROM reply_pane WHERE line_no = 4
UNION ALL
SELECT 'customer', activity_id, 'Customer', 'left', 0, NULL FROM customer_leaves
UNION ALL
SELECT 'database', q.activity_id, 'Activity row', 'none: the request was not accepted', 0, 'row'
FROM chat_request q WHERE q.activity_id NOT IN (SELECT activity_id FROM egpl_casemgmt_activity)
UNION ALL
SELECT 'database', m.activity_id, 'E-mail row',
       coalesce(a.activity_status || ' / ' || a.activity_sub_status
                || coalesce(', assigned to ' || a.assigned_to, ', not assigned'), 'none: not fetched yet'), 0, 'row'
FROM email_arrival m LEFT JOIN egpl_casemgmt_activity a ON a.activity_id = m.activity_id
UNION ALL
SELECT 'database', user_id, 'User row', user_name, 0, NULL FROM egpl_user
UNION ALL
SELECT 'database', queue_id, 'Queue row', queue_name, 0, NULL FROM egpl_routing_queue";

/// What occurs once, each time anew: messages, opened parts, pop-ups, and warnings in the transcript. A query reads
/// only what is newer than the one before it: a warning comes in time, never later than the longest time rule after
/// the server stopped or the chat began.
const EVENTS: &str = "
SELECT author AS party, activity_id AS subject, 'Message \"' || text || '\"' AS fact,
       fate || coalesce(': ' || lost_to, '') AS value, 0 AS misleads, situation
FROM message_fate WHERE message_id > @message
UNION ALL
SELECT 'agent', user_id, 'Opens ' || console_part, result, 0, situation FROM opened_parts
WHERE agent_action_id > @action
UNION ALL
SELECT 'agent', user_id, 'Pop-up', popup, 0, situation FROM agent_popups
WHERE CASE console_part WHEN 'log-in' THEN id > @login ELSE id > @action END
UNION ALL
SELECT 'customer', w.activity_id, 'Notice: ' || n.text, 'shown', 0, 'warning'
FROM exchange_warning w JOIN notice n ON n.notice = 'some messages may not be delivered'
JOIN chat_request q ON q.activity_id = w.activity_id
WHERE w.warned_at > @seen AND (w.stopped_at > @before OR q.at > @before)";

const NEWEST: &str = "SELECT (SELECT coalesce(max(message_id), 0) FROM message),
       (SELECT coalesce(max(agent_action_id), 0) FROM agent_action),
       (SELECT coalesce(max(agent_login_id), 0) FROM agent_login), c.now,
       strftime('%Y-%m-%d %H:%M:%f', c.now, '-' || (SELECT max(seconds) FROM time_rule) || ' seconds')
FROM chatdb_clock c";

/// The parameters of [`EVENTS`], in the order of [`NEWEST`].
const SINCE: [&str; 5] = ["message", "action", "login", "seen", "before"];

/// A fact that is shown to somebody, or that is true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimulatedFact {
    /// Who sees it: `servers`, `truth`, `database`, `agent` or `customer`.
    pub party: String,
    /// The server, chat or agent it belongs to.
    pub subject: String,
    /// What the fact is about.
    pub fact: String,
    /// The displayed value.
    pub value: String,
    /// Whether it is false.
    pub misleads: bool,
    /// Whether it is a cause, which rests on nothing.
    pub is_cause: bool,
}

impl SimulatedFact {
    /// Whether it says that the note does not cover the servers that have stopped together.
    pub(super) fn is_of_uncovered(&self) -> bool {
        self.fact == "In the support note"
    }

    /// Whether both are about the same, whatever they say of it.
    pub(super) fn is_about(&self, other: &Self) -> bool {
        (&self.party, &self.subject, &self.fact) == (&other.party, &other.subject, &other.fact)
    }
}

/// A fact before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactChange {
    /// Before; `None` if it is new.
    pub before: Option<SimulatedFact>,
    /// After; `None` if it is gone.
    pub after: Option<SimulatedFact>,
    /// What it rests on: not determined until [`label`](super::label) has; `None` for a cause.
    pub basis: Option<RestsOn>,
    /// The time rules by which it comes at this moment; none where a cause makes it.
    pub times: Vec<String>,
}

impl FactChange {
    /// A fact that was not there before.
    pub(super) fn new(after: SimulatedFact) -> Self {
        Self::of(None, Some(after))
    }

    fn of(before: Option<SimulatedFact>, after: Option<SimulatedFact>) -> Self {
        let is_cause = [&before, &after].into_iter().flatten().all(|fact| fact.is_cause);
        Self {
            before,
            after,
            basis: (!is_cause).then_some(RestsOn::NotDetermined),
            times: Vec::new(),
        }
    }

    /// Whether what is seen is as it is after the change.
    pub(super) fn is_in(&self, seen: &[SimulatedFact]) -> bool {
        match (&self.before, &self.after) {
            (_, Some(after)) => seen.contains(after),
            (Some(before), None) => !seen.iter().any(|fact| fact.is_about(before)),
            (None, None) => true,
        }
    }
}

/// What everybody sees now.
pub(super) fn facts_now(store: &Store) -> Result<Vec<SimulatedFact>, StoreError> {
    Ok(facts(store.ask(FACTS, &[], &[])?))
}

/// What has occurred since.
pub(super) fn events_since(
    store: &Store,
    newest: &[Binding],
) -> Result<Vec<SimulatedFact>, StoreError> {
    Ok(facts(store.ask(EVENTS, &[], newest)?))
}

/// What everybody sees now, and what has occurred since.
pub(super) fn facts_since(
    store: &Store,
    newest: &[Binding],
) -> Result<Vec<SimulatedFact>, StoreError> {
    let mut seen = facts_now(store)?;
    seen.extend(events_since(store, newest)?);
    Ok(seen)
}

/// What has come so far, after which other events are new.
pub(super) fn newest(store: &Store) -> Result<Vec<Binding>, StoreError> {
    let answer = store.ask(NEWEST, &[], &[])?;
    let row = answer.rows.into_iter().next().unwrap_or_default();
    Ok(SINCE.map(str::to_owned).into_iter().zip(row).collect())
}

/// What has come before anything has: every event is new.
pub(super) fn the_start() -> Vec<Binding> {
    let binding = |name: &str| {
        let value = match name {
            "seen" | "before" => Cell::Text(String::new()),
            _ => Cell::Integer(0),
        };
        (name.to_owned(), value)
    };
    SINCE.map(binding).to_vec()
}

/// What is different, new or gone.
pub(super) fn differences(before: &[SimulatedFact], after: &[SimulatedFact]) -> Vec<FactChange> {
    let mut changes = Vec::new();
    for now in after {
        let known = before.iter().find(|own| own.is_about(now));
        if known.is_none_or(|known| known.value != now.value || known.misleads != now.misleads) {
            changes.push(FactChange::of(known.cloned(), Some(now.clone())));
        }
    }
    for gone in before {
        if !after.iter().any(|now| gone.is_about(now)) {
            changes.push(FactChange::of(Some(gone.clone()), None));
        }
    }
    changes
}

fn facts(table: ResultTable) -> Vec<SimulatedFact> {
    let fact = |row: Vec<Cell>| {
        let text = |at: usize| match row.get(at) {
            None | Some(Cell::Null) => String::new(),
            Some(cell) => cell.to_string(),
        };
        SimulatedFact {
            party: text(0),
            subject: text(1),
            fact: text(2),
            value: text(3),
            misleads: text(4) == "1",
            is_cause: text(5).is_empty(),
        }
    };
    table.rows.into_iter().map(fact).collect()
}
