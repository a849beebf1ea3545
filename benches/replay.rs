//! What a replay costs inside the process: setting up, playing, writing the report, and the model's views.
//!
//! `cargo bench --bench replay` runs each measurement 41 times (`-- 101` for more) and prints the median, the
//! fastest and the slowest run. Measurements take turns, so that a slow moment of the machine is spread over
//! all of them. For whole processes beside their peer see `whole_process.py`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench measures time and prints it"
)]

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chatdb::assets;
use chatdb::import::needed;
use chatdb::render::{self, Detail, FORMATS};
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::Report;
use chatdb::scenario::Library;
use chatdb::sql::tsql;
use chatdb::store::Store;
use chatdb::table::Cell;
use rusqlite::{Connection, Statement};

const RUNS: usize = 41;

fn main() {
    // Before anything is warm: what a fresh process pays once.
    let first_store = time(Store::with_platform);
    let first_library = time(library);
    let library = library();
    let names = every(&library);
    let first_replay = time(|| play(&library, &names));

    // `cargo bench` hands over `--bench`; anything that is a number is the number of runs.
    let runs = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(RUNS);

    println!("In-process, medians of {runs} runs in turns, in microseconds.\n");
    println!(
        "First time in this process: set up {first_store:.0}, load scenarios {first_library:.0}, "
    );
    println!("then replay all {} {first_replay:.0}.\n", names.len());
    whole_parts(&library, &names, runs);
    questions(runs);
    model(&library, &names, runs);
    causes(&library, runs);
}

fn library() -> Library {
    let library = Library::new(Vec::new()).expect("the embedded scenarios can be listed");
    for name in library.names() {
        library.get(name).expect("embedded scenarios are valid");
    }
    library
}

/// The scenarios that reproduce a section of the document, in its order.
fn every(library: &Library) -> Vec<String> {
    let mut sections: Vec<_> = library
        .names()
        .into_iter()
        .map(|name| library.get(name).expect("embedded scenarios are valid"))
        .filter_map(|scenario| Some((scenario.lines.as_ref()?.first(), scenario.name.clone())))
        .collect();
    sections.sort();
    sections.into_iter().map(|(_, name)| name).collect()
}

fn play(library: &Library, names: &[String]) -> (Report, Store) {
    let played =
        replay::replay(library, names, &ReplayOptions::default()).expect("it can be played");
    assert!(played.0.holds(), "a bench of what does not hold means nothing");
    played
}

// MEASURING ------------------------------------------------------------------------------------------------

/// Microseconds that one call takes; what it returns is dropped afterwards.
fn time<T>(call: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let result = black_box(call());
    let took = start.elapsed();
    drop(result);
    micros(took)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A name, and a call that gives the microseconds of one run.
type Measured<'a> = (String, Box<dyn FnMut() -> f64 + 'a>);

/// Runs all in turns, after one turn that is not counted, and gives the times of each, ascending.
fn in_turns(measured: &mut [Measured<'_>], runs: usize) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::with_capacity(runs); measured.len()];
    for turn in 0..=runs {
        for ((_, call), times) in measured.iter_mut().zip(&mut times) {
            let took = call();
            if turn > 0 {
                times.push(took);
            }
        }
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    times
}

fn median(ascending: &[f64]) -> f64 {
    ascending[ascending.len() / 2]
}

fn print(title: &str, measured: &mut [Measured<'_>], runs: usize) {
    println!("| {title:<48} | median | fastest | slowest |");
    println!("| {:-<48} | -----: | ------: | ------: |", "");
    let times = in_turns(measured, runs);
    for ((name, _), times) in measured.iter().zip(times) {
        let (fastest, slowest) = (times[0], times[times.len() - 1]);
        println!("| {name:<48} | {:>6.0} | {fastest:>7.0} | {slowest:>7.0} |", median(&times));
    }
    println!();
}

// QUESTIONS OF THE USER'S ----------------------------------------------------------------------------------

/// What it costs to rewrite the documented query for a copy of exported rows, beside what comes with it.
fn questions(runs: usize) {
    let store = Store::for_exports().expect("it can be set up");
    let catalog = store.catalog().expect("it can be read");
    let text = assets::report("open_chats").expect("it is embedded").1;
    let translate = || tsql::translate(text, &catalog, &[]).expect("it is known T-SQL");
    let mut measured: Vec<Measured<'_>> = vec![
        ("open an empty copy for exports".to_owned(), Box::new(|| time(Store::for_exports))),
        (
            "read the catalog of the documented query".to_owned(),
            Box::new(|| time(|| store.catalog_for(text))),
        ),
        ("rewrite the documented query".to_owned(), Box::new(|| time(translate))),
        (
            "say which rows of files it needs".to_owned(),
            Box::new(|| time(|| needed::needs(text, &[]))),
        ),
    ];
    print("A question", &mut measured, runs);
}

// THE PARTS OF A RUN ---------------------------------------------------------------------------------------

fn whole_parts(library: &Library, names: &[String], runs: usize) {
    let (report, mut store) = play(library, names);
    let mut measured: Vec<Measured<'_>> = Vec::new();
    let mut add =
        |name: &str, call: Box<dyn FnMut() -> f64>| measured.push((name.to_owned(), call));
    add("open, product's tables", Box::new(|| time(Store::new)));
    add("open, product's tables, platform model", Box::new(|| time(Store::with_platform)));
    add("load all scenarios", Box::new(|| time(self::library)));
    for name in names {
        let one = [name.clone()];
        let call = move || time(|| play(library, &one));
        measured.push((format!("set up and replay {name}"), Box::new(call)));
    }
    for name in [&names[..1], names] {
        let title = match name {
            [one] => format!("replay {one}, set up before"),
            all => format!("replay all {}, set up before", all.len()),
        };
        let call = move || {
            let store = Store::with_platform().expect("it can be set up");
            time(|| replay::replay_on(store, library, name, &ReplayOptions::default()))
        };
        measured.push((title, Box::new(call)));
    }
    let all = move || time(|| play(library, names));
    measured.push((format!("set up and replay all {}", names.len()), Box::new(all)));

    for format in FORMATS {
        let report = &report;
        let detail = Detail::Full;
        let call = move || {
            let mut bytes = Vec::new();
            let options = render::RenderOptions {
                width: 180,
                detail,
                color: false,
                ..render::RenderOptions::default()
            };
            time(|| (format.render)(report, options, &mut bytes))
        };
        measured.push((format!("write all as {}", format.name), Box::new(call)));
    }
    measured
        .push(("the database as bytes of a file".to_owned(), Box::new(|| time(|| store.image()))));
    print("part", &mut measured, runs);
}

// THE MODEL'S VIEWS ----------------------------------------------------------------------------------------

/// A query as a scenario asks it, ready for SQLite.
struct Asked {
    name: String,
    sql: String,
    values: Vec<(String, Cell)>,
    /// The database as the scenario leaves it.
    image: Vec<u8>,
}

/// Every query once, in the first scenario that asks it.
fn asked(library: &Library, names: &[String]) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for name in names {
        let scenario = library.get(name).expect("embedded scenarios are valid");
        let (report, mut store) = play(library, std::slice::from_ref(name));
        let image = store.image().expect("the database can be read");
        for check in scenario.steps.iter().flat_map(|step| &step.checks) {
            if all.iter().any(|asked| asked.name == check.query) {
                continue;
            }
            let query = library.query(&scenario, &check.query).expect("it is known");
            let mut values = check.with.clone();
            let set = &report.runs[0].parameters;
            values.extend(set.iter().map(|set| (set.name.clone(), set.value.clone())));
            let defaults = query.parameters.iter();
            values.extend(defaults.filter_map(|p| Some((p.name.clone(), p.default.clone()?))));
            all.push(Asked {
                name: check.query.clone(),
                sql: replay::as_run(&query).expect("it ran in the replay"),
                values,
                image: image.clone(),
            });
        }
    }
    all
}

fn open(image: &[u8], read_only: bool) -> Connection {
    let mut conn = Connection::open_in_memory().expect("SQLite opens");
    conn.deserialize_read_exact("main", image, image.len(), read_only)
        .expect("an image is a database");
    conn
}

fn bind(statement: &mut Statement<'_>, values: &[(String, Cell)]) {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or("@?")[1..].to_owned();
        let (_, value) =
            values.iter().find(|(key, _)| *key == name).expect("the replay had a value");
        let bound = match value {
            Cell::Integer(value) => statement.raw_bind_parameter(index, value),
            Cell::Real(value) => statement.raw_bind_parameter(index, value),
            Cell::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
            text => statement.raw_bind_parameter(index, text.to_string()),
        };
        bound.expect("a value can be bound");
    }
}

fn rows(statement: &mut Statement<'_>) -> usize {
    let mut rows = statement.raw_query();
    let mut count = 0;
    while rows.next().expect("a query of the replay runs").is_some() {
        count += 1;
    }
    count
}

/// Prepares and runs each query on the database as its scenario leaves it, the two measured apart.
fn model(library: &Library, names: &[String], runs: usize) {
    let all = asked(library, names);
    let connections: Vec<Connection> = all.iter().map(|asked| open(&asked.image, true)).collect();
    let mut measured: Vec<Measured<'_>> = Vec::new();
    for (asked, conn) in all.iter().zip(&connections) {
        let prepare = || time(|| conn.prepare(&asked.sql).expect("it ran in the replay"));
        measured.push((String::new(), Box::new(prepare)));
        let mut statement = conn.prepare(&asked.sql).expect("it ran in the replay");
        bind(&mut statement, &asked.values);
        let run = move || time(|| rows(&mut statement));
        measured.push((String::new(), Box::new(run)));
    }
    let schema = || {
        let conn = open(&all[0].image, true);
        time(|| drop(conn.prepare("SELECT now FROM chatdb_clock")))
    };
    measured.push((String::new(), Box::new(schema)));
    let times = in_turns(&mut measured, runs);

    println!("| query                    | rows | prepare |   run |");
    println!("| ------------------------ | ---: | ------: | ----: |");
    let (mut prepare, mut run) = (0.0, 0.0);
    for ((asked, conn), times) in all.iter().zip(&connections).zip(times.chunks(2)) {
        let mut statement = conn.prepare(&asked.sql).expect("it ran in the replay");
        bind(&mut statement, &asked.values);
        let count = rows(&mut statement);
        let (p, r) = (median(&times[0]), median(&times[1]));
        println!("| {:<24} | {count:>4} | {p:>7.0} | {r:>5.0} |", asked.name);
        prepare += p;
        run += r;
    }
    println!("| {:<24} |      | {prepare:>7.0} | {run:>5.0} |\n", "all of them once");
    let schema = median(&times[times.len() - 1]);
    println!(
        "The first statement on a database read from bytes, which parses the schema: {schema:.0}."
    );
}

/// What a step may write; the triggers of the model do the rest.
const CAUSES: [(&str, &str); 6] = [
    ("time passes", "UPDATE chatdb_clock SET now = '2011-07-12 15:30:00.000'"),
    ("a server stops", "INSERT INTO server_event (server, event) VALUES ('messaging', 'stops')"),
    (
        "the agent types",
        "INSERT INTO message (activity_id, author, text) VALUES (1347, 'agent', 'Hello?')",
    ),
    (
        "the agent opens the inbox",
        "INSERT INTO agent_action (user_id, action, console_part) VALUES (1003, 'opens', 'inbox')",
    ),
    ("the agent logs out", "INSERT INTO agent_action (user_id, action) VALUES (1003, 'logs out')"),
    (
        "the agent completes the chat",
        "INSERT INTO agent_action (user_id, action, activity_id) VALUES (1003, 'completes', 1347)",
    ),
];

/// Prepares and runs each cause on the baseline, and takes it back; the two measured apart. A statement is
/// compiled together with every trigger that it can set off.
fn causes(library: &Library, runs: usize) {
    let (_, mut store) = play(library, &["baseline".to_owned()]);
    let conn = open(&store.image().expect("the database can be read"), false);
    let mut measured: Vec<Measured<'_>> = Vec::new();
    for (_, sql) in CAUSES {
        let prepare = || time(|| conn.prepare(sql).expect("a cause is SQL"));
        measured.push((String::new(), Box::new(prepare)));
        let mut statement = conn.prepare(sql).expect("a cause is SQL");
        let conn = &conn;
        let run = move || {
            conn.execute_batch("SAVEPOINT cause").expect("a savepoint");
            let took = time(|| statement.raw_execute().expect("a cause happens"));
            let back = conn.execute_batch("ROLLBACK TO cause; RELEASE cause");
            back.expect("a savepoint is taken back");
            took
        };
        measured.push((String::new(), Box::new(run)));
    }
    let times = in_turns(&mut measured, runs);

    println!("\n| cause                        | prepare |   run |");
    println!("| ---------------------------- | ------: | ----: |");
    for ((name, _), times) in CAUSES.iter().zip(times.chunks(2)) {
        let (prepare, run) = (median(&times[0]), median(&times[1]));
        println!("| {name:<28} | {prepare:>7.0} | {run:>5.0} |");
    }
}
