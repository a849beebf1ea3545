//! `UNION`, `EXCEPT` and `INTERSECT`.

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

use super::expr::Typed;
use super::grouping::has_sets;
use super::names::quoted;
use super::query::{Column, Shape, TranslatedQuery};
use super::select::Parts;
use super::translator::{R, Translator};
use super::with::names_table;
use crate::schema::types::Type;

/// A member of a set operation, whose columns may still be given other types.
enum Member {
    Select(Box<Parts>),
    Values(Vec<Vec<Typed>>),
    Made(TranslatedQuery),
}

impl Member {
    /// Its columns; `None` when they are not known.
    fn columns(&self) -> Option<Vec<Column>> {
        match self {
            Self::Select(parts) => parts.columns(),
            Self::Values(rows) => {
                let column = |value: &Typed| Column { name: None, of: value.of, doubt: None };
                Some(rows.first()?.iter().map(column).collect())
            }
            Self::Made(query) => query.columns.clone(),
        }
    }
}

impl Translator<'_> {
    pub fn set_operation(&mut self, body: &SetExpr, shape: Shape<'_>) -> R<TranslatedQuery> {
        let (first, steps) = self.steps_of_sets(body)?;
        let inner = Shape {
            types: None,
            recursive: None,
            collated: shape.collated || steps.iter().any(|(word, _)| *word != "UNION ALL"),
            ..shape
        };
        let mut members = vec![self.member(first, inner)?];
        let mut recursive = shape.recursive;
        for (at, (_, branch)) in steps.iter().enumerate() {
            if let Some(name) = recursive.filter(|name| names_table(*branch, name)) {
                recursive = None;
                if steps[at..].iter().any(|(word, _)| *word != "UNION ALL") {
                    return Err(self.invalid(format!(
                        "`{name}` is recursive; its anchor and recursive member must be joined by UNION ALL"
                    )));
                }
                let known = self.columns_of_members(&members, shape)?;
                self.register_recursion(name, known, shape.rounds)?;
            }
            members.push(self.member(branch, inner)?);
        }
        if shape.rounds.is_some() {
            self.alike_in_recursion(&members.iter().map(Member::columns).collect::<Vec<_>>())?;
        }
        let columns = self.columns_of_members(&members, shape)?;
        let types: Option<Vec<Type>> =
            columns.as_ref().map(|columns| columns.iter().map(|column| column.of).collect());
        let mut sql = String::new();
        let words = std::iter::once("").chain(steps.iter().map(|(word, _)| *word));
        for (word, member) in words.zip(members) {
            if !word.is_empty() {
                sql.push_str(&format!(" {word} "));
            }
            sql.push_str(&self.alike(member, types.as_deref(), shape, inner)?);
        }
        let columns = columns.map(|mut columns| {
            for (column, of) in columns.iter_mut().zip(shape.types.into_iter().flatten()) {
                column.of = *of;
            }
            columns
        });
        Ok(TranslatedQuery { sql, columns, single: false })
    }

    /// The first of the queries, and each that follows with the word before it.
    fn steps_of_sets<'q>(
        &self,
        body: &'q SetExpr,
    ) -> R<(&'q SetExpr, Vec<(&'static str, &'q SetExpr)>)> {
        let mut steps = Vec::new();
        let mut inner = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = inner {
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
        Ok((inner, steps))
    }

    /// One member of a set operation; what SQLite does not take there is wrapped.
    fn member(&mut self, branch: &SetExpr, shape: Shape<'_>) -> R<Member> {
        match branch {
            SetExpr::Select(select) if select.top.is_none() && !has_sets(&select.group_by) => {
                let parts = self.select(select, &[], shape)?;
                Ok(Member::Select(Box::new(parts)))
            }
            SetExpr::Values(values) if shape.rounds.is_none() => {
                self.rows_of_values(values).map(Member::Values)
            }
            _ => {
                let answer = self.body(branch, &[], (None, None), shape)?;
                Ok(Member::Made(TranslatedQuery {
                    sql: format!("SELECT * FROM ({})", answer.sql),
                    ..answer
                }))
            }
        }
    }

    /// The SQL of a member whose columns have the types that all have together, where they differ, and those that the
    /// query must have.
    fn alike(
        &mut self,
        member: Member,
        types: Option<&[Type]>,
        shape: Shape<'_>,
        inner: Shape<'_>,
    ) -> R<String> {
        let own = member.columns();
        let differ = |of: Type, to: Type| {
            of != to
                && !(of.is_text() && to.is_text() && !is_fixed(to))
                && !(of.is_integer() && to.is_integer())
                && of != Type::Null
        };
        let pairs = || own.iter().flatten().zip(types.into_iter().flatten());
        let common = types.filter(|_| pairs().any(|(column, to)| differ(column.of, *to)));
        let in_common = Shape { types: common, assigns: false, inserts: false, ..inner };
        let as_asked = Shape { types: shape.types, ..inner };
        match member {
            Member::Select(mut parts) => {
                for shape in [in_common, as_asked] {
                    self.give_types(&mut parts, shape)?;
                }
                Ok(self.assemble(*parts)?.sql)
            }
            Member::Values(mut rows) => {
                for value in &mut rows {
                    for (value, of) in value.iter_mut().zip(common.into_iter().flatten()) {
                        *value = self.assigned(value.clone(), *of, in_common)?;
                    }
                }
                Ok(self.assemble_values(rows, as_asked)?.sql)
            }
            Member::Made(query) => {
                let columns = query.columns.unwrap_or_default();
                let (mut names, mut list, mut same) = (Vec::new(), Vec::new(), true);
                for (at, column) in columns.into_iter().enumerate() {
                    let name = format!("c{}", at + 1);
                    let mut value = Typed::plain(name.clone(), column.of);
                    for shape in [in_common, as_asked] {
                        if let Some(of) = shape.types.and_then(|types| types.get(at)) {
                            value = self.assigned(value, *of, shape)?;
                        }
                    }
                    same &= value.sql == name;
                    let own = column.name.map_or(name.clone(), |own| quoted(&own));
                    list.push(format!("{} AS {own}", value.sql));
                    names.push(name);
                }
                if same {
                    return Ok(query.sql);
                }
                Ok(format!(
                    "SELECT {} FROM (WITH g({}) AS ({}) SELECT * FROM g)",
                    list.join(", "),
                    names.join(", "),
                    query.sql
                ))
            }
        }
    }

    /// The columns that the members have together: the names of the first, and the types of all.
    fn columns_of_members(&self, members: &[Member], shape: Shape<'_>) -> R<Option<Vec<Column>>> {
        let lists: Option<Vec<Vec<Column>>> = members.iter().map(Member::columns).collect();
        let mut lists = lists.into_iter().flatten();
        let Some(mut columns) = lists.next() else {
            return Ok(None);
        };
        for list in lists {
            if list.len() != columns.len() {
                return Err(self.invalid(
                    "the queries of a UNION, INTERSECT or EXCEPT have different numbers of columns",
                ));
            }
            for (known, column) in columns.iter_mut().zip(&list) {
                known.of = known.of.common(column.of).ok_or_else(|| {
                    self.invalid(format!(
                        "columns of types {} and {} have no common type",
                        known.of, column.of
                    ))
                })?;
            }
        }
        for (column, name) in columns.iter_mut().zip(shape.names.into_iter().flatten()) {
            column.name = Some(name.clone());
        }
        Ok(Some(columns))
    }
}

/// Whether it is a `char`, which is filled up with blanks.
fn is_fixed(of: Type) -> bool {
    matches!(of, Type::Text { fixed: true, .. })
}
