//! Output on a terminal: what is longer than it goes through a pager, with the width, the colours and the names that
//! the terminal would show.

use std::fs;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_chatdb");

/// Marks each line that it pages.
const MARKING: (&str, &str) = ("CHATDB_PAGER", "sed s/^/P:/");

/// Runs chatdb on a terminal of 20 rows and 80 columns. Gives what came out and the exit code.
fn on_terminal(folder: &Path, words: &[&str], settings: &[(&str, &str)]) -> (String, i32) {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("stty rows 20 cols 80 && '{PROGRAM}' {}", quoted.join(" "));
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(folder)
        .env("HOME", folder)
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null());
    for name in ["CHATDB_PAGER", "PAGER", "LESS", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    let output = command.output().expect("`script` of util-linux runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (text.replace("\r\n", "\n"), output.status.code().expect("an exit code"))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rows = String::from(
        "activity_id,activity_type,activity_sub_type,activity_status,activity_sub_status,queue_id,assigned_to,\
         contact_point_data,when_created,when_modified\n",
    );
    for n in 0..40 {
        rows.push_str(&format!(
            "{n},2000,2001,5000,5900,12,{},ada.byron{n}@example.com,2026-11-20 08:10:00.000,\
             2026-11-20 08:{:02}:00.000\n",
            1000 + n,
            n + 10
        ));
    }
    rows.push_str("99,2000,2001,9000,9100,12,1007,zoe@example.com,2026-11-24 08:10:00.000,2026-11-24 09:00:00.000\n");
    fs::write(folder.path().join("activity.csv"), rows).expect("a file");
    folder
}

fn paged(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("P:"))
}

#[test]
fn what_is_longer_than_the_terminal_is_paged_and_nothing_else() {
    let folder = folder();
    let (long, code) = on_terminal(folder.path(), &["rules"], &[MARKING]);
    assert!(long.lines().count() > 20);
    assert!(long.lines().all(|line| line.starts_with("P:")), "{long}");
    assert_eq!(code, 0);
    let (short, _) = on_terminal(folder.path(), &["config"], &[MARKING]);
    assert!(short.contains("time_zone") && !paged(&short), "{short}");
    let (scenario, _) = on_terminal(folder.path(), &["show", "services_failure"], &[MARKING]);
    assert!(paged(&scenario), "texts are paged as well: {scenario}");
}

#[test]
fn whoever_wants_no_pager_gets_none() {
    let folder = folder();
    let (text, _) = on_terminal(folder.path(), &["rules", "--no-pager"], &[MARKING]);
    assert!(text.lines().count() > 20 && !paged(&text), "{text}");
    for none in ["", "cat", " "] {
        let settings = [("CHATDB_PAGER", none), ("PAGER", "sed s/^/P:/")];
        let (text, _) = on_terminal(folder.path(), &["rules"], &settings);
        assert!(text.lines().count() > 20 && !paged(&text), "{text}");
    }
    let (text, _) = on_terminal(folder.path(), &["rules"], &[MARKING, ("TERM", "dumb")]);
    assert!(text.lines().count() > 20 && !paged(&text), "{text}");
}

#[test]
fn the_pager_of_other_programs_serves_as_well() {
    let folder = folder();
    let (text, _) = on_terminal(folder.path(), &["rules"], &[("PAGER", "sed s/^/P:/")]);
    assert!(paged(&text), "{text}");
    let both = [("PAGER", "sed s/^/Q:/"), MARKING];
    let (text, _) = on_terminal(folder.path(), &["rules"], &both);
    assert!(paged(&text) && !text.contains("Q:"), "{text}");
}

#[test]
fn a_pager_that_is_left_is_quiet_and_the_exit_code_stays() {
    let folder = folder();
    let leaves = [("CHATDB_PAGER", "head -n 1")];
    let words = ["analyze", "activity.csv", "--all"];
    let (text, code) = on_terminal(folder.path(), &words, &leaves);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(code, 1, "findings were found");
    let (_, code) = on_terminal(folder.path(), &["rules"], &leaves);
    assert_eq!(code, 0);
}

#[test]
fn where_the_pager_cannot_be_run_the_text_is_shown() {
    let folder = folder();
    let (text, code) = on_terminal(folder.path(), &["rules"], &[("CHATDB_PAGER", "no-such-pager")]);
    assert!(text.contains("note: cannot run the pager"), "{text}");
    assert!(text.contains("Every rule of the platform model"), "{text}");
    assert_eq!(code, 0);
}

#[test]
fn a_pager_shows_what_the_terminal_would_show() {
    let folder = folder();
    let words = [
        "query",
        "SELECT activity_id, contact_point_data FROM egpl_casemgmt_activity",
        "activity.csv",
    ];
    let (paged, _) = on_terminal(folder.path(), &words, &[("CHATDB_PAGER", "sed -n p")]);
    let (plain, _) = on_terminal(folder.path(), &[&words[..], &["--no-pager"]].concat(), &[]);
    assert_eq!(paged, plain, "the same bytes, with colours and width");
    assert!(plain.contains("ada.byron7@example.com"), "names stay: {plain}");
    let words = ["analyze", "activity.csv", "--all"];
    let (colored, _) = on_terminal(folder.path(), &words, &[("CHATDB_PAGER", "sed -n p")]);
    assert!(colored.contains("\u{1b}[1m"), "{colored}");
}

#[test]
fn less_ends_at_its_end() {
    // Where there is none, the text is shown as it is.
    let folder = folder();
    let (text, code) = on_terminal(folder.path(), &["list"], &[("LESS", "FRX")]);
    assert!(text.contains("services_failure"), "{text}");
    assert_eq!(code, 0);
}

#[test]
fn a_file_has_pseudonyms_although_there_is_a_terminal() {
    let folder = folder();
    let words = [
        "query",
        "SELECT activity_id, contact_point_data FROM egpl_casemgmt_activity",
        "activity.csv",
        "-o",
        "answer.txt",
    ];
    let (text, code) = on_terminal(folder.path(), &words, &[MARKING]);
    assert!(!text.contains("@example.com") && !paged(&text), "{text}");
    assert_eq!(code, 0, "{text}");
    let file = fs::read_to_string(folder.path().join("answer.txt")).expect("the file");
    assert!(file.contains("activity_id") && !file.contains("@example.com"), "{file}");
    let workbook = ["list", "--format", "xlsx"];
    let (text, code) = on_terminal(folder.path(), &workbook, &[MARKING]);
    assert_eq!(code, 2);
    assert!(text.contains("`-o FILE.xlsx` writes it to a file"), "{text}");
}

#[test]
fn a_text_goes_into_a_file_and_replaces_none_unless_told_to() {
    let calls: [&[&str]; 5] = [
        &["show", "baseline"],
        &["show", "baseline", "--script"],
        &["sql", "open_chats"],
        &["explain"],
        &["schema"],
    ];
    for call in calls {
        let folder = folder();
        let run = |more: &[&str]| crate::cli::chatdb(folder.path(), &[call, more].concat());
        let shown = run(&[]).stdout;
        let file = folder.path().join("out.txt");
        let written = run(&["-o", "out.txt"]);
        assert_eq!(written.status.code(), Some(0), "{call:?}");
        assert!(written.stdout.is_empty() && !shown.is_empty(), "{call:?}");
        assert_eq!(fs::read(&file).expect("the file"), shown, "{call:?}");
        fs::write(&file, "mine").expect("a file");
        assert_eq!(run(&["-o", "out.txt"]).status.code(), Some(5), "{call:?}");
        assert_eq!(fs::read(&file).expect("the file"), b"mine", "{call:?}");
        let replaced = run(&["-o", "out.txt", "--force"]);
        assert_eq!(replaced.status.code(), Some(0), "{call:?}");
        assert_eq!(fs::read(&file).expect("the file"), shown, "{call:?}");
    }
}

#[test]
fn progress_stays_on_its_line() {
    let folder = folder();
    let long = "activity_of_all_queues_from_january_to_november_of_the_year_2026_export.csv";
    let mut rows = fs::read_to_string(folder.path().join("activity.csv")).expect("a file");
    for n in 1000..60_000 {
        rows.push_str(&format!(
            "{n},2000,2001,9000,9100,12,1007,zoe@example.com,2026-11-24 08:10:00.000,2026-11-24 09:00:00.000\n"
        ));
    }
    fs::write(folder.path().join(long), rows).expect("a file");
    let (text, code) =
        on_terminal(folder.path(), &["import", "activity.csv", long], &[("CHATDB_PAGER", "cat")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(" % of "), "a bar is shown: {text}");
    // A bar that goes on in the next line is taken back by going up.
    assert!(!text.contains("\u{1b}[1A"), "{text:?}");
}
