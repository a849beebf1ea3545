//! Reads what people export from SQL Server, in whatever form their tool writes, into typed rows; what cannot be a row
//! is kept beside them with its place and the reason.
//!
//! ```text
//!   source    bytes of a file: plain, gzip, zstd, workbook, standard input; their number and hash
//!   decode    bytes -> UTF-8, strictly
//!   forms     the closed list of forms: how each is laid out, how it says NULL
//!   detect    which of them a file is in: each is scored against the beginning
//!   open      all of this for one file, and the reader of its form
//!   readers   delimited (by tokenize), fixed, vertical, grid, json, xml, workbook -> names, records, rejects, footer
//!   tables    which tables are these columns of; what is a record's field in which table
//!   typed     a field as a value of its column's kind, or the reason why it is none
//!   rows      batches of typed rows, on their way to the store
//! ```
//!
//! Conservation: records in a file = rows loaded + records rejected, whatever the file. What a *record* is, is for the
//! form to say where it marks their ends: a quoted field may have line breaks in it, an object of JSON is one. A form
//! that quotes nothing marks nothing, so there a record is a line that is not blank and no part of a repaired record,
//! and each repaired one: lines are put together only where their fields are exactly one record's and its numbers and
//! times stand where they should ([`delimited`], [`fixed`]). Names that stand again, and the count and the time that
//! a tool writes below, are no records; names that stand again are a reject all the same, which says so.
//!
//! This module does not know SQLite.

pub mod archive;
pub mod decode;
pub mod delimited;
pub mod detect;
pub mod fixed;
pub mod footer;
pub mod format_file;
pub mod forms;
pub mod grid;
pub mod held;
pub mod json;
pub mod lenient;
pub mod lines;
pub mod oem;
pub mod open;
pub mod record;
pub mod rows;
pub mod source;
pub mod spoiled;
pub mod stream;
pub mod tokenize;
pub mod union;
pub mod vertical;
pub mod workbook;
pub mod xml;
