//! `CAST` and `CONVERT`: a value of one type as a value of another, with SQL Server's limits and messages.

use super::time::{self, Moment};
use super::{FunctionError, Outcome, Value, number, unless_null};
use crate::sql::types::Type;

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
    convert(
        value,
        Type::declared(&from.text()),
        Type::declared(&to.text()),
        style,
    )
}

/// The same, and `NULL` where that fails.
pub fn try_call(arguments: &[Value]) -> Outcome {
    Ok(call(arguments).unwrap_or(Value::Null))
}

/// Converts a value of the type `from` into one of the type `to`.
///
/// # Errors
/// Where SQL Server's conversion fails, with its message.
pub fn convert(value: &Value, from: Type, to: Type, style: Option<i64>) -> Outcome {
    unless_null(std::slice::from_ref(value), || match to {
        Type::Bit => bit(value, from),
        to if to.is_integer() => whole(value, from, to),
        Type::Decimal { precision, scale } => decimal(value, from, precision, scale),
        Type::Float => Ok(Value::Real(match value {
            Value::Text(text) if from.has_date() => time::read(text)?.days(),
            Value::Text(text) => real_of(text)?,
            other => other.real()?,
        })),
        Type::Text {
            length,
            national,
            fixed,
        } => {
            let text = shown(value, from, style)?;
            fit(text, from, to, length, national, fixed)
        }
        to if to.is_temporal() => moment(value, from, to, style),
        _ => Ok(value.clone()),
    })
}

fn failed(text: &str, from: Type, to: &str) -> FunctionError {
    let n = if from.is_national() {
        "nvarchar"
    } else {
        "varchar"
    };
    FunctionError::new(format!(
        "Conversion failed when converting the {n} value '{text}' to data type {to}."
    ))
}

fn bit(value: &Value, from: Type) -> Outcome {
    let set = match value {
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
        _ => Err(FunctionError::new(
            "Error converting data type varchar to float.",
        )),
    }
}

fn whole(value: &Value, from: Type, to: Type) -> Outcome {
    let name = to.to_string();
    let number = match value {
        Value::Integer(value) => i128::from(*value),
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
    let plain = before
        .bytes()
        .chain(after.bytes())
        .all(|b| b.is_ascii_digit());
    if !plain || before.len() + after.len() == 0 {
        return Err(wrong());
    }
    let keep = usize::from(scale);
    let kept = format!("{before}{:0<keep$}", &after[..after.len().min(keep)]);
    let too_large = || {
        FunctionError::new("Arithmetic overflow error converting expression to data type numeric.")
    };
    let mut number: i128 = if kept.is_empty() {
        0
    } else {
        kept.parse().map_err(|_| too_large())?
    };
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
            Type::Decimal { .. } => "numeric",
            _ => "int",
        };
        return Err(FunctionError::new(format!(
            "Arithmetic overflow error converting {kind} to data type numeric."
        )));
    }
    Ok(number::unscaled(number, scale))
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
        (Value::Real(value), _) => real_text(*value, style.unwrap_or(0))?,
        (Value::Integer(value), Type::Float) => real_text(*value as f64, style.unwrap_or(0))?,
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
    let exponent: i32 = rounded
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
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
    Ok(Value::Text(if fixed {
        format!("{text}{}", " ".repeat(length - units))
    } else {
        text
    }))
}

fn moment(value: &Value, from: Type, to: Type, style: Option<i64>) -> Outcome {
    let moment = match value {
        Value::Text(text) if from.is_temporal() => time::read(text)?,
        Value::Text(text) => {
            time::parse(text, style).ok_or_else(|| time::not_read(text, from, to))?
        }
        Value::Integer(_) | Value::Real(_) => {
            Moment::from_days(value.real()?).ok_or_else(|| time::out_of_range(to))?
        }
        Value::Null => return Ok(Value::Null),
    };
    Ok(Value::Text(moment.as_type(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, from: &str, to: &str, style: Option<i64>, expected: &str) {
        let found = convert(&value, Type::declared(from), Type::declared(to), style);
        let found = match found {
            Ok(Value::Null) => "NULL".to_owned(),
            Ok(value) => value.text(),
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(found, expected, "{value:?} {from} -> {to} {style:?}");
    }

    fn t(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn numbers_and_texts() {
        check(t(" 12 "), "varchar(9)", "int", None, "12");
        check(t(""), "varchar(9)", "int", None, "0");
        check(
            t("12.5"),
            "varchar(9)",
            "int",
            None,
            "error: Conversion failed when converting the varchar value '12.5' to data type int.",
        );
        check(
            t("99999"),
            "varchar(9)",
            "smallint",
            None,
            "error: The conversion of the varchar value '99999' overflowed an smallint column.",
        );
        check(Value::Real(-2.9), "decimal(2,1)", "int", None, "-2");
        check(
            Value::Integer(300),
            "int",
            "tinyint",
            None,
            "error: Arithmetic overflow error converting expression to data type tinyint.",
        );
        check(Value::Integer(123), "int", "varchar(2)", None, "*");
        check(
            Value::Integer(123),
            "int",
            "nvarchar(2)",
            None,
            "error: Arithmetic overflow error converting expression to data type nvarchar.",
        );
        check(t("abc"), "varchar(9)", "char(5)", None, "abc  ");
        check(t("abc"), "varchar(9)", "varchar(2)", None, "ab");
        check(t("2.345"), "varchar(9)", "decimal(5,2)", None, "2.35");
        check(
            Value::Real(673.5),
            "decimal(29,11)",
            "varchar(40)",
            None,
            "673.50000000000",
        );
        check(Value::Real(0.1), "float", "varchar(30)", None, "0.1");
        check(
            Value::Real(1_234_567.0),
            "float",
            "varchar(30)",
            None,
            "1.23457e+006",
        );
        check(Value::Real(0.00001), "float", "varchar(30)", None, "1e-005");
        check(t("TRUE"), "varchar(4)", "bit", None, "1");
        check(t("1e3"), "varchar(4)", "float", None, "1000.0");
        check(
            Value::Integer(0),
            "int",
            "datetime",
            None,
            "1900-01-01 00:00:00.000",
        );
        check(
            t("2011-07-12 12:00:00.000"),
            "datetime",
            "float",
            None,
            "40734.5",
        );
    }

    #[test]
    fn dates_in_the_styles_of_convert() {
        let at = t("2011-07-02 14:09:05.003");
        for (style, expected) in [
            (0, "Jul  2 2011  2:09PM"),
            (1, "07/02/11"),
            (2, "11.07.02"),
            (3, "02/07/11"),
            (4, "02.07.11"),
            (5, "02-07-11"),
            (6, "02 Jul 11"),
            (7, "Jul 02, 11"),
            (8, "14:09:05"),
            (9, "Jul  2 2011  2:09:05:003PM"),
            (10, "07-02-11"),
            (11, "11/07/02"),
            (12, "110702"),
            (13, "02 Jul 2011 14:09:05:003"),
            (14, "14:09:05:003"),
            (20, "2011-07-02 14:09:05"),
            (21, "2011-07-02 14:09:05.003"),
            (23, "2011-07-02"),
            (101, "07/02/2011"),
            (102, "2011.07.02"),
            (103, "02/07/2011"),
            (104, "02.07.2011"),
            (105, "02-07-2011"),
            (106, "02 Jul 2011"),
            (107, "Jul 02, 2011"),
            (108, "14:09:05"),
            (109, "Jul  2 2011  2:09:05:003PM"),
            (110, "07-02-2011"),
            (111, "2011/07/02"),
            (112, "20110702"),
            (113, "02 Jul 2011 14:09:05:003"),
            (114, "14:09:05:003"),
            (120, "2011-07-02 14:09:05"),
            (121, "2011-07-02 14:09:05.003"),
            (126, "2011-07-02T14:09:05.003"),
            (127, "2011-07-02T14:09:05.003"),
        ] {
            check(at.clone(), "datetime", "varchar(40)", Some(style), expected);
        }
        check(at.clone(), "datetime", "char(10)", Some(101), "07/02/2011");
        check(
            at.clone(),
            "datetime2(7)",
            "varchar(40)",
            None,
            "2011-07-02 14:09:05.0030000",
        );
        check(t("2011-07-02"), "date", "varchar(40)", None, "2011-07-02");
        check(
            at,
            "datetime",
            "varchar(40)",
            Some(99),
            "error: 99 is not a valid style number when converting from datetime to a character string.",
        );
    }

    #[test]
    fn texts_as_dates() {
        for (text, style, expected) in [
            ("2011-07-12", None, "2011-07-12 00:00:00.000"),
            ("20110712", None, "2011-07-12 00:00:00.000"),
            ("20110712 14:49", None, "2011-07-12 14:49:00.000"),
            ("2011-07-12T14:49:55", None, "2011-07-12 14:49:55.000"),
            ("2011-07-12 14:49:55.999", None, "2011-07-12 14:49:56.000"),
            ("2011-07-12 14:49:55.001", None, "2011-07-12 14:49:55.000"),
            ("07/12/2011", None, "2011-07-12 00:00:00.000"),
            ("12/07/2011", Some(103), "2011-07-12 00:00:00.000"),
            ("12.07.2011", Some(104), "2011-07-12 00:00:00.000"),
            ("Jul 12 2011  2:49PM", None, "2011-07-12 14:49:00.000"),
            ("12 July 2011 12:05 am", None, "2011-07-12 00:05:00.000"),
            ("2011", None, "2011-01-01 00:00:00.000"),
            ("14:49", None, "1900-01-01 14:49:00.000"),
            ("", None, "1900-01-01 00:00:00.000"),
            ("1/2/49", None, "2049-01-02 00:00:00.000"),
            ("1/2/50", None, "1950-01-02 00:00:00.000"),
        ] {
            check(t(text), "varchar(40)", "datetime", style, expected);
        }
        check(
            t("2011-13-45"),
            "varchar(40)",
            "datetime",
            None,
            "error: The conversion of a varchar data type to a datetime data type resulted in an out-of-range value.",
        );
        check(
            t("yesterday"),
            "varchar(40)",
            "datetime",
            None,
            "error: Conversion failed when converting date and/or time from character string.",
        );
        check(
            t("2011-07-12 14:49:30"),
            "varchar(40)",
            "smalldatetime",
            None,
            "2011-07-12 14:50:00.000",
        );
        check(
            t("2011-07-12 14:49:30.5"),
            "varchar(40)",
            "date",
            None,
            "2011-07-12",
        );
        check(
            t("2011-07-12 14:49:30.5"),
            "varchar(40)",
            "time",
            None,
            "14:49:30.500",
        );
    }
}
