//! The tokenizer: what is a record, what is none, and that nothing is lost, wherever the blocks end.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use chatdb::record::tokenizer::{RawToken, TextDialect, Token, Tokenizer};
use chatdb::record::{Reason, RecordLimits, Written};
use proptest::prelude::*;

fn csv() -> TextDialect {
    dialect(",", None, true)
}

fn dialect(delimiter: &str, record_end: Option<&str>, quotes: bool) -> TextDialect {
    TextDialect { delimiter: delimiter.into(), record_end: record_end.map(Into::into), quotes }
}

/// Every token of `bytes`, one a line: `line: field|field`, quoted fields in `"`, rejects as `line! code text`.
fn tokens(bytes: &[u8], dialect: &TextDialect, limits: RecordLimits, block: usize) -> String {
    let mut tokenizer = Tokenizer::with_block(bytes, dialect.clone(), limits, block);
    let mut all = String::new();
    while let Some(token) = tokenizer.next().unwrap() {
        match token {
            Token::Reject(reject) => {
                let code = reject.reason.code().trim_start_matches("CHATDB-");
                all += &format!("{}! {code} {:?}\n", reject.line, reject.text);
            }
            Token::Record(record) => {
                let fields = record.fields.iter().map(|field| {
                    let text = format!("{:?}", &record.cells[field.start..field.end]);
                    match field.written {
                        Written::Bare => text[1..text.len() - 1].to_owned(),
                        Written::Doubled => format!("{text}+"),
                        _ => text,
                    }
                });
                let fields: Vec<_> = fields.collect();
                all += &format!("{}: {}\n", record.line, fields.join("|"));
            }
        }
    }
    all
}

#[track_caller]
fn check_with(text: &[u8], dialect: &TextDialect, expected: &str) {
    for block in [1, 2, 3, 5, 63, 64, 65, 66, 67, 128, 1 << 18] {
        let found = tokens(text, dialect, RecordLimits::default(), block);
        assert_eq!(found, expected, "in blocks of {block}");
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    check_with(text.as_bytes(), &csv(), expected);
    // The same by substring search: a delimiter of two bytes takes the other engine.
    let dialect = dialect("||", None, true);
    check_with(text.replace(',', "||").as_bytes(), &dialect, &expected.replace(",", "||"));
}

#[test]
fn fields_and_records() {
    check("", "");
    check("a,b\n1,2\n", "1: a|b\n2: 1|2\n");
    check("a,b\r\n1,2", "1: a|b\n2: 1|2\n");
    check("a,", "1: a|\n");
    check(",\n", "1: |\n");
    check("\n\nx\n", "1: \n2: \n3: x\n");
}

#[test]
fn an_empty_quoted_field_is_not_an_empty_field() {
    check("\"\",,\"\"\n", "1: \"\"||\"\"\n");
    check("\"\"", "1: \"\"\n");
}

#[test]
fn quotes_hold_delimiters_line_ends_and_doubled_quotes() {
    check("a,\"b,\r\n\"\"c\"\"\n\",d\r\ne\n", "1: a|\"b,\\r\\n\\\"\\\"c\\\"\\\"\\n\"+|d\n4: e\n");
    check("\"\"\"\"\n", "1: \"\\\"\\\"\"+\n");
}

#[test]
fn a_quote_inside_a_field_that_does_not_begin_with_one_is_text() {
    check("5\" pipe,a\"b\"\"c\n", "1: 5\\\" pipe|a\\\"b\\\"\\\"c\n");
}

#[test]
fn text_after_a_closing_quote_spoils_its_line_only() {
    check("\"a\"b,c\nd\n", "1! I004 \"\\\"a\\\"b,c\"\n2: d\n");
    check("1,\"a\r\n2,b\n3,\"c\"\n", "1! I004 \"1,\\\"a\"\n2: 2|b\n3: 3|\"c\"\n");
    check("\"a\"\r,b\nc\n", "1! I004 \"\\\"a\\\"\\r,b\"\n2: c\n");
}

#[test]
fn a_quote_that_is_never_closed_spoils_its_line_only() {
    check("a\nb,\"c\nd\ne", "1: a\n2! I003 \"b,\\\"c\"\n3: d\n4: e\n");
    check("\"x\ny\",\"c\nd\n", "1! I003 \"\\\"x\\ny\\\",\\\"c\"\n3: d\n");
    check("\"", "1! I003 \"\\\"\"\n");
    check("\"a\"\"", "1! I003 \"\\\"a\\\"\\\"\"\n");
}

#[test]
fn a_carriage_return_alone_and_nul_are_text() {
    check("a\rb,\0\r\nc\r", "1: a\\rb|\\0\n2: c\\r\n");
    check("a\r\r\n", "1: a\\r\n");
}

#[test]
fn without_quotes_a_quote_is_text() {
    let plain = dialect("\t", None, false);
    check_with(b"\"a\t\"b\"\n\"\n", &plain, "1: \\\"a|\\\"b\\\"\n2: \\\"\n");
}

#[test]
fn delimiters_and_record_ends_of_any_length() {
    let bulk = dialect("<EOFD>", Some("<EORD>"), false);
    check_with(b"1<EOFD>a\nb<EORD>2<EOFD><EOF<EORD>3", &bulk, "1: 1|a\\nb\n2: 2|<EOF\n2: 3\n");
    // One begins like the other.
    let bars = dialect("|", Some("||\n"), true);
    check_with(b"a|b||\n\"c|\"|||\nd", &bars, "1: a|b\n2: \"c|\"|\n3: d\n");
    // Without a delimiter a record is one field.
    check_with(b"a,b\nc", &dialect("", None, false), "1: a,b\n2: c\n");
}

#[test]
fn bytes_that_are_not_utf_8_spoil_their_record_only() {
    check_with(
        b"caf\xE9,x\ncaf\xC3\xA9\n\"\xFF\n\",y\nz\n",
        &csv(),
        "1! I001 \"caf\\\\xE9,x\"\n2: caf\u{e9}\n3! I001 \"\\\"\\\\xFF\\n\\\",y\"\n5: z\n",
    );
    let mut tokenizer = Tokenizer::new(&b"ok,caf\xE9\n"[..], csv(), RecordLimits::default());
    let Some(Token::Reject(reject)) = tokenizer.next().unwrap() else {
        panic!("it is no text");
    };
    assert_eq!(reject.column, Some(2));
    assert_eq!(reject.detail, "byte 0xE9 is not UTF-8 here");
    assert_eq!(reject.records, 1);
}

#[test]
fn what_is_beyond_the_limits_is_rejected_and_the_next_line_is_read() {
    let limits = RecordLimits { record: 40, field: 20, fields: 3 };
    let cases = [
        ("a,b,c,d\ne\n", "1! I010 \"a,b,c,d\"\n2: e\n"),
        ("12345678901234567890,\"12345678901234567890\"\r\nx\n", "1! I010"),
        ("123456789012345678901\nx\n", "1! I010 \"123456789012345678901\"\n2: x\n"),
        ("12345678901234567890\r\nx\n", "1: 12345678901234567890\n2: x\n"),
        ("\"12345678901234567890\"\r\nx\n", "1: \"12345678901234567890\"\n2: x\n"),
        ("\"123456789012345678901\"\nx\n", "1! I010 \"\\\"123456789012345678901\\\"\"\n2: x\n"),
    ];
    for (text, expected) in cases {
        for block in [1, 7, 64, 1024] {
            let found = tokens(text.as_bytes(), &csv(), limits, block);
            assert!(found.starts_with(expected), "{text:?} in blocks of {block}: {found}");
            let searched = tokens(text.as_bytes(), &dialect(",", Some("\n"), true), limits, block);
            if !text.contains('\r') {
                assert_eq!(found, searched, "{text:?} in blocks of {block}");
            }
        }
    }
    // A reject keeps the beginning of a long text.
    let text = "é".repeat(100_000) + "\nnext\n";
    let limits = RecordLimits { field: 50_000, ..RecordLimits::default() };
    let mut tokenizer = Tokenizer::new(text.as_bytes(), csv(), limits);
    let Some(Token::Reject(reject)) = tokenizer.next().unwrap() else {
        panic!("it is too long");
    };
    assert_eq!(reject.reason, Reason::TooLong);
    assert_eq!(reject.text, "é".repeat(2048));
    assert!(
        matches!(tokenizer.next().unwrap(), Some(Token::Record(record)) if record.line == 2 && record.text == "next")
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "that it ends soon is what is tested")]
fn an_endless_record_ends_early_and_in_little_memory() {
    // 96 MiB, since tests are not optimised; the limits end each of them long before.
    let endless = |unit: &'static [u8]| Endless { unit, left: 96 << 20 };
    let started = Instant::now();
    for (unit, reason) in
        [(&b",,,,,,,,"[..], Reason::TooLong), (&b"\"aaaaaaa"[..1], Reason::TooLong)]
    {
        let head: &[u8] = if unit == b"\"" { b"\"x" } else { b"" };
        let body = if unit == b"\"" { endless(b"aaaaaaaa") } else { endless(unit) };
        let mut tokenizer = Tokenizer::new(head.chain(body), csv(), RecordLimits::default());
        let Some(Token::Reject(reject)) = tokenizer.next().unwrap() else {
            panic!("it is too long");
        };
        assert_eq!(reject.reason, reason);
        assert!(tokenizer.next().unwrap().is_none());
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "that it ends soon is what is tested")]
fn a_hostile_file_is_not_read_quadratically() {
    // Every line opens a quote that the file never closes well.
    for line in ["a,\"b\n", "\"\"\"x\n", "\"x\"y,\"z\n", "x\",\"\n", "\"a\n\"b\n"] {
        let text = line.repeat(40_000);
        let started = Instant::now();
        let mut tokenizer = Tokenizer::new(text.as_bytes(), csv(), RecordLimits::default());
        let mut found = 0;
        while tokenizer.next_raw().unwrap().is_some() {
            found += 1;
        }
        assert!(found > 0);
        assert!(started.elapsed() < Duration::from_secs(20), "{line:?}");
    }
}

struct Endless {
    unit: &'static [u8],
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.left);
        for part in buffer[..length].chunks_mut(self.unit.len()) {
            part.copy_from_slice(&self.unit[..part.len()]);
        }
        self.left -= length;
        Ok(length)
    }
}

/// Text that is likely to have what matters: quotes, delimiters, line ends, and characters of several bytes.
fn awkward() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just("\""), 3 => Just(","), 3 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"),
        3 => Just("a"), 1 => Just("é"), 1 => Just("日本"), 1 => Just("\0"), 2 => Just("\"\""),
        1 => Just("0123456789012345678901234567890123456789012345678901234567890123"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn written_records_are_read_as_written_and_as_the_csv_crate_reads_them(
        rows in prop::collection::vec(prop::collection::vec("[a,\"\r\né ]{0,6}", 2..5), 1..6),
        crlf: bool,
        block in 1_usize..200,
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().flexible(true).terminator(terminator).from_writer(vec![]);
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let mut oracle = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&bytes[..]);
        let oracle = oracle.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
        let oracle: Vec<_> = oracle.collect();
        let mut tokenizer = Tokenizer::with_block(&bytes[..], csv(), RecordLimits::default(), block);
        let mut found = Vec::new();
        while let Some(token) = tokenizer.next().unwrap() {
            let Token::Record(record) = token else { panic!("every record is well formed") };
            found.push(record.fields.iter().map(|field| {
                let text = &record.cells[field.start..field.end];
                if field.written == Written::Doubled { text.replace("\"\"", "\"") } else { text.to_owned() }
            }).collect::<Vec<_>>());
        }
        prop_assert_eq!(&found, &rows);
        prop_assert_eq!(&found, &oracle);
    }

    #[test]
    fn records_rejects_and_what_stands_between_them_are_the_file(text in awkward(), block in 1_usize..300) {
        let limits = RecordLimits::default();
        let mut tokenizer = Tokenizer::with_block(text.as_bytes(), csv(), limits, block);
        let mut rest = text.as_str();
        let mut line = 1;
        while let Some(token) = tokenizer.next_raw().unwrap() {
            let (begun, found) = match token {
                RawToken::Reject(reject) => (reject.line, reject.text),
                RawToken::Record(record) => {
                    prop_assert_eq!(record.offset as usize, text.len() - rest.len());
                    (record.line, String::from_utf8(record.bytes.to_vec()).unwrap())
                }
            };
            prop_assert_eq!(begun, line);
            let Some(behind) = rest.strip_prefix(found.as_str()) else {
                panic!("{rest:?} does not begin with {found:?}");
            };
            let next = behind.strip_prefix("\r\n").or(behind.strip_prefix('\n')).unwrap_or(behind);
            prop_assert!(next.len() < behind.len() || behind.is_empty(), "{:?} is lost", behind);
            line += rest[..rest.len() - next.len()].matches('\n').count() as u64;
            rest = next;
        }
        prop_assert_eq!(rest, "");
    }

    #[test]
    fn blocks_do_not_matter_and_both_engines_agree(text in awkward(), block in 1_usize..300) {
        let whole = tokens(text.as_bytes(), &csv(), RecordLimits::default(), 1 << 16);
        prop_assert_eq!(&tokens(text.as_bytes(), &csv(), RecordLimits::default(), block), &whole);
        let lines = dialect(",", Some("\n"), true);
        let searched = tokens(text.as_bytes(), &lines, RecordLimits::default(), block);
        prop_assert_eq!(&searched, &whole);
        let plain = dialect(",", None, false);
        let unquoted = tokens(text.as_bytes(), &plain, RecordLimits::default(), block);
        let limits = RecordLimits::default();
        prop_assert_eq!(unquoted, tokens(text.as_bytes(), &dialect(",", Some("\n"), false), limits, block));
    }
}
