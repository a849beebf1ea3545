//! chatdb (module list to come)
pub mod diff;
pub mod document;
pub mod report;
pub mod scenario;
pub mod table;
