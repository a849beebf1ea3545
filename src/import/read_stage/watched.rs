//! What converted values show: the type of a column that the schema does not have, dates in the given format, flags
//! longer than their column, and a last row that is the sum of the others.

use super::ReadStage;
use crate::import::convert;
use crate::import::convert::Cast;
use crate::import::mapping::Plan;
use crate::import::mapping::Target;
use crate::record::batch::RowValue;
use crate::schema::product::ProductTable;

/// The maximum number of columns that are summed: the key, and the first others.
const SUMMED: usize = 5;

/// The minimum number of rows of which another can be the sum.
const FEWEST: u64 = 3;

/// The positions in a row of the columns whose values are inspected.
#[derive(Default)]
pub(super) struct Watched {
    /// Columns that the schema does not have.
    unknown: Vec<usize>,
    /// Columns of one character.
    flags: Vec<usize>,
    /// The key and other whole numbers.
    numbers: Vec<usize>,
    sums: [i128; SUMMED],
    /// The newest row's value, `None` for NULL, and its line.
    last: [Option<i64>; SUMMED],
    line: u64,
    rows: u64,
}

impl Watched {
    pub(super) fn of(target: &Target) -> Self {
        let product = ProductTable::named(&target.shape.table);
        let is_flag = |name: &str| {
            let declared = product.and_then(|table| Some(table.columns[table.position(name)?].1));
            declared == Some("CHAR(1)")
        };
        let columns = target.shape.columns.iter().enumerate();
        let flags = columns.filter(|(_, column)| column.known && is_flag(&column.name));
        let whole = |at: &usize| matches!(target.steps[*at].1, Cast::Integer { .. });
        let others = (0..target.steps.len()).filter(|at| whole(at) && Some(*at) != target.key);
        let numbers = target.key.filter(whole).into_iter().chain(others);
        Self {
            unknown: target.unknown(),
            flags: flags.map(|(at, _)| at).collect(),
            numbers: match target.key.is_some_and(|key| whole(&key)) {
                true => numbers.take(SUMMED).collect(),
                false => Vec::new(),
            },
            ..Self::default()
        }
    }

    fn add(&mut self, row: &[RowValue], line: u64) {
        (self.rows, self.line) = (self.rows + 1, line);
        for (nth, at) in self.numbers.iter().enumerate() {
            self.last[nth] = match row[*at] {
                RowValue::Integer(value) => Some(value),
                _ => None,
            };
            self.sums[nth] += i128::from(self.last[nth].unwrap_or_default());
        }
    }

    /// The positions of the key and of another column that are the sums of all previous rows in the newest row.
    fn totals(&self) -> Option<(usize, usize)> {
        let is_sum = |nth: &usize| {
            let last = self.last[*nth].map(i128::from);
            last.is_some_and(|last| last > 0 && self.sums[*nth] - last == last)
        };
        let mut sums = (0..self.numbers.len()).filter(is_sum);
        let key = sums.next().filter(|nth| *nth == 0 && self.rows >= FEWEST)?;
        Some((self.numbers[key], self.numbers[sums.next()?]))
    }
}

impl ReadStage {
    /// Inspects the newest row of each table, which came from the record at `line`.
    pub(super) fn watch(&mut self, plan: &Plan, line: u64) {
        for nth in 0..self.watched.len() {
            let batch = &self.batches[nth];
            if batch.lines.last() != Some(&line) {
                continue;
            }
            let row = batch.values.len() - plan.targets[nth].width();
            let watched = &mut self.watched[nth];
            watched.add(&batch.values[row..], line);
            for at in &watched.flags {
                if let RowValue::Text { start, end } = batch.values[row + at] {
                    let text = &batch.text[start as usize..end as usize];
                    let is_long = text.len() > 1 && text.chars().nth(1).is_some();
                    self.ended.seen[nth][*at].too_long += u64::from(is_long);
                }
            }
            self.count_values(nth, row);
        }
    }

    /// Counts the types of values of the row at `row`, in columns whose type the schema does not give, and parses dates
    /// in the given format.
    fn count_values(&mut self, nth: usize, row: usize) {
        let batch = &mut self.batches[nth];
        for &step in &self.watched[nth].unknown {
            let RowValue::Text { start, end } = batch.values[row + step] else {
                continue;
            };
            let text = &batch.text[start as usize..end as usize];
            let (values, seen) =
                (&mut self.ended.values[nth][step], &mut self.ended.seen[nth][step]);
            let format = self.rules.date_format.as_deref();
            if let Some(stored) = format.and_then(|format| convert::formatted(text, format)) {
                values.add(&stored);
                seen.by_format += 1;
                batch.values[row + step] = convert::push(&stored, batch);
                continue;
            }
            values.add(text);
            seen.like_dates += u64::from(convert::is_local_date(text));
        }
    }

    /// What the rows show together.
    pub(super) fn watch_end(&mut self) {
        let Some(plan) = &self.plan else { return };
        for (watched, target) in self.watched.iter().zip(&plan.targets) {
            if let Some((key, other)) = watched.totals() {
                let name = |at: usize| &target.shape.columns[at].name;
                self.ended.warnings.push(format!(
                    "the record at line {} holds the sums of `{}` and `{}`: if it is a row of totals, take it out of \
                     the file and import it again",
                    watched.line,
                    name(key),
                    name(other)
                ));
            }
        }
        let by_format: u64 = self.ended.seen.iter().flatten().map(|seen| seen.by_format).sum();
        if self.rules.date_format.is_some() && by_format == 0 {
            let remark = "no value is a date as `--date-format` says";
            self.ended.warnings.push(remark.to_owned());
        }
    }
}
