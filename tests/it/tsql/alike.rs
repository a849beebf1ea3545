//! Plain SQL, which both engines read alike, answers the same directly and through the layer.

use chatdb::query::Dialect;

use super::{put, store};

/// Statements in the SQL that the two engines share. What they do differently is not in them.
const PLAIN: &str = "
select 1
select 1 as a, 2 as b
select 'a' as t, null as n
select 1 + 2 * 3 as x
select (1 + 2) * 3 as x
select 7 / 2 as a, 7 % 2 as b, -7 / 2 as c
select 1.5 as x
select -id as m from staff order by id
select id from staff order by id
select id, grade from staff order by id desc
select * from tag order by chat_id, word
select s.* from tag s order by s.chat_id, s.word
select s.id from staff s where s.id = 1
select id from staff where id <> 1 order by id
select id from staff where id < 3 order by id
select id from staff where id <= 3 and id >= 2 order by id
select id from staff where id > 1 or grade = 7 order by id
select id from staff where not id = 1 order by id
select id from staff where not (id = 1 or id = 2) order by id
select id from staff where boss is null order by id
select id from staff where boss is not null order by id
select id from staff where id in (1, 3) order by id
select id from staff where id not in (1, 3) order by id
select id from staff where id between 2 and 3 order by id
select id from staff where id not between 2 and 3 order by id
select id from staff where boss in (1, null) order by id
select id from staff where boss = null
select id from staff where grade * 2 = 10 order by id
select id from staff where grade + id > 7 order by id
select id from staff where grade - 5 = 0 order by id
select id from staff where id % 2 = 0 order by id
select id from staff where badge = 1003
select badge + 1 as b from staff where badge is not null order by id
select count(*) as n from staff
select count(grade) as n from staff
select count(distinct grade) as n from staff
select max(grade) as a, min(grade) as b from staff
select max(hired) as a, min(hired) as b from staff
select grade, count(*) as n from staff group by grade order by grade
select grade, count(*) as n from staff where id > 1 group by grade order by grade
select grade, count(*) as n from staff group by grade having count(*) > 1 order by grade
select boss, grade, count(*) as n from staff group by boss, grade order by boss, grade
select grade + 1 as g, count(*) as n from staff group by grade + 1 order by g
select distinct grade from staff order by grade
select distinct boss, grade from staff order by boss, grade
select a.id, b.id as other from staff a, staff b where a.boss = b.id order by a.id
select a.id, b.id as other from staff a join staff b on a.boss = b.id order by a.id
select a.id, b.id as other from staff a inner join staff b on a.boss = b.id and b.id > 1 order by a.id
select a.id, b.id as other from staff a left join staff b on a.boss = b.id order by a.id
select a.id, b.id as other from staff a left outer join staff b on a.boss = b.id where b.id is null order by a.id
select a.id, b.id as other from staff a right join staff b on a.boss = b.id order by b.id, a.id
select a.id, b.id as other from staff a full join staff b on a.boss = b.id order by a.id, b.id
select a.id, b.id as other from staff a cross join staff b where a.id = b.id order by a.id
select a.id, t.chat_id as tagged from staff a join chat c on c.staff_id = a.id left join tag t on t.chat_id = c.chat_id
select id from staff where exists (select 1 from chat where staff_id = id) order by id
select id from staff where not exists (select 1 from chat where staff_id = id) order by id
select id from staff where id in (select staff_id from chat) order by id
select id from staff where id not in (select staff_id from chat where staff_id is not null) order by id
select id, (select count(*) from chat where staff_id = id) as n from staff order by id
select id, (select max(chat_id) from chat where staff_id = id) as n from staff order by id
select d.id from (select id from staff where id > 2) d order by d.id
select d.n from (select count(*) as n, grade from staff group by grade) d where d.grade = 5
select id from staff union select chat_id from chat order by id
select id from staff union all select id from staff order by id
select id from staff except select staff_id from chat order by id
select id from staff intersect select staff_id from chat order by id
select id from staff where id = 1 union select id from staff where id = 2 union all select 9 order by id
with c as (select id from staff where id > 2) select id from c order by id
with c as (select id from staff), d as (select id from c where id < 3) select id from d order by id
with c(n) as (select grade from staff) select max(n) as m from c
with c as (select 1 as n union all select n from c where n > 1) select n from c
select case when id = 1 then 10 else 20 end as x from staff order by id
select case when id = 1 then 10 end as x from staff order by id
select case id when 1 then 10 when 2 then 20 else 30 end as x from staff order by id
select case when grade is null then 0 when grade > 5 then 1 else 2 end as x from staff order by id
select coalesce(boss, 0) as b from staff order by id
select coalesce(boss, grade, id) as b from staff order by id
select nullif(grade, 5) as g from staff order by id
select cast(id as int) as i from staff order by id
select name from staff where id = 1
select name as n, id from staff order by id
select opened from chat order by opened
select chat_id from chat where opened > '2011-07-12 09:00:00.000' order by chat_id
select chat_id from chat where opened = '2011-07-13 00:00:00.000'
select chat_id from chat where opened between '2011-07-12 08:00:00.000' and '2011-07-12 10:00:00.000' order by chat_id
select chat_id from chat where opened in ('2011-07-12 08:00:00.000', '2011-07-14 12:30:00.000') order by chat_id
select row_number() over (order by id) as n from staff
select id, row_number() over (partition by grade order by id) as n from staff order by id
select id, rank() over (order by grade) as n from staff order by id
select id, dense_rank() over (order by grade desc) as n from staff order by id
select id, ntile(2) over (order by id) as n from staff order by id
select id, lag(id) over (order by id) as n from staff order by id
select id, lead(id, 2) over (order by id) as n from staff order by id
select id, count(*) over (partition by grade) as n from staff order by id
select id, max(id) over (order by id rows between 1 preceding and 1 following) as n from staff order by id
select id, first_value(id) over (order by grade, id) as n from staff order by id
select last_value(id) over (order by id rows between current row and unbounded following) as n from staff
select id from staff order by grade, id
select id from staff order by grade desc, id desc
select id as i from staff order by i
select id, grade from staff order by 2, 1
select id + 0 as x from staff order by x desc
select id from staff where (id = 1 and grade = 7) or (id = 2 and grade = 5) order by id
select id from staff where id = 1 and 1 = 1
select id from staff where 1 = 0
select id from staff where id in (select max(id) from staff)
select a.grade from staff a where a.id = (select max(b.id) from staff b where b.id < 3)
select count(*) as n from staff a, staff b, staff c
select count(*) as n from (select distinct boss from staff) d
select 1 as x where exists (select id from staff)
select [id], [name] from [staff] where [id] = 1
select \"id\" from \"staff\" where \"id\" = 2
select active from staff where active = 1 order by id
select pay from staff where pay > 999.99
select rate from staff where rate < 0
select pay, rate from staff order by id
select rate + 1e0 as r from staff where id = 1
select id from staff where rate is null
select id from staff where pay = 1000.5
select code from staff where id = 3
";

#[test]
fn plain_sql_answers_the_same_directly_and_through_the_layer() {
    let store = store();
    let statements: Vec<&str> = PLAIN.lines().filter(|line| !line.is_empty()).collect();
    assert!(statements.len() > 100, "{} statements", statements.len());
    for text in statements {
        let direct = put(&store, text, Dialect::Sqlite, &[]);
        let through = put(&store, text, Dialect::Tsql, &[]);
        match (direct, through) {
            (Ok(direct), Ok(through)) => assert_eq!(direct, through, "{text}"),
            (direct, through) => panic!("{text}\n  {direct:?}\n  {through:?}"),
        }
    }
}

#[test]
fn plain_sql_rewritten_twice_is_rewritten_once() {
    let mut same = 0;
    for text in PLAIN.lines().filter(|line| !line.is_empty()) {
        let once = super::written(text);
        if once.contains("tsql_") {
            continue;
        }
        assert_eq!(super::written(&once), once, "{text}");
        same += 1;
    }
    assert!(same > 100, "{same} statements");
}

/// Statements of the shapes of SQLite's own sqllogictest: expressions, conditions, groups and subqueries over one
/// table of small whole numbers and NULL, in what the two engines share. Numbers stay far within `int`, and nothing is
/// divided, as both are errors there and none here.
mod made {
    use proptest::prelude::*;
    use proptest::sample::select;

    pub const TABLE: &str = "CREATE TABLE t1 (a INT, b INT, c INT, d INT, e INT)";

    /// Thirty rows of five numbers, each tenth of them NULL.
    pub fn rows() -> String {
        let mut number = 7_u32;
        let mut cell = || {
            number = number.wrapping_mul(1_103_515_245).wrapping_add(12_345) % 2_147_483_648;
            match number / 65_536 % 10 {
                0 => "NULL".to_owned(),
                _ => (number / 655_360 % 60).to_string(),
            }
        };
        let row = |_| format!("({})", [cell(), cell(), cell(), cell(), cell()].join(", "));
        let rows: Vec<String> = (0..30).map(row).collect();
        format!("INSERT INTO t1 VALUES {}", rows.join(", "))
    }

    fn column() -> impl Strategy<Value = String> {
        select(vec!["a", "b", "c", "d", "e"]).prop_map(|name| format!("t1.{name}"))
    }

    fn value() -> BoxedStrategy<String> {
        value_of(true)
    }

    /// SQL Server takes no subquery within an aggregate.
    fn value_of(subqueries: bool) -> BoxedStrategy<String> {
        let leaf = prop_oneof![
            4 => column(),
            2 => (0..60).prop_map(|n: i32| n.to_string()),
            u32::from(subqueries) => select(vec![
                "(select count(*) from t1 as x where x.b < t1.b)",
                "(select max(x.c) from t1 as x)",
                "(select min(x.d) from t1 as x where x.a = t1.e)",
            ])
            .prop_map(str::to_owned),
        ];
        let two = |inner: &BoxedStrategy<String>| (inner.clone(), inner.clone());
        leaf.boxed().prop_recursive(3, 12, 3, move |inner| {
            let inner = inner.boxed();
            prop_oneof![
                two(&inner).prop_map(|(l, r)| format!("({l} + {r})")),
                two(&inner).prop_map(|(l, r)| format!("{l} - ({r})")),
                (inner.clone(), 2..5).prop_map(|(l, n)| format!("({l}) * {n}")),
                inner.clone().prop_map(|v| format!("-({v})")),
                inner.clone().prop_map(|v| format!("abs({v})")),
                two(&inner).prop_map(|(l, r)| format!("coalesce({l}, {r})")),
                two(&inner).prop_map(|(l, r)| format!("nullif({l}, {r})")),
                (two(&inner), inner.clone(), inner.clone()).prop_map(|((l, r), then, other)| {
                    format!("case when {l} < {r} then {then} when {l} = 9 then 1 else {other} end")
                }),
                (column(), two(&inner))
                    .prop_map(|(of, (l, r))| format!("case {of} when 7 then {l} when 8 then {r} end")),
            ]
            .boxed()
        })
        .boxed()
    }

    fn condition() -> BoxedStrategy<String> {
        let signs = select(vec!["=", "<>", "<", "<=", ">", ">="]);
        let leaf = prop_oneof![
            (value(), signs, value()).prop_map(|(l, sign, r)| format!("{l} {sign} {r}")),
            (value(), value(), value()).prop_map(|(v, l, r)| format!("{v} between {l} and {r}")),
            (value(), value(), value())
                .prop_map(|(v, l, r)| format!("{v} not between {l} and {r}")),
            (value(), 0..60, 0..60).prop_map(|(v, l, r)| format!("{v} in ({l}, {r}, 30)")),
            (value(), 0..60).prop_map(|(v, l)| format!("{v} not in ({l}, null)")),
            (column(), 0..60)
                .prop_map(|(v, l)| format!("{v} in (select x.a from t1 as x where x.b > {l})")),
            value().prop_map(|v| format!("{v} is null")),
            value().prop_map(|v| format!("{v} is not null")),
            column().prop_map(|v| format!("exists (select 1 from t1 as x where x.b = {v})")),
        ];
        leaf.boxed()
            .prop_recursive(2, 6, 2, |inner| {
                let two = (inner.clone(), inner.clone());
                prop_oneof![
                    two.clone().prop_map(|(l, r)| format!("({l} and {r})")),
                    two.prop_map(|(l, r)| format!("({l} or {r})")),
                    inner.prop_map(|c| format!("not ({c})")),
                ]
                .boxed()
            })
            .boxed()
    }

    /// A statement whose rows are in one order, but for rows that are equal.
    pub fn statement() -> impl Strategy<Value = String> {
        let sets = select(vec!["union", "union all", "except", "intersect"]);
        let aggregates = select(vec!["count", "sum", "min", "max", "count(distinct"]);
        prop_oneof![
            3 => (select(vec!["", "distinct "]), value(), value(), condition()).prop_map(|(only, x, y, c)| {
                format!("select {only}{x} as x, {y} as y from t1 where {c} order by 1, 2")
            }),
            2 => (aggregates.clone(), value_of(false), condition()).prop_map(|(of, v, c)| {
                let open = if of.ends_with("distinct") { " " } else { "(" };
                format!("select {of}{open}{v}) as n, count(*) as m from t1 where {c}")
            }),
            2 => (column(), aggregates, value_of(false), 0..3).prop_map(|(by, of, v, n)| {
                let open = if of.ends_with("distinct") { " " } else { "(" };
                format!("select {by} as g, {of}{open}{v}) as n from t1 group by {by} having count(*) > {n} order by 1")
            }),
            1 => (value(), sets, value(), condition()).prop_map(|(l, set, r, c)| {
                format!("select {l} as x from t1 {set} select {r} from t1 where {c} order by 1")
            }),
            2 => (select(vec!["join", "left join", "full join"]), condition(), condition()).prop_map(|(join, on, c)| {
                format!(
                    "select t1.a as x, y.b as y, y.c as z from t1 {join} t1 as y on t1.a = y.b and {on} where {c} \
                     order by 1, 2, 3"
                )
            }),
        ]
    }
}

/// The table of [`made`].
fn table_of_numbers() -> chatdb::store::Store {
    let store = store();
    let script = format!("{};\n{};", made::TABLE, made::rows());
    store.run_own("t1.sql", &script, &[]).expect("a table");
    store
}

#[test]
fn made_up_statements_answer_the_same_directly_and_through_the_layer() {
    let store = table_of_numbers();
    let config = proptest::test_runner::Config {
        cases: 250,
        failure_persistence: None,
        ..Default::default()
    };
    // The same statements each time: a failure is one for everybody.
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let rows = std::cell::Cell::new(0);
    let outcome = runner.run(&made::statement(), |text| {
        let direct = put(&store, &text, Dialect::Sqlite, &[]).expect(&text);
        let through = put(&store, &text, Dialect::Tsql, &[]);
        rows.set(rows.get() + direct.split("; ").filter(|row| !row.is_empty()).count());
        proptest::prop_assert_eq!(
            through.map_err(|error| error.to_string()),
            Ok(direct),
            "{}",
            text
        );
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert!(rows.get() > 1000, "{} rows are compared", rows.get());
}

#[test]
fn made_up_statements_rewritten_twice_are_rewritten_once() {
    let store = table_of_numbers();
    let catalog = store.catalog().expect("a catalog");
    let config = proptest::test_runner::Config {
        cases: 250,
        failure_persistence: None,
        ..Default::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let same = std::cell::Cell::new(0);
    let rewritten = |text: &str| {
        let script = chatdb::sql::tsql::translate(text, &catalog, &[]).expect(text);
        script.steps[0].statement.sql().to_owned()
    };
    let outcome = runner.run(&made::statement(), |text| {
        let once = rewritten(&text);
        if !once.contains("tsql_") {
            proptest::prop_assert_eq!(rewritten(&once), once.clone(), "{}", text);
            same.set(same.get() + 1);
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert!(same.get() > 15, "{} statements", same.get());
}
