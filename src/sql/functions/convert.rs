//! `CAST` and `CONVERT`: a value of one type as a value of another, with SQL Server's limits and messages.

use super::time::{self, Moment};
use super::{FunctionError, Outcome, Value, binary, money, number, unless_null};
use crate::schema::types::Type;

/// `tsql_convert(type, value, type of the value, style)`.
pub fn call(arguments: &[Value]) -> Outcome {
    let [to, value, from, ..] = arguments else {
        return Ok(Value::Null);
    };
    let style = match arguments.get(3) {
        None => None,
        Some(Value::Null) => return Ok(Value::Null),
        Some(style) => Some(style.integer()?),
    };
    convert(value, Type::declared(&from.text()), Type::declared(&to.text()), style)
}

/// The same, and `NULL` where that fails.
pub fn try_call(arguments: &[Value]) -> Outcome {
    match call(arguments) {
        Err(FunctionError::Failed(_)) => Ok(Value::Null),
        outcome => outcome,
    }
}

/// Converts a value of the type `from` into one of the type `to`.
///
/// # Errors
/// Where SQL Server's conversion fails, with its message.
pub fn convert(value: &Value, from: Type, to: Type, style: Option<i64>) -> Outcome {
    if let Some(style) = style {
        style_is_known(style, from, to)?;
    }
    unless_null(std::slice::from_ref(value), || match to {
        Type::Binary { length, fixed } => binary::to_binary(value, from, (length, fixed), style),
        Type::Money { small } if !matches!(from, Type::Binary { .. }) => {
            money::to_money(value, from, small)
        }
        to if matches!(from, Type::Binary { .. }) && !to.is_text() => binary::as_whole(value, to),
        Type::UniqueIdentifier => unique_identifier(value),
        Type::Bit => bit(value, from),
        to if to.is_integer() => whole(value, from, to),
        Type::Decimal { precision, scale } => decimal(value, from, precision, scale),
        Type::Float => Ok(Value::Real(float(value, from)?)),
        Type::Real => single(float(value, from)?),
        Type::Text { length, national, fixed } => {
            let mut text = match from {
                Type::Binary { .. } => binary::as_text(value, national, style)?,
                _ => shown(value, from, style)?,
            };
            if !national && !text.is_ascii() {
                text = super::text::in_code_page(&text);
            }
            fit(text, from, to, length, national, fixed)
        }
        to if to.is_temporal() => moment(value, from, to, style),
        _ => Ok(value.clone()),
    })
}

fn float(value: &Value, from: Type) -> Result<f64, FunctionError> {
    match value {
        Value::Text(text) if from.has_date() => Ok(time::read(text)?.days()),
        Value::Text(text) => real_of(text),
        other => other.real(),
    }
}

/// The number in the four bytes of a `real`.
fn single(number: f64) -> Outcome {
    let single = number as f32;
    if single.is_finite() {
        return Ok(Value::Real(f64::from(single)));
    }
    Err(FunctionError::new("Arithmetic overflow error converting expression to data type real."))
}

/// Refuses a style of dates that there is not, or that is not computed here.
fn style_is_known(style: i64, from: Type, to: Type) -> Result<(), FunctionError> {
    let dates = (from.is_temporal() && to.is_text()) || (from.is_text() && to.is_temporal());
    if !dates {
        return Ok(());
    }
    match style {
        time::DMY | time::YDM | 0..=14 | 20..=25 | 100..=114 | 120 | 121 | 126 | 127 => Ok(()),
        130 | 131 => Err(FunctionError::refused(format!(
            "style {style} uses the Hijri calendar, which is not supported"
        ))),
        _ => {
            let name = |of: Type| of.to_string().split('(').next().unwrap_or("").to_owned();
            let (from, to) = if from.is_text() {
                ("a character string".to_owned(), name(to))
            } else {
                (name(from), "a character string".to_owned())
            };
            Err(FunctionError::refused(format!(
                "{style} is not a valid style number when converting from {from} to {to}."
            )))
        }
    }
}

/// Reads `0E984725-C51C-4BF4-9960-E1C80E27ABA0`, in braces or not; what follows does not count.
fn unique_identifier(value: &Value) -> Outcome {
    /// The digits and hyphens of one.
    const LENGTH: usize = 36;
    let text = value.text();
    let bare = text.strip_prefix('{').unwrap_or(&text);
    let wrong = || {
        FunctionError::new(
            "Conversion failed when converting from a character string to uniqueidentifier.",
        )
    };
    let own = bare.get(..LENGTH).ok_or_else(wrong)?;
    let shaped = own.bytes().enumerate().all(|(at, b)| match at {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    });
    let closed = bare.len() == text.len() || bare[LENGTH..].starts_with('}');
    if !shaped || !closed {
        return Err(wrong());
    }
    Ok(Value::Text(own.to_ascii_uppercase()))
}

fn failed(text: &str, from: Type, to: &str) -> FunctionError {
    let n = if from.is_national() { "nvarchar" } else { "varchar" };
    FunctionError::new(format!(
        "Conversion failed when converting the {n} value '{text}' to data type {to}."
    ))
}

fn bit(value: &Value, from: Type) -> Outcome {
    let set = match value {
        Value::Text(text) if from.has_date() => time::read(text)?.days() != 0.0,
        Value::Text(text) => match text.trim_matches(' ').to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => match integer_of(text) {
                Ok(value) => value != 0,
                Err(_) => return Err(failed(text, from, "bit")),
            },
        },
        other => other.real()? != 0.0,
    };
    Ok(Value::Integer(i64::from(set)))
}

/// Reads a whole number as SQL Server's conversion to `int` does: blanks around it and nothing at all are allowed.
pub fn integer_of(text: &str) -> Result<i64, FunctionError> {
    let trimmed = text.trim_matches(' ');
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Ok(0);
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(failed(text, Type::VARCHAR, "int"));
    }
    trimmed.parse().map_err(|_| {
        FunctionError::new("Arithmetic overflow error converting expression to data type bigint.")
    })
}

/// Reads a `float`.
pub fn real_of(text: &str) -> Result<f64, FunctionError> {
    let trimmed = text.trim_matches(' ');
    if trimmed.is_empty() {
        return Ok(0.0);
    }
    let plain = trimmed
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    match trimmed.parse::<f64>() {
        Ok(value) if plain && value.is_finite() => Ok(value),
        _ => Err(FunctionError::new("Error converting data type varchar to float.")),
    }
}

fn whole(value: &Value, from: Type, to: Type) -> Outcome {
    let name = to.to_string();
    let number = match value {
        Value::Integer(value) => i128::from(*value),
        // An amount is rounded, where other numbers are cut off.
        Value::Real(_) if matches!(from, Type::Money { .. }) => scaled(value, 0)?,
        Value::Real(value) => value.trunc() as i128,
        Value::Text(text) if from.has_date() => time::read(text)?.days().round() as i128,
        Value::Text(text) => match integer_of(text) {
            Ok(value) => {
                return match to.range() {
                    Some((low, high)) if (low..=high).contains(&i128::from(value)) => {
                        Ok(Value::Integer(value))
                    }
                    _ => Err(FunctionError::new(format!(
                        "The conversion of the varchar value '{text}' overflowed an {name} column."
                    ))),
                };
            }
            Err(_) => return Err(failed(text, from, &name)),
        },
        Value::Null => return Ok(Value::Null),
    };
    match (to.range(), i64::try_from(number)) {
        (Some((low, high)), Ok(small)) if (low..=high).contains(&number) => {
            Ok(Value::Integer(small))
        }
        _ => Err(FunctionError::new(format!(
            "Arithmetic overflow error converting expression to data type {name}."
        ))),
    }
}

/// The value in units of its last digit, half rounded away from zero.
pub fn scaled(value: &Value, scale: u8) -> Result<i128, FunctionError> {
    let text = match value {
        Value::Null => return Ok(0),
        Value::Integer(value) => value.to_string(),
        // The shortest text that reads back as the number: the decimal that it stands for.
        Value::Real(value) => format!("{value}"),
        Value::Text(text) => text.trim_matches(' ').to_owned(),
    };
    let wrong = || FunctionError::new("Error converting data type varchar to numeric.");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = before.bytes().chain(after.bytes()).all(|b| b.is_ascii_digit());
    if !plain || before.len() + after.len() == 0 {
        return Err(wrong());
    }
    let keep = usize::from(scale);
    let kept = format!("{before}{:0<keep$}", &after[..after.len().min(keep)]);
    let too_large = || {
        FunctionError::new("Arithmetic overflow error converting expression to data type numeric.")
    };
    let mut number: i128 =
        if kept.is_empty() { 0 } else { kept.parse().map_err(|_| too_large())? };
    if after.as_bytes().get(keep).is_some_and(|b| *b >= b'5') {
        number += 1;
    }
    Ok(if negative { -number } else { number })
}

fn decimal(value: &Value, from: Type, precision: u8, scale: u8) -> Outcome {
    let number = match value {
        Value::Text(text) if from.has_date() => {
            scaled(&Value::Real(time::read(text)?.days()), scale)?
        }
        other => scaled(other, scale)?,
    };
    if number.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
        let kind = match from {
            Type::Text { .. } => "varchar",
            Type::Float => "float",
            Type::Real => "real",
            Type::Decimal { .. } => "numeric",
            _ => "int",
        };
        return Err(FunctionError::new(format!(
            "Arithmetic overflow error converting {kind} to data type numeric."
        )));
    }
    let made = number::unscaled(number, scale)?;
    if scaled(&made, scale)? != number {
        return Err(FunctionError::refused(format!(
            "{} has more digits than can be kept exactly: 15 with a fraction",
            number::digits(number, scale)
        )));
    }
    Ok(made)
}

/// The text of a value of the type `from`.
fn shown(value: &Value, from: Type, style: Option<i64>) -> Result<String, FunctionError> {
    Ok(match (value, from) {
        (Value::Text(text), from) if from.is_temporal() => {
            time::show(&time::read(text)?, from, style)?
        }
        (Value::Real(_) | Value::Integer(_), Type::Decimal { scale, .. }) => {
            number::digits(scaled(value, scale)?, scale)
        }
        (Value::Real(_) | Value::Integer(_), Type::Money { .. }) => {
            money::as_text(value, style.unwrap_or(0))?
        }
        (Value::Real(value), _) => real_text(*value, style.unwrap_or(0))?,
        (Value::Integer(value), Type::Float | Type::Real) => {
            real_text(*value as f64, style.unwrap_or(0))?
        }
        (other, _) => other.text(),
    })
}

/// A `float` as text: six digits at most with style 0, eight with 1, sixteen with 2, seventeen with 3.
fn real_text(value: f64, style: i64) -> Result<String, FunctionError> {
    let scientific = |digits: usize| {
        let text = format!("{value:.*e}", digits - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text.as_str(), "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', exponent),
        };
        format!("{mantissa}e{sign}{exponent:0>3}")
    };
    match style {
        1 => return Ok(scientific(8)),
        2 => return Ok(scientific(16)),
        3 => return Ok(scientific(17)),
        0 => {}
        other => {
            return Err(FunctionError::new(format!(
                "{other} is not a valid style number when converting from float to a character string."
            )));
        }
    }
    if value == 0.0 {
        return Ok("0".to_owned());
    }
    let short = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    let rounded = format!("{value:.5e}");
    let exponent: i32 =
        rounded.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    Ok(if (-4..6).contains(&exponent) {
        let places = usize::try_from(5 - exponent).unwrap_or(0);
        short(&format!("{value:.places$}"))
    } else {
        let text = scientific(6);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text.as_str(), "+000"));
        format!("{}e{exponent}", short(mantissa))
    })
}

/// Cuts or pads a text to its type; a number that does not fit is an asterisk or an error.
fn fit(
    text: String,
    from: Type,
    to: Type,
    length: Option<u32>,
    national: bool,
    fixed: bool,
) -> Outcome {
    let Some(length) = length else {
        return Ok(Value::Text(text));
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let units = text.encode_utf16().count();
    if units > length {
        if from == Type::UniqueIdentifier {
            return Err(FunctionError::new(
                "Insufficient result space to convert uniqueidentifier value to char.",
            ));
        }
        if from.is_number() {
            let starred = matches!(from, Type::Bit | Type::TinyInt | Type::SmallInt | Type::Int);
            if starred && !national {
                return Ok(Value::Text(if fixed {
                    format!("{:<length$}", "*")
                } else {
                    "*".to_owned()
                }));
            }
            return Err(FunctionError::new(format!(
                "Arithmetic overflow error converting expression to data type {}.",
                to.to_string().split('(').next().unwrap_or("varchar")
            )));
        }
        let kept: Vec<u16> = text.encode_utf16().take(length).collect();
        return Ok(Value::Text(String::from_utf16_lossy(&kept)));
    }
    Ok(Value::Text(if fixed { format!("{text}{}", " ".repeat(length - units)) } else { text }))
}

fn moment(value: &Value, from: Type, to: Type, style: Option<i64>) -> Outcome {
    let moment = match value {
        // Style 1 gives the time of UTC.
        Value::Text(text) if matches!(from, Type::DateTimeOffset(_)) && style == Some(1) => {
            let utc = time::read(text)?.utc().ok_or_else(time::unread)?;
            Moment::without_offset(utc)
        }
        Value::Text(text) if from == Type::DateTime && to != Type::DateTime => {
            time::read(text)?.in_ticks()
        }
        Value::Text(text) if from.is_temporal() => time::read(text)?,
        // How a foreign database has stored it.
        Value::Text(text) if from == Type::Unknown => {
            let read = time::read(text)?;
            if read.offset != 0 && !matches!(to, Type::DateTimeOffset(_)) {
                return Err(time::unread());
            }
            read
        }
        Value::Text(text) => {
            let older = matches!(to, Type::DateTime | Type::SmallDateTime);
            if older && time::digits_of_second(text) > 3 {
                return Err(time::unread());
            }
            let (text, zone) = time::without_zone(text);
            if older && matches!(zone, time::Zone::Offset(_)) {
                return Err(FunctionError::new(
                    "Conversion failed when converting date and/or time from character string: a datetime takes no \
                     offset such as +02:00; CAST it to datetime2 first.",
                ));
            }
            let read = time::parse(text, style).ok_or_else(|| time::not_read(text, from, to))?;
            Moment { offset: zone.minutes(), ..read }
        }
        Value::Integer(_) | Value::Real(_) => {
            Moment::from_days(value.real()?).ok_or_else(|| time::out_of_range(to))?
        }
        Value::Null => return Ok(Value::Null),
    };
    Ok(Value::Text(moment.as_type(to)?))
}
