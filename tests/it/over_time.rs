//! What happened over time, as the record has it: nothing is lost in counting, whatever the times, and a record has a
//! bounded number of points.

use std::collections::BTreeMap;

use chatdb::analysis::outage::History;
use chatdb::analysis::over_time::{OpenChat, Shaded, last_signs, periods};
use chatdb::report::{LastSignRun, OpenChatState, PeriodRun};
use chatdb::table::Cell;

use crate::planted::Random;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday.
const START: i64 = 20_416 * DAY;

/// `days` days with so many arrivals each, completed on one of `hosts` servers half an hour later.
fn history(days: i64, a_day: i64, hosts: i64) -> History {
    let mut random = Random::new(3);
    let mut history = History {
        assigned: Some(Vec::new()),
        since: START,
        until: START + days * DAY,
        ..History::default()
    };
    let mut completed: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for n in 0..days * a_day {
        let at = START + n / a_day * DAY + random.below(DAY - HOUR);
        history.arrivals.push(at);
        if n % 3 > 0 {
            history.chats.push(at);
        }
        history.assigned.get_or_insert_default().push(at + MINUTE);
        let host = format!("host{:02}", n % hosts);
        completed.entry(host).or_default().push(at + HOUR / 2);
        history.completed.push(at + HOUR / 2);
    }
    history.arrivals.sort_unstable();
    history.chats.sort_unstable();
    history.completed.sort_unstable();
    history.assigned.iter_mut().for_each(|at| at.sort_unstable());
    completed.values_mut().for_each(|at| at.sort_unstable());
    history.completed_on = completed;
    history
}

fn outage(from: i64, to: Option<i64>, host: Option<&str>) -> Shaded {
    Shaded { from, to, host: host.map(str::to_owned), of_messaging: false }
}

fn ms(cell: &Cell) -> i64 {
    match cell {
        Cell::Timestamp(at) => *at,
        other => panic!("{other:?} is no time"),
    }
}

/// How many events a series stands for.
fn all(period: &PeriodRun, what: &str) -> u64 {
    let same = period.series.iter().filter(|one| one.what.starts_with(what));
    same.map(|one| one.outside + one.counts.iter().map(|n| u64::from(*n)).sum::<u64>()).sum()
}

/// That the periods lose no event, hold no more than may be drawn, and are of one length.
fn law(history: &History, periods: &[PeriodRun]) -> Result<(), String> {
    let chats = history.chats.len();
    let assigned = history.assigned.as_ref().map_or(0, Vec::len);
    for (at, period) in periods.iter().enumerate() {
        let counted = [
            ("chats that arrived", chats),
            ("other arrivals", history.arrivals.len() - chats),
            ("assignments", assigned),
            ("completions", history.completed.len()),
        ];
        for (what, number) in counted {
            let found = all(period, what);
            if found != number as u64 {
                return Err(format!("period {at}: {found} {what} of {number}"));
            }
        }
        let length = i64::from(period.part_minutes) * MINUTE;
        let parts = (ms(&period.to) - ms(&period.from)) / length;
        if parts > 180 || period.series.len() > 12 || at > 3 {
            return Err(format!("period {at}: {parts} parts of {} series", period.series.len()));
        }
        for one in &period.series {
            if i64::try_from(one.counts.len()) != Ok(parts) {
                return Err(format!("period {at}: {} of {parts} parts", one.counts.len()));
            }
        }
    }
    Ok(())
}

#[test]
fn no_event_is_lost_in_counting_and_points_are_few() {
    let outages = [
        outage(START + 2 * DAY, Some(START + 2 * DAY + HOUR), None),
        outage(START + 3 * DAY, Some(START + 3 * DAY + 20 * MINUTE), Some("host01")),
        outage(START + 3 * DAY + 5 * MINUTE, Some(START + 3 * DAY + HOUR), None),
        outage(START + 5 * DAY, Some(START + 5 * DAY + 2 * HOUR), None),
        outage(START + 9 * DAY, None, None),
    ];
    for (days, a_day, hosts) in [(1, 1, 1), (1, 300, 2), (10, 10_000, 3), (400, 20, 40)] {
        let history = history(days, a_day, hosts);
        for some in 0..=outages.len() {
            let periods = periods(&history, &[], &outages[..some]);
            assert!(!periods.is_empty());
            law(&history, &periods).unwrap_or_else(|wrong| panic!("{days} days, {some}: {wrong}"));
        }
    }
}

#[test]
fn the_law_sees_what_is_lost() {
    let history = history(3, 50, 2);
    let whole = periods(&history, &[], &[]);
    for at in 0..whole[0].series.len() {
        let mut lost = whole.clone();
        let busy = lost[0].series[at].counts.iter_mut().find(|n| **n > 0);
        *busy.expect("something happened") -= 1;
        assert!(law(&history, &lost).is_err(), "series {at}");
        let mut outside = whole.clone();
        outside[0].series[at].outside += 1;
        assert!(law(&history, &outside).is_err(), "series {at}");
        let mut short = whole.clone();
        short[0].series[at].counts.push(0);
        assert!(law(&history, &short).is_err(), "series {at}");
    }
}

#[test]
fn each_event_is_in_the_part_of_its_time() {
    let history = history(2, 40, 1);
    let outages = [outage(START + DAY + 8 * HOUR, Some(START + DAY + 9 * HOUR), None)];
    let periods = periods(&history, &[], &outages);
    assert_eq!(periods.len(), 2);
    for period in &periods {
        let (from, length) = (ms(&period.from), i64::from(period.part_minutes) * MINUTE);
        let completions = period.series.iter().find(|one| one.what == "completions");
        for (part, count) in (0..).zip(&completions.expect("one server").counts) {
            let begin = from + part * length;
            let within = history.completed.iter().filter(|at| (begin..begin + length).contains(at));
            assert_eq!(within.count(), *count as usize, "part {part}");
        }
    }
}

#[test]
fn what_surrounds_an_outage_is_seen_from_near_and_what_is_near_is_seen_once() {
    let history = history(10, 100, 2);
    let (first, second) = (START + 4 * DAY, START + 4 * DAY + 90 * MINUTE);
    let near = |outages: &[Shaded]| {
        let periods = periods(&history, &[], outages);
        let spans = periods[1..].iter().map(|one| (ms(&one.from), ms(&one.to)));
        spans.collect::<Vec<_>>()
    };
    let alone = near(&[outage(first, Some(first + HOUR), None)]);
    assert!(matches!(alone[..], [(from, to)] if from <= first - HOUR && to >= first + 2 * HOUR));
    let both = near(&[
        outage(first, Some(first + HOUR), None),
        outage(second, Some(second + HOUR), Some("host01")),
    ]);
    assert!(matches!(both[..], [(from, to)] if from <= first - HOUR && to >= second + 2 * HOUR));
    // One that lasted for most of the time is seen in the whole.
    assert_eq!(near(&[outage(START + DAY, Some(START + 7 * DAY), None)]), []);
    // One that is not in the rows is not seen.
    assert_eq!(near(&[outage(START + 99 * DAY, None, None)]), []);
}

#[test]
fn a_straggler_of_long_ago_does_not_flatten_the_rest() {
    let mut history = history(5, 100, 1);
    history.arrivals.insert(0, START - 1000 * DAY);
    let periods = periods(&history, &[], &[]);
    law(&history, &periods).unwrap();
    assert!(periods[0].part_minutes <= 360, "{}", periods[0].part_minutes);
    let others = periods[0].series.iter().find(|one| one.what == "other arrivals");
    assert_eq!(others.expect("a third").outside, 1);
}

#[test]
fn where_nothing_happened_there_is_no_period() {
    assert_eq!(periods(&History::default(), &[], &[]), []);
    let chat = open(1, START, Some("43app"));
    let one = periods(&History { until: START, ..History::default() }, &[chat], &[]);
    assert_eq!(one.len(), 1);
}

#[test]
fn times_of_anybodys_making_are_bounded_too() {
    let mut history = history(1, 10, 1);
    history.arrivals.insert(0, -62_135_596_800_000);
    let far = [outage(-62_135_596_800_000, None, None)];
    let periods = periods(&history, &[], &far);
    law(&history, &periods).unwrap();
}

fn open(id: i64, sign: i64, host: Option<&str>) -> OpenChat {
    OpenChat { id, sign, is_assigned: host.is_some(), host: host.map(str::to_owned) }
}

/// That no chat is lost and there are no more signs than may be drawn.
fn law_of_signs(chats: usize, signs: &[LastSignRun]) -> Result<(), String> {
    let told: u64 = signs.iter().map(|sign| sign.chats).sum();
    if told != chats as u64 || signs.len() > 500 {
        return Err(format!("{} signs of {told} chats of {chats}", signs.len()));
    }
    let wrong = signs.iter().find(|sign| (sign.chats == 1) != sign.activity_id.is_some());
    wrong.map_or(Ok(()), |sign| Err(format!("{sign:?}")))
}

#[test]
fn every_open_chat_has_a_sign_and_there_are_few() {
    let mut random = Random::new(5);
    for (chats, hosts) in [(0, 1), (1, 1), (500, 3), (501, 3), (20_000, 4), (3000, 3000)] {
        let open = (0..chats).map(|id| {
            let host = format!("host{}", id % hosts);
            open(id, START + random.below(20 * DAY), (id % 7 > 0).then_some(&*host))
        });
        let open: Vec<OpenChat> = open.collect();
        let verdicts = BTreeMap::from([(1, OpenChatState::Ghost)]);
        let signs = last_signs(open.clone(), &verdicts);
        law_of_signs(open.len(), &signs).unwrap_or_else(|wrong| panic!("{chats}: {wrong}"));
        let ghosts = signs.iter().filter(|sign| sign.state == OpenChatState::Ghost);
        assert_eq!(ghosts.count(), usize::from(chats > 1), "{chats}");
        if let Some(first) = signs.first().cloned() {
            let mut less = signs.clone();
            less.remove(0);
            assert!(law_of_signs(open.len(), &less).is_err());
            let mut twice = signs;
            twice.push(first);
            assert!(law_of_signs(open.len(), &twice).is_err());
        }
    }
}
