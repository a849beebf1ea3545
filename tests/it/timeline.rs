//! The timeline of a replay: what it shows is what the database has at that time, and drawing it changes nothing.

use chatdb::render::{self, RenderOptions};
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{Report, ScenarioRun, Timeline};
use chatdb::scenario::Library;
use chatdb::store::Store;
use chatdb::table::Cell;

const WORLD: &str = "SELECT party, subject, fact, value FROM world ORDER BY position, subject";

/// A fact and its value, as `agent 1003 Title bar: ...`.
type Facts = Vec<String>;

fn library() -> Library {
    Library::new(Vec::new()).expect("the built-in scenarios")
}

fn run(name: &str, illustrated: bool, until: Option<&str>) -> (Report, Store) {
    let options =
        ReplayOptions { illustrated, until: until.map(str::to_owned), ..ReplayOptions::default() };
    replay::replay(&library(), &[name.to_owned()], &options).expect("a replay")
}

fn timeline(run: &ScenarioRun) -> &Timeline {
    run.timeline.as_ref().expect("it was asked for")
}

fn ms(cell: &Cell) -> i64 {
    match cell {
        Cell::Timestamp(at) => *at,
        other => panic!("{other:?} is no time"),
    }
}

/// What the timeline shows at a time.
fn shown(timeline: &Timeline, at: i64) -> Facts {
    let mut facts = Facts::new();
    for lane in &timeline.lanes {
        let mut spans = lane.spans.iter();
        if let Some(span) = spans.find(|span| (ms(&span.from)..ms(&span.to)).contains(&at)) {
            let party = format!("{:?}", lane.party).to_lowercase();
            facts.push(format!("{party} {} {}: {}", lane.subject, lane.fact, span.value));
        }
    }
    facts.sort();
    facts
}

/// What the database has at a time; it is as it was afterwards.
fn in_database(store: &Store, at: i64) -> Facts {
    store.savepoint().expect("a savepoint");
    store.set_clock(at).expect("a time");
    let rows = store.ask(WORLD, &[], &[]).expect("the world").rows;
    store.roll_back().expect("back");
    let mut facts: Facts =
        rows.iter().map(|row| format!("{} {} {}: {}", row[0], row[1], row[2], row[3])).collect();
    facts.sort();
    facts
}

/// The scenarios and the ids and times of their steps outside branches.
fn steps() -> Vec<(String, Vec<(String, i64)>)> {
    let library = library();
    let names = library.names();
    let of = |name: &&str| {
        let scenario = library.get(name).expect("a scenario");
        let trunk = scenario.steps.iter().filter(|step| step.branch.is_none());
        ((*name).to_owned(), trunk.map(|step| (step.id.clone(), step.at)).collect())
    };
    names.iter().map(of).collect()
}

#[test]
fn at_every_time_it_shows_what_the_database_has() {
    let mut looks = 0;
    for (name, steps) in steps() {
        let (report, _) = run(&name, true, None);
        let drawn = timeline(&report.runs[0]);
        for (at, (id, from)) in steps.iter().enumerate() {
            let to = steps.get(at + 1).map_or(ms(&drawn.to), |(_, next)| *next);
            let (_, store) = run(&name, false, Some(id));
            // Any time will do; these are spread over the whole and fall on no round number.
            for n in 0..12 {
                let time = from + (to - from) * n / 12 + (if n > 0 { 7 } else { 0 });
                if time < to {
                    assert_eq!(
                        shown(drawn, time),
                        in_database(&store, time),
                        "{name} after {id} at {time}"
                    );
                    looks += 1;
                }
            }
        }
    }
    assert!(looks > 300, "{looks}");
}

#[test]
fn a_replay_is_the_same_with_and_without_it() {
    for (name, _) in steps() {
        let (mut with, _) = run(&name, true, None);
        let (without, _) = run(&name, false, None);
        for run in &mut with.runs {
            run.timeline = None;
            let checks = run.steps.iter_mut().flat_map(|step| &mut step.checks);
            checks.for_each(|check| check.sql = None);
        }
        assert_eq!(with, without, "{name}");
    }
}

/// Data that would be markup, were it not written as text.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&amp;<!--</title></style>";

#[test]
fn what_is_drawn_is_text_however_hostile() {
    let (name, _) = steps().remove(0);
    let (mut report, _) = run(&name, true, None);
    let clean = page(&report);
    let drawn = report.runs[0].timeline.as_mut().expect("it was asked for");
    for lane in &mut drawn.lanes {
        lane.fact = HOSTILE.to_owned();
        lane.subject = HOSTILE.to_owned();
        lane.spans.iter_mut().for_each(|span| span.value = HOSTILE.to_owned());
    }
    drawn.steps.iter_mut().for_each(|step| step.title = HOSTILE.to_owned());
    drawn.messages.iter_mut().for_each(|message| message.text = HOSTILE.to_owned());
    let hostile = page(&report);
    assert!(hostile.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;amp;"));
    let tags = |page: &str, tag: &str| page.matches(tag).count();
    for tag in ["<img", "<script", "<!--", "</title>", "</style>", "onerror=alert(1)>"] {
        assert_eq!(tags(&hostile, tag), tags(&clean, tag), "{tag}");
    }
}

#[test]
fn the_page_of_all_scenarios_is_small_and_loads_nothing() {
    let names: Vec<String> = steps().into_iter().map(|(name, _)| name).collect();
    let options = ReplayOptions { illustrated: true, ..ReplayOptions::default() };
    let (report, _) = replay::replay(&library(), &names, &options).expect("a replay");
    let page = page(&report);
    assert!(page.len() < 500_000, "{}", page.len());
    for loads in ["http://www", "https://", "src=", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(loads), "{loads}");
    }
    for run in &report.runs {
        for lane in &timeline(run).lanes {
            assert!(page.contains(&lane.fact.replace('\'', "&#39;")), "{}", lane.fact);
        }
    }
}

fn page(report: &Report) -> String {
    let mut bytes = Vec::new();
    let format = render::format("html").expect("a format");
    (format.render)(report, RenderOptions::default(), &mut bytes).expect("a Vec takes everything");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The value of an attribute in a piece of markup.
fn attribute<'m>(markup: &'m str, name: &str) -> &'m str {
    let begin = markup.find(&format!(" {name}=\"")).expect("it is there") + name.len() + 3;
    let rest = &markup[begin..];
    &rest[..rest.find('"').expect("it ends")]
}

#[test]
fn no_message_is_drawn_over_another() {
    let names: Vec<String> = steps().into_iter().map(|(name, _)| name).collect();
    let mut seen = 0;
    for name in names {
        let (report, _) = run(&name, true, None);
        let page = page(&report);
        let mut drawn: Vec<(String, f64, f64)> = Vec::new();
        for group in page.split("<g><title>").skip(1) {
            let Some((text, _)) = group.split_once("</text></g>") else {
                continue;
            };
            let (_, text) = text.rsplit_once("<text").expect("a text");
            let (markup, said) = text.split_once('>').expect("its end");
            if !markup.contains("text-anchor") {
                continue; // what a lane shows
            }
            let letters = said.replace("&quot;", "\"").chars().count();
            let width = 6.9 * f64::from(u16::try_from(letters).expect("few"));
            let x: f64 = attribute(markup, "x").parse().expect("a number");
            let from = match attribute(markup, "text-anchor") {
                "end" => x - width,
                _ => x,
            };
            drawn.push((attribute(markup, "y").to_owned(), from, from + width));
        }
        seen += drawn.len();
        for (at, (line, from, to)) in drawn.iter().enumerate() {
            for (other, begin, end) in &drawn[..at] {
                let apart = line != other || end < from || to < begin;
                assert!(apart, "{name}: {from}..{to} over {begin}..{end} at {line}");
            }
        }
    }
    assert!(seen > 40, "{seen} messages");
}
