//! Amounts of money: four digits after the point, in 64 bits.

use super::convert::scaled;
use super::{FunctionError, Outcome, Value, number, time, unless_null};
use crate::schema::types::Type;

/// How many digits an amount has after its point.
const SCALE: u8 = 4;

fn overflow(name: &str) -> FunctionError {
    FunctionError::new(format!(
        "Arithmetic overflow error converting expression to data type {name}."
    ))
}

/// The amount of so many ten-thousandths.
fn amount(units: i128, small: bool) -> Outcome {
    let (name, fits) = if small {
        ("smallmoney", i32::try_from(units).is_ok())
    } else {
        ("money", i64::try_from(units).is_ok())
    };
    if !fits {
        return Err(overflow(name));
    }
    let made = number::unscaled(units, SCALE)?;
    if scaled(&made, SCALE)? != units {
        return Err(FunctionError::refused(format!(
            "{} has more digits than can be kept exactly: 15",
            number::digits(units, SCALE)
        )));
    }
    Ok(made)
}

/// Converts to `money` or `smallmoney`.
pub fn to_money(value: &Value, from: Type, small: bool) -> Outcome {
    let units = match value {
        Value::Text(text) if from.has_date() => {
            scaled(&Value::Real(time::read(text)?.days()), SCALE)?
        }
        Value::Text(text) => units_of(text)?,
        other => scaled(other, SCALE)?,
    };
    amount(units, small)
}

/// Reads an amount with its sign of currency, commas between its digits wherever they are.
fn units_of(text: &str) -> Result<i128, FunctionError> {
    let wrong = || {
        FunctionError::new(
            "Cannot convert a char value to money. The char value has incorrect syntax.",
        )
    };
    let mut rest = text.trim_matches(' ');
    let (mut negative, mut signed, mut currency) = (false, false, false);
    while let Some(first) = rest.chars().next() {
        match first {
            '+' | '-' if !signed => (signed, negative) = (true, first == '-'),
            '$' | '€' | '£' | '¥' if !currency => currency = true,
            _ => break,
        }
        rest = rest[first.len_utf8()..].trim_start_matches(' ');
    }
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let whole: String = whole.chars().filter(|c| *c != ',').collect();
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !plain(&whole) || !plain(fraction) {
        return Err(wrong());
    }
    let digits = format!("{}.{fraction}", if whole.is_empty() { "0" } else { &whole });
    let units = scaled(&Value::Text(digits), SCALE).map_err(|_| overflow("money"))?;
    Ok(if negative { -units } else { units })
}

/// The text of an amount: two digits, with commas in style 1; four in styles 2 and 126.
pub fn as_text(value: &Value, style: i64) -> Result<String, FunctionError> {
    let scale = if style == 2 || style == 126 { SCALE } else { 2 };
    let units = scaled(value, scale)?;
    let digits = number::digits(units.abs(), scale);
    let sign = if units < 0 { "-" } else { "" };
    match style {
        0 | 2 | 126 => Ok(format!("{sign}{digits}")),
        1 => Ok(format!("{sign}{}", super::format::grouped(&digits))),
        _ => Err(FunctionError::refused(format!(
            "{style} is not a valid style number when converting from money to a character string."
        ))),
    }
}

/// `tsql_money(operator, a, b, type)`: `+ - * /` of amounts and whole numbers. A quotient is cut off after four digits,
/// because SQL Server divides the ten-thousandths; a product with more is refused.
pub fn compute(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let small = arguments[3].text() == "smallmoney";
        let (a, b) = (scaled(&arguments[1], SCALE)?, scaled(&arguments[2], SCALE)?);
        let unit = 10_i128.pow(u32::from(SCALE));
        let units = match arguments[0].text().as_str() {
            "+" => a + b,
            "-" => a - b,
            "*" => match a.checked_mul(b) {
                Some(product) if product % unit == 0 => product / unit,
                Some(_) => {
                    return Err(FunctionError::refused(
                        "a product of money with more than four digits after its point is not supported: CAST it to \
                         decimal(19,4) first",
                    ));
                }
                None => return Err(overflow("money")),
            },
            _ if b == 0 => return Err(FunctionError::new("Divide by zero error encountered.")),
            _ => a.checked_mul(unit).ok_or_else(|| overflow("money"))? / b,
        };
        amount(units, small)
    })
}
