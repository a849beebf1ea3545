//! What the rules by which outages are detected rest on: small histories written by hand, one that fires and its
//! healthy twin, which differs in one thing.

use chatdb::analysis::Server;
use chatdb::analysis::outage::{CompletedChat, History, OutageWindow, Work, detect};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday.
const START: i64 = 20_416 * DAY;
const DAYS: i64 = 12;
/// The day on which something happens, the second Tuesday.
const THAT_DAY: i64 = START + 8 * DAY;

/// A chat in the course of a day.
#[derive(Clone, Copy)]
struct Chat {
    agent: i64,
    arrived: i64,
    begun: i64,
    ended: i64,
    said: Option<i64>,
}

/// Agents of even numbers are on 43app; each has a chat of ten minutes every twelve, from eight to six, on working
/// days.
fn site(agents: i64, changed: impl Fn(Chat) -> Option<Chat>) -> History {
    let mut history = History { since: START, until: START + DAYS * DAY, ..History::default() };
    let mut assigned = Vec::new();
    for day in (0..DAYS).filter(|day| day % 7 < 5) {
        for (agent, turn) in (0..agents).flat_map(|agent| (0..50).map(move |turn| (agent, turn))) {
            let arrived = START + day * DAY + 8 * HOUR + turn * 12 * MINUTE + agent * 97 * SECOND;
            let usual = Chat {
                agent,
                arrived,
                begun: arrived + 3 * SECOND,
                ended: arrived + 10 * MINUTE,
                said: Some(arrived + 9 * MINUTE + 40 * SECOND),
            };
            let Some(chat) = changed(usual) else {
                continue;
            };
            let agent = chat.agent;
            let host = if agent % 2 == 0 { "43app" } else { "44app" };
            history.arrivals.push(chat.arrived);
            history.chats.push(chat.arrived);
            assigned.push(chat.begun);
            history.completed.push(chat.ended);
            history.said.extend(chat.said);
            history.work.entry(host.to_owned()).or_default().push(Work {
                begun: chat.begun,
                ended: Some(chat.ended),
                agent,
                is_chat: true,
            });
            let acts = [chat.begun + 9 * SECOND, chat.ended];
            let of_host = history.acts.entry(host.to_owned()).or_default();
            of_host.extend(acts.map(|at| (at, agent)));
            history.talks.push(CompletedChat {
                begun: chat.begun,
                ended: chat.ended,
                said: chat.said,
            });
        }
    }
    assigned.sort_unstable();
    history.assigned = Some(assigned);
    for times in
        [&mut history.arrivals, &mut history.chats, &mut history.completed, &mut history.said]
    {
        times.sort_unstable();
    }
    history.work.values_mut().for_each(|work| work.sort());
    history.acts.values_mut().for_each(|acts| acts.sort());
    history
}

fn is_on_43app(chat: &Chat) -> bool {
    chat.agent % 2 == 0
}

/// The server of the only window, and its application server.
fn only(found: &[OutageWindow]) -> (&[Server], Option<&str>) {
    match found {
        [window] => (&window.servers, window.host.as_deref()),
        _ => panic!("{found:?}"),
    }
}

/// Nobody begins or ends anything between the two times; what is in hand ends after.
fn cut_off(chat: Chat, from: i64, to: i64) -> Option<Chat> {
    let lasts = chat.begun < from && chat.ended >= from;
    let ended = to + (chat.agent + 3) * MINUTE;
    match chat.begun >= from && chat.begun < to {
        true => None,
        false if lasts => Some(Chat { ended, ..chat }),
        false => Some(chat),
    }
}

#[test]
fn a_site_on_which_nothing_happens_has_no_window() {
    for agents in [3, 6, 12, 25] {
        assert_eq!(detect(&site(agents, Some)), [], "{agents}");
    }
}

#[test]
fn agents_who_are_cut_off_leave_work_in_hand_and_agents_who_meet_do_not() {
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 11 * HOUR + 30 * MINUTE);
    let down = |chat: Chat| match is_on_43app(&chat) {
        true => cut_off(chat, from, to),
        false => Some(chat),
    };
    assert_eq!(only(&detect(&site(12, down))), (&[Server::Application][..], Some("43app")));
    let meeting = |chat: Chat| {
        let ended = chat.ended.min(from - chat.agent * SECOND);
        let said = chat.said.map(|said| said.min(ended - 20 * SECOND));
        let kept = chat.begun < from && chat.ended >= from;
        let early = kept.then_some(Chat { ended, said, ..chat });
        early.or(down(chat).filter(|_| !kept))
    };
    let meeting = |chat: Chat| match is_on_43app(&chat) {
        true => meeting(chat),
        false => Some(chat),
    };
    assert_eq!(detect(&site(12, meeting)), []);
}

#[test]
fn one_agent_who_goes_on_may_be_on_another_server_and_several_are_not() {
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 11 * HOUR);
    let but = |goes_on: &'static [i64]| {
        move |chat: Chat| match is_on_43app(&chat) && !goes_on.contains(&chat.agent) {
            true => cut_off(chat, from, to),
            false => Some(chat),
        }
    };
    let found = detect(&site(16, but(&[4])));
    assert_eq!(only(&found), (&[Server::Application][..], Some("43app")));
    // The window says what it counted, that agent's own steps among it.
    assert!(found[0].observed >= 8 && found[0].expected > 50.0, "{found:?}");
    assert_eq!(detect(&site(16, but(&[2, 4, 6]))), []);
}

#[test]
fn who_cannot_log_in_is_cut_off_unless_the_others_are_late_as_well() {
    let (from, to) = (THAT_DAY + 8 * HOUR + 20 * MINUTE, THAT_DAY + 9 * HOUR + 50 * MINUTE);
    let that_morning = |chat: &Chat| chat.begun >= THAT_DAY && chat.begun < to;
    // Of 43app two are there when it fails; the others would have come.
    let early = |chat: &Chat| chat.agent < 3 && chat.begun < from;
    let down = |chat: Chat| match is_on_43app(&chat) && that_morning(&chat) {
        true if early(&chat) => cut_off(chat, from, to),
        true => None,
        false => Some(chat),
    };
    assert_eq!(only(&detect(&site(14, down))), (&[Server::Application][..], Some("43app")));
    let late = |chat: Chat| match that_morning(&chat) && !early(&chat) && chat.agent != 1 {
        true => None,
        false => Some(chat),
    };
    assert_eq!(detect(&site(14, late)), []);
}

#[test]
fn agents_who_are_given_nothing_are_an_outage_unless_they_never_are_at_that_time() {
    let at_ten = |chat: &Chat| {
        let clock = (chat.arrived - START).rem_euclid(DAY);
        (10 * HOUR..11 * HOUR + 10 * MINUTE).contains(&clock)
    };
    let waits = |chat: Chat| {
        let clock = (chat.arrived - START).rem_euclid(DAY);
        let begun = chat.arrived - clock + 11 * HOUR + 10 * MINUTE + (clock - 10 * HOUR) / 5;
        let ended = begun + 10 * MINUTE;
        let said = Some(ended - 20 * SECOND);
        Some(Chat { begun, ended, said, ..chat })
    };
    let day_of = |chat: &Chat| chat.arrived - (chat.arrived - START).rem_euclid(DAY);
    let down = |chat: Chat| match at_ten(&chat) && day_of(&chat) == THAT_DAY {
        true => waits(chat),
        false => Some(chat),
    };
    assert_eq!(only(&detect(&site(8, down))), (&[Server::Services][..], None));
    let every_day = |chat: Chat| match at_ten(&chat) {
        true => waits(chat),
        false => Some(chat),
    };
    assert_eq!(detect(&site(8, every_day)), []);
    // Three may be away together.
    assert_eq!(detect(&site(3, down)), []);
}

#[test]
fn chats_that_fall_silent_are_an_outage_of_messaging_and_chats_that_were_silent_are_not() {
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 10 * HOUR + 20 * MINUTE);
    let in_it = |chat: &Chat| chat.ended >= from && chat.ended < to;
    let silent = |chat: Chat| {
        let said = chat.said.filter(|said| *said < from);
        // What was said before the outage is said to its beginning.
        let alive = (chat.begun < from - MINUTE).then_some(from - (chat.agent + 1) * SECOND);
        Some(Chat { said: said.or(alive), ..chat })
    };
    let down = |chat: Chat| match in_it(&chat)
        || chat.said.is_some_and(|said| said >= from && said < to)
    {
        true => silent(chat),
        false => Some(chat),
    };
    assert_eq!(only(&detect(&site(12, down))), (&[Server::Messaging][..], None));
    // Left over from an outage an hour before, and completed now: nobody has said anything in them since.
    let left_over = |chat: Chat| match down(chat) {
        Some(changed) if changed.said != chat.said => {
            let begun = chat.begun - HOUR;
            Some(Chat { begun, said: Some(begun + MINUTE), ..chat })
        }
        changed => changed,
    };
    let found = detect(&site(12, left_over));
    assert!(found.iter().all(|one| one.servers != [Server::Messaging]), "{found:?}");
}

#[test]
fn the_end_of_a_day_is_no_outage_where_no_other_day_tells() {
    // Two days: on the first the last chats before closing are assigned the next morning.
    let evening = START + 17 * HOUR + 30 * MINUTE;
    let left = |chat: Chat| {
        if chat.arrived >= START + 2 * DAY {
            return None;
        }
        let waits = chat.arrived >= evening && chat.arrived < START + DAY;
        let begun = START + DAY + 8 * HOUR + (chat.arrived - evening) / 2;
        let ended = begun + 5 * MINUTE;
        let said = Some(ended - 20 * SECOND);
        Some(match waits {
            true => Chat { begun, ended, said, ..chat },
            false => chat,
        })
    };
    let two_days = History { until: START + DAY + 17 * HOUR, ..site(10, left) };
    assert_eq!(detect(&two_days), []);
}

/// E-mail arrives every three minutes, except between two times.
fn with_mail(mut history: History, from: i64, to: i64) -> History {
    let minutes = (0..DAYS * 24 * 20).map(|turn| START + turn * 3 * MINUTE);
    history.mails = minutes.filter(|at| *at < from || *at >= to).collect();
    history.arrivals.extend(&history.mails);
    history.arrivals.sort_unstable();
    history
}

#[test]
fn mail_shows_whether_services_was_up_and_ends_no_silence_of_agents() {
    use Server::{Application, Messaging, Services};
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 11 * HOUR + 30 * MINUTE);
    let down = || site(12, |chat| cut_off(chat, from, to));
    let (alone, all) = (vec![Application], vec![Application, Services, Messaging]);
    for (case, mail_from, mail_to, servers, may_be_all) in [
        ("mail goes on", from, from, &alone, false),
        ("none for a while", from, from + 30 * MINUTE, &alone, false),
        ("none to the end", from, to - MINUTE, &all, false),
        ("some before it, after agents did the last", from + 4 * MINUTE, to - MINUTE, &all, false),
    ] {
        let found = detect(&with_mail(down(), mail_from, mail_to));
        assert_eq!(only(&found), (&servers[..], None), "{case}");
        assert_eq!(found[0].or_servers.contains(&all), may_be_all, "{case}");
        let ends = found[0].to.expect("it ends");
        assert!((to - 5 * MINUTE..to + 10 * MINUTE).contains(&ends), "{case}");
    }
    assert_eq!(detect(&with_mail(site(12, Some), from, from)), []);
}

#[test]
fn messaging_is_named_beside_other_servers_where_chats_end_without_messages() {
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 11 * HOUR + 30 * MINUTE);
    let within = |at: i64| at >= from && at < to;
    let down = |silent: bool| {
        site(12, move |chat: Chat| match is_on_43app(&chat) {
            true => cut_off(chat, from, to),
            false if silent && chat.said.is_some_and(within) => Some(Chat { said: None, ..chat }),
            false => Some(chat),
        })
    };
    let both = [Server::Application, Server::Messaging];
    assert_eq!(only(&detect(&down(true))), (&both[..], Some("43app")));
    assert_eq!(only(&detect(&down(false))), (&both[..1], Some("43app")));
}

#[test]
fn agents_who_get_their_work_by_turns_are_not_cut_off_while_it_is_the_turn_of_others() {
    const AGENTS: i64 = 36;
    // On a quiet day one chat arrives every six minutes, and goes to whoever has been free the longest: those of 43app
    // one after another, then the others.
    let quiet = |chat: Chat| {
        if !(THAT_DAY..THAT_DAY + DAY).contains(&chat.arrived) {
            return Some(chat);
        }
        let turn = (chat.arrived - THAT_DAY - 8 * HOUR) / (6 * MINUTE) % AGENTS;
        let agent = turn * 2 % AGENTS + turn * 2 / AGENTS;
        let ended = chat.begun + 3 * MINUTE;
        let said = Some(ended - 20 * SECOND);
        [0, 4].contains(&chat.agent).then_some(Chat { agent, ended, said, ..chat })
    };
    assert_eq!(detect(&site(AGENTS, quiet)), []);
}

#[test]
fn services_may_fail_while_one_shift_goes_home_and_another_comes() {
    let clock = |chat: &Chat| (chat.arrived - START).rem_euclid(DAY);
    // Agents of the first half work until one, those of the second from then on.
    let shifts = |chat: Chat| ((chat.agent < 14) == (clock(&chat) < 13 * HOUR)).then_some(chat);
    let down = |chat: Chat| {
        let begun = chat.arrived - clock(&chat) + 14 * HOUR + (clock(&chat) - 12 * HOUR) / 5;
        let ended = begun + 10 * MINUTE;
        let said = Some(ended - 20 * SECOND);
        let late = Chat { agent: 14 + chat.agent % 14, begun, ended, said, ..chat };
        match (12 * HOUR + 20 * MINUTE..14 * HOUR).contains(&clock(&chat)) {
            true => shifts(chat).map(|_| late),
            false => shifts(chat),
        }
    };
    let on_that_day = |chat: Chat| match (THAT_DAY..THAT_DAY + DAY).contains(&chat.arrived) {
        true => down(chat),
        false => shifts(chat),
    };
    assert_eq!(detect(&site(28, shifts)), []);
    assert_eq!(only(&detect(&site(28, on_that_day))), (&[Server::Services][..], None));
    assert_eq!(detect(&site(28, down)), []);
}

#[test]
fn chats_that_stop_for_good_say_more_than_the_silence_of_a_few_agents_and_one_does_not() {
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 10 * HOUR + 20 * MINUTE);
    let down = |chat: Chat| match is_on_43app(&chat) {
        true => cut_off(chat, from, to),
        false => Some(chat),
    };
    for (stopped, windows) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
        let last = (1..=stopped).rev().map(|chat| from - chat * SECOND).collect();
        let stops = [("43app".to_owned(), last)].into();
        let found = detect(&History { stops, ..site(5, down) });
        assert_eq!(found.len(), windows, "{stopped}: {found:?}");
    }
}

#[test]
fn agents_who_stop_with_nothing_in_hand_where_much_is_usual_are_at_a_meeting() {
    let (from, to) = (THAT_DAY + 10 * HOUR, THAT_DAY + 11 * HOUR);
    // The last chats before it are short, and none begin in it.
    let meeting = |chat: Chat| match is_on_43app(&chat) {
        true if chat.begun >= from && chat.begun < to => None,
        true if chat.begun < from && chat.ended >= from => {
            let ended = from - (chat.agent + 1) * SECOND;
            Some(Chat { ended, said: Some(ended - 20 * SECOND), ..chat })
        }
        _ => Some(chat),
    };
    assert_eq!(detect(&site(24, meeting)), []);
}
