//! Finds in two delimited files with a key the rows that have to be compared, without holding the others: a thread for
//! each file, 24 bytes for each row, and the few rows themselves read again.
//!
//! What is found is handed to [`diff`](super::diff()) like any two tables, and gives the same rows, in the same order,
//! as the whole tables would. Three things could tell the two apart, and are seen to:
//!
//! - *Which cells are equal.* A row is known by a hash of its bytes or, where the files quote differently, of its
//!   cells: the text without its quotes, and whether it is NULL. Equal text is an equal cell whatever the column's
//!   kind. Quotes tell cells apart only in a column that is not text, and such a column has no quotes anywhere.
//! - *What kind a column is.* Its kind follows from every cell, so every cell is looked at, in one of the two files
//!   where both have it.
//! - *Where a row stands* that only the actual file has: behind the row that it follows there, which is kept too.
//!
//! Two texts can be one time, such as with `T` and with a blank, or one decimal. A key of those is therefore left to
//! the reader that holds everything, and so is a column of numbers and texts with a tolerance, and any file that is not
//! well formed, since that reader says what is wrong and where. The hash is seeded anew each time, so that no file can
//! be made to deceive it.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::{str, thread};

use super::DiffOptions;
use crate::record::tokenizer::{BLOCK, RawRecord, RawToken, TextDialect, Tokenizer};
use crate::record::{Field, RecordLimits, Written};
use crate::table::delimited::Delimiter;
use crate::table::raw::{RawCell, RawRow, RawTable};
use crate::table::{Kind, ResultTable, decimal, plain};

/// The rows of two files that have to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRow {
    /// Rows of the expected file, in its order.
    pub expected: ResultTable,
    /// Rows of the actual file, in its order.
    pub actual: ResultTable,
    /// How many rows both files have that are not among them: all their cells are equal.
    pub left_out: usize,
}

/// How much of a file is looked at for its header.
const HEAD: u64 = 64 << 10;

/// How many bytes are read to get one row again.
const ROW_BLOCK: usize = 4096;

/// When more than one row in so many is wanted again, the file is read through rather than searched.
const FEW: usize = 50;

/// Finds the rows of two files that have to be compared, matched by the key of `options`. `None` when that is not for
/// this reader to say: a file is no regular file of well-formed delimited text in UTF-8, their headers are not the
/// same, or there is no such key.
///
/// # Errors
/// When the system refuses to read.
pub fn kept(expected: &Path, actual: &Path, options: &DiffOptions) -> io::Result<Option<KeptRow>> {
    let (Some(expected), Some(actual)) = (Source::open(expected)?, Source::open(actual)?) else {
        return Ok(None);
    };
    let Some(key) = expected.key(&options.key) else {
        return Ok(None);
    };
    let is_alike = |(own, other): (&String, &String)| is_same_name(own, other);
    if expected.header.len() != actual.header.len()
        || !expected.header.iter().zip(&actual.header).all(is_alike)
    {
        return Ok(None);
    }
    let written_alike = expected.dialect == actual.dialect;
    let mut found = match written_alike {
        true => found(&expected, &actual, &key, By::Bytes)?,
        false => None,
    };
    // So many differ that it may be the quotes.
    let many = |(pass, _, rows): &(Pass, Pass, Places)| rows.expected.len() > pass.rows.len() / 8;
    if !written_alike || found.as_ref().is_some_and(many) {
        found = self::found(&expected, &actual, &key, By::Cells)?;
    }
    let Some((expected_pass, actual_pass, rows)) = found else {
        return Ok(None);
    };
    let (Some(expected_rows), Some(actual_rows)) = (
        expected.again(&expected_pass.rows, &rows.expected)?,
        actual.again(&actual_pass.rows, &rows.actual)?,
    ) else {
        return Ok(None);
    };
    let kinds: Vec<Kind> = (0..expected.header.len())
        .map(|at| {
            let cells = expected_rows.rows.iter().chain(&actual_rows.rows);
            let seen = (expected_pass.columns[at].clone()).and(&actual_pass.columns[at]);
            seen.kind(cells.map(|row| &row.cells[at]))
        })
        .collect();
    let has_spellings = |at: &usize| match kinds[*at] {
        Kind::Integer => false,
        Kind::Text => options.ignore_case || options.ignore_blanks,
        _ => true,
    };
    let is_mixed = |(at, name): (usize, &String)| {
        kinds[at] == Kind::Text && options.tolerance.keys().any(|own| is_same_name(own, name))
    };
    if key.iter().any(has_spellings) || expected.header.iter().enumerate().any(is_mixed) {
        return Ok(None);
    }
    Ok(Some(KeptRow {
        expected: expected_rows.typed(&kinds),
        actual: actual_rows.typed(&kinds),
        left_out: expected_pass.rows.len() - rows.expected.len(),
    }))
}

/// Whether two names of columns are one but for letter case.
fn is_same_name(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// What two rows are equal by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Their bytes: fast, and not equal where only one of them has quotes.
    Bytes,
    /// Their cells, read as values.
    Cells,
}

fn found(
    expected: &Source<'_>,
    actual: &Source<'_>,
    key: &[usize],
    by: By,
) -> io::Result<Option<(Pass, Pass, Places)>> {
    let seed = Seed::new();
    let (expected, actual) = thread::scope(|scope| {
        let expected = scope.spawn(|| expected.pass(key, 0, by, &seed));
        let actual = actual.pass(key, 1, by, &seed);
        let gone = |_| Err(io::Error::other("the thread that reads it has gone"));
        (expected.join().unwrap_or_else(gone), actual)
    });
    let (Some(expected), Some(actual)) = (expected?, actual?) else {
        return Ok(None);
    };
    let rows = wanted(&expected, &actual);
    Ok(rows.map(|rows| (expected, actual, rows)))
}

// READING ------------------------------------------------------------------------------------------------------

/// A file whose header is known.
struct Source<'p> {
    path: &'p Path,
    /// Where the header begins: behind a byte order mark and empty lines.
    begin: u64,
    dialect: TextDialect,
    header: Vec<String>,
}

impl<'p> Source<'p> {
    fn open(path: &'p Path) -> io::Result<Option<Self>> {
        if !std::fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        let mut text = head.as_slice();
        text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if text
            .trim_ascii_start()
            .first()
            .is_none_or(|byte| *byte == b'|')
        {
            return Ok(None);
        }
        while let Some(rest) = text
            .strip_prefix(b"\n")
            .or_else(|| text.strip_prefix(b"\r\n"))
        {
            text = rest;
        }
        let begin = head.len() - text.len();
        let Some(header) = first_record(text).and_then(|header| str::from_utf8(header).ok()) else {
            return Ok(None);
        };
        let delimiter = Delimiter::sniff(header).as_char();
        let mut source = Self {
            path,
            begin: begin as u64,
            dialect: TextDialect {
                delimiter: delimiter.to_string().into_bytes(),
                record_end: None,
                quotes: true,
            },
            header: Vec::new(),
        };
        let mut tokens = source.tokens(header.as_bytes(), ROW_BLOCK);
        if let Ok(Some(RawToken::Record(record))) = tokens.next_raw() {
            let names = record.fields.iter().map(|field| cell(record.bytes, *field));
            if let Some(names) = names.collect::<Option<Vec<_>>>() {
                source.header = names.into_iter().map(|name| name.text).collect();
            }
        }
        Ok((!source.header.is_empty()).then_some(source))
    }

    /// The places of the key's columns; `None` when there are none, or one is not there.
    fn key(&self, names: &[String]) -> Option<Vec<usize>> {
        let place = |name: &String| self.header.iter().position(|own| is_same_name(own, name));
        let places = names.iter().map(place).collect::<Option<Vec<_>>>()?;
        (!places.is_empty()).then_some(places)
    }

    fn tokens<R: Read>(&self, reader: R, block: usize) -> Tokenizer<R> {
        Tokenizer::with_block(reader, self.dialect.clone(), RecordLimits::default(), block)
    }

    fn at(&self, offset: u64) -> io::Result<File> {
        let mut file = File::open(self.path)?;
        file.seek(SeekFrom::Start(self.begin + offset))?;
        Ok(file)
    }

    /// Hashes every row, and looks at every second column, of which `first` is the first.
    fn pass(&self, key: &[usize], first: usize, by: By, seed: &Seed) -> io::Result<Option<Pass>> {
        let mut tokens = self.tokens(self.at(0)?, BLOCK);
        let mut pass = Pass {
            rows: Vec::new(),
            columns: vec![Seen::default(); self.header.len()],
            open: (0..self.header.len()).collect(),
            ascends: true,
        };
        let mut is_header = true;
        let mut blank = false;
        let mut scratch = Vec::new();
        loop {
            let record = match tokens.next_raw() {
                Ok(None) => return Ok(Some(pass)),
                Ok(Some(RawToken::Record(record))) => record,
                Ok(Some(RawToken::Reject(_))) | Err(_) => return Ok(None),
            };
            if std::mem::take(&mut is_header) {
                continue;
            }
            // Empty lines at the end of a table with several columns are no rows.
            blank |= record.bytes.is_empty() && self.header.len() > 1;
            if blank && record.bytes.is_empty() {
                continue;
            }
            let text = record.ascii || str::from_utf8(record.bytes).is_ok();
            if blank || !text || record.fields.len() != self.header.len() {
                return Ok(None);
            }
            pass.row(&record, key, first, by, seed, &mut scratch);
        }
    }

    /// The rows at these places, which ascend.
    fn again(&self, rows: &[Row], places: &[usize]) -> io::Result<Option<RawTable>> {
        let mut table = RawTable {
            header: (self.header.iter())
                .map(|name| RawCell {
                    text: name.clone(),
                    quoted: true,
                })
                .collect(),
            rows: Vec::with_capacity(places.len()),
        };
        let through = places.len() * FEW > rows.len();
        let file = self.at(0)?;
        let mut tokens = self.tokens(&file, if through { BLOCK } else { ROW_BLOCK });
        for place in places {
            let offset = rows[*place].offset;
            if !through {
                (&file).seek(SeekFrom::Start(self.begin + offset))?;
                tokens.move_to(&file, (offset, 1));
            }
            let row = loop {
                match tokens.next_raw() {
                    Ok(Some(RawToken::Record(record))) if record.offset < offset => {}
                    Ok(Some(RawToken::Record(record))) => break self.row(&record),
                    _ => break None,
                }
            };
            match row {
                Some(row) => table.rows.push(row),
                None => return Ok(None),
            }
        }
        Ok(Some(table))
    }

    fn row(&self, record: &RawRecord<'_>) -> Option<RawRow> {
        let cells = record.fields.iter().map(|field| cell(record.bytes, *field));
        let cells: Vec<RawCell> = cells.collect::<Option<_>>()?;
        (cells.len() == self.header.len()).then_some(RawRow { line: 0, cells })
    }
}

/// The text up to the first line break outside quotes, with it; `None` when there is none.
fn first_record(text: &[u8]) -> Option<&[u8]> {
    let mut quoted = false;
    let end = text.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'\n' && !quoted
    })?;
    Some(&text[..=end])
}

fn cell(bytes: &[u8], field: Field) -> Option<RawCell> {
    let text = str::from_utf8(&bytes[field.start..field.end]).ok()?;
    Some(RawCell {
        text: match field.written {
            Written::Doubled => text.replace("\"\"", "\""),
            _ => text.to_owned(),
        },
        quoted: field.written != Written::Bare,
    })
}

/// A row, as far as it is held: two hashes and its place in the file.
#[derive(Debug, Clone, Copy)]
struct Row {
    key: u64,
    cells: u64,
    offset: u64,
}

/// What is known of a file when it has been read through.
struct Pass {
    rows: Vec<Row>,
    columns: Vec<Seen>,
    /// The columns that are not known to be text, ascending.
    open: Vec<usize>,
    /// Whether each key is a number greater than the one before.
    ascends: bool,
}

impl Pass {
    fn row(
        &mut self,
        record: &RawRecord<'_>,
        key: &[usize],
        first: usize,
        by: By,
        seed: &Seed,
        scratch: &mut Vec<u8>,
    ) {
        let mut is_text = false;
        for at in &self.open {
            let (field, seen) = (&record.fields[*at], &mut self.columns[*at]);
            if field.written != Written::Bare {
                seen.quoted();
            } else if at % 2 == first {
                seen.look(&record.bytes[field.start..field.end]);
            }
            is_text |= seen.may_be == 0;
        }
        if is_text {
            self.open.retain(|at| self.columns[*at].may_be != 0);
        }
        let mut cell = |hash, field: &Field| {
            let text = &record.bytes[field.start..field.end];
            let null = field.written == Written::Bare && text == b"NULL";
            seed.cell(hash, undoubled(text, field.written, scratch), null)
        };
        let number = match key {
            [only] => number_in(record, *only),
            _ => None,
        };
        let last = self.rows.last().map(|row| row.key);
        let key = match number {
            Some(number) => number,
            None => key
                .iter()
                .fold(seed.start, |hash, at| cell(hash, &record.fields[*at])),
        };
        self.ascends &= number.is_some() && last.is_none_or(|last| last < key);
        let cells = match by {
            By::Bytes => seed.cell(seed.start, record.bytes, false),
            By::Cells => record.fields.iter().fold(seed.start, cell),
        };
        self.rows.push(Row {
            key,
            cells,
            offset: record.offset,
        });
    }
}

/// The number that a field is: without quotes or sign, as programs print it.
fn number_in(record: &RawRecord<'_>, field: usize) -> Option<u64> {
    let field = record.fields[field];
    let digits = &record.bytes[field.start..field.end];
    let plainly = matches!(digits, [b'1'..=b'9', ..]) && digits.len() <= 18;
    if field.written == Written::Doubled || !plainly {
        return None;
    }
    digits.iter().try_fold(0, |value: u64, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    })
}

/// A field's text with doubled quotes made one.
fn undoubled<'t>(text: &'t [u8], written: Written, scratch: &'t mut Vec<u8>) -> &'t [u8] {
    if written != Written::Doubled {
        return text;
    }
    scratch.clear();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest) {
        scratch.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    scratch.extend_from_slice(rest);
    scratch
}

// HASHES -------------------------------------------------------------------------------------------------------

/// Random numbers for a hash.
struct Seed {
    start: u64,
    left: u64,
    right: u64,
    end: u64,
}

impl Seed {
    fn new() -> Self {
        let state = RandomState::new();
        let number = |n: u64| {
            let mut hasher = state.build_hasher();
            hasher.write_u64(n);
            hasher.finish() | 1
        };
        Self {
            start: number(1),
            left: number(2),
            right: number(3),
            end: number(4),
        }
    }

    /// `hash` with one cell more.
    fn cell(&self, mut hash: u64, text: &[u8], null: bool) -> u64 {
        let mut rest = text;
        while let Some((sixteen, behind)) = rest.split_first_chunk::<16>() {
            let (a, b) = halves(*sixteen);
            hash = fold(a ^ self.left ^ hash, b ^ self.right);
            rest = behind;
        }
        let (a, b) = tail(rest);
        let length = (text.len() as u64) << 1 | u64::from(null);
        hash = fold(a ^ self.left ^ hash, b ^ self.right);
        fold(hash ^ length, self.end)
    }
}

fn halves(bytes: [u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(bytes);
    (both as u64, (both >> 64) as u64)
}

/// Fewer than 16 bytes as two numbers, different for each text of that length.
fn tail(bytes: &[u8]) -> (u64, u64) {
    let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (four(first), four(last)),
            _ => {
                let at = |n: usize| u64::from(bytes.get(n).copied().unwrap_or(0));
                (at(0) | at(1) << 8 | at(2) << 16, 0)
            }
        },
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

// KINDS --------------------------------------------------------------------------------------------------------

/// The kinds that can be told from a column's cells, likeliest first.
const KINDS: [Kind; 4] = [
    Kind::Integer,
    Kind::Decimal,
    Kind::Timestamp,
    Kind::Duration,
];

/// Which kinds a column can be, after the cells that were looked at.
#[derive(Debug, Clone)]
struct Seen {
    /// A bit for each of [`KINDS`].
    may_be: u8,
    /// Whether there was a cell that says something.
    spoken: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            may_be: 0b1111,
            spoken: false,
        }
    }
}

impl Seen {
    /// Looks at a cell without quotes.
    fn look(&mut self, text: &[u8]) {
        // Nearly every cell is plainly of the kind that is left.
        let plainly = match self.may_be {
            // A whole number leaves both sorts of number possible.
            0b0011 => plain::is_integer(text),
            0b0010 => decimal::is_decimal(text),
            0b0100 => plain::is_time(text),
            _ => false,
        };
        if plainly || self.may_be == 0 || text.is_empty() || text == b"NULL" {
            return;
        }
        self.spoken = true;
        for (at, kind) in KINDS.iter().enumerate() {
            if self.may_be & 1 << at != 0 && !is(*kind, text) {
                self.may_be &= !(1 << at);
            }
        }
    }

    /// Looks at a cell in quotes, which is text whatever it looks like.
    fn quoted(&mut self) {
        self.spoken = true;
        self.may_be = 0;
    }

    fn and(mut self, other: &Self) -> Self {
        self.spoken |= other.spoken;
        self.may_be &= other.may_be;
        self
    }

    /// The kind, when these cells have been looked at too.
    fn kind<'c>(mut self, cells: impl Iterator<Item = &'c RawCell>) -> Kind {
        for cell in cells {
            if cell.quoted {
                self.quoted();
            } else {
                self.look(cell.text.as_bytes());
            }
        }
        let fits = |at: &usize| self.spoken && self.may_be & 1 << at != 0;
        (0..KINDS.len())
            .find(fits)
            .map_or(Kind::Text, |at| KINDS[at])
    }
}

/// Whether a text is a cell of `kind`.
fn is(kind: Kind, text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| kind.parse(text).is_some())
}

// MATCHING -----------------------------------------------------------------------------------------------------

/// Places of rows, ascending.
struct Places {
    expected: Vec<usize>,
    actual: Vec<usize>,
}

const NOWHERE: u32 = u32::MAX;

/// The rows that have to be compared: those whose cells differ, those that only one file has, all of a key that stands
/// more than once, and for each row that may have to be put in its place the one before it. `None` for more rows than
/// are numbered.
fn wanted(expected: &Pass, actual: &Pass) -> Option<Places> {
    let most = NOWHERE as usize - 1;
    if expected.rows.len() > most || actual.rows.len() > most {
        return None;
    }
    let mut repeated = HashSet::new();
    let mut partner = vec![NOWHERE; expected.rows.len()];
    let mut found = vec![NOWHERE; actual.rows.len()];
    let mut pair = |own: usize, other: usize| {
        let free = partner[own] == NOWHERE;
        if free {
            partner[own] = number(other);
            found[other] = number(own);
        }
        free
    };
    if expected.ascends && actual.ascends {
        merge(&expected.rows, &actual.rows, &mut pair);
    } else {
        let index = Index::new(&expected.rows, &mut repeated);
        for (at, row) in actual.rows.iter().enumerate() {
            let own = index.find(&expected.rows, row.key);
            if own.is_some_and(|own| !pair(own, at)) {
                repeated.insert(row.key);
            }
        }
    }
    let (expected, actual) = (&expected.rows, &actual.rows);
    let mut keep_expected = vec![false; expected.len()];
    let mut keep_actual = vec![false; actual.len()];
    for (at, row) in expected.iter().enumerate() {
        keep_expected[at] = match partner[at] {
            NOWHERE => true,
            other => row.cells != actual[other as usize].cells || repeated.contains(&row.key),
        };
    }
    let mut before: Option<usize> = None;
    for (at, row) in actual.iter().enumerate() {
        let is_repeated = !repeated.is_empty() && repeated.contains(&row.key);
        let own = found[at];
        if own != NOWHERE && !is_repeated {
            before = Some(at);
            keep_actual[at] = keep_expected[own as usize];
            continue;
        }
        keep_actual[at] = true;
        if let Some(before) = before {
            keep_actual[before] = true;
            keep_expected[found[before] as usize] = true;
        }
    }
    let places = |keep: &[bool]| (0..keep.len()).filter(|at| keep[*at]).collect();
    Some(Places {
        expected: places(&keep_expected),
        actual: places(&keep_actual),
    })
}

/// Pairs rows of equal keys where keys ascend on both sides.
fn merge(expected: &[Row], actual: &[Row], pair: &mut impl FnMut(usize, usize) -> bool) {
    let mut own = 0;
    for (other, row) in actual.iter().enumerate() {
        while expected
            .get(own)
            .is_some_and(|expected| expected.key < row.key)
        {
            own += 1;
        }
        if expected
            .get(own)
            .is_some_and(|expected| expected.key == row.key)
        {
            pair(own, other);
        }
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("there are fewer rows than that")
}

/// Finds rows by the hash of their key.
struct Index {
    /// The place of a row plus one, or 0; a key stands in the first free slot behind the one that its hash names.
    slots: Vec<u32>,
}

impl Index {
    /// Of rows with one key the first is found, and the key is noted in `repeated`.
    fn new(rows: &[Row], repeated: &mut HashSet<u64>) -> Self {
        let size = (rows.len() * 2).next_power_of_two().max(2);
        let mut index = Self {
            slots: vec![0; size],
        };
        for (at, row) in rows.iter().enumerate() {
            match index.slot(rows, row.key) {
                Ok(_) => {
                    repeated.insert(row.key);
                }
                Err(free) => index.slots[free] = number(at) + 1,
            }
        }
        index
    }

    /// The row with this key, or the slot where it would be.
    fn slot(&self, rows: &[Row], key: u64) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        // Keys may be numbers in a row.
        let mut at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize & mask;
        loop {
            match self.slots[at] {
                0 => return Err(at),
                place if rows[place as usize - 1].key == key => return Ok(place as usize - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn find(&self, rows: &[Row], key: u64) -> Option<usize> {
        self.slot(rows, key).ok()
    }
}
