//! The page of an analysis: what is drawn is what the record says, to scale; data is text however hostile; and it is
//! small however much was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;

use chatdb::analysis::{self, AnalysisOptions, Outage, Server, over_time, summary};
use chatdb::import::{self, ImportOptions};
use chatdb::render::{self, RenderOptions};
use chatdb::report::{AnalysisRun, DetectedRun, OutageRun, PeriodRun, Report};
use chatdb::signature;
use chatdb::store::Store;
use chatdb::table::Cell;

use crate::planted::Random;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// A Monday.
pub const START: i64 = 20_416 * DAY;
/// When 43app fails, and for how long.
pub const FAILS: i64 = START + 2 * DAY + 10 * HOUR;
pub const LASTS: i64 = 50 * MINUTE;

/// Half a pixel.
const NEAR: f64 = 0.5;

/// What stands in the texts of exports: the names of the two servers, what names of agents begin with, and all else.
pub struct Texts {
    hosts: [&'static str; 2],
    agent: &'static str,
    other: &'static str,
    files: [&'static str; 3],
}

pub const PLAIN: Texts = Texts {
    hosts: ["43app", "44app"],
    agent: "agent",
    other: "text",
    files: ["activity.csv", "users.csv", "queues.csv"],
};

/// Three days of chats with agents of two servers, one of which fails on the third; its chats of that moment stay open.
pub fn exports(texts: &Texts, fails: bool) -> Vec<(String, String)> {
    let mut random = Random::new(11);
    let time = |at: i64| Cell::Timestamp(at).to_string();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let other = quoted(texts.other);
    let mut activities = format!(
        "activity_id,activity_type,activity_status,activity_sub_status,assigned_to,queue_id,when_created,\
         when_modified,subject,contact_point_data,{other}\n"
    );
    let mut free = [START; 16];
    let mut id = 1000;
    for day in 0..3 {
        let mut arrivals: Vec<i64> =
            (0..260).map(|_| START + day * DAY + 8 * HOUR + random.below(9 * HOUR)).collect();
        arrivals.sort_unstable();
        for created in arrivals {
            id += 1;
            // Agents of even numbers are on the first server.
            let is_down = |at: i64, agent: usize| {
                fails && agent.is_multiple_of(2) && (FAILS..FAILS + LASTS).contains(&at)
            };
            let agents = (0..free.len()).filter(|agent| !is_down(created, *agent));
            let agent = agents.min_by_key(|agent| free[*agent]).expect("some are there");
            let begun = created.max(free[agent]);
            let ended = begun + (12 + random.below(16)) * MINUTE;
            let is_lost = (begun..ended).contains(&FAILS) && agent % 2 == 0 && fails;
            let (status, modified) = match is_lost {
                true => ("5000,5900", FAILS - random.below(20_000)),
                false => ("9000,9100", ended),
            };
            free[agent] = if is_lost { FAILS + LASTS } else { ended };
            let (created, modified) = (time(created), time(modified));
            let agent = 2000 + agent;
            writeln!(
                activities,
                "{id},2000,{status},{agent},12,{created},{modified},{other},{other},{other}"
            )
            .expect("a String");
        }
    }
    let mut users = "user_id,user_name,screen_name,login_ip,delete_flag\n".to_owned();
    for agent in 0..free.len() {
        let (id, host) = (2000 + agent, quoted(texts.hosts[agent % 2]));
        let name = quoted(&format!("{}{id}", texts.agent));
        writeln!(users, "{id},{name},{name},{host},N").expect("a String");
    }
    // A record that is rejected.
    writeln!(users, "{other},{other},{other},{other},N").expect("a String");
    let queues = format!("queue_id,queue_name,queue_state\n12,{other},1\n");
    let exports = texts.files.into_iter().zip([activities, users, queues]);
    exports.map(|(file, text)| (file.to_owned(), text)).collect()
}

pub fn report(exports: Vec<(String, String)>, options: &AnalysisOptions) -> Report {
    let mut store = Store::for_exports().expect("a store");
    for (file, text) in exports {
        let bytes = Box::new(Cursor::new(text.into_bytes()));
        let options = ImportOptions { header: Some(true), ..ImportOptions::default() };
        import::read(&file, bytes, &options, &mut store)
            .unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let mut run = analysis::analyze(&store, options).expect("an analysis");
    signature::compare(&mut run, options);
    run.summary = summary::summary(&run);
    Report { analysis: Some(run), ..Report::new() }
}

fn page(report: &Report) -> String {
    let format = render::format("html").expect("a format");
    let mut bytes = Vec::new();
    (format.render)(report, RenderOptions::default(), &mut bytes).expect("a Vec takes everything");
    String::from_utf8(bytes).expect("UTF-8")
}

fn of(report: &Report) -> &AnalysisRun {
    report.analysis.as_ref().expect("an analysis")
}

/// A report with an outage that the rows show, and one that the user says there was.
fn outage() -> Report {
    let options = AnalysisOptions {
        outages: vec![Outage {
            servers: vec![Server::Messaging],
            host: None,
            from_ms: START + DAY + 12 * HOUR,
            to_ms: Some(START + DAY + 13 * HOUR),
        }],
        ..AnalysisOptions::default()
    };
    let report = report(exports(&PLAIN, true), &options);
    let detected = &of(&report).detected;
    assert!(matches!(&detected[..], [one] if one.host.as_deref() == Some("43app")), "{detected:?}");
    report
}

fn ms(cell: &Cell) -> i64 {
    match cell {
        Cell::Timestamp(at) => *at,
        other => panic!("{other:?} is no time"),
    }
}

// WHAT IS DRAWN --------------------------------------------------------------------------------------------

/// The parts of `text` that follow `before`, each up to the next `end`.
fn all<'t>(text: &'t str, before: &str, end: &str) -> Vec<&'t str> {
    let parts = text.split(before).skip(1);
    parts.map(|part| part.split(end).next().expect("the first part")).collect()
}

fn attribute(tag: &str, name: &str) -> f64 {
    let found = all(tag, &format!(" {name}=\""), "\"");
    found[0].parse().unwrap_or_else(|_| panic!("{name} of {tag}"))
}

/// A picture, read from its SVG.
struct Drawn {
    left: f64,
    right: f64,
    /// The bars of each series: from the left, to the right, and how much each counts.
    series: Vec<Vec<(f64, f64, f64)>>,
    /// Outages: from the left, to the right.
    shades: Vec<(f64, f64)>,
    /// Dots: the middle of each, and how many chats it says that it is.
    dots: Vec<(f64, u64)>,
}

impl Drawn {
    fn of(figure: &str) -> Self {
        let line = all(figure, "<line class=\"line\"", ">")[0];
        let series = all(figure, "<g class=\"series\">", "</g>");
        let shades = all(figure, "<rect class=\"shade", ">").into_iter();
        let dots = all(figure, "<path class=\"dot", "</path>").into_iter();
        Self {
            left: attribute(line, "x1"),
            right: attribute(line, "x2"),
            series: series.into_iter().map(bars).collect(),
            shades: shades
                .map(|one| {
                    let x = attribute(one, "x");
                    (x, x + attribute(one, "width"))
                })
                .collect(),
            dots: dots.map(dot).collect(),
        }
    }

    /// Where a time should be.
    fn x(&self, period: &PeriodRun, at: i64) -> f64 {
        let (from, to) = (ms(&period.from), ms(&period.to));
        let at = at.clamp(from, to);
        self.left + (self.right - self.left) * (at - from) as f64 / (to - from) as f64
    }
}

/// The bars of a series, whose scale is written at the line above them.
fn bars(series: &str) -> Vec<(f64, f64, f64)> {
    let lines: Vec<f64> =
        all(series, "<line", ">").iter().map(|line| attribute(line, "y1")).collect();
    let [base, top] = lines[..] else { panic!("two lines: {series}") };
    let scale: f64 =
        all(all(series, "scale\"", "/text")[0], ">", "<")[0].parse().expect("a number");
    let path = all(series, " d=\"", "\"")[0];
    let bar = |bar: &str| {
        let numbers = |c: char| c.is_ascii_digit() || c == '.';
        let numbers: Vec<f64> =
            (bar.split(|c| !numbers(c))).filter_map(|number| number.parse().ok()).collect();
        let [x, y, tall, wide, back] = numbers[..] else { panic!("a bar: {bar}") };
        assert!((y - base).abs() < NEAR && (back - tall).abs() < NEAR, "{bar}");
        (x, x + wide, tall / (base - top) * scale)
    };
    path.split_terminator('z').map(bar).collect()
}

/// A dot begins at its left: half its width, or the arm of its diamond, is behind the first number after that place.
fn dot(dot: &str) -> (f64, u64) {
    let path = all(dot, " d=\"M", "\"")[0];
    let left: f64 = path.split(' ').next().expect("a place").parse().expect("a number");
    let way = path.find(['a', 'l', 'h']).expect("a way");
    let number = |c: char| !(c.is_ascii_digit() || c == '.');
    let reach: f64 =
        path[way + 1..].split(number).next().expect("a number").parse().expect("a number");
    let reach = if path[way..].starts_with('h') { reach / 2.0 } else { reach };
    let title = all(dot, "<title>", ":")[0];
    let chats = match title.split_once(' ').expect("a number and a noun") {
        ("chat", _) => 1,
        (number, _) => number.parse().expect("a number"),
    };
    (left + reach, chats)
}

/// That every picture shows what its period says: each bar in its place and as tall as its count, each outage from its
/// beginning to its end, each open chat as one dot at its last sign of life.
fn law(run: &AnalysisRun, page: &str) -> Result<(), String> {
    let figures = all(page, "<figure>", "</figure>");
    if figures.len() != run.periods.len() {
        return Err(format!("{} pictures of {}", figures.len(), run.periods.len()));
    }
    for (at, (period, figure)) in run.periods.iter().zip(figures).enumerate() {
        let drawn = Drawn::of(figure);
        law_of_bars(period, &drawn).map_err(|wrong| format!("picture {at}, {wrong}"))?;
        law_of_shades(run, period, &drawn).map_err(|wrong| format!("picture {at}, {wrong}"))?;
        law_of_dots(run, period, &drawn).map_err(|wrong| format!("picture {at}, {wrong}"))?;
    }
    Ok(())
}

fn law_of_bars(period: &PeriodRun, drawn: &Drawn) -> Result<(), String> {
    if drawn.series.len() != period.series.len() {
        return Err(format!("{} series of {}", drawn.series.len(), period.series.len()));
    }
    for (series, bars) in period.series.iter().zip(&drawn.series) {
        let wide = (drawn.right - drawn.left) / series.counts.len() as f64;
        let counted = series.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let counted: Vec<(f64, f64)> = counted
            .map(|(part, count)| (drawn.left + wide * part as f64, f64::from(*count)))
            .collect();
        let name = (&series.what, &series.host);
        let alike = period.series.iter().filter(|one| one.what == series.what);
        let tallest = alike.flat_map(|one| &one.counts).max().copied().unwrap_or(1);
        if counted.len() != bars.len() {
            return Err(format!("{name:?}: {} bars of {}", bars.len(), counted.len()));
        }
        for ((x, count), (left, right, tall)) in counted.iter().zip(bars) {
            let is_there = (left - x).abs() <= NEAR && right - left <= wide;
            // A hundredth of a pixel.
            let exact = 0.01 * f64::from(tallest) / 38.0;
            if !is_there || (tall - count).abs() > exact {
                return Err(format!("{name:?}: {tall} at {left} for {count} at {x}"));
            }
        }
        let sum: f64 = bars.iter().map(|(.., tall)| tall).sum();
        let counts: u32 = series.counts.iter().sum();
        if (sum / f64::from(counts.max(1)) - 1.0).abs() > 0.001 && counts > 0 {
            return Err(format!("{name:?}: {sum} drawn of {counts}"));
        }
    }
    Ok(())
}

fn law_of_shades(run: &AnalysisRun, period: &PeriodRun, drawn: &Drawn) -> Result<(), String> {
    let detected = run.detected.iter().map(|one| (&one.from, &one.to));
    // One that the user knows as the rows show it is drawn once.
    let own = (run.outages.iter()).filter(|given| !run.detected.iter().any(|one| same(one, given)));
    let given = own.map(|one| (&one.from, &one.to));
    let spans = detected.chain(given).map(|(from, to)| match to {
        Cell::Timestamp(to) => (ms(from), *to),
        _ => (ms(from), ms(&period.to)),
    });
    let mut within: Vec<(i64, i64)> =
        spans.filter(|(from, to)| *from < ms(&period.to) && *to > ms(&period.from)).collect();
    within.sort_unstable();
    let shown = |(from, to): &(i64, i64)| (drawn.x(period, *from), drawn.x(period, *to));
    let expected: Vec<(f64, f64)> = within.iter().map(shown).collect();
    let is_near =
        |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).abs() <= NEAR && (a.1 - b.1).abs() <= NEAR;
    let all_near = expected.iter().zip(&drawn.shades).all(is_near);
    if expected.len() != drawn.shades.len() || !all_near {
        return Err(format!("shaded {:?} for {expected:?}", drawn.shades));
    }
    Ok(())
}

fn same(detected: &DetectedRun, given: &OutageRun) -> bool {
    (&detected.servers, &detected.host) == (&given.servers, &given.host)
        && (&detected.from, &detected.to) == (&given.from, &given.to)
}

fn law_of_dots(run: &AnalysisRun, period: &PeriodRun, drawn: &Drawn) -> Result<(), String> {
    let within = ms(&period.from)..ms(&period.to);
    let signs = run.last_signs.iter().filter(|sign| within.contains(&ms(&sign.at)));
    let mut expected: Vec<(f64, u64)> =
        signs.map(|sign| (drawn.x(period, ms(&sign.at)), sign.chats)).collect();
    let mut dots = drawn.dots.clone();
    let order = |a: &(f64, u64), b: &(f64, u64)| a.0.total_cmp(&b.0);
    dots.sort_by(order);
    expected.sort_by(order);
    let is_near = |(a, b): (&(f64, u64), &(f64, u64))| (a.0 - b.0).abs() <= NEAR;
    let chats = |all: &[(f64, u64)]| all.iter().map(|(_, chats)| chats).sum::<u64>();
    if dots.len() != expected.len()
        || chats(&dots) != chats(&expected)
        || !dots.iter().zip(&expected).all(is_near)
    {
        return Err(format!("dots {dots:?} for {expected:?}"));
    }
    Ok(())
}

#[test]
fn what_is_drawn_is_what_the_record_says() {
    let outage = outage();
    let run = of(&outage);
    law(run, &page(&outage)).unwrap();
    // The whole, and the surroundings of two outages.
    assert_eq!(run.periods.len(), 3);
    let open: u64 = run.last_signs.iter().map(|sign| sign.chats).sum();
    assert_eq!(Some(open), run.open_chats);
    let whole = Drawn::of(all(&page(&outage), "<figure>", "</figure>")[0]);
    assert_eq!(whole.dots.len() as u64, open);
    let arrived: f64 = whole.series[0].iter().map(|(.., tall)| tall).sum();
    assert!((arrived - run.activities as f64).abs() < 0.5, "{arrived}");
    // The chats that stopped together are in one column.
    let column = whole.dots.iter().filter(|(x, _)| (x - whole.dots[0].0).abs() < 1.0);
    assert!(column.count() >= 4);
}

#[test]
fn a_picture_that_does_not_show_the_record_is_seen() {
    let whole = outage();
    let drawn = page(&whole);
    let refused = |what: &str, change: &dyn Fn(&mut AnalysisRun)| {
        let mut other = whole.clone();
        let run = other.analysis.as_mut().expect("an analysis");
        change(run);
        assert!(law(of(&other), &drawn).is_err(), "{what}");
        // It is the change that is seen: drawn anew, the law holds.
        law(of(&other), &page(&other)).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
    };
    let pixel = |run: &AnalysisRun, period: usize| {
        let period = &run.periods[period];
        (ms(&period.to) - ms(&period.from)) / 862
    };
    let later = |cell: &mut Cell, by: i64| *cell = Cell::Timestamp(ms(cell) + by);
    refused("one more", &|run| {
        let counts = &mut run.periods[1].series[0].counts;
        *counts.iter_mut().find(|count| **count > 1).expect("some") -= 1;
    });
    refused("a bar elsewhere", &|run| {
        let counts = &mut run.periods[0].series[0].counts;
        let at = counts.windows(2).position(|two| two[0] != two[1]).expect("some differ");
        counts.swap(at, at + 1);
    });
    refused("another series", &|run| {
        let series = run.periods[2].series[0].clone();
        run.periods[2].series.push(series);
    });
    refused("a chat more", &|run| {
        let sign = run.last_signs[0].clone();
        run.last_signs.push(sign);
    });
    refused("two chats of one", &|run| {
        run.last_signs[0].chats = 2;
        run.last_signs[0].activity_id = None;
    });
    refused("a sign a pixel later", &|run| {
        let by = pixel(run, 1) + 1;
        later(&mut run.last_signs[0].at, by);
    });
    refused("an outage a pixel later", &|run| {
        let by = pixel(run, 0) + 1;
        later(&mut run.detected[0].from, by);
    });
    refused("an outage a pixel longer", &|run| {
        let by = pixel(run, 0) + 1;
        later(&mut run.outages[0].to, by);
    });
    refused("an outage that is known already", &|run| {
        let detected = run.detected[0].clone();
        let given = &mut run.outages[0];
        given.servers = detected.servers;
        given.host = detected.host;
        given.from = detected.from;
        given.to = detected.to;
    });
    refused("no outage", &|run| run.detected.clear());
    refused("a picture more", &|run| {
        let period = run.periods[0].clone();
        run.periods.push(period);
    });
}

#[test]
fn healthy_rows_and_none_at_all_have_a_page() {
    let healthy = report(exports(&PLAIN, false), &AnalysisOptions::default());
    law(of(&healthy), &page(&healthy)).unwrap();
    assert!(page(&healthy).contains("No outage was detected in these rows."));
    let header = "activity_id,activity_type,activity_status,activity_sub_status,when_created\n";
    let empty = vec![("activity.csv".to_owned(), header.to_owned())];
    let empty = report(empty, &AnalysisOptions::default());
    let drawn = page(&empty);
    law(of(&empty), &drawn).unwrap();
    assert!(!drawn.contains("<figure>"));
    assert!(drawn.contains("What these rows can&#39;t show"));
    let mut one = exports(&PLAIN, true);
    one.truncate(1);
    let one = report(one, &AnalysisOptions::default());
    law(of(&one), &page(&one)).unwrap();
    assert!(page(&one).contains("egpl_user"));
}

/// The sentences of a page, without its markup.
fn shown(page: &str) -> String {
    let (_, body) = page.split_once("<body>").expect("a body");
    let parts = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect()
}

#[test]
fn the_answer_is_red_only_where_something_failed() {
    let class = |report: &Report| {
        let page = page(report);
        all(&page, "<div class=\"say", "\"")[0].trim().to_owned()
    };
    let failed = outage();
    assert_eq!(class(&failed), "wrong");
    let page_of_failed = page(&failed);
    let found = of(&failed).findings.iter();
    let found = found.filter(|one| one.verdict == chatdb::report::FindingVerdict::Found);
    for finding in found {
        let colour = match finding.urgency {
            chatdb::query::Urgency::Now => "bad",
            chatdb::query::Urgency::Soon => "warn",
            chatdb::query::Urgency::Context => "over",
        };
        let summary = format!("{} <span class=\"mark {colour}\">", finding.title);
        assert!(page_of_failed.contains(&summary), "{summary}");
    }
    let healthy = report(exports(&PLAIN, false), &AnalysisOptions::default());
    assert_eq!(class(&healthy), "", "green");
    // Without an outage what waits is said, and is no alarm.
    let mut waiting = healthy;
    let run = waiting.analysis.as_mut().expect("an analysis");
    let finding = run.findings.iter_mut().find(|one| one.urgency == chatdb::query::Urgency::Now);
    let finding = finding.expect("one is urgent");
    finding.verdict = chatdb::report::FindingVerdict::Found;
    let title = finding.title.clone();
    assert_eq!(class(&waiting), "minor");
    assert!(shown(&page(&waiting)).contains(&format!("To look at: {title}.")));
}

#[test]
fn evidence_that_all_rows_have_is_said_once() {
    let mut report = outage();
    let run = report.analysis.as_mut().expect("an analysis");
    let ghosts = run.findings.iter_mut().find(|one| one.name == "ghost_chats");
    let table = &mut ghosts.expect("it ran").table;
    let at = table.position("evidence_for").expect("evidence");
    assert!(table.rows.len() > 3, "{}", table.rows.len());
    for (n, row) in table.rows.iter_mut().enumerate() {
        let own = if n % 2 == 0 { "; of even rows" } else { "" };
        row[at] = Cell::Text(format!("one of all; another of all{own}"));
    }
    let count = table.rows.len();
    let page = page(&report);
    let has = |piece: &str| page.matches(&format!(">{piece}</span>")).count();
    assert_eq!((has("one of all"), has("another of all")), (1, 1));
    assert_eq!(has("of even rows"), count.div_ceil(2).min(5));
    assert!(page.contains(&format!("Evidence in all {count} rows: ")));
    // A row and its own evidence are one group, which is not parted in print.
    for group in all(&page, "<tbody class=\"group\">", "</tbody>") {
        assert_eq!(group.matches("<tr>").count(), 2, "{group}");
        assert!(group.contains("colspan="), "{group}");
    }
}

#[test]
fn outages_are_numbered_in_the_order_of_time_and_next_steps_are_listed() {
    let mut report = outage();
    let run = report.analysis.as_mut().expect("an analysis");
    run.next = vec!["read `chatdb help outage`".to_owned()];
    run.detected[0].confidence = "high".to_owned();
    let page = page(&report);
    let listed = all(&page, "<li id=\"outage-", "</li>");
    let servers: Vec<&str> = listed.iter().map(|one| all(one, "<b>", "</b>")[0]).collect();
    // The user's was a day before the one that the rows show.
    assert_eq!(servers, ["messaging", "application@43app"]);
    assert!(listed[0].starts_with("1\"") && listed[1].starts_with("2\""), "{listed:?}");
    assert!(
        listed[1].contains("mark open"),
        "a sure outage is not alarming as such: {}",
        listed[1]
    );
    let (_, next) = page.split_once("<h2>Next steps</h2>").expect("next steps");
    assert!(shown(&format!("<body>{next}")).trim_start().starts_with("read chatdb help outage"));
}

#[test]
fn no_date_and_no_option_is_broken_at_its_hyphens() {
    let mut report = outage();
    let run = report.analysis.as_mut().expect("an analysis");
    let dated = "from 2026-11-24 09:00:12 on, with --outage".to_owned();
    run.summary = vec![dated.clone()];
    run.next = vec![format!("`{dated}`")];
    run.command = Some(dated.clone());
    let page = page(&report);
    let whole = "from <span class=\"whole\">2026-11-24</span> 09:00:12 on, with <span class=\"whole\">--outage</span>";
    assert_eq!(page.matches(whole).count(), 3);
    assert!(!page.contains(&dated));
}

// DATA -----------------------------------------------------------------------------------------------------

const HOSTILE: Texts = Texts {
    hosts: [
        "<img src=x onerror=alert(1)>\"'&amp;<!--</title></style>",
        "</svg><script>alert(2)</script>]]>",
    ],
    agent: "<img src=x onerror=alert(6)>",
    other: "<img src=x onerror=alert(3)>\"'&amp;<!--</title></style></svg><script>alert(4)</script>",
    files: [
        "<img src=x onerror=alert(5)>\"'&amp;<!--.csv",
        "</title></style></svg><script>alert(7)</script>.csv",
        "queues.csv",
    ],
};

#[test]
fn what_is_shown_is_text_however_hostile() {
    let clean = page(&report(exports(&PLAIN, true), &AnalysisOptions::default()));
    let bad = report(exports(&HOSTILE, true), &AnalysisOptions::default());
    let hostile = page(&bad);
    law(of(&bad), &hostile).unwrap();
    for shown in [
        "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;amp;&lt;!--",
        "&lt;/svg&gt;&lt;script&gt;alert(2)&lt;/script&gt;",
        "&lt;img src=x onerror=alert(5)&gt;",
        "&lt;img src=x onerror=alert(6)&gt;",
        "&lt;script&gt;alert(7)&lt;/script&gt;",
    ] {
        assert!(hostile.contains(shown), "{shown}");
    }
    for tag in [
        "<img",
        "<script",
        "<!--",
        "</title>",
        "</style>",
        "</svg>",
        "<title>",
        "<path",
        "alert(1)>",
    ] {
        let count = |page: &str| page.matches(tag).count();
        assert_eq!(count(&hostile), count(&clean), "{tag}");
    }
}

#[test]
fn a_page_is_small_however_much_was_found() {
    let mut report = report(exports(&PLAIN, true), &AnalysisOptions::default());
    let run = report.analysis.as_mut().expect("an analysis");
    let mut random = Random::new(1);
    let arrivals: Vec<i64> = (0..100_000).map(|n| START + n * 30_000).collect();
    let history = analysis::outage::History {
        chats: arrivals.clone(),
        completed: arrivals.clone(),
        completed_on: (0..40)
            .map(|host| (format!("host{host}"), arrivals.clone()))
            .collect::<BTreeMap<_, _>>(),
        until: START + 100_000 * 30_000,
        arrivals,
        ..analysis::outage::History::default()
    };
    let open = (0..100_000).map(|id| over_time::OpenChat {
        id,
        sign: START + random.below(20 * DAY),
        is_assigned: true,
        host: Some(format!("host{}", id % 40)),
    });
    let open: Vec<over_time::OpenChat> = open.collect();
    let shaded = (0..20).map(|n| over_time::Shaded {
        from: START + n * DAY,
        to: Some(START + n * DAY + HOUR),
        host: None,
        of_messaging: true,
    });
    run.periods = over_time::periods(&history, &open, &shaded.collect::<Vec<_>>());
    run.last_signs = over_time::last_signs(open, &BTreeMap::new());
    let mut rows = 0;
    for finding in &mut run.findings {
        let table = &mut finding.table;
        while !table.rows.is_empty() && table.rows.len() < 100_000 {
            table.rows.extend_from_within(..);
        }
        rows += table.rows.len();
    }
    assert!(rows >= 100_000, "{rows}");
    let page = page(&report);
    law(of(&report), &page).unwrap();
    assert!(page.len() < 500_000, "{}", page.len());
    assert!(page.contains("The first 10 of "), "it says that there are more");
}
