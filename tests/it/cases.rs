//! Awkward files as people have them: each folder of `tests/cases` has files, the arguments in `cmd`, and what must
//! come of them in `expect.toml`. The situations are public; the files are our own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

/// What must come of a command. What is not named may be anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Why it is so, in a sentence.
    about: String,
    /// The exit code.
    code: i32,
    /// The whole of standard output.
    stdout: Option<String>,
    /// The whole of standard error.
    stderr: Option<String>,
    /// Parts of standard output.
    #[serde(default)]
    shows: Vec<String>,
}

/// The words of a command line; quotes hold a word together.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.trim().chars() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What is wrong with what comes of a case.
fn problems(folder: &Path) -> Vec<String> {
    let expected = fs::read_to_string(folder.join("expect.toml")).unwrap();
    let expected: Expected = toml::from_str(&expected).unwrap();
    let work = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), work.path().join(entry.file_name())).unwrap();
    }
    let mut found = Vec::new();
    let commands = fs::read_to_string(folder.join("cmd")).unwrap();
    let (mut code, mut stdout, mut stderr) = (None, String::new(), String::new());
    for line in commands.lines() {
        let output = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(words(line))
            .current_dir(work.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        code = output.status.code();
        stdout = String::from_utf8(output.stdout).unwrap();
        stderr = String::from_utf8(output.stderr).unwrap();
    }
    if code != Some(expected.code) {
        found.push(format!("exit code {code:?}, expected {}: {}", expected.code, expected.about));
    }
    for (name, is, wanted) in
        [("stdout", &stdout, &expected.stdout), ("stderr", &stderr, &expected.stderr)]
    {
        if wanted.as_ref().is_some_and(|wanted| wanted != is) {
            found.push(format!("{name} is not as expected"));
        }
    }
    for part in expected.shows.iter().filter(|part| !stdout.contains(*part)) {
        found.push(format!("stdout lacks {part:?}"));
    }
    if !found.is_empty() {
        found.push(format!("stdout:\n{stdout}stderr:\n{stderr}"));
    }
    found
}

#[test]
fn every_case_comes_out_as_it_must() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let folders: BTreeMap<String, _> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    assert!(folders.len() > 10, "{} cases", folders.len());
    let wrong: Vec<String> = folders
        .iter()
        .flat_map(|(name, folder)| {
            problems(folder).into_iter().map(move |problem| format!("{name}: {problem}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
