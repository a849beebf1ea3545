//! What SQL of a scenario, or of a user, may do: state causes, and query. Everything else is refused by name, before
//! it runs.
//!
//! A folder may come from anywhere. Its scripts may add causes and write master data, and
//! nothing that follows from them; its queries may only read; neither may reach a file, the transaction or a
//! setting, or run without end. This module knows names of tables and functions and nothing of SQLite's calls; the
//! store asks it about every action that a statement would take. What the model's triggers write on a statement's
//! behalf is the model's, and free; what is called on its behalf is not.
//!
//! Whatever SQLite lists is classed in [`classes`]; what is not listed there is refused.

pub mod classes;
pub mod limits;

pub use classes::Class;
pub use limits::{Limits, MAX_STEPS};

/// Whose statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A seed or a step's script.
    Script,
    /// A check's query.
    Query,
    /// What a user asks, which ends when the user says.
    Question,
    /// What a user changes in an import database of their own.
    Change,
}

/// What a statement would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Runs a subquery.
    Select,
    /// Reads rows of the table, view or table-valued function of this name.
    Read(&'a str),
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
const DERIVED: [(&str, &str); 2] = [("egpl_user", "login_ip"), ("egpl_user", "login_logout_time")];

/// What a script may change beside master data: the name of a server.
const CHANGEABLE: [(&str, &str); 1] = [("server", "host")];

/// The table whose rows follow from what people do with activities.
const ACTIVITY: &str = "egpl_casemgmt_activity";

/// How the names of the product's own tables begin. A user may change these in an import database, and no others.
pub const PRODUCT: [&str; 4] = ["egpl_", "eglv_", "egml_", "egicm_"];

/// Whether a table is one of the product's.
#[must_use]
pub fn is_products(table: &str) -> bool {
    PRODUCT.iter().any(|prefix| classes::begins(table, prefix))
}

/// Whether a table is one of causes.
#[must_use]
pub fn is_cause(table: &str) -> bool {
    CAUSES.contains(&table)
}

/// Why a statement may not do what it would, as the end of a sentence that begins with the statement; `None`
/// when it may.
#[must_use]
pub fn refusal(origin: Origin, action: Action<'_>) -> Option<String> {
    match (origin, action) {
        (_, Action::Select) => None,
        (_, Action::Read(table)) => match classes::table(table) {
            Class::Allowed => None,
            Class::Refused(why) => Some(format!("reads `{table}`, which {why}")),
        },
        (_, Action::Call(name)) => match classes::function(name) {
            Some(Class::Allowed) => None,
            Some(Class::Refused(why)) => Some(format!("calls `{name}`, which {why}")),
            None => Some(format!("calls `{name}`, which is not allowed")),
        },
        (_, Action::Other(what)) => Some(what.to_owned()),
        (Origin::Question | Origin::Change, Action::Temporary) => None,
        (Origin::Script | Origin::Query, Action::Temporary) => {
            Some("creates or changes a temporary table".to_owned())
        }
        (
            Origin::Query | Origin::Question,
            Action::Insert(table) | Action::Delete(table) | Action::Update(table, _),
        ) => Some(format!("writes `{table}`, and queries are read-only")),
        (
            Origin::Change,
            Action::Insert(table) | Action::Delete(table) | Action::Update(table, _),
        ) => {
            let why = || format!("writes `{table}`, which is not one of the product's tables");
            (!is_products(table)).then(why)
        }
        (Origin::Script, action) => not_for_scripts(action),
    }
}

fn not_for_scripts(action: Action<'_>) -> Option<String> {
    let (written, may) = match action {
        Action::Insert(table) => {
            (table.to_owned(), CAUSES.contains(&table) || MASTER_DATA.contains(&table))
        }
        Action::Delete(table) => (table.to_owned(), MASTER_DATA.contains(&table)),
        Action::Update(table, column) => {
            let derived = DERIVED.contains(&(table, column));
            let may =
                MASTER_DATA.contains(&table) && !derived || CHANGEABLE.contains(&(table, column));
            (format!("{table}.{column}"), may)
        }
        _ => return None,
    };
    let table = written.split('.').next().unwrap_or_default();
    let instead = match table {
        ACTIVITY => {
            "; an agent completes a chat by INSERT INTO agent_action (user_id, action, activity_id) VALUES (..., \
             'completes', ...)"
        }
        _ if CAUSES.contains(&table) => "; past events cannot be changed, only added",
        _ => "",
    };
    let why = || {
        format!(
            "writes `{written}`, which scripts may not write: it is derived from causes, or is a rule{instead}"
        )
    };
    (!may).then(why)
}
