//! Questions with the answers of SQL Server's semantics, one a line, in `tests/tsql/answers.tsv`: each is answered with
//! that answer, or refused. None is answered in another way.

use std::fmt::Write as _;

use chatdb::ask::{Question, ask};
use chatdb::query::Dialect;
use chatdb::schema::types::Type;
use chatdb::sql::tsql::{self, Statement};
use chatdb::store::Store;
use chatdb::table::Cell;

use super::store;

const ANSWERS: &str = include_str!("../../tsql/answers.tsv");

/// What became of a question.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Right,
    Refused(String),
    Wrong(String),
}

/// A number without zeros at its end, so that `1.50` is `1.5`.
fn shortest(text: &str) -> String {
    if let Some((time, offset)) = text.rsplit_once(' ').filter(|(_, of)| is_offset(of)) {
        return format!("{} {offset}", shortest(time));
    }
    match text.split_once('.') {
        Some((_, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text.to_owned(),
    }
}

/// Whether it is an offset from UTC, such as `+02:00`.
fn is_offset(text: &str) -> bool {
    text.len() == 6 && text.starts_with(['+', '-']) && text.as_bytes()[3] == b':'
}

fn same(cell: &Cell, of: Type, expected: &str) -> bool {
    let shown = cell.to_string();
    match cell {
        Cell::Null => expected == "NULL",
        Cell::Integer(_) | Cell::Real(_) | Cell::Decimal(_) => {
            let exact = shortest(&shown) == shortest(expected);
            let near = || shown.parse::<f64>().ok().zip(expected.parse::<f64>().ok());
            // The last digit of a float is the machine's.
            exact || near().is_some_and(|(a, b)| (a - b).abs() <= b.abs() * 1e-14)
        }
        _ if of.is_temporal() => shortest(&shown) == shortest(expected),
        _ => shown == expected,
    }
}

fn outcome(store: &Store, text: &str, expected: &str) -> Outcome {
    let catalog = store.catalog().expect("a catalog");
    let script = match tsql::translate(text, &catalog, &[]) {
        Ok(script) => script,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let types = script.steps.iter().find_map(|step| match &step.statement {
        Statement::Query { columns, .. } => columns.as_ref(),
        _ => None,
    });
    let types: Vec<Type> = types.map_or_else(Vec::new, |all| all.iter().map(|c| c.of).collect());
    let question = Question {
        text,
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: None,
    };
    let answers = match ask(store, &question, &|| false) {
        Ok(answers) => answers.answers,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let Some(table) = answers.first().map(|answer| &answer.table) else {
        return Outcome::Wrong("no answer".to_owned());
    };
    let mut rows: Vec<&str> = expected.split("; ").collect();
    if expected.is_empty() && table.rows.is_empty() {
        rows.clear();
    }
    let of = |at: usize| types.get(at).copied().unwrap_or(Type::Unknown);
    let is = |row: &str, cells: &Vec<Cell>| {
        let wanted: Vec<&str> = row.split('|').collect();
        let mut pairs = wanted.iter().zip(cells).enumerate();
        wanted.len() == cells.len() && pairs.all(|(at, (wanted, cell))| same(cell, of(at), wanted))
    };
    let in_order = text.to_lowercase().contains("order by");
    let mut left: Vec<&Vec<Cell>> = table.rows.iter().collect();
    let right = rows.len() == left.len()
        && rows.iter().all(|row| {
            let found = left.iter().position(|cells| is(row, cells));
            found.is_some_and(|at| {
                left.remove(at);
                at == 0 || !in_order
            })
        });
    if right {
        return Outcome::Right;
    }
    let line = |row: &Vec<Cell>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
    Outcome::Wrong(table.rows.iter().map(line).collect::<Vec<_>>().join("; "))
}

/// How many of the questions are answered; a change may only bring more.
const ANSWERED: usize = 3_480;

#[test]
fn questions_have_the_answers_of_sql_server_or_none() {
    let (mut right, mut refused, mut wrong) = (0, 0, String::new());
    let shared = store();
    for line in ANSWERS.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (expected, text) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        // Temporary tables would stay.
        let outcome = if text.contains('#') {
            outcome(&store(), text, expected)
        } else {
            outcome(&shared, text, expected)
        };
        match outcome {
            Outcome::Right => right += 1,
            Outcome::Refused(why) => {
                refused += 1;
                if std::env::var_os("REFUSED").is_some() {
                    println!("REFUSED\t{text}\t{expected}\t{why}");
                }
            }
            Outcome::Wrong(found) => {
                let _ = writeln!(wrong, "WRONG\t{text}\t{expected}\t{found}");
            }
        }
    }
    println!("{right} of {} questions are answered, {refused} refused", right + refused);
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(right >= ANSWERED, "{right} are answered");
}

#[test]
fn an_answer_that_is_not_the_servers_is_found() {
    let store = store();
    let became = |text: &str, expected: &str| outcome(&store, text, expected);
    assert_eq!(became("SELECT 1 + 1", "2"), Outcome::Right);
    assert_eq!(became("SELECT 1 + 1", "3"), Outcome::Wrong("2".to_owned()));
    assert_eq!(became("SELECT NULL", "NULL"), Outcome::Right);
    assert_eq!(became("SELECT 'NULL'", "NULL "), Outcome::Wrong("NULL".to_owned()));
    assert_eq!(
        became("SELECT CAST('12:30' AS time)", "12:30:01"),
        Outcome::Wrong("12:30:00.000".to_owned())
    );
    assert_eq!(
        became("SELECT id FROM staff ORDER BY id", "2; 1; 3; 4"),
        Outcome::Wrong("1; 2; 3; 4".to_owned())
    );
    assert!(matches!(became("SELECT CAST(1 AS xml)", "1"), Outcome::Refused(_)));
}
