//! Columns of datetime2, time and datetimeoffset, and texts that look like times or numbers.

use super::{ask, check, database};

/// Times as SSMS writes them of datetime2, time and datetimeoffset; the last two columns are in other spellings.
const EVENTS: &str = "id,at,t,off,local,mixed\n\
    1,2024-01-01 10:00:00.1234567,09:30:00,2024-01-01 10:00:00.0000000 +02:00,1/2/2024 9:30 AM,2024-01-01\n\
    2,2024-02-29 23:59:59.9999999,10:15:00,2024-01-01 09:00:00.0000000 +00:00,12/31/2023,09:00:00\n\
    3,2023-12-31 00:00:00.0000000,00:00:01,2024-01-01 08:30:00.0000000 -05:00,2024-1-5 7:05,x\n";

#[test]
fn times_with_all_digits_times_of_day_and_offsets_are_what_they_are() {
    let store = database(EVENTS);
    for (sql, expect) in [
        ("SELECT id FROM t WHERE at >= '20240101' ORDER BY id", "1; 2"),
        ("SELECT id FROM t WHERE at BETWEEN '1/1/2024' AND '12/31/2024' ORDER BY id", "1; 2"),
        ("SELECT id FROM t WHERE at > '2024-01-01T00:00:00' AND at < '2024-01-02T00:00:00'", "1"),
        ("SELECT DATEADD(day, 1, at) FROM t WHERE id = 1", "2024-01-02 10:00:00.1234567"),
        (
            "SELECT CONVERT(varchar(10), at, 101), CAST(at AS datetime) FROM t WHERE id = 3",
            "12/31/2023|2023-12-31 00:00:00.000",
        ),
        ("SELECT MAX(at), MIN(at) FROM t", "2024-02-29 23:59:59.9999999|2023-12-31 00:00:00.000"),
        ("SELECT id FROM t WHERE t > '9:00' ORDER BY t DESC", "2; 1"),
        ("SELECT DATEPART(hour, t), DATEADD(minute, 45, t) FROM t WHERE id = 1", "9|10:15:00"),
        ("SELECT id FROM t ORDER BY off", "1; 2; 3"),
        ("SELECT id FROM t WHERE off = '2024-01-01 08:00:00 +00:00'", "1"),
        ("SELECT DATEDIFF(minute, MIN(off), MAX(off)) FROM t", "330"),
        (
            "SELECT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 't' ORDER BY ORDINAL_POSITION",
            "bigint; datetime2; time; datetimeoffset; nvarchar; nvarchar",
        ),
    ] {
        check(&store, sql, expect);
    }
    for (sql, said) in [
        (
            "SELECT id FROM t ORDER BY local",
            "`local` is text, but 3 of its 3 values look like dates or times: text is compared letter by letter; \
             TRY_CONVERT(datetime2, [local], 101) reads month/day/year and gives the time, or NULL; style 103 reads \
             day/month/year",
        ),
        (
            "SELECT id FROM t WHERE mixed > '2024'",
            "`mixed` is text, but 2 of its 3 values look like dates or times: text is compared letter by letter; \
             TRY_CONVERT(datetime2, [mixed], 101) reads month/day/year and gives the time, or NULL; style 103 reads \
             day/month/year",
        ),
    ] {
        assert_eq!(ask(&store, sql).notes, [said], "{sql}");
    }
    // As it is advised.
    check(&store, "SELECT id FROM t ORDER BY TRY_CONVERT(datetime2, [local], 101)", "2; 1; 3");
}

#[test]
fn a_time_that_is_in_no_year_of_utc_makes_a_column_of_texts() {
    for (value, is_offset) in [
        ("0001-01-01T00:00:00+01:00", false),
        ("0001-01-01T00:59:59.9999999+01:00", false),
        ("0001-01-01T01:00:00+01:00", true),
        ("0001-01-01T00:00:00+00:00", true),
        ("0001-01-01T00:00:00-01:00", true),
        ("9999-12-31T23:59:59-00:01", false),
        ("9999-12-31T22:59:59.9999999-01:00", true),
        ("9999-12-31T23:59:59+14:00", true),
    ] {
        let store = database(&format!("id,at\n1,{value}\n2,2024-01-01T10:00:00+01:00\n"));
        let of = "SELECT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE COLUMN_NAME = 'at'";
        let expect = if is_offset { "datetimeoffset" } else { "nvarchar" };
        check(&store, of, expect);
        // Each can be read.
        assert_eq!(ask(&store, "SELECT * FROM t").answers[0].table.rows.len(), 2, "{value}");
    }
}

#[test]
fn the_advice_on_texts_of_numbers_gives_the_numbers() {
    for (text, advised, expect) in [
        ("1.5E+3\n2E-2\n5E-1\n", "TRY_CAST([r] AS float)", "1500"),
        (
            "12345678901234567890\n9\n",
            "TRY_CAST([r] AS float)",
            "CAST('12345678901234567890' AS float)",
        ),
        ("9\n100\nx\n", "TRY_CAST([r] AS decimal(18, 4))", "100"),
        ("\"1,234\"\n\"22,345\"\n\"9\"\nx\n", "TRY_CAST(REPLACE([r], ',', '') AS float)", "22345"),
    ] {
        let store = database(&format!("r\n{text}"));
        let notes = ask(&store, "SELECT MAX(r) FROM t").notes;
        assert!(notes.len() == 1 && notes[0].contains(advised), "{text}: {notes:?}");
        check(
            &store,
            &format!(
                "SELECT COUNT(*) FROM (SELECT MAX({advised}) AS m FROM t) AS x WHERE m = {expect}"
            ),
            "1",
        );
    }
}
