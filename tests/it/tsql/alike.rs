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
