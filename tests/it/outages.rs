//! Outages that are detected by what should have happened: a site of two application servers over two weeks, made by a
//! small simulation, with one server taken away and without.

use std::collections::BTreeMap;

use chatdb::analysis::outage::counts::{EventKind, counts};
use chatdb::analysis::outage::{CompletedChat, History, OutageWindow, Work, detect};
use chatdb::analysis::{Outage, Server};

use crate::planted::Random;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday.
const START: i64 = 20_416 * DAY;
const DAYS: i64 = 12;

/// What is down, from when and to when.
#[derive(Clone, Copy)]
struct Down {
    what: &'static str,
    from: i64,
    to: i64,
}

/// Forty agents on two servers answer some 400 chats a day between eight and eighteen.
fn site(seed: u64, down: Option<Down>) -> History {
    let mut random = Random::new(seed);
    let mut history = History {
        assigned: Some(Vec::new()),
        since: START,
        until: START + (DAYS - 1) * DAY + 17 * HOUR,
        ..History::default()
    };
    let mut free: Vec<i64> = vec![START; 40];
    let is = |what: &str, at: i64| {
        down.is_some_and(|down| down.what == what && at >= down.from && at < down.to)
    };
    let mut acts: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for day in (0..DAYS).filter(|day| day % 7 < 5) {
        let mut arrivals: Vec<i64> =
            (0..400).map(|_| START + day * DAY + 8 * HOUR + random.below(10 * HOUR)).collect();
        arrivals.sort_unstable();
        for created in arrivals {
            if created > history.until || is("all", created) {
                continue;
            }
            history.arrivals.push(created);
            history.chats.push(created);
            let begins = match down {
                Some(down)
                    if ["services", "all"].contains(&down.what)
                        && created >= down.from
                        && created < down.to =>
                {
                    down.to + random.below(MINUTE)
                }
                _ => created + 2000,
            };
            // Agents of even numbers are on 43app.
            let able = |agent: &usize| !(agent.is_multiple_of(2) && is("host", begins));
            let idle: Vec<usize> =
                (0..free.len()).filter(|agent| able(agent) && free[*agent] <= begins).collect();
            let chosen = random.below(i64::try_from(idle.len().max(1)).expect("few"));
            let chosen = idle.get(usize::try_from(chosen).expect("few")).copied();
            let first = || (0..free.len()).filter(able).min_by_key(|agent| free[*agent]);
            let agent = chosen.or_else(first).expect("there are forty");
            let host = if agent % 2 == 0 { "43app" } else { "44app" };
            let begun = begins.max(free[agent]);
            let mut ended = begun + (2 + random.below(12)) * MINUTE;
            if let Some(down) = down
                && (down.what == "all" || (down.what == "host" && host == "43app"))
                && begun < down.to
                && ended >= down.from
            {
                ended = down.to + (1 + random.below(10)) * MINUTE;
            }
            free[agent] = ended;
            if begun > history.until {
                continue;
            }
            let number = i64::try_from(agent).expect("few");
            history.assigned.get_or_insert_default().push(begun);
            history.work.entry(host.to_owned()).or_default().push(Work {
                begun,
                ended: (ended <= history.until).then_some(ended),
                agent: number,
                is_chat: true,
            });
            if ended > history.until {
                continue;
            }
            history.completed.push(ended);
            acts.entry(host.to_owned())
                .or_default()
                .extend([(begun + 5000, number), (ended, number)]);
            let last = ended - 10_000 - random.below(MINUTE);
            // What would be said without Messaging is not: the last word is from before, if there was one.
            let cut = down
                .filter(|_| is("messaging", last))
                .map_or(last, |down| down.from - random.below(MINUTE));
            let said = (cut > begun).then_some(cut);
            history.said.extend(said);
            history.talks.push(CompletedChat { begun, ended, said });
        }
    }
    for times in [&mut history.completed, &mut history.said] {
        times.sort_unstable();
    }
    history.assigned.as_mut().expect("it was made").sort_unstable();
    history.work.values_mut().for_each(|work| work.sort_unstable());
    acts.values_mut().for_each(|acts| acts.sort_unstable());
    history.acts = acts;
    history
}

fn told(window: &OutageWindow) -> (Vec<Server>, Option<&str>) {
    (window.servers.clone(), window.host.as_deref())
}

#[test]
fn an_outage_of_each_kind_is_detected_with_its_time_and_no_healthy_twin_has_one() {
    let cases = [
        ("services", vec![Server::Services], None),
        ("host", vec![Server::Application], Some("43app")),
        ("messaging", vec![Server::Messaging], None),
        ("all", vec![Server::Application], None),
    ];
    for seed in 1..=5 {
        assert_eq!(detect(&site(seed, None)), [], "{seed}");
        for (what, servers, host) in cases.clone() {
            let from =
                START + 8 * DAY + 10 * HOUR + i64::try_from(seed).expect("few") * 17 * MINUTE;
            let down = Down { what, from, to: from + 45 * MINUTE };
            let found = detect(&site(seed, Some(down)));
            let [window] = &found[..] else {
                panic!("{what} {seed}: {found:?}");
            };
            assert_eq!(told(window), (servers, host), "{what} {seed}");
            let near = |at: i64, truth: i64| (at - truth).abs() < 8 * MINUTE;
            let to = window.to.expect("it is over");
            assert!(near(window.from, down.from) && near(to, down.to), "{what} {seed}: {window:?}");
        }
    }
}

#[test]
fn an_outage_that_goes_on_has_no_end_and_a_short_one_in_quiet_hours_is_not_guessed() {
    let until = START + (DAYS - 1) * DAY + 17 * HOUR;
    let down = Down { what: "services", from: until - 50 * MINUTE, to: until + HOUR };
    let found = detect(&site(3, Some(down)));
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), [(vec![Server::Services], None)]);
    assert_eq!(found[0].to, None);
    let short = Down {
        what: "all",
        from: START + 8 * DAY + 12 * HOUR,
        to: START + 8 * DAY + 12 * HOUR + 3 * MINUTE,
    };
    assert_eq!(detect(&site(3, Some(short))), []);
    assert_eq!(detect(&History::default()), []);
}

/// Keeps of a history what is at a time that `kept` says yes to.
fn only(history: &History, kept: impl Fn(i64) -> bool) -> History {
    let mut history = history.clone();
    for times in
        [&mut history.arrivals, &mut history.chats, &mut history.completed, &mut history.said]
    {
        times.retain(|at| kept(*at));
    }
    if let Some(assigned) = &mut history.assigned {
        assigned.retain(|at| kept(*at));
    }
    for acts in history.acts.values_mut() {
        acts.retain(|(at, _)| kept(*at));
    }
    for work in history.work.values_mut() {
        work.retain(|work| kept(work.begun) && work.ended.is_none_or(&kept));
    }
    history.talks.retain(|talk| kept(talk.begun) && kept(talk.ended));
    history
}

#[test]
fn healthy_rows_that_are_cut_or_lack_something_show_no_outage() {
    let day_of = |at: i64| (at - START).div_euclid(DAY);
    for seed in 1..=4 {
        let whole = site(seed, None);
        let holiday = only(&whole, |at| day_of(at) != 8);
        assert_eq!(detect(&holiday), [], "{seed}: a holiday");
        let one_day = History { since: START + 9 * DAY, ..only(&whole, |at| day_of(at) == 9) };
        assert_eq!(detect(&one_day), [], "{seed}: one day");
        let selection = History { since: START + 10 * DAY, ..only(&whole, |at| day_of(at) >= 10) };
        assert_eq!(detect(&selection), [], "{seed}: the newest rows");
        let no_events = History { assigned: None, ..whole.clone() };
        assert_eq!(detect(&no_events), [], "{seed}: without events");
        let no_hosts = History {
            acts: BTreeMap::from([(
                String::new(),
                whole.acts.values().flatten().copied().collect::<Vec<_>>(),
            )]),
            ..whole.clone()
        };
        let mut no_hosts = no_hosts;
        no_hosts.acts.values_mut().for_each(|acts| acts.sort_unstable());
        assert_eq!(detect(&no_hosts), [], "{seed}: without servers");
        // The early shift goes home at one, and the late one comes at two.
        let between = |at: i64| (at - START).rem_euclid(DAY) / HOUR == 13;
        let shifts = only(&whole, |at| !between(at));
        assert_eq!(detect(&shifts), [], "{seed}: between shifts");
    }
}

#[test]
fn two_outages_are_two_windows() {
    let first = START + 4 * DAY + 11 * HOUR;
    let whole = site(6, None);
    let down = |at: i64| at >= first && at < first + HOUR;
    let second = |at: i64| at >= first + 5 * DAY && at < first + 5 * DAY + HOUR;
    let found = detect(&only(&whole, |at| !down(at) && !second(at)));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|window| window.host.is_none()));
}

#[test]
fn counts_of_a_healthy_hour_are_usual_and_those_of_an_outage_are_not() {
    let from = START + 8 * DAY + 11 * HOUR;
    let given = |off: i64| Outage {
        servers: vec![Server::Services],
        host: None,
        from_ms: from + off,
        to_ms: Some(from + HOUR + off),
    };
    for (off, seed) in [(0, 1), (15 * MINUTE, 2), (-15 * MINUTE, 3)] {
        let healthy = counts(&site(seed, None), &given(off));
        assert!(healthy.len() >= 3, "{healthy:?}");
        for count in &healthy {
            let usual = i64::try_from(count.observed).expect("few") * 2;
            #[allow(clippy::cast_possible_truncation)] // few
            let expected = count.expected as i64;
            assert!(usual >= expected, "{count:?}");
        }
        let down = Down { what: "services", from, to: from + HOUR };
        let broken = counts(&site(seed, Some(down)), &given(off));
        let of = |kind: EventKind| broken.iter().find(|count| count.kind == kind).expect("counted");
        assert!(of(EventKind::Assignments).observed * 4 < of(EventKind::Chats).observed);
    }
}
