//! Numbers and texts that the text of a query writes.

use sqlparser::ast::Value as Literal;

use super::expr::Typed;
use super::operators::precedence;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::{Value, in_code_page};
use crate::table::Cell;

impl Translator<'_> {
    pub fn literal(&mut self, value: &Literal) -> R<Typed> {
        let typed = match value {
            Literal::Number(digits, false) => Typed { is_written: true, ..self.number(digits)? },
            Literal::SingleQuotedString(text) => {
                if !text.is_ascii() && in_code_page(text) != *text {
                    self.output.notes.insert(
                        "a string without N contains characters outside code page 1252; SQL Server would \
                         replace each by a question mark: write N'...'".into(),
                    );
                }
                text_literal(text, false)
            }
            Literal::NationalStringLiteral(text) => text_literal(text, true),
            Literal::Null => Typed::value(Value::Null, Type::Null),
            // As the import database holds it, and as SQL Server's client shows it.
            Literal::HexStringLiteral(digits) => {
                let half = if digits.len().is_multiple_of(2) { "" } else { "0" };
                let text = format!("0x{half}{}", digits.to_uppercase());
                return Ok(Typed::value(
                    Value::Text(text),
                    Type::Binary {
                        length: u32::try_from(digits.len().div_ceil(2)).ok(),
                        fixed: false,
                    },
                ));
            }
            other => return Err(self.unsupported(other.to_string())),
        };
        Ok(self.parameter(typed))
    }

    /// The named value in the place of a literal that stands for it.
    pub fn parameter(&mut self, typed: Typed) -> Typed {
        let cell = match &typed.literal {
            Some(Value::Integer(n)) => Cell::Integer(*n),
            Some(Value::Text(text)) => Cell::Text(text.clone()),
            _ => return typed,
        };
        match self.given.literals.iter_mut().find(|(literal, _)| literal.value == cell) {
            None => typed,
            Some((literal, used)) => {
                *used = true;
                let sql = format!("@{}", literal.parameter);
                Typed {
                    sql,
                    precedence: precedence::ATOM,
                    literal: None,
                    range: typed.of.range(),
                    ..typed
                }
            }
        }
    }

    fn number(&self, digits: &str) -> R<Typed> {
        let wrong = || self.invalid(format!("`{digits}` cannot be represented exactly"));
        if digits.contains(['e', 'E']) {
            let value: f64 = digits.parse().map_err(|_| wrong())?;
            if !value.is_finite() {
                return Err(wrong());
            }
            return Ok(Typed::value(Value::Real(value), Type::Float));
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let count = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let (before, after) = (count(whole), count(fraction));
        if digits.contains('.') && !fraction.is_empty() {
            if before > 15 || after > 15 || before + after > 15 {
                return Err(wrong());
            }
            let value: f64 = digits.parse().map_err(|_| wrong())?;
            let of = Type::Decimal { precision: (before + after).max(1), scale: after };
            let typed = Typed::value(Value::Real(value), of);
            let sql =
                if digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
            return Ok(Typed { sql, ..typed });
        }
        let value: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
        let of = if digits.contains('.') || i32::try_from(value).is_err() {
            Type::Decimal { precision: before.max(1), scale: 0 }
        } else {
            Type::Int
        };
        Ok(Typed::value(Value::Integer(value), of))
    }
}

fn text_literal(text: &str, national: bool) -> Typed {
    let length = u32::try_from(text.encode_utf16().count()).ok();
    let of = Type::Text {
        length: length.map(|n| n.max(1)).filter(|n| *n <= 8000),
        national,
        fixed: false,
    };
    Typed::value(Value::Text(text.to_owned()), of)
}
