//! Rows that are stored as whole pages are the rows that SQLite would have stored, and the file is sound.

mod shapes;

use std::path::Path;

use chatdb::record::batch::{Batch, LayoutColumn, RowValue, TableLayout};
use chatdb::store::import_database::ImportDatabase;
use chatdb::store::load::{Export, Loader};
use chatdb::table::Kind;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rusqlite::Connection;

/// A value before it is in a batch.
#[derive(Debug, Clone)]
enum Raw {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

/// A row: its key, its values in the order of [`COLUMNS`].
type RawRow = (i64, Vec<Raw>);

/// Columns of each sort that the product's tables have, not in their order, and one that it does not have.
const COLUMNS: [&str; 9] = [
    "subject",
    "activity_id",
    "case_id",
    "activity_status",
    "update_version",
    "when_created",
    "a column of ours",
    "activity_type",
    "activity_sub_status",
];

fn shape(table: &str, columns: &[&str]) -> TableLayout {
    let column = |(at, name): (usize, &&str)| LayoutColumn {
        name: (*name).to_owned(),
        heading: None,
        position: at + 1,
        kind: Kind::Text,
        known: true,
    };
    TableLayout {
        table: table.to_owned(),
        columns: columns.iter().enumerate().map(column).collect(),
        history: false,
        repeated: false,
    }
}

fn batch(rows: &[RawRow]) -> Batch {
    let mut batch = Batch::default();
    for (key, values) in rows {
        for (at, raw) in values.iter().enumerate() {
            let value = match raw {
                _ if COLUMNS[at] == "activity_id" => RowValue::Integer(*key),
                Raw::Null => RowValue::Null,
                Raw::Integer(value) => RowValue::Integer(*value),
                Raw::Real(value) => RowValue::Real(*value),
                Raw::Text(text) => {
                    let start = u32::try_from(batch.text.len()).unwrap();
                    batch.text.push_str(text);
                    let end = u32::try_from(batch.text.len()).unwrap();
                    RowValue::Text { start, end }
                }
            };
            batch.values.push(value);
        }
        batch.lines.push(key.unsigned_abs() % 1_000_000);
    }
    batch
}

fn export(file: &str, records: usize) -> Export {
    Export {
        file: file.to_owned(),
        sha256: file.to_owned(),
        records: records as u64,
        ..Export::default()
    }
}

/// An empty copy with pages of this size.
fn empty(path: &Path, page: usize) {
    ImportDatabase::open(path).unwrap().keep().unwrap();
    let conn = Connection::open(path).unwrap();
    let resize = format!("PRAGMA page_size = {page}; VACUUM");
    conn.execute_batch(&resize).unwrap();
}

/// Loads rows in batches of so many, and says how many of them were stored as pages.
fn load(path: &Path, rows: &[RawRow], at_once: usize) -> u64 {
    let mut copy = ImportDatabase::open(path).unwrap();
    let mut loader = Loader::begin(copy.store()).unwrap();
    let number = loader.shape(shape("egpl_casemgmt_activity", &COLUMNS)).unwrap();
    let mut in_bulk = 0;
    for rows in rows.chunks(at_once) {
        let outcome = loader.rows(number, &batch(rows)).unwrap();
        assert!(outcome.rejects.is_empty());
        in_bulk += outcome.in_bulk;
    }
    loader.finish(&export("file", rows.len())).unwrap();
    copy.keep().unwrap();
    in_bulk
}

/// The rows of a table with the types that they are stored as, and what SQLite finds wrong with the file.
fn stored(path: &Path) -> (Vec<String>, String) {
    let conn = Connection::open(path).unwrap();
    let columns = [COLUMNS.as_slice(), &["chatdb_line", "chatdb_export", "queue_id"]].concat();
    let columns: Vec<String> = columns
        .iter()
        .map(|name| format!("typeof(\"{name}\") || ' ' || quote(\"{name}\")"))
        .collect();
    let list = columns.join(" || ', ' || ");
    let sql = format!("SELECT {list} FROM egpl_casemgmt_activity ORDER BY activity_id");
    let mut statement = conn.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    let rows = rows.collect::<Result<_, _>>().unwrap();
    let check = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    (rows, check)
}

/// What the indexes say, which are read instead of the table.
fn indexed(path: &Path) -> (i64, i64) {
    let conn = Connection::open(path).unwrap();
    let count = |index: &str, condition: &str| {
        let sql = format!(
            "SELECT count(*) FROM egpl_casemgmt_activity INDEXED BY {index} WHERE {condition}"
        );
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let open = "activity_type = 2000 AND activity_status <> 9000 AND activity_sub_status NOT IN (9100, 9200)";
    (
        count("not_done", "activity_status <> 9000 OR activity_sub_status <> 9100"),
        count("open_chat", open),
    )
}

/// Lengths at which a record or its header takes a byte more, or a page or a chain of pages ends.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0..300_usize,
        2 => prop::sample::select(vec![57, 58, 63, 8185, 8186]),
        1 => (0..4_usize, 0..160_usize).prop_map(|(pages, more)| 512 * pages + 350 + more),
        1 => (1..4_usize, 0..400_usize).prop_map(|(pages, more)| 16_384 * pages - 300 + more),
    ]
}

fn text() -> impl Strategy<Value = Raw> {
    let letters = prop::sample::select(vec!['a', 'é', '李', '\u{1f600}']);
    (letters, length()).prop_map(|(letter, length)| {
        Raw::Text(letter.to_string().repeat(length / letter.len_utf8()))
    })
}

fn integer() -> impl Strategy<Value = i64> {
    let width = (0..64_u32, -2..3_i64, any::<bool>());
    width.prop_map(|(bits, more, negative)| {
        let value = (1_i64 << bits.min(62)).wrapping_add(more);
        if negative { value.wrapping_neg() } else { value }
    })
}

fn one_of(numbers: [i64; 2]) -> BoxedStrategy<Raw> {
    prop::sample::select(numbers.to_vec()).prop_map(Raw::Integer).boxed()
}

fn value(column: &str) -> BoxedStrategy<Raw> {
    let null = Just(Raw::Null);
    let number = integer().prop_map(Raw::Integer);
    match column {
        "subject" | "a column of ours" => prop_oneof![1 => null, 4 => text()].boxed(),
        "activity_status" => one_of([9000, 5000]),
        "activity_sub_status" => one_of([9100, 5900]),
        "activity_type" => one_of([1, 2000]),
        "update_version" => {
            let odd = ["0x01", "0X0A", "x", "1", " 12", "-1", "+.5", "\u{b}7", "1e3", "", "0x"];
            let odd =
                prop::sample::select(odd.to_vec()).prop_map(|text| Raw::Text(text.to_owned()));
            prop_oneof![8 => null, 4 => Just(Raw::Text("0x00000000000007D1".to_owned())), 1 => odd]
                .boxed()
        }
        "case_id" => {
            let fraction = prop::sample::select(vec![0.0, -0.0, 0.5, -7.0, 1e10, 7e13, 1e300]);
            prop_oneof![2 => null, 8 => number, 1 => fraction.prop_map(Raw::Real)].boxed()
        }
        "when_created" => {
            let times = [
                "2011-07-12 14:49:55.000",
                "2011-07-12 15:00:00.000",
                "",
                "longer than any date and time",
            ];
            // The last is rare, since it makes SQLite make the index.
            let at = prop_oneof![60 => 0..3_usize, 1 => Just(3)];
            at.prop_map(move |at| Raw::Text(times[at].to_owned())).boxed()
        }
        _ => null.boxed(),
    }
}

/// Rows in the order of their keys.
fn rows() -> impl Strategy<Value = Vec<RawRow>> {
    let values: Vec<_> = COLUMNS.iter().map(|column| value(column)).collect();
    prop::collection::btree_map(integer(), values, 1..120)
        .prop_map(|rows| rows.into_iter().collect())
}

proptest! {
    #![proptest_config(Config { cases: 60, ..Config::default() })]

    /// SQLite inserts the second copy's rows, since they come in the other order.
    #[test]
    fn rows_stored_as_pages_are_those_that_sqlite_inserts(
        rows in rows(),
        page in prop::sample::select(vec![512_usize, 4096, 16_384, 65_536]),
        at_once in 1..50_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let [ours, theirs] = ["ours", "theirs"].map(|name| folder.path().join(name));
        empty(&ours, page);
        empty(&theirs, page);
        load(&ours, &rows, at_once);
        let mut turned = rows.clone();
        turned.reverse();
        load(&theirs, &turned, at_once);
        let (ours_rows, ours_check) = stored(&ours);
        prop_assert_eq!(ours_check, "ok");
        let (their_rows, _) = stored(&theirs);
        prop_assert_eq!(ours_rows, their_rows);
        prop_assert_eq!(indexed(&ours), indexed(&theirs));
    }
}

/// Chats with this many bytes of text, open ones among them.
fn chats(count: i64, length: usize) -> Vec<RawRow> {
    let row = |key: i64| {
        let text = Raw::Text("x".repeat(length));
        let status = Raw::Integer(if key % 3 == 0 { 5000 } else { 9000 });
        let values = COLUMNS.map(|column| match column {
            "subject" => text.clone(),
            "activity_status" => status.clone(),
            "activity_sub_status" => Raw::Integer(5900),
            "activity_type" => Raw::Integer(2000),
            "when_created" => Raw::Text(format!("2011-07-12 14:49:{:06}", key * 7919 % 100_003)),
            _ => Raw::Null,
        });
        let values = values.to_vec();
        (key, values)
    };
    (1..=count).map(row).collect()
}

fn is_sound(path: &Path, rows: &[RawRow], at_once: usize) {
    let before = stored(path).0.len();
    assert_eq!(before, 0);
    assert_eq!(load(path, rows, at_once), rows.len() as u64, "not all are stored as pages");
    let (stored, check) = stored(path);
    assert_eq!(check, "ok");
    assert_eq!(stored.len(), rows.len());
    let all = i64::try_from(rows.len()).unwrap();
    assert_eq!(indexed(path), (all, all / 3));
}

#[test]
fn a_tree_of_any_height_is_sound() {
    // Of pages of 512 bytes at most 34 are below one: 34 * 34 leaves of one row are two levels above them.
    for count in [1, 2, 34, 35, 36, 37, 1156, 1157, 1190, 1191, 1192, 1300, 41_000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        empty(&path, 512);
        is_sound(&path, &chats(count, 300), 1000);
    }
}

#[test]
fn an_index_of_more_than_is_sorted_in_memory_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    empty(&path, 4096);
    is_sound(&path, &chats(250_000, 5), 10_000);
}

#[test]
fn the_page_that_sqlite_locks_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    empty(&path, 65_536);
    let conn = Connection::open(&path).unwrap();
    let page = |conn: &Connection| -> i64 {
        conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap()
    };
    conn.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE filler (bytes); \
         INSERT INTO filler VALUES (zeroblob(530000000)), (zeroblob(530000000))",
    )
    .unwrap();
    let locked = (1 << 30) / 65_536 + 1;
    assert!(page(&conn) < locked);
    drop(conn);
    is_sound(&path, &chats(4000, 4000), 100);
    assert!(page(&Connection::open(&path).unwrap()) > locked);
}

#[test]
fn a_row_that_does_not_follow_is_inserted_and_so_are_those_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    empty(&path, 4096);
    let mut rows = chats(1000, 100);
    rows.swap(700, 701);
    assert_eq!(load(&path, &rows, 300), 701);
    let (stored, check) = stored(&path);
    assert_eq!(check, "ok");
    assert_eq!(stored.len(), 1000);
    assert_eq!(indexed(&path), (1000, 333));
}

#[test]
fn pages_are_undone_with_the_rest_of_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    empty(&path, 4096);
    let before = std::fs::read(&path).unwrap();
    for sealed in [false, true] {
        let mut copy = ImportDatabase::open(&path).unwrap();
        let mut loader = Loader::begin(copy.store()).unwrap();
        let shape = shape("egpl_casemgmt_activity", &COLUMNS[..4]);
        let number = loader.shape(shape).unwrap();
        let mut rows = chats(30_000, 500);
        for (_, values) in &mut rows {
            values.truncate(4);
        }
        if sealed {
            let last = rows.len() - 1;
            rows.swap(last - 1, last);
        }
        loader.rows(number, &batch(&rows)).unwrap();
        drop(loader);
        copy.keep().unwrap();
        let (stored, check) = stored_of(&path);
        assert_eq!((stored, check.as_str()), (0, "ok"));
        assert_eq!(std::fs::read(&path).unwrap().len(), before.len());
    }
}

fn stored_of(path: &Path) -> (i64, String) {
    let conn = Connection::open(path).unwrap();
    let one = "SELECT count(*) FROM egpl_casemgmt_activity";
    (
        conn.query_row(one, [], |row| row.get(0)).unwrap(),
        conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap(),
    )
}

#[test]
fn a_table_without_numbers_and_one_that_the_product_does_not_have_are_stored_as_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    let mut copy = ImportDatabase::open(&path).unwrap();
    let mut loader = Loader::begin(copy.store()).unwrap();
    let number = loader.shape(shape("of_the_user", &["a", "b"])).unwrap();
    let values = vec![RowValue::Text { start: 0, end: 1 }; 20_000];
    let batch = Batch { text: "x".to_owned(), values, lines: (1..=10_000).collect() };
    assert_eq!(loader.rows(number, &batch).unwrap().in_bulk, 10_000);
    loader.finish(&export("file", 10_000)).unwrap();
    copy.keep().unwrap();
    let conn = Connection::open(&path).unwrap();
    let sql = "SELECT count(*) FROM of_the_user WHERE a = 'x' AND b = 'x' AND rowid = chatdb_line";
    let count: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 10_000);
    let check: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
