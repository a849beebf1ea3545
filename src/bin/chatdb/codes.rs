//! Error codes, and the text of `chatdb explain` for each. The meaning of a code never changes.

use crate::failure::Code;

/// One kind of error.
#[derive(Debug)]
pub struct ErrorCode {
    /// The stable code, such as `CHATDB-E201`.
    pub code: &'static str,
    /// The kind in a few words.
    pub title: &'static str,
    /// How the program ends.
    pub exit: Code,
    /// What it means, and what to do.
    pub text: &'static str,
}

/// Defines the codes as constants, and the list of them.
macro_rules! codes {
    ($($name:ident = $code:literal, $exit:ident, $title:literal, $text:literal;)*) => {
        $(pub const $name: ErrorCode = ErrorCode { code: $code, title: $title, exit: Code::$exit, text: $text };)*
        /// Every code, in order.
        pub const ALL: &[ErrorCode] = &[$($name),*];
    };
}

codes! {
    INTERNAL = "CHATDB-E001", Environment, "internal error",
        "chatdb itself failed. Your files are unchanged. Report the lines above the message, without your data.";
    DIFFERENCE = "CHATDB-E101", Differs, "a difference was found",
        "The command ran, and a result differs from what was expected. This is not an error in chatdb.";
    USAGE = "CHATDB-E200", Usage, "invalid command line",
        "An option or argument is missing, misspelled or contradicts another. `chatdb help COMMAND` shows examples.";
    UNKNOWN_NAME = "CHATDB-E201", Usage, "unknown name",
        "There is no scenario, step, check, finding, query, column or format of this name. The hint has the nearest \
         name, or the command that lists them.";
    INVALID_VALUE = "CHATDB-E202", Usage, "invalid value of an option",
        "The value is not valid for this option. The hint shows a valid one.";
    INVALID_SCENARIO = "CHATDB-E203", Usage, "invalid scenario",
        "A scenario folder has mistakes. Each message names file, line and column. `chatdb validate DIR` lists all of \
         them, and `chatdb help scenarios` explains the format.";
    TSQL_NOT_SUPPORTED = "CHATDB-E204", Usage, "T-SQL that is not supported",
        "The text is not valid T-SQL, or uses something that chatdb does not run. The message has line and column; \
         the hint says what works instead. `chatdb help tsql` lists what is supported.";
    INVALID_SQL = "CHATDB-E205", Usage, "a statement cannot run",
        "The statement names a table or column that the database does not have, or is not a query.";
    MISSING_VALUE = "CHATDB-E206", Usage, "a value is missing",
        "The query needs a parameter (`--set NAME=VALUE`) or the current time (`--as-of TIME`).";
    SETTINGS = "CHATDB-E207", Usage, "invalid settings file",
        "`chatdb.toml` has an unknown key or an invalid value. `chatdb config` shows which files are read.";
    REJECTED = "CHATDB-E300", Rejected, "input was rejected",
        "A file, or records of it, cannot be loaded without guessing. The message says what was found and \
         which option resolves it. Loaded rows stay loaded; rejects are in the table `rejects` with line and reason.";
    INVALID_DATA = "CHATDB-E301", Rejected, "a value cannot be computed",
        "A row holds a value that the query cannot convert or compute, as on SQL Server. `TRY_CONVERT` gives NULL for \
         such values.";
    ENVIRONMENT = "CHATDB-E400", Environment, "environment error",
        "A file cannot be read or written, the disk is full, or a database is locked or damaged. Files are written \
         whole or not at all, so that the command can be repeated.";
    OUTPUT = "CHATDB-E401", Environment, "output cannot be written",
        "Standard output or a file cannot be written. Check the space on the disk and the permissions of the folder.";
    NO_FILE = "CHATDB-E402", Environment, "a file cannot be read",
        "The file does not exist, is not a regular file, or may not be read.";
    DATABASE = "CHATDB-E403", Environment, "a database cannot be used",
        "The database cannot be opened, is locked by another program, or is damaged.";
    REFUSED = "CHATDB-E500", Refused, "refused",
        "chatdb refuses this to protect your data: the message says why, and what is allowed instead.";
    WRITES = "CHATDB-E501", Refused, "the statement is not read-only",
        "Queries only read. `chatdb query --db FILE --write` changes rows of the product's tables in a database that \
         chatdb wrote.";
    EXISTS = "CHATDB-E502", Refused, "a file exists",
        "chatdb replaces a file only with `--force`, and a database only if it wrote it.";
    LIMIT = "CHATDB-E503", Refused, "a limit was reached",
        "The result or the work is larger than the limits that protect your machine. Request fewer rows or \
         columns, or raise `--timeout`.";
    KEY = "CHATDB-E504", Refused, "the pseudonym key is not safe",
        "Others can read, change or guess the key, so that pseudonyms could be reversed. The hint shows how to make \
         it safe.";
}

/// Another end of what the environment did not let finish.
const INTERRUPTED: ErrorCode = ErrorCode { exit: Code::Interrupted, ..ENVIRONMENT };

/// The general code for an exit code, if nothing more specific is known.
impl From<Code> for &'static ErrorCode {
    fn from(exit: Code) -> Self {
        match exit {
            Code::Differs => &DIFFERENCE,
            Code::Usage => &USAGE,
            Code::Rejected => &REJECTED,
            Code::Refused => &REFUSED,
            Code::Interrupted => &INTERRUPTED,
            Code::Success | Code::Environment => &ENVIRONMENT,
        }
    }
}
