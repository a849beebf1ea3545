//! What a simulation shows: nothing changes between two looks, every order is grouped rightly, a search finds the
//! shortest schedule, and what breaks an invariant is as small as can be.

use std::collections::BTreeSet;

use chatdb::causes::{Cause, TimedCause, parse_event};
use chatdb::invariant::{self, STATES};
use chatdb::replay::ReplayOptions;
use chatdb::replay::simulate::{
    LookReason, Merging, Scheduled, SearchEnd, Simulation, SimulationError, default_causes,
};

use crate::honesty::{library, ten};

/// Where all scenarios start.
pub fn start() -> Simulation {
    let library = library();
    let names = library.names();
    let first = names.iter().find(|name| {
        let scenario = library.get(name).expect("it is valid");
        scenario.continues.is_none()
    });
    from(first.expect("all start somewhere"))
}

fn from(scenario: &str) -> Simulation {
    Simulation::new(&library(), scenario, None, &ReplayOptions::default())
        .expect("it can be started from")
}

fn events(texts: &[&str]) -> Vec<TimedCause> {
    texts.iter().map(|text| parse_event(text).expect("it is an event")).collect()
}

/// Numbers without a pattern, the same in each run.
pub struct Series(pub u64);

impl Series {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % n
    }
}

/// A schedule of any causes, with gaps on both sides of each threshold.
fn schedule(simulation: &Simulation, series: &mut Series) -> Vec<Scheduled> {
    const GAPS: [i64; 9] = [1, 10, 29, 30, 31, 59, 61, 179, 400];
    let causes = default_causes();
    let mut at = simulation.now_ms();
    (0..10)
        .map(|_| {
            at += GAPS[series.below(GAPS.len())] * 1000;
            (at, causes[series.below(causes.len())].clone())
        })
        .collect()
}

#[test]
fn between_two_looks_nothing_changes() {
    let simulation = start();
    let mut series = Series(7);
    let (mut random_looks, mut thresholds) = (0, 0);
    for _ in 0..25 {
        let schedule = schedule(&simulation, &mut series);
        let course = simulation.run(&schedule, &[]).expect("it can be run");
        let is_threshold = |reason: &LookReason| matches!(reason, LookReason::Threshold);
        thresholds += course.looks.iter().filter(|look| is_threshold(&look.reason)).count();
        let looks: BTreeSet<i64> = course.looks.iter().map(|look| look.at_ms).collect();
        let last = schedule.last().expect("ten events").0 + 400_000;
        let span = usize::try_from(last - simulation.now_ms()).expect("it is short");
        let between: BTreeSet<i64> = (0..40)
            .map(|_| simulation.now_ms() + i64::try_from(series.below(span)).expect("it is short"))
            .collect();
        let times: BTreeSet<i64> =
            looks.iter().chain(&between).copied().chain([simulation.now_ms()]).collect();
        let seen = simulation.seen_at(&schedule, &times).expect("it can be run");
        let at = |time: i64| &seen.iter().find(|(at, _)| *at == time).expect("it was looked at").1;
        for time in between {
            let anchor = looks.range(..=time).next_back().copied().unwrap_or(simulation.now_ms());
            assert_eq!(
                at(time),
                at(anchor),
                "{} and {}",
                simulation.offset(time),
                simulation.offset(anchor)
            );
            random_looks += 1;
        }
    }
    assert!(random_looks >= 1_000 - 10 && thresholds > 25, "{random_looks}, {thresholds}");
}

/// A threshold is looked at only where something changes, and something does change.
#[test]
fn a_look_at_a_threshold_shows_a_change() {
    let simulation = start();
    let events =
        events(&["+3:00 application stops", "+13:00 application starts", "+14:00 agent logs in"]);
    let schedule = simulation.scheduled(&events).expect("they are in order");
    let course = simulation.run(&schedule, &[]).expect("it can be run");
    let shown: Vec<String> = (course.looks.iter())
        .map(|look| {
            let reason = match &look.reason {
                LookReason::Cause(place) => schedule[*place].1.words().to_owned(),
                LookReason::Threshold => {
                    let times = look.changes.iter().flat_map(|change| &change.times);
                    let times: BTreeSet<&str> = times.map(String::as_str).collect();
                    format!("({})", times.into_iter().collect::<Vec<_>>().join(", "))
                }
            };
            format!("{} {reason}: {}", simulation.offset(look.at_ms), look.changes.len())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "+00:03:00 application stops: 4",
            "+00:03:30 (triangle): 3",
            "+00:06:00 (a few minutes, red square): 2",
            "+00:13:00 application starts: 2",
            "+00:14:00 agent logs in: 4",
        ]
    );
}

/// The scenarios whose own steps stop all three servers.
fn with_all_servers_down() -> Vec<String> {
    let library = library();
    let stops = |name: &String| {
        let scenario = library.get(name).expect("it is valid");
        let scripts = scenario.steps.iter().filter_map(|step| step.script.as_ref());
        scripts.map(|script| script.sql.matches("'stops'").count()).sum::<usize>() == 3
    };
    ten().into_iter().filter(stops).collect()
}

#[test]
fn twenty_four_orders_of_a_restart_have_three_outcomes() {
    let names = with_all_servers_down();
    assert_eq!(names.len(), 1);
    let simulation = from(&names[0]);
    let events =
        events(&["application starts", "services starts", "messaging starts", "agent logs in"]);
    let outcomes = simulation.all_orders(&events).expect("they can be put in order");
    let groups = &outcomes.groups;
    let sizes: Vec<usize> = groups.iter().map(|group| group.orders.len()).collect();
    assert_eq!(sizes, [12, 8, 4]);
    let before = |order: &[usize], (first, second): (usize, usize)| {
        let place = |event| order.iter().position(|own| *own == event);
        place(first) < place(second)
    };
    for group in groups {
        assert!(!group.outcome.is_empty() && !group.because.is_empty());
        for other in groups {
            for order in &other.orders {
                let follows = group.because.iter().all(|pair| before(order, *pair));
                assert_eq!(follows, group == other, "{order:?}");
            }
        }
    }
    // Every server that the agent's console needs is back before the agent logs in.
    assert_eq!(groups[1].because, [(0, 3), (1, 3)]);
    // The session is lost in all of them, whatever the agent is shown.
    for group in groups {
        let mut outcome = group.outcome.iter();
        let list = outcome.find(|fact| fact.fact == "Agent's list");
        let list = list.expect("it differs");
        assert_eq!(list.misleads, list.value.starts_with("green circle"));
    }
    let mut shared = outcomes.everywhere.iter();
    assert!(shared.any(|fact| fact.fact == "Notice: Your session has been lost."));
}

/// States with a name, and some that have none.
fn wanted() -> Vec<String> {
    let own = [
        "(SELECT count(*) FROM delivery WHERE delivered = 0) = 2",
        "EXISTS (SELECT 1 FROM agent_popups) AND NOT EXISTS (SELECT 1 FROM agent_console)",
        "EXISTS (SELECT 1 FROM customer_leaves) AND EXISTS (SELECT 1 FROM outage WHERE started_at IS NOT NULL)",
        "EXISTS (SELECT 1 FROM agent_login WHERE ended_by = 'log-out')",
    ];
    let named = STATES.iter().map(|state| state.name);
    named.chain(own).map(str::to_owned).collect()
}

#[test]
fn a_search_that_merges_states_finds_what_one_that_does_not_finds() {
    let simulation = start();
    let all = default_causes();
    let fewer: Vec<Cause> =
        [0, 1, 4, 6, 7, 9, 10, 12, 13].map(|at: usize| all[at].clone()).to_vec();
    let (mut found, mut exhausted) = (0, 0);
    for text in wanted() {
        let condition = invariant::condition(&text).expect("it is a state");
        let find = |merging| {
            simulation
                .find(&condition, &fewer, (usize::MAX, 3), merging)
                .expect("it can be searched")
        };
        match (find(Merging::Merged), find(Merging::Unmerged)) {
            (SearchEnd::Found(merged), SearchEnd::Found(unmerged)) => {
                assert_eq!(merged.schedule, unmerged.schedule, "{text}");
                assert_eq!(merged.at_ms, unmerged.at_ms, "{text}");
                found += 1;
            }
            (SearchEnd::Exhausted { states, .. }, SearchEnd::Exhausted { states: all, .. }) => {
                assert!(states < all, "{text}: {states} of {all} are merged");
                exhausted += 1;
            }
            (merged, unmerged) => panic!("{text}: {merged:?} and {unmerged:?}"),
        }
    }
    assert!(found >= 12 && exhausted >= 1, "{found}, {exhausted}");
}

#[test]
fn a_search_says_when_it_has_looked_at_as_many_states_as_it_may() {
    let simulation = start();
    let never = invariant::condition("(SELECT count(*) FROM outage) = 99").expect("it is SQL");
    let end = simulation.find(&never, &default_causes(), (50, 9), Merging::Merged);
    assert_eq!(end.expect("it can be searched"), SearchEnd::TooMany { states: 50, depth: 1 });
}

#[test]
fn what_breaks_an_invariant_is_shrunk_until_nothing_can_be_left_out() {
    let simulation = start();
    let broken_by_three =
        ["never session in progress", "always all servers up until chat completed"];
    for (text, left) in broken_by_three.into_iter().zip([3, 1]) {
        let own = [invariant::invariant(text).expect("it is one")];
        let random = || simulation.random(&default_causes(), &own, 500, 3).expect("it can be run");
        let broken = random().expect("it is broken");
        assert_eq!(Some(&broken), random().as_ref(), "the same seed is the same search");
        assert_eq!(broken.schedule.len(), left, "{text}: {:?}", broken.schedule);
        for at in 0..broken.schedule.len() {
            let mut fewer = broken.schedule.clone();
            fewer.remove(at);
            let course = simulation.run(&fewer, &own).expect("it can be run");
            assert_eq!(course.broken, None, "{text} without {at}");
        }
    }
    let holds =
        [invariant::invariant("never (SELECT count(*) FROM situation) <> 1").expect("it is one")];
    let none = simulation.random(&default_causes(), &holds, 20, 3).expect("it can be run");
    assert_eq!(none, None);
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let simulation = start();
    let early = simulation.scheduled(&events(&["+3:00 agent logs in", "+2:00 agent logs out"]));
    assert_eq!(
        early.expect_err("it is too early").to_string(),
        "`agent logs out` at +00:02:00 is too early: the clock is already at +00:03:00"
    );
    let nobody = events(&["customer types 'Hi' in chat 7"]);
    let nobody = simulation.run(&simulation.scheduled(&nobody).expect("in order"), &[]);
    assert_eq!(
        nobody.expect_err("there is no such chat").to_string(),
        "`customer types 'Hi' in chat 7` cannot happen at +00:00:30: no such chat; there is 1347"
    );
    let bad = invariant::condition("nonsense = 1").expect("it looks like SQL");
    assert!(matches!(simulation.check(&[&bad]), Err(SimulationError::Condition { .. })));
    let error = |text: &str| parse_event(text).expect_err(text).to_string();
    for text in
        ["+3:5 agent logs in", "3:00 agent logs in", "+3 agent logs in", "+1:99:00 agent logs in"]
    {
        let time = text.split(' ').next().expect("a word");
        let message =
            format!("`{time}` is not a time: expected `+M:SS` or `+H:MM:SS`, such as `+3:00`");
        assert_eq!(error(text), message);
    }
    let misspelt = invariant::invariant("never fantom").expect_err("it is none");
    assert_eq!(misspelt.to_string(), "`fantom` is neither a known state nor a condition in SQL");
}

#[test]
fn an_invariant_is_read_as_it_is_written() {
    let lines = "# what must be\nnever phantom\n\nalways (SELECT 1) = 1 until chat completed\nalways all servers up\n";
    let read = invariant::invariants(lines).expect("they are invariants");
    let again: Vec<String> = read.iter().map(invariant::Invariant::text).collect();
    assert_eq!(
        again,
        ["never phantom", "always (SELECT 1) = 1 until chat completed", "always all servers up"]
    );
    let wrong = invariant::invariants("never\nsometimes phantom\n").expect_err("they are none");
    assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2]);
}

/// The rows of a course that are about these facts, with their time, their time rules and their new value.
fn rows_of(events_of: &[&str], facts: &[&str]) -> Vec<String> {
    let simulation = start();
    let schedule = simulation.scheduled(&events(events_of));
    let course = simulation.run(&schedule.expect("they are in order"), &[]);
    let mut rows = Vec::new();
    for look in course.expect("it can be run").looks {
        for change in look.changes {
            let fact = change.after.as_ref().or(change.before.as_ref());
            let fact = fact.expect("a change has a fact");
            if facts.contains(&fact.fact.as_str()) {
                let value = change.after.as_ref().map_or("", |after| &after.value);
                let at = simulation.offset(look.at_ms);
                rows.push(format!("{at} ({}) {value}", change.times.join(", ")));
            }
        }
    }
    rows
}

/// Of the times that end at one moment, a change names those without which it does not come.
#[test]
fn a_change_names_the_times_that_make_it() {
    let list = "Agent's list";
    let told = "Notice: There are connection issues.";
    let cases: [(&[&str], &str, &[&str]); 4] = [
        (
            &["+3:00 messaging stops"],
            list,
            &[
                "+00:03:30 (triangle) triangle, Waiting for you to reply",
                "+00:06:00 (red square) red square, Customer not connected",
            ],
        ),
        (
            &["+3:00 application stops", "+5:59 application starts"],
            list,
            &[
                "+00:03:00 () green circle, Waiting for you to reply",
                "+00:03:30 (triangle) triangle, Waiting for you to reply",
                "+00:06:00 (red square) red square, Customer not connected",
            ],
        ),
        (&["+3:00 application stops"], told, &["+00:06:00 (a few minutes) shown"]),
        (
            &[
                "+3:00 messaging and application stop",
                "+3:30 agent opens the case tab",
                "+4:00 messaging stops",
            ],
            "Agent's console",
            &["+00:03:00 () must log in again", "+00:04:30 (desktop time-out) timed out"],
        ),
    ];
    for (events, fact, expected) in cases {
        assert_eq!(rows_of(events, &[fact]), expected, "{events:?}");
    }
}

/// A pop-up is an event: one that comes again is shown again.
#[test]
fn each_pop_up_is_shown() {
    let again = "Session in Progress";
    let inbox = "The Inbox cannot be loaded: no answer from application";
    let outage = ["application stops", "application starts", "agent logs in"];
    let cases: [(&[&str], &[String]); 3] = [
        (
            &[outage, outage].concat(),
            &[format!("+00:00:50 () {again}"), format!("+00:01:20 () {again}")],
        ),
        (
            &["application stops", "agent opens inbox", "agent opens inbox"],
            &[format!("+00:00:40 () {inbox}"), format!("+00:00:50 () {inbox}")],
        ),
        (&["agent logs in"], &[]),
    ];
    for (events, expected) in cases {
        assert_eq!(rows_of(events, &["Pop-up"]), expected, "{events:?}");
    }
}
