//! Markdown that `chatdb query` writes is read by `chatdb diff` and `chatdb import` as what it was written of.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn chatdb(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_chatdb");
    Command::new(program).args(arguments).current_dir(folder).output().unwrap()
}

/// Texts of all pairs of what a table in Markdown writes in another way.
fn texts() -> Vec<String> {
    let pieces = [
        "a",
        "|",
        "\\",
        "\\|",
        "<br>",
        "\n",
        "\t",
        "\r",
        "&amp;",
        "&#32;",
        "*x*",
        "_y_",
        " ",
        "`",
        "~",
        "<",
        "[l](u)",
        "-",
        "#",
        "é",
        "1.",
        "\"",
        "https://example.org",
    ];
    let pairs = pieces.iter().flat_map(|one| pieces.iter().map(move |two| format!("{one}{two}x")));
    let singles = pieces.iter().map(|one| format!("x{one}"));
    // Whether an empty text is one, and what ends in blanks, a table of Markdown says as well.
    pairs
        .chain(singles)
        .chain([
            String::new(),
            "x ".to_owned(),
            " y".to_owned(),
            "x\t".to_owned(),
            "\r\n".to_owned(),
        ])
        .collect()
}

#[test]
fn a_table_in_markdown_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = "id,t,n\n".to_owned();
    for (id, text) in texts().iter().enumerate() {
        let n = if id % 3 == 0 { "NULL" } else { "5" };
        file += &format!("{id},\"{}\",{n}\n", text.replace('"', "\"\""));
    }
    fs::write(folder.path().join("a.csv"), &file).unwrap();
    let said = ["--table", "t", "--input-format", "ads_csv", "--include-pii"];
    let query = ["query", "SELECT id, t, n FROM t", "a.csv", "--format", "markdown"];
    let written = chatdb(folder.path(), &[&query[..], &said].concat());
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    fs::write(folder.path().join("b.md"), &written.stdout).unwrap();
    let query = ["query", "SELECT id, t, n FROM t", "b.md", "--format", "csv", "--raw"];
    let said = ["--table", "t", "--include-pii"];
    let again = chatdb(folder.path(), &[&query[..], &said].concat());
    let found = String::from_utf8(again.stdout).unwrap();
    let found = csv::Reader::from_reader(found.as_bytes())
        .into_records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    let expected = csv::Reader::from_reader(file.as_bytes())
        .into_records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    assert_eq!(found.len(), expected.len(), "{}", String::from_utf8_lossy(&again.stderr));
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}
