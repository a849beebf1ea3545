//! `FORMAT` with the patterns that people use, in the culture `en-US`. A pattern that is not read is an error that
//! names it; SQL Server knows more of them.

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};

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
    let text = if kind.has_date() {
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
    FunctionError::new(format!(
        "FORMAT with the pattern '{shown}' is not supported"
    ))
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
        let hour = if at.hour().is_multiple_of(12) {
            12
        } else {
            at.hour() % 12
        };
        let two = |n: u32| {
            if run == 1 {
                n.to_string()
            } else {
                format!("{n:02}")
            }
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
                out.push_str(if c == 'F' {
                    digits.trim_end_matches('0')
                } else {
                    digits
                });
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
                Ok(if negative {
                    format!("(${digits})")
                } else {
                    format!("${digits}")
                })
            }
            'D' if kind.is_integer() => {
                let (negative, digits) = rounded(value, kind, 0)?;
                let width = places(1);
                Ok(format!("{}{digits:0>width$}", minus(negative)))
            }
            _ => Err(unknown(pattern)),
        };
    }
    // A picture of `0`, `#`, `,` and `.` and nothing else.
    let plain = pattern.len() <= LONGEST_PICTURE && pattern.bytes().all(|c| b"0#,.".contains(&c));
    let (whole, fraction) = pattern.split_once('.').unwrap_or((pattern, ""));
    if !plain || fraction.contains([',', '.']) || whole.ends_with(',') || pattern.is_empty() {
        return Err(unknown(pattern));
    }
    let (negative, digits) = rounded(value, kind, fraction.len())?;
    let (before, after) = digits.split_once('.').unwrap_or((&digits, ""));
    let least = whole.chars().filter(|c| *c == '0').count();
    let before = format!("{:0>least$}", before.trim_start_matches('0'));
    let kept = fraction.rfind('0').map_or(0, |at| at + 1);
    let optional = after.get(kept..).unwrap_or("").trim_end_matches('0').len();
    let after = &after[..(kept + optional).min(after.len())];
    let before = if whole.contains(',') {
        grouped(&before)
    } else {
        before
    };
    let nonzero = before
        .chars()
        .chain(after.chars())
        .any(|c| ('1'..='9').contains(&c));
    let sign = if negative && nonzero { "-" } else { "" };
    Ok(if after.is_empty() {
        format!("{sign}{before}")
    } else {
        format!("{sign}{before}.{after}")
    })
}
