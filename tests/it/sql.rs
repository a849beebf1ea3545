//! Scripts split into statements.
