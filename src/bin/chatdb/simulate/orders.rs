//! The outcomes of all orders of some events, as a table.

use chatdb::causes::TimedCause;
use chatdb::diagnostic::counted;
use chatdb::replay::simulate::{OrderGroup, Outcomes, SimulatedFact, Simulation};
use chatdb::report::Listing;
use chatdb::table::{Cell, ResultTable};

use super::course::value;

/// The outcomes of all orders of some events.
pub(super) fn orders(
    simulation: &Simulation,
    events: &[TimedCause],
    Outcomes { groups, everywhere }: &Outcomes,
    from: &str,
) -> Listing {
    let count: usize = groups.iter().map(|group| group.orders.len()).sum();
    // What is so in every outcome is the outcome, if there is only one.
    let (rows, everywhere): (Vec<_>, &[_]) = match groups.as_slice() {
        [only] => (rows_of(1, only, everywhere, "in any order".to_owned()), &[]),
        several => {
            let rows = several.iter().enumerate().flat_map(|(at, group)| {
                rows_of(at + 1, group, &group.outcome, when(group, events))
            });
            (rows.collect(), everywhere)
        }
    };
    let names = ["outcome", "orders", "when", "who", "of", "what", "at the end"];
    let mut remarks = vec![format!(
        "{}, {}",
        counted(count as u64, "order"),
        counted(groups.len() as u64, "outcome")
    )];
    if !everywhere.is_empty() {
        let facts = everywhere
            .iter()
            .map(|fact| format!("`{}` of {}: {}", fact.fact, fact.subject, value(fact)));
        let facts: Vec<String> = facts.collect();
        remarks.push(format!("in every outcome: {}", facts.join("; ")));
    }
    let all_timed = events.iter().all(|event| event.after_ms.is_some());
    if !all_timed {
        let first = simulation.offset(simulation.now_ms());
        remarks.push(format!("events are ten seconds apart, starting after {first}"));
    }
    Listing {
        title: format!("Orders from {}", from),
        table: ResultTable::of_texts(names, rows),
        remarks,
    }
}

/// When an outcome comes about: by what precedes what, else one order of several.
fn when(group: &OrderGroup, events: &[TimedCause]) -> String {
    let words = |place: &usize| events[*place].cause.words();
    let because = group.because.iter();
    let because: Vec<String> = because
        .map(|(first, second)| format!("{} before {}", words(first), words(second)))
        .collect();
    let example: Vec<&str> = group.orders[0].iter().map(words).collect();
    match because.is_empty() {
        true => format!("such as {}", example.join(", ")),
        false => because.join("; "),
    }
}

/// The rows of one outcome: when it comes about, and what is so in the end.
fn rows_of(
    number: usize,
    group: &OrderGroup,
    outcome: &[SimulatedFact],
    when: String,
) -> Vec<Vec<Cell>> {
    let head = [number.to_string(), group.orders.len().to_string(), when];
    let said = |fact: Option<&SimulatedFact>| match fact {
        Some(fact) => [fact.party.clone(), fact.subject.clone(), fact.fact.clone(), value(fact)],
        None => [const { String::new() }; 4],
    };
    let row = |head: [String; 3], fact| {
        let texts = head.into_iter().chain(said(fact));
        texts.map(Cell::Text).collect()
    };
    let mut outcome = outcome.iter();
    let first = row(head, outcome.next());
    let others = outcome.map(|fact| row([const { String::new() }; 3], Some(fact)));
    std::iter::once(first).chain(others).collect()
}
