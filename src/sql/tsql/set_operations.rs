//! `UNION`, `EXCEPT` and `INTERSECT`.

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

use super::query::{Shape, TranslatedQuery};
use super::translator::{R, Translator};
use crate::schema::types::Type;

impl Translator<'_> {
    pub fn set_operation(&mut self, body: &SetExpr, shape: Shape<'_>) -> R<TranslatedQuery> {
        let mut steps = Vec::new();
        let mut inner = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = inner
        {
            let word = match (op, set_quantifier) {
                (SetOperator::Union, SetQuantifier::None | SetQuantifier::Distinct) => "UNION",
                (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
                (SetOperator::Except, SetQuantifier::None | SetQuantifier::Distinct) => "EXCEPT",
                (SetOperator::Intersect, SetQuantifier::None | SetQuantifier::Distinct) => {
                    "INTERSECT"
                }
                (op, quantifier) => return Err(self.unsupported(format!("{op} {quantifier}"))),
            };
            steps.push((word, right.as_ref()));
            inner = left;
        }
        steps.reverse();
        let collated = shape.collated || steps.iter().any(|(word, _)| *word != "UNION ALL");
        let branches = || std::iter::once(inner).chain(steps.iter().map(|(_, branch)| *branch));
        // Once to learn the types, and again where they differ.
        let shape = Shape { collated, ..shape };
        let serial = self.serial;
        let mut written = Vec::new();
        for branch in branches() {
            written.push(self.branch(branch, shape)?);
        }
        if shape.rounds.is_some() {
            self.alike_in_recursion(&written)?;
        }
        if let Some(types) = self.common_types(&written)? {
            let differ = written.iter().any(|branch| {
                let columns = branch.columns.iter().flatten();
                columns.zip(&types).any(|(column, of)| {
                    column.of != *of
                        && !(column.of.is_text() && of.is_text() && !is_fixed(*of))
                        && !(column.of.is_integer() && of.is_integer())
                        && column.of != Type::Null
                })
            });
            if differ && shape.types.is_none() {
                self.serial = serial;
                written.clear();
                for branch in branches() {
                    let shape = Shape {
                        types: Some(&types),
                        ..shape
                    };
                    written.push(self.branch(branch, shape)?);
                }
            }
            let first = written
                .first_mut()
                .and_then(|branch| branch.columns.as_mut());
            for (column, of) in first.into_iter().flatten().zip(types) {
                column.of = of;
            }
        }
        let mut written = written.into_iter();
        let Some(first) = written.next() else {
            return Err(self.invalid("a set operation without a query"));
        };
        let mut sql = first.sql;
        for ((word, _), branch) in steps.iter().zip(written) {
            sql.push_str(&format!(" {word} {}", branch.sql));
        }
        Ok(TranslatedQuery {
            sql,
            columns: first.columns,
            single: false,
        })
    }

    /// One member of a set operation; what SQLite does not take there is wrapped.
    fn branch(&mut self, branch: &SetExpr, shape: Shape<'_>) -> R<TranslatedQuery> {
        let plain = match branch {
            SetExpr::Select(select) => select.top.is_none(),
            SetExpr::Values(_) => true,
            _ => false,
        };
        let answer = self.body(branch, &[], (None, None), shape)?;
        if plain {
            return Ok(answer);
        }
        Ok(TranslatedQuery {
            sql: format!("SELECT * FROM ({})", answer.sql),
            ..answer
        })
    }

    fn common_types(&self, branches: &[TranslatedQuery]) -> R<Option<Vec<Type>>> {
        let Some(lists) = branches
            .iter()
            .map(|branch| branch.columns.as_ref())
            .collect::<Option<Vec<_>>>()
        else {
            return Ok(None);
        };
        let Some((first, rest)) = lists.split_first() else {
            return Ok(None);
        };
        let mut types: Vec<Type> = first.iter().map(|column| column.of).collect();
        for list in rest {
            if list.len() != types.len() {
                return Err(self.invalid(
                    "the queries of a UNION, INTERSECT or EXCEPT have different numbers of columns",
                ));
            }
            for (of, column) in types.iter_mut().zip(list.iter()) {
                *of = of.common(column.of).ok_or_else(|| {
                    self.invalid(format!(
                        "columns of types {of} and {} have no common type",
                        column.of
                    ))
                })?;
            }
        }
        Ok(Some(types))
    }
}

/// Whether it is a `char`, which is filled up with blanks.
fn is_fixed(of: Type) -> bool {
    matches!(of, Type::Text { fixed: true, .. })
}
