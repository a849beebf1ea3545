//! What people stumbled over when they did a job with the program: each case is a command line and what must not come
//! of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join(".config"))
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn out(folder: &Path, args: &[&str]) -> String {
    text(&chatdb(folder, args).stdout).to_owned()
}

#[track_caller]
fn fails(folder: &Path, args: &[&str], code: i32, message: &str) {
    let output = chatdb(folder, args);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(text(&output.stderr).contains(message), "{output:?}");
}

/// Exports of an outage of the Application server `43app` from 09:00 to 09:40, with two ghosts.
fn centre() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut activity = String::from(
        "activity_id,activity_type,activity_sub_type,activity_status,activity_sub_status,queue_id,assigned_to,\
         contact_point_data,subject,when_created,when_modified\n",
    );
    for id in 1..=60 {
        let (hour, minute) = (8 + id / 20, (id * 3) % 60);
        let state = if id == 17 || id == 19 { "5000,5900" } else { "9000,9100" };
        activity.push_str(&format!(
            "{id},2000,2001,{state},12,{},c{id}@example.com,Invoice,2026-11-24 {hour:02}:{minute:02}:03.000,\
             2026-11-24 {hour:02}:{minute:02}:59.000\n",
            1007 + id % 2
        ));
    }
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is written");
    write("activity.csv", &activity);
    write(
        "users.csv",
        "user_id,user_name,login_ip,login_logout_time\n1007,DMarino,43app,2026-11-24 09:44:10.000\n\
         1008,JDoe,43app,2026-11-24 09:46:30.000\n",
    );
    write("queues.csv", "queue_id,queue_name\n12,SUPPORT\n");
    folder
}

const OUTAGE: &str = "application=2026-11-24 09:00..2026-11-24 09:40";

// REPORTS BESIDE EXPORTS -----------------------------------------------------------------------------------

#[test]
fn a_report_beside_the_exports_is_not_taken_for_another_export() {
    let folder = centre();
    let folder = folder.path();
    let asked = ["analyze", ".", "--outage", OUTAGE];
    let before = out(folder, &asked);
    for more in [
        vec!["-o", "boss.xlsx"],
        vec!["-o", "all.csv"],
        vec!["-o", "all.tsv"],
        vec!["-o", "all.json"],
        vec!["-o", "all.md"],
        vec!["-o", "page.html"],
    ] {
        let mut args = asked.to_vec();
        args.extend(more);
        chatdb(folder, &args);
    }
    let mut args = asked.to_vec();
    args.extend(["--out", "report"]);
    chatdb(folder, &args);
    fs::copy(folder.join("report/ghost_chats.csv"), folder.join("ghost_chats.csv"))
        .expect("it is copied");
    let again = chatdb(folder, &asked);
    assert_eq!(text(&again.stdout), before);
    let said = text(&again.stderr);
    let skipped = "skipped: `./all.csv`, `./all.json`, `./all.md`, `./all.tsv`, `./boss.xlsx`, `./ghost_chats.csv`, \
         `./page.html` are reports of chatdb";
    assert!(said.contains(skipped), "{said}");
    // An export is not skipped, whatever it is called.
    assert!(!said.contains("users.csv"), "{said}");
    fails(folder, &["analyze", "report"], 4, "is a report of chatdb, not an export");
}

// VALUES OF PARAMETERS -------------------------------------------------------------------------------------

#[test]
fn a_time_that_is_set_is_declared_so_that_no_server_reads_it_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for typed in
        ["2026-11-24 09:00", "2026-11-24T09:00", "2026-11-24 09:00:00.000", "24.11.2026 09:00"]
    {
        let set = format!("outage_from={typed}");
        let shown = out(folder, &["sql", "open_since_before_outage", "--set", &set]);
        assert!(
            shown.contains("DECLARE @outage_from datetime = '2026-11-24T09:00:00.000';"),
            "{typed}: {shown}"
        );
    }
    for (set, message) in [
        ("outage_from=yesterday", "cannot read `yesterday`"),
        ("outage_from=05/11/2026 09:00", "is 2026-11-05 or 2026-05-11"),
        ("quiet_minutes=soon", "expected a whole number, found `soon`"),
    ] {
        fails(folder, &["sql", "ghost_chats", "--set", set], 2, message);
    }
    let exports = centre();
    let asked =
        ["query", "ghost_chats", "activity.csv", "users.csv", "--set", "outage_from=yesterday"];
    fails(exports.path(), &asked, 2, "cannot read `yesterday`");
}

#[test]
fn a_column_to_be_left_plain_that_is_not_there_is_named() {
    let folder = centre();
    let folder = folder.path();
    let asked =
        ["query", "SELECT user_name, login_ip FROM egpl_user", "users.csv", "--format", "csv"];
    let with = |plain: &str| {
        let mut args = asked.to_vec();
        args.extend(["--plain", plain]);
        chatdb(folder, &args)
    };
    let wrong = with("username");
    assert!(
        text(&wrong.stderr).contains(
            "`--plain username`: this output has no column `username`; did you mean `user_name`?"
        ),
        "{wrong:?}"
    );
    let both = with("user_name,login_ip");
    assert_eq!(text(&both.stdout), "user_name,login_ip\nDMarino,43app\nJDoe,43app\n");
    assert!(!text(&both.stderr).contains("this output has no column"), "{both:?}");
}

#[test]
fn a_file_name_whose_ending_is_no_format_is_refused() {
    let folder = centre();
    let folder = folder.path();
    for name in ["boss.docx", "boss.pdf"] {
        fails(folder, &["analyze", "activity.csv", "-o", name], 2, "chatdb cannot write");
        assert!(!folder.join(name).exists());
    }
    chatdb(folder, &["rules", "-o", "rules.TXT"]);
    chatdb(folder, &["rules", "-o", "rules"]);
    assert!(folder.join("rules.TXT").exists() && folder.join("rules").exists());
}

// OUTAGES --------------------------------------------------------------------------------------------------

#[test]
fn an_application_server_that_no_agent_is_on_is_refused() {
    let folder = centre();
    let asked = ["analyze", ".", "--outage", "application@99app=2026-11-24 09:00..09:40"];
    fails(folder.path(), &asked, 2, "no agent in the rows is on `99app`");
    let output = chatdb(folder.path(), &asked);
    assert!(text(&output.stderr).contains("`login_ip` of the agents has 43app"), "{output:?}");
}

#[test]
fn the_next_command_has_the_outage_as_it_was_understood() {
    let folder = centre();
    for typed in [
        "application=24.11.2026 09:00..24.11.2026 09:40",
        "application=11/24/2026 09:00..11/24/2026 09:40",
    ] {
        let shown = out(folder.path(), &["analyze", ".", "--outage", typed]);
        let next = shown.lines().find(|line| line.starts_with("Next: ")).expect("a command");
        assert!(
            next.contains("--outage \"application=2026-11-24 09:00:00..2026-11-24 09:40:00\""),
            "{next}"
        );
    }
    let typed = [
        "analyze",
        ".",
        "--date-format",
        "dd/MM/yyyy HH:mm",
        "--outage",
        "application=24/11/2026 09:00..24/11/2026 09:40",
    ];
    let shown = out(folder.path(), &typed);
    let next = shown.lines().find(|line| line.starts_with("Next: ")).expect("a command");
    let folders = std::env::var("PATH").unwrap_or_default();
    let own = Path::new(env!("CARGO_BIN_EXE_chatdb")).parent().expect("a folder");
    let shell = Command::new("sh")
        .args(["-c", next.trim_start_matches("Next: ")])
        .env("PATH", format!("{}:{folders}", own.display()))
        .current_dir(folder.path())
        .output()
        .expect("a shell");
    assert_eq!(shell.status.code(), Some(1), "{next}: {shell:?}");
}

/// Three chats that came in an outage and wait ever since: three findings list them.
#[test]
fn the_same_chats_are_not_listed_under_one_finding_after_the_other() {
    let folder = centre();
    let path = folder.path();
    let mut activity = fs::read_to_string(path.join("activity.csv")).expect("it is there");
    for id in 101..=103 {
        activity.push_str(&format!(
            "{id},2000,2001,4000,4100,12,,w{id}@example.com,Hello,2026-11-24 09:1{}:03.000,2026-11-24 09:1{}:03.000\n",
            id % 10,
            id % 10
        ));
    }
    fs::write(path.join("activity.csv"), activity).expect("it is written");
    let outage = "application=2026-11-24 09:00:00..2026-11-24 09:40:00";
    let args = ["analyze", "activity.csv", "users.csv", "--outage", outage];
    let brief = out(path, &args);
    let also = "are also listed above, in ";
    assert!(brief.contains(also), "{brief}");
    let rows = |text: &str, id: &str| {
        text.lines().filter(|line| line.split_whitespace().next() == Some(id)).count()
    };
    assert_eq!(rows(&brief, "102"), 1, "{brief}");
    let all = out(path, &[&args[..], &["--all"]].concat());
    assert!(!all.contains(also), "{all}");
    assert!(rows(&all, "102") > 1, "{all}");
}

#[test]
fn an_outage_after_the_newest_row_is_refused() {
    let folder = centre();
    let outage = "application=2027-11-24 09:00:00..2027-11-24 09:40:00";
    fails(
        folder.path(),
        &["analyze", "activity.csv", "users.csv", "--outage", outage],
        2,
        "the outage from 2027-11-24 09:00:00.000 begins after the newest row (2026-11-24 11:00:59.000)",
    );
}

/// The first event of each activity is five hours after its creation on the servers' clock, so that is UTC-05:00.
#[test]
fn a_clock_that_the_rows_contradict_is_refused() {
    let folder = centre();
    let mut events = String::from("event_id,event_date,object_operation,user_id,activity_id\n");
    for id in 1..=60 {
        let (hour, minute) = (8 + id / 20, (id * 3) % 60);
        // 2026-11-24 00:00:00 UTC is 1,795,478,400 s after 1970.
        let seconds = 1_795_478_400_i64 + (hour + 5) * 3600 + minute * 60 + 3;
        events.push_str(&format!("{id},{},409,{},{id}\n", seconds * 1000, 1007 + id % 2));
    }
    fs::write(folder.path().join("egpl_event_history_case_mgmt.csv"), events)
        .expect("it is written");
    let args = |offset| {
        let events = "egpl_event_history_case_mgmt.csv";
        let files = ["analyze", "activity.csv", "users.csv", events];
        [&files[..], &["--utc-offset", offset]].concat()
    };
    let wrong = "the servers' clock is not +02:00 from UTC (--utc-offset): activities and their first events show \
                 -05:00";
    fails(folder.path(), &args("+02:00"), 2, wrong);
    let right = out(folder.path(), &args("-05:00"));
    assert!(right.contains("Server clock: -05:00 from UTC, as given"), "{right}");
    // The zone has its summer time at the reference time, and not when the rows were written.
    let zone = args("America/New_York");
    let zone = [&zone[..], &["--as-of", "2027-07-01 00:00:00"]].concat();
    let summer = out(folder.path(), &zone);
    assert!(summer.contains("Server clock: -04:00 from UTC, as given"), "{summer}");
    // Without the option, the rows tell.
    let shown = out(folder.path(), &args("-05:00")[..4]);
    let clock = "Server clock: -05:00 from UTC, as activities and their first events show";
    assert!(shown.contains(clock), "{shown}");
}

#[test]
fn an_export_without_a_row_fits_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "activity_id,activity_type,activity_status,activity_sub_status,queue_id,assigned_to,when_created,\
                  when_modified\n";
    fs::write(folder.path().join("activity.csv"), header).expect("it is written");
    let said = out(folder.path(), &["analyze", "activity.csv"]);
    assert!(said.contains("Likely failure: unclear; the rows hold no time.\n"), "{said}");
    assert!(!said.contains("Open chats"), "{said}");
    assert!(!said.contains("Outages detected"), "{said}");
}

#[test]
fn a_result_that_is_empty_as_expected_is_shown_as_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = out(folder.path(), &["replay", "services_failure"]);
    let after = |title: &str| {
        let (_, rest) = said.rsplit_once(title).expect("it is there");
        rest.lines().skip(1).take(2).collect::<Vec<_>>().join("\n")
    };
    let popups = after("Pop-ups of the agent's console since it was opened");
    assert!(
        popups.contains("no rows: no pop-up has appeared since the console was opened"),
        "{said}"
    );
    let (_, completed) = said.split_once("The agent completes the chat").expect("the step");
    let (_, open) = completed.split_once("Open chats, oldest first").expect("the check");
    let line = open.lines().nth(1).expect("a line");
    assert!(line.trim_start().starts_with("no row"), "{said}");
}

/// Where no outage can be seen, the answer is why, and not that one failure is as likely as another.
#[test]
fn rows_that_cannot_show_an_outage_say_which_column_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "activity_id,activity_type,activity_status,activity_sub_status,when_modified";
    for (more, value, is_missing) in
        [("", "", true), (",when_created", ",2026-11-24 08:00:00", false)]
    {
        let rows = format!("{header}{more}\n1,2000,4000,4105,2026-11-24 09:00:00{value}\n");
        fs::write(folder.path().join("activity.csv"), rows).expect("a file");
        let said = out(folder.path(), &["analyze", "activity.csv"]);
        let missing = "Likely failure: unclear; outages cannot be detected: export egpl_casemgmt_activity with \
                       when_created.\n";
        assert_eq!(said.contains(missing), is_missing, "{said}");
        assert!(said.contains("Likely failure: "), "{said}");
    }
}
