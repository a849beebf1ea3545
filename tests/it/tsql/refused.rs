//! What is refused, with the whole message and the rewrite that works.

use chatdb::sql::tsql::{TsqlProblem, translate};

use super::store;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let catalog = store().catalog().expect("a catalog");
    let mut wrong = String::new();
    for (text, expected) in cases {
        let found = match translate(text, &catalog, &[]) {
            Ok(script) => format!("no refusal: {script:?}"),
            Err(error) => match &error.hint {
                Some(hint) => format!("{error} ({hint})"),
                None => error.to_string(),
            },
        };
        if found != *expected {
            wrong.push_str(&format!("{text}\n  expected {expected}\n     found {found}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_writes_is_refused_by_name() {
    check(&[
        (
            "select 1;\n  update staff set name = 'x'",
            "2:3: `UPDATE` writes, and queries are read-only",
        ),
        ("delete from staff", "1:1: `DELETE` writes, and queries are read-only"),
        (
            "insert into staff (id) values (9)",
            "1:1: `INSERT` writes, and queries are read-only (use a temporary table: its name begins with #)",
        ),
        ("truncate table staff", "1:1: `TRUNCATE` writes, and queries are read-only"),
        (
            "merge staff using chat on 1 = 1 when matched then delete;",
            "1:1: `MERGE` writes, and queries are read-only (of a temporary table, UPDATE ... FROM and INSERT ... \
             SELECT \
             do the same)",
        ),
        (
            "create table t (a int)",
            "1:1: `CREATE TABLE` writes, and queries are read-only (use a temporary table: its name begins \
             with #)",
        ),
        ("create view v as select 1 as a", "1:1: `CREATE` writes, and queries are read-only"),
        ("drop table staff", "1:1: `DROP TABLE` writes, and queries are read-only"),
        ("alter table staff add x int", "1:1: `ALTER` writes, and queries are read-only"),
        (
            "select name into copy from staff",
            "1:18: `SELECT INTO copy` writes, and queries are read-only (use a temporary table: INTO #copy)",
        ),
    ]);
    let catalog = store().catalog().expect("a catalog");
    let error = translate("delete from staff", &catalog, &[]).expect_err("it writes");
    assert_eq!(error.problem, TsqlProblem::Writes("DELETE".to_owned()));
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    check(&[
        (
            "select name from staff for xml path('')",
            "1:1: T-SQL `FOR XML` is not supported (STRING_AGG joins texts of several rows; \
             --format json writes the result as JSON)",
        ),
        (
            "select grade, count(*) from staff with rollup",
            "1:35: T-SQL `WITH ROLLUP or CUBE` is not supported (write GROUP BY ROLLUP(a, b) or CUBE(a, \
             b))",
        ),
        ("select name from staff where id > all (1)", "1:18: ANY, SOME and ALL take a subquery"),
        (
            "select string_agg(distinct team, ',') from staff",
            "1:8: STRING_AGG takes no DISTINCT (join the texts of a derived table: (SELECT DISTINCT ...) AS name)",
        ),
        (
            "select newid()",
            "1:8: T-SQL `NEWID(...)` is not supported (the result would differ on each run)",
        ),
        ("select lenght(name) from staff", "1:8: T-SQL `LENGHT(...)` is not supported"),
        (
            "select datepar(year, hired) from staff",
            "1:8: T-SQL `DATEPAR(...)` is not supported (did you mean `DATEPART`?)",
        ),
        (
            "select * from staff unpivot (v for n in (id, name)) u",
            "1:46: the columns of UNPIVOT have the types int and nvarchar(20) (CAST them to one type in a \
             derived table)",
        ),
        (
            "select * from srv.db.dbo.staff",
            "1:15: T-SQL `a linked server` is not supported (load its rows into the import \
             database; this one holds the tables of one database)",
        ),
        (
            "exec sp_who",
            "1:1: `EXEC` runs a procedure or dynamic SQL, which is not supported (run the query that the \
             procedure holds, with DECLARE for its parameters)",
        ),
        (
            "declare c cursor for select 1",
            "1:1: T-SQL `DECLARE CURSOR` is not supported (a query over the same rows needs no cursor: \
             SUM or ROW_NUMBER() OVER, STRING_AGG, or WHILE over a temporary table)",
        ),
        (
            "begin try select 1 end try begin catch select 2 end catch",
            "1:1: T-SQL `TRY and CATCH` is not supported (run the statements without them; TRY_CAST, TRY_CONVERT and \
             NULLIF give NULL instead of an error)",
        ),
        (
            "begin tran select 1",
            "1:1: T-SQL `BEGIN` is not supported (leave the transaction out; SELECT * INTO #copy FROM #table keeps \
             rows that ROLLBACK would bring back)",
        ),
        (
            "create table #t (a int); insert top (1) into #t select 1",
            "1:26: T-SQL `INSERT TOP` is not supported (write TOP (n) after SELECT)",
        ),
        (
            "select top (select 2) id from staff",
            "1:8: T-SQL `TOP (SELECT ...)` is not supported (put the number into a variable: TOP (@n))",
        ),
        (
            "declare @n int = 2; select top @n id from staff",
            "1:28: T-SQL `TOP @n` is not supported (write TOP (@n))",
        ),
        (
            "create table #t (a varchar(5)); alter table #t alter column a varchar(50)",
            "1:33: T-SQL `ALTER TABLE #t ALTER` is not supported (of a temporary table, ADD is supported: declare the \
             column in CREATE TABLE as it is to be)",
        ),
        (
            "create table #t (a int check (a > 0))",
            "1:18: T-SQL `CHECK (a > 0) in a temporary table` is not supported (leave it out: SELECT ... WHERE NOT \
             (condition) finds the rows that it refuses)",
        ),
        (
            "select id from staff where name collate Latin1_General_CS_AS like 'A%'",
            "1:67: T-SQL `LIKE COLLATE SQL_Latin1_General_CP1_CS_AS` is not supported",
        ),
        (
            "select 1\nGO 5",
            "2:1: T-SQL `GO 5` is not supported (repeat the batch as many times as it should run)",
        ),
        (
            "select @@rowcount",
            "1:8: T-SQL `@@ROWCOUNT in this position` is not supported (it is read in the statement after a \
             SELECT, INSERT, UPDATE or DELETE; SET @rows = @@ROWCOUNT keeps it)",
        ),
        (
            "select 1 as id into #t; update s set name = 'x' from #t t join staff s on s.id = t.id",
            "1:25: `UPDATE` writes, and queries are read-only (FROM and TOP are supported only for temporary \
             tables)",
        ),
        (
            "select 1 as id into #t; delete top (5) percent from #t",
            "1:55: not valid T-SQL: UPDATE and DELETE take TOP (n) only, without PERCENT",
        ),
        (
            "merge staff as t using chat s on t.id = s.staff_id when matched then delete;",
            "1:1: `MERGE` writes, and queries are read-only (of a temporary table, UPDATE ... FROM and INSERT ... \
             SELECT \
             do the same)",
        ),
        (
            "declare c cursor fast_forward for select id from staff open c",
            "1:1: T-SQL `DECLARE CURSOR` is not supported (a query over the same rows needs no cursor: \
             SUM or ROW_NUMBER() OVER, STRING_AGG, or WHILE over a temporary table)",
        ),
        (
            "exec dbo.open_chats @days = 1",
            "1:1: `EXEC` runs a procedure or dynamic SQL, which is not supported (run the query that the \
             procedure holds, with DECLARE for its parameters)",
        ),
        (
            "insert into #x (a) exec sp_who",
            "1:20: `EXEC` runs a procedure or dynamic SQL, which is not supported (run the query that the \
             procedure holds, with DECLARE for its parameters)",
        ),
        (
            "execute sp_executesql N'select 1'",
            "1:1: `EXECUTE` runs a procedure or dynamic SQL, which is not supported (run the text that is in \
             the quotes itself, with DECLARE for its parameters)",
        ),
        (
            "select * from openquery(other, 'select 1')",
            "1:15: T-SQL `openquery(...)` is not supported (import its rows, and name the table that \
             they are in)",
        ),
        (
            "select @@version",
            "1:8: T-SQL `@@version` is not supported (the database that is queried does not know the \
             server that its rows came from)",
        ),
        (
            "select user",
            "1:8: T-SQL `USER` is not supported (the database that is queried does not know the server \
             that its rows came from)",
        ),
        (
            "select 1 from openjson(name, name) j",
            "1:30: not valid T-SQL: expected: a concrete value, found: name",
        ),
        (
            "select max(cast(name as uniqueidentifier)) from staff",
            "1:17: T-SQL `ordering by uniqueidentifier` is not supported (ORDER BY CAST(x AS char(36)) \
             orders by its digits)",
        ),
        (
            "select 1 where 'a' like 'a' escape null",
            "1:36: T-SQL `ESCAPE NULL` is not supported (leave ESCAPE out)",
        ),
        (
            "while @@rowcount > 0 print 'x'",
            "1:7: T-SQL `@@ROWCOUNT in this position` is not supported (it is read in the statement after a \
             SELECT, INSERT, UPDATE or DELETE; SET @rows = @@ROWCOUNT keeps it)",
        ),
        (
            "select hired at time zone 'Europe/Berlin' from staff",
            "1:8: unknown time zone `Europe/Berlin` (write 'W. Europe Standard Time', the name that \
             Windows has for it)",
        ),
        (
            "select born at time zone 'UTC' from staff",
            "1:8: AT TIME ZONE takes a date with a time, not a value of type date (CAST it first: CAST(x AS \
             datetime2) \
             AT TIME ZONE 'UTC')",
        ),
        (
            "select sysdatetimeoffset()",
            "1:8: T-SQL `SYSDATETIMEOFFSET(...)` is not supported (no time zone is known; \
             TODATETIMEOFFSET(SYSDATETIME(), '+02:00') is the time of the query with an offset)",
        ),
        (
            "select born - born from staff",
            "1:8: T-SQL `a difference of two dates` is not supported (DATEDIFF(unit, earlier, \
             later) counts \
          between them)",
        ),
        (
            "select name collate Turkish_CI_AS from staff",
            "1:8: T-SQL `COLLATE Turkish_CI_AS` is not supported (supported: Latin1_General_CI_AS, ..._CS_AS and \
             ..._BIN2)",
        ),
        (
            "select x.n from staff s cross apply (select distinct subject n from chat c where c.staff_id = s.id) x",
            "1:101: T-SQL `CROSS APPLY of a query that refers to the tables before it` is not supported (join \
             a derived table by the columns that match: of DISTINCT and GROUP BY, the table grouped by them \
             too; of TOP, the table with ROW_NUMBER() OVER (PARTITION BY the columns that match ORDER BY ...), \
             of which the first numbers are kept)",
        ),
        (
            "select name from staff where contains(name, 'x')",
            "1:30: T-SQL `CONTAINS` is not supported (LIKE '%word%' finds a word anywhere in a text)",
        ),
        (
            "select dbo.fn_split('a,b')",
            "1:8: T-SQL `DBO.FN_SPLIT(...)` is not supported (it is a function of your own database, which exports do \
             not hold: write its expression instead)",
        ),
        (
            "create table #r (id int, t int); declare @t int = 0; update #r set @t = t = @t + id",
            "1:54: T-SQL `SET of a variable in UPDATE` is not supported (SUM(x) OVER (ORDER BY id ROWS UNBOUNDED \
             PRECEDING) computes a running total in a SELECT)",
        ),
        (
            "select identity(int, 1, 1) as n, id into #n from staff",
            "1:8: T-SQL `IDENTITY(...)` is not supported (ROW_NUMBER() OVER (ORDER BY column) numbers the rows)",
        ),
        (
            "create table #t (id int identity(1,2))",
            "1:18: T-SQL `IDENTITY(1, 2) in a temporary table` is not supported (supported: IDENTITY(n, 1) of an \
             integer, with n from 1)",
        ),
        (
            "set rowcount 5",
            "1:1: T-SQL `SET ROWCOUNT 5` is not supported (write TOP (n) after SELECT)",
        ),
    ]);
}

#[test]
fn what_sql_server_refuses_is_refused() {
    check(&[
        (
            "select id from staff where team = ‘Red’",
            "1:35: not valid T-SQL: expected: an expression, found: ‘ (Word and Outlook write typographic quotes and \
             dashes; in a query a text stands between ' and ', and minus is -)",
        ),
        (
            "create table #t (id int, twice as id * 2)",
            "1:35: not valid T-SQL: expected: ',' or ')' after column definition, found: id (a column has a type, \
             NULL, IDENTITY, DEFAULT and keys here; what a computed column holds is computed in SELECT)",
        ),
        (
            "select 'O'Brien'",
            "1:16: not valid T-SQL: unterminated string literal (an apostrophe within a text is doubled: 'O''Brien')",
        ),
        (
            "select team, count(*) as cnt from staff group by team having cnt > 1",
            "1:62: there is no column `cnt` (only ORDER BY sees names of the select list: write the expression that \
             `cnt` stands for again, or SELECT * FROM (SELECT ... AS cnt ...) AS t WHERE cnt ...)",
        ),
        (
            "select cast(20240102 as date)",
            "1:13: cannot convert type int to date (CAST(CAST(x AS varchar(8)) AS date) reads a number such as \
             20240102; DATEADD(day, x, '19000101') counts days)",
        ),
        (
            "select cast(1 as uniqueidentifier)",
            "1:13: cannot convert type int to uniqueidentifier (SQL Server has no such conversion either)",
        ),
        ("selct 1", "1:1: not valid T-SQL: expected a statement, found `selct`"),
        ("select 1 +", "1:11: not valid T-SQL: expected: an expression, found: EOF"),
        ("select nam from staff", "1:8: there is no column `nam` (did you mean `name`?)"),
        ("select s.nam from staff s", "1:8: `s` has no column `nam` (did you mean `name`?)"),
        (
            "select staff.name from staff s",
            "1:8: `staff.name` refers to no table of the preceding FROM",
        ),
        ("select * from staf", "1:15: there is no table `staf` (did you mean `staff`?)"),
        (
            "select chat_id from chat a join tag b on a.chat_id = b.chat_id",
            "1:8: `chat_id` is in more than one table (write the table before it: table.column)",
        ),
        (
            "select name from staff group by team",
            "1:8: `name` is neither grouped nor in an aggregate (add it to GROUP BY, spelt the same, or take MIN \
             or MAX of \
          it)",
        ),
        (
            "select name, count(*) from staff",
            "1:8: `name` is neither grouped nor in an aggregate (add it to GROUP BY, spelt the same, or take MIN \
             or MAX of \
          it)",
        ),
        (
            "select sum(count(*)) from staff",
            "1:12: COUNT is nested in another aggregate (compute the inner one in a derived table)",
        ),
        (
            "select id from staff where count(*) > 1",
            "1:28: an aggregate in WHERE (write the condition in HAVING)",
        ),
        (
            "select sum(name) from staff",
            "1:12: SUM and AVG take numbers, not values of type nvarchar(20) (CAST the value to a number: \
             SUM(CAST(x AS \
          int)))",
        ),
        (
            "select id = 1 and 2 from staff",
            "1:8: expected a value, found a condition (write CASE WHEN condition THEN 1 ELSE 0 END)",
        ),
        ("select id from staff where name", "1:28: expected a condition, found a value"),
        (
            "select (id = 1) from staff",
            "1:9: expected a value, found a condition (write CASE WHEN condition THEN 1 ELSE 0 END)",
        ),
        (
            "select id from staff limit 5",
            "1:28: LIMIT is not T-SQL (write TOP (n) after SELECT, or OFFSET n ROWS FETCH NEXT m ROWS ONLY)",
        ),
        (
            "select id from staff order by id nulls last",
            "1:31: NULLS FIRST and NULLS LAST are not T-SQL (NULL comes first in ascending order; ORDER BY CASE \
             WHEN x IS \
          NULL THEN 1 ELSE 0 END, x puts it last)",
        ),
        (
            "select @x",
            "1:8: `@x` is not declared (write `DECLARE @x type = value` before it, in the same batch)",
        ),
        (
            "declare @x int = 1\nGO\nselect @x",
            "3:8: `@x` is not declared (write `DECLARE @x type = value` before it, in the same batch)",
        ),
        (
            "declare @s varchar(99) = ''; select @s = @s + name from staff",
            "1:42: T-SQL `SELECT @variable = @variable ... FROM` is not supported (use STRING_AGG \
             or SUM over \
          the rows)",
        ),
        (
            "select row_number() over (partition by id) from staff",
            "1:8: ROW_NUMBER needs an ORDER BY in OVER (ORDER BY (SELECT NULL) allows any order)",
        ),
        (
            "select * from (select id, id from staff) d",
            "1:42: two columns of `d` are called `id` (name the columns instead of *, or give one another name)",
        ),
        (
            "select * from db1.dbo.staff a, db2.dbo.chat b",
            "1:32: `db2` is a second database; this import database holds the tables of one, here `db1` (import the \
             tables of both into one database, and leave the names of the databases out)",
        ),
        (
            "select a.id, b.id from staff a, staff b order by id",
            "1:50: `id` is listed more than once (write the table before it, or give one another name)",
        ),
        (
            "select * from sys.indexes",
            "1:15: T-SQL `sys.indexes` is not supported (valid names: information_schema.tables, \
             information_schema.columns, sys.tables, sys.views, sys.objects, sys.columns, sys.schemas, sys.types)",
        ),
        (
            "select id from (select id from staff order by name) d",
            "1:47: ORDER BY in a subquery that returns all rows (order the outer query, or limit the rows with TOP or \
             OFFSET)",
        ),
        (
            "with c as (select id from staff order by id) select id from c",
            "1:42: ORDER BY in a subquery that returns all rows (order the outer query, or limit the rows with TOP or \
             OFFSET)",
        ),
        (
            "select id from staff where id in (select 1 union select 2 order by 1)",
            "1:68: ORDER BY in a subquery that returns all rows (order the outer query, or limit the rows with TOP or \
             OFFSET)",
        ),
        (
            "select sum((select max(id) from chat)) from staff",
            "1:8: a subquery inside an aggregate (compute it in a derived table)",
        ),
        (
            "select -active from staff",
            "1:9: `-` takes a number, not a value of type bit (CAST it to a number first)",
        ),
        (
            "select coalesce(null, null)",
            "1:23: COALESCE needs at least one argument other than NULL (CAST one of them to a type)",
        ),
        (
            "select id from staff where id == 1",
            "1:31: not valid T-SQL: there is no `==` (write = to compare)",
        ),
        (
            "select 'red\0team'",
            "1:12: not valid T-SQL: a NUL character (U+0000) (save the text as UTF-8)",
        ),
        (
            "select 1;\n-- wide\0",
            "2:8: not valid T-SQL: a NUL character (U+0000) (save the text as UTF-8)",
        ),
        (
            "select now()",
            "1:8: T-SQL `NOW(...)` is not supported (GETDATE() is the time of the query)",
        ),
        (
            "select 1 & 2 + 3",
            "1:8: `&`, `|` or `^` is combined with another operator without parentheses (write the parentheses: SQL \
             Server and \
          SQLite bind them differently)",
        ),
        (
            "select cast(hired as int) + cast(born as int) from staff",
            "1:34: cannot convert type date to int (SQL Server has no such conversion either; \
             DATEDIFF counts \
          days)",
        ),
        (
            "select id from staff where hired = born + 1",
            "1:36: T-SQL `date + int` is not supported (DATEADD(unit, number, date) moves a date)",
        ),
    ]);
}

#[test]
fn types_and_sizes_that_sql_server_has_not_are_refused() {
    check(&[
        (
            "select substring(hired, 1, 4) from staff",
            "1:28: SUBSTRING takes a text as its argument 1, not a value of type datetime (CAST it first)",
        ),
        (
            "select datepart(year, cast('10:00' as time))",
            "1:28: DATEPART(year, ...) does not accept a time",
        ),
        (
            "select datename(hour, born) from staff",
            "1:23: DATENAME(hour, ...) does not accept a date",
        ),
        (
            "select stuff(5, 1, 1, 'a')",
            "1:8: STUFF takes a text as its argument 1, not a value of type int (CAST it first)",
        ),
        (
            "select trim(5)",
            "1:13: TRIM takes a text as its argument 1, not a value of type int (CAST it first)",
        ),
        ("select len('a', 'b')", "1:8: LEN takes 1 argument, not 2"),
        ("select str(1, 2, 3, 4)", "1:8: STR takes 1 to 3 arguments, not 4"),
        ("select concat('a')", "1:8: CONCAT takes 2 arguments or more, not 1"),
        ("select rank()", "1:8: RANK needs OVER (write RANK(...) OVER (ORDER BY column))"),
        (
            "select cast('a' as varchar(8001))",
            "1:13: invalid type varchar(8001): its length is 1 to 8000",
        ),
        (
            "select cast('a' as nchar(4001))",
            "1:13: invalid type nchar(4001): its length is 1 to 4000",
        ),
        ("select cast('a' as char(0))", "1:13: invalid type char(0): its length is 1 to 8000"),
        (
            "select cast(1 as numeric(39,10))",
            "1:13: invalid type numeric(39,10): its digits are 1 to 38",
        ),
        (
            "select cast(1 as decimal(5,6))",
            "1:13: invalid type decimal(5,6): its digits after the point are 0 to 5",
        ),
        (
            "select cast('a' as datetime2(10))",
            "1:13: invalid type datetime2(10): its digits of a second are 0 to 7",
        ),
        ("declare @t time(8)", "1:9: invalid type time(8): its digits of a second are 0 to 7"),
        (
            "select cast(born as time) from staff",
            "1:13: cannot convert type date to time (SQL Server has no such conversion either)",
        ),
        (
            "declare @a int; select @a = 1 union all select 2",
            "1:24: a SELECT that assigns a variable must not be in a UNION or a subquery",
        ),
        (
            "select sum(id) over (order by id rows between -1 preceding and current row) from staff",
            "1:48: ROWS takes a whole number of rows, from 0",
        ),
        ("select 1 option (keepfixed)", "1:18: T-SQL `OPTION (KEEPFIXED)` is not supported"),
        (
            "with c as (select 1 as n union all select cast(n as bigint) from c) select n from c",
            "1:48: the types of `n` in the anchor and the recursive member differ: int and bigint \
             (CAST both to one type)",
        ),
        (
            "with c as (select 'a' as n union all select n + 'a' from c) select n from c",
            "1:45: the types of `n` in the anchor and the recursive member differ: varchar(1) and \
             varchar(2) (CAST both to one type)",
        ),
    ]);
}

#[test]
fn a_type_that_cannot_be_told_is_asked_for() {
    check(&[(
        "select activity_duration + 1 from agent_console",
        "1:8: `+` adds numbers and concatenates text, and the type of an operand is unknown (join texts with \
         CONCAT(a, \
             b); CAST numbers: CAST(a AS int) + b)",
    )]);
}

#[test]
fn a_computed_column_of_a_query_is_not_changed_through_it() {
    let hint = "change a column of the table itself";
    for query in [
        "select a, b as c, a + b as b from #o",
        "select a, 1 as b from #o",
        "select a, cast(b as int) as b from #o",
    ] {
        let text =
            format!("create table #o (a int, b int); with x as ({query}) update x set b = 0");
        let error = translate(&text, &store().catalog().expect("a catalog"), &[]).expect_err(&text);
        assert!(
            error.to_string().ends_with("column `b` is computed and cannot be changed"),
            "{error}"
        );
        assert_eq!(error.hint.as_deref(), Some(hint));
        let text =
            format!("create table #o (a int, b int); update x set b = 0 from ({query}) as x");
        let error = translate(&text, &store().catalog().expect("a catalog"), &[]).expect_err(&text);
        assert!(
            error.to_string().ends_with("column `b` is computed and cannot be changed"),
            "{error}"
        );
    }
    let text = "create table #o (a int, b int); with x as (select a from #o) update x set b = 0";
    let error = translate(text, &store().catalog().expect("a catalog"), &[]).expect_err(text);
    assert!(error.to_string().ends_with("`x` has no column `b`"), "{error}");
}
