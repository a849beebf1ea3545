//! Every attack of `attacks.txt` in each place where SQL of a stranger is run: a seed, a step, a check, and what is
//! pasted into `chatdb query`. `cargo test attacks -- --nocapture` prints what stopped each of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chatdb::ask::{Question, ask};
use chatdb::query::Dialect;
use chatdb::replay::{self, ReplayOptions};
use chatdb::scenario::Library;
use chatdb::store::Store;

use crate::honesty;

const LIST: &str = include_str!("attacks.txt");

/// The least number of attacks, in each place.
const ENOUGH: usize = 120;

/// Steps that a statement may take here: enough for the baseline, and soon over in a program that is not optimised.
const STEPS: u64 = 400_000;

/// What has to come of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    Stop,
    End,
    Answer,
}

struct Attack {
    class: String,
    must: Must,
    sql: String,
}

/// Where it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Seed,
    Step,
    Check,
    Pasted(Dialect),
}

const PLACES: [At; 5] =
    [At::Seed, At::Step, At::Check, At::Pasted(Dialect::Sqlite), At::Pasted(Dialect::Tsql)];

/// What stopped it, or that it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Stopped(String),
    Answered,
}

fn attacks(dir: &Path) -> Vec<Attack> {
    let mut found = Vec::new();
    let (mut class, mut must) = (String::new(), None);
    for line in LIST.lines() {
        if let Some(head) = line.strip_prefix("# ") {
            let (word, rest) = head.split_once(": ").unwrap_or((head, "harmless"));
            class = rest.to_owned();
            must = Some(match word {
                "stopped" => Must::Stop,
                "bounded" => Must::End,
                "allowed" => Must::Answer,
                other => panic!("what is `{other}`?"),
            });
        } else if let (Some(must), false) = (must, line.is_empty()) {
            found.push(Attack { class: class.clone(), must, sql: expanded(line, dir) });
        }
    }
    found
}

/// `{dir}`, `{n}` and `{3*text}` written out.
fn expanded(line: &str, dir: &Path) -> String {
    let line = line.replace("{dir}", &dir.display().to_string()).replace("{n}", "\n");
    let mut out = String::new();
    let mut rest = line.as_str();
    while let Some(open) = rest.find('{') {
        let inside = &rest[open + 1..];
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        let close = inside.find('}').unwrap_or(0);
        out.push_str(&rest[..open]);
        if digits > 0 && inside[digits..].starts_with('*') && close > digits {
            let times: usize = inside[..digits].parse().expect("a number");
            out.push_str(&inside[digits + 1..close].repeat(times));
            rest = &inside[close + 1..];
        } else {
            out.push('{');
            rest = inside;
        }
    }
    out + rest
}

/// A scenario folder with the attack in one place.
fn lay(lab: &Path, at: At, sql: &str) {
    let _ = fs::remove_dir_all(lab);
    fs::create_dir_all(lab).expect("a folder");
    let (seeds, step, file, head) = match at {
        At::Seed => ("seeds = [\"00_attack.sql\"]\n", "id = \"10\"\n", "00_attack.sql", ""),
        At::Step => ("", "script = \"10_attack.sql\"\n", "10_attack.sql", ""),
        _ => (
            "",
            "id = \"10\"\n[[step.check]]\nquery = \"attack\"\nrows = 999\nderived = \"nobody knows\"\n",
            "attack.sql",
            "-- title: An attack\n",
        ),
    };
    let toml = format!(
        "title = \"An attack\"\ncontinues = \"baseline\"\n{seeds}[[step]]\nat = \"+00:01:00\"\ntitle = \"x\"\n{step}"
    );
    fs::write(lab.join("scenario.toml"), toml).expect("written");
    fs::write(lab.join(file), format!("{head}{sql}\n")).expect("written");
}

/// Plays the folder, and says what stopped the attack.
fn played(lab: &Path, at: At, sql: &str) -> Outcome {
    lay(lab, at, sql);
    let name = lab.display().to_string();
    let store = Store::with_platform().expect("a database");
    store.limit_steps(STEPS);
    let library = Library::new(Vec::new()).expect("a library");
    let names = [name, "baseline".to_owned()];
    let report = match replay::replay_on(store, &library, &names, &ReplayOptions::default()) {
        Ok((report, _)) => report,
        Err(error) => return Outcome::Stopped(error.to_string()),
    };
    // Whatever came of it, what is played after it on the same database is not touched.
    assert!(report.runs[1].problem.is_none(), "{sql}");
    assert!(report.runs[1].steps.iter().all(|step| step.holds()), "{sql}");
    let run = &report.runs[0];
    let checks = run.steps.iter().flat_map(|step| &step.checks);
    let problem = run
        .problem
        .clone()
        .or_else(|| run.steps.iter().find_map(|step| step.problem.clone()))
        .or_else(|| checks.clone().find_map(|check| check.problem.clone()));
    match problem {
        Some(problem) => Outcome::Stopped(problem),
        None => Outcome::Answered,
    }
}

/// Asks it of a store, stopped from outside after a while.
pub(super) fn pasted(store: &Store, dialect: Dialect, sql: &str) -> Outcome {
    let interrupter = store.interrupter();
    let (done, ended) = mpsc::channel::<()>();
    let stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let stopped = &stopped;
        scope.spawn(move || {
            let mut patience = Duration::from_millis(300);
            while ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
                stopped.store(true, Ordering::SeqCst);
                interrupter.interrupt();
                patience = Duration::from_millis(10);
            }
        });
        let question = Question {
            text: sql,
            dialect,
            literals: &[],
            kinds: &[],
            values: &[],
            now: None,
            limit: None,
        };
        let answer = ask(store, &question, &|| stopped.load(Ordering::SeqCst));
        drop(done);
        match answer {
            Ok(_) => Outcome::Answered,
            Err(error) => Outcome::Stopped(error.to_string()),
        }
    })
}

/// What a folder holds: the name and the bytes of each file.
pub(super) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).unwrap_or_default();
        found.insert(path, bytes);
    }
    found
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    names
}

/// What affects the whole process.
fn process_wide() -> (i64, i64, String) {
    let conn = rusqlite::Connection::open_in_memory().expect("a database");
    let number = |name| conn.pragma_query_value(None, name, |row| row.get(0));
    let folder = conn.pragma_query_value(None, "temp_store_directory", |row| row.get(0));
    (
        number("hard_heap_limit").expect("a limit"),
        number("soft_heap_limit").expect("a limit"),
        folder.unwrap_or_default(),
    )
}

/// The ten scenarios as they come out of this process now.
fn ten() -> Vec<Vec<u8>> {
    let library = crate::honesty::library();
    let format = chatdb::render::format("json").expect("a format");
    let played = |name: &String| {
        let (report, _) =
            replay::replay(&library, std::slice::from_ref(name), &ReplayOptions::default())
                .expect("played");
        let mut bytes = Vec::new();
        (format.render)(&report, chatdb::render::RenderOptions::default(), &mut bytes)
            .expect("written");
        bytes
    };
    honesty::ten().iter().map(played).collect()
}

/// One place: what came of each attack.
fn run(at: At, attacks: &[Attack], dir: &Path, scratch: &Path) -> Vec<Outcome> {
    let lab = scratch.join(format!("lab_{at:?}").replace(['(', ')'], "_").to_lowercase());
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let before = (contents(dir), names(here), process_wide());
    let store = Store::with_platform().expect("a database");
    let mut outcomes = Vec::new();
    for attack in attacks {
        let outcome = match at {
            // A seed and a step have the limits that a check has, and these take long in a program for tests.
            At::Seed | At::Step if attack.must == Must::End => {
                Outcome::Stopped("see check".to_owned())
            }
            At::Pasted(dialect) => {
                let outcome = pasted(&store, dialect, &attack.sql);
                // It has neither left a transaction open nor ended one.
                assert!(!store.take_lost(), "{}", attack.sql);
                store.begin().expect("no transaction is open");
                store.abandon().expect("it can be taken back");
                outcome
            }
            _ => played(&lab, at, &attack.sql),
        };
        let short: String = attack.sql.chars().take(200).collect();
        let after = (contents(dir), names(here), process_wide());
        assert!(before == after, "{at:?}: something is left of {short}");
        let tsql = at == At::Pasted(Dialect::Tsql);
        match (attack.must, &outcome) {
            (Must::Stop, Outcome::Answered) => panic!("{at:?}: not stopped: {short}"),
            // What is harmless in SQLite's SQL may be none of SQL Server's.
            (Must::Answer, Outcome::Stopped(why)) if !tsql => panic!("{at:?}: {short}: {why}"),
            _ => outcomes.push(outcome),
        }
    }
    outcomes
}

#[test]
fn attacks_are_stopped_wherever_sql_of_a_stranger_is_run() {
    let scratch = tempfile::tempdir().expect("a folder");
    let dir = scratch.path().join("kept");
    fs::create_dir(&dir).expect("a folder");
    let there = rusqlite::Connection::open(dir.join("there.db")).expect("a database");
    there.execute_batch("CREATE TABLE t (a)").expect("a table");
    drop(there);
    let attacks = attacks(&dir);
    let hostile = attacks.iter().filter(|attack| attack.must != Must::Answer);
    assert!(hostile.count() >= ENOUGH);
    let before = ten();
    let outcomes: Vec<Vec<Outcome>> = thread::scope(|scope| {
        let running: Vec<_> = PLACES
            .iter()
            .map(|at| {
                // As much as a program's first thread has, and more for what is not optimised.
                let thread = thread::Builder::new().stack_size(64 << 20);
                thread
                    .spawn_scoped(scope, || run(*at, &attacks, &dir, scratch.path()))
                    .expect("a thread")
            })
            .collect();
        running.into_iter().map(|place| place.join().expect("no attack gets through")).collect()
    });
    assert!(before == ten(), "the scenarios are what they were");
    for (at, attack) in attacks.iter().enumerate() {
        let sql: String = attack.sql.chars().take(100).collect();
        println!("{}: {}", attack.class, sql.replace('\n', " "));
        for (place, outcomes) in PLACES.iter().zip(&outcomes) {
            let what = match &outcomes[at] {
                Outcome::Stopped(why) => why.replace('\n', " "),
                Outcome::Answered => "answered".to_owned(),
            };
            let what: String = what.chars().take(160).collect();
            println!("    {:16} {what}", format!("{place:?}").to_lowercase());
        }
    }
}

#[test]
fn an_attack_that_gets_through_is_found() {
    let scratch = tempfile::tempdir().expect("a folder");
    let dir = scratch.path().join("kept");
    fs::create_dir(&dir).expect("a folder");
    let harmless =
        Attack { class: "none".to_owned(), must: Must::Stop, sql: "SELECT 1".to_owned() };
    for at in PLACES {
        let found = std::panic::catch_unwind(|| {
            run(at, std::slice::from_ref(&harmless), &dir, scratch.path())
        });
        assert!(found.is_err(), "{at:?}");
    }
}
