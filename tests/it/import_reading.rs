//! From bytes to records: which form a file is taken for, in which encoding, and what its reader gives.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write as _};
use std::path::{Path, PathBuf};

use chatdb::import::ImportOptions;
use chatdb::import::format::bcp_format_file::FormatFile;
use chatdb::import::format::{IMPORT_FORMATS, by_id};
use chatdb::import::input::code_pages::PAGES;
use chatdb::import::input::decode::DecodeError;
use chatdb::import::input::source::UnpackLimits;
use chatdb::import::open::{OpenError, Opened, open, open_reader};
use chatdb::import::reader::Item;
use chatdb::import::reader::fixed_width::Widths;
use chatdb::record::Reason;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use toml::Value;

// WHAT A FILE SAYS -----------------------------------------------------------------------------------------

fn take(bytes: &[u8], options: &ImportOptions) -> Result<Opened, OpenError> {
    open_reader(Box::new(Cursor::new(bytes.to_vec())), options)
}

/// What a reader gives, a line for each item: `names a|b`, `2 a|NULL`, `3 CHATDB-I005 ...`, `rows 3`, `at 5`; before it
/// the form.
fn told(mut opened: Opened) -> String {
    let mut out = format!("{}\n", opened.form.id);
    let nulls = opened.form.nulls;
    loop {
        let line = match opened.reader.next() {
            Ok(None) => break,
            Err(error) => format!("stops: {error}"),
            Ok(Some(Item::Header(names))) => format!("names {}", names.join("|")),
            Ok(Some(Item::Record(record))) => {
                let cells = record.fields.iter().map(|field| match nulls.read(&record, *field) {
                    None => "NULL".to_owned(),
                    Some(text) => {
                        let shown = format!("{text:?}");
                        shown[1..shown.len() - 1].to_owned()
                    }
                });
                format!("{} {}", record.line, cells.collect::<Vec<_>>().join("|"))
            }
            Ok(Some(Item::Reject(reject))) => {
                format!("{} {} {}", reject.line, reject.reason.code(), reject.detail)
            }
            Ok(Some(Item::Trailer(footer))) => match (footer.rows, footer.completed_at_ms) {
                (Some(rows), _) => format!("rows {rows}"),
                (_, at) => format!("at {}", at.unwrap_or_default()),
            },
        };
        let stops = line.starts_with("stops");
        out.push_str(&line);
        out.push('\n');
        if stops {
            break;
        }
    }
    for remark in opened.reader.remarks() {
        out.push_str(&format!("remark: {remark}\n"));
    }
    out
}

#[track_caller]
fn check_as(bytes: &[u8], options: &ImportOptions, expect: &str) {
    let found = match take(bytes, options) {
        Ok(opened) => told(opened),
        Err(error) => format!("error: {error}\n"),
    };
    let expect: Vec<&str> = expect.trim().lines().map(str::trim).collect();
    assert_eq!(found.lines().map(str::trim_end).collect::<Vec<_>>(), expect);
}

/// What is read of `text`, line by line as in [`check`].
pub fn lines_of(text: &str) -> Vec<String> {
    let opened = take(text.as_bytes(), &ImportOptions::default()).unwrap();
    told(opened).lines().map(str::to_owned).collect()
}

#[track_caller]
pub fn check(bytes: impl AsRef<[u8]>, expect: &str) {
    check_as(bytes.as_ref(), &ImportOptions::default(), expect);
}

fn form(id: &str) -> ImportOptions {
    ImportOptions { form: Some(id.to_owned()), ..ImportOptions::default() }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

// IMPORT_FORMATS ----------------------------------------------------------------------------------------------------

const NAMES: &str = "activity_id,subject,when_created";
const BOM: &str = "\u{FEFF}";

#[test]
fn every_form_of_the_matrix_is_covered_and_ids_are_unique() {
    let covered: BTreeSet<&str> =
        IMPORT_FORMATS.iter().flat_map(|form| form.covers.iter().copied()).collect();
    for number in 1..30 {
        let id = format!("F{number:02}");
        assert!(covered.contains(id.as_str()), "{id} is read by no form");
    }
    let ids: BTreeSet<&str> = IMPORT_FORMATS.iter().map(|form| form.id).collect();
    assert_eq!(ids.len(), IMPORT_FORMATS.len());
    assert_eq!(by_id("F21").map(|form| form.id), Some("ads_csv"));
    assert!(by_id("F31").is_none());
}

#[test]
fn a_quote_means_nothing_in_a_grid_saved_from_ssms() {
    let lines = "1,\"hi there,2011-07-12 14:49:55.000\r\n2,say \"x\" now,NULL\r\n3,,2011-07-12 14:49:56.000\r\n";
    check(
        format!("{BOM}{NAMES}\r\n{lines}"),
        r#"
        ssms_csv
        names activity_id|subject|when_created
        2 1|\"hi there|2011-07-12 14:49:55.000
        3 2|say \"x\" now|NULL
        4 3||2011-07-12 14:49:56.000
        "#,
    );
}

#[test]
fn a_value_with_a_comma_makes_a_record_ragged_and_no_other() {
    check(
        format!("{BOM}{NAMES}\r\n1,Smith, John,NULL\r\n2,b,NULL\r\n3,c,NULL\r\n"),
        "
        ssms_csv
        names activity_id|subject|when_created
        2 CHATDB-I005 expected 3 fields, found 4
        3 2|b|NULL
        4 3|c|NULL
        ",
    );
}

#[test]
fn a_record_cut_by_a_line_break_is_put_together_when_its_columns_fit() {
    let time = "2011-07-12 14:49:55.000";
    check(
        format!(
            "{BOM}{NAMES}\r\n1,one\r\ntwo,{time}\r\n2,b,{time}\r\n3,one\r\n\r\ntwo,{time}\r\n4,d,{time}\r\n"
        ),
        "
        ssms_csv
        names activity_id|subject|when_created
        2 1|one\\r\\ntwo|2011-07-12 14:49:55.000
        4 2|b|2011-07-12 14:49:55.000
        5 3|one\\r\\n\\r\\ntwo|2011-07-12 14:49:55.000
        8 4|d|2011-07-12 14:49:55.000
        remark: 2 records were rejoined from lines split by a line break
        ",
    );
}

#[test]
fn lines_that_do_not_make_a_record_are_rejected_one_by_one() {
    let time = "2011-07-12 14:49:55.000";
    check(
        format!("{BOM}{NAMES}\r\n1,b,{time}\r\n2,one\r\ntwo,three\r\n3,c,{time}\r\n"),
        "
        ssms_csv
        names activity_id|subject|when_created
        2 1|b|2011-07-12 14:49:55.000
        3 CHATDB-I005 expected 3 fields, found 2
        4 CHATDB-I005 expected 3 fields, found 2
        5 3|c|2011-07-12 14:49:55.000
        ",
    );
}

#[test]
fn text_below_a_whole_record_is_its_last_field_going_on_or_nothing_is_taken() {
    // The last column is a text, so that the line break may be in it; the first one is a number.
    check(
        format!("{BOM}activity_id,subject\r\n1,one\r\ntwo\r\n2,b\r\n"),
        "
        ssms_csv
        names activity_id|subject
        2 1|one\\r\\ntwo
        4 2|b
        remark: 1 records were rejoined from lines split by a line break
        ",
    );
    // Neither is: the line may belong to the record before it or behind it.
    check(
        format!("{BOM}queue_name,subject\r\na,one\r\ntwo\r\nb,c\r\n"),
        "
        ssms_csv
        names queue_name|subject
        2 CHATDB-I005 the line below may be a part of its last field
        3 CHATDB-I005 expected 2 fields, found 1
        4 b|c
        ",
    );
}

#[test]
fn pieces_that_could_be_two_records_are_taken_where_only_one_fits() {
    let time = "2011-07-12 14:49:55.000";
    // The stray line could be the beginning of the record below it, but no number begins so.
    check(
        format!("{BOM}{NAMES}\r\n1,a,{time}\r\nstray\r\n2,one\r\ntwo,{time}\r\n3,c,{time}\r\n"),
        "
        ssms_csv
        names activity_id|subject|when_created
        2 1|a|2011-07-12 14:49:55.000
        3 CHATDB-I005 expected 3 fields, found 1
        4 2|one\\r\\ntwo|2011-07-12 14:49:55.000
        6 3|c|2011-07-12 14:49:55.000
        remark: 1 records were rejoined from lines split by a line break
        ",
    );
    // A form that quotes what has line breaks has no records in pieces.
    check(
        format!("{NAMES}\r\n1,\"a\"\"\",{time}\r\n2,one\r\ntwo,{time}\r\n"),
        "
        ads_csv
        names activity_id|subject|when_created
        2 1|a\\\"|2011-07-12 14:49:55.000
        3 CHATDB-I005 expected 3 fields, found 2
        4 CHATDB-I005 expected 3 fields, found 2
        ",
    );
}

#[test]
fn a_quote_that_stays_open_spoils_its_own_line_only() {
    let lines: String = (2..200).map(|n| format!("{n},\"a, b\",NULL\r\n")).collect();
    let text = format!("{BOM}{NAMES}\r\n0,\"x, y\",NULL\r\n1,\"open, z,NULL\r\n{lines}");
    let opened = take(text.as_bytes(), &ImportOptions::default()).unwrap();
    let told = told(opened);
    assert!(told.starts_with("ssms_csv_quoted\n"), "{told}");
    assert_eq!(told.lines().filter(|line| line.contains("|a, b|NULL")).count(), 198, "{told}");
    assert_eq!(told.lines().filter(|line| line.contains("CHATDB-I003")).count(), 1, "{told}");
}

#[test]
fn fields_with_the_separator_are_quoted_and_others_are_not() {
    check(
        format!(
            "{BOM}{NAMES}\r\n1,\"Smith, John\",NULL\r\n2,say \"x\",NULL\r\n3,\"a, \"b\" c\",NULL\r\n4,\"lead,NULL\r\n"
        ),
        r#"
        ssms_csv_quoted
        names activity_id|subject|when_created
        2 1|Smith, John|NULL
        3 2|say \"x\"|NULL
        4 3|a, \"b\" c|NULL
        5 4|\"lead|NULL
        "#,
    );
}

#[test]
fn azure_data_studio_doubles_quotes_and_keeps_line_breaks() {
    check(
        format!(
            "{NAMES}\r\n1,\"a \"\"b\"\"\r\nc\",NULL\r\n2,\" lead\",2011-07-12 14:49:55.000\r\n"
        ),
        r#"
        ads_csv
        names activity_id|subject|when_created
        2 1|a \"b\"\r\nc|NULL
        4 2| lead|2011-07-12 14:49:55.000
        "#,
    );
}

#[test]
fn dbeaver_says_null_by_nothing_and_the_empty_text_by_quotes() {
    check(
        format!("{NAMES}\n1,\"\",\n2,,2011-07-12 14:49:55.000\n3,\"007\",\n"),
        "
        dbeaver_csv
        names activity_id|subject|when_created
        2 1||NULL
        3 2|NULL|2011-07-12 14:49:55.000
        4 3|007|NULL
        ",
    );
}

#[test]
fn bcp_says_null_by_nothing_and_the_empty_text_by_nul() {
    check(
        "1\t\0\t2011-07-12 14:49:55.000\r\n2\t\t\r\n3\ta\t\r\n",
        "
        bcp
        1 1||2011-07-12 14:49:55.000
        2 2|NULL|NULL
        3 3|a|NULL
        ",
    );
}

#[test]
fn powershell_quotes_everything_and_says_what_its_rows_are() {
    check(
        "#TYPE System.Data.DataRow\r\n\"activity_id\",\"subject\"\r\n\"1\",\"\"\r\n\"2\",\"a, b\"\r\n",
        "
        powershell_csv
        names activity_id|subject
        3 1|NULL
        4 2|a, b
        ",
    );
}

#[test]
fn sqlcmd_puts_dashes_under_the_names_and_a_count_below() {
    check(
        "activity_id|subject\n-----------|-------\n1|NULL\n2|a\n\n(2 rows affected)\n",
        "
        sqlcmd_separated
        names activity_id|subject
        3 1|NULL
        4 2|a
        rows 2
        ",
    );
    check(
        concat!(
            "activity_id subject              \n",
            "----------- ---------------------\n",
            "          1 NULL                 \n",
            "          2 a b                  \n",
            "\n",
            "(2 filas afectadas)\n",
            "\n",
            "Hora de finalización: 2026-10-02T15:58:11.1234567+02:00\n",
        ),
        "
        aligned
        names activity_id|subject
        3 1|NULL
        4 2|a b
        rows 2
        at 1790956691123
        ",
    );
}

#[test]
fn columns_under_dashes_are_measured_in_what_fits() {
    let rows = concat!(
        "activity_id subject\n",
        "----------- -------\n",
        "1           日本     \n",
        "2           日本   \n",
        "3           a\n",
        "b    \n",
    );
    check(
        rows,
        "
        aligned
        names activity_id|subject
        3 1|日本
        4 2|日本
        5 3|a\\nb
        remark: 1 records were rejoined from lines split by a line break
        ",
    );
}

#[test]
fn a_line_longer_or_shorter_than_the_dashes_is_rejected() {
    check(
        concat!(
            "activity_id subject when_created           \n",
            "----------- ------- -----------------------\n",
            "1           a\n",
            "2           b       2011-07-12 14:49:55.000 and more\n",
            "3           c       2011-07-12 14:49:55.000\n",
        ),
        "
        aligned
        names activity_id|subject|when_created
        3 CHATDB-I005 expected 43 characters, found 13
        4 CHATDB-I005 expected 43 characters, found 52
        5 3|c|2011-07-12 14:49:55.000
        ",
    );
}

#[test]
fn a_second_result_begins_with_its_names_and_names_again_are_no_record() {
    check(
        "activity_id,subject\n1,a\nactivity_id,subject\n2,b\nqueue_id,queue_name,department_id\n7,Sales,999\n",
        "
        ads_csv
        names activity_id|subject
        2 1|a
        3 CHATDB-I011 repeated header
        4 2|b
        names queue_id|queue_name|department_id
        6 7|Sales|999
        ",
    );
}

fn widths(text: &str) -> ImportOptions {
    ImportOptions { widths: Some(Widths::parse(text).unwrap()), ..ImportOptions::default() }
}

#[test]
fn names_say_where_columns_begin_when_nothing_stands_between() {
    check(
        "activity_id activity_typewhen_created           subject\r\n\
         1347        2000         2011-07-12 14:49:55.000Chat\r\n\
         1348                     2011-07-12 14:50:01.007\r\n\
         1349        1\r\n\
         activity_id activity_typewhen_created           subject\r\n",
        "
        fixed_width
        names activity_id|activity_type|when_created|subject
        2 1347|2000|2011-07-12 14:49:55.000|Chat
        3 1348|NULL|2011-07-12 14:50:01.007|NULL
        4 CHATDB-I005 expected at least 48 characters, found 13
        5 CHATDB-I011 repeated header
        remark: column positions are taken from the names in the first line
        ",
    );
    // The same without dashes, as a tool aligns it: NULL is a word, numbers stand on the right, a count below.
    check(
        concat!(
            "activity_id subject   queue_id \n",
            "       1347 NULL           1001\n",
            "       1348 one\ntwo        NULL\n",
            "\n(2 rows affected)\n"
        ),
        r"
        aligned_bare
        names activity_id|subject|queue_id
        2 1347|NULL|1001
        3 1348|one\ntwo|NULL
        rows 2
        remark: column positions are taken from the names in the first line
        remark: 1 records were rejoined from lines split by a line break
        ",
    );
}

#[test]
fn cells_below_each_other_are_not_taken_for_names_side_by_side() {
    check(
        "subject     Chat\nactivity_id 1347\n\nsubject     Help\nactivity_id 1348\n\n\n(2 rows affected)\n",
        "
        sqlcmd_vertical
        names subject|activity_id
        1 Chat|1347
        4 Help|1348
        rows 2
        ",
    );
}

#[test]
fn names_that_could_be_parted_in_two_ways_or_not_at_all_are_not_read() {
    let asks = "error: seems to have fixed-width columns of unknown widths";
    // Nobody knows whether `foo` is a column by itself.
    let text = "activity_id foosubject  \n1347        x  y        \n1348        xx yy       \n";
    check(text, asks);
    // A blank may be inside a name that is not a column of the product, unless the rows have one there as well.
    let text = "activity_id   queue label   \n1347          CIM_WIM       \n1348          SUPPORT       \n";
    check(text, asks);
    check(
        "activity_id   queue label   \n1347          CIM   one     \n1348          SUP   two     \n",
        "
        aligned_bare
        names activity_id|queue|label
        2 1347|CIM|one
        3 1348|SUP|two
        remark: column positions are taken from the names in the first line
        ",
    );
}

#[test]
fn widths_that_are_said_cut_lines_and_runs() {
    let rows = ["13472000Chat   1001", "13482001e\u{301}     7   "];
    let expect = "
        fixed_width
        1 1347|2000|Chat|1001
        2 1348|2001|e\\u{301}|7
        ";
    let run = utf16(&format!("{BOM}{}", rows.concat()));
    check_as(&run, &widths("4,4,7,4"), expect);
    let lines = utf16(&format!("{BOM}{}\r\n", rows.join("\r\n")));
    check_as(&lines, &widths("4,4,7,*"), expect);
    // A run is cut by counting, so one place too few spoils all of it, and so does a character of unknown width.
    check_as(
        b"13472000Chat   10011348200Chat   1001",
        &widths("4,4,7,4"),
        "
        fixed_width
        1 1347|2000|Chat|1001
        stops: line 1: record 2 has fewer than 19 characters: the end is missing, or the widths are wrong
        ",
    );
    check_as(
        rows.concat().as_bytes(),
        &widths("4,4,7,4"),
        "
        fixed_width
        1 1347|2000|Chat|1001
        stops: line 1: record 2 has a non-ASCII character whose width is unknown in this encoding; without line \
        ends, nothing after it can be split
        ",
    );
    // In lines, only the record with such a character is not read, and only where something is cut behind it.
    check_as(
        "13472000\u{E9}abcdef1001\n13482000Chat   1001\n13492000Chat   \u{E9}\n".as_bytes(),
        &widths("4,4,7,*"),
        "
        fixed_width
        1 CHATDB-I005 its width is ambiguous: characters can be counted in two ways
        2 1348|2000|Chat|1001
        3 1349|2000|Chat|\u{e9}
        ",
    );
}

#[test]
fn a_line_that_is_too_short_is_put_together_only_where_that_is_the_only_reading() {
    let said = widths("4,8,4,*");
    let cut = |below: &str| format!("1347one\ntwo 1001{below}\n1348Chat    1001x\n");
    check_as(
        cut("").as_bytes(),
        &said,
        r"
        fixed_width
        1 1347|one\ntwo|1001|NULL
        3 1348|Chat|1001|x
        remark: 1 records were rejoined from lines split by a line break
        ",
    );
    check_as(
        cut("a long text at the end").as_bytes(),
        &said,
        "
        fixed_width
        1 CHATDB-I005 is too short, and ambiguous together with what follows
        2 CHATDB-I005 is too short, and ambiguous together with what follows
        3 1348|Chat|1001|x
        ",
    );
}

#[test]
fn widths_are_proposed_and_never_taken_from_rows_alone() {
    let text = "1347 2011-07-12 14:49:55.000 Chat \n1348 2011-07-12 14:50:01.007 Help \n";
    let Err(error) = take(text.as_bytes(), &ImportOptions::default()) else {
        panic!("is read");
    };
    assert!(matches!(error, OpenError::NoWidths { .. }), "{error:?}");
    let advice = error.advice().unwrap();
    assert!(
        advice.ends_with("judging by the spaces that all rows share, try `--widths 5,24,5`"),
        "{advice}"
    );
    let long = "1347                2000         5000           ";
    assert!(matches!(
        take(long.as_bytes(), &ImportOptions::default()),
        Err(OpenError::NoWidths { proposal: None })
    ));
    for wrong in ["", "*", "20,", "20,0", "20,x", "20,*,5", "99999999999"] {
        assert_eq!(Widths::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_format_file_says_lengths_in_bytes() {
    let file = |last: &str, second: &str| {
        format!(
            "14.0\r\n2\r\n1 SQLNCHAR 0 40 \"\" 1 activity_id \"\"\r\n2 {second} \"{last}\" 2 subject SQL_Latin1\r\n"
        )
    };
    let run = FormatFile::parse(&file("", "SQLNCHAR 0 510")).unwrap();
    assert_eq!(run.names, ["activity_id", "subject"]);
    assert_eq!(run.widths.unwrap().each, [20, 255]);
    let lines = FormatFile::parse(&file("\\r\\n", "SQLCHAR 0 255")).unwrap();
    assert_eq!(lines.widths.unwrap().each, [20, 255]);
    for (last, second, wrong) in [
        (
            "|",
            "SQLCHAR 0 255",
            "fixed-length columns may end only in a line end, or in no terminator",
        ),
        ("", "SQLNCHAR 0 255", "a column has neither a terminator nor a character length"),
        (
            "",
            "SQLINT 0 4",
            "the field is of type `SQLINT`: native-format data (`bcp -n`) is not supported; export it as text, with \
             `bcp ... -c` or `-w`",
        ),
        ("", "SQLCHAR 2 255", "a column has neither a terminator nor a character length"),
    ] {
        let (_, what) = FormatFile::parse(&file(last, second)).unwrap_err();
        assert_eq!(what, wrong);
    }
}

#[test]
fn the_products_bulk_export_ends_fields_and_records_by_name() {
    check(
        utf16("\u{FEFF}1<EOFD>a,\r\n\"b\"<EOFD><EORD>2<EOFD>\0<EOFD>x<EORD>3<EOFD>c"),
        r#"
        egain_bulk
        1 1|a,\r\n\"b\"|NULL
        2 2||x
        2 CHATDB-I002 the file ends inside this record: expected 3 fields, found 2
        "#,
    );
}

#[test]
fn a_printed_grid_loses_its_row_numbers() {
    check(
        "|   | activity\\_id | queue\\_name |\n|---|---|---|\n| 1 | 1347 | CIM\\_WIM |\n| 2 | 1348 | a \\| b |\n",
        "
        markdown
        names activity_id|queue_name
        3 1347|CIM_WIM
        4 1348|a | b
        ",
    );
    check(
        "| contact_point_data | activity_id |\n|---|---|\n| 1 customer@awesome.com | 1347 |\n",
        "
        markdown
        names contact_point_data|activity_id
        3 customer@awesome.com|1347
        remark: the grid's row numbers, merged into the first column, were removed
        ",
    );
}

#[test]
fn a_markdown_table_of_azure_data_studio_is_read_to_the_blank() {
    check(
        "|activity_id|subject|\r\n|---|---|\r\n|1| a &lt;b&gt; &#233;<br />c\\|d|\r\n|2|NULL|\r\n|3|x|y|\r\n",
        "
        markdown
        names activity_id|subject
        3 1| a <b> é\\nc|d
        4 2|NULL
        5 CHATDB-I005 expected 2 cells between bars, found 3
        ",
    );
}

#[test]
fn a_box_and_cells_below_each_other_are_tables_too() {
    check(
        concat!(
            "+----+---------+\n",
            "| activity_id | subject |\n",
            "+----+---------+\n",
            "| 1 |  a |\n",
            "| 2 | NULL |\n",
            "+----+---------+\n",
            "\n",
            "(2 rows affected)\n",
        ),
        "
        sqlcmd_box
        names activity_id|subject
        4 1| a
        5 2|NULL
        rows 2
        ",
    );
    check(
        "activity_id 1\nsubject     a\nb\n\nactivity_id 2\nsubject     NULL\n\n\n(2 rows affected)\n",
        "
        sqlcmd_vertical
        names activity_id|subject
        1 1|a\\nb
        5 2|NULL
        rows 2
        ",
    );
}

#[test]
fn json_keeps_numbers_as_written_and_names_that_stand_twice() {
    check(
        r#"[{"activity_id": 90071992547409922, "who_created": null, "who_created": "b"}, {"who_created": true}]"#,
        "
        json
        names activity_id|who_created|who_created
        1 90071992547409922|NULL|b
        1 NULL|1|NULL
        ",
    );
    check(
        "{\"activity_id\":1,\"subject\":\"a\\\"}\"}\n{\"activity_id\":2,\"subject\":\"\\ud800\"}\n{\"activity_id\":3",
        r#"
        json
        names activity_id|subject
        1 1|a\"}
        2 CHATDB-I001 is not a valid JSON string: unexpected end of hex escape at line 1 column 8
        3 CHATDB-I002 the file ends inside this object
        "#,
    );
}

#[test]
fn xml_is_read_element_by_element_and_without_a_document_type() {
    check(
        concat!(
            "<?xml version=\"1.0\"?><data>\n",
            "<row><activity_id>1</activity_id><a_x0020_b>x &amp; y</a_x0020_b></row>\n",
            "<row><activity_id>2</activity_id><a_x0020_b /></row></data>",
        ),
        "
        xml
        names activity_id|a b
        2 1|x & y
        3 2|NULL
        ",
    );
    check(
        "<!DOCTYPE data [<!ENTITY a \"b\">]><data><row><a>&a;</a></row></data>",
        "xml\nstops: line 1: a DOCTYPE with more than elements and attributes is not supported",
    );
}

#[test]
fn a_file_that_could_be_two_forms_asks_which() {
    let found = take(b"1\ta\t\n2\t\tb\n", &ImportOptions::default()).err().unwrap();
    assert_eq!(found.to_string(), "could be `bcp` or `ssms_tab`, which read it differently");
    let advice = found.advice().unwrap();
    assert!(
        advice.contains("--input-format bcp") && advice.contains("--input-format ssms_tab"),
        "{advice}"
    );
    check_as(b"1\ta\t\n", &form("bcp"), "bcp\n1 1|a|NULL");
    check_as(b"1\ta\t\n", &form("F06"), "ssms_tab\n1 1|a|");
}

#[test]
fn times_that_a_spreadsheet_spoiled_are_refused_and_shown() {
    let text = "activity_id;when_created\r\n1;49:55.0\r\n2;50:01.0\r\n";
    let found = take(text.as_bytes(), &ImportOptions::default()).err().unwrap();
    assert_eq!(
        found.to_string(),
        "column `when_created` contains times damaged by a spreadsheet: `49:55.0`, `50:01.0`"
    );
    // Whole times are not.
    assert!(
        take(
            b"activity_id;when_created\r\n1;2011-07-12 14:49:55.000\r\n",
            &ImportOptions::default()
        )
        .is_ok()
    );
}

// ENCODINGS ------------------------------------------------------------------------------------------------

#[test]
fn utf_16_is_told_by_its_mark_or_by_its_zeros() {
    let text = format!("{NAMES}\r\n1,é 日,NULL\r\n");
    let expect = "names activity_id|subject|when_created\n2 1|é 日|NULL\n";
    for (bytes, encoding) in [
        (utf16(&format!("{BOM}{text}")), "UTF-16LE"),
        (utf16(&text), "UTF-16LE"),
        (text.encode_utf16().flat_map(u16::to_be_bytes).collect(), "UTF-16BE"),
        (format!("{BOM}{text}").into_bytes(), "UTF-8"),
        (text.clone().into_bytes(), "UTF-8"),
    ] {
        let opened = take(&bytes, &ImportOptions::default()).unwrap();
        assert_eq!(opened.encoding, encoding);
        let told = told(opened);
        assert_eq!(told.split_once('\n').unwrap().1, expect);
    }
}

#[test]
fn a_code_page_is_not_guessed_but_asked_for_with_a_hint() {
    let bytes = b"activity_id,subject\r\n1,caf\xE9 Zo\xEB\r\n";
    let found = take(bytes, &ImportOptions::default()).err().unwrap();
    assert!(
        matches!(&found, OpenError::Decode(DecodeError::NotUnicode { at: 27, guess, .. }) if guess == "windows-1252")
    );
    assert!(found.advice().unwrap().contains("--encoding windows-1252"));
    let with =
        |name: &str| ImportOptions { encoding: Some(name.to_owned()), ..ImportOptions::default() };
    check_as(bytes, &with("1252"), "ads_csv\nnames activity_id|subject\n2 1|café Zoë");
    check_as(
        b"activity_id,subject\r\n1,caf\x82\r\n",
        &with("CP850"),
        "ads_csv\nnames activity_id|subject\n2 1|café",
    );
    check_as(b"a", &with("klingon"), "error: unknown encoding `klingon`");
    check_as(
        b"\xFF\xFEa\0",
        &with("utf-8"),
        "error: the file starts with the byte order mark of UTF-16LE, not UTF-8",
    );
}

#[test]
fn a_record_that_is_no_text_is_rejected_by_itself() {
    let bytes = b"activity_id,subject\n1,\xC3\xA9\n2,caf\xE9\n3,c\n";
    check(
        bytes,
        "
        ads_csv
        names activity_id|subject
        2 1|é
        3 CHATDB-I001 byte 0xE9 is not UTF-8 here
        4 3|c
        ",
    );
    let lossy = ImportOptions { lossy: true, ..ImportOptions::default() };
    check_as(bytes, &lossy, "ads_csv\nnames activity_id|subject\n2 1|é\n3 2|caf\u{FFFD}\n4 3|c");
    // A lone surrogate is no text either, and nothing is put in its place.
    let mut wide = utf16("activity_id,subject\n1,a");
    wide.extend([0x00, 0xD8]);
    wide.extend(utf16("\n2,b\n"));
    check(
        &wide,
        "ads_csv\nnames activity_id|subject\n2 CHATDB-I001 byte 0xFF is not UTF-8 here\n3 2|b",
    );
}

#[test]
fn a_file_that_ends_inside_a_character_or_a_record_says_so() {
    let mut wide = utf16("activity_id,subject\r\n1,a\r\n2,b");
    wide.push(b'c');
    check(
        &wide,
        "
        ads_csv
        names activity_id|subject
        2 1|a
        3 CHATDB-I002 the file ends inside this record: byte 0xFF is not UTF-8 here
        ",
    );
    check(
        "activity_id,subject,queue_id\r\n1,a,2\r\n2,b",
        "
        ads_csv
        names activity_id|subject|queue_id
        2 1|a|2
        3 CHATDB-I002 the file ends inside this record: expected 3 fields, found 2
        ",
    );
}

#[test]
fn a_code_page_of_the_console_has_a_character_for_each_byte() {
    for page in &PAGES {
        assert_eq!(page.upper.chars().count(), 128, "{}", page.name);
        assert_eq!(page.upper.chars().collect::<BTreeSet<_>>().len(), 128, "{}", page.name);
        assert!(!page.upper.contains(|c: char| c.is_ascii()), "{}", page.name);
    }
}

// PACKED FILES ---------------------------------------------------------------------------------------------

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn members_of_gzip_are_read_one_after_the_other_and_hashed_as_they_lie() {
    let packed = [gzip(b"activity_id,subject\n1,a\n"), gzip(b"2,b\n")].concat();
    let mut opened = take(&packed, &ImportOptions::default()).unwrap();
    let tally = opened.tally.clone();
    let mut records = 0;
    while let Some(item) = opened.reader.next().unwrap() {
        records += u32::from(matches!(item, Item::Record(_)));
    }
    assert_eq!(records, 2);
    assert_eq!(tally.read(), packed.len() as u64);
    assert_eq!(tally.sha256().map(str::len), Some(64));
    let cut = take(&packed[..packed.len() - 1], &ImportOptions::default()).err().unwrap();
    assert!(cut.to_string().starts_with("cannot be read: "), "{cut}");
}

#[test]
fn what_a_file_unpacks_to_is_bounded_by_its_size_and_as_a_whole() {
    let zeros = gzip(&vec![b'a'; 20 << 20]);
    let found = take(&zeros, &form("ssms_csv")).map(told);
    assert!(found.unwrap().contains("unpacks to more than 16777216 bytes"));
    let small = ImportOptions {
        bounds: UnpackLimits { unpacked: 10, ..UnpackLimits::default() },
        ..ImportOptions::default()
    };
    let found = take(&gzip(b"activity_id,subject\n1,a\n"), &small).err().unwrap();
    assert!(found.to_string().contains("unpacks to more than 10 bytes"), "{found}");
}

#[test]
fn files_of_other_kinds_are_refused_by_name() {
    check(
        b"PK\x03\x04 and no more",
        "error: line 1: the archive has no directory; its end is missing",
    );
    check(b"7z\xBC\xAF\x27\x1C", "error: is compressed as 7z, which is not supported");
    check(b"", "error: is empty");
    check(b"just a line of prose without anything\n", "error: matches no known format");
    check_as(b"a,b\n", &form("excel_xlsx"), "error: cannot be `excel_xlsx`: it is no workbook");
    check_as(b"a,b\n", &form("access"), "error: unknown input format `access`");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = open(&folder, &ImportOptions::default()).err().unwrap();
    assert_eq!(found.to_string(), "is a folder");
}

// EVERY EXPORT ---------------------------------------------------------------------------------------------

fn exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports")
}

/// Each file of each folder, with what is expected of it.
fn files() -> Vec<(String, PathBuf, Value)> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(exports()).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("expected.toml")) else {
            continue;
        };
        let expected: Value = toml::from_str(&text).unwrap();
        for file in expected["file"].as_array().unwrap() {
            let name = file["name"].as_str().unwrap();
            let short = format!("{}/{name}", folder.file_name().unwrap().to_string_lossy());
            found.push((short, folder.join(name), file.clone()));
        }
    }
    assert!(found.len() > 100, "{} exports are found", found.len());
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn word(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn words(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a person says of a file: its encoding where no program could know it, never its form.
fn said(file: &Value) -> ImportOptions {
    let options = file.get("options").cloned().unwrap_or(Value::Table(toml::Table::new()));
    ImportOptions {
        encoding: word(&options, "encoding")
            .or_else(|| word(file, "encoding").filter(|name| name == "windows-1252")),
        field_terminator: word(&options, "field_terminator"),
        row_terminator: word(&options, "row_terminator"),
        widths: word(&options, "widths").map(|text| Widths::parse(&text).unwrap()),
        date_format: word(&options, "date_format"),
        ..ImportOptions::default()
    }
}

/// A row: names in lower case and texts.
type Row = BTreeMap<String, Option<String>>;

/// The first result's records of a file that names its columns; the number of records and of rejected ones.
fn rows(opened: &mut Opened) -> (Vec<Row>, u64, u64) {
    let nulls = opened.form.nulls;
    let (mut names, mut found, mut records, mut rejected, mut results) =
        (Vec::new(), Vec::new(), 0, 0, 0);
    while let Ok(Some(item)) = opened.reader.next() {
        match item {
            Item::Header(header) => {
                results += 1;
                names = header.iter().map(|name| name.to_lowercase()).collect();
            }
            Item::Record(record) => {
                records += 1;
                let texts = record
                    .fields
                    .iter()
                    .map(|f| nulls.read(&record, *f).map(|text| text.into_owned()));
                let mut row = Row::new();
                for (name, text) in names.iter().zip(texts) {
                    row.entry(name.clone()).or_insert(text);
                }
                if results < 2 {
                    found.push(row);
                }
            }
            Item::Reject(reject) => rejected += reject.records,
            Item::Trailer(_) => {}
        }
    }
    (found, records, rejected)
}

/// What an expected cell says: `NULL`, a text in quotes, or a number or time as it stands.
fn says(wanted: &Value, found: Option<&str>) -> bool {
    if let Some(any) = wanted.as_array() {
        return any.iter().any(|wanted| says(wanted, found));
    }
    let wanted = wanted.as_str().unwrap();
    match (wanted, found) {
        ("NULL", None) => true,
        (_, Some(text)) if wanted.starts_with('"') => {
            serde_json::from_str::<String>(wanted).is_ok_and(|wanted| wanted == text)
        }
        // A day alone is that day's first moment.
        (_, Some(text)) => wanted == text || wanted.strip_suffix(" 00:00:00.000") == Some(text),
        _ => false,
    }
}

/// What is wrong with the rows of one table.
fn wrong_rows(table: &Value, rows: &[Row]) -> Vec<String> {
    let columns = words(table, "columns");
    let key = word(table, "key").unwrap();
    let either = table.get("either").and_then(Value::as_array).cloned().unwrap_or_default();
    let doubtful: Vec<i64> = either.iter().map(|one| one["row"].as_integer().unwrap()).collect();
    let mut wrong = Vec::new();
    for (at, wanted) in (0..).zip(table["rows"].as_array().unwrap()) {
        let wanted = wanted.as_array().unwrap();
        let place = columns.iter().position(|name| *name == key).unwrap();
        let same_key =
            |row: &&Row| row.get(&key).is_some_and(|text| says(&wanted[place], text.as_deref()));
        let Some(row) = rows.iter().find(same_key) else {
            if !doubtful.contains(&at) {
                wrong.push(format!("{key} {} is not there", wanted[place]));
            }
            continue;
        };
        for (name, wanted) in columns.iter().zip(wanted) {
            let found = row.get(name).cloned().flatten();
            if row.contains_key(name) && !says(wanted, found.as_deref()) {
                wrong.push(format!("row {at}, {name} is {found:?}, not {wanted}"));
            }
        }
    }
    wrong
}

/// Files whose rows only the columns' types or the store can tell wrong, or of which rows stand more than once.
fn is_for_loading(name: &str) -> bool {
    name.starts_with("change_data_capture/")
        || name.contains("queue_name_and_star")
        || name.contains("same_key_other")
        || name.contains("american_told")
}

#[test]
fn every_export_is_taken_for_its_own_form_and_gives_back_its_cells() {
    let mut wrong = Vec::new();
    for (name, path, file) in files() {
        let ask = word(&file, "ask");
        let mut opened = match (open(&path, &said(&file)), ask.as_deref()) {
            (Ok(_), Some("must")) if name.contains("like_bcp") => {
                wrong.push(format!("{name}: does not ask"));
                continue;
            }
            (Ok(opened), _) => opened,
            (
                Err(
                    OpenError::Undecided { .. }
                    | OpenError::NoForm { .. }
                    | OpenError::NoWidths { .. },
                ),
                Some(_),
            ) => continue,
            (Err(_), _) if file.get("refused").is_some() => continue,
            (Err(error), _) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        if name.contains("bomb") {
            // What is too much comes up while it is read: a test of its own.
            continue;
        }
        let forms: Vec<String> =
            word(&file, "form").into_iter().chain(words(&file, "also")).collect();
        if !forms.iter().any(|form| opened.form.covers.contains(&form.as_str())) {
            wrong.push(format!("{name}: is taken for {}, not {forms:?}", opened.form.id));
        }
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        if word(&file, "encoding").is_some_and(|wanted| !same(&wanted, &opened.encoding)) {
            wrong.push(format!("{name}: is taken for {}", opened.encoding));
        }
        let header = file.get("header").and_then(Value::as_bool);
        if header.is_some_and(|wanted| wanted != opened.has_header) {
            wrong.push(format!("{name}: has names: {}", opened.has_header));
        }
        let (rows, records, rejected) = rows(&mut opened);
        let wanted = file.get("records").and_then(Value::as_integer);
        let found = i64::try_from(records + rejected).unwrap();
        if wanted.is_some_and(|wanted| wanted != found) {
            wrong.push(format!("{name}: {records} records and {rejected} rejects, not {wanted:?}"));
        }
        if header == Some(true) && !is_for_loading(&name) {
            for table in file.get("table").and_then(Value::as_array).cloned().unwrap_or_default() {
                wrong.extend(
                    wrong_rows(&table, &rows).into_iter().map(|wrong| format!("{name}: {wrong}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_changed_cell_of_an_export_is_found() {
    let (_, path, file) = files()
        .into_iter()
        .find(|file| file.0 == "f21_azure_data_studio_csv/activity.csv")
        .unwrap();
    let mut opened = open(&path, &ImportOptions::default()).unwrap();
    let (mut rows, ..) = rows(&mut opened);
    let table = &file["table"].as_array().unwrap()[0];
    assert_eq!(wrong_rows(table, &rows), Vec::<String>::new());
    rows[0].insert("subject".to_owned(), None);
    rows.remove(1);
    assert_eq!(wrong_rows(table, &rows).len(), 2, "{:?}", wrong_rows(table, &rows));
}

// LAWS -----------------------------------------------------------------------------------------------------

/// Reads everything that `bytes` give in the form that they are taken for, and in form number `other`; problem is
/// an error, never a panic, and there is an end.
fn read_all(bytes: &[u8], other: usize) {
    for form in [None, IMPORT_FORMATS.get(other)] {
        let options =
            ImportOptions { form: form.map(|form| form.id.to_owned()), ..ImportOptions::default() };
        if let Ok(mut opened) = take(bytes, &options) {
            let mut items = 0;
            while let Ok(Some(_)) = opened.reader.next() {
                items += 1;
                assert!(items < 100_000, "{} does not come to an end", opened.form.id);
            }
        }
    }
}

/// Bytes that trip readers up more often than others.
fn awkward() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&'static [u8]> = vec![
        b"activity_id",
        b"subject",
        b",",
        b",",
        b"\t",
        b";",
        b"|",
        b"\"",
        b"\"\"",
        b"\r\n",
        b"\n",
        b"\n",
        b"\r",
        b"NULL",
        b"\0",
        b"1",
        b"2011-07-12 14:49:55.000",
        b"----",
        b"--",
        b" ",
        b"(3 rows affected)",
        b"Completion time: ",
        b"\xFF\xFE",
        b"\xEF\xBB\xBF",
        b"\xE9",
        b"\xC3\xA9",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"\\",
        b"<a>",
        b"</a>",
        b"<",
        b"&#233;",
        b"<EOFD>",
        b"<EORD>",
        b"+--+",
        b"|---|",
        b"#TYPE ",
        b"sep=;",
        b"\xE6\x97\xA5",
        b"\xF0\x9F\x91\x8B",
        b"49:55.0",
        b"PK\x03\x04",
        b"\x1F\x8B",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        other in 0..IMPORT_FORMATS.len(),
    ) {
        read_all(&bytes, other);
    }

    #[test]
    fn no_awkward_text_makes_a_reader_panic(bytes in awkward(), other in 0..IMPORT_FORMATS.len()) {
        read_all(&bytes, other);
        read_all(&utf16(&String::from_utf8_lossy(&bytes)), other);
    }

    #[test]
    fn every_line_of_an_unquoted_file_is_in_a_record_or_a_reject(
        lines in prop::collection::vec("[a-c1\", ]{0,12}", 0..12),
    ) {
        let text = format!("{BOM}activity_id,subject,when_created\n{}\n", lines.join("\n"));
        let mut opened = take(text.as_bytes(), &form("ssms_csv")).unwrap();
        let mut seen = String::new();
        while let Some(item) = opened.reader.next().unwrap() {
            match item {
                Item::Record(record) => seen.push_str(record.text),
                Item::Reject(reject) => seen.push_str(&reject.text),
                _ => continue,
            }
            seen.push('\n');
        }
        let kept = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(kept(&seen), kept(&lines.join("\n")));
    }
}

#[test]
fn a_cut_or_changed_export_makes_no_reader_panic() {
    for (_, path, _) in files().into_iter().filter(|file| !file.0.contains("bomb")) {
        let mut bytes = Vec::new();
        std::fs::File::open(&path).unwrap().take(3000).read_to_end(&mut bytes).unwrap();
        for cut in [bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            if let Ok(opened) = take(&bytes[..cut], &ImportOptions::default()) {
                told(opened);
            }
        }
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x22;
        if let Ok(opened) = take(&bytes, &ImportOptions::default()) {
            told(opened);
        }
    }
}

#[test]
fn every_reason_that_reading_gives_has_a_code_of_its_own() {
    let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
}
