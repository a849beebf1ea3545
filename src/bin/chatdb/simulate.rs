//! `chatdb simulate` runs a schedule of causes, or searches one.

mod course;
mod input;
mod orders;
mod search;

use std::collections::BTreeMap;

use chatdb::causes::TimedCause;
use chatdb::invariant::{self, Condition, Invariant, InvariantKind, STATES};
use chatdb::render::Detail;
use chatdb::replay::simulate::{self, Course, Scheduled, Simulation};
use chatdb::report::{Listing, Report};
use chatdb::scenario::{LabRule, Library};

use crate::cli::SimulateArgs;
use crate::failure::{Code, Failure};
use crate::{output, watch};

use course::{listed, violated};
use search::Task;

pub fn run(args: &SimulateArgs) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let library = output::library(&args.folders)?;
    let from = match &args.from {
        Some(from) => from.clone(),
        None => start(&library)?,
    };
    let (scenario, step) = library.with_step(&from);
    // A start that there is not would hide behind what else is missing.
    library.get(scenario).map_err(Failure::from)?;
    let options = watch::guarded(output::sets(&args.set)?);
    let simulation = Simulation::new(&library, scenario, step, &options)?;
    let events = input::events(args)?;
    let invariants = input::invariants(args)?;
    let wanted = match &args.find {
        Some(text) => Some(invariant::condition(text).map_err(Failure::from)?),
        None => None,
    };
    simulation.check(&conditions(wanted.as_ref(), &invariants))?;
    let label = |schedule: &[Scheduled], course: &mut Course| -> Result<(), Failure> {
        Ok(simulate::label(&library, (scenario, step), &options, schedule, course)?)
    };
    let task = Task { simulation: &simulation, args, from: &from, label: &label };
    let (mut listing, violated) = if let Some(wanted) = &wanted {
        search::find(&task, wanted, &events)?
    } else if let Some(count) = args.random {
        search::random(&task, &events, &invariants, count)?
    } else if args.all_orders {
        let groups = simulation.all_orders(&events)?;
        let listing = orders::orders(&simulation, &events, &groups, &from);
        (listing, None)
    } else {
        one(&task, &events, &invariants)?
    };
    listing.remarks.extend(lab(&simulate::rules_of(&library, scenario)?));
    output::show(&Report::of_listings(vec![listing]), &args.form, Detail::Full)?;
    match violated {
        None => Ok(Code::Success),
        Some(violated) => {
            output::violation(&violated, &args.form)?;
            Ok(Code::Differs)
        }
    }
}

/// Every condition that is evaluated on the way.
fn conditions<'c>(
    wanted: Option<&'c Condition>,
    invariants: &'c [Invariant],
) -> Vec<&'c Condition> {
    let mut conditions: Vec<&Condition> = wanted.into_iter().collect();
    for invariant in invariants {
        conditions.push(&invariant.condition);
        if let InvariantKind::Until(end) = &invariant.kind {
            conditions.push(end);
        }
    }
    conditions
}

/// Runs one schedule. Returns which invariant it violates, too.
fn one(
    task: &Task<'_>,
    events: &[TimedCause],
    invariants: &[Invariant],
) -> Result<(Listing, Option<String>), Failure> {
    let schedule = task.simulation.scheduled(events)?;
    let mut course = task.simulation.run(&schedule, invariants)?;
    (task.label)(&schedule, &mut course)?;
    let title = format!("Simulation from {}", task.from);
    let listing = listed(task.simulation, title, &schedule, &course, invariants);
    let violated = violated(task.simulation, &course, invariants);
    Ok((listing, violated))
}

/// Names the lab rules that hold, where there are any.
fn lab(rules: &[LabRule]) -> Option<String> {
    let names: Vec<String> = (rules.iter())
        .map(|rule| format!("`{}` ({}:{})", rule.rule, rule.place.file, rule.place.line))
        .collect();
    (!names.is_empty()).then(|| format!("lab rules in effect: {}", names.join(", ")))
}

/// The scenario from which others start and that continues none, where there is one.
fn start(library: &Library) -> Result<String, Failure> {
    let scenarios = library.names().into_iter().map(|name| library.get(name));
    let scenarios: Vec<_> = scenarios.collect::<Result<_, _>>().map_err(Failure::from)?;
    let continued =
        |name: &String| scenarios.iter().any(|own| own.continues.as_ref() == Some(name));
    let starts = scenarios.iter().filter(|own| own.continues.is_none() && continued(&own.name));
    match starts.map(|own| own.name.clone()).collect::<Vec<_>>().as_slice() {
        [only] => Ok(only.clone()),
        several => {
            let message = "the start of the schedule is ambiguous";
            let names = several.join(", ");
            Err(Failure::new(Code::Usage, message).hint(format!("`--from SCENARIO`: {names}")))
        }
    }
}

/// The names of states with what each says, for the help of `--find`.
pub fn states() -> String {
    let names: BTreeMap<&str, &str> = STATES.iter().map(|own| (own.name, own.help)).collect();
    let mut text = String::from("States by name, for --find, --always and --never:\n");
    for (name, help) in names {
        text.push_str(&format!("  {name}: {help}\n"));
    }
    text
}
