//! One binary for all tests of the library.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod query;
mod scenario;
mod sql;
