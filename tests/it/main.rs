//! Every test of chatdb, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cli;
mod diff;
mod document;
mod files;
mod honesty;
mod model;
mod query;
mod render;
mod sample_report;
mod scenario;
mod snapshot;
mod sql;
mod table;
