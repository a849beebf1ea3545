//! Every test of chatdb, in one program.

mod diff;
mod table;
