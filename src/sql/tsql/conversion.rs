//! Types, and conversion from one to another.

use sqlparser::ast::DataType;

use super::expr::{Typed, lower_first};
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::{FunctionError, Value, convert};

impl Translator<'_> {
    /// Reads a type; a text without a length has `otherwise`.
    pub fn data_type(&mut self, data_type: &DataType, otherwise: Option<u32>) -> R<Type> {
        let text = data_type.to_string().to_lowercase();
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), Some(rest.trim_end_matches(')').trim())),
            None => (text.trim(), None),
        };
        let name = name.rsplit('.').next().unwrap_or(name).trim_matches(['[', ']', '"']);
        let refuse = |this: &Self| Err(this.unsupported(format!("the type {text}")));
        if let Some(wrong) = no_such_type(name, arguments) {
            return Err(self.invalid(wrong));
        }
        let of = match name {
            "integer" => Type::Int,
            "text" => return Ok(Type::VARCHAR),
            "ntext" => return Ok(Type::NVARCHAR),
            "image" | "timestamp" | "rowversion" | "double" => return refuse(self),
            "binary" | "varbinary" => Type::Binary {
                length: match arguments {
                    None => otherwise,
                    Some(given) => given.parse().ok(),
                },
                fixed: name == "binary",
            },
            "float" => match arguments.map(str::parse::<u32>) {
                Some(Ok(1..=24)) => Type::Real,
                None | Some(Ok(25..=53)) => Type::Float,
                _ => return refuse(self),
            },
            "character varying" | "char varying" => {
                Type::declared(&format!("varchar({})", arguments.unwrap_or("1")))
            }
            _ => {
                let spelled = match arguments {
                    Some(arguments) => format!("{name}({arguments})"),
                    None => name.to_owned(),
                };
                Type::declared(&spelled)
            }
        };
        match of {
            Type::Unknown => refuse(self),
            Type::Text { national, fixed, .. } if arguments.is_none() && name != "sysname" => {
                Ok(Type::Text { length: otherwise, national, fixed })
            }
            of => Ok(of),
        }
    }

    /// Converts, as `CAST` and `CONVERT` do.
    pub fn cast(&mut self, value: Typed, to: Type, style: Option<Typed>, gently: bool) -> R<Typed> {
        let from = value.of;
        let style = style.or_else(|| self.session_style(from, to));
        let refused = match (from, to) {
            (Type::Date, Type::Time(_)) | (Type::Time(_), Type::Date) => true,
            (from, to) if is_no_number(from) && to.is_number() => true,
            (from, to) if from.is_number() && is_no_number(to) => true,
            (Type::Unknown, Type::Text { .. }) => style.is_some(),
            (Type::Unknown, Type::Binary { .. }) => true,
            (Type::UniqueIdentifier, to) => !to.is_text() && to != Type::UniqueIdentifier,
            (from, Type::UniqueIdentifier) => {
                !from.is_text() && !matches!(from, Type::Unknown | Type::Null)
            }
            (Type::Binary { .. }, to) if !may_be_of_bytes(to) => true,
            (from, Type::Binary { .. }) if !may_be_of_bytes(from) => true,
            _ => false,
        };
        if refused {
            let error = self.invalid(format!("cannot convert type {from} to {to}"));
            return Err(match from {
                Type::Unknown => error.with_hint("its type is unknown; CAST it first"),
                Type::Binary { .. } => error,
                _ if matches!(to, Type::Binary { .. }) => error,
                from if from.is_integer() && to.has_date() => error.with_hint(format!(
                    "CAST(CAST(x AS varchar(8)) AS {to}) reads a number such as 20240102; DATEADD(day, x, '19000101') \
                     counts days"
                )),
                from if from.is_number() && to.has_date() => error.with_hint(format!(
                    "SQL Server has no such conversion either; CAST(CAST(x AS datetime) AS {to}) counts days since \
                     1900"
                )),
                from if from.is_temporal() && to.is_number() => error
                    .with_hint("SQL Server has no such conversion either; DATEDIFF counts days"),
                _ => error.with_hint("SQL Server has no such conversion either"),
            });
        }
        if from == Type::Null {
            return Ok(Typed { of: to, ..Typed::value(Value::Null, to) });
        }
        let style_value = style.as_ref().and_then(|style| style.literal.clone());
        if style_value == Some(Value::Null) {
            return Ok(Typed::value(Value::Null, to));
        }
        let keeps = style.is_none() && unchanged(from, to);
        if keeps {
            let range = value.range.or(to.range());
            return Ok(Typed {
                of: to,
                range,
                literal: value.literal.clone(),
                is_written: false,
                ..value
            });
        }
        if let Some(known) = &value.literal
            && (style.is_none() || style_value.is_some())
        {
            let style = match style_value {
                Some(Value::Integer(style)) => Some(style),
                _ => None,
            };
            match convert(known, from, to, style) {
                Ok(converted) => return Ok(Typed::value(converted, to)),
                Err(FunctionError::Refused(message)) => {
                    return Err(self.invalid(lower_first(&message)));
                }
                Err(_) if gently => return Ok(Typed::value(Value::Null, to)),
                // Left for the moment when, and if, it is computed.
                Err(_) => {}
            }
        }
        let function = if gently { "tsql_try_convert" } else { "tsql_convert" };
        let mut sql = format!("{function}('{to}', {}, '{from}'", value.sql);
        if let Some(style) = style {
            sql.push_str(", ");
            sql.push_str(&style.sql);
        }
        sql.push(')');
        Ok(Typed::plain(sql, to))
    }

    /// The style in which a text is read as a date, where SET says so.
    pub fn session_style(&self, from: Type, to: Type) -> Option<Typed> {
        let style = self.date_style(to).filter(|_| from.is_text())?;
        Some(Typed::value(Value::Integer(style), Type::Int))
    }
}

/// Whether a value of one type is one of the other as it stands.
pub(super) fn unchanged(from: Type, to: Type) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (from, Type::Decimal { precision, scale }) if from.is_integer() => {
            let digits = from.as_decimal().map_or(0, |(digits, _)| digits);
            precision - scale >= digits
        }
        (Type::Decimal { precision, scale }, Type::Decimal { precision: p, scale: s }) => {
            s >= scale && p - s >= precision - scale
        }
        (from, to) if from.is_integer() && to.is_integer() => {
            to != Type::Bit && from.precedence() <= to.precedence()
        }
        (
            Type::Text { length, national, .. },
            Type::Text { length: most, fixed: false, national: wide },
        ) => {
            // What a varchar cannot hold is lost.
            (wide || !national)
                && most.is_none_or(|most| length.is_some_and(|length| length <= most))
        }
        (Type::SmallDateTime, Type::DateTime) | (Type::Real, Type::Float) => true,
        (Type::SmallDateTime, Type::DateTime2(digits)) => digits >= 3,
        // With more digits it is the third of a hundredth of a second that a datetime counts.
        (Type::DateTime, Type::DateTime2(3)) => true,
        (Type::DateTime2(digits), Type::DateTime2(most))
        | (Type::DateTimeOffset(digits), Type::DateTimeOffset(most))
        | (Type::Time(digits), Type::Time(most)) => digits >= 3 && most >= digits,
        _ => false,
    }
}

/// Whether it is a date or time of a type that SQL Server makes no number of.
fn is_no_number(of: Type) -> bool {
    of.is_temporal() && !matches!(of, Type::DateTime | Type::SmallDateTime)
}

/// Whether the bytes of a value of the type are computed.
fn may_be_of_bytes(of: Type) -> bool {
    let of_number = of.is_integer() && of != Type::Bit;
    of_number || matches!(of, Type::Text { .. } | Type::Binary { .. } | Type::Unknown | Type::Null)
}

/// Refuses what SQL Server has no type for; `None` when it has one.
fn no_such_type(name: &str, arguments: Option<&str>) -> Option<String> {
    let given = arguments.filter(|text| *text != "max")?;
    let numbers: Vec<Option<u32>> = given.split(',').map(|n| n.trim().parse().ok()).collect();
    let within = |n: u32, least: u32, most: u32, what: &str| {
        let wrong = || format!("invalid type {name}({given}): {what} {least} to {most}");
        (!(least..=most).contains(&n)).then(wrong)
    };
    match (name, numbers.as_slice()) {
        ("varchar" | "char" | "character" | "varbinary" | "binary", [Some(n)]) => {
            within(*n, 1, 8000, "its length is")
        }
        ("nvarchar" | "nchar", [Some(n)]) => within(*n, 1, 4000, "its length is"),
        ("datetime2" | "time" | "datetimeoffset", [Some(n)]) => {
            within(*n, 0, 7, "its digits of a second are")
        }
        ("float", [Some(n)]) => within(*n, 1, 53, "its bits are"),
        ("decimal" | "numeric" | "dec", [Some(p)]) => within(*p, 1, 38, "its digits are"),
        ("decimal" | "numeric" | "dec", [Some(p), Some(s)]) => within(*p, 1, 38, "its digits are")
            .or_else(|| within(*s, 0, *p, "its digits after the point are")),
        _ => Some(format!("invalid type {name}({given})")),
    }
}
