//! That everything which the built-in SQLite lists has been looked at.

use std::collections::BTreeSet;

use chatdb::sql::functions::{FUNCTIONS, SINGLE};
use chatdb::sql::guard::classes::{Class, MODULES, SQLITE_FUNCTIONS, function, module};
use chatdb::store::Store;

/// The names that SQLite lists as `list`.
fn listed(list: &str) -> BTreeSet<String> {
    let conn = rusqlite::Connection::open_in_memory().expect("a database");
    // Modules that are only there once they are asked for.
    conn.execute_batch("SELECT * FROM json_each('[]'); SELECT * FROM json_tree('[]')")
        .expect("they are there");
    let mut statement =
        conn.prepare(&format!("SELECT DISTINCT name FROM pragma_{list}")).expect("a list");
    let names = statement.query_map([], |row| row.get(0)).expect("names");
    names.map(|name| name.expect("a name")).collect()
}

fn unclassed<T>(
    names: impl IntoIterator<Item = String>,
    class: impl Fn(&str) -> Option<T>,
) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.retain(|name| class(name).is_none());
    names
}

#[test]
fn every_function_and_module_of_sqlite_is_classed() {
    assert_eq!(unclassed(listed("function_list"), function), [""; 0]);
    assert_eq!(unclassed(listed("module_list"), module), [""; 0]);
}

#[test]
fn every_setting_of_sqlite_is_refused() {
    let store = Store::with_platform().expect("a database");
    let settings = listed("pragma_list");
    assert!(settings.contains("writable_schema"), "{settings:?}");
    for name in settings {
        for sql in [format!("PRAGMA {name}"), format!("PRAGMA {name} = 1")] {
            let error = store.run_script("10_x.sql", &sql, &[]).expect_err(&sql).to_string();
            assert!(error.contains("reads or changes a setting (PRAGMA)"), "{sql}: {error}");
        }
    }
}

#[test]
fn nothing_is_classed_that_sqlite_does_not_have() {
    let names = |list: &[(&'static str, Class)]| -> Vec<&str> {
        list.iter().map(|(name, _)| *name).collect()
    };
    for (list, classed) in
        [("function_list", names(SQLITE_FUNCTIONS)), ("module_list", names(MODULES))]
    {
        let listed = listed(list);
        let left: Vec<_> = classed.iter().filter(|name| !listed.contains(**name)).collect();
        assert!(left.is_empty(), "{list}: {left:?}");
        assert!(classed.is_sorted(), "{list}: they are looked up by halves");
    }
}

#[test]
fn a_name_that_nobody_has_classed_is_found() {
    let names = || ["length".to_owned(), "new_in_next_version".to_owned()];
    assert_eq!(unclassed(names(), function), ["new_in_next_version"]);
    let names = || ["fts5".to_owned(), "new_in_next_version".to_owned()];
    assert_eq!(unclassed(names(), module), ["new_in_next_version"]);
}

#[test]
fn our_own_functions_are_allowed_and_letter_case_does_not_matter() {
    for name in FUNCTIONS.iter().map(|own| own.name).chain([SINGLE]) {
        assert_eq!(function(name), Some(Class::Allowed), "{name}");
    }
    assert!(matches!(function("LOAD_Extension"), Some(Class::Refused(_))));
    assert!(matches!(module("pragma_user_version"), Some(Class::Refused(_))));
}
