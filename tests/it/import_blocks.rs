//! A block of lines for each row, with its number above: what mssql-cli, psql and mysql write is read, value by value,
//! or refused by line; and what PowerShell shows on the console is refused as what it is.

use std::io::Cursor;

use chatdb::import::ImportOptions;
use chatdb::import::open::open_reader;
use chatdb::import::reader::Item;
use proptest::prelude::*;

use crate::import_reading::check;

const NAMES: [&str; 3] = ["activity_id", "activity_status", "subject"];

/// How a tool writes a row: the line above it, and a line for each cell.
type Writer = fn(usize, &[String; 3]) -> String;

fn mssql_cli(number: usize, row: &[String; 3]) -> String {
    let cells = NAMES.iter().zip(row);
    let cells = cells.map(|(name, value)| format!("{name:<15} | {value}\n"));
    format!("-[ RECORD {number} ]-------------------------\n{}", cells.collect::<String>())
}

fn psql(number: usize, row: &[String; 3]) -> String {
    let cells = NAMES.iter().zip(row).map(|(name, value)| {
        let lines: Vec<&str> = value.split('\n').collect();
        let line = |(at, text): (usize, &&str)| {
            let name = if at == 0 { *name } else { "" };
            let end = if at + 1 < lines.len() { "+" } else { "" };
            format!(
                "{name:<15} | {}\n",
                if end.is_empty() { (*text).to_owned() } else { format!("{text:<40}{end}") }
            )
        };
        lines.iter().enumerate().map(line).collect::<String>()
    });
    format!("-[ RECORD {number} ]---+---------------\n{}", cells.collect::<String>())
}

fn mysql(number: usize, row: &[String; 3]) -> String {
    let cells = NAMES.iter().zip(row);
    let cells = cells.map(|(name, value)| format!("{name:>15}: {value}\n"));
    format!(
        "*************************** {number}. row ***************************\n{}",
        cells.collect::<String>()
    )
}

const WRITERS: [(&str, Writer); 3] = [("mssql-cli", mssql_cli), ("psql", psql), ("mysql", mysql)];

fn subject() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "[a-z|:+]{1,6}( [a-z]{1,6})?",
        1 => Just("subject         | again".to_owned()),
        1 => Just("        subject: again".to_owned()),
        1 => Just("activity_id     | 7".to_owned()),
    ];
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_row_of_a_block_is_read_as_it_was_written_or_refused(
        writer in 0..WRITERS.len(),
        subjects in prop::collection::vec(subject(), 1..6),
        has_count in any::<bool>(),
    ) {
        let (name, write) = WRITERS[writer];
        let rows: Vec<[String; 3]> = subjects
            .into_iter()
            .enumerate()
            .map(|(at, subject)| [(at + 1).to_string(), "5000".to_owned(), subject])
            .collect();
        let mut text: String = rows.iter().enumerate().map(|(at, row)| write(at + 1, row)).collect();
        if has_count {
            text += &format!("({} rows affected)\n", rows.len());
        }
        let bytes = Box::new(Cursor::new(text.clone().into_bytes()));
        let Ok(mut opened) = open_reader(bytes, &ImportOptions::default()) else {
            // Where a line of the first row's text looks like a cell, nobody knows the names.
            prop_assert!(rows[0][2].contains('\n'), "{}: {:?}", name, text);
            return Ok(());
        };
        let (mut read, mut refused) = (0, 0);
        while let Some(item) = opened.reader.next().expect("it is in memory") {
            match item {
                Item::Record(record) => {
                    let values: Vec<&str> =
                        record.fields.iter().map(|field| &record.cells[field.start..field.end]).collect();
                    let is_written = rows.iter().any(|row| row.iter().eq(values.iter()));
                    prop_assert!(is_written, "{}: {:?} in {:?}", name, values, text);
                    read += 1;
                }
                Item::Reject(reject) => refused += reject.records,
                Item::Header(_) | Item::Trailer(_) => {}
            }
        }
        prop_assert!(read + refused >= rows.len() as u64, "{}: {} and {} of {:?}", name, read, refused, text);
        let is_plain = rows.iter().all(|row| !row[2].contains('\n'));
        prop_assert!(!is_plain || refused == 0, "{}: {:?}", name, text);
    }
}

#[test]
fn blocks_of_mssql_cli_are_rows_and_the_count_below_is_none() {
    check(
        concat!(
            "-[ RECORD 1 ]-------------------------\n",
            "activity_id  | 1347\n",
            "subject      | a\n",
            "b | c\n",
            "when_created | NULL\n",
            "-[ RECORD 2 ]-------------------------\n",
            "activity_id  | 1348\n",
            "subject      | \n",
            "when_created | 2026-11-24 08:51:30.000\n",
            "(2 rows affected)\n",
        ),
        "
        record_blocks
        names activity_id|subject|when_created
        2 1347|a\\nb | c|NULL
        7 1348||2026-11-24 08:51:30.000
        rows 2
        ",
    );
}

#[test]
fn what_powershell_shows_on_the_console_is_no_export() {
    let refused = "error: is PowerShell's Format-Table, which cuts values and leaves columns out to fit the console";
    check(
        concat!(
            "\nactivity_id activity_status subject             when_created       \n",
            "----------- --------------- -------             ------------       \n",
            "          1            5000 say hi              2026-11-24 08:51:30\n",
            "          2            5000 a long subject t... 2026-11-24 08:51:31\n\n\n",
        ),
        refused,
    );
    check(
        concat!(
            "\nactivity_id subject when_created\n----------- ------- ------------\n",
            "          1 say hi  11/24/2026 8:51:30 AM\n          2 x       11/24/2026 8:51:31 AM\n\n",
        ),
        refused,
    );
}
