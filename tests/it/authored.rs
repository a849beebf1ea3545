//! Which columns of an answer its author has computed: by their places, answer by answer.

use chatdb::privacy::mark_computed;
use chatdb::report::{CHANGED, Listing};
use chatdb::sql::authored::authored;
use chatdb::table::{Column, Kind, ResultTable};

/// The columns of each answer to a query, those with a star that are the author's own.
fn marked(sql: &str, answers: &[&str]) -> Vec<String> {
    let listing = |names: &&str| Listing {
        title: "Result".to_owned(),
        table: ResultTable {
            columns: (names.split(','))
                .map(|name| Column::new(name, Kind::Text))
                .collect(),
            rows: Vec::new(),
        },
        remarks: Vec::new(),
    };
    let mut listings: Vec<Listing> = answers.iter().map(listing).collect();
    mark_computed(&authored(sql, true), &mut listings);
    let shown = |listing: &Listing| {
        let columns = listing.table.columns.iter();
        let star = |own: bool| if own { "*" } else { "" };
        let columns = columns.map(|column| format!("{}{}", column.name, star(column.own)));
        columns.collect::<Vec<_>>().join(",")
    };
    listings.iter().map(shown).collect()
}

const NONE: &str = "(No column name)";

#[test]
fn what_rows_hold_is_never_the_authors_own() {
    let (one, two) = (NONE.to_owned(), format!("{NONE},{NONE}"));
    let operators = ["+", "-", "*", "/", "%", "&", "|", "^"];
    for operator in operators {
        let sql = format!("SELECT full_name {operator} ' ', COUNT(*) FROM u GROUP BY full_name");
        assert_eq!(marked(&sql, &[&two]), [format!("{two}*")], "{sql}");
        let sql = format!("SELECT full_name {operator} ' ' FROM u; SELECT COUNT(*) FROM u");
        let shown = [one.clone(), format!("{one}*")];
        assert_eq!(marked(&sql, &[&one, &one]), shown, "{sql}");
    }
    for (sql, answers, shown) in [
        (
            "SELECT full_name AS [(No column name)], COUNT(*) FROM u GROUP BY full_name",
            &[two.as_str()][..],
            &["(No column name),(No column name)*"][..],
        ),
        (
            "SELECT COUNT(DISTINCT full_name) AS full_name FROM u; SELECT * FROM u",
            &["full_name", "id,full_name"],
            &["full_name*", "id,full_name"],
        ),
        (
            "SELECT full_name FROM u; SELECT full_name = COUNT(*) FROM u",
            &["full_name", "full_name"],
            &["full_name", "full_name*"],
        ),
        (
            "WITH c AS (SELECT COUNT(*) AS full_name FROM u) SELECT u.full_name, c.full_name FROM u, c",
            &["full_name,full_name"],
            &["full_name,full_name*"],
        ),
        (
            "WITH c AS (SELECT full_name, COUNT(*) AS n FROM u GROUP BY full_name) SELECT * FROM c",
            &["full_name,n"],
            &["full_name,n*"],
        ),
        (
            "SELECT x.a FROM (SELECT full_name AS a FROM u UNION ALL SELECT 'none') x",
            &["a"],
            &["a"],
        ),
        (
            "SELECT a, b FROM (SELECT COUNT(*), MAX(full_name) FROM u) x(a, b)",
            &["a,b"],
            &["a*,b"],
        ),
        (
            "SELECT COUNT(*) AS full_name INTO #c FROM u; SELECT full_name FROM u",
            &["full_name"],
            &["full_name"],
        ),
        (
            "DECLARE @n int; SELECT @n = COUNT(*) FROM u; SELECT full_name, @n AS n FROM u",
            &["full_name,n"],
            &["full_name,n"],
        ),
        (
            "SELECT COUNT(*) OVER () AS n, *, LEN(full_name) AS l FROM u",
            &["n,id,full_name,l"],
            &["n*,id,full_name,l*"],
        ),
        // Where answers are not those of the queries, none is marked.
        ("SELECT COUNT(*) AS n FROM u", &["n", "n"], &["n", "n"]),
        (
            "SELECT COUNT(*) AS n FROM u",
            &["full_name"],
            &["full_name"],
        ),
    ] {
        assert_eq!(marked(sql, answers), shown, "{sql}");
    }
}

#[test]
fn the_list_of_changes_is_no_answer() {
    let listing = |title: &str| Listing {
        title: title.to_owned(),
        table: ResultTable {
            columns: vec![Column::new("n", Kind::Integer)],
            rows: Vec::new(),
        },
        remarks: Vec::new(),
    };
    let mut listings = [listing("Result"), listing(CHANGED)];
    mark_computed(
        &authored("DELETE FROM #t; SELECT COUNT(*) AS n FROM u", true),
        &mut listings,
    );
    let own = listings.map(|listing| listing.table.columns[0].own);
    assert_eq!(own, [true, false]);
}
