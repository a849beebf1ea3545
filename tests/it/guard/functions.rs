//! That a call of one of our own functions ends, whatever it is given: SQLite cannot stop it in the middle.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chatdb::sql::functions::{FUNCTIONS, Value, call};

/// The longest text that a function may make of texts of [`LONG`] bytes.
const LONGEST: usize = 20_000_000;

/// Long enough for its square to be out of reach.
const LONG: usize = 100_000;

fn text(piece: &str, end: &str) -> Value {
    Value::Text(piece.repeat(LONG / piece.len()) + end)
}

/// What a stranger might give, in turn.
fn given() -> Vec<Value> {
    vec![
        text("a", ""),
        text("a", "b"),
        text("%a", "b"),
        text("[a-", ""),
        text(" ", ""),
        text("y", ""),
        text("9", ""),
        text("ß😀", ""),
        Value::Text("datetime".to_owned()),
        Value::Text("decimal(38,38)".to_owned()),
        Value::Text("9999-12-31 23:59:59.999".to_owned()),
        Value::Integer(i64::MAX),
        Value::Integer(i64::MIN),
        Value::Integer(100_000),
        Value::Real(f64::MAX),
        Value::Real(f64::MIN_POSITIVE),
        Value::Real(f64::NAN),
    ]
}

#[test]
fn no_call_panics_or_takes_for_ever_or_makes_a_text_without_measure() {
    let given = given();
    let mut wrong = Vec::new();
    for function in FUNCTIONS.iter().copied() {
        let most = function.most.unwrap_or(function.least + 3);
        for count in function.least..=most {
            for (first, value) in given.iter().enumerate() {
                // Once all alike, once each another.
                let alike = vec![value.clone(); usize::from(count)];
                let others = (0..usize::from(count))
                    .map(|at| given[(first + at) % given.len()].clone())
                    .collect();
                for arguments in [alike, others] {
                    let outcome =
                        catch_unwind(AssertUnwindSafe(|| call(function.name, &arguments)));
                    match outcome {
                        Ok(Some(Ok(Value::Text(text)))) if text.len() > LONGEST => {
                            wrong.push(format!("{} makes {} bytes", function.name, text.len()));
                        }
                        Ok(_) => {}
                        Err(_) => {
                            let short = |value: &Value| match value {
                                Value::Text(text) => text.chars().take(12).collect(),
                                other => format!("{other:?}"),
                            };
                            let shown: Vec<String> = arguments.iter().map(short).collect();
                            wrong.push(format!("{}({}) panics", function.name, shown.join(", ")));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
