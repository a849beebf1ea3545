//! Function calls, by name.

use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgumentList, FunctionArguments,
};

use super::expr::{Typed, span_of};
use super::translator::{R, Translator};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::table::{CallKind, Entry, TABLE, entry};

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
            _ => return Err(self.unsupported(format!("{spelled} with these arguments"))),
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
        let aggregate = known.is_some_and(|entry| matches!(entry.form, CallKind::Aggregate));
        if distinct && !aggregate {
            return Err(self.invalid(format!("DISTINCT cannot be combined with {spelled}")));
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
            if spelled.contains('.') {
                return Err(error.with_hint(
                    "it is a function of your own database, which exports do not hold: write its expression instead",
                ));
            }
            return Err(match meant(&spelled.to_lowercase()) {
                Some(meant) => error.with_hint(format!("did you mean `{}`?", meant.to_uppercase())),
                None => error,
            });
        };
        match entry.form {
            CallKind::Rust { name, .. } => {
                self.counted(entry, list.len())?;
                self.computed(entry, name, list)
            }
            CallKind::Written => {
                self.counted(entry, list.len())?;
                self.written_call(entry, list)
            }
            CallKind::Window => Err(self
                .invalid(format!("{upper} needs OVER"))
                .with_hint(format!("write {upper}(...) OVER (ORDER BY column)"))),
            CallKind::Aggregate | CallKind::Syntax | CallKind::Refused => {
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
                Ok(Typed::plain(self.given.now.to_owned(), Type::DateTime))
            }
            "sysdatetime" | "sysutcdatetime" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(self.given.now.to_owned(), Type::DateTime2(7)))
            }
            "isnull" => {
                let [value, otherwise] = self.exactly(name, list)?;
                self.isnull(value, otherwise)
            }
            "coalesce" => self.coalesce(list),
            "nullif" => self.nullif(name, list),
            "iif" => self.iif(list),
            "choose" => self.choose(list),
            "greatest" | "least" => self.extreme(name, list),
            "abs" | "sign" => self.magnitude(name, list),
            "ceiling" | "floor" => {
                let [value] = self.exactly(name, list)?;
                self.whole_of(&format!("tsql_{name}"), value)
            }
            "round" => self.round(list),
            "datalength" => self.datalength(name, list),
            "replicate" => self.replicate(name, list),
            "format" => self.format_call(list),
            "dateadd" => self.dateadd(list),
            "switchoffset" | "todatetimeoffset" => self.with_offset(name, list),
            "timefromparts"
            | "datetime2fromparts"
            | "datetimeoffsetfromparts"
            | "smalldatetimefromparts" => self.of_parts(name, list),
            "datediff" | "datediff_big" => self.datediff(name, list),
            "datepart" | "datename" => self.datepart(name, list),
            "year" | "month" | "day" => self.part_of_date(name, list),
            "power" => self.power(name, list),
            "date_bucket" => self.date_bucket(name, list),
            "datetrunc" => self.datetrunc(name, list),
            "grouping" | "grouping_id" => self.grouping(name, list),
            "hashbytes" => self.hashbytes(name, list),
            "object_id" => self.object_id_call(list),
            "db_name" => match self.session.database.clone() {
                Some(database) => Ok(Typed::value(Value::Text(database), Type::NVARCHAR)),
                None => Err(self
                    .unsupported("DB_NAME() without a database named before it")
                    .with_hint("write USE name at the start")),
            },
            _ => Err(self.unsupported(format!("{}(...)", name.to_uppercase()))),
        }
    }
}

/// The function that a misspelt name likely means: one letter off, and no other meaning that looks alike.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let known = TABLE
        .iter()
        .filter(|entry| !matches!(entry.form, CallKind::Refused))
        .map(|entry| entry.name);
    let near = did_you_mean(name, known)?;
    let one_off = near.len().abs_diff(name.len()) <= 1 && name.len() >= 3;
    (one_off && near.as_bytes().first() == name.as_bytes().first()).then_some(near)
}

pub(super) fn texts(values: &[Typed]) -> Vec<String> {
    values.iter().map(|value| value.sql.clone()).collect()
}
