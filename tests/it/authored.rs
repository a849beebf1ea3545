//! Which columns of an answer its author has computed: by their places, answer by answer.

use chatdb::privacy::{Classes, Key, Redactor, mark_computed};
use chatdb::report::{CHANGED, Listing, Report};
use chatdb::sql::authored::authored;
use chatdb::table::{Cell, Column, Kind, ResultTable};

/// The columns of each answer to a query, those with a star that are the author's own.
fn marked(sql: &str, answers: &[&str]) -> Vec<String> {
    let listing = |names: &&str| Listing {
        title: "Result".to_owned(),
        table: ResultTable {
            columns: (names.split(',')).map(|name| Column::new(name, Kind::Text)).collect(),
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
            "SELECT STUFF(CASE WHEN full_name = 'x' THEN '; a' ELSE '' END + '; b', 1, 2, '') AS a, \
             STUFF(full_name, 1, 2, '; b') AS b, SUSER_SNAME() AS c FROM u",
            &["a,b,c"],
            &["a*,b,c"],
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
        ("SELECT a, b FROM (SELECT COUNT(*), MAX(full_name) FROM u) x(a, b)", &["a,b"], &["a*,b"]),
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
        // Which query gives an answer is not known by its place where an IF decides it, but by the name.
        (
            "DECLARE @i int = 0; WHILE @i < 2 BEGIN IF @i = 1 SELECT 0 AS s ELSE SELECT full_name AS s FROM u; SET \
             @i += 1 END",
            &["s", "s"],
            &["s", "s"],
        ),
        (
            "IF 1 = 0 SELECT 0 AS n, id FROM u ELSE SELECT COUNT(*) AS n, id FROM u GROUP BY id",
            &["n,id"],
            &["n*,id"],
        ),
        (
            "IF 1 = 0 SELECT 0 ELSE SELECT COUNT(*) FROM u; SELECT id FROM u",
            &[NONE, "id"],
            &["(No column name)*", "id"],
        ),
        (
            "IF 1 = 0 SELECT 0 ELSE SELECT full_name + '' FROM u; SELECT id FROM u",
            &[NONE, "id"],
            &[NONE, "id"],
        ),
        (
            "WHILE 1 = 1 SELECT COUNT(*) OVER () AS n, * FROM u",
            &["n,id", "n,id"],
            &["n*,id", "n*,id"],
        ),
        (
            "DROP TABLE IF EXISTS #a; SELECT 0 AS n; SELECT full_name AS n FROM u",
            &["n", "n"],
            &["n*", "n"],
        ),
        // A column that is filled later is what it is filled with.
        (
            "SELECT id, CAST('' AS nvarchar(9)) AS w INTO #x FROM u; UPDATE x SET w = u.full_name FROM #x x JOIN u \
             ON 1 = 1; SELECT w, id FROM #x",
            &["w,id"],
            &["w,id"],
        ),
        (
            "SELECT '' AS s, 0 AS n INTO #x; INSERT #x SELECT full_name, COUNT(*) FROM u GROUP BY full_name; SELECT \
             s, n FROM #x",
            &["s,n"],
            &["s,n*"],
        ),
        (
            "SELECT '' AS s, 0 AS n INTO #x; INSERT #x (n, s) SELECT COUNT(*), 'none' FROM u; SELECT s, n FROM #x",
            &["s,n"],
            &["s*,n*"],
        ),
        (
            "SELECT '' AS s INTO #x; SELECT s AS t INTO #y FROM #x; INSERT #y SELECT full_name FROM u; SELECT \
             UPPER(t) AS t FROM #y",
            &["t"],
            &["t"],
        ),
        (
            "SELECT '' AS s INTO #x; SELECT full_name AS f INTO #y FROM u; DELETE #y OUTPUT deleted.f INTO #x; \
             SELECT s FROM #x",
            &["s"],
            &["s"],
        ),
        (
            "SELECT '' AS s, 0 AS n INTO #x; WITH c AS (SELECT * FROM #x) UPDATE c SET s = (SELECT MAX(full_name) \
             FROM u), n = 2; SELECT s, n FROM #x",
            &["s,n"],
            &["s,n*"],
        ),
        (
            "WITH r AS (SELECT '' AS a, '' AS b, 1 AS n UNION ALL SELECT b, full_name, n + 1 FROM r JOIN u ON n < \
             4) SELECT a, n FROM r",
            &["a,n"],
            &["a,n*"],
        ),
        // Where answers are not those of the queries, none is marked.
        ("SELECT COUNT(*) AS n FROM u", &["n", "n"], &["n", "n"]),
        ("SELECT COUNT(*) AS n FROM u", &["full_name"], &["full_name"]),
    ] {
        assert_eq!(marked(sql, answers), shown, "{sql}");
    }
}

#[test]
fn the_list_of_changes_is_no_answer() {
    let listing = |title: &str| Listing {
        title: title.to_owned(),
        table: ResultTable { columns: vec![Column::new("n", Kind::Integer)], rows: Vec::new() },
        remarks: Vec::new(),
    };
    let mut listings = [listing("Result"), listing(CHANGED)];
    mark_computed(&authored("DELETE FROM #t; SELECT COUNT(*) AS n FROM u", true), &mut listings);
    let own = listings.map(|listing| listing.table.columns[0].own);
    assert_eq!(own, [true, false]);
}

/// What each column of the answers comes from: `name<column+column`.
fn origins(sql: &str, is_tsql: bool, answers: &[&str]) -> Vec<String> {
    let listing = |names: &&str| Listing {
        title: "Result".to_owned(),
        table: ResultTable {
            columns: (names.split(',')).map(|name| Column::new(name, Kind::Text)).collect(),
            rows: Vec::new(),
        },
        remarks: Vec::new(),
    };
    let mut listings: Vec<Listing> = answers.iter().map(listing).collect();
    mark_computed(&authored(sql, is_tsql), &mut listings);
    let shown = |listing: &Listing| {
        let columns = listing.table.columns.iter();
        let columns = columns.map(|column| format!("{}<{}", column.name, column.from.join("+")));
        columns.collect::<Vec<_>>().join(",")
    };
    listings.iter().map(shown).collect()
}

/// Queries, the headings of their answers, and what each column comes from.
const ORIGINS: &[(&str, &str, &str)] = &[
    ("SELECT subject AS s FROM a", "s", "s<subject"),
    ("SELECT s = subject, id FROM a", "s,id", "s<subject,id<id"),
    ("SELECT x.subject s FROM db.dbo.a x", "s", "s<subject"),
    ("SELECT UPPER(LEFT(subject, 3)) + city AS s FROM a", "s", "s<city+subject"),
    ("SELECT CASE WHEN subject = 'x' THEN city ELSE 'none' END s FROM a", "s", "s<city"),
    ("SELECT LEN(subject) n, COUNT(subject) c, SUM(phone) t FROM a", "n,c,t", "n<,c<,t<phone"),
    ("SELECT MIN(subject) OVER (PARTITION BY city) m FROM a", "m", "m<subject"),
    ("SELECT FIRST_VALUE(subject) OVER (ORDER BY id) f FROM a", "f", "f<subject"),
    ("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY phone) OVER () p FROM a", "p", "p<phone"),
    ("SELECT IIF(subject IS NULL, 'none', city) s FROM a", "s", "s<city"),
    ("WITH c(x, y) AS (SELECT id, subject FROM a) SELECT y, x FROM c", "y,x", "y<subject,x<id"),
    ("WITH c AS (SELECT subject AS s FROM a) SELECT d.s AS t FROM c d", "t", "t<subject"),
    ("WITH c AS (SELECT subject AS s, id FROM a) SELECT * FROM c", "s,id", "s<subject,id<id"),
    ("WITH c AS (SELECT subject AS s FROM a) SELECT c.*, b.* FROM c, b", "s,n", "s<subject,n<"),
    (
        "WITH r AS (SELECT subject AS s, 1 AS n FROM a UNION ALL SELECT s, n + 1 FROM r) SELECT s, n FROM r",
        "s,n",
        "s<subject,n<",
    ),
    (
        "SELECT q.s FROM (SELECT subject AS s FROM a UNION ALL SELECT city FROM b) q",
        "s",
        "s<city+subject",
    ),
    ("SELECT x.s FROM a CROSS APPLY (SELECT a.subject AS s) x", "s", "s<subject"),
    (
        "SELECT x.s FROM (SELECT subject AS t FROM a) d CROSS APPLY (SELECT d.t AS s) x",
        "s",
        "s<subject",
    ),
    ("SELECT v.s FROM a CROSS APPLY (VALUES (subject), (city)) v(s)", "s", "s<city+subject"),
    ("SELECT value AS w FROM a CROSS APPLY STRING_SPLIT(subject, ' ')", "w", "w<subject+value"),
    (
        "SELECT j.v FROM a CROSS APPLY OPENJSON(subject) WITH (v varchar(9) '$.v') j",
        "v",
        "v<subject+v",
    ),
    ("SELECT u.t AS s FROM a UNPIVOT (t FOR k IN (subject, city)) u", "s", "s<city+subject"),
    (
        "SELECT [1] AS s FROM (SELECT id, subject AS t FROM a) q PIVOT (MAX(t) FOR id IN ([1], [2])) p",
        "s",
        "s<subject",
    ),
    ("SELECT (SELECT TOP 1 subject FROM a) AS s", "s", "s<subject"),
    (
        "SELECT STUFF((SELECT ',' + subject FROM a FOR XML PATH('')), 1, 1, '') AS s",
        "s",
        "s<subject",
    ),
    ("SELECT subject AS s INTO #t FROM a; SELECT s FROM #t", "s", "s<subject"),
    (
        "CREATE TABLE #t (n int, s varchar(9)); INSERT #t SELECT id, subject FROM a; SELECT s, n FROM #t",
        "s,n",
        "s<subject,n<id",
    ),
    (
        "DECLARE @t TABLE (n int, s varchar(9)); INSERT @t (s) SELECT subject FROM a; SELECT * FROM @t",
        "n,s",
        "n<,s<subject",
    ),
    (
        "CREATE TABLE #t (s varchar(9)); UPDATE t SET s = a.subject FROM #t t JOIN a ON 1 = 1; SELECT s FROM #t",
        "s",
        "s<subject",
    ),
    ("SELECT subject AS s INTO #t FROM a; DELETE #t OUTPUT deleted.s AS o", "o", "o<subject"),
    ("DECLARE @v varchar(9); SELECT @v = subject FROM a; SELECT @v AS s", "s", "s<subject"),
    (
        "DECLARE @v varchar(9) = (SELECT subject FROM a); SET @v += 'x'; SELECT @v AS s",
        "s",
        "s<subject",
    ),
    ("SELECT 's' = subject, N't' = city FROM a", "s,t", "s<subject,t<city"),
    ("DECLARE @v varchar(9) = ''; SELECT @v += subject FROM a; SELECT @v AS s", "s", "s<subject"),
    (
        "SELECT 0 AS n, '' AS s INTO #t; INSERT #t (s, n) SELECT subject, 1 FROM a; SELECT n, s FROM #t",
        "n,s",
        "n<,s<subject",
    ),
    (
        "ALTER TABLE #t ADD s varchar(9); INSERT #t SELECT subject FROM a; SELECT * FROM #t",
        "s",
        "s<subject",
    ),
    (
        "WITH r(a, b, c, d, n) AS (SELECT '', '', '', '', 1 UNION ALL SELECT b, c, d, subject, n + 1 FROM r JOIN t \
         ON n < 9) SELECT a, n FROM r",
        "a,n",
        "a<subject,n<",
    ),
    (
        "WITH r AS (SELECT '' AS a, '' AS b UNION ALL SELECT b, subject FROM r JOIN t ON 1 = 1 UNION ALL SELECT b, \
         a FROM r) SELECT a FROM r",
        "a",
        "a<subject",
    ),
    (
        "DECLARE @a varchar(9), @b varchar(9), @c varchar(9), @d varchar(9), @n int; WHILE 1 = 1 BEGIN SET @d = @c; \
         SET @c = @b; SET @b = @a; SELECT @a = subject FROM t; SET @n = @n + 1; END SELECT @d AS s, @n AS n",
        "s,n",
        "s<subject,n<",
    ),
    (
        "SELECT '' AS s INTO #a; SELECT '' AS s INTO #b; SELECT '' AS s INTO #c; WHILE 1 = 1 BEGIN INSERT #c SELECT \
         s FROM #b; INSERT #b SELECT s FROM #a; INSERT #a SELECT subject FROM t END SELECT s FROM #c",
        "s",
        "s<subject",
    ),
];

#[test]
fn a_value_is_what_it_comes_from_whatever_it_is_called() {
    let mut wrong = Vec::new();
    for (sql, names, expected) in ORIGINS {
        let found = origins(sql, true, &[names]);
        if found != [*expected] {
            wrong.push(format!("{sql}\n  expected {expected}\n     found {}", found.join(" // ")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Where answers are not known one by one, a column comes from whatever one of its name does.
#[test]
fn where_the_place_is_not_known_a_column_comes_from_all_it_could() {
    let loops =
        "DECLARE @i int = 0; WHILE @i < 2 BEGIN SELECT subject AS s FROM a; SET @i += 1 END";
    assert_eq!(origins(loops, true, &["s", "s"]), ["s<subject", "s<subject"]);
    let either = "IF 1 = 0 SELECT subject AS s, id AS n FROM a ELSE SELECT city AS S, id AS n FROM a; SELECT '' AS s";
    assert_eq!(origins(either, true, &["s,n", "s"]), ["s<city+subject,n<id", "s<city+subject"]);
    // What cannot be followed to its end within reason comes from whatever it could.
    let handed = |n: u32| format!("SET @v{} = @v{n};", n + 1);
    let variables: String = (0..150).rev().map(handed).collect();
    let endless = format!("{variables} SET @v0 = (SELECT MAX(subject) FROM a) SELECT @v150 AS s");
    assert_eq!(origins(&endless, true, &["s"]), ["s<subject"]);
    let unread = "SELECT subject AS s, 1 AS activity_id FROM a WHERE ) (";
    assert_eq!(origins(unread, false, &["s,activity_id"]), ["s<subject,activity_id<"]);
}

/// A query over one row, the headings and cells of its answer, and the classes of those that are replaced.
type ShownCase = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const SHOWN: &[ShownCase] = &[
    ("SELECT subject AS s FROM a", &[("s", "Help")], &["text"]),
    ("SELECT subject AS activity_id FROM a", &[("activity_id", "4711")], &["text"]),
    ("SELECT SUM(phone_number) AS total FROM a", &[("total", "4711")], &["phone"]),
    ("SELECT phone_number % 1000 AS m FROM a", &[("m", "711")], &["phone"]),
    (
        "SELECT employee_no AS e, SUM(employee_no) AS t FROM a",
        &[("e", "711"), ("t", "711")],
        &["text", "711"],
    ),
    (
        "SELECT COUNT(subject) AS n, LEN(subject) AS l FROM a",
        &[("n", "5"), ("l", "4")],
        &["5", "4"],
    ),
    (
        "SELECT activity_id AS a, 'late' AS w FROM a",
        &[("a", "12345678"), ("w", "late")],
        &["12345678", "late"],
    ),
    (
        "SELECT ISNULL(subject, 'nobody there') AS s FROM a",
        &[("s", "nobody there")],
        &["nobody there"],
    ),
];

#[test]
fn what_names_somebody_is_replaced_whatever_it_is_called() {
    for (sql, cells, expected) in SHOWN {
        let cell =
            |text: &str| text.parse().map_or_else(|_| Cell::Text(text.to_owned()), Cell::Integer);
        let columns = cells.iter().map(|(name, _)| Column::new(*name, Kind::Text));
        let table = ResultTable {
            columns: columns.collect(),
            rows: vec![cells.iter().map(|(_, text)| cell(text)).collect()],
        };
        let mut report = Report {
            listings: vec![Listing { title: "Result".to_owned(), table, remarks: Vec::new() }],
            ..Report::new()
        };
        let redactor = Redactor::new(Key::new([7; Key::BYTES]), Classes::known());
        let done = redactor.of_author(authored(sql, true)).report(&mut report);
        done.expect("there is a key");
        let shown = report.listings[0].table.rows[0].iter().map(ToString::to_string);
        let shown: Vec<String> = shown.collect();
        for (shown, expected) in shown.iter().zip(*expected) {
            let class = shown.split_once('-').map_or(shown.as_str(), |(class, _)| class);
            assert_eq!(class, *expected, "{sql}: {shown}");
        }
    }
}
