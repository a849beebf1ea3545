//! Function calls, by name.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments,
};

use super::arguments::shorter;
use super::conversion::unchanged;
use super::expr::{Typed, span_of};
use super::operators::precedence;
use super::translator::{R, Translator};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::table::{CallForm, Entry, TABLE, entry};

impl Translator<'_> {
    pub fn call(&mut self, function: &Function) -> R<Typed> {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        self.see(span_of(name));
        let at = self.at;
        let spelled = name.to_string();
        let lower = spelled.to_lowercase();
        if *uses_odbc_syntax || !matches!(parameters, FunctionArguments::None) || filter.is_some() {
            return Err(self.unsupported(format!("{spelled} with a clause of another dialect")));
        }
        if null_treatment.is_some() {
            return Err(self
                .unsupported("IGNORE NULLS")
                .with_hint("number the rows that are not NULL in a derived table"));
        }
        let list = match args {
            FunctionArguments::None => &[][..],
            FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: _,
                args,
                clauses,
            }) if clauses.is_empty() => args,
            _ => return Err(self.unsupported(format!("{spelled} with such arguments"))),
        };
        let distinct = matches!(
            args,
            FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: Some(DuplicateTreatment::Distinct),
                ..
            })
        );
        let percentile = ["percentile_cont", "percentile_disc"].contains(&lower.as_str());
        if !within_group.is_empty() && lower != "string_agg" && !percentile {
            return Err(self.unsupported(format!("{spelled} WITHIN GROUP")));
        }
        let known = entry(&lower);
        let aggregate = known.is_some_and(|entry| matches!(entry.form, CallForm::Aggregate));
        if distinct && !aggregate {
            return Err(self.invalid(format!("DISTINCT does not go with {spelled}")));
        }
        let value = if percentile {
            self.percentile(&lower, list, within_group, over.as_ref())?
        } else if aggregate {
            self.aggregate(&lower, list, distinct, within_group, over.as_ref())?
        } else if let Some(over) = over {
            self.window(&lower, list, over)?
        } else {
            self.plain_call(known, &spelled, list)?
        };
        self.at = at;
        Ok(value)
    }

    fn plain_call(
        &mut self,
        known: Option<&'static Entry>,
        spelled: &str,
        list: &[FunctionArg],
    ) -> R<Typed> {
        let upper = spelled.to_uppercase();
        let Some(entry) = known else {
            let error = self.unsupported(format!("{upper}(...)"));
            return Err(match meant(&spelled.to_lowercase()) {
                Some(meant) => error.with_hint(format!("did you mean `{}`?", meant.to_uppercase())),
                None => error,
            });
        };
        match entry.form {
            CallForm::Rust { name, .. } => {
                self.counted(entry, list.len())?;
                self.computed(entry, name, list)
            }
            CallForm::Written => {
                self.counted(entry, list.len())?;
                self.written_call(entry, list)
            }
            CallForm::Window => Err(self
                .invalid(format!("{upper} needs OVER"))
                .with_hint(format!("write {upper}(...) OVER (ORDER BY column)"))),
            CallForm::Aggregate | CallForm::Syntax | CallForm::Refused => {
                let error = self.unsupported(format!("{upper}(...)"));
                Err(match entry.help {
                    "" => error,
                    hint => error.with_hint(hint),
                })
            }
        }
    }

    /// The functions that are more than a call.
    fn written_call(&mut self, entry: &Entry, list: &[FunctionArg]) -> R<Typed> {
        let name = entry.name;
        match name {
            "getdate" | "current_timestamp" | "getutcdate" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(self.now.to_owned(), Type::DateTime))
            }
            "sysdatetime" | "sysutcdatetime" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(self.now.to_owned(), Type::DateTime2(7)))
            }
            "isnull" => {
                let [value, otherwise] = self.exactly(name, list)?;
                self.isnull(value, otherwise)
            }
            "coalesce" => {
                let values = self.arguments(list)?;
                if values.len() < 2 {
                    return Err(self.invalid("COALESCE takes two values or more"));
                }
                if values.iter().all(|value| value.of == Type::Null) {
                    return Err(self
                        .invalid("COALESCE takes a value beside NULL")
                        .with_hint("CAST one of them to a type"));
                }
                let values = self.together(values)?;
                let of = values.first().map_or(Type::Null, |value| value.of);
                Ok(self.function("coalesce", &texts(&values), of))
            }
            "nullif" => {
                let [value, other] = self.exactly(name, list)?;
                if value.is_null() {
                    return Err(self.invalid("NULLIF does not take the NULL constant first"));
                }
                let of = value.of;
                let (left, right) = self.comparable(value.clone(), other)?;
                if left.sql == value.sql {
                    let arguments = [left.collated(), right.sql];
                    return Ok(self.function("nullif", &arguments, of));
                }
                let test = self.equal(&left, &right).sql;
                Ok(Typed::plain(
                    format!("CASE WHEN {test} THEN NULL ELSE {} END", value.sql),
                    of,
                ))
            }
            "iif" => {
                let [
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(condition)),
                    yes,
                    no,
                ] = list
                else {
                    return Err(self.invalid("IIF takes a condition and two values"));
                };
                let condition = self.condition(condition)?;
                let values = self.arguments(&[yes.clone(), no.clone()])?;
                let values = self.together(values)?;
                let of = values.first().map_or(Type::Null, |value| value.of);
                let texts = texts(&values);
                Ok(Typed::plain(
                    format!(
                        "CASE WHEN {} THEN {} ELSE {} END",
                        condition.sql, texts[0], texts[1]
                    ),
                    of,
                ))
            }
            "choose" => {
                let mut values = self.arguments(list)?;
                if values.len() < 2 {
                    return Err(self.invalid("CHOOSE takes an index and values"));
                }
                let index = values.remove(0);
                let index = self.cast(index, Type::Int, None, false)?;
                let values = self.together(values)?;
                let of = values.first().map_or(Type::Null, |value| value.of);
                let mut sql = format!("CASE {}", index.sql);
                for (at, value) in values.iter().enumerate() {
                    sql.push_str(&format!(" WHEN {} THEN {}", at + 1, value.sql));
                }
                sql.push_str(" END");
                Ok(Typed::plain(sql, of))
            }
            "abs" | "sign" => {
                let [value] = self.exactly(name, list)?;
                let value = self.number_argument(name, value)?;
                let of = match value.of {
                    Type::Real if name == "sign" => Type::Float,
                    of => of,
                };
                let made = self.function(&format!("tsql_{name}"), &[value.sql], of);
                Ok(if name == "abs" {
                    self.checked_call(made)
                } else {
                    made
                })
            }
            "ceiling" | "floor" => {
                let [value] = self.exactly(name, list)?;
                self.whole_of(&format!("tsql_{name}"), value)
            }
            "round" => self.round(list),
            "datalength" => {
                let [value] = self.exactly(name, list)?;
                if value.is_null() {
                    return Ok(Typed::value(Value::Null, Type::Int));
                }
                if matches!(value.of, Type::Binary { .. }) {
                    let sql = format!("(length({}) - 2) / 2", value.sql);
                    let made = Typed::plain(sql, Type::Int);
                    return Ok(Typed {
                        precedence: precedence::MULTIPLY,
                        ..made
                    });
                }
                let Type::Text { national, .. } = value.of else {
                    let Some(bytes) = bytes_of(value.of) else {
                        return Err(self
                            .unsupported(format!("DATALENGTH of {}", value.of))
                            .with_hint("CAST it to a type first"));
                    };
                    let value = value.within(precedence::COMPARE + 1);
                    let sql = format!("CASE WHEN {value} IS NOT NULL THEN {bytes} END");
                    return Ok(Typed::plain(sql, Type::Int));
                };
                let units = format!("tsql_units({})", value.sql);
                Ok(if national {
                    Typed {
                        precedence: precedence::MULTIPLY,
                        ..Typed::plain(format!("2 * {units}"), Type::Int)
                    }
                } else {
                    Typed::plain(units, Type::Int)
                })
            }
            "replicate" => {
                let [value, times] = self.exactly(name, list)?;
                let of = Type::Text {
                    length: None,
                    national: value.of.is_national(),
                    fixed: false,
                };
                let longest = matches!(value.of, Type::Text { length: None, .. } | Type::Unknown);
                let arguments = [
                    self.as_text(value)?,
                    times.sql,
                    u8::from(longest).to_string(),
                ];
                Ok(self.function("tsql_replicate", &arguments, of))
            }
            "format" => {
                let mut arguments = self.arguments(list)?;
                if let Some(culture) = (arguments.len() == 3).then(|| arguments.pop()).flatten() {
                    let english = matches!(&culture.literal,
                        Some(Value::Text(text)) if text.eq_ignore_ascii_case("en-us"));
                    if !english {
                        return Err(self
                            .unsupported("FORMAT with a culture")
                            .with_hint("'en-US' is known, and is what FORMAT does without one"));
                    }
                }
                let [value, pattern] = <[Typed; 2]>::try_from(arguments)
                    .map_err(|_| self.invalid("FORMAT takes a value, a pattern and a culture"))?;
                if !value.of.is_number() && !value.of.has_date() {
                    return Err(self
                        .unsupported(format!("FORMAT of {}", value.of))
                        .with_hint("CAST the value to a number or a date first"));
                }
                let arguments = [value.sql, self.as_text(pattern)?, format!("'{}'", value.of)];
                Ok(self.function("tsql_format", &arguments, Type::NVARCHAR))
            }
            "dateadd" => self.dateadd(list),
            "switchoffset" | "todatetimeoffset" => self.with_offset(name, list),
            "datediff" | "datediff_big" => {
                let (part, rest) = self.part(name, list)?;
                if ["iso_week", "tzoffset"].contains(&part) {
                    return Err(
                        self.invalid(format!("{} does not count {part}", name.to_uppercase()))
                    );
                }
                let [from, to] = self.exactly(name, rest)?;
                let arguments = [format!("'{part}'"), self.as_date(from)?, self.as_date(to)?];
                let of = if name == "datediff" {
                    Type::Int
                } else {
                    Type::BigInt
                };
                Ok(self.function(&format!("tsql_{name}"), &arguments, of))
            }
            "datepart" | "datename" => {
                let (part, rest) = self.part(name, list)?;
                let [date] = self.exactly(name, rest)?;
                self.has_part(name, part, &date)?;
                let part = match self.first_day {
                    day @ 1..=6 if name == "datepart" && ["week", "weekday"].contains(&part) => {
                        format!("{part}:{day}")
                    }
                    _ => part.to_owned(),
                };
                let arguments = [format!("'{part}'"), self.as_date(date)?];
                let of = if name == "datepart" {
                    Type::Int
                } else {
                    Type::NVARCHAR
                };
                Ok(self.function(&format!("tsql_{name}"), &arguments, of))
            }
            "year" | "month" | "day" => {
                let [date] = self.exactly(name, list)?;
                self.has_part(name, name, &date)?;
                let arguments = [format!("'{name}'"), self.as_date(date)?];
                Ok(self.function("tsql_datepart", &arguments, Type::Int))
            }
            "power" => {
                let [base, exponent] = self.exactly(name, list)?;
                let base = self.number_argument(name, base)?;
                let exponent = self.number_argument(name, exponent)?;
                let of = match base.of {
                    Type::TinyInt | Type::SmallInt | Type::Bit => Type::Int,
                    Type::Decimal { scale, .. } => Type::Decimal {
                        precision: 38,
                        scale,
                    },
                    Type::Null | Type::Real => Type::Float,
                    of => of,
                };
                let arguments = [base.sql, exponent.sql, format!("'{of}'")];
                Ok(self.function("tsql_power", &arguments, of))
            }
            "datetrunc" => {
                let (part, rest) = self.part(name, list)?;
                let [date] = self.exactly(name, rest)?;
                self.has_part(name, part, &date)?;
                let of = match date.of {
                    of if of.is_temporal() => of,
                    _ => Type::DateTime2(7),
                };
                if part == "weekday" || part == "tzoffset" {
                    return Err(self.invalid(format!("DATETRUNC does not cut off at {part}")));
                }
                let arguments = [format!("'{part}'"), self.as_date(date)?, format!("'{of}'")];
                Ok(self.function("tsql_datetrunc", &arguments, of))
            }
            "grouping" | "grouping_id" => self.grouping(name, list),
            "hashbytes" => {
                let [algorithm, value] = self.exactly(name, list)?;
                if !value.of.is_text() && !matches!(value.of, Type::Binary { .. } | Type::Null) {
                    return Err(self
                        .invalid(format!(
                            "HASHBYTES takes a text, not a value of type {}",
                            value.of
                        ))
                        .with_hint("CAST it to varchar or nvarchar first"));
                }
                let arguments = [
                    self.as_text(algorithm)?,
                    value.sql,
                    format!("'{}'", value.of),
                ];
                let of = Type::Binary {
                    length: Some(8000),
                    fixed: false,
                };
                Ok(self.function("tsql_hashbytes", &arguments, of))
            }
            "object_id" => self.object_id_call(list),
            "db_name" => match self.database.clone() {
                Some(database) => Ok(Typed::value(Value::Text(database), Type::NVARCHAR)),
                None => Err(self
                    .unsupported("DB_NAME() without a database named before it")
                    .with_hint("write USE name at the start")),
            },
            _ => Err(self.unsupported(format!("{}(...)", name.to_uppercase()))),
        }
    }

    fn isnull(&mut self, value: Typed, otherwise: Typed) -> R<Typed> {
        if value.is_null() {
            return Ok(otherwise);
        }
        let of = value.of;
        let fits = of == Type::Unknown || unchanged(otherwise.of, of);
        let otherwise = if fits {
            otherwise
        } else {
            self.cast(otherwise, of, None, false)?
        };
        Ok(self.function("ifnull", &[value.sql, otherwise.sql], of))
    }

    fn checked_call(&self, value: Typed) -> Typed {
        match value.of {
            // The magnitude of the least number of a type is one more than its greatest.
            Type::Int | Type::SmallInt => {
                let of = value.of;
                Typed::plain(format!("tsql_check({}, '{of}')", value.sql), of)
            }
            _ => value,
        }
    }

    /// `CEILING` and `FLOOR`.
    pub fn whole(&mut self, function: &str, expr: &Expr) -> R<Typed> {
        let value = self.value(expr)?;
        self.whole_of(function, value)
    }

    fn whole_of(&mut self, function: &str, value: Typed) -> R<Typed> {
        let value = self.number_argument(function.trim_start_matches("tsql_"), value)?;
        let of = match value.of {
            Type::Decimal { precision, .. } => Type::Decimal {
                precision,
                scale: 0,
            },
            of => of,
        };
        let made = self.function(function, &[value.sql], of);
        // A decimal without a fraction is a whole number.
        Ok(match of {
            Type::Decimal { .. } => Typed::plain(format!("CAST({} AS INTEGER)", made.sql), of),
            _ => made,
        })
    }

    fn round(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let mut arguments = self.arguments(list)?;
        if !(2..=3).contains(&arguments.len()) {
            return Err(self.invalid("ROUND takes 2 or 3 arguments"));
        }
        let cut = (arguments.len() == 3).then(|| arguments.pop()).flatten();
        if cut.as_ref().is_some_and(Typed::is_null) {
            return Err(self
                .unsupported("ROUND with NULL as its third argument")
                .with_hint("leave it out, or write 0 to round and 1 to cut off"));
        }
        let [value, places] = <[Typed; 2]>::try_from(arguments)
            .map_err(|_| self.invalid("ROUND takes 2 or 3 arguments"))?;
        let value = self.number_argument("round", value)?;
        // Of the small whole numbers an int is made.
        let of = match value.of {
            Type::TinyInt | Type::SmallInt | Type::Bit => Type::Int,
            Type::Real => Type::Float,
            of => of,
        };
        let arguments = [
            value.sql,
            places.sql,
            cut.map_or_else(|| "0".to_owned(), |cut| cut.sql),
            format!("'{of}'"),
        ];
        Ok(self.function("tsql_round", &arguments, of))
    }

    pub fn substring(&mut self, value: Typed, from: Typed, length: Typed) -> R<Typed> {
        let own = entry("substring").expect("the table has it, as a test holds");
        let of = shorter(self.text_type(&value), &length);
        let mut written = Vec::new();
        for (at, value) in [value, from, length].into_iter().enumerate() {
            written.push(self.argument(own, at, value)?);
        }
        Ok(self.function("tsql_substring", &written, of))
    }
}

/// The function that a misspelt name likely means: one letter off, and no other meaning that looks alike.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let known = TABLE
        .iter()
        .filter(|entry| !matches!(entry.form, CallForm::Refused))
        .map(|entry| entry.name);
    let near = did_you_mean(name, known)?;
    let one_off = near.len().abs_diff(name.len()) <= 1 && name.len() >= 3;
    (one_off && near.as_bytes().first() == name.as_bytes().first()).then_some(near)
}

/// How many bytes SQL Server stores a value of a type in.
pub(super) fn bytes_of(of: Type) -> Option<u8> {
    Some(match of {
        Type::Bit | Type::TinyInt => 1,
        Type::SmallInt => 2,
        Type::Int | Type::Real | Type::SmallDateTime | Type::Money { small: true } => 4,
        Type::BigInt | Type::Float | Type::DateTime | Type::Money { small: false } => 8,
        Type::Date => 3,
        Type::UniqueIdentifier => 16,
        Type::Time(0..=2) => 3,
        Type::Time(3..=4) => 4,
        Type::Time(_) => 5,
        Type::DateTime2(0..=2) => 6,
        Type::DateTime2(3..=4) => 7,
        Type::DateTime2(_) | Type::DateTimeOffset(0..=2) => 8,
        Type::DateTimeOffset(3..=4) => 9,
        Type::DateTimeOffset(_) => 10,
        Type::Decimal { precision, .. } => match precision {
            ..=9 => 5,
            10..=19 => 9,
            20..=28 => 13,
            _ => 17,
        },
        _ => return None,
    })
}

pub(super) fn texts(values: &[Typed]) -> Vec<String> {
    values.iter().map(|value| value.sql.clone()).collect()
}
