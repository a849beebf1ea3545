//! Exports as people have them: put together with `copy`, saved on other systems, with what the server said around the
//! rows, or no exports at all.

use std::io::Cursor;

use chatdb::import::ImportOptions;
use chatdb::import::open::open_reader;

use crate::import_reading::{check, lines_of};

/// Refuses `bytes` with this message, and this advice.
#[track_caller]
fn refuses(bytes: &[u8], message: &str, advice: &str) {
    let opened = open_reader(Box::new(Cursor::new(bytes.to_vec())), &ImportOptions::default());
    let error = opened.err().unwrap();
    assert_eq!((error.to_string().as_str(), error.advice().as_deref()), (message, Some(advice)));
}

// RESULTS TO TEXT ------------------------------------------------------------------------------------------

#[test]
fn a_line_that_fits_with_a_short_last_column_is_a_record() {
    check(
        concat!(
            "\u{FEFF}activity_id activity_status subject\r\n",
            "----------- --------------- ----------------------------------------\r\n",
            "1347        5000            Hello\r\n",
            "1348        9000            World\r\n",
            "1349        9000            Again\r\n",
            "\r\n(3 row(s) affected)\r\n\r\n",
        ),
        "
        aligned
        names activity_id|activity_status|subject
        3 1347|5000|Hello
        4 1348|9000|World
        5 1349|9000|Again
        rows 3
        ",
    );
}

#[test]
fn a_blank_line_and_a_count_end_a_record_and_stand_in_no_cell() {
    check(
        concat!(
            "activity_id activity_status subject\r\n",
            "----------- --------------- -------\r\n",
            "1347        5000            Hello\r\n",
            "1348        9000            World\r\n",
            "\r\n(2 rows affected)\r\n\r\n",
        ),
        "
        aligned
        names activity_id|activity_status|subject
        3 1347|5000|Hello
        4 1348|9000|World
        rows 2
        ",
    );
    check(
        "activity_id subject\r\n----------- ------------------------------\r\n1347        3964.6848000\r\n\
         1348        3932.3350000\r\n\r\n(2 row(s) affected)\r\n\r\n",
        "
        aligned
        names activity_id|subject
        3 1347|3964.6848000
        4 1348|3932.3350000
        rows 2
        ",
    );
}

#[test]
fn a_result_without_names_is_a_result_and_its_dashes_are_no_row() {
    check(
        concat!(
            "queue_name\r\n-------------------------\r\nSALES                    \r\nSUPPORT                  \r\n",
            "\r\n(2 row(s) affected)\r\n\r\n\r\n-------------------------\r\nsales                    \r\n",
            "\r\n(1 row(s) affected)\r\n",
        ),
        "
        aligned
        names queue_name
        3 SALES
        4 SUPPORT
        rows 2
        names
        10 sales
        rows 1
        ",
    );
}

#[test]
fn what_can_only_be_the_rest_of_a_value_that_is_not_padded_belongs_to_it() {
    check(
        concat!(
            "activity_id subject\r\n",
            "----------- ----------------------------------------\r\n",
            "1347        Hello\r\n",
            "and more of it\r\n",
            "1348        World\r\n",
            "\r\n(2 rows affected)\r\n",
        ),
        "
        aligned
        names activity_id|subject
        3 1347|Hello\\r\\nand more of it
        5 1348|World
        rows 2
        remark: 1 records were rejoined from lines split by a line break
        ",
    );
}

#[test]
fn what_may_be_the_rest_of_a_value_that_is_not_padded_is_refused_with_it() {
    // Below a blank line there may be a message.
    check(
        concat!(
            "activity_id subject\r\n",
            "----------- ----------------------------------------\r\n",
            "1347        Hello\r\n",
            "\r\n",
            "and more of it\r\n",
            "1348        World\r\n",
            "\r\n(2 rows affected)\r\n",
        ),
        "
        aligned
        names activity_id|subject
        3 CHATDB-I005 the lines below may be a part of its last value
        5 CHATDB-I005 expected 52 characters, found 14
        6 1348|World
        rows 2
        ",
    );
}

#[test]
fn a_line_break_in_the_last_of_texts_alone_refuses_only_the_lines_it_may_belong_to() {
    check(
        concat!(
            "name       note\r\n",
            "---------- ------------------------------\r\n",
            "one        Hello\r\n",
            "two        There is\r\n",
            "more\r\n",
            "three      World\r\n",
            "\r\n(3 rows affected)\r\n",
        ),
        "
        aligned
        names name|note
        3 one|Hello
        4 CHATDB-I005 the lines below may be a part of its last value
        5 CHATDB-I005 expected 41 characters, found 4
        6 three|World
        rows 3
        ",
    );
}

#[test]
fn texts_alone_that_are_more_lines_than_the_count_says_are_not_read() {
    check(
        "note\r\n--------------------\r\na\r\nb\r\nc\r\n\r\n(2 rows affected)\r\n",
        "
        aligned
        names note
        3 a
        4 b
        5 c
        stops: line 3: the row count says 2, but 3 lines could be rows: a text with a line break \
        looks like two rows
        ",
    );
}

// LINE ENDS ------------------------------------------------------------------------------------------------

#[test]
fn lines_that_end_in_cr_or_in_cr_cr_lf_are_lines() {
    check(
        "activity_id,activity_status,subject\r1347,5000,Hello\r1348,9000,World\r",
        "
        ads_csv
        names activity_id|activity_status|subject
        2 1347|5000|Hello
        3 1348|9000|World
        remark: bare carriage returns were read as line ends
        ",
    );
    check(
        "activity_id,activity_status,subject\r\r\n1347,5000,Hello\r\r\n1348,9000,World\r\r\n",
        "
        ads_csv
        names activity_id|activity_status|subject
        2 1347|5000|Hello
        3 1348|9000|World
        remark: CR CR LF was read as one line end
        ",
    );
}

#[test]
fn marks_of_files_that_were_put_together_and_ctrl_z_are_no_text() {
    let rows = "
        ads_csv
        names subject|activity_id|activity_status
        2 Hello|1347|5000
        3 World|1348|5000
        remark: byte order marks at the start of lines were removed
    ";
    check(
        "\u{FEFF}subject,activity_id,activity_status\r\n\u{FEFF}Hello,1347,5000\r\nWorld,1348,5000\r\n",
        &rows.replace("ads_csv", "ssms_csv"),
    );
    check(
        "activity_id,activity_status,subject\r\n1347,5000,Hello\r\n1348,9000,World\r\n\u{1A}",
        "
        ads_csv
        names activity_id|activity_status|subject
        2 1347|5000|Hello
        3 1348|9000|World
        ",
    );
}

// MESSAGES OF THE SERVER -----------------------------------------------------------------------------------

#[test]
fn what_the_server_says_around_rows_is_no_row() {
    check(
        concat!(
            "activity_id activity_status subject\r\n",
            "----------- --------------- --------------------\r\n",
            "1347        5000            Hello\r\n",
            "Warning: Null value is eliminated by an aggregate or other SET operation.\r\n",
            "\r\n(затронуто строк: 1)\r\n\r\n",
            "Table 'egpl_casemgmt_activity'. Scan count 1, logical reads 5, physical reads 0, read-ahead reads 0.\r\n",
            "\r\n SQL Server Execution Times:\r\n   CPU time = 0 ms,  elapsed time = 12 ms.\r\n",
        ),
        "
        aligned
        names activity_id|activity_status|subject
        3 1347|5000|Hello
        rows 1
        remark: 4 server messages were skipped
        ",
    );
}

#[test]
fn an_error_above_a_result_is_reported_and_the_result_is_read_as_it_is_without_it() {
    let results = [
        "activity_id subject\r\n----------- ----------\r\n1347        Hello     \r\n\r\n(1 rows affected)\r\n",
        "activity_id,subject\r\n-----------,-------\r\n1347,Hello\r\n\r\n(1 rows affected)\r\n",
        "activity_id;subject\r\n1347;Hello\r\n\r\n(1 rows affected)\r\n",
        "activity_id,subject\r\n1347,Hello\r\n",
        "activity_id\tsubject\r\n1347\tHello\r\n",
        "of_my_own|subject_of_mine\r\n1347|Hello\r\n1348|World\r\n",
        "[{\"activity_id\":1347,\"subject\":\"Hello\"}]\r\n",
        "| activity_id | subject |\r\n| --- | --- |\r\n| 1347 | Hello |\r\n",
    ];
    let errors = [
        "Msg 208, Level 16, State 1, Line 3\r\nInvalid object name 'egpl_foo'.\r\n",
        "Meldung 208, Ebene 16, Status 1, Server SQL01, Zeile 3\r\nInvalid object name 'egpl_foo'.\r\n",
        "Changed database context to 'X'.\r\nMsg 208, Level 16, State 1, Line 3\r\nInvalid object name.\r\n",
    ];
    for result in results {
        let plain = lines_of(result);
        assert!(plain.iter().any(|line| line.ends_with("1347|Hello")), "{plain:#?}");
        for (error, gap) in errors.iter().flat_map(|error| [(error, ""), (error, "\r\n")]) {
            let above = format!("{error}{gap}");
            let found = lines_of(&format!("{above}{result}"));
            let number = 1 + above.lines().position(|line| line.contains("208")).unwrap();
            let said =
                format!("{number} CHATDB-I019 the server reported error 208 outside the rows");
            assert!(found.contains(&said), "{found:#?}");
            let is_row = |line: &&String| line.contains('|') || line.starts_with("rows");
            let values =
                |line: &String| line.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
            let rows =
                |lines: &[String]| lines.iter().filter(is_row).map(values).collect::<Vec<_>>();
            assert_eq!(rows(&found), rows(&plain), "{above}{result}");
            let line_of = |lines: &[String]| {
                let row = lines.iter().find(|line| line.ends_with("1347|Hello"));
                row.unwrap().split(' ').next().unwrap().parse::<usize>().unwrap()
            };
            assert_eq!(line_of(&found), line_of(&plain) + above.lines().count(), "{found:#?}");
        }
    }
}

#[test]
fn an_error_in_the_rows_says_that_the_export_is_incomplete() {
    let error = "Msg 1205, Level 13, State 51, Server SQL01, Line 1\r\nTransaction (Process ID 52) was deadlocked.\r\n";
    let rest = "
        names activity_id|activity_status|subject
        LINE 1347|5000|Hello
        NEXT CHATDB-I019 the export stopped at server error 1205: it is incomplete
        remark: 1 server message was skipped
    ";
    let csv = format!("activity_id,activity_status,subject\r\n1347,5000,Hello\r\n{error}");
    check(csv, &format!("ads_csv{}", rest.replace("LINE", "2").replace("NEXT", "3")));
    let head = "activity_id activity_status subject\r\n----------- --------------- --------------------\r\n";
    let text = format!("{head}1347        5000            Hello\r\n{error}");
    check(text, &format!("aligned{}", rest.replace("LINE", "3").replace("NEXT", "4")));
}

#[test]
fn a_file_of_messages_has_no_result() {
    let advice = "run the query again, and export the rows of its result";
    let errors = [
        "Msg 208, Level 16, State 1, Line 1\r\nInvalid object name 'chats'.\r\n",
        "Meldung 208, Ebene 16, Status 1, Zeile 1\r\nUngültiger Objektname 'chats'.\r\n",
        "Сообщение 208, уровень 16, состояние 1, строка 1\r\nНедопустимое имя объекта 'chats'.\r\n",
    ];
    for error in errors {
        refuses(error.as_bytes(), "contains no result, only server error 208", advice);
    }
    refuses(
        b"Commands completed successfully.\r\n\r\nCompletion time: 2026-11-24T10:00:00.1234567+01:00\r\n",
        "contains no result, only server messages",
        advice,
    );
}

// NO EXPORTS -----------------------------------------------------------------------------------------------

#[test]
fn files_of_other_kinds_are_called_by_their_kind() {
    let tar = [&[b'a'; 257][..], b"ustar\x0000", &[0; 200]].concat();
    let kinds: [(&[u8], &str); 7] = [
        (b"PAR1\x15\x04\x15", "is a Parquet file, not an export"),
        (b"\x89PNG\r\n\x1A\n\0\0", "is an image (PNG), not an export"),
        (b"TAPE\0\0\x03\0", "is a SQL Server backup (.bak), not an export"),
        (b"\x01\x0F\0\0\x08", "is a SQL Server data file (.mdf), not an export"),
        (b"SQLite format 3\0", "is an SQLite database, not an export"),
        (b"<html><table><tr><td>activity_id", "is a web page (HTML), not an export"),
        (&tar, "is a tar archive, not an export"),
    ];
    for (bytes, message) in kinds {
        let error = open_reader(Box::new(Cursor::new(bytes.to_vec())), &ImportOptions::default())
            .err()
            .unwrap();
        assert_eq!(error.to_string(), message);
        assert!(error.advice().is_some(), "{message}");
    }
}

// JSON AND XML ---------------------------------------------------------------------------------------------

#[test]
fn rows_may_stand_in_a_member_of_an_object_and_without_an_element_around_them() {
    check(
        "{\n\"egpl_casemgmt_activity\": [\n\t{\n\t\t\"activity_id\" : 1347,\n\t\t\"subject\" : null\n\t}\n]}\n",
        "
        json
        names activity_id|subject
        3 1347|NULL
        ",
    );
    check(
        "<t activity_id=\"1347\" subject=\"a &amp; b\"/><t activity_id=\"1348\" subject=\"c\"/>",
        "
        for_xml
        names activity_id|subject
        1 1347|a & b
        1 1348|c
        ",
    );
    check(
        "<row><activity_id>1347</activity_id></row><row><activity_id>1348</activity_id></row>",
        "
        for_xml
        names activity_id
        1 1347
        1 1348
        ",
    );
}

// DOCUMENTS IN ROWS ----------------------------------------------------------------------------------------

/// A document in rows of 2,033 characters, each ended by `end`, in quotes where `quoted`.
fn in_rows(document: &str, quoted: bool, end: &str) -> String {
    let characters: Vec<char> = document.chars().collect();
    let rows = characters.chunks(2033).map(|row| {
        let row: String = row.iter().collect();
        match quoted {
            true => format!("\"{}\"{end}", row.replace('"', "\"\"")),
            false => format!("{row}{end}"),
        }
    });
    rows.collect()
}

/// The first fields of all records, and what was refused.
fn keys_of(text: &str) -> (Vec<String>, Vec<String>) {
    let bytes = Cursor::new(text.as_bytes().to_vec());
    let mut opened = open_reader(Box::new(bytes), &ImportOptions::default()).unwrap();
    let (mut keys, mut refused) = (Vec::new(), Vec::new());
    while let Some(item) = opened.reader.next().unwrap() {
        match item {
            chatdb::import::reader::Item::Record(record) => {
                let field = record.fields[0];
                keys.push(record.cells[field.start..field.end].to_owned());
            }
            chatdb::import::reader::Item::Reject(reject) => refused.push(reject.detail),
            _ => {}
        }
    }
    (keys, refused)
}

#[test]
fn a_document_of_for_json_or_for_xml_is_whole_however_its_rows_are_laid_out() {
    let row = |n: u32| {
        let text = "x\\r\\né\\\"q\\\" ".repeat(usize::try_from(n % 97).unwrap());
        format!("{{\"activity_id\":{n},\"activity_status\":5000,\"subject\":\"{text}\"}}")
    };
    let json = format!("[{}]", (1000..1400).map(row).collect::<Vec<_>>().join(","));
    let row = |n: u32| {
        let text = "a &amp; b\r\nc\n\n".repeat(usize::try_from(n % 89).unwrap());
        format!("<row><activity_id>{n}</activity_id><subject>{text}</subject></row>")
    };
    let xml: String = (1000..1400).map(row).collect();
    let wanted: Vec<String> = (1000..1400).map(|n| n.to_string()).collect();
    let name = "_F52E2B61-18A1-11d1-B105-00805F49916B";
    let dashes = "-".repeat(41);
    for (kind, document) in [("JSON", &json), ("XML", &xml)] {
        let plain = in_rows(document, false, "\r\n");
        for text in [
            format!("{kind}{name}\r\n{dashes}\r\n{plain}\r\n(12 rows affected)\r\n"),
            format!("{kind}{name}\n{}", in_rows(document, false, "\n")),
            format!("{kind}{name}\r\n{}", in_rows(document, true, "\r\n")),
            plain.clone(),
        ] {
            // Without its name, a document of XML is known by a first line of 2,033 characters only.
            if kind == "XML" && text == plain {
                continue;
            }
            let (keys, refused) = keys_of(&text);
            assert_eq!(refused, [""; 0], "{kind}: {}", &text[..200]);
            assert_eq!(keys, wanted, "{kind}: {}", &text[..200]);
        }
    }
    // Text behind the document is not passed over in silence.
    let behind = format!("JSON{name}\r\n{dashes}\r\n[{{\"activity_id\":1}}]\r\n\r\nmore\r\n");
    let bytes = Cursor::new(behind.into_bytes());
    let mut opened = open_reader(Box::new(bytes), &ImportOptions::default()).unwrap();
    let error = loop {
        match opened.reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it is read"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("text after the array"), "{error}");
}

// SCRIPTS --------------------------------------------------------------------------------------------------

#[test]
fn a_script_of_inserts_is_read_and_what_is_no_constant_is_rejected() {
    check(
        concat!(
            "USE [eGActiveDB]\r\nGO\r\n/****** Object: INSERT INTO t VALUES (1) ******/\r\n",
            "SET IDENTITY_INSERT [dbo].[EGPL_CASEMGMT_ACTIVITY] ON \r\nGO\r\n",
            "INSERT [dbo].[EGPL_CASEMGMT_ACTIVITY] ([ACTIVITY_ID], [SUBJECT], [WHEN_CREATED], [ASSIGNED_TO]) ",
            "VALUES (1347, N'It''s (so),\r\nGO', CAST(N'2026-11-24T08:51:30.000' AS DateTime), NULL)\r\nGO\r\n",
            "INSERT INTO egpl_casemgmt_activity (ACTIVITY_ID, SUBJECT, WHEN_CREATED, ASSIGNED_TO) VALUES\r\n",
            "(1348, N'', CAST(0x0000B50C0091FB18 AS DateTime), -5),\r\n",
            "(1349, UPPER('a'), NULL, 7),\r\n",
            "(1350, N'x', CAST(0x0787ABFE3F4A674A0B AS DateTime2(7)), 0x1A);\r\n",
            "INSERT INTO other (ACTIVITY_ID, SUBJECT, WHEN_CREATED, ASSIGNED_TO) VALUES (9, '', NULL, 1)\r\n",
        ),
        "
        insert_script
        names ACTIVITY_ID|SUBJECT|WHEN_CREATED|ASSIGNED_TO
        6 1347|It's (so),\\r\\nGO|2026-11-24T08:51:30.000|NULL
        10 1348||2026-11-24 08:51:30.000|-5
        11 CHATDB-I005 expected a constant, found an expression
        12 1350|x|2026-11-24 08:51:30.1234567|0x1A
        13 CHATDB-I012 it belongs to the table `other`, which has the same columns as the rows before
        remark: 6 lines of the script are not INSERTs and were skipped
        ",
    );
}

#[test]
fn a_last_value_that_the_end_of_the_file_has_cut_is_not_loaded() {
    let rows = |count: u32| -> String {
        let row = |n| format!("{n},5000,2026-11-24 08:51:30.123\r\n");
        let rows: String = (1000..1000 + count).map(row).collect();
        format!("activity_id,activity_status,when_created\r\n{rows}")
    };
    let cut = |text: &str, off: usize| text[..text.len() - 2 - off].to_owned();
    for count in [3, 40, 3000] {
        let whole = rows(count);
        for (text, rejected, is_doubtful) in [
            (whole.clone(), 0, false),
            (cut(&whole, 0), 0, false),
            (cut(&whole, 4), 1, false),
            (cut(&whole, 13), 1, false),
        ] {
            let summary = load(&text);
            let line = u64::from(count) + 1;
            let lines: Vec<u64> = summary.first_rejects.iter().map(|one| one.line).collect();
            assert_eq!(lines, vec![line; rejected], "{}", &text[text.len() - 40..]);
            assert_eq!(summary.loaded, u64::from(count) - rejected as u64);
            let doubt = |warning: &String| warning.contains("without a line end");
            assert_eq!(summary.warnings.iter().any(doubt), is_doubtful);
        }
    }
    // Where values have no usual length, nothing is known, and that is said.
    let texts =
        "activity_id,activity_status,subject\r\n1,5000,a\r\n2,5000,Good morning\r\n3,5000,Hel";
    let summary = load(texts);
    assert_eq!((summary.loaded, summary.rejected), (3, 0));
    assert!(summary.warnings.iter().any(|warning| warning.contains("may be truncated")));
    // What stands in quotes is whole.
    let quoted = "activity_id,activity_status,subject\r\n1,5000,\"a,b\"\r\n2,5000,\"c, d\"";
    assert!(!load(quoted).warnings.iter().any(|warning| warning.contains("may be truncated")));
}

/// What comes of a file with this text.
pub fn load(text: &str) -> chatdb::import::Summary {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("activity.csv");
    std::fs::write(&path, text).unwrap();
    let mut file =
        chatdb::store::import_database::ImportDatabase::open(&folder.path().join("d.sqlite"))
            .unwrap();
    chatdb::import::read_file(&path, &ImportOptions::default(), file.store()).unwrap()
}

// NULL AND EMPTY TEXT IN XML -------------------------------------------------------------------------------

#[test]
fn empty_text_of_for_xml_is_no_null_and_nothing_in_other_xml_is() {
    let nil = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let row = |id: u32, subject: &str| {
        format!("<row {nil}><activity_id>{id}</activity_id>{subject}</row>")
    };
    let null = "<subject xsi:nil=\"true\"/>";
    for (document, form) in [
        ("<row activity_id=\"1\" subject=\"\"/><row activity_id=\"2\"/>".to_owned(), "for_xml"),
        (format!("{}{}", row(1, "<subject></subject>"), row(2, "")), "for_xml"),
        (format!("{}{}", row(1, "<subject/>"), row(2, null)), "for_xml"),
        (format!("<data>{}{}</data>", row(1, "<subject/>"), row(2, null)), "for_xml"),
    ] {
        let written = format!("{form}\nnames activity_id|subject\n1 1|\n1 2|NULL\n");
        check(&document, &written);
    }
    for document in [
        "<data><row><activity_id>1</activity_id><subject></subject></row></data>",
        "<t><DATA_RECORD><activity_id>1</activity_id><subject></subject></DATA_RECORD></t>",
    ] {
        let written = "xml\nnames activity_id|subject\n1 1|NULL\n";
        check(document, written);
    }
}

#[test]
fn a_document_of_columns_is_refused_and_a_row_of_documents_is_not() {
    let refused = "stops: line 1: the document holds columns and not rows: export an array of objects \
                   (pandas: `orient=\"records\"`)";
    for columns in [
        r#"{"columns":["id","v"],"index":[0,1],"data":[[1,"a"],[2,"b"]]}"#,
        r#"{"activity_id":{"0":1,"1":2},"subject":{"0":"a","1":"b"}}"#,
    ] {
        check(columns, &format!("json\n{refused}"));
    }
    check(
        r#"{"activity_id":[1],"subject":{"a":1}}{"activity_id":[2],"subject":{"a":2}}"#,
        "
        json
        names activity_id|subject
        1 [1]|{\\\"a\\\":1}
        1 [2]|{\\\"a\\\":2}
        ",
    );
}

#[test]
fn the_mysql_client_and_psql_are_read_or_refused_by_line() {
    check(
        "+----+------+------+\n| id | name | v    |\n+----+------+------+\n|  1 | Ann  |  1.5 |\n|  3 | NULL |  2.0 |\n\
         +----+------+------+\n2 rows in set, 1 warning (0.00 sec)\n",
        "
        sqlcmd_box
        names id|name|v
        4 1|Ann|1.5
        5 3|NULL|2.0
        rows 2
        ",
    );
    check(
        "*************************** 1. row ***************************\n  id: 1\nname: two\nlines\n   v: 3\n\
         1 row in set (0.01 sec)\n",
        "
        record_blocks
        names id|name|v
        2 1|two\\nlines|3
        rows 1
        ",
    );
    check(
        " activity_id | subject  | activity_status \n-------------+----------+-----------------\n\
         \x20          1 | C+       |            5000\n           2 | a       +|            5000\n\
         \x20            | b        |                \n           3 | c        |            9000\n(3 rows)\n",
        "
        sqlcmd_separated
        names activity_id|subject|activity_status
        3 1|C+|5000
        4 CHATDB-I005 a value continues on the next line
        5 CHATDB-I005 a value continues on the next line
        6 3|c|9000
        rows 3
        remark: blanks around the separators are not part of the values, and were removed
        ",
    );
}
