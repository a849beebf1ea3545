//! What SQL of a scenario, or of a user, may do: state causes, and ask. Everything else is refused by name, before
//! it runs.
//!
//! A folder may come from anywhere. Its scripts may write causes, master data and a chat's completion, and
//! nothing that follows from them; its queries may only read; neither may reach a file, the transaction or a
//! setting, or run without end. This module knows names of tables and nothing of SQLite's calls; the store asks
//! it about every action that a statement would take itself. What triggers and views do on a statement's behalf
//! is the model's, and free.

/// How many steps of SQLite's machine a statement may take. The greatest of the ten scenarios takes less than a
/// hundredth; the limit counts work, not time, so that the same input gives the same outcome.
pub const MAX_STEPS: u64 = 200_000_000;

/// Whose statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A seed or a step's script.
    Script,
    /// A check's query.
    Query,
    /// What a user asks, which ends when the user says.
    Question,
}

/// What a statement would do itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Reads rows, or runs a subquery.
    Read,
    /// Calls the function of this name.
    Call(&'a str),
    /// Adds rows to this table.
    Insert(&'a str),
    /// Takes rows from this table.
    Delete(&'a str),
    /// Changes this column of this table.
    Update(&'a str, &'a str),
    /// Makes, fills or drops a temporary table.
    Temporary,
    /// Anything else, in words.
    Other(&'static str),
}

/// Tables of causes: only ever added to.
const CAUSES: [&str; 7] = [
    "agent_action",
    "chat_request",
    "customer_leaves",
    "email_arrival",
    "email_reply",
    "message",
    "server_event",
];

/// Master data: who and what there is. Scripts may do with it what they like, except for what follows from
/// causes.
const MASTER_DATA: [&str; 8] = [
    "egicm_concurrent_task",
    "egicm_queue",
    "egicm_user",
    "egicm_user_group",
    "egpl_department",
    "egpl_routing_queue",
    "egpl_user",
    "entry_point",
];

/// Columns of master data that follow from causes.
const DERIVED: [(&str, &str); 2] = [
    ("egpl_user", "login_ip"),
    ("egpl_user", "login_logout_time"),
];

/// Columns beside master data that a script may change: the name of a server, and the two that an agent's
/// completion of a chat changes.
const CHANGEABLE: [(&str, &str); 3] = [
    ("egpl_casemgmt_activity", "activity_status"),
    ("egpl_casemgmt_activity", "activity_sub_status"),
    ("server", "host"),
];

/// Functions that reach beyond the database, or give another answer each time.
const REFUSED_FUNCTIONS: [&str; 6] = [
    "fts3_tokenizer",
    "fts5",
    "load_extension",
    "random",
    "randomblob",
    "sqlite_log",
];

/// Why a statement may not do what it would, as the end of a sentence that begins with the statement; `None`
/// when it may.
#[must_use]
pub fn refusal(origin: Origin, action: Action<'_>) -> Option<String> {
    let follows = |table: &str| {
        Some(format!(
            "writes `{table}`, which is not for scripts: it follows from causes, or is a rule"
        ))
    };
    match (origin, action) {
        (_, Action::Read) => None,
        (_, Action::Call(name)) => {
            let refused = REFUSED_FUNCTIONS
                .iter()
                .any(|other| other.eq_ignore_ascii_case(name));
            refused.then(|| format!("calls `{name}`"))
        }
        (_, Action::Other(what)) => Some(what.to_owned()),
        (Origin::Question, Action::Temporary) => None,
        (Origin::Script | Origin::Query, Action::Temporary) => {
            Some("makes or changes a temporary table".to_owned())
        }
        (
            Origin::Query | Origin::Question,
            Action::Insert(table) | Action::Delete(table) | Action::Update(table, _),
        ) => Some(format!("writes `{table}`; a query only reads")),
        (Origin::Script, Action::Insert(table)) => {
            let may = CAUSES.contains(&table) || MASTER_DATA.contains(&table);
            if may { None } else { follows(table) }
        }
        (Origin::Script, Action::Delete(table)) => {
            if MASTER_DATA.contains(&table) {
                None
            } else {
                follows(table)
            }
        }
        (Origin::Script, Action::Update(table, column)) => {
            let derived = DERIVED.contains(&(table, column));
            let may =
                MASTER_DATA.contains(&table) && !derived || CHANGEABLE.contains(&(table, column));
            if may {
                None
            } else {
                follows(&format!("{table}.{column}"))
            }
        }
    }
}
