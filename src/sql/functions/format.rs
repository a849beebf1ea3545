//! `FORMAT` with the patterns that people use, in the culture `en-US`. A pattern that is not read is an error that
//! names it; SQL Server knows more of them.

use chrono::{Datelike as _, NaiveDateTime, NaiveTime, Timelike as _};

use super::{FunctionError, Outcome, Value, convert, number, time};
use crate::schema::types::Type;

/// `tsql_format(value, pattern, type of the value)`.
pub fn call(arguments: &[Value]) -> Outcome {
    let [value, pattern, kind] = arguments else {
        return Ok(Value::Null);
    };
    if value.is_null() || pattern.is_null() {
        return Ok(Value::Null);
    }
    let (pattern, kind) = (pattern.text(), Type::declared(&kind.text()));
    let text = if matches!(kind, Type::Time(_)) {
        match span(time::read(&value.text())?.local.time(), &pattern) {
            Some(text) => text,
            None => return Ok(Value::Null),
        }
    } else if kind.has_date() {
        moment(time::read(&value.text())?.local, &pattern)?
    } else {
        amount(value, kind, &pattern)?
    };
    Ok(Value::Text(text))
}

/// How often a letter of a pattern for dates may stand in a row. More of them mean nothing.
const LONGEST_RUN: usize = 20;

/// How long a picture of a number may be. A number has some three hundred digits before its point.
const LONGEST_PICTURE: usize = 400;
/// How many digits after the point, or in all, a standard pattern may ask for.
const MAX_DIGITS: usize = 99;

fn unknown(pattern: &str) -> FunctionError {
    let shown: String = pattern.chars().take(100).collect();
    FunctionError::new(format!("FORMAT with the pattern '{shown}' is not supported"))
}

/// A time of day, which .NET takes for a length of time: signs between its parts are escaped, and a pattern that is
/// none gives NULL.
fn span(at: NaiveTime, pattern: &str) -> Option<String> {
    let fraction = at.nanosecond() / 100;
    let pattern = match pattern {
        "" | "c" | "t" | "T" if fraction == 0 => r"hh\:mm\:ss",
        "" | "c" | "t" | "T" => r"hh\:mm\:ss\.fffffff",
        "g" if fraction == 0 => r"h\:mm\:ss",
        "g" => r"h\:mm\:ss\.FFFFFFF",
        "G" => r"d\:hh\:mm\:ss\.fffffff",
        other if other.chars().count() == 1 => return None,
        other => other,
    };
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(c).len();
        let number = |value: u32| (run <= 2).then(|| format!("{value:0run$}"));
        let digits = || (run <= 7).then(|| format!("{fraction:07}")[..run].to_owned());
        let part = match c {
            'd' if run <= 8 => "0".repeat(run),
            'h' => number(at.hour())?,
            'm' => number(at.minute())?,
            's' => number(at.second())?,
            'f' => digits()?,
            'F' => digits()?.trim_end_matches('0').to_owned(),
            '%' if run == 1 && rest.len() > 1 => String::new(),
            '\\' => {
                let escaped = rest[1..].chars().next()?;
                out.push(escaped);
                rest = &rest[1 + escaped.len_utf8()..];
                continue;
            }
            '\'' | '"' => {
                let (text, behind) = rest[1..].split_once(c)?;
                out.push_str(text);
                rest = behind;
                continue;
            }
            _ => return None,
        };
        out.push_str(&part);
        rest = &rest[run..];
    }
    Some(out)
}

fn moment(at: NaiveDateTime, pattern: &str) -> Result<String, FunctionError> {
    let whole = match pattern {
        "d" => "M/d/yyyy",
        "D" => "dddd, MMMM d, yyyy",
        "f" => "dddd, MMMM d, yyyy h:mm tt",
        "F" => "dddd, MMMM d, yyyy h:mm:ss tt",
        "g" => "M/d/yyyy h:mm tt",
        "G" => "M/d/yyyy h:mm:ss tt",
        "m" | "M" => "MMMM d",
        "y" | "Y" => "MMMM yyyy",
        "t" => "h:mm tt",
        "T" => "h:mm:ss tt",
        "s" => "yyyy-MM-dd'T'HH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ss'Z'",
        one if one.chars().count() == 1 => return Err(unknown(pattern)),
        custom => custom,
    };
    let mut out = String::new();
    let characters: Vec<char> = whole.chars().collect();
    let mut i = 0;
    while let Some(c) = characters.get(i).copied() {
        let alike = characters[i..].iter().take(LONGEST_RUN + 1);
        let run = alike.take_while(|d| **d == c).count();
        let hour = if at.hour().is_multiple_of(12) { 12 } else { at.hour() % 12 };
        let two = |n: u32| {
            if run == 1 { n.to_string() } else { format!("{n:02}") }
        };
        let mut used = run;
        if run > LONGEST_RUN && c.is_ascii_alphabetic() {
            return Err(unknown(pattern));
        }
        match c {
            'y' if run >= 3 => out.push_str(&format!("{:0>run$}", at.year())),
            'y' => out.push_str(&two(u32::try_from(at.year() % 100).unwrap_or(0))),
            'M' if run >= 4 => out.push_str(time::month_name(at)),
            'M' if run == 3 => out.push_str(&time::month_name(at)[..3]),
            'M' => out.push_str(&two(at.month())),
            'd' if run >= 4 => out.push_str(time::weekday_name(at)),
            'd' if run == 3 => out.push_str(&time::weekday_name(at)[..3]),
            'd' => out.push_str(&two(at.day())),
            'H' => out.push_str(&two(at.hour())),
            'h' => out.push_str(&two(hour)),
            'm' => out.push_str(&two(at.minute())),
            's' => out.push_str(&two(at.second())),
            'f' | 'F' if run <= 7 => {
                let digits = format!("{:09}", at.nanosecond());
                let digits = &digits[..run];
                out.push_str(if c == 'F' { digits.trim_end_matches('0') } else { digits });
            }
            't' => out.push_str(&(if at.hour() < 12 { "AM" } else { "PM" })[..run.min(2)]),
            '\'' | '"' => {
                let end = characters[i + 1..].iter().position(|d| *d == c);
                let end = end.ok_or_else(|| unknown(pattern))?;
                out.extend(&characters[i + 1..i + 1 + end]);
                used = end + 2;
            }
            '\\' => {
                out.push(*characters.get(i + 1).ok_or_else(|| unknown(pattern))?);
                used = 2;
            }
            'f' | 'F' | 'K' | 'z' | 'g' | '%' => return Err(unknown(pattern)),
            _ => {
                out.push(c);
                used = 1;
            }
        }
        i += used;
    }
    Ok(out)
}

/// The number's digits, rounded half away from zero to `places` after the point; without its sign.
fn rounded(value: &Value, kind: Type, places: usize) -> Result<(bool, String), FunctionError> {
    /// Beyond these a number of ours has nothing but zeros.
    const MAX_PLACES: usize = 20;
    let scale = u8::try_from(places.min(MAX_PLACES)).unwrap_or(0);
    let value = match (value, kind) {
        (Value::Text(_), _) => &Value::Real(value.real()?),
        _ => value,
    };
    let units = convert::scaled(value, scale)?;
    let zeros = "0".repeat(places.saturating_sub(MAX_PLACES));
    Ok((units < 0, number::digits(units.abs(), scale) + &zeros))
}

/// The digits before the point in groups of three.
pub fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::new();
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn amount(value: &Value, kind: Type, pattern: &str) -> Result<String, FunctionError> {
    let mut characters = pattern.chars();
    let letter = characters.next().unwrap_or(' ');
    let precision = characters.as_str();
    let standard = letter.is_ascii_alphabetic() && precision.bytes().all(|b| b.is_ascii_digit());
    if standard {
        let asked = match precision {
            "" => None,
            digits => match digits.parse::<usize>() {
                Ok(digits) if digits <= MAX_DIGITS => Some(digits),
                _ => return Err(unknown(pattern)),
            },
        };
        let places = |otherwise: usize| asked.unwrap_or(otherwise);
        let minus = |negative: bool| if negative { "-" } else { "" };
        return match letter.to_ascii_uppercase() {
            'N' => {
                let (negative, digits) = rounded(value, kind, places(2))?;
                Ok(format!("{}{}", minus(negative), grouped(&digits)))
            }
            'F' => {
                let (negative, digits) = rounded(value, kind, places(2))?;
                Ok(format!("{}{digits}", minus(negative)))
            }
            'P' => {
                let hundred = Value::Real(value.real()? * 100.0);
                let (negative, digits) = rounded(&hundred, Type::Float, places(2))?;
                Ok(format!("{}{}%", minus(negative), grouped(&digits)))
            }
            'C' => {
                let (negative, digits) = rounded(value, kind, places(2))?;
                let digits = grouped(&digits);
                Ok(if negative { format!("(${digits})") } else { format!("${digits}") })
            }
            'X' if kind.is_integer() => {
                let Value::Integer(number) = value else {
                    return Err(unknown(pattern));
                };
                // Of a negative number as many digits as its type has bytes for.
                let bits = match kind {
                    Type::BigInt => *number as u64,
                    Type::SmallInt => u64::from(*number as u16),
                    _ => u64::from(*number as u32),
                };
                let width = places(1);
                Ok(match letter {
                    'X' => format!("{bits:0>width$X}"),
                    _ => format!("{bits:0>width$x}"),
                })
            }
            'E' => {
                let text = format!("{:.*e}", places(6), value.real()?);
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                Ok(format!("{digits}{letter}{sign}{exponent:0>3}"))
            }
            'D' if kind.is_integer() => {
                let (negative, digits) = rounded(value, kind, 0)?;
                let width = places(1);
                Ok(format!("{}{digits:0>width$}", minus(negative)))
            }
            _ => Err(unknown(pattern)),
        };
    }
    picture(value, kind, pattern)
}

/// A piece of a picture of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// `0`, or `#`.
    Digit { always: bool },
    /// The first `.`.
    Point,
    /// A comma between digits.
    Comma,
    /// A letter or a sign that is written as it is.
    Sign(char),
}

/// The pieces of one section of a picture, and by how much the number is multiplied for its percent signs.
fn pieces(section: &[char], pattern: &str) -> Result<(Vec<Piece>, f64), FunctionError> {
    let (mut pieces, mut factor, mut at) = (Vec::new(), 1.0, 0);
    while let Some(c) = section.get(at).copied() {
        at += 1;
        match c {
            '0' | '#' => pieces.push(Piece::Digit { always: c == '0' }),
            '.' if !pieces.contains(&Piece::Point) => pieces.push(Piece::Point),
            '.' => return Err(unknown(pattern)),
            ',' => pieces.push(Piece::Comma),
            '%' => {
                factor *= 100.0;
                pieces.push(Piece::Sign('%'));
            }
            '\\' => {
                let next = section.get(at).ok_or_else(|| unknown(pattern))?;
                pieces.push(Piece::Sign(*next));
                at += 1;
            }
            '\'' | '"' => {
                let end = section[at..].iter().position(|d| *d == c);
                let end = end.ok_or_else(|| unknown(pattern))?;
                pieces.extend(section[at..at + end].iter().map(|d| Piece::Sign(*d)));
                at += end + 1;
            }
            // Exponents and thousandths are other pictures.
            '‰' => return Err(unknown(pattern)),
            'e' | 'E' => {
                let rest = section[at..].strip_prefix(&['+']);
                let rest = rest.or(section[at..].strip_prefix(&['-']));
                if rest.unwrap_or(&section[at..]).first() == Some(&'0') {
                    return Err(unknown(pattern));
                }
                pieces.push(Piece::Sign(c));
            }
            other => pieces.push(Piece::Sign(other)),
        }
    }
    Ok((pieces, factor))
}

/// The sections of a picture, between semicolons that are not in quotes.
fn sections(pattern: &str) -> Vec<Vec<char>> {
    let (mut sections, mut quote, mut escaped) = (vec![Vec::new()], None, false);
    for c in pattern.chars() {
        let ends = c == ';' && quote.is_none() && !escaped;
        if !escaped && matches!(c, '\'' | '"') {
            quote = match quote {
                None => Some(c),
                Some(open) if open == c => None,
                open => open,
            };
        }
        escaped = c == '\\' && !escaped;
        if ends {
            sections.push(Vec::new());
        } else if let Some(last) = sections.last_mut() {
            last.push(c);
        }
    }
    sections
}

/// A number in a picture such as `#,##0.00`, `0%`, `(###) ###-####` or, of positive, negative numbers and zero,
/// `0;(0);none`.
fn picture(value: &Value, kind: Type, pattern: &str) -> Result<String, FunctionError> {
    if pattern.is_empty() || pattern.len() > LONGEST_PICTURE {
        return Err(unknown(pattern));
    }
    let all = sections(pattern);
    if all.len() > 3 {
        return Err(unknown(pattern));
    }
    let section = |at: usize| all.get(at).filter(|section| !section.is_empty());
    let number = value.real()?;
    let first = section(0).ok_or_else(|| unknown(pattern))?;
    let (chosen, signed) = match section(1).filter(|_| number < 0.0) {
        Some(second) => (second, false),
        None => (first, true),
    };
    let (shown, is_zero) = in_picture(value, kind, chosen, pattern, signed)?;
    // What is zero once it is rounded is in the third section, or the first.
    match (is_zero, section(2)) {
        (true, Some(third)) => Ok(in_picture(value, kind, third, pattern, true)?.0),
        (true, None) if !signed => Ok(in_picture(value, kind, first, pattern, true)?.0),
        _ => Ok(shown),
    }
}

/// The number in one section, and whether it is zero there.
fn in_picture(
    value: &Value,
    kind: Type,
    section: &[char],
    pattern: &str,
    signed: bool,
) -> Result<(String, bool), FunctionError> {
    let (pieces, factor) = pieces(section, pattern)?;
    let point = pieces.iter().position(|piece| *piece == Piece::Point);
    let (whole, fraction) = pieces.split_at(point.unwrap_or(pieces.len()));
    let is_digit = |piece: &&Piece| matches!(piece, Piece::Digit { .. });
    let is_always = |piece: &Piece| *piece == Piece::Digit { always: true };
    let places = fraction.iter().filter(is_digit).count();
    let last = whole.iter().rposition(|piece| matches!(piece, Piece::Digit { .. }));
    let first = whole.iter().position(|piece| matches!(piece, Piece::Digit { .. }));
    let comma = |at: usize| whole.get(at) == Some(&Piece::Comma);
    // Commas behind the last digit divide by thousands, which is another picture.
    if last.is_some_and(|last| comma(last + 1)) || fraction.contains(&Piece::Comma) {
        return Err(unknown(pattern));
    }
    let groups = match (first, last) {
        (Some(first), Some(last)) => (first..last).any(comma),
        _ => false,
    };
    let scaled = Value::Real(value.real()? * factor);
    let (negative, digits) = match factor > 1.0 {
        true => rounded(&scaled, Type::Float, places)?,
        false => rounded(value, kind, places)?,
    };
    let (before, after) = digits.split_once('.').unwrap_or((&digits, ""));
    let is_zero = !digits.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let before = before.trim_start_matches('0');
    let least = whole.iter().skip_while(|piece| !is_always(piece)).filter(is_digit).count();
    let before: Vec<char> = format!("{before:0>least$}").chars().collect();
    let slots = whole.iter().filter(is_digit).count();
    let mut out = String::new();
    if negative && signed && !is_zero {
        out.push('-');
    }
    let (mut slot, mut given) = (0, 0);
    let mut give = |upto: usize, out: &mut String| {
        while given < upto {
            out.push(before[given]);
            given += 1;
            let left = before.len() - given;
            if groups && left > 0 && left.is_multiple_of(3) {
                out.push(',');
            }
        }
    };
    for piece in whole {
        match piece {
            Piece::Digit { .. } => {
                slot += 1;
                // The first digit stands for all that have no place of their own.
                give(before.len().saturating_sub(slots - slot), &mut out);
            }
            Piece::Sign(c) => out.push(*c),
            Piece::Comma | Piece::Point => {}
        }
    }
    let kept = fraction.iter().filter(is_digit).collect::<Vec<_>>();
    let kept = kept.iter().rposition(|piece| is_always(piece)).map_or(0, |at| at + 1);
    let shown = after.trim_end_matches('0').len().max(kept);
    let mut after = after.chars().take(shown);
    if shown > 0 {
        out.push('.');
    }
    for piece in fraction {
        match piece {
            Piece::Digit { .. } => out.extend(after.next()),
            Piece::Sign(c) => out.push(*c),
            Piece::Comma | Piece::Point => {}
        }
    }
    Ok((out, is_zero))
}
