//! A repeated step: `for` lists values, and each combination of them is a case on its own branch.
//!
//! `{name}` in the texts of the step is replaced by the value. A value may be a list of sentences, as with
//! `permutations`; then it is replaced by all of them, one per line.

use toml::Spanned;
use toml::de::DeValue;

use crate::scenario::fields::{At, Fields, describe, scalar_of, text_of};

/// How many cases a step may have.
const MAX_CASES: usize = 120;

/// One case of a step: the suffix of its ids, and the value of each name.
#[derive(Debug, Clone, Default)]
pub(super) struct Case {
    pub(super) suffix: String,
    pub(super) values: Vec<(String, String)>,
}

/// The cases of a step, in the order written; a single one without values if it has no `for`.
pub(super) fn cases(fields: &Fields<'_>) -> Vec<Case> {
    let once = vec![Case::default()];
    if !fields.has("for") {
        return once;
    }
    if fields.has("branch") {
        let message = "each case of `for` is its own branch; omit `branch`";
        fields.reader.problem(fields.place_of("branch"), message);
    }
    let mut all = once.clone();
    for (name, value) in fields.entries("for") {
        let Some(values) = values(fields, &name, value) else {
            return once;
        };
        if all.len().saturating_mul(values.len()) > MAX_CASES {
            let message = format!("`for` creates more than {MAX_CASES} cases");
            fields.reader.problem(name.at, message);
            return once;
        }
        all = all
            .iter()
            .flat_map(|case| {
                values.iter().zip(1..).map(|(value, number)| {
                    let mut case = case.clone();
                    case.suffix.push_str(&format!("_{number}"));
                    case.values.push((name.value.clone(), value.clone()));
                    case
                })
            })
            .collect();
    }
    all
}

fn values(
    fields: &Fields<'_>,
    name: &At<String>,
    value: &Spanned<DeValue<'_>>,
) -> Option<Vec<String>> {
    let wrong = |found: &DeValue<'_>| {
        let message = format!(
            "`{}` is {}; expected a list such as `[1, 2, 3]`, or `{{ permutations = [\"one\", \"two\"] }}`",
            name.value,
            describe(found)
        );
        fields.reader.problem(value.span().start, message);
    };
    let listed = match value.get_ref() {
        DeValue::Array(items) => items
            .iter()
            .map(|item| scalar_of(item).map(|one| one.value.to_string()))
            .collect::<Option<Vec<_>>>(),
        DeValue::Table(table) if table.len() == 1 => match table.get("permutations") {
            Some(list) => match list.get_ref() {
                DeValue::Array(items) if items.len() <= 5 => {
                    let items = items.iter().map(|item| text_of(item).map(|one| one.value));
                    items.collect::<Option<Vec<_>>>().map(|items| orders(&items))
                }
                _ => None,
            },
            None => None,
        },
        _ => None,
    };
    match listed {
        Some(values) if !values.is_empty() => Some(values),
        _ => {
            wrong(value.get_ref());
            None
        }
    }
}

/// Every order of the items, each a text with one line per item.
fn orders(items: &[String]) -> Vec<String> {
    if items.len() < 2 {
        return vec![items.concat()];
    }
    let mut all = Vec::new();
    for (at, first) in items.iter().enumerate() {
        let mut rest = items.to_vec();
        rest.remove(at);
        all.extend(orders(&rest).into_iter().map(|order| format!("{first}\n{order}")));
    }
    all
}
