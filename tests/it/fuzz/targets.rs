//! What is tried with any bytes at all, each a function that must neither panic, nor hang, nor fill the memory.
//!
//! `fuzz/` feeds them what a fuzzer thinks of, the test beside this file what stands in `tests/corpus/`. A new one is
//! a line in [`TARGETS`] and a folder of small files to start from. Laws are asserted where there are any, so that
//! the fuzzer finds wrong answers too. This module is compiled into two crates and names only what `chatdb` exports.

use std::cell::OnceCell;
use std::fs;
use std::io::Cursor;

use crate::table_text;
use chatdb::ask::{Question, ask};
use chatdb::import;
use chatdb::import::format::IMPORT_FORMATS;
use chatdb::import::open::open_reader;
use chatdb::import::reader::Item;
use chatdb::query::{Dialect as SqlDialect, Query};
use chatdb::record::tokenizer::{TextDialect, Token, Tokenizer};
use chatdb::record::{Field, RecordLimits};
use chatdb::scenario::Library;
use chatdb::schema::catalog::Catalog;
use chatdb::sql;
use chatdb::sql::tsql;
use chatdb::store::Store;
use chatdb::table::{Cell, Kind, delimited, pipe, raw};
use chatdb::work;
use tempfile::TempDir;

/// What a target does with its bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its folder in `tests/corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("export_reader", export_reader),
    ("export_tokenizer", export_tokenizer),
    ("format_reader", format_reader),
    ("query_header", query_header),
    ("scenario_file", scenario_file),
    ("script_splitter", script_splitter),
    ("table_reader", table_reader),
    ("tsql_answer", tsql_answer),
    ("tsql_translation", tsql_translation),
];

/// What is more than this is not looked at: the limit of each reader is another test's matter.
pub const LONGEST: usize = 64 * 1024;

/// An exported file: which form it is, and whatever comes of reading it. Records read are records loaded or rejected.
fn export_reader(bytes: &[u8]) {
    reads_within_limits(bytes, &import::ImportOptions::default());
    let mut store = Store::for_exports().expect("a copy");
    let input = Box::new(Cursor::new(bytes.to_vec()));
    let options = import::ImportOptions {
        table: Some("egpl_casemgmt_activity".to_owned()),
        ..import::ImportOptions::default()
    };
    if let Ok(summary) = import::read("any", input, &options, &mut store) {
        assert_eq!(summary.records, summary.loaded + summary.rejected);
    }
}

/// The most steps of a reader for each byte that it reads: lines are put together up to 200 at a time.
const STEPS: u64 = 1000;

/// How many times as long as the file the text of a record may be: a byte becomes a character of three at most.
const GROWTH: usize = 3;

/// Reads a file in this thread, where its steps are counted: a fuzzer finds slow files only if they fail.
fn reads_within_limits(bytes: &[u8], options: &import::ImportOptions) {
    let before = work::taken();
    let input = Box::new(Cursor::new(bytes.to_vec()));
    let is_packed = bytes.starts_with(b"PK")
        || bytes.starts_with(b"\x1f\x8b")
        || bytes.starts_with(b"\x28\xb5");
    if let Ok(mut opened) = open_reader(input, options) {
        while let Ok(Some(item)) = opened.reader.next() {
            let Item::Record(record) = item else { continue };
            let held = record.text.len().max(record.cells.len());
            let fits = is_packed || held <= GROWTH * (bytes.len() + 1000);
            assert!(fits, "a record of {held} bytes in a file of {}", bytes.len());
            let inside = |field: &Field| record.cells.get(field.start..field.end).is_some();
            assert!(record.fields.iter().all(inside), "a field is a part of its record");
        }
    }
    let (steps, length) = (work::taken() - before, bytes.len() as u64);
    assert!(steps <= STEPS * (length + 1000), "{steps} steps for {length} bytes");
}

/// A file in the format that its first byte chooses, whatever it looks like.
fn format_reader(bytes: &[u8]) {
    let Some((chosen, file)) = bytes.split_first() else {
        return;
    };
    let format = &IMPORT_FORMATS[usize::from(*chosen) % IMPORT_FORMATS.len()];
    let options = import::ImportOptions {
        form: Some(format.id.to_owned()),
        ..import::ImportOptions::default()
    };
    reads_within_limits(file, &options);
}

/// Delimited text in each of four dialects, by blocks of a few bytes, so that their edges lie everywhere: blocks of
/// another size tell the same, and lines go up.
fn export_tokenizer(bytes: &[u8]) {
    let dialects = [
        (",", None, true),
        ("\t", None, false),
        ("<EOFD>", Some("<EORD>"), false),
        ("|^|", None, true),
    ];
    for (delimiter, record_end, quotes) in dialects {
        let dialect = TextDialect {
            delimiter: delimiter.as_bytes().to_vec(),
            record_end: record_end.map(|end: &str| end.as_bytes().to_vec()),
            quotes,
        };
        let told = |block: usize| {
            let mut tokenizer = Tokenizer::with_block(
                Cursor::new(bytes),
                dialect.clone(),
                RecordLimits::default(),
                block,
            );
            let mut told: Vec<(u64, String)> = Vec::new();
            while let Ok(Some(token)) = tokenizer.next() {
                let one = match token {
                    Token::Record(record) => {
                        let inside =
                            |field: &Field| record.cells.get(field.start..field.end).is_some();
                        assert!(
                            record.fields.iter().all(inside),
                            "a field is a part of its record"
                        );
                        (record.line, format!("{:?} {:?}", record.fields, record.text))
                    }
                    Token::Reject(reject) => {
                        (reject.line, format!("{:?} {:?}", reject.reason, reject.text))
                    }
                };
                assert!(told.last().is_none_or(|last| last.0 <= one.0), "lines go up");
                told.push(one);
            }
            told
        };
        assert_eq!(told(64), told(1 << 16), "{delimiter:?}");
    }
}

/// A query's header, and the SQL below it.
fn query_header(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(query) = Query::read("any", "any.sql", &text) {
        assert!(text.contains(&query.sql), "the SQL is as the file has it");
    }
}

/// A `scenario.toml` in a folder with a script, an expected table and a query beside it.
fn scenario_file(bytes: &[u8]) {
    const BESIDE: [(&str, &str); 4] = [
        ("00_seed.sql", "-- A table.\nCREATE TABLE t (a INTEGER);\n"),
        ("10_step.sql", "-- A row.\nINSERT INTO t VALUES (1);\n"),
        ("10_one.md", "| a |\n|---|\n| 1 |\n"),
        ("one.sql", "-- title: One\n-- key: a\nSELECT a FROM t ORDER BY a\n"),
    ];
    thread_local! {
        static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let folder = TempDir::new().expect("a folder");
            fs::create_dir(folder.path().join("any")).expect("a folder");
            for (name, text) in BESIDE {
                fs::write(folder.path().join("any").join(name), text).expect("written");
            }
            folder
        });
        let file = folder.path().join("any").join("scenario.toml");
        fs::write(file, bytes).expect("written");
        let library = Library::new(vec![folder.path().to_owned()]).expect("a library");
        let problems = library.validate(&["any".to_owned()]);
        match library.get("any") {
            Ok(scenario) => assert_eq!(scenario.name, "any"),
            Err(_) => assert!(!problems.is_empty(), "what is refused has a mistake"),
        }
    });
}

/// A script. Its statements stand in it in that order, and put together again they are the same ones.
fn script_splitter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for named in sql::named_parameters(&text) {
        assert_eq!(&text[named.offset + 1..][..named.name.len()], named.name);
    }
    let Ok(statements) = sql::split(&text) else {
        return;
    };
    let pieces: Vec<&str> = statements.iter().map(|statement| statement.sql).collect();
    assert!(statements.windows(2).all(|two| two[0].line <= two[1].line));
    let joined = pieces.join("\n;\n");
    let again = sql::split(&joined).expect("what was split is not open");
    assert!(again.iter().map(|statement| statement.sql).eq(pieces));
}

/// A table in any form. What is read can be written, and reads back as itself.
fn table_reader(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = pipe::read(&text);
    for delimiter in delimited::Delimiter::ALL {
        let _ = delimited::read(&text, Some(delimiter));
    }
    let Ok(table) = raw::read_any(&text) else {
        return;
    };
    let width = table.header.len();
    assert!(table.rows.iter().all(|row| row.cells.len() == width));
    let kinds: Vec<Kind> = raw::infer_kinds(&[&table], &[]).remove(0);
    let typed = table.typed(&kinds);
    let again = pipe::read(&table_text::pipe(&typed)).expect("a pipe table of ours is one");
    assert_eq!(again.typed(&kinds), typed);
    if width > 0 {
        for delimiter in delimited::Delimiter::ALL {
            let written = table_text::delimited(&typed, delimiter);
            let again = delimited::read(&written, Some(delimiter)).expect("a table of ours is one");
            assert_eq!(again.typed(&kinds), typed, "{delimiter:?}");
        }
    }
}

/// The tables that the tests of T-SQL ask.
const TABLES: &str = include_str!("../../tsql/tables.sql");

/// T-SQL against tables that are not known, and against some that are. What is rewritten is SQL for SQLite.
fn tsql_translation(bytes: &[u8]) {
    thread_local! {
        static KNOWN: (Store, Catalog) = {
            let store = tables();
            let catalog = store.catalog().expect("a catalog");
            (store, catalog)
        };
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = tsql::rewrite(&text, chatdb::schema::scenario_catalog(), &[], &[]);
    KNOWN.with(|(store, catalog)| {
        let Ok(script) = tsql::translate(&text, catalog, &[]) else {
            return;
        };
        // Later statements may need what earlier ones make.
        if let [step] = script.steps.as_slice() {
            let refused = store.mistake(step.statement.sql());
            let wrong = refused.filter(|why| {
                why.message.contains("unexpected `") || why.message.contains("there is no")
            });
            assert_eq!(wrong, None, "{}", step.statement.sql());
        }
    });
}

fn tables() -> Store {
    let store = Store::new().expect("a store");
    store.run_own("tables.sql", TABLES, &[]).expect("tables");
    store
}

/// T-SQL that is run, as far as a hundred rows.
fn tsql_answer(bytes: &[u8]) {
    // What multiplies rows or text takes its time rightly; a deadline is the business of whoever asks.
    let text = String::from_utf8_lossy(bytes);
    let lower = text.to_ascii_lowercase();
    if ["with", "replicate", "space"].iter().any(|word| lower.contains(word)) {
        return;
    }
    let store = tables();
    let question = Question {
        text: &text,
        dialect: SqlDialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: Some(Cell::Timestamp(1_310_733_296_000)),
        limit: Some(100),
    };
    let _ = ask(&store, &question, &|| false);
}
