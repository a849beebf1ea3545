//! `PERCENTILE_CONT` and `PERCENTILE_DISC`: a value of a group of rows by its place in their order.

use std::cmp::Ordering;

use super::{FunctionError, Outcome, Value, collation};

/// How a percentile is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percentile {
    /// Between two values in proportion, as a `float`.
    Continuous,
    /// The first value that so many of the rows do not exceed.
    Discrete,
}

/// The functions by the names under which SQLite knows them.
pub const PERCENTILES: [(&str, Percentile); 2] = [
    ("tsql_percentile_cont", Percentile::Continuous),
    ("tsql_percentile_disc", Percentile::Discrete),
];

fn order(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| match value {
        Value::Integer(n) => Some(*n as f64),
        Value::Real(n) => Some(*n),
        Value::Null | Value::Text(_) => None,
    };
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => collation::compare(a, b),
        (a, b) => number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal),
    }
}

impl Percentile {
    /// The percentile `part`, from 0 to 1, of values without NULL in any order; `NULL` of none. Sorts them once.
    ///
    /// # Errors
    /// When `part` is no share, or a mean is asked for of what are no numbers.
    pub fn of(self, values: &[Value], part: f64, descending: bool) -> Outcome {
        if !(0.0..=1.0).contains(&part) {
            return Err(FunctionError::new(
                "Input parameter of percentile function should be in the range of [0.0, 1.0].",
            ));
        }
        let mut sorted: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        sorted.sort_by(|a, b| order(a, b));
        if descending {
            sorted.reverse();
        }
        let count = sorted.len();
        let Some(last) = count.checked_sub(1) else {
            return Ok(Value::Null);
        };
        match self {
            Self::Discrete => {
                let enough = |at: &usize| (at + 1) as f64 / count as f64 >= part;
                let at = (0..count).find(enough).unwrap_or(last);
                Ok(sorted[at].clone())
            }
            Self::Continuous => {
                let place = part * last as f64;
                let (low, high) = (place.floor(), place.ceil());
                let value = |at: f64| match sorted[(at as usize).min(last)] {
                    Value::Text(_) => {
                        Err(FunctionError::refused("PERCENTILE_CONT takes numbers only"))
                    }
                    number => number.real(),
                };
                let (below, above) = (value(low)?, value(high)?);
                Ok(Value::Real(if low == high {
                    below
                } else {
                    (high - place) * below + (place - low) * above
                }))
            }
        }
    }
}
