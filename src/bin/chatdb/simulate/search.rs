//! Schedules that are searched for.

use chatdb::causes::{Cause, TimedCause};
use chatdb::command_line::CommandLine;
use chatdb::diagnostic::counted;
use chatdb::invariant::{Condition, Invariant};
use chatdb::replay::simulate::{
    Broken, FoundSchedule, Merging, Scheduled, SearchEnd, Simulation, default_causes,
};
use chatdb::report::Listing;
use chatdb::table::{Cell, ResultTable};

use super::course::{Label, listed, violated};
use crate::cli::SimulateArgs;
use crate::failure::{Code, Failure};
use crate::output;

/// How many events and waits a schedule that is searched for has at most.
const DEEPEST: usize = 12;

/// What a search starts from, and how what it finds is labelled and told.
pub(super) struct Task<'t> {
    pub(super) simulation: &'t Simulation,
    pub(super) args: &'t SimulateArgs,
    pub(super) from: &'t str,
    pub(super) label: Label<'t>,
}

/// The causes that are tried: those given, or the usual ones.
fn causes(events: &[TimedCause]) -> Vec<Cause> {
    match events {
        [] => default_causes(),
        events => events.iter().map(|event| event.cause.clone()).collect(),
    }
}

/// Searches the shortest schedule that reaches a state.
pub(super) fn find(
    task: &Task<'_>,
    wanted: &Condition,
    events: &[TimedCause],
) -> Result<(Listing, Option<String>), Failure> {
    let Task { simulation, args, from, label } = task;
    let limits = (args.max_states, DEEPEST);
    let end = simulation.find(wanted, &causes(events), limits, Merging::Merged)?;
    let title = format!("Shortest schedule from {} to: {}", from, wanted.text);
    match end {
        SearchEnd::Found(found) => {
            let mut course = simulation.run(&found.schedule, &[])?;
            label(&found.schedule, &mut course)?;
            let mut listing = listed(simulation, title, &found.schedule, &course, &[]);
            let reached = reached(simulation, &found);
            listing.remarks.insert(0, reached);
            if !found.schedule.is_empty() {
                let command = typed(simulation, &found.schedule, args);
                listing.remarks.push(command);
            }
            Ok((listing, None))
        }
        SearchEnd::Exhausted { states, depth } => {
            let message = format!(
                "no schedule of these causes reaches `{}` in {depth} events and waits: {} searched",
                wanted.text,
                counted(states as u64, "state")
            );
            Err(Failure::new(Code::Differs, message))
        }
        SearchEnd::TooMany { states, depth } => {
            let message = format!(
                "no schedule of up to {depth} events and waits reaches `{}`; the search is limited to {}",
                wanted.text,
                counted(states as u64, "state")
            );
            let more = states.saturating_mul(10);
            Err(Failure::new(Code::Refused, message)
                .hint(format!("name fewer causes, or raise the limit: `--max-states {more}`")))
        }
    }
}

fn reached(simulation: &Simulation, found: &FoundSchedule) -> String {
    if found.schedule.is_empty() && found.at_ms == simulation.now_ms() {
        return "the state holds already, before any event".to_owned();
    }
    let events = counted(found.schedule.len() as u64, "event");
    let states = counted(found.states as u64, "state");
    format!("reached at {} with {events}; {states} searched", simulation.offset(found.at_ms))
}

/// The command that runs a schedule again.
fn typed(simulation: &Simulation, schedule: &[Scheduled], args: &SimulateArgs) -> String {
    let event = |(at, cause): &Scheduled| format!("{} {}", simulation.offset(*at), cause.words());
    let command = CommandLine::new("simulate")
        .args(schedule.iter().map(event))
        .option("--from", &args.from)
        .option("--set", &args.set.values)
        .args(output::folder_words(&args.folders));
    format!("`{command}` runs it")
}

/// Runs random schedules, and shows the first that breaks an invariant.
pub(super) fn random(
    task: &Task<'_>,
    events: &[TimedCause],
    invariants: &[Invariant],
    count: u64,
) -> Result<(Listing, Option<String>), Failure> {
    let Task { simulation, args, from, label } = task;
    let seed = args.seed;
    let broken = simulation.random(&causes(events), invariants, count, seed)?;
    let Some(broken) = broken else {
        let rows = invariants.iter().map(|own| vec![Cell::Text(own.text())]);
        let listing = Listing {
            title: format!("Random schedules from {}", from),
            table: ResultTable::of_texts(["holds"], rows),
            remarks: vec![format!("{} with seed {}", counted(count, "schedule"), seed)],
        };
        return Ok((listing, None));
    };
    let Broken { number, events_before, schedule, invariant, mut course } = broken;
    label(&schedule, &mut course)?;
    let own = std::slice::from_ref(&invariants[invariant]);
    let title = format!("Schedule from {} that violates: {}", from, own[0].text());
    let mut listing = listed(simulation, title, &schedule, &course, own);
    listing.remarks.push(format!(
        "schedule {number} with seed {}, shrunk from {events_before} events to {}",
        seed,
        schedule.len()
    ));
    listing.remarks.push(typed(simulation, &schedule, args));
    let violated = violated(simulation, &course, own);
    Ok((listing, violated))
}
