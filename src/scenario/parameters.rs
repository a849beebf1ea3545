//! The parameter values of a run: as the scenarios declare them, and as the user sets them.

use std::sync::Arc;

use super::{Scenario, ScenarioError, parameter_kind};
use crate::diagnostic::did_you_mean;
use crate::table::Cell;

/// A parameter of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterValue {
    /// The name, without the `@`.
    pub name: String,
    /// The value of the parameter.
    pub value: Cell,
    /// The scenario's value, if another was set.
    pub instead_of: Option<Cell>,
    /// Columns of expected tables in which the scenario's value is replaced by this one.
    pub columns: Vec<String>,
}

/// The parameters of the last scenario of `chain` (root first), overridden by `sets`. A scenario's value takes
/// precedence over that of one that it continues. They are in the order in which they were first written, root
/// first.
///
/// The values for an earlier scenario of the chain are those of the chain up to it.
///
/// # Errors
/// If a value is set for an unknown parameter, or has the wrong type.
pub fn resolve_parameters(
    chain: &[Arc<Scenario>],
    sets: &[(String, String)],
) -> Result<Vec<ParameterValue>, ScenarioError> {
    let mut values: Vec<ParameterValue> = Vec::new();
    for parameter in chain.iter().flat_map(|scenario| &scenario.parameters) {
        let value = ParameterValue {
            name: parameter.name.clone(),
            value: parameter.value.clone(),
            instead_of: None,
            columns: parameter.columns.clone(),
        };
        match values.iter_mut().find(|known| known.name == value.name) {
            Some(known) => *known = value,
            None => values.push(value),
        }
    }
    for (name, text) in sets {
        set(chain, &mut values, name, text)?;
    }
    Ok(values)
}

fn set(
    chain: &[Arc<Scenario>],
    values: &mut [ParameterValue],
    name: &str,
    text: &str,
) -> Result<(), ScenarioError> {
    let Some(at) = values.iter().position(|value| value.name == name) else {
        let known: Vec<String> = values.iter().map(|value| value.name.clone()).collect();
        return Err(ScenarioError::UnknownParameter {
            scenario: chain.last().map_or_else(String::new, |last| last.name.clone()),
            name: name.to_owned(),
            suggestion: did_you_mean(name, known.iter().map(String::as_str)).map(str::to_owned),
            known,
        });
    };
    let parameter = &mut values[at];
    let own = parameter.instead_of.take().unwrap_or_else(|| parameter.value.clone());
    let kind = parameter_kind(&own);
    let value = kind.parse(text).ok_or_else(|| ScenarioError::NotAnInteger {
        name: name.to_owned(),
        found: text.to_owned(),
    })?;
    parameter.instead_of = (value != own).then_some(own);
    parameter.value = value;
    Ok(())
}
