//! Every test of chatdb, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod ahead;
mod bind;
#[cfg(target_os = "linux")]
mod bombs;
mod bounded_work;
mod cases;
mod check;
mod cli;
mod diff;
mod diff_files;
mod diff_values;
mod document;
mod exports;
mod files;
mod findings;
mod functions;
mod fuzz;
mod guard;
mod handout;
mod honesty;
mod import;
mod import_cli;
mod import_reading;
mod model;
mod numbers;
mod pages;
mod planted;
mod privacy;
mod query;
mod readme;
mod render;
mod sample_report;
mod samples;
mod scan;
mod scenario;
mod schedules;
mod signature;
mod snapshot;
mod sql;
mod table;
mod table_text;
mod tidy;
mod timeline;
mod tokenize;
mod tsql;
