//! chatdb puts a database into the state that a published support note describes, asks the note's questions,
//! and compares the answers with the tables printed there.
//!
//! ```text
//!     seeds/<scenario>/
//!     scenario.toml  NN_*.sql  NN_*.md
//!          | scenario, query, sql
//!          v
//!     Scenario ---- replay ---->+
//!                               |
//!     migrations/ ---> store: one SQLite database, egpl_* rows, the platform model
//!                               |
//!     reports/*.sql -- ask ---->|
//!                               v
//!     expected rows --> check: actual beside expected, by diff
//!                               |
//!                               v
//!                     report --> render::{terminal, csv, markdown, json}
//! ```
//!
//! [`ask`] puts questions of the user's own to such a database, in T-SQL that [`sql::tsql`] rewrites for SQLite.
//!
//! [`analysis`] searches a database of exported rows for what an outage leaves behind.
//!
//! Reading order: [`document`] and [`table`], the currencies; [`scenario`] and [`query`], what is read;
//! [`store`], the database; [`diff`], [`check`] and [`replay`], the work; [`report`] and [`render`], what comes
//! out. The library never prints, and reads no clock.

pub mod analysis;
pub mod ask;
pub mod assets;
pub mod check;
pub mod diff;
pub mod document;
pub mod files;
pub mod import;
pub mod problem;
pub mod query;
pub mod render;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod script;
pub mod sql;
pub mod store;
pub mod table;
