//! Scripts split into statements.

use chatdb::sql::{named_parameters, split};
use proptest::prelude::*;

/// Splits `script` and shows each statement as `line: text`, or the error.
fn check(script: &str, expect: &[&str]) {
    let found: Vec<_> = match split(script) {
        Ok(statements) => (statements.iter())
            .map(|statement| format!("{}: {}", statement.line, statement.sql))
            .collect(),
        Err(error) => vec![format!("error {error}")],
    };
    assert_eq!(found, expect, "{script:?}");
}

#[test]
fn statements_end_at_semicolons_and_know_their_line() {
    check("", &[]);
    check(" ; ;\n;", &[]);
    check("SELECT 1", &["1: SELECT 1"]);
    check("SELECT 1;SELECT 2;", &["1: SELECT 1", "1: SELECT 2"]);
    check("\n\nSELECT 1\n ;\r\n SELECT\n 2 ; ", &["3: SELECT 1", "5: SELECT\n 2"]);
    check("é;\nü", &["1: é", "2: ü"]);
}

#[test]
fn quotes_keep_their_semicolons() {
    check("SELECT 'a;b''c;';SELECT 2", &["1: SELECT 'a;b''c;'", "1: SELECT 2"]);
    check("SELECT \"a;\"\"b\";SELECT 2", &["1: SELECT \"a;\"\"b\"", "1: SELECT 2"]);
    check("SELECT [a;'b];SELECT 2", &["1: SELECT [a;'b]", "1: SELECT 2"]);
    check("SELECT `a;'`;SELECT 2", &["1: SELECT `a;'`", "1: SELECT 2"]);
    check("SELECT '--', '/*';SELECT 2", &["1: SELECT '--', '/*'", "1: SELECT 2"]);
}

#[test]
fn comments_are_dropped_between_statements_and_kept_within() {
    check("-- a; b\nSELECT 1 -- c;\n+ 2; -- d", &["2: SELECT 1 -- c;\n+ 2"]);
    check("/* a;\n 'b */ SELECT /* ; */ 1 /* c */; /**/", &["2: SELECT /* ; */ 1"]);
    // Comments do not nest.
    check("/* a /* b */ SELECT 1", &["1: SELECT 1"]);
    check("SELECT 1 - -1 / 2 * 3", &["1: SELECT 1 - -1 / 2 * 3"]);
}

#[test]
fn a_trigger_is_one_statement() {
    let trigger = "CREATE TRIGGER t AFTER UPDATE ON a WHEN CASE NEW.x WHEN 1 THEN 1 END BEGIN\n\
                   UPDATE a SET x = CASE WHEN y THEN 1 ELSE 2 END;\n\
                   INSERT INTO b VALUES (NEW.end, ';END;'); -- ; END\n\
                   end";
    check(&format!("{trigger};\nSELECT 1"), &[&format!("1: {trigger}"), "5: SELECT 1"]);
    check(trigger, &[&format!("1: {trigger}")]);
    for start in [
        "create temp trigger",
        "CREATE TEMPORARY TRIGGER",
        "EXPLAIN QUERY PLAN CREATE /**/ TRIGGER",
    ] {
        let sql = format!("{start} t BEFORE DELETE ON a BEGIN SELECT 1; SELECT 2; END");
        check(&format!("{sql};SELECT 3"), &[&format!("1: {sql}"), "1: SELECT 3"]);
    }
    check(
        "CREATE TABLE trigger (a); BEGIN; END; SELECT 1",
        &["1: CREATE TABLE trigger (a)", "1: BEGIN", "1: END", "1: SELECT 1"],
    );
}

#[test]
fn what_is_not_closed_is_refused_where_it_opens() {
    for (quote, close) in [('\'', '\''), ('"', '"'), ('`', '`'), ('[', ']')] {
        check(
            &format!("SELECT 1;\n é {quote}a;b"),
            &[&format!(
                "error 2:4: expected the closing `{close}` of this quote, found the end of the text"
            )],
        );
    }
    check(
        "SELECT 1 /* a /",
        &["error 1:10: expected the closing `*/` of this comment, found the end of the text"],
    );
    check(
        "SELECT 1;\n\nCREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1;",
        &["error 3:1: expected `; END` to close this trigger, found the end of the text"],
    );
}

#[test]
fn parameters_are_named_outside_quotes_and_comments() {
    let names = |sql| named_parameters(sql).iter().map(|named| named.name).collect::<Vec<_>>();
    assert_eq!(
        names("SELECT @a, x=@b_2,@a -- @c\n, '@d', \"@e\", [@f], /* @g */ @@rowcount, @ h"),
        ["a", "b_2", "a"]
    );
    assert_eq!(named_parameters("é @a")[0].offset, 3);
    assert!(names("'@a").is_empty());
}

#[test]
fn a_long_script_is_split_in_linear_time() {
    // Minutes, if every statement looked at the whole script.
    let script = "INSERT INTO t VALUES ('x', [y], 1); -- z\n".repeat(100_000);
    let statements = split(&script).expect("nothing is open");
    assert_eq!(statements.len(), 100_000);
    assert_eq!(statements[99_999].line, 100_000);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text is split or refused; what comes out stands in the text, in order, and is split no further.
    #[test]
    fn any_text_is_split_or_refused(
        script in "(create |trigger |begin |end|;|'|\"|\\[|\\]|`|--|/\\*|\\*/|\n| |@|\\PC){0,40}",
    ) {
        let Ok(statements) = split(&script) else { return Ok(()) };
        let mut rest = script.as_str();
        for statement in statements {
            let at = rest.find(statement.sql).expect("it stands in the text");
            rest = &rest[at + statement.sql.len()..];
            let line = script.lines().nth(statement.line as usize - 1).unwrap_or_default();
            prop_assert!(line.contains(statement.sql.lines().next().unwrap_or_default().trim_end_matches('\r')));
            let again = split(statement.sql).expect("it was closed");
            prop_assert_eq!(again.len(), 1);
            prop_assert_eq!(again[0].sql, statement.sql);
        }
        let _ = named_parameters(&script);
    }
}
