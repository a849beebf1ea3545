//! Reimplements those SQLite functions that compare every position of one text with another, so that a call takes time
//! proportional to its arguments: nothing can be interrupted inside a call.
//!
//! They return the same as SQLite's, which a test checks. A number with a fraction is refused, because its text depends
//! on SQLite, and so is text that is not UTF-8.

use memchr::memmem;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Error, Result};

use super::engine::of_function;
use crate::sql::functions::FunctionError;
use crate::sql::guard::limits::QUESTION;

/// Replaces SQLite's own functions.
pub(super) fn bound(conn: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("instr", 2, flags, instr)?;
    conn.create_scalar_function("replace", 3, flags, replace)?;
    for (name, start, end) in [("trim", true, true), ("ltrim", true, false), ("rtrim", false, true)]
    {
        conn.create_scalar_function(name, 2, flags, move |context| trim(context, start, end))?;
    }
    Ok(())
}

fn failed(message: impl Into<String>) -> Error {
    of_function(&FunctionError::Failed(message.into()))
}

/// The bytes of an argument as text; `None` for NULL.
fn text<'c>(context: &'c Context<'_>, at: usize) -> Result<Option<std::borrow::Cow<'c, [u8]>>> {
    match context.get_raw(at) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(value.to_string().into_bytes().into())),
        ValueRef::Real(_) => Err(failed(
            "expected text to search, found a number with a fraction; CAST it AS TEXT first",
        )),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Some(bytes.into())),
    }
}

fn instr(context: &Context<'_>) -> Result<Option<i64>> {
    let blobs = (0..2).all(|at| matches!(context.get_raw(at), ValueRef::Blob(_)));
    let (Some(within), Some(wanted)) = (text(context, 0)?, text(context, 1)?) else {
        return Ok(None);
    };
    let Some(at) = memmem::find(&within, &wanted) else {
        return Ok(Some(0));
    };
    let begins = |byte: &&u8| blobs || **byte & 0xc0 != 0x80;
    let before = within[..at].iter().filter(begins).count();
    Ok(Some(i64::try_from(before).unwrap_or(i64::MAX - 1) + 1))
}

fn replace(context: &Context<'_>) -> Result<ToSqlOutput<'static>> {
    let null = || Ok(ToSqlOutput::Owned(Value::Null));
    let (Some(within), Some(wanted)) = (text(context, 0)?, text(context, 1)?) else {
        return null();
    };
    if wanted.first().is_none_or(|byte| *byte == 0) {
        return Ok(ToSqlOutput::Owned(Value::Text(utf8(within.into_owned())?)));
    }
    let Some(with) = text(context, 2)? else {
        return null();
    };
    let mut result = Vec::with_capacity(within.len());
    let mut done = 0;
    for at in memmem::find_iter(&within, &wanted) {
        result.extend_from_slice(&within[done..at]);
        result.extend_from_slice(&with);
        done = at + wanted.len();
        if result.len() > QUESTION.length as usize {
            return Err(failed("string or blob too big"));
        }
    }
    result.extend_from_slice(&within[done..]);
    Ok(ToSqlOutput::Owned(Value::Text(utf8(result)?)))
}

fn trim(context: &Context<'_>, start: bool, end: bool) -> Result<Option<String>> {
    let (Some(within), Some(set)) = (text(context, 0)?, text(context, 1)?) else {
        return Ok(None);
    };
    let within = utf8(within.into_owned())?;
    // To SQLite the set ends where a text of C's does.
    let end_of_set = memchr::memchr(0, &set).unwrap_or(set.len());
    let mut set: Vec<char> = utf8(set[..end_of_set].to_vec())?.chars().collect();
    set.sort_unstable();
    let taken = |c: char| set.binary_search(&c).is_ok();
    let mut rest = within.as_str();
    if start {
        rest = rest.trim_start_matches(taken);
    }
    if end {
        rest = rest.trim_end_matches(taken);
    }
    Ok(Some(rest.to_owned()))
}

fn utf8(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| failed("text is not valid UTF-8"))
}
