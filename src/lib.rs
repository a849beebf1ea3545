//! chatdb (module list to come)
pub mod diff;
pub mod table;
