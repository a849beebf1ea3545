//! Translates SQLite's messages: the only way for them to reach the user.
//!
//! What our own functions say passes through SQLite as its message does, so that it is marked on its way.

use rusqlite::ffi::{self, SQLITE_CONSTRAINT_TRIGGER, SQLITE_ERROR};
use rusqlite::{Error, ErrorCode};

/// SQLite's messages about a statement, and what we say instead, a line each. A message has `{}` for each part that
/// varies, and ours `{0}`, `{1}` and so on in the places of these parts. The first that fits is taken.
const MESSAGES: &str = include_str!("engine/messages.txt");

/// Begins a message of ours; none of SQLite's does.
const OURS: char = '\u{1}';

/// A message as it is given to SQLite, to be recognized as ours when it comes back.
pub(super) fn marked(message: &str) -> String {
    // SQLite's messages end at a NUL, and one that has it is lost.
    format!("{OURS}{}", message.replace('\0', "\u{2400}"))
}

/// The error of one of our functions, as it is given to SQLite.
pub(super) fn of_function(error: &impl std::error::Error) -> Error {
    Error::SqliteFailure(ffi::Error::new(SQLITE_ERROR), Some(marked(&error.to_string())))
}

/// The message of an SQLite error, without the statement text, the offset and the error number.
pub(super) fn in_our_words(error: &Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } => of_message(msg),
        Error::SqliteFailure(failure, said) => match (of_code(failure.code), said) {
            (Some(words), _) => words.to_owned(),
            // A trigger says what whoever wrote it has it say.
            (None, Some(said)) if failure.extended_code == SQLITE_CONSTRAINT_TRIGGER => {
                said.clone()
            }
            (None, Some(said)) => of_message(said),
            (None, None) => "SQLite failed without saying why".to_owned(),
        },
        Error::MultipleStatement => "it is more than one statement".to_owned(),
        other => of_message(&other.to_string()),
    }
}

/// The message if the file or the machine is at fault, whatever the statement; `None` if the statement is.
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
        ErrorCode::OperationInterrupted => "it was interrupted",
        ErrorCode::TypeMismatch => "a row needs a whole number for its key",
        _ => return None,
    })
}

/// What is said of a statement: by one of our functions, or by SQLite. What is on no list is shown as SQLite's.
pub(super) fn of_message(said: &str) -> String {
    if let Some(own) = said.strip_prefix(OURS) {
        return own.to_owned();
    }
    known_message(said)
        .unwrap_or_else(|| format!("SQLite refused the statement: {}", quoted_message(said)))
}

/// What SQLite itself said, on one line and marked as such.
pub(super) fn quoted_message(said: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    format!("`{}`", said.trim().chars().map(shown).collect::<String>())
}

/// A message of SQLite's about a statement in plain words; `None` where it is on no list.
#[must_use]
pub fn known_message(said: &str) -> Option<String> {
    if let Some(columns) = said.strip_prefix("UNIQUE constraint failed: ") {
        return Some(format!("there is a row with the same {}", quoted(columns)));
    }
    MESSAGES.lines().find_map(|line| {
        let (theirs, ours) = line.split_once(" => ")?;
        let parts = parts_of(theirs, said)?;
        let mut words = ours.to_owned();
        for (at, part) in parts.iter().enumerate() {
            words = words.replace(&format!("{{{at}}}"), part);
        }
        Some(words)
    })
}

/// The parts of a message in the places of `{}`, each as short as can be; `None` where it is not of this form.
fn parts_of<'m>(form: &str, said: &'m str) -> Option<Vec<&'m str>> {
    let mut fixed = form.split("{}");
    let mut rest = said.strip_prefix(fixed.next()?)?;
    let mut parts = Vec::new();
    let mut fixed = fixed.peekable();
    while let Some(next) = fixed.next() {
        let is_last = fixed.peek().is_none();
        let at = match (is_last, next) {
            (true, "") => rest.len(),
            (true, next) => rest.strip_suffix(next)?.len(),
            (false, next) => rest.find(next)?,
        };
        parts.push(&rest[..at]);
        rest = &rest[at + next.len()..];
    }
    rest.is_empty().then_some(parts)
}

/// The table and the column of `table x has no column named y`.
pub(super) fn no_column(said: &str) -> Option<(&str, &str)> {
    let rest = said.strip_prefix("table ")?;
    rest.split_once(" has no column named ")
}

/// `a.b, a.c` as `` `a.b` and `a.c` ``.
fn quoted(columns: &str) -> String {
    let columns: Vec<String> = columns.split(", ").map(|name| format!("`{name}`")).collect();
    columns.join(" and ")
}
