//! What the program carries: the files of `seeds/` and `reports/`, listed here so that a new scenario, query or
//! finding is found without a line of Rust; and the databases that the migrations make, so that they need not
//! be made at each start.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use quote::{identifier, literal};

/// The folders whose text files the program carries. `reports/samples` holds finished reports, not inputs.
const EMBEDDED: [&str; 2] = ["seeds", "reports"];
const LEFT_OUT: &str = "reports/samples";

/// Every migration has a line here, so that this script is compiled anew, with what it embeds, when there is another.
const _: &str = include_str!("migrations/CHECKSUMS");

#[path = "src/sql/quote.rs"]
mod quote;

mod egpl {
    refinery::embed_migrations!("migrations/egpl");
}

mod platform {
    refinery::embed_migrations!("migrations/platform");
}

mod exports {
    refinery::embed_migrations!("migrations/exports");
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in EMBEDDED {
        println!("cargo:rerun-if-changed={folder}");
        if root.join(folder).is_dir() {
            list(&root, Path::new(folder), &mut files)?;
        }
    }
    println!("cargo:rerun-if-changed=migrations");
    files.sort();
    let mut source = String::from("&[\n");
    for file in &files {
        // Not as an absolute path: what is generated here outlives a move of the project's folder.
        let text = format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {file:?}))");
        writeln!(source, "    ({file:?}, {text}),").expect("writing to a String");
    }
    source.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), source)?;
    images(&out)?;
    write_exports(&out)
}

/// Writes the script that makes an empty copy for exported rows: the product's tables as `migrations/exports` says they
/// are there, and what that set adds. A script and not an image, so that the copy may have pages of any size. Beside
/// it, the text of each table and index by its name.
fn write_exports(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut conn = rusqlite::Connection::open_in_memory()?;
    egpl::migrations::runner().run(&mut conn)?;
    let tables = product_tables(&conn)?;
    let mut runner = exports::migrations::runner();
    runner.set_migration_table_name("chatdb_exports_history");
    runner.run(&mut conn)?;
    // Dropping a table drops its indexes too.
    let indexes = indexes(&conn)?;
    for (table, columns) in &tables {
        conn.execute_batch(&format!(
            "DROP TABLE {}; {}",
            identifier(table),
            copied(table, columns)
        ))?;
    }
    conn.execute_batch(&indexes)?;
    for history in ["refinery_schema_history", "chatdb_exports_history"] {
        forget_when(&conn, history)?;
    }
    let mut script = String::from("PRAGMA application_id = 0x43484442;\n");
    let mut texts = String::from("&[\n");
    let mut schema =
        conn.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")?;
    let mut rows = schema.query([])?;
    while let Some(row) = rows.next()? {
        let (name, sql): (String, String) = (row.get(0)?, row.get(1)?);
        writeln!(script, "{sql};")?;
        writeln!(texts, "    ({name:?}, {sql:?}),")?;
    }
    texts.push(']');
    for table in
        ["chatdb_code", "chatdb_status_pair", "refinery_schema_history", "chatdb_exports_history"]
    {
        dump(&conn, table, &mut script)?;
    }
    fs::write(out.join("exports.sql"), script)?;
    Ok(fs::write(out.join("exports.rs"), texts)?)
}

/// A column: its name, its declared type, and its place in the key, 0 where it has none.
type ProductColumn = (String, String, u32);

/// A table: its name and its columns.
type ProductTable = (String, Vec<ProductColumn>);

/// The product's tables with their columns; chatdb's own are left out.
fn product_tables(conn: &rusqlite::Connection) -> Result<Vec<ProductTable>, Box<dyn Error>> {
    const COLUMNS: &str = "SELECT l.name, x.name, x.type, x.pk FROM pragma_table_list l, pragma_table_info(l.name) x \
         WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'chatdb%' AND l.name NOT LIKE 'sqlite%' \
         AND l.name NOT LIKE 'refinery%' ORDER BY l.name, x.cid";
    let mut tables: Vec<ProductTable> = Vec::new();
    let mut statement = conn.prepare(COLUMNS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let table: String = row.get(0)?;
        let column = (row.get(1)?, row.get(2)?, row.get(3)?);
        match tables.last_mut() {
            Some((last, columns)) if *last == table => columns.push(column),
            _ => tables.push((table, vec![column])),
        }
    }
    Ok(tables)
}

/// The indexes that the migrations make, as a script.
fn indexes(conn: &rusqlite::Connection) -> Result<String, Box<dyn Error>> {
    const INDEXES: &str =
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid";
    let mut script = String::new();
    let mut statement = conn.prepare(INDEXES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        writeln!(script, "{};", row.get::<_, String>(0)?)?;
    }
    Ok(script)
}

/// A product table as a copy has it, and its twin for earlier states.
fn copied(table: &str, columns: &[ProductColumn]) -> String {
    let keys = columns.iter().filter(|(_, _, key)| *key > 0).count();
    let list = |as_key: &str| {
        let column = |(name, of, key): &ProductColumn| {
            let of = if keys == 1 && *key == 1 { as_key.to_owned() } else { quoted_type(of) };
            format!("    {name} {of},\n")
        };
        columns.iter().map(column).collect::<String>()
    };
    const PLACE: &str = "    chatdb_export INTEGER,\n    chatdb_line INTEGER";
    let mut sql = format!("CREATE TABLE {table} (\n{}{PLACE}\n);\n", list("INTEGER PRIMARY KEY"));
    if keys == 1 {
        // The order of states within a file and what was done to the row: change data capture has both.
        let more = "    chatdb_order INTEGER,\n    chatdb_operation INTEGER";
        let _ = write!(
            sql,
            "CREATE TABLE {table}_earlier (\n{}{PLACE},\n{more}\n);\n",
            list("INTEGER")
        );
        let key = columns.iter().find(|(_, _, key)| *key == 1).expect("one of them is the key");
        let _ = writeln!(sql, "CREATE INDEX {table}_earlier_key ON {table}_earlier ({});", key.0);
    }
    sql
}

/// `NVARCHAR(MAX)` is no type to SQLite's parser unless quoted. A time is text, and is said to be, lest SQLite try each
/// as a number first.
fn quoted_type(of: &str) -> String {
    match of.to_ascii_uppercase().as_str() {
        "DATETIME" => "\"DATETIME(TEXT)\"".to_owned(),
        upper if upper.contains("MAX") => format!("\"{of}\""),
        _ => of.to_owned(),
    }
}

/// Writes the rows of a table as INSERT statements.
fn dump(
    conn: &rusqlite::Connection,
    table: &str,
    script: &mut String,
) -> Result<(), Box<dyn Error>> {
    let table = identifier(table);
    let names = conn.prepare(&format!("SELECT * FROM {table}"))?;
    let list: Vec<String> =
        names.column_names().map(|name| format!("quote({})", identifier(name))).collect();
    let sql = format!("SELECT {} FROM {table}", list.join(" || ', ' || "));
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        writeln!(script, "INSERT INTO {table} VALUES ({});", row.get::<_, String>(0)?)?;
    }
    Ok(())
}

/// Runs the migrations and writes the database after each set: `egpl.sqlite` with the product's schema alone,
/// `platform.sqlite` with the model over it.
fn images(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut conn = rusqlite::Connection::open_in_memory()?;
    // Most tables are empty or small: small pages make a small image.
    conn.pragma_update(None, "page_size", 1024)?;
    // `CHDB` in ASCII, by which a file is known to be ours.
    conn.pragma_update(None, "application_id", 0x4348_4442)?;
    egpl::migrations::runner().run(&mut conn)?;
    write_product(&product_tables(&conn)?, &out.join("product.rs"))?;
    write_image(&mut conn, "refinery_schema_history", &out.join("egpl.sqlite"))?;
    let mut runner = platform::migrations::runner();
    runner.set_migration_table_name("chatdb_platform_history");
    runner.run(&mut conn)?;
    write_image(&mut conn, "chatdb_platform_history", &out.join("platform.sqlite"))?;
    write_rules(&conn, &out.join("rules.rs"))?;
    write_tables(&conn, &out.join("tables.rs"))
}

/// Writes down every rule of the model: its kind, its name, what it says, and whose a rule of the matrix is.
fn write_rules(conn: &rusqlite::Connection, to: &Path) -> Result<(), Box<dyn Error>> {
    let mut source = String::from("&[\n");
    let mut statement = conn.prepare(
        "SELECT kind, rule, statement, coalesce(subject, '') FROM rule \
             LEFT JOIN capability ON kind = 'matrix' AND rule = capability || ' / ' || server \
             ORDER BY kind, rule.position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |at: usize| row.get::<_, String>(at);
        let rule = (text(0)?, text(1)?, text(2)?, text(3)?);
        writeln!(source, "    {rule:?},")?;
    }
    source.push(']');
    Ok(fs::write(to, source)?)
}

/// Writes down every table and view: its name, whether its rows are numbered, whether it is a view, its columns with
/// their types. A test holds the list against the one that the store reads.
fn write_tables(conn: &rusqlite::Connection, to: &Path) -> Result<(), Box<dyn Error>> {
    const COLUMNS: &str = "SELECT l.name, l.type = 'table' AND l.wr = 0, x.name, x.type, l.type = 'view' \
         FROM pragma_table_list l, pragma_table_xinfo(l.name) x \
         WHERE l.schema = 'main' AND l.type IN ('table', 'view') AND x.hidden <> 1 ORDER BY l.name, x.cid";
    let mut source = String::from("&[\n");
    let mut last = None;
    let mut statement = conn.prepare(COLUMNS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, numbered): (String, bool) = (row.get(0)?, row.get(1)?);
        let (column, declared): (String, String) = (row.get(2)?, row.get(3)?);
        let view: bool = row.get(4)?;
        if last.as_ref() != Some(&table) {
            let end = if last.is_some() { "]),\n" } else { "" };
            write!(source, "{end}    ({table:?}, {numbered}, {view}, &[")?;
            last = Some(table);
        }
        write!(source, "({column:?}, {declared:?}), ")?;
    }
    source.push_str("]),\n]");
    Ok(fs::write(to, source)?)
}

/// Writes down the product's tables with the declared types of their columns and their keys.
fn write_product(tables: &[(String, Vec<ProductColumn>)], to: &Path) -> Result<(), Box<dyn Error>> {
    let mut source = String::from("&[\n");
    for (table, columns) in tables {
        let pairs: Vec<(&str, &str)> =
            columns.iter().map(|(name, of, _)| (name.as_str(), of.as_str())).collect();
        let mut key: Vec<(u32, &str)> = columns
            .iter()
            .filter(|(_, _, key)| *key > 0)
            .map(|(name, _, key)| (*key, name.as_str()))
            .collect();
        key.sort_unstable();
        let key: Vec<&str> = key.into_iter().map(|(_, name)| name).collect();
        writeln!(
            source,
            "    ProductTable {{ name: {table:?}, columns: &{pairs:?}, key: &{key:?} }},"
        )?;
    }
    source.push(']');
    Ok(fs::write(to, source)?)
}

/// The same sources give the same bytes: the time at which a migration ran is not kept.
fn forget_when(conn: &rusqlite::Connection, history: &str) -> rusqlite::Result<()> {
    let (history, when) = (identifier(history), literal("1970-01-01T00:00:00Z"));
    conn.execute_batch(&format!("UPDATE {history} SET applied_on = {when}"))
}

/// Writes the database as the bytes of a file.
fn write_image(
    conn: &mut rusqlite::Connection,
    history: &str,
    to: &Path,
) -> Result<(), Box<dyn Error>> {
    forget_when(conn, history)?;
    conn.execute_batch("VACUUM")?;
    Ok(fs::write(to, &*conn.serialize(rusqlite::MAIN_DB)?)?)
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let name = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        if name == LEFT_OUT || entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(root, &path, files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}
