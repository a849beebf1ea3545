//! What a simulation says of each effect: what it rests on, as `why` says it, and why there is none.

use std::fs;

use chatdb::causes::{CAUSES, Cause, parse, parse_event};
use chatdb::invariant;
use chatdb::query::{Dialect, Query};
use chatdb::replay::ReplayOptions;
use chatdb::replay::simulate::{
    Course, LookReason, Merging, Scheduled, SearchEnd, Simulation, default_causes, label,
};
use chatdb::replay::why::{Experiment, WhyTarget};
use chatdb::report::RestsOn;
use chatdb::scenario::Library;

use crate::honesty::library;
use crate::simulate::{Series, start};

/// What everybody sees, with a key of one column.
const SEEN: &str = "SELECT party || '/' || subject || '/' || fact AS place, value, misleads FROM world_beside_window";

fn run(simulation: &Simulation, events: &[&str]) -> (Vec<Scheduled>, Course) {
    let events: Vec<_> =
        (events.iter()).map(|text| parse_event(text).expect("it is an event")).collect();
    let schedule = simulation.scheduled(&events).expect("they are in order");
    let course = simulation.run(&schedule, &[]).expect("it can be run");
    (schedule, course)
}

/// The scenario in which the same happens, and its last step is over.
fn as_scenario(simulation: &Simulation, schedule: &[Scheduled]) -> String {
    let mut text = "title = \"A\"\ncontinues = \"baseline\"\n".to_owned();
    for (at, cause) in schedule {
        let offset = simulation.offset(*at);
        let at = offset.as_str();
        let sentence = cause.words();
        text += &format!("[[step]]\nat = \"{at}\"\nhappens = [\"{sentence}\"]\n");
    }
    text
}

#[test]
fn an_effect_is_labelled_as_why_labels_it() {
    let schedules: [&[&str]; 8] = [
        &["+1:00 services stops"],
        &["+1:00 application stops"],
        &["+1:00 customer types 'Hi'"],
        &["+1:00 agent logs out"],
        &["+3:00 application stops", "+13:00 application starts", "+14:00 agent logs in"],
        &[
            "+1:00 services stops",
            "+2:00 agent logs out",
            "+3:00 services starts",
            "+4:00 agent logs in",
        ],
        &[
            "+1:00 messaging and application stop",
            "+2:00 agent opens the case tab",
            "+9:00 customer leaves",
        ],
        &["+1:00 messaging stops", "+2:00 messaging starts", "+3:00 agent completes the chat"],
    ];
    let simulation = start();
    let (mut documented, mut extrapolated, mut without) = (0, 0, 0);
    for events in schedules {
        let (schedule, mut course) = run(&simulation, events);
        label(&library(), ("baseline", None), &ReplayOptions::default(), &schedule, &mut course)
            .expect("it can be labelled");
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("own")).expect("a folder");
        fs::write(folder.path().join("own/scenario.toml"), as_scenario(&simulation, &schedule))
            .expect("a file");
        let own = Library::new(vec![folder.path().to_owned()]).expect("a library");
        let query = Query::of_text(SEEN, Dialect::Sqlite);
        let mut experiment =
            Experiment::of_query(&own, ("own", None), &query, &ReplayOptions::default())
                .expect("it can be asked");
        let is_last = |reason: &LookReason| *reason == LookReason::Cause(schedule.len() - 1);
        let look = course.looks.iter().find(|look| is_last(&look.reason)).expect("the last event");
        for change in &look.changes {
            let (Some(fact), Some(basis)) = (&change.after, change.basis) else {
                continue;
            };
            let place = format!("{}/{}/{}", fact.party, fact.subject, fact.fact);
            let known = experiment.answer(0).expect("it is asked");
            if !known.rows.iter().any(|row| row[0].to_string() == place) {
                continue;
            }
            let target = WhyTarget { row: vec![("place".to_owned(), place.clone())], column: None };
            let why = experiment.why(0, &target).expect("it can be played");
            let says = experiment.rests_on(&why).words();
            assert_eq!(basis.words(), says, "{events:?}: {place}");
            match says {
                "documented" => documented += 1,
                "no rule" => without += 1,
                _ => extrapolated += 1,
            }
        }
    }
    assert!(
        documented >= 2 && extrapolated >= 5 && without >= 1,
        "{documented}, {extrapolated}, {without}"
    );
}

/// What is not determined is not called documented.
#[test]
fn of_a_long_schedule_the_first_effects_are_labelled() {
    let simulation = start();
    let events: Vec<&str> = (0..200)
        .map(|at| {
            ["messaging stops", "customer types 'Hi'", "messaging starts", "agent types 'Yes'"]
                [at % 4]
        })
        .collect();
    let (schedule, mut course) = run(&simulation, &events);
    label(&library(), ("baseline", None), &ReplayOptions::default(), &schedule, &mut course)
        .expect("it can be labelled");
    let bases: Vec<&str> = (course.looks.iter())
        .flat_map(|look| &look.changes)
        .filter_map(|change| change.basis)
        .map(RestsOn::words)
        .collect();
    let first = bases.iter().position(|basis| *basis == "not determined").expect("it is long");
    assert!(first > 10, "{first}");
    assert!(bases[first..].iter().all(|basis| *basis == "not determined"));
    assert!(bases[..first].contains(&"documented"));
}

#[test]
fn an_event_without_an_effect_says_why() {
    let down = "+1:00 application stops";
    let added = "agent 1004 is added";
    let cases: &[(&[&str], &str, &str)] = &[
        (&[down], "application stops", "application is already down"),
        (
            &[down, "services stops"],
            "services and application stop",
            "services is already down, application is already down",
        ),
        (&[], "messaging starts", "messaging is already up"),
        (&["customer leaves"], "customer leaves", "the customer has already left"),
        (&[], "agent logs in", "the agent is already logged in"),
        (
            &["agent logs out", down],
            "agent logs in",
            "nobody can log in while the Application server is down",
        ),
        (&["agent logs out"], "agent logs out", "the agent is not logged in"),
        (&[added], "agent 1004 opens the inbox", "the agent is not logged in"),
        (&[added], "agent 1004 opens the chat", "it is assigned to agent 1003"),
        (&["agent completes the chat"], "agent completes the chat", "it is already completed"),
        (&["agent logs out"], "agent completes the chat", "the agent is not logged in"),
        (&[down], "agent completes the chat", "the Application server is down"),
        (&[added], "agent 1004 completes the chat", "it is assigned to agent 1003"),
        (
            &[down, "customer asks for chat 1348"],
            "agent completes chat 1348",
            "chat 1348 is not in the database",
        ),
        (
            &[down, "customer asks for chat 1348"],
            "agent opens chat 1348",
            "chat 1348 is not in the database",
        ),
        (
            &["customer asks for chat 1348"],
            "agent opens chat 1348",
            "it is not assigned to an agent",
        ),
        (
            &["services stops", "e-mail 1190 arrives"],
            "agent answers e-mail 1190 with 'x'",
            "e-mail 1190 has not been fetched",
        ),
        (
            &["e-mail 1190 arrives"],
            "agent answers e-mail 1190 with 'x'",
            "it is not assigned to an agent",
        ),
        (
            &[added, "agent 1004 logs in"],
            "agent 1004 answers e-mail 1187",
            "it is assigned to agent 1003",
        ),
        (&[added], "agent transfers the chat to agent 1004", "agent 1004 is not logged in"),
        (&[], "agent transfers the chat to agent 1003", "agent 1003 has the chat already"),
        (
            &["agent answers the e-mail"],
            "agent answers the e-mail",
            "the reply already has this text",
        ),
        (&["agent logs out"], "agent answers the e-mail", "the agent is not logged in"),
    ];
    let simulation = start();
    let mut forms = Vec::new();
    for (before, event, reason) in cases {
        let events = [*before, &[*event]].concat();
        let (schedule, course) = run(&simulation, &events);
        let last = |reason: &LookReason| *reason == LookReason::Cause(events.len() - 1);
        let look = course.looks.iter().find(|look| last(&look.reason)).expect("it is looked at");
        assert_eq!((look.changes.len(), look.idle.as_str()), (0, *reason), "{events:?}");
        forms.push(schedule[events.len() - 1].1.form().words);
    }
    for form in CAUSES {
        assert_eq!(forms.contains(&form.words), !form.idle.is_empty(), "{}", form.words);
    }
}

/// Whatever happens: an event changes something that is shown, or it says why it does not.
#[test]
fn no_event_is_silent() {
    let more = [
        "customer asks for chat",
        "e-mail arrives",
        "agent answers the e-mail",
        "agent opens the inbox",
        "agent transfers the chat to agent 1004",
        "agent 1004 logs in",
        "agent 1004 opens the chat",
        "agent 1004 completes the chat",
        "all servers stop",
        "all servers start",
    ];
    let more = more.iter().map(|text| parse(text).expect("it is a cause"));
    let causes: Vec<Cause> = default_causes().into_iter().chain(more).collect();
    let simulation = start();
    let mut series = Series(11);
    let (mut silent, mut looks) = (0, 0);
    for _ in 0..60 {
        let added = parse("agent 1004 is added").expect("it is a cause");
        let mut schedule = vec![(simulation.now_ms() + 1_000, added)];
        for _ in 0..12 {
            let gap = [1_000, 31_000, 200_000][series.below(3)];
            let at = schedule.last().expect("it has one").0 + gap;
            schedule.push((at, causes[series.below(causes.len())].clone()));
        }
        let course = simulation.run(&schedule, &[]).expect("it can be run");
        for look in &course.looks {
            let is_empty = look.changes.is_empty();
            assert_eq!(is_empty, !look.idle.is_empty(), "{:?} in {schedule:?}", look.reason);
            silent += usize::from(is_empty);
            looks += 1;
        }
    }
    assert!(silent > 50 && looks > 700, "{silent} of {looks}");
}

#[test]
fn what_is_added_or_arrives_is_shown() {
    let simulation = start();
    let (_, course) = run(
        &simulation,
        &[
            "e-mail 1190 arrives",
            "agent 1004 is added as 'JSmith'",
            "queue 1005 is added as 'SALES'",
        ],
    );
    let shown: Vec<String> = (course.looks.iter())
        .flat_map(|look| &look.changes)
        .filter_map(|change| change.after.as_ref())
        .map(|fact| format!("{} {} {}: {}", fact.party, fact.subject, fact.fact, fact.value))
        .collect();
    assert_eq!(
        shown,
        [
            "database 1190 E-mail row: 4000 / 4100, not assigned",
            "database 1004 User row: JSmith",
            "database 1005 Queue row: SALES",
        ]
    );
}

/// Whether the state is so at a look of the schedule.
fn comes(events: &[&str], state: &str) -> bool {
    let simulation = start();
    let never = invariant::invariant(&format!("never {state}")).expect("it is a state");
    let events: Vec<_> = events.iter().map(|text| parse_event(text).expect("it is one")).collect();
    let schedule = simulation.scheduled(&events).expect("they are in order");
    let course = simulation.run(&schedule, &[never]).expect("it can be run");
    course.broken.is_some()
}

#[test]
fn a_warning_comes_in_a_chat_that_began_long_after_the_server_had_stopped() {
    let (_, course) =
        run(&start(), &["+1:00 messaging stops", "+5:00 customer asks for chat 1348"]);
    let warned = course
        .looks
        .iter()
        .flat_map(|look| look.changes.iter().map(move |change| (look.at_ms, change)));
    let warned = warned.filter_map(|(at, change)| change.after.as_ref().map(|fact| (at, fact)));
    let mut own = warned
        .filter(|(_, fact)| fact.subject == "1348" && fact.fact.starts_with("Notice: Some of"));
    let (at, _) = own.next().expect("the customer is warned");
    assert_eq!(start().offset(at), "+00:05:30");
}

#[test]
fn a_waiting_chat_can_lose_its_session() {
    let waits = ["agent completes chat", "agent logs out", "customer asks for chat 1348"];
    assert!(!comes(&waits, "session lost"));
    assert!(comes(&[&waits[..], &["application stops"]].concat(), "session lost"));
}

#[test]
fn an_agent_who_is_told_that_the_customer_left_is_not_misled() {
    assert!(!comes(&["customer leaves"], "phantom"));
    assert!(comes(&["application stops"], "phantom"));
    let (schedule, mut course) = run(&start(), &["customer leaves"]);
    label(&library(), ("baseline", None), &ReplayOptions::default(), &schedule, &mut course)
        .expect("it can be labelled");
    let mut changes = course.looks[0].changes.iter().filter_map(|change| {
        let after = change.after.as_ref()?;
        Some((after, change.basis))
    });
    let (list, basis) = changes.find(|(fact, _)| fact.fact == "Agent's list").expect("it changes");
    assert_eq!((list.value.as_str(), list.misleads), ("green circle, Customer exited chat", false));
    assert_eq!(basis, Some(RestsOn::Extrapolated), "no customer leaves in the note");
}

#[test]
fn a_waiting_chat_is_found_without_naming_a_cause() {
    let waits = invariant::condition("chat waits").expect("it is a state");
    let found = start().find(&waits, &default_causes(), (1_000, 2), Merging::Merged);
    let SearchEnd::Found(found) = found.expect("it can be searched") else {
        panic!("a customer asks for a chat");
    };
    assert_eq!(found.schedule.len(), 1);
    assert_eq!(found.schedule[0].1.words(), "customer asks for chat");
}

#[test]
fn what_a_customer_was_told_stays_when_the_server_stops_again_at_once() {
    let (_, course) = run(
        &start(),
        &["+1:00 application stops", "+1:00 application starts", "+1:00 application stops"],
    );
    let changes = course.looks.iter().flat_map(|look| &look.changes);
    let gone =
        changes.filter(|change| change.after.is_none()).filter_map(|change| change.before.as_ref());
    let told: Vec<_> = gone.filter(|fact| fact.fact.starts_with("Notice")).collect();
    assert!(told.is_empty(), "{told:?}");
}

/// A chat goes only to an agent who receives activities, so that nobody is shown a lost connection of a chat that is
/// well; and where somebody is, it is called false.
#[test]
fn a_chat_is_not_given_to_an_agent_whose_log_in_is_cut_off() {
    let events = [
        "agent 1004 is added",
        "agent 1004 logs in",
        "+1:00 application stops",
        "+1:30 application starts",
        "agent 1004 logs in",
        "customer asks for chat 1348",
        "agent 1004 opens chat 1348",
        "agent 1004 transfers chat 1348 to agent 1003",
    ];
    let (_, course) = run(&start(), &events);
    let reasons: Vec<&str> = course.looks.iter().map(|look| look.idle.as_str()).collect();
    assert!(reasons.contains(&"agent 1003 must log in again first"), "{reasons:?}");
}

/// A reason names the servers that are down then, and no server that is up again.
#[test]
fn a_reason_names_servers_that_are_down_alone() {
    let (complete, transfer) =
        ("agent 1003 completes chat 1347", "agent 1003 transfers chat 1347 to agent 1004");
    let again = "the agent must log in again first";
    let other = "agent 1004 must log in again first";
    let down = "agent 1004 cannot receive it: the";
    for (events, last, reason) in [
        (&["+1:00 services stops"][..], transfer, format!("{down} Services server is down")),
        (&["+1:00 services stops", "+2:00 services starts"], transfer, other.to_owned()),
        (
            &["+1:00 services stops", "messaging stops", "services starts"],
            transfer,
            format!("{down} Messaging server is down"),
        ),
        (&["+1:00 application stops"], complete, "the Application server is down".to_owned()),
        (&["+1:00 application stops", "application starts"], complete, again.to_owned()),
        (&["+1:00 application stops", "application starts"], transfer, again.to_owned()),
    ] {
        let before = ["agent 1004 is added", "agent 1004 logs in"];
        let events = [&before[..], events, &[last]].concat();
        let (_, course) = run(&start(), &events);
        let reasons: Vec<&str> = course.looks.iter().map(|look| look.idle.as_str()).collect();
        assert!(reasons.contains(&reason.as_str()), "{events:?}: {reasons:?}");
    }
}
