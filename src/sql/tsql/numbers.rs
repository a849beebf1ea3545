//! Functions of numbers whose type follows from their argument.

use sqlparser::ast::{Expr, FunctionArg};

use super::expr::Typed;
use super::translator::{R, Translator};
use crate::schema::types::Type;

impl Translator<'_> {
    /// `ABS` and `SIGN`.
    pub fn magnitude(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [value] = self.exactly(name, list)?;
        let value = self.number_argument(name, value)?;
        let of = match value.of {
            Type::Real if name == "sign" => Type::Float,
            of => of,
        };
        let made = self.function(&format!("tsql_{name}"), &[value.sql], of);
        Ok(if name == "abs" { self.checked_call(made) } else { made })
    }

    /// `POWER`, in the type of its base.
    pub fn power(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        let [base, exponent] = self.exactly(name, list)?;
        let base = self.number_argument(name, base)?;
        let exponent = self.number_argument(name, exponent)?;
        let of = match base.of {
            Type::TinyInt | Type::SmallInt | Type::Bit => Type::Int,
            Type::Decimal { scale, .. } => Type::Decimal { precision: 38, scale },
            Type::Null | Type::Real => Type::Float,
            of => of,
        };
        let arguments = [base.sql, exponent.sql, format!("'{of}'")];
        Ok(self.function("tsql_power", &arguments, of))
    }

    /// `CEILING` and `FLOOR`.
    pub fn whole(&mut self, function: &str, expr: &Expr) -> R<Typed> {
        let value = self.value(expr)?;
        self.whole_of(function, value)
    }

    pub fn whole_of(&mut self, function: &str, value: Typed) -> R<Typed> {
        let value = self.number_argument(function.trim_start_matches("tsql_"), value)?;
        let of = match value.of {
            Type::Decimal { precision, .. } => Type::Decimal { precision, scale: 0 },
            of => of,
        };
        let made = self.function(function, &[value.sql], of);
        // A decimal without a fraction is a whole number.
        Ok(match of {
            Type::Decimal { .. } => Typed::plain(format!("CAST({} AS INTEGER)", made.sql), of),
            _ => made,
        })
    }

    pub fn round(&mut self, list: &[FunctionArg]) -> R<Typed> {
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
}
