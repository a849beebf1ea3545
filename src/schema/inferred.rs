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
    /// All other texts.
    pub texts: u64,
    /// Of these, those that are numbers in another spelling.
    pub like_numbers: u64,
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
    /// Anything else, kept as it is.
    Text,
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Time => "time",
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
    /// What there is to say where a column of texts is sorted or compared and most of its values are numbers.
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
        } else if let Some(of_second) = moment(bytes) {
            match of_second {
                None => self.days += 1,
                Some(count) => {
                    self.times += 1;
                    self.other_times += 1;
                    self.of_second = self.of_second.max(count);
                }
            }
        } else {
            self.texts += 1;
            self.like_numbers += u64::from(is_like_number(text));
        }
    }

    /// Whether there is no value but empty texts.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let values = self.integers + self.decimals + self.days + self.times + self.texts;
        values == 0
    }

    /// Adds what another export says of the same column.
    pub fn merge(&mut self, other: &Self) {
        self.integers += other.integers;
        self.decimals += other.decimals;
        self.days += other.days;
        self.times += other.times;
        self.other_times += other.other_times;
        self.texts += other.texts;
        self.like_numbers += other.like_numbers;
        self.blanks += other.blanks;
        self.whole = self.whole.max(other.whole);
        self.fraction = self.fraction.max(other.fraction);
        self.of_second = self.of_second.max(other.of_second);
    }

    /// What the column called `name` is.
    #[must_use]
    pub fn kind(&self, name: &str) -> ColumnKind {
        let numbers = self.integers + self.decimals;
        let times = self.days + self.times;
        let fits = self.decimals == 0 || self.whole + self.fraction <= MAX_DIGITS;
        if self.texts > 0 || (numbers > 0 && times > 0) || !fits || is_telephone(name) {
            return ColumnKind::Text;
        }
        match (self.decimals, numbers, times) {
            (1.., ..) => ColumnKind::Decimal,
            (0, 1.., _) => ColumnKind::Integer,
            (0, 0, 1..) => ColumnKind::Time,
            (0, 0, 0) => ColumnKind::Text,
        }
    }

    /// How many of how many values are numbers, in a column of texts in which most are.
    #[must_use]
    pub fn like_numbers(&self, name: &str) -> Option<(u64, u64)> {
        let numbers = self.integers + self.decimals + self.like_numbers;
        let all = self.integers + self.decimals + self.days + self.times + self.texts;
        let is_doubtful = self.kind(name) == ColumnKind::Text && numbers * 2 > all;
        (is_doubtful && !is_telephone(name)).then_some((numbers, all))
    }

    /// How the column called `name` is read.
    #[must_use]
    pub fn inferred(&self, name: &str) -> Inferred {
        let (of, convert) = match self.kind(name) {
            ColumnKind::Integer => (Type::BigInt, Some("CAST({} AS INTEGER)".to_owned())),
            ColumnKind::Decimal => (self.decimal(), Some("CAST({} AS NUMERIC)".to_owned())),
            ColumnKind::Time if self.times == 0 => (Type::Date, None),
            ColumnKind::Time if self.other_times + self.days == 0 => (Type::DateTime, None),
            ColumnKind::Time => {
                let digits = u8::try_from(self.of_second).unwrap_or(3).max(3);
                let of = Type::DateTime2(digits);
                (of, Some(format!("tsql_convert('{of}', {{}}, 'unknown')")))
            }
            ColumnKind::Text => (Type::NVARCHAR, None),
        };
        let value = if self.blanks > 0 && !of.is_text() {
            "nullif({}, '')"
        } else {
            "{}"
        };
        let read_as = match convert {
            Some(convert) => Some(convert.replace("{}", value)),
            None => (value != "{}").then(|| value.to_owned()),
        };
        Inferred {
            of,
            read_as,
            doubt: self.doubt(name).map(Arc::from),
        }
    }

    fn decimal(&self) -> Type {
        let digits = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
        Type::Decimal {
            precision: digits(self.whole + self.fraction),
            scale: digits(self.fraction),
        }
    }

    fn doubt(&self, name: &str) -> Option<String> {
        let (numbers, all) = self.like_numbers(name)?;
        Some(format!(
            "`{name}` is text, but {numbers} of its {all} values look like numbers: text sorts `100` before \
             `9`; TRY_CAST([{name}] AS decimal(18, 4)) gives the number, or NULL"
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

/// Whether a text is a day, or a day with a time to so many digits of a second, written as ISO 8601 has it and without
/// an offset, which would be lost; more than milliseconds would be as well.
fn moment(bytes: &[u8]) -> Option<Option<u32>> {
    let mut stored = *b"0000-00-00 00:00:00.000";
    stored[..10].copy_from_slice(bytes.get(..10)?);
    let digits = match &bytes[10..] {
        [] => None,
        [b' ' | b'T', time @ ..] => {
            stored[11..19].copy_from_slice(time.get(..8)?);
            Some(match &time[8..] {
                [] => 0,
                [b'.', fraction @ ..] => {
                    let (kept, cut) = fraction.split_at(fraction.len().min(3));
                    let all = !kept.is_empty() && kept.iter().all(u8::is_ascii_digit);
                    let lossless =
                        fraction.len() <= MAX_OF_SECOND && cut.iter().all(|b| *b == b'0');
                    (all && lossless).then_some(u32::try_from(kept.len()).ok()?)?
                }
                _ => return None,
            })
        }
        _ => return None,
    };
    plain::is_time(&stored).then_some(digits)
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
