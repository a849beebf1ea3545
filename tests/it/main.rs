//! Every test of chatdb, in one program.

mod diff;
mod files;
mod readme;
mod render;
mod sample_report;
mod snapshot;
mod table;
mod tidy;
