//! What each cell of each check rests on, proved by playing: what is not named can go, and what is named cannot.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use chatdb::query::{Dialect, Query};
use chatdb::replay::why::{Change, Experiment, ExplainedValue, Factor, WhyTarget};
use chatdb::replay::{ReplayOptions, basis_table, not_covered, replay};
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
        let column = |name: &str| WhyTarget { row: row.clone(), column: Some(name.to_owned()) };
        targets.extend(table.names().into_iter().map(column));
    }
    targets
}

/// The cells, things named, pairs and larger groups that were proved.
fn prove(library: &Library, name: &str, step: &str) -> [usize; 4] {
    let mut experiment =
        Experiment::new(library, name, step, &ReplayOptions::default()).expect("it can be played");
    let scenario = library.get(name).expect("it is valid");
    let ([mut proved, mut named, mut alone], mut groups) = ([0; 3], [0; 2]);
    for check in 0..experiment.checks().len() {
        let query =
            library.query(&scenario, &experiment.checks()[check].query).expect("it is known");
        let table = experiment.answer(check).expect("it can be asked").clone();
        for target in cells(&table, &query.key) {
            let why = experiment.why(check, &target).expect("it can be played");
            let place = format!("{name}/{step}/{} {target:?}", query.name);
            let play = |changes: &[Change]| -> ExplainedValue {
                let answers = experiment.play(changes).expect("it can be played");
                answers[check].as_ref().map(|table| target.of(table)).unwrap_or_default()
            };
            assert_eq!(why.value, target.of(&table), "{place}");
            alone += why.together.len();
            let kept = why.named();
            let others = (0..experiment.factors().len()).filter(|factor| !kept.contains(factor));
            let others: Vec<Change> = others.map(|factor| (factor, 0)).collect();
            assert_eq!(play(&others), why.value, "{place}: what is not named matters");
            for one in &why.decides {
                let changes = one.factors.iter().map(|factor| {
                    let ways = 0..experiment.ways(*factor);
                    ways.map(|way| (*factor, way)).collect::<Vec<_>>()
                });
                let changes: Vec<Vec<Change>> = changes.collect();
                let changed = match &changes[..] {
                    [ways] => ways.iter().any(|way| play(&[*way]) != why.value),
                    several => {
                        groups[usize::from(several.len() > 2)] += 1;
                        let first: Vec<Change> = several.iter().map(|ways| ways[0]).collect();
                        for kept in &first {
                            let others = first.iter().copied().filter(|own| own != kept);
                            let others: Vec<Change> = others.collect();
                            assert_eq!(play(&others), why.value, "{place}: {kept:?} would do");
                        }
                        play(&first) != why.value
                    }
                };
                assert!(changed, "{place}: {:?} is named and does not matter", one.factors);
                named += 1;
            }
            proved += 1;
        }
    }
    // A few are known to matter, and it is not found with what else: the rows of a transcript count each other.
    assert!(alone <= 4, "{name}/{step}: {alone} factors in no group");
    [proved, named, groups[0], groups[1]]
}

#[test]
fn what_is_not_named_can_go_and_what_is_named_cannot_for_every_cell_of_every_scenario() {
    let library = Arc::new(library());
    let steps = asked(&library);
    let half = |at: usize| {
        let (library, steps) = (library.clone(), steps.clone());
        thread::spawn(move || {
            let own = steps.iter().skip(at).step_by(2);
            own.fold([0; 4], |sum, (name, step)| {
                let more = prove(&library, name, step);
                [0, 1, 2, 3].map(|at| sum[at] + more[at])
            })
        })
    };
    let halves = [half(0), half(1)].map(|half| half.join().expect("it is proved"));
    let [cells, named, pairs, groups] = [0, 1, 2, 3].map(|at| halves[0][at] + halves[1][at]);
    println!("{cells} cells, {named} things named, {pairs} pairs and {groups} larger groups");
    assert!(
        cells > 900 && named > 3_000 && pairs > 200 && groups > 0,
        "only {cells}, {named}, {pairs}, {groups}"
    );
}

/// The labels of replays: what decides each check, as the file keeps it.
#[test]
fn the_file_of_interpretations_is_what_leaving_out_finds() {
    let library = library();
    let names: Vec<String> = library.names().into_iter().map(str::to_owned).collect();
    let table = basis_table(&library, &names).expect("they can be replayed");
    for line in table.lines() {
        assert_eq!(line.matches(',').count(), 2, "`{line}` is read by its commas");
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
            for value in parameters.iter().map(|parameter| parameter.value.to_string()) {
                let target =
                    WhyTarget { row: vec![("activity_id".to_owned(), value)], column: None };
                let missing = experiment.missing(at, &target).expect("it can be played");
                let Some(conditions) = missing else { continue };
                rows += 1;
                causes.extend(conditions.iter().filter_map(|own| own.since));
                let failing: Vec<usize> =
                    (0..conditions.len()).filter(|at| !conditions[*at].holds).collect();
                for subset in 0..1_u32 << failing.len() {
                    let own = failing.iter().enumerate();
                    let dropped: Vec<usize> =
                        own.filter(|(bit, _)| subset >> bit & 1 == 1).map(|(_, at)| *at).collect();
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
            let sign = answer.rows.first().map(|row| row[0].to_string()).unwrap_or_default();
            if experiment.checks()[check].query != "connection_indicator" || sign == "green circle"
            {
                continue;
            }
            let why = experiment.why(check, &WhyTarget::default()).expect("it can be played");
            let named = named(&experiment, &why.named());
            assert!(named.contains(&sign), "{name}/{step}: {named:?}");
            assert_eq!(experiment.rests_on(&why), RestsOn::Extrapolated, "{name}/{step}");
            seen.insert(sign);
        }
    }
    assert_eq!(seen, BTreeSet::from(["red square".to_owned(), "triangle".to_owned()]));
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

/// A folder with scenarios of one's own, by name and text.
fn own(scenarios: &[(&str, &str)]) -> (tempfile::TempDir, Library) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in scenarios {
        fs::create_dir(folder.path().join(name)).expect("a folder");
        let file = folder.path().join(name).join("scenario.toml");
        fs::write(file, text).expect("a file");
    }
    let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
    (folder, library)
}

/// An experiment on a query at the end of a scenario.
fn at_the_end(library: &Library, name: &str, sql: &str) -> Experiment {
    let query = Query::of_text(sql, Dialect::Sqlite);
    Experiment::of_query(library, (name, None), &query, &ReplayOptions::default())
        .expect("it can be played")
}

/// The views of the platform model that say whether the note covers what they show.
fn views_with_a_situation() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/platform");
    let mut views = Vec::new();
    for file in fs::read_dir(folder).expect("a folder") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("text");
        for view in text.split("CREATE VIEW ").skip(1) {
            let (name, body) = view.split_once(" AS").expect("a view has a text");
            let body = body.split(";\n").next().unwrap_or_default();
            assert_eq!(body.contains("AS basis"), name == "rule", "{name}");
            if body.contains("AS situation") {
                views.push(name.to_owned());
            }
        }
    }
    assert!(views.len() > 12, "{views:?}");
    views
}

const SERVICES_AND_MESSAGING: &str = "title = \"Services and Messaging\"\ncontinues = \"baseline\"\n[[step]]\n\
     after = \"1 minute\"\nhappens = [\"services and messaging stop\", \"customer types 'a'\"]\n\
     [[step.check]]\nquery = \"message_fate\"\nrows = 3\nderived = \"three messages\"\n";

/// A view says whether the note covers the situation, in words of its own: the basis is what leaving out finds.
#[test]
fn no_view_says_documented_and_none_calls_servers_covered_that_the_note_does_not_name_together() {
    let (_folder, library) = own(&[("sm", SERVICES_AND_MESSAGING)]);
    for view in views_with_a_situation() {
        let sql =
            format!("SELECT DISTINCT situation FROM {view} WHERE situation IS NOT NULL ORDER BY 1");
        for name in library.names() {
            let experiment = at_the_end(&library, name, &sql);
            let answer = experiment.answer(0).expect("it can be asked");
            let words = answer.rows.iter().flatten().map(ToString::to_string);
            for word in words {
                let known = match name {
                    "sm" => word == "not covered",
                    _ => word == "covered" || word == "not covered",
                };
                assert!(known, "{name}: {view} says {word}");
            }
        }
    }
}

/// Where each rule is documented for its server alone, the result for both together is still our interpretation.
#[test]
fn a_result_for_servers_that_the_note_does_not_name_together_is_not_documented() {
    let (_folder, library) = own(&[("sm", SERVICES_AND_MESSAGING)]);
    let mut experiment = at_the_end(&library, "sm", "SELECT text, fate FROM message_fate");
    assert_eq!(experiment.uncovered(), Some("services and messaging"));
    let cases = [("a", RestsOn::Extrapolated), ("Hello", RestsOn::NoRule)];
    for (text, rests_on) in cases {
        let target = WhyTarget {
            row: vec![("text".to_owned(), text.to_owned())],
            column: Some("fate".to_owned()),
        };
        let why = experiment.why(0, &target).expect("it can be played");
        assert_eq!(experiment.rests_on(&why), rests_on, "{text}");
    }
    let (report, _) =
        replay(&library, &["sm".to_owned()], &ReplayOptions::default()).expect("it is played");
    let check = &report.runs[0].steps[0].checks[0];
    let remarks = &check.comparison.as_ref().expect("it is compared").remarks;
    let expected = not_covered("services and messaging");
    assert!(remarks.contains(&expected), "{remarks:?}");
    for name in library.names() {
        let experiment = at_the_end(&library, name, "SELECT 1");
        assert_eq!(experiment.uncovered().is_some(), name == "sm", "{name}");
    }
}

/// Of causes each of which is enough, all are named, however many they are.
#[test]
fn all_of_several_sufficient_causes_are_named() {
    for count in 2..=5 {
        let steps: String = (1..=count)
            .map(|at| {
                format!("[[step]]\nat = \"+00:0{at}:00\"\nhappens = [\"customer types 'x'\"]\n")
            })
            .collect();
        let text = format!("title = \"Alike\"\ncontinues = \"baseline\"\n{steps}");
        let (_folder, library) = own(&[("alike", &text)]);
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM message WHERE text = 'x') THEN 1 ELSE 0 END AS has";
        let mut experiment = at_the_end(&library, "alike", sql);
        let why = experiment.why(0, &WhyTarget::default());
        let why = why.expect("it can be played");
        let groups = why.decides.iter().filter(|one| one.factors.len() > 1);
        let groups: Vec<Vec<String>> =
            groups.map(|one| named(&experiment, &one.factors.iter().copied().collect())).collect();
        let expected: Vec<String> = (1..=count).map(|at| format!("alike/{}", at * 10)).collect();
        assert_eq!(groups, [expected]);
    }
}
