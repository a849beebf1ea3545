//! A file of which other threads read ahead gives what it gives to one thread, wherever it is cut.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use chatdb::import::ImportOptions;
use chatdb::import::open::{Opened, open, open_reader};
use chatdb::import::reader::Item;
use chatdb::import::reader::parallel::Chunking;
use chatdb::record::row_filter::{RowFilter, Test};
use proptest::prelude::*;

const HEADER: &str = "activity_id,activity_type,subject,queue_id\n";

/// Records that are read before others are passed over.
const BEFORE: usize = 3;

/// Lengths of pieces. With the first of them, a run is looked for behind every byte.
const SOME: [u64; 9] = [1, 2, 3, 7, 13, 22, 51, 100, 150];

const ALONE: Chunking = Chunking { piece: 1 << 20, threads: 1 };

fn opened(path: &Path, cut: Chunking) -> Opened {
    let options = ImportOptions {
        form: Some("ads_csv".to_owned()),
        encoding: Some("utf-8".to_owned()),
        unhashed: true,
        cut,
        ..ImportOptions::default()
    };
    open(path, &options).unwrap()
}

/// What comes of a file.
#[derive(Debug, PartialEq)]
struct Read {
    /// Every item, with its line; nothing where the keys do not ascend, since all is read again then.
    items: Option<Vec<String>>,
    passed_over: u64,
    remarks: Vec<String>,
    bytes: u64,
}

/// Reads a file without the records of other types than 2, and says whether threads that read ahead were of use.
fn read(path: &Path, cut: Chunking) -> (Read, bool) {
    let opened = opened(path, cut);
    let (mut reader, tally) = (opened.reader, opened.tally);
    let all = fs::metadata(path).unwrap().len();
    let (mut items, mut of_use, mut before) = (Some(Vec::new()), false, BEFORE);
    loop {
        match reader.next() {
            Ok(None) => break,
            Err(_) => {
                items = None;
                break;
            }
            Ok(Some(item)) => {
                if matches!(item, Item::Record(_)) {
                    before = before.saturating_sub(1);
                }
                if let Some(items) = &mut items {
                    items.push(format!("{item:?}"));
                }
            }
        }
        if before == 0 {
            reader.pass_over(RowFilter::new(vec![(1, Test::In(vec![2]))], Some(0)));
            before = usize::MAX;
        }
        // One thread has read such a small file as a whole.
        of_use |= tally.read() < all;
    }
    let is_whole = items.is_some();
    let read = Read {
        items,
        passed_over: if is_whole { reader.passed_over() } else { 0 },
        remarks: reader.remarks(),
        bytes: if is_whole { tally.read() } else { 0 },
    };
    (read, of_use)
}

/// What is wrong with how `text` is read by several threads, and how often these were of use.
fn check(text: &[u8], pieces: impl IntoIterator<Item = u64>) -> (Vec<String>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, text).unwrap();
    let (alone, _) = read(&path, ALONE);
    let (mut wrong, mut useful) = (Vec::new(), 0);
    for piece in pieces {
        let threads = if piece % 2 == 0 { 2 } else { 3 };
        let (found, of_use) = read(&path, Chunking { piece, threads });
        useful += usize::from(of_use);
        if found != alone {
            wrong.push(format!("{piece} bytes: {found:#?}\nalone: {alone:#?}"));
        }
    }
    (wrong, useful)
}

#[track_caller]
fn holds(text: &[u8], pieces: impl IntoIterator<Item = u64>) {
    let (wrong, useful) = check(text, pieces);
    assert!(wrong.is_empty(), "{}", wrong[0]);
    assert!(useful > 0, "no run was ever taken over");
}

fn record(id: usize) -> String {
    format!("{id},{},text {id},7\n", id % 3)
}

#[test]
fn records_are_the_same_wherever_a_file_is_cut() {
    let records: String = (1..40).map(record).collect();
    holds(format!("{HEADER}{records}").as_bytes(), 1..120);
    let text = records.replace('\n', "\r\n");
    holds(format!("{HEADER}{text}").as_bytes(), SOME);
    let text = records.trim_end();
    holds(format!("\u{feff}{HEADER}{text}").as_bytes(), SOME);
}

#[test]
fn what_is_no_record_is_the_same_wherever_a_file_is_cut() {
    let odd = [
        "\n",
        "12,2\n",
        "12,2,a,7,8\n",
        "12,2,\"a,7\n",
        "12,2,\"a\"b,7\n",
        "12,2,\"a\nb\" c,7\n",
        "activity_id,activity_type,subject,queue_id\n",
        "(12 rows affected)\n",
    ];
    for odd in odd {
        let (head, tail): (String, String) =
            ((1..12).map(record).collect(), (13..30).map(record).collect());
        holds(format!("{HEADER}{head}{odd}{tail}").as_bytes(), SOME);
        holds(format!("{HEADER}{head}{tail}{odd}").as_bytes(), SOME);
    }
    let records: String = (1..30).map(record).collect();
    let mut bytes = format!("{HEADER}{records}").into_bytes();
    let middle = bytes.len() / 2;
    bytes[middle] = 0xFF;
    holds(&bytes, SOME);
}

/// Lines within quotes that look like records, up to the one with the closing quote and on to the next.
const TRAP: &str = "13,2,\"a\n5,2,b,7\n6,2,c,7\n7,2,d,7\n8,2,e,7\n9,2,f\",7\n";

#[test]
fn what_only_looks_like_records_is_none() {
    let head: String = (1..13).map(record).collect();
    let tail: String = (14..30).map(record).collect();
    let text = format!("{HEADER}{head}{TRAP}{tail}");
    holds(text.as_bytes(), (1..200).step_by(3));
    // It is a trap: whoever begins there finds records, with keys that ascend.
    let begun = format!("{HEADER}{}", &TRAP[8..]);
    let options = ImportOptions { form: Some("ads_csv".to_owned()), ..ImportOptions::default() };
    let mut reader = open_reader(Box::new(Cursor::new(begun)), &options).unwrap().reader;
    let mut records = 0;
    while let Ok(Some(item)) = reader.next() {
        records += usize::from(matches!(item, Item::Record(_)));
    }
    assert_eq!(records, 5);
}

#[test]
fn keys_that_do_not_ascend_are_noticed_wherever_a_file_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    for again in (5..39).step_by(3) {
        let ids = (1..40).map(|id| if id == again { 4 } else { id });
        let text: String = ids.map(record).collect();
        fs::write(&path, format!("{HEADER}{text}")).unwrap();
        for piece in [1, 50, 200] {
            let (found, _) = read(&path, Chunking { piece, threads: 2 });
            assert_eq!(found.items, None, "{again} in pieces of {piece}");
        }
    }
}

#[test]
fn a_run_holds_no_more_than_fits() {
    let long = "x".repeat(100 << 10);
    let records: String = (1..60).map(|id| format!("{id},2,{long},7\n")).collect();
    let text = format!("{HEADER}{records}");
    let (wrong, _) = check(text.as_bytes(), [1 << 20, 1 << 21]);
    assert!(wrong.is_empty());
}

fn line() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "a",
        "\"b\nc\"",
        "\"d,\"\"e\"",
        "é",
        "NULL",
        "",
        "\"\n1,2,x,7\n\"",
        "\"(1 rows affected)\n\"",
        "\"\r\n\"",
    ]);
    let odd = prop::sample::select(vec![
        "\n",
        "x\n",
        "1,2\n",
        "1,2,a,b,c\n",
        "1,2,\"a\n",
        "1,2,\"a\"b,7\n",
        "(2 rows affected)\n",
        "\"\n",
        "activity_id,activity_type,subject,queue_id\n",
        "\r\n",
    ]);
    // After these, nothing is passed over.
    let last = prop::sample::select(vec!["5,2,again,7\n", "queue_id,queue_name\n", ",,,\n"]);
    let record = (0..4_u32, text, prop::sample::select(vec!["\n", "\r\n"]));
    prop_oneof![
        300 => record.prop_map(|(kind, text, end)| format!("#,{kind},{text},7{end}")),
        10 => odd.prop_map(str::to_owned),
        1 => last.prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(50) })]

    #[test]
    fn any_text_is_read_the_same(
        lines in prop::collection::vec(line(), 20..60),
        pieces in prop::collection::vec(1..400_u64, 3),
        bad in prop::option::weighted(0.2, 0..1000_usize),
    ) {
        let mut text = HEADER.to_owned();
        for (at, line) in lines.iter().enumerate() {
            text += &line.replace('#', &(at + 1).to_string());
        }
        let mut bytes = text.into_bytes();
        if let Some(bad) = bad.filter(|bad| (60..bytes.len()).contains(bad)) {
            bytes[bad] = 0xE9;
        }
        let (wrong, _) = check(&bytes, pieces);
        prop_assert!(wrong.is_empty(), "{}", wrong[0]);
    }
}
