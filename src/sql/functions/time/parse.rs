//! Dates and times read from text, as a session in US English reads them, or in a style of `CONVERT`.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{MONTHS, Moment, first_day, offset};

/// `.003` as a length of time; digits beyond the ninth do not count.
pub(super) fn fraction(text: &str) -> TimeDelta {
    let digits: String =
        text.chars().filter(char::is_ascii_digit).chain(std::iter::repeat('0')).take(9).collect();
    TimeDelta::nanoseconds(digits.parse().unwrap_or(0))
}

/// How many digits a text has after the point of its seconds.
pub fn digits_of_second(text: &str) -> usize {
    let seconds = text.rsplit_once(':').map_or("", |(_, seconds)| seconds);
    let digits = seconds.split_once('.').map_or("", |(_, digits)| digits);
    digits.bytes().take_while(u8::is_ascii_digit).count()
}

/// What a text says about its time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// No offset at all.
    None,
    /// `Z`, which is UTC.
    Utc,
    /// Hours and minutes, such as `+02:00`, in minutes.
    Offset(i32),
}

impl Zone {
    /// How many minutes the clock is ahead of UTC.
    pub fn minutes(self) -> i32 {
        match self {
            Self::None | Self::Utc => 0,
            Self::Offset(minutes) => minutes,
        }
    }
}

/// A date and time without the zone at its end, and that zone.
pub fn without_zone(text: &str) -> (&str, Zone) {
    let trimmed = text.trim_end_matches(' ');
    let timed =
        |before: &str| before.contains(':') && before.ends_with(|c: char| c.is_ascii_digit());
    if let Some(before) = trimmed.strip_suffix(['Z', 'z'])
        && timed(before.trim_end_matches(' '))
    {
        return (before.trim_end_matches(' '), Zone::Utc);
    }
    let at = trimmed.rfind(['+', '-']).unwrap_or(0);
    let (before, offset) = trimmed.split_at(at);
    let before = before.trim_end_matches(' ');
    match offset::read_offset(offset) {
        Some(minutes) if timed(before) => (before, Zone::Offset(minutes)),
        _ => (text, Zone::None),
    }
}

/// The style of `SET DATEFORMAT dmy`, where a year that stands first is followed by the month.
pub const DMY: i64 = 1103;
/// The same for `datetime`, where it is followed by the day.
pub const YDM: i64 = 1104;

/// Which number of a date stands first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Month,
    Day,
    /// The day, or the year with the month after it.
    DayOrYear,
    /// The day, or the year with the day after it.
    DayOrYearDay,
    Year,
}

enum Token<'a> {
    Number(&'a str),
    Word(String),
    Sign(char),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |test: fn(&char) -> bool| rest.find(|c| !test(&c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let end = run(char::is_ascii_digit);
            tokens.push(Token::Number(&rest[..end]));
            end
        } else if first.is_ascii_alphabetic() {
            let end = run(char::is_ascii_alphabetic);
            tokens.push(Token::Word(rest[..end].to_ascii_lowercase()));
            end
        } else {
            if first != ' ' {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Reads a date, a time or both from text, as a session in US English does; `style` is that of `CONVERT`.
pub fn parse(text: &str, style: Option<i64>) -> Option<Moment> {
    let order = match style {
        Some(DMY) => Order::DayOrYear,
        Some(YDM) if text.contains('T') => Order::DayOrYear,
        Some(YDM) => Order::DayOrYearDay,
        Some(3..=6 | 13 | 103..=106 | 113) => Order::Day,
        Some(2 | 11 | 12 | 20 | 21 | 23 | 25 | 102 | 111 | 112 | 120 | 121 | 126 | 127) => {
            Order::Year
        }
        _ => Order::Month,
    };
    let tokens = tokens(text.trim_matches(' '));
    // The time starts at the number before the first colon, or before AM or PM.
    let is_half = |token: &Token<'_>| matches!(token, Token::Word(w) if w == "am" || w == "pm");
    let colon = tokens.iter().position(|token| matches!(token, Token::Sign(':')) || is_half(token));
    let split = match colon {
        Some(0) => return None,
        Some(at) => at - 1,
        None => tokens.len(),
    };
    let (mut date, time) = tokens.split_at(split);
    if let [before @ .., Token::Word(t)] = date
        && t == "t"
        && !time.is_empty()
    {
        date = before;
    }
    let day = read_date(date, order)?;
    let clock = read_time(time, style)?;
    Some(Moment::without_offset(day.and_time(NaiveTime::MIN) + clock))
}

fn read_time(tokens: &[Token<'_>], style: Option<i64>) -> Option<TimeDelta> {
    let mut rest = tokens;
    let mut half = None;
    if let [before @ .., Token::Word(word)] = rest {
        match word.as_str() {
            "am" => half = Some(0),
            "pm" => half = Some(12),
            "z" if style == Some(127) => {}
            _ => return None,
        }
        rest = before;
    }
    if rest.is_empty() {
        return (half.is_none()).then(TimeDelta::zero);
    }
    let number = |token: &Token<'_>, most: i64| match token {
        Token::Number(digits) if digits.len() <= 2 => {
            digits.parse::<i64>().ok().filter(|n| *n <= most)
        }
        _ => None,
    };
    let mut hour = number(rest.first()?, 23)?;
    if let Some(half) = half {
        hour = match hour {
            1..=12 => hour % 12 + half,
            0 if half == 0 => 0,
            13.. if half == 12 => hour,
            _ => return None,
        };
    }
    let (mut minute, mut second, mut nanos) = (0, 0, TimeDelta::zero());
    match &rest[1..] {
        [] if half.is_some() => {}
        [Token::Sign(':'), m] => minute = number(m, 59)?,
        [Token::Sign(':'), m, Token::Sign(':'), s] => {
            (minute, second) = (number(m, 59)?, number(s, 59)?);
        }
        [
            Token::Sign(':'),
            m,
            Token::Sign(':'),
            s,
            Token::Sign(point @ ('.' | ':')),
            Token::Number(f),
        ] if f.len() <= 7 => {
            (minute, second) = (number(m, 59)?, number(s, 59)?);
            nanos = if *point == '.' {
                fraction(f)
            } else {
                TimeDelta::milliseconds(f.parse().ok().filter(|ms| *ms < 1000)?)
            };
        }
        _ => return None,
    }
    Some(TimeDelta::seconds(hour * 3600 + minute * 60 + second) + nanos)
}

fn read_date(tokens: &[Token<'_>], order: Order) -> Option<NaiveDate> {
    let mut numbers: Vec<&str> = Vec::new();
    let mut month = None;
    for token in tokens {
        match token {
            Token::Number(digits) => numbers.push(digits),
            Token::Word(word) if month.is_none() => month = Some(month_named(word)?),
            Token::Sign('-' | '/' | '.' | ',') => {}
            _ => return None,
        }
    }
    let value = |text: &str| text.parse::<u32>().ok();
    let year = |text: &str| {
        let value: i32 = text.parse().ok()?;
        match text.len() {
            4 => Some(value),
            1 | 2 if value < 50 => Some(2000 + value),
            1 | 2 => Some(1900 + value),
            _ => None,
        }
    };
    let short = |text: &str| text.len() <= 2;
    if let Some(month) = month {
        return match numbers.as_slice() {
            [y] if y.len() == 4 => NaiveDate::from_ymd_opt(year(y)?, month, 1),
            [y, d] if y.len() == 4 && short(d) => {
                NaiveDate::from_ymd_opt(year(y)?, month, value(d)?)
            }
            [d, y] if short(d) => NaiveDate::from_ymd_opt(year(y)?, month, value(d)?),
            _ => None,
        };
    }
    match numbers.as_slice() {
        [] if tokens.is_empty() => Some(first_day()),
        [all] if tokens.len() == 1 => match all.len() {
            8 => NaiveDate::from_ymd_opt(
                all[..4].parse().ok()?,
                value(&all[4..6])?,
                value(&all[6..])?,
            ),
            6 => NaiveDate::from_ymd_opt(year(&all[..2])?, value(&all[2..4])?, value(&all[4..])?),
            4 => NaiveDate::from_ymd_opt(year(all)?, 1, 1),
            _ => None,
        },
        [a, b, c] if tokens.len() == 5 => {
            let (y, m, d) = match order {
                Order::Day if a.len() == 4 => return None,
                Order::DayOrYearDay if a.len() == 4 => (a, c, b),
                _ if a.len() == 4 => (a, b, c),
                // The year may stand in the middle.
                Order::Month if b.len() == 4 => (b, a, c),
                Order::Day | Order::DayOrYear | Order::DayOrYearDay if b.len() == 4 => (b, c, a),
                Order::Year => (a, b, c),
                Order::Month => (c, a, b),
                Order::Day | Order::DayOrYear | Order::DayOrYearDay => (c, b, a),
            };
            if !short(m) || !short(d) {
                return None;
            }
            NaiveDate::from_ymd_opt(year(y)?, value(m)?, value(d)?)
        }
        _ => None,
    }
}

fn month_named(word: &str) -> Option<u32> {
    let found = MONTHS
        .iter()
        .zip(1..)
        .find(|(name, _)| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]));
    found.map(|(_, number)| number)
}
