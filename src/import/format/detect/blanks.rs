//! Spaces that a tool or a person puts around values, and spaces within times in files separated by spaces.

use super::cell_shape::CellShape;
use crate::record::Field;
use crate::record::Written;

/// Which spaces around a value are not part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlanksAround {
    /// One before each field except the first.
    pub before: bool,
    /// One before the first field too.
    pub before_first: bool,
    /// All after a field.
    pub behind: bool,
}

/// A record's text and its fields.
type Fields<'f> = (&'f str, &'f [Field]);

impl BlanksAround {
    /// Whether there are any.
    #[must_use]
    pub fn any(self) -> bool {
        self.before || self.behind
    }

    /// What the spaces around the fields of `records` mean; the first record is the column names if `has_names`. A
    /// space before text may be part of it: it belongs to the layout only if numbers, times or the names have one too.
    /// The same goes for trailing spaces, unless they pad columns to one width each.
    pub(super) fn of(records: &[Fields<'_>], has_names: bool) -> Self {
        let Some(((_, first), rest)) = records.split_first() else {
            return Self::default();
        };
        let width = first.len();
        let rest = || rest.iter().filter(move |(_, fields)| fields.len() == width && width > 1);
        let begins = |text: &str| text.starts_with(' ');
        let ends = |text: &str| text.ends_with(' ');
        let names = has_names.then(|| records[0]);
        let is_typed = |at: usize| {
            let texts = || rest().filter_map(move |record| bare(*record, at));
            let looks = texts().map(|text| CellShape::of(text.trim_matches(' ')));
            let look = looks.fold(CellShape::Nothing, CellShape::and);
            matches!(look, CellShape::Number | CellShape::Time) && texts().all(begins)
        };
        let named = names.is_some_and(|names| all(names, 1..width, begins));
        let before = nearly_all(rest(), 1..width, begins) && (named || (1..width).any(is_typed));
        let last = width.saturating_sub(1);
        let closed = names.is_none_or(|names| all(names, 0..last, ends));
        let behind = (before && closed && nearly_all(rest(), 0..last, ends))
            || (has_names && fills_columns(records, width));
        Self { before, before_first: before && nearly_all(rest(), 0..1, begins), behind }
    }

    /// Removes them from `fields` of `text`; numbers, times and NULL lose all leading spaces.
    pub fn take_off(self, text: &str, fields: &mut [Field]) {
        for (at, field) in fields.iter_mut().enumerate() {
            let value = text.get(field.start..field.end).unwrap_or_default();
            if field.written != Written::Bare {
                continue;
            }
            if self.behind {
                field.end = field.start + value.trim_end_matches(' ').len();
            }
            let inner = value.trim_matches(' ');
            let is_typed = inner == "NULL"
                || matches!(CellShape::of(inner), CellShape::Number | CellShape::Time);
            let before = if at == 0 { self.before_first } else { self.before };
            if is_typed && (before || self.behind) {
                field.start += value.len() - value.trim_start_matches(' ').len();
            } else if before && field.start < field.end && value.starts_with(' ') {
                field.start += 1;
            }
        }
    }
}

/// The text of a field without quotes that is not empty.
fn bare<'f>((text, fields): Fields<'f>, at: usize) -> Option<&'f str> {
    let field = fields.get(at).filter(|field| field.written == Written::Bare)?;
    text.get(field.start..field.end).filter(|text| !text.is_empty())
}

fn all(record: Fields<'_>, places: std::ops::Range<usize>, is: impl Fn(&str) -> bool) -> bool {
    let mut places = places.filter_map(|at| bare(record, at)).peekable();
    places.peek().is_some() && places.all(is)
}

/// Whether `is` holds for 95 % of the fields at these positions.
fn nearly_all<'f>(
    records: impl Iterator<Item = &'f Fields<'f>>,
    places: std::ops::Range<usize>,
    is: impl Fn(&str) -> bool,
) -> bool {
    let (mut count, mut fitting) = (0, 0);
    for record in records {
        for text in places.clone().filter_map(|at| bare(*record, at)) {
            count += 1;
            fitting += usize::from(is(text));
        }
    }
    count > 0 && fitting * 20 >= count * 19
}

/// Whether trailing spaces pad all columns, or all but the last, to the same width in each record.
fn fills_columns(records: &[Fields<'_>], width: usize) -> bool {
    let of_column = |at: usize| records.iter().filter_map(move |record| bare(*record, at));
    let is_even = |at: usize| {
        let mut lengths = of_column(at).map(|text| text.chars().count());
        let first = lengths.next();
        lengths.all(|length| Some(length) == first) && of_column(at).count() == records.len()
    };
    let is_filled = |at: usize| of_column(at).any(|text| text.ends_with(' '));
    let last = width.saturating_sub(1);
    let padded = if is_even(last) { width } else { last };
    records.len() > 2
        && records.iter().all(|(_, fields)| fields.len() == width)
        && (0..last).all(is_even)
        && (0..padded).filter(|at| is_filled(*at)).count() > 1
}

/// Joins dates with the times after them if a space is the separator and a record has more fields than `width`.
pub fn join_times(text: &str, fields: &mut Vec<Field>, width: usize) {
    let mut at = 0;
    while fields.len() > width && at + 1 < fields.len() {
        let (field, next) = (fields[at], fields[at + 1]);
        let whole = text.get(field.start..next.end).unwrap_or_default();
        let is_day = next.start == field.end + 1 && field.end - field.start == DAY;
        let is_offset =
            || text[next.start..].starts_with(['+', '-']) && field.end - field.start > DAY;
        let is_time = next.end > next.start && CellShape::of(whole) == CellShape::Time;
        if is_time && (is_day || is_offset()) {
            fields[at].end = next.end;
            fields.remove(at + 1);
        } else {
            at += 1;
        }
    }
}

/// The characters of a date, `2011-07-12`.
const DAY: usize = 10;

/// How many values `line` has if separated by spaces, times counted as one.
#[must_use]
pub fn spaced_values(line: &str) -> usize {
    let mut start = 0;
    let mut fields: Vec<Field> = line
        .split(' ')
        .map(|word| {
            let field = Field { start, end: start + word.len(), written: Written::Bare };
            start = field.end + 1;
            field
        })
        .collect();
    join_times(line, &mut fields, 1);
    fields.len()
}
