//! The advice of every reject reason: each case provokes the reject, and what its advice says is done to the file or on
//! the command line, and then every record is loaded.

use std::fs;
use std::process::Command;

use chatdb::record::Reason;

use crate::advice::run;
use crate::cases::words;

struct Rejected {
    reason: Reason,
    name: &'static str,
    text: &'static [u8],
    /// The options with which it is rejected.
    options: &'static str,
    /// Options that the advice names, with a value where it leaves that open.
    follows: &'static [&'static str],
    /// The file as it is exported again.
    again: &'static [u8],
}

const NONE: Rejected = Rejected {
    reason: Reason::Ragged,
    name: "a.csv",
    text: b"",
    options: "",
    follows: &[],
    again: b"",
};

const CASES: &[Rejected] = &[
    Rejected {
        reason: Reason::NotText,
        text: b"activity_id,activity_status,subject\n1,5000,x\n2,5000,Caf\xe9 \xc3\xa9\n",
        follows: &["--encoding windows-1252"],
        again: "activity_id,activity_status,subject\n1,5000,x\n2,5000,Café é\n".as_bytes(),
        ..NONE
    },
    Rejected {
        reason: Reason::Truncated,
        text: b"activity_id,activity_status,subject\n1,5000,x\n2,50",
        again: b"activity_id,activity_status,subject\n1,5000,x\n2,5000,y\n",
        ..NONE
    },
    Rejected {
        reason: Reason::UnclosedQuote,
        text: b"activity_id,activity_status,subject\n1,5000,\"a\"\n2,5000,c\n3,5000,\"d\n",
        options: "--input-format ads_csv",
        follows: &["--input-format ssms_csv"],
        again: b"activity_id,activity_status,subject\n1,5000,\"a, b\"\n2,5000,c\n3,5000,\"\"\"d\"\n",
        ..NONE
    },
    Rejected {
        reason: Reason::TextAfterQuote,
        text: b"activity_id,activity_status,subject\n1,5000,\"a\"\n2,5000,\"b\" c\n3,5000,\"d\"\n",
        options: "--input-format ads_csv",
        follows: &["--quote none"],
        again: b"activity_id,activity_status,subject\n1,5000,\"a\"\n2,5000,\"\"\"b\"\" c\"\n3,5000,\"d\"\n",
        ..NONE
    },
    Rejected {
        reason: Reason::Ragged,
        text: b"activity_id,activity_status,subject\n1,5000,a\n2,5000,b,c\n",
        again: b"activity_id,activity_status,subject\n1,5000,a\n2,5000,\"b,c\"\n",
        ..NONE
    },
    Rejected {
        reason: Reason::NotANumber,
        text: b"activity_id,activity_status,subject\n1,5000,a\n2,12%,b\n",
        again: b"activity_id,activity_status,subject\n1,5000,a\n2,12,b\n",
        ..NONE
    },
    Rejected {
        reason: Reason::OutOfRange,
        text: b"activity_id,activity_status,subject\n1,5000,a\n2,50000,b\n",
        again: b"activity_id,activity_status,subject\n1,5000,a\n2,5000,b\n",
        ..NONE
    },
    Rejected {
        reason: Reason::NotADate,
        text: b"activity_id,activity_status,when_created\n1,5000,2026-11-24 08:51:30\n2,5000,24/11/2026 08:51:30\n",
        follows: &["--date-format 'dd/MM/yyyy HH:mm:ss'"],
        again: b"activity_id,activity_status,when_created\n1,5000,2026-11-24 08:51:30\n2,5000,2026-11-24 08:51:30\n",
        ..NONE
    },
    Rejected {
        reason: Reason::Nul,
        text: b"activity_id,activity_status,subject\n1,5000,a\n2,5000,b\0c\n",
        again: b"activity_id,activity_status,subject\n1,5000,a\n2,5000,bc\n",
        ..NONE
    },
    Rejected {
        reason: Reason::TooLong,
        text: b"activity_id,activity_status,subject\n1,5000,a\n2,5000,bbbbbbbbbbbbbbbbbbbbbbbb\n",
        options: "--max-field 20",
        follows: &["--max-field 1000 --max-record 1000"],
        ..NONE
    },
    Rejected {
        reason: Reason::TooLong,
        name: "a.txt",
        text: b"activity_id subject             \n----------- --------------------\n          1 a                   \n\
          \x20         2 bbbbbbbbbbbbbbbbbbbb\n",
        options: "--max-record 20",
        follows: &["--max-record 1000"],
        ..NONE
    },
    Rejected {
        reason: Reason::TooLong,
        name: "a.json",
        text: b"[{\"activity_id\":1,\"subject\":\"a\"},{\"activity_id\":2,\"subject\":\"bbbbbbbbbbbbbbbbbbbb\"}]",
        options: "--max-record 40",
        follows: &["--max-record 1000"],
        ..NONE
    },
    Rejected {
        reason: Reason::TooLong,
        name: "a.xml",
        text: b"<row activity_id=\"1\" subject=\"a\"/><row activity_id=\"2\" subject=\"bbbbbbbbbbbbbbbbbbbb\"/>",
        options: "--max-record 40",
        follows: &["--max-record 1000"],
        ..NONE
    },
    Rejected {
        reason: Reason::SecondResultSet,
        text: b"activity_id,activity_status\n1,5000\n2,5000\n\n(2 rows affected)\n\n\
          colour,activity_id\nred,1\nblue,2\n\n(2 rows affected)\n",
        follows: &["--result-set 1", "--result-set 2 --table my_table"],
        ..NONE
    },
    Rejected {
        reason: Reason::DuplicateKey,
        text: b"activity_id,activity_status\n1,5000\n2,5000\n1,9000\n",
        again: b"activity_id,activity_status\n2,5000\n1,9000\n",
        ..NONE
    },
    Rejected {
        reason: Reason::MissingKey,
        text: b"activity_id,activity_status\n1,5000\nNULL,9000\n",
        again: b"activity_id,activity_status\n1,5000\n2,9000\n",
        ..NONE
    },
    Rejected {
        reason: Reason::SpoiledDate,
        text: b"activity_id,activity_status,when_created\n1,5000,2026-11-24 08:51:30\n2,5000,51:30.0\n",
        again: b"activity_id,activity_status,when_created\n1,5000,2026-11-24 08:51:30\n2,5000,2026-11-24 08:51:30\n",
        ..NONE
    },
    Rejected {
        reason: Reason::WrappedLine,
        name: "a.txt",
        text: b"activity_id     : 1\nactivity_status : 5000\nsubject         : a\n\n\
          activity_id     : 2\nactivity_status : 5000\nsubject         : bbbb\n                  cccc\n\n",
        again: b"\"activity_id\",\"activity_status\",\"subject\"\n\"1\",\"5000\",\"a\"\n\
          \"2\",\"5000\",\"bbbb cccc\"\n",
        ..NONE
    },
    Rejected {
        reason: Reason::Replacement,
        text: "activity_id,activity_status,subject\n1,5000,a\n2,5000,Caf\u{fffd}\n".as_bytes(),
        follows: &["--lossy"],
        again: "activity_id,activity_status,subject\n1,5000,a\n2,5000,Café\n".as_bytes(),
        ..NONE
    },
    Rejected {
        reason: Reason::TwoReadings,
        text: b"activity_id,activity_status\n1,\"5,000\"\n2,9\n",
        again: b"activity_id,activity_status\n1,5000\n2,9\n",
        ..NONE
    },
    Rejected {
        reason: Reason::ServerError,
        text: b"activity_id,activity_status\n1,5000\n2,5000\n\
          Msg 1205, Level 13, State 51, Line 1\nTransaction deadlocked\n",
        again: b"activity_id,activity_status\n1,5000\n2,5000\n3,9000\n",
        ..NONE
    },
    Rejected {
        reason: Reason::Escape,
        text: b"activity_id,activity_status,subject\n1,5000,\"a \\\"b\\\" c\"\n2,5000,\"d\\ne\"\n",
        follows: &["--escape mysql", "--escape backslash"],
        ..NONE
    },
];

/// Reasons of which no case is here, and why.
const ELSEWHERE: &[(Reason, &str)] = &[
    (Reason::RepeatedHeader, "it is skipped, and rejects nothing"),
    (
        Reason::Formula,
        "no program here computes a formula; `workbooks` has a row without its value, and one with it",
    ),
    (
        Reason::LateColumn,
        "only a stream has it, and `a_late_column_of_a_stream_is_read_from_a_file` saves that to a file",
    ),
];

#[test]
fn every_reason_has_a_case() {
    for reason in Reason::ALL {
        let cases = CASES.iter().filter(|case| case.reason == reason).count();
        let others = ELSEWHERE.iter().filter(|(other, _)| *other == reason).count();
        assert_eq!((cases + others).min(1), 1, "{}", reason.code());
    }
}

#[test]
fn whoever_follows_the_advice_of_a_reject_loads_every_record() {
    let mut wrong = Vec::new();
    for case in CASES {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(case.name);
        let import = |options: &str, db: &str| {
            fs::metadata(&file).expect("the file is there");
            run(
                folder.path(),
                &words(&format!("import {} --db {db}.sqlite --format json {options}", case.name)),
            )
        };
        let code = case.reason.code();
        fs::write(&file, case.text).expect("a file");
        let typed =
            words(&format!("import {} --db first.sqlite --format csv {}", case.name, case.options));
        let first = crate::cli::chatdb(
            folder.path(),
            &typed.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let shown = String::from_utf8_lossy(&first.stdout).into_owned()
            + &String::from_utf8_lossy(&first.stderr);
        if first.status.code() != Some(3) || !shown.contains(code) {
            wrong.push(format!("{code}: not provoked: {shown}"));
        }
        for (at, options) in case.follows.iter().enumerate() {
            let (exit, stderr) = import(options, &at.to_string());
            let is_right = exit == Some(0)
                || (case.reason == Reason::SecondResultSet && exit == Some(3) && at == 0);
            if !is_right {
                wrong.push(format!("{code}: `{options}`: {exit:?} {stderr}"));
            }
        }
        if !case.again.is_empty() {
            fs::write(&file, case.again).expect("a file");
            let (exit, stderr) = import("", "again");
            if exit != Some(0) {
                wrong.push(format!("{code}: exported again: {exit:?} {stderr}"));
            }
        }
        let advice = case.reason.advice();
        let named = advice.split('`').skip(1).step_by(2).filter(|text| text.starts_with("--"));
        for option in named.filter_map(|text| text.split(' ').next()) {
            let of_reason = CASES.iter().filter(|other| other.reason == case.reason);
            let is_tried =
                of_reason.flat_map(|other| other.follows).any(|follows| follows.contains(option));
            if !is_tried && option != "--escape" {
                wrong.push(format!("{code}: `{option}` of its advice is not tried"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_late_column_of_a_stream_is_read_from_a_file() {
    let mut document = String::from("[");
    for id in 1..=1500 {
        document.push_str(&format!("{{\"activity_id\":{id},\"activity_status\":5000}},\n"));
    }
    document.push_str("{\"activity_id\":9999,\"activity_status\":5000,\"subject\":\"x\"}]");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.json");
    fs::write(&file, document).expect("a file");
    let table = ["--table", "egpl_casemgmt_activity"];
    let streamed = Command::new(env!("CARGO_BIN_EXE_chatdb"))
        .args([&["import", "-", "--db", "first.sqlite"], &table[..]].concat())
        .current_dir(folder.path())
        .stdin(fs::File::open(&file).expect("it is there"))
        .output()
        .expect("it runs");
    let shown = String::from_utf8_lossy(&streamed.stdout).into_owned();
    assert_eq!(streamed.status.code(), Some(3), "{shown}");
    assert!(shown.contains(Reason::LateColumn.code()), "{shown}");
    let saved = [&["import", "a.json", "--db", "again.sqlite"], &table[..]].concat();
    let (code, stderr) =
        run(folder.path(), &saved.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert_eq!(code, Some(0), "{stderr}");
}
