//! What holds each cell of the matrix: something that a person does and sees, or nothing but a table that prints it.

use std::collections::{BTreeMap, BTreeSet};

use chatdb::replay::ReplayOptions;
use chatdb::replay::why::{Experiment, Factor};
use chatdb::store::Store;

use crate::honesty::library;

/// The query that prints the matrix.
const PRINTS: &str = "what_works";

/// The cells that decide a check of a built-in scenario other than one that prints the matrix. What is needed is held
/// where it would be seen if it were not; what is not needed, where it would be seen if it were, whenever it came back.
fn held() -> BTreeSet<String> {
    let library = library();
    let mut unseen: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for name in library.names() {
        let scenario = library.get(name).expect("it is valid");
        for step in &scenario.steps {
            if step.checks.iter().all(|check| check.query == PRINTS) {
                continue;
            }
            let experiment = Experiment::new(&library, name, &step.id, &ReplayOptions::default())
                .expect("it can be played");
            let answers = |changes: &[_]| {
                let answers = experiment.play(changes).expect("it can be played");
                let asked = experiment.checks().iter().zip(answers.iter());
                let seen = asked.filter(|(check, _)| check.query != PRINTS);
                seen.map(|(_, answer)| answer.clone()).collect::<Vec<_>>()
            };
            let unchanged = answers(&[]);
            for (at, factor) in experiment.factors().iter().enumerate() {
                let Factor::Rule { kind, rule, statement, .. } = factor else {
                    continue;
                };
                if kind != "matrix" {
                    continue;
                }
                // The first way of what is needed is that it is not.
                let ways = match statement == "not needed" {
                    true => experiment.ways(at),
                    false => 1,
                };
                let unseen = unseen.entry(rule.clone()).or_insert_with(|| (0..ways).collect());
                unseen.retain(|way| answers(&[(at, *way)]) == unchanged);
            }
        }
    }
    let held = unseen.into_iter().filter(|(_, ways)| ways.is_empty());
    held.map(|(rule, _)| rule).collect()
}

#[test]
fn a_cell_that_only_a_copy_of_the_matrix_holds_is_marked_as_not_shown_by_the_note() {
    const CELLS: &str =
        "SELECT rule, reading LIKE 'not shown by the note%' FROM rule WHERE kind = 'matrix'";
    let store = Store::with_platform().expect("a database");
    let rows = store.ask(CELLS, &[], &[]).expect("the rules").rows;
    assert_eq!(rows.len(), 57);
    let marked = rows.iter().filter(|row| row[1].to_string() == "1");
    let marked: BTreeSet<String> = marked.map(|row| row[0].to_string()).collect();
    let held = held();
    let all: BTreeSet<String> = rows.iter().map(|row| row[0].to_string()).collect();
    let not_held: BTreeSet<String> = all.difference(&held).cloned().collect();
    assert_eq!(marked, not_held);
    assert!(held.len() > 20, "{held:?}");
}
