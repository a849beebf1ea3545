//! The report of what was true and what each side saw over time.

use schemars::JsonSchema;
use serde::Serialize;

use crate::table::Cell;

/// What was true and what each side saw during a run and the runs that it continues. Times are on the servers' wall
/// clock. Branches go back in time and are left out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Timeline {
    /// Where the scenario clock counts from.
    pub origin: Cell,
    /// Where the first lane begins.
    pub from: Cell,
    /// Where the last span ends: a while after the last step.
    pub to: Cell,
    /// The steps, in order, those of the scenarios before first.
    pub steps: Vec<TimelineStep>,
    /// One lane per fact, ordered by party.
    pub lanes: Vec<Lane>,
    /// What customer and agent typed, in order.
    pub messages: Vec<MessageRun>,
}

/// A step on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TimelineStep {
    /// The scenario that it belongs to.
    pub scenario: String,
    /// Its id within that scenario.
    pub id: String,
    /// What happens in it.
    pub title: String,
    /// When it happens.
    pub at: Cell,
}

/// One fact over time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Lane {
    /// Who sees it.
    pub party: Party,
    /// The server, the chat or the agent that it is about.
    pub subject: String,
    /// What it shows, such as `Session`.
    pub fact: String,
    /// Its values, in order of time; between two spans there is nothing to see.
    pub spans: Vec<Span>,
}

/// Whose view a lane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The servers: what happened to them.
    Servers,
    /// What is true, whether or not anyone sees it.
    Truth,
    /// The rows of the product's database.
    Database,
    /// The agent's console.
    Agent,
    /// The customer's window.
    Customer,
}

/// A value from one time to another.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Span {
    /// When it begins.
    pub from: Cell,
    /// When it ends.
    pub to: Cell,
    /// The value, in words.
    pub value: String,
    /// How it looks to whoever sees it.
    pub tone: Tone,
    /// Whether it shows something false.
    pub misleads: bool,
    /// Whether the support note covers it for the servers that are down then; `None` for a cause.
    pub covered: Option<bool>,
}

/// How a value looks to whoever sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// All is well.
    Good,
    /// It is under way.
    Open,
    /// It warns of something.
    Warn,
    /// It does not work.
    Bad,
    /// At its end.
    Over,
}

/// A message that customer or agent typed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MessageRun {
    /// When it was sent off.
    pub at: Cell,
    /// `customer` or `agent`.
    pub author: String,
    /// What was typed.
    pub text: String,
    /// Whether it reached the other side.
    pub delivered: bool,
    /// The servers that lost it.
    pub lost_to: Option<String>,
}
