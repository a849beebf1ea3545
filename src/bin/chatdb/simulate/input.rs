//! The events and conditions that `chatdb simulate` is given.

use std::fs;
use std::path::Path;

use chatdb::causes::{ScheduleError, TimedCause, parse_event, parse_events};
use chatdb::invariant::{self, Invariant, InvariantError, STATES};
use chatdb::replay::simulate::SimulationError;

use crate::cli::SimulateArgs;
use crate::failure::{Code, Failure};

/// The events of the command line and of the file.
pub(super) fn events(args: &SimulateArgs) -> Result<Vec<TimedCause>, Failure> {
    let mut events = Vec::new();
    for text in &args.events {
        let event = parse_event(text).map_err(|error| {
            let failure = Failure::new(Code::Usage, error.to_string());
            match error {
                ScheduleError::Cause(cause) => failure.hint(cause.hint()),
                ScheduleError::Time { .. } => failure,
            }
        })?;
        events.push(event);
    }
    if let Some(path) = &args.file {
        let text = read(path)?;
        let more = parse_events(&text).map_err(|errors| in_file(path, &errors))?;
        events.extend(more);
    }
    if events.is_empty() && args.find.is_none() && args.random.is_none() {
        let failure = Failure::new(Code::Usage, "no events given");
        return Err(failure.hint(
            "`chatdb simulate \"+3:00 application stops\"`; `chatdb help causes` lists them",
        ));
    }
    Ok(events)
}

/// What must hold all the time.
pub(super) fn invariants(args: &SimulateArgs) -> Result<Vec<Invariant>, Failure> {
    let mut invariants = Vec::new();
    for text in &args.always {
        invariants.push(invariant::invariant(&format!("always {text}")).map_err(Failure::from)?);
    }
    for text in &args.never {
        invariants.push(invariant::invariant(&format!("never {text}")).map_err(Failure::from)?);
    }
    if let Some(path) = &args.invariants {
        let text = read(path)?;
        let more = invariant::invariants(&text).map_err(|errors| in_file(path, &errors))?;
        if more.is_empty() {
            let message = format!("`{}` has no invariant", path.display());
            let hint = "write one a line, such as `never phantom` or `always all servers up`";
            return Err(Failure::new(Code::Usage, message).hint(hint));
        }
        invariants.extend(more);
    }
    if args.random.is_some() && invariants.is_empty() {
        let failure = Failure::new(Code::Usage, "`--random` needs an invariant");
        return Err(
            failure.hint("`--never phantom`, `--always \"all servers up\"` or `--invariants FILE`")
        );
    }
    Ok(invariants)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        Failure::new(Code::Environment, message)
    })
}

/// All that is wrong in a file, each with its line.
fn in_file(path: &Path, errors: &[(u32, impl std::fmt::Display)]) -> Failure {
    let line = |(line, error): &(u32, _)| format!("{}:{line}: {error}", path.display());
    let lines: Vec<String> = errors.iter().map(line).collect();
    Failure::new(Code::Usage, lines.join("\n"))
}

impl From<InvariantError> for Failure {
    fn from(error: InvariantError) -> Self {
        let failure = Self::of(Code::Usage, &error);
        match error {
            InvariantError::State { meant, .. } => failure.meant(meant, || {
                let names: Vec<&str> = STATES.iter().map(|own| own.name).collect();
                format!("valid names: {}", names.join(", "))
            }),
            InvariantError::Syntax { .. } => failure,
        }
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Replay(error) => error.into(),
            SimulationError::Store(error) => error.into(),
            SimulationError::Early { ref now, .. } => {
                let hint = format!(
                    "events run in the order given, and times count from the start of the scenario's clock: give a \
                     time after {now}, or none"
                );
                Self::of(Code::Usage, &error).hint(hint)
            }
            SimulationError::TooMany { .. } => {
                Self::of(Code::Usage, &error).hint("`--find` and `--random` try more events")
            }
            SimulationError::Start { ref reproduce, .. } => {
                let hint = format!("`{reproduce}` shows what failed");
                Self::of(Code::Usage, &error).hint(hint)
            }
            _ => Self::of(Code::Usage, &error),
        }
    }
}
