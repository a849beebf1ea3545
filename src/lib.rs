//! chatdb (module list to come)
pub mod diff;
pub mod document;
pub mod files;
pub mod render;
pub mod report;
pub mod scenario;
pub mod table;
