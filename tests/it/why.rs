//! What each cell of each check rests on, proved by playing: what is not named can go, and what is named cannot.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use chatdb::replay::why::{Change, Experiment, ExplainedValue, Factor, WhyTarget};
use chatdb::replay::{ReplayOptions, basis_table, replay};
use chatdb::report::RestsOn;
use chatdb::scenario::{Expect, Library, resolve_parameters};
use chatdb::table::ResultTable;

use crate::honesty::library;
use crate::snapshot;

/// Every scenario's steps that are asked about something.
fn asked(library: &Library) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for name in library.names() {
        let scenario = library.get(name).expect("it is valid");
        let steps = scenario.steps.iter().filter(|step| !step.checks.is_empty());
        asked.extend(steps.map(|step| (name.to_owned(), step.id.clone())));
    }
    asked
}

/// One target for each cell of an answer, by the row's other cells where the query has no key.
fn cells(table: &ResultTable, key: &[String]) -> Vec<WhyTarget> {
    let mut targets = vec![WhyTarget::default()];
    for row in &table.rows {
        let by = |name: &String| {
            let at = table.position(name)?;
            Some((name.clone(), row[at].to_string()))
        };
        let row: Vec<_> = key.iter().filter_map(by).collect();
        let column = |name: &str| WhyTarget {
            row: row.clone(),
            column: Some(name.to_owned()),
        };
        targets.extend(table.names().into_iter().map(column));
    }
    targets
}

/// The cells, things named and pairs that were proved.
fn prove(library: &Library, name: &str, step: &str) -> [usize; 3] {
    let mut experiment =
        Experiment::new(library, name, step, &ReplayOptions::default()).expect("it can be played");
    let scenario = library.get(name).expect("it is valid");
    let [mut proved, mut named, mut pairs] = [0; 3];
    for check in 0..experiment.checks().len() {
        let query = library
            .query(&scenario, &experiment.checks()[check].query)
            .expect("it is known");
        let table = experiment.answer(check).expect("it can be asked").clone();
        for target in cells(&table, &query.key) {
            let why = experiment.why(check, &target).expect("it can be played");
            let place = format!("{name}/{step}/{} {target:?}", query.name);
            let play = |changes: &[Change]| -> ExplainedValue {
                let answers = experiment.play(changes).expect("it can be played");
                answers[check]
                    .as_ref()
                    .map(|table| target.of(table))
                    .unwrap_or_default()
            };
            assert_eq!(why.value, target.of(&table), "{place}");
            let kept = why.named();
            let others = (0..experiment.factors().len()).filter(|factor| !kept.contains(factor));
            let others: Vec<Change> = others.map(|factor| (factor, 0)).collect();
            assert_eq!(
                play(&others),
                why.value,
                "{place}: what is not named matters"
            );
            for one in &why.decides {
                let changes = one.factors.iter().map(|factor| {
                    let ways = 0..experiment.ways(*factor);
                    ways.map(|way| (*factor, way)).collect::<Vec<_>>()
                });
                let changes: Vec<Vec<Change>> = changes.collect();
                let changed = match &changes[..] {
                    [ways] => ways.iter().any(|way| play(&[*way]) != why.value),
                    [a, b] => {
                        pairs += 1;
                        assert_eq!(play(&a[..1]), why.value, "{place}: alone it would do");
                        assert_eq!(play(&b[..1]), why.value, "{place}: alone it would do");
                        play(&[a[0], b[0]]) != why.value
                    }
                    _ => false,
                };
                assert!(
                    changed,
                    "{place}: {:?} is named and does not matter",
                    one.factors
                );
                named += 1;
            }
            proved += 1;
        }
    }
    [proved, named, pairs]
}

#[test]
fn what_is_not_named_can_go_and_what_is_named_cannot_for_every_cell_of_every_scenario() {
    let library = Arc::new(library());
    let steps = asked(&library);
    let half = |at: usize| {
        let (library, steps) = (library.clone(), steps.clone());
        thread::spawn(move || {
            let own = steps.iter().skip(at).step_by(2);
            own.fold([0; 3], |sum, (name, step)| {
                let more = prove(&library, name, step);
                [0, 1, 2].map(|at| sum[at] + more[at])
            })
        })
    };
    let halves = [half(0), half(1)].map(|half| half.join().expect("it is proved"));
    let [cells, named, pairs] = [0, 1, 2].map(|at| halves[0][at] + halves[1][at]);
    println!("{cells} cells, {named} things named, {pairs} of them pairs");
    assert!(
        cells > 900 && named > 3_000 && pairs > 200,
        "only {cells}, {named}, {pairs}"
    );
}

/// The labels of replays: what decides each check, as the file keeps it.
#[test]
fn the_file_of_interpretations_is_what_leaving_out_finds() {
    let library = library();
    let names: Vec<String> = library.names().into_iter().map(str::to_owned).collect();
    let table = basis_table(&library, &names).expect("they can be replayed");
    for line in table.lines() {
        assert_eq!(
            line.matches(',').count(),
            2,
            "`{line}` is read by its commas"
        );
    }
    snapshot::check("../../reports/basis.csv", &table);
    if std::env::var_os("UPDATE").is_some() {
        return;
    }
    let (report, _) = replay(&library, &names, &ReplayOptions::default()).expect("it is played");
    for run in &report.runs {
        for check in run.steps.iter().flat_map(|step| &step.checks) {
            let line = format!("{},{},", run.scenario, check.id);
            let kept = table.lines().find_map(|own| own.strip_prefix(&line));
            let rules = kept.expect("every check has a line");
            let found = check.interpretations.as_ref().expect("it is compiled in");
            assert_eq!(found.join("; "), rules, "{line}");
            let label = match rules.is_empty() {
                true => RestsOn::Documented,
                false => RestsOn::Extrapolated,
            };
            assert_eq!(check.rests_on, label, "{line}");
        }
    }
}

/// A row that is not in the answer is back when the conditions that are false are dropped, and with no fewer.
#[test]
fn a_missing_row_comes_back_when_exactly_the_false_conditions_are_dropped() {
    let library = library();
    let (mut rows, mut causes) = (0, BTreeSet::new());
    for (name, step) in asked(&library) {
        let mut experiment = None;
        let scenario = library.get(&name).expect("it is valid");
        let steps = scenario.steps.iter().filter(|own| own.id == step);
        let checks: Vec<_> = steps.flat_map(|own| &own.checks).collect();
        let chain = library.chain(&name).expect("it is valid");
        let parameters = resolve_parameters(&chain, &[]).expect("nothing is set");
        for (at, check) in checks.iter().enumerate() {
            let query = library.query(&scenario, &check.query).expect("it is known");
            if !query.key.contains(&"activity_id".to_owned()) {
                continue;
            }
            let experiment = experiment.get_or_insert_with(|| {
                Experiment::new(&library, &name, &step, &ReplayOptions::default())
                    .expect("it can be played")
            });
            for value in parameters
                .iter()
                .map(|parameter| parameter.value.to_string())
            {
                let target = WhyTarget {
                    row: vec![("activity_id".to_owned(), value)],
                    column: None,
                };
                let missing = experiment.missing(at, &target).expect("it can be played");
                let Some(conditions) = missing else { continue };
                rows += 1;
                causes.extend(conditions.iter().filter_map(|own| own.since));
                let failing: Vec<usize> = (0..conditions.len())
                    .filter(|at| !conditions[*at].holds)
                    .collect();
                for subset in 0..1_u32 << failing.len() {
                    let own = failing.iter().enumerate();
                    let dropped: Vec<usize> = own
                        .filter(|(bit, _)| subset >> bit & 1 == 1)
                        .map(|(_, at)| *at)
                        .collect();
                    let back = experiment.comes_back(at, &target, &dropped);
                    let place = format!("{name}/{step}/{} {target:?} {dropped:?}", check.id);
                    let is_all = dropped.len() == failing.len();
                    assert_eq!(back.expect("it can be played"), is_all, "{place}");
                }
            }
        }
    }
    assert!(rows >= 5 && !causes.is_empty(), "{rows} rows, {causes:?}");
}

fn named(experiment: &Experiment, factors: &BTreeSet<usize>) -> Vec<String> {
    let name = |factor: &usize| match &experiment.factors()[*factor] {
        Factor::Cause { step, .. } => step.clone(),
        Factor::Rule { rule, .. } => rule.clone(),
    };
    factors.iter().map(name).collect()
}

/// A sign that shows how long a connection has been gone rests on the time of that name, which the note does not give.
#[test]
fn the_label_names_the_interpretation_that_an_answer_rests_on() {
    let library = library();
    let mut seen = BTreeSet::new();
    for (name, step) in asked(&library) {
        let mut experiment = Experiment::new(&library, &name, &step, &ReplayOptions::default())
            .expect("it can be played");
        for check in 0..experiment.checks().len() {
            let answer = experiment.answer(check).expect("it can be asked");
            let sign = answer
                .rows
                .first()
                .map(|row| row[0].to_string())
                .unwrap_or_default();
            if experiment.checks()[check].query != "connection_indicator" || sign == "green circle"
            {
                continue;
            }
            let why = experiment
                .why(check, &WhyTarget::default())
                .expect("it can be played");
            let named = named(&experiment, &why.named());
            assert!(named.contains(&sign), "{name}/{step}: {named:?}");
            assert_eq!(
                experiment.rests_on(&why),
                RestsOn::Extrapolated,
                "{name}/{step}"
            );
            seen.insert(sign);
        }
    }
    assert_eq!(
        seen,
        BTreeSet::from(["red square".to_owned(), "triangle".to_owned()])
    );
}

/// Without its failure, no statement about a failure stays as it is.
#[test]
fn a_pop_up_after_a_failure_does_not_come_without_it() {
    let library = library();
    for name in library.names() {
        let scenario = library.get(name).expect("it is valid");
        for step in &scenario.steps {
            for (at, check) in step.checks.iter().enumerate() {
                if check.query != "log_in_popup" {
                    continue;
                }
                let experiment =
                    Experiment::new(&library, name, &step.id, &ReplayOptions::default())
                        .expect("it can be played");
                let matching = experiment.matching_without_failure();
                let is_control = matches!(check.expect, Expect::Rows(0));
                assert_eq!(
                    matching.expect("it can be played")[at],
                    is_control,
                    "{name}/{}",
                    check.id
                );
            }
        }
    }
}
