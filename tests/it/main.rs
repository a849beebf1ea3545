//! One test binary.
mod files;
mod render;
mod sample_report;
mod snapshot;
