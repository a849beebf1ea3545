//! The header of a query.
