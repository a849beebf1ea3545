//! How the parts of the source stand to each other: which module uses which, what types are called, what comments say.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, has, none, one, tree};

/// The top-level module that a file of the library belongs to.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let top = inside.split('/').next()?;
    let module = top.strip_suffix(".rs").unwrap_or(top);
    (has(path, &["rs"]) && !matches!(module, "lib" | "bin")).then_some(module)
}

// DIRECTION ------------------------------------------------------------------------------------------------

/// The first names of the paths that begin with `crate::` in a line: one, or those of a group in braces.
fn names_from_the_top(line: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = |text: &'_ str| text.find(|c| !is_name(c)).unwrap_or(text.len());
    let paths = line.split("crate::").skip(1);
    let names = paths.flat_map(|path| match path.strip_prefix('{') {
        Some(group) => group.split(',').map(str::trim).collect(),
        None => vec![path],
    });
    names.map(|path| &path[..first(path)]).collect()
}

/// For each top-level module those that it uses, and where it first does.
fn uses(files: &[File]) -> BTreeMap<&str, BTreeMap<&str, String>> {
    let modules: BTreeSet<&str> = files.iter().filter_map(|(path, _)| module_of(path)).collect();
    let mut uses: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for (path, text) in files {
        let Some(module) = module_of(path) else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in names_from_the_top(line) {
                if used != module && modules.contains(used) {
                    let place = || format!("{path}:{}", at + 1);
                    uses.entry(module).or_default().entry(used).or_insert_with(place);
                }
            }
        }
    }
    uses
}

/// The shortest way by which `from` uses `to`, with both.
fn way<'f>(
    uses: &BTreeMap<&'f str, BTreeMap<&'f str, String>>,
    from: &'f str,
    to: &str,
) -> Option<Vec<&'f str>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::from([from]);
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = *way.last().expect("a way has a beginning");
            if last == to {
                return Some(way);
            }
            for next in uses.get(last).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(next) {
                    longer.push([way.as_slice(), &[*next]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

fn circles(files: &[File]) -> Vec<String> {
    let uses = uses(files);
    let mut found = Vec::new();
    for (module, used) in &uses {
        for (other, place) in used {
            if let Some(back) = way(&uses, other, module) {
                found.push(format!("{place}: `{module}` uses `{}`", back.join("`, which uses `")));
            }
        }
    }
    found
}

#[test]
fn no_two_modules_use_each_other() {
    none(circles(&tree()));
}

#[test]
fn modules_that_use_each_other_are_found() {
    let mut files = one("src/a.rs", "//! Not crate::c.\nuse crate::b::One;\nuse crate::d;\n");
    files.extend(one("src/b/deep.rs", "fn f() {\n    crate::{b, c}::g();\n}\n"));
    files.extend(one("src/c.rs", "use crate::d::Two;\nuse crate::a;\n"));
    files.extend(one("src/d.rs", "use std::fmt;\n"));
    files.extend(one("src/bin/chatdb/main.rs", "use crate::a;\n"));
    assert_eq!(
        circles(&files),
        [
            "src/a.rs:2: `a` uses `b`, which uses `c`, which uses `a`",
            "src/b/deep.rs:2: `b` uses `c`, which uses `a`, which uses `b`",
            "src/c.rs:2: `c` uses `a`, which uses `b`, which uses `c`",
        ]
    );
    files.retain(|(path, _)| path != "src/c.rs");
    assert!(circles(&files).is_empty());
}

// NAMES ----------------------------------------------------------------------------------------------------

/// The name of the public type that a line declares.
fn public_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
    let name = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    Some(&name[..end.unwrap_or(name.len())])
}

fn types_named_alike(files: &[File]) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("src/")) {
        for (at, line) in text.lines().enumerate() {
            if let Some(name) = public_type(line) {
                places.entry(name).or_default().push(format!("{path}:{}", at + 1));
            }
        }
    }
    let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
    twice.map(|(name, places)| format!("`{name}`: {}", places.join(", "))).collect()
}

#[test]
fn a_public_type_has_a_name_of_its_own() {
    none(types_named_alike(&tree()));
}

#[test]
fn two_types_of_one_name_are_found() {
    let mut files = one(
        "src/a.rs",
        "pub struct Row<'r>(&'r str);\n/// pub enum Row\npub(crate) enum Cell {}\n",
    );
    files.extend(one("src/b.rs", "mod inner {\n    pub trait Row {}\n}\npub type Cell = u8;\n"));
    files.extend(one("tests/it/a.rs", "pub enum Row {}\n"));
    assert_eq!(types_named_alike(&files), ["`Row`: src/a.rs:1, src/b.rs:2"]);
}

// LISTS OF DATA --------------------------------------------------------------------------------------------

/// Code that asks for one entry of a list of data by its id, where the entry lacks a field.
fn branches_on_an_id(files: &[File]) -> Vec<String> {
    let is_branch = |line: &str| {
        let compared = [".id == \"", ".id != \""].iter().any(|part| line.contains(part));
        compared || line.contains("match ") && line.contains(".id {")
    };
    super::code_lines(
        files,
        |path| path.starts_with("src/import"),
        |line| is_branch(line).then(|| "branches on the id of a format".to_owned()),
    )
}

#[test]
fn no_code_branches_on_the_id_of_a_format() {
    none(branches_on_an_id(&tree()));
}

#[test]
fn a_branch_on_the_id_of_a_format_is_found() {
    let text = "// form.id == \"bcp\"\nif form.id == \"bcp\" {\nmatch form.id {\nif form.id == other.id {\n";
    assert_eq!(
        branches_on_an_id(&one("src/import/open.rs", text)),
        [
            "src/import/open.rs:2: branches on the id of a format",
            "src/import/open.rs:3: branches on the id of a format",
        ]
    );
    assert!(branches_on_an_id(&one("src/check.rs", text)).is_empty());
}

// COMMENTS -------------------------------------------------------------------------------------------------

/// The fewest words with which a comment says more than the name below it.
const FEWEST_WORDS: usize = 3;

fn short_docs(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        if !(path.starts_with("src/") && has(path, &["rs"])) {
            continue;
        }
        let mut begun: Option<(usize, Vec<&str>)> = None;
        for (at, line) in text.lines().chain([""]).enumerate() {
            let line = line.trim_start();
            let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            match (doc, &mut begun) {
                (Some(doc), Some((_, words))) => words.extend(doc.split_whitespace()),
                (Some(doc), None) => begun = Some((at + 1, doc.split_whitespace().collect())),
                (None, _) => {
                    if let Some((at, words)) =
                        begun.take().filter(|(_, words)| words.len() < FEWEST_WORDS)
                    {
                        found.push(format!("{path}:{at}: a comment of `{}` only", words.join(" ")));
                    }
                }
            }
        }
    }
    found
}

#[test]
fn a_doc_comment_says_more_than_a_name() {
    none(short_docs(&tree()));
}

#[test]
fn a_doc_comment_of_two_words_is_found() {
    let text = "//! The module\n//! of rows.\n\n/// Why.\nstruct A {\n    /// The file.\n    b: u8,\n    \
                /// Its name, in lower case.\n    c: u8,\n}\n// Plain.\n";
    assert_eq!(
        short_docs(&one("src/a.rs", text)),
        ["src/a.rs:4: a comment of `Why.` only", "src/a.rs:6: a comment of `The file.` only",]
    );
    assert!(short_docs(&one("tests/it/a.rs", text)).is_empty());
    assert_eq!(short_docs(&one("src/a.rs", "/// One.")).len(), 1);
}

// COMMANDS -------------------------------------------------------------------------------------------------

/// Commands with a value that a format string fills in, where nothing quotes it.
fn commands_by_hand(files: &[File]) -> Vec<String> {
    super::code_lines(
        files,
        |path| path.starts_with("src/") && path != "src/command_line.rs",
        |line| {
            line.match_indices("chatdb ").find_map(|(at, _)| {
                let (before, command) = line.split_at(at);
                let command = command.split(['`', '"']).next()?;
                let begins = ["`", "\"", ": "].iter().any(|end| before.ends_with(end));
                (begins && command.contains('{'))
                    .then(|| format!("`{command}` is not built by `CommandLine`"))
            })
        },
    )
}

#[test]
fn a_command_with_a_value_is_built_in_one_place() {
    none(commands_by_hand(&tree()));
}

#[test]
fn a_command_that_a_format_string_builds_is_found() {
    let text = "format!(\"`chatdb new {name}` creates it\")\nformat!(\"next: chatdb replay {path}\")\n\
                format!(\"chatdb {first}\")\nformat!(\"`chatdb list` lists {all}\")\n\
                format!(\"chatdb cannot write `{this}`\")\nformat!(\"a newer chatdb (version {found})\")\n";
    let found = commands_by_hand(&one("src/bin/chatdb/a.rs", text));
    let line = |found: &String| found.split(':').nth(1).map(str::to_owned);
    let lines: Vec<String> = found.iter().filter_map(line).collect();
    assert_eq!(lines, ["1", "2", "3"], "{found:?}");
    assert!(commands_by_hand(&one("src/command_line.rs", text)).is_empty());
}

// ARCHITECTURE.md ------------------------------------------------------------------------------------------

/// What the map names in backticks and the tree does not have: paths, and tests as `module::name`.
fn astray(map: &str, files: &[File]) -> Vec<String> {
    let has_path = |path: &str| {
        let path = path.trim_end_matches('/');
        let below = format!("{path}/");
        files.iter().any(|(name, _)| name == path || name.starts_with(&below))
    };
    let has_test = |name: &str| {
        let function = name.rsplit("::").next().unwrap_or(name);
        let declared = format!("fn {function}(");
        files.iter().any(|(path, text)| path.starts_with("tests/it/") && text.contains(&declared))
    };
    let quoted = map.split('`').skip(1).step_by(2);
    quoted
        .filter(|word| {
            let is_path = ["src/", "migrations/", "reports/", "seeds/", "tests/", "docs/"]
                .iter()
                .any(|top| word.starts_with(top) && !word.contains(['*', '<', ' ']));
            let is_test = word.contains("::")
                && word.chars().all(|c| c.is_ascii_lowercase() || "_:".contains(c));
            (is_path && !has_path(word)) || (is_test && !has_test(word))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_map_names_what_is_there() {
    let files = super::tree();
    let map = &files.iter().find(|(path, _)| path == "ARCHITECTURE.md").expect("the map").1;
    assert_eq!(astray(map, &files), Vec::<String>::new());
}

#[test]
fn a_path_or_a_test_that_is_not_there_is_seen() {
    let files = vec![
        ("src/a.rs".to_owned(), String::new()),
        ("tests/it/b.rs".to_owned(), "fn holds() {}".to_owned()),
    ];
    let map = "`src/a.rs` `src/b.rs` `b::holds` `b::fails` `render::FORMATS`";
    assert_eq!(astray(map, &files), ["src/b.rs", "b::fails"]);
}
