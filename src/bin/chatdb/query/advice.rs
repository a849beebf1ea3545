//! What is said beside an answer, or instead of one: commands that work.

use chatdb::ask::{self, Question};
use chatdb::diagnostic::counted;
use chatdb::import::needed;
use chatdb::query::Dialect;
use chatdb::store::Store;
use chatdb::table::Cell;

use crate::analyze::typed;
use crate::cli::QueryArgs;

/// The commands that change the rows which a query may only read.
pub(super) fn change_instead(args: &QueryArgs) -> Option<String> {
    let sql = match (&args.sql, &args.file) {
        (_, Some(file)) => format!("-f {}", typed(&file.display().to_string())),
        (Some(sql), None) => typed(sql),
        (None, None) => return None,
    };
    let change = |db: &str| format!("`chatdb query {sql} --db {db} --write` changes its rows");
    match &args.db {
        Some(db) => Some(change(&typed(&db.display().to_string()))),
        None if args.after.is_some() => None,
        None => {
            let files = args.exports.iter();
            let files: Vec<String> = files
                .map(|file| typed(&file.display().to_string()))
                .collect();
            Some(format!(
                "`chatdb import {} --db exports.db` makes a database, and {}",
                files.join(" "),
                change("exports.db")
            ))
        }
    }
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
    let count = |condition: &str| {
        let text = format!("SELECT COUNT(*) AS n FROM {condition}");
        let question = Question {
            text: &text,
            dialect: Dialect::Tsql,
            literals: &[],
            kinds: &[],
            values: &[],
            now: None,
            limit: None,
        };
        let answers = ask::ask(store, &question, &|| false).ok()?.answers;
        match answers.first()?.table.rows.first()?.first()? {
            Cell::Integer(n) => Some(*n),
            _ => None,
        }
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
        let from = match &args.db {
            Some(path) => format!("--db {}", typed(&path.display().to_string())),
            None => {
                let words = args
                    .exports
                    .iter()
                    .map(|path| typed(&path.display().to_string()));
                words.collect::<Vec<_>>().join(" ")
            }
        };
        said.push_str(&format!(
            "; {} of `{}` alone {} its conditions: `chatdb query \"SELECT * FROM {condition}\" {from}`",
            counted(n, "row"),
            need.table,
            if n == 1 { "meets" } else { "meet" },
        ));
    }
    Some(said)
}
