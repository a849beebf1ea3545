//! Replays what a fuzzer started from and what it found, file by file, as plain tests.

mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use targets::{LONGEST, TARGETS, Target};

/// Far above what a file takes, so that a busy machine fails no test, and far below a hang.
const LONGEST_TIME: Duration = Duration::from_secs(20);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder can be listed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
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

/// Files of every format, each behind the byte that chooses it.
static OF_FORMATS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let files = entries(&corpus().join("format_reader"));
    let read = |path: &PathBuf| fs::read(path).expect("a file can be read");
    files.iter().map(read).collect()
});

/// Bytes that mean something to some format.
const MEANING: &[u8] = b"\"'\\,;|\t\r\n\0 -+=:<>&[]{}()0Nn\x1a\xff\xfe\xef\xbb\xbf\xc3\x80";

proptest! {
    /// More are tried with `PROPTEST_CASES=100000 cargo test a_changed_file`.
    #[test]
    fn a_changed_file_is_read_within_limits_in_every_format(
        file in any::<Index>(),
        format in prop::option::of(any::<u8>()),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), 0..5_u8), 0..12),
    ) {
        let mut bytes = file.get(&OF_FORMATS).clone();
        bytes[0] = format.unwrap_or(bytes[0]);
        for (at, other, change) in changes {
            if bytes.len() < 2 {
                break;
            }
            let (at, to) = (1 + at.index(bytes.len() - 1), 1 + other.index(bytes.len() - 1));
            match change {
                0 => bytes[at] = *other.get(MEANING),
                1 => bytes.insert(at, *other.get(MEANING)),
                2 => drop(bytes.drain(at.min(to)..at.max(to).min(at.min(to) + 40))),
                3 => {
                    let part = bytes[at.min(to)..at.max(to)].to_vec();
                    bytes.splice(at..at, part);
                }
                _ => bytes.truncate(at.max(2)),
            }
        }
        let (_, target) = TARGETS.iter().find(|(name, _)| *name == "format_reader").expect("a target");
        target(&bytes);
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    let folders: BTreeSet<String> = entries(&corpus())
        .iter()
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
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
    assert_eq!(replay_within(Duration::from_millis(20), hangs, Vec::new()), Err("hangs"));
}

/// The fuzzer's package compiles files of the tests, and `cargo test` does not build it.
#[test]
fn the_fuzzer_declares_the_crates_that_its_files_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| fs::read_to_string(root.join(path)).expect("a file of the tree");
    let declared = |path: &str| -> Vec<String> {
        let manifest: toml::Table = text(path).parse().expect("a manifest");
        let tables = ["dependencies", "dev-dependencies"].map(|table| manifest.get(table));
        let names = tables.into_iter().flatten().filter_map(toml::Value::as_table);
        names.flat_map(|table| table.keys().map(|name| name.replace('-', "_"))).collect()
    };
    let files = ["tests/it/fuzz/targets.rs", "tests/it/table_text.rs", "fuzz/fuzz_targets/any.rs"];
    let code = files.map(text).concat();
    let fuzzer = declared("fuzz/Cargo.toml");
    let names = |name: &String| {
        let path = format!("{name}::");
        code.match_indices(&path).any(|(at, _)| {
            !code[..at].ends_with(|before: char| before == ':' || before.is_alphanumeric())
        })
    };
    let missing = |known: &[String]| -> Vec<String> {
        let named = declared("Cargo.toml").into_iter().filter(names);
        named.filter(|name| !known.contains(name)).collect()
    };
    assert_eq!(missing(&fuzzer), Vec::<String>::new(), "declare it in fuzz/Cargo.toml");
    assert!(missing(&[]).contains(&"tempfile".to_owned()), "a crate that is not declared is found");
}
