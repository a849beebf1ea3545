//! A question asked of files, of which only the rows that can be in the answer are loaded: the same answer as from
//! everything.

use std::fs;
use std::path::PathBuf;

use chatdb::ask::{Question, ask, explain};
use chatdb::import::needed::load_needed;
use chatdb::import::needed::{TablePredicate, needs};
use chatdb::import::reader::parallel::Chunking;
use chatdb::import::{ImportOptions, Summary, read_file};
use chatdb::query::Dialect;
use chatdb::record::row_filter::Test;
use chatdb::sql::tsql::Literal;
use chatdb::store::Store;
use chatdb::table::{Cell, ResultTable};
use proptest::prelude::*;

const OPEN_CHATS: &str = include_str!("../../reports/open_chats.sql");

fn plain_options() -> ImportOptions {
    ImportOptions {
        form: Some("ads_csv".to_owned()),
        // Small, so that other threads read ahead in files of a few kilobytes.
        cut: Chunking { piece: 300, threads: 2 },
        ..ImportOptions::default()
    }
}

fn answer(store: &Store, text: &str) -> Vec<ResultTable> {
    let question = Question {
        text,
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: None,
    };
    let answers = ask(store, &question, &|| false).unwrap().answers;
    answers.into_iter().map(|answer| answer.table).collect()
}

struct Loaded {
    store: Store,
    summaries: Vec<Summary>,
}

type Failed = Box<dyn std::error::Error>;

fn load(paths: &[(PathBuf, ImportOptions)], needs: &[TablePredicate]) -> Result<Loaded, Failed> {
    let mut store = Store::for_exports()?;
    let summaries =
        load_needed::<Failed>(paths.len(), needs, &mut store, &mut |at, needs, store| {
            let (path, options) = &paths[at];
            let options =
                ImportOptions { needs: needs.to_vec(), unhashed: true, ..options.clone() };
            Ok(vec![read_file(path, &options, store)?])
        })?;
    Ok(Loaded { store, summaries })
}

/// Asks everything, and only what is needed.
fn both(
    files: &[(&str, &str)],
    text: &str,
) -> (Loaded, Vec<Summary>, Vec<ResultTable>, Vec<ResultTable>) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<(PathBuf, ImportOptions)> = files
        .iter()
        .map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            (path, plain_options())
        })
        .collect();
    let mut store = Store::for_exports().unwrap();
    let whole = paths.iter().map(|(path, options)| read_file(path, options, &mut store).unwrap());
    let whole: Vec<Summary> = whole.collect();
    let loaded = load(&paths, &needs(text, &[])).unwrap();
    let expected = answer(&store, text);
    let found = answer(&loaded.store, text);
    (loaded, whole, expected, found)
}

const HEADER: &str = "activity_id,activity_type,activity_status,activity_sub_status,queue_id,assigned_to,subject,\
                      when_created\n";

/// An export of `rows` activities, of which every tenth is an open chat.
fn activities(rows: u32) -> String {
    let mut text = HEADER.to_owned();
    for id in 1..=rows {
        let (kind, status) = if id % 10 == 0 { (2000, 5000) } else { (1, 9000) };
        text += &format!("{id},{kind},{status},5900,7,3,\"a, {id}\",2011-07-12 14:49:55.000\n");
    }
    text
}

#[test]
fn the_documented_query_finds_its_rows_in_a_copy_through_an_index_and_in_order() {
    let store = Store::for_exports().unwrap();
    let question = Question {
        text: OPEN_CHATS,
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: None,
    };
    let listings = explain(&store, &question).unwrap();
    let plan: Vec<String> = (listings[0].table.rows.iter())
        .filter(|row| row[0] == Cell::Text("plan".to_owned()))
        .map(|row| row[1].to_string())
        .collect();
    assert_eq!(plan[0], "SCAN b USING INDEX open_chat");
    assert!(plan[1..].iter().all(|line| line.starts_with("SEARCH")), "{plan:?}");
}

#[test]
fn the_conditions_of_a_statement_say_what_it_needs() {
    let found = needs(OPEN_CHATS, &[]);
    let [need] = found.as_slice() else {
        panic!("one table is tested: {found:?}");
    };
    assert_eq!(need.table, "egpl_casemgmt_activity");
    let tests = [
        ("activity_type", Test::In(vec![2000])),
        ("activity_status", Test::NotIn(vec![9000])),
        ("activity_sub_status", Test::NotIn(vec![9100, 9200])),
    ];
    let tests: Vec<(String, Test)> = tests.map(|(name, test)| (name.to_owned(), test)).into();
    assert_eq!(need.tests, tests);
    let one = |condition: &str| {
        let statement = format!("SELECT * FROM egpl_user WHERE {condition}");
        let mut needs = needs(&statement, &[]);
        needs.iter_mut().for_each(|need| need.statement.clear());
        needs
    };
    let between = |least, most| {
        let tests = vec![("user_id".to_owned(), Test::Between(least, most))];
        vec![TablePredicate { table: "egpl_user".to_owned(), tests, statement: String::new() }]
    };
    assert_eq!(one("user_id > 5"), between(6, i64::MAX));
    assert_eq!(one("(USER_ID <= -5)"), between(i64::MIN, -5));
    assert_eq!(one("user_id between 1 and 2 and user_name = 'x'"), between(1, 2));
}

#[test]
fn of_what_is_not_understood_every_row_is_needed() {
    let cases = [
        "SELECT * FROM egpl_user WHERE user_id = 5 OR user_id = 6",
        "SELECT * FROM egpl_user WHERE NOT user_id = 5",
        "SELECT * FROM egpl_user WHERE user_id = 5 + 1",
        "SELECT * FROM egpl_user WHERE user_id = '5'",
        "SELECT * FROM egpl_user WHERE abs(user_id) = 5",
        "SELECT * FROM egpl_user a, egpl_user b WHERE a.user_id = 5",
        "SELECT * FROM egpl_user a LEFT JOIN egpl_department b ON 1 = 1 WHERE a.user_id = 5",
        "SELECT * FROM egpl_user WHERE user_id = 5 AND EXISTS (SELECT 1 FROM egpl_user)",
        "SELECT * FROM egpl_user WHERE user_id = 5 UNION SELECT * FROM egpl_user",
        "WITH x AS (SELECT * FROM egpl_user) SELECT * FROM x WHERE user_id = 5",
        "SELECT * FROM egpl_user WHERE user_id = 5 SELECT * FROM egpl_user",
        "SELECT * FROM chatdb_export, egpl_user a WHERE a.user_id = 5",
        "SELECT * FROM egpl_user_earlier WHERE user_id = 5",
        "SELECT * FROM egpl_user a, egpl_department b WHERE user_id = 5",
        "no statement",
    ];
    for text in cases {
        assert_eq!(needs(text, &[]), [], "{text}");
    }
    let literal = Literal { parameter: "id".to_owned(), value: Cell::Integer(5) };
    assert_eq!(needs("SELECT * FROM egpl_user WHERE user_id = 5", &[literal]), []);
}

#[test]
fn rows_that_cannot_be_in_the_answer_are_passed_over_and_counted() {
    let text = "SELECT activity_id FROM egpl_casemgmt_activity WHERE activity_type = 2000 ORDER BY activity_id";
    let (loaded, whole, expected, found) = both(&[("a.csv", &activities(1000))], text);
    assert_eq!(expected, found);
    assert_eq!(found[0].rows.len(), 100);
    let (summary, whole) = (&loaded.summaries[0], &whole[0]);
    // The records from which the table is told are all read.
    assert_eq!(summary.passed_over, 1000 - 64 - 94);
    assert_eq!((summary.records, summary.loaded), (whole.records, whole.loaded));
    let count = answer(&loaded.store, "SELECT count(*) FROM egpl_casemgmt_activity");
    assert_eq!(count[0].rows[0][0], Cell::Integer(64 + 94));
}

/// A reader around another leaves to it what it does not change.
#[test]
fn rows_are_passed_over_below_lines_that_are_skipped() {
    let text = "SELECT activity_id FROM egpl_casemgmt_activity WHERE activity_type = 2000 ORDER BY activity_id";
    let needs = needs(text, &[]);
    let passed_over = |skip: usize| {
        let lines = "exported by the night job\n".repeat(skip);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, lines + &activities(1000)).unwrap();
        let options = ImportOptions { skip, ..plain_options() };
        let loaded = load(&[(path, options)], &needs).unwrap();
        assert_eq!(answer(&loaded.store, text)[0].rows.len(), 100);
        loaded.summaries[0].passed_over
    };
    assert_eq!([0, 1, 3].map(passed_over), [1000 - 64 - 94; 3]);
}

#[test]
fn records_that_are_none_are_rejected_all_the_same() {
    let broken = activities(300).replace("150,2000", "150,2000,1").replace("151,1,", "\"151,1,");
    let text = "SELECT activity_id FROM egpl_casemgmt_activity WHERE activity_type = 1 ORDER BY activity_id";
    let (loaded, whole, expected, found) = both(&[("a.csv", &broken)], text);
    assert_eq!(expected, found);
    assert_eq!(whole[0].rejected, 2);
    assert_eq!(loaded.summaries[0].reasons, whole[0].reasons);
    assert!(loaded.summaries[0].passed_over > 0);
}

#[test]
fn nothing_is_passed_over_where_a_key_or_a_table_stands_twice() {
    let text = "SELECT activity_id, activity_status FROM egpl_casemgmt_activity WHERE activity_type = 2000";
    // The first of two equal keys counts: it is no chat.
    let twice = activities(200) + "151,2000,5000,5900,7,3,x,2011-07-12 14:49:55.000\n";
    let (loaded, _, expected, found) = both(&[("a.csv", &twice)], text);
    assert_eq!(expected, found);
    assert_eq!(loaded.summaries[0].passed_over, 0);
    // The same where it stands behind what is none.
    let twice = activities(200) + "9\n151,2000,5000,5900,7,3,x,2011-07-12 14:49:55.000\n";
    let (loaded, _, expected, found) = both(&[("a.csv", &twice)], text);
    assert_eq!(expected, found);
    assert_eq!(loaded.summaries[0].passed_over, 0);
    // A second result has its columns in another order.
    let second = "activity_type,activity_id,activity_status\n2000,900,5000\n1,901,9000\n";
    let (loaded, whole, expected, found) = both(&[("a.csv", &(activities(200) + second))], text);
    assert_eq!(expected, found);
    assert_eq!(loaded.summaries[0].passed_over, 0);
    assert_eq!(loaded.summaries[0].reasons, whole[0].reasons);
    // The newer of two states counts: the chat is none any more.
    let later = activities(200).replace("150,2000", "150,1");
    let (loaded, _, expected, found) =
        both(&[("a.csv", &activities(200)), ("b.csv", &later)], text);
    assert_eq!(expected, found);
    assert_eq!(found[0].rows.len(), 19);
    assert_eq!(loaded.summaries[0].passed_over, 0);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["1", "2", "3"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["NULL", "\"2\"", "", "02", " 2", "x", "9999999", "2.0", "-1", "\"\"", "2\"2"])
            .prop_map(str::to_owned),
    ]
}

fn export() -> impl Strategy<Value = String> {
    let row = (
        0..12_u32,
        value(),
        value(),
        prop::sample::select(vec!["a", "\"b\nc\"", "\"d,\"\"e\"", "é", "NULL"]),
    );
    prop::collection::vec((row, 0..40_u32), 60..140).prop_map(|rows| {
        let mut text = "activity_id,activity_type,activity_status,subject,queue_id\n".to_owned();
        let mut id: u32 = 0;
        for ((step, kind, status, subject), odd) in rows {
            // Nearly always ascending, now and then the same key again, or a record that is none.
            id = if step == 11 && odd == 0 { id } else { id + 1 + step };
            let end = if odd == 1 { ",9\n" } else { "\n" };
            text += &format!("{id},{kind},{status},{subject},{}{end}", odd % 5);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn every_statement_has_the_same_answer(activities in export(), which in 0..7_usize) {
        let texts = [
            "SELECT * FROM egpl_casemgmt_activity WHERE activity_type = 2",
            "SELECT activity_status, count(*) AS n FROM egpl_casemgmt_activity WHERE activity_type <> 2 \
             GROUP BY activity_status",
            "SELECT b.activity_id, a.queue_name FROM egpl_routing_queue a, egpl_casemgmt_activity b \
             WHERE a.queue_id = b.queue_id AND b.activity_type IN (2, 3) AND b.activity_status NOT IN (1) \
             AND a.queue_id > 1",
            "SELECT TOP 3 activity_id FROM egpl_casemgmt_activity WHERE activity_status >= 2 ORDER BY activity_id DESC",
            "SELECT activity_id FROM egpl_casemgmt_activity WHERE activity_type < 0",
            "SELECT activity_id FROM egpl_casemgmt_activity WHERE activity_type = 2 OR activity_status = 2",
            "SELECT activity_id FROM egpl_casemgmt_activity WHERE activity_id between 100 and 200 and subject = 'a'",
        ];
        let queues = "queue_id,queue_name,department_id\n1,one,1\n2,two,1\n3,three,1\n";
        let files = [("a.csv", activities.as_str()), ("q.csv", queues)];
        let (_, _, expected, found) = both(&files, texts[which]);
        prop_assert_eq!(expected, found);
    }
}
