//! Causes in words: what somebody or something does, as a sentence, and the `INSERT` that it makes.
//!
//! [`CAUSES`] is the one list. `happens` in a `scenario.toml`, the schedules of `chatdb simulate` and the page
//! `chatdb help causes` are read from it, so that a new cause is a new entry. Ids that a sentence leaves out are the
//! scenario's parameters. This module knows the names of the platform model's tables, and no database.

mod schedule;
mod sentence;

use std::fmt::Write as _;

use thiserror::Error;

pub use schedule::{ScheduleError, TimedCause, offset, parse_event, parse_events};

/// The servers that can stop and start.
pub const SERVERS: [&str; 3] = ["application", "services", "messaging"];

/// The parts of the agent's console, beside a chat.
pub const PARTS: [&str; 4] = ["inbox", "case", "customer", "knowledge base"];

/// One kind of cause: how it is said, and what it writes.
#[derive(Debug, Clone, Copy)]
pub struct CauseSyntax {
    /// The sentence. Capitals are arguments, brackets are optional, and of words joined by `|` any will do.
    pub words: &'static str,
    /// What happens then, in a few words.
    pub help: &'static str,
    /// A sentence that can be typed.
    pub example: &'static str,
    /// The statements. `{NAME}` is an argument as a value in SQL, `{NAME:sql}` says what it is when left out.
    pub sql: &'static str,
    /// A query, asked once it has happened, for the reason where it has changed nothing; empty where that cannot be.
    pub idle: &'static str,
}

/// The next id that no activity has yet.
macro_rules! next_activity {
    () => {
        "(SELECT coalesce(max(activity_id), 0) + 1 FROM (SELECT activity_id FROM chat_request UNION ALL SELECT \
         activity_id FROM email_arrival))"
    };
}

/// The first entry point of a channel.
macro_rules! entry_point {
    ($channel:literal) => {
        concat!("(SELECT min(entry_point_id) FROM entry_point WHERE channel = '", $channel, "')")
    };
}

/// The department to which whatever is added belongs.
macro_rules! department {
    () => {
        "(SELECT min(department_id) FROM egpl_department)"
    };
}

/// Why an agent who has no console can do nothing.
const NOT_LOGGED_IN: &str = "SELECT 'the agent is not logged in'";

/// Why an agent with an open console cannot do something: the servers that are down, else that the log-in is lost.
macro_rules! without {
    ($agent:literal, $capability:literal, $without:literal, $again:literal) => {
        concat!(
            "(SELECT CASE count(o.server) WHEN 0 THEN ",
            $again,
            " ELSE ",
            $without,
            " || 'the ' || group_concat(CASE WHEN o.server IS NOT NULL THEN v.title END, ' and the ') \
             || CASE count(o.server) WHEN 1 THEN ' is' ELSE ' are' END \
             || ' down' END FROM lacks k JOIN server v ON v.server = k.server \
             LEFT JOIN outage o ON o.server = k.server AND o.started_at IS NULL \
             WHERE k.subject = 'agent' AND k.subject_id = ",
            $agent,
            " AND k.capability = '",
            $capability,
            "' AND k.subject_id IN (SELECT user_id FROM desktop WHERE state = 'open') HAVING count(*) > 0)"
        )
    };
}

/// Why an agent does not have a chat or an e-mail, as arguments of `coalesce`: the first that is so.
macro_rules! not_theirs {
    ($activity:literal, $absent:literal) => {
        concat!(
            "(SELECT ",
            $absent,
            " WHERE NOT EXISTS (SELECT 1 FROM egpl_casemgmt_activity WHERE activity_id = ",
            $activity,
            ")), (SELECT CASE WHEN activity_status = 9000 THEN 'it is already completed' \
             WHEN assigned_to IS NULL THEN 'it is not assigned to an agent' \
             WHEN assigned_to <> {AGENT:@agent_id} THEN 'it is assigned to agent ' || assigned_to END \
             FROM egpl_casemgmt_activity WHERE activity_id = ",
            $activity,
            ")"
        )
    };
}

/// Why an agent does not have a chat.
macro_rules! not_their_chat {
    () => {
        not_theirs!(
            "{CHAT:@activity_id}",
            "'chat ' || {CHAT:@activity_id} || ' is not in the database'"
        )
    };
}

/// Why an agent cannot complete or transfer a chat.
macro_rules! in_hands {
    () => {
        concat!(
            not_their_chat!(),
            ", (SELECT 'the agent is not logged in' WHERE NOT EXISTS \
             (SELECT 1 FROM desktop WHERE user_id = {AGENT:@agent_id} AND state = 'open')), ",
            without!(
                "{AGENT:@agent_id}",
                "complete a chat",
                "''",
                "'the agent must log in again first'"
            )
        )
    };
}

/// Every cause that has words.
pub const CAUSES: &[CauseSyntax] = &[
    CauseSyntax {
        words: "SERVERS stops|stop",
        help: "servers stop; SERVERS is one server, several joined by `and`, or `all servers`",
        example: "messaging and application stop",
        sql: "INSERT INTO server_event (server, event) VALUES ({SERVERS}, 'stops');",
        idle: "SELECT {SERVERS} || ' is already down'",
    },
    CauseSyntax {
        words: "SERVERS starts|start",
        help: "servers start again",
        example: "application starts",
        sql: "INSERT INTO server_event (server, event) VALUES ({SERVERS}, 'starts');",
        idle: "SELECT {SERVERS} || ' is already up'",
    },
    CauseSyntax {
        words: "customer asks for chat [CHAT] [at entry point POINT] [saying TEXT]",
        help: "a customer requests a chat, which gets the given id or the next free one",
        example: "customer asks for chat 1348",
        sql: concat!(
            "INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text) \
             VALUES ({CHAT:",
            next_activity!(),
            "}, {POINT:",
            entry_point!("chat"),
            "}, 'Customer', 'customer@example.com', 'Mozilla Firefox', {TEXT:'Hello?'});"
        ),
        idle: "",
    },
    CauseSyntax {
        words: "customer types TEXT [in chat CHAT]",
        help: "the customer sends a chat message",
        example: "customer types 'Is anybody there?'",
        sql: "INSERT INTO message (activity_id, author, text) VALUES ({CHAT:@activity_id}, 'customer', {TEXT});",
        idle: "",
    },
    CauseSyntax {
        words: "customer leaves [chat CHAT]",
        help: "the customer ends the chat, or closes the browser",
        example: "customer leaves",
        sql: "INSERT INTO customer_leaves (activity_id) VALUES ({CHAT:@activity_id});",
        idle: "SELECT 'the customer has already left'",
    },
    CauseSyntax {
        words: "agent [AGENT] logs in",
        help: "the agent logs in; has no effect while log-ins are unavailable",
        example: "agent logs in",
        sql: "INSERT INTO agent_action (user_id, action) VALUES ({AGENT:@agent_id}, 'logs in');",
        idle: "SELECT coalesce((SELECT 'nobody can log in while the ' || group_concat(v.title, ' and the ') || \
               CASE count(*) WHEN 1 THEN ' is' ELSE ' are' END || ' down' FROM lacks k \
               JOIN server v ON v.server = k.server WHERE k.capability = 'log in' HAVING count(*) > 0), \
               'the agent is already logged in')",
    },
    CauseSyntax {
        words: "agent [AGENT] logs out",
        help: "the agent logs out, and the console closes",
        example: "agent logs out",
        sql: "INSERT INTO agent_action (user_id, action) VALUES ({AGENT:@agent_id}, 'logs out');",
        idle: NOT_LOGGED_IN,
    },
    CauseSyntax {
        words: "agent [AGENT] opens chat [CHAT]",
        help: "the agent opens a chat in the console",
        example: "agent opens the chat",
        sql: "INSERT INTO agent_action (user_id, action, console_part, activity_id) VALUES ({AGENT:@agent_id}, \
              'opens', 'chat', {CHAT:@activity_id});",
        idle: concat!("SELECT coalesce(", not_their_chat!(), ", 'the agent is not logged in')"),
    },
    CauseSyntax {
        words: "agent [AGENT] opens PART",
        help: "the agent opens another part of the console: the inbox, case, customer or knowledge base",
        example: "agent opens the case tab",
        sql: "INSERT INTO agent_action (user_id, action, console_part) VALUES ({AGENT:@agent_id}, 'opens', {PART});",
        idle: NOT_LOGGED_IN,
    },
    CauseSyntax {
        words: "agent types TEXT [in chat CHAT]",
        help: "the agent who has the chat sends a chat message",
        example: "agent types 'How can I help you?'",
        sql: "INSERT INTO message (activity_id, author, text) VALUES ({CHAT:@activity_id}, 'agent', {TEXT});",
        idle: "",
    },
    CauseSyntax {
        words: "agent [AGENT] completes chat [CHAT]",
        help: "the agent completes the chat, if it can be completed at that moment",
        example: "agent completes the chat",
        sql: "INSERT INTO agent_action (user_id, action, activity_id) VALUES ({AGENT:@agent_id}, 'completes', \
              {CHAT:@activity_id});",
        idle: concat!("SELECT coalesce(", in_hands!(), ")"),
    },
    CauseSyntax {
        words: "agent [AGENT] transfers chat [CHAT] to agent OTHER",
        help: "the agent transfers the chat to another agent, who must still open it",
        example: "agent transfers the chat to agent 1004",
        sql: "INSERT INTO agent_action (user_id, action, activity_id, to_user_id) VALUES ({AGENT:@agent_id}, \
              'transfers', {CHAT:@activity_id}, {OTHER});",
        idle: concat!(
            "SELECT coalesce(",
            in_hands!(),
            ", ",
            without!(
                "{OTHER}",
                "receive new activities",
                "'agent ' || {OTHER} || ' cannot receive it: '",
                "'agent ' || {OTHER} || ' must log in again first'"
            ),
            ", \
             'agent ' || {OTHER} || CASE WHEN {OTHER} = {AGENT:@agent_id} THEN ' has the chat already' \
             ELSE ' is not logged in' END)"
        ),
    },
    CauseSyntax {
        words: "e-mail [EMAIL] arrives [saying TEXT]",
        help: "an e-mail reaches the mail server and gets the given id or the next free one",
        example: "e-mail 1190 arrives",
        sql: concat!(
            "INSERT INTO email_arrival (activity_id, entry_point_id, from_address, to_address, subject, body) VALUES \
             ({EMAIL:",
            next_activity!(),
            "}, ",
            entry_point!("e-mail"),
            ", 'customer@example.com', 'support@example.com', 'A question', {TEXT:'A question'});"
        ),
        idle: "",
    },
    CauseSyntax {
        words: "agent [AGENT] answers e-mail [EMAIL] [with TEXT]",
        help: "the agent writes a reply to an e-mail",
        example: "agent answers the e-mail with 'Thank you.'",
        sql: "INSERT INTO email_reply (user_id, activity_id, text) VALUES ({AGENT:@agent_id}, {EMAIL:@email_id}, \
              {TEXT:'Thank you for your e-mail.'});",
        idle: concat!(
            "SELECT coalesce(",
            not_theirs!(
                "{EMAIL:@email_id}",
                "'e-mail ' || {EMAIL:@email_id} || ' has not been fetched'"
            ),
            ", CASE WHEN EXISTS (SELECT 1 FROM desktop WHERE user_id = {AGENT:@agent_id} AND state = 'open') \
             THEN 'the reply already has this text' ELSE 'the agent is not logged in' END)"
        ),
    },
    CauseSyntax {
        words: "agent AGENT is added [as TEXT]",
        help: "adds an agent, who must still log in",
        example: "agent 1004 is added as 'JSmith'",
        sql: concat!(
            "INSERT INTO egpl_user (user_id, user_name, screen_name, when_created, who_created, delete_flag, \
             user_state, department_id, authentication_type) SELECT id, name, name, now, 0, 'N', 0, ",
            department!(),
            ", 0 FROM (SELECT {AGENT} AS id, {TEXT:'Agent ' || {AGENT}} AS name), chatdb_clock;"
        ),
        idle: "",
    },
    CauseSyntax {
        words: "queue QUEUE is added [as TEXT]",
        help: "adds a queue, with a chat entry point of the same number",
        example: "queue 1005 is added as 'SALES'",
        sql: concat!(
            "INSERT INTO egpl_routing_queue (queue_id, queue_name, queue_state, department_id, queue_type, \
             queue_routing_type, queue_chat_routing_type, who_created, when_created, max_chat_queue_depth, \
             chat_queue_priority, chat_alternate_engagement) SELECT {QUEUE}, {TEXT:'Queue ' || {QUEUE}}, 1, ",
            department!(),
            ", 0, 0, 0, 0, now, 0, 0, 0 FROM chatdb_clock;\n\
             INSERT INTO entry_point (entry_point_id, channel, name, page_title, web_host, banner, queue_id, \
             department_id) VALUES ({QUEUE}, 'chat', {TEXT:'Queue ' || {QUEUE}}, 'Customer Entry', 'web', 'Live help', \
             {QUEUE}, ",
            department!(),
            ");"
        ),
        idle: "",
    },
];

/// What each argument of a sentence is, for the help page.
const ARGUMENTS: [(&str, &str); 4] = [
    (
        "SERVERS",
        "`application`, `services`, `messaging`, or several: `messaging and application`, `all servers`",
    ),
    ("PART", "`inbox`, `case`, `customer` or `knowledge base`"),
    ("TEXT", "a text in quotes; a quote within it is written twice"),
    (
        "AGENT, CHAT, ...",
        "a number such as 1347, or a parameter of the scenario such as @activity_id; default: @agent_id, \
         @activity_id or @email_id",
    ),
];

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Where its form is in [`CAUSES`].
    form: usize,
    words: String,
    sql: String,
    idle: Vec<String>,
}

impl Cause {
    /// The sentence as this module writes it: small letters, no articles, texts in single quotes.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The statements that make it happen, one a line, each with its semicolon. Names such as `@activity_id` are
    /// parameters of the scenario.
    #[must_use]
    pub fn to_sql(&self) -> &str {
        &self.sql
    }

    /// Queries for the reason why it has changed nothing, where it has not; of several servers one for each.
    #[must_use]
    pub fn idle(&self) -> &[String] {
        &self.idle
    }

    /// The entry of the list that it follows.
    #[must_use]
    pub fn form(&self) -> &'static CauseSyntax {
        &CAUSES[self.form]
    }
}

/// Why a sentence is no cause.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not a known event: {}", self.problem())]
pub struct CauseError {
    /// The sentence as given.
    pub text: String,
    /// The character at which it stops making sense, from 1; behind the last one where something is missing.
    pub column: u32,
    /// The word that is there, if any.
    pub found: Option<String>,
    /// What could be there.
    pub expected: Vec<String>,
    /// The sentence that was likely meant.
    pub meant: Option<String>,
}

impl CauseError {
    fn problem(&self) -> String {
        let found = match &self.found {
            Some(word) => format!("found `{word}`"),
            None => "found the end".to_owned(),
        };
        match self.expected.split_last() {
            None => found,
            Some((last, [])) => format!("{found}, expected {last}"),
            Some((last, rest)) => format!("{found}, expected {} or {last}", rest.join(", ")),
        }
    }

    /// What to try: the sentence that was likely meant, or the page that lists them all.
    #[must_use]
    pub fn hint(&self) -> String {
        match &self.meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`chatdb help causes` lists the events".to_owned(),
        }
    }
}

/// Reads a sentence such as `agent logs in` or `customer types 'Hi'`. Letter case and articles do not matter.
///
/// # Errors
/// When it follows no entry of [`CAUSES`].
pub fn parse(text: &str) -> Result<Cause, CauseError> {
    sentence::parse(text)
}

/// The page that lists the causes, with an example and the SQL of each.
#[must_use]
pub fn help() -> String {
    let mut page = String::from(
        "Events, for `chatdb simulate` and for `happens` in scenario.toml.\n\
         Words in capitals are arguments; parts in brackets are optional. Letter case and articles are ignored.\n\n",
    );
    for form in CAUSES {
        let _ = writeln!(page, "  {}", shown(form.words));
        let _ = writeln!(page, "      {}", form.help);
        let _ = writeln!(page, "      example: {}", form.example);
    }
    page.push('\n');
    for (name, what) in ARGUMENTS {
        let _ = writeln!(page, "  {name}: {what}");
    }
    page
}

/// A form as people read it: of words joined by `|` the first.
fn shown(words: &str) -> String {
    let first = |word| str::split_once(word, '|').map_or(word, |(first, _)| first);
    words.split(' ').map(first).collect::<Vec<_>>().join(" ")
}
