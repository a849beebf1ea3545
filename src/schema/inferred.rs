//! What the values of a column are that the schema does not name.
//!
//! Such a column is stored as text, each value as the file has it; what its values are is counted while they are read.
//! A column is of one kind only where every value of it is: one value that is not makes it a column of texts, whole.
//! Nothing is lost by reading it as its kind, because a number or a time is only taken for one where it is written as
//! SQL Server writes it: a text with a leading zero, a plus, or more digits than are kept stays a text.

use std::fmt;
use std::sync::Arc;

use crate::schema::types::Type;
use crate::table::plain;

/// The most digits of a whole number, and of one with a fraction, which SQLite keeps as a double.
const MAX_WHOLE: usize = 18;
const MAX_DIGITS: u32 = 15;

/// The most digits after a second.
const MAX_OF_SECOND: usize = 7;

/// Parts of names of columns that hold telephone numbers: no amounts, though made of digits.
const TELEPHONES: [&str; 6] = ["phone", "telefon", "mobile", "handy", "msisdn", "fax"];

/// Counts of the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnValues {
    /// Whole numbers of up to 18 digits.
    pub integers: u64,
    /// Numbers with a fraction.
    pub decimals: u64,
    /// Days without a time.
    pub days: u64,
    /// Days with a time.
    pub times: u64,
    /// Of these, those that are not written as chatdb stores times.
    pub other_times: u64,
    /// Times of a day, without the day.
    pub clocks: u64,
    /// Days with a time and an offset from UTC.
    pub offsets: u64,
    /// All other texts.
    pub texts: u64,
    /// Of these, those that are numbers in another spelling.
    pub like_numbers: u64,
    /// Of these, those that a `float` is read from.
    pub like_floats: u64,
    /// Of the texts, those that are dates or times in another spelling.
    pub like_times: u64,
    /// Empty texts, which are NULL in a column of numbers or times.
    pub blanks: u64,
    /// The most digits before a point.
    pub whole: u32,
    /// The most digits after one.
    pub fraction: u32,
    /// The most digits after a second.
    pub of_second: u32,
}

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Whole numbers of up to 18 digits.
    Integer,
    /// Numbers of which some have a fraction.
    Decimal,
    /// Days, with or without times.
    Time,
    /// Times of a day.
    Clock,
    /// Days with times and offsets from UTC.
    Offset,
    /// Anything else, kept as it is.
    Text,
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Time => "time",
            Self::Clock => "time of day",
            Self::Offset => "time with offset",
            Self::Text => "text",
        })
    }
}

/// How a column is read that is stored as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The type that its values have.
    pub of: Type,
    /// SQL that makes a value of that type of the stored text, which `{}` stands for.
    pub read_as: Option<String>,
    /// What there is to say where a column of texts is sorted or compared and most of its values are numbers or times.
    pub doubt: Option<Arc<str>>,
}

impl ColumnValues {
    /// Counts a value.
    pub fn add(&mut self, text: &str) {
        let bytes = text.as_bytes();
        match bytes.first() {
            None => self.blanks += 1,
            Some(b'0'..=b'9' | b'-') => self.add_number_or_time(text),
            Some(b'.' | b'+') => self.add_number_or_time(text),
            Some(_) => self.texts += 1,
        }
    }

    fn add_text(&mut self, text: &str) {
        self.texts += 1;
        if is_like_number(text) {
            self.like_numbers += 1;
            self.like_floats += u64::from(text.parse::<f64>().is_ok());
        } else if is_like_time(text) {
            self.like_times += 1;
        }
    }

    fn add_number_or_time(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if plain::is_time(bytes) {
            self.times += 1;
            self.of_second = self.of_second.max(3);
        } else if let Some((whole, fraction)) = digits(bytes) {
            self.whole = self.whole.max(whole);
            self.fraction = self.fraction.max(fraction);
            match fraction {
                0 => self.integers += 1,
                _ => self.decimals += 1,
            }
        } else if let Some((written, of_second)) = moment(bytes) {
            match written {
                Written::Day => self.days += 1,
                Written::Clock => self.clocks += 1,
                Written::Offset => self.offsets += 1,
                Written::Time => {
                    self.times += 1;
                    self.other_times += 1;
                }
            }
            self.of_second = self.of_second.max(of_second);
        } else {
            self.add_text(text);
        }
    }

    /// All values but empty texts.
    fn all(&self) -> u64 {
        self.integers + self.decimals + self.dated() + self.texts
    }

    /// Days and times of all kinds.
    fn dated(&self) -> u64 {
        self.days + self.times + self.clocks + self.offsets
    }

    /// Whether there is no value but empty texts.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.all() == 0
    }

    /// Adds what another export says of the same column.
    pub fn merge(&mut self, other: &Self) {
        self.integers += other.integers;
        self.decimals += other.decimals;
        self.days += other.days;
        self.times += other.times;
        self.other_times += other.other_times;
        self.clocks += other.clocks;
        self.offsets += other.offsets;
        self.texts += other.texts;
        self.like_numbers += other.like_numbers;
        self.like_floats += other.like_floats;
        self.like_times += other.like_times;
        self.blanks += other.blanks;
        self.whole = self.whole.max(other.whole);
        self.fraction = self.fraction.max(other.fraction);
        self.of_second = self.of_second.max(other.of_second);
    }

    /// What the column called `name` is.
    #[must_use]
    pub fn kind(&self, name: &str) -> ColumnKind {
        let groups = [
            (self.integers + self.decimals, ColumnKind::Integer),
            (self.days + self.times, ColumnKind::Time),
            (self.clocks, ColumnKind::Clock),
            (self.offsets, ColumnKind::Offset),
        ];
        let mut met = groups.into_iter().filter(|(count, _)| *count > 0);
        match (met.next(), met.next()) {
            (Some((_, kind)), None) if self.texts == 0 && !is_telephone(name) => match kind {
                ColumnKind::Integer if self.decimals == 0 => kind,
                ColumnKind::Integer if self.fits() => ColumnKind::Decimal,
                ColumnKind::Integer => ColumnKind::Text,
                kind => kind,
            },
            _ => ColumnKind::Text,
        }
    }

    /// Whether numbers with a fraction are kept exactly.
    fn fits(&self) -> bool {
        self.decimals == 0 || self.whole + self.fraction <= MAX_DIGITS
    }

    /// How many of how many values are numbers, in a column of texts in which most are.
    #[must_use]
    pub fn like_numbers(&self, name: &str) -> Option<(u64, u64)> {
        self.most(name, self.integers + self.decimals + self.like_numbers)
    }

    /// How many of how many values are dates or times, in a column of texts in which most are.
    #[must_use]
    pub fn like_times(&self, name: &str) -> Option<(u64, u64)> {
        self.most(name, self.dated() + self.like_times)
    }

    /// So many of all values, in a column of texts, where they are more than half of them.
    fn most(&self, name: &str, count: u64) -> Option<(u64, u64)> {
        let all = self.all();
        let is_doubtful = self.kind(name) == ColumnKind::Text && count * 2 > all;
        (is_doubtful && !is_telephone(name)).then_some((count, all))
    }

    /// How the column called `name` is read.
    #[must_use]
    pub fn inferred(&self, name: &str) -> Inferred {
        let read = |of: Type| (of, Some(format!("tsql_convert('{of}', {{}}, 'unknown')")));
        let digits = u8::try_from(self.of_second).unwrap_or(3);
        let (of, convert) = match self.kind(name) {
            ColumnKind::Integer => (Type::BigInt, Some("CAST({} AS INTEGER)".to_owned())),
            ColumnKind::Decimal => (self.decimal(), Some("CAST({} AS NUMERIC)".to_owned())),
            ColumnKind::Time if self.times == 0 => (Type::Date, None),
            ColumnKind::Time if self.other_times + self.days == 0 => (Type::DateTime, None),
            ColumnKind::Time => read(Type::DateTime2(digits.max(3))),
            ColumnKind::Clock if digits == 0 => read(Type::Time(0)),
            ColumnKind::Clock => read(Type::Time(digits.max(3))),
            ColumnKind::Offset => read(Type::DateTimeOffset(digits.max(3))),
            ColumnKind::Text => (Type::NVARCHAR, None),
        };
        let value = if self.blanks > 0 && !of.is_text() { "nullif({}, '')" } else { "{}" };
        let read_as = match convert {
            Some(convert) => Some(convert.replace("{}", value)),
            None => (value != "{}").then(|| value.to_owned()),
        };
        Inferred { of, read_as, doubt: self.doubt(name).map(Arc::from) }
    }

    fn decimal(&self) -> Type {
        let digits = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
        Type::Decimal {
            precision: digits(self.whole + self.fraction),
            scale: digits(self.fraction),
        }
    }

    fn doubt(&self, name: &str) -> Option<String> {
        if let Some((times, all)) = self.like_times(name) {
            return Some(format!(
                "`{name}` is text, but {times} of its {all} values look like dates or times: text is compared letter \
                 by letter; TRY_CONVERT(datetime2, [{name}], 101) reads month/day/year and gives the time, or NULL; \
                 style 103 reads day/month/year"
            ));
        }
        let (numbers, all) = self.like_numbers(name)?;
        let gives = match self.like_numbers - self.like_floats {
            0 if self.like_floats > 0 || !self.fits() => {
                format!("TRY_CAST([{name}] AS float) gives the number, or NULL")
            }
            0 => format!("TRY_CAST([{name}] AS decimal(18, 4)) gives the number, or NULL"),
            _ => format!(
                "where commas group digits, TRY_CAST(REPLACE([{name}], ',', '') AS float) gives the number, or \
                 NULL; where they are decimal points, TRY_CAST(REPLACE([{name}], ',', '.') AS float)"
            ),
        };
        Some(format!(
            "`{name}` is text, but {numbers} of its {all} values look like numbers: text sorts `100` before \
             `9`; {gives}"
        ))
    }
}

fn is_telephone(name: &str) -> bool {
    let name = name.to_lowercase();
    TELEPHONES.iter().any(|part| name.contains(part))
}

/// How many digits a number has before and after its point, where it is written as SQL Server writes it.
fn digits(bytes: &[u8]) -> Option<(u32, u32)> {
    let (negative, number) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        bytes => (false, bytes),
    };
    let whole = number.iter().take_while(|b| b.is_ascii_digit()).count();
    let well_begun = match number {
        [b'0'] => !negative,
        [b'0', ..] => whole == 1,
        // As bcp and sqlcmd write decimals below 1.
        [b'.', ..] => true,
        _ => (1..=MAX_WHOLE).contains(&whole),
    };
    if !well_begun {
        return None;
    }
    let count = |n: usize| u32::try_from(n).ok();
    match &number[whole..] {
        [] => Some((count(whole)?, 0)),
        [b'.', fraction @ ..] if !fraction.is_empty() => {
            let all = fraction.iter().all(u8::is_ascii_digit) && fraction.len() <= MAX_WHOLE;
            all.then_some((count(whole)?, count(fraction.len())?))
        }
        _ => None,
    }
}

/// How a day or a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Day,
    Time,
    Clock,
    Offset,
}

/// Whether a text is a day, a time of day, or both, with an offset or without, written as ISO 8601 has it; and how many
/// digits of a second it has.
fn moment(bytes: &[u8]) -> Option<(Written, u32)> {
    let mut stored = *b"2000-01-01 00:00:00.000";
    if bytes.get(2) == Some(&b':') {
        let (digits, rest) = clock(bytes, &mut stored)?;
        return (rest.is_empty() && plain::is_time(&stored)).then_some((Written::Clock, digits));
    }
    stored[..10].copy_from_slice(bytes.get(..10)?);
    let (written, digits) = match &bytes[10..] {
        [] => (Written::Day, 0),
        [b' ' | b'T', time @ ..] => match clock(time, &mut stored)? {
            (digits, []) => (Written::Time, digits),
            (digits, rest) if has_utc(&stored, offset(rest)?) => (Written::Offset, digits),
            _ => return None,
        },
        _ => return None,
    };
    plain::is_time(&stored).then_some((written, digits))
}

/// The digits of a second of a time of day, which is put into `stored` to be checked, and what follows it.
fn clock<'t>(time: &'t [u8], stored: &mut [u8; 23]) -> Option<(u32, &'t [u8])> {
    stored[11..19].copy_from_slice(time.get(..8)?);
    let [b'.', fraction @ ..] = &time[8..] else {
        return Some((0, &time[8..]));
    };
    let count = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    let digits = u32::try_from(count).ok()?;
    (1..=MAX_OF_SECOND).contains(&count).then(|| (digits, &fraction[count..]))
}

/// The minutes of `+02:00`, `-05:30` or `Z`, with a blank before it or without.
fn offset(text: &[u8]) -> Option<i32> {
    match text.strip_prefix(b" ").unwrap_or(text) {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let digits = [a, b, c, d].into_iter().all(u8::is_ascii_digit);
            let minutes = minutes([*a, *b], [*c, *d]);
            let is_one = digits && *c < b'6' && minutes <= 14 * 60;
            is_one.then_some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

fn minutes(hours: [u8; 2], minutes: [u8; 2]) -> i32 {
    let number = |[tens, ones]: [u8; 2]| i32::from(tens & 15) * 10 + i32::from(ones & 15);
    number(hours) * 60 + number(minutes)
}

/// Whether a time with an offset of so many minutes is within the years 1 to 9999 in UTC, as SQL Server wants it.
fn has_utc(stored: &[u8; 23], offset: i32) -> bool {
    let utc = minutes([stored[11], stored[12]], [stored[14], stored[15]]) - offset;
    match &stored[..10] {
        b"0001-01-01" => utc >= 0,
        b"9999-12-31" => utc < 24 * 60,
        _ => true,
    }
}

/// Whether a text that is no day or time here is one in another spelling: `1/2/2024 9:30 AM`, `2024-1-2 9:30`, `9:30`.
fn is_like_time(text: &str) -> bool {
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, time),
        None if text.contains(':') => ("", text),
        None => (text, ""),
    };
    let numbers = |text: &str, sign: char, counts: [usize; 2]| {
        let parts = text.split(sign);
        let digits =
            |part: &str| matches!(part.len(), 1..=4) && part.bytes().all(|b| b.is_ascii_digit());
        (counts[0]..=counts[1]).contains(&parts.clone().count()) && parts.into_iter().all(digits)
    };
    let is_day = is_local_date(day) || day.len() >= 8 && numbers(day, '-', [3, 3]);
    let of_clock = |c: char| c.is_ascii_digit() || ":. +-".contains(c) || "AMPZampz".contains(c);
    let (hours, rest) =
        time.split_at(time.find(|c: char| !c.is_ascii_digit()).unwrap_or(time.len()));
    let is_clock =
        (1..=2).contains(&hours.len()) && rest.starts_with(':') && rest.chars().all(of_clock);
    (is_day && (time.is_empty() || is_clock)) || (day.is_empty() && is_clock)
}

/// Whether a text is numbers for a day, a month and a year of four digits, with slashes, points or dashes between them,
/// and perhaps a time behind them.
#[must_use]
pub fn is_local_date(text: &str) -> bool {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.split(['/', '.', '-']);
    let mut digits = |least: usize, most: usize| {
        let part = parts.next().unwrap_or_default();
        (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let is_date = digits(1, 2) && digits(1, 2) && digits(4, 4);
    is_date && parts.next().is_none() && (time.is_empty() || time.contains(':'))
}

/// Whether a text that is no number here is one in another spelling: grouped, with a decimal comma, in exponents, with
/// a plus, or with more digits than are kept. Digits behind a zero are a name, and so are many behind a plus.
fn is_like_number(text: &str) -> bool {
    const LONG: usize = 24;
    let unsigned = text.trim_matches(' ').trim_start_matches(['-', '+']);
    let is_part = |b: u8| b.is_ascii_digit() || b".,' eE+-".contains(&b);
    let count = unsigned.bytes().filter(u8::is_ascii_digit).count();
    let is_name = unsigned.len() > 1
        && unsigned.starts_with('0')
        && unsigned.bytes().all(|b| b.is_ascii_digit());
    let is_telephone = text.starts_with('+') && count > 6;
    let is_date = unsigned.matches(['-', '.', ',']).count() > 1 && unsigned.contains('-')
        || is_local_date(unsigned);
    (1..=LONG).contains(&count)
        && unsigned.bytes().all(is_part)
        && !is_name
        && !is_telephone
        && !is_date
}
