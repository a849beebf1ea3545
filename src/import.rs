//! Reads what people export from SQL Server, in whatever form their tool writes, into typed rows; what cannot be a row
//! is kept beside them with its place and the reason.
//!
//! ```text
//!   source    bytes of a file: plain, gzip, zstd, standard input; their hash
//!   decode    bytes -> UTF-8, strictly
//!   forms     which of the known forms is it: each form is a line of a list, scored against the beginning
//!   readers   delimited text (tokenize), fixed width, workbooks, JSON, ... -> header, records, rejects, footer
//!   tables    which tables are these columns of; what is a record's field in which table
//!   typed     a field as a value of its column's kind, or the reason why it is none
//!   rows      batches of typed rows, on their way to the store
//! ```
//!
//! Conservation: records in a file = rows loaded + records rejected, whatever the file. This module does not know SQLite.

pub mod record;
pub mod rows;
pub mod tokenize;
