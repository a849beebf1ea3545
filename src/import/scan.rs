//! Answers a question straight from files: loads into a copy that is gone afterwards only the rows that can be in the
//! answer.
//!
//! A statement that selects from tables joined on equal terms, each named once, says in those conditions of its WHERE
//! that hold one column against whole numbers which rows cannot be in the answer, whatever other tables hold. Such a
//! row is passed over where the tokenizer has found it: its fields are counted and its bytes looked at like every
//! other's, so that a record that is none is still rejected, but its values are not read, and not stored.
//!
//! Passing a row over would be wrong in three cases, and all are noticed and everything loaded instead: when its key
//! stands in the file a second time, because the first of the two would have been kept (so keys have to ascend); when
//! a second result begins in the file, which may have other columns; and when another file has rows of the same table,
//! because the newer state of a key counts.
//!
//! This module does not run the statement.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, JoinOperator, Select, SetExpr, Statement, TableFactor, UnaryOperator,
    Value, visit_relations,
};

use super::record::{Field, Written};
use super::tables::{self, Kept, Plan};
use super::tokenize::RawRecord;
use super::typed::Cast;
use super::{ImportError, Summary};
use crate::sql::guard::limits::LONGEST_TEXT;
use crate::sql::tsql::{self, Literal};
use crate::store::{Store, StoreError};
use crate::table::Cell;

/// Which rows of a table a statement can use: those that pass every test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The product's table.
    pub table: String,
    /// Columns in lower case, and what their values must be. NULL passes none.
    pub tests: Vec<(String, Test)>,
}

/// What a whole number must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// One of these.
    In(Vec<i64>),
    /// None of these.
    NotIn(Vec<i64>),
    /// From the first to the second.
    Between(i64, i64),
}

impl Test {
    /// Whether a value passes.
    pub(crate) fn passes(&self, value: i64) -> bool {
        match self {
            Self::In(values) => values.contains(&value),
            Self::NotIn(values) => !values.contains(&value),
            Self::Between(least, most) => (*least..=*most).contains(&value),
        }
    }
}

// WHAT A STATEMENT NEEDS ---------------------------------------------------------------------------------------

/// Which rows the T-SQL in `text` can use. Of a table that is not named, every row may be needed. `literals` stand for
/// values that are not known here. A text that is too long to be asked is not read.
#[must_use]
pub fn needs(text: &str, literals: &[Literal]) -> Vec<Need> {
    if text.len() > LONGEST_TEXT as usize {
        return Vec::new();
    }
    let Ok(statements) = tsql::statements(text) else {
        return Vec::new();
    };
    let [statement @ Statement::Query(query)] = statements.as_slice() else {
        return Vec::new();
    };
    let SetExpr::Select(select) = query.body.as_ref() else {
        return Vec::new();
    };
    if query.with.is_some() {
        return Vec::new();
    }
    let Some(sources) = sources(select) else {
        return Vec::new();
    };
    let mut relations = 0;
    let _ = visit_relations(statement, |_| {
        relations += 1;
        ControlFlow::<()>::Continue(())
    });
    if relations != sources.len() {
        return Vec::new();
    }
    let mut needs: Vec<Need> = Vec::new();
    if let Some(condition) = &select.selection {
        conjuncts(condition, &mut |part| {
            let Some((owner, column, test)) = test(part, literals) else {
                return;
            };
            let mut owners = sources.iter().filter(|source| match &owner {
                Some(owner) => source.alias == *owner,
                None => sources.len() == 1,
            });
            let Some(source) = owners.next() else { return };
            match needs.iter_mut().find(|need| need.table == source.table) {
                Some(need) => need.tests.push((column, test)),
                None => needs.push(Need {
                    table: source.table.clone(),
                    tests: vec![(column, test)],
                }),
            }
        });
    }
    needs
}

/// A table of a FROM clause.
struct SourceTable {
    /// What columns are qualified with, in lower case.
    alias: String,
    table: String,
}

/// The tables of a FROM clause that are joined on equal terms, each once; `None` when there is anything else.
fn sources(select: &Select) -> Option<Vec<SourceTable>> {
    let mut sources: Vec<SourceTable> = Vec::new();
    for item in &select.from {
        let joined = item.joins.iter().map(|join| match join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                Some(&join.relation)
            }
            _ => None,
        });
        for relation in std::iter::once(Some(&item.relation)).chain(joined) {
            let TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } = relation?
            else {
                return None;
            };
            let written = name.0.last()?.as_ident()?.value.clone();
            let table = tables::product_table(&written)?.name.to_owned();
            let alias = alias
                .as_ref()
                .map_or(written, |alias| alias.name.value.clone());
            let source = SourceTable {
                alias: alias.to_lowercase(),
                table,
            };
            let is_there =
                |other: &SourceTable| other.table == source.table || other.alias == source.alias;
            if sources.iter().any(is_there) {
                return None;
            }
            sources.push(source);
        }
    }
    Some(sources)
}

fn conjuncts<'e>(condition: &'e Expr, found: &mut impl FnMut(&'e Expr)) {
    match condition {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        Expr::Nested(inner) => conjuncts(inner, found),
        other => found(other),
    }
}

/// A condition that holds one column against whole numbers: the table's name there, the column, the test.
pub(crate) fn test(
    condition: &Expr,
    literals: &[Literal],
) -> Option<(Option<String>, String, Test)> {
    let number = |value: &Expr| number(value, literals);
    let (expr, test) = match condition {
        Expr::BinaryOp { left, op, right } => {
            let value = number(right)?;
            let test = match op {
                BinaryOperator::Eq => Test::In(vec![value]),
                BinaryOperator::NotEq => Test::NotIn(vec![value]),
                BinaryOperator::Lt => Test::Between(i64::MIN, value.checked_sub(1)?),
                BinaryOperator::LtEq => Test::Between(i64::MIN, value),
                BinaryOperator::Gt => Test::Between(value.checked_add(1)?, i64::MAX),
                BinaryOperator::GtEq => Test::Between(value, i64::MAX),
                _ => return None,
            };
            (left, test)
        }
        Expr::InList {
            expr,
            list,
            negated,
        } => {
            let values = list.iter().map(number).collect::<Option<Vec<_>>>()?;
            (
                expr,
                if *negated {
                    Test::NotIn(values)
                } else {
                    Test::In(values)
                },
            )
        }
        Expr::Between {
            expr,
            negated: false,
            low,
            high,
        } => (expr, Test::Between(number(low)?, number(high)?)),
        _ => return None,
    };
    match expr.as_ref() {
        Expr::Identifier(column) => Some((None, column.value.to_lowercase(), test)),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [owner, column] => Some((
                Some(owner.value.to_lowercase()),
                column.value.to_lowercase(),
                test,
            )),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, unless it stands for a value.
fn number(value: &Expr, literals: &[Literal]) -> Option<i64> {
    let found = match value {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok()?,
            _ => return None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => number(expr, literals)?.checked_neg()?,
        _ => return None,
    };
    let stands = |literal: &Literal| literal.value == Cell::Integer(found);
    (!literals.iter().any(stands)).then_some(found)
}

// PASSING ROWS OVER --------------------------------------------------------------------------------------------

/// Keys as they stand in a file.
#[derive(Debug, Clone, Copy)]
struct Key {
    /// The field, from 0.
    field: usize,
    /// The first and the greatest of them; all that were looked at ascend.
    seen: Option<(i64, i64)>,
}

/// Says of a record whether its row can be in the answer.
#[derive(Debug, Clone)]
pub struct Sieve {
    /// The field, from 0, and the test.
    tests: Vec<(usize, Test)>,
    key: Option<Key>,
    passed_over: u64,
    broken: bool,
}

impl Sieve {
    /// Tests fields, which count from 0. Keys, if there is a field of them, must ascend.
    #[must_use]
    pub fn new(tests: Vec<(usize, Test)>, key: Option<usize>) -> Self {
        Self {
            tests,
            key: key.map(|field| Key { field, seen: None }),
            passed_over: 0,
            broken: false,
        }
    }

    /// For the records of a file after `sample`, where the file is of one table that is among `needs`; `None` where
    /// every row may be needed.
    pub(crate) fn of(plan: &Plan, needs: &[Need], sample: &[Kept]) -> Option<Self> {
        let [target] = plan.targets.as_slice() else {
            return None;
        };
        if target.shape.history || target.shape.repeated {
            return None;
        }
        let need = needs.iter().find(|need| need.table == target.shape.table)?;
        let mut tests = Vec::new();
        for (name, test) in &need.tests {
            let columns = target.shape.columns.iter().zip(&target.steps);
            let (_, (field, cast)) = columns.clone().find(|(column, _)| column.name == *name)?;
            if matches!(cast, Cast::Integer { .. }) {
                tests.push((*field, test.clone()));
            }
        }
        let mut sieve = Self::new(tests, None);
        if let Some(step) = target.key {
            let (field, _) = target.steps[step];
            let keys = sample.iter().filter(|kept| kept.fields.len() == plan.width);
            let keys = keys.map(|kept| whole(kept.cells.as_bytes(), kept.fields[field]));
            let keys = keys.collect::<Option<Vec<_>>>()?;
            let greatest = keys.into_iter().max()?;
            let seen = Some((greatest, greatest));
            sieve.key = Some(Key { field, seen });
        }
        (!sieve.tests.is_empty()).then_some(sieve)
    }

    /// The same for records elsewhere in the file, of which none has been looked at.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self::new(self.tests.clone(), self.key.map(|key| key.field))
    }

    /// Takes over what another has seen of the records that follow.
    pub fn follow(&mut self, next: &Self) {
        self.passed_over += next.passed_over;
        self.broken |= next.broken;
        if let (Some(key), Some(Key { seen: next, .. })) = (&mut self.key, next.key) {
            key.seen = match (key.seen, next) {
                (Some((_, greatest)), Some((first, _))) if first <= greatest => {
                    self.broken = true;
                    return;
                }
                (Some((first, _)), Some((_, greatest))) => Some((first, greatest)),
                (seen, next) => next.or(seen),
            };
        }
    }

    /// Whether a whole record has to be read. Counts it when not.
    pub fn keeps(&mut self, record: &RawRecord<'_>) -> bool {
        self.note(record.bytes, record.fields);
        // A value that is not plainly a number is for those who read values to judge.
        let fails = |(field, test): &(usize, Test)| {
            whole(record.bytes, record.fields[*field]).is_some_and(|value| !test.passes(value))
        };
        let keeps = !self.tests.iter().any(fails);
        self.passed_over += u64::from(!keeps);
        keeps
    }

    /// Looks at the key of a record that is kept in any case.
    pub fn note(&mut self, bytes: &[u8], fields: &[Field]) {
        if let Some(Key { field, seen }) = &mut self.key {
            let key = fields.get(*field).and_then(|field| whole(bytes, *field));
            match (key, *seen) {
                (Some(key), None) => *seen = Some((key, key)),
                (Some(key), Some((first, greatest))) if key > greatest => {
                    *seen = Some((first, key))
                }
                _ => self.broken = true,
            }
        }
    }

    /// Says that something comes of which nothing is known, so that nothing should have been passed over.
    pub fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether a key was seen that does not ascend, so that nothing should have been passed over.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How many records were passed over.
    #[must_use]
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }
}

/// A field that is a whole number as programs print it, of up to 18 digits.
fn whole(bytes: &[u8], field: Field) -> Option<i64> {
    if matches!(field.written, Written::Doubled | Written::Null) {
        return None;
    }
    let text = &bytes[field.start..field.end];
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let well_begun = matches!(digits, [b'1'..=b'9', ..]) || (digits == b"0" && !negative);
    if !well_begun || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

// LOADING ------------------------------------------------------------------------------------------------------

/// Loads the file of this number into the store: only what is needed of it, or all where nothing is said.
pub type LoadOne<'l> = dyn FnMut(usize, &[Need], &mut Store) -> Result<Summary, ImportError> + 'l;

/// Loads files into an empty copy that is gone afterwards, without rows that nobody needs. `load` loads one of `count`
/// files, by its number, passing over what [`Options::needs`](super::Options::needs) allows it to. Where rows were
/// passed over that should not have been, the copy is emptied and all is loaded again.
///
/// # Errors
/// As `load`, and when the copy cannot be emptied.
pub fn load_needed<E: From<ImportError> + From<StoreError>>(
    count: usize,
    needs: &[Need],
    store: &mut Store,
    load: &mut LoadOne<'_>,
) -> Result<Vec<Summary>, E> {
    if !needs.is_empty() {
        match all(count, needs, store, load) {
            Ok(summaries) if !is_doubtful(&summaries) => return Ok(summaries),
            Err(ImportError::Interrupted) => return Err(ImportError::Interrupted.into()),
            // Whether it is the file or what was passed over of it is seen when nothing is.
            _ => store.start_over()?,
        }
    }
    Ok(all(count, &[], store, load)?)
}

fn all(
    count: usize,
    needs: &[Need],
    store: &mut Store,
    load: &mut LoadOne<'_>,
) -> Result<Vec<Summary>, ImportError> {
    (0..count).map(|at| load(at, needs, store)).collect()
}

/// Whether two files have rows of one table, and of one of them some were passed over.
fn is_doubtful(summaries: &[Summary]) -> bool {
    let shares = |one: &Summary, other: &Summary| {
        let has = |name: &str| other.tables.iter().any(|table| table.name == name);
        one.tables.iter().any(|table| has(&table.name))
    };
    let mut sieved = summaries
        .iter()
        .enumerate()
        .filter(|(_, one)| one.passed_over > 0);
    sieved.any(|(at, one)| {
        let mut others = summaries
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        others.any(|(_, other)| shares(one, other))
    })
}
