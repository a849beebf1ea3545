//! Nothing of 238 planted values leaves the terminal by any command, column, heading, file name or format; and 200
//! values that can name nobody are shown as they are.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chatdb::privacy::{Classes, Key, Redactor};
use chatdb::report::{Listing, Report};
use chatdb::sql::authored::authored;
use chatdb::table::{Cell, Column, Kind, ResultTable};

// PLANTED VALUES -------------------------------------------------------------------------------------------

const NAMES: &[&str] = &[
    "Brünhilde Köstler",
    "Xavier Quillfeather",
    "O'Shaughnessy, Fionnuala",
    "Zbigniew Wrzeszcz",
    "Ødegaard",
    "Łucja Żuraw",
    "Nguyễn Văn Quyền",
    "山田花子",
    "王小明",
    "Иван Щербаков",
    "Γιώργος Παπαδόπουλος",
    "محمد الخوارزمي",
    "דניאל כהן",
    "अमित शर्मा",
    "Jean-Luc Béchamel",
    "van der Zwaluw",
    "Dr. Quentin Fizzlewick III",
    "Mrs Hepzibah Wigglesworth",
    "zsuzsa",
    "Zsuzsa",
    "KRZYSZTOF",
    "Svetlana_Quark",
    "Quark-Svetlana",
    "QuarkSvetlana",
    "Svetlana.Quark",
    "Svetlana  Quark",
    "\"Svetlana\" Quark",
    "Quark (Svetlana)",
    "Svetlana Quark, manager",
    "queue of Svetlana",
    "Team Quark",
    "support-svetlana",
    "Svetlana's queue",
    "chat Svetlana 2",
    "N. Quark",
    "Quark;Svetlana",
    "Quark|Svetlana",
    "<b>Svetlana</b>",
    "Svet\u{200b}lana",
    "Мария",
];

const ACCOUNTS: &[&str] = &[
    "squark",
    "squark77",
    "s.quark",
    "quark_s",
    "SQUARK",
    "CORP\\squark",
    "squark@corp",
    "sq-0815-x",
    "u-squark",
    "quark4711",
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "4111111111111111",
    "4111 1111 1111 1111",
    "123-45-6789",
    "KD-00923411",
    "cust-77120934",
    "7712093411",
    "visitor-9f86d081",
    "9f86d081884c7d65",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "{F47AC10B-58CC-4372-A567-0E02B2C3D479}",
    "JSESSIONID=9A8B7C",
    "fb:svetlana",
    "@squark",
    "skype:squark",
    "tel:squark",
    "facebook|771203|12",
    "twitter/squark",
    "squark#1234",
];

const TEXTS: &[&str] = &[
    "I can't log in, regards Svetlana",
    "Where is my order?",
    "my dog is called Fizzlewick",
    "please call Quark tomorrow",
    "Passport C01X00T47",
    "born in Wigglesworth",
    "Kundenreklamation",
    "Überweisung an Köstler",
    "diabetes since childhood",
    "password is hunter2",
    "http://quark.example/svetlana?id=7",
    "C:\\Users\\svetlana\\letter.doc",
    "/home/svetlana/letter.txt",
    "{\"who\":\"svetlana\"}",
    "Quarkstraße 7, 80331 München",
    "Wigglesworth Lane 12",
    "TTX-4711 QUARK",
    "=HYPERLINK(\"x\",\"svetlana\")",
];

fn addresses() -> Vec<String> {
    let mut all: Vec<String> = "!$#*/=?^&%`|"
        .chars()
        .flat_map(|sign| {
            [
                format!("quark{sign}@post.oulipo.example"),
                format!("sve{sign}tlana@post.oulipo.example"),
            ]
        })
        .collect();
    let others = [
        "quark@[192.0.2.7]",
        "quark@[IPv6:2001:db8::7]",
        "quark (at) oulipo.example",
        "quark ( at ) oulipo ( dot ) example",
        "quark[at]oulipo[dot]example",
        "quark {at} oulipo.example",
        "quark%40oulipo.example",
        "quark=40oulipo.example",
        "quark&#64;oulipo.example",
        "quark\\u0040oulipo.example",
        "quark＠oulipo.example",
        "quark@oulipo。example",
        "\"s quark\"@oulipo.example",
        "Svetlana Quark <quark@oulipo.example>",
        "mailto:quark@oulipo.example?subject=x",
        "quark@xn--bro-hoa.example",
        "quark@büro.example",
        "quark+tag@oulipo.example",
        "quark@oulipo.co.uk",
        "QUARK@OULIPO.EXAMPLE",
        "quark@localhost",
        "quark\u{2009}@\u{2009}oulipo.example",
        "1 quark@oulipo.example",
        "quark%2540oulipo.example",
        "x@oulipo.example; y@oulipo.example",
        "quark@oulipo.example,",
        "(quark@oulipo.example)",
        "quark@oulipo\u{ad}.example",
        "quark@ou\u{200b}lipo.example",
        "quark_at_oulipo.example",
        "quark AT oulipo DOT example",
        "quark\u{fe0f}@oulipo.example",
    ];
    all.extend(others.map(str::to_owned));
    all
}

/// By country, as people write them.
const PHONES: &[&str] = &[
    "612 345 678",
    "91 234 56 78",
    "912 34 56 78",
    "+34 612 345 678",
    "0034 612345678",
    "347 123 4567",
    "347 1234567",
    "06 6982 1234",
    "+39 347 123 4567",
    "393471234567",
    "601 234 567",
    "22 123 45 67",
    "+48 601 234 567",
    "0048601234567",
    "48601234567",
    "20 12 34 56",
    "31 23 45 67",
    "+45 20 12 34 56",
    "004520123456",
    "4520123456",
    "412 34 567",
    "22 12 34 56",
    "+47 412 34 567",
    "004741234567",
    "4741234567",
    "98765 43210",
    "098765 43210",
    "+91 98765 43210",
    "9876543210",
    "987 654 3210",
    "138 1234 5678",
    "010 6552 9988",
    "+86 138 1234 5678",
    "13812345678",
    "8613812345678",
    "8 (495) 123-45-67",
    "8 495 123 45 67",
    "+7 495 123-45-67",
    "84951234567",
    "495 123 45 67",
    "55 1234 5678",
    "555 123 4567",
    "+52 55 1234 5678",
    "5512345678",
    "(55) 1234 5678",
    "089 5550 1234",
    "+49 (89) 5550-1234",
    "0049 89 55501234",
    "089/55501234",
    "08955501234",
    "020 7946 0958",
    "+44 20 7946 0958",
    "(020) 7946 0958",
    "01 23 45 67 89",
    "+33 1 23 45 67 89",
    "555-010-9999",
    "(555) 010-9999",
    "1-555-010-9999",
    "+1 555 010 9999",
    "5550109999",
    "612\u{2009}345\u{2009}678",
    "612–345–678",
];

const MACHINES: &[&str] = &[
    "203.0.113.77",
    "203.0.113.77:443",
    "::ffff:203.0.113.77",
    "2001:db8::77",
    "[2001:db8::77]",
    "203.000.113.077",
    "203.0.113.77, 203.0.113.78",
    "quark-laptop.corp.example",
    "quarkpc01",
    "DESKTOP-QUARK7",
    "fe80::77%eth0",
    "10.0.0.7",
];

/// Codes of work that may be a person's in nobody knows which system.
const TOKENS: &[&str] = &[
    "A1B2C3D4E5",
    "SN-99120-QX",
    "abc123xyz",
    "QX7-ZZ1",
    "ticket:QX",
    "Zilou9",
    "quil_zz",
    "ORD2026QXZ",
    "7f3a9c21d0b4",
    "MTIzNDU2Nzg5MA==",
    "c3ZldGxhbmE=",
    "0xDEADBEEFCAFE",
    "U2FsdGVkX1",
    "qxzz qxzz",
    "№ 77120934",
    "K-7712-QX",
    "LH-QXZ 7",
    "B-QX 7712",
    "XK99 QXZ",
    "77120934",
];

fn planted() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for list in [NAMES, ACCOUNTS, TEXTS, PHONES, MACHINES, TOKENS] {
        all.extend(list.iter().map(|value| (*value).to_owned()));
    }
    all.extend(addresses());
    all
}

/// The parts of a value that would give it away, wherever they are broken or escaped.
fn squeezed(text: &str) -> String {
    let text = text
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\");
    let ignored = |c: char| c.is_whitespace() || c == '\\' || c == '"';
    text.chars().filter(|c| !ignored(*c)).collect::<String>().to_lowercase()
}

/// The planted values that are in the output.
fn found_in(bytes: &[u8], planted: &[String]) -> Vec<String> {
    let text = squeezed(&String::from_utf8_lossy(bytes));
    let is_in = |value: &&String| text.contains(&squeezed(value));
    planted.iter().filter(is_in).cloned().collect()
}

#[test]
fn there_are_238_values_and_the_search_finds_each() {
    let planted = planted();
    assert_eq!(planted.len(), 238);
    let all = planted.join("\n");
    assert_eq!(found_in(all.as_bytes(), &planted).len(), 238);
    assert_eq!(found_in(b"text-7f3a9c21d0b5(7 characters)", &planted), [""; 0]);
}

// WAYS OUT -------------------------------------------------------------------------------------------------

const FORMATS: [&str; 5] = ["table", "csv", "markdown", "json", "html"];

fn chatdb(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn nothing_comes_out(what: &str, output: &Output, planted: &[String]) {
    for bytes in [&output.stdout, &output.stderr] {
        let found = found_in(bytes, planted);
        assert!(found.is_empty(), "{what}: {found:?}");
    }
    assert!(output.stdout.len() + output.stderr.len() > 40, "{what}: nothing was shown");
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

#[test]
fn no_diff_shows_a_planted_value() {
    let planted = planted();
    let folder = tempfile::tempdir().expect("a folder");
    let rows_of = |before: &str| -> String {
        let row = |(at, value): (usize, &String)| {
            format!("{at},{},{at}\n", quoted(&format!("{before}{value}")))
        };
        planted.iter().enumerate().map(row).collect()
    };
    let (rows, changed) = (rows_of(""), rows_of("changed "));
    let write =
        |name: &str, text: String| fs::write(folder.path().join(name), text).expect("written");
    write("a.csv", format!("ref,Besonderheit,n\n{rows}"));
    write("b.csv", format!("ref,Besonderheit,n\n{changed}"));
    // Values as headings, as a file without a header has them.
    let headings = |more: &str| {
        let all: Vec<String> =
            planted.iter().map(|value| quoted(&format!("{more}{value}"))).collect();
        format!("id,{}\n1{}\n", all.join(","), ",2".repeat(planted.len()))
    };
    write("h.csv", headings(""));
    write("i.csv", headings("").replace(",2", ",3"));
    // A column of the schema makes the tables exports.
    write("x.csv", format!("activity_id,queue_name,n\n{rows}"));
    write("y.csv", format!("activity_id,queue_name,n\n{changed}"));
    write("Svetlana Quark.csv", "id,v\n1,2\n".to_owned());
    write("squark77.csv", "id,v\n1,3\n".to_owned());
    for format in FORMATS {
        let diff = |args: &[&str]| {
            let output = chatdb(folder.path(), &[&["diff", "--format", format], args].concat());
            nothing_comes_out(&format!("{args:?} {format}"), &output, &planted);
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?} {format}: {told}");
        };
        diff(&["a.csv", "b.csv", "--key", "ref"]);
        diff(&["a.csv", "b.csv", "--key", "Besonderheit"]);
        diff(&["a.csv", "b.csv"]);
        diff(&["h.csv", "i.csv", "--key", "id", "--header", "yes"]);

        diff(&["x.csv", "y.csv", "--key", "activity_id"]);
        diff(&["Svetlana Quark.csv", "squark77.csv", "--key", "id"]);
        let plain = chatdb(
            folder.path(),
            &[
                "diff",
                "a.csv",
                "b.csv",
                "--key",
                "ref",
                "--plain",
                "besonderheit",
                "--format",
                format,
            ],
        );
        let shown = found_in(&plain.stdout, &planted).len();
        assert!(shown > 30, "{format}: the search can fail, and finds {shown}");
    }
}

/// An export of activities and one of users whose texts are the planted values, column by column.
fn exports(folder: &Path, planted: &[String]) {
    let value = |at: usize, by: usize| quoted(&planted[(at + by) % planted.len()]);
    let activities: String = (0..planted.len())
        .map(|at| {
            format!(
                "{},2000,5000,5100,2026-11-24 08:00:{:02}.000,{},{},{},1,{}\n",
                at + 1,
                at % 60,
                value(at, 0),
                value(at, 7),
                value(at, 13),
                value(at, 29),
            )
        })
        .collect();
    fs::write(
        folder.join("activities Svetlana.csv"),
        format!(
            "activity_id,activity_type,activity_status,activity_sub_status,when_created,contact_point_data,subject,\
             description,queue_id,Besonderheit\n{activities}"
        ),
    )
    .expect("written");
    let users: String = (0..planted.len())
        .map(|at| format!("{},{},{},{}\n", at + 1, value(at, 0), value(at, 3), value(at, 5)))
        .collect();
    fs::write(folder.join("users.csv"), format!("user_id,user_name,screen_name,login_ip\n{users}"))
        .expect("written");
}

#[test]
fn no_import_shows_the_path_of_a_file_however_long() {
    let folder = tempfile::tempdir().expect("a folder");
    for folders in [1, 3, 4, 5, 30] {
        let within = format!("{}/Quark", "Svetlana".repeat(12)).repeat(folders);
        fs::create_dir_all(folder.path().join(&within)).expect("folders");
        let file = format!("{within}/squark.csv");
        let rows = "activity_id,subject\n1,NULL\nx,y\n";
        fs::write(folder.path().join(&file), rows).expect("written");
        for format in FORMATS {
            let table = "--table=egpl_casemgmt_activity";
            let db = format!("{folders}-{format}.sqlite");
            let output =
                chatdb(folder.path(), &["import", &file, table, "--db", &db, "--format", format]);
            let shown = String::from_utf8_lossy(&output.stdout).to_lowercase();
            assert!(shown.contains("activity"), "{folders}, {format}: {output:?}");
            assert!(
                !shown.contains("svetlana") && !shown.contains("quark"),
                "{folders}, {format}: {shown}"
            );
        }
    }
}

#[test]
fn no_import_query_or_analysis_shows_a_planted_value() {
    let planted = planted();
    let folder = tempfile::tempdir().expect("a folder");
    exports(folder.path(), &planted);
    let files = ["activities Svetlana.csv", "users.csv"];
    let mut texts: Vec<(&str, bool)> = vec![
        ("SELECT * FROM egpl_casemgmt_activity", true),
        ("SELECT * FROM egpl_user", true),
        (
            "SELECT contact_point_data AS queue_name, subject AS v, Besonderheit + '' AS w FROM egpl_casemgmt_activity",
            true,
        ),
        (
            "SELECT user_name AS n, COUNT(*) AS c, MAX(login_ip) AS m FROM egpl_user GROUP BY user_name",
            true,
        ),
        (
            "SELECT UPPER(screen_name), CASE WHEN user_id > 3 THEN 'late' ELSE user_name END AS x FROM egpl_user",
            true,
        ),
    ];
    texts.push((
        "SELECT json_group_array(user_name) AS j, user_name || '!' AS k FROM egpl_user GROUP BY 2",
        false,
    ));
    for format in FORMATS {
        let db = format!("{format}.sqlite");
        let output = chatdb(
            folder.path(),
            &[
                "import",
                files[0],
                files[1],
                "--db",
                &db,
                "--format",
                format,
                "--allow-rejects",
                "10000",
            ],
        );
        nothing_comes_out(&format!("import {format}"), &output, &planted);
        for (sql, is_tsql) in &texts {
            let dialect = if *is_tsql { "tsql" } else { "sqlite" };
            let output = chatdb(
                folder.path(),
                &["query", sql, "--db", &db, "--dialect", dialect, "--format", format],
            );
            nothing_comes_out(&format!("{sql} {format}"), &output, &planted);
        }
        let output = chatdb(
            folder.path(),
            &["query", texts[0].0, files[0], "--format", format, "--allow-rejects", "10000"],
        );
        nothing_comes_out(&format!("query of files {format}"), &output, &planted);
        let out = format!("out_{format}");
        let output = chatdb(
            folder.path(),
            &[
                "analyze",
                files[0],
                files[1],
                "--format",
                format,
                "--out",
                &out,
                "--allow-rejects",
                "10000",
            ],
        );
        nothing_comes_out(&format!("analyze {format}"), &output, &planted);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{format}: {told}");
        for file in fs::read_dir(folder.path().join(&out)).expect("files") {
            let bytes = fs::read(file.expect("a file").path()).expect("a file");
            let found = found_in(&bytes, &planted);
            assert!(found.is_empty(), "analyze --out {format}: {found:?}");
        }
    }
    let plain = chatdb(
        folder.path(),
        &["query", texts[1].0, "--db", "csv.sqlite", "--format", "csv", "--plain", "user_name"],
    );
    assert!(found_in(&plain.stdout, &planted).len() > 230, "the search can fail");
}

// HARMLESS VALUES ------------------------------------------------------------------------------------------

/// Texts that reports show, whatever their column is called.
const HARMLESS: &[&str] = &[
    "0",
    "42",
    "1347",
    "88123",
    "-5",
    "3.14",
    "99.5 %",
    "12,345",
    "1e5",
    "0.000",
    "100 %",
    "5000",
    "5000/5900",
    "5000/5100",
    "4105",
    "9000",
    "2000",
    "5900",
    "1003",
    "2026-11-24",
    "2026-11-24 08:15:02",
    "2026-11-24 08:15:02.117",
    "2026-11-24T08:15:02",
    "2026-11-24T08:15:02Z",
    "2026-11-24T08:15:02+02:00",
    "24.11.2026",
    "11/24/2026",
    "11/24/2026 8:15:02 AM",
    "2026-11",
    "2026/11/24",
    "08:15",
    "08:15:02",
    "08:15:02.117",
    "00:04:00",
    "-00:04:00",
    "123:04:05",
    "Nov 24 2026  8:15AM",
    "24 Nov 2026 08:15:02",
    "Nov 24 2026 08:15:02:117AM",
    "Monday",
    "monday",
    "Tue",
    "Sunday",
    "November",
    "Nov",
    "week 47",
    "Q4 2026",
    "2026 W47",
    "3 days",
    "3 days 4 hours",
    "2 h 5 min",
    "45 minutes",
    "12 s",
    "250 ms",
    "yes",
    "no",
    "Yes",
    "N",
    "Y",
    "true",
    "FALSE",
    "on",
    "off",
    "open",
    "Completed",
    "assigned",
    "in progress",
    "waiting",
    "unknown",
    "n/a",
    "none",
    "(none)",
    "-",
    "?",
    "...",
    "total",
    "Total",
    "all",
    "other",
    "chat",
    "Chat",
    "email",
    "inbound",
    "outbound",
    "activity_id",
    "egpl_casemgmt_activity",
    "queue_name",
    "ActivityStatus",
    "stuck_at_4105",
    "ghost_chats",
    "text/html; charset=UTF-8",
    "text/plain",
    "UTF-8",
    "utf-16le",
    "en-US",
    "ssms_csv",
    "43app",
    "app7",
    "app-srv-01",
    "server 2",
    "queue 12",
    "level 2",
    "Support",
    "SUPPORT_LEVEL_2",
    "default queue",
    "0x00000000000007D1",
    "activity_20261124.csv",
    "exports/activity 2026-11-24.csv",
    "before.csv",
    "after.md",
    "1",
    "high",
    "low",
    "priority 3",
    "2 of 7",
    "> 10",
    "10-20",
    "10 to 20",
];

/// What queries count, measure, choose and write themselves.
const QUERIES: &[(&str, &str)] = &[
    ("SELECT 'Jane''s list' AS x", "Jane's list"),
    ("SELECT 'Zuständig' AS x", "Zuständig"),
    ("SELECT N'Offen' AS x", "Offen"),
    (
        "SELECT CASE WHEN activity_id > 1 THEN 'Überfällig' ELSE 'Pünktlich' END AS x FROM t",
        "Überfällig",
    ),
    (
        "SELECT CASE WHEN activity_id > 1 THEN 'Überfällig' ELSE 'Pünktlich' END AS x FROM t",
        "Pünktlich",
    ),
    ("SELECT IIF(activity_id > 1, 'Ja', 'Nein') AS x FROM t", "Nein"),
    ("SELECT COALESCE(queue_name, 'ohne Warteschlange') AS x FROM t", "ohne Warteschlange"),
    ("SELECT ISNULL(queue_name, '(keine)') AS x FROM t", "(keine)"),
    ("SELECT 'eins' AS x UNION ALL SELECT 'zwei'", "zwei"),
    ("WITH c AS (SELECT 'Wert' AS x) SELECT x FROM c", "Wert"),
    ("SELECT CHOOSE(2, 'rot', 'blau') AS x", "blau"),
    ("SELECT CAST('fest' AS varchar(10)) AS x", "fest"),
    ("SELECT COUNT(*) AS x FROM t", "123456789"),
    ("SELECT SUM(n) AS x FROM t", "123456789"),
    ("SELECT AVG(n) AS x FROM t", "123456789.5"),
    ("SELECT COUNT_BIG(*) AS x FROM t", "123456789012"),
    ("SELECT DATEDIFF(ms, a, b) AS x FROM t", "1310482195000"),
    ("SELECT DATEDIFF(second, a, b) / 60 AS x FROM t", "123456789"),
    ("SELECT SUM(DATEDIFF(second, a, b)) AS x FROM t", "123456789"),
    ("SELECT LEN(subject) AS x FROM t", "1234567"),
    ("SELECT ROW_NUMBER() OVER (ORDER BY a) AS x FROM t", "1234567"),
    ("SELECT RANK() OVER (ORDER BY a) AS x FROM t", "1234567"),
    ("SELECT YEAR(a) * 10000 AS x FROM t", "20260000"),
    ("SELECT DATEPART(hour, a) AS x FROM t", "8"),
    ("SELECT DATENAME(weekday, a) AS x FROM t", "Monday"),
    ("SELECT COUNT(*) * 100 / SUM(n) AS x FROM t", "123456789"),
    ("SELECT ROUND(AVG(n), 2) AS x FROM t", "1234567.25"),
    ("SELECT ABS(SUM(n)) AS x FROM t", "1234567"),
    ("SELECT COALESCE(SUM(n), 0) AS x FROM t", "1234567"),
    ("SELECT CASE WHEN COUNT(*) > 5 THEN COUNT(*) ELSE 0 END AS x FROM t", "1234567"),
    ("SELECT 1234567 AS x", "1234567"),
    ("SELECT 1234567 + 1 AS x", "1234568"),
    ("SELECT CAST(COUNT(*) AS bigint) AS x FROM t", "1234567"),
    ("SELECT CONVERT(bigint, COUNT(*)) AS x FROM t", "1234567"),
    ("SELECT x = COUNT(*) FROM t", "1234567"),
    ("SELECT CHARINDEX('a', subject) AS x FROM t", "1234567"),
    ("SELECT STDEV(n) AS x FROM t", "1234567.25"),
    ("SELECT FLOOR(SUM(n)) AS x FROM t", "1234567"),
    ("SELECT COUNT(DISTINCT subject) AS x FROM t", "1234567"),
    ("SELECT SUM(n) OVER (ORDER BY a) AS x FROM t", "1234567"),
    ("SELECT NTILE(4) OVER (ORDER BY a) AS x FROM t", "4"),
    ("SELECT -SUM(n) AS x FROM t", "-1234567"),
];

/// Cells that are no texts.
fn numbers_and_times() -> Vec<(&'static str, Cell)> {
    let known = [
        "activity_id",
        "queue_id",
        "assigned_to",
        "customer_id",
        "event_id",
        "date_key",
        "case_id",
        "email_size",
    ];
    let mut all: Vec<(&str, Cell)> = Vec::new();
    for (at, name) in known.iter().enumerate() {
        all.push((name, Cell::Integer(88_123_456 + at as i64)));
        all.push((name, Cell::Integer(-1)));
    }
    for name in ["n", "count", "x", "Anzahl", "rate"] {
        all.push((name, Cell::Integer(999_999)));
        all.push((name, Cell::Real(0.5)));
        all.push((name, Cell::Timestamp(1_310_482_195_000)));
        all.push((name, Cell::Duration(3600)));
    }
    for name in ["queue_name", "what", "n", "assigned_to"] {
        all.push((name, Cell::Null));
    }
    all
}

pub fn shown(name: &str, cell: Cell, sql: Option<&str>) -> Cell {
    let table =
        ResultTable { columns: vec![Column::new(name, Kind::Text)], rows: vec![vec![cell]] };
    let listing = Listing { title: "Result".to_owned(), table, remarks: Vec::new() };
    let mut report = Report { listings: vec![listing], ..Report::new() };
    let key = Key::new(*b"for tests: not random, not kept.");
    let mut redactor = Redactor::new(key, Classes::known());
    if let Some(sql) = sql {
        redactor = redactor.of_author(authored(sql, true));
    }
    redactor.report(&mut report).expect("there is a key");
    report.listings.remove(0).table.rows.remove(0).remove(0)
}

#[test]
fn two_hundred_values_that_name_nobody_are_shown_as_they_are() {
    let mut replaced: Vec<String> = Vec::new();
    let mut count = 0;
    let mut check = |what: &str, name: &str, cell: Cell, sql: Option<&str>| {
        count += 1;
        let now = shown(name, cell.clone(), sql);
        if now != cell {
            replaced.push(format!("{what}: {cell} -> {now}"));
        }
    };
    for (at, text) in HARMLESS.iter().enumerate() {
        let name = ["queue_name", "v", "user_name", "department_name"][at % 4];
        check(name, name, Cell::Text((*text).to_owned()), None);
    }
    for &(sql, value) in QUERIES {
        let cell = match (value.parse(), value.parse()) {
            (Ok(number), _) => Cell::Integer(number),
            (_, Ok(number)) => Cell::Real(number),
            _ => Cell::Text(value.to_owned()),
        };
        check(sql, "x", cell, Some(sql));
    }
    for (name, cell) in numbers_and_times() {
        check(name, name, cell, None);
    }
    assert_eq!(replaced, [""; 0]);
    assert_eq!(count, 200);
}

#[test]
fn what_an_author_passes_on_from_rows_is_not_the_authors() {
    for (sql, value) in [
        ("SELECT MAX(phone) AS x FROM t", "5550109999"),
        ("SELECT phone AS x FROM t", "5550109999"),
        ("SELECT name AS x FROM t WHERE name = 'Svetlana'", "Svetlana"),
        ("SELECT name AS x FROM t WHERE name IN ('Svetlana', 'Quark')", "Quark"),
        ("SELECT CASE WHEN n = 1 THEN name ELSE 'x' END AS x FROM t", "Svetlana"),
        ("SELECT COUNT(*) AS x FROM t; SELECT phone AS x FROM t", "5550109999"),
        ("this is no SQL", "Svetlana"),
    ] {
        let cell = value.parse().map_or_else(|_| Cell::Text(value.to_owned()), Cell::Integer);
        assert_ne!(shown("x", cell.clone(), Some(sql)), cell, "{sql}");
    }
}

// WORK -----------------------------------------------------------------------------------------------------

#[test]
fn finding_addresses_is_linear_in_the_text() {
    use chatdb::work;
    let units = [
        "<",
        "@",
        "a.",
        "(at)",
        "a@",
        "@a",
        "<a",
        "<a@",
        "<@>",
        "a@b.cd ",
        "1<a@b.cd> ",
        "Aa <a@b.cd> ",
        "\"@",
        "\" <a@b.cd>",
        "@ ",
        " @",
        "\n@",
        "a\n@",
        "@a\n",
        "@[",
        "@[1",
        "&#6",
        "&#64;",
        "%40",
        "%2540",
        "=40",
        "= ",
        "\\u0040",
        "555 ",
        "+",
        "0 ",
        "55 12 34 56  ",
        "a:",
        ":",
        "1.",
        "1.2.3.4 ",
        "`",
        "`a` ",
        "é",
        "＠",
        "Svetlana ",
        "Svetlana Quark ",
        "A ",
        "{at}",
        "( at )",
    ];
    for unit in units {
        let steps = |n: usize| {
            let text = unit.repeat(n / unit.len());
            let before = work::taken();
            let mut redactor = Redactor::new(Key::new([7; 32]), Classes::known());
            for name in ["contact_point_data", "queue_name", "subject", "reason", "nobody_knows"] {
                let mut table = ResultTable {
                    columns: vec![Column::new(name, Kind::Text)],
                    rows: vec![
                        vec![Cell::Text(text.clone())],
                        vec![Cell::Text("Svetlana".to_owned())],
                    ],
                };
                redactor.table(&mut table);
            }
            redactor.sentence(&mut text.clone());
            work::taken() - before
        };
        let [one, two, four] = [5_000, 10_000, 20_000].map(steps);
        assert!(one > 5_000, "{unit:?}: nothing is counted");
        assert!(two <= one * 5 / 2 && four <= two * 5 / 2, "{unit:?}: {one}, {two}, {four} steps");
    }
}
