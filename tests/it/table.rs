//! Tables as text: what the readers make of a file, what they refuse, and that what we write is read back.

use crate::table_text;
use chatdb::table::decimal::Decimal;
use chatdb::table::delimited::{self, Delimiter};
use chatdb::table::raw::{RawTable, TableReadError, infer_kinds, read_any};
use chatdb::table::{Cell, Column, Kind, ResultTable, parse_timestamp, pipe, plain};
use chrono::{NaiveDate, NaiveDateTime};
use proptest::prelude::*;

/// Every kind of cell that some format could take for another, all of them different.
pub fn awkward_cells() -> [Cell; 9] {
    let text = |text: &str| Cell::Text(text.to_owned());
    [
        Cell::Null,
        text(""),
        text("NULL"),
        text("a|b"),
        text(" x "),
        text("\""),
        text("\n"),
        Cell::Integer(5),
        Cell::Timestamp(1_310_482_195_123),
    ]
}

/// Shows a reading: one line per record, its line number first, quoted cells in `"`, others in `[` `]`.
fn sketch(read: Result<RawTable, TableReadError>) -> String {
    let table = match read {
        Ok(table) => table,
        Err(error) => return error.to_string(),
    };
    let cells = |cells: &[chatdb::table::raw::RawCell]| {
        let shown = cells.iter().map(|cell| match cell.quoted {
            true => format!("{:?}", cell.text),
            false => format!("[{}]", cell.text.escape_debug()),
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    let rows = table.rows.iter().map(|row| format!("\n{}: {}", row.line, cells(&row.cells)));
    cells(&table.header) + &rows.collect::<String>()
}

fn check_pipe(input: &str, expect: &str) {
    assert_eq!(sketch(pipe::read(input)), expect, "reading {input:?}");
}

fn check_delimited(input: &str, expect: &str) {
    assert_eq!(sketch(delimited::read(input, None)), expect, "reading {input:?}");
}

#[test]
fn a_pipe_table_is_read() {
    check_pipe("|a|b|\n|---|:-:|\n|1|2|\n", "[a] [b]\n3: [1] [2]");
    check_pipe("| a | b |\n|:--|--:|", "[a] [b]");
    check_pipe("\n \t\r\n  | a |\r\n  |-|\r\n  | 1 |\r\n\r\n", "[a]\n5: [1]");
    check_pipe("\u{feff}| a |\n|---|\n", "[a]");
    check_pipe("| a | b\n|---|---\n| 1 | 2", "[a] [b]\n3: [1] [2]");
}

#[test]
fn blank_headers_and_blank_cells_are_cells() {
    check_pipe("| | b |\n|---|---|\n|1||\n", "[] [b]\n3: [1] []");
    check_pipe("||\n|---|\n| |", "[]\n3: []");
    check_pipe("|\n|\n|\n", "\n3: ");
}

#[test]
fn a_backslash_before_punctuation_stands_for_the_punctuation() {
    check_pipe(
        "|a|\n|-|\n|x\\|y|\n|chat\\_status|\n|C:\\dir|\n|\\\\|\n|\\\"q\"|\n|\\\\\\||",
        "[a]\n3: [x|y]\n4: [chat_status]\n5: [C:\\\\dir]\n6: [\\\\]\n7: [\\\"q\\\"]\n8: [\\\\|]",
    );
}

#[test]
fn a_cell_is_quoted_only_from_end_to_end() {
    check_pipe(
        "|a|\n|-|\n|\"x\"|\n|\"\"|\n|\"|\n|\"a\" or \"b\"|\n|\"say \"\"hi\"\"\"|\n|5\" disk|",
        "[a]\n3: \"x\"\n4: \"\"\n5: [\\\"]\n6: [\\\"a\\\" or \\\"b\\\"]\n7: \"say \\\"hi\\\"\"\n8: [5\\\" disk]",
    );
}

#[test]
fn quotes_know_escapes_for_what_a_line_cannot_hold() {
    check_pipe(
        r#"|a|
|-|
|"\n\r\t\u{1b}"|
|"\u{110000} \u{ \u \q \\n"|
|\n|"#,
        r#"[a]
3: "\n\r\t\u{1b}"
4: "\\u{110000} \\u{ \\u \\q \\n"
5: [\\n]"#,
    );
}

#[test]
fn what_is_no_pipe_table_is_refused_where_it_goes_wrong() {
    let start = "expected a table whose header starts with `|`";
    check_pipe("", &format!("1:1: {start}"));
    check_pipe("\n\n", &format!("1:1: {start}"));
    check_pipe("\n  a | b\n", &format!("2:3: {start}"));
    let dashes = "expected a line of dashes like `|---|` below the header";
    check_pipe("| a |", &format!("2:1: {dashes}"));
    check_pipe("\n| a |\n| 1 |\n", &format!("3:1: {dashes}"));
    check_pipe("| a |\n|:|\n", &format!("2:1: {dashes}"));
    check_pipe("|a|b|\n|-|\n", "2:4: expected 2 cells, found 1");
    check_pipe("|a|b|\n|-|-|\n|1|2|\n|é|\n", "4:4: expected 2 cells, found 1");
    check_pipe("|a|\n|-|\n|é|2|\n", "3:4: expected 1 cell, found 2");
    let after = "expected nothing after the table, found text";
    check_pipe("|a|\n|-|\n|1|\n x\n", &format!("4:2: {after}"));
    check_pipe("|a|\n|-|\n\n|1|\n", &format!("4:1: {after}"));
}

#[test]
fn delimited_text_is_read_with_its_quotes_remembered() {
    check_delimited("a,b\n1,\"1\"\n", "[a] [b]\n2: [1] \"1\"");
    check_delimited("a,b\r\nNULL,\"NULL\"\r\n", "[a] [b]\n2: [NULL] \"NULL\"");
    check_delimited("\u{feff}a,b\n,\"\"", "[a] [b]\n2: [] \"\"");
    check_delimited("a\n\"x\r\ny\"\nz\n", "[a]\n2: \"x\\r\\ny\"\n4: [z]");
    check_delimited("a\n\"say \"\"hi\"\"\"\n", "[a]\n2: \"say \\\"hi\\\"\"");
    check_delimited("a\n5\" disk\n x \n", "[a]\n2: [5\\\" disk]\n3: [ x ]");
    check_delimited("a,b\nx\ry,1\n", "[a] [b]\n2: [x\\ry] [1]");
}

#[test]
fn an_empty_line_is_a_row_only_of_one_column() {
    check_delimited("\n\r\na\n1\n\n2\n\n", "[a]\n4: [1]\n5: []\n6: [2]\n7: []");
    check_delimited("a,b\n1,2\n\n\r\n", "[a] [b]\n2: [1] [2]");
    check_delimited("a,b\n\n1,2\n", "2:1: expected 2 cells, found 1");
}

#[test]
fn the_delimiter_is_sniffed_from_the_header() {
    check_delimited("a\tb\n1,5\t2", "[a] [b]\n2: [1,5] [2]");
    check_delimited("a;b\n1,5;2", "[a] [b]\n2: [1,5] [2]");
    check_delimited("a|b\n1|2", "[a] [b]\n2: [1] [2]");
    check_delimited("a\n1\n", "[a]\n2: [1]");
    check_delimited("\"a,b,c\";d\n1;2", "\"a,b,c\" [d]\n2: [1] [2]");
    check_delimited("\"a\nb,c\"\td,e\tf\n1\t2\t3", "\"a\\nb,c\" [d,e] [f]\n3: [1] [2] [3]");
    check_delimited("5\" disk;b\n1;2", "[5\\\" disk] [b]\n2: [1] [2]");
    let given = delimited::read("a;b\n1,2\n", Some(Delimiter::Comma));
    assert_eq!(sketch(given), "2:3: expected 1 cell, found 2");
}

#[test]
fn damaged_delimited_text_is_refused_where_it_is_damaged() {
    check_delimited("", "1:1: expected a header line, found the end of the text");
    check_delimited("\n\n", "3:1: expected a header line, found the end of the text");
    check_delimited("a,b\n1\n", "2:2: expected 2 cells, found 1");
    check_delimited("a,b\n1,2,3,4\n", "2:5: expected 2 cells, found 4");
    check_delimited("a,b\n\"x\ny\"\n", "3:3: expected 2 cells, found 1");
    let quote = "expected a closing quote for this field, found the end of the text";
    check_delimited("a,b\n1,\"2\n3", &format!("2:3: {quote}"));
    let after = "expected the end of the field after its closing quote, found";
    check_delimited("a,b\n\"1\"x,2\n", &format!("2:4: {after} `x`"));
    check_delimited("a,b\n1,\"2\" \n", &format!("2:6: {after} ` `"));
    check_delimited("a,b\n1,\"2\"\r3\n", &format!("2:6: {after} `\\r`"));
}

#[test]
fn any_form_is_told_by_its_content() {
    let check =
        |input: &str, expect: &str| assert_eq!(sketch(read_any(input)), expect, "{input:?}");
    check("\n | a | b |\n|---|---|\n", "[a] [b]");
    check("\u{feff}\r\n| a |\n|---|\n", "[a]");
    check("a|b\n1|2\n", "[a] [b]\n2: [1] [2]");
    check("a\tb\n", "[a] [b]");
    check("", "1:1: expected a header line, found the end of the text");
}

/// Infers the kinds of CSV files together, and shows them file by file.
fn check_kinds(inputs: &[&str], expect: &str) {
    let tables: Vec<RawTable> = (inputs.iter())
        .map(|input| delimited::read(input, None).expect("the test's own CSV is well formed"))
        .collect();
    let kinds = infer_kinds(&tables.iter().collect::<Vec<_>>(), &[]);
    let shown: Vec<String> = (kinds.iter())
        .map(|kinds| kinds.iter().map(|k| k.name()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(shown.join(" / "), expect, "{inputs:?}");
}

#[test]
fn kinds_are_inferred_from_all_tables_together() {
    check_kinds(&["a\n1\n-2\n"], "integer");
    check_kinds(&["a,b\n1,x\n", "b,a\n2,3\n"], "integer text / text integer");
    check_kinds(&["a\n1\n", "a\nx\n"], "text / text");
    check_kinds(&["a\n1\nNULL\n\n", "a\nNULL\n"], "integer / integer");
    check_kinds(&["a,b,c\nNULL,,\"\"\n"], "text text text");
    check_kinds(&["a\n1\n\"2\"\n"], "text");
    check_kinds(&["a\n007\n"], "text");
    check_kinds(&["a\n1.5\n"], "decimal");
    check_kinds(&["a\n1\n", "A\n1.5\n"], "decimal / decimal");
    check_kinds(&["a,A\n1,1.5\n"], "integer decimal");
    check_kinds(&["a\n12345678901234567890\n"], "decimal");
    check_kinds(&["a\n2011-07-12 14:49:55.000\n2011-07-12T14:49:55\n"], "timestamp");
    check_kinds(&["a\n2011-07-12 14:49:60\n"], "text");
    check_kinds(&["a\n00:04:00\n-100:00:00\n"], "duration");
    check_kinds(&["a\n00:04:00\n5\n"], "text");
    check_kinds(&["a,a\n1,x\n", "a\n2\n"], "integer text / integer");
}

#[test]
fn cells_are_read_as_their_columns_kind_or_stay_text() {
    let raw = delimited::read("a,b\n5,5\nNULL,\"NULL\"\n,\"\"\nx,1.5\n\"5\",00:00:05\n", None)
        .expect("the test's own CSV is well formed");
    let text = |text: &str| Cell::Text(text.to_owned());
    let expect = ResultTable {
        columns: vec![Column::new("a", Kind::Integer), Column::new("b", Kind::Text)],
        rows: vec![
            vec![Cell::Integer(5), text("5")],
            vec![Cell::Null, text("NULL")],
            vec![text(""), text("")],
            vec![text("x"), text("1.5")],
            vec![text("5"), text("00:00:05")],
        ],
    };
    assert_eq!(raw.typed(&[Kind::Integer, Kind::Text]), expect);
    assert_eq!(raw.typed(&[Kind::Integer]), expect);
}

fn written() -> ResultTable {
    let text = |text: &str| Cell::Text(text.to_owned());
    ResultTable {
        columns: vec![Column::new("activity_id", Kind::Integer), Column::new("", Kind::Text)],
        rows: vec![
            vec![Cell::Integer(1347), text("Sorry, *Señor* 名前")],
            vec![text("1347"), text("a|b_c _d_ \\")],
            vec![Cell::Null, text("NULL")],
            vec![text(""), text("two\nlines \"so\" ")],
            vec![text("\""), text("\u{1b}[31m")],
        ],
    }
}

#[test]
fn a_pipe_table_is_aligned_by_what_a_terminal_shows() {
    let expect = r#"
| activity_id |                       |
|-------------|-----------------------|
| 1347        | Sorry, \*Señor\* 名前 |
| "1347"      | a\|b_c \_d\_ \\       |
| NULL        | "NULL"                |
|             | "two\nlines ""so"" "  |
| """"        | "\u{1b}\[31m"         |
"#;
    assert_eq!(table_text::pipe(&written()), expect.trim_start());
}

#[test]
fn delimited_text_quotes_only_what_would_be_misread() {
    let expect = "activity_id,\n1347,\"Sorry, *Señor* 名前\"\n\"1347\",\"a|b_c _d_ \\\"\nNULL,\"NULL\"\n,\
                  \"two\nlines \"\"so\"\" \"\n\"\"\"\",\u{1b}[31m\n";
    assert_eq!(table_text::delimited(&written(), Delimiter::Comma), expect);
}

/// The law: what is written is read back, by whichever reader, as the same table.
fn check_reads_back(table: &ResultTable) {
    let kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
    let back = |read: Result<RawTable, TableReadError>| read.map(|raw| raw.typed(&kinds));
    let text = table_text::pipe(table);
    assert_eq!(back(pipe::read(&text)).as_ref(), Ok(table), "{text}");
    assert_eq!(back(read_any(&text)).as_ref(), Ok(table), "{text}");
    if table.columns.is_empty() {
        return; // Delimited text has no form for it.
    }
    for delimiter in Delimiter::ALL {
        let text = table_text::delimited(table, delimiter);
        let given = delimited::read(&text, Some(delimiter));
        assert_eq!(back(given).as_ref(), Ok(table), "{text}");
        assert_eq!(back(read_any(&text)).as_ref(), Ok(table), "{text}");
    }
}

/// Calls `check` with every sequence of `length` of `items`.
pub fn every_sequence<T: Clone>(items: &[T], length: usize, check: &mut impl FnMut(&[T])) {
    let count = u32::try_from(length).map_or(0, |length| items.len().pow(length));
    for number in 0..count {
        let mut rest = number;
        let digits = (0..length).map(|_| {
            let digit = rest % items.len();
            rest /= items.len();
            items[digit].clone()
        });
        check(&digits.collect::<Vec<_>>());
    }
}

/// A table of `cells`, whose columns are as many as `names`, each of the kind of its first cell that is
/// neither NULL nor text; or `None` if a column mixes two, which no query gives.
fn table_of(names: &[&str], cells: &[Cell]) -> Option<ResultTable> {
    let kind_of = |cell: &Cell| match cell {
        Cell::Integer(_) => Some(Kind::Integer),
        Cell::Timestamp(_) => Some(Kind::Timestamp),
        _ => None,
    };
    let column = |(at, name): (usize, &&str)| {
        let mut kinds = cells.iter().skip(at).step_by(names.len()).filter_map(kind_of);
        let kind = kinds.next().unwrap_or(Kind::Text);
        kinds.all(|other| other == kind).then(|| Column::new(*name, kind))
    };
    Some(ResultTable {
        columns: names.iter().enumerate().map(column).collect::<Option<_>>()?,
        rows: cells.chunks(names.len()).map(<[Cell]>::to_vec).collect(),
    })
}

#[test]
fn every_small_table_of_awkward_cells_is_read_back() {
    for (names, rows) in [
        (&["a"][..], 0),
        (&["a"][..], 1),
        (&["a"][..], 2),
        (&["a", ""][..], 0),
        (&["a", ""][..], 1),
        (&["a", ""][..], 2),
    ] {
        every_sequence(&awkward_cells(), names.len() * rows, &mut |cells| {
            if let Some(table) = table_of(names, cells) {
                check_reads_back(&table);
            }
        });
    }
}

#[test]
fn every_awkward_pair_of_names_is_read_back() {
    let names = [
        "", " ", "a", "NULL", "\"", "\"\"", "|", "\\", "---", "a,b", "\t", ";", "\n", "\r", "_",
        "\u{feff}", "\u{a0}", "5", "#", "\\n",
    ];
    for length in [1, 2] {
        every_sequence(&names, length, &mut |names| {
            check_reads_back(&ResultTable {
                columns: names.iter().map(|n| Column::new(*n, Kind::Text)).collect(),
                rows: vec![names.iter().map(|n| Cell::Text((*n).to_owned())).collect()],
            });
        });
    }
}

#[test]
fn a_table_without_columns_is_read_back_from_pipes() {
    for rows in 0..3 {
        check_reads_back(&ResultTable { columns: Vec::new(), rows: vec![Vec::new(); rows] });
    }
}

/// Texts that formats have a use for, and any others.
fn any_text() -> impl Strategy<Value = String> {
    let mark = prop::sample::select(vec![
        "\"", "\\", "|", ",", "\t", ";", "\n", "\r", " ", "n", "u{", "}", "NULL", "-", ":", "5",
        "_", "*", "\u{feff}", "\u{1b}", "\u{202e}", "é", "名",
    ]);
    prop_oneof![
        prop::collection::vec(mark, 0..8).prop_map(|marks| marks.concat()),
        any::<String>(),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

/// A cell that a column of `kind` may hold.
fn any_cell(kind: Kind) -> BoxedStrategy<Cell> {
    let value = match kind {
        Kind::Integer => any::<i64>().prop_map(Cell::Integer).boxed(),
        Kind::Decimal => "-?(0|[1-9][0-9]{0,30})?\\.[0-9]{1,30}([eE][+-]?[0-9]{1,2})?"
            .prop_map(|text| Cell::Decimal(Decimal::parse(&text).expect("it is one")))
            .boxed(),
        Kind::Real => (prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL)
            .prop_map(Cell::Real)
            .boxed(),
        Kind::Text => any_text().prop_map(Cell::Text).boxed(),
        // From year 0000 to 9999, beyond which a time has no text form.
        Kind::Timestamp => {
            (-62_167_219_200_000..253_402_300_800_000_i64).prop_map(Cell::Timestamp).boxed()
        }
        Kind::Duration => any::<i64>().prop_map(Cell::Duration).boxed(),
    };
    let text = any_text().prop_map(Cell::Text);
    let look_alike = value.clone().prop_map(|cell| Cell::Text(cell.to_string()));
    prop_oneof![6 => value, 1 => Just(Cell::Null), 1 => text, 1 => look_alike].boxed()
}

fn any_table() -> impl Strategy<Value = ResultTable> {
    let column = (any_text(), prop::sample::select(Kind::ALL.to_vec()));
    prop::collection::vec(column, 1..5).prop_flat_map(|columns| {
        let row: Vec<_> = columns.iter().map(|(_, kind)| any_cell(*kind)).collect();
        let columns: Vec<_> =
            (columns.into_iter()).map(|(name, kind)| Column::new(name, kind)).collect();
        prop::collection::vec(row, 0..6)
            .prop_map(move |rows| ResultTable { columns: columns.clone(), rows })
    })
}

proptest! {
    #[test]
    fn every_table_is_read_back(table in any_table()) {
        check_reads_back(&table);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in any_text()) {
        let _ = (pipe::read(&text), read_any(&text));
        let header = format!("|a|\n|-|\n{text}");
        let _ = pipe::read(&header);
        for delimiter in Delimiter::ALL {
            let _ = delimited::read(&text, Some(delimiter));
        }
    }
}

#[test]
fn every_day_is_plainly_a_time_and_no_other_is() {
    for year in [1, 4, 99, 100, 400, 1900, 1999, 2000, 2011, 2012, 2400, 9999] {
        for (month, day) in (0..20).flat_map(|month| (0..40).map(move |day| (month, day))) {
            let text = format!("{year:04}-{month:02}-{day:02} 23:59:59.999");
            let is_one = NaiveDate::from_ymd_opt(year, month, day).is_some();
            assert_eq!(plain::is_time(text.as_bytes()), is_one, "{text}");
            assert_eq!(parse_timestamp(&text).is_some(), is_one, "{text}");
        }
    }
    for other in ["0000-01-01 00:00:00.000", "2011-07-12 24:00:00.000", "2011-07-12 14:49:55", ""] {
        assert!(!plain::is_time(other.as_bytes()), "{other}");
    }
}

/// Each text that is `plain` but for one byte.
fn nearly(plain: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changes = (0..plain.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)));
    changes.map(|(at, byte)| {
        let mut text = plain.to_vec();
        text[at] = byte;
        text
    })
}

#[test]
fn a_number_or_a_time_with_another_byte_anywhere_is_plainly_one_only_if_it_is_one() {
    let number = b"1234567890123456";
    for length in 1..=number.len() {
        for text in nearly(&number[..length]) {
            let parsed = str::from_utf8(&text).ok().and_then(|text| text.parse::<i64>().ok());
            let is_one = parsed.is_some_and(|number| number.to_string().as_bytes() == text);
            assert_eq!(plain::is_integer(&text), is_one, "{text:?}");
        }
    }
    for text in nearly(b"2011-07-12 14:49:55.000") {
        const FORM: &str = "%Y-%m-%d %H:%M:%S%.3f";
        let text_of = |time: NaiveDateTime| time.format(FORM).to_string();
        let parsed = str::from_utf8(&text)
            .ok()
            .and_then(|text| NaiveDateTime::parse_from_str(text, FORM).ok());
        let is_one =
            parsed.is_some_and(|time| text_of(time).as_bytes() == text && text[17] != b'6');
        assert_eq!(plain::is_time(&text), is_one, "{text:?}");
    }
    for other in ["", "-", "-0", "00", "01", "+1", "--1", "12345678901234567"] {
        assert!(!plain::is_integer(other.as_bytes()), "{other}");
    }
}
