//! Delimited files in the dialects of other tools: what a writer has written is what a reader reads, or it is refused,
//! or the summary says which option reads it in another way.

use std::io::Cursor;

use chatdb::import::format::escape::Escape;
use chatdb::import::open::{OpenError, open_reader};
use chatdb::import::reader::Item;
use chatdb::import::{ImportOptions, Quote};
use chatdb::record::Written;
use proptest::prelude::*;

/// A cell: `None` for NULL.
type Value = Option<String>;

/// How a tool writes a table.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    name: &'static str,
    separator: &'static str,
    line_end: &'static str,
    /// How it writes the text of a cell.
    write: fn(&str, &str) -> String,
    /// How it writes NULL; a tool without a way to do so has the empty text.
    null: &'static str,
    /// The options that say so.
    escape: Option<Escape>,
    quote: Option<Quote>,
}

fn needs_quotes(text: &str, separator: &str) -> bool {
    text.is_empty()
        || text == "NULL"
        || text.contains(['"', '\'', '\\', '\n'])
        || text.contains(separator.trim())
}

fn doubled(text: &str, separator: &str) -> String {
    match needs_quotes(text, separator) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn all_doubled(text: &str, _: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn all_escaped(text: &str, _: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str, separator: &str) -> String {
    match needs_quotes(text, separator) {
        true => all_escaped(text, separator),
        false => text.to_owned(),
    }
}

fn single(text: &str, _: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// MySQL's INTO OUTFILE: a backslash before separators, line ends and backslashes.
fn outfile(text: &str, separator: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '\n') || separator.starts_with(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// PostgreSQL's COPY and `mysql -B`: letters for what cannot be seen.
fn letters(text: &str, _: &str) -> String {
    (text.replace('\\', "\\\\")).replace('\n', "\\n").replace('\t', "\\t")
}

const PLAIN: Dialect = Dialect {
    name: "",
    separator: ",",
    line_end: "\n",
    write: doubled,
    null: "",
    escape: None,
    quote: None,
};

const DIALECTS: &[Dialect] = &[
    Dialect { name: "RFC 4180", escape: Some(Escape::Nothing), ..PLAIN },
    Dialect {
        name: "RFC 4180, all in quotes",
        line_end: "\r\n",
        write: all_doubled,
        escape: Some(Escape::Nothing),
        quote: Some(Quote::By('"')),
        ..PLAIN
    },
    Dialect { name: "pandas and Spark", write: escaped, escape: Some(Escape::Backslash), ..PLAIN },
    Dialect {
        name: "MySQL, enclosed",
        separator: ";",
        write: all_escaped,
        null: "\\N",
        escape: Some(Escape::Backslash),
        ..PLAIN
    },
    Dialect {
        name: "escaped, with tabs",
        separator: "\t",
        write: all_escaped,
        escape: Some(Escape::Backslash),
        ..PLAIN
    },
    Dialect {
        name: "single quotes",
        write: single,
        escape: Some(Escape::Nothing),
        quote: Some(Quote::By('\'')),
        ..PLAIN
    },
    Dialect {
        name: "blanks behind separators",
        separator: ", ",
        write: all_doubled,
        escape: Some(Escape::Nothing),
        quote: Some(Quote::By('"')),
        ..PLAIN
    },
    Dialect {
        name: "MySQL's OUTFILE",
        separator: "\t",
        write: outfile,
        null: "\\N",
        escape: Some(Escape::Mysql),
        quote: Some(Quote::Nothing),
        ..PLAIN
    },
    Dialect {
        name: "PostgreSQL's COPY",
        separator: "\t",
        write: letters,
        null: "\\N",
        escape: Some(Escape::Mysql),
        quote: Some(Quote::Nothing),
        ..PLAIN
    },
];

const NAMES: [&str; 4] = ["activity_id", "activity_status", "subject", "customer_name"];

impl Dialect {
    fn file(&self, rows: &[[Value; 2]]) -> String {
        let mut out = NAMES.join(self.separator) + self.line_end;
        for (at, texts) in rows.iter().enumerate() {
            let mut cells = vec![(at + 1).to_string(), "5000".to_owned()];
            cells.extend(texts.iter().map(|text| match text {
                Some(text) => (self.write)(text, self.separator),
                None => self.null.to_owned(),
            }));
            out += &(cells.join(self.separator) + self.line_end);
        }
        out
    }

    fn options(&self) -> ImportOptions {
        ImportOptions {
            escape: self.escape,
            quote: self.quote,
            field_terminator: Some(self.separator.to_owned()),
            ..ImportOptions::default()
        }
    }
}

/// What is read of a file: for each record its line and its two texts, how many were rejected, and the remarks.
#[derive(Debug, PartialEq)]
struct Reading {
    records: Vec<(u64, [Value; 2])>,
    rejected: usize,
    remarks: String,
}

fn read(file: &str, options: &ImportOptions) -> Result<Reading, OpenError> {
    let mut opened = open_reader(Box::new(Cursor::new(file.as_bytes().to_vec())), options)?;
    let nulls = opened.form.nulls;
    let (mut records, mut rejected) = (Vec::new(), 0);
    while let Some(item) = opened.reader.next().expect("it is in memory") {
        match item {
            Item::Record(record) if record.fields.len() == NAMES.len() => {
                let text = |at: usize| {
                    let field = record.fields[at];
                    let is_escaped_null = field.written == Written::Bare
                        && &record.cells[field.start..field.end] == Escape::NULL;
                    let text = nulls.read(&record, field).filter(|_| !is_escaped_null);
                    text.map(|text| text.into_owned())
                };
                records.push((record.line, [text(2), text(3)]));
            }
            Item::Record(_) | Item::Reject(_) => rejected += 1,
            Item::Header(_) | Item::Trailer(_) => {}
        }
    }
    let remarks = opened.reader.remarks().join("\n");
    Ok(Reading { records, rejected, remarks })
}

/// The lines on which the records of a file begin, if it is read as it was written.
fn lines(dialect: &Dialect, rows: &[[Value; 2]]) -> Vec<u64> {
    (0..rows.len()).map(|at| 1 + dialect.file(&rows[..at]).matches('\n').count() as u64).collect()
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,4}",
        1 => Just("\"".to_owned()),
        1 => Just("\\".to_owned()),
        1 => Just("\\\"".to_owned()),
        1 => Just("\\\\".to_owned()),
        1 => Just("C:\\new\\".to_owned()),
        1 => Just(", ".to_owned()),
        1 => Just(";".to_owned()),
        1 => Just("\t".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("'".to_owned()),
        1 => Just("it's".to_owned()),
        1 => Just("é".to_owned()),
        1 => Just("\u{E}".to_owned()),
    ];
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

fn rows(null: bool) -> impl Strategy<Value = Vec<[Value; 2]>> {
    let value = move || match null {
        true => prop_oneof![4 => text().prop_map(Some), 1 => Just(None)].boxed(),
        false => text().prop_map(Some).boxed(),
    };
    prop::collection::vec((value(), value()).prop_map(|(one, two)| [one, two]), 1..12)
}

/// A table as Excel writes it in `CSV UTF-8`: a mark first, and quotes only around what needs them.
fn excel(rows: &[[String; 2]], separator: &str) -> String {
    let mut out = format!("\u{FEFF}{}\r\n", NAMES.join(separator));
    for (at, texts) in rows.iter().enumerate() {
        let quoted = texts.each_ref().map(|text| match text.contains(['"', '\n']) {
            true => all_doubled(text, separator),
            false if text.contains(separator) => all_doubled(text, separator),
            false => text.clone(),
        });
        out +=
            &format!("{}\r\n", [&format!("{at}"), "5000", &quoted[0], &quoted[1]].join(separator));
    }
    out
}

/// Rows of a sheet, with a line break or a quote in a cell at least that contains no separator.
fn sheet() -> impl Strategy<Value = (Vec<[String; 2]>, &'static str)> {
    let piece = prop_oneof![
        4 => "[a-z]{1,4}",
        1 => Just("\"".to_owned()),
        1 => Just("a\nb".to_owned()),
        1 => Just("a, b".to_owned()),
        1 => Just("a; b".to_owned()),
        1 => Just("é".to_owned()),
    ];
    let text = prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    let value = prop_oneof![6 => text, 1 => Just("NULL".to_owned())];
    let rows = prop::collection::vec((value.clone(), value).prop_map(|(a, b)| [a, b]), 1..9);
    let rows = rows.prop_filter("nothing is in quotes", |rows| {
        let is_evident = |text: &String| text.contains(['"', '\n']) && !text.contains([',', ';']);
        rows.iter().flatten().any(is_evident)
    });
    (rows, prop::sample::select(vec![",", ";", "\t"]))
}

fn cases() -> impl Strategy<Value = (Dialect, Vec<[Value; 2]>)> {
    (0..DIALECTS.len()).prop_flat_map(|at| {
        let dialect = DIALECTS[at];
        rows(!dialect.null.is_empty()).prop_map(move |rows| (dialect, rows))
    })
}

/// Whether a text would be taken for something else than a text without quotes around it.
fn is_odd_bare(dialect: &Dialect, rows: &[[Value; 2]]) -> bool {
    let bare = dialect.quote == Some(Quote::Nothing);
    bare && rows.iter().flatten().flatten().any(|text| text == "NULL" || text.is_empty())
}

#[test]
fn a_backslash_before_the_last_line_end_is_read_as_it_is_with_a_remark() {
    for line_end in ["\n", "\r\n"] {
        let file = [&NAMES.join("\t"), "1\t5000\tx\ty\\", "", ""].join(line_end);
        let found = read(&file, &ImportOptions::default()).unwrap();
        assert_eq!(found.records[0].1[1].as_deref(), Some("y\\"));
        assert!(found.remarks.contains("`--escape mysql`"), "{found:?}");
        let options = ImportOptions { escape: Some(Escape::Mysql), ..ImportOptions::default() };
        let found = read(&file, &options).unwrap();
        assert_eq!(found.records[0].1[1], Some(format!("y{line_end}")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_in_a_dialect_that_was_said_is_read(case in cases()) {
        let (dialect, rows) = case;
        prop_assume!(!is_odd_bare(&dialect, &rows));
        let file = dialect.file(&rows);
        let expected = lines(&dialect, &rows).into_iter().zip(rows).collect::<Vec<_>>();
        let found = read(&file, &dialect.options()).expect("it says what it is");
        prop_assert_eq!(found.records, expected, "{}: {:?}", dialect.name, file);
    }

    #[test]
    fn what_excel_writes_with_line_breaks_or_quotes_is_read_without_a_question(case in sheet()) {
        let (rows, separator) = case;
        let file = excel(&rows, separator);
        let found = read(&file, &ImportOptions::default());
        let found = found.map_err(|error| TestCaseError::fail(format!("{error}: {file:?}")))?;
        let cell = |text: &String| Some(text.clone()).filter(|text| text != "NULL");
        let expected: Vec<_> = rows.iter().map(|texts| texts.each_ref().map(cell)).collect();
        let texts: Vec<_> = found.records.into_iter().map(|(_, texts)| texts).collect();
        prop_assert_eq!((texts, found.rejected), (expected, 0), "{:?}", file);
    }

    #[test]
    fn what_is_written_in_a_dialect_that_nobody_said_is_read_or_refused_or_remarked(case in cases()) {
        let (dialect, rows) = case;
        prop_assume!(!is_odd_bare(&dialect, &rows));
        let file = dialect.file(&rows);
        if let Ok(found) = read(&file, &ImportOptions::default()) {
            // Quotes that are a part of a text are what the summary says of its column.
            let is_quoted = |value: &str| {
                let inner = value.trim_matches(' ');
                ['"', '\''].iter().any(|quote| inner.starts_with(*quote) && inner.ends_with(*quote))
            };
            let texts = || found.records.iter().flat_map(|(_, values)| values).flatten();
            let is_said = ["--escape", "--quote"].iter().any(|option| found.remarks.contains(option))
                || texts().any(|text| is_quoted(text));
            let values: Vec<_> = found.records.iter().map(|(_, values)| values).collect();
            let is_right = values.iter().all(|value| rows.contains(value));
            prop_assert!(is_right || found.rejected > 0 || is_said, "{}: {:?}: {:?}", dialect.name, file, found);
        }
    }
}
