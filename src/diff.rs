//! Compares two tables.
