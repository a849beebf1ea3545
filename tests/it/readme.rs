//! README.md and the pages of `docs/` are run: each ` ```console ` block is typed into a shell of
//! sorts, and what the program prints must be what the block shows, byte for byte.
//!
//! All blocks of a page share one scratch folder, from the top of the page to its end. A block with `file=NAME` after
//! its language writes that file there. In a console block, a line `...` alone stands for any lines. What the shell
//! knows is [`Shell::run`]. `UPDATE=1` rewrites what blocks without `...` show; read the change before you
//! commit it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, iter};

use rusqlite::types::ValueRef;

use crate::analysis_page;

const PROGRAM: &str = env!("CARGO_BIN_EXE_chatdb");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

fn readme() -> String {
    text("README.md")
}

/// The pages that are run, `README.md` first.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let names = docs.map(|entry| entry.expect("an entry").file_name());
    let mut pages: Vec<String> = names
        .map(|name| format!("docs/{}", name.to_string_lossy()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    pages.sort();
    pages.insert(0, "README.md".to_owned());
    pages
}

/// One fenced block of a page.
#[derive(Debug, PartialEq)]
struct Block<'a> {
    language: &'a str,
    file: Option<&'a str>,
    /// The line of the page on which its first line stands, from 1.
    line: usize,
    lines: Vec<&'a str>,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (at, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                let mut words = info.split_whitespace();
                open = Some(Block {
                    language: words.next().unwrap_or(""),
                    file: words.find_map(|word| word.strip_prefix("file=")),
                    line: at + 2,
                    lines: Vec::new(),
                });
            }
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A command of a console block, the line of the page it stands on, and what is shown below it.
struct Typed<'a> {
    line: usize,
    command: &'a str,
    shown: Vec<&'a str>,
}

fn typed<'a>(name: &str, block: &Block<'a>) -> Vec<Typed<'a>> {
    let mut all: Vec<Typed<'_>> = Vec::new();
    for (at, line) in block.lines.iter().enumerate() {
        let line_no = block.line + at;
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push(Typed { line: line_no, command, shown: Vec::new() }),
            (None, Some(last)) => last.shown.push(line),
            (None, None) => panic!("{name}:{line_no}: a console block starts with `$ `"),
        }
    }
    all
}

/// What can be typed, and where.
struct Shell<'a> {
    folder: &'a Path,
    /// The exit code of the last command that ended with another than 0, until `echo $?` has shown it.
    unseen: Option<i32>,
}

impl Shell<'_> {
    /// Runs one line: `chatdb ... [> FILE]`, `sqlite3 -header FILE "SQL"`, `cat FILE` or `echo $?`. A command
    /// that ends with another code than 0 is followed by `echo $?`, so that a reader sees it too.
    fn run(&mut self, line: &str) -> Result<String, String> {
        if line == "echo $?" {
            return Ok(format!("{}\n", self.unseen.take().unwrap_or(0)));
        }
        if let Some(code) = self.unseen {
            return Err(format!(
                "the command before ended with {code}, and no `$ echo $?` shows it"
            ));
        }
        let mut words = words(line)?;
        let target = match words.iter().position(|word| word == ">") {
            Some(at) => {
                let target = words.get(at + 1).ok_or("`>` names no file")?.clone();
                words.truncate(at);
                Some(target)
            }
            None => None,
        };
        let (name, arguments) = words.split_first().ok_or("no command")?;
        let output = match (name.as_str(), arguments) {
            ("chatdb", arguments) => self.chatdb(arguments),
            ("sqlite3", [header, file, sql]) if header == "-header" => self.sqlite3(file, sql),
            ("cat", [file]) => {
                fs::read_to_string(self.folder.join(file)).map_err(|e| e.to_string())
            }
            _ => Err("this shell does not know that command".to_owned()),
        }?;
        match target {
            Some(file) => {
                fs::write(self.folder.join(file), output).map_err(|e| e.to_string())?;
                Ok(String::new())
            }
            None => Ok(output),
        }
    }

    fn chatdb(&mut self, arguments: &[String]) -> Result<String, String> {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.folder)
            .env_remove("COLUMNS")
            .env_remove("LINES")
            // The user's own key of pseudonyms is neither used nor made.
            .env("XDG_CONFIG_HOME", self.folder.join(".config"))
            .env("HOME", self.folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        self.unseen = match output.status.code() {
            Some(0) => None,
            Some(code) => Some(code),
            None => return Err("it was ended by a signal".to_owned()),
        };
        let text = |bytes| String::from_utf8(bytes).map_err(|error| error.to_string());
        Ok(text(output.stdout)? + &text(output.stderr)?)
    }

    /// What `sqlite3 -header` prints. Where that program is at hand, it must agree.
    fn sqlite3(&self, file: &str, sql: &str) -> Result<String, String> {
        let path = self.folder.join(file);
        let mine = list(&path, sql).map_err(|error| error.to_string())?;
        let theirs = Command::new("sqlite3")
            .args(["-batch", "-header"])
            .arg(&path)
            .arg(sql)
            .stdin(Stdio::null())
            .output();
        if let Ok(output) = theirs {
            let theirs = String::from_utf8_lossy(&output.stdout);
            assert_eq!(mine, theirs, "`sqlite3` says something else of {sql}");
        }
        Ok(mine)
    }
}

/// The rows of a query, cells between bars, below a line of headings.
fn list(path: &Path, sql: &str) -> rusqlite::Result<String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = rusqlite::Connection::open_with_flags(path, flags)?;
    let mut statement = conn.prepare(sql)?;
    let heading = statement.column_names().collect::<Vec<_>>().join("|");
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        if text.is_empty() {
            writeln!(text, "{heading}").expect("writing to a String cannot fail");
        }
        for at in 0..width {
            let bar = if at == 0 { "" } else { "|" };
            let written = match row.get_ref(at)? {
                ValueRef::Null => write!(text, "{bar}"),
                ValueRef::Integer(value) => write!(text, "{bar}{value}"),
                ValueRef::Real(value) => write!(text, "{bar}{value}"),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    write!(text, "{bar}{}", String::from_utf8_lossy(bytes))
                }
            };
            written.expect("writing to a String cannot fail");
        }
        text.push('\n');
    }
    Ok(text)
}

/// The words of a line; quotes, single or double, hold one together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '|' | ';' | '&' | '$' | '*' | '\\' | '<') => {
                return Err(format!("this shell does not know `{c}`"));
            }
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

/// Whether `actual` is what is shown; a line `...` of `shown` stands for any lines, none included.
fn shows(shown: &[&str], actual: &[&str]) -> bool {
    match shown.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|skip| shows(rest, &actual[skip..])),
        Some((line, rest)) => {
            actual.split_first().is_some_and(|(first, more)| first == line && shows(rest, more))
        }
    }
}

/// Runs a page in a scratch folder, and gives it back as it should read, with a line on each command that does
/// not print what is shown.
fn run(name: &str, page: &str) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut shell = Shell { folder: folder.path(), unseen: None };
    let mut right: Vec<String> = page.lines().map(str::to_owned).collect();
    let mut wrong = Vec::new();
    // From the end of the page, so that line numbers hold while lines are replaced.
    let mut replaced: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for block in blocks(page) {
        if let Some(file) = block.file {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a file stands in a folder"))
                .expect("a folder");
            fs::write(path, block.lines.join("\n") + "\n").expect("a file can be written");
        }
        if block.language != "console" {
            continue;
        }
        let cut = block.lines.contains(&"...");
        for typed in typed(name, &block) {
            let output = shell.run(typed.command).unwrap_or_else(|error| {
                panic!("{name}:{}: `{}`: {error}", typed.line, typed.command)
            });
            let actual: Vec<&str> = output.lines().collect();
            if shows(&typed.shown, &actual) {
                continue;
            }
            wrong.push(difference(name, &typed, &actual));
            if !cut {
                let lines = actual.iter().map(|&line| line.to_owned()).collect();
                replaced.push((typed.line, typed.shown.len(), lines));
            }
        }
        if let Some(code) = shell.unseen {
            panic!(
                "{name}:{}: the last command ends with {code}; show it with `$ echo $?`",
                block.line
            );
        }
    }
    for (line, count, lines) in replaced.into_iter().rev() {
        right.splice(line..line + count, lines);
    }
    (right.join("\n") + "\n", wrong)
}

fn difference(name: &str, typed: &Typed<'_>, actual: &[&str]) -> String {
    let Typed { line, command, shown } = typed;
    let same = shown.iter().zip(actual).take_while(|(a, b)| a == b).count();
    let at = |lines: &[&str]| lines.get(same).map_or("the end".into(), |s| s.to_string());
    format!(
        "{name}:{}: `{command}`\n   shown {:?}\n printed {:?}",
        line + same + 1,
        at(shown),
        at(actual)
    )
}

#[test]
fn every_page_shows_what_the_program_prints() {
    let update = env::var_os("UPDATE").is_some_and(|value| value == "1");
    let mut all_wrong = Vec::new();
    for name in pages() {
        let page = text(&name);
        let (right, mut wrong) = run(&name, &page);
        if update && right != page {
            fs::write(root().join(&name), &right).expect("a page can be written");
            wrong = run(&name, &right).1;
        }
        all_wrong.extend(wrong);
    }
    assert!(
        all_wrong.is_empty(),
        "UPDATE=1 rewrites blocks without `...`; those with it are yours to mend\n{}",
        all_wrong.join("\n")
    );
}

/// The picture of what a terminal shows of an analysis, which is no scenario's.
const SCREEN: &str = "analyze";

/// How much of it a terminal shows at first.
const SCREEN_LINES: usize = 24;

/// The other pictures of `docs/` are named like the scenario that they show.
#[test]
fn the_pictures_are_what_the_program_draws() {
    let mut drawn = 0;
    for entry in fs::read_dir(root().join("docs")).expect("docs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "svg") {
            continue;
        }
        let scenario = path.file_stem().expect("a name").to_string_lossy();
        if scenario == SCREEN {
            continue;
        }
        let output = Command::new(PROGRAM)
            .args(["replay", &scenario, "--format", "svg"])
            .output()
            .expect("it runs");
        if env::var_os("UPDATE").is_some_and(|value| value == "1") {
            fs::write(&path, &output.stdout).expect("a picture can be written");
        }
        let there = fs::read(&path).expect("a picture");
        assert!(there == output.stdout, "{}: UPDATE=1 draws it anew", path.display());
        drawn += 1;
    }
    assert!(drawn > 0);
}

#[test]
fn the_picture_of_an_analysis_is_the_first_screen_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let exports = analysis_page::exports(&analysis_page::PLAIN, true);
    let mut words = vec!["analyze".to_owned()];
    for (file, text) in exports {
        fs::write(folder.path().join(&file), text).expect("an export can be written");
        words.push(file);
    }
    // As on a terminal: in colour, and unchanged.
    let shown = ["--color", "always", "--width", "100", "--include-pii"];
    let output = Command::new(PROGRAM)
        .args(&words)
        .args(shown)
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let typed = format!("$ chatdb {}", words.join(" "));
    let lines = iter::once(typed.as_str()).chain(output.lines());
    let screen: Vec<&str> = lines.take(SCREEN_LINES).collect();
    let drawn = anstyle_svg::Term::new().render_svg(&screen.join("\n"));
    assert!(drawn.len() < 12_000, "{}", drawn.len());
    let path = root().join("docs").join(format!("{SCREEN}.svg"));
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&path, &drawn).expect("a picture can be written");
    }
    let there = fs::read_to_string(&path).expect("a picture");
    let (path, says) = (path.display(), "UPDATE=1 draws it anew");
    assert!(there == drawn, "{path}: {says}");
}

#[test]
fn every_command_stands_in_the_readme() {
    let help = Command::new(PROGRAM).arg("--help").output().expect("it runs");
    let help = String::from_utf8(help.stdout).expect("help is UTF-8");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A line that goes on begins further to the right.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 5, "the help lists commands: {help}");
    let page = readme();
    let missing: Vec<&&str> =
        commands.iter().filter(|name| !page.contains(&format!("chatdb {name}"))).collect();
    assert!(missing.is_empty(), "not in README.md: {missing:?}");
}

#[test]
fn the_readme_and_the_ci_name_the_same_two_commands() {
    let page = readme();
    let ci = fs::read_to_string(root().join(".ci/run")).expect(".ci/run is there");
    for command in ["cargo run -- replay services_failure", "cargo test"] {
        let alone = page.lines().any(|line| line == command);
        assert!(alone, "`{command}` has no line of its own in README.md");
        assert!(ci.contains(command), "`{command}` is not in .ci/run");
    }
}

/// The heading that a link within a page leads to, as web pages of repositories name it.
fn slug(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn whatever_a_page_links_to_is_there() {
    for name in pages() {
        let page = text(&name);
        let folder = root().join(&name);
        let folder = folder.parent().expect("a page stands in a folder");
        let headings: Vec<String> =
            (page.lines().filter(|line| line.starts_with('#'))).map(slug).collect();
        let links = page.split("](").skip(1);
        for link in links.map(|rest| rest.split(')').next().unwrap_or("")) {
            let there = match link.strip_prefix('#') {
                Some(heading) => headings.iter().any(|known| known == heading),
                None => link.starts_with("http") || folder.join(link).exists(),
            };
            assert!(there, "{name} links to `{link}`, which is not there");
        }
    }
}

#[test]
fn every_page_of_docs_says_what_it_is_for_and_where_to_go_next() {
    for name in pages().iter().skip(1) {
        let page = text(name);
        assert!(page.contains("\nThis page "), "{name} does not say what it is for");
        let last = page.trim_end().lines().last().unwrap_or("");
        assert!(last.starts_with("Next: "), "{name} ends without `Next:`");
        assert!(readme().contains(name.as_str()), "README.md does not name {name}");
    }
}

#[test]
fn an_ellipsis_stands_for_any_lines_and_nothing_else_does() {
    let cases = [
        ("a b", "a b", true),
        ("a b", "a c", false),
        ("a", "a b", false),
        ("a b", "a", false),
        ("...", "", true),
        ("a ... d", "a d", true),
        ("a ... d", "a b c d", true),
        ("a ... d", "a b c", false),
        ("... c", "a c b c", true),
        ("... b ...", "a c", false),
    ];
    for (shown, actual, expected) in cases {
        let lines = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        assert_eq!(shows(&lines(shown), &lines(actual)), expected, "{shown} / {actual}");
    }
}

#[test]
fn a_page_that_shows_something_else_is_told_and_mended() {
    let page = "Text.\n\n```csv file=a.csv\nid,n\n1,2\n```\n\n```console\n$ chatdb diff a.csv a.csv\n\
                same: nothing\n$ cat a.csv\nid,n\n1,2\n```\n";
    let (right, wrong) = run("README.md", page);
    assert_eq!(
        wrong,
        ["README.md:10: `chatdb diff a.csv a.csv`\n   shown \"same: nothing\"\n \
          printed \"same: 1 row, 2 columns\""]
    );
    assert_eq!(right, page.replace("same: nothing", "same: 1 row, 2 columns"));
    assert_eq!(run("README.md", &right), (right.clone(), Vec::new()));
}

#[test]
#[should_panic(expected = "the last command ends with 2; show it with `$ echo $?`")]
fn a_command_that_fails_shows_its_code() {
    run("README.md", "```console\n$ chatdb show nothing_of_the_kind\n...\n```\n");
}

#[test]
fn words_are_held_together_by_quotes() {
    let cases = [
        ("a b", Ok(vec!["a", "b"])),
        ("a  'b c' d", Ok(vec!["a", "b c", "d"])),
        ("a \"it's\" ''", Ok(vec!["a", "it's", ""])),
        ("a=\"b c\"", Ok(vec!["a=b c"])),
        ("a | b", Err("this shell does not know `|`")),
        ("a 'b", Err("a quote is not closed")),
    ];
    for (line, expected) in cases {
        let expected = expected
            .map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>())
            .map_err(str::to_owned);
        assert_eq!(words(line), expected, "{line}");
    }
}
