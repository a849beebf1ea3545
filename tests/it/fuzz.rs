//! Replays what a fuzzer started from and what it found, file by file, as plain tests.

mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use targets::{LONGEST, TARGETS, Target};

/// Far above what a file takes, so that a busy machine fails no test, and far below a hang.
const LONGEST_TIME: Duration = Duration::from_secs(20);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder can be listed");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

/// What goes wrong with a target and a file, in a word. A target that hangs is left behind.
fn replay(target: Target, bytes: Vec<u8>) -> Result<(), &'static str> {
    replay_within(LONGEST_TIME, target, bytes)
}

fn replay_within(longest: Duration, target: Target, bytes: Vec<u8>) -> Result<(), &'static str> {
    let (done, waits) = mpsc::channel();
    let thread = thread::spawn(move || {
        target(&bytes);
        let _ = done.send(());
    });
    match waits.recv_timeout(longest) {
        Ok(()) => thread.join().map_err(|_| "panics"),
        Err(RecvTimeoutError::Disconnected) => Err("panics"),
        Err(RecvTimeoutError::Timeout) => Err("hangs"),
    }
}

#[test]
fn nothing_that_a_fuzzer_found_does_harm() {
    let mut wrong = Vec::new();
    for (name, target) in TARGETS {
        let files = entries(&corpus().join(name));
        assert!(files.len() >= 24, "{name} has {} files", files.len());
        for path in files {
            let bytes = fs::read(&path).expect("a file can be read");
            assert!(bytes.len() <= LONGEST, "{} is too long", path.display());
            if let Err(what) = replay(*target, bytes) {
                wrong.push(format!("{}: {what}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    let folders: BTreeSet<String> = entries(&corpus())
        .iter()
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, targets);
}

#[test]
fn a_target_that_panics_or_hangs_is_found() {
    fn panics(bytes: &[u8]) {
        assert!(bytes.is_empty(), "bytes");
    }
    fn hangs(_: &[u8]) {
        loop {
            thread::park();
        }
    }
    assert_eq!(replay(panics, Vec::new()), Ok(()));
    assert_eq!(replay(panics, vec![1]), Err("panics"));
    assert_eq!(
        replay_within(Duration::from_millis(20), hangs, Vec::new()),
        Err("hangs")
    );
}
