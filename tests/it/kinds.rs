//! What columns are that the schema does not name: inferred from all of their values, and never mixed.

mod times;

use std::cmp::Ordering;
use std::io::Cursor;

use chatdb::ask::{self, Answers, Question};
use chatdb::import::{self, ImportOptions, Summary};
use chatdb::query::Dialect;
use chatdb::schema::inferred::ColumnKind;
use chatdb::store::Store;
use chatdb::store::import_database::ImportDatabase;
use chatdb::table::{Cell, Kind};

fn load(store: &mut Store, file: &str, text: &str, table: Option<&str>) -> Summary {
    let options = ImportOptions {
        form: Some("ads_csv".to_owned()),
        table: table.map(str::to_owned),
        header: Some(true),
        ..ImportOptions::default()
    };
    let bytes = Cursor::new(text.as_bytes().to_vec());
    import::read(file, Box::new(bytes), &options, store)
        .unwrap_or_else(|error| panic!("{file}: {error}\n{text}"))
}

/// A database of one file, whose table is `t`.
fn database(text: &str) -> Store {
    let mut store = Store::for_exports().unwrap();
    load(&mut store, "t.csv", text, Some("t"));
    store
}

fn ask(store: &Store, sql: &str) -> Answers {
    let question = Question {
        text: sql,
        dialect: Dialect::Tsql,
        literals: &[],
        kinds: &[],
        values: &[],
        now: None,
        limit: None,
    };
    ask::ask(store, &question, &|| false).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows of an answer: cells with bars between, rows with semicolons.
fn shown(answers: &Answers) -> String {
    let row = |row: &Vec<Cell>| {
        let cells: Vec<String> = row.iter().map(Cell::to_string).collect();
        cells.join("|")
    };
    let rows: Vec<String> = answers.answers[0].table.rows.iter().map(row).collect();
    rows.join("; ")
}

fn check(store: &Store, sql: &str, expect: &str) {
    assert_eq!(shown(&ask(store, sql)), expect, "{sql}");
}

const CALLS: &str = "id,dur,fee,at,day,code,long,note\n\
    1,9,1.5,2026-11-24 08:51:30,2026-11-24,007,1,x\n\
    2,100,10.25,2026-11-24 08:51:30.5,2026-01-02,010,2,9\n\
    3,25,2.00,2026-01-02 00:00:00,2025-12-31,100,12345678901234567890,100\n\
    4,NULL,NULL,NULL,NULL,NULL,NULL,25\n";

#[test]
fn numbers_and_times_of_a_table_of_ones_own_are_numbers_and_times() {
    let store = database(CALLS);
    for (sql, expect) in [
        ("SELECT MAX(dur), MIN(dur), SUM(dur) FROM t", "100|9|134"),
        ("SELECT id FROM t WHERE dur > 20 ORDER BY dur", "3; 2"),
        ("SELECT id, ROW_NUMBER() OVER (ORDER BY dur DESC) FROM t", "2|1; 3|2; 1|3; 4|4"),
        ("SELECT dur FROM t ORDER BY dur DESC", "100; 25; 9; NULL"),
        ("SELECT TOP 1 dur AS d FROM t ORDER BY d DESC", "100"),
        ("SELECT MAX(d.dur) FROM (SELECT dur FROM t) AS d", "100"),
        ("WITH c AS (SELECT id, dur FROM t) SELECT MAX(dur) FROM c", "100"),
        ("SELECT dur FROM t WHERE id < 3 UNION SELECT 30 ORDER BY dur", "9; 30; 100"),
        (
            "SELECT dur, COUNT(*) FROM t WHERE dur IS NOT NULL GROUP BY dur ORDER BY dur",
            "9|1; 25|1; 100|1",
        ),
        ("SELECT DISTINCT dur FROM t WHERE dur BETWEEN 9 AND 30 ORDER BY dur", "9; 25"),
        ("SELECT dur INTO #n FROM t; SELECT MAX(dur) FROM #n", "100"),
        ("SELECT dur + 1 FROM t WHERE id = 1", "10"),
        ("SELECT id FROM t WHERE dur IN (100, 25) ORDER BY id", "2; 3"),
        ("SELECT a.id FROM t AS a JOIN t AS b ON b.dur > a.dur AND b.id = 2 ORDER BY a.id", "1; 3"),
        ("SELECT MAX(fee), MIN(fee) FROM t", "10.25|1.5"),
        ("SELECT id FROM t ORDER BY fee", "4; 1; 3; 2"),
        ("SELECT id FROM t ORDER BY at", "4; 3; 1; 2"),
        ("SELECT id FROM t WHERE at > '2026-11-24 08:51:30'", "2"),
        ("SELECT DATEDIFF(minute, MIN(at), MAX(at)) FROM t", "469971"),
        ("SELECT id FROM t WHERE day >= '2026-01-01' ORDER BY day", "2; 1"),
        ("SELECT YEAR(day) FROM t WHERE id = 3", "2025"),
        // Digits behind a zero are a name, and what is too long to be kept exactly is a text.
        ("SELECT code FROM t WHERE id < 4 ORDER BY code", "007; 010; 100"),
        ("SELECT id FROM t WHERE code = '007'", "1"),
        ("SELECT MAX(long) FROM t", "2"),
        ("SELECT * FROM t WHERE id = 1", "1|9|1.5|2026-11-24 08:51:30.000|2026-11-24|007|1|x"),
    ] {
        check(&store, sql, expect);
    }
}

#[test]
fn the_kinds_are_in_the_summary() {
    let mut store = Store::for_exports().unwrap();
    let summary = load(&mut store, "t.csv", CALLS, Some("t"));
    use ColumnKind::{Decimal, Integer, Text, Time};
    let kinds: Vec<ColumnKind> =
        summary.tables[0].unknown_columns.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds, [Integer, Integer, Decimal, Time, Time, Text, Text, Text]);
    let doubts = |text: &String| text.contains("look like numbers");
    let said: Vec<&String> = summary.warnings.iter().filter(|text| doubts(text)).collect();
    assert_eq!(
        said,
        [
            "`long`: 3 of 3 values look like numbers; the column is kept as text",
            "`note`: 3 of 4 values look like numbers; the column is kept as text",
        ]
    );
}

#[test]
fn a_text_that_looks_like_numbers_says_so_where_it_is_sorted_or_compared() {
    let store = database(CALLS);
    let doubt = "`note` is text, but 3 of its 4 values look like numbers: text sorts `100` before `9`; \
     TRY_CAST([note] AS decimal(18, 4)) gives the number, or NULL";
    for sql in [
        "SELECT MAX(note) FROM t",
        "SELECT note FROM t ORDER BY note",
        "SELECT id FROM t ORDER BY note",
        "SELECT note FROM t ORDER BY 1",
        "SELECT note AS n FROM t ORDER BY n",
        "SELECT id FROM t WHERE note > '20'",
        "SELECT id FROM t WHERE note BETWEEN '1' AND '2'",
        "SELECT ROW_NUMBER() OVER (ORDER BY note) FROM t",
        "SELECT MAX(d.n) FROM (SELECT note AS n FROM t) AS d",
        "WITH c AS (SELECT note AS n FROM t) SELECT n FROM c ORDER BY n",
    ] {
        assert_eq!(ask(&store, sql).notes, [doubt], "{sql}");
    }
    for sql in [
        "SELECT note FROM t",
        "SELECT * FROM t ORDER BY id",
        "SELECT MAX(dur) FROM t",
        "SELECT MAX(code) FROM t",
        "SELECT MAX(TRY_CAST([note] AS decimal(18, 4))) FROM t",
    ] {
        assert!(ask(&store, sql).notes.is_empty(), "{sql}");
    }
    check(&store, "SELECT MAX(TRY_CAST([note] AS int)) FROM t", "100");
}

#[test]
fn a_telephone_number_stays_a_text() {
    let store = database("id,phone,mobile_2,nr\n1,4930111,5,+49301\n2,499,77,+4930222222\n");
    check(&store, "SELECT MAX(phone), MAX(mobile_2), MAX(nr) FROM t", "499|77|+4930222222");
    assert!(ask(&store, "SELECT MAX(phone) FROM t").notes.is_empty());
}

#[test]
fn what_is_not_kept_exactly_stays_a_text() {
    let store = database(
        "at,off,big,long\n2026-11-24 08:51:30.1234567,2026-11-24 08:51:30 +01:00,1234567890.123456,999999999999999999\n\
         2026-11-24 08:51:30.1234568,2026-11-24 07:00:00Z,2.5,1\n",
    );
    check(&store, "SELECT MAX(at) FROM t", "2026-11-24 08:51:30.1234568");
    check(
        &store,
        "SELECT off FROM t ORDER BY off",
        "2026-11-24 07:00:00.000 +00:00; 2026-11-24 08:51:30.000 +01:00",
    );
    check(&store, "SELECT big FROM t WHERE long > 1", "1234567890.123456");
    check(&store, "SELECT MAX(long) FROM t", "999999999999999999");
}

#[test]
fn empty_fields_are_null_in_a_column_of_numbers_and_it_is_said() {
    let mut store = Store::for_exports().unwrap();
    let summary = load(&mut store, "t.csv", "id,dur\n1,\n2,9\n3,100\n", Some("t"));
    assert!(
        summary.warnings.contains(
            &"`dur`: 1 value was empty in a column of kind integer; read as NULL".to_owned()
        ),
        "{:?}",
        summary.warnings
    );
    check(&store, "SELECT MIN(dur), COUNT(dur) FROM t", "9|2");
}

#[test]
fn a_column_beside_those_of_the_schema_is_what_its_values_are() {
    let mut store = Store::for_exports().unwrap();
    let text = "activity_id,activity_status,dur\n1,5000,9\n2,5000,100\n3,9000,25\n";
    load(&mut store, "activity.csv", text, None);
    check(&store, "SELECT MAX(dur) FROM egpl_casemgmt_activity", "100");
    check(&store, "SELECT TOP 1 activity_id FROM egpl_casemgmt_activity ORDER BY dur DESC", "2");
    // A later export has another value in it: a text, whole.
    load(&mut store, "later.csv", "activity_id,activity_status,dur\n4,5000,x\n", None);
    let answer = ask(&store, "SELECT MAX(dur), MIN(dur) FROM egpl_casemgmt_activity");
    assert_eq!(shown(&answer), "x|100");
    assert_eq!(answer.notes.len(), 1);
    // One of whole numbers and one of fractions make fractions.
    load(&mut store, "a.csv", "k\n9\n100\n", Some("u"));
    load(&mut store, "b.csv", "k\n99.5\n", Some("u"));
    check(&store, "SELECT MAX(k) FROM u", "100");
    check(&store, "SELECT k FROM u ORDER BY k", "9; 99.5; 100");
}

#[test]
fn a_column_that_a_query_of_files_names_is_what_all_of_its_values_are() {
    let most = |query: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut text = "activity_id,activity_status,dur\n".to_owned();
        for row in 1..=200 {
            let dur = if row == 150 { "x".to_owned() } else { row.to_string() };
            text.push_str(&format!("{row},{},{dur}\n", 5000 + row));
        }
        std::fs::write(folder.path().join("activity.csv"), text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(["query", query, "activity.csv", "--format", "csv", "--include-pii"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    // The row with a word is not among those that are asked for, and the column is a text all the same.
    let (rows, said) =
        most("SELECT MAX(dur) AS d FROM egpl_casemgmt_activity WHERE activity_id < 110");
    assert_eq!(rows, "d\n99\n");
    assert!(
        said.contains("note: `dur` is text, but 199 of its 200 values look like numbers"),
        "{said}"
    );
}

#[test]
fn what_an_earlier_version_has_loaded_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.sqlite");
    let load = |file: &str, text: &str, table: &str| {
        let mut copy = ImportDatabase::open(&path).unwrap();
        load(copy.store(), file, text, Some(table));
        copy.keep().unwrap();
    };
    let older = |sql: &str| {
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch(sql).unwrap();
    };
    let most = |table: &str| {
        let store = Store::open_read_only(&path).unwrap();
        shown(&ask(&store, &format!("SELECT MAX(k) FROM {table}")))
    };
    load("t.csv", "k\n9\n100\n", "t");
    assert_eq!(most("t"), "100");
    older("DELETE FROM chatdb_export_values");
    assert_eq!(most("t"), "9");
    load("later.csv", "k\n7\n", "t");
    assert_eq!(most("t"), "9");
    older("DROP TABLE chatdb_export_values; DELETE FROM chatdb_exports_history WHERE version >= 4");
    assert_eq!(most("t"), "9");
    load("last.csv", "k\n8\n70\n", "u");
    assert_eq!(most("u"), "70");
    assert_eq!(most("t"), "9");
}

// GENERATED ------------------------------------------------------------------------------------------------

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What a generated column is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Make {
    Integers,
    Decimals,
    Days,
    Times,
    Zeros,
    /// Numbers, and late in the file one value that is none.
    Contradicted(&'static str),
}

const MAKES: [Make; 10] = [
    Make::Integers,
    Make::Decimals,
    Make::Days,
    Make::Times,
    Make::Zeros,
    Make::Contradicted("none"),
    Make::Contradicted("007"),
    Make::Contradicted("1234567890123456789012"),
    Make::Contradicted("2026-11-24"),
    Make::Contradicted("5e3"),
];

fn make(of: Make, dice: &mut Dice, late: bool) -> String {
    let digits = dice.below(6) + 1;
    let number = dice.below(10_u64.pow(u32::try_from(digits).unwrap()));
    match of {
        Make::Integers => {
            format!("{}{number}", if number > 0 && dice.below(4) == 0 { "-" } else { "" })
        }
        Make::Decimals if dice.below(3) == 0 => number.to_string(),
        Make::Decimals => format!("{number}.{:0w$}", dice.below(10_u64.pow(3)), w = 3),
        Make::Days => {
            format!("20{:02}-{:02}-{:02}", dice.below(30), dice.below(12) + 1, dice.below(28) + 1)
        }
        Make::Times => {
            let day = make(Make::Days, dice, false);
            let sign = ["T", " "][usize::try_from(dice.below(2)).unwrap()];
            let end = ["", ".5", ".123", ".1230000"][usize::try_from(dice.below(4)).unwrap()];
            format!(
                "{day}{sign}{:02}:{:02}:{:02}{end}",
                dice.below(24),
                dice.below(60),
                dice.below(60)
            )
        }
        Make::Zeros => format!("{:06}", number % 99_999),
        Make::Contradicted(other) if late => other.to_owned(),
        Make::Contradicted(_) => number.to_string(),
    }
}

/// How two values of a column compare, by the kind that the column was made as.
fn compare(of: Make, a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.parse::<f64>().unwrap();
    match of {
        Make::Integers | Make::Decimals => number(a).total_cmp(&number(b)),
        Make::Times => a.replace('T', " ").cmp(&b.replace('T', " ")),
        _ => a.cmp(b),
    }
}

/// A value as an answer shows it, so that two spellings of one value are the same.
fn plain(of: Make, text: &str) -> String {
    match of {
        Make::Decimals => text.parse::<f64>().unwrap().to_string(),
        Make::Times => {
            let text = text.replace('T', " ");
            let text = if text.contains('.') { text } else { format!("{text}.") };
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text.to_owned(),
    }
}

#[test]
fn generated_columns_are_sorted_and_compared_as_what_they_are_made_of() {
    let mut contradicted = 0;
    for seed in 0..120 {
        let mut dice = Dice(seed);
        let rows = usize::try_from(dice.below(300) + 2).unwrap();
        let makes: Vec<Make> =
            (0..3).map(|_| MAKES[usize::try_from(dice.below(10)).unwrap()]).collect();
        // Anywhere, but mostly behind what is looked at first.
        let late = rows - 1 - usize::try_from(dice.below(3)).unwrap().min(rows - 1);
        let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); makes.len()];
        let mut text = "n,a,b,c\n".to_owned();
        for row in 0..rows {
            text.push_str(&(row + 1).to_string());
            for (at, of) in makes.iter().enumerate() {
                let is_null = row != late && dice.below(9) == 0;
                let value = (!is_null).then(|| make(*of, &mut dice, row == late));
                text.push(',');
                text.push_str(value.as_deref().unwrap_or("NULL"));
                columns[at].push(value);
            }
            text.push('\n');
        }
        let store = database(&text);
        for ((of, values), name) in makes.iter().zip(&columns).zip(["a", "b", "c"]) {
            let mut known: Vec<(usize, &str)> = values
                .iter()
                .enumerate()
                .filter_map(|(row, value)| Some((row + 1, value.as_deref()?)))
                .collect();
            let context = format!("seed {seed}, {of:?}: column {name} of\n{text}");
            let is_text = matches!(of, Make::Contradicted(_) | Make::Zeros);
            let only = |value: &str| {
                matches!(of, Make::Contradicted(own) if value == *own) && known_len(values) == 1
            };
            // What is the only value of its column contradicts nothing.
            if known.iter().any(|(_, value)| only(value)) {
                continue;
            }
            contradicted += usize::from(matches!(of, Make::Contradicted(_)));
            known.sort_by(|(m, a), (n, b)| compare(*of, a, b).then(m.cmp(n)));
            let answer = ask(
                &store,
                &format!("SELECT n, {name} FROM t WHERE {name} IS NOT NULL ORDER BY {name}, n"),
            );
            let column = &answer.answers[0].table.columns[1];
            assert_eq!(is_text || *of == Make::Days, column.kind == Kind::Text, "{context}");
            let expect: Vec<String> =
                known.iter().map(|(row, value)| format!("{row}|{}", plain(*of, value))).collect();
            let found: Vec<String> = answer.answers[0]
                .table
                .rows
                .iter()
                .map(|row| format!("{}|{}", row[0], plain(*of, &row[1].to_string())))
                .collect();
            assert_eq!(found, expect, "{context}");
            let (least, most) = (known[0].1, known[known.len() - 1].1);
            let answer = ask(&store, &format!("SELECT MIN({name}), MAX({name}) FROM t"));
            let found = shown(&answer);
            let (low, high) = found.split_once('|').unwrap();
            assert_eq!(
                (plain(*of, low), plain(*of, high)),
                (plain(*of, least), plain(*of, most)),
                "{context}"
            );
            let middle = known[known.len() / 2].1;
            let above =
                known.iter().filter(|(_, value)| compare(*of, value, middle) == Ordering::Greater);
            let literal = match of {
                Make::Integers | Make::Decimals => middle.to_owned(),
                _ => format!("'{middle}'"),
            };
            let sql = format!("SELECT COUNT(*) FROM t WHERE {name} > {literal}");
            assert_eq!(shown(&ask(&store, &sql)), above.count().to_string(), "{sql}: {context}");
        }
    }
    assert!(contradicted > 100, "{contradicted}");
}

fn known_len(values: &[Option<String>]) -> usize {
    values.iter().flatten().count()
}
