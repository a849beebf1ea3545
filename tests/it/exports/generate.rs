//! Random exports: small grids with awkward values, written byte by byte in the way of each text form, and some of
//! them damaged. A writer of its own, which shares nothing with the library's reader or writer.
//!
//! Of a file that is whole, it is known which rows come back and as what, given what the form loses; of a damaged one,
//! only that nothing is lost without a word.

mod forms;

use chatdb::table::Cell;

use super::adapter::{Imported, Outcome, Told};
use super::expected::{of_law, written};
use forms::{Encoding, Form, IMPORT_FORMATS};

/// Marsaglia's xorshift, with its multiplier: the same seed, the same numbers, on every machine.
pub struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

// ROWS -----------------------------------------------------------------------------------------------------

/// What a column of the activities holds, and whether it may be NULL.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Holds {
    Id,
    OptionalId,
    Small,
    OptionalSmall,
    Text(usize),
    Flag,
    OptionalFlag,
    Time,
    OptionalTime,
    Binary,
}

use Holds::{
    Binary, Flag, Id, OptionalFlag, OptionalId, OptionalSmall, OptionalTime, Small, Text, Time,
};

/// The columns of the activities in the order of the table, as a header-less export has them.
const COLUMNS: [(&str, Holds); 44] = [
    ("activity_id", Id),
    ("case_id", OptionalId),
    ("department_id", OptionalId),
    ("activity_mode", OptionalSmall),
    ("activity_type", Small),
    ("activity_sub_type", Small),
    ("activity_status", Small),
    ("activity_sub_status", Small),
    ("activity_priority", OptionalSmall),
    ("when_created", Time),
    ("who_created", Id),
    ("when_modified", OptionalTime),
    ("due_date", OptionalTime),
    ("user_last_worked", OptionalId),
    ("assigned_to", OptionalId),
    ("subject", Text(255)),
    ("description", Text(255)),
    ("language_id", OptionalSmall),
    ("customer_id", OptionalId),
    ("contact_person_id", OptionalId),
    ("queue_id", OptionalId),
    ("contact_point_id", OptionalId),
    ("contact_point_data", Text(255)),
    ("last_action_reason", Text(255)),
    ("pinned", Flag),
    ("locked", Flag),
    ("activity_access", Small),
    ("folder_id", OptionalId),
    ("last_department_id", OptionalId),
    ("save_draft_flag", Small),
    ("leave_open_flag", OptionalSmall),
    ("num_notes", OptionalSmall),
    ("num_attachments", OptionalSmall),
    ("case_type", OptionalSmall),
    ("delete_flag", Flag),
    ("conference_flag", OptionalFlag),
    ("is_escalated", OptionalFlag),
    ("create_date", Time),
    ("update_version", Binary),
    ("outbound_failed", Small),
    ("visitor_session_id", Text(255)),
    ("visitor_user_id", Text(255)),
    ("cust_account_id", Text(255)),
    ("delay_time_in_min", OptionalId),
];

/// The columns of an export with names.
const CHOSEN: [&str; 10] = [
    "activity_id",
    "subject",
    "activity_type",
    "activity_status",
    "activity_sub_status",
    "contact_point_data",
    "assigned_to",
    "description",
    "queue_id",
    "when_created",
];

/// Values that readers trip over; of the longer ones each is one that somebody's export had.
const TEXTS: [&str; 44] = [
    "Chat",
    "customer@awesome.com",
    "",
    "NULL",
    "null",
    "Smith, John",
    "a,b,c",
    "left\tright",
    "one;two",
    "one|two",
    "say \"hi\" now",
    "\"hi there",
    "\"hi\" there",
    "\"\"",
    "\"",
    "ends in \"",
    "a, \"b\"",
    "one\rtwo",
    "one\ntwo",
    "one\r\ntwo",
    "\n",
    "two\n\nbreaks",
    "caf\u{e9}",
    "\u{65e5}\u{672c}",
    "wave \u{1f44b}",
    " leading",
    "trailing ",
    "  ",
    "=1+1",
    "-5",
    "007",
    "12/07/2011",
    "2011-07-12 14:49:55.000",
    "back\\slash",
    "a\\|b",
    "<br />",
    "&lt;",
    "---",
    "(3 rows affected)",
    "Completion time: 2026-10-02T15:58:11.1234567+02:00",
    "activity_id",
    "<EOFD>",
    "#TYPE x",
    "it's",
];

/// A value as the product has it.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Number(i64),
    Text(String),
    Time(String),
    Raw(String),
}

impl Value {
    /// Its plain text; `null` for NULL.
    fn text(&self, null: &str) -> String {
        match self {
            Self::Null => null.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) | Self::Time(text) | Self::Raw(text) => text.clone(),
        }
    }

    /// The cell in the notation of expectations.
    fn cell(&self) -> String {
        match self {
            Self::Text(text) => written(&Cell::Text(text.clone())),
            other => other.text("NULL"),
        }
    }
}

fn time(random: &mut Random) -> String {
    // SQL Server's datetime counts in steps of a three-hundredth of a second.
    let thousandths = *random.pick(&["000", "003", "007", "123", "997"]);
    let (day, hour, minute, second) =
        (1 + random.below(28), random.below(24), random.below(60), random.below(60));
    format!("2011-07-{day:02} {hour:02}:{minute:02}:{second:02}.{thousandths}")
}

fn value(holds: Holds, random: &mut Random) -> Value {
    let number =
        |random: &mut Random| Value::Number(1 + i64::try_from(random.below(30_000)).unwrap());
    let is_null = random.one_in(5);
    match holds {
        OptionalId | OptionalSmall | OptionalFlag | OptionalTime if is_null => Value::Null,
        Text(_) if is_null && random.one_in(2) => Value::Null,
        Id | OptionalId | Small | OptionalSmall => number(random),
        Flag | OptionalFlag => Value::Text((*random.pick(&["n", "y"])).to_owned()),
        Time | OptionalTime => Value::Time(time(random)),
        Binary => Value::Raw("0x00000000000007D1".to_owned()),
        Text(_) if random.one_in(2) => Value::Text("Chat".to_owned()),
        Text(_) => Value::Text((*random.pick(&TEXTS)).to_owned()),
    }
}

/// A grid: its columns, and rows of as many values. The first column is the key, from 1001 on.
struct Grid {
    columns: Vec<(&'static str, Holds)>,
    rows: Vec<Vec<Value>>,
}

fn grid(form: &Form, random: &mut Random) -> Grid {
    let columns: Vec<(&str, Holds)> = if form.has_names() {
        let find = |name: &&str| *COLUMNS.iter().find(|(own, _)| own == name).unwrap();
        CHOSEN.iter().map(find).collect()
    } else {
        COLUMNS.to_vec()
    };
    let count = 1 + random.below(if form.has_names() { 6 } else { 3 });
    let mut rows = Vec::new();
    for at in 0..count {
        let mut row: Vec<Value> = columns.iter().map(|(_, holds)| value(*holds, random)).collect();
        row[0] = Value::Number(1001 + i64::try_from(at).unwrap());
        if form.encoding == Encoding::Windows1252 {
            for cell in &mut row {
                if matches!(cell, Value::Text(text) if text.chars().any(|c| u32::from(c) > 0xFF)) {
                    *cell = Value::Text("caf\u{e9}".to_owned());
                }
            }
        }
        rows.push(row);
    }
    Grid { columns, rows }
}

/// The ids of the forms that are generated.
pub fn forms() -> impl Iterator<Item = &'static str> {
    IMPORT_FORMATS.iter().map(|form| form.id)
}

// FILES ----------------------------------------------------------------------------------------------------

/// A generated file, and what is known of it.
pub struct Made {
    /// The id of its form.
    pub form: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What the reader is told.
    pub told: Told,
    /// Whether bytes were changed: then only the law holds.
    pub is_damaged: bool,
    /// The columns that are compared.
    columns: Vec<&'static str>,
    /// For each row, what each cell may come back as, and whether the row may be rejected.
    rows: Vec<(Vec<Vec<String>>, bool)>,
    /// The number of records, where nothing blurs it.
    records: Option<u64>,
}

/// Flips, drops or puts in a few bytes, or cuts the end off.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let byte = *random.pick(b"\"\",|\r\n\t\0\xE9\xFF 0aN-(");
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, byte),
            3 => bytes[at] = byte,
            _ => bytes.truncate(at),
        }
    }
}

/// The file of a seed.
pub fn file(seed: u64) -> Made {
    let mut random = Random::new(seed);
    let form = &IMPORT_FORMATS[random.below(IMPORT_FORMATS.len())];
    let grid = grid(form, &mut random);
    let mut bytes = form.write(&grid);
    let is_damaged = random.one_in(2);
    if is_damaged {
        damage(&mut bytes, &mut random);
    }
    let texts = |row: &[Value]| {
        let texts = row.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect::<Vec<String>>()
    };
    let all = grid.rows.iter().flat_map(|row| texts(row)).collect::<Vec<_>>();
    // Without names above, the records alone tell how many columns there are: where most hold a separator more, no
    // reader can know.
    let wide = grid.rows.iter().filter(|row| texts(row).iter().any(|text| form.is_doubtful(text)));
    let is_nameless_and_wide = !form.has_names() && wide.count() * 2 > grid.rows.len();
    let is_blurred = is_nameless_and_wide || all.iter().any(|text| form.spreads(text));
    let kept: Vec<usize> =
        (0..grid.columns.len()).filter(|at| grid.columns[*at].1 != Binary).collect();
    let row = |row: &Vec<Value>| {
        let cell = |at: &usize| match (&row[*at], grid.columns[*at].1) {
            (Value::Null, Text(_)) => form.null_comes_back(),
            (value, _) => form.comes_back(value),
        };
        let doubtful = is_blurred || texts(row).iter().any(|text| form.is_doubtful(text));
        (kept.iter().map(cell).collect(), doubtful)
    };
    let encoding = (form.encoding == Encoding::Windows1252).then(|| "windows-1252".to_owned());
    let widths = form.widths_told(&grid);
    let ends = |end: &str| form.tells_ends.then(|| end.to_owned());
    Made {
        form: form.id,
        told: Told {
            form: Some(form.reads.unwrap_or(form.id).to_owned()),
            table: Some("egpl_casemgmt_activity".to_owned()),
            encoding,
            field_terminator: ends(form.separator),
            row_terminator: ends(form.row_end)
                .or((widths.is_some()).then(|| form.row_end.to_owned())),
            widths,
            ..Told::default()
        },
        is_damaged,
        columns: kept.iter().map(|at| grid.columns[*at].0).collect(),
        rows: grid.rows.iter().map(row).collect(),
        records: (!is_blurred).then_some(grid.rows.len() as u64),
        bytes,
    }
}

/// What is wrong with how a generated file was read: the law, and for a file that is whole each row.
pub fn problems(made: &Made, imported: &Imported) -> Vec<String> {
    let summary = match &imported.outcome {
        Outcome::Read(summary) => summary,
        Outcome::Asks { message } => {
            return vec![format!("asks for the form when told: {message}")];
        }
        Outcome::Refused { .. } if made.is_damaged => return Vec::new(),
        Outcome::Refused { code, message } => {
            return vec![format!("is refused, `{code}`: {message}")];
        }
    };
    let mut found = of_law(summary, &imported.rejects);
    let sql = format!(
        "SELECT {} FROM egpl_casemgmt_activity ORDER BY activity_id",
        made.columns.join(", ")
    );
    let rows = match imported.ask(&sql) {
        Ok(rows) => rows,
        Err(error) => return vec![error],
    };
    if rows.len() as u64 > summary.loaded {
        found.push(format!("{} rows, and {} loaded", rows.len(), summary.loaded));
    }
    if !made.is_damaged {
        if let Some(records) = made.records.filter(|records| *records != summary.records) {
            found.push(format!("{} records, not {records}", summary.records));
        }
        found.extend(of_rows(made, &rows));
    }
    found
}

/// What is wrong with the rows that came back of a file that is whole. The first column is the key.
fn of_rows(made: &Made, rows: &[Vec<Cell>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut known = 0;
    for (wanted, is_doubtful) in &made.rows {
        let id = &wanted[0][0];
        match rows.iter().find(|row| written(&row[0]) == *id) {
            None if *is_doubtful => {}
            None => found.push(format!("row {id} is missing")),
            Some(row) => {
                known += 1;
                for ((name, cells), cell) in made.columns.iter().zip(wanted).zip(row) {
                    let cell = written(cell);
                    if !cells.contains(&cell) {
                        found.push(format!(
                            "row {id}: `{name}` is {cell}, not {}",
                            cells.join(" or ")
                        ));
                    }
                }
            }
        }
    }
    if known < rows.len() {
        found.push(format!("{} rows too many", rows.len() - known));
    }
    found
}

// THAT IT CAN FAIL -----------------------------------------------------------------------------------------

fn whole(form: &str) -> Made {
    let mut seeds = (0..).map(file);
    seeds.find(|made| made.form == form && !made.is_damaged && made.records.is_some()).unwrap()
}

/// The rows of a file as they have to come back.
fn right(made: &Made) -> Vec<Vec<Cell>> {
    let cell = |cells: &Vec<String>| match cells[0].as_str() {
        "NULL" => Cell::Null,
        text if text.starts_with('"') => Cell::Text(serde_json::from_str(text).unwrap()),
        text => match text.parse() {
            Ok(number) => Cell::Integer(number),
            Err(_) => Cell::Timestamp(chatdb::table::parse_timestamp(text).unwrap()),
        },
    };
    made.rows.iter().map(|(row, _)| row.iter().map(cell).collect()).collect()
}

#[test]
fn a_changed_cell_a_lost_row_and_a_row_too_many_are_found() {
    let made = whole("F21");
    let rows = right(&made);
    assert!(of_rows(&made, &rows).is_empty());
    let mut other = rows.clone();
    other[0][2] = Cell::Null;
    let found = of_rows(&made, &other);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("row 1001: `activity_type` is NULL, not "), "{found:?}");
    assert_eq!(of_rows(&made, &rows[1..]), ["row 1001 is missing"]);
    let mut more = rows.clone();
    more.push(more[0].clone());
    more.last_mut().unwrap()[0] = Cell::Integer(7);
    assert_eq!(of_rows(&made, &more), ["1 rows too many"]);
}

#[test]
fn a_file_that_is_whole_is_never_refused_without_a_word() {
    let made = whole("F02");
    let refused = Outcome::Refused { code: "CHATDB-I002".to_owned(), message: "cut".to_owned() };
    let imported = Imported::bare(refused, Vec::new());
    assert_eq!(problems(&made, &imported), ["is refused, `CHATDB-I002`: cut"]);
}
