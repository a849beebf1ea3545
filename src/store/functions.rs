//! Registers the functions and collations of rewritten T-SQL with SQLite.

use super::engine::of_function;
use super::query::hex;
use crate::sql::functions;
use crate::sql::functions::percentile::{PERCENTILES, Percentile};
use crate::sql::functions::spread::{Moments, SPREADS, Spread};
use crate::sql::functions::{FUNCTIONS, FunctionError, Value, collation};
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use std::collections::VecDeque;

/// Registers the functions and collations that rewritten T-SQL uses.
pub(super) fn register_functions(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    for function in FUNCTIONS.iter().copied() {
        let exact = function.most == Some(function.least);
        let count = if exact { i32::from(function.least) } else { -1 };
        conn.create_scalar_function(function.name, count, flags, move |context| {
            let given = context.len();
            let takes = usize::from(function.least)..=function.most.map_or(usize::MAX, usize::from);
            if !takes.contains(&given) {
                let error = FunctionError::Failed(format!(
                    "{} does not take {given} arguments",
                    function.name
                ));
                return Err(of_function(&error));
            }
            let arguments: Vec<Value> = (0..given).map(|at| value(context.get_raw(at))).collect();
            let computed = (function.call)(&arguments);
            computed.map(Given).map_err(|error| of_function(&error))
        })?;
    }
    conn.create_aggregate_function(functions::SINGLE, 1, flags, Single)?;
    for (name, percentile) in PERCENTILES {
        conn.create_window_function(name, 3, flags, Ranked(percentile))?;
    }
    for (name, spread) in SPREADS {
        conn.create_window_function(name, 1, flags, Spreading(spread))?;
    }
    for (name, compare) in collation::COLLATIONS {
        conn.create_collation(name, compare)?;
    }
    Ok(())
}

pub(super) fn value(raw: ValueRef<'_>) -> Value {
    match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        // As exports hold it, and as it is shown.
        ValueRef::Blob(bytes) => Value::Text(hex(bytes)),
    }
}

/// An argument as a number; `None` for NULL.
fn number(context: &Context<'_>, at: usize) -> rusqlite::Result<Option<f64>> {
    match value(context.get_raw(at)) {
        Value::Null => Ok(None),
        value => value.real().map(Some).map_err(|error| of_function(&error)),
    }
}

/// A function's value to be passed to SQLite.
pub(super) struct Given(Value);

impl ToSql for Given {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            Value::Null => rusqlite::types::Null.into(),
            Value::Integer(value) => (*value).into(),
            Value::Real(value) => (*value).into(),
            Value::Text(text) => text.as_str().into(),
        })
    }
}

/// The single value of a scalar subquery.
pub(super) struct Single;

impl Aggregate<Option<Value>, Given> for Single {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Option<Value>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, seen: &mut Option<Value>) -> rusqlite::Result<()> {
        if seen.is_some() {
            return Err(of_function(&functions::more_than_one()));
        }
        *seen = Some(value(context.get_raw(0)));
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        seen: Option<Option<Value>>,
    ) -> rusqlite::Result<Given> {
        Ok(Given(seen.flatten().unwrap_or(Value::Null)))
    }
}

/// The rows of a window for a percentile: the value, the fraction, and whether the greatest comes first.
struct Ranked(Percentile);

/// The state of [`Ranked`].
#[derive(Default)]
struct Seen {
    values: VecDeque<Value>,
    part: f64,
    descending: bool,
}

impl Ranked {
    fn of(&self, seen: &mut Seen) -> rusqlite::Result<Given> {
        let values = seen.values.make_contiguous();
        let value = self.0.of(values, seen.part, seen.descending);
        value.map(Given).map_err(|error| of_function(&error))
    }
}

impl Aggregate<Seen, Given> for Ranked {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Seen> {
        Ok(Seen::default())
    }

    fn step(&self, context: &mut Context<'_>, seen: &mut Seen) -> rusqlite::Result<()> {
        seen.values.push_back(value(context.get_raw(0)));
        // Without a share there is no percentile: none of -1 is taken.
        seen.part = number(context, 1)?.unwrap_or(-1.0);
        seen.descending = number(context, 2)?.is_some_and(|flag| flag != 0.0);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, seen: Option<Seen>) -> rusqlite::Result<Given> {
        self.of(&mut seen.unwrap_or_default())
    }
}

impl WindowAggregate<Seen, Given> for Ranked {
    fn value(&self, seen: Option<&mut Seen>) -> rusqlite::Result<Given> {
        match seen {
            Some(seen) => self.of(seen),
            None => Ok(Given(Value::Null)),
        }
    }

    fn inverse(&self, _: &mut Context<'_>, seen: &mut Seen) -> rusqlite::Result<()> {
        seen.values.pop_front();
        Ok(())
    }
}

/// The numbers of a group or a window, of which the spread is taken.
struct Spreading(Spread);

impl Spreading {
    fn of(&self, numbers: &Moments) -> Given {
        Given(self.0.of(numbers).map_or(Value::Null, Value::Real))
    }
}

impl Aggregate<Moments, Given> for Spreading {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Moments> {
        Ok(Moments::default())
    }

    fn step(&self, context: &mut Context<'_>, numbers: &mut Moments) -> rusqlite::Result<()> {
        if let Some(number) = number(context, 0)? {
            numbers.add(number);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, numbers: Option<Moments>) -> rusqlite::Result<Given> {
        Ok(self.of(&numbers.unwrap_or_default()))
    }
}

impl WindowAggregate<Moments, Given> for Spreading {
    fn value(&self, numbers: Option<&mut Moments>) -> rusqlite::Result<Given> {
        Ok(self.of(&numbers.map_or_else(Moments::default, |numbers| *numbers)))
    }

    fn inverse(&self, context: &mut Context<'_>, numbers: &mut Moments) -> rusqlite::Result<()> {
        if let Some(number) = number(context, 0)? {
            numbers.remove(number);
        }
        Ok(())
    }
}
