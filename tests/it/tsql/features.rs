//! A table of features: the T-SQL, and SQL Server's answer.

use super::{check, written};

#[test]
fn names_in_any_case_with_any_qualifier() {
    check(&[
        (
            "select [eGActiveDB].[dbo].[STAFF].[NAME] from [eGActiveDB].[dbo].[Staff] where ID = 1",
            "Anna",
        ),
        ("select s.Name from db..staff s where s.iD = 1", "Anna"),
        (
            "select dbo.staff.name from dbo.staff where staff.id = 1",
            "Anna",
        ),
        (
            "USE [eGActiveDB]\nGO\nselect name from staff where id = 1\nGO",
            "Anna",
        ),
        ("select name from staff (nolock) where id = 1", "Anna"),
        ("select name from staff s (nolock) where id = 1", "Anna"),
        (
            "select name from staff with (nolock, index(ix_staff)) where id = 1 option (recompile, maxdop 1)",
            "Anna",
        ),
        (
            "select a.name from staff a JOIN[dbo].[staff] b on a.boss = b.id where b.boss is null order by 1",
            "bert; Cleo",
        ),
        (
            "select a.name from staff a inner hash join staff b on a.boss = b.id where a.id = 4",
            "Dörte",
        ),
        (
            "set nocount on; set transaction isolation level read uncommitted; select 1",
            "1",
        ),
    ]);
}

#[test]
fn columns_are_named_in_every_way() {
    check(&[
        (
            "select x = grade + 1, 'y' = name, z = id from staff where id = 1",
            "8|Anna|1",
        ),
        (
            "select name 'the name', id as [the id] from staff where id = 1",
            "Anna|1",
        ),
        (
            "select s.*, c.chat_id from tag s join chat c on c.chat_id = s.chat_id where word = 'sale'",
            "14|sale|14",
        ),
        (
            "select * from (values (1, 'a'), (2, 'b')) as v(n, t) order by n desc",
            "2|b; 1|a",
        ),
        (
            "select n from (select id, name from staff) as d(i, n) where i = 2",
            "bert",
        ),
    ]);
}

#[test]
fn how_many_rows() {
    check(&[
        ("select top 2 id from staff order by id", "1; 2"),
        ("select top (1 + 1) id from staff order by id desc", "4; 3"),
        (
            "declare @n int = 2; select top (@n) id from staff order by id",
            "1; 2",
        ),
        ("select top (50) percent id from staff order by id", "1; 2"),
        ("select top (1) percent id from staff order by id", "1"),
        (
            "select top 1 with ties id, grade from staff where grade is not null order by grade",
            "2|5; 3|5",
        ),
        (
            "select top 2 with ties team, count(*) n from staff group by team order by count(*)",
            "NULL|1; Blue|1",
        ),
        (
            "select id from staff order by id offset 1 rows fetch next 2 rows only",
            "2; 3",
        ),
        ("select id from staff order by id offset 3 rows", "4"),
        (
            "select id from (select top 1 id from staff order by id desc) d",
            "4",
        ),
        (
            "select top 1 id from staff where id > 2 union all select top 1 id from staff where id = 1",
            "3; 1",
        ),
        (
            "select distinct top 1 grade from staff order by grade desc",
            "7",
        ),
    ]);
}

#[test]
fn text_is_compared_without_case_and_blanks_at_the_end() {
    check(&[
        (
            "select id from staff where team = 'RED' order by id",
            "1; 2",
        ),
        (
            "select id from staff where 'red   ' = team order by id",
            "1; 2",
        ),
        (
            "select id from staff where name in ('BERT', 'cleo') order by id",
            "2; 3",
        ),
        (
            "select id from staff where name between 'b' and 'cz' order by id",
            "2; 3",
        ),
        ("select id from staff where name = 'DÖRTE'", "4"),
        ("select id from staff where name = 'Dorte'", ""),
        (
            "select count(*) from chat a join chat b on a.subject = b.subject and a.chat_id < b.chat_id",
            "1",
        ),
        ("select count(distinct team) from staff", "2"),
        (
            "select team, count(*) from staff group by team order by team",
            "NULL|1; Blue|1; Red|2",
        ),
        (
            "select count(*) from (select distinct subject from chat) d",
            "4",
        ),
        ("select 'a' where 'x' in (select 'X ')", "a"),
        ("select case 'abc' when 'ABC' then 1 else 2 end", "1"),
        ("select nullif('abc', 'ABC')", "NULL"),
        (
            "select count(*) from (select 'a' x union select 'A') d",
            "1",
        ),
        (
            "select count(*) from (select 'a' x union all select 'A') d",
            "2",
        ),
        (
            "select name from staff order by name",
            "Anna; bert; Cleo; Dörte",
        ),
        (
            "select max(name), min(name) from staff where id < 3",
            "bert|Anna",
        ),
        (
            "select id from staff where name collate Latin1_General_CS_AS = 'BERT'",
            "",
        ),
        (
            "select id from staff where name = 'bert' collate Latin1_General_BIN2",
            "2",
        ),
        (
            "select row_number() over (partition by team order by id) from staff where team is not null order by id",
            "1; 2; 1",
        ),
    ]);
}

#[test]
fn null_comes_first_in_ascending_order() {
    check(&[
        ("select id from staff order by team, id", "4; 3; 1; 2"),
        ("select id from staff order by boss desc, id", "4; 2; 3; 1"),
    ]);
}

#[test]
fn plus_follows_the_types() {
    check(&[
        ("select name + '!' from staff where id = 1", "Anna!"),
        ("select 'a' + N'b' + 'c'", "abc"),
        ("select 'a' + null", "NULL"),
        ("select '1' + 1", "2"),
        ("select '1' + '1'", "11"),
        ("select 1 + 2.5", "3.5"),
        ("select grade + badge from staff where id = 1", "1010"),
        (
            "select 'a' + 1",
            "error: line 1: Conversion failed when converting the varchar value 'a' to data type int.",
        ),
        (
            "select hired + 1 from staff where id = 1",
            "2011-07-13 14:49:55.000",
        ),
        (
            "select hired - 1 from staff where id = 1",
            "2011-07-11 14:49:55.000",
        ),
    ]);
}

#[test]
fn whole_numbers_divide_to_whole_numbers() {
    check(&[
        ("select 7 / 2, -7 / 2, 7 % 3, -7 % 3", "3|-3|1|-1"),
        ("select grade / 2 from staff where id = 1", "3"),
        ("select badge / 2 from staff where id = 1", "501.5"),
        ("select 2.0 / 3", "0.666666"),
        (
            "select 1 / 0",
            "error: line 1: Divide by zero error encountered.",
        ),
        (
            "select 1 % (grade - 7) from staff where id = 1",
            "error: line 1: Divide by zero error encountered.",
        ),
        ("select 1e0 / 4", "0.25"),
        (
            "select rate / 4, rate * 3 from staff where id = 1",
            "0.125|1.5",
        ),
        ("select 5.5 % 2", "1.5"),
        ("select 7 & 3, 4 | 1, 6 ^ 3, ~5", "3|5|5|-6"),
    ]);
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    check(&[
        (
            "select 1e308 * 10",
            "error: line 1: Arithmetic overflow error converting expression to data type float.",
        ),
        (
            "select 2147483647 + 1",
            "error: line 1: Arithmetic overflow error converting expression to data type int.",
        ),
        (
            "select 2147483647 + id from staff where id = 1",
            "error: line 1: Arithmetic overflow error converting expression to data type int.",
        ),
        ("select cast(2147483647 as bigint) + 1", "2147483648"),
        ("select grade * 10000 from staff where id = 1", "70000"),
        (
            "select cast(300 as tinyint)",
            "error: line 1: Arithmetic overflow error converting expression to data type tinyint.",
        ),
        ("select try_cast(300 as tinyint)", "NULL"),
        (
            "select cast(123.456 as decimal(4,2))",
            "error: line 1: Arithmetic overflow error converting numeric to data type numeric.",
        ),
        (
            "select sum(x) from (values (2147483647), (1)) v(x)",
            "error: line 1: Arithmetic overflow error converting expression to data type int.",
        ),
    ]);
}

#[test]
fn averages_keep_the_type() {
    check(&[
        (
            "select avg(grade), sum(grade), count(grade), count(*), max(grade) from staff",
            "5|17|3|4|7",
        ),
        (
            "select avg(pay), sum(pay) from staff where id < 3",
            "1000.245|2000.49",
        ),
        (
            "select avg(x) from (values (1.0), (2.0), (2.0)) v(x)",
            "1.666666",
        ),
        ("select avg(rate) from staff", "0.0"),
        (
            "select avg(grade), sum(grade) from staff where id > 9",
            "NULL|NULL",
        ),
        ("select avg(distinct grade) from staff", "6"),
        (
            "select team, avg(grade) over (partition by team) from staff where id < 3",
            "Red|6; red|6",
        ),
    ]);
}

#[test]
fn dates_and_texts_compare_as_dates() {
    check(&[
        (
            "select id from staff where hired >= '2011-07-12' and hired < '2011-07-13' order by id",
            "1; 2",
        ),
        ("select id from staff where hired = '2011-07-13'", "3"),
        (
            "select id from staff where hired = '20110712 14:49:55'",
            "1",
        ),
        (
            "select id from staff where hired between '07/12/2011' and '2011-07-12T23:59:59.999' order by id",
            "1; 2; 3",
        ),
        ("select id from staff where born = '1980-02-29'", "1"),
        ("select id from staff where hired > born and id = 2", "2"),
        (
            "select id from staff where hired > '2011-07-12 10:00:00.1234'",
            "error: 1:28: conversion failed when converting date and/or time from character string",
        ),
        (
            "select id from staff where hired > 'yesterday'",
            "error: 1:28: conversion failed when converting date and/or time from character string",
        ),
        (
            "select id from staff where hired > '2011-02-30'",
            "error: 1:28: the conversion of a varchar data type to a datetime data type resulted in an \
             out-of-range value",
        ),
        (
            "select id from staff where hired in ('2011-07-13', '2012-01-01')",
            "3",
        ),
        (
            "declare @d datetime = '2011-07-13'; select id from staff where hired = @d",
            "3",
        ),
        ("select id from staff where hired like '%2011%2:49PM'", "1"),
        ("select max(hired) from staff", "2011-07-13 00:00:00.000"),
    ]);
}

#[test]
fn dates_are_counted_by_boundaries() {
    check(&[
        (
            "select datediff(day, hired, '2011-07-13 00:00') from staff where id = 2",
            "1",
        ),
        (
            "select datediff(second, '2011-07-12 14:49:55', '2011-07-12 14:50:01'), datediff(ss, 0, '1900-01-02')",
            "6|86400",
        ),
        (
            "select datediff(year, '2010-12-31', '2011-01-01'), datediff(yy, '2011-01-01', '2011-12-31')",
            "1|0",
        ),
        (
            "select datediff(week, '2011-07-09', '2011-07-10'), datediff(month, '2011-01-31', '2011-02-01')",
            "1|1",
        ),
        (
            "select datediff_big(millisecond, '2000-01-01', '2011-01-01')",
            "347155200000",
        ),
        (
            "select datediff(day, hired, getdate()) from staff where id = 1",
            "3",
        ),
        ("select datediff(day, null, getdate())", "NULL"),
    ]);
}

#[test]
fn dates_are_moved_and_taken_apart() {
    check(&[
        (
            "select dateadd(month, 1, '2011-01-31'), dateadd(day, -1, hired) from staff where id = 3",
            "2011-02-28 00:00:00.000|2011-07-12 00:00:00.000",
        ),
        (
            "select dateadd(year, 1, born) from staff where id = 1",
            "1981-02-28",
        ),
        (
            "select dateadd(dd, datediff(dd, 0, hired), 0) from staff where id = 1",
            "2011-07-12 00:00:00.000",
        ),
        (
            "select dateadd(mi, 90, hired) from staff where id = 1",
            "2011-07-12 16:19:55.000",
        ),
        (
            "select year(hired), month(hired), day(hired), datepart(hour, hired), datepart(dw, hired) from staff \
             where id = 1",
            "2011|7|12|14|3",
        ),
        (
            "select datename(month, hired), datename(weekday, hired), datename(year, hired) from staff where id = 1",
            "July|Tuesday|2011",
        ),
        (
            "select eomonth(hired), eomonth(hired, 1), datefromparts(2012, 2, 29) from staff where id = 1",
            "2011-07-31|2011-08-31|2012-02-29",
        ),
        (
            "select datefromparts(2011, 2, 29)",
            "error: line 1: Cannot construct data type date, some of the arguments have values which are not valid.",
        ),
        (
            "select datetimefromparts(2011, 7, 12, 14, 49, 55, 2)",
            "2011-07-12 14:49:55.003",
        ),
        (
            "select {d '2011-07-12'}, {ts '2011-07-12 14:49:55'}",
            "2011-07-12 00:00:00.000|2011-07-12 14:49:55.000",
        ),
    ]);
}

#[test]
fn the_time_is_the_scenario_clock() {
    check(&[
        (
            "select getdate(), current_timestamp, getutcdate(), sysdatetime(), sysutcdatetime()",
            "2011-07-15 12:34:56.000|2011-07-15 12:34:56.000|2011-07-15 12:34:56.000|2011-07-15 \
             12:34:56.000|2011-07-15 12:34:56.000",
        ),
        (
            "select convert(varchar(30), sysdatetime())",
            "2011-07-15 12:34:56.0000000",
        ),
        (
            "select count(*) from staff where hired < dateadd(day, -2, getdate())",
            "3",
        ),
    ]);
}

#[test]
fn conversions_as_cast_and_convert() {
    check(&[
        (
            "select convert(char(10), hired, 101), convert(varchar(8), hired, 112) from staff where id = 1",
            "07/12/2011|20110712",
        ),
        (
            "select convert(varchar, hired), cast(hired as varchar(11)) from staff where id = 1",
            "Jul 12 2011  2:49PM|Jul 12 2011",
        ),
        (
            "select convert(varchar(30), hired, 121), convert(varchar(30), hired, 126) from staff where id = 1",
            "2011-07-12 14:49:55.000|2011-07-12T14:49:55",
        ),
        (
            "select convert(datetime, '12/07/2011', 103), convert(date, '12.07.2011', 104)",
            "2011-07-12 00:00:00.000|2011-07-12",
        ),
        (
            "select cast(hired as date), cast(hired as time) from staff where id = 1",
            "2011-07-12|14:49:55.000",
        ),
        (
            "select cast('2011-07-12 14:49:55.999' as datetime), cast('2011-07-12 14:49:31' as smalldatetime)",
            "2011-07-12 14:49:56.000|2011-07-12 14:50:00.000",
        ),
        (
            "select cast(' 12 ' as int), cast('' as int), cast('12.5' as decimal(5,1)), cast('1e3' as float)",
            "12|0|12.5|1000.0",
        ),
        (
            "select cast('x' as int)",
            "error: line 1: Conversion failed when converting the varchar value 'x' to data type int.",
        ),
        (
            "select try_cast('x' as int), try_convert(datetime, 'x'), try_convert(int, '7')",
            "NULL|NULL|7",
        ),
        (
            "select cast(pay as int), cast(-0.9 as int), cast(2.5 as decimal(3,0)) from staff where id = 2",
            "999|0|3",
        ),
        (
            "select cast(123 as varchar(2)), cast('abc' as char(5)) + '|', cast('abcdef' as varchar(3))",
            "*|abc  ||abc",
        ),
        (
            "select cast(1.50 as varchar(10)), cast(rate as varchar(10)) from staff where id = 1",
            "1.50|0.5",
        ),
        (
            "select cast(1 as bit), cast('false' as bit), cast(5 as bit)",
            "1|0|1",
        ),
        (
            "select cast(floor(cast(hired as float)) as datetime) from staff where id = 1",
            "2011-07-12 00:00:00.000",
        ),
        ("select grade from staff where grade = '7'", "7"),
        ("select id from staff where badge = ' 1003 '", "1"),
        ("select id from staff where code = 'a1'", "1"),
        (
            "select cast(null as int), convert(varchar(5), null)",
            "NULL|NULL",
        ),
        (
            "select cast(replicate('x', 40) as varchar)",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ),
    ]);
}

#[test]
fn null_is_replaced_in_the_type_of_the_first_or_of_all() {
    check(&[
        (
            "select isnull(team, 'none at all in any team') from staff where id = 4",
            "none at al",
        ),
        (
            "select coalesce(team, 'none at all in any team') from staff where id = 4",
            "none at all in any team",
        ),
        (
            "select isnull(badge, 0), isnull(cast(null as int), 2.7) from staff where id = 3",
            "0|2",
        ),
        ("select coalesce(cast(null as int), 2.7)", "2.7"),
        ("select isnull(null, 'x')", "x"),
        (
            "select coalesce(badge, boss, id) from staff order by id",
            "1003; 1004; 1; 1006",
        ),
        (
            "select case when id = 1 then 1 else 'none' end from staff where id = 1",
            "1",
        ),
        (
            "select case when id = 1 then 1 else 'none' end from staff where id = 2",
            "error: line 1: Conversion failed when converting the varchar value 'none' to data type int.",
        ),
        (
            "select iif(id > 1, 'many', 'one'), choose(id, 'a', 'b') from staff order by id",
            "one|a; many|b; many|NULL; many|NULL",
        ),
        (
            "select case boss when 1 then 'Anna' when '2' then 'bert' end from staff order by id",
            "NULL; Anna; Anna; bert",
        ),
    ]);
}

#[test]
fn functions_of_text() {
    check(&[
        (
            "select len(subject), datalength(subject), datalength('ab ') from chat where chat_id = 11",
            "15|34|3",
        ),
        (
            "select len('   '), len(''), len(null), len(123)",
            "0|0|NULL|3",
        ),
        (
            "select left(name, 2), right(name, 2), substring(name, 2, 2), substring(name, 0, 2) from staff where \
             id = 1",
            "An|na|nn|A",
        ),
        (
            "select charindex('FIRE', subject), charindex('i', subject, 5), patindex('%[0-9]%', '50% off') from \
             chat where chat_id = 10",
            "12|13|1",
        ),
        (
            "select stuff('abcdef', 2, 3, 'ijklmn'), replace('aXbxc', 'x', '-'), replicate('ab', 3)",
            "aijklmnef|a-b-c|ababab",
        ),
        (
            "select upper(name), lower(name), reverse('abc') from staff where id = 4",
            "DÖRTE|dörte|cba",
        ),
        (
            "select '[' + ltrim('  a ') + ']', '[' + rtrim(' a  ') + ']', '[' + trim('  a ') + ']', trim('x' from \
             'xxaxx')",
            "[a ]|[ a]|[a]|a",
        ),
        (
            "select concat('a', null, 1, cast(2.50 as decimal(5,2)), hired) from staff where id = 1",
            "a12.50Jul 12 2011  2:49PM",
        ),
        ("select concat_ws(', ', 'a', null, 'b')", "a, b"),
        (
            "select string_agg(name, ', ') within group (order by name desc) from staff where team = 'red'",
            "bert, Anna",
        ),
        (
            "select boss, string_agg(cast(id as varchar(5)), '+') within group (order by id) from staff group by \
             boss order by boss",
            "NULL|1; 1|2+3; 2|4",
        ),
        (
            "select ascii('A'), char(65), nchar(8364), unicode(N'€'), '[' + space(2) + ']', quotename('a b')",
            "65|A|€|8364|[  ]|[a b]",
        ),
        ("select str(3.14159, 6, 2), str(12)", "  3.14|        12"),
        (
            "select left(name, -1) from staff where id = 1",
            "error: line 1: Invalid length parameter passed to the LEFT function.",
        ),
    ]);
}

#[test]
fn like_has_classes_and_no_case() {
    check(&[
        (
            "select chat_id from chat where subject like 'PRINTER%' order by 1",
            "10; 11",
        ),
        ("select chat_id from chat where subject like '50[%]%'", "12"),
        (
            "select chat_id from chat where subject like '%50!%%' escape '!'",
            "12",
        ),
        (
            "select chat_id from chat where subject like 'cim[_]wim'",
            "13",
        ),
        (
            "select name from staff where name like '[a-b]%' order by id",
            "Anna; bert",
        ),
        (
            "select name from staff where name like '[^a-b]%' order by id",
            "Cleo; Dörte",
        ),
        (
            "select name from staff where name not like '%e%' order by id",
            "Anna",
        ),
        ("select id from staff where code like 'a1'", "1"),
        ("select id from staff where team like null", ""),
    ]);
}

#[test]
fn numbers_are_rounded_away_from_zero() {
    check(&[
        (
            "select round(2.5, 0), round(-2.5, 0), round(1234, -2), round(pay, 1) from staff where id = 2",
            "3.0|-3.0|1200|1000.0",
        ),
        (
            "select round(748.58, -3)",
            "error: line 1: Arithmetic overflow error converting expression to data type numeric.",
        ),
        (
            "select round(1.29, 1, 1), round(rate, 0) from staff where id = 2",
            "1.2|2.0",
        ),
        (
            "select abs(-5), abs(-1.5), ceiling(1.2), ceiling(-1.2), floor(-1.2), floor(7), sign(-3)",
            "5|1.5|2|-1|-2|7|-1",
        ),
        ("select sqrt(16), square(3)", "4.0|9.0"),
    ]);
}

#[test]
fn format_knows_common_patterns() {
    check(&[
        (
            "select format(hired, 'yyyy-MM-dd HH:mm'), format(hired, 'd', 'en-US') from staff where id = 1",
            "2011-07-12 14:49|7/12/2011",
        ),
        (
            "select format(1234567.891, 'N2'), format(id, '000'), format(0.25, 'P0') from staff where id = 1",
            "1,234,567.89|001|25%",
        ),
    ]);
}

#[test]
fn queries_within_queries() {
    check(&[
        (
            "select a.name from staff a join staff b on a.boss = b.id order by name desc",
            "Dörte; Cleo; bert",
        ),
        (
            "with a as (select id, boss from staff), b as (select id from a where boss = 1) select * from b order \
             by id",
            "2; 3",
        ),
        (
            "with c(n) as (select 1 union all select n + 1 from c where n < 5) select sum(n) from c option \
             (maxrecursion 0)",
            "15",
        ),
        (
            "select name, (select count(*) from chat where staff_id = staff.id) from staff order by id",
            "Anna|2; bert|2; Cleo|0; Dörte|0",
        ),
        ("select (select name from staff where id = 1)", "Anna"),
        (
            "select (select name from staff)",
            "error: line 1: Subquery returned more than 1 value. This is not permitted when the subquery is used \
             as an expression.",
        ),
        (
            "select name from staff s where exists (select * from chat c where c.staff_id = s.id) order by 1",
            "Anna; bert",
        ),
        (
            "select name from staff where id not in (select staff_id from chat where staff_id is not null) order \
             by 1",
            "Cleo; Dörte",
        ),
        ("select id from staff where id in (select '1')", "1"),
        (
            "select id from staff union select staff_id from chat order by id desc",
            "4; 3; 2; 1; NULL",
        ),
        (
            "select 1 union select 2 except select 3 intersect select 1",
            "1; 2",
        ),
        ("select 1 as a union all select 2.5", "1; 2.5"),
        ("select 1 as a union all select '2'", "1; 2"),
        (
            "select * from (select 1 as a) x cross join (select 2 as b) y",
            "1|2",
        ),
        (
            "select s.name, t.word from tag t right join chat c on c.chat_id = t.chat_id full join staff s on \
             s.id = c.staff_id where s.id = 3 or t.word = 'sale'",
            "bert|sale; Cleo|NULL",
        ),
        (
            "select count(*) from staff a, chat b right join tag t on t.chat_id = b.chat_id",
            "20",
        ),
    ]);
}

#[test]
fn windows() {
    check(&[
        (
            "select id, row_number() over (order by grade desc, id), rank() over (order by grade), dense_rank() \
             over (order by grade) from staff order by id",
            "1|1|4|3; 2|2|2|2; 3|3|2|2; 4|4|1|1",
        ),
        (
            "select lag(id, 1, 0) over (order by id), lead(id) over (order by id), ntile(2) over (order by id) \
             from staff",
            "0|2|1; 1|3|1; 2|4|2; 3|NULL|2",
        ),
        (
            "select sum(grade) over (order by id rows between unbounded preceding and current row) from staff \
             order by id",
            "7; 12; 17; 17",
        ),
        (
            "select first_value(name) over (partition by boss order by id desc) from staff order by id",
            "Anna; Cleo; Cleo; Dörte",
        ),
        (
            "select row_number() over (order by (select null)) from staff where id = 2",
            "1",
        ),
        (
            "select team from (select team, row_number() over (partition by team order by id) n from staff) d \
             where n = 2",
            "red",
        ),
    ]);
}

#[test]
fn apply_as_far_as_it_can_be_said() {
    check(&[
        (
            "select s.name, x.chat_id from staff s cross apply (select top 1 chat_id from chat c where c.staff_id \
             = s.id order by opened desc) x order by s.id",
            "Anna|11; bert|14",
        ),
        (
            "select s.name, x.chat_id, x.y from staff s outer apply (select top 1 chat_id, isnull(subject, '-') \
             as y from chat c where c.staff_id = s.id order by opened desc) x order by s.id",
            "Anna|11|printer ON fire  ; bert|14|-; Cleo|NULL|NULL; Dörte|NULL|NULL",
        ),
        (
            "select s.id, x.chat_id from staff s cross apply (select top 2 chat_id from chat c where c.staff_id = \
             s.id order by chat_id) x order by 1, 2",
            "1|10; 1|11; 2|12; 2|14",
        ),
        (
            "select s.id, x.n, x.last from staff s outer apply (select count(*) n, max(opened) last from chat c \
             where c.staff_id = s.id) x where x.n > 1 order by s.id",
            "1|2|2011-07-12 09:00:00.000; 2|2|2011-07-14 12:30:00.000",
        ),
        (
            "select s.id, x.subject from staff s cross apply (select subject from chat c where c.staff_id = s.id \
             and state = 5000) x order by 1",
            "1|Printer on fire; 2|50% off",
        ),
        (
            "select d.y from staff cross apply (select grade * 2 as y) d where d.y > 10 order by 1",
            "14",
        ),
        (
            "select d.y from staff cross apply (values (id + 1)) d(y) where id = 1",
            "2",
        ),
        (
            "select count(*) from staff cross apply (select 1 as one union all select 2) d",
            "8",
        ),
        (
            "select count(*) from staff outer apply (select 1 as one where 1 = 0) d",
            "4",
        ),
    ]);
}

#[test]
fn pivot_is_a_grouping() {
    check(&[
        (
            "select * from (select staff_id, state, chat_id from chat where staff_id is not null) s pivot \
             (count(chat_id) for state in ([5000], [9000])) p order by staff_id",
            "1|1|1; 2|1|1",
        ),
        (
            "select team, [5], [7] from (select team, grade, pay from staff) s pivot (max(pay) for grade in ([5], \
             [7])) as p order by team",
            "NULL|NULL|NULL; Blue|NULL|NULL; Red|999.99|1000.5",
        ),
    ]);
}

#[test]
fn variables_batches_and_temporary_tables() {
    check(&[
        (
            "declare @a int = 1, @b varchar(5) = 'abcdefgh'; set @a = @a + 1; select @a, @b",
            "2|abcde",
        ),
        (
            "DECLARE @id int\nSELECT @ID = id FROM staff WHERE name = 'cleo'\nSELECT name FROM staff WHERE id = @Id",
            "Cleo",
        ),
        (
            "declare @n int = (select count(*) from staff) select @n",
            "4",
        ),
        (
            "declare @n int = 9; select @n = id from staff where id = 99; select @n",
            "9",
        ),
        (
            "select id, name into #t from staff where id < 3; insert into #t values (9, 'Zoe'); select * from #t \
             order by id; drop table #t",
            "1|Anna; 2|bert; 9|Zoe",
        ),
        (
            "create table #t (a int not null primary key, b varchar(3) null)\ninsert #t (b, a) select 'abc ', \
             1\nGO\nselect a, b from #t",
            "1|abc",
        ),
        (
            "create table #t (b varchar(3)); insert into #t values ('abcd')",
            "error: line 1: String or binary data would be truncated.",
        ),
        (
            "declare @a int = 1, @b int; select @a = 2, @b = @a + 1; select @a, @b",
            "2|3",
        ),
        (
            "declare @t table (a int)\nGO\ndeclare @t table (a int); insert @t values (1); select count(*) from @t",
            "1",
        ),
        (
            "if object_id('tempdb..#t') is not null drop table #t\nselect 1 as a into #t\ndrop table if exists \
             #t\nselect 2",
            "2",
        ),
        (
            "declare @t table (a int, d datetime); insert into @t values (1, '2011-07-12'); select d from @t \
             where a = 1",
            "2011-07-12 00:00:00.000",
        ),
        ("select 1 as a; select 2 as b", "1 // 2"),
        ("select 1\ngo\nselect 'go\ngo'", "1 // go\ngo"),
        (
            "-- a comment\n/* GO\n go */ select 1 -- GO\nGO -- the end\n",
            "1",
        ),
    ]);
}

#[test]
fn a_text_without_a_from_needs_no_table() {
    assert_eq!(
        written("select 'it''s', N'ß', 1.50, .5, -1"),
        "SELECT 'it''s', 'ß', 1.50, 0.5, -1"
    );
}
