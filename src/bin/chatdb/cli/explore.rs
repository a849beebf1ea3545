//! Arguments of the commands that run a scenario in other ways than its own.

use std::path::PathBuf;

use clap::Args;

use super::groups::{Folders, OutputArgs, Sets};
use crate::complete;

#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The check, as SCENARIO/CHECK or SCENARIO/STEP/CHECK; a scenario alone lists what each of its checks depends on
    #[arg(add = complete::checks(), value_name = "SCENARIO[/STEP]/CHECK")]
    pub check: String,
    /// Explain the result of a query of your own after SCENARIO[/STEP]: SQL, or the name of a query
    #[arg(long, add = complete::queries(), value_name = "SQL")]
    pub query: Option<String>,
    /// SQL dialect of the query: tsql or sqlite
    #[arg(long, value_name = "DIALECT", default_value = "tsql", requires = "query")]
    pub dialect: String,
    /// Explain only the rows with this value, e.g. activity_id=1347
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub row: Vec<String>,
    /// Explain only this column
    #[arg(add = complete::columns(), long, value_name = "COLUMN")]
    pub column: Option<String>,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Events, e.g. "+3:00 application stops"; times count from the start of the scenario's clock, and an
    /// event without a time happens ten seconds after the previous one. `chatdb help causes` lists the events
    #[arg(value_name = "EVENT")]
    pub events: Vec<String>,
    /// Read events from FILE, one per line
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Start at the end of this scenario or step (default: at the end of the baseline)
    #[arg(add = complete::scenarios(), long, value_name = "SCENARIO[/STEP]")]
    pub from: Option<String>,
    /// Run the events in every order, and group the orders by outcome
    #[arg(long, conflicts_with_all = ["find", "random"])]
    pub all_orders: bool,
    /// Find the shortest schedule that reaches a state: a name, or a condition in SQL, e.g. "EXISTS (SELECT 1 FROM
    /// egpl_casemgmt_activity WHERE activity_id = 1347 AND activity_status = 9000)". If events are given, only those
    /// are tried
    #[arg(long, value_name = "STATE", conflicts_with = "random")]
    pub find: Option<String>,
    /// Give up a search after N states
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub max_states: usize,
    /// Run up to N random schedules until one violates an invariant, and shrink that one
    #[arg(long, value_name = "N")]
    pub random: Option<u64>,
    /// Seed for the random schedules
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Require that a state always holds
    #[arg(long, value_name = "STATE")]
    pub always: Vec<String>,
    /// Require that a state never holds
    #[arg(long, value_name = "STATE")]
    pub never: Vec<String>,
    /// Read invariants from FILE: lines such as `never phantom` or `always STATE until STATE`
    #[arg(long, value_name = "FILE")]
    pub invariants: Option<PathBuf>,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}
