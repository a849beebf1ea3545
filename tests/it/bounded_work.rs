//! What a reader does is bounded by what it reads, and a comparison by its tables: steps are counted, at n, 2n and 4n
//! of what would cost most.

use std::io::Cursor;

use chatdb::check::{Terms, compare_tables};
use chatdb::import::ImportOptions;
use chatdb::import::open::open_reader;
use chatdb::import::reader::ambiguous_quotes::{Split, split};
use chatdb::table::{Cell, ResultTable};
use chatdb::work;
use proptest::prelude::*;

// AMBIGUOUS QUOTES -----------------------------------------------------------------------------------------

/// Every reading of `line`, followed one by one: what `split` counts instead.
fn readings(line: &str, width: usize) -> Vec<Vec<(usize, usize)>> {
    fn follow(
        line: &str,
        start: usize,
        width: usize,
        so_far: &[(usize, usize)],
        all: &mut Vec<Vec<(usize, usize)>>,
    ) {
        if width > 0 && so_far.len() >= width {
            return;
        }
        let mut go_on = |field: (usize, usize), end: usize| {
            let fields = [so_far, &[field]].concat();
            if end < line.len() {
                follow(line, end + 1, width, &fields, all);
            } else if width == 0 || fields.len() == width {
                all.push(fields);
            }
        };
        let end = line[start..].find(',').map_or(line.len(), |at| start + at);
        go_on((start, end), end);
        if line[start..].starts_with('"') {
            let inner = start + 1;
            let reason = line[inner..].find([',', '\n']).map(|at| inner + at);
            for (at, _) in line[inner..].match_indices('"') {
                let close = inner + at;
                let closes = line[close + 1..].is_empty() || line[close + 1..].starts_with(',');
                if closes && reason.is_some_and(|reason| reason < close) {
                    go_on((inner, close), close + 1);
                }
            }
        }
    }
    let mut all = Vec::new();
    follow(line, 0, width, &[], &mut all);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn readings_that_are_counted_are_those_that_can_be_followed(line in "[a\",\n]{0,14}", width in 0_usize..6) {
        let followed = readings(&line, width);
        let counted = split(&line, ",", width);
        if !line.contains('"') {
            prop_assert!(matches!(counted, Split::Fields(_)));
        } else {
            match (followed.as_slice(), &counted) {
                ([only], Split::Fields(fields)) => {
                    let spans: Vec<_> = fields.iter().map(|field| (field.start, field.end)).collect();
                    prop_assert_eq!(&spans, only);
                }
                ([], Split::Fields(_) | Split::Open) | ([_, _, ..], Split::Unclear) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

/// Whether steps at n, 2n and 4n grow as n or n log n does. What more costs is compared, so that it does not matter
/// where a limit begins to hold.
fn is_linear(steps: [u64; 3]) -> bool {
    let (second, third) = (steps[1].saturating_sub(steps[0]), steps[2].saturating_sub(steps[1]));
    third <= second * 22 / 10 + 20_000
}

/// Holds the steps of `run` to what is read.
#[track_caller]
fn check(name: &str, size: usize, run: impl Fn(usize) -> u64) {
    let steps = [size, size * 2, size * 4].map(&run);
    assert!(steps[0] > 0, "{name}: no step is counted");
    assert!(is_linear(steps), "{name}: {steps:?} steps");
}

#[test]
fn squares_are_not_taken_for_linear() {
    assert!(!is_linear([1000, 2000, 4000].map(|n: u64| n * n)));
    assert!(is_linear([1000, 2000, 4000].map(|n: u64| n * 200)));
}

fn counted(run: impl FnOnce()) -> u64 {
    let before = work::taken();
    run();
    work::taken() - before
}

#[test]
fn a_line_of_many_quotes_costs_what_it_is_long() {
    let pairs = |count: usize| format!("1,\"{{\n{}}}\",2", "\"k\":\"v\",".repeat(count));
    check("pairs of JSON", 200, |n| {
        let line = pairs(n);
        counted(|| drop(split(&line, ",", 46)))
    });
    let line = pairs(400);
    assert!(matches!(split(&line, ",", 3), Split::Fields(fields) if fields.len() == 3));
}

// EVERY READER ---------------------------------------------------------------------------------------------

/// What costs a reader most, with `n` pieces of it.
const COSTLY: &[(&str, &str, &str)] = &[
    ("blank lines below names", "activity_id,activity_status\n", "\n"),
    ("blank lines below names of texts", "activity_id,subject\n", "\n"),
    ("short lines below names", "activity_id,subject,description,queue_id\n", "a\n"),
    ("open quotes", "activity_id,subject,queue_id\n1,a,2\n", "\"a,\n"),
    ("quotes beside text", "activity_id,subject,queue_id\n1,\"a,b\",2\n", "1,\"a,\"b\",\"c\n"),
    ("blank lines below dashes", "activity_id subject\n----------- -------\n", "\n"),
    (
        "short lines below dashes",
        "activity_id subject\n----------- --------------------------------------\n",
        "a\n",
    ),
    (
        "short records below dashes",
        "activity_id subject\n----------- -------------------------------\n",
        "1           a\n",
    ),
    ("dashes below dashes", "activity_id subject\n----------- -------\n", "---\n"),
    ("bars", "|activity_id|subject|\n|---|---|\n", "|1|\n"),
    ("lines of a box", "+---+\n| activity_id |\n+---+\n", "+---+\n"),
    ("cells below each other", "activity_id 1\nsubject     a\n\n", "\n\n\n\n\n"),
    ("cells that go on", "activity_id 1\nsubject     a\n\n", "b\n"),
    ("objects", "[", "{\"a\":1},\n"),
    ("brackets", "[{\"a\":", "["),
    ("elements", "<r>", "<a b=\"1\"/>"),
    ("elements that are open", "<r>", "<a>"),
    ("elements without a root", "", "<row a=\"1\"/>"),
    ("declarations of a document type", "<!DOCTYPE r [", "<!ELEMENT a (#PCDATA)>"),
    ("open document types", "<!DOCTYPE r [<!ELEMENT a (b)>", "]"),
    ("statements of a script", "", "INSERT [dbo].[t] ([a]) VALUES (1)\nGO\n"),
    ("a statement that never ends", "INSERT [dbo].[t] ([a]) VALUES (1)\n", "(1),\n"),
    ("open quotes of a script", "INSERT [dbo].[t] ([a]) VALUES (1)\n", "'\n"),
    ("records of a list", "activity_id : 1\nsubject     : 2\n\n", "activity_id : 1\n"),
    ("cells of a list that go on", "activity_id : 1\nsubject     : 2\n\n", "    x\n"),
    (
        "rests of texts in Results to Text",
        "a           b                   \n----------- --------------------\n",
        "1           x\ny\n",
    ),
    (
        "blank lines in Results to Text",
        "a           b\n----------- --------------------\n1           x\n",
        "\n",
    ),
    (
        "names again in Results to Text",
        "a           b\n----------- --------------------\n1           x\n",
        "\na           b\n----------- --------------------\n",
    ),
    (
        "characters beyond ASCII in Results to Text",
        "a           b\n----------- --------------------\n",
        "日本          é\n",
    ),
    ("widths", "activity_id activity_type when_created           subject\n", "1\n"),
];

fn steps_of(begin: &str, piece: &str, n: usize) -> u64 {
    let text = format!("{begin}{}", piece.repeat(n));
    counted(|| {
        let Ok(mut opened) =
            open_reader(Box::new(Cursor::new(text.into_bytes())), &ImportOptions::default())
        else {
            return;
        };
        while let Ok(Some(_)) = opened.reader.next() {
            work::steps(1);
        }
        drop(opened.reader.remarks());
    })
}

/// A document of FOR JSON or FOR XML in rows of 2,033 characters.
fn in_pieces(open: &str, item: &str, n: usize) -> String {
    let whole: Vec<char> = format!("{open}{}", item.repeat(n)).chars().collect();
    let rows = whole.chunks(2033).map(|row| row.iter().collect::<String>());
    rows.map(|row| row + "\n").collect()
}

#[test]
fn a_document_in_pieces_costs_what_it_is_long() {
    for (name, open, item) in
        [("FOR JSON", "[{\"a\":1}", ",{\"a\":1}"), ("FOR XML", "<row a=\"1\"/>", "<row a=\"1\"/>")]
    {
        check(name, 2000, |n| steps_of(&in_pieces(open, item, n), "", 0));
    }
}

#[test]
fn no_reader_takes_more_steps_than_its_input_is_long() {
    for (name, begin, piece) in COSTLY {
        check(name, 400, |n| steps_of(begin, piece, n));
    }
}

// COMPARISONS ----------------------------------------------------------------------------------------------

/// A table of one row, as wide as there are names.
fn wide(names: impl Iterator<Item = String>) -> ResultTable {
    let names: Vec<String> = names.collect();
    let row = names.iter().map(|_| Cell::Text("a".to_owned())).collect();
    ResultTable::of_texts(names, [row])
}

#[test]
fn comparing_tables_is_linear_in_their_columns() {
    type Name = fn(usize) -> String;
    let headers: [(&str, Name, Name); 5] = [
        ("the same names", |at| format!("a{at}"), |at| format!("a{at}")),
        ("other names", |at| format!("a{at}"), |at| format!("b{at}")),
        ("another letter case", |at| format!("a{at}"), |at| format!("A{at}")),
        ("one name repeated", |_| "a".to_owned(), |_| "a".to_owned()),
        ("one name repeated on one side", |_| "a".to_owned(), |at| format!("b{at}")),
    ];
    for (what, expected, actual) in headers {
        check(what, 500, |n| {
            let (expected, actual) = (wide((0..n).map(expected)), wide((0..n).map(actual)));
            counted(|| {
                drop(compare_tables(&expected, &actual, &Terms::default()).expect("no options"))
            })
        });
    }
}
