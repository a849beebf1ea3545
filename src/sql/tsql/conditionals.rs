//! Functions that choose between values: `ISNULL`, `COALESCE`, `NULLIF`, `IIF`, `CHOOSE`, `GREATEST`, `LEAST`.

use sqlparser::ast::{FunctionArg, FunctionArgExpr};

use super::conversion::unchanged;
use super::expr::Typed;
use super::functions::texts;
use super::translator::{R, Translator};
use crate::schema::types::Type;

impl Translator<'_> {
    pub fn isnull(&mut self, value: Typed, otherwise: Typed) -> R<Typed> {
        if value.is_null() {
            return Ok(Typed { is_written: false, ..otherwise });
        }
        let of = value.of;
        let fits = of == Type::Unknown || unchanged(otherwise.of, of);
        let otherwise = if fits { otherwise } else { self.cast(otherwise, of, None, false)? };
        Ok(self.function("ifnull", &[value.sql, otherwise.sql], of))
    }

    /// The first value that is not NULL, in the type of all.
    pub fn coalesce(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let values = self.arguments(list)?;
        if values.len() < 2 {
            return Err(self.invalid("COALESCE takes two values or more"));
        }
        if values.iter().all(|value| value.of == Type::Null) {
            return Err(self
                .invalid("COALESCE needs at least one argument other than NULL")
                .with_hint("CAST one of them to a type"));
        }
        let values = self.together(values)?;
        let of = values.first().map_or(Type::Null, |value| value.of);
        Ok(self.function("coalesce", &texts(&values), of))
    }

    /// NULL where two values are equal, compared as `=` does.
    pub fn nullif(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
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
        Ok(Typed::plain(format!("CASE WHEN {test} THEN NULL ELSE {} END", value.sql), of))
    }

    /// `GREATEST` and `LEAST`, of the values that are not NULL. SQLite's `max` and `min` of several values give NULL
    /// where one is, so each value has the others behind it in a `coalesce`.
    pub fn extreme(&mut self, name: &str, list: &[FunctionArg]) -> R<Typed> {
        const MOST: usize = 254;
        let upper = name.to_uppercase();
        let values = self.arguments(list)?;
        if values.len() > MOST {
            return Err(self.invalid(format!("{upper} takes at most {MOST} values")));
        }
        if values.iter().all(Typed::is_null) {
            return Err(self
                .invalid(format!("{upper} takes a value beside NULL"))
                .with_hint("CAST one of them to a type"));
        }
        let values = self.together(values)?;
        if let [only] = values.as_slice() {
            return Ok(only.clone());
        }
        for value in &values {
            self.has_order(value)?;
            self.note_doubt(value);
        }
        let of = values.first().map_or(Type::Null, |value| value.of);
        let mut own = texts(&values);
        let mut written = Vec::new();
        for _ in 0..own.len() {
            let one = self.function("coalesce", &own, of).collated();
            self.spend(one.len())?;
            written.push(one);
            own.rotate_left(1);
        }
        let function = if name == "greatest" { "max" } else { "min" };
        Ok(self.function(function, &written, of))
    }

    /// `IIF`, which is a CASE.
    pub fn iif(&mut self, list: &[FunctionArg]) -> R<Typed> {
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(condition)), yes, no] = list else {
            return Err(self.invalid("IIF takes a condition and two values"));
        };
        let condition = self.condition(condition)?;
        let values = self.arguments(&[yes.clone(), no.clone()])?;
        let values = self.together(values)?;
        let of = values.first().map_or(Type::Null, |value| value.of);
        let texts = texts(&values);
        Ok(Typed::plain(
            format!("CASE WHEN {} THEN {} ELSE {} END", condition.sql, texts[0], texts[1]),
            of,
        ))
    }

    /// `CHOOSE`, which is a CASE of places.
    pub fn choose(&mut self, list: &[FunctionArg]) -> R<Typed> {
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
}
