//! JSON: what a path leads to, as it is written in the text.
//!
//! A text is checked as a whole first, so that what looks for a part of it can rely on its form. The work of a call is
//! that of reading the text once for the check and once for each step of the path.

use serde_json::Value as Json;

use super::{FunctionError, Outcome, Value, unless_null};

/// So many characters JSON_VALUE gives at most; a longer text is NULL.
const LONGEST: usize = 4000;

/// A step of a path: `.name` or `[0]`.
enum PathStep {
    Name(String),
    Place(usize),
}

/// A path, and whether it is an error that it leads nowhere.
struct JsonPath {
    strict: bool,
    steps: Vec<PathStep>,
}

fn is_container(part: &str) -> bool {
    part.starts_with(['{', '['])
}

/// Refuses a text that is no JSON, and gives it without the blanks around it.
fn checked(text: &str) -> Result<&str, FunctionError> {
    let Err(error) = serde_json::from_str::<Json>(text) else {
        return Ok(text.trim_ascii());
    };
    let before: usize = text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
    let at = before + error.column().saturating_sub(1);
    let found = text.get(at..).and_then(|rest| rest.chars().next());
    let place = text.get(..at).unwrap_or(text).chars().count();
    Err(FunctionError::new(format!(
        "JSON text is not properly formatted. Unexpected character '{}' is found at position {place}.",
        found.unwrap_or('.')
    )))
}

/// The document of a call, which is an object or an array.
fn document(text: &str) -> Result<&str, FunctionError> {
    let part = checked(text)?;
    if is_container(part) {
        return Ok(part);
    }
    Err(FunctionError::refused("JSON that is neither an object nor an array is not supported"))
}

/// How long the value is that a well-formed text begins with.
fn length_of(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            if !quoted && depth == 0 {
                return at + 1;
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The members of an object or an array, each with its name or its number.
fn members(container: &str) -> Vec<(String, &str)> {
    let named = container.starts_with('{');
    let separators = [',', ':', ' ', '\t', '\r', '\n'];
    let mut rest = container[1..container.len() - 1].trim_start_matches(separators);
    let mut found = Vec::new();
    while !rest.is_empty() {
        let name = if named {
            let (name, after) = rest.split_at(length_of(rest));
            rest = after.trim_start_matches(separators);
            unescaped(name)
        } else {
            found.len().to_string()
        };
        let (value, after) = rest.split_at(length_of(rest));
        rest = after.trim_start_matches(separators);
        found.push((name, value));
    }
    found
}

/// A text without its quotes and escapes.
fn unescaped(part: &str) -> String {
    serde_json::from_str(part).unwrap_or_default()
}

/// A scalar as a text; `None` for `null`.
fn scalar(part: &str) -> Value {
    match part {
        "null" => Value::Null,
        text if text.starts_with('"') => Value::Text(unescaped(text)),
        other => Value::Text(other.to_owned()),
    }
}

fn path_of(text: &str) -> Result<JsonPath, FunctionError> {
    let wrong = |rest: &str| {
        let at = text[..text.len() - rest.len()].chars().count();
        let found = rest.chars().next().unwrap_or('.');
        FunctionError::new(format!(
            "JSON path is not properly formatted. Unexpected character '{found}' is found at position {at}."
        ))
    };
    let (strict, rest) = match text.strip_prefix("strict ") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix("lax ").unwrap_or(text)),
    };
    let mut rest = rest.trim_start_matches(' ');
    rest = rest.strip_prefix('$').ok_or_else(|| wrong(rest))?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(name) = rest.strip_prefix('.') {
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
            let length = match name.starts_with('"') {
                true => length_of(name),
                false => name.find(|c| !is_of_name(c)).unwrap_or(name.len()),
            };
            if length == 0 || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(wrong(name));
            }
            let (own, after) = name.split_at(length);
            let own = match own.starts_with('"') {
                true => serde_json::from_str(own).map_err(|_| wrong(name))?,
                false => own.to_owned(),
            };
            steps.push(PathStep::Name(own));
            rest = after;
            continue;
        }
        let place = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        let Some((number, after)) = place else {
            return Err(wrong(rest));
        };
        let number = number.trim_matches(' ');
        match number.parse() {
            Ok(number) => steps.push(PathStep::Place(number)),
            Err(_) => return Err(wrong(&rest[1..])),
        }
        rest = after;
    }
    Ok(JsonPath { strict, steps })
}

/// The part of a document that a path leads to.
fn part_at<'t>(document: &'t str, path: &JsonPath) -> Result<Option<&'t str>, FunctionError> {
    let mut part = document;
    for step in &path.steps {
        let (named, mut found) = (part.starts_with('{'), Vec::new());
        if is_container(part) {
            let wanted = |(at, (name, _)): &(usize, (String, &str))| match step {
                PathStep::Name(wanted) => named && name == wanted,
                PathStep::Place(place) => !named && at == place,
            };
            let members = members(part).into_iter().enumerate();
            found = members.filter(wanted).map(|(_, (_, value))| value).collect();
        }
        match found.as_slice() {
            [one] => part = one,
            [] if path.strict => {
                return Err(FunctionError::new(
                    "Property cannot be found on the specified JSON path.",
                ));
            }
            [] => return Ok(None),
            _ => {
                return Err(FunctionError::refused(
                    "JSON with two properties of one name is not supported",
                ));
            }
        }
    }
    Ok(Some(part))
}

/// `ISJSON(text)`: whether it is an object or an array.
pub fn isjson(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text = arguments[0].text();
        let is = checked(&text).is_ok_and(is_container);
        Ok(Value::Integer(i64::from(is)))
    })
}

/// `JSON_VALUE(text, path)`: the scalar at a path.
pub fn json_value(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (text, path) = (arguments[0].text(), path_of(&arguments[1].text())?);
        value_at(document(&text)?, &path)
    })
}

fn value_at(document: &str, path: &JsonPath) -> Outcome {
    let Some(part) = part_at(document, path)? else {
        return Ok(Value::Null);
    };
    let value = match is_container(part) {
        true => Value::Null,
        false => scalar(part),
    };
    let long = value.text().encode_utf16().count() > LONGEST;
    if path.strict && (long || is_container(part)) {
        return Err(FunctionError::new("Scalar value cannot be found in the specified JSON path."));
    }
    Ok(if long { Value::Null } else { value })
}

/// `JSON_QUERY(text, path)`: the object or the array at a path, as it is written.
pub fn json_query(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let path = arguments.get(1).map_or_else(|| "$".to_owned(), Value::text);
        let (text, path) = (arguments[0].text(), path_of(&path)?);
        query_at(document(&text)?, &path)
    })
}

fn query_at(document: &str, path: &JsonPath) -> Outcome {
    match part_at(document, path)? {
        Some(part) if is_container(part) => Ok(Value::Text(part.to_owned())),
        _ if path.strict => {
            Err(FunctionError::new("Object or array cannot be found in the specified JSON path."))
        }
        _ => Ok(Value::Null),
    }
}

/// `tsql_openjson(text, path)`: the rows of OPENJSON as a list in JSON, each the key, the value and the kind of a
/// member.
pub fn openjson(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text = arguments[0].text();
        let Some(container) = container_at(&text, &arguments[1].text())? else {
            return Ok(Value::Null);
        };
        let rows = members(container).into_iter().map(|(name, part)| {
            let (kind, value) = match part.as_bytes().first() {
                Some(b'n') => (0, Json::Null),
                Some(b'"') => (1, Json::String(unescaped(part))),
                Some(b't' | b'f') => (3, Json::from(part)),
                Some(b'[') => (4, Json::from(part)),
                Some(b'{') => (5, Json::from(part)),
                _ => (2, Json::from(part)),
            };
            Json::Array(vec![Json::String(name), value, Json::from(kind)])
        });
        Ok(Value::Text(Json::Array(rows.collect()).to_string()))
    })
}

/// `tsql_openjson_rows(text, path)`: the rows of OPENJSON with columns, as a list of JSON texts.
pub fn openjson_rows(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text = arguments[0].text();
        let Some(container) = container_at(&text, &arguments[1].text())? else {
            return Ok(Value::Null);
        };
        let rows: Vec<&str> = match container.starts_with('{') {
            true => vec![container],
            false => members(container).into_iter().map(|(_, part)| part).collect(),
        };
        Ok(Value::Text(Json::from(rows).to_string()))
    })
}

fn container_at<'t>(text: &'t str, path: &str) -> Result<Option<&'t str>, FunctionError> {
    let path = path_of(path)?;
    let part = part_at(document(text)?, &path)?;
    match part.filter(|part| is_container(part)) {
        None if path.strict => {
            Err(FunctionError::new("Object or array cannot be found in the specified JSON path."))
        }
        found => Ok(found),
    }
}

/// `tsql_openjson_column(row, path, whole)`: a column of a row of OPENJSON, as a scalar or as JSON.
pub fn openjson_column(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (row, path) = (arguments[0].text(), path_of(&arguments[1].text())?);
        match arguments[2] {
            Value::Integer(0) => value_at(&row, &path),
            _ => query_at(&row, &path),
        }
    })
}
