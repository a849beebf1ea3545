//! Times as PowerShell 5 writes them with ConvertTo-Json: what the clock showed is read where the file says it, and
//! where it does not, the summary says that the time is UTC.

use chrono::{DateTime, TimeDelta};

use crate::import_reading::lines_of;

/// What is read of one object with the time `written`, and whether it is said to be UTC.
fn read(written: &str) -> (String, bool) {
    let lines = lines_of(&format!("[\n{{\"activity_id\": 1, \"when_created\": {written}}}\n]\n"));
    let row = lines.iter().find_map(|line| line.strip_prefix("2 1|"));
    let is_utc = lines.iter().any(|line| line.contains("`/Date(...)/` are UTC"));
    (row.unwrap_or_else(|| panic!("{lines:#?}")).to_owned(), is_utc)
}

#[test]
fn a_time_alone_is_utc_and_said_to_be_and_a_text_that_only_looks_like_one_is_a_text() {
    let cases = [
        (r#""\/Date(1321976400123)\/""#, "2011-11-22 15:40:00.123Z", true),
        (r#""\/Date(-62135596800000)\/""#, "0001-01-01 00:00:00.000Z", true),
        (r#""\/Date(1321976400000+0130)\/""#, "2011-11-22 17:10:00.000+0130", false),
        (r#""\/Date(1321976400000-0500)\/""#, "2011-11-22 10:40:00.000-0500", false),
        (r#""/Date(1321976400000)/""#, "/Date(1321976400000)/", false),
        (r#""\/Date(soon)\/""#, "/Date(soon)/", false),
        (r#"{"value": "x"}"#, r#"{\"value\": \"x\"}"#, false),
    ];
    for (written, expected, is_utc) in cases {
        assert_eq!(read(written), (expected.to_owned(), is_utc), "{written}");
    }
}

#[test]
fn a_time_that_was_shown_is_what_the_clock_showed_wherever_it_was() {
    let utc = DateTime::from_timestamp_millis(1_321_976_400_123).unwrap().naive_utc();
    let shown = [
        "%A, %B %d, %Y %-I:%M:%S %p",
        "%d %B %Y %H:%M:%S",
        "Dienstag, %-d. November %Y %H:%M:%S",
        "%Y年%-m月%-d日 %-H:%M:%S",
    ];
    for quarters in -48..=56 {
        let at = utc + TimeDelta::minutes(quarters * 15);
        for format in shown {
            let written = format!(
                r#"{{ "value": "\/Date(1321976400123)\/", "DisplayHint": 2, "DateTime": "{}" }}"#,
                at.format(format)
            );
            let expected = at.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
            assert_eq!(read(&written), (expected, false), "{written}");
        }
    }
    // Halves of a day in words that nobody knows, and a clock that shows another time.
    for other in ["2011年11月22日 下午 3:40:00", "Tuesday, November 22, 2011 3:41:00 PM", "soon"]
    {
        let written = format!(r#"{{"value":"\/Date(1321976400123)\/","DateTime":"{other}"}}"#);
        assert_eq!(read(&written), ("2011-11-22 15:40:00.123Z".to_owned(), true), "{written}");
    }
}
