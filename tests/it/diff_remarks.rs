//! What `chatdb import` says of how a file was read, `chatdb diff` says as well.

use std::fs;

use crate::cli::chatdb;

/// Files of other formats than plain tables, each with a sentence that the reader of its format has for it.
const FILES: [(&str, &str, &str); 3] = [
    (
        "a.rpt",
        "id          v\r\n----------- ----------\r\n\
         Warning: Null value is eliminated by an aggregate or other SET operation.\r\n\
         1           a\r\n\r\n(1 row affected)\r\n",
        "1 server message was skipped",
    ),
    (
        "a.rpt",
        "id          v          w\r\n----------- ---------- -----------\r\n\
         1           a\r\nb       5\r\n2           c          6\r\n\r\n(2 rows affected)\r\n",
        "1 records were rejoined from lines split by a line break",
    ),
    (
        "a.csv",
        "id,v\r\n1,a\r\n2,b",
        "the file ends without a line end: compare its last value with the source, it may be truncated",
    ),
];

#[test]
fn what_import_says_of_reading_a_file_diff_says_too() {
    for (name, text, sentence) in FILES {
        let folder = tempfile::tempdir().unwrap();
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        let bytes: Vec<u8> = b"\xFF\xFE".iter().copied().chain(units).collect();
        fs::write(folder.path().join(name), bytes).unwrap();
        fs::write(folder.path().join("b.csv"), "id,v\n1,a\n").unwrap();
        let import = ["import", name, "--db", "x.sqlite", "--table", "t"];
        let commands = [
            (&import[..], sentence.to_owned()),
            (&["diff", name, "b.csv"][..], format!("`{name}`: {sentence}")),
            (&["diff", "b.csv", name][..], format!("`{name}`: {sentence}")),
        ];
        for (arguments, sentence) in commands {
            let output = chatdb(folder.path(), arguments);
            let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let is_said = shown.lines().filter(|line| *line == sentence).count();
            assert_eq!(is_said, 1, "{arguments:?}: {shown}");
        }
    }
}

#[test]
fn what_is_rejected_of_an_export_that_a_check_is_compared_with_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let row = |id: &str| format!(r#"{{"activity_id":{id},"activity_status":9000}}"#);
    fs::write(folder.path().join("a.json"), format!("[{},{}]", row("88123"), row("\"x\"")))
        .unwrap();
    let arguments =
        ["diff", "services_failure/chat_by_id", "a.json", "--bind", "activity_id=88123"];
    let output = chatdb(folder.path(), &arguments);
    let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    for sentence in
        ["a.json: 1 record rejected", "a.json: rejected at line 1, `activity_id`: expected a whole"]
    {
        assert!(shown.lines().any(|line| line.starts_with(sentence)), "{shown}");
    }
}
