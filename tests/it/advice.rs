//! Advice is a command that works: each case provokes a message of `import`, and every command or option that its hint
//! names is run on the same file, and succeeds.

use std::fs;
use std::path::Path;

use crate::cases::words;
use crate::cli::chatdb;

/// A file, the options with which it provokes a message, and how many commands its hint names.
struct Provoked {
    name: &'static str,
    text: &'static [u8],
    options: &'static str,
    commands: usize,
}

const fn case(
    name: &'static str,
    text: &'static [u8],
    options: &'static str,
    commands: usize,
) -> Provoked {
    Provoked { name, text, options, commands }
}

/// What else provokes a hint of `import` that names options.
const MORE: &[Provoked] = &[
    case(
        "a quote behind a backslash.csv",
        b"activity_id,subject,notes\n1,\"x\\\"\",\",y\"\n2,a,b\n",
        "",
        2,
    ),
    case(
        "half a day behind the year.csv",
        b"activity_id,activity_status,when_created\n1,5000,2026-11-24 08:51:30 PM\n2,5000,2026-11-24 08:51:31 AM\n",
        "",
        1,
    ),
    case(
        "the server's own words.csv",
        b"activity_id,activity_status,when_created\n1,5000,Nov 24 2026  8:51PM\n2,5000,Nov  4 2026 11:51AM\n",
        "",
        1,
    ),
    case(
        "eight digits.csv",
        b"activity_id,activity_status,when_created\n1,5000,20261124\n2,5000,20261125\n",
        "",
        1,
    ),
    case(
        "the year first.csv",
        b"activity_id,activity_status,when_created\n1,5000,2026/11/24 08:51:30\n2,5000,2026/11/25 08:51:30.123\n",
        "",
        1,
    ),
    case(
        "digits without zeros.csv",
        b"activity_id,activity_status,when_created\n1,5000,2026-1-4 8:51:30\n",
        "",
        1,
    ),
    case(
        "the console's code page.csv",
        b"activity_id,activity_status,subject\n1,5000,Caf\x82 cr\x8ame br\x96l\x82e\n2,5000,d\x82j\x85\n",
        "",
        2,
    ),
    case(
        "columns of fixed widths.txt",
        b"1347       5000  Hello     2026-11-24 08:51:30.000\r\n1348       5000  World     2026-11-24 08:51:31.000\r\n\
          1349       9000  Again     2026-11-24 08:51:32.000\r\n",
        "--columns activity_id,activity_status,subject,when_created",
        1,
    ),
    case(
        "an escape that is none.csv",
        b"activity_id,subject\n1,a\n",
        "--escape sql",
        3,
    ),
    case("one column of names.csv", b"name\na\nb\n", "", 2),
    case("one column of numbers.csv", b"1\n2\n3\n", "", 1),
    case("one column for a table.csv", b"name\na\nb\n", "--table t", 2),
    case("sentences.txt", b"hello there\nnice to see you\n", "", 2),
    case("an unknown format.csv", b"activity_id,activity_status\n1,5000\n", "--input-format ssms_csf", 1),
];

/// A message of a command that reads files, and how many commands its hint names.
struct Told {
    /// Files in the folder, each with its text.
    files: &'static [(&'static str, &'static [u8])],
    command: &'static str,
    commands: usize,
}

const PAIR: &[(&str, &[u8])] = &[("a.csv", b"k,v\n1,x\n2,y\n"), ("b.csv", b"k,v\n1,x\n2,y\n")];

/// Hints of `query` and `diff`.
const TOLD: &[Told] = &[
    Told {
        files: &[("a.csv", b"k,v\n1,Caf\xe9\n"), ("b.csv", b"k,v\n1,Caf\xe9\n")],
        command: "diff a.csv b.csv --key k",
        commands: 3,
    },
    Told {
        files: &[("a.csv", b"1,2\n3,4\n"), ("b.csv", b"1,2\n3,4\n")],
        command: "diff a.csv b.csv",
        commands: 2,
    },
    Told {
        files: &[("a.csv", b"k,v\n1,2\n"), ("b.csv", b"k,v\n1,2\n")],
        command: "diff a.csv b.csv --key k --tolerance v",
        commands: 2,
    },
    Told { files: PAIR, command: "diff a.csv b.csv --key k --ignore v", commands: 1 },
    Told {
        files: &[("a.csv", b"activity_id,activity_status,subject\n1,5000,Caf\xe9 au lait\n")],
        command: "query \"SELECT COUNT(*) AS n FROM egpl_casemgmt_activity\" a.csv",
        commands: 3,
    },
    Told {
        files: &[("a.csv", b"colour,weight\nred,5\nblue,7\n")],
        command: "query \"SELECT COUNT(*) AS n FROM my_table\" a.csv",
        commands: 1,
    },
    Told {
        files: &[(
            "a.csv",
            b"activity_id,activity_status,when_created\n1,5000,24/11/2026 08:51:30\n",
        )],
        command: "query \"SELECT COUNT(*) AS n FROM egpl_casemgmt_activity\" a.csv",
        commands: 1,
    },
];

const PROVOKED: &[Provoked] = &[
    Provoked {
        name: "columns without names.txt",
        text: b"1\t2000\t5000\t2026-11-24 08:51:30.000\r\n2\t2000\t5000\t2026-11-24 08:51:30.000\r\n",
        options: "",
        commands: 1,
    },
    Provoked {
        name: "unknown columns.csv",
        text: b"colour,weight\nred,5\nblue,7\n",
        options: "",
        commands: 1,
    },
    Provoked {
        name: "names or a row.csv",
        text: b"colour,shape\nred,round\nblue,flat\n",
        options: "--table t",
        commands: 2,
    },
    Provoked {
        name: "day first.csv",
        text: b"activity_id,activity_status,when_created\n1,5000,24/11/2026 08:51:30\n2,5000,25/11/2026 08:51:30\n",
        options: "",
        commands: 1,
    },
    Provoked {
        name: "day or month first.csv",
        text: b"activity_id,activity_status,when_created\n1,5000,04/11/2026 08:51\n2,5000,05/11/2026 08:51\n",
        options: "",
        commands: 2,
    },
    Provoked {
        name: "two digits of the year.csv",
        text: b"activity_id,activity_status,when_created\n1,5000,24.11.26 08:51\n",
        options: "",
        commands: 1,
    },
    Provoked {
        name: "half a day.csv",
        text: b"activity_id,activity_status,when_created\n1,5000,11/24/2026 6:30:05 PM\n",
        options: "",
        commands: 1,
    },
    Provoked {
        name: "code page.csv",
        text: b"activity_id,activity_status,subject\n1,5000,Caf\xe9 au lait un peu sucr\xe9\n2,5000,d\xe9j\xe0\n",
        options: "",
        commands: 3,
    },
    Provoked {
        name: "two formats.csv",
        text: b"activity_id,activity_status,subject\n1,5000,\n2,5000,a\n",
        options: "",
        commands: 2,
    },
    Provoked {
        name: "no second result.csv",
        text: b"activity_id,activity_status\n1,5000\n",
        options: "--result-set 2",
        commands: 1,
    },
];

/// The commands in a hint: what stands in backticks and begins as an option or as the program does.
pub fn commands(hint: &str) -> Vec<&str> {
    let quoted = hint.split('`').skip(1).step_by(2);
    quoted
        .filter(|text| {
            text.starts_with("chatdb ") || (text.starts_with("--") && text.contains(' '))
        })
        .collect()
}

/// The words of a command line in which `more` takes the place of options of the same name.
fn with(options: &[String], more: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = options.iter();
    while let Some(word) = rest.next() {
        if more.contains(word) {
            rest.next();
        } else {
            all.push(word.clone());
        }
    }
    all.extend_from_slice(more);
    all
}

pub fn run(folder: &Path, words: &[String]) -> (Option<i32>, String) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = chatdb(folder, &words);
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn every_command_of_a_hint_works_on_the_file_that_provoked_it() {
    let mut wrong = Vec::new();
    for case in PROVOKED.iter().chain(MORE) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(case.name), case.text).expect("a file");
        let import = |options: &[String], db: &str| {
            let begin = ["import", case.name, "--db", db].map(str::to_owned);
            run(folder.path(), &[&begin[..], options].concat())
        };
        let options = words(case.options);
        let (code, stderr) = import(&options, "first.sqlite");
        let hint = stderr.split_once(" hint: ").map_or("", |(_, hint)| hint);
        let named = commands(hint);
        if code == Some(0) || named.len() != case.commands {
            wrong.push(format!("{}: {code:?}, {} commands in {stderr}", case.name, named.len()));
        }
        for (at, command) in named.iter().enumerate() {
            let (code, stderr) = match command.strip_prefix("chatdb ") {
                Some(line) => run(folder.path(), &words(line)),
                None => import(&with(&options, &words(command)), &format!("{at}.sqlite")),
            };
            if code != Some(0) {
                wrong.push(format!("{}: `{command}`: {code:?} {stderr}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_command_that_does_not_work_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.csv"), PROVOKED[1].text).expect("a file");
    let failing = words("import a.csv --db a.sqlite --columns a,b,c --table t --header no");
    assert_ne!(run(folder.path(), &failing).0, Some(0));
    assert_eq!(commands("say `--header yes` or `--x`, not `a`"), ["--header yes"]);
    let replaced = with(&words("--header no --table t"), &words("--header yes"));
    assert_eq!(replaced.join(" "), "--table t --header yes");
}

#[test]
fn every_command_of_a_hint_of_query_and_diff_works_too() {
    let mut wrong = Vec::new();
    for told in TOLD {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in told.files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let typed = words(told.command);
        let (code, stderr) = run(folder.path(), &typed);
        let hint = stderr.split_once(" hint: ").map_or("", |(_, hint)| hint);
        let named = commands(hint);
        if code == Some(0) || named.len() != told.commands {
            let count = named.len();
            wrong.push(format!("{}: {code:?}, {count} commands in {stderr}", told.command));
        }
        for command in named {
            let line = match command.strip_prefix("chatdb ") {
                Some(line) => words(line),
                None => with(&typed, &words(command)),
            };
            let (code, stderr) = run(folder.path(), &line);
            if code != Some(0) {
                wrong.push(format!("{}: `{command}`: {code:?} {stderr}", told.command));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn code_pages_are_named_with_a_word_of_the_file_as_each_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = b"activity_id,activity_status,subject\n1,5000,Caf\x82 cr\x8ame\n2,5000,d\x82j\x85\n";
    fs::write(folder.path().join("a.csv"), text).expect("a file");
    let (code, stderr) = run(folder.path(), &words("import a.csv --db a.sqlite"));
    assert_eq!(code, Some(3));
    assert!(stderr.contains("`--encoding cp850` (which reads `Café`)"), "{stderr}");
    assert!(stderr.matches("(which reads `").count() > 1, "{stderr}");
}
