//! Times damaged by a spreadsheet, which saves what its cells show: of `2011-07-12 14:49:55.000` only `49:55.0` is
//! left, or a row of hashes. Neither can be undone.

/// A column of damaged times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoiled {
    /// The column's name, or its position.
    pub column: String,
    /// Up to three of its fields.
    pub samples: Vec<String>,
}

impl Spoiled {
    /// Whether column `at`, called `name`, with these texts, is damaged.
    #[must_use]
    pub fn column<'t>(
        at: usize,
        name: Option<&str>,
        texts: impl Iterator<Item = &'t str>,
    ) -> Option<Self> {
        let mut samples = Vec::new();
        let (mut spoiled, mut all) = (0, 0);
        for text in texts.filter(|text| !text.is_empty() && *text != "NULL") {
            all += 1;
            if SpreadsheetDamage::of(text).is_some() {
                spoiled += 1;
                if samples.len() < 3 {
                    samples.push(text.to_owned());
                }
            }
        }
        let name = name.map_or_else(|| format!("column {}", at + 1), str::to_owned);
        (spoiled > 0 && spoiled * 10 >= all * 9).then_some(Self { column: name, samples })
    }
}

/// What a spreadsheet leaves of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpreadsheetDamage {
    /// `49:55.0`, minutes and seconds.
    Minutes,
    /// `########`, from a cell that was too narrow.
    Hashes,
}

impl SpreadsheetDamage {
    /// What a spreadsheet left in `text`, if it did.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        // Nearly every text is asked, and nearly none begins like a time.
        match text.as_bytes().first()? {
            b'#' => is_hashes(text).then_some(Self::Hashes),
            b'0'..=b'9' if is_minutes(text) => Some(Self::Minutes),
            _ => None,
        }
    }

    /// A description that completes a sentence.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Minutes => "what a spreadsheet leaves of a date and time",
            Self::Hashes => "what a spreadsheet shows where a column is too narrow",
        }
    }
}

fn is_hashes(text: &str) -> bool {
    text.len() >= 3 && text.bytes().all(|b| b == b'#')
}

/// `49:55.0`, or with a decimal comma.
fn is_minutes(text: &str) -> bool {
    let Some((minutes, seconds)) = text.split_once(':') else {
        return false;
    };
    let Some((seconds, tenths)) = seconds.split_once(['.', ',']) else {
        return false;
    };
    is_digits(minutes, 1..=2) && is_digits(seconds, 2..=2) && is_digits(tenths, 1..=3)
}

/// Whether most texts of a column are dates as a spreadsheet saves them, in regional order and without seconds:
/// `12/07/2011 14:49`.
#[must_use]
pub fn are_resaved<'t>(texts: impl Iterator<Item = &'t str>) -> bool {
    let (mut resaved, mut all) = (0, 0);
    for text in texts.filter(|text| !text.is_empty() && *text != "NULL") {
        all += 1;
        resaved += usize::from(is_local_day(text));
    }
    resaved > 0 && resaved * 10 >= all * 9
}

fn is_local_day(text: &str) -> bool {
    let Some((day, time)) = text.split_once(' ') else {
        return false;
    };
    let mut parts = day.split(['/', '.', '-']);
    let (Some(first), Some(second), Some(year), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let time = time.trim_end_matches([' ', 'A', 'P', 'M', 'a', 'p', 'm']);
    let (hour, minute) = time.split_once(':').unwrap_or_default();
    is_digits(first, 1..=2)
        && is_digits(second, 1..=2)
        && (is_digits(year, 4..=4) || is_digits(year, 2..=2))
        && is_digits(hour, 1..=2)
        && is_digits(minute, 2..=2)
}

fn is_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
