//! Nobody is to be time source what leaves the terminal: five hundred planted persons, spelt in every way, are looked
//! for in every table and format; and the key that makes their pseudonyms is looked after.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chatdb::privacy::{self, Classes, DataClass, Key, Redactor};
use chatdb::render::{FORMATS, Format, RenderOptions};
use chatdb::report::{Listing, NamedComparison, Report};
use chatdb::store::Store;
use chatdb::table::{Cell, Column, Kind, ResultTable};
use proptest::prelude::*;
use tempfile::TempDir;

const PERSONS: usize = 500;

fn key() -> Key {
    Key::new(*b"for tests: not random, not kept.")
}

// PERSONS --------------------------------------------------------------------------------------------------

/// The letters i, l, o and u are in no pseudonym, so that these words cannot come about by chance.
const STEMS: [&str; 5] = ["luisa", "olio", "büro", "bro-hoa", "oulipo.example"];

fn local(person: usize) -> String {
    format!("luisa.olio{person:03}")
}

fn name(person: usize) -> String {
    format!("Luisa Olio {person:03}")
}

/// Every other host has a letter beyond ASCII.
fn host(person: usize) -> String {
    let label = if person.is_multiple_of(2) { "post" } else { "büro" };
    format!("{label}.oulipo.example")
}

fn address(person: usize) -> String {
    format!("{}@{}", local(person), host(person))
}

fn encoded(text: &str, sign: char) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let of = |byte: u8| {
        if plain(&byte) { char::from(byte).to_string() } else { format!("{sign}{byte:02X}") }
    };
    text.bytes().map(of).collect()
}

/// A way to spell the address of a person.
type Spelling = (&'static str, fn(usize) -> String);

const SPELLINGS: [Spelling; 15] = [
    ("plain", address),
    ("upper case", |p| address(p).to_uppercase()),
    ("mailto:", |p| format!("mailto:{}?subject=Help", address(p))),
    ("in HTML", |p| format!("<p><a href=\"mailto:{0}\">{0}</a></p>", address(p))),
    ("percent", |p| encoded(&format!("mailto:{}", address(p)), '%')),
    ("quoted-printable", |p| encoded(&address(p), '=')),
    ("punycode", |p| address(p).replace("büro", "xn--bro-hoa")),
    ("split by a line break", |p| address(p).replace("isa.", "isa.\r\n")),
    ("split behind the @", |p| address(p).replace('@', "@\n")),
    ("soft break", |p| address(p).replace("olio", "ol=\r\nio")),
    ("with blanks", |p| format!("  {} @ {} ", local(p), host(p))),
    ("with a display name", |p| format!("\"{}\" <{}>", name(p), address(p))),
    ("entity", |p| address(p).replace('@', "&#64;").replace('.', "&#x2e;")),
    ("transcript", |p| encoded(&format!("O{{mMsg|S{{{}}} bUid|I{{-1}}}}", address(p)), '%')),
    ("JSON in a URL", |p| {
        encoded(&format!("{{\"mail\":\"{}\"}}", address(p).replace('@', "\\u0040")), '%')
    }),
];

/// What of the planted persons can be found in the bytes, as they are and with line breaks, blanks and encodings gone.
fn found_in(bytes: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let joined: String = text.replace("\\r", "").replace("\\n", "").replace("<br>", "");
    let joined: String =
        joined.chars().filter(|c| !c.is_whitespace() && !"=\\│|␍␊".contains(*c)).collect();
    let decoded = text.replace("%c3%bc", "ü").replace("=c3=bc", "ü").replace("&#x2e;", ".");
    let is_in = |stem: &&str| [&text, &joined, &decoded].iter().any(|text| text.contains(*stem));
    STEMS.into_iter().filter(is_in).collect()
}

#[test]
fn the_search_finds_every_spelling() {
    for (spelling, of) in SPELLINGS {
        for person in 0..2 {
            assert!(!found_in(of(person).as_bytes()).is_empty(), "{spelling}: {}", of(person));
        }
    }
    assert_eq!(found_in(b"address-0123456789ab, nothing else"), [""; 0]);
}

// A COPY WITH EVERYBODY IN IT ------------------------------------------------------------------------------

/// The file of a copy, as its database makes it.
fn empty_copy(folder: &Path) -> PathBuf {
    let path = folder.join("copy.sqlite");
    let image = Store::for_exports().expect("a copy").image().expect("an image");
    fs::write(&path, image).expect("a file");
    path
}

/// Every table of the copy with its columns and their types; SQLite's and the migrations' own are left out.
fn tables(conn: &rusqlite::Connection) -> BTreeMap<String, Vec<(String, String)>> {
    const COLUMNS: &str = "SELECT l.name, x.name, x.type FROM pragma_table_list l, pragma_table_info(l.name) x \
         WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite%' \
         AND l.name NOT LIKE 'refinery%' AND l.name NOT LIKE '%history' ORDER BY l.name, x.cid";
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut statement = conn.prepare(COLUMNS).expect("a query");
    let mut rows = statement.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let column = (row.get(1).expect("a name"), row.get(2).expect("a type"));
        tables.entry(row.get(0).expect("a table")).or_default().push(column);
    }
    tables
}

fn is_text(of: &str) -> bool {
    of.is_empty() || of.contains("CHAR")
}

/// A copy in which every column of texts of every table has all persons, each row another spelling; one table has a
/// column that the schema does not know, and one table is unknown.
fn planted(folder: &Path) -> PathBuf {
    let path = empty_copy(folder);
    let mut conn = rusqlite::Connection::open(&path).expect("a database");
    conn.execute_batch(
        "ALTER TABLE egpl_casemgmt_activity ADD COLUMN callback_note NVARCHAR(255);
         CREATE TABLE egpl_casemgmt_customer (customer_id INTEGER PRIMARY KEY, first_name, whole_life_story);",
    )
    .expect("more columns");
    let all = tables(&conn);
    let transaction = conn.transaction().expect("a transaction");
    for (table, columns) in &all {
        if table == "chatdb_code"
            || table == "chatdb_status_pair"
            || table == "chatdb_export_column"
        {
            continue;
        }
        let quoted: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", quoted.join(", "));
        let mut insert = transaction.prepare(&sql).expect("an insert");
        for person in 0..PERSONS {
            let value = |(at, (column, of)): (usize, &(String, String))| -> rusqlite::types::Value {
                let spelt = SPELLINGS[(person + at) % SPELLINGS.len()].1(person);
                match column.as_str() {
                    "cust_display_name" => name(person).into(),
                    "phone_number" => format!("+49 (89) 55501-{person:03}").into(),
                    "client_ip" | "client_ip_address" => {
                        format!("203.0.113.{}", person % 256).into()
                    }
                    "reason" if table == "rejects" => {
                        format!("expected a number, found `{spelt}`").into()
                    }
                    "sha256" => format!("{person:064x}").into(),
                    _ if is_text(of) => spelt.into(),
                    _ if of.starts_with("DATETIME") => "2011-07-12 14:49:55.000".to_owned().into(),
                    _ => i64::try_from(person).expect("a small number").into(),
                }
            };
            let values = columns.iter().enumerate().map(value);
            insert.execute(rusqlite::params_from_iter(values)).expect("a row");
        }
    }
    transaction.commit().expect("a commit");
    path
}

/// Everything that the copy holds, table by table, and everybody in titles, remarks and columns of our own words.
fn everything(path: &Path) -> Report {
    let conn = rusqlite::Connection::open(path).expect("a database");
    let store = Store::open_read_only(path).expect("a copy");
    let list = |table: &String| Listing {
        title: format!("Rows of {table}"),
        table: store.ask(&format!("SELECT * FROM {table}"), &[], &[]).expect("rows"),
        remarks: vec![],
    };
    let mut listings: Vec<Listing> = tables(&conn).keys().map(list).collect();
    let everybody = || (0..PERSONS).map(|person| SPELLINGS[person % SPELLINGS.len()].1(person));
    let said = |spelt: String| format!("the chat of {spelt} is open");
    listings.push(Listing {
        title: format!("Chats in exports/{}.csv", address(7)),
        table: ResultTable {
            columns: vec![
                Column { own: true, ..Column::new("evidence", Kind::Text) },
                Column::new("n", Kind::Integer),
            ],
            rows: everybody()
                .map(|spelt| vec![Cell::Text(said(spelt)), Cell::Integer(1)])
                .collect(),
        },
        remarks: everybody().map(said).collect(),
    });
    Report { listings, ..Report::new() }
}

/// The report in every format; in CSV list by list, since lists of different width make no one file.
fn rendered(report: &Report) -> Vec<(&'static str, Vec<u8>)> {
    let parts: Vec<Report> = report
        .listings
        .iter()
        .map(|listing| Report { listings: vec![listing.clone()], ..Report::new() })
        .collect();
    let render = |format: &chatdb::render::Format| {
        let mut bytes = Vec::new();
        let whole = std::slice::from_ref(report);
        let reports = if format.can.rows_only && parts.len() > 1 { &parts } else { whole };
        for report in reports {
            (format.render)(report, RenderOptions::default(), &mut bytes).expect("bytes");
        }
        if format.can.binary {
            bytes = crate::formats::text_of_workbook(&bytes).into_bytes();
        }
        (format.name, bytes)
    };
    // A picture and a list of test cases show no table.
    let shows_tables = |format: &&Format| format.can.tables;
    FORMATS.iter().filter(shows_tables).map(render).collect()
}

#[test]
fn nobody_is_found_in_any_table_and_format() {
    let folder = scratch();
    let mut report = everything(&planted(folder.path()));
    // The proof that the search can fail: without the redactor everybody is found, in every format and table.
    let untouched = |listing: &Listing| Report { listings: vec![listing.clone()], ..Report::new() };
    let last = report.listings.last().expect("our own words");
    for (format, bytes) in rendered(&untouched(last)) {
        assert_eq!(found_in(&bytes).len(), STEMS.len(), "{format}");
    }
    let has_texts =
        |listing: &&Listing| listing.table.columns.iter().any(|column| column.name == "subject");
    for listing in report.listings.iter().filter(has_texts) {
        for (format, bytes) in rendered(&untouched(listing)) {
            assert_eq!(found_in(&bytes).len(), STEMS.len(), "{format}: {}", listing.title);
        }
    }
    let replaced = Redactor::new(key(), Classes::known()).report(&mut report).expect("a key");
    for (format, bytes) in rendered(&report) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let around = |stem: &str| {
            let at = text.to_lowercase().find(stem).unwrap_or(0);
            text.chars()
                .skip(text[..at.min(text.len())].chars().count().saturating_sub(200))
                .take(400)
                .collect::<String>()
        };
        let found = found_in(&bytes);
        assert_eq!(found, [""; 0], "{format}: {}", around(found.first().unwrap_or(&"")));
        for hidden in ["203.0.113.", "555-01", "55501-", "Luisa"] {
            assert!(!text.contains(hidden), "{format}: {hidden}");
        }
    }
    let count = |class: DataClass| {
        replaced.values.iter().find(|(of, _)| *of == class).map_or(0, |(_, n)| *n)
    };
    assert_eq!(count(DataClass::Address), PERSONS, "one pseudonym for each, however spelt");
    assert_eq!(count(DataClass::Ip), 256);
    assert_eq!(count(DataClass::Phone), PERSONS);
    assert_eq!(replaced.records, PERSONS, "records of rejects are withheld");
}

#[test]
fn twelve_and_more_spellings_of_an_address_have_one_pseudonym() {
    for person in 0..2 {
        let pseudonyms: BTreeMap<String, &str> = SPELLINGS
            .iter()
            .map(|(spelling, of)| (replaced("contact_point_data", &of(person), &key()), *spelling))
            .collect();
        assert_eq!(pseudonyms.len(), 1, "{pseudonyms:#?}");
        let (pseudonym, _) = pseudonyms.first_key_value().expect("one");
        let word = pseudonym.strip_prefix("address-").expect(pseudonym);
        assert_eq!(word.len(), 12, "{pseudonym}");
    }
}

/// What becomes of a text in a column.
fn replaced(column: &str, text: &str, key: &Key) -> String {
    let mut table = ResultTable {
        columns: vec![Column::new(column, Kind::Text)],
        rows: vec![vec![Cell::Text(text.to_owned())]],
    };
    Redactor::new(key.clone(), Classes::known()).table(&mut table);
    table.rows[0][0].to_string()
}

#[test]
fn values_of_each_class_are_replaced_by_their_one_spelling() {
    let same = |column: &str, a: &str, b: &str| {
        let (a, b) = (replaced(column, a, &key()), replaced(column, b, &key()));
        assert_eq!(a, b, "{column}");
        a
    };
    let differ = |column: &str, a: &str, b: &str| {
        assert_ne!(replaced(column, a, &key()), replaced(column, b, &key()), "{column}");
    };
    assert!(same("cust_display_name", "Jane  Doe", "jane doe").starts_with("name-"));
    assert!(same("phone_number", "+1 (555) 010-9999", "1-555-010-9999").starts_with("phone-"));
    assert!(same("client_ip", "::ffff:192.0.2.7", "192.0.2.7:443").starts_with("ip-"));
    assert!(same("client_ip", "2001:DB8:0:0::1", "2001:db8::1").starts_with("ip-"));
    assert!(same("CLIENT_IP", "192.0.2.7", "192.0.2.007").starts_with("ip-"));
    assert!(same("contact_point_data", "1 a@b.example", "A@B.example.").starts_with("address-"));
    assert!(same("contact_point_data", "facebook|77|12", "Facebook|77|12").starts_with("address-"));
    assert!(replaced("visitor_user_id", "v-77", &key()).starts_with("token-"));
    assert!(replaced("subject", "Help!", &key()).ends_with("(5 characters)"));
    assert_eq!(replaced("subject", "", &key()), "");
    assert_eq!(replaced("text", "1;2;3", &key()), "(withheld)");
    differ("contact_point_data", "a@b.example", "c@b.example");
    differ("contact_point_data", "facebook|77|12", "facebook|78|12");
    differ("subject", "Help", "help");
    let two = replaced("recv_email_address", "a@b.example; c@d.example", &key());
    assert_eq!(two.matches("address-").count(), 2, "{two}");
    let lists = replaced("client_ip", "192.0.2.7, 192.0.2.8", &key());
    assert_eq!(lists.matches("ip-").count(), 2, "{lists}");
}

#[test]
fn what_names_nobody_stays_as_it_is() {
    for (column, text) in [
        ("queue_name", "Support_Level_2"),
        ("user_name", "system"),
        ("login_ip", "43app"),
        ("delete_flag", "N"),
        ("update_version", "0x00000000000007D1"),
        ("content_type", "text/html; charset=UTF-8"),
        ("file", "exports/20110712144955/activity 2011-07-12 14.49.csv"),
        ("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("queue_description", "level 2 = 40 minutes, 100% = 80"),
        (
            "advice",
            "export dates as `yyyy-mm-dd hh:mm:ss`, or specify the format with `--date-format`",
        ),
    ] {
        assert_eq!(replaced(column, text, &key()), text, "{column}");
    }
    for sentence in [
        "no row as expected; `where id=@activity_id` was asked at 2011-07-12 14:49:55.000",
        "activities 1347, 88123 and 4711 of 12.07.2011; chatdb 0.1.0; 1310482195000 ms",
        "5000/5900 for 00:04:00; `--tolerance \"seconds=40:clocks differ\"`, @@ROWCOUNT",
    ] {
        let mut text = sentence.to_owned();
        Redactor::new(key(), Classes::known()).sentence(&mut text);
        assert_eq!(text, sentence);
    }
}

#[test]
fn sentences_lose_what_names_somebody_and_keep_the_rest() {
    let check = |sentence: &str, pattern: &str| {
        let mut text = sentence.to_owned();
        Redactor::new(key(), Classes::known()).sentence(&mut text);
        let mut rest = text.as_str();
        for part in pattern.split('*') {
            let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is not in `{text}`"));
            rest = &rest[at + part.len()..];
        }
        let replaced = text.matches("address-").count()
            + text.matches("ip-").count()
            + text.matches("phone-").count();
        assert_eq!(replaced, pattern.matches('*').count(), "{text}");
    };
    check("exports/a.b@c.example.csv is read", "exports/address-* is read");
    check("chat of a.b@c.example, open", "chat of address-*, open");
    check("from 192.0.2.7 (or [2001:db8::7])", "from ip-* (or [ip-*])");
    check("call +49 89 555010 now, or 555-010-9999.", "call phone-* now, or phone-*.");
    check("call 5550109999", "call phone-*");
    check("a%40b.example left", "address-* left");
    check("the chat of Jane Ann Doe <a@b.example> is open", "the chat of address-* is open");
    check("from \"Doe, jane\" <a@b.example>, to <c@d.example>", "from address-*, to address-*");
}

#[test]
fn a_message_keeps_names_of_the_schema_and_loses_what_it_quotes() {
    let check = |message: &str, expected: &str| {
        assert_eq!(privacy::withheld(message, true), expected);
    };
    check(
        "expected an `integer` in `activity_id`, found `Jane`",
        "expected an `integer` in `activity_id`, found `(withheld)(4 characters)`",
    );
    check("line 3: found `a`b`c`", "line 3: found `a`b`c`");
    check(
        "line 3: found `ab`cd`ef`, and `subject`",
        "line 3: found `(withheld)(2 characters)`(withheld)(2 characters)`(withheld)(2 characters)`, and `subject`",
    );
    check("the value 'O'Hara' to data type int", "the value '(withheld)' to data type int");
    assert_eq!(privacy::withheld("no file a@b.example", false), "no file (withheld)");
}

#[test]
fn joins_on_pseudonyms_give_the_same_counts() {
    // Two tables spell the same persons in different ways; every third person has two chats.
    let spelt = |person: usize, way: usize| {
        Cell::Text(SPELLINGS[(person + way) % SPELLINGS.len()].1(person))
    };
    let chats: Vec<usize> = (0..PERSONS).chain((0..PERSONS).step_by(3)).collect();
    let mails: Vec<usize> = (100..PERSONS).chain(200..300).collect();
    let pairs = |left: &[String], right: &[String]| {
        left.iter().map(|a| right.iter().filter(|b| a == *b).count()).sum::<usize>()
    };
    let number = |persons: &[usize]| persons.iter().map(ToString::to_string).collect::<Vec<_>>();
    let wanted = pairs(&number(&chats), &number(&mails));
    let column = |name: &str, persons: &[usize], way: usize| {
        let mut table = ResultTable {
            columns: vec![Column::new(name, Kind::Text)],
            rows: persons.iter().map(|person| vec![spelt(*person, way)]).collect(),
        };
        // Each in a run of its own.
        Redactor::new(key(), Classes::known()).table(&mut table);
        table.rows.iter().map(|row| row[0].to_string()).collect::<Vec<_>>()
    };
    let left = column("contact_point_data", &chats, 0);
    let right = column("from_email_address", &mails, 5);
    assert_eq!(pairs(&left, &right), wanted);
    assert_eq!(left.iter().collect::<BTreeSet<_>>().len(), PERSONS);
}

#[test]
fn without_the_key_no_guess_can_be_tried() {
    use sha2::Digest as _;
    let shown: BTreeSet<String> =
        (0..PERSONS).map(|p| replaced("contact_point_data", &address(p), &key())).collect();
    assert_eq!(shown.len(), PERSONS);
    // Somebody with the list of all addresses, the program, and another key.
    for guess in
        [Key::new([0; 32]), Key::new([255; 32]), Key::new(*b"for tests: not random, not kept!")]
    {
        let tried = (0..PERSONS).map(|p| replaced("contact_point_data", &address(p), &guess));
        assert_eq!(tried.filter(|tried| shown.contains(tried)).count(), 0);
    }
    // Or with a plain hash of each.
    let hex =
        |p| sha2::Sha256::digest(address(p)).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let all = shown.iter().cloned().collect::<String>();
    assert!((0..PERSONS).map(hex).all(|hash| !all.contains(&hash[..8])));
    // With the key it is possible, which is why the key is secret.
    assert!(shown.contains(&replaced("email_address", &address(7), &key())));
}

#[test]
fn without_a_key_everything_is_withheld_and_the_report_is_refused() {
    let mut report = Report {
        listings: vec![Listing {
            title: "Chats".to_owned(),
            table: ResultTable {
                columns: vec![Column::new("subject", Kind::Text)],
                rows: vec![vec![Cell::Text(address(1))]],
            },
            remarks: vec![address(2)],
        }],
        ..Report::new()
    };
    let result = Redactor::asking(|| None, Classes::known()).report(&mut report);
    assert_eq!(result.expect_err("no key").to_string(), "there is no key for pseudonyms");
    for (format, bytes) in rendered(&report) {
        assert_eq!(found_in(&bytes), [""; 0], "{format}");
    }
}

#[test]
fn numbers_that_nothing_explains_are_hidden_when_they_are_long() {
    let table = |name: &str, cell: Cell| {
        let mut table =
            ResultTable { columns: vec![Column::new(name, Kind::Integer)], rows: vec![vec![cell]] };
        Redactor::new(key(), Classes::known()).table(&mut table);
        (table.rows[0][0].clone(), table.columns[0].kind)
    };
    assert_eq!(table("n", Cell::Integer(42)), (Cell::Integer(42), Kind::Integer));
    assert_eq!(
        table("activity_id", Cell::Integer(88_123_456)),
        (Cell::Integer(88_123_456), Kind::Integer)
    );
    assert_eq!(table("tel", Cell::Integer(5_550_109_999)).1, Kind::Text);
    assert!(table("session_id", Cell::Integer(7)).0.to_string().starts_with("token-"));
    assert_eq!(table("subject", Cell::Null).0, Cell::Null);
}

#[test]
fn a_short_number_is_hidden_where_the_heading_says_whose_it_is() {
    let shown = |heading: &str, cell: &Cell| {
        let mut table = ResultTable {
            columns: vec![Column::new(heading, Kind::Text)],
            rows: vec![vec![cell.clone()]],
        };
        Redactor::new(key(), Classes::known()).table(&mut table);
        table.rows[0][0].clone()
    };
    let decimal = || Kind::Decimal.parse("52.5170").expect("a number");
    let numbers = [
        Cell::Integer(4711),
        Cell::Integer(7),
        Cell::Text("4711".to_owned()),
        Cell::Text(" 47-11 ".to_owned()),
        decimal(),
    ];
    let persons = [
        "employee_no",
        "EmployeeNo",
        "Employee Number",
        "empno",
        "staff id",
        "CUSTOMER_ID_OLD",
        "ext",
        "PhoneExt",
        "extension",
        "zip",
        "postal-code",
        "PLZ",
        "badge",
        "pin",
        "age",
        "year of birth",
        "card_last_4",
        "latitude",
        "house_number",
        "user no",
        "account",
    ];
    let things = [
        "n",
        "total",
        "minutes",
        "price",
        "quantity",
        "line",
        "rank",
        "order_no",
        "calls per customer",
        "customer_count",
        "AgentMinutes",
        "average age",
        "users total",
        "page",
        "imagery",
        "textual",
        "percentage",
        "status",
        "year",
        "width",
    ];
    for cell in &numbers {
        for heading in persons {
            let now = shown(heading, cell).to_string();
            assert!(now.starts_with("text-"), "{heading} {cell}: {now}");
        }
        for heading in things {
            assert_eq!(shown(heading, cell), *cell, "{heading}");
        }
    }
    // What is no number is treated as ever: a time stays, a name goes.
    let time = Cell::Text("2026-11-24 08:12".to_owned());
    assert_eq!(shown("customer_since", &time), time);
    assert_eq!(shown("employee_no", &Cell::Null), Cell::Null);
    // The schema's own columns have classes, and what a query counts is its own.
    assert_eq!(shown("assigned_to", &Cell::Integer(1003)), Cell::Integer(1003));
    let mut table = ResultTable {
        columns: vec![Column::new("customers", Kind::Integer)],
        rows: vec![vec![Cell::Integer(12)]],
    };
    table.columns[0].own = true;
    Redactor::new(key(), Classes::known()).table(&mut table);
    assert_eq!(table.rows[0][0], Cell::Integer(12));
}

proptest! {
    /// Whatever stands in a row: nothing goes wrong over it, and an address put into the middle is not to be found.
    #[test]
    fn no_text_hides_an_address(
        before in "[ a-zé@%=&#;0-9.:<>\"'(\\[\\]+\\\\\u{200b}\n\r-]{0,24}",
        after in "[ é@%=&#;:<>\"'(\\[\\]+\\\\\u{200b}\n\r-]{0,24}",
        spelling in 0..SPELLINGS.len(),
        person in 0..PERSONS,
    ) {
        let (_, of) = SPELLINGS[spelling];
        let text = format!("{before} {} {after}", of(person));
        for column in ["queue_name", "user_name", "contact_point_data", "subject", "nobody_knows", "reason", "text"] {
            let shown = replaced(column, &text, &key());
            prop_assert_eq!(found_in(shown.as_bytes()), [""; 0], "{}: {:?} {}", column, text, shown);
        }
        let mut sentence = text.clone();
        Redactor::new(key(), Classes::known()).sentence(&mut sentence);
        prop_assert_eq!(found_in(sentence.as_bytes()), [""; 0], "{:?} {}", text, sentence);
        prop_assert_eq!(found_in(privacy::withheld(&text, true).as_bytes()), [""; 0], "{:?}", text);
    }
}

#[test]
fn a_key_is_never_shown() {
    assert_eq!(format!("{:?}", key()), "Key(..)");
}

// CLASSES --------------------------------------------------------------------------------------------------

/// Columns without a class, and classes without a column.
fn mistakes(tables: &BTreeMap<String, Vec<(String, String)>>, classes: &Classes) -> Vec<String> {
    let mut wrong = Vec::new();
    let has = |table: &str, column: &str| {
        classes.iter().any(|(t, c, _)| (t == table || t == "*") && c == column)
    };
    for (table, columns) in tables {
        let product = table.strip_suffix("_earlier").unwrap_or(table);
        for (column, _) in columns {
            if !has(product, column) {
                wrong.push(format!("`{table}.{column}` has no class"));
            }
        }
    }
    for (table, column, _) in classes.iter() {
        let there = |(name, columns): (&String, &Vec<(String, String)>)| {
            (table == "*" || table == name) && columns.iter().any(|(known, _)| known == column)
        };
        if !tables.iter().any(there) {
            wrong.push(format!("`{table}.{column}` has a class and is not there"));
        }
    }
    wrong
}

#[test]
fn every_column_has_a_class_and_every_class_a_column() {
    let folder = scratch();
    let conn = rusqlite::Connection::open(empty_copy(folder.path())).expect("a database");
    let mut tables = tables(&conn);
    assert!(tables.len() > 25, "{}", tables.len());
    assert_eq!(mistakes(&tables, Classes::known()), [""; 0]);
    let more = ("mother_maiden_name".to_owned(), "NVARCHAR(255)".to_owned());
    tables.get_mut("egpl_user").expect("a table").push(more);
    tables.get_mut("egpl_notes").expect("a table").retain(|(name, _)| name != "note_data");
    assert_eq!(
        mistakes(&tables, Classes::known()),
        [
            "`egpl_user.mother_maiden_name` has no class",
            "`egpl_notes.note_data` has a class and is not there",
        ]
    );
}

#[test]
fn a_list_of_classes_that_cannot_be_read_says_where() {
    let check = |text: &str, message: &str| {
        assert_eq!(Classes::read(text).expect_err(text).to_string(), message);
    };
    check("# list\nname first_name\n", "line 2: no `[table]` precedes it");
    check("[a]\nsecret b\n", "line 2: unknown class `secret`");
    check("[a]\nname b c\ntext c\n", "line 3: `a.c` already has a class");
    let classes = Classes::read("[a]\ntechnical x\n[b]\ntext x\n[c]\nname x\n").expect("a list");
    assert_eq!(classes.of("X"), Some(DataClass::Text), "the strictest counts");
    assert_eq!(classes.of("y"), None);
}

// THE PROGRAM ----------------------------------------------------------------------------------------------

fn scratch() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

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

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

const OPEN: &str = "SELECT contact_point_data, activity_id, description AS d, user_last_worked \
     FROM egpl_casemgmt_activity";

#[test]
fn a_query_of_a_copy_shows_pseudonyms_in_every_pipe_unless_told_otherwise() {
    let folder = scratch();
    planted(folder.path());
    for format in ["table", "csv", "markdown", "json"] {
        let args = ["query", OPEN, "--db", "copy.sqlite", "--format", format];
        let output = chatdb(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(found_in(&output.stdout), [""; 0], "{format}");
        assert_eq!(found_in(&output.stderr), [""; 0], "{format}");
        let said = if format == "csv" { &output.stderr } else { &output.stdout };
        let sentence = "possible personal data is replaced by pseudonyms (";
        let said = text(said).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(sentence), "{format}: {said}");
        let again = chatdb(folder.path(), &args);
        assert_eq!(again.stdout, output.stdout, "the same key, the same pseudonyms");
        let plain = chatdb(folder.path(), &[&args[..], &["--include-pii"]].concat());
        assert!(found_in(&plain.stdout).len() >= 3, "{format}");
        let said = if format == "csv" { &plain.stderr } else { &plain.stdout };
        let said = text(said).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("this report includes personal data"), "{format}: {said}");
    }
}

#[test]
fn an_analysis_and_its_files_show_nobody_and_say_so() {
    let folder = scratch();
    planted(folder.path());
    let squeezed = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (at, format) in ["table", "csv", "markdown", "json"].into_iter().enumerate() {
        let out = format!("out{at}");
        let args = ["analyze", "--db", "copy.sqlite", "--format", format, "--all", "--out", &out];
        let output = chatdb(folder.path(), &args);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let mut written = vec![output.stdout, output.stderr];
        for file in fs::read_dir(folder.path().join(&out)).expect("files") {
            written.push(fs::read(file.expect("a file").path()).expect("a file"));
        }
        // The two outputs, the report in three formats, and the rows of at least one finding.
        assert!(written.len() > 5, "{}", written.len());
        for bytes in &written {
            assert_eq!(found_in(bytes), [""; 0], "{format}: {}", text(bytes));
        }
        let said = written
            .iter()
            .filter(|bytes| squeezed(text(bytes).to_owned()).contains("replaced by pseudonyms"));
        assert!(said.count() >= 2, "{format}: in Markdown and JSON at least");
        let plain = chatdb(
            folder.path(),
            &["analyze", "--db", "copy.sqlite", "--format", format, "--all", "--include-pii"],
        );
        assert!(!found_in(&plain.stdout).is_empty(), "{format}: the search can fail");
    }
}

/// Names of files and folders in next commands: beside words that commands have too, with the quotes of a shell, and
/// with signs that a next step has itself.
#[test]
fn no_name_of_a_file_is_in_a_next_command() {
    let rows = "activity_id,activity_type,activity_status,activity_sub_status,when_created,when_modified\n\
                1347,2000,5000,5900,2026-11-25 09:00:00,2026-11-25 09:01:00\n";
    let names = [
        "Jane Roe",
        "Jane`Roe",
        "x`Jane Roe",
        "Jane'Roe",
        "Jane\"Roe",
        "Jane' `Roe",
        "a=Jane Roe",
        "Jane..Roe",
    ];
    let mut seen = 0;
    for name in names.iter().filter(|name| cfg!(unix) || !name.contains('"')) {
        let folder = scratch();
        let file = format!("{name}.csv");
        for inner in ["query", name] {
            fs::create_dir(folder.path().join(inner)).expect("a folder");
            fs::write(folder.path().join(inner).join("egpl_casemgmt_activity.csv"), rows)
                .expect("a file");
        }
        fs::write(folder.path().join(&file), rows).expect("a file");
        let inside = format!("../{}/{name}", folder.path().file_name().expect("a name").display());
        for paths in [&["query", &file][..], &[name], &[&file], &[&inside, "query"]] {
            let more = [
                "--table",
                "egpl_casemgmt_activity",
                "--as-of",
                "2026-11-25 12:00:00",
                "--format",
                "json",
            ];
            let output = chatdb(folder.path(), &[&["analyze"], paths, &more].concat());
            let shown = text(&output.stdout);
            let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let next = &json["analysis"]["next"];
            seen += next.as_array().expect("next steps").len();
            assert!(!shown.contains("Roe"), "{paths:?}: {next:#}");
            let said = next.to_string();
            assert!(!said.contains("text-"), "{paths:?}: {next:#}");
        }
    }
    assert!(seen > 0, "there are next steps");
}

#[test]
fn a_failure_quotes_no_row() {
    let folder = scratch();
    planted(folder.path());
    for sql in [
        "SELECT CAST(contact_point_data AS int) FROM egpl_casemgmt_activity",
        "SELECT CAST(cust_display_name AS int) FROM eglv_session",
        "SELECT 'luisa.olio001@post.oulipo.example' FROM nowhere",
    ] {
        let output = chatdb(folder.path(), &["query", sql, "--db", "copy.sqlite"]);
        assert_ne!(output.status.code(), Some(0), "{sql}");
        assert_eq!(found_in(&output.stderr), [""; 0], "{}", text(&output.stderr));
        assert_eq!(found_in(&output.stdout), [""; 0]);
        assert!(text(&output.stderr).starts_with("error: "), "{}", text(&output.stderr));
    }
    let output = chatdb(folder.path(), &["diff", "luisa.olio001@post.oulipo.example.csv", "b.csv"]);
    assert_eq!(found_in(&output.stderr), [""; 0], "{}", text(&output.stderr));
}

#[test]
fn replays_show_what_the_document_prints_and_need_no_key() {
    let folder = scratch();
    let output = chatdb(
        folder.path(),
        &["replay", "services_failure", "--until", "20", "--db", "lab.sqlite"],
    );
    assert!(text(&output.stdout).contains("customer@awesome.com"));
    for place in [["--db", "lab.sqlite"], ["--after", "services_failure/20"]] {
        let output = chatdb(
            folder.path(),
            &[&["query", "open_chats", "--format", "csv"], &place[..]].concat(),
        );
        assert!(text(&output.stdout).contains("customer@awesome.com"), "{}", text(&output.stderr));
    }
    assert!(!folder.path().join("config").exists(), "no key was made");
}

#[test]
fn a_diff_shows_what_the_document_prints_and_hides_everybody_else() {
    let folder = scratch();
    let header = "contact_point_data,queue_name,activity_id,activity_status,activity_sub_status,login_ip,\
                  assigned_to,when_created,user_name,screen_name\n";
    let rows = format!(
        "customer@awesome.com,CIM_WIM,1347,5000,5100,43app,1003,2011-07-12 14:49:55.000,DMarino,DMarino\n\
         {},CIM_WIM,1348,5000,5100,43app,1003,2011-07-12 14:49:56.000,DMarino,DMarino\n",
        address(2)
    );
    fs::write(folder.path().join("a.csv"), format!("{header}{rows}")).expect("a file");
    fs::write(
        folder.path().join("b.csv"),
        format!("{header}{}", rows.replace("customer", "luisa")),
    )
    .expect("a file");
    fs::write(folder.path().join("c.csv"), format!("id,mail\n1,{}\n", address(3))).expect("a file");
    fs::write(folder.path().join("d.csv"), "id,mail,text\n1,nobody,words\n").expect("a file");
    for format in ["table", "csv", "markdown", "json"] {
        let run =
            |args: &[&str]| chatdb(folder.path(), &[&["diff", "--format", format], args].concat());
        let output = run(&["services_failure/open_chats", "a.csv"]);
        assert_eq!(found_in(&output.stdout), [""; 0], "{format}: {}", text(&output.stdout));
        assert!(
            text(&output.stdout).contains("customer@awesome.com"),
            "{format}: {}",
            text(&output.stdout)
        );
        let output = run(&["a.csv", "b.csv", "--key", "activity_id"]);
        assert_eq!(found_in(&output.stdout), [""; 0], "{format}: {}", text(&output.stdout));
        assert!(text(&output.stdout).contains("address-"), "{format}");
        let output = run(&["c.csv", "d.csv", "--match-columns", "subset"]);
        assert_eq!(found_in(&output.stdout), [""; 0], "{format}: {}", text(&output.stdout));
        assert!(
            !text(&output.stdout).contains("nobody"),
            "nothing tells that a table is nobody's, {format}"
        );
        let plain = ["c.csv", "d.csv", "--match-columns", "subset", "--plain", "Mail"];
        let output = run(&plain);
        let said = text(&output.stdout).split_whitespace();
        let said = said.collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("nobody") && said.contains("left unchanged by `--plain`: `mail`"),
            "{format}: {said}"
        );
        let output = run(&["a.csv", "b.csv", "--key", "activity_id", "--include-pii"]);
        assert!(!found_in(&output.stdout).is_empty(), "{format}");
    }
}

/// Comparisons come through the same walk as lists.
#[test]
fn keys_and_remarks_of_a_comparison_are_walked_too() {
    let side = |spelt: String, n: i64| ResultTable {
        columns: vec![
            Column::new("contact_point_data", Kind::Text),
            Column::new("activity_id", Kind::Integer),
        ],
        rows: vec![
            vec![Cell::Text(spelt.clone()), Cell::Integer(n)],
            vec![Cell::Text(spelt), Cell::Integer(n)],
        ],
    };
    let terms =
        chatdb::check::Terms { key: vec!["contact_point_data".to_owned()], ..Default::default() };
    let comparison =
        chatdb::check::compare_tables(&side(address(4), 1), &side(address(4), 2), &terms)
            .expect("a diff");
    assert!(
        comparison.remarks.iter().any(|remark| remark.contains("olio")),
        "{:?}",
        comparison.remarks
    );
    let named = NamedComparison {
        expected: "a".to_owned(),
        actual: format!("{}.csv", address(5)),
        comparison,
    };
    let mut report = Report { comparisons: vec![named], ..Report::new() };
    Redactor::new(key(), Classes::known()).report(&mut report).expect("a key");
    for (format, bytes) in rendered(&report) {
        assert_eq!(found_in(&bytes), [""; 0], "{format}: {}", text(&bytes));
    }
}

// THE KEY --------------------------------------------------------------------------------------------------

fn one_person(folder: &Path) {
    let header = "activity_id,contact_point_data\n";
    fs::write(folder.join("a.csv"), format!("{header}1,{}\n", address(1))).expect("a file");
    fs::write(folder.join("b.csv"), format!("{header}1,{}\n", address(2))).expect("a file");
}

fn diff(folder: &Path, more: &[&str]) -> Output {
    chatdb(folder, &[&["diff", "a.csv", "b.csv", "--key", "activity_id"], more].concat())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[cfg(unix)]
#[test]
fn the_key_is_made_once_for_its_owner_alone() {
    let folder = scratch();
    one_person(folder.path());
    let runs: Vec<_> = std::thread::scope(|scope| {
        let run = || scope.spawn(|| diff(folder.path(), &[]).stdout);
        let all: Vec<_> = (0..4).map(|_| run()).collect();
        all.into_iter().map(|run| run.join().expect("a run")).collect()
    });
    assert!(text(&runs[0]).contains("address-"), "{}", text(&runs[0]));
    assert!(runs.iter().all(|run| *run == runs[0]), "all that start at once use the one key");
    let keys = folder.path().join("config/chatdb");
    let path = keys.join("privacy.key");
    assert_eq!((mode(&path), mode(&keys)), (0o600, 0o700));
    let key = fs::read(&path).expect("a key");
    assert_eq!(key.len(), Key::BYTES);
    assert_eq!(fs::read_dir(&keys).expect("a folder").count(), 1, "nothing else is left there");
    // Another user has another key, and nothing links the two.
    fs::remove_file(&path).expect("gone");
    let other = diff(folder.path(), &[]).stdout;
    let words = |bytes: &[u8]| {
        let words = text(bytes).split_whitespace().filter(|word| word.starts_with("address-"));
        words.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_ne!(fs::read(&path).expect("a key"), key);
    assert!(words(&other).is_disjoint(&words(&runs[0])));
    // A key can be carried along.
    fs::write(folder.path().join("k"), key).expect("a file");
    set_mode(&folder.path().join("k"), 0o600);
    assert_eq!(text(&diff(folder.path(), &["--key-file", "k"]).stdout), text(&runs[0]));
}

#[cfg(unix)]
#[test]
fn a_key_that_is_not_safe_is_refused_and_nothing_is_shown() {
    let folder = scratch();
    one_person(folder.path());
    let path = folder.path().join("k");
    let refused = |code: i32, stderr: &str| {
        let output = diff(folder.path(), &["--key-file", "k"]);
        assert_eq!(text(&output.stderr), stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(code), ""));
    };
    refused(
        4,
        "error: there is no key file `k`\n hint: omit `--key-file` to use the key that chatdb creates and keeps for \
         you\n",
    );
    fs::write(&path, [7; 31]).expect("a file");
    set_mode(&path, 0o600);
    refused(
        5,
        "error: the pseudonym key `k` has 31 bytes instead of 32, so it is not a valid key\n \
         hint: head -c 32 /dev/urandom > 'k' makes one\n",
    );
    fs::write(&path, [7; 33]).expect("a file");
    refused(
        5,
        "error: the pseudonym key `k` has 33 bytes instead of 32, so it is not a valid key\n \
         hint: head -c 32 /dev/urandom > 'k' makes one\n",
    );
    fs::write(&path, [7; 32]).expect("a file");
    set_mode(&path, 0o640);
    refused(
        5,
        "error: the pseudonym key `k` can be read or changed by others (mode 640)\n hint: chmod 600 'k', if \
         nobody \
         has copied it\n",
    );
    set_mode(&path, 0o600);
    for byte in [0, 7] {
        fs::write(&path, [byte; 32]).expect("a file");
        refused(
            5,
            "error: the pseudonym key `k` is one byte repeated 32 times, which is easy to guess\n \
             hint: head -c 32 /dev/urandom > 'k' makes one\n",
        );
    }
    let good: Vec<u8> = (0..32).collect();
    fs::write(&path, good).expect("a file");
    set_mode(folder.path(), 0o777);
    refused(
        5,
        "error: the pseudonym key `k` is in a folder that others can write to (mode 777), so anyone may have put it \
         there\n hint: chmod go-w '.', if nobody has changed it\n",
    );
    set_mode(folder.path(), 0o1777);
    assert_eq!(text(&diff(folder.path(), &["--key-file", "k"]).stderr), "");
    set_mode(folder.path(), 0o700);
    fs::rename(&path, folder.path().join("real")).expect("moved");
    std::os::unix::fs::symlink("real", &path).expect("a link");
    refused(5, "error: the pseudonym key `k` is a symbolic link, which is not followed\n");
    fs::remove_file(&path).expect("gone");
    fs::create_dir(&path).expect("a folder");
    refused(5, "error: the pseudonym key `k` is not a regular file\n");
    assert!(!folder.path().join("config").exists(), "no other key is made instead");
    let own = folder.path().join("config/chatdb");
    fs::create_dir_all(&own).expect("a folder");
    set_mode(&own, 0o777);
    let output = diff(folder.path(), &[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(5), ""));
    assert!(
        text(&output.stderr).contains("can be written to by others"),
        "{}",
        text(&output.stderr)
    );
}
