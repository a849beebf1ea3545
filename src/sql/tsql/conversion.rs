//! Types, and conversion from one to another.

use sqlparser::ast::{DataType, Expr};

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
        let name = name
            .rsplit('.')
            .next()
            .unwrap_or(name)
            .trim_matches(['[', ']', '"']);
        let refuse = |this: &Self| Err(this.unsupported(format!("the type {text}")));
        if let Some(wrong) = no_such_type(name, arguments) {
            return Err(self.invalid(wrong));
        }
        let of = match name {
            "integer" => Type::Int,
            "money" | "smallmoney" => {
                return Err(self.unsupported(format!("the type {text}")).with_hint(
                    "decimal(19,4) holds the same; CONVERT(varchar(30), CAST(n AS money), 1) writes thousands",
                ));
            }
            "uniqueidentifier" => {
                return Err(self
                    .unsupported(format!("the type {text}"))
                    .with_hint("compare it as text: CAST(x AS varchar(36))"));
            }
            "real" | "text" | "ntext" | "image" | "timestamp" | "rowversion" | "binary"
            | "varbinary" | "double" => return refuse(self),
            "float" => match arguments.map(str::parse::<u32>) {
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
            Type::Unknown | Type::Binary => refuse(self),
            Type::Text {
                national, fixed, ..
            } if arguments.is_none() && name != "sysname" => Ok(Type::Text {
                length: otherwise,
                national,
                fixed,
            }),
            of => Ok(of),
        }
    }

    /// Converts, as `CAST` and `CONVERT` do.
    pub fn cast(&mut self, value: Typed, to: Type, style: Option<Typed>, gently: bool) -> R<Typed> {
        let from = value.of;
        let style = style.or_else(|| self.session_style(from, to));
        let refused = match (from, to) {
            (Type::Date, Type::Time(_)) | (Type::Time(_), Type::Date) => true,
            (Type::Date | Type::Time(_) | Type::DateTime2(_), to) if to.is_number() => true,
            (from, Type::Date | Type::Time(_) | Type::DateTime2(_)) if from.is_number() => true,
            (Type::Unknown, Type::Text { .. }) => style.is_some(),
            _ => false,
        };
        if refused {
            let error = self.invalid(format!("a value of type {from} is not converted to {to}"));
            return Err(match from {
                Type::Unknown => error.with_hint("its type is not known here; CAST it first"),
                _ => error
                    .with_hint("SQL Server has no such conversion either; DATEDIFF counts days"),
            });
        }
        if from == Type::Null {
            return Ok(Typed {
                of: to,
                ..Typed::value(Value::Null, to)
            });
        }
        let style_value = style.as_ref().and_then(|style| style.literal.clone());
        let keeps = style.is_none() && unchanged(from, to);
        if keeps {
            let range = value.range.or(to.range());
            return Ok(Typed {
                of: to,
                range,
                literal: value.literal.clone(),
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
        let function = if gently {
            "tsql_try_convert"
        } else {
            "tsql_convert"
        };
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

    /// `CONVERT(varchar(n), CAST(x AS money), style)`: two digits, with commas in style 1; four in style 2.
    pub fn money_as_text(
        &mut self,
        amount: &Expr,
        to: &DataType,
        styles: &[Expr],
        gently: bool,
    ) -> R<Typed> {
        let of = self.data_type(to, Some(30))?;
        if !of.is_text() {
            return Err(self.unsupported(format!("money as {of}")));
        }
        let value = self.value(amount)?;
        let money = Type::Decimal {
            precision: 19,
            scale: 4,
        };
        let value = self.cast(value, money, None, gently)?;
        let style = match styles {
            [] => "0".to_owned(),
            [style] => self.value(style)?.sql,
            _ => return Err(self.invalid("CONVERT takes one style")),
        };
        let text = self.function("tsql_money", &[value.sql, style], Type::VARCHAR);
        self.cast(text, of, None, gently)
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
        (
            Type::Decimal { precision, scale },
            Type::Decimal {
                precision: p,
                scale: s,
            },
        ) => s >= scale && p - s >= precision - scale,
        (from, to) if from.is_integer() && to.is_integer() => {
            to != Type::Bit && from.precedence() <= to.precedence()
        }
        (
            Type::Text {
                length, national, ..
            },
            Type::Text {
                length: most,
                fixed: false,
                national: wide,
            },
        ) => {
            // What a varchar cannot hold is lost.
            (wide || !national)
                && most.is_none_or(|most| length.is_some_and(|length| length <= most))
        }
        (Type::SmallDateTime, Type::DateTime) => true,
        (Type::SmallDateTime | Type::DateTime, Type::DateTime2(digits)) => digits >= 3,
        (Type::DateTime2(digits), Type::DateTime2(most))
        | (Type::Time(digits), Type::Time(most)) => most.min(3) == digits.min(3),
        _ => false,
    }
}

/// What is converted to money.
pub(super) fn as_money(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Nested(inner) => as_money(inner),
        Expr::Cast {
            expr, data_type, ..
        }
        | Expr::Convert {
            expr,
            data_type: Some(data_type),
            ..
        } => {
            let name = data_type.to_string().to_lowercase();
            (name == "money" || name == "smallmoney").then_some(expr.as_ref())
        }
        _ => None,
    }
}

/// Refuses what SQL Server has no type for; `None` when it has one.
fn no_such_type(name: &str, arguments: Option<&str>) -> Option<String> {
    let given = arguments.filter(|text| *text != "max")?;
    let numbers: Vec<Option<u32>> = given.split(',').map(|n| n.trim().parse().ok()).collect();
    let within = |n: u32, least: u32, most: u32, what: &str| {
        let wrong = || format!("{name}({given}) is no type: {what} {least} to {most}");
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
        _ => Some(format!("{name}({given}) is no type")),
    }
}
