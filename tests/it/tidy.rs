//! Reads the tree. Each rule is a function over a list of paths and texts that gives one line for each thing
//! wrong; beside it stands a test with something wrong.

mod structure;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chatdb::document::HEADINGS;

/// The widest line of code, in characters.
const WIDEST: usize = 120;

/// The folders that hold files of this project.
const FOLDERS: [&str; 10] = [
    ".ci",
    "benches",
    "docs",
    "examples",
    "fuzz/fuzz_targets",
    "migrations",
    "reports",
    "seeds",
    "src",
    "tests",
];

/// A file: its path from the root, with `/`, and its text.
type File = (String, String);

/// Every text file of the project, sorted.
fn tree() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for entry in fs::read_dir(root).expect("the root can be listed") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            read(root, &entry.file_name().to_string_lossy(), &mut files);
        }
    }
    for folder in FOLDERS {
        list(root, folder, &mut files);
    }
    files.sort();
    assert!(files.len() > 100, "the tree is read: {}", files.len());
    files
}

fn list(root: &Path, folder: &str, files: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return;
    };
    for entry in entries {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a type").is_dir() {
            list(root, &path, files);
        } else {
            read(root, &path, files);
        }
    }
}

/// Exports and images are bytes of other tools; what is not UTF-8 is left out, and so is what a fuzzer thought of.
fn read(root: &Path, path: &str, files: &mut Vec<File>) {
    if path.starts_with("tests/corpus/") {
        return;
    }
    let bytes = fs::read(root.join(path)).expect("a file can be read");
    if let Ok(text) = String::from_utf8(bytes) {
        files.push((path.to_owned(), text));
    }
}

fn one(path: &str, text: &str) -> Vec<File> {
    vec![(path.to_owned(), text.to_owned())]
}

fn has(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Text as somebody else wrote it: it stays as it is.
fn is_transcription(path: &str) -> bool {
    path.starts_with("tests/exports/")
        || path.starts_with("seeds/") && (has(path, &["md"]) || path.ends_with(".printed.sql"))
}

/// What the program wrote, or is given in a test to choke on.
fn is_sample(path: &str) -> bool {
    ["reports/samples/", "tests/snapshots/", "tests/scenarios/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

/// `path:line: message` for each line that `wrong` finds something wrong with.
fn lines(files: &[File], wrong: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (at, line) in text.split('\n').enumerate() {
            if let Some(message) = wrong(path, line) {
                found.push(format!("{path}:{}: {message}", at + 1));
            }
        }
    }
    found
}

#[track_caller]
fn none(found: Vec<String>) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

// LINES ----------------------------------------------------------------------------------------------------

fn carriage_returns(files: &[File]) -> Vec<String> {
    lines(files, |path, line| {
        let exports = path.starts_with("tests/exports/") || path.starts_with("tests/cases/");
        let theirs = exports || is_sample(path);
        (!theirs && line.contains('\r')).then(|| "a carriage return".to_owned())
    })
}

#[test]
fn lines_end_in_line_feeds() {
    none(carriage_returns(&tree()));
}

#[test]
fn a_carriage_return_is_found() {
    let bad = one("seeds/x/10_a.sql", "SELECT 1;\n-- two\r\n");
    assert_eq!(carriage_returns(&bad), ["seeds/x/10_a.sql:2: a carriage return"]);
    assert!(carriage_returns(&one("tests/exports/bcp/a.csv", "1\r\n")).is_empty());
}

fn tabs(files: &[File]) -> Vec<String> {
    lines(files, |path, line| {
        let code = has(path, &["rs", "sql"]) && !is_transcription(path);
        (code && line.contains('\t')).then(|| "a tab; write blanks, or \\t".to_owned())
    })
}

#[test]
fn code_is_indented_with_blanks() {
    none(tabs(&tree()));
}

#[test]
fn a_tab_is_found() {
    assert_eq!(
        tabs(&one("src/a.rs", "fn a() {\n\tb();\n}\n")),
        ["src/a.rs:2: a tab; write blanks, or \\t"]
    );
    assert!(tabs(&one("tests/exports/a.tsv", "a\tb\n")).is_empty());
}

/// Queries in the words of the document are as wide as it prints them, and a row of `VALUES` or a text in it as
/// its data.
fn wide_lines(files: &[File]) -> Vec<String> {
    let tsql = |text: &str| text.lines().any(|line| line == "-- dialect: tsql");
    let code = files.iter().filter(|(path, text)| {
        has(path, &["rs", "sql", "toml"])
            && !is_transcription(path)
            && !path.starts_with("tests/cases/")
            && (!path.starts_with("reports/") || !tsql(text))
    });
    lines(&code.cloned().collect::<Vec<_>>(), |path, line| {
        let row = has(path, &["sql"]) && line.trim_start().starts_with(['(', '\'']);
        let width = line.chars().count();
        (width > WIDEST && !row).then(|| format!("{width} columns, {WIDEST} are enough"))
    })
}

#[test]
fn lines_of_code_fit_on_a_screen() {
    none(wide_lines(&tree()));
}

#[test]
fn a_line_that_is_too_long_is_found() {
    let long = "x".repeat(121);
    assert_eq!(
        wide_lines(&one("Cargo.toml", &format!("a = 1\n{long}\n"))),
        ["Cargo.toml:2: 121 columns, 120 are enough"]
    );
    assert!(wide_lines(&one("src/a.rs", &"ä".repeat(120))).is_empty());
    assert!(wide_lines(&one("README.md", &long)).is_empty());
    let query = format!("-- dialect: tsql\n{long}\n");
    assert!(wide_lines(&one("reports/a.sql", &query)).is_empty());
    assert_eq!(wide_lines(&one("migrations/egpl/a.sql", &query)).len(), 1);
}

fn trailing_blanks(files: &[File]) -> Vec<String> {
    lines(files, |path, line| {
        let theirs = is_transcription(path) || is_sample(path);
        (!theirs && line.ends_with([' ', '\t'])).then(|| "a blank at the end".to_owned())
    })
}

#[test]
fn lines_end_in_no_blanks() {
    none(trailing_blanks(&tree()));
}

#[test]
fn a_blank_at_the_end_is_found() {
    let text = "one\ntwo \n";
    assert_eq!(trailing_blanks(&one("README.md", text)), ["README.md:2: a blank at the end"]);
    assert!(trailing_blanks(&one("seeds/x/10_a.md", text)).is_empty());
    assert_eq!(trailing_blanks(&one("seeds/x/scenario.toml", text)).len(), 1);
}

/// Prose in which a word stands twice in a row, as a replacement of words leaves it: `and and`, `e-e-mails`.
fn repeated_words(files: &[File]) -> Vec<String> {
    let prose = files.iter().filter(|(path, _)| {
        let folders = ["src/", "migrations/", "reports/", "seeds/", "docs/"];
        let ours = folders.iter().any(|folder| path.starts_with(folder)) || !path.contains('/');
        ours && has(path, &["rs", "sql", "toml", "md"])
            && !is_transcription(path)
            && !is_sample(path)
    });
    lines(&prose.cloned().collect::<Vec<_>>(), |_, line| {
        let is_kind = line.starts_with("-- kind: ");
        let words: Vec<&str> = line.split(' ').collect();
        let twice = words.windows(2).find(|pair| {
            let next = pair[1].trim_end_matches(['.', ',', ';', ':', ')', '"', '\'']);
            pair[0] == next && next.len() > 1 && next.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        let stutters = words.iter().find(|word| {
            let parts: Vec<&str> = word.split('-').collect();
            parts
                .windows(2)
                .any(|pair| pair[0] == pair[1] && matches!(pair[0].as_bytes(), [b'a'..=b'z']))
        });
        let found = twice.map(|pair| pair[0]).or(stutters.copied());
        found.filter(|_| !is_kind).map(|word| format!("`{word}` stands twice"))
    })
}

#[test]
fn no_word_stands_twice_in_a_row() {
    none(repeated_words(&tree()));
}

#[test]
fn a_word_that_stands_twice_is_found() {
    let found = |text: &str| repeated_words(&one("src/a.rs", text));
    assert_eq!(found("\"a result set set\""), ["src/a.rs:1: `set` stands twice"]);
    assert_eq!(found("// told, and and asked"), ["src/a.rs:1: `and` stands twice"]);
    assert_eq!(found("// e-e-mails"), ["src/a.rs:1: `e-e-mails` stands twice"]);
    assert!(found("// CR CR LF, a record set, set by the user; end-to-end").is_empty());
    assert!(repeated_words(&one("seeds/x/10_a.md", "is is")).is_empty());
}

// WHO KNOWS WHAT -------------------------------------------------------------------------------------------

/// Lines of code in Rust files below `folder`, without comments that have a line of their own.
fn code_lines(
    files: &[File],
    applies: impl Fn(&str) -> bool,
    wrong: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    lines(files, |path, line| {
        let code = has(path, &["rs"]) && applies(path) && !line.trim_start().starts_with("//");
        if code { wrong(line) } else { None }
    })
}

fn names_of_sqlite(files: &[File]) -> Vec<String> {
    code_lines(
        files,
        |path| {
            path.starts_with("src/") && path != "src/store.rs" && !path.starts_with("src/store/")
        },
        |line| {
            let name = ["rusqlite", "refinery"].into_iter().find(|name| line.contains(name));
            name.map(|name| format!("`{name}`, which only the store knows"))
        },
    )
}

#[test]
fn only_the_store_knows_sqlite() {
    none(names_of_sqlite(&tree()));
}

#[test]
fn another_file_that_knows_sqlite_is_found() {
    let text = "//! Not rusqlite's.\nuse rusqlite::Connection;\n";
    assert_eq!(
        names_of_sqlite(&one("src/replay.rs", text)),
        ["src/replay.rs:2: `rusqlite`, which only the store knows"]
    );
    for path in ["src/store.rs", "src/store/load.rs"] {
        assert!(names_of_sqlite(&one(path, text)).is_empty());
    }
    assert!(names_of_sqlite(&one("tests/it/a.rs", text)).is_empty());
}

/// What prints, and what brings in the time, the place or the settings of the machine.
const OUTSIDE: [&str; 7] =
    ["println!(", "print!(", "dbg!(", "stdout()", "stderr()", "env::var", "current_dir()"];

fn library_reaches_out(files: &[File]) -> Vec<String> {
    code_lines(
        files,
        |path| path.starts_with("src/") && !path.starts_with("src/bin/"),
        |line| {
            let name = OUTSIDE.into_iter().find(|name| line.contains(name));
            name.map(|name| format!("`{name}` in the library"))
        },
    )
}

#[test]
fn the_library_neither_prints_nor_asks_the_machine() {
    none(library_reaches_out(&tree()));
}

#[test]
fn a_library_that_prints_is_found() {
    let text = "// println!()\neprintln!(\"x\");\n";
    assert_eq!(
        library_reaches_out(&one("src/a.rs", text)),
        ["src/a.rs:2: `println!(` in the library"]
    );
    assert!(library_reaches_out(&one("src/bin/chatdb/a.rs", text)).is_empty());
    assert_eq!(
        library_reaches_out(&one("src/a.rs", "let home = std::env::var(\"HOME\");")).len(),
        1
    );
}

/// The names of the scenarios in `seeds/`, and the text of each `scenario.toml`.
fn scenarios(files: &[File]) -> BTreeMap<&str, toml::Table> {
    let named = files.iter().filter_map(|(path, text)| {
        let name = path.strip_prefix("seeds/")?.strip_suffix("/scenario.toml")?;
        Some((name, text.parse().expect("a scenario is TOML")))
    });
    named.collect()
}

fn scenarios_named_in_code(files: &[File]) -> Vec<String> {
    let names = scenarios(files);
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code_lines(
        files,
        |path| path.starts_with("src/"),
        |line| {
            let name = line.split(|c| !part(c)).find(|word| names.contains_key(word));
            name.map(|name| format!("names the scenario `{name}`"))
        },
    )
}

#[test]
fn no_code_names_a_scenario() {
    none(scenarios_named_in_code(&tree()));
}

#[test]
fn code_that_names_a_scenario_is_found() {
    let mut files = one("seeds/disk_failure/scenario.toml", "title = \"A disk\"\n");
    files.extend(one(
        "src/a.rs",
        "/// Such as disk_failure.\nif name == \"disk_failure\" {\nlet disk_failures = 1;\n",
    ));
    assert_eq!(scenarios_named_in_code(&files), ["src/a.rs:2: names the scenario `disk_failure`"]);
}

// NOTHING LEFT OVER ----------------------------------------------------------------------------------------

/// The queries that the checks of a scenario ask.
fn asked(scenario: &toml::Table) -> Vec<&str> {
    let steps = scenario.get("step").and_then(|steps| steps.as_array()).into_iter().flatten();
    let checks = steps.filter_map(|step| step.get("check")?.as_array()).flatten();
    checks.filter_map(|check| check.get("query")?.as_str()).collect()
}

/// A query is used when a check of a scenario asks it, or a command has its name as a text.
fn unused_queries(files: &[File]) -> Vec<String> {
    let scenarios = scenarios(files);
    let checked: Vec<&str> = scenarios.values().flat_map(asked).collect();
    let in_a_command = |name: &str| {
        let literal = format!("\"{name}\"");
        files.iter().any(|(path, text)| path.starts_with("src/bin/") && text.contains(&literal))
    };
    let queries = files.iter().filter_map(|(path, _)| {
        let name = path.strip_prefix("reports/")?.strip_suffix(".sql")?;
        (!name.contains('/')).then_some((path, name))
    });
    queries
        .filter(|(_, name)| !checked.contains(name) && !in_a_command(name))
        .map(|(path, _)| format!("{path}: no check and no command asks it"))
        .collect()
}

#[test]
fn every_query_is_asked() {
    none(unused_queries(&tree()));
}

#[test]
fn a_query_that_nobody_asks_is_found() {
    let scenario = "[[step]]\n[[step.check]]\nquery = \"one\"\n";
    let mut files = one("seeds/a/scenario.toml", scenario);
    files.extend(one("src/bin/chatdb/a.rs", "ask(\"two\")"));
    for name in ["one", "two", "three"] {
        files.extend(one(&format!("reports/{name}.sql"), "SELECT 1"));
    }
    assert_eq!(unused_queries(&files), ["reports/three.sql: no check and no command asks it"]);
}

fn headings_not_claimed_once(files: &[File]) -> Vec<String> {
    let scenarios = scenarios(files);
    let mut found = Vec::new();
    for heading in HEADINGS {
        let claims = |table: &toml::Table| {
            table.get("section").and_then(|section| section.as_str()) == Some(heading.text)
        };
        let by: Vec<&str> =
            scenarios.iter().filter(|(_, table)| claims(table)).map(|(name, _)| *name).collect();
        if by.len() != 1 {
            found.push(format!("\"{}\" is claimed by {by:?}", heading.text));
        }
    }
    found
}

#[test]
fn every_heading_is_claimed_by_one_scenario() {
    none(headings_not_claimed_once(&tree()));
}

#[test]
fn a_heading_without_a_scenario_or_with_two_is_found() {
    let mut files = Vec::new();
    for (at, heading) in HEADINGS.iter().enumerate().skip(1) {
        let text = format!("section = \"{}\"\n", heading.text);
        files.extend(one(&format!("seeds/s{at}/scenario.toml"), &text));
    }
    files.extend(one("seeds/twin/scenario.toml", &files[0].1.clone()));
    assert_eq!(
        headings_not_claimed_once(&files),
        [
            "\"Application Server Failure\" is claimed by []",
            "\"Application Server Restored\" is claimed by [\"s1\", \"twin\"]"
        ]
    );
}

#[test]
fn a_migration_stays_as_it_is() {
    // Each database remembers the text that made it: a changed migration is refused by the databases that there are.
    use sha2::Digest as _;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let listed = fs::read_to_string(root.join("CHECKSUMS")).expect("a list");
    let mut found = Vec::new();
    // The platform model is laid anew for each replay, and no database of it is ever migrated.
    for set in ["egpl", "exports"] {
        for file in fs::read_dir(root.join(set)).expect("a folder") {
            let path = file.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            let hash = sha2::Sha256::digest(fs::read(&path).expect("a file"));
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            found.push(format!("{hash}  {set}/{name}"));
        }
    }
    let mut listed: Vec<&str> = listed.lines().collect();
    found.sort();
    listed.sort_unstable();
    assert_eq!(
        found, listed,
        "add a new migration, and its line in `migrations/CHECKSUMS` (`sha256sum`); never change one"
    );
}
