//! Copies that somebody has changed: whatever is on a table, its rows are those that plain insertion gives, the file is
//! sound, and both refuse what either refuses.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use chatdb::record::batch::{Batch, RowValue};
use chatdb::store::StoreError;
use chatdb::store::import_database::ImportDatabase;
use chatdb::store::load::Loader;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params_from_iter, types};

use super::{export, shape};

/// How many shapes there are.
const SHAPES: u64 = 2000;

/// Numbers that follow from a seed: splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

const PRODUCT: &str = "egpl_casemgmt_activity";
const OTHER: &str = "of_the_user";

/// Columns of the file, whose first is the key.
const FILE: [&str; 7] = [
    "activity_id",
    "subject",
    "case_id",
    "activity_status",
    "activity_type",
    "when_created",
    "Extra",
];

/// What an index, a condition or a generated column may name.
const NAMES: [&str; 9] = [
    "subject",
    "case_id",
    "activity_status",
    "activity_type",
    "when_created",
    "queue_id",
    "chatdb_line",
    "chatdb_export",
    "activity_id",
];

/// What a database is like from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ground {
    page: u32,
    auto_vacuum: u32,
    utf16: bool,
    legacy: bool,
}

impl Ground {
    fn any(dice: &mut Dice) -> Self {
        Self {
            page: [512, 1024, 4096, 16_384][usize::try_from(dice.below(4)).unwrap()],
            auto_vacuum: if dice.once_in(8) {
                1 + u32::try_from(dice.below(2)).unwrap()
            } else {
                0
            },
            utf16: dice.once_in(12),
            legacy: dice.once_in(12),
        }
    }

    /// A copy like this, with a table that the product does not have beside the others.
    fn make(self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{self:?}"));
        let fresh = folder.join("fresh");
        let _ = fs::remove_file(&fresh);
        let mut copy = ImportDatabase::open(&fresh).unwrap();
        let mut loader = Loader::begin(copy.store()).unwrap();
        loader.shape(shape(OTHER, &FILE)).unwrap();
        loader.finish(&export("none", 0)).unwrap();
        copy.keep().unwrap();
        let from = Connection::open(&fresh).unwrap();
        let to = Connection::open(&path).unwrap();
        to.set_db_config(DbConfig::SQLITE_DBCONFIG_LEGACY_FILE_FORMAT, self.legacy).unwrap();
        let encoding = if self.utf16 { "UTF-16le" } else { "UTF-8" };
        to.execute_batch(&format!(
            "PRAGMA page_size = {}; PRAGMA auto_vacuum = {}; PRAGMA encoding = '{encoding}'; \
             PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA application_id = 0x43484442; BEGIN",
            self.page, self.auto_vacuum
        ))
        .unwrap();
        let mut texts = from
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
            .unwrap();
        let texts = texts.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for text in texts {
            to.execute_batch(&text.unwrap()).unwrap();
        }
        to.execute_batch(&format!(
            "ATTACH '{}' AS fresh; INSERT INTO chatdb_export SELECT * FROM fresh.chatdb_export; COMMIT",
            fresh.display()
        ))
        .unwrap_or_else(|_| to.execute_batch("COMMIT").unwrap());
        path
    }
}

/// A condition of an index or a table.
fn condition(dice: &mut Dice) -> String {
    let (a, b) = (dice.one(&NAMES), dice.one(&NAMES));
    let n = [0, 3, 10, 2000, 5000][usize::try_from(dice.below(5)).unwrap()];
    match dice.below(14) {
        0 => format!("{a} > {n}"),
        1 => format!("{a} <> {n} OR {b} = {n}"),
        2 => format!("rowid > {n}"),
        3 => format!("{a} NOT IN ()"),
        4 => format!("{a} IN ({n}, 3)"),
        5 => format!("{a} IS NULL"),
        6 => format!("{a} IS NOT NULL AND {b} < {n}"),
        7 => format!("NOT ({a} = {n})"),
        8 => format!("{a} BETWEEN 1 AND {n}"),
        9 => format!("{a} <> '{n}'"),
        10 => format!("length({a}) > 3"),
        11 => format!("({a} <> {n}) AND ({b} >= {n} OR {a} NOT IN ({n}))"),
        12 => format!("oid <> {n}"),
        _ => format!("{a} <> {n}.5"),
    }
}

fn index(dice: &mut Dice, table: &str, number: u64) -> String {
    let unique = if dice.once_in(5) { "UNIQUE " } else { "" };
    let count = 1 + dice.below(3);
    let parts: Vec<String> = (0..count)
        .map(|_| match dice.below(6) {
            0 => format!("{} DESC", dice.one(&NAMES)),
            1 => format!("{} COLLATE NOCASE", dice.one(&NAMES)),
            2 => format!("length({})", dice.one(&NAMES)),
            _ => dice.one(&NAMES).to_owned(),
        })
        .collect();
    let partial =
        if dice.once_in(2) { format!(" WHERE {}", condition(dice)) } else { String::new() };
    format!("CREATE {unique}INDEX own_{number} ON {table} ({}){partial}", parts.join(", "))
}

fn trigger(dice: &mut Dice, table: &str, number: u64) -> String {
    let when = dice.one(&["BEFORE", "AFTER"]);
    let act = match dice.below(4) {
        0 => "SELECT RAISE(ABORT, 'no') WHERE new.case_id > 5".to_owned(),
        1 => "SELECT RAISE(IGNORE)".to_owned(),
        2 => format!("DELETE FROM {table}"),
        _ => format!("UPDATE {table} SET subject = 'x'"),
    };
    format!("CREATE TRIGGER own_{number} {when} INSERT ON {table} BEGIN {act}; END")
}

/// The table made anew, with something that chatdb does not put on it.
fn rebuilt(dice: &mut Dice, table: &str) -> String {
    let strict = dice.once_in(6);
    let keyless = dice.once_in(6);
    let without = !keyless && dice.once_in(5);
    let key = match (keyless, dice.below(4)) {
        (true, _) => "activity_id INTEGER",
        (_, 0) => "activity_id INT PRIMARY KEY",
        (_, 1) => "activity_id INTEGER PRIMARY KEY DESC",
        (_, 2) if !without => "activity_id INTEGER PRIMARY KEY AUTOINCREMENT",
        _ => "activity_id INTEGER PRIMARY KEY",
    };
    let mut columns = vec![key.to_owned()];
    for name in &FILE[1..] {
        let of = if strict {
            dice.one(&["ANY", "TEXT", "INTEGER", "ANY", "ANY"])
        } else {
            dice.one(&[
                "NVARCHAR(20)",
                "INTEGER",
                "\"NVARCHAR(MAX)\"",
                "REAL",
                "BLOB",
                "",
                "\"DATETIME(TEXT)\"",
            ])
        };
        let more = match dice.below(24) {
            0 => " NOT NULL".to_owned(),
            1 => " DEFAULT 7".to_owned(),
            2 => " UNIQUE".to_owned(),
            3 => " COLLATE NOCASE".to_owned(),
            4 => format!(" CHECK ({name} <> 3)"),
            5 => " REFERENCES egpl_user (user_id)".to_owned(),
            6 => " CHECK (length(subject) < 40)".to_owned(),
            7 => " NOT NULL DEFAULT 'x'".to_owned(),
            _ => String::new(),
        };
        columns.push(format!("{name} {of}{more}"));
    }
    if dice.once_in(4) {
        let stored = dice.one(&["VIRTUAL", "STORED"]);
        let of = if strict { "ANY" } else { "" };
        columns.insert(1, format!("made {of} AS (length(subject)) {stored}"));
    }
    if dice.once_in(3) {
        columns.push(if strict { "queue_id ANY" } else { "queue_id INTEGER DEFAULT 1" }.to_owned());
    }
    columns.push("chatdb_export INTEGER".to_owned());
    columns.push("chatdb_line INTEGER".to_owned());
    match dice.below(8) {
        0 => columns.push(format!("CHECK ({})", condition(dice))),
        1 => columns.push("UNIQUE (subject, case_id)".to_owned()),
        2 => {
            columns.push("FOREIGN KEY (case_id) REFERENCES egpl_casemgmt_case (case_id)".to_owned())
        }
        3 => columns.push(format!("FOREIGN KEY (case_id) REFERENCES {table} (activity_id)")),
        _ => {}
    }
    let options = match (strict, without) {
        (true, true) => " STRICT, WITHOUT ROWID",
        (true, false) => " STRICT",
        (false, true) => " WITHOUT ROWID",
        (false, false) => "",
    };
    format!("DROP TABLE {table}; CREATE TABLE {table} ({}){options}", columns.join(", "))
}

/// What is done to a copy before the file comes.
fn changes(dice: &mut Dice, table: &str) -> Vec<String> {
    let mut all = Vec::new();
    if dice.once_in(4) {
        all.push(
            "CREATE TABLE filler AS SELECT zeroblob(60000) AS z; DROP TABLE filler".to_owned(),
        );
    }
    // In a third of them there is nothing but what chatdb itself could have done.
    let quiet = dice.once_in(3);
    if !quiet && dice.once_in(3) {
        all.push(rebuilt(dice, table));
    }
    match if quiet { [2, 7, 12][usize::try_from(dice.below(3)).unwrap()] } else { dice.below(12) } {
        0 => all.push(format!("ALTER TABLE {table} ADD COLUMN more NVARCHAR(9) DEFAULT 'given'")),
        1 => all.push(format!("ALTER TABLE {table} ADD COLUMN more AS (case_id + 1)")),
        2 => all.push(format!("ALTER TABLE {table} ADD COLUMN \"more\" \"NVARCHAR(MAX)\"")),
        3 => all.push(format!("ALTER TABLE {table} ADD COLUMN Extra INTEGER NOT NULL DEFAULT 4")),
        4 => all.push(format!(
            "ALTER TABLE {table} RENAME COLUMN subject TO s; ALTER TABLE {table} RENAME COLUMN s TO subject"
        )),
        5 => all.push(format!(
            "ALTER TABLE {table} RENAME TO elsewhere; ALTER TABLE elsewhere RENAME TO {table}"
        )),
        6 => all.push(format!("ALTER TABLE {table} DROP COLUMN queue_id")),
        7 => all.push("DROP INDEX IF EXISTS not_done".to_owned()),
        8 => all.push(format!(
            "DROP INDEX IF EXISTS not_done; CREATE INDEX not_done ON {table} (activity_status) WHERE rowid > 4"
        )),
        _ => {}
    }
    if !quiet && dice.once_in(2) {
        for number in 0..1 + dice.below(3) {
            all.push(index(dice, table, number));
        }
    }
    if !quiet && dice.once_in(8) {
        all.push(trigger(dice, table, 0));
    }
    match dice.below(10) {
        0 => all.push(format!("INSERT INTO {table} (activity_id, subject, case_id) VALUES (-7, 'there', 1)")),
        1 => all.push(format!(
            "INSERT INTO {table} (activity_id, subject) WITH RECURSIVE n(i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i, 'gone' || i FROM n; DELETE FROM {table}"
        )),
        2 => all.push("ANALYZE".to_owned()),
        3 => all.push("VACUUM".to_owned()),
        _ => {}
    }
    all
}

/// One that is not of the kind of its column, or may not be.
fn odd_value(dice: &mut Dice) -> types::Value {
    match dice.below(4) {
        0 => types::Value::Real(0.5),
        1 => types::Value::Integer(5),
        2 => types::Value::Text(dice.one(&["12", "3", "1e2", "Abc", ""]).to_owned()),
        _ => types::Value::Text("y".repeat(usize::try_from(dice.below(900)).unwrap())),
    }
}

fn rows(dice: &mut Dice) -> Vec<Vec<types::Value>> {
    let odd = dice.once_in(4);
    let count = [0, 1, 2, 3, 20, 60][usize::try_from(dice.below(6)).unwrap()];
    let mut key = dice.below(20).cast_signed() - 10;
    let mut all = Vec::new();
    for _ in 0..count {
        key += 1 + dice.below(3).cast_signed();
        let mut row = vec![types::Value::Integer(key)];
        row.extend(FILE[1..].iter().map(|name| match *name {
            _ if odd && dice.once_in(3) => odd_value(dice),
            _ if dice.once_in(6) => types::Value::Null,
            "subject" => types::Value::Text("x".repeat(usize::try_from(dice.below(1200)).unwrap())),
            "Extra" => types::Value::Text(dice.one(&["12", "Abc", "abc", ""]).to_owned()),
            "when_created" => {
                types::Value::Text(format!("2011-07-12 14:49:{:02}.000", dice.below(60)))
            }
            _ => types::Value::Integer([3, 5, 9000, 2000][usize::try_from(dice.below(4)).unwrap()]),
        }));
        all.push(row);
    }
    all
}

fn batch(rows: &[Vec<types::Value>], first_line: u64) -> Batch {
    let mut batch = Batch::default();
    for (at, row) in rows.iter().enumerate() {
        for value in row {
            let value = match value {
                types::Value::Integer(value) => RowValue::Integer(*value),
                types::Value::Real(value) => RowValue::Real(*value),
                types::Value::Text(text) => {
                    let start = u32::try_from(batch.text.len()).unwrap();
                    batch.text.push_str(text);
                    RowValue::Text { start, end: u32::try_from(batch.text.len()).unwrap() }
                }
                _ => RowValue::Null,
            };
            batch.values.push(value);
        }
        batch.lines.push(at as u64 + first_line);
    }
    batch
}

/// Loads the rows as an import does; says how many were stored as pages.
fn loaded(path: &Path, table: &str, rows: &[Vec<types::Value>]) -> Result<u64, StoreError> {
    let mut copy = ImportDatabase::open(path).unwrap();
    let outcome = (|| {
        let mut loader = Loader::begin(copy.store())?;
        let number = loader.shape(shape(table, &FILE))?;
        let mut in_bulk = 0;
        for (at, rows) in rows.chunks(16).enumerate() {
            in_bulk += loader.rows(number, &batch(rows, at as u64 * 16 + 2))?.in_bulk;
        }
        loader.finish(&export("file", rows.len()))?;
        Ok(in_bulk)
    })();
    copy.keep().unwrap();
    outcome
}

/// Inserts them, one by one.
fn inserted(conn: &Connection, table: &str, rows: &[Vec<types::Value>]) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.execute_batch("BEGIN; PRAGMA defer_foreign_keys = ON")?;
    let mut known = conn.prepare("SELECT lower(name) FROM pragma_table_info(?1)")?;
    let known = known.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for name in FILE.iter().filter(|name| !known.contains(&name.to_lowercase())) {
        conn.execute_batch(&format!(
            "ALTER TABLE {table} ADD COLUMN \"{name}\" \"NVARCHAR(MAX)\""
        ))?;
    }
    let marks = ["?"; FILE.len()].join(", ");
    let export: i64 =
        conn.query_row("SELECT coalesce(max(export_id), 0) + 1 FROM chatdb_export", [], |row| {
            row.get(0)
        })?;
    let mut insert = conn.prepare(&format!(
        "INSERT INTO {table} ({}, chatdb_line, chatdb_export) VALUES ({marks}, ?, {export})",
        FILE.join(", ")
    ))?;
    for (at, row) in rows.iter().enumerate() {
        let line = types::Value::Integer(i64::try_from(at).unwrap() + 2);
        let values = || params_from_iter(row.iter().chain([&line]));
        match insert.execute(values()) {
            Err(error) if replaced(conn, table, &error, &row[0])? => insert.execute(values())?,
            other => other?,
        };
    }
    conn.execute_batch("COMMIT")
}

/// Takes out the row that has the key already, if no export has brought it: that of an export replaces it.
fn replaced(
    conn: &Connection,
    table: &str,
    error: &rusqlite::Error,
    key: &types::Value,
) -> rusqlite::Result<bool> {
    let is_of_the_key = error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY);
    let sql = format!("DELETE FROM {table} WHERE activity_id = ?1 AND chatdb_export IS NULL");
    Ok(is_of_the_key && conn.execute(&sql, [key])? > 0)
}

/// The rows with their types, and what SQLite finds wrong with the file.
fn state(conn: &Connection, table: &str) -> (Vec<String>, String) {
    let mut names = conn.prepare("SELECT name FROM pragma_table_xinfo(?1) ORDER BY name").unwrap();
    let names = names.query_map([table], |row| row.get::<_, String>(0)).unwrap();
    let values: Vec<String> = names
        .map(|name| {
            name.map(|name| format!("'{name} ' || typeof({name}) || quote({name})")).unwrap()
        })
        .collect();
    let sql = format!("SELECT {} FROM {table} NOT INDEXED ORDER BY 1", values.join(" || ', ' || "));
    let mut rows = conn.prepare(&sql).unwrap();
    let rows = rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let check = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    (rows, check)
}

/// The values in which two rows differ.
fn difference(ours: &str, theirs: &str) -> String {
    let pairs = ours.split(", ").zip(theirs.split(", ")).filter(|(a, b)| a != b);
    pairs.map(|(a, b)| format!("{a:.60} | {b:.60}\n")).collect()
}

/// One shape. Says whether its rows were stored as pages, and whether they were refused.
fn check(
    number: u64,
    grounds: &mut HashMap<Ground, PathBuf>,
    folder: &Path,
) -> Result<(bool, bool), String> {
    let mut dice = Dice(number);
    let ground = Ground::any(&mut dice);
    let template = grounds.entry(ground).or_insert_with(|| ground.make(folder));
    let table = dice.one(&[PRODUCT, PRODUCT, OTHER]);
    let path = folder.join("shape");
    fs::copy(template, &path).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF").unwrap();
    let mut done = Vec::new();
    for change in changes(&mut dice, table) {
        // What SQLite does not allow here has not happened.
        let as_one =
            if change == "VACUUM" { change.clone() } else { format!("BEGIN; {change}; COMMIT") };
        match conn.execute_batch(&as_one) {
            Ok(()) => done.push(change),
            Err(_) if conn.is_autocommit() => {}
            Err(_) => conn.execute_batch("ROLLBACK").unwrap(),
        }
    }
    drop(conn);
    let rows = rows(&mut dice);
    let bytes = fs::read(&path).unwrap();
    let ours = loaded(&path, table, &rows);
    let mut theirs = Connection::open_in_memory().unwrap();
    theirs.deserialize_read_exact("main", bytes.as_slice(), bytes.len(), false).unwrap();
    let plain = inserted(&theirs, table, &rows);
    if plain.is_err() {
        let _ = theirs.execute_batch("ROLLBACK");
    }
    let shown =
        format!("shape {number}, {ground:?}, {table}: {done:#?}\nours: {ours:?}, plain: {plain:?}");
    if ours.is_err() != plain.is_err() {
        return Err(shown);
    }
    let (our_rows, sound) = state(&Connection::open(&path).unwrap(), table);
    let (their_rows, _) = state(&theirs, table);
    if sound != "ok" || our_rows.len() != their_rows.len() {
        return Err(format!("{shown}\n{sound}, {} and {} rows", our_rows.len(), their_rows.len()));
    }
    match our_rows.iter().zip(&their_rows).find(|(own, plain)| own != plain) {
        Some((own, plain)) => Err(format!("{shown}\n{}", difference(own, plain))),
        None => Ok((ours.as_ref().is_ok_and(|in_bulk| *in_bulk > 0), ours.is_err())),
    }
}

#[test]
fn whatever_is_on_a_table_its_rows_are_those_of_plain_insertion() {
    // In memory where there is such a folder: thousands of files are synced.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    let mut grounds = HashMap::new();
    let (mut in_pages, mut refused, mut failed) = (0, 0, Vec::new());
    for number in 0..SHAPES {
        match check(number, &mut grounds, folder.path()) {
            Ok((paged, no)) => {
                in_pages += u64::from(paged);
                refused += u64::from(no);
            }
            Err(why) => failed.push(why),
        }
    }
    let count = failed.len();
    failed.truncate(5);
    assert_eq!(count, 0, "{}", failed.join("\n\n"));
    // It would prove nothing if all went one way.
    assert!(in_pages > SHAPES / 10, "{in_pages} were stored as pages");
    assert!(refused > SHAPES / 20, "{refused} were refused");
}
