//! `chatdb simulate` runs a schedule of causes, or searches one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chatdb::causes::{Cause, TimedCause, parse_event, parse_events};
use chatdb::diagnostic::counted;
use chatdb::invariant::{self, Condition, Invariant, InvariantError, InvariantKind, STATES};
use chatdb::render::Detail;
use chatdb::replay::simulate::{
    self, Broken, Course, FoundSchedule, LookReason, Merging, OrderGroup, Scheduled, SearchEnd,
    SimulatedFact, Simulation, SimulationError, SimulationLook, default_causes,
};
use chatdb::report::{Listing, Report};
use chatdb::scenario::{LabRule, Library};
use chatdb::table::{Cell, Column, Kind, ResultTable};

use crate::cli::SimulateArgs;
use crate::failure::{Code, Failure};
use crate::output;
use crate::watch;

/// How many events and waits a schedule that is searched for has at most.
const DEEPEST: usize = 12;

pub fn run(args: &SimulateArgs) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let events = events(args)?;
    let invariants = invariants(args)?;
    let wanted = match &args.find {
        Some(text) => Some(invariant::condition(text).map_err(Failure::from)?),
        None => None,
    };
    let library = output::library(&args.folders)?;
    let from = match &args.from {
        Some(from) => from.clone(),
        None => start(&library)?,
    };
    let (scenario, step) = match from.split_once('/') {
        Some((scenario, step)) if library.get(&from).is_err() => (scenario, Some(step)),
        _ => (from.as_str(), None),
    };
    let options = watch::guarded(output::sets(&args.set)?);
    let simulation = Simulation::new(&library, scenario, step, &options)?;
    let mut conditions: Vec<&Condition> = wanted.iter().collect();
    for invariant in &invariants {
        conditions.push(&invariant.condition);
        if let InvariantKind::Until(end) = &invariant.kind {
            conditions.push(end);
        }
    }
    simulation.check(&conditions)?;
    let label = |schedule: &[Scheduled], course: &mut Course| -> Result<(), Failure> {
        Ok(simulate::label(
            &library,
            (scenario, step),
            &options,
            schedule,
            course,
        )?)
    };
    let (mut listing, code) = if let Some(wanted) = &wanted {
        find(&simulation, wanted, &events, args, &from, &label)?
    } else if let Some(count) = args.random {
        random(
            &simulation,
            &events,
            &invariants,
            (count, args.seed),
            args,
            &from,
            &label,
        )?
    } else if args.all_orders {
        let groups = simulation.all_orders(&events)?;
        (orders(&simulation, &events, &groups, &from), Code::Success)
    } else {
        let schedule = simulation.scheduled(&events)?;
        let mut course = simulation.run(&schedule, &invariants)?;
        label(&schedule, &mut course)?;
        let code = match course.broken {
            Some(_) => Code::Differs,
            None => Code::Success,
        };
        let title = format!("Simulation from {}", from);
        (
            listed(&simulation, title, &schedule, &course, &invariants),
            code,
        )
    };
    listing
        .remarks
        .extend(lab(&simulate::rules_of(&library, scenario)?));
    let report = Report {
        listings: vec![listing],
        ..Report::new()
    };
    output::show(&report, &args.form, Detail::Full)?;
    Ok(code)
}

/// Names the lab rules that hold, where there are any.
fn lab(rules: &[LabRule]) -> Option<String> {
    let names: Vec<String> = (rules.iter())
        .map(|rule| format!("`{}` ({}:{})", rule.rule, rule.place.file, rule.place.line))
        .collect();
    (!names.is_empty()).then(|| format!("lab rules hold: {}", names.join(", ")))
}

/// The scenario from which others start and that continues none, where there is one.
fn start(library: &Library) -> Result<String, Failure> {
    let scenarios = library.names().into_iter().map(|name| library.get(name));
    let scenarios: Vec<_> = scenarios.collect::<Result<_, _>>().map_err(Failure::from)?;
    let continued = |name: &String| {
        scenarios
            .iter()
            .any(|own| own.continues.as_ref() == Some(name))
    };
    let starts = scenarios
        .iter()
        .filter(|own| own.continues.is_none() && continued(&own.name));
    match starts
        .map(|own| own.name.clone())
        .collect::<Vec<_>>()
        .as_slice()
    {
        [only] => Ok(only.clone()),
        several => {
            let message = "it does not say where the schedule starts";
            let names = several.join(", ");
            Err(Failure::new(Code::Usage, message).hint(format!("`--from SCENARIO`: {names}")))
        }
    }
}

/// The events of the command line and of the file.
fn events(args: &SimulateArgs) -> Result<Vec<TimedCause>, Failure> {
    let mut events = Vec::new();
    for text in &args.events {
        let event = parse_event(text).map_err(|error| {
            let failure = Failure::new(Code::Usage, error.to_string());
            match error {
                chatdb::causes::ScheduleError::Cause(cause) => failure.hint(cause.hint()),
                chatdb::causes::ScheduleError::Time { .. } => failure,
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
        let failure = Failure::new(Code::Usage, "no event is given");
        return Err(failure.hint(
            "`chatdb simulate \"+3:00 application stops\"`; `chatdb help causes` lists them",
        ));
    }
    Ok(events)
}

fn invariants(args: &SimulateArgs) -> Result<Vec<Invariant>, Failure> {
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
        invariants.extend(more);
    }
    if args.random.is_some() && invariants.is_empty() {
        let failure = Failure::new(Code::Usage, "`--random` needs something that must hold");
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
            InvariantError::State {
                meant: Some(meant), ..
            } => failure.hint(format!("did you mean `{meant}`?")),
            InvariantError::State { .. } => {
                let names: Vec<&str> = STATES.iter().map(|own| own.name).collect();
                failure.hint(format!("there are {}", names.join(", ")))
            }
            InvariantError::Form { .. } => failure,
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
                    "times count from the start of the scenario's clock: give one after {now}, or none"
                );
                Self::of(Code::Usage, &error).hint(hint)
            }
            SimulationError::TooMany { .. } => {
                Self::of(Code::Usage, &error).hint("`--find` and `--random` try more events")
            }
            SimulationError::Start { ref scenario, .. } => {
                let hint = format!("`chatdb replay {scenario}` shows what does not hold");
                Self::of(Code::Usage, &error).hint(hint)
            }
            _ => Self::of(Code::Usage, &error),
        }
    }
}

// A COURSE -------------------------------------------------------------------------------------------------

/// Labels what lab rules decide in a course.
type Label<'l> = &'l dyn Fn(&[Scheduled], &mut Course) -> Result<(), Failure>;

const COLUMNS: [&str; 8] = [
    "at", "because", "who", "of", "what", "before", "after", "basis",
];

fn listed(
    simulation: &Simulation,
    title: String,
    schedule: &[Scheduled],
    course: &Course,
    invariants: &[Invariant],
) -> Listing {
    let rows = course
        .looks
        .iter()
        .flat_map(|look| look_rows(simulation, schedule, look));
    let mut remarks = vec![format!(
        "{}; between these times nothing changes",
        counted(course.looks.len() as u64, "time")
    )];
    if course
        .looks
        .iter()
        .flat_map(|look| &look.changes)
        .any(|change| {
            change
                .after
                .as_ref()
                .is_some_and(|after| after.basis == "extrapolated")
        })
    {
        remarks.push(
            "extrapolated: the support note does not speak of this with just these servers down"
                .to_owned(),
        );
    }
    remarks.extend(misleading(&course.end));
    for (at, invariant) in invariants.iter().enumerate() {
        remarks.push(match course.broken {
            Some((broken, look)) if broken == at => {
                let at_ms = course
                    .looks
                    .get(look)
                    .map_or(simulation.now_ms(), |look| look.at_ms);
                format!(
                    "broken at {}: {}",
                    simulation.offset(at_ms),
                    invariant.text()
                )
            }
            Some(_) => format!("held so far: {}", invariant.text()),
            None => format!("holds: {}", invariant.text()),
        });
    }
    Listing {
        title,
        table: table(&COLUMNS, rows.collect()),
        remarks,
    }
}

fn misleading(end: &[SimulatedFact]) -> Vec<String> {
    let misleads = end.iter().filter(|fact| fact.misleads);
    let sentence = |fact: &SimulatedFact| {
        format!(
            "not so in the end: the {} is shown `{}` for {}",
            fact.party, fact.value, fact.subject
        )
    };
    misleads.map(sentence).collect()
}

fn look_rows(
    simulation: &Simulation,
    schedule: &[Scheduled],
    look: &SimulationLook,
) -> Vec<Vec<Cell>> {
    let because = match &look.reason {
        LookReason::Cause(place) => schedule[*place].1.words().to_owned(),
        LookReason::Threshold(rules) => format!("({rules})"),
    };
    let at = simulation.offset(look.at_ms);
    let mut rows: Vec<Vec<Cell>> = (look.changes.iter())
        .filter_map(|change| {
            let fact = change.after.as_ref().or(change.before.as_ref())?;
            let value = |fact: &Option<SimulatedFact>| match fact {
                Some(fact) if fact.misleads => format!("{} (not so)", fact.value),
                Some(fact) => fact.value.clone(),
                None => String::new(),
            };
            let basis = change.after.as_ref().map_or("", |after| &after.basis);
            Some(
                [
                    &at,
                    &because,
                    &fact.party,
                    &fact.subject,
                    &fact.fact,
                    &value(&change.before),
                    &value(&change.after),
                    basis,
                ]
                .map(|text: &str| Cell::Text(text.to_owned()))
                .to_vec(),
            )
        })
        .collect();
    if rows.is_empty() {
        let texts = [&at, &because, "", "", "nothing changes", "", "", ""];
        rows.push(texts.map(|text: &str| Cell::Text(text.to_owned())).to_vec());
    }
    rows
}

fn table(names: &[&str], rows: Vec<Vec<Cell>>) -> ResultTable {
    ResultTable {
        columns: names
            .iter()
            .map(|name| Column::new(*name, Kind::Text))
            .collect(),
        rows,
    }
}

// ORDERS ---------------------------------------------------------------------------------------------------

fn orders(
    simulation: &Simulation,
    events: &[TimedCause],
    groups: &[OrderGroup],
    from: &str,
) -> Listing {
    let words = |place: usize| events[place].cause.words();
    let mut rows = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let because: Vec<String> = (group.because.iter())
            .map(|(first, second)| format!("{} before {}", words(*first), words(*second)))
            .collect();
        let example: Vec<&str> = group.orders[0].iter().map(|place| words(*place)).collect();
        let mut outcome = group.outcome.iter();
        let first = outcome.next();
        let said = |fact: Option<&SimulatedFact>| {
            let text = |text: fn(&SimulatedFact) -> &str| fact.map_or("", text).to_owned();
            [
                text(|fact| &fact.party),
                text(|fact| &fact.subject),
                text(|fact| &fact.fact),
                text(|fact| &fact.value),
            ]
        };
        let head = [
            (number + 1).to_string(),
            group.orders.len().to_string(),
            match because.is_empty() {
                true => format!("such as {}", example.join(", ")),
                false => because.join("; "),
            },
        ];
        let cells = |texts: Vec<String>| texts.into_iter().map(Cell::Text).collect::<Vec<_>>();
        rows.push(cells(head.into_iter().chain(said(first)).collect()));
        for fact in outcome {
            let blank = [String::new(), String::new(), String::new()];
            rows.push(cells(blank.into_iter().chain(said(Some(fact))).collect()));
        }
    }
    let count: usize = groups.iter().map(|group| group.orders.len()).sum();
    let names = [
        "outcome",
        "orders",
        "when",
        "who",
        "of",
        "what",
        "in the end",
    ];
    let mut remarks = vec![format!(
        "{}, {}",
        counted(count as u64, "order"),
        counted(groups.len() as u64, "outcome")
    )];
    let all_timed = events.iter().all(|event| event.after_ms.is_some());
    if !all_timed {
        let first = simulation.offset(simulation.now_ms());
        remarks.push(format!("events come ten seconds apart, after {first}"));
    }
    Listing {
        title: format!("Orders from {}", from),
        table: table(&names, rows),
        remarks,
    }
}

// SEARCHES -------------------------------------------------------------------------------------------------

/// The causes that are tried: those given, or the usual ones.
fn causes(events: &[TimedCause]) -> Vec<Cause> {
    match events {
        [] => default_causes(),
        events => events.iter().map(|event| event.cause.clone()).collect(),
    }
}

fn find(
    simulation: &Simulation,
    wanted: &Condition,
    events: &[TimedCause],
    args: &SimulateArgs,
    from: &str,
    label: Label<'_>,
) -> Result<(Listing, Code), Failure> {
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
            Ok((listing, Code::Success))
        }
        SearchEnd::Exhausted { states, depth } => {
            let message = format!(
                "no schedule of these causes reaches `{}` in {depth} events and waits: {} looked at",
                wanted.text,
                counted(states as u64, "state")
            );
            Err(Failure::new(Code::Differs, message))
        }
        SearchEnd::TooMany { states, depth } => {
            let message = format!(
                "no schedule of up to {depth} events and waits reaches `{}`, and {} are the most that are looked at",
                wanted.text,
                counted(states as u64, "state")
            );
            let more = states.saturating_mul(10);
            Err(Failure::new(Code::Refused, message).hint(format!(
                "name fewer causes, or look at more: `--max-states {more}`"
            )))
        }
    }
}

fn reached(simulation: &Simulation, found: &FoundSchedule) -> String {
    if found.schedule.is_empty() && found.at_ms == simulation.now_ms() {
        return "it is so already, before any event".to_owned();
    }
    let events = counted(found.schedule.len() as u64, "event");
    let states = counted(found.states as u64, "state");
    format!(
        "reached at {} with {events}; {states} looked at",
        simulation.offset(found.at_ms)
    )
}

/// The command that runs a schedule again.
fn typed(simulation: &Simulation, schedule: &[Scheduled], args: &SimulateArgs) -> String {
    let event = |(at, cause): &Scheduled| {
        let text = format!("{} {}", simulation.offset(*at), cause.words());
        match text.contains(['"', '$', '`', '\\', '!']) {
            true => format!("'{}'", text.replace('\'', "'\\''")),
            false => format!("\"{text}\""),
        }
    };
    let events = schedule.iter().map(event);
    let from = args.from.as_ref().map(|from| format!("--from {from}"));
    let sets = args.set.values.iter().map(|set| format!("--set {set}"));
    let folders = args.folders.scenarios.iter();
    let folders = folders.map(|folder| format!("--scenarios {}", folder.display()));
    let words: Vec<String> = events.chain(from).chain(sets).chain(folders).collect();
    format!("`chatdb simulate {}` runs it", words.join(" "))
}

fn random(
    simulation: &Simulation,
    events: &[TimedCause],
    invariants: &[Invariant],
    (count, seed): (u64, u64),
    args: &SimulateArgs,
    from: &str,
    label: Label<'_>,
) -> Result<(Listing, Code), Failure> {
    let broken = simulation.random(&causes(events), invariants, count, seed)?;
    let Some(broken) = broken else {
        let rows = invariants.iter().map(|own| vec![Cell::Text(own.text())]);
        let listing = Listing {
            title: format!("Random schedules from {}", from),
            table: table(&["holds"], rows.collect()),
            remarks: vec![format!("{} with seed {}", counted(count, "schedule"), seed)],
        };
        return Ok((listing, Code::Success));
    };
    let Broken {
        number,
        events_before,
        schedule,
        invariant,
        mut course,
    } = broken;
    label(&schedule, &mut course)?;
    let own = std::slice::from_ref(&invariants[invariant]);
    let title = format!("Schedule from {} that breaks: {}", from, own[0].text());
    let mut listing = listed(simulation, title, &schedule, &course, own);
    listing.remarks.push(format!(
        "schedule {number} with seed {}, shrunk from {events_before} events to {}",
        seed,
        schedule.len()
    ));
    listing.remarks.push(typed(simulation, &schedule, args));
    Ok((listing, Code::Differs))
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
