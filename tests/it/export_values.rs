//! Values of exports that depend on what surrounds them: padding, line breaks, the word NULL, and options.

use std::fs;

use chatdb::record::Reason;

use crate::export_notes::{check, run};
use crate::export_shapes::load;

#[test]
fn padding_of_all_columns_is_no_part_of_a_text() {
    let sql = "SELECT activity_id, LEN(subject + '.') - 1 AS n FROM egpl_casemgmt_activity ORDER BY activity_id";
    let rows = "activity_id,n\n1347,5\n1348,0\n1349,NULL\n";
    // DBeaver's text, and sqlcmd with a separator, without its dashes.
    let dbeaver = "|activity_id|activity_status|subject|\n|-----------|---------------|-------|\n\
                   |1347       |5000           |Hello  |\n|1348       |5000           |       |\n\
                   |1349       |5000           |NULL   |\n";
    check(("a.txt", dbeaver.as_bytes()), sql, &[], rows, "");
    for separator in [",", "|", "\t"] {
        let sqlcmd = [
            ["activity_id         ", "activity_status", "subject   "],
            ["                1347", "           5000", "Hello     "],
            ["                1348", "           9000", "          "],
            ["                1349", "           9000", "NULL      "],
        ];
        let lines = sqlcmd.map(|line| line.join(separator) + "\n").concat();
        check(("a.txt", lines.as_bytes()), sql, &["--input-format", "sqlcmd_separated"], rows, "");
        check(("a.txt", lines.as_bytes()), sql, &[], rows, "");
    }
    // Azure Data Studio pads nothing: a blank is part of the text.
    let tight = "|activity_id|activity_status|subject|\n|---|---|---|\n|1347|5000|Hello|\n|1348|5000||\n\
                 |1349|5000|NULL|\n";
    check(("a.md", tight.as_bytes()), sql, &[], rows, "");
}

#[test]
fn a_given_date_format_is_the_first_to_be_tried() {
    let text = "activity_id,activity_status,when_created\n1,5000,2026-11-04 08:51:30\n2,5000,2026-11-04 08:51:30.250\n";
    let sql = "SELECT when_created FROM egpl_casemgmt_activity ORDER BY activity_id";
    let options = ["--date-format", "yyyy-dd-MM HH:mm:ss"];
    let rows = "when_created\n2026-04-11 08:51:30.000\n2026-11-04 08:51:30.250\n";
    check(("a.csv", text.as_bytes()), sql, &options, rows, "");
}

#[test]
fn a_line_below_a_record_that_may_be_its_last_text_is_joined_or_both_are_rejected() {
    let tab = "activity_id\tactivity_status\tsubject\n1347\t5000\tline1\nline2\n1348\t9000\ty\n";
    let sql = "SELECT activity_id, subject FROM egpl_casemgmt_activity ORDER BY activity_id";
    let rows = "activity_id,subject\n1347,\"line1\nline2\"\n1348,y\n";
    check(("a.txt", tab.as_bytes()), sql, &[], rows, "");
    // Where other values are in quotes, a line break would be as well.
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("a.txt"), tab.replace("\ty", "\t\"y\"")).unwrap();
    let args = ["query", sql, "a.txt", "--include-pii", "--format", "csv"];
    let (code, out, err) = run(folder, &args);
    assert_eq!((code, out.as_str()), (Some(3), "activity_id,subject\n1348,y\n"), "{err}");
    assert!(err.contains("2 records rejected"), "{err}");
}

#[test]
fn empty_text_in_quotes_beside_nothing_is_told_from_null_where_all_is_quoted() {
    let text = "\"activity_id\",\"activity_status\",\"subject\"\n\"1\",\"5000\",\"x\"\n\"2\",\"5000\",\n\
                \"3\",\"5000\",\"\"\n";
    let sql = "SELECT activity_id, CASE WHEN subject IS NULL THEN 'null' ELSE 'text' END AS s \
               FROM egpl_casemgmt_activity ORDER BY activity_id";
    check(("a.csv", text.as_bytes()), sql, &[], "activity_id,s\n1,text\n2,null\n3,text\n", "");
}

#[test]
fn the_word_null_that_comes_late_is_null_or_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sql = "SELECT COUNT(*) AS n FROM egpl_casemgmt_activity WHERE subject IS NULL";
    let rows = |line: &dyn Fn(u32) -> String| (10_000..13_000).map(line).collect::<String>();
    let head = "activity_id,activity_status,subject\n";
    let some =
        format!("{head}1,5000,\"ab\"\n{}2,5000,NULL\n", rows(&|id| format!("{id},5000,x\n")));
    let all =
        format!("{head}{}\"2\",\"5000\",NULL\n", rows(&|id| format!("\"{id}\",\"5000\",\"x\"\n")));
    for text in [some, all] {
        fs::write(folder.join("a.csv"), &text).unwrap();
        let args = ["query", sql, "a.csv", "--format", "csv"];
        let (code, out, err) = run(folder, &args);
        assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
        let options = err.split('`').filter(|word| word.starts_with("--input-format "));
        let options: Vec<&str> = options.collect();
        assert_eq!(options.len(), 2, "{err}");
        for (option, count) in options.iter().zip(["0", "1"]) {
            let typed = [&args[..], &option.split(' ').collect::<Vec<_>>()].concat();
            let (code, out, err) = run(folder, &typed);
            assert_eq!((code, out), (Some(0), format!("n\n{count}\n")), "{option}: {err}");
        }
        // A column of numbers that has the word says that it is NULL.
        let typed =
            (text.replace("2,5000,NULL", "2,NULL,NULL")).replace("\"5000\",NULL", "NULL,NULL");
        fs::write(folder.join("a.csv"), typed).unwrap();
        let (code, out, err) = run(folder, &args);
        assert_eq!((code, out.as_str()), (Some(0), "n\n1\n"), "{err}");
    }
}

#[test]
fn an_option_that_does_not_apply_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let json = r#"[{"activity_id":1,"activity_status":5000,"subject":"a long subject"}]"#;
    let aligned =
        "activity_id activity_status\n----------- ---------------\n          1            5000\n";
    let bars = "activity_id|activity_status\n-----------|---------------\n1|5000\n";
    let markdown = "| activity_id | activity_status |\n| --- | --- |\n| 1 | 5000 |\n";
    let cases = [
        ("a.json", json, "--max-field", "5"),
        ("a.txt", aligned, "--max-field", "5"),
        ("a.md", markdown, "--max-field", "5"),
        ("a.txt", bars, "--header", "no"),
        ("a.txt", aligned, "--header", "no"),
        ("a.json", json, "--escape", "backslash"),
    ];
    for (name, text, option, value) in cases {
        fs::write(folder.join(name), text).unwrap();
        let args = ["import", name, "--table", "t", "--db", "x.sqlite", option, value];
        let (code, _, err) = run(folder, &args);
        assert_eq!(code, Some(2), "{name} {option}: {err}");
        assert!(err.contains(&format!("to which `{option}` does not apply")), "{err}");
    }
}

/// Lines of `rows`, wrapped between columns so that none is longer than `page`.
fn wrapped(rows: &[[&str; 5]], page: usize, trimmed: bool) -> String {
    let widths = [11, 15, 20, 23, 11];
    let dashes = widths.map(|width| "-".repeat(width));
    let dashes = [0, 1, 2, 3, 4].map(|at| dashes[at].as_str());
    let mut text = String::new();
    for row in std::iter::once(&rows[0]).chain([&dashes]).chain(&rows[1..]) {
        let mut line = String::new();
        for (at, (value, width)) in row.iter().zip(widths).enumerate() {
            if !line.is_empty() && line.len() + width > page {
                text.push_str(if trimmed { line.trim_end() } else { &line });
                text.push('\n');
                line.clear();
            }
            line.push_str(&format!("{value:width$}"));
            line.push_str(if at < 4 { " " } else { "" });
        }
        text.push_str(if trimmed { line.trim_end() } else { &line });
        text.push('\n');
    }
    text + "\n(2 rows affected)\n"
}

#[test]
fn rows_that_are_wrapped_between_columns_are_joined_or_refused_by_line() {
    let rows = [
        ["activity_id", "activity_status", "subject", "when_created", "assigned_to"],
        ["1", "5000", "hello", "2026-01-01 10:00:00.000", "1003"],
        ["2", "5000", "", "2026-01-01 10:00:00.000", "NULL"],
    ];
    for page in [24, 40, 60, 80] {
        let summary = load(&wrapped(&rows, page, false));
        assert_eq!((summary.loaded, summary.rejected), (2, 0), "{page}: {summary:?}");
        let said = "lines wrapped at the page width were rejoined".to_owned();
        assert!(summary.warnings.contains(&said), "{summary:?}");
        // Without the blanks at the ends of lines, nothing says where a line ends.
        let summary = load(&wrapped(&rows, page, true));
        assert_eq!((summary.loaded, summary.form.as_str()), (0, "aligned"), "{page}: {summary:?}");
        let refused =
            summary.first_rejects.iter().all(|reject| reject.reason == Reason::WrappedLine);
        assert!(refused && summary.rejected > 0, "{summary:?}");
    }
}

#[test]
fn what_the_tool_says_where_it_stops_is_no_part_of_a_value() {
    for said in [
        "Sqlcmd: Error: Microsoft ODBC Driver 17 for SQL Server : Communication link failure.",
        "Sqlcmd: Warning: The last operation was terminated because the user pressed CTRL+C.",
        "Timeout expired",
        "Query was cancelled by user.",
        "An error occurred while executing batch. Error message is: Exception of type 'System.OutOfMemoryException'",
        "HResult 0x2746, Level 16, State 1\nTCP Provider: An existing connection was forcibly closed.",
        "Msg -2, Level 11, State 0, Server X, Line 0\nTimeout expired.",
    ] {
        let rows = "activity_id,activity_status,subject\n-----------,---------------,-------\n1,5000,Hello\n\
                    2,5000,World\n";
        let aligned = "activity_id activity_status subject   \n----------- --------------- ----------\n\
                       \u{20}         1            5000 Hello     \n          2            5000 World     \n";
        for text in [format!("{rows}{said}\n"), format!("{aligned}{said}\n")] {
            let summary = load(&text);
            assert_eq!((summary.loaded, summary.rejected), (2, 1), "{text}: {summary:?}");
            let reject = &summary.first_rejects[0];
            assert_eq!(reject.reason, Reason::ServerError, "{text}");
            assert_eq!(
                reject.detail,
                "the export stopped at an error of the tool that wrote it: it is incomplete"
            );
        }
    }
}

#[test]
fn a_result_below_an_error_is_read_however_many_columns_it_has() {
    let text = "activity_id,activity_status,subject\n-----------,---------------,-------\n1347,5000,x\n\n\
                (1 rows affected)\nMsg 208, Level 16, State 1, Server X, Line 5\nInvalid object name 'y'.\n";
    let users = "user_id,user_name\n-------,---------\n1003,Ann\n\n(1 rows affected)\n";
    let wider = "user_id,user_name,login_ip,user_state\n-------,---------,--------,----------\n1003,Ann,a,1\n\n\
                 (1 rows affected)\n";
    for below in [users, wider] {
        let summary = load(&format!("{text}{below}"));
        assert_eq!((summary.loaded, summary.rejected), (1, 0), "{summary:?}");
        let [further] = &summary.further[..] else {
            panic!("{summary:?}");
        };
        assert_eq!((further.loaded, further.tables[0].name.as_str()), (1, "egpl_user"));
    }
}

#[test]
fn counts_of_other_statements_and_repeated_dashes_are_no_part_of_a_result() {
    let separated = "activity_id,activity_status\n-----------,---------------\n1,5000\n2,5000\n";
    let aligned = "activity_id activity_status\n----------- ---------------\n          1            5000\n\
                   \u{20}         2            5000\n";
    for rows in [separated, aligned] {
        for text in [
            format!("(5 rows affected)\n{rows}\n(2 rows affected)\n"),
            format!("{rows}\n(2 rows affected)\n\n(1 row affected)\n"),
        ] {
            let summary = load(&text);
            let counts = (summary.loaded, summary.rejected, summary.footer);
            assert_eq!(counts, (2, 0, Some(2)), "{text}: {summary:?}");
        }
        // A count that is not that of the rows is still said.
        assert!(load(&format!("{rows}\n(3 rows affected)\n")).footer_differs());
    }
    let again = "activity_id,activity_status\n-----------,---------------\n1,5000\n\
                 activity_id,activity_status\n-----------,---------------\n2,5000\n";
    let summary = load(again);
    assert_eq!((summary.loaded, summary.rejected), (2, 0), "{summary:?}");
}

#[test]
fn a_row_that_says_what_a_tool_says_is_a_row() {
    let said = [
        "Query was cancelled by user.",
        "Timeout expired. Hm",
        "Sqlcmd: Error: x",
        "HResult 0x2746",
    ];
    let rows: String = (said.iter().zip(1..)).map(|(said, id)| format!("{said},{id}\n")).collect();
    let expected = format!("subject,activity_id\n{rows}bye,9\n");
    let sql = "SELECT subject, activity_id FROM egpl_casemgmt_activity ORDER BY activity_id";
    // In columns of fixed width, wrapped at the page width too, and delimited.
    let head = format!("{:30} activity_id\n{} {}\n", "subject", "-".repeat(30), "-".repeat(11));
    let lines = said.iter().zip(1..).chain([(&"bye", 9)]);
    let body: String = lines.map(|(said, id)| format!("{said:30} {id:11}\n")).collect();
    for below in ["", "\n(5 rows affected)\n"] {
        let text = format!("{head}{body}{below}");
        check(("a.txt", text.as_bytes()), sql, &[], &expected, "");
    }
    check(("a.csv", expected.as_bytes()), sql, &[], &expected, "");
    // Where no number or time says so, what follows decides.
    let sql = "SELECT subject FROM t";
    let own = ["--table", "t"];
    for said in said {
        let text = format!("subject\nhello\n{said}\nbye\n");
        check(("a.csv", text.as_bytes()), sql, &own, &text, "");
        let aligned = format!("subject\n{}\nhello\n{said}\nbye\n", "-".repeat(30));
        for width in [0, 30] {
            let padded: String = aligned.lines().map(|line| format!("{line:width$}\n")).collect();
            check(("a.txt", padded.as_bytes()), sql, &own, &text, "");
        }
    }
}

#[test]
fn no_line_below_a_message_is_lost() {
    let rows = "activity_id,subject,activity_status\n1001,hello,5000\n";
    let error =
        "Msg 208, Level 16, State 1, Server X, Line 1\nInvalid object name 'a'.\nmore, text";
    let client = "Sqlcmd: Error: Communication link failure.\nmore";
    let aligned = "subject    activity_id\n---------- -----------\nhello             1001\n";
    let row = "bye               1002\n";
    // The file, how many records are loaded and rejected, and the lines of each reject.
    let cases: [(String, u64, &[&str]); 6] = [
        (format!("{rows}{error}\n"), 1, &[error]),
        (format!("{rows}{client}\n"), 1, &[client]),
        (format!("{rows}{error}\n1002,bye,5000\n"), 2, &[error]),
        // A tool does not go on where it stopped: these are parts of a broken record.
        (
            format!("{rows}1002,a\nQuery was cancelled by user.\nb,5000\n1003,bye,5000\n"),
            2,
            &["1002,a", "Query was cancelled by user.", "b,5000"],
        ),
        (format!("{aligned}{error}\n{row}"), 2, &[error]),
        (format!("{aligned}{client}\n{row}"), 2, &[client]),
    ];
    for (text, loaded, rejects) in cases {
        let summary = load(&text);
        let found: Vec<&str> =
            summary.first_rejects.iter().map(|reject| reject.text.as_str()).collect();
        assert_eq!((summary.loaded, found.as_slice()), (loaded, rejects), "{text}");
    }
}

#[test]
fn a_line_of_dashes_is_no_row_only_below_the_names() {
    let sql = "SELECT code, type FROM t";
    let own = ["--table", "t", "--input-format", "sqlcmd_separated"];
    for rule in ["----,----", "-,-"] {
        let text = format!("code,type\n{rule}\nAB,x\n{rule}\nCD,y\n");
        let rows = format!("code,type\nAB,x\n{rule}\nCD,y\n");
        check(("a.txt", text.as_bytes()), sql, &own, &rows, "");
        // `sqlcmd -h 1` repeats both.
        let again = format!("code,type\n{rule}\nAB,x\ncode,type\n{rule}\nCD,y\n{rule}\n");
        let rows = format!("code,type\nAB,x\nCD,y\n{rule}\n");
        check(("a.txt", again.as_bytes()), sql, &own, &rows, "");
    }
}

#[test]
fn an_escaped_bar_shows_that_blanks_are_part_of_markdown() {
    let text = "|code|type|\n|----|----|\n|AB  |CD  |\n|EFGH|X\\|Y|\n";
    let rows = "code,type\nAB  ,CD  \nEFGH,X|Y\n";
    let own = ["--table", "t"];
    check(("a.md", text.as_bytes()), "SELECT code, type FROM t", &own, rows, "");
}
