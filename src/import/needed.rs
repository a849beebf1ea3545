//! Answers a query directly from files: loads only the rows that can be in the result, into a temporary
//! database.
//!
//! If a statement selects from tables in inner joins, each named once, the conditions of its WHERE that compare a
//! column with whole numbers say which rows cannot be in the result, whatever other tables contain. Such a row is
//! skipped after tokenizing: its fields are counted and its bytes checked like any other, so that an invalid record is
//! still rejected, but its values are neither converted nor stored.
//!
//! Skipping a row would be wrong in three cases, which are all detected, and then everything is loaded instead: if its
//! key occurs in the file again, because the first of the two would have been kept (so keys must ascend); if a second
//! result begins in the file, which may have other columns; and if another file has rows of the same table, because the
//! newer state of a key wins.
//!
//! This module does not run the statement.

use std::ops::ControlFlow;

use sqlparser::ast::{JoinOperator, Select, SetExpr, Statement, TableFactor, visit_relations};

use crate::import::convert::Cast;
use crate::import::mapping::{self, Plan};
use crate::import::{ImportError, Summary};
use crate::record::OwnedRecord;
use crate::record::batch::LayoutColumn;
use crate::record::row_filter::{RowFilter, Test, whole};
use crate::sql::guard::limits::LONGEST_TEXT;
use crate::sql::predicate::{conjuncts, test};
use crate::sql::tsql::{self, Literal};
use crate::store::{Store, StoreError};

/// The rows of a table that a statement can use: those that pass every test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePredicate {
    /// The product's table.
    pub table: String,
    /// Columns in lower case, and their required values. NULL never passes.
    pub tests: Vec<(String, Test)>,
    /// The statement in lower case. The type of a column in it that the schema lacks depends on all of its values.
    pub statement: String,
}

// WHAT A STATEMENT NEEDS ---------------------------------------------------------------------------------------

/// The rows that the T-SQL in `text` can use. All rows of a table that is not listed may be needed. `literals`
/// represent values not known here. A text that is too long is not analysed.
#[must_use]
pub fn needs(text: &str, literals: &[Literal]) -> Vec<TablePredicate> {
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
    let mut needs: Vec<TablePredicate> = Vec::new();
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
                None => needs.push(TablePredicate {
                    table: source.table.clone(),
                    tests: vec![(column, test)],
                    statement: text.to_lowercase(),
                }),
            }
        });
    }
    needs
}

/// The product's tables that the single SELECT in `text` joins, if its result is empty unless each of them has rows;
/// none if the text contains anything else.
#[must_use]
pub fn joined_tables(text: &str) -> Vec<String> {
    if text.len() > LONGEST_TEXT as usize {
        return Vec::new();
    }
    let statements = tsql::statements(text).unwrap_or_default();
    let [Statement::Query(query)] = statements.as_slice() else {
        return Vec::new();
    };
    let SetExpr::Select(select) = query.body.as_ref() else {
        return Vec::new();
    };
    let sources = sources(select).filter(|sources| query.with.is_none() && sources.len() > 1);
    let tables = sources.into_iter().flatten().map(|source| source.table);
    tables.collect()
}

impl TablePredicate {
    /// The tests as T-SQL on the table alone.
    #[must_use]
    pub fn condition(&self) -> String {
        let list = |values: &[i64]| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            values.join(", ")
        };
        let one = |(column, test): &(String, Test)| match test {
            Test::In(values) if values.len() == 1 => format!("{column} = {}", list(values)),
            Test::NotIn(values) if values.len() == 1 => format!("{column} <> {}", list(values)),
            Test::In(values) => format!("{column} IN ({})", list(values)),
            Test::NotIn(values) => format!("{column} NOT IN ({})", list(values)),
            Test::Between(i64::MIN, most) => format!("{column} <= {most}"),
            Test::Between(least, i64::MAX) => format!("{column} >= {least}"),
            Test::Between(least, most) => format!("{column} BETWEEN {least} AND {most}"),
        };
        let all: Vec<String> = self.tests.iter().map(one).collect();
        all.join(" AND ")
    }
}

/// A table in a FROM clause.
struct SourceTable {
    /// Its qualifier, in lower case.
    alias: String,
    table: String,
}

/// The tables of a FROM clause with inner joins, each once; `None` if it contains anything else.
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
            let TableFactor::Table { name, alias, args: None, .. } = relation? else {
                return None;
            };
            let written = name.0.last()?.as_ident()?.value.clone();
            let table = mapping::product_table(&written)?.name.to_owned();
            let alias = alias.as_ref().map_or(written, |alias| alias.name.value.clone());
            let source = SourceTable { alias: alias.to_lowercase(), table };
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

/// For the records of a file after `sample`, if the file is one table that is among `needs`; `None` if every row may be
/// needed.
pub(crate) fn row_filter(
    plan: &Plan,
    needs: &[TablePredicate],
    sample: &[OwnedRecord],
) -> Option<RowFilter> {
    let [target] = plan.targets.as_slice() else {
        return None;
    };
    if target.shape.history || target.shape.repeated {
        return None;
    }
    let need = needs.iter().find(|need| need.table == target.shape.table)?;
    let is_inferred =
        |column: &LayoutColumn| !column.known && need.statement.contains(&column.name);
    if target.shape.columns.iter().any(is_inferred) {
        return None;
    }
    let mut tests = Vec::new();
    for (name, test) in &need.tests {
        let columns = target.shape.columns.iter().zip(&target.steps);
        let (_, (field, cast)) = columns.clone().find(|(column, _)| column.name == *name)?;
        if matches!(cast, Cast::Integer { .. }) {
            tests.push((*field, test.clone()));
        }
    }
    if tests.is_empty() {
        return None;
    }
    let Some(step) = target.key else {
        return Some(RowFilter::new(tests, None));
    };
    let (field, _) = target.steps[step];
    let keys = sample.iter().filter(|kept| kept.fields.len() == plan.width);
    let keys = keys.map(|kept| whole(kept.cells().as_bytes(), kept.fields[field]));
    let keys = keys.collect::<Option<Vec<_>>>()?;
    Some(RowFilter::after(tests, field, keys.into_iter().max()?))
}

// LOADING ------------------------------------------------------------------------------------------------------

/// Loads the file with this number into the store, with each of its results: only what is needed, or everything if
/// nothing is specified.
pub type LoadOne<'l> =
    dyn FnMut(usize, &[TablePredicate], &mut Store) -> Result<Vec<Summary>, ImportError> + 'l;

/// Loads files into an empty temporary database, without unneeded rows. `load` loads one of `count` files by its
/// number, skipping what [`needs`](crate::import::ImportOptions::needs) allows. If rows were skipped that should not
/// have been, the database is emptied and everything is loaded again.
///
/// # Errors
/// As `load`, and when the database cannot be emptied.
pub fn load_needed<E: From<ImportError> + From<StoreError>>(
    count: usize,
    needs: &[TablePredicate],
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
    needs: &[TablePredicate],
    store: &mut Store,
    load: &mut LoadOne<'_>,
) -> Result<Vec<Summary>, ImportError> {
    let mut summaries = Vec::with_capacity(count);
    for at in 0..count {
        summaries.extend(load(at, needs, store)?);
    }
    Ok(summaries)
}

/// Whether two files have rows of the same table, and some were skipped in one of them.
fn is_doubtful(summaries: &[Summary]) -> bool {
    let shares = |one: &Summary, other: &Summary| {
        let has = |name: &str| other.tables.iter().any(|table| table.name == name);
        one.tables.iter().any(|table| has(&table.name))
    };
    let mut sieved = summaries.iter().enumerate().filter(|(_, one)| one.passed_over > 0);
    sieved.any(|(at, one)| {
        let mut others = summaries.iter().enumerate().filter(|(other, _)| *other != at);
        others.any(|(_, other)| shares(one, other))
    })
}
