//! Function calls, by name.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, OrderByExpr, OrderBySort, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowSpec, WindowType,
};

use super::expr::{Typed, span_of};
use super::ops::power;
use super::script::{R, Translator};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::table::{CallForm, Entry, Gives, TABLE, Takes, entry};

/// The parts of a date by all the names that SQL Server has for them.
const PARTS: [(&str, &[&str]); 15] = [
    ("year", &["year", "yy", "yyyy"]),
    ("quarter", &["quarter", "qq", "q"]),
    ("month", &["month", "mm", "m"]),
    ("dayofyear", &["dayofyear", "dy", "y"]),
    ("day", &["day", "dd", "d"]),
    ("week", &["week", "wk", "ww"]),
    ("weekday", &["weekday", "dw", "w"]),
    ("hour", &["hour", "hh"]),
    ("minute", &["minute", "mi", "n"]),
    ("second", &["second", "ss", "s"]),
    ("millisecond", &["millisecond", "ms"]),
    ("microsecond", &["microsecond", "mcs"]),
    ("nanosecond", &["nanosecond", "ns"]),
    ("iso_week", &["iso_week", "isowk", "isoww"]),
    ("tzoffset", &["tzoffset", "tz"]),
];

impl Translator<'_> {
    /// A call of one of SQLite's registered functions.
    pub fn function(&self, name: &str, arguments: &[String], of: Type) -> Typed {
        Typed::plain(format!("{name}({})", arguments.join(", ")), of)
    }

    /// The value as text, as a text function is given it.
    pub fn as_text(&mut self, value: Typed) -> R<String> {
        match value.of {
            Type::Text { .. } | Type::Unknown | Type::Null => Ok(value.sql),
            Type::Binary => Err(self
                .invalid("a binary value stands where a text is expected")
                .with_hint("CONVERT(varchar(n), value, 1) writes its digits")),
            _ => Ok(self.cast(value, Type::VARCHAR, None, false)?.sql),
        }
    }

    /// The type of a text made of another.
    pub fn text_type(&self, value: &Typed) -> Type {
        match value.of {
            Type::Text {
                length, national, ..
            } => Type::Text {
                length,
                national,
                fixed: false,
            },
            Type::Unknown => Type::NVARCHAR,
            _ => Type::VARCHAR,
        }
    }

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
        if !within_group.is_empty() && lower != "string_agg" {
            return Err(self.unsupported(format!("{spelled} WITHIN GROUP")));
        }
        let known = entry(&lower);
        let aggregate = known.is_some_and(|entry| matches!(entry.form, CallForm::Aggregate));
        if distinct && !aggregate {
            return Err(self.invalid(format!("DISTINCT does not go with {spelled}")));
        }
        let value = if aggregate {
            self.aggregate(&lower, list, distinct, within_group, over.as_ref())?
        } else if let Some(over) = over {
            self.window(&lower, list, over)?
        } else {
            self.plain_call(known, &spelled, list)?
        };
        self.at = at;
        Ok(value)
    }

    fn arguments(&mut self, list: &[FunctionArg]) -> R<Vec<Typed>> {
        list.iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.value(expr),
                other => Err(self.unsupported(format!("the argument {other}"))),
            })
            .collect()
    }

    /// Refuses another number of arguments than the function takes.
    fn counted(&self, entry: &Entry, given: usize) -> R<()> {
        let most = entry.most().unwrap_or(usize::MAX);
        if (entry.least()..=most).contains(&given) {
            return Ok(());
        }
        let (name, takes) = (entry.name.to_uppercase(), entry.arity());
        Err(self.invalid(format!("{name} takes {takes}, not {given}")))
    }

    /// The value as the function's argument of this kind is given it.
    fn argument(&mut self, entry: &Entry, at: usize, value: Typed) -> R<String> {
        let takes = entry.takes.get(at).or(entry.takes.last()).copied();
        let of = value.of;
        let untyped = matches!(of, Type::Unknown | Type::Null);
        let wrong = |this: &Self, what: &str| {
            let name = entry.name.to_uppercase();
            let error = this.invalid(format!(
                "{name} takes {what} as its argument {}, not a value of type {of}",
                at + 1
            ));
            Err(error.with_hint("CAST it first"))
        };
        match takes.unwrap_or(Takes::Any) {
            Takes::Text => self.as_text(value),
            Takes::Searched => {
                self.default_collation(entry.name, &[&value])?;
                self.as_text(value)
            }
            Takes::Characters if of.is_text() || untyped => Ok(value.sql),
            Takes::Characters => wrong(self, "a text"),
            Takes::Whole if of.is_number() || of.is_text() || untyped => Ok(value.sql),
            Takes::Whole => wrong(self, "a whole number"),
            Takes::Number => Ok(self.number_argument(entry.name, value)?.sql),
            Takes::Date if matches!(of, Type::Time(_)) => wrong(self, "a date"),
            Takes::Date => self.as_date(value),
            Takes::Any | Takes::Condition | Takes::Part => Ok(value.sql),
        }
    }

    /// A call of a function in Rust, by its entry alone.
    fn computed(&mut self, entry: &Entry, sql_name: &str, list: &[FunctionArg]) -> R<Typed> {
        let at = self.at;
        let values = self.arguments(list)?;
        self.at = at;
        let of = match entry.gives {
            Gives::Of(of) => of,
            Gives::TextOfFirst => values
                .first()
                .map_or(Type::VARCHAR, |first| self.text_type(first)),
            Gives::PartOfFirst(count) => {
                let of = values
                    .first()
                    .map_or(Type::VARCHAR, |first| self.text_type(first));
                values.get(count).map_or(of, |count| shorter(of, count))
            }
            Gives::Joined | Gives::Depends => {
                let wide = |value: &Typed| value.of.is_national() || value.of == Type::Unknown;
                if values.iter().any(wide) {
                    Type::NVARCHAR
                } else {
                    Type::VARCHAR
                }
            }
        };
        let mut written = Vec::with_capacity(values.len());
        for (at, value) in values.into_iter().enumerate() {
            written.push(self.argument(entry, at, value)?);
        }
        Ok(self.function(sql_name, &written, of))
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

    fn exactly<const N: usize>(&mut self, name: &str, list: &[FunctionArg]) -> R<[Typed; N]> {
        let arguments = self.arguments(list)?;
        let count = arguments.len();
        arguments.try_into().map_err(|_| {
            let takes = if N == 1 {
                "1 argument".to_owned()
            } else {
                format!("{N} arguments")
            };
            self.invalid(format!(
                "{} takes {takes}, not {count}",
                name.to_uppercase()
            ))
        })
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
                let of = value.of;
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
                let Type::Text { national, .. } = value.of else {
                    let Some(bytes) = bytes_of(value.of) else {
                        return Err(self
                            .unsupported(format!("DATALENGTH of {}", value.of))
                            .with_hint("CAST it to a type first"));
                    };
                    let value = value.within(power::COMPARE + 1);
                    let sql = format!("CASE WHEN {value} IS NOT NULL THEN {bytes} END");
                    return Ok(Typed::plain(sql, Type::Int));
                };
                let units = format!("tsql_units({})", value.sql);
                Ok(if national {
                    Typed {
                        power: power::MULTIPLY,
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
                if part == "tzoffset" {
                    return Err(self.unsupported("tzoffset"));
                }
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
                    Type::Null => Type::Float,
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
            "grouping" => {
                let sets = |this: &Self| this.scopes.last().map_or(0, |scope| scope.sets.len());
                let kept = self
                    .scopes
                    .last_mut()
                    .map(|scope| std::mem::take(&mut scope.left_out));
                let bare = self.bare.len();
                let value = self.exactly::<1>(name, list);
                self.bare.truncate(bare);
                if let (Some(scope), Some(kept)) = (self.scopes.last_mut(), kept) {
                    scope.left_out = kept;
                }
                let [value] = value?;
                let scope = self.scopes.last();
                let known = scope.is_some_and(|scope| scope.sets.contains(&value.sql));
                if sets(self) == 0 || !known {
                    return Err(self.invalid("GROUPING takes a column of ROLLUP or CUBE"));
                }
                let null = scope.is_some_and(|scope| scope.left_out.contains(&value.sql));
                Ok(Typed::value(Value::Integer(i64::from(null)), Type::TinyInt))
            }
            "db_name" => match self.database.clone() {
                Some(database) => Ok(Typed::value(Value::Text(database), Type::NVARCHAR)),
                None => Err(self
                    .unsupported("DB_NAME() without a database named before it")
                    .with_hint("write USE name at the start")),
            },
            _ => Err(self.unsupported(format!("{}(...)", name.to_uppercase()))),
        }
    }

    /// Refuses a part that a type does not have: a time has no year, a date no hour.
    fn has_part(&self, name: &str, part: &str, date: &Typed) -> R<()> {
        let of_clock = matches!(
            part,
            "hour" | "minute" | "second" | "millisecond" | "microsecond" | "nanosecond"
        );
        let missing = match date.of {
            Type::Time(_) => !of_clock,
            Type::Date => of_clock,
            _ => false,
        };
        if missing {
            let name = name.to_uppercase();
            return Err(self.invalid(format!(
                "{name}({part}, ...) does not go with a {}",
                date.of
            )));
        }
        Ok(())
    }

    /// Functions that search compare as the default collation does, and can compare in no other way.
    pub fn default_collation(&self, name: &str, values: &[&Typed]) -> R<()> {
        let other = values.iter().find_map(|value| {
            value
                .collation
                .filter(|name| *name != crate::sql::functions::collation::DEFAULT)
        });
        match other {
            None => Ok(()),
            Some(other) => {
                Err(self.unsupported(format!("{} COLLATE {other}", name.to_uppercase())))
            }
        }
    }

    fn isnull(&mut self, value: Typed, otherwise: Typed) -> R<Typed> {
        if value.is_null() {
            return Ok(otherwise);
        }
        let of = value.of;
        let fits = match (of, otherwise.of) {
            (
                Type::Text {
                    length: Some(n), ..
                },
                Type::Text { length, .. },
            ) => length.is_some_and(|length| length <= n),
            (Type::Text { length: None, .. } | Type::Unknown, _) => true,
            (a, b) => a == b,
        };
        let otherwise = if fits {
            otherwise
        } else {
            self.cast(otherwise, of, None, false)?
        };
        Ok(self.function("ifnull", &[value.sql, otherwise.sql], of))
    }

    fn number_argument(&mut self, name: &str, value: Typed) -> R<Typed> {
        match value.of {
            of if of.is_number() || of == Type::Null => Ok(value),
            Type::Text { .. } => self.cast(value, Type::Float, None, false),
            of => Err(self
                .invalid(format!(
                    "{} takes a number, not a value of type {of}",
                    name.to_uppercase()
                ))
                .with_hint("CAST it to a number first")),
        }
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
        let [value, places] = <[Typed; 2]>::try_from(arguments)
            .map_err(|_| self.invalid("ROUND takes 2 or 3 arguments"))?;
        let value = self.number_argument("round", value)?;
        // Of the small whole numbers an int is made.
        let of = match value.of {
            Type::TinyInt | Type::SmallInt | Type::Bit => Type::Int,
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

    /// The part of a date that a function's first argument names.
    fn part<'l>(
        &mut self,
        name: &str,
        list: &'l [FunctionArg],
    ) -> R<(&'static str, &'l [FunctionArg])> {
        let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(first)), rest)) = list.split_first()
        else {
            return Err(self.invalid(format!(
                "{} takes a part of a date first",
                name.to_uppercase()
            )));
        };
        let Expr::Identifier(ident) = first else {
            return Err(self.invalid(format!(
                "{} takes the name of a part of a date first, such as DAY",
                name.to_uppercase()
            )));
        };
        let lower = ident.value.to_lowercase();
        match PARTS
            .iter()
            .find(|(_, names)| names.contains(&lower.as_str()))
        {
            Some((part, _)) => Ok((part, rest)),
            None => Err(self.invalid(format!("`{}` is no part of a date", ident.value))),
        }
    }

    /// A value as a date function is given it.
    fn as_date(&mut self, value: Typed) -> R<String> {
        let of = match value.of {
            of if of.is_temporal() || of == Type::Null => return Ok(value.sql),
            Type::Unknown => return Ok(value.sql),
            of if of.is_number() => Type::DateTime,
            Type::Text { .. } => Type::DateTime2(7),
            of => return Err(self.invalid(format!("a value of type {of} is no date"))),
        };
        Ok(self.implicit(value, of, true)?.sql)
    }

    fn dateadd(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let (part, rest) = self.part("dateadd", list)?;
        let [number, date] = self.exactly("dateadd", rest)?;
        let of = match date.of {
            of if of.is_temporal() => of,
            _ => Type::DateTime,
        };
        let of_time = matches!(part, "hour" | "minute" | "second" | "millisecond");
        if matches!(part, "microsecond" | "nanosecond" | "iso_week" | "tzoffset") {
            return Err(self
                .unsupported(format!("DATEADD({part}, ...)"))
                .with_hint("times are kept to the millisecond here"));
        }
        if (of == Type::Date && of_time) || (matches!(of, Type::Time(_)) && !of_time) {
            return Err(self.invalid(format!("DATEADD({part}, ...) does not go with a {of}")));
        }
        let date = if date.of == Type::Unknown {
            self.cast(date, of, None, false)?
        } else {
            self.implicit(date, of, true)?
        };
        let arguments = [format!("'{part}'"), number.sql, date.sql, format!("'{of}'")];
        Ok(self.function("tsql_dateadd", &arguments, of))
    }

    /// The type of `SUM` and `AVG`.
    pub fn sum_type(&self, of: Type) -> R<Type> {
        match of {
            Type::TinyInt | Type::SmallInt | Type::Int => Ok(Type::Int),
            Type::BigInt => Ok(Type::BigInt),
            Type::Decimal { scale, .. } => Ok(Type::Decimal {
                precision: 38,
                scale,
            }),
            Type::Float => Ok(Type::Float),
            Type::Unknown => Err(self
                .invalid("SUM and AVG depend on the type, which is not known here")
                .with_hint("CAST the value to a number: SUM(CAST(x AS int))")),
            of => Err(self
                .invalid(format!("SUM and AVG take numbers, not values of type {of}"))
                .with_hint("CAST the value to a number: SUM(CAST(x AS int))")),
        }
    }

    /// `AVG`: of whole numbers a whole one, of decimals one with six digits at least after the point.
    pub fn average(&mut self, value: &Typed, distinct: bool, over: &str) -> R<Typed> {
        let of = self.sum_type(value.of)?;
        let inner = if distinct {
            format!("DISTINCT {}", value.sql)
        } else {
            value.sql.clone()
        };
        let sum = format!("sum({inner}){over}");
        let count = format!("count({inner}){over}");
        Ok(match of {
            Type::Float => Typed::plain(format!("avg({inner}){over}"), of),
            Type::Decimal { scale, .. } => {
                self.notes.insert(
                    "decimals with a fraction are exact to fifteen digits here, to thirty-eight in SQL Server".into(),
                );
                let digits = scale.max(6);
                // A divisor of so many digits that the quotient has the digits of AVG.
                let sql = format!(
                    "tsql_round(tsql_decimal('/', {sum}, 'decimal(38,{scale})', nullif({count}, 0), \
                     'decimal(10,0)'), {digits}, 1, 'decimal(38,{digits})')"
                );
                Typed::plain(
                    sql,
                    Type::Decimal {
                        precision: 38,
                        scale: digits,
                    },
                )
            }
            of => Typed {
                power: power::MULTIPLY,
                range: of.range(),
                ..Typed::plain(format!("{sum} / {count}"), of)
            },
        })
    }

    fn aggregate(
        &mut self,
        name: &str,
        list: &[FunctionArg],
        distinct: bool,
        within: &[OrderByExpr],
        over: Option<&WindowType>,
    ) -> R<Typed> {
        if over.is_none() && self.in_aggregate {
            return Err(self
                .invalid(format!(
                    "{} stands within another aggregate",
                    name.to_uppercase()
                ))
                .with_hint("compute the inner one in a derived table"));
        }
        if over.is_some() && distinct {
            return Err(self.invalid("DISTINCT does not go with OVER"));
        }
        let bare = self.bare.len();
        let inside = std::mem::replace(&mut self.in_aggregate, over.is_none());
        let made = self.aggregate_inside(name, list, distinct, within, over);
        self.in_aggregate = inside;
        let value = made?;
        if over.is_none() {
            let depth = self.scopes.len();
            let kept: Vec<_> = self
                .bare
                .drain(bare..)
                .filter(|(at, ..)| *at != depth)
                .collect();
            self.bare.extend(kept);
            if let Some(scope) = self.scopes.last_mut() {
                scope.aggregates = true;
            }
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
        let of_count = if name == "count" {
            Type::Int
        } else {
            Type::BigInt
        };
        if counts && matches!(list, [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) {
            return Ok(Typed::plain(format!("count(*){window}"), of_count));
        }
        if name == "string_agg" {
            return self.string_agg(list, within, over.is_some());
        }
        let [value] = self.exactly(name, list)?;
        let word = if distinct { "DISTINCT " } else { "" };
        if counts {
            let inner = if distinct {
                value.collated()
            } else {
                value.sql
            };
            return Ok(Typed::plain(
                format!("count({word}{inner}){window}"),
                of_count,
            ));
        }
        match name {
            "min" | "max" => {
                if value.of == Type::Bit {
                    return Err(self
                        .invalid(format!("{} does not take a bit", name.to_uppercase()))
                        .with_hint("CAST it to int first"));
                }
                let of = value.of;
                self.note_doubt(&value);
                Ok(Typed::plain(
                    format!("{name}({}){window}", value.collated()),
                    of,
                ))
            }
            "avg" => self.average(&value, distinct, &window),
            _ => {
                let of = self.sum_type(value.of)?;
                let sum = format!("sum({word}{}){window}", value.sql);
                Ok(match of {
                    Type::Int => Typed::plain(format!("tsql_check({sum}, 'int')"), of),
                    Type::Decimal { precision, scale } if scale > 0 => Typed::plain(
                        format!("tsql_round({sum}, {scale}, 0, 'decimal({precision},{scale})')"),
                        of,
                    ),
                    of => Typed::plain(sum, of),
                })
            }
        }
    }

    fn string_agg(&mut self, list: &[FunctionArg], within: &[OrderByExpr], over: bool) -> R<Typed> {
        if over {
            return Err(self.invalid("STRING_AGG does not go with OVER"));
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
        Ok(Typed::plain(
            format!("group_concat({text}, {separator}{order})"),
            of,
        ))
    }

    fn order_list(&mut self, order: &[OrderByExpr]) -> R<String> {
        let mut written = Vec::new();
        for entry in order {
            if entry.with_fill.is_some() || entry.options.nulls_first.is_some() {
                return Err(self.invalid("NULLS FIRST and NULLS LAST are not T-SQL"));
            }
            let direction = match entry.options.sort {
                None => "",
                Some(OrderBySort::Asc) => " ASC",
                Some(OrderBySort::Desc) => " DESC",
                Some(OrderBySort::Using(_)) => return Err(self.unsupported("ORDER BY ... USING")),
            };
            let value = self.value(&entry.expr)?;
            if value.literal.is_some() {
                return Err(self
                    .invalid("the ORDER BY of a window takes columns, not constants")
                    .with_hint("ORDER BY (SELECT NULL) says that any order will do"));
            }
            self.note_doubt(&value);
            written.push(format!("{}{direction}", value.collated()));
        }
        Ok(written.join(", "))
    }

    fn windows_may_stand(&self, name: &str) -> R<()> {
        if !self.no_windows {
            return Ok(());
        }
        Err(self
            .invalid(format!(
                "{} ... OVER stands only in a select list or in ORDER BY",
                name.to_uppercase()
            ))
            .with_hint("compute it in a derived table or WITH, and write the condition over that"))
    }

    /// ` OVER (...)`.
    fn over(&mut self, over: &WindowType) -> R<String> {
        let WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by,
            order_by,
            window_frame,
        }) = over
        else {
            return Err(self
                .unsupported("OVER with the name of a window")
                .with_hint("write the window within OVER (...)"));
        };
        let mut parts = Vec::new();
        if !partition_by.is_empty() {
            let mut written = Vec::new();
            for expr in partition_by {
                written.push(self.value(expr)?.collated());
            }
            parts.push(format!("PARTITION BY {}", written.join(", ")));
        }
        if !order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_list(order_by)?));
        }
        if let Some(frame) = window_frame {
            parts.push(self.frame(frame)?);
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    fn frame(&mut self, frame: &WindowFrame) -> R<String> {
        let units = match frame.units {
            WindowFrameUnits::Rows => "ROWS",
            WindowFrameUnits::Range => "RANGE",
            WindowFrameUnits::Groups => return Err(self.invalid("GROUPS is not T-SQL")),
        };
        let ranged = frame.units == WindowFrameUnits::Range;
        let mut bound = |bound: &WindowFrameBound| -> R<String> {
            let (rows, word) = match bound {
                WindowFrameBound::CurrentRow => return Ok("CURRENT ROW".to_owned()),
                WindowFrameBound::Preceding(rows) => (rows, "PRECEDING"),
                WindowFrameBound::Following(rows) => (rows, "FOLLOWING"),
            };
            match rows {
                None => Ok(format!("UNBOUNDED {word}")),
                Some(_) if ranged => {
                    Err(self.invalid("RANGE takes UNBOUNDED and CURRENT ROW only"))
                }
                Some(rows) => {
                    let rows = self.value(rows)?;
                    if !matches!(rows.literal, Some(Value::Integer(0..))) {
                        return Err(self.invalid("ROWS takes a whole number of rows, from 0"));
                    }
                    Ok(format!("{} {word}", rows.sql))
                }
            }
        };
        let start = bound(&frame.start_bound)?;
        Ok(match &frame.end_bound {
            None => format!("{units} {start}"),
            Some(end) => format!("{units} BETWEEN {start} AND {}", bound(end)?),
        })
    }

    fn window(&mut self, name: &str, list: &[FunctionArg], over: &WindowType) -> R<Typed> {
        let at = self.at;
        self.windows_may_stand(name)?;
        let window = self.over(over)?;
        self.at = at;
        let ordered = matches!(over, WindowType::WindowSpec(spec) if !spec.order_by.is_empty());
        let framed = matches!(over, WindowType::WindowSpec(spec) if spec.window_frame.is_some());
        if !ordered {
            return Err(self
                .invalid(format!("{} needs an ORDER BY in OVER", name.to_uppercase()))
                .with_hint("ORDER BY (SELECT NULL) says that any order will do"));
        }
        let value_of = matches!(name, "first_value" | "last_value");
        if framed && !value_of {
            return Err(self.invalid(format!("{} takes no ROWS or RANGE", name.to_uppercase())));
        }
        match name {
            "row_number" | "rank" | "dense_rank" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(format!("{name}(){window}"), Type::BigInt))
            }
            "percent_rank" | "cume_dist" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(format!("{name}(){window}"), Type::Float))
            }
            "ntile" => {
                let [groups] = self.exactly(name, list)?;
                Ok(Typed::plain(
                    format!("ntile({}){window}", groups.sql),
                    Type::BigInt,
                ))
            }
            "first_value" | "last_value" => {
                let [value] = self.exactly(name, list)?;
                Ok(Typed::plain(
                    format!("{name}({}){window}", value.sql),
                    value.of,
                ))
            }
            "lag" | "lead" => {
                let mut arguments = self.arguments(list)?;
                if !(1..=3).contains(&arguments.len()) {
                    return Err(
                        self.invalid(format!("{} takes 1 to 3 arguments", name.to_uppercase()))
                    );
                }
                let of = arguments[0].of;
                if let Some(otherwise) = arguments.get(2).cloned() {
                    arguments[2] = self.cast(otherwise, of, None, false)?;
                }
                Ok(Typed::plain(
                    format!("{name}({}){window}", texts(&arguments).join(", ")),
                    of,
                ))
            }
            _ => Err(self.unsupported(format!("{}(...) OVER", name.to_uppercase()))),
        }
    }
}

/// The type of a part of a text that is `count` long.
fn shorter(of: Type, count: &Typed) -> Type {
    let most = match &count.literal {
        Some(Value::Integer(n)) => u32::try_from(*n).ok().map(|n| n.max(1)),
        _ => None,
    };
    match of {
        Type::Text {
            length,
            national,
            fixed,
        } => Type::Text {
            length: length.into_iter().chain(most).min().filter(|n| *n <= 8000),
            national,
            fixed,
        },
        of => of,
    }
}

/// The function that a misspelt name likely means: one letter off, and no other meaning that looks alike.
fn meant(name: &str) -> Option<&'static str> {
    let known = TABLE
        .iter()
        .filter(|entry| !matches!(entry.form, CallForm::Refused))
        .map(|entry| entry.name);
    let near = did_you_mean(name, known)?;
    let one_off = near.len().abs_diff(name.len()) <= 1 && name.len() >= 3;
    (one_off && near.as_bytes().first() == name.as_bytes().first()).then_some(near)
}

/// How many bytes SQL Server stores a value of a type in.
fn bytes_of(of: Type) -> Option<u8> {
    Some(match of {
        Type::Bit | Type::TinyInt => 1,
        Type::SmallInt => 2,
        Type::Int | Type::SmallDateTime => 4,
        Type::BigInt | Type::Float | Type::DateTime => 8,
        Type::Date => 3,
        Type::Time(0..=2) => 3,
        Type::Time(3..=4) => 4,
        Type::Time(_) => 5,
        Type::DateTime2(0..=2) => 6,
        Type::DateTime2(3..=4) => 7,
        Type::DateTime2(_) => 8,
        Type::Decimal { precision, .. } => match precision {
            ..=9 => 5,
            10..=19 => 9,
            20..=28 => 13,
            _ => 17,
        },
        _ => return None,
    })
}

fn texts(values: &[Typed]) -> Vec<String> {
    values.iter().map(|value| value.sql.clone()).collect()
}
