//! Help, error codes, settings, and the pages of `docs/` that are generated from the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use chatdb::analysis;
use chatdb::query::Query;
use chatdb::table::Cell;

const PROGRAM: &str = env!("CARGO_BIN_EXE_chatdb");

const ACTIVITIES: &str = "\
activity_id,activity_type,activity_sub_type,activity_status,activity_sub_status,queue_id,assigned_to,when_modified
88101,2000,2001,9000,9100,12,1007,2026-11-24 08:31:40.503
88120,2000,2001,5000,5900,12,1007,2026-11-24 08:52:02.413
";
const USERS: &str = "\
user_id,user_name,screen_name,login_ip,login_logout_time,delete_flag,user_state
1007,DMarino,DMarino,43app,2026-11-24 09:44:10.000,N,1
";
const QUEUES: &str = "queue_id,queue_name,queue_state\n12,SUPPORT,1\n";
const RESULT: &str = "\
activity_id,activity_status,activity_sub_status,queue_name,login_ip,assigned_to,user_name
1347,5000,5900,CIM_WIM,43app,1003,DMarino
";

/// A folder with all files that the examples name, which is also where the config directory is.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self { folder };
        for (name, text) in [
            ("activity.csv", ACTIVITIES),
            ("before.csv", ACTIVITIES),
            ("after.csv", ACTIVITIES),
            ("users.csv", USERS),
            ("queues.csv", QUEUES),
            ("result.csv", RESULT),
        ] {
            place.write(name, text);
        }
        place
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(PROGRAM)
            .args(words)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env_remove("COLUMNS")
            .output()
            .expect("the program runs")
    }

    fn out(&self, words: &[&str]) -> String {
        text(&self.run(words).stdout)
    }

    fn err(&self, words: &[&str]) -> String {
        text(&self.run(words).stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The commands, as the help lists them.
fn commands(place: &Place) -> Vec<String> {
    let help = place.out(&["--help"]);
    let list = help
        .split_once("Commands:\n")
        .and_then(|(_, rest)| rest.split_once("\n\n"))
        .expect("a list of commands")
        .0;
    list.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The words of a line of a shell: quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        match at % 2 {
            1 => words.push(part.to_owned()),
            _ => words.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    words
}

#[test]
fn every_command_has_examples_and_every_example_works() {
    let place = Place::new();
    place.out(&["new", "my_lab_failover"]);
    for command in commands(&place) {
        let help = place.out(&[&command, "--help"]);
        let (_, rest) =
            help.split_once("Examples:\n").unwrap_or_else(|| panic!("`{command}` has no examples"));
        let (examples, _) = rest.split_once("\n\n").expect("an end");
        let lines: Vec<&str> =
            examples.lines().filter_map(|line| line.strip_prefix("  chatdb ")).collect();
        assert!(!lines.is_empty(), "`{command}` has no examples");
        for line in lines {
            let mut words = words(line);
            if let Some(at) = words.iter().position(|word| word == ">") {
                words.truncate(at);
            }
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let output = place.run(&words);
            let code = output.status.code();
            let error = text(&output.stderr);
            // 1 is an answer: something differs, or was found.
            assert!(matches!(code, Some(0 | 1)), "chatdb {line}: {code:?}: {error}");
            assert!(!error.contains("error"), "chatdb {line}: {error}");
            assert_eq!(words[0], command);
        }
    }
}

#[test]
fn an_example_that_does_not_work_is_noticed() {
    let place = Place::new();
    let output = place.run(&["replay", "no_such_scenario"]);
    assert!(!matches!(output.status.code(), Some(0 | 1)));
}

#[test]
fn every_topic_of_the_help_is_a_page() {
    let place = Place::new();
    let help = place.out(&["--help"]);
    let (_, list) = help.split_once("`chatdb help TOPIC`: ").expect("topics");
    let list = list.replace('\n', " ");
    for topic in list.split(',').map(str::trim) {
        let page = place.out(&["help", topic]);
        assert!(page.lines().count() > 10, "{topic}: {page}");
        let is_raw = page.lines().any(|line| line.starts_with("```"));
        assert!(!is_raw, "{topic} is not rendered");
    }
    let unknown = place.run(&["help", "no_such_topic"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn every_code_is_explained() {
    let place = Place::new();
    let all = place.out(&["explain", "--format", "tsv"]);
    assert!(all.lines().count() > 35, "{all}");
    for line in all.lines().skip(1) {
        let (code, title) = line.split_once('\t').expect("a code and a title");
        let one = place.out(&["explain", code]);
        assert!(one.starts_with(&format!("{code}: {title}\n")), "{one}");
        assert!(one.lines().count() > 2, "{one}");
        let short = code.trim_start_matches("CHATDB-").to_lowercase();
        assert_eq!(place.out(&["explain", &short]), one);
    }
    assert_eq!(
        place.err(&["explain", "E20l"]),
        "error: unknown code `E20l`\n hint: did you mean `CHATDB-E200`?\n"
    );
}

/// The page of a scenario and the lists that programs get of it have the same steps, checks and rules.
#[test]
fn a_scenario_is_shown_to_people_and_to_programs() {
    let place = Place::new();
    let page = place.out(&["show", "services_failure"]);
    let json = place.out(&["show", "services_failure", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let rows = |title: &str, column: &str| -> Vec<String> {
        let lists = json["listings"].as_array().expect("lists");
        let list = lists.iter().find(|list| list["title"] == title).expect("a list");
        let rows = list["rows"].as_array().expect("rows");
        rows.iter().map(|row| row[column].as_str().expect("a text").to_owned()).collect()
    };
    for (title, column, before) in [
        ("Steps", "step", "  step "),
        ("Checks", "check", "    check "),
        ("Queries", "query", "\n  "),
        ("Rules in effect", "rule", "\n  "),
    ] {
        let all = rows(title, column);
        assert!(!all.is_empty(), "{title}");
        for one in all {
            assert!(page.contains(&format!("{before}{one}")), "{title}: {one}\n{page}");
        }
    }
    let checks = page.lines().filter(|line| line.starts_with("    check ")).count();
    assert_eq!(rows("Checks", "check").len(), checks);
    // Prose fits the columns that are asked for; SQL is as it is.
    let narrow = place.out(&["show", "services_failure", "--width", "60"]);
    let is_prose = |line: &&str| line.trim_start().starts_with("check ");
    assert!(narrow.lines().filter(is_prose).all(|line| line.len() <= 60), "{narrow}");
    let words = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(words(&narrow), words(&page));
    let quiet = place.out(&["show", "services_failure", "-q"]);
    let notes = "The arriving activity is a second customer's chat";
    assert!(page.contains(notes) && !quiet.contains(notes), "{quiet}");
}

#[test]
fn errors_as_json_have_code_and_hint() {
    let place = Place::new();
    for (words, code) in [
        (vec!["replay", "services_failur"], "CHATDB-E201"),
        (vec!["query", "SELECT FROM", "activity.csv"], "CHATDB-E204"),
        (vec!["query", "DELETE FROM egpl_user", "users.csv"], "CHATDB-E501"),
        (vec!["analyze", "activity.csv", "--as-of", "noon"], "CHATDB-E202"),
    ] {
        let mut all = words.clone();
        all.extend(["--error-format", "json"]);
        let error = place.err(&all);
        let object: serde_json::Value =
            serde_json::from_str(&error).unwrap_or_else(|why| panic!("{words:?}: {why}: {error}"));
        assert_eq!(object["code"], code, "{error}");
        assert!(object["error"].is_string() && object["exit_code"].is_number());
        // The same message as for people.
        let plain = place.err(&words);
        let first = plain.lines().next().unwrap_or_default();
        let message = object["error"].as_str().unwrap_or_default();
        assert_eq!(first, format!("error: {}", message.lines().next().unwrap_or_default()));
    }
}

// SETTINGS -------------------------------------------------------------------------------------------------

#[test]
fn the_working_folder_wins_over_the_config_directory_and_options_over_both() {
    let place = Place::new();
    place.write(
        "config/chatdb/chatdb.toml",
        "time_zone = \"+01:00\"\n[thresholds]\nquiet_minutes = 45\n",
    );
    place.write("chatdb.toml", "time_zone = \"Europe/Berlin\"\n");
    let shown = place.out(&["config", "--format", "csv"]);
    assert!(shown.contains("time_zone,Europe/Berlin,chatdb.toml"), "{shown}");
    assert!(shown.contains("thresholds.quiet_minutes,45,"), "{shown}");
    let of = |more: &[&str]| {
        let mut words =
            vec!["analyze", "activity.csv", "users.csv", "--format", "json", "--include-pii"];
        words.extend(more);
        place.out(&words)
    };
    let threshold = |json: &str| {
        let record: serde_json::Value = serde_json::from_str(json).expect("JSON");
        record.to_string().contains("\"quiet_minutes\",\"value\":45")
            || record.to_string().contains("\"name\":\"quiet_minutes\",\"value\":45")
    };
    assert!(threshold(&of(&[])), "{}", of(&[]));
    assert!(!threshold(&of(&["--set", "quiet_minutes=50"])));
}

#[test]
fn a_mistake_in_the_settings_is_named() {
    let place = Place::new();
    place.write("chatdb.toml", "time_zon = \"Europe/Berlin\"\n");
    let output = place.run(&["analyze", "activity.csv"]);
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert_eq!(
        error,
        "error: chatdb.toml:1:1: unknown key `time_zon`\n hint: did you mean `time_zone`?\n"
    );
}

#[test]
fn whatever_is_wrong_with_the_settings_is_said_in_words_of_our_own() {
    let place = Place::new();
    let keys = "valid keys: time_zone, date_format, key_file, scenarios, columns, thresholds";
    let kinds = "`chatdb help settings` shows each setting as it is written";
    let shape = "write `name = \"value\"`; `chatdb help settings` shows examples";
    for (settings, place_and_what, hint) in [
        ("foo = 1\n", "1:1: unknown key `foo`", keys),
        ("# ours\n\nfoo = 1\n", "3:1: unknown key `foo`", keys),
        ("time_zone = 1\n", "1:13: `time_zone` has a value of another kind than it takes", kinds),
        (
            "scenarios = \"here\"\n",
            "1:13: `scenarios` has a value of another kind than it takes",
            kinds,
        ),
        ("columns = 1\n", "1:11: `columns` has a value of another kind than it takes", kinds),
        (
            "time_zone = \"UTC\"\ntime_zone = \"UTC\"\n",
            "2:1: `time_zone` is given twice",
            "keep one of them",
        ),
        (
            "[columns]\nx = \"case_id\"\n[columns]\n",
            "3:2: `columns` is given twice",
            "keep one of them",
        ),
        (
            "[columns]\nx = \"case_id\"\nx = \"case_id\"\n",
            "3:1: `x` is given twice",
            "keep one of them",
        ),
        (
            "[[thresholds]]\nx = 1\n",
            "1:1: `thresholds` has a value of another kind than it takes",
            kinds,
        ),
        (
            "[columns.x]\ny = 1\n",
            "1:1: `columns.x` has a value of another kind than it takes",
            kinds,
        ),
        (
            "scenarios = [\n  1\n]\n",
            "2:3: `scenarios` has a value of another kind than it takes",
            kinds,
        ),
        ("time_zone\n", "1:10: this line is not TOML", shape),
        ("time_zone = Europe\n", "1:13: this line is not TOML", shape),
        ("# gr\u{fc}n\ntime_zone = \"UTC\n", "2:17: this line is not TOML", shape),
    ] {
        place.write("chatdb.toml", settings);
        let error = place.err(&["config"]);
        assert_eq!(
            error,
            format!("error: chatdb.toml:{place_and_what}\n hint: {hint}\n"),
            "{settings}"
        );
    }
}

#[test]
fn columns_that_an_installation_calls_otherwise_are_read_as_the_schemas() {
    let place = Place::new();
    place.write(
        "own.csv",
        "activity_id,Kunde,dbo.T.BEARBEITER,activity_status\n7,ada@example.com,1007,5000\n",
    );
    let asked = [
        "query",
        "SELECT contact_point_data, assigned_to FROM egpl_casemgmt_activity",
        "own.csv",
        "--format",
        "csv",
        "--include-pii",
    ];
    let before = place.run(&asked);
    assert_ne!(text(&before.stdout), "contact_point_data,assigned_to\nada@example.com,1007\n");
    place.write(
        "chatdb.toml",
        "[columns]\nkunde = \"contact_point_data\"\nBearbeiter = \"ASSIGNED_TO\"\n",
    );
    assert_eq!(place.out(&asked), "contact_point_data,assigned_to\nada@example.com,1007\n");
    let summary = place.run(&["import", "own.csv"]);
    let told = format!("{}{}", text(&summary.stdout), text(&summary.stderr));
    assert!(
        told.contains("columns named by the settings: `contact_point_data`, `assigned_to`"),
        "{told}"
    );
    // Read in another way, it is no file that was already loaded.
    place.write("chatdb.toml", "[columns]\nkunde = \"subject\"\n");
    let summary = place.run(&["import", "own.csv"]);
    let told = format!("{}{}", text(&summary.stdout), text(&summary.stderr));
    assert!(told.contains("columns named by the settings: `subject`"), "{told}");
}

/// A folder may come from a stranger, and its settings too: they say what a column is, and not that nobody is in it.
#[test]
fn a_column_that_is_renamed_to_a_technical_one_still_has_its_persons_replaced() {
    let values = ["ada@example.com", "Svetlana Qxzova", "+49 30 5550109", "sqxzova"];
    for technical in
        ["subject", "queue_name", "last_action_reason", "visitor_session_id", "login_ip"]
    {
        let place = Place::new();
        let table = if technical == "login_ip" {
            "user_id,user_name"
        } else {
            "activity_id,activity_status"
        };
        let mut file = format!("{table},kunde\n");
        for (at, value) in values.iter().enumerate() {
            file.push_str(&format!("{},5000,{value}\n", at + 1));
        }
        place.write("own.csv", &file);
        place.write("chatdb.toml", &format!("[columns]\nkunde = \"{technical}\"\n"));
        let from = match technical {
            "login_ip" => "egpl_user",
            "queue_name" => "egpl_routing_queue",
            _ => "egpl_casemgmt_activity",
        };
        let sql = format!("SELECT {technical} FROM {from}");
        for format in ["csv", "json", "markdown"] {
            let output = place.run(&["query", &sql, "own.csv", "--format", format]);
            let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
            let found: Vec<&str> =
                values.into_iter().filter(|value| told.contains(value)).collect();
            assert_eq!(found, [""; 0], "{technical}, {format}: {told}");
        }
    }
}

#[test]
fn a_rename_that_means_nothing_is_refused() {
    let place = Place::new();
    for (line, wrong, hint) in [
        (
            "kunde = \"contact_pont_data\"",
            "no column `contact_pont_data`",
            "did you mean `contact_point_data`?",
        ),
        ("subject = \"queue_name\"", "`subject` is a column of the schema itself", "on the left"),
    ] {
        place.write("chatdb.toml", &format!("[columns]\n{line}\n"));
        let output = place.run(&["analyze", "activity.csv"]);
        assert_eq!(output.status.code(), Some(2), "{line}");
        let error = text(&output.stderr);
        assert!(error.contains(wrong) && error.contains(hint), "{error}");
    }
}

#[test]
fn a_strangers_folder_cannot_choose_the_key() {
    let place = Place::new();
    place.write("chatdb.toml", "key_file = \"known.key\"\n");
    let output = place.run(&["analyze", "activity.csv"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("`key_file` is not read from the working folder"));
}

#[test]
fn a_replay_does_not_depend_on_settings() {
    let plain = Place::new();
    let set = Place::new();
    set.write(
        "chatdb.toml",
        "time_zone = \"+05:30\"\ndate_format = \"dd/MM/yyyy\"\n[thresholds]\nquiet_minutes = 1\n",
    );
    let words = ["replay", "--all", "--format", "json"];
    assert_eq!(plain.out(&words), set.out(&words));
}

// GENERATED PAGES ------------------------------------------------------------------------------------------

fn page(name: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, made).expect("the page is written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, made, "docs/{name} is not what the program says; UPDATE=1 writes it");
}

#[test]
fn the_page_of_commands_is_the_help() {
    let place = Place::new();
    let mut made =
        "# Commands and options\n\nThis page has every command with all its options, as `chatdb COMMAND --help` prints \
         them.\n"
            .to_owned();
    let commands = commands(&place);
    made.push('\n');
    for command in &commands {
        let _ = writeln!(made, "- [chatdb {command}](#chatdb-{command})");
    }
    for command in &commands {
        let help = place.out(&[command, "--help"]);
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        let _ =
            write!(made, "\n## chatdb {command}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
    }
    made.push_str("\nNext: [output.md](output.md) has the formats and exit codes.\n");
    page("cli.md", &made);
}

#[test]
fn the_page_of_findings_is_the_queries() {
    let findings = analysis::findings();
    let mut made = "# Findings: what `analyze` looks for\n\nThis page explains each finding that a report names: \
        what it means, what it needs, and its thresholds.\nA finding is a query that returns no rows on healthy data. \
        `chatdb sql NAME` prints one for SQL Server, and `--set NAME=VALUE` sets a threshold.\n\n"
        .to_owned();
    for finding in &findings {
        let _ = writeln!(made, "- [{0}](#{0}): {1}", finding.name, finding.title);
    }
    for finding in &findings {
        made.push_str(&section(finding));
    }
    made.push_str("\nNext: [outage.md](outage.md) uses them on exports.\n");
    page("findings.md", &made);
}

fn section(finding: &Query) -> String {
    let mut made = format!("\n## {}\n\n{}.\n", finding.name, finding.title);
    for text in [&finding.meaning, &finding.note].into_iter().flatten() {
        let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
        let _ = write!(made, "\n{}{rest}\n", first.to_uppercase());
    }
    made.push('\n');
    let mut item = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(made, "- {name}: {value}");
        }
    };
    item("Basis", finding.tag.map_or("", |tag| tag.name()).to_owned());
    item("Source", finding.source.clone().unwrap_or_default());
    item("Needs", finding.needs.join(", "));
    item("Uses if present", finding.helps.join(", "));
    let thresholds = finding.parameters.iter().map(|parameter| {
        let value = parameter.default.clone().unwrap_or(Cell::Null);
        format!("`{}` = {value}", parameter.name)
    });
    item("Parameters", thresholds.collect::<Vec<_>>().join(", "));
    made
}

/// A pseudonym there would look like a file.
#[test]
fn files_whose_names_are_replaced_are_a_placeholder_in_the_next_command() {
    let place = Place::new();
    let named = [("a_jane_smith.csv", ACTIVITIES), ("u_jane_smith.csv", USERS)];
    for (name, text) in named {
        place.write(name, text);
    }
    let shown = place.out(&["analyze", named[0].0, named[1].0]);
    let next = shown.lines().find(|line| line.starts_with("Next: "));
    assert_eq!(next, Some("Next: chatdb analyze FILE --only ghost_chats"), "{shown}");
}

#[test]
fn the_next_command_works_as_it_is_printed_into_a_pipe() {
    let place = Place::new();
    let shown = place.out(&["analyze", "activity.csv", "users.csv", "queues.csv"]);
    let next = shown
        .lines()
        .find_map(|line| line.strip_prefix("Next: chatdb "))
        .unwrap_or_else(|| panic!("no next command in {shown}"));
    let typed = words(next);
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    assert_eq!(typed[0], "analyze");
    let output = place.run(&typed);
    let error = text(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "chatdb {next}: {error}");
}
