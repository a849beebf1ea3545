//! Functions of numbers: SQL Server's overflow, division, rounding and decimals.
//!
//! A decimal with a fraction is SQLite's real here, rounded to its scale after each step, so it is exact as far as
//! fifteen digits go; steps are computed on whole numbers of 128 bits.

use super::convert::scaled;
use super::{FunctionError, Outcome, Value, unless_null};
use crate::schema::types::Type;

fn overflow(to: &str) -> FunctionError {
    FunctionError::new(format!(
        "Arithmetic overflow error converting expression to data type {to}."
    ))
}

fn divide_by_zero() -> FunctionError {
    FunctionError::new("Divide by zero error encountered.")
}

/// `tsql_check(value, type)`: the value, when it fits into the type.
pub fn check(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let name = arguments[1].text();
        let range = Type::declared(&name).range();
        match (&arguments[0], range) {
            (Value::Integer(value), Some((low, high)))
                if (low..=high).contains(&i128::from(*value)) =>
            {
                Ok(Value::Integer(*value))
            }
            // SQLite goes on with a real where 64 bits are not enough.
            (Value::Integer(_) | Value::Real(_), Some(_)) => {
                Err(overflow(name.split('(').next().unwrap_or(&name)))
            }
            (Value::Real(value), None) => float(*value),
            (value, _) => Ok(value.clone()),
        }
    })
}

pub fn divide(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || match (&arguments[0], &arguments[1]) {
        (Value::Integer(a), Value::Integer(b)) => {
            if *b == 0 {
                return Err(divide_by_zero());
            }
            let quotient = a.checked_div(*b).ok_or_else(|| overflow("bigint"))?;
            Ok(Value::Integer(quotient))
        }
        (a, b) => {
            let (a, b) = (a.real()?, b.real()?);
            if b == 0.0 {
                return Err(divide_by_zero());
            }
            float(a / b)
        }
    })
}

pub fn modulo(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (a, b) = (arguments[0].integer()?, arguments[1].integer()?);
        if b == 0 {
            return Err(divide_by_zero());
        }
        Ok(Value::Integer(a.checked_rem(b).unwrap_or(0)))
    })
}

fn float(value: f64) -> Outcome {
    if value.is_finite() { Ok(Value::Real(value)) } else { Err(overflow("float")) }
}

/// `tsql_decimal(operator, a, type of a, b, type of b)`: `+ - * / %` of decimals, with the digits that SQL Server
/// gives the result.
pub fn decimal(arguments: &[Value]) -> Outcome {
    let [operator, a, a_type, b, b_type] = arguments else {
        return Ok(Value::Null);
    };
    if a.is_null() || b.is_null() {
        return Ok(Value::Null);
    }
    let operator = operator.text();
    let digits = |name: &Value| Type::declared(&name.text()).as_decimal().unwrap_or((18, 0));
    let (left, right) = (digits(a_type), digits(b_type));
    let (precision, scale) = result_digits(&operator, left, right);
    let too_large = || overflow("numeric");
    let power = |n: u8| 10_i128.checked_pow(u32::from(n)).ok_or_else(too_large);
    let (x, y) = (scaled(a, left.1)?, scaled(b, right.1)?);
    // To a common scale, or so that the quotient has the scale of the result.
    let common = left.1.max(right.1);
    let up = |value: i128, from: u8| value.checked_mul(power(common - from)?).ok_or_else(too_large);
    let (value, has) = match operator.as_str() {
        "+" => (up(x, left.1)?.checked_add(up(y, right.1)?).ok_or_else(too_large)?, common),
        "-" => (up(x, left.1)?.checked_sub(up(y, right.1)?).ok_or_else(too_large)?, common),
        "*" => (x.checked_mul(y).ok_or_else(too_large)?, left.1 + right.1),
        "%" => {
            let (x, y) = (up(x, left.1)?, up(y, right.1)?);
            if y == 0 {
                return Err(divide_by_zero());
            }
            (x % y, common)
        }
        _ => {
            if y == 0 {
                return Err(divide_by_zero());
            }
            // What a quotient has beyond its scale is cut off, not rounded: 2.0 / 3 is 0.666666.
            let shift = scale + right.1;
            let x = if shift >= left.1 {
                x.checked_mul(power(shift - left.1)?).ok_or_else(too_large)?
            } else {
                x / power(left.1 - shift)?
            };
            (x / y, scale)
        }
    };
    let value = if has > scale { round_half_up(value, power(has - scale)?) } else { value };
    if value.unsigned_abs() >= power(precision)?.unsigned_abs() {
        return Err(too_large());
    }
    unscaled(value, scale)
}

/// The digits of a result: those of all, and those after the point.
pub fn result_digits(operator: &str, (p, s): (u8, u8), (q, t): (u8, u8)) -> (u8, u8) {
    let (p, s, q, t) = (i32::from(p), i32::from(s), i32::from(q), i32::from(t));
    let (precision, scale) = match operator {
        "+" | "-" => (s.max(t) + (p - s).max(q - t) + 1, s.max(t)),
        "*" => (p + q + 1, s + t),
        "%" => ((p - s).min(q - t) + s.max(t), s.max(t)),
        _ => (p - s + t + 6.max(s + q + 1), 6.max(s + q + 1)),
    };
    if precision <= 38 {
        return (small(precision), small(scale));
    }
    // Whole digits are kept before those after the point, of which products and quotients keep six.
    let whole = precision - scale;
    let scale = match operator {
        "+" | "-" | "%" => scale.min(38 - whole).max(0),
        _ if whole < 32 => scale.min(38 - whole),
        _ => scale.min(6),
    };
    (38, small(scale))
}

fn small(n: i32) -> u8 {
    u8::try_from(n).unwrap_or(0)
}

fn round_half_up(value: i128, unit: i128) -> i128 {
    let (quotient, rest) = (value / unit, value % unit);
    if rest.abs() * 2 >= unit { quotient + value.signum() } else { quotient }
}

/// A whole number of units of the last digit as a value.
///
/// # Errors
/// Refuses a whole number beyond 64 bits, which would lose digits.
pub fn unscaled(value: i128, scale: u8) -> Outcome {
    if scale == 0 {
        return i64::try_from(value).map(Value::Integer).map_err(|_| {
            FunctionError::refused(format!(
                "{value} has more digits than can be kept exactly: those of a bigint"
            ))
        });
    }
    Ok(Value::Real(digits(value, scale).parse().unwrap_or(0.0)))
}

/// The digits of a decimal with its point.
pub fn digits(value: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let all = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = all.split_at(all.len() - scale);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

pub fn abs(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || match &arguments[0] {
        Value::Integer(value) => {
            value.checked_abs().map(Value::Integer).ok_or_else(|| overflow("bigint"))
        }
        other => float(other.real()?.abs()),
    })
}

pub fn sign(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || match &arguments[0] {
        Value::Integer(value) => Ok(Value::Integer(value.signum())),
        other => {
            let value = other.real()?;
            Ok(Value::Real(if value == 0.0 { 0.0 } else { value.signum() }))
        }
    })
}

pub fn sqrt(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let value = arguments[0].real()?;
        if value < 0.0 {
            return Err(FunctionError::new("An invalid floating point operation occurred."));
        }
        float(value.sqrt())
    })
}

pub fn square(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let value = arguments[0].real()?;
        float(value * value)
    })
}

/// `a ^ b`, which SQLite lacks.
pub fn xor(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || Ok(Value::Integer(arguments[0].integer()? ^ arguments[1].integer()?)))
}

/// A function of one real number; where it has no value, SQL Server has an error.
fn of_real(arguments: &[Value], f: fn(f64) -> f64) -> Outcome {
    unless_null(arguments, || {
        let value = f(arguments[0].real()?);
        if value.is_nan() {
            return Err(FunctionError::new("An invalid floating point operation occurred."));
        }
        float(value)
    })
}

pub fn exp(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::exp)
}

pub fn log10(arguments: &[Value]) -> Outcome {
    of_real(arguments, |x| if x > 0.0 { x.log10() } else { f64::NAN })
}

/// `LOG(x)` and `LOG(x, base)`.
pub fn log(arguments: &[Value]) -> Outcome {
    let natural = |value: &Value| {
        of_real(std::slice::from_ref(value), |x| if x > 0.0 { x.ln() } else { f64::NAN })
    };
    unless_null(arguments, || match arguments {
        [x, base] => {
            let (x, base) = (natural(x)?.real()?, natural(base)?.real()?);
            if base == 0.0 {
                return Err(divide_by_zero());
            }
            float(x / base)
        }
        [x, ..] => natural(x),
        [] => Ok(Value::Null),
    })
}

pub fn pi(_: &[Value]) -> Outcome {
    Ok(Value::Real(std::f64::consts::PI))
}

pub fn sin(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::sin)
}

pub fn cos(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::cos)
}

pub fn tan(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::tan)
}

pub fn cot(arguments: &[Value]) -> Outcome {
    of_real(arguments, |x| 1.0 / x.tan())
}

pub fn asin(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::asin)
}

pub fn acos(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::acos)
}

pub fn atan(arguments: &[Value]) -> Outcome {
    of_real(arguments, f64::atan)
}

/// SQL Server's `ATN2(y, x)`.
pub fn atn2(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || float(arguments[0].real()?.atan2(arguments[1].real()?)))
}

/// `tsql_power(a, b, type of a)`: in the type of the first.
pub fn power(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let of = Type::declared(&arguments[2].text());
        let whole = match (&arguments[0], &arguments[1]) {
            (Value::Integer(a), Value::Integer(b)) if *b >= 0 => {
                let b = u32::try_from(*b).unwrap_or(u32::MAX);
                let made =
                    i128::from(*a).checked_pow(b).ok_or_else(|| overflow(&of.to_string()))?;
                Some(made)
            }
            _ => None,
        };
        if let (Some(whole), Some((low, high))) = (whole, of.range()) {
            return if (low..=high).contains(&whole) {
                unscaled(whole, 0)
            } else {
                Err(overflow(&of.to_string()))
            };
        }
        let (a, b) = (arguments[0].real()?, arguments[1].real()?);
        if a == 0.0 && b < 0.0 {
            return Err(divide_by_zero());
        }
        let value = a.powf(b);
        if value.is_nan() {
            return Err(FunctionError::new("An invalid floating point operation occurred."));
        }
        super::convert(&float(value)?, Type::Float, of, None)
    })
}

/// How many numbers GENERATE_SERIES gives at most.
const LONGEST_SERIES: i128 = 1_000_000;

/// `tsql_series(start, stop, step)`: the whole numbers of GENERATE_SERIES as a list in JSON; by ones without a step.
pub fn series(arguments: &[Value]) -> Outcome {
    if arguments[..2].iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let (start, stop) = (arguments[0].integer()?, arguments[1].integer()?);
    let step = match &arguments[2] {
        Value::Null if start > stop => -1,
        Value::Null => 1,
        step => step.integer()?,
    };
    if step == 0 {
        return Err(FunctionError::new("Step for GENERATE_SERIES must not be zero."));
    }
    let count = (i128::from(stop) - i128::from(start)) / i128::from(step) + 1;
    let is_away = (stop < start) == (step > 0) && start != stop;
    if !is_away && count > LONGEST_SERIES {
        return Err(FunctionError::refused(format!(
            "GENERATE_SERIES of more than {LONGEST_SERIES} numbers is not supported"
        )));
    }
    let numbers = (0..if is_away { 0 } else { count })
        .map(|nth| (i128::from(start) + nth * i128::from(step)).to_string());
    Ok(Value::Text(format!("[{}]", numbers.collect::<Vec<_>>().join(","))))
}

/// `ISNUMERIC(text)`: whether SQL Server converts it to `money` or to `float`. To `money` it takes a sign and a sign of
/// currency in any order, and then nothing at all, or digits with commas anywhere; white space may stand before and
/// between them, and blanks alone behind.
pub fn isnumeric(arguments: &[Value]) -> Outcome {
    let Some(Value::Text(text)) = arguments.first() else {
        return Ok(Value::Integer(i64::from(!arguments.iter().all(Value::is_null))));
    };
    let text = text.trim_matches(' ');
    Ok(Value::Integer(i64::from(!text.is_empty() && (is_amount(text) || is_float(text)))))
}

fn is_amount(text: &str) -> bool {
    let (mut rest, mut signs, mut currencies) = (text, 0, 0);
    while let Some(first) = rest.chars().next() {
        match first {
            '+' | '-' => signs += 1,
            // The backslash is where others have the sign of the yen.
            '$' | '¢' | '£' | '¤' | '¥' | '€' | '\\' => currencies += 1,
            ' ' | '\t'..='\r' | '\u{a0}' => {}
            _ => break,
        }
        rest = &rest[first.len_utf8()..];
    }
    let is_number = rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.'));
    let points = rest.bytes().filter(|b| *b == b'.').count();
    let whole = rest.split('.').next().unwrap_or_default().replace(',', "");
    let fits =
        whole.is_empty() || whole.parse::<u64>().is_ok_and(|whole| whole <= 922_337_203_685_477);
    is_number && fits && signs < 2 && currencies < 2 && points < 2
}

/// Whether it is a number with an exponent, which may be a `d`, that a `float` has room for.
fn is_float(text: &str) -> bool {
    let bare = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let is_written = bare.bytes().all(|b| b.is_ascii_digit() || b"+-.eEdD".contains(&b));
    let number = bare.replace(['d', 'D'], "e").parse::<f64>();
    is_written && number.is_ok_and(f64::is_finite)
}

pub fn ceiling(arguments: &[Value]) -> Outcome {
    whole(arguments, f64::ceil)
}

pub fn floor(arguments: &[Value]) -> Outcome {
    whole(arguments, f64::floor)
}

fn whole(arguments: &[Value], f: fn(f64) -> f64) -> Outcome {
    unless_null(arguments, || match &arguments[0] {
        Value::Integer(value) => Ok(Value::Integer(*value)),
        other => float(f(other.real()?)),
    })
}

/// `tsql_round(value, digits, cut, type)`: half is rounded away from zero; with `cut` not 0, digits are cut off.
pub fn round(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let places = arguments[1].integer()?.clamp(-39, 39);
        let cut = match arguments.get(2) {
            Some(cut) => cut.integer()? != 0,
            None => false,
        };
        let kind = match arguments.get(3) {
            Some(name) => Type::declared(&name.text()),
            None => Type::Unknown,
        };
        let Some((precision, scale)) = kind.as_decimal() else {
            let unit = 10_f64.powi(i32::try_from(places).unwrap_or(0));
            let value = arguments[0].real()? * unit;
            let value = if cut { value.trunc() } else { value.round() };
            return float(value / unit);
        };
        let value = scaled(&arguments[0], scale)?;
        let drop = i64::from(scale) - places;
        let value = match u32::try_from(drop) {
            Err(_) | Ok(0) => value,
            Ok(39..) => 0,
            Ok(drop) => match 10_i128.checked_pow(drop) {
                None => 0,
                Some(unit) if cut => value / unit * unit,
                Some(unit) => round_half_up(value, unit)
                    .checked_mul(unit)
                    .ok_or_else(|| overflow("numeric"))?,
            },
        };
        if kind.is_integer() {
            return match kind.range() {
                Some((low, high)) if (low..=high).contains(&value) => unscaled(value, 0),
                _ => Err(overflow(&kind.to_string())),
            };
        }
        if value.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
            return Err(overflow("numeric"));
        }
        unscaled(value, scale)
    })
}

/// `STR(number, length, decimals)`.
pub fn str(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let value = arguments[0].real()?;
        let argument = |at: usize, otherwise: i64| match arguments.get(at) {
            Some(value) => value.integer(),
            None => Ok(otherwise),
        };
        let (length, decimals) = (argument(1, 10)?, argument(2, 0)?.clamp(0, 16));
        let (Ok(length), Ok(decimals)) = (usize::try_from(length), usize::try_from(decimals))
        else {
            return Ok(Value::Null);
        };
        let length = length.min(8000);
        // Half is rounded away from zero.
        let written = |decimals: usize| {
            let unit = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
            let scaled = value * unit;
            let rounded = if scaled.is_finite() { scaled.round() / unit } else { value };
            format!("{rounded:.decimals$}")
        };
        let mut text = written(decimals);
        let whole = text.find('.').unwrap_or(text.len());
        if text.len() > length && whole <= length {
            // Digits after the point give way, rounded.
            text = written((length - whole).saturating_sub(1));
        }
        if text.len() > length {
            return Ok(Value::Text("*".repeat(length)));
        }
        Ok(Value::Text(format!("{text:>length$}")))
    })
}

/// `tsql_fits(text, type)`: the text, when a column of the type has room for it; blanks at its end need none.
pub fn fits(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let mut text = arguments[0].text();
        let Type::Text { length: Some(length), national, .. } =
            Type::declared(&arguments[1].text())
        else {
            return Ok(arguments[0].clone());
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !national && !text.is_ascii() {
            text = super::text::in_code_page(&text);
        }
        if text.trim_end_matches(' ').encode_utf16().count() > length {
            return Err(FunctionError::new("String or binary data would be truncated."));
        }
        let kept: Vec<u16> = text.encode_utf16().take(length).collect();
        Ok(Value::Text(String::from_utf16_lossy(&kept)))
    })
}

/// `tsql_offset(rows)`: how many rows back LAG looks, or LEAD ahead.
pub fn offset(arguments: &[Value]) -> Outcome {
    match arguments[0].integer()? {
        rows @ 0.. => Ok(Value::Integer(rows)),
        _ => Err(FunctionError::new(
            "Offset parameter for Lag and Lead functions cannot be a negative value.",
        )),
    }
}

/// `tsql_recursion(round, most)`: the round of a recursion, which may not be beyond the most.
pub fn recursion(arguments: &[Value]) -> Outcome {
    let (round, most) = (arguments[0].integer()?, arguments[1].integer()?);
    if round > most {
        return Err(FunctionError::new(format!(
            "The statement terminated. The maximum recursion {most} has been exhausted before statement completion."
        )));
    }
    Ok(Value::Integer(round))
}

/// `tsql_rows(n)`: a number of rows for `TOP`, `OFFSET` and `FETCH`, which may not be negative.
pub fn rows(arguments: &[Value]) -> Outcome {
    if arguments[0].is_null() {
        return Err(FunctionError::new("A TOP, OFFSET or FETCH clause contains an invalid value."));
    }
    match arguments[0].integer()? {
        n if n < 0 => {
            Err(FunctionError::new("A TOP, OFFSET or FETCH clause may not have a negative value."))
        }
        n => Ok(Value::Integer(n)),
    }
}

/// `tsql_percent(rows, n)`: how many rows `TOP (n) PERCENT` is, a part of one counting as one.
pub fn percent(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let (rows, part) = (arguments[0].real()?, arguments[1].real()?);
        if !(0.0..=100.0).contains(&part) {
            return Err(FunctionError::new("Percent values must be between 0 and 100."));
        }
        // Multiplied first: 10 % of 30 rows is 3, whatever a tenth is in binary.
        Ok(Value::Integer((rows * part / 100.0).ceil() as i64))
    })
}
