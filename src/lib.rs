//! chatdb puts a database into the state that a published support note describes, runs the note's queries, and
//! compares the results with the tables printed there; and it reads what was exported from a production database, and
//! finds what an outage left behind.
//!
//! ```text
//!     seeds/<scenario>/                             files exported from SQL Server
//!     scenario.toml  NN_*.sql  NN_*.md                    | import: format, records, tables, typed rows
//!          | scenario, query, sql                         | rejects beside them
//!          v                                              v
//!     Scenario ---- replay ---->+<------------------------+
//!                               |
//!     migrations/ ---> store: one SQLite database, egpl_* rows; the platform model for replays
//!                               |
//!     reports/*.sql -- ask ---->|<--- analysis, signature: reports/findings/*.sql, signatures.csv
//!                               v
//!     expected rows --> check: actual beside expected, by diff
//!                               |
//!                               v
//!                     report --> privacy --> render::{terminal, csv, markdown, html, json}
//! ```
//!
//! [`ask`] runs queries of the user's own on such a database, in T-SQL that [`sql::tsql`] rewrites for SQLite.
//!
//! Reading order: [`document`] and [`table`], which all others share; [`scenario`] and [`query`], what is read;
//! [`import`] and [`store`], the database and how rows come into it; [`diff`], [`check`], [`replay`], [`analysis`] and
//! [`signature`], the work; [`report`], [`privacy`] and [`render`], what comes out. The library never prints, and reads
//! no clock.

pub mod acceptance;
pub mod analysis;
pub mod ask;
pub mod assets;
pub mod causes;
pub mod check;
pub mod command_line;
pub mod diagnostic;
pub mod diff;
pub mod document;
pub mod files;
pub mod import;
pub mod invariant;
pub mod privacy;
pub mod query;
pub mod record;
pub mod render;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod schema;
pub mod script;
pub mod signature;
pub mod sql;
pub mod store;
pub mod table;
pub mod validate;
pub mod work;
