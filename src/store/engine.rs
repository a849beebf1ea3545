//! What SQLite says, in the program's words: the one way by which its messages get out.

use rusqlite::{Error, ErrorCode};

/// What an error of SQLite's says, without the text of the statement, the place in it and the number of the error.
pub(super) fn in_our_words(error: &Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } => of_message(msg),
        Error::SqliteFailure(failure, said) => match (of_code(failure.code), said) {
            (Some(words), _) => words.to_owned(),
            (None, Some(said)) => of_message(said),
            (None, None) => "SQLite failed without saying why".to_owned(),
        },
        Error::UserFunctionError(error) => error.to_string(),
        Error::MultipleStatement => "it is more than one statement".to_owned(),
        other => other.to_string(),
    }
}

/// What is wrong with the file or the machine, whatever the statement; `None` where it is the statement's matter.
fn of_code(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "another program is using it",
        ErrorCode::ReadOnly => "it is read-only",
        ErrorCode::CannotOpen => "it cannot be opened",
        ErrorCode::NotADatabase => "it is not an SQLite database",
        ErrorCode::DatabaseCorrupt => "it is damaged",
        ErrorCode::DiskFull => "the database or the disk is full",
        ErrorCode::SystemIoFailure => "it could not be read or written",
        ErrorCode::OutOfMemory => "there is not enough memory",
        ErrorCode::TooBig => "a text or a row is too long",
        ErrorCode::PermissionDenied => "access is denied",
        ErrorCode::TypeMismatch => "a row needs a whole number for its key",
        _ => return None,
    })
}

/// A message about a statement: how SQLite's begins, how it goes on, how it ends, and what ours has around the name.
const MESSAGES: [(&str, &str, &str, &str); 14] = [
    ("no such table: ", "", "there is no table `", "`"),
    ("no such view: ", "", "there is no view `", "`"),
    ("no such index: ", "", "there is no index `", "`"),
    ("no such column: ", "", "there is no column `", "`"),
    ("no such function: ", "", "there is no function `", "`"),
    (
        "no such collation sequence: ",
        "",
        "there is no collation `",
        "`",
    ),
    (
        "ambiguous column name: ",
        "",
        "several tables have a column `",
        "`: write the table before it",
    ),
    ("near \"", "\": syntax error", "unexpected `", "`"),
    ("unrecognized token: \"", "\"", "unexpected `", "`"),
    (
        "wrong number of arguments to function ",
        "()",
        "`",
        "` takes another number of arguments",
    ),
    (
        "misuse of aggregate: ",
        "()",
        "`",
        "` is an aggregate, which is not allowed here",
    ),
    (
        "misuse of aggregate function ",
        "()",
        "`",
        "` is an aggregate, which is not allowed here",
    ),
    (
        "misuse of window function ",
        "()",
        "`",
        "` is a window function, which is not allowed here",
    ),
    ("NOT NULL constraint failed: ", "", "`", "` cannot be NULL"),
];

/// What SQLite says of a statement. What is on no list is said as SQLite says it.
pub(super) fn of_message(said: &str) -> String {
    for (begins, ends, before, behind) in MESSAGES {
        let name = said.strip_prefix(begins);
        if let Some(name) = name.and_then(|rest| rest.strip_suffix(ends)) {
            return format!("{before}{name}{behind}");
        }
    }
    if let Some((table, column)) = no_column(said) {
        return format!("`{table}` has no column `{column}`");
    }
    if let Some(columns) = said.strip_prefix("UNIQUE constraint failed: ") {
        return format!("there is a row with the same {}", quoted(columns));
    }
    if let Some(condition) = said.strip_prefix("CHECK constraint failed: ") {
        return format!("a row violates the constraint `{condition}` of its table");
    }
    match said {
        "incomplete input" => "the statement is not complete".to_owned(),
        "FOREIGN KEY constraint failed" => "a row refers to a row that does not exist".to_owned(),
        "datatype mismatch" => "a row needs a whole number for its key".to_owned(),
        said => said.to_owned(),
    }
}

/// The table and the column of `table x has no column named y`.
pub(super) fn no_column(said: &str) -> Option<(&str, &str)> {
    let rest = said.strip_prefix("table ")?;
    rest.split_once(" has no column named ")
}

/// `a.b, a.c` as `` `a.b` and `a.c` ``.
fn quoted(columns: &str) -> String {
    let columns: Vec<String> = columns
        .split(", ")
        .map(|name| format!("`{name}`"))
        .collect();
    columns.join(" and ")
}
