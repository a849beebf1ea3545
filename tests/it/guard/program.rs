//! What the program adds to the library's limits: the time and the memory.

use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// How often it is looked whether the program has ended, and how long between: far more than the limit of time and
/// what a busy machine adds to it, and far less than for ever.
const LOOKS: u32 = 600;
const BETWEEN: Duration = Duration::from_millis(200);

/// Plays a folder whose check is this query.
fn checked(folder: &Path, query: &str) -> Output {
    hostile(folder, query);
    chatdb(folder, &["replay", "./lab"])
}

fn hostile(folder: &Path, query: &str) {
    let lab = folder.join("lab");
    fs::create_dir_all(&lab).expect("a folder");
    fs::write(
        lab.join("scenario.toml"),
        "title = \"x\"\ncontinues = \"baseline\"\n[[step]]\nid = \"10\"\nat = \"+00:01:00\"\ntitle = \"x\"\n\
         [[step.check]]\nquery = \"slow\"\nrows = 1\nderived = \"x\"\n",
    )
    .expect("written");
    fs::write(lab.join("slow.sql"), format!("-- title: Slow\n{query}\n")).expect("written");
}

fn looks_until_it_ends(folder: &Path, args: &[&str]) -> u32 {
    ended(folder, args).1
}

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    ended(folder, args).0
}

/// Runs the program to its end, and counts the looks at it. What it prints goes to files: a pipe that nobody reads
/// would hold it up.
fn ended(folder: &Path, args: &[&str]) -> (Output, u32) {
    let [mut stdout, mut stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a file"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().expect("a handle"))
        .stderr(stderr.try_clone().expect("a handle"))
        .spawn()
        .expect("the program starts");
    for looks in 0..LOOKS {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            let [stdout, stderr] = [&mut stdout, &mut stderr].map(written);
            let output = Output { status, stdout, stderr };
            return (output, looks);
        }
        std::thread::sleep(BETWEEN);
    }
    let _ = child.kill();
    panic!("it does not end: {args:?}");
}

fn written(file: &mut fs::File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().expect("a place");
    file.read_to_end(&mut bytes).expect("bytes");
    bytes
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Steps so slow that their number would end it after an hour.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
    SELECT sum(length(printf('%.900000c', 'x') || i)) FROM n";

/// Sorts more than there is memory.
const LARGE: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
    SELECT printf('%.900000c', 'x') || i AS x FROM n ORDER BY 1";

#[test]
fn a_statement_of_slow_steps_is_ended_by_the_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = checked(folder.path(), SLOW);
    let out = text(&output.stdout);
    assert!(out.contains("takes longer than 5 seconds"), "{out}{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_statement_that_takes_all_memory_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = checked(folder.path(), LARGE);
    let out = text(&output.stdout);
    let said = ["exceeds its memory limit", "takes longer than 5 seconds"];
    assert!(said.iter().any(|said| out.contains(said)), "{out}{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_question_that_takes_all_memory_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["query", LARGE, "--after", "baseline", "--dialect", "sqlite", "--timeout", "20"];
    let output = chatdb(folder.path(), &args);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("exceeds its memory limit"), "{stderr}");
    assert_eq!(output.status.code(), Some(5));
}

/// Every command that plays a folder, or reads one: none runs longer than a statement may, and a busy machine adds.
#[test]
fn every_command_that_takes_a_folder_ends_on_a_hostile_one() {
    /// Looks at the program: a statement may take five seconds, and a command a few of them.
    const MAX_LOOKS: u32 = 300;
    let from_lab = ["simulate", "--from", "./lab"];
    let slow = format!("EXISTS ({SLOW})");
    let simulated = |more: &[&str]| -> Vec<String> {
        let words = from_lab.iter().chain(more);
        words.map(|word| (*word).to_owned()).collect()
    };
    let simulations = [
        simulated(&["+2:00 application stops"]),
        simulated(&["+2:00 application stops", "+3:00 application starts", "--all-orders"]),
        simulated(&["+2:00 application stops", "--never", &slow]),
        simulated(&["--find", &slow]),
        simulated(&["--random", "1000", "--never", &slow]),
    ];
    let commands: [&[&str]; 14] = [
        &["record", "./lab"],
        &["record", "./lab", "--check"],
        &["review", "./lab"],
        &["review", "./lab", "--accept-all"],
        &["why", "./lab"],
        &["why", "./lab", "--query", SLOW, "--dialect", "sqlite"],
        &["show", "./lab"],
        &["show", "./lab", "--script"],
        &["replay", "./lab"],
        &["report", "./lab", "--out", "out"],
        &["validate", "./lab"],
        &["why", "./lab/slow"],
        &["coverage", "--scenarios", "."],
        &["query", "SELECT 1 AS x", "--after", "./lab"],
    ];
    for query in [SLOW, LARGE] {
        let folder = tempfile::tempdir().expect("a folder");
        hostile(folder.path(), query);
        let words = simulations.iter().map(|words| words.iter().map(String::as_str).collect());
        let commands = commands.iter().map(|words| words.to_vec());
        for args in commands.chain(words) {
            let looks = looks_until_it_ends(folder.path(), &args);
            assert!(looks < MAX_LOOKS, "{args:?}: {looks} looks");
        }
        let left = fs::read_dir(folder.path()).expect("a folder");
        let left: Vec<_> = left.map(|file| file.expect("a file").file_name()).collect();
        assert!(left.iter().all(|name| name == "lab" || name == "out"), "{left:?}");
    }
}
