//! Every test of chatdb, in one program.

mod diff;
mod files;
mod render;
mod sample_report;
mod snapshot;
mod table;
mod tsql;
