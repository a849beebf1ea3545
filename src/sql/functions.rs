//! SQL Server's functions that SQLite has no twin for, in plain Rust on a small value type.
//!
//! Pure and deterministic: the same arguments give the same value, whatever the machine's clock, locale or time
//! zone. Nothing here knows SQLite; [`crate::store`] registers what [`FUNCTIONS`] lists. Each function is called
//! `tsql_` and the name that SQL Server has for it; its result for odd arguments is the one of SQL Server's public
//! definition, and where that is an error it is an error here, in SQL Server's words.
//!
//! A date is the text `2011-07-12`, a time of day `14:49:55.000`, and whatever holds both
//! `2011-07-12 14:49:55.000`: milliseconds and no more, as everywhere in chatdb.

mod binary;
pub mod collation;
mod convert;
mod format;
mod json;
mod like;
mod money;
mod number;
pub mod percentile;
pub mod spread;
pub mod table;
mod text;
pub(crate) mod time;

use std::sync::LazyLock;

use thiserror::Error;

use crate::sql::guard::limits::MAX_COMPARISONS;

pub use convert::convert;
pub use number::result_digits;
pub use text::{LONGEST_MAX, in_code_page};

/// A value on its way into or out of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The value `NULL`.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text, a date or a time.
    Text(String),
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FunctionError {
    /// What SQL Server says instead of giving one.
    #[error("{0}")]
    Failed(String),
    /// SQL Server would give one, or fails whatever the value is: `TRY_CONVERT` does not turn this into NULL.
    #[error("{0}")]
    Refused(String),
}

impl FunctionError {
    fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }
}

type Outcome = Result<Value, FunctionError>;

/// A function of one value per row.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// The name under which SQLite knows it.
    pub name: &'static str,
    /// The least number of arguments.
    pub least: u8,
    /// The greatest; `None` when there is none.
    pub most: Option<u8>,
    /// Computes the value from its arguments.
    pub call: fn(&[Value]) -> Outcome,
}

const fn function(
    name: &'static str,
    least: u8,
    most: u8,
    call: fn(&[Value]) -> Outcome,
) -> Function {
    Function { name, least, most: Some(most), call }
}

/// What rewritten SQL calls besides: the parts of operators, conversions and functions that are more than a call.
const HELPERS: &[Function] = &[
    function("tsql_abs", 1, 1, number::abs),
    function("tsql_add_dates", 4, 4, time::add_dates),
    function("tsql_at_time_zone", 4, 4, time::offset::at_time_zone),
    function("tsql_bytes", 1, 1, binary::compared),
    function("tsql_ceiling", 1, 1, number::ceiling),
    function("tsql_check", 2, 2, number::check),
    function("tsql_convert", 3, 4, convert::call),
    function("tsql_date_bucket", 5, 5, time::date_bucket),
    function("tsql_dateadd", 4, 4, time::dateadd),
    function("tsql_datediff", 3, 3, time::datediff),
    function("tsql_datediff_big", 3, 3, time::datediff_big),
    function("tsql_datename", 2, 2, time::datename),
    function("tsql_datepart", 2, 2, time::datepart),
    function("tsql_datetrunc", 3, 3, time::datetrunc),
    function("tsql_decimal", 5, 5, number::decimal),
    function("tsql_divide", 2, 2, number::divide),
    function("tsql_fits", 2, 2, number::fits),
    function("tsql_floor", 1, 1, number::floor),
    function("tsql_format", 3, 3, format::call),
    function("tsql_hashbytes", 3, 3, binary::hashbytes),
    function("tsql_like", 2, 3, like::varchar),
    function("tsql_modulo", 2, 2, number::modulo),
    function("tsql_money", 4, 4, money::compute),
    function("tsql_nlike", 2, 3, like::nvarchar),
    function("tsql_of_parts", 5, 10, time::of_parts),
    function("tsql_offset", 1, 1, number::offset),
    function("tsql_openjson", 2, 2, json::openjson),
    function("tsql_openjson_column", 3, 3, json::openjson_column),
    function("tsql_openjson_rows", 2, 2, json::openjson_rows),
    function("tsql_percent", 2, 2, number::percent),
    function("tsql_no_longer", 2, 2, text::no_longer),
    function("tsql_power", 3, 3, number::power),
    function("tsql_recursion", 2, 2, number::recursion),
    function("tsql_replicate", 3, 3, text::replicate),
    function("tsql_round", 2, 4, number::round),
    function("tsql_rows", 1, 1, number::rows),
    function("tsql_series", 3, 3, number::series),
    function("tsql_sign", 1, 1, number::sign),
    function("tsql_split", 2, 2, text::split),
    function("tsql_switchoffset", 3, 3, time::offset::switchoffset),
    function("tsql_todatetimeoffset", 3, 3, time::offset::todatetimeoffset),
    function("tsql_try_convert", 3, 4, convert::try_call),
    function("tsql_units", 1, 1, text::units_of),
    function("tsql_xor", 2, 2, number::xor),
];

/// Every function that SQLite is given, by name: what [`table::TABLE`] computes in Rust, and helpers.
pub static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let count = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let of_table = table::TABLE.iter().filter_map(|entry| match entry.form {
        table::CallKind::Rust { name, call } => Some(Function {
            name,
            least: count(entry.least()),
            most: entry.most().map(count),
            call,
        }),
        _ => None,
    });
    let mut all: Vec<Function> = of_table.chain(HELPERS.iter().copied()).collect();
    all.sort_by_key(|function| function.name);
    all
});

/// The name of the aggregate that gives the one value of its rows: `NULL` for none, an error for two.
pub const SINGLE: &str = "tsql_single";

/// What SQL Server says when a subquery in the place of a value has two rows.
#[must_use]
pub fn more_than_one() -> FunctionError {
    FunctionError::new(
        "Subquery returned more than 1 value. This is not permitted when the subquery is used as an expression.",
    )
}

/// Calls the function `name`; `None` when there is none of that name.
#[must_use]
pub fn call(name: &str, arguments: &[Value]) -> Option<Outcome> {
    let found = FUNCTIONS.iter().find(|function| function.name == name)?;
    Some((found.call)(arguments))
}

impl Value {
    fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The number as a whole one, fraction cut off, as SQL Server passes it to an `int` argument.
    fn integer(&self) -> Result<i64, FunctionError> {
        match self {
            Self::Integer(value) => Ok(*value),
            Self::Real(value) => Ok(value.trunc() as i64),
            Self::Text(text) => convert::integer_of(text),
            Self::Null => Ok(0),
        }
    }

    /// The number, as SQL Server passes it to a `float` argument.
    pub(crate) fn real(&self) -> Result<f64, FunctionError> {
        match self {
            Self::Integer(value) => Ok(*value as f64),
            Self::Real(value) => Ok(*value),
            Self::Text(text) => convert::real_of(text),
            Self::Null => Ok(0.0),
        }
    }

    /// The text of it: of a number what SQLite would make of it, which the rewriter never asks for.
    fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(value) => value.to_string(),
            Self::Real(value) => format!("{value:?}"),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What one call may still compare: a call cannot be stopped, and a text in a text is looked for place by place.
struct Work(u64);

impl Work {
    fn new() -> Self {
        Self(MAX_COMPARISONS)
    }

    fn compare(&mut self) -> Result<(), FunctionError> {
        self.compare_many(1)
    }

    fn compare_many(&mut self, times: usize) -> Result<(), FunctionError> {
        let left = self.0.checked_sub(times as u64);
        self.0 = left.ok_or_else(|| {
            FunctionError::new(format!(
                "one call would make more than {MAX_COMPARISONS} character comparisons"
            ))
        })?;
        Ok(())
    }
}

/// Computes `f`, or `NULL` when one of the arguments is.
fn unless_null(arguments: &[Value], f: impl FnOnce() -> Outcome) -> Outcome {
    if arguments.iter().any(Value::is_null) { Ok(Value::Null) } else { f() }
}
