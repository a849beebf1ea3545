//! Functions of text. Positions count from 1, in the units that SQL Server counts: UTF-16, so that a character
//! beyond the first plane is two.

use super::{FunctionError, Outcome, Value, Work, collation, unless_null};

/// The longest text that is made where the type is `max`. SQL Server's limit is two gigabytes: more than anybody reads.
pub const LONGEST_MAX: i64 = 10_000_000;

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn from_units(units: &[u16]) -> Value {
    Value::Text(String::from_utf16_lossy(units))
}

/// The part from `start` (from 0) that is `length` long, as far as there is one.
fn part(text: &str, start: i64, length: i64) -> Value {
    let bound = |n: i64, len: usize| usize::try_from(n.max(0)).map_or(len, |n| n.min(len));
    let end = start.saturating_add(length);
    if text.is_ascii() {
        let (from, to) = (bound(start, text.len()), bound(end, text.len()));
        return Value::Text(text.get(from..to.max(from)).unwrap_or("").to_owned());
    }
    let units = units(text);
    let (from, to) = (bound(start, units.len()), bound(end, units.len()));
    from_units(units.get(from..to.max(from)).unwrap_or(&[]))
}

fn count(text: &str) -> i64 {
    let units = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn bad_length(function: &str) -> FunctionError {
    FunctionError::new(format!("Invalid length parameter passed to the {function} function."))
}

pub fn len(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || Ok(Value::Integer(count(arguments[0].text().trim_end_matches(' ')))))
}

/// All units, blanks at the end included: half of `DATALENGTH` of Unicode text.
pub fn units_of(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || Ok(Value::Integer(count(&arguments[0].text()))))
}

pub fn left(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || match arguments[1].integer()? {
        n if n < 0 => Err(bad_length("LEFT")),
        n => Ok(part(&arguments[0].text(), 0, n)),
    })
}

pub fn right(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text = arguments[0].text();
        match arguments[1].integer()? {
            n if n < 0 => Err(bad_length("RIGHT")),
            n => Ok(part(&text, (count(&text).saturating_sub(n)).max(0), n)),
        }
    })
}

pub fn substring(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (start, length) = (arguments[1].integer()?, arguments[2].integer()?);
        if length < 0 {
            return Err(bad_length("SUBSTRING"));
        }
        // A start before the text counts from there: `SUBSTRING('abc', 0, 2)` is `a`.
        let start = start.saturating_sub(1);
        let end = start.saturating_add(length).max(0);
        let start = start.max(0);
        Ok(part(&arguments[0].text(), start, (end - start).max(0)))
    })
}

pub fn stuff(arguments: &[Value]) -> Outcome {
    let [text, start, length, with] = arguments else {
        return Ok(Value::Null);
    };
    if text.is_null() || start.is_null() || length.is_null() {
        return Ok(Value::Null);
    }
    let (text, start, length) = (units(&text.text()), start.integer()?, length.integer()?);
    let (Ok(start), Ok(length)) =
        (usize::try_from(start.saturating_sub(1)), usize::try_from(length))
    else {
        return Ok(Value::Null);
    };
    if start >= text.len() {
        return Ok(Value::Null);
    }
    let end = start.saturating_add(length).min(text.len());
    let mut result = text[..start].to_vec();
    result.extend(with.text().encode_utf16());
    result.extend(&text[end..]);
    Ok(from_units(&result))
}

/// The places where `wanted` begins in `text`, by the default collation, without overlap; as indices of
/// characters.
fn places(
    text: &[char],
    wanted: &[char],
    from: usize,
    work: &mut Work,
) -> Result<Option<usize>, FunctionError> {
    if wanted.is_empty() || text.len() < wanted.len() {
        return Ok(None);
    }
    for at in from..=text.len() - wanted.len() {
        let here = text[at..].iter().zip(wanted);
        let same = here.take_while(|(a, b)| collation::same(**a, **b)).count();
        work.compare_many(same + 1)?;
        if same == wanted.len() {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

pub fn charindex(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let wanted: Vec<char> = arguments[0].text().chars().collect();
        let text: Vec<char> = arguments[1].text().chars().collect();
        let start = match arguments.get(2) {
            Some(start) => start.integer()?,
            None => 1,
        };
        let skipped = usize::try_from(start.max(1) - 1).unwrap_or(usize::MAX);
        // The start is counted in units, the search in characters.
        let mut passed = 0;
        let from = text
            .iter()
            .position(|c| {
                let here = passed >= skipped;
                passed += c.len_utf16();
                here
            })
            .unwrap_or(text.len());
        let found = places(&text, &wanted, from, &mut Work::new())?;
        let position =
            found.map_or(0, |at| 1 + text[..at].iter().map(|c| c.len_utf16()).sum::<usize>());
        Ok(Value::Integer(i64::try_from(position).unwrap_or(i64::MAX)))
    })
}

pub fn replace(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text: Vec<char> = arguments[0].text().chars().collect();
        let wanted: Vec<char> = arguments[1].text().chars().collect();
        let with = arguments[2].text();
        let mut result = String::new();
        let mut done = 0;
        let mut work = Work::new();
        while let Some(at) = places(&text, &wanted, done, &mut work)? {
            result.extend(&text[done..at]);
            result.push_str(&with);
            short_enough(result.len(), "REPLACE")?;
            done = at + wanted.len();
        }
        result.extend(&text[done..]);
        Ok(Value::Text(result))
    })
}

/// `tsql_no_longer(text, most)`: a text that its type has room for.
pub fn no_longer(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (text, most) = (arguments[0].text(), arguments[1].integer()?);
        if count(&text) <= most {
            return Ok(Value::Text(text));
        }
        Err(FunctionError::new(format!(
            "String or binary data would be truncated: the result of STUFF has more than {most} characters; CAST its \
             first argument to varchar(max)."
        )))
    })
}

/// `REPLICATE(text, times)`; the third argument says how long it may be.
pub fn replicate(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (text, times) = (arguments[0].text(), arguments[1].integer()?);
        let Ok(times) = usize::try_from(times) else {
            return Ok(Value::Null);
        };
        let most = arguments[2].integer()?.clamp(1, LONGEST_MAX);
        let wanted = count(&text).saturating_mul(i64::try_from(times).unwrap_or(i64::MAX));
        if wanted <= most {
            return Ok(Value::Text(text.repeat(times)));
        }
        if most == LONGEST_MAX {
            return Err(FunctionError::new(format!(
                "the result of REPLICATE has more than {LONGEST_MAX} characters"
            )));
        }
        let enough = usize::try_from(most / count(&text).max(1)).unwrap_or(0) + 1;
        Ok(part(&text.repeat(enough.min(times)), 0, most))
    })
}

pub fn space(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(match usize::try_from(arguments[0].integer()?) {
            Ok(n) => Value::Text(" ".repeat(n.min(8000))),
            Err(_) => Value::Null,
        })
    })
}

/// `TRANSLATE(text, characters, translations)`.
pub fn translate(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let from: Vec<char> = arguments[1].text().chars().collect();
        let to: Vec<char> = arguments[2].text().chars().collect();
        if from.len() != to.len() {
            return Err(FunctionError::new(
                "The second and third arguments of the TRANSLATE built-in function must contain an equal number of \
                 characters.",
            ));
        }
        let mut work = Work::new();
        let mut made = String::new();
        for c in arguments[0].text().chars() {
            work.compare_many(from.len())?;
            let at = from.iter().position(|own| collation::same(*own, c));
            made.push(at.map_or(c, |at| to[at]));
        }
        Ok(Value::Text(made))
    })
}

/// `tsql_split(text, separator)`: the parts of a text as a list in JSON, for `STRING_SPLIT`.
pub fn split(arguments: &[Value]) -> Outcome {
    let (text, separator) = (&arguments[0], arguments[1].text());
    if arguments[1].is_null() || count(&separator) != 1 {
        return Err(FunctionError::new(
            "Procedure expects parameter 'separator' of type 'nchar(1)/nvarchar(1)'.",
        ));
    }
    if separator.chars().all(char::is_alphabetic) {
        return Err(FunctionError::refused(
            "STRING_SPLIT with a letter as separator is not supported",
        ));
    }
    if text.is_null() {
        return Ok(Value::Null);
    }
    let text = text.text();
    let parts: Vec<&str> = text.split(separator.as_str()).collect();
    let list = serde_json::to_string(&parts)
        .map_err(|_| FunctionError::refused("STRING_SPLIT of such a text is not supported"))?;
    Ok(Value::Text(list))
}

/// `PARSENAME('server.database.schema.object', part)`, counted from the end; NULL where it is no such name.
pub fn parsename(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (name, wanted) = (arguments[0].text(), arguments[1].integer()?);
        let Some(parts) = name_parts(&name) else {
            return Ok(Value::Null);
        };
        let found = usize::try_from(wanted).ok().filter(|n| (1..=4).contains(n));
        let part = found.and_then(|n| parts.len().checked_sub(n)).map(|at| &parts[at]);
        Ok(match part {
            Some(part) if parts.len() <= 4 && !part.is_empty() => Value::Text(part.clone()),
            _ => Value::Null,
        })
    })
}

/// The parts of a name between its dots, with their brackets and quotes taken off; `None` where it is no name.
fn name_parts(name: &str) -> Option<Vec<String>> {
    /// The longest that a part may be.
    const LONGEST_PART: usize = 128;
    let mut parts = Vec::new();
    let mut rest = name.chars().peekable();
    loop {
        let mut part = String::new();
        let close = match rest.peek() {
            Some('[') => Some(']'),
            Some('"') => Some('"'),
            _ => None,
        };
        if let Some(close) = close {
            rest.next();
            loop {
                match rest.next()? {
                    c if c == close && rest.next_if_eq(&close).is_none() => break,
                    c => part.push(c),
                }
            }
        } else {
            while let Some(c) = rest.next_if(|c| *c != '.') {
                if matches!(c, '[' | ']' | '"') {
                    return None;
                }
                part.push(c);
            }
        }
        if part.encode_utf16().count() > LONGEST_PART {
            return None;
        }
        parts.push(part);
        match rest.next() {
            None => return Some(parts),
            Some('.') => {}
            Some(_) => return None,
        }
    }
}

pub fn reverse(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || Ok(Value::Text(arguments[0].text().chars().rev().collect())))
}

pub fn ltrim(arguments: &[Value]) -> Outcome {
    stripped(arguments, true, false)
}

pub fn rtrim(arguments: &[Value]) -> Outcome {
    stripped(arguments, false, true)
}

pub fn trim(arguments: &[Value]) -> Outcome {
    stripped(arguments, true, true)
}

/// The text without blanks, or without the characters of the second argument, at its start and at its end.
fn stripped(arguments: &[Value], start: bool, end: bool) -> Outcome {
    unless_null(arguments, || {
        let text = arguments[0].text();
        let set: Vec<char> = match arguments.get(1) {
            None => vec![' '],
            Some(set) => set.text().chars().collect(),
        };
        let mut work = Work::new();
        let mut taken = |c: Option<char>| {
            let Some(c) = c else {
                return Ok::<usize, FunctionError>(0);
            };
            work.compare_many(set.len())?;
            Ok(if set.iter().any(|s| collation::same(*s, c)) { c.len_utf8() } else { 0 })
        };
        let mut rest = text.as_str();
        while start && let taken @ 1.. = taken(rest.chars().next())? {
            rest = &rest[taken..];
        }
        while end && let taken @ 1.. = taken(rest.chars().next_back())? {
            rest = &rest[..rest.len() - taken];
        }
        Ok(Value::Text(rest.to_owned()))
    })
}

pub fn upper(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(Value::Text(each(&arguments[0].text(), |c| {
            let mut capital = c.to_uppercase();
            (capital.next(), capital.next())
        })))
    })
}

pub fn lower(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(Value::Text(each(&arguments[0].text(), |c| {
            let mut small = c.to_lowercase();
            (small.next(), small.next())
        })))
    })
}

/// Letter by letter; a letter that would become two stays, as with SQL Server: `ß`.
fn each(text: &str, change: impl Fn(char) -> (Option<char>, Option<char>)) -> String {
    text.chars()
        .map(|c| match change(c) {
            (Some(one), None) => one,
            _ => c,
        })
        .collect()
}

/// Refuses to put together more than is read.
fn short_enough(bytes: usize, function: &str) -> Result<(), FunctionError> {
    match i64::try_from(bytes) {
        Ok(bytes) if bytes <= LONGEST_MAX => Ok(()),
        _ => Err(FunctionError::new(format!(
            "the result of {function} has more than {LONGEST_MAX} bytes"
        ))),
    }
}

/// The bytes of the arguments together, each with `more`.
fn bytes_of(arguments: &[Value], more: usize) -> usize {
    let bytes = |value: &Value| match value {
        Value::Text(text) => text.len() + more,
        _ => more,
    };
    arguments.iter().map(bytes).sum()
}

pub fn concat(arguments: &[Value]) -> Outcome {
    short_enough(bytes_of(arguments, 0), "CONCAT")?;
    Ok(Value::Text(arguments.iter().map(Value::text).collect()))
}

pub fn concat_ws(arguments: &[Value]) -> Outcome {
    let Some((separator, rest)) = arguments.split_first() else {
        return Ok(Value::Text(String::new()));
    };
    short_enough(bytes_of(rest, separator.text().len()), "CONCAT_WS")?;
    let parts: Vec<String> = rest.iter().filter(|part| !part.is_null()).map(Value::text).collect();
    Ok(Value::Text(parts.join(&separator.text())))
}

/// The characters of code page 1252 from 128 to 159; the others are those of Latin-1.
const PAGE: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text as a `varchar` of code page 1252 keeps it: a letter that the page lacks becomes the letter under its accent
/// where it has one, and a question mark for each of its units otherwise.
pub fn in_code_page(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\u{7f}' | '\u{a0}'..='\u{ff}' => kept.push(c),
            c if PAGE.contains(&c) => kept.push(c),
            // Full-width forms.
            '\u{ff01}'..='\u{ff5e}' => {
                kept.push(char::from_u32(u32::from(c) - 0xfee0).unwrap_or('?'));
            }
            c => match collation::letter_under(c) {
                Some(letter) => kept.push(letter),
                None => kept.extend(std::iter::repeat_n('?', c.len_utf16())),
            },
        }
    }
    kept
}

/// The character of a code in code page 1252.
pub fn of_code(code: u8) -> char {
    match code {
        128..=159 => PAGE[usize::from(code) - 128],
        code => char::from(code),
    }
}

/// The bytes of a text in code page 1252.
pub fn code_page_bytes(text: &str) -> Vec<u8> {
    let code = |c: char| {
        let paged = PAGE.iter().zip(128_u8..).find(|(own, _)| **own == c);
        let plain = || u8::try_from(u32::from(c)).unwrap_or(b'?');
        paged.map_or_else(plain, |(_, code)| code)
    };
    in_code_page(text).chars().map(code).collect()
}

pub fn char_of(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(match u8::try_from(arguments[0].integer()?) {
            Ok(code) => Value::Text(of_code(code).to_string()),
            Err(_) => Value::Null,
        })
    })
}

pub fn nchar(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(match u16::try_from(arguments[0].integer()?) {
            Ok(unit) => from_units(&[unit]),
            Err(_) => Value::Null,
        })
    })
}

pub fn ascii(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(match arguments[0].text().chars().next() {
            None => Value::Null,
            Some(c) => {
                let paged = PAGE.iter().zip(128_u32..).find(|(p, _)| **p == c);
                let code = paged.map_or(u32::from(c), |(_, code)| code);
                // What the code page has no place for is stored as a question mark.
                Value::Integer(i64::from(if code > 255 { 63 } else { code }))
            }
        })
    })
}

pub fn unicode(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        Ok(match arguments[0].text().encode_utf16().next() {
            None => Value::Null,
            Some(unit) => Value::Integer(i64::from(unit)),
        })
    })
}

pub fn quotename(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text = arguments[0].text();
        let quote = arguments.get(1).map_or("[".to_owned(), Value::text);
        let (open, close) = match quote.as_str() {
            "[" | "]" => ('[', ']'),
            "(" | ")" => ('(', ')'),
            "<" | ">" => ('<', '>'),
            "{" | "}" => ('{', '}'),
            "'" => ('\'', '\''),
            "\"" | "" => ('"', '"'),
            "`" => ('`', '`'),
            _ => return Ok(Value::Null),
        };
        if count(&text) > 128 {
            return Ok(Value::Null);
        }
        let doubled = text.replace(close, &format!("{close}{close}"));
        Ok(Value::Text(format!("{open}{doubled}{close}")))
    })
}
