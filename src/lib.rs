//! chatdb (module list to come)
pub mod assets;
pub mod diff;
pub mod document;
pub mod problem;
pub mod query;
pub mod report;
pub mod scenario;
pub mod sql;
pub mod table;
