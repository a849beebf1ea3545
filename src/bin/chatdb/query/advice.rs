//! What is said beside an answer, or instead of one: commands that work.

use std::path::{Path, PathBuf};

use chatdb::ask::{self, Question};
use chatdb::command_line::CommandLine;
use chatdb::diagnostic::counted;
use chatdb::import::needed;
use chatdb::query::Dialect;
use chatdb::sql::authored::{Authored, authored};
use chatdb::sql::guard::is_products;
use chatdb::sql::tsql;
use chatdb::store::Store;
use chatdb::table::Cell;

use crate::cli::QueryArgs;
use crate::import;

/// The commands that change the rows which a query may only read.
pub(super) fn change_instead(args: &QueryArgs, files: &[PathBuf], text: &str) -> Option<String> {
    let target = tsql::tables_with_changes(text).ok()?.into_iter().next()?;
    if !is_products(&target) {
        return Some(copy_instead(args, files, text, &target));
    }
    let change = |db: &Path| {
        let command = CommandLine::new("query");
        let command = match (&args.sql, &args.file) {
            (_, Some(file)) => command.option("-f", [file.display()]),
            (sql, None) => command.args(sql),
        };
        let command = command.option("--db", [db.display()]).flag("--write");
        format!("`{command}` changes its rows")
    };
    let new = Path::new("exports.db");
    match &args.db {
        Some(db) => Some(change(db)),
        None if args.after.is_some() => None,
        None => {
            let import = source(CommandLine::new("import"), args, files);
            let import = import.option("--db", [new.display()]);
            Some(format!("`{import}` makes a database, and {}", change(new)))
        }
    }
}

/// The command that changes a copy of a table that is none of the product's, and is never written to.
fn copy_instead(args: &QueryArgs, files: &[PathBuf], text: &str, table: &str) -> String {
    let copy = format!("#{table}");
    let statement = text.trim().trim_end_matches(';');
    let is_plain = table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_plain || statement.contains(';') || args.file.is_some() {
        return format!(
            "`{table}` is not one of the product's tables, which alone are changed; SELECT * INTO #copy FROM [{table}] \
             makes a copy that can be changed in the same text"
        );
    }
    let sql = format!(
        "SELECT * INTO {copy} FROM {table}; {}; SELECT * FROM {copy}",
        renamed(statement, table, &copy)
    );
    format!(
        "`{table}` is not one of the product's tables, which alone are changed; `{}` changes a copy and shows it",
        source(CommandLine::new("query").arg(sql), args, files)
    )
}

/// Adds to a command the arguments that say where the rows come from.
fn source(command: CommandLine, args: &QueryArgs, files: &[PathBuf]) -> CommandLine {
    if args.db.is_some() || args.after.is_some() {
        let db = args.db.as_ref().map(|db| db.display());
        return command.option("--db", db).option("--after", &args.after);
    }
    import::typed(&args.reading, command.args(files.iter().map(|file| file.display())))
}

/// A statement in which a table goes by another name, outside of texts.
fn renamed(statement: &str, table: &str, to: &str) -> String {
    let mut made = String::with_capacity(statement.len());
    for (at, part) in statement.split('\'').enumerate() {
        if at > 0 {
            made.push('\'');
        }
        if at % 2 == 1 {
            made.push_str(part);
            continue;
        }
        let of_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut rest = part;
        while let Some(start) = rest.find(of_word) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|c| !of_word(c)).unwrap_or(from.len()));
            made.push_str(before);
            made.push_str(if word.eq_ignore_ascii_case(table) { to } else { word });
            rest = after;
        }
        made.push_str(rest);
    }
    made
}

/// The option that sets the time of a query, with the newest time in the rows of the tables that it names.
pub(super) fn time_instead(store: &Store, text: &str) -> String {
    match newest(store, text) {
        Some(newest) => {
            format!("set the time, e.g. to the newest in these tables: `--as-of \"{newest}\"`")
        }
        None => "set the time: `--as-of \"2011-07-12 14:49:55\"`".to_owned(),
    }
}

/// The newest time in the columns of the tables that a text names.
fn newest(store: &Store, text: &str) -> Option<String> {
    let named = tsql::tables(text).ok()?;
    let catalog = store.catalog().ok()?;
    let tables = catalog
        .tables()
        .filter(|table| named.iter().any(|name| name.eq_ignore_ascii_case(&table.name)));
    let columns = tables.flat_map(|table| {
        let columns = table.columns.iter().flatten();
        let dated = columns.filter(|(_, of)| of.is_moment());
        dated.map(|(column, _)| format!("SELECT MAX([{column}]) AS at FROM [{}]", table.name))
    });
    let columns: Vec<String> = columns.collect();
    let union = columns.join(" UNION ALL ");
    let sql = format!("SELECT CONVERT(varchar(19), MAX(at), 120) AS newest FROM ({union}) AS t");
    match first_cell(store, &sql)? {
        Cell::Text(newest) => Some(newest),
        _ => None,
    }
}

/// The first value of what a query returns; none where it fails.
fn first_cell(store: &Store, sql: &str) -> Option<Cell> {
    let answers = ask::ask(store, &question_of(sql, Dialect::Tsql), &|| false).ok()?.answers;
    answers.first()?.table.rows.first()?.first().cloned()
}

/// A question of the program's own.
fn question_of(text: &str, dialect: Dialect) -> Question<'_> {
    Question { text, dialect, literals: &[], kinds: &[], values: &[], now: None, limit: None }
}

/// Whether all that a message quotes is the author's own, or one of SQL Server's words.
pub(super) fn quotes_the_author(message: &str, authored: &Authored) -> bool {
    /// Names of parameters and types in SQL Server's messages.
    const WORDS: [&str; 2] = ["separator", "nchar(1)/nvarchar(1)"];
    let mut quoted = message.split('\'').skip(1).step_by(2);
    message.matches('\'').count().is_multiple_of(2)
        && quoted.all(|part| {
            let lower = part.trim_start_matches('#').to_lowercase();
            WORDS.contains(&part) || authored.names.contains(&lower)
        })
}

/// The columns of the product's tables that a query names and no export has, which are NULL then.
pub(super) fn missing_columns(store: &Store, question: &Question<'_>) -> Option<String> {
    /// How the names of columns begin that an import adds.
    const OWN: &str = "chatdb_";
    const EXPORTED: &str = "SELECT DISTINCT table_name, column_name FROM chatdb_export_column \
         WHERE table_name IS NOT NULL AND column_name IS NOT NULL";
    let rows = ask::ask(store, &question_of(EXPORTED, Dialect::Sqlite), &|| false).ok()?.answers;
    let of = |row: &Vec<Cell>| Some((row.first()?.to_string(), row.get(1)?.to_string()));
    let exported: Vec<(String, String)> = rows.first()?.table.rows.iter().filter_map(of).collect();
    let names = authored(question.text, question.dialect == Dialect::Tsql).names;
    let catalog = store.catalog_of_tables().ok()?;
    let tables: Vec<_> = catalog
        .tables()
        .filter(|table| names.contains(&table.name.to_lowercase()))
        .filter(|table| exported.iter().any(|(name, _)| *name == table.name))
        .collect();
    let is_exported = |column: &str| {
        exported.iter().any(|(name, own)| {
            own.eq_ignore_ascii_case(column) && tables.iter().any(|table| table.name == *name)
        })
    };
    let columns = tables.iter().filter(|table| is_products(&table.name)).flat_map(|table| {
        let columns = table.columns.iter().flatten().map(|(column, _)| column);
        let columns = columns.filter(|column| !column.starts_with(OWN));
        columns.map(move |column| (column, &table.name))
    });
    let missing: Vec<String> = columns
        .filter(|(column, _)| names.contains(&column.to_lowercase()) && !is_exported(column))
        // An import may know the values of a key from another column.
        .filter(|(column, table)| {
            let sql = format!("SELECT TOP 1 1 AS n FROM [{table}] WHERE [{column}] IS NOT NULL");
            first_cell(store, &sql).is_none()
        })
        .map(|(column, table)| format!("`{column}` of `{table}`"))
        .collect();
    (!missing.is_empty())
        .then(|| format!("no export has {}: it is NULL in every row", missing.join(", or ")))
}

/// What is said of a join with tables that have no rows, so that it has none either: which they are, and how many rows
/// of the others meet the query's conditions, with the command that lists them.
pub(super) fn empty_tables(
    store: &Store,
    question: &Question<'_>,
    args: &QueryArgs,
) -> Option<String> {
    if question.dialect != Dialect::Tsql {
        return None;
    }
    let count = |condition: &str| match first_cell(
        store,
        &format!("SELECT COUNT(*) AS n FROM {condition}"),
    )? {
        Cell::Integer(n) => Some(n),
        _ => None,
    };
    let joined = needed::joined_tables(question.text);
    let (empty, filled): (Vec<&String>, Vec<&String>) =
        joined.iter().partition(|table| count(table) == Some(0));
    if empty.is_empty() || filled.is_empty() {
        return None;
    }
    let names: Vec<String> = empty.iter().map(|table| format!("`{table}`")).collect();
    let mut said = format!(
        "the query joins {}, which {} no rows: without {} it returns nothing",
        names.join(" and "),
        if names.len() == 1 { "has" } else { "have" },
        if names.len() == 1 { "it" } else { "them" },
    );
    for need in needed::needs(question.text, question.literals) {
        let condition = format!("{} WHERE {}", need.table, need.condition());
        let Some(n) = count(&condition).filter(|_| filled.contains(&&need.table)) else {
            continue;
        };
        let sql = format!("SELECT * FROM {condition}");
        said.push_str(&format!(
            "; {} of `{}` alone {} its conditions: `{}`",
            counted(n, "row"),
            need.table,
            if n == 1 { "meets" } else { "meet" },
            source(CommandLine::new("query").arg(sql), args, &args.exports),
        ));
    }
    Some(said)
}
