//! `chatdb diff` of two files as people have them: values in other spellings, rows without a key, names in other case.

use std::fs;

use chatdb::privacy::INCLUDED;
use chatdb::table::decimal::Decimal;
use proptest::prelude::*;

use crate::bombs::stored_zip;
use crate::cli::chatdb;

/// Compares two files by the program, and checks the code and what is said in lines without blanks around them.
#[track_caller]
fn check(expected: &str, actual: &str, options: &[&str], code: i32, lines: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), expected).unwrap();
    fs::write(folder.path().join("b.csv"), actual).unwrap();
    let output =
        chatdb(folder.path(), &[&["diff", "a.csv", "b.csv", "--include-pii"], options].concat());
    let shown = [output.stdout, output.stderr].concat();
    let shown = String::from_utf8(shown).unwrap();
    let named = ["expected  a.csv", "actual    b.csv", "", INCLUDED];
    let found: Vec<&str> =
        shown.lines().map(str::trim).filter(|line| !named.contains(line)).collect();
    assert_eq!((output.status.code(), found.as_slice()), (Some(code), lines), "{shown}");
}

#[test]
fn decimals_are_numbers() {
    let by_id = ["--key", "id"];
    check(
        "id,v\n1,345.120\n2,1.0\n3,0.50\n",
        "id,v\n1,345.12\n2,1\n3,.5\n",
        &by_id,
        0,
        &["same: 3 rows, 2 columns", "3 cells are equal as numbers but written differently"],
    );
    check(
        "id,v\n1,1e3\n",
        "id,v\n1,1000\n",
        &by_id,
        0,
        &["same: 1 row, 2 columns", "1 cell is equal as numbers but written differently"],
    );
    check(
        "id,v\n1.0,x\n",
        "id,v\n1,x\n",
        &by_id,
        0,
        &["same: 1 row, 2 columns", "1 cell is equal as numbers but written differently"],
    );
}

#[test]
fn numbers_may_differ_by_a_tolerance_or_a_share() {
    let a = "acct_id,dollar_amt,float_fld\n10000001234,123.45,14530.1555\n10000001235,0.45,1\n";
    let b = "acct_id,dollar_amt,float_fld\n10000001234,123.4,14530.155\n10000001235,0.45,1\n";
    let tolerances = [
        "--key",
        "acct_id",
        "--tolerance",
        "float_fld=0.001:rounding",
        "--tolerance",
        "dollar_amt=0.1:rounding",
    ];
    check(
        a,
        b,
        &tolerances,
        0,
        &[
            "same: 2 rows, 3 columns",
            "dollar_amt of acct_id=10000001234: expected 123.45, actual 123.4, within tolerance: up to 0.1: rounding",
            "float_fld of acct_id=10000001234: expected 14530.1555, actual 14530.155, within tolerance: up to \
            0.001: rounding",
        ],
    );
    check(
        "id,v\n1,100\n",
        "id,v\n1,101\n",
        &["--key", "id", "--tolerance", "v=1%"],
        0,
        &[
            "same: 1 row, 2 columns",
            "v: expected 100, actual 101, within tolerance: up to 1 %: as given",
        ],
    );
    check(
        "id,v\n1,100\n",
        "id,v\n1,101.1\n",
        &["--key", "id", "--tolerance", "v=1%"],
        1,
        &[
            "key       id",
            "id | column | expected | actual",
            "----+--------+----------+--------",
            "1  | v      | 100      | 101.1",
            "1 cell differs; 1 row and 2 columns expected",
        ],
    );
    // One cell that is no number leaves the others numbers.
    check(
        "id,v\n1,1.00\n2,n/a\n",
        "id,v\n1,1.01\n2,n/a\n",
        &["--key", "ID", "--tolerance", "V=0.01"],
        0,
        &[
            "same: 2 rows, 2 columns",
            "v of id=1: expected 1.00, actual 1.01, within tolerance: up to 0.01: as given",
        ],
    );
    check(
        "id,v\n1,a\n",
        "id,v\n1,b\n",
        &["--key", "id", "--tolerance", "v=0.01"],
        2,
        &[
            "error: column `v` has no numbers or times in either table, so a tolerance does not apply",
        ],
    );
    check(
        "id,v\n1,a\n",
        "id,v\n1,b\n",
        &["--tolerance", "v=x"],
        2,
        &[
            "error: invalid `--tolerance v=x`: expected a column and a number or a percentage",
            "hint: write `--tolerance \"v=2:clocks differ\"`, or `--tolerance \"v=1%\"`",
        ],
    );
}

#[test]
fn letter_case_and_blanks_can_be_left_aside() {
    let (a, b) = ("id,v\nX1,Ann  Lee\n", "id,v\nx1, ann lee\n");
    let by_id = ["--key", "id"];
    let both = [&by_id[..], &["--ignore-case", "--ignore-blanks"]].concat();
    check(
        a,
        b,
        &both,
        0,
        &["same: 1 row, 2 columns", "2 cells are equal but for letter case or blanks"],
    );
    for one in ["--ignore-case", "--ignore-blanks"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), a).unwrap();
        fs::write(folder.path().join("b.csv"), b).unwrap();
        let output = chatdb(folder.path(), &["diff", "a.csv", "b.csv", "--key", "id", one]);
        assert_eq!(output.status.code(), Some(1), "{one}");
    }
}

#[test]
fn headings_and_keys_match_in_any_letter_case() {
    for key in ["id", "ID", "Id"] {
        check(
            "id,v\n1,a\n",
            "ID,v\n1,a\n",
            &["--key", key],
            0,
            &["same: 1 row, 2 columns", "headers that differ in letter case: `ID` for `id`"],
        );
    }
    // Two that differ in letter case only are two columns.
    check("id,ID\n1,2\n", "id,ID\n1,2\n", &["--key", "ID"], 0, &["same: 1 row, 2 columns"]);
}

#[test]
fn brackets_around_names_are_not_part_of_them() {
    for key in ["Id", "[Id]", "[id]"] {
        for (expected, actual) in [("[Id],[a]]b]\n", "Id,a]b\n"), ("Id,a]b\n", "[Id],[a]]b]\n")] {
            check(
                &format!("{expected}1,5\n"),
                &format!("{actual}1,6\n"),
                &["--key", key, "--ignore", "[a]]b]=set at import"],
                0,
                &["same: 1 row, 2 columns", "a]b: ignored (expected 5, actual 6): set at import"],
            );
        }
    }
    // What is not one name in brackets stays as it is.
    check(
        "[dbo].[Id],[]\n1,a\n",
        "[dbo].[Id],[]\n1,a\n",
        &["--key", "[dbo].[Id]"],
        0,
        &["same: 1 row, 2 columns"],
    );
}

#[test]
fn rows_without_a_key_are_paired_by_what_they_share() {
    let a = "bridge,designer,length\nBrooklyn,J. A. Roebling,1595\nManhattan,G. Lindenthal,1470\nWilliamsburg,L. L. \
    Buck,1600\n";
    let b = "bridge,designer,length\nBrooklyn,J. A. Roebling,1595\nWilliamsburg,D. Duck,1600\nSpamspan,S. \
    Spamington,10000\n";
    check(
        a,
        b,
        &[],
        1,
        &[
            "no key is given, so rows are matched by similarity; `--key bridge` matches them by a column that \
             identifies each row",
            "row | column   | expected   | actual",
            "-----+----------+------------+---------",
            "3   | designer | L. L. Buck | D. Duck",
            "missing: 1 row",
            "bridge    | designer      | length",
            "-----------+---------------+--------",
            "Manhattan | G. Lindenthal | 1470",
            "extra: 1 row",
            "bridge   | designer      | length",
            "----------+---------------+--------",
            "Spamspan | S. Spamington | 10000",
            "1 cell differs, 1 row missing, 1 row extra; 3 rows and 3 columns expected",
        ],
    );
}

#[test]
fn an_inserted_row_shifts_no_other_however_many_there_are() {
    // So many that not every pair of them is looked at.
    let rows = |range: std::ops::Range<u32>, state: &str| -> String {
        range.map(|n| format!("agent{n},{},{state}\n", n % 7)).collect()
    };
    let a = format!("agent,queue,state\n{}", rows(0..1500, "open"));
    let b = format!("agent,queue,state\nnobody,9,lost\n{}", rows(0..1500, "done"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), a).unwrap();
    fs::write(folder.path().join("b.csv"), b).unwrap();
    let output = chatdb(folder.path(), &["diff", "a.csv", "b.csv", "--include-pii"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    let last = shown.trim_end().lines().last().unwrap();
    assert_eq!(last, "1500 cells differ, 1 row extra; 1500 rows and 3 columns expected", "{last}");
}

/// `text` in other spellings of the same number.
fn spellings(digits: &str, exponent: i32) -> Vec<String> {
    let mut all = vec![
        format!("{digits}e{exponent}"),
        format!("{digits}.0E{exponent}"),
        format!("{digits}0e{}", exponent - 1),
    ];
    if exponent >= 0 {
        all.push(format!("{digits}{}.00", "0".repeat(exponent as usize)));
    } else {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize);
        let all_digits = format!("{zeros}{digits}");
        let at = all_digits.len() - zeros.len();
        let whole = all_digits[..at].trim_start_matches('0');
        all.push(format!("{}.{}", if whole.is_empty() { "0" } else { whole }, &all_digits[at..]));
    }
    all
}

proptest! {
    #[test]
    fn a_number_equals_itself_in_every_spelling_and_no_neighbour(
        digits in "[1-9][0-9]{0,38}", exponent in -20..20_i32, negative: bool
    ) {
        let sign = if negative { "-" } else { "" };
        let parse = |text: String| Decimal::parse(&format!("{sign}{text}")).expect("it is a number");
        let all: Vec<Decimal> = spellings(&digits, exponent).into_iter().map(parse).collect();
        for other in &all {
            prop_assert_eq!(&all[0], other);
        }
        let neighbour = parse(format!("{digits}1e{}", exponent - 1));
        prop_assert_ne!(&all[0], &neighbour);
        // They are one unit of the next place apart: within that, and not within less.
        let limit = |text: String| Decimal::parse(&text).expect("it is a number");
        let (most, less) = (limit(format!("1e{}", exponent - 1)), limit(format!("0.99e{}", exponent - 1)));
        prop_assert!(all[0].is_within(&neighbour, &most));
        prop_assert!(!all[0].is_within(&neighbour, &less));
    }

    #[test]
    fn distances_are_those_of_whole_numbers(a in -10_000..10_000_i64, b in -10_000..10_000_i64, limit in
    0..20_000_i64) {
        let [x, y, most] = [a, b, limit].map(Decimal::from);
        prop_assert_eq!(x.is_within(&y, &most), a.abs_diff(b) <= limit as u64);
        let share = Decimal::parse(&format!("{}e-4", limit)).expect("it is a number");
        let larger = a.abs().max(b.abs()).unsigned_abs();
        prop_assert_eq!(x.is_within_share(&y, &share), a.abs_diff(b) * 10_000 <= larger * limit as u64);
    }
}

#[test]
fn what_is_no_number_is_none() {
    for text in [
        "007", "+49", "-", ".", "1e", "1e+", "e5", "1.2.3", "1e401", "0x1", "1 000", "1,5", "",
        "٣", "--1", "1e5.0",
    ] {
        assert!(Decimal::parse(text).is_none(), "{text}");
    }
    check(
        "id,v\n1,007\n",
        "id,v\n1,7\n",
        &["--key", "id"],
        1,
        &[
            "key       id",
            "id | column | expected | actual",
            "----+--------+----------+--------",
            "1  | v      | 007      | 7",
            "1 cell differs; 1 row and 2 columns expected",
        ],
    );
    // Two ids that a double holds as one.
    check(
        "id,v\n9007199254740993,x\n",
        "id,v\n9007199254740992,x\n",
        &["--key", "id"],
        1,
        &[
            "key       id",
            "missing: 1 row",
            "id               | v",
            "------------------+---",
            "9007199254740993 | x",
            "extra: 1 row",
            "id               | v",
            "------------------+---",
            "9007199254740992 | x",
            "1 row missing, 1 row extra; 1 row and 2 columns expected",
        ],
    );
}

/// Compares a file of these bytes with `id,v` and `1,a` in CSV, and gives the code and what is said.
fn compared(name: &str, bytes: &[u8], options: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    fs::write(folder.path().join("b.csv"), "id,v\n1,a\n").unwrap();
    let output = chatdb(
        folder.path(),
        &[&["diff", name, "b.csv", "--key", "id", "--include-pii"], options].concat(),
    );
    let shown = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(shown).unwrap())
}

#[test]
fn every_form_that_import_reads_is_compared() {
    let wide = |text: &str, mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(bytes);
        mark.iter().copied().chain(units).collect()
    };
    let workbook =
        fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports/diff_one_row.xlsx")).unwrap();
    let gzip = |text: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut out, text).unwrap();
        out.finish().unwrap()
    };
    let csv = "id,v\r\n1,a\r\n";
    let files: [(&str, Vec<u8>); 10] = [
        ("a.zip", stored_zip(&[("a.csv", csv)])),
        ("a.zip", stored_zip(&[("x/a.rpt", "id  v\r\n--- ----\r\n1   a\r\n"), ("a.fmt", "")])),
        ("a.csv", wide(csv, b"\xFF\xFE", u16::to_le_bytes)),
        ("a.csv", wide(csv, b"\xFE\xFF", u16::to_be_bytes)),
        ("a.xlsx", workbook),
        ("a.csv.gz", gzip(csv.as_bytes())),
        ("a.json", br#"[{"id":1,"v":"a"}]"#.to_vec()),
        ("a.json", b"{\"id\":1,\"v\":\"a\"}\n".to_vec()),
        ("a.xml", b"<rows><row><id>1</id><v>a</v></row></rows>".to_vec()),
        (
            "a.rpt",
            b"id          v\r\n----------- ----------\r\n1           a\r\n\r\n(1 row affected)\r\n"
                .to_vec(),
        ),
    ];
    for (name, bytes) in files {
        let (code, shown) = compared(name, &bytes, &[]);
        assert_eq!(
            (code, shown.as_str()),
            (Some(0), format!("same: 1 row, 2 columns\n{INCLUDED}\n").as_str()),
            "{name}"
        );
        // What differs there is found as it is in CSV.
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), &bytes).unwrap();
        fs::write(folder.path().join("b.csv"), "id,v\n1,b\n").unwrap();
        let output =
            chatdb(folder.path(), &["diff", name, "b.csv", "--key", "id", "--include-pii"]);
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[test]
fn a_file_within_a_folder_or_an_archive_of_several_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let zip = stored_zip(&[("a.csv", "id,v\n1,a\n"), ("b.csv", "id,v\n1,b\n")]);
    fs::write(folder.path().join("both.zip"), zip).unwrap();
    fs::create_dir(folder.path().join("both")).unwrap();
    fs::write(folder.path().join("both/a.csv"), "id,v\n1,a\n").unwrap();
    fs::write(folder.path().join("both/b.csv"), "id,v\n1,b\n").unwrap();
    let said = |args: &[&str]| {
        let output = chatdb(folder.path(), &[&["diff"], args].concat());
        let shown = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(shown).unwrap())
    };
    for given in ["both.zip", "both"] {
        let expect = format!(
            "error: `{given}` contains 2 files\n hint: name one of them, such as `{given}/a.csv`\n"
        );
        assert_eq!(said(&[given, "both/a.csv"]), (Some(2), expect.clone()));
        assert_eq!(said(&["both/a.csv", given]), (Some(2), expect));
        let (code, shown) = said(&[&format!("{given}/a.csv"), "both/a.csv", "--key", "id"]);
        assert_eq!(code, Some(0), "{shown}");
        let (code, shown) = said(&["both/a.csv", &format!("{given}/b.csv"), "--key", "id"]);
        assert_eq!(code, Some(1), "{shown}");
    }
    let (code, shown) = said(&["both.zip/c.csv", "both/a.csv"]);
    assert_eq!(code, Some(4), "{shown}");
    assert!(shown.starts_with("error: cannot read `both.zip/c.csv`"), "{shown}");
}

#[test]
fn a_file_that_is_no_table_is_refused_with_what_to_do() {
    let (code, shown) = compared("a.csv", b"id,v\n1,caf\xE9\n", &[]);
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("--encoding windows-1252"), "{shown}");
    let (code, shown) = compared("a.csv", b"id,v\n1,caf\xE9\n", &["--encoding", "windows-1252"]);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("café"), "{shown}");
    let (code, shown) = compared("a.csv", b"id,v\n1,a\n", &["--encoding", "windows-1252"]);
    let expect = "error: `--encoding windows-1252` does not apply: both files are plain tables in UTF-8\n \
                  hint: omit it\n";
    assert_eq!((code, shown.as_str()), (Some(2), expect));
}

#[test]
fn files_are_read_as_the_options_for_reading_say() {
    let cases: [(&[u8], &[u8], &str, &str); 7] = [
        (
            b"id,v\n1,(null)\n2,b\n",
            b"id,v\n1,NULL\n2,b\n",
            "--null (null)",
            "same: 2 rows, 2 columns\n",
        ),
        (
            b"id,v\n1,\n2,b\n",
            b"id,v\n1,NULL\n2,b\n",
            "--empty-is-null",
            "same: 2 rows, 2 columns\n",
        ),
        (
            b"id|^|v\r\n1|^|x;y\r\n",
            b"id,v\n1,x;y\n",
            "--field-terminator |^|",
            "same: 1 row, 2 columns\n",
        ),
        (b"id,v\n1,'x'\n", b"id,v\n1,x\n", "--quote '", "same: 1 row, 2 columns\n"),
        (
            b"made today\nid,v\n1,a\n",
            b"made later\nid,v\n1,a\n",
            "--skip 1",
            "same: 1 row, 2 columns\n",
        ),
        (b"1,a\n", b"1,a\n", "--header no --columns id,v", "same: 1 row, 2 columns\n"),
        (
            b"id,v\n1,a\n",
            b"id,v\n1,a\n",
            "--columns id,v,w",
            "error: `b.csv` has 2 columns, but `--columns` names 3\n \
             hint: name every column, in the order of the file\n",
        ),
    ];
    for (expected, actual, options, expect) in cases {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), expected).unwrap();
        fs::write(folder.path().join("b.csv"), actual).unwrap();
        let said = |options: &str| {
            let given: Vec<&str> = options.split_whitespace().collect();
            let args = [&["diff", "a.csv", "b.csv", "--key", "id"], &given[..]].concat();
            let output = chatdb(folder.path(), &args);
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        assert_eq!(said(options), expect, "{options}");
        assert!(options.starts_with("--columns") || said("") != expect, "{options}");
    }
}

#[test]
fn a_file_without_names_is_not_taken_for_one_with_names() {
    let (code, shown) = compared("a.csv", b"1,a\n", &[]);
    let expect = "error: `a.csv`: field 1 of the first record looks like a value, not a column name\n \
                  hint: use `--header no` if the files have no header, or `--header yes` if they do\n";
    assert_eq!((code, shown.as_str()), (Some(3), expect));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "1,a\n2,b\n").unwrap();
    fs::write(folder.path().join("b.csv"), "1,a\n2,c\n").unwrap();
    let args = ["diff", "a.csv", "b.csv", "--header", "no", "--key", "column_1"];
    let output = chatdb(folder.path(), &args);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains(" 2        | column_2 | b        | c\n"), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_sparse_file_and_a_line_without_end_are_refused_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("k.csv"), "id,v\n1,a\n").unwrap();
    fs::File::create(folder.path().join("x.csv")).unwrap().set_len(3 << 30).unwrap();
    let long = format!("id,v\n1,{}\n", "a".repeat(17 << 20));
    fs::write(folder.path().join("long.csv"), long).unwrap();
    let json = format!("[{{\"id\":1,\"v\":\"{}\"}}]", "a".repeat(17 << 20));
    fs::write(folder.path().join("long.json"), json).unwrap();
    for (file, options) in [
        ("x.csv", &[][..]),
        ("x.csv", &["--key", "id"]),
        ("long.csv", &["--key", "id"]),
        ("long.json", &[]),
    ] {
        let limited =
            format!("ulimit -v 1500000; exec \"$0\" diff k.csv {file} {}", options.join(" "));
        let output = std::process::Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_chatdb")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let shown = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{file}: {shown}");
        assert!(shown.starts_with("error: ") && shown.contains(" hint: "), "{shown}");
    }
}

#[test]
fn a_closed_pipe_keeps_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |state: &str| -> String { (0..20_000).map(|n| format!("{n},{state}\n")).collect() };
    fs::write(folder.path().join("a.csv"), format!("id,v\n{}", rows("x"))).unwrap();
    fs::write(folder.path().join("b.csv"), format!("id,v\n{}", rows("y"))).unwrap();
    fs::write(folder.path().join("c.csv"), format!("id,v\n{}", rows("x"))).unwrap();
    for (other, code) in [("b.csv", 1), ("c.csv", 0)] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(["diff", "a.csv", other, "--key", "id", "--format", "csv", "--include-pii"])
            .current_dir(folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{other}");
    }
}

#[test]
fn what_a_query_writes_as_csv_compares_as_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let csv =
        "activity_id,subject\n1347,+49170123\n1348,\"line1\nline2\"\n1349,-5\n1350,+49 30 1234\n";
    fs::write(folder.path().join("a.csv"), csv).unwrap();
    let sql = "SELECT activity_id, subject FROM egpl_casemgmt_activity ORDER BY activity_id";
    let output =
        chatdb(folder.path(), &["query", sql, "a.csv", "--format", "csv", "--include-pii"]);
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap(), csv);
    fs::write(folder.path().join("out.csv"), output.stdout).unwrap();
    let output = chatdb(folder.path(), &["diff", "a.csv", "out.csv", "--key", "activity_id"]);
    assert_eq!(output.status.code(), Some(0));
}

/// What is shown of one row with NULL, an empty text and the text NULL, and of none.
#[test]
fn null_is_shown_as_null_and_no_rows_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "SELECT NULL AS a, '' AS b, 'NULL' AS c";
    let shown = |sql: &str, format: &str| {
        let output = chatdb(
            folder.path(),
            &["query", sql, "--after", "services_failure", "--format", format],
        );
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(shown(sql, "table").contains(" NULL |   | \"NULL\""), "{}", shown(sql, "table"));
    assert!(
        shown(sql, "markdown").contains("| NULL |     | \"NULL\" |"),
        "{}",
        shown(sql, "markdown")
    );
    let none = "SELECT 1 AS a WHERE 1 = 0";
    assert!(shown(none, "table").contains("(no rows)"), "{}", shown(none, "table"));
    assert!(shown(none, "markdown").contains("No rows."), "{}", shown(none, "markdown"));
}
