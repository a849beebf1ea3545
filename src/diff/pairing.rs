//! Which row of one table goes with which of the other, and how their cells are compared.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};

use super::options::{DiffOptions, Tolerance};
use super::table_diff::{CellDiff, DifferenceKind, PairedColumn, RowDiff};
use super::values::{Value, is_blank, pick, same, sole, within};
use crate::table::{Cell, ResultTable};

/// Above this many candidate pairs, the remaining rows of a group are paired by position.
const MAX_CANDIDATES: usize = 1_000_000;

/// How the cells of one column are compared.
pub(super) struct Rule {
    expected: Option<usize>,
    actual: Option<usize>,
    ignored: bool,
    tolerance: Option<Tolerance>,
}

pub(super) fn rules(columns: &[PairedColumn], options: &DiffOptions) -> Vec<Rule> {
    (columns.iter())
        .map(|column| Rule {
            expected: column.expected.map(|place| place.position),
            actual: column.actual.map(|place| place.position),
            ignored: options.ignore.contains(&column.name),
            tolerance: options.tolerance.get(&column.name).copied(),
        })
        .collect()
}

impl Rule {
    /// What the two cells come to, or `None` if they are plainly equal or neither exists.
    fn verdict(&self, expected: Option<&Cell>, actual: Option<&Cell>) -> Option<DifferenceKind> {
        match (expected, actual) {
            (None, None) => None,
            (Some(expected), Some(actual)) if same(expected, actual) => None,
            _ if self.ignored => Some(DifferenceKind::Ignored),
            (Some(_), None) => Some(DifferenceKind::Missing),
            (None, Some(_)) => Some(DifferenceKind::Extra),
            (Some(expected), Some(actual)) if self.tolerates(expected, actual) => {
                Some(DifferenceKind::WithinTolerance)
            }
            _ => Some(DifferenceKind::Differs),
        }
    }

    fn tolerates(&self, expected: &Cell, actual: &Cell) -> bool {
        self.tolerance.is_some_and(|tolerance| within(expected, actual, tolerance))
    }
}

/// Two tables and how their rows and cells are compared.
pub(super) struct Comparison<'a> {
    /// The tables as they are.
    pub(super) shown: (&'a ResultTable, &'a ResultTable),
    /// The tables as they are compared.
    pub(super) expected: &'a ResultTable,
    pub(super) actual: &'a ResultTable,
    pub(super) related_only: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) expected_key: Vec<usize>,
    pub(super) actual_key: Vec<usize>,
}

/// The position of a row in the expected table and in the actual one.
pub(super) type Pair = (Option<usize>, Option<usize>);

impl<'a> Comparison<'a> {
    pub(super) fn row(&self, columns: &[PairedColumn], (expected, actual): Pair) -> RowDiff {
        let expected_row = expected.map(|at| &self.expected.rows[at]);
        let actual_row = actual.map(|at| &self.actual.rows[at]);
        let shown =
            (expected.map(|at| &self.shown.0.rows[at]), actual.map(|at| &self.shown.1.rows[at]));
        let key = match shown {
            (Some(row), _) => pick(row, &self.expected_key),
            (None, Some(row)) => pick(row, &self.actual_key),
            (None, None) => Vec::new(),
        };
        let cells = self.rules.iter().enumerate().filter_map(|(at, rule)| {
            let expected = expected_row.and_then(|row| Some(&row[rule.expected?]));
            let actual = actual_row.and_then(|row| Some(&row[rule.actual?]));
            // In a row that only one side has, no column is less missing for being ignored.
            let verdict = match (expected_row, actual_row) {
                (Some(_), None) => expected.map(|_| DifferenceKind::Missing),
                (None, Some(_)) => actual.map(|_| DifferenceKind::Extra),
                _ => rule.verdict(expected, actual),
            };
            Some(CellDiff {
                column: columns[at].name.clone(),
                at,
                expected: shown.0.and_then(|row| row.get(rule.expected?).cloned()),
                actual: shown.1.and_then(|row| row.get(rule.actual?).cloned()),
                verdict: verdict?,
            })
        });
        RowDiff {
            cells: cells.collect(),
            key: key.into_iter().map(|value| value.0.clone()).collect(),
            expected,
            actual,
        }
    }

    /// Pairs every row of either table with its counterpart or with nothing, in no particular order.
    pub(super) fn pair_rows(&self) -> Vec<Pair> {
        let mut groups: HashMap<_, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, row) in self.expected.rows.iter().enumerate() {
            let group = groups.entry(pick(row, &self.expected_key)).or_default();
            group.0.push(at);
        }
        for (at, row) in self.actual.rows.iter().enumerate() {
            let group = groups.entry(pick(row, &self.actual_key)).or_default();
            group.1.push(at);
        }
        let mut pairs = Vec::with_capacity(groups.len());
        for (expected, actual) in groups.into_values() {
            match (expected.as_slice(), actual.as_slice()) {
                ([expected], [actual]) => pairs.push((Some(*expected), Some(*actual))),
                _ => self.pair_group(expected, actual, &mut pairs),
            }
        }
        pairs
    }

    /// Pairs rows of equal key. The module's documentation says why this has no direction.
    fn pair_group(&self, expected: Vec<usize>, actual: Vec<usize>, pairs: &mut Vec<Pair>) {
        let (expected, actual) = self.pair_equal(expected, actual, pairs);
        let few = expected.len().saturating_mul(actual.len()) <= MAX_CANDIDATES;
        let chosen = if self.related_only {
            self.choose_greedily(&expected, &actual, self.related(&expected, &actual, few))
        } else if few {
            self.choose_greedily(&expected, &actual, all_pairs(&expected, &actual))
        } else {
            (0..expected.len().min(actual.len())).map(|n| (n, n)).collect()
        };
        let mut left: (Vec<_>, Vec<_>) =
            (expected.into_iter().map(Some).collect(), actual.into_iter().map(Some).collect());
        for (i, j) in chosen {
            pairs.push((left.0[i].take(), left.1[j].take()));
        }
        pairs.extend(left.0.into_iter().flatten().map(|at| (Some(at), None)));
        pairs.extend(left.1.into_iter().flatten().map(|at| (None, Some(at))));
    }

    /// Pairs the n-th row of some content with the n-th of the same content, and gives back the rest.
    fn pair_equal(
        &self,
        expected: Vec<usize>,
        actual: Vec<usize>,
        pairs: &mut Vec<Pair>,
    ) -> (Vec<usize>, Vec<usize>) {
        let counted = || self.rules.iter().filter(|rule| !rule.ignored);
        let (expected_columns, actual_columns): (Vec<_>, Vec<_>) =
            counted().filter_map(|rule| rule.expected.zip(rule.actual)).unzip();
        let mut by_content: HashMap<_, VecDeque<usize>> = HashMap::new();
        for at in actual {
            let content = pick(&self.actual.rows[at], &actual_columns);
            by_content.entry(content).or_default().push_back(at);
        }
        let mut rest = Vec::new();
        for at in expected {
            let content = pick(&self.expected.rows[at], &expected_columns);
            match by_content.get_mut(&content).and_then(VecDeque::pop_front) {
                Some(equal) => pairs.push((Some(at), Some(equal))),
                None => rest.push(at),
            }
        }
        let mut actual: Vec<_> = by_content.into_values().flatten().collect();
        actual.sort_unstable();
        (rest, actual)
    }

    /// Pairs as many rows as can be, most agreeing cells first, then the smallest sum of positions.
    fn choose_greedily(
        &self,
        expected: &[usize],
        actual: &[usize],
        pairs: impl IntoIterator<Item = (usize, usize)>,
    ) -> Vec<(usize, usize)> {
        let candidate = |(i, j): (usize, usize)| {
            let rows = (&self.expected.rows[expected[i]], &self.actual.rows[actual[j]]);
            (Reverse(self.agreeing(rows.0, rows.1)), i + j, i, j)
        };
        let mut candidates: Vec<_> = pairs.into_iter().map(candidate).collect();
        candidates.sort_unstable();
        let (mut expected, mut actual) = (vec![false; expected.len()], vec![false; actual.len()]);
        let mut chosen = Vec::new();
        for (_, _, i, j) in candidates {
            if !expected[i] && !actual[j] {
                (expected[i], actual[j]) = (true, true);
                chosen.push((i, j));
            }
        }
        chosen
    }

    /// The pairs of rows that may be one row: they share a value that no other of these rows has on either side, or,
    /// where there are few of them, more than half of the columns with something in them. Neither has a direction.
    fn related(&self, expected: &[usize], actual: &[usize], few: bool) -> BTreeSet<(usize, usize)> {
        let mut pairs = BTreeSet::new();
        let counted: Vec<_> = (self.rules.iter().filter(|rule| !rule.ignored))
            .filter_map(|rule| rule.expected.zip(rule.actual))
            .collect();
        for (e, a) in &counted {
            let own = sole(expected.iter().map(|at| &self.expected.rows[*at][*e]));
            let other = sole(actual.iter().map(|at| &self.actual.rows[*at][*a]));
            let shared = |(value, i): (Value<'_>, usize)| Some((i, *other.get(&value)?));
            pairs.extend(own.into_iter().filter_map(shared));
        }
        if few {
            pairs.extend(all_pairs(expected, actual).filter(|(i, j)| {
                let rows = (&self.expected.rows[expected[*i]], &self.actual.rows[actual[*j]]);
                // Two blanks agree, and say nothing.
                let says = |(e, a): (usize, usize)| !(is_blank(&rows.0[e]) && is_blank(&rows.1[a]));
                let agreeing = self.agreeing_rules(rows.0, rows.1);
                let saying =
                    agreeing.filter(|rule| rule.expected.zip(rule.actual).is_some_and(says));
                saying.count() * 2 > counted.len()
            }));
        }
        pairs
    }

    /// The number of cells, ignored columns aside, that both rows have and that are no difference.
    fn agreeing(&self, expected: &[Cell], actual: &[Cell]) -> usize {
        self.agreeing_rules(expected, actual).count()
    }

    /// The columns, ignored ones aside, that both rows have and in which they do not differ.
    fn agreeing_rules<'r>(
        &'r self,
        expected: &[Cell],
        actual: &[Cell],
    ) -> impl Iterator<Item = &'r Rule> {
        let agrees = |rule: &&Rule| {
            (rule.expected.zip(rule.actual)).is_some_and(|(e, a)| {
                let verdict = rule.verdict(Some(&expected[e]), Some(&actual[a]));
                !verdict.is_some_and(DifferenceKind::is_difference)
            })
        };
        let counted = self.rules.iter().filter(|rule| !rule.ignored);
        counted.filter(agrees)
    }
}

/// Every pair of the places of two lists.
fn all_pairs(expected: &[usize], actual: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let others = actual.len();
    (0..expected.len()).flat_map(move |i| (0..others).map(move |j| (i, j)))
}
