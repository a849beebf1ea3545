//! The table of functions: every entry is called, with too few and too many arguments as well, and is on the page.

use std::fs;
use std::path::Path;

use chatdb::sql::functions::table::{ArgumentKind, CallKind, Entry, ReturnKind, TABLE, entry};

use super::{answer, store};

fn sample(takes: ArgumentKind) -> &'static str {
    match takes {
        ArgumentKind::Any | ArgumentKind::Whole | ArgumentKind::Number => "1",
        ArgumentKind::Condition => "1 = 1",
        ArgumentKind::Part => "day",
        ArgumentKind::Text | ArgumentKind::Searched | ArgumentKind::Characters => "'N'",
        ArgumentKind::Date => "'2011-07-12'",
    }
}

/// A call of the function with so many arguments.
fn call(entry: &Entry, count: usize) -> String {
    let takes = (0..count).map(|at| entry.takes.get(at).or(entry.takes.last()).copied());
    let arguments: Vec<&str> = takes.map(|takes| takes.map_or("1", sample)).collect();
    let name = entry.name.to_uppercase();
    let over = if matches!(entry.form, CallKind::Window) { " OVER (ORDER BY id)" } else { "" };
    let call = format!("{name}({}){over}", arguments.join(", "));
    format!("USE db; SELECT TOP (1) {call} AS answer FROM staff")
}

fn is_called(entry: &Entry) -> bool {
    // GROUPING needs a ROLLUP beside it.
    !entry.name.starts_with("grouping")
        && !matches!(entry.form, CallKind::Refused | CallKind::Syntax)
}

#[test]
fn the_table_is_in_order_and_whole() {
    for pair in TABLE.windows(2) {
        assert!(pair[0].name < pair[1].name, "{} {}", pair[0].name, pair[1].name);
    }
    for own in TABLE {
        assert_eq!(entry(&own.name.to_uppercase()).map(|entry| entry.name), Some(own.name));
        assert!(own.optional <= own.takes.len(), "{}", own.name);
        match own.form {
            CallKind::Rust { name, .. } => {
                assert_eq!(name.strip_prefix("tsql_"), Some(own.name));
                assert!(!matches!(own.gives, ReturnKind::Depends), "{}", own.name);
            }
            CallKind::Refused => assert!(!own.help.ends_with('.'), "{}", own.name),
            _ => {}
        }
        if is_called(own) {
            assert!(own.help.ends_with('.'), "{} has no line of help", own.name);
        }
    }
}

#[test]
fn every_function_answers_with_the_fewest_and_the_most_arguments() {
    let store = store();
    for own in TABLE.iter().filter(|own| is_called(own)) {
        for count in [Some(own.least()), own.most()].into_iter().flatten() {
            // A culture is no text like any other.
            let count = if own.name == "format" { own.least() } else { count };
            let found = answer(&store, &call(own, count));
            // Of ones alone no datetime and no logarithm is made.
            let known = [
                "error: 1:32: not valid T-SQL",
                "error: line 1: Cannot construct",
                "error: line 1: Divide by zero",
                "error: line 1: JSON ",
            ];
            let fails =
                found.starts_with("error") && !known.iter().any(|known| found.starts_with(known));
            assert!(!fails, "{}: {found}", call(own, count));
        }
    }
}

#[test]
fn another_number_of_arguments_is_refused_by_name() {
    let store = store();
    // The aggregates take a star or say in their own words what they take.
    for own in TABLE
        .iter()
        .filter(|own| is_called(own) && !matches!(own.form, CallKind::Aggregate | CallKind::Window))
    {
        let name = own.name.to_uppercase();
        let more = own.most().map(|most| most + 1);
        let fewer = own.least().checked_sub(1);
        // TRIM with a list is syntax of its own, and CURRENT_TIMESTAMP has no parentheses.
        for count in [more, fewer].into_iter().flatten() {
            let found = answer(&store, &call(own, count));
            let said = format!("{name} takes {}, not {count}", own.arity());
            assert!(
                found.contains(&said)
                    || found.contains("not valid T-SQL")
                    || found.contains("is not supported"),
                "{}: {found}",
                call(own, count)
            );
        }
    }
}

#[test]
fn a_date_in_the_place_of_a_number_or_a_text_is_refused() {
    let store = store();
    for own in TABLE.iter().filter(|own| matches!(own.form, CallKind::Rust { .. })) {
        for (at, takes) in own.takes.iter().enumerate() {
            if !matches!(
                takes,
                ArgumentKind::Whole | ArgumentKind::Number | ArgumentKind::Characters
            ) {
                continue;
            }
            let arguments: Vec<&str> = (own.takes.iter().enumerate())
                .map(|(own, takes)| if own == at { "hired" } else { sample(*takes) })
                .collect();
            let text = format!("SELECT {}({}) FROM staff", own.name, arguments.join(", "));
            let found = answer(&store, &text);
            let name = own.name.to_uppercase();
            // TRIM with a list is syntax of its own.
            let refused =
                found.contains(&format!("{name} takes a")) || found.contains("not valid T-SQL");
            assert!(refused, "{text}: {found}");
        }
    }
}

#[test]
fn what_is_refused_says_what_works_instead_or_only_its_name() {
    let store = store();
    for own in TABLE.iter().filter(|own| matches!(own.form, CallKind::Refused)) {
        let name = own.name.to_uppercase();
        let found = answer(&store, &format!("SELECT {name}(1) FROM staff"));
        assert!(
            found.contains(&format!("`{name}(...)`")) || found.contains("not valid T-SQL"),
            "{found}"
        );
    }
}

/// The page of all functions.
fn page() -> String {
    let mut page = String::from(
        "# Functions of T-SQL that `chatdb query` knows\n\nThis page is written from the table in \
         `src/sql/functions/table.rs`; `UPDATE=1 cargo test tsql` writes it anew.\n\n| function | arguments | what it \
         gives |\n| --- | --- | --- |\n",
    );
    for own in TABLE.iter().filter(|own| !matches!(own.form, CallKind::Refused)) {
        let arity = match own.form {
            CallKind::Syntax => "see there".to_owned(),
            _ if own.takes.is_empty() => "none".to_owned(),
            _ => own.arity(),
        };
        let over = if matches!(own.form, CallKind::Window) { " OVER" } else { "" };
        page.push_str(&format!(
            "| `{}`{over} | {arity} | {} |\n",
            own.name.to_uppercase(),
            own.help
        ));
    }
    page.push_str("\n## Known, and refused\n\n| function | what works instead |\n| --- | --- |\n");
    for own in TABLE.iter().filter(|own| matches!(own.form, CallKind::Refused)) {
        page.push_str(&format!("| `{}` | {} |\n", own.name.to_uppercase(), own.help));
    }
    page
}

#[test]
fn the_page_of_functions_is_written_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql/FUNCTIONS.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, page()).expect("the page is written");
    }
    let found = fs::read_to_string(&path).expect("there is a page");
    assert_eq!(found, page());
}
