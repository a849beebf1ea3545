//! Numbers as spreadsheets and other countries write them: read where the column settles how, else refused with both
//! readings named, and never cut.

use std::io::Cursor;

use chatdb::import::number::{Reading, Separators, read};
use chatdb::import::{self, ImportOptions, Summary};
use chatdb::store::Store;
use proptest::prelude::*;

/// What comes of a column of states: the values in the order of the file, `-` for a record that is rejected.
fn states(values: &[&str]) -> (String, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let mut text = String::from("activity_id\tactivity_sub_status\twhen_created\n");
    for (at, value) in values.iter().enumerate() {
        text.push_str(&format!("{}\t{value}\t2026-11-24 08:51:30.000\n", at + 1));
    }
    std::fs::write(&path, text).unwrap();
    let mut store = Store::for_exports().unwrap();
    let options = ImportOptions { form: Some("ssms_tab".to_owned()), ..ImportOptions::default() };
    let summary = import::read_file(&path, &options, &mut store).unwrap();
    let sql = "SELECT activity_sub_status FROM egpl_casemgmt_activity WHERE activity_id = ?1";
    let one = |at: usize| {
        let sql = sql.replace("?1", &(at + 1).to_string());
        let table = store.ask(&sql, &[], &[]).unwrap();
        table.rows.first().map_or("-".to_owned(), |row| row[0].to_string())
    };
    let found: Vec<String> = (0..values.len()).map(one).collect();
    (found.join(" "), summary)
}

#[test]
fn three_digits_behind_one_separator_are_read_only_where_the_column_settles_how() {
    for (values, found) in [
        // Alone, or beside what says nothing.
        (&["5,000"][..], "-"),
        (&["5.000", "17"], "- 17"),
        (&["88.000", "5 000"], "- -"),
        // Settled by another value, before or after, be it too large for the column.
        (&["5,000", "5,900"], "5000 5900"),
        (&["5,900", "5,000"], "5900 5000"),
        (&["5.000", "1.234.567"], "5000 -"),
        (&["5.000", "5.900"], "5000 5900"),
        (&["5 000", "1 234 567"], "5000 -"),
        (&["5,000", "7.0"], "5000 7"),
        (&["5,000", "7,0"], "5 7"),
        (&["5.000", "7.00"], "5 7"),
        (&["5.000", "1234.000"], "5 1234"),
        (&["5.000", "7,0"], "5000 7"),
        (&["5,000", "1,234.00"], "5000 1234"),
        (&["-5,000", "-5,900"], "-5000 -5900"),
        // Contradicted: what one says and the other denies is no evidence.
        (&["5,900", "5,000", "7,0"], "5900 - 7"),
        (&["7.0", "5.000", "5.900"], "7 - 5900"),
        // One reading.
        (&["0.000", "17.0"], "0 17"),
        (&["5'900", "5000.0000"], "5900 5000"),
        // None.
        (&["1e5", "4.91701E+11", "5,9", "5,90,000", "005", ",5"], "- - - - - -"),
    ] {
        assert_eq!(states(values).0, found, "{values:?}");
    }
}

#[test]
fn both_readings_are_named_and_a_settled_one_is_said() {
    let (_, summary) = states(&["5,000"]);
    let reject = &summary.first_rejects[0];
    assert_eq!(reject.reason.code(), "CHATDB-I018");
    assert_eq!(
        reject.detail,
        "expected a whole number, found `5,000`, which is 5000 or 5, and no other value of the column shows which"
    );
    assert_eq!(reject.reason.advice(), "export numbers without thousands separators, as `5000`");
    let (_, summary) = states(&["5 000"]);
    assert_eq!(
        summary.first_rejects[0].detail,
        "expected a whole number, found `5 000`, which is 5000 or 5 and 000, and no other value of the column shows \
         which"
    );
    let (_, summary) = states(&["5,000", "5,900"]);
    assert_eq!(
        summary.warnings,
        [
            "`activity_sub_status`: 1 value such as `5,000` could be read in two ways; other values of the column show \
             which is right"
        ]
    );
}

#[test]
fn what_a_stream_settles_too_late_is_rejected_and_never_mixed() {
    let load = |rows: &str| {
        let text = format!("activity_id\tactivity_sub_status\twhen_created\n{rows}");
        let options =
            ImportOptions { form: Some("ssms_tab".to_owned()), ..ImportOptions::default() };
        let mut store = Store::for_exports().unwrap();
        import::read("in", Box::new(Cursor::new(text.into_bytes())), &options, &mut store)
    };
    let at = "2026-11-24 08:51:30.000";
    let summary = load(&format!("1\t5,000\t{at}\n2\t5,900\t{at}\n")).unwrap();
    assert_eq!((summary.loaded, summary.rejected), (1, 1));
    let mixed = format!("1\t5,900\t{at}\n2\t5,000\t{at}\n3\t7,0\t{at}\n");
    assert_eq!(
        load(&mixed).unwrap_err().to_string(),
        "`in`: the format of its values is known only at its end, and it cannot be read twice"
    );
}

#[test]
fn numbers_that_a_spreadsheet_has_cut_are_said_and_not_taken_for_others() {
    let mut store = Store::for_exports().unwrap();
    let text = "activity_id,activity_status,phone\n1347,5000,4.91701E+11\n1348,5000,4.91701E+11\n1349,5000,+49 30 1\n";
    let read = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let summary = import::read("a.csv", read, &ImportOptions::default(), &mut store).unwrap();
    assert_eq!((summary.loaded, summary.rejected), (3, 0));
    assert_eq!(
        summary.warnings,
        [
            "`phone`: a spreadsheet truncated the digits of 2 values; different numbers may look the same"
        ]
    );
}

/// Digits with `separator` between thousands.
fn grouped(number: i64, separator: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

proptest! {
    /// A number that was written with thousands separators is read as itself, or both readings are named.
    #[test]
    fn a_grouped_number_is_itself_or_two(
        number in -2_000_000_000_i64..2_000_000_000,
        separator in "[,.' \u{a0}\u{202f}]",
    ) {
        let separator = separator.chars().next().unwrap();
        match read(&grouped(number, separator), true) {
            Reading::One(digits, _) => prop_assert_eq!(digits, number.to_string()),
            Reading::Two { grouped, .. } => {
                prop_assert_eq!(grouped, number.to_string());
                prop_assert!(number.abs() < 1_000_000);
            }
            Reading::None => prop_assert!(false, "not read"),
        }
    }

    /// A number with decimals in either style is read as itself, or both readings are named.
    #[test]
    fn a_decimal_is_itself_or_two(whole in 0_i64..2_000_000, fraction in "[0-9]{1,6}", comma: bool, groups: bool) {
        let (point, between) = if comma { (',', '.') } else { ('.', ',') };
        let before = if groups { grouped(whole, between) } else { whole.to_string() };
        let expect = format!("{whole}.{fraction}");
        match read(&format!("{before}{point}{fraction}"), false) {
            Reading::One(digits, says) => {
                prop_assert_eq!(digits, expect);
                let says = (says.decimal_comma, says.decimal_point);
                prop_assert_eq!(says, (comma, !comma));
            }
            Reading::Two { parted, .. } => {
                prop_assert_eq!(parted, expect);
                prop_assert!(fraction.len() == 3 && whole < 1000);
            }
            Reading::None => prop_assert!(false, "not read"),
        }
    }

    /// Nothing is read out of what is no number.
    #[test]
    fn anything_else_is_none_or_keeps_its_digits(text in "[-0-9,.' eE]{0,12}", whole: bool) {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        match read(&text, whole) {
            Reading::One(found, _) => prop_assert_eq!(digits(&found), digits(&text)),
            Reading::Two { grouped, parted, .. } => {
                prop_assert_eq!(digits(&grouped), digits(&text));
                prop_assert_eq!(digits(&parted), digits(&text));
            }
            Reading::None => {}
        }
    }
}

#[test]
fn contradicting_values_settle_nothing() {
    let both = Separators { decimal_point: true, decimal_comma: true, grouping_blank: false };
    assert_eq!((both.groups(','), both.groups('.'), both.groups(' ')), (None, None, None));
}
