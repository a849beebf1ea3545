//! Files with the habits of people and of spreadsheets: blanks around separators, typographic quotes, NULL in another
//! tool's words, dates of a country, totals, columns left over. What is read is what was meant, and what had to be
//! decided is said.

use std::io::{Cursor, Read};

use chatdb::import::open::open_reader;
use chatdb::import::reader::Item;
use chatdb::import::reader::quotes::with_double_quotes;
use chatdb::import::{self, ImportError, ImportOptions, Summary};
use chatdb::schema::inferred::ColumnKind;
use chatdb::store::Store;
use proptest::prelude::*;

fn load(text: &str, options: &ImportOptions) -> Result<Summary, ImportError> {
    let mut store = Store::for_exports().expect("a store");
    let bytes = Cursor::new(text.as_bytes().to_vec());
    import::read("t.csv", Box::new(bytes), options, &mut store)
}

fn own() -> ImportOptions {
    ImportOptions { table: Some("t".to_owned()), ..ImportOptions::default() }
}

#[track_caller]
fn loaded(text: &str, options: &ImportOptions) -> Summary {
    let summary = load(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(summary.rejected, 0, "{:?}\n{text}", summary.first_rejects);
    summary
}

#[track_caller]
fn says(summary: &Summary, part: &str) {
    let said = &summary.warnings;
    assert!(said.iter().any(|warning| warning.contains(part)), "{said:?} lacks {part}");
}

/// The records of a file: fields with bars between.
fn records(text: &str) -> Vec<String> {
    let bytes = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let mut opened = open_reader(bytes, &ImportOptions::default())
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let nulls = opened.form.nulls;
    let mut found = Vec::new();
    while let Some(item) = opened.reader.next().unwrap_or_else(|error| panic!("{error}\n{text}")) {
        match item {
            Item::Record(record) => {
                let field = |field: &_| {
                    nulls.read(&record, *field).map_or("NULL".to_owned(), |text| text.into_owned())
                };
                found.push(record.fields.iter().map(field).collect::<Vec<_>>().join("|"));
            }
            Item::Reject(reject) => {
                found.push(format!("reject {}: {}", reject.line, reject.detail))
            }
            _ => {}
        }
    }
    found
}

// BLANKS ---------------------------------------------------------------------------------------------------

const NAMES: [&str; 4] = ["activity_id", "subject", "activity_status", "when_created"];

/// How a hand or a tool puts blanks around separators.
#[derive(Debug, Clone, Copy)]
enum Blanks {
    Behind { names: bool },
    Both,
    Drawn,
    Filled,
}

fn written(rows: &[[String; 4]], separator: char, blanks: Blanks) -> String {
    let names = NAMES.map(str::to_owned);
    let widths: Vec<usize> = (0..4)
        .map(|at| rows.iter().chain([&names]).map(|row| row[at].chars().count()).max().unwrap_or(0))
        .collect();
    let fill = |row: &[String; 4], right: bool| -> Vec<String> {
        let cell = |(at, text): (usize, &String)| {
            let room = " ".repeat(widths[at] - text.chars().count());
            match right && at != 1 {
                true => format!("{room}{text}"),
                false => format!("{text}{room}"),
            }
        };
        row.iter().enumerate().map(cell).collect()
    };
    let (behind, both) = (format!("{separator} "), format!(" {separator} "));
    let mut lines = Vec::new();
    for (at, row) in [&names].into_iter().chain(rows).enumerate() {
        lines.push(match blanks {
            Blanks::Behind { names: false } if at == 0 => row.join(&separator.to_string()),
            Blanks::Behind { .. } => row.join(&behind),
            Blanks::Both => row.join(&both),
            Blanks::Drawn => format!(" {}", fill(row, true).join(" | ")),
            Blanks::Filled => fill(row, false).join(&separator.to_string()),
        });
        if at == 0 && matches!(blanks, Blanks::Drawn) {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
            lines.push(rule.join("+"));
        }
    }
    lines.join("\r\n") + "\r\n"
}

fn rows() -> impl Strategy<Value = Vec<[String; 4]>> {
    let row = (1_u32..9_000_000, "[A-Z][a-z]{0,8}( [a-z]{1,5}){0,2}", 1_u16..9000, 0_u32..60)
        .prop_map(|(id, subject, status, second)| {
            [
                id.to_string(),
                subject,
                status.to_string(),
                format!("2026-11-24 08:51:{second:02}.000"),
            ]
        });
    prop::collection::vec(row, 3..20)
}

proptest! {
    #[test]
    fn blanks_around_separators_are_no_part_of_the_values(
        rows in rows(),
        separator in prop::sample::select(vec![',', ';', '\t', '|']),
        style in 0..5_usize,
    ) {
        let blanks = [
            Blanks::Behind { names: true },
            Blanks::Behind { names: false },
            Blanks::Both,
            Blanks::Drawn,
            Blanks::Filled,
        ][style];
        let text = written(&rows, separator, blanks);
        let meant: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
        prop_assert_eq!(records(&text), meant, "{}", text);
    }

    /// A text may begin or end with a blank: where the others beside it do not, it is the text's own.
    #[test]
    fn a_blank_of_a_text_stays(rows in rows(), separator in prop::sample::select(vec![',', ';', '|'])) {
        let mut text = NAMES.join(&separator.to_string()) + "\n";
        let mut meant = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let mut row = row.clone();
            if at % 2 == 0 {
                row[1] = format!(" {} ", row[1]);
            }
            text.push_str(&(row.join(&separator.to_string()) + "\n"));
            meant.push(row.join("|"));
        }
        prop_assert_eq!(records(&text), meant, "{}", text);
    }

    /// `sqlcmd -W` without `-s` parts times as well, which belong together.
    #[test]
    fn times_are_whole_where_a_blank_is_the_separator(rows in rows(), offset: bool, nulls in 0..3_usize) {
        let mut text = format!("{}\n{}\n", NAMES.join(" "), NAMES.map(|name| "-".repeat(name.len())).join(" "));
        let mut meant = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let mut row = row.clone();
            row[1] = row[1].replace(' ', "_");
            if offset {
                row[3].push_str(" +02:00");
            }
            if nulls > 0 && at % (nulls + 1) == 0 {
                row[3] = "NULL".to_owned();
            }
            text.push_str(&(row.join(" ") + "\n"));
            meant.push(row.join("|"));
        }
        text.push_str(&format!("\n({} rows affected)\n", rows.len()));
        prop_assert_eq!(records(&text), meant, "{}", text);
    }
}

#[test]
fn blanks_that_were_removed_are_said() {
    let summary = loaded(
        "activity_id, activity_status, subject\n1, 5000, a\n2, 5000, b\n",
        &ImportOptions::default(),
    );
    says(&summary, "blanks around the separators");
    let kinds = loaded("id, v, w\n1, 2, a\n2, 3, b\n", &own());
    let columns = &kinds.tables[0].unknown_columns;
    assert_eq!(columns[1], ("v".to_owned(), ColumnKind::Integer));
}

// QUOTES ---------------------------------------------------------------------------------------------------

const QUOTES: [(&str, &str); 6] = [
    ("\u{201C}", "\u{201D}"),
    ("\u{201E}", "\u{201C}"),
    ("\u{201D}", "\u{201D}"),
    ("\u{2018}", "\u{2019}"),
    ("\u{AB}", "\u{BB}"),
    ("\u{BB}", "\u{AB}"),
];

/// A reader that gives few bytes at a time.
struct Few<'t>(&'t [u8], usize);

impl Read for Few<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(out.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

proptest! {
    #[test]
    fn texts_in_typographic_quotes_are_read_without_them(
        rows in rows(),
        quotes in 0..QUOTES.len(),
        separator in prop::sample::select(vec![",", ";", "\t"]),
    ) {
        let (open, close) = QUOTES[quotes];
        let mut text = NAMES.join(separator) + "\n";
        let mut meant = Vec::new();
        for row in &rows {
            let subject = row[1].replace(' ', separator);
            let quoted = format!("{open}{subject}{close}");
            let cells = [&row[0], &quoted, &row[2], &row[3]].map(String::as_str);
            text.push_str(&cells.join(separator));
            text.push('\n');
            meant.push([&row[0], &subject, &row[2], &row[3]].map(|cell| cell.as_str()).join("|"));
        }
        prop_assert_eq!(records(&text), meant, "{}", text);
    }

    /// Signs are replaced wherever the blocks that are read end.
    #[test]
    fn signs_are_replaced_across_blocks(
        text in "[a\"\u{201C}\u{201D}\u{201E}é日,]{0,60}",
        block in 1..7_usize,
    ) {
        let mut found = String::new();
        with_double_quotes(Few(text.as_bytes(), block), '\u{201C}').read_to_string(&mut found).unwrap();
        let sign = |c| match c {
            '"' => '\u{201C}',
            '\u{201C}' | '\u{201D}' => '"',
            c => c,
        };
        prop_assert_eq!(found, text.chars().map(sign).collect::<String>());
    }
}

#[test]
fn a_quotation_within_a_column_of_texts_stays_as_it_is() {
    let text =
        "activity_id,subject,activity_status\n1,“Hello”,5000\n2,World,5000\n3,so “they” say,5000\n";
    assert_eq!(records(text), ["1|“Hello”|5000", "2|World|5000", "3|so “they” say|5000"]);
}

#[test]
fn typographic_quotes_that_were_removed_are_said() {
    let text = "activity_id,subject\n1,“a, b”\n2,“c”\n";
    says(&loaded(text, &ImportOptions::default()), "typographic quotes");
}

// VALUES ---------------------------------------------------------------------------------------------------

#[test]
fn null_in_another_tools_words_is_said_where_it_is_kept_as_text() {
    for word in ["(null)", "<null>", "[NULL]", "<NULL>", "(NULL)", "[null]"] {
        let text = format!("activity_id,activity_status,subject\n1,5000,{word}\n2,5000,x\n");
        let summary = loaded(&text, &ImportOptions::default());
        says(&summary, &format!("`--null '{word}'` reads it as NULL"));
        let told = ImportOptions { null_texts: vec![word.to_owned()], ..ImportOptions::default() };
        let warnings = loaded(&text, &told).warnings;
        assert!(!warnings.iter().any(|warning| warning.contains(word)), "{warnings:?}");
    }
}

#[test]
fn dates_of_a_country_in_a_column_of_ones_own_are_said_and_read_by_their_format() {
    for (dates, format) in [
        (["01/02/2026", "13/04/2026"], "%d/%m/%Y"),
        (["01.02.2026", "03.04.2026"], "%d.%m.%Y"),
        (["11-24-2026 08:51:30", "11-25-2026 09:00:00"], "%m-%d-%Y %H:%M:%S"),
    ] {
        let text = format!("id,d\n1,{}\n2,{}\n", dates[0], dates[1]);
        let summary = loaded(&text, &own());
        says(&summary, "`d`: 2 values look like dates");
        assert_eq!(summary.tables[0].unknown_columns[1].1, ColumnKind::Text);
        assert!(!summary.warnings.iter().any(|warning| warning.contains("look like numbers")));
        let told = ImportOptions { date_format: Some(format.to_owned()), ..own() };
        let summary = loaded(&text, &told);
        assert_eq!(summary.tables[0].unknown_columns[1].1, ColumnKind::Time, "{text}");
        let other = ImportOptions { date_format: Some("%Y/%m/%d".to_owned()), ..own() };
        says(&loaded(&text, &other), "no value is a date as `--date-format` says");
    }
}

#[test]
fn a_last_row_of_sums_is_said() {
    let rows = "activity_id,activity_status,subject\n88120,5000,a\n88121,9000,b\n88122,5000,c\n";
    let summary = loaded(&format!("{rows}264363,19000,x\n"), &ImportOptions::default());
    says(&summary, "the record at line 5 holds the sums of `activity_id` and `activity_status`");
    for last in ["264363,5000,x\n", "88123,19000,x\n", ""] {
        let summary = loaded(&format!("{rows}{last}"), &ImportOptions::default());
        assert!(!summary.warnings.iter().any(|warning| warning.contains("sums")), "{last}");
    }
}

#[test]
fn words_in_a_column_of_one_character_are_said() {
    let pairs = [("Yes", "No"), ("TRUE", "FALSE"), ("ja", "nein"), ("oui", "non")];
    for (yes, no) in pairs {
        let text = format!("activity_id,activity_status,delete_flag\n1,5000,{yes}\n2,5000,{no}\n");
        says(
            &loaded(&text, &ImportOptions::default()),
            "`delete_flag` has one character in the product, and 2 values",
        );
    }
    for (yes, no) in [("y", "n"), ("t", "f"), ("1", "0")] {
        let text = format!("activity_id,activity_status,delete_flag\n1,5000,{yes}\n2,5000,{no}\n");
        let warnings = loaded(&text, &ImportOptions::default()).warnings;
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn what_stands_in_a_column_of_numbers_is_named() {
    for (value, said) in [
        ("Total", "a row of totals"),
        ("12%", "a percentage"),
        ("$12", "an amount with its currency"),
        ("12 €", "an amount with its currency"),
        ("(12)", "a number in parentheses"),
        ("12-", "a number with its sign behind it"),
        ("#N/A", "an error that a spreadsheet shows"),
        ("#DIV/0!", "an error that a spreadsheet shows"),
        ("-", "`--null '-'`"),
    ] {
        let text =
            format!("activity_id,activity_status,delay_time_in_min\n1,5000,7\n2,5000,{value}\n");
        let summary = load(&text, &ImportOptions::default()).expect("one is loaded");
        assert_eq!(summary.rejected, 1, "{value}");
        let detail = &summary.first_rejects[0].detail;
        assert!(detail.contains(said), "{value}: {detail}");
    }
    for blank in [" ", "\u{a0}", "\u{2009}"] {
        let text =
            format!("activity_id,activity_status,delay_time_in_min\n1,5000,7\n2,5000,{blank}\n");
        says(&loaded(&text, &ImportOptions::default()), "was empty in a column that is not text");
    }
}

// FILES ----------------------------------------------------------------------------------------------------

#[test]
fn columns_that_a_spreadsheet_has_left_over_raise_no_question() {
    for more in ["", ",", ",,", ",,,"] {
        let text =
            format!("activity_id,activity_status,subject{more}\n1,5000,a{more}\n2,5000,b{more}\n");
        assert_eq!(loaded(&text, &ImportOptions::default()).loaded, 2);
    }
    let text = "activity_id,,activity_status,subject\n1,,5000,a\n2,,5000,b\n";
    assert_eq!(loaded(text, &ImportOptions::default()).loaded, 2);
}

#[test]
fn a_file_without_anything_to_be_seen_is_empty() {
    for text in ["", "\u{feff}", "\r\n", "\u{feff}\r\n\r\n", " \t\n", "\u{1a}"] {
        let error = load(text, &ImportOptions::default()).expect_err("nothing is there");
        assert!(matches!(error, ImportError::Empty { .. }), "{text:?}: {error}");
    }
    let mut store = Store::for_exports().expect("a store");
    for bytes in [&b"\xff\xfe"[..], b"\xff\xfe\r\0\n\0", b"\xfe\xff"] {
        let input = Box::new(Cursor::new(bytes.to_vec()));
        let error = import::read("t.csv", input, &ImportOptions::default(), &mut store);
        assert!(matches!(error, Err(ImportError::Empty { .. })), "{bytes:?}");
    }
}

#[test]
fn names_of_the_products_columns_are_known_in_other_spellings() {
    for names in [
        ["ActivityId", "ActivityStatus", "WhenCreated"],
        ["activityID", "activityStatus", "whenCreated"],
        ["Activity Id", "Activity Status", "When Created"],
        ["activity-id", "activity-status", "when-created"],
        ["[Activity_ID]", "a.[ActivityStatus]", "dbo.a.WhenCreated"],
    ] {
        let text = format!("{}\n1,5000,2026-11-24 08:51:30.000\n", names.join(","));
        let summary = loaded(&text, &ImportOptions::default());
        assert_eq!(summary.tables[0].name, "egpl_casemgmt_activity");
        assert_eq!(summary.tables[0].unknown_columns, [], "{names:?}");
    }
}

#[test]
fn exports_put_one_behind_the_other_are_read_as_one() {
    let rows = [
        "{\"activity_id\":1,\"activity_status\":5000}",
        "{\"activity_id\":2,\"activity_status\":9000}",
    ];
    for text in [
        format!("[{}]\n[{}]\n", rows[0], rows[1]),
        format!("[{}][{}]", rows[0], rows[1]),
        format!("[]\n[{}]\n[{}]", rows[0], rows[1]),
        format!("[{}]\n[]\n[{}]\n[]", rows[0], rows[1]),
    ] {
        assert_eq!(loaded(&text, &ImportOptions::default()).loaded, 2, "{text}");
    }
    for text in [format!("[{}] x", rows[0]), format!("[{}]\n[{}", rows[0], rows[1])] {
        let whole =
            load(&text, &ImportOptions::default()).map(|summary| summary.reasons.is_empty());
        assert_ne!(whole.ok(), Some(true), "{text}");
    }
}

#[test]
fn the_page_on_exports_names_every_format() {
    let page = include_str!("../../docs/exports.md");
    for format in chatdb::import::format::IMPORT_FORMATS {
        let line = format!("| `{}` | {} |", format.id, format.title.replace('|', "\\|"));
        assert!(page.contains(&line), "docs/exports.md lacks: {line}");
    }
}
