//! Aggregates: `COUNT`, `SUM`, `AVG`, `MIN`, `MAX`, `STDEV`, `VAR` and `STRING_AGG`, with `OVER` or without.

use sqlparser::ast::{FunctionArg, FunctionArgExpr, OrderByExpr, WindowType};

use super::expr::Typed;
use super::operators::precedence;
use super::translator::{R, Translator};
use crate::schema::types::Type;

impl Translator<'_> {
    /// The type of `SUM` and `AVG`.
    pub fn sum_type(&self, of: Type) -> R<Type> {
        match of {
            Type::TinyInt | Type::SmallInt | Type::Int => Ok(Type::Int),
            Type::BigInt => Ok(Type::BigInt),
            Type::Decimal { scale, .. } => Ok(Type::Decimal { precision: 38, scale }),
            Type::Float | Type::Real => Ok(Type::Float),
            Type::Money { .. } => Ok(Type::Money { small: false }),
            Type::Unknown => Err(self
                .invalid("SUM and AVG depend on the type, which is unknown")
                .with_hint("CAST the value to a number: SUM(CAST(x AS int))")),
            of => Err(self
                .invalid(format!("SUM and AVG take numbers, not values of type {of}"))
                .with_hint("CAST the value to a number: SUM(CAST(x AS int))")),
        }
    }

    /// `AVG`: of whole numbers a whole one, of decimals one with six digits at least after the point.
    pub fn average(&mut self, value: &Typed, distinct: bool, over: &str) -> R<Typed> {
        let of = self.sum_type(value.of)?;
        let inner = if distinct { format!("DISTINCT {}", value.sql) } else { value.sql.clone() };
        let sum = format!("sum({inner}){over}");
        let count = format!("count({inner}){over}");
        Ok(match of {
            Type::Float => Typed::plain(format!("avg({inner}){over}"), of),
            Type::Money { .. } => {
                let sum = format!("tsql_convert('money', {sum}, 'float')");
                let sql = format!("tsql_money('/', {sum}, nullif({count}, 0), 'money')");
                Typed::plain(sql, of)
            }
            Type::Decimal { scale, .. } => {
                self.output.notes.insert(
                    "decimals with a fraction are exact to 15 digits here, to 38 in SQL Server"
                        .into(),
                );
                let digits = scale.max(6);
                // A divisor of so many digits that the quotient has the digits of AVG.
                let sql = format!(
                    "tsql_round(tsql_decimal('/', {sum}, 'decimal(38,{scale})', nullif({count}, 0), \
                     'decimal(10,0)'), {digits}, 1, 'decimal(38,{digits})')"
                );
                Typed::plain(sql, Type::Decimal { precision: 38, scale: digits })
            }
            // The sum is of the same type, and must fit into it.
            of => Typed {
                precedence: precedence::MULTIPLY,
                range: of.range(),
                ..Typed::plain(format!("tsql_check({sum}, '{of}') / {count}"), of)
            },
        })
    }

    pub fn aggregate(
        &mut self,
        name: &str,
        list: &[FunctionArg],
        distinct: bool,
        within: &[OrderByExpr],
        over: Option<&WindowType>,
    ) -> R<Typed> {
        if over.is_none() && self.scope().in_aggregate {
            return Err(self
                .invalid(format!("{} is nested in another aggregate", name.to_uppercase()))
                .with_hint("compute the inner one in a derived table"));
        }
        if over.is_some() && distinct {
            return Err(self.invalid("DISTINCT cannot be combined with OVER"));
        }
        if distinct && name == "string_agg" {
            return Err(self
                .invalid("STRING_AGG takes no DISTINCT")
                .with_hint("join the texts of a derived table: (SELECT DISTINCT ...) AS name"));
        }
        let ungrouped = self.scope().ungrouped.len();
        let inside = std::mem::replace(&mut self.scope_mut().in_aggregate, over.is_none());
        let made = self.aggregate_inside(name, list, distinct, within, over);
        let scope = self.scope_mut();
        scope.in_aggregate = inside;
        let value = made?;
        if over.is_none() {
            scope.ungrouped.truncate(ungrouped);
            scope.aggregates = true;
        }
        Ok(value)
    }

    fn aggregate_inside(
        &mut self,
        name: &str,
        list: &[FunctionArg],
        distinct: bool,
        within: &[OrderByExpr],
        over: Option<&WindowType>,
    ) -> R<Typed> {
        let window = match over {
            None => String::new(),
            Some(over) => {
                self.windows_may_stand(name)?;
                self.over(over)?
            }
        };
        let counts = matches!(name, "count" | "count_big");
        let of_count = if name == "count" { Type::Int } else { Type::BigInt };
        if counts && distinct && matches!(list, [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) {
            return Err(self.invalid("DISTINCT takes a column, not `*`").with_hint(
                "COUNT(*) over (SELECT DISTINCT * FROM ...) AS t counts different rows",
            ));
        }
        if counts && matches!(list, [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) {
            return Ok(Typed::plain(format!("count(*){window}"), of_count));
        }
        if name == "string_agg" {
            return self.string_agg(list, within, over.is_some());
        }
        let [value] = self.exactly(name, list)?;
        if value.is_null() {
            return Err(self
                .invalid(format!("{} does not take the NULL constant", name.to_uppercase()))
                .with_hint("give it a type: CAST(NULL AS int)"));
        }
        let word = if distinct { "DISTINCT " } else { "" };
        if counts {
            let inner = if distinct { value.collated() } else { value.sql };
            return Ok(Typed::plain(format!("count({word}{inner}){window}"), of_count));
        }
        match name {
            "min" | "max" => {
                if value.of == Type::Bit {
                    return Err(self
                        .invalid(format!("{} does not take a bit", name.to_uppercase()))
                        .with_hint("CAST it to int first"));
                }
                let of = value.of;
                self.has_order(&value)?;
                self.note_doubt(&value);
                Ok(Typed::plain(format!("{name}({}){window}", value.collated()), of))
            }
            "avg" => self.average(&value, distinct, &window),
            "stdev" | "stdevp" | "var" | "varp" => {
                if !value.of.is_number() || value.of == Type::Bit {
                    let (upper, of) = (name.to_uppercase(), value.of);
                    return Err(self
                        .invalid(format!("{upper} takes numbers, not values of type {of}"))
                        .with_hint(format!(
                            "CAST the value to a number: {upper}(CAST(x AS float))"
                        )));
                }
                let sql = format!("tsql_{name}({word}{}){window}", value.sql);
                Ok(Typed::plain(sql, Type::Float))
            }
            _ => {
                let of = self.sum_type(value.of)?;
                let sum = format!("sum({word}{}){window}", value.sql);
                Ok(match of {
                    Type::Int => Typed::plain(format!("tsql_check({sum}, 'int')"), of),
                    Type::Decimal { precision, scale } if scale > 0 => Typed::plain(
                        format!("tsql_round({sum}, {scale}, 0, 'decimal({precision},{scale})')"),
                        of,
                    ),
                    Type::Money { .. } => {
                        Typed::plain(format!("tsql_convert('money', {sum}, 'float')"), of)
                    }
                    of => Typed::plain(sum, of),
                })
            }
        }
    }

    fn string_agg(&mut self, list: &[FunctionArg], within: &[OrderByExpr], over: bool) -> R<Typed> {
        if over {
            return Err(self.invalid("STRING_AGG cannot be combined with OVER"));
        }
        let [value, separator] = self.exactly("string_agg", list)?;
        let of = if value.of.is_national() || value.of == Type::Unknown {
            Type::NVARCHAR
        } else {
            Type::VARCHAR
        };
        let text = self.as_text(value)?;
        let separator = self.as_text(separator)?;
        let mut order = String::new();
        if !within.is_empty() {
            order = format!(" ORDER BY {}", self.order_list(within)?);
        }
        Ok(Typed::plain(format!("group_concat({text}, {separator}{order})"), of))
    }
}
