//! That `SECURITY.md` says what the code does.

use std::fs;
use std::path::Path;

use chatdb::sql::guard::limits::{
    FOLDER, LATE_SECONDS, Limits, MAX_ANSWER, MAX_DATABASE, MAX_INTEGRITY_CHECKED, MAX_MEMORY,
    MAX_QUESTION_ANSWER, MAX_STEPS, MAX_STEPS_TOGETHER, QUESTION, TOGETHER_SECONDS,
};
use chatdb::sql::guard::{Origin, PRODUCT};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    fs::read_to_string(path).expect("the page")
}

/// What the page's table has to say: the words, a scenario's limit, a query's.
fn stated(folder: Limits, question: Limits) -> Vec<[String; 3]> {
    let row = |what: &str, of: &str, and: &str| [what.to_owned(), of.to_owned(), and.to_owned()];
    let pair = |what: &str, of: u32, and: u32| row(what, &of.to_string(), &and.to_string());
    vec![
        row("Virtual machine steps of a statement", &MAX_STEPS.to_string(), "none"),
        row("The same for all statements together", &MAX_STEPS_TOGETHER.to_string(), "none"),
        pair("Bytes of a statement", folder.sql_length, question.sql_length),
        pair("Bytes of a text or a row", folder.length, question.length),
        row(
            "Bytes of memory for a buffered result",
            &MAX_ANSWER.to_string(),
            &MAX_QUESTION_ANSWER.to_string(),
        ),
        pair("Depth of an expression", folder.depth, question.depth),
        pair("Depth of the parser", folder.parser_depth, question.parser_depth),
        pair("Parts of a `UNION`", folder.compound, question.compound),
        pair("Columns", folder.columns, question.columns),
        pair("Arguments of a function", folder.arguments, question.arguments),
        pair("Named values", folder.values, question.values),
        pair("Bytes of a pattern of `LIKE` or `GLOB`", folder.pattern, question.pattern),
        pair("Depth of nested triggers", folder.triggers, question.triggers),
        pair("Attached databases", folder.attached, question.attached),
        row("Bytes of the database", &MAX_DATABASE.to_string(), "the file's"),
        row(
            "Bytes of memory for SQLite, with a scenario",
            &MAX_MEMORY.to_string(),
            &MAX_MEMORY.to_string(),
        ),
        row("Seconds for a statement", &LATE_SECONDS.to_string(), "`--timeout`"),
        row("Seconds for all statements together", &TOGETHER_SECONDS.to_string(), "none"),
    ]
}

/// The rows of the page's first table below its head.
fn table(page: &str) -> Vec<[String; 3]> {
    let of_table = |line: &&str| line.starts_with('|');
    let lines = page.lines().skip_while(|line| !of_table(line));
    let rows = lines.take_while(of_table).filter(|line| line.starts_with("| "));
    rows.skip(1)
        .map(|line| {
            let cells: Vec<String> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            cells.try_into().expect("three columns")
        })
        .collect()
}

#[test]
fn the_page_states_the_limits_of_the_code() {
    assert_eq!(table(&page()), stated(FOLDER, QUESTION));
}

#[test]
fn a_limit_that_has_changed_is_found() {
    let other = Limits { depth: FOLDER.depth + 1, ..FOLDER };
    assert_ne!(table(&page()), stated(other, QUESTION));
}

#[test]
fn the_page_names_the_tables_that_may_be_changed_and_the_size_that_is_looked_through() {
    let page = page().replace('\n', " ");
    for prefix in PRODUCT {
        assert!(page.contains(&format!("`{prefix}`")), "{prefix}");
    }
    let size = format!("at most {} MiB is checked for", MAX_INTEGRITY_CHECKED / 1024 / 1024);
    assert!(page.contains(&size), "{size}");
}

#[test]
fn each_origin_has_the_limits_of_its_column() {
    for origin in [Origin::Script, Origin::Query] {
        assert_eq!(origin.limits(), FOLDER);
        assert_eq!(origin.max_steps(), Some(MAX_STEPS));
        assert_eq!(origin.max_answer(), MAX_ANSWER);
    }
    for origin in [Origin::Question, Origin::Change] {
        assert_eq!(origin.limits(), QUESTION);
        assert_eq!(origin.max_steps(), None);
        assert_eq!(origin.max_answer(), MAX_QUESTION_ANSWER);
    }
}
