//! Further values of persons, and further values that name nobody, of kinds that no other list has.

use chatdb::table::Cell;

use crate::ways_out::shown;

/// What says who somebody is, or leads to them.
const PERSONAL: [&str; 40] = [
    "DE89 3704 0044 0532 0130 00",
    "GB33BUKB20201555555555",
    "4111 1111 1111 1111",
    "078-05-1120",
    "AB 12 34 56 C",
    "2 84 05 88 423 187 31",
    "B-QX 1234",
    "1HGCM82633A004352",
    "12 Rue de la Qxzette, 75002 Paris",
    "Qxzstraße 7, 10115 Berlin",
    "P.O. Box 7712, Qxzville",
    "48.85837, 2.29448",
    "CN=Jane Qxz,OU=Users,DC=example,DC=org",
    "uid=jqxz,ou=people,dc=example,dc=org",
    "S-1-5-21-3623811015-3361044348-30300820-1013",
    "EXAMPLE\\jqxz",
    "C:\\Users\\jane.qxz\\Desktop\\x.txt",
    "/home/jqxz/notes",
    "\\\\files\\home\\jqxz",
    "live:.cid.7f3a9c21d0b5",
    "@jane_qxz",
    "https://www.example.org/in/jane-qxz",
    "https://example.org/?user=jqxz&t=1",
    "sip:jane.qxz@example.org",
    "xmpp:jane@example.org/phone",
    "jane%40example.org",
    "jane&#64;example.org",
    "amFuZUBleGFtcGxlLm9yZw==",
    "2001:db8::7f3a:9c21",
    "00:1B:44:11:3A:B7",
    "{\"name\":\"Jane Qxz\",\"id\":7}",
    "<name>Jane Qxz</name>",
    "QXZ^JANE^A",
    "QXZ<<JANE<ANNA<<<<<<",
    "Dr. med. Jana Qxz",
    "王小明",
    "Мария Кузова",
    "محمد قزق",
    "Jane Q. (via phone)",
    "BEGIN:VCARD FN:Jane Qxz",
];

/// What reports show and what names nobody.
const HARMLESS: [&str; 40] = [
    "00:00:00.0000000",
    "24:00:00",
    "1900-01-01",
    "9999-12-31 23:59:59.997",
    "2026-W47-2",
    "2026-11-24 08:15",
    "2026-11-24 08:15:02.1170000",
    "2026-11-24 08:15:02.117 +01:00",
    "Tuesday",
    "Dec",
    "Q1",
    "1 day",
    "90 min",
    "1.5 h",
    "-12",
    "+3",
    "0.5",
    "1,234,567",
    "1e-3",
    "33.3 %",
    "1/3",
    "5 of 12",
    "< 5",
    ">= 100",
    "100+",
    "true",
    "False",
    "Off",
    "NULL",
    "null",
    "pending",
    "queued",
    "closed",
    "failed",
    "error",
    "in queue",
    "no",
    "chat, email",
    "level 3",
    "queue 7",
];

#[test]
fn forty_more_values_of_persons_are_replaced() {
    let mut shown_plain = Vec::new();
    for value in PERSONAL {
        for column in ["v", "notes", "value"] {
            let cell = Cell::Text(value.to_owned());
            if shown(column, cell.clone(), None) == cell {
                shown_plain.push(format!("{column}: {value}"));
            }
        }
    }
    assert_eq!(shown_plain, [""; 0]);
}

#[test]
fn forty_more_values_that_name_nobody_are_shown() {
    let mut replaced = Vec::new();
    for value in HARMLESS {
        let now = shown("v", Cell::Text(value.to_owned()), None);
        if now != Cell::Text(value.to_owned()) {
            replaced.push(format!("{value} -> {now}"));
        }
    }
    assert_eq!(replaced, [""; 0]);
}
