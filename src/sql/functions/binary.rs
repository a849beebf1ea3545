//! Binary values: as texts of hexadecimal digits, `0x1A2B`, which is how SQL Server's clients show them.

use sha2::{Digest as _, Sha256, Sha512};

use super::{FunctionError, Outcome, Value, text, unless_null};
use crate::schema::types::Type;

/// The value of these bytes.
fn value(bytes: &[u8]) -> Value {
    let mut digits = String::with_capacity(2 + 2 * bytes.len());
    digits.push_str("0x");
    push_digits(bytes, &mut digits);
    Value::Text(digits)
}

fn push_digits(bytes: &[u8], to: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in bytes {
        to.push(DIGITS[usize::from(byte >> 4)]);
        to.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// The bytes that digits write; `None` where a character is no digit, or one is left over.
fn bytes_of_digits(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    digits.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// The bytes of a binary value.
fn bytes_of(value: &Value) -> Result<Vec<u8>, FunctionError> {
    let text = value.text();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits
        .and_then(bytes_of_digits)
        .ok_or_else(|| FunctionError::refused("a binary value is not kept as 0x and its digits"))
}

/// The bytes that SQL Server keeps of a value that is no binary one.
fn stored(value: &Value, from: Type) -> Result<Vec<u8>, FunctionError> {
    match (value, from) {
        (Value::Text(text), Type::Text { national: true, .. }) => {
            Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
        }
        (Value::Text(text), Type::Text { .. }) => Ok(text::code_page_bytes(text)),
        (Value::Integer(number), from) if from.is_integer() => {
            let size = match from {
                Type::Bit | Type::TinyInt => 1,
                Type::SmallInt => 2,
                Type::BigInt => 8,
                _ => 4,
            };
            Ok(number.to_be_bytes()[8 - size..].to_vec())
        }
        _ => {
            Err(FunctionError::refused(format!("converting type {from} to bytes is not supported")))
        }
    }
}

/// Converts to `binary` or `varbinary`: text and binary values are cut or filled up at their end, numbers at their
/// beginning.
pub fn to_binary(
    from_value: &Value,
    from: Type,
    (length, fixed): (Option<u32>, bool),
    style: Option<i64>,
) -> Outcome {
    let digits = |text: &str, prefixed: bool| {
        let wrong = || FunctionError::new("Error converting data type varchar to varbinary.");
        let digits = if prefixed {
            text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
        } else {
            Some(text)
        };
        digits.and_then(bytes_of_digits).ok_or_else(wrong)
    };
    let mut bytes = match (from_value, from, style.unwrap_or(0)) {
        (value, Type::Binary { .. }, _) => bytes_of(value)?,
        (Value::Text(text), Type::Text { .. }, 1) => digits(text, true)?,
        (Value::Text(text), Type::Text { .. }, 2) => digits(text, false)?,
        (value, from, 0) => stored(value, from)?,
        (_, _, other) => return Err(no_style(other, "a character string", "varbinary")),
    };
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
        return Ok(value(&bytes));
    };
    if from.is_integer() {
        let over = bytes.len().saturating_sub(length);
        bytes.drain(..over);
        if fixed {
            let missing = length.saturating_sub(bytes.len());
            bytes.splice(..0, std::iter::repeat_n(0, missing));
        }
    } else {
        bytes.truncate(length);
        if fixed {
            bytes.resize(length, 0);
        }
    }
    Ok(value(&bytes))
}

fn no_style(style: i64, from: &str, to: &str) -> FunctionError {
    FunctionError::refused(format!(
        "{style} is not a valid style number when converting from {from} to {to}."
    ))
}

/// The text of a binary value: its bytes as characters, or its digits in styles 1 and 2.
pub fn as_text(value: &Value, national: bool, style: Option<i64>) -> Result<String, FunctionError> {
    let bytes = bytes_of(value)?;
    let mut shown = String::new();
    match style.unwrap_or(0) {
        1 => {
            shown.push_str("0x");
            push_digits(&bytes, &mut shown);
        }
        2 => push_digits(&bytes, &mut shown),
        0 if national => {
            let unit = |pair: &[u8]| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]);
            let units: Vec<u16> = bytes.chunks(2).map(unit).collect();
            shown = String::from_utf16(&units)
                .map_err(|_| FunctionError::refused("the bytes are not valid UTF-16"))?;
        }
        0 => shown.extend(bytes.iter().map(|byte| text::of_code(*byte))),
        other => return Err(no_style(other, "varbinary", "a character string")),
    }
    if shown.contains('\0') {
        return Err(FunctionError::refused("text with a NUL character is not supported"));
    }
    Ok(shown)
}

/// The whole number that the last bytes of a binary value are, in so many bytes.
pub fn as_whole(value: &Value, to: Type) -> Outcome {
    let bytes = bytes_of(value)?;
    let last = |size: usize| {
        let mut eight = [0_u8; 8];
        for (to, from) in eight.iter_mut().rev().zip(bytes.iter().rev().take(size)) {
            *to = *from;
        }
        i64::from_be_bytes(eight)
    };
    Ok(Value::Integer(match to {
        Type::TinyInt => last(1),
        Type::SmallInt => i64::from(last(2) as u16 as i16),
        Type::Int => i64::from(last(4) as u32 as i32),
        Type::BigInt => last(8),
        _ => {
            return Err(FunctionError::refused(format!(
                "converting a binary value to {to} is not supported"
            )));
        }
    }))
}

/// `tsql_bytes(value)`: a binary value as it is compared, without bytes of 0 at its end.
pub fn compared(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let mut bytes = bytes_of(&arguments[0])?;
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(value(&bytes))
    })
}

/// `tsql_hashbytes(algorithm, value, type of the value)`.
pub fn hashbytes(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let from = Type::declared(&arguments[2].text());
        let bytes = match from {
            Type::Binary { .. } => bytes_of(&arguments[1])?,
            from => stored(&arguments[1], from)?,
        };
        match arguments[0].text().to_ascii_uppercase().as_str() {
            "SHA2_256" => Ok(value(&Sha256::digest(&bytes))),
            "SHA2_512" => Ok(value(&Sha512::digest(&bytes))),
            "MD2" | "MD4" | "MD5" | "SHA" | "SHA1" => {
                Err(FunctionError::refused("HASHBYTES supports SHA2_256 and SHA2_512 only"))
            }
            _ => Ok(Value::Null),
        }
    })
}
