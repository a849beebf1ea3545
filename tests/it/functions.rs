//! SQL Server's functions, conversions and collation, without a database.

use chatdb::sql::functions::{FunctionError, Value, call};

fn called(name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
    call(name, arguments).expect("a function")
}

fn shown(outcome: Result<Value, FunctionError>) -> String {
    match outcome {
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(Value::Integer(n)) => n.to_string(),
        Ok(Value::Real(n)) => format!("{n:?}"),
        Ok(Value::Text(text)) => text,
        Err(error) => format!("error: {error}"),
    }
}

mod any {
    use chatdb::sql::functions::{FUNCTIONS, Value};
    use proptest::prelude::*;

    /// Values that are likely to be too much for somebody.
    fn value() -> impl Strategy<Value = Value> {
        let texts = [
            "",
            " ",
            "abc",
            "decimal(38,38)",
            "decimal(38,0)",
            "varchar(3)",
            "int",
            "float",
            "datetime",
            "date",
            "/",
            "year",
            "day",
            "week",
            "2011-07-12",
            "9999-12-31 23:59:59.999",
            "14:49:55.000",
            "0001-01-01",
            "%[a-",
            "😀",
            "-99999999999999999999999999999999999999",
            "yyyy-MM-dd'",
            "N20",
            "0.###",
        ];
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            (-3_i64..40).prop_map(Value::Integer),
            any::<f64>().prop_map(Value::Real),
            proptest::sample::select(texts.to_vec()).prop_map(|text| Value::Text(text.to_owned())),
            ".{0,12}".prop_map(Value::Text),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn every_function_gives_a_value_or_an_error(
            at in 0..FUNCTIONS.len(),
            arguments in proptest::collection::vec(value(), 7),
            count in 0_usize..7,
        ) {
            let function = FUNCTIONS[at];
            let least = usize::from(function.least);
            let most = function.most.map_or(7, usize::from);
            let count = count.clamp(least, most);
            let _ = (function.call)(&arguments[..count]);
        }
    }
}

mod collation {
    use std::cmp::Ordering;

    use chatdb::sql::functions::collation::*;

    #[test]
    fn case_and_blanks_at_the_end_do_not_count_but_accents_do() {
        for (a, b) in [
            ("DMarino", "dmarino"),
            ("abc", "ABC   "),
            ("", "   "),
            ("Ärger", "äRGER"),
            ("ＣＩＭ", "cim"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        for (a, b) in [("a", "ä"), (" a", "a"), ("a b", "ab"), ("1", "2"), ("_", "-")] {
            assert_ne!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn signs_come_before_digits_and_digits_before_letters() {
        let mut words = vec!["b", "~", "A", "9", "_", "é", "e", "f", "10", " ", "Z", "ab"];
        words.sort_by(|a, b| compare(a, b));
        assert_eq!(words, [" ", "_", "~", "10", "9", "A", "ab", "b", "e", "é", "f", "Z"]);
    }

    #[test]
    fn a_collation_is_known_by_any_name_that_orders_alike() {
        assert_eq!(named("Latin1_General_100_CI_AS"), Some(DEFAULT));
        assert_eq!(named("sql_latin1_general_cp1_cs_as"), Some(CASE_SENSITIVE));
        assert_eq!(named("Latin1_General_BIN2"), Some(BINARY));
        assert_eq!(named("Latin1_General_CI_AI"), Some(ACCENT_INSENSITIVE));
        assert_eq!(named("Turkish_CI_AS"), None);
        assert_eq!(compare_case("a", "A"), Ordering::Less);
        assert_eq!(compare_code("Z", "a"), Ordering::Less);
    }
}

mod convert {
    use super::shown;
    use chatdb::schema::types::Type;
    use chatdb::sql::functions::{Value, convert};

    fn check(value: Value, from: &str, to: &str, style: Option<i64>, expected: &str) {
        let found = convert(&value, Type::declared(from), Type::declared(to), style);
        let found = shown(found);
        assert_eq!(found, expected, "{value:?} {from} -> {to} {style:?}");
    }

    fn t(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn numbers_and_texts() {
        check(t(" 12 "), "varchar(9)", "int", None, "12");
        check(t(""), "varchar(9)", "int", None, "0");
        check(
            t("12.5"),
            "varchar(9)",
            "int",
            None,
            "error: Conversion failed when converting the varchar value '12.5' to data type int.",
        );
        check(
            t("99999"),
            "varchar(9)",
            "smallint",
            None,
            "error: The conversion of the varchar value '99999' overflowed an smallint column.",
        );
        check(Value::Real(-2.9), "decimal(2,1)", "int", None, "-2");
        check(
            Value::Integer(300),
            "int",
            "tinyint",
            None,
            "error: Arithmetic overflow error converting expression to data type tinyint.",
        );
        check(Value::Integer(123), "int", "varchar(2)", None, "*");
        check(
            Value::Integer(123),
            "int",
            "nvarchar(2)",
            None,
            "error: Arithmetic overflow error converting expression to data type nvarchar.",
        );
        check(t("abc"), "varchar(9)", "char(5)", None, "abc  ");
        check(t("abc"), "varchar(9)", "varchar(2)", None, "ab");
        check(t("2.345"), "varchar(9)", "decimal(5,2)", None, "2.35");
        check(Value::Real(673.5), "decimal(29,11)", "varchar(40)", None, "673.50000000000");
        check(Value::Real(0.1), "float", "varchar(30)", None, "0.1");
        check(Value::Real(1_234_567.0), "float", "varchar(30)", None, "1.23457e+006");
        check(Value::Real(0.00001), "float", "varchar(30)", None, "1e-005");
        check(t("TRUE"), "varchar(4)", "bit", None, "1");
        check(t("1e3"), "varchar(4)", "float", None, "1000.0");
        check(Value::Integer(0), "int", "datetime", None, "1900-01-01 00:00:00.000");
        check(t("2011-07-12 12:00:00.000"), "datetime", "float", None, "40734.5");
    }

    #[test]
    fn dates_in_the_styles_of_convert() {
        let at = t("2011-07-02 14:09:05.003");
        for (style, expected) in [
            (0, "Jul  2 2011  2:09PM"),
            (1, "07/02/11"),
            (2, "11.07.02"),
            (3, "02/07/11"),
            (4, "02.07.11"),
            (5, "02-07-11"),
            (6, "02 Jul 11"),
            (7, "Jul 02, 11"),
            (8, "14:09:05"),
            (9, "Jul  2 2011  2:09:05:003PM"),
            (10, "07-02-11"),
            (11, "11/07/02"),
            (12, "110702"),
            (13, "02 Jul 2011 14:09:05:003"),
            (14, "14:09:05:003"),
            (20, "2011-07-02 14:09:05"),
            (21, "2011-07-02 14:09:05.003"),
            (23, "2011-07-02"),
            (101, "07/02/2011"),
            (102, "2011.07.02"),
            (103, "02/07/2011"),
            (104, "02.07.2011"),
            (105, "02-07-2011"),
            (106, "02 Jul 2011"),
            (107, "Jul 02, 2011"),
            (108, "14:09:05"),
            (109, "Jul  2 2011  2:09:05:003PM"),
            (110, "07-02-2011"),
            (111, "2011/07/02"),
            (112, "20110702"),
            (113, "02 Jul 2011 14:09:05:003"),
            (114, "14:09:05:003"),
            (120, "2011-07-02 14:09:05"),
            (121, "2011-07-02 14:09:05.003"),
            (126, "2011-07-02T14:09:05.003"),
            (127, "2011-07-02T14:09:05.003"),
        ] {
            check(at.clone(), "datetime", "varchar(40)", Some(style), expected);
        }
        check(at.clone(), "datetime", "char(10)", Some(101), "07/02/2011");
        check(at.clone(), "datetime2(7)", "varchar(40)", None, "2011-07-02 14:09:05.0030000");
        check(t("2011-07-02"), "date", "varchar(40)", None, "2011-07-02");
        check(
            at,
            "datetime",
            "varchar(40)",
            Some(99),
            "error: 99 is not a valid style number when converting from datetime to a character string.",
        );
    }

    #[test]
    fn texts_as_dates() {
        for (text, style, expected) in [
            ("2011-07-12", None, "2011-07-12 00:00:00.000"),
            ("20110712", None, "2011-07-12 00:00:00.000"),
            ("20110712 14:49", None, "2011-07-12 14:49:00.000"),
            ("2011-07-12T14:49:55", None, "2011-07-12 14:49:55.000"),
            ("2011-07-12 14:49:55.999", None, "2011-07-12 14:49:56.000"),
            ("2011-07-12 14:49:55.001", None, "2011-07-12 14:49:55.000"),
            ("07/12/2011", None, "2011-07-12 00:00:00.000"),
            ("12/07/2011", Some(103), "2011-07-12 00:00:00.000"),
            ("12.07.2011", Some(104), "2011-07-12 00:00:00.000"),
            ("Jul 12 2011  2:49PM", None, "2011-07-12 14:49:00.000"),
            ("12 July 2011 12:05 am", None, "2011-07-12 00:05:00.000"),
            ("2011", None, "2011-01-01 00:00:00.000"),
            ("14:49", None, "1900-01-01 14:49:00.000"),
            ("", None, "1900-01-01 00:00:00.000"),
            ("1/2/49", None, "2049-01-02 00:00:00.000"),
            ("1/2/50", None, "1950-01-02 00:00:00.000"),
        ] {
            check(t(text), "varchar(40)", "datetime", style, expected);
        }
        check(
            t("2011-13-45"),
            "varchar(40)",
            "datetime",
            None,
            "error: The conversion of a varchar data type to a datetime data type resulted in an out-of-range value.",
        );
        check(
            t("yesterday"),
            "varchar(40)",
            "datetime",
            None,
            "error: Conversion failed when converting date and/or time from character string.",
        );
        check(
            t("2011-07-12 14:49:30"),
            "varchar(40)",
            "smalldatetime",
            None,
            "2011-07-12 14:50:00.000",
        );
        check(t("2011-07-12 14:49:30.5"), "varchar(40)", "date", None, "2011-07-12");
        check(t("2011-07-12 14:49:30.5"), "varchar(40)", "time", None, "14:49:30.500");
    }
}

mod format {
    use super::{called, shown};
    use chatdb::sql::functions::Value;

    fn check(value: Value, kind: &str, pattern: &str, expected: &str) {
        let text = |text: &str| Value::Text(text.to_owned());
        let found = shown(called("tsql_format", &[value, text(pattern), text(kind)]));
        let found = found.trim_start_matches("error: ");
        assert_eq!(found, expected, "{pattern}");
    }

    #[test]
    fn dates_and_numbers_by_their_patterns() {
        let at = || Value::Text("2011-07-02 14:09:05.003".to_owned());
        for (pattern, expected) in [
            ("yyyy-MM-dd", "2011-07-02"),
            ("dd/MM/yyyy HH:mm:ss", "02/07/2011 14:09:05"),
            ("d", "7/2/2011"),
            ("D", "Saturday, July 2, 2011"),
            ("g", "7/2/2011 2:09 PM"),
            ("s", "2011-07-02T14:09:05"),
            ("MMM d, yy h:m tt", "Jul 2, 11 2:9 PM"),
            ("HH:mm:ss.fff", "14:09:05.003"),
            ("yyyyMMdd'T'HHmmss", "20110702T140905"),
            ("o", "FORMAT with the pattern 'o' is not supported"),
        ] {
            check(at(), "datetime", pattern, expected);
        }
        for (number, kind, pattern, expected) in [
            (1234567.891, "float", "N", "1,234,567.89"),
            (1234567.891, "float", "N0", "1,234,568"),
            (1234.5, "decimal(9,2)", "F1", "1234.5"),
            (0.256, "float", "P1", "25.6%"),
            (-5.0, "decimal(9,2)", "C", "($5.00)"),
            (1234.5, "float", "#,##0.00", "1,234.50"),
            (0.5, "float", "#.##", ".5"),
            (7.0, "float", "000", "007"),
            (1.5, "float", "0.###", "1.5"),
        ] {
            check(Value::Real(number), kind, pattern, expected);
        }
        check(Value::Integer(42), "int", "D5", "00042");
        check(Value::Integer(42), "int", "R", "FORMAT with the pattern 'R' is not supported");
        check(Value::Integer(42), "int", "X", "2A");
    }
}

mod like {
    use super::called;
    use chatdb::sql::functions::Value;

    fn check(text: &str, pattern: &str, escape: Option<&str>, expected: bool) {
        let mut arguments = vec![Value::Text(text.to_owned()), Value::Text(pattern.to_owned())];
        arguments.extend(escape.map(|e| Value::Text(e.to_owned())));
        let found = called("tsql_like", &arguments);
        assert_eq!(found, Ok(Value::Integer(i64::from(expected))), "{text} LIKE {pattern}");
    }

    #[test]
    fn patterns_mean_what_sql_server_means() {
        check("CIM_WIM", "cim%", None, true);
        check("CIM_WIM", "CIM[_]W%", None, true);
        check("CIMxWIM", "CIM[_]W%", None, false);
        check("50% off", "%50!%%", Some("!"), true);
        check("505 off", "%50!%%", Some("!"), false);
        check("abc", "[a-c]b[^x]", None, true);
        check("abx", "[a-c]b[^x]", None, false);
        check("a-b", "a[x-]b", None, true);
        check("a]b", "a[]]b", None, false);
        check("abc   ", "abc", None, true);
        check("abc", "abc ", None, false);
        check("abc", "abc[", None, false);
        check("abc", "abc!", Some("!"), false);
        check("", "", None, true);
        check("", "_", None, false);
        check("aaaaaaaaaaaaaaaaaaaaaaaa", "%a%a%a%a%a%b", None, false);
    }

    #[test]
    fn patindex_gives_the_first_place() {
        for (pattern, text, expected) in [
            ("%en_ure%", "Please ensure the door is locked!", 8),
            ("%[0-9]%", "chat 1347", 6),
            ("chat%", "chat 1347", 1),
            ("1347", "chat 1347", 0),
            ("%1347", "chat 1347", 6),
            ("%", "abc", 1),
        ] {
            let found = called(
                "tsql_patindex",
                &[Value::Text(pattern.to_owned()), Value::Text(text.to_owned())],
            );
            assert_eq!(found, Ok(Value::Integer(expected)), "{pattern} {text}");
        }
    }
}

mod number {
    use super::{called, shown};
    use chatdb::sql::functions::{Value, result_digits};

    fn check(operator: &str, a: f64, a_type: &str, b: f64, b_type: &str, expected: &str) {
        let text = |text: &str| Value::Text(text.to_owned());
        let arguments =
            [text(operator), Value::Real(a), text(a_type), Value::Real(b), text(b_type)];
        let found = shown(called("tsql_decimal", &arguments));
        let found = found.trim_start_matches("error: ");
        assert_eq!(found, expected, "{a} {operator} {b}");
    }

    #[test]
    fn decimals_keep_the_digits_that_sql_server_gives_them() {
        check("/", 2.0, "decimal(2,1)", 3.0, "decimal(1,0)", "0.666666");
        check("+", 0.1, "decimal(2,1)", 0.2, "decimal(2,1)", "0.3");
        check("*", 1.15, "decimal(3,2)", 100.0, "decimal(3,0)", "115.0");
        check("%", 5.5, "decimal(2,1)", 2.0, "decimal(1,0)", "1.5");
        check("/", 1.0, "decimal(2,1)", 0.0, "decimal(1,0)", "Divide by zero error encountered.");
        assert_eq!(result_digits("/", (18, 0), (10, 0)), (29, 11));
        assert_eq!(result_digits("*", (38, 10), (38, 10)), (38, 6));
        assert_eq!(result_digits("+", (18, 0), (10, 2)), (21, 2));
    }

    #[test]
    fn rounding_is_away_from_zero() {
        let round = |value: Value, places: i64, kind: &str| {
            called(
                "tsql_round",
                &[value, Value::Integer(places), Value::Integer(0), Value::Text(kind.to_owned())],
            )
        };
        assert_eq!(round(Value::Real(2.5), 0, "decimal(2,1)"), Ok(Value::Real(3.0)));
        assert_eq!(round(Value::Real(-2.5), 0, "decimal(2,1)"), Ok(Value::Real(-3.0)));
        assert_eq!(round(Value::Integer(1250), -2, "int"), Ok(Value::Integer(1300)));
        assert_eq!(
            round(Value::Real(748.58), -3, "decimal(5,2)").map_err(|error| error.to_string()),
            Err("Arithmetic overflow error converting expression to data type numeric.".to_owned())
        );
    }
}

mod text {
    use super::{called, shown};
    use chatdb::sql::functions::Value;

    fn check(name: &str, arguments: &[Value], expected: &str) {
        let found = shown(called(name, arguments));
        assert_eq!(found, expected, "{name} {arguments:?}");
    }

    fn t(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn i(n: i64) -> Value {
        Value::Integer(n)
    }

    #[test]
    fn text_functions_at_their_edges() {
        check("tsql_len", &[t("abc  ")], "3");
        check("tsql_len", &[t("  ")], "0");
        check("tsql_len", &[t("😀")], "2");
        check("tsql_substring", &[t("abcdef"), i(2), i(3)], "bcd");
        check("tsql_substring", &[t("abc"), i(0), i(2)], "a");
        check("tsql_substring", &[t("abc"), i(-5), i(2)], "");
        check("tsql_substring", &[t("abc"), i(2), i(100)], "bc");
        check(
            "tsql_substring",
            &[t("abc"), i(1), i(-1)],
            "error: Invalid length parameter passed to the SUBSTRING function.",
        );
        check("tsql_stuff", &[t("abcdef"), i(2), i(3), t("ijklmn")], "aijklmnef");
        check("tsql_stuff", &[t("abc"), i(0), i(1), t("x")], "NULL");
        check("tsql_stuff", &[t("abc"), i(4), i(1), t("x")], "NULL");
        check("tsql_stuff", &[t("abc"), i(2), i(1), Value::Null], "ac");
        check("tsql_charindex", &[t("BC"), t("abcabc"), i(3)], "5");
        check("tsql_charindex", &[t(""), t("abc")], "0");
        check("tsql_charindex", &[t("a"), t("abc"), i(9)], "0");
        check("tsql_replace", &[t("aXbxc"), t("x"), t("-")], "a-b-c");
        check("tsql_replace", &[t("abc"), t(""), t("-")], "abc");
        check("tsql_replicate", &[t("ab"), i(-1), i(0)], "NULL");
        check("tsql_left", &[t("abc"), i(9)], "abc");
        check("tsql_right", &[t("abc"), i(2)], "bc");
        check("tsql_upper", &[t("straße é")], "STRAßE É");
        check("tsql_concat_ws", &[t(","), t("a"), Value::Null, t("b")], "a,b");
        check("tsql_char", &[i(128)], "€");
        check("tsql_char", &[i(256)], "NULL");
        check("tsql_quotename", &[t("a]b")], "[a]]b]");
        check("tsql_trim", &[t(".,abc,."), t(",.")], "abc");
    }
}

mod time {
    use super::{called, shown};
    use chatdb::sql::functions::Value;

    fn t(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn diff(part: &str, from: &str, to: &str) -> String {
        shown(called("tsql_datediff", &[t(part), t(from), t(to)]))
    }

    #[test]
    fn datediff_counts_boundaries_in_every_unit() {
        // The two moments of SQL Server's own example: a ten-millionth of a second apart, a boundary in each unit.
        let (from, to) = ("2005-12-31 23:59:59.999", "2006-01-01 00:00:00.000");
        for part in [
            "year",
            "quarter",
            "month",
            "dayofyear",
            "day",
            "week",
            "hour",
            "minute",
            "second",
            "millisecond",
        ] {
            assert_eq!(diff(part, from, to), "1", "{part}");
            assert_eq!(diff(part, to, from), "-1", "{part}");
        }
        assert_eq!(diff("second", "2011-07-12 14:49:55.000", "2011-07-12 14:50:01.000"), "6");
        assert_eq!(diff("week", "2011-07-09", "2011-07-10"), "1", "Saturday to Sunday");
        assert_eq!(diff("week", "2011-07-10", "2011-07-16"), "0", "Sunday to Saturday");
        assert_eq!(diff("year", "2011-01-01", "2011-12-31"), "0");
        assert!(
            diff("millisecond", "2011-01-01", "2012-01-01").contains("resulted in an overflow")
        );
    }

    #[test]
    fn dateadd_ends_on_the_last_day_of_a_short_month() {
        let add = |part: &str, n: i64, date: &str, kind: &str| {
            let arguments = [t(part), Value::Integer(n), t(date), t(kind)];
            shown(called("tsql_dateadd", &arguments))
        };
        assert_eq!(add("month", 1, "2011-01-31", "date"), "2011-02-28");
        assert_eq!(add("month", -1, "2012-03-31", "date"), "2012-02-29");
        assert_eq!(add("year", 1, "2012-02-29", "date"), "2013-02-28");
        assert_eq!(add("quarter", 1, "2011-11-30", "date"), "2012-02-29");
        assert_eq!(
            add("millisecond", 1, "2011-07-12 14:49:55.000", "datetime"),
            "2011-07-12 14:49:55.000"
        );
        assert_eq!(
            add("day", -1_000_000, "2011-07-12", "datetime"),
            "error: Adding a value to a 'datetime' column caused an overflow."
        );
    }

    #[test]
    fn parts_and_names() {
        let part = |part: &str, date: &str| shown(called("tsql_datepart", &[t(part), t(date)]));
        assert_eq!(part("weekday", "2011-07-12"), "3");
        assert_eq!(part("week", "2011-01-01"), "1");
        assert_eq!(part("week", "2011-01-02"), "2");
        assert_eq!(part("iso_week", "2011-01-02"), "52");
        assert_eq!(part("quarter", "2011-07-12"), "3");
        assert_eq!(called("tsql_datename", &[t("weekday"), t("2011-07-12")]), Ok(t("Tuesday")));
        assert_eq!(called("tsql_eomonth", &[t("2012-02-05")]), Ok(t("2012-02-29")));
        assert_eq!(
            called("tsql_eomonth", &[t("2011-12-05"), Value::Integer(2)]),
            Ok(t("2012-02-29"))
        );
    }
}

mod types {
    use chatdb::schema::types::Type;

    #[test]
    fn a_type_reads_back_as_it_is_written() {
        for text in [
            "bit",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "decimal(18,0)",
            "decimal(5,2)",
            "float",
            "char(1)",
            "varchar(10)",
            "nvarchar(max)",
            "nchar(3)",
            "date",
            "time",
            "smalldatetime",
            "datetime",
            "datetime2(3)",
        ] {
            assert_eq!(Type::declared(text).to_string(), text);
        }
        assert_eq!(Type::declared("NUMERIC(18,0)").to_string(), "decimal(18,0)");
        assert_eq!(Type::declared("XML"), Type::Unknown);
    }
}

mod list {
    use chatdb::sql::functions::FUNCTIONS;

    #[test]
    fn the_list_is_in_order_and_names_nothing_twice() {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
