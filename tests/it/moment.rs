//! Dates, times and distances from UTC as people type them.

use chatdb::table::Cell;
use chatdb::table::moment::{self, MomentError, OffsetAt, TypedMoment, UtcOffset, strftime};
use chatdb::table::parse_timestamp;

/// How a text is read, in words.
fn read(text: &str, format: Option<&str>, day: Option<&str>) -> String {
    let format = format.map(|format| strftime(format).expect("a format"));
    let day = day.and_then(parse_timestamp);
    match moment::parse(text, format.as_deref(), day) {
        Ok(TypedMoment { ms, offset_minutes, is_day }) => {
            let mut told = Cell::Timestamp(ms).to_string();
            if let Some(minutes) = offset_minutes {
                told.push_str(&format!(" UTC{minutes:+}"));
            }
            told + if is_day { " day" } else { "" }
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn dates_are_read_as_people_type_them() {
    let cases = [
        ("2026-11-24 09:00", "2026-11-24 09:00:00.000"),
        ("2026-11-24T09:00", "2026-11-24 09:00:00.000"),
        ("2026-11-24T09:00:01.5", "2026-11-24 09:00:01.500"),
        ("2026-11-24 9:05", "2026-11-24 09:05:00.000"),
        ("2026-11-24 9:05 pm", "2026-11-24 21:05:00.000"),
        (" 2026-11-24 ", "2026-11-24 00:00:00.000 day"),
        ("20261124 09:00", "2026-11-24 09:00:00.000"),
        ("2026/11/24 09:00", "2026-11-24 09:00:00.000"),
        ("24.11.2026 09:00", "2026-11-24 09:00:00.000"),
        ("07.08.2011", "2011-08-07 00:00:00.000 day"),
        ("14/07/2011 09:37", "2011-07-14 09:37:00.000"),
        ("07/14/2011", "2011-07-14 00:00:00.000 day"),
        ("07/07/2011", "2011-07-07 00:00:00.000 day"),
        ("2026-11-24T09:00Z", "2026-11-24 09:00:00.000 UTC+0"),
        ("2026-11-24 09:00:00 +02:00", "2026-11-24 09:00:00.000 UTC+120"),
        ("2026-11-24T09:00:00-0530", "2026-11-24 09:00:00.000 UTC-330"),
        ("07/08/2011 09:37", "`07/08/2011 09:37` is 2011-08-07 or 2011-07-08"),
        ("09:51", "`09:51` is a time of day, without the day"),
        ("2026-02-30", "cannot read `2026-02-30` as a date and time"),
        ("2026-11-24 24:00", "cannot read `2026-11-24 24:00` as a date and time"),
        ("2026-11-24 09:00:60", "cannot read `2026-11-24 09:00:60` as a date and time"),
        ("24.13.2026", "cannot read `24.13.2026` as a date and time"),
        ("07.14.2011", "cannot read `07.14.2011` as a date and time"),
        ("yesterday", "cannot read `yesterday` as a date and time"),
        ("", "cannot read `` as a date and time"),
    ];
    for (text, expect) in cases {
        assert_eq!(read(text, None, None), expect, "{text}");
    }
    assert_eq!(read("9:51", None, Some("2011-07-14 09:37:00")), "2011-07-14 09:51:00.000");
}

#[test]
fn every_minute_of_a_year_is_read_back_in_every_way_of_writing_it() {
    let start = parse_timestamp("2024-01-01 00:00:00").expect("a time");
    for step in 0..2000 {
        let ms = start + step * 60_000 * 263;
        let at = chrono::DateTime::from_timestamp_millis(ms).expect("a time");
        for pattern in [
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M:%S",
            "%Y%m%d %H:%M",
            "%d.%m.%Y %H:%M",
            "%Y/%m/%d %I:%M %p",
        ] {
            let text = at.format(pattern).to_string();
            let read = moment::parse(&text, None, None);
            assert_eq!(read.map(|moment| moment.ms), Ok(ms), "{text}");
        }
        let slashed = at.format("%d/%m/%Y %H:%M").to_string();
        let of = |format: &str| {
            let format = strftime(format).expect("a format");
            moment::parse(&slashed, Some(&format), None).map(|moment| moment.ms)
        };
        for format in ["dd/MM/yyyy", "dd/mm/yyyy hh:mm", "dd/MM/yyyy HH:mm", "103", "%d/%m/%Y"] {
            assert_eq!(of(format), Ok(ms), "{slashed} by {format}");
        }
        // Without a format it is that date, or has two readings.
        match moment::parse(&slashed, None, None) {
            Ok(read) => assert_eq!(read.ms, ms, "{slashed}"),
            Err(error) => assert!(matches!(error, MomentError::TwoReadings { .. }), "{error}"),
        }
    }
}

#[test]
fn formats_are_told_in_the_words_of_sql_server_or_of_strftime() {
    let cases = [
        ("dd/MM/yyyy", Some("%d/%m/%Y")),
        ("dd/MM/yyyy HH:mm:ss", Some("%d/%m/%Y %H:%M:%S")),
        ("dd/mm/yyyy hh:mm:ss", Some("%d/%m/%Y %H:%M:%S")),
        ("MM/dd/yyyy hh:mm:ss tt", Some("%m/%d/%Y %I:%M:%S %p")),
        ("d.M.yyyy HH:mm:ss.fff", Some("%d.%m.%Y %H:%M:%S%.f")),
        ("yyyy-MM-ddTHH:mm", Some("%Y-%m-%dT%H:%M")),
        ("dd MMM yyyy", Some("%d %b %Y")),
        ("103", Some("%d/%m/%Y")),
        ("121", Some("%Y-%m-%d %H:%M:%S%.f")),
        ("%d/%m/%Y %H:%M", Some("%d/%m/%Y %H:%M")),
        ("%Q", None),
        ("HH:mm", None),
        ("dd/MM", None),
        ("german", None),
    ];
    for (format, expect) in cases {
        assert_eq!(strftime(format).as_deref(), expect, "{format}");
    }
    assert_eq!(
        read("14/07/2011 16:30:04.213", Some("dd/MM/yyyy HH:mm:ss"), None),
        "2011-07-14 16:30:04.213"
    );
    assert_eq!(read("07/08/2011", Some("MM/dd/yyyy"), None), "2011-07-08 00:00:00.000 day");
}

#[test]
fn a_distance_from_utc_is_a_number_or_a_place_with_its_daylight_saving() {
    let minutes = |text: &str| match UtcOffset::parse(text) {
        Some(UtcOffset::Minutes(minutes)) => Some(minutes),
        _ => None,
    };
    let cases = [
        ("+02:00", Some(120)),
        ("+02", Some(120)),
        ("+0200", Some(120)),
        ("2", Some(120)),
        ("-5", Some(-300)),
        ("-05:30", Some(-330)),
        ("Z", Some(0)),
        ("UTC", Some(0)),
        ("UTC+2", Some(120)),
        ("GMT-3:30", Some(-210)),
        ("+15", None),
        ("+02:60", None),
        ("+2:5", None),
        ("CET", None),
        ("Europe/Nowhere", None),
        ("", None),
    ];
    for (text, expect) in cases {
        assert_eq!(minutes(text), expect, "{text}");
    }
    let berlin = UtcOffset::parse("europe/berlin").expect("a zone");
    let at = |text: &str| berlin.at(parse_timestamp(text).expect("a time"));
    assert_eq!(at("2026-07-01 12:00:00"), OffsetAt::Minutes(120));
    assert_eq!(at("2026-11-24 12:00:00"), OffsetAt::Minutes(60));
    assert_eq!(at("2026-10-25 02:30:00"), OffsetAt::Twice(120, 60));
    assert_eq!(at("2026-03-29 02:30:00"), OffsetAt::Never);
    assert_eq!(berlin.at_utc(parse_timestamp("2026-03-29 01:00:00").expect("a time")), 120);
}

#[test]
fn a_fraction_of_a_second_has_as_many_digits_as_are_written() {
    let cases = [
        ("%d.%m.%Y %H:%M:%S,%f", "04.07.2025 00:01:00,588", "00:01:00.588"),
        ("%d.%m.%Y %H:%M:%S,%f", "04.07.2025 00:01:00,5", "00:01:00.500"),
        ("%d.%m.%Y %H:%M:%S.%f", "04.07.2025 00:01:00.588123", "00:01:00.588"),
        ("dd.MM.yyyy HH:mm:ss,fff", "04.07.2025 00:01:00,588", "00:01:00.588"),
        ("dd.MM.yyyy HH:mm:ss.fff", "04.07.2025 00:01:00.588", "00:01:00.588"),
        ("113", "04 Jul 2025 00:01:00:588", "00:01:00.588"),
    ];
    for (format, text, time) in cases {
        let format = strftime(format).expect("a format");
        let read = moment::by_format(text, &format).expect(text);
        let read = read.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
        assert_eq!(read, format!("2025-07-04 {time}"), "{format}");
    }
    let read = |text| moment::by_format(text, "%d.%m.%Y %H:%M:%S,%f");
    assert_eq!(read("04.07.2025 00:01:00,"), None);
    assert_eq!(read("04.07.2025 00:01:00,1234567890"), None);
    // A fraction in the middle would be taken for nanoseconds.
    assert_eq!(strftime("%H:%M:%S,%f %d.%m.%Y"), None);
}
