//! The work of rewriting is bounded: adversarial texts of n, 2n and 4n parts take steps that grow with their length,
//! or are refused before they have cost more than a fixed number of steps.

use chatdb::sql::functions::{Value, call};
use chatdb::sql::guard::limits::MAX_REWRITE_STEPS;
use chatdb::sql::tsql::{self, steps_of};

use super::store;

type Shape = fn(usize) -> String;

/// Texts whose rewriting once grew faster than they do, or would if an operand were written twice.
const SHAPES: &[(&str, Shape)] = &[
    ("* over queries that select *", |n| {
        let more: Vec<String> =
            (1..n).map(|i| format!("c{i} AS (SELECT * FROM c{} x, c{} y)", i - 1, i - 1)).collect();
        format!("WITH c0 AS (SELECT 1 a, 2 b), {} SELECT * FROM c{}", more.join(", "), n - 1)
    }),
    ("renamed columns of both sides", |n| {
        let more: Vec<String> = (1..n)
            .map(|i| {
                let list = |side: &str| format!("{side}.a + {side}.a AS {side}a");
                let p = i - 1;
                format!("c{i} AS (SELECT {}, {} AS a FROM c{p} x, c{p} y)", list("x"), "x.a + y.a")
            })
            .collect();
        format!("WITH c0 AS (SELECT 1 a), {} SELECT a FROM c{}", more.join(", "), n - 1)
    }),
    ("an expression that APPLY names", |n| {
        let more: Vec<String> = (1..n)
            .map(|i| format!("CROSS APPLY (SELECT t{0}.a + t{0}.a AS a) t{i}", i - 1))
            .collect();
        format!("SELECT 1 FROM (SELECT 1 AS a) t0 {}", more.join(" "))
    }),
    ("exclusive or", |n| format!("SELECT {}1", "1 ^ ".repeat(n))),
    ("squares of squares", |n| format!("SELECT {}1{}", "SQUARE(".repeat(n), ")".repeat(n))),
    ("a simple CASE of several types", |n| {
        let whens: String = (0..n).map(|i| format!(" WHEN {i} THEN 1 WHEN '{i}' THEN 2")).collect();
        format!("SELECT CASE CONCAT('a', 'b'){whens} END")
    }),
    ("a long value in a long list", |n| {
        format!("SELECT 1 WHERE '{}' IN (1, {}'2')", "x".repeat(n * 50), "'1', ".repeat(n * 10))
    }),
    ("TOP PERCENT within TOP PERCENT", |n| {
        let n = n.min(40);
        format!(
            "{}SELECT 1 AS a{}",
            "SELECT TOP 5 PERCENT * FROM (".repeat(n),
            ") t ORDER BY a".repeat(n)
        )
    }),
    ("IN within IN, with conversions", |n| {
        let n = n.min(40);
        format!(
            "SELECT 1 WHERE 1{} (SELECT '1'){}",
            " IN (SELECT '1' WHERE 1".repeat(n) + " IN",
            ")".repeat(n)
        )
    }),
    ("UNION within UNION, of several types", |n| {
        let n = n.min(40);
        format!("{}SELECT 1{}", "SELECT 'a' UNION (".repeat(n), ")".repeat(n))
    }),
    ("a sum of many", |n| format!("SELECT {}1", "1 + ".repeat(n * 10))),
    ("many conditions", |n| format!("SELECT 1 WHERE {}1 = 1", "1 = 1 OR ".repeat(n * 10))),
    ("many unknown variables", |n| format!("SELECT {}1", "@a, ".repeat(n * 100))),
    ("many variables", |n| (0..n * 100).map(|i| format!("DECLARE @v{i} int = {i}; ")).collect()),
    ("many tables", |n| {
        let list: Vec<String> = (0..n * 10).map(|i| format!("(SELECT 1 AS a) t{i}")).collect();
        format!("SELECT 1 FROM {}", list.join(", "))
    }),
    ("many groupings", |n| {
        let list = vec!["a"; n * 100].join(", ");
        format!("SELECT {list} FROM (SELECT 1 AS a) t GROUP BY {list}")
    }),
    ("a wide PIVOT", |n| {
        let list: Vec<String> = (0..n * 20).map(|i| format!("[{i}]")).collect();
        format!(
            "SELECT * FROM (SELECT 1 AS a, 2 AS b) t PIVOT (SUM(a) FOR b IN ({})) p",
            list.join(", ")
        )
    }),
    ("ROLLUP within ROLLUP", |n| {
        let n = n.min(20);
        let open = "SELECT a FROM (".repeat(n);
        format!("{open}SELECT 1 AS a{}", ") t GROUP BY ROLLUP(a)".repeat(n))
    }),
    ("FOR XML within FOR XML", |n| {
        let n = n.min(20);
        let open = "SELECT (SELECT DISTINCT 'x' + (".repeat(n);
        format!("{open}SELECT 'a'{}", ") FOR XML PATH(''))".repeat(n))
    }),
    ("IF within IF", |n| format!("{}SELECT 1", "IF 1 = 1 ".repeat(n))),
    ("BEGIN within BEGIN", |n| format!("{}SELECT 1{}", "BEGIN ".repeat(n), " END".repeat(n))),
    ("loops one after the other", |n| "WHILE 1 = 1 BEGIN BREAK END ".repeat(n)),
    ("AVG of AVG over windows", |n| {
        let n = n.min(40);
        format!("SELECT {}1{}", "AVG(".repeat(n), ") OVER ()".repeat(n))
    }),
    ("BETWEEN within BETWEEN", |n| {
        let n = n.min(10);
        let open = "CASE WHEN ".repeat(n);
        format!("SELECT {open}'1'{}", " BETWEEN 1 AND '2' THEN 1 END".repeat(n))
    }),
];

/// The steps of a shape at n, 2n and 4n: linear, or stopped at the limit.
fn grows(shape: Shape, n: usize) -> Result<(), String> {
    let catalog = store().catalog().expect("a catalog");
    let steps = [n, 2 * n, 4 * n].map(|n| steps_of(&shape(n), &catalog).max(1));
    // One part more may pass the limit before it is seen.
    let bounded = steps.iter().all(|steps| *steps <= MAX_REWRITE_STEPS + MAX_REWRITE_STEPS / 10);
    // Of a chain the beginning is copied with each of its parts, of which there are a few thousand at most.
    let shallow = steps.windows(2).all(|pair| pair[1] <= 5 * pair[0] + 100_000);
    if bounded && (shallow || steps[2] >= MAX_REWRITE_STEPS) {
        Ok(())
    } else {
        Err(format!("{steps:?}"))
    }
}

#[test]
fn the_work_of_rewriting_is_bounded() {
    let mut wrong = String::new();
    for (name, shape) in SHAPES {
        if let Err(steps) = grows(*shape, 30) {
            wrong.push_str(&format!("{name}: {steps}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What a text may repeat from its first byte to its last, between bars.
const RUNS: &str = "()|(|)|[|[a]|{|''|N'a' |\"\"|;|1,|@a |@a,|#a |a.|a |1 |1e|0x|- |--|--\n|/* |/**/|\r\n|1+|* |= |x(|\
    CASE |NOT |BEGIN |BEGIN END |END |ELSE |IF 1=1 |WHILE 1=1 |SELECT |SELECT 1 |WITH |WITH ROLLUP |WITH (|\
    ON [PRIMARY] |OVER (|UNION ALL |JOIN |AS |AND |OR 1=1 |TOP |FROM |INSERT |VALUES |EXISTS(|CAST(|OPTION (|\
    GROUPING SETS (|GROUPING SETS ((),|GROUP BY a WITH CUBE |DECLARE @a int |SET @a=1 |PRINT 1 |GO\n|\
    CREATE TABLE #t (|UPDATE |DELETE |é";

#[test]
fn a_long_run_of_any_token_is_read_in_one_pass() {
    let catalog = store().catalog().expect("a catalog");
    let mut wrong = String::new();
    for run in RUNS.split('|') {
        for begin in ["", "SELECT 1 WHERE 1 IN ("] {
            let steps =
                [1, 2, 4].map(|n| steps_of(&format!("{begin}{}", run.repeat(n * 1000)), &catalog));
            // What is refused for its length costs less, not more.
            let (second, third) =
                (steps[1].saturating_sub(steps[0]), steps[2].saturating_sub(steps[1]));
            if third > 3 * second + 500_000 {
                wrong.push_str(&format!("{begin}{run}: {steps:?}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A CASE within a CASE within a CASE, each written as often as it is compared.
fn cases_within_cases(deep: usize) -> String {
    let whens =
        " WHEN 1 THEN 'a' WHEN 2 THEN 'b' WHEN 3 THEN 'c' WHEN 4 THEN 'd' WHEN 5 THEN 'e' END";
    format!("SELECT {}'1'{}", "CASE ".repeat(deep), whens.repeat(deep))
}

#[test]
fn work_without_a_bound_would_be_found() {
    let catalog = store().catalog().expect("a catalog");
    let steps = [2, 4].map(|deep| steps_of(&cases_within_cases(deep), &catalog));
    assert!(steps[1] > 15 * steps[0], "{steps:?}");
    let steps = steps_of(&cases_within_cases(10), &catalog);
    assert!(steps <= MAX_REWRITE_STEPS + MAX_REWRITE_STEPS / 10, "{steps}");
}

#[test]
fn what_is_too_large_is_refused_by_name() {
    let catalog = store().catalog().expect("a catalog");
    let refused =
        |text: &str| tsql::translate(text, &catalog, &[]).expect_err("too large").to_string();
    assert_eq!(
        refused(&cases_within_cases(10)),
        "1:726: part of this becomes more than 4000000 bytes of SQL"
    );
    assert_eq!(
        refused("WITH a AS (SELECT 1 x), b AS (SELECT * FROM a p, a q) SELECT * FROM b"),
        "1:38: two columns of `b` are called `x`"
    );
    let wide = format!("SELECT {}1", "1, ".repeat(5000));
    assert_eq!(refused(&wide), "1:12296: more than 4096 columns, which is SQL Server's limit too");
    let tables: Vec<String> = (0..300).map(|i| format!("staff t{i}")).collect();
    let error = refused(&format!("SELECT 1 FROM {}", tables.join(", ")));
    assert!(
        error.ends_with("more than 256 tables in one FROM, which is SQL Server's limit too"),
        "{error}"
    );
}

/// Sizes at and beyond what fits into 16 bits, the limits of the functions and SQLite's.
const SIZES: [usize; 9] = [0, 1, 400, 401, 8000, 65_535, 65_536, 70_000, 1_000_000];

#[test]
fn a_size_from_outside_makes_no_function_panic() {
    let text = |text: String| Value::Text(text);
    let whole = |n: usize| Value::Integer(i64::try_from(n).expect("small"));
    for size in SIZES {
        for sign in ["0", "#", "#,", ".0", "0.", "9", "a", "y", "'", "f", "%", "N", "E0"] {
            for kind in ["int", "float", "decimal(38,20)", "datetime"] {
                let value = if kind == "datetime" {
                    text("2011-07-12 14:49:55.000".to_owned())
                } else {
                    Value::Real(-1234.5)
                };
                let pattern = text(sign.repeat(size));
                let _ = call("tsql_format", &[value.clone(), pattern, text(kind.to_owned())]);
                for letter in ["N", "F", "D", "P", "C", "E", "X"] {
                    let pattern = text(format!("{letter}{size}"));
                    let _ = call("tsql_format", &[value.clone(), pattern, text(kind.to_owned())]);
                }
            }
        }
        let long = text("x".repeat(size));
        let digits = text("9".repeat(size));
        for (name, arguments) in [
            ("tsql_str", vec![Value::Real(1e300), whole(size), whole(size)]),
            ("tsql_str", vec![Value::Real(0.1), whole(size), whole(16)]),
            ("tsql_space", vec![whole(size)]),
            ("tsql_replicate", vec![long.clone(), whole(size), whole(8000)]),
            ("tsql_replicate", vec![text("x".to_owned()), whole(size), whole(10_000_000)]),
            (
                "tsql_convert",
                vec![text(format!("char({size})")), whole(size), text("int".to_owned())],
            ),
            (
                "tsql_convert",
                vec![text(format!("nchar({size})")), long.clone(), text("varchar(max)".to_owned())],
            ),
            (
                "tsql_convert",
                vec![
                    text("decimal(38,38)".to_owned()),
                    digits.clone(),
                    text("varchar(max)".to_owned()),
                ],
            ),
            (
                "tsql_convert",
                vec![text("int".to_owned()), digits.clone(), text("varchar(max)".to_owned())],
            ),
            (
                "tsql_convert",
                vec![text("datetime".to_owned()), digits.clone(), text("varchar(max)".to_owned())],
            ),
            (
                "tsql_round",
                vec![Value::Real(1e300), whole(size), whole(0), text("float".to_owned())],
            ),
            ("tsql_stuff", vec![long.clone(), whole(size), whole(size), long.clone()]),
            ("tsql_substring", vec![long.clone(), whole(size), whole(size)]),
            ("tsql_left", vec![long.clone(), whole(size)]),
            ("tsql_quotename", vec![long.clone()]),
            ("tsql_eomonth", vec![text("2011-07-12".to_owned()), whole(size)]),
        ] {
            assert!(call(name, &arguments).is_some(), "{name} is not there");
        }
    }
}

#[test]
fn a_pattern_with_more_digits_than_there_are_is_padded_or_refused() {
    let format = |pattern: &str| {
        let arguments =
            [Value::Real(1.5), Value::Text(pattern.to_owned()), Value::Text("float".to_owned())];
        call("tsql_format", &arguments).expect("it is there").map_err(|error| error.to_string())
    };
    assert_eq!(format("N25"), Ok(Value::Text(format!("1.5{}", "0".repeat(24)))));
    assert_eq!(format("N100"), Err("FORMAT with the pattern 'N100' is not supported".to_owned()));
    let zeros = "0".repeat(65_536);
    assert_eq!(
        format(&zeros),
        Err(format!("FORMAT with the pattern '{}' is not supported", "0".repeat(100)))
    );
}
